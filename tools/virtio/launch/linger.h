/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether to wait a moment for what a guest is about to ask next.
 */
#ifndef _LAUNCH_LINGER_H
#define _LAUNCH_LINGER_H

#include <stdbool.h>

struct queue;

/**
 * struct linger - what came of it so far
 * @failures: so often in a row it was in vain
 * @skip: so often it is not tried now
 */
struct linger {
	unsigned int failures, skip;
};

/* True if there is more in the queue.  A moment is some microseconds. */
bool linger(struct linger *l, struct queue *q);

#endif /* _LAUNCH_LINGER_H */
