// SPDX-License-Identifier: GPL-2.0
/*
 * What must come of a device that lies in its registers; see soft_expect.h.
 *
 * Whatever it is, the device is taken away in the end, and the next one works.
 */
#include <linux/pm.h>

#include "kernel_log.h"
#include "soft_driver.h"
#include "soft_expect.h"

struct soft_place soft_place;

static void expect_over(struct kunit *test)
{
	soft_place.expect_clean(test);
	soft_place.expect_honest_works(test);
}

/* The transport refuses it, and says so once; or not at all, without @words. */
void soft_expect_refused(struct kunit *test, int err, const char *words)
{
	KUNIT_EXPECT_EQ(test, err, soft_place.try(test));
	if (words)
		kernel_log_expect_one(test, words);
	else
		kernel_log_expect_quiet(test);
	KUNIT_EXPECT_EQ(test, 0, soft_driver.probes);
	expect_over(test);
}

/* The transport takes it; the driver, or the core for it, fails. */
void soft_expect_probe_fails(struct kunit *test, int err, const char *words)
{
	KUNIT_EXPECT_EQ(test, 0, soft_place.try(test));
	KUNIT_EXPECT_EQ(test, err, soft_driver.err);
	KUNIT_EXPECT_NULL(test, soft_driver.vdev);
	kernel_log_expect_one(test, words);
	expect_over(test);
}

/* It works in spite of everything, and nothing is said. */
void soft_expect_works(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 0, soft_place.try(test));
	soft_driver_expect_works(test);
	kernel_log_expect_quiet(test);
	expect_over(test);
}

/* The driver has to do with the queues that it gets; without any it fails. */
static void expect_fewer(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 0, soft_place.try(test));
	KUNIT_EXPECT_LT(test, soft_driver.found, SOFT_QUEUES);
	KUNIT_EXPECT_EQ(test, soft_driver.found ? 0 : -ENOENT, soft_driver.err);
	KUNIT_EXPECT_EQ(test, soft_driver.found, soft_driver.back);
	kernel_log_expect_quiet(test);
	expect_over(test);
}

/* What comes of whatever it is for a driver that takes all queues at once: 0 if it works. */
void soft_expect_of_all(struct kunit *test, int err, const char *words)
{
	if (err)
		soft_expect_probe_fails(test, err, words);
	else
		soft_expect_works(test);
}

/* And for one that takes them one by one, whom -ENOENT tells where they end. */
void soft_expect_of_each(struct kunit *test, int err, const char *words)
{
	soft_driver.one_by_one = true;
	if (err == -ENOENT)
		expect_fewer(test);
	else
		soft_expect_of_all(test, err, words);
}

/* The same two of a register. */
void soft_expect_at_once(struct kunit *test, struct soft_lie lie, int err, const char *words)
{
	soft_place.dev->lie = lie;
	soft_expect_of_all(test, err, words);
}

void soft_expect_one_by_one(struct kunit *test, struct soft_lie lie, int err,
			    const char *words)
{
	soft_place.dev->lie = lie;
	soft_expect_of_each(test, err, words);
}

/*
 * Torn out with each access to its registers that there is in a life, which are more
 * than @least.  @again: makes an honest one.
 */
void soft_expect_torn_out(struct kunit *test, void (*again)(struct kunit *test),
			  unsigned int least)
{
	unsigned int n;

	for (n = 1; ; n++) {
		again(test);
		soft_place.dev->leave_after = n;
		soft_driver_start_clock();
		soft_place.try(test);
		soft_place.expect_clean(test);
		soft_driver_expect_within(test, 1);
		if (!soft_place.dev->gone)
			break;
	}
	KUNIT_EXPECT_GT(test, n, least);
	soft_place.expect_honest_works(test);
}

#ifdef CONFIG_PM_SLEEP
/* Plugged in and put to sleep; the device on the transport's own bus. */
static struct device *asleep(struct kunit *test)
{
	struct device *dev;

	KUNIT_ASSERT_EQ(test, 0, soft_place.try(test));
	KUNIT_ASSERT_NOT_NULL(test, soft_driver.vdev);
	dev = soft_driver.vdev->dev.parent;
	KUNIT_ASSERT_NOT_NULL(test, dev->driver);
	KUNIT_ASSERT_EQ(test, 0, dev->driver->pm->freeze(dev));
	soft_driver_start_clock();
	return dev;
}

void soft_expect_wakes(struct kunit *test)
{
	struct device *dev = asleep(test);

	/* It has lost all that it knew. */
	soft_device_write(soft_place.dev, SOFT_STATUS, 0);
	KUNIT_EXPECT_EQ(test, 0, dev->driver->pm->restore(dev));
	soft_driver_expect_works(test);
	kernel_log_expect_quiet(test);
	soft_place.expect_clean(test);
}

static void expect_given_up(struct kunit *test, unsigned int seconds, const char *words)
{
	KUNIT_EXPECT_NULL(test, soft_driver.vdev);
	soft_driver_expect_within(test, seconds);
	soft_place.expect_clean(test);
	kernel_log_expect_one(test, words);
	soft_place.expect_honest_works(test);
}

/* One that is gone when it is to wake is not waited for, and its driver not asked. */
void soft_expect_gone_asleep(struct kunit *test)
{
	struct device *dev = asleep(test);

	soft_place.leave(test);
	KUNIT_EXPECT_NE(test, 0, dev->driver->pm->restore(dev));
	expect_given_up(test, 1, "device is gone");
}

/* One that is stuck when it is to wake gets another chance the next time. */
void soft_expect_wakes_later(struct kunit *test)
{
	struct device *dev = asleep(test);

	soft_place.dev->regs[SOFT_STATUS] = 0xf;
	soft_reset_behave(SOFT_RESET_ENDLESS);
	KUNIT_EXPECT_EQ(test, -ENODEV, dev->driver->pm->restore(dev));
	KUNIT_EXPECT_EQ(test, 0, dev->driver->pm->freeze(dev));
	soft_reset_behave(SOFT_RESET_DONE);
	KUNIT_EXPECT_EQ(test, 0, dev->driver->pm->restore(dev));
	soft_driver_expect_works(test);
	soft_place.expect_clean(test);
}

void soft_expect_stuck_asleep(struct kunit *test)
{
	struct device *dev = asleep(test);

	soft_place.dev->lie = (struct soft_lie) { SOFT_STATUS, 0xf };
	KUNIT_EXPECT_EQ(test, -ENODEV, dev->driver->pm->restore(dev));
	expect_given_up(test, 11, "status 0xf for 10 s after a reset");
}
#endif
