/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What lsvirtio knows of a device, between device.c, which finds it out, and text.c and
 * json.c, which print it.
 */
#ifndef _LSVIRTIO_H
#define _LSVIRTIO_H

#include <linux/compiler.h>
#include <linux/kernel.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "names.h"

#define STATUS_GONE	0xff

/* A "key: value" line of debugfs. */
struct pair {
	const char *key, *value;
};

/* The lines of a file; their text is kept with them. */
struct pairs {
	struct pair *pair;
	size_t count;
};

struct queue {
	unsigned long index;
	struct pairs pairs;
};

/* Feature bits that there are, and that there were in sysfs before Linux 6.17. */
#define BITS		128
#define OLD_BITS	64

/**
 * struct bits - a set of them
 * @word: the lowest is the lowest of the first word
 */
struct bits {
	uint64_t word[BITS / 64];
};

static inline bool has_bit(const struct bits *bits, unsigned int bit)
{
	return bits->word[bit / 64] >> bit % 64 & 1;
}

static inline void set_bit(struct bits *bits, unsigned int bit, bool on)
{
	bits->word[bit / 64] |= (uint64_t)on << bit % 64;
}

/**
 * struct device - a device on the virtio bus
 * @name: virtio0, ...
 * @type: VIRTIO_ID_*
 * @vendor: who made it
 * @status: the status byte; STATUS_GONE when nobody answers
 * @bus: of its transport, like pci; %NULL if it has none
 * @parent: the transport's name there
 * @driver: its driver, or %NULL
 * @taken: features that are agreed
 * @offered: those that it offers, and
 * @wanted: those that the driver knows, if
 * @has_features: debugfs could tell
 * @has_queues: debugfs could tell which there are
 * @queues: the queues, by number
 * @queue_count: how many
 * @config: fields of the configuration, if debugfs could tell
 */
struct device {
	const char *name;
	unsigned long type, vendor, status;
	const char *bus, *parent, *driver;
	struct bits taken, offered, wanted;
	bool has_features, has_queues;
	struct queue *queues;
	size_t queue_count;
	struct pairs config;
};

/* device.c: 0, -ENOENT for a device that is not there, -EPROTO for nonsense, or another error */
int device_read(struct device *dev, const char *sysfs, const char *debugfs, const char *name);
const char *device_state(const struct device *dev);

/* text.c */
void text_print(const struct device *devs, size_t count, bool verbose);

/* json.c */
void json_print(const struct device *devs, size_t count);

/* lsvirtio.c: the message, then no return */
void __noreturn __printf(1, 2) die(const char *format, ...);
void __printf(1, 2) complain(const char *format, ...);

#endif /* _LSVIRTIO_H */
