/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a ring format is to the engine: a few small functions that lay descriptors
 * and read what was used, and the cursor that says where.  split.c and packed.c
 * have one each; a const structure of inline functions costs no call.
 */
#ifndef _VIRTIO_RING_FORMAT_H
#define _VIRTIO_RING_FORMAT_H

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
 * @how: in which way segments are mapped, if not by the DMA API
 * @premapped: the driver has mapped this buffer
 * @pos: packed: position in the ring
 * @avail: packed: what makes a descriptor available there
 * @last_flags: packed: what stands at @flags
 * @id: packed: of the buffer
 */
struct ring_cursor {
	void *desc;
	struct ring_link *free;
	struct ring_map *maps;
	void *flags, *next_flags;
	unsigned long at, last;
	unsigned int left;
	u32 bytes;
	bool premapped;
	unsigned int dir, how, pos, avail, last_flags, id;
};

/* What there is at the place of the next used buffer; RING_LIE: more than there can be. */
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
 * @next_turn: when the next buffer is made available, in buffers
 * @commit: buffer @id is complete: have it published next time
 * @next_used: where the device says what it used next
 * @has_used: did it, there?  @plain as &ring_queue.plain
 * @read_used: what it says there: the id of a buffer, and in @wrote the bytes
 * @step_used: it took @count descriptors: go on to the next one
 * @in_batch: more of a batch is left; does what the device said still hold?
 * @get_surplus: split: take a buffer, if one is left to take, after RING_LIE
 * @took: split: a buffer was taken from a queue that is odd
 */
struct ring_format {
	u16 table_next;
	void (*begin)(struct ring_queue *q, struct ring_cursor *c);
	void (*ring_put)(struct ring_queue *q, struct ring_cursor *c, const bool phys,
			 u64 addr, u32 len);
	void (*table_put)(struct ring_queue *q, struct ring_cursor *c, u64 addr, u32 len);
	void (*ring_end)(struct ring_queue *q, struct ring_cursor *c, const bool chain);
	void (*table_end)(struct ring_queue *q, struct ring_cursor *c);
	void (*put_table)(struct ring_queue *q, struct ring_cursor *c, u64 addr, u32 len);
	int (*give_up)(struct ring_queue *q, unsigned int laid, bool out, int err);
	u16 (*next_turn)(const struct ring_queue *q);
	void (*commit)(struct ring_queue *q, const struct ring_cursor *c, u16 id,
		       unsigned int count);

	unsigned int (*next_used)(const struct ring_queue *q);
	enum ring_used (*has_used)(struct ring_queue *q, const bool plain, unsigned int at);
	u32 (*read_used)(const struct ring_queue *q, unsigned int at, u32 *wrote);
	void (*step_used)(struct ring_queue *q, unsigned int at, unsigned int count);
	bool (*in_batch)(struct ring_queue *q, unsigned int at);
	void *(*get_surplus)(struct ring_queue *q, unsigned int *len, void **ctx);
	void (*took)(struct ring_queue *q);
};

#endif /* _VIRTIO_RING_FORMAT_H */
