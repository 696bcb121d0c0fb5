// SPDX-License-Identifier: GPL-2.0
/*
 * Which devices are brought back when they fail.
 *
 * A driver asks for it by &virtio_driver.repeatable, and the transport must be able to do
 * it.  An administrator switches it off, for all devices by the parameter virtio.recovery
 * or for one device by its attribute recovery.
 *
 * Called by recovery.c and by sysfs.  Changes nothing on a device.
 */
#include <kunit/visibility.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/sysfs.h>
#include <linux/virtio_config.h>

#include "core.h"

VISIBLE_IF_KUNIT bool virtio_recovery_on = true;
EXPORT_SYMBOL_IF_KUNIT(virtio_recovery_on);
module_param_named(recovery, virtio_recovery_on, bool, 0644);
MODULE_PARM_DESC(recovery, "Bring devices back that fail, where their drivers allow it (default: on)");

static bool is_switched_off(const struct virtio_device *vdev)
{
	return !READ_ONCE(virtio_recovery_on) || READ_ONCE(vdev->recovery_off);
}

static bool is_supported(const struct virtio_device *vdev)
{
	return vdev->repeatable && vdev->config->resume_vqs;
}

/* Any context. */
bool virtio_may_be_brought_back(const struct virtio_device *vdev)
{
	return is_supported(vdev) && !is_switched_off(vdev);
}

static ssize_t recovery_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct virtio_device *vdev = dev_to_virtio(dev);
	const char *state = "on";

	if (is_switched_off(vdev))
		state = "off";
	else if (!is_supported(vdev))
		state = "unsupported";
	return sysfs_emit(buf, "%s\n", state);
}

static ssize_t recovery_store(struct device *dev, struct device_attribute *attr, const char *buf,
			      size_t len)
{
	bool on;
	int err = kstrtobool(buf, &on);

	if (err)
		return err;
	WRITE_ONCE(dev_to_virtio(dev)->recovery_off, !on);
	return len;
}

DEVICE_ATTR_RW(recovery);
EXPORT_SYMBOL_IF_KUNIT(dev_attr_recovery);
