// SPDX-License-Identifier: GPL-2.0
/* The device behind a ring; host.h says more. */
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "host.h"

#define AVAIL		(1 << VRING_PACKED_DESC_F_AVAIL)
#define USED		(1 << VRING_PACKED_DESC_F_USED)

/* A descriptor in the terms of this machine. */
struct desc {
	u64 addr;
	u32 len;
	u16 flags, next;
};

static void *reach(u64 addr, size_t size)
{
	const void *memory;
	void *p = dma_reach(addr, size, &memory);

	expect(p, "the device reaches a part of the ring at %#llx", (unsigned long long)addr);
	return p;
}

/* The ring is empty, and so is what the device knows of it. */
void host_begin(struct host *host, struct virtqueue *vq, bool owned)
{
	struct virtio_device *vdev = vq->vdev;
	unsigned int num = virtqueue_get_vring_size(vq);

	*host = (struct host) {
		.vdev = vdev, .num = num,
		.packed = __virtio_test_bit(vdev, VIRTIO_F_RING_PACKED),
		.event = __virtio_test_bit(vdev, VIRTIO_RING_F_EVENT_IDX),
		.avail_wrap = true, .used_wrap = true,
	};
	if (!owned) {
		host->split = *virtqueue_get_vring(vq);
		return;
	}
	if (host->packed) {
		host->desc = reach(virtqueue_get_desc_addr(vq), num * sizeof(*host->desc));
		host->driver = reach(virtqueue_get_avail_addr(vq), sizeof(*host->driver));
		host->device = reach(virtqueue_get_used_addr(vq), sizeof(*host->device));
		return;
	}
	host->split.num = num;
	host->split.desc = reach(virtqueue_get_desc_addr(vq), num * sizeof(struct vring_desc));
	host->split.avail = reach(virtqueue_get_avail_addr(vq), 6 + 2 * num);
	host->split.used = reach(virtqueue_get_used_addr(vq), 6 + 8 * num);
}

/* 0, or -1 for a segment that is not there. */
static int add_segment(struct host_buf *buf, const struct desc *desc)
{
	struct host_segment *seg = &buf->segments[buf->n];

	if (buf->n == HOST_SEGMENTS)
		return -1;
	seg->bytes = dma_reach(desc->addr, desc->len, &seg->memory);
	seg->len = desc->len;
	seg->writable = desc->flags & VRING_DESC_F_WRITE;
	if (!seg->bytes)
		return -1;
	buf->n++;
	return 0;
}

/* A table that makes no sense may lie anywhere. */
static struct desc split_desc(const struct host *host, const struct vring_desc *at)
{
	struct vring_desc desc;

	memcpy(&desc, at, sizeof(desc));
	return (struct desc) {
		.addr = virtio64_to_cpu(host->vdev, desc.addr),
		.len = virtio32_to_cpu(host->vdev, desc.len),
		.flags = virtio16_to_cpu(host->vdev, desc.flags),
		.next = virtio16_to_cpu(host->vdev, desc.next),
	};
}

/* A chain of the @num descriptors in @table.  Returns how many it has, or -1. */
static int split_chain(struct host *host, struct host_buf *buf, const struct vring_desc *table,
		       unsigned int num, unsigned int at, bool in_table)
{
	unsigned int count = 0, n;
	const void *memory;
	struct desc desc;

	do {
		if (at >= num || count++ == num)
			return -1;
		desc = split_desc(host, &table[at]);
		if (!(desc.flags & VRING_DESC_F_INDIRECT)) {
			if (add_segment(buf, &desc))
				return -1;
			at = desc.next;
			continue;
		}
		n = desc.len / sizeof(*table);
		table = in_table ? NULL : dma_reach(desc.addr, desc.len, &memory);
		if (!table || count != 1 || desc.flags & VRING_DESC_F_NEXT ||
		    split_chain(host, buf, table, n, 0, true) != n)
			return -1;
	} while (desc.flags & VRING_DESC_F_NEXT);
	return count;
}

static int split_take(struct host *host, struct host_buf *buf)
{
	u16 idx = virtio16_to_cpu(host->vdev, host->split.avail->idx);
	int count;

	if (idx == (u16)host->avail)
		return 0;
	buf->id = virtio16_to_cpu(host->vdev, host->split.avail->ring[host->avail++ % host->num]);
	count = split_chain(host, buf, host->split.desc, host->num, buf->id, false);
	buf->count = count;
	return count < 0 ? -1 : 1;
}

static struct desc packed_desc(const struct vring_packed_desc *at)
{
	struct vring_packed_desc desc;

	memcpy(&desc, at, sizeof(desc));
	return (struct desc) {
		.addr = le64_to_cpu(desc.addr), .len = le32_to_cpu(desc.len),
		.flags = le16_to_cpu(desc.flags),
	};
}

static int packed_table(struct host_buf *buf, const struct desc *indirect)
{
	const void *memory;
	const struct vring_packed_desc *table = dma_reach(indirect->addr, indirect->len, &memory);
	unsigned int i;
	struct desc desc;

	for (i = 0; table && i < indirect->len / sizeof(*table); i++) {
		desc = packed_desc(&table[i]);
		if (add_segment(buf, &desc))
			return -1;
	}
	return table ? 0 : -1;
}

static bool packed_is_available(const struct host *host, u16 flags)
{
	return !!(flags & AVAIL) == host->avail_wrap && !!(flags & USED) != host->avail_wrap;
}

static int packed_take(struct host *host, struct host_buf *buf)
{
	struct desc desc;
	int err;

	do {
		desc = packed_desc(&host->desc[host->avail]);
		if (!packed_is_available(host, desc.flags))
			return buf->count ? -1 : 0;
		/* The id of a chain is the last one's (virtio 1.3, 2.8.6). */
		buf->id = le16_to_cpu(host->desc[host->avail].id);
		err = desc.flags & VRING_DESC_F_INDIRECT ? packed_table(buf, &desc) :
							   add_segment(buf, &desc);
		if (err || buf->count++ == host->num)
			return -1;
		if (++host->avail == host->num) {
			host->avail = 0;
			host->avail_wrap ^= 1;
		}
	} while (desc.flags & VRING_DESC_F_NEXT);
	return 1;
}

/* 1 with a buffer, 0 if there is none, -1 for what is none. */
int host_take(struct host *host, struct host_buf *buf)
{
	buf->n = 0;
	buf->count = 0;
	return host->packed ? packed_take(host, buf) : split_take(host, buf);
}

/* Say that a buffer was used, the last of @bufs with @descs descriptors together. */
void host_use(struct host *host, u32 id, u32 len, unsigned int descs, unsigned int bufs)
{
	struct vring_packed_desc *desc = &host->desc[host->used];
	struct vring_used *used = host->split.used;

	if (!host->packed) {
		used->ring[host->used % host->num].id = cpu_to_virtio32(host->vdev, id);
		used->ring[host->used % host->num].len = cpu_to_virtio32(host->vdev, len);
		host->used += bufs;
		used->idx = cpu_to_virtio16(host->vdev, host->used);
		return;
	}
	desc->id = cpu_to_le16(id);
	desc->len = cpu_to_le32(len);
	desc->flags = cpu_to_le16(host->used_wrap ? AVAIL | USED : 0);
	for (host->used += descs; host->used >= host->num; host->used -= host->num)
		host->used_wrap ^= 1;
}

/* Ask for a notification of the next buffer, or for none. */
void host_wish(struct host *host, bool kicks)
{
	if (!host->packed) {
		host->split.used->flags = cpu_to_virtio16(host->vdev,
							  kicks ? 0 : VRING_USED_F_NO_NOTIFY);
		if (host->event)
			*(__virtio16 *)&host->split.used->ring[host->num] =
				cpu_to_virtio16(host->vdev, host->avail - !kicks);
		return;
	}
	host->device->off_wrap = cpu_to_le16(host->avail | host->avail_wrap << 15);
	host->device->flags = cpu_to_le16(!kicks ? VRING_PACKED_EVENT_FLAG_DISABLE :
					  host->event ? VRING_PACKED_EVENT_FLAG_DESC :
							VRING_PACKED_EVENT_FLAG_ENABLE);
}

/* Some byte of a part of the ring, and how many there are from there. */
u8 *host_part(struct host *host, unsigned int nth, unsigned int at, size_t *left)
{
	struct { void *start; size_t size; } parts[3] = {
		{ host->split.desc, host->num * sizeof(struct vring_desc) },
		{ host->split.avail, 6 + 2 * host->num },
		{ host->split.used, 6 + 8 * host->num },
	};

	if (host->packed) {
		parts[0].start = host->desc;
		parts[1].start = host->driver;
		parts[2].start = host->device;
		parts[1].size = sizeof(*host->driver);
		parts[2].size = sizeof(*host->device);
	}
	at %= parts[nth % 3].size;
	*left = parts[nth % 3].size - at;
	return (u8 *)parts[nth % 3].start + at;
}
