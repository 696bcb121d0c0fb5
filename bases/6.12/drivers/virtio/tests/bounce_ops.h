/* SPDX-License-Identifier: GPL-2.0 */
/* The operations of bounce_dma.c, for a DMA API that names memory by its page. */
static dma_addr_t dev_map_page(struct device *dev, struct page *page, unsigned long offset,
			       size_t size, enum dma_data_direction dir, unsigned long attrs)
{
	return dev_map(dev, page_to_phys(page) + offset, size, dir, attrs);
}

static const struct dma_map_ops bounce_ops = {
	.alloc = dev_alloc,
	.free = dev_free,
	.map_page = dev_map_page,
	.unmap_page = dev_unmap,
	.sync_single_for_cpu = dev_for_cpu,
	.sync_single_for_device = dev_for_device,
	.max_mapping_size = dev_max,
};
