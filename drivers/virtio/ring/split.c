// SPDX-License-Identifier: GPL-2.0
/*
 * The split ring (virtio 1.3, 2.7): descriptors, an available and a used ring.
 *
 * Adds buffers, publishes them, takes used ones back, turns callbacks on and
 * off.  The caller has seen to it that the queue isn't broken.  The only file
 * that knows the layout; descriptors are written here and never read back.
 */
#include "engine.h"

static __always_inline __virtio16 ring16(const struct ring_queue *q, u16 val)
{
	return __cpu_to_virtio16(ring_le(q), val);
}

static __always_inline u16 cpu16(const struct ring_queue *q, __virtio16 val)
{
	return __virtio16_to_cpu(ring_le(q), val);
}

static __always_inline void write_desc(struct ring_queue *q, struct vring_desc *desc,
				       u64 addr, u32 len, u16 flags, u16 next)
{
	desc->addr = __cpu_to_virtio64(ring_le(q), addr);
	desc->len = __cpu_to_virtio32(ring_le(q), len);
	desc->flags = ring16(q, flags);
	desc->next = ring16(q, next);
}

/* Every descriptor is laid as if another followed; the last is mended. */
static __always_inline void split_ring_put(struct ring_queue *q, struct ring_cursor *c,
					   u64 addr, u32 len, u16 flags)
{
	u16 next = q->next[c->at];

	write_desc(q, &q->mem.split.desc[c->at], addr, len, flags | VRING_DESC_F_NEXT, next);
	c->last = c->at;
	c->at = next;
}

static __always_inline void split_table_put(struct ring_queue *q, struct ring_cursor *c,
					    u64 addr, u32 len, u16 flags)
{
	struct vring_desc *desc = c->table->desc;

	write_desc(q, &desc[c->at], addr, len, flags | VRING_DESC_F_NEXT, c->at + 1);
	c->last = c->at++;
}

static __always_inline void end_chain(struct ring_queue *q, struct vring_desc *last,
				      bool writable)
{
	last->flags = ring16(q, writable ? VRING_DESC_F_WRITE : 0);
}

static __always_inline void split_ring_end(struct ring_queue *q, struct ring_cursor *c,
					   bool writable)
{
	end_chain(q, &q->mem.split.desc[c->last], writable);
}

/* The one descriptor of the ring that names a table. */
static __always_inline void split_ring_table(struct ring_queue *q, struct ring_cursor *c,
					     bool writable)
{
	end_chain(q, (struct vring_desc *)c->table->desc + c->last, writable);
	write_desc(q, &q->mem.split.desc[c->head], c->table->addr,
		   c->count * sizeof(struct vring_desc), VRING_DESC_F_INDIRECT, 0);
}

/* Nothing leads to a descriptor whose head was not made available. */
static __always_inline void split_ring_undo(struct ring_queue *q, const struct ring_cursor *c)
{
}

/* The device does not look here before split_publish(). */
static __always_inline void split_commit(struct ring_queue *q, const struct ring_cursor *c)
{
	u16 at = q->avail_next++ & (q->num - 1);

	q->mem.split.avail->ring[at] = ring16(q, c->head);
	if (q->in_order)
		q->order[at] = c->head;
}

static const struct ring_format split_format = {
	.ring_put = split_ring_put,
	.table_put = split_table_put,
	.ring_end = split_ring_end,
	.ring_table = split_ring_table,
	.ring_undo = split_ring_undo,
	.commit = split_commit,
};

int split_add(struct ring_queue *q, const struct ring_buffer *buf)
{
	return likely(q->phys) ? ring_add_buffer(q, &split_format, true, buf) :
				 ring_add_buffer(q, &split_format, false, buf);
}

/*
 * Show the device what was added since last time.  Returns whether it wants to
 * be notified (virtio 1.3, 2.7.13.4).
 */
bool split_publish(struct ring_queue *q)
{
	struct vring *vring = &q->mem.split;
	u16 old = q->avail_published, new = q->avail_next;

	if (old == new)
		return false;
	/* Descriptors before the index; the device reads them the other way round. */
	virtio_wmb(q->weak);
	WRITE_ONCE(vring->avail->idx, ring16(q, new));
	q->avail_published = new;
	/*
	 * The index before what the device wants; it writes that, has a full
	 * barrier, and looks at the index once more.
	 */
	virtio_mb(q->weak);
	if (q->event)
		return vring_need_event(cpu16(q, READ_ONCE(vring_avail_event(vring))),
					new, old);
	return !(cpu16(q, READ_ONCE(vring->used->flags)) & VRING_USED_F_NO_NOTIFY);
}

static u16 split_used_index(const struct ring_queue *q)
{
	return cpu16(q, READ_ONCE(q->mem.split.used->idx));
}

bool split_is_used(const struct ring_queue *q, u16 at)
{
	return split_used_index(q) != at;
}

static __always_inline void set_used_event(struct ring_queue *q, u16 event)
{
	q->used_event = event;
	WRITE_ONCE(vring_used_event(&q->mem.split), ring16(q, event));
	/* The event before the used index; the device writes the index, then reads it. */
	virtio_mb(q->weak);
}

/*
 * All that was seen has been taken: look how far the device has come.  Asking it
 * first to call back for what comes after is needed once a batch, since within
 * one there is something to take anyway.
 */
static __always_inline bool split_look(struct ring_queue *q)
{
	u16 seen;

	if (q->event && q->callbacks && q->used_event != q->used_next)
		set_used_event(q, q->used_next);
	seen = split_used_index(q);
	if (seen == q->used_next)
		return false;
	if (unlikely((u16)(seen - q->used_next) > (u16)(q->avail_published - q->used_next))) {
		ring_break(q, "used index %u, expected %u to %u", seen, q->used_next,
			   q->avail_published);
		return false;
	}
	q->used_seen = seen;
	/* The index before the entries; the device writes them the other way round. */
	virtio_rmb(q->weak);
	return true;
}

/* The next used entry, if there is one. */
static __always_inline bool read_used(struct ring_queue *q, u32 *id, u32 *wrote)
{
	struct vring_used_elem *elem;

	if (q->used_next == q->used_seen && !split_look(q))
		return false;
	elem = &q->mem.split.used->ring[q->used_next & (q->num - 1)];
	*id = __virtio32_to_cpu(ring_le(q), READ_ONCE(elem->id));
	*wrote = __virtio32_to_cpu(ring_le(q), READ_ONCE(elem->len));
	return true;
}

/* A batch has one entry, its first, and moves the used index by all of it. */
static noinline void *split_get_in_order(struct ring_queue *q, unsigned int *len, void **ctx)
{
	u32 id, wrote;
	void *token;

	if (!q->in_batch) {
		if (!read_used(q, &id, &wrote))
			return NULL;
		ring_start_batch(q, id, wrote);
	} else if (unlikely(q->used_next == q->used_seen)) {
		ring_break(q, "used index %u ends before used id %u, of the same batch",
			   q->used_seen, q->batch_id);
	}
	if (unlikely(q->broken))
		return NULL;
	token = ring_take_of_batch(q, q->order[q->used_next & (q->num - 1)], len, ctx);
	if (likely(token))
		q->used_next++;
	return token;
}

static __always_inline void *__split_get(struct ring_queue *q, const bool phys,
					 unsigned int *len, void **ctx)
{
	u32 id, wrote;
	void *token;

	if (unlikely(q->in_order))
		return split_get_in_order(q, len, ctx);
	if (!read_used(q, &id, &wrote))
		return NULL;
	token = ring_take(q, phys, id, wrote, len, ctx);
	if (likely(token))
		q->used_next++;
	return token;
}

void *split_get(struct ring_queue *q, unsigned int *len, void **ctx)
{
	return likely(q->phys) ? __split_get(q, true, len, ctx) :
				 __split_get(q, false, len, ctx);
}

/* With event index there is no need: the old event is behind the device. */
void split_disable_cb(struct ring_queue *q)
{
	q->callbacks = false;
	if (!q->event)
		WRITE_ONCE(q->mem.split.avail->flags, ring16(q, VRING_AVAIL_F_NO_INTERRUPT));
}

static void ask_for_callback(struct ring_queue *q, u16 event)
{
	if (q->event) {
		set_used_event(q, event);
	} else if (!q->callbacks) {
		WRITE_ONCE(q->mem.split.avail->flags, 0);
		/* The flag before the used index, as in set_used_event(). */
		virtio_mb(q->weak);
	}
	q->callbacks = true;
}

unsigned int split_enable_cb(struct ring_queue *q)
{
	ask_for_callback(q, q->used_next);
	return q->used_next;
}

/* Once three quarters of what is in flight are used. */
bool split_enable_cb_delayed(struct ring_queue *q)
{
	u16 in_flight = q->avail_next - q->used_next;
	u16 ahead = in_flight - in_flight / 4;

	ask_for_callback(q, q->used_next + ahead);
	return (u16)(split_used_index(q) - q->used_next) <= ahead;
}

/* An empty ring, on memory that is zero. */
void split_init(struct ring_queue *q)
{
	q->avail_next = 0;
	q->used_next = 0;
	q->used_seen = 0;
}
