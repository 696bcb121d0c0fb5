/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The registers of modern virtio devices on PCI; kernel-doc of the calls is with
 * the code, in drivers/virtio/pci/modern_dev.c.
 */
#ifndef _LINUX_VIRTIO_PCI_MODERN_H
#define _LINUX_VIRTIO_PCI_MODERN_H

#include <linux/io.h>
#include <linux/mod_devicetable.h>
#include <linux/pci.h>
#include <linux/virtio_pci.h>

/**
 * struct virtio_pci_modern_device - a device, as this library sees it
 * @pci_dev: set by the caller, enabled
 * @common: the registers of all devices
 * @device: configuration of this type of device, or %NULL
 * @notify_base: where notifications go; %NULL if each queue maps its own place
 * @notify_pa: the physical address of the structure for notifications
 * @isr: interrupt status; reading clears it
 * @notify_len: bytes of that structure
 * @device_len: bytes mapped at @device
 * @common_len: bytes mapped at @common
 * @notify_bar: the BAR that it lies in
 * @notify_offset: where in that
 * @notify_offset_multiplier: what a queue's notify offset counts in
 * @modern_bars: bit map of the BARs that are in use
 * @selected: the queue that is selected, plus 1; 0 when that is not known.  Changed by
 *	this library alone
 * @id: what the device is on the virtio bus
 * @device_id_check: set by a caller whose devices have other PCI ids: returns the
 *	virtio device id, or an error for a device that is not its own
 * @dma_mask: set by a caller whose devices reach less than 64 bits
 */
struct virtio_pci_modern_device {
	/* from the caller */
	struct pci_dev *pci_dev;
	int (*device_id_check)(struct pci_dev *pdev);
	u64 dma_mask;

	/* from vp_modern_probe() */
	struct virtio_device_id id;
	struct virtio_pci_common_cfg __iomem *common;
	size_t common_len;
	void __iomem *device;
	size_t device_len;
	u8 __iomem *isr;
	void __iomem *notify_base;
	size_t notify_len;
	resource_size_t notify_pa;
	u32 notify_offset_multiplier;
	u8 notify_bar;
	u32 notify_offset;
	int modern_bars;
	u32 selected;
};

/*
 * Each register is accessed in its own width (virtio 1.3, 4.1.3.1); the types of
 * these see to it.  A register of 64 bits is two of 32.
 */
#define __VP_REGISTER(bits, type)						\
static inline u##bits vp_ioread##bits(const type __iomem *reg)			\
{										\
	return ioread##bits(reg);						\
}										\
										\
static inline void vp_iowrite##bits(u##bits value, type __iomem *reg)		\
{										\
	iowrite##bits(value, reg);						\
}

__VP_REGISTER(8, u8)
__VP_REGISTER(16, __le16)
__VP_REGISTER(32, __le32)
#undef __VP_REGISTER

static inline void vp_iowrite64_twopart(u64 value, __le32 __iomem *low, __le32 __iomem *high)
{
	vp_iowrite32(lower_32_bits(value), low);
	vp_iowrite32(upper_32_bits(value), high);
}

int vp_modern_probe(struct virtio_pci_modern_device *mdev);
void vp_modern_remove(struct virtio_pci_modern_device *mdev);

/* The device. */
u8 vp_modern_get_status(struct virtio_pci_modern_device *mdev);
void vp_modern_set_status(struct virtio_pci_modern_device *mdev, u8 status);
u64 vp_modern_get_features(struct virtio_pci_modern_device *mdev);
u64 vp_modern_get_driver_features(struct virtio_pci_modern_device *mdev);
void vp_modern_set_features(struct virtio_pci_modern_device *mdev, u64 features);
void vp_modern_get_extended_features(struct virtio_pci_modern_device *mdev, u64 *features);
void vp_modern_get_driver_extended_features(struct virtio_pci_modern_device *mdev,
					    u64 *features);
void vp_modern_set_extended_features(struct virtio_pci_modern_device *mdev,
				     const u64 *features);
u32 vp_modern_generation(struct virtio_pci_modern_device *mdev);
u16 vp_modern_config_vector(struct virtio_pci_modern_device *mdev, u16 vector);
u16 vp_modern_avq_num(struct virtio_pci_modern_device *mdev);
u16 vp_modern_avq_index(struct virtio_pci_modern_device *mdev);

/* Its queues. */
u16 vp_modern_get_num_queues(struct virtio_pci_modern_device *mdev);
u16 vp_modern_get_queue_size(struct virtio_pci_modern_device *mdev, u16 index);
void vp_modern_set_queue_size(struct virtio_pci_modern_device *mdev, u16 index, u16 size);
bool vp_modern_get_queue_enable(struct virtio_pci_modern_device *mdev, u16 index);
void vp_modern_set_queue_enable(struct virtio_pci_modern_device *mdev, u16 index, bool enable);
int vp_modern_get_queue_reset(struct virtio_pci_modern_device *mdev, u16 index);
void vp_modern_set_queue_reset(struct virtio_pci_modern_device *mdev, u16 index);
u16 vp_modern_queue_vector(struct virtio_pci_modern_device *mdev, u16 index, u16 vector);
void vp_modern_queue_address(struct virtio_pci_modern_device *mdev, u16 index, u64 desc_addr,
			     u64 driver_addr, u64 device_addr);
void __iomem *vp_modern_map_vq_notify(struct virtio_pci_modern_device *mdev, u16 index,
				      resource_size_t *pa);
void __iomem *vp_modern_map_vq_notify_data(struct virtio_pci_modern_device *mdev, u16 index);

#endif /* _LINUX_VIRTIO_PCI_MODERN_H */
