// SPDX-License-Identifier: GPL-2.0
/*
 * Requests of a disk (virtio 1.3, 5.2.6): each is checked, then carried out in as many
 * steps as it takes.
 *
 * Called by disk.c and by the engine.  A request that asks for what can't be done ends with
 * an error of its own; one that leaves no place to say so is a lie.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/virtio_blk.h>
#include <string.h>

#include "request.h"

#define ZEROS	(64 * 1024)

static char zeros[ZEROS];

static bool range_is_good(const struct disk *disk, uint64_t sector, uint64_t bytes)
{
	return sector <= disk->sectors && bytes % SECTOR == 0 &&
	       bytes / SECTOR <= disk->sectors - sector;
}

static void add(struct disk *disk, struct request *r, enum aio_op op)
{
	r->aio.op = op;
	disk->engine->type->add(disk->engine, &r->aio);
}

/* The part of the chain between header and status, in the way that @type moves it. */
static void begin_data(struct disk *disk, struct request *r, uint64_t sector)
{
	struct aio *aio = &r->aio;
	struct chain *chain = &r->chain;
	bool write = r->type == VIRTIO_BLK_T_OUT;

	if (write) {
		aio->iov = chain->iov;
		aio->iovs = chain->out;
		iov_skip(&aio->iov, &aio->iovs, sizeof(struct virtio_blk_outhdr));
	} else {
		aio->iov = chain->iov + chain->out;
		aio->iovs = chain->in;
		if (!--aio->iov[aio->iovs - 1].iov_len)
			aio->iovs--;
	}
	r->left = iov_bytes(aio->iov, aio->iovs);
	if (!r->left || !range_is_good(disk, sector, r->left) || (write && disk->read_only)) {
		disk_end(disk, r, VIRTIO_BLK_S_IOERR);
		return;
	}
	aio->offset = sector * SECTOR;
	aio->flags = write && disk->write_through ? RWF_DSYNC : 0;
	add(disk, r, write ? AIO_WRITE : AIO_READ);
}

/* A file may give, or take, less than asked: the rest is another step. */
static void continue_data(struct disk *disk, struct request *r)
{
	struct aio *aio = &r->aio;

	/* Nothing at all is behind the end of a file that has become shorter. */
	if (aio->result <= 0) {
		disk_end(disk, r, VIRTIO_BLK_S_IOERR);
		return;
	}
	r->left -= aio->result;
	if (!r->left) {
		disk_end(disk, r, VIRTIO_BLK_S_OK);
		return;
	}
	aio->offset += aio->result;
	iov_skip(&aio->iov, &aio->iovs, aio->result);
	add(disk, r, aio->op);
}

static void begin_get_id(struct disk *disk, struct request *r)
{
	struct chain *chain = &r->chain;
	uint64_t room = r->written - 1;

	if (room > sizeof(disk->serial))
		room = sizeof(disk->serial);
	iov_write(chain_in(chain), chain->in, 0, disk->serial, room);
	disk_end(disk, r, VIRTIO_BLK_S_OK);
}

static void begin_flush(struct disk *disk, struct request *r)
{
	if (device_has(&disk->dev, VIRTIO_BLK_F_FLUSH))
		add(disk, r, AIO_SYNC);
	else
		disk_end(disk, r, VIRTIO_BLK_S_UNSUPP);
}

static bool is_discard(const struct request *r)
{
	return r->type == VIRTIO_BLK_T_DISCARD;
}

/* A range that is done by writing takes all buffers there are: the chain's are read. */
static void write_zeros(struct disk *disk, struct request *r)
{
	struct range *range = &r->range[r->at];
	struct aio *aio = &r->aio;
	uint64_t left = range->length;

	r->by_writing = true;
	aio->iov = r->chain.iov;
	for (aio->iovs = 0; left && aio->iovs < QUEUE_MAX; aio->iovs++) {
		uint64_t part = left < ZEROS ? left : ZEROS;

		aio->iov[aio->iovs] = (struct iovec){ zeros, part };
		left -= part;
	}
	aio->offset = range->offset;
	aio->flags = 0;
	add(disk, r, AIO_WRITE);
}

static void allocate(struct disk *disk, struct request *r)
{
	const struct range *range = &r->range[r->at];
	bool hole = is_discard(r) || r->unmap;

	r->by_writing = false;
	r->aio.offset = range->offset;
	r->aio.length = range->length;
	r->aio.flags = FALLOC_FL_KEEP_SIZE | (hole ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE);
	add(disk, r, AIO_ALLOCATE);
}

/* The next range, or its end.  Without a write cache it is on the medium then. */
static void next_range(struct disk *disk, struct request *r)
{
	if (++r->at < r->ranges)
		allocate(disk, r);
	else if (disk->write_through)
		add(disk, r, AIO_SYNC);
	else
		disk_end(disk, r, VIRTIO_BLK_S_OK);
}

static bool is_not_there(ssize_t result)
{
	return result == -EOPNOTSUPP || result == -ENODEV;
}

static void continue_ranges(struct disk *disk, struct request *r)
{
	struct range *range = &r->range[r->at];
	ssize_t result = r->aio.result;

	if (r->by_writing && result > 0) {
		range->offset += result;
		range->length -= result;
		if (range->length)
			write_zeros(disk, r);
		else
			next_range(disk, r);
	} else if (!r->by_writing && is_not_there(result)) {
		/* To discard is a hint; zeros are a promise. */
		if (is_discard(r))
			next_range(disk, r);
		else
			write_zeros(disk, r);
	} else if (r->by_writing || result) {
		disk_end(disk, r, VIRTIO_BLK_S_IOERR);
	} else {
		next_range(disk, r);
	}
}

/* Returns VIRTIO_BLK_S_*. */
static uint8_t check_range(const struct disk *disk, struct request *r,
			   const struct virtio_blk_discard_write_zeroes *given)
{
	uint32_t flags = le32toh(given->flags), sectors = le32toh(given->num_sectors);
	uint64_t sector = le64toh(given->sector);

	if (flags & ~VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP || (flags && is_discard(r)))
		return VIRTIO_BLK_S_UNSUPP;
	if (!sectors || sectors > RANGE_SECTORS ||
	    !range_is_good(disk, sector, (uint64_t)sectors * SECTOR))
		return VIRTIO_BLK_S_IOERR;
	r->range[r->ranges++] = (struct range){ sector * SECTOR, (uint64_t)sectors * SECTOR };
	r->unmap = flags;
	return VIRTIO_BLK_S_OK;
}

static uint8_t check_ranges(const struct disk *disk, struct request *r)
{
	struct virtio_blk_discard_write_zeroes given[RANGES];
	const struct chain *chain = &r->chain;
	uint64_t bytes = iov_bytes(chain_out(chain), chain->out) - sizeof(struct virtio_blk_outhdr);
	uint8_t status = VIRTIO_BLK_S_OK;
	unsigned int i;

	if (!device_has(&disk->dev,
			is_discard(r) ? VIRTIO_BLK_F_DISCARD : VIRTIO_BLK_F_WRITE_ZEROES))
		return VIRTIO_BLK_S_UNSUPP;
	if (disk->read_only || !bytes || bytes % sizeof(*given) || bytes > sizeof(given))
		return VIRTIO_BLK_S_IOERR;
	iov_read(chain_out(chain), chain->out, sizeof(struct virtio_blk_outhdr), given, bytes);
	r->ranges = 0;
	r->at = 0;
	for (i = 0; i < bytes / sizeof(*given) && !status; i++)
		status = check_range(disk, r, &given[i]);
	return status;
}

static void begin_ranges(struct disk *disk, struct request *r)
{
	uint8_t status = check_ranges(disk, r);

	if (status)
		disk_end(disk, r, status);
	else
		allocate(disk, r);
}

static uint8_t *find_status(const struct chain *chain)
{
	const struct iovec *last = &chain->iov[chain->out + chain->in - 1];

	return (uint8_t *)last->iov_base + last->iov_len - 1;
}

bool request_begin(struct disk *disk, struct request *r)
{
	struct virtio_blk_outhdr header;
	struct chain *chain = &r->chain;

	if (!chain->in) {
		device_lie(&disk->dev, &disk->dev.queue[0], "found a request without a byte to write, expected one for its status");
		return false;
	}
	if (iov_read(chain_out(chain), chain->out, 0, &header, sizeof(header)) < sizeof(header)) {
		device_lie(&disk->dev, &disk->dev.queue[0], "found a request of %u bytes, expected a header of %zu",
			   (unsigned int)iov_bytes(chain_out(chain), chain->out), sizeof(header));
		return false;
	}
	r->status = find_status(chain);
	r->written = iov_bytes(chain_in(chain), chain->in);
	r->type = le32toh(header.type);
	switch (r->type) {
	case VIRTIO_BLK_T_IN:
	case VIRTIO_BLK_T_OUT:
		begin_data(disk, r, le64toh(header.sector));
		break;
	case VIRTIO_BLK_T_FLUSH:
		begin_flush(disk, r);
		break;
	case VIRTIO_BLK_T_GET_ID:
		begin_get_id(disk, r);
		break;
	case VIRTIO_BLK_T_DISCARD:
	case VIRTIO_BLK_T_WRITE_ZEROES:
		begin_ranges(disk, r);
		break;
	default:
		disk_end(disk, r, VIRTIO_BLK_S_UNSUPP);
	}
	return true;
}

void request_done(struct aio_engine *engine, struct aio *aio)
{
	struct request *r = container_of(aio, struct request, aio);
	struct disk *disk = engine->owner;

	if (disk->stopping)
		disk_end(disk, r, VIRTIO_BLK_S_IOERR);
	else if (aio->op == AIO_SYNC)
		disk_end(disk, r, aio->result ? VIRTIO_BLK_S_IOERR : VIRTIO_BLK_S_OK);
	else if (r->type == VIRTIO_BLK_T_IN || r->type == VIRTIO_BLK_T_OUT)
		continue_data(disk, r);
	else
		continue_ranges(disk, r);
}
