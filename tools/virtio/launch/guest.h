/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest: a UML kernel that is a child of launch.
 */
#ifndef _LAUNCH_GUEST_H
#define _LAUNCH_GUEST_H

#include "options.h"

/* Starts it, to connect to @socket; no return if that fails. */
void guest_start(const struct options *options, const char *socket);
/* A child has ended: if it is the guest, so does the loop. */
void guest_look(void);
/* Ends it, and then launch with @status.  False if there is none that launch has started. */
bool guest_quit(int status);

#endif /* _LAUNCH_GUEST_H */
