// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts of a virtio device on PCI (virtio 1.3, 4.1.5.1.2, 4.1.5.3, 4.1.5.4).
 *
 * Opens and closes interrupts according to a plan, holds the handlers, and knows
 * which CPUs handle what.  Called by queues.c, which tries one plan after the
 * other, and by drivers for affinity.  Knows no ring: a queue is something that
 * is told of an interrupt.
 */
#include <linux/interrupt.h>
#include <linux/rculist.h>

#include "pci.h"

/*
 * Handlers.  Nobody shares a vector of MSI-X with the device.  So an interrupt for which
 * there is nothing left to do, because the driver has polled meanwhile, is a handled one:
 * the interrupt core would turn the vector off after too many that are not.
 */

/*
 * The queues that share an interrupt.  No lock is taken: vp_stop_listening() waits for
 * handlers before a queue is freed.
 */
static irqreturn_t wake_queues(int irq, struct vp_device *vp)
{
	irqreturn_t ret = IRQ_NONE;
	struct hlist_node *node;

	guard(rcu)();
	/* Not by entries: for each of them that takes three instructions more. */
	__hlist_for_each_rcu(node, &vp->listening)
		ret |= vring_interrupt(irq, hlist_entry(node, struct vp_queue, node)->vq);
	return ret;
}

static void wake_admin(int irq, struct vp_device *vp)
{
	struct vp_queue *q = READ_ONCE(vp->admin.queue);

	if (q)
		vring_interrupt(irq, q->vq);
}

/*
 * Queues have this vector, too.  The device notes a change in the interrupt status before
 * it interrupts, with MSI-X as well (virtio 1.3, 4.1.4.5.1).  If there is no note and no
 * queue has anything either, it can only be a change.
 */
static void on_shared_first_vector(int irq, struct vp_device *vp)
{
	irqreturn_t ret = wake_queues(irq, vp);
	u8 isr = ioread8(vp->isr);

	if (isr != VIRTIO_STATUS_GONE && (isr & VIRTIO_PCI_ISR_CONFIG || ret == IRQ_NONE))
		virtio_config_changed(&vp->vdev);
}

static irqreturn_t on_first_vector(int irq, void *opaque)
{
	struct vp_device *vp = opaque;

	if (READ_ONCE(vp->first_is_shared))
		on_shared_first_vector(irq, vp);
	else
		virtio_config_changed(&vp->vdev);
	wake_admin(irq, vp);
	return IRQ_HANDLED;
}

static irqreturn_t on_queues_vector(int irq, void *opaque)
{
	wake_queues(irq, opaque);
	return IRQ_HANDLED;
}

static irqreturn_t on_queue_vector(int irq, void *vq)
{
	vring_interrupt(irq, vq);
	return IRQ_HANDLED;
}

/* The line may be another device's; reading the status takes it down if ours. */
static irqreturn_t on_line(int irq, void *opaque)
{
	struct vp_device *vp = opaque;
	u8 isr = ioread8(vp->isr);

	if (!isr || isr == VIRTIO_STATUS_GONE)
		return IRQ_NONE;
	if (isr & VIRTIO_PCI_ISR_CONFIG)
		virtio_config_changed(&vp->vdev);
	wake_queues(irq, vp);
	wake_admin(irq, vp);
	return IRQ_HANDLED;
}

/*
 * Opening and closing.
 */

static int vector_irq(const struct vp_device *vp, unsigned int vector)
{
	return pci_irq_vector(vp->pdev, vector);
}

/* The next vector goes to the device as a whole. */
static int request_shared(struct vp_device *vp, irq_handler_t handler, const char *what)
{
	unsigned int v = vp->vectors_shared;
	int err;

	snprintf(vp->shared_name[v], sizeof(vp->shared_name[v]), "%s-%s",
		 dev_name(&vp->vdev.dev), what);
	err = request_irq(vector_irq(vp, v), handler, 0, vp->shared_name[v], vp);
	if (!err)
		vp->vectors_shared++;
	return err;
}

static int open_line(struct vp_device *vp)
{
	int err;

	if (!vp->pdev->irq)
		return -ENOENT;
	err = request_irq(vp->pdev->irq, on_line, IRQF_SHARED, dev_name(&vp->vdev.dev), vp);
	if (!err)
		vp->plan = VP_INTX;
	return err;
}

/**
 * vp_resume_vectors - tell a device of the vector for configuration changes
 * @vp: the device, its vectors open
 *
 * Context: may sleep.
 * Return: 0; -EBUSY from a device that has no room for it (virtio 1.3, 4.1.5.1.2).
 */
int vp_resume_vectors(struct vp_device *vp)
{
	if (vp_has_msix(vp) &&
	    vp->regs->config_vector(vp, VP_CONFIG_VECTOR) != VP_CONFIG_VECTOR)
		return -EBUSY;
	return 0;
}

static int open_shared(struct vp_device *vp)
{
	int err = request_shared(vp, on_first_vector, "config") ?: vp_resume_vectors(vp);

	if (err)
		return err;
	return vp->plan == VP_VECTOR_SHARED ?
		request_shared(vp, on_queues_vector, "virtqueues") : 0;
}

/* How many vectors a plan needs, if so many queues want an interrupt. */
static unsigned int count_vectors(enum vp_plan plan, unsigned int callbacks)
{
	switch (plan) {
	case VP_VECTOR_EACH:
		return VP_FIRST_QUEUE_VECTOR + callbacks;
	case VP_VECTOR_SHARED:
		return VP_FIRST_QUEUE_VECTOR + 1;
	default:
		return VP_FIRST_QUEUE_VECTOR;
	}
}

/**
 * vp_open_vectors - open the interrupts of a device
 * @vp: the device, with none open
 * @plan: how to spread them
 * @callbacks: queues that want an interrupt
 * @desc: how to spread those of queues over CPUs, or %NULL
 *
 * Context: may sleep.
 * Return: 0, or an error after which none is open.
 */
int vp_open_vectors(struct vp_device *vp, enum vp_plan plan, unsigned int callbacks,
		    const struct irq_affinity *desc)
{
	unsigned int n = count_vectors(plan, callbacks), flags = PCI_IRQ_MSIX;
	struct irq_affinity spread;
	int err;

	if (plan == VP_INTX)
		return open_line(vp);
	if (plan == VP_VECTOR_EACH && desc) {
		/* A copy: the next plan starts from what the driver said, too. */
		spread = *desc;
		spread.pre_vectors += VP_FIRST_QUEUE_VECTOR;
		flags |= PCI_IRQ_AFFINITY;
	}
	err = pci_alloc_irq_vectors_affinity(vp->pdev, n, n, flags,
					     flags & PCI_IRQ_AFFINITY ? &spread : NULL);
	if (err < 0)
		return err;
	vp->plan = plan;
	vp->vectors = n;
	err = open_shared(vp);
	if (err) {
		vp_free_shared_irqs(vp);
		vp_close_vectors(vp);
	}
	return err;
}

/**
 * vp_free_shared_irqs - stop the handlers that serve the device as a whole
 * @vp: the device
 *
 * Context: may sleep; on return none of them runs.
 */
void vp_free_shared_irqs(struct vp_device *vp)
{
	if (vp->plan == VP_INTX)
		free_irq(vp->pdev->irq, vp);
	while (vp->vectors_shared)
		free_irq(vector_irq(vp, --vp->vectors_shared), vp);
}

/**
 * vp_close_vectors - give all vectors back
 * @vp: the device; no handler is left and no queue has a vector
 *
 * Context: may sleep.
 */
void vp_close_vectors(struct vp_device *vp)
{
	if (vp_has_msix(vp)) {
		vp->regs->config_vector(vp, VIRTIO_MSI_NO_VECTOR);
		pci_free_irq_vectors(vp->pdev);
	}
	vp->vectors = 0;
	vp->first_is_shared = false;
	vp->plan = VP_CLOSED;
}

/**
 * vp_request_queue_irq - let interrupts come through to a queue
 * @vp: the device
 * @q: the queue, its vector agreed with the device
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
int vp_request_queue_irq(struct vp_device *vp, struct vp_queue *q)
{
	int err;

	if (vp->plan != VP_VECTOR_EACH || q->vector == VIRTIO_MSI_NO_VECTOR ||
	    q->vector == VP_CONFIG_VECTOR)
		return 0;
	snprintf(q->irq_name, sizeof(q->irq_name), "%s-%s", dev_name(&vp->vdev.dev),
		 q->vq->name);
	err = request_irq(vector_irq(vp, q->vector), on_queue_vector, 0, q->irq_name, q->vq);
	q->own_irq = !err;
	return err;
}

/**
 * vp_free_queue_irq - the other way
 * @vp: the device
 * @q: the queue
 *
 * Context: may sleep; on return the queue's own handler does not run.
 */
void vp_free_queue_irq(struct vp_device *vp, struct vp_queue *q)
{
	int irq;

	if (!q->own_irq)
		return;
	irq = vector_irq(vp, q->vector);
	irq_update_affinity_hint(irq, NULL);
	free_irq(irq, q->vq);
	q->own_irq = false;
}

/**
 * vp_listen - pass shared interrupts on to a queue
 * @vp: the device
 * @q: the queue; nothing is done if it has its own vector, or nobody to call back
 *
 * Context: any that excludes other changes of queues.
 */
void vp_listen(struct vp_device *vp, struct vp_queue *q)
{
	if (q->wants_callback && !q->own_irq)
		hlist_add_head_rcu(&q->node, &vp->listening);
}

/**
 * vp_stop_listening - the other way, and wait for handlers that may look at the queue
 * @vp: the device
 * @q: the queue
 *
 * Does not turn the interrupt off for that: one with managed affinity can't be.
 * Context: may sleep, and excludes other changes of queues.
 */
void vp_stop_listening(struct vp_device *vp, struct vp_queue *q)
{
	if (!hlist_unhashed(&q->node))
		hlist_del_init_rcu(&q->node);
	if (q->own_irq)
		synchronize_irq(vector_irq(vp, q->vector));
	else
		vp_synchronize_cbs(&vp->vdev);
}

/* The operation synchronize_cbs. */
void vp_synchronize_cbs(struct virtio_device *vdev)
{
	struct vp_device *vp = to_vp(vdev);
	unsigned int v;

	if (vp->plan == VP_INTX)
		synchronize_irq(vp->pdev->irq);
	for (v = 0; v < vp->vectors; v++)
		synchronize_irq(vector_irq(vp, v));
}

/* The operation set_vq_affinity: only where a queue has a vector of its own. */
int vp_set_vq_affinity(struct virtqueue *vq, const struct cpumask *mask)
{
	struct vp_device *vp = to_vp(vq->vdev);
	struct vp_queue *q = xa_load(&vp->queues, vq->index);
	int irq;

	if (!q || (!vq->callback && !vq->notify_driver))
		return -EINVAL;
	if (!q->own_irq)
		return 0;
	irq = vector_irq(vp, q->vector);
	if (!mask)
		return irq_update_affinity_hint(irq, NULL);
	cpumask_copy(q->affinity, mask);
	/* Managed interrupts refuse to be moved, and are where they should be. */
	irq_set_affinity_and_hint(irq, q->affinity);
	return 0;
}

/* The operation get_vq_affinity. */
const struct cpumask *vp_get_vq_affinity(struct virtio_device *vdev, int index)
{
	struct vp_device *vp = to_vp(vdev);
	struct vp_queue *q = xa_load(&vp->queues, index);

	return q && q->own_irq ? pci_irq_get_affinity(vp->pdev, q->vector) : NULL;
}
