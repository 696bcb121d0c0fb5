/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device for tests, on the real bus, with everything but queues.
 *
 * Its configuration is a structure of raw bytes, or a page of fields; its
 * status byte and features are plain members that a test may set at any time.
 */
#ifndef _VIRTIO_FAKE_DEVICE_H
#define _VIRTIO_FAKE_DEVICE_H

#include <kunit/test.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_fields.h>

/* Ids that no driver of the tree serves. */
#define FAKE_ID		0xfa4e
#define FAKE_VENDOR	0x1af4

/**
 * struct fake_device - a device that a test plays
 * @vdev: what the bus sees
 * @status: the status byte
 * @history: each status that was written, in order; 0 for a reset
 * @writes: how many there were
 * @offered: features it offers
 * @accepted: features that the driver wrote
 * @refuse_features: FEATURES_OK does not stick
 * @bytes: the configuration structure
 * @generation: of the configuration
 * @restless: the generation changes with every look
 * @fields: the page of fields, for a device made with fake_device_paged()
 * @released: set when the driver model lets go of the device
 */
struct fake_device {
	struct virtio_device vdev;
	u8 status;
	u8 history[32];
	unsigned int writes;
	u64 offered, accepted;
	bool refuse_features;
	u8 bytes[256];
	u32 generation;
	bool restless;
	struct virtio_fields fields;
	bool *released;
};

#define to_fake(_vdev)	container_of(_vdev, struct fake_device, vdev)

struct fake_device *fake_device_alloc(struct kunit *test, u32 id, u64 offered);
struct fake_device *fake_device_paged(struct kunit *test, u32 id, void *page, size_t size);
void fake_device_register(struct kunit *test, struct fake_device *fake);
void fake_device_unregister(void *vdev);

#endif /* _VIRTIO_FAKE_DEVICE_H */
