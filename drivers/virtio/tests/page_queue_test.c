// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of queues on a device page with an honest other side: data in both formats, with
 * and without mappings, the reset of one queue, and the flags by which both sides tell
 * each other that there is something to look at.
 */
#include "../page/page.h"
#include "bounce_dma.h"
#include "fake_driver.h"
#include "host.h"
#include "host_ring.h"
#include "page_host.h"

static struct virtio_host *with_queue(struct kunit *test, u64 features)
{
	struct virtio_host *host = fake_host_with_queue(test, MODERN | features);

	fake_plan.use_queue = true;
	fake_bind(test, host);
	KUNIT_ASSERT_NOT_NULL(test, fake_queue.vq);
	return host;
}

static const struct format {
	const char *name;
	u64 features;
} formats[] = {
	{ "split", 0 },
	{ "split, tables, events", BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) |
		BIT_ULL(VIRTIO_RING_F_EVENT_IDX) },
	{ "packed", BIT_ULL(VIRTIO_F_RING_PACKED) },
	{ "packed, tables, events", BIT_ULL(VIRTIO_F_RING_PACKED) |
		BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) | BIT_ULL(VIRTIO_RING_F_EVENT_IDX) },
	{ "packed, in order", BIT_ULL(VIRTIO_F_RING_PACKED) | BIT_ULL(VIRTIO_F_IN_ORDER) },
};

static void describe(const struct format *format, char *desc)
{
	strscpy(desc, format->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(format, formats, describe);

static void test_data(struct kunit *test)
{
	const struct format *format = test->param_value;
	struct virtio_host *host = with_queue(test, format->features);

	KUNIT_EXPECT_EQ(test, MODERN | format->features, host->accepted);
	fake_expect_data(test, host, 20);
	KUNIT_EXPECT_GT(test, fake_queue.callbacks, 0);
	page_other_settle(page_other_of(host));
	KUNIT_EXPECT_GT(test, host->queue[0].kicks, 0);
}

/* Queues are one by one, and no more than there are. */
static void test_queue_count(struct kunit *test)
{
	struct virtio_host *host = with_queue(test, 0);
	struct virtio_device *vdev = virtio_host_vdev(host);

	KUNIT_EXPECT_EQ(test, -ENOENT, PTR_ERR_OR_ZERO(vdev->config->find_vq(vdev, NULL)));
	KUNIT_EXPECT_EQ(test, 8, le16_to_cpu(page_place_of(host)->queue[0]->size));
	KUNIT_EXPECT_EQ(test, 1, page_place_of(host)->queue[0]->enabled);
	virtio_host_unplug(host);
	KUNIT_EXPECT_EQ(test, 0, page_place_of(host)->queue[0]->enabled);
}

static unsigned int recycled;

static void recycle(struct virtqueue *vq, void *buf)
{
	recycled++;
}

static void test_queue_reset(struct kunit *test)
{
	struct virtio_host *host = with_queue(test, BIT_ULL(VIRTIO_F_RING_RESET));
	struct page_other *other = page_other_of(host);
	struct virtqueue *vq = fake_queue.vq;
	struct scatterlist sg;

	recycled = 0;
	KUNIT_ASSERT_EQ(test, 0, virtqueue_resize(vq, 4, recycle, NULL));
	KUNIT_EXPECT_EQ(test, 1, recycled);
	KUNIT_EXPECT_EQ(test, 2, other->commands[VIRTIO_PAGE_C_QUEUE]);
	KUNIT_EXPECT_EQ(test, 4, le16_to_cpu(page_place_of(host)->queue[0]->size));
	KUNIT_EXPECT_EQ(test, 4, host->queue[0].ring->split.num);
	sg_init_one(&sg, &fake_queue.buf, 1);
	KUNIT_ASSERT_EQ(test, 0, vq->vq_ops->add_buf(vq, &sg, 0, 1, &fake_queue.buf));
	fake_expect_data(test, host, 10);
}

/* One that was not agreed on is not tried. */
static void test_no_queue_reset(struct kunit *test)
{
	struct virtio_host *host = with_queue(test, 0);
	struct virtqueue *vq = fake_queue.vq;

	KUNIT_EXPECT_EQ(test, -ENOENT, vq->vdev->config->disable_vq_and_reset(vq));
	KUNIT_EXPECT_EQ(test, -EBUSY, vq->vdev->config->enable_vq_after_reset(vq));
	KUNIT_EXPECT_EQ(test, 0, page_other_of(host)->commands[VIRTIO_PAGE_C_QUEUE]);
}

/* It lies in memory of the device's own, and so does what is in it. */
static void test_dma(struct kunit *test)
{
	const struct format *format = test->param_value;
	struct bounce_dma *dma = bounce_dma_make(test, "virtio-bounce");
	struct virtio_host *host = fake_host_with_queue(test, MODERN | format->features |
						BIT_ULL(VIRTIO_F_ACCESS_PLATFORM));
	struct page_other *other = page_host_make(test, dma->dev);

	fake_plan.use_queue = true;
	fake_driver_register(test);
	host->queue[0].ring->offset = BOUNCE_OFFSET;
	KUNIT_ASSERT_EQ(test, 0, virtio_page_open(&other->page));
	page_host_show(other, host);
	KUNIT_ASSERT_NOT_NULL(test, fake_queue.vq);
	KUNIT_EXPECT_GE(test, le64_to_cpu(page_place_of(host)->queue[0]->desc), BOUNCE_OFFSET);
	KUNIT_EXPECT_EQ(test, 1, dma->mapped);
	fake_expect_data(test, host, 20);
	virtio_page_close(&other->page);
	KUNIT_EXPECT_EQ(test, 0, dma->mapped);
	KUNIT_EXPECT_EQ(test, 0, dma->allocated);
	KUNIT_EXPECT_EQ(test, 0, dma->errors);
	fake_driver_unregister(test);
}

/*
 * Flags.
 */

/* A device that has not looked yet is not rung again. */
static void test_kicked_once(struct kunit *test)
{
	struct virtio_host *host = with_queue(test, 0);
	struct page_other *other = page_other_of(host);
	struct virtqueue *vq = fake_queue.vq;
	struct scatterlist sg;
	unsigned int rings, i;

	page_other_settle(other);
	KUNIT_EXPECT_EQ(test, 0, page_place_of(host)->shared->kicked);
	WRITE_ONCE(other->deaf, true);
	rings = other->rings;
	sg_init_one(&sg, &fake_queue.buf, 1);
	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, 0, vq->vq_ops->add_buf(vq, &sg, 0, 1, &fake_queue.buf));
		vq->vq_ops->kick(vq);
	}
	KUNIT_EXPECT_EQ(test, rings + 1, other->rings);
	KUNIT_EXPECT_EQ(test, 1, page_place_of(host)->shared->kicked);
	fake_queue.offered += 3;
	page_other_hear(other);
	page_other_settle(other);
	KUNIT_EXPECT_EQ(test, 0, page_place_of(host)->shared->kicked);
	KUNIT_ASSERT_EQ(test, 0, vq->vq_ops->add_buf(vq, &sg, 0, 1, &fake_queue.buf));
	vq->vq_ops->kick(vq);
	KUNIT_EXPECT_EQ(test, rings + 2, other->rings);
}

static struct page_place *watched;
static unsigned int seen;

/* What is used from here on is said once more. */
static bool look_back(struct virtqueue *vq)
{
	seen += 1 + watched->shared->used;
	return true;
}

static void look_back_at_change(struct virtio_device *vdev)
{
	seen += 10 + watched->shared->changed;
}

/* They are cleared before the guest looks: so nothing is missed. */
static void test_flags_first(struct kunit *test)
{
	struct virtio_host *host;
	struct virtio_host_buf buf;

	fake_driver.config_changed = look_back_at_change;
	fake_driver.repeatable = false;
	host = with_queue(test, 0);
	watched = page_place_of(host);
	seen = 0;
	fake_queue.vq->callback = look_back;
	KUNIT_ASSERT_TRUE(test, virtio_host_take(host, 0, &buf));
	virtio_host_use(host, &buf, 1);
	KUNIT_EXPECT_EQ(test, 1, seen);
	virtio_host_change_config(host);
	KUNIT_EXPECT_EQ(test, 11, seen);
	/* Nothing said, nothing heard. */
	page_ring_guest(page_other_of(host));
	KUNIT_EXPECT_EQ(test, 11, seen);
}

static struct kunit_case page_queue_cases[] = {
	KUNIT_CASE_PARAM(test_data, format_gen_params),
	KUNIT_CASE(test_queue_count),
	KUNIT_CASE(test_queue_reset),
	KUNIT_CASE(test_no_queue_reset),
	KUNIT_CASE_PARAM(test_dma, format_gen_params),
	KUNIT_CASE(test_kicked_once),
	KUNIT_CASE(test_flags_first),
	{}
};

static struct kunit_suite page_queue_suite = {
	.name = "virtio-page-queue",
	.init = fake_driver_init_on_page,
	.test_cases = page_queue_cases,
};

kunit_test_suite(page_queue_suite);
