/* SPDX-License-Identifier: GPL-2.0 */
/* What the life of a queue needs from its two entries, and they from it. */
#ifndef _VIRTIO_RING_API_H
#define _VIRTIO_RING_API_H

struct virtqueue_ops;

extern const struct virtqueue_ops ring_vq_ops;

#endif /* _VIRTIO_RING_API_H */
