// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of two threads that reach one device: its driver, which resets and resizes queues,
 * recovery, which brings the device back, and the bus, which takes it away.
 *
 * One operation runs, and at one of its register accesses the other begins in a thread of
 * its own and gets as far as it can.  So for each access, and for each two operations.  A
 * queue must never be enabled with registers that are not its own, and afterwards each
 * queue takes as many buffers as it has entries.  Over PCI and MMIO.
 */
#include <linux/delay.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "../core.h"
#include "mmio_fixture.h"
#include "pci_fixture.h"

#define SMALL	4
#define LARGE	SOFT_QUEUE_MAX_SIZE
#define RESIZED	2

#define LIVE (VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |	\
	      VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK)

/* What was seen in passing. */
static const char *wrong;

/*
 * The operations.  Like a driver's own, those on queues hold the driver's lock.
 */

static void recycle(struct virtqueue *vq, void *buf)
{
	soft_driver.back++;
}

/* Recovery is in its way at times, and says so. */
static void expect_done(int err)
{
	if (err && err != -EBUSY)
		wrong = "a reset or a resize of a queue failed";
}

static void reset_queue(void)
{
	guard(mutex)(&soft_driver_lock);
	if (soft_driver.vdev)
		expect_done(virtqueue_reset(soft_driver.vqs[1], recycle, NULL));
}

static void resize_to(unsigned int num)
{
	guard(mutex)(&soft_driver_lock);
	if (soft_driver.vdev)
		expect_done(virtqueue_resize(soft_driver.vqs[RESIZED], num, recycle, NULL));
}

static void grow(void)
{
	resize_to(LARGE);
}

static void shrink(void)
{
	resize_to(SMALL);
}

/* The device asks for it. */
static void fail(void)
{
	unsigned long irqs;

	/* Before that it has nothing to fail at. */
	if (!(soft_place.dev->regs[SOFT_STATUS] & VIRTIO_CONFIG_S_DRIVER_OK))
		return;
	soft_place.dev->regs[SOFT_STATUS] |= VIRTIO_CONFIG_S_NEEDS_RESET;
	soft_place.dev->regs[SOFT_ISR] |= VIRTIO_PCI_ISR_CONFIG;
	local_irq_save(irqs);
	soft_place.dev->interrupt(soft_place.dev, NULL);
	local_irq_restore(irqs);
}

static struct device *device;

static void unbind(void)
{
	device_release_driver(device);
}

/**
 * struct operation - what one thread does
 * @name: for the log
 * @run: does it
 * @from: the size of the queue that is resized, before
 */
struct operation {
	const char *name;
	void (*run)(void);
	unsigned int from;
};

static const struct operation operations[] = {
	{ "reset", reset_queue, SMALL }, { "grow", grow, SMALL }, { "shrink", shrink, LARGE },
	{ "fail", fail, SMALL }, { "unbind", unbind, SMALL },
};

/*
 * The moment.
 */

static const struct operation *other;
static unsigned int steps_left;

static void run_other(struct work_struct *work)
{
	other->run();
}

static DECLARE_WORK(other_work, run_other);

/* Between two accesses of whoever is at it, if that may sleep. */
static void step(struct soft_device *dev)
{
	if (!steps_left || irqs_disabled() || in_interrupt() || --steps_left)
		return;
	queue_work(system_unbound_wq, &other_work);
	msleep(20);
}

static u64 address_of(const struct soft_queue *q)
{
	return (u64)q->regs[SOFT_QUEUE_DESC_HIGH] << 32 | q->regs[SOFT_QUEUE_DESC_LOW];
}

static struct virtqueue *queue_by_index(unsigned int index)
{
	struct virtio_device *vdev = dev_to_virtio(device);
	struct virtqueue *vq;

	virtio_device_for_each_vq(vdev, vq)
		if (vq->index == index)
			return vq;
	return NULL;
}

static bool is_own(unsigned int index)
{
	const struct soft_queue *q = &soft_place.dev->queues[index];
	struct virtqueue *vq = queue_by_index(index);

	return !vq || (q->regs[SOFT_QUEUE_SIZE] == virtqueue_get_vring_size(vq) &&
		       address_of(q) == virtqueue_get_desc_addr(vq));
}

/* Each time that a queue is enabled. */
static bool look_at_write(struct soft_device *dev, enum soft_register reg, u32 value)
{
	unsigned int index = dev->regs[SOFT_QUEUE_SELECT];

	if (reg == SOFT_QUEUE_ENABLE && value && device && index < SOFT_QUEUES && !is_own(index))
		wrong = "a queue was enabled with registers that are not its own";
	return false;
}

/*
 * What has to be so afterwards.
 */

static unsigned int fill(struct virtqueue *vq)
{
	static u8 bytes[LARGE];
	struct scatterlist sg;
	unsigned int n, len;

	while (virtqueue_get_buf(vq, &len))
		;
	for (n = 0; vq->num_free; n++) {
		sg_init_one(&sg, &bytes[n], 1);
		if (virtqueue_add_inbuf(vq, &sg, 1, &bytes[n], GFP_KERNEL))
			break;
	}
	soft_driver.back = 0;
	virtqueue_kick(vq);
	return n;
}

static void expect_queue_works(struct kunit *test, unsigned int i)
{
	struct virtqueue *vq = soft_driver.vqs[i];
	unsigned int size = virtqueue_get_vring_size(vq), n = fill(vq);

	KUNIT_EXPECT_TRUE_MSG(test, is_own(i), "queue %u", i);
	/* The device plays split rings alone. */
	if (soft_place.dev->accepted & BIT_ULL(VIRTIO_F_RING_PACKED))
		return;
	KUNIT_EXPECT_EQ_MSG(test, size, n, "queue %u", i);
	KUNIT_EXPECT_EQ_MSG(test, size, soft_driver.back, "queue %u", i);
}

static void expect_works(struct kunit *test)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(test, LIVE, soft_place.dev->regs[SOFT_STATUS]);
	for (i = 0; i < soft_driver.found; i++)
		expect_queue_works(test, i);
}

/* Its memory was freed: the device was told of nothing after that. */
static void expect_left_alone(struct kunit *test)
{
	unsigned int i;

	KUNIT_EXPECT_FALSE(test, soft_place.dev->regs[SOFT_STATUS] & VIRTIO_CONFIG_S_DRIVER_OK);
	for (i = 0; i < SOFT_QUEUES; i++)
		KUNIT_EXPECT_EQ(test, 0, soft_place.dev->queues[i].regs[SOFT_QUEUE_ENABLE]);
}

/* Returns false when the first operation has no more accesses. */
static bool meet(struct kunit *test, const struct operation *first,
		 const struct operation *second, unsigned int at)
{
	bool met;

	resize_to(first->from);
	wrong = NULL;
	other = second;
	steps_left = at;
	first->run();
	/* Simulated time passes when nothing is left to run. */
	msleep(50);
	flush_work(&other_work);
	msleep(50);
	met = !steps_left;
	steps_left = 0;
	KUNIT_EXPECT_NULL_MSG(test, wrong, "%s", wrong);
	KUNIT_EXPECT_FALSE_MSG(test, soft_driver.unsafe, "a device was live without its queues");
	if (soft_driver.vdev)
		expect_works(test);
	else
		expect_left_alone(test);
	return met;
}

static void plug(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, 0, soft_place.try(test));
	KUNIT_ASSERT_NOT_NULL(test, soft_driver.vdev);
	device = &soft_driver.vdev->dev;
	soft_place.dev->step = step;
	soft_place.dev->ignores = look_at_write;
}

static void bind_again(struct kunit *test)
{
	if (!soft_driver.vdev)
		KUNIT_ASSERT_EQ(test, 1, device_attach(device));
	KUNIT_ASSERT_NOT_NULL(test, soft_driver.vdev);
}

static void unplug(struct kunit *test)
{
	device = NULL;
	soft_place.dev->step = NULL;
	soft_place.dev->ignores = NULL;
	soft_place.expect_clean(test);
}

static void meet_at_each_access(struct kunit *test, const struct operation *first,
				const struct operation *second)
{
	unsigned int at;

	for (at = 1; meet(test, first, second, at); at++) {
		if (test->status == KUNIT_FAILURE) {
			kunit_err(test, "%s, at access %u of %s", second->name, at, first->name);
			break;
		}
		bind_again(test);
	}
	KUNIT_EXPECT_GT_MSG(test, at, 2, "%s has no accesses", first->name);
	bind_again(test);
}

/**
 * struct meeting - a row of tests
 * @name: for the log
 * @features: what is offered
 * @restarts: the driver is restarted after each recovery
 * @way: how it leaves its device
 * @first: what is interrupted, by each of the operations
 */
struct meeting {
	const char *name;
	u64 features;
	bool restarts;
	enum soft_driver_way way;
	const struct operation *first;
};

static const struct meeting meetings[] = {
#define MEETINGS(i, what)								\
	{ "split, " what, 0, false, SOFT_DRIVER_RESETS, &operations[i] },		\
	{ "split, restarted, " what, 0, true, SOFT_DRIVER_RESETS, &operations[i] },	\
	{ "packed, " what, BIT_ULL(VIRTIO_F_RING_PACKED), false, SOFT_DRIVER_RESETS,	\
	  &operations[i] }
	MEETINGS(0, "reset"), MEETINGS(1, "grow"), MEETINGS(2, "shrink"), MEETINGS(3, "fail"),
	MEETINGS(4, "unbind"),
#define LEAVES(way, what)								\
	{ what ", fail", 0, false, way, &operations[3] },				\
	{ what ", unbind", 0, false, way, &operations[4] }
	LEAVES(SOFT_DRIVER_CALLS_RESET, "config->reset"),
	LEAVES(SOFT_DRIVER_DELETES, "del_vqs, no reset"),
	LEAVES(SOFT_DRIVER_SHUTS_DOWN, "shutdown, no reset"),
};

static void describe(const struct meeting *meeting, char *desc)
{
	strscpy(desc, meeting->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(meeting, meetings, describe);

static void forget_limit(void *before)
{
	virtio_recovery_long = (unsigned long)before;
}

static void test_meet(struct kunit *test)
{
	const struct meeting *meeting = test->param_value;
	unsigned int i;

	/* It may fail as often as it likes. */
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, forget_limit,
							   (void *)virtio_recovery_long));
	virtio_recovery_long = 0;
	soft_place.dev->offered |= meeting->features;
	soft_driver_restarts(meeting->restarts);
	soft_driver.way = meeting->way;
	plug(test);
	for (i = 0; i < ARRAY_SIZE(operations); i++)
		meet_at_each_access(test, meeting->first, &operations[i]);
	unplug(test);
}

static struct kunit_case pci_cases[] = {
	KUNIT_CASE_PARAM(test_meet, meeting_gen_params),
	{}
};

static struct kunit_suite pci_suite = {
	.name = "virtio-locks-pci",
	.init = pci_fixture_init,
	.exit = pci_fixture_exit,
	.test_cases = pci_cases,
};

static struct kunit_case mmio_cases[] = {
	KUNIT_CASE_PARAM(test_meet, meeting_gen_params),
	{}
};

static struct kunit_suite mmio_suite = {
	.name = "virtio-locks-mmio",
	.init = mmio_fixture_init,
	.exit = mmio_fixture_exit,
	.test_cases = mmio_cases,
};

kunit_test_suites(&pci_suite, &mmio_suite);
