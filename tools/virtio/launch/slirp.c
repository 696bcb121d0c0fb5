// SPDX-License-Identifier: GPL-2.0
/*
 * A link to a network of the launcher's own, by libslirp: what the guest asks of 10.0.2.2
 * (router, DHCP) and 10.0.2.3 (DNS) is answered, and its connections to elsewhere are made
 * by the launcher as its user.
 *
 * libslirp is made to be asked before each poll() for what it waits for.  Here that goes to
 * an epoll of its own, which is one descriptor to the loop, after whatever may change it.
 */
#include <errno.h>
#include <slirp/libslirp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"
#include "forward.h"
#include "link.h"
#include "loop.h"
#include "net_options.h"
#include "say.h"

enum { READY = 64, KEPT = 128 };

/* What libslirp waits for with one descriptor, what epoll knows, and what has come. */
struct waiting {
	uint32_t wanted, known, ready;
};

/**
 * struct user - a link
 * @link: what net.c knows of it
 * @slirp: libslirp's
 * @watch: the epoll that has all of its descriptors
 * @timer: when it wants to be called without any
 * @waiting: by number of a descriptor
 * @count: how many there are
 * @kept: frames that the guest had no room for, a ring of KEPT
 * @lengths: of them
 * @first: the next of them
 * @kept_count: how many there are
 * @largest: bytes of one
 * @refill: what it waits for may be something else by the end of this turn
 * @frame: what the guest sends, in one piece
 * @told: that the guest sends what libslirp can't understand
 */
struct user {
	struct link link;
	Slirp *slirp;
	struct watch watch;
	int timer;
	struct waiting *waiting;
	int count;
	uint8_t *kept;
	size_t lengths[KEPT], largest;
	unsigned int first, kept_count;
	struct work refill;
	uint8_t frame[OFFLOAD_FRAME_MAX];
	bool told;
};

static struct user *to_user(struct link *link)
{
	return container_of(link, struct user, link);
}

/* Nothing is left to do for it, so nobody will write there. */
static bool hand_over(struct user *u, const void *frame, size_t length)
{
	struct incoming in = { .frame = (uint8_t *)frame, .length = length };

	return net_receive(u->link.net, &in);
}

static uint8_t *place(struct user *u, unsigned int at)
{
	return u->kept + at * u->largest;
}

static bool keep(struct user *u, const void *frame, size_t length)
{
	unsigned int at = (u->first + u->kept_count) % KEPT;

	if (u->kept_count == KEPT || length > u->largest)
		return false;
	memcpy(place(u, at), frame, length);
	u->lengths[at] = length;
	u->kept_count++;
	return true;
}

/*
 * libslirp has no way to keep a frame, and TCP is slow to send it again.  No more than one
 * read of some connections comes at once, see refill(), and for that there is room here.
 */
static ssize_t on_packet(const void *frame, size_t length, void *opaque)
{
	struct user *u = opaque;

	if (u->kept_count || !hand_over(u, frame, length))
		if (!keep(u, frame, length))
			net_refused(u->link.net, 1);
	return length;
}

static void on_guest_error(const char *text, void *opaque)
{
	struct user *u = opaque;

	if (!u->told)
		say("net user: the guest sent what can't be understood (%s): more is not said",
		    text);
	u->told = true;
}

static int64_t on_clock(void *opaque)
{
	(void)opaque;
	return clock_ns();
}

static void on_register(int fd, void *opaque)
{
	(void)fd;
	(void)opaque;
}

/* It is about to be closed; another may have its number next. */
static void on_unregister(int fd, void *opaque)
{
	struct user *u = opaque;

	if (fd >= u->count)
		return;
	if (u->waiting[fd].known)
		epoll_ctl(u->watch.fd, EPOLL_CTL_DEL, fd, NULL);
	u->waiting[fd] = (struct waiting) { 0 };
}

static void on_notify(void *opaque)
{
	struct user *u = opaque;

	loop_defer(&u->refill);
}

/* Timers are of IPv6 alone, which is off. */
static const SlirpCb callbacks = {
	.send_packet = on_packet,
	.guest_error = on_guest_error,
	.clock_get_ns = on_clock,
	.register_poll_fd = on_register,
	.unregister_poll_fd = on_unregister,
	.notify = on_notify,
};

static const struct { int slirp; uint32_t epoll; } events[] = {
	{ SLIRP_POLL_IN, EPOLLIN }, { SLIRP_POLL_OUT, EPOLLOUT }, { SLIRP_POLL_PRI, EPOLLPRI },
	{ SLIRP_POLL_ERR, EPOLLERR }, { SLIRP_POLL_HUP, EPOLLHUP },
};

static void need_place(struct user *u, int fd)
{
	int count = fd < 64 ? 64 : fd * 2;

	if (fd < u->count)
		return;
	u->waiting = reallocarray(u->waiting, count, sizeof(*u->waiting));
	if (!u->waiting)
		die("out of memory");
	memset(u->waiting + u->count, 0, (count - u->count) * sizeof(*u->waiting));
	u->count = count;
}

/* Its descriptor is the index that libslirp gets for it. */
static int on_add_poll(int fd, int wanted, void *opaque)
{
	struct user *u = opaque;
	size_t i;

	need_place(u, fd);
	for (i = 0; i < ARRAY_SIZE(events); i++)
		if (wanted & events[i].slirp)
			u->waiting[fd].wanted |= events[i].epoll;
	return fd;
}

static int on_get_revents(int fd, void *opaque)
{
	struct user *u = opaque;
	int ready = 0;
	size_t i;

	for (i = 0; fd >= 0 && fd < u->count && i < ARRAY_SIZE(events); i++)
		if (u->waiting[fd].ready & events[i].epoll)
			ready |= events[i].slirp;
	return ready;
}

static void tell_epoll(struct user *u, int fd)
{
	struct waiting *w = &u->waiting[fd];
	struct epoll_event event = { .events = w->wanted, .data.fd = fd };
	int op = !w->known ? EPOLL_CTL_ADD : w->wanted ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;

	if (w->wanted == w->known)
		return;
	if (epoll_ctl(u->watch.fd, op, fd, &event) && op != EPOLL_CTL_DEL)
		say("net user: epoll_ctl: descriptor %d: %s", fd, strerror(errno));
	w->known = w->wanted;
}

/* What is to be read stays in its sockets while frames wait that were read before. */
static void refill(struct work *work)
{
	struct user *u = container_of(work, struct user, refill);
	struct itimerspec when = { 0 };
	uint32_t timeout = UINT32_MAX;
	int fd;

	for (fd = 0; fd < u->count; fd++)
		u->waiting[fd].wanted = 0;
	slirp_pollfds_fill(u->slirp, &timeout, on_add_poll, u);
	for (fd = 0; fd < u->count; fd++) {
		if (u->kept_count)
			u->waiting[fd].wanted &= ~EPOLLIN;
		tell_epoll(u, fd);
	}
	if (timeout != UINT32_MAX) {
		when.it_value.tv_sec = timeout / 1000;
		when.it_value.tv_nsec = timeout % 1000 * 1000000 + 1;
	}
	timerfd_settime(u->timer, 0, &when, NULL);
}

static void on_ready(struct watch *watch, uint32_t bits)
{
	struct user *u = container_of(watch, struct user, watch);
	struct epoll_event ready[READY];
	int i, n = epoll_wait(watch->fd, ready, READY, 0);
	uint64_t times;

	(void)bits;
	for (i = 0; i < u->count; i++)
		u->waiting[i].ready = 0;
	for (i = 0; i < n; i++)
		if (ready[i].data.fd != u->timer)
			u->waiting[ready[i].data.fd].ready = ready[i].events;
		else if (read(u->timer, &times, sizeof(times)) < 0)
			continue;	/* somebody set it meanwhile */
	slirp_pollfds_poll(u->slirp, 0, on_get_revents, u);
	loop_defer(&u->refill);
}

static unsigned int user_send(struct link *link, struct outgoing *const *frames, unsigned int count)
{
	struct user *u = to_user(link);
	unsigned int i;

	for (i = 0; i < count; i++) {
		iov_read(frames[i]->iov, frames[i]->count, sizeof(frames[i]->header), u->frame,
			 frames[i]->length);
		slirp_input(u->slirp, u->frame, frames[i]->length);
	}
	loop_defer(&u->refill);
	return count;
}

static void user_receive(struct link *link)
{
	struct user *u = to_user(link);

	while (u->kept_count && hand_over(u, place(u, u->first), u->lengths[u->first])) {
		u->first = (u->first + 1) % KEPT;
		u->kept_count--;
	}
	loop_defer(&u->refill);
}

static void user_close(struct link *link)
{
	struct user *u = to_user(link);

	loop_forget(&u->refill);
	loop_remove(&u->watch);
	slirp_cleanup(u->slirp);
	close(u->watch.fd);
	close(u->timer);
	free(u->waiting);
	free(u->kept);
	free(u);
}

static const struct link_type user_type = {
	.send = user_send,
	.receive = user_receive,
	.close = user_close,
};

static struct in_addr address(const char *text)
{
	struct in_addr in;

	inet_pton(AF_INET, text, &in);
	return in;
}

static void forward(struct user *u, const char *text)
{
	struct forward f;

	forward_parse(&f, text);
	if (slirp_add_hostfwd(u->slirp, f.udp, f.host, f.host_port, f.guest, f.guest_port))
		die("--net user: hostfwd=%s: %s: expected a port of this machine that is free",
		    text, strerror(errno));
}

static void open_network(struct user *u, size_t mtu)
{
	SlirpConfig config = {
		.version = 1,
		.in_enabled = true,
		.vnetwork = address("10.0.2.0"),
		.vnetmask = address("255.255.255.0"),
		.vhost = address("10.0.2.2"),
		.vnameserver = address("10.0.2.3"),
		.vdhcp_start = address(FORWARD_GUEST),
		.if_mtu = mtu,
		.if_mru = mtu,
	};

	u->slirp = slirp_new(&config, &callbacks, u);
	if (!u->slirp)
		die("--net user: libslirp %s can't make a network", slirp_version_string());
}

struct link *slirp_create(struct net *net, const struct net_options *options)
{
	struct user *u = need(sizeof(*u));
	struct epoll_event timer;
	size_t i;

	u->link = (struct link) { &user_type, net };
	u->refill.run = refill;
	u->largest = ETH_HLEN + options->mtu;
	u->kept = need(KEPT * u->largest);
	u->watch.ready = on_ready;
	u->watch.fd = epoll_create1(EPOLL_CLOEXEC);
	u->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	timer = (struct epoll_event) { .events = EPOLLIN, .data.fd = u->timer };
	if (u->watch.fd < 0 || u->timer < 0 ||
	    epoll_ctl(u->watch.fd, EPOLL_CTL_ADD, u->timer, &timer) ||
	    loop_add(&u->watch, EPOLLIN))
		die("--net user: epoll: %s", strerror(errno));
	open_network(u, options->mtu);
	for (i = 0; i < options->forward_count; i++)
		forward(u, options->forwards[i]);
	net_set_link(net, true);
	loop_defer(&u->refill);
	return &u->link;
}
