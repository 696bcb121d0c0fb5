/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A model of a virtqueue: lists of the buffers that were submitted, and what can
 * be done to them on either side.  Each operation is done to the queue and to the
 * model, and both must say the same.
 */
#ifndef _VIRTIO_RING_MODEL_H
#define _VIRTIO_RING_MODEL_H

#include <linux/prandom.h>

#include "ring_fixture.h"

/* Longer than the tables that are kept ready. */
#define MODEL_SEGMENTS	26
#define MODEL_LEN	16
/* Segments of a buffer begin one byte apart, so that each has its own address. */
#define MODEL_STRIDE	(MODEL_SEGMENTS + MODEL_LEN)

/**
 * struct model_params - one run
 * @features: of the device
 * @num: size of the ring
 * @ops: operations that must have done something
 * @turns: how far the ring must have come: buffers, on a packed ring descriptors
 */
struct model_params {
	u64 features;
	unsigned int num, ops, turns;
};

/**
 * struct model_buf - a buffer, as submitted
 * @out: segments that the device reads
 * @in: segments that it writes
 * @descs: descriptors that it takes up in the ring
 * @place: of the first of them, if buffers stay in order
 * @head: what the device calls it
 * @writable: bytes that the device may write
 * @wrote: how many it says it did
 * @in_flight: belongs to the queue
 * @lens: of the segments
 */
struct model_buf {
	u8 out, in;
	u16 descs, place, head;
	u32 writable, wrote;
	bool in_flight;
	u8 lens[MODEL_SEGMENTS];
};

/* Numbers of buffers, first in first out. */
struct model_fifo {
	u16 *at;
	unsigned int head, tail, mask;
};

/* What is known of the notification for the next buffer. */
enum model_wish { MODEL_ANY, MODEL_WANTED, MODEL_UNWANTED };

/**
 * struct model - what must be true of the queue
 * @test: the test
 * @f: the queue, and its device
 * @run: parameters
 * @rnd: what decides
 * @sg: room for the segments of one buffer, and a link
 * @sgs: and for the lists that they make
 * @bytes: all memory of buffers; where its own begins is a buffer's token
 * @bufs: the buffers
 * @idle: those that are the driver's
 * @added: those that the device has not taken; the last @unpublished it can't see
 * @taken: those that it has
 * @used: those that it has used and the driver did not take back
 * @unpublished: buffers added since the last kick
 * @free: descriptors that are free
 * @place: of the next descriptor, if buffers stay in order
 * @buffers: how many were added in all
 * @descs: and how many descriptors they took
 * @wish: does the device want to be notified?
 * @callbacks: the driver wants callbacks
 * @armed: and has seen that nothing is used: the next must call back
 * @polled: what to poll with
 * @may_poll: nothing was taken since
 */
struct model {
	struct kunit *test;
	struct ring_fixture *f;
	const struct model_params *run;
	struct rnd_state rnd;
	struct scatterlist sg[MODEL_SEGMENTS + 1], *sgs[MODEL_SEGMENTS];
	u8 *bytes;
	struct model_buf *bufs;
	struct model_fifo idle, added, taken, used;
	unsigned int unpublished, free;
	u16 place;
	u64 buffers, descs;
	enum model_wish wish;
	bool callbacks, armed, may_poll;
	unsigned int polled;
};

static inline unsigned int model_count(const struct model_fifo *q)
{
	return q->tail - q->head;
}

static inline u32 model_below(struct model *m, u32 n)
{
	return prandom_u32_state(&m->rnd) % n;
}

/* Return whether there was something to do. */
bool model_add(struct model *m);
bool model_kick(struct model *m);
bool model_get(struct model *m);
bool model_callbacks(struct model *m);
bool model_take(struct model *m);
bool model_complete(struct model *m);
bool model_wish(struct model *m);

void model_shutdown(struct model *m);

#endif /* _VIRTIO_RING_MODEL_H */
