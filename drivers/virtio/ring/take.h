/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Taking back what the device has used, as far as it is the same for every ring
 * format: what the device says is checked here, and a buffer gives up what it took.
 */
#ifndef _VIRTIO_RING_TAKE_H
#define _VIRTIO_RING_TAKE_H

#include "format.h"

/* Does @id name a buffer in flight? */
static __always_inline bool ring_in_flight(const struct ring_queue *q, u32 id)
{
	return likely(id < q->num && q->slots[id].token);
}

/* Undo what was mapped for a buffer. */
static __always_inline void ring_unmap_buffer(struct ring_queue *q,
					      const struct ring_slot *slot, u16 id,
					      const struct ring_table *table)
{
	if (!ring_needs_unmap(q))
		return;
	if (table)
		ring_unmap_table(q, table->maps, table->count);
	else
		ring_unmap_chain(q, id, slot->count);
}

/* Of a buffer in flight.  Other queues have no tables, and something else there. */
static __always_inline struct ring_table *ring_table_of(const struct ring_queue *q,
							const struct ring_slot *slot)
{
	return q->indirect ? slot->table : NULL;
}

/*
 * In order, buffers come back as they were added, and the list stays as it was laid
 * at the start: what comes free next follows in the table (virtio 1.3, 2.7.5), and
 * the buffer that was added next begins there.
 */
static __always_inline void ring_free_slot(struct ring_queue *q, const bool in_order,
					   struct ring_slot *slot, u16 id, unsigned int count)
{
	slot->token = NULL;
	q->vq.num_free += count;
	if (in_order) {
		q->oldest = q->links[slot->last].next;
		return;
	}
	q->links[slot->last].next = q->free_head;
	q->free_head = id;
}

/*
 * The device is done with the buffer of @slot and wrote @wrote bytes, which was
 * read once.  Returns the token.
 */
static __always_inline void *ring_take(struct ring_queue *q, const bool phys,
				       const bool in_order, struct ring_slot *slot, u16 id,
				       unsigned int count, u32 wrote, unsigned int *len,
				       void **ctx)
{
	struct ring_table *table = ring_table_of(q, slot);
	void *token = slot->token;

	if (ctx)
		*ctx = q->indirect ? NULL : slot->ctx;
	if (!phys)
		ring_unmap_buffer(q, slot, id, table);
	ring_free_slot(q, in_order, slot, id, count);
	*len = wrote;
	if (unlikely(wrote > slot->writable))
		return ring_bad_length(q, id, len, token, table);
	if (!table)
		return token;
	if (unlikely(!table->pooled))
		return ring_table_free(q, table, token);
	table->next = q->free_tables;
	q->free_tables = table;
	return token;
}

static __always_inline void *ring_get_next(struct ring_queue *q,
					   const struct ring_format *format,
					   const bool plain, unsigned int *len, void **ctx)
{
	unsigned int at = format->next_used(q);
	unsigned int count;
	struct ring_slot *slot;
	enum ring_used used;
	u32 id, wrote;

	used = format->has_used(q, plain, at);
	if (unlikely(used != RING_USED))
		return used == RING_LIE ? format->get_surplus(q, len, ctx) : NULL;
	id = format->read_used(q, at, &wrote);
	if (unlikely(!ring_in_flight(q, id)))
		return ring_bad_id(q, id);
	slot = &q->slots[id];
	count = slot->count;
	format->step_used(q, at, count);
	return ring_take(q, plain, false, slot, id, count, wrote, len, ctx);
}

/* Within a batch all but the last are full (virtio 1.3, 2.7.9 and 2.8.9). */
static __always_inline bool ring_next_of_batch(struct ring_queue *q,
					       const struct ring_format *format,
					       unsigned int at, u16 id, u32 *wrote)
{
	if (unlikely(!format->in_batch(q, at)))
		return false;
	*wrote = q->slots[id].writable;
	if (id == q->batch_id) {
		WRITE_ONCE(q->in_batch, false);
		*wrote = q->batch_len;
	}
	return true;
}

/* An entry for another than the oldest buffer says: used, all up to that one. */
static __always_inline bool ring_start_batch(struct ring_queue *q, u32 last, u16 id, u32 *wrote)
{
	if (unlikely(!ring_in_flight(q, last)))
		return ring_bad_id(q, last);
	q->batch_id = last;
	q->batch_len = *wrote;
	WRITE_ONCE(q->in_batch, true);
	*wrote = q->slots[id].writable;
	return true;
}

/* Has the device used buffer @id, which is the next in order? */
static __always_inline enum ring_used ring_used_in_order(struct ring_queue *q,
							 const struct ring_format *format,
							 unsigned int at, u16 id, u32 *wrote)
{
	enum ring_used used;
	bool is_next;
	u32 last;

	if (q->in_batch) {
		is_next = ring_next_of_batch(q, format, at, id, wrote);
	} else {
		used = format->has_used(q, false, at);
		if (unlikely(used != RING_USED))
			return used;
		last = format->read_used(q, at, wrote);
		is_next = last == id || ring_start_batch(q, last, id, wrote);
	}
	return is_next ? RING_USED : RING_NOTHING;
}

/* The same from a device that works in order, and so may leave out all but the last. */
static __always_inline void *ring_get_in_order(struct ring_queue *q,
					       const struct ring_format *format,
					       unsigned int *len, void **ctx)
{
	unsigned int at = format->next_used(q), count;
	u16 id = q->oldest;
	struct ring_slot *slot = &q->slots[id];
	enum ring_used used;
	u32 wrote;

	used = ring_used_in_order(q, format, at, id, &wrote);
	if (used != RING_USED)
		return used == RING_LIE ? format->get_surplus(q, len, ctx) : NULL;
	if (unlikely(!slot->token))
		return ring_bad_id(q, id);
	count = slot->count;
	format->step_used(q, at, count);
	return ring_take(q, q->phys, true, slot, id, count, wrote, len, ctx);
}

#endif /* _VIRTIO_RING_TAKE_H */
