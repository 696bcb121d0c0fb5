// SPDX-License-Identifier: GPL-2.0
/*
 * What transports whose devices have registers share: the messages about queues, and the
 * way in which configuration is read and written.
 *
 * Called by pci/ and mmio/.  Knows a piece of I/O memory; not which registers a device
 * has, nor where they are.
 */
#include <linux/io.h>
#include <linux/module.h>
#include <linux/virtio_config.h>

#include "transport.h"

/**
 * virtio_queue_enabled_already - a device has a queue in use that nobody told it of
 * @vdev: the device, which or whose queue has been reset
 * @index: the queue
 *
 * Context: any.
 * Return: the error.
 */
int virtio_queue_enabled_already(struct virtio_device *vdev, unsigned int index)
{
	dev_err(vdev->dev.parent, "queue %u is enabled, expected it not to be after a reset\n",
		index);
	return -EINVAL;
}
EXPORT_SYMBOL_GPL(virtio_queue_enabled_already);

/**
 * virtio_check_queue_size - may a queue have the size that it has?
 * @vq: the queue, of a device that was reset beneath its driver
 * @offered: the size that the device offers now
 *
 * Context: any.
 * Return: 0, or -EINVAL for a device that has smaller queues now.
 */
int virtio_check_queue_size(struct virtqueue *vq, unsigned int offered)
{
	unsigned int size = virtqueue_get_vring_size(vq);

	if (offered >= size)
		return 0;
	dev_err(&vq->vdev->dev, "queue %u offers %u entries, expected %u or more\n", vq->index,
		offered, size);
	return -EINVAL;
}
EXPORT_SYMBOL_GPL(virtio_check_queue_size);

/**
 * virtio_queue_missing - a driver asks for a queue that the device has not
 * @vdev: the device
 * @index: the queue
 * @name: what the driver calls it
 *
 * Context: any.
 */
void virtio_queue_missing(struct virtio_device *vdev, unsigned int index, const char *name)
{
	dev_err(vdev->dev.parent ?: &vdev->dev,
		"queue %u (%s) is not there, expected it by the driver\n", index, name);
}
EXPORT_SYMBOL_GPL(virtio_queue_missing);

/*
 * Accesses are aligned and of the width of a field (virtio 1.3, 4.1.3.1 and 4.2.2.2),
 * one of 64 bits being two of 32; and there are none beyond what the device has.
 */

static unsigned int access_width(const struct virtio_config_window *window,
				 unsigned int offset, unsigned int len)
{
	if (window->bytewise || offset % 2 || len % 2)
		return 1;
	return offset % 4 || len % 4 ? 2 : 4;
}

static unsigned int within(const struct virtio_config_window *window, unsigned int offset,
			   unsigned int len)
{
	return offset >= window->len ? 0 : min_t(size_t, len, window->len - offset);
}

/**
 * virtio_window_read - read configuration, as it lies there
 * @window: where it can be reached
 * @offset: of the first byte
 * @buf: where it goes; what the device has not reads as zeros
 * @len: bytes
 *
 * Context: any.
 */
void virtio_window_read(const struct virtio_config_window *window, unsigned int offset,
			void *buf, unsigned int len)
{
	unsigned int n = within(window, offset, len);
	unsigned int width = access_width(window, offset, n), i;
	void __iomem *p = window->at + offset;

	memset(buf + n, 0, len - n);
	for (i = 0; i < n; i += width) {
		u32 v = width == 4 ? ioread32(p + i) :
			width == 2 ? ioread16(p + i) : ioread8(p + i);
		__le32 raw = cpu_to_le32(v);

		memcpy(buf + i, &raw, width);
	}
}
EXPORT_SYMBOL_GPL(virtio_window_read);

/**
 * virtio_window_write - the other way
 * @window: where it can be reached
 * @offset: of the first byte
 * @buf: what is written; as much as the device has
 * @len: bytes
 *
 * Context: any.
 */
void virtio_window_write(const struct virtio_config_window *window, unsigned int offset,
			 const void *buf, unsigned int len)
{
	unsigned int n = within(window, offset, len);
	unsigned int width = access_width(window, offset, n), i;
	void __iomem *p = window->at + offset;

	for (i = 0; i < n; i += width) {
		__le32 raw = 0;

		memcpy(&raw, buf + i, width);
		if (width == 4)
			iowrite32(le32_to_cpu(raw), p + i);
		else if (width == 2)
			iowrite16(le32_to_cpu(raw), p + i);
		else
			iowrite8(le32_to_cpu(raw), p + i);
	}
}
EXPORT_SYMBOL_GPL(virtio_window_write);
