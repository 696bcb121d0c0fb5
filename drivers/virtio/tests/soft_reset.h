/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What must come of a device that does not take a reset as it should, over any transport.
 *
 * The suites plug the device into their transport (soft_expect.h) and call these.
 */
#ifndef _VIRTIO_SOFT_RESET_H
#define _VIRTIO_SOFT_RESET_H

#include <kunit/test.h>

/* How a device answers a reset. */
enum soft_reset {
	SOFT_RESET_DONE,	/* at once */
	SOFT_RESET_REFUSED,	/* FAILED is set, and nothing else happens */
	SOFT_RESET_ENDLESS,	/* the status stays as it is */
};

void soft_reset_behave(enum soft_reset how);
void soft_reset_takes(unsigned int seconds);

void soft_expect_one_reset(struct kunit *test);
void soft_expect_refusal(struct kunit *test);
void soft_expect_shutdown(struct kunit *test, enum soft_reset how, const char *words);
void soft_expect_limit(struct kunit *test, const char *words);
void soft_expect_patience(struct kunit *test);

#endif /* _VIRTIO_SOFT_RESET_H */
