/* SPDX-License-Identifier: GPL-2.0 */
/* Where newer kernels have struct virtio_device_id. */
#ifndef _LINUX_DEVICE_ID_VIRTIO_H
#define _LINUX_DEVICE_ID_VIRTIO_H

#include <linux/mod_devicetable.h>

#endif /* _LINUX_DEVICE_ID_VIRTIO_H */
