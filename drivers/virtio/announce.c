// SPDX-License-Identifier: GPL-2.0
/*
 * What is said of a device that is brought back: lines in the log, and uevents.
 *
 * A device decides how often it fails, so there is a limit to what is said of it.  An
 * attempt is announced with its end, or not at all.  A device that stays out of use is
 * always announced, as that happens once until its driver is bound again.
 *
 * Called by recovery.c, also while a device is reset to which memory may be reclaimed.  A
 * uevent takes memory, so a work sends it.  Decides nothing.
 */
#include <linux/kobject.h>
#include <linux/virtio.h>
#include <linux/workqueue.h>

#include "announce.h"
#include "core.h"
#include "watch/trace.h"

/* Attempts of a device that are announced, and within what time, in jiffies. */
#define MOST	64
#define WITHIN	(60 * HZ)

/* What a uevent says, in the order in which it happens. */
static const char * const events[] = { "started", "partial", "done", "failed" };

static void send_uevent(struct virtio_device *vdev, const char *how, unsigned int attempt)
{
	char recovery_var[32], attempt_var[32];
	char *env[3] = { recovery_var, attempt_var };

	snprintf(recovery_var, sizeof(recovery_var), "RECOVERY=%s", how);
	snprintf(attempt_var, sizeof(attempt_var), "ATTEMPT=%u", attempt);
	kobject_uevent_env(&vdev->dev.kobj, KOBJ_CHANGE, env);
}

static void send_uevents(struct work_struct *work)
{
	struct virtio_announcer *a = container_of(work, struct virtio_announcer, work);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(events); i++)
		if (test_and_clear_bit(i, &a->events))
			send_uevent(a->vdev, events[i], READ_ONCE(a->attempt));
}

static void announce(struct virtio_announcer *a, const char *how, unsigned int attempt)
{
	WRITE_ONCE(a->attempt, attempt);
	set_bit(match_string(events, ARRAY_SIZE(events), how), &a->events);
	queue_work(system_unbound_wq, &a->work);
}

void virtio_announcer_init(struct virtio_announcer *a, struct virtio_device *vdev)
{
	a->vdev = vdev;
	INIT_WORK(&a->work, send_uevents);
	ratelimit_state_init(&a->rate, WITHIN, MOST);
	/* How many were left out is said here, with the next one. */
	ratelimit_set_flags(&a->rate, RATELIMIT_MSG_ON_RELEASE);
}

/* The device goes.  What was announced is sent before, and nothing after. */
void virtio_announcer_stop(struct virtio_announcer *a)
{
	flush_work(&a->work);
	disable_work_sync(&a->work);
}

/* An attempt begins. */
void virtio_announce_attempt(struct virtio_announcer *a, const char *why, unsigned int attempt,
			     unsigned int most)
{
	trace_virtio_recovery(a->vdev, "started", attempt);
	a->loud = __ratelimit(&a->rate);
	if (!a->loud) {
		a->left_out++;
		return;
	}
	if (a->left_out)
		dev_warn(&a->vdev->dev, "%u attempts were not reported\n", a->left_out);
	a->left_out = 0;
	dev_warn(&a->vdev->dev, "%s: reset and resumed, attempt %u of %u\n", why, attempt, most);
	announce(a, "started", attempt);
}

/* It has ended well, or as well as can be: @err is why its driver was not restarted. */
void virtio_announce_end(struct virtio_announcer *a, const char *how, unsigned int attempt, int err)
{
	trace_virtio_recovery(a->vdev, how, attempt);
	if (!a->loud)
		return;
	if (err)
		dev_warn(&a->vdev->dev, "driver goes on without a restart: %d\n", err);
	announce(a, how, attempt);
}

/* The device is out of use until its driver is bound again. */
void virtio_announce_failure(struct virtio_announcer *a, const char *why, unsigned int attempt)
{
	trace_virtio_recovery(a->vdev, "failed", attempt);
	dev_err(&a->vdev->dev, "%s: out of use until its driver is bound again\n", why);
	announce(a, "failed", attempt);
}
