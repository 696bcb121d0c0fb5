// SPDX-License-Identifier: GPL-2.0
/*
 * A driver for the devices that soft_device.c plays; see soft_driver.h.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/timekeeping.h>
#include <linux/virtio_config.h>

#include "soft_driver.h"

struct soft_driver soft_driver;
/* Guards what the tests of locks ask of the driver from several threads. */
DEFINE_MUTEX(soft_driver_lock);

static void take_back(struct virtqueue *vq)
{
	unsigned int len;

	while (virtqueue_get_buf(vq, &len))
		soft_driver.back++;
}

static bool take_back_and_go_on(struct virtqueue *vq)
{
	take_back(vq);
	return true;
}

static int find_all(struct virtio_device *vdev)
{
	struct virtqueue_info infos[SOFT_DRIVER_QUEUES] = { };
	unsigned int i;
	int err;

	for (i = 0; i < soft_driver.queues; i++)
		infos[i] = (struct virtqueue_info) { .name = "soft", .callback = take_back };
	err = virtio_find_vqs(vdev, soft_driver.queues, soft_driver.vqs, infos,
			      soft_driver.spread);
	if (!err)
		soft_driver.found = soft_driver.queues;
	return err;
}

static int find_one_by_one(struct virtio_device *vdev)
{
	struct virtqueue *vq;

	while (soft_driver.found < SOFT_DRIVER_QUEUES) {
		vq = vdev->config->find_vq(vdev, take_back_and_go_on);
		if (IS_ERR(vq))
			return PTR_ERR(vq) == -ENOENT && soft_driver.found ? 0 : PTR_ERR(vq);
		soft_driver.vqs[soft_driver.found++] = vq;
	}
	return 0;
}

/**
 * soft_driver_post - post the buffer of a queue
 * @i: the queue
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
int soft_driver_post(unsigned int i)
{
	struct virtqueue *vq = soft_driver.vqs[i];
	struct scatterlist sg;
	int err;

	sg_init_one(&sg, &soft_driver.bytes[i], 1);
	err = virtqueue_add_inbuf(vq, &sg, 1, &soft_driver.bytes[i], GFP_KERNEL);
	if (!err)
		virtqueue_kick(vq);
	return err;
}

static void expect_not_live(struct virtio_device *vdev)
{
	u8 status = vdev->config->get_status(vdev);

	/* A device that is gone has nothing. */
	if (status != 0xff && status & VIRTIO_CONFIG_S_DRIVER_OK)
		soft_driver.unsafe = true;
}

static void shut_down(struct virtio_device *vdev)
{
	struct virtqueue *vq;
	unsigned int i, len;

	for (i = 0; i < soft_driver.found; i++) {
		vq = soft_driver.vqs[i];
		vq->vq_ops->shutdown(vq);
		expect_not_live(vdev);
		while (virtqueue_get_buf(vq, &len))
			;
		vdev->config->del_vq(vq);
	}
}

/* Until there is nothing that the device might write to. */
static void end_use(struct virtio_device *vdev)
{
	switch (soft_driver.way) {
	case SOFT_DRIVER_RESETS:
		virtio_reset_device(vdev);
		break;
	case SOFT_DRIVER_CALLS_RESET:
		vdev->config->reset(vdev);
		/* Time for a recovery that should not be. */
		msleep(20);
		break;
	case SOFT_DRIVER_DELETES:
		vdev->config->del_vqs(vdev);
		break;
	case SOFT_DRIVER_SHUTS_DOWN:
		shut_down(vdev);
	}
}

static void leave(struct virtio_device *vdev)
{
	guard(mutex)(&soft_driver_lock);
	end_use(vdev);
	expect_not_live(vdev);
	vdev->config->del_vqs(vdev);
	soft_driver.vdev = NULL;
	soft_driver.found = 0;
}

static int start(struct virtio_device *vdev)
{
	unsigned int i;
	int err;

	err = soft_driver.one_by_one ? find_one_by_one(vdev) : find_all(vdev);
	if (!err)
		virtio_cread_bytes(vdev, 0, soft_driver.config, sizeof(soft_driver.config));
	if (!err)
		virtio_device_ready(vdev);
	for (i = 0; !err && i < soft_driver.found; i++)
		err = soft_driver_post(i);
	if (err)
		leave(vdev);
	else
		soft_driver.vdev = vdev;
	return err;
}

static int soft_probe(struct virtio_device *vdev)
{
	soft_driver.probes++;
	soft_driver.err = start(vdev);
	return soft_driver.err;
}

/* Over a sleep the device forgets its queues, and the buffers come back. */
static int soft_freeze(struct virtio_device *vdev)
{
	leave(vdev);
	return 0;
}

static int soft_restore(struct virtio_device *vdev)
{
	soft_driver.back = 0;
	soft_driver.err = start(vdev);
	return soft_driver.err;
}

/* What it has asked for before comes back: the device works until the driver lets go of it. */
static int soft_reset_prepare(struct virtio_device *vdev)
{
	unsigned int i, tries = 50;

	soft_driver.prepares++;
	if (soft_driver.prepare_err)
		return soft_driver.prepare_err;
	soft_driver.back = 0;
	for (i = 0; i < soft_driver.found; i++)
		if (soft_driver_post(i))
			return -EIO;
	while (soft_driver.back != soft_driver.found && tries--)
		msleep(20);
	if (soft_driver.back != soft_driver.found)
		return -ETIMEDOUT;
	leave(vdev);
	return 0;
}

static int soft_reset_done(struct virtio_device *vdev)
{
	soft_driver.dones++;
	return soft_restore(vdev);
}

static void soft_changed(struct virtio_device *vdev)
{
	soft_driver.changes++;
}

static const struct virtio_device_id ids[] = {
	{ SOFT_ID, VIRTIO_DEV_ANY_ID }, { 0 },
};

static const struct virtio_layout_field fields[] = {
	VIRTIO_LE_FIELD(struct soft_config, number, VIRTIO_FIELD_ALWAYS),
	VIRTIO_BYTES_FIELD(struct soft_config, address, VIRTIO_FIELD_ALWAYS),
	VIRTIO_TEXT_FIELD(struct soft_config, name, VIRTIO_FIELD_ALWAYS),
	VIRTIO_LE_FIELD(struct soft_config, limit, SOFT_F_LIMIT),
};

const struct virtio_layout soft_layout = VIRTIO_LAYOUT(fields);

static struct virtio_driver driver, *registered;

/**
 * soft_driver_replace - have another driver serve the devices
 * @other: the driver, for SOFT_ID; soft_driver_init() registers it the next time
 *
 * Context: any.
 */
void soft_driver_replace(struct virtio_driver *other)
{
	registered = other;
}

/**
 * soft_driver_again - forget what it saw, for another device
 *
 * Context: any; it has no device.
 */
void soft_driver_again(void)
{
	bool one_by_one = soft_driver.one_by_one;

	memset(&soft_driver, 0, sizeof(soft_driver));
	soft_driver.one_by_one = one_by_one;
	soft_driver.queues = SOFT_QUEUES;
}

/**
 * soft_driver_restarts - can the driver be restarted while it is in use?
 * @on: it says so
 *
 * Context: any; it has no device.
 */
void soft_driver_restarts(bool on)
{
	driver.restarts = on;
}

/**
 * soft_driver_sees_to_resets - the driver has operations of its own for resets of the bus
 * @repeatable: the core may also bring the device back beneath it
 *
 * Context: any; it has no device.
 */
void soft_driver_sees_to_resets(bool repeatable)
{
	driver.repeatable = repeatable;
	driver.restarts = false;
	driver.reset_prepare = soft_reset_prepare;
	driver.reset_done = soft_reset_done;
}

/**
 * soft_driver_init - register the driver
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
int soft_driver_init(void)
{
	soft_driver.one_by_one = false;
	soft_driver_again();
	driver = (struct virtio_driver) {
		.driver.name = "virtio-soft-test",
		.id_table = ids,
		.layout = &soft_layout,
		.probe = soft_probe,
		.remove = leave,
		.config_changed = soft_changed,
		.freeze = soft_freeze,
		.restore = soft_restore,
		.repeatable = true,
		.restarts = true,
	};
	registered = registered ?: &driver;
	return register_virtio_driver(registered);
}

static int accept_features(struct virtio_device *vdev)
{
	return 0;
}

/**
 * soft_driver_validates - choose whether the driver has validate()
 * @does: it has, and lets the features be
 *
 * Context: any; it has no device.
 */
void soft_driver_validates(bool does)
{
	driver.validate = does ? accept_features : NULL;
}

/**
 * soft_driver_exit - the other way
 *
 * Context: may sleep.
 */
void soft_driver_exit(void)
{
	unregister_virtio_driver(registered);
	registered = NULL;
}

/**
 * soft_driver_expect_works - the driver has an honest device with all of its queues
 * @test: the test
 *
 * Context: may sleep.
 */
void soft_driver_expect_works(struct kunit *test)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(test, 1, soft_driver.probes);
	KUNIT_EXPECT_EQ(test, 0, soft_driver.err);
	KUNIT_EXPECT_NOT_NULL(test, soft_driver.vdev);
	KUNIT_EXPECT_EQ(test, SOFT_QUEUES, soft_driver.found);
	KUNIT_EXPECT_EQ(test, soft_driver.found, soft_driver.back);
	for (i = 0; i < soft_driver.found; i++)
		KUNIT_EXPECT_EQ(test, SOFT_BYTE, soft_driver.bytes[i]);
}

static ktime_t began;

/**
 * soft_driver_start_clock - what follows is to take so long and no longer
 *
 * Context: any.
 */
void soft_driver_start_clock(void)
{
	began = ktime_get();
}

/**
 * soft_driver_expect_within - was it over in time?
 * @test: the test
 * @seconds: since the clock was started, of the machine's own time
 *
 * Context: any.
 */
void soft_driver_expect_within(struct kunit *test, unsigned int seconds)
{
	/* Whole seconds of the time that passed, wherever in a second it began. */
	KUNIT_EXPECT_LE(test, ktime_divns(ktime_sub(ktime_get(), began), NSEC_PER_SEC), seconds);
}
