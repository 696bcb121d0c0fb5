/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device page of the guest that is served, if one is.
 *
 * socket.c opens it when a guest has come, says when its doorbell has rung, and closes it
 * when the guest is gone.  device.c shows devices on it, handshake.c reads what drivers
 * have written.
 */
#ifndef _LAUNCH_PAGE_H
#define _LAUNCH_PAGE_H

#include <stdbool.h>
#include <stdint.h>

struct device;
struct queue_setup;

/* Writes all devices there.  0 or -ENOSPC, and a message says why. */
int page_open(uint64_t address, uint64_t length);
/* All devices are reset.  Nothing if it isn't open. */
void page_close(void);
/* The launcher's doorbell: follow commands, see to kicks. */
void page_look(void);

/* One device comes, 0 or -ENOSPC, or goes; nothing if no page is open. */
int page_show(struct device *dev);
void page_hide(struct device *dev);
/* To, or from, the contents of field @nr of the device's own. */
void page_get_field(struct device *dev, unsigned int nr, void *contents);
void page_set_field(struct device *dev, unsigned int nr, const void *contents);
/* All of them, when the driver is not looking. */
void page_restore_fields(struct device *dev);

/* Features that the driver takes, from both fields. */
uint64_t page_get_taken(struct device *dev);
/* Returns @enabled of queue @nr. */
uint8_t page_get_queue(struct device *dev, unsigned int nr, struct queue_setup *setup);

/* Flags of the guest's doorbell; it is rung if they were not set. */
void page_used(struct device *dev);
void page_broken(struct device *dev);

#endif /* _LAUNCH_PAGE_H */
