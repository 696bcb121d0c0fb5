// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the reset of a single queue, and of its resize, with a device that
 * does both and with one that does not.
 */
#include <kunit/test-bug.h>
#include <linux/slab.h>

#include "ring_fixture.h"

#define SIZE	16

KUNIT_ARRAY_PARAM(features, ring_feature_sets, ring_describe_features);

/* Tests run one at a time. */
static unsigned int recycled, recycle_calls;

static void recycle(struct virtqueue *vq, void *token)
{
	struct ring_buf *buf = token;

	KUNIT_EXPECT_EQ(kunit_get_current_test(), 0, recycle_calls);
	buf->back++;
	recycled++;
}

static void recycle_done(struct virtqueue *vq)
{
	recycle_calls++;
}

static struct ring_buf *add_all_sorts(struct kunit *test)
{
	recycled = 0;
	recycle_calls = 0;
	return ring_add_all_sorts(test);
}

/* The device finds nothing in the ring that it begins with, nor does the driver. */
static void start_again(struct kunit *test)
{
	struct ring_fixture *f = test->priv;

	ring_host_start(test);
	KUNIT_ASSERT_EQ(test, 0, ring_host_echo(f));
	KUNIT_ASSERT_EQ(test, IRQ_NONE, vring_interrupt(0, f->vq));
}

/* The driver has all of its buffers, and knows it. */
static void expect_recycled(struct kunit *test, const struct ring_buf *bufs)
{
	KUNIT_EXPECT_EQ(test, RING_SORTS - 1, recycled);
	KUNIT_EXPECT_EQ(test, 1, recycle_calls);
	ring_expect_all_back(test, bufs);
}

/* Nothing happened; and the buffers are all there still. */
static void expect_untouched(struct kunit *test, struct ring_buf *bufs)
{
	struct ring_fixture *f = test->priv;
	struct ring_buf *buf;
	unsigned int len;

	KUNIT_ASSERT_EQ(test, 0, recycled + recycle_calls);
	f->vq->vq_ops->kick(f->vq);
	while (ring_host_echo(f) == 1)
		;
	while ((buf = f->vq->vq_ops->get_buf(f->vq, &len)))
		buf->back++;
	/* The device took one and never completed it. */
	KUNIT_EXPECT_EQ(test, 0, bufs[3].back++);
	KUNIT_EXPECT_PTR_EQ(test, (void *)&bufs[3], virtqueue_detach_unused_buf(f->vq));
	ring_expect_all_back(test, bufs);
}

static void reset_often(struct kunit *test, u64 features)
{
	struct ring_fixture *f = ring_make(test, SIZE, features);
	struct ring_buf *bufs;
	unsigned int round;

	for (round = 1; round < 5; round++) {
		ring_expect_works(test);
		bufs = add_all_sorts(test);
		KUNIT_ASSERT_EQ(test, 0, virtqueue_reset(f->vq, recycle, recycle_done));
		KUNIT_EXPECT_EQ(test, round, f->resets);
		expect_recycled(test, bufs);
		start_again(test);
	}
	ring_expect_works(test);
	/* Nobody needs to be told. */
	bufs = add_all_sorts(test);
	KUNIT_ASSERT_EQ(test, 0, virtqueue_reset(f->vq, recycle, NULL));
	ring_expect_all_back(test, bufs);
}

static void test_reset(struct kunit *test)
{
	reset_often(test, FEATURES(test));
}

/* In the middle of a batch, which is forgotten with the rest. */
static void test_reset_in_order(struct kunit *test)
{
	reset_often(test, FEATURES(test) | IN_ORDER);
}

/* Callbacks that were off stay off, and those that were on come. */
static void test_reset_callbacks(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	u8 *byte = kunit_kzalloc(test, 1, GFP_KERNEL);
	unsigned int len, on;

	for (on = 0; on < 2; on++) {
		if (on)
			KUNIT_ASSERT_TRUE(test, virtqueue_enable_cb(f->vq));
		else
			virtqueue_disable_cb(f->vq);
		KUNIT_ASSERT_EQ(test, 0, virtqueue_reset(f->vq, recycle, recycle_done));
		start_again(test);
		KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, byte, 1, true));
		f->vq->vq_ops->kick(f->vq);
		KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
		f->callbacks = 0;
		/* A split ring with event index has no way to say never. */
		if (on || ring_is_packed(f) || !(FEATURES(test) & EVENT_IDX))
			KUNIT_EXPECT_EQ(test, on, ring_host_calls(f));
		vring_interrupt(0, f->vq);
		KUNIT_EXPECT_EQ(test, on, f->callbacks);
		KUNIT_ASSERT_NOT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	}
}

static void test_resize(struct kunit *test)
{
	static const unsigned int sizes[] = { 64, 4, 1, 32768, 2, 8, 16, 32 };
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	unsigned int i, num;
	struct ring_buf *bufs;

	f->vq->num_max = 32768;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		/* A packed ring may have any size. */
		num = sizes[i] + (ring_is_packed(f) && sizes[i] < 32768 ? 3 : 0);
		recycled = 0;
		recycle_calls = 0;
		bufs = f->vq->num_free >= 2 * RING_SORTS ? add_all_sorts(test) : NULL;
		KUNIT_ASSERT_EQ(test, 0, virtqueue_resize(f->vq, num, recycle, recycle_done));
		KUNIT_EXPECT_EQ(test, num, virtqueue_get_vring_size(f->vq));
		KUNIT_EXPECT_EQ(test, 32768, f->vq->num_max);
		if (bufs)
			expect_recycled(test, bufs);
		KUNIT_EXPECT_EQ(test, 1, recycle_calls);
		start_again(test);
		ring_expect_works(test);
	}
}

/* The same with a batch that was not all taken. */
static void test_resize_in_order(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test) | IN_ORDER);
	struct ring_buf *bufs = add_all_sorts(test);

	f->vq->num_max = 64;
	KUNIT_ASSERT_EQ(test, 0, virtqueue_resize(f->vq, 64, recycle, recycle_done));
	expect_recycled(test, bufs);
	start_again(test);
	ring_expect_works(test);
}

/* Sizes that can't be are refused before anything happens. */
static void test_resize_refused(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	struct ring_buf *bufs = add_all_sorts(test);

	f->vq->num_max = 64;
	KUNIT_EXPECT_EQ(test, -E2BIG, virtqueue_resize(f->vq, 65, recycle, recycle_done));
	KUNIT_EXPECT_EQ(test, -E2BIG, virtqueue_resize(f->vq, U32_MAX, recycle, recycle_done));
	KUNIT_EXPECT_EQ(test, -EINVAL, virtqueue_resize(f->vq, 0, recycle, recycle_done));
	KUNIT_EXPECT_EQ(test, 0, virtqueue_resize(f->vq, SIZE, recycle, recycle_done));
	KUNIT_EXPECT_EQ(test, 0, f->resets);
	expect_untouched(test, bufs);
	ring_expect_works(test);
}

/* 200 is no size of a split ring: it goes on as it was, and its buffers are back. */
static void test_resize_odd(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	struct ring_buf *bufs = add_all_sorts(test);
	int err;

	f->vq->num_max = 256;
	err = virtqueue_resize(f->vq, 200, recycle, recycle_done);
	if (ring_is_packed(f)) {
		KUNIT_EXPECT_EQ(test, 0, err);
		KUNIT_EXPECT_EQ(test, 200, virtqueue_get_vring_size(f->vq));
	} else {
		KUNIT_EXPECT_LT(test, err, 0);
		KUNIT_EXPECT_EQ(test, SIZE, virtqueue_get_vring_size(f->vq));
	}
	expect_recycled(test, bufs);
	start_again(test);
	ring_expect_works(test);
}

/* A device that refuses to let go of its queue goes on with it. */
static void test_reset_fails(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	struct ring_buf *bufs = add_all_sorts(test);

	f->vq->num_max = 64;
	f->reset_err = -ETIMEDOUT;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, virtqueue_reset(f->vq, recycle, recycle_done));
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, virtqueue_resize(f->vq, 32, recycle, recycle_done));
	KUNIT_EXPECT_EQ(test, 2, f->resets);
	KUNIT_EXPECT_EQ(test, SIZE, virtqueue_get_vring_size(f->vq));
	expect_untouched(test, bufs);
	f->reset_err = 0;
	ring_expect_works(test);
}

/* And one that does not take it back has none of its buffers either. */
static void test_enable_fails(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	struct ring_buf *bufs = add_all_sorts(test);

	f->vq->num_max = 64;
	f->enable_err = -ENOENT;
	KUNIT_EXPECT_EQ(test, -EBUSY, virtqueue_reset(f->vq, recycle, recycle_done));
	expect_recycled(test, bufs);
	KUNIT_EXPECT_EQ(test, -EBUSY, virtqueue_resize(f->vq, 32, recycle, recycle_done));
	f->enable_err = 0;
	KUNIT_EXPECT_EQ(test, 0, virtqueue_reset(f->vq, recycle, recycle_done));
	start_again(test);
	ring_expect_works(test);
}

/* Not every transport can. */
static void test_reset_unknown(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	struct ring_buf *bufs = add_all_sorts(test);
	const struct virtio_config_ops *config = f->vdev.config;
	struct virtio_config_ops ops = *config;

	f->vdev.config = &ops;
	f->vq->num_max = 64;
	ops.enable_vq_after_reset = NULL;
	KUNIT_EXPECT_EQ(test, -ENOENT, virtqueue_reset(f->vq, recycle, recycle_done));
	ops.disable_vq_and_reset = NULL;
	KUNIT_EXPECT_EQ(test, -ENOENT, virtqueue_resize(f->vq, 32, recycle, recycle_done));
	f->vdev.config = config;
	KUNIT_EXPECT_EQ(test, 0, f->resets);
	expect_untouched(test, bufs);
}

/* Nor can every queue: memory of the caller's can't be replaced. */
static void test_reset_callers_memory(struct kunit *test)
{
	size_t bytes = vring_size(SIZE, PAGE_SIZE);
	struct ring_fixture *f = test->priv;
	void *pages = alloc_pages_exact(bytes, GFP_KERNEL | __GFP_ZERO);

	KUNIT_ASSERT_NOT_NULL(test, pages);
	f->vdev.features = BIT_ULL(VIRTIO_F_VERSION_1);
	f->vq = vring_new_virtqueue(0, SIZE, PAGE_SIZE, &f->vdev, true, false, pages,
				    ring_fixture_notify, NULL, "test");
	KUNIT_EXPECT_NOT_NULL(test, f->vq);
	if (f->vq) {
		KUNIT_EXPECT_EQ(test, -EPERM, virtqueue_reset(f->vq, recycle, recycle_done));
		KUNIT_EXPECT_EQ(test, -EPERM, virtqueue_resize(f->vq, 8, recycle, recycle_done));
		KUNIT_EXPECT_EQ(test, 0, f->resets);
		vring_del_virtqueue(f->vq);
		f->vq = NULL;
	}
	free_pages_exact(pages, bytes);
}

/* Recovery, in a thread of its own: it waits for whoever has the lock. */
static void revive_if_it_can(struct ring_fixture *f)
{
	if (!mutex_trylock(&f->vdev.queues_lock))
		return;
	vring_stall(&f->vdev);
	KUNIT_EXPECT_EQ(kunit_get_current_test(), 0, vring_renew(&f->vdev));
	vring_resume(&f->vdev);
	mutex_unlock(&f->vdev.queues_lock);
}

/* A ring that grows while the device is brought back has memory for its new size. */
static void test_resize_in_recovery(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	u8 *byte = kunit_kzalloc(test, 1, GFP_KERNEL);
	unsigned int n, len;

	f->vq->num_max = 4096;
	f->at_reset = revive_if_it_can;
	KUNIT_ASSERT_EQ(test, 0, virtqueue_resize(f->vq, 4096, recycle, NULL));
	revive_if_it_can(f);
	KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	vring_prompt(&f->vdev);
	start_again(test);
	for (n = 0; n < 4096; n++)
		KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, byte, 1, true));
	f->vq->vq_ops->kick(f->vq);
	for (n = 0; ring_host_echo(f) == 1; n++)
		;
	KUNIT_EXPECT_EQ(test, 4096, n);
}

/* Nor is a ring reset that is about to be: the whole device is.  One that is back moves first. */
static void test_reset_in_recovery(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	struct ring_buf *bufs = add_all_sorts(test);

	vring_stall(&f->vdev);
	KUNIT_EXPECT_EQ(test, -EBUSY, virtqueue_reset(f->vq, recycle, recycle_done));
	KUNIT_EXPECT_EQ(test, 0, f->resets);
	KUNIT_EXPECT_EQ(test, 0, recycled + recycle_calls);
	KUNIT_ASSERT_EQ(test, 0, ring_renew(f));
	KUNIT_EXPECT_EQ(test, -EBUSY, virtqueue_reset(f->vq, recycle, recycle_done));
	vring_resume(&f->vdev);
	KUNIT_EXPECT_EQ(test, 0, virtqueue_reset(f->vq, recycle, recycle_done));
	expect_recycled(test, bufs);
	vring_prompt(&f->vdev);
	start_again(test);
	ring_expect_works(test);
}

static struct kunit_case reset_cases[] = {
	KUNIT_CASE_PARAM(test_reset, features_gen_params),
	KUNIT_CASE_PARAM(test_reset_in_order, features_gen_params),
	KUNIT_CASE_PARAM(test_reset_callbacks, features_gen_params),
	KUNIT_CASE_PARAM(test_resize, features_gen_params),
	KUNIT_CASE_PARAM(test_resize_in_order, features_gen_params),
	KUNIT_CASE_PARAM(test_resize_refused, features_gen_params),
	KUNIT_CASE_PARAM(test_resize_odd, features_gen_params),
	KUNIT_CASE_PARAM(test_reset_fails, features_gen_params),
	KUNIT_CASE_PARAM(test_enable_fails, features_gen_params),
	KUNIT_CASE_PARAM(test_reset_unknown, features_gen_params),
	KUNIT_CASE_PARAM(test_resize_in_recovery, features_gen_params),
	KUNIT_CASE_PARAM(test_reset_in_recovery, features_gen_params),
	KUNIT_CASE(test_reset_callers_memory),
	{}
};

static struct kunit_suite reset_suite = {
	.name = "virtio-ring-reset",
	.init = ring_fixture_init,
	.exit = ring_fixture_exit,
	.test_cases = reset_cases,
};

kunit_test_suite(reset_suite);
