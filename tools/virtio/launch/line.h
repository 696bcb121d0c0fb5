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

#include "loop.h"

/**
 * struct line - a line; three calls for who has it, and the rest line.c's
 * @input: takes bytes for the guest and returns how many
 * @output: more can be written
 * @quit: Ctrl-A x was pressed
 * @in: what is read
 * @out: what is written to
 * @listener: where a client comes, at @path
 * @read_more: of a file, which is always ready and can't be waited for
 * @write_more: likewise
 * @path: the socket, or %NULL
 * @terminal: it is one
 * @escaped: Ctrl-A was pressed
 * @input_wanted: input can be taken
 * @output_wanted: output waits
 * @input_ended: there will be no more of it
 * @kept: what was read, and the guest had no room for
 * @keeps: so many bytes
 */
struct line {
	size_t (*input)(struct line *line, const char *bytes, size_t count);
	void (*output)(struct line *line);
	void (*quit)(void);

	struct watch in, out, listener;
	struct work read_more, write_more;
	const char *path;
	bool terminal, escaped, input_wanted, output_wanted, input_ended;
	char kept[256];
	size_t keeps;
};

/* Of zeros but for the calls.  Returns true if it may be a terminal; one line can. */
bool line_open(struct line *line, const char *where);
void line_close(struct line *line);
/* Writes what it can, from @offset on, and returns how much that was. */
uint64_t line_write(struct line *line, const struct iovec *iov, unsigned int count,
		    uint64_t offset);
/* Whether input can be taken, and whether output waits. */
void line_wants_input(struct line *line, bool wanted);
void line_wants_output(struct line *line, bool wanted);

#endif /* _LAUNCH_LINE_H */
