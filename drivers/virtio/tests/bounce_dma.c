// SPDX-License-Identifier: GPL-2.0
/*
 * A device whose mappings are copies; bounce_dma.h says more.
 */
#include <kunit/device.h>
#include <linux/dma-map-ops.h>
#include <linux/slab.h>

#include "bounce_dma.h"

/**
 * struct bounce - a mapping
 * @list: link in &bounce_dma.mappings
 * @cpu: the memory
 * @copy: what the device sees instead
 * @size: bytes
 * @dir: who writes
 */
struct bounce {
	struct list_head list;
	u8 *cpu, *copy;
	size_t size;
	enum dma_data_direction dir;
};

static dma_addr_t addr_of(const void *p)
{
	return virt_to_phys((void *)p) + BOUNCE_OFFSET;
}

/* The mapping that holds @size bytes at @addr; an error if there is none. */
static struct bounce *find(struct bounce_dma *dma, dma_addr_t addr, size_t size,
			   enum dma_data_direction dir)
{
	struct bounce *b;

	list_for_each_entry(b, &dma->mappings, list) {
		dma_addr_t start = addr_of(b->copy);

		if (addr >= start && addr + size <= start + b->size && dir == b->dir)
			return b;
	}
	dma->errors++;
	return NULL;
}

static void *alloc(struct bounce_dma *dma, size_t size, dma_addr_t *addr, gfp_t gfp)
{
	void *p;

	if (dma->alloc_fails) {
		dma->alloc_fails--;
		return NULL;
	}
	if (dma->alloc_fails_after && !--dma->alloc_fails_after)
		return NULL;
	p = alloc_pages_exact(size, gfp);
	if (!p)
		return NULL;
	dma->allocated++;
	*addr = addr_of(p);
	return p;
}

static void release(struct bounce_dma *dma, size_t size, void *p, dma_addr_t addr)
{
	if (addr != addr_of(p))
		dma->errors++;
	dma->allocated--;
	free_pages_exact(p, size);
}

static dma_addr_t map(struct bounce_dma *dma, phys_addr_t phys, size_t size,
		      enum dma_data_direction dir, unsigned long attrs)
{
	struct bounce *b;

	if (dma->map_fails && !--dma->map_fails)
		return DMA_MAPPING_ERROR;
	dma->attrs = attrs;
	b = kzalloc(sizeof(*b), GFP_ATOMIC);
	if (!b)
		return DMA_MAPPING_ERROR;
	b->copy = kzalloc(size, GFP_ATOMIC);
	if (!b->copy) {
		kfree(b);
		return DMA_MAPPING_ERROR;
	}
	b->cpu = phys_to_virt(phys);
	b->size = size;
	b->dir = dir;
	if (dir != DMA_FROM_DEVICE && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		memcpy(b->copy, b->cpu, size);
	list_add(&b->list, &dma->mappings);
	dma->mapped++;
	return addr_of(b->copy);
}

static void unmap(struct bounce_dma *dma, dma_addr_t addr, size_t size,
		  enum dma_data_direction dir, unsigned long attrs)
{
	struct bounce *b = find(dma, addr, size, dir);

	if (!b)
		return;
	if (addr != addr_of(b->copy) || size != b->size)
		dma->errors++;
	if (dir != DMA_TO_DEVICE && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		memcpy(b->cpu, b->copy, b->size);
	list_del(&b->list);
	kfree(b->copy);
	kfree(b);
	dma->mapped--;
}

static void for_cpu(struct bounce_dma *dma, dma_addr_t addr, size_t size,
		    enum dma_data_direction dir)
{
	struct bounce *b = find(dma, addr, size, dir);
	size_t at = b ? addr - addr_of(b->copy) : 0;

	if (b && dir != DMA_TO_DEVICE)
		memcpy(b->cpu + at, b->copy + at, size);
}

static void for_device(struct bounce_dma *dma, dma_addr_t addr, size_t size,
		       enum dma_data_direction dir)
{
	struct bounce *b = find(dma, addr, size, dir);
	size_t at = b ? addr - addr_of(b->copy) : 0;

	if (b && dir != DMA_FROM_DEVICE)
		memcpy(b->copy + at, b->cpu + at, size);
}

/* Both ways in: the same functions, by a device and by what a queue maps for. */

static struct bounce_dma *of_dev(struct device *dev)
{
	return dev_get_drvdata(dev);
}

static void *dev_alloc(struct device *dev, size_t size, dma_addr_t *addr, gfp_t gfp,
		       unsigned long attrs)
{
	return alloc(of_dev(dev), size, addr, gfp);
}

static void dev_free(struct device *dev, size_t size, void *p, dma_addr_t addr,
		     unsigned long attrs)
{
	release(of_dev(dev), size, p, addr);
}

static dma_addr_t dev_map(struct device *dev, phys_addr_t phys, size_t size,
			  enum dma_data_direction dir, unsigned long attrs)
{
	return map(of_dev(dev), phys, size, dir, attrs);
}

static void dev_unmap(struct device *dev, dma_addr_t addr, size_t size,
		      enum dma_data_direction dir, unsigned long attrs)
{
	unmap(of_dev(dev), addr, size, dir, attrs);
}

static void dev_for_cpu(struct device *dev, dma_addr_t addr, size_t size,
			enum dma_data_direction dir)
{
	for_cpu(of_dev(dev), addr, size, dir);
}

static void dev_for_device(struct device *dev, dma_addr_t addr, size_t size,
			   enum dma_data_direction dir)
{
	for_device(of_dev(dev), addr, size, dir);
}

static size_t dev_max(struct device *dev)
{
	return BOUNCE_MAX;
}

#include "bounce_ops.h"

static struct bounce_dma *of_map(union virtio_map map)
{
	return (struct bounce_dma *)map.group;
}

static dma_addr_t ops_map(union virtio_map token, struct page *page, unsigned long offset,
			  size_t size, enum dma_data_direction dir, unsigned long attrs)
{
	return map(of_map(token), page_to_phys(page) + offset, size, dir, attrs);
}

static void ops_unmap(union virtio_map token, dma_addr_t addr, size_t size,
		      enum dma_data_direction dir, unsigned long attrs)
{
	unmap(of_map(token), addr, size, dir, attrs);
}

static void ops_for_cpu(union virtio_map token, dma_addr_t addr, size_t size,
			enum dma_data_direction dir)
{
	for_cpu(of_map(token), addr, size, dir);
}

static void ops_for_device(union virtio_map token, dma_addr_t addr, size_t size,
			   enum dma_data_direction dir)
{
	for_device(of_map(token), addr, size, dir);
}

static void *ops_alloc(union virtio_map token, size_t size, dma_addr_t *addr, gfp_t gfp)
{
	return alloc(of_map(token), size, addr, gfp);
}

static void ops_free(union virtio_map token, size_t size, void *p, dma_addr_t addr,
		     unsigned long attrs)
{
	release(of_map(token), size, p, addr);
}

static bool ops_need_sync(union virtio_map token, dma_addr_t addr)
{
	return !of_map(token)->needs_no_sync;
}

static int ops_mapping_error(union virtio_map token, dma_addr_t addr)
{
	return addr == DMA_MAPPING_ERROR ? -ENOSPC : 0;
}

static size_t ops_max(union virtio_map token)
{
	return of_map(token) ? BOUNCE_MAX : 0;
}

const struct virtio_map_ops bounce_map_ops = {
	.map_page = ops_map,
	.unmap_page = ops_unmap,
	.sync_single_for_cpu = ops_for_cpu,
	.sync_single_for_device = ops_for_device,
	.alloc = ops_alloc,
	.free = ops_free,
	.need_sync = ops_need_sync,
	.mapping_error = ops_mapping_error,
	.max_mapping_size = ops_max,
};

struct bounce_dma *bounce_map_make(struct kunit *test)
{
	struct bounce_dma *dma = kunit_kzalloc(test, sizeof(*dma), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, dma);
	INIT_LIST_HEAD(&dma->mappings);
	return dma;
}

struct bounce_dma *bounce_dma_make(struct kunit *test, const char *name)
{
	struct bounce_dma *dma;

	if (!IS_ENABLED(CONFIG_ARCH_HAS_DMA_OPS))
		kunit_skip(test, "needs CONFIG_ARCH_HAS_DMA_OPS");
	dma = bounce_map_make(test);
	dma->dev = kunit_device_register(test, name);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dma->dev);
	dev_set_drvdata(dma->dev, dma);
	set_dma_ops(dma->dev, &bounce_ops);
	return dma;
}
