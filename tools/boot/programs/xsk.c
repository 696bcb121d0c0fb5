// SPDX-License-Identifier: GPL-2.0
/*
 * xsk INTERFACE PORT COUNT: take COUNT datagrams for a port from a network card by AF_XDP
 * sockets.  Says "bound" first, then reads each datagram from the memory that it shares with
 * the kernel: "rig" and its number, in order.  With a copy, since the driver of 6.12 has the
 * code for buffers in that memory but does not offer it.
 *
 * There is a socket for each queue: which one a flow comes by is the other side's choice.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/if.h>
#include <poll.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FRAMES 512
#define FRAME 4096
#define PATIENCE 60000		/* ms */
#define QUEUES 16

struct headers {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
} __attribute__((packed));

struct ring {
	volatile uint32_t *producer, *consumer;
	void *entries;
};

static void fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

static int must(int result, const char *what)
{
	if (result < 0)
		fail(what);
	return result;
}

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static struct ring ring_of(int fd, const struct xdp_ring_offset *at, size_t entry, off_t where)
{
	char *p = mmap(NULL, at->desc + FRAMES * entry, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, where);

	if (p == MAP_FAILED)
		fail("mmap of a ring");
	return (struct ring){ (void *)(p + at->producer), (void *)(p + at->consumer), p + at->desc };
}

#define MOV(to, from)	{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = to, .src_reg = from }
#define SET(to, value)	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = to, .imm = value }
#define FIELD(to, from, field)	{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = to, .src_reg = from, .off = offsetof(struct xdp_md, field) }

/*
 * A program that hands what comes by IP to the socket of its queue, at the card until its link
 * is closed.  Who sends has to find the card first, so everything else goes to the kernel.
 */
static int attach(int map, int interface)
{
	struct bpf_insn code[] = {
		MOV(6, 1),
		FIELD(2, 6, data),
		FIELD(3, 6, data_end),
		MOV(4, 2),
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 4, .imm = sizeof(struct ethhdr) },
		SET(0, XDP_PASS),
		{ .code = BPF_JMP | BPF_JGT | BPF_X, .dst_reg = 4, .src_reg = 3, .off = 7 },
		{ .code = BPF_LDX | BPF_MEM | BPF_H, .dst_reg = 5, .src_reg = 2, .off = offsetof(struct ethhdr, h_proto) },
		{ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = 5, .imm = htons(ETH_P_IP), .off = 5 },
		FIELD(2, 6, rx_queue_index),
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map },
		{ 0 },
		SET(3, XDP_PASS),
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_XDP, .insns = (uintptr_t)code, .insn_cnt = sizeof(code) / sizeof(*code), .license = (uintptr_t)"GPL" };
	union bpf_attr link = { .link_create = { .target_ifindex = interface, .attach_type = BPF_XDP, .flags = XDP_FLAGS_DRV_MODE } };

	link.link_create.prog_fd = must(bpf(BPF_PROG_LOAD, &load), "load the program");
	return must(bpf(BPF_LINK_CREATE, &link), "attach the program");
}

struct xsk {
	int fd;
	char *memory;
	struct ring rx;
};

static struct xsk open_queue(int interface, int map, unsigned int queue)
{
	struct xsk x = { must(socket(AF_XDP, SOCK_RAW, 0), "socket") };
	struct sockaddr_xdp addr = { .sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY, .sxdp_ifindex = interface, .sxdp_queue_id = queue };
	union bpf_attr put = { .map_fd = map, .key = (uintptr_t)&queue, .value = (uintptr_t)&x.fd };
	struct xdp_umem_reg umem = { .len = FRAMES * FRAME, .chunk_size = FRAME };
	struct xdp_mmap_offsets at;
	struct ring fill;
	int size = FRAMES;

	x.memory = mmap(NULL, FRAMES * FRAME, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (x.memory == MAP_FAILED)
		fail("memory");
	umem.addr = (uintptr_t)x.memory;
	must(setsockopt(x.fd, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem)), "memory");
	must(setsockopt(x.fd, SOL_XDP, XDP_UMEM_FILL_RING, &size, sizeof(size)), "fill ring");
	must(setsockopt(x.fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, &size, sizeof(size)), "completion ring");
	must(setsockopt(x.fd, SOL_XDP, XDP_RX_RING, &size, sizeof(size)), "receive ring");
	must(getsockopt(x.fd, SOL_XDP, XDP_MMAP_OFFSETS, &at, &(socklen_t){ sizeof(at) }), "offsets");
	fill = ring_of(x.fd, &at.fr, sizeof(uint64_t), XDP_UMEM_PGOFF_FILL_RING);
	x.rx = ring_of(x.fd, &at.rx, sizeof(struct xdp_desc), XDP_PGOFF_RX_RING);
	for (uint64_t i = 0; i < FRAMES; i++)
		((uint64_t *)fill.entries)[i] = i * FRAME;
	__atomic_store_n(fill.producer, FRAMES, __ATOMIC_RELEASE);
	must(bind(x.fd, (struct sockaddr *)&addr, sizeof(addr)), "bind");
	must(bpf(BPF_MAP_UPDATE_ELEM, &put), "put the socket into the map");
	return x;
}

/* Takes what has come, and goes on counting from @came; less than 0 for a wrong one. */
static int take(struct xsk *x, int port, int came)
{
	uint32_t next = *x->rx.consumer;

	for (; next != __atomic_load_n(x->rx.producer, __ATOMIC_ACQUIRE); next++) {
		struct xdp_desc *d = (struct xdp_desc *)x->rx.entries + next % FRAMES;
		struct headers *h = (void *)(x->memory + d->addr);
		char want[16];
		int n = snprintf(want, sizeof(want), "rig %05d", came);

		if (d->len < sizeof(*h) + n || h->udp.dest != htons(port) || h->eth.h_proto != htons(ETH_P_IP) || h->ip.protocol != IPPROTO_UDP)
			continue;	/* not one of these */
		if (memcmp(h + 1, want, n)) {
			printf("expected %s, got %.*s\n", want, n, (char *)(h + 1));
			return -1;
		}
		came++;
	}
	__atomic_store_n(x->rx.consumer, next, __ATOMIC_RELEASE);
	return came;
}

static bool has_queue(const char *interface, int queue)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/class/net/%s/queues/rx-%d", interface, queue);
	return !access(path, F_OK);
}

int main(int argc, char **argv)
{
	union bpf_attr make = { .map_type = BPF_MAP_TYPE_XSKMAP, .key_size = 4, .value_size = 4, .max_entries = QUEUES };
	int map = must(bpf(BPF_MAP_CREATE, &make), "map"), n = 0, came = 0, interface, port, count;
	struct xsk xsk[QUEUES];
	struct pollfd poll_of[QUEUES];

	if (argc != 4)
		return 2;
	interface = if_nametoindex(argv[1]);
	port = atoi(argv[2]);
	count = atoi(argv[3]);
	/* The driver takes more queues with the program. */
	must(attach(map, interface), "program");
	for (; n < QUEUES && has_queue(argv[1], n); n++) {
		xsk[n] = open_queue(interface, map, n);
		poll_of[n] = (struct pollfd){ xsk[n].fd, POLLIN, 0 };
	}
	printf("bound\n");
	fflush(stdout);

	while (came < count) {
		if (poll(poll_of, n, PATIENCE) <= 0) {
			printf("%d of %d datagrams came by %d queues\n", came, count, n);
			return 1;
		}
		for (int i = 0; i < n; i++) {
			came = take(&xsk[i], port, came);
			if (came < 0)
				return 1;
		}
	}
	printf("%d datagrams, each in its place, by one of %d queues\n", came, n);
	return 0;
}
