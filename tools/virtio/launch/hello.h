/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a guest says of itself when it connects.
 */
#ifndef _LAUNCH_HELLO_H
#define _LAUNCH_HELLO_H

#include <stddef.h>
#include <linux/virtio_page_socket.h>

#define HELLO_FDS	2

/**
 * struct hello - a hello that comes in
 * @text: as much as is there
 * @bytes: of it
 * @fd: descriptors that came with it: memory and doorbell
 * @fds: how many; more than HELLO_FDS if there were more, which are closed
 */
struct hello {
	struct virtio_page_hello text;
	size_t bytes;
	int fd[HELLO_FDS];
	unsigned int fds;
};

/* 1 if it is whole, 0 if more is to come, -ENOTCONN if it is over, or another error. */
int hello_receive(struct hello *hello, int socket);
/* 0, or -errno for the guest after a message: is all of it good? */
int hello_check(const struct hello *hello);
void hello_close(struct hello *hello);

#endif /* _LAUNCH_HELLO_H */
