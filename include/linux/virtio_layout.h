/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the fields of a type of device lie in its configuration structure.
 *
 * The core has a layout for each type that Linux serves (layout_tables.c).  A driver for
 * another type brings one along in &virtio_driver.layout, and then finds its fields on
 * every transport:
 *
 *	static const struct virtio_layout_field foo_fields[] = {
 *		VIRTIO_LE_FIELD(struct foo_config, speed, VIRTIO_FIELD_ALWAYS),
 *		VIRTIO_BYTES_FIELD(struct foo_config, mac, FOO_F_MAC),
 *	};
 *	static const struct virtio_layout foo_layout = VIRTIO_LAYOUT(foo_fields);
 *
 * The first field has the type VIRTIO_CONFIG_F_DEVICE, the next one more, and so on.
 */
#ifndef _LINUX_VIRTIO_LAYOUT_H
#define _LINUX_VIRTIO_LAYOUT_H

#include <linux/array_size.h>
#include <linux/stddef.h>
#include <linux/types.h>

/* The feature of a field that every device has. */
#define VIRTIO_FIELD_ALWAYS	0xff

/**
 * enum virtio_field_kind - what the contents of a field are
 * @VIRTIO_FIELD_LE: a little-endian number
 * @VIRTIO_FIELD_NATIVE: a number that devices before virtio 1.0 keep in the byte order of
 *	the machine
 * @VIRTIO_FIELD_BYTES: an array of bytes, each accessed by itself (virtio 1.3, 4.1.3.1)
 * @VIRTIO_FIELD_TEXT: an array of bytes that people can read
 */
enum virtio_field_kind {
	VIRTIO_FIELD_LE,
	VIRTIO_FIELD_NATIVE,
	VIRTIO_FIELD_BYTES,
	VIRTIO_FIELD_TEXT,
};

/**
 * struct virtio_layout_field - one field of a configuration structure
 * @name: for people
 * @offset: where it lies
 * @size: its bytes
 * @feature: the feature bit that it needs, or %VIRTIO_FIELD_ALWAYS
 * @kind: what its contents are
 * @counted: the field before it, of two bytes, says how long it is; @size is the most
 */
struct virtio_layout_field {
	const char *name;
	u16 offset;
	u8 size;
	u8 feature;
	enum virtio_field_kind kind;
	bool counted;
};

/**
 * struct virtio_layout - the fields of a type of device
 * @fields: the fields, in the order of their types
 * @count: how many there are, at most %VIRTIO_LAYOUT_MAX
 */
struct virtio_layout {
	const struct virtio_layout_field *fields;
	unsigned int count;
};

/* There are so many types from VIRTIO_CONFIG_F_DEVICE to VIRTIO_CONFIG_F_USED. */
#define VIRTIO_LAYOUT_MAX	63

#define VIRTIO_LAYOUT_FIELD(type, member, fbit, is) {			\
	.name = #member, .offset = offsetof(type, member),		\
	.size = sizeof_field(type, member), .feature = (fbit), .kind = (is) }
#define VIRTIO_LE_FIELD(type, member, fbit) \
	VIRTIO_LAYOUT_FIELD(type, member, fbit, VIRTIO_FIELD_LE)
#define VIRTIO_NATIVE_FIELD(type, member, fbit) \
	VIRTIO_LAYOUT_FIELD(type, member, fbit, VIRTIO_FIELD_NATIVE)
#define VIRTIO_BYTES_FIELD(type, member, fbit) \
	VIRTIO_LAYOUT_FIELD(type, member, fbit, VIRTIO_FIELD_BYTES)
#define VIRTIO_TEXT_FIELD(type, member, fbit) \
	VIRTIO_LAYOUT_FIELD(type, member, fbit, VIRTIO_FIELD_TEXT)

#define VIRTIO_LAYOUT(table)	{ .fields = (table), .count = ARRAY_SIZE(table) }

#endif /* _LINUX_VIRTIO_LAYOUT_H */
