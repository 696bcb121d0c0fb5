// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the virtqueues.
 *
 * The device is played by vringh, the tree's own host side, or for packed rings
 * by packed_host.c, which share no code with our rings; or by a liar that writes
 * its side by hand.  None sees more than what lies in shared memory.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/vhost_iotlb.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <linux/vringh.h>

#include "packed_host.h"

#define SIZE	256

/**
 * struct ring_fixture - a queue and its device
 * @vdev: the device, as far as a ring knows it
 * @status: its status byte
 * @vq: the queue
 * @pages: its memory
 * @ring: where the parts lie in it
 * @host: the device side of a split ring
 * @packed: that of a packed one
 * @iotlb: lets the device side see all of memory
 * @iotlb_lock: guards @iotlb
 * @in: segments that the device side writes
 * @out: segments that it reads
 * @kicks: notifications that it got
 * @callbacks: callbacks that the driver got
 * @go_on: what the driver's callback returns
 */
struct ring_fixture {
	struct virtio_device vdev;
	u8 status;
	struct virtqueue *vq;
	void *pages;
	struct vring ring;
	struct vringh host;
	struct packed_host packed;
	struct vhost_iotlb *iotlb;
	spinlock_t iotlb_lock;	/* guards iotlb */
	struct vringh_kiov in, out;
	unsigned int kicks, callbacks;
	bool go_on;
};

static u8 get_status(struct virtio_device *vdev)
{
	return container_of(vdev, struct ring_fixture, vdev)->status;
}

static const struct virtio_config_ops ring_config = { .get_status = get_status };

static bool notify(struct virtqueue *vq)
{
	container_of(vq->vdev, struct ring_fixture, vdev)->kicks++;
	return true;
}

static bool callback(struct virtqueue *vq)
{
	struct ring_fixture *f = container_of(vq->vdev, struct ring_fixture, vdev);

	f->callbacks++;
	return f->go_on;
}

static int ring_init(struct kunit *test)
{
	struct ring_fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	test->priv = f;
	f->vdev.dev.init_name = "ring-test";
	f->vdev.config = &ring_config;
	f->status = VIRTIO_CONFIG_S_DRIVER_OK;
	INIT_LIST_HEAD(&f->vdev.vqs);
	spin_lock_init(&f->vdev.vqs_list_lock);
	return 0;
}

static void ring_exit(struct kunit *test)
{
	struct ring_fixture *f = test->priv;

	if (!f)
		return;
	if (f->vq)
		vring_del_virtqueue(f->vq);
	vringh_kiov_cleanup(&f->in);
	vringh_kiov_cleanup(&f->out);
	if (f->iotlb)
		vhost_iotlb_free(f->iotlb);
	if (f->pages)
		free_pages_exact(f->pages, vring_size(SIZE, PAGE_SIZE));
}

static bool is_packed(const struct ring_fixture *f)
{
	return f->vdev.features & BIT_ULL(VIRTIO_F_RING_PACKED);
}

static void make_packed(struct kunit *test, unsigned int num)
{
	struct ring_fixture *f = test->priv;

	f->vq = vring_create_virtqueue(0, num, PAGE_SIZE, &f->vdev, true, false, false,
				       notify, NULL, "test");
	KUNIT_ASSERT_NOT_NULL(test, f->vq);
	f->vq->callback = callback;
	packed_host_init(&f->packed, f->vq);
}

static struct ring_fixture *make_ring(struct kunit *test, unsigned int num, u64 features)
{
	struct ring_fixture *f = test->priv;

	f->vdev.features = features | BIT_ULL(VIRTIO_F_VERSION_1);
	if (is_packed(f)) {
		make_packed(test, num);
		return f;
	}
	f->pages = alloc_pages_exact(vring_size(SIZE, PAGE_SIZE), GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(test, f->pages);
	vring_init(&f->ring, num, f->pages, PAGE_SIZE);
	f->vq = vring_new_virtqueue(0, num, PAGE_SIZE, &f->vdev, true, false, f->pages,
				    notify, NULL, "test");
	KUNIT_ASSERT_NOT_NULL(test, f->vq);
	f->vq->callback = callback;

	f->iotlb = vhost_iotlb_alloc(1, 0);
	KUNIT_ASSERT_NOT_NULL(test, f->iotlb);
	KUNIT_ASSERT_EQ(test, 0, vhost_iotlb_add_range(f->iotlb, 0, ULONG_MAX - 1, 0,
						       VHOST_MAP_RW));
	spin_lock_init(&f->iotlb_lock);
	KUNIT_ASSERT_EQ(test, 0,
			vringh_init_iotlb(&f->host, f->vdev.features, num, true,
					  (void *)virt_to_phys(f->ring.desc),
					  (void *)virt_to_phys(f->ring.avail),
					  (void *)virt_to_phys(f->ring.used)));
	vringh_set_iotlb(&f->host, f->iotlb, &f->iotlb_lock);
	vringh_kiov_init(&f->in, NULL, 0);
	vringh_kiov_init(&f->out, NULL, 0);
	return f;
}

/* The device side takes one buffer: 1, 0 if there is none, or an error. */
static int host_take(struct ring_fixture *f, u16 *head)
{
	if (is_packed(f))
		return packed_host_take(&f->packed, head);
	return vringh_getdesc_iotlb(&f->host, &f->out, &f->in, head, GFP_KERNEL);
}

static int host_complete(struct ring_fixture *f, u16 head, u32 len)
{
	if (!is_packed(f))
		return vringh_complete_iotlb(&f->host, head, len);
	packed_host_complete(&f->packed, head, len);
	return 0;
}

/* Would an honest device call back for what it has used since the last time? */
static bool host_calls(struct ring_fixture *f)
{
	return is_packed(f) ? packed_host_wants_callback(&f->packed) :
			      vringh_need_notify_iotlb(&f->host) == 1;
}

static ssize_t packed_pull(struct packed_host *host, u8 *bytes, size_t max)
{
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < host->n_segments; i++) {
		const struct packed_segment *seg = &host->segments[i];

		if (seg->writable)
			continue;
		if (seg->len > max - len)
			return -E2BIG;
		memcpy(bytes + len, seg->bytes, seg->len);
		len += seg->len;
	}
	return len;
}

static ssize_t packed_push(struct packed_host *host, const u8 *bytes, size_t len)
{
	size_t done = 0;
	unsigned int i;

	for (i = 0; i < host->n_segments; i++) {
		const struct packed_segment *seg = &host->segments[i];
		size_t part = min_t(size_t, seg->len, len - done);

		if (!seg->writable)
			continue;
		memcpy(seg->bytes, bytes + done, part);
		done += part;
	}
	return done;
}

/* It reads all there is to read, and answers with the same, a bit turned. */
static int host_echo(struct ring_fixture *f)
{
	u8 bytes[64];
	ssize_t len;
	u16 head;
	int i, err = host_take(f, &head);

	if (err != 1)
		return err;
	len = is_packed(f) ? packed_pull(&f->packed, bytes, sizeof(bytes)) :
			     vringh_iov_pull_iotlb(&f->host, &f->out, bytes, sizeof(bytes));
	if (len < 0)
		return len;
	for (i = 0; i < len; i++)
		bytes[i] ^= 0x80;
	len = is_packed(f) ? packed_push(&f->packed, bytes, len) :
			     vringh_iov_push_iotlb(&f->host, &f->in, bytes, len);
	if (len < 0)
		return len;
	err = host_complete(f, head, len);
	return err ?: 1;
}

/* Have the driver notify of the next buffer, or of none.  True: nothing came yet. */
static bool host_kicks(struct ring_fixture *f, bool on)
{
	struct packed_host *host = &f->packed;

	if (is_packed(f)) {
		host->device->off_wrap = cpu_to_le16(host->avail | host->avail_wrap << 15);
		host->device->flags = cpu_to_le16(on ? VRING_PACKED_EVENT_FLAG_DESC :
						       VRING_PACKED_EVENT_FLAG_DISABLE);
		return true;
	}
	if (on)
		return vringh_notify_enable_iotlb(&f->host);
	vringh_notify_disable_iotlb(&f->host);
	return true;
}

/* The liar's side: a used entry that the device wrote by hand. */
static void host_claims(struct ring_fixture *f, u32 id, u32 len)
{
	u16 idx = virtio16_to_cpu(&f->vdev, f->ring.used->idx);

	f->ring.used->ring[idx % f->ring.num].id = cpu_to_virtio32(&f->vdev, id);
	f->ring.used->ring[idx % f->ring.num].len = cpu_to_virtio32(&f->vdev, len);
	f->ring.used->idx = cpu_to_virtio16(&f->vdev, idx + 1);
}

#define PACKED		BIT_ULL(VIRTIO_F_RING_PACKED)
#define IN_ORDER	BIT_ULL(VIRTIO_F_IN_ORDER)

static const u64 feature_sets[] = {
	0,
	BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC),
	BIT_ULL(VIRTIO_RING_F_EVENT_IDX),
	BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) | BIT_ULL(VIRTIO_RING_F_EVENT_IDX),
	PACKED,
	PACKED | BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC),
	PACKED | BIT_ULL(VIRTIO_RING_F_EVENT_IDX),
	PACKED | BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) | BIT_ULL(VIRTIO_RING_F_EVENT_IDX),
};

static void describe_features(const u64 *features, char *desc)
{
	sprintf(desc, "%s indirect=%d event=%d", *features & PACKED ? "packed" : "split",
		!!(*features & BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC)),
		!!(*features & BIT_ULL(VIRTIO_RING_F_EVENT_IDX)));
}

KUNIT_ARRAY_PARAM(features, feature_sets, describe_features);

#define FEATURES(test)	(*(const u64 *)(test)->param_value)
#define INDIRECT(test)	(FEATURES(test) & BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC))

static int add_one(struct ring_fixture *f, void *buf, size_t len, bool in)
{
	struct scatterlist sg;

	sg_init_one(&sg, buf, len);
	return f->vq->vq_ops->add_buf(f->vq, &sg, !in, in, buf);
}

/* Through the ring and back, far enough for its indices to come round. */
static void test_echo(struct kunit *test)
{
	/* A packed ring may be of any size. */
	struct ring_fixture *f = make_ring(test, FEATURES(test) & PACKED ? 5 : 4,
					   FEATURES(test));
	u8 *out = kunit_kzalloc(test, 16, GFP_KERNEL);
	u8 *in = kunit_kzalloc(test, 16, GFP_KERNEL);
	struct scatterlist sg[3];
	unsigned int len, i, j;

	for (i = 0; i < 70000; i++) {
		sg_init_table(sg, 3);
		sg_set_buf(&sg[0], out, 5);
		sg_set_buf(&sg[1], out + 5, 11);
		sg_set_buf(&sg[2], in, 16);
		for (j = 0; j < 16; j++)
			out[j] = i + j;
		KUNIT_ASSERT_EQ(test, 0, f->vq->vq_ops->add_buf(f->vq, sg, 2, 1, out));
		f->vq->vq_ops->kick(f->vq);
		KUNIT_ASSERT_EQ(test, 1, host_echo(f));
		KUNIT_ASSERT_PTR_EQ(test, (void *)out, f->vq->vq_ops->get_buf(f->vq, &len));
		KUNIT_ASSERT_EQ(test, 16, len);
		for (j = 0; j < 16; j++)
			KUNIT_ASSERT_EQ(test, in[j], out[j] ^ 0x80);
	}
	KUNIT_EXPECT_EQ(test, virtqueue_get_vring_size(f->vq), f->vq->num_free);
}

/* A full ring says so, and takes again what was taken back. */
static void test_full(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 8, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 9, GFP_KERNEL);
	unsigned int len, i;

	for (i = 0; i < 8; i++)
		KUNIT_ASSERT_EQ(test, 0, add_one(f, buf + i, 1, false));
	KUNIT_EXPECT_EQ(test, 0, f->vq->num_free);
	KUNIT_EXPECT_EQ(test, -ENOSPC, add_one(f, buf + 8, 1, false));
	KUNIT_EXPECT_EQ(test, 1, f->kicks);
	KUNIT_EXPECT_EQ(test, 1, host_echo(f));
	KUNIT_EXPECT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_EQ(test, 0, add_one(f, buf + 8, 1, false));
}

/* Longer than the ring, and than a table of the pool: indirect or not at all. */
static void test_long(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 8, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 64, GFP_KERNEL);
	struct scatterlist sg[40];
	unsigned int len, i;

	sg_init_table(sg, 40);
	for (i = 0; i < 40; i++) {
		buf[i] = i;
		sg_set_buf(&sg[i], buf + i % 20 + (i < 20 ? 0 : 32), 1);
	}
	if (!INDIRECT(test)) {
		KUNIT_EXPECT_EQ(test, -ENOSPC, f->vq->vq_ops->add_buf(f->vq, sg, 20, 20, buf));
		KUNIT_EXPECT_EQ(test, 8, f->vq->num_free);
		return;
	}
	KUNIT_ASSERT_EQ(test, 0, f->vq->vq_ops->add_buf(f->vq, sg, 20, 20, buf));
	KUNIT_EXPECT_EQ(test, 7, f->vq->num_free);
	f->vq->vq_ops->kick(f->vq);
	KUNIT_ASSERT_EQ(test, 1, host_echo(f));
	KUNIT_EXPECT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_EQ(test, 20, len);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ(test, buf[32 + i], buf[i] ^ 0x80);
}

/* Any number in flight, taken back in any order, none lost and none twice. */
static void test_random(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 64, FEATURES(test));
	u8 *in_flight = kunit_kzalloc(test, 64, GFP_KERNEL);
	u8 *bufs = kunit_kzalloc(test, 64 * 16, GFP_KERNEL);
	u16 taken[64];
	unsigned int n_taken = 0, len, i, step;
	struct scatterlist sg[4];
	struct rnd_state rnd;
	u8 *token;

	prandom_seed_state(&rnd, 2007);
	for (step = 0; step < 200000; step++) {
		u32 r = prandom_u32_state(&rnd);

		switch (r % 3) {
		case 0:
			i = (r >> 8) % 64;
			if (in_flight[i])
				break;
			sg_init_table(sg, 4);
			for (len = 0; len < 4; len++)
				sg_set_buf(&sg[len], bufs + 16 * i + len, 1);
			if (f->vq->vq_ops->add_buf(f->vq, sg, 2, (r >> 16) % 3, bufs + 16 * i))
				break;
			in_flight[i] = 1;
			f->vq->vq_ops->kick(f->vq);
			break;
		case 1:
			if (n_taken < 64 && (r & 0x100)) {
				int got = host_take(f, &taken[n_taken]);

				KUNIT_ASSERT_GE(test, got, 0);
				n_taken += got;
			} else if (n_taken) {
				i = (r >> 9) % n_taken;
				KUNIT_ASSERT_EQ(test, 0,
						host_complete(f, taken[i], 0));
				taken[i] = taken[--n_taken];
			}
			break;
		case 2:
			token = f->vq->vq_ops->get_buf(f->vq, &len);
			if (!token)
				break;
			i = (token - bufs) / 16;
			KUNIT_ASSERT_EQ(test, 1, in_flight[i]);
			in_flight[i] = 0;
			break;
		}
		KUNIT_ASSERT_FALSE(test, virtqueue_is_broken(f->vq));
	}
	f->vq->vq_ops->shutdown(f->vq);
	while ((token = f->vq->vq_ops->get_buf(f->vq, &len)))
		in_flight[(token - bufs) / 16] ^= 1;
	KUNIT_EXPECT_NULL(test, memchr_inv(in_flight, 0, 64));
	KUNIT_EXPECT_EQ(test, 64, f->vq->num_free);
}

/* A callback that returns false is the last one until restart. */
static void test_callbacks(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 8, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	unsigned int len, i;

	KUNIT_EXPECT_TRUE(test, f->vq->vq_ops->restart(f->vq));
	KUNIT_EXPECT_EQ(test, IRQ_NONE, vring_interrupt(0, f->vq));
	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, 0, add_one(f, buf + i, 1, false));
		f->vq->vq_ops->kick(f->vq);
	}
	KUNIT_ASSERT_EQ(test, 1, host_echo(f));
	KUNIT_EXPECT_TRUE(test, host_calls(f));
	KUNIT_EXPECT_EQ(test, IRQ_HANDLED, vring_interrupt(0, f->vq));
	KUNIT_EXPECT_EQ(test, 1, f->callbacks);
	KUNIT_ASSERT_EQ(test, 1, host_echo(f));
	KUNIT_EXPECT_FALSE(test, host_calls(f));
	vring_interrupt(0, f->vq);
	KUNIT_EXPECT_EQ(test, 1, f->callbacks);

	KUNIT_EXPECT_FALSE(test, f->vq->vq_ops->restart(f->vq));
	while (f->vq->vq_ops->get_buf(f->vq, &len))
		;
	KUNIT_EXPECT_TRUE(test, f->vq->vq_ops->restart(f->vq));
	KUNIT_ASSERT_EQ(test, 1, host_echo(f));
	KUNIT_EXPECT_TRUE(test, host_calls(f));
	vring_interrupt(0, f->vq);
	KUNIT_EXPECT_EQ(test, 2, f->callbacks);
}

/* One that returns true is called for each buffer, and nobody needs to ask again. */
static void test_callbacks_stay(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 8, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 1, GFP_KERNEL);
	unsigned int len, i;

	f->go_on = true;
	KUNIT_EXPECT_TRUE(test, f->vq->vq_ops->restart(f->vq));
	for (i = 1; i <= 20; i++) {
		KUNIT_ASSERT_EQ(test, 0, add_one(f, buf, 1, false));
		f->vq->vq_ops->kick(f->vq);
		KUNIT_ASSERT_EQ(test, 1, host_echo(f));
		KUNIT_ASSERT_TRUE(test, host_calls(f));
		vring_interrupt(0, f->vq);
		KUNIT_ASSERT_EQ(test, i, f->callbacks);
		KUNIT_ASSERT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
		KUNIT_ASSERT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	}
}

/* The device says when it wants to be notified. */
static void test_suppressed_kicks(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 8, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);

	host_kicks(f, false);
	KUNIT_ASSERT_EQ(test, 0, add_one(f, buf, 1, false));
	f->vq->vq_ops->kick(f->vq);
	if (is_packed(f) || !(FEATURES(test) & BIT_ULL(VIRTIO_RING_F_EVENT_IDX)))
		KUNIT_EXPECT_EQ(test, 0, f->kicks);
	while (host_echo(f) == 1)
		;
	f->kicks = 0;
	KUNIT_EXPECT_TRUE(test, host_kicks(f, true));
	KUNIT_ASSERT_EQ(test, 0, add_one(f, buf + 1, 1, false));
	KUNIT_EXPECT_EQ(test, 0, f->kicks);
	f->vq->vq_ops->kick(f->vq);
	KUNIT_EXPECT_EQ(test, 1, f->kicks);
	f->vq->vq_ops->kick(f->vq);
	KUNIT_EXPECT_EQ(test, 1, f->kicks);
}

/* Defect 15: a kick before DRIVER_OK waits for it. */
static void test_early_kick(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);

	f->status = VIRTIO_CONFIG_S_DRIVER;
	make_ring(test, 8, 0);
	KUNIT_ASSERT_EQ(test, 0, add_one(f, buf, 1, false));
	f->vq->vq_ops->kick(f->vq);
	KUNIT_EXPECT_EQ(test, 0, f->kicks);
	f->status = VIRTIO_CONFIG_S_DRIVER_OK;
	vring_send_held_kicks(&f->vdev);
	KUNIT_EXPECT_EQ(test, 1, f->kicks);
	vring_send_held_kicks(&f->vdev);
	KUNIT_EXPECT_EQ(test, 1, f->kicks);
}

/**
 * struct ring_lie - what a device may say that is not so
 * @name: for the log
 * @id: the used id
 * @ahead: how far the used index runs ahead of what was submitted
 */
struct ring_lie {
	const char *name;
	u32 id;
	u16 ahead;
};

static const struct ring_lie lies[] = {
	{ "id is the size of the ring", .id = 8 },
	{ "id is beyond 16 bits", .id = 0x10000 },
	{ "id is all ones", .id = U32_MAX },
	{ "id was never submitted", .id = 5 },
	{ "id is in the middle of a chain", .id = 1 },
	{ "index runs one ahead", .ahead = 1 },
	{ "index runs ahead by the size of the ring", .ahead = 8 },
	{ "index runs backwards", .ahead = 0xfffd },
};

static void describe_lie(const struct ring_lie *lie, char *desc)
{
	strscpy(desc, lie->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(lie, lies, describe_lie);

/* It breaks its queue, and the driver gets all of its buffers back. */
static void test_liar(struct kunit *test)
{
	const struct ring_lie *lie = test->param_value;
	struct ring_fixture *f = make_ring(test, 8, 0);
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	struct scatterlist sg[2];
	unsigned int len;

	sg_init_table(sg, 2);
	sg_set_buf(&sg[0], buf, 1);
	sg_set_buf(&sg[1], buf + 1, 1);
	KUNIT_ASSERT_EQ(test, 0, f->vq->vq_ops->add_buf(f->vq, sg, 1, 1, buf));
	f->vq->vq_ops->kick(f->vq);

	if (lie->ahead)
		f->ring.used->idx = cpu_to_virtio16(&f->vdev, 1 + lie->ahead);
	else
		host_claims(f, lie->id, 1);
	KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(f->vq));
	KUNIT_EXPECT_EQ(test, -EIO, add_one(f, buf, 1, false));
	f->vq->vq_ops->shutdown(f->vq);
	KUNIT_EXPECT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_EQ(test, 0, len);
	KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_EQ(test, 8, f->vq->num_free);
}

/* The same buffer can't come back twice. */
static void test_twice(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 8, 0);
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	unsigned int len;

	KUNIT_ASSERT_EQ(test, 0, add_one(f, buf, 1, true));
	KUNIT_ASSERT_EQ(test, 0, add_one(f, buf + 1, 1, true));
	f->vq->vq_ops->kick(f->vq);
	host_claims(f, 0, 1);
	host_claims(f, 0, 1);
	KUNIT_EXPECT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(f->vq));
}

/* Descriptors that the device rewrote while it had them change nothing. */
static void test_rewritten(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 8, 0);
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	struct scatterlist sg[3];
	unsigned int len, i;

	for (i = 0; i < 20; i++) {
		sg_init_table(sg, 3);
		for (len = 0; len < 3; len++)
			sg_set_buf(&sg[len], buf + len, 1);
		KUNIT_ASSERT_EQ(test, 0, f->vq->vq_ops->add_buf(f->vq, sg, 1, 2, buf));
		f->vq->vq_ops->kick(f->vq);
		host_claims(f, virtio16_to_cpu(&f->vdev, f->ring.avail->ring[i % 8]), 2);
		memset(f->ring.desc, 0xff, 8 * sizeof(struct vring_desc));
		KUNIT_ASSERT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
		KUNIT_ASSERT_EQ(test, 8, f->vq->num_free);
	}
}

static const u32 packed_lies[] = { 8, 0xffff, 5, 1 };

static void describe_packed_lie(const u32 *id, char *desc)
{
	sprintf(desc, "id %u", *id);
}

KUNIT_ARRAY_PARAM(packed_lie, packed_lies, describe_packed_lie);

/* Ids beyond the ring, of nothing, and of the middle of a buffer. */
static void test_packed_liar(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 8, PACKED);
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	struct scatterlist sg[2];
	unsigned int len;

	sg_init_table(sg, 2);
	sg_set_buf(&sg[0], buf, 1);
	sg_set_buf(&sg[1], buf + 1, 1);
	KUNIT_ASSERT_EQ(test, 0, f->vq->vq_ops->add_buf(f->vq, sg, 1, 1, buf));
	f->vq->vq_ops->kick(f->vq);
	packed_host_claim(&f->packed, *(const u32 *)test->param_value, 1, 2);
	KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(f->vq));
	KUNIT_EXPECT_EQ(test, -EIO, add_one(f, buf, 1, false));
	f->vq->vq_ops->shutdown(f->vq);
	KUNIT_EXPECT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_EQ(test, 8, f->vq->num_free);
}

/* A packed buffer that comes back twice, and descriptors that the device scribbles on. */
static void test_packed_scribbler(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 7, PACKED);
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	struct scatterlist sg[3];
	unsigned int len, i;
	u16 id;

	for (i = 0; i < 20; i++) {
		sg_init_table(sg, 3);
		for (len = 0; len < 3; len++)
			sg_set_buf(&sg[len], buf + len, 1);
		KUNIT_ASSERT_EQ(test, 0, f->vq->vq_ops->add_buf(f->vq, sg, 1, 2, buf));
		f->vq->vq_ops->kick(f->vq);
		KUNIT_ASSERT_EQ(test, 1, packed_host_take(&f->packed, &id));
		memset(&f->packed.desc[f->packed.used], 0xff, 14);
		packed_host_complete(&f->packed, id, 2);
		KUNIT_ASSERT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
		KUNIT_ASSERT_EQ(test, 2, len);
		KUNIT_ASSERT_EQ(test, 7, f->vq->num_free);
	}
	packed_host_claim(&f->packed, id, 2, 3);
	KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(f->vq));
}

/* What a buffer that did not fit left in the ring is not found by the device. */
static void test_packed_no_room(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 4, PACKED);
	u8 *buf = kunit_kzalloc(test, 8, GFP_KERNEL);
	struct scatterlist sg[5];
	unsigned int len, i, round;

	for (round = 0; round < 10; round++) {
		sg_init_table(sg, 5);
		for (i = 0; i < 5; i++)
			sg_set_buf(&sg[i], buf + i, 1);
		KUNIT_ASSERT_EQ(test, -ENOSPC, f->vq->vq_ops->add_buf(f->vq, sg, 5, 0, buf));
		KUNIT_ASSERT_EQ(test, 0, add_one(f, buf, 1, false));
		f->vq->vq_ops->kick(f->vq);
		KUNIT_ASSERT_EQ(test, 1, host_echo(f));
		KUNIT_ASSERT_EQ(test, 0, host_echo(f));
		KUNIT_ASSERT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
	}
}

/* A batch is seen whole or not at all, and each buffer of it is there. */
static void test_batch(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 8, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 8, GFP_KERNEL);
	unsigned int len, i, round;

	for (round = 0; round < 9; round++) {
		for (i = 0; i < 7; i++)
			KUNIT_ASSERT_EQ(test, 0, add_one(f, buf + i, 1, i & 1));
		KUNIT_ASSERT_EQ(test, 0, host_echo(f));
		f->vq->vq_ops->kick(f->vq);
		for (i = 0; i < 7; i++)
			KUNIT_ASSERT_EQ(test, 1, host_echo(f));
		KUNIT_ASSERT_EQ(test, 0, host_echo(f));
		for (i = 0; i < 7; i++)
			KUNIT_ASSERT_PTR_EQ(test, (void *)(buf + i),
					    f->vq->vq_ops->get_buf(f->vq, &len));
	}
}

/* Delayed callbacks come, and early ones are not lost. */
static void test_delayed(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 8, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 8, GFP_KERNEL);
	unsigned int len, i, round;
	bool called;

	for (round = 0; round < 20; round++) {
		for (i = 0; i < 8; i++)
			KUNIT_ASSERT_EQ(test, 0, add_one(f, buf + i, 1, true));
		f->vq->vq_ops->kick(f->vq);
		virtqueue_disable_cb(f->vq);
		host_calls(f);
		KUNIT_ASSERT_TRUE(test, virtqueue_enable_cb_delayed(f->vq));
		for (i = 0, called = false; i < 8; i++) {
			KUNIT_ASSERT_EQ(test, 1, host_echo(f));
			called |= host_calls(f);
		}
		KUNIT_ASSERT_TRUE(test, called);
		while (f->vq->vq_ops->get_buf(f->vq, &len))
			;
	}
	KUNIT_EXPECT_EQ(test, 8, f->vq->num_free);
}

/* With callbacks left on, each round gets its own. */
static void test_rearm(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 8, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	unsigned int len, round;

	KUNIT_ASSERT_TRUE(test, f->vq->vq_ops->restart(f->vq));
	for (round = 0; round < 30; round++) {
		KUNIT_ASSERT_EQ(test, 0, add_one(f, buf, 1, false));
		f->vq->vq_ops->kick(f->vq);
		KUNIT_ASSERT_EQ(test, 1, host_echo(f));
		KUNIT_ASSERT_TRUE(test, host_calls(f));
		KUNIT_ASSERT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
		KUNIT_ASSERT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	}
}

/* A device that waits for the next buffer is told of it, wherever the ring stands. */
static void test_kick_laps(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 8, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	unsigned int len, round, i, n;

	for (round = 0; round < 50; round++) {
		n = 1 + round % 3;
		host_kicks(f, true);
		f->kicks = 0;
		for (i = 0; i < n; i++)
			KUNIT_ASSERT_EQ(test, 0, add_one(f, buf + i, 1, false));
		f->vq->vq_ops->kick(f->vq);
		KUNIT_ASSERT_EQ(test, 1, f->kicks);
		for (i = 0; i < n; i++)
			KUNIT_ASSERT_EQ(test, 1, host_echo(f));
		while (f->vq->vq_ops->get_buf(f->vq, &len))
			;
	}
}

/* The device uses @n buffers of one descriptor each, up to @id, in one go. */
static void host_claims_batch(struct ring_fixture *f, u16 id, u32 len, unsigned int n)
{
	u16 idx;

	if (is_packed(f)) {
		packed_host_claim(&f->packed, id, len, n);
		return;
	}
	host_claims(f, id, len);
	idx = virtio16_to_cpu(&f->vdev, f->ring.used->idx);
	f->ring.used->idx = cpu_to_virtio16(&f->vdev, idx + n - 1);
}

/* One entry for many: all come back in order, those before the last in full. */
static void test_in_order(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 8, FEATURES(test) | IN_ORDER);
	u8 *buf = kunit_kzalloc(test, 16, GFP_KERNEL);
	unsigned int len, i, round, n;
	u16 id = 0;

	for (round = 0; round < 50; round++) {
		n = 1 + round % 5;
		for (i = 0; i < n; i++)
			KUNIT_ASSERT_EQ(test, 0, add_one(f, buf + 2 * i, 2, true));
		f->vq->vq_ops->kick(f->vq);
		for (i = 0; i < n; i++)
			KUNIT_ASSERT_EQ(test, 1, host_take(f, &id));
		host_claims_batch(f, id, 1, n);
		for (i = 0; i < n; i++) {
			KUNIT_ASSERT_FALSE(test, f->vq->vq_ops->restart(f->vq));
			KUNIT_ASSERT_PTR_EQ(test, (void *)(buf + 2 * i),
					    f->vq->vq_ops->get_buf(f->vq, &len));
			KUNIT_ASSERT_EQ(test, i == n - 1 ? 1 : 2, len);
		}
		KUNIT_ASSERT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
		KUNIT_ASSERT_TRUE(test, f->vq->vq_ops->restart(f->vq));
	}
	KUNIT_EXPECT_EQ(test, 8, f->vq->num_free);
}

/* A batch that ends with what was never added breaks the queue. */
static void test_in_order_liar(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 8, FEATURES(test) | IN_ORDER);
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	unsigned int len;

	KUNIT_ASSERT_EQ(test, 0, add_one(f, buf, 1, true));
	KUNIT_ASSERT_EQ(test, 0, add_one(f, buf + 1, 1, true));
	f->vq->vq_ops->kick(f->vq);
	host_claims_batch(f, 5, 1, 2);
	KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(f->vq));
}

/* Nor may its last buffer lie beyond what the used index says. */
static void test_in_order_short(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 8, IN_ORDER);
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	unsigned int len;

	KUNIT_ASSERT_EQ(test, 0, add_one(f, buf, 1, true));
	KUNIT_ASSERT_EQ(test, 0, add_one(f, buf + 1, 1, true));
	f->vq->vq_ops->kick(f->vq);
	host_claims_batch(f, 1, 1, 1);
	KUNIT_EXPECT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(f->vq));
}

/* More than was posted is cut down to it, and the queue goes on. */
static void test_length(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 8, 0);
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	unsigned int len;

	KUNIT_ASSERT_EQ(test, 0, add_one(f, buf, 3, true));
	f->vq->vq_ops->kick(f->vq);
	host_claims(f, 0, U32_MAX);
	KUNIT_EXPECT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_EQ(test, 3, len);
	KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(f->vq));
}

/* What a driver may not do is refused, and leaves the queue as it was. */
static void test_misuse(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 8, 0);
	struct scatterlist sg;
	unsigned int len;
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);

	sg_init_one(&sg, buf, 1);
	KUNIT_EXPECT_EQ(test, -EINVAL, f->vq->vq_ops->add_buf(f->vq, &sg, 0, 0, buf));
	KUNIT_EXPECT_EQ(test, -EINVAL, f->vq->vq_ops->add_buf(f->vq, &sg, 1, 0, NULL));
	KUNIT_EXPECT_NULL(test, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_EQ(test, 8, f->vq->num_free);
	KUNIT_EXPECT_NULL(test, vring_new_virtqueue(1, 7, PAGE_SIZE, &f->vdev, true, false,
						    f->pages, notify, NULL, "seven"));
}

/* Lists up to their end mark, as the drivers of 6.12 hand them in. */
static void test_sgs(struct kunit *test)
{
	struct ring_fixture *f = make_ring(test, 8, FEATURES(test));
	struct scatterlist head, data[2], tail, *sgs[] = { &head, data, &tail };
	u8 *buf = kunit_kzalloc(test, 32, GFP_KERNEL);
	unsigned int len;

	memset(buf, 7, 16);
	sg_init_one(&head, buf, 4);
	sg_init_table(data, 2);
	sg_set_buf(&data[0], buf + 4, 4);
	sg_set_buf(&data[1], buf + 8, 8);
	sg_init_one(&tail, buf + 16, 16);
	KUNIT_ASSERT_EQ(test, 0, virtqueue_add_sgs(f->vq, sgs, 2, 1, buf, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, INDIRECT(test) ? 7 : 4, f->vq->num_free);
	KUNIT_EXPECT_TRUE(test, virtqueue_kick(f->vq));
	KUNIT_ASSERT_EQ(test, 1, host_echo(f));
	KUNIT_EXPECT_PTR_EQ(test, (void *)buf, virtqueue_get_buf(f->vq, &len));
	KUNIT_EXPECT_EQ(test, 16, len);
	KUNIT_EXPECT_EQ(test, 0x87, buf[31]);
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE_PARAM(test_echo, features_gen_params),
	KUNIT_CASE_PARAM(test_full, features_gen_params),
	KUNIT_CASE_PARAM(test_long, features_gen_params),
	KUNIT_CASE_PARAM(test_random, features_gen_params),
	KUNIT_CASE_PARAM(test_callbacks, features_gen_params),
	KUNIT_CASE_PARAM(test_callbacks_stay, features_gen_params),
	KUNIT_CASE_PARAM(test_suppressed_kicks, features_gen_params),
	KUNIT_CASE_PARAM(test_sgs, features_gen_params),
	KUNIT_CASE_PARAM(test_batch, features_gen_params),
	KUNIT_CASE_PARAM(test_delayed, features_gen_params),
	KUNIT_CASE_PARAM(test_rearm, features_gen_params),
	KUNIT_CASE_PARAM(test_kick_laps, features_gen_params),
	KUNIT_CASE_PARAM(test_in_order, features_gen_params),
	KUNIT_CASE_PARAM(test_in_order_liar, features_gen_params),
	KUNIT_CASE(test_in_order_short),
	KUNIT_CASE_PARAM(test_liar, lie_gen_params),
	KUNIT_CASE_PARAM(test_packed_liar, packed_lie_gen_params),
	KUNIT_CASE(test_packed_scribbler),
	KUNIT_CASE(test_packed_no_room),
	KUNIT_CASE(test_early_kick),
	KUNIT_CASE(test_twice),
	KUNIT_CASE(test_rewritten),
	KUNIT_CASE(test_length),
	KUNIT_CASE(test_misuse),
	{}
};

static struct kunit_suite ring_suite = {
	.name = "virtio-ring",
	.init = ring_init,
	.exit = ring_exit,
	.test_cases = ring_cases,
};

kunit_test_suite(ring_suite);
