// SPDX-License-Identifier: GPL-2.0
/*
 * The packed ring (virtio 1.3, 2.8): one ring of descriptors that both sides
 * write, and a word on each side that says when to call.
 *
 * Offers what split.c does, and like it is the only file that knows its layout.
 * A place in the ring is a position with the wrap counter in bit 15, which is how
 * the format itself writes it.  The id of a buffer is not its position: a device
 * may finish buffers in any order, and the positions of those that are still in
 * flight are written again by then, so private state goes by id.
 */
#include "engine.h"

#define WRAP		BIT(VRING_PACKED_EVENT_F_WRAP_CTR)
#define AVAIL		BIT(VRING_PACKED_DESC_F_AVAIL)
#define USED		BIT(VRING_PACKED_DESC_F_USED)
/* The rest of that word is reserved (2.8.14). */
#define EVENT_FLAGS	3

static __always_inline u16 position(u16 at)
{
	return at & ~WRAP;
}

/* @at, @count descriptors on: past the end the wrap counter turns. */
static __always_inline u16 step(const struct ring_queue *q, u16 at, unsigned int count)
{
	unsigned int pos = position(at) + count;

	return pos < q->num ? (at & WRAP) | pos : (~at & WRAP) | (pos - q->num);
}

/* Available in this lap: the two bits differ (2.8.1). */
static __always_inline u16 avail_flags(u16 at)
{
	return at & WRAP ? AVAIL : USED;
}

static __always_inline struct vring_packed_desc *packed_desc(const struct ring_queue *q, u16 at)
{
	return &q->mem.packed.desc[position(at)];
}

/* All but the flags, which say that the rest is there. */
static __always_inline void write_body(struct vring_packed_desc *desc, u64 addr, u32 len,
				       u16 id)
{
	desc->addr = cpu_to_le64(addr);
	desc->len = cpu_to_le32(len);
	desc->id = cpu_to_le16(id);
}

/*
 * The first descriptor keeps its old flags till the buffer is complete, and so
 * nobody looks at the ones behind it.
 */
static __always_inline void packed_ring_put(struct ring_queue *q, struct ring_cursor *c,
					    u64 addr, u32 len, u16 flags)
{
	struct vring_packed_desc *desc = packed_desc(q, c->pos);

	write_body(desc, addr, len, c->head);
	flags |= avail_flags(c->pos) | VRING_DESC_F_NEXT;
	if (c->count)
		desc->flags = cpu_to_le16(flags);
	else
		c->head_flags = flags;
	c->last = c->at;
	c->at = q->next[c->at];
	c->pos = step(q, c->pos, 1);
}

/* In a table only WRITE has a meaning, and it ends where its length says (2.8.7). */
static __always_inline void packed_table_put(struct ring_queue *q, struct ring_cursor *c,
					     u64 addr, u32 len, u16 flags)
{
	struct vring_packed_desc *desc = (struct vring_packed_desc *)c->table->desc + c->at;

	write_body(desc, addr, len, 0);
	desc->flags = cpu_to_le16(flags);
	c->at++;
}

/* Every descriptor was laid as if another followed. */
static __always_inline void packed_ring_end(struct ring_queue *q, struct ring_cursor *c,
					    bool writable)
{
	u16 last;

	if (c->count == 1) {
		c->head_flags &= ~VRING_DESC_F_NEXT;
		return;
	}
	last = step(q, q->avail_next, c->count - 1);
	packed_desc(q, last)->flags =
		cpu_to_le16(avail_flags(last) | (writable ? VRING_DESC_F_WRITE : 0));
}

static __always_inline void packed_ring_table(struct ring_queue *q, struct ring_cursor *c,
					      bool writable)
{
	write_body(packed_desc(q, c->pos), c->table->addr,
		   c->count * sizeof(struct vring_packed_desc), c->head);
	c->head_flags = avail_flags(c->pos) | VRING_DESC_F_INDIRECT;
	c->pos = step(q, c->pos, 1);
}

/* The descriptors behind a head that never came must not be found by the next. */
static __always_inline void packed_ring_undo(struct ring_queue *q, const struct ring_cursor *c)
{
	unsigned int i;

	for (i = 1; i < c->count; i++) {
		u16 at = step(q, q->avail_next, i);

		/* As the lap before left it: used. */
		packed_desc(q, at)->flags = cpu_to_le16(at & WRAP ? 0 : AVAIL | USED);
	}
}

/* The first head of a batch is kept back; the device does not come past it. */
static __always_inline void packed_commit(struct ring_queue *q, const struct ring_cursor *c)
{
	if (!q->unpublished)
		q->first_flags = c->head_flags;
	else
		packed_desc(q, q->avail_next)->flags = cpu_to_le16(c->head_flags);
	if (q->in_order)
		q->order[position(q->avail_next)] = c->head;
	q->unpublished += c->count;
	q->avail_next = c->pos;
}

static const struct ring_format packed_format = {
	.ring_put = packed_ring_put,
	.table_put = packed_table_put,
	.ring_end = packed_ring_end,
	.ring_table = packed_ring_table,
	.ring_undo = packed_ring_undo,
	.commit = packed_commit,
};

int packed_add(struct ring_queue *q, const struct ring_buffer *buf)
{
	return likely(q->phys) ? ring_add_buffer(q, &packed_format, true, buf) :
				 ring_add_buffer(q, &packed_format, false, buf);
}

/* Does the device want to hear of the @count descriptors before @new (2.8.10)? */
static bool wants_notification(struct ring_queue *q, u16 new, u16 count)
{
	struct vring_packed_desc_event *device = q->mem.packed.device;
	u16 flags, event;
	u32 lap;

	flags = le16_to_cpu(READ_ONCE(device->flags)) & EVENT_FLAGS;
	if (flags == VRING_PACKED_EVENT_FLAG_DISABLE)
		return false;
	/* What makes no sense is taken for yes: at worst one notification too many. */
	if (flags != VRING_PACKED_EVENT_FLAG_DESC || !q->event)
		return true;
	/* The flags before the event; the device writes them the other way round. */
	virtio_rmb(q->weak);
	event = le16_to_cpu(READ_ONCE(device->off_wrap));
	/* Of the lap before: that many positions back. */
	lap = (event ^ new) & WRAP ? q->num : 0;
	return vring_need_event(position(event) - lap, position(new), position(new) - count);
}

bool packed_publish(struct ring_queue *q)
{
	u16 count = q->unpublished, first = q->avail_published;

	if (!count)
		return false;
	/* All descriptors before the first flags; the device reads them the other way round. */
	virtio_wmb(q->weak);
	WRITE_ONCE(packed_desc(q, first)->flags, cpu_to_le16(q->first_flags));
	q->avail_published = q->avail_next;
	q->unpublished = 0;
	/*
	 * The flags before what the device wants; it writes that, has a full
	 * barrier, and looks at the ring once more.
	 */
	virtio_mb(q->weak);
	return wants_notification(q, q->avail_next, count);
}

/* Used in the lap of @at: both bits are its wrap counter. */
static __always_inline bool says_used(const struct ring_queue *q, u16 at)
{
	u16 flags = le16_to_cpu(READ_ONCE(packed_desc(q, at)->flags));

	return (flags & (AVAIL | USED)) == (at & WRAP ? AVAIL | USED : 0);
}

/* Of a batch only the first buffer says so. */
bool packed_is_used(const struct ring_queue *q, u16 at)
{
	return (READ_ONCE(q->in_batch) && at == READ_ONCE(q->used_next)) || says_used(q, at);
}

static void set_driver_event(struct ring_queue *q, u16 event)
{
	struct vring_packed_desc_event *driver = q->mem.packed.driver;
	u16 flags = q->event ? VRING_PACKED_EVENT_FLAG_DESC : VRING_PACKED_EVENT_FLAG_ENABLE;

	q->used_event = event;
	if (q->event) {
		WRITE_ONCE(driver->off_wrap, cpu_to_le16(event));
		/* The event before the flags; the device reads them the other way round. */
		virtio_wmb(q->weak);
	}
	WRITE_ONCE(driver->flags, cpu_to_le16(flags));
	/* Both before the ring; the device writes the ring, then reads them. */
	virtio_mb(q->weak);
	q->callbacks = true;
}

/* Nothing is left: before that is said, a callback is asked for what comes next. */
static __always_inline bool packed_look(struct ring_queue *q)
{
	if (!q->event || !q->callbacks || q->used_event == q->used_next)
		return false;
	set_driver_event(q, q->used_next);
	return says_used(q, q->used_next);
}

/* What the device wrote where the next used buffer begins, if it did. */
static __always_inline bool read_used(struct ring_queue *q, u32 *id, u32 *wrote)
{
	struct vring_packed_desc *desc = packed_desc(q, q->used_next);

	if (!says_used(q, q->used_next) && !packed_look(q))
		return false;
	/* The flags before the rest; the device writes them the other way round. */
	virtio_rmb(q->weak);
	*id = le16_to_cpu(READ_ONCE(desc->id));
	*wrote = le32_to_cpu(READ_ONCE(desc->len));
	return true;
}

/* On by the descriptors that came free since there were @free. */
static __always_inline void step_used(struct ring_queue *q, unsigned int free)
{
	WRITE_ONCE(q->used_next, step(q, q->used_next, q->vq.num_free - free));
}

/* A batch has one used descriptor, its first, and skips all of it. */
static noinline void *packed_get_in_order(struct ring_queue *q, unsigned int *len, void **ctx)
{
	unsigned int free = q->vq.num_free;
	u32 id, wrote;
	void *token;

	if (!q->in_batch) {
		if (!read_used(q, &id, &wrote))
			return NULL;
		ring_start_batch(q, id, wrote);
	}
	if (unlikely(q->broken))
		return NULL;
	token = ring_take_of_batch(q, q->order[position(q->used_next)], len, ctx);
	if (likely(token))
		step_used(q, free);
	return token;
}

static __always_inline void *__packed_get(struct ring_queue *q, const bool phys,
					  unsigned int *len, void **ctx)
{
	unsigned int free = q->vq.num_free;
	u32 id, wrote;
	void *token;

	if (unlikely(q->in_order))
		return packed_get_in_order(q, len, ctx);
	if (!read_used(q, &id, &wrote))
		return NULL;
	token = ring_take(q, phys, id, wrote, len, ctx);
	if (likely(token))
		step_used(q, free);
	return token;
}

void *packed_get(struct ring_queue *q, unsigned int *len, void **ctx)
{
	return likely(q->phys) ? __packed_get(q, true, len, ctx) :
				 __packed_get(q, false, len, ctx);
}

void packed_disable_cb(struct ring_queue *q)
{
	q->callbacks = false;
	WRITE_ONCE(q->mem.packed.driver->flags, cpu_to_le16(VRING_PACKED_EVENT_FLAG_DISABLE));
}

unsigned int packed_enable_cb(struct ring_queue *q)
{
	set_driver_event(q, q->used_next);
	return q->used_next;
}

/*
 * Once three quarters of the descriptors in flight are used.  The device marks
 * only where buffers begin, so all that can be told is whether one is used now.
 */
bool packed_enable_cb_delayed(struct ring_queue *q)
{
	unsigned int in_flight = q->num - q->vq.num_free;

	set_driver_event(q, step(q, q->used_next, in_flight - in_flight / 4));
	return !packed_is_used(q, q->used_next);
}

/* An empty ring, on memory that is zero: both wrap counters begin with 1 (2.8.1). */
void packed_init(struct ring_queue *q)
{
	q->avail_next = WRAP;
	q->avail_published = WRAP;
	q->used_next = WRAP;
	q->unpublished = 0;
	if (q->callbacks)
		set_driver_event(q, q->used_next);
}
