/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a driver asks of a device, whatever it asked by.
 */
#ifndef _LAUNCH_HANDSHAKE_H
#define _LAUNCH_HANDSHAKE_H

#include "device.h"
#include "queue.h"

/* Features of rings and of the page, which every device offers. */
uint64_t handshake_offered(const struct device *dev);
/* Never this one. */
void handshake_without(unsigned int bit);
/* The driver has set another status; what the device makes of it is in dev. */
void handshake_status(struct device *dev, uint8_t status);
/* The driver has enabled queues, or no longer does. */
void handshake_queues(struct device *dev);
/* There may be something in any queue. */
void handshake_kick(struct device *dev);
/* All queues stop; the next driver begins anew. */
void handshake_reset(struct device *dev);

#endif /* _LAUNCH_HANDSHAKE_H */
