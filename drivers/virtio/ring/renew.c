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
#include <linux/mutex.h>
#include <linux/rcupdate.h>
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

/* Fresh memory of another size is none for this ring. */
static bool has_fresh(const struct ring_queue *q)
{
	return q->renewed && q->fresh.num == q->num;
}

static bool has_served(const struct ring_queue *q)
{
	return READ_ONCE(q->served) || READ_ONCE(q->used_next) != READ_ONCE(q->used_first);
}

static void take_fresh(struct ring_queue *q)
{
	q->stale = q->mem;
	q->mem = q->fresh;
	q->fresh.num = 0;
	q->fresh.order = NULL;
	q->renewed = false;
	/* What was taken on the way counts: the device has served. */
	WRITE_ONCE(q->served, has_served(q));
	ring_begin(q);
}

static void end_stall(struct ring_queue *q)
{
	WRITE_ONCE(q->lied, false);
	/* A CPU that sees this, in virtqueue_poll() or vring_interrupt(), sees the new memory. */
	smp_store_release(&q->stalled, false);
}

/* The ring, with all buffers in flight, moves to where its device looks now. */
static void move(struct ring_queue *q)
{
	unsigned int n = line_up(q, q->fresh.order), i;

	take_fresh(q);
	for (i = 0; i < n; i++) {
		q->links[q->mem.order[i]].turn = ring_call(q, turn);
		ring_call(q, offer_again, &q->stale, q->mem.order[i]);
	}
	end_stall(q);
}

/*
 * From within an operation of the driver, which it sees to that there is one at a time.
 * Returns whether the queue is one to work with now.
 */
bool ring_move(struct ring_queue *q)
{
	unsigned long flags;
	bool moved;

	spin_lock_irqsave(&q->moving, flags);
	moved = has_fresh(q);
	if (moved)
		move(q);
	spin_unlock_irqrestore(&q->moving, flags);
	if (moved && ring_call(q, publish))
		virtqueue_notify(&q->vq);
	return moved;
}

/*
 * The same for a queue that is reset on its own, and taken from the device already: what is
 * in flight goes back to the driver, so it is not offered.
 */
bool ring_move_empty(struct ring_queue *q)
{
	unsigned long flags;
	bool moved;

	spin_lock_irqsave(&q->moving, flags);
	moved = has_fresh(q);
	if (moved) {
		take_fresh(q);
		end_stall(q);
	}
	spin_unlock_irqrestore(&q->moving, flags);
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
		if (!q->stalled)
			q->polled_since = 0;
		WRITE_ONCE(q->muted, true);
		WRITE_ONCE(q->stalled, true);
		spin_unlock_irqrestore(&q->moving, flags);
	}
}
EXPORT_SYMBOL_GPL(vring_stall);

/**
 * struct ring_retired - memory that a ring has moved from, and that may still be polled
 * @next: the one before
 * @mem: the memory
 * @since: the grace period after which nobody does
 */
struct ring_retired {
	struct ring_retired *next;
	struct ring_memory mem;
	unsigned long since;
};

/* Drivers poll a queue without a lock (virtqueue_poll()): those that still may, until then. */
static void free_retired(struct ring_queue *q, bool all)
{
	struct ring_retired **at = &q->retired, *retired;

	while ((retired = *at)) {
		if (!all && !poll_state_synchronize_rcu(retired->since)) {
			at = &retired->next;
			continue;
		}
		*at = retired->next;
		ring_free_memory(q, &retired->mem);
		kfree(retired);
	}
}

/* With the queue: nobody polls it any more. */
void ring_free_spare_memory(struct ring_queue *q)
{
	free_retired(q, true);
	ring_free_memory(q, &q->fresh);
	ring_free_memory(q, &q->stale);
}

/* Recovery does not wait for a grace period: a CPU that polls may wait for recovery. */
static int retire_stale(struct ring_queue *q)
{
	struct ring_retired *retired;

	free_retired(q, false);
	if (!q->stale.num)
		return 0;
	retired = kmalloc(sizeof(*retired), GFP_KERNEL);
	if (!retired)
		return -ENOMEM;
	retired->mem = q->stale;
	retired->since = get_state_synchronize_rcu();
	retired->next = q->retired;
	q->retired = retired;
	q->stale.num = 0;
	return 0;
}

static int renew(struct ring_queue *q)
{
	int err;

	if (!q->owned || q->in_order)
		return -EOPNOTSUPP;
	err = retire_stale(q);
	if (err)
		return err;
	if (q->fresh.num == q->num) {
		ring_clear_memory(&q->fresh);
	} else {
		ring_free_memory(q, &q->fresh);
		err = ring_alloc_memory(q, &q->fresh, q->num, false);
		if (err)
			return err;
	}
	if (!q->fresh.order)
		q->fresh.order = kvmalloc_array(q->num, sizeof(*q->fresh.order), GFP_KERNEL);
	return q->fresh.order ? 0 : -ENOMEM;
}

/**
 * vring_renew - fresh memory for all queues of a device
 * @vdev: the device, reset, its queues stalled
 *
 * From here on that is where the transport finds the parts of a queue.
 * Context: may sleep; &virtio_device.queues_lock is held.
 * Return: 0; -ENOMEM; -EOPNOTSUPP for memory of the transport's, and in order.
 */
int vring_renew(struct virtio_device *vdev)
{
	struct virtqueue *vq;
	int err = 0;

	lockdep_assert_held(&vdev->queues_lock);
	virtio_device_for_each_vq(vdev, vq) {
		struct ring_queue *q = to_ring(vq);

		WRITE_ONCE(q->served, false);
		WRITE_ONCE(q->used_first, READ_ONCE(q->used_next));
		err = renew(q);
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
 * A queue that a polling driver has given up (ring_waits_in_vain()) works again.
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
		if (q->given_up) {
			q->given_up = false;
			WRITE_ONCE(q->broken, false);
		}
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

		WRITE_ONCE(q->given_up, false);
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
 * Also what the driver has taken since vring_renew(), while it waited for the device.
 *
 * Context: any, while queues neither come nor go.
 * Return: that, as far as the driver has taken it.
 */
bool vring_has_served(const struct virtio_device *vdev)
{
	const struct virtqueue *vq;

	virtio_device_for_each_vq(vdev, vq)
		if (has_served(to_ring(vq)))
			return true;
	return false;
}
EXPORT_SYMBOL_GPL(vring_has_served);
