/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of add and get that is the same for every ring format: walking the
 * segments of a buffer once, mapping them, choosing between the ring and an
 * indirect table, and giving back what a buffer took up.
 *
 * A format gives a few small functions that lay descriptors; all of it is inlined
 * into the format's own file, for queues that map and for those that don't, so
 * no call is left on the way.  What is rare is behind a call in tail position:
 * then the way that is not rare saves no registers for it.
 */
#ifndef _VIRTIO_RING_ENGINE_H
#define _VIRTIO_RING_ENGINE_H

#include <linux/dma-mapping.h>

#include "ring.h"

/**
 * struct ring_cursor - where the next descriptor goes
 * @desc: the ring or an indirect table, or what comes next in it
 * @free: the free list, when in the ring
 * @maps: what is mapped for the ring or the table
 * @flags: flags of the descriptor that was laid last, to be mended at the end
 * @next_flags: packed: those of the next one
 * @at: entry of the free list, or of the table
 * @last: the one before
 * @left: how many still fit in the ring; how many the table holds
 * @bytes: of the segments so far; of those that the device writes, when it does
 * @dir: flags of the next one: VRING_DESC_F_NEXT where the format has it, and
 *	VRING_DESC_F_WRITE once it is the device's turn to write
 * @pos: packed: position in the ring
 * @avail: packed: what makes a descriptor available there
 * @last_flags: packed: what stands at @flags
 * @id: packed: of the buffer
 */
struct ring_cursor {
	void *desc;
	const u16 *free;
	struct ring_map *maps;
	void *flags, *next_flags;
	unsigned long at, last;
	unsigned int left;
	u32 bytes;
	unsigned int dir, pos, avail, last_flags, id;
};

/* What there is at the place of the next used buffer. */
enum ring_used { RING_NOTHING, RING_USED, RING_LIE };

/**
 * struct ring_format - how a format lays descriptors
 * @table_next: VRING_DESC_F_NEXT if descriptors of a table are chained
 * @begin: aim the cursor at the next free place of the ring
 * @ring_put: lay one in the ring and step on; @phys as below
 * @table_put: lay one in a table and step on
 * @ring_end: the last one in the ring was that; @chain: and may not be the first
 * @table_end: likewise in a table
 * @put_table: lay the one that names a table, at a cursor that has begun
 * @give_up: take back the first @laid that ring_put laid, and say why
 * @commit: buffer @id is complete: have it published next time; with @in_order,
 *	remember when it was
 * @next_used: where the device says what it used next
 * @has_used: did it, there?
 * @read_used: what it says there: the id of a buffer, and in @wrote the bytes
 * @step_used: it took @count descriptors: go on to the next one
 * @place: where @at is in the order, for devices that keep it
 * @in_batch: more of a batch is left; does what the device said still hold?
 */
struct ring_format {
	u16 table_next;
	void (*begin)(struct ring_queue *q, struct ring_cursor *c);
	void (*ring_put)(struct ring_queue *q, struct ring_cursor *c, const bool phys,
			 u64 addr, u32 len);
	void (*table_put)(struct ring_queue *q, struct ring_cursor *c, u64 addr, u32 len);
	void (*ring_end)(struct ring_queue *q, struct ring_cursor *c, const bool phys,
			 const bool chain);
	void (*table_end)(struct ring_queue *q, struct ring_cursor *c);
	void (*put_table)(struct ring_queue *q, struct ring_cursor *c, u64 addr, u32 len);
	int (*give_up)(struct ring_queue *q, unsigned int laid, bool out, int err);
	void (*commit)(struct ring_queue *q, const struct ring_cursor *c, u16 id,
		       unsigned int count, const bool in_order);

	unsigned int (*next_used)(const struct ring_queue *q);
	enum ring_used (*has_used)(struct ring_queue *q, unsigned int at);
	u32 (*read_used)(const struct ring_queue *q, unsigned int at, u32 *wrote);
	void (*step_used)(struct ring_queue *q, unsigned int at, unsigned int count);
	unsigned int (*place)(const struct ring_queue *q, unsigned int at);
	bool (*in_batch)(struct ring_queue *q, unsigned int at);
};

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

/* A premapped segment is taken as it is.  Returns whether there is an address. */
static __always_inline bool ring_map_segment(struct ring_queue *q, struct scatterlist *sg,
					     unsigned int flags, struct ring_map *map, u64 *addr)
{
	enum dma_data_direction dir;

	if (q->premapped) {
		*addr = sg_dma_address(sg);
		return true;
	}
	dir = flags & VRING_DESC_F_WRITE ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
	*addr = dma_map_page(q->dma_dev, sg_page(sg), sg->offset, sg->length, dir);
	map->addr = *addr;
	map->len = sg->length;
	map->dir = dir;
	return !dma_mapping_error(q->dma_dev, *addr);
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
	if (phys) {
		addr = sg_phys(sg);
	} else if (unlikely(!ring_map_segment(q, sg, c->dir, &c->maps[c->at], &addr))) {
		return -ENOMEM;
	}
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

/* More than one segment?  Looks at no more than the first. */
static __always_inline bool ring_is_long(const struct ring_buffer buf)
{
	return buf.out + buf.in > 1 || (buf.lists && !sg_is_last(buf.sgs[0]));
}

/* In the ring itself. */
static __always_inline int ring_add_direct(struct ring_queue *q,
					   const struct ring_format *format,
					   const bool phys, const bool in_order,
					   const struct ring_buffer buf)
{
	u16 head = q->free_head;
	struct ring_slot *slot;
	struct ring_cursor c = {
		.free = q->next, .maps = q->maps, .at = head, .last = head,
		.left = q->vq.num_free,
		.dir = buf.one ? buf.in * VRING_DESC_F_WRITE : VRING_DESC_F_NEXT,
	};
	unsigned int count;
	int err;

	format->begin(q, &c);
	err = ring_put_buffer(q, format, phys, false, &c, buf);
	count = buf.one && !err ? 1 : q->vq.num_free - c.left;
	if (unlikely(err || !count))
		return format->give_up(q, count, buf.out, err ?: -EINVAL);
	format->ring_end(q, &c, phys, !buf.one);

	slot = &q->slots[head];
	slot->token = buf.token;
	slot->ctx = buf.ctx;
	slot->writable = c.dir & VRING_DESC_F_WRITE ? c.bytes : 0;
	slot->count = count;
	slot->last = c.last;
	q->free_head = c.at;
	q->vq.num_free = c.left;
	format->commit(q, &c, head, count, in_order);
	return 0;
}

/*
 * In a table that holds @room descriptors, and one of the ring, which is there.
 * Returns an error with nothing mapped and the table as it was.
 */
static __always_inline int ring_add_indirect(struct ring_queue *q,
					     const struct ring_format *format,
					     const bool phys, const bool in_order,
					     struct ring_table *table, unsigned int room,
					     const struct ring_buffer buf)
{
	u16 id = q->free_head;
	struct ring_slot *slot;
	struct ring_cursor c = {
		.desc = table->desc, .maps = table->maps, .left = room,
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
	q->free_head = q->next[id];
	q->vq.num_free--;
	format->commit(q, &c, id, 1, in_order);
	return 0;
}

/* No table, or one that is too short: what ring_add_any() is for. */
#define RING_HARD	1

/* Add a buffer.  The caller has seen to it that it isn't empty. */
static __always_inline int ring_add_buffer(struct ring_queue *q,
					   const struct ring_format *format,
					   const bool phys, const bool in_order,
					   const struct ring_buffer buf)
{
	struct ring_table *table;
	int err;

	if (!q->indirect || !ring_is_long(buf))
		return ring_add_direct(q, format, phys, in_order, buf);
	table = q->free_tables;
	if (unlikely(!table || !q->vq.num_free))
		return RING_HARD;
	err = ring_add_indirect(q, format, phys, in_order, table, RING_TABLE_LEN, buf);
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

/* A list says how long it is; and when tables were to be had, they were too short. */
static __always_inline unsigned int ring_first_room(const struct ring_queue *q,
						    const struct ring_buffer *buf)
{
	return !buf->lists || (q->plain && q->free_tables) ? ring_count_segments(buf) :
							     RING_TABLE_LEN;
}

/* Whatever a queue that is not plain may need, or a buffer that found no table. */
static __always_inline int ring_add_any(struct ring_queue *q,
					const struct ring_format *format,
					const struct ring_buffer *buf)
{
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
		err = ring_add_indirect(q, format, q->phys, q->in_order, table, room, *buf);
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
	return ring_add_direct(q, format, q->phys, q->in_order, *buf);
}

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
 * at the start: what comes free next follows in the table (virtio 1.3, 2.7.5).
 */
static __always_inline void ring_free_slot(struct ring_queue *q, const bool in_order,
					   struct ring_slot *slot, u16 id)
{
	slot->token = NULL;
	q->vq.num_free += slot->count;
	if (in_order)
		return;
	q->next[slot->last] = q->free_head;
	q->free_head = id;
}

/*
 * The device is done with the buffer of @slot and wrote @wrote bytes, which was
 * read once.  Returns the token.
 */
static __always_inline void *ring_take(struct ring_queue *q, const bool phys,
				       const bool in_order, struct ring_slot *slot, u16 id,
				       u32 wrote, unsigned int *len, void **ctx)
{
	struct ring_table *table = ring_table_of(q, slot);
	void *token = slot->token;

	if (ctx)
		*ctx = q->indirect ? NULL : slot->ctx;
	if (!phys)
		ring_unmap_buffer(q, slot, id, table);
	ring_free_slot(q, in_order, slot, id);
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
					   const bool phys, unsigned int *len, void **ctx)
{
	unsigned int at = format->next_used(q);
	struct ring_slot *slot;
	enum ring_used used;
	u32 id, wrote;

	used = format->has_used(q, at);
	if (unlikely(used != RING_USED))
		return used == RING_LIE ? ring_bad_index(q) : NULL;
	id = format->read_used(q, at, &wrote);
	if (unlikely(!ring_in_flight(q, id)))
		return ring_bad_id(q, id);
	slot = &q->slots[id];
	format->step_used(q, at, slot->count);
	return ring_take(q, phys, false, slot, id, wrote, len, ctx);
}

/* An entry that says: used, all up to this one (virtio 1.3, 2.7.9 and 2.8.9). */
static __always_inline bool ring_start_batch(struct ring_queue *q,
					     const struct ring_format *format,
					     unsigned int at)
{
	enum ring_used used;
	u32 id, wrote;

	used = format->has_used(q, at);
	if (used != RING_USED)
		return used == RING_LIE && ring_bad_index(q);
	id = format->read_used(q, at, &wrote);
	if (unlikely(!ring_in_flight(q, id)))
		return ring_bad_id(q, id);
	q->batch_id = id;
	q->batch_len = wrote;
	WRITE_ONCE(q->in_batch, true);
	return true;
}

/* What the device wrote to the next buffer of the batch: all but the last are full. */
static __always_inline u32 ring_wrote_of_batch(struct ring_queue *q,
					       const struct ring_slot *slot, u16 id)
{
	if (id != q->batch_id)
		return slot->writable;
	WRITE_ONCE(q->in_batch, false);
	return q->batch_len;
}

/* The same from a device that works in order, and so may leave out all but the last. */
static __always_inline void *ring_get_in_order(struct ring_queue *q,
					       const struct ring_format *format,
					       const bool phys, unsigned int *len, void **ctx)
{
	unsigned int at = format->next_used(q);
	struct ring_slot *slot;
	u32 wrote;
	u16 id;

	if (!(q->in_batch ? format->in_batch(q, at) : ring_start_batch(q, format, at)))
		return NULL;
	id = q->order[format->place(q, at)];
	if (unlikely(!ring_in_flight(q, id)))
		return ring_bad_id(q, id);
	slot = &q->slots[id];
	wrote = ring_wrote_of_batch(q, slot, id);
	format->step_used(q, at, slot->count);
	return ring_take(q, phys, true, slot, id, wrote, len, ctx);
}

/* The entries of a format into the above. */
#define RING_DEFINE_ENTRIES(name)							\
/* The first @laid descriptors of a buffer that did not get in; it may fit later. */	\
static __cold noinline int name##_give_up(struct ring_queue *q, unsigned int laid,	\
					  bool out, int err)				\
{											\
	if (!q->phys && ring_needs_unmap(q))						\
		ring_unmap_chain(q, q->free_head, laid);				\
	name##_undo(q, laid);								\
	return err == -ENOSPC ? ring_full(q, out) : err;				\
}											\
											\
int name##_add_any(struct ring_queue *q, const struct ring_buffer *buf)		\
{											\
	return ring_add_any(q, &name##_format, buf);					\
}											\
											\
static noinline int name##_add_other_sgs(struct ring_queue *q, struct scatterlist **sgs, \
					 unsigned int out, unsigned int in,		\
					 void *token, gfp_t gfp)			\
{											\
	return name##_add_any(q, &(struct ring_buffer) {				\
		.lists = true, .sgs = sgs, .out = out, .in = in, .token = token,	\
		.gfp = gfp,								\
	});										\
}											\
											\
static noinline int name##_add_other_sg(struct ring_queue *q, struct scatterlist *sg,	\
					unsigned int out, unsigned int in,		\
					void *token, void *ctx)				\
{											\
	return name##_add_any(q, &(struct ring_buffer) {				\
		.sg = sg, .out = out, .in = in, .token = token, .ctx = ctx,		\
		.gfp = GFP_ATOMIC,							\
	});										\
}											\
											\
int name##_add_sgs(struct ring_queue *q, struct scatterlist **sgs, unsigned int out,	\
		   unsigned int in, void *token, gfp_t gfp)				\
{											\
	int err = RING_HARD;								\
											\
	if (likely(q->plain))								\
		err = ring_add_buffer(q, &name##_format, true, false,			\
				      (struct ring_buffer) {				\
			.lists = true, .sgs = sgs, .out = out, .in = in,		\
			.token = token,							\
		});									\
	return likely(err != RING_HARD) ? err :						\
		name##_add_other_sgs(q, sgs, out, in, token, gfp);			\
}											\
											\
int name##_add_sg(struct ring_queue *q, struct scatterlist *sg, unsigned int out,	\
		  unsigned int in, void *token, void *ctx)				\
{											\
	int err = RING_HARD;								\
											\
	if (likely(q->plain))								\
		err = ring_add_buffer(q, &name##_format, true, false,			\
				      (struct ring_buffer) {				\
			.sg = sg, .out = out, .in = in, .token = token, .ctx = ctx,	\
		});									\
	return likely(err != RING_HARD) ? err :						\
		name##_add_other_sg(q, sg, out, in, token, ctx);			\
}											\
											\
static noinline int name##_add_other_one(struct ring_queue *q, struct scatterlist *sg,	\
					 bool in, void *token, void *ctx)		\
{											\
	return ring_add_direct(q, &name##_format, q->phys, q->in_order,			\
			       (struct ring_buffer) {					\
		.one = true, .sg = sg, .out = !in, .in = in, .token = token, .ctx = ctx, \
	});										\
}											\
											\
int name##_add_one(struct ring_queue *q, struct scatterlist *sg, bool in, void *token,	\
		   void *ctx)								\
{											\
	if (unlikely(!q->plain))							\
		return name##_add_other_one(q, sg, in, token, ctx);			\
	return ring_add_direct(q, &name##_format, true, false, (struct ring_buffer) {	\
		.one = true, .sg = sg, .out = !in, .in = in, .token = token, .ctx = ctx, \
	});										\
}											\
											\
static noinline void *name##_get_other(struct ring_queue *q, unsigned int *len,	\
				       void **ctx)					\
{											\
	if (q->in_order)								\
		return ring_get_in_order(q, &name##_format, q->phys, len, ctx);		\
	return ring_get_next(q, &name##_format, false, len, ctx);			\
}											\
											\
bool name##_kick(struct ring_queue *q)							\
{											\
	return name##_publish(q) ? virtqueue_notify(&q->vq) : true;			\
}											\
											\
void *name##_get(struct ring_queue *q, unsigned int *len)				\
{											\
	if (unlikely(!q->plain))							\
		return name##_get_other(q, len, NULL);					\
	return ring_get_next(q, &name##_format, true, len, NULL);			\
}											\
											\
void *name##_get_ctx(struct ring_queue *q, unsigned int *len, void **ctx)		\
{											\
	if (unlikely(!q->plain))							\
		return name##_get_other(q, len, ctx);					\
	return ring_get_next(q, &name##_format, true, len, ctx);			\
}

#endif /* _VIRTIO_RING_ENGINE_H */
