/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A network card: "user" or "peer=PATH" (net.c).
 */
#ifndef _LAUNCH_NET_H
#define _LAUNCH_NET_H

struct device;

/* A device that is ready for devices_add(); no return if it can't be made. */
struct device *net_create(const char *text);

#endif /* _LAUNCH_NET_H */
