// SPDX-License-Identifier: GPL-2.0
/*
 * Queues that stay while their transport deletes them and makes them again.
 *
 * A transport that sets up all queues of a device in one go can't add one to them.  The core
 * has it delete those that there are and make them once more with the new one, before the
 * device is live.  Their driver has pointers to them, and may have added buffers: so a queue
 * is put aside here instead of being freed, and given out again under its number.
 *
 * Called by queue.c, while the core has set &virtio_device.keep_vqs.
 */
#include "ring.h"

/* Instead of freeing it. */
void ring_keep(struct ring_queue *q)
{
	struct virtio_device *vdev = q->vq.vdev;

	spin_lock_irq(&vdev->vqs_list_lock);
	list_move_tail(&q->vq.list, &vdev->kept_vqs);
	spin_unlock_irq(&vdev->vqs_list_lock);
}

static struct ring_queue *kept(struct virtio_device *vdev, unsigned int index)
{
	struct virtqueue *vq;

	list_for_each_entry(vq, &vdev->kept_vqs, list)
		if (vq->index == index)
			return to_ring(vq);
	return NULL;
}

/* The transport clears memory of its own when it makes a queue. */
static bool take_memory(struct ring_queue *q, unsigned int num, void *pages)
{
	if (!pages)
		return q->owned && q->num <= num;
	if (q->owned || q->num != num || q->vq.num_free != q->num)
		return false;
	ring_use_memory(q, &q->mem, pages, num);
	ring_init(q);
	return true;
}

/**
 * ring_take_kept - a queue that was put aside, for a transport that makes it again
 * @vdev: the device
 * @index: number of the queue
 * @num: size that the device offers now
 * @pages: its memory if that is the transport's, else %NULL
 * @notify: tells the device
 * @vq: the queue, or %NULL if it can't be what the transport asks for
 *
 * Context: may sleep.
 * Return: %false if there is none, and a new one is to be made.
 */
bool ring_take_kept(struct virtio_device *vdev, unsigned int index, unsigned int num,
		    void *pages, bool (*notify)(struct virtqueue *vq), struct virtqueue **vq)
{
	struct ring_queue *q = vdev->keep_vqs ? kept(vdev, index) : NULL;

	if (!q)
		return false;
	*vq = NULL;
	if (!take_memory(q, num, pages))
		return true;
	q->tell = notify;
	q->vq.num_max = num;
	q->vq.priv = NULL;
	spin_lock_irq(&vdev->vqs_list_lock);
	list_move_tail(&q->vq.list, &vdev->vqs);
	spin_unlock_irq(&vdev->vqs_list_lock);
	*vq = &q->vq;
	return true;
}
