// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of fields over the structures of virtio 1.x: a disk, by both ways in.
 */
#include <uapi/linux/virtio_9p.h>
#include <uapi/linux/virtio_blk.h>
#include <uapi/linux/virtio_ids.h>

#include "fake_driver.h"
#include "kernel_log.h"

#define CAPACITY	VIRTIO_CONFIG_F_DEVICE
#define SIZE_MAX_FIELD	(VIRTIO_CONFIG_F_DEVICE + 1)
#define SEG_MAX		(VIRTIO_CONFIG_F_DEVICE + 2)
#define WCE		(VIRTIO_CONFIG_F_DEVICE + 11)

static struct virtio_host *disk(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, VIRTIO_ID_BLOCK,
						     BIT_ULL(VIRTIO_F_VERSION_1) |
						     BIT_ULL(VIRTIO_BLK_F_SEG_MAX) |
						     BIT_ULL(VIRTIO_BLK_F_RO));
	struct virtio_blk_config *config = (void *)host->config;

	host->vdev.features = BIT_ULL(VIRTIO_F_VERSION_1);
	config->capacity = cpu_to_virtio64(&host->vdev, 0x1122334455667788);
	config->seg_max = cpu_to_virtio32(&host->vdev, 126);
	return host;
}

/* The field and the member of the structure are the same thing. */
static void test_both_ways(struct kunit *test)
{
	struct virtio_host *host = disk(test);
	u64 by_type, by_offset;
	u32 seg_max;

	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(&host->vdev, CAPACITY, &by_type));
	virtio_cread(&host->vdev, struct virtio_blk_config, capacity, &by_offset);
	KUNIT_EXPECT_EQ(test, 0x1122334455667788, by_type);
	KUNIT_EXPECT_EQ(test, by_type, by_offset);
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(&host->vdev, SEG_MAX, &seg_max));
	KUNIT_EXPECT_EQ(test, 126, seg_max);
	KUNIT_EXPECT_EQ(test, -ENOENT, virtio_config_val(&host->vdev, CAPACITY, &by_type));
}

/* A field whose feature is not offered is not there; nor one that was not taken. */
static void test_features(struct kunit *test)
{
	struct virtio_host *host = disk(test);
	u32 val;

	KUNIT_EXPECT_EQ(test, -ENOENT, virtio_config_val(&host->vdev, SIZE_MAX_FIELD, &val));
	host->vdev.features_latched = true;
	KUNIT_EXPECT_EQ(test, -ENOENT, virtio_config_val(&host->vdev, SEG_MAX, &val));
}

/* Own features and those of the transport are fields apart; late ones are refused. */
static void test_bits(struct kunit *test)
{
	struct virtio_host *host = disk(test);
	struct virtio_device *vdev = &host->vdev;
	u8 all[16];
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
	KUNIT_EXPECT_EQ(test, 0, virtio_use_bit(vdev, own, len, VIRTIO_BLK_F_SEG_MAX));
	KUNIT_EXPECT_EQ(test, 1, virtio_use_bit(vdev, own, len, VIRTIO_BLK_F_RO));
	KUNIT_ASSERT_EQ(test, sizeof(all), len);
	memset(all, 0xff, sizeof(all));
	vdev->config->set(vdev, own, all, len);
	KUNIT_EXPECT_FALSE(test, vdev->features & BIT_ULL(VIRTIO_BLK_F_SEG_MAX));
}

/* A configuration that never settles is read all the same, with an end. */
static void test_restless(struct kunit *test)
{
	struct virtio_host *host = disk(test);
	u64 capacity;

	host->restless = true;
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(&host->vdev, CAPACITY, &capacity));
	KUNIT_EXPECT_EQ(test, 0x1122334455667788, capacity);
	KUNIT_EXPECT_GT(test, host->generation, 100);
}

/* A length that is not the field's reads as nothing and writes nothing. */
static void test_wrong_length(struct kunit *test)
{
	struct virtio_host *host = disk(test);
	struct virtio_device *vdev = &host->vdev;
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

/* A disk that has nothing but a page of fields, and a driver that goes by offset. */
static void test_by_offset(struct kunit *test)
{
	static const u8 fields[] = {
		CAPACITY, 8, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
		SEG_MAX, 4, 126, 0, 0, 0,
		SIZE_MAX_FIELD, 2, 1, 1,
		WCE, 1, 1,
		0,
	};
	u8 *page = kunit_kzalloc(test, sizeof(fields), GFP_KERNEL);
	struct virtio_host *host;
	struct virtio_device *vdev;
	unsigned int i;
	u32 val = 7;
	u64 capacity;
	u8 wce;

	KUNIT_ASSERT_NOT_NULL(test, page);
	memcpy(page, fields, sizeof(fields));
	host = virtio_host_create_paged(test, VIRTIO_ID_BLOCK, page, sizeof(fields));
	vdev = &host->vdev;
	vdev->features = BIT_ULL(VIRTIO_F_VERSION_1);
	for (i = 0; i < 2; i++) {
		virtio_cread(vdev, struct virtio_blk_config, capacity, &capacity);
		KUNIT_EXPECT_EQ(test, 0x1122334455667788, capacity);
	}
	/* The end of a field, and of the next, which is refused, zeros. */
	KUNIT_EXPECT_EQ(test, 0x1122, virtio_cread32(vdev, 6));
	virtio_cread(vdev, struct virtio_blk_config, seg_max, &val);
	KUNIT_EXPECT_EQ(test, 126, val);
	/* Of a wrong length, or not there at all: zeros. */
	virtio_cread(vdev, struct virtio_blk_config, size_max, &val);
	KUNIT_EXPECT_EQ(test, 0, val);
	virtio_cread(vdev, struct virtio_blk_config, blk_size, &val);
	KUNIT_EXPECT_EQ(test, 0, val);

	wce = 0;
	virtio_cwrite(vdev, struct virtio_blk_config, wce, &wce);
	KUNIT_EXPECT_EQ(test, 0, page[sizeof(fields) - 2]);
	virtio_cwrite8(vdev, 1, 0xaa);
	KUNIT_EXPECT_EQ(test, 0xaa, page[3]);
	KUNIT_EXPECT_EQ(test, 0x88, page[2]);

	/* After a reset a driver that goes by type finds them all the same. */
	virtio_reset_device(vdev);
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(vdev, SEG_MAX, &val));
	KUNIT_EXPECT_EQ(test, 126, val);
}

/* The tag of a file share is as long as the device says, up to what a field holds. */
static void test_counted(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, VIRTIO_ID_9P,
						     BIT_ULL(VIRTIO_F_VERSION_1) |
						     BIT_ULL(VIRTIO_9P_MOUNT_TAG));
	struct virtio_device *vdev = &host->vdev;
	unsigned int len;
	char tag[8] = { };
	void *token;

	vdev->features = BIT_ULL(VIRTIO_F_VERSION_1);
	memcpy(host->config, "\5\0share", 7);
	token = vdev->config->find(vdev, VIRTIO_CONFIG_F_DEVICE + 1, &len);
	KUNIT_ASSERT_NOT_NULL(test, token);
	KUNIT_ASSERT_EQ(test, 5, len);
	vdev->config->get(vdev, token, tag, len);
	KUNIT_EXPECT_STREQ(test, "share", tag);

	virtio_reset_device(vdev);
	host->config[1] = 0xff;
	KUNIT_ASSERT_NOT_NULL(test, vdev->config->find(vdev, VIRTIO_CONFIG_F_DEVICE + 1, &len));
	KUNIT_EXPECT_EQ(test, U8_MAX, len);
}

/* A driver that negotiates in probe() goes by what is offered, all the way. */
static void test_presence(struct kunit *test)
{
	static const struct virtio_layout_field fields[] = {
		{ .name = "plain", .size = 1, .feature = VIRTIO_FIELD_ALWAYS },
		{ .name = "offered", .offset = 1, .size = 1, .feature = 5 },
		{ .name = "missing", .offset = 2, .size = 1, .feature = 6 },
	};
	static const struct virtio_layout layout = VIRTIO_LAYOUT(fields);
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN | BIT_ULL(5));
	struct virtio_device *vdev = &host->vdev;
	u8 val;

	memcpy(host->config, "\1\2\3", 3);
	fake_driver.layout = &layout;
	fake_bind(test, host);
	KUNIT_EXPECT_TRUE(test, vdev->features_latched);
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(vdev, CAPACITY, &val));
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(vdev, CAPACITY + 1, &val));
	KUNIT_EXPECT_EQ(test, 2, val);
	KUNIT_EXPECT_EQ(test, -ENOENT, virtio_config_val(vdev, CAPACITY + 2, &val));
	KUNIT_EXPECT_EQ(test, -ENOENT, virtio_config_val(vdev, CAPACITY + 3, &val));
}

/* One line for a type that nobody has a layout for, by type and by offset. */
static void test_no_layout(struct kunit *test)
{
	static const u8 fields[] = { CAPACITY, 1, 7, 0 };
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);
	u8 *page = kunit_kzalloc(test, sizeof(fields), GFP_KERNEL);
	struct virtio_host *paged;
	u8 val;

	KUNIT_ASSERT_NOT_NULL(test, page);
	virtio_host_plug(host);
	kernel_log_mark();
	KUNIT_EXPECT_EQ(test, -ENOENT, virtio_config_val(&host->vdev, CAPACITY, &val));
	KUNIT_EXPECT_EQ(test, -ENOENT, virtio_config_val(&host->vdev, CAPACITY, &val));
	kernel_log_expect_one(test, "no layout for device type 64078");

	memcpy(page, fields, sizeof(fields));
	paged = virtio_host_create_paged(test, FAKE_ID, page, sizeof(fields));
	virtio_host_plug(paged);
	kernel_log_mark();
	KUNIT_EXPECT_EQ(test, 0, virtio_cread8(&paged->vdev, 0));
	KUNIT_EXPECT_EQ(test, 0, virtio_cread8(&paged->vdev, 0));
	kernel_log_expect_one(test, "no layout for device type 64078");
	/* A page says itself of what type a field is. */
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(&paged->vdev, CAPACITY, &val));
	KUNIT_EXPECT_EQ(test, 7, val);
}

static const struct bad_layout {
	const char *name;
	struct virtio_layout_field fields[2];
} bad_layouts[] = {
	{ "no name", { { .size = 1 } } },
	{ "no size", { { .name = "a" } } },
	{ "a number of 3 bytes", { { .name = "a", .size = 3 } } },
	{ "a number of 16 bytes", { { .name = "a", .size = 16 } } },
	{ "feature 128", { { .name = "a", .size = 1, .feature = 128 } } },
	{ "counted by nothing", { { .name = "a", .size = 9, .kind = VIRTIO_FIELD_TEXT,
				    .counted = true }, { .name = "b", .size = 1 } } },
	{ "counted by a byte", { { .name = "a", .size = 1 },
				 { .name = "b", .size = 9, .kind = VIRTIO_FIELD_BYTES,
				   .counted = true } } },
	{ "a counted number", { { .name = "a", .size = 2 },
				{ .name = "b", .size = 8, .counted = true } } },
};

static void describe(const struct bad_layout *bad, char *desc)
{
	strscpy(desc, bad->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bad_layout, bad_layouts, describe);

static void test_bad_layout(struct kunit *test)
{
	const struct bad_layout *bad = test->param_value;
	struct virtio_layout layout = { bad->fields, 1 + !!bad->fields[1].name };

	fake_driver.layout = &layout;
	kernel_log_mark();
	KUNIT_EXPECT_EQ(test, -EINVAL, register_virtio_driver(&fake_driver));
	kernel_log_expect_one(test, "brings a layout");
}

/* Any integer that is as wide as the field, as in 2007. */
static void test_types(struct kunit *test)
{
	struct virtio_host *host = disk(test);
	struct virtio_device *vdev = &host->vdev;
	unsigned long long wide;
	unsigned int word;
	long long negative;
	int number;

	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(vdev, CAPACITY, &wide));
	KUNIT_EXPECT_EQ(test, 0x1122334455667788, wide);
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(vdev, SEG_MAX, &number));
	KUNIT_EXPECT_EQ(test, 126, number);
	virtio_reset_device(vdev);
	memset(host->config, 0xff, 16);
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(vdev, CAPACITY, &negative));
	KUNIT_EXPECT_EQ(test, -1, negative);
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(vdev, SEG_MAX, &word));
	KUNIT_EXPECT_EQ(test, U32_MAX, word);
	virtio_reset_device(vdev);
	if (sizeof(long) == 8) {
		unsigned long size = 0;

		KUNIT_EXPECT_EQ(test, 0, virtio_config_val(vdev, CAPACITY, &size));
		KUNIT_EXPECT_EQ(test, ULONG_MAX, size);
	}
	/* Another width than the field has. */
	virtio_reset_device(vdev);
	KUNIT_EXPECT_EQ(test, -EIO, virtio_config_val(vdev, CAPACITY, &number));
}

/* A device with nothing but a page does not serve it, which must not stop the kernel. */
static void test_offset_on_fields(struct kunit *test)
{
	static const u8 fields[] = { CAPACITY, 1, 7, 0 };
	u8 *page = kunit_kzalloc(test, sizeof(fields), GFP_KERNEL);
	struct virtio_host *host;
	u32 val = 1;

	KUNIT_ASSERT_NOT_NULL(test, page);
	memcpy(page, fields, sizeof(fields));
	host = virtio_host_create_paged(test, FAKE_ID, page, sizeof(fields));
	kernel_log_mark();
	virtio_fields_get(&host->fields, NULL, &val, sizeof(val));
	virtio_fields_set(&host->fields, (void *)4UL, &val, sizeof(val));
	KUNIT_EXPECT_EQ(test, 0, val);
	KUNIT_EXPECT_MEMEQ(test, page, fields, sizeof(fields));
	KUNIT_EXPECT_EQ(test, 2, kernel_log_complaints());
}

static struct kunit_case layout_cases[] = {
	KUNIT_CASE(test_both_ways),
	KUNIT_CASE(test_features),
	KUNIT_CASE(test_bits),
	KUNIT_CASE(test_restless),
	KUNIT_CASE(test_wrong_length),
	KUNIT_CASE(test_by_offset),
	KUNIT_CASE(test_counted),
	KUNIT_CASE(test_presence),
	KUNIT_CASE(test_no_layout),
	KUNIT_CASE_PARAM(test_bad_layout, bad_layout_gen_params),
	KUNIT_CASE(test_types),
	KUNIT_CASE(test_offset_on_fields),
	{}
};

static struct kunit_suite layout_suite = {
	.name = "virtio-layout",
	.init = fake_driver_init,
	.test_cases = layout_cases,
};

kunit_test_suite(layout_suite);
