// SPDX-License-Identifier: GPL-2.0
/*
 * The device side of a device without queues; see fake_device.h.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "fake_device.h"

static void fake_read(struct virtio_device *vdev, unsigned int offset, void *buf,
		      unsigned int len)
{
	memcpy(buf, to_fake(vdev)->bytes + offset, len);
}

static void fake_write(struct virtio_device *vdev, unsigned int offset, const void *buf,
		       unsigned int len)
{
	memcpy(to_fake(vdev)->bytes + offset, buf, len);
}

static u32 fake_generation(struct virtio_device *vdev)
{
	struct fake_device *fake = to_fake(vdev);

	return fake->restless ? fake->generation++ : fake->generation;
}

static u8 fake_get_status(struct virtio_device *vdev)
{
	return to_fake(vdev)->status;
}

static void note(struct fake_device *fake, u8 status)
{
	fake->status = status;
	if (fake->writes < ARRAY_SIZE(fake->history))
		fake->history[fake->writes++] = status;
}

static void fake_set_status(struct virtio_device *vdev, u8 status)
{
	struct fake_device *fake = to_fake(vdev);

	if (fake->refuse_features)
		status &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	note(fake, status);
}

static void fake_reset(struct virtio_device *vdev)
{
	note(to_fake(vdev), 0);
	virtio_fields_reset(&to_fake(vdev)->fields);
}

static u64 fake_get_features(struct virtio_device *vdev)
{
	return to_fake(vdev)->offered;
}

static int fake_finalize_features(struct virtio_device *vdev)
{
	to_fake(vdev)->accepted = vdev->features;
	return 0;
}

static void *page_find(struct virtio_device *vdev, u8 type, unsigned int *len)
{
	return virtio_fields_find(&to_fake(vdev)->fields, type, len);
}

static void page_get(struct virtio_device *vdev, void *token, void *buf, unsigned int len)
{
	virtio_fields_get(&to_fake(vdev)->fields, token, buf, len);
}

static void page_set(struct virtio_device *vdev, void *token, const void *buf,
		     unsigned int len)
{
	virtio_fields_set(&to_fake(vdev)->fields, token, buf, len);
}

#define FAKE_OPS						\
	.get_status		= fake_get_status,		\
	.set_status		= fake_set_status,		\
	.reset			= fake_reset,			\
	.get_features		= fake_get_features,		\
	.finalize_features	= fake_finalize_features

static const struct virtio_config_ops raw_ops = {
	VIRTIO_FIELDS_BY_LAYOUT,
	.read		= fake_read,
	.write		= fake_write,
	.generation	= fake_generation,
	FAKE_OPS,
};

static const struct virtio_config_ops page_ops = {
	.find		= page_find,
	.get		= page_get,
	.set		= page_set,
	FAKE_OPS,
};

static void fake_release(struct device *dev)
{
	struct fake_device *fake = to_fake(dev_to_virtio(dev));

	if (fake->released)
		*fake->released = true;
}

struct fake_device *fake_device_alloc(struct kunit *test, u32 id, u64 offered)
{
	struct fake_device *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->vdev.id.device = id;
	fake->vdev.id.vendor = FAKE_VENDOR;
	fake->vdev.config = &raw_ops;
	fake->vdev.dev.release = fake_release;
	fake->offered = offered;
	return fake;
}

static void free_fields(void *data)
{
	struct fake_device *fake = data;

	virtio_reset_device(&fake->vdev);
	virtio_fields_free(&fake->fields);
}

struct fake_device *fake_device_paged(struct kunit *test, u32 id, void *page, size_t size)
{
	struct fake_device *fake = fake_device_alloc(test, id, 0);

	fake->vdev.config = &page_ops;
	KUNIT_ASSERT_EQ(test, 0, virtio_fields_init(&fake->fields, page, size));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_fields, fake));
	return fake;
}

void fake_device_unregister(void *vdev)
{
	unregister_virtio_device(vdev);
}

void fake_device_register(struct kunit *test, struct fake_device *fake)
{
	KUNIT_ASSERT_EQ(test, 0, register_virtio_device(&fake->vdev));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, fake_device_unregister,
							   &fake->vdev));
}

MODULE_DESCRIPTION("Tests of the virtio core");
MODULE_LICENSE("GPL");
