// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks on what each side says it wants to be told of: event index, event
 * suppression and the flags.  An honest device is always notified of what it waits
 * for; one that asks for nonsense is notified once too often at worst.
 */
#include <linux/slab.h>

#include "ring_fixture.h"

#define SIZE	8

/* One buffer through the queue; how many notifications that took. */
static unsigned int kicks_for_one(struct kunit *test, struct ring_fixture *f, u8 *buf)
{
	unsigned int before = f->kicks, len;
	u16 id;

	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 1, true));
	f->vq->vq_ops->kick(f->vq);
	KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &id));
	KUNIT_ASSERT_EQ(test, 0, ring_host_complete(f, id, 1));
	KUNIT_ASSERT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
	return f->kicks - before;
}

/* Every event that there is, at many places of the ring (virtio 1.3, 2.7.10). */
static void test_split_events(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, EVENT_IDX);
	u8 *buf = kunit_kzalloc(test, 1, GFP_KERNEL);
	u32 event;
	u16 at = 0;

	for (event = 0; event <= U16_MAX; event++, at++) {
		vring_avail_event(&f->host.split) = cpu_to_virtio16(&f->vdev, event * 40503);
		KUNIT_ASSERT_EQ(test, (u16)(event * 40503) == at, kicks_for_one(test, f, buf));
	}
}

/* How many notifications there are to be at @at, for what the device wants (2.8.10). */
static bool is_wanted(unsigned int flags, u16 position, bool wrap, unsigned int at)
{
	if (flags == VRING_PACKED_EVENT_FLAG_DESC)
		return position == at % SIZE && wrap == !(at / SIZE % 2);
	return flags != VRING_PACKED_EVENT_FLAG_DISABLE;
}

/* Of flags and positions too, also those that are reserved or beyond the ring. */
static void test_packed_events(struct kunit *test)
{
	static const u16 positions[] = { 0, 3, SIZE - 1, SIZE, 100, 0x7fff };
	struct ring_fixture *f = ring_make(test, SIZE, PACKED | EVENT_IDX);
	struct vring_packed_desc_event *wanted = f->host.packed.device;
	u8 *buf = kunit_kzalloc(test, 1, GFP_KERNEL);
	unsigned int i, what, at, kicks;

	/* Every place of two laps, with every combination. */
	for (i = 0; i < ARRAY_SIZE(positions) * 8 * 2 * SIZE; i++) {
		at = i % (2 * SIZE);
		what = i / (2 * SIZE);
		wanted->off_wrap = cpu_to_le16(positions[what / 8] | (what & 1) << 15);
		wanted->flags = cpu_to_le16(what / 2 % 4);
		kicks = kicks_for_one(test, f, buf);
		/* A place that is none: one too many at worst. */
		if (positions[what / 8] >= SIZE && what / 2 % 4 == VRING_PACKED_EVENT_FLAG_DESC)
			KUNIT_ASSERT_LE(test, kicks, 1);
		else
			KUNIT_ASSERT_EQ(test, kicks, is_wanted(what / 2 % 4, positions[what / 8],
							       what & 1, at));
	}
}

/* Without the event index only the flag counts, whatever else it has in it. */
static void test_flags(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, 0);
	u8 *buf = kunit_kzalloc(test, 1, GFP_KERNEL);
	u32 flags;

	for (flags = 0; flags <= U16_MAX; flags += 0x101) {
		f->host.split.used->flags = cpu_to_virtio16(&f->vdev, flags);
		KUNIT_ASSERT_EQ(test, !(flags & VRING_USED_F_NO_NOTIFY),
				kicks_for_one(test, f, buf));
	}
}

static const u64 feature_sets[] = { 0, EVENT_IDX, PACKED, PACKED | EVENT_IDX };

KUNIT_ARRAY_PARAM(features, feature_sets, ring_describe_features);

/*
 * Whatever the driver asks for between two looks, it is called for the first buffer
 * that is used after that, or is told by restart that there is one.
 */
static void test_no_lost_wakeup(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	unsigned int step, len, called;
	u8 *buf = kunit_kzalloc(test, 1, GFP_KERNEL);
	bool waits;
	u16 id;

	for (step = 0; step < 1000; step++) {
		KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 1, true));
		f->vq->vq_ops->kick(f->vq);
		if (step % 3 == 1)
			virtqueue_disable_cb(f->vq);
		KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &id));
		if (step % 2)
			KUNIT_ASSERT_EQ(test, 0, ring_host_complete(f, id, 1));
		waits = step % 5 ? f->vq->vq_ops->restart(f->vq) :
				   virtqueue_enable_cb_delayed(f->vq);
		KUNIT_ASSERT_EQ(test, !(step % 2), waits);
		if (waits) {
			called = f->callbacks;
			KUNIT_ASSERT_EQ(test, 0, ring_host_complete(f, id, 1));
			KUNIT_ASSERT_TRUE(test, ring_host_calls(f));
			vring_interrupt(0, f->vq);
			KUNIT_ASSERT_EQ(test, called + 1, f->callbacks);
		}
		KUNIT_ASSERT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
		ring_host_calls(f);
	}
}

/*
 * A driver that takes what it was called for and looks no further, as that of the
 * entropy device does, is called for the next buffer as well.
 */
static void test_one_a_call(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 1, GFP_KERNEL);
	unsigned int step, len;
	u16 id;

	KUNIT_ASSERT_TRUE(test, f->vq->vq_ops->restart(f->vq));
	for (step = 0; step < 1000; step++) {
		KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 1, true));
		f->vq->vq_ops->kick(f->vq);
		KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &id));
		KUNIT_ASSERT_EQ(test, 0, ring_host_complete(f, id, 1));
		KUNIT_ASSERT_TRUE(test, ring_host_calls(f));
		KUNIT_ASSERT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
	}
}

KUNIT_ARRAY_PARAM(all_features, ring_feature_sets, ring_describe_features);

/*
 * A device that has lost a notification sleeps on a full ring.  It is notified of what it
 * can read whenever the driver finds that there is no room, whatever it asked for.
 */
static void test_full_ring(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	u8 *bytes = kunit_kzalloc(test, 2, GFP_KERNEL);
	unsigned int i;

	ring_host_kicks(f, false);
	for (i = 0; f->vq->num_free; i++) {
		KUNIT_ASSERT_EQ(test, 0, ring_add_bytes(f, bytes, 1, 1));
		f->vq->vq_ops->kick(f->vq);
	}
	f->kicks = 0;
	KUNIT_EXPECT_EQ(test, -ENOSPC, ring_add_one(f, bytes, 1, true));
	KUNIT_EXPECT_EQ(test, 0, f->kicks);
	KUNIT_EXPECT_EQ(test, -ENOSPC, ring_add_one(f, bytes, 1, false));
	KUNIT_EXPECT_EQ(test, 1, f->kicks);
	KUNIT_EXPECT_EQ(test, -ENOSPC, ring_add_bytes(f, bytes, 1, 1));
	KUNIT_EXPECT_EQ(test, 2, f->kicks);
	while (i--)
		KUNIT_EXPECT_EQ(test, 1, ring_host_echo(f));
}

static struct kunit_case events_cases[] = {
	KUNIT_CASE(test_split_events),
	KUNIT_CASE(test_packed_events),
	KUNIT_CASE(test_flags),
	KUNIT_CASE_PARAM(test_no_lost_wakeup, features_gen_params),
	KUNIT_CASE_PARAM(test_one_a_call, features_gen_params),
	KUNIT_CASE_PARAM(test_full_ring, all_features_gen_params),
	{}
};

static struct kunit_suite events_suite = {
	.name = "virtio-ring-events",
	.init = ring_fixture_init,
	.exit = ring_fixture_exit,
	.test_cases = events_cases,
};

kunit_test_suite(events_suite);
