// SPDX-License-Identifier: GPL-2.0
/*
 * The transport of a device of virtio 1.x, which has a structure of bytes, and
 * fields over it by drivers/virtio/layout.c; fields.h says more.
 */
#include "fields.h"

/* What the device does not have reads as zeros. */
static void structure_read(struct virtio_device *vdev, unsigned int offset, void *buf,
			   unsigned int len)
{
	struct fields *f = to_fields(vdev);
	unsigned int i;

	for (i = 0; i < len; i++)
		((u8 *)buf)[i] = offset + i < f->size ? f->page[offset + i] : 0;
}

static void structure_write(struct virtio_device *vdev, unsigned int offset, const void *buf,
			    unsigned int len)
{
	struct fields *f = to_fields(vdev);
	unsigned int i;

	for (i = 0; i < len; i++)
		if (offset + i < f->size)
			f->page[offset + i] = ((const u8 *)buf)[i];
}

static u32 structure_generation(struct virtio_device *vdev)
{
	struct fields *f = to_fields(vdev);

	if (f->restless) {
		f->restless--;
		f->generation++;
	}
	return f->generation;
}

static u64 structure_features(struct virtio_device *vdev)
{
	return to_fields(vdev)->features;
}

const struct virtio_config_ops structure_ops = {
	VIRTIO_FIELDS_BY_LAYOUT,
	.read = structure_read,
	.write = structure_write,
	.generation = structure_generation,
	.get_features = structure_features,
};
