// SPDX-License-Identifier: GPL-2.0
/*
 * The control socket: a line comes, a line goes back.  Knows no command.
 *
 * A few may be connected at once, so that one who forgets to leave is not in the way.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "loop.h"
#include "say.h"
#include "socket.h"

#define CLIENTS		8
#define LINE		1024
#define ANSWER		4096

struct client {
	struct watch watch;
	char line[LINE];
	size_t bytes;
};

static void listener_ready(struct watch *watch, uint32_t events);

static struct watch listener = { .fd = -1, .ready = listener_ready };
static struct client clients[CLIENTS];
static const char *socket_path;
static void (*on_quit)(void);

static void drop(struct client *client)
{
	loop_remove(&client->watch);
	close(client->watch.fd);
	client->watch.fd = -1;
}

static void answer(struct client *client, const char *text)
{
	char line[ANSWER + 1];
	size_t n = strlen(text);

	memcpy(line, text, n);
	line[n++] = '\n';
	if (send(client->watch.fd, line, n, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)n)
		drop(client);
}

static void run(struct client *client, char *line)
{
	char text[ANSWER];

	command_run(line, text, sizeof(text), on_quit);
	answer(client, text);
}

static void run_lines(struct client *client)
{
	char *end;

	while (client->watch.fd >= 0 && (end = memchr(client->line, '\n', client->bytes))) {
		size_t n = end + 1 - client->line;

		*end = 0;
		run(client, client->line);
		client->bytes -= n;
		memmove(client->line, end + 1, client->bytes);
	}
}

static void client_ready(struct watch *watch, uint32_t events)
{
	struct client *client = container_of(watch, struct client, watch);
	ssize_t n;

	(void)events;
	n = recv(watch->fd, client->line + client->bytes, LINE - client->bytes, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop(client);
		return;
	}
	client->bytes += n;
	run_lines(client);
	if (client->bytes == LINE && watch->fd >= 0) {
		answer(client, "error: found a line of more than 1023 characters, expected a command");
		if (watch->fd >= 0)
			drop(client);
	}
}

static void listener_ready(struct watch *watch, uint32_t events)
{
	int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	size_t i;

	(void)events;
	for (i = 0; fd >= 0 && i < CLIENTS; i++) {
		struct client *client = &clients[i];

		if (client->watch.fd >= 0)
			continue;
		client->watch.fd = fd;
		client->bytes = 0;
		loop_add(&client->watch, EPOLLIN);
		return;
	}
	close(fd);
}

void control_open(const char *path, void (*quit)(void))
{
	size_t i;

	on_quit = quit;
	socket_path = path;
	for (i = 0; i < CLIENTS; i++)
		clients[i].watch = (struct watch){ .fd = -1, .ready = client_ready };
	listener.fd = socket_listen(path);
	if (loop_add(&listener, EPOLLIN))
		die("%s: %s", path, strerror(errno));
}

void control_close(void)
{
	if (socket_path)
		unlink(socket_path);
}
