/* SPDX-License-Identifier: GPL-2.0 */
/* Where api.c and queue.c go when something is out of the ordinary. */
#ifndef _VIRTIO_RING_SLOW_H
#define _VIRTIO_RING_SLOW_H

#include "ring.h"

/* So long may a driver that can't be preempted poll a queue whose device is reset, in ns. */
#define RING_POLL_LIMIT		(NSEC_PER_SEC / 2)
/* So long does any driver poll for an answer before recovery is asked for, in ns. */
#define RING_SILENCE_LIMIT	(10 * NSEC_PER_SEC)

__cold int ring_add_slowly(struct ring_queue *q, const struct ring_buffer *buf);
__cold void *ring_get_slowly(struct ring_queue *q, unsigned int *len, void **ctx);
__cold bool ring_misses(struct ring_queue *q);
void ring_publish_rest(struct ring_queue *q);
__cold bool ring_publish_slowly(struct ring_queue *q);
__cold bool ring_kick_slowly(struct ring_queue *q);
__cold bool ring_waits_in_vain(struct ring_queue *q);
__cold bool ring_poll_slowly(struct ring_queue *q, u16 at);
__cold void ring_trace_notify(struct ring_queue *q);
__cold void ring_trace_callback(struct ring_queue *q);
void ring_shut_down(struct ring_queue *q);

#endif /* _VIRTIO_RING_SLOW_H */
