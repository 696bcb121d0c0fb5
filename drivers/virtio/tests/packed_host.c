// SPDX-License-Identifier: GPL-2.0
/*
 * The device side of a packed ring (virtio 1.3, 2.8), for tests; packed_host.h
 * says more.
 */
#include <linux/io.h>
#include <linux/virtio.h>

#include "packed_host.h"

#define DESC_AVAIL	BIT(7)
#define DESC_USED	BIT(15)
#define INDIRECT	BIT(2)
#define WRITABLE	BIT(1)
#define MORE		BIT(0)

/* Device and ring start anew: both wrap counters begin with 1 (2.8.1). */
void packed_host_init(struct packed_host *host, const struct host_ring_place *place, u64 offset,
		      u16 *counts)
{
	*host = (struct packed_host) {
		.desc = phys_to_virt(place->desc - offset),
		.driver = phys_to_virt(place->driver - offset),
		.device = phys_to_virt(place->device - offset),
		.num = place->num,
		.avail_wrap = true,
		.used_wrap = true,
		.offset = offset,
		.counts = counts,
	};
}

static int add_segment(const struct packed_host *host, struct virtio_host_buf *buf,
		       const struct vring_packed_desc *desc)
{
	u64 addr = le64_to_cpu(desc->addr);

	if (buf->n == VIRTIO_HOST_SEGMENTS)
		return -E2BIG;
	if (addr < host->offset)
		return -EFAULT;
	buf->segment[buf->n++] = (struct virtio_host_segment) {
		.bytes = phys_to_virt(addr - host->offset),
		.len = le32_to_cpu(desc->len),
		.writable = le16_to_cpu(desc->flags) & WRITABLE,
	};
	return 0;
}

static int add_table(const struct packed_host *host, struct virtio_host_buf *buf,
		     const struct vring_packed_desc *desc)
{
	const struct vring_packed_desc *table;
	u32 i, count = le32_to_cpu(desc->len) / sizeof(*table);
	u64 addr = le64_to_cpu(desc->addr);
	int err = 0;

	if (addr < host->offset)
		return -EFAULT;
	table = phys_to_virt(addr - host->offset);
	for (i = 0; i < count && !err; i++)
		err = add_segment(host, buf, &table[i]);
	return err;
}

/* 1 with the id of a buffer, 0 if there is none, or what is wrong with it. */
int packed_host_take(struct packed_host *host, struct virtio_host_buf *buf)
{
	unsigned int count = 0;
	u16 flags;
	int err;

	do {
		struct vring_packed_desc *desc = &host->desc[host->avail];

		/* Pairs with the driver's barrier before the first flags of a batch. */
		flags = le16_to_cpu(smp_load_acquire(&desc->flags));
		if (!!(flags & DESC_AVAIL) != host->avail_wrap ||
		    !!(flags & DESC_USED) == host->avail_wrap)
			return count ? -EPROTO : 0;
		err = flags & INDIRECT ? add_table(host, buf, desc) : add_segment(host, buf, desc);
		if (err)
			return err;
		buf->id = le16_to_cpu(desc->id);
		if (++count > host->num || buf->id >= host->num)
			return -EPROTO;
		if (++host->avail == host->num) {
			host->avail = 0;
			host->avail_wrap ^= 1;
		}
	} while (flags & MORE);
	host->counts[buf->id] = count;
	return 1;
}

/* Say that a buffer was used which takes up @count descriptors, true or not. */
void packed_host_claim(struct packed_host *host, u16 id, u32 len, unsigned int count)
{
	struct vring_packed_desc *desc = &host->desc[host->used];

	desc->id = cpu_to_le16(id);
	desc->len = cpu_to_le32(len);
	/* Pairs with the driver's barrier between the flags and the rest. */
	smp_store_release(&desc->flags,
			  cpu_to_le16(host->used_wrap ? DESC_AVAIL | DESC_USED : 0));
	host->told += count;
	host->used += count;
	if (host->used >= host->num) {
		host->used -= host->num;
		host->used_wrap ^= 1;
	}
}

/* Is the driver to be called for what was used since the last time (2.8.10)? */
bool packed_host_wants_callback(struct packed_host *host)
{
	u16 flags = le16_to_cpu(READ_ONCE(host->driver->flags));
	u16 event = le16_to_cpu(READ_ONCE(host->driver->off_wrap));
	int at = event & 0x7fff, now = host->used, told = host->told;

	host->told = 0;
	if (flags != 2)
		return flags == 0;
	if ((event >> 15) != host->used_wrap)
		at -= host->num;
	return at < now && at >= now - told;
}

/* Have the driver notify us of the next buffer, or of none. */
void packed_host_ask_for_kicks(struct packed_host *host, bool on, u64 features)
{
	u16 how = features & BIT_ULL(VIRTIO_RING_F_EVENT_IDX) ? VRING_PACKED_EVENT_FLAG_DESC :
								VRING_PACKED_EVENT_FLAG_ENABLE;

	host->device->off_wrap = cpu_to_le16(host->avail | host->avail_wrap << 15);
	host->device->flags = cpu_to_le16(on ? how : VRING_PACKED_EVENT_FLAG_DISABLE);
}
