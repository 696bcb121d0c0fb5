// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of a device page whose other side, or one of its devices, goes while a driver is
 * in its probe() and waits for an answer: that ends, and what comes after it is right.
 */
#include <linux/completion.h>
#include <linux/delay.h>

#include "../page/page.h"
#include "disk.h"
#include "fake_driver.h"
#include "host.h"
#include "page_host.h"

static void stay_silent(struct page_place *place, u8 command)
{
	if (command == VIRTIO_PAGE_C_STATUS &&
	    READ_ONCE(place->shared->status) & VIRTIO_CONFIG_S_DRIVER)
		WRITE_ONCE(place->other->deaf, true);
}

/* A page that is open, and a device whose driver waits for an answer of it. */
static struct page_other *in_probe(struct kunit *test, struct virtio_host *host)
{
	struct page_other *other = page_host_make(test, page_host_parent());

	KUNIT_ASSERT_EQ(test, 0, virtio_page_open(&other->page));
	other->twist = stay_silent;
	page_set_state(page_host_describe(other, host), VIRTIO_PAGE_LIVE);
	page_ring_guest(other);
	while (!READ_ONCE(other->deaf))
		msleep(20);
	return other;
}

static void test_dies_in_probe(struct kunit *test)
{
	struct virtio_host *host = fake_host_with_queue(test, MODERN);
	struct page_other *other;
	unsigned long start;

	fake_plan.use_queue = true;
	fake_driver_register(test);
	other = in_probe(test, host);
	start = jiffies;
	virtio_page_leave(&other->page);
	virtio_page_close(&other->page);
	/* Nobody has waited for what can't come. */
	KUNIT_EXPECT_LT(test, jiffies - start, 2 * HZ);
	KUNIT_EXPECT_TRUE(test, list_empty(&other->page.devices));
	KUNIT_EXPECT_EQ(test, fake_queue.offered, fake_queue.back);
	fake_driver_unregister(test);
}

static struct completion begun, may_end;

static int slow_probe(struct virtio_device *vdev)
{
	fake_plan.probed++;
	complete(&begun);
	wait_for_completion(&may_end);
	return 0;
}

/* And is back, with a shorter page, before the driver has noticed. */
static void test_returns_in_probe(struct kunit *test)
{
	struct virtio_host *first = fake_host_with_queue(test, MODERN);
	struct virtio_host *second = virtio_host_create(test, FAKE_ID, MODERN);
	struct page_other *other = page_host_make(test, page_host_parent());
	struct page_place *place;
	unsigned long start;
	size_t end;

	init_completion(&begun);
	init_completion(&may_end);
	fake_driver.probe = slow_probe;
	fake_driver_register(test);
	KUNIT_ASSERT_EQ(test, 0, virtio_page_open(&other->page));
	page_set_state(page_host_describe(other, first), VIRTIO_PAGE_LIVE);
	page_ring_guest(other);
	wait_for_completion(&begun);
	virtio_page_leave(&other->page);
	end = other->at;
	page_begin(other);
	place = page_host_describe(other, second);
	page_set_state(place, VIRTIO_PAGE_LIVE);
	page_header(other)->length = cpu_to_le32(other->at);
	/* Behind its end, and where the walk is, lies what would be a device. */
	memcpy(other->page.start + end, place->shared,
	       other->at - sizeof(struct virtio_page_header));
	KUNIT_EXPECT_EQ(test, 0, virtio_page_open(&other->page));
	start = jiffies;
	complete_all(&may_end);
	page_other_settle(other);
	/* Which nobody answers for. */
	KUNIT_EXPECT_LT(test, jiffies - start, 2 * HZ);
	KUNIT_EXPECT_EQ(test, 2, fake_plan.probed);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&other->page.devices));
	KUNIT_ASSERT_NOT_NULL(test, virtio_host_vdev(second));
	KUNIT_EXPECT_PTR_EQ(test, &fake_driver.driver, virtio_host_vdev(second)->dev.driver);
	virtio_page_close(&other->page);
	fake_driver_unregister(test);
}

/* The device goes, and the others stay. */
static void test_gone_in_probe(struct kunit *test)
{
	struct virtio_host *host = fake_host_with_queue(test, MODERN);
	struct page_other *other;
	unsigned long start;

	fake_plan.use_queue = true;
	fake_driver_register(test);
	other = in_probe(test, host);
	start = jiffies;
	other->twist = NULL;
	/* It does not do what it was told before, but clears the command with the rest. */
	page_mark_gone(page_place_of(host));
	KUNIT_EXPECT_LT(test, jiffies - start, 2 * HZ);
	KUNIT_EXPECT_TRUE(test, list_empty(&other->page.devices));
	KUNIT_EXPECT_EQ(test, VIRTIO_PAGE_EMPTY, page_place_of(host)->shared->state);
	virtio_page_close(&other->page);
	fake_driver_unregister(test);
}

/* A disk whose partitions are being looked for, and which does not answer. */
static struct page_other *disk_in_probe(struct kunit *test, struct disk *disk)
{
	struct page_other *other = page_host_make(test, page_host_parent());

	disk->host->queue[0].serve = NULL;
	KUNIT_ASSERT_EQ(test, 0, virtio_page_open(&other->page));
	page_set_state(page_host_describe(other, disk->host), VIRTIO_PAGE_LIVE);
	page_ring_guest(other);
	virtio_host_wait_for_kick(disk->host, 0, 1);
	return other;
}

/* The partitions are not found, and the disk goes. */
static void test_disk_gone_in_probe(struct kunit *test)
{
	struct disk *disk = disk_create(test, 0);
	struct page_other *other = disk_in_probe(test, disk);

	page_mark_gone(page_place_of(disk->host));
	KUNIT_EXPECT_TRUE(test, list_empty(&other->page.devices));
	KUNIT_EXPECT_EQ(test, VIRTIO_PAGE_EMPTY, page_place_of(disk->host)->shared->state);
	virtio_page_close(&other->page);
}

/* The same when it is the other side that goes; and when that comes back. */
static void test_disk_left_in_probe(struct kunit *test)
{
	struct disk *disk = disk_create(test, 0);
	struct page_other *other = disk_in_probe(test, disk);

	page_host_die(other);
	disk->host->queue[0].serve = disk_serve;
	page_host_come_back(other);
	KUNIT_ASSERT_NOT_NULL(test, virtio_host_vdev(disk->host));
	/* Its driver is restarted. */
	KUNIT_EXPECT_TRUE(test, wait_event_timeout(disk->host->event,
						   disk->host->status & VIRTIO_CONFIG_S_DRIVER_OK,
						   GENEROUS));
	virtio_page_close(&other->page);
	KUNIT_EXPECT_TRUE(test, list_empty(&other->page.devices));
}

static void test_disk_lost_in_probe(struct kunit *test)
{
	struct disk *disk = disk_create(test, 0);
	struct page_other *other = disk_in_probe(test, disk);

	page_host_die(other);
	virtio_page_close(&other->page);
	KUNIT_EXPECT_TRUE(test, list_empty(&other->page.devices));
}

static struct kunit_case page_probe_cases[] = {
	KUNIT_CASE(test_dies_in_probe),
	KUNIT_CASE(test_returns_in_probe),
	KUNIT_CASE(test_disk_left_in_probe),
	KUNIT_CASE(test_disk_lost_in_probe),
	KUNIT_CASE(test_gone_in_probe),
	KUNIT_CASE(test_disk_gone_in_probe),
	{}
};

static struct kunit_suite page_probe_suite = {
	.name = "virtio-page-probe",
	.init = fake_driver_init_on_page,
	.test_cases = page_probe_cases,
};

kunit_test_suite(page_probe_suite);
