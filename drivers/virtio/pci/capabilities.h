/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The capabilities of a modern virtio device on PCI, found and checked.  For modern_dev.c.
 */
#ifndef _VIRTIO_PCI_CAPABILITIES_H
#define _VIRTIO_PCI_CAPABILITIES_H

#include <linux/pci.h>
#include <linux/virtio_pci.h>

/* By VIRTIO_PCI_CAP_*: those of structures that every device has or may have. */
#define VP_CAPABILITIES		(VIRTIO_PCI_CAP_DEVICE_CFG + 1)

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

void vp_find_capabilities(struct pci_dev *pdev, struct vp_capability caps[VP_CAPABILITIES]);
int vp_check_capability(struct pci_dev *pdev, u8 type, struct vp_capability *cap);
void __iomem *vp_map_structure(struct pci_dev *pdev, const struct vp_capability *cap,
			       size_t most, size_t *len);

#endif /* _VIRTIO_PCI_CAPABILITIES_H */
