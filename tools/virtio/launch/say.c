// SPDX-License-Identifier: GPL-2.0
/*
 * Messages, a line each, on stderr; and memory without which there is no going on.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "say.h"

/* In one write(), for a line is not to be torn by what the guest prints. */
static void say_line(const char *format, va_list more)
{
	char line[1024];
	int n;

	n = snprintf(line, sizeof(line), "launch: ");
	n += vsnprintf(line + n, sizeof(line) - n - 1, format, more);
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return;	/* there is nobody else to tell */
}

void say(const char *format, ...)
{
	va_list more;

	va_start(more, format);
	say_line(format, more);
	va_end(more);
}

void die(const char *format, ...)
{
	va_list more;

	va_start(more, format);
	say_line(format, more);
	va_end(more);
	exit(EXIT_OWN_ERROR);
}

void *need(size_t bytes)
{
	void *memory = calloc(1, bytes);

	if (!memory)
		die("out of memory");
	return memory;
}
