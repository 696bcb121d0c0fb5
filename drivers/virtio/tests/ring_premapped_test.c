// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of drivers that map their buffers themselves, as virtio_net does: the
 * queue takes addresses as they are, and leaves alone what it did not map.
 */
#include <linux/slab.h>

#include "bounce_dma.h"
#include "ring_fixture.h"

#define SIZE	8
#define LEN	256

KUNIT_ARRAY_PARAM(features, ring_feature_sets, ring_describe_features);

static struct ring_fixture *make(struct kunit *test, struct bounce_dma **dma, u64 features)
{
	struct ring_fixture *f = test->priv;

	*dma = bounce_dma_make(test, "bounce");
	f->vdev.dev.parent = (*dma)->dev;
	f->host.offset = features ? BOUNCE_OFFSET : 0;
	return ring_make(test, SIZE, FEATURES(test) | features);
}

static struct ring_fixture *make_premapped(struct kunit *test, struct bounce_dma **dma)
{
	struct ring_fixture *f = make(test, dma, BIT_ULL(VIRTIO_F_ACCESS_PLATFORM));

	KUNIT_ASSERT_EQ(test, 0, virtqueue_set_dma_premapped(f->vq));
	return f;
}

static dma_addr_t map(struct kunit *test, u8 *bytes, enum dma_data_direction dir)
{
	struct ring_fixture *f = test->priv;
	dma_addr_t addr = virtqueue_dma_map_single_attrs(f->vq, bytes, LEN, dir, 0);

	KUNIT_ASSERT_EQ(test, 0, virtqueue_dma_mapping_error(f->vq, addr));
	return addr;
}

/* Two segments of a mapping: its first half, and its second. */
static int add_halves(struct ring_fixture *f, dma_addr_t addr, void *token, bool in)
{
	struct scatterlist sg[2];
	unsigned int i;

	sg_init_table(sg, 2);
	for (i = 0; i < 2; i++) {
		sg_dma_address(&sg[i]) = addr + i * (LEN / 2);
		sg[i].length = LEN / 2;
	}
	return in ? virtqueue_add_inbuf(f->vq, sg, 2, token, GFP_ATOMIC) :
		    virtqueue_add_outbuf(f->vq, sg, 2, token, GFP_ATOMIC);
}

/* The device takes what there is, and sees it; or fills it. */
static void serve(struct kunit *test, u8 value, bool in)
{
	struct ring_fixture *f = test->priv;
	struct virtio_host_segment segments[2];
	unsigned int i;
	u16 head;

	f->vq->vq_ops->kick(f->vq);
	KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &head));
	KUNIT_ASSERT_EQ(test, 2, ring_host_segments(f, segments, 2));
	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ(test, LEN / 2, segments[i].len);
		KUNIT_ASSERT_EQ(test, in, segments[i].writable);
		if (in)
			memset(segments[i].bytes, value, LEN / 2);
		else
			KUNIT_EXPECT_NULL(test, memchr_inv(segments[i].bytes, value, LEN / 2));
	}
	KUNIT_ASSERT_EQ(test, 0, ring_host_complete(f, head, in ? LEN : 0));
}

/* One mapping, used again and again: the driver says when to synchronise it. */
static void test_receive(struct kunit *test)
{
	u8 *bytes = kunit_kzalloc(test, LEN, GFP_KERNEL);
	struct ring_fixture *f;
	struct bounce_dma *dma;
	unsigned int len, i;
	dma_addr_t addr;

	f = make_premapped(test, &dma);
	addr = map(test, bytes, DMA_FROM_DEVICE);
	KUNIT_EXPECT_TRUE(test, virtqueue_dma_need_sync(f->vq, addr));
	for (i = 1; i < 50; i++) {
		KUNIT_ASSERT_EQ(test, 0, add_halves(f, addr, bytes, true));
		serve(test, i, true);
		KUNIT_ASSERT_PTR_EQ(test, (void *)bytes, virtqueue_get_buf(f->vq, &len));
		KUNIT_ASSERT_EQ(test, LEN, len);
		KUNIT_ASSERT_EQ(test, 1, dma->mapped);
		/* Nothing has come yet but what is asked for. */
		KUNIT_EXPECT_NULL(test, memchr_inv(bytes, i - 1, LEN));
		virtqueue_dma_sync_single_range_for_cpu(f->vq, addr, 8, 16, DMA_FROM_DEVICE);
		KUNIT_EXPECT_NULL(test, memchr_inv(bytes, i - 1, 8));
		KUNIT_EXPECT_NULL(test, memchr_inv(bytes + 8, i, 16));
		KUNIT_EXPECT_NULL(test, memchr_inv(bytes + 24, i - 1, LEN - 24));
		virtqueue_dma_sync_single_range_for_cpu(f->vq, addr, 0, LEN, DMA_FROM_DEVICE);
		KUNIT_EXPECT_NULL(test, memchr_inv(bytes, i, LEN));
	}
	virtqueue_dma_unmap_single_attrs(f->vq, addr, LEN, DMA_FROM_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, 0, dma->mapped);
	KUNIT_EXPECT_EQ(test, 0, dma->errors);
}

static void test_send(struct kunit *test)
{
	u8 *bytes = kunit_kzalloc(test, LEN, GFP_KERNEL);
	struct ring_fixture *f;
	struct bounce_dma *dma;
	unsigned int len, i;
	dma_addr_t addr;

	f = make_premapped(test, &dma);
	addr = map(test, bytes, DMA_TO_DEVICE);
	for (i = 1; i < 50; i++) {
		memset(bytes, i, LEN);
		virtqueue_dma_sync_single_range_for_device(f->vq, addr, 0, LEN, DMA_TO_DEVICE);
		KUNIT_ASSERT_EQ(test, 0, add_halves(f, addr, bytes, false));
		serve(test, i, false);
		KUNIT_ASSERT_PTR_EQ(test, (void *)bytes, virtqueue_get_buf(f->vq, &len));
		KUNIT_ASSERT_EQ(test, 1, dma->mapped);
	}
	virtqueue_dma_unmap_single_attrs(f->vq, addr, LEN, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, 0, dma->mapped);
	KUNIT_EXPECT_EQ(test, 0, dma->errors);
}

/* A mapping that fails is the driver's to see. */
static void test_map_fails(struct kunit *test)
{
	u8 *bytes = kunit_kzalloc(test, LEN, GFP_KERNEL);
	struct ring_fixture *f;
	struct bounce_dma *dma;
	dma_addr_t addr;

	f = make_premapped(test, &dma);
	dma->map_fails = 1;
	addr = virtqueue_dma_map_single_attrs(f->vq, bytes, LEN, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, -ENOMEM, virtqueue_dma_mapping_error(f->vq, addr));
}

/* What did not get in, was shut down or detached is as mapped as before. */
static void test_stays_mapped(struct kunit *test)
{
	u8 *bytes = kunit_kzalloc(test, LEN, GFP_KERNEL);
	struct ring_fixture *f;
	struct bounce_dma *dma;
	unsigned int len, n = 0;
	dma_addr_t addr;

	f = make_premapped(test, &dma);
	addr = map(test, bytes, DMA_FROM_DEVICE);
	while (!add_halves(f, addr, bytes + n, true))
		n++;
	KUNIT_EXPECT_EQ(test, INDIRECT(test) ? SIZE : SIZE / 2, n);
	KUNIT_EXPECT_EQ(test, 1, dma->mapped);
	KUNIT_EXPECT_NOT_NULL(test, virtqueue_detach_unused_buf(f->vq));
	f->vq->vq_ops->shutdown(f->vq);
	KUNIT_EXPECT_EQ(test, 1, dma->mapped);
	while (--n)
		KUNIT_EXPECT_NOT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	vring_del_virtqueue(f->vq);
	f->vq = NULL;
	KUNIT_EXPECT_EQ(test, 1, dma->mapped);
	KUNIT_EXPECT_EQ(test, 0, dma->errors + dma->allocated);
	dma_unmap_single(dma->dev, addr, LEN, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, 0, dma->mapped);
}

/* A queue with buffers in it has mapped them: too late to say so. */
static void test_too_late(struct kunit *test)
{
	u8 *bytes = kunit_kzalloc(test, 1, GFP_KERNEL);
	struct ring_fixture *f;
	struct bounce_dma *dma;

	f = make(test, &dma, BIT_ULL(VIRTIO_F_ACCESS_PLATFORM));
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, bytes, 1, true));
	KUNIT_EXPECT_EQ(test, -EINVAL, virtqueue_set_dma_premapped(f->vq));
	KUNIT_EXPECT_PTR_EQ(test, (void *)bytes, virtqueue_detach_unused_buf(f->vq));
	KUNIT_EXPECT_EQ(test, 0, dma->mapped);
	KUNIT_EXPECT_EQ(test, 0, virtqueue_set_dma_premapped(f->vq));
}

/* Without the feature the device takes physical addresses, and nothing is mapped. */
static void test_physical(struct kunit *test)
{
	u8 *bytes = kunit_kzalloc(test, LEN, GFP_KERNEL);
	struct ring_fixture *f;
	struct bounce_dma *dma;
	dma_addr_t addr;

	f = make(test, &dma, 0);
	KUNIT_EXPECT_NULL(test, virtqueue_dma_dev(f->vq));
	KUNIT_EXPECT_EQ(test, SIZE_MAX, virtio_max_dma_size(&f->vdev));
	addr = map(test, bytes, DMA_FROM_DEVICE);
	KUNIT_EXPECT_EQ(test, virt_to_phys(bytes), addr);
	KUNIT_EXPECT_FALSE(test, virtqueue_dma_need_sync(f->vq, addr));
	virtqueue_dma_sync_single_range_for_cpu(f->vq, addr, 0, LEN, DMA_FROM_DEVICE);
	virtqueue_dma_sync_single_range_for_device(f->vq, addr, 0, LEN, DMA_FROM_DEVICE);
	virtqueue_dma_unmap_single_attrs(f->vq, addr, LEN, DMA_FROM_DEVICE, 0);
	ring_expect_works(test);
	KUNIT_EXPECT_EQ(test, 0, dma->mapped + dma->allocated + dma->errors);
}

/* Such an address may come from anywhere; the queue asks for no page that it belongs to. */
static void test_physical_premapped(struct kunit *test)
{
	u8 *bytes = kunit_kzalloc(test, LEN, GFP_KERNEL);
	struct ring_fixture *f;
	struct bounce_dma *dma;
	unsigned int len, i;
	dma_addr_t addr;

	f = make(test, &dma, 0);
	KUNIT_ASSERT_EQ(test, 0, virtqueue_set_dma_premapped(f->vq));
	KUNIT_EXPECT_NULL(test, virtqueue_dma_dev(f->vq));
	addr = map(test, bytes, DMA_FROM_DEVICE);
	for (i = 1; i < 50; i++) {
		KUNIT_ASSERT_EQ(test, 0, add_halves(f, addr, bytes, true));
		serve(test, i, true);
		KUNIT_ASSERT_PTR_EQ(test, (void *)bytes, virtqueue_get_buf(f->vq, &len));
		KUNIT_ASSERT_EQ(test, LEN, len);
		KUNIT_EXPECT_NULL(test, memchr_inv(bytes, i, LEN));
	}
	KUNIT_EXPECT_EQ(test, 0, dma->mapped + dma->allocated + dma->errors);
	vring_del_virtqueue(f->vq);
	f->vq = NULL;
	KUNIT_EXPECT_EQ(test, 0, dma->errors);
}

static struct kunit_case premapped_cases[] = {
	KUNIT_CASE_PARAM(test_receive, features_gen_params),
	KUNIT_CASE_PARAM(test_send, features_gen_params),
	KUNIT_CASE_PARAM(test_map_fails, features_gen_params),
	KUNIT_CASE_PARAM(test_stays_mapped, features_gen_params),
	KUNIT_CASE_PARAM(test_too_late, features_gen_params),
	KUNIT_CASE_PARAM(test_physical, features_gen_params),
	KUNIT_CASE_PARAM(test_physical_premapped, features_gen_params),
	{}
};

static struct kunit_suite premapped_suite = {
	.name = "virtio-ring-premapped",
	.init = ring_fixture_init,
	.exit = ring_fixture_exit,
	.test_cases = premapped_cases,
};

kunit_test_suite(premapped_suite);
