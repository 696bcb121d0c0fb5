// SPDX-License-Identifier: GPL-2.0
/*
 * The device's side of a split ring (virtio 1.3, 2.7).
 *
 * Called by queue.c alone.  The driver writes descriptors and the available ring, which
 * are read once and checked; the device writes the used ring, which is never read.
 */
#include "format.h"

struct split_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

/* Available: flags, idx, ring of heads, used_event. */
#define AVAIL_FLAGS		0
#define AVAIL_IDX		2
#define AVAIL_RING(n)		(4 + 2 * (n))
#define AVAIL_NO_INTERRUPT	1
/* Used: flags, idx, ring of { id, len }, avail_event. */
#define USED_FLAGS		0
#define USED_IDX		2
#define USED_RING(n)		(4 + 8 * (n))
#define USED_NO_NOTIFY		1

static struct ring_part split_part(const struct queue *q, unsigned int nr)
{
	switch (nr) {
	case 0:
		return (struct ring_part){ sizeof(struct split_desc) * q->size, 16 };
	case 1:
		return (struct ring_part){ AVAIL_RING(q->size) + 2, 2 };
	default:
		return (struct ring_part){ USED_RING(q->size) + 2, 4 };
	}
}

static char *avail(const struct queue *q, size_t at)
{
	return (char *)q->ring.driver + at;
}

static char *used(const struct queue *q, size_t at)
{
	return (char *)q->ring.device + at;
}

/* False, after device_lie(), or because there is none. */
static bool find_head(struct queue *q, uint16_t *head)
{
	struct ring *ring = &q->ring;
	uint16_t ahead;

	if (ring->seen == ring->next) {
		/* Pairs with the driver's barrier before it stores the index. */
		ring->seen = observe16(avail(q, AVAIL_IDX));
		ahead = ring->seen - ring->next;
		if (ahead > q->size) {
			device_lie(q->dev, q, "found the available index %u ahead, expected no more than its size, %u",
				   ahead, q->size);
			return false;
		}
		if (!ahead)
			return false;
	}
	*head = load16(avail(q, AVAIL_RING(ring->next & (q->size - 1))));
	if (*head < q->size)
		return true;
	device_lie(q->dev, q, "found descriptor %u in the available ring, expected less than %u",
		   *head, q->size);
	return false;
}

static void read_desc(struct split_desc *desc, const char *table, uint16_t at)
{
	load_desc(desc, table + sizeof(*desc) * at);
	desc->addr = le64toh(desc->addr);
	desc->len = le32toh(desc->len);
	desc->flags = le16toh(desc->flags);
	desc->next = le16toh(desc->next);
}

static bool next_is_good(struct queue *q, const struct split_desc *desc, uint32_t count)
{
	if (desc->next < count)
		return true;
	device_lie(q->dev, q, "found %u as the next descriptor, expected less than %u",
		   desc->next, count);
	return false;
}

/*
 * A chain in the ring, or in the table that its last descriptor leads to.  It is no longer
 * than the queue, table included (2.7.5.3.1), and so ends.
 */
static bool walk(struct queue *q, struct chain *chain, uint16_t at)
{
	const char *table = q->ring.desc;
	uint32_t count = q->size;
	unsigned int steps = 0;
	struct split_desc desc;

	for (;;) {
		read_desc(&desc, table, at);
		if (desc.flags & DESC_INDIRECT) {
			if (table != q->ring.desc) {
				device_lie(q->dev, q, "found an indirect table in an indirect table, expected a buffer");
				return false;
			}
			table = chain_table(q, desc.addr, desc.len, desc.flags);
			if (!table)
				return false;
			count = desc.len / sizeof(desc);
			at = 0;
			continue;
		}
		if (!chain_add(q, chain, desc.addr, desc.len, desc.flags & DESC_WRITE))
			return false;
		if (!(desc.flags & DESC_NEXT))
			return true;
		if (!chain_may_go_on(q, ++steps) || !next_is_good(q, &desc, count))
			return false;
		at = desc.next;
	}
}

static int split_pop(struct queue *q, struct chain *chain)
{
	uint16_t head;

	if (!find_head(q, &head))
		return 0;
	if (!walk(q, chain, head))
		return -1;
	q->ring.next++;
	chain->id = head;
	chain->places = 1;
	return 1;
}

static void split_push(struct queue *q, const struct chain *chain, uint32_t written)
{
	char *at = used(q, USED_RING(q->ring.used++ & (q->size - 1)));

	store32(at, chain->id);
	store32(at + 4, written);
}

static bool split_publish(struct queue *q)
{
	struct ring *ring = &q->ring;
	uint16_t count = ring->used - ring->published;
	uint16_t event;

	if (!count)
		return false;
	publish16(used(q, USED_IDX), ring->used);
	ring->published = ring->used;
	/* Pairs with the driver's, between asking for interrupts and a last look (2.7.7.1). */
	full_barrier();
	if (!q->events)
		return !(load16(avail(q, AVAIL_FLAGS)) & AVAIL_NO_INTERRUPT);
	/* Was the one that the driver waits for among them? */
	event = load16(avail(q, AVAIL_RING(q->size)));
	return (uint16_t)(ring->used - 1 - event) < count;
}

/* With the event index there is nothing to do: the index that was asked for is behind. */
static void split_wake(struct queue *q)
{
	if (!q->events)
		store16(used(q, USED_FLAGS), USED_NO_NOTIFY);
}

static bool split_sleep(struct queue *q)
{
	if (q->ring.seen != q->ring.next)
		return false;
	if (q->events)
		store16(used(q, USED_RING(q->size)), q->ring.next);
	else
		store16(used(q, USED_FLAGS), 0);
	/* Pairs with the driver's, between the available index and this (2.7.10.1). */
	full_barrier();
	return load16(avail(q, AVAIL_IDX)) == q->ring.next;
}

const struct ring_format split_format = {
	.part = split_part,
	.pop = split_pop,
	.push = split_push,
	.publish = split_publish,
	.wake = split_wake,
	.sleep = split_sleep,
};
