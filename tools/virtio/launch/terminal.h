/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The terminal that launch was started on.
 */
#ifndef _LAUNCH_TERMINAL_H
#define _LAUNCH_TERMINAL_H

#include <stdint.h>

/* Raw, if stdin is one, until the end, whatever it is. */
void terminal_take(void);
/* As it was.  May be called from a signal handler. */
void terminal_restore(void);
/* Columns and rows of stdout; 0 and 0 if it is none. */
void terminal_size(uint16_t *columns, uint16_t *rows);
/* A descriptor like @fd, but one that never waits, for this process alone. */
int terminal_reopen(int fd, int mode);

#endif /* _LAUNCH_TERMINAL_H */
