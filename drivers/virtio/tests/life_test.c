// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of a device's life between probe and remove: the status handshake, features
 * that are settled or refused, the first queue, sleep, changes, and its end.
 */
#include <linux/kthread.h>

#include "fake_driver.h"

static void test_handshake(struct kunit *test)
{
	static const u8 expected[] = { 0, 1, 3, 3 | 8, 3 | 8 | 4 };
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN | BIT_ULL(3));

	fake_driver_with_features();
	fake_bind(test, host);
	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(expected), host->writes);
	KUNIT_EXPECT_MEMEQ(test, host->history, expected, sizeof(expected));
	KUNIT_EXPECT_EQ(test, MODERN | BIT_ULL(3), host->accepted);
}

/* Defect 16: refused features fail the probe before the driver is asked. */
static void test_refused(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN | BIT_ULL(3));

	fake_driver_with_features();
	host->refuse_features = true;
	fake_bind(test, host);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.probed);
	KUNIT_EXPECT_NULL(test, host->vdev.dev.driver);
	KUNIT_EXPECT_TRUE(test, host->status & VIRTIO_CONFIG_S_FAILED);
}

/* A driver of the contract agrees in probe; a bit not offered is not to be had. */
static void test_use_bit(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN | BIT_ULL(5));

	fake_plan.use_bit = true;
	fake_bind(test, host);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.used_bits[0]);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.used_bits[1]);
	KUNIT_EXPECT_EQ(test, MODERN | BIT_ULL(5), host->accepted);
	KUNIT_EXPECT_TRUE(test, host->status & VIRTIO_CONFIG_S_DRIVER_OK);
}

/* Defect 16: the first queue settles the features, and what is asked later is not had. */
static void test_first_queue(struct kunit *test)
{
	struct virtio_host *host = fake_host_with_queue(test, MODERN | BIT_ULL(5) | BIT_ULL(6));
	unsigned int len;
	void *token;

	fake_plan.use_queue = true;
	fake_bind(test, host);
	KUNIT_ASSERT_NOT_NULL(test, fake_queue.vq);
	KUNIT_EXPECT_EQ(test, fake_queue.status, VIRTIO_CONFIG_S_ACKNOWLEDGE |
			VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK);
	KUNIT_EXPECT_EQ(test, MODERN, host->accepted);
	token = host->vdev.config->find(&host->vdev, VIRTIO_CONFIG_F_FEATURES, &len);
	virtio_use_bit(&host->vdev, token, len, 5);
	KUNIT_EXPECT_EQ(test, MODERN, host->vdev.features);
	KUNIT_EXPECT_EQ(test, -ENOENT,
			PTR_ERR_OR_ZERO(host->vdev.config->find_vq(&host->vdev, NULL)));
}

/* Defect 16: what the device refuses there fails the probe. */
static void test_first_queue_refused(struct kunit *test)
{
	struct virtio_host *host = fake_host_with_queue(test, MODERN);

	fake_plan.use_queue = true;
	host->refuse_features = true;
	fake_bind(test, host);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.probed);
	KUNIT_EXPECT_NULL(test, fake_queue.vq);
	KUNIT_EXPECT_NULL(test, host->vdev.dev.driver);
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED, host->status);
}

/* Defect 15: what probe kicks is sent once the device is live, and once only. */
static void test_kick_in_probe(struct kunit *test)
{
	struct virtio_host *host = fake_host_with_queue(test, MODERN);
	unsigned int i, live = 0;

	fake_plan.use_queue = true;
	fake_bind(test, host);
	for (i = 0; i < host->writes; i++)
		live += !!(host->history[i] & VIRTIO_CONFIG_S_DRIVER_OK);
	KUNIT_EXPECT_EQ(test, 1, live);
	KUNIT_EXPECT_EQ(test, 1, host->queue[0].kicks);
	virtio_device_ready(&host->vdev);
	KUNIT_EXPECT_EQ(test, 1, host->queue[0].kicks);
}

/* A driver goes while somebody waits for its device: nobody hangs, nothing is lost. */
static void test_remove_during_wait(struct kunit *test)
{
	struct virtio_host *host = fake_host_with_queue(test, MODERN);

	fake_plan.use_queue = true;
	fake_bind(test, host);
	KUNIT_ASSERT_NOT_NULL(test, fake_queue.vq);
	fake_queue.waiter = kthread_run(fake_wait_for_device, fake_queue.vq, "virtio-bus-test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake_queue.waiter);
	wait_for_completion(&fake_queue.waiting);

	fake_driver_unregister(test);
	KUNIT_EXPECT_EQ(test, -EIO, fake_queue.waiter_got);
	KUNIT_EXPECT_PTR_EQ(test, (void *)&fake_queue.buf, fake_queue.taken_back);
	KUNIT_EXPECT_EQ(test, 0, fake_queue.callbacks);
	KUNIT_EXPECT_TRUE(test, list_empty(&host->vdev.vqs));
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_ACKNOWLEDGE, host->status);
}

#ifdef CONFIG_PM_SLEEP
/* Over a sleep in which the device loses its state, the features stay those agreed. */
static void test_sleep(struct kunit *test)
{
	static const u8 expected[] = { 0, 1, 3, 3 | 8, 3 | 8 | 4 };
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN | BIT_ULL(3));
	unsigned int before;

	fake_driver_with_features();
	fake_bind(test, host);
	KUNIT_ASSERT_EQ(test, 0, virtio_device_freeze(&host->vdev));
	virtio_config_changed(&host->vdev);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.changed);

	host->accepted = 0;
	host->offered |= BIT_ULL(5);
	before = host->writes;
	KUNIT_ASSERT_EQ(test, 0, virtio_device_restore(&host->vdev));
	KUNIT_EXPECT_EQ(test, 1, fake_plan.restored);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.probed);
	KUNIT_EXPECT_EQ(test, MODERN | BIT_ULL(3), host->accepted);
	KUNIT_ASSERT_EQ(test, before + ARRAY_SIZE(expected), host->writes);
	KUNIT_EXPECT_MEMEQ(test, host->history + before, expected, sizeof(expected));
	/* what changed meanwhile is told now */
	KUNIT_EXPECT_EQ(test, 1, fake_plan.changed);
}

/* A driver that can't sleep goes on as before. */
static void test_freeze_fails(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);
	u8 status;

	fake_driver.repeatable = false;
	fake_bind(test, host);
	status = host->status;
	fake_plan.freeze_error = -EBUSY;
	KUNIT_EXPECT_EQ(test, -EBUSY, virtio_device_freeze(&host->vdev));
	KUNIT_EXPECT_EQ(test, status, host->status);
	virtio_config_changed(&host->vdev);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.changed);
}

/* One that does not wake up leaves a device that is reset and failed. */
static void test_restore_fails(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);

	fake_bind(test, host);
	KUNIT_ASSERT_EQ(test, 0, virtio_device_freeze(&host->vdev));
	fake_plan.restore_error = -EIO;
	KUNIT_EXPECT_EQ(test, -EIO, virtio_device_restore(&host->vdev));
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED, host->status);
	virtio_config_changed(&host->vdev);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.changed);
}

/* Nor is the driver asked when the device has changed its mind on the features. */
static void test_restore_refused(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);

	fake_bind(test, host);
	KUNIT_ASSERT_EQ(test, 0, virtio_device_freeze(&host->vdev));
	host->refuse_features = true;
	KUNIT_EXPECT_EQ(test, -ENODEV, virtio_device_restore(&host->vdev));
	KUNIT_EXPECT_EQ(test, 0, fake_plan.restored);
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED, host->status);
}

/* Without a driver, a device is noticed again and no more; a failed one stays so. */
static void test_sleep_alone(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);

	virtio_host_plug(host);
	virtio_add_status(&host->vdev, VIRTIO_CONFIG_S_FAILED);
	KUNIT_EXPECT_EQ(test, 0, virtio_device_freeze(&host->vdev));
	KUNIT_EXPECT_EQ(test, 0, virtio_device_restore(&host->vdev));
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED, host->status);
}
#endif

/*
 * What changed before the driver was there is told once.  It is told at once, where no one
 * has to look first whether the device can still be used; see policy_test.c.
 */
static void test_config_changes(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);

	fake_driver.repeatable = false;
	fake_bind(test, host);
	virtio_config_changed(&host->vdev);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.changed);
	virtio_config_driver_disable(&host->vdev);
	virtio_config_changed(&host->vdev);
	virtio_config_changed(&host->vdev);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.changed);
	virtio_config_driver_enable(&host->vdev);
	KUNIT_EXPECT_EQ(test, 2, fake_plan.changed);
	fake_driver_unregister(test);
	virtio_config_changed(&host->vdev);
	KUNIT_EXPECT_EQ(test, 2, fake_plan.changed);
}

/* Nothing is written to a device that is gone. */
static void test_gone(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);
	unsigned int writes;

	virtio_host_plug(host);
	writes = host->writes;
	host->status = 0xff;
	virtio_add_status(&host->vdev, VIRTIO_CONFIG_S_DRIVER);
	KUNIT_EXPECT_EQ(test, writes, host->writes);
}

static struct kunit_case life_cases[] = {
	KUNIT_CASE(test_handshake),
	KUNIT_CASE(test_refused),
	KUNIT_CASE(test_use_bit),
	KUNIT_CASE(test_first_queue),
	KUNIT_CASE(test_first_queue_refused),
	KUNIT_CASE(test_kick_in_probe),
	KUNIT_CASE(test_remove_during_wait),
#ifdef CONFIG_PM_SLEEP
	KUNIT_CASE(test_sleep),
	KUNIT_CASE(test_freeze_fails),
	KUNIT_CASE(test_restore_fails),
	KUNIT_CASE(test_restore_refused),
	KUNIT_CASE(test_sleep_alone),
#endif
	KUNIT_CASE(test_config_changes),
	KUNIT_CASE(test_gone),
	{}
};

static struct kunit_suite life_suite = {
	.name = "virtio-life",
	.init = fake_driver_init,
	.test_cases = life_cases,
};

kunit_test_suite(life_suite);
