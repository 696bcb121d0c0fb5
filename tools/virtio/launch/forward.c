// SPDX-License-Identifier: GPL-2.0
/* Ports that lead to the guest; forward.h says more. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forward.h"
#include "net_options.h"

/* [ADDRESS]:PORT up to the character @end; what follows it, or %NULL. */
static const char *parse_end(struct in_addr *in, uint16_t *port, const char *text, char end)
{
	char address[INET_ADDRSTRLEN] = "";
	const char *colon = strchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : sizeof(address);
	unsigned long number;
	char *after;

	if (length >= sizeof(address) || !isdigit((unsigned char)colon[1]))
		return NULL;
	memcpy(address, text, length);
	if (length && inet_pton(AF_INET, address, in) != 1)
		return NULL;
	number = strtoul(colon + 1, &after, 10);
	*port = number;
	return number && number <= UINT16_MAX && *after == end ? after + !!end : NULL;
}

void forward_parse(struct forward *f, const char *text)
{
	const char *at = NULL;

	*f = (struct forward) { .udp = !strncmp(text, "udp:", 4) };
	inet_pton(AF_INET, FORWARD_GUEST, &f->guest);
	if (f->udp || !strncmp(text, "tcp:", 4))
		at = parse_end(&f->host, &f->host_port, text + 4, '-');
	if (at)
		at = parse_end(&f->guest, &f->guest_port, at, 0);
	if (!at)
		net_misused("found hostfwd=%s, expected it like tcp:127.0.0.1:8080-:80", text);
}
