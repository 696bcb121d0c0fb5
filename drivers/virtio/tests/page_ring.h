/* SPDX-License-Identifier: GPL-2.0 */
/* A queue for the tests of queues that comes from a device page. */
#ifndef _VIRTIO_PAGE_RING_H
#define _VIRTIO_PAGE_RING_H

#include "ring_fixture.h"

/* Instead of ring_fixture_init(). */
int page_ring_init(struct kunit *test);

#endif /* _VIRTIO_PAGE_RING_H */
