/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The wait of the event loop.
 */
#ifndef _LAUNCH_WAIT_H
#define _LAUNCH_WAIT_H

#include <sys/epoll.h>

/* epoll_wait(2), which may look for a while before it sleeps. */
int wait_for_events(int epoll, struct epoll_event *events, int count, int timeout);

#endif /* _LAUNCH_WAIT_H */
