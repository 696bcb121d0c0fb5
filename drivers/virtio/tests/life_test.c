// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of a device's life between probe and remove: the status handshake, features
 * that are settled or refused, the first queue, sleep, changes, and its end.
 */
#include <linux/kthread.h>

#include "fake_driver.h"

static void test_handshake(struct kunit *test)
{
	static const u8 expected[] = { 0, 1, 0, 1, 3, 3 | 8, 3 | 8 | 4 };
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN | BIT_ULL(3));

	fake_driver_with_features();
	fake_bind(test, fake);
	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(expected), fake->writes);
	KUNIT_EXPECT_MEMEQ(test, fake->history, expected, sizeof(expected));
	KUNIT_EXPECT_EQ(test, MODERN | BIT_ULL(3), fake->accepted);
}

/* Defect 16: refused features fail the probe before the driver is asked. */
static void test_refused(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN | BIT_ULL(3));

	fake_driver_with_features();
	fake->refuse_features = true;
	fake_bind(test, fake);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.probed);
	KUNIT_EXPECT_NULL(test, fake->vdev.dev.driver);
	KUNIT_EXPECT_TRUE(test, fake->status & VIRTIO_CONFIG_S_FAILED);
}

/* A driver of the contract agrees in probe; a bit not offered is not to be had. */
static void test_use_bit(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN | BIT_ULL(5));

	fake_plan.use_bit = true;
	fake_bind(test, fake);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.used_bits[0]);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.used_bits[1]);
	KUNIT_EXPECT_EQ(test, MODERN | BIT_ULL(5), fake->accepted);
	KUNIT_EXPECT_TRUE(test, fake->status & VIRTIO_CONFIG_S_DRIVER_OK);
}

/* Defect 16: the first queue settles the features, and what is asked later is not had. */
static void test_first_queue(struct kunit *test)
{
	struct fake_device *fake = fake_device_with_queue(test, MODERN | BIT_ULL(5) | BIT_ULL(6));
	unsigned int len;
	void *token;

	fake_plan.use_queue = true;
	fake_bind(test, fake);
	KUNIT_ASSERT_NOT_NULL(test, fake_queue.vq);
	KUNIT_EXPECT_EQ(test, fake_queue.status, VIRTIO_CONFIG_S_ACKNOWLEDGE |
			VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK);
	KUNIT_EXPECT_EQ(test, MODERN, fake->accepted);
	token = fake->vdev.config->find(&fake->vdev, VIRTIO_CONFIG_F_FEATURES, &len);
	virtio_use_bit(&fake->vdev, token, len, 5);
	KUNIT_EXPECT_EQ(test, MODERN, fake->vdev.features);
	KUNIT_EXPECT_EQ(test, -ENOENT,
			PTR_ERR_OR_ZERO(fake->vdev.config->find_vq(&fake->vdev, NULL)));
}

/* Defect 16: what the device refuses there fails the probe. */
static void test_first_queue_refused(struct kunit *test)
{
	struct fake_device *fake = fake_device_with_queue(test, MODERN);

	fake_plan.use_queue = true;
	fake->refuse_features = true;
	fake_bind(test, fake);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.probed);
	KUNIT_EXPECT_NULL(test, fake_queue.vq);
	KUNIT_EXPECT_NULL(test, fake->vdev.dev.driver);
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED, fake->status);
}

/* Defect 15: what probe kicks is sent once the device is live, and once only. */
static void test_kick_in_probe(struct kunit *test)
{
	struct fake_device *fake = fake_device_with_queue(test, MODERN);
	unsigned int i, live = 0;

	fake_plan.use_queue = true;
	fake_bind(test, fake);
	for (i = 0; i < fake->writes; i++)
		live += !!(fake->history[i] & VIRTIO_CONFIG_S_DRIVER_OK);
	KUNIT_EXPECT_EQ(test, 1, live);
	KUNIT_EXPECT_EQ(test, 1, fake_queue.kicks);
	virtio_device_ready(&fake->vdev);
	KUNIT_EXPECT_EQ(test, 1, fake_queue.kicks);
}

/* A driver goes while somebody waits for its device: nobody hangs, nothing is lost. */
static void test_remove_during_wait(struct kunit *test)
{
	struct fake_device *fake = fake_device_with_queue(test, MODERN);

	fake_plan.use_queue = true;
	fake_bind(test, fake);
	KUNIT_ASSERT_NOT_NULL(test, fake_queue.vq);
	fake_queue.waiter = kthread_run(fake_wait_for_device, fake_queue.vq, "virtio-bus-test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake_queue.waiter);
	wait_for_completion(&fake_queue.waiting);

	fake_driver_unregister(test);
	KUNIT_EXPECT_EQ(test, -EIO, fake_queue.waiter_got);
	KUNIT_EXPECT_PTR_EQ(test, (void *)&fake_queue.buf, fake_queue.taken_back);
	KUNIT_EXPECT_EQ(test, 0, fake_queue.callbacks);
	KUNIT_EXPECT_TRUE(test, list_empty(&fake->vdev.vqs));
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_ACKNOWLEDGE, fake->status);
}

#ifdef CONFIG_PM_SLEEP
/* Over a sleep in which the device loses its state, the features stay those agreed. */
static void test_sleep(struct kunit *test)
{
	static const u8 expected[] = { 0, 1, 3, 3 | 8, 3 | 8 | 4 };
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN | BIT_ULL(3));
	unsigned int before;

	fake_driver_with_features();
	fake_bind(test, fake);
	KUNIT_ASSERT_EQ(test, 0, virtio_device_freeze(&fake->vdev));
	virtio_config_changed(&fake->vdev);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.changed);

	fake->accepted = 0;
	fake->offered |= BIT_ULL(5);
	before = fake->writes;
	KUNIT_ASSERT_EQ(test, 0, virtio_device_restore(&fake->vdev));
	KUNIT_EXPECT_EQ(test, 1, fake_plan.restored);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.probed);
	KUNIT_EXPECT_EQ(test, MODERN | BIT_ULL(3), fake->accepted);
	KUNIT_ASSERT_EQ(test, before + ARRAY_SIZE(expected), fake->writes);
	KUNIT_EXPECT_MEMEQ(test, fake->history + before, expected, sizeof(expected));
	/* what changed meanwhile is told now */
	KUNIT_EXPECT_EQ(test, 1, fake_plan.changed);
}

/* A driver that can't sleep goes on as before. */
static void test_freeze_fails(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);
	u8 status;

	fake_bind(test, fake);
	status = fake->status;
	fake_plan.freeze_error = -EBUSY;
	KUNIT_EXPECT_EQ(test, -EBUSY, virtio_device_freeze(&fake->vdev));
	KUNIT_EXPECT_EQ(test, status, fake->status);
	virtio_config_changed(&fake->vdev);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.changed);
}

/* One that does not wake up leaves a device that is reset and failed. */
static void test_restore_fails(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);

	fake_bind(test, fake);
	KUNIT_ASSERT_EQ(test, 0, virtio_device_freeze(&fake->vdev));
	fake_plan.restore_error = -EIO;
	KUNIT_EXPECT_EQ(test, -EIO, virtio_device_restore(&fake->vdev));
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED, fake->status);
	virtio_config_changed(&fake->vdev);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.changed);
}

/* Nor is the driver asked when the device has changed its mind on the features. */
static void test_restore_refused(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);

	fake_bind(test, fake);
	KUNIT_ASSERT_EQ(test, 0, virtio_device_freeze(&fake->vdev));
	fake->refuse_features = true;
	KUNIT_EXPECT_EQ(test, -ENODEV, virtio_device_restore(&fake->vdev));
	KUNIT_EXPECT_EQ(test, 0, fake_plan.restored);
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED, fake->status);
}

/* Without a driver, a device is noticed again and no more; a failed one stays so. */
static void test_sleep_alone(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);

	fake_device_register(test, fake);
	virtio_add_status(&fake->vdev, VIRTIO_CONFIG_S_FAILED);
	KUNIT_EXPECT_EQ(test, 0, virtio_device_freeze(&fake->vdev));
	KUNIT_EXPECT_EQ(test, 0, virtio_device_restore(&fake->vdev));
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED, fake->status);
}
#endif

/* What changed before the driver was there is told once. */
static void test_config_changes(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);

	fake_bind(test, fake);
	virtio_config_changed(&fake->vdev);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.changed);
	virtio_config_driver_disable(&fake->vdev);
	virtio_config_changed(&fake->vdev);
	virtio_config_changed(&fake->vdev);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.changed);
	virtio_config_driver_enable(&fake->vdev);
	KUNIT_EXPECT_EQ(test, 2, fake_plan.changed);
	fake_driver_unregister(test);
	virtio_config_changed(&fake->vdev);
	KUNIT_EXPECT_EQ(test, 2, fake_plan.changed);
}

/* Nothing is written to a device that is gone. */
static void test_gone(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);
	unsigned int writes;

	fake_device_register(test, fake);
	writes = fake->writes;
	fake->status = 0xff;
	virtio_add_status(&fake->vdev, VIRTIO_CONFIG_S_DRIVER);
	KUNIT_EXPECT_EQ(test, writes, fake->writes);
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
