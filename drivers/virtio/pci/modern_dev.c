// SPDX-License-Identifier: GPL-2.0
/*
 * Registers of a modern virtio device on PCI (virtio 1.3, 4.1.4.3).
 *
 * A library for the PCI transport and for vDPA drivers whose hardware looks like
 * a virtio device: it maps the structures, and has one call for each thing that
 * can be said to the device.  Knows registers; neither queues nor drivers.
 */
#include <linux/iopoll.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/virtio_pci_modern.h>

#include "../transport.h"
#include "capabilities.h"

/* PCI ids of virtio devices: transitional ones below the first modern one. */
#define FIRST_ID	0x1000
#define FIRST_MODERN	0x1040
#define LAST_ID		0x107f

/* The registers that came after virtio 1.0, of which a device may have fewer. */
static struct virtio_pci_modern_common_cfg __iomem *
modern(struct virtio_pci_modern_device *mdev)
{
	return (struct virtio_pci_modern_common_cfg __iomem *)mdev->common;
}

#define HAS(mdev, register) \
	((mdev)->common_len >= offsetofend(struct virtio_pci_modern_common_cfg, register))

/*
 * Each access is an exit of a guest, so a queue is selected once for all that is said
 * about it.  Calls on queues exclude each other; a reset makes the device forget.
 */
static struct virtio_pci_common_cfg __iomem *
select_queue(struct virtio_pci_modern_device *mdev, u16 index)
{
	if (mdev->selected != index + 1) {
		vp_iowrite16(index, &mdev->common->queue_select);
		mdev->selected = index + 1;
	}
	return mdev->common;
}

static int identify(struct virtio_pci_modern_device *mdev)
{
	struct pci_dev *pdev = mdev->pci_dev;
	int id;

	if (mdev->device_id_check) {
		id = mdev->device_id_check(pdev);
		if (id < 0)
			return id;
	} else if (pdev->device < FIRST_ID || pdev->device > LAST_ID) {
		return -ENODEV;
	} else if (pdev->device < FIRST_MODERN) {
		id = pdev->subsystem_device;
	} else {
		id = pdev->device - FIRST_MODERN;
	}
	mdev->id.device = id;
	mdev->id.vendor = pdev->subsystem_vendor;
	return 0;
}

static void set_dma_mask(struct virtio_pci_modern_device *mdev)
{
	struct device *dev = &mdev->pci_dev->dev;

	if (dma_set_mask_and_coherent(dev, mdev->dma_mask ?: DMA_BIT_MASK(64)) &&
	    dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32)))
		dev_warn(dev, "cannot set a 64-bit or 32-bit DMA mask, continuing anyway\n");
}

static int check_structures(struct pci_dev *pdev, struct vp_capability *caps)
{
	static const u8 types[] = {
		VIRTIO_PCI_CAP_ISR_CFG, VIRTIO_PCI_CAP_NOTIFY_CFG, VIRTIO_PCI_CAP_DEVICE_CFG,
	};
	int i, err = 0;

	for (i = 0; i < ARRAY_SIZE(types) && !err; i++)
		err = vp_check_capability(pdev, types[i], &caps[types[i]]);
	if (err)
		return err;
	if (!caps[VIRTIO_PCI_CAP_ISR_CFG].pos || !caps[VIRTIO_PCI_CAP_NOTIFY_CFG].pos) {
		pci_err(pdev, "modern registers, but no %s\n",
			caps[VIRTIO_PCI_CAP_ISR_CFG].pos ? "place for notifications" :
							   "interrupt status");
		return -EINVAL;
	}
	return 0;
}

/* Of @caps, by type, there may be no configuration. */
static int find_structures(struct virtio_pci_modern_device *mdev, struct vp_capability *caps)
{
	struct pci_dev *pdev = mdev->pci_dev;
	int err, i;

	vp_find_capabilities(pdev, caps);
	err = vp_check_capability(pdev, VIRTIO_PCI_CAP_COMMON_CFG,
				  &caps[VIRTIO_PCI_CAP_COMMON_CFG]);
	if (err)
		return err;
	if (!caps[VIRTIO_PCI_CAP_COMMON_CFG].pos) {
		/* What has never been legacy has nothing else. */
		if (pdev->device >= FIRST_MODERN && pdev->device <= LAST_ID)
			pci_err(pdev, "no modern registers, expected a capability that says where they are\n");
		else
			pci_info(pdev, "no modern registers, leaving it to the legacy driver\n");
		return -ENODEV;
	}
	err = check_structures(pdev, caps);
	if (err)
		return err;
	mdev->modern_bars = 0;
	for (i = 0; i < VP_CAPABILITIES; i++)
		if (caps[i].pos)
			mdev->modern_bars |= BIT(caps[i].bar);
	return 0;
}

/*
 * A page is all that any device has of notifications as a rule: map it now.  A
 * larger area is mapped queue by queue.
 */
static int map_notify(struct virtio_pci_modern_device *mdev, const struct vp_capability *cap)
{
	mdev->notify_offset_multiplier = cap->multiplier;
	mdev->notify_bar = cap->bar;
	mdev->notify_offset = cap->offset;
	mdev->notify_len = cap->length;
	mdev->notify_pa = pci_resource_start(mdev->pci_dev, cap->bar) + cap->offset;
	if (offset_in_page(cap->offset) + (u64)cap->length > PAGE_SIZE)
		return 0;
	mdev->notify_base = vp_map_structure(mdev->pci_dev, cap, PAGE_SIZE, NULL);
	return mdev->notify_base ? 0 : -ENOMEM;
}

static void unmap(struct virtio_pci_modern_device *mdev)
{
	void __iomem *maps[] = { mdev->device, mdev->notify_base, mdev->isr, mdev->common };
	int i;

	for (i = 0; i < ARRAY_SIZE(maps); i++)
		if (maps[i])
			pci_iounmap(mdev->pci_dev, maps[i]);
	mdev->device = NULL;
	mdev->notify_base = NULL;
	mdev->isr = NULL;
	mdev->common = NULL;
}

static int map_structures(struct virtio_pci_modern_device *mdev,
			  const struct vp_capability *caps)
{
	const struct vp_capability *device = &caps[VIRTIO_PCI_CAP_DEVICE_CFG];
	struct pci_dev *pdev = mdev->pci_dev;

	mdev->common = vp_map_structure(pdev, &caps[VIRTIO_PCI_CAP_COMMON_CFG],
					sizeof(struct virtio_pci_modern_common_cfg),
					&mdev->common_len);
	mdev->isr = vp_map_structure(pdev, &caps[VIRTIO_PCI_CAP_ISR_CFG], 1, NULL);
	if (!mdev->common || !mdev->isr || map_notify(mdev, &caps[VIRTIO_PCI_CAP_NOTIFY_CFG]))
		return -ENOMEM;
	if (!device->pos || !device->length)
		return 0;
	mdev->device = vp_map_structure(pdev, device, PAGE_SIZE, &mdev->device_len);
	return mdev->device ? 0 : -ENOMEM;
}

/**
 * vp_modern_probe - find and map the registers of a device
 * @mdev: pci_dev filled in, enabled; device_id_check and dma_mask if needed; all
 *	else zero
 *
 * Context: may sleep.
 * Return: 0; -ENODEV for a device without modern registers, which may be a
 * legacy one; -EINVAL for one whose capabilities don't fit its BARs; or an error.
 */
int vp_modern_probe(struct virtio_pci_modern_device *mdev)
{
	struct vp_capability caps[VP_CAPABILITIES];
	int err;

	err = identify(mdev);
	if (!err)
		err = find_structures(mdev, caps);
	if (err)
		return err;
	set_dma_mask(mdev);
	err = pci_request_selected_regions(mdev->pci_dev, mdev->modern_bars,
					   "virtio-pci-modern");
	if (err)
		return err;
	err = map_structures(mdev, caps);
	if (!err)
		return 0;
	unmap(mdev);
	pci_release_selected_regions(mdev->pci_dev, mdev->modern_bars);
	return err;
}
EXPORT_SYMBOL_GPL(vp_modern_probe);

/**
 * vp_modern_remove - undo vp_modern_probe()
 * @mdev: the device
 *
 * Context: may sleep.
 */
void vp_modern_remove(struct virtio_pci_modern_device *mdev)
{
	unmap(mdev);
	pci_release_selected_regions(mdev->pci_dev, mdev->modern_bars);
}
EXPORT_SYMBOL_GPL(vp_modern_remove);

/* Features go through a window of 32 bits (virtio 1.3, 4.1.4.3). */
static void read_features(__le32 __iomem *window, __le32 __iomem *bits, u64 *features,
			  unsigned int words)
{
	unsigned int nr = 2 * words;

	memset(features, 0, words * sizeof(*features));
	while (nr--) {
		vp_iowrite32(nr, window);
		features[nr / 2] |= (u64)vp_ioread32(bits) << 32 * (nr % 2);
	}
}

static void write_features(struct virtio_pci_modern_device *mdev, const u64 *features,
			   unsigned int words)
{
	unsigned int nr;

	for (nr = 0; nr < 2 * words; nr++) {
		vp_iowrite32(nr, &mdev->common->guest_feature_select);
		vp_iowrite32((u32)(features[nr / 2] >> 32 * (nr % 2)),
			     &mdev->common->guest_feature);
	}
}

/**
 * vp_modern_get_features - the first 64 features that the device offers
 * @mdev: the device
 *
 * Half of the register accesses that vp_modern_get_extended_features() takes.
 * Context: any; exclusive with other calls on features.
 * Return: these bits.
 */
u64 vp_modern_get_features(struct virtio_pci_modern_device *mdev)
{
	u64 features;

	read_features(&mdev->common->device_feature_select, &mdev->common->device_feature,
		      &features, 1);
	return features;
}
EXPORT_SYMBOL_GPL(vp_modern_get_features);

/**
 * vp_modern_get_extended_features - all features that the device offers
 * @mdev: the device
 * @features: room for VIRTIO_FEATURES_U64S words
 *
 * Context: any; exclusive with other calls on features.
 */
void vp_modern_get_extended_features(struct virtio_pci_modern_device *mdev, u64 *features)
{
	read_features(&mdev->common->device_feature_select, &mdev->common->device_feature,
		      features, VIRTIO_FEATURES_U64S);
}
EXPORT_SYMBOL_GPL(vp_modern_get_extended_features);

/**
 * vp_modern_get_driver_features - the first 64 features that were written to the device
 * @mdev: the device
 *
 * Context: any; exclusive with other calls on features.
 * Return: these bits.
 */
u64 vp_modern_get_driver_features(struct virtio_pci_modern_device *mdev)
{
	u64 features;

	read_features(&mdev->common->guest_feature_select, &mdev->common->guest_feature,
		      &features, 1);
	return features;
}
EXPORT_SYMBOL_GPL(vp_modern_get_driver_features);

/**
 * vp_modern_get_driver_extended_features - all features that were written to the device
 * @mdev: the device
 * @features: room for VIRTIO_FEATURES_U64S words
 *
 * Context: any; exclusive with other calls on features.
 */
void vp_modern_get_driver_extended_features(struct virtio_pci_modern_device *mdev,
					    u64 *features)
{
	read_features(&mdev->common->guest_feature_select, &mdev->common->guest_feature,
		      features, VIRTIO_FEATURES_U64S);
}
EXPORT_SYMBOL_GPL(vp_modern_get_driver_extended_features);

/**
 * vp_modern_set_features - write the first 64 features that the driver takes
 * @mdev: the device
 * @features: these bits
 *
 * The others stay as they are; a reset has made them 0.
 * Context: any; exclusive with other calls on features.
 */
void vp_modern_set_features(struct virtio_pci_modern_device *mdev, u64 features)
{
	write_features(mdev, &features, 1);
}
EXPORT_SYMBOL_GPL(vp_modern_set_features);

/**
 * vp_modern_set_extended_features - write all features that the driver takes
 * @mdev: the device
 * @features: VIRTIO_FEATURES_U64S words
 *
 * Context: any; exclusive with other calls on features.
 */
void vp_modern_set_extended_features(struct virtio_pci_modern_device *mdev,
				     const u64 *features)
{
	write_features(mdev, features, VIRTIO_FEATURES_U64S);
}
EXPORT_SYMBOL_GPL(vp_modern_set_extended_features);

/**
 * vp_modern_generation - the generation of the device configuration
 * @mdev: the device
 *
 * Context: any.
 * Return: a number that changes when the configuration does.
 */
u32 vp_modern_generation(struct virtio_pci_modern_device *mdev)
{
	return vp_ioread8(&mdev->common->config_generation);
}
EXPORT_SYMBOL_GPL(vp_modern_generation);

/**
 * vp_modern_get_status - the status byte
 * @mdev: the device
 *
 * Context: any.
 * Return: the byte; 0xff when the device is gone.
 */
u8 vp_modern_get_status(struct virtio_pci_modern_device *mdev)
{
	return vp_ioread8(&mdev->common->device_status);
}
EXPORT_SYMBOL_GPL(vp_modern_get_status);

/**
 * vp_modern_set_status - write the status byte
 * @mdev: the device
 * @status: the byte; 0 resets the device
 *
 * What was written to memory before is seen by a device that sees the status:
 * that is what vp_iowrite8() orders.
 * Context: any.
 */
void vp_modern_set_status(struct virtio_pci_modern_device *mdev, u8 status)
{
	if (!status)
		mdev->selected = 0;
	vp_iowrite8(status, &mdev->common->device_status);
}
EXPORT_SYMBOL_GPL(vp_modern_set_status);

/**
 * vp_modern_get_queue_reset - is the device resetting a queue?
 * @mdev: the device
 * @index: the queue
 *
 * Context: any; exclusive with other calls on queues.
 * Return: not 0 while it does, and 0 for a device that can't.
 */
int vp_modern_get_queue_reset(struct virtio_pci_modern_device *mdev, u16 index)
{
	select_queue(mdev, index);
	return HAS(mdev, queue_reset) ? vp_ioread16(&modern(mdev)->queue_reset) : 0;
}
EXPORT_SYMBOL_GPL(vp_modern_get_queue_reset);

/* All ones is what a device reads as that is no longer there. */
static bool is_settled(u16 busy)
{
	return !busy || busy == U16_MAX;
}

/**
 * vp_modern_set_queue_reset - reset a queue, and wait for it
 * @mdev: the device
 * @index: the queue
 *
 * For some seconds, or until the device is gone.  Whether it has let go of the queue
 * is for the caller to see, by vp_modern_get_queue_reset() and _enable().
 * Context: may sleep; exclusive with other calls on queues.
 */
void vp_modern_set_queue_reset(struct virtio_pci_modern_device *mdev, u16 index)
{
	u16 busy;

	if (!HAS(mdev, queue_reset))
		return;
	select_queue(mdev, index);
	vp_iowrite16(1, &modern(mdev)->queue_reset);
	/* Virtio 1.3, 4.1.4.3.2: reset reads 0 when it is done, then so does enable. */
	if (!read_poll_timeout(vp_ioread16, busy, is_settled(busy), 1000, VIRTIO_RESET_LIMIT_US,
			       false, &modern(mdev)->queue_reset))
		read_poll_timeout(vp_ioread16, busy, is_settled(busy), 1000,
				  VIRTIO_RESET_LIMIT_US, false, &mdev->common->queue_enable);
}
EXPORT_SYMBOL_GPL(vp_modern_set_queue_reset);

/**
 * vp_modern_queue_vector - give a queue an interrupt vector
 * @mdev: the device
 * @index: the queue
 * @vector: the vector, or VIRTIO_MSI_NO_VECTOR
 *
 * Context: any; exclusive with other calls on queues.
 * Return: the vector that the device took; VIRTIO_MSI_NO_VECTOR if it could not.
 */
u16 vp_modern_queue_vector(struct virtio_pci_modern_device *mdev, u16 index, u16 vector)
{
	struct virtio_pci_common_cfg __iomem *cfg = select_queue(mdev, index);

	vp_iowrite16(vector, &cfg->queue_msix_vector);
	return vp_ioread16(&cfg->queue_msix_vector);
}
EXPORT_SYMBOL_GPL(vp_modern_queue_vector);

/**
 * vp_modern_config_vector - give configuration changes an interrupt vector
 * @mdev: the device
 * @vector: the vector, or VIRTIO_MSI_NO_VECTOR
 *
 * Context: any.
 * Return: the vector that the device took, as above.
 */
u16 vp_modern_config_vector(struct virtio_pci_modern_device *mdev, u16 vector)
{
	vp_iowrite16(vector, &mdev->common->msix_config);
	return vp_ioread16(&mdev->common->msix_config);
}
EXPORT_SYMBOL_GPL(vp_modern_config_vector);

/**
 * vp_modern_queue_address - say where the parts of a queue lie
 * @mdev: the device
 * @index: the queue
 * @desc_addr: descriptors
 * @driver_addr: what the driver writes
 * @device_addr: what the device writes
 *
 * Context: any; exclusive with other calls on queues.
 */
void vp_modern_queue_address(struct virtio_pci_modern_device *mdev, u16 index, u64 desc_addr,
			     u64 driver_addr, u64 device_addr)
{
	struct virtio_pci_common_cfg __iomem *cfg = select_queue(mdev, index);

	vp_iowrite64_twopart(desc_addr, &cfg->queue_desc_lo, &cfg->queue_desc_hi);
	vp_iowrite64_twopart(driver_addr, &cfg->queue_avail_lo, &cfg->queue_avail_hi);
	vp_iowrite64_twopart(device_addr, &cfg->queue_used_lo, &cfg->queue_used_hi);
}
EXPORT_SYMBOL_GPL(vp_modern_queue_address);

/**
 * vp_modern_set_queue_enable - let the device use a queue
 * @mdev: the device
 * @index: the queue
 * @enable: %true; a driver may not write 0 (virtio 1.3, 4.1.4.3.2)
 *
 * Context: any; exclusive with other calls on queues.
 */
void vp_modern_set_queue_enable(struct virtio_pci_modern_device *mdev, u16 index, bool enable)
{
	vp_iowrite16(enable, &select_queue(mdev, index)->queue_enable);
}
EXPORT_SYMBOL_GPL(vp_modern_set_queue_enable);

/**
 * vp_modern_get_queue_enable - does the device use a queue?
 * @mdev: the device
 * @index: the queue
 *
 * Context: any; exclusive with other calls on queues.
 * Return: %true if so.
 */
bool vp_modern_get_queue_enable(struct virtio_pci_modern_device *mdev, u16 index)
{
	return vp_ioread16(&select_queue(mdev, index)->queue_enable);
}
EXPORT_SYMBOL_GPL(vp_modern_get_queue_enable);

/**
 * vp_modern_set_queue_size - say how long a queue is
 * @mdev: the device
 * @index: the queue
 * @size: descriptors, up to what the device said
 *
 * Context: any; exclusive with other calls on queues.
 */
void vp_modern_set_queue_size(struct virtio_pci_modern_device *mdev, u16 index, u16 size)
{
	vp_iowrite16(size, &select_queue(mdev, index)->queue_size);
}
EXPORT_SYMBOL_GPL(vp_modern_set_queue_size);

/**
 * vp_modern_get_queue_size - how long a queue may be
 * @mdev: the device
 * @index: the queue
 *
 * Context: any; exclusive with other calls on queues.
 * Return: descriptors; 0 if there is no such queue.
 */
u16 vp_modern_get_queue_size(struct virtio_pci_modern_device *mdev, u16 index)
{
	return vp_ioread16(&select_queue(mdev, index)->queue_size);
}
EXPORT_SYMBOL_GPL(vp_modern_get_queue_size);

/**
 * vp_modern_get_num_queues - how many queues the device has
 * @mdev: the device
 *
 * Context: any.
 * Return: that, without those for administration.
 */
u16 vp_modern_get_num_queues(struct virtio_pci_modern_device *mdev)
{
	return vp_ioread16(&mdev->common->num_queues);
}
EXPORT_SYMBOL_GPL(vp_modern_get_num_queues);

/*
 * Where a queue has its notifications is the product of two things that the device
 * says, and has to lie in the structure (virtio 1.3, 4.1.4.4).
 */
static void __iomem *map_vq_notify(struct virtio_pci_modern_device *mdev, u16 index,
				   size_t width, resource_size_t *pa)
{
	u64 offset = (u64)vp_ioread16(&select_queue(mdev, index)->queue_notify_off) *
		     mdev->notify_offset_multiplier;

	if (offset + width > mdev->notify_len ||
	    !IS_ALIGNED(mdev->notify_offset + offset, width)) {
		pci_err(mdev->pci_dev,
			"queue %u: %zu bytes for notifications at %llu, expected them aligned within %zu\n",
			index, width, offset, mdev->notify_len);
		return NULL;
	}
	if (pa)
		*pa = mdev->notify_pa + offset;
	if (mdev->notify_base)
		return mdev->notify_base + offset;
	return pci_iomap_range(mdev->pci_dev, mdev->notify_bar, mdev->notify_offset + offset,
			       width);
}

/**
 * vp_modern_map_vq_notify - where notifications for a queue are written
 * @mdev: the device
 * @index: the queue
 * @pa: physical address of that place; may be %NULL
 *
 * Context: may sleep; exclusive with other calls on queues.
 * Return: the place, of two bytes, to be unmapped by the caller if &notify_base is
 * %NULL; %NULL when what the device says leaves its notification structure.
 */
void __iomem *vp_modern_map_vq_notify(struct virtio_pci_modern_device *mdev, u16 index,
				      resource_size_t *pa)
{
	return map_vq_notify(mdev, index, sizeof(u16), pa);
}
EXPORT_SYMBOL_GPL(vp_modern_map_vq_notify);

/**
 * vp_modern_map_vq_notify_data - the same with VIRTIO_F_NOTIFICATION_DATA
 * @mdev: the device
 * @index: the queue
 *
 * Context: may sleep; exclusive with other calls on queues.
 * Return: the place, of four bytes; else as above.
 */
void __iomem *vp_modern_map_vq_notify_data(struct virtio_pci_modern_device *mdev, u16 index)
{
	return map_vq_notify(mdev, index, sizeof(u32), NULL);
}
EXPORT_SYMBOL_GPL(vp_modern_map_vq_notify_data);

/**
 * vp_modern_avq_num - how many administration queues the device has
 * @mdev: the device
 *
 * Context: any.
 * Return: that; 0 for a device that knows of none.
 */
u16 vp_modern_avq_num(struct virtio_pci_modern_device *mdev)
{
	return HAS(mdev, admin_queue_num) ? vp_ioread16(&modern(mdev)->admin_queue_num) : 0;
}
EXPORT_SYMBOL_GPL(vp_modern_avq_num);

/**
 * vp_modern_avq_index - the first of them
 * @mdev: the device
 *
 * Context: any.
 * Return: the number of that queue.
 */
u16 vp_modern_avq_index(struct virtio_pci_modern_device *mdev)
{
	return HAS(mdev, admin_queue_num) ? vp_ioread16(&modern(mdev)->admin_queue_index) : 0;
}
EXPORT_SYMBOL_GPL(vp_modern_avq_index);

MODULE_DESCRIPTION("Registers of modern virtio devices on PCI");
MODULE_LICENSE("GPL");
