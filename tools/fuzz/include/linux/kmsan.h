/* SPDX-License-Identifier: GPL-2.0 */
/* Segments that a device is given by physical address are noted (dma.h). */
#ifndef _FUZZ_LINUX_KMSAN_H
#define _FUZZ_LINUX_KMSAN_H

#include <linux/dma-mapping.h>

#define kmsan_handle_dma(phys, size, dir)	dma_note((void *)(unsigned long)(phys), size, dir)

#endif /* _FUZZ_LINUX_KMSAN_H */
