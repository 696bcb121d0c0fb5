/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * The device page: virtio devices that describe themselves in memory which both sides see.
 *
 * A header, then one descriptor a device, each with its fields behind it.  All numbers are
 * little-endian, all structures lie at multiples of 8 bytes.  "Device" is the side that
 * makes the page, "driver" the side that finds it.  Each side has a doorbell, which says no
 * more than "look": what happened is on the page.  Documentation/virtio.txt, chapter "The
 * device page", has the rules in full; here is who writes what.
 */
#ifndef _UAPI_LINUX_VIRTIO_PAGE_H
#define _UAPI_LINUX_VIRTIO_PAGE_H

#include <linux/types.h>

#define VIRTIO_PAGE_MAGIC	0x65676170	/* "page" */
#define VIRTIO_PAGE_VERSION	1

/* The fields of one device are no longer. */
#define VIRTIO_PAGE_FIELDS_MAX	4096

/**
 * struct virtio_page_header - the first bytes of the page; the device writes them
 * @magic: VIRTIO_PAGE_MAGIC, written when all else is there
 * @version: VIRTIO_PAGE_VERSION
 * @length: bytes of the page, with this header; never more than the driver gave
 * @changes: one more whenever a descriptor has got another @state
 * @reserved: 0
 */
struct virtio_page_header {
	__le32 magic;
	__le32 version;
	__le32 length;
	__le32 changes;
	__u8 reserved[16];
};

/* States of a descriptor. */
#define VIRTIO_PAGE_EMPTY	0	/* nothing there, or not any more */
#define VIRTIO_PAGE_LIVE	1	/* a device */
#define VIRTIO_PAGE_GONE	2	/* it was one, and answers nothing any more */

/* Commands.  The device clears @command when it has done so. */
#define VIRTIO_PAGE_C_STATUS	1	/* follow @status, and say in @answer how far */
#define VIRTIO_PAGE_C_CONFIG	2	/* look at the fields of the device's own */
#define VIRTIO_PAGE_C_QUEUE	3	/* look at @enabled of the queues */
#define VIRTIO_PAGE_C_RELEASE	4	/* of a device that is gone: the place is free */

/**
 * struct virtio_page_device - a device, its fields behind it
 * @length: bytes of its fields, a multiple of 8, as long as the page lives.  0 ends the
 *	page: there is no more than that to the last descriptor.  Device.
 * @device: VIRTIO_ID_*.  Device, before @state is LIVE.
 * @vendor: likewise
 * @generation: odd while the device writes to its own fields, another even number
 *	when it has.  Device.
 * @state: VIRTIO_PAGE_*.  Device.
 * @status: VIRTIO_CONFIG_S_*, 0 for a reset.  Driver, then C_STATUS.
 * @answer: the status as the device follows it: less FEATURES_OK if it refuses them, and
 *	with NEEDS_RESET.  Device.
 * @command: VIRTIO_PAGE_C_*.  The driver sets it when it is 0, the device clears it.
 * @kicked: there is something in a queue.  The driver sets it, the device clears it.
 * @used: likewise, the device sets it and the driver clears it
 * @changed: the fields, or @answer without a command; likewise
 * @reserved: 0
 */
struct virtio_page_device {
	__le32 length;
	__le32 device;
	__le32 vendor;
	__le32 generation;
	__u8 state;
	__u8 status;
	__u8 answer;
	__u8 command;
	__u8 kicked;
	__u8 used;
	__u8 changed;
	__u8 reserved;
};

/*
 * Behind it [type u8][length u8][contents], of <linux/virtio_config.h>, ended by a type of
 * 0: VIRTIO_CONFIG_F_VIRTIO and _FEATURES, a struct virtio_page_bits each, or the latter a
 * struct virtio_page_more_bits, one
 * VIRTIO_CONFIG_F_VIRTQUEUE for each queue, in their order, and the fields of the device's
 * own.  The driver marks a type that it has found with VIRTIO_CONFIG_F_USED.
 */

/**
 * struct virtio_page_bits - feature bits, at their places in the first 64
 * @offered: 24 to 49 in the field VIRTIO, all others in FEATURES.  Device, before LIVE.
 * @taken: those of them that the driver wants.  Driver, before FEATURES_OK.
 */
struct virtio_page_bits {
	__le64 offered;
	__le64 taken;
} __attribute__((packed));

/**
 * struct virtio_page_more_bits - the field FEATURES of a device that offers bits beyond 63
 * @offered: bits 0 to 63, less 24 to 49, then bits 64 to 127.  Device, before LIVE.
 * @taken: those of them that the driver wants.  Driver, before FEATURES_OK.
 */
struct virtio_page_more_bits {
	__le64 offered[2];
	__le64 taken[2];
} __attribute__((packed));

/**
 * struct virtio_page_queue - a virtqueue
 * @offered: the largest size.  Device, before LIVE.
 * @size: the size that it has.  This and all that follows: driver, before DRIVER_OK or,
 *	with RING_RESET, before C_QUEUE.
 * @enabled: 1 if it is to be used
 * @reserved: 0
 * @desc: address of the descriptors, in the driver's memory
 * @driver: of the available ring, or the driver's event suppression
 * @device: of the used ring, or the device's
 */
struct virtio_page_queue {
	__le16 offered;
	__le16 size;
	__u8 enabled;
	__u8 reserved[3];
	__le64 desc;
	__le64 driver;
	__le64 device;
} __attribute__((packed));

#endif /* _UAPI_LINUX_VIRTIO_PAGE_H */
