// SPDX-License-Identifier: GPL-2.0
/*
 * Queues of a device on a device page.
 *
 * One by one, from the configuration operations in device.c.  Knows the field that says
 * where a queue lies; what is in the queue is the ring's affair.
 */
#include <linux/virtio_ring.h>

#include "page.h"

static struct virtio_page_queue *field_of(const struct page_device *dev, unsigned int index)
{
	unsigned int len;

	return page_field(dev, VIRTIO_CONFIG_F_VIRTQUEUE, index, &len);
}

static u16 offered_size(const struct page_device *dev, unsigned int index)
{
	__le16 size;

	memcpy(&size, &field_of(dev, index)->offered, sizeof(size));
	return le16_to_cpu(size);
}

/* The ring is written; the device looks at it when it finds the flag. */
static bool notify(struct virtqueue *vq)
{
	struct page_device *dev = to_page_device(vq->vdev);

	/* Pairs with the device's, between the flag that it clears and the rings. */
	virt_mb();
	/* Set already: then it has been rung, and has not looked yet. */
	if (READ_ONCE(dev->shared->kicked))
		return true;
	WRITE_ONCE(dev->shared->kicked, 1);
	dev->page->ring(dev->page);
	return true;
}

/* Nobody else writes there; the device reads it with the next command. */
static void describe(struct page_device *dev, struct virtqueue *vq, bool enabled)
{
	struct virtio_page_queue *field = field_of(dev, vq->index);

	if (page_is_away(dev))
		return;
	if (enabled) {
		field->size = cpu_to_le16(virtqueue_get_vring_size(vq));
		field->desc = cpu_to_le64(virtqueue_get_desc_addr(vq));
		field->driver = cpu_to_le64(virtqueue_get_avail_addr(vq));
		field->device = cpu_to_le64(virtqueue_get_used_addr(vq));
	}
	field->enabled = enabled;
}

/**
 * page_setup_vq - the operation setup_vq
 * @vdev: the device, its features agreed
 * @index: the queue
 * @info: what it is to be
 *
 * Context: may sleep.
 * Return: the queue, or ERR_PTR(): -ENOENT when the device has no such queue, or it is
 * set up already.
 */
struct virtqueue *page_setup_vq(struct virtio_device *vdev, unsigned int index,
				struct virtqueue_info *info)
{
	struct page_device *dev = to_page_device(vdev);
	struct virtqueue *vq;
	u16 size;

	if (index >= dev->queues || dev->vq[index])
		return ERR_PTR(-ENOENT);
	size = offered_size(dev, index);
	if (!size)
		return ERR_PTR(-ENOENT);
	vq = vring_create_virtqueue(index, size, SMP_CACHE_BYTES, vdev, true, true, info->ctx,
				    notify, info->callback, info->name);
	if (!vq)
		return ERR_PTR(-ENOMEM);
	vq->num_max = size;
	vq->callback = info->used_cb;
	describe(dev, vq, true);
	WRITE_ONCE(dev->vq[index], vq);
	return vq;
}

/* The doorbell's handler does not look at it any more. */
static void drop_queue(struct page_device *dev, struct virtqueue *vq)
{
	describe(dev, vq, false);
	vring_del_virtqueue(vq);
}

/**
 * page_del_vqs - the operation del_vqs
 * @vdev: the device, which is reset first if it is live
 *
 * Waits once for all handlers, and not for each queue.
 * Context: may sleep.
 */
void page_del_vqs(struct virtio_device *vdev)
{
	struct page_device *dev = to_page_device(vdev);
	struct virtqueue *vq, *next;

	virtio_let_go(vdev);
	if (list_empty(&vdev->vqs))
		return;
	virtio_device_for_each_vq(vdev, vq)
		WRITE_ONCE(dev->vq[vq->index], NULL);
	virtio_synchronize_cbs(vdev);
	list_for_each_entry_safe(vq, next, &vdev->vqs, list)
		drop_queue(dev, vq);
}

/**
 * page_teardown_vq - the operation teardown_vq
 * @vq: a queue of page_setup_vq(); the device has been reset
 *
 * Context: may sleep.
 */
void page_teardown_vq(struct virtqueue *vq)
{
	struct page_device *dev = to_page_device(vq->vdev);

	WRITE_ONCE(dev->vq[vq->index], NULL);
	virtio_synchronize_cbs(vq->vdev);
	drop_queue(dev, vq);
}

static bool tell_of_queues(struct page_device *dev)
{
	guard(mutex)(&dev->lock);
	return page_tell(dev, VIRTIO_PAGE_C_QUEUE);
}

/**
 * page_disable_vq_and_reset - the operation disable_vq_and_reset (virtio 1.3, 2.6.1)
 * @vq: the queue
 *
 * Context: may sleep.
 * Return: 0; -ENOENT where that was not agreed on; -EBUSY for a device that does not come
 * to an end with it, and then the queue is broken.
 */
int page_disable_vq_and_reset(struct virtqueue *vq)
{
	struct page_device *dev = to_page_device(vq->vdev);

	if (!virtio_has_feature(vq->vdev, VIRTIO_F_RING_RESET))
		return -ENOENT;
	describe(dev, vq, false);
	if (!tell_of_queues(dev)) {
		__virtqueue_break(vq);
		return -EBUSY;
	}
	WRITE_ONCE(vq->reset, true);
	virtio_synchronize_cbs(vq->vdev);
	return 0;
}

/**
 * page_enable_vq_after_reset - the operation enable_vq_after_reset
 * @vq: the queue, reset
 *
 * Context: may sleep.
 * Return: 0; -EBUSY for a queue that was not reset; -ENODEV without a device.
 */
int page_enable_vq_after_reset(struct virtqueue *vq)
{
	struct page_device *dev = to_page_device(vq->vdev);

	if (!vq->reset)
		return -EBUSY;
	describe(dev, vq, true);
	WRITE_ONCE(vq->reset, false);
	return tell_of_queues(dev) ? 0 : -ENODEV;
}

/**
 * page_resume_vqs - the operation resume_vqs
 * @vdev: the device, reset beneath its driver, its features agreed
 *
 * The device reads them with DRIVER_OK.
 * Context: may sleep.
 * Return: 0, or -EINVAL for a device that has smaller queues now.
 */
int page_resume_vqs(struct virtio_device *vdev)
{
	struct page_device *dev = to_page_device(vdev);
	struct virtqueue *vq;
	int err;

	virtio_device_for_each_vq(vdev, vq) {
		err = virtio_check_queue_size(vq, offered_size(dev, vq->index));
		if (err)
			return err;
		/* Also one that the device did not take back after a reset of its own. */
		WRITE_ONCE(vq->reset, false);
		describe(dev, vq, true);
	}
	return 0;
}
