// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of transports that lack operations: which of them are refused, and what is made of
 * the others.
 */
#include <linux/stddef.h>

#include "fake_driver.h"
#include "kernel_log.h"

static struct virtio_config_ops ops;

/* Give the device operations of its own, for a test to change. */
static struct virtio_host *with_ops(struct virtio_host *host)
{
	ops = *host->vdev.config;
	host->vdev.config = &ops;
	return host;
}

static struct virtio_host *host_with_ops(struct kunit *test)
{
	return with_ops(fake_host_with_queue(test, MODERN | BIT_ULL(5)));
}

/* No device came of it, for want of @what. */
static void expect_refused(struct kunit *test, struct virtio_host *host, const char *what)
{
	kernel_log_mark();
	KUNIT_EXPECT_EQ(test, -EINVAL, virtio_host_try_plug(host));
	KUNIT_EXPECT_PTR_EQ(test, host->vdev.config, &ops);
	kernel_log_expect_one(test, what);
}

/* A driver that asks for a feature, and uses a queue. */
static void bind(struct kunit *test, struct virtio_host *host)
{
	fake_plan.use_bit = true;
	fake_plan.use_queue = true;
	fake_bind(test, host);
	KUNIT_ASSERT_EQ(test, 1, fake_plan.probed);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.used_bits[0]);
}

#define LACKS(op)	{ #op, offsetof(struct virtio_config_ops, op) }

static const struct lack {
	const char *name;
	size_t offset;
} lacks[] = {
	LACKS(get_status), LACKS(set_status), LACKS(reset), LACKS(get_features),
	LACKS(finalize_features), LACKS(setup_vq),
};

static void describe(const struct lack *lack, char *desc)
{
	strscpy(desc, lack->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(lack, lacks, describe);

static void test_refused(struct kunit *test)
{
	const struct lack *lack = test->param_value;
	struct virtio_host *host = host_with_ops(test);

	*(void **)((void *)&ops + lack->offset) = NULL;
	expect_refused(test, host, lack->name);
}

/* What a transport of 2007 had is not enough. */
static void test_2007(struct kunit *test)
{
	struct virtio_host *host = host_with_ops(test);

	ops = (struct virtio_config_ops) {
		.find = ops.find, .get = ops.get, .set = ops.set,
		.get_status = ops.get_status, .set_status = ops.set_status,
		.find_vq = ops.find_vq, .del_vq = ops.del_vq,
	};
	expect_refused(test, host, "lacks reset");
}

/* Fields that a driver of Linux 6.12 could not read. */
static void test_fields_without_look(struct kunit *test)
{
	static u8 page[1];
	struct virtio_host *host = with_ops(virtio_host_create_paged(test, FAKE_ID, page,
								     sizeof(page)));

	ops.look = NULL;
	expect_refused(test, host, "lacks get, set and look");
}

/* One for Linux 6.12 that has renamed get and set and done nothing else. */
static void test_completed(struct kunit *test)
{
	struct virtio_host *host = host_with_ops(test);

	ops.find = NULL;
	ops.get = NULL;
	ops.set = NULL;
	ops.find_vq = NULL;
	ops.del_vq = NULL;
	bind(test, host);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.used_bits[1]);
	KUNIT_ASSERT_NOT_NULL(test, fake_queue.vq);
	KUNIT_EXPECT_TRUE(test, host->vdev.config->get);
	fake_expect_data(test, host, 3);
	virtio_host_unplug(host);
	KUNIT_EXPECT_PTR_EQ(test, host->vdev.config, &ops);
}

/* A device without a configuration has features and queues, and no get. */
static void test_no_config(struct kunit *test)
{
	struct virtio_host *host = host_with_ops(test);
	u8 val;

	ops.find = NULL;
	ops.get = NULL;
	ops.set = NULL;
	ops.read = NULL;
	ops.write = NULL;
	ops.generation = NULL;
	bind(test, host);
	KUNIT_EXPECT_TRUE(test, host->accepted & BIT_ULL(5));
	KUNIT_EXPECT_NULL(test, host->vdev.config->get);
	KUNIT_EXPECT_EQ(test, -ENOENT,
			virtio_config_val(&host->vdev, VIRTIO_CONFIG_F_DEVICE, &val));
	KUNIT_EXPECT_EQ(test, 0, virtio_cread8(&host->vdev, 0));
	fake_expect_data(test, host, 3);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(test_refused, lack_gen_params),
	KUNIT_CASE(test_2007),
	KUNIT_CASE(test_fields_without_look),
	KUNIT_CASE(test_completed),
	KUNIT_CASE(test_no_config),
	{}
};

static struct kunit_suite suite = {
	.name = "virtio-operations",
	.init = fake_driver_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
