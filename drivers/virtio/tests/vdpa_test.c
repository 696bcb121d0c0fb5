// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the transport on the vDPA bus: what it tells the device of interrupts and CPUs.
 * How it takes resets is in reset_test.c.
 */
#include <linux/cpumask.h>
#include <linux/interrupt.h>

#include "soft_driver.h"
#include "vdpa_fixture.h"

static struct irq_affinity desc;

static struct vdpa_slot *plug(struct kunit *test)
{
	desc = (struct irq_affinity) { .pre_vectors = 1 };
	soft_driver.spread = &desc;
	KUNIT_ASSERT_EQ(test, 0, vdpa_fixture_try(test));
	soft_driver_expect_works(test);
	return VDPA(test);
}

/* Callbacks are off for all queues before the first is freed: one wait does for all. */
static void test_one_wait(struct kunit *test)
{
	struct vdpa_slot *slot = plug(test);

	vdpa_fixture_expect_clean(test);
	KUNIT_EXPECT_EQ(test, SOFT_QUEUES, slot->silenced);
	KUNIT_EXPECT_EQ(test, SOFT_QUEUES, slot->fewest);
}

/* With fewer CPUs than queues some have none, of which nothing is said. */
static void test_spread(struct kunit *test)
{
	struct vdpa_slot *slot = plug(test);

	KUNIT_EXPECT_EQ(test, min(num_possible_cpus(), SOFT_QUEUES - 1U), slot->masks);
	KUNIT_EXPECT_EQ(test, 0, slot->empty);
}

static struct kunit_case vdpa_cases[] = {
	KUNIT_CASE(test_one_wait),
	KUNIT_CASE(test_spread),
	{}
};

static struct kunit_suite vdpa_suite = {
	.name = "virtio-vdpa",
	.init = vdpa_fixture_init,
	.exit = vdpa_fixture_exit,
	.test_cases = vdpa_cases,
};

kunit_test_suite(vdpa_suite);
