// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the virtqueues with a device that lies: in what it writes to its own
 * side, and to what is not its to write.
 */
#include <linux/slab.h>

#include "ring_fixture.h"

KUNIT_ARRAY_PARAM(features, ring_feature_sets, ring_describe_features);

/* Nothing comes out of a queue that is broken. */
static void expect_broken(struct kunit *test, struct ring_fixture *f)
{
	unsigned int len;

	KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(f->vq));
}

/* Nor goes anything in; and the one buffer that is in it can be had back. */
static void expect_all_back(struct kunit *test, struct ring_fixture *f, u8 *buf)
{
	unsigned int len;

	expect_broken(test, f);
	KUNIT_EXPECT_EQ(test, -EIO, ring_add_one(f, buf, 1, false));
	f->vq->vq_ops->shutdown(f->vq);
	KUNIT_EXPECT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_EQ(test, 0, len);
	KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_EQ(test, 8, f->vq->num_free);
}

static void post_two(struct kunit *test, struct ring_fixture *f, u8 *buf)
{
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 1, true));
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf + 1, 1, true));
	f->vq->vq_ops->kick(f->vq);
}

/**
 * struct ring_lie - what a device may say that is not so
 * @name: for the log
 * @id: the used id
 * @ahead: how far the used index runs ahead of what was submitted
 */
struct ring_lie {
	const char *name;
	u32 id;
	u16 ahead;
};

static const struct ring_lie lies[] = {
	{ "id is the size of the ring", .id = 8 },
	{ "id is beyond 16 bits", .id = 0x10000 },
	{ "id is all ones", .id = U32_MAX },
	{ "id was never submitted", .id = 5 },
	{ "id is in the middle of a chain", .id = 1 },
	{ "index runs one ahead", .ahead = 1 },
	{ "index runs ahead by the size of the ring", .ahead = 8 },
	{ "index runs backwards", .ahead = 0xfffd },
};

static void describe_lie(const struct ring_lie *lie, char *desc)
{
	strscpy(desc, lie->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(lie, lies, describe_lie);

/* It breaks its queue, and the driver gets all of its buffers back. */
static void test_liar(struct kunit *test)
{
	const struct ring_lie *lie = test->param_value;
	struct ring_fixture *f = ring_make(test, 8, 0);
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);

	KUNIT_ASSERT_EQ(test, 0, ring_add_bytes(f, buf, 1, 1));
	f->vq->vq_ops->kick(f->vq);

	if (lie->ahead)
		f->host.split.used->idx = cpu_to_virtio16(&f->vdev, 1 + lie->ahead);
	else
		ring_host_claims(f, lie->id, 1);
	expect_all_back(test, f, buf);
}

/* The same buffer can't come back twice. */
static void test_twice(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 8, 0);
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	unsigned int len;

	post_two(test, f, buf);
	ring_host_claims(f, 0, 1);
	ring_host_claims(f, 0, 1);
	KUNIT_EXPECT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
	expect_broken(test, f);
}

/* Descriptors that the device rewrote while it had them change nothing. */
static void test_rewritten(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 8, 0);
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	unsigned int len, i;

	for (i = 0; i < 20; i++) {
		KUNIT_ASSERT_EQ(test, 0, ring_add_bytes(f, buf, 1, 2));
		f->vq->vq_ops->kick(f->vq);
		ring_host_claims(f, virtio16_to_cpu(&f->vdev, f->host.split.avail->ring[i % 8]), 2);
		memset(f->host.split.desc, 0xff, 8 * sizeof(struct vring_desc));
		KUNIT_ASSERT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
		KUNIT_ASSERT_EQ(test, 8, f->vq->num_free);
	}
}

static const u32 packed_lies[] = { 8, 0xffff, 5, 1 };

static void describe_packed_lie(const u32 *id, char *desc)
{
	sprintf(desc, "id %u", *id);
}

KUNIT_ARRAY_PARAM(packed_lie, packed_lies, describe_packed_lie);

/* Ids beyond the ring, of nothing, and of the middle of a buffer. */
static void test_packed_liar(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 8, PACKED);
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);

	KUNIT_ASSERT_EQ(test, 0, ring_add_bytes(f, buf, 1, 1));
	f->vq->vq_ops->kick(f->vq);
	host_ring_claim(&f->host, *(const u32 *)test->param_value, 1, 2);
	expect_all_back(test, f, buf);
}

/* A packed buffer that comes back twice, and descriptors that the device scribbles on. */
static void test_packed_scribbler(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 7, PACKED);
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	unsigned int len, i;
	u16 id;

	for (i = 0; i < 20; i++) {
		KUNIT_ASSERT_EQ(test, 0, ring_add_bytes(f, buf, 1, 2));
		f->vq->vq_ops->kick(f->vq);
		KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &id));
		memset(&f->host.packed.desc[f->host.packed.used], 0xff, 14);
		ring_host_complete(f, id, 2);
		KUNIT_ASSERT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
		KUNIT_ASSERT_EQ(test, 2, len);
		KUNIT_ASSERT_EQ(test, 7, f->vq->num_free);
	}
	host_ring_claim(&f->host, id, 2, 3);
	expect_broken(test, f);
}

/* A batch that ends with what was never added breaks the queue. */
static void test_in_order_liar(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 8, FEATURES(test) | IN_ORDER);
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);

	post_two(test, f, buf);
	host_ring_claim(&f->host, 5, 1, 2);
	expect_broken(test, f);
}

/* Nor may its last buffer lie beyond what the used index says. */
static void test_in_order_short(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 8, IN_ORDER);
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	unsigned int len;

	post_two(test, f, buf);
	host_ring_claim(&f->host, 1, 1, 1);
	KUNIT_EXPECT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
	expect_broken(test, f);
}

/* More than was posted is cut down to it, and the queue goes on. */
static void test_length(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 8, 0);
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	unsigned int len;

	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 3, true));
	f->vq->vq_ops->kick(f->vq);
	ring_host_claims(f, 0, U32_MAX);
	KUNIT_EXPECT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_EQ(test, 3, len);
	KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(f->vq));
}

static struct kunit_case lies_cases[] = {
	KUNIT_CASE_PARAM(test_liar, lie_gen_params),
	KUNIT_CASE(test_twice),
	KUNIT_CASE(test_rewritten),
	KUNIT_CASE_PARAM(test_packed_liar, packed_lie_gen_params),
	KUNIT_CASE(test_packed_scribbler),
	KUNIT_CASE_PARAM(test_in_order_liar, features_gen_params),
	KUNIT_CASE(test_in_order_short),
	KUNIT_CASE(test_length),
	{}
};

static struct kunit_suite lies_suite = {
	.name = "virtio-ring-lies",
	.init = ring_fixture_init,
	.exit = ring_fixture_exit,
	.test_cases = lies_cases,
};

kunit_test_suite(lies_suite);
