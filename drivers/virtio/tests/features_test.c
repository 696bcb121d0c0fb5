// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of features that a driver takes when it has its queues already, and of those that a
 * device before virtio 1.0 may have.
 */
#include <kunit/device.h>
#include <linux/virtio_ring.h>

#include "fake_driver.h"
#include "kernel_log.h"

#define OWN		5

/* What the driver in this file does in its probe(), and what came of it. */
static struct {
	bool ready;
	u8 type;
	unsigned int bit;
	int got;
	u8 status;
} plan;

static int use_bit_late(struct virtio_device *vdev)
{
	unsigned int len;
	void *token;
	int err;

	fake_plan.use_bit = false;
	fake_plan.use_queue = true;
	err = fake_probe(vdev);
	if (err)
		return err;
	token = vdev->config->find(vdev, plan.type, &len);
	plan.got = virtio_use_bit(vdev, token, len, plan.bit);
	if (plan.ready)
		virtio_device_ready(vdev);
	plan.status = vdev->config->get_status(vdev);
	return 0;
}

static struct virtio_host *host(struct kunit *test, u64 offered)
{
	memset(&plan, 0, sizeof(plan));
	plan.type = VIRTIO_CONFIG_F_FEATURES;
	plan.bit = OWN;
	fake_driver.probe = use_bit_late;
	return fake_host_with_queue(test, offered);
}

static void expect_taken(struct kunit *test, struct virtio_host *host, u64 features)
{
	KUNIT_EXPECT_EQ(test, 1, plan.got);
	KUNIT_EXPECT_EQ(test, features, host->accepted);
	KUNIT_EXPECT_TRUE(test, host->status & VIRTIO_CONFIG_S_DRIVER_OK);
	fake_expect_data(test, host, 3);
}

/* The device is reset, told the features, and of a queue that has a buffer in it. */
static void test_late(struct kunit *test)
{
	static const u8 expected[] = { 0, 1, 3, 3 | 8, 3 | 8 | 4 };
	struct virtio_host *h = host(test, MODERN | BIT_ULL(OWN));

	fake_bind(test, h);
	KUNIT_ASSERT_GE(test, h->writes, ARRAY_SIZE(expected));
	KUNIT_EXPECT_MEMEQ(test, h->history + h->writes - ARRAY_SIZE(expected), expected,
			   sizeof(expected));
	expect_taken(test, h, MODERN | BIT_ULL(OWN));
}

static void test_late_then_ready(struct kunit *test)
{
	struct virtio_host *h = host(test, MODERN | BIT_ULL(OWN));

	plan.ready = true;
	fake_bind(test, h);
	KUNIT_EXPECT_TRUE(test, plan.status & VIRTIO_CONFIG_S_DRIVER_OK);
	expect_taken(test, h, MODERN | BIT_ULL(OWN));
}

/* A device before virtio 1.0 has no FEATURES_OK, and needs no reset. */
static void test_late_legacy(struct kunit *test)
{
	static const u8 expected[] = { 3, 3 | 4 };
	struct virtio_host *h = host(test, BIT_ULL(OWN));

	fake_bind(test, h);
	KUNIT_ASSERT_GE(test, h->writes, ARRAY_SIZE(expected));
	KUNIT_EXPECT_MEMEQ(test, h->history + h->writes - ARRAY_SIZE(expected), expected,
			   sizeof(expected));
	expect_taken(test, h, BIT_ULL(OWN));
}

/* The rings that are there were made for the bits of queues. */
static void test_late_bit_of_rings(struct kunit *test)
{
	struct virtio_host *h = host(test, MODERN | BIT_ULL(VIRTIO_F_NOTIFY_ON_EMPTY));

	plan.type = VIRTIO_CONFIG_F_VIRTIO;
	plan.bit = VIRTIO_F_NOTIFY_ON_EMPTY;
	kernel_log_mark();
	fake_bind(test, h);
	KUNIT_EXPECT_EQ(test, 0, plan.got);
	KUNIT_EXPECT_EQ(test, MODERN, h->accepted);
	KUNIT_EXPECT_TRUE(test, h->status & VIRTIO_CONFIG_S_DRIVER_OK);
	kernel_log_expect_one(test, "come too late");
}

/* One that was not offered costs nothing. */
static void test_late_not_offered(struct kunit *test)
{
	struct virtio_host *h = host(test, MODERN);

	fake_bind(test, h);
	KUNIT_EXPECT_EQ(test, 0, plan.got);
	KUNIT_EXPECT_EQ(test, 5, h->writes);
	KUNIT_EXPECT_TRUE(test, h->status & VIRTIO_CONFIG_S_DRIVER_OK);
}

/* A device that does not want them all the same: the probe fails. */
static void refuse(struct virtio_host *host, enum virtio_host_point point, u64 features)
{
	if (point == VIRTIO_HOST_SET_FEATURES && features & BIT_ULL(OWN))
		host->refuse_features = true;
}

static void expect_failed(struct kunit *test, struct virtio_host *host)
{
	KUNIT_EXPECT_NULL(test, host->vdev.dev.driver);
	/* Its probe() had succeeded. */
	KUNIT_EXPECT_EQ(test, 1, fake_plan.removed);
	KUNIT_EXPECT_NULL(test, fake_queue.vq);
	KUNIT_EXPECT_TRUE(test, host->status & VIRTIO_CONFIG_S_FAILED);
	KUNIT_EXPECT_FALSE(test, host->status & VIRTIO_CONFIG_S_DRIVER_OK);
	KUNIT_EXPECT_TRUE(test, list_empty(&host->vdev.vqs));
}

static void test_late_refused(struct kunit *test)
{
	struct virtio_host *h = host(test, MODERN | BIT_ULL(OWN));

	h->script = refuse;
	fake_bind(test, h);
	KUNIT_EXPECT_EQ(test, 1, plan.got);
	expect_failed(test, h);
}

static void test_late_refused_at_ready(struct kunit *test)
{
	struct virtio_host *h = host(test, MODERN | BIT_ULL(OWN));

	plan.ready = true;
	h->script = refuse;
	fake_bind(test, h);
	KUNIT_EXPECT_FALSE(test, plan.status & VIRTIO_CONFIG_S_DRIVER_OK);
	expect_failed(test, h);
}

/* The queue can't be told of again. */
static void test_late_without_queue(struct kunit *test)
{
	struct virtio_host *h = host(test, MODERN | BIT_ULL(OWN));

	h->queue[0].enable_err = -EIO;
	fake_bind(test, h);
	expect_failed(test, h);
}

/*
 * Devices before virtio 1.0.  How memory is reached and ordered is between transport and
 * platform; what else 1.0 has brought they have no use for.
 */
static void test_legacy_bits(struct kunit *test)
{
	u64 kept = BIT_ULL(3) | BIT_ULL(VIRTIO_F_ACCESS_PLATFORM) |
		   BIT_ULL(VIRTIO_F_ORDER_PLATFORM);
	struct virtio_host *h = virtio_host_create(test, FAKE_ID, kept |
						   BIT_ULL(VIRTIO_F_RING_PACKED) |
						   BIT_ULL(VIRTIO_F_IN_ORDER) |
						   BIT_ULL(VIRTIO_F_NOTIFICATION_DATA) |
						   BIT_ULL(VIRTIO_F_RING_RESET));
	struct device *parent = kunit_device_register(test, "virtio-parent");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, parent);
	h->vdev.dev.parent = parent;
	fake_driver_with_features();
	fake_bind(test, h);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.probed);
	KUNIT_EXPECT_EQ(test, kept, h->accepted);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_late),
	KUNIT_CASE(test_late_then_ready),
	KUNIT_CASE(test_late_legacy),
	KUNIT_CASE(test_late_bit_of_rings),
	KUNIT_CASE(test_late_not_offered),
	KUNIT_CASE(test_late_refused),
	KUNIT_CASE(test_late_refused_at_ready),
	KUNIT_CASE(test_late_without_queue),
	KUNIT_CASE(test_legacy_bits),
	{}
};

static struct kunit_suite suite = {
	.name = "virtio-features",
	.init = fake_driver_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
