// SPDX-License-Identifier: GPL-2.0
/*
 * Where a console leads: stdin and stdout, a client of a socket, or nowhere.
 *
 * What was read and the guest has no room for is kept, and nothing is read until that is
 * taken.  On a terminal Ctrl-A is ours, as it is with others of our kind: x ends the guest,
 * a second Ctrl-A is one for it.  Called by console.c; knows no device.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
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

/**
 * struct line - a line
 * @in: what is read; both ways of a socket
 * @out: what is written, if it is another file; for a socket no more than its descriptor
 * @listener: of a socket
 * @read_on: reads a file that is always ready, and so can't be waited for
 * @write_on: likewise
 * @calls: who is at the near end
 * @quit: ends the guest
 * @user: likewise
 * @path: of a socket, or %NULL
 * @terminal: stdin is one
 * @escaped: Ctrl-A has come
 * @input_wanted: the guest has room
 * @output_wanted: it has more to say
 * @input_ended: there is no more of a file
 * @kept: read, and not taken yet
 * @keeps: so many bytes
 */
struct line {
	struct watch in, out, listener;
	struct work read_on, write_on;
	const struct line_user *calls;
	void (*quit)(void);
	void *user;
	const char *path;
	bool terminal, escaped, input_wanted, output_wanted, input_ended;
	char kept[256];
	size_t keeps;
};

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

static bool may_read(const struct line *line)
{
	return line->input_wanted && !line->keeps && !line->input_ended;
}

/* One socket is watched for both ways, a pair of files each for its own. */
static void watch_again(struct line *line)
{
	uint32_t reads = may_read(line) ? EPOLLIN : 0;
	uint32_t writes = line->output_wanted ? EPOLLOUT : 0;

	if (line->path) {
		if (line->in.fd >= 0)
			loop_change(&line->in, reads | writes);
		return;
	}
	if (line->in.added)
		loop_change(&line->in, reads);
	else if (line->in.fd >= 0 && reads)
		loop_defer(&line->read_on);
	if (line->out.added)
		loop_change(&line->out, writes);
	else if (line->out.fd >= 0 && writes)
		loop_defer(&line->write_on);
}

static void give(struct line *line)
{
	while (line->keeps) {
		size_t n = line->calls->input(line->user, line->kept, line->keeps);

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
}

static void input_ready(struct watch *watch, uint32_t events)
{
	struct line *line = container_of(watch, struct line, in);

	if (may_read(line)) {
		if (!read_some(line))
			end_input(line);
	} else if (events & (EPOLLHUP | EPOLLERR)) {
		/* It comes whether it is waited for or not.  What is there is read later. */
		loop_remove(watch);
	}
}

static void read_on(struct work *work)
{
	struct line *line = container_of(work, struct line, read_on);

	if (may_read(line) && !read_some(line))
		end_input(line);
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
	line->calls->output(line->user);
}

static void write_on(struct work *work)
{
	struct line *line = container_of(work, struct line, write_on);

	line->calls->output(line->user);
}

static void drop_client(struct line *line)
{
	loop_remove(&line->in);
	close(line->in.fd);
	line->in.fd = -1;
	line->out.fd = -1;
	line->keeps = 0;
	/* Output that waited for it is for nobody now. */
	line->calls->output(line->user);
}

static void client_ready(struct watch *watch, uint32_t events)
{
	struct line *line = container_of(watch, struct line, in);

	if (events & EPOLLOUT)
		line->calls->output(line->user);
	if (watch->fd < 0)
		return;
	if (events & EPOLLIN && may_read(line) ? !read_some(line) : events & (EPOLLHUP | EPOLLERR))
		drop_client(line);
}

static void listener_ready(struct watch *watch, uint32_t events)
{
	static const char busy[] = "launch: the console has a client already\r\n";
	struct line *line = container_of(watch, struct line, listener);
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

static void open_socket(struct line *line, const char *path)
{
	line->path = path;
	line->in.ready = client_ready;
	line->listener.fd = socket_listen(path);
	if (loop_add(&line->listener, EPOLLIN))
		die("%s: %s", path, strerror(errno));
}

struct line *line_open(const char *where, const struct line_user *calls, void (*quit)(void),
		       void *user)
{
	struct line *line = need(sizeof(*line));

	line->in = (struct watch){ .fd = -1, .ready = input_ready };
	line->out = (struct watch){ .fd = -1, .ready = output_ready };
	line->listener = (struct watch){ .fd = -1, .ready = listener_ready };
	line->read_on.run = read_on;
	line->write_on.run = write_on;
	line->calls = calls;
	line->quit = quit;
	line->user = user;
	if (!strcmp(where, "stdio"))
		open_stdio(line);
	else if (strcmp(where, "none"))
		open_socket(line, where);
	return line;
}

static void let_go(struct watch *watch)
{
	loop_remove(watch);
	if (watch->fd >= 0)
		close(watch->fd);
}

void line_close(struct line *line)
{
	loop_forget(&line->read_on);
	loop_forget(&line->write_on);
	let_go(&line->in);
	if (line->path) {
		let_go(&line->listener);
		unlink(line->path);
	} else {
		let_go(&line->out);
	}
	if (line->terminal)
		terminal_restore();
	free(line);
}

bool line_is_stdio(const struct line *line)
{
	return !line->path && line->out.fd >= 0;
}

static ssize_t write_some(int fd, const struct iovec *iov, unsigned int count)
{
	struct msghdr msg = { .msg_iov = (struct iovec *)iov, .msg_iovlen = count };
	ssize_t n = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno == ENOTSOCK)
		n = writev(fd, iov, count);
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
	n = write_some(line->out.fd, at, count);
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
