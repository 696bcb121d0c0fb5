// SPDX-License-Identifier: GPL-2.0
/*
 * What a driver may do with configuration, features and status, and with its device's life.
 */
#include "idioms.h"

#define MODERN	BIT_ULL(VIRTIO_F_VERSION_1)

struct structure {
	__virtio16 old;
	__le16 new;
	__virtio32 old_word;
	__le32 new_word;
	__le64 wide;
	__u8 byte;
	__u8 bytes[6];
} __packed;

static void accessors(struct kunit *test)
{
	struct virtio_device *vdev = &device.vdev;
	u8 bytes[6];
	u16 half;
	u32 word;
	u64 wide;
	u8 byte;

	driver_bind(test, MODERN | BIT_ULL(1));
	answer("8", virtio_cread8(vdev, 3));
	answer("16", virtio_cread16(vdev, 4));
	answer("32", virtio_cread32(vdev, 8));
	answer("64", virtio_cread64(vdev, 8));
	answer("beyond", virtio_cread32(vdev, 30));
	virtio_cread_bytes(vdev, offsetof(struct structure, bytes), bytes, 6);
	answer("bytes", bytes[0] | bytes[5] << 8);
	virtio_cread(vdev, struct structure, old, &half);
	answer("old", half);
	virtio_cread_le(vdev, struct structure, new, &half);
	answer("new", half);
	virtio_cread_le(vdev, struct structure, wide, &wide);
	answer("wide", wide);
	virtio_cread_le(vdev, struct structure, byte, &byte);
	answer("byte", byte);
	answer("of a feature", virtio_cread_feature(vdev, 1, struct structure, old_word, &word));
	answer("value", word);
	answer("of none", virtio_cread_feature(vdev, 2, struct structure, old_word, &word));
	answer("new, of a feature",
	       virtio_cread_le_feature(vdev, 1, struct structure, new_word, &word));
	answer("value", word);

	virtio_cwrite8(vdev, 0, 0x81);
	virtio_cwrite16(vdev, 2, 0x8283);
	virtio_cwrite32(vdev, 4, 0x84858687);
	virtio_cwrite64(vdev, 12, 0x8889);
	word = 7;
	virtio_cwrite_le(vdev, struct structure, new_word, &word);
	answer("written", virtio_cread64(vdev, 0));
	answer("written", virtio_cread64(vdev, 8));
	answer("written", virtio_cread64(vdev, 16));
}

/*
 * As a driver outside the tree has it.  With this core the second parameter is a pointer, and
 * a compiler says so unless the offset is a constant of 0.
 */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wint-conversion"

static void by_offset(struct kunit *test)
{
	struct virtio_device *vdev = &device.vdev;
	unsigned int offset = 4;
	unsigned long flags;
	u32 word;

	driver_bind(test, MODERN);
	answer("there is a get", !!vdev->config->get);
	vdev->config->get(vdev, 0, &word, sizeof(word));
	answer("at 0", word);
	vdev->config->get(vdev, offsetof(struct structure, wide), &word, sizeof(word));
	answer("at a member", word);
	local_irq_save(flags);
	vdev->config->get(vdev, offset, &word, sizeof(word));
	local_irq_restore(flags);
	answer("in an interrupt", word);
	word = 42;
	vdev->config->set(vdev, 0, &word, sizeof(word));
	vdev->config->set(vdev, offset, &word, sizeof(word));
	answer("set", virtio_cread64(vdev, 0));
}

#pragma GCC diagnostic pop

static int clear_bit_2(struct virtio_device *vdev)
{
	answer("in validate", vdev->features);
	__virtio_clear_bit(vdev, 2);
	return 0;
}

/* Without queues: the device has no parent to map memory for. */
static int look_in_probe(struct virtio_device *vdev)
{
	answer("features", vdev->features);
	answer("has 1", virtio_has_feature(vdev, 1));
	answer("has 2", virtio_has_feature(vdev, 2));
	answer("status", vdev->config->get_status(vdev));
	return 0;
}

static void features(struct kunit *test)
{
	static const u64 offered[] = {
		MODERN | BIT_ULL(1) | BIT_ULL(2) | BIT_ULL(5),
		MODERN | BIT_ULL(1) | BIT_ULL(VIRTIO_F_ORDER_PLATFORM),
		/* Before virtio 1.0. */
		BIT_ULL(1) | BIT_ULL(2) | BIT_ULL(4),
		BIT_ULL(1) | BIT_ULL(VIRTIO_F_ACCESS_PLATFORM),
		BIT_ULL(1) | BIT_ULL(VIRTIO_F_ORDER_PLATFORM),
	};
	unsigned int i;

	driver.in_probe = look_in_probe;
	driver.validate = clear_bit_2;
	for (i = 0; i < ARRAY_SIZE(offered); i++) {
		driver_bind(test, offered[i]);
		answer("accepted", device.accepted);
		answer("status", device.status);
		device_unplug();
		memset(&device, 0, sizeof(device));
	}
}

static int fail(struct virtio_device *vdev)
{
	return -ENODATA;
}

static void failures(struct kunit *test)
{
	driver.validate = fail;
	driver_bind(test, MODERN);
	answer("no driver", !device.vdev.dev.driver);
	answer("failed", !!(device.status & VIRTIO_CONFIG_S_FAILED));
	device_unplug();
	memset(&device, 0, sizeof(device));

	driver.validate = NULL;
	driver.in_probe = fail;
	driver_bind(test, MODERN);
	answer("no driver", !device.vdev.dev.driver);
	answer("failed", !!(device.status & VIRTIO_CONFIG_S_FAILED));
	answer("live", !!(device.status & VIRTIO_CONFIG_S_DRIVER_OK));
}

static int find_too_many(struct virtio_device *vdev)
{
	struct virtqueue_info infos[] = { { "a" }, { "b" }, { "c" }, { "d" } };
	struct virtqueue *vqs[ARRAY_SIZE(infos)];

	answer("four of three", virtio_find_vqs(vdev, 4, vqs, infos, NULL));
	answer("three", virtio_find_vqs(vdev, 3, vqs, infos, NULL));
	driver.vqs[0] = vqs[0];
	vdev->config->del_vqs(vdev);
	driver.vqs[0] = virtio_find_single_vq(vdev, NULL, "alone");
	answer("one", PTR_ERR_OR_ZERO(driver.vqs[0]));
	return PTR_ERR_OR_ZERO(driver.vqs[0]);
}

static void number_of_queues(struct kunit *test)
{
	driver.in_probe = find_too_many;
	driver_bind(test, MODERN);
	answer("status", device.status);
}

static void changes(struct kunit *test)
{
	struct virtio_device *vdev = &device.vdev;

	driver_bind(test, MODERN);
	virtio_config_changed(vdev);
	answer("one", driver.changes);
	virtio_config_driver_disable(vdev);
	virtio_config_changed(vdev);
	virtio_config_changed(vdev);
	answer("held back", driver.changes);
	virtio_config_driver_enable(vdev);
	answer("one for two", driver.changes);
}

static int changes_in_probe(struct virtio_device *vdev)
{
	virtio_config_changed(vdev);
	answer("held back", driver.changes);
	return driver_find_all(vdev);
}

static void early_changes(struct kunit *test)
{
	driver.in_probe = changes_in_probe;
	driver_bind(test, MODERN);
	answer("afterwards", driver.changes);
}

/* A driver that waits for its device in probe() says first that it is ready. */
static int ask_in_probe(struct virtio_device *vdev)
{
	int err = driver_find_all(vdev);
	unsigned int len;

	if (err)
		return err;
	virtio_device_ready(vdev);
	answer("status", device.status);
	answer("add", driver_post(0, 1, 1, vdev));
	answer("kick", virtqueue_kick(driver.vqs[0]));
	answer("answered", virtqueue_get_buf(driver.vqs[0], &len) == vdev);
	return 0;
}

static void ready_in_probe(struct kunit *test)
{
	driver.in_probe = ask_in_probe;
	device_begin(MODERN);
	device.serves = true;
	driver_bind(test, MODERN);
	answer("status", device.status);
	answer("kicks", device.kicks[0]);
}

/* Kicked in probe(): it is served when the device is live, at the latest. */
static int kick_in_probe(struct virtio_device *vdev)
{
	int err = driver_find_all(vdev);

	if (err)
		return err;
	answer("add", driver_post(0, 1, 1, vdev));
	answer("kick", virtqueue_kick(driver.vqs[0]));
	return 0;
}

static void kicked_in_probe(struct kunit *test)
{
	unsigned int len;

	driver.in_probe = kick_in_probe;
	driver_bind(test, MODERN);
	device_serve(0, 1);
	answer("kicks", device.kicks[0]);
	answer("answered", virtqueue_get_buf(driver.vqs[0], &len) == &device.vdev);
}

/* Reset, and set up again, while it is bound. */
static void set_up_again(struct kunit *test)
{
	struct virtio_device *vdev = &device.vdev;
	unsigned int len;

	driver_bind(test, MODERN);
	device.serves = true;
	virtio_reset_device(vdev);
	answer("status", device.status);
	vdev->config->del_vqs(vdev);
	virtio_add_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	virtio_add_status(vdev, VIRTIO_CONFIG_S_DRIVER);
	answer("features", vdev->config->finalize_features(vdev));
	virtio_add_status(vdev, VIRTIO_CONFIG_S_FEATURES_OK);
	answer("queues", driver_find_all(vdev));
	virtio_device_ready(vdev);
	answer("status", device.status);
	answer("add", driver_post(0, 1, 1, vdev));
	answer("kick", virtqueue_kick(driver.vqs[0]));
	answer("answered", virtqueue_get_buf(driver.vqs[0], &len) == vdev);
}

/* The same by the operation of the transport, the only way before Linux 5.17. */
static void set_up_again_by_hand(struct kunit *test)
{
	struct virtio_device *vdev = &device.vdev;
	unsigned int len;

	driver_bind(test, MODERN);
	device.serves = true;
	vdev->config->reset(vdev);
	answer("status", device.status);
	vdev->config->del_vqs(vdev);
	virtio_add_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	virtio_add_status(vdev, VIRTIO_CONFIG_S_DRIVER);
	answer("features", vdev->config->finalize_features(vdev));
	virtio_add_status(vdev, VIRTIO_CONFIG_S_FEATURES_OK);
	answer("queues", driver_find_all(vdev));
	virtio_device_ready(vdev);
	answer("status", device.status);
	answer("add", driver_post(0, 1, 1, vdev));
	answer("kick", virtqueue_kick(driver.vqs[0]));
	answer("answered", virtqueue_get_buf(driver.vqs[0], &len) == vdev);
}

static void what_the_transport_knows(struct kunit *test)
{
	struct virtio_shm_region region;

	driver_bind(test, MODERN);
	answer("shared memory", virtio_get_shm_region(&device.vdev, &region, 0));
	answer("name", !strcmp(virtio_bus_name(&device.vdev), "virtio"));
	answer("little-endian", virtio_is_little_endian(&device.vdev));
	answer("no DMA API", virtio_has_dma_quirk(&device.vdev));
	answer("largest piece", virtio_max_dma_size(&device.vdev) == SIZE_MAX);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(accessors),
	KUNIT_CASE(by_offset),
	KUNIT_CASE(features),
	KUNIT_CASE(failures),
	KUNIT_CASE(number_of_queues),
	KUNIT_CASE(changes),
	KUNIT_CASE(early_changes),
	KUNIT_CASE(ready_in_probe),
	KUNIT_CASE(kicked_in_probe),
	KUNIT_CASE(set_up_again),
	KUNIT_CASE(set_up_again_by_hand),
	KUNIT_CASE(what_the_transport_knows),
	{}
};

static struct kunit_suite suite = {
	.name = "idioms-config",
	.init = driver_begin,
	.exit = driver_end,
	.test_cases = cases,
};

kunit_test_suite(suite);
