/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A port of this machine that leads to one of the guest's, as hostfwd= has it.
 */
#ifndef _LAUNCH_FORWARD_H
#define _LAUNCH_FORWARD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* The address that the guest is given, and that is meant where none is named. */
#define FORWARD_GUEST	"10.0.2.15"

/**
 * struct forward - a port that is forwarded
 * @udp: not TCP
 * @host: address of this machine, or any
 * @guest: address of the guest
 * @host_port: its port here
 * @guest_port: and there
 */
struct forward {
	bool udp;
	struct in_addr host, guest;
	uint16_t host_port, guest_port;
};

/* No return if it can't be read. */
void forward_parse(struct forward *f, const char *text);

#endif /* _LAUNCH_FORWARD_H */
