// SPDX-License-Identifier: GPL-2.0
/*
 * Devices as JSON, for programs: all that is known, under keys that stay.
 *
 * Called by lsvirtio.c; knows nothing of where it comes from.  What can't be told is
 * null.  Lines of debugfs are passed on whatever their keys are.
 */
#include <stdio.h>
#include <string.h>

#include "lsvirtio.h"

#define EXACT_DIGITS	15	/* of a number that every reader of JSON keeps as it is */

/* All text has been made printable ASCII. */
static void print_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('"');
}

static void print_string_or_null(const char *text)
{
	if (text)
		print_string(text);
	else
		printf("null");
}

static void print_key(const char *key)
{
	print_string(key);
	printf(": ");
}

static bool is_number(const char *value)
{
	size_t len = strlen(value);

	return len && len <= EXACT_DIGITS && strspn(value, "0123456789") == len &&
	       (value[0] != '0' || len == 1);
}

static void print_value(const struct pair *pair)
{
	if (!strcmp(pair->value, "-"))
		printf("null");
	else if (is_number(pair->value) && strcmp(pair->key, "name"))
		printf("%s", pair->value);
	else
		print_string(pair->value);
}

static void print_pairs(const struct pairs *pairs)
{
	size_t i;

	for (i = 0; i < pairs->count; i++) {
		if (i)
			printf(", ");
		print_key(pairs->pair[i].key);
		print_value(&pairs->pair[i]);
	}
}

static void print_status(const struct device *dev)
{
	bool gone = dev->status == STATUS_GONE;
	const char *between = "";
	unsigned int bit;

	printf("{\"value\": %lu, \"state\": ", dev->status);
	print_string(device_state(dev));
	printf(", \"names\": [");
	for (bit = 0; bit < 8 && !gone; bit++) {
		const char *name = virtio_status_name(bit);

		if (!name || !(dev->status >> bit & 1))
			continue;
		printf("%s", between);
		print_string(name);
		between = ", ";
	}
	printf("]}");
}

static void print_flag(const char *key, bool known, bool flag)
{
	printf(", \"%s\": %s", key, !known ? "null" : flag ? "true" : "false");
}

static void print_features(const struct device *dev)
{
	const char *between = "";
	unsigned int bit;

	printf("[");
	for (bit = 0; bit < BITS; bit++) {
		if (!has_bit(&dev->taken, bit) && !has_bit(&dev->offered, bit) &&
		    !has_bit(&dev->wanted, bit))
			continue;
		printf("%s\n        {\"bit\": %u, \"name\": ", between, bit);
		print_string_or_null(virtio_feature_name(dev->type, bit));
		print_flag("offered", dev->has_features, has_bit(&dev->offered, bit));
		print_flag("wanted", dev->has_features, has_bit(&dev->wanted, bit));
		print_flag("taken", true, has_bit(&dev->taken, bit));
		printf("}");
		between = ",";
	}
	printf("]");
}

static void print_queues(const struct device *dev)
{
	size_t i;

	if (!dev->has_queues) {
		printf("null");
		return;
	}
	printf("[");
	for (i = 0; i < dev->queue_count; i++) {
		const struct queue *queue = &dev->queues[i];

		printf("%s\n        {\"index\": %lu%s", i ? "," : "", queue->index,
		       queue->pairs.count ? ", " : "");
		print_pairs(&queue->pairs);
		printf("}");
	}
	printf("]");
}

static void print_transport(const struct device *dev)
{
	if (!dev->parent) {
		printf("null");
		return;
	}
	printf("{\"bus\": ");
	print_string(dev->bus);
	printf(", \"name\": ");
	print_string(dev->parent);
	printf("}");
}

static void print_device(const struct device *dev)
{
	printf("    {\"name\": ");
	print_string(dev->name);
	printf(",\n     \"id\": %lu, \"type\": ", dev->type);
	print_string_or_null(virtio_type_name(dev->type));
	printf(", \"vendor\": %lu,\n     \"transport\": ", dev->vendor);
	print_transport(dev);
	printf(", \"driver\": ");
	print_string_or_null(dev->driver);
	printf(",\n     \"status\": ");
	print_status(dev);
	printf(",\n     \"features\": ");
	print_features(dev);
	printf(",\n     \"config\": ");
	if (dev->config.pair) {
		printf("{");
		print_pairs(&dev->config);
		printf("}");
	} else {
		printf("null");
	}
	printf(",\n     \"queues\": ");
	print_queues(dev);
	printf("}");
}

void json_print(const struct device *devs, size_t count)
{
	size_t i;

	printf("{\"devices\": [\n");
	for (i = 0; i < count; i++) {
		print_device(&devs[i]);
		printf("%s\n", i + 1 < count ? "," : "");
	}
	printf("]}\n");
}
