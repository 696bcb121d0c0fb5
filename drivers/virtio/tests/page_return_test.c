// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the device page when its other side goes away, as a process does, and of what
 * comes back: the same devices, or others.
 */
#include <linux/delay.h>
#include <linux/virtio_ids.h>

#include "../page/page.h"
#include "disk.h"
#include "fake_driver.h"
#include "host.h"
#include "page_host.h"

static unsigned int patience;

static const struct format {
	const char *name;
	u64 features;
} formats[] = {
	{ "split", 0 },
	{ "packed", BIT_ULL(VIRTIO_F_RING_PACKED) | BIT_ULL(VIRTIO_RING_F_EVENT_IDX) },
};

static void describe(const struct format *format, char *desc)
{
	strscpy(desc, format->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(format, formats, describe);

/* A disk with requests in flight that its device has not taken. */
static struct disk *disk_in_use(struct kunit *test, blk_opf_t op)
{
	const struct format *format = test->param_value;
	struct disk *disk = disk_create(test, format ? format->features : 0);
	unsigned int i;

	disk_open(disk);
	for (i = 0; i < DISK_BIOS; i++)
		memset(page_address(disk->page[i]), 0x30 + i, PAGE_SIZE);
	disk->host->queue[0].serve = NULL;
	disk_submit_all(disk, op);
	KUNIT_ASSERT_EQ(test, 0, atomic_read(&disk->done));
	return disk;
}

/* Requests in flight are shown to who comes back, and none is lost. */
static void test_disk_returns(struct kunit *test)
{
	struct disk *disk = disk_in_use(test, REQ_OP_WRITE);
	unsigned int i;

	page_host_die(page_other_of(disk->host));
	/* Whatever comes meanwhile waits too; it is as long as it takes. */
	msleep(20000);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&disk->done));
	disk->host->queue[0].serve = disk_serve;
	page_host_come_back(page_other_of(disk->host));
	disk_expect_all_done(disk, 0);
	for (i = 0; i < DISK_BIOS; i++)
		KUNIT_EXPECT_MEMEQ(test, page_address(disk->page[i]), disk->data + i * PAGE_SIZE,
				   PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0, disk_transfer(disk, REQ_OP_READ, 0, disk->page[0]));
}

/* Nobody comes: they end with errors. */
static void test_disk_is_lost(struct kunit *test)
{
	struct disk *disk = disk_in_use(test, REQ_OP_READ);

	page_host_die(page_other_of(disk->host));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&disk->done));
	virtio_page_close(&page_other_of(disk->host)->page);
	disk_expect_all_done(disk, DISK_BIOS);
	KUNIT_EXPECT_NULL(test, virtio_host_vdev(disk->host));
	KUNIT_EXPECT_EQ(test, -EIO, disk_transfer(disk, REQ_OP_READ, 0, disk->page[0]));
}

/* Something else is there instead: they end with errors, and that is found. */
static void test_disk_is_replaced(struct kunit *test)
{
	struct disk *disk = disk_in_use(test, REQ_OP_READ);
	struct page_other *other = page_other_of(disk->host);
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);
	u8 *before;

	fake_driver_register(test);
	page_host_die(other);
	page_host_forget(disk->host);
	page_begin(other);
	other->deaf = false;
	page_set_state(page_host_describe(other, host), VIRTIO_PAGE_LIVE);
	/* What was a queue of the other device may be anything by now. */
	memset(other->page.start + other->at, 0xcc, other->page.size - other->at);
	memset(other->page.start + other->at, 0, sizeof(struct virtio_page_device));
	before = kunit_kmalloc(test, other->page.size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, before);
	memcpy(before, other->page.start, other->page.size);
	KUNIT_ASSERT_EQ(test, 0, virtio_page_open(&other->page));
	page_other_settle(other);
	disk_expect_all_done(disk, DISK_BIOS);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.probed);
	KUNIT_EXPECT_MEMEQ(test, before + other->at, other->page.start + other->at,
			   other->page.size - other->at);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&other->page.devices));
	virtio_page_close(&other->page);
}

/* And goes once more while it brings the disk back, with each thing that it is told. */
static void leave_again(struct page_place *place, u8 command)
{
	if (patience && !--patience)
		virtio_page_leave(&place->other->page);
}

static void test_goes_again(struct kunit *test)
{
	struct disk *disk = disk_in_use(test, REQ_OP_WRITE);
	struct page_other *other = page_other_of(disk->host);
	unsigned int n, i;

	for (n = 1; n < 8; n++) {
		page_host_die(other);
		patience = n;
		other->twist = leave_again;
		page_host_come_back(other);
		KUNIT_EXPECT_EQ(test, 0, atomic_read(&disk->done));
	}
	other->twist = NULL;
	page_host_die(other);
	disk->host->queue[0].serve = disk_serve;
	page_host_come_back(other);
	disk_expect_all_done(disk, 0);
	for (i = 0; i < DISK_BIOS; i++)
		KUNIT_EXPECT_MEMEQ(test, page_address(disk->page[i]), disk->data + i * PAGE_SIZE,
				   PAGE_SIZE);
}

static void die_and_come_back(struct page_other *other)
{
	page_host_die(other);
	page_host_come_back(other);
	/* Time for the driver to be restarted. */
	msleep(100);
}

/* The same with nothing in flight, where nothing keeps its driver from being restarted. */
static void test_idle_goes_again(struct kunit *test)
{
	struct disk *disk = disk_create(test, 0);
	struct page_other *other;
	unsigned int n = 0;

	disk_open(disk);
	other = page_other_of(disk->host);
	other->twist = leave_again;
	do {
		patience = 0;
		die_and_come_back(other);
		KUNIT_ASSERT_EQ(test, 0, disk_transfer(disk, REQ_OP_READ, 0, disk->page[0]));
		patience = ++n;
		die_and_come_back(other);
	} while (!patience);
	KUNIT_EXPECT_GT(test, n, CAN_RESTART ? 10 : 3);
}

/* Or does not answer that: who waits is told at once, and not after the limit of an answer. */
static void die_in_command(struct page_place *place, u8 command)
{
	if (!patience || --patience)
		return;
	WRITE_ONCE(place->other->deaf, true);
	virtio_page_gone(&place->other->page);
}

static void test_dies_in_command(struct kunit *test)
{
	struct disk *disk = disk_create(test, 0);
	struct page_other *other;
	unsigned long start;
	unsigned int n = 0, left;

	disk_open(disk);
	other = page_other_of(disk->host);
	other->twist = die_in_command;
	do {
		patience = ++n;
		start = jiffies;
		die_and_come_back(other);
		KUNIT_EXPECT_LT(test, jiffies - start, 5 * HZ);
		left = patience;
		patience = 0;
		die_and_come_back(other);
		KUNIT_ASSERT_EQ(test, 0, disk_transfer(disk, REQ_OP_READ, 0, disk->page[0]));
	} while (!left);
	KUNIT_EXPECT_GT(test, n, CAN_RESTART ? 10 : 3);
}

/* And nobody comes: what is asked of it then ends with errors, wherever that was. */
static void test_idle_is_lost(struct kunit *test)
{
	unsigned int n = 0;

	do {
		struct disk *disk = disk_create(test, 0);
		struct page_other *other;

		disk_open(disk);
		other = page_other_of(disk->host);
		page_host_die(other);
		other->twist = leave_again;
		patience = ++n;
		page_host_come_back(other);
		msleep(100);
		page_host_die(other);
		disk_submit_all(disk, REQ_OP_READ);
		KUNIT_EXPECT_EQ(test, 0, atomic_read(&disk->done));
		virtio_page_close(&other->page);
		disk_expect_all_done(disk, DISK_BIOS);
	} while (!patience);
	KUNIT_EXPECT_GT(test, n, CAN_RESTART ? 10 : 3);
}

/* That they come and go says nothing against devices that are not in use. */
static void test_often(struct kunit *test)
{
	struct disk *disk = disk_create(test, 0);
	struct page_other *other;
	unsigned int i;

	disk_open(disk);
	other = page_other_of(disk->host);
	for (i = 0; i < 12; i++) {
		die_and_come_back(other);
		KUNIT_ASSERT_TRUE(test, disk->host->status & VIRTIO_CONFIG_S_DRIVER_OK);
	}
	KUNIT_EXPECT_EQ(test, 0, disk_transfer(disk, REQ_OP_READ, 0, disk->page[0]));
}

/* One that can't wait goes at once, and is found again. */
static void test_driver_that_cannot_wait(struct kunit *test)
{
	struct virtio_host *host = fake_host_with_queue(test, MODERN);
	struct page_other *other;

	fake_driver.repeatable = false;
	fake_plan.use_queue = true;
	fake_bind(test, host);
	other = page_other_of(host);
	page_host_die(other);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.removed);
	KUNIT_EXPECT_EQ(test, 1, fake_queue.back);
	page_host_come_back(other);
	KUNIT_EXPECT_EQ(test, 2, fake_plan.probed);
	KUNIT_EXPECT_NOT_NULL(test, fake_queue.vq);
}

/* A device without a driver likewise. */
static void test_without_driver(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);
	struct page_other *other;

	virtio_host_plug(host);
	other = page_other_of(host);
	page_host_die(other);
	KUNIT_EXPECT_TRUE(test, list_empty(&other->page.devices));
	page_host_come_back(other);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&other->page.devices));
}

/* Another page than the last: what was before has gone, what is new has come. */
static void test_others(struct kunit *test)
{
	struct virtio_host *first = fake_host_with_queue(test, MODERN);
	struct virtio_host *second = virtio_host_create(test, FAKE_ID, MODERN);
	struct page_other *other;

	fake_plan.use_queue = true;
	fake_bind(test, first);
	other = page_other_of(first);
	page_host_die(other);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.removed);
	page_host_forget(first);
	page_begin(other);
	other->deaf = false;
	page_set_state(page_host_describe(other, second), VIRTIO_PAGE_LIVE);
	fake_plan.use_queue = false;
	KUNIT_ASSERT_EQ(test, 0, virtio_page_open(&other->page));
	page_other_settle(other);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.removed);
	KUNIT_EXPECT_EQ(test, fake_queue.offered, fake_queue.back);
	KUNIT_EXPECT_EQ(test, 2, fake_plan.probed);
	KUNIT_EXPECT_NOT_NULL(test, virtio_host_vdev(second));
	virtio_page_close(&other->page);
}

/* What was a device may be anything in another page, also before that is open. */
static void test_place_of_another(struct kunit *test)
{
	struct virtio_host *first = virtio_host_create(test, FAKE_ID + 1, MODERN);
	struct virtio_host *second = fake_host_with_queue(test, MODERN);
	struct page_other *other = page_host_make(test, page_host_parent());
	struct page_place *place;
	u8 *anything, ones[255];

	memset(ones, 0xff, sizeof(ones));
	fake_plan.use_queue = true;
	fake_driver_register(test);
	KUNIT_ASSERT_EQ(test, 0, virtio_page_open(&other->page));
	page_host_show(other, first);
	page_host_show(other, second);
	KUNIT_ASSERT_NOT_NULL(test, fake_queue.vq);
	page_host_die(other);
	page_host_forget(second);
	page_begin(other);
	other->deaf = false;
	place = page_add_device(other, FAKE_ID + 1, 0);
	place->host = first;
	page_add_bits(place, VIRTIO_CONFIG_F_VIRTIO, MODERN);
	page_add_bits(place, VIRTIO_CONFIG_F_FEATURES, 0);
	anything = page_add_field(place, VIRTIO_CONFIG_F_DEVICE, ones, sizeof(ones));
	page_end_device(place);
	page_set_state(place, VIRTIO_PAGE_LIVE);
	page_ring_guest(other);
	KUNIT_EXPECT_MEMEQ(test, ones, anything, sizeof(ones));
	KUNIT_ASSERT_EQ(test, 0, virtio_page_open(&other->page));
	page_ring_guest(other);
	virtio_page_settle(&other->page);
	KUNIT_EXPECT_MEMEQ(test, ones, anything, sizeof(ones));
	KUNIT_EXPECT_EQ(test, 1, fake_plan.removed);
	KUNIT_EXPECT_EQ(test, fake_queue.offered, fake_queue.back);
	virtio_page_close(&other->page);
	fake_driver_unregister(test);
}

/* Nor is it the same with another vendor, or with less room than its driver has taken. */
static void test_other_vendor(struct kunit *test)
{
	struct virtio_host *host = fake_host_with_queue(test, MODERN);
	struct page_other *other;

	fake_plan.use_queue = true;
	fake_bind(test, host);
	other = page_other_of(host);
	page_host_die(other);
	host->vdev.id.vendor = 77;
	page_host_come_back(other);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.removed);
	KUNIT_EXPECT_EQ(test, 2, fake_plan.probed);
	KUNIT_EXPECT_EQ(test, 77, virtio_host_vdev(host)->id.vendor);
}

static void test_smaller_queue(struct kunit *test)
{
	struct disk *disk = disk_in_use(test, REQ_OP_READ);

	page_host_die(page_other_of(disk->host));
	disk->host->queue[0].size = 8;
	disk->host->queue[0].serve = disk_serve;
	page_host_come_back(page_other_of(disk->host));
	disk_expect_all_done(disk, DISK_BIOS);
}

static void test_no_page_returns(struct kunit *test)
{
	struct disk *disk = disk_in_use(test, REQ_OP_READ);
	struct page_other *other = page_other_of(disk->host);

	page_host_die(other);
	page_header(other)->magic = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL, virtio_page_open(&other->page));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&disk->done));
	disk->host->queue[0].serve = disk_serve;
	page_host_come_back(other);
	disk_expect_all_done(disk, 0);
}

/* A device that has come and gone before anybody looked: its place is free. */
static void test_never_seen(struct kunit *test)
{
	struct page_other *other = page_host_make(test, page_host_parent());
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);

	KUNIT_ASSERT_EQ(test, 0, virtio_page_open(&other->page));
	page_set_state(page_host_describe(other, host), VIRTIO_PAGE_LIVE);
	page_mark_gone(page_place_of(host));
	KUNIT_EXPECT_EQ(test, VIRTIO_PAGE_EMPTY, page_place_of(host)->shared->state);
	KUNIT_EXPECT_EQ(test, 1, other->commands[VIRTIO_PAGE_C_RELEASE]);
}

static struct kunit_case return_cases[] = {
	KUNIT_CASE_PARAM(test_disk_returns, format_gen_params),
	KUNIT_CASE_PARAM(test_disk_is_lost, format_gen_params),
	KUNIT_CASE_PARAM(test_disk_is_replaced, format_gen_params),
	KUNIT_CASE_PARAM(test_goes_again, format_gen_params),
	KUNIT_CASE(test_idle_goes_again),
	KUNIT_CASE(test_dies_in_command),
	KUNIT_CASE(test_idle_is_lost),
	KUNIT_CASE(test_often),
	KUNIT_CASE(test_driver_that_cannot_wait),
	KUNIT_CASE(test_without_driver),
	KUNIT_CASE(test_others),
	KUNIT_CASE(test_place_of_another),
	KUNIT_CASE(test_other_vendor),
	KUNIT_CASE(test_smaller_queue),
	KUNIT_CASE(test_no_page_returns),
	KUNIT_CASE(test_never_seen),
	{}
};

static struct kunit_suite return_suite = {
	.name = "virtio-page-return",
	.init = fake_driver_init_on_page,
	.test_cases = return_cases,
};

kunit_test_suite(return_suite);
