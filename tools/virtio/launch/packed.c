// SPDX-License-Identifier: GPL-2.0
/*
 * The device's side of a packed ring (virtio 1.3, 2.8).
 *
 * Called by queue.c alone.  Both sides write the same descriptors in turn, so all that is
 * needed to use one is noted when it is popped.
 */
#include "format.h"

struct packed_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t id, flags;
};

#define FLAG_AVAIL	0x80
#define FLAG_USED	0x8000

/* Event suppression: { place and wrap counter, flags } */
#define EVENT_PLACE	0
#define EVENT_FLAGS	2
#define EVENT_ENABLE	0
#define EVENT_DISABLE	1
#define EVENT_DESC	2
#define WRAP_BIT	15

static struct ring_part packed_part(const struct queue *q, unsigned int nr)
{
	if (nr == 0)
		return (struct ring_part){ sizeof(struct packed_desc) * q->size, 16 };
	return (struct ring_part){ 4, 4 };
}

static struct packed_desc *desc_at(const struct queue *q, uint16_t at)
{
	return (struct packed_desc *)q->ring.desc + at;
}

static char *event_of(void *suppression, size_t at)
{
	return (char *)suppression + at;
}

static void advance(const struct queue *q, uint16_t *at, bool *wrap, uint16_t count)
{
	*at += count;
	if (*at >= q->size) {
		*at -= q->size;
		*wrap = !*wrap;
	}
}

/* Pairs with the driver's barrier before it stores the flags of a chain's first. */
static bool is_available(const struct queue *q)
{
	uint16_t flags = observe16(&desc_at(q, q->ring.next)->flags);

	return !!(flags & FLAG_AVAIL) == q->ring.next_wrap &&
	       !!(flags & FLAG_USED) != q->ring.next_wrap;
}

static void read_desc(struct packed_desc *desc, const char *table, unsigned int at)
{
	load_desc(desc, table + sizeof(*desc) * at);
	desc->addr = le64toh(desc->addr);
	desc->len = le32toh(desc->len);
	desc->id = le16toh(desc->id);
	desc->flags = le16toh(desc->flags);
}

/* A table has as many buffers as it has descriptors; of their flags only WRITE counts (2.8.7). */
static bool walk_table(struct queue *q, struct chain *chain, const struct packed_desc *from,
		       unsigned int steps)
{
	const char *table = chain_table(q, from->addr, from->len, from->flags);
	unsigned int i, count = from->len / sizeof(*from);
	struct packed_desc desc;

	for (i = 0; table && i < count; i++) {
		if (i && !chain_may_go_on(q, steps + i))
			return false;
		read_desc(&desc, table, i);
		if (!chain_add(q, chain, desc.addr, desc.len, desc.flags & DESC_WRITE))
			return false;
	}
	return table;
}

/* A chain is no longer than the queue, table included, and so ends. */
static int packed_pop(struct queue *q, struct chain *chain)
{
	uint16_t at = q->ring.next;
	bool wrap = q->ring.next_wrap;
	unsigned int steps = 0;
	struct packed_desc desc;

	if (!is_available(q))
		return 0;
	do {
		if (steps && !chain_may_go_on(q, steps))
			return -1;
		read_desc(&desc, q->ring.desc, at);
		if (desc.flags & DESC_INDIRECT) {
			if (!walk_table(q, chain, &desc, steps))
				return -1;
		} else if (!chain_add(q, chain, desc.addr, desc.len, desc.flags & DESC_WRITE)) {
			return -1;
		}
		advance(q, &at, &wrap, 1);
		steps++;
	} while (desc.flags & DESC_NEXT);

	q->ring.next = at;
	q->ring.next_wrap = wrap;
	chain->id = desc.id;
	chain->places = steps;
	return 1;
}

/* The first of a batch is written last, and shows them all. */
static void packed_push(struct queue *q, const struct chain *chain, uint32_t written)
{
	struct ring *ring = &q->ring;
	struct packed_desc *desc = desc_at(q, ring->used);
	uint16_t flags = ring->used_wrap ? FLAG_AVAIL | FLAG_USED : 0;

	if (written)
		flags |= DESC_WRITE;
	store32(&desc->len, written);
	store16(&desc->id, chain->id);
	if (ring->pushed) {
		store16(&desc->flags, flags);
	} else {
		ring->first = ring->used;
		ring->first_flags = flags;
	}
	ring->pushed += chain->places;
	advance(q, &ring->used, &ring->used_wrap, chain->places);
}

/* Is the place that the driver waits for among the last @count? */
static bool passed(const struct queue *q, uint16_t event, uint16_t count)
{
	bool wrap = event >> WRAP_BIT;
	uint16_t place = event & ((1 << WRAP_BIT) - 1);

	if (wrap != q->ring.used_wrap)
		place -= q->size;
	return (uint16_t)(q->ring.used - 1 - place) < count;
}

static bool packed_publish(struct queue *q)
{
	struct ring *ring = &q->ring;
	uint16_t count = ring->pushed, flags;

	if (!count)
		return false;
	publish16(&desc_at(q, ring->first)->flags, ring->first_flags);
	ring->pushed = 0;
	/* Pairs with the driver's, between asking for interrupts and a last look (2.8.10). */
	full_barrier();
	flags = load16(event_of(ring->driver, EVENT_FLAGS)) & 3;
	if (flags == EVENT_DESC && q->events)
		return passed(q, load16(event_of(ring->driver, EVENT_PLACE)), count);
	return flags != EVENT_DISABLE;
}

static void packed_wake(struct queue *q)
{
	store16(event_of(q->ring.device, EVENT_FLAGS), EVENT_DISABLE);
}

static bool packed_sleep(struct queue *q)
{
	struct ring *ring = &q->ring;
	char *device = ring->device;

	if (q->events) {
		store16(event_of(device, EVENT_PLACE), ring->next | ring->next_wrap << WRAP_BIT);
		/* The flags say that the place is good. */
		publish16(event_of(device, EVENT_FLAGS), EVENT_DESC);
	} else {
		store16(event_of(device, EVENT_FLAGS), EVENT_ENABLE);
	}
	/* Pairs with the driver's, between a descriptor's flags and these (2.8.10.1). */
	full_barrier();
	return !is_available(q);
}

const struct ring_format packed_format = {
	.part = packed_part,
	.pop = packed_pop,
	.push = packed_push,
	.publish = packed_publish,
	.wake = packed_wake,
	.sleep = packed_sleep,
};
