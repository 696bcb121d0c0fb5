// SPDX-License-Identifier: GPL-2.0
/*
 * A device that uses each buffer as soon as it finds it, as the specification tells it to.
 *
 * All that it shares with the driver is read and written by marked accesses, in the order
 * of virtio 1.3, 2.7 and 2.8.  It follows chains in the ring and no tables.
 */
#include "device.h"

#define AVAIL		BIT(VRING_PACKED_DESC_F_AVAIL)
#define USED		BIT(VRING_PACKED_DESC_F_USED)
#define WRAP		BIT(VRING_PACKED_EVENT_F_WRAP_CTR)

void device_begin(struct device_side *d, struct virtqueue *vq)
{
	void *desc = (void *)virtqueue_get_desc_addr(vq);

	*d = (struct device_side) {
		.num = virtqueue_get_vring_size(vq), .avail_wrap = true, .used_wrap = true,
		.packed = __virtio_test_bit(vq->vdev, VIRTIO_F_RING_PACKED),
		.event = __virtio_test_bit(vq->vdev, VIRTIO_RING_F_EVENT_IDX),
	};
	d->split.num = d->num;
	d->split.desc = desc;
	d->split.avail = (void *)virtqueue_get_avail_addr(vq);
	d->split.used = (void *)virtqueue_get_used_addr(vq);
	d->desc = desc;
	d->driver = (void *)virtqueue_get_avail_addr(vq);
	d->device = (void *)virtqueue_get_used_addr(vq);
}

static bool split_serve(struct device_side *d)
{
	struct vring_used_elem *elem = &d->split.used->ring[d->used % d->num];
	u16 head;

	if (READ_ONCE(d->split.avail->idx) == d->avail)
		return false;
	head = READ_ONCE(d->split.avail->ring[d->avail++ % d->num]);
	WRITE_ONCE(elem->id, head);
	WRITE_ONCE(elem->len, 0);
	WRITE_ONCE(d->split.used->idx, ++d->used);
	return true;
}

static void step(const struct device_side *d, u16 *at, bool *wrap, unsigned int count)
{
	*at += count;
	if (*at >= d->num) {
		*at -= d->num;
		*wrap = !*wrap;
	}
}

static bool packed_serve(struct device_side *d)
{
	u16 flags = READ_ONCE(d->desc[d->avail].flags), id;
	unsigned int count = 0;

	if (!!(flags & AVAIL) != d->avail_wrap || !!(flags & USED) == d->avail_wrap)
		return false;
	do {
		flags = READ_ONCE(d->desc[d->avail].flags);
		id = READ_ONCE(d->desc[d->avail].id);
		step(d, &d->avail, &d->avail_wrap, 1);
		count++;
	} while (flags & VRING_DESC_F_NEXT);
	WRITE_ONCE(d->desc[d->used].id, id);
	WRITE_ONCE(d->desc[d->used].len, 0);
	WRITE_ONCE(d->desc[d->used].flags, d->used_wrap ? AVAIL | USED : 0);
	step(d, &d->used, &d->used_wrap, count);
	return true;
}

/* Use the next buffer, if there is one. */
bool device_serve(struct device_side *d)
{
	return d->packed ? packed_serve(d) : split_serve(d);
}

static bool has_next(const struct device_side *d)
{
	u16 flags;

	if (!d->packed)
		return READ_ONCE(d->split.avail->idx) != d->avail;
	flags = READ_ONCE(d->desc[d->avail].flags);
	return !!(flags & AVAIL) == d->avail_wrap && !!(flags & USED) != d->avail_wrap;
}

/* Ask for a kick, or for none.  Returns whether there is something to serve first. */
bool device_wants_kicks(struct device_side *d, bool on)
{
	u16 at = d->avail | (d->avail_wrap ? WRAP : 0);

	if (d->packed) {
		WRITE_ONCE(d->device->off_wrap, at);
		WRITE_ONCE(d->device->flags, !on ? VRING_PACKED_EVENT_FLAG_DISABLE :
			   d->event ? VRING_PACKED_EVENT_FLAG_DESC :
				      VRING_PACKED_EVENT_FLAG_ENABLE);
	} else if (d->event) {
		WRITE_ONCE(vring_avail_event(&d->split), (u16)(d->avail - !on));
	} else {
		WRITE_ONCE(d->split.used->flags, on ? 0 : VRING_USED_F_NO_NOTIFY);
	}
	/* Pairs with the barriers in split_publish() and packed_publish(). */
	virt_mb();
	return has_next(d);
}

static bool packed_interrupts(struct device_side *d)
{
	u16 flags = READ_ONCE(d->driver->flags) & 3, at = READ_ONCE(d->driver->off_wrap);
	u16 event = at & ~WRAP, old = d->told;
	bool same = !!(at & WRAP) == d->used_wrap;

	d->told = d->used;
	if (flags != VRING_PACKED_EVENT_FLAG_DESC)
		return flags == VRING_PACKED_EVENT_FLAG_ENABLE;
	/* The positions that were passed since, some of them in the lap before perhaps. */
	if (old < d->used)
		return same && event >= old && event < d->used;
	return same ? event < d->used : event >= old;
}

/* After a buffer was used: does the driver want to be told? */
bool device_interrupts(struct device_side *d)
{
	u16 old = d->told;

	/* Pairs with the barriers in set_used_event() and its like. */
	virt_mb();
	if (d->packed)
		return packed_interrupts(d);
	d->told = d->used;
	if (!d->event)
		return !(READ_ONCE(d->split.avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);
	return vring_need_event(READ_ONCE(vring_used_event(&d->split)), d->used, old);
}
