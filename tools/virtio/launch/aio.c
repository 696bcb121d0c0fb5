// SPDX-License-Identifier: GPL-2.0
/*
 * Which way to read and write files there is on this machine, and the plain one.
 */
#include <errno.h>
#include <stddef.h>

#include "aio.h"

ssize_t aio_move(int fd, const struct aio *aio, int more_flags)
{
	int flags = aio->flags | more_flags;
	ssize_t n;

	do {
		if (aio->op == AIO_READ)
			n = preadv2(fd, aio->iov, aio->iovs, aio->offset, flags);
		else
			n = pwritev2(fd, aio->iov, aio->iovs, aio->offset, flags);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static struct aio_engine *create_uring(int fd, unsigned int depth)
{
#ifdef HAVE_URING
	return aio_uring.create(fd, depth);
#else
	(void)fd;
	(void)depth;
	return NULL;
#endif
}

struct aio_engine *aio_create(enum aio_choice choice, int fd, unsigned int depth,
			      const char **why)
{
	struct aio_engine *engine = NULL;

	if (choice != AIO_THREADS)
		engine = create_uring(fd, depth);
	if (!engine && choice != AIO_URING)
		engine = aio_threads.create(fd, depth);
	if (!engine)
		*why = choice == AIO_THREADS ? "found no threads to be had" :
		       "found no io_uring, in this kernel or in this build: use aio=threads";
	return engine;
}
