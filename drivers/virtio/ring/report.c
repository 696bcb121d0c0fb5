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

	if (q->broken || q->stalled)
		return;
	WRITE_ONCE(q->lied, true);
	WRITE_ONCE(q->stalled, true);
	if (!vdev->queue_broke || !vdev->queue_broke(vdev)) {
		WRITE_ONCE(q->broken, true);
		WRITE_ONCE(q->stalled, false);
		WRITE_ONCE(q->lied, false);
	}

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	ring_note_why(q, line);
	trace_virtio_break(&q->vq, line);
	ring_say(&q->vq, true, line);
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

/* A used index beyond what was made available, or behind what was used. */
void *ring_bad_index(struct ring_queue *q)
{
	ring_break(q, "used index %u, expected %u to %u", q->lie, q->used_next,
		   q->avail_published);
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
