/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A disk, a network card and a console, by drivers as they were written in 2007: queues
 * first, then features, then what is there of the configuration, and no reset at the end.
 *
 * One driver of the bus, for the devices of soft_driver.h, is one of the three.
 */
#ifndef _VIRTIO_OLD_DRIVERS_H
#define _VIRTIO_OLD_DRIVERS_H

#include "soft_driver.h"

/**
 * struct old_driver - which of the three it is, and what it has
 * @probe: of the one that it is
 * @vdev: its device
 * @vq: its queues, as many as it takes
 * @late: it got the feature that it took when it had its queues
 * @number: from the configuration, and so are the rest
 * @limit: likewise, or 0
 * @address: likewise
 * @posted: what the device is to fill
 * @sent: what the device is to read
 * @callbacks: by queue, how often the driver was called back
 */
struct old_driver {
	int (*probe)(struct virtio_device *vdev);
	struct virtio_device *vdev;
	struct virtqueue *vq[3];
	int late;
	unsigned int number;
	short limit;
	char address[6];
	char posted[16], sent[16];
	unsigned int callbacks[2];
};

extern struct old_driver old;
extern struct virtio_driver old_virtio_driver;

int old_disk_probe(struct virtio_device *vdev);
int old_card_probe(struct virtio_device *vdev);
int old_console_probe(struct virtio_device *vdev);

bool old_disk_read(void);
bool old_card_send(void);
bool old_card_receive(void);
bool old_console_put(void);
bool old_console_get(void);

#endif /* _VIRTIO_OLD_DRIVERS_H */
