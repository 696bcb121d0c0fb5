/* SPDX-License-Identifier: GPL-2.0 */
/* What stuck.c and queues.c take of each other, and what the latter has shown. */
#ifndef _VIRTIO_WATCH_QUEUES_H
#define _VIRTIO_WATCH_QUEUES_H

#include <kunit/visibility.h>
#include <linux/types.h>

struct ring_queue;
struct seq_file;

unsigned int ring_used_so_far(const struct ring_queue *q);
#ifdef CONFIG_VIRTIO_DEBUG
void ring_show(struct ring_queue *q);
void ring_hide(struct ring_queue *q);
#else
static inline void ring_show(struct ring_queue *q) { }
static inline void ring_hide(struct ring_queue *q) { }
#endif
#if IS_ENABLED(CONFIG_KUNIT)
int ring_queue_show(struct seq_file *s, void *unused);
#endif

#endif /* _VIRTIO_WATCH_QUEUES_H */
