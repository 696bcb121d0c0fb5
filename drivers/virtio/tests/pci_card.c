// SPDX-License-Identifier: GPL-2.0
/*
 * What goes into the slot of pci_host.c: configuration space, piece by piece.
 */
#include <linux/string.h>
#include <linux/unaligned.h>

#include "pci_host.h"

/**
 * pci_card_set - lay a value into configuration space
 * @card: the card
 * @at: where
 * @width: bytes, up to 4
 * @value: what
 *
 * Context: any.
 */
void pci_card_set(struct pci_card *card, unsigned int at, unsigned int width, u32 value)
{
	__le32 raw = cpu_to_le32(value);

	memcpy(card->space + at, &raw, width);
}

static void set_writable(struct pci_card *card, unsigned int at, u32 mask)
{
	put_unaligned_le32(mask, card->writable + at);
}

/**
 * pci_card_init - a card without BARs and capabilities
 * @card: the card
 * @vendor: of the card and of the subsystem
 * @device: its id, and that of the subsystem
 *
 * Context: any.
 */
void pci_card_init(struct pci_card *card, u16 vendor, u16 device)
{
	memset(card, 0, sizeof(*card));
	pci_card_set(card, PCI_VENDOR_ID, 2, vendor);
	pci_card_set(card, PCI_DEVICE_ID, 2, device);
	pci_card_set(card, PCI_SUBSYSTEM_VENDOR_ID, 2, vendor);
	pci_card_set(card, PCI_SUBSYSTEM_ID, 2, device);
	pci_card_set(card, PCI_CLASS_DEVICE, 2, PCI_CLASS_OTHERS << 8);
	pci_card_set(card, PCI_INTERRUPT_PIN, 1, 1);
	set_writable(card, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY |
		     PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
	card->writable[PCI_INTERRUPT_LINE] = 0xff;
	card->end = PCI_STD_HEADER_SIZEOF;
}

/**
 * pci_card_bar - give the card a BAR, or change one before it is plugged in
 * @card: the card
 * @bar: which
 * @size: bytes, a power of two
 * @flags: PCI_BASE_ADDRESS_*
 *
 * Context: any.
 */
void pci_card_bar(struct pci_card *card, unsigned int bar, u32 size, u32 flags)
{
	unsigned int at = PCI_BASE_ADDRESS_0 + 4 * bar;

	card->bar_size[bar] = size;
	pci_card_set(card, at, 4, flags);
	set_writable(card, at, -size & PCI_BASE_ADDRESS_MEM_MASK);
}

/**
 * pci_card_capability - add a capability
 * @card: the card
 * @id: PCI_CAP_ID_*
 * @body: what follows the pointer to the next one
 * @len: bytes of that
 *
 * Context: any.
 * Return: where it lies.
 */
u8 pci_card_capability(struct pci_card *card, u8 id, const void *body, u8 len)
{
	u8 at = card->end;

	pci_card_set(card, PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
	card->space[card->tail ? card->tail + PCI_CAP_LIST_NEXT : PCI_CAPABILITY_LIST] = at;
	card->space[at + PCI_CAP_LIST_ID] = id;
	memcpy(card->space + at + 2, body, len);
	card->tail = at;
	card->end = ALIGN(at + 2 + len, 4);
	return at;
}

/**
 * pci_card_msix - give the card MSI-X, with its table in PCI_CARD_MSIX_BAR
 * @card: the card
 * @vectors: how many, up to PCI_CARD_MOST_VECTORS
 *
 * Context: any.
 */
void pci_card_msix(struct pci_card *card, unsigned int vectors)
{
	u8 body[PCI_CAP_MSIX_SIZEOF - 2] = { };
	u8 at;

	put_unaligned_le16(vectors - 1, body + PCI_MSIX_FLAGS - 2);
	put_unaligned_le32(PCI_CARD_MSIX_BAR, body + PCI_MSIX_TABLE - 2);
	put_unaligned_le32(PCI_CARD_MSIX_BAR | sizeof(card->msix), body + PCI_MSIX_PBA - 2);
	pci_card_bar(card, PCI_CARD_MSIX_BAR, PAGE_SIZE, 0);
	at = pci_card_capability(card, PCI_CAP_ID_MSIX, body, sizeof(body));
	card->writable[at + PCI_MSIX_FLAGS + 1] = (PCI_MSIX_FLAGS_ENABLE |
						   PCI_MSIX_FLAGS_MASKALL) >> 8;
	card->vectors = vectors;
}
