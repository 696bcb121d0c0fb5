// SPDX-License-Identifier: GPL-2.0
/*
 * All devices: how one is described, how they come and go, and what is said of a guest that
 * lies to one.  Knows no type of device.
 */
#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "handshake.h"
#include "page.h"

#define LIES_SAID	16

static struct device *devices;
static unsigned int next_number;

void device_add_queue(struct device *dev, uint16_t size)
{
	struct queue *q = &dev->queue[dev->queues];

	q->dev = dev;
	q->index = dev->queues++;
	q->offered = size;
}

void device_add_field(struct device *dev, uint8_t type, uint8_t length, uint64_t value)
{
	struct device_field *field = &dev->field[dev->fields++];

	field->type = type;
	field->length = length;
	value = htole64(value);
	memcpy(field->contents, &value, sizeof(value));
}

void device_set_label(struct device *dev, const char *format, ...)
{
	va_list more;

	va_start(more, format);
	vsnprintf(dev->label, sizeof(dev->label), format, more);
	va_end(more);
}

static unsigned int field_nr(const struct device *dev, uint8_t type)
{
	unsigned int nr = 0;

	while (dev->field[nr].type != type)
		nr++;
	return nr;
}

uint64_t device_field(struct device *dev, uint8_t type)
{
	unsigned int nr = field_nr(dev, type);
	uint64_t value;

	memcpy(&value, dev->field[nr].contents, sizeof(value));
	page_get_field(dev, nr, &value);
	return le64toh(value);
}

void device_set_bytes(struct device *dev, uint8_t type, const void *bytes)
{
	unsigned int nr = field_nr(dev, type);
	struct device_field *field = &dev->field[nr];

	memcpy(field->contents, bytes, field->length);
	page_set_field(dev, nr, field->contents);
}

void device_set_field(struct device *dev, uint8_t type, uint64_t value)
{
	value = htole64(value);
	device_set_bytes(dev, type, &value);
}

/* Who lies on and on is not worth a line each time. */
static void tell_of(struct device *dev, const struct queue *q, const char *result,
		    const char *format, va_list more)
{
	char text[256], which[16] = "";

	if (dev->lies++ >= LIES_SAID)
		return;
	vsnprintf(text, sizeof(text), format, more);
	if (q)
		snprintf(which, sizeof(which), ", queue %u", q->index);
	say("%s%s: %s%s%s", dev->label, which, text, result,
	    dev->lies == LIES_SAID ? ".  No more of this device's will be said" : "");
}

void device_lie(struct device *dev, const struct queue *q, const char *format, ...)
{
	va_list more;

	if (dev->broken)
		return;
	dev->broken = true;
	va_start(more, format);
	tell_of(dev, q, "; it does nothing until its driver resets it", format, more);
	va_end(more);
	page_broken(dev);
}

void device_refuse(struct device *dev, const char *format, ...)
{
	va_list more;

	va_start(more, format);
	tell_of(dev, NULL, ": refused", format, more);
	va_end(more);
}

int devices_add(struct device *dev)
{
	struct device **at = &devices;
	int err = page_show(dev);

	if (err)
		return err;
	while (*at)
		at = &(*at)->next;
	*at = dev;
	dev->number = next_number++;
	return dev->number;
}

void devices_remove(struct device *dev)
{
	struct device **at = &devices;

	while (*at != dev)
		at = &(*at)->next;
	*at = dev->next;
	handshake_reset(dev);
	page_hide(dev);
	dev->type->close(dev);
}

struct device *devices_first(void)
{
	return devices;
}

struct device *devices_find(unsigned int number)
{
	struct device *dev = devices;

	while (dev && dev->number != number)
		dev = dev->next;
	return dev;
}

void devices_close_all(void)
{
	while (devices) {
		struct device *dev = devices;

		devices = dev->next;
		dev->type->close(dev);
	}
}
