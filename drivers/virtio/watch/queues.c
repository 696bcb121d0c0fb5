// SPDX-License-Identifier: GPL-2.0
/*
 * Queues as people see them: debugfs virtio/<device>/queues/<number>.
 *
 * A file of "key: value" lines for each queue, from when it is made until it is deleted;
 * deleting it waits for who is reading.  The driver goes on meanwhile, so the values may
 * be of two moments.  Nothing here is written that the driver or the device reads.
 */
#include <kunit/visibility.h>
#include <linux/debugfs.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>

#include "../ring/ring.h"
#include "queues.h"

/**
 * struct flight - what is in flight, as far as it can be seen without a lock
 * @buffers: how many
 * @requests: those that the device owes an answer
 * @oldest: age of the oldest buffer, in jiffies
 */
struct flight {
	unsigned int buffers, requests;
	u32 oldest;
};

static void look_at_flight(const struct ring_queue *q, struct flight *flight)
{
	u32 id, age, now = jiffies;

	guard(rcu)();
	*flight = (struct flight) { };
	for (id = 0; id < q->num; id++) {
		const struct ring_slot *slot = &q->slots[id];

		if (!READ_ONCE(slot->token))
			continue;
		flight->buffers++;
		age = now - READ_ONCE(slot->stamp.since);
		flight->oldest = max(flight->oldest, age);
		flight->requests += ring_call(q, has_request, id);
	}
}

static const char *state_of(const struct ring_queue *q)
{
	if (q->draining)
		return "shut down";
	if (q->broken)
		return "broken";
	if (q->vq.reset)
		return "reset";
	if (q->stalled)
		return "stalled";
	return q->muted ? "muted" : "ok";
}

static void show_indices(struct seq_file *s, const struct ring_queue *q)
{
	u16 wrap = q->packed ? BIT(VRING_PACKED_EVENT_F_WRAP_CTR) : 0;
	u16 published = READ_ONCE(q->avail_published), taken = READ_ONCE(q->used_next);

	seq_printf(s, "made_available: %u\n", READ_ONCE(q->avail_next));
	seq_printf(s, "published: %u\n", published & ~wrap);
	seq_printf(s, "taken: %u\n", taken & ~wrap);
	seq_printf(s, "used_not_taken: %u\n", ring_used_so_far(q));
	if (!q->packed)
		return;
	seq_printf(s, "avail_wrap: %u\n", !!(published & wrap));
	seq_printf(s, "used_wrap: %u\n", !!(taken & wrap));
}

static void show_flight(struct seq_file *s, const struct ring_queue *q)
{
	struct flight flight;

	look_at_flight(q, &flight);
	seq_printf(s, "in_flight: %u\n", flight.buffers);
	seq_printf(s, "requests: %u\n", flight.requests);
	if (flight.buffers)
		seq_printf(s, "oldest_ms: %u\n", jiffies_to_msecs(flight.oldest));
	else
		seq_puts(s, "oldest_ms: -\n");
}

VISIBLE_IF_KUNIT int ring_queue_show(struct seq_file *s, void *unused)
{
	const struct ring_queue *q = to_ring((struct virtqueue *)s->private);

	guard(mutex)(&ring_watch_lock);
	seq_printf(s, "name: %s\n", q->vq.name);
	seq_printf(s, "format: %s\n", q->packed ? "packed" : "split");
	seq_printf(s, "size: %u\n", q->num);
	seq_printf(s, "size_offered: %u\n", q->vq.num_max);
	seq_printf(s, "free: %u\n", READ_ONCE(q->vq.num_free));
	show_flight(s, q);
	show_indices(s, q);
	seq_printf(s, "tables: %u\n", q->tables);
	seq_printf(s, "event_index: %u\n", q->event);
	seq_printf(s, "in_order: %u\n", q->in_order);
	seq_printf(s, "dma_api: %u\n", q->dma_api);
	seq_printf(s, "callbacks_on: %u\n", ring_wants_callbacks(q));
	seq_printf(s, "kicks_sent: %lu\n", READ_ONCE(q->watch.kicks_sent));
	seq_printf(s, "kicks_suppressed: %lu\n", READ_ONCE(q->watch.kicks_suppressed));
	seq_printf(s, "callbacks: %lu\n", READ_ONCE(q->watch.callbacks));
	seq_printf(s, "recalled: %u\n", q->stuck.recalled);
	seq_printf(s, "renotified: %u\n", q->stuck.renotified);
	seq_printf(s, "bad_lengths: %lu\n", READ_ONCE(q->bad_lengths));
	seq_printf(s, "surplus_used: %lu\n", READ_ONCE(q->surplus_used));
	seq_printf(s, "state: %s\n", state_of(q));
	if (q->watch.why[0])
		seq_printf(s, "why: %s\n", q->watch.why);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(ring_queue_show);
DEFINE_SHOW_ATTRIBUTE(ring_queue);

/* The folder is the device's, and goes with it. */
void ring_show(struct ring_queue *q)
{
	struct dentry *folder = q->vq.vdev->debugfs_queues;
	char number[12];

	if (IS_ERR_OR_NULL(folder))
		return;
	snprintf(number, sizeof(number), "%u", q->vq.index);
	q->watch.file = debugfs_create_file(number, 0400, folder, &q->vq, &ring_queue_fops);
}

/* On return nobody reads it. */
void ring_hide(struct ring_queue *q)
{
	debugfs_remove(q->watch.file);
}
