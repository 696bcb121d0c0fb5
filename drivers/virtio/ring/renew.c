// SPDX-License-Identifier: GPL-2.0
/*
 * Queues whose device is reset and brought back beneath their driver.
 *
 * The core stalls the queues, resets the device, and gives it fresh memory.  All the
 * while drivers go on as if nothing was: what they add waits, and what the device had
 * used already can be taken.  The ring moves to the fresh memory, and shows the device
 * all buffers in flight once more, within an operation of the driver's: so there is
 * nobody to exclude, and the hot path has nothing to look at but that the queue is halted.
 *
 * Called by recovery.c, and by api.c for a queue that is halted.
 */
#include <linux/export.h>
#include <linux/slab.h>

#include "ring.h"

/* Has the device used anything at @at that can be believed?  Needs no lock. */
bool ring_has_used(const struct ring_queue *q, u16 at)
{
	return !q->lied && ring_call(q, is_used, at);
}

/* Was buffer @a made available before @b?  Exact as far as 65536 buffers back. */
static bool is_older(const struct ring_queue *q, u16 a, u16 b)
{
	u16 now = ring_call(q, turn);

	return (u16)(now - 1 - q->links[a].turn) > (u16)(now - 1 - q->links[b].turn);
}

/* Shell's way: short, and fast enough for what is done once a failure. */
static void sort_by_turn(const struct ring_queue *q, u16 *order, unsigned int n)
{
	unsigned int gap, i, j;
	u16 id;

	for (gap = n / 2; gap; gap /= 2) {
		for (i = gap; i < n; i++) {
			id = order[i];
			for (j = i; j >= gap && is_older(q, id, order[j - gap]); j -= gap)
				order[j] = order[j - gap];
			order[j] = id;
		}
	}
}

/* The ids of all buffers in flight, in the order in which they were made available. */
static unsigned int line_up(const struct ring_queue *q, u16 *order)
{
	unsigned int n = 0;
	u32 id;

	for (id = 0; id < q->num; id++)
		if (q->slots[id].token)
			order[n++] = id;
	sort_by_turn(q, order, n);
	return n;
}

/*
 * From within an operation of the driver, which it sees to that there is one at a time.
 * Returns whether the queue is one to work with now.
 */
bool ring_move(struct ring_queue *q)
{
	unsigned int i, n;
	unsigned long flags;
	bool moved;

	spin_lock_irqsave(&q->moving, flags);
	moved = q->renewed;
	if (moved) {
		n = line_up(q, q->fresh.order);
		q->stale = q->mem;
		q->mem = q->fresh;
		q->fresh.num = 0;
		q->renewed = false;
		ring_begin(q);
		for (i = 0; i < n; i++) {
			q->links[q->mem.order[i]].turn = ring_call(q, turn);
			ring_call(q, offer_again, &q->stale, q->mem.order[i]);
		}
		WRITE_ONCE(q->lied, false);
		/* Who sees this, in virtqueue_poll() or vring_interrupt(), sees the new memory. */
		smp_store_release(&q->stalled, false);
	}
	spin_unlock_irqrestore(&q->moving, flags);
	if (moved && ring_call(q, publish))
		virtqueue_notify(&q->vq);
	return moved;
}

/**
 * vring_stall - have drivers go on without their device
 * @vdev: the device, about to be reset
 *
 * No callback comes before vring_prompt().
 * Context: any.
 */
void vring_stall(struct virtio_device *vdev)
{
	struct virtqueue *vq;
	unsigned long flags;

	virtio_device_for_each_vq(vdev, vq) {
		struct ring_queue *q = to_ring(vq);

		spin_lock_irqsave(&q->moving, flags);
		q->renewed = false;
		WRITE_ONCE(q->muted, true);
		WRITE_ONCE(q->stalled, true);
		spin_unlock_irqrestore(&q->moving, flags);
	}
}
EXPORT_SYMBOL_GPL(vring_stall);

static int renew(struct ring_queue *q)
{
	if (!q->owned || q->in_order)
		return -EOPNOTSUPP;
	ring_free_memory(q, &q->stale);
	if (q->fresh.num)
		ring_clear_memory(&q->fresh);
	else if (ring_alloc_memory(q, &q->fresh, q->num, false))
		return -ENOMEM;
	if (!q->fresh.order)
		q->fresh.order = kvmalloc_array(q->num, sizeof(*q->fresh.order), GFP_KERNEL);
	return q->fresh.order ? 0 : -ENOMEM;
}

/**
 * vring_renew - fresh memory for all queues of a device
 * @vdev: the device, reset, its queues stalled, and nobody looks without a lock at what
 *	was left last time
 *
 * From here on that is where the transport finds the parts of a queue.
 * Context: may sleep.
 * Return: 0; -ENOMEM; -EOPNOTSUPP for memory of the transport's, and in order.
 */
int vring_renew(struct virtio_device *vdev)
{
	struct virtqueue *vq;
	int err = 0;

	virtio_device_for_each_vq(vdev, vq) {
		err = renew(to_ring(vq));
		if (err)
			break;
	}
	return err;
}
EXPORT_SYMBOL_GPL(vring_renew);

/**
 * vring_resume - let queues move to their fresh memory
 * @vdev: the device, live, which looks there
 *
 * Context: any.
 */
void vring_resume(struct virtio_device *vdev)
{
	struct virtqueue *vq;
	unsigned long flags;

	virtio_device_for_each_vq(vdev, vq) {
		struct ring_queue *q = to_ring(vq);

		spin_lock_irqsave(&q->moving, flags);
		q->renewed = true;
		spin_unlock_irqrestore(&q->moving, flags);
	}
}
EXPORT_SYMBOL_GPL(vring_resume);

/**
 * vring_end - let drivers have back what is in flight
 * @vdev: the device, which writes to nothing any more
 *
 * Each queue is shut down by its driver's next get_buf; vring_prompt() asks for one.
 * Context: any.
 */
void vring_end(struct virtio_device *vdev)
{
	struct virtqueue *vq;

	virtio_device_for_each_vq(vdev, vq) {
		struct ring_queue *q = to_ring(vq);

		WRITE_ONCE(q->ending, true);
		WRITE_ONCE(q->muted, true);
		WRITE_ONCE(q->broken, true);
	}
}
EXPORT_SYMBOL_GPL(vring_end);

/**
 * vring_recall - mute the queues whose drivers are to be called back
 * @vdev: the device
 *
 * These are queues that are stuck, and whose interrupt may be lost (watch/stuck.c).  As
 * they are muted, vring_prompt() calls their drivers back, and no interrupt does so at the
 * same time.
 * Context: any, while queues neither come nor go.
 * Return: %true if there is one.
 */
bool vring_recall(struct virtio_device *vdev)
{
	struct virtqueue *vq;
	unsigned long flags;
	bool any = false;

	virtio_device_for_each_vq(vdev, vq) {
		struct ring_queue *q = to_ring(vq);

		if (!xchg(&q->stuck.recall, false))
			continue;
		spin_lock_irqsave(&q->moving, flags);
		if (!q->broken && !q->stalled) {
			WRITE_ONCE(q->muted, true);
			any = true;
		}
		spin_unlock_irqrestore(&q->moving, flags);
	}
	return any;
}
EXPORT_SYMBOL_GPL(vring_recall);

/**
 * vring_prompt - have drivers look at queues that are muted, and let callbacks through
 * @vdev: the device; no callback is running
 *
 * Context: interrupts and bottom halves off, as drivers expect where they are called back.
 * Return: %true if an interrupt came in between: a queue is muted again, and this is to
 * be called once more when no callback is running.
 */
bool vring_prompt(struct virtio_device *vdev)
{
	struct virtqueue *vq;
	bool again = false;

	virtio_device_for_each_vq(vdev, vq) {
		struct ring_queue *q = to_ring(vq);

		if (!q->muted || (q->broken && !q->ending))
			continue;
		WRITE_ONCE(q->missed, false);
		ring_call_back(q);
		WRITE_ONCE(q->muted, false);
		/* Pairs with the barrier in vring_interrupt(). */
		smp_mb();
		if (READ_ONCE(q->missed) && !q->stalled && !q->broken) {
			WRITE_ONCE(q->muted, true);
			again = true;
		}
	}
	return again;
}
EXPORT_SYMBOL_GPL(vring_prompt);

/**
 * vring_has_lied - is there a queue to which the device has lied?
 * @vdev: the device
 *
 * Not one that is about to move from where it lied.
 *
 * Context: any, while queues neither come nor go.
 * Return: that.
 */
bool vring_has_lied(const struct virtio_device *vdev)
{
	const struct virtqueue *vq;

	virtio_device_for_each_vq(vdev, vq) {
		const struct ring_queue *q = to_ring(vq);

		if (READ_ONCE(q->lied) && !READ_ONCE(q->renewed))
			return true;
	}
	return false;
}
EXPORT_SYMBOL_GPL(vring_has_lied);

/**
 * vring_has_served - has the device used anything since it got its queues?
 * @vdev: the device
 *
 * Context: any, while queues neither come nor go.
 * Return: that, as far as the driver has taken it.
 */
bool vring_has_served(const struct virtio_device *vdev)
{
	const struct virtqueue *vq;

	virtio_device_for_each_vq(vdev, vq)
		if (READ_ONCE(to_ring(vq)->used_next) != to_ring(vq)->used_first)
			return true;
	return false;
}
EXPORT_SYMBOL_GPL(vring_has_served);
