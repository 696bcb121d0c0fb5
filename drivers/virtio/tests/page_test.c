// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the device page with an honest other side: devices are found there, talk to
 * their drivers, come and go.  What happens when the other side itself goes is in
 * page_return_test.c, what it may lie about in page_lies_test.c.
 */
#include <linux/virtio_console.h>
#include <linux/virtio_ids.h>

#include "../page/page.h"
#include "bounce_dma.h"
#include "fake_driver.h"
#include "host.h"
#include "host_ring.h"
#include "kernel_log.h"
#include "page_host.h"

#define SIZE_OF_CONSOLE	BIT_ULL(VIRTIO_CONSOLE_F_SIZE)

static u64 taken(struct virtio_host *host, unsigned int field)
{
	return le64_to_cpu(page_place_of(host)->bits[field]->taken);
}

static struct virtio_host *with_queue(struct kunit *test, u64 features)
{
	struct virtio_host *host = fake_host_with_queue(test, MODERN | features);

	fake_plan.use_queue = true;
	fake_bind(test, host);
	KUNIT_ASSERT_NOT_NULL(test, fake_queue.vq);
	return host;
}

/*
 * Features.
 */

static void test_feature_table(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN | BIT(3) | BIT(6));

	fake_driver_with_features();
	fake_bind(test, host);
	KUNIT_EXPECT_EQ(test, MODERN | BIT(3), host->accepted);
	KUNIT_EXPECT_EQ(test, BIT(3), taken(host, 1));
	KUNIT_EXPECT_EQ(test, MODERN, taken(host, 0));
}

static void test_use_bit(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN | BIT(3) | BIT(5));

	fake_plan.use_bit = true;
	fake_bind(test, host);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.used_bits[0]);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.used_bits[1]);
	KUNIT_EXPECT_EQ(test, MODERN | BIT(5), host->accepted);
	KUNIT_EXPECT_EQ(test, BIT(5), taken(host, 1));
}

/* Only what rings can do, and what a page has room for: no data comes with a kick. */
static void test_transport_bits(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, ~0ULL);

	fake_bind(test, host);
	KUNIT_EXPECT_FALSE(test, host->accepted & BIT_ULL(VIRTIO_F_NOTIFICATION_DATA));
	KUNIT_EXPECT_FALSE(test, host->accepted & BIT_ULL(VIRTIO_F_SR_IOV));
	KUNIT_EXPECT_TRUE(test, host->accepted & BIT_ULL(VIRTIO_F_RING_RESET));
	KUNIT_EXPECT_EQ(test, 0, taken(host, 0) & ~GENMASK_ULL(49, 24));
	KUNIT_EXPECT_EQ(test, 0, taken(host, 1) & GENMASK_ULL(49, 24));
}

/*
 * Fields.
 */

static const struct virtio_device_id consoles[] = {
	{ VIRTIO_ID_CONSOLE, VIRTIO_DEV_ANY_ID }, { 0 },
};

static const unsigned int console_features[] = {
	VIRTIO_CONSOLE_F_SIZE, VIRTIO_CONSOLE_F_EMERG_WRITE,
};

#define COLS		VIRTIO_CONFIG_F_DEVICE
#define MAX_PORTS	(VIRTIO_CONFIG_F_DEVICE + 2)
#define EMERG_WR	(VIRTIO_CONFIG_F_DEVICE + 3)

/* A console of 80 by 25, that takes characters in an emergency. */
static struct virtio_host *console(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, VIRTIO_ID_CONSOLE, MODERN |
				SIZE_OF_CONSOLE | BIT_ULL(VIRTIO_CONSOLE_F_EMERG_WRITE));

	fake_driver.id_table = consoles;
	fake_driver.feature_table = console_features;
	fake_driver.feature_table_size = ARRAY_SIZE(console_features);
	host->config[0] = 80;
	host->config[2] = 25;
	virtio_host_plug(host);
	return host;
}

static u8 type_of(const u8 *contents)
{
	return contents[-2];
}

static void test_fields(struct kunit *test)
{
	struct virtio_host *host = console(test);
	struct virtio_device *vdev = virtio_host_vdev(host);
	const u8 *cols = page_place_of(host)->own[0];
	u32 ports;
	u16 val;

	KUNIT_EXPECT_EQ(test, COLS, type_of(cols));
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(vdev, COLS, &val));
	KUNIT_EXPECT_EQ(test, 80, val);
	KUNIT_EXPECT_EQ(test, COLS | VIRTIO_CONFIG_F_USED, type_of(cols));
	/* Found already, and of a feature that is not offered. */
	KUNIT_EXPECT_EQ(test, -ENOENT, virtio_config_val(vdev, COLS, &val));
	KUNIT_EXPECT_EQ(test, -ENOENT, virtio_config_val(vdev, MAX_PORTS, &ports));
	virtio_reset_device(vdev);
	KUNIT_EXPECT_EQ(test, COLS, type_of(cols));
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(vdev, COLS, &val));
}

static void test_set(struct kunit *test)
{
	struct virtio_host *host = console(test);
	struct virtio_device *vdev = virtio_host_vdev(host);
	const __le32 letter = cpu_to_le32('x');
	unsigned int len;
	void *token = vdev->config->find(vdev, EMERG_WR, &len);

	KUNIT_ASSERT_NOT_NULL(test, token);
	KUNIT_EXPECT_EQ(test, 4, len);
	vdev->config->set(vdev, token, &letter, sizeof(letter));
	KUNIT_EXPECT_EQ(test, 1, page_other_of(host)->commands[VIRTIO_PAGE_C_CONFIG]);
	KUNIT_EXPECT_EQ(test, 'x', host->config[8]);
}

/* As drivers of 6.12 have them. */
static void test_offsets(struct kunit *test)
{
	struct virtio_host *host = console(test);
	struct virtio_device *vdev = virtio_host_vdev(host);
	u32 letter = 'y';
	u16 rows;
	u8 bytes[4];

	virtio_cread(vdev, struct virtio_console_config, rows, &rows);
	KUNIT_EXPECT_EQ(test, 25, rows);
	virtio_cread_bytes(vdev, 0, bytes, sizeof(bytes));
	KUNIT_EXPECT_EQ(test, 80, bytes[0]);
	KUNIT_EXPECT_EQ(test, 25, bytes[2]);
	virtio_cwrite(vdev, struct virtio_console_config, emerg_wr, &letter);
	KUNIT_EXPECT_EQ(test, 'y', host->config[8]);
}

static void test_changed(struct kunit *test)
{
	struct virtio_host *host;
	u16 cols;

	host = console(test);
	fake_driver.repeatable = false;
	fake_driver_register(test);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.probed);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.changed);
	host->config[0] = 132;
	virtio_host_change_config(host);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.changed);
	KUNIT_EXPECT_EQ(test, 0, page_place_of(host)->shared->changed);
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(virtio_host_vdev(host), COLS, &cols));
	KUNIT_EXPECT_EQ(test, 132, cols);
}

static struct virtio_host *writer;

static void end_of_write(struct work_struct *work)
{
	struct page_place *place = page_place_of(writer);

	place->own[0][0] = 200;
	/* Pairs with the guest's, between the generation and what it reads. */
	virt_wmb();
	WRITE_ONCE(place->shared->generation, cpu_to_le32(4));
}

static DECLARE_DELAYED_WORK(end_work, end_of_write);

/* A device that is writing is waited for. */
static void test_generation(struct kunit *test)
{
	struct virtio_device *vdev;
	u16 cols;

	if (!IS_ENABLED(CONFIG_PREEMPT_COUNT))
		kunit_skip(test, "the guest can't tell that it may sleep, and the device is a work");
	writer = console(test);
	vdev = virtio_host_vdev(writer);
	kernel_log_mark();
	WRITE_ONCE(page_place_of(writer)->shared->generation, cpu_to_le32(3));
	schedule_delayed_work(&end_work, 1);
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(vdev, COLS, &cols));
	flush_delayed_work(&end_work);
	KUNIT_EXPECT_EQ(test, 200, cols);
	kernel_log_expect_quiet(test);
}

/*
 * Devices that come and go.
 */

static struct page_other *open_page(struct kunit *test)
{
	struct page_other *other = page_host_make(test, page_host_parent());

	KUNIT_ASSERT_EQ(test, 0, virtio_page_open(&other->page));
	page_other_settle(other);
	return other;
}

static void test_hot_add(struct kunit *test)
{
	struct page_other *other = open_page(test);
	struct virtio_host *host = fake_host_with_queue(test, MODERN);

	fake_plan.use_queue = true;
	fake_driver_register(test);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.probed);
	page_host_show(other, host);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.probed);
	KUNIT_ASSERT_NOT_NULL(test, fake_queue.vq);
	KUNIT_EXPECT_EQ(test, FAKE_VENDOR, virtio_host_vdev(host)->id.vendor);
	page_host_show(other, virtio_host_create(test, FAKE_ID + 1, MODERN));
	KUNIT_EXPECT_EQ(test, 1, fake_plan.probed);
	page_other_settle(other);
	fake_expect_data(test, host, 3);
	virtio_page_close(&other->page);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.removed);
	KUNIT_EXPECT_TRUE(test, list_empty(&other->page.devices));
	fake_driver_unregister(test);
}

static void expect_gone(struct kunit *test, struct page_place *place)
{
	page_mark_gone(place);
	KUNIT_EXPECT_EQ(test, VIRTIO_PAGE_EMPTY, place->shared->state);
	KUNIT_EXPECT_EQ(test, 0, place->shared->command);
}

/* The driver gets its buffers back, and the place is free. */
static void test_hot_remove(struct kunit *test)
{
	struct virtio_host *host = with_queue(test, 0);
	struct page_other *other = page_other_of(host);
	unsigned int told = other->commands[VIRTIO_PAGE_C_STATUS];

	expect_gone(test, page_place_of(host));
	KUNIT_EXPECT_EQ(test, 1, fake_plan.removed);
	KUNIT_EXPECT_EQ(test, fake_queue.offered, fake_queue.back);
	KUNIT_EXPECT_NULL(test, virtio_host_vdev(host));
	KUNIT_EXPECT_EQ(test, 1, other->commands[VIRTIO_PAGE_C_RELEASE]);
	/* It answers nothing any more, and so is asked nothing. */
	KUNIT_EXPECT_EQ(test, told, other->commands[VIRTIO_PAGE_C_STATUS]);
}

/* By another device, which finds it as it was. */
static void test_place_reused(struct kunit *test)
{
	struct virtio_host *host = with_queue(test, 0);
	struct page_place *place = page_place_of(host);
	unsigned int round;

	for (round = 1; round < 5; round++) {
		expect_gone(test, place);
		page_host_forget(host);
		place->shared->vendor = cpu_to_le32(round);
		place->shared->generation = 0;
		place->shared->answer = 0;
		page_set_state(place, VIRTIO_PAGE_LIVE);
		page_ring_guest(place->other);
		page_other_settle(place->other);
		KUNIT_EXPECT_EQ(test, round + 1, fake_plan.probed);
		KUNIT_ASSERT_NOT_NULL(test, virtio_host_vdev(host));
		KUNIT_EXPECT_EQ(test, round, virtio_host_vdev(host)->id.vendor);
		page_other_settle(place->other);
		fake_expect_data(test, host, 3);
	}
	KUNIT_EXPECT_EQ(test, round - 1, fake_plan.removed);
}

/* What lies in front and behind is none the worse for it. */
static void test_among_others(struct kunit *test)
{
	struct page_other *other = open_page(test);
	struct virtio_host *host[3];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		host[i] = virtio_host_create(test, FAKE_ID, MODERN);
		page_host_show(other, host[i]);
	}
	expect_gone(test, page_place_of(host[1]));
	fake_driver_register(test);
	KUNIT_EXPECT_EQ(test, 2, fake_plan.probed);
	virtio_page_close(&other->page);
	fake_driver_unregister(test);
}

static struct kunit_case page_cases[] = {
	KUNIT_CASE(test_feature_table),
	KUNIT_CASE(test_use_bit),
	KUNIT_CASE(test_transport_bits),
	KUNIT_CASE(test_fields),
	KUNIT_CASE(test_set),
	KUNIT_CASE(test_offsets),
	KUNIT_CASE(test_changed),
	KUNIT_CASE(test_generation),
	KUNIT_CASE(test_hot_add),
	KUNIT_CASE(test_hot_remove),
	KUNIT_CASE(test_place_reused),
	KUNIT_CASE(test_among_others),
	{}
};

static struct kunit_suite page_suite = {
	.name = "virtio-page",
	.init = fake_driver_init_on_page,
	.test_cases = page_cases,
};

kunit_test_suite(page_suite);
