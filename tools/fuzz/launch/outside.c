// SPDX-License-Identifier: GPL-2.0
/*
 * What the launcher has around itself: a guest that connects, the file of a disk, and
 * somebody who reads its messages.  What devices lead to is in ends.c.
 */
#include <errno.h>
#include <linux/virtio_page.h>
#include <linux/virtio_page_socket.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "device.h"
#include "fuzz.h"
#include "say.h"
#include "signals.h"

/* So many for all that can be said once, and for each device and each connection. */
enum { WIRE_BYTES = 8192, MESSAGES = 64, MESSAGES_A_CONNECTION = 8 };

static int listener = -1;	/* an eventfd in the place of a listening socket */
static int connecting = -1;
static int guest = -1, doorbell = -1, memory_file = -1;
static int disk_file = -1;
static int limit = -1;		/* the launcher's, for a hello */
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

static char line[1024] = "nothing";

const char *outside_said(void)
{
	return line;
}

/* In the place of say.c.  What is said is formed, and shown with a finding. */
void say(const char *format, ...)
{
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

/*
 * In the place of timerfd_settime(): what the launcher waits for with a limit comes at once
 * here, or not at all, and a machine that stands still for that long is no finding.
 */
int outside_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old)
{
	(void)flags;
	(void)value;
	(void)old;
	limit = fd;
	return 0;
}

/* It is up. */
void outside_late(void)
{
	const struct itimerspec now = { .it_value.tv_nsec = 1 };
	struct pollfd up = { .fd = limit, .events = POLLIN };

	expect(!timerfd_settime(limit, 0, &now, NULL) && poll(&up, 1, -1) == 1, "a timer");
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
		control.align = (struct cmsghdr) {
			CMSG_LEN(fds * sizeof(int)), SOL_SOCKET, SCM_RIGHTS,
		};
		memcpy(CMSG_DATA(&control.align), fd, fds * sizeof(int));
	}
	sendmsg(guest, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Shut down, as a close takes effect when nobody else looks at the descriptor, in /proc say. */
static void hang_up(void)
{
	if (guest >= 0) {
		shutdown(guest, SHUT_RDWR);
		close(guest);
	}
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

/* The launcher's doorbell; what it begins with is not waited for. */
void outside_ring_and_go(void)
{
	eventfd_write(doorbell, 1);
	loop_turn();
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

	ends_begin(reverse);
	messages = 0;
	connections = 0;
	for (dev = devices_first(); dev; dev = dev->next)
		dev->lies = 0;
}

void outside_end(void)
{
	char frame[4096];

	hang_up();
	check_disk();
	while (ends_receive(frame, sizeof(frame)))
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
