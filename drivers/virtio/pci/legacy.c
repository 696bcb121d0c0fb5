// SPDX-License-Identifier: GPL-2.0
/*
 * A legacy virtio device on PCI as a device on the virtio bus (virtio 1.3, 4.1.5.1
 * and the notes on legacy interfaces throughout 4.1).
 *
 * The configuration operations and the register set over the library of
 * legacy_dev.c.  Registers are in the byte order of this machine, features end at
 * 32 bits, and the device is told the page of a ring and nothing else.
 */
#include "pci.h"

static u64 get_features(struct virtio_device *vdev)
{
	return vp_legacy_get_features(&to_vp(vdev)->ldev);
}

static int finalize_features(struct virtio_device *vdev)
{
	struct vp_device *vp = to_vp(vdev);

	vring_transport_features(vdev);
	if (upper_32_bits(vdev->features)) {
		pci_err(vp->pdev, "features %#llx, expected the lower 32 bits alone\n",
			vdev->features);
		return -EINVAL;
	}
	vp_legacy_set_features(&vp->ldev, vdev->features);
	return 0;
}

static u8 get_status(struct virtio_device *vdev)
{
	return vp_legacy_get_status(&to_vp(vdev)->ldev);
}

static void set_status(struct virtio_device *vdev, u8 status)
{
	/* A 0 would be a reset that nobody waits for. */
	if (status)
		vp_legacy_set_status(&to_vp(vdev)->ldev, status);
}

static void reset(struct virtio_device *vdev)
{
	struct vp_device *vp = to_vp(vdev);

	vp->num_queues = 0;
	/* Reading, which the wait does, also brings in what the device wrote before. */
	vp_legacy_set_status(&vp->ldev, 0);
	vp_reset_done(vp);
}

/*
 * Device configuration begins where the vector registers are or would be, and goes
 * to the end of the BAR (virtio 1.3, 4.1.4.10).
 */
static struct virtio_config_window config_window(const struct vp_device *vp)
{
	unsigned int start = VIRTIO_PCI_CONFIG_OFF(vp_has_msix(vp));
	resource_size_t size = pci_resource_len(vp->pdev, 0);

	return (struct virtio_config_window) {
		.at = vp->ldev.ioaddr + start, .len = size > start ? size - start : 0,
		.bytewise = true,
	};
}

/*
 * Queues.
 */

static u16 config_vector(struct vp_device *vp, u16 vector)
{
	return vp_legacy_config_vector(&vp->ldev, vector);
}

/* There is no register for it: the first queue of no size ends them. */
static unsigned int count_queues(struct vp_device *vp)
{
	unsigned int n = vp->num_queues;

	while (!vp->num_queues && n < U16_MAX && vp_legacy_get_queue_size(&vp->ldev, n))
		n++;
	vp->num_queues = n;
	return n;
}

static unsigned int queue_size(struct vp_device *vp, unsigned int index)
{
	return vp_legacy_get_queue_size(&vp->ldev, index);
}

static int program_queue(struct vp_device *vp, struct virtqueue *vq, u16 vector)
{
	u64 page = virtqueue_get_desc_addr(vq) >> VIRTIO_PCI_QUEUE_ADDR_SHIFT;

	if (vp_legacy_get_queue_enable(&vp->ldev, vq->index))
		return virtio_queue_enabled_already(&vp->vdev, vq->index);
	if (upper_32_bits(page)) {
		pci_err(vp->pdev, "queue %u at page %#llx, expected one of 32 bits\n", vq->index,
			page);
		return -E2BIG;
	}
	vp_legacy_set_queue_address(&vp->ldev, vq->index, page);
	if (vector == VIRTIO_MSI_NO_VECTOR ||
	    vp_legacy_queue_vector(&vp->ldev, vq->index, vector) == vector)
		return 0;
	vp_legacy_set_queue_address(&vp->ldev, vq->index, 0);
	return -EBUSY;
}

static struct virtqueue *make_queue(struct vp_device *vp, unsigned int index,
				    const struct virtqueue_info *info, u16 vector)
{
	u16 num = vp_legacy_get_queue_size(&vp->ldev, index);
	struct virtqueue *vq;
	int err;

	if (!num)
		return ERR_PTR(-ENOENT);
	/* The size can't be told to the device, so there is none but this. */
	vq = vring_create_virtqueue(index, num, VIRTIO_PCI_VRING_ALIGN, &vp->vdev, true, false,
				    info->ctx, vp_notify, info->callback, info->name);
	if (!vq)
		return ERR_PTR(-ENOMEM);
	vq->num_max = num;
	vq->priv = (void __force *)(vp->ldev.ioaddr + VIRTIO_PCI_QUEUE_NOTIFY);
	err = program_queue(vp, vq, vector);
	if (!err)
		return vq;
	vring_del_virtqueue(vq);
	return ERR_PTR(err);
}

static void drop_queue(struct vp_device *vp, struct virtqueue *vq)
{
	if (vp_has_msix(vp))
		vp_legacy_queue_vector(&vp->ldev, vq->index, VIRTIO_MSI_NO_VECTOR);
	/* An address of 0 takes the queue from the device. */
	vp_legacy_set_queue_address(&vp->ldev, vq->index, 0);
	vring_del_virtqueue(vq);
}

static const struct virtio_config_ops config_ops = {
	VIRTIO_FIELDS_BY_LAYOUT,
	VIRTIO_QUEUES_ONE_BY_ONE,
	.read			= vp_read_config,
	.write			= vp_write_config,
	.get_status		= get_status,
	.peek_status		= get_status,
	.set_status		= set_status,
	.reset			= virtio_driver_reset,
	.reset_device		= reset,
	.get_features		= get_features,
	.finalize_features	= finalize_features,
	.find_vqs		= vp_find_vqs,
	.del_vqs		= vp_del_vqs,
	.setup_vq		= vp_setup_vq,
	.teardown_vq		= vp_teardown_vq,
	.synchronize_cbs	= vp_synchronize_cbs,
	.bus_name		= vp_bus_name,
	.set_vq_affinity	= vp_set_vq_affinity,
	.get_vq_affinity	= vp_get_vq_affinity,
	.resume_vqs		= vp_resume_vqs,
};

static void remove_registers(struct vp_device *vp)
{
	vp_legacy_remove(&vp->ldev);
}

static const struct vp_registers registers = {
	.config_window	= config_window,
	.config_vector	= config_vector,
	.count_queues	= count_queues,
	.queue_size	= queue_size,
	.make_queue	= make_queue,
	.program_queue	= program_queue,
	.drop_queue	= drop_queue,
	.remove		= remove_registers,
};

/**
 * vp_legacy_attach - drive a device by legacy registers
 * @vp: the device, enabled
 *
 * Context: may sleep.
 * Return: 0; -ENODEV if it has none; or another error.
 */
int vp_legacy_attach(struct vp_device *vp)
{
	int err;

	memset(&vp->ldev, 0, sizeof(vp->ldev));
	vp->ldev.pci_dev = vp->pdev;
	err = vp_legacy_probe(&vp->ldev);
	if (err)
		return err;
	vp->isr = vp->ldev.isr;
	vp->vdev.id = vp->ldev.id;
	vp->vdev.config = &config_ops;
	vp->regs = &registers;
	return 0;
}
