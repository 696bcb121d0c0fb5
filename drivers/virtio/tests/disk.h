/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A disk in memory, for tests of the tree's own driver of disks: the device that a
 * test plays, the block device that the driver makes of it, and requests to that.
 */
#ifndef _VIRTIO_TEST_DISK_H
#define _VIRTIO_TEST_DISK_H

#include <linux/blkdev.h>

#include <kunit/virtio.h>

#define DISK_SECTORS	64
#define DISK_ROOM	128	/* sectors that it can grow to */
#define DISK_BIOS	6

/**
 * struct disk - the disk
 * @host: the device
 * @file: the block device, open
 * @data: what is on it
 * @status: what it answers
 * @flushes: how often it was told to keep what it has
 * @page: for requests, one each
 * @done: requests that have ended
 * @failed: those of them that ended with an error
 */
struct disk {
	struct virtio_host *host;
	struct file *file;
	u8 data[DISK_ROOM << SECTOR_SHIFT];
	u8 status;
	unsigned int flushes;
	struct page *page[DISK_BIOS];
	atomic_t done, failed;
};

/**
 * struct disk_format - a kind of queue for a disk to have, the parameter of a test
 * @name: of the kind
 * @features: that make it
 */
struct disk_format {
	const char *name;
	u64 features;
};

extern const struct disk_format disk_formats[4];

void disk_describe_format(const struct disk_format *format, char *desc);

struct disk *disk_create(struct kunit *test, u64 features);
void disk_open(struct disk *disk);
void disk_set_capacity(struct disk *disk, unsigned int sectors);
u32 disk_serve(struct virtio_host *host, struct virtio_host_buf *buf);

int disk_transfer(struct disk *disk, blk_opf_t op, unsigned int sector, struct page *page);
void disk_submit_all(struct disk *disk, blk_opf_t op);
void disk_expect_all_done(struct disk *disk, unsigned int failed);

#endif /* _VIRTIO_TEST_DISK_H */
