// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that lose a notification, an interrupt or themselves, under the tree's driver of
 * disks: its requests end all the same, some seconds later.
 */
#include <linux/delay.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "../transport.h"
#include "../watch/stuck.h"
#include "disk.h"
#include "host.h"
#include "host_ring.h"

/* Seconds until a queue counts as stuck; simulated time passes as fast as it can. */
#define LIMIT	4

/* Tests run one at a time. */
static struct disk *disk;

KUNIT_ARRAY_PARAM(format, disk_formats, disk_describe_format);

static void restore_limit(void *was)
{
	ring_stuck_after((unsigned long)was);
}

/* What a test that fails has left in flight is not waited for. */
static void serve_the_rest(void *unused)
{
	disk->host->queue[0].serve = disk_serve;
	if (disk->host->queue[0].vq)
		virtio_host_serve_all(disk->host, 0);
}

/* Requests are with a device that does nothing. */
static void submit_in_vain(struct kunit *test)
{
	const struct disk_format *format = test->param_value;
	unsigned long was = ring_stuck_after(LIMIT);

	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, restore_limit, (void *)was));
	disk = disk_create(test, format->features);
	disk_open(disk);
	disk->host->queue[0].serve = NULL;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, serve_the_rest, NULL));
	disk_submit_all(disk, REQ_OP_READ);
	msleep(100);
}

/* The device was not notified, or has forgotten that it was. */
static void test_lost_kick(struct kunit *test)
{
	submit_in_vain(test);
	disk->host->queue[0].serve = disk_serve;
	disk_expect_all_done(disk, 0);
}

/* It has answered, and its interrupt does not arrive. */
static void test_lost_interrupt(struct kunit *test)
{
	struct virtio_host_buf *buf = kunit_kzalloc(test, sizeof(*buf), GFP_KERNEL);
	struct virtio_host_ring *ring;
	unsigned int n;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	submit_in_vain(test);
	ring = disk->host->queue[0].ring;
	for (n = 0; virtio_host_take(disk->host, 0, buf); n++)
		KUNIT_ASSERT_EQ(test, 0, host_ring_use(ring, buf->id,
						       disk_serve(disk->host, buf)));
	/* Without tables the last request does not fit in before the driver has taken some. */
	KUNIT_ASSERT_GE(test, n, DISK_BIOS - 1);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&disk->done));
	disk->host->queue[0].serve = disk_serve;
	disk_expect_all_done(disk, 0);
}

/* One that is only slow is notified once more, and nothing else happens to it. */
static void test_slow(struct kunit *test)
{
	unsigned int kicks;

	submit_in_vain(test);
	kicks = disk->host->queue[0].kicks;
	msleep(10 * LIMIT * MSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&disk->done));
	KUNIT_EXPECT_EQ(test, kicks + 1, disk->host->queue[0].kicks);
	disk->host->queue[0].serve = disk_serve;
	virtio_host_serve_all(disk->host, 0);
	disk_expect_all_done(disk, 0);
}

static void no_reset(void *unused)
{
	ring_stuck_reset = false;
}

static void serve_when_live(struct virtio_host *host, enum virtio_host_point point, u64 arg)
{
	if (point == VIRTIO_HOST_SET_STATUS && arg & VIRTIO_CONFIG_S_DRIVER_OK)
		host->queue[0].serve = disk_serve;
}

/* For those who ask for it, one that nothing helps is reset. */
static void test_reset(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, no_reset, NULL));
	ring_stuck_reset = true;
	submit_in_vain(test);
	disk->host->script = serve_when_live;
	disk_expect_all_done(disk, 0);
}

static void stay_gone(struct virtio_host *host, enum virtio_host_point point, u64 arg)
{
	host->status = VIRTIO_STATUS_GONE;
}

static void vanish(void)
{
	disk->host->script = stay_gone;
	disk->host->status = VIRTIO_STATUS_GONE;
}

/* It is gone, and no bus says so. */
static void test_gone(struct kunit *test)
{
	submit_in_vain(test);
	vanish();
	disk_expect_all_done(disk, DISK_BIOS);
}

static void unplug(struct work_struct *work)
{
	virtio_host_unplug(disk->host);
}

static DECLARE_WORK(unplug_work, unplug);

/* It is gone while its driver, which was asked to let go of it, waits for its answers. */
static void test_gone_in_remove(struct kunit *test)
{
	submit_in_vain(test);
	queue_work(system_unbound_wq, &unplug_work);
	msleep(100);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&disk->done));
	vanish();
	disk_expect_all_done(disk, DISK_BIOS);
	flush_work(&unplug_work);
}

static struct kunit_case stuck_cases[] = {
	KUNIT_CASE_PARAM(test_lost_kick, format_gen_params),
	KUNIT_CASE_PARAM(test_lost_interrupt, format_gen_params),
	KUNIT_CASE_PARAM(test_slow, format_gen_params),
	KUNIT_CASE_PARAM(test_reset, format_gen_params),
	KUNIT_CASE_PARAM(test_gone, format_gen_params),
	KUNIT_CASE_PARAM(test_gone_in_remove, format_gen_params),
	{}
};

static struct kunit_suite stuck_suite = {
	.name = "virtio-stuck",
	.test_cases = stuck_cases,
};

kunit_test_suite(stuck_suite);
