/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests to a file that end later, by io_uring or by threads.
 *
 * All is called in the loop, and done() is called in the loop.  Knows no guest.
 */
#ifndef _LAUNCH_AIO_H
#define _LAUNCH_AIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "options.h"

enum aio_op { AIO_READ, AIO_WRITE, AIO_SYNC, AIO_ALLOCATE };

/**
 * struct aio - a request
 * @op: what
 * @iov: buffers of a read or a write
 * @iovs: how many
 * @offset: in the file
 * @length: for AIO_ALLOCATE
 * @flags: RWF_* of a write; the mode of fallocate(2)
 * @result: bytes, 0, or -errno
 * @next: the engine's
 */
struct aio {
	enum aio_op op;
	struct iovec *iov;
	unsigned int iovs;
	uint64_t offset, length;
	int flags;
	ssize_t result;
	struct aio *next;
};

/**
 * struct aio_list - requests in their order
 * @first: the first
 * @end: where the next is put
 */
struct aio_list {
	struct aio *first, **end;
};

static inline void aio_list_init(struct aio_list *list)
{
	list->first = NULL;
	list->end = &list->first;
}

static inline void aio_list_put(struct aio_list *list, struct aio *aio)
{
	aio->next = NULL;
	*list->end = aio;
	list->end = &aio->next;
}

static inline struct aio *aio_list_take(struct aio_list *list)
{
	struct aio *aio = list->first;

	if (aio)
		list->first = aio->next;
	if (!list->first)
		list->end = &list->first;
	return aio;
}

struct aio_engine;

/**
 * struct aio_type - a way to do it
 * @name: "io_uring", "threads"
 * @create: for at most @depth requests at once on @fd; %NULL if this machine has none
 * @add: takes a request, which may end when it is submitted or later
 * @submit: all that were added; done() is called for those that have ended
 * @drain: waits for all, and calls done() for them
 * @destroy: when there are none
 */
struct aio_type {
	const char *name;
	struct aio_engine *(*create)(int fd, unsigned int depth);
	void (*add)(struct aio_engine *engine, struct aio *aio);
	void (*submit)(struct aio_engine *engine);
	void (*drain)(struct aio_engine *engine);
	void (*destroy)(struct aio_engine *engine);
};

/**
 * struct aio_engine - the common part of what an engine has
 * @type: its operations
 * @done: a request has ended, see its result; it may add others
 * @owner: of the one who asks
 * @in_flight: requests that were added and have not ended
 */
struct aio_engine {
	const struct aio_type *type;
	void (*done)(struct aio_engine *engine, struct aio *aio);
	void *owner;
	unsigned int in_flight;
};

extern const struct aio_type aio_threads;
#ifdef HAVE_URING
extern const struct aio_type aio_uring;
#endif

/* A read or a write, here and now, with RWF_* besides its own: bytes, or -errno. */
ssize_t aio_move(int fd, const struct aio *aio, int more_flags);
/* As chosen, or the best that there is; NULL, and a message in @why, if it is not there. */
struct aio_engine *aio_create(enum aio_choice choice, int fd, unsigned int depth,
			      const char **why);

#endif /* _LAUNCH_AIO_H */
