/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device behind a ring of either format, as the specification tells it to a
 * device: takes what was made available, says what it used.
 *
 * Sees what lies in shared memory, by the addresses that it was given, and shares
 * no code with the ring.  Memory that makes no sense is reported, not followed.
 */
#ifndef _FUZZ_HOST_H
#define _FUZZ_HOST_H

#include <linux/virtio.h>
#include <linux/virtio_ring.h>

#define HOST_SEGMENTS	1200
#define HOST_MAX	64

/**
 * struct host_segment - a segment of a buffer
 * @bytes: what the device sees there
 * @memory: what that stands for
 * @len: how long it is
 * @writable: the device writes it
 */
struct host_segment {
	u8 *bytes;
	const void *memory;
	u32 len;
	bool writable;
};

/**
 * struct host_buf - a buffer that the device has taken
 * @id: what it says when it is done with it
 * @count: descriptors of the ring that it took
 * @n: how many segments it has
 * @segments: those
 */
struct host_buf {
	u16 id, count;
	unsigned int n;
	struct host_segment segments[HOST_SEGMENTS];
};

/**
 * struct host - the device
 * @vdev: for the byte order
 * @split: the parts of a split ring
 * @desc: those of a packed one
 * @driver: likewise
 * @device: likewise
 * @packed: it is that
 * @event: VIRTIO_RING_F_EVENT_IDX
 * @num: size of the ring
 * @avail: where the next buffer will be made available
 * @used: where the next used one goes
 * @avail_wrap: packed: wrap counter there
 * @used_wrap: likewise
 */
struct host {
	struct virtio_device *vdev;
	struct vring split;
	struct vring_packed_desc *desc;
	struct vring_packed_desc_event *driver, *device;
	bool packed, event;
	unsigned int num, avail, used;
	bool avail_wrap, used_wrap;
};

void host_begin(struct host *host, struct virtqueue *vq, bool owned);
int host_take(struct host *host, struct host_buf *buf);
void host_use(struct host *host, u32 id, u32 len, unsigned int descs, unsigned int bufs);
void host_wish(struct host *host, bool kicks);
u8 *host_part(struct host *host, unsigned int nth, unsigned int at, size_t *left);

#endif /* _FUZZ_HOST_H */
