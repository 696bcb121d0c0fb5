// SPDX-License-Identifier: GPL-2.0
/*
 * Kicks that wait for DRIVER_OK for too long: a driver that kicks in probe() and waits for
 * the answer there waits for ever, and is told why.
 *
 * Called by handshake.c around probe() and restore().  Knows that queues hold kicks back;
 * which kicks, and when they are sent, is the ring's affair.
 */
#include <linux/virtio_ring.h>

#include "core.h"
#include "held.h"

#define HELD_LONG	(5 * HZ)

/* A kick that is found twice in a row is old. */
static void look(struct work_struct *work)
{
	struct virtio_held *held = container_of(work, struct virtio_held, work.work);
	int queue = vring_held_kick(held->vdev);

	if (queue < 0 || queue != held->queue) {
		held->queue = queue;
		schedule_delayed_work(&held->work, HELD_LONG);
		return;
	}
	dev_warn(&held->vdev->dev,
		 "kick of queue %d waits for DRIVER_OK: probe() has to call virtio_device_ready() before it waits for an answer\n",
		 queue);
}

/* A driver sets its device up from here on. */
void virtio_held_begin(struct virtio_held *held, struct virtio_device *vdev)
{
	held->vdev = vdev;
	held->queue = -1;
	INIT_DELAYED_WORK_ONSTACK(&held->work, look);
	schedule_delayed_work(&held->work, HELD_LONG);
}

/* And no longer; with success kicks are sent next. */
void virtio_held_end(struct virtio_held *held)
{
	cancel_delayed_work_sync(&held->work);
	destroy_delayed_work_on_stack(&held->work);
}
