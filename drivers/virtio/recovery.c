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
 * through freeze and restore, as if the machine had slept.  It may wait there for what is in
 * flight, so the device is revived first, and revived again if it fails meanwhile.
 *
 * Called by handshake.c and bus.c, by rings, and by transports.  Knows no ring and no register.
 */
#include <kunit/visibility.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/virtio_ring.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "announce.h"
#include "core.h"

/* So often in a row, with not one buffer used in between, and never well for long. */
#define MOST_ATTEMPTS	5

/* In jiffies. */
VISIBLE_IF_KUNIT unsigned long virtio_recovery_long = 10 * 60 * HZ;
EXPORT_SYMBOL_IF_KUNIT(virtio_recovery_long);

/* So long may a bus take to reset a device while its driver is restarted, in jiffies. */
#define BUS_LIMIT	(60 * HZ)

/* So long may a driver wait for its device in the second step while it is to go, in jiffies. */
#define DRIVER_LIMIT	(10 * HZ)

/**
 * struct virtio_recovery - what is kept for that
 * @vdev: the device, whose queues_lock guards what follows
 * @live: the device is in use by its driver: an error of it is dealt with here
 * @refused: a queue asked for recovery in vain, and is broken for good
 * @paused: somebody else is resetting it
 * @rebuilding: its driver is being restarted
 * @muted: it is live, and interrupts of a queue of it are kept back still
 * @restarting: from when that resets it until it is live, and nobody else is to reset it
 * @stopped: it goes, and no bus says so any more that it is done
 * @given_up: it stays out of use, and its driver need not be restarted for it
 * @settled: its driver was probed, and is not about to be removed
 * @busy: its driver is in the second step, or ends its use of the device for a reset of the
 *	bus and begins it again, with no lock held
 * @turn: woken when @paused, @restarting or @busy ends
 * @changed: the configuration changed, and its driver is yet to be told
 * @missed: it said so while it was not @live, and may have meant that it needs a reset
 * @announcer: announces what happens to it
 * @attempts: so often in a row
 * @last: when that was last, in jiffies
 * @helps: what queues that are stuck need, by bit of &enum vring_help
 * @help: does that, also while the device goes
 * @revive: the first step
 * @rebuild: the second
 */
struct virtio_recovery {
	struct virtio_device *vdev;
	bool live, refused, paused, muted, rebuilding, restarting, settled, busy, stopped, given_up;
	wait_queue_head_t turn;
	bool changed, missed;
	struct virtio_announcer announcer;
	unsigned int attempts;
	unsigned long last;
	unsigned long helps;
	struct work_struct help, revive, rebuild;
};

/*
 * The first step runs where memory may depend on it: the device may be the disk that memory
 * is reclaimed to, and the machine may be about to sleep, with the disk still in use.
 * The second step ends before the machine sleeps.  The device works until its driver is
 * frozen, so it may wait for memory until then.
 */
static struct workqueue_struct *revive_wq, *restart_wq;

/*
 * The first step.  Everything below runs with queues_lock held.
 */

/* Drivers may be waiting for an interrupt: the queues that one finds move by that. */
static int revive_device(struct virtio_device *vdev)
{
	int err;

	vring_stall(vdev);
	err = virtio_handshake_again(vdev);
	err = err ?: vring_renew(vdev);
	err = err ?: vdev->config->resume_vqs(vdev);
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
		queue_work(revive_wq, &r->revive);
}

/* Until its driver is bound again.  What is in flight can only be ended by a reset. */
static void put_out_of_use(struct virtio_recovery *r, const char *why, bool reset)
{
	r->live = false;
	r->changed = false;
	r->given_up = reset;
	if (reset)
		virtio_handshake_fail(r->vdev);
	else
		vring_break(r->vdev);
	virtio_announce_failure(&r->announcer, why, r->attempts);
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

/*
 * Memory may be short until the device is back, as it may be reclaimed to this very disk: the
 * reserves are for this, and nothing is reclaimed.
 */
static int from_reserves(int (*step)(struct virtio_device *), struct virtio_device *vdev)
{
	unsigned int flags = memalloc_noreclaim_save();
	int err = step(vdev);

	memalloc_noreclaim_restore(flags);
	return err;
}

/* The device can be used, and its configuration read. */
static void tell_change(struct virtio_recovery *r)
{
	if (xchg(&r->changed, false))
		virtio_changes_tell(r->vdev);
}

static void bring_back(struct virtio_recovery *r, const char *why)
{
	struct virtio_device *vdev = r->vdev;

	if (r->refused || !virtio_may_be_brought_back(vdev)) {
		put_out_of_use(r, why, drv_to_virtio(vdev->dev.driver)->takes_back);
		return;
	}
	forget_attempts(r);
	if (r->attempts == MOST_ATTEMPTS) {
		put_out_of_use(r, "failed too often with nothing done in between", true);
		return;
	}
	r->attempts++;
	r->last = jiffies;
	virtio_announce_attempt(&r->announcer, why, r->attempts, MOST_ATTEMPTS);
	if (!from_reserves(revive_device, vdev)) {
		prompt(r);
		tell_change(r);
		queue_work(restart_wq, &r->rebuild);
	} else if (is_away(vdev)) {
		wait_for_bus(r);
	} else {
		put_out_of_use(r, "does not come back as it was", true);
	}
}

/* %NULL if there is nothing wrong with it, or nothing left of it. */
static const char *what_is_wrong(struct virtio_device *vdev, u8 status)
{
	if (status == VIRTIO_STATUS_GONE)
		return NULL;
	if (status & VIRTIO_CONFIG_S_NEEDS_RESET)
		return "device needs a reset";
	return vring_has_lied(vdev) ? "broken queue" : NULL;
}

/* The device has something to say: that it has failed, or that its configuration changed. */
static void hear(struct virtio_recovery *r)
{
	u8 status = virtio_get_status(r->vdev);
	const char *why = what_is_wrong(r->vdev, status);

	if (why) {
		bring_back(r, why);
		return;
	}
	if (r->muted)
		prompt(r);
	if (status != VIRTIO_STATUS_GONE)
		tell_change(r);
}

static void revive(struct work_struct *work)
{
	struct virtio_recovery *r = container_of(work, struct virtio_recovery, revive);

	mutex_lock(&r->vdev->queues_lock);
	WRITE_ONCE(r->missed, false);
	if (r->live && r->vdev->lost) {
		r->live = false;
		virtio_end_what_is_in_flight(r->vdev);
	} else if (r->live && !r->paused) {
		hear(r);
	}
	mutex_unlock(&r->vdev->queues_lock);
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
	mutex_lock(&r->vdev->queues_lock);
	while (!r->restarting && is_in_hands_of_bus(r)) {
		mutex_unlock(&r->vdev->queues_lock);
		if (!wait_event_timeout(r->turn, !is_in_hands_of_bus(r), BUS_LIMIT)) {
			dev_err(&r->vdev->dev, "its bus does not come to an end with a reset\n");
			virtio_recovery_abandon(r->vdev);
		}
		mutex_lock(&r->vdev->queues_lock);
	}
	r->restarting = true;
	mutex_unlock(&r->vdev->queues_lock);
}

/* Also as soon as it is live.  With queues_lock held. */
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

	mutex_lock(&r->vdev->queues_lock);
	let_bus_reset(r);
	again = err && is_worth_it(r);
	r->rebuilding = again;
	mutex_unlock(&r->vdev->queues_lock);
	return again;
}

/* While its driver was frozen.  One that takes errors for an answer goes on without it. */
static bool is_given_up(const struct virtio_recovery *r)
{
	return READ_ONCE(r->given_up) && drv_to_virtio(r->vdev->dev.driver)->takes_back;
}

/* Its driver has reset it in freeze(). */
static int stay_failed(struct virtio_recovery *r)
{
	virtio_add_status(r->vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED);
	return -ENODEV;
}

static int restart_driver(struct virtio_recovery *r)
{
	int err;

	do {
		begin_restart(r);
		/* Its driver holds back requests meanwhile. */
		err = is_given_up(r) ? stay_failed(r) :
				       from_reserves(virtio_handshake_restore, r->vdev);
	} while (end_restart(r, err));
	if (err)
		virtio_stand_in_begin(r->vdev);
	return err;
}

static int freeze_driver(struct virtio_recovery *r)
{
	int err;

	mutex_lock(&r->vdev->queues_lock);
	r->rebuilding = true;
	mutex_unlock(&r->vdev->queues_lock);
	err = virtio_handshake_freeze(r->vdev);
	if (err)
		end_restart(r, 0);
	return err;
}

/* A driver that can't sleep just now goes on with what it has. */
static void freeze_and_restart(struct virtio_recovery *r)
{
	int err = freeze_driver(r);

	if (err)
		virtio_announce_end(&r->announcer, "partial", r->attempts, err);
	else if (restart_driver(r))
		virtio_announce_failure(&r->announcer, "driver was not restarted", r->attempts);
	else
		virtio_announce_end(&r->announcer, "done", r->attempts, 0);
}

static void tell_driver(struct virtio_recovery *r)
{
	const struct virtio_driver *drv = drv_to_virtio(r->vdev->dev.driver);
	bool enough = drv->revived || !drv->restarts;

	if (drv->restarts && drv->freeze && drv->restore) {
		freeze_and_restart(r);
		return;
	}
	if (drv->revived)
		drv->revived(r->vdev);
	virtio_announce_end(&r->announcer, enough ? "done" : "partial", r->attempts, 0);
}

/* Until let_driver() it is not removed, and nobody else has it do the like. */
static bool keep_driver(struct virtio_recovery *r)
{
	bool keeps;

	mutex_lock(&r->vdev->queues_lock);
	keeps = r->live && !r->paused && !r->stopped && !r->busy;
	if (keeps)
		WRITE_ONCE(r->busy, true);
	mutex_unlock(&r->vdev->queues_lock);
	return keeps;
}

static void let_driver(struct virtio_recovery *r)
{
	WRITE_ONCE(r->busy, false);
	wake_up_all(&r->turn);
}

/*
 * The driver may wait for its device as long as that takes, so no lock is held: the machine
 * can be shut down meanwhile.  Until @busy ends the driver stays; see virtio_recovery_leave().
 */
static bool begin_second_step(struct virtio_recovery *r)
{
	struct virtio_device *vdev = r->vdev;
	bool begins;

	device_lock(&vdev->dev);
	/* One that is away is rebuilt when it is back. */
	begins = vdev->dev.driver && !is_away(vdev) && keep_driver(r);
	device_unlock(&vdev->dev);
	return begins;
}

static void rebuild(struct work_struct *work)
{
	struct virtio_recovery *r = container_of(work, struct virtio_recovery, rebuild);
	unsigned int noio = memalloc_noio_save();

	if (begin_second_step(r)) {
		tell_driver(r);
		let_driver(r);
	}
	memalloc_noio_restore(noio);
}

/* Its driver is set up, and may be asked to stop using it for a while. */
void virtio_recovery_settle(struct virtio_device *vdev)
{
	WRITE_ONCE(vdev->recovery->settled, true);
}

/*
 * A bus is about to reset the device, which is live: may its driver be asked to stop using it?
 * If so it stays, and is told of nothing else, until virtio_recovery_release_driver().
 */
bool virtio_recovery_hold_driver(struct virtio_device *vdev)
{
	struct virtio_recovery *r = vdev->recovery;

	if (!keep_driver(r))
		return false;
	/* Pairs with the barrier in virtio_recovery_leave(): one of us sees the other. */
	smp_mb();
	if (READ_ONCE(r->settled))
		return true;
	let_driver(r);
	return false;
}

void virtio_recovery_release_driver(struct virtio_device *vdev)
{
	let_driver(vdev->recovery);
}

/*
 * The driver is about to be removed, or the device is.  The second step ends first; if the
 * driver waits there for a device that is silent, what it waits for fails.
 */
void virtio_recovery_leave(struct virtio_device *vdev)
{
	struct virtio_recovery *r = vdev->recovery;

	if (!r)
		return;
	WRITE_ONCE(r->settled, false);
	/* Pairs with the barrier in virtio_recovery_hold_driver(). */
	smp_mb();
	if (wait_event_timeout(r->turn, !READ_ONCE(r->busy), DRIVER_LIMIT))
		return;
	mutex_lock(&vdev->queues_lock);
	if (r->busy && r->live)
		put_out_of_use(r, "its driver waits for it and is to go", true);
	mutex_unlock(&vdev->queues_lock);
	wait_event(r->turn, !READ_ONCE(r->busy));
}

/*
 * Who asks for it.
 */

/* The operation queue_broke. */
static bool queue_broke(struct virtio_device *vdev)
{
	struct virtio_recovery *r = vdev->recovery;

	if (!READ_ONCE(r->live))
		return false;
	if (!virtio_may_be_brought_back(vdev))
		WRITE_ONCE(r->refused, true);
	queue_work(revive_wq, &r->revive);
	return !READ_ONCE(r->refused);
}

/*
 * The configuration has changed, or the device needs a reset: the status says so, and is read
 * where one may sleep.  Any context.  Returns whether the driver is told from there.
 */
bool virtio_recovery_hears(struct virtio_device *vdev)
{
	struct virtio_recovery *r = vdev->recovery;
	bool tells;

	if (!r)
		return false;
	if (!READ_ONCE(r->live)) {
		WRITE_ONCE(r->missed, true);
		/* Pairs with the barrier in virtio_recovery_allow(): one of us sees it. */
		smp_mb();
		if (!READ_ONCE(r->live))
			return false;
	}
	tells = virtio_may_be_brought_back(vdev);
	if (tells)
		WRITE_ONCE(r->changed, true);
	queue_work(revive_wq, &r->revive);
	return tells;
}

/**
 * virtio_recovery_pause - a bus is about to reset a device
 * @vdev: the device
 *
 * For transports.  Its driver goes on without it until virtio_recovery_resume(), or until
 * virtio_recovery_abandon(), which a transport calls if its bus has not ended the reset
 * within a limit.  Waits for a driver that is setting the device up again.
 * Context: may sleep.
 * Return: %false for a device that can't be brought back, and to which nothing was done.
 */
bool virtio_recovery_pause(struct virtio_device *vdev)
{
	struct virtio_recovery *r = vdev->recovery;
	bool able;

	mutex_lock(&vdev->queues_lock);
	r->paused = true;
	mutex_unlock(&vdev->queues_lock);
	/* No restart begins from here on. */
	wait_event_timeout(r->turn, !READ_ONCE(r->restarting), BUS_LIMIT);
	mutex_lock(&vdev->queues_lock);
	able = virtio_may_be_brought_back(vdev) && (r->live || r->rebuilding);
	if (able && r->live)
		vring_stall(vdev);
	mutex_unlock(&r->vdev->queues_lock);
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

	mutex_lock(&r->vdev->queues_lock);
	r->paused = false;
	/* The reset has ended whatever the device was lost for, and any access to memory. */
	virtio_reset_retry(vdev);
	vdev->status = VIRTIO_STATUS_UNKNOWN;
	wake_up_all(&r->turn);
	if (blameless)
		r->attempts = 0;
	if (r->live)
		bring_back(r, "reset by its bus");
	mutex_unlock(&r->vdev->queues_lock);
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
	queue_work(revive_wq, &r->revive);
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

	mutex_lock(&vdev->queues_lock);
	if (!r->live || r->paused || is_away(vdev))
		goto out;
	if (virtio_get_status(vdev) == VIRTIO_STATUS_GONE) {
		r->live = false;
		virtio_handshake_fail(vdev);
	} else {
		if (helps & BIT(VRING_HELP_RECALL) && vring_recall(vdev))
			virtio_prompt_driver(vdev);
		if (helps & BIT(VRING_HELP_RESET) && !r->stopped &&
		    virtio_may_be_brought_back(vdev))
			bring_back(r, "a queue is stuck");
	}
out:
	mutex_unlock(&vdev->queues_lock);
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

/* A driver is about to be probed: what its device was in the midst of before is over. */
void virtio_recovery_begin(struct virtio_device *vdev)
{
	struct virtio_recovery *r = vdev->recovery;

	vdev->repeatable = drv_to_virtio(vdev->dev.driver)->repeatable;
	mutex_lock(&vdev->queues_lock);
	r->paused = false;
	r->changed = false;
	mutex_unlock(&vdev->queues_lock);
}

/* The device is live. */
void virtio_recovery_allow(struct virtio_device *vdev)
{
	struct virtio_recovery *r = vdev->recovery;

	if (!r)
		return;
	mutex_lock(&vdev->queues_lock);
	WRITE_ONCE(r->live, vdev->dev.driver && !vdev->stood_in_for);
	r->refused = false;
	r->given_up = false;
	let_bus_reset(r);
	mutex_unlock(&vdev->queues_lock);
	/* Pairs with the barrier in virtio_recovery_hears(). */
	smp_mb();
	if (READ_ONCE(r->missed))
		queue_work(revive_wq, &r->revive);
}

/* It is about to be reset, and its queues with it.  On return nobody is reviving it. */
void virtio_recovery_forbid(struct virtio_device *vdev)
{
	struct virtio_recovery *r = vdev->recovery;
	bool rebuilding;

	if (!r)
		return;
	mutex_lock(&vdev->queues_lock);
	if (r->live)
		forget_attempts(r);
	r->live = false;
	rebuilding = r->rebuilding;
	mutex_unlock(&r->vdev->queues_lock);
	/* Not while its bus does. */
	if (rebuilding)
		begin_restart(r);
}

int virtio_recovery_start(void)
{
	revive_wq = alloc_workqueue("virtio_revive", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	restart_wq = alloc_workqueue("virtio_restart", WQ_UNBOUND | WQ_FREEZABLE, 0);
	if (revive_wq && restart_wq)
		return 0;
	virtio_recovery_end();
	return -ENOMEM;
}

void virtio_recovery_end(void)
{
	if (revive_wq)
		destroy_workqueue(revive_wq);
	if (restart_wq)
		destroy_workqueue(restart_wq);
}

int virtio_recovery_init(struct virtio_device *vdev)
{
	struct virtio_recovery *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	r->vdev = vdev;
	init_waitqueue_head(&r->turn);
	INIT_WORK(&r->help, help_queues);
	INIT_WORK(&r->revive, revive);
	INIT_WORK(&r->rebuild, rebuild);
	virtio_announcer_init(&r->announcer, vdev);
	vdev->recovery = r;
	vdev->queue_broke = queue_broke;
	vdev->queue_stuck = queue_stuck;
	return 0;
}

static bool is_of_no_use(const struct virtio_recovery *r)
{
	u8 status = virtio_get_status(r->vdev);

	return r->paused || status == VIRTIO_STATUS_GONE || what_is_wrong(r->vdev, status);
}

/*
 * The device goes.  What it says from here on is not heard.  Its driver may be in the
 * midst of freeze(), waiting for what no device will answer any more.
 */
void virtio_recovery_stop(struct virtio_device *vdev)
{
	struct virtio_recovery *r = vdev->recovery;

	disable_work_sync(&r->revive);
	mutex_lock(&r->vdev->queues_lock);
	/* Nobody brings it back any more, and a bus that has failed to reset it does not say so. */
	r->stopped = true;
	if (r->live && is_of_no_use(r)) {
		vring_break(vdev);
		virtio_end_what_is_in_flight(vdev);
	}
	wake_up_all(&r->turn);
	mutex_unlock(&r->vdev->queues_lock);
	virtio_recovery_leave(vdev);
	disable_work_sync(&r->rebuild);
	virtio_announcer_stop(&r->announcer);
}

/* The device has no driver and no queues any more: none of them can be stuck. */
void virtio_recovery_leave_queues(struct virtio_device *vdev)
{
	disable_work_sync(&vdev->recovery->help);
}

void virtio_recovery_free(struct virtio_recovery *r)
{
	kfree(r);
}
