// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the PCI transport with interrupts that are short, or can't be had at all, and
 * of what its handlers tell the interrupt core (virtio 1.3, 4.1.5.1.2 and 4.1.5.4).
 */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/virtio_config.h>

#include "pci_fixture.h"

#define MORE_THAN_ENOUGH	1000

/**
 * struct irq_fault - a vector that can't be requested
 * @err: the error
 * @after: so many can be requested before
 * @times: so many can't; 0 for all that follow
 */
struct irq_fault {
	int err;
	unsigned int after, times;
};

static const struct irq_fault faults[] = {
	{ -ENOSPC, 0, 0 }, { -ENOSPC, 1, 0 }, { -ENOSPC, 2, 0 }, { -ENOSPC, 4, 0 },
	{ -ENOSPC, 0, 1 }, { -ENOSPC, 1, 1 }, { -ENOSPC, 4, 1 },
	{ -ENOMEM, 1, 0 }, { -ENOMEM, 3, 1 }, { -EINVAL, 1, 0 }, { -EBUSY, 2, 1 },
};

static void describe_fault(const struct irq_fault *fault, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%d after %u, %u times", fault->err, fault->after,
		 fault->times ?: MORE_THAN_ENOUGH);
}

KUNIT_ARRAY_PARAM(fault, faults, describe_fault);

static void set_fault(struct kunit *test)
{
	const struct irq_fault *fault = test->param_value;

	pci_host_fail_irqs(fault->err, fault->after, fault->times);
}

/* A vector that comes too late is one too few: one for all queues, or the line, will do. */
static void test_irq_fails(struct kunit *test)
{
	const struct irq_fault *fault = test->param_value;

	set_fault(test);
	KUNIT_EXPECT_EQ(test, 0, pci_fixture_try(test));
	soft_driver_expect_works(test);
	kernel_log_expect_quiet(test);
	KUNIT_EXPECT_EQ(test, !!fault->times, pci_host_has_msix());
	pci_fixture_expect_clean(test);
	pci_host_fail_irqs(0, 0, 0);
	pci_fixture_expect_honest_works(test);
}

/* Queues that are taken one by one can't begin anew: they share the first vector. */
static void test_irq_fails_one_by_one(struct kunit *test)
{
	soft_driver.one_by_one = true;
	set_fault(test);
	KUNIT_EXPECT_EQ(test, 0, pci_fixture_try(test));
	soft_driver_expect_works(test);
	kernel_log_expect_quiet(test);
	pci_fixture_expect_clean(test);
	pci_host_fail_irqs(0, 0, 0);
	pci_fixture_expect_honest_works(test);
}

static void take_line(struct virtio_card *card)
{
	pci_card_set(&card->pci, PCI_INTERRUPT_PIN, 1, 0);
}

/* The error of a queue is not mended by other interrupts, and is not hidden by theirs. */
static void test_queue_fails(struct kunit *test)
{
	take_line(CARD(test));
	pci_host_fail_irqs(-ENOSPC, 4, 1);
	CARD(test)->dev.lie = (struct soft_lie) { SOFT_QUEUE_SIZE, 3, .after = 3 };
	soft_expect_probe_fails(test, -ENOMEM, "a size of 3, expected a power of two");
}

/*
 * One vector and no line.
 */

static void interrupt_for_change(struct kunit *test)
{
	struct soft_device *dev = &CARD(test)->dev;

	dev->regs[SOFT_ISR] |= VIRTIO_PCI_ISR_CONFIG;
	dev->interrupt(dev, NULL);
}

/* The driver is told from a work, as the device could also need a reset. */
static void expect_changes(struct kunit *test, unsigned int changes)
{
	msleep(100);
	KUNIT_EXPECT_EQ(test, changes, soft_driver.changes);
}

/* Everything comes through by the first vector, and each to whom it is for. */
static void expect_first_shared(struct kunit *test)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(test, 0, pci_fixture_try(test));
	soft_driver_expect_works(test);
	kernel_log_expect_quiet(test);
	KUNIT_EXPECT_EQ(test, 0, CARD(test)->dev.regs[SOFT_CONFIG_VECTOR]);
	for (i = 0; i < soft_driver.found; i++)
		KUNIT_EXPECT_EQ(test, 0, CARD(test)->dev.queues[i].regs[SOFT_QUEUE_VECTOR]);
	KUNIT_EXPECT_EQ(test, 0, soft_driver.changes);
	interrupt_for_change(test);
	expect_changes(test, 1);
	/* From a device that takes no note of changes there is one all the same. */
	pci_host_interrupt(0);
	expect_changes(test, 2);
	KUNIT_EXPECT_EQ(test, 0, pci_host_unhandled(0));
	for (i = 0; i < soft_driver.found; i++)
		KUNIT_EXPECT_EQ(test, 0, soft_driver_post(i));
	KUNIT_EXPECT_EQ(test, 2 * soft_driver.found, soft_driver.back);
	expect_changes(test, 2);
	pci_fixture_expect_clean(test);
}

/* A card whose table has one entry. */
static void test_one_vector(struct kunit *test)
{
	virtio_card_init(CARD(test), CARD_FEATURES, 1);
	take_line(CARD(test));
	expect_first_shared(test);
}

/* A machine that grants one. */
static void test_one_granted(struct kunit *test)
{
	take_line(CARD(test));
	pci_host_limit_vectors(1);
	expect_first_shared(test);
}

static void test_one_by_one_vector(struct kunit *test)
{
	soft_driver.one_by_one = true;
	test_one_vector(test);
}

/* A queue that was reset on its own is back on the vector that it shares. */
static void test_one_vector_after_reset(struct kunit *test)
{
	const struct virtio_config_ops *ops;
	struct virtqueue *vq;

	take_line(CARD(test));
	pci_host_limit_vectors(1);
	KUNIT_ASSERT_EQ(test, 0, pci_fixture_try(test));
	KUNIT_ASSERT_NOT_NULL(test, soft_driver.vdev);
	vq = soft_driver.vqs[1];
	ops = vq->vdev->config;
	KUNIT_EXPECT_EQ(test, 0, ops->disable_vq_and_reset(vq));
	KUNIT_EXPECT_EQ(test, 0, ops->enable_vq_after_reset(vq));
	KUNIT_EXPECT_EQ(test, 0, CARD(test)->dev.queues[1].regs[SOFT_QUEUE_VECTOR]);
	KUNIT_EXPECT_EQ(test, 0, soft_driver_post(0));
	KUNIT_EXPECT_EQ(test, SOFT_QUEUES + 1, soft_driver.back);
	pci_fixture_expect_clean(test);
}

/*
 * None at all: one line that says so.
 */

static void test_no_interrupts(struct kunit *test)
{
	virtio_card_init(CARD(test), CARD_FEATURES, 0);
	take_line(CARD(test));
	soft_expect_probe_fails(test, -EINVAL,
				"no interrupts: 5 vectors wanted, error -22; no line");
}

static void test_no_irqs(struct kunit *test)
{
	take_line(CARD(test));
	pci_host_fail_irqs(-ENOMEM, 0, 0);
	KUNIT_EXPECT_EQ(test, 0, pci_fixture_try(test));
	KUNIT_EXPECT_EQ(test, -ENOMEM, soft_driver.err);
	kernel_log_expect_one(test, "no interrupts: 5 vectors wanted, error -12; no line");
	pci_fixture_expect_clean(test);
}

static void test_no_interrupts_one_by_one(struct kunit *test)
{
	soft_driver.one_by_one = true;
	test_no_interrupts(test);
}

static irqreturn_t greedy(int irq, void *opaque)
{
	return IRQ_HANDLED;
}

/* The line is there, and somebody has it who shares it with nobody. */
static void test_line_taken(struct kunit *test)
{
	struct virtio_card *card = CARD(test);
	unsigned int line = pci_host_line();

	virtio_card_init(card, CARD_FEATURES, 0);
	KUNIT_ASSERT_EQ(test, 0, request_irq(line, greedy, 0, "greedy", card));
	KUNIT_EXPECT_EQ(test, 0, pci_fixture_try(test));
	free_irq(line, card);
	KUNIT_EXPECT_EQ(test, -EINVAL, soft_driver.err);
	kernel_log_expect_one(test, "no interrupts: 5 vectors wanted, error -22; line");
	pci_fixture_expect_clean(test);
}

/*
 * What the interrupt core is told.  It turns off an interrupt that nobody wants.
 */

/* Vectors of the card: one each, one for all queues, one for everything. */
static const int cards[] = { CARD_VECTORS, 2, 1 };

static void describe_card(const int *vectors, char *desc)
{
	sprintf(desc, "%d vectors", *vectors);
}

KUNIT_ARRAY_PARAM(card, cards, describe_card);

/* A driver that polls, like the console's, has taken everything when the interrupt comes. */
static void test_nobody_cared(struct kunit *test)
{
	const int *vectors = test->param_value;
	unsigned int n;
	int v;

	virtio_card_init(CARD(test), CARD_FEATURES, *vectors);
	take_line(CARD(test));
	KUNIT_ASSERT_EQ(test, 0, pci_fixture_try(test));
	soft_driver_expect_works(test);
	for (v = 0; v < *vectors; v++) {
		for (n = 0; n < MORE_THAN_ENOUGH; n++)
			pci_host_interrupt(v);
		KUNIT_EXPECT_EQ(test, 0, pci_host_unhandled(v));
	}
	pci_fixture_expect_clean(test);
}

/* The line may be another device's: what is not for this one is said not to be. */
static void test_line_is_honest(struct kunit *test)
{
	virtio_card_init(CARD(test), CARD_FEATURES, 0);
	KUNIT_ASSERT_EQ(test, 0, pci_fixture_try(test));
	soft_driver_expect_works(test);
	KUNIT_EXPECT_EQ(test, 0, pci_host_unhandled(0));
	CARD(test)->dev.regs[SOFT_ISR] = BIT(0);
	pci_host_interrupt(0);
	KUNIT_EXPECT_EQ(test, 0, pci_host_unhandled(0));
	pci_host_interrupt(0);
	KUNIT_EXPECT_EQ(test, 1, pci_host_unhandled(0));
	pci_fixture_expect_clean(test);
}

static struct kunit_case pci_interrupts_cases[] = {
	KUNIT_CASE_PARAM(test_irq_fails, fault_gen_params),
	KUNIT_CASE_PARAM(test_irq_fails_one_by_one, fault_gen_params),
	KUNIT_CASE(test_queue_fails),
	KUNIT_CASE(test_one_vector),
	KUNIT_CASE(test_one_granted),
	KUNIT_CASE(test_one_by_one_vector),
	KUNIT_CASE(test_one_vector_after_reset),
	KUNIT_CASE(test_no_interrupts),
	KUNIT_CASE(test_no_irqs),
	KUNIT_CASE(test_no_interrupts_one_by_one),
	KUNIT_CASE(test_line_taken),
	KUNIT_CASE_PARAM(test_nobody_cared, card_gen_params),
	KUNIT_CASE(test_line_is_honest),
	{}
};

static struct kunit_suite pci_interrupts_suite = {
	.name = "virtio-pci-interrupts",
	.init = pci_fixture_init,
	.exit = pci_fixture_exit,
	.test_cases = pci_interrupts_cases,
};

kunit_test_suite(pci_interrupts_suite);
