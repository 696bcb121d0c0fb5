// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of a device that says that it has used more buffers than it was given: one that
 * acknowledges a buffer twice, and one that uses a buffer before there is any.
 *
 * There are devices that do so.  What they say too much must complete nothing, break
 * nothing, and leave no driver in a loop or without a callback.
 */
#include <kunit/static_stub.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "ring_fixture.h"
#include "visible.h"

#define SIZE	8
/* More often than any loop needs that waits for a queue to be empty. */
#define LOOPS	(4 * SIZE)

static const u64 feature_sets[] = {
	0, EVENT_IDX, INDIRECT_DESC | EVENT_IDX, IN_ORDER, IN_ORDER | EVENT_IDX,
};

static void describe(const u64 *features, char *desc)
{
	ring_describe_features(features, desc);
	strcat(desc, *features & IN_ORDER ? " in_order=1" : "");
}

KUNIT_ARRAY_PARAM(features, feature_sets, describe);

static const u64 packed_sets[] = {
	PACKED, PACKED | EVENT_IDX, PACKED | INDIRECT_DESC, PACKED | IN_ORDER,
	PACKED | IN_ORDER | EVENT_IDX,
};

KUNIT_ARRAY_PARAM(packed, packed_sets, describe);

/* What was said, before any rate limit. */
static struct {
	unsigned int broken, other;
	char line[128];
} said;

static void listen(struct virtqueue *vq, bool broken, const char *line)
{
	broken ? said.broken++ : said.other++;
	strscpy(said.line, line);
}

void ring_say(struct virtqueue *vq, bool broken, const char *line);

static struct ring_fixture *make(struct kunit *test)
{
	memset(&said, 0, sizeof(said));
	kunit_activate_static_stub(test, ring_say, listen);
	return ring_make(test, SIZE, FEATURES(test));
}

static void expect_said(struct kunit *test, unsigned int times)
{
	struct ring_fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, 0, said.broken);
	KUNIT_ASSERT_FALSE(test, virtqueue_is_broken(f->vq));
	KUNIT_ASSERT_EQ(test, times, said.other);
}

/* The ways in which drivers find out that nothing is left. */
static bool by_enable(struct virtqueue *vq)
{
	return virtqueue_enable_cb(vq);
}

static bool by_restart(struct virtqueue *vq)
{
	return vq->vq_ops->restart(vq);
}

static bool by_delayed(struct virtqueue *vq)
{
	return virtqueue_enable_cb_delayed(vq);
}

static bool by_poll(struct virtqueue *vq)
{
	return !virtqueue_poll(vq, virtqueue_enable_cb_prepare(vq));
}

static bool (*const enables[])(struct virtqueue *vq) = {
	by_enable, by_restart, by_delayed, by_poll,
};

/* As most drivers do.  Returns how many buffers came out, or -1 if that has no end. */
static int take_all(struct ring_fixture *f, bool (*enable)(struct virtqueue *vq))
{
	unsigned int loops = 0, len;
	int taken = 0;

	do {
		virtqueue_disable_cb(f->vq);
		while (f->vq->vq_ops->get_buf(f->vq, &len))
			taken++;
		if (loops++ == LOOPS)
			return -1;
	} while (!enable(f->vq));
	return taken;
}

/* One buffer of two segments is with the device. */
static u16 post(struct kunit *test, u8 *bytes)
{
	struct ring_fixture *f = test->priv;
	u16 id;

	KUNIT_ASSERT_EQ(test, 0, ring_add_bytes(f, bytes, 1, 1));
	f->vq->vq_ops->kick(f->vq);
	KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &id));
	return id;
}

/* The device says once more that it has used @id. */
static void repeat(struct ring_fixture *f, u16 id)
{
	host_ring_claim(&f->host, id, 1, 1);
}

/* Each buffer is used twice.  No driver's loop is without end, and each is called back. */
static void test_twice(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	u8 *bytes = kunit_kzalloc(test, 2, GFP_KERNEL);
	unsigned int round, len;
	u16 id;

	f->go_on = true;
	KUNIT_ASSERT_TRUE(test, virtqueue_enable_cb(f->vq));
	for (round = 0; round < 5 * SIZE; round++) {
		id = post(test, bytes);
		/* What was said too much the last time is not about this one. */
		KUNIT_ASSERT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
		KUNIT_ASSERT_EQ(test, 0, ring_host_complete(f, id, 1));
		repeat(f, id);
		KUNIT_ASSERT_TRUE(test, ring_host_calls(f));
		f->callbacks = 0;
		KUNIT_ASSERT_EQ(test, IRQ_HANDLED, vring_interrupt(0, f->vq));
		KUNIT_ASSERT_EQ(test, 1, f->callbacks);
		KUNIT_ASSERT_EQ(test, 1, take_all(f, enables[round % ARRAY_SIZE(enables)]));
		expect_said(test, 1);
		KUNIT_ASSERT_EQ(test, SIZE, f->vq->num_free);
		KUNIT_ASSERT_EQ(test, IRQ_NONE, vring_interrupt(0, f->vq));
	}
	ring_expect_works(test);
}

/* All that are in flight, and each of them twice, but after the last. */
static void test_several(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	u8 *bytes = kunit_kzalloc(test, 2 * 3, GFP_KERNEL);
	unsigned int round, i;
	u16 ids[3];

	for (round = 0; round < 5 * SIZE; round++) {
		for (i = 0; i < 3; i++)
			ids[i] = post(test, bytes + 2 * i);
		for (i = 0; i < 3; i++)
			KUNIT_ASSERT_EQ(test, 0, ring_host_complete(f, ids[i], 1));
		for (i = 0; i < 2; i++)
			repeat(f, ids[i]);
		KUNIT_ASSERT_EQ(test, 3, take_all(f, enables[round % ARRAY_SIZE(enables)]));
		expect_said(test, 1);
		KUNIT_ASSERT_EQ(test, SIZE, f->vq->num_free);
	}
	ring_expect_works(test);
}

/* A buffer that is made available before all of the others are taken is still to come. */
static void test_added_meanwhile(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	u8 *bytes = kunit_kzalloc(test, 2 * 3, GFP_KERNEL);
	unsigned int len;
	u16 ids[3];

	ids[0] = post(test, bytes);
	ids[1] = post(test, bytes + 2);
	ring_host_complete(f, ids[0], 1);
	ring_host_complete(f, ids[1], 1);
	repeat(f, ids[0]);
	KUNIT_EXPECT_PTR_EQ(test, (void *)bytes, f->vq->vq_ops->get_buf(f->vq, &len));
	ids[2] = post(test, bytes + 4);
	KUNIT_EXPECT_PTR_EQ(test, (void *)(bytes + 2), f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_TRUE(test, virtqueue_enable_cb(f->vq));
	ring_host_calls(f);
	ring_host_complete(f, ids[2], 1);
	KUNIT_EXPECT_TRUE(test, ring_host_calls(f));
	KUNIT_EXPECT_PTR_EQ(test, (void *)(bytes + 4), f->vq->vq_ops->get_buf(f->vq, &len));
	expect_said(test, 1);
	ring_expect_works(test);
}

/* In order, one entry stands for several buffers: they are used twice, too. */
static void test_batch_twice(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	u8 *bytes = kunit_kzalloc(test, 2 * 3, GFP_KERNEL);
	unsigned int round, i;
	u16 ids[3];

	if (!(FEATURES(test) & IN_ORDER))
		kunit_skip(test, "needs a ring in order");
	for (round = 0; round < 5 * SIZE; round++) {
		for (i = 0; i < 3; i++)
			ids[i] = post(test, bytes + 2 * i);
		for (i = 0; i < 2; i++)
			ring_host_complete_batch(f, ids, 3, 1);
		KUNIT_ASSERT_EQ(test, 3, take_all(f, enables[round % ARRAY_SIZE(enables)]));
		expect_said(test, 1);
	}
	ring_expect_works(test);
}

/* Used before there is any buffer, as by a network card that was not stopped. */
static void test_before(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(enables); i++) {
		host_ring_claim(&f->host, 0, 60, 1);
		KUNIT_EXPECT_EQ(test, IRQ_HANDLED, vring_interrupt(0, f->vq));
		KUNIT_EXPECT_EQ(test, 0, take_all(f, enables[i]));
		expect_said(test, 1);
		ring_expect_works(test);
	}
}

/* One that does not stop is a liar: the driver is not kept busy by it for ever. */
static void test_without_end(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	unsigned int len, i;

	for (i = 0; i < LOOPS && !virtqueue_is_broken(f->vq); i++) {
		host_ring_claim(&f->host, 0, 1, 1);
		KUNIT_ASSERT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	}
	KUNIT_EXPECT_EQ(test, SIZE + 1, i);
	KUNIT_EXPECT_EQ(test, 1, said.broken);
	KUNIT_EXPECT_EQ(test, 1, said.other);
}

/* An index that is a whole ring ahead is the limit. */
static void test_limit(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	u8 *bytes = kunit_kzalloc(test, 4, GFP_KERNEL);
	unsigned int len, too_far;
	u16 id;

	for (too_far = 0; too_far < 2; too_far++) {
		id = post(test, bytes);
		ring_host_complete(f, id, 1);
		/* That was one of them, and an entry that is not looked at is any other. */
		host_ring_claim(&f->host, 99, 1, SIZE - 1 + too_far);
		KUNIT_EXPECT_PTR_EQ(test, too_far ? NULL : (void *)bytes,
				    f->vq->vq_ops->get_buf(f->vq, &len));
		KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
		KUNIT_EXPECT_EQ(test, too_far, said.broken);
	}
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(f->vq));
	KUNIT_EXPECT_PTR_EQ(test, (void *)bytes, virtqueue_detach_unused_buf(f->vq));
}

/* What else is in flight keeps a wrong id from being one too many. */
static void test_others_in_flight(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	u8 *bytes = kunit_kzalloc(test, 6, GFP_KERNEL);
	unsigned int len;
	u16 id;

	id = post(test, bytes);
	post(test, bytes + 2);
	ring_host_complete(f, id, 1);
	repeat(f, id);
	KUNIT_EXPECT_PTR_EQ(test, (void *)bytes, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_EQ(test, 1, said.broken);
	KUNIT_EXPECT_EQ(test, 0, said.other);
}

static void never(struct virtqueue *vq, void *buf)
{
}

/* A ring that begins anew, be it by a reset of the queue or of the device, owes nothing. */
static void test_anew(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	u8 *bytes = kunit_kzalloc(test, 2, GFP_KERNEL);
	u16 id;

	id = post(test, bytes);
	ring_host_complete(f, id, 1);
	repeat(f, id);
	KUNIT_EXPECT_EQ(test, 1, take_all(f, by_enable));
	KUNIT_ASSERT_EQ(test, 0, virtqueue_reset(f->vq, never, NULL));
	ring_host_start(test);
	ring_expect_works(test);
	if (FEATURES(test) & IN_ORDER)
		return;

	id = post(test, bytes);
	ring_host_complete(f, id, 1);
	repeat(f, id);
	KUNIT_EXPECT_EQ(test, 1, take_all(f, by_enable));
	vring_stall(&f->vdev);
	KUNIT_ASSERT_EQ(test, 0, ring_renew(f));
	ring_host_start(test);
	vring_resume(&f->vdev);
	KUNIT_EXPECT_FALSE(test, vring_prompt(&f->vdev));
	KUNIT_EXPECT_EQ(test, 0, take_all(f, by_enable));
	ring_expect_works(test);
	expect_said(test, 1);
}

/*
 * On a packed ring a used descriptor stands where the device takes its next buffer from, and
 * moves on where it looks for the ones after that.  It can't be made up for: the queue breaks.
 */
static void test_packed(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	u8 *bytes = kunit_kzalloc(test, 2, GFP_KERNEL);
	unsigned int used, i;
	u16 id = 0;

	for (used = 0; used < 2; used++) {
		if (used) {
			id = post(test, bytes);
			ring_host_complete(f, id, 1);
		}
		host_ring_claim(&f->host, id, 1, FEATURES(test) & INDIRECT_DESC ? 1 : 2);
		for (i = 0; i < ARRAY_SIZE(enables); i++)
			KUNIT_EXPECT_EQ(test, i ? 0 : used, take_all(f, enables[i]));
		KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(f->vq));
		KUNIT_EXPECT_EQ(test, 1 + used, said.broken);
		KUNIT_EXPECT_EQ(test, SIZE, f->vq->num_free);
		__virtqueue_unbreak(f->vq);
		KUNIT_ASSERT_EQ(test, 0, virtqueue_reset(f->vq, never, NULL));
		ring_host_start(test);
		ring_expect_works(test);
	}
	KUNIT_EXPECT_EQ(test, 0, said.other);
}

static struct kunit_case surplus_cases[] = {
	KUNIT_CASE_PARAM(test_twice, features_gen_params),
	KUNIT_CASE_PARAM(test_several, features_gen_params),
	KUNIT_CASE_PARAM(test_added_meanwhile, features_gen_params),
	KUNIT_CASE_PARAM(test_batch_twice, features_gen_params),
	KUNIT_CASE_PARAM(test_before, features_gen_params),
	KUNIT_CASE_PARAM(test_without_end, features_gen_params),
	KUNIT_CASE_PARAM(test_limit, features_gen_params),
	KUNIT_CASE_PARAM(test_others_in_flight, features_gen_params),
	KUNIT_CASE_PARAM(test_anew, features_gen_params),
	KUNIT_CASE_PARAM(test_packed, packed_gen_params),
	{}
};

static struct kunit_suite surplus_suite = {
	.name = "virtio-ring-surplus",
	.init = ring_fixture_init,
	.exit = ring_fixture_exit,
	.test_cases = surplus_cases,
};

kunit_test_suite(surplus_suite);
