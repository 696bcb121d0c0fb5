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

static const struct ring_format split_format = {
	.ring_put = split_ring_put,
	.table_put = split_table_put,
};

static __always_inline void end_chain(struct ring_queue *q, struct vring_desc *last,
				      bool writable)
{
	last->flags = ring16(q, writable ? VRING_DESC_F_WRITE : 0);
}

/* Also of a buffer that was not added: the free list was not touched yet. */
static void unmap_chain(struct ring_queue *q, u16 head, unsigned int count)
{
	for (; count--; head = q->next[head])
		ring_unmap(q, &q->maps[head]);
}

static __always_inline int split_put_direct(struct ring_queue *q, const bool phys,
					    struct ring_cursor *c,
					    const struct ring_buffer *buf)
{
	u16 head = q->free_head;
	int err;

	*c = (struct ring_cursor) { .at = head, .room = q->vq.num_free };
	err = ring_put_buffer(q, &split_format, phys, c, buf);
	if (unlikely(err)) {
		if (!phys)
			unmap_chain(q, head, c->count);
		return err;
	}
	end_chain(q, &q->mem.split.desc[c->last], buf->in);
	return 0;
}

/* The one descriptor of the ring that names a table. */
static __always_inline void split_put_table(struct ring_queue *q, struct ring_cursor *c,
					    const struct ring_buffer *buf)
{
	u16 head = q->free_head;

	end_chain(q, (struct vring_desc *)c->table->desc + c->last, buf->in);
	write_desc(q, &q->mem.split.desc[head], c->table->addr,
		   c->count * sizeof(struct vring_desc), VRING_DESC_F_INDIRECT, 0);
	c->at = q->next[head];
	c->last = head;
	c->count = 1;
}

static __always_inline int __split_add(struct ring_queue *q, const bool phys,
				       const struct ring_buffer *buf)
{
	u16 head = q->free_head;
	struct ring_slot *slot = &q->slots[head];
	struct ring_cursor c;
	int err = -ENOSPC;

	if (unlikely(!q->vq.num_free))
		return -ENOSPC;
	if (q->indirect && ring_is_long(buf)) {
		err = ring_put_indirect(q, &split_format, phys, &c, buf);
		if (likely(!err))
			split_put_table(q, &c, buf);
	}
	if (err == -ENOSPC)
		err = split_put_direct(q, phys, &c, buf);
	if (unlikely(err))
		return err;
	if (unlikely(!c.count))
		return -EINVAL;

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
	/* The device does not look here before split_publish(). */
	q->mem.split.avail->ring[q->avail_next++ & (q->num - 1)] = ring16(q, head);
	return 0;
}

int split_add(struct ring_queue *q, const struct ring_buffer *buf)
{
	return likely(q->phys) ? __split_add(q, true, buf) : __split_add(q, false, buf);
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

u16 split_used_index(const struct ring_queue *q)
{
	return cpu16(q, READ_ONCE(q->mem.split.used->idx));
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

/* The device is done with a buffer: all that it takes stands in private memory. */
static __always_inline void __split_unmap(struct ring_queue *q, const bool phys, u16 id)
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
		unmap_chain(q, id, slot->count);
	}
}

static __always_inline void free_chain(struct ring_queue *q, u16 id)
{
	struct ring_slot *slot = &q->slots[id];

	slot->token = NULL;
	q->next[slot->last] = q->free_head;
	q->free_head = id;
	q->vq.num_free += slot->count;
}

void split_unmap(struct ring_queue *q, u16 id)
{
	__split_unmap(q, q->phys, id);
}

void split_free(struct ring_queue *q, u16 id)
{
	free_chain(q, id);
}

static __always_inline void *__split_get(struct ring_queue *q, const bool phys,
					 unsigned int *len, void **ctx)
{
	struct vring_used_elem *elem;
	struct ring_slot *slot;
	u32 id, wrote;
	void *token;

	if (q->used_next == q->used_seen && !split_look(q))
		return NULL;

	elem = &q->mem.split.used->ring[q->used_next & (q->num - 1)];
	id = __virtio32_to_cpu(ring_le(q), READ_ONCE(elem->id));
	wrote = __virtio32_to_cpu(ring_le(q), READ_ONCE(elem->len));
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
	__split_unmap(q, phys, id);
	free_chain(q, id);
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

/*
 * Ask for a callback once @ahead more buffers than the next one are used.
 * Returns the index of the next one.
 */
unsigned int split_enable_cb(struct ring_queue *q, u16 ahead)
{
	if (q->event) {
		set_used_event(q, q->used_next + ahead);
	} else if (!q->callbacks) {
		WRITE_ONCE(q->mem.split.avail->flags, 0);
		/* The flag before the used index, as in set_used_event(). */
		virtio_mb(q->weak);
	}
	q->callbacks = true;
	return q->used_next;
}

/* An empty ring, on memory and state that may have seen use. */
void split_init(struct ring_queue *q)
{
	unsigned int i;

	memset(q->mem.start, 0, vring_size(q->num, q->align));
	memset(q->slots, 0, q->num * sizeof(*q->slots));
	for (i = 0; i < q->num; i++)
		q->next[i] = i + 1;
	q->next[q->num - 1] = 0;
	q->free_head = 0;
	q->vq.num_free = q->num;
	q->avail_next = 0;
	q->avail_published = 0;
	q->used_next = 0;
	q->used_seen = 0;
	q->used_event = 0;
	if (!q->callbacks)
		split_disable_cb(q);
}
