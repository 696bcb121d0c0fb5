// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of a reset of a PCI function that somebody asks for: the device comes back beneath its
 * driver, or by operations of the driver, and never by both.
 */
#include <linux/delay.h>
#include <linux/unaligned.h>
#include <linux/workqueue.h>

#include "pci_fixture.h"
#include "../core.h"

/* As the PCI core does it, in two halves: addresses are saved and restored, vectors not. */
static void begin_reset(struct pci_dev *pdev)
{
	card_handlers(pdev)->reset_prepare(pdev);
	pci_save_state(pdev);
}

static void end_reset(struct kunit *test, struct pci_dev *pdev)
{
	struct virtio_card *card = CARD(test);
	int bar;

	pci_card_set(&card->pci, PCI_COMMAND, 2, 0);
	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		pci_card_set(&card->pci, PCI_BASE_ADDRESS_0 + 4 * bar, 4, 0);
	memset(card->pci.msix, 0, sizeof(card->pci.msix));
	soft_device_write(&card->dev, SOFT_STATUS, 0);
	pci_restore_state(pdev);
	card_handlers(pdev)->reset_done(pdev);
}

static void expect_back(struct kunit *test)
{
	int tries = 100;

	while (soft_driver.back != soft_driver.found && tries--)
		msleep(20);
	soft_driver_expect_works(test);
	KUNIT_EXPECT_FALSE(test, soft_driver.unsafe);
}

/* Its driver has the device work until it lets go of it, and again afterwards; and twice. */
static void test_by_driver(struct kunit *test)
{
	struct virtio_device *vdev;
	struct pci_dev *pdev;
	unsigned int times;

	soft_driver_sees_to_resets(false);
	pdev = card_plugged(test);
	vdev = soft_driver.vdev;
	for (times = 1; times <= 2; times++) {
		begin_reset(pdev);
		KUNIT_EXPECT_EQ(test, times, soft_driver.prepares);
		KUNIT_EXPECT_EQ(test, times - 1, soft_driver.dones);
		KUNIT_EXPECT_NULL(test, soft_driver.vdev);
		KUNIT_EXPECT_TRUE(test, list_empty(&vdev->vqs));
		end_reset(test, pdev);
		KUNIT_EXPECT_EQ(test, times, soft_driver.dones);
		KUNIT_EXPECT_PTR_EQ(test, vdev, soft_driver.vdev);
		expect_back(test);
	}
	/* Nothing else brings it back later. */
	msleep(1000);
	KUNIT_EXPECT_EQ(test, 2, soft_driver.dones);
	expect_back(test);
	kernel_log_expect_quiet(test);
	pci_fixture_expect_clean(test);
	pci_fixture_expect_honest_works(test);
}

/* The core can do it beneath the driver, which is not asked. */
static void test_beneath(struct kunit *test)
{
	struct pci_dev *pdev;

	soft_driver_sees_to_resets(true);
	pdev = card_plugged(test);
	begin_reset(pdev);
	KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(soft_driver.vqs[0]));
	soft_driver.back = 0;
	KUNIT_EXPECT_EQ(test, 0, soft_driver_post(0));
	KUNIT_EXPECT_EQ(test, 0, soft_driver.back);
	end_reset(test, pdev);
	msleep(1000);
	/* What was asked for meanwhile was not lost. */
	KUNIT_EXPECT_EQ(test, 1, soft_driver.back);
	KUNIT_EXPECT_EQ(test, 0, soft_driver.prepares);
	KUNIT_EXPECT_EQ(test, 0, soft_driver.dones);
	soft_driver.back = soft_driver.found;
	soft_driver_expect_works(test);
	pci_fixture_expect_clean(test);
	pci_fixture_expect_honest_works(test);
}

/* An administrator does not want that: the driver is asked. */
static void test_recovery_off(struct kunit *test)
{
	struct pci_dev *pdev;

	soft_driver_sees_to_resets(true);
	pdev = card_plugged(test);
	soft_driver.vdev->recovery_off = true;
	begin_reset(pdev);
	end_reset(test, pdev);
	KUNIT_EXPECT_EQ(test, 1, soft_driver.prepares);
	KUNIT_EXPECT_EQ(test, 1, soft_driver.dones);
	expect_back(test);
	pci_fixture_expect_clean(test);
}

/* It can't stop using the device, which is reset all the same, and out of use then. */
static void test_prepare_fails(struct kunit *test)
{
	struct pci_dev *pdev;

	soft_driver_sees_to_resets(false);
	pdev = card_plugged(test);
	soft_driver.prepare_err = -EBUSY;
	begin_reset(pdev);
	end_reset(test, pdev);
	KUNIT_EXPECT_EQ(test, 1, soft_driver.prepares);
	KUNIT_EXPECT_EQ(test, 0, soft_driver.dones);
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(soft_driver.vqs[0]));
	pci_fixture_expect_clean(test);
	pci_fixture_expect_honest_works(test);
}

/* What there is after the reset is no such device any more. */
static void test_done_fails(struct kunit *test)
{
	struct pci_dev *pdev;

	soft_driver_sees_to_resets(false);
	pdev = card_plugged(test);
	begin_reset(pdev);
	CARD(test)->dev.lie = (struct soft_lie) { SOFT_QUEUE_SIZE, 0 };
	end_reset(test, pdev);
	KUNIT_EXPECT_EQ(test, 1, soft_driver.dones);
	KUNIT_EXPECT_NE(test, 0, soft_driver.err);
	KUNIT_EXPECT_TRUE(test, CARD(test)->dev.regs[SOFT_STATUS] & VIRTIO_CONFIG_S_FAILED);
	KUNIT_EXPECT_NE(test, 0, kernel_log_complaints());
	pci_fixture_expect_clean(test);
	pci_fixture_expect_honest_works(test);
}

/* A bus that has run into an error resets a device that does not work: no driver is asked. */
static void test_error(struct kunit *test)
{
	struct pci_dev *pdev;

	soft_driver_sees_to_resets(false);
	pdev = card_plugged(test);
	KUNIT_EXPECT_EQ(test, PCI_ERS_RESULT_NEED_RESET,
			card_handlers(pdev)->error_detected(pdev, pci_channel_io_frozen));
	KUNIT_EXPECT_EQ(test, PCI_ERS_RESULT_RECOVERED, card_handlers(pdev)->slot_reset(pdev));
	card_handlers(pdev)->resume(pdev);
	KUNIT_EXPECT_EQ(test, 0, soft_driver.prepares);
	KUNIT_EXPECT_EQ(test, 0, soft_driver.dones);
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(soft_driver.vqs[0]));
	pci_fixture_expect_clean(test);
}

/* No driver, then none that is to be asked. */
static void test_no_driver(struct kunit *test)
{
	struct virtio_device *vdev;
	struct pci_dev *pdev;

	soft_driver_sees_to_resets(false);
	pdev = card_plugged(test);
	vdev = soft_driver.vdev;
	device_release_driver(&vdev->dev);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, virtio_device_reset_prepare(vdev));
	pci_save_state(pdev);
	end_reset(test, pdev);
	KUNIT_EXPECT_EQ(test, 0, soft_driver.prepares);
	KUNIT_EXPECT_EQ(test, 0, soft_driver.dones);
	soft_driver_again();
	KUNIT_EXPECT_EQ(test, 1, device_attach(&vdev->dev));
	soft_driver_expect_works(test);
	pci_fixture_expect_clean(test);
}

static struct device *to_unbind;

static void unbind(struct work_struct *work)
{
	device_release_driver(to_unbind);
}

static DECLARE_WORK(unbind_work, unbind);

/* Its driver is to go just then: it starts again first, and leaves a device that is its own. */
static void test_unbound_meanwhile(struct kunit *test)
{
	struct virtio_device *vdev;
	struct pci_dev *pdev;

	soft_driver_sees_to_resets(false);
	pdev = card_plugged(test);
	vdev = soft_driver.vdev;
	begin_reset(pdev);
	to_unbind = &vdev->dev;
	queue_work(system_unbound_wq, &unbind_work);
	msleep(100);
	KUNIT_EXPECT_NOT_NULL(test, READ_ONCE(vdev->dev.driver));
	end_reset(test, pdev);
	flush_work(&unbind_work);
	KUNIT_EXPECT_EQ(test, 1, soft_driver.dones);
	KUNIT_EXPECT_NULL(test, vdev->dev.driver);
	KUNIT_EXPECT_NULL(test, soft_driver.vdev);
	KUNIT_EXPECT_FALSE(test, soft_driver.unsafe);
	kernel_log_expect_quiet(test);
	pci_fixture_expect_clean(test);
}

static int seven(struct device *dev)
{
	return 7;
}

/* How a block layer finds the CPUs of a vector, and how many virtual functions there are. */
static void test_bus(struct kunit *test)
{
	static const struct bus_type of_parent = { .name = "of-parent", .num_vf = seven };
	struct virtio_device *vdev, *other;
	const struct bus_type *bus;
	struct device *parent;
	unsigned int i;

	card_plugged(test);
	vdev = soft_driver.vdev;
	bus = vdev->dev.bus;
	for (i = 0; i < SOFT_QUEUES; i++)
		KUNIT_EXPECT_PTR_EQ(test, vdev->config->get_vq_affinity(vdev, i),
				    bus->irq_get_affinity(&vdev->dev, i));
	KUNIT_EXPECT_EQ(test, 0, dev_num_vf(&vdev->dev));
	other = kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);
	parent = kunit_kzalloc(test, sizeof(*parent), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, other);
	KUNIT_ASSERT_NOT_NULL(test, parent);
	other->config = vdev->config;
	KUNIT_EXPECT_EQ(test, 0, bus->num_vf(&other->dev));
	other->dev.parent = parent;
	parent->bus = &of_parent;
	KUNIT_EXPECT_EQ(test, 7, bus->num_vf(&other->dev));
	pci_fixture_expect_clean(test);
}

static struct kunit_case bus_reset_cases[] = {
	KUNIT_CASE(test_by_driver),
	KUNIT_CASE(test_beneath),
	KUNIT_CASE(test_recovery_off),
	KUNIT_CASE(test_prepare_fails),
	KUNIT_CASE(test_done_fails),
	KUNIT_CASE(test_error),
	KUNIT_CASE(test_no_driver),
	KUNIT_CASE(test_unbound_meanwhile),
	KUNIT_CASE(test_bus),
	{}
};

static struct kunit_suite bus_reset_suite = {
	.name = "virtio-bus-reset",
	.init = pci_fixture_init,
	.exit = pci_fixture_exit,
	.test_cases = bus_reset_cases,
};

kunit_test_suite(bus_reset_suite);
