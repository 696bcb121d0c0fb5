/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The event loop: one thread, which waits for descriptors and calls who watches them.
 *
 * A turn is: everybody's before(), the wait, after(), the watches that are ready, then
 * the work that was put off.  Knows no device.  All of it may be called from any callback
 * of the loop, and from no other thread.
 */
#ifndef _LAUNCH_LOOP_H
#define _LAUNCH_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct watch - a descriptor that is waited for
 * @fd: the descriptor
 * @ready: called with the EPOLL* bits that have come.  It may remove, and free, any
 *	watch, this one as well.
 * @added: loop.c's
 */
struct watch {
	int fd;
	void (*ready)(struct watch *watch, uint32_t events);
	bool added;
};

/**
 * struct work - something that is done at the end of this turn, once however often asked
 * @run: does it; may ask for itself again, which is then done in the next turn
 * @next: loop.c's
 * @queued: likewise
 */
struct work {
	void (*run)(struct work *work);
	struct work *next;
	bool queued;
};

/**
 * struct turn - who wants to know of every turn
 * @before: the loop is about to wait, for *@timeout ms (-1: for ever): may make it
 *	shorter, never longer.  What must be looked at once more before a sleep, is.  May be NULL.
 * @after: it has waited.  May be NULL.
 * @next: loop.c's
 */
struct turn {
	void (*before)(struct turn *turn, int *timeout);
	void (*after)(struct turn *turn);
	struct turn *next;
};

void loop_init(void);
/* Returns 0, or -errno: -EPERM for a file that is always ready (epoll_ctl(2)). */
int loop_add(struct watch *watch, uint32_t events);
/* Other events; 0 to wait for none, but errors and hang-ups come all the same. */
void loop_change(struct watch *watch, uint32_t events);
/* The descriptor stays open.  Nothing if it was not added. */
void loop_remove(struct watch *watch);

void loop_defer(struct work *work);
void loop_forget(struct work *work);

void loop_each_turn(struct turn *turn);
void loop_no_turn(struct turn *turn);

/* Until loop_end(); returns its @status. */
int loop_run(void);
void loop_end(int status);

#endif /* _LAUNCH_LOOP_H */
