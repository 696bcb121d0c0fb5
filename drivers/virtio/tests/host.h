/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between the files of a device that a test plays.
 */
#ifndef _VIRTIO_HOST_H
#define _VIRTIO_HOST_H

#include <kunit/virtio.h>

/* Who waits for an event that should come waits this long: any machine gets there. */
#define GENEROUS	(60 * HZ)

/* host.c */
void virtio_host_reach(struct virtio_host *host, enum virtio_host_point point, u64 arg);

/* host_queue.c */
struct virtqueue *virtio_host_setup_vq(struct virtio_device *vdev, unsigned int index,
				       struct virtqueue_info *info);
void virtio_host_teardown_vq(struct virtqueue *vq);
int virtio_host_disable_vq(struct virtqueue *vq);
int virtio_host_enable_vq(struct virtqueue *vq);
int virtio_host_resume_vqs(struct virtio_device *vdev);

#endif /* _VIRTIO_HOST_H */
