// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of queues that stay while their transport deletes them and makes them again: on
 * memory of the core's, and on memory of the transport's.
 */
#include <linux/gfp.h>

#include "ring_fixture.h"

#define SIZE	8

static u8 buf[16];

static bool other_notify(struct virtqueue *vq)
{
	return true;
}

static struct ring_fixture *begin(struct kunit *test)
{
	struct ring_fixture *f = test->priv;

	INIT_LIST_HEAD(&f->vdev.kept_vqs);
	f->vdev.features = BIT_ULL(VIRTIO_F_VERSION_1);
	return f;
}

static struct virtqueue *create(struct ring_fixture *f, unsigned int index, unsigned int num)
{
	return vring_create_virtqueue(index, num, PAGE_SIZE, &f->vdev, true, false, false,
				      other_notify, NULL, "test");
}

static int add(struct virtqueue *vq)
{
	struct scatterlist sg;

	sg_init_one(&sg, buf, sizeof(buf));
	return virtqueue_add_inbuf(vq, &sg, 1, buf, GFP_KERNEL);
}

/* The same queue, with its buffer, once the device offers at least its size. */
static void test_kept(struct kunit *test)
{
	struct ring_fixture *f = begin(test);
	struct virtqueue *vq = create(f, 0, SIZE), *other;
	dma_addr_t at;

	KUNIT_ASSERT_NOT_NULL(test, vq);
	at = virtqueue_get_desc_addr(vq);
	KUNIT_EXPECT_EQ(test, 0, add(vq));
	f->vdev.keep_vqs = true;
	vring_del_virtqueue(vq);
	KUNIT_EXPECT_TRUE(test, list_empty(&f->vdev.vqs));
	KUNIT_EXPECT_NULL(test, create(f, 0, SIZE / 2));
	other = create(f, 1, SIZE);
	KUNIT_ASSERT_NOT_NULL(test, other);
	KUNIT_EXPECT_PTR_NE(test, vq, other);
	KUNIT_EXPECT_PTR_EQ(test, vq, create(f, 0, 2 * SIZE));
	f->vdev.keep_vqs = false;
	KUNIT_EXPECT_TRUE(test, list_empty(&f->vdev.kept_vqs));
	KUNIT_EXPECT_EQ(test, at, virtqueue_get_desc_addr(vq));
	KUNIT_EXPECT_EQ(test, 2 * SIZE, vq->num_max);
	KUNIT_EXPECT_EQ(test, SIZE, virtqueue_get_vring_size(vq));
	KUNIT_EXPECT_EQ(test, SIZE - 1, vq->num_free);
	KUNIT_EXPECT_PTR_EQ(test, (void *)buf, virtqueue_detach_unused_buf(vq));
	vring_del_virtqueue(vq);
	vring_del_virtqueue(other);
}

/* A transport clears its own memory when it makes a queue: what was in that is gone. */
static void test_own_memory(struct kunit *test)
{
	struct ring_fixture *f = begin(test);
	void *pages = alloc_pages_exact(2 * PAGE_SIZE, GFP_KERNEL | __GFP_ZERO);
	struct virtqueue *vq;
	int round;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	vq = vring_new_virtqueue(0, SIZE, PAGE_SIZE, &f->vdev, true, false, pages, other_notify,
				 NULL, "test");
	KUNIT_ASSERT_NOT_NULL(test, vq);
	f->vdev.keep_vqs = true;
	for (round = 0; round < 2; round++) {
		vring_del_virtqueue(vq);
		/* Not on memory that is the core's. */
		KUNIT_EXPECT_NULL(test, create(f, 0, SIZE));
		memset(pages, 0, 2 * PAGE_SIZE);
		KUNIT_EXPECT_PTR_EQ(test, vring_new_virtqueue(0, SIZE, PAGE_SIZE, &f->vdev, true,
							      false, pages, other_notify, NULL,
							      "test"), round ? NULL : vq);
		KUNIT_EXPECT_EQ(test, round, list_empty(&f->vdev.vqs));
		if (!round)
			KUNIT_EXPECT_EQ(test, 0, add(vq));
	}
	f->vdev.keep_vqs = false;
	vring_del_virtqueue(vq);
	free_pages_exact(pages, 2 * PAGE_SIZE);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_kept),
	KUNIT_CASE(test_own_memory),
	{}
};

static struct kunit_suite suite = {
	.name = "virtio-ring-keep",
	.init = ring_fixture_init,
	.exit = ring_fixture_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
