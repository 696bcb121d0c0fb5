/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The DMA API, as far as the ring uses it, on mappings that are watched (dma.h).
 * The tree's stand-in maps nothing.
 */
#ifndef _FUZZ_LINUX_DMA_MAPPING_H
#define _FUZZ_LINUX_DMA_MAPPING_H

#include <linux/kernel.h>

enum dma_data_direction {
	DMA_BIDIRECTIONAL,
	DMA_TO_DEVICE,
	DMA_FROM_DEVICE,
};

#include "../../dma.h"

#define DMA_ATTR_DEBUGGING_IGNORE_CACHELINES	(1UL << 11)
#define DMA_MAPPING_ERROR			DMA_NOWHERE

#define dma_alloc_coherent(d, size, addr, gfp)	((void)(gfp), dma_coherent(size, addr))
#define dma_free_coherent(d, size, p, addr)	dma_put_coherent(size, p, addr)
#define dma_map_page(d, page, offset, size, dir) \
	dma_map((char *)(page) + (offset), size, dir, DMA_SEGMENT)
#define dma_map_page_attrs(d, page, offset, size, dir, a) \
	((void)(a), dma_map_page(d, page, offset, size, dir))
#define dma_map_single(d, p, size, dir)		dma_map(p, size, dir, DMA_TABLE)
#define dma_map_single_attrs(d, p, size, dir, a) \
	((void)(a), dma_map(p, size, dir, DMA_DRIVERS))
#define dma_mapping_error(d, addr)		((addr) == DMA_NOWHERE)
#define dma_unmap_page(d, addr, size, dir)	dma_unmap(addr, size, dir, DMA_SEGMENT)
#define dma_unmap_page_attrs(d, addr, size, dir, a) \
	((void)(a), dma_unmap_page(d, addr, size, dir))
#define dma_unmap_single(d, addr, size, dir)	dma_unmap(addr, size, dir, DMA_TABLE)
#define dma_unmap_single_attrs(d, addr, size, dir, a) \
	((void)(a), dma_unmap(addr, size, dir, DMA_DRIVERS))
#define dma_sync_single_for_cpu(d, addr, size, dir) \
	dma_sync(addr, 0, size, dir, false)
#define dma_sync_single_for_device(d, addr, size, dir) \
	dma_sync(addr, 0, size, dir, true)
#define dma_sync_single_range_for_cpu(d, addr, at, size, dir) \
	dma_sync(addr, at, size, dir, false)
#define dma_sync_single_range_for_device(d, addr, at, size, dir) \
	dma_sync(addr, at, size, dir, true)
#define dma_dev_need_sync(d)			((void)(d), dma_needs_sync())
#define dma_need_sync(d, addr)			((void)(addr), dma_needs_sync())
#define dma_max_mapping_size(d)			((void)(d), (size_t)DMA_SIZE_MAX)

#define sg_dma_address(sg)			((sg)->dma_address)

#endif /* _FUZZ_LINUX_DMA_MAPPING_H */
