/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The socket where guests connect, and the one that has.
 */
#ifndef _LAUNCH_SOCKET_H
#define _LAUNCH_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

/* A listening socket at @path, in the place of one that nobody listens on; or no return. */
int socket_listen(const char *path);
/* Connected to who listens at @path, or -errno. */
int socket_connect(const char *path);

/*
 * Serve guests at @path.  With @attach the process of the one that connects is watched, and
 * its end is launch's end.
 */
void socket_serve(const char *path, bool attach);
/* The guest is gone: all devices are reset, its memory is let go of. */
void socket_disconnect(void);
/* With @attach: ends the guest's process, then launch.  False if there is none. */
bool socket_end_peer(void);
/* The guest's doorbell.  Nothing without a guest. */
void socket_ring(void);

#endif /* _LAUNCH_SOCKET_H */
