// SPDX-License-Identifier: GPL-2.0
/*
 * The guest: a UML kernel, started as a child, and what becomes of it.
 *
 * It is in a session of its own and ignores SIGPIPE, so it outlives a launcher that is
 * killed, terminal and all, and waits for the next.  What the kernel itself writes, not its
 * console, is kept for the case that it ends badly.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arguments.h"
#include "guest.h"
#include "loop.h"
#include "say.h"
#include "signals.h"
#include "socket.h"

/* Of its own output; more than a panic has. */
#define KEPT		8192
/* It is killed if it doesn't end by itself. */
#define PATIENCE	5

static void output_ready(struct watch *watch, uint32_t events);
static void patience_ended(struct watch *watch, uint32_t events);

static struct watch output = { .fd = -1, .ready = output_ready };
static struct watch patience = { .fd = -1, .ready = patience_ended };
static pid_t pid;
static bool quitting;
static int quit_status;
static char kept[KEPT];
static size_t written;

static void keep(const char *bytes, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		kept[written++ % KEPT] = bytes[i];
}

/* Returns false when there is no more for now. */
static bool read_output(void)
{
	char bytes[1024];
	ssize_t n = read(output.fd, bytes, sizeof(bytes));

	if (n <= 0)
		return n < 0 && errno == EINTR;
	keep(bytes, n);
	return true;
}

static void output_ready(struct watch *watch, uint32_t events)
{
	if (!read_output() && events & EPOLLHUP)
		loop_remove(watch);
}

static void show_kept(void)
{
	size_t from = written > KEPT ? written % KEPT : 0;
	size_t count = written > KEPT ? KEPT : written;
	size_t first = count < KEPT - from ? count : KEPT - from;

	if (!count)
		return;
	say("the last that its kernel wrote:");
	/* Where that can't be written, there is no one to tell. */
	if (write(STDERR_FILENO, kept + from, first) < 0 ||
	    write(STDERR_FILENO, kept, count - first) < 0)
		return;
	if (kept[(written - 1) % KEPT] != '\n')
		say("(its end)");
}

/* How launch ends, when the guest has ended so. */
static int judge(int status)
{
	/* A kernel that panics ends itself so. */
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) {
		say("the guest has aborted, expected it to power off: its kernel panicked");
		return EXIT_GUEST_FAILED;
	}
	if (WIFSIGNALED(status)) {
		say("the guest was killed by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
		return EXIT_OF_SIGNAL + WTERMSIG(status);
	}
	if (!WEXITSTATUS(status))
		return 0;
	say("the guest has ended with status %d, expected 0: it panicked, or its kernel could not start",
	    WEXITSTATUS(status));
	return EXIT_GUEST_FAILED;
}

void guest_look(void)
{
	int status, end = quit_status;

	if (!pid || waitpid(pid, &status, WNOHANG) != pid)
		return;
	/* Its processes that it had no time to end. */
	kill(-pid, SIGKILL);
	pid = 0;
	if (output.fd >= 0)
		while (read_output())
			continue;
	socket_disconnect();
	if (!quitting) {
		end = judge(status);
		if (end)
			show_kept();
	}
	loop_end(end);
}

static void patience_ended(struct watch *watch, uint32_t events)
{
	(void)events;
	loop_remove(watch);
	if (!pid)
		return;
	say("the guest has not ended within %d seconds of SIGTERM: it is killed", PATIENCE);
	kill(-pid, SIGKILL);
}

bool guest_quit(int status)
{
	struct itimerspec soon = { .it_value.tv_sec = PATIENCE };

	if (!pid)
		return false;
	if (quitting)
		return true;
	quitting = true;
	quit_status = status;
	kill(pid, SIGTERM);
	patience.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (patience.fd < 0 || timerfd_settime(patience.fd, 0, &soon, NULL) ||
	    loop_add(&patience, EPOLLIN))
		kill(-pid, SIGKILL);
	return true;
}

/* In the child: what went wrong goes to @trouble, which closes if nothing does. */
static void run(char **argv, int out, int trouble)
{
	int null = open("/dev/null", O_RDONLY);

	setsid();
	signals_of_child();
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
	    dup2(out, STDERR_FILENO) >= 0)
		execv(argv[0], argv);
	if (write(trouble, &errno, sizeof(errno)) < 0)
		_exit(EXIT_OWN_ERROR);
	_exit(EXIT_OWN_ERROR);
}

/* Where the kernel's own output goes. */
static int open_output(const char *log)
{
	int fds[2];

	if (log) {
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

		if (fd < 0)
			die("%s: %s", log, strerror(errno));
		return fd;
	}
	if (pipe2(fds, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	output.fd = fds[0];
	fcntl(output.fd, F_SETFL, O_NONBLOCK);
	loop_add(&output, EPOLLIN);
	return fds[1];
}

void guest_start(const struct options *options, const char *socket)
{
	char **argv = arguments_of(options, socket);
	int out = open_output(options->log);
	int trouble[2], err;

	if (pipe2(trouble, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid)
		run(argv, out, trouble[1]);
	close(trouble[1]);
	close(out);
	if (read(trouble[0], &err, sizeof(err)) == sizeof(err))
		die("%s: %s: expected a UML kernel", options->kernel, strerror(err));
	close(trouble[0]);
	arguments_free(argv);
}
