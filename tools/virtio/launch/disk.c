// SPDX-License-Identifier: GPL-2.0
/*
 * A disk, virtio-blk (virtio 1.3, 5.2): what it is, and its queue.
 *
 * One batch is: pop all there is, one submission for all of it, push what has ended at
 * once, publish.  What ends later is published once a turn.  request.c knows what a request
 * is, the engine how a file is read.
 */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blockfile.h"
#include "disk.h"
#include "request.h"

#define BIT(n)	(UINT64_C(1) << (n))
#define DEPTH	QUEUE_MAX

/* Fields, by their number in struct virtio_blk_config. */
enum {
	FIELD_CAPACITY = VIRTIO_CONFIG_F_DEVICE,
	FIELD_SEG_MAX = VIRTIO_CONFIG_F_DEVICE + 2,
	FIELD_BLK_SIZE = VIRTIO_CONFIG_F_DEVICE + 6,
	FIELD_WCE = VIRTIO_CONFIG_F_DEVICE + 11,
	FIELD_DISCARD_SECTORS = VIRTIO_CONFIG_F_DEVICE + 13,
	FIELD_DISCARD_SEG,
	FIELD_DISCARD_ALIGNMENT,
	FIELD_ZEROES_SECTORS,
	FIELD_ZEROES_SEG,
	FIELD_ZEROES_UNMAP,
};

static struct disk *to_disk(struct device *dev)
{
	return container_of(dev, struct disk, dev);
}

void disk_end(struct disk *disk, struct request *r, uint8_t status)
{
	struct queue *q = &disk->dev.queue[0];

	r->next = disk->free;
	disk->free = r;
	if (disk->stopping)
		return;
	*r->status = status;
	/* The status comes last: without the data before it, nothing is written from the start. */
	queue_push(q, &r->chain, status && r->written > 1 ? 0 : r->written);
	loop_defer(&disk->finish);
}

/* One turn's share at most: other devices are waited for as well. */
static void serve(struct disk *disk)
{
	struct queue *q = &disk->dev.queue[0];
	unsigned int i;

	queue_wake(q);
	for (i = 0; i < DEPTH && disk->free; i++) {
		struct request *r = disk->free;

		if (!queue_pop(q, &r->chain))
			break;
		disk->free = r->next;
		if (!request_begin(disk, r))
			break;
	}
	disk->engine->type->submit(disk->engine);
	queue_publish(q);
	if (!queue_sleep(q))
		loop_defer(&disk->again);
}

static void serve_again(struct work *work)
{
	serve(container_of(work, struct disk, again));
}

/* Of what has ended later than it was submitted. */
static void finish(struct work *work)
{
	struct disk *disk = container_of(work, struct disk, finish);

	queue_publish(&disk->dev.queue[0]);
}

static void disk_kick(struct device *dev, struct queue *q)
{
	(void)q;
	serve(to_disk(dev));
}

static void free_all(struct disk *disk)
{
	unsigned int i;

	disk->free = NULL;
	for (i = DEPTH; i-- > 0;) {
		disk->pool[i].next = disk->free;
		disk->free = &disk->pool[i];
	}
}

static void disk_stop(struct device *dev, struct queue *q)
{
	struct disk *disk = to_disk(dev);

	(void)q;
	disk->stopping = true;
	disk->engine->type->drain(disk->engine);
	disk->stopping = false;
	loop_forget(&disk->again);
	loop_forget(&disk->finish);
	/* One that was a lie is nowhere else. */
	free_all(disk);
}

/* Without a flush, and unless it says otherwise, the driver knows no cache (5.2.6.2). */
static void find_write_through(struct disk *disk)
{
	bool cached = device_has(&disk->dev, VIRTIO_BLK_F_FLUSH);

	if (device_has(&disk->dev, VIRTIO_BLK_F_CONFIG_WCE))
		cached = device_field(&disk->dev, FIELD_WCE);
	disk->write_through = !cached;
}

static void disk_start(struct device *dev)
{
	find_write_through(to_disk(dev));
}

static void disk_close(struct device *dev)
{
	struct disk *disk = to_disk(dev);

	disk->stopping = true;
	disk->engine->type->drain(disk->engine);
	disk->engine->type->destroy(disk->engine);
	if (!disk->read_only && fdatasync(disk->fd))
		say("%s: %s: what was written may be lost", dev->label, strerror(errno));
	close(disk->fd);
	free(disk->pool);
	free(disk->file);
	free(disk);
}

static void disk_describe(struct device *dev, char *text, size_t size)
{
	struct disk *disk = to_disk(dev);

	snprintf(text, size, "%" PRIu64 " sectors%s, %s", disk->sectors,
		 disk->read_only ? ", read-only" : "", disk->engine->type->name);
}

static const struct device_type disk_type = {
	.name = "disk",
	.id = VIRTIO_ID_BLOCK,
	.start = disk_start,
	.kick = disk_kick,
	.stop = disk_stop,
	.config = disk_start,
	.close = disk_close,
	.describe = disk_describe,
};

bool device_is_disk(const struct device *dev)
{
	return dev->type == &disk_type;
}

static void describe(struct disk *disk)
{
	struct device *dev = &disk->dev;

	dev->type = &disk_type;
	dev->features = BIT(VIRTIO_BLK_F_SEG_MAX) | BIT(VIRTIO_BLK_F_BLK_SIZE) |
			BIT(VIRTIO_BLK_F_FLUSH) | BIT(VIRTIO_BLK_F_CONFIG_WCE);
	device_add_queue(dev, DEPTH);
	device_add_field(dev, FIELD_CAPACITY, 8, disk->sectors);
	/* A header and a status are in each chain besides. */
	device_add_field(dev, FIELD_SEG_MAX, 4, DEPTH - 2);
	device_add_field(dev, FIELD_BLK_SIZE, 4, SECTOR);
	device_add_field(dev, FIELD_WCE, 1, 1);
	if (disk->read_only) {
		dev->features |= BIT(VIRTIO_BLK_F_RO);
		return;
	}
	dev->features |= BIT(VIRTIO_BLK_F_DISCARD) | BIT(VIRTIO_BLK_F_WRITE_ZEROES);
	device_add_field(dev, FIELD_DISCARD_SECTORS, 4, RANGE_SECTORS);
	device_add_field(dev, FIELD_DISCARD_SEG, 4, RANGES);
	device_add_field(dev, FIELD_DISCARD_ALIGNMENT, 4, 4096 / SECTOR);
	device_add_field(dev, FIELD_ZEROES_SECTORS, 4, RANGE_SECTORS);
	device_add_field(dev, FIELD_ZEROES_SEG, 4, RANGES);
	device_add_field(dev, FIELD_ZEROES_UNMAP, 1, 1);
}

static void make_requests(struct disk *disk)
{
	disk->pool = need(DEPTH * sizeof(*disk->pool));
	free_all(disk);
	disk->engine->done = request_done;
	disk->engine->owner = disk;
	disk->again.run = serve_again;
	disk->finish.run = finish;
}

struct device *disk_create(const struct disk_options *options, char *why, size_t size)
{
	int fd = blockfile_open(options, why, size);
	uint64_t sectors = fd < 0 ? 0 : blockfile_sectors(fd, options->file, why, size);
	struct aio_engine *engine = NULL;
	struct disk *disk;
	const char *trouble = NULL;

	if (sectors)
		engine = aio_create(options->aio, fd, DEPTH, &trouble);
	if (trouble)
		snprintf(why, size, "%s: %s", options->file, trouble);
	if (!engine) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	disk = need(sizeof(*disk));
	disk->file = strdup(options->file);
	disk->fd = fd;
	disk->read_only = options->read_only;
	disk->sectors = sectors;
	disk->engine = engine;
	memcpy(disk->serial, options->serial, strnlen(options->serial, sizeof(disk->serial)));
	make_requests(disk);
	describe(disk);
	device_set_label(&disk->dev, "disk %s", disk->file);
	return &disk->dev;
}

int disk_resize(struct device *dev, char *why, size_t size)
{
	struct disk *disk = to_disk(dev);
	uint64_t sectors = blockfile_sectors(disk->fd, disk->file, why, size);

	if (!sectors)
		return -EINVAL;
	disk->sectors = sectors;
	device_set_field(dev, FIELD_CAPACITY, sectors);
	return 0;
}
