// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel says of a device: sysfs, and debugfs where that may be read.
 *
 * Called by lsvirtio.c.  A file is read once, whole, and believed as far as it can be
 * understood; a device may vanish between two of them.  Everything that is allocated
 * here is kept until the program ends.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/virtio_config.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lsvirtio.h"

#define FILE_MAX	65536	/* more than any of the files has */

static void *need(void *memory)
{
	if (!memory)
		die("out of memory");
	return memory;
}

static __printf(1, 2) char *path_of(const char *format, ...)
{
	va_list args;
	char *path;

	va_start(args, format);
	if (vasprintf(&path, format, args) < 0)
		die("out of memory");
	va_end(args);
	return path;
}

/* A terminal is not to be told what a name is made of. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text != '\n' && (*text < ' ' || *text > '~'))
			*text = '?';
}

/* The whole file, or NULL with errno. */
static char *read_file(const char *path)
{
	char *text = need(malloc(FILE_MAX));
	FILE *file = fopen(path, "re");
	size_t len;
	int err;

	if (!file)
		return NULL;
	errno = 0;
	len = fread(text, 1, FILE_MAX - 1, file);
	err = errno;
	fclose(file);
	errno = err;
	if (err)
		return NULL;
	text[len] = '\0';
	make_printable(text);
	return text;
}

/* A file that is one line. */
static char *read_line(const char *folder, const char *name)
{
	char *line = read_file(path_of("%s/%s", folder, name));

	if (line)
		line[strcspn(line, "\n")] = '\0';
	return line;
}

static int read_number(const char *folder, const char *name, unsigned long *number)
{
	char *line = read_line(folder, name), *end;

	if (!line)
		return -errno;
	*number = strtoul(line, &end, 0);
	if (end != line && !*end && isdigit(line[0]))
		return 0;
	complain("%s/%s: found \"%s\", expected a number", folder, name, line);
	return -EPROTO;
}

/* One character a bit, the lowest bit first. */
static int read_bits(const char *folder, const char *name, struct bits *bits)
{
	char *line = read_line(folder, name);
	unsigned int bit;

	if (!line)
		return -errno;
	memset(bits, 0, sizeof(*bits));
	for (bit = 0; bit < BITS && (line[bit] == '0' || line[bit] == '1'); bit++)
		set_bit(bits, bit, line[bit] == '1');
	if ((bit == BITS || bit == OLD_BITS) && !line[bit])
		return 0;
	complain("%s/%s: found \"%s\", expected %u or %u digits of 0 and 1", folder, name, line,
		 OLD_BITS, BITS);
	return -EPROTO;
}

/* What a link ends with, or NULL. */
static const char *link_name(const char *path)
{
	char *target = need(malloc(PATH_MAX)), *slash;
	ssize_t len = readlink(path, target, PATH_MAX - 1);

	if (len < 0)
		return NULL;
	target[len] = '\0';
	make_printable(target);
	slash = strrchr(target, '/');
	return slash ? slash + 1 : target;
}

/* The folder that a device lies in is that of its transport's device. */
static void read_transport(struct device *dev, const char *folder)
{
	char *path = realpath(folder, NULL), *slash = path ? strrchr(path, '/') : NULL;

	if (!slash)
		return;
	*slash = '\0';
	slash = strrchr(path, '/');
	dev->bus = link_name(path_of("%s/subsystem", path));
	if (dev->bus && slash) {
		make_printable(slash + 1);
		dev->parent = slash + 1;
	}
}

static int read_sysfs(struct device *dev, const char *sysfs)
{
	const char *folder = path_of("%s/bus/virtio/devices/%s", sysfs, dev->name);
	int err = read_number(folder, "device", &dev->type) ?:
		  read_number(folder, "vendor", &dev->vendor) ?:
		  read_number(folder, "status", &dev->status) ?:
		  read_bits(folder, "features", &dev->taken);

	if (err)
		return err;
	/* What is left of an earlier driver's is not agreed. */
	if (!(dev->status & VIRTIO_CONFIG_S_DRIVER))
		memset(&dev->taken, 0, sizeof(dev->taken));
	dev->driver = link_name(path_of("%s/driver", folder));
	read_transport(dev, folder);
	return 0;
}

/* "key: value" lines; what has no colon is passed over. */
static bool read_pairs(const char *path, struct pairs *pairs)
{
	char *text = read_file(path), *line, *colon;

	if (!text)
		return false;
	pairs->pair = need(malloc((strlen(text) / 2 + 1) * sizeof(*pairs->pair)));
	while ((line = strsep(&text, "\n"))) {
		colon = strchr(line, ':');
		if (!colon || colon == line)
			continue;
		*colon++ = '\0';
		pairs->pair[pairs->count++] = (struct pair) {
			.key = line, .value = colon + strspn(colon, " "),
		};
	}
	return true;
}

static bool has_word(const char *text, const char *word)
{
	const char *at = text;
	size_t len = strlen(word);

	while ((at = strstr(at, word))) {
		if ((at == text || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return true;
		at += len;
	}
	return false;
}

/* "28 INDIRECT_DESC: offered wanted taken" */
static void read_features(struct device *dev, const char *folder)
{
	struct pairs lines = { 0 };
	struct bits taken = { 0 };
	size_t i;

	if (!read_pairs(path_of("%s/features", folder), &lines))
		return;
	for (i = 0; i < lines.count; i++) {
		const char *says = lines.pair[i].value;
		char *end;
		unsigned long bit = strtoul(lines.pair[i].key, &end, 10);

		if (end == lines.pair[i].key || bit >= BITS)
			continue;
		set_bit(&dev->offered, bit, has_word(says, "offered"));
		set_bit(&dev->wanted, bit, has_word(says, "wanted"));
		set_bit(&taken, bit, has_word(says, "taken"));
	}
	dev->taken = taken;
	dev->has_features = true;
}

static int is_queue(const struct dirent *entry)
{
	return isdigit(entry->d_name[0]);
}

static void read_queues(struct device *dev, const char *folder)
{
	const char *path = path_of("%s/queues", folder);
	struct dirent **entries;
	int i, n = scandir(path, &entries, is_queue, versionsort);

	if (n < 0)
		return;
	dev->has_queues = true;
	dev->queues = need(calloc(n + 1, sizeof(*dev->queues)));
	for (i = 0; i < n; i++) {
		struct queue *queue = &dev->queues[dev->queue_count];

		queue->index = strtoul(entries[i]->d_name, NULL, 10);
		if (read_pairs(path_of("%s/%s", path, entries[i]->d_name), &queue->pairs))
			dev->queue_count++;
	}
}

int device_read(struct device *dev, const char *sysfs, const char *debugfs, const char *name)
{
	const char *folder = path_of("%s/virtio/%s", debugfs, name);
	int err;

	*dev = (struct device) { .name = name };
	err = read_sysfs(dev, sysfs);
	if (err)
		return err;
	read_features(dev, folder);
	read_queues(dev, folder);
	read_pairs(path_of("%s/config", folder), &dev->config);
	return 0;
}

/* The one word that says how far a device has come, or how it ended. */
const char *device_state(const struct device *dev)
{
	/* bits of the status, from what matters most */
	static const unsigned int order[] = { 7, 6, 2, 3, 1, 0 };
	size_t i;

	if (dev->status == STATUS_GONE)
		return "gone";
	for (i = 0; i < ARRAY_SIZE(order); i++)
		if (dev->status >> order[i] & 1)
			return virtio_status_name(order[i]);
	return "reset";
}
