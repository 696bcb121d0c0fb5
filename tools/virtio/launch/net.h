/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A network card: "user" or "peer=PATH" (net.c).
 */
#ifndef _LAUNCH_NET_H
#define _LAUNCH_NET_H

#include "say.h"

struct device;

#ifdef HAVE_NET
/* A device that is ready for devices_add(); no return if it can't be made. */
struct device *net_create(const char *text);
#else
static inline struct device *net_create(const char *text)
{
	die("--net %s: found a launch without network cards, expected one that was built with them", text);
}
#endif

#endif /* _LAUNCH_NET_H */
