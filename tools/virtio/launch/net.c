// SPDX-License-Identifier: GPL-2.0
/*
 * A network card: one pair of queues, and a link.
 *
 * Here is what it is asked for, what it offers, and how the guest's frames reach the link;
 * what comes is receive.c's.  Knows nothing of what the link leads to.
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <linux/if_ether.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>

#include "device.h"
#include "link.h"
#include "loop.h"
#include "net.h"
#include "net_options.h"
#include "receive.h"
#include "say.h"

enum { RECEIVE, SEND };
enum { HEADER = sizeof(struct virtio_net_hdr_v1), VLAN_TAG = 4 };
enum { BATCHES_A_TURN = 4 };

/* Numbers of the fields in struct virtio_net_config. */
enum {
	FIELD_MAC = VIRTIO_CONFIG_F_DEVICE,
	FIELD_STATUS = VIRTIO_CONFIG_F_DEVICE + 1,
	FIELD_MTU = VIRTIO_CONFIG_F_DEVICE + 3,
};

#define BIT(name)	(1ULL << VIRTIO_NET_F_##name)
#define OFFERED		(BIT(MAC) | BIT(STATUS) | BIT(MTU) | BIT(MRG_RXBUF))
#define OFFLOADS	(BIT(CSUM) | BIT(HOST_TSO4) | BIT(HOST_TSO6) | BIT(HOST_ECN) |	\
			 BIT(GUEST_CSUM) | BIT(GUEST_TSO4) | BIT(GUEST_TSO6) | BIT(GUEST_ECN))

/* A frame on its way from the guest, and the chain that it lies in. */
struct slot {
	struct chain chain;
	struct outgoing frame;
};

/**
 * struct net - a network card
 * @dev: the device
 * @link: where its cable leads
 * @up: there is somebody
 * @shown: the device has its fields
 * @leaves: what its driver may leave undone, bits of OFFLOAD_*
 * @largest: frame that is not one of several
 * @rx: what comes
 * @slots: frames that were popped
 * @frames: they, for the link
 * @done: how many of them the link has done with
 * @count: how many there are
 * @more: sends more in the next turn, so that one guest does not hold up all devices
 * @sent: frames
 * @dropped: frames that the guest sent and nobody took
 */
struct net {
	struct device dev;
	struct link *link;
	bool up, shown;
	unsigned int leaves;
	size_t largest;
	struct receiver rx;
	struct slot *slots;
	struct outgoing *frames[LINK_BATCH];
	unsigned int done, count;
	struct work more;
	uint64_t sent, dropped;
};

static struct net *to_net(struct device *dev)
{
	return container_of(dev, struct net, dev);
}

/* Behind the header, which is ours from now on. */
static void lay_out(struct outgoing *frame, const struct chain *chain)
{
	size_t skip = HEADER;
	unsigned int i;

	frame->iov[0] = (struct iovec) { &frame->header, HEADER };
	frame->count = 1;
	for (i = 0; i < chain->out; i++) {
		size_t part = MIN(skip, chain->iov[i].iov_len);

		skip -= part;
		if (part < chain->iov[i].iov_len)
			frame->iov[frame->count++] = (struct iovec) {
				.iov_base = (char *)chain->iov[i].iov_base + part,
				.iov_len = chain->iov[i].iov_len - part,
			};
	}
}

/* False: nobody can take such a frame, or not this one of this driver. */
static bool read_frame(struct net *net, struct slot *slot, uint64_t bytes)
{
	struct virtio_net_hdr_v1 header;
	struct offload left;

	iov_read(chain_out(&slot->chain), slot->chain.out, 0, &header, HEADER);
	slot->frame.length = bytes - HEADER;
	if (!offload_read(&left, &header, slot->frame.length) || left.needs & ~net->leaves)
		return false;
	if (!(left.needs & ~OFFLOAD_CHECKSUM) && slot->frame.length > net->largest)
		return false;
	offload_write(&left, &slot->frame.header);
	lay_out(&slot->frame, &slot->chain);
	return true;
}

/* The next frame of the queue; false if there is none. */
static bool pop_frame(struct net *net, struct queue *q)
{
	struct slot *slot = &net->slots[net->count];
	uint64_t bytes;

	if (!queue_pop(q, &slot->chain))
		return false;
	bytes = iov_bytes(chain_out(&slot->chain), slot->chain.out);
	if (slot->chain.in || bytes < HEADER) {
		device_lie(&net->dev, q, "found a frame with %llu bytes to read, and %u parts to write, expected at least %d, and 0",
			   (unsigned long long)bytes, slot->chain.in, HEADER);
		return false;
	}
	if (read_frame(net, slot, bytes)) {
		net->count++;
	} else {
		queue_push(q, &slot->chain, 0);
		net->dropped++;
	}
	return true;
}

static bool fill(struct net *net, struct queue *q)
{
	unsigned int tries = 0;

	net->done = 0;
	net->count = 0;
	while (tries < LINK_BATCH && pop_frame(net, q))
		tries++;
	return tries && !net->dev.broken;
}

/* False if the link has not done with all of them. */
static bool send_batch(struct net *net, struct queue *q)
{
	unsigned int n = net->count - net->done;

	if (n)
		n = net->link->type->send(net->link, net->frames + net->done, n);
	net->sent += n;
	for (; n; n--)
		queue_push(q, &net->slots[net->done++].chain, 0);
	return net->done == net->count;
}

static void send_frames(struct net *net)
{
	struct queue *q = &net->dev.queue[SEND];
	unsigned int budget = BATCHES_A_TURN;
	bool all = send_batch(net, q);

	queue_wake(q);
	do {
		while (all && budget && fill(net, q)) {
			all = send_batch(net, q);
			budget--;
		}
		queue_publish(q);
		if (net->dev.broken || !all)
			return;
	} while (budget && !queue_sleep(q));
	if (!budget)
		loop_defer(&net->more);
}

static void send_more(struct work *work)
{
	send_frames(container_of(work, struct net, more));
}

static bool sends(const struct net *net)
{
	const struct device *dev = &net->dev;

	return dev->status & VIRTIO_CONFIG_S_DRIVER_OK && dev->queue[SEND].format && !dev->broken;
}

void net_can_send(struct net *net)
{
	if (sends(net))
		loop_defer(&net->more);
}

void net_dropped(struct net *net, unsigned int count)
{
	net->dropped += count;
	net->sent -= count;
}

void net_refused(struct net *net, unsigned int count)
{
	net->rx.dropped += count;
}

bool net_receive(struct net *net, struct incoming *in)
{
	return receiver_take(&net->rx, in);
}

void net_set_link(struct net *net, bool up)
{
	net->up = up;
	if (net->shown)
		device_set_field(&net->dev, FIELD_STATUS, up ? VIRTIO_NET_S_LINK_UP : 0);
}

static void start(struct device *dev)
{
	struct net *net = to_net(dev);

	net->leaves = offload_from_driver(dev->taken);
	if (dev->queue[RECEIVE].format)
		receiver_start(&net->rx, &dev->queue[RECEIVE]);
}

static void kick(struct device *dev, struct queue *q)
{
	struct net *net = to_net(dev);

	if (q->index == RECEIVE) {
		if (!net->rx.q)
			receiver_start(&net->rx, q);
		if (net->rx.waits)
			net->link->type->receive(net->link);
	} else if (net->done == net->count) {
		send_frames(net);
	}
}

static void stop(struct device *dev, struct queue *q)
{
	struct net *net = to_net(dev);

	if (q->index == RECEIVE) {
		receiver_stop(&net->rx);
		net->link->type->receive(net->link);
	} else {
		loop_forget(&net->more);
		net->done = 0;
		net->count = 0;
	}
}

static void net_close(struct device *dev)
{
	struct net *net = to_net(dev);

	net->link->type->close(net->link);
	receiver_free(&net->rx);
	free(net->slots);
	free(net);
}

static void describe(struct device *dev, char *text, size_t size)
{
	struct net *net = to_net(dev);

	snprintf(text, size, "link %s, sent %llu, received %llu, dropped %llu and %llu",
		 net->up ? "up" : "down", (unsigned long long)net->sent,
		 (unsigned long long)net->rx.received, (unsigned long long)net->dropped,
		 (unsigned long long)net->rx.dropped);
}

static const struct device_type net_type = {
	.name = "net",
	.id = VIRTIO_ID_NET,
	.start = start,
	.kick = kick,
	.stop = stop,
	.close = net_close,
	.describe = describe,
};

/* The fields are numbers: a MAC address is one of six bytes. */
static void show(struct net *net, const struct net_options *options)
{
	uint64_t mac = 0;

	memcpy(&mac, options->mac, ETH_ALEN);
	device_add_field(&net->dev, FIELD_MAC, ETH_ALEN, le64toh(mac));
	device_add_field(&net->dev, FIELD_STATUS, 2, net->up ? VIRTIO_NET_S_LINK_UP : 0);
	device_add_field(&net->dev, FIELD_MTU, 2, options->mtu);
	device_add_queue(&net->dev, QUEUE_MAX);
	device_add_queue(&net->dev, QUEUE_MAX);
	device_set_label(&net->dev, "net %s", options->peer ? options->peer : "user");
	net->dev.features = OFFERED | (net->link->type->offloads ? OFFLOADS : 0);
	net->shown = true;
}

static struct net *net_alloc(const struct net_options *options)
{
	struct net *net = need(sizeof(*net));
	unsigned int i;

	*net = (struct net) { .dev.type = &net_type, .more.run = send_more,
			      .largest = ETH_HLEN + VLAN_TAG + options->mtu };
	net->slots = need(LINK_BATCH * sizeof(*net->slots));
	for (i = 0; i < LINK_BATCH; i++)
		net->frames[i] = &net->slots[i].frame;
	receiver_init(&net->rx, net->largest);
	return net;
}

struct device *net_create(const char *text)
{
	struct net_options options;
	char *copy = strdup(text);
	struct net *net;

	if (!copy)
		die("out of memory");
	net_options_parse(&options, copy);
	net = net_alloc(&options);
	net->link = options.peer ? peer_create(net, &options) : slirp_create(net, &options);
	show(net, &options);
	free(copy);
	return &net->dev;
}
