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
#include <time.h>

#include "wait.h"

#define FIRST	UINT64_C(10000)		/* ns */
#define MOST	UINT64_C(200000)

static uint64_t patience;

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * UINT64_C(1000000000) + time.tv_nsec;
}

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
	uint64_t end = now() + patience;
	int n;

	do
		n = epoll_wait(epoll, events, count, 0);
	while (!n && now() < end);
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
	start = now();
	n = epoll_wait(epoll, events, count, timeout);
	learn(now() - start);
	return n;
}
