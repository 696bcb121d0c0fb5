/* SPDX-License-Identifier: GPL-2.0 */
/* The DMA API does not know that memory may share cache lines that nobody writes to. */
#ifndef _VIRTIO_BASE_DMA_MAPPING_H
#define _VIRTIO_BASE_DMA_MAPPING_H

#include_next <linux/dma-mapping.h>

#define DMA_ATTR_DEBUGGING_IGNORE_CACHELINES	0UL

#endif /* _VIRTIO_BASE_DMA_MAPPING_H */
