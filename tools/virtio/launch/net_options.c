// SPDX-License-Identifier: GPL-2.0
/* What a network card is asked for; net_options.h says more. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "net_options.h"
#include "say.h"

/* What IPv6 needs, and what fits into the field (virtio 1.3, 5.1.4.1). */
enum { MTU_LEAST = 1280, MTU_MOST = 65535 };

void net_misused(const char *format, ...)
{
	char text[512];
	va_list more;

	va_start(more, format);
	vsnprintf(text, sizeof(text), format, more);
	va_end(more);
	say("--net: %s", text);
	exit(EXIT_USAGE);
}

/* Another one for each card, so that two guests on one wire differ; of those that nobody sells. */
static void choose_mac(uint8_t *mac)
{
	static const uint8_t prefix[] = { 0x52, 0x54, 0x00 };

	if (getrandom(mac, ETH_ALEN, 0) != ETH_ALEN)
		die("random bytes for a MAC address: %s", strerror(errno));
	memcpy(mac, prefix, sizeof(prefix));
}

/* Two digits and a colon, six times; not one of a group of cards. */
static bool read_mac(uint8_t *mac, const char *text)
{
	const char *at = text;
	int i;

	for (i = 0; i < ETH_ALEN; i++, at += 2) {
		if (i && *at++ != ':')
			return false;
		if (!isxdigit((unsigned char)at[0]) || !isxdigit((unsigned char)at[1]))
			return false;
		mac[i] = strtoul((char []) { at[0], at[1], 0 }, NULL, 16);
	}
	return !*at && !(mac[0] & 1);
}

static void parse_mac(uint8_t *mac, const char *text)
{
	if (!read_mac(mac, text))
		net_misused("found mac=%s, expected six bytes like 52:54:00:12:34:56, the first of them even",
			    text);
}

static void parse_mtu(unsigned int *mtu, const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	*mtu = value;
	if (!isdigit((unsigned char)*text) || *end || value < MTU_LEAST || value > MTU_MOST)
		net_misused("found mtu=%s, expected %d to %d", text, MTU_LEAST, MTU_MOST);
}

static void parse_forward(struct net_options *options, char *text)
{
	if (options->peer)
		net_misused("found hostfwd=%s with peer=, expected it with user alone", text);
	if (options->forward_count == NET_FORWARDS)
		net_misused("found more than %d of hostfwd=", NET_FORWARDS);
	options->forwards[options->forward_count++] = text;
}

static void parse_one(struct net_options *options, char *name)
{
	char *value = strchr(name, '=');

	if (value)
		*value++ = 0;
	if (value && !strcmp(name, "hostfwd"))
		parse_forward(options, value);
	else if (value && !strcmp(name, "mac"))
		parse_mac(options->mac, value);
	else if (value && !strcmp(name, "mtu"))
		parse_mtu(&options->mtu, value);
	else
		net_misused("found \"%s\", expected mac=, mtu= or, with user, hostfwd=", name);
}

void net_options_parse(struct net_options *options, char *text)
{
	char *kind = strsep(&text, ",");

	*options = (struct net_options) { .mtu = ETH_DATA_LEN };
	choose_mac(options->mac);
	if (!strncmp(kind, "peer=", 5) && kind[5])
		options->peer = kind + 5;
	else if (strcmp(kind, "user"))
		net_misused("found \"%s\", expected \"user\" or \"peer=PATH\"", kind);
	while (text)
		parse_one(options, strsep(&text, ","));
}
