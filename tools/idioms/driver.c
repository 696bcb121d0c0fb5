// SPDX-License-Identifier: GPL-2.0
/*
 * The driver of all tests, by the functions of Linux 6.12; see idioms.h.
 */
#include <linux/scatterlist.h>
#include <linux/string.h>

#include "idioms.h"

#define SEGMENTS	6
#define SEGMENT_BYTES	16

struct idiom_driver driver;

static u8 memory[QUEUE_SIZE][SEGMENTS][SEGMENT_BYTES];
static unsigned int posted;

static void callback(struct virtqueue *vq)
{
	driver.callbacks++;
}

static void config_changed(struct virtio_device *vdev)
{
	driver.changes++;
}

/* The second queue has no name, and the last one no callback. */
int driver_find_all(struct virtio_device *vdev)
{
	struct virtqueue_info infos[] = {
		{ "first", callback }, { NULL, callback }, { "last", NULL },
	};

	return virtio_find_vqs(vdev, ARRAY_SIZE(infos), driver.vqs, infos, NULL);
}

/* A buffer of so many segments that the device reads, and then writes. */
int driver_post(unsigned int queue, unsigned int out, unsigned int in, void *token)
{
	struct scatterlist sg[2][SEGMENTS], *sgs[2];
	unsigned int i, n = 0, place = posted++ % QUEUE_SIZE;

	sg_init_table(sg[0], max(out, 1U));
	sg_init_table(sg[1], max(in, 1U));
	for (i = 0; i < out; i++)
		sg_set_buf(&sg[0][i], memory[place][i], SEGMENT_BYTES);
	for (i = 0; i < in; i++)
		sg_set_buf(&sg[1][i], memory[place][out + i], SEGMENT_BYTES);
	if (out)
		sgs[n++] = sg[0];
	if (in)
		sgs[n++] = sg[1];
	return virtqueue_add_sgs(driver.vqs[queue], sgs, !!out, !!in, token, GFP_KERNEL);
}

static int probe(struct virtio_device *vdev)
{
	return driver.in_probe ? driver.in_probe(vdev) : driver_find_all(vdev);
}

static int validate(struct virtio_device *vdev)
{
	return driver.validate ? driver.validate(vdev) : 0;
}

static void remove(struct virtio_device *vdev)
{
	virtio_reset_device(vdev);
	vdev->config->del_vqs(vdev);
}

static const unsigned int features[] = { 1, 2, 3, 40 };
static const unsigned int legacy_features[] = { 1, 4 };

static const struct virtio_device_id ids[] = {
	{ IDIOM_ID, VIRTIO_DEV_ANY_ID }, { 0 },
};

static struct virtio_driver idiom_driver = {
	.driver.name = "virtio-idioms",
	.id_table = ids,
	.feature_table = features,
	.feature_table_size = ARRAY_SIZE(features),
	.feature_table_legacy = legacy_features,
	.feature_table_size_legacy = ARRAY_SIZE(legacy_features),
	.probe = probe,
	.validate = validate,
	.remove = remove,
	.config_changed = config_changed,
};

int driver_begin(struct kunit *test)
{
	memset(&driver, 0, sizeof(driver));
	memset(&device, 0, sizeof(device));
	posted = 0;
	return register_virtio_driver(&idiom_driver);
}

void driver_end(struct kunit *test)
{
	if (device.vdev.dev.bus)
		device_unplug();
	unregister_virtio_driver(&idiom_driver);
}

void driver_bind(struct kunit *test, u64 offered)
{
	if (!device.vdev.id.device)
		device_begin(offered);
	device.offered = offered;
	KUNIT_ASSERT_EQ(test, 0, device_plug());
}
