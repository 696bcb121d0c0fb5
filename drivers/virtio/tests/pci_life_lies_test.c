// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the PCI transport with a card that lies about its state, changes its mind,
 * or is torn out at any moment of its life (virtio 1.3, 2.1 and 3.1).
 */
#include <linux/timekeeping.h>
#include <linux/virtio_config.h>

#include "pci_fixture.h"

/* More than any wait for a reset may take; what is not waited for takes none. */
#define ONE_WAIT	11

static time64_t began;

static void expect_within(struct kunit *test, unsigned int seconds)
{
	KUNIT_EXPECT_LE(test, ktime_get_seconds() - began, seconds);
}

static int life_init(struct kunit *test)
{
	began = ktime_get_seconds();
	return pci_fixture_init(test);
}

/* The wait for a reset has a limit, it is had once, and then the device is not used. */
static void test_never_reset(struct kunit *test)
{
	CARD(test)->dev.lie = (struct soft_lie) { SOFT_STATUS, 0xf };
	KUNIT_EXPECT_EQ(test, -ENODEV, pci_fixture_try(test));
	kernel_log_expect_one(test, "status 0xf for 10 s after a reset, expected 0: cut off");
	expect_within(test, ONE_WAIT);
	KUNIT_EXPECT_FALSE(test, CARD(test)->pci.space[PCI_COMMAND] & PCI_COMMAND_MASTER);
	KUNIT_EXPECT_EQ(test, 0, soft_driver.probes);
	pci_fixture_expect_clean(test);
	pci_fixture_expect_honest_works(test);
}

static void test_gone_from_the_start(struct kunit *test)
{
	CARD(test)->dev.lie = (struct soft_lie) { SOFT_STATUS, 0xff };
	pci_fixture_expect_refused(test, -ENODEV, "device is gone");
	expect_within(test, 1);
}

/* From each look at the status on, it reads as that of a device at work, or of none. */
static void test_status_lies(struct kunit *test, u8 status)
{
	unsigned int n, looks;

	pci_fixture_expect_works(test);
	looks = CARD(test)->dev.reads[SOFT_STATUS];
	KUNIT_EXPECT_GT(test, looks, 8);
	for (n = 0; n < looks; n++) {
		virtio_card_init(CARD(test), CARD_FEATURES, CARD_VECTORS);
		soft_driver_again();
		CARD(test)->dev.lie = (struct soft_lie) { SOFT_STATUS, status, .after = n };
		began = ktime_get_seconds();
		pci_fixture_try(test);
		pci_fixture_expect_clean(test);
		expect_within(test, ONE_WAIT);
	}
	pci_fixture_expect_honest_works(test);
}

static void test_stuck_at_any_moment(struct kunit *test)
{
	test_status_lies(test, 0xf);
}

static void test_status_gone_at_any_moment(struct kunit *test)
{
	test_status_lies(test, 0xff);
}

/* Torn out with each access to its registers that there is in a life. */
static void test_torn_out(struct kunit *test)
{
	unsigned int n;

	for (n = 1; ; n++) {
		virtio_card_init(CARD(test), CARD_FEATURES, CARD_VECTORS);
		soft_driver_again();
		CARD(test)->dev.leave_after = n;
		began = ktime_get_seconds();
		pci_fixture_try(test);
		pci_fixture_expect_clean(test);
		expect_within(test, 1);
		if (!CARD(test)->dev.gone)
			break;
	}
	KUNIT_EXPECT_GT(test, n, 100);
	pci_fixture_expect_honest_works(test);
}

static void test_torn_out_one_by_one(struct kunit *test)
{
	soft_driver.one_by_one = true;
	test_torn_out(test);
}

/* Torn out with each look at its configuration space. */
static void test_torn_out_early(struct kunit *test)
{
	struct pci_card *pci = &CARD(test)->pci;
	unsigned int n;

	for (n = 1; ; n++) {
		virtio_card_init(CARD(test), CARD_FEATURES, CARD_VECTORS);
		soft_driver_again();
		KUNIT_ASSERT_NOT_NULL(test, pci_host_plug(test, pci));
		pci->looks = n;
		began = ktime_get_seconds();
		pci_host_bind(test, "virtio-pci");
		pci_fixture_expect_clean(test);
		expect_within(test, 1);
		if (!pci->gone)
			break;
	}
	KUNIT_EXPECT_GT(test, n, 20);
	pci_fixture_expect_honest_works(test);
}

/* Torn out while it is in use: what the driver had posted can be taken back. */
static void test_torn_out_in_use(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 0, pci_fixture_try(test));
	soft_driver_expect_works(test);
	CARD(test)->dev.gone = true;
	CARD(test)->pci.gone = true;
	pci_fixture_expect_clean(test);
	kernel_log_expect_one(test, "device is gone");
	expect_within(test, 1);
	pci_fixture_expect_honest_works(test);
}

static u32 refuse_features(struct soft_device *dev, enum soft_register reg, u32 value)
{
	return reg == SOFT_STATUS ? value & ~VIRTIO_CONFIG_S_FEATURES_OK : value;
}

static void test_features_refused(struct kunit *test)
{
	CARD(test)->dev.twist = refuse_features;
	pci_fixture_expect_probe_fails(test, -ENODEV, "device refuses features");
}

static void test_without_version_1(struct kunit *test)
{
	CARD(test)->dev.offered = CARD_FEATURES;
	pci_fixture_expect_probe_fails(test, -EINVAL, "expected VERSION_1 too");
}

/* What was offered first is what is agreed on. */
static void test_features_change(struct kunit *test)
{
	CARD(test)->dev.lie = (struct soft_lie) { SOFT_FEATURES, U32_MAX, .after = 2 };
	pci_fixture_expect_works(test);
}

/* Of features that nobody knows none is taken. */
static void test_all_features(struct kunit *test)
{
	CARD(test)->dev.offered = ~0ULL & ~BIT_ULL(VIRTIO_F_RING_PACKED) &
				  ~BIT_ULL(VIRTIO_F_ADMIN_VQ) &
				  ~BIT_ULL(VIRTIO_F_NOTIFICATION_DATA);
	pci_fixture_expect_works(test);
}

/* An administration queue is promised, and not there. */
static void test_no_admin_queue(struct kunit *test)
{
	CARD(test)->dev.offered |= BIT_ULL(VIRTIO_F_ADMIN_VQ);
	pci_fixture_expect_probe_fails(test, -EINVAL, "0 administration queues from 0 on");
}

/* Or it is one of the others. */
static void test_admin_queue_among_others(struct kunit *test)
{
	CARD(test)->dev.offered |= BIT_ULL(VIRTIO_F_ADMIN_VQ);
	CARD(test)->dev.regs[SOFT_ADMIN_NUM] = 1;
	CARD(test)->dev.regs[SOFT_ADMIN_INDEX] = 3;
	pci_fixture_expect_probe_fails(test, -EINVAL, "1 administration queues from 3 on");
}

static u32 never_settles(struct soft_device *dev, enum soft_register reg, u32 value)
{
	return reg == SOFT_GENERATION ? dev->reads[reg] : value;
}

/* Something has to be believed in the end. */
static void test_generation(struct kunit *test)
{
	CARD(test)->dev.twist = never_settles;
	KUNIT_EXPECT_EQ(test, 0, pci_fixture_try(test));
	soft_driver_expect_works(test);
	expect_within(test, 1);
	pci_fixture_expect_clean(test);
	pci_fixture_expect_honest_works(test);
}

static struct kunit_case pci_life_lies_cases[] = {
	KUNIT_CASE(test_never_reset),
	KUNIT_CASE(test_gone_from_the_start),
	KUNIT_CASE(test_stuck_at_any_moment),
	KUNIT_CASE(test_status_gone_at_any_moment),
	KUNIT_CASE(test_torn_out),
	KUNIT_CASE(test_torn_out_one_by_one),
	KUNIT_CASE(test_torn_out_early),
	KUNIT_CASE(test_torn_out_in_use),
	KUNIT_CASE(test_features_refused),
	KUNIT_CASE(test_without_version_1),
	KUNIT_CASE(test_features_change),
	KUNIT_CASE(test_all_features),
	KUNIT_CASE(test_no_admin_queue),
	KUNIT_CASE(test_admin_queue_among_others),
	KUNIT_CASE(test_generation),
	{}
};

static struct kunit_suite pci_life_lies_suite = {
	.name = "virtio-pci-life-lies",
	.init = life_init,
	.exit = pci_fixture_exit,
	.test_cases = pci_life_lies_cases,
};

kunit_test_suite(pci_life_lies_suite);
