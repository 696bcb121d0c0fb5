/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device that a test plays, as a device page describes it.
 *
 * The device is that of <kunit/virtio.h>; here it is told of its driver by a page, and
 * tells by it what it has to say.  A suite that begins with page_host_init() has all of
 * its devices come to the bus in this way, each by a page of its own.
 */
#ifndef _VIRTIO_PAGE_HOST_H
#define _VIRTIO_PAGE_HOST_H

#include <kunit/virtio.h>

#include "page_other.h"

int page_host_init(struct kunit *test);
struct device *page_host_parent(void);

struct page_other *page_host_make(struct kunit *test, struct device *parent);
struct page_place *page_host_describe(struct page_other *other, struct virtio_host *host);
void page_host_show(struct page_other *other, struct virtio_host *host);
void page_host_publish(struct virtio_host *host);
void page_host_forget(struct virtio_host *host);
void page_host_die(struct page_other *other);
void page_host_come_back(struct page_other *other);

static inline struct page_place *page_place_of(struct virtio_host *host)
{
	return host->place;
}

static inline struct page_other *page_other_of(struct virtio_host *host)
{
	return page_place_of(host)->other;
}

#endif /* _VIRTIO_PAGE_HOST_H */
