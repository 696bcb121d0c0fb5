/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a ring keeps for those who watch it, and how it tells them.
 *
 * Included by ring.h.  Every kernel helps a queue that is stuck (stuck.c).  The rest is
 * nothing in a kernel without the option that asks for it: VIRTIO_DEBUG for the view of a
 * queue, VIRTIO_CHECK for drivers that break a rule.
 */
#ifndef _VIRTIO_WATCH_H
#define _VIRTIO_WATCH_H

#include <linux/kconfig.h>
#include <linux/list.h>
#include <linux/tracepoint-defs.h>
#include <linux/types.h>

struct dentry;
struct ring_queue;
struct ring_buffer;

#define WATCH_LINE	128

DECLARE_TRACEPOINT(virtio_add);
DECLARE_TRACEPOINT(virtio_get);
DECLARE_TRACEPOINT(virtio_kick);
DECLARE_TRACEPOINT(virtio_callback);

/**
 * struct ring_stuck - what is kept of a queue to find out that it is stuck, and to help it
 * @list: link in the list of all queues, under ring_watch_lock, as is what follows
 * @used_next: how far it had come at the last look
 * @silent: it has come no further since @since, with something to wait for
 * @since: in jiffies
 * @step: what was done about it, see stuck.c
 * @said: and it has been said
 * @recalled: times that the driver was called back, since an interrupt may be lost
 * @renotified: times that the device was notified, since a notification may be lost
 * @recall: the driver is to be called back
 */
struct ring_stuck {
	struct list_head list;
	u16 used_next;
	bool silent, said;
	u8 step;
	unsigned long since;
	unsigned int recalled, renotified;
	bool recall;
};

/* In user space, where rings are tested without a kernel, nobody looks at them. */
#if IS_ENABLED(CONFIG_VIRTIO)
#include <linux/mutex.h>

/* Guards the list of queues; and a queue's arrays against being replaced. */
extern struct mutex ring_watch_lock;

void ring_watch(struct ring_queue *q);
void ring_unwatch(struct ring_queue *q);

static inline void ring_lock_watch(void)
{
	mutex_lock(&ring_watch_lock);
}

static inline void ring_unlock_watch(void)
{
	mutex_unlock(&ring_watch_lock);
}
#else
static inline void ring_watch(struct ring_queue *q) { }
static inline void ring_unwatch(struct ring_queue *q) { }
static inline void ring_lock_watch(void) { }
static inline void ring_unlock_watch(void) { }
#endif

#ifdef CONFIG_VIRTIO_DEBUG
#include <linux/jiffies.h>
#include <linux/string.h>

/**
 * struct ring_watch - what is kept of a queue for people
 * @file: where it can be looked at
 * @kicks_sent: notifications; this and what follows may miss one
 * @kicks_suppressed: kicks that the device did not want to hear of
 * @callbacks: times that the driver was called back
 * @why: why it broke last
 */
struct ring_watch {
	struct dentry *file;
	unsigned long kicks_sent, kicks_suppressed, callbacks;
	char why[WATCH_LINE];
};

/**
 * struct ring_stamp - what is kept of a buffer in flight for people
 * @since: when it was added, in jiffies
 */
struct ring_stamp {
	u32 since;
};

#define ring_count(q, what)	WRITE_ONCE((q)->watch.what, (q)->watch.what + 1)
#define ring_note_why(q, line)	strscpy((q)->watch.why, line)

static __always_inline void ring_stamp(struct ring_stamp *stamp)
{
	WRITE_ONCE(stamp->since, (u32)jiffies);
}

#else

struct ring_watch { };
struct ring_stamp { };

static __always_inline void ring_stamp(struct ring_stamp *stamp) { }

#define ring_count(q, what)	do { } while (0)
#define ring_note_why(q, line)	do { } while (0)

#endif /* CONFIG_VIRTIO_DEBUG */

#ifdef CONFIG_VIRTIO_CHECK
#include <linux/jump_label.h>

/**
 * struct ring_check - what is kept of a queue to tell a driver that it breaks a rule
 * @op: the operation that is at work, or %NULL
 * @deleted: the queue is kept to name it, and not to be used any more
 * @ended: what the driver has done to take it out of use, or %NULL
 * @said: rules that were said to be broken, a bit each
 * @published: how far it was published at the last look of stuck.c
 * @waits: and there was more
 * @who: driver, device and queue, for when they are gone
 */
struct ring_check {
	const char *op;
	bool deleted;
	const char *ended;
	unsigned long said;
	u16 published;
	bool waits;
	char who[WATCH_LINE];
};

DECLARE_STATIC_KEY_TRUE(ring_checks);

#define ring_is_checked()	static_branch_unlikely(&ring_checks)

bool __ring_enter(struct ring_queue *q, const char *op);
void __ring_leave(struct ring_queue *q);
bool ring_check_add(struct ring_queue *q, const struct ring_buffer *buf);
void ring_check_ended(struct ring_queue *q, const char *how);
void ring_check_published(struct ring_queue *q);
bool ring_bury(struct ring_queue *q);

#else

struct ring_check { };

#define ring_is_checked()	false

static inline bool __ring_enter(struct ring_queue *q, const char *op) { return true; }
static inline void __ring_leave(struct ring_queue *q) { }
static inline bool ring_check_add(struct ring_queue *q, const struct ring_buffer *buf)
{
	return true;
}

static inline void ring_check_ended(struct ring_queue *q, const char *how) { }
static inline void ring_check_published(struct ring_queue *q) { }
static inline bool ring_bury(struct ring_queue *q) { return false; }

#endif /* CONFIG_VIRTIO_CHECK */

/* One operation at a time begins here, and ends there.  Returns whether it may. */
static __always_inline bool ring_enter(struct ring_queue *q, const char *op)
{
	return !ring_is_checked() || __ring_enter(q, op);
}

static __always_inline void ring_leave(struct ring_queue *q)
{
	if (ring_is_checked())
		__ring_leave(q);
}

/* Somebody wants to know of each: a branch that is patched in, or not there at all. */
#define ring_is_watched(event)	(ring_is_checked() || tracepoint_enabled(event))

#endif /* _VIRTIO_WATCH_H */
