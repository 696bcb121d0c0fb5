/* SPDX-License-Identifier: GPL-2.0 */
/* Whether a device maps in a way of its own; the tree's stand-in says that none does. */
#ifndef _FUZZ_LINUX_DMA_MAP_OPS_H
#define _FUZZ_LINUX_DMA_MAP_OPS_H

#include <linux/dma-mapping.h>

#define get_dma_ops(d)	((void)(d), dma_has_ops())

#endif /* _FUZZ_LINUX_DMA_MAP_OPS_H */
