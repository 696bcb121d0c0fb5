// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that refuse a reset, never finish one, or take long for it; see soft_reset.h.
 */
#include <linux/ktime.h>
#include <linux/virtio_config.h>

#include "../core.h"
#include "kernel_log.h"
#include "soft_driver.h"
#include "soft_expect.h"
#include "soft_reset.h"

/* Firecracker and libkrun do this on MMIO: the device goes on, and says FAILED. */
static bool refuse(struct soft_device *dev, enum soft_register reg, u32 value)
{
	if (reg != SOFT_STATUS || value || !dev->regs[SOFT_STATUS])
		return false;
	dev->regs[SOFT_STATUS] |= VIRTIO_CONFIG_S_FAILED;
	return true;
}

static bool ignore(struct soft_device *dev, enum soft_register reg, u32 value)
{
	return reg == SOFT_STATUS && !value && dev->regs[SOFT_STATUS];
}

/**
 * soft_reset_behave - choose how the device answers a reset from now on
 * @how: the way
 *
 * A device whose status is 0 already has nothing to reset, and takes the write.
 * Context: any.
 */
void soft_reset_behave(enum soft_reset how)
{
	struct soft_device *dev = soft_place.dev;

	if (soft_place.behave)
		soft_place.behave(how);
	else
		dev->ignores = how == SOFT_RESET_REFUSED ? refuse :
			       how == SOFT_RESET_ENDLESS ? ignore : NULL;
}

static ktime_t done_at;

/* Reads as before until the time has come. */
static u32 finish_late(struct soft_device *dev, enum soft_register reg, u32 value)
{
	if (reg != SOFT_STATUS || ktime_before(ktime_get(), done_at))
		return value;
	dev->twist = NULL;
	dev->ignores = NULL;
	soft_device_write(dev, SOFT_STATUS, 0);
	return 0;
}

/**
 * soft_reset_takes - the next reset ends after this long
 * @seconds: from now
 *
 * For devices that soft_device.c plays.
 * Context: any.
 */
void soft_reset_takes(unsigned int seconds)
{
	done_at = ktime_add_us(ktime_get(), seconds * USEC_PER_SEC);
	soft_place.dev->ignores = ignore;
	soft_place.dev->twist = finish_late;
}

static struct device *plug(struct kunit *test)
{
	soft_driver_again();
	KUNIT_ASSERT_EQ(test, 0, soft_place.try(test));
	soft_driver_expect_works(test);
	KUNIT_ASSERT_NOT_NULL(test, soft_driver.vdev);
	virtio_shutdown_budget = USEC_PER_SEC;
	soft_driver_start_clock();
	return &soft_driver.vdev->dev;
}

/* Another driver, or the same once more. */
static void expect_serves_again(struct kunit *test, struct device *dev)
{
	soft_driver_again();
	KUNIT_EXPECT_EQ(test, 1, device_attach(dev));
	if (soft_place.settle)
		soft_place.settle(test);
	soft_driver_expect_works(test);
}

/* Puts the device away, whatever it says to that. */
static void expect_over(struct kunit *test)
{
	soft_place.expect_clean(test);
	soft_reset_behave(SOFT_RESET_DONE);
	soft_place.expect_honest_works(test);
}

/**
 * soft_expect_one_reset - a device that takes no reset while it is in use can be probed
 * @test: the test
 *
 * Context: may sleep.
 */
void soft_expect_one_reset(struct kunit *test)
{
	soft_reset_behave(SOFT_RESET_REFUSED);
	plug(test);
	kernel_log_expect_quiet(test);
	expect_over(test);
}

/**
 * soft_expect_refusal - "no" is an answer: nobody waits, at unbind or at probe
 * @test: the test
 *
 * Once the device takes a reset again, it serves the next driver.
 * Context: may sleep.
 */
void soft_expect_refusal(struct kunit *test)
{
	struct device *dev = plug(test);

	soft_reset_behave(SOFT_RESET_REFUSED);
	kernel_log_mark();
	device_release_driver(dev);
	kernel_log_expect_one(test, "refuses a reset");
	KUNIT_EXPECT_NE(test, 1, device_attach(dev));
	soft_driver_expect_within(test, 1);

	soft_reset_behave(SOFT_RESET_DONE);
	expect_serves_again(test, dev);
	expect_over(test);
}

static void shut_down(struct device *dev)
{
	dev->bus->shutdown(dev);
}

/**
 * soft_expect_shutdown - devices that hold up a reset don't hold up the machine
 * @test: the test
 * @how: what they do
 * @words: of the line for the first of them
 *
 * Any number of devices costs a second in all.
 * Context: may sleep.
 */
void soft_expect_shutdown(struct kunit *test, enum soft_reset how, const char *words)
{
	unsigned int devices = 5, left = USEC_PER_SEC, i;
	struct device *dev;

	for (i = 0; i < devices; i++) {
		dev = plug(test);
		virtio_shutdown_budget = left;
		soft_reset_behave(how);
		kernel_log_mark();
		shut_down(dev);
		soft_driver_expect_within(test, i ? 0 : 1);
		KUNIT_EXPECT_LE(test, virtio_shutdown_budget, left);
		left = virtio_shutdown_budget;
		kernel_log_expect_one(test, words);
		expect_over(test);
	}
	KUNIT_EXPECT_EQ(test, how == SOFT_RESET_REFUSED, left > USEC_PER_SEC / 2);
}

static void restore_limit(void *limit)
{
	virtio_reset_limit = (unsigned long)limit;
}

static void set_limit(struct kunit *test, unsigned int seconds)
{
	unsigned long before = virtio_reset_limit;

	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, restore_limit, (void *)before));
	virtio_reset_limit = seconds;
}

/**
 * soft_expect_limit - the limit of the module is that of the device
 * @test: the test
 * @words: what is said when it has passed, for a limit of 3 s
 *
 * Context: may sleep.
 */
void soft_expect_limit(struct kunit *test, const char *words)
{
	struct device *dev = plug(test);

	set_limit(test, 3);
	soft_reset_behave(SOFT_RESET_ENDLESS);
	kernel_log_mark();
	device_release_driver(dev);
	soft_driver_expect_within(test, 4);
	kernel_log_expect_one(test, words);
	expect_over(test);
}

/**
 * soft_expect_patience - a device may be given longer than usual
 * @test: the test
 *
 * Context: may sleep.
 */
void soft_expect_patience(struct kunit *test)
{
	struct device *dev = plug(test);

	set_limit(test, 20);
	soft_reset_takes(15);
	device_release_driver(dev);
	soft_driver_expect_within(test, 16);
	kernel_log_expect_quiet(test);
	expect_serves_again(test, dev);
	expect_over(test);
}
