/* SPDX-License-Identifier: GPL-2.0 */
/* What stuck.c takes of queues.c, and what it has shown. */
#ifndef _VIRTIO_WATCH_QUEUES_H
#define _VIRTIO_WATCH_QUEUES_H

#include <kunit/visibility.h>
#include <linux/types.h>

struct ring_queue;
struct seq_file;

/**
 * struct ring_flight - what is in flight, as far as it can be seen without a lock
 * @buffers: how many
 * @oldest: age of the oldest, in jiffies
 * @requests: those that the device owes an answer
 * @oldest_request: age of the oldest of those
 */
struct ring_flight {
	unsigned int buffers, requests;
	u32 oldest, oldest_request;
};

void ring_look_at_flight(const struct ring_queue *q, struct ring_flight *flight);
unsigned int ring_used_so_far(const struct ring_queue *q);
void ring_show(struct ring_queue *q);
void ring_hide(struct ring_queue *q);
#if IS_ENABLED(CONFIG_KUNIT)
int ring_queue_show(struct seq_file *s, void *unused);
#endif

#endif /* _VIRTIO_WATCH_QUEUES_H */
