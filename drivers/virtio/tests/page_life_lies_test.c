// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the device page with an other side that lies later: in how it answers, from
 * any command on, in what it makes of the page, and by doorbells without end.
 *
 * Whatever it is, nobody waits for longer than ten seconds, the driver gets its buffers
 * back, and the next page, an honest one, works.
 */
#include <linux/virtio_console.h>
#include <linux/virtio_ids.h>

#include "../page/page.h"
#include "fake_driver.h"
#include "host.h"
#include "page_fixture.h"

/*
 * Answers that are wrong, or do not come, from a command on.
 */

/* What is done with each command from number @from on. */
static struct {
	unsigned int from, now;
	void (*twist)(struct page_place *place, u8 command);
	bool once;
} plot;

static void twist(struct page_place *place, u8 command)
{
	plot.now++;
	if (plot.once ? plot.now == plot.from : plot.now >= plot.from)
		plot.twist(place, command);
}

static void is_silent(struct page_place *place, u8 command)
{
	WRITE_ONCE(place->other->deaf, true);
}

static void answer(struct page_place *place, u8 status)
{
	WRITE_ONCE(place->shared->answer, status);
}

static void answers_ones(struct page_place *place, u8 command)	{ answer(place, 0xff); }
static void answers_f(struct page_place *place, u8 command)	{ answer(place, 0xf); }
static void answers_0(struct page_place *place, u8 command)	{ answer(place, 0); }

static void answers_needs_reset(struct page_place *place, u8 command)
{
	u8 status = READ_ONCE(place->shared->status);

	answer(place, status ? status | VIRTIO_CONFIG_S_NEEDS_RESET : 0);
	page_say_changed(place);
}

static void goes(struct page_place *place, u8 command)
{
	if (command != VIRTIO_PAGE_C_RELEASE)
		page_set_state(place, VIRTIO_PAGE_GONE);
}

static void flips(struct page_place *place, u8 command)
{
	page_set_state(place, command ^ plot.now);
}

static void scribbles(struct page_place *place, u8 command)
{
	memset(place->shared + 1, 0xff, PAGE_BYTES - 32 - sizeof(*place->shared));
	place->shared->length = cpu_to_le32(U32_MAX);
	page_header(place->other)->length = cpu_to_le32(U32_MAX);
	page_set_state(place, VIRTIO_PAGE_LIVE);
}

static void leaves(struct page_place *place, u8 command)
{
	if (!place->other->page.away)
		virtio_page_leave(&place->other->page);
}

static const struct twist {
	const char *name;
	void (*twist)(struct page_place *place, u8 command);
	bool once;
} twists[] = {
	{ "silent", is_silent },
	{ "gone for good", answers_ones },
	{ "gone for a moment", answers_ones, true },
	{ "status 0xf for good", answers_f },
	{ "status 0xf for a moment", answers_f, true },
	{ "status 0 for good", answers_0 },
	{ "NEEDS_RESET for good", answers_needs_reset },
	{ "NEEDS_RESET for a moment", answers_needs_reset, true },
	{ "marked as gone", goes },
	{ "states that flip", flips },
	{ "scribbles over all fields", scribbles },
	{ "other side leaves", leaves, true },
};

static void describe_twist(const struct twist *twist, char *desc)
{
	strscpy(desc, twist->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(twist, twists, describe_twist);

/* A life with the twist from command number @from on.  Returns how many there were. */
static unsigned int live(struct kunit *test, unsigned int from)
{
	struct page_other *other = PAGE(test)->other;

	page_fixture_again(test);
	plot.from = from;
	plot.now = 0;
	other->twist = twist;
	soft_driver_start_clock();
	page_fixture_try(test);
	page_ring_guest(other);
	page_other_settle(other);
	page_fixture_expect_clean(test);
	/* Once for a command, and once for what else a reset has to wait for. */
	soft_driver_expect_within(test, 21);
	return plot.now;
}

static void test_twist(struct kunit *test)
{
	const struct twist *bad = test->param_value;
	unsigned int from;

	plot.twist = bad->twist;
	plot.once = bad->once;
	for (from = 1; live(test, from) >= from; from++)
		page_fixture_expect_honest_works(test);
	KUNIT_EXPECT_GT(test, from, 6);
}

/* One line says it. */
static void expect_said(struct kunit *test, unsigned int from,
			void (*how)(struct page_place *place, u8 command), const char *words)
{
	plot.twist = how;
	plot.once = false;
	live(test, from);
	kernel_log_expect_one(test, words);
}

static void test_said(struct kunit *test)
{
	/* The first two are for the bus: reset, ACKNOWLEDGE.  The third is DRIVER. */
	expect_said(test, 1, is_silent, "command 1 is not done after 10 s: cut off");
	expect_said(test, 1, answers_ones, "device is gone");
	expect_said(test, 1, answers_f, "status 0xf for 10 s after a reset, expected 0: cut off");
	expect_said(test, 3, is_silent, "command 1 is not done after 10 s: cut off");
	expect_said(test, 3, answers_f, "status 0xf for 10 s after a reset, expected 0: cut off");
}

static void test_queue_reset_silent(struct kunit *test)
{
	struct virtqueue *vq;

	KUNIT_ASSERT_EQ(test, 0, page_fixture_try(test));
	vq = soft_driver.vqs[0];
	plot.twist = is_silent;
	plot.once = false;
	plot.from = 1;
	plot.now = 0;
	PAGE(test)->other->twist = twist;
	soft_driver_start_clock();
	KUNIT_EXPECT_EQ(test, -EBUSY, vq->vdev->config->disable_vq_and_reset(vq));
	soft_driver_expect_within(test, 11);
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(vq));
	kernel_log_expect_one(test, "command 3 is not done after 10 s: cut off");
	page_fixture_expect_clean(test);
	page_fixture_expect_honest_works(test);
}

/*
 * What is changed later, of a device that works and goes on to.
 */

static void expect_goes_on(struct kunit *test)
{
	unsigned int i;

	page_ring_guest(PAGE(test)->other);
	page_other_settle(PAGE(test)->other);
	KUNIT_ASSERT_NOT_NULL(test, soft_driver.vdev);
	soft_driver.back = 0;
	for (i = 0; i < soft_driver.found; i++)
		KUNIT_EXPECT_EQ(test, 0, soft_driver_post(i));
	page_other_settle(PAGE(test)->other);
	KUNIT_EXPECT_EQ(test, soft_driver.found, soft_driver.back);
}

static void set_works(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, 0, page_fixture_try(test));
	soft_driver_expect_works(test);
}

static void test_length_later(struct kunit *test)
{
	struct page_place *place = PLACE(test);

	set_works(test);
	place->shared->length = cpu_to_le32(U32_MAX);
	page_header(place->other)->length = cpu_to_le32(U32_MAX);
	page_set_state(place, VIRTIO_PAGE_LIVE);
	expect_goes_on(test);
	kernel_log_expect_one(test, "has 4294967295 bytes of fields");
	page_fixture_expect_clean(test);
	page_fixture_expect_honest_works(test);
}

static void test_fields_later(struct kunit *test)
{
	struct page_place *place = PLACE(test);

	set_works(test);
	memset(place->shared + 1, 0xff, le32_to_cpu(place->shared->length));
	page_set_state(place, VIRTIO_PAGE_LIVE);
	expect_goes_on(test);
	kernel_log_expect_quiet(test);
	page_fixture_expect_clean(test);
	page_fixture_expect_honest_works(test);
}

/* A second device in the fields of the first, which is its own affair. */
static void test_within_another(struct kunit *test)
{
	struct page_place *place = PLACE(test);
	void *second = (void *)(place->shared + 1) + 8;

	set_works(test);
	memcpy(second, place->shared, sizeof(*place->shared));
	memset(second + sizeof(*place->shared), 0, 256);
	place->shared->length = cpu_to_le32(8);
	((struct virtio_page_device *)second)->length = cpu_to_le32(256);
	page_set_state(place, VIRTIO_PAGE_LIVE);
	page_ring_guest(place->other);
	page_other_settle(place->other);
	kernel_log_expect_one(test, "device 63: no field 0x1 of 16 bytes");
	page_fixture_expect_clean(test);
	page_fixture_expect_honest_works(test);
}

/* Its place is another's field, that of its state too: so it goes. */
static void test_state_later(struct kunit *test)
{
	u8 states[] = { VIRTIO_PAGE_EMPTY, 3, 0xff, VIRTIO_PAGE_LIVE };
	struct page_place *place = PLACE(test);
	unsigned int i;

	set_works(test);
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		page_set_state(place, states[i]);
		page_ring_guest(place->other);
		page_other_settle(place->other);
	}
	expect_goes_on(test);
	kernel_log_expect_quiet(test);
	page_fixture_expect_clean(test);
}

/*
 * Storms.
 */

static void test_storm(struct kunit *test)
{
	struct page_place *place = PLACE(test);
	unsigned int i;

	set_works(test);
	for (i = 0; i < 1000; i++) {
		WRITE_ONCE(place->shared->used, i);
		WRITE_ONCE(place->shared->changed, ~i);
		page_ring_guest(place->other);
	}
	expect_goes_on(test);
	kernel_log_expect_quiet(test);
	page_fixture_expect_clean(test);
}

/* With a descriptor that is looked at each time, and found wanting. */
static void test_changes_running(struct kunit *test)
{
	struct page_other *other = PAGE(test)->other;
	struct page_place *bad = page_add_device(other, SOFT_ID, 0);
	unsigned int i;

	page_end_device(bad);
	set_works(test);
	page_set_state(bad, VIRTIO_PAGE_LIVE);
	kernel_log_mark();
	for (i = 0; i < 1000; i++) {
		page_set_state(PLACE(test), VIRTIO_PAGE_LIVE);
		page_ring_guest(other);
		page_other_settle(other);
	}
	expect_goes_on(test);
	KUNIT_EXPECT_LE(test, kernel_log_complaints(), 20);
	page_fixture_expect_clean(test);
}

/*
 * Configuration.
 */

static void test_generation_odd(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, VIRTIO_ID_CONSOLE, MODERN |
						      BIT_ULL(VIRTIO_CONSOLE_F_SIZE));
	struct virtio_device *vdev;
	u16 cols;

	virtio_host_plug(host);
	vdev = virtio_host_vdev(host);
	page_place_of(host)->shared->generation = cpu_to_le32(7);
	kernel_log_mark();
	soft_driver_start_clock();
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(vdev, VIRTIO_CONFIG_F_DEVICE, &cols));
	soft_driver_expect_within(test, 1);
	kernel_log_expect_one(test, "field 0x41 changes for as long as it is looked at");
}

/* A field of another width than it has to have. */
static void test_field_width(struct kunit *test)
{
	struct page_other *other = PAGE(test)->other;
	struct page_place *place;
	struct virtio_device *vdev;
	u8 cols;

	page_begin(other);
	PAGE(test)->host = virtio_host_create(test, VIRTIO_ID_CONSOLE, MODERN |
					      BIT_ULL(VIRTIO_CONSOLE_F_SIZE));
	place = page_host_describe(other, PAGE(test)->host);
	page_set_state(place, VIRTIO_PAGE_LIVE);
	KUNIT_ASSERT_EQ(test, 0, page_fixture_try(test));
	vdev = virtio_host_vdev(PAGE(test)->host);
	KUNIT_EXPECT_EQ(test, -EIO, virtio_config_val(vdev, VIRTIO_CONFIG_F_DEVICE, &cols));
	kernel_log_expect_one(test, "field 0x41 has 2 bytes, expected 1");
	page_fixture_expect_clean(test);
}

static struct kunit_case page_life_lies_cases[] = {
	KUNIT_CASE_PARAM(test_twist, twist_gen_params),
	KUNIT_CASE(test_said),
	KUNIT_CASE(test_queue_reset_silent),
	KUNIT_CASE(test_length_later),
	KUNIT_CASE(test_fields_later),
	KUNIT_CASE(test_within_another),
	KUNIT_CASE(test_state_later),
	KUNIT_CASE(test_storm),
	KUNIT_CASE(test_changes_running),
	KUNIT_CASE(test_generation_odd),
	KUNIT_CASE(test_field_width),
	{}
};

static struct kunit_suite page_life_lies_suite = {
	.name = "virtio-page-life-lies",
	.init = page_fixture_init,
	.exit = page_fixture_exit,
	.test_cases = page_life_lies_cases,
};

kunit_test_suite(page_life_lies_suite);
