/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tree's stand-in, with marked accesses in a form that ThreadSanitizer knows.
 *
 * It does not understand barriers, so a marked store publishes what was stored before, and a
 * marked load sees that.  Where a barrier is missing it finds nothing: that is what
 * tools/litmus is for.  It finds accesses that are not marked, and two threads meet in.
 */
#ifndef _RACE_LINUX_COMPILER_H
#define _RACE_LINUX_COMPILER_H

#include_next <linux/compiler.h>

#undef READ_ONCE
#undef WRITE_ONCE
#undef data_race
#define READ_ONCE(var)		__atomic_load_n(&(var), __ATOMIC_ACQUIRE)
#define WRITE_ONCE(var, val)	__atomic_store_n(&(var), (val), __ATOMIC_RELEASE)
/* In the kernel it is a plain access. */
#define data_race(var)		__atomic_load_n(&(var), __ATOMIC_RELAXED)

#endif /* _RACE_LINUX_COMPILER_H */
