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
#include <linux/mutex.h>
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
 * enum soft_driver_way - how the driver leaves its device
 * @SOFT_DRIVER_RESETS: by virtio_reset_device(), then del_vqs
 * @SOFT_DRIVER_CALLS_RESET: by the operation reset, then, some time later, del_vqs
 * @SOFT_DRIVER_DELETES: by del_vqs alone
 * @SOFT_DRIVER_SHUTS_DOWN: by shutdown and del_vq of each queue
 */
enum soft_driver_way {
	SOFT_DRIVER_RESETS, SOFT_DRIVER_CALLS_RESET, SOFT_DRIVER_DELETES, SOFT_DRIVER_SHUTS_DOWN,
};

/**
 * struct soft_driver - what the driver is to do, and what it saw
 * @queues: how many queues to take
 * @one_by_one: by find_vq, as many as there are, instead of by find_vqs
 * @spread: how their interrupts are to be spread, for find_vqs
 * @found: how many there were
 * @vqs: those
 * @vdev: the device, while the driver has it
 * @probes: devices that it was offered
 * @err: what came of the last one
 * @config: the beginning of its configuration
 * @bytes: the buffers
 * @back: how many came back
 * @changes: how often the configuration changed
 * @way: how it leaves the device
 * @prepares: how often it was asked to stop for a reset of the bus
 * @prepare_err: what it answered
 * @dones: how often it was told that such a reset is over
 * @unsafe: the device was live when the buffers were the driver's again
 */
struct soft_driver {
	unsigned int queues;
	bool one_by_one;
	struct irq_affinity *spread;
	unsigned int found;
	struct virtqueue *vqs[SOFT_DRIVER_QUEUES];
	struct virtio_device *vdev;
	unsigned int probes;
	int err;
	u8 config[8];
	u8 bytes[SOFT_DRIVER_QUEUES];
	unsigned int back;
	unsigned int changes;
	enum soft_driver_way way;
	unsigned int prepares, dones;
	int prepare_err;
	bool unsafe;
};

extern struct soft_driver soft_driver;
/* Held by the driver where it takes its queues and gives them up. */
extern struct mutex soft_driver_lock;

void soft_driver_replace(struct virtio_driver *other);
int soft_driver_init(void);
void soft_driver_exit(void);
void soft_driver_again(void);
void soft_driver_validates(bool does);
void soft_driver_restarts(bool on);
void soft_driver_sees_to_resets(bool repeatable);
int soft_driver_post(unsigned int i);
void soft_driver_expect_works(struct kunit *test);
void soft_driver_start_clock(void);
void soft_driver_expect_within(struct kunit *test, unsigned int seconds);

#endif /* _VIRTIO_SOFT_DRIVER_H */
