/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A disk: virtio-blk on a file or a block device.
 */
#ifndef _LAUNCH_DISK_H
#define _LAUNCH_DISK_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"

struct device;

/* Ready for devices_add(), or NULL and a message in @why. */
struct device *disk_create(const struct disk_options *options, char *why, size_t size);
bool device_is_disk(const struct device *dev);
/* Its file has another size: the guest is told.  0, or -EINVAL and a message in @why. */
int disk_resize(struct device *dev, char *why, size_t size);

#endif /* _LAUNCH_DISK_H */
