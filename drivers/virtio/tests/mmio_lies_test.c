// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the MMIO transport with a device that lies in its registers, modern and
 * legacy (virtio 1.3, 4.2), to a driver that takes all queues at once and to one that
 * takes them one by one.
 */
#include <linux/virtio_config.h>

#include "mmio_fixture.h"

static int lies_init(struct kunit *test)
{
	soft_driver_start_clock();
	return mmio_fixture_init(test);
}

/**
 * struct mmio_lie - a register that does not read as it should
 * @name: for the log
 * @versions: of devices that may lie so, as bits
 * @lie: the register
 * @err: what comes of it; 0 if it works all the same
 * @words: of the message; %NULL if there is to be none
 * @single: what comes of it for the driver that takes queues one by one, whom
 *	-ENOENT tells where they end
 */
struct mmio_lie {
	const char *name;
	u8 versions;
	struct soft_lie lie;
	int err;
	const char *words;
	int single;
};

#define LEGACY	BIT(1)
#define MODERN	BIT(2)
#define SLOW	BIT(3)	/* the reset of this version is waited for */
#define EVERY	(LEGACY | MODERN)

static void describe_lie(const struct mmio_lie *lie, char *desc)
{
	strscpy(desc, lie->name, KUNIT_PARAM_DESC_SIZE);
}

/* Those that have the transport refuse the device. */
static const struct mmio_lie device_lies[] = {
	{ "no magic", EVERY, { SOFT_MAGIC, 0 }, -ENODEV, "magic value 0x0, expected 0x74726976" },
	{ "magic backwards", EVERY, { SOFT_MAGIC, 0x76697274 }, -ENODEV, "magic value 0x76697274" },
	{ "nothing there", EVERY, { SOFT_MAGIC, U32_MAX }, -ENODEV, "magic value 0xffffffff" },
	{ "version 0", EVERY, { SOFT_VERSION, 0 }, -ENXIO, "version 0, expected 1 to 3" },
	{ "version 4", EVERY, { SOFT_VERSION, 4 }, -ENXIO, "version 4, expected 1 to 3" },
	{ "version 0x102", EVERY, { SOFT_VERSION, 0x102 }, -ENXIO, "version 258, expected 1 to 3" },
	{ "placeholder", EVERY, { SOFT_DEVICE_ID, 0 }, -ENODEV },
	{ "never reset", LEGACY | SLOW, { SOFT_STATUS, 0xf }, -ENODEV, "status 0xf for 10 s" },
	{ "gone", LEGACY | SLOW, { SOFT_STATUS, U32_MAX }, -ENODEV, "device is gone" },
};

KUNIT_ARRAY_PARAM(device_lie, device_lies, describe_lie);

static void test_device(struct kunit *test)
{
	const struct mmio_lie *lie = test->param_value;
	u32 version;

	for (version = 1; version <= 3; version++) {
		if (!(lie->versions & BIT(version)))
			continue;
		mmio_fixture_again(test, version);
		SLOT(test)->dev.lie = lie->lie;
		soft_driver_start_clock();
		soft_expect_refused(test, lie->err, lie->words);
		soft_driver_expect_within(test, 11);
	}
}

/* The first reset of version 2 is not read back: what comes of it shows with FEATURES_OK. */
static const struct mmio_lie first_lies[] = {
	{ "honest", MODERN },
	{ "in its reset for some time", MODERN, { SOFT_STATUS, 0xf, .times = 3 } },
	{ "never reset", MODERN, { SOFT_STATUS, 0xf }, -ENODEV, "status 0xf for 10 s" },
	{ "refuses", MODERN, { SOFT_STATUS, 0x8f }, -ENODEV, "refuses a reset, status 0x8f" },
	{ "gone", MODERN, { SOFT_STATUS, U32_MAX }, -ENODEV, "device is gone" },
};

KUNIT_ARRAY_PARAM(first_lie, first_lies, describe_lie);

static void test_first_reset(struct kunit *test)
{
	const struct mmio_lie *lie = test->param_value;

	soft_expect_at_once(test, lie->lie, lie->err, lie->words);
	soft_driver_expect_within(test, 11);
}

/* Nothing is read of a placeholder behind its id (virtio 1.3, 4.2.3.1.1). */
static void test_placeholder(struct kunit *test)
{
	SLOT(test)->dev.regs[SOFT_DEVICE_ID] = 0;
	KUNIT_EXPECT_EQ(test, -ENODEV, mmio_fixture_try(test));
	KUNIT_EXPECT_EQ(test, 3, SLOT(test)->dev.accesses);
	mmio_fixture_expect_clean(test);
}

static void test_vendor(struct kunit *test)
{
	SLOT(test)->dev.regs[SOFT_VENDOR_ID] = 0;
	soft_expect_works(test);
}

/* No room for the registers that all devices have. */
static void test_short(struct kunit *test)
{
	SLOT(test)->size = 0xff;
	soft_expect_refused(test, -EINVAL, "255 bytes of registers, expected at least 256");
}

/* Nor is configuration touched that was not described. */
static void test_without_config(struct kunit *test)
{
	static const u8 expected[] = { 3, 4, 0, 0 };
	u8 across[sizeof(expected)];

	SLOT(test)->size = 0x104;
	KUNIT_EXPECT_EQ(test, 0, mmio_fixture_try(test));
	soft_driver_expect_works(test);
	KUNIT_EXPECT_EQ(test, 4, soft_driver.config[3]);
	KUNIT_EXPECT_EQ(test, 0, soft_driver.config[4]);
	KUNIT_ASSERT_NOT_NULL(test, soft_driver.vdev);
	soft_driver.vdev->config->read(soft_driver.vdev, 2, across, sizeof(across));
	KUNIT_EXPECT_MEMEQ(test, across, expected, sizeof(across));
	soft_driver.vdev->config->write(soft_driver.vdev, 2, across, sizeof(across));
	mmio_fixture_expect_clean(test);
}

/* Those that queues come to grief on. */
static const struct mmio_lie queue_lies[] = {
	{ "honest", EVERY },
	{ "no queue", EVERY, { SOFT_QUEUE_MAX, 0 },
	  -ENOENT, "queue 0 (soft) is not there", -ENOENT },
	{ "three queues", EVERY, { SOFT_QUEUE_MAX, 0, .after = 3 },
	  -ENOENT, "queue 3 (soft) is not there", -ENOENT },
	{ "size 1", EVERY, { SOFT_QUEUE_MAX, 1 } },
	{ "size 3", EVERY, { SOFT_QUEUE_MAX, 3 }, -ENOMEM, "a size of 3, expected", -ENOMEM },
	{ "size 32768", EVERY, { SOFT_QUEUE_MAX, 32768 } },
	{ "size 32769", EVERY, { SOFT_QUEUE_MAX, 32769 },
	  -ENOMEM, "a size of 32769, expected", -ENOMEM },
	{ "size 65535", EVERY, { SOFT_QUEUE_MAX, 65535 },
	  -ENOMEM, "a size of 65535, expected", -ENOMEM },
	{ "size 65544", EVERY, { SOFT_QUEUE_MAX, 65544 },
	  -ENOMEM, "a size of 65544, expected", -ENOMEM },
	{ "size of all ones", EVERY, { SOFT_QUEUE_MAX, U32_MAX },
	  -ENOMEM, "a size of 4294967295, expected", -ENOMEM },
	/* That is not looked at: the status says that the device was reset. */
	{ "ready already", MODERN, { SOFT_QUEUE_ENABLE, 1 } },
	{ "has a page already", LEGACY, { SOFT_QUEUE_PFN, 0x80000000 } },
	{ "features change", EVERY, { SOFT_FEATURES, 0x3fffffff, .after = 2 } },
};

KUNIT_ARRAY_PARAM(queue_lie, queue_lies, describe_lie);

static void test_queue(struct kunit *test)
{
	const struct mmio_lie *lie = test->param_value;
	u32 version;

	for (version = 1; version <= 2; version++) {
		if (!(lie->versions & BIT(version)))
			continue;
		mmio_fixture_again(test, version);
		soft_expect_at_once(test, lie->lie, lie->err, lie->words);
	}
}

static void test_queue_one_by_one(struct kunit *test)
{
	const struct mmio_lie *lie = test->param_value;
	u32 version;

	for (version = 1; version <= 2; version++) {
		if (!(lie->versions & BIT(version)))
			continue;
		mmio_fixture_again(test, version);
		soft_expect_one_by_one(test, lie->lie, lie->single, lie->words);
	}
}

static u32 refuse_features(struct soft_device *dev, enum soft_register reg, u32 value)
{
	return reg == SOFT_STATUS ? value & ~VIRTIO_CONFIG_S_FEATURES_OK : value;
}

static void test_features_refused(struct kunit *test)
{
	SLOT(test)->dev.twist = refuse_features;
	soft_expect_probe_fails(test, -ENODEV, "device refuses features");
}

static void test_without_version_1(struct kunit *test)
{
	SLOT(test)->dev.offered = 0;
	soft_expect_probe_fails(test, -EINVAL, "expected VERSION_1 too");
}

/* What nobody knows is not acknowledged, and hides nothing. */
static u32 reserved_bits(struct soft_device *dev, enum soft_register reg, u32 value)
{
	return reg == SOFT_ISR && value ? value | 0x7ffffffc : value;
}

static void test_reserved_interrupts(struct kunit *test)
{
	SLOT(test)->dev.twist = reserved_bits;
	KUNIT_EXPECT_EQ(test, 0, mmio_fixture_try(test));
	soft_driver_expect_works(test);
	KUNIT_EXPECT_EQ(test, 1, SLOT(test)->acknowledged);
	kernel_log_expect_quiet(test);
	mmio_fixture_expect_clean(test);
}

/* An interrupt of nothing, or of a device that is not there, is none of ours. */
static void test_idle_interrupts(struct kunit *test)
{
	struct mmio_slot *slot = SLOT(test);

	KUNIT_EXPECT_EQ(test, 0, mmio_fixture_try(test));
	slot->acknowledged = 0;
	slot->dev.interrupt(&slot->dev, NULL);
	slot->dev.lie = (struct soft_lie) { SOFT_ISR, U32_MAX };
	slot->dev.interrupt(&slot->dev, NULL);
	slot->dev.lie = (struct soft_lie) { SOFT_ISR, 0xfffffffc };
	slot->dev.interrupt(&slot->dev, NULL);
	KUNIT_EXPECT_EQ(test, 0, slot->acknowledged);
	mmio_fixture_expect_clean(test);
}

static int reset_queue(struct virtqueue *vq)
{
	return vq->vdev->config->disable_vq_and_reset(vq);
}

static int enable_queue(struct virtqueue *vq)
{
	return vq->vdev->config->enable_vq_after_reset(vq);
}

static struct virtqueue *first_queue(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, 0, mmio_fixture_try(test));
	KUNIT_ASSERT_NOT_NULL(test, soft_driver.vdev);
	return soft_driver.vqs[0];
}

static void test_queue_reset_works(struct kunit *test)
{
	struct virtqueue *vq = first_queue(test);

	KUNIT_EXPECT_EQ(test, 0, reset_queue(vq));
	KUNIT_EXPECT_EQ(test, 0, SLOT(test)->dev.queues[0].regs[SOFT_QUEUE_ENABLE]);
	KUNIT_EXPECT_EQ(test, 0, enable_queue(vq));
	KUNIT_EXPECT_EQ(test, 1, SLOT(test)->dev.queues[0].regs[SOFT_QUEUE_ENABLE]);
	kernel_log_expect_quiet(test);
	mmio_fixture_expect_clean(test);
}

/* One that stays reset is freed with the others. */
static void test_queue_stays_reset(struct kunit *test)
{
	struct virtqueue *vq = first_queue(test);

	KUNIT_EXPECT_EQ(test, 0, reset_queue(vq));
	mmio_fixture_expect_clean(test);
	mmio_fixture_expect_honest_works(test);
}

static void test_queue_reset_unconfirmed(struct kunit *test)
{
	struct virtqueue *vq = first_queue(test);

	SLOT(test)->dev.lie = (struct soft_lie) { SOFT_QUEUE_RESET, 1 };
	KUNIT_EXPECT_EQ(test, -EBUSY, reset_queue(vq));
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(vq));
	soft_driver_expect_within(test, 11);
	kernel_log_expect_one(test, "queue 0: reset is not confirmed");
	mmio_fixture_expect_clean(test);
	mmio_fixture_expect_honest_works(test);
}

static bool ignore_reset(struct soft_device *dev, enum soft_register reg, u32 value)
{
	return reg == SOFT_QUEUE_RESET;
}

/* A device without the register takes no notice, and the queue goes on. */
static void test_queue_reset_without_effect(struct kunit *test)
{
	struct virtqueue *vq = first_queue(test);

	SLOT(test)->dev.ignores = ignore_reset;
	KUNIT_EXPECT_EQ(test, -ENOENT, reset_queue(vq));
	KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(vq));
	KUNIT_EXPECT_FALSE(test, vq->reset);
	kernel_log_expect_one(test, "queue 0: device takes no notice of a reset");
	soft_driver.back = 0;
	KUNIT_EXPECT_EQ(test, 0, soft_driver_post(0));
	KUNIT_EXPECT_EQ(test, 1, soft_driver.back);
	mmio_fixture_expect_clean(test);
	mmio_fixture_expect_honest_works(test);
}

static void test_queue_enables_itself(struct kunit *test)
{
	struct virtqueue *vq = first_queue(test);

	KUNIT_EXPECT_EQ(test, 0, reset_queue(vq));
	SLOT(test)->dev.lie = (struct soft_lie) { SOFT_QUEUE_ENABLE, 1, .times = 2 };
	KUNIT_EXPECT_EQ(test, -EINVAL, enable_queue(vq));
	kernel_log_expect_one(test, "queue 0 is enabled");
	mmio_fixture_expect_clean(test);
	mmio_fixture_expect_honest_works(test);
}

/* A queue that goes on after it was stopped, which a reset does before that. */
static void test_queue_never_stops(struct kunit *test)
{
	struct virtqueue *vq = first_queue(test);

	SLOT(test)->dev.lie = (struct soft_lie) { SOFT_QUEUE_ENABLE, 1, .times = 1 };
	KUNIT_EXPECT_NOT_NULL(test, vq);
	mmio_fixture_expect_clean(test);
	kernel_log_expect_one(test, "queue 0 is enabled, expected it not to be once stopped");
	mmio_fixture_expect_honest_works(test);
}

static void legacy_again(struct kunit *test)
{
	mmio_fixture_again(test, 1);
}

static void modern_again(struct kunit *test)
{
	mmio_fixture_again(test, 2);
}

static void test_torn_out(struct kunit *test)
{
	soft_expect_torn_out(test, legacy_again, 50);
	soft_expect_torn_out(test, modern_again, 60);
}

static void test_torn_out_one_by_one(struct kunit *test)
{
	soft_driver.one_by_one = true;
	test_torn_out(test);
}

/**
 * struct shm - where the device says that it has shared memory
 * @name: for the log
 * @addr: its address; 0 for one that is in use as RAM
 * @len: its length
 * @there: it is found
 * @words: else, what is said; %NULL if it is simply not there
 */
struct shm {
	const char *name;
	u64 addr, len;
	bool there;
	const char *words;
};

static const struct shm shms[] = {
	{ "none", U64_MAX, U64_MAX },
	{ "honest", 0x4000000000, 0x100000000, true },
	{ "of no length", 0x4000000000, 0, false, "0 bytes at 0x4000000000" },
	{ "wraps", 0xfffffffffffff000, 0x2000, false, "8192 bytes at 0xfffffffffffff000" },
	{ "in RAM", 0, PAGE_SIZE, false, "4096 bytes at" },
};

static void describe_shm(const struct shm *shm, char *desc)
{
	strscpy(desc, shm->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(shm, shms, describe_shm);

static void test_shm(struct kunit *test)
{
	static struct resource ram = {
		.name = "System RAM", .flags = IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY,
		.start = 0x5000000000, .end = 0x50000fffff,
	};
	const struct shm *shm = test->param_value;
	u64 addr = shm->addr ?: ram.start;
	u32 *regs = SLOT(test)->dev.regs;
	struct virtio_shm_region region;

	first_queue(test);
	regs[SOFT_SHM_LEN_LOW] = lower_32_bits(shm->len);
	regs[SOFT_SHM_LEN_HIGH] = upper_32_bits(shm->len);
	regs[SOFT_SHM_BASE_LOW] = lower_32_bits(addr);
	regs[SOFT_SHM_BASE_HIGH] = upper_32_bits(addr);
	KUNIT_ASSERT_EQ(test, 0, insert_resource(&iomem_resource, &ram));
	KUNIT_EXPECT_EQ(test, shm->there, virtio_get_shm_region(soft_driver.vdev, &region, 7));
	remove_resource(&ram);
	KUNIT_EXPECT_EQ(test, 7, regs[SOFT_SHM_SELECT]);
	if (shm->there) {
		KUNIT_EXPECT_EQ(test, addr, region.addr);
		KUNIT_EXPECT_EQ(test, shm->len, region.len);
	}
	if (shm->words)
		kernel_log_expect_one(test, shm->words);
	else
		kernel_log_expect_quiet(test);
	mmio_fixture_expect_clean(test);
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

static struct kunit_case mmio_lies_cases[] = {
	KUNIT_CASE_PARAM(test_device, device_lie_gen_params),
	KUNIT_CASE_PARAM(test_first_reset, first_lie_gen_params),
	KUNIT_CASE(test_placeholder),
	KUNIT_CASE(test_vendor),
	KUNIT_CASE(test_short),
	KUNIT_CASE(test_without_config),
	KUNIT_CASE_PARAM(test_queue, queue_lie_gen_params),
	KUNIT_CASE_PARAM(test_queue_one_by_one, queue_lie_gen_params),
	KUNIT_CASE(test_features_refused),
	KUNIT_CASE(test_without_version_1),
	KUNIT_CASE(test_reserved_interrupts),
	KUNIT_CASE(test_idle_interrupts),
	KUNIT_CASE(test_queue_reset_works),
	KUNIT_CASE(test_queue_stays_reset),
	KUNIT_CASE(test_queue_reset_unconfirmed),
	KUNIT_CASE(test_queue_reset_without_effect),
	KUNIT_CASE(test_queue_enables_itself),
	KUNIT_CASE(test_queue_never_stops),
	KUNIT_CASE(test_torn_out),
	KUNIT_CASE(test_torn_out_one_by_one),
	KUNIT_CASE_PARAM(test_shm, shm_gen_params),
#ifdef CONFIG_PM_SLEEP
	KUNIT_CASE(test_sleep),
	KUNIT_CASE(test_gone_asleep),
	KUNIT_CASE(test_stuck_asleep),
#endif
	{}
};

static struct kunit_suite mmio_lies_suite = {
	.name = "virtio-mmio-lies",
	.init = lies_init,
	.exit = mmio_fixture_exit,
	.test_cases = mmio_lies_cases,
};

kunit_test_suite(mmio_lies_suite);
