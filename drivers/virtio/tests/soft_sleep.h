/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device that sleeps and wakes, over any transport with registers.
 */
#ifndef _VIRTIO_SOFT_SLEEP_H
#define _VIRTIO_SOFT_SLEEP_H

#include <kunit/test.h>

#include "soft_device.h"

/**
 * struct soft_sleeper - what a transport's fixture does
 * @dev: the device
 * @try: plugs it in
 * @leave: tears it out
 * @expect_clean: nothing was touched that is not the device's
 * @expect_honest_works: and the next device works
 */
struct soft_sleeper {
	struct soft_device *dev;
	int (*try)(struct kunit *test);
	void (*leave)(struct kunit *test);
	void (*expect_clean)(struct kunit *test);
	void (*expect_honest_works)(struct kunit *test);
};

void soft_sleep_expect_wakes(struct kunit *test, const struct soft_sleeper *sleeper);
void soft_sleep_expect_gone(struct kunit *test, const struct soft_sleeper *sleeper);
void soft_sleep_expect_stuck(struct kunit *test, const struct soft_sleeper *sleeper);

#endif /* _VIRTIO_SOFT_SLEEP_H */
