/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Looks for kicks that wait too long for DRIVER_OK.  For handshake.c.
 */
#ifndef _VIRTIO_HELD_H
#define _VIRTIO_HELD_H

#include <linux/workqueue.h>

struct virtio_device;

/**
 * struct virtio_held - looks for kicks that wait too long while a driver sets up its device
 * @vdev: the device
 * @queue: the queue that had one at the last look; -1 for none
 * @work: looks
 */
struct virtio_held {
	struct virtio_device *vdev;
	int queue;
	struct delayed_work work;
};

void virtio_held_begin(struct virtio_held *held, struct virtio_device *vdev);
void virtio_held_end(struct virtio_held *held);

#endif /* _VIRTIO_HELD_H */
