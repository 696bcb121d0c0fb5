// SPDX-License-Identifier: GPL-2.0
/*
 * Requests by io_uring: one system call for all of a turn.
 *
 * The kernel tries each at once and ends it then if the page cache has what it needs, so a
 * batch of those is done when it is submitted.  The others wake the loop by the ring's
 * descriptor.
 */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "aio.h"
#include "at_once.h"
#include "loop.h"
#include "say.h"

struct uring {
	struct aio_engine engine;
	struct io_uring ring;
	struct watch watch;
	struct at_once file;
	struct aio_list added;
	unsigned int prepared;
};

static struct uring *to_uring(struct aio_engine *engine)
{
	return container_of(engine, struct uring, engine);
}

static void reap(struct uring *u)
{
	struct io_uring_cqe *cqe;

	while (!io_uring_peek_cqe(&u->ring, &cqe)) {
		struct aio *aio = io_uring_cqe_get_data(cqe);

		aio->result = cqe->res;
		io_uring_cqe_seen(&u->ring, cqe);
		u->engine.in_flight--;
		u->engine.done(&u->engine, aio);
	}
}

static void prepare(struct io_uring_sqe *sqe, const struct aio *aio)
{
	switch (aio->op) {
	case AIO_READ:
		if (aio->iovs == 1)
			io_uring_prep_read(sqe, 0, aio->iov->iov_base, aio->iov->iov_len,
					   aio->offset);
		else
			io_uring_prep_readv(sqe, 0, aio->iov, aio->iovs, aio->offset);
		break;
	case AIO_WRITE:
		if (aio->iovs == 1)
			io_uring_prep_write(sqe, 0, aio->iov->iov_base, aio->iov->iov_len,
					    aio->offset);
		else
			io_uring_prep_writev(sqe, 0, aio->iov, aio->iovs, aio->offset);
		sqe->rw_flags = aio->flags;
		break;
	case AIO_SYNC:
		io_uring_prep_fsync(sqe, 0, IORING_FSYNC_DATASYNC);
		break;
	case AIO_ALLOCATE:
		io_uring_prep_fallocate(sqe, 0, aio->flags, aio->offset, aio->length);
		break;
	}
	/* The file is the ring's number 0. */
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
}

/* The kernel tries reads itself, but hands all that is written to a thread, with some files. */
static bool ends_at_once(struct uring *u, struct aio *aio)
{
	if (aio->op != AIO_WRITE || !at_once_try(&u->file, aio))
		return false;
	u->engine.in_flight--;
	u->engine.done(&u->engine, aio);
	return true;
}

static void prepare_all(struct uring *u)
{
	struct aio *aio;

	while ((aio = aio_list_take(&u->added))) {
		struct io_uring_sqe *sqe;

		if (ends_at_once(u, aio))
			continue;
		/* There are as many as there are requests. */
		sqe = io_uring_get_sqe(&u->ring);
		prepare(sqe, aio);
		io_uring_sqe_set_data(sqe, aio);
		u->prepared++;
	}
}

static void submit_prepared(struct uring *u)
{
	int n = io_uring_submit(&u->ring);

	if (n > 0)
		u->prepared -= n;
	else if (n != -EAGAIN && n != -EBUSY && n != -EINTR)
		die("io_uring: %s", n ? strerror(-n) : "nothing was submitted");
}

static void uring_submit(struct aio_engine *engine)
{
	struct uring *u = to_uring(engine);

	/* One that has ended may have added the rest of itself. */
	do {
		prepare_all(u);
		if (u->prepared)
			submit_prepared(u);
		reap(u);
	} while (u->prepared || u->added.first);
}

static void uring_ready(struct watch *watch, uint32_t events)
{
	struct uring *u = container_of(watch, struct uring, watch);

	(void)events;
	uring_submit(&u->engine);
}

static void uring_drain(struct aio_engine *engine)
{
	struct uring *u = to_uring(engine);

	uring_submit(engine);
	while (engine->in_flight) {
		int err = io_uring_submit_and_wait(&u->ring, 1);

		if (err < 0 && err != -EINTR)
			die("io_uring: %s", strerror(-err));
		uring_submit(engine);
	}
}

static void uring_add(struct aio_engine *engine, struct aio *aio)
{
	engine->in_flight++;
	aio_list_put(&to_uring(engine)->added, aio);
}

static void uring_destroy(struct aio_engine *engine)
{
	struct uring *u = to_uring(engine);

	loop_remove(&u->watch);
	io_uring_queue_exit(&u->ring);
	free(u);
}

static struct aio_engine *uring_create(int fd, unsigned int depth)
{
	struct uring *u = need(sizeof(*u));

	if (io_uring_queue_init(depth, &u->ring, 0)) {
		free(u);
		return NULL;
	}
	u->engine.type = &aio_uring;
	u->file.fd = fd;
	aio_list_init(&u->added);
	u->watch.fd = u->ring.ring_fd;
	u->watch.ready = uring_ready;
	if (io_uring_register_files(&u->ring, &fd, 1) || loop_add(&u->watch, EPOLLIN)) {
		io_uring_queue_exit(&u->ring);
		free(u);
		return NULL;
	}
	return &u->engine;
}

const struct aio_type aio_uring = {
	.name = "io_uring",
	.create = uring_create,
	.add = uring_add,
	.submit = uring_submit,
	.drain = uring_drain,
	.destroy = uring_destroy,
};
