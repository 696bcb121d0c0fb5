// SPDX-License-Identifier: GPL-2.0
/*
 * The floor: what the ring formats ask of a driver's side, and nothing else.
 *
 * The same lists go in and the same tokens come out as in requests.c, but this
 * believes the device, knows one size, maps nothing, has no full ring and no
 * callbacks, and is handed its buffers back in the order in which it added them.
 * No ring for general use gets here; the distance is what those things cost.
 */
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/virtio_ring.h>

#include "bench.h"

#define SIZE	256
#define TABLE	4	/* descriptors for each indirect table */
#define AVAIL	BIT(VRING_PACKED_DESC_F_AVAIL)
#define USED	BIT(VRING_PACKED_DESC_F_USED)

static struct {
	struct vring split;
	struct vring_packed_desc *packed;
	struct vring_desc *tables;
	phys_addr_t tables_at;
	void *tokens[SIZE];
	u8 counts[SIZE];
	u16 at, id, used, flags, used_flags, first, first_flags;
} ring;

/* Every segment of the lists, and whether the device writes it; @last: none follows. */
#define for_each_segment(sg, l, sgs, lists, last)					\
	for (l = 0; l < (lists); l++)							\
		for (sg = (sgs)[l]; sg && (last = l + 1 == (lists) && sg_is_last(sg), true);	\
		     sg = sg_next(sg))

static __always_inline void put(struct vring_desc *desc, u64 addr, u32 len, u16 flags, u16 next)
{
	desc->addr = cpu_to_le64(addr);
	desc->len = cpu_to_le32(len);
	desc->flags = cpu_to_le16(flags);
	desc->next = cpu_to_le16(next);
}

static __always_inline void put_packed(u64 addr, u32 len, u16 flags, u16 id, bool head)
{
	struct vring_packed_desc *desc = &ring.packed[ring.at];

	desc->addr = cpu_to_le64(addr);
	desc->len = cpu_to_le32(len);
	desc->id = cpu_to_le16(id);
	/* The first of a batch becomes available with the kick. */
	if (head && ring.at == ring.first)
		ring.first_flags = flags | ring.flags;
	else
		desc->flags = cpu_to_le16(flags | ring.flags);
	if (unlikely(++ring.at == SIZE)) {
		ring.at = 0;
		ring.flags ^= AVAIL | USED;
	}
}

static __always_inline void add(const bool packed, const bool indirect, struct scatterlist **sgs,
				unsigned int lists, void *token)
{
	u16 id = packed ? ring.id++ % SIZE : ring.at % SIZE, table = id * TABLE;
	struct scatterlist *sg;
	unsigned int l, n = 0;
	bool last;

	for_each_segment(sg, l, sgs, lists, last) {
		u16 flags = (l ? VRING_DESC_F_WRITE : 0) | (last ? 0 : VRING_DESC_F_NEXT);

		if (indirect)
			put(&ring.tables[table + n], sg_phys(sg), sg->length, flags, n + 1);
		else if (packed)
			put_packed(sg_phys(sg), sg->length, flags, id, !n);
		else
			put(&ring.split.desc[(u8)(ring.at + n)], sg_phys(sg), sg->length, flags,
			    (u8)(ring.at + n + 1));
		n++;
	}
	if (indirect) {
		u64 at = ring.tables_at + table * sizeof(struct vring_desc);
		u32 bytes = n * sizeof(struct vring_desc);

		if (packed)
			put_packed(at, bytes, VRING_DESC_F_INDIRECT, id, true);
		else
			put(&ring.split.desc[id], at, bytes, VRING_DESC_F_INDIRECT, 0);
		n = 1;
	}
	ring.tokens[id] = token;
	if (packed) {
		ring.counts[id] = n;
		return;
	}
	ring.split.avail->ring[ring.id++ % SIZE] = cpu_to_le16(id);
	ring.at += n;
}

static __always_inline void *get(const bool packed, unsigned int *len)
{
	struct vring_packed_desc *desc = &ring.packed[ring.used];
	struct vring_used_elem *elem = &ring.split.used->ring[ring.used % SIZE];

	if (!packed) {
		if (READ_ONCE(ring.split.used->idx) == ring.used)
			return NULL;
		ring.used++;
		*len = le32_to_cpu(elem->len);
		return ring.tokens[le32_to_cpu(elem->id)];
	}
	if ((READ_ONCE(desc->flags) & (AVAIL | USED)) != ring.used_flags)
		return NULL;
	*len = le32_to_cpu(desc->len);
	ring.used += ring.counts[le16_to_cpu(desc->id)];
	if (unlikely(ring.used >= SIZE)) {
		ring.used -= SIZE;
		ring.used_flags ^= AVAIL | USED;
	}
	return ring.tokens[le16_to_cpu(desc->id)];
}

/* Calls, as those of a module to the core are. */
#define FORMAT(name, packed, indirect)							\
static noinline void name##_add(struct scatterlist **sgs, unsigned int lists, void *token) \
{											\
	add(packed, indirect, sgs, lists, token);					\
}											\
static noinline void *name##_get(unsigned int *len)					\
{											\
	return get(packed, len);							\
}

FORMAT(split_direct, false, false)
FORMAT(split_indirect, false, true)
FORMAT(packed_direct, true, false)
FORMAT(packed_indirect, true, true)

static const struct {
	void (*add)(struct scatterlist **sgs, unsigned int lists, void *token);
	void *(*get)(unsigned int *len);
} formats[] = {
	{ split_direct_add, split_direct_get },
	{ split_indirect_add, split_indirect_get },
	{ packed_direct_add, packed_direct_get },
	{ packed_indirect_add, packed_indirect_get },
};

/* What was added since @first is the device's. */
static __always_inline void kick(bool packed)
{
	smp_wmb();	/* descriptors before what publishes them; the device reads it first */
	if (packed)
		WRITE_ONCE(ring.packed[ring.first].flags, ring.first_flags);
	else
		WRITE_ONCE(ring.split.avail->idx, cpu_to_le16(ring.id));
	smp_mb();	/* that before what the device wants, which nobody asks for here */
	ring.first = ring.at;
}

/* Once @batch of them, into @t as requests.c has it; returns how many were lost. */
unsigned int bench_floor(struct bench *bench, struct scatterlist **sgs, unsigned int lists,
			 unsigned int batch, u64 t[4])
{
	bool packed = bench->flags & PACKED;
	unsigned int which = 2 * packed + !!(bench->flags & INDIRECT), i, len, lost = 0;

	t[0] = bench_ticks();
	for (i = 0; i < batch; i++)
		formats[which].add(sgs, lists, sgs);
	kick(packed);
	t[1] = bench_ticks();
	bench_use(bench, batch, 1, false);
	t[2] = bench_ticks();
	for (i = 0; i < batch; i++)
		lost += formats[which].get(&len) != sgs;
	lost += !!formats[which].get(&len);
	t[3] = bench_ticks();
	return lost;
}

int bench_floor_open(struct bench *bench, unsigned int flags)
{
	void *memory = kzalloc(vring_size(SIZE, SMP_CACHE_BYTES), GFP_KERNEL);

	memset(&ring, 0, sizeof(ring));
	memset(bench, 0, sizeof(*bench));
	ring.tables = kcalloc(SIZE * TABLE, sizeof(struct vring_desc), GFP_KERNEL);
	if (!memory || !ring.tables) {
		kfree(memory);
		kfree(ring.tables);
		return -ENOMEM;
	}
	vring_init(&ring.split, SIZE, memory, SMP_CACHE_BYTES);
	ring.packed = memory;
	ring.tables_at = virt_to_phys(ring.tables);
	ring.flags = AVAIL;
	ring.used_flags = AVAIL | USED;
	bench->flags = flags;
	bench->size = SIZE;
	bench->used_wrap = true;
	bench->desc = memory;
	bench->avail = ring.split.avail;
	bench->used = ring.split.used;
	return 0;
}

void bench_floor_close(struct bench *bench)
{
	kfree(bench->desc);
	kfree(ring.tables);
}
