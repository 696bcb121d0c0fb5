// SPDX-License-Identifier: GPL-2.0
/* Checksums to complete and large packets to cut; offload.h says more. */
#include <endian.h>
#include <string.h>

#include "offload.h"

enum { ETHER = 14, TAG = 4, IP4 = 20, IP6 = 40, TCP = 20, TCP_CHECKSUM = 16 };
enum { PROTOCOL_TCP = 6, TYPE_IP4 = 0x0800, TYPE_IP6 = 0x86dd, TYPE_TAGGED = 0x8100 };
enum { FLAG_FIN = 0x01, FLAG_PSH = 0x08, FLAG_CWR = 0x80 };

static bool has(uint64_t features, unsigned int bit)
{
	return features >> bit & 1;
}

/* What a driver with these features may leave to the device. */
unsigned int offload_from_driver(uint64_t features)
{
	return (has(features, VIRTIO_NET_F_CSUM) ? OFFLOAD_CHECKSUM : 0) |
	       (has(features, VIRTIO_NET_F_HOST_TSO4) ? OFFLOAD_TCP4 : 0) |
	       (has(features, VIRTIO_NET_F_HOST_TSO6) ? OFFLOAD_TCP6 : 0) |
	       (has(features, VIRTIO_NET_F_HOST_ECN) ? OFFLOAD_ECN : 0);
}

/* What the device may leave to it. */
unsigned int offload_to_driver(uint64_t features)
{
	return (has(features, VIRTIO_NET_F_GUEST_CSUM) ? OFFLOAD_CHECKSUM : 0) |
	       (has(features, VIRTIO_NET_F_GUEST_TSO4) ? OFFLOAD_TCP4 : 0) |
	       (has(features, VIRTIO_NET_F_GUEST_TSO6) ? OFFLOAD_TCP6 : 0) |
	       (has(features, VIRTIO_NET_F_GUEST_ECN) ? OFFLOAD_ECN : 0);
}

/* A large packet has its checksum undone, since each of its pieces has another. */
static bool read_large(struct offload *o, const struct virtio_net_hdr_v1 *hdr)
{
	switch (hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_TCPV4:
		o->needs |= OFFLOAD_TCP4;
		break;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		o->needs |= OFFLOAD_TCP6;
		break;
	default:
		return false;
	}
	if (hdr->gso_type & VIRTIO_NET_HDR_GSO_ECN)
		o->needs |= OFFLOAD_ECN;
	o->segment = le16toh(hdr->gso_size);
	return o->segment && o->needs & OFFLOAD_CHECKSUM && o->place - o->start == TCP_CHECKSUM;
}

/*
 * Is this the header of a frame of @length bytes?  Flags that are not known are ignored
 * (virtio 1.3, 5.1.6.2.2), and DATA_VALID is nothing that another guest may rely on.
 */
bool offload_read(struct offload *o, const struct virtio_net_hdr_v1 *hdr, size_t length)
{
	size_t start = le16toh(hdr->csum_start), place = start + le16toh(hdr->csum_offset);

	*o = (struct offload) { .header = le16toh(hdr->hdr_len) };
	if (length < ETHER || length > OFFLOAD_FRAME_MAX)
		return false;
	if (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		if (place + 2 > length)
			return false;
		o->needs = OFFLOAD_CHECKSUM;
		o->start = start;
		o->place = place;
	}
	return hdr->gso_type == VIRTIO_NET_HDR_GSO_NONE || read_large(o, hdr);
}

/* The header that says it.  The number of buffers is not known here. */
void offload_write(const struct offload *o, struct virtio_net_hdr_v1 *hdr)
{
	*hdr = (struct virtio_net_hdr_v1) { 0 };
	if (o->needs & OFFLOAD_CHECKSUM) {
		hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		hdr->csum_start = htole16(o->start);
		hdr->csum_offset = htole16(o->place - o->start);
	}
	if (o->needs & (OFFLOAD_TCP4 | OFFLOAD_TCP6)) {
		hdr->gso_type = o->needs & OFFLOAD_TCP4 ? VIRTIO_NET_HDR_GSO_TCPV4 :
							  VIRTIO_NET_HDR_GSO_TCPV6;
		if (o->needs & OFFLOAD_ECN)
			hdr->gso_type |= VIRTIO_NET_HDR_GSO_ECN;
		hdr->gso_size = htole16(o->segment);
		hdr->hdr_len = htole16(o->header);
	}
}

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, uint16_t value)
{
	p[0] = value >> 8;
	p[1] = value;
}

static void put32(uint8_t *p, uint32_t value)
{
	put16(p, value >> 16);
	put16(p + 2, value);
}

/* Sixteen bits at a time, an odd byte as if a zero followed. */
static uint64_t sum(const uint8_t *p, size_t length)
{
	uint64_t total = 0;
	size_t i;

	for (i = 0; i + 1 < length; i += 2)
		total += get16(p + i);
	return length & 1 ? total + (p[length - 1] << 8) : total;
}

static uint16_t fold(uint64_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return ~total;
}

/* What is there already counts: the driver has put the sum of the pseudo header there. */
void offload_complete(struct offload *o, uint8_t *frame, size_t length)
{
	uint16_t value = fold(sum(frame + o->start, length - o->start));

	/* Of UDP, 0 says that there is none; the same number is spelled otherwise. */
	put16(frame + o->place, value ? value : 0xffff);
	o->needs &= ~OFFLOAD_CHECKSUM;
}

/* Where the IP header is, or 0 if that of TCP does not follow on it as it should. */
static size_t find_ip(const struct offload *o, const uint8_t *frame, size_t length)
{
	size_t ip = ETHER, tcp = o->start;
	uint16_t type = get16(frame + 12);

	if (type == TYPE_TAGGED && length >= ETHER + TAG) {
		type = get16(frame + ETHER + 2);
		ip += TAG;
	}
	if (tcp + TCP > length)
		return 0;
	if (o->needs & OFFLOAD_TCP4)
		return type == TYPE_IP4 && tcp >= ip + IP4 && frame[ip] >> 4 == 4 &&
		       (frame[ip] & 15) * 4 == tcp - ip && frame[ip + 9] == PROTOCOL_TCP ? ip : 0;
	return type == TYPE_IP6 && tcp >= ip + IP6 && frame[ip] >> 4 == 6 ? ip : 0;
}

static uint64_t pseudo_sum(const struct offload *o, const uint8_t *ip, size_t length)
{
	uint64_t addresses = o->needs & OFFLOAD_TCP4 ? sum(ip + 12, 8) : sum(ip + 8, 32);

	return addresses + PROTOCOL_TCP + length;
}

/* The lengths, the number and the checksum of the packet that is the @nth. */
static void mend_ip(const struct offload *o, uint8_t *ip, size_t length, size_t nth)
{
	if (!(o->needs & OFFLOAD_TCP4)) {
		put16(ip + 4, length - IP6);
		return;
	}
	put16(ip + 2, length);
	put16(ip + 4, get16(ip + 4) + nth);
	put16(ip + 10, 0);
	put16(ip + 10, fold(sum(ip, (ip[0] & 15) * 4)));
}

/*
 * The next of the packets that a large one is cut to, in @out, beginning with the byte
 * of its contents at *@at, 0 at first.  Returns its length, and 0 when there is no more,
 * or if this is no packet that can be cut.
 */
size_t offload_cut(const struct offload *o, const uint8_t *frame, size_t length, size_t *at,
		   uint8_t *out, size_t room)
{
	size_t ip = find_ip(o, frame, length), tcp = o->start, headers, left, part;

	headers = ip ? tcp + (frame[tcp + 12] >> 4) * 4 : 0;
	if (headers < tcp + TCP || headers + *at >= length)
		return 0;
	left = length - headers - *at;
	part = left < o->segment ? left : o->segment;
	if (headers + part > room)
		return 0;
	memcpy(out, frame, headers);
	memcpy(out + headers, frame + headers + *at, part);
	mend_ip(o, out + ip, headers + part - ip, *at / o->segment);
	put32(out + tcp + 4, get32(frame + tcp + 4) + *at);
	if (part < left)
		out[tcp + 13] &= ~(FLAG_FIN | FLAG_PSH);
	if (*at)
		out[tcp + 13] &= ~FLAG_CWR;
	put16(out + tcp + TCP_CHECKSUM, 0);
	put16(out + tcp + TCP_CHECKSUM, fold(sum(out + tcp, headers + part - tcp) +
					     pseudo_sum(o, out + ip, headers + part - tcp)));
	*at += part;
	return headers + part;
}
