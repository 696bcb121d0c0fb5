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
	if (unlikely(position(at) + count >= q->num))
		return (at + count - q->num) ^ WRAP;
	return at + count;
}

static __always_inline struct vring_packed_desc *packed_desc(const struct ring_queue *q, u16 at)
{
	return &q->mem.packed.desc[position(at)];
}

/* Where the next buffer goes. */
static __always_inline u16 avail_at(const struct ring_queue *q)
{
	return q->avail_next | (q->avail_flags == AVAIL ? WRAP : 0);
}

/*
 * The first head of a batch is kept back, and the device does not come past it:
 * what lies behind it can be written as it will be, in any order.
 */
static __always_inline void packed_begin(struct ring_queue *q, struct ring_cursor *c)
{
	struct vring_packed_desc *desc = &q->mem.packed.desc[q->avail_next];

	c->desc = desc;
	c->next_flags = q->unpublished ? &desc->flags : &q->first_flags;
	c->pos = q->avail_next;
	c->avail = q->avail_flags;
	c->id = q->free_head;
}

static __always_inline void write_desc(struct ring_queue *q, struct ring_cursor *c,
				       u64 addr, u32 len, u16 flags)
{
	struct vring_packed_desc *desc = c->desc;

	desc->addr = cpu_to_le64(addr);
	desc->len = cpu_to_le32(len);
	desc->id = cpu_to_le16(c->id);
	c->last_flags = flags | c->avail;
	/* An interrupt may look here for what was used: a store that is not torn. */
	WRITE_ONCE(*(__le16 *)c->next_flags, cpu_to_le16(c->last_flags));
	c->flags = c->next_flags;
	desc++;
	if (unlikely(++c->pos == q->num)) {
		c->pos = 0;
		c->avail ^= AVAIL | USED;
		desc = q->mem.packed.desc;
	}
	c->desc = desc;
	c->next_flags = &desc->flags;
}

/*
 * Each takes an id, under which it is kept what the descriptor says: the device writes
 * over it.  The mapping has done that already, if it was made here.
 */
static __always_inline void packed_ring_put(struct ring_queue *q, struct ring_cursor *c,
					    const bool phys, u64 addr, u32 len)
{
	write_desc(q, c, addr, len, c->dir);
	if (phys || q->how & RING_PREMAPPED) {
		c->maps[c->at].addr = addr;
		c->maps[c->at].len = len;
		c->maps[c->at].flags = c->dir;
	}
	c->last = c->at;
	c->at = c->free[c->at].next;
}

/* In a table only WRITE has a meaning, and it ends where its length says (2.8.7). */
static __always_inline void packed_table_put(struct ring_queue *q, struct ring_cursor *c,
					     u64 addr, u32 len)
{
	struct vring_packed_desc *desc = c->desc;

	desc->addr = cpu_to_le64(addr);
	desc->len = cpu_to_le32(len);
	desc->flags = cpu_to_le16(c->dir);
	c->desc = desc + 1;
	c->at++;
}

static __always_inline void packed_ring_end(struct ring_queue *q, struct ring_cursor *c,
					    const bool chain)
{
	if (chain)
		WRITE_ONCE(*(__le16 *)c->flags, cpu_to_le16(c->last_flags & ~VRING_DESC_F_NEXT));
}

static __always_inline void packed_table_end(struct ring_queue *q, struct ring_cursor *c)
{
}

static __always_inline void packed_put_table(struct ring_queue *q, struct ring_cursor *c,
					     u64 addr, u32 len)
{
	write_desc(q, c, addr, len, VRING_DESC_F_INDIRECT);
}

/* The descriptors of a buffer that never came must not be found by the next. */
static void packed_undo(struct ring_queue *q, unsigned int count)
{
	u16 at = avail_at(q);

	for (; count--; at = step(q, at, 1))
		/* As the lap before left it: used. */
		WRITE_ONCE(packed_desc(q, at)->flags,
			   cpu_to_le16(at & WRAP ? 0 : AVAIL | USED));
}

static __always_inline void packed_commit(struct ring_queue *q, const struct ring_cursor *c,
					  u16 id, unsigned int count)
{
	q->turn++;
	q->unpublished += count;
	q->avail_next = c->pos;
	q->avail_flags = c->avail;
}

static __always_inline u16 packed_next_turn(const struct ring_queue *q)
{
	return q->turn;
}

u16 packed_turn(const struct ring_queue *q)
{
	return packed_next_turn(q);
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
	WRITE_ONCE(packed_desc(q, first)->flags, q->first_flags);
	WRITE_ONCE(q->avail_published, avail_at(q));
	q->unpublished = 0;
	/*
	 * The flags before what the device wants; it writes that, has a full
	 * barrier, and looks at the ring once more.
	 */
	virtio_mb(q->weak);
	return wants_notification(q, q->avail_published, count);
}

/* Used, as @used would have it: both bits are the wrap counter. */
static __always_inline bool says_used(const struct ring_queue *q, unsigned int pos, u16 used)
{
	u16 flags = le16_to_cpu(READ_ONCE(q->mem.packed.desc[pos].flags));

	return (flags & (AVAIL | USED)) == used;
}

/* Of a batch only the first buffer says so. */
bool packed_is_used(const struct ring_queue *q, u16 at)
{
	return (READ_ONCE(q->in_batch) && at == READ_ONCE(q->used_next)) ||
	       says_used(q, position(at), at & WRAP ? AVAIL | USED : 0);
}

irqreturn_t packed_interrupt(struct ring_queue *q)
{
	return packed_is_used(q, READ_ONCE(q->used_next)) ? ring_call_back(q) : IRQ_NONE;
}

/*
 * For people, and so without a lock: the driver may be taking them meanwhile.  What the
 * device says is followed no further than there are descriptors.
 */
unsigned int packed_count_used(const struct ring_queue *q)
{
	unsigned int count = 0, passed = 0;
	u16 at = READ_ONCE(q->used_next), id;

	while (passed < q->num && packed_is_used(q, at)) {
		id = le16_to_cpu(READ_ONCE(packed_desc(q, at)->id));
		if (id >= q->num)
			break;
		passed += READ_ONCE(q->slots[id].count) ?: 1;
		at = step(q, READ_ONCE(q->used_next), passed);
		count++;
	}
	return count;
}

bool packed_all_published(const struct ring_queue *q)
{
	return !READ_ONCE(q->unpublished);
}

/* As split_has_request(); of what lies in the ring there is a private copy. */
bool packed_has_request(const struct ring_queue *q, u16 id)
{
	const struct ring_table *table = READ_ONCE(q->slots[id].table);
	const struct vring_packed_desc *desc;

	if (!q->indirect || !table)
		return !(READ_ONCE(q->maps[id].flags) & VRING_DESC_F_WRITE);
	if (!ring_is_pooled(q, table))
		return true;
	desc = table->desc;
	return !(le16_to_cpu(READ_ONCE(desc->flags)) & VRING_DESC_F_WRITE);
}

static __always_inline void set_driver_event(struct ring_queue *q, u16 event)
{
	struct vring_packed_desc_event *driver = q->mem.packed.driver;

	q->used_event = event;
	q->by_event = true;
	WRITE_ONCE(driver->off_wrap, cpu_to_le16(event));
	/* The event before the flags; the device reads them the other way round. */
	virtio_wmb(q->weak);
	WRITE_ONCE(driver->flags, cpu_to_le16(VRING_PACKED_EVENT_FLAG_DESC));
	/* Both before the ring; the device writes the ring, then reads them. */
	virtio_mb(q->weak);
}

/* Where the next used buffer begins.  The wrap counter there is kept in @used_flags. */
static __always_inline unsigned int packed_next_used(const struct ring_queue *q)
{
	return q->used_pos;
}

/* Nothing is left: before that is said, a callback is asked for what comes next. */
static __always_inline bool packed_look(struct ring_queue *q, unsigned int pos)
{
	if (!q->by_event || !ring_wants_callbacks(q) || q->used_event == q->used_next)
		return false;
	set_driver_event(q, q->used_next);
	return says_used(q, pos, q->used_flags);
}

static __always_inline enum ring_used packed_has_used(struct ring_queue *q, const bool plain,
						      unsigned int pos)
{
	if (unlikely(!says_used(q, pos, q->used_flags)) && !packed_look(q, pos))
		return RING_NOTHING;
	/* The flags before the rest; the device writes them the other way round. */
	virtio_rmb(q->weak);
	return RING_USED;
}

static __always_inline u32 packed_read_used(const struct ring_queue *q, unsigned int pos,
					    u32 *wrote)
{
	struct vring_packed_desc *desc = &q->mem.packed.desc[pos];

	*wrote = le32_to_cpu(READ_ONCE(desc->len));
	return le16_to_cpu(READ_ONCE(desc->id));
}

/*
 * @used_next says the same in one word, for those who look without a lock.  When
 * nothing is left the device is asked to call back for what comes after, since the
 * driver may look no further.
 */
static __always_inline void packed_step_used(struct ring_queue *q, unsigned int pos,
					     unsigned int count)
{
	u16 next = q->used_next + count;

	pos += count;
	if (unlikely(pos >= q->num)) {
		pos -= q->num;
		next = (next - q->num) ^ WRAP;
		q->used_flags ^= AVAIL | USED;
	}
	q->used_pos = pos;
	WRITE_ONCE(q->used_next, next);
	if (unlikely(q->by_event && ring_wants_callbacks(q)) && !says_used(q, pos, q->used_flags))
		set_driver_event(q, next);
}

/* A batch has one used descriptor, its first, and skips all of it. */
static __always_inline bool packed_in_batch(struct ring_queue *q, unsigned int pos)
{
	return true;
}

static int packed_give_up(struct ring_queue *q, unsigned int laid, bool out, int err);

static const struct ring_format packed_format = {
	.begin = packed_begin,
	.ring_put = packed_ring_put,
	.table_put = packed_table_put,
	.ring_end = packed_ring_end,
	.table_end = packed_table_end,
	.put_table = packed_put_table,
	.give_up = packed_give_up,
	.next_turn = packed_next_turn,
	.commit = packed_commit,
	.next_used = packed_next_used,
	.has_used = packed_has_used,
	.read_used = packed_read_used,
	.step_used = packed_step_used,
	.in_batch = packed_in_batch,
};

RING_DEFINE_ENTRIES(packed)

/* A callback for each used buffer, or for none. */
void packed_want_all(struct ring_queue *q, bool on)
{
	u16 flags = on ? VRING_PACKED_EVENT_FLAG_ENABLE : VRING_PACKED_EVENT_FLAG_DISABLE;

	WRITE_ONCE(q->mem.packed.driver->flags, cpu_to_le16(flags));
}

void packed_disable_cb(struct ring_queue *q)
{
	ring_callbacks_off(q);
	packed_want_all(q, false);
}

static void ask_for_callback(struct ring_queue *q, u16 event)
{
	ring_callbacks_on(q);
	if (q->event) {
		set_driver_event(q, event);
		return;
	}
	/* Pairs with the barrier in ask_driver(): the flags that are written last are ours. */
	smp_mb();
	packed_want_all(q, true);
	/* The flags before the ring, as in set_driver_event(). */
	virtio_mb(q->weak);
}

unsigned int packed_enable_cb(struct ring_queue *q)
{
	ask_for_callback(q, q->used_next);
	return q->used_next;
}

/*
 * Once three quarters of the descriptors in flight are used, and the next with
 * them.  The device marks only where buffers begin, so all that can be told is
 * whether one is used now.
 */
bool packed_enable_cb_delayed(struct ring_queue *q)
{
	unsigned int in_flight = q->num - q->vq.num_free;

	ask_for_callback(q, step(q, q->used_next, in_flight * 3 / 4));
	return !packed_is_used(q, q->used_next);
}

/* An empty ring, on memory that is zero: both wrap counters begin with 1 (2.8.1). */
void packed_init(struct ring_queue *q)
{
	q->avail_next = 0;
	q->avail_flags = AVAIL;
	q->avail_published = WRAP;
	q->used_next = WRAP;
	q->used_pos = 0;
	q->used_flags = AVAIL | USED;
	q->unpublished = 0;
	/* Zero means callbacks for all that is used; the event takes effect when asked for. */
	q->by_event = false;
}

/* Of a chain there is a copy; where a table lies is known. */
void packed_offer_again(struct ring_queue *q, const struct ring_memory *old, u16 id)
{
	const struct ring_slot *slot = &q->slots[id];
	const struct ring_table *table = ring_table_of(q, slot);
	unsigned int left = slot->count;
	struct ring_cursor c = { };
	u16 at = id;

	packed_begin(q, &c);
	c.id = id;
	if (table)
		packed_put_table(q, &c, table->addr, table->count * sizeof(struct vring_desc));
	for (; !table && left--; at = q->links[at].next)
		write_desc(q, &c, q->maps[at].addr, q->maps[at].len,
			   (left ? VRING_DESC_F_NEXT : 0) |
			   (q->maps[at].flags & VRING_DESC_F_WRITE));
	packed_commit(q, &c, id, slot->count);
}
