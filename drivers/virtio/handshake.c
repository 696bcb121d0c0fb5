// SPDX-License-Identifier: GPL-2.0
/*
 * The status handshake: how a device comes to life and how it is put to rest.
 *
 * reset, ACKNOWLEDGE, DRIVER, features, FEATURES_OK, queues, DRIVER_OK (virtio
 * 1.3, 3.1.1), and FAILED where that goes wrong.  The bus calls in when driver
 * and device meet and part, transports when they sleep and wake, and drivers
 * by the few functions that are exported.  This file knows status and feature
 * bits, and that a device has queues; not how any of them is reached.
 */
#include <linux/bottom_half.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/virtio.h>
#include <linux/virtio_anchor.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "core.h"
#include "watch/misuse.h"
#include "watch/trace.h"

#define TRANSPORT_BITS	GENMASK_ULL(VIRTIO_TRANSPORT_F_END - 1, VIRTIO_TRANSPORT_F_START)

/*
 * What devices before virtio 1.0 can mean something by: their own 32 bits, and how memory is
 * reached and ordered, which is between the transport and its platform.
 */
#define LEGACY_BITS	(GENMASK_ULL(31, 0) |			\
			 BIT_ULL(VIRTIO_F_ACCESS_PLATFORM) |	\
			 BIT_ULL(VIRTIO_F_ORDER_PLATFORM))

/* So often in a row is a driver prompted that is interrupted meanwhile. */
#define MOST_PROMPTS	8

/*
 * Status.
 */

/**
 * virtio_add_status - set bits in the status of a device
 * @vdev: the device
 * @status: VIRTIO_CONFIG_S_* bits to set besides those that are
 *
 * A device that is gone is left alone.
 * Context: may sleep.
 */
void virtio_add_status(struct virtio_device *vdev, unsigned int status)
{
	u8 now;

	might_sleep();
	now = virtio_get_status(vdev);
	if (now == VIRTIO_STATUS_GONE)
		return;
	vdev->config->set_status(vdev, now | status);
	trace_virtio_status(vdev, now | status);
}
EXPORT_SYMBOL_GPL(virtio_add_status);

/**
 * virtio_synchronize_cbs - wait for callbacks that are running
 * @vdev: the device
 *
 * What was written before is seen by any callback that runs after.
 * Context: may sleep.
 */
void virtio_synchronize_cbs(struct virtio_device *vdev)
{
	if (vdev->config->synchronize_cbs)
		vdev->config->synchronize_cbs(vdev);
	else
		synchronize_rcu();	/* also waits for all interrupt handlers */
}
EXPORT_SYMBOL_GPL(virtio_synchronize_cbs);

/**
 * virtio_reset_device - make the device forget everything
 * @vdev: the device
 *
 * On return the device writes to no memory and calls nobody back, all fields
 * can be found again, and features must be agreed anew (virtio 1.3, 2.4).  Who
 * calls must see to it that nobody kicks meanwhile.
 * Context: may sleep; not from a callback.
 */
void virtio_reset_device(struct virtio_device *vdev)
{
	virtio_check_may_sleep(vdev, "virtio_reset_device");
	virtio_recovery_forbid(vdev);
	vdev->config->reset(vdev);
	trace_virtio_reset(vdev);
	vdev->features_latched = false;
	vdev->features_late = false;
	vdev->ready = false;
	vdev->next_vq = 0;
	bitmap_zero(vdev->fields_used, 256);
}
EXPORT_SYMBOL_GPL(virtio_reset_device);

/* From whatever state it was left in to "a guest has seen it"; -ENODEV if it is gone. */
int virtio_handshake_start(struct virtio_device *vdev)
{
	virtio_reset_device(vdev);
	if (virtio_get_status(vdev) == VIRTIO_STATUS_GONE)
		return -ENODEV;
	virtio_add_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	return 0;
}

/*
 * Features.
 */

static u64 table_bits(const unsigned int *table, unsigned int size)
{
	u64 bits = 0;

	while (size--)
		bits |= __virtio_feature_mask(table[size]);
	return bits;
}

/* What the driver says in its tables that it can do with such a device. */
u64 virtio_driver_bits(const struct virtio_driver *drv, bool legacy)
{
	if (legacy && drv->feature_table_legacy)
		return table_bits(drv->feature_table_legacy, drv->feature_table_size_legacy);
	return table_bits(drv->feature_table, drv->feature_table_size);
}

/**
 * virtio_check_driver_offered_feature - has the driver listed this feature?
 * @vdev: a device; before probe and after remove it has no driver to blame
 * @fbit: number of the feature bit
 *
 * A driver that asks for a bit it never listed would wait for it for ever; it
 * is told so, once.
 * Context: any.
 */
void virtio_check_driver_offered_feature(const struct virtio_device *vdev,
					 unsigned int fbit)
{
	const struct virtio_driver *drv;

	if (!vdev->dev.driver)
		return;
	drv = drv_to_virtio(vdev->dev.driver);
	if (!drv->feature_table_size ||
	    (virtio_driver_bits(drv, false) | virtio_driver_bits(drv, true)) &
	    __virtio_feature_mask(fbit))
		return;
	dev_warn_once(&vdev->dev, "driver %s asks for feature %u, which is not in its table\n",
		      drv->driver.name, fbit);
}
EXPORT_SYMBOL_GPL(virtio_check_driver_offered_feature);

/* A guest that hides its memory from the host can't do with less. */
static int check_restricted_memory(struct virtio_device *vdev)
{
	static const unsigned int needed[] = { VIRTIO_F_VERSION_1, VIRTIO_F_ACCESS_PLATFORM };
	int i;

	if (!virtio_check_mem_acc_cb(vdev))
		return 0;
	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		if (__virtio_test_bit(vdev, needed[i]))
			continue;
		dev_warn(&vdev->dev, "memory is protected, but the device lacks feature %u\n",
			 needed[i]);
		return -ENODEV;
	}
	return 0;
}

/* Virtio 1.3, 3.1.1, steps 4 to 6.  Devices before 1.0 have no FEATURES_OK. */
static int write_features(struct virtio_device *vdev)
{
	u8 status;
	int err;

	err = vdev->config->finalize_features(vdev);
	if (!err)
		err = check_restricted_memory(vdev);
	if (err)
		return err;

	if (__virtio_test_bit(vdev, VIRTIO_F_VERSION_1)) {
		virtio_add_status(vdev, VIRTIO_CONFIG_S_FEATURES_OK);
		status = virtio_get_status(vdev);
		if (status == VIRTIO_STATUS_GONE || !(status & VIRTIO_CONFIG_S_FEATURES_OK)) {
			dev_err(&vdev->dev, "device refuses features %#llx: status %#x\n",
				vdev->features, status);
			return -ENODEV;
		}
	}
	vdev->features_latched = true;
	return 0;
}

/* The features that driver and device had agreed on before. */
static int agree_again(struct virtio_device *vdev)
{
	virtio_add_status(vdev, VIRTIO_CONFIG_S_DRIVER);
	return write_features(vdev);
}

/*
 * Beneath a driver that does not know of it: reset, and as far as FEATURES_OK.  What the
 * driver has found of the configuration stays found.
 */
int virtio_handshake_again(struct virtio_device *vdev)
{
	vdev->config->reset(vdev);
	trace_virtio_reset(vdev);
	vdev->features_latched = false;
	vdev->features_late = false;
	if (virtio_get_status(vdev) == VIRTIO_STATUS_GONE)
		return -ENODEV;
	virtio_add_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	return agree_again(vdev);
}

static bool negotiates_before_probe(const struct virtio_driver *drv)
{
	return drv->feature_table_size || drv->validate;
}

/* A driver of 2007 takes features by virtio_use_bit(), and may have its queues before. */
bool virtio_negotiates_in_probe(const struct virtio_device *vdev)
{
	const struct device_driver *drv = READ_ONCE(vdev->dev.driver);

	return drv && !negotiates_before_probe(drv_to_virtio(drv));
}

/* The layout that its driver brings, or %NULL. */
const struct virtio_layout *virtio_driver_layout(const struct virtio_device *vdev)
{
	const struct device_driver *drv = READ_ONCE(vdev->dev.driver);

	return drv ? drv_to_virtio(drv)->layout : NULL;
}

/* Can its driver still take features? */
bool virtio_features_open(const struct virtio_device *vdev)
{
	return !vdev->features_latched || (!vdev->ready && virtio_negotiates_in_probe(vdev));
}

/* It has taken some that the device was not told of. */
void virtio_features_added(struct virtio_device *vdev)
{
	vdev->features_late = vdev->features_latched;
}

/* Features that are added to those agreed: FEATURES_OK can't be taken back but by a reset. */
static int agree_late(struct virtio_device *vdev)
{
	int err;

	if (__virtio_test_bit(vdev, VIRTIO_F_VERSION_1))
		err = virtio_start_over(vdev);
	else
		err = vdev->config->finalize_features(vdev);
	vdev->features_latched = true;
	vdev->features_late = err;
	return err;
}

/**
 * virtio_latch_features - agree with the device on the features chosen so far
 * @vdev: the device
 *
 * Called by the core at the first queue, at DRIVER_OK at the latest; before
 * probe for a driver with a feature table.  From here until reset the features
 * stand, but for those that a driver takes in probe() when it has its queues: for these
 * the device is reset and told of its queues again.
 * Context: may sleep.
 * Return: 0, also when it was done before; -ENODEV if the device refuses them.
 */
int virtio_latch_features(struct virtio_device *vdev)
{
	int err;

	might_sleep();
	if (vdev->features_latched && !vdev->features_late)
		return 0;
	err = vdev->features_latched ? agree_late(vdev) : write_features(vdev);
	if (trace_virtio_features_enabled())
		trace_virtio_features(vdev, vdev->config->get_features(vdev), err);
	return err;
}
EXPORT_SYMBOL_GPL(virtio_latch_features);

/*
 * A driver with a table has its features agreed before probe, and may have a
 * look at them first.  One without starts from what transport and ring want.
 */
static int negotiate(struct virtio_device *vdev, struct virtio_driver *drv)
{
	u64 offered = vdev->config->get_features(vdev), wanted;
	bool legacy = !(offered & BIT_ULL(VIRTIO_F_VERSION_1));
	int err;

	virtio_debug_note_offered(vdev, offered);
	/* A device that does not speak 1.0 has no use for what 1.0 brought (2.2.3). */
	if (legacy)
		offered &= LEGACY_BITS;
	wanted = virtio_driver_bits(drv, legacy);
	vdev->features = offered & (wanted | TRANSPORT_BITS) & ~virtio_debug_filtered(vdev);
	if (drv->validate) {
		/* validate() is to see what the transport leaves of them */
		err = vdev->config->finalize_features(vdev);
		if (!err)
			err = drv->validate(vdev);
		if (err)
			return err;
	}
	return negotiates_before_probe(drv) ? virtio_latch_features(vdev) : 0;
}

/*
 * Configuration changes.  The flags hold back what comes while the driver does
 * not exist yet, no longer, or does not want to know; one is then delivered for
 * all.
 */

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

/**
 * virtio_config_changed - the device says that its configuration changed
 * @vdev: the device
 *
 * For transports.  The driver hears of it now, or once when it is ready.  A device that
 * needs a reset says so in the same way (virtio 1.3, 2.1.2).
 * Context: any.
 */
void virtio_config_changed(struct virtio_device *vdev)
{
	unsigned long irq;

	trace_virtio_config_changed(vdev);
	spin_lock_irqsave(&vdev->config_lock, irq);
	deliver_config_change(vdev);
	spin_unlock_irqrestore(&vdev->config_lock, irq);
	virtio_recovery_check(vdev);
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

static void config_core_enable(struct virtio_device *vdev)
{
	let_config_changes_through(vdev, &vdev->config_core_enabled, true);
}

static void config_core_disable(struct virtio_device *vdev)
{
	let_config_changes_through(vdev, &vdev->config_core_enabled, false);
}

/*
 * Life.
 */

/**
 * virtio_device_ready - tell the device that its driver is set up
 * @vdev: the device
 *
 * For a driver that uses its queues before probe() returns; the core calls it
 * after a probe that did not.  Features are settled, and kicks that were held back are
 * sent now.  Calling it again does nothing.  If the device refuses the features its queues
 * are broken, and the probe fails.
 * Context: may sleep.
 */
void virtio_device_ready(struct virtio_device *vdev)
{
	/* Not by what its status says: it may be away, or be brought back, just now. */
	if (vdev->ready)
		return;
	if (virtio_latch_features(vdev)) {
		vring_break(vdev);
		return;
	}
	vdev->ready = true;
	virtio_add_status(vdev, VIRTIO_CONFIG_S_DRIVER_OK);
	vring_send_held_kicks(vdev);
	virtio_recovery_allow(vdev);
}
EXPORT_SYMBOL_GPL(virtio_device_ready);

/*
 * Also what a wake-up ends with: both set up queues, then go live.  A driver whose device
 * refuses the features after all has succeeded, and must undo that.
 */
static int go_live(struct virtio_device *vdev, int (*set_up)(struct virtio_device *vdev),
		   void (*undo)(struct virtio_device *vdev))
{
	int err = set_up ? set_up(vdev) : 0;

	/* The driver core reads one as something else than a failure. */
	if (err > 0) {
		dev_err(&vdev->dev, "driver returned %d, expected 0 or an error\n", err);
		err = -EINVAL;
	}
	if (err)
		return err;
	/* Once it is live they are recovery's, which may agree on them anew just now. */
	if (!vdev->ready)
		err = virtio_latch_features(vdev);
	if (!err)
		virtio_device_ready(vdev);
	else if (undo)
		undo(vdev);
	return err;
}

static void set_failed(struct virtio_device *vdev)
{
	virtio_add_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED);
}

/* A driver that has failed leaves a device that writes nowhere. */
static int give_up(struct virtio_device *vdev, int err)
{
	virtio_reset_device(vdev);
	set_failed(vdev);
	return err;
}

/* The driver is gone, and the device was reset: what is left of it is nobody's. */
static void delete_left_queues(struct virtio_device *vdev, const struct virtio_driver *drv)
{
	const struct virtqueue *vq;

	vq = list_first_entry_or_null(&vdev->vqs, struct virtqueue, list);
	if (!vq)
		return;
	dev_err(&vdev->dev, "driver %s left queue %u (%s) behind, expected it to delete that: done\n",
		drv->driver.name, vq->index, vq->name);
	vdev->config->del_vqs(vdev);
}

/* What is kept is no transport's any more. */
static void delete_all_queues(struct virtio_device *vdev, const struct virtio_driver *drv)
{
	delete_left_queues(vdev, drv);
	virtio_delete_kept_vqs(vdev);
}

int virtio_handshake_probe(struct virtio_device *vdev)
{
	struct virtio_driver *drv = drv_to_virtio(vdev->dev.driver);
	int err;

	/* Starting over makes a second driver as good as the first. */
	err = virtio_handshake_start(vdev);
	if (err)
		return err;
	virtio_add_status(vdev, VIRTIO_CONFIG_S_DRIVER);
	err = negotiate(vdev, drv);
	if (!err)
		err = go_live(vdev, drv->probe, drv->remove);
	if (err) {
		give_up(vdev, err);
		delete_all_queues(vdev, drv);
		return err;
	}

	if (drv->scan)
		drv->scan(vdev);
	config_core_enable(vdev);
	return 0;
}

/* As an interrupt would: what that asks to be done next is done before this returns. */
static bool prompt_once(struct virtio_device *vdev)
{
	unsigned long flags;
	bool again;

	virtio_synchronize_cbs(vdev);
	local_bh_disable();
	local_irq_save(flags);
	again = vring_prompt(vdev);
	local_irq_restore(flags);
	local_bh_enable();
	return again;
}

/*
 * Call the driver back for all queues that are muted.  Returns whether a queue is muted still:
 * the device has interrupted each time, and the caller is to come again.
 */
bool virtio_prompt_driver(struct virtio_device *vdev)
{
	int left = MOST_PROMPTS;
	bool again;

	do {
		again = prompt_once(vdev);
	} while (again && --left);
	return again;
}

/* The device will not answer.  Some drivers wait for it all the same. */
void virtio_end_what_is_in_flight(struct virtio_device *vdev)
{
	if (!drv_to_virtio(vdev->dev.driver)->takes_back)
		return;
	vring_end(vdev);
	virtio_prompt_driver(vdev);
}

void virtio_handshake_remove(struct virtio_device *vdev)
{
	struct virtio_driver *drv = drv_to_virtio(vdev->dev.driver);

	config_core_disable(vdev);
	if (virtio_get_status(vdev) == VIRTIO_STATUS_GONE) {
		virtio_reset_device(vdev);
		virtio_end_what_is_in_flight(vdev);
	}
	if (drv->remove)
		drv->remove(vdev);
	virtio_stand_in_end(vdev);
	/* Most drivers have reset the device; one that forgot must not matter. */
	virtio_handshake_start(vdev);
	delete_all_queues(vdev, drv);
}

/*
 * The machine stops or starts another kernel: the device must not write to
 * memory any more, and drivers that don't know must not kick it.
 */
void virtio_handshake_shutdown(struct virtio_device *vdev)
{
	vring_break(vdev);
	virtio_synchronize_cbs(vdev);
	virtio_reset_device(vdev);
}

#ifdef CONFIG_PM_SLEEP
static bool has_failed(struct virtio_device *vdev)
{
	u8 status = virtio_get_status(vdev);

	return status != VIRTIO_STATUS_GONE && status & VIRTIO_CONFIG_S_FAILED;
}

/**
 * virtio_device_freeze - stop using a device before it loses its state
 * @vdev: the device
 *
 * For transports, on suspend and hibernation.
 * Context: may sleep.
 * Return: 0 or the driver's error, and then the device goes on as before.
 */
int virtio_device_freeze(struct virtio_device *vdev)
{
	struct virtio_driver *drv;
	int err = 0;

	config_core_disable(vdev);
	vdev->failed = has_failed(vdev);
	if (!vdev->dev.driver)
		return 0;

	drv = drv_to_virtio(vdev->dev.driver);
	if (drv->freeze)
		err = drv->freeze(vdev);
	if (err)
		config_core_enable(vdev);
	else
		virtio_stand_in_end(vdev);
	return err;
}
EXPORT_SYMBOL_GPL(virtio_device_freeze);

/* Returns 0 or an error, and then the device is reset and has FAILED set. */
int virtio_handshake_restore(struct virtio_device *vdev)
{
	struct virtio_driver *drv;
	int err;

	err = virtio_handshake_start(vdev);
	if (err)
		return err;
	if (vdev->failed)
		virtio_add_status(vdev, VIRTIO_CONFIG_S_FAILED);
	if (!vdev->dev.driver)
		return 0;

	drv = drv_to_virtio(vdev->dev.driver);
	err = agree_again(vdev) ?: go_live(vdev, drv->restore, NULL);
	if (err)
		return give_up(vdev, err);
	config_core_enable(vdev);
	return 0;
}

/**
 * virtio_device_restore - bring a device back with the features it had
 * @vdev: the device
 *
 * For transports, on resume.
 * Context: may sleep.
 * Return: 0 or an error: then the device is reset and has FAILED set, and a driver that
 * takes back what fails goes on without it.
 */
int virtio_device_restore(struct virtio_device *vdev)
{
	int err = virtio_handshake_restore(vdev);

	if (err)
		virtio_stand_in_begin(vdev);
	return err;
}
EXPORT_SYMBOL_GPL(virtio_device_restore);

/* That came to nothing: the driver finds its queues broken. */
void virtio_handshake_fail(struct virtio_device *vdev)
{
	vring_break(vdev);
	vdev->config->reset(vdev);
	trace_virtio_reset(vdev);
	vdev->features_latched = false;
	set_failed(vdev);
	virtio_end_what_is_in_flight(vdev);
}
#endif
