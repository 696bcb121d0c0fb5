/* SPDX-License-Identifier: GPL-2.0 */
/* The device's side of a ring in a thread of its own; see race.c. */
#ifndef _RACE_DEVICE_H
#define _RACE_DEVICE_H

#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

/**
 * struct device_side - what a device knows of a queue
 * @num: size of the ring
 * @packed: its format
 * @event: VIRTIO_RING_F_EVENT_IDX
 * @split: the parts of a split ring
 * @desc: the descriptors of a packed one
 * @driver: what its driver wants to be told of
 * @device: what the device wants to be told of
 * @avail: where the next buffer is made available
 * @used: where the next used buffer goes
 * @told: split: up to where the driver was told of used buffers
 * @avail_wrap: packed: the wrap counter at @avail
 * @used_wrap: packed: that at @used
 */
struct device_side {
	unsigned int num;
	bool packed, event;
	struct vring split;
	struct vring_packed_desc *desc;
	struct vring_packed_desc_event *driver, *device;
	u16 avail, used, told;
	bool avail_wrap, used_wrap;
};

void device_begin(struct device_side *d, struct virtqueue *vq);
bool device_serve(struct device_side *d);
bool device_wants_kicks(struct device_side *d, bool on);
bool device_interrupts(struct device_side *d);

#endif /* _RACE_DEVICE_H */
