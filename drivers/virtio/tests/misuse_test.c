// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that misuses a queue: an error each time, and the queue stays as it was.
 */
#include <linux/slab.h>

#include "ring_fixture.h"

#define SIZE	8
#define LONG	1100	/* longer than any table */

KUNIT_ARRAY_PARAM(features, ring_feature_sets, ring_describe_features);

static void test_nothing(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	struct scatterlist sg, *none[1] = { NULL };
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	unsigned int len;

	sg_init_one(&sg, buf, 1);
	KUNIT_EXPECT_EQ(test, -EINVAL, virtqueue_add_sgs(f->vq, none, 0, 0, buf, GFP_ATOMIC));
	/* Lists may be left out, but not all of them. */
	KUNIT_EXPECT_EQ(test, -EINVAL, virtqueue_add_sgs(f->vq, none, 1, 0, buf, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, -EINVAL, virtqueue_add_sgs(f->vq, none, 0, 1, buf, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, -EINVAL, f->vq->vq_ops->add_buf(f->vq, &sg, 0, 0, buf));
	KUNIT_EXPECT_EQ(test, -EINVAL, f->vq->vq_ops->add_buf(f->vq, &sg, 1, 0, NULL));
	KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	f->vq->vq_ops->kick(f->vq);
	KUNIT_EXPECT_EQ(test, 0, f->kicks);
	ring_expect_works(test);
}

/* As many as fit, a table at most; nothing of what does not is left in the ring. */
static void test_too_long(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	struct scatterlist *sg = kunit_kcalloc(test, LONG, sizeof(*sg), GFP_KERNEL);
	u8 *buf = kunit_kzalloc(test, LONG, GFP_KERNEL);
	struct scatterlist *sgs[1] = { sg };
	int i;

	sg_init_table(sg, LONG);
	for (i = 0; i < LONG; i++)
		sg_set_buf(&sg[i], buf + i, 1);
	KUNIT_EXPECT_EQ(test, -ENOSPC, f->vq->vq_ops->add_buf(f->vq, sg, LONG, 0, buf));
	KUNIT_EXPECT_EQ(test, -ENOSPC, virtqueue_add_sgs(f->vq, sgs, 1, 0, buf, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, INDIRECT(test) ? 0 : -ENOSPC,
			f->vq->vq_ops->add_buf(f->vq, sg, SIZE + 1, 0, buf));
	if (INDIRECT(test)) {
		KUNIT_EXPECT_PTR_EQ(test, (void *)buf, virtqueue_detach_unused_buf(f->vq));
		return;
	}
	ring_expect_works(test);
}

/* Whatever is done to a queue that is broken, nothing goes in, and nothing is said. */
static void test_broken(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	struct scatterlist sg, *sgs[1] = { &sg };
	unsigned int len;

	virtio_break_device(&f->vdev);
	sg_init_one(&sg, buf, 1);
	KUNIT_EXPECT_EQ(test, -EIO, f->vq->vq_ops->add_buf(f->vq, &sg, 1, 0, buf));
	KUNIT_EXPECT_EQ(test, -EIO, virtqueue_add_sgs(f->vq, sgs, 1, 0, buf, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, -EIO, virtqueue_add_outbuf(f->vq, &sg, 1, buf, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, -EIO, virtqueue_add_inbuf(f->vq, &sg, 1, buf, GFP_ATOMIC));
	KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_EQ(test, 0, len);
	KUNIT_EXPECT_TRUE(test, f->vq->vq_ops->restart(f->vq));
	KUNIT_EXPECT_TRUE(test, virtqueue_enable_cb_delayed(f->vq));
	KUNIT_EXPECT_FALSE(test, virtqueue_poll(f->vq, 0));
	KUNIT_EXPECT_EQ(test, IRQ_HANDLED, vring_interrupt(0, f->vq));
	KUNIT_EXPECT_EQ(test, 0, f->kicks + f->callbacks);
	KUNIT_EXPECT_NULL(test, virtqueue_detach_unused_buf(f->vq));
	__virtio_unbreak_device(&f->vdev);
	ring_expect_works(test);
}

static struct ring_fixture *inside;
static u8 *inside_buf;

/* Interrupt context, and the driver does all that it ever does. */
static bool do_everything(struct virtqueue *vq)
{
	unsigned int len;

	inside->callbacks++;
	virtqueue_disable_cb(vq);
	while (vq->vq_ops->get_buf(vq, &len))
		ring_add_one(inside, inside_buf, 1, true);
	vq->vq_ops->kick(vq);
	virtqueue_enable_cb(vq);
	virtqueue_enable_cb_delayed(vq);
	return vq->vq_ops->restart(vq);
}

static void test_callback_does_everything(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	unsigned int i;
	u16 id;

	inside = f;
	inside_buf = kunit_kzalloc(test, 1, GFP_KERNEL);
	f->vq->callback = do_everything;
	KUNIT_ASSERT_TRUE(test, f->vq->vq_ops->restart(f->vq));
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, inside_buf, 1, true));
	f->vq->vq_ops->kick(f->vq);
	for (i = 0; i < 3 * SIZE; i++) {
		KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &id));
		KUNIT_ASSERT_EQ(test, 0, ring_host_complete(f, id, 1));
		KUNIT_ASSERT_TRUE(test, ring_host_calls(f));
		KUNIT_ASSERT_EQ(test, IRQ_HANDLED, vring_interrupt(0, f->vq));
		KUNIT_ASSERT_EQ(test, i + 1, f->callbacks);
	}
	KUNIT_EXPECT_EQ(test, SIZE - 1, f->vq->num_free);
}

static struct kunit_case misuse_cases[] = {
	KUNIT_CASE_PARAM(test_nothing, features_gen_params),
	KUNIT_CASE_PARAM(test_too_long, features_gen_params),
	KUNIT_CASE_PARAM(test_broken, features_gen_params),
	KUNIT_CASE_PARAM(test_callback_does_everything, features_gen_params),
	{}
};

static struct kunit_suite misuse_suite = {
	.name = "virtio-misuse",
	.init = ring_fixture_init,
	.exit = ring_fixture_exit,
	.test_cases = misuse_cases,
};

kunit_test_suite(misuse_suite);
