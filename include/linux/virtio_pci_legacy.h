/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The registers of legacy virtio devices on PCI; kernel-doc of the calls is with
 * the code, in drivers/virtio/pci/legacy_dev.c.
 */
#ifndef _LINUX_VIRTIO_PCI_LEGACY_H
#define _LINUX_VIRTIO_PCI_LEGACY_H

#include <linux/mod_devicetable.h>
#include <linux/pci.h>
#include <linux/virtio_pci.h>

/**
 * struct virtio_pci_legacy_device - a device, as this library sees it
 * @pci_dev: set by the caller, enabled
 * @isr: interrupt status; reading clears it
 * @ioaddr: the registers, in BAR 0
 * @id: what the device is on the virtio bus
 * @selected: the queue that is selected, plus 1; 0 when that is not known.  Changed by
 *	this library alone
 */
struct virtio_pci_legacy_device {
	struct pci_dev *pci_dev;
	u8 __iomem *isr;
	void __iomem *ioaddr;
	struct virtio_device_id id;
	u32 selected;
};

int vp_legacy_probe(struct virtio_pci_legacy_device *ldev);
void vp_legacy_remove(struct virtio_pci_legacy_device *ldev);

/* The device. */
u8 vp_legacy_get_status(struct virtio_pci_legacy_device *ldev);
void vp_legacy_set_status(struct virtio_pci_legacy_device *ldev, u8 status);
u64 vp_legacy_get_features(struct virtio_pci_legacy_device *ldev);
u64 vp_legacy_get_driver_features(struct virtio_pci_legacy_device *ldev);
void vp_legacy_set_features(struct virtio_pci_legacy_device *ldev, u32 features);
u16 vp_legacy_config_vector(struct virtio_pci_legacy_device *ldev, u16 vector);

/* Its queues. */
u16 vp_legacy_get_queue_size(struct virtio_pci_legacy_device *ldev, u16 index);
bool vp_legacy_get_queue_enable(struct virtio_pci_legacy_device *ldev, u16 index);
void vp_legacy_set_queue_address(struct virtio_pci_legacy_device *ldev, u16 index,
				 u32 queue_pfn);
u16 vp_legacy_queue_vector(struct virtio_pci_legacy_device *ldev, u16 index, u16 vector);

#endif /* _LINUX_VIRTIO_PCI_LEGACY_H */
