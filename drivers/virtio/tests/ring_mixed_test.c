// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of queues in which some buffers were mapped by the driver, and others were not: by
 * physical addresses, by the DMA API and by operations of the transport.  What the queue maps
 * it unmaps, and what the driver maps stays mapped, whatever becomes of the buffers.
 */
#include <linux/slab.h>

#include "bounce_dma.h"
#include "ring_fixture.h"

#define SIZE	32
/* Segments share no cache line. */
#define LEN	(2 * SMP_CACHE_BYTES)
/* Of all kinds, twice. */
#define COUNT	16

enum way { PHYSICAL, DMA_API, MAP_OPS };

/**
 * struct mixed - a queue
 * @features: of the ring; first, see FEATURES()
 * @way: how buffers are mapped
 */
struct mixed {
	u64 features;
	enum way way;
};

#define EACH_WAY(features) \
	{ features, PHYSICAL }, { features, DMA_API }, { features, MAP_OPS }

static const struct mixed mixed_queues[] = {
	EACH_WAY(0),
	EACH_WAY(INDIRECT_DESC),
	EACH_WAY(EVENT_IDX),
	EACH_WAY(INDIRECT_DESC | EVENT_IDX),
	EACH_WAY(PACKED),
	EACH_WAY(PACKED | INDIRECT_DESC),
	EACH_WAY(PACKED | EVENT_IDX),
	EACH_WAY(PACKED | INDIRECT_DESC | EVENT_IDX),
};

static void describe(const struct mixed *m, char *desc)
{
	static const char * const ways[] = { "physical", "dma", "ops" };

	ring_describe_features(&m->features, desc);
	strcat(desc, " ");
	strcat(desc, ways[m->way]);
}

KUNIT_ARRAY_PARAM(mixed, mixed_queues, describe);

/**
 * struct parcel - a buffer, its own token
 * @bytes: what it holds
 * @addr: where the driver has mapped it, if it has
 * @premapped: it has
 * @in: the device writes to it
 * @parts: its segments
 */
struct parcel {
	u8 bytes[LEN];
	dma_addr_t addr;
	bool premapped, in;
	unsigned int parts;
} ____cacheline_aligned;

static enum way way_of(struct kunit *test)
{
	return ((const struct mixed *)test->param_value)->way;
}

static struct ring_fixture *make(struct kunit *test, struct bounce_dma **dma)
{
	struct ring_fixture *f = test->priv;
	enum way way = way_of(test);
	u64 features = FEATURES(test);

	*dma = way == DMA_API ? bounce_dma_make(test, "bounce") : bounce_map_make(test);
	if (way == MAP_OPS)
		f->vdev.map = &bounce_map_ops;
	f->vdev.vmap = bounce_map_of(*dma);
	f->vdev.dev.parent = (*dma)->dev;
	if (way != PHYSICAL) {
		features |= BIT_ULL(VIRTIO_F_ACCESS_PLATFORM);
		f->host.offset = BOUNCE_OFFSET;
	}
	return ring_make(test, SIZE, features);
}

static struct parcel *make_parcels(struct kunit *test)
{
	struct parcel *parcels = kunit_kcalloc(test, COUNT, sizeof(*parcels), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, parcels);
	for (i = 0; i < COUNT; i++) {
		parcels[i].premapped = i & 1;
		parcels[i].in = i & 2;
		parcels[i].parts = i & 4 ? 2 : 1;
	}
	return parcels;
}

static enum dma_data_direction dir_of(const struct parcel *p)
{
	return p->in ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
}

static int add_mapped(struct virtqueue *vq, struct parcel *p)
{
	struct scatterlist sg[2];
	unsigned int i;

	sg_init_table(sg, p->parts);
	for (i = 0; i < p->parts; i++)
		sg_set_buf(&sg[i], p->bytes + i * LEN / p->parts, LEN / p->parts);
	return p->in ? virtqueue_add_inbuf(vq, sg, p->parts, p, GFP_ATOMIC) :
		       virtqueue_add_outbuf(vq, sg, p->parts, p, GFP_ATOMIC);
}

/* Of no page: an address is all that there is. */
static int add_premapped(struct virtqueue *vq, struct parcel *p)
{
	struct scatterlist sg[2];
	unsigned int i;

	sg_init_table(sg, p->parts);
	for (i = 0; i < p->parts; i++) {
		sg_dma_address(&sg[i]) = p->addr + i * LEN / p->parts;
		sg[i].length = LEN / p->parts;
	}
	return p->in ? virtqueue_add_inbuf_premapped(vq, sg, p->parts, p, NULL, GFP_ATOMIC) :
		       virtqueue_add_outbuf_premapped(vq, sg, p->parts, p, GFP_ATOMIC);
}

static int add(struct virtqueue *vq, struct parcel *p, u8 value)
{
	memset(p->bytes, p->in ? 0 : value, LEN);
	if (!p->premapped)
		return add_mapped(vq, p);
	p->addr = virtqueue_map_single_attrs(vq, p->bytes, LEN, dir_of(p), 0);
	if (virtqueue_map_mapping_error(vq, p->addr))
		return -ENOMEM;
	return add_premapped(vq, p);
}

static void add_some(struct kunit *test, struct parcel *parcels, unsigned int from,
		     unsigned int to)
{
	struct ring_fixture *f = test->priv;

	for (; from < to; from++)
		KUNIT_ASSERT_EQ(test, 0, add(f->vq, &parcels[from], from + 1));
}

/* What the driver mapped is mapped still, and that it sees to. */
static void unmap_premapped(struct kunit *test, struct parcel *parcels,
			    const struct bounce_dma *dma)
{
	struct ring_fixture *f = test->priv;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, way_of(test) == PHYSICAL ? 0 : COUNT / 2, dma->mapped);
	for (i = 0; i < COUNT; i++)
		if (parcels[i].premapped)
			virtqueue_unmap_single_attrs(f->vq, parcels[i].addr, LEN,
						     dir_of(&parcels[i]), 0);
	KUNIT_EXPECT_EQ(test, 0, dma->mapped);
	KUNIT_EXPECT_EQ(test, 0, dma->errors);
}

/* What the device got is what the driver sent, and the other way round. */
static void serve_one(struct kunit *test, struct parcel *p, struct virtio_host_segment *segments,
		      u8 value)
{
	unsigned int i;

	for (i = 0; i < p->parts; i++) {
		KUNIT_ASSERT_EQ(test, LEN / p->parts, segments[i].len);
		KUNIT_ASSERT_EQ(test, p->in, segments[i].writable);
		if (p->in)
			memset(segments[i].bytes, value, segments[i].len);
		else
			KUNIT_EXPECT_NULL(test, memchr_inv(segments[i].bytes, value,
							   segments[i].len));
	}
}

/* All that the device has, the last first; @order: which parcel came when. */
static void serve(struct kunit *test, struct parcel *parcels, const unsigned int *order,
		  unsigned int n)
{
	struct ring_fixture *f = test->priv;
	struct virtio_host_segment segments[2];
	u16 heads[COUNT];
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct parcel *p = &parcels[order[i]];

		KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &heads[i]));
		KUNIT_ASSERT_EQ(test, p->parts, ring_host_segments(f, segments, 2));
		serve_one(test, p, segments, order[i] + 1);
	}
	while (i--)
		KUNIT_ASSERT_EQ(test, 0, ring_host_complete(f, heads[i],
							    parcels[order[i]].in ? LEN : 0));
	KUNIT_EXPECT_EQ(test, 0, ring_host_take(f, heads));
}

static void take(struct kunit *test, struct parcel *parcels, const unsigned int *order,
		 unsigned int n)
{
	struct ring_fixture *f = test->priv;
	struct parcel *p;
	unsigned int len;

	while (n--) {
		p = virtqueue_get_buf(f->vq, &len);
		KUNIT_ASSERT_PTR_EQ(test, &parcels[order[n]], p);
		KUNIT_EXPECT_EQ(test, p->in ? LEN : 0, len);
		/* What the queue had mapped has arrived. */
		if (!p->premapped)
			KUNIT_EXPECT_NULL(test, memchr_inv(p->bytes, order[n] + 1, LEN));
	}
	KUNIT_EXPECT_NULL(test, virtqueue_get_buf(f->vq, &len));
}

static void expect_arrived(struct kunit *test, const struct parcel *parcels)
{
	struct ring_fixture *f = test->priv;
	unsigned int i;

	for (i = 0; i < COUNT; i++)
		KUNIT_EXPECT_NULL(test, memchr_inv(parcels[i].bytes, i + 1, LEN));
	KUNIT_EXPECT_EQ(test, SIZE, f->vq->num_free);
}

static const unsigned int as_added[COUNT] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
};

static void test_serve(struct kunit *test)
{
	struct parcel *parcels = make_parcels(test);
	struct ring_fixture *f;
	struct bounce_dma *dma;
	unsigned int round;

	f = make(test, &dma);
	for (round = 0; round < 5; round++) {
		add_some(test, parcels, 0, COUNT);
		virtqueue_kick(f->vq);
		serve(test, parcels, as_added, COUNT);
		take(test, parcels, as_added, COUNT);
		unmap_premapped(test, parcels, dma);
		expect_arrived(test, parcels);
	}
	ring_expect_works(test);
}

static void test_detach(struct kunit *test)
{
	struct parcel *parcels = make_parcels(test);
	struct ring_fixture *f;
	struct bounce_dma *dma;
	unsigned int n = 0;

	f = make(test, &dma);
	add_some(test, parcels, 0, COUNT);
	virtqueue_kick(f->vq);
	while (virtqueue_detach_unused_buf(f->vq))
		n++;
	KUNIT_EXPECT_EQ(test, COUNT, n);
	unmap_premapped(test, parcels, dma);
}

static void test_shutdown(struct kunit *test)
{
	struct parcel *parcels = make_parcels(test);
	struct ring_fixture *f;
	struct bounce_dma *dma;
	unsigned int len, n = 0;

	f = make(test, &dma);
	add_some(test, parcels, 0, COUNT);
	f->vq->vq_ops->shutdown(f->vq);
	unmap_premapped(test, parcels, dma);
	while (f->vq->vq_ops->get_buf(f->vq, &len))
		n++;
	KUNIT_EXPECT_EQ(test, COUNT, n);
	KUNIT_EXPECT_EQ(test, -EIO, add_premapped(f->vq, &parcels[1]));
}

/* Nobody takes them out: they go with the queue. */
static void test_gone(struct kunit *test)
{
	struct parcel *parcels = make_parcels(test);
	struct ring_fixture *f;
	struct bounce_dma *dma;

	f = make(test, &dma);
	add_some(test, parcels, 0, COUNT);
	vring_del_virtqueue(f->vq);
	f->vq = NULL;
	KUNIT_EXPECT_EQ(test, way_of(test) == PHYSICAL ? 0 : COUNT / 2, dma->mapped);
	KUNIT_EXPECT_EQ(test, 0, dma->errors + dma->allocated);
}

static void recycle(struct virtqueue *vq, void *token)
{
}

static void test_reset(struct kunit *test)
{
	struct parcel *parcels = make_parcels(test);
	struct ring_fixture *f;
	struct bounce_dma *dma;

	f = make(test, &dma);
	add_some(test, parcels, 0, COUNT);
	KUNIT_ASSERT_EQ(test, 0, virtqueue_reset(f->vq, recycle, NULL));
	unmap_premapped(test, parcels, dma);
	ring_host_start(test);
	ring_expect_works(test);
}

/* The device is brought back beneath the driver, which adds the second half meanwhile. */
static void test_renew(struct kunit *test)
{
	/* Four that the device used before it failed, and what was shown to it again. */
	static const unsigned int first[] = { 0, 1, 2, 3 };
	static const unsigned int again[] = { 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	struct parcel *parcels = make_parcels(test);
	struct ring_fixture *f;
	struct bounce_dma *dma;
	unsigned int len;

	f = make(test, &dma);
	add_some(test, parcels, 0, 4);
	virtqueue_kick(f->vq);
	serve(test, parcels, first, 4);
	add_some(test, parcels, 4, 10);
	virtqueue_kick(f->vq);
	take(test, parcels, first, 4);
	vring_stall(&f->vdev);
	add_some(test, parcels, 10, COUNT);
	KUNIT_ASSERT_EQ(test, 0, ring_renew(f));
	ring_host_start(test);
	vring_resume(&f->vdev);
	vring_prompt(&f->vdev);
	KUNIT_EXPECT_NULL(test, virtqueue_get_buf(f->vq, &len));
	serve(test, parcels, again, ARRAY_SIZE(again));
	take(test, parcels, again, ARRAY_SIZE(again));
	unmap_premapped(test, parcels, dma);
	expect_arrived(test, parcels);
	ring_expect_works(test);
}

/* What does not get in leaves nothing behind, and what is in stays as it is. */
static void test_no_room(struct kunit *test)
{
	struct parcel *parcels = make_parcels(test);
	struct ring_fixture *f;
	struct bounce_dma *dma;
	unsigned int n, mapped;

	f = make(test, &dma);
	for (n = 0; !add_mapped(f->vq, &parcels[4]); n++)
		KUNIT_ASSERT_LT(test, n, SIZE);
	/* A descriptor is left for each premapped buffer of one segment, and none for two. */
	KUNIT_ASSERT_NOT_NULL(test, virtqueue_detach_unused_buf(f->vq));
	parcels[1].addr = virtqueue_map_single_attrs(f->vq, parcels[1].bytes, LEN,
						     DMA_TO_DEVICE, 0);
	KUNIT_ASSERT_EQ(test, 0, virtqueue_map_mapping_error(f->vq, parcels[1].addr));
	parcels[5].addr = parcels[1].addr;
	mapped = dma->mapped;
	KUNIT_EXPECT_EQ(test, 0, add_premapped(f->vq, &parcels[1]));
	KUNIT_EXPECT_EQ(test, -ENOSPC, add_premapped(f->vq, &parcels[5]));
	KUNIT_EXPECT_EQ(test, mapped, dma->mapped);
	while (virtqueue_detach_unused_buf(f->vq))
		;
	KUNIT_EXPECT_EQ(test, way_of(test) != PHYSICAL, dma->mapped);
	KUNIT_EXPECT_EQ(test, 0, dma->errors);
	virtqueue_unmap_single_attrs(f->vq, parcels[1].addr, LEN, DMA_TO_DEVICE, 0);
}

/* The queue maps for some; that fails, and changes nothing for the others. */
static void test_map_fails(struct kunit *test)
{
	struct parcel *parcels = make_parcels(test);
	struct ring_fixture *f;
	struct bounce_dma *dma;

	if (way_of(test) == PHYSICAL)
		kunit_skip(test, "maps nothing");
	f = make(test, &dma);
	add_some(test, parcels, 0, 8);
	dma->map_fails = 2;
	KUNIT_EXPECT_EQ(test, -ENOMEM, add(f->vq, &parcels[12], 13));
	add_some(test, parcels, 8, COUNT);
	virtqueue_kick(f->vq);
	serve(test, parcels, as_added, COUNT);
	take(test, parcels, as_added, COUNT);
	unmap_premapped(test, parcels, dma);
	expect_arrived(test, parcels);
}

static void test_ctx(struct kunit *test)
{
	struct parcel *parcels = make_parcels(test), *p;
	struct ring_fixture *f = test->priv;
	struct scatterlist sg;
	struct bounce_dma *dma;
	unsigned int len;
	void *ctx;
	u16 head;

	f->ctx = true;
	f = make(test, &dma);
	sg_init_table(&sg, 1);
	sg_dma_address(&sg) = virtqueue_map_single_attrs(f->vq, parcels[0].bytes, LEN,
							 DMA_FROM_DEVICE, 0);
	sg.length = LEN;
	KUNIT_ASSERT_EQ(test, 0, virtqueue_map_mapping_error(f->vq, sg_dma_address(&sg)));
	KUNIT_ASSERT_EQ(test, 0, virtqueue_add_inbuf_premapped(f->vq, &sg, 1, parcels, &len,
							       GFP_ATOMIC));
	virtqueue_kick(f->vq);
	KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &head));
	KUNIT_ASSERT_EQ(test, 0, ring_host_complete(f, head, 1));
	p = virtqueue_get_buf_ctx(f->vq, &len, &ctx);
	KUNIT_EXPECT_PTR_EQ(test, parcels, p);
	KUNIT_EXPECT_PTR_EQ(test, (void *)&len, ctx);
	virtqueue_unmap_single_attrs(f->vq, sg_dma_address(&sg), LEN, DMA_FROM_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, 0, dma->mapped + dma->errors);
}

/* No token, nothing to add, a second pointer without a place for it, a queue out of use. */
static void test_wrong(struct kunit *test)
{
	struct parcel *parcels = make_parcels(test);
	struct ring_fixture *f;
	struct bounce_dma *dma;
	struct scatterlist sg;

	f = make(test, &dma);
	sg_init_table(&sg, 1);
	sg_dma_address(&sg) = 0;
	sg.length = 1;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			virtqueue_add_outbuf_premapped(f->vq, &sg, 1, NULL, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			virtqueue_add_outbuf_premapped(f->vq, &sg, 0, parcels, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, INDIRECT(test) ? -EINVAL : 0,
			virtqueue_add_inbuf_premapped(f->vq, &sg, 1, parcels, &sg, GFP_ATOMIC));
	__virtqueue_break(f->vq);
	KUNIT_EXPECT_EQ(test, -EIO,
			virtqueue_add_inbuf_premapped(f->vq, &sg, 1, parcels, NULL, GFP_ATOMIC));
}

static struct kunit_case mixed_cases[] = {
	KUNIT_CASE_PARAM(test_serve, mixed_gen_params),
	KUNIT_CASE_PARAM(test_detach, mixed_gen_params),
	KUNIT_CASE_PARAM(test_shutdown, mixed_gen_params),
	KUNIT_CASE_PARAM(test_gone, mixed_gen_params),
	KUNIT_CASE_PARAM(test_reset, mixed_gen_params),
	KUNIT_CASE_PARAM(test_renew, mixed_gen_params),
	KUNIT_CASE_PARAM(test_no_room, mixed_gen_params),
	KUNIT_CASE_PARAM(test_map_fails, mixed_gen_params),
	KUNIT_CASE_PARAM(test_ctx, mixed_gen_params),
	KUNIT_CASE_PARAM(test_wrong, mixed_gen_params),
	{}
};

static struct kunit_suite mixed_suite = {
	.name = "virtio-ring-mixed",
	.init = ring_fixture_init,
	.exit = ring_fixture_exit,
	.test_cases = mixed_cases,
};

kunit_test_suite(mixed_suite);
