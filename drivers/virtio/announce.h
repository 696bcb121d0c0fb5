/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Announces that a device fails and comes back.  For recovery.c.
 */
#ifndef _VIRTIO_ANNOUNCE_H
#define _VIRTIO_ANNOUNCE_H

#include <linux/ratelimit.h>
#include <linux/workqueue.h>

struct virtio_device;

/**
 * struct virtio_announcer - what announces that a device fails and comes back
 * @vdev: the device
 * @rate: of attempts that are announced
 * @loud: the one at hand is
 * @left_out: how many were not, since one was
 * @events: what user space is yet to be told, by bit
 * @attempt: the attempt that it is told of
 * @work: tells it
 */
struct virtio_announcer {
	struct virtio_device *vdev;
	struct ratelimit_state rate;
	bool loud;
	unsigned int left_out;
	unsigned long events;
	unsigned int attempt;
	struct work_struct work;
};

void virtio_announcer_init(struct virtio_announcer *a, struct virtio_device *vdev);
void virtio_announcer_stop(struct virtio_announcer *a);
void virtio_announce_attempt(struct virtio_announcer *a, const char *why, unsigned int attempt,
			     unsigned int most);
void virtio_announce_end(struct virtio_announcer *a, const char *how, unsigned int attempt,
			 int err);
void virtio_announce_failure(struct virtio_announcer *a, const char *why, unsigned int attempt);

#endif /* _VIRTIO_ANNOUNCE_H */
