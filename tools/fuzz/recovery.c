// SPDX-License-Identifier: GPL-2.0
/*
 * What the core does to the queue of a device that has failed: stall, renew, resume, and
 * prompt; model.h says more.  What came of each buffer is not followed from there on, until
 * the queue is reset: what is left is safety.
 */
#include "model.h"

static void stall(struct model *m)
{
	vring_stall(&m->vdev);
	m->stalled = true;
	m->renewed = false;
	m->muted = true;
	m->failed = true;
	m->lied = true;
	/* The device has forgotten what it took. */
	m->taking.head = m->taking.tail;
	device_begin(m);
}

static void renew(struct model *m)
{
	int err;

	if (!m->stalled)
		return;
	memory.failed = 0;
	m->vdev.queues_lock.held = true;
	err = vring_renew(&m->vdev);
	m->vdev.queues_lock.held = false;
	if (!m->owned || m->in_order)
		expect(err == -EOPNOTSUPP, "%d", err);
	else
		expect(!err || (err == -ENOMEM && memory.failed), "%d", err);
	m->renewed = !err;
	if (!err)
		host_begin(&m->host, m->vq, m->owned);
}

static void resume(struct model *m)
{
	if (!m->renewed)
		return;
	vring_resume(&m->vdev);
	m->stalled = false;
	m->renewed = false;
}

/* Interrupts come through again, unless the queue is out of use. */
void recovery_prompt(struct model *m)
{
	m->takes = false;
	if (m->stalled)
		return;
	while (vring_prompt(&m->vdev))
		;
	m->muted &= virtqueue_is_broken(m->vq);
}

static void all(struct model *m)
{
	stall(m);
	renew(m);
	resume(m);
}

void recovery(struct model *m, const struct step *s)
{
	switch (s->a % 5) {
	case 0:
		stall(m);
		break;
	case 1:
		renew(m);
		break;
	case 2:
		resume(m);
		break;
	case 3:
		recovery_prompt(m);
		break;
	default:
		all(m);
	}
}

/* In a thread of its own: it waits for whoever has the lock. */
void recovery_meanwhile(struct model *m)
{
	if (!m->meanwhile || m->vdev.queues_lock.held)
		return;
	m->meanwhile = false;
	all(m);
}
