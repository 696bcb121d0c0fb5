// SPDX-License-Identifier: GPL-2.0
/*
 * A modern virtio device on PCI as a device on the virtio bus (virtio 1.3, 4.1).
 *
 * The configuration operations and the register set over the library of
 * modern_dev.c.  Attached by common.c; what queues and interrupts have in common
 * with legacy devices is in queues.c and vectors.c.
 */
#define VIRTIO_PCI_NO_LEGACY
#define VIRTIO_RING_NO_LEGACY
#include "pci.h"

/*
 * Features and status.
 */

static u64 get_features(struct virtio_device *vdev)
{
	return vp_modern_get_features(&to_vp(vdev)->mdev);
}

/*
 * A device that decodes only a part of the selector shows its first 64 bits again, or the
 * second half of them twice.  To write the bits that seem to be offered there would change
 * those below.
 */
static bool is_repeated(const u64 *features)
{
	u64 high = features[0] >> 32;

	return features[1] == features[0] || features[1] == (high << 32 | high);
}

static u64 read_second_word(struct virtio_pci_common_cfg __iomem *common)
{
	u64 low;

	vp_iowrite32(2, &common->device_feature_select);
	low = vp_ioread32(&common->device_feature);
	vp_iowrite32(3, &common->device_feature_select);
	return (u64)vp_ioread32(&common->device_feature) << 32 | low;
}

/* The first word is not read again for the driver that is bound. */
static void get_extended_features(struct virtio_device *vdev, u64 *features)
{
	features[0] = vdev->offered_known ? vdev->offered[0] : get_features(vdev);
	features[1] = read_second_word(to_vp(vdev)->mdev.common);
	if (is_repeated(features))
		features[1] = 0;
}

/* What rings know nothing of, and this transport can do (virtio 1.3, 6). */
static u64 transport_features(struct vp_device *vp, u64 offered)
{
	u64 known = BIT_ULL(VIRTIO_F_RING_RESET) | BIT_ULL(VIRTIO_F_ADMIN_VQ);

	/* To look for it takes some reads of configuration space. */
	if (offered & BIT_ULL(VIRTIO_F_SR_IOV) &&
	    pci_find_ext_capability(vp->pdev, PCI_EXT_CAP_ID_SRIOV))
		known |= BIT_ULL(VIRTIO_F_SR_IOV);
	return offered & known;
}

/* A feature needs its registers, which a device may have cut off (4.1.4.3). */
static int check_registers(struct vp_device *vp)
{
	static const struct {
		unsigned int fbit;
		size_t end;
	} needs[] = {
		{ VIRTIO_F_RING_RESET,
		  offsetofend(struct virtio_pci_modern_common_cfg, queue_reset) },
		{ VIRTIO_F_ADMIN_VQ,
		  offsetofend(struct virtio_pci_modern_common_cfg, admin_queue_num) },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(needs); i++) {
		if (!__virtio_test_bit(&vp->vdev, needs[i].fbit) ||
		    vp->mdev.common_len >= needs[i].end)
			continue;
		pci_err(vp->pdev, "feature %u with %zu bytes of registers, expected at least %zu\n",
			needs[i].fbit, vp->mdev.common_len, needs[i].end);
		return -EINVAL;
	}
	return 0;
}

static int finalize_features(struct virtio_device *vdev)
{
	struct vp_device *vp = to_vp(vdev);
	u64 ours = transport_features(vp, vdev->features);
	int err;

	vring_transport_features(vdev);
	vdev->features |= ours;
	if (!__virtio_test_bit(vdev, VIRTIO_F_VERSION_1)) {
		pci_err(vp->pdev, "features %#llx on modern registers, expected VERSION_1 too\n",
			vdev->features);
		return -EINVAL;
	}
	err = check_registers(vp);
	if (err)
		return err;
	/* A device that offers nothing in the other words has them all 0 after a reset. */
	if (vdev->offered[1])
		vp_modern_set_extended_features(&vp->mdev, vdev->features_array);
	else
		vp_modern_set_features(&vp->mdev, vdev->features);
	return 0;
}

static u8 get_status(struct virtio_device *vdev)
{
	return vp_modern_get_status(&to_vp(vdev)->mdev);
}

static void set_status(struct virtio_device *vdev, u8 status)
{
	struct vp_device *vp = to_vp(vdev);

	/* A 0 would be a reset that nobody waits for. */
	if (!status)
		return;
	vp_modern_set_status(&vp->mdev, status);
	if (status & VIRTIO_CONFIG_S_DRIVER_OK)
		vp_admin_activate(vp);
}

static void reset(struct virtio_device *vdev)
{
	struct vp_device *vp = to_vp(vdev);

	vp->num_queues = 0;
	vp_modern_set_status(&vp->mdev, 0);
	vp_reset_done(vp);
}

static u32 generation(struct virtio_device *vdev)
{
	return vp_modern_generation(&to_vp(vdev)->mdev);
}

static struct virtio_config_window config_window(const struct vp_device *vp)
{
	return (struct virtio_config_window) {
		.at = vp->mdev.device, .len = vp->mdev.device_len,
	};
}

/*
 * Queues.
 */

static u16 config_vector(struct vp_device *vp, u16 vector)
{
	return vp_modern_config_vector(&vp->mdev, vector);
}

/* Read when the first queue is made: it may depend on the features. */
static unsigned int count_queues(struct vp_device *vp)
{
	if (!vp->num_queues)
		vp->num_queues = vp_modern_get_num_queues(&vp->mdev);
	return vp->num_queues;
}

static unsigned int queue_size(struct vp_device *vp, unsigned int index)
{
	return vp_modern_get_queue_size(&vp->mdev, index);
}

/* Virtio 1.3, 2.9: the notification says how far the ring was filled. */
static bool notify_with_data(struct virtqueue *vq)
{
	iowrite32(vring_notification_data(vq), (void __iomem *)vq->priv);
	return true;
}

/* Everything but enable, which comes last (virtio 1.3, 4.1.5.1.3). */
static int program_queue(struct vp_device *vp, struct virtqueue *vq, u16 vector)
{
	struct virtio_pci_modern_device *mdev = &vp->mdev;

	if (vp_modern_get_queue_enable(mdev, vq->index))
		return virtio_queue_enabled_already(&vp->vdev, vq->index);
	vp_modern_set_queue_size(mdev, vq->index, virtqueue_get_vring_size(vq));
	vp_modern_queue_address(mdev, vq->index, virtqueue_get_desc_addr(vq),
				virtqueue_get_avail_addr(vq), virtqueue_get_used_addr(vq));
	if (vector != VIRTIO_MSI_NO_VECTOR &&
	    vp_modern_queue_vector(mdev, vq->index, vector) != vector)
		return -EBUSY;
	return 0;
}

static struct virtqueue *make_queue(struct vp_device *vp, unsigned int index,
				    const struct virtqueue_info *info, u16 vector)
{
	bool data = __virtio_test_bit(&vp->vdev, VIRTIO_F_NOTIFICATION_DATA);
	struct virtqueue *vq;
	void __iomem *p;
	u16 num;
	int err;

	/* The administration queue is beyond those of the driver, and none of them. */
	if (index >= count_queues(vp) && info->name != vp->admin.name)
		return ERR_PTR(-ENOENT);
	num = vp_modern_get_queue_size(&vp->mdev, index);
	if (!num)
		return ERR_PTR(-ENOENT);
	vq = vring_create_virtqueue(index, num, SMP_CACHE_BYTES, &vp->vdev, true, true,
				    info->ctx, data ? notify_with_data : vp_notify,
				    info->callback, info->name);
	if (!vq)
		return ERR_PTR(-ENOMEM);
	vq->num_max = num;
	err = program_queue(vp, vq, vector);
	if (err)
		goto failed;
	p = data ? vp_modern_map_vq_notify_data(&vp->mdev, index) :
		   vp_modern_map_vq_notify(&vp->mdev, index, NULL);
	vq->priv = (void __force *)p;
	if (p)
		return vq;
	err = -EINVAL;
failed:
	vring_del_virtqueue(vq);
	return ERR_PTR(err);
}

static void start_queue(struct vp_device *vp, struct virtqueue *vq)
{
	vp_modern_set_queue_enable(&vp->mdev, vq->index, true);
}

static void drop_queue(struct vp_device *vp, struct virtqueue *vq)
{
	if (vp_has_msix(vp))
		vp_modern_queue_vector(&vp->mdev, vq->index, VIRTIO_MSI_NO_VECTOR);
	if (!vp->mdev.notify_base)
		pci_iounmap(vp->pdev, (void __force __iomem *)vq->priv);
	vring_del_virtqueue(vq);
}

static bool still_busy(struct vp_device *vp, struct virtqueue *vq)
{
	return vp_modern_get_queue_reset(&vp->mdev, vq->index) ||
	       vp_modern_get_queue_enable(&vp->mdev, vq->index);
}

/* Virtio 1.3, 2.6.1 and 4.1.4.3.2 */
static int disable_vq_and_reset(struct virtqueue *vq)
{
	struct vp_device *vp = to_vp(vq->vdev);
	struct vp_queue *q = xa_load(&vp->queues, vq->index);

	if (!q || !virtio_has_feature(vq->vdev, VIRTIO_F_RING_RESET))
		return -ENOENT;
	vp_modern_set_queue_reset(&vp->mdev, vq->index);
	if (still_busy(vp, vq)) {
		pci_err(vp->pdev, "queue %u: reset is not confirmed\n", vq->index);
		/* The buffers are the device's still: nobody may touch them. */
		__virtqueue_break(vq);
		return -EBUSY;
	}
	vp_stop_listening(vp, q);
	vq->reset = true;
	return 0;
}

static int enable_vq_after_reset(struct virtqueue *vq)
{
	struct vp_device *vp = to_vp(vq->vdev);
	struct vp_queue *q = xa_load(&vp->queues, vq->index);
	int err;

	if (!q || !vq->reset)
		return -EBUSY;
	if (still_busy(vp, vq))
		return virtio_queue_enabled_already(vq->vdev, vq->index);
	err = program_queue(vp, vq, q->vector);
	if (err)
		return err;
	vp_listen(vp, q);
	start_queue(vp, vq);
	vq->reset = false;
	return 0;
}

/*
 * Shared memory (virtio 1.3, 4.1.4.7)
 */

static u64 read_halves(struct pci_dev *pdev, int low, int high)
{
	u32 lo, hi;

	pci_read_config_dword(pdev, low, &lo);
	pci_read_config_dword(pdev, high, &hi);
	return (u64)hi << 32 | lo;
}

/* One of this id, all of it in configuration space, in a BAR that is there. */
static bool is_shm(struct pci_dev *pdev, int pos, u8 wanted, u8 *bar)
{
	u8 type, len, id;

	pci_read_config_byte(pdev, pos + offsetof(struct virtio_pci_cap, cfg_type), &type);
	pci_read_config_byte(pdev, pos + offsetof(struct virtio_pci_cap, cap_len), &len);
	pci_read_config_byte(pdev, pos + offsetof(struct virtio_pci_cap, id), &id);
	pci_read_config_byte(pdev, pos + offsetof(struct virtio_pci_cap, bar), bar);
	return type == VIRTIO_PCI_CAP_SHARED_MEMORY_CFG && id == wanted &&
	       len >= sizeof(struct virtio_pci_cap64) && pos + len <= PCI_CFG_SPACE_SIZE &&
	       *bar < PCI_STD_NUM_BARS && pci_resource_flags(pdev, *bar) & IORESOURCE_MEM;
}

static bool place_shm(struct pci_dev *pdev, int pos, u8 bar, struct virtio_shm_region *region)
{
	u64 size = pci_resource_len(pdev, bar);
	u64 offset, len;

	offset = read_halves(pdev, pos + offsetof(struct virtio_pci_cap, offset),
			     pos + offsetof(struct virtio_pci_cap64, offset_hi));
	len = read_halves(pdev, pos + offsetof(struct virtio_pci_cap, length),
			  pos + offsetof(struct virtio_pci_cap64, length_hi));
	if (!len || offset > size || len > size - offset) {
		pci_err(pdev, "shared memory: %llu bytes at %llu, expected some within the %llu of BAR %u\n",
			len, offset, size, bar);
		return false;
	}
	region->addr = pci_resource_start(pdev, bar) + offset;
	region->len = len;
	return true;
}

static bool get_shm_region(struct virtio_device *vdev, struct virtio_shm_region *region, u8 id)
{
	struct pci_dev *pdev = to_vp(vdev)->pdev;
	int pos, limit = PCI_CFG_SPACE_SIZE / sizeof(struct virtio_pci_cap);
	u8 bar;

	for (pos = pci_find_capability(pdev, PCI_CAP_ID_VNDR); pos && limit--;
	     pos = pci_find_next_capability(pdev, pos, PCI_CAP_ID_VNDR))
		if (is_shm(pdev, pos, id, &bar))
			return place_shm(pdev, pos, bar, region);
	return false;
}

#define MODERN_OPS							\
	VIRTIO_QUEUES_ONE_BY_ONE,					\
	.find			= virtio_layout_find,			\
	.get_status		= get_status,				\
	.peek_status		= get_status,				\
	.set_status		= set_status,				\
	.reset			= virtio_driver_reset,			\
	.reset_device		= reset,				\
	.get_features		= get_features,				\
	.get_extended_features	= get_extended_features,		\
	.finalize_features	= finalize_features,			\
	.find_vqs		= vp_find_vqs,				\
	.del_vqs		= vp_del_vqs,				\
	.setup_vq		= vp_setup_vq,				\
	.teardown_vq		= vp_teardown_vq,			\
	.synchronize_cbs	= vp_synchronize_cbs,			\
	.bus_name		= vp_bus_name,				\
	.set_vq_affinity	= vp_set_vq_affinity,			\
	.get_vq_affinity	= vp_get_vq_affinity,			\
	.get_shm_region		= get_shm_region,			\
	.disable_vq_and_reset	= disable_vq_and_reset,			\
	.enable_vq_after_reset	= enable_vq_after_reset,		\
	.resume_vqs		= vp_resume_vqs

static const struct virtio_config_ops config_ops = {
	MODERN_OPS,
	.get			= virtio_layout_get,
	.set			= virtio_layout_set,
	.read			= vp_read_config,
	.write			= vp_write_config,
	.generation		= generation,
};

/* A device without a configuration: drivers of the tree look whether there is a get. */
static const struct virtio_config_ops no_config_ops = {
	MODERN_OPS,
};

static void remove_registers(struct vp_device *vp)
{
	vp_modern_remove(&vp->mdev);
}

static const struct vp_registers registers = {
	.config_window	= config_window,
	.config_vector	= config_vector,
	.count_queues	= count_queues,
	.queue_size	= queue_size,
	.make_queue	= make_queue,
	.program_queue	= program_queue,
	.start_queue	= start_queue,
	.drop_queue	= drop_queue,
	.remove		= remove_registers,
};

/**
 * vp_modern_attach - drive a device by modern registers
 * @vp: the device, enabled
 *
 * Context: may sleep.
 * Return: 0; -ENODEV if it has none; or another error.
 */
int vp_modern_attach(struct vp_device *vp)
{
	int err;

	memset(&vp->mdev, 0, sizeof(vp->mdev));
	vp->mdev.pci_dev = vp->pdev;
	err = vp_modern_probe(&vp->mdev);
	if (err)
		return err;
	vp->isr = vp->mdev.isr;
	vp->vdev.id = vp->mdev.id;
	vp->vdev.config = vp->mdev.device ? &config_ops : &no_config_ops;
	vp->regs = &registers;
	return 0;
}
