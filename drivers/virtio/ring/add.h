/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Adding a buffer, as far as it is the same for every ring format: walking its
 * segments once, mapping them, choosing between the ring and an indirect table.
 */
#ifndef _VIRTIO_RING_ADD_H
#define _VIRTIO_RING_ADD_H

#include <linux/dma-mapping.h>
#include <linux/kmsan.h>

#include "format.h"

static __always_inline struct scatterlist *ring_next_sg(struct scatterlist *sg)
{
	sg++;
	if (unlikely(sg_is_chain(sg))) {
		sg = sg_chain_ptr(sg);
		/* A jump that is never taken is cheaper than a choice that is always made. */
		OPTIMIZER_HIDE_VAR(sg);
	}
	return sg;
}

/* Without the DMA API, which would tell KMSAN: what the device will read, or has written. */
static __always_inline u64 ring_phys_addr(struct scatterlist *sg, unsigned int flags)
{
	kmsan_handle_dma(sg_phys(sg), sg->length, ring_dir(flags));
	return sg_phys(sg);
}

/* Where the driver has mapped it.  A packed ring notes what it needs of it itself. */
static __always_inline u64 ring_premapped_addr(struct ring_queue *q, struct ring_cursor *c,
					       struct scatterlist *sg)
{
	u64 addr = sg_dma_address(sg);

	if (!(q->how & RING_PREMAPPED) && c->maps)
		ring_note_map(&c->maps[c->at], addr, sg->length, c->dir, RING_PREMAPPED);
	return addr;
}

/*
 * In another way than by the DMA API alone.  Only premapped buffers of one segment are common:
 * their entry has @premapped as a constant, and needs no call here.
 */
static __always_inline u64 ring_map_otherwise(struct ring_queue *q, struct ring_cursor *c,
					      struct scatterlist *sg)
{
	if (__builtin_constant_p(c->premapped) && c->premapped)
		return ring_premapped_addr(q, c, sg);
	return ring_map_oddly(q, c->maps ? &c->maps[c->at] : NULL, sg, c->dir | c->how);
}

/* Returns whether there is an address. */
static __always_inline bool ring_map_segment(struct ring_queue *q, struct ring_cursor *c,
					     struct scatterlist *sg, u64 *addr)
{
	struct ring_map *map;

	if (unlikely(c->how)) {
		*addr = ring_map_otherwise(q, c, sg);
		return *addr != DMA_MAPPING_ERROR;
	}
	map = &c->maps[c->at];
	ring_note_map(map, 0, sg->length, c->dir, 0);
	*addr = dma_map_page(q->map.dma_dev, sg_page(sg), sg->offset, sg->length, map->flags);
	map->addr = *addr;
	return !dma_mapping_error(q->map.dma_dev, *addr);
}

static __always_inline int ring_put_segment(struct ring_queue *q,
					    const struct ring_format *format,
					    const bool phys, const bool in_table,
					    struct ring_cursor *c, struct scatterlist *sg)
{
	u32 len = sg->length;
	u64 addr;

	if (unlikely(in_table ? c->at == c->left : !c->left))
		return -ENOSPC;
	if (phys)
		addr = ring_phys_addr(sg, c->dir);
	else if (unlikely(!ring_map_segment(q, c, sg, &addr)))
		return -ENOMEM;
	c->bytes += len;
	if (in_table) {
		format->table_put(q, c, addr, len);
		return 0;
	}
	format->ring_put(q, c, phys, addr, len);
	c->left--;
	return 0;
}

/* What follows is for the device to write. */
static __always_inline void ring_turn(struct ring_cursor *c)
{
	c->dir |= VRING_DESC_F_WRITE;
	c->bytes = 0;
	OPTIMIZER_HIDE_VAR(c->dir);	/* as in ring_next_sg() */
}

/* The first segment of the list at @at, if there is one; they may be left out. */
static __always_inline struct scatterlist *ring_first_sg(struct ring_cursor *c,
							 struct scatterlist ***at,
							 struct scatterlist **turn,
							 struct scatterlist **end)
{
	for (; *at != end; (*at)++) {
		if (*at == turn)
			ring_turn(c);
		if (likely(**at))
			return **at;
	}
	return NULL;
}

/* Lists, each up to its end mark: as one loop, since most have a single segment. */
static __always_inline int ring_put_lists(struct ring_queue *q,
					  const struct ring_format *format,
					  const bool phys, const bool in_table,
					  struct ring_cursor *c, const struct ring_buffer buf)
{
	struct scatterlist **at = buf.sgs, **turn = at + buf.out, **end = turn + buf.in, *sg;
	int err;

	for (sg = ring_first_sg(c, &at, turn, end); sg;) {
		err = ring_put_segment(q, format, phys, in_table, c, sg);
		if (unlikely(err))
			return err;
		if (!sg_is_last(sg)) {
			sg = ring_next_sg(sg);
			continue;
		}
		at++;
		sg = ring_first_sg(c, &at, turn, end);
	}
	return 0;
}

/* Entries of one list, of which what lies behind the last is not looked at. */
static __always_inline int ring_put_entries(struct ring_queue *q,
					    const struct ring_format *format,
					    const bool phys, const bool in_table,
					    struct ring_cursor *c, const struct ring_buffer buf)
{
	struct scatterlist *sg = buf.sg;
	unsigned int left = buf.out + buf.in;
	int err;

	for (;;) {
		if (left == buf.in)
			ring_turn(c);
		err = ring_put_segment(q, format, phys, in_table, c, sg);
		if (unlikely(err) || !--left)
			return err;
		sg = ring_next_sg(sg);
	}
}

/* The segments of a buffer in order. */
static __always_inline int ring_put_buffer(struct ring_queue *q,
					   const struct ring_format *format,
					   const bool phys, const bool in_table,
					   struct ring_cursor *c, const struct ring_buffer buf)
{
	if (buf.one)
		return ring_put_segment(q, format, phys, in_table, c, buf.sg);
	return buf.lists ? ring_put_lists(q, format, phys, in_table, c, buf) :
			   ring_put_entries(q, format, phys, in_table, c, buf);
}

/* More than one segment?  Looks at no more than the first, if there is one. */
static __always_inline bool ring_is_long(const struct ring_buffer buf)
{
	unsigned int n = buf.out + buf.in;

	return n > 1 || (n && buf.lists && buf.sgs[0] && !sg_is_last(buf.sgs[0]));
}

/* In the ring itself. */
static __always_inline int ring_add_direct(struct ring_queue *q,
					   const struct ring_format *format,
					   const bool phys,
					   const struct ring_buffer buf)
{
	u16 head = q->free_head;
	struct ring_slot *slot;
	struct ring_cursor c = {
		.free = q->links, .maps = q->maps, .at = head, .last = head,
		.left = q->vq.num_free, .how = q->how | buf.how,
		.premapped = buf.how & RING_PREMAPPED,
		.dir = buf.one ? buf.in * VRING_DESC_F_WRITE : VRING_DESC_F_NEXT,
	};
	unsigned int count;
	int err;

	format->begin(q, &c);
	err = ring_put_buffer(q, format, phys, false, &c, buf);
	count = buf.one && !err ? 1 : q->vq.num_free - c.left;
	if (unlikely(err || !count))
		return format->give_up(q, count, buf.out, err ?: -EINVAL);
	format->ring_end(q, &c, !buf.one);

	slot = &q->slots[head];
	slot->token = buf.token;
	slot->ctx = buf.ctx;
	slot->writable = c.dir & VRING_DESC_F_WRITE ? c.bytes : 0;
	slot->count = count;
	slot->last = c.last;
	ring_stamp(&slot->stamp);
	c.free[head].turn = format->next_turn(q);
	q->free_head = c.at;
	q->vq.num_free = c.left;
	format->commit(q, &c, head, count);
	return 0;
}

/*
 * In a table that holds @room descriptors, and one of the ring, which is there.
 * Returns an error with nothing mapped and the table as it was.
 */
static __always_inline int ring_add_indirect(struct ring_queue *q,
					     const struct ring_format *format,
					     const bool phys, struct ring_table *table,
					     unsigned int room, const struct ring_buffer buf)
{
	u16 id = q->free_head;
	struct ring_link *link;
	struct ring_slot *slot;
	struct ring_cursor c = {
		.desc = table->desc, .maps = table->maps, .left = room,
		.how = q->how | buf.how, .premapped = buf.how & RING_PREMAPPED,
		.dir = format->table_next,
	};
	unsigned int count;
	int err;

	err = ring_put_buffer(q, format, phys, true, &c, buf);
	count = c.at;
	if (unlikely(err || !count)) {
		if (!phys && ring_needs_unmap(q))
			ring_unmap_table(q, table->maps, count);
		return err ?: -EINVAL;
	}
	format->table_end(q, &c);
	table->count = count;

	format->begin(q, &c);
	c.at = id;
	format->put_table(q, &c, table->addr, count * sizeof(struct vring_desc));
	slot = &q->slots[id];
	slot->token = buf.token;
	slot->table = table;
	slot->writable = c.dir & VRING_DESC_F_WRITE ? c.bytes : 0;
	slot->count = 1;
	slot->last = id;
	ring_stamp(&slot->stamp);
	link = &q->links[id];
	link->turn = format->next_turn(q);
	q->free_head = link->next;
	q->vq.num_free--;
	format->commit(q, &c, id, 1);
	return 0;
}

/* No table, or one that is too short: what ring_add_any() is for. */
#define RING_HARD	1

/* Add a buffer; one without a segment is none. */
static __always_inline int ring_add_buffer(struct ring_queue *q,
					   const struct ring_format *format,
					   const bool phys,
					   const struct ring_buffer buf)
{
	struct ring_table *table;
	int err;

	if (!q->indirect || !ring_is_long(buf))
		return ring_add_direct(q, format, phys, buf);
	table = q->free_tables;
	if (unlikely(!table || !q->vq.num_free))
		return RING_HARD;
	err = ring_add_indirect(q, format, phys, table, RING_TABLE_LEN, buf);
	if (unlikely(err))
		return err == -ENOSPC ? RING_HARD : err;
	q->free_tables = table->next;
	return 0;
}

static __cold unsigned int ring_count_segments(const struct ring_buffer *buf)
{
	unsigned int i, count = 0;

	if (!buf->lists)
		return buf->out + buf->in;
	for (i = 0; i < buf->out + buf->in; i++)
		count += sg_nents(buf->sgs[i]);
	return count;
}

/*
 * Is there no room, as far as that is easily told?  Lists are counted where few descriptors
 * are left: to map segments only to unmap them is more work than that.
 */
static __always_inline bool ring_lacks_room(const struct ring_queue *q,
					    const struct ring_buffer *buf)
{
	unsigned int room = q->vq.num_free;

	return (!buf->lists || room < RING_TABLE_LEN) && ring_count_segments(buf) > room;
}

/* A list says how long it is; and when tables were to be had, they were too short. */
static __always_inline unsigned int ring_first_room(const struct ring_queue *q,
						    const struct ring_buffer *buf)
{
	return !buf->lists || (q->phys && q->free_tables) ? ring_count_segments(buf) :
							     RING_TABLE_LEN;
}

/* Whatever a queue that maps may need, or a buffer that found no table. */
static __always_inline int ring_add_any(struct ring_queue *q,
					const struct ring_format *format,
					const struct ring_buffer *buf)
{
	const bool phys = q->phys && !(buf->how & RING_PREMAPPED);
	struct ring_table *table = NULL;
	unsigned int room;
	int err;

	if (q->indirect && ring_is_long(*buf)) {
		if (unlikely(!q->vq.num_free))
			return ring_full(q, buf->out);
		room = ring_first_room(q, buf);
		table = ring_table_alloc(q, room, buf->gfp);
	}
	while (table) {
		err = ring_add_indirect(q, format, phys, table, room, *buf);
		if (likely(!err)) {
			ring_table_written(q, table);
			return 0;
		}
		ring_table_put(q, table, NULL);
		if (err != -ENOSPC)
			return err;
		room = ring_count_segments(buf);
		table = ring_table_alloc(q, room, buf->gfp);
	}
	if (!q->phys && unlikely(ring_lacks_room(q, buf)))
		return ring_full(q, buf->out);
	return ring_add_direct(q, format, phys, *buf);
}

#endif /* _VIRTIO_RING_ADD_H */
