/* SPDX-License-Identifier: GPL-2.0 */
/* A vDPA device maps memory by its DMA device, and in no other way. */
#ifndef _VIRTIO_BASE_VDPA_H
#define _VIRTIO_BASE_VDPA_H

#include_next <linux/vdpa.h>

#undef vdpa_alloc_device
#define vdpa_alloc_device(type, member, parent, config, map, groups, spaces, name, use_va)	\
	((void)(map), container_of(__vdpa_alloc_device(parent, config, groups, spaces,		\
			sizeof(type) + BUILD_BUG_ON_ZERO(offsetof(type, member)), name, use_va),	\
			type, member))

#endif /* _VIRTIO_BASE_VDPA_H */
