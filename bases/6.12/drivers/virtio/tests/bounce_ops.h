/* SPDX-License-Identifier: GPL-2.0 */
/* The operations of bounce_dma.c, for a DMA API that names memory by its page. */
static dma_addr_t bounce_map_page(struct device *dev, struct page *page, unsigned long offset,
				  size_t size, enum dma_data_direction dir, unsigned long attrs)
{
	return bounce_map(dev, page_to_phys(page) + offset, size, dir, attrs);
}

static const struct dma_map_ops bounce_ops = {
	.alloc = bounce_alloc,
	.free = bounce_free,
	.map_page = bounce_map_page,
	.unmap_page = bounce_unmap,
	.sync_single_for_cpu = bounce_for_cpu,
	.sync_single_for_device = bounce_for_device,
	.max_mapping_size = bounce_max,
};
