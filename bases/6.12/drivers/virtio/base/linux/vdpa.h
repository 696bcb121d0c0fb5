/* SPDX-License-Identifier: GPL-2.0 */
/* A vDPA device maps memory by its DMA device: there are no operations to say how. */
#ifndef _VIRTIO_BASE_VDPA_H
#define _VIRTIO_BASE_VDPA_H

#include_next <linux/vdpa.h>

static inline struct vdpa_device *virtio_vdpa_alloc(struct device *parent,
						    const struct vdpa_config_ops *config,
						    const void *map, unsigned int groups,
						    unsigned int spaces, size_t size,
						    const char *name, bool use_va)
{
	return __vdpa_alloc_device(parent, config, groups, spaces, size, name, use_va);
}

#define __vdpa_alloc_device	virtio_vdpa_alloc

#undef vdpa_alloc_device
#define vdpa_alloc_device(type, member, parent, config, map, groups, spaces, name, use_va)	\
	container_of(__vdpa_alloc_device(parent, config, map, groups, spaces, sizeof(type),	\
					 name, use_va), type, member)

#endif /* _VIRTIO_BASE_VDPA_H */
