// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of devices that run into an error and are brought back: with a disk of the
 * tree's own driver, which waits for what is in flight, and with a driver that waits
 * for nothing and is told what to do.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_ring.h>

#include "../transport.h"
#include "fake_driver.h"

#define GENEROUS	(60 * HZ)
#define SECTORS		64
#define BIOS		6

/* Tests run one at a time. */
static struct recovery_disk {
	struct virtio_host *host;
	struct file *file;
	u8 data[SECTORS << SECTOR_SHIFT];
	struct page *page[BIOS];
	atomic_t done, failed;
	unsigned int live, breaks;
	bool lies;
} disk;

/*
 * The device: reads and writes of a disk in memory.
 */

static void copy(struct virtio_host_buf *buf, struct virtio_blk_outhdr *hdr)
{
	bool out = hdr->type == cpu_to_virtio32(&disk.host->vdev, VIRTIO_BLK_T_OUT);
	u8 *at = disk.data + (virtio64_to_cpu(&disk.host->vdev, hdr->sector) << SECTOR_SHIFT);
	unsigned int i;

	for (i = 1; i < buf->n - 1; i++) {
		if (out)
			memcpy(at, buf->segment[i].bytes, buf->segment[i].len);
		else
			memcpy(buf->segment[i].bytes, at, buf->segment[i].len);
		at += buf->segment[i].len;
	}
}

static u32 serve_disk(struct virtio_host *host, struct virtio_host_buf *buf)
{
	struct virtio_blk_outhdr hdr;
	u32 len = 0;
	unsigned int i;

	virtio_host_pull(buf, &hdr, sizeof(hdr));
	copy(buf, &hdr);
	*buf->segment[buf->n - 1].bytes = VIRTIO_BLK_S_OK;
	for (i = 0; i < buf->n; i++)
		len += buf->segment[i].writable ? buf->segment[i].len : 0;
	return len;
}

/* Instead of looking at its queue a device that was well fails, so often. */
static void fail_at_kick(struct virtio_host *host, enum virtio_host_point point, u64 arg)
{
	if (point == VIRTIO_HOST_SET_STATUS && arg & VIRTIO_CONFIG_S_DRIVER_OK) {
		disk.live++;
		wake_up_all(&host->event);
	}
	if (point != VIRTIO_HOST_KICK || !disk.breaks ||
	    host->status & VIRTIO_CONFIG_S_NEEDS_RESET)
		return;
	if (!--disk.breaks)
		host->queue[0].serve = serve_disk;
	if (disk.lies) {
		virtio_host_claim(host, 0, 999, 0, 1);
		virtio_host_interrupt(host, 0);
	} else {
		virtio_host_needs_reset(host);
	}
}

static void close_disk(void *file)
{
	bdev_fput(file);
}

static void free_page_of(void *page)
{
	__free_page(page);
}

static void open_disk(struct kunit *test, u64 features)
{
	struct device *dev;
	unsigned int i;

	memset(&disk, 0, sizeof(disk));
	disk.host = virtio_host_create(test, VIRTIO_ID_BLOCK, MODERN | features);
	disk.host->config[offsetof(struct virtio_blk_config, capacity)] = SECTORS;
	disk.host->script = fail_at_kick;
	virtio_host_serve(disk.host, virtio_host_add_queue(disk.host, 16), serve_disk);
	virtio_host_plug(disk.host);
	dev = device_find_any_child(&disk.host->vdev.dev);
	KUNIT_ASSERT_NOT_NULL(test, dev);
	disk.file = bdev_file_open_by_dev(dev->devt, BLK_OPEN_READ | BLK_OPEN_WRITE, &disk, NULL);
	put_device(dev);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, disk.file);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, close_disk, disk.file));
	for (i = 0; i < BIOS; i++) {
		disk.page[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, disk.page[i]);
		KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_page_of,
								   disk.page[i]));
	}
}

/*
 * Who uses the disk.
 */

static void io_done(struct bio *bio)
{
	if (bio->bi_status)
		atomic_inc(&disk.failed);
	atomic_inc(&disk.done);
	bio_put(bio);
	wake_up_all(&disk.host->event);
}

static void submit(unsigned int i, blk_opf_t op)
{
	struct bio *bio = bio_alloc(file_bdev(disk.file), 1, op, GFP_KERNEL);

	bio->bi_iter.bi_sector = i * (PAGE_SIZE >> SECTOR_SHIFT);
	bio->bi_end_io = io_done;
	__bio_add_page(bio, disk.page[i], PAGE_SIZE, 0);
	submit_bio(bio);
}

static void submit_all(blk_opf_t op)
{
	unsigned int i;

	atomic_set(&disk.done, 0);
	atomic_set(&disk.failed, 0);
	for (i = 0; i < BIOS; i++)
		submit(i, op);
}

static void expect_all_done(struct kunit *test)
{
	KUNIT_ASSERT_TRUE(test, wait_event_timeout(disk.host->event,
						   atomic_read(&disk.done) == BIOS, GENEROUS));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&disk.failed));
}

/* Revived @times times, and once more when its driver was restarted for it. */
static void expect_lives(struct kunit *test, unsigned int times)
{
	KUNIT_EXPECT_TRUE(test, wait_event_timeout(disk.host->event, disk.live >= times + 1,
						   GENEROUS));
	KUNIT_EXPECT_FALSE(test, disk.host->status & VIRTIO_CONFIG_S_NEEDS_RESET);
}

static void write_over_failures(struct kunit *test, unsigned int breaks)
{
	unsigned int i;

	for (i = 0; i < BIOS; i++)
		memset(page_address(disk.page[i]), breaks + i, PAGE_SIZE);
	disk.live = 0;
	disk.host->queue[0].serve = NULL;
	disk.breaks = breaks;
	submit_all(REQ_OP_WRITE);
	expect_all_done(test);
	expect_lives(test, breaks);
	for (i = 0; i < BIOS; i++)
		KUNIT_EXPECT_MEMEQ(test, page_address(disk.page[i]), disk.data + i * PAGE_SIZE,
				   PAGE_SIZE);
}

static void read_over_failures(struct kunit *test, unsigned int breaks)
{
	unsigned int i;

	for (i = 0; i < BIOS; i++)
		memset(disk.data + i * PAGE_SIZE, 0x40 + i, PAGE_SIZE);
	disk.live = 0;
	disk.host->queue[0].serve = NULL;
	disk.breaks = breaks;
	submit_all(REQ_OP_READ);
	expect_all_done(test);
	expect_lives(test, breaks);
	for (i = 0; i < BIOS; i++)
		KUNIT_EXPECT_MEMEQ(test, page_address(disk.page[i]), disk.data + i * PAGE_SIZE,
				   PAGE_SIZE);
}

static const struct format {
	const char *name;
	u64 features;
} formats[] = {
	{ "split", 0 },
	{ "split, tables", BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) },
	{ "packed", BIT_ULL(VIRTIO_F_RING_PACKED) },
	{ "packed, tables, events", BIT_ULL(VIRTIO_F_RING_PACKED) |
		BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) | BIT_ULL(VIRTIO_RING_F_EVENT_IDX) },
};

static void describe(const struct format *format, char *desc)
{
	strscpy(desc, format->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(format, formats, describe);

/* It asks for a reset with requests in flight: they are served when it is back. */
static void test_needs_reset(struct kunit *test)
{
	const struct format *format = test->param_value;
	unsigned int round;

	if (!IS_ENABLED(CONFIG_VIRTIO_BLK))
		kunit_skip(test, "the kernel has no driver of disks");
	open_disk(test, format->features);
	for (round = 0; round < 3; round++) {
		write_over_failures(test, 1);
		read_over_failures(test, 1);
	}
}

/* And once more each time it is back, while its driver waits. */
static void test_fails_again(struct kunit *test)
{
	const struct format *format = test->param_value;

	if (!IS_ENABLED(CONFIG_VIRTIO_BLK))
		kunit_skip(test, "the kernel has no driver of disks");
	open_disk(test, format->features);
	write_over_failures(test, 4);
	read_over_failures(test, 4);
}

/* A queue that breaks because the device lied: the same. */
static void test_lies(struct kunit *test)
{
	const struct format *format = test->param_value;

	if (!IS_ENABLED(CONFIG_VIRTIO_BLK))
		kunit_skip(test, "the kernel has no driver of disks");
	open_disk(test, format->features);
	disk.lies = true;
	write_over_failures(test, 1);
	read_over_failures(test, 3);
}

/* The bus resets it, as PCI does by its function-level reset. */
static void test_bus_reset(struct kunit *test)
{
	const struct format *format = test->param_value;

	if (!IS_ENABLED(CONFIG_VIRTIO_BLK))
		kunit_skip(test, "the kernel has no driver of disks");
	open_disk(test, format->features);
	disk.live = 0;
	disk.host->queue[0].serve = NULL;
	submit_all(REQ_OP_READ);
	virtio_recovery_pause(&disk.host->vdev);
	disk.host->status = 0;
	disk.host->queue[0].serve = serve_disk;
	virtio_recovery_resume(&disk.host->vdev);
	expect_all_done(test);
	expect_lives(test, 1);
	read_over_failures(test, 1);
}

static void expect_all_failed(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, wait_event_timeout(disk.host->event,
						   atomic_read(&disk.done) == BIOS, GENEROUS));
	KUNIT_EXPECT_EQ(test, BIOS, atomic_read(&disk.failed));
}

static void stay_gone(struct virtio_host *host, enum virtio_host_point point, u64 arg)
{
	host->status = VIRTIO_STATUS_GONE;
}

/* Torn out with requests in flight: each of them fails, and nobody waits for ever. */
static void test_torn_out(struct kunit *test)
{
	const struct format *format = test->param_value;

	if (!IS_ENABLED(CONFIG_VIRTIO_BLK))
		kunit_skip(test, "the kernel has no driver of disks");
	open_disk(test, format->features);
	disk.host->queue[0].serve = NULL;
	submit_all(REQ_OP_READ);
	disk.host->script = stay_gone;
	disk.host->status = VIRTIO_STATUS_GONE;
	virtio_host_unplug(disk.host);
	expect_all_failed(test);
}

/* While its driver waits for them, to be restarted. */
static void test_torn_out_in_restart(struct kunit *test)
{
	const struct format *format = test->param_value;

	if (!IS_ENABLED(CONFIG_VIRTIO_BLK))
		kunit_skip(test, "the kernel has no driver of disks");
	open_disk(test, format->features);
	disk.live = 0;
	disk.host->queue[0].serve = NULL;
	submit_all(REQ_OP_READ);
	virtio_host_needs_reset(disk.host);
	KUNIT_ASSERT_TRUE(test, wait_event_timeout(disk.host->event, disk.live == 1, GENEROUS));
	disk.host->script = stay_gone;
	disk.host->status = VIRTIO_STATUS_GONE;
	virtio_host_unplug(disk.host);
	expect_all_failed(test);
}

/* The same for a device that is given up, and for what is asked of it later. */
static void test_given_up(struct kunit *test)
{
	const struct format *format = test->param_value;

	if (!IS_ENABLED(CONFIG_VIRTIO_BLK))
		kunit_skip(test, "the kernel has no driver of disks");
	open_disk(test, format->features);
	disk.host->queue[0].serve = NULL;
	disk.breaks = UINT_MAX;
	submit_all(REQ_OP_READ);
	expect_all_failed(test);
	KUNIT_EXPECT_TRUE(test, disk.host->status & VIRTIO_CONFIG_S_FAILED);
	submit_all(REQ_OP_WRITE);
	expect_all_failed(test);
}

/*
 * A driver that does as it is told.
 */

static unsigned int lives;

static void never_well(struct virtio_host *host, enum virtio_host_point point, u64 arg)
{
	if (point == VIRTIO_HOST_SET_STATUS && arg & VIRTIO_CONFIG_S_FAILED)
		wake_up_all(&host->event);
	if (point != VIRTIO_HOST_SET_STATUS || !(arg & VIRTIO_CONFIG_S_DRIVER_OK))
		return;
	lives++;
	virtio_host_needs_reset(host);
}

static void expect_failed(struct kunit *test, struct virtio_host *host)
{
	KUNIT_EXPECT_TRUE(test, wait_event_timeout(host->event,
						   READ_ONCE(host->status) & VIRTIO_CONFIG_S_FAILED,
						   GENEROUS));
	KUNIT_EXPECT_TRUE(test, !fake_queue.vq || virtqueue_is_broken(fake_queue.vq));
}

/* There is an end to it; and the driver can go, with its buffers. */
static void test_limit(struct kunit *test)
{
	struct virtio_host *host = fake_host_with_queue(test, MODERN);

	fake_plan.use_queue = true;
	host->script = never_well;
	lives = 0;
	fake_bind(test, host);
	expect_failed(test, host);
	/* Each attempt is a life, and so is each restart of the driver that got through. */
	KUNIT_EXPECT_GE(test, lives, 1 + 5);
	KUNIT_EXPECT_LE(test, lives, 1 + 2 * 5);
	fake_driver_unregister(test);
	KUNIT_EXPECT_EQ(test, fake_queue.offered, fake_queue.back);
}

/* It has forgotten how to agree on features. */
static void test_refuses(struct kunit *test)
{
	struct virtio_host *host = fake_host_with_queue(test, MODERN);

	fake_plan.use_queue = true;
	fake_bind(test, host);
	host->refuse_features = true;
	host->script = never_well;
	virtio_host_needs_reset(host);
	expect_failed(test, host);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.restored);
}

/* A driver that can't be restarted now goes on with what it has. */
static void test_no_restart(struct kunit *test)
{
	struct virtio_host *host = fake_host_with_queue(test, MODERN);

	fake_plan.use_queue = true;
	fake_plan.freeze_error = -EBUSY;
	fake_bind(test, host);
	virtio_host_needs_reset(host);
	virtio_host_unplug(host);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.restored);
	KUNIT_EXPECT_EQ(test, fake_queue.offered, fake_queue.back);
}

/* A driver that can't be restarted at all is left alone, as ever. */
static void test_no_callbacks(struct kunit *test)
{
	struct virtio_host *host = fake_host_with_queue(test, MODERN);
	unsigned int writes;

	fake_plan.use_queue = true;
	fake_driver.restore = NULL;
	fake_bind(test, host);
	writes = host->writes;
	virtio_host_needs_reset(host);
	KUNIT_EXPECT_EQ(test, writes, host->writes);
	KUNIT_EXPECT_TRUE(test, host->status & VIRTIO_CONFIG_S_NEEDS_RESET);
}

/* One that goes while it is brought back. */
static void test_unplugged(struct kunit *test)
{
	unsigned int round;

	for (round = 0; round < 20; round++) {
		struct virtio_host *host = fake_host_with_queue(test, MODERN);

		fake_plan.use_queue = true;
		if (!round)
			fake_driver_register(test);
		virtio_host_plug(host);
		virtio_host_needs_reset(host);
		virtio_host_unplug(host);
		KUNIT_EXPECT_TRUE(test, list_empty(&host->vdev.vqs));
		KUNIT_EXPECT_EQ(test, fake_queue.offered, fake_queue.back);
	}
}

static struct kunit_case recovery_cases[] = {
	KUNIT_CASE_PARAM(test_needs_reset, format_gen_params),
	KUNIT_CASE_PARAM(test_fails_again, format_gen_params),
	KUNIT_CASE_PARAM(test_lies, format_gen_params),
	KUNIT_CASE_PARAM(test_bus_reset, format_gen_params),
	KUNIT_CASE_PARAM(test_torn_out, format_gen_params),
	KUNIT_CASE_PARAM(test_torn_out_in_restart, format_gen_params),
	KUNIT_CASE_PARAM(test_given_up, format_gen_params),
	KUNIT_CASE(test_limit),
	KUNIT_CASE(test_refuses),
	KUNIT_CASE(test_no_restart),
	KUNIT_CASE(test_no_callbacks),
	KUNIT_CASE(test_unplugged),
	{}
};

static struct kunit_suite recovery_suite = {
	.name = "virtio-recovery",
	.init = fake_driver_init,
	.test_cases = recovery_cases,
};

kunit_test_suite(recovery_suite);
