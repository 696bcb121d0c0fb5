/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Virtqueues for transports: making them, deleting them, interrupting them.
 *
 * A ring knows memory and one notify hook.  A transport creates a queue with
 * one of the calls below, tells the device where its parts lie, and hands it
 * the interrupts; kernel-doc is with the code, in drivers/virtio/ring/.
 */
#ifndef _LINUX_VIRTIO_RING_H
#define _LINUX_VIRTIO_RING_H

#include <asm/barrier.h>
#include <linux/irqreturn.h>
#include <linux/virtio.h>
#include <uapi/linux/virtio_ring.h>

/*
 * Barriers against the other side of a ring.  A device that is a CPU (weak) is
 * ordered like one, also on a kernel built for one CPU; anything else is a
 * device on a bus (VIRTIO_F_ORDER_PLATFORM; virtio 1.3, 6).
 */
static inline void virtio_mb(bool weak)
{
	if (!weak)
		mb();	/* who calls names the pair, here as below */
	else
		virt_mb();	/* the same */
}

static inline void virtio_rmb(bool weak)
{
	if (!weak)
		dma_rmb();	/* as above */
	else
		virt_rmb();	/* as above */
}

static inline void virtio_wmb(bool weak)
{
	if (!weak)
		dma_wmb();	/* as above */
	else
		virt_wmb();	/* as above */
}

#define virtio_store_mb(weak, p, v) do {	\
	WRITE_ONCE(*(p), v);			\
	virtio_mb(weak); /* as above */		\
} while (0)

struct virtqueue *
vring_create_virtqueue(unsigned int index, unsigned int num, unsigned int vring_align,
		       struct virtio_device *vdev, bool weak_barriers, bool may_reduce_num,
		       bool ctx, bool (*notify)(struct virtqueue *vq),
		       void (*callback)(struct virtqueue *vq), const char *name);
struct virtqueue *
vring_create_virtqueue_map(unsigned int index, unsigned int num, unsigned int vring_align,
			   struct virtio_device *vdev, bool weak_barriers,
			   bool may_reduce_num, bool ctx,
			   bool (*notify)(struct virtqueue *vq),
			   void (*callback)(struct virtqueue *vq), const char *name,
			   union virtio_map map);
struct virtqueue *
vring_new_virtqueue(unsigned int index, unsigned int num, unsigned int vring_align,
		    struct virtio_device *vdev, bool weak_barriers, bool ctx, void *pages,
		    bool (*notify)(struct virtqueue *vq),
		    void (*callback)(struct virtqueue *vq), const char *name);
void vring_del_virtqueue(struct virtqueue *vq);

/* The same by the DMA API, under the name of Linux 6.12. */
static inline struct virtqueue *
vring_create_virtqueue_dma(unsigned int index, unsigned int num, unsigned int vring_align,
			   struct virtio_device *vdev, bool weak_barriers,
			   bool may_reduce_num, bool ctx,
			   bool (*notify)(struct virtqueue *vq),
			   void (*callback)(struct virtqueue *vq), const char *name,
			   struct device *dma_dev)
{
	return vring_create_virtqueue_map(index, num, vring_align, vdev, weak_barriers,
					  may_reduce_num, ctx, notify, callback, name,
					  (union virtio_map) { .dma_dev = dma_dev });
}

irqreturn_t vring_interrupt(int irq, void *vq);
u32 vring_notification_data(struct virtqueue *vq);
void vring_transport_features(struct virtio_device *vdev);
void vring_send_held_kicks(struct virtio_device *vdev);
int vring_held_kick(struct virtio_device *vdev);

/* For the core and transports, whose device is gone. */
void vring_break(struct virtio_device *vdev);

/* For the core, when it brings a device back, or gives it up. */
void vring_stall(struct virtio_device *vdev);
int vring_renew(struct virtio_device *vdev);
void vring_resume(struct virtio_device *vdev);
void vring_end(struct virtio_device *vdev);
bool vring_recall(struct virtio_device *vdev);
bool vring_prompt(struct virtio_device *vdev);
bool vring_has_lied(const struct virtio_device *vdev);
bool vring_has_served(const struct virtio_device *vdev);

#endif /* _LINUX_VIRTIO_RING_H */
