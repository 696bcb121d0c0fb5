// SPDX-License-Identifier: GPL-2.0
/*
 * Kicks before DRIVER_OK, which are held back until then (virtio 1.3, 3.1.1).
 *
 * Called by queue.c for a queue that is made, by virtqueue_notify() through the queue's hook,
 * and by the handshake.
 */
#include <linux/export.h>

#include "ring.h"

/* Unless DRIVER_OK came in between. */
static bool hold_kick(struct virtqueue *vq)
{
	struct ring_queue *q = to_ring(vq);

	WRITE_ONCE(q->kick_held, true);
	/* Pairs with the barrier in vring_send_held_kicks(). */
	smp_mb();
	return READ_ONCE(q->notify) == hold_kick || !xchg(&q->kick_held, false) || q->tell(vq);
}

/*
 * Drivers of devices before 1.0 kick and wait for the answer in probe(), and such devices
 * serve them (3.1.2).  Those that do not are kicked once more by DRIVER_OK.
 */
static bool kick_early(struct virtqueue *vq)
{
	struct ring_queue *q = to_ring(vq);

	WRITE_ONCE(q->kick_held, true);
	return q->tell(vq);
}

/* A device that is set up by something else than the bus is always live. */
static bool is_live(const struct virtio_device *vdev)
{
	return !vdev->config || !vdev->config->get_status || vdev->ready;
}

static bool is_before_1_0(const struct virtio_device *vdev)
{
	return !__virtio_test_bit(vdev, VIRTIO_F_VERSION_1);
}

/* Of a queue that is new: what a kick does at first. */
void ring_begin_kicks(struct ring_queue *q, bool (*tell)(struct virtqueue *vq))
{
	q->tell = tell;
	q->notify = is_live(q->vq.vdev) ? tell :
		    is_before_1_0(q->vq.vdev) ? kick_early : hold_kick;
	q->early = q->notify == hold_kick;
}

/**
 * vring_send_held_kicks - the device is live: send what was held back
 * @vdev: the device, DRIVER_OK set
 *
 * Called by the handshake.
 * Context: may sleep.
 */
void vring_send_held_kicks(struct virtio_device *vdev)
{
	struct virtqueue *vq;

	virtio_device_for_each_vq(vdev, vq) {
		struct ring_queue *q = to_ring(vq);

		WRITE_ONCE(q->early, false);
		WRITE_ONCE(q->notify, q->tell);
		/* Pairs with the barrier in hold_kick(): one of us sees it. */
		smp_mb();
		if (xchg(&q->kick_held, false))
			virtqueue_notify(vq);
	}
}
EXPORT_SYMBOL_GPL(vring_send_held_kicks);

/**
 * vring_held_kick - is there a kick that waits for DRIVER_OK?
 * @vdev: the device
 *
 * Context: any.
 * Return: the first queue that has one, or -1.
 */
int vring_held_kick(struct virtio_device *vdev)
{
	struct virtqueue *vq;
	unsigned long flags;
	int found = -1;

	if (is_before_1_0(vdev))
		return found;
	spin_lock_irqsave(&vdev->vqs_list_lock, flags);
	virtio_device_for_each_vq(vdev, vq)
		if (found < 0 && READ_ONCE(to_ring(vq)->kick_held))
			found = vq->index;
	spin_unlock_irqrestore(&vdev->vqs_list_lock, flags);
	return found;
}
EXPORT_SYMBOL_GPL(vring_held_kick);
