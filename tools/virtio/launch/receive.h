/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The receive queue of a network card: buffers that the guest has given, and frames that
 * are copied there.  net.c has one for each card; nothing is known here of links.
 */
#ifndef _LAUNCH_RECEIVE_H
#define _LAUNCH_RECEIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "link.h"
#include "loop.h"
#include "ring.h"

/**
 * struct receiver - the receive queue
 * @q: its queue; %NULL while it does not run
 * @takes: what the guest takes undone, bits of OFFLOAD_*
 * @merges: a frame may go to several buffers
 * @waits: the guest is to kick when it has given buffers
 * @largest: frame that is not one of several
 * @held: buffers that were popped, of all of a queue: a ring of their own
 * @bytes: how long each is
 * @first: which is the next
 * @count: how many there are
 * @room: bytes of all of them
 * @cut: the frame that waits: how much of its contents the guest has
 * @piece: what is cut from it, @largest bytes
 * @publish: at the end of a turn, for all frames that came in it
 * @received: frames
 * @dropped: frames that the guest can't take
 */
struct receiver {
	struct queue *q;
	unsigned int takes;
	bool merges, waits;
	size_t largest;
	struct chain *held;
	size_t *bytes;
	unsigned int first, count;
	size_t room;
	size_t cut;
	uint8_t *piece;
	struct work publish;
	uint64_t received, dropped;
};

void receiver_init(struct receiver *r, size_t largest);
void receiver_start(struct receiver *r, struct queue *q);
void receiver_stop(struct receiver *r);
void receiver_free(struct receiver *r);
bool receiver_take(struct receiver *r, struct incoming *in);

#endif /* _LAUNCH_RECEIVE_H */
