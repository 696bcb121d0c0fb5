/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the device page have in common: a page with a device that is honest
 * until the test says otherwise, a driver for it, and what has to be so afterwards.
 */
#ifndef _VIRTIO_PAGE_FIXTURE_H
#define _VIRTIO_PAGE_FIXTURE_H

#include "kernel_log.h"
#include "page_host.h"
#include "soft_driver.h"
#include "soft_expect.h"

/**
 * struct page_fixture - the page and the device
 * @other: the other side
 * @host: the device, the only one at first
 */
struct page_fixture {
	struct page_other *other;
	struct virtio_host *host;
};

#define PAGE(test)	((struct page_fixture *)(test)->priv)
#define PLACE(test)	page_place_of(PAGE(test)->host)

int page_fixture_init(struct kunit *test);
void page_fixture_exit(struct kunit *test);
void page_fixture_again(struct kunit *test);
int page_fixture_try(struct kunit *test);
void page_fixture_expect_clean(struct kunit *test);
void page_fixture_expect_honest_works(struct kunit *test);

#endif /* _VIRTIO_PAGE_FIXTURE_H */
