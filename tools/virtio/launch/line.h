/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the console leads: stdin and stdout, a socket, or nowhere.
 */
#ifndef _LAUNCH_LINE_H
#define _LAUNCH_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * @input takes bytes for the guest and returns how many; @output is called when more can
 * be written; @quit for Ctrl-A x.  Returns true if it may be a terminal.
 */
bool line_open(const char *where, size_t (*input)(const char *bytes, size_t count),
	       void (*output)(void), void (*quit)(void));
void line_close(void);
/* Writes what it can, from @offset on, and returns how much that was. */
uint64_t line_write(const struct iovec *iov, unsigned int count, uint64_t offset);
/* Whether input can be taken, and whether output waits. */
void line_wants_input(bool wanted);
void line_wants_output(bool wanted);

#endif /* _LAUNCH_LINE_H */
