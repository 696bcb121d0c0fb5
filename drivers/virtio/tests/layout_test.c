// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of fields over the structures of virtio 1.x: a disk, by both ways in.
 */
#include <uapi/linux/virtio_blk.h>
#include <uapi/linux/virtio_ids.h>

#include "fake_device.h"

#define CAPACITY	VIRTIO_CONFIG_F_DEVICE
#define SIZE_MAX_FIELD	(VIRTIO_CONFIG_F_DEVICE + 1)
#define SEG_MAX		(VIRTIO_CONFIG_F_DEVICE + 2)

static struct fake_device *disk(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, VIRTIO_ID_BLOCK,
						     BIT_ULL(VIRTIO_F_VERSION_1) |
						     BIT_ULL(VIRTIO_BLK_F_SEG_MAX) |
						     BIT_ULL(VIRTIO_BLK_F_RO));
	struct virtio_blk_config *config = (void *)fake->bytes;

	fake->vdev.features = BIT_ULL(VIRTIO_F_VERSION_1);
	config->capacity = cpu_to_virtio64(&fake->vdev, 0x1122334455667788);
	config->seg_max = cpu_to_virtio32(&fake->vdev, 126);
	return fake;
}

/* The field and the member of the structure are the same thing. */
static void test_both_ways(struct kunit *test)
{
	struct fake_device *fake = disk(test);
	u64 by_type, by_offset;
	u32 seg_max;

	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(&fake->vdev, CAPACITY, &by_type));
	virtio_cread(&fake->vdev, struct virtio_blk_config, capacity, &by_offset);
	KUNIT_EXPECT_EQ(test, 0x1122334455667788, by_type);
	KUNIT_EXPECT_EQ(test, by_type, by_offset);
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(&fake->vdev, SEG_MAX, &seg_max));
	KUNIT_EXPECT_EQ(test, 126, seg_max);
	KUNIT_EXPECT_EQ(test, -ENOENT, virtio_config_val(&fake->vdev, CAPACITY, &by_type));
}

/* A field whose feature is not offered is not there; nor one that was not taken. */
static void test_features(struct kunit *test)
{
	struct fake_device *fake = disk(test);
	u32 val;

	KUNIT_EXPECT_EQ(test, -ENOENT, virtio_config_val(&fake->vdev, SIZE_MAX_FIELD, &val));
	fake->vdev.features_latched = true;
	KUNIT_EXPECT_EQ(test, -ENOENT, virtio_config_val(&fake->vdev, SEG_MAX, &val));
}

/* Own features and those of the transport are fields apart; late ones are refused. */
static void test_bits(struct kunit *test)
{
	struct fake_device *fake = disk(test);
	struct virtio_device *vdev = &fake->vdev;
	unsigned int len;
	void *own = vdev->config->find(vdev, VIRTIO_CONFIG_F_FEATURES, &len);
	void *transport = vdev->config->find(vdev, VIRTIO_CONFIG_F_VIRTIO, &len);

	KUNIT_ASSERT_NOT_NULL(test, own);
	KUNIT_ASSERT_NOT_NULL(test, transport);
	KUNIT_EXPECT_EQ(test, 1, virtio_use_bit(vdev, own, len, VIRTIO_BLK_F_RO));
	KUNIT_EXPECT_EQ(test, 0, virtio_use_bit(vdev, own, len, VIRTIO_F_VERSION_1));
	KUNIT_EXPECT_EQ(test, 0, virtio_use_bit(vdev, transport, len, VIRTIO_BLK_F_RO));
	KUNIT_EXPECT_EQ(test, BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_BLK_F_RO),
			vdev->features);
	vdev->features_latched = true;
	virtio_use_bit(vdev, own, len, VIRTIO_BLK_F_SEG_MAX);
	KUNIT_EXPECT_FALSE(test, vdev->features & BIT_ULL(VIRTIO_BLK_F_SEG_MAX));
}

/* A configuration that never settles is read all the same, with an end. */
static void test_restless(struct kunit *test)
{
	struct fake_device *fake = disk(test);
	u64 capacity;

	fake->restless = true;
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(&fake->vdev, CAPACITY, &capacity));
	KUNIT_EXPECT_EQ(test, 0x1122334455667788, capacity);
	KUNIT_EXPECT_GT(test, fake->generation, 100);
}

/* A length that is not the field's reads as nothing and writes nothing. */
static void test_wrong_length(struct kunit *test)
{
	struct fake_device *fake = disk(test);
	struct virtio_device *vdev = &fake->vdev;
	unsigned int len;
	void *token = vdev->config->find(vdev, SEG_MAX, &len);
	u8 buf[16];

	memset(buf, 0xaa, sizeof(buf));
	vdev->config->set(vdev, token, buf, 2);
	vdev->config->get(vdev, token, buf, 16);
	KUNIT_EXPECT_NULL(test, memchr_inv(buf, 0, 16));
	vdev->config->get(vdev, token, buf, len);
	KUNIT_EXPECT_EQ(test, 126, buf[0]);
}

static struct kunit_case layout_cases[] = {
	KUNIT_CASE(test_both_ways),
	KUNIT_CASE(test_features),
	KUNIT_CASE(test_bits),
	KUNIT_CASE(test_restless),
	KUNIT_CASE(test_wrong_length),
	{}
};

static struct kunit_suite layout_suite = {
	.name = "virtio-layout",
	.test_cases = layout_cases,
};

kunit_test_suite(layout_suite);
