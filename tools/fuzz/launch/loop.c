// SPDX-License-Identifier: GPL-2.0
/*
 * In the place of the launcher's loop: a turn at a time, in an order that an input repeats.
 * Every wait is over at once; what goes on and on is found.
 */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "fuzz.h"
#include "loop.h"

enum { WATCHES = 16, TURNS = 500 };

static struct watch *watches[WATCHES];
static uint32_t waited[WATCHES];
static struct work *works;
static struct turn *turns;

static unsigned int find(const struct watch *watch)
{
	unsigned int i;

	for (i = 0; i < WATCHES && watches[i] != watch; i++)
		;
	expect(i < WATCHES, "descriptor %d", watch ? watch->fd : -1);
	return i;
}

static bool is_there(const struct watch *watch)
{
	unsigned int i;

	for (i = 0; i < WATCHES && watches[i] != watch; i++)
		;
	return i < WATCHES;
}

void loop_init(void)
{
}

int loop_add(struct watch *watch, uint32_t events)
{
	unsigned int i = find(NULL);

	watches[i] = watch;
	waited[i] = events;
	watch->added = true;
	return 0;
}

void loop_change(struct watch *watch, uint32_t events)
{
	waited[find(watch)] = events;
}

void loop_remove(struct watch *watch)
{
	if (watch->added)
		watches[find(watch)] = NULL;
	watch->added = false;
}

void loop_defer(struct work *work)
{
	struct work **at = &works;

	if (work->queued)
		return;
	while (*at)
		at = &(*at)->next;
	work->queued = true;
	work->next = NULL;
	*at = work;
}

void loop_forget(struct work *work)
{
	struct work **at;

	for (at = &works; *at && *at != work; at = &(*at)->next)
		;
	if (*at)
		*at = work->next;
	work->queued = false;
}

void loop_each_turn(struct turn *turn)
{
	turn->next = turns;
	turns = turn;
}

void loop_no_turn(struct turn *turn)
{
	struct turn **at;

	for (at = &turns; *at && *at != turn; at = &(*at)->next)
		;
	if (*at)
		*at = turn->next;
}

/* A watch that another has removed meanwhile is not called. */
static bool run_watches(void)
{
	struct watch *there[WATCHES];
	struct pollfd fds[WATCHES];
	unsigned int i, count = 0;
	eventfd_t rung;
	bool any;

	for (i = 0; i < WATCHES; i++) {
		if (!watches[i])
			continue;
		there[count] = watches[i];
		fds[count++] = (struct pollfd) { .fd = watches[i]->fd, .events = waited[i] };
	}
	any = poll(fds, count, 0) > 0;
	for (i = 0; any && i < count; i++) {
		if (!fds[i].revents || !is_there(there[i]))
			continue;
		/* What is told once is not told again. */
		if (waited[find(there[i])] & EPOLLET)
			eventfd_read(fds[i].fd, &rung);
		there[i]->ready(there[i], fds[i].revents);
	}
	return any;
}

/* What asks for itself again has to wait for the next turn. */
static bool run_works(void)
{
	struct work *list = works, *work;
	unsigned int count = 0, i;

	for (work = list; work; work = work->next)
		count++;
	for (i = 0; i < count && works; i++) {
		work = works;
		loop_forget(work);
		work->run(work);
	}
	return count;
}

/* Whether anything was done. */
bool loop_turn(void)
{
	struct turn *t, *next;
	int timeout = -1;
	bool any;

	for (t = turns; t; t = next) {
		next = t->next;
		if (t->before)
			t->before(t, &timeout);
	}
	any = timeout == 0;
	for (t = turns; t; t = next) {
		next = t->next;
		if (t->after)
			t->after(t);
	}
	any |= run_watches();
	any |= run_works();
	return any;
}

void loop_end(int status)
{
	expect(false, "a guest does not end the launcher: %d", status);
}

void loop_settle(void)
{
	unsigned int n = 0;

	while (loop_turn())
		expect(++n < TURNS, "it comes to rest, after %u turns", n);
}
