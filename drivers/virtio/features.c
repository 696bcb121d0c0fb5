// SPDX-License-Identifier: GPL-2.0
/*
 * Features: what driver and device agree on, and when (virtio 1.3, 2.2 and 3.1.1).
 *
 * Called by handshake.c where a driver meets its device or meets it again, and by drivers and
 * the core for the first queue.  Knows bits and the status; what a bit means is for others.
 */
#include <linux/module.h>
#include <linux/virtio.h>
#include <linux/virtio_anchor.h>
#include <linux/virtio_config.h>

#include "core.h"
#include "watch/trace.h"

/* All of them in the first word of features. */
#define TRANSPORT_BITS	GENMASK_ULL(VIRTIO_TRANSPORT_F_END - 1, VIRTIO_TRANSPORT_F_START)

/*
 * What devices before virtio 1.0 can mean something by: their own 32 bits, and how memory is
 * reached and ordered, which is between the transport and its platform.
 */
#define LEGACY_BITS	(GENMASK_ULL(31, 0) |			\
			 BIT_ULL(VIRTIO_F_ACCESS_PLATFORM) |	\
			 BIT_ULL(VIRTIO_F_ORDER_PLATFORM))

static void table_bits(u64 *bits, const unsigned int *table, unsigned int size)
{
	virtio_features_zero(bits);
	while (size--)
		virtio_features_set_bit(bits, table[size]);
}

/* What the driver says in its tables that it can do with such a device. */
void virtio_driver_bits(const struct virtio_driver *drv, bool legacy, u64 *bits)
{
	if (legacy && drv->feature_table_legacy)
		table_bits(bits, drv->feature_table_legacy, drv->feature_table_size_legacy);
	else
		table_bits(bits, drv->feature_table, drv->feature_table_size);
	/* A device before virtio 1.0 has one word of features. */
	if (legacy)
		virtio_features_from_u64(bits, bits[0]);
}

static bool is_in_table(const unsigned int *table, unsigned int size, unsigned int fbit)
{
	while (size--)
		if (table[size] == fbit)
			return true;
	return false;
}

static bool lists_feature(const struct virtio_driver *drv, unsigned int fbit)
{
	return is_in_table(drv->feature_table, drv->feature_table_size, fbit) ||
	       (drv->feature_table_legacy &&
		is_in_table(drv->feature_table_legacy, drv->feature_table_size_legacy, fbit));
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
	if (!drv->feature_table_size || lists_feature(drv, fbit))
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

/* Virtio 1.3, 3.1.1, steps 5 and 6. */
static int confirm_by_status(struct virtio_device *vdev)
{
	u8 status;

	virtio_step(vdev, VIRTIO_CONFIG_S_FEATURES_OK);
	status = virtio_get_status(vdev);
	/* It may be in its reset still, or refuse that: once more, and wait for the reset. */
	if (vdev->reset_unseen && status != vdev->status)
		return virtio_reset_and_agree(vdev);
	vdev->reset_unseen = false;
	if (status == VIRTIO_STATUS_GONE || !(status & VIRTIO_CONFIG_S_FEATURES_OK)) {
		dev_err(&vdev->dev,
			"device refuses features %#llx (from bit 64: %#llx): status %#x\n",
			vdev->features_array[0], vdev->features_array[1], status);
		return -ENODEV;
	}
	vdev->status = status;
	return 0;
}

/* Devices before 1.0 have no FEATURES_OK. */
static int confirm_features(struct virtio_device *vdev)
{
	int err = check_restricted_memory(vdev);

	if (!err && __virtio_test_bit(vdev, VIRTIO_F_VERSION_1))
		err = confirm_by_status(vdev);
	if (!err)
		vdev->features_latched = true;
	return err;
}

/*
 * The device is told of them, less those that its transport and rings can't do.  A transport
 * without get_extended_features ignores words beyond the first, and a bit that is not offered
 * must not be taken (virtio 1.3, 2.2.1): whatever validate() has set there is dropped.
 */
static int tell_features(struct virtio_device *vdev)
{
	int word;

	for (word = 1; word < VIRTIO_FEATURES_U64S; word++)
		vdev->features_array[word] &= vdev->offered[word];
	return vdev->config->finalize_features(vdev);
}

int virtio_write_features(struct virtio_device *vdev)
{
	return tell_features(vdev) ?: confirm_features(vdev);
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
		err = tell_features(vdev);
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
	err = vdev->features_latched ? agree_late(vdev) : virtio_write_features(vdev);
	trace_virtio_features(vdev, err);
	return err;
}
EXPORT_SYMBOL_GPL(virtio_latch_features);

/*
 * What the device offers.
 */

static bool is_legacy(const struct virtio_device *vdev)
{
	return !virtio_features_test_bit(vdev->offered, VIRTIO_F_VERSION_1);
}

static bool wants_more_words(const u64 *wanted)
{
	u64 first[VIRTIO_FEATURES_U64S];

	virtio_features_from_u64(first, wanted[0]);
	return !virtio_features_equal(wanted, first);
}

/*
 * Each word costs register accesses on some transports, so only the first is read for a
 * driver that can't use the others.  A word that was read before stands, whatever the device
 * says later.
 */
static void read_offered(struct virtio_device *vdev, bool all)
{
	u64 words[VIRTIO_FEATURES_U64S];

	if (all)
		virtio_get_features(vdev, words);
	else
		virtio_features_from_u64(words, vdev->config->get_features(vdev));
	if (vdev->offered_known)
		words[0] = vdev->offered[0];
	virtio_features_copy(vdev->offered, words);
	vdev->offered_all = all || !vdev->config->get_extended_features || is_legacy(vdev);
	/* A device before 1.0 has no other words, whatever its transport reads there. */
	if (is_legacy(vdev))
		virtio_features_from_u64(vdev->offered, words[0]);
	virtio_debug_note_offered(vdev, vdev->offered, vdev->offered_all);
}

/* A word of what the device offers, to the driver that is bound if there is one.  May sleep. */
u64 virtio_offered_word(struct virtio_device *vdev, unsigned int word)
{
	if (!vdev->offered_known || (word && !vdev->offered_all))
		read_offered(vdev, word);
	return vdev->offered[word];
}

/* validate() is to see what the transport leaves of them; what it changes is written again. */
static int let_driver_validate(struct virtio_device *vdev, const struct virtio_driver *drv)
{
	u64 before[VIRTIO_FEATURES_U64S];
	int err;

	err = tell_features(vdev);
	if (err)
		return err;
	virtio_features_copy(before, vdev->features_array);
	err = drv->validate(vdev);
	if (!err && !virtio_features_equal(vdev->features_array, before))
		err = tell_features(vdev);
	if (err)
		return err;
	err = confirm_features(vdev);
	trace_virtio_features(vdev, err);
	return err;
}

/*
 * A driver with a table has its features agreed before probe, and may have a
 * look at them first.  One without starts from what transport and ring want.
 */
int virtio_negotiate(struct virtio_device *vdev, struct virtio_driver *drv)
{
	u64 offered[VIRTIO_FEATURES_U64S], wanted[VIRTIO_FEATURES_U64S];
	int word;

	virtio_driver_bits(drv, false, wanted);
	vdev->offered_known = false;
	read_offered(vdev, wants_more_words(wanted));
	vdev->offered_known = true;
	virtio_features_copy(offered, vdev->offered);
	/* A device that does not speak 1.0 has no use for what 1.0 brought (2.2.3). */
	if (is_legacy(vdev)) {
		virtio_features_from_u64(offered, offered[0] & LEGACY_BITS);
		virtio_driver_bits(drv, true, wanted);
	}
	wanted[0] |= TRANSPORT_BITS;
	for (word = 0; word < VIRTIO_FEATURES_U64S; word++)
		vdev->features_array[word] = offered[word] & wanted[word] &
					     ~virtio_debug_filtered(vdev, word);
	if (drv->validate)
		return let_driver_validate(vdev, drv);
	return negotiates_before_probe(drv) ? virtio_latch_features(vdev) : 0;
}
