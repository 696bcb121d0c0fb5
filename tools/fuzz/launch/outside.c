// SPDX-License-Identifier: GPL-2.0
/*
 * What the launcher has around itself: a guest that connects, the file of a disk, the other
 * end of a cable, and somebody who reads its messages.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_page.h>
#include <linux/virtio_page_socket.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "aio.h"
#include "device.h"
#include "fuzz.h"
#include "line.h"
#include "loop.h"
#include "meet.h"
#include "say.h"
#include "signals.h"
#include "terminal.h"

/* So many for all that can be said once, and for each device and each connection. */
enum { WIRE_BYTES = 8192, MESSAGES = 64, MESSAGES_A_CONNECTION = 8 };

static int listener = -1;	/* an eventfd in the place of a listening socket */
static int connecting = -1;
static int guest = -1, doorbell = -1, memory_file = -1;
static int wire = -1;
static int disk_file = -1;
static unsigned int messages, connections;

/* In the place of bind(), listen() and accept4(), in the launcher's socket.c. */
int outside_bind(int fd, const struct sockaddr *address, socklen_t length)
{
	(void)address;
	(void)length;
	listener = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	expect(listener >= 0 && dup2(listener, fd) == fd, "an eventfd");
	return 0;
}

int outside_listen(int fd, int backlog)
{
	(void)fd;
	(void)backlog;
	return 0;
}

int outside_accept(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
	int who = connecting;
	eventfd_t count;

	(void)address;
	(void)length;
	(void)flags;
	eventfd_read(fd, &count);
	connecting = -1;
	errno = EAGAIN;
	return who;
}

/* In the place of setsockopt(): so little fits into the wire that it is full soon. */
int outside_setsockopt(int fd, int level, int option, const void *value, socklen_t length)
{
	int bytes = WIRE_BYTES;

	(void)value;
	(void)length;
	return setsockopt(fd, level, option, &bytes, sizeof(bytes));
}

/* In the place of say.c.  What is said is formed, and not shown. */
void say(const char *format, ...)
{
	char line[1024];
	va_list more;

	va_start(more, format);
	vsnprintf(line, sizeof(line), format, more);
	va_end(more);
	messages++;
	expect(messages <= MESSAGES + connections * MESSAGES_A_CONNECTION, "no flood: %s", line);
}

void die(const char *format, ...)
{
	va_list more;

	va_start(more, format);
	vfprintf(stderr, format, more);
	va_end(more);
	expect(false, "a guest does not end the launcher");
	abort();
}

void signals_crash(int signal)
{
	expect(false, "nothing is cut: signal %d", signal);
}

void *need(size_t bytes)
{
	void *p = calloc(1, bytes);

	expect(p, "%zu bytes", bytes);
	return p;
}

/* In the place of threads.c: requests end in the next turn, in order or the other way round. */
struct engine {
	struct aio_engine engine;
	struct aio *first;
	struct work work;
	int fd;
};

static bool backwards;

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
	drain(&container_of(work, struct engine, work)->engine);
}

static void submit(struct aio_engine *engine)
{
	loop_defer(&((struct engine *)engine)->work);
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

void outside_send(const void *message, size_t bytes)
{
	if (send(wire, message, bytes, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;		/* there are enough of them */
}

size_t outside_receive(void *message, size_t room)
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

void outside_type(const void *text, size_t bytes)
{
	if (bytes > sizeof(line.typed) - line.bytes)
		bytes = sizeof(line.typed) - line.bytes;
	memcpy(line.typed + line.bytes, text, bytes);
	line.bytes += bytes;
	loop_defer(&line.input);
}

/* Somebody else is at the other end at once, and nothing waits at the terminal. */
void outside_unplug(void)
{
	shutdown(wire, SHUT_RDWR);
	line.bytes = 0;
	loop_settle();
}

static void send_hello(const void *hello, size_t bytes, unsigned int fds)
{
	int fd[3] = { memory_file, doorbell, doorbell };
	union {
		char room[CMSG_SPACE(sizeof(fd))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { (void *)hello, bytes };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fds) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(fds * sizeof(int));
		control.align = (struct cmsghdr) { CMSG_LEN(fds * sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.align), fd, fds * sizeof(int));
	}
	sendmsg(guest, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void hang_up(void)
{
	if (guest >= 0)
		close(guest);
	guest = -1;
	loop_settle();
}

/* A guest that was there has gone; another comes with so much of a hello. */
void outside_connect(const void *hello, size_t bytes, unsigned int fds)
{
	int pair[2];

	hang_up();
	connections++;
	expect(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), "a pair");
	guest = pair[0];
	connecting = pair[1];
	eventfd_write(listener, 1);
	loop_settle();
	send_hello(hello, bytes, fds);
	loop_settle();
}

/* The launcher's doorbell.  What it has rung ours with is taken, and no more than one can. */
void outside_ring(void)
{
	char bytes[4096];

	eventfd_write(doorbell, 1);
	loop_settle();
	while (guest >= 0 && recv(guest, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

static void check_disk(void)
{
	struct stat stat;

	expect(!fstat(disk_file, &stat) && stat.st_size == DISK_BYTES, "the disk has %lld bytes",
	       (long long)stat.st_size);
}

void outside_begin(bool reverse)
{
	struct device *dev;

	backwards = reverse;
	messages = connections = 0;
	for (dev = devices_first(); dev; dev = dev->next)
		dev->lies = 0;
}

void outside_end(void)
{
	char frame[4096];

	hang_up();
	check_disk();
	while (outside_receive(frame, sizeof(frame)))
		;
}

static int make_file(const char *name, off_t bytes)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	expect(fd >= 0 && !ftruncate(fd, bytes), "a file");
	return fd;
}

/* Returns the path of the disk's file. */
char *outside_init(void)
{
	static char path[32];

	memory_file = make_file("guest", GUEST_LENGTH);
	disk_file = make_file("disk", DISK_BYTES);
	doorbell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", disk_file);
	return path;
}
