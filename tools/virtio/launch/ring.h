/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device's side of a virtqueue, of either format.
 *
 * A type of device pops chains of buffers, and pushes them back when they are used, in any
 * order.  What was pushed is seen by the guest when it is published, once for a batch.
 * A guest that lies in a ring loses the device (device_lie()), and the queue is empty then.
 */
#ifndef _LAUNCH_RING_H
#define _LAUNCH_RING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/* No queue is larger, and so no chain is longer. */
#define QUEUE_MAX	256

struct device;
struct ring_format;

/**
 * struct chain - a chain of buffers: first those to read, then those to write
 * @id: the ring's
 * @places: descriptors that it takes in the ring; the ring's
 * @out: how many of @iov are to be read
 * @in: how many behind them are to be written
 * @iov: where they are
 */
struct chain {
	uint16_t id, places;
	uint16_t out, in;
	struct iovec iov[QUEUE_MAX];
};

/* Where the parts of a ring are, and how far it is.  Split: numbers run freely. */
struct ring {
	void *desc, *driver, *device;
	uint16_t next;			/* to be popped */
	uint16_t seen;			/* split: there are so many */
	uint16_t used;			/* to be pushed */
	uint16_t published;		/* split: so many were shown */
	uint16_t pushed;		/* packed: places since then */
	uint16_t first, first_flags;	/* packed: of them, written last */
	bool next_wrap, used_wrap;	/* packed */
};

/**
 * struct queue - a virtqueue
 * @dev: its device
 * @index: its number there
 * @offered: the largest size, a power of 2 not over QUEUE_MAX
 * @format: of its ring; %NULL while it isn't enabled
 * @size: that the driver chose
 * @events: VIRTIO_RING_F_EVENT_IDX was taken
 * @indirect: VIRTIO_RING_F_INDIRECT_DESC was taken
 * @in_flight: places that were popped and not pushed
 * @ring: the rest
 */
struct queue {
	struct device *dev;
	unsigned int index;
	uint16_t offered;

	const struct ring_format *format;
	uint16_t size;
	bool events, indirect;
	uint16_t in_flight;
	struct ring ring;
};

/* The next chain: true, or false if there is none. */
bool queue_pop(struct queue *q, struct chain *chain);
/* @written bytes of its buffers were written, from the first on. */
void queue_push(struct queue *q, const struct chain *chain, uint32_t written);
/* Shows what was pushed, and rings the guest's doorbell if it wants that. */
void queue_publish(struct queue *q);

/* No kicks until queue_sleep(); for as long as the queue is looked at anyway. */
void queue_wake(struct queue *q);
/* Asks for a kick.  False: something came meanwhile, so go on instead. */
bool queue_sleep(struct queue *q);

static inline const struct iovec *chain_out(const struct chain *chain)
{
	return chain->iov;
}

static inline const struct iovec *chain_in(const struct chain *chain)
{
	return chain->iov + chain->out;
}

/* Bytes of @count buffers. */
uint64_t iov_bytes(const struct iovec *iov, unsigned int count);
/* Copies what is there of @length bytes, @offset bytes behind the first; returns how many. */
uint64_t iov_read(const struct iovec *iov, unsigned int count, uint64_t offset,
		  void *to, uint64_t length);
uint64_t iov_write(const struct iovec *iov, unsigned int count, uint64_t offset,
		   const void *from, uint64_t length);
/* Leaves the first @bytes out; the buffers change. */
void iov_skip(struct iovec **iov, unsigned int *count, uint64_t bytes);

#endif /* _LAUNCH_RING_H */
