// SPDX-License-Identifier: GPL-2.0
/*
 * Queues of a virtio device on PCI: all at once, or one by one.
 *
 * Holds what modern and legacy devices have in common, as operations for both:
 * which queue gets which vector, and what is undone in which order.  Calls
 * vectors.c for interrupts and the register set for the device's side.
 */
#include <linux/interrupt.h>
#include <linux/slab.h>

#include "pci.h"

/* With more queues than this a driver that takes them singly shares a vector. */
#define MOST_OWN_VECTORS	32

/**
 * vp_notify - the notify hook of rings: write the queue's number to the device
 * @vq: the queue (virtio 1.3, 4.1.5.2)
 *
 * Context: any.
 * Return: %true; a device that is gone does not answer a write.
 */
bool vp_notify(struct virtqueue *vq)
{
	iowrite16(vq->index, (void __iomem *)vq->priv);
	return true;
}

static bool wants_callback(const struct virtqueue_info *info)
{
	return info->callback || info->used_cb;
}

static void free_queue(struct vp_queue *q)
{
	free_cpumask_var(q->affinity);
	kfree(q);
}

/* Takes a queue from the device; the caller sees to its interrupts. */
static void drop_queue(struct vp_device *vp, struct vp_queue *q)
{
	vp->regs->drop_queue(vp, q->vq);
	free_queue(q);
}

static struct vp_queue *make_queue(struct vp_device *vp, unsigned int index,
				   const struct virtqueue_info *info, u16 vector)
{
	struct vp_queue *q = kzalloc(sizeof(*q), GFP_KERNEL);
	int err = -ENOMEM;

	if (!q)
		return ERR_PTR(-ENOMEM);
	if (!zalloc_cpumask_var(&q->affinity, GFP_KERNEL))
		goto free;
	q->vector = vector;
	q->vq = vp->regs->make_queue(vp, index, info, vector);
	if (IS_ERR(q->vq)) {
		err = PTR_ERR(q->vq);
		goto free_mask;
	}
	q->vq->callback = info->used_cb;
	err = vp_request_queue_irq(vp, q);
	if (!err)
		return q;
	vp->regs->drop_queue(vp, q->vq);
free_mask:
	free_cpumask_var(q->affinity);
free:
	kfree(q);
	return ERR_PTR(err);
}

/* A queue of the driver's: shared handlers see it from here on. */
static struct virtqueue *add_queue(struct vp_device *vp, unsigned int index,
				   const struct virtqueue_info *info, u16 vector)
{
	struct vp_queue *q = make_queue(vp, index, info, vector);
	int err;

	if (IS_ERR(q))
		return ERR_CAST(q);
	q->listening = wants_callback(info) && !q->own_irq;
	err = xa_err(xa_store(&vp->queues, index, q, GFP_KERNEL));
	if (!err)
		return q->vq;
	vp_free_queue_irq(vp, q);
	drop_queue(vp, q);
	return ERR_PTR(err);
}

/* The administration queue shares the vector of configuration changes. */
static int add_admin_queue(struct vp_device *vp)
{
	struct virtqueue_info info;
	struct vp_queue *q;
	unsigned int index;
	int err;

	err = vp_admin_index(vp, &index);
	if (err)
		return err == -ENOENT ? 0 : err;
	vp_admin_info(vp, index, &info);
	q = make_queue(vp, index, &info,
		       vp_has_msix(vp) ? VP_CONFIG_VECTOR : VIRTIO_MSI_NO_VECTOR);
	if (IS_ERR(q))
		return PTR_ERR(q);
	WRITE_ONCE(vp->admin.queue, q);
	return 0;
}

static void start_queue(struct vp_device *vp, struct virtqueue *vq)
{
	if (vp->regs->start_queue)
		vp->regs->start_queue(vp, vq);
}

/**
 * vp_del_vqs - the operation del_vqs
 * @vdev: the device, reset
 *
 * Interrupts go first, so that nothing looks at the queues any more.
 * Context: may sleep.
 */
void vp_del_vqs(struct virtio_device *vdev)
{
	struct vp_device *vp = to_vp(vdev);
	struct vp_queue *admin = vp->admin.queue;
	struct vp_queue *q;
	unsigned long index;

	xa_for_each(&vp->queues, index, q)
		vp_free_queue_irq(vp, q);
	vp_free_shared_irqs(vp);

	xa_for_each(&vp->queues, index, q) {
		xa_erase(&vp->queues, index);
		drop_queue(vp, q);
	}
	if (admin) {
		vp_admin_abort(vp);
		vp->admin.queue = NULL;
		drop_queue(vp, admin);
	}
	vp_close_vectors(vp);
}

static int add_queues(struct vp_device *vp, unsigned int nvqs, struct virtqueue *vqs[],
		      const struct virtqueue_info *infos)
{
	unsigned int i, index = 0;
	u16 next = VP_FIRST_QUEUE_VECTOR, vector;

	for (i = 0; i < nvqs; i++) {
		vqs[i] = NULL;
		if (!infos[i].name)
			continue;
		vector = VIRTIO_MSI_NO_VECTOR;
		if (vp_has_msix(vp) && wants_callback(&infos[i]))
			vector = vp->plan == VP_VECTOR_EACH ? next++ : next;
		vqs[i] = add_queue(vp, index, &infos[i], vector);
		if (PTR_ERR_OR_ZERO(vqs[i]) == -ENOENT)
			virtio_queue_missing(&vp->vdev, index, infos[i].name);
		if (IS_ERR(vqs[i]))
			return PTR_ERR(vqs[i]);
		index++;
	}
	return add_admin_queue(vp);
}

/**
 * vp_find_vqs - the operation find_vqs
 * @vdev: the device, its features agreed
 * @nvqs: how many queues
 * @vqs: where they go
 * @infos: what each is to be
 * @desc: how to spread interrupts over CPUs, or %NULL
 *
 * Tries a vector per queue, then one for all, then the interrupt line.  No queue
 * is started before all are there: what the device was told can't be taken back
 * from then on except by a reset (virtio 1.3, 4.1.4.3.2).
 * Context: may sleep.
 * Return: 0, or an error and then there are no queues.
 */
int vp_find_vqs(struct virtio_device *vdev, unsigned int nvqs, struct virtqueue *vqs[],
		struct virtqueue_info *infos, struct irq_affinity *desc)
{
	struct vp_device *vp = to_vp(vdev);
	unsigned int i, callbacks = 0;
	enum vp_plan plan;
	struct virtqueue *vq;
	int err, why = 0;

	for (i = 0; i < nvqs; i++)
		callbacks += infos[i].name && wants_callback(&infos[i]);

	for (plan = VP_VECTOR_EACH; plan <= VP_INTX; plan++) {
		err = vp_open_vectors(vp, plan, callbacks, desc);
		if (err) {
			/* That there is no line is not why the vectors were no good. */
			if (plan < VP_INTX || vp->pdev->irq)
				why = err;
			continue;
		}
		err = add_queues(vp, nvqs, vqs, infos);
		why = err;
		if (!err)
			break;
		vp_del_vqs(vdev);
		/* The device may have no room for so many vectors; fewer mend nothing else. */
		if (err != -EBUSY)
			break;
	}
	if (err)
		return why;
	virtio_device_for_each_vq(vdev, vq)
		start_queue(vp, vq);
	return 0;
}

/* The vectors for a driver that takes queues singly: what will all it may take need? */
static int open_for_single(struct vp_device *vp, unsigned int queues)
{
	enum vp_plan plan = queues > MOST_OWN_VECTORS ? VP_VECTOR_SHARED : VP_VECTOR_EACH;
	int err;

	for (; plan <= VP_INTX; plan++) {
		err = vp_open_vectors(vp, plan, queues, NULL);
		if (!err)
			break;
	}
	if (err)
		return err;
	err = add_admin_queue(vp);
	if (err)
		vp_del_vqs(&vp->vdev);
	else if (vp->admin.queue)
		start_queue(vp, vp->admin.queue->vq);
	return err;
}

/**
 * vp_setup_vq - the operation setup_vq
 * @vdev: the device, its features agreed
 * @index: the queue
 * @info: what it is to be
 *
 * The first call opens the interrupts of all.
 * Context: may sleep.
 * Return: the queue, or ERR_PTR(): -ENOENT when the device has no such queue.
 */
struct virtqueue *vp_setup_vq(struct virtio_device *vdev, unsigned int index,
			      struct virtqueue_info *info)
{
	struct vp_device *vp = to_vp(vdev);
	unsigned int queues = vp->regs->count_queues(vp);
	u16 vector = VIRTIO_MSI_NO_VECTOR;
	struct virtqueue *vq;
	int err;

	if (index >= queues || xa_load(&vp->queues, index))
		return ERR_PTR(-ENOENT);
	if (vp->plan == VP_CLOSED) {
		err = open_for_single(vp, queues);
		if (err)
			return ERR_PTR(err);
	}
	if (vp->plan == VP_VECTOR_EACH)
		vector = VP_FIRST_QUEUE_VECTOR + index;
	else if (vp->plan == VP_VECTOR_SHARED)
		vector = VP_FIRST_QUEUE_VECTOR;
	/* The device may say another number of queues now than at the first call. */
	if (vp_has_msix(vp) && (vector >= vp->vectors || !wants_callback(info)))
		vector = VIRTIO_MSI_NO_VECTOR;

	vq = add_queue(vp, index, info, vector);
	if (!IS_ERR(vq)) {
		start_queue(vp, vq);
		return vq;
	}
	if (PTR_ERR(vq) == -EBUSY)
		pci_err(vp->pdev, "queue %u: device refuses vector %u\n", index, vector);
	if (xa_empty(&vp->queues))
		vp_del_vqs(vdev);
	return vq;
}

/**
 * vp_teardown_vq - the operation teardown_vq
 * @vq: a queue of vp_setup_vq(); the device has been reset
 *
 * The last one closes the interrupts.
 * Context: may sleep.
 */
void vp_teardown_vq(struct virtqueue *vq)
{
	struct virtio_device *vdev = vq->vdev;
	struct vp_device *vp = to_vp(vdev);
	struct vp_queue *q = xa_erase(&vp->queues, vq->index);

	if (!q)
		return;
	vp_free_queue_irq(vp, q);
	vp_synchronize_queue(vp, q);
	drop_queue(vp, q);
	if (xa_empty(&vp->queues))
		vp_del_vqs(vdev);
}

/**
 * vp_resume_vqs - the operation resume_vqs
 * @vdev: the device, reset beneath its driver, its features agreed
 *
 * Context: may sleep.
 * Return: 0; -EOPNOTSUPP for a device with an administration queue, whose commands can't
 * be repeated; or an error of the device's.
 */
int vp_resume_vqs(struct virtio_device *vdev)
{
	struct vp_device *vp = to_vp(vdev);
	struct vp_queue *q;
	unsigned long index;
	int err;

	if (vp->admin.queue)
		return -EOPNOTSUPP;
	err = vp_resume_vectors(vp);
	xa_for_each(&vp->queues, index, q)
		err = err ?: vp->regs->program_queue(vp, q->vq, q->vector);
	if (err)
		return err;
	/* One that was being reset on its own is started by who does that. */
	xa_for_each(&vp->queues, index, q)
		if (!q->vq->reset)
			start_queue(vp, q->vq);
	return 0;
}
