// SPDX-License-Identifier: GPL-2.0
/*
 * Configuration changes: when a driver is told of them.
 *
 * A change is held back while the driver is being probed or removed, while its device is
 * reset, and while the driver asks for that itself.  Several that were held back are
 * delivered as one.
 *
 * Called by transports, by drivers, and by handshake.c and recovery.c.  Reads no
 * configuration and reaches no device.
 */
#include <linux/module.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

#include "core.h"
#include "watch/trace.h"

static void deliver_config_change(struct virtio_device *vdev)
{
	struct virtio_driver *drv;

	lockdep_assert_held(&vdev->config_lock);
	if (!vdev->config_core_enabled || vdev->config_driver_disabled || !vdev->dev.driver) {
		vdev->config_change_pending = true;
		return;
	}
	vdev->config_change_pending = false;
	drv = drv_to_virtio(vdev->dev.driver);
	if (drv->config_changed)
		drv->config_changed(vdev);
}

static void let_config_changes_through(struct virtio_device *vdev, bool *flag, bool val)
{
	unsigned long irq;

	spin_lock_irqsave(&vdev->config_lock, irq);
	*flag = val;
	if (vdev->config_change_pending)
		deliver_config_change(vdev);
	spin_unlock_irqrestore(&vdev->config_lock, irq);
}

/* The driver is told now, or once when it is ready.  Any context. */
void virtio_changes_tell(struct virtio_device *vdev)
{
	unsigned long irq;

	spin_lock_irqsave(&vdev->config_lock, irq);
	deliver_config_change(vdev);
	spin_unlock_irqrestore(&vdev->config_lock, irq);
}

/**
 * virtio_config_changed - the device says that its configuration changed
 * @vdev: the device
 *
 * For transports.  A device that needs a reset says so in the same way (virtio 1.3, 2.1.2).
 * The driver is told now, or once when it is ready.  If its device can be brought back, it
 * is told a little later: by then it is known whether the device needs a reset, and if so,
 * the device has been brought back first.
 * Context: any.
 */
void virtio_config_changed(struct virtio_device *vdev)
{
	trace_virtio_config_changed(vdev);
	if (!virtio_recovery_hears(vdev))
		virtio_changes_tell(vdev);
}
EXPORT_SYMBOL_GPL(virtio_config_changed);

/**
 * virtio_config_driver_disable - hold configuration changes back
 * @vdev: the device of the driver that asks; calls don't nest
 *
 * Context: any but the driver's own config_changed().
 */
void virtio_config_driver_disable(struct virtio_device *vdev)
{
	let_config_changes_through(vdev, &vdev->config_driver_disabled, true);
}
EXPORT_SYMBOL_GPL(virtio_config_driver_disable);

/**
 * virtio_config_driver_enable - deliver configuration changes again
 * @vdev: the device of the driver that asks
 *
 * A change that was held back is delivered before this returns.
 * Context: any but the driver's own config_changed().
 */
void virtio_config_driver_enable(struct virtio_device *vdev)
{
	let_config_changes_through(vdev, &vdev->config_driver_disabled, false);
}
EXPORT_SYMBOL_GPL(virtio_config_driver_enable);

/* The driver is ready for them.  One that was held back is delivered before this returns. */
void virtio_changes_deliver(struct virtio_device *vdev)
{
	let_config_changes_through(vdev, &vdev->config_core_enabled, true);
}

/* The driver is not ready for them, or there is none. */
void virtio_changes_hold(struct virtio_device *vdev)
{
	let_config_changes_through(vdev, &vdev->config_core_enabled, false);
}
