// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings that are watched; dma.h says more.
 *
 * An address of the device's own holds the number of its mapping, none of which
 * is used twice: what was unmapped before is told from what is mapped now.
 */
#include <linux/dma-mapping.h>

#define FIRST		(1ULL << 40)
#define APART		(1ULL << 17)
#define MAX_MAPPINGS	65536

static struct mapping {
	char *cpu, *copy;
	size_t size;
	enum dma_data_direction dir;
	enum dma_kind kind;
} mappings[MAX_MAPPINGS];
static unsigned int n_mappings;
static bool copied;

static struct dma_noted noted[DMA_NOTES];

struct dma_state dma;

void dma_note(const void *p, size_t size, enum dma_data_direction dir)
{
	noted[dma.notes++ % DMA_NOTES] = (struct dma_noted) { p, size, dir };
}

/* The segment that was noted @nth, from 0. */
const struct dma_noted *dma_noted(unsigned int nth)
{
	return &noted[nth % DMA_NOTES];
}

/* Addresses are those of memory, unless this one has its own. */
static bool is_direct(dma_addr_t addr)
{
	return addr < FIRST || addr >= FIRST + MAX_MAPPINGS * APART;
}

static struct mapping *mapping_of(dma_addr_t addr)
{
	unsigned int nr = (addr - FIRST) / APART;

	return is_direct(addr) || nr >= n_mappings || !mappings[nr].kind ? NULL : &mappings[nr];
}

static dma_addr_t addr_of(const struct mapping *m)
{
	return FIRST + (m - mappings) * APART + offset_in_page(m->cpu);
}

/* Whether the device sees a copy of what is mapped next. */
static bool next_is_copied(enum dma_kind kind)
{
	bool copy = dma.way == DMA_COPIES;

	if (kind == DMA_COHERENT)
		return false;
	if (dma.way == DMA_SWIOTLB) {
		copy = dma.choice & 1;
		dma.choice = dma.choice >> 1 | (unsigned int)copy << 31;
		copied |= copy;
	}
	return copy;
}

static char *make_copy(const void *p, size_t size)
{
	void *copy = malloc(size);

	expect(copy, "%zu bytes for a copy", size);
	return memcpy(copy, p, size);
}

static bool has_own_addr(bool copy)
{
	return dma.way == DMA_IOMMU || dma.way == DMA_COPIES || copy;
}

dma_addr_t dma_map(void *p, size_t size, enum dma_data_direction dir, enum dma_kind kind)
{
	struct mapping *m = &mappings[n_mappings];
	bool copy;

	if ((dma.fail && !--dma.fail) || n_mappings == MAX_MAPPINGS) {
		dma.failed++;
		return DMA_NOWHERE;
	}
	copy = next_is_copied(kind);
	if (!copy)
		memory_share(p);
	if (!has_own_addr(copy))
		return (unsigned long)p;
	n_mappings++;
	*m = (struct mapping) {
		.cpu = p, .size = size, .dir = dir, .kind = kind,
		.copy = copy ? make_copy(p, size) : NULL,
	};
	dma.live += kind == DMA_SEGMENT;
	return addr_of(m);
}

void dma_unmap(dma_addr_t addr, size_t size, enum dma_data_direction dir, enum dma_kind kind)
{
	struct mapping *m = mapping_of(addr);

	expect(dma.way != DMA_PHYSICAL, "%#llx was unmapped, and nothing was mapped", addr);
	if (is_direct(addr) && !has_own_addr(false))
		return;
	expect(m, "%#llx was unmapped, which is not mapped", addr);
	expect(addr == addr_of(m) && size == m->size && dir == m->dir && kind == m->kind,
	       "%#llx: %zu bytes unmapped in direction %u by %u, mapped %zu in %u by %u",
	       addr, size, dir, kind, m->size, m->dir, m->kind);
	if (m->copy && dir != DMA_TO_DEVICE)
		memcpy(m->cpu, m->copy, size);
	free(m->copy);
	m->kind = DMA_NONE;
	dma.live -= kind == DMA_SEGMENT;
}

void dma_sync(dma_addr_t addr, size_t at, size_t size, enum dma_data_direction dir,
	      bool for_device)
{
	struct mapping *m = mapping_of(addr);

	if (is_direct(addr) && !has_own_addr(false))
		return;
	expect(m && at <= m->size && size <= m->size - at && dir == m->dir,
	       "%#llx: %zu bytes synchronised, and not mapped so", addr, size);
	if (!m->copy)
		return;
	if (for_device && dir != DMA_FROM_DEVICE)
		memcpy(m->copy + at, m->cpu + at, size);
	if (!for_device && dir != DMA_TO_DEVICE)
		memcpy(m->cpu + at, m->copy + at, size);
}

void *dma_coherent(size_t size, dma_addr_t *addr)
{
	unsigned int fail = dma.fail;
	void *p;

	if (memory_alloc(&p, PAGE_SIZE, size))
		return NULL;
	dma.fail = 0;
	*addr = dma_map(memset(p, 0, size), size, DMA_BIDIRECTIONAL, DMA_COHERENT);
	dma.fail = fail;
	expect(*addr != DMA_NOWHERE, "there are mappings left");
	return p;
}

void dma_put_coherent(size_t size, void *p, dma_addr_t addr)
{
	void const *cpu = NULL;

	expect(dma_reach(addr, size, &cpu) && cpu == p, "%p was freed at %#llx", p, addr);
	dma_unmap(addr, size, DMA_BIDIRECTIONAL, DMA_COHERENT);
	memory_free(p);
}

bool dma_has_ops(void)
{
	return dma.way == DMA_IOMMU || dma.way == DMA_COPIES;
}

bool dma_needs_sync(void)
{
	return dma.way == DMA_COPIES || copied;
}

/* What the device finds at an address, and in @memory what that stands for; or NULL. */
void *dma_reach(dma_addr_t addr, size_t size, const void **memory)
{
	struct mapping *m = mapping_of(addr);
	size_t at;

	if (is_direct(addr) && !has_own_addr(false)) {
		*memory = (void *)addr;
		return memory_shared(addr, size);
	}
	at = m ? addr - addr_of(m) : 0;
	if (!m || at > m->size || size > m->size - at)
		return NULL;
	*memory = m->cpu + at;
	return (m->copy ?: m->cpu) + at;
}

void dma_begin(enum dma_way way)
{
	dma = (struct dma_state) { .way = way };
	n_mappings = 0;
	copied = false;
}

void dma_end(void)
{
	unsigned int i;

	for (i = 0; i < n_mappings; i++)
		expect(!mappings[i].kind, "%p, %zu bytes, is still mapped", mappings[i].cpu,
		       mappings[i].size);
}
