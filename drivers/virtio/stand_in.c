// SPDX-License-Identifier: GPL-2.0
/*
 * What a driver is restored with when its device does not come back: something that has
 * queues, which are broken.
 *
 * A driver that was frozen holds back what it is asked for until it is restored.  So that
 * who waits for it gets an error instead, it is restored all the same, in the place of a
 * device that is gone.  The next freeze(), or its removal, ends that.
 *
 * Called by handshake.c and recovery.c.  Reaches no device.
 */
#include <linux/virtio_ring.h>

#include "core.h"

/* Nothing gets into them. */
#define SIZE	2

/* More than any device has, for a driver that takes all there are. */
#define MOST_QUEUES	4096

static void *stand_in_find(struct virtio_device *vdev, u8 type, unsigned int *len)
{
	return NULL;
}

/* A token, if there is one, is the device's own. */
static void stand_in_get(struct virtio_device *vdev, void *token, void *buf, unsigned int len)
{
	memset(buf, 0xff, len);
}

static void stand_in_set(struct virtio_device *vdev, void *token, const void *buf,
			 unsigned int len)
{
}

static void *stand_in_look(struct virtio_device *vdev, unsigned int nr, u8 *type,
			   unsigned int *len)
{
	return NULL;
}

static void stand_in_read(struct virtio_device *vdev, unsigned int offset, void *buf,
			  unsigned int len)
{
	memset(buf, 0xff, len);
}

static void stand_in_write(struct virtio_device *vdev, unsigned int offset, const void *buf,
			   unsigned int len)
{
}

/* A reader in debugfs may have loaded the operations of the device before they changed. */
static u32 stand_in_generation(struct virtio_device *vdev)
{
	return 0;
}

static u8 stand_in_get_status(struct virtio_device *vdev)
{
	return VIRTIO_STATUS_GONE;
}

static void stand_in_set_status(struct virtio_device *vdev, u8 status)
{
}

static void stand_in_reset(struct virtio_device *vdev)
{
}

static u64 stand_in_get_features(struct virtio_device *vdev)
{
	return vdev->features;
}

static void stand_in_get_extended_features(struct virtio_device *vdev, u64 *features)
{
	virtio_features_copy(features, vdev->features_array);
}

static int stand_in_finalize_features(struct virtio_device *vdev)
{
	return 0;
}

static bool notify(struct virtqueue *vq)
{
	return true;
}

static struct virtqueue *setup_vq(struct virtio_device *vdev, unsigned int index,
				  struct virtqueue_info *info)
{
	struct virtqueue *vq;

	if (index >= MOST_QUEUES)
		return ERR_PTR(-ENOENT);
	vq = vring_create_virtqueue(index, SIZE, SMP_CACHE_BYTES, vdev, true, true, info->ctx,
				    notify, info->callback, info->name);
	if (!vq)
		return ERR_PTR(-ENOMEM);
	vq->callback = info->used_cb;
	__virtqueue_break(vq);
	return vq;
}

static const struct virtio_config_ops stand_in_ops = {
	VIRTIO_QUEUES_EACH,
	.find			= stand_in_find,
	.get			= stand_in_get,
	.set			= stand_in_set,
	.look			= stand_in_look,
	.read			= stand_in_read,
	.write			= stand_in_write,
	.generation		= stand_in_generation,
	.get_status		= stand_in_get_status,
	.set_status		= stand_in_set_status,
	.reset			= stand_in_reset,
	.get_features		= stand_in_get_features,
	.get_extended_features	= stand_in_get_extended_features,
	.finalize_features	= stand_in_finalize_features,
	.setup_vq		= setup_vq,
	.teardown_vq		= vring_del_virtqueue,
};

/*
 * Only for a driver that is known to take errors for an answer.  One that has failed with
 * its queues set up would set them up twice.
 */
static bool can_do_with_less(const struct virtio_device *vdev)
{
	const struct virtio_driver *drv;

	if (!vdev->dev.driver || !list_empty(&vdev->vqs))
		return false;
	drv = drv_to_virtio(vdev->dev.driver);
	return drv->takes_back && drv->restore;
}

/* Its device, which was reset if it is there at all, does not come back. */
void virtio_stand_in_begin(struct virtio_device *vdev)
{
	int err;

	if (!can_do_with_less(vdev))
		return;
	vdev->stood_in_for = vdev->config;
	WRITE_ONCE(vdev->config, &stand_in_ops);
	/* There is nobody to agree on any with. */
	vdev->features_latched = true;
	err = drv_to_virtio(vdev->dev.driver)->restore(vdev);
	if (!err)
		return;
	dev_err(&vdev->dev, "driver can't go on without its device: %d\n", err);
	virtio_stand_in_end(vdev);
}

/* Its driver has no use for the queues any more. */
void virtio_stand_in_end(struct virtio_device *vdev)
{
	if (!vdev->stood_in_for)
		return;
	virtio_del_each_vq(vdev);
	WRITE_ONCE(vdev->config, vdev->stood_in_for);
	vdev->stood_in_for = NULL;
}
