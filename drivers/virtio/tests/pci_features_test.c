// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of feature bits beyond 63 on PCI: selectors 2 and 3 (virtio 1.3, 4.1.4.3), which are
 * used for a driver and a device that have these bits, and left alone otherwise.
 */
#include <linux/virtio_config.h>
#include <linux/virtio_pci_modern.h>

#include "pci_fixture.h"

/* None that soft_driver.c serves. */
#define MORE_ID		(SOFT_ID - 1)

/* Those of a network card, and the last. */
static const unsigned int more[] = { VIRTIO_F_VERSION_1, 65, 66, 67, 68, 127 };
static const unsigned int few[] = { VIRTIO_F_VERSION_1 };

#define MORE_BITS	(VIRTIO_BIT(65) | VIRTIO_BIT(66) | VIRTIO_BIT(67) | VIRTIO_BIT(68) | \
			 VIRTIO_BIT(127))

/* What the driver of these tests did, and how often the device was used for it. */
static struct {
	struct virtio_driver driver;
	unsigned int probes;
	unsigned int parts_read, parts_written;
	int used[3];
} saw;

static int probe_nothing(struct virtio_device *vdev)
{
	saw.probes++;
	return 0;
}

static int use_bits(struct virtio_device *vdev)
{
	unsigned int len;
	void *token = vdev->config->find(vdev, VIRTIO_CONFIG_F_FEATURES, &len);

	saw.probes++;
	saw.used[0] = virtio_use_bit(vdev, token, len, SOFT_F_LATE);
	saw.used[1] = virtio_use_bit(vdev, token, len, 65);
	saw.used[2] = virtio_use_bit(vdev, token, len, 70);
	return 0;
}

static void remove_nothing(struct virtio_device *vdev)
{
	virtio_reset_device(vdev);
}

static void bind(struct kunit *test, const unsigned int *features, unsigned int count,
		 int (*probe)(struct virtio_device *vdev))
{
	static const struct virtio_device_id ids[] = { { MORE_ID, VIRTIO_DEV_ANY_ID }, { 0 } };
	struct virtio_card *card = CARD(test);

	memset(&saw, 0, sizeof(saw));
	saw.driver = (struct virtio_driver) {
		.driver.name = "virtio-more-features-test",
		.id_table = ids,
		.feature_table = features,
		.feature_table_size = count,
		.probe = probe,
		.remove = remove_nothing,
	};
	pci_card_set(&card->pci, PCI_DEVICE_ID, 2, 0x1040 + MORE_ID);
	KUNIT_ASSERT_EQ(test, 0, register_virtio_driver(&saw.driver));
	KUNIT_EXPECT_EQ(test, 0, pci_fixture_try(test));
	saw.parts_read = card->dev.reads[SOFT_FEATURES];
	saw.parts_written = card->dev.writes[SOFT_ACCEPTED];
}

static void leave(struct kunit *test)
{
	pci_fixture_expect_clean(test);
	unregister_virtio_driver(&saw.driver);
}

static void expect_accepted(struct kunit *test, u64 first, u64 second)
{
	struct soft_device *dev = &CARD(test)->dev;

	KUNIT_EXPECT_EQ(test, 1, saw.probes);
	KUNIT_EXPECT_EQ(test, first | BIT_ULL(VIRTIO_F_RING_RESET), dev->accepted_array[0]);
	KUNIT_EXPECT_EQ(test, second, dev->accepted_array[1]);
	KUNIT_EXPECT_TRUE(test, dev->regs[SOFT_STATUS] & VIRTIO_CONFIG_S_FEATURES_OK);
}

#define VERSION_1	BIT_ULL(VIRTIO_F_VERSION_1)

static void test_taken(struct kunit *test)
{
	CARD(test)->dev.offered_array[1] = MORE_BITS | VIRTIO_BIT(70);
	bind(test, more, ARRAY_SIZE(more), probe_nothing);
	expect_accepted(test, VERSION_1, MORE_BITS);
	leave(test);
	kernel_log_expect_quiet(test);
}

/* The device offers them to a driver that does not know them: no access more. */
static void test_not_wanted(struct kunit *test)
{
	CARD(test)->dev.offered_array[1] = MORE_BITS;
	bind(test, few, ARRAY_SIZE(few), probe_nothing);
	expect_accepted(test, VERSION_1, 0);
	KUNIT_EXPECT_EQ(test, 2, saw.parts_read);
	KUNIT_EXPECT_EQ(test, 2, saw.parts_written);
	leave(test);
}

/* The driver knows them, and the device does not offer them: nothing to write. */
static void test_not_offered(struct kunit *test)
{
	bind(test, more, ARRAY_SIZE(more), probe_nothing);
	expect_accepted(test, VERSION_1, 0);
	KUNIT_EXPECT_EQ(test, 4, saw.parts_read);
	KUNIT_EXPECT_EQ(test, 2, saw.parts_written);
	leave(test);
}

/* A driver that takes its bits in probe(): what was read once is not read again. */
static void test_used(struct kunit *test)
{
	CARD(test)->dev.offered_array[1] = MORE_BITS;
	bind(test, NULL, 0, use_bits);
	KUNIT_EXPECT_EQ(test, 1, saw.used[0]);
	KUNIT_EXPECT_EQ(test, 1, saw.used[1]);
	KUNIT_EXPECT_EQ(test, 0, saw.used[2]);
	expect_accepted(test, VERSION_1 | BIT_ULL(SOFT_F_LATE), VIRTIO_BIT(65));
	KUNIT_EXPECT_EQ(test, 2 + 2, saw.parts_read);
	leave(test);
}

/* A device that has no more than 64 bits, and shows them again at the other selectors. */

static u32 by_the_lowest_bit(struct soft_device *dev, enum soft_register reg, u32 value)
{
	if (reg == SOFT_FEATURES)
		return dev->offered >> 32 * (dev->regs[SOFT_FEATURES_SELECT] & 1);
	return value;
}

static void test_repeats_all(struct kunit *test)
{
	CARD(test)->dev.twist = by_the_lowest_bit;
	bind(test, more, ARRAY_SIZE(more), probe_nothing);
	expect_accepted(test, VERSION_1, 0);
	KUNIT_EXPECT_EQ(test, 2, saw.parts_written);
	leave(test);
}

static void test_repeats_second_half(struct kunit *test)
{
	/* Bit 32 + 4, at selector 2, would be 68. */
	CARD(test)->dev.offered |= BIT_ULL(VIRTIO_F_ORDER_PLATFORM);
	CARD(test)->dev.repeats = true;
	bind(test, more, ARRAY_SIZE(more), probe_nothing);
	KUNIT_EXPECT_EQ(test, 0, CARD(test)->dev.accepted_array[1]);
	KUNIT_EXPECT_EQ(test, 2, saw.parts_written);
	KUNIT_EXPECT_EQ(test, 1, saw.probes);
	leave(test);
}

/* What is offered at the second look has no say. */
static void test_offers_change(struct kunit *test)
{
	CARD(test)->dev.offered_array[1] = VIRTIO_BIT(65);
	CARD(test)->dev.lie = (struct soft_lie) { SOFT_FEATURES, U32_MAX, .after = 4 };
	bind(test, more, ARRAY_SIZE(more), probe_nothing);
	expect_accepted(test, VERSION_1, VIRTIO_BIT(65));
	leave(test);
}

/* The library, which vendors' drivers use without this transport. */
static void test_library(struct kunit *test)
{
	u64 features[VIRTIO_FEATURES_U64S];
	struct virtio_pci_modern_device mdev = { };
	struct soft_device *dev = &CARD(test)->dev;

	dev->offered_array[1] = MORE_BITS;
	mdev.pci_dev = pci_host_plug(test, &CARD(test)->pci);
	KUNIT_ASSERT_NOT_NULL(test, mdev.pci_dev);
	KUNIT_ASSERT_EQ(test, 0, pci_enable_device(mdev.pci_dev));
	KUNIT_ASSERT_EQ(test, 0, vp_modern_probe(&mdev));
	vp_modern_get_extended_features(&mdev, features);
	KUNIT_EXPECT_EQ(test, dev->offered, features[0]);
	KUNIT_EXPECT_EQ(test, MORE_BITS, features[1]);
	KUNIT_EXPECT_EQ(test, dev->offered, vp_modern_get_features(&mdev));
	features[0] = VERSION_1 | 5;
	vp_modern_set_extended_features(&mdev, features);
	KUNIT_EXPECT_EQ(test, VERSION_1 | 5, dev->accepted_array[0]);
	KUNIT_EXPECT_EQ(test, MORE_BITS, dev->accepted_array[1]);
	vp_modern_set_features(&mdev, VERSION_1);
	vp_modern_get_driver_extended_features(&mdev, features);
	KUNIT_EXPECT_EQ(test, VERSION_1, features[0]);
	KUNIT_EXPECT_EQ(test, MORE_BITS, features[1]);
	KUNIT_EXPECT_EQ(test, VERSION_1, vp_modern_get_driver_features(&mdev));
	vp_modern_remove(&mdev);
	pci_disable_device(mdev.pci_dev);
	pci_fixture_expect_clean(test);
}

static struct kunit_case pci_features_cases[] = {
	KUNIT_CASE(test_taken),
	KUNIT_CASE(test_not_wanted),
	KUNIT_CASE(test_not_offered),
	KUNIT_CASE(test_used),
	KUNIT_CASE(test_repeats_all),
	KUNIT_CASE(test_repeats_second_half),
	KUNIT_CASE(test_offers_change),
	KUNIT_CASE(test_library),
	{}
};

static struct kunit_suite pci_features_suite = {
	.name = "virtio-pci-features",
	.init = pci_fixture_init,
	.exit = pci_fixture_exit,
	.test_cases = pci_features_cases,
};

kunit_test_suite(pci_features_suite);
