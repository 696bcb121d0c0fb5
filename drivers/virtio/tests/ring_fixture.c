// SPDX-License-Identifier: GPL-2.0
/*
 * A virtqueue for the tests and the device behind it; ring_fixture.h says more.
 */
#include <linux/slab.h>

#include "ring_fixture.h"

#define SIZE	256

const u64 ring_feature_sets[8] = {
	0,
	BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC),
	BIT_ULL(VIRTIO_RING_F_EVENT_IDX),
	BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) | BIT_ULL(VIRTIO_RING_F_EVENT_IDX),
	PACKED,
	PACKED | BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC),
	PACKED | BIT_ULL(VIRTIO_RING_F_EVENT_IDX),
	PACKED | BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) | BIT_ULL(VIRTIO_RING_F_EVENT_IDX),
};

void ring_describe_features(const u64 *features, char *desc)
{
	sprintf(desc, "%s indirect=%d event=%d", *features & PACKED ? "packed" : "split",
		!!(*features & BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC)),
		!!(*features & BIT_ULL(VIRTIO_RING_F_EVENT_IDX)));
}

static u8 get_status(struct virtio_device *vdev)
{
	return container_of(vdev, struct ring_fixture, vdev)->status;
}

static const struct virtio_config_ops ring_config = { .get_status = get_status };

bool ring_fixture_notify(struct virtqueue *vq)
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

int ring_fixture_init(struct kunit *test)
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

void ring_fixture_exit(struct kunit *test)
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

static void make_packed(struct kunit *test, unsigned int num)
{
	struct ring_fixture *f = test->priv;

	f->vq = vring_create_virtqueue(0, num, PAGE_SIZE, &f->vdev, true, false, false,
				       ring_fixture_notify, NULL, "test");
	KUNIT_ASSERT_NOT_NULL(test, f->vq);
	f->vq->callback = callback;
	packed_host_init(&f->packed, f->vq);
}

struct ring_fixture *ring_make(struct kunit *test, unsigned int num, u64 features)
{
	struct ring_fixture *f = test->priv;

	f->vdev.features = features | BIT_ULL(VIRTIO_F_VERSION_1);
	if (ring_is_packed(f)) {
		make_packed(test, num);
		return f;
	}
	f->pages = alloc_pages_exact(vring_size(SIZE, PAGE_SIZE), GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(test, f->pages);
	vring_init(&f->ring, num, f->pages, PAGE_SIZE);
	f->vq = vring_new_virtqueue(0, num, PAGE_SIZE, &f->vdev, true, false, f->pages,
				    ring_fixture_notify, NULL, "test");
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
int ring_host_take(struct ring_fixture *f, u16 *head)
{
	if (ring_is_packed(f))
		return packed_host_take(&f->packed, head);
	return vringh_getdesc_iotlb(&f->host, &f->out, &f->in, head, GFP_KERNEL);
}

int ring_host_complete(struct ring_fixture *f, u16 head, u32 len)
{
	if (!ring_is_packed(f))
		return vringh_complete_iotlb(&f->host, head, len);
	packed_host_complete(&f->packed, head, len);
	return 0;
}

/* Would an honest device call back for what it has used since the last time? */
bool ring_host_calls(struct ring_fixture *f)
{
	return ring_is_packed(f) ? packed_host_wants_callback(&f->packed) :
			      vringh_need_notify_iotlb(&f->host) == 1;
}

/* It reads all there is to read, and answers with the same, a bit turned. */
int ring_host_echo(struct ring_fixture *f)
{
	u8 bytes[64];
	ssize_t len;
	u16 head;
	int i, err = ring_host_take(f, &head);

	if (err != 1)
		return err;
	len = ring_is_packed(f) ? packed_host_pull(&f->packed, bytes, sizeof(bytes)) :
			     vringh_iov_pull_iotlb(&f->host, &f->out, bytes, sizeof(bytes));
	if (len < 0)
		return len;
	for (i = 0; i < len; i++)
		bytes[i] ^= 0x80;
	len = ring_is_packed(f) ? packed_host_push(&f->packed, bytes, len) :
			     vringh_iov_push_iotlb(&f->host, &f->in, bytes, len);
	if (len < 0)
		return len;
	err = ring_host_complete(f, head, len);
	return err ?: 1;
}

/* Have the driver ring_fixture_notify of the next buffer, or of none.  True: nothing came yet. */
bool ring_host_kicks(struct ring_fixture *f, bool on)
{
	struct packed_host *host = &f->packed;

	if (ring_is_packed(f)) {
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
void ring_host_claims(struct ring_fixture *f, u32 id, u32 len)
{
	u16 idx = virtio16_to_cpu(&f->vdev, f->ring.used->idx);

	f->ring.used->ring[idx % f->ring.num].id = cpu_to_virtio32(&f->vdev, id);
	f->ring.used->ring[idx % f->ring.num].len = cpu_to_virtio32(&f->vdev, len);
	f->ring.used->idx = cpu_to_virtio16(&f->vdev, idx + 1);
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

/* The device uses @n buffers of one descriptor each, up to @id, in one go. */
void ring_host_claims_batch(struct ring_fixture *f, u16 id, u32 len, unsigned int n)
{
	u16 idx;

	if (ring_is_packed(f)) {
		packed_host_claim(&f->packed, id, len, n);
		return;
	}
	ring_host_claims(f, id, len);
	idx = virtio16_to_cpu(&f->vdev, f->ring.used->idx);
	f->ring.used->idx = cpu_to_virtio16(&f->vdev, idx + n - 1);
}
