// SPDX-License-Identifier: GPL-2.0
/*
 * Virtio devices whose data path is that of the specification and whose control path is
 * somebody else's: vDPA (Documentation/networking/device_drivers and linux/vdpa.h).
 *
 * A driver of the vDPA bus.  What the core asks of a transport is passed on to the
 * operations of the vDPA device, one by one; there are no registers here.
 */
#include <linux/cpumask.h>
#include <linux/group_cpus.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vdpa.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "transport.h"
#include "vdpa_map.h"

/**
 * struct vdpa_transport - a virtio device that a vDPA device is behind
 * @vdev: the device on the virtio bus
 * @vdpa: the device on the vDPA bus
 * @ops: what can be done with it
 */
struct vdpa_transport {
	struct virtio_device vdev;
	struct vdpa_device *vdpa;
	const struct vdpa_config_ops *ops;
};

static struct vdpa_transport *to_vt(struct virtio_device *vdev)
{
	return container_of(vdev, struct vdpa_transport, vdev);
}

/*
 * What is told to whom.
 */

static bool notify(struct virtqueue *vq)
{
	struct vdpa_transport *vt = to_vt(vq->vdev);

	vt->ops->kick_vq(vt->vdpa, vq->index);
	return true;
}

/* Virtio 1.3, 2.9: the notification says how far the ring was filled. */
static bool notify_with_data(struct virtqueue *vq)
{
	struct vdpa_transport *vt = to_vt(vq->vdev);

	vt->ops->kick_vq_with_data(vt->vdpa, vring_notification_data(vq));
	return true;
}

static irqreturn_t on_used(void *vq)
{
	return vring_interrupt(0, vq);
}

static irqreturn_t on_change(void *vdev)
{
	virtio_config_changed(vdev);
	return IRQ_HANDLED;
}

static void listen_to_queue(struct vdpa_transport *vt, struct virtqueue *vq, bool on)
{
	struct vdpa_callback cb = { .private = vq };

	if (on && (vq->callback || vq->notify_driver))
		cb.callback = on_used;
	vt->ops->set_vq_cb(vt->vdpa, vq->index, &cb);
}

static void listen_to_changes(struct vdpa_transport *vt)
{
	struct vdpa_callback cb = { .callback = on_change, .private = &vt->vdev };

	vt->ops->set_config_cb(vt->vdpa, &cb);
}

static void listen_to_nothing(struct vdpa_transport *vt)
{
	struct vdpa_callback cb = { };

	vt->ops->set_config_cb(vt->vdpa, &cb);
}

/*
 * Features, status, configuration.
 */

static u64 get_features(struct virtio_device *vdev)
{
	struct vdpa_transport *vt = to_vt(vdev);

	return vt->ops->get_device_features(vt->vdpa);
}

static int finalize_features(struct virtio_device *vdev)
{
	struct vdpa_transport *vt = to_vt(vdev);

	/* A reset has made it forget whom to tell. */
	listen_to_changes(vt);
	vring_transport_features(vdev);
	if (!vt->ops->kick_vq_with_data)
		__virtio_clear_bit(vdev, VIRTIO_F_NOTIFICATION_DATA);
	return vdpa_set_features(vt->vdpa, vdev->features);
}

static u8 get_status(struct virtio_device *vdev)
{
	struct vdpa_transport *vt = to_vt(vdev);

	return vt->ops->get_status(vt->vdpa);
}

static void set_status(struct virtio_device *vdev, u8 status)
{
	/* A 0 would be a reset that nobody waits for. */
	if (status)
		vdpa_set_status(to_vt(vdev)->vdpa, status);
}

static void start_over(struct virtio_device *vdev)
{
	int err = vdpa_reset(to_vt(vdev)->vdpa, 0);

	/* An error is an answer. */
	if (err)
		virtio_reset_failed(vdev, err);
	else
		virtio_wait_for_reset(vdev);
	synchronize_rcu();	/* for callbacks that are running */
}

static void read_config(struct virtio_device *vdev, unsigned int offset, void *buf,
			unsigned int len)
{
	vdpa_get_config(to_vt(vdev)->vdpa, offset, buf, len);
}

static void write_config(struct virtio_device *vdev, unsigned int offset, const void *buf,
			 unsigned int len)
{
	vdpa_set_config(to_vt(vdev)->vdpa, offset, buf, len);
}

static u32 generation(struct virtio_device *vdev)
{
	struct vdpa_transport *vt = to_vt(vdev);

	return vt->ops->get_generation ? vt->ops->get_generation(vt->vdpa) : 0;
}

static const char *bus_name(struct virtio_device *vdev)
{
	return dev_name(&to_vt(vdev)->vdpa->dev);
}

/*
 * Queues.
 */

/* Where to begin: both wrap counters of a packed ring with 1 (virtio 1.3, 2.8.1). */
static int set_state(struct vdpa_transport *vt, unsigned int index)
{
	struct vdpa_vq_state state = { };

	if (__virtio_test_bit(&vt->vdev, VIRTIO_F_RING_PACKED)) {
		state.packed.last_avail_counter = 1;
		state.packed.last_used_counter = 1;
	}
	return vt->ops->set_vq_state(vt->vdpa, index, &state);
}

/* Everything, with the permission to use it last. */
static int start_queue(struct vdpa_transport *vt, struct virtqueue *vq)
{
	const struct vdpa_config_ops *ops = vt->ops;
	int err;

	if (ops->get_vq_ready(vt->vdpa, vq->index))
		return virtio_queue_enabled_already(&vt->vdev, vq->index);
	listen_to_queue(vt, vq, true);
	ops->set_vq_num(vt->vdpa, vq->index, virtqueue_get_vring_size(vq));
	err = ops->set_vq_address(vt->vdpa, vq->index, virtqueue_get_desc_addr(vq),
				  virtqueue_get_avail_addr(vq), virtqueue_get_used_addr(vq));
	if (!err)
		err = set_state(vt, vq->index);
	if (!err)
		ops->set_vq_ready(vt->vdpa, vq->index, true);
	return err;
}

static void stop_queue(struct virtqueue *vq)
{
	struct vdpa_transport *vt = to_vt(vq->vdev);

	vt->ops->set_vq_ready(vt->vdpa, vq->index, false);
	listen_to_queue(vt, vq, false);
}

/* The operation teardown_vq. */
static void drop_queue(struct virtqueue *vq)
{
	stop_queue(vq);
	synchronize_rcu();	/* for a callback that is running */
	vring_del_virtqueue(vq);
}

static struct virtqueue *create_queue(struct vdpa_transport *vt, unsigned int index,
				      const struct virtqueue_info *info, u32 num)
{
	const struct vdpa_config_ops *ops = vt->ops;
	u32 least = ops->get_vq_num_min ? ops->get_vq_num_min(vt->vdpa) : 1;
	bool data = __virtio_test_bit(&vt->vdev, VIRTIO_F_NOTIFICATION_DATA);

	return vring_create_virtqueue_map(index, num, ops->get_vq_align(vt->vdpa), &vt->vdev, true,
					  num > least, info->ctx, data ? notify_with_data : notify,
					  info->callback, info->name,
					  vdpa_map_of_queue(vt->vdpa, index));
}

/* The operation setup_vq. */
static struct virtqueue *setup_vq(struct virtio_device *vdev, unsigned int index,
				  struct virtqueue_info *info)
{
	struct vdpa_transport *vt = to_vt(vdev);
	struct virtqueue *vq;
	u32 num;
	int err;

	if (index >= vt->vdpa->nvqs)
		return ERR_PTR(-ENOENT);
	num = vt->ops->get_vq_size ? vt->ops->get_vq_size(vt->vdpa, index) :
				     vt->ops->get_vq_num_max(vt->vdpa);
	if (!num)
		return ERR_PTR(-ENOENT);
	vq = create_queue(vt, index, info, num);
	if (!vq)
		return ERR_PTR(-ENOMEM);
	vq->num_max = num;
	vq->callback = info->used_cb;
	err = start_queue(vt, vq);
	if (!err)
		return vq;
	drop_queue(vq);
	return ERR_PTR(err);
}

/* One grace period for all: with hundreds of queues they would add up to seconds. */
static void del_vqs(struct virtio_device *vdev)
{
	struct virtqueue *vq, *next;

	virtio_let_go(vdev);
	if (list_empty(&vdev->vqs))
		return;
	virtio_device_for_each_vq(vdev, vq)
		stop_queue(vq);
	synchronize_rcu();	/* for callbacks that are running */
	list_for_each_entry_safe(vq, next, &vdev->vqs, list)
		vring_del_virtqueue(vq);
}

/*
 * The CPUs, evenly over those queues that have no other place.  With more queues than
 * CPUs some get none, and may be served anywhere.
 */
static void spread(struct vdpa_transport *vt, unsigned int nvqs, const struct irq_affinity *desc)
{
	unsigned int first, others, groups, i;
	struct cpumask *masks;

	if (!desc || !vt->ops->set_vq_affinity)
		return;
	first = desc->pre_vectors;
	others = first + desc->post_vectors;
	if (nvqs <= others)
		return;
	masks = group_cpus_evenly(nvqs - others, &groups);
	for (i = 0; masks && i < groups; i++)
		if (!cpumask_empty(&masks[i]))
			vt->ops->set_vq_affinity(vt->vdpa, first + i, &masks[i]);
	kfree(masks);
}

static int find_vqs(struct virtio_device *vdev, unsigned int nvqs, struct virtqueue *vqs[],
		    struct virtqueue_info *infos, struct irq_affinity *desc)
{
	unsigned int i, index = 0;
	int err;

	for (i = 0; i < nvqs; i++) {
		vqs[i] = NULL;
		if (!infos[i].name)
			continue;
		vqs[i] = setup_vq(vdev, index, &infos[i]);
		err = PTR_ERR_OR_ZERO(vqs[i]);
		if (err == -ENOENT)
			virtio_queue_missing(vdev, index, infos[i].name);
		if (err) {
			del_vqs(vdev);
			return err;
		}
		index++;
	}
	spread(to_vt(vdev), index, desc);
	return 0;
}

static int resume_vqs(struct virtio_device *vdev)
{
	struct virtqueue *vq;
	int err = 0;

	virtio_device_for_each_vq(vdev, vq)
		err = err ?: start_queue(to_vt(vdev), vq);
	return err;
}

static int set_vq_affinity(struct virtqueue *vq, const struct cpumask *mask)
{
	struct vdpa_transport *vt = to_vt(vq->vdev);

	return vt->ops->set_vq_affinity ?
		vt->ops->set_vq_affinity(vt->vdpa, vq->index, mask) : 0;
}

static const struct cpumask *get_vq_affinity(struct virtio_device *vdev, int index)
{
	struct vdpa_transport *vt = to_vt(vdev);

	return vt->ops->get_vq_affinity ? vt->ops->get_vq_affinity(vt->vdpa, index) : NULL;
}

static const struct virtio_config_ops config_ops = {
	VIRTIO_FIELDS_BY_LAYOUT,
	VIRTIO_QUEUES_ONE_BY_ONE,
	.read			= read_config,
	.write			= write_config,
	.generation		= generation,
	.get_status		= get_status,
	.set_status		= set_status,
	.reset			= virtio_driver_reset,
	.reset_device		= start_over,
	.get_features		= get_features,
	.finalize_features	= finalize_features,
	.find_vqs		= find_vqs,
	.del_vqs		= del_vqs,
	.setup_vq		= setup_vq,
	.teardown_vq		= drop_queue,
	.bus_name		= bus_name,
	.set_vq_affinity	= set_vq_affinity,
	.get_vq_affinity	= get_vq_affinity,
	.resume_vqs		= resume_vqs,
};

/*
 * Coming and going.
 */

static void release(struct device *dev)
{
	kfree(to_vt(dev_to_virtio(dev)));
}

static int vt_probe(struct vdpa_device *vdpa)
{
	struct vdpa_transport *vt = kzalloc(sizeof(*vt), GFP_KERNEL);
	int err;

	if (!vt)
		return -ENOMEM;
	vt->vdpa = vdpa;
	vt->ops = vdpa->config;
	vt->vdev.dev.parent = vdpa_parent(vdpa);
	vt->vdev.map = vdpa_map_operations(vdpa);
	/* For what the driver maps before it has a queue. */
	vt->vdev.vmap = vdpa_map_of_queue(vdpa, 0);
	vt->vdev.dev.release = release;
	vt->vdev.config = &config_ops;
	vt->vdev.id.device = vt->ops->get_device_id(vdpa);
	vt->vdev.id.vendor = vt->ops->get_vendor_id(vdpa);
	if (!vt->vdev.id.device) {
		kfree(vt);
		return -EINVAL;
	}
	vdpa_set_drvdata(vdpa, vt);
	err = register_virtio_device(&vt->vdev);
	if (err)
		put_device(&vt->vdev.dev);
	return err;
}

static void vt_remove(struct vdpa_device *vdpa)
{
	struct vdpa_transport *vt = vdpa_get_drvdata(vdpa);

	listen_to_nothing(vt);
	unregister_virtio_device(&vt->vdev);
}

static struct vdpa_driver vt_driver = {
	.driver.name	= "virtio_vdpa",
	.probe		= vt_probe,
	.remove		= vt_remove,
};
module_vdpa_driver(vt_driver);

MODULE_DESCRIPTION("Virtio devices on the vDPA bus");
MODULE_LICENSE("GPL");
