// SPDX-License-Identifier: GPL-2.0
/*
 * Configuration fields for drivers, and fields on a page for transports.
 *
 * Drivers come here with the type of a field.  Transports whose device describes
 * itself on a page, [type][length][contents] field by field, have it parsed here.
 * Knows fields; not how a transport reaches them, nor the structures of virtio 1.x,
 * which are in layout.c, nor offsets in them, which are in offset.c.
 */
#include <linux/export.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_fields.h>

#include "core.h"

/* A device may change its configuration this often while it is being read. */
#define MAX_GENERATIONS	1000

/* A device without a configuration has no get, and its features all the same. */
static void get_field(struct virtio_device *vdev, void *token, void *buf, unsigned int len)
{
	if (vdev->config->get)
		vdev->config->get(vdev, token, buf, len);
	else
		virtio_layout_get(vdev, token, buf, len);
}

static void set_field(struct virtio_device *vdev, void *token, const void *buf,
		      unsigned int len)
{
	if (vdev->config->set)
		vdev->config->set(vdev, token, buf, len);
	else
		virtio_layout_set(vdev, token, buf, len);
}

/**
 * __virtio_config_val - find a field and copy its contents
 * @vdev: the device
 * @type: type of the field
 * @val: where the contents go, little-endian as they are
 * @size: bytes that are expected
 *
 * Use virtio_config_val().
 * Context: may sleep.
 * Return: 0, -ENOENT when there is no such field, -EIO when it has another size.
 */
int __virtio_config_val(struct virtio_device *vdev, u8 type, void *val, size_t size)
{
	unsigned int len;
	void *token;

	might_sleep();
	token = vdev->config->find ? vdev->config->find(vdev, type, &len) : NULL;
	if (!token)
		return -ENOENT;
	if (len != size) {
		dev_err_ratelimited(&vdev->dev, "field %#x has %u bytes, expected %zu\n",
				    type, len, size);
		return -EIO;
	}
	get_field(vdev, token, val, len);
	return 0;
}
EXPORT_SYMBOL_GPL(__virtio_config_val);

/**
 * virtio_use_bit - take a feature if the device offers it
 * @vdev: the device
 * @token: a field of bits, from find(); %NULL if there is none
 * @len: its length in bytes: offered and acknowledged bits, half each
 * @bitnum: the bit
 *
 * Before DRIVER_OK.  A bit that is taken when there are queues already has the device set
 * up once more, so a driver better takes its bits first.
 * Context: may sleep.
 * Return: 1 if the bit is offered, and it is acknowledged then; else 0.
 */
int virtio_use_bit(struct virtio_device *vdev, void *token, unsigned int len,
		   unsigned int bitnum)
{
	unsigned int half = len / 2;
	u8 bits[255], mask = BIT(bitnum % 8), *taken;

	might_sleep();
	/* A field on a page can't be longer than its length byte says. */
	if (!token || len > sizeof(bits) || bitnum / 8 >= half)
		return 0;
	taken = &bits[half + bitnum / 8];
	get_field(vdev, token, bits, len);
	if (!(bits[bitnum / 8] & mask))
		return 0;
	if (*taken & mask)
		return 1;
	if (!virtio_features_open(vdev)) {
		dev_warn_ratelimited(&vdev->dev, "feature %u comes too late: they are agreed\n",
				     bitnum);
		return 0;
	}
	*taken |= mask;
	set_field(vdev, token, bits, len);
	if (!vdev->features_latched)
		return 1;
	/* Some bits can't be added to those that are agreed. */
	get_field(vdev, token, bits, len);
	return !!(*taken & mask);
}
EXPORT_SYMBOL_GPL(virtio_use_bit);

static u32 generation(struct virtio_device *vdev)
{
	return vdev->config->generation ? vdev->config->generation(vdev) : 0;
}

/**
 * __virtio_cread_many - read several values that belong together
 * @vdev: the device
 * @offset: where the first lies in the configuration structure
 * @buf: where they go
 * @count: how many
 * @bytes: width of each
 *
 * Reads again while the device changes its configuration (virtio 1.3, 2.5.1),
 * but not for ever.
 * Context: may sleep.
 */
void __virtio_cread_many(struct virtio_device *vdev, unsigned int offset, void *buf,
			 size_t count, size_t bytes)
{
	bool torn = count > 1 || bytes > 4;
	unsigned int tries;
	u32 before;
	size_t i;

	for (tries = 0; tries < MAX_GENERATIONS; tries++) {
		before = torn ? generation(vdev) : 0;
		for (i = 0; i < count; i++)
			virtio_config_read(vdev, offset + i * bytes, buf + i * bytes, bytes);
		if (!torn || generation(vdev) == before)
			return;
	}
	dev_warn_ratelimited(&vdev->dev, "configuration at %u changed %u times while it was read\n",
			     offset, tries);
}
EXPORT_SYMBOL_GPL(__virtio_cread_many);

/**
 * virtio_fields_init - look at a page of fields
 * @fields: what is kept of it, freed by virtio_fields_free()
 * @page: the page; the device may write to it at any time
 * @size: its bytes
 *
 * The page is believed once: where each field lies is noted here, and what the
 * device makes of types and lengths later changes nothing.
 * Context: may sleep.
 * Return: 0, -ENOMEM, or -EINVAL for a page that does not end within @size.
 */
int virtio_fields_init(struct virtio_fields *fields, void *page, size_t size)
{
	size_t at = 0, len;
	u8 type;

	fields->page = page;
	fields->count = 0;
	fields->field = kcalloc(size / 2 + 1, sizeof(*fields->field), GFP_KERNEL);
	if (!fields->field)
		return -ENOMEM;

	while (at < size) {
		type = READ_ONCE(fields->page[at]) & ~VIRTIO_CONFIG_F_USED;
		if (type == VIRTIO_CONFIG_F_END)
			return 0;
		if (size - at < 2)
			break;
		len = READ_ONCE(fields->page[at + 1]);
		if (len > size - at - 2)
			break;
		fields->field[fields->count++] = (struct virtio_field_place) {
			.type = type, .len = len, .offset = at + 2,
		};
		at += 2 + len;
	}
	pr_err_ratelimited("virtio: fields don't end within %zu bytes: the one at %zu runs past\n",
			   size, at);
	virtio_fields_free(fields);
	return -EINVAL;
}
EXPORT_SYMBOL_GPL(virtio_fields_init);

/**
 * virtio_fields_free - forget a page of fields
 * @fields: as filled in by virtio_fields_init()
 *
 * Context: any.
 */
void virtio_fields_free(struct virtio_fields *fields)
{
	kfree(fields->field);
	fields->field = NULL;
	fields->count = 0;
}
EXPORT_SYMBOL_GPL(virtio_fields_free);

static void mark(struct virtio_fields *fields, struct virtio_field_place *field, bool used)
{
	field->used = used;
	WRITE_ONCE(fields->page[field->offset - 2],
		   field->type | (used ? VIRTIO_CONFIG_F_USED : 0));
}

/**
 * virtio_fields_find - find the next field of a type that was not found before
 * @fields: the page
 * @type: the type
 * @len: length of the field
 *
 * Context: any; exclusive with the other calls on @fields.
 * Return: a token for the two calls below, or %NULL.
 */
void *virtio_fields_find(struct virtio_fields *fields, u8 type, unsigned int *len)
{
	unsigned int i;

	for (i = 0; i < fields->count; i++) {
		struct virtio_field_place *field = &fields->field[i];

		if (field->type != type || field->used)
			continue;
		mark(fields, field, true);
		*len = field->len;
		return field;
	}
	return NULL;
}
EXPORT_SYMBOL_GPL(virtio_fields_find);

/**
 * virtio_fields_look - look at a field without finding it
 * @fields: the page
 * @nr: which one, from 0, as they lie
 * @type: its type
 * @len: its length
 *
 * Context: any.
 * Return: a token for virtio_fields_get(), or %NULL behind the last.
 */
void *virtio_fields_look(struct virtio_fields *fields, unsigned int nr, u8 *type,
			 unsigned int *len)
{
	if (nr >= fields->count)
		return NULL;
	*type = fields->field[nr].type;
	*len = fields->field[nr].len;
	return &fields->field[nr];
}
EXPORT_SYMBOL_GPL(virtio_fields_look);

/**
 * virtio_fields_reset - let all fields be found again
 * @fields: the page
 *
 * Context: as virtio_fields_find().
 */
void virtio_fields_reset(struct virtio_fields *fields)
{
	unsigned int i;

	for (i = 0; i < fields->count; i++)
		mark(fields, &fields->field[i], false);
}
EXPORT_SYMBOL_GPL(virtio_fields_reset);

/* A page of fields does not know the structure that an offset would be in. */
static bool is_no_field(const void *token)
{
	if (!virtio_token_is_offset(token))
		return false;
	pr_err_ratelimited("virtio: %lu is no field; a transport serves offsets by virtio_get_by_offset()\n",
			   (unsigned long)token);
	return true;
}

/**
 * virtio_fields_get - copy the contents of a field
 * @fields: the page
 * @token: the field
 * @buf: where they go
 * @len: how many bytes; those beyond the field read as zeros
 *
 * Context: any.
 */
void virtio_fields_get(struct virtio_fields *fields, void *token, void *buf,
		       unsigned int len)
{
	const struct virtio_field_place *field = token;
	unsigned int there;

	if (is_no_field(token)) {
		memset(buf, 0, len);
		return;
	}
	there = min_t(unsigned int, len, field->len);
	memcpy(buf, fields->page + field->offset, there);
	memset(buf + there, 0, len - there);
}
EXPORT_SYMBOL_GPL(virtio_fields_get);

/**
 * virtio_fields_set - write the contents of a field
 * @fields: the page
 * @token: the field
 * @buf: the contents
 * @len: how many bytes; those beyond the field are dropped
 *
 * Context: any.
 */
void virtio_fields_set(struct virtio_fields *fields, void *token, const void *buf,
		       unsigned int len)
{
	const struct virtio_field_place *field = token;

	if (is_no_field(token))
		return;
	memcpy(fields->page + field->offset, buf, min_t(unsigned int, len, field->len));
}
EXPORT_SYMBOL_GPL(virtio_fields_set);
