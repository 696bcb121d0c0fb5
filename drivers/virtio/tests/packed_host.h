/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device side of a packed ring, as the specification tells it to a device.
 *
 * For the tests of virtqueues, where vringh plays the device of a split ring.
 * Sees what lies in shared memory and shares no code with our rings.
 */
#ifndef _VIRTIO_PACKED_HOST_H
#define _VIRTIO_PACKED_HOST_H

#include <linux/virtio_ring.h>

#define PACKED_HOST_SEGMENTS	64

/**
 * struct packed_segment - a segment of a buffer
 * @bytes: where it lies
 * @len: how long it is
 * @writable: the device writes it
 */
struct packed_segment {
	u8 *bytes;
	u32 len;
	bool writable;
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
 * @counts: descriptors of each buffer that was taken; @num of them
 * @segments: those of the buffer taken last
 * @n_segments: how many
 */
struct packed_host {
	struct vring_packed_desc *desc;
	struct vring_packed_desc_event *driver, *device;
	unsigned int num, avail, used, told;
	bool avail_wrap, used_wrap;
	u64 offset;
	u16 *counts;
	struct packed_segment segments[PACKED_HOST_SEGMENTS];
	unsigned int n_segments;
};

void packed_host_init(struct packed_host *host, struct virtqueue *vq, u64 offset, u16 *counts);
int packed_host_take(struct packed_host *host, u16 *id);
ssize_t packed_host_pull(struct packed_host *host, u8 *bytes, size_t max);
ssize_t packed_host_push(struct packed_host *host, const u8 *bytes, size_t len);
void packed_host_complete(struct packed_host *host, u16 id, u32 len);
void packed_host_claim(struct packed_host *host, u16 id, u32 len, unsigned int count);
bool packed_host_wants_callback(struct packed_host *host);

#endif /* _VIRTIO_PACKED_HOST_H */
