/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device that reaches memory in a way of its own, for tests of queues that map.
 *
 * What is mapped is copied, and the device sees the copy, at an address that is
 * none of the memory's: so data arrives only if it was mapped, synchronised and
 * unmapped as the DMA API wants it.  Mappings are counted, and can fail.
 */
#ifndef _VIRTIO_BOUNCE_DMA_H
#define _VIRTIO_BOUNCE_DMA_H

#include <kunit/test.h>
#include <linux/dma-mapping.h>

/* How far its addresses lie from physical ones. */
#define BOUNCE_OFFSET	0x80000000ULL
/* The longest mapping that it takes. */
#define BOUNCE_MAX	12345

/**
 * struct bounce_dma - the device
 * @dev: for the DMA API
 * @mappings: what is mapped
 * @mapped: how many that are
 * @allocated: pieces of coherent memory
 * @map_fails: the mapping that fails, counted down: 1 for the next; 0 for none
 * @alloc_fails: how many allocations will fail
 * @alloc_fails_after: and then the one that fails, counted down like @map_fails
 * @errors: what was unmapped or synchronised and not mapped so
 */
struct bounce_dma {
	struct device *dev;
	struct list_head mappings;
	unsigned int mapped, allocated, map_fails, alloc_fails, alloc_fails_after, errors;
};

/* Skips the test where the kernel has no devices with mappings of their own. */
struct bounce_dma *bounce_dma_make(struct kunit *test, const char *name);

#endif /* _VIRTIO_BOUNCE_DMA_H */
