// SPDX-License-Identifier: GPL-2.0
/*
 * Virtqueues: what is the same for both formats of rings.
 *
 * Starts and stops them for handshake.c, and is what types of devices call.  Every
 * address and length that a guest gives is checked here.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "format.h"
#include "memory.h"
#include "queue.h"

static const char * const part_names[] = { "descriptors", "driver's part", "device's part" };

static void *find_part(struct queue *q, unsigned int nr, uint64_t address)
{
	struct ring_part part = q->format->part(q, nr);
	void *at = memory_at(address, part.bytes);

	if (at && address % part.align == 0)
		return at;
	device_lie(q->dev, q, "its %s: found address %#" PRIx64 ", expected a multiple of %zu with %zu bytes in the guest's memory",
		   part_names[nr], address, part.align, part.bytes);
	return NULL;
}

static bool size_is_good(struct queue *q, uint16_t size, bool packed)
{
	if (size && size <= q->offered && (packed || !(size & (size - 1))))
		return true;
	device_lie(q->dev, q, "found size %u, expected %s up to %u", size,
		   packed ? "one" : "a power of 2", q->offered);
	return false;
}

int queue_start(struct queue *q, const struct queue_setup *setup)
{
	bool packed = device_has(q->dev, VIRTIO_F_RING_PACKED);
	struct ring *ring = &q->ring;

	if (!size_is_good(q, setup->size, packed))
		return -EINVAL;
	*ring = (struct ring){ .next_wrap = true, .used_wrap = true };
	q->size = setup->size;
	q->events = device_has(q->dev, VIRTIO_RING_F_EVENT_IDX);
	q->indirect = device_has(q->dev, VIRTIO_RING_F_INDIRECT_DESC);
	q->in_flight = 0;
	q->format = packed ? &packed_format : &split_format;
	ring->desc = find_part(q, 0, setup->desc);
	ring->driver = ring->desc ? find_part(q, 1, setup->driver) : NULL;
	ring->device = ring->driver ? find_part(q, 2, setup->device) : NULL;
	if (!ring->device) {
		q->format = NULL;
		return -EINVAL;
	}
	return 0;
}

void queue_stop(struct queue *q)
{
	q->format = NULL;
}

/* A device that is broken uses no buffers, and takes none. */
static bool is_silent(const struct queue *q)
{
	return !q->format || q->dev->broken;
}

bool queue_pop(struct queue *q, struct chain *chain)
{
	if (is_silent(q))
		return false;
	chain->out = 0;
	chain->in = 0;
	if (q->format->pop(q, chain) <= 0)
		return false;
	if (chain->places > q->size - q->in_flight) {
		device_lie(q->dev, q, "found %u descriptors in use, expected no more than its size, %u",
			   q->in_flight + chain->places, q->size);
		return false;
	}
	q->in_flight += chain->places;
	return true;
}

void queue_push(struct queue *q, const struct chain *chain, uint32_t written)
{
	if (is_silent(q))
		return;
	q->in_flight -= chain->places;
	q->format->push(q, chain, written);
}

void queue_publish(struct queue *q)
{
	if (!is_silent(q) && q->format->publish(q))
		page_used(q->dev);
}

void queue_wake(struct queue *q)
{
	if (!is_silent(q))
		q->format->wake(q);
}

bool queue_sleep(struct queue *q)
{
	return is_silent(q) || q->format->sleep(q);
}

bool chain_add(struct queue *q, struct chain *chain, uint64_t address, uint32_t length,
	       bool write)
{
	void *at = memory_at(address, length);

	if (!write && chain->in) {
		device_lie(q->dev, q, "found a buffer to read behind one to write, expected it before");
		return false;
	}
	if (!at) {
		device_lie(q->dev, q, "found a buffer of %u bytes at %#" PRIx64 ", expected it in the guest's memory",
			   length, address);
		return false;
	}
	if (!length)
		return true;
	chain->iov[chain->out + chain->in] = (struct iovec){ at, length };
	if (write)
		chain->in++;
	else
		chain->out++;
	return true;
}

const void *chain_table(struct queue *q, uint64_t address, uint32_t length, uint16_t flags)
{
	const char *why = NULL;
	const void *at = NULL;

	if (!q->indirect)
		why = "none without INDIRECT_DESC";
	else if (flags & DESC_NEXT)
		why = "no descriptor behind it";
	else if (!length || length % 16)
		why = "a length of whole descriptors";
	else
		at = memory_at(address, length);
	if (!at)
		device_lie(q->dev, q, "found an indirect table of %u bytes at %#" PRIx64 ", flags %#x, expected %s",
			   length, address, flags, why ?: "it in the guest's memory");
	return at;
}

bool chain_may_go_on(struct queue *q, unsigned int descriptors)
{
	if (descriptors < q->size)
		return true;
	device_lie(q->dev, q, "found a chain that goes on after %u descriptors, expected its end",
		   descriptors);
	return false;
}
