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
 * @length: of the structure; all of it lies in the BAR
 */
struct vp_capability {
	int pos;
	u8 bar;
	u32 offset, length;
};

int vp_find_capability(struct pci_dev *pdev, u8 type, size_t least, struct vp_capability *cap);
void __iomem *vp_map_part(struct pci_dev *pdev, const struct vp_capability *cap, u64 start,
			  size_t least, size_t most, size_t *len, resource_size_t *pa);

#endif /* _VIRTIO_PCI_CAPABILITIES_H */
