// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of feature bits beyond 63: sets of bits, and what driver and device agree on.  How
 * PCI carries these bits is in pci_features_test.c.
 */
#include <linux/virtio_ring.h>

#include "fake_driver.h"
#include "host.h"
#include "kernel_log.h"
#include "page_host.h"

/* A bit of the device's own in the second word, its last one, and one of no driver. */
#define OWN		65
#define LAST		127
#define OTHER		66
#define SECOND		(VIRTIO_BIT(OWN) | VIRTIO_BIT(LAST) | VIRTIO_BIT(OTHER))

static const unsigned int table[] = { 3, OWN, LAST };
static const unsigned int low_table[] = { 3 };

/* What the driver of a test does in its probe(), and what came of it. */
static struct {
	unsigned int len;
	int own, other, beyond;
	unsigned int looks;
} saw;

/*
 * Sets of bits.
 */

static void test_sets(struct kunit *test)
{
	static const unsigned int bits[] = { 0, 31, 32, 63, 64, 96, 127 };
	u64 set[VIRTIO_FEATURES_U64S], other[VIRTIO_FEATURES_U64S];
	unsigned int i;

	virtio_features_zero(set);
	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		KUNIT_EXPECT_FALSE(test, virtio_features_test_bit(set, bits[i]));
		virtio_features_set_bit(set, bits[i]);
		KUNIT_EXPECT_TRUE(test, virtio_features_test_bit(set, bits[i]));
	}
	KUNIT_EXPECT_EQ(test, 0x8000000180000001ULL, set[0]);
	KUNIT_EXPECT_EQ(test, 0x8000000100000001ULL, set[1]);
	virtio_features_copy(other, set);
	KUNIT_EXPECT_TRUE(test, virtio_features_equal(set, other));
	virtio_features_clear_bit(other, 64);
	KUNIT_EXPECT_FALSE(test, virtio_features_equal(set, other));
	virtio_features_andnot(set, set, other);
	KUNIT_EXPECT_EQ(test, 0, set[0]);
	KUNIT_EXPECT_EQ(test, 1, set[1]);
	virtio_features_from_u64(set, 5);
	KUNIT_EXPECT_EQ(test, 5, set[0]);
	KUNIT_EXPECT_EQ(test, 0, set[1]);
}

/* The first word is also what it was called when there was no other. */
static void test_device(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);
	struct virtio_device *vdev = &host->vdev;

	__virtio_set_bit(vdev, LAST);
	__virtio_set_bit(vdev, 3);
	KUNIT_EXPECT_EQ(test, BIT_ULL(3), vdev->features);
	KUNIT_EXPECT_EQ(test, BIT_ULL(63), vdev->features_array[1]);
	KUNIT_EXPECT_TRUE(test, virtio_has_feature(vdev, LAST));
	KUNIT_EXPECT_FALSE(test, virtio_has_feature(vdev, 63));
	__virtio_clear_bit(vdev, LAST);
	KUNIT_EXPECT_FALSE(test, __virtio_test_bit(vdev, LAST));
}

/*
 * Drivers with a table.
 */

static void take(const unsigned int *features, unsigned int count)
{
	fake_driver.feature_table = features;
	fake_driver.feature_table_size = count;
}

static struct virtio_host *host(struct kunit *test, u64 first)
{
	struct virtio_host *host = fake_host_with_queue(test, first);

	host->offered_array[1] = SECOND;
	memset(&saw, 0, sizeof(saw));
	return host;
}

static void expect_taken(struct kunit *test, struct virtio_host *host, u64 first, u64 second)
{
	struct virtio_device *vdev = virtio_host_vdev(host);

	KUNIT_EXPECT_NOT_NULL(test, vdev->dev.driver);
	KUNIT_EXPECT_EQ(test, first, host->accepted_array[0]);
	KUNIT_EXPECT_EQ(test, second, host->accepted_array[1]);
	KUNIT_EXPECT_EQ(test, first, vdev->features_array[0]);
	KUNIT_EXPECT_EQ(test, second, vdev->features_array[1]);
}

static void test_table(struct kunit *test)
{
	struct virtio_host *h = host(test, MODERN | BIT_ULL(3));

	take(table, ARRAY_SIZE(table));
	fake_bind(test, h);
	expect_taken(test, h, MODERN | BIT_ULL(3), VIRTIO_BIT(OWN) | VIRTIO_BIT(LAST));
	KUNIT_EXPECT_TRUE(test, virtio_has_feature(virtio_host_vdev(h), OWN));
}

/* A driver that can do nothing with the second word does not make anybody read it. */
static void test_low_table(struct kunit *test)
{
	struct virtio_host *h = host(test, MODERN | BIT_ULL(3));

	take(low_table, ARRAY_SIZE(low_table));
	fake_bind(test, h);
	expect_taken(test, h, MODERN | BIT_ULL(3), 0);
	KUNIT_EXPECT_FALSE(test, h->vdev.offered_all);
	KUNIT_EXPECT_EQ(test, 0, h->vdev.offered[1]);
}

/* Before virtio 1.0 there is one word, whatever is offered and asked for. */
static void test_legacy(struct kunit *test)
{
	struct virtio_host *h = host(test, BIT_ULL(3));

	take(table, ARRAY_SIZE(table));
	fake_bind(test, h);
	expect_taken(test, h, BIT_ULL(3), 0);
	KUNIT_EXPECT_EQ(test, 0, h->vdev.offered[1]);
}

/* A transport with one word, like MMIO. */
static void test_one_word(struct kunit *test)
{
	struct virtio_host *h = host(test, MODERN | BIT_ULL(3));
	struct virtio_config_ops *ops = kunit_kzalloc(test, sizeof(*ops), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ops);
	*ops = *h->vdev.config;
	ops->get_extended_features = NULL;
	h->vdev.config = ops;
	take(table, ARRAY_SIZE(table));
	fake_bind(test, h);
	expect_taken(test, h, MODERN | BIT_ULL(3), 0);
}

/* The device says FEATURES_OK to none of them. */
static void test_refused(struct kunit *test)
{
	struct virtio_host *h = host(test, MODERN);

	h->refuse_features = true;
	take(table, ARRAY_SIZE(table));
	kernel_log_mark();
	fake_bind(test, h);
	KUNIT_EXPECT_NULL(test, h->vdev.dev.driver);
	kernel_log_expect_one(test, "(from bit 64: 0x8000000000000002)");
}

/*
 * Drivers that look at what is agreed.
 */

static unsigned int written;

static void count_written(struct virtio_host *host, enum virtio_host_point point, u64 arg)
{
	if (point == VIRTIO_HOST_SET_FEATURES)
		written++;
}

static struct virtio_host *bind_validating(struct kunit *test,
					   int (*validate)(struct virtio_device *vdev))
{
	struct virtio_host *h = host(test, MODERN);

	written = 0;
	h->script = count_written;
	take(table, ARRAY_SIZE(table));
	fake_driver.validate = validate;
	fake_bind(test, h);
	return h;
}

static int clear_own(struct virtio_device *vdev)
{
	__virtio_clear_bit(vdev, OWN);
	return 0;
}

/* What is changed in the second word alone is written again. */
static void test_validate(struct kunit *test)
{
	struct virtio_host *h = bind_validating(test, clear_own);

	KUNIT_EXPECT_EQ(test, 2, written);
	expect_taken(test, h, MODERN, VIRTIO_BIT(LAST));
}

static int look_only(struct virtio_device *vdev)
{
	return virtio_has_feature(vdev, OWN) ? 0 : -EINVAL;
}

static void test_validate_nothing(struct kunit *test)
{
	struct virtio_host *h = bind_validating(test, look_only);

	KUNIT_EXPECT_EQ(test, 1, written);
	expect_taken(test, h, MODERN, VIRTIO_BIT(OWN) | VIRTIO_BIT(LAST));
}

static int set_foreign(struct virtio_device *vdev)
{
	__virtio_set_bit(vdev, 100);
	return 0;
}

/* What is not offered is not taken. */
static void test_validate_too_much(struct kunit *test)
{
	struct virtio_host *h = bind_validating(test, set_foreign);

	expect_taken(test, h, MODERN, VIRTIO_BIT(OWN) | VIRTIO_BIT(LAST));
}

/*
 * Drivers that take bits in probe().
 */

static int use_bits(struct virtio_device *vdev)
{
	void *token = vdev->config->find(vdev, VIRTIO_CONFIG_F_FEATURES, &saw.len);

	saw.own = virtio_use_bit(vdev, token, saw.len, OWN);
	saw.other = virtio_use_bit(vdev, token, saw.len, OWN + 3);
	saw.beyond = virtio_use_bit(vdev, token, saw.len, VIRTIO_FEATURES_BITS);
	return 0;
}

static void test_use_bit(struct kunit *test)
{
	struct virtio_host *h = host(test, MODERN | BIT_ULL(3));

	fake_driver.probe = use_bits;
	fake_bind(test, h);
	KUNIT_EXPECT_EQ(test, 32, saw.len);
	KUNIT_EXPECT_EQ(test, 1, saw.own);
	KUNIT_EXPECT_EQ(test, 0, saw.other);
	KUNIT_EXPECT_EQ(test, 0, saw.beyond);
	expect_taken(test, h, MODERN, VIRTIO_BIT(OWN));
}

/* The field of a device that offers none of these bits is as short as ever. */
static void test_use_bit_short(struct kunit *test)
{
	struct virtio_host *h = host(test, MODERN | BIT_ULL(3));

	h->offered_array[1] = 0;
	fake_driver.probe = use_bits;
	fake_bind(test, h);
	KUNIT_EXPECT_EQ(test, 16, saw.len);
	KUNIT_EXPECT_EQ(test, 0, saw.own);
	expect_taken(test, h, MODERN, 0);
}

/* With its queues there already: the device is set up once more. */
static int use_bit_late(struct virtio_device *vdev)
{
	int err;

	fake_plan.use_queue = true;
	err = fake_probe(vdev);
	return err ?: use_bits(vdev);
}

static void test_late(struct kunit *test)
{
	struct virtio_host *h = host(test, MODERN);

	fake_driver.probe = use_bit_late;
	fake_bind(test, h);
	KUNIT_EXPECT_EQ(test, 1, saw.own);
	expect_taken(test, h, MODERN, VIRTIO_BIT(OWN));
	fake_expect_data(test, h, 3);
}

/*
 * A device that offers something else each time it is asked: what it said first stands.
 */

static unsigned int live;

static void change_offer(struct virtio_host *host, enum virtio_host_point point, u64 arg)
{
	if (point != VIRTIO_HOST_GET_FEATURES || !saw.looks++)
		return;
	host->offered_array[0] ^= BIT_ULL(3);
	host->offered_array[1] ^= VIRTIO_BIT(OWN) | VIRTIO_BIT(OTHER);
}

static void test_changes(struct kunit *test)
{
	struct virtio_host *h = host(test, MODERN | BIT_ULL(3));

	h->script = change_offer;
	take(table, ARRAY_SIZE(table));
	fake_bind(test, h);
	KUNIT_EXPECT_EQ(test, 1, saw.looks);
	expect_taken(test, h, MODERN | BIT_ULL(3), VIRTIO_BIT(OWN) | VIRTIO_BIT(LAST));
}

/* The second word is read later than the first, and once. */
static int use_bits_of_both(struct virtio_device *vdev)
{
	void *token = vdev->config->find(vdev, VIRTIO_CONFIG_F_FEATURES, &saw.len);

	saw.own = virtio_use_bit(vdev, token, saw.len, 3);
	saw.other = virtio_use_bit(vdev, token, saw.len, LAST);
	saw.beyond = virtio_use_bit(vdev, token, saw.len, OWN);
	return 0;
}

static void test_changes_in_probe(struct kunit *test)
{
	struct virtio_host *h = host(test, MODERN | BIT_ULL(3));

	h->script = change_offer;
	fake_driver.probe = use_bits_of_both;
	fake_bind(test, h);
	KUNIT_EXPECT_EQ(test, 2, saw.looks);
	KUNIT_EXPECT_EQ(test, 1, saw.own);
	KUNIT_EXPECT_EQ(test, 1, saw.other);
	KUNIT_EXPECT_EQ(test, 0, saw.beyond);
	expect_taken(test, h, MODERN | BIT_ULL(3), VIRTIO_BIT(LAST));
}

static void change_offer_and_count(struct virtio_host *host, enum virtio_host_point point,
				   u64 arg)
{
	change_offer(host, point, arg);
	if (point != VIRTIO_HOST_SET_STATUS || !(arg & VIRTIO_CONFIG_S_DRIVER_OK))
		return;
	live++;
	wake_up_all(&host->event);
}

/* Brought back, the device is told of the same bits, and not asked what it offers now. */
static void test_recovery(struct kunit *test)
{
	struct virtio_host *h = host(test, MODERN);

	live = 0;
	take(table, ARRAY_SIZE(table));
	fake_plan.use_queue = true;
	fake_driver.restarts = false;
	fake_bind(test, h);
	h->script = change_offer_and_count;
	virtio_features_zero(h->accepted_array);
	virtio_host_needs_reset(h);
	KUNIT_EXPECT_TRUE(test, wait_event_timeout(h->event, live, GENEROUS));
	KUNIT_EXPECT_EQ(test, 0, saw.looks);
	expect_taken(test, h, MODERN, VIRTIO_BIT(OWN) | VIRTIO_BIT(LAST));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_sets),
	KUNIT_CASE(test_device),
	KUNIT_CASE(test_table),
	KUNIT_CASE(test_low_table),
	KUNIT_CASE(test_legacy),
	KUNIT_CASE(test_one_word),
	KUNIT_CASE(test_refused),
	KUNIT_CASE(test_validate),
	KUNIT_CASE(test_validate_nothing),
	KUNIT_CASE(test_validate_too_much),
	KUNIT_CASE(test_use_bit),
	KUNIT_CASE(test_use_bit_short),
	KUNIT_CASE(test_late),
	KUNIT_CASE(test_changes),
	KUNIT_CASE(test_changes_in_probe),
	KUNIT_CASE(test_recovery),
	{}
};

static struct kunit_suite suite = {
	.name = "virtio-more-features",
	.init = fake_driver_init,
	.test_cases = cases,
};

/* The same over a page: what a driver finds there, and what the other side reads of it. */

static struct kunit_case page_cases[] = {
	KUNIT_CASE(test_table),
	KUNIT_CASE(test_use_bit),
	KUNIT_CASE(test_use_bit_short),
	KUNIT_CASE(test_late),
	{}
};

static int page_init(struct kunit *test)
{
	return page_host_init(test) ?: fake_driver_init(test);
}

static struct kunit_suite page_suite = {
	.name = "virtio-page-more-features",
	.init = page_init,
	.test_cases = page_cases,
};

kunit_test_suites(&suite, &page_suite);
