/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * How a guest that is a process and its launcher come to share a device page.
 *
 * The guest connects to a Unix stream socket of the launcher's and sends one struct
 * virtio_page_hello, and with it (SCM_RIGHTS) two descriptors: its memory, and an eventfd
 * that is the launcher's doorbell.  The page lies in that memory, filled with zeros.  The
 * launcher writes its devices there and answers with one struct virtio_page_welcome.
 * From there on every byte that it sends is the guest's doorbell, whatever its value, and
 * when the connection ends, so do the devices.  The guest sends nothing more.
 */
#ifndef _UAPI_LINUX_VIRTIO_PAGE_SOCKET_H
#define _UAPI_LINUX_VIRTIO_PAGE_SOCKET_H

#include <linux/types.h>

#define VIRTIO_PAGE_HELLO	0x6f6c6c65	/* "ello" */
#define VIRTIO_PAGE_WELCOME	0x636c6577	/* "welc" */

/**
 * struct virtio_page_hello - what a guest says of itself
 * @magic: VIRTIO_PAGE_HELLO
 * @version: VIRTIO_PAGE_VERSION
 * @start: the lowest address of its memory that is in the file
 * @length: bytes from there
 * @offset: where in the file they begin
 * @page: address of the page, a multiple of 8
 * @page_length: bytes that are there for it
 */
struct virtio_page_hello {
	__le32 magic;
	__le32 version;
	__le64 start;
	__le64 length;
	__le64 offset;
	__le64 page;
	__le64 page_length;
};

/**
 * struct virtio_page_welcome - the launcher's answer
 * @magic: VIRTIO_PAGE_WELCOME
 * @error: 0, or an errno if it can't serve this guest
 */
struct virtio_page_welcome {
	__le32 magic;
	__le32 error;
};

#endif /* _UAPI_LINUX_VIRTIO_PAGE_SOCKET_H */
