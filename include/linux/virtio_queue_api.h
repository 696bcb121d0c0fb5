/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The queue functions of Linux 6.12, for the drivers of the tree.
 *
 * They are a second entry into the ring engine that &struct virtqueue_ops also
 * enters; their kernel-doc is with the code, in drivers/virtio/ring/.
 * Included by <linux/virtio.h>, never on its own.
 */
#ifndef _LINUX_VIRTIO_QUEUE_API_H
#define _LINUX_VIRTIO_QUEUE_API_H

struct vring;

/* Offer buffers. */
int virtqueue_add_sgs(struct virtqueue *vq, struct scatterlist *sgs[],
		      unsigned int out_sgs, unsigned int in_sgs, void *data, gfp_t gfp);
int virtqueue_add_outbuf(struct virtqueue *vq, struct scatterlist sg[],
			 unsigned int num, void *data, gfp_t gfp);
int virtqueue_add_inbuf(struct virtqueue *vq, struct scatterlist sg[],
			unsigned int num, void *data, gfp_t gfp);
int virtqueue_add_inbuf_ctx(struct virtqueue *vq, struct scatterlist sg[],
			    unsigned int num, void *data, void *ctx, gfp_t gfp);
int virtqueue_add_inbuf_cache_clean(struct virtqueue *vq, struct scatterlist sg[],
				    unsigned int num, void *data, gfp_t gfp);
int virtqueue_add_outbuf_premapped(struct virtqueue *vq, struct scatterlist *sg,
				   unsigned int num, void *data, gfp_t gfp);
int virtqueue_add_inbuf_premapped(struct virtqueue *vq, struct scatterlist *sg,
				  unsigned int num, void *data, void *ctx, gfp_t gfp);

/* Tell the device. */
bool virtqueue_kick(struct virtqueue *vq);
bool virtqueue_kick_prepare(struct virtqueue *vq);
bool virtqueue_notify(struct virtqueue *vq);

/* Take buffers back. */
void *virtqueue_get_buf(struct virtqueue *vq, unsigned int *len);
void *virtqueue_get_buf_ctx(struct virtqueue *vq, unsigned int *len, void **ctx);
void *virtqueue_detach_unused_buf(struct virtqueue *vq);

/* Callbacks on, off, and how to look without one. */
void virtqueue_disable_cb(struct virtqueue *vq);
bool virtqueue_enable_cb(struct virtqueue *vq);
bool virtqueue_enable_cb_delayed(struct virtqueue *vq);
unsigned int virtqueue_enable_cb_prepare(struct virtqueue *vq);
bool virtqueue_poll(struct virtqueue *vq, unsigned int last_used_idx);

/* State, size and whereabouts. */
bool virtqueue_is_broken(const struct virtqueue *vq);
void __virtqueue_break(struct virtqueue *vq);
void __virtqueue_unbreak(struct virtqueue *vq);
unsigned int virtqueue_get_vring_size(const struct virtqueue *vq);
const struct vring *virtqueue_get_vring(const struct virtqueue *vq);
dma_addr_t virtqueue_get_desc_addr(const struct virtqueue *vq);
dma_addr_t virtqueue_get_avail_addr(const struct virtqueue *vq);
dma_addr_t virtqueue_get_used_addr(const struct virtqueue *vq);

/* Reset of a single queue (virtio 1.3, 2.6.1). */
int virtqueue_reset(struct virtqueue *vq,
		    void (*recycle)(struct virtqueue *vq, void *buf),
		    void (*recycle_done)(struct virtqueue *vq));
int virtqueue_resize(struct virtqueue *vq, u32 num,
		     void (*recycle)(struct virtqueue *vq, void *buf),
		     void (*recycle_done)(struct virtqueue *vq));

/* For drivers that map their buffers themselves. */
size_t virtio_max_dma_size(const struct virtio_device *vdev);
struct device *virtqueue_dma_dev(struct virtqueue *vq);
int virtqueue_set_dma_premapped(struct virtqueue *vq);
void *virtqueue_map_alloc_coherent(struct virtio_device *vdev, union virtio_map map,
				   size_t size, dma_addr_t *addr, gfp_t gfp);
void virtqueue_map_free_coherent(struct virtio_device *vdev, union virtio_map map,
				 size_t size, void *vaddr, dma_addr_t addr);
dma_addr_t virtqueue_map_page_attrs(const struct virtqueue *vq, struct page *page,
				    unsigned long offset, size_t size,
				    enum dma_data_direction dir, unsigned long attrs);
void virtqueue_unmap_page_attrs(const struct virtqueue *vq, dma_addr_t addr, size_t size,
				enum dma_data_direction dir, unsigned long attrs);
dma_addr_t virtqueue_map_single_attrs(const struct virtqueue *vq, void *ptr, size_t size,
				      enum dma_data_direction dir, unsigned long attrs);
void virtqueue_unmap_single_attrs(const struct virtqueue *vq, dma_addr_t addr, size_t size,
				  enum dma_data_direction dir, unsigned long attrs);
int virtqueue_map_mapping_error(const struct virtqueue *vq, dma_addr_t addr);
bool virtqueue_map_need_sync(const struct virtqueue *vq, dma_addr_t addr);
void virtqueue_map_sync_single_range_for_cpu(const struct virtqueue *vq, dma_addr_t addr,
					     unsigned long offset, size_t size,
					     enum dma_data_direction dir);
void virtqueue_map_sync_single_range_for_device(const struct virtqueue *vq, dma_addr_t addr,
						unsigned long offset, size_t size,
						enum dma_data_direction dir);

/* The same under the names of Linux 6.12. */
#define virtqueue_dma_map_single_attrs			virtqueue_map_single_attrs
#define virtqueue_dma_unmap_single_attrs		virtqueue_unmap_single_attrs
#define virtqueue_dma_mapping_error			virtqueue_map_mapping_error
#define virtqueue_dma_need_sync				virtqueue_map_need_sync
#define virtqueue_dma_sync_single_range_for_cpu		virtqueue_map_sync_single_range_for_cpu
#define virtqueue_dma_sync_single_range_for_device	virtqueue_map_sync_single_range_for_device

/**
 * struct virtio_admin_cmd - a command for the administration virtqueue
 * @opcode: what to do (virtio 1.3, 2.12)
 * @group_type: the kind of group that the target belongs to
 * @group_member_id: the target within its group
 * @data_sg: what goes with the command, or %NULL
 * @result_sg: where the result is to go, or %NULL
 * @completion: done when the device has answered
 * @result_sg_size: filled in: bytes that the device wrote to @result_sg
 * @ret: 0 or the error that the device answered
 */
struct virtio_admin_cmd {
	__le16 opcode, group_type;
	__le64 group_member_id;
	struct scatterlist *data_sg, *result_sg;
	struct completion completion;
	u32 result_sg_size;
	int ret;
};

#endif /* _LINUX_VIRTIO_QUEUE_API_H */
