// SPDX-License-Identifier: GPL-2.0
/*
 * Devices as a table for people, and with -v as paragraphs below its rows.
 *
 * Called by lsvirtio.c; knows nothing of where it comes from.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lsvirtio.h"

#define WIDTH		80

enum { DEVICE, TYPE, TRANSPORT, DRIVER, STATUS, QUEUES, COLUMNS };

struct row {
	char cell[COLUMNS][64];
};

static const struct row header = {
	{ "DEVICE", "TYPE", "TRANSPORT", "DRIVER", "STATUS", "QUEUES" }
};

/* Of a queue, what fits on a line; the rest is for JSON. */
static const char * const queue_keys[] = {
	"name", "format", "size", "in_flight", "oldest_ms", "kicks_sent", "callbacks",
	"state", "why",
};

#define CELL(column, ...)	snprintf(row->cell[column], sizeof(row->cell[column]), __VA_ARGS__)

static void fill(struct row *row, const struct device *dev)
{
	const char *type = virtio_type_name(dev->type);

	CELL(DEVICE, "%s", dev->name);
	if (type)
		CELL(TYPE, "%s", type);
	else
		CELL(TYPE, "%lu", dev->type);
	CELL(TRANSPORT, "%s%s%s", dev->parent ? dev->bus : "-", dev->parent ? " " : "",
	     dev->parent ?: "");
	CELL(DRIVER, "%s", dev->driver ?: "-");
	CELL(STATUS, "%s", device_state(dev));
	if (dev->has_queues)
		CELL(QUEUES, "%zu", dev->queue_count);
	else
		CELL(QUEUES, "-");
}

static void widen(size_t width[], const struct row *row)
{
	int i;

	for (i = 0; i < COLUMNS; i++)
		if (strlen(row->cell[i]) > width[i])
			width[i] = strlen(row->cell[i]);
}

static void print_row(const size_t width[], const struct row *row)
{
	int i;

	for (i = 0; i < COLUMNS - 1; i++)
		printf("%-*s  ", (int)width[i], row->cell[i]);
	printf("%s\n", row->cell[i]);
}

/* Words after a title, on as many lines as it takes. */
struct paragraph {
	const char *title;
	size_t column;
};

static __printf(2, 3) void add_word(struct paragraph *p, const char *format, ...)
{
	char word[256];
	va_list args;

	va_start(args, format);
	vsnprintf(word, sizeof(word), format, args);
	va_end(args);
	if (!p->column)
		p->column = printf("    %s:", p->title);
	else if (p->column + 1 + strlen(word) > WIDTH)
		p->column = printf("\n       ") - 1;
	p->column += printf(" %s", word);
}

static void end_paragraph(const struct paragraph *p)
{
	if (p->column)
		printf("\n");
}

/* Those of some that are not among others. */
static void print_bits(const char *title, const struct device *dev, const struct bits *some,
		       const struct bits *others)
{
	struct paragraph p = { .title = title };
	unsigned int bit;

	for (bit = 0; bit < BITS; bit++) {
		const char *name = virtio_feature_name(dev->type, bit);

		if (!has_bit(some, bit) || has_bit(others, bit))
			continue;
		if (name)
			add_word(&p, "%s", name);
		else
			add_word(&p, "bit%u", bit);
	}
	end_paragraph(&p);
}

static const char *value_of(const struct pairs *pairs, const char *key)
{
	size_t i;

	for (i = 0; i < pairs->count; i++)
		if (!strcmp(pairs->pair[i].key, key))
			return pairs->pair[i].value;
	return NULL;
}

static void print_queue(const struct queue *queue)
{
	size_t i;

	printf("    queue %lu:", queue->index);
	for (i = 0; i < ARRAY_SIZE(queue_keys); i++) {
		const char *value = value_of(&queue->pairs, queue_keys[i]);

		if (value && strcmp(value, "-"))
			printf(strchr(value, ' ') ? " %s=\"%s\"" : " %s=%s", queue_keys[i], value);
	}
	printf("\n");
}

static void print_more(const struct device *dev)
{
	static const struct bits none;
	struct paragraph config = { .title = "config" };
	size_t i;

	print_bits("features", dev, &dev->taken, &none);
	if (dev->has_features) {
		print_bits("offered, not taken", dev, &dev->offered, &dev->taken);
		print_bits("wanted, not offered", dev, &dev->wanted, &dev->offered);
	}
	for (i = 0; i < dev->config.count; i++)
		add_word(&config, "%s=%s", dev->config.pair[i].key, dev->config.pair[i].value);
	end_paragraph(&config);
	for (i = 0; i < dev->queue_count; i++)
		print_queue(&dev->queues[i]);
}

void text_print(const struct device *devs, size_t count, bool verbose)
{
	size_t width[COLUMNS] = { 0 }, i;
	struct row row;

	widen(width, &header);
	for (i = 0; i < count; i++) {
		fill(&row, &devs[i]);
		widen(width, &row);
	}
	print_row(width, &header);
	for (i = 0; i < count; i++) {
		fill(&row, &devs[i]);
		print_row(width, &row);
		if (verbose)
			print_more(&devs[i]);
	}
}
