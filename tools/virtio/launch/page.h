/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device page of the guest that is served, if one is.
 *
 * socket.c opens it when a guest has come, says when its doorbell has rung, and closes it
 * when the guest is gone.  device.c shows devices on it.
 */
#ifndef _LAUNCH_PAGE_H
#define _LAUNCH_PAGE_H

#include <stdbool.h>
#include <stdint.h>

struct device;

/* Writes all devices there.  0, or -EINVAL or -ENOSPC: then a message has said why. */
int page_open(uint64_t address, uint64_t length);
/* All devices are reset.  Nothing if it isn't open. */
void page_close(void);
/* The launcher's doorbell: follow commands, see to kicks. */
void page_look(void);

/* Of one device; nothing if no page is open. */
int page_show(struct device *dev);
void page_hide(struct device *dev);
/* Reads from, or writes to, the contents of field @nr of the device's own. */
void page_get_field(struct device *dev, unsigned int nr, void *contents);
void page_set_field(struct device *dev, unsigned int nr, const void *contents);

/* Flags of the guest's doorbell; rings it if they were not set. */
void page_used(struct device *dev);
void page_broken(struct device *dev);

#endif /* _LAUNCH_PAGE_H */
