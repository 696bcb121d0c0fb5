// SPDX-License-Identifier: GPL-2.0
/*
 * Drivers of all devices, which are honest unless the fuzzer writes into what they have
 * done: the handshake, both formats of rings, and a request for each type.
 */
#include <linux/virtio_config.h>
#include <linux/virtio_page.h>
#include <linux/virtio_ring.h>
#include <string.h>
#include <sys/socket.h>

#include "fuzz.h"

enum { DRIVER_AT = 0x400, DEVICE_AT = 0x800, PARTS = 4 };
enum { AVAIL = 1 << 7, USED = 1 << 15 };

struct fuzz_queue driver_queue[DEVICES][DRIVER_QUEUES];

static struct virtio_page_device *head(unsigned int nr)
{
	return (struct virtio_page_device *)guest_device(nr);
}

void driver_command(unsigned int nr, uint8_t command)
{
	head(nr)->command = command;
}

void driver_status(unsigned int nr, uint8_t status)
{
	head(nr)->status = status;
	driver_command(nr, VIRTIO_PAGE_C_STATUS);
}

void driver_kick(unsigned int nr)
{
	head(nr)->kicked = 1;
}

/* The queue @nth of the device @nr, with an empty ring. */
void driver_enable(unsigned int nr, unsigned int nth, uint16_t size, bool packed)
{
	struct virtio_page_queue *p = (void *)guest_field(nr, VIRTIO_CONFIG_F_VIRTQUEUE, nth);
	struct fuzz_queue *q = &driver_queue[nr][nth];

	*q = (struct fuzz_queue) {
		.at = QUEUES_AT + (nr * DRIVER_QUEUES + nth) * QUEUE_BYTES,
		.size = size, .packed = packed, .wrap = true, .used_wrap = true,
	};
	memset(guest_at(q->at), 0, QUEUE_BYTES);
	p->size = size;
	p->desc = GUEST_START + q->at;
	p->driver = GUEST_START + q->at + DRIVER_AT;
	p->device = GUEST_START + q->at + DEVICE_AT;
	p->enabled = 1;
}

static void take(unsigned int nr, uint64_t features, bool packed)
{
	uint64_t format = 1ULL << VIRTIO_F_RING_PACKED;
	struct virtio_page_bits *common = (void *)guest_field(nr, VIRTIO_CONFIG_F_VIRTIO, 0);
	struct virtio_page_bits *own = (void *)guest_field(nr, VIRTIO_CONFIG_F_FEATURES, 0);

	features = packed ? features | format : features & ~format;
	common->taken = common->offered & features;
	own->taken = own->offered & features;
}

/* False if the device does not say that it was. */
bool driver_reset(unsigned int nr)
{
	driver_status(nr, 0);
	outside_ring();
	return !head(nr)->command && !head(nr)->answer;
}

/* From a reset up to DRIVER_OK; false if the device did not agree. */
bool driver_begin(unsigned int nr, uint64_t features, bool packed)
{
	uint8_t status = VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK;
	unsigned int q;

	driver_reset(nr);
	take(nr, features | 1ULL << VIRTIO_F_VERSION_1, packed);
	driver_status(nr, status);
	outside_ring();
	if (head(nr)->answer != status)
		return false;
	for (q = 0; q < DRIVER_QUEUES; q++)
		driver_enable(nr, q, 16, packed);
	driver_status(nr, status | VIRTIO_CONFIG_S_DRIVER_OK);
	outside_ring();
	return head(nr)->answer == (status | VIRTIO_CONFIG_S_DRIVER_OK);
}

static void add_split(struct fuzz_queue *q, const struct fuzz_buf *bufs, unsigned int count)
{
	unsigned int first = q->next * PARTS % q->size, i;
	struct vring_desc *desc = (void *)guest_at(q->at);
	uint8_t *avail = guest_at(q->at + DRIVER_AT);

	for (i = 0; i < count; i++)
		desc[first + i] = (struct vring_desc) {
			.addr = GUEST_START + bufs[i].at, .len = bufs[i].length,
			.flags = (bufs[i].write ? VRING_DESC_F_WRITE : 0) |
				 (i + 1 < count ? VRING_DESC_F_NEXT : 0),
			.next = first + i + 1,
		};
	guest_put(avail + 4 + q->next % q->size * 2, first, 2);
	guest_put(avail + 2, ++q->next, 2);
}

static void add_packed(struct fuzz_queue *q, const struct fuzz_buf *bufs, unsigned int count)
{
	struct vring_packed_desc *desc = (void *)guest_at(q->at);
	unsigned int i;

	for (i = 0; i < count; i++) {
		desc[q->next] = (struct vring_packed_desc) {
			.addr = GUEST_START + bufs[i].at, .len = bufs[i].length, .id = count,
			.flags = (bufs[i].write ? VRING_DESC_F_WRITE : 0) |
				 (i + 1 < count ? VRING_DESC_F_NEXT : 0) | (q->wrap ? AVAIL : USED),
		};
		q->next = (q->next + 1) % q->size;
		q->wrap ^= !q->next;
	}
}

/* At most PARTS of them. */
void driver_add(struct fuzz_queue *q, const struct fuzz_buf *bufs, unsigned int count)
{
	if (!q->size)
		return;
	if (q->packed)
		add_packed(q, bufs, count);
	else
		add_split(q, bufs, count);
}

/* The next chain that came back, and how much of it was written. */
bool driver_used(struct fuzz_queue *q, uint32_t *length)
{
	struct vring_packed_desc *desc = (void *)guest_at(q->at);
	uint8_t *used = guest_at(q->at + DEVICE_AT);

	if (q->packed) {
		uint16_t flags = desc[q->used].flags;

		if (!!(flags & AVAIL) != q->used_wrap || !!(flags & USED) != q->used_wrap)
			return false;
		*length = desc[q->used].len;
		q->used += desc[q->used].id;	/* as many as its places are */
		q->used_wrap ^= q->used >= q->size;
		q->used %= q->size;
		return true;
	}
	if (guest_get(used + 2, 2) == q->used)
		return false;
	*length = guest_get(used + 4 + q->used++ % q->size * 8 + 4, 4);
	return true;
}
