/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A path at which two launchers meet: who comes first waits there, who comes next connects.
 *
 * When two have met, the path is free for others, so all are alike: one whose other went
 * comes to the path once more.  peer.c calls it; here nothing is known of packets.
 */
#ifndef _LAUNCH_MEET_H
#define _LAUNCH_MEET_H

#include <sys/un.h>

/**
 * struct meeting - one end
 * @address: where to meet
 * @waiting: the socket that waits there, or -1
 */
struct meeting {
	struct sockaddr_un address;
	int waiting;
};

/* These return a connected socket, -EAGAIN while nobody came, or another error. */
int meet_come(struct meeting *m);
int meet_accept(struct meeting *m);

int meet_init(struct meeting *m, const char *path);
void meet_leave(struct meeting *m);

#endif /* _LAUNCH_MEET_H */
