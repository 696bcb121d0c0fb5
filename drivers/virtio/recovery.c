// SPDX-License-Identifier: GPL-2.0
/*
 * Bringing back a device that has run into an error, with its driver none the wiser.
 *
 * A device asks for it by DEVICE_NEEDS_RESET (virtio 1.3, 2.1.2), a queue by what its
 * device has written there, a bus by a reset of its own.  Then, in two steps:
 *
 * First the device is revived beneath its driver: reset, with the features and queues it
 * had, and with every buffer in flight shown to it once more.  A buffer is handed back
 * once, however often that takes.
 *
 * Then the driver sees to whatever else the device has forgotten: it is told, or taken
 * through freeze and restore, as if the machine had slept, if it can do that while it is
 * in use.  Drivers wait there for what is in flight: that is why the device is revived
 * first, and revived again if it fails meanwhile.
 *
 * Called by handshake.c and bus.c, by rings through &virtio_device.queue_broke, and by
 * transports.  Knows no ring and no register.
 */
#include <kunit/visibility.h>
#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/virtio_ring.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "core.h"
#include "watch/trace.h"

/* So often in a row, with not one buffer used in between, and never well for long. */
#define MOST_ATTEMPTS	5

/* In jiffies. */
VISIBLE_IF_KUNIT unsigned long virtio_recovery_long = 10 * 60 * HZ;
EXPORT_SYMBOL_IF_KUNIT(virtio_recovery_long);

/**
 * struct virtio_recovery - what is kept for that
 * @vdev: the device
 * @lock: guards what follows, and that queues neither come nor go while a device is
 *	revived: it is reset first
 * @able: it is live, and its driver and its transport can do what is needed
 * @paused: somebody else is resetting it
 * @rebuilding: its driver is being restarted
 * @muted: it is live, and interrupts of a queue of it are kept back still
 * @restarting: from when that resets it until it is live, and nobody else is to reset it
 * @missed: the device may have said something while it could not be brought back
 * @stopped: it goes, and no bus says so any more that it is done
 * @turn: who waits for @paused or @restarting to end
 * @attempts: so often in a row
 * @last: when that was last, in jiffies
 * @helps: what queues that are stuck need, by bit of &enum vring_help
 * @help: does that, also while the device goes
 * @revive: the first step
 * @rebuild: the second
 */
struct virtio_recovery {
	struct virtio_device *vdev;
	struct mutex lock;	/* see above */
	bool able, paused, muted, rebuilding, restarting, missed, stopped;
	wait_queue_head_t turn;
	unsigned int attempts;
	unsigned long last;
	unsigned long helps;
	struct work_struct help, revive, rebuild;
};

static void tell_user_space(struct virtio_recovery *r, const char *how)
{
	char recovery[32], attempt[32];
	char *env[3] = { };

	trace_virtio_recovery(r->vdev, how, r->attempts);
	env[0] = recovery;
	env[1] = attempt;
	snprintf(recovery, sizeof(recovery), "RECOVERY=%s", how);
	snprintf(attempt, sizeof(attempt), "ATTEMPT=%u", r->attempts);
	kobject_uevent_env(&r->vdev->dev.kobj, KOBJ_CHANGE, env);
}

/*
 * The first step.  Everything below runs with @lock held.
 */

/* Drivers may be waiting for an interrupt: the queues that one finds move by that. */
static int revive_device(struct virtio_device *vdev)
{
	int err;

	vring_stall(vdev);
	err = virtio_handshake_again(vdev);
	if (err)
		return err;
	/* For whoever polls the memory that a ring moved from last time. */
	synchronize_rcu();
	err = vring_renew(vdev);
	if (!err)
		err = vdev->config->resume_vqs(vdev);
	if (err)
		return err;
	virtio_add_status(vdev, VIRTIO_CONFIG_S_DRIVER_OK);
	vring_resume(vdev);
	return 0;
}

/*
 * A queue whose device interrupts all the while stays muted.  Then its driver is prompted again
 * later, and so on: others get their turn in between.
 */
static void prompt(struct virtio_recovery *r)
{
	r->muted = virtio_prompt_driver(r->vdev);
	if (r->muted)
		queue_work(system_freezable_wq, &r->revive);
}

static void give_up(struct virtio_recovery *r, const char *why)
{
	dev_err(&r->vdev->dev, "given up: %s\n", why);
	r->able = false;
	virtio_handshake_fail(r->vdev);
	tell_user_space(r, "failed");
}

/* Its bus has lost it, and may get it back. */
static bool is_away(struct virtio_device *vdev)
{
	return !vdev->lost && vdev->config->is_gone && vdev->config->is_gone(vdev);
}

/* As if that had been said before: it will be, or else that it is gone for good. */
static void wait_for_bus(struct virtio_recovery *r)
{
	r->paused = true;
	vring_stall(r->vdev);
}

/* A device that has served anything, or has had nothing to do for long, is worth another try. */
static void forget_attempts(struct virtio_recovery *r)
{
	if (vring_has_served(r->vdev) || time_after(jiffies, r->last + virtio_recovery_long))
		r->attempts = 0;
}

/* In memory that is not got by writing to the very disk that is brought back. */
static int revive_without_io(struct virtio_device *vdev)
{
	unsigned int noio = memalloc_noio_save();
	int err = revive_device(vdev);

	memalloc_noio_restore(noio);
	return err;
}

static void bring_back(struct virtio_recovery *r, const char *why)
{
	struct virtio_device *vdev = r->vdev;

	forget_attempts(r);
	if (r->attempts == MOST_ATTEMPTS) {
		give_up(r, "it has failed too often and done nothing in between");
		return;
	}
	r->attempts++;
	r->last = jiffies;
	dev_warn(&vdev->dev, "%s: reset and resumed, attempt %u of %u\n", why, r->attempts,
		 MOST_ATTEMPTS);
	tell_user_space(r, "started");
	if (!revive_without_io(vdev)) {
		prompt(r);
		queue_work(system_freezable_wq, &r->rebuild);
	} else if (is_away(vdev)) {
		wait_for_bus(r);
	} else {
		give_up(r, "it does not come back as it was");
	}
}

/* %NULL if there is nothing wrong with it, or nothing left of it. */
static const char *what_is_wrong(struct virtio_device *vdev)
{
	u8 status = virtio_get_status(vdev);

	if (status == VIRTIO_STATUS_GONE)
		return NULL;
	if (status & VIRTIO_CONFIG_S_NEEDS_RESET)
		return "device needs a reset";
	return vring_has_lied(vdev) ? "broken queue" : NULL;
}

static void revive(struct work_struct *work)
{
	struct virtio_recovery *r = container_of(work, struct virtio_recovery, revive);
	const char *why;

	mutex_lock(&r->lock);
	WRITE_ONCE(r->missed, false);
	if (r->able && r->vdev->lost) {
		r->able = false;
		virtio_end_what_is_in_flight(r->vdev);
	} else if (r->able && !r->paused) {
		why = what_is_wrong(r->vdev);
		if (why)
			bring_back(r, why);
		else if (r->muted)
			prompt(r);
	}
	mutex_unlock(&r->lock);
}

/*
 * The second step.  A bus that resets the device, or has lost it, and a driver that does so
 * and sets it up again: one at a time.
 */

static bool is_in_hands_of_bus(const struct virtio_recovery *r)
{
	return READ_ONCE(r->paused) && !READ_ONCE(r->stopped) && !READ_ONCE(r->vdev->lost);
}

static void begin_restart(struct virtio_recovery *r)
{
	mutex_lock(&r->lock);
	while (!r->restarting && is_in_hands_of_bus(r)) {
		mutex_unlock(&r->lock);
		wait_event(r->turn, !is_in_hands_of_bus(r));
		mutex_lock(&r->lock);
	}
	r->restarting = true;
	mutex_unlock(&r->lock);
}

/* Also as soon as it is live.  With @lock held. */
static void let_bus_reset(struct virtio_recovery *r)
{
	r->restarting = false;
	wake_up_all(&r->turn);
}

/* Worth another try?  Not with queues that were set up: they would be twice. */
static bool is_worth_it(struct virtio_recovery *r)
{
	if (is_away(r->vdev))
		wait_for_bus(r);
	return is_in_hands_of_bus(r) && list_empty(&r->vdev->vqs);
}

/* Returns %true if it is to begin once more. */
static bool end_restart(struct virtio_recovery *r, int err)
{
	bool again;

	mutex_lock(&r->lock);
	let_bus_reset(r);
	again = err && is_worth_it(r);
	r->rebuilding = again;
	mutex_unlock(&r->lock);
	return again;
}

static int restart_driver(struct virtio_recovery *r)
{
	int err;

	do {
		begin_restart(r);
		err = virtio_handshake_restore(r->vdev);
	} while (end_restart(r, err));
	if (err)
		virtio_stand_in_begin(r->vdev);
	return err;
}

static int freeze_driver(struct virtio_recovery *r)
{
	int err;

	mutex_lock(&r->lock);
	r->rebuilding = true;
	mutex_unlock(&r->lock);
	err = virtio_device_freeze(r->vdev);
	if (err)
		end_restart(r, 0);
	return err;
}

/* Returns how it ended.  A driver that can't sleep just now goes on with what it has. */
static const char *freeze_and_restart(struct virtio_recovery *r)
{
	int err = freeze_driver(r);

	if (err) {
		dev_warn(&r->vdev->dev, "driver goes on without a restart: %d\n", err);
		return "partial";
	}
	err = restart_driver(r);
	if (err) {
		dev_err(&r->vdev->dev, "given up: its driver was not restarted: %d\n", err);
		return "failed";
	}
	return "done";
}

/* Likewise.  Most drivers expect nobody to use them where they are frozen. */
static const char *tell_driver(struct virtio_recovery *r)
{
	const struct virtio_driver *drv = drv_to_virtio(r->vdev->dev.driver);

	if (drv->restarts)
		return freeze_and_restart(r);
	if (!drv->revived)
		return "partial";
	drv->revived(r->vdev);
	return "done";
}

static void rebuild(struct work_struct *work)
{
	struct virtio_recovery *r = container_of(work, struct virtio_recovery, rebuild);
	struct virtio_device *vdev = r->vdev;
	unsigned int noio = memalloc_noio_save();

	device_lock(&vdev->dev);
	/* One that is away is rebuilt when it is back. */
	if (vdev->dev.driver && READ_ONCE(r->able) && !READ_ONCE(r->paused) && !is_away(vdev))
		tell_user_space(r, tell_driver(r));
	device_unlock(&vdev->dev);
	memalloc_noio_restore(noio);
}

/*
 * Who asks for it.
 */

/* The operation queue_broke. */
static bool queue_broke(struct virtio_device *vdev)
{
	struct virtio_recovery *r = vdev->recovery;

	if (!READ_ONCE(r->able))
		return false;
	queue_work(system_freezable_wq, &r->revive);
	return true;
}

/* The device has said something.  Any context: its status is read where one may sleep. */
void virtio_recovery_check(struct virtio_device *vdev)
{
	struct virtio_recovery *r = vdev->recovery;

	if (!r)
		return;
	WRITE_ONCE(r->missed, true);
	/* Pairs with the barrier in virtio_recovery_allow(): one of us sees it. */
	smp_mb();
	queue_broke(vdev);
}

/**
 * virtio_recovery_pause - a bus is about to reset a device
 * @vdev: the device
 *
 * For transports.  Its driver goes on without it until virtio_recovery_resume().  Waits for
 * one that is setting the device up again.
 * Context: may sleep.
 * Return: %false for a device that can't be brought back, and to which nothing was done.
 */
bool virtio_recovery_pause(struct virtio_device *vdev)
{
	struct virtio_recovery *r = vdev->recovery;
	bool able;

	mutex_lock(&r->lock);
	r->paused = true;
	mutex_unlock(&r->lock);
	/* No restart begins from here on. */
	wait_event(r->turn, !READ_ONCE(r->restarting));
	mutex_lock(&r->lock);
	able = r->able || r->rebuilding;
	if (r->able)
		vring_stall(vdev);
	mutex_unlock(&r->lock);
	return able;
}
EXPORT_SYMBOL_GPL(virtio_recovery_pause);

/**
 * virtio_recovery_resume - the bus has done so
 * @vdev: the device
 * @blameless: that was not for a failure of the device: somebody asked for it, or what is
 *	there now is another one
 *
 * Context: may sleep.
 */
void virtio_recovery_resume(struct virtio_device *vdev, bool blameless)
{
	struct virtio_recovery *r = vdev->recovery;

	mutex_lock(&r->lock);
	r->paused = false;
	/* The reset has ended whatever the device was lost for, and any access to memory. */
	virtio_reset_retry(vdev);
	vdev->status = VIRTIO_STATUS_UNKNOWN;
	wake_up_all(&r->turn);
	if (blameless)
		r->attempts = 0;
	if (r->able)
		bring_back(r, "reset by its bus");
	mutex_unlock(&r->lock);
}
EXPORT_SYMBOL_GPL(virtio_recovery_resume);

/**
 * virtio_recovery_abandon - a device is gone for good
 * @vdev: the device, which has a driver, or at least is registered
 *
 * For transports.  Nobody reaches it any more, and who waits for it is told, also a
 * probe(): it can be unregistered then.
 * Context: any.
 */
void virtio_recovery_abandon(struct virtio_device *vdev)
{
	struct virtio_recovery *r = vdev->recovery;

	virtio_mark_abandoned(vdev);
	wake_up_all(&r->turn);
	queue_work(system_freezable_wq, &r->revive);
}
EXPORT_SYMBOL_GPL(virtio_recovery_abandon);

/*
 * Queues that are stuck.
 */

/* An interrupt may be lost, the device may be gone, or somebody wants it reset. */
static void help_queues(struct work_struct *work)
{
	struct virtio_recovery *r = container_of(work, struct virtio_recovery, help);
	struct virtio_device *vdev = r->vdev;
	unsigned long helps = xchg(&r->helps, 0);

	mutex_lock(&r->lock);
	if (!r->able || r->paused || is_away(vdev))
		goto out;
	if (virtio_get_status(vdev) == VIRTIO_STATUS_GONE) {
		r->able = false;
		virtio_handshake_fail(vdev);
	} else {
		if (helps & BIT(VRING_HELP_RECALL) && vring_recall(vdev))
			virtio_prompt_driver(vdev);
		if (helps & BIT(VRING_HELP_RESET) && !r->stopped)
			bring_back(r, "a queue is stuck");
	}
out:
	mutex_unlock(&r->lock);
}

/* The operation queue_stuck. */
static void queue_stuck(struct virtio_device *vdev, enum vring_help help)
{
	struct virtio_recovery *r = vdev->recovery;

	set_bit(help, &r->helps);
	queue_work(system_unbound_wq, &r->help);
}

/*
 * When there is something to bring back.
 */

static bool can_be_brought_back(const struct virtio_device *vdev)
{
	const struct virtio_driver *drv;

	if (!vdev->dev.driver || !vdev->config->resume_vqs)
		return false;
	drv = drv_to_virtio(vdev->dev.driver);
	return drv->freeze && drv->restore;
}

/* The device is live. */
void virtio_recovery_allow(struct virtio_device *vdev)
{
	struct virtio_recovery *r = vdev->recovery;

	if (!r)
		return;
	mutex_lock(&r->lock);
	WRITE_ONCE(r->able, can_be_brought_back(vdev));
	let_bus_reset(r);
	mutex_unlock(&r->lock);
	/* Pairs with the barrier in virtio_recovery_check(). */
	smp_mb();
	if (READ_ONCE(r->missed))
		queue_broke(vdev);
}

/* It is about to be reset, and its queues with it.  On return nobody is reviving it. */
void virtio_recovery_forbid(struct virtio_device *vdev)
{
	struct virtio_recovery *r = vdev->recovery;
	bool rebuilding;

	if (!r)
		return;
	mutex_lock(&r->lock);
	if (r->able)
		forget_attempts(r);
	r->able = false;
	rebuilding = r->rebuilding;
	mutex_unlock(&r->lock);
	/* Not while its bus does. */
	if (rebuilding)
		begin_restart(r);
}

int virtio_recovery_init(struct virtio_device *vdev)
{
	struct virtio_recovery *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	r->vdev = vdev;
	mutex_init(&r->lock);
	init_waitqueue_head(&r->turn);
	INIT_WORK(&r->help, help_queues);
	INIT_WORK(&r->revive, revive);
	INIT_WORK(&r->rebuild, rebuild);
	vdev->recovery = r;
	vdev->queue_broke = queue_broke;
	vdev->queue_stuck = queue_stuck;
	return 0;
}

static bool is_of_no_use(const struct virtio_recovery *r)
{
	return r->paused || virtio_get_status(r->vdev) == VIRTIO_STATUS_GONE ||
	       what_is_wrong(r->vdev);
}

/*
 * The device goes.  What it says from here on is not heard.  Its driver may be in the
 * midst of freeze(), waiting for what no device will answer any more.
 */
void virtio_recovery_stop(struct virtio_device *vdev)
{
	struct virtio_recovery *r = vdev->recovery;

	disable_work_sync(&r->revive);
	mutex_lock(&r->lock);
	/* Nobody brings it back any more, and a bus that has failed to reset it does not say so. */
	r->stopped = true;
	if (r->able && is_of_no_use(r)) {
		vring_break(vdev);
		virtio_end_what_is_in_flight(vdev);
	}
	wake_up_all(&r->turn);
	mutex_unlock(&r->lock);
	disable_work_sync(&r->rebuild);
}

void virtio_recovery_free(struct virtio_recovery *r)
{
	if (r)
		cancel_work_sync(&r->help);
	kfree(r);
}
