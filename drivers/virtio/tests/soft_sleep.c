// SPDX-License-Identifier: GPL-2.0
/*
 * What must come of a device that sleeps: an honest one wakes, one that is gone or
 * stuck by then is given up.  The same for PCI and MMIO, whose suites call this.
 */
#include <linux/pm.h>

#include "kernel_log.h"
#include "soft_driver.h"
#include "soft_sleep.h"

/* Plugged in and put to sleep; the device on the transport's own bus. */
static struct device *asleep(struct kunit *test, const struct soft_sleeper *sleeper)
{
	struct device *dev;

	KUNIT_ASSERT_EQ(test, 0, sleeper->try(test));
	KUNIT_ASSERT_NOT_NULL(test, soft_driver.vdev);
	dev = soft_driver.vdev->dev.parent;
	KUNIT_ASSERT_NOT_NULL(test, dev->driver);
	KUNIT_ASSERT_EQ(test, 0, dev->driver->pm->freeze(dev));
	soft_driver_start_clock();
	return dev;
}

void soft_sleep_expect_wakes(struct kunit *test, const struct soft_sleeper *sleeper)
{
	struct device *dev = asleep(test, sleeper);

	/* It has lost all that it knew. */
	soft_device_write(sleeper->dev, SOFT_STATUS, 0);
	KUNIT_EXPECT_EQ(test, 0, dev->driver->pm->restore(dev));
	soft_driver_expect_works(test);
	kernel_log_expect_quiet(test);
	sleeper->expect_clean(test);
}

static void expect_given_up(struct kunit *test, const struct soft_sleeper *sleeper,
			    unsigned int seconds, const char *words)
{
	KUNIT_EXPECT_NULL(test, soft_driver.vdev);
	soft_driver_expect_within(test, seconds);
	sleeper->expect_clean(test);
	kernel_log_expect_one(test, words);
	sleeper->expect_honest_works(test);
}

/* One that is gone when it is to wake is not waited for, and its driver not asked. */
void soft_sleep_expect_gone(struct kunit *test, const struct soft_sleeper *sleeper)
{
	struct device *dev = asleep(test, sleeper);

	sleeper->leave(test);
	KUNIT_EXPECT_NE(test, 0, dev->driver->pm->restore(dev));
	expect_given_up(test, sleeper, 1, "device is gone");
}

void soft_sleep_expect_stuck(struct kunit *test, const struct soft_sleeper *sleeper)
{
	struct device *dev = asleep(test, sleeper);

	sleeper->dev->lie = (struct soft_lie) { SOFT_STATUS, 0xf };
	KUNIT_EXPECT_EQ(test, -ENODEV, dev->driver->pm->restore(dev));
	expect_given_up(test, sleeper, 11, "status 0xf for 10 s after a reset");
}
