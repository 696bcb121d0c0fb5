// SPDX-License-Identifier: GPL-2.0
/*
 * A device of a type that the core has no layout of, whose driver brings one: by type, by the
 * accessors of Linux 6.12, and by get and set with an offset, as drivers called them until
 * then.  On devices on PCI, in memory, and on a page.
 */
#include "page_fixture.h"
#ifdef CONFIG_VIRTIO_KUNIT_SOFT_IO
#include "mmio_fixture.h"
#include "pci_fixture.h"
#endif

static const u8 address[] = { 5, 6, 7, 8, 9, 10 };

static struct virtio_device *start(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, 0, soft_place.try(test));
	KUNIT_ASSERT_NOT_NULL(test, soft_driver.vdev);
	if (soft_place.dev)
		memset(soft_place.dev->widths, 0, sizeof(soft_place.dev->widths));
	return soft_driver.vdev;
}

/* Of a device with registers: bytes are accessed one by one, a number in one go. */
static void expect_widths(struct kunit *test, u32 number)
{
	unsigned int i;

	if (!soft_place.dev)
		return;
	KUNIT_EXPECT_EQ(test, number, soft_place.dev->widths[0]);
	for (i = 1; i < 4; i++)
		KUNIT_EXPECT_EQ(test, 0, soft_place.dev->widths[i]);
	for (i = 4; i < 14; i++)
		KUNIT_EXPECT_EQ(test, 1, soft_place.dev->widths[i]);
}

static void *find(struct kunit *test, struct virtio_device *vdev, u8 type, unsigned int expected)
{
	unsigned int len;
	void *token = vdev->config->find(vdev, type, &len);

	KUNIT_ASSERT_NOT_NULL(test, token);
	KUNIT_ASSERT_EQ(test, expected, len);
	return token;
}

static void test_by_type(struct kunit *test)
{
	struct virtio_device *vdev = start(test);
	u8 bytes[6] = { };
	void *token;
	u32 number;

	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(vdev, SOFT_NUMBER, &number));
	KUNIT_EXPECT_EQ(test, 0x04030201, number);
	token = find(test, vdev, SOFT_NAME, 4);
	vdev->config->get(vdev, token, bytes, 4);
	KUNIT_EXPECT_MEMEQ(test, bytes, "\x0b\x0c\x0d\x0e", 4);
	token = find(test, vdev, SOFT_ADDRESS, 6);
	vdev->config->get(vdev, token, bytes, 6);
	KUNIT_EXPECT_MEMEQ(test, bytes, address, 6);
	expect_widths(test, 4);

	if (soft_place.dev)
		memset(soft_place.dev->widths + 4, 0, 6);
	vdev->config->set(vdev, token, "abcdef", 6);
	vdev->config->get(vdev, token, bytes, 6);
	KUNIT_EXPECT_MEMEQ(test, bytes, "abcdef", 6);
	expect_widths(test, 4);
	soft_place.expect_clean(test);
	kernel_log_expect_quiet(test);
}

static void test_by_member(struct kunit *test)
{
	struct virtio_device *vdev = start(test);
	u8 bytes[6];
	u32 number;

	virtio_cread_le(vdev, struct soft_config, number, &number);
	KUNIT_EXPECT_EQ(test, 0x04030201, number);
	virtio_cread_bytes(vdev, offsetof(struct soft_config, address), bytes, 6);
	KUNIT_EXPECT_MEMEQ(test, bytes, address, 6);
	number = 0x11223344;
	virtio_cwrite_le(vdev, struct soft_config, number, &number);
	KUNIT_EXPECT_EQ(test, 0x3344, virtio_cread16(vdev, 0));
	soft_place.expect_clean(test);
	kernel_log_expect_quiet(test);
}

/* What get and set took until Linux 6.12.  Offset 0 is a null pointer. */
static void *at(unsigned int offset)
{
	return (void *)(unsigned long)offset;
}

static void test_get_by_offset(struct kunit *test)
{
	struct virtio_device *vdev = start(test);
	unsigned long flags;
	__le32 number;
	u8 bytes[6];

	vdev->config->get(vdev, NULL, &number, sizeof(number));
	KUNIT_EXPECT_EQ(test, 0x04030201, le32_to_cpu(number));
	local_irq_save(flags);
	vdev->config->get(vdev, at(offsetof(struct soft_config, address)), bytes, 6);
	local_irq_restore(flags);
	KUNIT_EXPECT_MEMEQ(test, bytes, address, 6);

	number = cpu_to_le32(7);
	vdev->config->set(vdev, NULL, &number, sizeof(number));
	vdev->config->set(vdev, at(offsetof(struct soft_config, address)), "abcdef", 6);
	virtio_cread_bytes(vdev, 0, bytes, 6);
	KUNIT_EXPECT_MEMEQ(test, bytes, "\7\0\0\0ab", 6);

	/* Behind the end there is nothing. */
	vdev->config->get(vdev, at(VIRTIO_MOST_CONFIG - 4), bytes, 4);
	vdev->config->set(vdev, at(VIRTIO_MOST_CONFIG - 4), bytes, 4);
	KUNIT_EXPECT_NULL(test, memchr_inv(bytes, 0, 4));
	soft_place.expect_clean(test);
	kernel_log_expect_quiet(test);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_by_type),
	KUNIT_CASE(test_by_member),
	KUNIT_CASE(test_get_by_offset),
	{}
};

static struct kunit_suite page_suite = {
	.name = "virtio-own-layout-page",
	.init = page_fixture_init,
	.exit = page_fixture_exit,
	.test_cases = cases,
};

kunit_test_suite(page_suite);

#ifdef CONFIG_VIRTIO_KUNIT_SOFT_IO
/* A card without the structure: drivers of the tree look whether there is a get. */
static void test_no_structure(struct kunit *test)
{
	struct virtio_device *vdev;
	u32 number;

	pci_card_set(&CARD(test)->pci,
		     CARD(test)->device + offsetof(struct virtio_pci_cap, cfg_type), 1, 0x7f);
	vdev = start(test);
	KUNIT_EXPECT_NULL(test, vdev->config->get);
	KUNIT_EXPECT_EQ(test, 0, virtio_cread8(vdev, 0));
	KUNIT_EXPECT_EQ(test, -ENOENT, virtio_config_val(vdev, SOFT_NUMBER, &number));
	pci_fixture_expect_clean(test);
	kernel_log_expect_quiet(test);
}

static struct kunit_case pci_cases[] = {
	KUNIT_CASE(test_by_type),
	KUNIT_CASE(test_by_member),
	KUNIT_CASE(test_get_by_offset),
	KUNIT_CASE(test_no_structure),
	{}
};

static struct kunit_suite pci_suite = {
	.name = "virtio-own-layout-pci",
	.init = pci_fixture_init,
	.exit = pci_fixture_exit,
	.test_cases = pci_cases,
};

static struct kunit_suite mmio_suite = {
	.name = "virtio-own-layout-mmio",
	.init = mmio_fixture_init,
	.exit = mmio_fixture_exit,
	.test_cases = cases,
};

kunit_test_suites(&pci_suite, &mmio_suite);
#endif
