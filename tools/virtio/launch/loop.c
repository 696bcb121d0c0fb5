// SPDX-License-Identifier: GPL-2.0
/*
 * The event loop, on epoll.
 *
 * A callback may remove any watch and free it, also one whose event has come in the same
 * batch: loop_remove() strikes it from there.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "loop.h"
#include "say.h"
#include "wait.h"

#define BATCH	16

static int epoll = -1;
static struct epoll_event batch[BATCH];
static int batch_count;
static struct work *works, *running;
static struct work **works_end = &works;
static struct turn *turns;
static bool ended;
static int end_status;

void loop_init(void)
{
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0)
		die("epoll_create1: %s", strerror(errno));
}

int loop_add(struct watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, watch->fd, &event))
		return -errno;
	watch->added = true;
	return 0;
}

void loop_change(struct watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	if (epoll_ctl(epoll, EPOLL_CTL_MOD, watch->fd, &event))
		die("epoll_ctl: descriptor %d: %s", watch->fd, strerror(errno));
}

void loop_remove(struct watch *watch)
{
	int i;

	if (!watch->added)
		return;
	watch->added = false;
	epoll_ctl(epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	for (i = 0; i < batch_count; i++)
		if (batch[i].data.ptr == watch)
			batch[i].data.ptr = NULL;
}

void loop_defer(struct work *work)
{
	if (work->queued)
		return;
	work->queued = true;
	work->next = NULL;
	*works_end = work;
	works_end = &work->next;
}

static bool strike(struct work **at, struct work *work)
{
	for (; *at; at = &(*at)->next) {
		if (*at != work)
			continue;
		*at = work->next;
		work->queued = false;
		return true;
	}
	return false;
}

void loop_forget(struct work *work)
{
	if (!work->queued || strike(&running, work))
		return;
	strike(&works, work);
	for (works_end = &works; *works_end; works_end = &(*works_end)->next)
		continue;
}

void loop_each_turn(struct turn *turn)
{
	turn->next = turns;
	turns = turn;
}

void loop_no_turn(struct turn *turn)
{
	struct turn **at;

	for (at = &turns; *at; at = &(*at)->next) {
		if (*at == turn) {
			*at = turn->next;
			return;
		}
	}
}

/* What is asked for meanwhile has to wait. */
static void run_works(void)
{
	running = works;
	works = NULL;
	works_end = &works;
	while (running) {
		struct work *work = running;

		running = work->next;
		work->queued = false;
		work->run(work);
	}
}

static void run_watches(void)
{
	int i;

	for (i = 0; i < batch_count; i++) {
		struct watch *watch = batch[i].data.ptr;

		if (watch)
			watch->ready(watch, batch[i].events);
	}
	batch_count = 0;
}

static int before_all(void)
{
	struct turn *turn, *next;
	int timeout = -1;

	for (turn = turns; turn; turn = next) {
		next = turn->next;
		if (turn->before)
			turn->before(turn, &timeout);
	}
	/* Work that is there, also from a before(), is not to wait. */
	return works || ended ? 0 : timeout;
}

static void after_all(void)
{
	struct turn *turn, *next;

	for (turn = turns; turn; turn = next) {
		next = turn->next;
		if (turn->after)
			turn->after(turn);
	}
}

int loop_run(void)
{
	while (!ended) {
		int n = wait_for_events(epoll, batch, BATCH, before_all());

		if (n < 0 && errno != EINTR)
			die("epoll_wait: %s", strerror(errno));
		batch_count = n < 0 ? 0 : n;
		after_all();
		run_watches();
		run_works();
	}
	return end_status;
}

void loop_end(int status)
{
	if (ended)
		return;
	ended = true;
	end_status = status;
}
