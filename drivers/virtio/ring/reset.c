// SPDX-License-Identifier: GPL-2.0
/*
 * Reset and resize of a single queue (virtio 1.3, 2.6.1).
 *
 * The transport takes the queue from the device, what was in it goes back to the
 * driver, and an empty ring, of another size perhaps, is given to the device.
 * Called by drivers of the 6.12 API, with all other use of the queue stopped.  The
 * lock of the device's queues is held from the first step to the last, so the device
 * is not brought back in between: that uses the same registers and replaces the same
 * memory.
 */
#include <linux/export.h>
#include <linux/slab.h>
#include <linux/mutex.h>

#include "ring.h"
#include "../watch/misuse.h"
#include "../watch/trace.h"

static int take_from_device(struct ring_queue *q,
			    void (*recycle)(struct virtqueue *vq, void *buf),
			    void (*recycle_done)(struct virtqueue *vq))
{
	const struct virtio_config_ops *ops = q->vq.vdev->config;
	void *buf;
	int err;

	lockdep_assert_held(&q->vq.vdev->queues_lock);
	if (!q->owned)
		return -EPERM;
	/* The whole device is about to be reset. */
	if (q->stalled && !q->renewed)
		return -EBUSY;
	if (!ops->disable_vq_and_reset || !ops->enable_vq_after_reset)
		return -ENOENT;
	err = ops->disable_vq_and_reset(&q->vq);
	if (err)
		return err;
	/* Stalled without fresh memory: the driver used it meanwhile, and the device lied. */
	if (q->stalled && !ring_move_empty(q))
		return -EBUSY;

	while ((buf = ring_drain(q, NULL)))
		recycle(&q->vq, buf);
	if (recycle_done)
		recycle_done(&q->vq);
	return 0;
}

static int give_to_device(struct ring_queue *q)
{
	ring_init(q);
	trace_virtio_queue_reset(&q->vq, q->num, q->packed);
	return q->vq.vdev->config->enable_vq_after_reset(&q->vq) ? -EBUSY : 0;
}

/* Another ring in place of this one, or all as it was.  The queue is empty. */
static int replace_memory(struct ring_queue *q, u32 num)
{
	struct ring_memory mem, old = q->mem;
	struct ring_slot *slots = q->slots;
	struct ring_map *maps = q->maps;
	struct ring_link *links = q->links;
	int err;

	err = ring_alloc_memory(q, &mem, num, false);
	if (err)
		return err;
	q->num = num;
	err = ring_alloc_state(q);
	if (err) {
		ring_free_memory(q, &mem);
		q->num = old.num;
		q->slots = slots;
		q->links = links;
		q->maps = maps;
		return err;
	}
	q->mem = mem;
	ring_free_memory(q, &old);
	kvfree(slots);
	kvfree(links);
	kvfree(maps);
	/* That was made for the old size. */
	ring_free_memory(q, &q->fresh);
	return 0;
}

/**
 * virtqueue_reset - empty a queue, and let the device start on it anew
 * @vq: the queue, not in use meanwhile
 * @recycle: gets each buffer that was in it
 * @recycle_done: called once after that, or %NULL
 *
 * Context: may sleep; takes &virtio_device.queues_lock.
 * Return: 0; -EPERM or -ENOENT if this queue or this device can't, and nothing
 * has happened; -EBUSY if the device did not take it back, or is about to be reset as a
 * whole; another error of the transport.
 */
int virtqueue_reset(struct virtqueue *vq,
		    void (*recycle)(struct virtqueue *vq, void *buf),
		    void (*recycle_done)(struct virtqueue *vq))
{
	struct ring_queue *q = to_ring(vq);

	virtio_check_may_sleep(vq->vdev, "a reset of a queue");
	guard(mutex)(&vq->vdev->queues_lock);
	return take_from_device(q, recycle, recycle_done) ?: give_to_device(q);
}
EXPORT_SYMBOL_GPL(virtqueue_reset);

/**
 * virtqueue_resize - the same, with a ring of another size
 * @vq: the queue, not in use meanwhile
 * @num: the size, up to &virtqueue.num_max
 * @recycle: gets each buffer that was in it
 * @recycle_done: called once after that, or %NULL
 *
 * When the new ring can't be had the queue goes on with the old one.
 * Context: may sleep; takes &virtio_device.queues_lock.
 * Return: 0; -E2BIG or -EINVAL for a size that can't be; -ENOMEM; else as
 * virtqueue_reset().
 */
int virtqueue_resize(struct virtqueue *vq, u32 num,
		     void (*recycle)(struct virtqueue *vq, void *buf),
		     void (*recycle_done)(struct virtqueue *vq))
{
	struct ring_queue *q = to_ring(vq);
	int err, resized;

	if (num > vq->num_max)
		return -E2BIG;
	if (!num)
		return -EINVAL;
	if (num == q->num)
		return 0;

	virtio_check_may_sleep(vq->vdev, "a resize of a queue");
	guard(mutex)(&vq->vdev->queues_lock);
	err = take_from_device(q, recycle, recycle_done);
	if (err)
		return err;
	ring_lock_watch();
	resized = replace_memory(q, num);
	ring_unlock_watch();
	err = give_to_device(q);
	return err ?: resized;
}
EXPORT_SYMBOL_GPL(virtqueue_resize);
