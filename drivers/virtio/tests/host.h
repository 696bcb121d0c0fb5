/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between the files of a device that a test plays.
 */
#ifndef _VIRTIO_HOST_H
#define _VIRTIO_HOST_H

#include <kunit/virtio.h>

/* Who waits for an event that should come waits this long: any machine gets there. */
#define GENEROUS	(60 * HZ)

/**
 * struct virtio_host_way - how a device comes to the bus
 * @plug: puts it there; 0 or an error
 * @unplug: takes it off
 * @vdev: what is there; %NULL while it is not
 * @used: interrupts the driver for a queue, which is set up
 * @changed: likewise when status or configuration have changed
 *
 * A transport of its own (host.c), or one of the core that finds it (page_host.c).
 */
struct virtio_host_way {
	int (*plug)(struct virtio_host *host);
	void (*unplug)(struct virtio_host *host);
	struct virtio_device *(*vdev)(struct virtio_host *host);
	void (*used)(struct virtio_host *host, unsigned int queue);
	void (*changed)(struct virtio_host *host);
};

/* host.c */
void virtio_host_reach(struct virtio_host *host, enum virtio_host_point point, u64 arg);
void virtio_host_choose_way(const struct virtio_host_way *way);

/* As the bus sees it, on whatever way it came there. */
static inline struct virtio_device *virtio_host_vdev(struct virtio_host *host)
{
	return host->way->vdev(host);
}

/* host_queue.c */
struct virtqueue *virtio_host_setup_vq(struct virtio_device *vdev, unsigned int index,
				       struct virtqueue_info *info);
void virtio_host_teardown_vq(struct virtqueue *vq);
int virtio_host_disable_vq(struct virtqueue *vq);
int virtio_host_enable_vq(struct virtqueue *vq);
int virtio_host_resume_vqs(struct virtio_device *vdev);
void virtio_host_say_used(struct virtio_host *host, unsigned int queue);
void virtio_host_kicked(struct virtio_host *host, unsigned int index);
void virtio_host_serve_all(struct virtio_host *host, unsigned int index);

#endif /* _VIRTIO_HOST_H */
