// SPDX-License-Identifier: GPL-2.0
/*
 * Commands of the control socket: disks come, go and grow while the guest runs.
 */
#include <errno.h>
#include <linux/virtio_config.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "device.h"
#include "disk.h"

struct context {
	char *answer;
	size_t size;
	void (*quit)(void);
};

static void __printf(2, 3) reply(struct context *c, const char *format, ...)
{
	va_list more;

	va_start(more, format);
	vsnprintf(c->answer, c->size, format, more);
	va_end(more);
}

static void run_disk(struct context *c, char *text)
{
	struct disk_options options;
	struct device *dev = NULL;
	char why[512];
	int number;

	if (!options_parse_disk(&options, text, why, sizeof(why))) {
		dev = disk_create(&options, why, sizeof(why));
		free(options.file);
	}
	if (!dev) {
		reply(c, "error: %s", why);
		return;
	}
	number = devices_add(dev);
	if (number < 0) {
		dev->type->close(dev);
		reply(c, "error: found no room on the guest's device page, expected some for one more");
		return;
	}
	reply(c, "ok %d", number);
}

static struct device *find_device(struct context *c, const char *text)
{
	struct device *dev;
	unsigned long number;
	char *end;

	number = strtoul(text, &end, 10);
	dev = *text && !*end && number <= UINT32_MAX ? devices_find(number) : NULL;
	if (!dev)
		reply(c, "error: found \"%s\", expected the number of a device, as list has it",
		      text);
	return dev;
}

static void run_remove(struct context *c, char *text)
{
	struct device *dev = find_device(c, text);

	if (!dev)
		return;
	devices_remove(dev);
	reply(c, "ok");
}

static void run_resize(struct context *c, char *text)
{
	struct device *dev = find_device(c, text);
	char why[512];

	if (!dev)
		return;
	if (!device_is_disk(dev))
		reply(c, "error: device %s is no disk: found %s", text, dev->type->name);
	else if (disk_resize(dev, why, sizeof(why)))
		reply(c, "error: %s", why);
	else
		reply(c, "ok");
}

/* What a driver has made of it so far. */
static const char *state_of(const struct device *dev)
{
	if (dev->broken)
		return "needs a reset";
	if (dev->status & VIRTIO_CONFIG_S_DRIVER_OK)
		return "in use";
	return "not in use";
}

static void run_list(struct context *c, char *text)
{
	struct device *dev;
	size_t n;

	(void)text;
	reply(c, "ok ");
	for (dev = devices_first(); dev; dev = dev->next) {
		char more[128] = "";

		if (dev->type->describe)
			dev->type->describe(dev, more, sizeof(more));
		n = strlen(c->answer);
		snprintf(c->answer + n, c->size - n, "%s%u %s (%s%s%s)", n > 3 ? "; " : "",
			 dev->number, dev->label, more, *more ? ", " : "", state_of(dev));
	}
}

static void run_quit(struct context *c, char *text)
{
	(void)text;
	reply(c, "ok");
	c->quit();
}

static const struct {
	const char *name;
	bool argument;
	void (*run)(struct context *c, char *text);
} commands[] = {
	{ "disk", true, run_disk },
	{ "remove", true, run_remove },
	{ "resize", true, run_resize },
	{ "list", false, run_list },
	{ "quit", false, run_quit },
};

void command_run(char *line, char *answer, size_t size, void (*quit)(void))
{
	struct context c = { .answer = answer, .size = size, .quit = quit };
	char *text = line + strcspn(line, " ");
	size_t i;

	if (*text)
		*text++ = 0;
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(line, commands[i].name))
			continue;
		if (commands[i].argument == !!*text)
			commands[i].run(&c, text);
		else
			reply(&c, "error: %s: found \"%s\" behind it, expected %s", line, text,
			      commands[i].argument ? "something" : "nothing");
		return;
	}
	reply(&c, "error: found \"%s\", expected disk FILE, remove N, resize N, list or quit",
	      line);
}
