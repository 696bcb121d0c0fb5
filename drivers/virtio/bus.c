// SPDX-License-Identifier: GPL-2.0
/*
 * The virtio bus: where devices and drivers meet.
 *
 * Transports register devices here and drivers register themselves; the driver
 * model pairs them by their ids and calls back.  What is said to the device when
 * that happens, the status handshake, is in handshake.c.  Nothing in this file
 * touches a device.
 */
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

#include "core.h"

static DEFINE_IDA(virtio_index_ida);

/* What udev and modprobe know a device by; see file2alias.c. */
#define VIRTIO_MODALIAS		"virtio:d%08Xv%08X"

static ssize_t device_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0x%04x\n", dev_to_virtio(dev)->id.device);
}

static ssize_t vendor_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0x%04x\n", dev_to_virtio(dev)->id.vendor);
}

static ssize_t status_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0x%08x\n", virtio_get_status(dev_to_virtio(dev)));
}

static ssize_t modalias_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct virtio_device_id *id = &dev_to_virtio(dev)->id;

	return sysfs_emit(buf, VIRTIO_MODALIAS "\n", id->device, id->vendor);
}

/* One character a bit, the lowest bit first. */
static ssize_t features_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const u64 *features = dev_to_virtio(dev)->features_array;
	char bits[VIRTIO_FEATURES_BITS + 1] = "";
	int bit;

	for (bit = 0; bit < VIRTIO_FEATURES_BITS; bit++)
		bits[bit] = virtio_features_test_bit(features, bit) ? '1' : '0';
	return sysfs_emit(buf, "%s\n", bits);
}

static DEVICE_ATTR_RO(device);
static DEVICE_ATTR_RO(vendor);
static DEVICE_ATTR_RO(status);
static DEVICE_ATTR_RO(modalias);
static DEVICE_ATTR_RO(features);

static struct attribute *virtio_dev_attrs[] = {
	&dev_attr_device.attr, &dev_attr_vendor.attr, &dev_attr_status.attr,
	&dev_attr_features.attr, &dev_attr_modalias.attr, &dev_attr_recovery.attr, NULL,
};
ATTRIBUTE_GROUPS(virtio_dev);

static bool id_matches(u32 wanted, u32 is)
{
	return wanted == VIRTIO_DEV_ANY_ID || wanted == is;
}

static int virtio_bus_match(struct device *dev, const struct device_driver *drv)
{
	const struct virtio_device_id *is = &dev_to_virtio(dev)->id;
	const struct virtio_device_id *id;

	for (id = drv_to_virtio(drv)->id_table; id->device; id++)
		if (id_matches(id->device, is->device) && id_matches(id->vendor, is->vendor))
			return 1;
	return 0;
}

static int virtio_bus_uevent(const struct device *dev, struct kobj_uevent_env *env)
{
	const struct virtio_device_id *id = &dev_to_virtio(dev)->id;

	return add_uevent_var(env, "MODALIAS=" VIRTIO_MODALIAS, id->device, id->vendor);
}

static int virtio_bus_probe(struct device *dev)
{
	return virtio_handshake_probe(dev_to_virtio(dev));
}

static void virtio_bus_remove(struct device *dev)
{
	virtio_handshake_remove(dev_to_virtio(dev));
}

/* Only a device with a driver has memory of ours. */
static void virtio_bus_shutdown(struct device *dev)
{
	if (dev->driver)
		virtio_handshake_shutdown(dev_to_virtio(dev));
}

/* For block layers that spread their queues over CPUs as the interrupts are. */
static const struct cpumask *virtio_bus_irq_affinity(struct device *dev, unsigned int index)
{
	struct virtio_device *vdev = dev_to_virtio(dev);

	return vdev->config->get_vq_affinity ? vdev->config->get_vq_affinity(vdev, index) : NULL;
}

/* Virtual functions are those of the function that the device is on. */
static int virtio_bus_num_vf(struct device *dev)
{
	return dev->parent ? dev_num_vf(dev->parent) : 0;
}

static const struct bus_type virtio_bus = {
	.name		= "virtio",
	.dev_groups	= virtio_dev_groups,
	.match		= virtio_bus_match,
	.uevent		= virtio_bus_uevent,
	.probe		= virtio_bus_probe,
	.remove		= virtio_bus_remove,
	.shutdown	= virtio_bus_shutdown,
	.num_vf		= virtio_bus_num_vf,
	.irq_get_affinity = virtio_bus_irq_affinity,
};

/**
 * __register_virtio_driver - let a driver have the devices that it serves
 * @drv: the driver, with id_table and probe filled in
 * @owner: its module; register_virtio_driver() fills it in
 *
 * Devices that are already on the bus are probed before this returns.
 * Context: may sleep.
 * Return: 0; -EINVAL for a driver without ids or probe, with a feature table that has a
 * size and no entries, or with a layout that makes no sense; or what driver_register()
 * returns.
 */
int __register_virtio_driver(struct virtio_driver *drv, struct module *owner)
{
	if (drv->layout && !virtio_layout_check(drv->layout)) {
		pr_err("virtio: driver %s brings a layout with a field that no device can have\n",
		       drv->driver.name ?: "(no name)");
		return -EINVAL;
	}
	if (!drv->id_table || !drv->probe ||
	    (drv->feature_table_size && !drv->feature_table)) {
		pr_err("virtio: driver %s needs an id_table, a probe and all of its feature table\n",
		       drv->driver.name ?: "(no name)");
		return -EINVAL;
	}
	drv->driver.bus = &virtio_bus;
	drv->driver.owner = owner;
	return driver_register(&drv->driver);
}
EXPORT_SYMBOL_GPL(__register_virtio_driver);

/**
 * unregister_virtio_driver - take a driver off the bus
 * @drv: the driver; it has been removed from all its devices on return
 *
 * Context: may sleep.
 */
void unregister_virtio_driver(struct virtio_driver *drv)
{
	driver_unregister(&drv->driver);
}
EXPORT_SYMBOL_GPL(unregister_virtio_driver);

/*
 * A device tree may describe the device in the one child of its transport, to
 * hang things on it (bindings/virtio/virtio-device.yaml).  A node that is for
 * something else is left alone.
 */
static int adopt_of_node(struct virtio_device *vdev)
{
	struct device_node *parent = dev_of_node(vdev->dev.parent);
	struct device_node *child;
	char compatible[sizeof("virtio,device") + 8];
	int children = parent ? of_get_available_child_count(parent) : 0;

	if (!children)
		return 0;
	if (children > 1) {
		dev_err(vdev->dev.parent, "%d nodes below %pOF, expected one for the device\n",
			children, parent);
		return -EINVAL;
	}

	snprintf(compatible, sizeof(compatible), "virtio,device%x", vdev->id.device);
	child = of_get_next_available_child(parent, NULL);
	if (of_device_is_compatible(child, compatible))
		vdev->dev.of_node = child;
	else
		of_node_put(child);
	return 0;
}

static int name_device(struct virtio_device *vdev)
{
	int err;

	vdev->index = ida_alloc(&virtio_index_ida, GFP_KERNEL);
	if (vdev->index < 0)
		return vdev->index;

	err = dev_set_name(&vdev->dev, "virtio%d", vdev->index);
	if (!err)
		err = adopt_of_node(vdev);
	if (err)
		ida_free(&virtio_index_ida, vdev->index);
	return err;
}

/**
 * register_virtio_device - put a device on the bus
 * @vdev: the device, with id, config, dev.parent and dev.release filled in
 *
 * The device is reset and acknowledged, then offered to the drivers.  Who has
 * called this gives @vdev up with unregister_virtio_device() after success and
 * with put_device() after failure, never with kfree().
 * Context: may sleep.
 * Return: 0; -EINVAL for a transport without operations that it must have; -ENODEV for a
 * device that can't be reset or is gone; or another error.
 */
int register_virtio_device(struct virtio_device *vdev)
{
	int err;

	vdev->dev.bus = &virtio_bus;
	device_initialize(&vdev->dev);
	INIT_LIST_HEAD(&vdev->vqs);
	INIT_LIST_HEAD(&vdev->kept_vqs);
	spin_lock_init(&vdev->vqs_list_lock);
	mutex_init(&vdev->queues_lock);
	vdev->let_go = virtio_let_go;
	spin_lock_init(&vdev->config_lock);
	vdev->config_core_enabled = false;
	vdev->config_change_pending = false;
	vdev->lost = false;
	vdev->refused = false;
	vdev->abandoned = false;
	vdev->reset_unseen = false;
	vdev->ending = false;
	vdev->status = VIRTIO_STATUS_UNKNOWN;

	err = virtio_complete_operations(vdev);
	if (err)
		return err;
	err = name_device(vdev);
	if (err)
		goto failed;

	err = virtio_recovery_init(vdev);
	if (err)
		goto unname;
	err = virtio_handshake_start(vdev);
	if (err)
		goto irrecoverable;
	virtio_debug_device_init(vdev);
	err = device_add(&vdev->dev);
	if (!err)
		return 0;

	virtio_debug_device_exit(vdev);
irrecoverable:
	virtio_recovery_free(vdev->recovery);
	vdev->recovery = NULL;
unname:
	of_node_put(vdev->dev.of_node);
	ida_free(&virtio_index_ida, vdev->index);
failed:
	virtio_add_status(vdev, VIRTIO_CONFIG_S_FAILED);
	virtio_restore_operations(vdev);
	return err;
}
EXPORT_SYMBOL_GPL(register_virtio_device);

/**
 * unregister_virtio_device - take a device off the bus
 * @vdev: the device; its driver has been removed on return, and @vdev may be
 *	gone
 *
 * Context: may sleep.
 */
void unregister_virtio_device(struct virtio_device *vdev)
{
	struct device_node *node = vdev->dev.of_node;
	struct virtio_recovery *recovery = vdev->recovery;
	int index = vdev->index;

	virtio_recovery_stop(vdev);
	device_del(&vdev->dev);
	virtio_recovery_leave_queues(vdev);
	/* After its queues, which are in there. */
	virtio_debug_device_exit(vdev);
	virtio_restore_operations(vdev);
	put_device(&vdev->dev);
	virtio_recovery_free(recovery);
	of_node_put(node);
	ida_free(&virtio_index_ida, index);
}
EXPORT_SYMBOL_GPL(unregister_virtio_device);

/**
 * is_virtio_device - is this a device on the virtio bus?
 * @dev: any device
 *
 * Context: any.
 * Return: %true if dev_to_virtio() may be used on it.
 */
bool is_virtio_device(struct device *dev)
{
	return dev->bus == &virtio_bus;
}
EXPORT_SYMBOL_GPL(is_virtio_device);

int __init virtio_core_init(void)
{
	int err = bus_register(&virtio_bus);

	if (err)
		return err;
	err = virtio_recovery_start();
	if (err)
		bus_unregister(&virtio_bus);
	else
		virtio_debug_init();
	return err;
}
core_initcall(virtio_core_init);

static void __exit virtio_exit(void)
{
	virtio_debug_exit();
	virtio_recovery_end();
	bus_unregister(&virtio_bus);
	ida_destroy(&virtio_index_ida);
}
module_exit(virtio_exit);

MODULE_DESCRIPTION("Virtio bus, configuration and status handshake");
MODULE_LICENSE("GPL");
