// SPDX-License-Identifier: GPL-2.0
/*
 * The wait of the event loop.  Called by loop.c alone.
 *
 * A processor that has nothing to do sleeps, and in a virtual machine it takes longer to wake
 * it than to carry out a request.  So the loop looks for a while before it sleeps: for as long
 * as events tend to come so soon, and not at all where there is one processor, or they are rare.
 */
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "wait.h"

#define FIRST	UINT64_C(10000)		/* ns */
#define MOST	UINT64_C(200000)

static uint64_t patience;

static bool is_alone(void)
{
	static int processors;
	cpu_set_t set;

	if (!processors)
		processors = sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);
	return processors == 1;
}

/* Longer next time, if it would have been long enough; else shorter, down to not at all. */
static void learn(uint64_t slept)
{
	if (slept > MOST)
		patience /= 2;
	else if (!patience)
		patience = FIRST;
	else if (patience < MOST)
		patience *= 2;
}

static int look(int epoll, struct epoll_event *events, int count)
{
	uint64_t end = clock_ns() + patience;
	int n;

	do
		n = epoll_wait(epoll, events, count, 0);
	while (!n && clock_ns() < end);
	return n;
}

int wait_for_events(int epoll, struct epoll_event *events, int count, int timeout)
{
	uint64_t start;
	int n = 0;

	if (!timeout || is_alone())
		return epoll_wait(epoll, events, count, timeout);
	if (patience)
		n = look(epoll, events, count);
	if (n)
		return n;
	start = clock_ns();
	n = epoll_wait(epoll, events, count, timeout);
	learn(clock_ns() - start);
	return n;
}
