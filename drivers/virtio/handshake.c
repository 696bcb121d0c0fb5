// SPDX-License-Identifier: GPL-2.0
/*
 * The status handshake: how a device comes to life and how it is put to rest.
 *
 * reset, ACKNOWLEDGE, DRIVER, features, FEATURES_OK, queues, DRIVER_OK (virtio
 * 1.3, 3.1.1), and FAILED where that goes wrong.  The bus calls in when driver
 * and device meet and part, transports when they sleep and wake, and drivers
 * by the few functions that are exported.  This file knows the status, and that a
 * device has queues; not how they are reached.  Features are agreed in features.c,
 * and resets waited for in reset.c.
 */
#include <linux/bottom_half.h>
#include <linux/cleanup.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "core.h"
#include "held.h"
#include "watch/misuse.h"
#include "watch/trace.h"

/* So often in a row is a driver prompted that is interrupted meanwhile. */
#define MOST_PROMPTS	8

/*
 * Status.
 */

/* Without asking registers. */
static bool is_out_of_reach(struct virtio_device *vdev)
{
	return vdev->lost || (vdev->config->is_gone && vdev->config->is_gone(vdev));
}

static void write_status(struct virtio_device *vdev, u8 status)
{
	vdev->status = status;
	vdev->config->set_status(vdev, status);
	trace_virtio_status(vdev, status);
}

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
	write_status(vdev, now | status);
}
EXPORT_SYMBOL_GPL(virtio_add_status);

/*
 * The same for the steps of the handshake.  A device sets no bit of its own before DRIVER_OK,
 * so its status is known without asking: each access may be a VM exit.
 */
void virtio_step(struct virtio_device *vdev, u8 status)
{
	if (vdev->status == VIRTIO_STATUS_UNKNOWN)
		virtio_add_status(vdev, status);
	else if (!is_out_of_reach(vdev))
		write_status(vdev, vdev->status | status);
}

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

static int acknowledge(struct virtio_device *vdev)
{
	if (is_out_of_reach(vdev))
		return -ENODEV;
	virtio_step(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	return 0;
}

/**
 * virtio_driver_reset - a driver calls the operation reset itself
 * @vdev: the device
 *
 * Stands in the configuration operations of a transport as reset: the core must know of a
 * reset, or it would bring the device back beneath a driver that frees its buffers.
 * Context: may sleep; not from a callback.
 */
void virtio_driver_reset(struct virtio_device *vdev)
{
	virtio_check_reset(vdev);
	virtio_reset_device(vdev);
	/* Such a driver writes the status by the operation, too. */
	vdev->status = VIRTIO_STATUS_UNKNOWN;
}
EXPORT_SYMBOL_GPL(virtio_driver_reset);

/**
 * virtio_let_go - make the device let go of its queues, which are about to be freed
 * @vdev: the device
 *
 * A driver need not reset its device before it gives up its queues: the contract has no
 * operation for that.  One that is live is reset here.  Queues of it that are in use are
 * broken.  For the core, and for transports at the start of del_vqs.
 * Context: may sleep; not from a callback.
 */
void virtio_let_go(struct virtio_device *vdev)
{
	if (!vdev->ready)
		return;
	virtio_reset_device(vdev);
	vring_break(vdev);
}
EXPORT_SYMBOL_GPL(virtio_let_go);

/* From whatever state it was left in to "a guest has seen it"; -ENODEV if it is gone. */
int virtio_handshake_start(struct virtio_device *vdev)
{
	virtio_reset_device(vdev);
	return acknowledge(vdev);
}

/*
 * The driver is done with it.  Most have reset it by then, which some devices take once and
 * refuse a second time.  A driver may have done more with it since, behind the core's back.
 */
static void make_sure_of_reset(struct virtio_device *vdev)
{
	if (!vdev->status && list_empty(&vdev->vqs) && !virtio_get_status(vdev))
		virtio_forget_driver(vdev);
	else
		virtio_reset_device(vdev);
}

/* The features that driver and device had agreed on before. */
static int agree_again(struct virtio_device *vdev)
{
	virtio_step(vdev, VIRTIO_CONFIG_S_DRIVER);
	return virtio_write_features(vdev);
}

/*
 * Beneath a driver that does not know of it: reset, and as far as FEATURES_OK.  What the
 * driver has found of the configuration stays found.
 */
int virtio_handshake_again(struct virtio_device *vdev)
{
	virtio_reset_beneath(vdev);
	return acknowledge(vdev) ?: agree_again(vdev);
}

/* The same for a device that is not live, with the lock that this takes. */
int virtio_reset_and_agree(struct virtio_device *vdev)
{
	guard(mutex)(&vdev->queues_lock);
	return virtio_handshake_again(vdev);
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
	virtio_step(vdev, VIRTIO_CONFIG_S_DRIVER_OK);
	vring_send_held_kicks(vdev);
	virtio_recovery_allow(vdev);
}
EXPORT_SYMBOL_GPL(virtio_device_ready);

static int let_driver_set_up(struct virtio_device *vdev,
			     int (*set_up)(struct virtio_device *vdev))
{
	struct virtio_held held;
	int err;

	virtio_held_begin(&held, vdev);
	err = set_up(vdev);
	virtio_held_end(&held);
	return err;
}

/*
 * Also what a wake-up ends with: both set up queues, then go live.  A driver whose device
 * refuses the features after all has succeeded, and must undo that.
 */
static int go_live(struct virtio_device *vdev, int (*set_up)(struct virtio_device *vdev),
		   void (*undo)(struct virtio_device *vdev))
{
	int err = set_up ? let_driver_set_up(vdev, set_up) : 0;

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
	virtio_step(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED);
}

/* A driver that has failed leaves a device that writes nowhere. */
static int give_up(struct virtio_device *vdev, int err)
{
	make_sure_of_reset(vdev);
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

/*
 * Registration and remove() leave a device acknowledged, and one reset in a life is enough:
 * there are devices that refuse a second.  A device that was lost gets another chance with
 * each driver: it may have come to the end of its reset meanwhile.
 */
static int start_for_driver(struct virtio_device *vdev)
{
	if (vdev->status != VIRTIO_CONFIG_S_ACKNOWLEDGE) {
		virtio_reset_retry(vdev);
		return virtio_handshake_start(vdev);
	}
	return is_out_of_reach(vdev) ? -ENODEV : 0;
}

int virtio_handshake_probe(struct virtio_device *vdev)
{
	struct virtio_driver *drv = drv_to_virtio(vdev->dev.driver);
	int err;

	virtio_recovery_begin(vdev);
	err = start_for_driver(vdev);
	if (err)
		return err;
	virtio_step(vdev, VIRTIO_CONFIG_S_DRIVER);
	err = virtio_negotiate(vdev, drv);
	if (!err)
		err = go_live(vdev, drv->probe, drv->remove);
	if (err) {
		give_up(vdev, err);
		delete_all_queues(vdev, drv);
		return err;
	}

	if (drv->scan)
		drv->scan(vdev);
	virtio_changes_deliver(vdev);
	virtio_recovery_settle(vdev);
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

/* Call the driver back for all queues that are muted.  True: one still is, so come again. */
bool virtio_prompt_driver(struct virtio_device *vdev)
{
	int left = MOST_PROMPTS;

	while (left && prompt_once(vdev))
		left--;
	return !left;
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

	virtio_recovery_leave(vdev);
	virtio_changes_hold(vdev);
	if (virtio_get_status(vdev) == VIRTIO_STATUS_GONE) {
		virtio_reset_device(vdev);
		virtio_end_what_is_in_flight(vdev);
	}
	if (drv->remove)
		drv->remove(vdev);
	virtio_stand_in_end(vdev);
	make_sure_of_reset(vdev);
	acknowledge(vdev);
	delete_all_queues(vdev, drv);
}

/* The machine stops or starts another kernel: the device must not write to memory any more. */
void virtio_handshake_shutdown(struct virtio_device *vdev)
{
	const struct virtio_driver *drv = drv_to_virtio(vdev->dev.driver);

	if (drv->shutdown)
		drv->shutdown(vdev);
	else
		virtio_device_shutdown(vdev);
}

static bool has_failed(struct virtio_device *vdev)
{
	u8 status = virtio_get_status(vdev);

	return status != VIRTIO_STATUS_GONE && status & VIRTIO_CONFIG_S_FAILED;
}

/*
 * The driver stops using the device by its operation @stop, if it has that.  Returns 0, or
 * the driver's error, and then the device goes on as before.
 */
static int have_driver_stop(struct virtio_device *vdev, int (*stop)(struct virtio_device *vdev))
{
	int err;

	virtio_changes_hold(vdev);
	vdev->failed = has_failed(vdev);
	err = stop ? stop(vdev) : 0;
	if (err)
		virtio_changes_deliver(vdev);
	else if (vdev->dev.driver)
		virtio_stand_in_end(vdev);
	return err;
}

int virtio_handshake_freeze(struct virtio_device *vdev)
{
	struct device_driver *drv = vdev->dev.driver;

	return have_driver_stop(vdev, drv ? drv_to_virtio(drv)->freeze : NULL);
}

int virtio_handshake_reset_prepare(struct virtio_device *vdev)
{
	return have_driver_stop(vdev, drv_to_virtio(vdev->dev.driver)->reset_prepare);
}

/*
 * The driver starts anew by its operation @start, if it has that.  Returns 0 or an error, and
 * then the device is reset and has FAILED set.
 */
static int have_driver_start(struct virtio_device *vdev,
			     int (*start)(struct virtio_device *vdev))
{
	int err;

	err = virtio_handshake_start(vdev);
	if (err)
		return err;
	if (vdev->failed)
		virtio_step(vdev, VIRTIO_CONFIG_S_FAILED);
	if (!vdev->dev.driver)
		return 0;

	err = agree_again(vdev) ?: go_live(vdev, start, NULL);
	if (err)
		return give_up(vdev, err);
	virtio_changes_deliver(vdev);
	return 0;
}

int virtio_handshake_restore(struct virtio_device *vdev)
{
	struct device_driver *drv = vdev->dev.driver;

	return have_driver_start(vdev, drv ? drv_to_virtio(drv)->restore : NULL);
}

int virtio_handshake_reset_done(struct virtio_device *vdev)
{
	return have_driver_start(vdev, drv_to_virtio(vdev->dev.driver)->reset_done);
}

#ifdef CONFIG_PM_SLEEP
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
	return virtio_handshake_freeze(vdev);
}
EXPORT_SYMBOL_GPL(virtio_device_freeze);

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
	int err;

	/* Whatever it was lost for may be over. */
	virtio_reset_retry(vdev);
	err = virtio_handshake_restore(vdev);
	if (err)
		virtio_stand_in_begin(vdev);
	return err;
}
EXPORT_SYMBOL_GPL(virtio_device_restore);
#endif

/* That came to nothing: the driver finds its queues broken. */
void virtio_handshake_fail(struct virtio_device *vdev)
{
	vring_break(vdev);
	virtio_reset_beneath(vdev);
	set_failed(vdev);
	virtio_end_what_is_in_flight(vdev);
}
