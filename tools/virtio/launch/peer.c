// SPDX-License-Identifier: GPL-2.0
/*
 * A link to the network card of another launcher, which is met at a path (meet.h).
 *
 * A message is the header of virtio, then the frame, so what one guest leaves undone
 * reaches the other as it is.  The other launcher is not trusted with it: each header is
 * read as one from a guest.  When it goes, the link is down until somebody comes again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link.h"
#include "loop.h"
#include "meet.h"
#include "net_options.h"
#include "say.h"

enum { HEADER = sizeof(struct virtio_net_hdr_v1), MESSAGES = 16 };
/* That many bytes may be on their way; the kernel makes it fewer where that is too much. */
enum { ON_THE_WAY = 1 << 20 };

struct message {
	struct virtio_net_hdr_v1 header;
	uint8_t frame[OFFLOAD_FRAME_MAX];
};

/**
 * struct peer - a link
 * @link: what net.c knows of it
 * @meeting: where the other is met
 * @door: the socket that waits there
 * @watch: the socket to the other; its fd is -1 if there is none
 * @events: that are waited for
 * @messages: what has come, as it came
 * @in: the frames among them
 * @taken: how many of them the card has taken
 * @count: how many there are
 */
struct peer {
	struct link link;
	struct meeting meeting;
	struct watch door, watch;
	uint32_t events;
	struct message *messages;
	struct incoming in[MESSAGES];
	unsigned int taken, count;
};

static struct peer *to_peer(struct link *link)
{
	return container_of(link, struct peer, link);
}

/* Errors and the end come in any case. */
static void wait_for(struct peer *p, uint32_t events)
{
	if (p->watch.fd < 0 || p->events == events)
		return;
	p->events = events;
	loop_change(&p->watch, events);
}

static int connected(struct peer *p, int fd)
{
	int bytes = ON_THE_WAY, err;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	p->watch.fd = fd;
	p->events = EPOLLIN;
	err = loop_add(&p->watch, p->events);
	if (!err)
		net_set_link(p->link.net, true);
	return err;
}

/* To the other if there is one, else wait for it. */
static int come(struct peer *p)
{
	int fd = meet_come(&p->meeting);

	if (fd >= 0)
		return connected(p, fd);
	if (fd != -EAGAIN)
		return fd;
	p->door.fd = p->meeting.waiting;
	return loop_add(&p->door, EPOLLIN);
}

static void complain(const struct peer *p, int err)
{
	say("net %s: %s: expected to meet another launcher there: the link stays down",
	    p->meeting.address.sun_path, strerror(-err));
}

static void on_door(struct watch *watch, uint32_t events)
{
	struct peer *p = container_of(watch, struct peer, door);
	int fd;

	(void)events;
	loop_remove(watch);
	fd = meet_accept(&p->meeting);
	if (fd >= 0)
		fd = connected(p, fd);
	else if (fd == -EAGAIN || fd == -ECONNABORTED)
		fd = loop_add(watch, EPOLLIN);
	if (fd < 0)
		complain(p, fd);
}

static void leave(struct peer *p)
{
	if (p->watch.fd < 0)
		return;
	loop_remove(&p->watch);
	close(p->watch.fd);
	p->watch.fd = -1;
	p->taken = 0;
	p->count = 0;
}

static void lost(struct peer *p)
{
	int err;

	leave(p);
	net_set_link(p->link.net, false);
	err = come(p);
	if (err)
		complain(p, err);
	net_can_send(p->link.net);
}

/* What has come, up to what the card has no room for. */
static bool hand_over(struct peer *p)
{
	while (p->taken < p->count) {
		if (!net_receive(p->link.net, &p->in[p->taken])) {
			wait_for(p, p->events & ~EPOLLIN);
			return false;
		}
		p->taken++;
	}
	wait_for(p, p->events | EPOLLIN);
	return true;
}

/* False: the other has hung up, or says nothing, which looks the same. */
static bool sort(struct peer *p, const struct mmsghdr *heads, unsigned int count)
{
	unsigned int i, wrong = 0;

	p->taken = 0;
	p->count = 0;
	for (i = 0; i < count; i++) {
		struct incoming *in = &p->in[p->count];
		size_t length = heads[i].msg_len;

		if (!length)
			return false;
		in->frame = p->messages[i].frame;
		in->length = length - HEADER;
		if (length > HEADER && !(heads[i].msg_hdr.msg_flags & MSG_TRUNC) &&
		    offload_read(&in->left, &p->messages[i].header, in->length))
			p->count++;
		else
			wrong++;
	}
	net_refused(p->link.net, wrong);
	return true;
}

static void receive(struct peer *p)
{
	struct mmsghdr heads[MESSAGES] = { 0 };
	struct iovec iov[MESSAGES];
	bool more;
	int i, n;

	for (i = 0; i < MESSAGES; i++) {
		iov[i] = (struct iovec) { &p->messages[i].header, HEADER + OFFLOAD_FRAME_MAX };
		heads[i].msg_hdr = (struct msghdr) { .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	n = recvmmsg(p->watch.fd, heads, MESSAGES, MSG_DONTWAIT, NULL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	more = n > 0 && sort(p, heads, n);
	hand_over(p);
	if (!more)
		lost(p);
}

static void on_ready(struct watch *watch, uint32_t events)
{
	struct peer *p = container_of(watch, struct peer, watch);

	if (events & EPOLLOUT) {
		wait_for(p, p->events & ~EPOLLOUT);
		net_can_send(p->link.net);
	}
	if (events & EPOLLIN && p->events & EPOLLIN)
		receive(p);
	else if (events & (EPOLLHUP | EPOLLERR) && !(events & EPOLLIN))
		lost(p);
}

static void peer_receive(struct link *link)
{
	hand_over(to_peer(link));
}

/* How many of them are done with, when sendmmsg() has failed with the first. */
static unsigned int failed(struct peer *p, unsigned int count)
{
	switch (errno) {
	case EAGAIN:
		wait_for(p, p->events | EPOLLOUT);
		return 0;
	case EFAULT: case EMSGSIZE: case ENOBUFS: case ENOMEM:
		net_dropped(p->link.net, 1);
		return 1;
	}
	/* It has gone, which is said by the loop as well. */
	net_dropped(p->link.net, count);
	return count;
}

static unsigned int peer_send(struct link *link, struct outgoing *const *frames, unsigned int count)
{
	struct peer *p = to_peer(link);
	struct mmsghdr heads[LINK_BATCH] = { 0 };
	unsigned int done = 0, i;
	int n;

	if (p->watch.fd < 0) {
		net_dropped(p->link.net, count);
		return count;
	}
	for (i = 0; i < count; i++)
		heads[i].msg_hdr = (struct msghdr) {
			.msg_iov = frames[i]->iov, .msg_iovlen = frames[i]->count };
	while (done < count) {
		n = sendmmsg(p->watch.fd, heads + done, count - done, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0)
			n = failed(p, count - done);
		if (!n)
			break;
		done += n;
	}
	return done;
}

static void peer_close(struct link *link)
{
	struct peer *p = to_peer(link);

	leave(p);
	loop_remove(&p->door);
	meet_leave(&p->meeting);
	free(p->messages);
	free(p);
}

static const struct link_type peer_type = {
	.offloads = OFFLOAD_ALL,
	.send = peer_send,
	.receive = peer_receive,
	.close = peer_close,
};

struct link *peer_create(struct net *net, const struct net_options *options)
{
	struct peer *p = need(sizeof(*p));
	int err = meet_init(&p->meeting, options->peer);

	p->link = (struct link) { &peer_type, net };
	p->door = (struct watch) { .fd = -1, .ready = on_door };
	p->watch = (struct watch) { .fd = -1, .ready = on_ready };
	p->messages = need(MESSAGES * sizeof(*p->messages));
	if (!err)
		err = come(p);
	if (err)
		die("--net peer=%s: %s: expected a path where two launchers can meet",
		    options->peer, strerror(-err));
	return &p->link;
}
