// SPDX-License-Identifier: GPL-2.0
/*
 * The queues of a device as drivers ask for them: all at once by the function API of
 * Linux 6.12, one by one by the contract.
 *
 * A transport sets up its queues in one of the two ways, and here is made of it the other.
 * Knows that a device has queues, in order; not what a queue is.
 */
#include <linux/module.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

#include "core.h"
#include "watch/misuse.h"

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
 * @vdev: the device
 *
 * Stands in the configuration operations of a transport as del_vqs.
 * Context: may sleep.
 */
void virtio_del_each_vq(struct virtio_device *vdev)
{
	struct virtqueue *vq, *next;

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
 * A transport that sets up all queues in one go can serve a driver that wants
 * one.  It is told of a callback so that it asks for an interrupt; the queue
 * calls the contract's instead.
 */
static void never_called(struct virtqueue *vq)
{
}

static struct virtqueue *find_only_vq(struct virtio_device *vdev,
				      const struct virtqueue_info *wanted)
{
	struct virtqueue_info info = { .name = wanted->name };
	struct virtqueue *vq;
	int err;

	if (vdev->next_vq)
		return ERR_PTR(-ENOENT);
	if (wanted->used_cb)
		info.callback = never_called;
	err = vdev->config->find_vqs(vdev, 1, &vq, &info, NULL);
	if (err)
		return ERR_PTR(err);
	vq->callback = wanted->used_cb;
	return vq;
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
	err = virtio_latch_features(vdev);
	if (err)
		return ERR_PTR(err);
	if (vdev->config->setup_vq)
		vq = vdev->config->setup_vq(vdev, vdev->next_vq, &info);
	else
		vq = find_only_vq(vdev, &info);
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
 * @vq: the queue, shut down or empty
 *
 * Stands in the configuration operations of a transport as del_vq.
 * Context: may sleep.
 */
void virtio_del_vq(struct virtqueue *vq)
{
	const struct virtio_config_ops *ops = vq->vdev->config;

	virtio_check_may_sleep(vq->vdev, "del_vq");
	if (ops->teardown_vq)
		ops->teardown_vq(vq);
	else
		ops->del_vqs(vq->vdev);
}
EXPORT_SYMBOL_GPL(virtio_del_vq);
