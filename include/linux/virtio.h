/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The virtio contract: what a driver and a transport agree on.
 *
 * Here are the four things that a driver meets: the device, the driver itself,
 * the queue and the operations of a queue.  Configuration fields are in
 * <linux/virtio_config.h>.  The function API that the drivers of Linux 6.12
 * use stands on the same queues and comes last, from <linux/virtio_queue_api.h>.
 */
#ifndef _LINUX_VIRTIO_H
#define _LINUX_VIRTIO_H

#include <linux/completion.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/mod_devicetable.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/virtio_features.h>

struct module;
struct virtqueue_ops;
struct virtio_config_ops;
struct virtio_layout;
struct virtio_map_ops;
struct virtio_recovery;
struct vduse_vq_group;
struct vringh_config_ops;

/**
 * union virtio_map - for what memory is mapped
 * @dma_dev: the device of the DMA API; without &virtio_device.map
 * @group: with it: what the transport gives to &struct virtio_map_ops.  VDUSE, which
 *	has named the type, gives a group of queues
 */
union virtio_map {
	struct device *dma_dev;
	struct vduse_vq_group *group;
};

/**
 * struct virtqueue - one queue of buffers between a driver and its device
 * @callback: called when the device has used buffers; %NULL for none.  Runs in
 *	interrupt context.  Returning %false turns callbacks off until
 *	&virtqueue_ops.restart.
 * @vdev: the device that owns this queue
 * @vq_ops: what can be done with the queue
 * @priv: for the transport that made the queue
 * @notify_driver: the callback of a driver that uses the 6.12 function API;
 *	counts as a @callback that returned %true
 * @name: for messages and statistics
 * @list: link in &virtio_device.vqs
 * @index: number of the queue on its device
 * @num_free: descriptors that can still be added
 * @num_max: largest size that the device offered for this queue
 * @reset: the queue was reset on its own and is not in use
 */
struct virtqueue {
	bool (*callback)(struct virtqueue *vq);
	struct virtio_device *vdev;
	const struct virtqueue_ops *vq_ops;
	void *priv;

	void (*notify_driver)(struct virtqueue *vq);
	const char *name;
	struct list_head list;
	unsigned int index;
	unsigned int num_free;
	unsigned int num_max;
	bool reset;
};

/**
 * struct virtqueue_ops - the operations of a queue
 *
 * None of them sleeps and all may be called in any context that the driver's
 * own lock allows: two operations on one queue never run at the same time, and
 * seeing to that is the driver's part.
 *
 * @add_buf: offer a buffer to the device.  @sg holds @out_num entries that the
 *	device reads, then @in_num that it writes; @data is the token by which
 *	@get_buf hands the buffer back, not %NULL.  The device learns of it at
 *	the next @kick.  Returns 0, -ENOSPC when the queue is full, -EINVAL for
 *	an empty buffer, -ENOMEM when memory or mappings ran out (nothing was
 *	added), -EIO when the queue is broken.
 * @kick: publish what was added since the last kick and notify the device if
 *	it asked to be.  Before DRIVER_OK the notification is kept back and sent
 *	by DRIVER_OK (virtio 1.3, 3.1.1).
 * @get_buf: take back one used buffer: the token, with the number of bytes that
 *	the device wrote in @len, or %NULL when there is none.
 * @restart: turn callbacks on again.  Returns %false, and leaves them off, when
 *	used buffers are waiting already: take those first.
 * @shutdown: take the queue out of use and give up all buffers in it.  Nothing
 *	stays mapped, and each buffer not yet taken back comes out of @get_buf
 *	with a length of 0.  A device that is still live is reset first, so that
 *	it does not write to those buffers any more: its other queues are broken
 *	then, and this operation sleeps.
 */
struct virtqueue_ops {
	int (*add_buf)(struct virtqueue *vq, struct scatterlist sg[],
		       unsigned int out_num, unsigned int in_num, void *data);
	void (*kick)(struct virtqueue *vq);
	void *(*get_buf)(struct virtqueue *vq, unsigned int *len);
	bool (*restart)(struct virtqueue *vq);
	void (*shutdown)(struct virtqueue *vq);
};

/**
 * enum vring_help - what a queue that is stuck needs
 * @VRING_HELP_RECALL: call its driver back: an interrupt may be lost
 * @VRING_HELP_END: end what is in flight: its device is gone
 * @VRING_HELP_RESET: bring its device back
 */
enum vring_help { VRING_HELP_RECALL, VRING_HELP_END, VRING_HELP_RESET };

/**
 * struct virtio_device - a device on the virtio bus
 * @index: position on the bus, given by the bus
 * @dev: the device in the driver model; set its parent and release first
 * @id: what the device is; drivers match on it
 * @config: how to reach its configuration and its queues
 * @config_given: what the transport gave for @config, if the core has added to that
 * @stood_in_for: that of the device, while its driver goes on without it
 * @priv: for the driver
 * @map: how memory is mapped for the device; %NULL for the DMA API
 * @vmap: for what, where the transport does not say so for a queue; with @map only
 * @vringh_config: for drivers that play the device side of a ring
 * @vqs: the queues, in the order in which they were made
 * @vqs_list_lock: guards @vqs
 * @queues_lock: held while the device is reset, given its queues again, or while one of
 *	them is reset; Documentation/virtio.txt has the order of locks
 * @features: bits that driver and device share, as far as agreed: the first 64
 * @features_array: all of these bits
 * @offered: bits that the device offered when a driver was bound last
 * @offered_known: the first word of @offered is that of the driver that is bound
 * @offered_all: so are the other words, which are read only for drivers that want them
 * @config_lock: guards the three flags below
 * @config_core_enabled: the core lets configuration changes through
 * @config_driver_disabled: the driver asked for none at the moment
 * @config_change_pending: one came meanwhile
 * @failed: the status had FAILED when the device was frozen
 * @lost: the device is gone, or did not follow a reset; it is not reached until its bus has
 *	reset it, or a driver is bound
 * @abandoned: the device is gone for good, and stays lost
 * @refused: that was because it refuses to be reset
 * @reset_unseen: the status was not read after the reset; FEATURES_OK will show whether the
 *	device has followed
 * @ending: the machine stops: a reset is not waited for as long as usual
 * @status: what the core wrote to the status last; all ones when that is not known
 * @ready: its driver has said that it is set up
 * @repeatable: &virtio_driver.repeatable of its driver.  The core sets it before
 *	probe(), which clears it for a device whose requests must not be repeated
 * @features_latched: @features are agreed with the device until reset
 * @features_late: but for some that its driver took afterwards; settled by DRIVER_OK
 * @layout_missed: it was said that nobody knows where its fields are
 * @fields_used: configuration field types that find() has handed out
 * @next_vq: the queue that the next find_vq() looks for
 * @held_vqs: queues that find_vq() made through find_vqs, and del_vq() has not got back
 * @keep_vqs: queues that the transport deletes are kept, and it gets them again
 * @kept_vqs: those
 * @recovery: what brings the device back, when it has run into an error
 * @recovery_off: an administrator does not want that
 * @queue_broke: a queue asks for that.  %false: the queue is broken for good.  Any context
 * @queue_stuck: a queue is stuck: see watch/stuck.c.  Any context
 * @reset_by_driver: a bus resets the device, whose driver has ended its use of it for that
 * @let_go: resets the device if it is live, so that it uses no queue any more.  May sleep.
 * @debugfs_dir: where the device can be looked at, and its features filtered
 * @debugfs_queues: where its queues can
 * @debugfs_filter_features: bits that were filtered out by hand
 * @debugfs_offered: what the device offered when it was last asked
 * @debugfs_offered_all: it was asked for all words of that
 */
struct virtio_device {
	int index;
	struct device dev;
	struct virtio_device_id id;
	const struct virtio_config_ops *config, *config_given, *stood_in_for;
	void *priv;

	const struct virtio_map_ops *map;
	union virtio_map vmap;
	const struct vringh_config_ops *vringh_config;
	struct list_head vqs;
	spinlock_t vqs_list_lock;	/* guards vqs */
	struct mutex queues_lock;	/* see above */
	union {
		u64 features;
		u64 features_array[VIRTIO_FEATURES_U64S];
	};
	u64 offered[VIRTIO_FEATURES_U64S];
	bool offered_known, offered_all;

	spinlock_t config_lock;		/* guards the flags of changes */
	bool config_core_enabled;
	bool config_driver_disabled;
	bool config_change_pending;
	bool failed;
	bool lost, refused, abandoned;
	bool reset_unseen;
	bool ending;
	u8 status;

	bool ready;
	bool repeatable;
	bool features_latched;
	bool features_late;
	bool layout_missed;
	DECLARE_BITMAP(fields_used, 256);
	unsigned int next_vq;
	unsigned int held_vqs;
	bool keep_vqs;
	struct list_head kept_vqs;
	struct virtio_recovery *recovery;
	bool recovery_off;
	bool reset_by_driver;
	bool (*queue_broke)(struct virtio_device *vdev);
	void (*queue_stuck)(struct virtio_device *vdev, enum vring_help help);
	void (*let_go)(struct virtio_device *vdev);
#ifdef CONFIG_VIRTIO_DEBUG
	struct dentry *debugfs_dir, *debugfs_queues;
	u64 debugfs_filter_features[VIRTIO_FEATURES_U64S];
	u64 debugfs_offered[VIRTIO_FEATURES_U64S];
	bool debugfs_offered_all;
#endif
};

#define dev_to_virtio(_dev)	container_of_const(_dev, struct virtio_device, dev)

/**
 * struct virtio_driver - a driver for devices on the virtio bus
 * @driver: name it; the bus fills in the rest
 * @id_table: the devices that it serves; ends with a device of 0
 * @probe: a device was found.  Sleeps if it likes.  Returns 0, or an error and
 *	then has left nothing behind; the core resets the device.
 * @remove: the device goes, or the driver does.  The device is not to be
 *	touched after it returns, and the core has reset it by then.
 * @feature_table: features agreed on before @probe.  A driver without one
 *	negotiates in @probe, with virtio_use_bit().
 * @feature_table_size: entries of @feature_table
 * @feature_table_legacy: used instead for devices older than virtio 1.0
 * @feature_table_size_legacy: entries of @feature_table_legacy
 * @layout: where the fields of its device lie, for a type that the core has no table of
 * @validate: look at features and configuration before they are agreed; may
 *	clear bits.  Returns 0 or an error that fails the probe.
 * @scan: called after @probe, once the device is live
 * @config_changed: the device changed its configuration; interrupt context
 * @freeze: stop using the device, which will be reset; may sleep
 * @restore: the device was reset and its features agreed: start again
 * @shutdown: the machine stops or starts another kernel: end the use of the device, then
 *	call virtio_device_shutdown(), which is also what the core does without it.  May
 *	sleep, but waits for nothing that only a device can end
 * @repeatable: the device may carry out a request twice.  If the device fails, the core
 *	resets it, restores its features and queues, and makes every buffer in flight
 *	available again, in the original order.  Without this flag a device that fails
 *	stays out of use until the driver is bound again
 * @restarts: a reset loses state that @freeze and @restore set up again: the core calls
 *	both once it has brought the device back.  The machine does not sleep then, so
 *	between the two calls the driver must hold back whoever uses its queues.  Memory
 *	may be reclaimed to the device, so @restore takes memory from the reserves then and
 *	must not flush a workqueue without WQ_MEM_RECLAIM.  Needs
 *	@repeatable.  Set it without a condition: where CONFIG_PM_SLEEP leaves @freeze
 *	and @restore out, the core calls @revived instead, if there is one
 * @revived: the device was reset, is live again, and has lost the state that the driver
 *	had given it: give it once more.  May sleep.  Needs @repeatable.  A driver
 *	with neither @restarts nor @revived says that its device holds no such state
 * @takes_back: a buffer that get_buf returns with a length of 0, and as it was added,
 *	has failed.  When the device fails and is not brought back, the core resets it
 *	and lets get_buf return all that was in flight in that way.  When a device does
 *	not come back from sleep, the core calls @restore with queues that are broken
 * @reset_prepare: the bus is about to reset the device, which works until then: stop using
 *	it, as in @freeze.  Called only where the core can't bring the device back beneath
 *	the driver: without @repeatable, or where recovery is switched off.  May sleep.
 *	Returns 0, or an error, and then the device is out of use after the reset
 * @reset_done: the bus has done so, and features are agreed: start again, as in @restore
 */
struct virtio_driver {
	struct device_driver driver;
	const struct virtio_device_id *id_table;
	int (*probe)(struct virtio_device *dev);
	void (*remove)(struct virtio_device *dev);

	const unsigned int *feature_table;
	unsigned int feature_table_size;
	const unsigned int *feature_table_legacy;
	unsigned int feature_table_size_legacy;
	const struct virtio_layout *layout;
	int (*validate)(struct virtio_device *dev);
	void (*scan)(struct virtio_device *dev);
	void (*config_changed)(struct virtio_device *dev);
	int (*freeze)(struct virtio_device *dev);
	int (*restore)(struct virtio_device *dev);
	void (*shutdown)(struct virtio_device *dev);
	bool repeatable;
	bool restarts;
	void (*revived)(struct virtio_device *dev);
	bool takes_back;
	int (*reset_prepare)(struct virtio_device *dev);
	int (*reset_done)(struct virtio_device *dev);
};

#define drv_to_virtio(_drv)	container_of_const(_drv, struct virtio_driver, driver)

int register_virtio_device(struct virtio_device *dev);
void unregister_virtio_device(struct virtio_device *dev);
bool is_virtio_device(struct device *dev);

/* A macro, so that the driver's module is the owner without being asked. */
#define register_virtio_driver(drv)	__register_virtio_driver(drv, THIS_MODULE)
int __register_virtio_driver(struct virtio_driver *drv, struct module *owner);
void unregister_virtio_driver(struct virtio_driver *drv);

/* For a driver whose module does nothing but register it. */
#define module_virtio_driver(drv) \
	module_driver(drv, register_virtio_driver, unregister_virtio_driver)

/* The life of a device; see handshake.c. */
void virtio_add_status(struct virtio_device *dev, unsigned int status);
void virtio_reset_device(struct virtio_device *dev);
void virtio_device_shutdown(struct virtio_device *dev);
int virtio_device_reset_prepare(struct virtio_device *dev);
int virtio_device_reset_done(struct virtio_device *dev);
void virtio_break_device(struct virtio_device *dev);
void __virtio_unbreak_device(struct virtio_device *dev);
void virtio_config_changed(struct virtio_device *dev);
void virtio_config_driver_disable(struct virtio_device *dev);
void virtio_config_driver_enable(struct virtio_device *dev);
#ifdef CONFIG_PM_SLEEP
int virtio_device_freeze(struct virtio_device *dev);
int virtio_device_restore(struct virtio_device *dev);
#endif

#define virtio_device_for_each_vq(vdev, vq) \
	list_for_each_entry(vq, &(vdev)->vqs, list)

#include <linux/virtio_queue_api.h>

#endif /* _LINUX_VIRTIO_H */
