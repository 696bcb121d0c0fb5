// SPDX-License-Identifier: GPL-2.0
/*
 * A guest's hello, <linux/virtio_page_socket.h>: received in as many pieces as it comes in,
 * and not believed.  Called by socket.c; knows nothing of what is done with it.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/virtio_page.h>

#include "hello.h"
#include "say.h"

/* As many as a guest may send by mistake, and be told so. */
#define FDS_TAKEN	16

static void keep_fds(struct hello *hello, const struct cmsghdr *cmsg)
{
	unsigned int i, count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	int fd;

	for (i = 0; i < count; i++) {
		memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
		if (hello->fds < HELLO_FDS)
			hello->fd[hello->fds] = fd;
		else
			close(fd);
		hello->fds++;
	}
}

int hello_receive(struct hello *hello, int socket)
{
	union {
		char room[CMSG_SPACE(FDS_TAKEN * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {
		.iov_base = (char *)&hello->text + hello->bytes,
		.iov_len = sizeof(hello->text) - hello->bytes,
	};
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	ssize_t n;

	n = recvmsg(socket, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg))
		if (cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_RIGHTS)
			keep_fds(hello, cmsg);
	if (!n)
		return -ENOTCONN;
	hello->bytes += n;
	return hello->bytes == sizeof(hello->text);
}

void hello_close(struct hello *hello)
{
	unsigned int i;

	for (i = 0; i < hello->fds && i < HELLO_FDS; i++)
		close(hello->fd[i]);
	memset(hello, 0, sizeof(*hello));
}

static int check_numbers(const struct virtio_page_hello *text)
{
	uint64_t start = le64toh(text->start), length = le64toh(text->length);
	uint64_t page = le64toh(text->page), page_length = le64toh(text->page_length);

	if (le32toh(text->magic) != VIRTIO_PAGE_HELLO) {
		say("a guest's hello begins with %#x, expected %#x",
		    le32toh(text->magic), VIRTIO_PAGE_HELLO);
		return -EPROTO;
	}
	if (le32toh(text->version) != VIRTIO_PAGE_VERSION) {
		say("a guest has version %u of the device page, expected %u: use a kernel and a launch of the same tree",
		    le32toh(text->version), VIRTIO_PAGE_VERSION);
		return -EPROTONOSUPPORT;
	}
	if (!length || start + length < start) {
		say("a guest has %#" PRIx64 " bytes of memory from %#" PRIx64 ", expected some, up to an address of 64 bits",
		    length, start);
		return -EINVAL;
	}
	/* Else what is at a multiple of 16 for the guest is not at one here. */
	if ((start - le64toh(text->offset)) % 16) {
		say("a guest has memory from %#" PRIx64 " at byte %#" PRIx64 " of its file, expected both alike modulo 16",
		    start, (uint64_t)le64toh(text->offset));
		return -EINVAL;
	}
	if (page % 8 || page < start || page - start > length ||
	    page_length > length - (page - start)) {
		say("a guest has a page of %#" PRIx64 " bytes at %#" PRIx64 ", expected a multiple of 8 in its memory",
		    page_length, page);
		return -EINVAL;
	}
	return 0;
}

static int check_memory(const struct virtio_page_hello *text, int fd)
{
	uint64_t length = le64toh(text->length), offset = le64toh(text->offset);
	struct stat stat;

	if (fstat(fd, &stat) || !S_ISREG(stat.st_mode)) {
		say("a guest's memory: found a descriptor that is no file, expected one");
		return -EINVAL;
	}
	if (offset > (uint64_t)stat.st_size || length > (uint64_t)stat.st_size - offset) {
		say("a guest's memory has %#jx bytes, expected %#" PRIx64 " from %#" PRIx64,
		    (uintmax_t)stat.st_size, length, offset);
		return -EINVAL;
	}
	if ((fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDWR) {
		say("a guest's memory is a file that can't be written, expected one open for both");
		return -EACCES;
	}
	return 0;
}

/* Nothing else is promised to raise an event for each write, read or not. */
static int check_doorbell(int fd)
{
	char path[32], kind[32] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (readlink(path, kind, sizeof(kind) - 1) < 0)
		snprintf(kind, sizeof(kind), "%s", strerror(errno));
	if (!strcmp(kind, "anon_inode:[eventfd]"))
		return 0;
	say("a guest's doorbell is \"%s\", expected \"anon_inode:[eventfd]\"", kind);
	return -EINVAL;
}

int hello_check(const struct hello *hello)
{
	int err = check_numbers(&hello->text);

	if (err)
		return err;
	if (hello->fds != HELLO_FDS) {
		say("a guest's hello comes with %u descriptors, expected 2: its memory and an eventfd",
		    hello->fds);
		return -EBADF;
	}
	return check_memory(&hello->text, hello->fd[0]) ?: check_doorbell(hello->fd[1]);
}
