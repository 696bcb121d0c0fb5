// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the PCI transport with a card that lies about its queues and vectors in
 * its registers (virtio 1.3, 4.1.4.3), to a driver that takes all queues at once and
 * to one that takes them one by one.
 */
#include <linux/timekeeping.h>
#include <linux/virtio_config.h>

#include "pci_fixture.h"

#define BOTH(err, words)	err, words, err

static const struct pci_lie lies[] = {
	{ "no queues", { SOFT_NUM_QUEUES, 0 }, -ENOENT, "queue 0 (soft) is not there", -ENOENT },
	{ "65535 queues", { SOFT_NUM_QUEUES, 65535 } },
	{ "fewer at the second look", { SOFT_NUM_QUEUES, 0, .after = 1 } },
	{ "size 0", { SOFT_QUEUE_SIZE, 0 }, -ENOENT, "queue 0 (soft) is not there", -ENOENT },
	{ "size 0 of the last", { SOFT_QUEUE_SIZE, 0, .after = 3 },
	  -ENOENT, "queue 3 (soft) is not there", -ENOENT },
	{ "size 1", { SOFT_QUEUE_SIZE, 1 } },
	{ "size 3", { SOFT_QUEUE_SIZE, 3 }, BOTH(-ENOMEM, "a size of 3, expected a power of two") },
	{ "size 32768", { SOFT_QUEUE_SIZE, 32768 } },
	{ "size 32769", { SOFT_QUEUE_SIZE, 32769 }, BOTH(-ENOMEM, "a size of 32769, expected") },
	{ "size 65535", { SOFT_QUEUE_SIZE, 65535 }, BOTH(-ENOMEM, "a size of 65535, expected") },
	{ "enabled already", { SOFT_QUEUE_ENABLE, 1 }, BOTH(-EINVAL, "queue 0 is enabled") },
	{ "the last is enabled already", { SOFT_QUEUE_ENABLE, 0xffff, .after = 3 },
	  BOTH(-EINVAL, "queue 3 is enabled") },
	{ "notifications behind their place", { SOFT_QUEUE_NOTIFY_OFF, 4 },
	  BOTH(-EINVAL, "for notifications at 16") },
	{ "notifications far away", { SOFT_QUEUE_NOTIFY_OFF, 0xffff },
	  BOTH(-EINVAL, "for notifications at 262140") },
	{ "no vector for changes", { SOFT_CONFIG_VECTOR, SOFT_NO_VECTOR } },
	{ "another vector for changes", { SOFT_CONFIG_VECTOR, 1 } },
	{ "no vector for any queue", { SOFT_QUEUE_VECTOR, SOFT_NO_VECTOR },
	  0, "vector 1 can't be used", -EBUSY },
	{ "another vector for every queue", { SOFT_QUEUE_VECTOR, 0x1000 },
	  0, "vector 1 can't be used", -EBUSY },
};

KUNIT_ARRAY_PARAM(lie, lies, pci_fixture_describe);

static void test_at_once(struct kunit *test)
{
	pci_fixture_lie_at_once(test);
}

static void test_one_by_one(struct kunit *test)
{
	pci_fixture_lie_one_by_one(test);
}

/* Vectors run out at each place. */
static const int refused_from[] = { 0, 1, 2, 3 };

static void describe_place(const int *n, char *desc)
{
	sprintf(desc, "queue %d", *n);
}

KUNIT_ARRAY_PARAM(place, refused_from, describe_place);

static void test_vector_refused(struct kunit *test)
{
	const int *n = test->param_value;

	CARD(test)->dev.lie = (struct soft_lie) {
		SOFT_QUEUE_VECTOR, SOFT_NO_VECTOR, .after = *n, .times = 1,
	};
	soft_expect_works(test);
}

/* Fewer vectors than queues, down to none at all. */
static const int vectors[] = { 0, 1, 2, 3, 4, 5, 16 };

static void describe_vectors(const int *n, char *desc)
{
	sprintf(desc, "%d vectors", *n);
}

KUNIT_ARRAY_PARAM(vector, vectors, describe_vectors);

static void test_vectors(struct kunit *test)
{
	const int *n = test->param_value;

	virtio_card_init(CARD(test), CARD_FEATURES, *n);
	soft_expect_works(test);
}

static void test_vectors_one_by_one(struct kunit *test)
{
	soft_driver.one_by_one = true;
	test_vectors(test);
}

/* The most that a queue may have is read once: what it reads as later is of no interest. */
static u32 twice_is_once_too_often(struct soft_device *dev, enum soft_register reg, u32 value)
{
	static unsigned int seen;

	if (reg != SOFT_QUEUE_SIZE)
		return value;
	if (dev->reads[reg] == 1)
		seen = 0;
	return seen & BIT(dev->regs[SOFT_QUEUE_SELECT]) ? 65535 :
	       (seen |= BIT(dev->regs[SOFT_QUEUE_SELECT]), value);
}

static void test_size_changes(struct kunit *test)
{
	CARD(test)->dev.twist = twice_is_once_too_often;
	soft_expect_works(test);
}

static struct virtqueue *first_queue(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, 0, pci_fixture_try(test));
	KUNIT_ASSERT_NOT_NULL(test, soft_driver.vdev);
	return soft_driver.vqs[0];
}

static int reset_queue(struct virtqueue *vq)
{
	return vq->vdev->config->disable_vq_and_reset(vq);
}

/**
 * struct reset_lie - what a device does when it is to reset a queue
 * @name: for the log
 * @lie: the register that does not follow
 * @seconds: how long it takes until the transport has had enough
 */
struct reset_lie {
	const char *name;
	struct soft_lie lie;
	unsigned int seconds;
};

static const struct reset_lie reset_lies[] = {
	{ "never confirmed", { SOFT_QUEUE_RESET, 1 }, 10 },
	{ "confirmed without effect", { SOFT_QUEUE_ENABLE, 1, .after = 4 }, 10 },
	{ "unconfirmed at the second look", { SOFT_QUEUE_RESET, 1, .after = 1 }, 0 },
};

static void describe_reset_lie(const struct reset_lie *lie, char *desc)
{
	strscpy(desc, lie->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(reset_lie, reset_lies, describe_reset_lie);

/* The buffers stay the device's: the queue is broken, and the wait has a limit. */
static void test_queue_reset(struct kunit *test)
{
	const struct reset_lie *lie = test->param_value;
	struct virtqueue *vq;
	time64_t start;

	CARD(test)->dev.lie = lie->lie;
	vq = first_queue(test);
	start = ktime_get_seconds();
	KUNIT_EXPECT_EQ(test, -EBUSY, reset_queue(vq));
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(vq));
	KUNIT_EXPECT_GE(test, ktime_get_seconds() - start, lie->seconds);
	KUNIT_EXPECT_LE(test, ktime_get_seconds() - start, lie->seconds + 2);
	kernel_log_expect_one(test, "queue 0: reset is not confirmed");
	pci_fixture_expect_clean(test);
	pci_fixture_expect_honest_works(test);
}

/* A queue that was reset, and that the device enables by itself. */
static void test_queue_enables_itself(struct kunit *test)
{
	struct virtqueue *vq = first_queue(test);

	KUNIT_EXPECT_EQ(test, 0, reset_queue(vq));
	CARD(test)->dev.lie = (struct soft_lie) { SOFT_QUEUE_ENABLE, 1 };
	KUNIT_EXPECT_EQ(test, -EINVAL, vq->vdev->config->enable_vq_after_reset(vq));
	kernel_log_expect_one(test, "queue 0 is enabled");
	pci_fixture_expect_clean(test);
	pci_fixture_expect_honest_works(test);
}

/* An honest one is reset and goes on, with its vector. */
static void test_queue_reset_works(struct kunit *test)
{
	struct virtqueue *vq = first_queue(test);

	KUNIT_EXPECT_EQ(test, 0, reset_queue(vq));
	KUNIT_EXPECT_EQ(test, 0, vq->vdev->config->enable_vq_after_reset(vq));
	KUNIT_EXPECT_EQ(test, 1, CARD(test)->dev.queues[0].regs[SOFT_QUEUE_ENABLE]);
	KUNIT_EXPECT_EQ(test, 1, CARD(test)->dev.queues[0].regs[SOFT_QUEUE_VECTOR]);
	kernel_log_expect_quiet(test);
	pci_fixture_expect_clean(test);
}

/* A device that is gone by then is not waited for. */
static void test_queue_reset_gone(struct kunit *test)
{
	struct virtqueue *vq = first_queue(test);
	time64_t start = ktime_get_seconds();

	CARD(test)->dev.gone = true;
	KUNIT_EXPECT_EQ(test, -EBUSY, reset_queue(vq));
	KUNIT_EXPECT_LE(test, ktime_get_seconds() - start, 1);
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(vq));
	CARD(test)->pci.gone = true;
	pci_fixture_expect_clean(test);
	pci_fixture_expect_honest_works(test);
}

static struct kunit_case pci_queue_lies_cases[] = {
	KUNIT_CASE_PARAM(test_at_once, lie_gen_params),
	KUNIT_CASE_PARAM(test_one_by_one, lie_gen_params),
	KUNIT_CASE_PARAM(test_vector_refused, place_gen_params),
	KUNIT_CASE_PARAM(test_vectors, vector_gen_params),
	KUNIT_CASE_PARAM(test_vectors_one_by_one, vector_gen_params),
	KUNIT_CASE(test_size_changes),
	KUNIT_CASE_PARAM(test_queue_reset, reset_lie_gen_params),
	KUNIT_CASE(test_queue_enables_itself),
	KUNIT_CASE(test_queue_reset_works),
	KUNIT_CASE(test_queue_reset_gone),
	{}
};

static struct kunit_suite pci_queue_lies_suite = {
	.name = "virtio-pci-queue-lies",
	.init = pci_fixture_init,
	.exit = pci_fixture_exit,
	.test_cases = pci_queue_lies_cases,
};

kunit_test_suite(pci_queue_lies_suite);
