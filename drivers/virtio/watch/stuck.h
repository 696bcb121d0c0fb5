/* SPDX-License-Identifier: GPL-2.0 */
/* How a queue that is stuck is found, and what is said of it: for tests. */
#ifndef _VIRTIO_WATCH_STUCK_H
#define _VIRTIO_WATCH_STUCK_H

#include <kunit/visibility.h>
#include <linux/types.h>

#if IS_ENABLED(CONFIG_KUNIT)
struct virtqueue;

extern bool ring_stuck_reset;

unsigned int ring_stuck_after(unsigned int seconds);
void ring_look_at(struct virtqueue *vq, unsigned long limit, bool late);
void ring_say_stuck(struct virtqueue *vq, const char *line);
#endif

#endif /* _VIRTIO_WATCH_STUCK_H */
