// SPDX-License-Identifier: GPL-2.0
/*
 * The socket where guests connect: one is served at a time, however often one comes back.
 *
 * A guest that reboots connects anew, and one whose launcher was killed finds the next
 * there.  Knows the hello and the doorbells; what they are about is page.c's.
 */
#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "hello.h"
#include "loop.h"
#include "memory.h"
#include "page.h"
#include "say.h"
#include "socket.h"

/* Who connects and says nothing is in the way of others. */
#define HELLO_SECONDS	10

static void listener_ready(struct watch *watch, uint32_t events);
static void guest_ready(struct watch *watch, uint32_t events);
static void doorbell_ready(struct watch *watch, uint32_t events);
static void process_ready(struct watch *watch, uint32_t events);
static void hello_late(struct watch *watch, uint32_t events);
static void refused_ready(struct watch *watch, uint32_t events);
static void before_wait(struct turn *turn, int *timeout);

static struct watch listener = { .fd = -1, .ready = listener_ready };
static struct watch guest = { .fd = -1, .ready = guest_ready };
static struct watch doorbell = { .fd = -1, .ready = doorbell_ready };
static struct watch process = { .fd = -1, .ready = process_ready };
static struct watch timer = { .fd = -1, .ready = hello_late };
/* The last of those that came while another was served. */
static struct watch refused = { .fd = -1, .ready = refused_ready };
static struct turn turn = { .before = before_wait };
static struct hello hello;
static bool served, watch_process;
static pid_t process_pid;

static void fill_address(struct sockaddr_un *address, const char *path)
{
	if (strlen(path) >= sizeof(address->sun_path))
		die("%s: a path of %zu characters, expected at most %zu for a socket", path,
		    strlen(path), sizeof(address->sun_path) - 1);
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, strlen(path));
}

int socket_connect(const char *path)
{
	struct sockaddr_un address;
	int fd;

	fill_address(&address, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* A launcher that was killed leaves its socket; one that runs listens on it. */
static void replace_stale(const char *path)
{
	struct stat stat;
	int fd;

	if (lstat(path, &stat))
		return;
	if (!S_ISSOCK(stat.st_mode))
		die("%s: found a file that is no socket, expected none, or one to replace", path);
	fd = socket_connect(path);
	if (fd >= 0)
		die("%s: another process listens there, expected a path of this launcher's own",
		    path);
	if (fd == -ECONNREFUSED && unlink(path))
		die("%s: %s", path, strerror(errno));
}

int socket_listen(const char *path)
{
	struct sockaddr_un address;
	int fd;

	fill_address(&address, path);
	replace_stale(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 8))
		die("%s: %s", path, strerror(errno));
	return fd;
}

static void unwatch(struct watch *watch)
{
	loop_remove(watch);
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = -1;
}

/* The first is watched already if the process has connected before. */
static void watch_peer(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (!watch_process || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return;
	if (process.fd >= 0 && process_pid == peer.pid)
		return;
	unwatch(&process);
	process_pid = peer.pid;
	process.fd = pidfd_open(peer.pid, 0);
	if (process.fd < 0 || loop_add(&process, EPOLLIN))
		say("the guest's process, %d: %s: its end will not be seen",
		    peer.pid, strerror(errno));
}

static void process_ready(struct watch *watch, uint32_t events)
{
	(void)watch;
	(void)events;
	say("the guest, process %d, has ended", process_pid);
	socket_disconnect();
	loop_end(0);
}

bool socket_end_peer(void)
{
	return process.fd >= 0 && !pidfd_send_signal(process.fd, SIGTERM, NULL, 0);
}

static void answer(int fd, int error)
{
	struct virtio_page_welcome welcome = {
		.magic = htole32(VIRTIO_PAGE_WELCOME), .error = htole32(error),
	};

	/* A guest that has gone meanwhile is seen to be. */
	send(fd, &welcome, sizeof(welcome), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Its hello is waited for, since it is still being sent: the answer would not be read. */
static void refuse(int fd)
{
	answer(fd, EBUSY);
	unwatch(&refused);
	refused.fd = fd;
	loop_add(&refused, EPOLLIN);
}

static void refused_ready(struct watch *watch, uint32_t events)
{
	(void)events;
	unwatch(watch);
}

/*
 * Has the guest that we know gone?  Its end and the next may come in one turn.  One that
 * has left a doorbell unread is a connection that was reset.
 */
static bool is_over(void)
{
	char byte;
	ssize_t n = recv(guest.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return !n || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static void listener_ready(struct watch *watch, uint32_t events)
{
	struct itimerspec soon = { .it_value.tv_sec = HELLO_SECONDS };
	int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return;
	if (guest.fd >= 0 && is_over())
		socket_disconnect();
	if (guest.fd >= 0) {
		say("another guest has connected, expected one at a time: refused");
		refuse(fd);
		return;
	}
	guest.fd = fd;
	watch_peer(fd);
	loop_add(&guest, EPOLLIN | EPOLLRDHUP);
	timerfd_settime(timer.fd, 0, &soon, NULL);
}

static void hello_late(struct watch *watch, uint32_t events)
{
	uint64_t count;

	(void)events;
	if (read(watch->fd, &count, sizeof(count)) < 0 || served || guest.fd < 0)
		return;
	say("a guest has said nothing for %d seconds, expected its hello: disconnected",
	    HELLO_SECONDS);
	socket_disconnect();
}

/* 0, or -errno for the guest. */
static int serve(void)
{
	int err = hello_check(&hello);

	if (err)
		return err;
	err = memory_map(hello.fd[0], le64toh(hello.text.start), le64toh(hello.text.length),
			 le64toh(hello.text.offset));
	if (err) {
		say("the guest's memory can't be mapped: %s", strerror(-err));
		return err;
	}
	err = page_open(le64toh(hello.text.page), le64toh(hello.text.page_length));
	if (err)
		return err;
	/*
	 * Each write is an event, and none has to be read: a guest that reads its own
	 * doorbell can't make us wait.
	 */
	doorbell.fd = hello.fd[1];
	err = loop_add(&doorbell, EPOLLIN | EPOLLET);
	hello.fds = 1;
	return err;
}

static void greet(void)
{
	int n = hello_receive(&hello, guest.fd);
	int err;

	if (!n)
		return;
	if (n < 0) {
		say("a guest has gone after %zu bytes of %zu of its hello",
		    hello.bytes, sizeof(hello.text));
		socket_disconnect();
		return;
	}
	err = serve();
	answer(guest.fd, -err);
	if (err) {
		socket_disconnect();
		return;
	}
	/* The mapping stays. */
	hello_close(&hello);
	served = true;
}

static void guest_ready(struct watch *watch, uint32_t events)
{
	char bytes[64];
	ssize_t n;

	(void)events;
	if (!served) {
		greet();
		return;
	}
	n = recv(watch->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		say("the guest has sent %zd bytes after its hello, expected none: disconnected", n);
	socket_disconnect();
}

static void doorbell_ready(struct watch *watch, uint32_t events)
{
	(void)watch;
	(void)events;
	page_look();
}

static void before_wait(struct turn *turn, int *timeout)
{
	(void)turn;
	(void)timeout;
	if (!served || !memory_torn())
		return;
	say("the guest's memory: found its file cut while in use, expected it to stay: disconnected");
	socket_disconnect();
}

void socket_serve(const char *path, bool attach)
{
	watch_process = attach;
	listener.fd = socket_listen(path);
	timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (timer.fd < 0 || loop_add(&timer, EPOLLIN) || loop_add(&listener, EPOLLIN))
		die("%s: %s", path, strerror(errno));
	loop_each_turn(&turn);
}

void socket_disconnect(void)
{
	page_close();
	served = false;
	unwatch(&guest);
	unwatch(&doorbell);
	hello_close(&hello);
	memory_unmap();
}

/* One byte that waits is as good as many. */
void socket_ring(void)
{
	if (served)
		send(guest.fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}
