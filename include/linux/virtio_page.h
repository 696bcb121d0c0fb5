/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A page of virtio devices, for whoever knows where it is.
 *
 * The transport in drivers/virtio/page/ finds the devices there and puts them on the bus.
 * Three things it has to be told: where the page is, how to ring the other side, and
 * whose memory rings and buffers lie in.  The format is <uapi/linux/virtio_page.h>;
 * kernel-doc of the calls is with the code, in drivers/virtio/page/side.c.
 */
#ifndef _LINUX_VIRTIO_PAGE_H
#define _LINUX_VIRTIO_PAGE_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/ratelimit_types.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct device;

/**
 * struct virtio_page - a page of devices, and what is around it
 * @start: the page
 * @size: bytes that there are for it
 * @parent: what its devices hang on.  Where one says ACCESS_PLATFORM, rings and buffers
 *	lie where the DMA operations of @parent put them, else anywhere in memory.
 * @ring: ring the doorbell of the other side; any context
 * @is_gone: look whether there is anybody on the other side, without waiting for an
 *	interrupt; any context.  May be %NULL.
 */
struct virtio_page {
	void *start;
	size_t size;
	struct device *parent;
	void (*ring)(struct virtio_page *page);
	bool (*is_gone)(struct virtio_page *page);

	/* private: */
	bool away;			/* there is nobody on the other side */
	unsigned int opened;		/* so often there was somebody */
	size_t length;			/* of what the other side has written */
	u32 changes;			/* as of the last look for what is gone */
	struct list_head devices;	/* the handler walks it under RCU */
	struct mutex life;		/* guards all of these but @away */
	struct wait_queue_head answered;
	struct work_struct go;		/* takes off what is gone, then queues @walk */
	struct work_struct walk;	/* finds what is new, and may be in a probe() */
	struct ratelimit_state complaints;
};

void virtio_page_init(struct virtio_page *page);
int virtio_page_open(struct virtio_page *page);
void virtio_page_settle(struct virtio_page *page);
void virtio_page_look(struct virtio_page *page);
void virtio_page_gone(struct virtio_page *page);
void virtio_page_leave(struct virtio_page *page);
void virtio_page_close(struct virtio_page *page);

#endif /* _LINUX_VIRTIO_PAGE_H */
