/* SPDX-License-Identifier: GPL-2.0 */
/* The operations of bounce_dma.c, as this kernel's DMA API wants them. */
static const struct dma_map_ops bounce_ops = {
	.alloc = bounce_alloc,
	.free = bounce_free,
	.map_phys = bounce_map,
	.unmap_phys = bounce_unmap,
	.sync_single_for_cpu = bounce_for_cpu,
	.sync_single_for_device = bounce_for_device,
	.max_mapping_size = bounce_max,
};
