// SPDX-License-Identifier: GPL-2.0
/*
 * A reset that a bus does to a device that works, as somebody has asked for it.
 *
 * Recovery brings the device back beneath its driver where it can (recovery.c): each request
 * in flight is shown to the device again, and the driver need not be asked.  Where it can't, a
 * driver that has reset_prepare and reset_done ends its use of the device before the reset,
 * and begins it anew after that.  It is one or the other, never both.
 *
 * A device that has failed is nothing for that: its driver would wait for what is in flight.
 *
 * Called by transports.
 */
#include <linux/export.h>

#include "core.h"

/* Returns -EOPNOTSUPP if there is no such driver; or its error, and nothing was done. */
static int have_driver_prepare(struct virtio_device *vdev)
{
	const struct virtio_driver *drv;
	int err = -EOPNOTSUPP;

	if (!virtio_recovery_hold_driver(vdev))
		return err;
	drv = drv_to_virtio(vdev->dev.driver);
	if (drv->reset_prepare && drv->reset_done)
		err = virtio_handshake_reset_prepare(vdev);
	if (!err) {
		virtio_recovery_forbid(vdev);
		vdev->reset_by_driver = true;
	} else {
		virtio_recovery_release_driver(vdev);
	}
	return err;
}

/**
 * virtio_device_reset_prepare - a bus is about to reset a device, which works
 * @dev: the device
 *
 * For transports, which call virtio_device_reset_done() after the reset, whatever this
 * returns.  The driver is not removed in between.
 * Context: may sleep.  A driver may wait here for what is in flight.
 * Return: 0; -EOPNOTSUPP for a device that neither recovery nor its driver can bring back; or
 * the error of a driver that did not stop.  After an error the device is out of use.
 */
int virtio_device_reset_prepare(struct virtio_device *dev)
{
	int err = -EOPNOTSUPP;

	if (!virtio_may_be_brought_back(dev))
		err = have_driver_prepare(dev);
	if (!err || virtio_recovery_pause(dev))
		return 0;
	return err;
}
EXPORT_SYMBOL_GPL(virtio_device_reset_prepare);

static int have_driver_start(struct virtio_device *vdev)
{
	int err;

	vdev->reset_by_driver = false;
	/* The reset has ended whatever the device was lost for. */
	virtio_reset_retry(vdev);
	vdev->status = VIRTIO_STATUS_UNKNOWN;
	err = virtio_handshake_reset_done(vdev);
	if (err) {
		dev_err(&vdev->dev, "driver %s can't go on after a reset: %d\n",
			vdev->dev.driver->name, err);
		virtio_stand_in_begin(vdev);
	}
	virtio_recovery_release_driver(vdev);
	return err;
}

/**
 * virtio_device_reset_done - the bus has reset a device
 * @dev: the device, for which virtio_device_reset_prepare() was called
 *
 * Context: may sleep.
 * Return: 0; -EOPNOTSUPP for a device that neither recovery nor its driver can bring back,
 * and which is out of use; or an error of a driver that did not start again.
 */
int virtio_device_reset_done(struct virtio_device *dev)
{
	bool able = virtio_may_be_brought_back(dev);

	if (dev->reset_by_driver)
		return have_driver_start(dev);
	virtio_recovery_resume(dev, true);
	return able ? 0 : -EOPNOTSUPP;
}
EXPORT_SYMBOL_GPL(virtio_device_reset_done);
