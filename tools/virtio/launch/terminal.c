// SPDX-License-Identifier: GPL-2.0
/*
 * The terminal that launch was started on: raw for the guest, and given back as it was.
 *
 * Whoever comes after us has the same open file, so no flag of it is changed but for the
 * terminal's own settings.  Knows nothing of the guest.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "say.h"
#include "terminal.h"

static struct termios before;
static bool is_raw;

/* To set it may stop a process in the background: then it is not ours to restore. */
void terminal_restore(void)
{
	if (!is_raw)
		return;
	is_raw = false;
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

void terminal_take(void)
{
	struct termios raw;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &before))
		return;
	raw = before;
	cfmakeraw(&raw);
	/* Messages of launch go there as well, and end their lines with no more than \n. */
	raw.c_oflag |= OPOST;
	atexit(terminal_restore);
	is_raw = true;
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

void terminal_size(uint16_t *columns, uint16_t *rows)
{
	struct winsize size = { };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		ioctl(STDIN_FILENO, TIOCGWINSZ, &size);
	*columns = size.ws_col;
	*rows = size.ws_row;
}

/* A terminal or a pipe is opened once more; other files don't wait, or have one position. */
int terminal_reopen(int fd, int mode)
{
	char path[32];
	struct stat stat;
	int again = -1;

	if (!fstat(fd, &stat) && (S_ISCHR(stat.st_mode) || S_ISFIFO(stat.st_mode))) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		again = open(path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	}
	return again < 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : again;
}
