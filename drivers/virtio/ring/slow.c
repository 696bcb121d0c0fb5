// SPDX-License-Identifier: GPL-2.0
/*
 * The operations of a queue when something is out of the ordinary.
 *
 * A queue that is halted: out of use, or waiting for its device.  Or somebody watches:
 * a tracepoint is on, or drivers are checked.  api.c sends such calls here, so that
 * its own way has nothing to look at but one word of the queue.  The same in effect.
 */
#include <linux/irqflags.h>
#include <linux/preempt.h>
#include <linux/timekeeping.h>
#include <linux/virtio_config.h>

#include "take.h"
#include "slow.h"
#include "../transport.h"
#include "../watch/trace.h"

/* Nothing is added in vain: what waits for its device is offered when that is back. */
static int add_somehow(struct ring_queue *q, const struct ring_buffer *buf)
{
	if (q->broken)
		return -EIO;
	if (!buf->token || !(buf->out + buf->in))
		return -EINVAL;
	/* A slot has room for one of them. */
	if (buf->ctx && q->indirect)
		return -EINVAL;
	if (q->stalled && !ring_has_used(q, q->used_next))
		ring_move(q);
	return ring_call(q, add_any, buf);
}

/* Drivers that set up their buffers in probe() need not kick: DRIVER_OK does, once a queue. */
static void publish_early(struct ring_queue *q)
{
	if (ring_call(q, publish) && !READ_ONCE(q->kick_held))
		virtqueue_notify(&q->vq);
}

int ring_add_slowly(struct ring_queue *q, const struct ring_buffer *buf)
{
	int err;

	if (!ring_enter(q, "add_buf"))
		return -EIO;
	err = !ring_is_checked() || ring_check_add(q, buf) ? add_somehow(q, buf) : -EINVAL;
	if (!err && q->early)
		publish_early(q);
	trace_virtio_add(&q->vq, buf->token, buf->out, buf->in, err);
	ring_leave(q);
	return err;
}

/*
 * An interrupt of a queue that is halted.  Returns whether it is for later, or for nobody.
 * A queue whose device has only just become live has a driver to call back.
 */
bool ring_misses(struct ring_queue *q)
{
	if (!q->broken && !q->stalled && !q->muted)
		return false;
	WRITE_ONCE(q->missed, true);
	/* Pairs with the barrier in vring_prompt(): one of us sees the other. */
	smp_mb();
	return READ_ONCE(q->broken) || READ_ONCE(q->stalled) || READ_ONCE(q->muted);
}

/*
 * What was added and not kicked.  Drivers written for Linux 6.12 may leave a kick out where
 * the device looks at its queue for reasons of its own.
 */
void ring_publish_rest(struct ring_queue *q)
{
	if (ring_call(q, publish))
		virtqueue_notify(&q->vq);
}

bool ring_publish_slowly(struct ring_queue *q)
{
	bool wanted, nothing_new;

	if (!ring_enter(q, "kick"))
		return false;
	nothing_new = ring_call(q, all_published);
	wanted = ring_call(q, publish);
	if (!wanted) {
		ring_count(q, kicks_suppressed);
		trace_virtio_kick(&q->vq, nothing_new ? VIRTIO_KICK_NOTHING_NEW :
							VIRTIO_KICK_NOT_ASKED_FOR);
	}
	ring_leave(q);
	return wanted;
}

bool ring_kick_slowly(struct ring_queue *q)
{
	return ring_publish_slowly(q) ? virtqueue_notify(&q->vq) : true;
}

/* What is to be told of a notification, before that is sent. */
void ring_trace_notify(struct ring_queue *q)
{
	enum virtio_kick kick = VIRTIO_KICK_SENT;

	if (q->broken)
		kick = VIRTIO_KICK_BROKEN;
	else if (q->stalled)
		kick = VIRTIO_KICK_STALLED;
	else if (READ_ONCE(q->notify) != q->tell)
		kick = VIRTIO_KICK_HELD;
	trace_virtio_kick(&q->vq, kick);
}

/* All that a buffer had mapped, and its table. */
static void ring_release(struct ring_queue *q, u16 id)
{
	const struct ring_slot *slot = &q->slots[id];
	struct ring_table *table = ring_table_of(q, slot);

	if (!q->phys)
		ring_unmap_buffer(q, slot, id, table);
	if (table)
		ring_table_put(q, table, NULL);
}

/* Take one buffer out that the device did not use, or %NULL; @ctx as for get. */
void *ring_drain(struct ring_queue *q, void **ctx)
{
	u16 id = q->drain_at;
	struct ring_slot *slot;
	void *token;

	if (q->vq.num_free == q->num) {
		q->oldest = q->free_head;
		return NULL;
	}
	/* One is there.  To go on from the last one looks at each slot twice at most. */
	while (!q->slots[id].token)
		id = id + 1 < q->num ? id + 1 : 0;
	q->drain_at = id;
	slot = &q->slots[id];
	token = slot->token;
	if (ctx)
		*ctx = q->indirect ? NULL : slot->ctx;
	/* A shutdown has unmapped all of them already. */
	if (!q->draining)
		ring_release(q, id);
	ring_free_slot(q, q->in_order, slot, id, slot->count);
	return token;
}

void ring_shut_down(struct ring_queue *q)
{
	u32 id;

	if (q->draining)
		return;
	q->draining = true;
	WRITE_ONCE(q->broken, true);
	for (id = 0; id < q->num; id++)
		if (q->slots[id].token)
			ring_release(q, id);
}

/*
 * Out of use: empty, or handing out what a shutdown left in it.  Waiting for its device:
 * what that had used comes first, then the ring moves on.
 */
static void *get_somehow(struct ring_queue *q, unsigned int *len, void **ctx)
{
	void *token;

	if (q->broken) {
		if (q->ending)
			ring_shut_down(q);
		*len = 0;
		return q->draining ? ring_drain(q, ctx) : NULL;
	}
	if (q->stalled) {
		token = q->lied ? NULL : ring_call(q, get_ctx, len, ctx);
		if (token || !ring_move(q))
			return token;
	}
	return ring_call(q, get_ctx, len, ctx);
}

void *ring_get_slowly(struct ring_queue *q, unsigned int *len, void **ctx)
{
	void *token;

	if (!ring_enter(q, "get_buf"))
		return NULL;
	token = get_somehow(q, len, ctx);
	if (token)
		trace_virtio_get(&q->vq, token, *len);
	ring_leave(q);
	return token;
}

/* A ring that can move to where its device looks is one to go and take from. */
bool ring_poll_slowly(struct ring_queue *q, u16 at)
{
	if (q->broken)
		return false;
	return (q->stalled && READ_ONCE(q->renewed)) || ring_has_used(q, at);
}

/* The queue waits for its device, or its device is gone and nobody else can say so now. */
static bool has_no_device(struct virtio_device *vdev, const struct ring_queue *q)
{
	return q->stalled || (vdev->config->is_gone && vdev->config->is_gone(vdev));
}

/*
 * Is this CPU lost to the rest of the kernel for as long as the driver polls?  With
 * interrupts off, it is: recovery may need an interrupt to be handled here.  Otherwise
 * recovery may get through on another CPU, but not if it needs this one: so there is a limit.
 */
static bool polled_too_long(struct ring_queue *q)
{
	u64 now;

	if (irqs_disabled())
		return true;
	/* Where the kernel does not count, preemptible() is always false. */
	if (preemptible())
		return false;
	now = ktime_get_mono_fast_ns();
	if (!q->polled_since)
		q->polled_since = now;
	return now - q->polled_since >= RING_POLL_LIMIT;
}

/* With interrupts off a device can't say that it needs a reset: its status does. */
static bool status_is_bad(struct virtio_device *vdev)
{
	u8 status;

	if (!irqs_disabled() || !vdev->config->peek_status)
		return false;
	status = vdev->config->peek_status(vdev);
	return status == VIRTIO_STATUS_GONE || status & VIRTIO_CONFIG_S_NEEDS_RESET;
}

/*
 * The device has not failed as far as is known.  Nothing was used since the last call, or
 * this is another wait than the last one: how long has it been?
 */
static bool is_silent(struct ring_queue *q)
{
	u64 now = ktime_get_mono_fast_ns();

	if (q->polled_at != q->used_next || now - q->polled_last > NSEC_PER_SEC)
		q->polled_since = now;
	q->polled_at = q->used_next;
	q->polled_last = now;
	return now - q->polled_since >= RING_SILENCE_LIMIT;
}

static void look_at_device(struct ring_queue *q)
{
	if (q->stalled || q->broken)
		return;
	if (status_is_bad(q->vq.vdev))
		ring_failed(q);
	else if (is_silent(q))
		ring_silent(q);
}

/* The queue stays out of use until its device serves again; see vring_resume(). */
static bool give_up(struct ring_queue *q)
{
	bool given_up;
	unsigned long flags;

	spin_lock_irqsave(&q->moving, flags);
	given_up = !q->renewed;
	if (given_up) {
		q->given_up = q->stalled;
		/* What the device had used is nobody's any more. */
		WRITE_ONCE(q->lied, q->stalled);
		WRITE_ONCE(q->broken, true);
	}
	spin_unlock_irqrestore(&q->moving, flags);
	return given_up;
}

/*
 * A driver polls for an answer and asks whether that is in vain.  If so, and it can't be
 * preempted, it will treat its buffers as its own again, and may free them.  So the queue
 * forgets them, for whatever reason it is out of use.
 */
bool ring_waits_in_vain(struct ring_queue *q)
{
	look_at_device(q);
	if (!q->broken &&
	    (!has_no_device(q->vq.vdev, q) || !polled_too_long(q) || !give_up(q)))
		return false;
	while (!preemptible() && ring_drain(q, NULL))
		;
	return true;
}

void ring_trace_callback(struct ring_queue *q)
{
	trace_virtio_callback(&q->vq, ring_call(q, count_used));
}
