// SPDX-License-Identifier: GPL-2.0
/*
 * The queues of a device as drivers ask for them: all at once by the function API of
 * Linux 6.12, one by one by the contract.
 *
 * A transport sets up its queues in one of the two ways; this file makes the other way of
 * it.  Knows that a device has queues, in order; not what a queue is.
 */
#include <linux/cleanup.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "core.h"
#include "watch/misuse.h"

/*
 * A driver may reset its device by the operation and set it up by itself, which the core
 * does not see.  It has no queues then, and the device is not live: kicks are to wait for
 * DRIVER_OK again.
 */
static void notice_reset(struct virtio_device *vdev)
{
	u8 status;

	if (!vdev->ready || !list_empty(&vdev->vqs) || !list_empty(&vdev->kept_vqs))
		return;
	status = virtio_get_status(vdev);
	if (status & VIRTIO_CONFIG_S_DRIVER_OK)
		return;
	vdev->ready = false;
	vdev->status = status;
	vdev->next_vq = 0;
}

/* Where there is only setup_vq: queues without a name are left out, and not counted. */
static int find_each_vq(struct virtio_device *vdev, unsigned int nvqs, struct virtqueue *vqs[],
			struct virtqueue_info *infos)
{
	unsigned int i, index = 0;
	int err = 0;

	for (i = 0; i < nvqs && !err; i++) {
		vqs[i] = NULL;
		if (!infos[i].name)
			continue;
		vqs[i] = vdev->config->setup_vq(vdev, index, &infos[i]);
		err = PTR_ERR_OR_ZERO(vqs[i]);
		if (err == -ENOENT)
			virtio_queue_missing(vdev, index, infos[i].name);
		index++;
	}
	if (err)
		vdev->config->del_vqs(vdev);
	return err;
}

/**
 * virtio_del_each_vq - free all queues, one by one
 * @vdev: the device, which is reset first if it is live
 *
 * Stands in the configuration operations of a transport as del_vqs.
 * Context: may sleep.
 */
void virtio_del_each_vq(struct virtio_device *vdev)
{
	struct virtqueue *vq, *next;

	virtio_let_go(vdev);
	list_for_each_entry_safe(vq, next, &vdev->vqs, list)
		vdev->config->teardown_vq(vq);
}
EXPORT_SYMBOL_GPL(virtio_del_each_vq);

/**
 * virtio_find_vqs - set up the queues of a device
 * @vdev: the device; its features are latched by this
 * @nvqs: how many
 * @vqs: where the queues go; %NULL for those without a name
 * @infos: name and callback of each
 * @desc: how to spread the interrupts, or %NULL
 *
 * Context: may sleep.
 * Return: 0 or an error, and then there are no queues.
 */
int virtio_find_vqs(struct virtio_device *vdev, unsigned int nvqs, struct virtqueue *vqs[],
		    struct virtqueue_info *infos, struct irq_affinity *desc)
{
	int err;

	virtio_check_may_sleep(vdev, "virtio_find_vqs");
	notice_reset(vdev);
	err = virtio_latch_features(vdev);
	if (err)
		return err;
	if (!vdev->config->find_vqs)
		return find_each_vq(vdev, nvqs, vqs, infos);
	return vdev->config->find_vqs(vdev, nvqs, vqs, infos, desc);
}
EXPORT_SYMBOL_GPL(virtio_find_vqs);

/**
 * virtio_find_single_vq - set up the only queue of a device
 * @vdev: the device; its features are latched by this
 * @callback: called when buffers were used, or %NULL
 * @name: for messages
 *
 * Context: may sleep.
 * Return: the queue or ERR_PTR().
 */
struct virtqueue *virtio_find_single_vq(struct virtio_device *vdev,
					vq_callback_t *callback, const char *name)
{
	struct virtqueue_info info = { .name = name, .callback = callback };
	struct virtqueue *vq;
	int err = virtio_find_vqs(vdev, 1, &vq, &info, NULL);

	return err ? ERR_PTR(err) : vq;
}
EXPORT_SYMBOL_GPL(virtio_find_single_vq);

/*
 * One by one, where a transport sets up all queues in one go.
 *
 * Before the device is live its queues can be deleted and made again, with one more.  That is
 * what a transport does when its driver is unbound and bound, so each can do it.  The queues
 * stay where they are for their driver: the ring keeps them meanwhile (ring/keep.c).
 */

/* The transport is told of a callback, so that it asks for an interrupt. */
static void never_called(struct virtqueue *vq)
{
}

/* How many queues there are, if none is missing between them; else an error. */
static int count_queues(const struct virtio_device *vdev)
{
	const struct virtqueue *vq;
	unsigned int n = 0, end = 0;

	virtio_device_for_each_vq(vdev, vq) {
		end = max(end, vq->index + 1);
		n++;
	}
	list_for_each_entry(vq, &vdev->kept_vqs, list) {
		end = max(end, vq->index + 1);
		n++;
	}
	return n == end ? n : -EOPNOTSUPP;
}

/* Have the transport delete all queues, which are kept, and say what each of them was. */
static void keep_all(struct virtio_device *vdev, struct virtqueue_info *infos)
{
	const struct virtqueue *vq;

	vdev->config->del_vqs(vdev);
	list_for_each_entry(vq, &vdev->kept_vqs, list)
		infos[vq->index] = (struct virtqueue_info) {
			.name = vq->name, .callback = vq->notify_driver,
			.used_cb = vq->callback,
		};
}

/* One that the transport made, and that no driver has. */
static void delete_unfinished(struct virtio_device *vdev, unsigned int held)
{
	struct virtqueue *vq, *next;

	list_for_each_entry_safe(vq, next, &vdev->kept_vqs, list)
		if (vq->index >= held)
			vring_del_virtqueue(vq);
}

static int find_all(struct virtio_device *vdev, unsigned int n, struct virtqueue *vqs[],
		    struct virtqueue_info *infos)
{
	if (!vdev->config->find_vqs)
		return find_each_vq(vdev, n, vqs, infos);
	return vdev->config->find_vqs(vdev, n, vqs, infos, NULL);
}

/* All @n that there are, and then @wanted unless that is %NULL; it goes to *@found. */
static int find_again(struct virtio_device *vdev, unsigned int n,
		      const struct virtqueue_info *wanted, struct virtqueue **found)
{
	struct virtqueue_info *infos __free(kfree) = kcalloc(n + 1, sizeof(*infos), GFP_KERNEL);
	struct virtqueue **vqs __free(kfree) = kcalloc(n + 1, sizeof(*vqs), GFP_KERNEL);

	int err;

	if (!infos || !vqs)
		return -ENOMEM;
	vdev->keep_vqs = true;
	keep_all(vdev, infos);
	if (wanted)
		infos[n] = *wanted;
	err = find_all(vdev, n + !!wanted, vqs, infos);
	vdev->keep_vqs = false;
	delete_unfinished(vdev, n);
	if (!err && wanted)
		*found = vqs[n];
	return err;
}

/* The driver has pointers to them; the transport does not know them any more. */
static void break_kept(struct virtio_device *vdev)
{
	struct virtqueue *vq;

	list_for_each_entry(vq, &vdev->kept_vqs, list)
		__virtqueue_break(vq);
}

static int reset_and_resume(struct virtio_device *vdev)
{
	guard(mutex)(&vdev->queues_lock);
	return virtio_handshake_again(vdev) ?: vdev->config->resume_vqs(vdev);
}

static int start_over(struct virtio_device *vdev, const struct virtqueue_info *wanted,
		      struct virtqueue **found)
{
	int n = count_queues(vdev);
	int err = n < 0 ? n : virtio_reset_and_agree(vdev);

	if (err)
		return err;
	return find_again(vdev, n, wanted, found);
}

/**
 * virtio_start_over - reset a device that is not live, and tell it all once more
 * @vdev: the device; its driver has queues, maybe with buffers in them
 *
 * Context: may sleep.
 * Return: 0 or an error, and then the queues are broken.
 */
int virtio_start_over(struct virtio_device *vdev)
{
	int err;

	if (vdev->config->resume_vqs)
		err = reset_and_resume(vdev);
	else
		err = start_over(vdev, NULL, NULL);
	if (err) {
		vring_break(vdev);
		break_kept(vdev);
	}
	return err;
}

static struct virtqueue *find_one_more(struct virtio_device *vdev,
				       const struct virtqueue_info *wanted)
{
	struct virtqueue *vq;
	int err;

	if (vdev->ready) {
		dev_err(&vdev->dev, "queue %u is asked for after DRIVER_OK, expected before\n",
			vdev->held_vqs);
		return ERR_PTR(-EBUSY);
	}
	err = start_over(vdev, wanted, &vq);
	if (!err)
		return vq;
	/* The device has no more queues, or memory is short: set up the old ones again. */
	if (virtio_start_over(vdev))
		return ERR_PTR(err);
	return ERR_PTR(err == -ENOMEM ? err : -ENOENT);
}

static struct virtqueue *find_through_all(struct virtio_device *vdev,
					  const struct virtqueue_info *wanted)
{
	struct virtqueue_info info = *wanted;
	struct virtqueue *vq;
	int err;

	if (wanted->used_cb)
		info.callback = never_called;
	if (list_empty(&vdev->vqs) && list_empty(&vdev->kept_vqs)) {
		vdev->held_vqs = 0;
		err = vdev->config->find_vqs(vdev, 1, &vq, &info, NULL);
		if (err)
			vq = ERR_PTR(err);
	} else {
		vq = find_one_more(vdev, &info);
	}
	if (IS_ERR(vq))
		return vq;
	vq->callback = wanted->used_cb;
	vdev->held_vqs++;
	return vq;
}

static bool is_kept(const struct virtqueue *wanted)
{
	const struct virtqueue *vq;

	list_for_each_entry(vq, &wanted->vdev->kept_vqs, list)
		if (vq == wanted)
			return true;
	return false;
}

/* The transport deletes them all at once: when the driver has given back the last one. */
static void delete_through_all(struct virtqueue *vq)
{
	struct virtio_device *vdev = vq->vdev;

	if (is_kept(vq))
		vring_del_virtqueue(vq);
	else if (!vdev->held_vqs || !--vdev->held_vqs)
		vdev->config->del_vqs(vdev);
}

/* Those that a driver never gave back after its device could not be told of them again. */
void virtio_delete_kept_vqs(struct virtio_device *vdev)
{
	struct virtqueue *vq, *next;

	list_for_each_entry_safe(vq, next, &vdev->kept_vqs, list)
		vring_del_virtqueue(vq);
}

/**
 * virtio_find_next_vq - set up the next queue of a device
 * @vdev: the device; its features are latched by the first call
 * @callback: called when buffers were used, or %NULL
 *
 * Stands in the configuration operations of a transport as find_vq.
 * Context: may sleep.
 * Return: the queue; -ENOENT as ERR_PTR() when the device has no more of them,
 * or another error.
 */
struct virtqueue *virtio_find_next_vq(struct virtio_device *vdev,
				      bool (*callback)(struct virtqueue *vq))
{
	struct virtqueue_info info = { .name = "queue", .used_cb = callback };
	struct virtqueue *vq;
	int err;

	virtio_check_may_sleep(vdev, "find_vq");
	notice_reset(vdev);
	err = virtio_latch_features(vdev);
	if (err)
		return ERR_PTR(err);
	if (vdev->config->setup_vq)
		vq = vdev->config->setup_vq(vdev, vdev->next_vq, &info);
	else
		vq = find_through_all(vdev, &info);
	if (IS_ERR(vq))
		return vq;
	vdev->next_vq++;
	if (callback)
		vq->vq_ops->restart(vq);
	return vq;
}
EXPORT_SYMBOL_GPL(virtio_find_next_vq);

/**
 * virtio_del_vq - free a queue that find_vq returned
 * @vq: the queue, shut down or empty; its device is reset first if it is live
 *
 * Stands in the configuration operations of a transport as del_vq.
 * Context: may sleep.
 */
void virtio_del_vq(struct virtqueue *vq)
{
	const struct virtio_config_ops *ops = vq->vdev->config;

	virtio_check_may_sleep(vq->vdev, "del_vq");
	virtio_let_go(vq->vdev);
	if (ops->teardown_vq)
		ops->teardown_vq(vq);
	else
		delete_through_all(vq);
}
EXPORT_SYMBOL_GPL(virtio_del_vq);
