/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Queues as the handshake sees them: they start and stop.
 */
#ifndef _LAUNCH_QUEUE_H
#define _LAUNCH_QUEUE_H

#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "page.h"
#include "ring.h"

/* Where the driver has put it; nothing of it is checked yet. */
struct queue_setup {
	uint16_t size;
	uint64_t desc, driver, device;
};

/* 0, or -EINVAL after device_lie(). */
int queue_start(struct queue *q, const struct queue_setup *setup);
void queue_stop(struct queue *q);

#endif /* _LAUNCH_QUEUE_H */
