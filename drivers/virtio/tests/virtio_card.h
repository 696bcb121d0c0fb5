/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A virtio device as a PCI card: soft_device.c in the slot of pci_host.c.
 *
 * A legacy one is in legacy_card.c.  The structures of a modern one lie in one BAR, a
 * page for each, and say so in configuration space, which a test may change before
 * the card is plugged in.
 */
#ifndef _VIRTIO_CARD_H
#define _VIRTIO_CARD_H

#include <uapi/linux/virtio_config.h>
#include <uapi/linux/virtio_pci.h>

#include "pci_host.h"
#include "soft_device.h"

#define VIRTIO_CARD_BAR		4
#define VIRTIO_CARD_BAR_SIZE	0x8000
#define VIRTIO_CARD_COMMON	0x0000
#define VIRTIO_CARD_ISR		0x1000
#define VIRTIO_CARD_DEVICE	0x2000
#define VIRTIO_CARD_NOTIFY	0x4000

/**
 * struct virtio_card - a card
 * @pci: the card
 * @dev: the device on it
 * @common: the capability of the common structure
 * @isr: that of the interrupt status
 * @device: that of the device configuration
 * @notify: that of the place for notifications, with its multiplier
 */
struct virtio_card {
	struct pci_card pci;
	struct soft_device dev;
	u8 common, isr, device, notify;
};

/**
 * struct virtio_card_register - a register of fixed place
 * @offset: its place
 * @width: bytes
 * @reg: which it is
 */
struct virtio_card_register {
	u8 offset, width;
	enum soft_register reg;
};

enum soft_register virtio_card_find(struct virtio_card *card,
				    const struct virtio_card_register *registers,
				    unsigned int n, u32 offset, unsigned int width);
u32 virtio_card_read(struct virtio_card *card, enum soft_register reg, u32 at,
		     unsigned int width);
void virtio_card_write(struct virtio_card *card, enum soft_register reg, u32 at,
		       unsigned int width, u32 value);
void virtio_card_interrupt(struct soft_device *dev, struct soft_queue *queue);
void virtio_card_init(struct virtio_card *card, u64 offered, unsigned int vectors);
void legacy_card_init(struct virtio_card *card, unsigned int vectors);
u8 virtio_card_structure(struct virtio_card *card, u8 type, u32 offset, u32 length);

#endif /* _VIRTIO_CARD_H */
