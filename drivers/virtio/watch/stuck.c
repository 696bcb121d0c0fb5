// SPDX-License-Identifier: GPL-2.0
/*
 * Queues that are stuck: requests grow old and the device is silent.
 *
 * All queues are looked at now and then.  Nothing is asked of the hot path but the time
 * at which a buffer was added.  A buffer in which the device has nothing to read is no
 * request: it waits for something to happen, maybe for ever.
 *
 * A guest that was paused finds itself looking late; it begins to count anew then, so
 * that only time counts in which it has run.  What is said is said once, until the
 * device goes on.
 */
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/virtio_ids.h>
#include <linux/workqueue.h>

#include "../ring/ring.h"
#include "queues.h"
#include "stuck.h"

/* So often is a queue looked at before it has been silent for as long as the limit. */
#define LOOKS	4

DEFINE_MUTEX(ring_watch_lock);	/* guards the list, and what watch.h says */
static LIST_HEAD(queues);

static void look(struct work_struct *work);
static DECLARE_DELAYED_WORK(look_work, look);

static unsigned int stuck_after = 30;
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
static bool holds_requests(const struct virtqueue *vq)
{
	return vq->vdev->id.device == VIRTIO_ID_BALLOON && !strcmp(vq->name, "stats");
}

static void tell_user_space(struct ring_queue *q, const char *what, unsigned int seconds)
{
	char event[24], number[24], age[24];
	char *env[4] = { };

	env[0] = event;
	env[1] = number;
	env[2] = age;
	snprintf(event, sizeof(event), "QUEUE=%s", what);
	snprintf(number, sizeof(number), "NUMBER=%u", q->vq.index);
	snprintf(age, sizeof(age), "SECONDS=%u", seconds);
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

static void say_stuck(struct ring_queue *q, const struct ring_flight *flight)
{
	unsigned int seconds = flight->oldest_request / HZ, used = ring_used_so_far(q);
	char line[2 * WATCH_LINE];

	q->watch.said = true;
	snprintf(line, sizeof(line),
		 "is stuck: %u requests, the oldest for %u s; %s; published up to %u, taken up to %u, kicks %lu sent %lu suppressed, callbacks %lu, status %#x",
		 flight->requests, seconds,
		 used ? "the device has used some, and the driver has not taken them" :
			"the device has used nothing",
		 READ_ONCE(q->avail_published), q->watch.used_next,
		 READ_ONCE(q->watch.kicks_sent), READ_ONCE(q->watch.kicks_suppressed),
		 READ_ONCE(q->watch.callbacks), status_of(q->vq.vdev));
	ring_say_stuck(&q->vq, line);
	tell_user_space(q, "stuck", seconds);
}

static void say_goes_on(struct ring_queue *q)
{
	q->watch.said = false;
	ring_say_stuck(&q->vq, "goes on");
	tell_user_space(q, "goes-on", 0);
}

/* @limit: in jiffies.  @late: the guest has not run all the while. */
VISIBLE_IF_KUNIT void ring_look_at(struct virtqueue *vq, unsigned long limit, bool late)
{
	struct ring_queue *q = to_ring(vq);
	struct ring_watch *watch = &q->watch;
	struct ring_flight flight;
	u16 next = READ_ONCE(q->used_next);

	ring_look_at_flight(q, &flight);
	if (next != watch->used_next || !flight.requests || READ_ONCE(q->halted) || late) {
		watch->used_next = next;
		watch->quiet = 0;
		if (watch->said && !late)
			say_goes_on(q);
		return;
	}
	if (++watch->quiet < LOOKS || watch->said || holds_requests(vq))
		return;
	if (flight.oldest_request >= limit)
		say_stuck(q, &flight);
}
EXPORT_SYMBOL_IF_KUNIT(ring_look_at);

static void look_at_all(bool late)
{
	/* A uevent takes memory, which must not come from the disk that is stuck. */
	unsigned int noio = memalloc_noio_save();
	struct ring_queue *q;

	list_for_each_entry(q, &queues, watch.list)
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
	q->watch.used_next = q->used_next;
	list_add_tail(&q->watch.list, &queues);
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
	list_del(&q->watch.list);
	last = list_empty(&queues);
	mutex_unlock(&ring_watch_lock);
	if (!last)
		return;
	cancel_delayed_work_sync(&look_work);
	/* For one that has come in between. */
	guard(mutex)(&ring_watch_lock);
	look_again();
}

static int set_stuck_after(const char *val, const struct kernel_param *kp)
{
	int err;

	guard(mutex)(&ring_watch_lock);
	err = param_set_uint_minmax(val, kp, 0, 24 * 60 * 60);
	if (err)
		return err;
	looked_at = jiffies;
	look_again();
	return 0;
}

static const struct kernel_param_ops stuck_after_ops = {
	.set = set_stuck_after,
	.get = param_get_uint,
};
module_param_cb(stuck_after, &stuck_after_ops, &stuck_after, 0644);
MODULE_PARM_DESC(stuck_after, "Say so when a device is silent with requests this old, in seconds; 0: never");
