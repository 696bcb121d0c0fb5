// SPDX-License-Identifier: GPL-2.0
/* In the place of slirp.c where launch was built without libslirp. */
#include "link.h"
#include "say.h"

struct link *slirp_create(struct net *net, const struct net_options *options)
{
	(void)net;
	(void)options;
	die("--net user: launch was built without libslirp, expected it with that: install libslirp-dev and build it again");
}
