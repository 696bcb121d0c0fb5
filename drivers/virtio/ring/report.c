// SPDX-License-Identifier: GPL-2.0
/*
 * What a device is told when it lies.
 *
 * The engine decides that something is wrong, this file words it: which device,
 * which queue, what was found and what was allowed.  One line for a queue that
 * breaks, and one for the first wrong length; tests read them.
 */
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/device.h>

#include "ring.h"
#include "../watch/trace.h"

#define LINE	WATCH_LINE

/*
 * The rate limit is for all queues together: a host that plugs in one liar after
 * the other does not fill the log.  Tests listen before it.
 */
VISIBLE_IF_KUNIT void ring_say(struct virtqueue *vq, bool broken, const char *line)
{
	KUNIT_STATIC_STUB_REDIRECT(ring_say, vq, broken, line);
	if (broken)
		dev_err_ratelimited(&vq->vdev->dev, "queue %u (%s) is broken: %s\n",
				    vq->index, vq->name, line);
	else
		dev_warn_ratelimited(&vq->vdev->dev, "queue %u (%s): %s\n",
				     vq->index, vq->name, line);
}
EXPORT_SYMBOL_IF_KUNIT(ring_say);

/*
 * Stop using the queue, and say why.  Callers see -EIO or nothing from here on, unless
 * the core thinks that it can bring the device back.
 */
static __printf(2, 3) void ring_break(struct ring_queue *q, const char *fmt, ...)
{
	struct virtio_device *vdev = q->vq.vdev;
	char line[LINE];
	va_list args;

	if (q->broken)
		return;
	q->polled_since = 0;
	WRITE_ONCE(q->lied, true);
	/* Its device is being brought back already. */
	if (q->stalled)
		return;
	WRITE_ONCE(q->stalled, true);
	if (!vdev->queue_broke || !vdev->queue_broke(vdev)) {
		WRITE_ONCE(q->broken, true);
		WRITE_ONCE(q->stalled, false);
	}

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	ring_note_why(q, line);
	trace_virtio_break(&q->vq, line);
	ring_say(&q->vq, true, line);
}

/* The queue waits for its device to be reset.  Returns false if nobody does that. */
static bool ask_for_recovery(struct ring_queue *q)
{
	struct virtio_device *vdev = q->vq.vdev;

	q->polled_since = 0;
	WRITE_ONCE(q->lied, true);
	WRITE_ONCE(q->stalled, true);
	if (vdev->queue_broke && vdev->queue_broke(vdev))
		return true;
	WRITE_ONCE(q->stalled, false);
	WRITE_ONCE(q->lied, false);
	return false;
}

/* Its driver polls with interrupts off, and has seen the status. */
void ring_failed(struct ring_queue *q)
{
	if (!ask_for_recovery(q))
		WRITE_ONCE(q->broken, true);
	ring_say(&q->vq, false, "the device needs a reset, and the driver polls");
}

/* If nobody resets the device, the driver waits for as long as it likes. */
void ring_silent(struct ring_queue *q)
{
	if (ask_for_recovery(q))
		ring_say(&q->vq, false, "no answer for 10 s, and the driver polls");
}

/*
 * What follows is called in the place of what would have gone on, and so returns
 * what that would have: nothing.
 */

/* A used id that names no buffer in flight. */
void *ring_bad_id(struct ring_queue *q, u32 id)
{
	if (id >= q->num)
		ring_break(q, "used id %u, expected less than %u", id, q->num);
	else
		ring_break(q, "used id %u, which is not in flight", id);
	return NULL;
}

/*
 * A used index that is more than a ring ahead, or behind what was used; or one that goes on
 * and on beyond what was made available.
 */
void *ring_bad_index(struct ring_queue *q)
{
	ring_break(q, "used index %u, expected %u to %u", q->lie, q->used_next,
		   (u16)(q->avail_published + q->skipped));
	return NULL;
}

/* Not as many were used as the entry for a batch said. */
bool ring_bad_batch(struct ring_queue *q, u16 seen)
{
	ring_break(q, "used index %u ends before used id %u, of the same batch", seen,
		   q->batch_id);
	return false;
}

/*
 * The device has used @entries more than it was given.  They are dropped, which is said once.
 * Returns whether it may go on like that: if it used more than a ring of them, with no buffer
 * taken in between, it could keep the driver busy without end.
 */
bool ring_drop(struct ring_queue *q, u32 entries)
{
	char line[LINE];

	q->in_a_row += entries;
	if (q->in_a_row > q->num)
		return false;
	if (!q->surplus_used) {
		snprintf(line, sizeof(line),
			 "device has used %u more than was in flight: dropped", entries);
		ring_say(&q->vq, false, line);
	}
	WRITE_ONCE(q->surplus_used, q->surplus_used + entries);
	return true;
}

/*
 * Honest devices get lengths wrong, so the queue goes on; what the driver sees
 * is never more than it posted.  Does what is left of a take and returns the token.
 */
void *ring_bad_length(struct ring_queue *q, u16 id, unsigned int *len, void *token,
		      struct ring_table *table)
{
	u32 writable = q->slots[id].writable;
	char line[LINE];

	q->bad_lengths++;
	if (!q->length_said) {
		q->length_said = true;
		snprintf(line, sizeof(line),
			 "device says it wrote %u bytes to buffer %u, which holds %u",
			 *len, id, writable);
		ring_say(&q->vq, false, line);
	}
	*len = writable;
	return table ? ring_table_put(q, table, token) : token;
}
