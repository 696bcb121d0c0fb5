// SPDX-License-Identifier: GPL-2.0
/*
 * Resets of a device: what they end, how long they are waited for, and what becomes of a
 * device that refuses one.
 *
 * Called by handshake.c, recovery.c and drivers that reset a device, and by transports
 * that wait until the device has followed.  Knows the status byte, and no register.
 */
#include <kunit/visibility.h>
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "core.h"
#include "watch/misuse.h"
#include "watch/trace.h"

/* In seconds. */
VISIBLE_IF_KUNIT unsigned int virtio_reset_limit = 10;
EXPORT_SYMBOL_IF_KUNIT(virtio_reset_limit);
module_param_named(reset_limit, virtio_reset_limit, uint, 0644);
MODULE_PARM_DESC(reset_limit, "Seconds that a device may take for a reset (default 10)");

/*
 * In microseconds: what is left of the second that all devices together may take when the
 * machine stops or starts another kernel.  It goes down once in the life of a kernel.
 */
VISIBLE_IF_KUNIT unsigned int virtio_shutdown_budget = USEC_PER_SEC;
EXPORT_SYMBOL_IF_KUNIT(virtio_shutdown_budget);

/*
 * Waiting.
 */

/* Also a wait that began before does not hold up the machine. */
static bool is_ending(const struct virtio_device *vdev)
{
	return vdev->ending || (system_state > SYSTEM_RUNNING && system_state != SYSTEM_SUSPEND);
}

/**
 * virtio_wait_begin - begin to wait for an answer of a device
 * @wait: the wait
 * @vdev: the device
 *
 * Context: any.
 */
void virtio_wait_begin(struct virtio_wait *wait, struct virtio_device *vdev)
{
	wait->vdev = vdev;
	wait->began = ktime_get();
	wait->looked = wait->began;
}
EXPORT_SYMBOL_GPL(virtio_wait_begin);

/**
 * virtio_wait_longer - may a wait for an answer go on?
 * @wait: the wait; the answer was not there yet
 *
 * Each wait has the limit that the parameter reset_limit sets.  While the machine goes
 * down all waits draw on one budget instead.
 * Context: any.
 * Return: %true to look once more after a while.
 */
bool virtio_wait_longer(struct virtio_wait *wait)
{
	ktime_t now = ktime_get();
	s64 since_look = ktime_us_delta(now, wait->looked);
	unsigned int left = READ_ONCE(virtio_shutdown_budget);

	wait->looked = now;
	if (!is_ending(wait->vdev))
		return ktime_us_delta(now, wait->began) < (s64)virtio_wait_limit() * USEC_PER_SEC;
	left -= min_t(s64, left, since_look);
	WRITE_ONCE(virtio_shutdown_budget, left);
	return left;
}
EXPORT_SYMBOL_GPL(virtio_wait_longer);

/**
 * virtio_wait_limit - how long a device may take for an answer
 *
 * Context: any.
 * Return: the limit in seconds, at least one.
 */
unsigned int virtio_wait_limit(void)
{
	return max(READ_ONCE(virtio_reset_limit), 1U);
}
EXPORT_SYMBOL_GPL(virtio_wait_limit);

/*
 * A device that takes no reset says so by FAILED, which the driver has not set.  It may have
 * said so before.
 */
static bool is_refused(const struct virtio_device *vdev, u8 status)
{
	return status & VIRTIO_CONFIG_S_FAILED &&
	       (vdev->refused || !(vdev->status & VIRTIO_CONFIG_S_FAILED));
}

static u8 wait_for_answer(struct virtio_device *vdev)
{
	struct virtio_wait wait;
	u8 status;

	virtio_wait_begin(&wait, vdev);
	for (;;) {
		status = vdev->config->get_status(vdev);
		if (!status || status == VIRTIO_STATUS_GONE || is_refused(vdev, status))
			return status;
		if (!virtio_wait_longer(&wait))
			return status;
		fsleep(1000);
	}
}

static void say_lost(struct virtio_device *vdev, u8 status)
{
	struct device *dev = vdev->dev.parent ?: &vdev->dev;

	if (status == VIRTIO_STATUS_GONE)
		dev_warn(dev, "device is gone\n");
	else if (vdev->refused)
		dev_err(dev, "device refuses a reset, status %#x: cut off\n", status);
	else if (is_ending(vdev))
		dev_err(dev, "status %#x after a reset while the machine goes down, expected 0: cut off\n",
			status);
	else
		dev_err(dev, "status %#x for %u s after a reset, expected 0: cut off\n", status,
			virtio_wait_limit());
}

static void lose(struct virtio_device *vdev)
{
	vdev->lost = true;
	vring_break(vdev);
}

/**
 * virtio_wait_for_reset - wait until the status reads as 0
 * @vdev: the device, to whose status 0 was written
 *
 * Only then is it a reset (virtio 1.3, 2.4.1).  A device that does not follow in time,
 * refuses, or is gone, is lost: its queues are broken, and the core has nothing to do with
 * it until its bus or another driver begins anew.
 * Context: may sleep.
 * Return: 0 or -ENODEV.
 */
int virtio_wait_for_reset(struct virtio_device *vdev)
{
	u8 status;

	vdev->reset_unseen = false;
	if (vdev->lost)
		return -ENODEV;
	status = wait_for_answer(vdev);
	vdev->refused = status != VIRTIO_STATUS_GONE && is_refused(vdev, status);
	if (!status)
		return 0;
	lose(vdev);
	say_lost(vdev, status);
	return -ENODEV;
}
EXPORT_SYMBOL_GPL(virtio_wait_for_reset);

/**
 * virtio_reset_failed - a device can't be reset, and there is nothing to wait for
 * @vdev: the device
 * @err: what came of it
 *
 * For transports that are told so.  The device is lost, as above.
 * Context: may sleep.
 */
void virtio_reset_failed(struct virtio_device *vdev, int err)
{
	if (vdev->lost)
		return;
	lose(vdev);
	dev_err(vdev->dev.parent ?: &vdev->dev, "reset failed: %d: cut off\n", err);
}
EXPORT_SYMBOL_GPL(virtio_reset_failed);

/*
 * A device that was lost may be reset once more: it has had time, or its bus has reset it.
 * Until it follows it stays cut off from memory.  One that is gone for good is left alone.
 */
void virtio_reset_retry(struct virtio_device *vdev)
{
	WRITE_ONCE(vdev->lost, false);
	/* Pairs with the barrier in virtio_mark_abandoned(): lost is what it says there. */
	smp_mb();
	if (READ_ONCE(vdev->abandoned))
		WRITE_ONCE(vdev->lost, true);
}

/**
 * virtio_mark_abandoned - a device is gone for good
 * @vdev: the device
 *
 * For virtio_recovery_abandon(): nobody reaches the device any more.
 * Context: any.
 */
void virtio_mark_abandoned(struct virtio_device *vdev)
{
	WRITE_ONCE(vdev->abandoned, true);
	/* Pairs with the barrier in virtio_reset_retry(). */
	smp_mb();
	WRITE_ONCE(vdev->lost, true);
	vring_break(vdev);
}
EXPORT_SYMBOL_GPL(virtio_mark_abandoned);

/*
 * Resets.
 */

/* Beneath a driver that does not know of it: what it has found of the configuration stays found. */
void virtio_reset_beneath(struct virtio_device *vdev)
{
	const struct virtio_config_ops *ops = vdev->config;

	lockdep_assert_held(&vdev->queues_lock);
	if (ops->reset_device)
		ops->reset_device(vdev);
	else
		ops->reset(vdev);
	trace_virtio_reset(vdev);
	vdev->features_latched = false;
	vdev->features_late = false;
	vdev->status = vdev->lost ? VIRTIO_STATUS_UNKNOWN : 0;
}

/* Return the state that this side keeps for a driver to that of a new device. */
void virtio_forget_driver(struct virtio_device *vdev)
{
	vdev->ready = false;
	vdev->offered_known = false;
	vdev->offered_all = false;
	vdev->next_vq = 0;
	bitmap_zero(vdev->fields_used, 256);
}

/**
 * virtio_reset_device - make the device forget everything
 * @vdev: the device
 *
 * On return the device writes to no memory and calls nobody back, all fields
 * can be found again, and features must be agreed anew (virtio 1.3, 2.4).  The
 * caller ensures that nobody kicks meanwhile.
 * Context: may sleep; not from a callback.
 */
void virtio_reset_device(struct virtio_device *vdev)
{
	virtio_check_may_sleep(vdev, "virtio_reset_device");
	virtio_recovery_forbid(vdev);
	scoped_guard(mutex, &vdev->queues_lock)
		virtio_reset_beneath(vdev);
	virtio_forget_driver(vdev);
}
EXPORT_SYMBOL_GPL(virtio_reset_device);

/**
 * virtio_device_shutdown - stop a device because the machine stops or starts another kernel
 * @vdev: the device; its driver has stopped using it, or does not know
 *
 * The device writes to no memory on return, unless it refuses to be reset, and nobody can
 * kick it.  All devices together are waited for no longer than a second.  A driver with
 * its own &virtio_driver.shutdown calls this as its last step.
 * Context: may sleep.
 */
void virtio_device_shutdown(struct virtio_device *vdev)
{
	vring_break(vdev);
	virtio_synchronize_cbs(vdev);
	vdev->ending = true;
	virtio_reset_device(vdev);
	vdev->ending = false;
}
EXPORT_SYMBOL_GPL(virtio_device_shutdown);
