// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what the handshake does no more often than it has to, of kicks that come before
 * DRIVER_OK, of drivers that set up their device by themselves, and of shutdown.
 */
#include <linux/delay.h>

#include "../core.h"
#include "fake_driver.h"
#include "kernel_log.h"

static void expect_history(struct kunit *test, const struct virtio_host *host,
			   unsigned int before, const u8 *expected, unsigned int len)
{
	KUNIT_ASSERT_EQ(test, before + len, host->writes);
	KUNIT_EXPECT_MEMEQ(test, host->history + before, expected, len);
}

/* One reset is enough between two drivers: that of the first, in its remove(). */
static void test_second_driver(struct kunit *test)
{
	static const u8 removed[] = { 0, 1 }, bound[] = { 3, 3 | 8, 3 | 8 | 4 };
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);
	unsigned int before;

	fake_driver_with_features();
	fake_bind(test, host);
	before = host->writes;
	device_release_driver(&host->vdev.dev);
	expect_history(test, host, before, removed, sizeof(removed));
	before = host->writes;
	KUNIT_EXPECT_EQ(test, 1, device_attach(&host->vdev.dev));
	expect_history(test, host, before, bound, sizeof(bound));
}

/* But a driver that has done something with it since did not leave it reset. */
static void remove_and_touch(struct virtio_device *vdev)
{
	virtio_reset_device(vdev);
	vdev->config->set_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
}

static void test_touched_after_reset(struct kunit *test)
{
	static const u8 removed[] = { 0, 1, 0, 1 };
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);
	unsigned int before;

	fake_driver.remove = remove_and_touch;
	fake_bind(test, host);
	before = host->writes;
	device_release_driver(&host->vdev.dev);
	expect_history(test, host, before, removed, sizeof(removed));
}

/* Nor is one fit for a driver that its bus has reset meanwhile. */
static void test_bus_reset_before_driver(struct kunit *test)
{
	static const u8 expected[] = { 0, 1, 3, 3 | 8, 3 | 8 | 4 };
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);
	unsigned int before;

	virtio_host_plug(host);
	virtio_recovery_pause(&host->vdev);
	host->status = 0;
	virtio_recovery_resume(&host->vdev, true);
	before = host->writes;
	fake_driver_register(test);
	expect_history(test, host, before, expected, sizeof(expected));
}

static unsigned int finalized;
static bool strikes;

static void count_finalize(struct virtio_host *host, enum virtio_host_point point, u64 arg)
{
	finalized += point == VIRTIO_HOST_SET_FEATURES;
}

static int look_at_features(struct virtio_device *vdev)
{
	if (strikes)
		__virtio_clear_bit(vdev, 3);
	return 0;
}

/* Features are written once more only if validate() has changed them. */
static void test_validate(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN | BIT_ULL(3));

	fake_driver_with_features();
	fake_driver.validate = look_at_features;
	host->script = count_finalize;
	finalized = 0;
	strikes = false;
	fake_bind(test, host);
	KUNIT_EXPECT_EQ(test, 1, finalized);
	KUNIT_EXPECT_EQ(test, MODERN | BIT_ULL(3), host->accepted);

	device_release_driver(&host->vdev.dev);
	finalized = 0;
	strikes = true;
	KUNIT_EXPECT_EQ(test, 1, device_attach(&host->vdev.dev));
	KUNIT_EXPECT_EQ(test, 2, finalized);
	KUNIT_EXPECT_EQ(test, MODERN, host->accepted);
}

/*
 * Kicks before DRIVER_OK.
 */

static struct virtqueue *its_queue;
static u8 answer;

static u32 serve(struct virtio_host *host, struct virtio_host_buf *buf)
{
	return virtio_host_push(buf, "a", 1);
}

static void never_called(struct virtqueue *vq)
{
}

static int set_up_and_kick(struct virtio_device *vdev)
{
	struct scatterlist sg;

	its_queue = virtio_find_single_vq(vdev, never_called, "its");
	if (IS_ERR(its_queue))
		return PTR_ERR(its_queue);
	sg_init_one(&sg, &answer, 1);
	if (virtqueue_add_inbuf(its_queue, &sg, 1, &answer, GFP_KERNEL))
		return -ENOSPC;
	virtqueue_kick(its_queue);
	return 0;
}

static bool is_answered(void)
{
	unsigned int len;
	int tries;

	for (tries = 0; tries < 100; tries++) {
		if (virtqueue_get_buf(its_queue, &len))
			return answer == 'a';
		msleep(20);
	}
	return false;
}

static void its_remove(struct virtio_device *vdev)
{
	virtio_reset_device(vdev);
	vdev->config->del_vqs(vdev);
}

static int probe_and_wait(struct virtio_device *vdev)
{
	return set_up_and_kick(vdev) ?: is_answered() ? 0 : -ETIMEDOUT;
}

static struct virtio_host *host_that_serves(struct kunit *test, u64 offered)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, offered);

	virtio_host_serve(host, virtio_host_add_queue(host, 8), serve);
	fake_driver.remove = its_remove;
	answer = 0;
	return host;
}

/* A device from before 1.0 is kicked at once: its driver may wait for the answer in probe(). */
static void test_kick_before_1_0(struct kunit *test)
{
	struct virtio_host *host = host_that_serves(test, 0);

	fake_driver.probe = probe_and_wait;
	fake_bind(test, host);
	KUNIT_EXPECT_EQ(test, 'a', answer);
	KUNIT_EXPECT_NOT_NULL(test, host->vdev.dev.driver);
}

static int probe_for_long(struct virtio_device *vdev)
{
	int err = set_up_and_kick(vdev);

	msleep(30 * MSEC_PER_SEC);
	return err;
}

/* Others are not; a driver that waits all the same is told what is missing, in one line. */
static void test_kick_and_wait(struct kunit *test)
{
	struct virtio_host *host = host_that_serves(test, MODERN);

	fake_driver.probe = probe_for_long;
	kernel_log_mark();
	fake_bind(test, host);
	kernel_log_expect_one(test, "kick of queue 0 waits for DRIVER_OK");
	KUNIT_EXPECT_TRUE(test, is_answered());
}

static int probe_with_ready(struct virtio_device *vdev)
{
	int err = set_up_and_kick(vdev);

	virtio_device_ready(vdev);
	msleep(30 * MSEC_PER_SEC);
	return err;
}

static void test_kick_and_ready(struct kunit *test)
{
	struct virtio_host *host = host_that_serves(test, MODERN);

	fake_driver.probe = probe_with_ready;
	kernel_log_mark();
	fake_bind(test, host);
	kernel_log_expect_quiet(test);
	KUNIT_EXPECT_TRUE(test, is_answered());
}

/* By the operations alone, as drivers did it before there was a call for a reset. */
static int reset_and_set_up(struct virtio_device *vdev)
{
	const struct virtio_config_ops *ops = vdev->config;
	int err;

	ops->reset(vdev);
	ops->del_vqs(vdev);
	ops->set_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
	ops->finalize_features(vdev);
	ops->set_status(vdev, ops->get_status(vdev) | VIRTIO_CONFIG_S_FEATURES_OK);
	err = set_up_and_kick(vdev);
	virtio_device_ready(vdev);
	return err;
}

static void test_sets_up_by_itself(struct kunit *test)
{
	struct virtio_host *host = host_that_serves(test, MODERN);

	fake_driver_with_features();
	fake_driver.probe = set_up_and_kick;
	fake_bind(test, host);
	KUNIT_EXPECT_TRUE(test, is_answered());
	answer = 0;
	KUNIT_EXPECT_EQ(test, 0, reset_and_set_up(&host->vdev));
	KUNIT_EXPECT_EQ(test, host->status, LIVE);
	KUNIT_EXPECT_TRUE(test, is_answered());
}

/*
 * Shutdown.
 */

static unsigned int shutdowns;

static void its_shutdown(struct virtio_device *vdev)
{
	shutdowns++;
}

static void its_whole_shutdown(struct virtio_device *vdev)
{
	shutdowns++;
	virtio_device_shutdown(vdev);
}

static void shut_down(struct virtio_host *host)
{
	host->vdev.dev.bus->shutdown(&host->vdev.dev);
}

/* Without an operation of the driver's the queues are broken, and the device is reset. */
static void test_shutdown(struct kunit *test)
{
	struct virtio_host *host = fake_bind_with_queue(test);

	shut_down(host);
	KUNIT_EXPECT_EQ(test, 0, host->status);
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(fake_queue.vq));
}

/* A driver that has one does what it has to, and the rest by virtio_device_shutdown(). */
static void test_shutdown_by_driver(struct kunit *test)
{
	struct virtio_host *host;

	fake_driver.shutdown = its_shutdown;
	shutdowns = 0;
	host = fake_bind_with_queue(test);
	shut_down(host);
	KUNIT_EXPECT_EQ(test, 1, shutdowns);
	KUNIT_EXPECT_TRUE(test, host->status & VIRTIO_CONFIG_S_DRIVER_OK);
	KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(fake_queue.vq));

	fake_driver.shutdown = its_whole_shutdown;
	shut_down(host);
	KUNIT_EXPECT_EQ(test, 2, shutdowns);
	KUNIT_EXPECT_EQ(test, 0, host->status);
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(fake_queue.vq));
}

/* Nobody has given a device without a driver anything. */
static void test_shutdown_alone(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);
	unsigned int before;

	virtio_host_plug(host);
	before = host->writes;
	shut_down(host);
	KUNIT_EXPECT_EQ(test, before, host->writes);
}

static struct kunit_case handshake_cases[] = {
	KUNIT_CASE(test_second_driver),
	KUNIT_CASE(test_touched_after_reset),
	KUNIT_CASE(test_bus_reset_before_driver),
	KUNIT_CASE(test_validate),
	KUNIT_CASE(test_kick_before_1_0),
	KUNIT_CASE(test_kick_and_wait),
	KUNIT_CASE(test_kick_and_ready),
	KUNIT_CASE(test_sets_up_by_itself),
	KUNIT_CASE(test_shutdown),
	KUNIT_CASE(test_shutdown_by_driver),
	KUNIT_CASE(test_shutdown_alone),
	{}
};

static struct kunit_suite handshake_suite = {
	.name = "virtio-handshake",
	.init = fake_driver_init,
	.test_cases = handshake_cases,
};

kunit_test_suite(handshake_suite);
