// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the device page with an other side that lies in what it writes there before
 * the guest looks: one message says what was found, and the next page, an honest one,
 * works.  What it makes of the page later is in page_life_lies_test.c.
 */
#include "page_fixture.h"

/**
 * struct page_lie - a lie that is told before the guest looks
 * @name: for the log
 * @tell: tells it
 * @err: what comes of it; 0 if it works all the same
 * @words: of the message; %NULL if there is to be none
 * @single: for the driver that takes queues one by one, whom -ENOENT tells where they end
 */
struct page_lie {
	const char *name;
	void (*tell)(struct page_place *place);
	int err;
	const char *words;
	int single;
};

static void describe_lie(const struct page_lie *lie, char *desc)
{
	strscpy(desc, lie->name, KUNIT_PARAM_DESC_SIZE);
}

/*
 * The header: no page.
 */

static struct virtio_page_header *header(struct page_place *place)
{
	return page_header(place->other);
}

#define HEADER(name, member, value)						\
static void name(struct page_place *place)					\
{										\
	header(place)->member = cpu_to_le32(value);				\
}

HEADER(magic_none, magic, 0)
HEADER(magic_backwards, magic, 0x70616765)
HEADER(version_0, version, 0)
HEADER(version_2, version, 2)
HEADER(length_0, length, 0)
HEADER(length_short, length, 31)
HEADER(length_beyond, length, PAGE_BYTES + 8)
HEADER(length_huge, length, U32_MAX)

static const struct page_lie header_lies[] = {
	{ "no magic", magic_none, -EINVAL,
	  "magic 0x0, version 1, length 4096, expected 0x65676170" },
	{ "magic backwards", magic_backwards, -EINVAL, "magic 0x70616765" },
	{ "version 0", version_0, -EINVAL, "version 0, length 4096, expected 0x65676170, 1" },
	{ "version 2", version_2, -EINVAL, "version 2, length" },
	{ "length 0", length_0, -EINVAL, "length 0, expected 0x65676170, 1, 32 to 4096" },
	{ "length 31", length_short, -EINVAL, "length 31, expected" },
	{ "length beyond", length_beyond, -EINVAL, "length 4104, expected" },
	{ "length huge", length_huge, -EINVAL, "length 4294967295, expected" },
};

KUNIT_ARRAY_PARAM(header_lie, header_lies, describe_lie);

static void test_header(struct kunit *test)
{
	const struct page_lie *lie = test->param_value;

	lie->tell(PLACE(test));
	soft_expect_refused(test, lie->err, lie->words);
}

/*
 * Descriptors: no device.
 */

#define DESCRIPTOR(name, member, value)						\
static void name(struct page_place *place)					\
{										\
	place->shared->member = value;						\
}

DESCRIPTOR(fields_0, length, 0)
DESCRIPTOR(fields_odd, length, cpu_to_le32(9))
DESCRIPTOR(fields_cut, length, cpu_to_le32(40))
DESCRIPTOR(fields_past, length, cpu_to_le32(PAGE_BYTES - 48))
DESCRIPTOR(fields_long, length, cpu_to_le32(VIRTIO_PAGE_FIELDS_MAX + 8))
DESCRIPTOR(fields_ones, length, cpu_to_le32(U32_MAX))
DESCRIPTOR(fields_wrap, length, cpu_to_le32(0xfffffff8))
DESCRIPTOR(id_0, device, 0)
DESCRIPTOR(state_3, state, 3)
DESCRIPTOR(state_ones, state, 0xff)
DESCRIPTOR(state_gone, state, VIRTIO_PAGE_GONE)

HEADER(ends_in_descriptor, length, 40)
HEADER(ends_in_length, length, 34)
HEADER(ends_at_header, length, 32)

/* Of a field: the byte before its contents, and the one before that. */
static void set_length(void *contents, u8 len)
{
	((u8 *)contents)[-1] = len;
}

static void set_type(void *contents, u8 type)
{
	((u8 *)contents)[-2] = type;
}

/* The last that there is runs into whatever comes behind. */
static void last_runs_past(struct page_place *place)
{
	set_length(place->queue[SOFT_QUEUES - 1], 0xff);
}

static void no_transport_bits(struct page_place *place)
{
	set_type(place->bits[0], VIRTIO_CONFIG_F_DEVICE);
}

static void no_feature_bits(struct page_place *place)
{
	set_type(place->bits[1], VIRTIO_CONFIG_F_DEVICE);
}

/* Type and length of the next field are the contents that are missing, and so on. */
static void short_bits(struct page_place *place)
{
	u8 *bits = (u8 *)place->bits[0];

	set_length(bits, 8);
	bits[8] = VIRTIO_CONFIG_F_DEVICE;
	bits[9] = 6;
}

static void short_queue(struct page_place *place)
{
	u8 *queue = (u8 *)place->queue[1];

	set_length(queue, 8);
	queue[8] = VIRTIO_CONFIG_F_DEVICE;
	queue[9] = sizeof(struct virtio_page_queue) - 10;
}

static void endless(struct page_place *place)
{
	memset(place->shared + 1, 1, le32_to_cpu(place->shared->length));
}

static const struct page_lie descriptor_lies[] = {
	{ "no fields", fields_0, -ENODEV },
	{ "9 bytes of fields", fields_odd, -ENODEV,
	  "descriptor at 32 has 9 bytes of fields, expected a multiple of 8 up to 4096" },
	{ "fields cut off", fields_cut, -ENODEV, "fields don't end within 40 bytes" },
	{ "fields past the end", fields_past, -ENODEV, "has 4048 bytes of fields" },
	{ "fields too long", fields_long, -ENODEV, "has 4104 bytes of fields" },
	{ "fields all ones", fields_ones, -ENODEV, "has 4294967295 bytes of fields" },
	{ "fields that wrap", fields_wrap, -ENODEV, "has 4294967288 bytes of fields" },
	{ "page ends in a descriptor", ends_in_descriptor, -ENODEV, "that ends within 40" },
	{ "page ends in a length", ends_in_length, -ENODEV },
	{ "page ends at the header", ends_at_header, -ENODEV },
	{ "id 0", id_0, -ENODEV },
	{ "state 3", state_3, -ENODEV },
	{ "state all ones", state_ones, -ENODEV },
	{ "gone already", state_gone, -ENODEV },
	{ "a field runs past", last_runs_past, -ENODEV, "fields don't end within" },
	{ "no field of transport bits", no_transport_bits, -ENODEV,
	  "device 63: no field 0x1 of 16 bytes" },
	{ "no field of features", no_feature_bits, -ENODEV,
	  "device 63: no field 0x40 of 16 bytes" },
	{ "bits too short", short_bits, -ENODEV, "device 63: no field 0x1 of 16 bytes" },
	{ "a queue too short", short_queue, -ENODEV,
	  "device 63: queue 1 has 8 bytes, expected 32" },
	{ "fields of ones", endless, -ENODEV, "fields don't end within 200 bytes" },
};

KUNIT_ARRAY_PARAM(descriptor_lie, descriptor_lies, describe_lie);

/* And nothing is asked of it. */
static void test_descriptor(struct kunit *test)
{
	const struct page_lie *lie = test->param_value;
	struct page_other *other = PAGE(test)->other;

	lie->tell(PLACE(test));
	KUNIT_EXPECT_EQ(test, -ENODEV, page_fixture_try(test));
	KUNIT_EXPECT_EQ(test, 0, other->commands[VIRTIO_PAGE_C_STATUS]);
	soft_expect_refused(test, lie->err, lie->words);
}

/*
 * Queues: no driver.
 */

static void set_sizes(struct page_place *place, unsigned int from, u16 size)
{
	unsigned int i;

	for (i = from; i < SOFT_QUEUES; i++)
		place->host->queue[i].size = size;
	page_host_publish(place->host);
}

static void sizes_0(struct page_place *place)		{ set_sizes(place, 0, 0); }
static void three_queues(struct page_place *place)	{ set_sizes(place, 3, 0); }
static void sizes_1(struct page_place *place)		{ set_sizes(place, 0, 1); }
static void sizes_3(struct page_place *place)		{ set_sizes(place, 0, 3); }
static void sizes_32768(struct page_place *place)	{ set_sizes(place, 0, 32768); }
static void sizes_65535(struct page_place *place)	{ set_sizes(place, 0, 65535); }

static void no_version_1(struct page_place *place)
{
	place->host->offered = 0;
	page_host_publish(place->host);
}

static void refuses(struct page_place *place)
{
	place->host->refuse_features = true;
}

static const struct page_lie queue_lies[] = {
	{ "no queue", sizes_0, -ENOENT, "queue 0 (soft) is not there", -ENOENT },
	{ "three queues", three_queues, -ENOENT, "queue 3 (soft) is not there", -ENOENT },
	{ "size 1", sizes_1 },
	{ "size 3", sizes_3, -ENOMEM, "a size of 3, expected", -ENOMEM },
	{ "size 32768", sizes_32768 },
	{ "size 65535", sizes_65535, -ENOMEM, "a size of 65535, expected", -ENOMEM },
	{ "no VERSION_1", no_version_1, -EINVAL, "expected VERSION_1 too", -EINVAL },
	{ "features refused", refuses, -ENODEV, "device refuses features", -ENODEV },
};

KUNIT_ARRAY_PARAM(queue_lie, queue_lies, describe_lie);

static void test_queue(struct kunit *test)
{
	const struct page_lie *lie = test->param_value;

	lie->tell(PLACE(test));
	soft_expect_of_all(test, lie->err, lie->words);
}

static void test_queue_one_by_one(struct kunit *test)
{
	const struct page_lie *lie = test->param_value;

	lie->tell(PLACE(test));
	soft_expect_of_each(test, lie->single, lie->words);
}

static struct kunit_case page_lies_cases[] = {
	KUNIT_CASE_PARAM(test_header, header_lie_gen_params),
	KUNIT_CASE_PARAM(test_descriptor, descriptor_lie_gen_params),
	KUNIT_CASE_PARAM(test_queue, queue_lie_gen_params),
	KUNIT_CASE_PARAM(test_queue_one_by_one, queue_lie_gen_params),
	{}
};

static struct kunit_suite page_lies_suite = {
	.name = "virtio-page-lies",
	.init = page_fixture_init,
	.exit = page_fixture_exit,
	.test_cases = page_lies_cases,
};

kunit_test_suite(page_lies_suite);
