// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of resets over each transport: devices that take one alone, that
 * refuse it, that never finish it, and that take long (virtio 1.3, 2.4).
 */
#include "mmio_fixture.h"
#include "page_fixture.h"
#include "pci_fixture.h"
#include "soft_reset.h"
#include "vdpa_fixture.h"
#include "visible.h"

static void test_one_reset(struct kunit *test)
{
	soft_expect_one_reset(test);
}

static void test_refused(struct kunit *test)
{
	soft_expect_refusal(test);
}

static void test_shutdown_refused(struct kunit *test)
{
	soft_expect_shutdown(test, SOFT_RESET_REFUSED, "refuses a reset");
}

static void test_shutdown_endless(struct kunit *test)
{
	soft_expect_shutdown(test, SOFT_RESET_ENDLESS, "while the machine goes down");
}

static void test_limit(struct kunit *test)
{
	soft_expect_limit(test, "for 3 s after a reset, expected 0: cut off");
}

static void test_patience(struct kunit *test)
{
	soft_expect_patience(test);
}

#ifdef CONFIG_PM_SLEEP
static void test_wakes_later(struct kunit *test)
{
	soft_expect_wakes_later(test);
}
#endif

/*
 * A card that did not follow a reset is cut off from memory, until it has followed one.
 */

static bool is_master(struct kunit *test)
{
	return CARD(test)->pci.space[PCI_COMMAND] & PCI_COMMAND_MASTER;
}

static struct device *lose_card(struct kunit *test)
{
	struct device *dev;

	KUNIT_ASSERT_EQ(test, 0, pci_fixture_try(test));
	KUNIT_ASSERT_NOT_NULL(test, soft_driver.vdev);
	dev = &soft_driver.vdev->dev;
	KUNIT_EXPECT_TRUE(test, is_master(test));
	soft_reset_behave(SOFT_RESET_ENDLESS);
	device_release_driver(dev);
	KUNIT_EXPECT_FALSE(test, is_master(test));
	soft_driver_again();
	return dev;
}

/* As the PCI core does it for a function-level reset. */
static void reset_function(struct device *dev, bool helps)
{
	struct pci_dev *pdev = to_pci_dev(dev->parent);

	pdev->driver->err_handler->reset_prepare(pdev);
	if (helps) {
		soft_reset_behave(SOFT_RESET_DONE);
		soft_device_write(soft_place.dev, SOFT_STATUS, 0);
	}
	pdev->driver->err_handler->reset_done(pdev);
}

static void test_function_reset(struct kunit *test)
{
	struct device *dev = lose_card(test);

	reset_function(dev, true);
	KUNIT_EXPECT_EQ(test, 1, device_attach(dev));
	soft_driver_expect_works(test);
	KUNIT_EXPECT_TRUE(test, is_master(test));
	pci_fixture_expect_clean(test);
	pci_fixture_expect_honest_works(test);
}

static void test_function_reset_in_vain(struct kunit *test)
{
	struct device *dev = lose_card(test);

	reset_function(dev, false);
	KUNIT_EXPECT_NE(test, 1, device_attach(dev));
	KUNIT_EXPECT_FALSE(test, is_master(test));
	pci_fixture_expect_clean(test);
	pci_fixture_expect_honest_works(test);
}

#define PCI_CASES				\
	KUNIT_CASE(test_function_reset),	\
	KUNIT_CASE(test_function_reset_in_vain)

#define ALL_PLACES				\
	KUNIT_CASE(test_one_reset),		\
	KUNIT_CASE(test_refused),		\
	KUNIT_CASE(test_shutdown_refused),	\
	KUNIT_CASE(test_shutdown_endless),	\
	KUNIT_CASE(test_limit)

#define CASES					\
	ALL_PLACES,				\
	KUNIT_CASE(test_patience)

#ifdef CONFIG_PM_SLEEP
#define SLEEP_CASES	KUNIT_CASE(test_wakes_later)
#else
#define SLEEP_CASES	{}
#endif

static struct kunit_case page_cases[] = { ALL_PLACES, {} };
static struct kunit_case pci_cases[] = { CASES, PCI_CASES, SLEEP_CASES, {} };
static struct kunit_case pci_legacy_cases[] = { CASES, PCI_CASES, SLEEP_CASES, {} };
static struct kunit_case mmio_cases[] = { CASES, SLEEP_CASES, {} };
static struct kunit_case mmio_legacy_cases[] = { CASES, SLEEP_CASES, {} };
static struct kunit_case mmio_slow_cases[] = { CASES, SLEEP_CASES, {} };

static struct kunit_suite pci_suite = {
	.name = "virtio-reset-pci",
	.init = pci_fixture_init,
	.exit = pci_fixture_exit,
	.test_cases = pci_cases,
};

static int pci_legacy_init(struct kunit *test)
{
	return pci_fixture_init_legacy(test);
}

static struct kunit_suite pci_legacy_suite = {
	.name = "virtio-reset-pci-legacy",
	.init = pci_legacy_init,
	.exit = pci_fixture_exit,
	.test_cases = pci_legacy_cases,
};

static struct kunit_suite mmio_suite = {
	.name = "virtio-reset-mmio",
	.init = mmio_fixture_init,
	.exit = mmio_fixture_exit,
	.test_cases = mmio_cases,
};

static int mmio_legacy_init(struct kunit *test)
{
	int err = mmio_fixture_init(test);

	if (!err)
		mmio_fixture_again(test, 1);
	return err;
}

static int mmio_slow_init(struct kunit *test)
{
	int err = mmio_fixture_init(test);

	if (!err)
		mmio_fixture_again(test, 3);
	return err;
}

static struct kunit_suite mmio_legacy_suite = {
	.name = "virtio-reset-mmio-legacy",
	.init = mmio_legacy_init,
	.exit = mmio_fixture_exit,
	.test_cases = mmio_legacy_cases,
};

#ifdef CONFIG_VIRTIO_KUNIT_VDPA
static struct kunit_case vdpa_cases[] = { CASES, {} };

static struct kunit_suite vdpa_suite = {
	.name = "virtio-reset-vdpa",
	.init = vdpa_fixture_init,
	.exit = vdpa_fixture_exit,
	.test_cases = vdpa_cases,
};

kunit_test_suite(vdpa_suite);
#endif

/* Version 3 of the registers is for devices that need time for a reset. */
static struct kunit_suite mmio_slow_suite = {
	.name = "virtio-reset-mmio-slow",
	.init = mmio_slow_init,
	.exit = mmio_fixture_exit,
	.test_cases = mmio_slow_cases,
};

static struct kunit_suite page_suite = {
	.name = "virtio-reset-page",
	.init = page_fixture_init,
	.exit = page_fixture_exit,
	.test_cases = page_cases,
};

kunit_test_suites(&pci_suite, &pci_legacy_suite, &mmio_suite, &mmio_legacy_suite,
		  &mmio_slow_suite, &page_suite);
