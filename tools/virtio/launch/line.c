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

/* The guest's are what is left of @count bytes; returns how many those are. */
static size_t take_escapes(struct line *line, char *bytes, size_t count)
{
	size_t i, n = 0;

	for (i = 0; i < count; i++) {
		if (line->escaped) {
			line->escaped = false;
			if (bytes[i] == 'x')
				line->quit();
			else if (bytes[i] == ESCAPE)
				bytes[n++] = ESCAPE;
		} else if (bytes[i] == ESCAPE) {
			line->escaped = true;
		} else {
			bytes[n++] = bytes[i];
		}
	}
	return n;
}

/* One socket is watched for both ways, a pair of files each for its own. */
static void watch_again(struct line *line)
{
	bool reads = line->input_wanted && !line->keeps && !line->input_ended;

	if (line->path) {
		if (line->in.fd >= 0)
			loop_change(&line->in, (reads ? EPOLLIN : 0) | (line->output_wanted ? EPOLLOUT : 0));
		return;
	}
	if (line->in.added)
		loop_change(&line->in, reads ? EPOLLIN : 0);
	else if (line->in.fd >= 0 && reads)
		loop_defer(&line->read_more);
	if (line->out.added)
		loop_change(&line->out, line->output_wanted ? EPOLLOUT : 0);
	else if (line->out.fd >= 0 && line->output_wanted)
		loop_defer(&line->write_more);
}

static void give(struct line *line)
{
	while (line->keeps) {
		size_t n = line->input(line, line->kept, line->keeps);

		if (!n) {
			line->input_wanted = false;
			break;
		}
		line->keeps -= n;
		memmove(line->kept, line->kept + n, line->keeps);
	}
	watch_again(line);
}

/* Returns false at its end. */
static bool read_some(struct line *line)
{
	ssize_t n = read(line->in.fd, line->kept, sizeof(line->kept));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	line->keeps = line->terminal ? take_escapes(line, line->kept, n) : (size_t)n;
	give(line);
	return true;
}

/* The guest goes on without it: it is up to the user what the end of a file means. */
static void end_input(struct line *line)
{
	line->input_ended = true;
	loop_remove(&line->in);
	watch_again(line);
}

static void input_ready(struct watch *watch, uint32_t events)
{
	struct line *line = container_of(watch, struct line, in);

	if (line->input_wanted && !line->keeps) {
		if (!read_some(line))
			end_input(line);
	} else if (events & (EPOLLHUP | EPOLLERR)) {
		/* It comes whether it is waited for or not.  What is there is read later. */
		loop_remove(&line->in);
	}
}

static void read_on(struct work *work)
{
	struct line *line = container_of(work, struct line, read_more);

	if (line->input_wanted && !line->keeps && !line->input_ended && !read_some(line))
		line->input_ended = true;
}

/* Nobody will ever read what is written there. */
static void end_output(struct line *line)
{
	loop_remove(&line->out);
	close(line->out.fd);
	line->out.fd = -1;
}

static void output_ready(struct watch *watch, uint32_t events)
{
	struct line *line = container_of(watch, struct line, out);

	if (events & (EPOLLERR | EPOLLHUP))
		end_output(line);
	line->output(line);
}

static void write_on(struct work *work)
{
	struct line *line = container_of(work, struct line, write_more);

	line->output(line);
}

static void drop_client(struct line *line)
{
	loop_remove(&line->in);
	close(line->in.fd);
	line->in.fd = -1;
	line->out.fd = -1;
	line->keeps = 0;
	/* Output that waited for it is for nobody now. */
	line->output(line);
}

static void client_ready(struct watch *watch, uint32_t events)
{
	struct line *line = container_of(watch, struct line, in);

	if (events & EPOLLOUT)
		line->output(line);
	if (watch->fd >= 0 && events & EPOLLIN && line->input_wanted && !line->keeps && !read_some(line))
		drop_client(line);
	else if (watch->fd >= 0 && events & (EPOLLHUP | EPOLLERR))
		drop_client(line);
}

static void listener_ready(struct watch *watch, uint32_t events)
{
	struct line *line = container_of(watch, struct line, listener);

	static const char busy[] = "launch: the console has a client already\r\n";
	int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return;
	if (line->in.fd >= 0) {
		send(fd, busy, sizeof(busy) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		close(fd);
		return;
	}
	line->in.fd = fd;
	line->out.fd = fd;
	loop_add(&line->in, 0);
	watch_again(line);
}

static void open_stdio(struct line *line)
{
	line->terminal = isatty(STDIN_FILENO);
	terminal_take();
	line->in.fd = terminal_reopen(STDIN_FILENO, O_RDONLY);
	line->out.fd = terminal_reopen(STDOUT_FILENO, O_WRONLY);
	if (line->in.fd >= 0)
		loop_add(&line->in, 0);
	if (line->out.fd >= 0)
		loop_add(&line->out, 0);
}

bool line_open(struct line *line, const char *where)
{
	line->in = (struct watch){ .fd = -1, .ready = input_ready };
	line->out = (struct watch){ .fd = -1, .ready = output_ready };
	line->listener = (struct watch){ .fd = -1, .ready = listener_ready };
	line->read_more.run = read_on;
	line->write_more.run = write_on;
	if (!strcmp(where, "none"))
		return false;
	if (!strcmp(where, "stdio")) {
		open_stdio(line);
		return true;
	}
	line->path = where;
	line->in.ready = client_ready;
	line->listener.fd = socket_listen(where);
	if (loop_add(&line->listener, EPOLLIN))
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

void line_close(struct line *line)
{
	loop_forget(&line->read_more);
	loop_forget(&line->write_more);
	let_go(&line->in);
	if (line->path) {
		let_go(&line->listener);
		unlink(line->path);
	} else {
		let_go(&line->out);
		terminal_restore();
	}
}

static ssize_t write_some(const struct line *line, const struct iovec *iov, unsigned int count)
{
	struct msghdr msg = { .msg_iov = (struct iovec *)iov, .msg_iovlen = count };
	ssize_t n = sendmsg(line->out.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno == ENOTSOCK)
		n = writev(line->out.fd, iov, count);
	return n;
}

uint64_t line_write(struct line *line, const struct iovec *iov, unsigned int count,
		    uint64_t offset)
{
	struct iovec left[QUEUE_MAX], *at = left;
	uint64_t bytes;
	ssize_t n;

	memcpy(left, iov, count * sizeof(*iov));
	iov_skip(&at, &count, offset);
	bytes = iov_bytes(at, count);
	if (line->out.fd < 0 || !bytes)
		return bytes;
	n = write_some(line, at, count);
	if (n >= 0)
		return n;
	/* Who does not listen any more hears nothing. */
	return errno == EAGAIN || errno == EINTR ? 0 : bytes;
}

void line_wants_input(struct line *line, bool wanted)
{
	line->input_wanted = wanted;
	if (wanted)
		give(line);
	else
		watch_again(line);
}

void line_wants_output(struct line *line, bool wanted)
{
	line->output_wanted = wanted;
	watch_again(line);
}
