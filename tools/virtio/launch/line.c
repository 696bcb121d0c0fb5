// SPDX-License-Identifier: GPL-2.0
/*
 * Where the console leads: stdin and stdout, a client of a socket, or nowhere.
 *
 * What was read and the guest has no room for is kept, and nothing is read until that is
 * taken.  On a terminal Ctrl-A is ours, as it is with others of our kind: x ends the guest,
 * a second Ctrl-A is one for it.  Knows no device.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "line.h"
#include "loop.h"
#include "ring.h"
#include "say.h"
#include "socket.h"
#include "terminal.h"

#define ESCAPE		1	/* Ctrl-A */

static void input_ready(struct watch *watch, uint32_t events);
static void output_ready(struct watch *watch, uint32_t events);
static void client_ready(struct watch *watch, uint32_t events);
static void listener_ready(struct watch *watch, uint32_t events);
static void read_on(struct work *work);
static void write_on(struct work *work);

static struct watch in = { .fd = -1, .ready = input_ready };
static struct watch out = { .fd = -1, .ready = output_ready };
static struct watch listener = { .fd = -1, .ready = listener_ready };
/* Of a file, which is always ready and can't be waited for. */
static struct work read_more = { .run = read_on };
static struct work write_more = { .run = write_on };

static struct {
	size_t (*input)(const char *bytes, size_t count);
	void (*output)(void);
	void (*quit)(void);
	const char *path;
	bool terminal, escaped, input_wanted, output_wanted, input_ended;
	char kept[256];
	size_t keeps;
} line;

/* The guest's are what is left of @count bytes; returns how many those are. */
static size_t take_escapes(char *bytes, size_t count)
{
	size_t i, n = 0;

	for (i = 0; i < count; i++) {
		if (line.escaped) {
			line.escaped = false;
			if (bytes[i] == 'x')
				line.quit();
			else if (bytes[i] == ESCAPE)
				bytes[n++] = ESCAPE;
		} else if (bytes[i] == ESCAPE) {
			line.escaped = true;
		} else {
			bytes[n++] = bytes[i];
		}
	}
	return n;
}

/* One socket is watched for both ways, a pair of files each for its own. */
static void watch_again(void)
{
	bool reads = line.input_wanted && !line.keeps && !line.input_ended;

	if (line.path) {
		if (in.fd >= 0)
			loop_change(&in, (reads ? EPOLLIN : 0) | (line.output_wanted ? EPOLLOUT : 0));
		return;
	}
	if (in.added)
		loop_change(&in, reads ? EPOLLIN : 0);
	else if (in.fd >= 0 && reads)
		loop_defer(&read_more);
	if (out.added)
		loop_change(&out, line.output_wanted ? EPOLLOUT : 0);
	else if (out.fd >= 0 && line.output_wanted)
		loop_defer(&write_more);
}

static void give(void)
{
	while (line.keeps) {
		size_t n = line.input(line.kept, line.keeps);

		if (!n) {
			line.input_wanted = false;
			break;
		}
		line.keeps -= n;
		memmove(line.kept, line.kept + n, line.keeps);
	}
	watch_again();
}

/* Returns false at its end. */
static bool read_some(void)
{
	ssize_t n = read(in.fd, line.kept, sizeof(line.kept));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	line.keeps = line.terminal ? take_escapes(line.kept, n) : (size_t)n;
	give();
	return true;
}

/* The guest goes on without it: it is up to the user what the end of a file means. */
static void end_input(void)
{
	line.input_ended = true;
	loop_remove(&in);
	watch_again();
}

static void input_ready(struct watch *watch, uint32_t events)
{
	(void)watch;
	if (line.input_wanted && !line.keeps) {
		if (!read_some())
			end_input();
	} else if (events & (EPOLLHUP | EPOLLERR)) {
		/* It comes whether it is waited for or not.  What is there is read later. */
		loop_remove(&in);
	}
}

static void read_on(struct work *work)
{
	(void)work;
	if (line.input_wanted && !line.keeps && !line.input_ended && !read_some())
		line.input_ended = true;
}

/* Nobody will ever read what is written there. */
static void end_output(void)
{
	loop_remove(&out);
	close(out.fd);
	out.fd = -1;
}

static void output_ready(struct watch *watch, uint32_t events)
{
	(void)watch;
	if (events & (EPOLLERR | EPOLLHUP))
		end_output();
	line.output();
}

static void write_on(struct work *work)
{
	(void)work;
	line.output();
}

static void drop_client(void)
{
	loop_remove(&in);
	close(in.fd);
	in.fd = -1;
	out.fd = -1;
	line.keeps = 0;
	/* Output that waited for it is for nobody now. */
	line.output();
}

static void client_ready(struct watch *watch, uint32_t events)
{
	if (events & EPOLLOUT)
		line.output();
	if (watch->fd >= 0 && events & EPOLLIN && line.input_wanted && !line.keeps && !read_some())
		drop_client();
	else if (watch->fd >= 0 && events & (EPOLLHUP | EPOLLERR))
		drop_client();
}

static void listener_ready(struct watch *watch, uint32_t events)
{
	static const char busy[] = "launch: the console has a client already\r\n";
	int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return;
	if (in.fd >= 0) {
		send(fd, busy, sizeof(busy) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		close(fd);
		return;
	}
	in.fd = fd;
	out.fd = fd;
	loop_add(&in, 0);
	watch_again();
}

static void open_stdio(void)
{
	line.terminal = isatty(STDIN_FILENO);
	terminal_take();
	in.fd = terminal_reopen(STDIN_FILENO, O_RDONLY);
	out.fd = terminal_reopen(STDOUT_FILENO, O_WRONLY);
	if (in.fd >= 0)
		loop_add(&in, 0);
	if (out.fd >= 0)
		loop_add(&out, 0);
}

bool line_open(const char *where, size_t (*input)(const char *bytes, size_t count),
	       void (*output)(void), void (*quit)(void))
{
	line.input = input;
	line.output = output;
	line.quit = quit;
	if (!strcmp(where, "none"))
		return false;
	if (!strcmp(where, "stdio")) {
		open_stdio();
		return true;
	}
	line.path = where;
	in.ready = client_ready;
	listener.fd = socket_listen(where);
	if (loop_add(&listener, EPOLLIN))
		die("%s: %s", where, strerror(errno));
	return false;
}

static void let_go(struct watch *watch)
{
	loop_remove(watch);
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = -1;
}

void line_close(void)
{
	loop_forget(&read_more);
	loop_forget(&write_more);
	let_go(&in);
	if (line.path) {
		let_go(&listener);
		unlink(line.path);
	} else {
		let_go(&out);
		terminal_restore();
	}
}

static ssize_t write_some(const struct iovec *iov, unsigned int count)
{
	struct msghdr msg = { .msg_iov = (struct iovec *)iov, .msg_iovlen = count };
	ssize_t n = sendmsg(out.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno == ENOTSOCK)
		n = writev(out.fd, iov, count);
	return n;
}

uint64_t line_write(const struct iovec *iov, unsigned int count, uint64_t offset)
{
	struct iovec left[QUEUE_MAX], *at = left;
	uint64_t bytes;
	ssize_t n;

	memcpy(left, iov, count * sizeof(*iov));
	iov_skip(&at, &count, offset);
	bytes = iov_bytes(at, count);
	if (out.fd < 0 || !bytes)
		return bytes;
	n = write_some(at, count);
	if (n >= 0)
		return n;
	/* Who does not listen any more hears nothing. */
	return errno == EAGAIN || errno == EINTR ? 0 : bytes;
}

void line_wants_input(bool wanted)
{
	line.input_wanted = wanted;
	if (wanted)
		give();
	else
		watch_again();
}

void line_wants_output(bool wanted)
{
	line.output_wanted = wanted;
	watch_again();
}
