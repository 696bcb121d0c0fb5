/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the MMIO transport have in common: a device that is honest until
 * the test says otherwise, a driver for it, and what has to be so afterwards.
 */
#ifndef _VIRTIO_MMIO_FIXTURE_H
#define _VIRTIO_MMIO_FIXTURE_H

#include "kernel_log.h"
#include "mmio_slot.h"
#include "soft_driver.h"
#include "soft_expect.h"

#define SLOT(test)	((struct mmio_slot *)(test)->priv)

int mmio_fixture_init(struct kunit *test);
void mmio_fixture_exit(struct kunit *test);
void mmio_fixture_again(struct kunit *test, u32 version);
int mmio_fixture_try(struct kunit *test);
void mmio_fixture_expect_clean(struct kunit *test);
void mmio_fixture_expect_honest_works(struct kunit *test);

#endif /* _VIRTIO_MMIO_FIXTURE_H */
