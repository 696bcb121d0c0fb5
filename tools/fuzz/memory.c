// SPDX-License-Identifier: GPL-2.0
/* Memory that is watched; memory.h says more.  Knows neither rings nor fields. */
#include <string.h>

#include "memory.h"

#define MAX_BLOCKS	4096

static struct block {
	char *start;
	size_t size;
	bool shared;
} blocks[MAX_BLOCKS];
static unsigned int n_blocks;

struct memory_state memory;

static struct block *block_of(const char *p)
{
	unsigned int i;

	for (i = n_blocks; i--;)
		if (p >= blocks[i].start && p < blocks[i].start + blocks[i].size)
			return &blocks[i];
	return NULL;
}

/* In the place of posix_memalign(). */
int memory_alloc(void **p, size_t align, size_t size)
{
	bool fail = memory.fail & 1;

	memory.fail >>= 1;
	memory.failed += fail;
	if (fail)
		return -1;
	expect(n_blocks < MAX_BLOCKS, "%u pieces are in use", n_blocks);
	if (posix_memalign(p, align, size))
		abort();
	blocks[n_blocks++] = (struct block) { .start = *p, .size = size };
	return 0;
}

/* In the place of free(). */
void memory_free(void *p)
{
	unsigned int i;

	if (!p)
		return;
	for (i = n_blocks - 1; i && blocks[i].start != p; i--)
		;
	expect(i, "%p was freed", p);
	blocks[i] = blocks[--n_blocks];
	free(p);
}

/* In the place of virt_to_phys(): the physical address is the virtual one. */
unsigned long memory_share(const void *p)
{
	struct block *block = block_of(p);

	if (block)
		block->shared = true;
	return (unsigned long)p;
}

/* Bytes that the device reaches, or NULL. */
void *memory_shared(unsigned long addr, size_t size)
{
	char *p = (char *)addr;
	struct block *block = block_of(p);

	return block && block->shared && size <= block->start + block->size - p ? p : NULL;
}

/* Some byte that the device reaches, and how many there are from there. */
unsigned char *memory_shared_byte(unsigned int nth, unsigned int at, size_t *left)
{
	unsigned int i, shared = 0;

	for (i = 0; i < n_blocks; i++)
		shared += blocks[i].shared;
	if (!shared)
		return NULL;
	nth %= shared;
	for (i = 0; !blocks[i].shared || nth--; i++)
		;
	at %= blocks[i].size;
	*left = blocks[i].size - at;
	return (unsigned char *)blocks[i].start + at;
}

/* Besides what will be allocated, the device reaches @size bytes at @start. */
void memory_begin(void *start, size_t size)
{
	memset(&memory, 0, sizeof(memory));
	blocks[0] = (struct block) { .start = start, .size = size, .shared = true };
	n_blocks = 1;
}

void memory_end(void)
{
	expect(n_blocks == 1, "%u pieces were not freed, the last of %zu bytes", n_blocks - 1,
	       blocks[n_blocks - 1].size);
}

void memory_said_error(const char *format, ...)
{
	memory.errors++;
}

void memory_said_warning(const char *format, ...)
{
	memory.warnings++;
}
