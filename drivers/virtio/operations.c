// SPDX-License-Identifier: GPL-2.0
/*
 * The operations of a transport: which of them it must have, and which the core adds.
 *
 * Called by bus.c when a device comes and goes.  A transport that was written for Linux 6.12
 * has nothing of the contract, one of 2007 nothing else; what can be made of the rest is
 * made here, so that neither core nor drivers call an operation that is not there.
 */
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

#include "core.h"

static const char *what_is_missing(const struct virtio_config_ops *ops)
{
	bool has_fields = ops->find && ops->find != virtio_layout_find;

	if (!ops->get_status)
		return "get_status";
	if (!ops->set_status)
		return "set_status";
	if (!ops->reset)
		return "reset";
	if (!ops->get_features)
		return "get_features";
	if (!ops->finalize_features)
		return "finalize_features";
	if (!(ops->find_vqs && ops->del_vqs) && !(ops->setup_vq && ops->teardown_vq))
		return "find_vqs and del_vqs, or setup_vq and teardown_vq";
	if (has_fields && !(ops->get && ops->set && (ops->look || ops->read)))
		return "get, set and look";
	return NULL;
}

static bool is_complete(const struct virtio_config_ops *ops)
{
	return ops->find && ops->find_vq && ops->del_vq && ops->del_vqs &&
	       (!ops->read || (ops->get && ops->set));
}

/* Drivers of Linux 6.12 know a device without a configuration by its lack of get. */
static void add_what_is_missing(struct virtio_config_ops *ops)
{
	ops->find = ops->find ?: virtio_layout_find;
	if (ops->read) {
		ops->get = ops->get ?: virtio_layout_get;
		ops->set = ops->set ?: virtio_layout_set;
	}
	ops->find_vq = ops->find_vq ?: virtio_find_next_vq;
	ops->del_vq = ops->del_vq ?: virtio_del_vq;
	ops->del_vqs = ops->del_vqs ?: virtio_del_each_vq;
}

/*
 * Before anything of the device is called.  Returns 0, or an error and then the operations
 * are those that the transport gave.
 */
int virtio_complete_operations(struct virtio_device *vdev)
{
	const char *missing = what_is_missing(vdev->config);
	struct virtio_config_ops *ops;

	vdev->config_given = NULL;
	if (missing) {
		dev_err(vdev->dev.parent ?: &vdev->dev,
			"virtio device of type %u: the transport lacks %s\n", vdev->id.device,
			missing);
		return -EINVAL;
	}
	if (is_complete(vdev->config))
		return 0;
	ops = kmemdup(vdev->config, sizeof(*ops), GFP_KERNEL);
	if (!ops)
		return -ENOMEM;
	add_what_is_missing(ops);
	vdev->config_given = vdev->config;
	vdev->config = ops;
	return 0;
}

/* When nothing but the transport reaches the device any more. */
void virtio_restore_operations(struct virtio_device *vdev)
{
	if (!vdev->config_given)
		return;
	kfree(vdev->config);
	vdev->config = vdev->config_given;
	vdev->config_given = NULL;
}
