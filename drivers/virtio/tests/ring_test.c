// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the virtqueues with a device that does as it should; ring_fixture.h
 * says who plays it, and ring_lies_test.c what becomes of one that does not.
 */
#include <linux/prandom.h>
#include <linux/slab.h>

#include "ring_fixture.h"

KUNIT_ARRAY_PARAM(features, ring_feature_sets, ring_describe_features);

/* Through the ring and back, far enough for its indices to come round. */
static void test_echo(struct kunit *test)
{
	/* A packed ring may be of any size. */
	struct ring_fixture *f = ring_make(test, FEATURES(test) & PACKED ? 5 : 4,
					   FEATURES(test));
	u8 *out = kunit_kzalloc(test, 16, GFP_KERNEL);
	u8 *in = kunit_kzalloc(test, 16, GFP_KERNEL);
	struct scatterlist sg[3];
	unsigned int len, i, j;

	for (i = 0; i < 70000; i++) {
		sg_init_table(sg, 3);
		sg_set_buf(&sg[0], out, 5);
		sg_set_buf(&sg[1], out + 5, 11);
		sg_set_buf(&sg[2], in, 16);
		for (j = 0; j < 16; j++)
			out[j] = i + j;
		KUNIT_ASSERT_EQ(test, 0, f->vq->vq_ops->add_buf(f->vq, sg, 2, 1, out));
		f->vq->vq_ops->kick(f->vq);
		KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
		KUNIT_ASSERT_PTR_EQ(test, (void *)out, f->vq->vq_ops->get_buf(f->vq, &len));
		KUNIT_ASSERT_EQ(test, 16, len);
		for (j = 0; j < 16; j++)
			KUNIT_ASSERT_EQ(test, in[j], out[j] ^ 0x80);
	}
	KUNIT_EXPECT_EQ(test, virtqueue_get_vring_size(f->vq), f->vq->num_free);
}

/* A full ring says so, and takes again what was taken back. */
static void test_full(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 8, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 9, GFP_KERNEL);
	unsigned int len, i;

	for (i = 0; i < 8; i++)
		KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf + i, 1, false));
	KUNIT_EXPECT_EQ(test, 0, f->vq->num_free);
	KUNIT_EXPECT_EQ(test, -ENOSPC, ring_add_one(f, buf + 8, 1, false));
	KUNIT_EXPECT_EQ(test, 1, f->kicks);
	KUNIT_EXPECT_EQ(test, 1, ring_host_echo(f));
	KUNIT_EXPECT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_EQ(test, 0, ring_add_one(f, buf + 8, 1, false));
}

/* Longer than the ring, and than a table of the pool: indirect or not at all. */
static void test_long(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 8, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 64, GFP_KERNEL);
	struct scatterlist sg[40];
	unsigned int len, i;

	sg_init_table(sg, 40);
	for (i = 0; i < 40; i++) {
		buf[i] = i;
		sg_set_buf(&sg[i], buf + i % 20 + (i < 20 ? 0 : 32), 1);
	}
	if (!INDIRECT(test)) {
		KUNIT_EXPECT_EQ(test, -ENOSPC, f->vq->vq_ops->add_buf(f->vq, sg, 20, 20, buf));
		KUNIT_EXPECT_EQ(test, 8, f->vq->num_free);
		return;
	}
	KUNIT_ASSERT_EQ(test, 0, f->vq->vq_ops->add_buf(f->vq, sg, 20, 20, buf));
	KUNIT_EXPECT_EQ(test, 7, f->vq->num_free);
	f->vq->vq_ops->kick(f->vq);
	KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
	KUNIT_EXPECT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_EQ(test, 20, len);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ(test, buf[32 + i], buf[i] ^ 0x80);
}

/* Any number in flight, taken back in any order, none lost and none twice. */
static void test_random(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 64, FEATURES(test));
	u8 *in_flight = kunit_kzalloc(test, 64, GFP_KERNEL);
	u8 *bufs = kunit_kzalloc(test, 64 * 16, GFP_KERNEL);
	u16 taken[64];
	unsigned int n_taken = 0, len, i, step;
	struct scatterlist sg[4];
	struct rnd_state rnd;
	u8 *token;

	prandom_seed_state(&rnd, 2007);
	for (step = 0; step < 200000; step++) {
		u32 r = prandom_u32_state(&rnd);

		switch (r % 3) {
		case 0:
			i = (r >> 8) % 64;
			if (in_flight[i])
				break;
			sg_init_table(sg, 4);
			for (len = 0; len < 4; len++)
				sg_set_buf(&sg[len], bufs + 16 * i + len, 1);
			if (f->vq->vq_ops->add_buf(f->vq, sg, 2, (r >> 16) % 3, bufs + 16 * i))
				break;
			in_flight[i] = 1;
			f->vq->vq_ops->kick(f->vq);
			break;
		case 1:
			if (n_taken < 64 && (r & 0x100)) {
				int got = ring_host_take(f, &taken[n_taken]);

				KUNIT_ASSERT_GE(test, got, 0);
				n_taken += got;
			} else if (n_taken) {
				i = (r >> 9) % n_taken;
				KUNIT_ASSERT_EQ(test, 0,
						ring_host_complete(f, taken[i], 0));
				taken[i] = taken[--n_taken];
			}
			break;
		case 2:
			token = f->vq->vq_ops->get_buf(f->vq, &len);
			if (!token)
				break;
			i = (token - bufs) / 16;
			KUNIT_ASSERT_EQ(test, 1, in_flight[i]);
			in_flight[i] = 0;
			break;
		}
		KUNIT_ASSERT_FALSE(test, virtqueue_is_broken(f->vq));
	}
	f->vq->vq_ops->shutdown(f->vq);
	while ((token = f->vq->vq_ops->get_buf(f->vq, &len)))
		in_flight[(token - bufs) / 16] ^= 1;
	KUNIT_EXPECT_NULL(test, memchr_inv(in_flight, 0, 64));
	KUNIT_EXPECT_EQ(test, 64, f->vq->num_free);
}

/* A callback that returns false is the last one until restart. */
static void test_callbacks(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 8, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	unsigned int len, i;

	KUNIT_EXPECT_TRUE(test, f->vq->vq_ops->restart(f->vq));
	KUNIT_EXPECT_EQ(test, IRQ_NONE, vring_interrupt(0, f->vq));
	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf + i, 1, false));
		f->vq->vq_ops->kick(f->vq);
	}
	KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
	KUNIT_EXPECT_TRUE(test, ring_host_calls(f));
	KUNIT_EXPECT_EQ(test, IRQ_HANDLED, vring_interrupt(0, f->vq));
	KUNIT_EXPECT_EQ(test, 1, f->callbacks);
	KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
	KUNIT_EXPECT_FALSE(test, ring_host_calls(f));
	vring_interrupt(0, f->vq);
	KUNIT_EXPECT_EQ(test, 1, f->callbacks);

	KUNIT_EXPECT_FALSE(test, f->vq->vq_ops->restart(f->vq));
	while (f->vq->vq_ops->get_buf(f->vq, &len))
		;
	KUNIT_EXPECT_TRUE(test, f->vq->vq_ops->restart(f->vq));
	KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
	KUNIT_EXPECT_TRUE(test, ring_host_calls(f));
	vring_interrupt(0, f->vq);
	KUNIT_EXPECT_EQ(test, 2, f->callbacks);
}

/* One that returns true is called for each buffer, and nobody needs to ask again. */
static void test_callbacks_stay(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 8, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 1, GFP_KERNEL);
	unsigned int len, i;

	f->go_on = true;
	KUNIT_EXPECT_TRUE(test, f->vq->vq_ops->restart(f->vq));
	for (i = 1; i <= 30; i++) {
		KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 1, false));
		f->vq->vq_ops->kick(f->vq);
		KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
		KUNIT_ASSERT_TRUE(test, ring_host_calls(f));
		vring_interrupt(0, f->vq);
		KUNIT_ASSERT_EQ(test, i, f->callbacks);
		KUNIT_ASSERT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
		KUNIT_ASSERT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	}
}

/* The device says when it wants to be notified. */
static void test_suppressed_kicks(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 8, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);

	ring_host_kicks(f, false);
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 1, false));
	f->vq->vq_ops->kick(f->vq);
	if (ring_is_packed(f) || !(FEATURES(test) & BIT_ULL(VIRTIO_RING_F_EVENT_IDX)))
		KUNIT_EXPECT_EQ(test, 0, f->kicks);
	while (ring_host_echo(f) == 1)
		;
	f->kicks = 0;
	KUNIT_EXPECT_TRUE(test, ring_host_kicks(f, true));
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf + 1, 1, false));
	KUNIT_EXPECT_EQ(test, 0, f->kicks);
	f->vq->vq_ops->kick(f->vq);
	KUNIT_EXPECT_EQ(test, 1, f->kicks);
	f->vq->vq_ops->kick(f->vq);
	KUNIT_EXPECT_EQ(test, 1, f->kicks);
}

/* Defect 15: a kick before DRIVER_OK waits for it. */
static void test_early_kick(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);

	f->vdev.ready = false;
	ring_make(test, 8, 0);
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 1, false));
	f->vq->vq_ops->kick(f->vq);
	KUNIT_EXPECT_EQ(test, 0, f->kicks);
	f->vdev.ready = true;
	vring_send_held_kicks(&f->vdev);
	KUNIT_EXPECT_EQ(test, 1, f->kicks);
	vring_send_held_kicks(&f->vdev);
	KUNIT_EXPECT_EQ(test, 1, f->kicks);
}

/* What a buffer that did not fit left in the ring is not found by the device. */
static void test_packed_no_room(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 4, PACKED);
	u8 *buf = kunit_kzalloc(test, 8, GFP_KERNEL);
	unsigned int len, round;

	for (round = 0; round < 10; round++) {
		KUNIT_ASSERT_EQ(test, -ENOSPC, ring_add_bytes(f, buf, 5, 0));
		KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 1, false));
		f->vq->vq_ops->kick(f->vq);
		KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
		KUNIT_ASSERT_EQ(test, 0, ring_host_echo(f));
		KUNIT_ASSERT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
	}
}

/* A batch is seen whole or not at all, and each buffer of it is there. */
static void test_batch(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 8, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 8, GFP_KERNEL);
	unsigned int len, i, round;

	for (round = 0; round < 9; round++) {
		for (i = 0; i < 7; i++)
			KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf + i, 1, i & 1));
		KUNIT_ASSERT_EQ(test, 0, ring_host_echo(f));
		f->vq->vq_ops->kick(f->vq);
		for (i = 0; i < 7; i++)
			KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
		KUNIT_ASSERT_EQ(test, 0, ring_host_echo(f));
		for (i = 0; i < 7; i++)
			KUNIT_ASSERT_PTR_EQ(test, (void *)(buf + i),
					    f->vq->vq_ops->get_buf(f->vq, &len));
	}
}

/* Delayed callbacks come, however few are in flight, and early ones are not lost. */
static void test_delayed(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 8, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 8, GFP_KERNEL);
	unsigned int len, i, n, round;
	bool called;

	for (round = 0; round < 40; round++) {
		n = 1 + round % 8;
		for (i = 0; i < n; i++)
			KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf + i, 1, true));
		f->vq->vq_ops->kick(f->vq);
		virtqueue_disable_cb(f->vq);
		ring_host_calls(f);
		KUNIT_ASSERT_TRUE(test, virtqueue_enable_cb_delayed(f->vq));
		for (i = 0, called = false; i < n; i++) {
			KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
			called |= ring_host_calls(f);
		}
		KUNIT_ASSERT_TRUE(test, called);
		while (f->vq->vq_ops->get_buf(f->vq, &len))
			;
	}
	KUNIT_EXPECT_EQ(test, 8, f->vq->num_free);
}

/* A device that waits for the next buffer is told of it, wherever the ring stands. */
static void test_kick_laps(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 8, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	unsigned int len, round, i, n;

	for (round = 0; round < 50; round++) {
		n = 1 + round % 3;
		ring_host_kicks(f, true);
		f->kicks = 0;
		for (i = 0; i < n; i++)
			KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf + i, 1, false));
		f->vq->vq_ops->kick(f->vq);
		KUNIT_ASSERT_EQ(test, 1, f->kicks);
		for (i = 0; i < n; i++)
			KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
		while (f->vq->vq_ops->get_buf(f->vq, &len))
			;
	}
}

/* One entry for many: all come back in order, those before the last in full. */
static void test_in_order(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 8, FEATURES(test) | IN_ORDER);
	u8 *buf = kunit_kzalloc(test, 16, GFP_KERNEL);
	unsigned int len, i, round, n;
	u16 id = 0;

	for (round = 0; round < 50; round++) {
		n = 1 + round % 5;
		for (i = 0; i < n; i++)
			KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf + 2 * i, 2, true));
		f->vq->vq_ops->kick(f->vq);
		for (i = 0; i < n; i++)
			KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &id));
		host_ring_claim(&f->host, id, 1, n);
		for (i = 0; i < n; i++) {
			KUNIT_ASSERT_FALSE(test, f->vq->vq_ops->restart(f->vq));
			KUNIT_ASSERT_PTR_EQ(test, (void *)(buf + 2 * i),
					    f->vq->vq_ops->get_buf(f->vq, &len));
			KUNIT_ASSERT_EQ(test, i == n - 1 ? 1 : 2, len);
		}
		KUNIT_ASSERT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
		KUNIT_ASSERT_TRUE(test, f->vq->vq_ops->restart(f->vq));
	}
	KUNIT_EXPECT_EQ(test, 8, f->vq->num_free);
}

/* Lists up to their end mark, as the drivers of 6.12 hand them in. */
static void test_sgs(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 8, FEATURES(test));
	struct scatterlist head, data[2], tail, *sgs[] = { &head, data, &tail };
	u8 *buf = kunit_kzalloc(test, 32, GFP_KERNEL);
	unsigned int len;

	memset(buf, 7, 16);
	sg_init_one(&head, buf, 4);
	sg_init_table(data, 2);
	sg_set_buf(&data[0], buf + 4, 4);
	sg_set_buf(&data[1], buf + 8, 8);
	sg_init_one(&tail, buf + 16, 16);
	KUNIT_ASSERT_EQ(test, 0, virtqueue_add_sgs(f->vq, sgs, 2, 1, buf, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, INDIRECT(test) ? 7 : 4, f->vq->num_free);
	KUNIT_EXPECT_TRUE(test, virtqueue_kick(f->vq));
	KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
	KUNIT_EXPECT_PTR_EQ(test, (void *)buf, virtqueue_get_buf(f->vq, &len));
	KUNIT_EXPECT_EQ(test, 16, len);
	KUNIT_EXPECT_EQ(test, 0x87, buf[31]);
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE_PARAM(test_echo, features_gen_params),
	KUNIT_CASE_PARAM(test_full, features_gen_params),
	KUNIT_CASE_PARAM(test_long, features_gen_params),
	KUNIT_CASE_PARAM(test_random, features_gen_params),
	KUNIT_CASE_PARAM(test_callbacks, features_gen_params),
	KUNIT_CASE_PARAM(test_callbacks_stay, features_gen_params),
	KUNIT_CASE_PARAM(test_suppressed_kicks, features_gen_params),
	KUNIT_CASE_PARAM(test_sgs, features_gen_params),
	KUNIT_CASE(test_packed_no_room),
	KUNIT_CASE_PARAM(test_batch, features_gen_params),
	KUNIT_CASE_PARAM(test_delayed, features_gen_params),
	KUNIT_CASE_PARAM(test_kick_laps, features_gen_params),
	KUNIT_CASE_PARAM(test_in_order, features_gen_params),
	KUNIT_CASE(test_early_kick),
	{}
};

static struct kunit_suite ring_suite = {
	.name = "virtio-ring",
	.init = ring_fixture_init,
	.exit = ring_fixture_exit,
	.test_cases = ring_cases,
};

kunit_test_suite(ring_suite);
