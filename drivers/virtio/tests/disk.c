// SPDX-License-Identifier: GPL-2.0
/*
 * A disk in memory; disk.h says more.
 *
 * First the device, as the virtio specification has it (1.3, 5.2); then what uses it,
 * through the block layer, which is all that it knows of the driver in between.
 */
#include <linux/bio.h>
#include <linux/slab.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_ring.h>

#include "disk.h"
#include "host.h"

const struct disk_format disk_formats[4] = {
	{ "split", 0 },
	{ "split, tables", BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) },
	{ "packed", BIT_ULL(VIRTIO_F_RING_PACKED) },
	{ "packed, tables, events", BIT_ULL(VIRTIO_F_RING_PACKED) |
		BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) | BIT_ULL(VIRTIO_RING_F_EVENT_IDX) },
};

void disk_describe_format(const struct disk_format *format, char *desc)
{
	strscpy(desc, format->name, KUNIT_PARAM_DESC_SIZE);
}

static struct disk *disk_of(struct virtio_host *host)
{
	return host->test->priv;
}

/*
 * The device.
 */

/* All but the first segment, which is the request, and the last, which is the status. */
static void transfer(struct disk *disk, struct virtio_host_buf *buf, size_t at, bool out)
{
	unsigned int i;

	for (i = 1; i < buf->n - 1 && at + buf->segment[i].len <= sizeof(disk->data); i++) {
		if (out)
			memcpy(disk->data + at, buf->segment[i].bytes, buf->segment[i].len);
		else
			memcpy(buf->segment[i].bytes, disk->data + at, buf->segment[i].len);
		at += buf->segment[i].len;
	}
}

static u32 writable_bytes(const struct virtio_host_buf *buf)
{
	unsigned int i;
	u32 len = 0;

	for (i = 0; i < buf->n; i++)
		len += buf->segment[i].writable ? buf->segment[i].len : 0;
	return len;
}

/* Does what a request asks for, and answers as @status of the disk says. */
u32 disk_serve(struct virtio_host *host, struct virtio_host_buf *buf)
{
	struct disk *disk = disk_of(host);
	struct virtio_blk_outhdr hdr;
	size_t at;

	virtio_host_pull(buf, &hdr, sizeof(hdr));
	at = virtio64_to_cpu(&host->vdev, hdr.sector) << SECTOR_SHIFT;
	switch (virtio32_to_cpu(&host->vdev, hdr.type)) {
	case VIRTIO_BLK_T_IN:
		transfer(disk, buf, at, false);
		break;
	case VIRTIO_BLK_T_OUT:
		transfer(disk, buf, at, true);
		break;
	case VIRTIO_BLK_T_FLUSH:
		disk->flushes++;
		break;
	}
	*buf->segment[buf->n - 1].bytes = disk->status;
	return writable_bytes(buf);
}

void disk_set_capacity(struct disk *disk, unsigned int sectors)
{
	disk->host->config[offsetof(struct virtio_blk_config, capacity)] = sectors;
}

static void free_page_of(void *page)
{
	__free_page(page);
}

/* Not plugged in yet.  Without a driver for it the test is skipped. */
struct disk *disk_create(struct kunit *test, u64 features)
{
	struct disk *disk;
	unsigned int i;

	if (!IS_ENABLED(CONFIG_VIRTIO_BLK))
		kunit_skip(test, "the kernel has no driver of disks");
	disk = kunit_kzalloc(test, sizeof(*disk), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, disk);
	test->priv = disk;
	for (i = 0; i < DISK_BIOS; i++) {
		disk->page[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, disk->page[i]);
		KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_page_of,
								   disk->page[i]));
	}
	disk->host = virtio_host_create(test, VIRTIO_ID_BLOCK,
					BIT_ULL(VIRTIO_F_VERSION_1) | features);
	disk_set_capacity(disk, DISK_SECTORS);
	virtio_host_serve(disk->host, virtio_host_add_queue(disk->host, 16), disk_serve);
	return disk;
}

/*
 * Who uses it.
 */

static void close_file(void *file)
{
	bdev_fput(file);
}

/* Plugs it in: the driver has made a block device of it then. */
void disk_open(struct disk *disk)
{
	struct kunit *test = disk->host->test;
	struct device *dev;

	virtio_host_plug(disk->host);
	dev = device_find_any_child(&virtio_host_vdev(disk->host)->dev);
	KUNIT_ASSERT_NOT_NULL(test, dev);
	disk->file = bdev_file_open_by_dev(dev->devt, BLK_OPEN_READ | BLK_OPEN_WRITE, disk, NULL);
	put_device(dev);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, disk->file);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, close_file, disk->file));
}

/* One request of a page.  Returns 0 or what went wrong. */
int disk_transfer(struct disk *disk, blk_opf_t op, unsigned int sector, struct page *page)
{
	struct bio *bio = bio_alloc(file_bdev(disk->file), 1, op, GFP_KERNEL);
	int err;

	bio->bi_iter.bi_sector = sector;
	__bio_add_page(bio, page, PAGE_SIZE, 0);
	err = submit_bio_wait(bio);
	bio_put(bio);
	return err;
}

static void end_io(struct bio *bio)
{
	struct disk *disk = bio->bi_private;

	if (bio->bi_status)
		atomic_inc(&disk->failed);
	atomic_inc(&disk->done);
	bio_put(bio);
	wake_up_all(&disk->host->event);
}

/* One request a page, side by side on the disk; nobody waits for them here. */
void disk_submit_all(struct disk *disk, blk_opf_t op)
{
	struct bio *bio;
	unsigned int i;

	atomic_set(&disk->done, 0);
	atomic_set(&disk->failed, 0);
	for (i = 0; i < DISK_BIOS; i++) {
		bio = bio_alloc(file_bdev(disk->file), 1, op, GFP_KERNEL);
		bio->bi_iter.bi_sector = i * (PAGE_SIZE >> SECTOR_SHIFT);
		bio->bi_private = disk;
		bio->bi_end_io = end_io;
		__bio_add_page(bio, disk->page[i], PAGE_SIZE, 0);
		submit_bio(bio);
	}
}

/* Each of them ends, @failed of them with an error. */
void disk_expect_all_done(struct disk *disk, unsigned int failed)
{
	struct kunit *test = disk->host->test;

	KUNIT_ASSERT_TRUE(test, wait_event_timeout(disk->host->event,
						   atomic_read(&disk->done) == DISK_BIOS,
						   GENEROUS));
	KUNIT_EXPECT_EQ(test, failed, atomic_read(&disk->failed));
}
