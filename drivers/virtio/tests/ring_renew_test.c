// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of queues whose device is reset and comes back on fresh memory, while their
 * driver goes on: each buffer comes back once, and the driver sees no error.
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include "bounce_dma.h"
#include "ring_fixture.h"

#define SIZE	16

KUNIT_ARRAY_PARAM(features, ring_feature_sets, ring_describe_features);

static void stall(struct ring_fixture *f)
{
	vring_stall(&f->vdev);
}

/* The device is live again, and knows of nothing but its queue. */
static void come_back(struct kunit *test)
{
	struct ring_fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, 0, ring_renew(f));
	ring_host_start(test);
	KUNIT_EXPECT_EQ(test, 0, ring_host_echo(f));
	vring_resume(&f->vdev);
	KUNIT_EXPECT_FALSE(test, vring_prompt(&f->vdev));
}

static unsigned int take_all(struct ring_fixture *f)
{
	struct ring_buf *buf;
	unsigned int n, len;

	for (n = 0; (buf = f->vq->vq_ops->get_buf(f->vq, &len)); n++)
		buf->back++;
	return n;
}

static unsigned int serve_all(struct ring_fixture *f)
{
	unsigned int n;

	for (n = 0; ring_host_echo(f) == 1; n++)
		;
	return n;
}

/* What was used before is not shown again, and what was not is shown once. */
static void renew_often(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	struct ring_buf *bufs;
	unsigned int round;

	f->go_on = true;
	for (round = 0; round < 5; round++) {
		virtqueue_enable_cb(f->vq);
		ring_expect_works(test);
		bufs = ring_add_all_sorts(test);
		stall(f);
		f->kicks = 0;
		f->callbacks = 0;
		vring_interrupt(0, f->vq);
		KUNIT_EXPECT_EQ(test, 0, f->callbacks);
		come_back(test);
		KUNIT_EXPECT_EQ(test, 1, f->callbacks);
		KUNIT_EXPECT_EQ(test, 0, f->kicks);
		KUNIT_EXPECT_FALSE(test, vring_has_served(&f->vdev));
		KUNIT_EXPECT_EQ(test, 2, take_all(f));
		KUNIT_EXPECT_TRUE(test, vring_has_served(&f->vdev));
		KUNIT_EXPECT_EQ(test, 1, f->kicks);
		KUNIT_EXPECT_EQ(test, RING_SORTS - 3, serve_all(f));
		KUNIT_EXPECT_EQ(test, RING_SORTS - 3, take_all(f));
		ring_expect_all_back(test, bufs);
	}
	ring_expect_works(test);
}

static void test_renew(struct kunit *test)
{
	ring_make(test, SIZE, FEATURES(test));
	renew_often(test);
}

static void test_renew_mapped(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	struct bounce_dma *dma = bounce_dma_make(test, "bounce");

	f->vdev.dev.parent = dma->dev;
	f->host.offset = BOUNCE_OFFSET;
	ring_make(test, SIZE, FEATURES(test) | BIT_ULL(VIRTIO_F_ACCESS_PLATFORM));
	renew_often(test);
	KUNIT_EXPECT_EQ(test, 0, dma->mapped);
	vring_del_virtqueue(f->vq);
	f->vq = NULL;
	KUNIT_EXPECT_EQ(test, 0, dma->errors);
	KUNIT_EXPECT_EQ(test, 0, dma->allocated);
}

/*
 * Used out of order, so that on a packed ring the device has written over descriptors
 * of buffers that are in flight still; and of one segment, two and three.
 */
static void test_out_of_order(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	u8 *bytes = kunit_kcalloc(test, 6, 8, GFP_KERNEL);
	unsigned int len, i;
	u16 heads[6];
	void *token;

	for (i = 0; i < 6; i++) {
		bytes[8 * i] = i;
		KUNIT_ASSERT_EQ(test, 0, i % 3 ? ring_add_bytes(f, bytes + 8 * i, 1, i % 3) :
						 ring_add_one(f, bytes + 8 * i, 1, false));
	}
	f->vq->vq_ops->kick(f->vq);
	for (i = 0; i < 6; i++)
		KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &heads[i]));
	for (i = 4; i < 6; i++) {
		KUNIT_ASSERT_EQ(test, 0, ring_host_complete(f, heads[i], 0));
		token = f->vq->vq_ops->get_buf(f->vq, &len);
		KUNIT_ASSERT_PTR_EQ(test, (void *)(bytes + 8 * i), token);
	}

	stall(f);
	come_back(test);
	KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_EQ(test, 4, serve_all(f));
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_NOT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, i % 3 ? i | 0x80 : 0, bytes[8 * i + 1]);
	KUNIT_EXPECT_EQ(test, SIZE, f->vq->num_free);
}

/* Buffer @n, of one to three segments, of which the device reads the first. */
static void add_numbered(struct kunit *test, u8 *bytes, unsigned int n)
{
	struct ring_fixture *f = test->priv;
	u8 *buf = bytes + 8 * n;

	buf[0] = n;
	KUNIT_ASSERT_EQ(test, 0, n % 3 ? ring_add_bytes(f, buf, 1, n % 3) :
					 ring_add_one(f, buf, 1, false));
}

/* The device takes the next @n buffers, and uses them in the order that @turns says. */
static void use_some(struct kunit *test, const unsigned int *turns, unsigned int n)
{
	struct ring_fixture *f = test->priv;
	unsigned int len, i;
	u16 heads[4];

	f->vq->vq_ops->kick(f->vq);
	for (i = 0; i < n; i++)
		KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &heads[i]));
	for (i = 0; i < n; i++) {
		if (turns[i] == UINT_MAX)
			continue;
		KUNIT_ASSERT_EQ(test, 0, ring_host_complete(f, heads[turns[i]], 0));
		KUNIT_ASSERT_NOT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	}
}

/* Once it is back, it finds the buffers with these numbers, one after the other. */
static void expect_in_turn(struct kunit *test, const u8 *numbers, unsigned int n)
{
	struct ring_fixture *f = test->priv;
	unsigned int len, i;
	u16 head;

	stall(f);
	come_back(test);
	KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	for (i = 0; i < n; i++) {
		KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &head));
		KUNIT_EXPECT_EQ(test, numbers[i], *f->buf.segment[0].bytes);
	}
	KUNIT_EXPECT_EQ(test, 0, ring_host_take(f, &head));
}

/*
 * Buffers are shown again in the order in which they were made available.  That is not the
 * order of their ids: those were used in other buffers before, and given back in any order.
 * The oldest buffers have been overtaken by more than the ring holds.
 */
static void test_in_turn(struct kunit *test)
{
	static const unsigned int none[] = { UINT_MAX, UINT_MAX, UINT_MAX, UINT_MAX };
	static const unsigned int first[] = { 0 }, third_and_first[] = { 2, 0, UINT_MAX, UINT_MAX };
	static const u8 numbers[] = { 0, 1, 2, 4, 6, 7, 8, 9 };
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	u8 *bytes = kunit_kcalloc(test, 10, 8, GFP_KERNEL);
	unsigned int i;

	for (i = 0; i < 3; i++)
		add_numbered(test, bytes, i);
	use_some(test, none, 3);
	for (i = 0; i < 5 * SIZE; i++) {
		add_numbered(test, bytes, 3);
		use_some(test, first, 1);
	}
	for (i = 3; i < 7; i++)
		add_numbered(test, bytes, i);
	use_some(test, third_and_first, 4);
	for (i = 7; i < 10; i++)
		add_numbered(test, bytes, i);
	/* And once more, from where they were put then. */
	expect_in_turn(test, numbers, ARRAY_SIZE(numbers));
	expect_in_turn(test, numbers, ARRAY_SIZE(numbers));
	stall(f);
	come_back(test);
	KUNIT_EXPECT_EQ(test, 0, take_all(f));
	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(numbers), serve_all(f));
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		KUNIT_EXPECT_NOT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &(unsigned int) { 0 }));
	KUNIT_EXPECT_EQ(test, SIZE, f->vq->num_free);
}

/* A driver that only adds has its buffers shown, too. */
static void test_add_only(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	struct ring_buf *bufs = kunit_kcalloc(test, 3, sizeof(*bufs), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, ring_add_buf(f, &bufs[0]));
	f->vq->vq_ops->kick(f->vq);
	stall(f);
	KUNIT_ASSERT_EQ(test, 0, ring_add_buf(f, &bufs[1]));
	KUNIT_EXPECT_TRUE(test, virtqueue_kick(f->vq));
	KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(f->vq));
	come_back(test);
	KUNIT_EXPECT_EQ(test, 0, serve_all(f));
	KUNIT_ASSERT_EQ(test, 0, ring_add_buf(f, &bufs[2]));
	f->vq->vq_ops->kick(f->vq);
	KUNIT_EXPECT_EQ(test, 3, serve_all(f));
	KUNIT_EXPECT_EQ(test, 3, take_all(f));
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, 1, bufs[i].back);
}

/* Callbacks that were off stay off. */
static void test_callbacks(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	struct ring_buf *buf = kunit_kzalloc(test, sizeof(*buf), GFP_KERNEL);
	unsigned int on;

	f->go_on = true;

	for (on = 0; on < 2; on++) {
		if (on)
			KUNIT_ASSERT_TRUE(test, virtqueue_enable_cb(f->vq));
		else
			virtqueue_disable_cb(f->vq);
		KUNIT_ASSERT_EQ(test, 0, ring_add_buf(f, buf));
		stall(f);
		/* There is nothing to take, and so no reason to go on looking. */
		KUNIT_EXPECT_FALSE(test, virtqueue_poll(f->vq, virtqueue_enable_cb_prepare(f->vq)));
		if (!on)
			virtqueue_disable_cb(f->vq);
		f->callbacks = 0;
		come_back(test);
		KUNIT_EXPECT_EQ(test, on, f->callbacks);
		KUNIT_EXPECT_EQ(test, 0, take_all(f));
		KUNIT_EXPECT_EQ(test, 1, serve_all(f));
		/* A split ring with event index has no way to say never. */
		if (on || ring_is_packed(f) || !(FEATURES(test) & EVENT_IDX))
			KUNIT_EXPECT_EQ(test, on, ring_host_calls(f));
		KUNIT_EXPECT_EQ(test, 1, take_all(f));
	}
}

/* Callbacks are turned on while the queue is muted, as at any other time. */
static void test_callbacks_while_muted(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	struct ring_buf *buf = kunit_kzalloc(test, sizeof(*buf), GFP_KERNEL);
	unsigned int delayed;

	f->go_on = true;
	for (delayed = 0; delayed < 2; delayed++) {
		virtqueue_disable_cb(f->vq);
		KUNIT_ASSERT_EQ(test, 0, ring_add_buf(f, buf));
		stall(f);
		KUNIT_ASSERT_EQ(test, 0, ring_renew(f));
		ring_host_start(test);
		vring_resume(&f->vdev);
		/* Moves the ring; the queue is muted until its driver was prompted. */
		KUNIT_EXPECT_EQ(test, 0, take_all(f));
		if (delayed)
			KUNIT_EXPECT_TRUE(test, virtqueue_enable_cb_delayed(f->vq));
		else
			KUNIT_EXPECT_TRUE(test, virtqueue_enable_cb(f->vq));
		KUNIT_EXPECT_FALSE(test, vring_prompt(&f->vdev));
		KUNIT_EXPECT_EQ(test, 1, serve_all(f));
		KUNIT_EXPECT_TRUE(test, ring_host_calls(f));
		f->callbacks = 0;
		KUNIT_EXPECT_EQ(test, IRQ_HANDLED, vring_interrupt(0, f->vq));
		KUNIT_EXPECT_EQ(test, 1, f->callbacks);
		KUNIT_EXPECT_EQ(test, 1, take_all(f));
	}
}

static bool hope;

static bool queue_broke(struct virtio_device *vdev)
{
	return hope;
}

/* A lie: what the device says it used is not looked at again, and nothing is lost. */
static void test_lie(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	struct ring_buf *bufs = ring_add_all_sorts(test);

	f->vdev.queue_broke = queue_broke;
	hope = true;
	KUNIT_EXPECT_EQ(test, 2, take_all(f));
	ring_host_claims(f, 0xffff, 0);
	KUNIT_EXPECT_EQ(test, 0, take_all(f));
	KUNIT_EXPECT_TRUE(test, vring_has_lied(&f->vdev));
	KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(f->vq));
	KUNIT_EXPECT_FALSE(test, virtqueue_enable_cb(f->vq) && take_all(f));
	stall(f);
	come_back(test);
	KUNIT_EXPECT_EQ(test, 0, take_all(f));
	KUNIT_EXPECT_FALSE(test, vring_has_lied(&f->vdev));
	KUNIT_EXPECT_EQ(test, RING_SORTS - 3, serve_all(f));
	KUNIT_EXPECT_EQ(test, RING_SORTS - 3, take_all(f));
	ring_expect_all_back(test, bufs);
	ring_expect_works(test);

	/* Without hope it is broken, as ever. */
	hope = false;
	KUNIT_ASSERT_EQ(test, 0, ring_add_buf(f, bufs));
	f->vq->vq_ops->kick(f->vq);
	ring_host_claims(f, 0xffff, 0);
	KUNIT_EXPECT_EQ(test, 0, take_all(f));
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(f->vq));
	KUNIT_EXPECT_EQ(test, -EIO, ring_add_buf(f, bufs));
}

/* As most drivers do.  Returns %false if that has no end. */
static bool loop_ends(struct ring_fixture *f, bool (*enable)(struct virtqueue *vq))
{
	unsigned int loops = 0;

	do {
		virtqueue_disable_cb(f->vq);
		if (take_all(f) || loops++ == 10)
			return false;
	} while (!enable(f->vq));
	return true;
}

static const struct lie {
	const char *name;
	u64 features;
	bool by_index;
	bool (*enable)(struct virtqueue *vq);
} lies[] = {
	{ "split, id", 0, false, virtqueue_enable_cb },
	{ "split, id, delayed", 0, false, virtqueue_enable_cb_delayed },
	{ "split, events, id", EVENT_IDX, false, virtqueue_enable_cb },
	{ "split, events, id, delayed", EVENT_IDX, false, virtqueue_enable_cb_delayed },
	{ "packed, id", PACKED, false, virtqueue_enable_cb },
	{ "packed, id, delayed", PACKED, false, virtqueue_enable_cb_delayed },
	{ "packed, events, id", PACKED | EVENT_IDX, false, virtqueue_enable_cb },
	{ "packed, events, id, delayed", PACKED | EVENT_IDX, false, virtqueue_enable_cb_delayed },
	{ "split, index", 0, true, virtqueue_enable_cb },
	{ "split, index, delayed", 0, true, virtqueue_enable_cb_delayed },
	{ "split, events, index", EVENT_IDX, true, virtqueue_enable_cb },
	{ "split, events, index, delayed", EVENT_IDX, true, virtqueue_enable_cb_delayed },
};

static void describe_lie(const struct lie *lie, char *desc)
{
	strscpy(desc, lie->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(lie, lies, describe_lie);

/*
 * A lie that is found while the queue waits for its device anyway.  The driver is told that
 * there is nothing to take, and not asked again and again to look.
 */
static void test_lie_while_waiting(struct kunit *test)
{
	const struct lie *lie = test->param_value;
	struct ring_fixture *f = ring_make(test, SIZE, lie->features);
	struct ring_buf *bufs = ring_add_all_sorts(test);

	KUNIT_EXPECT_EQ(test, 2, take_all(f));
	stall(f);
	if (lie->by_index)
		host_ring_claim(&f->host, 0, 0, 1000);
	else
		ring_host_claims(f, 0xffff, 0);
	KUNIT_EXPECT_TRUE(test, loop_ends(f, lie->enable));
	KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(f->vq));
	come_back(test);
	/* No reason to reset a device that is well. */
	KUNIT_EXPECT_FALSE(test, vring_has_lied(&f->vdev));
	KUNIT_EXPECT_EQ(test, 0, take_all(f));
	KUNIT_EXPECT_EQ(test, RING_SORTS - 3, serve_all(f));
	KUNIT_EXPECT_EQ(test, RING_SORTS - 3, take_all(f));
	ring_expect_all_back(test, bufs);
	ring_expect_works(test);
}

/* Reset twice before the ring has moved once; and broken while it waits. */
static void test_twice(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	struct ring_buf *bufs = ring_add_all_sorts(test);

	stall(f);
	come_back(test);
	stall(f);
	come_back(test);
	KUNIT_EXPECT_EQ(test, 2, take_all(f));
	stall(f);
	KUNIT_EXPECT_EQ(test, 0, take_all(f));
	come_back(test);
	KUNIT_EXPECT_EQ(test, 0, take_all(f));
	KUNIT_EXPECT_EQ(test, RING_SORTS - 3, serve_all(f));
	KUNIT_EXPECT_EQ(test, RING_SORTS - 3, take_all(f));
	ring_expect_all_back(test, bufs);

	KUNIT_ASSERT_EQ(test, 0, ring_add_buf(f, bufs));
	stall(f);
	__virtqueue_break(f->vq);
	KUNIT_EXPECT_EQ(test, -EIO, ring_add_buf(f, bufs));
	KUNIT_EXPECT_EQ(test, 0, take_all(f));
	KUNIT_EXPECT_FALSE(test, virtqueue_notify(f->vq));
	KUNIT_EXPECT_PTR_EQ(test, (void *)bufs, virtqueue_detach_unused_buf(f->vq));
}

/* An interrupt while the driver is prompted is not lost. */
static void test_missed(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	struct ring_buf *bufs = kunit_kzalloc(test, sizeof(*bufs), GFP_KERNEL);

	f->go_on = true;
	f->interrupt_in_callback = true;
	KUNIT_ASSERT_TRUE(test, virtqueue_enable_cb(f->vq));
	KUNIT_ASSERT_EQ(test, 0, ring_add_buf(f, bufs));
	stall(f);
	KUNIT_ASSERT_EQ(test, 0, ring_renew(f));
	ring_host_start(test);
	vring_resume(&f->vdev);
	/* The callback moves the ring: so the interrupt that comes in it counts. */
	KUNIT_EXPECT_TRUE(test, vring_prompt(&f->vdev));
	KUNIT_EXPECT_EQ(test, 1, f->callbacks);
	KUNIT_EXPECT_FALSE(test, vring_prompt(&f->vdev));
	KUNIT_EXPECT_EQ(test, 2, f->callbacks);
	KUNIT_EXPECT_FALSE(test, vring_prompt(&f->vdev));
	KUNIT_EXPECT_EQ(test, 2, f->callbacks);
	KUNIT_EXPECT_EQ(test, 1, serve_all(f));
	KUNIT_EXPECT_EQ(test, 1, take_all(f));
}

/* As a driver does that spins under a lock. */
static bool is_broken_to_who_spins(struct ring_fixture *f)
{
	unsigned long flags;
	bool broken;

	local_irq_save(flags);
	broken = virtqueue_is_broken(f->vq);
	local_irq_restore(flags);
	return broken;
}

/* Nobody can be sure to bring the device back meanwhile: what was in flight is the driver's. */
static void expect_waits_in_vain(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	struct scatterlist sg;
	static u8 byte;
	unsigned int len;

	KUNIT_EXPECT_TRUE(test, is_broken_to_who_spins(f));
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(f->vq));
	KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_NULL(test, virtqueue_detach_unused_buf(f->vq));
	sg_init_one(&sg, &byte, 1);
	KUNIT_EXPECT_EQ(test, -EIO, f->vq->vq_ops->add_buf(f->vq, &sg, 1, 0, test));
}

/* When the device is back, the queue works again, empty. */
static void test_wait_in_vain(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	unsigned int round;

	for (round = 0; round < 3; round++) {
		ring_add_all_sorts(test);
		KUNIT_EXPECT_FALSE(test, is_broken_to_who_spins(f));
		stall(f);
		expect_waits_in_vain(test);
		come_back(test);
		KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(f->vq));
		KUNIT_EXPECT_EQ(test, 0, take_all(f));
		ring_expect_works(test);
	}
}

/* As it does under a lock: nothing is known of that, so there is a limit. */
static void test_polls_in_vain(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	unsigned int round;
	ktime_t began;

	for (round = 0; round < 3; round++) {
		ring_add_all_sorts(test);
		KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(f->vq));
		stall(f);
		began = ktime_get();
		KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(f->vq));
		preempt_disable();
		while (!virtqueue_is_broken(f->vq))
			udelay(5);
		preempt_enable();
		KUNIT_EXPECT_GE(test, ktime_ms_delta(ktime_get(), began), 400);
		KUNIT_EXPECT_LE(test, ktime_ms_delta(ktime_get(), began), 1000);
		KUNIT_EXPECT_NULL(test, virtqueue_detach_unused_buf(f->vq));
		come_back(test);
		KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(f->vq));
		ring_expect_works(test);
	}
}

static u8 needs_reset(struct virtio_device *vdev)
{
	return VIRTIO_CONFIG_S_DRIVER_OK | VIRTIO_CONFIG_S_NEEDS_RESET;
}

static u8 is_well(struct virtio_device *vdev)
{
	return VIRTIO_CONFIG_S_DRIVER_OK;
}

/* The interrupt by which the device asks for a reset does not come where they are off. */
static void test_needs_reset_while_polled(struct kunit *test)
{
	static const struct virtio_config_ops bad = { .peek_status = needs_reset };
	static const struct virtio_config_ops good = { .peek_status = is_well };
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));

	ring_add_all_sorts(test);
	f->vdev.config = &good;
	KUNIT_EXPECT_FALSE(test, is_broken_to_who_spins(f));
	f->vdev.config = &bad;
	KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(f->vq));
	KUNIT_EXPECT_TRUE(test, is_broken_to_who_spins(f));
	KUNIT_EXPECT_NULL(test, virtqueue_detach_unused_buf(f->vq));
}

/* Nobody brings the device back: a driver that spins frees its buffers all the same. */
static void test_broken_while_polled(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));

	ring_add_all_sorts(test);
	virtio_break_device(&f->vdev);
	if (IS_ENABLED(CONFIG_PREEMPT_COUNT)) {
		KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(f->vq));
		KUNIT_EXPECT_NOT_NULL(test, virtqueue_detach_unused_buf(f->vq));
	}
	KUNIT_EXPECT_TRUE(test, is_broken_to_who_spins(f));
	KUNIT_EXPECT_NULL(test, virtqueue_detach_unused_buf(f->vq));
	KUNIT_EXPECT_EQ(test, SIZE, f->vq->num_free);
}

static unsigned int asked;

static bool may_hope(struct virtio_device *vdev)
{
	asked++;
	return true;
}

/* A device that does not answer is reset, and the queue works again. */
static void test_silent_while_polled(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	struct ring_buf *bufs;
	unsigned int len, i;
	ktime_t began;

	bufs = ring_add_all_sorts(test);
	f->vdev.queue_broke = may_hope;
	asked = 0;
	for (i = 0; i < 2; i++)
		KUNIT_ASSERT_NOT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	began = ktime_get();
	while (!asked && ktime_ms_delta(ktime_get(), began) < 20000)
		if (!virtqueue_is_broken(f->vq))
			mdelay(10);
	KUNIT_EXPECT_EQ(test, 1, asked);
	KUNIT_EXPECT_GE(test, ktime_ms_delta(ktime_get(), began), 9000);
	KUNIT_EXPECT_LE(test, ktime_ms_delta(ktime_get(), began), 11000);
	KUNIT_EXPECT_TRUE(test, vring_has_lied(&f->vdev));
	stall(f);
	come_back(test);
	take_all(f);
	KUNIT_EXPECT_GT(test, serve_all(f), 0);
	take_all(f);
	ring_expect_works(test);
	KUNIT_EXPECT_NOT_NULL(test, bufs);
}

/* Its driver has taken it out of use: it stays so. */
static void test_broken_while_in_vain(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));

	stall(f);
	KUNIT_EXPECT_TRUE(test, is_broken_to_who_spins(f));
	virtio_break_device(&f->vdev);
	KUNIT_ASSERT_EQ(test, 0, ring_renew(f));
	vring_resume(&f->vdev);
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(f->vq));
	__virtio_unbreak_device(&f->vdev);
}

/* The device is back, and its driver need but look. */
static void test_not_in_vain(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	struct ring_buf *bufs = ring_add_all_sorts(test);

	stall(f);
	come_back(test);
	KUNIT_EXPECT_FALSE(test, is_broken_to_who_spins(f));
	take_all(f);
	serve_all(f);
	take_all(f);
	ring_expect_all_back(test, bufs);
}

static bool gone(struct virtio_device *vdev)
{
	return true;
}

static void test_gone_while_waiting(struct kunit *test)
{
	static const struct virtio_config_ops ops = { .is_gone = gone };
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));

	ring_add_all_sorts(test);
	f->vdev.config = &ops;
	expect_waits_in_vain(test);
}

/* Buffers in order can't be shown out of turn. */
static void test_in_order(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test) | IN_ORDER);

	stall(f);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, ring_renew(f));
}

static struct kunit_case ring_renew_cases[] = {
	KUNIT_CASE_PARAM(test_renew, features_gen_params),
	KUNIT_CASE_PARAM(test_renew_mapped, features_gen_params),
	KUNIT_CASE_PARAM(test_out_of_order, features_gen_params),
	KUNIT_CASE_PARAM(test_in_turn, features_gen_params),
	KUNIT_CASE_PARAM(test_add_only, features_gen_params),
	KUNIT_CASE_PARAM(test_callbacks, features_gen_params),
	KUNIT_CASE_PARAM(test_callbacks_while_muted, features_gen_params),
	KUNIT_CASE_PARAM(test_lie, features_gen_params),
	KUNIT_CASE_PARAM(test_lie_while_waiting, lie_gen_params),
	KUNIT_CASE_PARAM(test_twice, features_gen_params),
	KUNIT_CASE_PARAM(test_missed, features_gen_params),
	KUNIT_CASE_PARAM(test_wait_in_vain, features_gen_params),
	KUNIT_CASE_PARAM(test_polls_in_vain, features_gen_params),
	KUNIT_CASE_PARAM(test_needs_reset_while_polled, features_gen_params),
	KUNIT_CASE_PARAM(test_broken_while_polled, features_gen_params),
	KUNIT_CASE_PARAM(test_silent_while_polled, features_gen_params),
	KUNIT_CASE_PARAM(test_broken_while_in_vain, features_gen_params),
	KUNIT_CASE_PARAM(test_not_in_vain, features_gen_params),
	KUNIT_CASE_PARAM(test_gone_while_waiting, features_gen_params),
	KUNIT_CASE_PARAM(test_in_order, features_gen_params),
	{}
};

static struct kunit_suite ring_renew_suite = {
	.name = "virtio-ring-renew",
	.init = ring_fixture_init,
	.exit = ring_fixture_exit,
	.test_cases = ring_renew_cases,
};

kunit_test_suite(ring_renew_suite);
