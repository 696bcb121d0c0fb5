// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of how often the registers of a device are accessed until it is live.  Where a
 * hypervisor is the device, each access is a VM exit.
 */
#include <linux/virtio_config.h>

#include "mmio_fixture.h"

/**
 * struct cost - what a probe may cost
 * @name: for the log
 * @version: of the registers
 * @queues: that the driver takes
 * @validates: the driver has validate()
 * @most: accesses that set the device up, without identification and configuration
 *
 * Linux 6.12 needs 23, 30 and 41 for the same devices.  With version 2 none can do with
 * fewer than 14 and 10 for each queue, unless it leaves out what the specification says or
 * some device needs: reset 1, ACKNOWLEDGE 1, DRIVER 1, features 8, FEATURES_OK 2, DRIVER_OK 1;
 * and for each queue its number, its size twice, six halves of addresses, ready.
 */
struct cost {
	const char *name;
	u32 version;
	unsigned int queues;
	bool validates;
	unsigned int most;
};

static const struct cost costs[] = {
	{ "legacy, 1 queue", 1, 1, false, 17 },
	{ "1 queue", 2, 1, false, 24 },
	{ "1 queue, validate", 2, 1, true, 24 },
	{ "2 queues, validate", 2, 2, true, 34 },
	{ "1 queue, waits for resets", 3, 1, false, 25 },
};

static void describe(const struct cost *cost, char *desc)
{
	strscpy(desc, cost->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(cost, costs, describe);

static const enum soft_register of_others[] = {
	SOFT_MAGIC, SOFT_VERSION, SOFT_DEVICE_ID, SOFT_VENDOR_ID, SOFT_CONFIG, SOFT_GENERATION,
	SOFT_NOTIFY, SOFT_ISR, SOFT_ISR_ACK,
};

static unsigned int setup_accesses(const struct soft_device *dev)
{
	unsigned int n = 0, i;

	for (i = 0; i < SOFT_REGISTERS; i++)
		n += dev->reads[i] + dev->writes[i];
	for (i = 0; i < ARRAY_SIZE(of_others); i++)
		n -= dev->reads[of_others[i]] + dev->writes[of_others[i]];
	return n;
}

static void test_probe(struct kunit *test)
{
	const struct cost *cost = test->param_value;

	mmio_fixture_again(test, cost->version);
	soft_driver.queues = cost->queues;
	soft_driver_validates(cost->validates);
	KUNIT_ASSERT_EQ(test, 0, mmio_fixture_try(test));
	KUNIT_EXPECT_EQ(test, cost->queues, soft_driver.back);
	KUNIT_EXPECT_EQ(test, cost->most, setup_accesses(&SLOT(test)->dev));
	mmio_fixture_expect_clean(test);
}

static struct kunit_case cost_cases[] = {
	KUNIT_CASE_PARAM(test_probe, cost_gen_params),
	{}
};

static struct kunit_suite cost_suite = {
	.name = "virtio-mmio-cost",
	.init = mmio_fixture_init,
	.exit = mmio_fixture_exit,
	.test_cases = cost_cases,
};

kunit_test_suite(cost_suite);
