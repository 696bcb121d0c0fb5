// SPDX-License-Identifier: GPL-2.0
/*
 * lsvirtio: the virtio devices of this machine, and how they do.
 *
 * Here is what it is asked for, which devices that means, and how it ends.  lsvirtio.8
 * says it to people.
 */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lsvirtio.h"

enum { EXIT_INCOMPLETE = 1, EXIT_USAGE = 2 };

static const char usage[] =
	"usage: lsvirtio [-v | -j] [--sysfs DIR] [--debugfs DIR] [DEVICE ...]\n"
	"\n"
	"List the virtio devices of this machine.\n"
	"\n"
	"  -v, --verbose   features by name, configuration, and a line for each queue\n"
	"  -j, --json      all that is known, as JSON\n"
	"      --sysfs DIR    where sysfs is, instead of /sys\n"
	"      --debugfs DIR  where debugfs is, instead of kernel/debug there\n"
	"  -h, --help      this text\n"
	"\n"
	"Queues, configuration and what a device offers are shown to those who may\n"
	"read debugfs.  Exit status: 0 if all was shown, 1 if not, 2 for wrong usage.\n";

static struct {
	const char *sysfs, *debugfs;
	bool verbose, json, incomplete;
} args = { .sysfs = "/sys" };

static void say(const char *format, va_list more)
{
	fflush(stdout);
	fprintf(stderr, "lsvirtio: ");
	vfprintf(stderr, format, more);
	fprintf(stderr, "\n");
}

void complain(const char *format, ...)
{
	va_list more;

	va_start(more, format);
	say(format, more);
	va_end(more);
	args.incomplete = true;
}

void die(const char *format, ...)
{
	va_list more;

	va_start(more, format);
	say(format, more);
	va_end(more);
	exit(EXIT_INCOMPLETE);
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "verbose", no_argument, NULL, 'v' },
		{ "json", no_argument, NULL, 'j' },
		{ "sysfs", required_argument, NULL, 's' },
		{ "debugfs", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int option;

	while ((option = getopt_long(argc, argv, "vjh", options, NULL)) != -1) {
		switch (option) {
		case 'v':
			args.verbose = true;
			break;
		case 'j':
			args.json = true;
			break;
		case 's':
			args.sysfs = optarg;
			break;
		case 'd':
			args.debugfs = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs("lsvirtio: --help says what it takes\n", stderr);
			exit(EXIT_USAGE);
		}
	}
	if (!args.debugfs && asprintf((char **)&args.debugfs, "%s/kernel/debug", args.sysfs) < 0)
		die("out of memory");
}

static int is_device(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* All of them, by number. */
static size_t list(char ***names)
{
	struct dirent **entries;
	char *path;
	int i, n;

	if (asprintf(&path, "%s/bus/virtio/devices", args.sysfs) < 0)
		die("out of memory");
	n = scandir(path, &entries, is_device, versionsort);
	if (n < 0)
		die("%s: %s: expected a kernel with virtio, and sysfs", path, strerror(errno));
	*names = calloc(n + 1, sizeof(**names));
	if (!*names)
		die("out of memory");
	for (i = 0; i < n; i++)
		(*names)[i] = entries[i]->d_name;
	return n;
}

/* Those that are there.  One that went meanwhile is missed only if it was asked for. */
static size_t read_all(struct device *devs, char **names, size_t count, bool asked)
{
	size_t i, n = 0;
	int err;

	for (i = 0; i < count; i++) {
		if (strchr(names[i], '/') || names[i][0] == '.')
			err = -ENOENT;
		else
			err = device_read(&devs[n], args.sysfs, args.debugfs, names[i]);
		if (!err)
			n++;
		else if (err != -ENOENT && err != -ENODEV && err != -EPROTO)
			complain("%s: %s", names[i], strerror(-err));
		else if (err != -EPROTO && asked)
			complain("%s: found no such device on the virtio bus", names[i]);
	}
	return n;
}

/* What is missing then is missing for a reason. */
static void check_debugfs(void)
{
	if (access(args.debugfs, X_OK) && errno == EACCES)
		fprintf(stderr, "lsvirtio: %s: %s: queues and configuration are not shown\n",
			args.debugfs, strerror(EACCES));
}

int main(int argc, char **argv)
{
	struct device *devs;
	char **names;
	size_t count;
	bool asked;

	parse(argc, argv);
	asked = optind < argc;
	names = argv + optind;
	count = asked ? (size_t)(argc - optind) : list(&names);
	devs = calloc(count + 1, sizeof(*devs));
	if (!devs)
		die("out of memory");

	count = read_all(devs, names, count, asked);
	if (args.verbose || args.json)
		check_debugfs();
	if (args.json)
		json_print(devs, count);
	else if (count || !asked)
		text_print(devs, count, args.verbose);
	if (fflush(stdout) || ferror(stdout))
		die("standard output: %s", strerror(errno));
	return args.incomplete ? EXIT_INCOMPLETE : 0;
}
