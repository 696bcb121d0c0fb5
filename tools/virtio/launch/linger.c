// SPDX-License-Identifier: GPL-2.0
/*
 * To wait a moment for what a guest is about to ask next.
 *
 * A guest that has many requests under way makes the next one while this one is carried out.
 * To be there for it saves the guest a doorbell, and an interrupt for each of the two.  A guest
 * that waits for the answer before it asks again is kept waiting: so it is tried often only
 * where it pays, and never for long.
 */
#include <stdint.h>
#include <time.h>

#include "linger.h"
#include "ring.h"

#define MOMENT		UINT64_C(50000)		/* ns */
#define MOST_FAILURES	8			/* then 256 turns without */

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * UINT64_C(1000000000) + time.tv_nsec;
}

static bool fail(struct linger *l)
{
	if (l->failures < MOST_FAILURES)
		l->failures++;
	l->skip = 1U << l->failures;
	return false;
}

bool linger(struct linger *l, struct queue *q)
{
	uint64_t end;

	if (l->skip) {
		l->skip--;
		return false;
	}
	for (end = now() + MOMENT; now() < end;) {
		if (queue_has_more(q)) {
			l->failures = 0;
			return true;
		}
	}
	return fail(l);
}
