/* SPDX-License-Identifier: GPL-2.0 */
/* How a vDPA device reaches memory: by the DMA API, as a device of its own or of each queue. */
#ifndef _VIRTIO_VDPA_MAP_H
#define _VIRTIO_VDPA_MAP_H

#include <linux/vdpa.h>
#include <linux/virtio.h>

/* Of one queue. */
static inline union virtio_map vdpa_map_of_queue(struct vdpa_device *vdpa, u16 index)
{
	const struct vdpa_config_ops *ops = vdpa->config;
	union virtio_map map;

	map.dma_dev = ops->get_vq_dma_dev ? ops->get_vq_dma_dev(vdpa, index) :
					    vdpa_get_dma_dev(vdpa);
	return map;
}

/* %NULL if it is the DMA API. */
static inline const struct virtio_map_ops *vdpa_map_operations(const struct vdpa_device *vdpa)
{
	return NULL;
}

/* Whose child a virtio device is. */
static inline struct device *vdpa_parent(struct vdpa_device *vdpa)
{
	return vdpa_get_dma_dev(vdpa);
}

static inline void vdpa_set_dma_device(struct vdpa_device *vdpa, struct device *dev)
{
	vdpa->dma_dev = dev;
}

#endif /* _VIRTIO_VDPA_MAP_H */
