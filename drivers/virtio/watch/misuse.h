/* SPDX-License-Identifier: GPL-2.0 */
/* What the core asks of misuse.c, and what tests hear of it. */
#ifndef _VIRTIO_WATCH_MISUSE_H
#define _VIRTIO_WATCH_MISUSE_H

#include <kunit/visibility.h>
#include <linux/types.h>

struct virtio_device;

#ifdef CONFIG_VIRTIO_CHECK
void virtio_check_may_sleep(const struct virtio_device *vdev, const char *call);
void virtio_check_reset(const struct virtio_device *vdev);
bool virtio_is_checked(void);
void virtio_say_foreign_token(const struct virtio_device *vdev);
#if IS_ENABLED(CONFIG_KUNIT)
void ring_say_misuse(const char *line);
bool ring_set_checks(bool on);
#endif
#else
static inline void virtio_check_may_sleep(const struct virtio_device *vdev, const char *call) { }
static inline void virtio_check_reset(const struct virtio_device *vdev) { }
static inline bool virtio_is_checked(void) { return false; }
static inline void virtio_say_foreign_token(const struct virtio_device *vdev) { }
static inline bool ring_set_checks(bool on) { return false; }
#endif

#endif /* _VIRTIO_WATCH_MISUSE_H */
