// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the PCI transport when its bus has run into an error: what it answers to AER,
 * DPC and EEH, and what becomes of the device (Documentation/PCI/pci-error-recovery.rst).
 */
#include <linux/delay.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <linux/virtio_config.h>

#include "pci_fixture.h"

#define BUS_LIMIT_S	180
/* A timer of so many seconds is up to an eighth of them late. */
#define AFTER_LIMIT_MS	(BUS_LIMIT_S * MSEC_PER_SEC * 5 / 4)

static u16 command(struct kunit *test)
{
	return get_unaligned_le16(CARD(test)->pci.space + PCI_COMMAND);
}

/* What a reset of the slot leaves of a card: neither addresses nor vectors, nor queues. */
static void reset_slot(struct kunit *test)
{
	struct virtio_card *card = CARD(test);
	int bar;

	pci_card_set(&card->pci, PCI_COMMAND, 2, 0);
	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		pci_card_set(&card->pci, PCI_BASE_ADDRESS_0 + 4 * bar, 4, 0);
	memset(card->pci.msix, 0, sizeof(card->pci.msix));
	soft_device_write(&card->dev, SOFT_STATUS, 0);
}

static bool is_back(void)
{
	return soft_driver.vdev && soft_driver.found && soft_driver.back == soft_driver.found;
}

/* Brought back by workers, which take as long as they like. */
static void expect_back(struct kunit *test)
{
	int tries = 1000;

	while (!is_back() && tries--)
		msleep(20);
	soft_driver_expect_works(test);
	KUNIT_EXPECT_EQ(test, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER,
			command(test) & (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER));
}

/* As long as nobody asks for more, a device that works is not touched. */
static void test_non_fatal(struct kunit *test)
{
	struct pci_dev *pdev = card_plugged(test);
	unsigned int accesses;

	/* What was put off when it came is over. */
	msleep(1000);
	accesses = CARD(test)->dev.accesses;
	KUNIT_EXPECT_EQ(test, PCI_ERS_RESULT_CAN_RECOVER,
			card_handlers(pdev)->error_detected(pdev, pci_channel_io_normal));
	KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(soft_driver.vqs[0]));
	KUNIT_EXPECT_EQ(test, 0, soft_driver_post(0));
	KUNIT_EXPECT_EQ(test, soft_driver.found + 1, soft_driver.back);
	card_handlers(pdev)->resume(pdev);
	msleep(1000);
	KUNIT_EXPECT_EQ(test, 0, soft_driver_post(1));
	KUNIT_EXPECT_EQ(test, soft_driver.found + 2, soft_driver.back);
	/* Two notifications. */
	KUNIT_EXPECT_EQ(test, accesses + 2, CARD(test)->dev.accesses);
	kernel_log_expect_quiet(test);
	pci_fixture_expect_clean(test);
}

static void stop_by_error(struct kunit *test, struct pci_dev *pdev)
{
	KUNIT_EXPECT_EQ(test, PCI_ERS_RESULT_NEED_RESET,
			card_handlers(pdev)->error_detected(pdev, pci_channel_io_frozen));
	KUNIT_EXPECT_FALSE(test, command(test) & PCI_COMMAND_MASTER);
}

static void reset_and_resume(struct kunit *test, struct pci_dev *pdev)
{
	soft_driver.back = 0;
	reset_slot(test);
	KUNIT_EXPECT_EQ(test, PCI_ERS_RESULT_RECOVERED, card_handlers(pdev)->slot_reset(pdev));
	card_handlers(pdev)->resume(pdev);
	expect_back(test);
}

/* With its addresses, its vectors and its queues; and a second time. */
static void test_slot_reset(struct kunit *test)
{
	struct pci_dev *pdev = card_plugged(test);
	int times;

	for (times = 0; times < 2; times++) {
		stop_by_error(test, pdev);
		reset_and_resume(test, pdev);
	}
	/* Its limit is over. */
	msleep(AFTER_LIMIT_MS);
	KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(soft_driver.vqs[0]));
	pci_fixture_expect_clean(test);
	pci_fixture_expect_honest_works(test);
}

/* Where the error was not fatal, and another function of the slot needs the reset. */
static void test_slot_reset_of_others(struct kunit *test)
{
	struct pci_dev *pdev = card_plugged(test);

	KUNIT_EXPECT_EQ(test, PCI_ERS_RESULT_CAN_RECOVER,
			card_handlers(pdev)->error_detected(pdev, pci_channel_io_normal));
	reset_and_resume(test, pdev);
	pci_fixture_expect_clean(test);
	pci_fixture_expect_honest_works(test);
}

#ifdef CONFIG_PM_SLEEP
/* The state that is restored is one with addresses, also once it was restored before. */
static void test_slot_reset_after_sleep(struct kunit *test)
{
	struct pci_dev *pdev = card_plugged(test);
	const struct dev_pm_ops *pm = pdev->dev.driver->pm;

	KUNIT_EXPECT_EQ(test, 0, pm->freeze(&pdev->dev));
	soft_device_write(&CARD(test)->dev, SOFT_STATUS, 0);
	pdev->state_saved = false;
	KUNIT_EXPECT_EQ(test, 0, pm->restore(&pdev->dev));
	KUNIT_EXPECT_TRUE(test, pdev->state_saved);
	stop_by_error(test, pdev);
	reset_and_resume(test, pdev);
	pci_fixture_expect_clean(test);
}
#endif

static void expect_ended(struct kunit *test, const char *words)
{
	KUNIT_EXPECT_TRUE(test, soft_driver.vdev->lost);
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(soft_driver.vqs[0]));
	KUNIT_EXPECT_FALSE(test, command(test) & PCI_COMMAND_MASTER);
	if (words)
		kernel_log_expect_one(test, words);
	soft_driver_start_clock();
	pci_fixture_expect_clean(test);
	soft_driver_expect_within(test, 1);
	pci_fixture_expect_honest_works(test);
}

/* When its recovery fails, the bus says nothing: that has a limit. */
static void test_never_reset(struct kunit *test)
{
	struct pci_dev *pdev = card_plugged(test);

	stop_by_error(test, pdev);
	msleep(BUS_LIMIT_S / 2 * MSEC_PER_SEC);
	KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(soft_driver.vqs[0]));
	msleep(AFTER_LIMIT_MS - BUS_LIMIT_S / 2 * MSEC_PER_SEC);
	expect_ended(test, "no end of its recovery within 180 s, given up");
}

/* Another function has failed after this one was reset. */
static void test_never_resumed(struct kunit *test)
{
	struct pci_dev *pdev = card_plugged(test);

	stop_by_error(test, pdev);
	reset_slot(test);
	KUNIT_EXPECT_EQ(test, PCI_ERS_RESULT_RECOVERED, card_handlers(pdev)->slot_reset(pdev));
	msleep(AFTER_LIMIT_MS);
	expect_ended(test, "no end of its recovery within 180 s, given up");
}

/* Unplugged meanwhile: the limit ends nothing else. */
static void test_unplugged_while_stopped(struct kunit *test)
{
	struct pci_dev *pdev = card_plugged(test);

	stop_by_error(test, pdev);
	soft_driver_start_clock();
	pci_fixture_expect_clean(test);
	soft_driver_expect_within(test, 1);
	pci_fixture_again(test);
	KUNIT_EXPECT_EQ(test, 0, pci_fixture_try(test));
	msleep(AFTER_LIMIT_MS);
	soft_driver_expect_works(test);
	pci_fixture_expect_clean(test);
}

static void test_for_good(struct kunit *test)
{
	struct pci_dev *pdev = card_plugged(test);

	stop_by_error(test, pdev);
	KUNIT_EXPECT_EQ(test, PCI_ERS_RESULT_DISCONNECT,
			card_handlers(pdev)->error_detected(pdev, pci_channel_io_perm_failure));
	expect_ended(test, NULL);
}

/* Its slot was reset, and there is no room for its addresses any more. */
static void test_not_enabled(struct kunit *test)
{
	struct pci_dev *pdev = card_plugged(test);

	stop_by_error(test, pdev);
	reset_slot(test);
	pdev->resource[VIRTIO_CARD_BAR].flags |= IORESOURCE_UNSET;
	KUNIT_EXPECT_EQ(test, PCI_ERS_RESULT_DISCONNECT, card_handlers(pdev)->slot_reset(pdev));
	pdev->resource[VIRTIO_CARD_BAR].flags &= ~IORESOURCE_UNSET;
	expect_ended(test, NULL);
}

/* What is there now has shorter queues: the rings, which stay, don't fit. */
static void test_back_with_less(struct kunit *test)
{
	struct pci_dev *pdev = card_plugged(test);

	stop_by_error(test, pdev);
	reset_slot(test);
	CARD(test)->dev.lie = (struct soft_lie) { SOFT_QUEUE_SIZE, SOFT_QUEUE_MAX_SIZE / 2 };
	KUNIT_EXPECT_EQ(test, PCI_ERS_RESULT_RECOVERED, card_handlers(pdev)->slot_reset(pdev));
	card_handlers(pdev)->resume(pdev);
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(soft_driver.vqs[0]));
	KUNIT_EXPECT_TRUE(test, CARD(test)->dev.regs[SOFT_STATUS] & VIRTIO_CONFIG_S_FAILED);
	pci_fixture_expect_clean(test);
	pci_fixture_expect_honest_works(test);
}

static struct kunit_case pci_errors_cases[] = {
	KUNIT_CASE(test_non_fatal),
	KUNIT_CASE(test_slot_reset),
	KUNIT_CASE(test_slot_reset_of_others),
#ifdef CONFIG_PM_SLEEP
	KUNIT_CASE(test_slot_reset_after_sleep),
#endif
	KUNIT_CASE(test_never_reset),
	KUNIT_CASE(test_never_resumed),
	KUNIT_CASE(test_unplugged_while_stopped),
	KUNIT_CASE(test_for_good),
	KUNIT_CASE(test_not_enabled),
	KUNIT_CASE(test_back_with_less),
	{}
};

static struct kunit_suite pci_errors_suite = {
	.name = "virtio-pci-errors",
	.init = pci_fixture_init,
	.exit = pci_fixture_exit,
	.test_cases = pci_errors_cases,
};

kunit_test_suite(pci_errors_suite);
