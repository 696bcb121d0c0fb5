// SPDX-License-Identifier: GPL-2.0
/*
 * A legacy virtio device as a PCI card (virtio 1.3, 4.1.4.10); see virtio_card.h.
 *
 * Its registers lie in BAR 0, which is memory here: this bus has no I/O space.
 */
#include <uapi/linux/virtio_pci.h>

#include "soft_driver.h"
#include "virtio_card.h"

#define PAGE_BYTES	BIT(VIRTIO_PCI_QUEUE_ADDR_SHIFT)

static const struct virtio_card_register registers[] = {
	{ VIRTIO_PCI_HOST_FEATURES,	4, SOFT_FEATURES },
	{ VIRTIO_PCI_GUEST_FEATURES,	4, SOFT_ACCEPTED },
	{ VIRTIO_PCI_QUEUE_PFN,		4, SOFT_QUEUE_PFN },
	{ VIRTIO_PCI_QUEUE_NUM,		2, SOFT_QUEUE_SIZE },
	{ VIRTIO_PCI_QUEUE_SEL,		2, SOFT_QUEUE_SELECT },
	{ VIRTIO_PCI_QUEUE_NOTIFY,	2, SOFT_NOTIFY },
	{ VIRTIO_PCI_STATUS,		1, SOFT_STATUS },
	{ VIRTIO_PCI_ISR,		1, SOFT_ISR },
	{ VIRTIO_MSI_CONFIG_VECTOR,	2, SOFT_CONFIG_VECTOR },
	{ VIRTIO_MSI_QUEUE_VECTOR,	2, SOFT_QUEUE_VECTOR },
};

static u32 config_start(void)
{
	return VIRTIO_PCI_CONFIG_OFF(pci_host_has_msix());
}

static enum soft_register at(struct virtio_card *card, u32 offset, unsigned int width)
{
	if (offset >= config_start() && offset + width <= config_start() + SOFT_CONFIG_BYTES)
		return SOFT_CONFIG;
	return virtio_card_find(card, registers, ARRAY_SIZE(registers), offset, width);
}

static u32 read_register(struct pci_card *pci, unsigned int bar, u32 offset, unsigned int width)
{
	struct virtio_card *card = container_of(pci, struct virtio_card, pci);

	return virtio_card_read(card, at(card, offset, width), offset - config_start(), width);
}

/* What other legacy devices are told, the length of a page and of its part, is fixed. */
static void know_pages(struct soft_device *dev)
{
	int i;

	dev->regs[SOFT_PAGE_SIZE] = PAGE_BYTES;
	for (i = 0; i < SOFT_QUEUES; i++)
		dev->queues[i].regs[SOFT_QUEUE_ALIGN] = VIRTIO_PCI_VRING_ALIGN;
}

static void write_register(struct pci_card *pci, unsigned int bar, u32 offset,
			   unsigned int width, u32 value)
{
	struct virtio_card *card = container_of(pci, struct virtio_card, pci);

	know_pages(&card->dev);
	virtio_card_write(card, at(card, offset, width), offset - config_start(), width, value);
}

/**
 * legacy_card_init - a legacy card that is honest
 * @card: the card
 * @vectors: of MSI-X; 0 for a card without
 *
 * Context: any.
 */
void legacy_card_init(struct virtio_card *card, unsigned int vectors)
{
	pci_card_init(&card->pci, 0x1af4, 0x1000);
	pci_card_set(&card->pci, PCI_SUBSYSTEM_ID, 2, SOFT_ID);
	pci_card_bar(&card->pci, 0, 64, 0);
	card->pci.read = read_register;
	card->pci.write = write_register;
	if (vectors)
		pci_card_msix(&card->pci, vectors);
	soft_device_init(&card->dev, 0);
	card->dev.vectors = vectors;
	card->dev.interrupt = virtio_card_interrupt;
}
