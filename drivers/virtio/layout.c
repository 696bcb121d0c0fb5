// SPDX-License-Identifier: GPL-2.0
/*
 * Fields over the configuration structures of virtio 1.x.
 *
 * A transport that reaches the structure as raw bytes becomes one that serves fields.
 * The fields are those of the driver's own layout, or of the core's tables in
 * layout_tables.c.  Called through the configuration operations of such transports, and by
 * debugfs.c.  Knows structures; not how their bytes are reached.  The other way round, from
 * an offset to a field, is in offset.c.
 */
#include <linux/export.h>
#include <linux/module.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

#include "core.h"
#include "watch/misuse.h"

/* The two fields of bits.  The second is longer for a device that offers bits beyond 63. */
static const struct virtio_layout_field transport_bits = { .name = "transport", .size = 16 };
static const struct virtio_layout_field device_bits = { .name = "features", .size = 16 };
static const struct virtio_layout_field more_device_bits = {
	.name = "features", .size = 2 * VIRTIO_FEATURES_U64S * sizeof(u64),
};

static bool is_bits(const struct virtio_layout_field *field)
{
	return field == &transport_bits || field == &device_bits || field == &more_device_bits;
}

static u8 bits_type(const struct virtio_layout_field *field)
{
	return field == &transport_bits ? VIRTIO_CONFIG_F_VIRTIO : VIRTIO_CONFIG_F_FEATURES;
}

static const struct virtio_layout *layout_of(const struct virtio_device *vdev)
{
	return virtio_driver_layout(vdev) ?: virtio_layout_of_type(vdev->id.device);
}

/* A field of a device by its number; %NULL behind the last. */
const struct virtio_layout_field *virtio_layout_number(const struct virtio_device *vdev,
						       unsigned int nr)
{
	const struct virtio_layout *layout = layout_of(vdev);

	return layout && nr < layout->count ? &layout->fields[nr] : NULL;
}

/* Nobody knows where its fields are.  Said once: a driver may ask again and again. */
void virtio_layout_missing(struct virtio_device *vdev)
{
	if (vdev->layout_missed || layout_of(vdev))
		return;
	vdev->layout_missed = true;
	dev_warn(&vdev->dev, "no layout for device type %u, expected its driver to bring one\n",
		 vdev->id.device);
}

static const struct virtio_layout_field *field_of_type(const struct virtio_device *vdev, u8 type)
{
	switch (type) {
	case VIRTIO_CONFIG_F_VIRTIO:
		return &transport_bits;
	case VIRTIO_CONFIG_F_FEATURES:
		return &device_bits;
	case VIRTIO_CONFIG_F_DEVICE ... VIRTIO_CONFIG_F_USED - 1:
		return virtio_layout_number(vdev, type - VIRTIO_CONFIG_F_DEVICE);
	}
	return NULL;
}

static bool needs_no_feature(const struct virtio_layout_field *field)
{
	return is_bits(field) || field->feature == VIRTIO_FIELD_ALWAYS;
}

/*
 * A field goes with a feature that is offered (virtio 1.3, 2.5.1).  A driver that has named
 * its features before probe() gets the fields of those it took.
 */
static bool is_there(struct virtio_device *vdev, const struct virtio_layout_field *field)
{
	unsigned int word = VIRTIO_U64(field->feature);
	u64 features;

	if (needs_no_feature(field))
		return true;
	if (!vdev->features_latched || virtio_negotiates_in_probe(vdev))
		features = virtio_offered_word(vdev, word) & ~virtio_debug_filtered(vdev, word);
	else
		features = vdev->features_array[word];
	return features & VIRTIO_BIT(field->feature);
}

/**
 * virtio_layout_offers - does a device have a field, going by its features?
 * @vdev: the device
 * @type: type of the field
 *
 * For transports whose device describes itself by fields.  Of a field that no structure
 * of virtio 1.x has nothing is known.
 * Context: may sleep.
 * Return: %false if the field goes with a feature that is not there.
 */
bool virtio_layout_offers(struct virtio_device *vdev, u8 type)
{
	const struct virtio_layout_field *field = field_of_type(vdev, type);

	return !field || is_there(vdev, field);
}
EXPORT_SYMBOL_GPL(virtio_layout_offers);

/* No longer than a field can be, whatever the device says. */
static u8 size_of(struct virtio_device *vdev, const struct virtio_layout_field *field, bool little)
{
	__virtio16 count;

	if (!field->counted)
		return field->size;
	virtio_config_read(vdev, field[-1].offset, &count, sizeof(count));
	return min_t(u16, __virtio16_to_cpu(little, count), field->size);
}

/* Words beyond the first are only looked at for a driver that could take bits of them. */
static bool offers_more_words(struct virtio_device *vdev)
{
	return (vdev->offered_all || virtio_features_open(vdev)) && virtio_offered_word(vdev, 1);
}

/**
 * virtio_layout_find - find a field of a 1.x configuration structure
 * @vdev: the device
 * @type: type of the field
 * @len: its length
 *
 * Stands in the configuration operations of a transport as find.
 * Context: may sleep.
 * Return: a token, or %NULL.
 */
void *virtio_layout_find(struct virtio_device *vdev, u8 type, unsigned int *len)
{
	const struct virtio_layout_field *field = field_of_type(vdev, type);

	if (!field && type >= VIRTIO_CONFIG_F_DEVICE)
		virtio_layout_missing(vdev);
	if (!field || !is_there(vdev, field))
		return NULL;
	/* A device without a configuration has nothing but features. */
	if (!is_bits(field) && !vdev->config->read)
		return NULL;
	if (__test_and_set_bit(type, vdev->fields_used))
		return NULL;
	if (field == &device_bits && offers_more_words(vdev))
		field = &more_device_bits;
	*len = size_of(vdev, field, virtio_is_little_endian(vdev));
	return (void *)field;
}
EXPORT_SYMBOL_GPL(virtio_layout_find);

/* A legacy device on a big-endian machine: reverse the bytes for the caller. */
static void swap_big(const struct virtio_layout_field *field, u8 *buf)
{
	unsigned int i, last = field->size - 1;

	if (field->kind != VIRTIO_FIELD_NATIVE)
		return;
	for (i = 0; i < field->size / 2; i++)
		swap(buf[i], buf[last - i]);
}

/* Between the byte order of a structure and that of fields; the same both ways. */
void virtio_layout_swap(struct virtio_device *vdev, const struct virtio_layout_field *field,
			u8 *contents)
{
	if (!virtio_is_little_endian(vdev))
		swap_big(field, contents);
}

/* Is it one of those that this device has? */
static bool is_field_of(const struct virtio_device *vdev, const struct virtio_layout_field *field)
{
	const struct virtio_layout *layout = layout_of(vdev);

	return is_bits(field) ||
	       (layout && field >= layout->fields && field < layout->fields + layout->count);
}

/* Costs nothing in a kernel that does not check drivers. */
static bool is_foreign(const struct virtio_device *vdev, const struct virtio_layout_field *field)
{
	if (!virtio_is_checked() || is_field_of(vdev, field))
		return false;
	virtio_say_foreign_token(vdev);
	return true;
}

/* Is that a length that the field can have? */
bool virtio_layout_fits(const struct virtio_layout_field *field, unsigned int len)
{
	return field->counted ? len <= field->size : len == field->size;
}

/* How many words of features there are in each half of a field of bits. */
static unsigned int words_of(unsigned int len)
{
	return len > 2 * sizeof(u64) ? VIRTIO_FEATURES_U64S : 1;
}

/**
 * virtio_get_bits - the contents of a field of feature bits
 * @vdev: the device
 * @type: VIRTIO_CONFIG_F_VIRTIO or VIRTIO_CONFIG_F_FEATURES
 * @buf: where they go: what the device offers, then what was taken of it, all bits at their
 *	places in one word of 64 bits, or in all words
 * @len: bytes of both halves; 16 for one word
 *
 * Context: may sleep.
 */
void virtio_get_bits(struct virtio_device *vdev, u8 type, void *buf, unsigned int len)
{
	unsigned int word, words = words_of(len);
	__le64 bits[2 * VIRTIO_FEATURES_U64S] = { };

	for (word = 0; word < words; word++) {
		u64 mask = virtio_bits_mask(type, word);

		bits[word] = cpu_to_le64(virtio_offered_word(vdev, word) & mask);
		bits[words + word] = cpu_to_le64(vdev->features_array[word] & mask);
	}
	memcpy(buf, bits, min_t(size_t, len, sizeof(bits)));
}
EXPORT_SYMBOL_GPL(virtio_get_bits);

/* The queues that are there were made for the bits of transport and queues. */
static bool comes_too_late(struct virtio_device *vdev, u8 type)
{
	return type == VIRTIO_CONFIG_F_VIRTIO || !virtio_features_open(vdev);
}

static void put_word(struct virtio_device *vdev, u8 type, unsigned int word, u64 taken)
{
	u64 *features = &vdev->features_array[word];
	u64 mask = virtio_bits_mask(type, word);

	taken &= mask & virtio_offered_word(vdev, word);
	if (!vdev->features_latched) {
		*features = (*features & ~mask) | taken;
		return;
	}
	taken &= ~*features;
	if (!taken)
		return;
	if (comes_too_late(vdev, type)) {
		dev_warn_ratelimited(&vdev->dev,
				     "features %#llx from bit %u come too late: they are agreed\n",
				     taken, 64 * word);
		return;
	}
	*features |= taken;
	virtio_features_added(vdev);
}

/**
 * virtio_put_bits - take features, until they are settled
 * @vdev: the device
 * @type: VIRTIO_CONFIG_F_VIRTIO or VIRTIO_CONFIG_F_FEATURES
 * @buf: as above; of the second half what is offered counts
 * @len: bytes of both halves
 *
 * Once they are agreed with the device none can be given up, and before DRIVER_OK a driver
 * that negotiates in probe() can take more of its own.
 * Context: may sleep.
 */
void virtio_put_bits(struct virtio_device *vdev, u8 type, const void *buf, unsigned int len)
{
	unsigned int word, words = words_of(len);
	__le64 bits[2 * VIRTIO_FEATURES_U64S] = { };

	memcpy(bits, buf, min_t(size_t, len, sizeof(bits)));
	for (word = 0; word < words; word++)
		put_word(vdev, type, word, le64_to_cpu(bits[words + word]));
}
EXPORT_SYMBOL_GPL(virtio_put_bits);

static bool is_number(const struct virtio_layout_field *field)
{
	return field->kind == VIRTIO_FIELD_LE || field->kind == VIRTIO_FIELD_NATIVE;
}

/* Each access is as wide as what it reads (virtio 1.3, 4.1.3.1). */
static void read_contents(struct virtio_device *vdev, const struct virtio_layout_field *field,
			  u8 *buf, unsigned int len)
{
	if (is_number(field))
		__virtio_cread_many(vdev, field->offset, buf, 1, len);
	else
		__virtio_cread_many(vdev, field->offset, buf, len, 1);
}

static void write_contents(struct virtio_device *vdev, const struct virtio_layout_field *field,
			   const u8 *buf, unsigned int len)
{
	unsigned int i;

	if (is_number(field))
		virtio_config_write(vdev, field->offset, buf, len);
	else
		for (i = 0; i < len; i++)
			virtio_config_write(vdev, field->offset + i, buf + i, 1);
}

/**
 * virtio_layout_get - read a field of a 1.x configuration structure
 * @vdev: the device
 * @token: from virtio_layout_find()
 * @buf: where the contents go, little-endian
 * @len: the length that virtio_layout_find() gave; nothing is read otherwise
 *
 * Stands in the configuration operations of a transport as get.
 * Context: may sleep.
 */
void virtio_layout_get(struct virtio_device *vdev, void *token, void *buf, unsigned int len)
{
	const struct virtio_layout_field *field = token;

	if (virtio_get_by_offset(vdev, token, buf, len))
		return;
	if (is_foreign(vdev, field)) {
		memset(buf, 0, len);
		return;
	}
	if (!virtio_layout_fits(field, len)) {
		memset(buf, 0, len);
		dev_warn_ratelimited(&vdev->dev, "field %s read with %u bytes, expected %u\n",
				     field->name, len, field->size);
		return;
	}
	if (is_bits(field)) {
		virtio_get_bits(vdev, bits_type(field), buf, len);
		return;
	}
	read_contents(vdev, field, buf, len);
	virtio_layout_swap(vdev, field, buf);
}
EXPORT_SYMBOL_GPL(virtio_layout_get);

/**
 * virtio_layout_set - write a field of a 1.x configuration structure
 * @vdev: the device
 * @token: from virtio_layout_find()
 * @buf: the contents, little-endian
 * @len: the length that virtio_layout_find() gave; nothing is written otherwise
 *
 * Stands in the configuration operations of a transport as set.
 * Context: may sleep.
 */
void virtio_layout_set(struct virtio_device *vdev, void *token, const void *buf,
		       unsigned int len)
{
	const struct virtio_layout_field *field = token;
	u8 raw[U8_MAX];

	if (virtio_set_by_offset(vdev, token, buf, len))
		return;
	if (is_foreign(vdev, field))
		return;
	if (!virtio_layout_fits(field, len)) {
		dev_warn_ratelimited(&vdev->dev, "field %s written with %u bytes, expected %u\n",
				     field->name, len, field->size);
		return;
	}
	if (is_bits(field)) {
		virtio_put_bits(vdev, bits_type(field), buf, len);
		return;
	}
	memcpy(raw, buf, len);
	virtio_layout_swap(vdev, field, raw);
	write_contents(vdev, field, raw, len);
}
EXPORT_SYMBOL_GPL(virtio_layout_set);

/**
 * virtio_layout_check - is a driver's own layout one that the core can use?
 * @layout: the layout
 *
 * Context: any.
 * Return: %false for too many fields, a number of a width that no access has, a feature
 * that does not exist, or a counted field without its count.
 */
bool virtio_layout_check(const struct virtio_layout *layout)
{
	const struct virtio_layout_field *field = layout->fields;
	unsigned int i;

	if (layout->count > VIRTIO_LAYOUT_MAX || (layout->count && !field))
		return false;
	for (i = 0; i < layout->count; i++, field++) {
		if (!field->name || !field->size ||
		    (is_number(field) && (field->size > 8 || !is_power_of_2(field->size))) ||
		    (field->feature >= VIRTIO_FEATURES_BITS &&
		     field->feature != VIRTIO_FIELD_ALWAYS) ||
		    (field->counted && (!i || is_number(field) || field[-1].size != 2)))
			return false;
	}
	return true;
}

#ifdef CONFIG_VIRTIO_DEBUG
/*
 * The layout of a device for debugfs.c, which looks at it while drivers come and go.  The
 * module that it belongs to is kept until module_put(*owner).
 */
const struct virtio_layout *virtio_layout_hold(struct virtio_device *vdev,
					       struct module **owner)
{
	const struct device_driver *drv;

	guard(rcu)();
	*owner = NULL;
	drv = READ_ONCE(vdev->dev.driver);
	if (!drv || !drv_to_virtio(drv)->layout)
		return virtio_layout_of_type(vdev->id.device);
	/* A module is not freed before those who read of its driver are done (free_module()). */
	if (!try_module_get(drv->owner))
		return NULL;
	*owner = drv->owner;
	return drv_to_virtio(drv)->layout;
}

/* %NULL for a type that is none of a device's own fields. */
const struct virtio_layout_field *virtio_layout_field(const struct virtio_layout *layout, u8 type)
{
	unsigned int nr = type - VIRTIO_CONFIG_F_DEVICE;

	return layout && nr < layout->count ? &layout->fields[nr] : NULL;
}

/*
 * Likewise: the contents of a field, if a device with these features has it, without marking
 * it as found.  Returns how many bytes, or 0.
 */
unsigned int virtio_layout_look(struct virtio_device *vdev,
				const struct virtio_layout_field *field, const u64 *features,
				u8 contents[U8_MAX])
{
	bool little = virtio_features_test_bit(features, VIRTIO_F_VERSION_1) ||
		      virtio_legacy_is_little_endian();
	unsigned int len;

	if (!needs_no_feature(field) && !virtio_features_test_bit(features, field->feature))
		return 0;
	len = size_of(vdev, field, little);
	read_contents(vdev, field, contents, len);
	if (!little)
		swap_big(field, contents);
	return len;
}
#endif
