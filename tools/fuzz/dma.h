/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mappings that are watched: what was mapped must be unmapped once, as it was
 * mapped.  Behind the DMA API's stand-in, <linux/dma-mapping.h>, which includes
 * this; what the device makes of an address, it asks here.
 */
#ifndef _FUZZ_DMA_H
#define _FUZZ_DMA_H

#define DMA_NOWHERE	(~0ULL)
#define DMA_SIZE_MAX	12345

/* How the device reaches memory. */
enum dma_way {
	DMA_PHYSICAL,	/* by physical addresses; nothing is mapped */
	DMA_DIRECT,	/* by the same, mapped: nothing needs to be unmapped */
	DMA_IOMMU,	/* by addresses of its own */
	DMA_COPIES,	/* the same, and it sees a copy */
	DMA_SWIOTLB,	/* directly, but for what is copied */
};

/* Who mapped. */
enum dma_kind { DMA_NONE, DMA_COHERENT, DMA_SEGMENT, DMA_TABLE, DMA_DRIVERS };

/**
 * struct dma_state - what happened to mappings
 * @way: how the device reaches memory
 * @choice: with %DMA_SWIOTLB, a bit for each mapping to come: is it copied?
 * @fail: the mapping that fails, counted down: 1 for the next; 0 for none
 * @failed: how many did
 * @live: how many segments are mapped that have to be unmapped
 * @notes: how many segments were noted since this was set to 0
 */
struct dma_state {
	enum dma_way way;
	unsigned int choice, fail, failed, live, notes;
};

/* The segments that are remembered. */
#define DMA_NOTES	4096

/* One that went to the device without the DMA API, as KMSAN was told. */
struct dma_noted {
	const void *p;
	size_t size;
	enum dma_data_direction dir;
};

extern struct dma_state dma;

void *dma_coherent(size_t size, dma_addr_t *addr);
void dma_put_coherent(size_t size, void *p, dma_addr_t addr);
dma_addr_t dma_map(void *p, size_t size, enum dma_data_direction dir, enum dma_kind kind);
void dma_unmap(dma_addr_t addr, size_t size, enum dma_data_direction dir, enum dma_kind kind);
void dma_sync(dma_addr_t addr, size_t at, size_t size, enum dma_data_direction dir,
	      bool for_device);
bool dma_has_ops(void);
bool dma_needs_sync(void);
void *dma_reach(dma_addr_t addr, size_t size, const void **memory);
void dma_note(const void *p, size_t size, enum dma_data_direction dir);
const struct dma_noted *dma_noted(unsigned int nth);
void dma_begin(enum dma_way way);
void dma_end(void);

#endif /* _FUZZ_DMA_H */
