/* SPDX-License-Identifier: GPL-2.0 */
/* Memory is named by its physical address. */
#ifndef _VIRTIO_BASE_KMSAN_H
#define _VIRTIO_BASE_KMSAN_H

#include_next <linux/kmsan.h>
#include <linux/mm.h>

static inline void virtio_kmsan_handle_dma(phys_addr_t phys, size_t size,
					   enum dma_data_direction dir)
{
	kmsan_handle_dma(pfn_to_page(PHYS_PFN(phys)), offset_in_page(phys), size, dir);
}

#define kmsan_handle_dma	virtio_kmsan_handle_dma

#endif /* _VIRTIO_BASE_KMSAN_H */
