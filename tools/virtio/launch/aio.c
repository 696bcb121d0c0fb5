// SPDX-License-Identifier: GPL-2.0
/*
 * Which way to read and write files there is on this machine.
 */
#include <stddef.h>

#include "aio.h"

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
