// SPDX-License-Identifier: GPL-2.0
/*
 * Queues that are stuck: there is something to wait for, and nothing happens.
 *
 * All queues are looked at now and then, at no cost to the hot path.  One that has not
 * moved for long is helped in steps.  If the device has used buffers and the driver has not
 * taken them, an interrupt may have been lost: the driver is called back.  If the device has
 * used nothing, a notification may have been lost: the device is notified again.  Both are
 * harmless where the device is only slow.  If it is gone, what is in flight is ended.  If
 * nothing helps, the device is reset, for those who ask for that (stuck_reset).
 *
 * A buffer in which the device has nothing to read is no request: it waits for something to
 * happen, maybe for ever.  Nothing is said of a queue that holds no other, but its driver is
 * called back as well if it has not taken what was used.
 *
 * Only time in which the guest has run counts: when a look comes late, the count begins
 * anew.  What is said is said once, until the queue goes on.  What is to be done with the
 * device is done by the core (&virtio_device.queue_stuck).
 */
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/virtio_ids.h>
#include <linux/workqueue.h>

#include "../ring/ring.h"
#include "queues.h"
#include "stuck.h"

/* So often is a queue looked at within the limit. */
#define LOOKS	4

/* Of a device that is gone (virtio 1.3, 2.1 reserves it; PCI reads so). */
#define STATUS_GONE	0xff

/* How far help for a queue has got. */
enum step { STEP_NONE, STEP_HELPED, STEP_RESET, STEP_ENDED };

/**
 * struct help - what is done about a queue
 * @words: for the log
 * @event: for user space
 */
struct help {
	const char *words, *event;
};

static const struct help recall = { "driver called back", "recalled" };
static const struct help renotify = { "device notified again", "renotified" };
static const struct help end = { "its device is gone", "ended" };
static const struct help reset = { "device to be reset", "reset" };

DEFINE_MUTEX(ring_watch_lock);	/* guards the list, and what watch.h says */
static LIST_HEAD(queues);

static void look(struct work_struct *work);
static DECLARE_DELAYED_WORK(look_work, look);

static unsigned int stuck_after = 30;
VISIBLE_IF_KUNIT bool ring_stuck_reset;
EXPORT_SYMBOL_IF_KUNIT(ring_stuck_reset);
static unsigned long looked_at;

static unsigned long period(void)
{
	return DIV_ROUND_UP((unsigned long)stuck_after * HZ, LOOKS);
}

/* Begins with the first queue, and again when the limit is changed. */
static void look_again(void)
{
	lockdep_assert_held(&ring_watch_lock);
	if (stuck_after && !list_empty(&queues))
		mod_delayed_work(system_freezable_power_efficient_wq, &look_work, period());
}

/* The statistics of a balloon stay with the device until it wants newer ones (5.5.6.3). */
static bool keeps_requests(const struct virtqueue *vq)
{
	return vq->vdev->id.device == VIRTIO_ID_BALLOON && !strcmp(vq->name, "stats");
}

/* The memory that a ring has moved from is freed a grace period later. */
unsigned int ring_used_so_far(const struct ring_queue *q)
{
	guard(rcu)();
	return ring_call(q, count_used);
}

/* Is there a buffer in flight that the device owes an answer? */
static bool has_request(const struct ring_queue *q)
{
	u32 id;

	guard(rcu)();
	for (id = 0; id < q->num; id++)
		if (READ_ONCE(q->slots[id].token) && ring_call(q, has_request, id))
			return true;
	return false;
}

static void tell_user_space(struct ring_queue *q, const char *what, unsigned int seconds,
			    const char *help)
{
	char event[24], number[24], age[24], helped[24];
	char *env[5] = { };

	env[0] = event;
	env[1] = number;
	env[2] = age;
	env[3] = helped;
	snprintf(event, sizeof(event), "QUEUE=%s", what);
	snprintf(number, sizeof(number), "NUMBER=%u", q->vq.index);
	snprintf(age, sizeof(age), "SECONDS=%u", seconds);
	snprintf(helped, sizeof(helped), "HELP=%s", help);
	kobject_uevent_env(&q->vq.vdev->dev.kobj, KOBJ_CHANGE, env);
}

/* Tests listen before it. */
VISIBLE_IF_KUNIT void ring_say_stuck(struct virtqueue *vq, const char *line)
{
	KUNIT_STATIC_STUB_REDIRECT(ring_say_stuck, vq, line);
	dev_warn(&vq->vdev->dev, "queue %u (%s) %s\n", vq->index, vq->name, line);
}
EXPORT_SYMBOL_IF_KUNIT(ring_say_stuck);

static u8 status_of(struct virtio_device *vdev)
{
	return vdev->config && vdev->config->get_status ? vdev->config->get_status(vdev) : 0;
}

static void say_stuck(struct ring_queue *q, unsigned long age, unsigned int used, u8 status,
		      const struct help *help)
{
	char line[2 * WATCH_LINE];

	q->stuck.said = true;
	snprintf(line, sizeof(line),
		 "is stuck: no answer to requests for %lu s; %s; published up to %u, taken up to %u, status %#x; %s",
		 age / HZ,
		 used ? "the device has used some, and the driver has not taken them" :
			"the device has used nothing",
		 READ_ONCE(q->avail_published), q->stuck.used_next, status, help->words);
	ring_say_stuck(&q->vq, line);
	tell_user_space(q, "stuck", age / HZ, help->event);
}

static void ask_core(struct ring_queue *q, enum vring_help help)
{
	struct virtio_device *vdev = q->vq.vdev;

	if (vdev->queue_stuck)
		vdev->queue_stuck(vdev, help);
}

/* The first step.  Returns what was done. */
static const struct help *help(struct ring_queue *q, unsigned int used)
{
	if (used) {
		q->stuck.recalled++;
		WRITE_ONCE(q->stuck.recall, true);
		ask_core(q, VRING_HELP_RECALL);
		return &recall;
	}
	q->stuck.renotified++;
	virtqueue_notify(&q->vq);
	return &renotify;
}

static void take_step(struct ring_queue *q, unsigned int used, bool asked, unsigned long limit)
{
	unsigned long age = jiffies - q->stuck.since;
	u8 status = status_of(q->vq.vdev);
	const struct help *done;

	if (status == STATUS_GONE && q->stuck.step < STEP_ENDED) {
		q->stuck.step = STEP_ENDED;
		say_stuck(q, age, used, status, &end);
		ask_core(q, VRING_HELP_END);
	} else if (q->stuck.step == STEP_NONE) {
		q->stuck.step = STEP_HELPED;
		done = help(q, used);
		if (asked)
			say_stuck(q, age, used, status, done);
	} else if (q->stuck.step == STEP_HELPED && asked && age >= 2 * limit &&
		   READ_ONCE(ring_stuck_reset)) {
		q->stuck.step = STEP_RESET;
		say_stuck(q, age, used, status, &reset);
		ask_core(q, VRING_HELP_RESET);
	}
}

static void goes_on(struct ring_queue *q)
{
	q->stuck.step = STEP_NONE;
	if (!q->stuck.said)
		return;
	q->stuck.said = false;
	ring_say_stuck(&q->vq, "goes on");
	tell_user_space(q, "goes-on", 0, "none");
}

/* @limit: in jiffies.  @late: the guest has not run all the while. */
VISIBLE_IF_KUNIT void ring_look_at(struct virtqueue *vq, unsigned long limit, bool late)
{
	struct ring_queue *q = to_ring(vq);
	struct ring_stuck *stuck = &q->stuck;
	u16 next = READ_ONCE(q->used_next);
	bool moved = next != stuck->used_next;
	unsigned int used;
	bool asked;

	stuck->used_next = next;
	ring_check_published(q);
	if (READ_ONCE(q->halted) || late) {
		stuck->silent = false;
		return;
	}
	used = ring_used_so_far(q);
	asked = has_request(q);
	if (moved || !(used || asked)) {
		stuck->silent = false;
		goes_on(q);
		return;
	}
	if (!stuck->silent) {
		stuck->silent = true;
		stuck->since = jiffies;
	}
	if (jiffies - stuck->since >= limit && !keeps_requests(vq))
		take_step(q, used, asked, limit);
}
EXPORT_SYMBOL_IF_KUNIT(ring_look_at);

static void look_at_all(bool late)
{
	/* A uevent takes memory, which must not come from the disk that is stuck. */
	unsigned int noio = memalloc_noio_save();
	struct ring_queue *q;

	list_for_each_entry(q, &queues, stuck.list)
		ring_look_at(&q->vq, stuck_after * HZ, late);
	memalloc_noio_restore(noio);
}

static void look(struct work_struct *work)
{
	bool late;

	guard(mutex)(&ring_watch_lock);
	if (!stuck_after)
		return;
	late = time_after(jiffies, looked_at + 2 * period());
	looked_at = jiffies;
	look_at_all(late);
	look_again();
}

/* A queue has been made. */
void ring_watch(struct ring_queue *q)
{
	mutex_lock(&ring_watch_lock);
	q->stuck.used_next = q->used_next;
	list_add_tail(&q->stuck.list, &queues);
	if (!delayed_work_pending(&look_work)) {
		looked_at = jiffies;
		look_again();
	}
	mutex_unlock(&ring_watch_lock);
	ring_show(q);
}

/* It is about to be deleted.  After the last one nothing is left to run. */
void ring_unwatch(struct ring_queue *q)
{
	bool last;

	ring_hide(q);
	mutex_lock(&ring_watch_lock);
	list_del(&q->stuck.list);
	last = list_empty(&queues);
	mutex_unlock(&ring_watch_lock);
	if (!last)
		return;
	cancel_delayed_work_sync(&look_work);
	/* For one that has come in between. */
	guard(mutex)(&ring_watch_lock);
	look_again();
}

/* Returns what it was. */
VISIBLE_IF_KUNIT unsigned int ring_stuck_after(unsigned int seconds)
{
	unsigned int was;

	guard(mutex)(&ring_watch_lock);
	was = stuck_after;
	stuck_after = seconds;
	looked_at = jiffies;
	look_again();
	return was;
}
EXPORT_SYMBOL_IF_KUNIT(ring_stuck_after);

static int set_stuck_after(const char *val, const struct kernel_param *kp)
{
	unsigned int seconds;
	int err = kstrtouint(val, 0, &seconds);

	if (err)
		return err;
	if (seconds > 24 * 60 * 60)
		return -EINVAL;
	ring_stuck_after(seconds);
	return 0;
}

static const struct kernel_param_ops stuck_after_ops = {
	.set = set_stuck_after,
	.get = param_get_uint,
};
module_param_cb(stuck_after, &stuck_after_ops, &stuck_after, 0644);
MODULE_PARM_DESC(stuck_after, "Help a queue that has not moved for so many seconds, and say so; 0: never");
module_param_named(stuck_reset, ring_stuck_reset, bool, 0644);
MODULE_PARM_DESC(stuck_reset, "Reset a device that stays silent for twice as long, if its driver allows it; off by default");
