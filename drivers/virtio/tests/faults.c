// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations that fail one at a time; faults.h says more.
 */
#include <linux/debugfs.h>
#include <linux/fault-inject.h>
#include <linux/fs.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include <trace/events/kmem.h>

#include "faults.h"

#define NOTES	4096

#if defined(CONFIG_FAILSLAB) && defined(CONFIG_FAULT_INJECTION_DEBUG_FS) && \
	defined(CONFIG_TRACEPOINTS)

static struct {
	raw_spinlock_t lock;	/* guards the rest: a free comes from anywhere */
	struct task_struct *task;
	struct note {
		const void *memory;
		unsigned long from;
		size_t bytes;
	} note[NOTES];
	unsigned int count, lost;
} notes = { .lock = __RAW_SPIN_LOCK_UNLOCKED(notes.lock) };

static void note_alloc(void *data, unsigned long from, const void *memory, size_t bytes,
		       size_t allocated, gfp_t gfp, int node)
{
	unsigned long irqs;

	if (READ_ONCE(notes.task) != current || !in_task() || !memory)
		return;
	raw_spin_lock_irqsave(&notes.lock, irqs);
	if (notes.count < NOTES)
		notes.note[notes.count++] = (struct note) { memory, from, bytes };
	else
		notes.lost++;
	raw_spin_unlock_irqrestore(&notes.lock, irqs);
}

static void note_free(void *data, unsigned long from, const void *memory)
{
	unsigned long irqs;
	unsigned int i;

	if (!READ_ONCE(notes.count))
		return;
	raw_spin_lock_irqsave(&notes.lock, irqs);
	for (i = 0; i < notes.count; i++) {
		if (notes.note[i].memory != memory)
			continue;
		notes.note[i] = notes.note[--notes.count];
		break;
	}
	raw_spin_unlock_irqrestore(&notes.lock, irqs);
}

static void unregister_probes(void *unused)
{
	unregister_trace_kmalloc(note_alloc, NULL);
	unregister_trace_kfree(note_free, NULL);
	tracepoint_synchronize_unregister();
}

/* Where a setting of fault injection lies, which has no other way in. */
static void *setting(struct kunit *test, const char *what, const char *name)
{
	struct dentry *dir = debugfs_lookup(what, NULL), *file;
	void *value;

	KUNIT_ASSERT_NOT_ERR_OR_NULL_MSG(test, dir, "debugfs has no %s", what);
	file = debugfs_lookup(name, dir);
	KUNIT_ASSERT_NOT_ERR_OR_NULL_MSG(test, file, "debugfs has no %s/%s", what, name);
	value = d_inode(file)->i_private;
	dput(file);
	dput(dir);
	return value;
}

static void let_fail(struct kunit *test, const char *what)
{
	/* Also those that may sleep, which are most; and without a word for each. */
	*(bool *)setting(test, what, "ignore-gfp-wait") = false;
	*(unsigned long *)setting(test, what, "verbose") = 0;
}

void faults_init(struct kunit *test)
{
	let_fail(test, "failslab");
	if (IS_ENABLED(CONFIG_FAIL_PAGE_ALLOC)) {
		let_fail(test, "fail_page_alloc");
		*(u32 *)setting(test, "fail_page_alloc", "min-order") = 0;
	}
	KUNIT_ASSERT_EQ(test, 0, register_trace_kmalloc(note_alloc, NULL));
	KUNIT_ASSERT_EQ(test, 0, register_trace_kfree(note_free, NULL));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, unregister_probes, NULL));
}

void faults_begin(unsigned int nth)
{
	notes.count = 0;
	notes.lost = 0;
	WRITE_ONCE(notes.task, current);
	current->fail_nth = nth;
}

bool faults_end(void)
{
	bool came = !current->fail_nth;

	current->fail_nth = 0;
	WRITE_ONCE(notes.task, NULL);
	return came;
}

unsigned int faults_left(struct kunit *test)
{
	unsigned int i;

	/* What RCU frees later is freed now. */
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, 0, notes.lost);
	for (i = 0; i < notes.count; i++)
		kunit_err(test, "not freed: %zu bytes from %pS", notes.note[i].bytes,
			  (void *)notes.note[i].from);
	return notes.count;
}

#else

void faults_init(struct kunit *test)
{
	kunit_skip(test, "the kernel has no FAILSLAB, FAULT_INJECTION_DEBUG_FS or tracepoints");
}

void faults_begin(unsigned int nth)
{
}

bool faults_end(void)
{
	return false;
}

unsigned int faults_left(struct kunit *test)
{
	return 0;
}

#endif
