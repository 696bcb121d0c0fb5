/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A driver for tests of the bus: it does as it is told, and notes what it saw.
 *
 * There is one of it at a time, made anew for each test by fake_driver_init().
 */
#ifndef _VIRTIO_FAKE_DRIVER_H
#define _VIRTIO_FAKE_DRIVER_H

#include <linux/completion.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include <kunit/virtio.h>

/* Ids that no driver of the tree serves. */
#define FAKE_ID		0xfa4e
#define FAKE_VENDOR	VIRTIO_HOST_VENDOR

#define MODERN	BIT_ULL(VIRTIO_F_VERSION_1)

/* The status of a device that its driver uses. */
#define LIVE (VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |	\
	      VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK)

/* Drivers are restarted by what they have for sleep; without it they are told at most. */
#define CAN_RESTART	IS_ENABLED(CONFIG_PM_SLEEP)

/* What the driver does, and what it saw. */
struct fake_plan {
	int probe_error, freeze_error, restore_error;
	bool use_bit, use_queue;
	int used_bits[2];
	bool forget_reset, forget_queue;
	unsigned int probed, removed, changed, restored, revived;
};

/* The queue of a driver that wants one, the device behind it and who waits for it. */
struct fake_queue {
	struct virtqueue *vq;
	u8 status;
	unsigned int callbacks, offered, back;
	u8 buf;
	wait_queue_head_t wait;
	struct completion waiting;
	struct task_struct *waiter;
	int waiter_got;
	void *taken_back;
};

extern struct fake_plan fake_plan;
extern struct fake_queue fake_queue;
extern struct virtio_driver fake_driver;
extern const struct virtio_device_id fake_any_vendor[];

int fake_probe(struct virtio_device *vdev);
int fake_driver_init(struct kunit *test);
int fake_driver_init_on_page(struct kunit *test);
void fake_driver_with_features(void);
void fake_driver_register(struct kunit *test);
void fake_driver_unregister(struct kunit *test);
void fake_bind(struct kunit *test, struct virtio_host *host);
struct virtio_host *fake_bind_with_queue(struct kunit *test);

struct virtio_host *fake_host_with_queue(struct kunit *test, u64 offered);
int fake_wait_for_device(void *vq);
void fake_expect_data(struct kunit *test, struct virtio_host *host, unsigned int rounds);

#endif /* _VIRTIO_FAKE_DRIVER_H */
