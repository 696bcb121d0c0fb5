// SPDX-License-Identifier: GPL-2.0
/*
 * Capabilities of a modern virtio device on PCI (virtio 1.3, 4.1.4).
 *
 * The device says in configuration space in which BAR each of its structures
 * lies, and how long it is.  None of that is believed: a capability is read
 * once, held against its BAR, and only what fits is ever mapped.  Called by
 * modern_dev.c; knows nothing of what the structures hold.
 */
#include <linux/pci.h>
#include <linux/virtio_pci.h>

#include "capabilities.h"

/* Configuration space has no room for more of them; a list that has is a loop. */
#define MAX_CAPABILITIES	48

static void read_capability(struct pci_dev *pdev, int pos, struct vp_capability *cap)
{
	cap->pos = pos;
	pci_read_config_byte(pdev, pos + offsetof(struct virtio_pci_cap, bar), &cap->bar);
	pci_read_config_dword(pdev, pos + offsetof(struct virtio_pci_cap, offset),
			      &cap->offset);
	pci_read_config_dword(pdev, pos + offsetof(struct virtio_pci_cap, length),
			      &cap->length);
}

/* The BAR is there, and the structure lies in it. */
static bool fits(struct pci_dev *pdev, const struct vp_capability *cap, size_t least)
{
	resource_size_t size = pci_resource_len(pdev, cap->bar);

	return cap->length >= least && (u64)cap->offset + cap->length <= size;
}

/**
 * vp_find_capability - find the first usable capability of a type
 * @pdev: the device
 * @type: VIRTIO_PCI_CAP_*
 * @least: bytes that the structure must have
 * @cap: filled in; @cap->pos is 0 when there is none
 *
 * Those with a reserved BAR are passed over (4.1.4.1), as are those whose BAR is
 * not there; one that runs out of its BAR is refused.
 * Context: may sleep.
 * Return: 0, also when there is none; -EINVAL for one that lies.
 */
int vp_find_capability(struct pci_dev *pdev, u8 type, size_t least, struct vp_capability *cap)
{
	int pos, count = 0;
	u8 is;

	for (pos = pci_find_capability(pdev, PCI_CAP_ID_VNDR); pos && count < MAX_CAPABILITIES;
	     pos = pci_find_next_capability(pdev, pos, PCI_CAP_ID_VNDR), count++) {
		pci_read_config_byte(pdev, pos + offsetof(struct virtio_pci_cap, cfg_type), &is);
		if (is != type)
			continue;
		read_capability(pdev, pos, cap);
		if (cap->bar >= PCI_STD_NUM_BARS || !pci_resource_len(pdev, cap->bar))
			continue;
		if (fits(pdev, cap, least))
			return 0;
		pci_err(pdev, "capability %u: %u bytes at %u, expected at least %zu within the %llu of BAR %u\n",
			type, cap->length, cap->offset, least,
			(u64)pci_resource_len(pdev, cap->bar), cap->bar);
		return -EINVAL;
	}
	cap->pos = 0;
	return 0;
}

/**
 * vp_map_part - map a part of a structure
 * @pdev: the device
 * @cap: the structure, from vp_find_capability()
 * @start: where in the structure; a driver may have multiplied what the device said
 * @least: bytes that must be there
 * @most: bytes that are of use
 * @len: how many were mapped; may be %NULL
 * @pa: physical address of the part; may be %NULL
 *
 * Context: may sleep.
 * Return: the mapping, or %NULL when the part does not lie in the structure.
 */
void __iomem *vp_map_part(struct pci_dev *pdev, const struct vp_capability *cap, u64 start,
			  size_t least, size_t most, size_t *len, resource_size_t *pa)
{
	void __iomem *p;
	size_t size;

	if (start + least > cap->length) {
		pci_err(pdev, "%zu bytes at %llu, expected them within the %u of the structure\n",
			least, start, cap->length);
		return NULL;
	}
	size = min_t(u64, most, cap->length - start);
	p = pci_iomap_range(pdev, cap->bar, cap->offset + start, size);
	if (!p)
		return NULL;
	if (len)
		*len = size;
	if (pa)
		*pa = pci_resource_start(pdev, cap->bar) + cap->offset + start;
	return p;
}
