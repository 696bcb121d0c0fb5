/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What drivers may do by the functions of Linux 6.12, as questions to the virtio core.
 *
 * The same source is built into a pristine kernel and into one with this core.  A test asks
 * and says what it got, by answer(); the two kernels must say the same (run.py compares).
 * Nothing here includes anything that a pristine kernel does not have.
 */
#ifndef _IDIOMS_H
#define _IDIOMS_H

#include <kunit/test.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#define IDIOM_ID	0x1d10
#define QUEUES		3
#define QUEUE_SIZE	8

/**
 * struct idiom_device - a device, and the transport that brings it to the bus
 * @vdev: what the bus sees
 * @offered: features
 * @accepted: what was written of them
 * @status: the status
 * @config: the configuration
 * @vq: the queues that are set up
 * @seen: by queue, how far the device has looked at what is available
 * @kicks: by queue, notifications
 * @serves: the device serves a queue whenever it is kicked after DRIVER_OK
 * @pages: memory for queue 0, or %NULL for memory of the core's
 */
struct idiom_device {
	struct virtio_device vdev;
	u64 offered, accepted;
	u8 status;
	u8 config[32];
	struct virtqueue *vq[QUEUES];
	u16 seen[QUEUES];
	unsigned int kicks[QUEUES];
	bool serves;
	void *pages;
};

extern struct idiom_device device;

/* transport.c */
void device_begin(u64 offered);
int device_plug(void);
void device_unplug(void);
void device_serve(unsigned int queue, unsigned int most);
void device_claim(unsigned int queue, u32 id);

/**
 * struct idiom_driver - the driver of all tests
 * @in_probe: what a test has it do there
 * @validate: what a test has it do there
 * @vqs: its queues
 * @callbacks: how often it was called back
 * @changes: how often the configuration has changed
 */
struct idiom_driver {
	int (*in_probe)(struct virtio_device *vdev);
	int (*validate)(struct virtio_device *vdev);
	struct virtqueue *vqs[QUEUES];
	unsigned int callbacks, changes;
};

extern struct idiom_driver driver;

/* driver.c */
int driver_begin(struct kunit *test);
void driver_end(struct kunit *test);
int driver_find_all(struct virtio_device *vdev);
int driver_post(unsigned int queue, unsigned int out, unsigned int in, void *token);
void driver_bind(struct kunit *test, u64 offered);

/* One line of the kernel's log. */
#define answer(what, value) \
	pr_info("idiom: %s: %s = %lld\n", __func__, what, (long long)(value))

#endif /* _IDIOMS_H */
