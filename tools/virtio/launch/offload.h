/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a driver leaves to its network card: a checksum to complete, a large packet to cut.
 *
 * net.c reads the header of each packet with it, and does the work for a guest that does
 * not take such packets.  Knows frames and headers; neither queues nor back ends.
 */
#ifndef _LAUNCH_OFFLOAD_H
#define _LAUNCH_OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/virtio_net.h>

/* A header of IPv6 and all that its length can say (virtio 1.3, 5.1.6.3). */
#define OFFLOAD_FRAME_MAX	65589

/* What may be left to do. */
enum {
	OFFLOAD_CHECKSUM = 1,
	OFFLOAD_TCP4 = 2,
	OFFLOAD_TCP6 = 4,
	OFFLOAD_ECN = 8,
	OFFLOAD_ALL = 15,
};

/**
 * struct offload - what is left to do for one packet
 * @needs: bits of OFFLOAD_*
 * @place: where the checksum goes
 * @start: it is that of all bytes from there
 * @segment: bytes of contents in each packet to be cut
 * @header: how long the headers are, as the driver sees it; nobody here relies on that
 */
struct offload {
	unsigned int needs;
	uint32_t place;
	uint16_t start, segment, header;
};

unsigned int offload_from_driver(uint64_t features);
unsigned int offload_to_driver(uint64_t features);
bool offload_read(struct offload *o, const struct virtio_net_hdr_v1 *hdr, size_t length);
void offload_write(const struct offload *o, struct virtio_net_hdr_v1 *hdr);
void offload_complete(struct offload *o, uint8_t *frame, size_t length);
size_t offload_cut(const struct offload *o, const uint8_t *frame, size_t length, size_t *at,
		   uint8_t *out, size_t room);

#endif /* _LAUNCH_OFFLOAD_H */
