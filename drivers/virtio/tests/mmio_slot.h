/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A virtio device whose registers are memory: soft_device.c at an address.
 *
 * Modern or legacy (virtio 1.3, 4.2.2 and 4.2.4).  An access in another width than a
 * register has, in a direction that it has not, or to one of the other version is
 * counted as stray.  A test may change the device before it is plugged in.
 */
#ifndef _VIRTIO_MMIO_SLOT_H
#define _VIRTIO_MMIO_SLOT_H

#include <kunit/test.h>
#include <linux/platform_device.h>

#include "soft_device.h"
#include "soft_io.h"

#define MMIO_SLOT_SIZE	0x200

/**
 * struct mmio_slot - a device at an address
 * @io: what answers there
 * @dev: the device
 * @size: bytes that are described
 * @irq: its interrupt
 * @pdev: while it is plugged in
 * @acknowledged: interrupts, all bits that were ever written
 */
struct mmio_slot {
	struct soft_io io;
	struct soft_device dev;
	u32 size;
	int irq;
	struct platform_device *pdev;
	u32 acknowledged;
};

void mmio_slot_init(struct mmio_slot *slot, u32 version, u64 offered);
int mmio_slot_open(struct mmio_slot *slot);
void mmio_slot_close(struct mmio_slot *slot);
int mmio_slot_plug(struct kunit *test, struct mmio_slot *slot);
void mmio_slot_unplug(struct mmio_slot *slot);

#endif /* _VIRTIO_MMIO_SLOT_H */
