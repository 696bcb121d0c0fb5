// SPDX-License-Identifier: GPL-2.0
/*
 * The PCI driver that brings virtio devices to the virtio bus.
 *
 * Probe, remove, sleep and virtual functions: what happens to a device as a whole.
 * Called by the PCI core; picks modern.c or legacy.c for everything else.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "pci.h"

/* How long the bus may take for the reset of a slot.  It waits a minute for each bridge. */
#define BUS_LIMIT_S	180

static bool force_legacy;
#ifdef CONFIG_VIRTIO_PCI_LEGACY
module_param(force_legacy, bool, 0444);
MODULE_PARM_DESC(force_legacy, "Drive devices that can do both by their legacy registers");
#endif

/* The operation bus_name. */
const char *vp_bus_name(struct virtio_device *vdev)
{
	return pci_name(to_vp(vdev)->pdev);
}

/* The operation read. */
void vp_read_config(struct virtio_device *vdev, unsigned int offset, void *buf,
		    unsigned int len)
{
	struct vp_device *vp = to_vp(vdev);
	struct virtio_config_window window = vp->regs->config_window(vp);

	virtio_window_read(&window, offset, buf, len);
}

/* The operation write. */
void vp_write_config(struct virtio_device *vdev, unsigned int offset, const void *buf,
		     unsigned int len)
{
	struct vp_device *vp = to_vp(vdev);
	struct virtio_config_window window = vp->regs->config_window(vp);

	virtio_window_write(&window, offset, buf, len);
}

/**
 * vp_reset_done - what follows a reset: wait for it, and for callbacks
 * @vp: the device, to whose status 0 was written
 *
 * A device that does not let go of memory is cut off from it, until a later reset succeeds.
 * Context: may sleep.
 */
void vp_reset_done(struct vp_device *vp)
{
	if (virtio_wait_for_reset(&vp->vdev))
		pci_clear_master(vp->pdev);
	else if (!vp->pdev->is_busmaster)
		pci_set_master(vp->pdev);
	vp_synchronize_cbs(&vp->vdev);
	vp_admin_abort(vp);
}

/*
 * Sleep.
 */

#ifdef CONFIG_PM_SLEEP
static int vp_freeze(struct device *dev)
{
	struct vp_device *vp = dev_get_drvdata(dev);
	int err = virtio_device_freeze(&vp->vdev);

	if (!err)
		pci_disable_device(vp->pdev);
	return err;
}

static int vp_restore(struct device *dev)
{
	struct vp_device *vp = dev_get_drvdata(dev);
	int err = pci_enable_device(vp->pdev);

	if (err)
		return err;
	/* The reset makes it a master of the bus again. */
	pci_save_state(vp->pdev);
	return virtio_device_restore(&vp->vdev);
}

/* A function that keeps its state in D3 need not be told of a suspend. */
static bool keeps_state(struct device *dev)
{
	struct pci_dev *pdev = to_pci_dev(dev);
	u16 pmcsr;

	if (!pdev->pm_cap)
		return false;
	pci_read_config_word(pdev, pdev->pm_cap + PCI_PM_CTRL, &pmcsr);
	return !PCI_POSSIBLE_ERROR(pmcsr) && pmcsr & PCI_PM_CTRL_NO_SOFT_RESET;
}

static int vp_suspend(struct device *dev)
{
	return keeps_state(dev) ? 0 : vp_freeze(dev);
}

static int vp_resume(struct device *dev)
{
	if (!keeps_state(dev))
		return vp_restore(dev);
	pci_save_state(to_pci_dev(dev));
	return 0;
}

static const struct dev_pm_ops vp_pm_ops = {
	.suspend	= vp_suspend,
	.resume		= vp_resume,
	.freeze		= vp_freeze,
	.thaw		= vp_restore,
	.poweroff	= vp_freeze,
	.restore	= vp_restore,
};
#endif

/*
 * Reset of the function: the device comes back as it does from an error of its own, or else
 * by operations of its driver.
 *
 * The PCI core restores the state that was saved last, which some kernels do only once.
 * So it is saved anew whenever it was restored.
 */

static void vp_reset_prepare(struct pci_dev *pdev)
{
	struct vp_device *vp = pci_get_drvdata(pdev);

	virtio_device_reset_prepare(&vp->vdev);
}

/* That somebody asked for. */
static void vp_reset_over(struct pci_dev *pdev)
{
	struct vp_device *vp = pci_get_drvdata(pdev);

	pci_save_state(pdev);
	virtio_device_reset_done(&vp->vdev);
}

/*
 * Errors of the bus (AER, DPC, EEH): Documentation/PCI/pci-error-recovery.rst.
 */

/* What is in flight ends; so the device must reach no memory any more. */
static void cut_off(struct vp_device *vp)
{
	pci_clear_master(vp->pdev);
	virtio_recovery_abandon(&vp->vdev);
}

/*
 * The bus has said that it resets the device, and nothing since.  When its recovery fails,
 * no driver is told.
 */
static void on_bus_limit(struct work_struct *work)
{
	struct vp_device *vp = container_of(work, struct vp_device, bus_limit.work);

	pci_err(vp->pdev, "error of the bus: no end of its recovery within %u s, given up\n",
		BUS_LIMIT_S);
	cut_off(vp);
}

/* The device reaches no memory until it is reset: it may be cut off by then. */
static void freeze_channel(struct vp_device *vp)
{
	vp->frozen = true;
	virtio_recovery_pause(&vp->vdev);
	pci_clear_master(vp->pdev);
	queue_delayed_work(system_wq, &vp->bus_limit, BUS_LIMIT_S * HZ);
}

static pci_ers_result_t disconnect(struct vp_device *vp)
{
	cancel_delayed_work(&vp->bus_limit);
	cut_off(vp);
	return PCI_ERS_RESULT_DISCONNECT;
}

static pci_ers_result_t vp_error_detected(struct pci_dev *pdev, pci_channel_state_t state)
{
	struct vp_device *vp = pci_get_drvdata(pdev);

	switch (state) {
	case pci_channel_io_normal:
		/* One transaction went wrong.  Device and queues are as they were. */
		return PCI_ERS_RESULT_CAN_RECOVER;
	case pci_channel_io_frozen:
		freeze_channel(vp);
		return PCI_ERS_RESULT_NEED_RESET;
	default:
		return disconnect(vp);
	}
}

/*
 * The device is not disabled before: that would take the line from a handler that is still
 * installed.  So it is enabled again without counting.
 */
static pci_ers_result_t vp_slot_reset(struct pci_dev *pdev)
{
	struct vp_device *vp = pci_get_drvdata(pdev);
	int err;

	/* After an error that was not fatal, for the sake of another function. */
	if (!vp->frozen)
		freeze_channel(vp);
	pci_restore_state(pdev);
	pci_save_state(pdev);
	err = pci_reenable_device(pdev);
	if (err) {
		pci_err(pdev, "can't be enabled after a reset of its slot: %d\n", err);
		return disconnect(vp);
	}
	pci_set_master(pdev);
	return PCI_ERS_RESULT_RECOVERED;
}

static void vp_error_over(struct pci_dev *pdev)
{
	struct vp_device *vp = pci_get_drvdata(pdev);

	if (!vp->frozen)
		return;
	vp->frozen = false;
	cancel_delayed_work_sync(&vp->bus_limit);
	virtio_recovery_resume(&vp->vdev, false);
}

static const struct pci_error_handlers vp_error_handlers = {
	.error_detected	= vp_error_detected,
	.slot_reset	= vp_slot_reset,
	.resume		= vp_error_over,
	.reset_prepare	= vp_reset_prepare,
	.reset_done	= vp_reset_over,
};

/*
 * Coming and going.
 */

static void vp_release(struct device *dev)
{
	struct vp_device *vp = to_vp(dev_to_virtio(dev));

	xa_destroy(&vp->queues);
	kfree(vp);
}

static int attach(struct vp_device *vp)
{
	int err;

	if (force_legacy) {
		/* Without I/O space there are no legacy registers to be had. */
		err = vp_legacy_attach(vp);
		return err == -ENODEV || err == -ENOMEM ? vp_modern_attach(vp) : err;
	}
	err = vp_modern_attach(vp);
	return err == -ENODEV ? vp_legacy_attach(vp) : err;
}

static struct vp_device *new_device(struct pci_dev *pdev)
{
	struct vp_device *vp = kzalloc(sizeof(*vp), GFP_KERNEL);

	if (!vp)
		return NULL;
	vp->pdev = pdev;
	vp->vdev.dev.parent = &pdev->dev;
	vp->vdev.dev.release = vp_release;
	xa_init(&vp->queues);
	INIT_DELAYED_WORK(&vp->bus_limit, on_bus_limit);
	spin_lock_init(&vp->admin.lock);
	pci_set_drvdata(pdev, vp);
	return vp;
}

static int vp_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct vp_device *vp = new_device(pdev);
	int err;

	if (!vp)
		return -ENOMEM;
	err = pci_enable_device(pdev);
	if (err)
		goto free;
	err = attach(vp);
	if (err)
		goto disable;
	/* What a reset of the slot brings back: before, no BAR was turned on. */
	pci_save_state(pdev);
	err = register_virtio_device(&vp->vdev);
	if (!err)
		return 0;

	/* The bus may hold a reference: the last one frees it. */
	vp->regs->remove(vp);
	pci_disable_device(pdev);
	put_device(&vp->vdev.dev);
	return err;
disable:
	pci_disable_device(pdev);
free:
	kfree(vp);
	return err;
}

static void vp_remove(struct pci_dev *pdev)
{
	struct vp_device *vp = pci_get_drvdata(pdev);
	struct device *dev = get_device(&vp->vdev.dev);

	/* Torn out: let whoever waits for the device know before it is taken away. */
	if (!pci_device_is_present(pdev))
		vring_break(&vp->vdev);
	pci_disable_sriov(pdev);
	cancel_delayed_work_sync(&vp->bus_limit);
	unregister_virtio_device(&vp->vdev);
	vp->regs->remove(vp);
	pci_disable_device(pdev);
	put_device(dev);
}

/* Virtio 1.3, 6: virtual functions, once the driver of the device is set up. */
static int vp_sriov_configure(struct pci_dev *pdev, int num_vfs)
{
	struct vp_device *vp = pci_get_drvdata(pdev);
	struct virtio_device *vdev = &vp->vdev;
	u8 status = vdev->config->get_status(vdev);
	int err;

	if (status == VIRTIO_STATUS_GONE || !(status & VIRTIO_CONFIG_S_DRIVER_OK))
		return -EBUSY;
	if (!__virtio_test_bit(vdev, VIRTIO_F_SR_IOV))
		return -EINVAL;
	if (pci_vfs_assigned(pdev))
		return -EPERM;
	if (!num_vfs) {
		pci_disable_sriov(pdev);
		return 0;
	}
	err = pci_enable_sriov(pdev, num_vfs);
	return err < 0 ? err : num_vfs;
}

/* All ids of the vendor: which of them are virtio is for the register sets. */
static const struct pci_device_id vp_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_REDHAT_QUMRANET, PCI_ANY_ID) },
	{ }
};
MODULE_DEVICE_TABLE(pci, vp_ids);

static struct pci_driver vp_driver = {
	.name			= "virtio-pci",
	.id_table		= vp_ids,
	.probe			= vp_probe,
	.remove			= vp_remove,
	.sriov_configure	= vp_sriov_configure,
	.err_handler		= &vp_error_handlers,
#ifdef CONFIG_PM_SLEEP
	.driver.pm		= &vp_pm_ops,
#endif
};

/**
 * vp_physical_function - the virtio device that a virtual function belongs to
 * @pdev: a virtual function
 *
 * Context: any.
 * Return: the device, or %NULL if it is not one of this driver.
 */
struct vp_device *vp_physical_function(struct pci_dev *pdev)
{
	struct vp_device *vp = pci_iov_get_pf_drvdata(pdev, &vp_driver);

	return IS_ERR(vp) ? NULL : vp;
}

module_pci_driver(vp_driver);

MODULE_DESCRIPTION("Virtio devices on PCI");
MODULE_LICENSE("GPL");
/* In sysfs since long before; it never changed. */
MODULE_VERSION("1");
