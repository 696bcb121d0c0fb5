// SPDX-License-Identifier: GPL-2.0
/*
 * Drivers that break a rule of the contract, in kernels with VIRTIO_CHECK.
 *
 * Each rule is one function here and one line in the log, with the driver, the device,
 * the queue and the rule, and where it happened.  The operations of a queue come by
 * here while the check is on (module parameter "check" of virtio_ring); it goes on or
 * off without a restart, and off it costs a branch that is patched out.
 */
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>

#include "../ring/ring.h"
#include "misuse.h"

/* Deleted queues that are kept, so that using one of them can be told from a crash. */
#define GRAVES	64

DEFINE_STATIC_KEY_TRUE(ring_checks);

static DEFINE_SPINLOCK(graves_lock);	/* guards what follows */
static struct ring_queue *grave[GRAVES];
static unsigned int next_grave;

enum rule {
	RULE_ONE_AT_A_TIME,
	RULE_DELETED,
	RULE_ENDED,
	RULE_SLEEPS,
	RULE_STACK,
	RULE_VMALLOC,
	RULE_CTX,
	RULE_KICK,
};

/* Tests listen before it. */
VISIBLE_IF_KUNIT void ring_say_misuse(const char *line)
{
	KUNIT_STATIC_STUB_REDIRECT(ring_say_misuse, line);
	pr_err("virtio: %s\n", line);
	dump_stack();
}
EXPORT_SYMBOL_IF_KUNIT(ring_say_misuse);

static const char *driver_of(const struct virtio_device *vdev)
{
	return vdev->dev.driver ? vdev->dev.driver->name : "no driver";
}

static void name_queue(const struct ring_queue *q, char *who, size_t size)
{
	snprintf(who, size, "%s: %s, queue %u (%s)", driver_of(q->vq.vdev),
		 dev_name(&q->vq.vdev->dev), q->vq.index, q->vq.name);
}

/* Once for a rule and a queue. */
static __printf(3, 4) void say(struct ring_queue *q, enum rule rule, const char *fmt, ...)
{
	char line[2 * WATCH_LINE], who[WATCH_LINE];
	va_list args;
	int n;

	if (test_and_set_bit(rule, &q->check.said))
		return;
	if (q->check.deleted)
		strscpy(who, q->check.who);
	else
		name_queue(q, who, sizeof(who));
	n = scnprintf(line, sizeof(line), "%s: ", who);
	va_start(args, fmt);
	vsnprintf(line + n, sizeof(line) - n, fmt, args);
	va_end(args);
	ring_say_misuse(line);
}

/* Two of them at once, or one inside another, find the ring half changed. */
bool __ring_enter(struct ring_queue *q, const char *op)
{
	const char *other;

	if (READ_ONCE(q->check.deleted)) {
		say(q, RULE_DELETED, "%s after del_vq: the queue does not exist any more", op);
		return false;
	}
	other = xchg(&q->check.op, op);
	if (other)
		say(q, RULE_ONE_AT_A_TIME,
		    "%s while %s is at work: operations on one queue are the driver's to keep apart",
		    op, other);
	return true;
}

void __ring_leave(struct ring_queue *q)
{
	WRITE_ONCE(q->check.op, NULL);
}

/* What a device is told to read or write must have an address that it can be given. */
static bool check_segment(struct ring_queue *q, struct scatterlist *sg)
{
	struct page *page = sg_page(sg);
	void *start;

	if (!pfn_valid(page_to_pfn(page))) {
		say(q, RULE_VMALLOC, "add_buf of memory without a page of its own, from vmalloc() perhaps: use kmalloc() or pages");
		return false;
	}
	if (PageHighMem(page))
		return true;
	start = page_address(page) + sg->offset;
	if (object_is_on_stack(start))
		say(q, RULE_STACK, "add_buf of a buffer on the stack: it may be gone before the device is done, and may have no address for it");
	return true;
}

static bool check_list(struct ring_queue *q, struct scatterlist *sg, unsigned int count)
{
	for (; sg && count; sg = sg_next(sg), count--)
		if (!check_segment(q, sg))
			return false;
	return true;
}

static bool check_segments(struct ring_queue *q, const struct ring_buffer *buf)
{
	unsigned int i;

	if (!buf->lists)
		return check_list(q, buf->sg, buf->out + buf->in);
	for (i = 0; i < buf->out + buf->in; i++)
		if (!check_list(q, buf->sgs[i], UINT_MAX))
			return false;
	return true;
}

/* A lock that is held without interrupts off is seen where the kernel counts. */
static bool may_sleep_here(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_COUNT))
		return preemptible();
	return !irqs_disabled() && !in_interrupt();
}

/* Returns whether it can be added at all. */
bool ring_check_add(struct ring_queue *q, const struct ring_buffer *buf)
{
	if (q->check.ended)
		say(q, RULE_ENDED, "add_buf after %s: nothing is to be added before the queue is made anew",
		    q->check.ended);
	if (gfpflags_allow_blocking(buf->gfp) && !may_sleep_here())
		say(q, RULE_SLEEPS, "add_buf with memory to be waited for (gfp %#x), where nobody may sleep: use GFP_ATOMIC under a lock",
		    (__force unsigned int)buf->gfp);
	if (buf->ctx && q->indirect)
		say(q, RULE_CTX,
		    "add_inbuf_ctx with a second pointer on a queue without one: ask for it in find_vqs");
	/* An address that the driver has says nothing of where the memory lies. */
	return (q->how | buf->how) & RING_PREMAPPED || check_segments(q, buf);
}

void ring_check_ended(struct ring_queue *q, const char *how)
{
	if (ring_is_checked())
		WRITE_ONCE(q->check.ended, how);
}

/*
 * From time to time, without a lock.  What was added and not published before the look
 * before was left so for seconds.
 */
void ring_check_published(struct ring_queue *q)
{
	bool waited = q->check.waits && q->check.published == READ_ONCE(q->avail_published);

	q->check.waits = ring_is_checked() && !ring_call(q, all_published);
	q->check.published = READ_ONCE(q->avail_published);
	if (waited && q->check.waits)
		say(q, RULE_KICK, "add_buf without a kick: the device does not know of the buffer, seconds later");
}

/**
 * virtio_check_may_sleep - a call that sleeps has been made
 * @vdev: the device
 * @call: the call
 *
 * For the core, where a driver enters it.
 * Context: any.
 */
void virtio_check_may_sleep(const struct virtio_device *vdev, const char *call)
{
	char line[WATCH_LINE];

	if (!ring_is_checked() || may_sleep_here())
		return;
	snprintf(line, sizeof(line), "%s: %s: %s sleeps, and is called where nobody may, under a lock or in a callback",
		 driver_of(vdev), dev_name(&vdev->dev), call);
	ring_say_misuse(line);
}
EXPORT_SYMBOL_GPL(virtio_check_may_sleep);

/**
 * virtio_check_reset - a driver calls the operation reset itself
 * @vdev: the device
 *
 * Context: any.
 */
void virtio_check_reset(const struct virtio_device *vdev)
{
	char line[WATCH_LINE];

	if (!ring_is_checked())
		return;
	snprintf(line, sizeof(line), "%s: %s: config->reset is for the core: use virtio_reset_device()",
		 driver_of(vdev), dev_name(&vdev->dev));
	ring_say_misuse(line);
}
EXPORT_SYMBOL_GPL(virtio_check_reset);

/**
 * virtio_is_checked - are drivers checked?
 *
 * Context: any.
 * Return: that.
 */
bool virtio_is_checked(void)
{
	return ring_is_checked();
}
EXPORT_SYMBOL_GPL(virtio_is_checked);

/**
 * virtio_say_foreign_token - a field was named by a token that is none of this device's
 * @vdev: the device
 *
 * Context: any.
 */
void virtio_say_foreign_token(const struct virtio_device *vdev)
{
	char line[WATCH_LINE];

	snprintf(line, sizeof(line), "%s: %s: a field is named by the token of another device, or by none",
		 driver_of(vdev), dev_name(&vdev->dev));
	ring_say_misuse(line);
}
EXPORT_SYMBOL_GPL(virtio_say_foreign_token);

/*
 * A queue that was deleted is kept for a while with nothing in it.  Returns whether it
 * is; the one that makes room for it is freed.
 */
bool ring_bury(struct ring_queue *q)
{
	struct ring_queue *old;

	__ring_leave(q);
	if (!ring_is_checked())
		return false;
	name_queue(q, q->check.who, sizeof(q->check.who));
	WRITE_ONCE(q->check.deleted, true);
	/* For what is not checked, since it may be called at any time: nothing is left to read. */
	WRITE_ONCE(q->broken, true);
	q->callbacks = false;
	scoped_guard(spinlock_irqsave, &graves_lock) {
		old = grave[next_grave];
		grave[next_grave] = q;
		next_grave = (next_grave + 1) % GRAVES;
	}
	kfree(old);
	return true;
}

/* Returns how it was.  What is at work just then finds half of a check missing, or to spare. */
VISIBLE_IF_KUNIT bool ring_set_checks(bool on)
{
	bool was = ring_is_checked();

	if (on)
		static_branch_enable(&ring_checks);
	else
		static_branch_disable(&ring_checks);
	return was;
}
EXPORT_SYMBOL_IF_KUNIT(ring_set_checks);

static int set_check(const char *val, const struct kernel_param *kp)
{
	bool on;
	int err = kstrtobool(val, &on);

	if (!err)
		ring_set_checks(on);
	return err;
}

static int get_check(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%c\n", ring_is_checked() ? 'Y' : 'N');
}

static const struct kernel_param_ops check_ops = { .set = set_check, .get = get_check };
module_param_cb(check, &check_ops, NULL, 0644);
MODULE_PARM_DESC(check, "Look for drivers that misuse their queues (on unless switched off)");
