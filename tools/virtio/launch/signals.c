// SPDX-License-Identifier: GPL-2.0
/*
 * Signals: those that mean something come through a signalfd, those of a crash restore the
 * terminal first.  Called by launch.c, and by guest.c for its child.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "loop.h"
#include "say.h"
#include "signals.h"
#include "terminal.h"

static const int events[] = { SIGCHLD, SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGQUIT };
static const int crashes[] = { SIGSEGV, SIGABRT, SIGFPE, SIGILL };

static struct signals to;

static void arrived(struct watch *watch, uint32_t bits)
{
	struct signalfd_siginfo info;

	(void)bits;
	if (read(watch->fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD)
		to.child();
	else if (info.ssi_signo == SIGWINCH)
		to.resized();
	else
		to.stop(info.ssi_signo);
}

static struct watch watch = { .fd = -1, .ready = arrived };

/* Raised once more, it finds the default action. */
void signals_crash(int number)
{
	terminal_restore();
	signal(number, SIG_DFL);
	raise(number);
}

void signals_init(const struct signals *who)
{
	sigset_t set;
	size_t i;

	to = *who;
	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(events); i++)
		sigaddset(&set, events[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* A reader that has gone is an error of write(). */
	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < ARRAY_SIZE(crashes); i++)
		signal(crashes[i], signals_crash);
	watch.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (watch.fd < 0 || loop_add(&watch, EPOLLIN))
		die("signalfd: %s", strerror(errno));
}

void signals_of_child(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
