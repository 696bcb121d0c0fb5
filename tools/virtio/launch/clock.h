/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A clock that only goes forward.
 */
#ifndef _LAUNCH_CLOCK_H
#define _LAUNCH_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

#endif /* _LAUNCH_CLOCK_H */
