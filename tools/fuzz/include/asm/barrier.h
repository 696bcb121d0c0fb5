/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tree's stand-in knows a device that is a CPU.  Here is also one that is not;
 * in one thread the order is right for both.
 */
#ifndef _FUZZ_ASM_BARRIER_H
#define _FUZZ_ASM_BARRIER_H

#include_next <asm/barrier.h>

#undef mb
#undef dma_rmb
#undef dma_wmb
#define mb()		virt_mb()	/* who calls names the pair, here as below */
#define dma_rmb()	virt_rmb()	/* the same */
#define dma_wmb()	virt_wmb()	/* the same */

#endif /* _FUZZ_ASM_BARRIER_H */
