/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between the network card (net.c) and what its cable leads to (peer.c, slirp.c).
 *
 * The card hands over what the guest sends as pieces of the guest's memory, and takes what
 * comes as frames in memory of the link's.  A link knows neither queues nor features.
 */
#ifndef _LAUNCH_LINK_H
#define _LAUNCH_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>
#include <linux/virtio_net.h>

#include "offload.h"
#include "ring.h"

struct net;
struct net_options;
struct link;

/* Frames that a link is given at once. */
#define LINK_BATCH	64

/**
 * struct outgoing - a frame that the guest sends
 * @header: ours, checked: the guest can't change it any more
 * @iov: @header, then pieces of the guest's memory
 * @count: of them
 * @length: bytes of the frame, without the header
 */
struct outgoing {
	struct virtio_net_hdr_v1 header;
	struct iovec iov[QUEUE_MAX + 1];
	unsigned int count;
	size_t length;
};

/**
 * struct link_type - what a link supplies
 * @offloads: what it takes undone, bits of OFFLOAD_*; it may hand over the like
 * @send: returns how many of @count frames it has done with.  If those are not all, it
 *	calls net_can_send() when it can go on, and is called with the rest.
 * @receive: net_receive() has failed, and now the guest has buffers
 * @close: all is over
 */
struct link_type {
	unsigned int offloads;
	unsigned int (*send)(struct link *link, struct outgoing *const *frames,
			     unsigned int count);
	void (*receive)(struct link *link);
	void (*close)(struct link *link);
};

struct link {
	const struct link_type *type;
	struct net *net;
};

/**
 * struct incoming - a frame for the guest
 * @left: what is left to do for it, which net_receive() does if the guest won't
 * @frame: its bytes, which may be changed by that
 * @length: how many
 */
struct incoming {
	struct offload left;
	uint8_t *frame;
	size_t length;
};

/* net.c, for links.  net_receive() is false if the frame has to wait: try again with it. */
bool net_receive(struct net *net, struct incoming *in);
void net_can_send(struct net *net);
void net_set_link(struct net *net, bool up);
/* Of the frames that the guest sent, and of those that came for it: good for nothing. */
void net_dropped(struct net *net, unsigned int count);
void net_refused(struct net *net, unsigned int count);

/* The links; no return if one can't be made. */
struct link *peer_create(struct net *net, const struct net_options *options);
struct link *slirp_create(struct net *net, const struct net_options *options);

#endif /* _LAUNCH_LINK_H */
