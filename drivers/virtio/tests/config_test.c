// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of configuration fields on a page: what a driver gets of an honest one,
 * and what a hostile one gets.
 */
#include "fake_driver.h"

/* A number each of 1, 2, 4 and 8 bytes, the same type twice, bits. */
static const u8 honest[] = {
	VIRTIO_CONFIG_F_FEATURES, 4, 0x21, 0x80, 0, 0,
	VIRTIO_CONFIG_F_DEVICE, 1, 0x11,
	VIRTIO_CONFIG_F_DEVICE + 1, 2, 0x22, 0x11,
	VIRTIO_CONFIG_F_DEVICE + 2, 4, 0x44, 0x33, 0x22, 0x11,
	VIRTIO_CONFIG_F_DEVICE + 3, 8, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
	VIRTIO_CONFIG_F_VIRTQUEUE, 1, 7,
	VIRTIO_CONFIG_F_VIRTQUEUE, 1, 9,
	0,
};

/* Allocated to the byte, so that KASAN sees one read too many. */
static struct virtio_host *device_of(struct kunit *test, const u8 *fields, size_t size)
{
	u8 *page = kunit_kmalloc(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	memcpy(page, fields, size);
	return virtio_host_create_paged(test, FAKE_ID, page, size);
}

static struct virtio_host *honest_device(struct kunit *test)
{
	return device_of(test, honest, sizeof(honest));
}

/* Defect 10: there is a parser, and defect 13: no types are punned. */
static void test_values(struct kunit *test)
{
	struct virtio_device *vdev = &honest_device(test)->vdev;
	u64 q;
	u32 l;
	u16 w;
	u8 b;

	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(vdev, VIRTIO_CONFIG_F_DEVICE, &b));
	KUNIT_EXPECT_EQ(test, 0x11, b);
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(vdev, VIRTIO_CONFIG_F_DEVICE + 1, &w));
	KUNIT_EXPECT_EQ(test, 0x1122, w);
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(vdev, VIRTIO_CONFIG_F_DEVICE + 2, &l));
	KUNIT_EXPECT_EQ(test, 0x11223344, l);
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(vdev, VIRTIO_CONFIG_F_DEVICE + 3, &q));
	KUNIT_EXPECT_EQ(test, 0x1122334455667788, q);
	KUNIT_EXPECT_EQ(test, -ENOENT, virtio_config_val(vdev, VIRTIO_CONFIG_F_DEVICE + 4, &b));
}

/* Defect 13: a width that is not the driver's is refused, and nothing written. */
static void test_width(struct kunit *test)
{
	struct virtio_device *vdev = &honest_device(test)->vdev;
	u32 l = 42;

	KUNIT_EXPECT_EQ(test, -EIO, virtio_config_val(vdev, VIRTIO_CONFIG_F_DEVICE + 3, &l));
	KUNIT_EXPECT_EQ(test, 42, l);
}

/* Defect 12: found once, marked on the page, and again after a reset. */
static void test_used(struct kunit *test)
{
	struct virtio_host *host = honest_device(test);
	struct virtio_device *vdev = &host->vdev;
	u8 first = 0, second = 0, none;

	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(vdev, VIRTIO_CONFIG_F_VIRTQUEUE, &first));
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(vdev, VIRTIO_CONFIG_F_VIRTQUEUE, &second));
	KUNIT_EXPECT_EQ(test, 7, first);
	KUNIT_EXPECT_EQ(test, 9, second);
	KUNIT_EXPECT_EQ(test, -ENOENT, virtio_config_val(vdev, VIRTIO_CONFIG_F_VIRTQUEUE, &none));
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_F_VIRTQUEUE | VIRTIO_CONFIG_F_USED,
			host->fields.page[sizeof(honest) - 7]);
	virtio_reset_device(vdev);
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(vdev, VIRTIO_CONFIG_F_VIRTQUEUE, &first));
	KUNIT_EXPECT_EQ(test, 7, first);
}

/* Defects 2, 3 and 4: bits are counted in bits, little-endian, and any number will do. */
static void test_bits(struct kunit *test)
{
	struct virtio_host *host = honest_device(test);
	struct virtio_device *vdev = &host->vdev;
	unsigned int len;
	void *token = vdev->config->find(vdev, VIRTIO_CONFIG_F_FEATURES, &len);

	KUNIT_ASSERT_NOT_NULL(test, token);
	KUNIT_EXPECT_EQ(test, 1, virtio_use_bit(vdev, token, len, 0));
	KUNIT_EXPECT_EQ(test, 0, virtio_use_bit(vdev, token, len, 1));
	KUNIT_EXPECT_EQ(test, 1, virtio_use_bit(vdev, token, len, 5));
	KUNIT_EXPECT_EQ(test, 1, virtio_use_bit(vdev, token, len, 15));
	KUNIT_EXPECT_EQ(test, 0, virtio_use_bit(vdev, token, len, 16));
	KUNIT_EXPECT_EQ(test, 0, virtio_use_bit(vdev, token, len, UINT_MAX));
	KUNIT_EXPECT_EQ(test, 0, virtio_use_bit(vdev, NULL, len, 0));
	KUNIT_EXPECT_EQ(test, 0x21, host->fields.page[4]);
	KUNIT_EXPECT_EQ(test, 0x80, host->fields.page[5]);
}

/* Defects 3 and 4: the longest field that there can be, and those of half a byte. */
static void test_long_bits(struct kunit *test)
{
	u8 page[263];
	struct virtio_host *host;
	unsigned int len, i;
	void *token;

	memset(page, 0xff, sizeof(page));
	page[0] = VIRTIO_CONFIG_F_FEATURES;
	page[1] = 255;
	page[257] = VIRTIO_CONFIG_F_FEATURES;
	page[258] = 1;
	page[260] = VIRTIO_CONFIG_F_FEATURES;
	page[261] = 0;
	page[262] = 0;
	host = device_of(test, page, sizeof(page));
	token = host->vdev.config->find(&host->vdev, VIRTIO_CONFIG_F_FEATURES, &len);
	KUNIT_EXPECT_EQ(test, 1, virtio_use_bit(&host->vdev, token, len, 127 * 8 - 1));
	KUNIT_EXPECT_EQ(test, 0, virtio_use_bit(&host->vdev, token, len, 127 * 8));
	/* a transport of its own may say anything */
	KUNIT_EXPECT_EQ(test, 0, virtio_use_bit(&host->vdev, token, 4096, 0));
	KUNIT_EXPECT_EQ(test, 0, virtio_use_bit(&host->vdev, token, UINT_MAX, 0));
	for (i = 0; i < 2; i++) {
		token = host->vdev.config->find(&host->vdev, VIRTIO_CONFIG_F_FEATURES, &len);
		KUNIT_ASSERT_NOT_NULL(test, token);
		KUNIT_EXPECT_EQ(test, 0, virtio_use_bit(&host->vdev, token, len, 0));
	}
}

/* Defect 4: one bit of many words, in whatever order the machine has their bytes. */
static void test_bit_of_words(struct kunit *test)
{
	static const u8 fields[] = {
		[0] = VIRTIO_CONFIG_F_FEATURES, [1] = 32, [2 + 77 / 8] = BIT(77 % 8), [34] = 0,
	};
	struct virtio_host *host = device_of(test, fields, sizeof(fields));
	unsigned int len, bit;
	void *token = host->vdev.config->find(&host->vdev, VIRTIO_CONFIG_F_FEATURES, &len);

	KUNIT_ASSERT_EQ(test, 32, len);
	for (bit = 0; bit < 128; bit++)
		KUNIT_EXPECT_EQ(test, bit == 77, virtio_use_bit(&host->vdev, token, len, bit));
	KUNIT_EXPECT_EQ(test, BIT(77 % 8), host->fields.page[2 + 16 + 77 / 8]);
	host->fields.page[2 + 16 + 77 / 8] = 0;
	KUNIT_EXPECT_NULL(test, memchr_inv(host->fields.page + 2 + 16, 0, 16));
}

/* Defect 13: no length of the caller's reaches beyond the field, nor past the page. */
static void test_wrong_length(struct kunit *test)
{
	static const u8 fields[] = { VIRTIO_CONFIG_F_DEVICE, 1, 0x11, 0x42, 2, 3, 4, 0 };
	struct virtio_host *host = device_of(test, fields, sizeof(fields));
	struct virtio_device *vdev = &host->vdev;
	unsigned int len;
	void *token = vdev->config->find(vdev, VIRTIO_CONFIG_F_DEVICE, &len);
	u8 buf[64];

	KUNIT_ASSERT_EQ(test, 1, len);
	memset(buf, 0xaa, sizeof(buf));
	vdev->config->get(vdev, token, buf, sizeof(buf));
	KUNIT_EXPECT_EQ(test, 0x11, buf[0]);
	KUNIT_EXPECT_NULL(test, memchr_inv(buf + 1, 0, sizeof(buf) - 1));
	memset(buf, 0xee, sizeof(buf));
	vdev->config->set(vdev, token, buf, sizeof(buf));
	KUNIT_EXPECT_EQ(test, 0xee, host->fields.page[2]);
	KUNIT_EXPECT_MEMEQ(test, host->fields.page + 3, fields + 3, sizeof(fields) - 3);
}

static const struct hostile_page {
	const char *name;
	u8 page[8];
	size_t size;
} hostile[] = {
	{ "runs past the end", { 0x41, 7, 1 }, 8 },
	{ "is all length", { 0x41, 255, 0 }, 8 },
	{ "has no end", { 0x41, 6, 1, 2, 3, 4, 5, 6 }, 8 },
	{ "ends after a type", { 0x41, 0, 0x42, 0, 0x43, 0, 0x44, 0 }, 7 },
	{ "is empty", { 0 }, 0 },
	{ "hides behind the used bit", { 0xc1, 200, 0 }, 8 },
};

static void describe_page(const struct hostile_page *page, char *desc)
{
	strscpy(desc, page->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(hostile, hostile, describe_page);

static void test_hostile(struct kunit *test)
{
	const struct hostile_page *page = test->param_value;
	struct virtio_fields fields;
	void *copy = kunit_kmalloc(test, page->size, GFP_KERNEL);

	memcpy(copy, page->page, page->size);
	if (page->size)
		KUNIT_EXPECT_EQ(test, -EINVAL, virtio_fields_init(&fields, copy, page->size));
	else if (!virtio_fields_init(&fields, copy, 0))
		KUNIT_FAIL(test, "a page without an end was taken");
}

/* Lengths that change after the page was looked at move nothing. */
static void test_changing(struct kunit *test)
{
	struct virtio_host *host = honest_device(test);
	unsigned int len;
	void *token = host->vdev.config->find(&host->vdev, VIRTIO_CONFIG_F_DEVICE + 3, &len);
	u8 buf[8];

	KUNIT_ASSERT_EQ(test, 8, len);
	memset(host->fields.page, 0xff, sizeof(honest));
	host->vdev.config->get(&host->vdev, token, buf, len);
	KUNIT_EXPECT_EQ(test, 0xff, buf[7]);
	token = host->vdev.config->find(&host->vdev, VIRTIO_CONFIG_F_DEVICE + 2, &len);
	KUNIT_EXPECT_EQ(test, 4, len);
}

/* The same type over and over: each is found once, in its order, and none twice. */
static void test_many(struct kunit *test)
{
	unsigned int n = 1000, i, len;
	struct virtio_device *vdev;
	u8 *page, value;
	void *token;

	page = kunit_kzalloc(test, 3 * n + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	for (i = 0; i < n; i++) {
		page[3 * i] = VIRTIO_CONFIG_F_VIRTQUEUE;
		page[3 * i + 1] = 1;
		page[3 * i + 2] = i;
	}
	vdev = &device_of(test, page, 3 * n + 1)->vdev;
	for (i = 0; i < n; i++) {
		token = vdev->config->find(vdev, VIRTIO_CONFIG_F_VIRTQUEUE, &len);
		KUNIT_ASSERT_NOT_NULL(test, token);
		vdev->config->get(vdev, token, &value, 1);
		KUNIT_ASSERT_EQ(test, (u8)i, value);
	}
	KUNIT_EXPECT_NULL(test, vdev->config->find(vdev, VIRTIO_CONFIG_F_VIRTQUEUE, &len));
}

/* A field of features of any length, with all that it says offered. */
static void test_any_bits(struct kunit *test)
{
	unsigned int len, got, bit;
	u8 page[258];
	void *token;

	for (len = 0; len < 256; len++) {
		struct virtio_device *vdev;

		memset(page, 0xff, sizeof(page));
		page[0] = VIRTIO_CONFIG_F_FEATURES;
		page[1] = len;
		page[2 + len] = 0;
		vdev = &device_of(test, page, 3 + len)->vdev;
		token = vdev->config->find(vdev, VIRTIO_CONFIG_F_FEATURES, &got);
		KUNIT_ASSERT_NOT_NULL(test, token);
		KUNIT_ASSERT_EQ(test, len, got);
		for (bit = 0; bit < 1024; bit = bit * 2 + 1)
			KUNIT_ASSERT_EQ(test, bit / 8 < len / 2,
					virtio_use_bit(vdev, token, got, bit));
	}
}

static struct kunit_case config_cases[] = {
	KUNIT_CASE(test_values),
	KUNIT_CASE(test_width),
	KUNIT_CASE(test_used),
	KUNIT_CASE(test_bits),
	KUNIT_CASE(test_long_bits),
	KUNIT_CASE(test_bit_of_words),
	KUNIT_CASE(test_wrong_length),
	KUNIT_CASE_PARAM(test_hostile, hostile_gen_params),
	KUNIT_CASE(test_changing),
	KUNIT_CASE(test_many),
	KUNIT_CASE(test_any_bits),
	{}
};

static struct kunit_suite config_suite = {
	.name = "virtio-config",
	.test_cases = config_cases,
};

kunit_test_suite(config_suite);
