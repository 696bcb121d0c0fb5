// SPDX-License-Identifier: GPL-2.0
/*
 * Capabilities of a modern virtio device on PCI (virtio 1.3, 4.1.4).
 *
 * The device says in configuration space in which BAR each of its structures
 * lies, and how long it is.  None of that is believed: a capability is read
 * once, its structure is cut down to what lies in the BAR, and only that is ever
 * mapped.  Called by modern_dev.c; knows nothing of what the structures hold.
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

/* Each read of configuration space is two exits of a guest: the first word has three answers. */
static bool is_whole(int pos, u8 type, u8 len)
{
	return type && type < ARRAY_SIZE(rules) && len >= rules[type].capability &&
	       pos + len <= PCI_CFG_SPACE_SIZE;
}

static void read_capability(struct pci_dev *pdev, int pos, struct vp_capability *caps)
{
	struct vp_capability cap = { .pos = pos };
	u32 head;
	u8 type;

	pci_read_config_dword(pdev, pos, &head);
	type = head >> 8 * offsetof(struct virtio_pci_cap, cfg_type);
	if (!is_whole(pos, type, head >> 8 * offsetof(struct virtio_pci_cap, cap_len)) ||
	    caps[type].pos)
		return;
	pci_read_config_byte(pdev, pos + offsetof(struct virtio_pci_cap, bar), &cap.bar);
	if (cap.bar >= PCI_STD_NUM_BARS || !pci_resource_len(pdev, cap.bar))
		return;
	pci_read_config_dword(pdev, pos + offsetof(struct virtio_pci_cap, offset), &cap.offset);
	pci_read_config_dword(pdev, pos + offsetof(struct virtio_pci_cap, length), &cap.length);
	if (type == VIRTIO_PCI_CAP_NOTIFY_CFG)
		pci_read_config_dword(pdev, pos + sizeof(struct virtio_pci_cap), &cap.multiplier);
	caps[type] = cap;
}

/**
 * vp_find_capabilities - find the first usable capability of each type
 * @pdev: the device
 * @caps: filled in, by type; the position is 0 where there is none
 *
 * Those that are cut off are passed over, as are those with a reserved BAR (4.1.4.1)
 * or one that is not there.
 * Context: may sleep.
 */
void vp_find_capabilities(struct pci_dev *pdev, struct vp_capability caps[VP_CAPABILITIES])
{
	int pos, count = 0;

	BUILD_BUG_ON(ARRAY_SIZE(rules) != VP_CAPABILITIES);
	memset(caps, 0, VP_CAPABILITIES * sizeof(*caps));
	for (pos = pci_find_capability(pdev, PCI_CAP_ID_VNDR); pos && count < MAX_CAPABILITIES;
	     pos = pci_find_next_capability(pdev, pos, PCI_CAP_ID_VNDR), count++)
		read_capability(pdev, pos, caps);
}

/**
 * vp_check_capability - check a structure, and cut it down to its BAR
 * @pdev: the device
 * @type: VIRTIO_PCI_CAP_*
 * @cap: the capability of that type, from vp_find_capabilities()
 *
 * A length beyond the end of the BAR is legal, and real devices have some (virtio 1.3,
 * 4.1.4.1): what lies in the BAR must be enough.  A structure that begins behind the BAR is
 * refused.
 * Context: any.
 * Return: 0, also when there is none; -EINVAL for one that lies.
 */
int vp_check_capability(struct pci_dev *pdev, u8 type, struct vp_capability *cap)
{
	resource_size_t size = pci_resource_len(pdev, cap->bar);
	resource_size_t there = cap->offset < size ? size - cap->offset : 0;
	const struct rule *rule = &rules[type];
	u32 length = cap->length;

	if (!cap->pos)
		return 0;
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
 * vp_map_structure - map a structure
 * @pdev: the device
 * @cap: the structure, checked by vp_check_capability()
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
