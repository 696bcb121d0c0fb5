/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a network card is asked for: user or peer=PATH, and what follows with commas.
 */
#ifndef _LAUNCH_NET_OPTIONS_H
#define _LAUNCH_NET_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <linux/if_ether.h>

#include "say.h"

#define NET_FORWARDS	16

/**
 * struct net_options - a network card
 * @peer: where the other launcher is met; %NULL for a network of the launcher's own
 * @forwards: PROTOCOL:[ADDRESS]:PORT-[ADDRESS]:PORT each
 * @forward_count: of them
 * @mac: its address
 * @mtu: the longest packet
 */
struct net_options {
	char *peer;
	char *forwards[NET_FORWARDS];
	size_t forward_count;
	uint8_t mac[ETH_ALEN];
	unsigned int mtu;
};

/* No return if they are wrong.  @text is cut to pieces, which the options point to. */
void net_options_parse(struct net_options *options, char *text);

/* What was found and what was expected, then no return. */
_Noreturn void __printf(1, 2) net_misused(const char *format, ...);

#endif /* _LAUNCH_NET_OPTIONS_H */
