// SPDX-License-Identifier: GPL-2.0
/* Two launchers meet at a path; meet.h says more. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "meet.h"

int meet_init(struct meeting *m, const char *path)
{
	*m = (struct meeting) { .address.sun_family = AF_UNIX, .waiting = -1 };
	if (strlen(path) >= sizeof(m->address.sun_path))
		return -ENAMETOOLONG;
	memcpy(m->address.sun_path, path, strlen(path) + 1);
	return 0;
}

/* Of those who come at once, one is the first: each holds the folder while it looks. */
static int hold_folder(const struct meeting *m)
{
	struct sockaddr_un address = m->address;
	int fd, err;

	/* dirname() writes to it. */
	fd = open(dirname(address.sun_path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* The socket of one who died while it waited is in the way; nothing else is touched. */
static void sweep(const struct meeting *m)
{
	struct stat st;

	if (!lstat(m->address.sun_path, &st) && S_ISSOCK(st.st_mode))
		unlink(m->address.sun_path);
}

/* None but the user who runs the launchers is to come there. */
static int wait_there(struct meeting *m, int fd)
{
	mode_t mask = umask(077);
	int err = bind(fd, (struct sockaddr *)&m->address, sizeof(m->address)) ? -errno : 0;

	umask(mask);
	if (!err && listen(fd, 1))
		err = -errno;
	if (err)
		return err;
	m->waiting = fd;
	return -EAGAIN;
}

static int come(struct meeting *m, int fd)
{
	if (!connect(fd, (struct sockaddr *)&m->address, sizeof(m->address)))
		return fd;
	if (errno != ENOENT && errno != ECONNREFUSED)
		return errno == EAGAIN ? -EBUSY : -errno;
	sweep(m);
	return wait_there(m, fd);
}

int meet_come(struct meeting *m)
{
	int folder = hold_folder(m), fd, err;

	if (folder < 0)
		return folder;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	err = fd < 0 ? -errno : come(m, fd);
	if (err < 0 && fd >= 0 && fd != m->waiting)
		close(fd);
	close(folder);
	return err;
}

/* A third who was in line sees its connection end, and comes again. */
int meet_accept(struct meeting *m)
{
	int fd = accept4(m->waiting, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return -errno;
	meet_leave(m);
	return fd;
}

void meet_leave(struct meeting *m)
{
	if (m->waiting < 0)
		return;
	unlink(m->address.sun_path);
	close(m->waiting);
	m->waiting = -1;
}
