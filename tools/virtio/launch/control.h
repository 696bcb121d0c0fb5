/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The control socket, of the launcher and of who tells it something.
 */
#ifndef _LAUNCH_CONTROL_H
#define _LAUNCH_CONTROL_H

#include <stddef.h>

/* Takes commands at @path; @quit ends the guest. */
void control_open(const char *path, void (*quit)(void));
void control_close(void);

/* commands.c: does what @line says, "ok ..." or "error: ..." to @answer. */
void command_run(char *line, char *answer, size_t size, void (*quit)(void));

/* tell.c: tells the launcher at @path, and prints what it answers.  Returns the exit status. */
int tell(const char *path, const char *command);

#endif /* _LAUNCH_CONTROL_H */
