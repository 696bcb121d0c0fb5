/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What must come of a device that lies, over any transport: the fixtures of PCI, MMIO and
 * the device page say how it is plugged in, their suites how it lies.
 */
#ifndef _VIRTIO_SOFT_EXPECT_H
#define _VIRTIO_SOFT_EXPECT_H

#include <kunit/test.h>

#include "soft_device.h"
#include "soft_reset.h"

/**
 * struct soft_place - where a device is plugged in
 * @dev: the device, of a transport with registers
 * @try: plugs it in; returns the error of the transport
 * @leave: tears it out
 * @settle: on return what the device does later has happened; without it there is nothing
 * @behave: how it is to answer a reset; without it, as soft_device.c can
 * @expect_clean: takes it away; nothing was touched that is not the device's
 * @expect_honest_works: and an honest device in the same place works
 */
struct soft_place {
	struct soft_device *dev;
	int (*try)(struct kunit *test);
	void (*leave)(struct kunit *test);
	void (*settle)(struct kunit *test);
	void (*behave)(enum soft_reset how);
	void (*expect_clean)(struct kunit *test);
	void (*expect_honest_works)(struct kunit *test);
};

/* Of the test that is running; its fixture sets it. */
extern struct soft_place soft_place;

void soft_expect_refused(struct kunit *test, int err, const char *words);
void soft_expect_probe_fails(struct kunit *test, int err, const char *words);
void soft_expect_works(struct kunit *test);
void soft_expect_of_all(struct kunit *test, int err, const char *words);
void soft_expect_of_each(struct kunit *test, int err, const char *words);
void soft_expect_at_once(struct kunit *test, struct soft_lie lie, int err, const char *words);
void soft_expect_one_by_one(struct kunit *test, struct soft_lie lie, int err,
			    const char *words);
void soft_expect_torn_out(struct kunit *test, void (*again)(struct kunit *test),
			  unsigned int least);
#ifdef CONFIG_PM_SLEEP
void soft_expect_wakes(struct kunit *test);
void soft_expect_wakes_later(struct kunit *test);
void soft_expect_gone_asleep(struct kunit *test);
void soft_expect_stuck_asleep(struct kunit *test);
#endif

#endif /* _VIRTIO_SOFT_EXPECT_H */
