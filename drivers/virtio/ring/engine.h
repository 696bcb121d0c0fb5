/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of add that is the same for every ring format: walking the segments
 * of a buffer once, mapping them, and choosing between the ring and an indirect
 * table.
 *
 * A format gives a few small functions that lay descriptors; all of it is inlined
 * into the format's own file, once for queues that map and once for those that
 * don't, so no call is left on the way.
 */
#ifndef _VIRTIO_RING_ENGINE_H
#define _VIRTIO_RING_ENGINE_H

#include "ring.h"

/**
 * struct ring_cursor - where the next descriptor goes
 * @table: the indirect table, or %NULL for the ring
 * @at: entry of the table or the ring
 * @last: the one before
 * @count: descriptors laid
 * @room: how many fit
 * @writable: bytes of those that the device writes
 * @head: id of the buffer
 * @pos: packed: position in the ring, and wrap counter
 * @head_flags: packed: flags of its first descriptor, written last
 */
struct ring_cursor {
	struct ring_table *table;
	unsigned int at, last, count, room;
	u32 writable;
	u16 head, pos, head_flags;
};

/**
 * struct ring_format - how a format lays descriptors
 * @ring_put: lay one in the ring and step on
 * @table_put: lay one in a table and step on
 * @ring_end: the last one in the ring was that; @writable says who writes to it
 * @ring_table: lay the one that names the table
 * @ring_undo: take back what ring_put laid
 * @commit: the buffer is complete: have it published next time
 */
struct ring_format {
	void (*ring_put)(struct ring_queue *q, struct ring_cursor *c, u64 addr, u32 len,
			 u16 flags);
	void (*table_put)(struct ring_queue *q, struct ring_cursor *c, u64 addr, u32 len,
			  u16 flags);
	void (*ring_end)(struct ring_queue *q, struct ring_cursor *c, bool writable);
	void (*ring_table)(struct ring_queue *q, struct ring_cursor *c, bool writable);
	void (*ring_undo)(struct ring_queue *q, const struct ring_cursor *c);
	void (*commit)(struct ring_queue *q, const struct ring_cursor *c);
};

static __always_inline struct scatterlist *ring_next_sg(struct scatterlist *sg)
{
	sg++;
	return unlikely(sg_is_chain(sg)) ? sg_chain_ptr(sg) : sg;
}

static __always_inline int ring_put_segment(struct ring_queue *q,
					    const struct ring_format *format,
					    const bool phys, struct ring_cursor *c,
					    struct scatterlist *sg, u16 flags)
{
	u64 addr;

	if (unlikely(c->count == c->room))
		return -ENOSPC;
	if (phys) {
		addr = sg_phys(sg);
	} else {
		struct ring_map *map = (c->table ? c->table->maps : q->maps) + c->at;

		if (unlikely(ring_map_segment(q, sg, flags, map)))
			return -ENOMEM;
		addr = map->addr;
	}
	if (flags & VRING_DESC_F_WRITE)
		c->writable += sg->length;
	if (c->table)
		format->table_put(q, c, addr, sg->length, flags);
	else
		format->ring_put(q, c, addr, sg->length, flags);
	c->count++;
	return 0;
}

/* One list, up to its end mark. */
static __always_inline int ring_put_list(struct ring_queue *q,
					 const struct ring_format *format,
					 const bool phys, struct ring_cursor *c,
					 struct scatterlist *sg, u16 flags)
{
	int err;

	for (; sg; sg = ring_next_sg(sg)) {
		err = ring_put_segment(q, format, phys, c, sg, flags);
		if (unlikely(err) || sg_is_last(sg))
			return err;
	}
	return 0;
}

/* The segments of a buffer in order, in the ring or in the table of the cursor. */
static __always_inline int ring_put_buffer(struct ring_queue *q,
					   const struct ring_format *format,
					   const bool phys, struct ring_cursor *c,
					   const struct ring_buffer *buf)
{
	unsigned int i, n = buf->out + buf->in;
	struct scatterlist *sg = buf->sg;
	int err = 0;

	if (sg) {
		for (i = 0; i < n && !err; i++, sg = i < n ? ring_next_sg(sg) : NULL)
			err = ring_put_segment(q, format, phys, c, sg,
					       i < buf->out ? 0 : VRING_DESC_F_WRITE);
	} else {
		for (i = 0; i < n && !err; i++)
			err = ring_put_list(q, format, phys, c, buf->sgs[i],
					    i < buf->out ? 0 : VRING_DESC_F_WRITE);
	}
	return err;
}

/* How many segments there are, for a buffer that the pool's tables don't hold. */
static __cold noinline unsigned int ring_count_segments(const struct ring_buffer *buf)
{
	unsigned int i, count = 0;

	if (buf->sg)
		return buf->out + buf->in;
	for (i = 0; i < buf->out + buf->in; i++)
		count += sg_nents(buf->sgs[i]);
	return count;
}

/* More than one segment?  Looks at no more than the first. */
static __always_inline bool ring_is_long(const struct ring_buffer *buf)
{
	return buf->out + buf->in > 1 || (!buf->sg && !sg_is_last(buf->sgs[0]));
}

static __always_inline struct ring_table *ring_table_get(struct ring_queue *q)
{
	struct ring_table *table = q->free_tables;

	if (unlikely(!table))
		return ring_table_grow(q);
	q->free_tables = table->next;
	return table;
}

/* Take back what was mapped of a buffer that did not get in. */
static __always_inline void ring_undo_table(struct ring_queue *q, const bool phys,
					    struct ring_cursor *c)
{
	unsigned int i;

	if (!phys)
		for (i = 0; i < c->count; i++)
			ring_unmap(q, &c->table->maps[i]);
	ring_table_free(q, c->table);
	c->table = NULL;
}

static __cold noinline int ring_put_long(struct ring_queue *q,
					 const struct ring_format *format,
					 struct ring_cursor *c, const struct ring_buffer *buf)
{
	int err;

	*c = (struct ring_cursor) { .room = ring_count_segments(buf) };
	c->table = ring_table_alloc(q, c->room, buf->gfp);
	if (!c->table)
		return -ENOSPC;
	err = ring_put_buffer(q, format, q->phys, c, buf);
	if (err)
		ring_undo_table(q, q->phys, c);
	return err;
}

/* A table that was made for one buffer was mapped before it was written. */
static __cold noinline void ring_sync_table(struct ring_queue *q, const struct ring_table *table)
{
	dma_sync_single_for_device(q->dma_dev, table->addr,
				   table->count * sizeof(struct vring_desc), DMA_TO_DEVICE);
}

/*
 * Fill an indirect table: one of the pool, or a larger one.  Returns 0 with the
 * table in the cursor, or -ENOSPC when there is no table and the ring may do.
 */
static __always_inline int ring_put_indirect(struct ring_queue *q,
					     const struct ring_format *format,
					     const bool phys, struct ring_cursor *c,
					     const struct ring_buffer *buf)
{
	int err;

	*c = (struct ring_cursor) { .table = ring_table_get(q), .room = RING_TABLE_LEN };
	if (unlikely(!c->table))
		return ring_put_long(q, format, c, buf);
	err = ring_put_buffer(q, format, phys, c, buf);
	if (likely(!err)) {
		c->table->count = c->count;
		return 0;
	}
	ring_undo_table(q, phys, c);
	return err == -ENOSPC ? ring_put_long(q, format, c, buf) : err;
}

/* Also of a buffer that was not added: the free list was not touched yet. */
static __always_inline void ring_unmap_chain(struct ring_queue *q, u16 head,
					     unsigned int count)
{
	for (; count--; head = q->next[head])
		ring_unmap(q, &q->maps[head]);
}

static __always_inline int ring_put_direct(struct ring_queue *q,
					   const struct ring_format *format,
					   const bool phys, struct ring_cursor *c,
					   const struct ring_buffer *buf)
{
	u16 head = q->free_head;
	int err;

	*c = (struct ring_cursor) {
		.at = head, .head = head, .pos = q->avail_next, .room = q->vq.num_free,
	};
	err = ring_put_buffer(q, format, phys, c, buf);
	if (likely(!err && c->count)) {
		format->ring_end(q, c, buf->in);
		return 0;
	}
	if (!phys)
		ring_unmap_chain(q, head, c->count);
	format->ring_undo(q, c);
	return err ?: -EINVAL;
}

/* Add a buffer.  The caller has seen to it that it isn't empty. */
static __always_inline int ring_add_buffer(struct ring_queue *q,
					   const struct ring_format *format,
					   const bool phys, const struct ring_buffer *buf)
{
	struct ring_slot *slot;
	struct ring_cursor c;
	int err = -ENOSPC;

	if (unlikely(!q->vq.num_free))
		return -ENOSPC;
	if (q->indirect && ring_is_long(buf)) {
		err = ring_put_indirect(q, format, phys, &c, buf);
		if (likely(!err)) {
			c.head = q->free_head;
			c.pos = q->avail_next;
			format->ring_table(q, &c, buf->in);
			if (!phys && !c.table->pooled)
				ring_sync_table(q, c.table);
			c.at = q->next[c.head];
			c.last = c.head;
			c.count = 1;
		}
	}
	if (err == -ENOSPC)
		err = ring_put_direct(q, format, phys, &c, buf);
	if (unlikely(err))
		return err;

	slot = &q->slots[c.head];
	slot->token = buf->token;
	if (q->with_ctx)
		slot->ctx = buf->ctx;
	else
		slot->table = c.table;
	slot->writable = c.writable;
	slot->count = c.count;
	slot->last = c.last;
	q->free_head = c.at;
	q->vq.num_free -= c.count;
	format->commit(q, &c);
	return 0;
}

/* The device is done with a buffer: all that it takes stands in private memory. */
static __always_inline void ring_unmap_slot(struct ring_queue *q, const bool phys, u16 id)
{
	struct ring_slot *slot = &q->slots[id];
	struct ring_table *table = q->with_ctx ? NULL : slot->table;
	unsigned int i;

	if (table) {
		if (!phys)
			for (i = 0; i < table->count; i++)
				ring_unmap(q, &table->maps[i]);
		ring_table_free(q, table);
	} else if (!phys) {
		ring_unmap_chain(q, id, slot->count);
	}
}

static __always_inline void ring_free_slot(struct ring_queue *q, u16 id)
{
	struct ring_slot *slot = &q->slots[id];

	slot->token = NULL;
	/* In order, the list stays: what comes free next follows in the table. */
	if (!q->in_order) {
		q->next[slot->last] = q->free_head;
		q->free_head = id;
	}
	q->vq.num_free += slot->count;
}

/*
 * The device says that it is done with buffer @id and wrote @wrote bytes: both
 * were read once.  Returns the token, or %NULL with the queue broken.
 */
static __always_inline void *ring_take(struct ring_queue *q, const bool phys, u32 id,
				       u32 wrote, unsigned int *len, void **ctx)
{
	struct ring_slot *slot;
	void *token;

	if (unlikely(id >= q->num)) {
		ring_break(q, "used id %u, expected less than %u", id, q->num);
		return NULL;
	}
	slot = &q->slots[id];
	token = slot->token;
	if (unlikely(!token)) {
		ring_break(q, "used id %u, which is not in flight", id);
		return NULL;
	}
	if (unlikely(wrote > slot->writable))
		wrote = ring_bad_length(q, id, wrote, slot->writable);
	*len = wrote;
	if (ctx)
		*ctx = q->with_ctx ? slot->ctx : NULL;
	ring_unmap_slot(q, phys, id);
	ring_free_slot(q, id);
	return token;
}

/* An entry that says: used, all up to this one (virtio 1.3, 2.7.9 and 2.8.9). */
static __always_inline void ring_start_batch(struct ring_queue *q, u32 id, u32 wrote)
{
	if (unlikely(id >= q->num || !q->slots[id].token)) {
		ring_break(q, "used id %u ends a batch, and is not in flight", id);
		return;
	}
	q->batch_id = id;
	q->batch_len = wrote;
	WRITE_ONCE(q->in_batch, true);
}

/* The next buffer of the batch.  Those before the last were written in full. */
static __always_inline void *ring_take_of_batch(struct ring_queue *q, u16 id,
						unsigned int *len, void **ctx)
{
	u32 wrote = q->slots[id].writable;

	if (id == q->batch_id) {
		wrote = q->batch_len;
		WRITE_ONCE(q->in_batch, false);
	}
	return ring_take(q, q->phys, id, wrote, len, ctx);
}

#endif /* _VIRTIO_RING_ENGINE_H */
