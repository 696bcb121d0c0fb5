// SPDX-License-Identifier: GPL-2.0
/*
 * FILE[,ro][,serial=x][,aio=threads|io_uring], from the command line and from the control
 * socket.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "say.h"

static int parse_serial(struct disk_options *disk, const char *text, char *why, size_t size)
{
	if (*text && strlen(text) < sizeof(disk->serial)) {
		memcpy(disk->serial, text, strlen(text));
		return 0;
	}
	snprintf(why, size, "%s: found a serial of %zu characters, expected 1 to %zu", disk->file,
		 strlen(text), sizeof(disk->serial) - 1);
	return -EINVAL;
}

static int parse_aio(struct disk_options *disk, const char *text, char *why, size_t size)
{
	if (!strcmp(text, "io_uring")) {
		disk->aio = AIO_URING;
	} else if (!strcmp(text, "threads")) {
		disk->aio = AIO_THREADS;
	} else {
		snprintf(why, size, "%s: found aio=%s, expected io_uring or threads",
			 disk->file, text);
		return -EINVAL;
	}
	return 0;
}

static int parse_word(struct disk_options *disk, const char *word, char *why, size_t size)
{
	if (!strcmp(word, "ro")) {
		disk->read_only = true;
		return 0;
	}
	if (!strncmp(word, "serial=", 7))
		return parse_serial(disk, word + 7, why, size);
	if (!strncmp(word, "aio=", 4))
		return parse_aio(disk, word + 4, why, size);
	snprintf(why, size, "%s: found \"%s\", expected ro, serial=, aio=io_uring or aio=threads",
		 disk->file, word);
	return -EINVAL;
}

/* The file's name, as much of it as fits. */
static void default_serial(struct disk_options *disk)
{
	const char *slash = strrchr(disk->file, '/');

	if (!*disk->serial)
		snprintf(disk->serial, sizeof(disk->serial), "%.20s",
			 slash ? slash + 1 : disk->file);
}

int options_parse_disk(struct disk_options *disk, const char *text, char *why, size_t size)
{
	char *more, *word;
	int err = 0;

	memset(disk, 0, sizeof(*disk));
	disk->file = strdup(text);
	if (!disk->file)
		die("out of memory");
	more = disk->file;
	strsep(&more, ",");
	if (!*disk->file) {
		snprintf(why, size, "found \"%s\", expected a file first", text);
		err = -EINVAL;
	}
	while (!err && (word = strsep(&more, ",")))
		err = parse_word(disk, word, why, size);
	if (err)
		free(disk->file);
	else
		default_serial(disk);
	return err;
}
