/* SPDX-License-Identifier: GPL-2.0 */
/* How a vDPA device reaches memory: for vdpa.c, and for the device that tests play. */
#ifndef _VIRTIO_VDPA_MAP_H
#define _VIRTIO_VDPA_MAP_H

#include <linux/vdpa.h>

/* Of one queue. */
static inline union virtio_map vdpa_map_of_queue(struct vdpa_device *vdpa, u16 index)
{
	const struct vdpa_config_ops *ops = vdpa->config;

	return ops->get_vq_map ? ops->get_vq_map(vdpa, index) : vdpa_get_map(vdpa);
}

/* %NULL if it is the DMA API. */
static inline const struct virtio_map_ops *vdpa_map_operations(const struct vdpa_device *vdpa)
{
	return vdpa->map;
}

/* Whose child a virtio device is. */
static inline struct device *vdpa_parent(struct vdpa_device *vdpa)
{
	return vdpa->map ? &vdpa->dev : vdpa->vmap.dma_dev;
}

static inline void vdpa_set_dma_device(struct vdpa_device *vdpa, struct device *dev)
{
	vdpa->vmap.dma_dev = dev;
}

#endif /* _VIRTIO_VDPA_MAP_H */
