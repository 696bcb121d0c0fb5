/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The private side of a virtqueue.
 *
 * Everything that is needed to complete or to free a buffer is kept here, in
 * memory that the device can't reach; what it writes only says which buffer it
 * is done with.  Shared by the files of this folder and by nobody else.
 */
#ifndef _VIRTIO_RING_PRIVATE_H
#define _VIRTIO_RING_PRIVATE_H

#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "../watch/watch.h"

/* Descriptors in a table of the pool; longer buffers get a table of their own. */
#define RING_TABLE_LEN		20
/* No buffer needs more: a table is one piece of memory, and is written by us. */
#define RING_TABLE_MAX		1024

/**
 * struct ring_map - one mapped segment
 * @addr: where the device finds it
 * @len: bytes
 * @flags: the direction, and in which way it was mapped; of a descriptor of a queue that
 *	maps nothing, what says there who writes
 */
struct ring_map {
	dma_addr_t addr;
	u32 len;
	u32 flags;
};

/* The ways to map that are not the DMA API's; beside a direction, or flags of a descriptor. */
#define RING_PREMAPPED		BIT(4)	/* the driver has */
#define RING_BY_OPS		BIT(5)	/* by &virtio_device.map */
#define RING_CLEAN		BIT(6)	/* with DMA_ATTR_DEBUGGING_IGNORE_CACHELINES */
#define RING_DIR		3U	/* what the direction takes up */

/* So one look at @flags tells who writes, whatever they are. */
static_assert((DMA_FROM_DEVICE & VRING_DESC_F_WRITE) && !(DMA_TO_DEVICE & VRING_DESC_F_WRITE),
	      "a direction tells whether the device writes");

/**
 * struct ring_table - an indirect descriptor table
 * @next: the next free one of the pool
 * @desc: the descriptors, in memory that the device reads
 * @addr: where the device finds them
 * @maps: what was mapped for them, one each
 * @count: how many are in use
 * @pooled: goes back to the pool; otherwise it was made for one buffer
 */
struct ring_table {
	struct ring_table *next;
	void *desc;
	dma_addr_t addr;
	struct ring_map *maps;
	u16 count;
	bool pooled;
};

/**
 * struct ring_slot - a buffer in flight, by the id that the device knows it by
 * @token: the driver's; %NULL when the id is free
 * @ctx: the driver's second pointer, on queues that carry one
 * @table: indirect table, or %NULL, on all others
 * @writable: bytes that the device may write
 * @count: descriptors taken
 * @last: the last of them
 * @stamp: for people
 */
struct ring_slot {
	void *token;
	union {
		void *ctx;
		struct ring_table *table;
	};
	u32 writable;
	u16 count;
	u16 last;
	struct ring_stamp stamp;
};

/**
 * struct ring_link - what is kept of a descriptor, free or in a buffer
 * @next: the descriptor that follows it in its buffer, or among those that are free
 * @turn: of the first one of a buffer in flight: when that was made available, in buffers
 */
struct ring_link {
	u16 next;
	u16 turn;
};

/**
 * struct ring_part - a part of a ring
 * @start: where it lies
 * @bytes: how long it is
 * @addr: where the device finds it
 */
struct ring_part {
	void *start;
	size_t bytes;
	dma_addr_t addr;
};

/**
 * struct ring_memory - memory shared with the device
 * @split: the parts of a split ring
 * @packed: those of a packed one
 * @num: entries of the ring
 * @order: room for as many ids, for a ring that moves here
 * @whole: all of it, when it is in one piece; otherwise without length
 * @desc: the descriptors
 * @driver: what else the driver writes
 * @device: what the device writes
 */
struct ring_memory {
	union {
		struct vring split;
		struct {
			struct vring_packed_desc *desc;
			struct vring_packed_desc_event *driver, *device;
		} packed;
	};
	unsigned int num;
	u16 *order;
	struct ring_part whole, desc, driver, device;
};

/**
 * struct ring_queue - a virtqueue
 * @vq: what drivers see
 * @broken: the device lied, or the queue is out of use: nothing goes in or out
 * @stalled: the device has to be brought back: what is added waits; see renew.c
 * @muted: interrupts are remembered, not passed on
 * @early: DRIVER_OK is not set yet: a buffer is published when it is added
 * @halted: any of these
 * @phys: segments are given to the device by their physical addresses
 * @plain: @phys, buffers are used in any order, and not @odd
 * @how: in which way buffers are mapped, if not by the DMA API
 * @indirect: VIRTIO_RING_F_INDIRECT_DESC
 * @event: VIRTIO_RING_F_EVENT_IDX
 * @by_event: packed: callbacks were asked for by @used_event, not for all
 * @packed: VIRTIO_F_RING_PACKED
 * @in_order: VIRTIO_F_IN_ORDER
 * @in_batch: the device has used a batch up to @batch_id that is not all taken yet
 * @odd: split: the device has used more buffers than were in flight
 * @weak: weak barriers
 * @callbacks: does the driver want callbacks?  Bit 0 says so, the bits above count how
 *	often they were turned on: see ring_call_back()
 * @free_head: first free descriptor
 * @oldest: the buffer that was added first of those in flight, when @in_order
 * @avail_next: where the next buffer is made available: an index, or a position
 * @avail_flags: packed: what makes a descriptor available there
 * @avail_published: what the device was told of it; on a packed ring with the
 *	wrap counter in bit 15, as is all that follows
 * @first_flags: packed: what makes the first unpublished buffer available
 * @unpublished: packed: descriptors that the device was not told of
 * @turn: packed: of the next buffer
 * @used_next: where the next used buffer is taken
 * @used_pos: packed: its position there
 * @used_flags: packed: what a used descriptor says there
 * @used_seen: up to where the device has come, when last looked at
 * @used_event: where the device was asked to call back
 * @used_first: where @used_next began, moved on by what was dropped
 * @served: buffers were taken after the ring was renewed and before it moved
 * @num: size of the ring
 * @mask: split: what makes a place in the ring of an index
 * @slots: private state, by id
 * @links: chains and the free list, by descriptor
 * @free_tables: pool of indirect tables
 * @mem: shared memory
 * @notify: tells the device, or keeps that back until DRIVER_OK
 * @tell: tells the device
 * @batch_id: last buffer of the batch
 * @batch_len: bytes that the device wrote to that one
 * @maps: what was mapped, by descriptor; on a packed ring, where the device writes over
 *	descriptors, what they named.  %NULL when there is no need.
 * @draining: shut down; get_buf hands out what is left
 * @drain_at: where the next buffer is looked for that is taken out unused
 * @ending: @broken, and to be shut down by the next get_buf
 * @kick_held: a notification was held back
 * @lied: the device lied: what it has used is not to be believed
 * @length_said: the device was told about wrong lengths
 * @bad_lengths: how many there were
 * @surplus: split: used entries that follow those up to @used_seen, to be dropped
 * @skipped: split: entries dropped so far, which @used_next is ahead of the buffers
 * @in_a_row: split: entries dropped since a buffer was taken
 * @surplus_used: entries that were dropped, since the queue was made
 * @tables: tables that the pool has grown to
 * @chunks: the pool's memory
 * @dma_api: the device takes addresses of the DMA API, or of &virtio_device.map; its rings
 *	lie at such addresses, too
 * @map: for what they are made
 * @must_unmap: whatever it does, what was mapped for it is to be unmapped
 * @lie: used index that could not be
 * @owned: the memory was allocated here
 * @align: alignment of the used ring
 * @moving: guards what follows, which changes as the device is brought back
 * @fresh: memory for the ring to move to
 * @stale: what it has moved from
 * @retired: what it had moved from before, until nobody polls it
 * @renewed: the device is live again, and looks at @fresh
 * @missed: an interrupt came while the queue passed none on
 * @given_up: @broken, until the device is live again, by a driver that polled in vain
 * @polled_since: when a driver began to poll, in ns; 0 if it has not since the queue stalled
 * @polled_last: when it did last
 * @polled_at: @used_next then
 * @stuck: for help when it does not go on
 * @watch: for people
 * @check: for drivers that break a rule
 */
struct ring_queue {
	struct virtqueue vq;

	/* add and get */
	union {
		struct {
			bool broken, stalled, muted, early;
		};
		u32 halted;
	};
	bool phys;
	bool plain;
	u8 how;
	bool indirect;
	bool event;
	bool by_event;
	bool packed;
	bool in_order;
	bool in_batch;
	bool odd;
	bool weak;
	u16 free_head;
	u16 oldest;
	u16 avail_next;
	u16 avail_published;
	u16 avail_flags;
	__le16 first_flags;
	u16 unpublished;
	u16 turn;
	u16 used_next;
	u16 used_flags;
	u32 used_pos;
	u16 used_seen;
	u16 used_event;
	u16 used_first;
	u32 num;
	u32 mask;
	u32 callbacks;
	struct ring_slot *slots;
	struct ring_link *links;
	struct ring_table *free_tables;
	struct ring_memory mem;

	/* kick, and what is rare */
	bool (*notify)(struct virtqueue *vq);
	bool (*tell)(struct virtqueue *vq);
	struct ring_map *maps;
	u16 batch_id;
	u32 batch_len;
	bool draining, ending;
	u16 drain_at;
	bool kick_held;
	bool lied;
	bool length_said;
	unsigned long bad_lengths;
	u16 surplus, skipped;
	u32 in_a_row;
	unsigned long surplus_used;
	unsigned int tables;
	struct ring_chunk *chunks;
	bool dma_api;
	union virtio_map map;
	bool must_unmap;
	u16 lie;
	bool owned;
	unsigned int align;

	/* renew.c */
	spinlock_t moving;	/* guards memory that is about to change */
	struct ring_memory fresh, stale;
	struct ring_retired *retired;
	bool renewed, served;
	bool missed;
	bool given_up;
	u64 polled_since, polled_last;
	u16 polled_at;

	struct ring_stuck stuck;
	struct ring_watch watch;
	struct ring_check check;
};

#define to_ring(_vq)	container_of_const(_vq, struct ring_queue, vq)

/* The two parts of &ring_queue.callbacks. */
#define RING_CALLBACKS_ON	1U
#define RING_CALLBACKS_TURN	2U

static __always_inline bool ring_wants_callbacks(const struct ring_queue *q)
{
	/* Turned off by an interrupt just now: one callback too many is asked for. */
	return data_race(q->callbacks) & RING_CALLBACKS_ON;
}

/* The caller stores the flag or the event after that, and has a full barrier then. */
static inline void ring_callbacks_on(struct ring_queue *q)
{
	u32 turn = READ_ONCE(q->callbacks) + RING_CALLBACKS_TURN;

	WRITE_ONCE(q->callbacks, turn | RING_CALLBACKS_ON);
}

static inline void ring_callbacks_off(struct ring_queue *q)
{
	WRITE_ONCE(q->callbacks, READ_ONCE(q->callbacks) & ~RING_CALLBACKS_ON);
}

/*
 * Is there anything to undo for a segment?  Only here is it decided that an unmap is left
 * out.  The DMA API does not promise that: it is known of dma-direct, the one way of mapping
 * that is left without @must_unmap.  It has nothing to give back but a copy, and nothing to do
 * but to keep caches in step; the kernel says whether it may have to do either, from
 * dma_setup_need_sync() on, and from dma_reset_need_sync() when the first copy is made.
 */
static __always_inline bool ring_needs_unmap(const struct ring_queue *q)
{
	return q->dma_api && !(q->how & RING_PREMAPPED) &&
	       (q->must_unmap || dma_dev_need_sync(q->map.dma_dev));
}

static __always_inline enum dma_data_direction ring_dir(unsigned int flags)
{
	return flags & VRING_DESC_F_WRITE ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
}

/* @flags of a descriptor, and @how it was mapped, if not by the DMA API. */
static __always_inline void ring_note_map(struct ring_map *map, u64 addr, u32 len,
					  unsigned int flags, unsigned int how)
{
	map->addr = addr;
	map->len = len;
	map->flags = ring_dir(flags) | how;
}

/* A ring since virtio 1.0 is little-endian; before, it was the machine's own. */
static __always_inline bool ring_le(const struct ring_queue *q)
{
	return virtio_legacy_is_little_endian() ||
	       __virtio_test_bit(q->vq.vdev, VIRTIO_F_VERSION_1);
}

/**
 * struct ring_buffer - what a driver wants to add
 * @one: it is one segment, @sg
 * @lists: it comes as @sgs, not as @sg
 * @sgs: lists of segments, those that the device reads first
 * @sg: one list instead, of @out entries that it reads and @in that it writes
 * @out: lists, or entries, that it reads
 * @in: lists, or entries, that it writes
 * @token: comes back from get_buf
 * @ctx: likewise, on queues that carry it
 * @how: %RING_PREMAPPED or %RING_CLEAN, if that is so
 * @gfp: for a table that is not in the pool
 */
struct ring_buffer {
	bool one, lists;
	u8 how;
	struct scatterlist **sgs;
	struct scatterlist *sg;
	unsigned int out, in;
	void *token;
	void *ctx;
	gfp_t gfp;
};

/* Up to where a device has come.  The interrupt handler looks at this without a call. */
static __always_inline u16 split_used_index(const struct ring_queue *q)
{
	return __virtio16_to_cpu(ring_le(q), READ_ONCE(q->mem.split.used->idx));
}

irqreturn_t packed_interrupt(struct ring_queue *q);

/* split.c and packed.c: what a ring format does */
#define RING_FORMAT_OPS(name)								\
	int name##_add_sgs(struct ring_queue *q, struct scatterlist **sgs,		\
			   unsigned int out, unsigned int in, void *token, gfp_t gfp);	\
	int name##_add_one(struct ring_queue *q, struct scatterlist *sg, bool in,	\
			   void *token, void *ctx);					\
	int name##_add_premapped(struct ring_queue *q, struct scatterlist *sg, bool in,	\
				 void *token, void *ctx);				\
	int name##_add_sg(struct ring_queue *q, struct scatterlist *sg,			\
			  unsigned int out, unsigned int in, void *token, void *ctx);	\
	int name##_add_any(struct ring_queue *q, const struct ring_buffer *buf);	\
	void *name##_get(struct ring_queue *q, unsigned int *len);			\
	void *name##_get_ctx(struct ring_queue *q, unsigned int *len, void **ctx);	\
	bool name##_publish(struct ring_queue *q);					\
	bool name##_kick(struct ring_queue *q);						\
	void name##_want_all(struct ring_queue *q, bool on);				\
	void name##_disable_cb(struct ring_queue *q);					\
	unsigned int name##_enable_cb(struct ring_queue *q);				\
	bool name##_enable_cb_delayed(struct ring_queue *q);				\
	bool name##_is_used(const struct ring_queue *q, u16 at);				\
	unsigned int name##_count_used(const struct ring_queue *q);			\
	bool name##_all_published(const struct ring_queue *q);				\
	bool name##_has_request(const struct ring_queue *q, u16 id);			\
	void name##_init(struct ring_queue *q);						\
	u16 name##_turn(const struct ring_queue *q);					\
	void name##_offer_again(struct ring_queue *q, const struct ring_memory *old, u16 id)

RING_FORMAT_OPS(split);
RING_FORMAT_OPS(packed);

/* One predicted branch; a call through a pointer would cost more than the work. */
#define ring_call(q, op, ...)						\
	((q)->packed ? packed_##op(q, ##__VA_ARGS__) : split_##op(q, ##__VA_ARGS__))

/* api.c */
__cold int ring_full(struct ring_queue *q, bool out);

/* memory.c */
void ring_use_memory(struct ring_queue *q, struct ring_memory *mem, void *start,
		     unsigned int num);
void ring_clear_memory(struct ring_memory *mem);
int ring_alloc_memory(struct ring_queue *q, struct ring_memory *mem, unsigned int num,
		      bool may_reduce);
void ring_free_memory(struct ring_queue *q, struct ring_memory *mem);
int ring_alloc_state(struct ring_queue *q);
void ring_free_state(struct ring_queue *q);
struct ring_table *ring_table_alloc(struct ring_queue *q, unsigned int len, gfp_t gfp);
void *ring_table_free(struct ring_queue *q, struct ring_table *table, void *token);
void *ring_table_put(struct ring_queue *q, struct ring_table *table, void *token);
void ring_table_written(struct ring_queue *q, struct ring_table *table);
void ring_free_tables(struct ring_queue *q);
bool ring_is_pooled(const struct ring_queue *q, const struct ring_table *table);

/* mapping.c */
bool ring_uses_dma_api(const struct virtio_device *vdev);
bool ring_must_unmap(const struct ring_queue *q);
dma_addr_t ring_map_page(const struct ring_queue *q, struct page *page, unsigned long offset,
			 size_t size, enum dma_data_direction dir, unsigned long attrs);
void ring_unmap_page(const struct ring_queue *q, dma_addr_t addr, size_t size,
		     enum dma_data_direction dir, unsigned long attrs);
dma_addr_t ring_map_oddly(struct ring_queue *q, struct ring_map *map, struct scatterlist *sg,
			  unsigned int flags);
dma_addr_t ring_map_table(struct ring_queue *q, void *desc, size_t bytes);
void ring_sync_table(struct ring_queue *q, dma_addr_t addr, size_t bytes);
void ring_release_table(struct ring_queue *q, dma_addr_t addr, size_t bytes);
void ring_unmap_chain(struct ring_queue *q, u16 head, unsigned int count);
void ring_unmap_table(struct ring_queue *q, const struct ring_map *maps, unsigned int count);

/* queue.c */
void ring_init(struct ring_queue *q);

/* keep.c */
void ring_keep(struct ring_queue *q);
bool ring_take_kept(struct virtio_device *vdev, unsigned int index, unsigned int num,
		    void *pages, bool (*notify)(struct virtqueue *vq), struct virtqueue **vq);
void ring_begin(struct ring_queue *q);
irqreturn_t ring_call_back(struct ring_queue *q);

/* slow.c */
void *ring_drain(struct ring_queue *q, void **ctx);

/* held.c */
void ring_begin_kicks(struct ring_queue *q, bool (*tell)(struct virtqueue *vq));

/* renew.c */
bool ring_move(struct ring_queue *q);
bool ring_move_empty(struct ring_queue *q);
void ring_free_spare_memory(struct ring_queue *q);
bool ring_has_used(const struct ring_queue *q, u16 at);

/* report.c */
#if IS_ENABLED(CONFIG_KUNIT)
void ring_say(struct virtqueue *vq, bool broken, const char *line);
#endif
__cold void *ring_bad_id(struct ring_queue *q, u32 id);
__cold void *ring_bad_index(struct ring_queue *q);
__cold bool ring_drop(struct ring_queue *q, u32 entries);
__cold void ring_failed(struct ring_queue *q);
__cold void ring_silent(struct ring_queue *q);
__cold bool ring_bad_batch(struct ring_queue *q, u16 seen);
__cold void *ring_bad_length(struct ring_queue *q, u16 id, unsigned int *len, void *token,
			     struct ring_table *table);

#endif /* _VIRTIO_RING_PRIVATE_H */
