// SPDX-License-Identifier: GPL-2.0
/*
 * Make a queue, and be the device behind it: take what was made available, and
 * use it.  None of this is counted.
 */
#include <linux/io.h>
#include <linux/platform_device.h>
#include <linux/string.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "bench.h"

struct platform_device *bench_parent;
static struct { u16 id, count; } taken[MAX_SIZE];

static bool notify(struct virtqueue *vq)
{
	return true;
}

static void callback(struct virtqueue *vq)
{
}

static void take_split(struct bench *bench, unsigned int i)
{
	struct vring_avail *avail = bench->avail;

	taken[i].id = avail->ring[bench->at++ % bench->size];
}

static void take_packed(struct bench *bench, unsigned int i)
{
	struct vring_packed_desc *ring = bench->desc;
	u16 flags;

	taken[i].count = 0;
	do {
		flags = ring[bench->at].flags;
		taken[i].id = ring[bench->at].id;
		taken[i].count++;
		if (++bench->at == bench->size)
			bench->at = 0;
	} while (flags & VRING_DESC_F_NEXT);
}

static void finish_split(struct bench *bench, unsigned int i, u32 len)
{
	struct vring_used *used = bench->used;

	used->ring[bench->used_at % bench->size].id = taken[i].id;
	used->ring[bench->used_at++ % bench->size].len = len;
	/* The entry before the index. */
	smp_wmb();
	used->idx = bench->used_at;
}

static void finish_packed(struct bench *bench, unsigned int i, u32 len)
{
	struct vring_packed_desc *desc = (struct vring_packed_desc *)bench->desc + bench->used_at;

	desc->id = taken[i].id;
	desc->len = len;
	/* What it says before the flags that make it used. */
	smp_wmb();
	desc->flags = bench->used_wrap ? BIT(7) | BIT(15) : 0;
	bench->used_at += taken[i].count;
	if (bench->used_at >= bench->size) {
		bench->used_at -= bench->size;
		bench->used_wrap = !bench->used_wrap;
	}
}

/*
 * Use the next @count buffers, of @len bytes each.  The device wants every
 * notification of what comes next, as an idle one does; a packed ring of zeroes
 * says so as it is.
 */
void bench_use(struct bench *bench, unsigned int count, u32 len, bool reversed)
{
	bool packed = bench->flags & PACKED;
	unsigned int i;

	for (i = 0; i < count; i++)
		packed ? take_packed(bench, i) : take_split(bench, i);
	for (i = 0; i < count; i++) {
		unsigned int which = reversed ? count - 1 - i : i;

		packed ? finish_packed(bench, which, len) : finish_split(bench, which, len);
	}
	if (!packed)
		*(u16 *)(bench->used + 4 + 8 * bench->size) = bench->at;
}

int bench_open(struct bench *bench, unsigned int flags, unsigned int size)
{
	memset(bench, 0, sizeof(*bench));
	bench->flags = flags;
	bench->size = size;
	bench->used_wrap = true;
	bench->vdev.dev.parent = &bench_parent->dev;
	bench->vdev.dev.init_name = "ring-bench";
	INIT_LIST_HEAD(&bench->vdev.vqs);
	spin_lock_init(&bench->vdev.vqs_list_lock);
	bench->vdev.features = BIT_ULL(VIRTIO_F_VERSION_1) |
		(flags & PACKED ? BIT_ULL(VIRTIO_F_RING_PACKED) : 0) |
		(flags & NO_EVENT ? 0 : BIT_ULL(VIRTIO_RING_F_EVENT_IDX)) |
		(flags & INDIRECT ? BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) : 0) |
		(flags & IN_ORDER ? BIT_ULL(VIRTIO_F_IN_ORDER) : 0) |
		(flags & MAPPED ? BIT_ULL(VIRTIO_F_ACCESS_PLATFORM) : 0);
	bench->vq = vring_create_virtqueue(0, size, SMP_CACHE_BYTES, &bench->vdev, true,
					   false, flags & CONTEXT, notify, callback, "bench");
	if (!bench->vq)
		return -ENOMEM;
	bench->desc = phys_to_virt(virtqueue_get_desc_addr(bench->vq));
	bench->avail = phys_to_virt(virtqueue_get_avail_addr(bench->vq));
	bench->used = phys_to_virt(virtqueue_get_used_addr(bench->vq));
	if (flags & NO_CALLBACKS)
		virtqueue_disable_cb(bench->vq);
	return 0;
}

void bench_close(struct bench *bench)
{
	vring_del_virtqueue(bench->vq);
}
