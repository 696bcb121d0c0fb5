/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device side of a packed ring, as the specification tells it to a device.
 *
 * For host_ring.c, where vringh plays the device of a split ring.  Sees what lies
 * in shared memory and shares no code with our rings.
 */
#ifndef _VIRTIO_PACKED_HOST_H
#define _VIRTIO_PACKED_HOST_H

#include <kunit/virtio.h>
#include <linux/virtio_ring.h>

/**
 * struct host_ring_place - where a ring of either format lies
 * @num: entries
 * @desc: address of the descriptors, as the device sees it, like the others
 * @driver: of what else the driver writes
 * @device: of what the device writes
 */
struct host_ring_place {
	unsigned int num;
	u64 desc, driver, device;
};

/**
 * struct packed_host - the device side
 * @desc: the ring
 * @driver: when the driver wants callbacks
 * @device: when the device wants notifications
 * @num: entries of the ring
 * @avail: where the next buffer will be made available
 * @avail_wrap: wrap counter there
 * @used: where the next used buffer goes
 * @used_wrap: wrap counter there
 * @offset: how far the device's addresses lie from physical ones
 * @told: descriptors used since the driver was last called
 * @counts: descriptors of each buffer that was taken; @num of them,
 *	allocated by who made this
 */
struct packed_host {
	struct vring_packed_desc *desc;
	struct vring_packed_desc_event *driver, *device;
	unsigned int num, avail, used, told;
	bool avail_wrap, used_wrap;
	u64 offset;
	u16 *counts;
};

void packed_host_init(struct packed_host *host, const struct host_ring_place *place, u64 offset,
		      u16 *counts);
int packed_host_take(struct packed_host *host, struct virtio_host_buf *buf);
void packed_host_claim(struct packed_host *host, u16 id, u32 len, unsigned int count);
bool packed_host_wants_callback(struct packed_host *host);
void packed_host_ask_for_kicks(struct packed_host *host, bool on, u64 features);

#endif /* _VIRTIO_PACKED_HOST_H */
