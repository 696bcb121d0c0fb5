/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the PCI transport share.
 *
 * A device is driven by one of two register sets, modern or legacy; all that
 * differs between them is behind &struct vp_registers and the configuration
 * operations of each.  Nobody outside drivers/virtio/pci/ includes this.
 */
#ifndef _VIRTIO_PCI_H
#define _VIRTIO_PCI_H

#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci_legacy.h>
#include <linux/virtio_pci_modern.h>
#include <linux/virtio_ring.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "../transport.h"

/*
 * Configuration changes and administration have the first vector.  So have queues for
 * which there is no other one.
 */
#define VP_CONFIG_VECTOR	0
#define VP_FIRST_QUEUE_VECTOR	1

/**
 * struct vp_queue - what the transport keeps for a queue
 * @vq: the queue
 * @vector: its MSI-X vector, or VIRTIO_MSI_NO_VECTOR
 * @own_irq: that vector is this queue's alone, and its handler is installed
 * @wants_callback: its driver wants to be called back
 * @node: link in &vp_device.listening while shared interrupts are passed on to it
 * @affinity: the CPUs asked for; the interrupt core keeps a pointer to it
 * @irq_name: as in /proc/interrupts
 */
struct vp_queue {
	struct virtqueue *vq;
	u16 vector;
	bool own_irq, wants_callback;
	struct hlist_node node;
	cpumask_var_t affinity;
	char irq_name[64];
};

/* How interrupts are spread, from the best way down. */
enum vp_plan {
	VP_CLOSED,
	VP_VECTOR_EACH,		/* MSI-X: one for changes, one per queue */
	VP_VECTOR_SHARED,	/* MSI-X: one for changes, one for all queues */
	VP_INTX,		/* one line for everything */
	VP_VECTOR_ONE,		/* MSI-X: one vector for everything */
};

/**
 * struct vp_admin - the administration queue of a device that has one
 * @queue: the queue, %NULL while there is none
 * @lock: guards the queue and its commands
 * @commands: bit map of opcodes that both sides know
 * @name: of the queue
 */
struct vp_admin {
	struct vp_queue *queue;
	spinlock_t lock;	/* guards the queue */
	u64 commands;
	char name[16];
};

struct vp_device;

/**
 * struct vp_registers - what the two register sets do differently
 * @config_window: where the device configuration can be reached at the moment
 * @config_vector: give configuration changes a vector; returns the one taken
 * @count_queues: how many queues the device has
 * @queue_size: how long queue @index may be
 * @make_queue: create queue @index and tell the device where it lies
 * @program_queue: tell the device, which was reset, of a queue that there is
 * @start_queue: let the device use it; may be %NULL
 * @drop_queue: take it away from the device and free it
 * @remove: let go of the registers
 */
struct vp_registers {
	struct virtio_config_window (*config_window)(const struct vp_device *vp);
	u16 (*config_vector)(struct vp_device *vp, u16 vector);
	unsigned int (*count_queues)(struct vp_device *vp);
	unsigned int (*queue_size)(struct vp_device *vp, unsigned int index);
	struct virtqueue *(*make_queue)(struct vp_device *vp, unsigned int index,
					const struct virtqueue_info *info, u16 vector);
	int (*program_queue)(struct vp_device *vp, struct virtqueue *vq, u16 vector);
	void (*start_queue)(struct vp_device *vp, struct virtqueue *vq);
	void (*drop_queue)(struct vp_device *vp, struct virtqueue *vq);
	void (*remove)(struct vp_device *vp);
};

/**
 * struct vp_device - a virtio device on PCI
 * @vdev: the device on the virtio bus
 * @pdev: the device on the PCI bus
 * @regs: the register set that it is driven by
 * @mdev: a modern device's registers
 * @ldev: a legacy device's registers
 * @isr: interrupt status; reading clears it
 * @queues: &struct vp_queue by index, without the administration queue
 * @listening: those of them that share an interrupt.  Handlers walk it under RCU; a
 *	queue that was taken off may be freed when the handlers that run have ended.
 * @first_is_shared: some of them have the first vector
 * @refusal: why an interrupt could not be used, when that is what made queues fail
 * @plan: how interrupts are spread
 * @num_queues: that the device says it has; 0 while that is not known
 * @vectors: MSI-X vectors that were allocated
 * @vectors_shared: of those, from the first, with a handler for the device
 * @shared_name: of the vectors that are not one queue's own
 * @admin: the administration queue
 * @frozen: an error of the bus has stopped the device, and it was not resumed since
 * @bus_limit: runs when that takes too long
 */
struct vp_device {
	struct virtio_device vdev;
	struct pci_dev *pdev;
	const struct vp_registers *regs;
	union {
		struct virtio_pci_modern_device mdev;
		struct virtio_pci_legacy_device ldev;
	};
	u8 __iomem *isr;
	struct xarray queues;
	struct hlist_head listening;
	bool first_is_shared;
	int refusal;

	enum vp_plan plan;
	unsigned int num_queues;
	unsigned int vectors, vectors_shared;
	char shared_name[2][64];
	struct vp_admin admin;

	bool frozen;
	struct delayed_work bus_limit;
};

static inline struct vp_device *to_vp(struct virtio_device *vdev)
{
	return container_of(vdev, struct vp_device, vdev);
}

static inline bool vp_has_msix(const struct vp_device *vp)
{
	return vp->plan != VP_CLOSED && vp->plan != VP_INTX;
}

/* vectors.c */
int vp_open_vectors(struct vp_device *vp, enum vp_plan plan, unsigned int callbacks,
		    const struct irq_affinity *desc);
void vp_free_shared_irqs(struct vp_device *vp);
int vp_resume_vectors(struct vp_device *vp);
void vp_close_vectors(struct vp_device *vp);
int vp_request_queue_irq(struct vp_device *vp, struct vp_queue *q);
void vp_free_queue_irq(struct vp_device *vp, struct vp_queue *q);
void vp_listen(struct vp_device *vp, struct vp_queue *q);
void vp_stop_listening(struct vp_device *vp, struct vp_queue *q);
void vp_synchronize_cbs(struct virtio_device *vdev);
int vp_set_vq_affinity(struct virtqueue *vq, const struct cpumask *mask);
const struct cpumask *vp_get_vq_affinity(struct virtio_device *vdev, int index);

/* queues.c */
int vp_find_vqs(struct virtio_device *vdev, unsigned int nvqs, struct virtqueue *vqs[],
		struct virtqueue_info *infos, struct irq_affinity *desc);
void vp_del_vqs(struct virtio_device *vdev);
struct virtqueue *vp_setup_vq(struct virtio_device *vdev, unsigned int index,
			      struct virtqueue_info *info);
void vp_teardown_vq(struct virtqueue *vq);
int vp_resume_vqs(struct virtio_device *vdev);
bool vp_notify(struct virtqueue *vq);

/* common.c */
const char *vp_bus_name(struct virtio_device *vdev);
void vp_read_config(struct virtio_device *vdev, unsigned int offset, void *buf,
		    unsigned int len);
void vp_write_config(struct virtio_device *vdev, unsigned int offset, const void *buf,
		     unsigned int len);
void vp_reset_done(struct vp_device *vp);
struct vp_device *vp_physical_function(struct pci_dev *pdev);

/* modern.c */
int vp_modern_attach(struct vp_device *vp);

/* legacy.c */
#ifdef CONFIG_VIRTIO_PCI_LEGACY
int vp_legacy_attach(struct vp_device *vp);
#else
static inline int vp_legacy_attach(struct vp_device *vp)
{
	return -ENODEV;
}
#endif

/* admin.c */
int vp_admin_index(struct vp_device *vp, unsigned int *index);
void vp_admin_info(struct vp_device *vp, unsigned int index, struct virtqueue_info *info);
void vp_admin_activate(struct vp_device *vp);
void vp_admin_abort(struct vp_device *vp);
struct vp_queue *vp_admin_take_queue(struct vp_device *vp);
int vp_admin_execute(struct vp_device *vp, struct virtio_admin_cmd *cmd);

#endif /* _VIRTIO_PCI_H */
