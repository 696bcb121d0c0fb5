// SPDX-License-Identifier: GPL-2.0
/*
 * Functions for drivers and transports that map memory as a queue itself does.
 *
 * A queue takes addresses of &virtio_device.map or of the DMA API, or physical addresses,
 * for which there is nothing to map.  Called by drivers that map their buffers themselves,
 * and by memory.c for the rings.
 */
#include <linux/dma-mapping.h>
#include <linux/export.h>
#include <linux/kmsan.h>
#include <linux/mm.h>

#include "ring.h"

/**
 * virtio_max_dma_size - the longest segment that a queue of the device takes
 * @vdev: the device
 *
 * Context: any.
 * Return: bytes; SIZE_MAX when nothing is mapped.
 */
size_t virtio_max_dma_size(const struct virtio_device *vdev)
{
	if (!ring_uses_dma_api(vdev))
		return SIZE_MAX;
	return vdev->map ? vdev->map->max_mapping_size(vdev->vmap) :
			   dma_max_mapping_size(vdev->dev.parent);
}
EXPORT_SYMBOL_GPL(virtio_max_dma_size);

/**
 * virtqueue_dma_dev - the device to map buffers of this queue for
 * @vq: the queue
 *
 * Context: any.
 * Return: the device, or %NULL when the queue takes no addresses of the DMA API.
 */
struct device *virtqueue_dma_dev(struct virtqueue *vq)
{
	struct ring_queue *q = to_ring(vq);

	return q->dma_api && !vq->vdev->map ? q->map.dma_dev : NULL;
}
EXPORT_SYMBOL_GPL(virtqueue_dma_dev);

/**
 * virtqueue_set_dma_premapped - the driver will map the buffers of this queue
 * @vq: the queue, just set up and empty
 *
 * From now on the addresses in the scatterlists are used as they are, also on a queue that
 * takes physical addresses.  For a buffer now and then there is
 * virtqueue_add_inbuf_premapped().
 * Context: any; exclusive with other operations on the queue.
 * Return: 0, or -EINVAL when there are buffers in the queue.
 */
int virtqueue_set_dma_premapped(struct virtqueue *vq)
{
	struct ring_queue *q = to_ring(vq);

	if (vq->num_free != q->num)
		return -EINVAL;
	q->how |= RING_PREMAPPED;
	/* An address is in the list, whatever it is made of. */
	q->phys = false;
	q->plain = false;
	return 0;
}
EXPORT_SYMBOL_GPL(virtqueue_set_dma_premapped);

/**
 * virtqueue_map_alloc_coherent - memory that the CPU and the device both see at any time
 * @vdev: the device, which takes mapped addresses (VIRTIO_F_ACCESS_PLATFORM)
 * @map: for what: that of a queue, or &virtio_device.vmap
 * @size: bytes
 * @addr: where the device finds it
 * @gfp: how to allocate it
 *
 * Context: any that @gfp allows.
 * Return: the memory, or %NULL.
 */
void *virtqueue_map_alloc_coherent(struct virtio_device *vdev, union virtio_map map,
				   size_t size, dma_addr_t *addr, gfp_t gfp)
{
	return vdev->map ? vdev->map->alloc(map, size, addr, gfp) :
			   dma_alloc_coherent(map.dma_dev, size, addr, gfp);
}
EXPORT_SYMBOL_GPL(virtqueue_map_alloc_coherent);

/**
 * virtqueue_map_free_coherent - free what virtqueue_map_alloc_coherent() returned
 * @vdev: the device
 * @map: as given there, like the rest
 * @size: bytes
 * @vaddr: the memory
 * @addr: where the device found it
 *
 * Context: may sleep.
 */
void virtqueue_map_free_coherent(struct virtio_device *vdev, union virtio_map map,
				 size_t size, void *vaddr, dma_addr_t addr)
{
	if (vdev->map)
		vdev->map->free(map, size, vaddr, addr, 0);
	else
		dma_free_coherent(map.dma_dev, size, vaddr, addr);
}
EXPORT_SYMBOL_GPL(virtqueue_map_free_coherent);

/**
 * virtqueue_map_page_attrs - map a part of a page for the device of a queue
 * @vq: the queue
 * @page: the page
 * @offset: where the part begins
 * @size: bytes
 * @dir: who writes
 * @attrs: DMA_ATTR_*
 *
 * Context: any.
 * Return: an address to check with virtqueue_map_mapping_error().
 */
dma_addr_t virtqueue_map_page_attrs(const struct virtqueue *vq, struct page *page,
				    unsigned long offset, size_t size,
				    enum dma_data_direction dir, unsigned long attrs)
{
	const struct ring_queue *q = to_ring(vq);

	if (q->dma_api)
		return ring_map_page(q, page, offset, size, dir, attrs);
	kmsan_handle_dma(page_to_phys(page) + offset, size, dir);
	return page_to_phys(page) + offset;
}
EXPORT_SYMBOL_GPL(virtqueue_map_page_attrs);

/**
 * virtqueue_unmap_page_attrs - undo virtqueue_map_page_attrs()
 * @vq: the queue
 * @addr: what that returned
 * @size: bytes
 * @dir: who wrote
 * @attrs: DMA_ATTR_*
 *
 * Context: any.
 */
void virtqueue_unmap_page_attrs(const struct virtqueue *vq, dma_addr_t addr, size_t size,
				enum dma_data_direction dir, unsigned long attrs)
{
	const struct ring_queue *q = to_ring(vq);

	if (q->dma_api)
		ring_unmap_page(q, addr, size, dir, attrs);
}
EXPORT_SYMBOL_GPL(virtqueue_unmap_page_attrs);

/**
 * virtqueue_map_single_attrs - map memory for the device of a queue
 * @vq: the queue
 * @ptr: the memory, which has pages of its own: not from vmalloc()
 * @size: bytes
 * @dir: who writes
 * @attrs: DMA_ATTR_*
 *
 * Context: any.
 * Return: an address to check with virtqueue_map_mapping_error().
 */
dma_addr_t virtqueue_map_single_attrs(const struct virtqueue *vq, void *ptr, size_t size,
				      enum dma_data_direction dir, unsigned long attrs)
{
	const struct ring_queue *q = to_ring(vq);

	if (q->dma_api && !vq->vdev->map)
		return dma_map_single_attrs(q->map.dma_dev, ptr, size, dir, attrs);
	return virtqueue_map_page_attrs(vq, virt_to_page(ptr), offset_in_page(ptr), size, dir,
					attrs);
}
EXPORT_SYMBOL_GPL(virtqueue_map_single_attrs);

/**
 * virtqueue_unmap_single_attrs - undo virtqueue_map_single_attrs()
 * @vq: the queue
 * @addr: what that returned
 * @size: bytes
 * @dir: who wrote
 * @attrs: DMA_ATTR_*
 *
 * Context: any.
 */
void virtqueue_unmap_single_attrs(const struct virtqueue *vq, dma_addr_t addr, size_t size,
				  enum dma_data_direction dir, unsigned long attrs)
{
	const struct ring_queue *q = to_ring(vq);

	if (q->dma_api && !vq->vdev->map)
		dma_unmap_single_attrs(q->map.dma_dev, addr, size, dir, attrs);
	else
		virtqueue_unmap_page_attrs(vq, addr, size, dir, attrs);
}
EXPORT_SYMBOL_GPL(virtqueue_unmap_single_attrs);

/**
 * virtqueue_map_mapping_error - is an address none, because mapping failed?
 * @vq: the queue
 * @addr: what virtqueue_map_page_attrs() or virtqueue_map_single_attrs() returned
 *
 * Context: any.
 * Return: 0 or an error, which is -ENOMEM by the DMA API.
 */
int virtqueue_map_mapping_error(const struct virtqueue *vq, dma_addr_t addr)
{
	const struct ring_queue *q = to_ring(vq);

	if (!q->dma_api)
		return 0;
	return vq->vdev->map ? vq->vdev->map->mapping_error(q->map, addr) :
			       dma_mapping_error(q->map.dma_dev, addr);
}
EXPORT_SYMBOL_GPL(virtqueue_map_mapping_error);

/**
 * virtqueue_map_need_sync - must a mapping be synchronised?
 * @vq: the queue
 * @addr: a mapped address
 *
 * Context: any.
 * Return: %false if the two functions below can be left out.
 */
bool virtqueue_map_need_sync(const struct virtqueue *vq, dma_addr_t addr)
{
	const struct ring_queue *q = to_ring(vq);

	if (!q->dma_api)
		return false;
	return vq->vdev->map ? vq->vdev->map->need_sync(q->map, addr) :
			       dma_need_sync(q->map.dma_dev, addr);
}
EXPORT_SYMBOL_GPL(virtqueue_map_need_sync);

/**
 * virtqueue_map_sync_single_range_for_cpu - let the CPU see what was written
 * @vq: the queue
 * @addr: a mapped address
 * @offset: where in the mapping
 * @size: bytes
 * @dir: as it was mapped
 *
 * Context: any.
 */
void virtqueue_map_sync_single_range_for_cpu(const struct virtqueue *vq, dma_addr_t addr,
					     unsigned long offset, size_t size,
					     enum dma_data_direction dir)
{
	const struct ring_queue *q = to_ring(vq);

	if (!q->dma_api)
		return;
	if (vq->vdev->map)
		vq->vdev->map->sync_single_for_cpu(q->map, addr + offset, size, dir);
	else
		dma_sync_single_range_for_cpu(q->map.dma_dev, addr, offset, size, dir);
}
EXPORT_SYMBOL_GPL(virtqueue_map_sync_single_range_for_cpu);

/**
 * virtqueue_map_sync_single_range_for_device - let the device see it
 * @vq: the queue
 * @addr: a mapped address
 * @offset: where in the mapping
 * @size: bytes
 * @dir: as it was mapped
 *
 * Context: any.
 */
void virtqueue_map_sync_single_range_for_device(const struct virtqueue *vq, dma_addr_t addr,
						unsigned long offset, size_t size,
						enum dma_data_direction dir)
{
	const struct ring_queue *q = to_ring(vq);

	if (!q->dma_api)
		return;
	if (vq->vdev->map)
		vq->vdev->map->sync_single_for_device(q->map, addr + offset, size, dir);
	else
		dma_sync_single_range_for_device(q->map.dma_dev, addr, offset, size, dir);
}
EXPORT_SYMBOL_GPL(virtqueue_map_sync_single_range_for_device);
