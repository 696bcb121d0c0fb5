// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses: what a device is given to reach a buffer by.
 *
 * With VIRTIO_F_ACCESS_PLATFORM that is what &virtio_device.map or else the DMA API says,
 * otherwise the physical address.  The engine calls in here for queues that map, and so do
 * memory.c for the rings and map_api.c for drivers.  Nothing here knows a ring format.
 */
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/iommu-dma.h>
#include <xen/xen.h>

#include "ring.h"

/* Xen guests have used the DMA API since before there was a bit to say so. */
bool ring_uses_dma_api(const struct virtio_device *vdev)
{
	return __virtio_test_bit(vdev, VIRTIO_F_ACCESS_PLATFORM) || xen_domain();
}

/* Not so when bus addresses are physical ones, or only shifted: direct mapping. */
bool ring_must_unmap(const struct ring_queue *q)
{
	return q->vq.vdev->map || get_dma_ops(q->map.dma_dev) || use_dma_iommu(q->map.dma_dev);
}

/* Of a queue that maps: by the operations that there are, or by the DMA API. */
dma_addr_t ring_map_page(const struct ring_queue *q, struct page *page, unsigned long offset,
			 size_t size, enum dma_data_direction dir, unsigned long attrs)
{
	const struct virtio_map_ops *ops = q->vq.vdev->map;

	return ops ? ops->map_page(q->map, page, offset, size, dir, attrs) :
		     dma_map_page_attrs(q->map.dma_dev, page, offset, size, dir, attrs);
}

void ring_unmap_page(const struct ring_queue *q, dma_addr_t addr, size_t size,
		     enum dma_data_direction dir, unsigned long attrs)
{
	const struct virtio_map_ops *ops = q->vq.vdev->map;

	if (ops)
		ops->unmap_page(q->map, addr, size, dir, attrs);
	else
		dma_unmap_page_attrs(q->map.dma_dev, addr, size, dir, attrs);
}

/*
 * A segment, in another way than by the DMA API alone.  @flags are those of its descriptor,
 * with the way.  @map is %NULL where nothing is noted.  Returns DMA_MAPPING_ERROR if there is
 * no address.
 */
dma_addr_t ring_map_oddly(struct ring_queue *q, struct ring_map *map, struct scatterlist *sg,
			  unsigned int flags)
{
	unsigned long attrs = flags & RING_CLEAN ? DMA_ATTR_DEBUGGING_IGNORE_CACHELINES : 0;
	dma_addr_t addr;

	if (flags & RING_PREMAPPED) {
		addr = sg_dma_address(sg);
		/* As ring_premapped_addr(). */
		if (!(q->how & RING_PREMAPPED) && map)
			ring_note_map(map, addr, sg->length, flags, RING_PREMAPPED);
		return addr;
	}
	addr = ring_map_page(q, sg_page(sg), sg->offset, sg->length, ring_dir(flags), attrs);
	ring_note_map(map, addr, sg->length, flags, flags & RING_BY_OPS);
	return virtqueue_map_mapping_error(&q->vq, addr) ? DMA_MAPPING_ERROR : addr;
}

static __cold void unmap_oddly(struct ring_queue *q, const struct ring_map *map)
{
	if (!(map->flags & RING_PREMAPPED))
		ring_unmap_page(q, map->addr, map->len, map->flags & RING_DIR, 0);
}

static void unmap(struct ring_queue *q, const struct ring_map *map)
{
	if (unlikely(map->flags > RING_DIR))
		unmap_oddly(q, map);
	else
		dma_unmap_page(q->map.dma_dev, map->addr, map->len, map->flags);
}

/* The first @count descriptors of the chain from @head, or of the free list from there. */
void ring_unmap_chain(struct ring_queue *q, u16 head, unsigned int count)
{
	for (; count--; head = q->links[head].next)
		unmap(q, &q->maps[head]);
}

/* The first @count of a table. */
void ring_unmap_table(struct ring_queue *q, const struct ring_map *maps, unsigned int count)
{
	for (; count--; maps++)
		unmap(q, maps);
}

/* An indirect table that was made for one buffer; to be checked as segments are. */
dma_addr_t ring_map_table(struct ring_queue *q, void *desc, size_t bytes)
{
	if (q->vq.vdev->map)
		return ring_map_page(q, virt_to_page(desc), offset_in_page(desc), bytes,
				     DMA_TO_DEVICE, 0);
	return dma_map_single(q->map.dma_dev, desc, bytes, DMA_TO_DEVICE);
}

/* Its descriptors are written. */
void ring_sync_table(struct ring_queue *q, dma_addr_t addr, size_t bytes)
{
	const struct virtio_map_ops *ops = q->vq.vdev->map;

	if (ops)
		ops->sync_single_for_device(q->map, addr, bytes, DMA_TO_DEVICE);
	else
		dma_sync_single_for_device(q->map.dma_dev, addr, bytes, DMA_TO_DEVICE);
}

void ring_release_table(struct ring_queue *q, dma_addr_t addr, size_t bytes)
{
	if (q->vq.vdev->map)
		ring_unmap_page(q, addr, bytes, DMA_TO_DEVICE, 0);
	else
		dma_unmap_single(q->map.dma_dev, addr, bytes, DMA_TO_DEVICE);
}
