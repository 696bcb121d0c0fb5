// SPDX-License-Identifier: GPL-2.0
/*
 * What devices lead to: the engine of a disk, the other end of a cable, a terminal.
 * outside.c has what the launcher itself has around it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "aio.h"
#include "device.h"
#include "fuzz.h"
#include "line.h"
#include "loop.h"
#include "meet.h"
#include "say.h"
#include "terminal.h"

static int wire = -1;

/* In the place of threads.c: requests end some turns later, in order or the other way round. */
struct engine {
	struct aio_engine engine;
	struct aio *first;
	struct work work;
	unsigned int turns;
	int fd;
};

static bool backwards;

void ends_begin(bool reverse)
{
	backwards = reverse;
}

static void add(struct aio_engine *engine, struct aio *aio)
{
	struct engine *e = (struct engine *)engine;
	struct aio **at = &e->first;

	while (*at && !backwards)
		at = &(*at)->next;
	aio->next = *at;
	*at = aio;
	engine->in_flight++;
}

static ssize_t perform(int fd, const struct aio *aio)
{
	switch (aio->op) {
	case AIO_READ:
		return preadv2(fd, aio->iov, aio->iovs, aio->offset, 0);
	case AIO_WRITE:
		return pwritev2(fd, aio->iov, aio->iovs, aio->offset, aio->flags);
	case AIO_SYNC:
		return fdatasync(fd);
	case AIO_ALLOCATE:
		return fallocate(fd, aio->flags, aio->offset, aio->length);
	}
	return -1;
}

static void drain(struct aio_engine *engine)
{
	struct engine *e = (struct engine *)engine;
	struct aio *aio;

	while ((aio = e->first)) {
		e->first = aio->next;
		engine->in_flight--;
		aio->result = perform(e->fd, aio);
		if (aio->result < 0)
			aio->result = -errno;
		engine->done(engine, aio);
	}
}

static void work(struct work *work)
{
	struct engine *e = container_of(work, struct engine, work);

	if (e->turns--)
		loop_defer(work);
	else
		drain(&e->engine);
}

static void submit(struct aio_engine *engine)
{
	struct engine *e = (struct engine *)engine;

	e->turns = 2;
	loop_defer(&e->work);
}

static void destroy(struct aio_engine *engine)
{
	loop_forget(&((struct engine *)engine)->work);
	free(engine);
}

static struct aio_engine *create(int fd, unsigned int depth)
{
	struct engine *e = need(sizeof(*e));

	(void)depth;
	e->engine.type = &aio_threads;
	e->work.run = work;
	e->fd = fd;
	return &e->engine;
}

const struct aio_type aio_threads = { "fuzz", create, add, submit, drain, destroy };

/* In the place of meet.c: there is always somebody. */
int meet_init(struct meeting *m, const char *path)
{
	(void)path;
	m->waiting = -1;
	return 0;
}

int meet_come(struct meeting *m)
{
	int pair[2];

	(void)m;
	expect(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), "a pair");
	if (wire >= 0)
		close(wire);
	wire = pair[0];
	return pair[1];
}

int meet_accept(struct meeting *m)
{
	(void)m;
	return -EAGAIN;
}

void meet_leave(struct meeting *m)
{
	(void)m;
}

void ends_send(const void *message, size_t bytes)
{
	if (send(wire, message, bytes, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;		/* there are enough of them */
}

size_t ends_receive(void *message, size_t room)
{
	ssize_t n = recv(wire, message, room, MSG_DONTWAIT);

	return n < 0 ? 0 : n;
}

/* In the place of line.c: what is typed waits until it is wanted, and output is taken by halves. */
static struct line {
	const struct line_user *calls;
	void *user;
	char typed[512];
	size_t bytes;
	bool input_wanted;
	struct work input, output;
} line;

static void run_input(struct work *work)
{
	size_t n = 0;

	if (line.input_wanted && line.bytes)
		n = line.calls->input(line.user, line.typed, line.bytes);
	line.bytes -= n;
	memmove(line.typed, line.typed + n, line.bytes);
	line.input_wanted &= !!n;
	if (n)
		loop_defer(work);
}

static void run_output(struct work *work)
{
	(void)work;
	line.calls->output(line.user);
}

struct line *line_open(const char *where, const struct line_user *calls, void (*quit)(void),
		       void *user)
{
	(void)where;
	(void)quit;
	line = (struct line) { .calls = calls, .user = user,
			       .input.run = run_input, .output.run = run_output };
	return &line;
}

void line_close(struct line *l)
{
	(void)l;
}

bool line_is_stdio(const struct line *l)
{
	(void)l;
	return false;
}

uint64_t line_write(struct line *l, const struct iovec *iov, unsigned int count, uint64_t offset)
{
	uint64_t left = iov_bytes(iov, count) - offset;
	char part[100];

	(void)l;
	iov_read(iov, count, offset, part, sizeof(part));
	return left ? left / 2 + 1 : 0;
}

void line_wants_input(struct line *l, bool wanted)
{
	l->input_wanted = wanted;
	if (wanted)
		loop_defer(&l->input);
}

void line_wants_output(struct line *l, bool wanted)
{
	if (wanted)
		loop_defer(&l->output);
	else
		loop_forget(&l->output);
}

void terminal_size(uint16_t *columns, uint16_t *rows)
{
	*columns = 0;
	*rows = 0;
}

void ends_type(const void *text, size_t bytes)
{
	if (bytes > sizeof(line.typed) - line.bytes)
		bytes = sizeof(line.typed) - line.bytes;
	memcpy(line.typed + line.bytes, text, bytes);
	line.bytes += bytes;
	loop_defer(&line.input);
}

/* Somebody else is at the other end at once, and nothing waits at the terminal. */
void ends_unplug(void)
{
	shutdown(wire, SHUT_RDWR);
	line.bytes = 0;
	loop_settle();
}
