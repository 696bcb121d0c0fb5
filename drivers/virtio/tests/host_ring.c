// SPDX-License-Identifier: GPL-2.0
/*
 * The device's side of a ring; host_ring.h says more.
 *
 * Under the device of a test (host_queue.c), and under the tests of the rings,
 * which have a queue and no device.
 */
#include <linux/export.h>
#include <linux/io.h>
#include <linux/slab.h>

#include "host_ring.h"

/* On zeroed memory. */
void host_ring_init(struct virtio_host_ring *ring)
{
	spin_lock_init(&ring->iotlb_lock);
	vringh_kiov_init(&ring->in, NULL, 0);
	vringh_kiov_init(&ring->out, NULL, 0);
}
EXPORT_SYMBOL_GPL(host_ring_init);

/* It can be started again. */
void host_ring_exit(struct virtio_host_ring *ring)
{
	vringh_kiov_cleanup(&ring->in);
	vringh_kiov_cleanup(&ring->out);
	if (ring->iotlb)
		vhost_iotlb_free(ring->iotlb);
	ring->iotlb = NULL;
	kfree(ring->packed.counts);
	ring->packed.counts = NULL;
}
EXPORT_SYMBOL_GPL(host_ring_exit);

static int start_split(struct virtio_host_ring *ring, const struct host_ring_place *place)
{
	u64 offset = ring->offset;
	int err;

	ring->split.num = place->num;
	ring->split.desc = phys_to_virt(place->desc - offset);
	ring->split.avail = phys_to_virt(place->driver - offset);
	ring->split.used = phys_to_virt(place->device - offset);
	if (!ring->iotlb) {
		ring->iotlb = vhost_iotlb_alloc(1, 0);
		if (!ring->iotlb)
			return -ENOMEM;
		err = vhost_iotlb_add_range(ring->iotlb, offset, ULONG_MAX - 1, 0, VHOST_MAP_RW);
		if (err)
			return err;
	}
	err = vringh_init_iotlb(&ring->vringh, ring->features, place->num, true,
				(void *)(unsigned long)place->desc,
				(void *)(unsigned long)place->driver,
				(void *)(unsigned long)place->device);
	if (!err)
		vringh_set_iotlb(&ring->vringh, ring->iotlb, &ring->iotlb_lock);
	return err;
}

/* The device begins with an empty ring: a new one, or one after a reset. */
int host_ring_start_at(struct virtio_host_ring *ring, u64 features,
		       const struct host_ring_place *place)
{
	u16 *counts;

	ring->features = features;
	if (!host_ring_is_packed(ring))
		return start_split(ring, place);
	counts = kcalloc(place->num, sizeof(*counts), GFP_KERNEL);
	if (!counts)
		return -ENOMEM;
	kfree(ring->packed.counts);
	packed_host_init(&ring->packed, place, ring->offset, counts);
	return 0;
}
EXPORT_SYMBOL_GPL(host_ring_start_at);

/*
 * Where nobody tells the device where it lies.  A split ring may be in memory that was
 * given to it, of which it has no address.
 */
int host_ring_start(struct virtio_host_ring *ring, struct virtqueue *vq)
{
	const struct vring *vring = virtqueue_get_vring(vq);
	struct host_ring_place place = {
		.num = virtqueue_get_vring_size(vq),
		.desc = virtqueue_get_desc_addr(vq),
		.driver = virtqueue_get_avail_addr(vq),
		.device = virtqueue_get_used_addr(vq),
	};

	if (!(vq->vdev->features & BIT_ULL(VIRTIO_F_RING_PACKED))) {
		place.desc = virt_to_phys(vring->desc) + ring->offset;
		place.driver = virt_to_phys(vring->avail) + ring->offset;
		place.device = virt_to_phys(vring->used) + ring->offset;
	}
	return host_ring_start_at(ring, vq->vdev->features, &place);
}
EXPORT_SYMBOL_GPL(host_ring_start);

static void add_segments(struct virtio_host_ring *ring, const struct vringh_kiov *kiov,
			 bool writable, struct virtio_host_buf *buf)
{
	unsigned int i;

	for (i = 0; i < kiov->used && buf->n < VIRTIO_HOST_SEGMENTS; i++)
		buf->segment[buf->n++] = (struct virtio_host_segment) {
			.bytes = phys_to_virt((unsigned long)kiov->iov[i].iov_base - ring->offset),
			.len = kiov->iov[i].iov_len,
			.writable = writable,
		};
}

/* 1, 0 if there is none, or what is wrong with what the driver did. */
int host_ring_take(struct virtio_host_ring *ring, struct virtio_host_buf *buf)
{
	int got;

	buf->n = 0;
	if (host_ring_is_packed(ring))
		return packed_host_take(&ring->packed, buf);
	got = vringh_getdesc_iotlb(&ring->vringh, &ring->out, &ring->in, &buf->id, GFP_ATOMIC);
	if (got == 1) {
		add_segments(ring, &ring->out, false, buf);
		add_segments(ring, &ring->in, true, buf);
	}
	return got;
}
EXPORT_SYMBOL_GPL(host_ring_take);

int host_ring_use(struct virtio_host_ring *ring, u16 id, u32 len)
{
	if (!host_ring_is_packed(ring))
		return vringh_complete_iotlb(&ring->vringh, id, len);
	packed_host_claim(&ring->packed, id, len, ring->packed.counts[id]);
	return 0;
}
EXPORT_SYMBOL_GPL(host_ring_use);

static __virtio16 ring16(const struct virtio_host_ring *ring, u16 val)
{
	return __cpu_to_virtio16(ring->features & BIT_ULL(VIRTIO_F_VERSION_1), val);
}

/*
 * Say that all up to buffer @id was used, true or not: @count buffers on a split
 * ring, buffers of @count descriptors on a packed one.
 */
void host_ring_claim(struct virtio_host_ring *ring, u32 id, u32 len, unsigned int count)
{
	bool le = ring->features & BIT_ULL(VIRTIO_F_VERSION_1);
	struct vring *vring = &ring->split;
	u16 idx;

	if (host_ring_is_packed(ring)) {
		packed_host_claim(&ring->packed, id, len, count);
		return;
	}
	idx = __virtio16_to_cpu(le, vring->used->idx);
	vring->used->ring[idx % vring->num].id = __cpu_to_virtio32(le, id);
	vring->used->ring[idx % vring->num].len = __cpu_to_virtio32(le, len);
	/* Pairs with the driver's barrier between the index and the entries. */
	smp_store_release(&vring->used->idx, ring16(ring, idx + count));
	ring->vringh.completed += count;
}
EXPORT_SYMBOL_GPL(host_ring_claim);

/* Is the driver to be called for what was used since the last time? */
bool host_ring_wants_callback(struct virtio_host_ring *ring)
{
	return host_ring_is_packed(ring) ? packed_host_wants_callback(&ring->packed) :
					   vringh_need_notify_iotlb(&ring->vringh) == 1;
}
EXPORT_SYMBOL_GPL(host_ring_wants_callback);

/* With event index the driver notifies at that index only: for none, it is left behind. */
static bool ask_split_for_kicks(struct virtio_host_ring *ring, bool on)
{
	struct vringh *vringh = &ring->vringh;
	u16 flags = on ? 0 : VRING_USED_F_NO_NOTIFY, next = vringh->last_avail_idx;
	struct vring *vring = &ring->split;

	if (!vringh->event_indices)
		WRITE_ONCE(vring->used->flags, cpu_to_vringh16(vringh, flags));
	else if (on)
		WRITE_ONCE(vring_avail_event(vring), cpu_to_vringh16(vringh, next));
	if (!on)
		return true;
	/* Pairs with the driver's barrier between the available index and this. */
	virtio_mb(vringh->weak_barriers);
	return vringh16_to_cpu(vringh, READ_ONCE(vring->avail->idx)) == next;
}

/* Have the driver notify us of the next buffer, or of none.  True: nothing came yet. */
bool host_ring_ask_for_kicks(struct virtio_host_ring *ring, bool on)
{
	if (host_ring_is_packed(ring)) {
		packed_host_ask_for_kicks(&ring->packed, on, ring->features);
		return true;
	}
	return ask_split_for_kicks(ring, on);
}
EXPORT_SYMBOL_GPL(host_ring_ask_for_kicks);
