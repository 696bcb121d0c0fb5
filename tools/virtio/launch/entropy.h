/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Entropy: virtio-rng from getrandom(2).
 */
#ifndef _LAUNCH_ENTROPY_H
#define _LAUNCH_ENTROPY_H

struct device;

struct device *entropy_create(void);

#endif /* _LAUNCH_ENTROPY_H */
