// SPDX-License-Identifier: GPL-2.0
/*
 * launch --tell: the other side of the control socket, for people and scripts.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "say.h"
#include "socket.h"

static size_t read_line(int fd, char *line, size_t size)
{
	size_t n = 0;

	while (n < size - 1 && read(fd, line + n, 1) == 1 && line[n] != '\n')
		n++;
	line[n] = 0;
	return n;
}

int tell(const char *path, const char *command)
{
	char line[4097];
	int fd = socket_connect(path);

	if (fd < 0)
		die("%s: %s: expected the --control of a launch that runs", path, strerror(-fd));
	if (strchr(command, '\n'))
		die("found a command of several lines, expected one");
	if (dprintf(fd, "%s\n", command) < 0 || !read_line(fd, line, sizeof(line)))
		die("%s: found no answer, expected a line", path);
	if (strncmp(line, "ok", 2)) {
		say("%s", line);
		return EXIT_OWN_ERROR;
	}
	if (line[2])
		puts(line + 3);
	return 0;
}
