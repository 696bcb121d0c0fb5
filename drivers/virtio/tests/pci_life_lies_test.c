// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the PCI transport with a card that lies about its state, changes its mind,
 * or is torn out at any moment of its life (virtio 1.3, 2.1 and 3.1).
 */
#include <linux/virtio_config.h>
#include <linux/workqueue.h>

#include "pci_fixture.h"

/* More than any wait for a reset may take; what is not waited for takes none. */
#define ONE_WAIT	11

static int life_init(struct kunit *test)
{
	soft_driver_start_clock();
	return pci_fixture_init(test);
}

/* The wait for a reset has a limit, it is had once, and then the device is not used. */
static void test_never_reset(struct kunit *test)
{
	CARD(test)->dev.lie = (struct soft_lie) { SOFT_STATUS, 0xf };
	KUNIT_EXPECT_EQ(test, -ENODEV, pci_fixture_try(test));
	kernel_log_expect_one(test, "status 0xf for 10 s after a reset, expected 0: cut off");
	soft_driver_expect_within(test, ONE_WAIT);
	KUNIT_EXPECT_FALSE(test, CARD(test)->pci.space[PCI_COMMAND] & PCI_COMMAND_MASTER);
	KUNIT_EXPECT_EQ(test, 0, soft_driver.probes);
	pci_fixture_expect_clean(test);
	pci_fixture_expect_honest_works(test);
}

static void test_gone_from_the_start(struct kunit *test)
{
	CARD(test)->dev.lie = (struct soft_lie) { SOFT_STATUS, 0xff };
	soft_expect_refused(test, -ENODEV, "device is gone");
	soft_driver_expect_within(test, 1);
}

/* From each look at the status on, it reads as that of a device at work, or of none. */
static void test_status_lies(struct kunit *test, u8 status)
{
	unsigned int n, looks;

	soft_expect_works(test);
	looks = CARD(test)->dev.reads[SOFT_STATUS];
	KUNIT_EXPECT_GT(test, looks, 4);
	for (n = 0; n < looks; n++) {
		pci_fixture_again(test);
		CARD(test)->dev.lie = (struct soft_lie) { SOFT_STATUS, status, .after = n };
		soft_driver_start_clock();
		pci_fixture_try(test);
		pci_fixture_expect_clean(test);
		soft_driver_expect_within(test, ONE_WAIT);
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

static void test_torn_out(struct kunit *test)
{
	soft_expect_torn_out(test, pci_fixture_again, 100);
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
		pci_fixture_again(test);
		KUNIT_ASSERT_NOT_NULL(test, pci_host_plug(test, pci));
		pci->looks = n;
		soft_driver_start_clock();
		pci_host_bind(test, "virtio-pci");
		pci_fixture_expect_clean(test);
		soft_driver_expect_within(test, 1);
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
	soft_driver_expect_within(test, 1);
	pci_fixture_expect_honest_works(test);
}

static u32 refuse_features(struct soft_device *dev, enum soft_register reg, u32 value)
{
	return reg == SOFT_STATUS ? value & ~VIRTIO_CONFIG_S_FEATURES_OK : value;
}

static void test_features_refused(struct kunit *test)
{
	CARD(test)->dev.twist = refuse_features;
	soft_expect_probe_fails(test, -ENODEV, "device refuses features");
}

static void test_without_version_1(struct kunit *test)
{
	CARD(test)->dev.offered = CARD_FEATURES;
	soft_expect_probe_fails(test, -EINVAL, "expected VERSION_1 too");
}

/* What was offered first is what is agreed on. */
static void test_features_change(struct kunit *test)
{
	CARD(test)->dev.lie = (struct soft_lie) { SOFT_FEATURES, U32_MAX, .after = 2 };
	soft_expect_works(test);
}

/* Of features that nobody knows none is taken. */
static void test_all_features(struct kunit *test)
{
	CARD(test)->dev.offered = ~0ULL & ~BIT_ULL(VIRTIO_F_RING_PACKED) &
				  ~BIT_ULL(VIRTIO_F_ADMIN_VQ) &
				  ~BIT_ULL(VIRTIO_F_NOTIFICATION_DATA);
	soft_expect_works(test);
}

/* An administration queue is promised, and not there. */
static void test_no_admin_queue(struct kunit *test)
{
	CARD(test)->dev.offered |= BIT_ULL(VIRTIO_F_ADMIN_VQ);
	soft_expect_probe_fails(test, -EINVAL, "0 administration queues from 0 on");
}

/* Or it is one of the others. */
static void test_admin_queue_among_others(struct kunit *test)
{
	CARD(test)->dev.offered |= BIT_ULL(VIRTIO_F_ADMIN_VQ);
	CARD(test)->dev.regs[SOFT_ADMIN_NUM] = 1;
	CARD(test)->dev.regs[SOFT_ADMIN_INDEX] = 3;
	soft_expect_probe_fails(test, -EINVAL, "1 administration queues from 3 on");
}

/* One that is where it should be is not for a driver that asks for too many queues. */
static u32 fifth_queue(struct soft_device *dev, enum soft_register reg, u32 value)
{
	return reg == SOFT_QUEUE_SIZE ? SOFT_QUEUE_MAX_SIZE : value;
}

static void test_admin_queue_for_driver(struct kunit *test)
{
	CARD(test)->dev.offered |= BIT_ULL(VIRTIO_F_ADMIN_VQ);
	CARD(test)->dev.regs[SOFT_ADMIN_NUM] = 1;
	CARD(test)->dev.regs[SOFT_ADMIN_INDEX] = SOFT_QUEUES;
	CARD(test)->dev.twist = fifth_queue;
	soft_driver.queues = SOFT_QUEUES + 1;
	soft_expect_probe_fails(test, -ENOENT, "queue 4 (soft) is not there");
}

/* The last queue is for administration.  Its commands are sent with a lock held. */
#define ADMIN_QUEUE	(SOFT_QUEUES - 1)

static void interrupt_of_admin(struct work_struct *work)
{
	pci_host_interrupt(0);
}

static DECLARE_WORK(admin_interrupts, interrupt_of_admin);

static void interrupt_later(struct soft_device *dev, struct soft_queue *queue)
{
	if (queue == &dev->queues[ADMIN_QUEUE])
		schedule_work(&admin_interrupts);
	else
		virtio_card_interrupt(dev, queue);
}

/* A command that is used without an answer has failed: no other one follows. */
static void test_admin_without_answer(struct kunit *test)
{
	struct soft_device *dev = &CARD(test)->dev;

	dev->offered |= BIT_ULL(VIRTIO_F_ADMIN_VQ);
	dev->regs[SOFT_NUM_QUEUES] = ADMIN_QUEUE;
	dev->regs[SOFT_ADMIN_NUM] = 1;
	dev->regs[SOFT_ADMIN_INDEX] = ADMIN_QUEUE;
	dev->interrupt = interrupt_later;
	dev->silent = true;
	soft_driver.queues = ADMIN_QUEUE;
	KUNIT_EXPECT_EQ(test, 0, pci_fixture_try(test));
	flush_work(&admin_interrupts);
	KUNIT_EXPECT_EQ(test, 0, soft_driver.err);
	KUNIT_EXPECT_EQ(test, ADMIN_QUEUE, soft_driver.back);
	KUNIT_EXPECT_EQ(test, 1, dev->queues[ADMIN_QUEUE].kicks);
	kernel_log_expect_one(test, "administration command 0x0: status 0x5");
	pci_fixture_expect_clean(test);
	pci_fixture_expect_honest_works(test);
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
	soft_driver_expect_within(test, 1);
	pci_fixture_expect_clean(test);
	pci_fixture_expect_honest_works(test);
}

/**
 * struct shm - a capability of shared memory that is not what it should be
 * @name: for the log
 * @bar: the BAR
 * @cap_len: length of the capability
 * @offset: in the BAR
 * @len: length of the memory
 * @there: it is found
 * @words: else, what is said; %NULL if it is passed over
 */
struct shm {
	const char *name;
	u8 bar, cap_len;
	u64 offset, len;
	bool there;
	const char *words;
};

#define SHM_ID		7
#define CAP64		sizeof(struct virtio_pci_cap64)
#define BAR_4(offset, len)	VIRTIO_CARD_BAR, CAP64, offset, len

static const struct shm shms[] = {
	{ "all of the BAR", BAR_4(0, VIRTIO_CARD_BAR_SIZE), true },
	{ "the last byte", BAR_4(VIRTIO_CARD_BAR_SIZE - 1, 1), true },
	{ "none of it", BAR_4(VIRTIO_CARD_BAR_SIZE, 0), false, "0 bytes at 32768" },
	{ "one byte more", BAR_4(1, VIRTIO_CARD_BAR_SIZE), false, "32768 bytes at 1" },
	{ "behind it", BAR_4(VIRTIO_CARD_BAR_SIZE, 1), false, "1 bytes at 32768" },
	{ "beyond 32 bits", BAR_4(0x100000000, 1), false, "1 bytes at 4294967296" },
	{ "longer than 32 bits", BAR_4(0, 0x100000001), false, "4294967297 bytes at 0" },
	{ "wraps", BAR_4(U64_MAX, 2), false, "2 bytes at 18446744073709551615" },
	{ "wraps to all", BAR_4(1, U64_MAX), false, "18446744073709551615 bytes at 1" },
	{ "BAR 6", 6, CAP64, 0, 1 },
	{ "a BAR that is not there", 2, CAP64, 0, 0 },
	{ "cut off", VIRTIO_CARD_BAR, CAP64 - 1, 0, 1 },
	{ "runs out of configuration space", VIRTIO_CARD_BAR, 0xff, 0, 1 },
};

static void describe_shm(const struct shm *shm, char *desc)
{
	strscpy(desc, shm->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(shm, shms, describe_shm);

static void test_shm(struct kunit *test)
{
	const struct shm *shm = test->param_value;
	struct virtio_pci_cap64 cap = {
		.cap = {
			.cap_len = shm->cap_len, .cfg_type = VIRTIO_PCI_CAP_SHARED_MEMORY_CFG,
			.bar = shm->bar, .id = SHM_ID,
			.offset = cpu_to_le32(lower_32_bits(shm->offset)),
			.length = cpu_to_le32(lower_32_bits(shm->len)),
		},
		.offset_hi = cpu_to_le32(upper_32_bits(shm->offset)),
		.length_hi = cpu_to_le32(upper_32_bits(shm->len)),
	};
	struct virtio_shm_region region;

	pci_card_capability(&CARD(test)->pci, PCI_CAP_ID_VNDR, (u8 *)&cap + 2, sizeof(cap) - 2);
	KUNIT_ASSERT_EQ(test, 0, pci_fixture_try(test));
	KUNIT_ASSERT_NOT_NULL(test, soft_driver.vdev);
	KUNIT_EXPECT_FALSE(test, virtio_get_shm_region(soft_driver.vdev, &region, SHM_ID + 1));
	KUNIT_EXPECT_EQ(test, shm->there,
			virtio_get_shm_region(soft_driver.vdev, &region, SHM_ID));
	if (shm->there)
		KUNIT_EXPECT_EQ(test, shm->len, region.len);
	if (shm->words)
		kernel_log_expect_one(test, shm->words);
	else
		kernel_log_expect_quiet(test);
	pci_fixture_expect_clean(test);
}

#ifdef CONFIG_PM_SLEEP
static void test_sleep(struct kunit *test)
{
	soft_expect_wakes(test);
}

static void test_gone_asleep(struct kunit *test)
{
	soft_expect_gone_asleep(test);
}

static void test_stuck_asleep(struct kunit *test)
{
	soft_expect_stuck_asleep(test);
}
#endif

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
	KUNIT_CASE(test_admin_queue_for_driver),
	KUNIT_CASE(test_admin_without_answer),
	KUNIT_CASE(test_generation),
	KUNIT_CASE_PARAM(test_shm, shm_gen_params),
#ifdef CONFIG_PM_SLEEP
	KUNIT_CASE(test_sleep),
	KUNIT_CASE(test_gone_asleep),
	KUNIT_CASE(test_stuck_asleep),
#endif
	{}
};

static struct kunit_suite pci_life_lies_suite = {
	.name = "virtio-pci-life-lies",
	.init = life_init,
	.exit = pci_fixture_exit,
	.test_cases = pci_life_lies_cases,
};

kunit_test_suite(pci_life_lies_suite);
