// SPDX-License-Identifier: GPL-2.0
/*
 * The command line of the guest's kernel, of what launch was asked for.  Called by guest.c.
 *
 * What is appended comes last, so that it wins over what is said before it.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "say.h"

struct arguments {
	char **argv;
	size_t count;
};

static void __printf(2, 3) add(struct arguments *args, const char *format, ...)
{
	va_list more;
	int n;

	args->argv = realloc(args->argv, (args->count + 2) * sizeof(*args->argv));
	if (!args->argv)
		die("out of memory");
	va_start(more, format);
	n = vasprintf(&args->argv[args->count], format, more);
	va_end(more);
	if (n < 0)
		die("out of memory");
	args->argv[++args->count] = NULL;
}

/* Blanks separate them, but between quotes, which the kernel understands as well. */
static size_t word_length(const char *text)
{
	bool quoted = false;
	size_t n;

	for (n = 0; text[n] && (quoted || text[n] != ' '); n++)
		if (text[n] == '"')
			quoted = !quoted;
	return n;
}

/* True if one of them names the root. */
static bool add_words(struct arguments *args, const char *text)
{
	bool root = false;

	while (*(text += strspn(text, " "))) {
		size_t n = word_length(text);

		root |= !strncmp(text, "root=", 5);
		add(args, "%.*s", (int)n, text);
		text += n;
	}
	return root;
}

char **arguments_of(const struct options *options, const char *socket)
{
	struct arguments args = { };

	add(&args, "%s", options->kernel);
	add(&args, "mem=%" PRIu64 "K", options->memory / 1024);
	if (options->initrd)
		add(&args, "initrd=%s", options->initrd);
	add(&args, "virtio_page.socket=%s", socket);
	/* UML's own consoles would take the terminal; the guest's is a device. */
	add(&args, "con=null");
	add(&args, "console=hvc0");
	if (!add_words(&args, options->append ?: "") && options->disk_count && !options->initrd)
		add(&args, "root=/dev/vda");
	return args.argv;
}

void arguments_free(char **argv)
{
	size_t i;

	for (i = 0; argv[i]; i++)
		free(argv[i]);
	free(argv);
}
