// SPDX-License-Identifier: GPL-2.0
/*
 * Configuration by offset: for drivers that know a structure of virtio 1.x, on whatever the
 * transport has.
 *
 * Called through the accessors of Linux 6.12, and by transports for drivers that call get
 * and set with an offset, as they could until then.  A transport with raw bytes is handed
 * the offset; on one that has fields alone each access goes to the fields that lie there.
 */
#include <linux/export.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

#include "core.h"
#include "watch/trace.h"

/*
 * Fields alone.
 */

static void *token_of(struct virtio_device *vdev, unsigned int nr, unsigned int *len)
{
	unsigned int i;
	void *token;
	u8 type;

	for (i = 0; (token = vdev->config->look(vdev, i, &type, len)); i++)
		if (type == VIRTIO_CONFIG_F_DEVICE + nr)
			return token;
	return NULL;
}

/* The contents of a field in the byte order of the structure; its token, or %NULL. */
static void *fetch(struct virtio_device *vdev, const struct virtio_layout_field *field,
		   unsigned int nr, u8 contents[U8_MAX], unsigned int *len)
{
	void *token = token_of(vdev, nr, len);

	if (!token)
		return NULL;
	if (!virtio_layout_fits(field, *len)) {
		dev_warn_ratelimited(&vdev->dev, "field %s has %u bytes, expected %u\n",
				     field->name, *len, field->size);
		return NULL;
	}
	vdev->config->get(vdev, token, contents, *len);
	virtio_layout_swap(vdev, field, contents);
	return token;
}

/*
 * Move what @buf, @len bytes at @offset of the structure, shares with each field,
 * to the field or from it.
 */
static void move_by_offset(struct virtio_device *vdev, unsigned int offset, u8 *buf,
			   unsigned int len, bool write)
{
	const struct virtio_layout_field *field;
	unsigned int nr, there;
	void *token;

	virtio_layout_missing(vdev);
	for (nr = 0; (field = virtio_layout_number(vdev, nr)); nr++) {
		unsigned int from = max(offset, field->offset);
		unsigned int to = min(offset + len, field->offset + field->size);
		u8 contents[U8_MAX] = { };

		if (from >= to)
			continue;
		token = fetch(vdev, field, nr, contents, &there);
		if (!token)
			continue;
		if (!write) {
			memcpy(buf + (from - offset), contents + (from - field->offset), to - from);
			continue;
		}
		memcpy(contents + (from - field->offset), buf + (from - offset), to - from);
		virtio_layout_swap(vdev, field, contents);
		vdev->config->set(vdev, token, contents, there);
	}
}

/*
 * Whatever there is.
 */

static void read_at(struct virtio_device *vdev, unsigned int offset, void *buf,
		    unsigned int len)
{
	if (vdev->config->read) {
		vdev->config->read(vdev, offset, buf, len);
	} else {
		memset(buf, 0, len);
		if (vdev->config->look)
			move_by_offset(vdev, offset, buf, len, false);
	}
	trace_virtio_config_read(vdev, offset, buf, len);
}

static void write_at(struct virtio_device *vdev, unsigned int offset, const void *buf,
		     unsigned int len)
{
	trace_virtio_config_write(vdev, offset, buf, len);
	if (vdev->config->write)
		vdev->config->write(vdev, offset, buf, len);
	else if (vdev->config->look && !vdev->config->read)
		move_by_offset(vdev, offset, (u8 *)buf, len, true);
}

/**
 * virtio_config_read - read bytes of the configuration structure
 * @vdev: the device
 * @offset: where in the structure
 * @buf: where they go, in the byte order of the device
 * @len: how many
 *
 * What the device does not have reads as zeros.
 * Context: may sleep.
 */
void virtio_config_read(struct virtio_device *vdev, unsigned int offset, void *buf,
			unsigned int len)
{
	might_sleep();
	read_at(vdev, offset, buf, len);
}
EXPORT_SYMBOL_GPL(virtio_config_read);

/**
 * virtio_config_write - write bytes of the configuration structure
 * @vdev: the device
 * @offset: where in the structure
 * @buf: the bytes, in the byte order of the device
 * @len: how many
 *
 * What the device does not have is not written.
 * Context: may sleep.
 */
void virtio_config_write(struct virtio_device *vdev, unsigned int offset, const void *buf,
			 unsigned int len)
{
	might_sleep();
	write_at(vdev, offset, buf, len);
}
EXPORT_SYMBOL_GPL(virtio_config_write);

/**
 * virtio_get_by_offset - serve a driver that calls get with an offset
 * @vdev: the device
 * @token: what the driver gave
 * @buf: where the bytes go, in the byte order of the device
 * @len: how many
 *
 * Until Linux 6.12 the second argument of get was an offset.  No token is as small as one.
 * For the operation get of a transport.
 * Context: any, as far as the transport can read there.
 * Return: %false for a token, and nothing was done.
 */
bool virtio_get_by_offset(struct virtio_device *vdev, const void *token, void *buf,
			  unsigned int len)
{
	if (!virtio_token_is_offset(token))
		return false;
	read_at(vdev, (unsigned long)token, buf, len);
	return true;
}
EXPORT_SYMBOL_GPL(virtio_get_by_offset);

/**
 * virtio_set_by_offset - serve a driver that calls set with an offset
 * @vdev: the device
 * @token: what the driver gave
 * @buf: the bytes, in the byte order of the device
 * @len: how many
 *
 * For the operation set of a transport.
 * Context: any, as far as the transport can write there.
 * Return: %false for a token, and nothing was done.
 */
bool virtio_set_by_offset(struct virtio_device *vdev, const void *token, const void *buf,
			  unsigned int len)
{
	if (!virtio_token_is_offset(token))
		return false;
	write_at(vdev, (unsigned long)token, buf, len);
	return true;
}
EXPORT_SYMBOL_GPL(virtio_set_by_offset);
