/* SPDX-License-Identifier: GPL-2.0 */
/* Segments that a device is given by physical address are noted (dma.h). */
#ifndef _FUZZ_LINUX_KMSAN_H
#define _FUZZ_LINUX_KMSAN_H

#include <linux/dma-mapping.h>

#define kmsan_handle_dma(page, offset, size, dir) \
	dma_note((char *)(page) + (offset), size, dir)

#endif /* _FUZZ_LINUX_KMSAN_H */
