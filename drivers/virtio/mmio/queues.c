// SPDX-License-Identifier: GPL-2.0
/*
 * Queues of a virtio device whose registers are memory, and the one interrupt that
 * they share (virtio 1.3, 4.2.3.2 to 4.2.3.4, and 4.2.4 for legacy devices).
 *
 * All at once or one by one, from the configuration operations in registers.c.  Knows
 * how the device is told of a queue; what is in it is the ring's affair.
 */
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/of.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/virtio_ring.h>

#include "mmio.h"

#define KNOWN_INTERRUPTS	(VIRTIO_MMIO_INT_VRING | VIRTIO_MMIO_INT_CONFIG)

/*
 * The interrupt.
 */

/* No lock is taken: who takes a queue off the list waits for the handler. */
static void wake_queues(int irq, struct vm_device *vm)
{
	struct vm_queue *q;

	guard(rcu)();
	list_for_each_entry_rcu(q, &vm->queues, node)
		if (!READ_ONCE(q->vq->reset))
			vring_interrupt(irq, q->vq);
}

static irqreturn_t on_interrupt(int irq, void *opaque)
{
	struct vm_device *vm = opaque;
	u32 status = vm_read(vm, VIRTIO_MMIO_INTERRUPT_STATUS);

	/* Bits that nobody knows are not looked at; all of them are what is not there. */
	if (!(status & KNOWN_INTERRUPTS) || status == U32_MAX)
		return IRQ_NONE;
	/* Before the queues: what is used from here on interrupts again. */
	vm_write(vm, VIRTIO_MMIO_INTERRUPT_ACK, status & KNOWN_INTERRUPTS);

	if (status & VIRTIO_MMIO_INT_CONFIG)
		virtio_config_changed(&vm->vdev);
	if (status & VIRTIO_MMIO_INT_VRING)
		wake_queues(irq, vm);
	return IRQ_HANDLED;
}

static int open_interrupt(struct vm_device *vm)
{
	struct device *dev = &vm->pdev->dev;
	int irq, err;

	if (vm->irq)
		return 0;
	irq = platform_get_irq(vm->pdev, 0);
	if (irq < 0)
		return irq;
	err = request_irq(irq, on_interrupt, IRQF_SHARED, dev_name(&vm->vdev.dev), vm);
	if (err)
		return err;
	vm->irq = irq;
	vm->wakes = of_property_read_bool(dev->of_node, "wakeup-source") && !enable_irq_wake(irq);
	return 0;
}

static void close_interrupt(struct vm_device *vm)
{
	if (!vm->irq)
		return;
	if (vm->wakes)
		disable_irq_wake(vm->irq);
	free_irq(vm->irq, vm);
	vm->irq = 0;
}

/* The operation synchronize_cbs. */
void vm_synchronize_cbs(struct virtio_device *vdev)
{
	struct vm_device *vm = to_vm(vdev);

	if (vm->irq)
		synchronize_irq(vm->irq);
}

/*
 * What the device is told.
 */

static bool notify(struct virtqueue *vq)
{
	vm_write(to_vm(vq->vdev), VIRTIO_MMIO_QUEUE_NOTIFY, vq->index);
	return true;
}

/* Virtio 1.3, 2.9: the notification says how far the ring was filled. */
static bool notify_with_data(struct virtqueue *vq)
{
	vm_write(to_vm(vq->vdev), VIRTIO_MMIO_QUEUE_NOTIFY, vring_notification_data(vq));
	return true;
}

static void select_queue(struct vm_device *vm, unsigned int index)
{
	vm_write(vm, VIRTIO_MMIO_QUEUE_SEL, index);
}

/* Of the queue that is selected: does the device use it? */
static bool is_enabled(struct vm_device *vm)
{
	return vm_read(vm, vm->version == VM_LEGACY ? VIRTIO_MMIO_QUEUE_PFN :
						      VIRTIO_MMIO_QUEUE_READY);
}

static void write_address(struct vm_device *vm, unsigned int low, u64 addr)
{
	vm_write(vm, low, lower_32_bits(addr));
	vm_write(vm, low + 4, upper_32_bits(addr));
}

/* The page of a legacy queue must have a number of 32 bits. */
static int check_place(struct vm_device *vm, struct virtqueue *vq)
{
	u64 page = virtqueue_get_desc_addr(vq) >> PAGE_SHIFT;

	if (vm->version != VM_LEGACY || !upper_32_bits(page))
		return 0;
	dev_err(&vm->pdev->dev, "queue %u at page %#llx, expected one of 32 bits\n", vq->index,
		page);
	return -E2BIG;
}

/* Of the queue that is selected: all but the permission to use it. */
static int program_queue(struct vm_device *vm, struct virtqueue *vq)
{
	int err = check_place(vm, vq);

	if (err)
		return err;
	vm_write(vm, VIRTIO_MMIO_QUEUE_NUM, virtqueue_get_vring_size(vq));
	if (vm->version == VM_LEGACY) {
		vm_write(vm, VIRTIO_MMIO_QUEUE_ALIGN, PAGE_SIZE);
		return 0;
	}
	write_address(vm, VIRTIO_MMIO_QUEUE_DESC_LOW, virtqueue_get_desc_addr(vq));
	write_address(vm, VIRTIO_MMIO_QUEUE_AVAIL_LOW, virtqueue_get_avail_addr(vq));
	write_address(vm, VIRTIO_MMIO_QUEUE_USED_LOW, virtqueue_get_used_addr(vq));
	return 0;
}

/* After a reset: the device must not use the queue yet, and must still offer its size. */
static int program_again(struct vm_device *vm, struct virtqueue *vq)
{
	select_queue(vm, vq->index);
	if (is_enabled(vm))
		return virtio_queue_enabled_already(&vm->vdev, vq->index);
	return virtio_check_queue_size(vq, vm_read(vm, VIRTIO_MMIO_QUEUE_NUM_MAX)) ?:
	       program_queue(vm, vq);
}

/* From here on the device may use it.  A legacy one learns only now where it lies. */
static void start_queue(struct vm_device *vm, struct virtqueue *vq)
{
	if (vm->version == VM_LEGACY)
		vm_write(vm, VIRTIO_MMIO_QUEUE_PFN, virtqueue_get_desc_addr(vq) >> PAGE_SHIFT);
	else
		vm_write(vm, VIRTIO_MMIO_QUEUE_READY, 1);
}

/* Reading back is what makes sure of it (virtio 1.3, 4.2.2.2). */
static void stop_queue(struct vm_device *vm, struct virtqueue *vq)
{
	select_queue(vm, vq->index);
	vm_write(vm, vm->version == VM_LEGACY ? VIRTIO_MMIO_QUEUE_PFN : VIRTIO_MMIO_QUEUE_READY, 0);
	if (!vm->vdev.lost && is_enabled(vm))
		dev_err(&vm->pdev->dev, "queue %u is enabled, expected it not to be once stopped\n",
			vq->index);
}

/*
 * Queues, from nothing to where they can be started.
 */

static struct virtqueue *find_queue(struct vm_device *vm, unsigned int index)
{
	struct vm_queue *q;

	list_for_each_entry(q, &vm->queues, node)
		if (q->vq->index == index)
			return q->vq;
	return NULL;
}

/* The handler looks at it from here on. */
static int add_queue(struct vm_device *vm, struct virtqueue *vq)
{
	struct vm_queue *q = kzalloc(sizeof(*q), GFP_KERNEL);

	if (!q)
		return -ENOMEM;
	q->vq = vq;
	vq->priv = q;
	list_add_tail_rcu(&q->node, &vm->queues);
	return 0;
}

static struct virtqueue *make_queue(struct vm_device *vm, unsigned int index,
				    const struct virtqueue_info *info)
{
	bool data = __virtio_test_bit(&vm->vdev, VIRTIO_F_NOTIFICATION_DATA);
	struct virtqueue *vq;
	u32 num;
	int err;

	select_queue(vm, index);
	num = vm_read(vm, VIRTIO_MMIO_QUEUE_NUM_MAX);
	if (!num)
		return ERR_PTR(-ENOENT);
	vq = vring_create_virtqueue(index, num,
				    vm->version == VM_LEGACY ? PAGE_SIZE : SMP_CACHE_BYTES,
				    &vm->vdev, true, true, info->ctx,
				    data ? notify_with_data : notify, info->callback, info->name);
	if (!vq)
		return ERR_PTR(-ENOMEM);
	vq->num_max = num;
	vq->callback = info->used_cb;
	err = program_queue(vm, vq) ?: add_queue(vm, vq);
	if (err) {
		vring_del_virtqueue(vq);
		return ERR_PTR(err);
	}
	/* It is selected still; the device does not use it before DRIVER_OK. */
	start_queue(vm, vq);
	return vq;
}

/* The queue is off the list, and the handler does not look at it any more. */
static void drop_queue(struct vm_device *vm, struct vm_queue *q)
{
	stop_queue(vm, q->vq);
	vring_del_virtqueue(q->vq);
	kfree(q);
}

/**
 * vm_del_vqs - the operation del_vqs
 * @vdev: the device, which is reset first if it is live
 *
 * Context: may sleep.
 */
void vm_del_vqs(struct virtio_device *vdev)
{
	struct vm_device *vm = to_vm(vdev);
	struct vm_queue *q, *next;

	virtio_let_go(vdev);
	close_interrupt(vm);
	list_for_each_entry_safe(q, next, &vm->queues, node) {
		list_del(&q->node);
		drop_queue(vm, q);
	}
}

static int make_queues(struct vm_device *vm, unsigned int nvqs, struct virtqueue *vqs[],
		       const struct virtqueue_info *infos)
{
	unsigned int i, index = 0;

	for (i = 0; i < nvqs; i++) {
		vqs[i] = NULL;
		if (!infos[i].name)
			continue;
		vqs[i] = make_queue(vm, index, &infos[i]);
		if (PTR_ERR_OR_ZERO(vqs[i]) == -ENOENT)
			virtio_queue_missing(&vm->vdev, index, infos[i].name);
		if (IS_ERR(vqs[i]))
			return PTR_ERR(vqs[i]);
		index++;
	}
	return 0;
}

/**
 * vm_find_vqs - the operation find_vqs
 * @vdev: the device, its features agreed
 * @nvqs: how many queues
 * @vqs: where they go
 * @infos: what each is to be
 * @desc: not looked at: there is one interrupt
 *
 * Context: may sleep.
 * Return: 0, or an error and then there are no queues.
 */
int vm_find_vqs(struct virtio_device *vdev, unsigned int nvqs, struct virtqueue *vqs[],
		struct virtqueue_info *infos, struct irq_affinity *desc)
{
	struct vm_device *vm = to_vm(vdev);
	int err;

	err = open_interrupt(vm) ?: make_queues(vm, nvqs, vqs, infos);
	if (err)
		vm_del_vqs(vdev);
	return err;
}

/**
 * vm_setup_vq - the operation setup_vq
 * @vdev: the device, its features agreed
 * @index: the queue
 * @info: what it is to be
 *
 * The first call opens the interrupt of all.
 * Context: may sleep.
 * Return: the queue, or ERR_PTR(): -ENOENT when the device has no such queue.
 */
struct virtqueue *vm_setup_vq(struct virtio_device *vdev, unsigned int index,
			      struct virtqueue_info *info)
{
	struct vm_device *vm = to_vm(vdev);
	struct virtqueue *vq;
	int err;

	/* What notifications name has 16 bits. */
	if (index > U16_MAX || find_queue(vm, index))
		return ERR_PTR(-ENOENT);
	err = open_interrupt(vm);
	if (err)
		return ERR_PTR(err);
	vq = make_queue(vm, index, info);
	if (IS_ERR(vq) && list_empty(&vm->queues))
		close_interrupt(vm);
	return vq;
}

/**
 * vm_teardown_vq - the operation teardown_vq
 * @vq: a queue of vm_setup_vq(); the device has been reset
 *
 * The last one closes the interrupt.
 * Context: may sleep.
 */
void vm_teardown_vq(struct virtqueue *vq)
{
	struct vm_device *vm = to_vm(vq->vdev);
	struct vm_queue *q = vq->priv;

	list_del_rcu(&q->node);
	if (list_empty(&vm->queues))
		close_interrupt(vm);
	vm_synchronize_cbs(&vm->vdev);
	drop_queue(vm, q);
}

/*
 * Reset of one queue (virtio 1.3, 2.6.1 and 4.2.2.1).
 */

static bool is_settled(u32 busy)
{
	return !busy || busy == U32_MAX;
}

/**
 * vm_disable_vq_and_reset - the operation disable_vq_and_reset
 * @vq: the queue
 *
 * Context: may sleep.
 * Return: 0; -ENOENT where that was not agreed on, or the device takes no notice, and
 * nothing has happened; -EBUSY for a device that does not come to an end with it, and
 * then the queue is broken.
 */
int vm_disable_vq_and_reset(struct virtqueue *vq)
{
	struct vm_device *vm = to_vm(vq->vdev);
	u32 busy;

	if (!virtio_has_feature(vq->vdev, VIRTIO_F_RING_RESET))
		return -ENOENT;
	select_queue(vm, vq->index);
	vm_write(vm, VM_QUEUE_RESET, 1);
	read_poll_timeout(vm_read, busy, is_settled(busy), 1000, VIRTIO_RESET_LIMIT_US, false,
			  vm, VM_QUEUE_RESET);
	if (busy) {
		dev_err(&vm->pdev->dev, "queue %u: reset is not confirmed\n", vq->index);
		/* The buffers are the device's still: nobody may touch them. */
		__virtqueue_break(vq);
		return -EBUSY;
	}
	/* QEMU offers the feature here, too, and had no such register: the queue goes on. */
	if (is_enabled(vm)) {
		dev_warn(&vm->pdev->dev, "queue %u: device takes no notice of a reset\n",
			 vq->index);
		return -ENOENT;
	}
	WRITE_ONCE(vq->reset, true);
	vm_synchronize_cbs(vq->vdev);
	return 0;
}

/**
 * vm_enable_vq_after_reset - the operation enable_vq_after_reset
 * @vq: the queue, reset
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
int vm_enable_vq_after_reset(struct virtqueue *vq)
{
	struct vm_device *vm = to_vm(vq->vdev);
	int err;

	if (!vq->reset)
		return -EBUSY;
	err = program_again(vm, vq);
	if (err)
		return err;
	WRITE_ONCE(vq->reset, false);
	start_queue(vm, vq);
	return 0;
}

/**
 * vm_resume_vqs - the operation resume_vqs
 * @vdev: the device, reset beneath its driver, its features agreed
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
int vm_resume_vqs(struct virtio_device *vdev)
{
	struct vm_device *vm = to_vm(vdev);
	struct vm_queue *q;
	int err;

	list_for_each_entry(q, &vm->queues, node) {
		err = program_again(vm, q->vq);
		if (err)
			return err;
		/* Also one that the device did not take back after a reset of its own. */
		WRITE_ONCE(q->vq->reset, false);
		start_queue(vm, q->vq);
	}
	return 0;
}
