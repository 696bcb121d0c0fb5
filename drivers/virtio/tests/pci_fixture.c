// SPDX-License-Identifier: GPL-2.0
/*
 * What the tests of the PCI transport have in common; see pci_fixture.h.
 */
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "pci_fixture.h"

static void leave(struct kunit *test)
{
	CARD(test)->dev.gone = true;
	CARD(test)->pci.gone = true;
}

/**
 * pci_fixture_init - a bus, an honest card that is not plugged in yet, and a driver
 * @test: the test; its private pointer is the card
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
int pci_fixture_init(struct kunit *test)
{
	struct virtio_card *card = kunit_kzalloc(test, sizeof(*card), GFP_KERNEL);
	int err;

	if (!card)
		return -ENOMEM;
	virtio_card_init(card, CARD_FEATURES, CARD_VECTORS);
	test->priv = card;
	soft_place = (struct soft_place) {
		.dev = &card->dev,
		.try = pci_fixture_try,
		.leave = leave,
		.expect_clean = pci_fixture_expect_clean,
		.expect_honest_works = pci_fixture_expect_honest_works,
	};
	err = pci_host_init(test);
	if (err)
		return err;
	err = soft_driver_init();
	if (err)
		pci_host_exit(test);
	return err;
}

/**
 * pci_fixture_exit - the other way
 * @test: the test
 *
 * Context: may sleep.
 */
void pci_fixture_exit(struct kunit *test)
{
	pci_host_unplug(test);
	soft_driver_exit();
	pci_host_exit(test);
}

/**
 * pci_fixture_try - plug the card in and have the transport probe it
 * @test: the test
 *
 * Context: may sleep.
 * Return: 0 or the error of the transport; that of the driver is in soft_driver.
 */
int pci_fixture_try(struct kunit *test)
{
	kernel_log_mark();
	KUNIT_ASSERT_NOT_NULL(test, pci_host_plug(test, &CARD(test)->pci));
	return pci_host_bind(test, "virtio-pci");
}

/* Nothing is left of a card that is unplugged, and nobody reached beyond its BARs. */
void pci_fixture_expect_clean(struct kunit *test)
{
	unsigned int strays = pci_host_strays();

	pci_host_unplug(test);
	KUNIT_EXPECT_EQ(test, 0, strays);
	KUNIT_EXPECT_EQ(test, 0, pci_host_strays());
	KUNIT_EXPECT_EQ(test, 0, pci_host_maps());
	KUNIT_EXPECT_NULL(test, soft_driver.vdev);
}

static bool is_legacy(const struct virtio_card *card)
{
	return get_unaligned_le16(card->pci.space + PCI_DEVICE_ID) < 0x1040;
}

/* Another honest card of the same kind. */
void pci_fixture_again(struct kunit *test)
{
	if (is_legacy(CARD(test)))
		legacy_card_init(CARD(test), CARD_VECTORS);
	else
		virtio_card_init(CARD(test), CARD_FEATURES, CARD_VECTORS);
	soft_driver_again();
}

/**
 * pci_fixture_init_legacy - the same with a legacy card
 * @test: the test, which is skipped in a kernel that can't drive one
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
int pci_fixture_init_legacy(struct kunit *test)
{
	int err = pci_fixture_init(test);

	if (!err && !IS_ENABLED(CONFIG_VIRTIO_PCI_LEGACY)) {
		pci_fixture_exit(test);
		kunit_skip(test, "no support for legacy devices");
	}
	if (!err)
		legacy_card_init(CARD(test), CARD_VECTORS);
	return err;
}

/* After that, an honest card in the same slot works. */
void pci_fixture_expect_honest_works(struct kunit *test)
{
	pci_fixture_again(test);
	KUNIT_EXPECT_EQ(test, 0, pci_fixture_try(test));
	soft_driver_expect_works(test);
	pci_fixture_expect_clean(test);
	kernel_log_expect_quiet(test);
}

void pci_fixture_describe(const struct pci_lie *lie, char *desc)
{
	strscpy(desc, lie->name, KUNIT_PARAM_DESC_SIZE);
}

/* What comes of the test's lie for a driver that takes all queues at once. */
void pci_fixture_lie_at_once(struct kunit *test)
{
	const struct pci_lie *lie = test->param_value;

	soft_expect_at_once(test, lie->lie, lie->err, lie->words);
}

/* And for one that takes them one by one. */
void pci_fixture_lie_one_by_one(struct kunit *test)
{
	const struct pci_lie *lie = test->param_value;

	soft_expect_one_by_one(test, lie->lie, lie->single, lie->words);
}

/**
 * card_plugged - the card in its slot, at work with the driver of the tests
 * @test: the test
 *
 * Context: may sleep.
 * Return: it, as the PCI core has it.
 */
struct pci_dev *card_plugged(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, 0, pci_fixture_try(test));
	KUNIT_ASSERT_NOT_NULL(test, soft_driver.vdev);
	soft_driver_expect_works(test);
	return to_pci_dev(soft_driver.vdev->dev.parent);
}

/**
 * card_handlers - what the PCI core calls at a reset or an error
 * @pdev: the card, bound to virtio_pci
 *
 * Context: any.
 * Return: the operations.
 */
const struct pci_error_handlers *card_handlers(struct pci_dev *pdev)
{
	return to_pci_driver(pdev->dev.driver)->err_handler;
}
