/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Configuration of a virtio device: fields, features, status and queues.
 *
 * A device describes itself in fields, each of a type and a length.  A driver
 * finds a field, gets or sets its contents, and that is all it needs to know;
 * where the fields lie is the transport's affair.  The accessors of Linux 6.12,
 * which name a field by its place in a structure, stand on the same operations
 * and come last, from <linux/virtio_config_api.h>.
 */
#ifndef _LINUX_VIRTIO_CONFIG_H
#define _LINUX_VIRTIO_CONFIG_H

#include <linux/bug.h>
#include <linux/compiler_types.h>
#include <linux/err.h>
#include <linux/virtio.h>
#include <linux/virtio_byteorder.h>
#include <linux/virtio_layout.h>
#include <uapi/linux/virtio_config.h>

struct cpumask;
struct irq_affinity;
struct virtio_shm_region;
struct virtqueue_info;

/**
 * struct virtio_config_ops - how the core and drivers reach a device
 *
 * The first seven are the contract.  A transport supplies the contents of the
 * configuration in one of two ways, as fields (@find, @get, @set) or as raw
 * bytes (@read, @write, @generation), and takes the other half from the core:
 * VIRTIO_FIELDS_BY_LAYOUT puts fields over raw bytes, and the accessors of 6.12
 * look up the field under an offset where there is no @read.  A device without
 * any configuration has neither.  All may sleep unless said otherwise.
 *
 * A transport has to have get_status, set_status, reset, get_features, finalize_features,
 * and setup_vq with teardown_vq or find_vqs with del_vqs; one with fields alone also get,
 * set and look.  What else it leaves out of the contract the core adds.
 *
 * @find: look for a field of @type and mark it used.  Returns a token for @get
 *	and @set with the length of the field in @len, or %NULL.  A field is
 *	found once until the device is reset.
 * @get: copy the contents of a field, little-endian, to @buf.  @len is the
 *	length that @find gave.
 * @set: write the contents of a field, likewise
 * @get_status: the status byte; 0xff when the device is gone
 * @set_status: write the status byte, never 0
 * @find_vq: set up the next queue of the device.  Returns it, or ERR_PTR():
 *	-ENOENT when there are no more.  Use virtio_find_next_vq().
 * @del_vq: free a queue that @find_vq returned.  Use virtio_del_vq().
 *
 * @read: copy @len bytes at @offset of the device configuration to @buf, as
 *	they lie there
 * @write: the other way
 * @generation: changes whenever several reads may not belong together
 * @reset: write 0 to the status and wait, with a limit, until it reads back so;
 *	on return the device uses no memory and runs no callback.  A transport with
 *	@resume_vqs has virtio_driver_reset() here, for drivers that call this operation
 *	instead of virtio_reset_device(), and does it in @reset_device
 * @reset_device: called by the core instead of @reset, with &virtio_device.queues_lock held
 * @get_features: the bits that the device offers, of the first 64
 * @get_extended_features: all bits that it offers, in VIRTIO_FEATURES_U64S words.  A
 *	transport has it if it can also tell the device of bits beyond 63
 * @finalize_features: write &virtio_device.features to the device, less what
 *	the transport can't do.  Returns 0 or an error.
 * @find_vqs: set up @nvqs queues at once, as @infos says; entries without a
 *	name are left out and %NULL in @vqs.  Returns 0 or an error.  Without it the
 *	core calls @setup_vq for each.
 * @del_vqs: free all queues
 * @setup_vq: set up queue @index, for @find_vq
 * @teardown_vq: free one queue, for @del_vq
 * @synchronize_cbs: wait for callbacks that are running
 * @bus_name: where the device sits, for people
 * @set_vq_affinity: handle the queue's interrupt on these CPUs if possible
 * @get_vq_affinity: the CPUs that handle a queue's interrupt, or %NULL
 * @get_shm_region: where a shared memory region lies; %false if there is none
 * @disable_vq_and_reset: reset one queue; the device has let go of it on return.  This
 *	and the next two are called with &virtio_device.queues_lock held
 * @enable_vq_after_reset: and put it to use again
 * @resume_vqs: the device was reset, and its features agreed, beneath a driver that
 *	goes on: give it all queues there are, where they lie now.  Returns 0 or an
 *	error.  Without it a device is not brought back
 * @peek_status: @get_status, where that can be called in any context: for a driver that
 *	polls with interrupts off
 * @is_gone: look whether the device is still there, for a driver that waits for it with
 *	interrupts off, where nobody else can say so.  Any context
 * @look: the token of field @nr, found before or not, with its type and length; it is
 *	not marked.  %NULL behind the last.  For people who watch, where there are fields
 */
struct virtio_config_ops {
	void *(*find)(struct virtio_device *vdev, u8 type, unsigned int *len);
	void (*get)(struct virtio_device *vdev, void *token, void *buf, unsigned int len);
	void (*set)(struct virtio_device *vdev, void *token, const void *buf,
		    unsigned int len);
	u8 (*get_status)(struct virtio_device *vdev);
	void (*set_status)(struct virtio_device *vdev, u8 status);
	struct virtqueue *(*find_vq)(struct virtio_device *vdev,
				     bool (*callback)(struct virtqueue *vq));
	void (*del_vq)(struct virtqueue *vq);

	void (*read)(struct virtio_device *vdev, unsigned int offset, void *buf,
		     unsigned int len);
	void (*write)(struct virtio_device *vdev, unsigned int offset, const void *buf,
		      unsigned int len);
	u32 (*generation)(struct virtio_device *vdev);
	void (*reset)(struct virtio_device *vdev);
	void (*reset_device)(struct virtio_device *vdev);
	u64 (*get_features)(struct virtio_device *vdev);
	void (*get_extended_features)(struct virtio_device *vdev, u64 *features);
	int (*finalize_features)(struct virtio_device *vdev);
	int (*find_vqs)(struct virtio_device *vdev, unsigned int nvqs,
			struct virtqueue *vqs[], struct virtqueue_info *infos,
			struct irq_affinity *desc);
	void (*del_vqs)(struct virtio_device *vdev);
	struct virtqueue *(*setup_vq)(struct virtio_device *vdev, unsigned int index,
				      struct virtqueue_info *info);
	void (*teardown_vq)(struct virtqueue *vq);
	void (*synchronize_cbs)(struct virtio_device *vdev);
	const char *(*bus_name)(struct virtio_device *vdev);
	int (*set_vq_affinity)(struct virtqueue *vq, const struct cpumask *cpu_mask);
	const struct cpumask *(*get_vq_affinity)(struct virtio_device *vdev, int index);
	bool (*get_shm_region)(struct virtio_device *vdev,
			       struct virtio_shm_region *region, u8 id);
	int (*disable_vq_and_reset)(struct virtqueue *vq);
	int (*enable_vq_after_reset)(struct virtqueue *vq);
	int (*resume_vqs)(struct virtio_device *vdev);
	u8 (*peek_status)(struct virtio_device *vdev);
	bool (*is_gone)(struct virtio_device *vdev);
	void *(*look)(struct virtio_device *vdev, unsigned int nr, u8 *type,
		      unsigned int *len);
};

/**
 * struct virtio_map_ops - how memory is mapped for a device that the DMA API knows nothing of
 *
 * A transport whose device is no hardware sets &virtio_device.map to them, for queues of
 * devices with VIRTIO_F_ACCESS_PLATFORM.  All are there.  The first argument says for what
 * to map: what vring_create_virtqueue_map() was given for a queue, or &virtio_device.vmap.
 *
 * @map_page: map @size bytes at @offset of a page.  Returns the address that the device is
 *	given, to be checked by @mapping_error.  Any context
 * @unmap_page: undo that; the arguments are those of the mapping, and @attrs may have
 *	%DMA_ATTR_SKIP_CPU_SYNC.  Any context
 * @sync_single_for_cpu: let the CPU see what the device wrote to a mapping, or to a part
 *	of one.  Any context
 * @sync_single_for_device: let the device see what the CPU wrote.  Any context
 * @alloc: memory that both see at any time.  Returns where it lies, or %NULL.  May not
 *	sleep unless @gfp says so
 * @free: free that; @attrs is 0.  May sleep
 * @need_sync: does a mapping have to be synchronised?  Any context
 * @mapping_error: is this no address, but a failure of @map_page?  Returns 0 or an error.
 *	Any context
 * @max_mapping_size: the most bytes that @map_page takes.  Any context
 */
struct virtio_map_ops {
	dma_addr_t (*map_page)(union virtio_map map, struct page *page, unsigned long offset,
			       size_t size, enum dma_data_direction dir, unsigned long attrs);
	void (*unmap_page)(union virtio_map map, dma_addr_t addr, size_t size,
			   enum dma_data_direction dir, unsigned long attrs);
	void (*sync_single_for_cpu)(union virtio_map map, dma_addr_t addr, size_t size,
				    enum dma_data_direction dir);
	void (*sync_single_for_device)(union virtio_map map, dma_addr_t addr, size_t size,
				       enum dma_data_direction dir);
	void *(*alloc)(union virtio_map map, size_t size, dma_addr_t *addr, gfp_t gfp);
	void (*free)(union virtio_map map, size_t size, void *vaddr, dma_addr_t addr,
		     unsigned long attrs);
	bool (*need_sync)(union virtio_map map, dma_addr_t addr);
	int (*mapping_error)(union virtio_map map, dma_addr_t addr);
	size_t (*max_mapping_size)(union virtio_map map);
};

/* Fields over raw bytes, for the operations of a transport; see layout.c. */
#define VIRTIO_FIELDS_BY_LAYOUT				\
	.find		= virtio_layout_find,		\
	.get		= virtio_layout_get,		\
	.set		= virtio_layout_set

/* Queues one by one over @setup_vq and @teardown_vq; see queues.c. */
#define VIRTIO_QUEUES_ONE_BY_ONE			\
	.find_vq	= virtio_find_next_vq,		\
	.del_vq		= virtio_del_vq

/* The same, and all at once, for a transport that does not set them up so. */
#define VIRTIO_QUEUES_EACH				\
	VIRTIO_QUEUES_ONE_BY_ONE,			\
	.del_vqs	= virtio_del_each_vq

void *virtio_layout_find(struct virtio_device *vdev, u8 type, unsigned int *len);
void virtio_layout_get(struct virtio_device *vdev, void *token, void *buf,
		       unsigned int len);
void virtio_layout_set(struct virtio_device *vdev, void *token, const void *buf,
		       unsigned int len);

/* No configuration is longer, and no token is as small a number. */
#define VIRTIO_MOST_CONFIG	4096

/* A driver written for Linux 6.12 calls get and set with an offset; see offset.c. */
static inline bool virtio_token_is_offset(const void *token)
{
	return (unsigned long)token < VIRTIO_MOST_CONFIG;
}

bool virtio_get_by_offset(struct virtio_device *vdev, const void *token, void *buf,
			  unsigned int len);
bool virtio_set_by_offset(struct virtio_device *vdev, const void *token, const void *buf,
			  unsigned int len);
struct virtqueue *virtio_find_next_vq(struct virtio_device *vdev,
				      bool (*callback)(struct virtqueue *vq));
void virtio_del_vq(struct virtqueue *vq);
void virtio_driver_reset(struct virtio_device *vdev);
void virtio_del_each_vq(struct virtio_device *vdev);

int __virtio_config_val(struct virtio_device *vdev, u8 type, void *val, size_t size);
int virtio_use_bit(struct virtio_device *vdev, void *token, unsigned int len,
		   unsigned int bitnum);
int virtio_latch_features(struct virtio_device *vdev);
void virtio_device_ready(struct virtio_device *vdev);

/**
 * virtio_config_val - find a field and read its value
 * @vdev: the device
 * @type: type of the field, VIRTIO_CONFIG_F_*
 * @v: where the value goes, in the byte order of this machine: an integer of any type
 *	that is as wide as the field
 *
 * May sleep.  The field is used up until the device is reset.
 *
 * Return: 0, -ENOENT when there is no such field, -EIO when the device has it
 * in another width; @v is not written then.
 */
#define virtio_config_val(vdev, type, v) ({					\
	/* Zeros behind a shorter value make it a number of 64 bits. */		\
	__le64 _raw = 0;							\
	int _err = __virtio_config_val((vdev), (type), &_raw, sizeof(*(v)));	\
										\
	BUILD_BUG_ON(sizeof(*(v)) > 8 || sizeof(*(v)) & (sizeof(*(v)) - 1));	\
	if (!_err)								\
		*(v) = le64_to_cpu(_raw);					\
	_err;									\
})

#include <linux/virtio_config_api.h>

#endif /* _LINUX_VIRTIO_CONFIG_H */
