// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of a queue: the rings, the private state, the pool of indirect tables.
 *
 * The pool grows by a page at a time until there is a table for each buffer that
 * the ring can hold, and shrinks with the queue: after the first rounds a buffer
 * costs no allocation.  Called when queues come, go or change size, and by the
 * engine when the pool has run dry.
 */
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "ring.h"

#define TABLES_PER_CHUNK	(PAGE_SIZE / (RING_TABLE_LEN * sizeof(struct vring_desc)))

/**
 * struct ring_chunk - a page of indirect tables
 * @next: the next one
 * @page: the descriptors
 * @addr: where the device finds them
 * @tables: their private halves
 * @maps: and what was mapped for them
 */
struct ring_chunk {
	struct ring_chunk *next;
	void *page;
	dma_addr_t addr;
	struct ring_table tables[TABLES_PER_CHUNK];
	struct ring_map maps[];
};

static void *alloc_shared(struct ring_queue *q, size_t bytes, dma_addr_t *addr, gfp_t gfp)
{
	void *p;

	if (!q->phys)
		return dma_alloc_coherent(q->dma_dev, bytes, addr, gfp | __GFP_ZERO);
	p = alloc_pages_exact(bytes, gfp | __GFP_ZERO);
	if (p)
		*addr = (dma_addr_t)virt_to_phys(p);
	return p;
}

static void free_shared(struct ring_queue *q, void *p, size_t bytes, dma_addr_t addr)
{
	if (!q->phys)
		dma_free_coherent(q->dma_dev, bytes, p, addr);
	else
		free_pages_exact(p, bytes);
}

/* Parts of a ring, one behind the other. */
static void lay_out(struct ring_queue *q, struct ring_memory *mem, unsigned int num)
{
	mem->num = num;
	if (!q->packed) {
		vring_init(&mem->split, num, mem->start, q->align);
		return;
	}
	mem->packed.desc = mem->start;
	mem->packed.driver = (void *)(mem->packed.desc + num);
	mem->packed.device = mem->packed.driver + 1;
}

/* What the parts of a ring of @num entries take up. */
size_t ring_bytes(const struct ring_queue *q, unsigned int num)
{
	return q->packed ? num * sizeof(struct vring_packed_desc) +
			   2 * sizeof(struct vring_packed_desc_event) :
			   vring_size(num, q->align);
}

/*
 * The largest ring of at most @num entries that there is memory for; only @num
 * itself unless @may_reduce.  A split ring is a power of two (virtio 1.3, 2.7).
 */
int ring_alloc_memory(struct ring_queue *q, struct ring_memory *mem, unsigned int num,
		      bool may_reduce)
{
	if (!num || num > 32768 || !(q->packed || is_power_of_2(num))) {
		dev_warn(&q->vq.vdev->dev, "queue %u: a size of %u, expected %s up to 32768\n",
			 q->vq.index, num, q->packed ? "1" : "a power of two");
		return -EINVAL;
	}

	for (; num; num /= 2) {
		mem->bytes = PAGE_ALIGN(ring_bytes(q, num));
		mem->start = alloc_shared(q, mem->bytes, &mem->addr,
					  GFP_KERNEL | __GFP_NOWARN);
		if (mem->start) {
			lay_out(q, mem, num);
			return 0;
		}
		if (!may_reduce)
			break;
	}
	return -ENOMEM;
}

void ring_free_memory(struct ring_queue *q, struct ring_memory *mem)
{
	if (q->owned)
		free_shared(q, mem->start, mem->bytes, mem->addr);
}

/* Private state for @q->num entries.  Returns 0 or -ENOMEM, and then has none. */
int ring_alloc_state(struct ring_queue *q)
{
	q->slots = kvcalloc(q->num, sizeof(*q->slots), GFP_KERNEL);
	q->next = kvmalloc_array(q->num, sizeof(*q->next), GFP_KERNEL);
	q->maps = q->phys ? NULL : kvcalloc(q->num, sizeof(*q->maps), GFP_KERNEL);
	q->order = q->in_order ? kvcalloc(q->num, sizeof(*q->order), GFP_KERNEL) : NULL;
	if (q->slots && q->next && (q->phys || q->maps) && (!q->in_order || q->order))
		return 0;
	ring_free_state(q);
	return -ENOMEM;
}

void ring_free_state(struct ring_queue *q)
{
	kvfree(q->slots);
	kvfree(q->next);
	kvfree(q->maps);
	kvfree(q->order);
	q->slots = NULL;
	q->next = NULL;
	q->maps = NULL;
	q->order = NULL;
}

static void add_to_pool(struct ring_queue *q, struct ring_chunk *chunk)
{
	int i;

	chunk->next = q->chunks;
	q->chunks = chunk;
	for (i = 0; i < TABLES_PER_CHUNK; i++) {
		struct ring_table *table = &chunk->tables[i];
		size_t at = i * RING_TABLE_LEN * sizeof(struct vring_desc);

		table->desc = chunk->page + at;
		table->addr = chunk->addr + at;
		table->maps = q->phys ? NULL : chunk->maps + i * RING_TABLE_LEN;
		table->pooled = true;
		table->next = q->free_tables;
		q->free_tables = table;
	}
	q->tables += TABLES_PER_CHUNK;
}

/*
 * The pool is empty: make it larger and take a table from it.  Under the
 * driver's lock, so it may not sleep; %NULL means to do without.
 */
struct ring_table *ring_table_grow(struct ring_queue *q)
{
	gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN;
	struct ring_chunk *chunk;
	struct ring_table *table;

	if (q->tables >= q->num)
		return NULL;
	chunk = kzalloc(struct_size(chunk, maps, q->phys ? 0 : TABLES_PER_CHUNK * RING_TABLE_LEN),
			gfp);
	if (!chunk)
		return NULL;
	chunk->page = alloc_shared(q, PAGE_SIZE, &chunk->addr, gfp);
	if (!chunk->page) {
		kfree(chunk);
		return NULL;
	}
	add_to_pool(q, chunk);
	table = q->free_tables;
	q->free_tables = table->next;
	return table;
}

/* A table for one long buffer.  %NULL when there is no memory. */
struct ring_table *ring_table_alloc(struct ring_queue *q, unsigned int len, gfp_t gfp)
{
	size_t bytes = len * sizeof(struct vring_desc);
	struct ring_table *table;

	if (len > RING_TABLE_MAX)
		return NULL;
	gfp &= ~(__GFP_HIGHMEM | __GFP_HIGH);
	table = kzalloc(sizeof(*table) + (q->phys ? 0 : len * sizeof(struct ring_map)), gfp);
	if (!table)
		return NULL;
	table->maps = q->phys ? NULL : (struct ring_map *)(table + 1);
	table->count = len;
	table->desc = kzalloc(bytes, gfp);
	if (!table->desc)
		goto no_memory;
	if (q->phys) {
		table->addr = (dma_addr_t)virt_to_phys(table->desc);
		return table;
	}
	/* Written after this, and given to the device by ring_sync_table(). */
	table->addr = dma_map_single(q->dma_dev, table->desc, bytes, DMA_TO_DEVICE);
	if (!dma_mapping_error(q->dma_dev, table->addr))
		return table;
	kfree(table->desc);
no_memory:
	kfree(table);
	return NULL;
}

void ring_table_free(struct ring_queue *q, struct ring_table *table)
{
	if (table->pooled) {
		table->next = q->free_tables;
		q->free_tables = table;
		return;
	}
	if (!q->phys)
		dma_unmap_single(q->dma_dev, table->addr,
				 table->count * sizeof(struct vring_desc), DMA_TO_DEVICE);
	kfree(table->desc);
	kfree(table);
}

/* With the queue: no buffer is in flight any more. */
void ring_free_tables(struct ring_queue *q)
{
	struct ring_chunk *chunk, *next;

	for (chunk = q->chunks; chunk; chunk = next) {
		next = chunk->next;
		free_shared(q, chunk->page, PAGE_SIZE, chunk->addr);
		kfree(chunk);
	}
	q->chunks = NULL;
	q->free_tables = NULL;
	q->tables = 0;
}
