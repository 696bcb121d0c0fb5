/* SPDX-License-Identifier: GPL-2.0 */
/* The operations of bounce_dma.c, as this kernel's DMA API wants them. */
static const struct dma_map_ops bounce_ops = {
	.alloc = dev_alloc,
	.free = dev_free,
	.map_phys = dev_map,
	.unmap_phys = dev_unmap,
	.sync_single_for_cpu = dev_for_cpu,
	.sync_single_for_device = dev_for_device,
	.max_mapping_size = dev_max,
};
