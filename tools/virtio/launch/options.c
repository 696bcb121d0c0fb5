// SPDX-License-Identifier: GPL-2.0
/*
 * The command line.  What is wrong with it is said before anything is started; what is wrong
 * with a disk's file is disk.c's to say.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "help.h"
#include "options.h"
#include "say.h"

#define MIB		(UINT64_C(1) << 20)
#define MEMORY_DEFAULT	(256 * MIB)
#define MEMORY_LEAST	(16 * MIB)
/* Seconds; a launcher that was killed has its disks until the kernel has ended its requests. */
#define PATIENCE	5
/* More is a slip of the pen. */
#define MEMORY_MOST	(UINT64_C(1) << 40)

static _Noreturn void __printf(1, 2) misused(const char *format, ...)
{
	char text[512];
	va_list more;

	va_start(more, format);
	vsnprintf(text, sizeof(text), format, more);
	va_end(more);
	say("%s (--help says what it takes)", text);
	exit(EXIT_USAGE);
}

static uint64_t parse_size(const char *text)
{
	static const char units[] = "kmg";
	const char *unit;
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(text, &end, 10);
	unit = *end && !end[1] ? strchr(units, *end | 0x20) : NULL;
	if (unit) {
		unsigned int shift = 10 * (unit - units + 1);

		if (n > MEMORY_MOST >> shift)
			errno = ERANGE;
		n <<= shift;
	} else if (*end) {
		errno = EINVAL;
	}
	if (text[0] < '0' || text[0] > '9' || errno == EINVAL)
		misused("-m: found \"%s\", expected a number of bytes, or one with K, M or G behind it",
			text);
	if (errno || n < MEMORY_LEAST || n > MEMORY_MOST)
		misused("-m: found \"%s\", expected 16M to 1024G", text);
	return n;
}

static void check_file(const char *option, const char *path, int mode)
{
	struct stat stat_;

	if (stat(path, &stat_))
		die("%s %s: %s", option, path, strerror(errno));
	if (!S_ISREG(stat_.st_mode))
		die("%s %s: found %s, expected a file", option, path,
		    S_ISDIR(stat_.st_mode) ? "a directory" : "something else");
	if (access(path, mode))
		die("%s %s: %s%s", option, path, strerror(errno),
		    mode & X_OK ? ": expected a UML kernel, which is a program" : "");
}

static void add_disk(struct options *options, const char *text)
{
	char why[512];

	options->disks = realloc(options->disks,
				 (options->disk_count + 1) * sizeof(*options->disks));
	if (!options->disks)
		die("out of memory");
	if (options_parse_disk(&options->disks[options->disk_count], text, why, sizeof(why)))
		misused("--disk: %s", why);
	options->disks[options->disk_count++].patience = PATIENCE;
}

static void add_text(char ***texts, size_t *count, char *text)
{
	*texts = realloc(*texts, (*count + 1) * sizeof(**texts));
	if (!*texts)
		die("out of memory");
	(*texts)[(*count)++] = text;
}

static void add_console(struct options *options, char *text)
{
	size_t i;

	for (i = 0; i < options->console_count; i++)
		if (!strcmp(text, options->consoles[i]) && strcmp(text, "none"))
			misused("--console: found \"%s\" twice, expected it once", text);
	add_text(&options->consoles, &options->console_count, text);
}

static void parse_ring(struct options *options, const char *text)
{
	options->split = !strcmp(text, "split");
	if (!options->split && strcmp(text, "packed"))
		misused("--ring: found \"%s\", expected packed or split", text);
}

enum { ATTACH = 256, SOCKET, CONTROL, CONSOLE, LOG, NO_ENTROPY, RING, TELL, VERSION };

static const struct option names[] = {
	{ "kernel", required_argument, NULL, 'k' },
	{ "initrd", required_argument, NULL, 'i' },
	{ "append", required_argument, NULL, 'a' },
	{ "memory", required_argument, NULL, 'm' },
	{ "disk", required_argument, NULL, 'd' },
	{ "net", required_argument, NULL, 'n' },
	{ "attach", no_argument, NULL, ATTACH },
	{ "socket", required_argument, NULL, SOCKET },
	{ "control", required_argument, NULL, CONTROL },
	{ "console", required_argument, NULL, CONSOLE },
	{ "log", required_argument, NULL, LOG },
	{ "no-entropy", no_argument, NULL, NO_ENTROPY },
	{ "ring", required_argument, NULL, RING },
	{ "tell", required_argument, NULL, TELL },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, VERSION },
	{ }
};

/* Options that are a text. */
static char **text_of(struct options *options, int option)
{
	switch (option) {
	case 'k':
		return &options->kernel;
	case 'i':
		return &options->initrd;
	case 'a':
		return &options->append;
	case SOCKET:
		return &options->socket;
	case CONTROL:
		return &options->control;
	case LOG:
		return &options->log;
	case TELL:
		return &options->tell;
	}
	return NULL;
}

static void take(struct options *options, int option)
{
	char **text = text_of(options, option);

	if (text) {
		if (!*optarg)
			misused("found an empty text behind an option, expected one");
		*text = optarg;
	} else if (option == 'm') {
		options->memory = parse_size(optarg);
	} else if (option == 'd') {
		add_disk(options, optarg);
	} else if (option == 'n') {
		add_text(&options->nets, &options->net_count, optarg);
	} else if (option == CONSOLE) {
		add_console(options, optarg);
	} else if (option == RING) {
		parse_ring(options, optarg);
	} else if (option == ATTACH) {
		options->attach = true;
	} else if (option == NO_ENTROPY) {
		options->entropy = false;
	} else if (option == 'h') {
		help_print();
		exit(0);
	} else if (option == VERSION) {
		help_version();
		exit(0);
	} else {
		say("--help says what it takes");
		exit(EXIT_USAGE);
	}
}

static void check_attach(const struct options *options)
{
	if (!options->socket)
		misused("--attach: found no --socket, expected the one where the guest connects");
	if (options->kernel || options->initrd || options->append || options->memory ||
	    options->log)
		misused("--attach: found an option for a kernel that is to be started, expected none");
}

static void check_together(struct options *options)
{
	if (options->attach) {
		check_attach(options);
		return;
	}
	if (!options->kernel)
		misused("found no --kernel, expected a UML kernel, or --attach");
	check_file("--kernel", options->kernel, X_OK);
	if (options->initrd)
		check_file("--initrd", options->initrd, R_OK);
	if (!options->memory)
		options->memory = MEMORY_DEFAULT;
}

void options_parse(struct options *options, int argc, char **argv)
{
	int option;

	*options = (struct options){ .entropy = true };
	opterr = 1;
	while ((option = getopt_long(argc, argv, "k:i:a:m:d:n:h", names, NULL)) != -1)
		take(options, option);
	if (options->tell) {
		if (optind != argc - 1)
			misused("--tell: found %d words behind the socket, expected one command, in quotes",
				argc - optind);
		options->command = argv[optind];
		return;
	}
	if (optind < argc)
		misused("found \"%s\", expected options alone", argv[optind]);
	if (!options->console_count)
		add_console(options, "stdio");
	check_together(options);
}

void options_free(struct options *options)
{
	size_t i;

	for (i = 0; i < options->disk_count; i++)
		free(options->disks[i].file);
	free(options->disks);
	free(options->nets);
	free(options->consoles);
}
