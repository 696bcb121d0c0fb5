// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of queues that map what is added to them (VIRTIO_F_ACCESS_PLATFORM), by the DMA API
 * or by operations of the transport, with the device of bounce_dma.c: what is mapped is
 * unmapped, once and as it was mapped, whatever becomes of the buffer; and what a driver
 * mapped stays its own.
 */
#include <linux/slab.h>

#include "bounce_dma.h"
#include "ring_fixture.h"

#define SIZE	32
/* Longer than the tables that are kept ready, and short enough for the ring. */
#define LONG	26
/* Segments share no cache line. */
#define STRIDE	SMP_CACHE_BYTES

KUNIT_ARRAY_PARAM(features, ring_feature_sets, ring_describe_features);

/* A device of the DMA API, or what a suite's operations map for: no device knows of that. */
static struct bounce_dma *make_bounce(struct kunit *test, const char *name)
{
	struct ring_fixture *f = test->priv;

	return f->vdev.map ? bounce_map_make(test) : bounce_dma_make(test, name);
}

static union virtio_map map_of(const struct ring_fixture *f, struct bounce_dma *dma)
{
	return f->vdev.map ? bounce_map_of(dma) : (union virtio_map) { .dma_dev = dma->dev };
}

static struct ring_fixture *make_with(struct kunit *test, struct bounce_dma **dma, u64 features)
{
	struct ring_fixture *f = test->priv;

	*dma = make_bounce(test, "bounce");
	f->vdev.dev.parent = (*dma)->dev;
	f->vdev.vmap = bounce_map_of(*dma);
	f->host.offset = BOUNCE_OFFSET;
	features |= FEATURES(test) | BIT_ULL(VIRTIO_F_ACCESS_PLATFORM);
	return ring_make(test, SIZE, features);
}

static struct ring_fixture *make(struct kunit *test, struct bounce_dma **dma)
{
	return make_with(test, dma, 0);
}

static void expect_nothing_mapped(struct kunit *test, const struct bounce_dma *dma)
{
	KUNIT_EXPECT_EQ(test, 0, dma->mapped);
	KUNIT_EXPECT_EQ(test, 0, dma->errors);
}

/* The queue goes, and has left nothing. */
static void expect_nothing_left(struct kunit *test, const struct bounce_dma *dma)
{
	struct ring_fixture *f = test->priv;

	vring_del_virtqueue(f->vq);
	f->vq = NULL;
	expect_nothing_mapped(test, dma);
	KUNIT_EXPECT_EQ(test, 0, dma->allocated);
}

/* @n segments of a byte, half of which the device reads; as one list, or two. */
static int add(struct ring_fixture *f, u8 *bytes, unsigned int n, bool lists)
{
	struct scatterlist sg[LONG], *sgs[2] = { &sg[0], &sg[n / 2] };
	unsigned int i;

	sg_init_table(sg, n);
	for (i = 0; i < n; i++) {
		bytes[i * STRIDE] = i;
		sg_set_buf(&sg[i], bytes + i * STRIDE, 1);
	}
	if (!lists)
		return f->vq->vq_ops->add_buf(f->vq, sg, n / 2, n - n / 2, bytes);
	sg_mark_end(&sg[n / 2 - 1]);
	return virtqueue_add_sgs(f->vq, sgs, 1, 1, bytes, GFP_ATOMIC);
}

static u8 *make_bytes(struct kunit *test)
{
	u8 *bytes = kunit_kzalloc(test, LONG * STRIDE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bytes);
	return bytes;
}

/* The device answers, by descriptors that it has scribbled on since it read them. */
static void echo(struct kunit *test, u8 *bytes, unsigned int n)
{
	struct ring_fixture *f = test->priv;
	unsigned int len, i;

	KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
	for (i = 0; i < SIZE; i++) {
		if (ring_is_packed(f))
			memset(&f->host.packed.desc[i].addr, 0xff, sizeof(__le64));
		else
			memset(&f->host.split.desc[i], 0xff, sizeof(struct vring_desc));
	}
	KUNIT_ASSERT_PTR_EQ(test, (void *)bytes, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_ASSERT_EQ(test, n / 2, len);
	for (i = 0; i < n / 2; i++)
		KUNIT_ASSERT_EQ(test, i ^ 0x80, bytes[(n / 2 + i) * STRIDE]);
	KUNIT_ASSERT_EQ(test, SIZE, f->vq->num_free);
}

/* Data arrives, there and back: in short buffers, and in long ones. */
static void test_echo(struct kunit *test)
{
	u8 *bytes = make_bytes(test);
	struct ring_fixture *f;
	struct bounce_dma *dma;
	unsigned int i, n;

	f = make(test, &dma);
	ring_expect_works(test);
	expect_nothing_mapped(test, dma);
	for (i = 0; i < 200; i++) {
		n = 2 + i % (LONG - 1);
		KUNIT_ASSERT_EQ(test, 0, add(f, bytes, n, i & 1));
		KUNIT_ASSERT_GE(test, dma->mapped, n);
		f->vq->vq_ops->kick(f->vq);
		echo(test, bytes, n);
		expect_nothing_mapped(test, dma);
	}
	expect_nothing_left(test, dma);
}

/* The nth mapping fails, for each n: all is as it was. */
static void fail_each(struct kunit *test, unsigned int len)
{
	u8 *bytes = make_bytes(test);
	struct ring_fixture *f;
	unsigned int n, failed;
	struct bounce_dma *dma;
	int err;

	f = make(test, &dma);
	for (n = 1, failed = 0;; n++) {
		dma->map_fails = n;
		err = add(f, bytes, len, n & 1);
		if (!err && dma->map_fails)
			break;
		if (err) {
			failed++;
			KUNIT_ASSERT_EQ(test, -ENOMEM, err);
			expect_nothing_mapped(test, dma);
			KUNIT_ASSERT_EQ(test, SIZE, f->vq->num_free);
			f->vq->vq_ops->kick(f->vq);
			KUNIT_ASSERT_EQ(test, 0, ring_host_echo(f));
			continue;
		}
		/* It was no segment's, and the queue found a way without. */
		KUNIT_ASSERT_GE(test, dma->mapped, len);
		f->vq->vq_ops->kick(f->vq);
		echo(test, bytes, len);
		expect_nothing_mapped(test, dma);
	}
	dma->map_fails = 0;
	KUNIT_EXPECT_GE(test, failed, len);
	f->vq->vq_ops->kick(f->vq);
	echo(test, bytes, len);
	ring_expect_works(test);
	expect_nothing_left(test, dma);
}

static void test_map_fails(struct kunit *test)
{
	fail_each(test, 6);
}

static void test_map_fails_long(struct kunit *test)
{
	fail_each(test, LONG);
}

/* What does not fit is not mapped either; and what is in the ring goes with it. */
static void test_no_room(struct kunit *test)
{
	u8 *bytes = kunit_kzalloc(test, (SIZE + 1) * 3 * STRIDE, GFP_KERNEL);
	struct ring_fixture *f;
	struct bounce_dma *dma;
	unsigned int n = 0;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, bytes);
	f = make(test, &dma);
	for (;; n++) {
		err = add(f, bytes + n * 3 * STRIDE, 3, n & 1);
		if (err)
			break;
		KUNIT_ASSERT_GE(test, dma->mapped, 3 * (n + 1));
	}
	KUNIT_EXPECT_EQ(test, -ENOSPC, err);
	KUNIT_EXPECT_EQ(test, INDIRECT(test) ? SIZE : SIZE / 3, n);
	KUNIT_EXPECT_EQ(test, 3 * n, dma->mapped);
	/* Nor mapped, and unmapped again. */
	dma->map_fails = 1;
	KUNIT_EXPECT_EQ(test, -ENOSPC, add(f, bytes + n * 3 * STRIDE, 3, false));
	KUNIT_EXPECT_EQ(test, -ENOSPC, add(f, bytes + n * 3 * STRIDE, 3, true));
	KUNIT_EXPECT_EQ(test, 1, dma->map_fails);
	dma->map_fails = 0;
	expect_nothing_left(test, dma);
}

/* No memory for tables: buffers go in without, or in one of their own. */
static void test_no_tables(struct kunit *test)
{
	u8 *bytes = make_bytes(test);
	struct ring_fixture *f;
	struct bounce_dma *dma;

	f = make(test, &dma);
	dma->alloc_fails = UINT_MAX;
	KUNIT_ASSERT_EQ(test, 0, add(f, bytes, 6, false));
	f->vq->vq_ops->kick(f->vq);
	echo(test, bytes, 6);
	expect_nothing_left(test, dma);
}

/* Out of the queue, whichever way: nothing stays mapped. */
static void test_detach(struct kunit *test)
{
	struct ring_fixture *f;
	struct bounce_dma *dma;
	struct ring_buf *buf, *bufs;

	f = make(test, &dma);
	bufs = ring_add_all_sorts(test);
	KUNIT_EXPECT_EQ(test, 2 * (RING_SORTS - 1), dma->mapped);
	while ((buf = virtqueue_detach_unused_buf(f->vq)))
		buf->back++;
	ring_expect_all_back(test, bufs);
	expect_nothing_mapped(test, dma);
	expect_nothing_left(test, dma);
}

/* At once, before the driver has taken its buffers. */
static void shut_down(struct kunit *test, u64 features)
{
	struct ring_buf *buf, *bufs;
	struct ring_fixture *f;
	struct bounce_dma *dma;
	unsigned int len;

	f = make_with(test, &dma, features);
	ring_expect_works(test);
	bufs = ring_add_all_sorts(test);
	f->vq->vq_ops->shutdown(f->vq);
	expect_nothing_mapped(test, dma);
	/* Once more finds nothing to do. */
	f->vq->vq_ops->shutdown(f->vq);
	expect_nothing_mapped(test, dma);
	while ((buf = f->vq->vq_ops->get_buf(f->vq, &len)))
		buf->back++;
	ring_expect_all_back(test, bufs);
	expect_nothing_left(test, dma);
}

static void test_shutdown(struct kunit *test)
{
	shut_down(test, 0);
}

static void test_shutdown_in_order(struct kunit *test)
{
	shut_down(test, IN_ORDER);
}

/* Nobody takes them: they go with the queue. */
static void test_shutdown_and_gone(struct kunit *test)
{
	struct ring_fixture *f;
	struct bounce_dma *dma;

	f = make(test, &dma);
	ring_add_all_sorts(test);
	f->vq->vq_ops->shutdown(f->vq);
	expect_nothing_left(test, dma);
}

static void recycle(struct virtqueue *vq, void *token)
{
	((struct ring_buf *)token)->back++;
}

static void test_reset(struct kunit *test)
{
	struct ring_fixture *f;
	struct bounce_dma *dma;
	struct ring_buf *bufs;
	unsigned int num;

	f = make(test, &dma);
	f->vq->num_max = 4 * SIZE;
	for (num = SIZE; num <= 4 * SIZE; num *= 2) {
		bufs = ring_add_all_sorts(test);
		KUNIT_ASSERT_EQ(test, 0, num == SIZE ? virtqueue_reset(f->vq, recycle, NULL) :
						       virtqueue_resize(f->vq, num, recycle, NULL));
		ring_expect_all_back(test, bufs);
		expect_nothing_mapped(test, dma);
		ring_host_start(test);
		ring_expect_works(test);
	}
	expect_nothing_left(test, dma);
}

/* No memory for another ring: the old one stays. */
static void test_resize_fails(struct kunit *test)
{
	struct ring_fixture *f;
	struct bounce_dma *dma;
	struct ring_buf *bufs;

	f = make(test, &dma);
	f->vq->num_max = 4 * SIZE;
	bufs = ring_add_all_sorts(test);
	dma->alloc_fails = 2;
	KUNIT_EXPECT_EQ(test, -ENOMEM, virtqueue_resize(f->vq, 2 * SIZE, recycle, NULL));
	KUNIT_EXPECT_EQ(test, SIZE, virtqueue_get_vring_size(f->vq));
	ring_expect_all_back(test, bufs);
	ring_host_start(test);
	ring_expect_works(test);
	expect_nothing_left(test, dma);
}

/* Memory is in pieces: so is the ring, and a device is told where each part lies. */
static void test_parts(struct kunit *test)
{
	struct ring_fixture *f;
	struct bounce_dma *dma;
	struct ring_buf *bufs;

	f = make(test, &dma);
	KUNIT_EXPECT_EQ(test, 1, dma->allocated);
	f->vq->num_max = 2 * SIZE;
	bufs = ring_add_all_sorts(test);
	dma->alloc_fails = 1;
	KUNIT_ASSERT_EQ(test, 0, virtqueue_resize(f->vq, 2 * SIZE, recycle, NULL));
	ring_expect_all_back(test, bufs);
	KUNIT_EXPECT_EQ(test, 2 * SIZE, virtqueue_get_vring_size(f->vq));
	KUNIT_EXPECT_GE(test, dma->allocated, 3);
	ring_host_start(test);
	ring_expect_works(test);
	expect_nothing_left(test, dma);
}

/* One part is missing: none is kept. */
static void test_parts_missing(struct kunit *test)
{
	struct ring_fixture *f;
	struct bounce_dma *dma;

	f = make(test, &dma);
	expect_nothing_left(test, dma);
	dma->alloc_fails = 1;
	dma->alloc_fails_after = 2;
	KUNIT_EXPECT_NULL(test, vring_create_virtqueue(0, SIZE, PAGE_SIZE, &f->vdev, true, false,
						       false, ring_fixture_notify, NULL, "parts"));
	KUNIT_EXPECT_EQ(test, 0, dma->alloc_fails_after);
	KUNIT_EXPECT_EQ(test, 0, dma->allocated);
}

/* Memory is short: less of it will do, if the driver says so. */
static void test_short_memory(struct kunit *test)
{
	struct ring_fixture *f;
	struct bounce_dma *dma;

	f = make(test, &dma);
	expect_nothing_left(test, dma);
	/* In one piece, and then in parts. */
	dma->alloc_fails = 2;
	KUNIT_EXPECT_NULL(test, vring_create_virtqueue(0, SIZE, PAGE_SIZE, &f->vdev, true, false,
						       false, ring_fixture_notify, NULL, "short"));
	dma->alloc_fails = 4;
	f->vq = vring_create_virtqueue(0, SIZE, PAGE_SIZE, &f->vdev, true, true, false,
				       ring_fixture_notify, NULL, "short");
	KUNIT_ASSERT_NOT_NULL(test, f->vq);
	KUNIT_EXPECT_EQ(test, SIZE / 4, virtqueue_get_vring_size(f->vq));
	ring_host_start(test);
	ring_expect_works(test);
	expect_nothing_left(test, dma);
}

/* What a queue maps for is the transport's to say: here, another thing of the same kind. */
static void test_other(struct kunit *test)
{
	struct bounce_dma *dma, *other;
	struct ring_fixture *f;

	f = make(test, &dma);
	KUNIT_EXPECT_EQ(test, BOUNCE_MAX, virtio_max_dma_size(&f->vdev));
	expect_nothing_left(test, dma);

	other = make_bounce(test, "other");
	f->vq = vring_create_virtqueue_map(0, SIZE, PAGE_SIZE, &f->vdev, true, false, false,
					   ring_fixture_notify, NULL, "test", map_of(f, other));
	KUNIT_ASSERT_NOT_NULL(test, f->vq);
	KUNIT_EXPECT_PTR_EQ(test, other->dev, virtqueue_dma_dev(f->vq));
	ring_host_start(test);
	ring_expect_works(test);
	ring_add_all_sorts(test);
	KUNIT_EXPECT_GT(test, other->mapped, 0);
	KUNIT_EXPECT_EQ(test, 0, dma->mapped + dma->allocated);
	expect_nothing_left(test, other);
}

/* Memory shares a cache line with other such memory: whoever maps it is told so. */
static void test_cache_clean(struct kunit *test)
{
	u8 *bytes = make_bytes(test);
	struct ring_fixture *f;
	struct bounce_dma *dma;
	struct scatterlist sg;
	unsigned int len, i;
	u16 head;

	f = make(test, &dma);
	for (i = 0; i < 2; i++) {
		sg_init_one(&sg, bytes + i, 1);
		dma->attrs = ~0UL;
		KUNIT_ASSERT_EQ(test, 0, i ? virtqueue_add_inbuf(f->vq, &sg, 1, bytes, GFP_ATOMIC) :
			virtqueue_add_inbuf_cache_clean(f->vq, &sg, 1, bytes, GFP_ATOMIC));
		KUNIT_EXPECT_EQ(test, i ? 0 : DMA_ATTR_DEBUGGING_IGNORE_CACHELINES, dma->attrs);
		f->vq->vq_ops->kick(f->vq);
		KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &head));
		*(u8 *)f->buf.segment[0].bytes = 0x5a + i;
		KUNIT_ASSERT_EQ(test, 0, ring_host_complete(f, head, 1));
		KUNIT_ASSERT_PTR_EQ(test, (void *)bytes, virtqueue_get_buf(f->vq, &len));
		KUNIT_EXPECT_EQ(test, 0x5a + i, bytes[i]);
	}
	expect_nothing_left(test, dma);
}

/* No such call is let through that another one isn't. */
static void test_cache_clean_fails(struct kunit *test)
{
	u8 *bytes = make_bytes(test);
	struct ring_fixture *f;
	struct bounce_dma *dma;
	struct scatterlist sg;

	f = make(test, &dma);
	sg_init_one(&sg, bytes, 1);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			virtqueue_add_inbuf_cache_clean(f->vq, &sg, 1, NULL, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			virtqueue_add_inbuf_cache_clean(f->vq, &sg, 0, bytes, GFP_ATOMIC));
	dma->map_fails = 1;
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			virtqueue_add_inbuf_cache_clean(f->vq, &sg, 1, bytes, GFP_ATOMIC));
	__virtqueue_break(f->vq);
	KUNIT_EXPECT_EQ(test, -EIO,
			virtqueue_add_inbuf_cache_clean(f->vq, &sg, 1, bytes, GFP_ATOMIC));
	expect_nothing_mapped(test, dma);
}

/* Memory and pages, mapped for a driver. */
static void test_map_api(struct kunit *test)
{
	u8 *bytes = kunit_kzalloc(test, 64, GFP_KERNEL);
	struct ring_fixture *f;
	struct bounce_dma *dma;
	dma_addr_t addr, at;
	u8 *copy;
	void *p;

	f = make(test, &dma);
	bytes[8] = 1;
	addr = virtqueue_map_page_attrs(f->vq, virt_to_page(bytes), offset_in_page(bytes), 64,
					DMA_BIDIRECTIONAL, 0);
	KUNIT_ASSERT_EQ(test, 0, virtqueue_map_mapping_error(f->vq, addr));
	copy = phys_to_virt(addr - BOUNCE_OFFSET);
	KUNIT_ASSERT_NE(test, addr, virt_to_phys(bytes));
	KUNIT_EXPECT_EQ(test, 1, copy[8]);
	KUNIT_EXPECT_TRUE(test, virtqueue_map_need_sync(f->vq, addr));
	bytes[8] = 2;
	bytes[9] = 2;
	virtqueue_map_sync_single_range_for_device(f->vq, addr, 9, 1, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, 1, copy[8]);
	KUNIT_EXPECT_EQ(test, 2, copy[9]);
	copy[10] = 3;
	copy[11] = 3;
	virtqueue_map_sync_single_range_for_cpu(f->vq, addr, 10, 1, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, 3, bytes[10]);
	KUNIT_EXPECT_EQ(test, 0, bytes[11]);
	virtqueue_unmap_page_attrs(f->vq, addr, 64, DMA_BIDIRECTIONAL, 0);
	KUNIT_EXPECT_EQ(test, 3, bytes[11]);
	expect_nothing_mapped(test, dma);

	dma->map_fails = 1;
	addr = virtqueue_map_single_attrs(f->vq, bytes, 64, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_NE(test, 0, virtqueue_map_mapping_error(f->vq, addr));
	addr = virtqueue_map_single_attrs(f->vq, bytes, 64, DMA_FROM_DEVICE, 0);
	KUNIT_ASSERT_EQ(test, 0, virtqueue_map_mapping_error(f->vq, addr));
	*(u8 *)phys_to_virt(addr - BOUNCE_OFFSET) = 4;
	virtqueue_unmap_single_attrs(f->vq, addr, 64, DMA_FROM_DEVICE, DMA_ATTR_SKIP_CPU_SYNC);
	KUNIT_EXPECT_EQ(test, 0, bytes[0]);
	expect_nothing_mapped(test, dma);

	p = virtqueue_map_alloc_coherent(&f->vdev, map_of(f, dma), PAGE_SIZE, &at, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, virt_to_phys(p) + BOUNCE_OFFSET, at);
	virtqueue_map_free_coherent(&f->vdev, map_of(f, dma), PAGE_SIZE, p, at);
	dma->alloc_fails = 1;
	KUNIT_EXPECT_NULL(test, virtqueue_map_alloc_coherent(&f->vdev, map_of(f, dma), PAGE_SIZE,
							     &at, GFP_KERNEL));
	expect_nothing_left(test, dma);
}

/* Who to map for: the parent, another device if the transport says so, or nobody. */
static void test_dma_dev(struct kunit *test)
{
	struct bounce_dma *dma, *other;
	struct ring_fixture *f;

	f = make(test, &dma);
	KUNIT_EXPECT_PTR_EQ(test, dma->dev, virtqueue_dma_dev(f->vq));
	KUNIT_EXPECT_EQ(test, BOUNCE_MAX, virtio_max_dma_size(&f->vdev));
	expect_nothing_left(test, dma);

	other = make_bounce(test, "other");
	f->vq = vring_create_virtqueue_dma(0, SIZE, PAGE_SIZE, &f->vdev, true, false, false,
					   ring_fixture_notify, NULL, "test", other->dev);
	KUNIT_ASSERT_NOT_NULL(test, f->vq);
	KUNIT_EXPECT_PTR_EQ(test, other->dev, virtqueue_dma_dev(f->vq));
	ring_host_start(test);
	ring_expect_works(test);
	ring_add_all_sorts(test);
	KUNIT_EXPECT_GT(test, other->mapped, 0);
	KUNIT_EXPECT_EQ(test, 0, dma->mapped + dma->allocated);
	expect_nothing_left(test, other);
}

/* The operations alone know whether a mapping needs to be synchronised. */
static void test_need_sync(struct kunit *test)
{
	struct ring_fixture *f;
	struct bounce_dma *dma;

	f = make(test, &dma);
	KUNIT_EXPECT_TRUE(test, virtqueue_map_need_sync(f->vq, 0));
	dma->needs_no_sync = true;
	KUNIT_EXPECT_FALSE(test, virtqueue_map_need_sync(f->vq, 0));
	/* What was mapped is unmapped all the same: that may be more than a copy. */
	ring_expect_works(test);
	expect_nothing_left(test, dma);
}

/* Without VIRTIO_F_ACCESS_PLATFORM a device takes physical addresses, whatever else there is. */
static void test_physical(struct kunit *test)
{
	u8 *bytes = make_bytes(test);
	struct ring_fixture *f = test->priv;
	struct bounce_dma *dma = bounce_map_make(test);

	f->vdev.vmap = bounce_map_of(dma);
	f = ring_make(test, SIZE, FEATURES(test));
	KUNIT_EXPECT_EQ(test, SIZE_MAX, virtio_max_dma_size(&f->vdev));
	KUNIT_EXPECT_NULL(test, virtqueue_dma_dev(f->vq));
	KUNIT_EXPECT_EQ(test, virt_to_phys(bytes),
			virtqueue_map_single_attrs(f->vq, bytes, 1, DMA_TO_DEVICE, 0));
	KUNIT_EXPECT_EQ(test, virt_to_phys(bytes),
			virtqueue_map_page_attrs(f->vq, virt_to_page(bytes), offset_in_page(bytes),
						 1, DMA_TO_DEVICE, 0));
	virtqueue_unmap_page_attrs(f->vq, virt_to_phys(bytes), 1, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_FALSE(test, virtqueue_map_need_sync(f->vq, virt_to_phys(bytes)));
	KUNIT_EXPECT_EQ(test, 0, virtqueue_map_mapping_error(f->vq, DMA_MAPPING_ERROR));
	ring_expect_works(test);
	ring_add_all_sorts(test);
	expect_nothing_left(test, dma);
}

/* Both kinds of device, and nothing else is different. */
#define CASES								\
	KUNIT_CASE_PARAM(test_echo, features_gen_params),		\
	KUNIT_CASE_PARAM(test_map_fails, features_gen_params),		\
	KUNIT_CASE_PARAM(test_map_fails_long, features_gen_params),	\
	KUNIT_CASE_PARAM(test_no_room, features_gen_params),		\
	KUNIT_CASE_PARAM(test_no_tables, features_gen_params),		\
	KUNIT_CASE_PARAM(test_detach, features_gen_params),		\
	KUNIT_CASE_PARAM(test_shutdown, features_gen_params),		\
	KUNIT_CASE_PARAM(test_shutdown_in_order, features_gen_params),	\
	KUNIT_CASE_PARAM(test_shutdown_and_gone, features_gen_params),	\
	KUNIT_CASE_PARAM(test_reset, features_gen_params),		\
	KUNIT_CASE_PARAM(test_resize_fails, features_gen_params),	\
	KUNIT_CASE_PARAM(test_parts, features_gen_params),		\
	KUNIT_CASE_PARAM(test_parts_missing, features_gen_params),	\
	KUNIT_CASE_PARAM(test_short_memory, features_gen_params),	\
	KUNIT_CASE_PARAM(test_other, features_gen_params),		\
	KUNIT_CASE_PARAM(test_cache_clean, features_gen_params),	\
	KUNIT_CASE_PARAM(test_cache_clean_fails, features_gen_params),	\
	KUNIT_CASE_PARAM(test_map_api, features_gen_params)

static struct kunit_case dma_cases[] = {
	CASES,
	KUNIT_CASE_PARAM(test_dma_dev, features_gen_params),
	{}
};

static struct kunit_case map_cases[] = {
	CASES,
	KUNIT_CASE_PARAM(test_need_sync, features_gen_params),
	KUNIT_CASE_PARAM(test_physical, features_gen_params),
	{}
};

static struct kunit_suite dma_suite = {
	.name = "virtio-ring-dma",
	.init = ring_fixture_init,
	.exit = ring_fixture_exit,
	.test_cases = dma_cases,
};

static int map_init(struct kunit *test)
{
	int err = ring_fixture_init(test);
	struct ring_fixture *f = test->priv;

	if (!err)
		f->vdev.map = &bounce_map_ops;
	return err;
}

static struct kunit_suite map_suite = {
	.name = "virtio-ring-map",
	.init = map_init,
	.exit = ring_fixture_exit,
	.test_cases = map_cases,
};

kunit_test_suites(&dma_suite, &map_suite);
