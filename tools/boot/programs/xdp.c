// SPDX-License-Identifier: GPL-2.0
/*
 * For a network card of the guest: UDP to port 9001 is dropped, UDP to port 9002 goes
 * back where it came from, all else passes.  Built for BPF.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>

#define DROP 9001
#define BACK 9002

struct headers {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
} __attribute__((packed));

/* Sums stay as they are: the same words in another order. */
static void turn(struct headers *h)
{
	__be32 addr = h->ip.saddr;
	__be16 port = h->udp.source;
	unsigned char mac;

	for (int i = 0; i < ETH_ALEN; i++) {
		mac = h->eth.h_source[i];
		h->eth.h_source[i] = h->eth.h_dest[i];
		h->eth.h_dest[i] = mac;
	}
	h->ip.saddr = h->ip.daddr;
	h->ip.daddr = addr;
	h->udp.source = h->udp.dest;
	h->udp.dest = port;
}

__attribute__((section("xdp"), used))
int sort(struct xdp_md *ctx)
{
	struct headers *h = (void *)(long)ctx->data;

	if ((void *)(h + 1) > (void *)(long)ctx->data_end ||
	    h->eth.h_proto != __builtin_bswap16(ETH_P_IP) || h->ip.protocol != IPPROTO_UDP)
		return XDP_PASS;
	if (h->udp.dest == __builtin_bswap16(DROP))
		return XDP_DROP;
	if (h->udp.dest != __builtin_bswap16(BACK))
		return XDP_PASS;
	turn(h);
	return XDP_TX;
}

__attribute__((section("license"), used))
char _license[] = "GPL";
