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

/*
 * Returns -EBUSY as ERR_PTR() when the vector is what is no good, with &vp->refusal saying
 * why; any other error is one of the queue.
 */
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
		vp->refusal = err;
		goto free_mask;
	}
	q->vq->callback = info->used_cb;
	q->wants_callback = wants_callback(info);
	err = vp_request_queue_irq(vp, q);
	if (!err)
		return q;
	vp->regs->drop_queue(vp, q->vq);
	vp->refusal = err;
	err = -EBUSY;
free_mask:
	free_cpumask_var(q->affinity);
free:
	kfree(q);
	return ERR_PTR(err);
}

/* A queue of the driver's: shared handlers see it from here on.  Errors as above. */
static struct virtqueue *add_queue(struct vp_device *vp, unsigned int index,
				   const struct virtqueue_info *info, u16 vector)
{
	struct vp_queue *q = make_queue(vp, index, info, vector);
	int err;

	if (IS_ERR(q))
		return ERR_CAST(q);
	err = xa_err(xa_store(&vp->queues, index, q, GFP_KERNEL));
	if (!err) {
		if (vector == VP_CONFIG_VECTOR)
			WRITE_ONCE(vp->first_is_shared, true);
		vp_listen(vp, q);
		return q->vq;
	}
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
 * @vdev: the device, which is reset first if it is live
 *
 * Interrupts go first, so that nothing looks at the queues any more.
 * Context: may sleep.
 */
void vp_del_vqs(struct virtio_device *vdev)
{
	struct vp_device *vp = to_vp(vdev);
	struct vp_queue *q;
	unsigned long index;

	virtio_let_go(vdev);
	xa_for_each(&vp->queues, index, q)
		vp_free_queue_irq(vp, q);
	vp_free_shared_irqs(vp);
	INIT_HLIST_HEAD(&vp->listening);

	xa_for_each(&vp->queues, index, q) {
		xa_erase(&vp->queues, index);
		drop_queue(vp, q);
	}
	q = vp_admin_take_queue(vp);
	if (q)
		drop_queue(vp, q);
	vp_close_vectors(vp);
}

/*
 * The vector for the next queue with a callback, of which there have been @count.  By the
 * plan, or the first one where the plan has none for it.
 */
static u16 pick_vector(const struct vp_device *vp, unsigned int count)
{
	unsigned int vector = VP_FIRST_QUEUE_VECTOR;

	if (!vp_has_msix(vp))
		return VIRTIO_MSI_NO_VECTOR;
	if (vp->plan == VP_VECTOR_EACH)
		vector += count;
	return vector < vp->vectors ? vector : VP_CONFIG_VECTOR;
}

/**
 * struct wanted - what is wanted of a device
 * @nvqs: how many queues at once; none for a driver that takes them one by one
 * @vqs: where they go
 * @infos: what each is to be
 * @callbacks: queues that want an interrupt, now or later
 * @desc: how to spread interrupts over CPUs, or %NULL
 */
struct wanted {
	unsigned int nvqs;
	struct virtqueue **vqs;
	const struct virtqueue_info *infos;
	unsigned int callbacks;
	const struct irq_affinity *desc;
};

static int add_queues(struct vp_device *vp, const struct wanted *w)
{
	unsigned int i, index = 0, callbacks = 0;
	const struct virtqueue_info *info;
	struct virtqueue *vq;
	u16 vector;

	for (i = 0; i < w->nvqs; i++) {
		info = &w->infos[i];
		w->vqs[i] = NULL;
		if (!info->name)
			continue;
		vector = wants_callback(info) ? pick_vector(vp, callbacks++) :
						VIRTIO_MSI_NO_VECTOR;
		vq = add_queue(vp, index, info, vector);
		if (PTR_ERR_OR_ZERO(vq) == -ENOENT)
			virtio_queue_missing(&vp->vdev, index, info->name);
		if (IS_ERR(vq))
			return PTR_ERR(vq);
		w->vqs[i] = vq;
		index++;
	}
	return add_admin_queue(vp);
}

/*
 * Interrupts by one plan, and all queues with them.  Returns 0; -EBUSY when another plan
 * may do, with &vp->refusal saying why this one does not; or an error of a queue.
 */
static int try_plan(struct vp_device *vp, enum vp_plan plan, const struct wanted *w)
{
	int err = vp_open_vectors(vp, plan, w->callbacks, w->desc);

	if (err) {
		vp->refusal = err;
		return -EBUSY;
	}
	err = add_queues(vp, w);
	if (err)
		vp_del_vqs(&vp->vdev);
	return err;
}

static void complain_of_interrupts(struct vp_device *vp, unsigned int callbacks, int msix,
				   int line)
{
	unsigned int vectors = VP_FIRST_QUEUE_VECTOR + callbacks;

	if (vp->pdev->irq)
		pci_err(vp->pdev, "no interrupts: %u vectors wanted, error %d; line %u, error %d\n",
			vectors, msix, vp->pdev->irq, line);
	else
		pci_err(vp->pdev, "no interrupts: %u vectors wanted, error %d; no line\n",
			vectors, msix);
}

/*
 * One plan after the other, until there is one by which the device can interrupt.  Any
 * error of an interrupt leads to the next plan: some come only when a vector is requested
 * (x86 has none left, or memory is short), some from the device.  Returns 0 or an error.
 */
static int try_plans(struct vp_device *vp, enum vp_plan plan, const struct wanted *w)
{
	int err, msix = 0, line = 0;

	for (; plan <= VP_VECTOR_ONE; plan++) {
		err = try_plan(vp, plan, w);
		if (err != -EBUSY)
			return err;
		if (plan == VP_INTX)
			line = vp->refusal;
		else
			msix = vp->refusal;
	}
	complain_of_interrupts(vp, w->callbacks, msix, line);
	return msix;
}

/**
 * vp_find_vqs - the operation find_vqs
 * @vdev: the device, its features agreed
 * @nvqs: how many queues
 * @vqs: where they go
 * @infos: what each is to be
 * @desc: how to spread interrupts over CPUs, or %NULL
 *
 * Tries a vector per queue, then one for all queues, then the interrupt line, then one
 * vector for everything.  No queue is started before all are there: what the device was
 * told can't be taken back from then on except by a reset (virtio 1.3, 4.1.4.3.2).
 * Context: may sleep.
 * Return: 0, or an error and then there are no queues.
 */
int vp_find_vqs(struct virtio_device *vdev, unsigned int nvqs, struct virtqueue *vqs[],
		struct virtqueue_info *infos, struct irq_affinity *desc)
{
	struct wanted w = { .nvqs = nvqs, .vqs = vqs, .infos = infos, .desc = desc };
	struct vp_device *vp = to_vp(vdev);
	struct virtqueue *vq;
	unsigned int i;
	int err;

	for (i = 0; i < nvqs; i++)
		w.callbacks += infos[i].name && wants_callback(&infos[i]);
	err = try_plans(vp, VP_VECTOR_EACH, &w);
	if (err)
		return err;
	/* Backwards: the last one is the one that is selected. */
	list_for_each_entry_reverse(vq, &vdev->vqs, list)
		start_queue(vp, vq);
	return 0;
}

/* The vectors for a driver that takes queues singly: what will all it may take need? */
static int open_for_single(struct vp_device *vp, unsigned int queues)
{
	struct wanted w = { .callbacks = queues };
	int err;

	err = try_plans(vp, queues > MOST_OWN_VECTORS ? VP_VECTOR_SHARED : VP_VECTOR_EACH, &w);
	if (!err && vp->admin.queue)
		start_queue(vp, vp->admin.queue->vq);
	return err;
}

/*
 * By the vector of the plan; or by the first one, should that be no good.  Other plans
 * can't be tried: queues that were taken before are in use.
 */
static struct virtqueue *add_single_queue(struct vp_device *vp, unsigned int index,
					  const struct virtqueue_info *info)
{
	u16 vector = wants_callback(info) ? pick_vector(vp, index) : VIRTIO_MSI_NO_VECTOR;
	struct virtqueue *vq = add_queue(vp, index, info, vector);

	if (PTR_ERR_OR_ZERO(vq) == -EBUSY && vector != VP_CONFIG_VECTOR)
		vq = add_queue(vp, index, info, VP_CONFIG_VECTOR);
	if (PTR_ERR_OR_ZERO(vq) != -EBUSY)
		return vq;
	pci_err(vp->pdev, "queue %u: vector %u can't be used, nor can the first: error %d\n",
		index, vector, vp->refusal);
	return ERR_PTR(vp->refusal);
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
	struct virtqueue *vq;
	int err;

	if (index >= queues || xa_load(&vp->queues, index))
		return ERR_PTR(-ENOENT);
	if (vp->plan == VP_CLOSED) {
		err = open_for_single(vp, queues);
		if (err)
			return ERR_PTR(err);
	}
	vq = add_single_queue(vp, index, info);
	if (!IS_ERR(vq))
		start_queue(vp, vq);
	else if (xa_empty(&vp->queues))
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
	vp_stop_listening(vp, q);
	vp_free_queue_irq(vp, q);
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
		err = err ?: virtio_check_queue_size(q->vq, vp->regs->queue_size(vp, index)) ?:
			     vp->regs->program_queue(vp, q->vq, q->vector);
	if (err)
		return err;
	xa_for_each(&vp->queues, index, q) {
		/* The device did not take it back after a reset of its own: it does now. */
		if (q->vq->reset)
			vp_listen(vp, q);
		WRITE_ONCE(q->vq->reset, false);
		start_queue(vp, q->vq);
	}
	return 0;
}
