// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of virtio_blk, the tree's own driver of disks, on a disk that the test plays.
 *
 * It is here as the example of a driver that has its users elsewhere in the kernel:
 * what is asked of it comes through the block layer, as from a file system, and what
 * comes of that is looked at on both sides.  The disk is disk.c; one that fails or is
 * torn out is recovery_test.c's.
 */
#include <linux/iopoll.h>
#include <linux/virtio_blk.h>

#include "disk.h"
#include "page_host.h"

#define FLUSH	BIT_ULL(VIRTIO_BLK_F_FLUSH)

static struct disk *open_disk(struct kunit *test, u64 features)
{
	struct disk *disk = disk_create(test, features);

	disk_open(disk);
	return disk;
}

/* What is written lies on the disk where it should, and is what is read from there. */
static void test_read_and_write(struct kunit *test)
{
	struct disk *disk = open_disk(test, 0);
	u8 *written = page_address(disk->page[0]), *read = page_address(disk->page[1]);
	unsigned int sector;

	for (sector = 0; sector < DISK_SECTORS; sector += PAGE_SECTORS) {
		memset(written, 1 + sector, PAGE_SIZE);
		KUNIT_ASSERT_EQ(test, 0, disk_transfer(disk, REQ_OP_WRITE, sector, disk->page[0]));
		KUNIT_EXPECT_MEMEQ(test, disk->data + (sector << SECTOR_SHIFT), written,
				   PAGE_SIZE);
	}
	memset(disk->data, 0xda, PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, 0, disk_transfer(disk, REQ_OP_READ, 0, disk->page[1]));
	KUNIT_EXPECT_MEMEQ(test, disk->data, read, PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, 0, disk_transfer(disk, REQ_OP_READ, sector - PAGE_SECTORS,
					       disk->page[1]));
	KUNIT_EXPECT_MEMEQ(test, written, read, PAGE_SIZE);
}

/* Several at a time. */
static void test_side_by_side(struct kunit *test)
{
	struct disk *disk = open_disk(test, 0);
	unsigned int i;

	for (i = 0; i < DISK_BIOS; i++)
		memset(disk->data + i * PAGE_SIZE, 0x40 + i, PAGE_SIZE);
	disk_submit_all(disk, REQ_OP_READ);
	disk_expect_all_done(disk, 0);
	for (i = 0; i < DISK_BIOS; i++)
		KUNIT_EXPECT_MEMEQ(test, page_address(disk->page[i]), disk->data + i * PAGE_SIZE,
				   PAGE_SIZE);
}

/* A disk that has a cache is told to empty it. */
static void test_flush(struct kunit *test)
{
	struct disk *disk = open_disk(test, FLUSH);

	KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(file_bdev(disk->file)));
	KUNIT_EXPECT_EQ(test, 1, disk->flushes);
}

/* One that has not said so is not asked for what it doesn't know. */
static void test_no_flush(struct kunit *test)
{
	struct disk *disk = open_disk(test, 0);

	KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(file_bdev(disk->file)));
	KUNIT_EXPECT_EQ(test, 0, disk->flushes);
}

/**
 * struct answer - an answer of the device, and what a request comes to by it
 * @name: for the log
 * @status: what the device says
 * @err: what the user of the disk is told
 */
struct answer {
	const char *name;
	u8 status;
	int err;
};

static const struct answer answers[] = {
	{ "error", VIRTIO_BLK_S_IOERR, -EIO },
	{ "not supported", VIRTIO_BLK_S_UNSUPP, -EOPNOTSUPP },
	{ "no answer that there is", 0x77, -EIO },
};

static void describe(const struct answer *answer, char *desc)
{
	strscpy(desc, answer->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(answer, answers, describe);

/* And the next request is not the worse for it. */
static void test_answer(struct kunit *test)
{
	struct disk *disk = open_disk(test, FLUSH);
	const struct answer *answer = test->param_value;

	disk->status = answer->status;
	KUNIT_EXPECT_EQ(test, answer->err, disk_transfer(disk, REQ_OP_READ, 0, disk->page[0]));
	KUNIT_EXPECT_EQ(test, answer->err, disk_transfer(disk, REQ_OP_WRITE, 0, disk->page[0]));
	KUNIT_EXPECT_EQ(test, answer->err, blkdev_issue_flush(file_bdev(disk->file)));
	disk->status = VIRTIO_BLK_S_OK;
	KUNIT_EXPECT_EQ(test, 0, disk_transfer(disk, REQ_OP_READ, 0, disk->page[0]));
}

/* It grows while it is in use: what is new can be written to. */
static void test_grow(struct kunit *test)
{
	struct disk *disk = open_disk(test, 0);
	struct block_device *bdev = file_bdev(disk->file);
	sector_t now;

	KUNIT_EXPECT_EQ(test, DISK_SECTORS, bdev_nr_sectors(bdev));
	KUNIT_EXPECT_EQ(test, -EIO,
			disk_transfer(disk, REQ_OP_WRITE, DISK_SECTORS, disk->page[0]));
	disk_set_capacity(disk, DISK_ROOM);
	virtio_host_change_config(disk->host);
	KUNIT_ASSERT_EQ(test, 0, read_poll_timeout(bdev_nr_sectors, now, now == DISK_ROOM, 1000,
						   60 * USEC_PER_SEC, false, bdev));
	memset(page_address(disk->page[0]), 0x99, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0,
			disk_transfer(disk, REQ_OP_WRITE, DISK_SECTORS, disk->page[0]));
	KUNIT_EXPECT_MEMEQ(test, disk->data + (DISK_SECTORS << SECTOR_SHIFT),
			   page_address(disk->page[0]), PAGE_SIZE);
}

/* Slow, but honest: it answers once its driver is being removed, and not before. */
static void answer_at_last(struct virtio_host *host, enum virtio_host_point point, u64 arg)
{
	if (point != VIRTIO_HOST_GET_STATUS)
		return;
	host->script = NULL;
	host->queue[0].serve = disk_serve;
	schedule_work(&host->queue[0].work);
}

/* Taken away in an orderly way: what is in flight is waited for, and none of it fails. */
static void test_removed_under_load(struct kunit *test)
{
	struct disk *disk = open_disk(test, 0);

	disk->host->queue[0].serve = NULL;
	disk_submit_all(disk, REQ_OP_WRITE);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&disk->done));
	disk->host->script = answer_at_last;
	virtio_host_unplug(disk->host);
	disk_expect_all_done(disk, 0);
	KUNIT_EXPECT_EQ(test, -EIO, disk_transfer(disk, REQ_OP_READ, 0, disk->page[0]));
}

#define CASES						\
	KUNIT_CASE(test_read_and_write),		\
	KUNIT_CASE(test_side_by_side),			\
	KUNIT_CASE(test_flush),				\
	KUNIT_CASE(test_no_flush),			\
	KUNIT_CASE_PARAM(test_answer, answer_gen_params),	\
	KUNIT_CASE(test_grow),				\
	KUNIT_CASE(test_removed_under_load),		\
	{}

static struct kunit_case blk_cases[] = { CASES };
static struct kunit_case page_blk_cases[] = { CASES };

static struct kunit_suite blk_suite = {
	.name = "virtio-blk",
	.test_cases = blk_cases,
};

/* The same from a page, where the driver's offsets are fields. */
static struct kunit_suite page_blk_suite = {
	.name = "virtio-blk-page",
	.init = page_host_init,
	.test_cases = page_blk_cases,
};

kunit_test_suites(&blk_suite, &page_blk_suite);
