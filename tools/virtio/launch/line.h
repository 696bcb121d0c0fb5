/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a console leads: stdin and stdout, a socket, or nowhere.
 */
#ifndef _LAUNCH_LINE_H
#define _LAUNCH_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct line;

/**
 * struct line_user - who is at the near end
 * @input: takes bytes for the guest, and returns how many
 * @output: more can be written
 */
struct line_user {
	size_t (*input)(void *user, const char *bytes, size_t count);
	void (*output)(void *user);
};

/* @quit is called for Ctrl-A x from a terminal. */
struct line *line_open(const char *where, const struct line_user *calls, void (*quit)(void),
		       void *user);
void line_close(struct line *line);
/* It may be a terminal, which has a size. */
bool line_is_stdio(const struct line *line);
/* Writes what it can, from @offset on, and returns how much that was. */
uint64_t line_write(struct line *line, const struct iovec *iov, unsigned int count,
		    uint64_t offset);
/* Whether input can be taken, and whether output waits. */
void line_wants_input(struct line *line, bool wanted);
void line_wants_output(struct line *line, bool wanted);

#endif /* _LAUNCH_LINE_H */
