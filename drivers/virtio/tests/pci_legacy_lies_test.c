// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the PCI transport with a legacy card that lies (virtio 1.3, 4.1.4.10), to a
 * driver that takes all queues at once and to one that takes them one by one.
 */
#include <linux/virtio_config.h>

#include "pci_fixture.h"

static int legacy_init(struct kunit *test)
{
	int err = pci_fixture_init_legacy(test);

	soft_driver_start_clock();
	return err;
}

static const struct pci_lie lies[] = {
	{ "honest" },
	{ "no queue", { SOFT_QUEUE_SIZE, 0 }, -ENOENT, "queue 0 (soft) is not there", -ENOENT },
	{ "size 3", { SOFT_QUEUE_SIZE, 3 }, -ENOMEM, "a size of 3, expected", -ENOMEM },
	{ "size 32769", { SOFT_QUEUE_SIZE, 32769 }, -ENOMEM, "a size of 32769, expected", -ENOMEM },
	{ "size 65535", { SOFT_QUEUE_SIZE, 65535 }, -ENOMEM, "a size of 65535, expected", -ENOMEM },
	{ "has a page already", { SOFT_QUEUE_PFN, 1 }, -EINVAL, "queue 0 is enabled", -EINVAL },
	{ "no vector for changes", { SOFT_CONFIG_VECTOR, SOFT_NO_VECTOR } },
	{ "no vector for any queue", { SOFT_QUEUE_VECTOR, SOFT_NO_VECTOR },
	  0, "vector 1 can't be used", -EBUSY },
	{ "features change", { SOFT_FEATURES, U32_MAX, .after = 1 } },
};

KUNIT_ARRAY_PARAM(lie, lies, pci_fixture_describe);

static void test_at_once(struct kunit *test)
{
	pci_fixture_lie_at_once(test);
}

static void test_one_by_one(struct kunit *test)
{
	pci_fixture_lie_one_by_one(test);
}

/* No room for the registers that all devices have. */
static void test_short(struct kunit *test)
{
	pci_card_bar(&CARD(test)->pci, 0, 16, 0);
	soft_expect_refused(test, -ENODEV, "BAR 0 of 16 bytes, expected at least 20");
}

/* A BAR that ends in the middle of the configuration: the rest is none. */
static void test_short_config(struct kunit *test)
{
	legacy_card_init(CARD(test), 0);
	pci_card_bar(&CARD(test)->pci, 0, 32, 0);
	soft_driver.queues = 1;
	KUNIT_EXPECT_EQ(test, 0, pci_fixture_try(test));
	KUNIT_EXPECT_NOT_NULL(test, soft_driver.vdev);
	KUNIT_EXPECT_EQ(test, 8, soft_driver.config[7]);
	pci_fixture_expect_clean(test);
}

static void test_never_reset(struct kunit *test)
{
	CARD(test)->dev.lie = (struct soft_lie) { SOFT_STATUS, 7 };
	soft_expect_refused(test, -ENODEV, "status 0x7 for 10 s after a reset");
	soft_driver_expect_within(test, 11);
}

static void test_gone(struct kunit *test)
{
	CARD(test)->dev.lie = (struct soft_lie) { SOFT_STATUS, 0xff };
	soft_expect_refused(test, -ENODEV, "device is gone");
	soft_driver_expect_within(test, 1);
}

static void again(struct kunit *test)
{
	legacy_card_init(CARD(test), CARD_VECTORS);
	soft_driver_again();
}

static void test_torn_out(struct kunit *test)
{
	soft_expect_torn_out(test, again, 60);
}

/* There is no register for how many queues there are: one may go on for ever. */
static u32 endless(struct soft_device *dev, enum soft_register reg, u32 value)
{
	return reg == SOFT_QUEUE_SIZE ? SOFT_QUEUE_MAX_SIZE : value;
}

static void test_endless(struct kunit *test)
{
	/* Vectors would run out. */
	legacy_card_init(CARD(test), 0);
	soft_driver.one_by_one = true;
	CARD(test)->dev.twist = endless;
	KUNIT_EXPECT_EQ(test, 0, pci_fixture_try(test));
	KUNIT_EXPECT_EQ(test, SOFT_DRIVER_QUEUES, soft_driver.found);
	kernel_log_expect_quiet(test);
	pci_fixture_expect_clean(test);
	pci_fixture_expect_honest_works(test);
}

static struct kunit_case pci_legacy_lies_cases[] = {
	KUNIT_CASE_PARAM(test_at_once, lie_gen_params),
	KUNIT_CASE_PARAM(test_one_by_one, lie_gen_params),
	KUNIT_CASE(test_short),
	KUNIT_CASE(test_short_config),
	KUNIT_CASE(test_never_reset),
	KUNIT_CASE(test_gone),
	KUNIT_CASE(test_torn_out),
	KUNIT_CASE(test_endless),
	{}
};

static struct kunit_suite pci_legacy_lies_suite = {
	.name = "virtio-pci-legacy-lies",
	.init = legacy_init,
	.exit = pci_fixture_exit,
	.test_cases = pci_legacy_lies_cases,
};

kunit_test_suite(pci_legacy_lies_suite);
