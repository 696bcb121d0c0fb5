/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A driver for the devices that soft_device.c plays, over a real transport.
 *
 * It takes the queues, posts a buffer in each and notes what comes back.  There
 * is one of it at a time, made anew by soft_driver_init().
 */
#ifndef _VIRTIO_SOFT_DRIVER_H
#define _VIRTIO_SOFT_DRIVER_H

#include <kunit/test.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

#include "soft_device.h"

/* An id that no driver of the tree serves, and that PCI has room for. */
#define SOFT_ID			0x3f
#define SOFT_DRIVER_QUEUES	8

/* The configuration of such a device; its layout is the driver's. */
struct soft_config {
	__le32 number;
	u8 address[6];
	char name[4];
	__le16 limit;
} __packed;

#define SOFT_NUMBER	VIRTIO_CONFIG_F_DEVICE
#define SOFT_ADDRESS	(VIRTIO_CONFIG_F_DEVICE + 1)
#define SOFT_NAME	(VIRTIO_CONFIG_F_DEVICE + 2)
#define SOFT_LIMIT	(VIRTIO_CONFIG_F_DEVICE + 3)

extern const struct virtio_layout soft_layout;

/**
 * struct soft_driver - what the driver is to do, and what it saw
 * @queues: how many queues to take
 * @one_by_one: by find_vq, as many as there are, instead of by find_vqs
 * @found: how many there were
 * @vqs: those
 * @vdev: the device, while the driver has it
 * @probes: devices that it was offered
 * @err: what came of the last one
 * @config: the beginning of its configuration
 * @bytes: the buffers
 * @back: how many came back
 * @changes: how often the configuration changed
 */
struct soft_driver {
	unsigned int queues;
	bool one_by_one;
	unsigned int found;
	struct virtqueue *vqs[SOFT_DRIVER_QUEUES];
	struct virtio_device *vdev;
	unsigned int probes;
	int err;
	u8 config[8];
	u8 bytes[SOFT_DRIVER_QUEUES];
	unsigned int back;
	unsigned int changes;
};

extern struct soft_driver soft_driver;

void soft_driver_replace(struct virtio_driver *other);
int soft_driver_init(void);
void soft_driver_exit(void);
void soft_driver_again(void);
void soft_driver_validates(bool does);
int soft_driver_post(unsigned int i);
void soft_driver_expect_works(struct kunit *test);
void soft_driver_start_clock(void);
void soft_driver_expect_within(struct kunit *test, unsigned int seconds);

#endif /* _VIRTIO_SOFT_DRIVER_H */
