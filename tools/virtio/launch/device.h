/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device: what a type of them supplies, and what it may call.
 *
 * A type has a function that makes one: it takes memory for a structure of its own with a
 * struct device in it, describes it there (type, label, features, fields, queues) and
 * hands it to devices_add().  From then on page.c shows it to the guest and calls the
 * type's operations, all of them in the loop.  A type knows no page and no ring format.
 */
#ifndef _LAUNCH_DEVICE_H
#define _LAUNCH_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ring.h"
#include "say.h"

#define DEVICE_QUEUES	4
#define DEVICE_FIELDS	16

/**
 * struct device_type - what a type of device supplies
 * @name: for people, "disk"
 * @id: VIRTIO_ID_*
 * @start: the driver has set DRIVER_OK: the queues that are enabled run, dev->taken is
 *	what was agreed.  A kick of each follows.  May be NULL.
 * @kick: there may be something in a queue
 * @stop: a queue ends, by a reset or because the guest is gone: on return nothing reads or
 *	writes the guest's memory for it any more, and its chains are forgotten.  They can't
 *	be pushed.  Called for each queue that ran.
 * @config: the driver has written to a field, which device_field() reads.  May be NULL.
 * @close: the launcher lets go of the device, all queues have stopped: flush, free it
 * @describe: a few words for "list", to @text.  May be NULL.
 */
struct device_type {
	const char *name;
	uint32_t id;
	void (*start)(struct device *dev);
	void (*kick)(struct device *dev, struct queue *q);
	void (*stop)(struct device *dev, struct queue *q);
	void (*config)(struct device *dev);
	void (*close)(struct device *dev);
	void (*describe)(struct device *dev, char *text, size_t size);
};

/**
 * struct device_field - a field of the device's own
 * @type: VIRTIO_CONFIG_F_DEVICE and up: its number in the structure of virtio 1.x, among
 *	the fields that drivers/virtio/layout.c names
 * @length: bytes, at most 8
 * @contents: little-endian, as they are after a reset
 */
struct device_field {
	uint8_t type, length;
	uint8_t contents[8];
};

/**
 * struct device - a device
 * @type: what it does
 * @label: which one, for messages: "root.img"
 * @features: that it offers, of its own type.  What all offer is page.c's: VERSION_1, both
 *	ring formats, indirect tables, event index, RING_RESET.
 * @field: its fields
 * @fields: how many
 * @queue: its queues
 * @queues: how many
 *
 * @number: which one, for as long as the launcher runs
 * @taken: features that are agreed, from start() on
 * @status: as the driver has set it
 * @broken: the guest has lied, or the device can't go on: until a reset
 * @lies: how many it told, for device_lie()
 * @place: where it is on the page; page.c's
 * @next: of the list of devices
 */
struct device {
	const struct device_type *type;
	char label[64];
	uint64_t features;
	struct device_field field[DEVICE_FIELDS];
	unsigned int fields;
	struct queue queue[DEVICE_QUEUES];
	unsigned int queues;

	unsigned int number;
	uint64_t taken;
	uint8_t status;
	bool broken;
	unsigned int lies;
	struct place *place;
	struct device *next;
};

/* To describe it, before devices_add(). */
void device_add_queue(struct device *dev, uint16_t size);
void device_add_field(struct device *dev, uint8_t type, uint8_t length, uint64_t value);
void __printf(2, 3) device_set_label(struct device *dev, const char *format, ...);

/* @value of a number field: as the driver sees it now, which may be anything if it writes. */
uint64_t device_field(struct device *dev, uint8_t type);
/* Another value, at any time: the driver is told, and sees it whole (generation). */
void device_set_field(struct device *dev, uint8_t type, uint64_t value);
/* A field of bytes, like a MAC address, likewise. */
void device_set_bytes(struct device *dev, uint8_t type, const void *bytes);

/*
 * The guest has lied: one message, with the device, the queue (or NULL), what was found and
 * what was expected; the device needs a reset, and does nothing until then.
 */
void __printf(3, 4) device_lie(struct device *dev, const struct queue *q,
			       const char *format, ...);

/* Likewise, of what can simply be refused: the device goes on. */
void __printf(2, 3) device_refuse(struct device *dev, const char *format, ...);

static inline bool device_has(const struct device *dev, unsigned int bit)
{
	return dev->taken >> bit & 1;
}

/* All devices.  devices_add() returns the device's number, or -ENOSPC: no place on the page. */
int devices_add(struct device *dev);
/* The guest is told to let go; the device is closed at once. */
void devices_remove(struct device *dev);
struct device *devices_first(void);
struct device *devices_find(unsigned int number);
void devices_close_all(void);

#endif /* _LAUNCH_DEVICE_H */
