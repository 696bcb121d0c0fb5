// SPDX-License-Identifier: GPL-2.0
/*
 * Capabilities of a modern virtio device on PCI (virtio 1.3, 4.1.4).
 *
 * The device says in configuration space in which BAR each of its structures
 * lies, and how long it is.  None of that is believed: a capability is read
 * once, its structure is cut down to what lies in the BAR, and only that is ever
 * mapped.  Called by
 * modern_dev.c; knows nothing of what the structures hold.
 */
#include <linux/pci.h>
#include <linux/virtio_pci.h>

#include "capabilities.h"

/* Configuration space has no room for more of them; a list that has is a loop. */
#define MAX_CAPABILITIES	48

/*
 * What a capability must be long enough for, what its structure must have, and
 * what it must be aligned to (virtio 1.3, 4.1.4.3 to 4.1.4.6).
 */
static const struct rule {
	size_t capability, structure;
	u32 align;
} rules[] = {
	[VIRTIO_PCI_CAP_COMMON_CFG] = {
		sizeof(struct virtio_pci_cap), sizeof(struct virtio_pci_common_cfg), 4,
	},
	[VIRTIO_PCI_CAP_NOTIFY_CFG] = { sizeof(struct virtio_pci_notify_cap), 2, 2 },
	[VIRTIO_PCI_CAP_ISR_CFG] = { sizeof(struct virtio_pci_cap), 1, 1 },
	[VIRTIO_PCI_CAP_DEVICE_CFG] = { sizeof(struct virtio_pci_cap), 0, 4 },
};

/* One of this type, all of it in configuration space. */
static bool is_capability(struct pci_dev *pdev, int pos, u8 type)
{
	u8 is, len;

	pci_read_config_byte(pdev, pos + offsetof(struct virtio_pci_cap, cfg_type), &is);
	if (is != type)
		return false;
	pci_read_config_byte(pdev, pos + offsetof(struct virtio_pci_cap, cap_len), &len);
	return len >= rules[type].capability && pos + len <= PCI_CFG_SPACE_SIZE;
}

static void read_capability(struct pci_dev *pdev, int pos, u8 type, struct vp_capability *cap)
{
	cap->pos = pos;
	pci_read_config_byte(pdev, pos + offsetof(struct virtio_pci_cap, bar), &cap->bar);
	pci_read_config_dword(pdev, pos + offsetof(struct virtio_pci_cap, offset),
			      &cap->offset);
	pci_read_config_dword(pdev, pos + offsetof(struct virtio_pci_cap, length),
			      &cap->length);
	if (type == VIRTIO_PCI_CAP_NOTIFY_CFG)
		pci_read_config_dword(pdev, pos + sizeof(struct virtio_pci_cap),
				      &cap->multiplier);
}

/*
 * A length beyond the end of the BAR is legal, and real devices have some (virtio 1.3,
 * 4.1.4.1): what lies in the BAR must be enough.
 */
static int cut_to_bar(struct pci_dev *pdev, u8 type, struct vp_capability *cap)
{
	resource_size_t size = pci_resource_len(pdev, cap->bar);
	resource_size_t there = cap->offset < size ? size - cap->offset : 0;
	const struct rule *rule = &rules[type];
	u32 length = cap->length;

	cap->length = min_t(u64, length, there);
	if (cap->length < rule->structure || (length && !there)) {
		pci_err(pdev, "capability %u: %u bytes at %u, expected at least %zu within the %llu of BAR %u\n",
			type, length, cap->offset, rule->structure, (u64)size, cap->bar);
		return -EINVAL;
	}
	if (!IS_ALIGNED(cap->offset, rule->align)) {
		pci_err(pdev, "capability %u: structure at %u, expected it at a multiple of %u\n",
			type, cap->offset, rule->align);
		return -EINVAL;
	}
	return 0;
}

/**
 * vp_find_capability - find the first usable capability of a type
 * @pdev: the device
 * @type: VIRTIO_PCI_CAP_*, of a structure that all devices have or may have
 * @cap: filled in; @cap->pos is 0 when there is none
 *
 * Those that are cut off are passed over, as are those with a reserved BAR (4.1.4.1)
 * or one that is not there.  A structure that ends behind its BAR is cut down to it; one
 * that begins there, or has too little left, is refused.
 * Context: may sleep.
 * Return: 0, also when there is none; -EINVAL for one that lies.
 */
int vp_find_capability(struct pci_dev *pdev, u8 type, struct vp_capability *cap)
{
	int pos, count = 0;

	for (pos = pci_find_capability(pdev, PCI_CAP_ID_VNDR); pos && count < MAX_CAPABILITIES;
	     pos = pci_find_next_capability(pdev, pos, PCI_CAP_ID_VNDR), count++) {
		if (!is_capability(pdev, pos, type))
			continue;
		read_capability(pdev, pos, type, cap);
		if (cap->bar < PCI_STD_NUM_BARS && pci_resource_len(pdev, cap->bar))
			return cut_to_bar(pdev, type, cap);
	}
	cap->pos = 0;
	return 0;
}

/**
 * vp_map_structure - map a structure
 * @pdev: the device
 * @cap: the structure, from vp_find_capability()
 * @most: bytes that are of use
 * @len: how many were mapped; may be %NULL
 *
 * Context: may sleep.
 * Return: the mapping, or %NULL.
 */
void __iomem *vp_map_structure(struct pci_dev *pdev, const struct vp_capability *cap,
			       size_t most, size_t *len)
{
	size_t size = min_t(size_t, most, cap->length);

	if (len)
		*len = size;
	return pci_iomap_range(pdev, cap->bar, cap->offset, size);
}
