/* SPDX-License-Identifier: GPL-2.0 */
/* The capabilities of a modern virtio device on PCI, found and checked. */
#ifndef _VIRTIO_PCI_CAPABILITIES_H
#define _VIRTIO_PCI_CAPABILITIES_H

#include <linux/pci.h>

/**
 * struct vp_capability - a structure of the device in one of its BARs
 * @pos: where the capability lies in configuration space; 0 if there is none
 * @bar: the BAR
 * @offset: of the structure in the BAR
 * @length: of that part of the structure that lies in the BAR
 * @multiplier: what a queue's place for notifications counts in; only that
 *	structure has one
 */
struct vp_capability {
	int pos;
	u8 bar;
	u32 offset, length, multiplier;
};

int vp_find_capability(struct pci_dev *pdev, u8 type, struct vp_capability *cap);
void __iomem *vp_map_structure(struct pci_dev *pdev, const struct vp_capability *cap,
			       size_t most, size_t *len);

#endif /* _VIRTIO_PCI_CAPABILITIES_H */
