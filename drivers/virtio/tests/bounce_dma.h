/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device that reaches memory in a way of its own, for tests of queues that map.
 *
 * By the DMA API, or by operations of &virtio_device.map.  What is mapped is copied, and the
 * device sees the copy, at an address that is none of the memory's: so data arrives only if
 * it was mapped, synchronised and unmapped as the DMA API wants it.  Mappings are counted,
 * and can fail.
 */
#ifndef _VIRTIO_BOUNCE_DMA_H
#define _VIRTIO_BOUNCE_DMA_H

#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/virtio_config.h>

/* How far its addresses lie from physical ones. */
#define BOUNCE_OFFSET	0x80000000ULL
/* The longest mapping that it takes. */
#define BOUNCE_MAX	12345

/**
 * struct bounce_dma - the device
 * @dev: for the DMA API; else %NULL
 * @mappings: what is mapped
 * @mapped: how many that are
 * @allocated: pieces of coherent memory
 * @map_fails: the mapping that fails, counted down: 1 for the next; 0 for none
 * @alloc_fails: how many allocations will fail
 * @alloc_fails_after: and then the one that fails, counted down like @map_fails
 * @needs_no_sync: what &virtio_map_ops.need_sync does not answer
 * @attrs: of the last mapping
 * @errors: what was unmapped or synchronised and not mapped so
 */
struct bounce_dma {
	struct device *dev;
	struct list_head mappings;
	unsigned int mapped, allocated, map_fails, alloc_fails, alloc_fails_after, errors;
	bool needs_no_sync;
	unsigned long attrs;
};

extern const struct virtio_map_ops bounce_map_ops;

/* For what these operations map. */
static inline union virtio_map bounce_map_of(struct bounce_dma *dma)
{
	return (union virtio_map) { .group = (struct vduse_vq_group *)dma };
}

/* Skips the test where the kernel has no devices with mappings of their own. */
struct bounce_dma *bounce_dma_make(struct kunit *test, const char *name);
struct bounce_dma *bounce_map_make(struct kunit *test);

#endif /* _VIRTIO_BOUNCE_DMA_H */
