/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A PCI bus for tests: one slot, and in it whatever a test builds.
 *
 * To the PCI core it is a host bridge like any other.  Behind it are an array
 * for configuration space, functions of the test that answer for registers in
 * BARs, one interrupt line and MSI-X.  Knows PCI; nothing of virtio.
 */
#ifndef _VIRTIO_PCI_HOST_H
#define _VIRTIO_PCI_HOST_H

#include <kunit/test.h>
#include <linux/pci.h>

#include "soft_io.h"

#define PCI_CARD_MSIX_BAR	1
#define PCI_CARD_MOST_VECTORS	16

/**
 * struct pci_card - what is plugged into the slot
 * @space: configuration space, as the test lays it
 * @writable: the bits of it that a driver can write
 * @tail: the capability that the next one is chained to; 0 before the first
 * @end: where the next capability may lie
 * @bar_size: bytes of each BAR, a power of two, or 0
 * @msix: the table of vectors, in a BAR of its own; see pci_card_msix()
 * @vectors: how many there are
 * @read: the register at @offset of a BAR, of @width bytes
 * @write: likewise
 * @peek: if set, may change what a byte of configuration space reads as
 * @looks: with that many more looks at configuration space it is torn out; 0 for never
 * @gone: it was torn out; everything reads as ones
 * @strays: accesses to no BAR, or to one that was not turned on
 */
struct pci_card {
	u8 space[PCI_CFG_SPACE_SIZE], writable[PCI_CFG_SPACE_SIZE];
	u8 tail, end;
	u32 bar_size[PCI_STD_NUM_BARS];
	u32 msix[PCI_CARD_MOST_VECTORS * PCI_MSIX_ENTRY_SIZE / sizeof(u32)];
	unsigned int vectors;
	u32 (*read)(struct pci_card *card, unsigned int bar, u32 offset, unsigned int width);
	void (*write)(struct pci_card *card, unsigned int bar, u32 offset, unsigned int width,
		      u32 value);
	u8 (*peek)(struct pci_card *card, unsigned int at, u8 value);
	unsigned int looks;
	bool gone;
	unsigned int strays;
};

void pci_card_init(struct pci_card *card, u16 vendor, u16 device);
void pci_card_bar(struct pci_card *card, unsigned int bar, u32 size, u32 flags);
u8 pci_card_capability(struct pci_card *card, u8 id, const void *body, u8 len);
void pci_card_msix(struct pci_card *card, unsigned int vectors);
void pci_card_set(struct pci_card *card, unsigned int at, unsigned int width, u32 value);

int pci_host_init(struct kunit *test);
void pci_host_exit(struct kunit *test);
struct pci_dev *pci_host_plug(struct kunit *test, struct pci_card *card);
int pci_host_bind(struct kunit *test, const char *driver);
void pci_host_unplug(struct kunit *test);
unsigned int pci_host_line(void);
void pci_host_limit_vectors(unsigned int limit);
void pci_host_fail_irqs(int err, unsigned int after, unsigned int times);
void pci_host_interrupt(unsigned int vector);
unsigned int pci_host_unhandled(unsigned int vector);
bool pci_host_has_msix(void);
unsigned int pci_host_maps(void);
unsigned int pci_host_strays(void);

#endif /* _VIRTIO_PCI_HOST_H */
