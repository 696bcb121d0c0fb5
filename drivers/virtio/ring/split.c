// SPDX-License-Identifier: GPL-2.0
/*
 * The split ring (virtio 1.3, 2.7): descriptors, an available and a used ring.
 *
 * Adds buffers, publishes them, takes used ones back, turns callbacks on and
 * off.  The caller has seen to it that the queue isn't broken.  The only file
 * that knows the layout; descriptors are written here, and never read back but to be
 * shown to the device once more.
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
	/* Two stores are less work than to make one of them. */
	WRITE_ONCE(desc->flags, ring16(q, flags));
	WRITE_ONCE(desc->next, ring16(q, next));
}

static __always_inline void split_begin(struct ring_queue *q, struct ring_cursor *c)
{
	c->desc = q->mem.split.desc;
}

/* Every descriptor is laid as if another followed; the last is mended. */
static __always_inline void split_ring_put(struct ring_queue *q, struct ring_cursor *c,
					   const bool phys, u64 addr, u32 len)
{
	struct vring_desc *desc = (struct vring_desc *)c->desc + c->at;
	unsigned long next = c->free[c->at].next;

	write_desc(q, desc, addr, len, c->dir, next);
	c->flags = &desc->flags;
	c->last = c->at;
	c->at = next;
}

static __always_inline void split_table_put(struct ring_queue *q, struct ring_cursor *c,
					    u64 addr, u32 len)
{
	struct vring_desc *desc = (struct vring_desc *)c->desc + c->at;

	write_desc(q, desc, addr, len, c->dir, ++c->at);
	c->flags = &desc->flags;
}

static __always_inline void split_table_end(struct ring_queue *q, struct ring_cursor *c)
{
	*(__virtio16 *)c->flags = ring16(q, c->dir & ~VRING_DESC_F_NEXT);
}

static __always_inline void split_ring_end(struct ring_queue *q, struct ring_cursor *c,
					   const bool chain)
{
	if (chain)
		split_table_end(q, c);
}

static __always_inline void split_put_table(struct ring_queue *q, struct ring_cursor *c,
					    u64 addr, u32 len)
{
	write_desc(q, (struct vring_desc *)c->desc + c->at, addr, len,
		   VRING_DESC_F_INDIRECT, 0);
}

/* Nothing leads to a descriptor whose head was not made available. */
static void split_undo(struct ring_queue *q, unsigned int count)
{
}

/* The device does not look here before split_publish(). */
static __always_inline void split_commit(struct ring_queue *q, const struct ring_cursor *c,
					 u16 id, unsigned int count)
{
	q->mem.split.avail->ring[q->avail_next++ & q->mask] = ring16(q, id);
}

static __always_inline u16 split_next_turn(const struct ring_queue *q)
{
	return q->avail_next;
}

u16 split_turn(const struct ring_queue *q)
{
	return split_next_turn(q);
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
	WRITE_ONCE(q->avail_published, new);
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

bool split_is_used(const struct ring_queue *q, u16 at)
{
	return split_used_index(q) != at;
}

/* For people: as far as it can be true. */
unsigned int split_count_used(const struct ring_queue *q)
{
	u16 at = READ_ONCE(q->used_next);
	u16 used = split_used_index(q) - at;
	u16 most = READ_ONCE(q->avail_published) + READ_ONCE(q->skipped) - at;

	return min(used, most);
}

bool split_all_published(const struct ring_queue *q)
{
	return READ_ONCE(q->avail_published) == READ_ONCE(q->avail_next);
}

/*
 * Has the device something to read in the buffer @id?  A look without a lock, for people:
 * the buffer may be another by now, and the device can write to what is looked at.
 */
bool split_has_request(const struct ring_queue *q, u16 id)
{
	const struct vring_desc *desc = &q->mem.split.desc[id];
	const struct ring_table *table = READ_ONCE(q->slots[id].table);

	if (q->indirect && table) {
		if (!ring_is_pooled(q, table))
			return true;
		desc = table->desc;
	}
	return !(cpu16(q, READ_ONCE(desc->flags)) & VRING_DESC_F_WRITE);
}

/* How many entries the device may write from @at on.  A plain queue has skipped none. */
static __always_inline u16 split_in_flight(const struct ring_queue *q, const bool plain,
					   unsigned int at)
{
	return q->avail_published - at + (plain ? 0 : q->skipped);
}

static __always_inline void set_used_event(struct ring_queue *q, u16 event)
{
	q->used_event = event;
	WRITE_ONCE(vring_used_event(&q->mem.split), ring16(q, event));
	/* The event before the used index; the device writes the index, then reads it. */
	virtio_mb(q->weak);
}

/*
 * All that was seen has been taken: look how far the device has come.  If it was
 * asked to call back further ahead, it is asked for the next one first.
 */
static __always_inline enum ring_used split_look(struct ring_queue *q, const bool plain,
						 unsigned int at)
{
	u16 seen;

	if (q->event && ring_wants_callbacks(q) && q->used_event != at)
		set_used_event(q, at);
	seen = split_used_index(q);
	if (seen == at)
		return RING_NOTHING;
	if (unlikely((u16)(seen - at) > split_in_flight(q, plain, at))) {
		q->lie = seen;
		return RING_LIE;
	}
	q->used_seen = seen;
	/* The index before the entries; the device writes them the other way round. */
	virtio_rmb(q->weak);
	return RING_USED;
}

static __always_inline unsigned int split_next_used(const struct ring_queue *q)
{
	return q->used_next;
}

static __always_inline enum ring_used split_has_used(struct ring_queue *q, const bool plain,
						     unsigned int at)
{
	return likely(at != q->used_seen) ? RING_USED : split_look(q, plain, at);
}

static __always_inline u32 split_read_used(const struct ring_queue *q, unsigned int at,
					   u32 *wrote)
{
	struct vring_used_elem *elem = &q->mem.split.used->ring[at & q->mask];

	*wrote = __virtio32_to_cpu(ring_le(q), READ_ONCE(elem->len));
	return __virtio32_to_cpu(ring_le(q), READ_ONCE(elem->id));
}

/*
 * An entry for each buffer, however many descriptors it took.  With the last that
 * was seen the device is asked to call back for what comes after, since the driver
 * may look no further.  Before, there is something to take anyway.
 */
static __always_inline void split_step_used(struct ring_queue *q, unsigned int at,
					    unsigned int count)
{
	u16 next = at + 1;

	WRITE_ONCE(q->used_next, next);
	if (next == q->used_seen && q->event && ring_wants_callbacks(q))
		set_used_event(q, next);
}

/* A batch has one entry, its first, and moves the used index by all of it. */
static __always_inline bool split_in_batch(struct ring_queue *q, unsigned int at)
{
	return likely(at != q->used_seen) || ring_bad_batch(q, at);
}

/*
 * The index is further ahead than there are buffers in flight.  Entries for all of these
 * are there, and entries that are one too many follow.  Only an index that is more than a
 * ring ahead can't be true: the first of its entries would have been written over.
 */
static bool split_note_surplus(struct ring_queue *q)
{
	u16 at = q->used_next, ahead = q->lie - at, in_flight = split_in_flight(q, false, at);

	if (ahead > q->num)
		return false;
	q->surplus = ahead - in_flight;
	q->used_seen = at + in_flight;
	/* As at the end of split_look(). */
	virtio_rmb(q->weak);
	return true;
}

/*
 * Go past the surplus as soon as everything before it is taken: left where it is, it would
 * complete the next buffer.  The device is asked to call back for what comes behind, and may
 * have come further before it has seen that.  Returns whether it is still to be believed.
 */
static bool split_drop_surplus(struct ring_queue *q)
{
	while (q->surplus && q->used_next == q->used_seen) {
		u16 count = q->surplus, next = q->used_next + count;

		if (!ring_drop(q, count))
			return false;
		q->surplus = 0;
		q->used_first += count;
		q->used_seen = next;
		WRITE_ONCE(q->skipped, q->skipped + count);
		WRITE_ONCE(q->used_next, next);
		if (split_look(q, false, next) == RING_LIE && !split_note_surplus(q))
			return false;
	}
	return true;
}

/* A buffer was taken from a queue that is odd. */
static void split_took(struct ring_queue *q)
{
	q->in_a_row = 0;
	if (!split_drop_surplus(q))
		ring_bad_index(q);
}

static void *split_get_odd(struct ring_queue *q, unsigned int *len, void **ctx);

/* split_look() has found more than there can be. */
static __cold noinline void *split_get_surplus(struct ring_queue *q, unsigned int *len,
					       void **ctx)
{
	/* It may do so again: the plain way does not look for that. */
	q->odd = true;
	q->plain = false;
	if (!split_note_surplus(q) || !split_drop_surplus(q))
		return ring_bad_index(q);
	return q->used_next == q->used_seen ? NULL : split_get_odd(q, len, ctx);
}

static int split_give_up(struct ring_queue *q, unsigned int laid, bool out, int err);

static const struct ring_format split_format = {
	.table_next = VRING_DESC_F_NEXT,
	.begin = split_begin,
	.ring_put = split_ring_put,
	.table_put = split_table_put,
	.ring_end = split_ring_end,
	.table_end = split_table_end,
	.put_table = split_put_table,
	.give_up = split_give_up,
	.next_turn = split_next_turn,
	.commit = split_commit,
	.next_used = split_next_used,
	.has_used = split_has_used,
	.read_used = split_read_used,
	.step_used = split_step_used,
	.in_batch = split_in_batch,
	.get_surplus = split_get_surplus,
	.took = split_took,
};

RING_DEFINE_ENTRIES(split)

/* Without event index: a callback for each used buffer, or for none. */
void split_want_all(struct ring_queue *q, bool on)
{
	WRITE_ONCE(q->mem.split.avail->flags, on ? 0 : ring16(q, VRING_AVAIL_F_NO_INTERRUPT));
}

/* With event index there is no need: the device is past the old event. */
void split_disable_cb(struct ring_queue *q)
{
	ring_callbacks_off(q);
	if (!q->event)
		split_want_all(q, false);
}

/*
 * The flag is written each time: an interrupt that turns callbacks off at the same time
 * may have changed one of the two words only.
 */
static void ask_for_callback(struct ring_queue *q, u16 event)
{
	ring_callbacks_on(q);
	if (q->event) {
		set_used_event(q, event);
		return;
	}
	/* Pairs with the barrier in ask_driver(): the flag that is written last is ours. */
	smp_mb();
	split_want_all(q, true);
	/* The flag before the used index, as in set_used_event(). */
	virtio_mb(q->weak);
}

unsigned int split_enable_cb(struct ring_queue *q)
{
	ask_for_callback(q, q->used_next);
	return q->used_next;
}

/* Once three quarters of what is in flight are used, and the next one with them. */
bool split_enable_cb_delayed(struct ring_queue *q)
{
	u16 ahead = (u16)(q->avail_next + q->skipped - q->used_next) * 3 / 4;

	ask_for_callback(q, q->used_next + ahead);
	return (u16)(split_used_index(q) - q->used_next) <= ahead;
}

/* An empty ring, on memory that is zero. */
void split_init(struct ring_queue *q)
{
	q->mask = q->num - 1;
	q->avail_next = 0;
	q->used_next = 0;
	q->used_seen = 0;
}

/*
 * Descriptors are copied from where the device could write, as there is no other copy of them.
 * Which follow one another is known here, and nothing else in them is read by us.  What the
 * device has made of them it deceives nobody with but itself: it could have read and written
 * at any address there without a descriptor that says so.
 */
void split_offer_again(struct ring_queue *q, const struct ring_memory *old, u16 id)
{
	unsigned int left = q->slots[id].count;
	u16 at = id;

	for (; left--; at = q->links[at].next)
		q->mem.split.desc[at] = old->split.desc[at];
	split_commit(q, NULL, id, q->slots[id].count);
}
