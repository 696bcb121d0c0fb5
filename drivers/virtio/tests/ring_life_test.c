// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what happens to a queue as a whole: made, broken, emptied, shut down,
 * and what it says of itself.  Whatever happens, each buffer goes back to the
 * driver once.  Reset and resize are in ring_reset_test.c.
 */
#include <linux/slab.h>

#include "ring_fixture.h"

KUNIT_ARRAY_PARAM(features, ring_feature_sets, ring_describe_features);

/**
 * struct life_size - a size to make a queue of
 * @num: the size
 * @split: fine for a split ring
 * @packed: fine for a packed one
 */
struct life_size {
	unsigned int num;
	bool split, packed;
};

static const struct life_size sizes[] = {
	{ 0, false, false }, { 1, true, true }, { 2, true, true }, { 3, false, true },
	{ 200, false, true }, { 256, true, true }, { 1023, false, true }, { 1024, true, true },
	{ 32767, false, true }, { 32768, true, true }, { 32769, false, false },
	{ 65536, false, false }, { U32_MAX, false, false },
};

static void describe_size(const struct life_size *size, char *desc)
{
	sprintf(desc, "size %u", size->num);
}

KUNIT_ARRAY_PARAM(size, sizes, describe_size);

static void make_size(struct kunit *test, u64 features, bool fine)
{
	const struct life_size *size = test->param_value;
	struct ring_fixture *f = test->priv;

	f->vdev.features = features | BIT_ULL(VIRTIO_F_VERSION_1);
	if (!fine) {
		f->vq = vring_create_virtqueue(0, size->num, PAGE_SIZE, &f->vdev, true, false,
					       false, ring_fixture_notify, NULL, "refused");
		KUNIT_ASSERT_NULL(test, f->vq);
		KUNIT_EXPECT_TRUE(test, list_empty(&f->vdev.vqs));
		return;
	}
	ring_make(test, size->num, features);
	KUNIT_EXPECT_EQ(test, size->num, virtqueue_get_vring_size(f->vq));
	KUNIT_EXPECT_EQ(test, size->num, f->vq->num_max);
	ring_expect_works(test);
	vring_del_virtqueue(f->vq);
	f->vq = NULL;
	KUNIT_EXPECT_TRUE(test, list_empty(&f->vdev.vqs));
}

static void test_sizes(struct kunit *test)
{
	const struct life_size *size = test->param_value;

	make_size(test, 0, size->split);
	make_size(test, PACKED, size->packed);
}

/* Memory of the caller's: a split ring or none, and no ring of another size. */
static void test_callers_memory(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	size_t bytes = vring_size(16, PAGE_SIZE);
	void *pages = alloc_pages_exact(bytes, GFP_KERNEL | __GFP_ZERO);

	KUNIT_ASSERT_NOT_NULL(test, pages);
	f->vdev.features = BIT_ULL(VIRTIO_F_VERSION_1);
	KUNIT_EXPECT_NULL(test, vring_new_virtqueue(0, 7, PAGE_SIZE, &f->vdev, true, false, pages,
						    ring_fixture_notify, NULL, "seven"));
	f->vdev.features |= PACKED;
	KUNIT_EXPECT_NULL(test, vring_new_virtqueue(0, 8, PAGE_SIZE, &f->vdev, true, false, pages,
						    ring_fixture_notify, NULL, "packed"));
	f->vdev.features ^= PACKED;
	/* It may be memory of a device, where memset() is not allowed: only the driver's flags. */
	memset(pages, 0x5a, 16 * sizeof(struct vring_desc));
	f->vq = vring_new_virtqueue(0, 16, PAGE_SIZE, &f->vdev, true, false, pages,
				    ring_fixture_notify, NULL, "test");
	KUNIT_EXPECT_NOT_NULL(test, f->vq);
	if (f->vq) {
		KUNIT_EXPECT_PTR_EQ(test, pages, (void *)virtqueue_get_vring(f->vq)->desc);
		KUNIT_EXPECT_NULL(test, memchr_inv(pages, 0x5a, 16 * sizeof(struct vring_desc)));
		ring_host_start(test);
		ring_expect_works(test);
		vring_del_virtqueue(f->vq);
		f->vq = NULL;
	}
	free_pages_exact(pages, bytes);
}

/* Take buffers out of a queue that is out of use, and count them. */
static unsigned int collect(struct kunit *test, void *(*take)(struct virtqueue *vq))
{
	struct ring_fixture *f = test->priv;
	struct ring_buf *buf;
	unsigned int n = 0;

	while ((buf = take(f->vq))) {
		buf->back++;
		n++;
	}
	return n;
}

static void *get_something(struct virtqueue *vq)
{
	unsigned int len;

	return vq->vq_ops->get_buf(vq, &len);
}

static void *get_nothing_written(struct virtqueue *vq)
{
	unsigned int len = 7;
	void *token = vq->vq_ops->get_buf(vq, &len);

	return len ? NULL : token;
}

/* What the device did not use comes out one by one, and so does what it did. */
static void test_detach(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 16, FEATURES(test));
	struct ring_buf *bufs = ring_add_all_sorts(test);

	KUNIT_EXPECT_EQ(test, RING_SORTS - 1, collect(test, virtqueue_detach_unused_buf));
	ring_expect_all_back(test, bufs);
	KUNIT_EXPECT_NULL(test, virtqueue_detach_unused_buf(f->vq));
}

/* Nothing was written to what comes out of a queue that is shut down. */
static void test_shutdown(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 16, FEATURES(test));
	struct ring_buf *one = kunit_kzalloc(test, sizeof(*one), GFP_KERNEL);
	struct ring_buf *bufs = ring_add_all_sorts(test);
	unsigned int len;

	f->vq->vq_ops->shutdown(f->vq);
	/* Once more changes nothing. */
	f->vq->vq_ops->shutdown(f->vq);
	KUNIT_EXPECT_EQ(test, -EIO, ring_add_buf(f, one));
	KUNIT_EXPECT_FALSE(test, virtqueue_notify(f->vq));
	KUNIT_EXPECT_EQ(test, RING_SORTS - 1, collect(test, get_nothing_written));
	ring_expect_all_back(test, bufs);
	KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_EQ(test, -EIO, ring_add_buf(f, one));
}

/* In the middle of a batch too; and what is left goes with the queue. */
static void test_shutdown_in_order(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 16, FEATURES(test) | IN_ORDER);
	struct ring_buf *bufs = ring_add_all_sorts(test);

	f->vq->vq_ops->shutdown(f->vq);
	KUNIT_EXPECT_EQ(test, RING_SORTS - 1, collect(test, get_nothing_written));
	ring_expect_all_back(test, bufs);
}

/* Out of use, and in use again as if nothing had been. */
static void test_break(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 16, FEATURES(test));
	struct ring_buf *one = kunit_kzalloc(test, sizeof(*one), GFP_KERNEL);
	struct ring_buf *bufs = ring_add_all_sorts(test);
	unsigned int len, free = f->vq->num_free;
	int way;

	KUNIT_ASSERT_FALSE(test, virtqueue_enable_cb(f->vq));
	for (way = 0; way < 2; way++) {
		if (way)
			virtio_break_device(&f->vdev);
		else
			__virtqueue_break(f->vq);
		KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(f->vq));
		KUNIT_EXPECT_EQ(test, -EIO, ring_add_buf(f, one));
		KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
		KUNIT_EXPECT_FALSE(test, virtqueue_notify(f->vq));
		KUNIT_EXPECT_EQ(test, free, f->vq->num_free);
		f->callbacks = 0;
		KUNIT_EXPECT_EQ(test, IRQ_HANDLED, vring_interrupt(0, f->vq));
		KUNIT_EXPECT_EQ(test, 0, f->callbacks);
		if (way)
			__virtio_unbreak_device(&f->vdev);
		else
			__virtqueue_unbreak(f->vq);
		KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(f->vq));
	}
	f->vq->vq_ops->kick(f->vq);
	while (ring_host_echo(f) == 1)
		;
	vring_interrupt(0, f->vq);
	KUNIT_EXPECT_EQ(test, 1, f->callbacks);
	/* But for the one that the device took and never completed. */
	KUNIT_EXPECT_EQ(test, 5, collect(test, get_something));
	KUNIT_EXPECT_EQ(test, 1, collect(test, virtqueue_detach_unused_buf));
	ring_expect_all_back(test, bufs);
}

static bool refuse(struct virtqueue *vq)
{
	return false;
}

/* A queue with a buffer in it, and a device that can't be told. */
static struct ring_buf *make_refusing(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	struct ring_buf *one = kunit_kzalloc(test, sizeof(*one), GFP_KERNEL);

	f->vdev.features = BIT_ULL(VIRTIO_F_VERSION_1);
	f->vq = vring_create_virtqueue(0, 8, PAGE_SIZE, &f->vdev, true, false, false, refuse, NULL,
				       "refuse");
	KUNIT_ASSERT_NOT_NULL(test, f->vq);
	KUNIT_ASSERT_EQ(test, 0, ring_add_buf(f, one));
	return one;
}

/* A device that can't be told any more is no use. */
static void test_notify_fails(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	struct ring_buf *one = make_refusing(test);

	KUNIT_EXPECT_FALSE(test, virtqueue_kick(f->vq));
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(f->vq));
	KUNIT_EXPECT_PTR_EQ(test, (void *)one, virtqueue_detach_unused_buf(f->vq));
}

/* Nor is one that can't be told of what was held back until DRIVER_OK. */
static void test_held_kick_fails(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	struct ring_buf *one;

	f->vdev.ready = false;
	one = make_refusing(test);
	KUNIT_EXPECT_TRUE(test, virtqueue_kick(f->vq));
	KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(f->vq));
	vring_send_held_kicks(&f->vdev);
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(f->vq));
	KUNIT_EXPECT_PTR_EQ(test, (void *)one, virtqueue_detach_unused_buf(f->vq));
}

/* The second pointer comes back with the first, and no table takes its place. */
static void test_ctx(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	unsigned int len, i, round;
	struct scatterlist sg[2];
	u8 *bytes = kunit_kzalloc(test, 16, GFP_KERNEL);
	void *ctx;

	f->ctx = true;
	ring_make(test, 16, FEATURES(test));
	for (round = 0; round < 20; round++) {
		for (i = 0; i < 7; i++) {
			sg_init_table(sg, 2);
			sg_set_buf(&sg[0], bytes, 1);
			sg_set_buf(&sg[1], bytes + 1, 1);
			KUNIT_ASSERT_EQ(test, 0,
					virtqueue_add_inbuf_ctx(f->vq, sg, 2, bytes + i,
								bytes + 2 * i, GFP_ATOMIC));
		}
		KUNIT_ASSERT_EQ(test, 2, f->vq->num_free);
		/* One without. */
		KUNIT_ASSERT_EQ(test, 0, virtqueue_add_inbuf(f->vq, sg, 2, bytes + 7, GFP_ATOMIC));
		KUNIT_ASSERT_TRUE(test, virtqueue_kick(f->vq));
		for (i = 0; i < 8; i++)
			KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
		for (i = 0; i < 8; i++) {
			ctx = test;
			KUNIT_ASSERT_PTR_EQ(test, (void *)(bytes + i),
					    virtqueue_get_buf_ctx(f->vq, &len, &ctx));
			KUNIT_ASSERT_PTR_EQ(test, i < 7 ? (void *)(bytes + 2 * i) : NULL, ctx);
		}
	}
}

/* Also out of a queue that was shut down. */
static void test_ctx_of_shutdown(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	u8 *bytes = kunit_kzalloc(test, 16, GFP_KERNEL);
	unsigned int len, i;
	struct scatterlist sg;
	void *ctx;

	f->ctx = true;
	ring_make(test, 16, FEATURES(test));
	for (i = 0; i < 8; i++) {
		sg_init_one(&sg, bytes, 1);
		KUNIT_ASSERT_EQ(test, 0, virtqueue_add_inbuf_ctx(f->vq, &sg, 1, bytes + i,
								 i ? bytes + 8 + i : NULL,
								 GFP_ATOMIC));
	}
	f->vq->vq_ops->shutdown(f->vq);
	for (i = 0; i < 8; i++) {
		ctx = test;
		KUNIT_EXPECT_PTR_EQ(test, (void *)(bytes + i),
				    virtqueue_get_buf_ctx(f->vq, &len, &ctx));
		KUNIT_EXPECT_PTR_EQ(test, i ? (void *)(bytes + 8 + i) : NULL, ctx);
	}
}

/* Where buffers go into tables there is no room for it.  It is not taken for a table. */
static void test_ctx_beside_tables(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 16, FEATURES(test));
	u8 *bytes = kunit_kzalloc(test, 16, GFP_KERNEL);
	unsigned int len, i, n;
	struct scatterlist sg[2];
	void *ctx;
	int err;

	for (n = 1; n <= 2; n++) {
		sg_init_table(sg, 2);
		for (i = 0; i < 2; i++)
			sg_set_buf(&sg[i], bytes + i, 1);
		err = virtqueue_add_inbuf_ctx(f->vq, sg, n, bytes, bytes + 8, GFP_ATOMIC);
		KUNIT_EXPECT_EQ(test, INDIRECT(test) ? -EINVAL : 0, err);
		if (err)
			continue;
		f->vq->vq_ops->kick(f->vq);
		KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
		KUNIT_EXPECT_PTR_EQ(test, (void *)bytes, virtqueue_get_buf_ctx(f->vq, &len, &ctx));
		KUNIT_EXPECT_PTR_EQ(test, (void *)(bytes + 8), ctx);
	}
	KUNIT_EXPECT_EQ(test, 16, f->vq->num_free);
	ring_expect_works(test);
}

/* The largest ring there is, full: each buffer comes out, from wherever it begins. */
static void test_drain_large(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 32768, FEATURES(test));
	u8 *byte = kunit_kzalloc(test, 1, GFP_KERNEL);
	unsigned int n, round;

	for (round = 0; round < 2; round++) {
		for (n = 0; n < 32768; n++)
			KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, byte, 1, false));
		for (n = 0; round ? n < 32768 : n < 5; n++)
			KUNIT_ASSERT_NOT_NULL(test, virtqueue_detach_unused_buf(f->vq));
		if (!round)
			while (f->vq->num_free != 32768)
				KUNIT_ASSERT_NOT_NULL(test, virtqueue_detach_unused_buf(f->vq));
		KUNIT_EXPECT_NULL(test, virtqueue_detach_unused_buf(f->vq));
	}
}

/* What one side writes and what the other does share no cache line. */
static void test_event_lines(struct kunit *test)
{
	struct ring_fixture *f;
	dma_addr_t desc_end, driver, device;
	unsigned int num;

	for (num = 1; num < 300; num += 7) {
		f = ring_make(test, num, PACKED | EVENT_IDX);
		desc_end = virtqueue_get_desc_addr(f->vq) + num * sizeof(struct vring_packed_desc);
		driver = virtqueue_get_avail_addr(f->vq);
		device = virtqueue_get_used_addr(f->vq);
		KUNIT_EXPECT_GE(test, driver / SMP_CACHE_BYTES,
				DIV_ROUND_UP(desc_end, SMP_CACHE_BYTES));
		KUNIT_EXPECT_NE(test, driver / SMP_CACHE_BYTES, device / SMP_CACHE_BYTES);
		ring_expect_works(test);
		vring_del_virtqueue(f->vq);
		f->vq = NULL;
	}
}

/* Nothing is used until something is, and then it is until it was taken. */
static void test_poll(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 4, FEATURES(test));
	unsigned int len, i, at;
	u8 *bytes = kunit_kzalloc(test, 2, GFP_KERNEL);

	for (i = 0; i < 70000; i++) {
		virtqueue_disable_cb(f->vq);
		at = virtqueue_enable_cb_prepare(f->vq);
		KUNIT_ASSERT_FALSE(test, virtqueue_poll(f->vq, at));
		KUNIT_ASSERT_EQ(test, 0, ring_add_bytes(f, bytes, 1, 1));
		f->vq->vq_ops->kick(f->vq);
		KUNIT_ASSERT_FALSE(test, virtqueue_poll(f->vq, at));
		KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
		KUNIT_ASSERT_TRUE(test, virtqueue_poll(f->vq, at));
		/* Callbacks were asked for as well. */
		KUNIT_ASSERT_TRUE(test, ring_host_calls(f));
		KUNIT_ASSERT_PTR_EQ(test, (void *)bytes, virtqueue_get_buf(f->vq, &len));
	}
	at = virtqueue_enable_cb_prepare(f->vq);
	KUNIT_ASSERT_EQ(test, 0, ring_add_bytes(f, bytes, 1, 1));
	f->vq->vq_ops->kick(f->vq);
	KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
	__virtqueue_break(f->vq);
	KUNIT_EXPECT_FALSE(test, virtqueue_poll(f->vq, at));
}

/* Used buffers are waiting: callbacks stay off, as the contract has it. */
static void test_restart_waiting(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 8, FEATURES(test));
	u8 *bytes = kunit_kzalloc(test, 4, GFP_KERNEL);
	unsigned int len;

	KUNIT_ASSERT_TRUE(test, f->vq->vq_ops->restart(f->vq));
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, bytes, 1, true));
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, bytes + 1, 1, true));
	f->vq->vq_ops->kick(f->vq);
	KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
	KUNIT_ASSERT_TRUE(test, ring_host_calls(f));
	vring_interrupt(0, f->vq);
	KUNIT_ASSERT_EQ(test, 1, f->callbacks);
	KUNIT_EXPECT_FALSE(test, f->vq->vq_ops->restart(f->vq));
	KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
	if (!(FEATURES(test) & EVENT_IDX))
		KUNIT_EXPECT_FALSE(test, ring_host_calls(f));
	vring_interrupt(0, f->vq);
	KUNIT_EXPECT_EQ(test, 1, f->callbacks);
	KUNIT_EXPECT_PTR_EQ(test, (void *)bytes, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_PTR_EQ(test, (void *)(bytes + 1), f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_TRUE(test, f->vq->vq_ops->restart(f->vq));
}

/* Which queue, and where its next buffer will be (virtio 1.3, 2.9). */
static void test_notification_data(struct kunit *test)
{
	const unsigned int num = FEATURES(test) & PACKED ? 5 : 4;
	unsigned int len, i, n, wrap, descs = 0, bufs = 0;
	struct ring_fixture *f = test->priv;
	u8 *bytes = kunit_kzalloc(test, 4, GFP_KERNEL);

	f->index = 0x1234;
	ring_make(test, num, FEATURES(test) | BIT_ULL(VIRTIO_F_NOTIFICATION_DATA));
	for (i = 0; i < 40000; i++) {
		for (n = 0; n < 1 + i % 3; n++)
			KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, bytes + n, 1, true));
		bufs += n;
		descs += n;
		ring_host_kicks(f, true);
		f->vq->vq_ops->kick(f->vq);
		KUNIT_ASSERT_EQ(test, i + 1, f->kicks);
		wrap = descs / num % 2 ? 0 : 0x8000;
		KUNIT_ASSERT_EQ(test, 0x1234, f->notified & 0xffff);
		KUNIT_ASSERT_EQ(test, ring_is_packed(f) ? wrap | descs % num : bufs & 0xffff,
				f->notified >> 16);
		while (n--) {
			KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
			KUNIT_ASSERT_NOT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
		}
	}
}

static struct kunit_case life_cases[] = {
	KUNIT_CASE_PARAM(test_sizes, size_gen_params),
	KUNIT_CASE(test_callers_memory),
	KUNIT_CASE_PARAM(test_detach, features_gen_params),
	KUNIT_CASE_PARAM(test_shutdown, features_gen_params),
	KUNIT_CASE_PARAM(test_shutdown_in_order, features_gen_params),
	KUNIT_CASE_PARAM(test_break, features_gen_params),
	KUNIT_CASE(test_notify_fails),
	KUNIT_CASE(test_held_kick_fails),
	KUNIT_CASE_PARAM(test_ctx, features_gen_params),
	KUNIT_CASE_PARAM(test_ctx_of_shutdown, features_gen_params),
	KUNIT_CASE_PARAM(test_ctx_beside_tables, features_gen_params),
	KUNIT_CASE_PARAM(test_drain_large, features_gen_params),
	KUNIT_CASE(test_event_lines),
	KUNIT_CASE_PARAM(test_poll, features_gen_params),
	KUNIT_CASE_PARAM(test_restart_waiting, features_gen_params),
	KUNIT_CASE_PARAM(test_notification_data, features_gen_params),
	{}
};

static struct kunit_suite life_suite = {
	.name = "virtio-ring-life",
	.init = ring_fixture_init,
	.exit = ring_fixture_exit,
	.test_cases = life_cases,
};

kunit_test_suite(life_suite);
