/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tree's stand-in, on memory that is watched (memory.h), and with what the
 * configuration fields use of the kernel and the ring does not.
 */
#ifndef _FUZZ_LINUX_KERNEL_H
#define _FUZZ_LINUX_KERNEL_H

#include <stdlib.h>

#include "../../memory.h"

#define posix_memalign	memory_alloc
#define free		memory_free
#include_next <linux/kernel.h>
#include <linux/bitops.h>
#undef posix_memalign
#undef free

#undef virt_to_phys
#define virt_to_phys(p)	memory_share(p)

#undef pr_err
#undef dev_warn
#define pr_err(...)		memory_said_error(__VA_ARGS__)
#define pr_err_ratelimited(...)	memory_said_error(__VA_ARGS__)
#define dev_warn(dev, ...)	((void)(dev), memory_said_warning(__VA_ARGS__))

#undef __WARN_printf
#define __WARN_printf(...)	abort()

/* Of an int that is not negative and an unsigned one, too. */
#undef min
#define min(x, y)		((x) < (y) ? (x) : (y))
#ifndef max
#define max(x, y)		((x) > (y) ? (x) : (y))
#endif
#define U8_MAX			255
#define min_t(type, x, y)	((type)(x) < (type)(y) ? (type)(x) : (type)(y))
#define swap(a, b)		do { typeof(a) _old = (a); (a) = (b); (b) = _old; } while (0)
#define sizeof_field(type, m)	sizeof(((type *)0)->m)
#define might_sleep()		((void)0)
#define kcalloc(n, s, gfp)	kzalloc((n) * (s), gfp)

#endif /* _FUZZ_LINUX_KERNEL_H */
