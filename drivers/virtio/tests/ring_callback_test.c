// SPDX-License-Identifier: GPL-2.0
/*
 * Callbacks against a driver that is at work on another CPU, and buffers that were added
 * without a kick.
 *
 * What the other CPU does is done within the callback here, where the interrupt can't tell
 * the difference.  tools/litmus has the same with two CPUs, in the kernel's memory model.
 */
#include <linux/slab.h>

#include "ring_fixture.h"

#define SIZE	8

static const u64 feature_sets[] = { 0, EVENT_IDX, PACKED, PACKED | EVENT_IDX };

KUNIT_ARRAY_PARAM(features, feature_sets, ring_describe_features);

/* What the other CPU does while the first callback runs. */
static struct {
	struct kunit *test;
	u8 *buf;
	bool uses;
	unsigned int callbacks;
} other;

/* It takes the answer, asks the next question, and turns callbacks on to sleep. */
static void ask_again(struct virtqueue *vq)
{
	struct kunit *test = other.test;
	unsigned int len;

	KUNIT_ASSERT_PTR_EQ(test, (void *)other.buf, vq->vq_ops->get_buf(vq, &len));
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(test->priv, other.buf, 1, true));
	vq->vq_ops->kick(vq);
	KUNIT_ASSERT_NULL(test, vq->vq_ops->get_buf(vq, &len));
	KUNIT_ASSERT_TRUE(test, vq->vq_ops->restart(vq));
}

static void device_uses(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	u16 id;

	KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &id));
	KUNIT_ASSERT_EQ(test, 0, ring_host_complete(f, id, 1));
}

static bool wake_other_cpu(struct virtqueue *vq)
{
	if (!other.callbacks++) {
		ask_again(vq);
		if (other.uses)
			device_uses(other.test);
	}
	return false;
}

/* A question is asked and answered, and the interrupt has come. */
static struct ring_fixture *interrupt_while_at_work(struct kunit *test, bool uses)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));

	memset(&other, 0, sizeof(other));
	other.test = test;
	other.buf = kunit_kzalloc(test, 1, GFP_KERNEL);
	other.uses = uses;
	f->vq->callback = wake_other_cpu;
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, other.buf, 1, true));
	f->vq->vq_ops->kick(f->vq);
	KUNIT_ASSERT_TRUE(test, f->vq->vq_ops->restart(f->vq));
	device_uses(test);
	KUNIT_ASSERT_TRUE(test, ring_host_calls(f));
	KUNIT_ASSERT_EQ(test, IRQ_HANDLED, vring_interrupt(0, f->vq));
	return f;
}

/* The answer to the second question wakes the driver, whatever the first callback said. */
static void test_restarted_meanwhile(struct kunit *test)
{
	struct ring_fixture *f = interrupt_while_at_work(test, false);

	KUNIT_ASSERT_EQ(test, 1, other.callbacks);
	device_uses(test);
	KUNIT_EXPECT_TRUE(test, ring_host_calls(f));
	vring_interrupt(0, f->vq);
	KUNIT_EXPECT_EQ(test, 2, other.callbacks);
	/* Nobody has asked for more since. */
	vring_interrupt(0, f->vq);
	KUNIT_EXPECT_EQ(test, 2, other.callbacks);
}

/* The second answer is there before the first callback has returned. */
static void test_used_meanwhile(struct kunit *test)
{
	struct ring_fixture *f = interrupt_while_at_work(test, true);

	/* Without event index the device may have seen callbacks off, and does not interrupt. */
	if (f->vdev.features & EVENT_IDX) {
		KUNIT_EXPECT_TRUE(test, ring_host_calls(f));
		vring_interrupt(0, f->vq);
	}
	KUNIT_EXPECT_EQ(test, 2, other.callbacks);
}

/*
 * The flag and what the core thinks of it disagree, as after an interrupt that has turned
 * callbacks off while the driver turned them on: they agree when it does so again.
 */
static void test_flag_is_written_anew(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 1, GFP_KERNEL);

	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 1, true));
	f->vq->vq_ops->kick(f->vq);
	KUNIT_ASSERT_TRUE(test, virtqueue_enable_cb(f->vq));
	if (ring_is_packed(f))
		f->host.packed.driver->flags = cpu_to_le16(VRING_PACKED_EVENT_FLAG_DISABLE);
	else
		f->host.split.avail->flags = cpu_to_virtio16(&f->vdev, VRING_AVAIL_F_NO_INTERRUPT);
	KUNIT_ASSERT_TRUE(test, virtqueue_enable_cb(f->vq));
	device_uses(test);
	KUNIT_EXPECT_TRUE(test, ring_host_calls(f));
}

/* What was added is there for the device once the driver waits for a callback. */
static void test_published_by_enabling(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 3, GFP_KERNEL);
	u16 id;

	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 1, true));
	KUNIT_ASSERT_EQ(test, 0, ring_host_take(f, &id));
	KUNIT_ASSERT_TRUE(test, virtqueue_enable_cb(f->vq));
	KUNIT_EXPECT_EQ(test, 1, f->kicks);
	KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &id));

	ring_host_kicks(f, true);
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf + 1, 1, true));
	KUNIT_ASSERT_TRUE(test, f->vq->vq_ops->restart(f->vq));
	KUNIT_EXPECT_EQ(test, 2, f->kicks);
	KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &id));

	ring_host_kicks(f, false);
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf + 2, 1, true));
	virtqueue_enable_cb_prepare(f->vq);
	KUNIT_EXPECT_EQ_MSG(test, 2, f->kicks, "the device asked for no notification");
	KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &id));
}

/* A driver that sets up its buffers in probe() and kicks nobody: the device finds them. */
static void test_published_by_going_live(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	u8 *buf = kunit_kzalloc(test, SIZE, GFP_KERNEL);
	unsigned int i, len;
	u16 id;

	f->vdev.ready = false;
	ring_make(test, SIZE, FEATURES(test));
	for (i = 0; i < SIZE - 1; i++)
		KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf + i, 1, true));
	f->vdev.ready = true;
	vring_send_held_kicks(&f->vdev);
	KUNIT_EXPECT_EQ(test, 1, f->kicks);
	for (i = 0; i < SIZE - 1; i++) {
		KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &id));
		KUNIT_ASSERT_EQ(test, 0, ring_host_complete(f, id, 1));
		KUNIT_EXPECT_NOT_NULL(test, virtqueue_get_buf(f->vq, &len));
	}
	KUNIT_EXPECT_EQ(test, 0, ring_host_take(f, &id));

	/* From now on it takes a kick. */
	ring_host_kicks(f, true);
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf + i, 1, true));
	KUNIT_EXPECT_EQ(test, 0, ring_host_take(f, &id));
	f->vq->vq_ops->kick(f->vq);
	KUNIT_EXPECT_EQ(test, 2, f->kicks);
	KUNIT_EXPECT_EQ(test, 1, ring_host_take(f, &id));
}

/* An interrupt that comes between DRIVER_OK and what the core does after it is not lost. */
static void test_interrupt_while_going_live(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	u8 *buf = kunit_kzalloc(test, 1, GFP_KERNEL);

	f->vdev.ready = false;
	ring_make(test, SIZE, FEATURES(test));
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 1, true));
	KUNIT_ASSERT_TRUE(test, virtqueue_enable_cb(f->vq));
	device_uses(test);
	KUNIT_EXPECT_EQ(test, IRQ_HANDLED, vring_interrupt(0, f->vq));
	KUNIT_EXPECT_EQ(test, 1, f->callbacks);
	vring_send_held_kicks(&f->vdev);
}

static struct kunit_case callback_cases[] = {
	KUNIT_CASE_PARAM(test_restarted_meanwhile, features_gen_params),
	KUNIT_CASE_PARAM(test_used_meanwhile, features_gen_params),
	KUNIT_CASE_PARAM(test_flag_is_written_anew, features_gen_params),
	KUNIT_CASE_PARAM(test_published_by_enabling, features_gen_params),
	KUNIT_CASE_PARAM(test_published_by_going_live, features_gen_params),
	KUNIT_CASE_PARAM(test_interrupt_while_going_live, features_gen_params),
	{}
};

static struct kunit_suite callback_suite = {
	.name = "virtio-ring-callback",
	.init = ring_fixture_init,
	.exit = ring_fixture_exit,
	.test_cases = callback_cases,
};

kunit_test_suite(callback_suite);
