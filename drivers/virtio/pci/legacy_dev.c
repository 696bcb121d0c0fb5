// SPDX-License-Identifier: GPL-2.0
/*
 * Registers of a legacy virtio device on PCI (virtio 1.3, 4.1.4.10).
 *
 * A library for the PCI transport and for vDPA drivers whose hardware looks like
 * such a device.  All of it lies at fixed places in the first BAR.  Knows
 * registers; neither queues nor drivers.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/virtio_pci_legacy.h>

/* PCI ids of devices that may have legacy registers. */
#define FIRST_ID	0x1000
#define LAST_ID		0x103f

/* As far as the registers go that every device has. */
#define LEAST_BAR	VIRTIO_PCI_CONFIG_OFF(false)

/* Once for all that is said about a queue, as in modern_dev.c. */
static void __iomem *select_queue(struct virtio_pci_legacy_device *ldev, u16 index)
{
	if (ldev->selected != index + 1) {
		iowrite16(index, ldev->ioaddr + VIRTIO_PCI_QUEUE_SEL);
		ldev->selected = index + 1;
	}
	return ldev->ioaddr;
}

/* Buffers may lie anywhere; a ring must be named by a page number of 32 bits. */
static void set_dma_masks(struct device *dev)
{
	int err = dma_set_mask(dev, DMA_BIT_MASK(64));

	if (!err)
		err = dma_set_coherent_mask(dev,
					    DMA_BIT_MASK(32 + VIRTIO_PCI_QUEUE_ADDR_SHIFT));
	if (err && dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32)))
		dev_warn(dev, "cannot set a 64-bit or 32-bit DMA mask, continuing anyway\n");
}

static int map_registers(struct virtio_pci_legacy_device *ldev)
{
	struct pci_dev *pdev = ldev->pci_dev;
	int err;

	if (pci_resource_len(pdev, 0) < LEAST_BAR) {
		pci_err(pdev, "BAR 0 of %llu bytes, expected at least %u for legacy registers\n",
			(u64)pci_resource_len(pdev, 0), LEAST_BAR);
		return -ENODEV;
	}
	err = pci_request_region(pdev, 0, "virtio-pci-legacy");
	if (err)
		return err;
	ldev->ioaddr = pci_iomap(pdev, 0, 0);
	if (ldev->ioaddr)
		return 0;
	pci_release_region(pdev, 0);
	return -EIO;
}

/**
 * vp_legacy_probe - find and map the registers of a device
 * @ldev: pci_dev filled in, enabled
 *
 * Context: may sleep.
 * Return: 0; -ENODEV for a device that has none; or an error.
 */
int vp_legacy_probe(struct virtio_pci_legacy_device *ldev)
{
	struct pci_dev *pdev = ldev->pci_dev;
	int err;

	if (pdev->device < FIRST_ID || pdev->device > LAST_ID ||
	    pdev->revision != VIRTIO_PCI_ABI_VERSION)
		return -ENODEV;
	set_dma_masks(&pdev->dev);
	err = map_registers(ldev);
	if (err)
		return err;
	ldev->isr = ldev->ioaddr + VIRTIO_PCI_ISR;
	ldev->id.vendor = pdev->subsystem_vendor;
	ldev->id.device = pdev->subsystem_device;
	return 0;
}
EXPORT_SYMBOL_GPL(vp_legacy_probe);

/**
 * vp_legacy_remove - undo vp_legacy_probe()
 * @ldev: the device
 *
 * Context: may sleep.
 */
void vp_legacy_remove(struct virtio_pci_legacy_device *ldev)
{
	pci_iounmap(ldev->pci_dev, ldev->ioaddr);
	pci_release_region(ldev->pci_dev, 0);
}
EXPORT_SYMBOL_GPL(vp_legacy_remove);

/**
 * vp_legacy_get_features - the features that the device offers
 * @ldev: the device
 *
 * Context: any.
 * Return: the only 32 bits.
 */
u64 vp_legacy_get_features(struct virtio_pci_legacy_device *ldev)
{
	return ioread32(ldev->ioaddr + VIRTIO_PCI_HOST_FEATURES);
}
EXPORT_SYMBOL_GPL(vp_legacy_get_features);

/**
 * vp_legacy_get_driver_features - the features that were written to the device
 * @ldev: the device
 *
 * Context: any.
 * Return: the only 32 bits.
 */
u64 vp_legacy_get_driver_features(struct virtio_pci_legacy_device *ldev)
{
	return ioread32(ldev->ioaddr + VIRTIO_PCI_GUEST_FEATURES);
}
EXPORT_SYMBOL_GPL(vp_legacy_get_driver_features);

/**
 * vp_legacy_set_features - write the features that the driver takes
 * @ldev: the device
 * @features: the bits
 *
 * Context: any.
 */
void vp_legacy_set_features(struct virtio_pci_legacy_device *ldev, u32 features)
{
	iowrite32(features, ldev->ioaddr + VIRTIO_PCI_GUEST_FEATURES);
}
EXPORT_SYMBOL_GPL(vp_legacy_set_features);

/**
 * vp_legacy_get_status - the status byte
 * @ldev: the device
 *
 * Context: any.
 * Return: the byte; 0xff when the device is gone.
 */
u8 vp_legacy_get_status(struct virtio_pci_legacy_device *ldev)
{
	return ioread8(ldev->ioaddr + VIRTIO_PCI_STATUS);
}
EXPORT_SYMBOL_GPL(vp_legacy_get_status);

/**
 * vp_legacy_set_status - write the status byte
 * @ldev: the device
 * @status: the byte; 0 resets the device
 *
 * Context: any.
 */
void vp_legacy_set_status(struct virtio_pci_legacy_device *ldev, u8 status)
{
	if (!status)
		ldev->selected = 0;
	iowrite8(status, ldev->ioaddr + VIRTIO_PCI_STATUS);
}
EXPORT_SYMBOL_GPL(vp_legacy_set_status);

/**
 * vp_legacy_queue_vector - give a queue an interrupt vector
 * @ldev: the device, MSI-X on
 * @index: the queue
 * @vector: the vector, or VIRTIO_MSI_NO_VECTOR
 *
 * Context: any; exclusive with other calls on queues.
 * Return: the vector that the device took; VIRTIO_MSI_NO_VECTOR if it could not.
 */
u16 vp_legacy_queue_vector(struct virtio_pci_legacy_device *ldev, u16 index, u16 vector)
{
	void __iomem *regs = select_queue(ldev, index);

	iowrite16(vector, regs + VIRTIO_MSI_QUEUE_VECTOR);
	return ioread16(regs + VIRTIO_MSI_QUEUE_VECTOR);
}
EXPORT_SYMBOL_GPL(vp_legacy_queue_vector);

/**
 * vp_legacy_config_vector - give configuration changes an interrupt vector
 * @ldev: the device, MSI-X on
 * @vector: the vector, or VIRTIO_MSI_NO_VECTOR
 *
 * Context: any.
 * Return: the vector that the device took, as above.
 */
u16 vp_legacy_config_vector(struct virtio_pci_legacy_device *ldev, u16 vector)
{
	iowrite16(vector, ldev->ioaddr + VIRTIO_MSI_CONFIG_VECTOR);
	return ioread16(ldev->ioaddr + VIRTIO_MSI_CONFIG_VECTOR);
}
EXPORT_SYMBOL_GPL(vp_legacy_config_vector);

/**
 * vp_legacy_set_queue_address - say where a queue lies
 * @ldev: the device
 * @index: the queue
 * @queue_pfn: its address in pages of 4096 bytes; 0 takes it from the device
 *
 * Context: any; exclusive with other calls on queues.
 */
void vp_legacy_set_queue_address(struct virtio_pci_legacy_device *ldev, u16 index,
				 u32 queue_pfn)
{
	iowrite32(queue_pfn, select_queue(ldev, index) + VIRTIO_PCI_QUEUE_PFN);
}
EXPORT_SYMBOL_GPL(vp_legacy_set_queue_address);

/**
 * vp_legacy_get_queue_enable - does the device use a queue?
 * @ldev: the device
 * @index: the queue
 *
 * Context: any; exclusive with other calls on queues.
 * Return: %true if it was told where the queue lies.
 */
bool vp_legacy_get_queue_enable(struct virtio_pci_legacy_device *ldev, u16 index)
{
	return ioread32(select_queue(ldev, index) + VIRTIO_PCI_QUEUE_PFN);
}
EXPORT_SYMBOL_GPL(vp_legacy_get_queue_enable);

/**
 * vp_legacy_get_queue_size - how long a queue is
 * @ldev: the device
 * @index: the queue
 *
 * Context: any; exclusive with other calls on queues.
 * Return: descriptors; 0 if there is no such queue.
 */
u16 vp_legacy_get_queue_size(struct virtio_pci_legacy_device *ldev, u16 index)
{
	return ioread16(select_queue(ldev, index) + VIRTIO_PCI_QUEUE_NUM);
}
EXPORT_SYMBOL_GPL(vp_legacy_get_queue_size);

MODULE_DESCRIPTION("Registers of legacy virtio devices on PCI");
MODULE_LICENSE("GPL");
