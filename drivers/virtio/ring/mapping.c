// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses: what a device is given to reach a buffer by.
 *
 * With VIRTIO_F_ACCESS_PLATFORM that is what the DMA API says, otherwise the
 * physical address.  The engine calls in here for queues that map, and drivers
 * that map their buffers themselves call the functions of the 6.12 API at the
 * end.  Nothing here knows a ring format.
 */
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/export.h>
#include <linux/iommu-dma.h>
#include <linux/kmsan.h>
#include <xen/xen.h>

#include "ring.h"

/* Xen guests have used the DMA API since before there was a bit to say so. */
bool ring_uses_dma_api(const struct virtio_device *vdev)
{
	return __virtio_test_bit(vdev, VIRTIO_F_ACCESS_PLATFORM) || xen_domain();
}

/* Not so when bus addresses are physical ones, or only shifted: direct mapping. */
bool ring_must_unmap(struct device *dev)
{
	return get_dma_ops(dev) || use_dma_iommu(dev);
}

static void unmap(struct ring_queue *q, const struct ring_map *map)
{
	dma_unmap_page(q->dma_dev, map->addr, map->len, map->dir);
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

/**
 * virtio_max_dma_size - the longest segment that a queue of the device takes
 * @vdev: the device
 *
 * Context: any.
 * Return: bytes; SIZE_MAX when nothing is mapped.
 */
size_t virtio_max_dma_size(const struct virtio_device *vdev)
{
	return ring_uses_dma_api(vdev) ? dma_max_mapping_size(vdev->dev.parent) : SIZE_MAX;
}
EXPORT_SYMBOL_GPL(virtio_max_dma_size);

/**
 * virtqueue_dma_dev - the device to map buffers of this queue for
 * @vq: the queue
 *
 * Context: any.
 * Return: the device, or %NULL when the queue takes physical addresses.
 */
struct device *virtqueue_dma_dev(struct virtqueue *vq)
{
	struct ring_queue *q = to_ring(vq);

	return !q->dma_api ? NULL : q->dma_dev;
}
EXPORT_SYMBOL_GPL(virtqueue_dma_dev);

/**
 * virtqueue_set_dma_premapped - the driver will map the buffers of this queue
 * @vq: the queue, just set up and empty
 *
 * From now on the addresses in the scatterlists are used as they are, also on a queue that
 * takes physical addresses.
 * Context: any; exclusive with other operations on the queue.
 * Return: 0, or -EINVAL when there are buffers in the queue.
 */
int virtqueue_set_dma_premapped(struct virtqueue *vq)
{
	struct ring_queue *q = to_ring(vq);

	if (vq->num_free != q->num)
		return -EINVAL;
	q->premapped = true;
	/* An address is in the list, whatever it is made of. */
	q->phys = false;
	q->plain = false;
	return 0;
}
EXPORT_SYMBOL_GPL(virtqueue_set_dma_premapped);

/**
 * virtqueue_dma_map_single_attrs - map memory for the device of a queue
 * @vq: the queue
 * @ptr: the memory
 * @size: bytes
 * @dir: who writes
 * @attrs: DMA_ATTR_*
 *
 * Context: any.
 * Return: an address to check with virtqueue_dma_mapping_error().
 */
dma_addr_t virtqueue_dma_map_single_attrs(struct virtqueue *vq, void *ptr, size_t size,
					  enum dma_data_direction dir,
					  unsigned long attrs)
{
	struct ring_queue *q = to_ring(vq);

	if (q->dma_api)
		return dma_map_single_attrs(q->dma_dev, ptr, size, dir, attrs);
	kmsan_handle_dma(virt_to_page(ptr), offset_in_page(ptr), size, dir);
	return (dma_addr_t)virt_to_phys(ptr);
}
EXPORT_SYMBOL_GPL(virtqueue_dma_map_single_attrs);

/**
 * virtqueue_dma_unmap_single_attrs - undo virtqueue_dma_map_single_attrs()
 * @vq: the queue
 * @addr: what that returned
 * @size: bytes
 * @dir: who wrote
 * @attrs: DMA_ATTR_*
 *
 * Context: any.
 */
void virtqueue_dma_unmap_single_attrs(struct virtqueue *vq, dma_addr_t addr, size_t size,
				      enum dma_data_direction dir, unsigned long attrs)
{
	struct ring_queue *q = to_ring(vq);

	if (q->dma_api)
		dma_unmap_single_attrs(q->dma_dev, addr, size, dir, attrs);
}
EXPORT_SYMBOL_GPL(virtqueue_dma_unmap_single_attrs);

/**
 * virtqueue_dma_mapping_error - did virtqueue_dma_map_single_attrs() fail?
 * @vq: the queue
 * @addr: what that returned
 *
 * Context: any.
 * Return: 0 or -ENOMEM.
 */
int virtqueue_dma_mapping_error(struct virtqueue *vq, dma_addr_t addr)
{
	struct ring_queue *q = to_ring(vq);

	return !q->dma_api ? 0 : dma_mapping_error(q->dma_dev, addr);
}
EXPORT_SYMBOL_GPL(virtqueue_dma_mapping_error);

/**
 * virtqueue_dma_need_sync - must a mapping be synchronised?
 * @vq: the queue
 * @addr: a mapped address
 *
 * Context: any.
 * Return: %false if the two functions below can be left out.
 */
bool virtqueue_dma_need_sync(struct virtqueue *vq, dma_addr_t addr)
{
	struct ring_queue *q = to_ring(vq);

	return q->dma_api && dma_need_sync(q->dma_dev, addr);
}
EXPORT_SYMBOL_GPL(virtqueue_dma_need_sync);

/**
 * virtqueue_dma_sync_single_range_for_cpu - let the CPU see what was written
 * @vq: the queue
 * @addr: a mapped address
 * @offset: where in the mapping
 * @size: bytes
 * @dir: as it was mapped
 *
 * Context: any.
 */
void virtqueue_dma_sync_single_range_for_cpu(struct virtqueue *vq, dma_addr_t addr,
					     unsigned long offset, size_t size,
					     enum dma_data_direction dir)
{
	struct ring_queue *q = to_ring(vq);

	if (q->dma_api)
		dma_sync_single_range_for_cpu(q->dma_dev, addr, offset, size, dir);
}
EXPORT_SYMBOL_GPL(virtqueue_dma_sync_single_range_for_cpu);

/**
 * virtqueue_dma_sync_single_range_for_device - let the device see it
 * @vq: the queue
 * @addr: a mapped address
 * @offset: where in the mapping
 * @size: bytes
 * @dir: as it was mapped
 *
 * Context: any.
 */
void virtqueue_dma_sync_single_range_for_device(struct virtqueue *vq, dma_addr_t addr,
						unsigned long offset, size_t size,
						enum dma_data_direction dir)
{
	struct ring_queue *q = to_ring(vq);

	if (q->dma_api)
		dma_sync_single_range_for_device(q->dma_dev, addr, offset, size, dir);
}
EXPORT_SYMBOL_GPL(virtqueue_dma_sync_single_range_for_device);
