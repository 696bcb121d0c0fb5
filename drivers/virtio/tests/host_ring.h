/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device's side of a ring of either format.
 *
 * A split ring is read by vringh, the tree's own host side; a packed one by
 * packed_host.c, written from the specification.  Neither shares code with our
 * rings, and neither sees more than what lies in shared memory.
 */
#ifndef _VIRTIO_HOST_RING_H
#define _VIRTIO_HOST_RING_H

#include <kunit/virtio.h>
#include <linux/vhost_iotlb.h>
#include <linux/vringh.h>

#include "packed_host.h"

/**
 * struct virtio_host_ring - the device's side
 * @features: what was agreed
 * @offset: how far the device's addresses lie from physical ones; set it first
 * @split: where the parts of a split ring lie
 * @vringh: reads it
 * @packed: reads a packed ring
 * @iotlb: lets vringh see all of memory
 * @iotlb_lock: guards @iotlb
 * @in: segments that the device writes
 * @out: segments that it reads
 */
struct virtio_host_ring {
	u64 features, offset;
	struct vring split;
	struct vringh vringh;
	struct packed_host packed;
	struct vhost_iotlb *iotlb;
	spinlock_t iotlb_lock;	/* guards iotlb */
	struct vringh_kiov in, out;
};

void host_ring_init(struct virtio_host_ring *ring);
void host_ring_exit(struct virtio_host_ring *ring);
int host_ring_start(struct virtio_host_ring *ring, struct virtqueue *vq);
int host_ring_start_at(struct virtio_host_ring *ring, u64 features,
		       const struct host_ring_place *place);
int host_ring_take(struct virtio_host_ring *ring, struct virtio_host_buf *buf);
int host_ring_use(struct virtio_host_ring *ring, u16 id, u32 len);
void host_ring_claim(struct virtio_host_ring *ring, u32 id, u32 len, unsigned int count);
bool host_ring_wants_callback(struct virtio_host_ring *ring);
bool host_ring_ask_for_kicks(struct virtio_host_ring *ring, bool on);

static inline bool host_ring_is_packed(const struct virtio_host_ring *ring)
{
	return ring->features & BIT_ULL(VIRTIO_F_RING_PACKED);
}

#endif /* _VIRTIO_HOST_RING_H */
