// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of a queue: the rings, the private state, the pool of indirect tables.
 *
 * The pool grows by a page at a time until there is a table for each buffer that
 * the ring can hold, and shrinks with the queue: after the first rounds a buffer
 * costs no allocation.  Called when queues come, go or change size, and by the
 * engine when the pool has run dry.
 */
#include <linux/align.h>
#include <linux/cache.h>
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
 * @tables: their private halves
 * @maps: and what was mapped for them
 */
struct ring_chunk {
	struct ring_chunk *next;
	struct ring_part page;
	struct ring_table tables[TABLES_PER_CHUNK];
	struct ring_map maps[];
};

static bool alloc_shared(struct ring_queue *q, struct ring_part *part, gfp_t gfp)
{
	gfp |= __GFP_ZERO | __GFP_NOWARN;
	if (!q->dma_api) {
		part->start = alloc_pages_exact(part->bytes, gfp);
		if (part->start)
			part->addr = (dma_addr_t)virt_to_phys(part->start);
	} else {
		part->start = virtqueue_map_alloc_coherent(q->vq.vdev, q->map, part->bytes,
							   &part->addr, gfp);
	}
	return part->start;
}

static void free_shared(struct ring_queue *q, struct ring_part *part)
{
	if (!part->start)
		return;
	if (!q->dma_api)
		free_pages_exact(part->start, part->bytes);
	else
		virtqueue_map_free_coherent(q->vq.vdev, q->map, part->bytes, part->start,
					    part->addr);
	part->start = NULL;
}

/* Where the driver writes, and after it the device, each in a cache line of its own. */
static size_t packed_driver(const struct ring_memory *mem)
{
	return ALIGN(mem->desc.bytes, SMP_CACHE_BYTES);
}

/* What the parts of a ring of @num entries take up. */
static void measure(const struct ring_queue *q, struct ring_memory *mem, unsigned int num)
{
	mem->num = num;
	mem->desc.bytes = num * sizeof(struct vring_desc);
	if (q->packed) {
		mem->driver.bytes = sizeof(struct vring_packed_desc_event);
		mem->device.bytes = sizeof(struct vring_packed_desc_event);
		mem->whole.bytes = packed_driver(mem) + SMP_CACHE_BYTES + mem->device.bytes;
	} else {
		mem->driver.bytes = sizeof(__virtio16) * (3 + num);
		mem->device.bytes = sizeof(__virtio16) * 3 + num * sizeof(struct vring_used_elem);
		mem->whole.bytes = vring_size(num, q->align);
	}
}

/* The parts are there: this is where the formats look for them. */
static void show_parts(const struct ring_queue *q, struct ring_memory *mem)
{
	if (q->packed) {
		mem->packed.desc = mem->desc.start;
		mem->packed.driver = mem->driver.start;
		mem->packed.device = mem->device.start;
	} else {
		mem->split.num = mem->num;
		mem->split.desc = mem->desc.start;
		mem->split.avail = mem->driver.start;
		mem->split.used = mem->device.start;
	}
}

static void place(struct ring_part *part, const struct ring_part *whole, size_t at)
{
	part->start = whole->start + at;
	part->addr = whole->addr + at;
}

/* Parts one behind the other, a split ring's where legacy devices look (2.7.2). */
static void divide(const struct ring_queue *q, struct ring_memory *mem)
{
	size_t driver = q->packed ? packed_driver(mem) : mem->desc.bytes;

	place(&mem->desc, &mem->whole, 0);
	place(&mem->driver, &mem->whole, driver);
	place(&mem->device, &mem->whole, q->packed ? driver + SMP_CACHE_BYTES :
	      ALIGN(driver + mem->driver.bytes, q->align));
	show_parts(q, mem);
}

static bool alloc_whole(struct ring_queue *q, struct ring_memory *mem)
{
	mem->whole.bytes = PAGE_ALIGN(mem->whole.bytes);
	if (!alloc_shared(q, &mem->whole, GFP_KERNEL))
		return false;
	divide(q, mem);
	return true;
}

static void free_parts(struct ring_queue *q, struct ring_memory *mem)
{
	free_shared(q, &mem->desc);
	free_shared(q, &mem->driver);
	free_shared(q, &mem->device);
}

/* Memory is in pieces: so may the ring be, but for legacy devices. */
static bool alloc_parts(struct ring_queue *q, struct ring_memory *mem)
{
	if (!__virtio_test_bit(q->vq.vdev, VIRTIO_F_VERSION_1))
		return false;
	mem->whole.bytes = 0;
	if (alloc_shared(q, &mem->desc, GFP_KERNEL) &&
	    alloc_shared(q, &mem->driver, GFP_KERNEL) &&
	    alloc_shared(q, &mem->device, GFP_KERNEL)) {
		show_parts(q, mem);
		return true;
	}
	free_parts(q, mem);
	return false;
}

/*
 * The largest ring of at most @num entries that there is memory for; only @num
 * itself unless @may_reduce.  A split ring is a power of two (virtio 1.3, 2.7).
 * After an error @mem has no entries.
 */
int ring_alloc_memory(struct ring_queue *q, struct ring_memory *mem, unsigned int num,
		      bool may_reduce)
{
	*mem = (struct ring_memory) { };
	if (!num || num > 32768 || !(q->packed || is_power_of_2(num))) {
		dev_warn(&q->vq.vdev->dev, "queue %u: a size of %u, expected %s up to 32768\n",
			 q->vq.index, num, q->packed ? "1" : "a power of two");
		return -EINVAL;
	}

	for (; num; num /= 2) {
		measure(q, mem, num);
		if (alloc_whole(q, mem) || alloc_parts(q, mem))
			return 0;
		*mem = (struct ring_memory) { };
		if (!may_reduce)
			break;
	}
	return -ENOMEM;
}

/* Memory of the caller's, for a split ring. */
void ring_use_memory(struct ring_queue *q, struct ring_memory *mem, void *start,
		     unsigned int num)
{
	measure(q, mem, num);
	mem->whole.start = start;
	divide(q, mem);
}

void ring_clear_memory(struct ring_memory *mem)
{
	memset(mem->desc.start, 0, mem->desc.bytes);
	memset(mem->driver.start, 0, mem->driver.bytes);
	memset(mem->device.start, 0, mem->device.bytes);
}

/* Also where there is none, any more or yet. */
void ring_free_memory(struct ring_queue *q, struct ring_memory *mem)
{
	if (!q->owned || !mem->num)
		return;
	if (mem->whole.start)
		free_shared(q, &mem->whole);
	else
		free_parts(q, mem);
	kvfree(mem->order);
	mem->order = NULL;
	mem->num = 0;
}

/* Private state for @q->num entries.  Returns 0 or -ENOMEM, and then has none. */
int ring_alloc_state(struct ring_queue *q)
{
	bool mapless = !q->dma_api && !q->packed;

	q->slots = kvcalloc(q->num, sizeof(*q->slots), GFP_KERNEL);
	q->links = kvmalloc_array(q->num, sizeof(*q->links), GFP_KERNEL);
	q->maps = mapless ? NULL : kvcalloc(q->num, sizeof(*q->maps), GFP_KERNEL);
	if (q->slots && q->links && (mapless || q->maps))
		return 0;
	ring_free_state(q);
	return -ENOMEM;
}

void ring_free_state(struct ring_queue *q)
{
	kvfree(q->slots);
	kvfree(q->links);
	kvfree(q->maps);
	q->slots = NULL;
	q->links = NULL;
	q->maps = NULL;
}

static void add_to_pool(struct ring_queue *q, struct ring_chunk *chunk)
{
	int i;

	chunk->next = q->chunks;
	/* Pairs with ring_is_pooled(), which needs no lock. */
	smp_store_release(&q->chunks, chunk);
	for (i = 0; i < TABLES_PER_CHUNK; i++) {
		struct ring_table *table = &chunk->tables[i];
		size_t at = i * RING_TABLE_LEN * sizeof(struct vring_desc);

		table->desc = chunk->page.start + at;
		table->addr = chunk->page.addr + at;
		table->maps = q->dma_api ? chunk->maps + i * RING_TABLE_LEN : NULL;
		table->pooled = true;
		table->next = q->free_tables;
		q->free_tables = table;
	}
	q->tables += TABLES_PER_CHUNK;
}

/*
 * Under the driver's lock, so it may not sleep.  There is never need for more
 * tables than the ring has descriptors.
 */
static void grow_pool(struct ring_queue *q)
{
	unsigned int mapped = q->dma_api ? TABLES_PER_CHUNK * RING_TABLE_LEN : 0;
	gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN;
	struct ring_chunk *chunk;

	if (q->tables >= q->num)
		return;
	chunk = kzalloc(struct_size(chunk, maps, mapped), gfp);
	if (!chunk)
		return;
	chunk->page.bytes = PAGE_SIZE;
	if (alloc_shared(q, &chunk->page, gfp))
		add_to_pool(q, chunk);
	else
		kfree(chunk);
}

static struct ring_table *table_from_pool(struct ring_queue *q)
{
	struct ring_table *table;

	if (!q->free_tables)
		grow_pool(q);
	table = q->free_tables;
	if (table)
		q->free_tables = table->next;
	return table;
}

/* For one long buffer; its descriptors follow what is mapped for them. */
static struct ring_table *lone_table(struct ring_queue *q, unsigned int len, gfp_t gfp)
{
	size_t bytes = len * sizeof(struct vring_desc);
	struct ring_table *table;

	table = kzalloc(sizeof(*table) + (q->dma_api ? len * sizeof(struct ring_map) : 0), gfp);
	if (!table)
		return NULL;
	table->maps = q->dma_api ? (struct ring_map *)(table + 1) : NULL;
	table->count = len;
	table->desc = kzalloc(bytes, gfp);
	if (!table->desc)
		goto no_memory;
	if (!q->dma_api) {
		table->addr = (dma_addr_t)virt_to_phys(table->desc);
		return table;
	}
	/* Filled after this, and given to the device by ring_table_written(). */
	table->addr = ring_map_table(q, table->desc, bytes);
	if (!virtqueue_map_mapping_error(&q->vq, table->addr))
		return table;
	kfree(table->desc);
no_memory:
	kfree(table);
	return NULL;
}

/* A table for @len descriptors, or %NULL: then do without. */
struct ring_table *ring_table_alloc(struct ring_queue *q, unsigned int len, gfp_t gfp)
{
	if (likely(len <= RING_TABLE_LEN))
		return table_from_pool(q);
	if (len > RING_TABLE_MAX)
		return NULL;
	return lone_table(q, len, gfp & ~(__GFP_HIGHMEM | __GFP_HIGH));
}

/* What lies in the pool is coherent. */
void ring_table_written(struct ring_queue *q, struct ring_table *table)
{
	if (q->dma_api && !table->pooled)
		ring_sync_table(q, table->addr, table->count * sizeof(struct vring_desc));
}

/* A table that was made for one buffer.  Returns the token of that, for who ends so. */
void *ring_table_free(struct ring_queue *q, struct ring_table *table, void *token)
{
	if (q->dma_api)
		ring_release_table(q, table->addr, table->count * sizeof(struct vring_desc));
	kfree(table->desc);
	kfree(table);
	return token;
}

/* Any table: back to the pool if it came from there. */
void *ring_table_put(struct ring_queue *q, struct ring_table *table, void *token)
{
	if (!table->pooled)
		return ring_table_free(q, table, token);
	table->next = q->free_tables;
	q->free_tables = table;
	return token;
}

/* Without a lock, and without a look at the table: one that is not in the pool may be freed. */
bool ring_is_pooled(const struct ring_queue *q, const struct ring_table *table)
{
	const struct ring_chunk *chunk;

	for (chunk = READ_ONCE(q->chunks); chunk; chunk = chunk->next)
		if (table >= chunk->tables && table < chunk->tables + TABLES_PER_CHUNK)
			return true;
	return false;
}

/* With the queue: no buffer is in flight any more. */
void ring_free_tables(struct ring_queue *q)
{
	struct ring_chunk *chunk, *next;

	for (chunk = q->chunks; chunk; chunk = next) {
		next = chunk->next;
		free_shared(q, &chunk->page);
		kfree(chunk);
	}
	q->chunks = NULL;
	q->free_tables = NULL;
	q->tables = 0;
}
