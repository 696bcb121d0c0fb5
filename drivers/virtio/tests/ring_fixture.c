// SPDX-License-Identifier: GPL-2.0
/*
 * A virtqueue for the tests and the device behind it; ring_fixture.h says more.
 */
#include <kunit/test-bug.h>
#include <linux/slab.h>

#include "ring_fixture.h"

const u64 ring_feature_sets[8] = {
	0,
	INDIRECT_DESC,
	EVENT_IDX,
	INDIRECT_DESC | EVENT_IDX,
	PACKED,
	PACKED | INDIRECT_DESC,
	PACKED | EVENT_IDX,
	PACKED | INDIRECT_DESC | EVENT_IDX,
};

void ring_describe_features(const u64 *features, char *desc)
{
	sprintf(desc, "%s indirect=%d event=%d", *features & PACKED ? "packed" : "split",
		!!(*features & INDIRECT_DESC), !!(*features & EVENT_IDX));
}

static struct ring_fixture *to_fixture(struct virtio_device *vdev)
{
	return container_of(vdev, struct ring_fixture, vdev);
}

static u8 get_status(struct virtio_device *vdev)
{
	if (to_fixture(vdev)->gone)
		return 0xff;
	return vdev->ready ? VIRTIO_CONFIG_S_DRIVER_OK : VIRTIO_CONFIG_S_DRIVER;
}

static int disable_vq_and_reset(struct virtqueue *vq)
{
	struct ring_fixture *f = to_fixture(vq->vdev);

	f->resets++;
	if (f->at_reset)
		f->at_reset(f);
	return f->reset_err;
}

static int enable_vq_after_reset(struct virtqueue *vq)
{
	return to_fixture(vq->vdev)->enable_err;
}

static const struct virtio_config_ops ring_config = {
	.get_status = get_status,
	.disable_vq_and_reset = disable_vq_and_reset,
	.enable_vq_after_reset = enable_vq_after_reset,
};

bool ring_fixture_notify(struct virtqueue *vq)
{
	struct ring_fixture *f = to_fixture(vq->vdev);

	f->kicks++;
	f->notified = vring_notification_data(vq);
	return true;
}

static bool callback(struct virtqueue *vq)
{
	struct ring_fixture *f = vq->priv;
	unsigned int len;

	f->callbacks++;
	if (f->interrupt_in_callback) {
		f->interrupt_in_callback = false;
		KUNIT_EXPECT_NULL(kunit_get_current_test(), virtqueue_get_buf(vq, &len));
		vring_interrupt(0, vq);
	}
	return f->go_on;
}

static struct virtqueue *make(struct kunit *test, unsigned int num)
{
	struct ring_fixture *f = test->priv;

	return vring_create_virtqueue(f->index, num, PAGE_SIZE, &f->vdev, true, false, f->ctx,
				      ring_fixture_notify, NULL, "test");
}

static void unmake(struct ring_fixture *f)
{
	vring_del_virtqueue(f->vq);
}

static const struct ring_way by_itself = {
	.make = make,
	.unmake = unmake,
};

int ring_fixture_init(struct kunit *test)
{
	struct ring_fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	test->priv = f;
	f->way = &by_itself;
	f->vdev.dev.init_name = "ring-test";
	f->vdev.config = &ring_config;
	f->vdev.ready = true;
	INIT_LIST_HEAD(&f->vdev.vqs);
	spin_lock_init(&f->vdev.vqs_list_lock);
	mutex_init(&f->vdev.queues_lock);
	host_ring_init(&f->host);
	return 0;
}

void ring_fixture_exit(struct kunit *test)
{
	struct ring_fixture *f = test->priv;

	if (!f)
		return;
	if (f->vq)
		f->way->unmake(f);
	host_ring_exit(&f->host);
}

/* As recovery does it, once the device was reset. */
int ring_renew(struct ring_fixture *f)
{
	guard(mutex)(&f->vdev.queues_lock);
	return vring_renew(&f->vdev);
}

/* The device begins with an empty ring: a new one, or one after a reset. */
void ring_host_start(struct kunit *test)
{
	struct ring_fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, 0, host_ring_start(&f->host, f->vq));
}

struct ring_fixture *ring_make(struct kunit *test, unsigned int num, u64 features)
{
	struct ring_fixture *f = test->priv;

	f->vdev.features = features | BIT_ULL(VIRTIO_F_VERSION_1);
	f->vq = f->way->make(test, num);
	KUNIT_ASSERT_NOT_NULL(test, f->vq);
	f->vq->callback = callback;
	f->vq->priv = f;
	ring_host_start(test);
	return f;
}

/* The device side takes one buffer: 1, 0 if there is none, or an error. */
int ring_host_take(struct ring_fixture *f, u16 *head)
{
	int got = host_ring_take(&f->host, &f->buf);

	*head = f->buf.id;
	return got;
}

/* What the buffer taken last is made of.  Returns how many segments. */
unsigned int ring_host_segments(struct ring_fixture *f, struct virtio_host_segment *segments,
				unsigned int max)
{
	memcpy(segments, f->buf.segment, min(f->buf.n, max) * sizeof(*segments));
	return f->buf.n;
}

int ring_host_complete(struct ring_fixture *f, u16 head, u32 len)
{
	return host_ring_use(&f->host, head, len);
}

/* Would an honest device call back for what it has used since the last time? */
bool ring_host_calls(struct ring_fixture *f)
{
	return host_ring_wants_callback(&f->host);
}

/* It reads all there is to read, and answers with the same, a bit turned. */
int ring_host_echo(struct ring_fixture *f)
{
	u8 bytes[64];
	u32 len, i;
	u16 head;
	int err = ring_host_take(f, &head);

	if (err != 1)
		return err;
	len = virtio_host_pull(&f->buf, bytes, sizeof(bytes));
	for (i = 0; i < len; i++)
		bytes[i] ^= 0x80;
	len = virtio_host_push(&f->buf, bytes, len);
	err = ring_host_complete(f, head, len);
	return err ?: 1;
}

/* Have the driver notify us of the next buffer, or of none.  True: nothing came yet. */
bool ring_host_kicks(struct ring_fixture *f, bool on)
{
	return host_ring_ask_for_kicks(&f->host, on);
}

/* The liar's side: a used entry that the device wrote by hand. */
void ring_host_claims(struct ring_fixture *f, u32 id, u32 len)
{
	host_ring_claim(&f->host, id, len, 1);
}

/* A buffer of one segment; its address is its token. */
int ring_add_one(struct ring_fixture *f, void *buf, size_t len, bool in)
{
	struct scatterlist sg;

	sg_init_one(&sg, buf, len);
	return f->vq->vq_ops->add_buf(f->vq, &sg, !in, in, buf);
}

/* A buffer of segments of a byte each, that the device reads and then that it writes. */
int ring_add_bytes(struct ring_fixture *f, u8 *buf, unsigned int out, unsigned int in)
{
	struct scatterlist sg[8];
	unsigned int i;

	sg_init_table(sg, out + in);
	for (i = 0; i < out + in; i++)
		sg_set_buf(&sg[i], buf + i, 1);
	return f->vq->vq_ops->add_buf(f->vq, sg, out, in, buf);
}

/* A buffer of two segments. */
int ring_add_buf(struct ring_fixture *f, struct ring_buf *buf)
{
	size_t half = sizeof(buf->bytes) / 2;
	struct scatterlist sg[2];

	sg_init_table(sg, 2);
	sg_set_buf(&sg[0], buf->bytes, half);
	sg_set_buf(&sg[1], buf->bytes + half, half);
	return f->vq->vq_ops->add_buf(f->vq, sg, 1, 1, buf);
}

/*
 * The first buffer is back with the driver, the next two are used, then one is
 * with the device, two are made available, and the last isn't yet.
 */
struct ring_buf *ring_add_all_sorts(struct kunit *test)
{
	struct ring_buf *bufs = kunit_kcalloc(test, RING_SORTS, sizeof(*bufs), GFP_KERNEL), *buf;
	struct ring_fixture *f = test->priv;
	unsigned int len, i;
	u16 heads[4];

	KUNIT_ASSERT_NOT_NULL(test, bufs);
	for (i = 0; i < RING_SORTS - 1; i++)
		KUNIT_ASSERT_EQ(test, 0, ring_add_buf(f, &bufs[i]));
	f->vq->vq_ops->kick(f->vq);
	KUNIT_ASSERT_EQ(test, 0, ring_add_buf(f, &bufs[i]));
	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &heads[i]));
	if (f->vdev.features & IN_ORDER)
		ring_host_complete_batch(f, heads, 3, 4);
	else
		for (i = 0; i < 3; i++)
			KUNIT_ASSERT_EQ(test, 0, ring_host_complete(f, heads[i], 4));
	buf = f->vq->vq_ops->get_buf(f->vq, &len);
	KUNIT_ASSERT_PTR_EQ(test, bufs, buf);
	buf->back++;
	return bufs;
}

/* None was lost, and none came twice. */
void ring_expect_all_back(struct kunit *test, const struct ring_buf *bufs)
{
	struct ring_fixture *f = test->priv;
	unsigned int i;

	for (i = 0; i < RING_SORTS; i++)
		KUNIT_EXPECT_EQ(test, 1, bufs[i].back);
	KUNIT_EXPECT_EQ(test, virtqueue_get_vring_size(f->vq), f->vq->num_free);
}

/* Data goes through the ring, twice round it. */
void ring_expect_works(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	struct virtqueue *vq = f->vq;
	unsigned int num = virtqueue_get_vring_size(vq), len, i;
	u8 *bytes = kunit_kzalloc(test, 2, GFP_KERNEL);

	KUNIT_ASSERT_EQ(test, num, vq->num_free);
	for (i = 0; i < 2 * num + 1; i++) {
		bytes[0] = i;
		/* A ring of 1 has no room for the answer. */
		KUNIT_ASSERT_EQ(test, 0, ring_add_bytes(f, bytes, 1, num > 1));
		vq->vq_ops->kick(vq);
		KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
		KUNIT_ASSERT_PTR_EQ(test, (void *)bytes, vq->vq_ops->get_buf(vq, &len));
		KUNIT_ASSERT_EQ(test, num > 1, len);
		if (len)
			KUNIT_ASSERT_EQ(test, bytes[0] ^ 0x80, bytes[1]);
	}
	KUNIT_ASSERT_EQ(test, num, vq->num_free);
	KUNIT_ASSERT_FALSE(test, virtqueue_is_broken(vq));
}

/* The device uses, in one go, the @n buffers that it took first of those it has. */
void ring_host_complete_batch(struct ring_fixture *f, const u16 *heads, unsigned int n, u32 len)
{
	unsigned int i, count = n;

	if (ring_is_packed(f))
		for (i = 0, count = 0; i < n; i++)
			count += f->host.packed.counts[heads[i]];
	host_ring_claim(&f->host, heads[n - 1], len, count);
}
