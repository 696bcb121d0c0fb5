/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between disk.c, which has the device, and request.c, which carries requests out.
 */
#ifndef _LAUNCH_REQUEST_H
#define _LAUNCH_REQUEST_H

#include "aio.h"
#include "device.h"
#include "loop.h"

#define SECTOR		512
/* Ranges that one request may discard or zero, and how long one is. */
#define RANGES		16
#define RANGE_SECTORS	(UINT32_MAX / SECTOR)

/**
 * struct request - a request of the guest's, from its chain to its status
 * @chain: its buffers
 * @aio: what is done for it at the moment
 * @type: VIRTIO_BLK_T_*
 * @status: where the guest wants to know
 * @written: bytes in all, if it goes well
 * @left: of a read or a write
 * @range: of a discard, or of zeros, in bytes
 * @ranges: how many, @at is being done
 * @at: likewise
 * @unmap: zeros may be holes
 * @by_writing: this range is zeroed by writing zeros
 * @next: of those that are free
 */
struct request {
	struct chain chain;
	struct aio aio;
	uint32_t type;
	uint8_t *status;
	uint32_t written;
	uint64_t left;
	struct range { uint64_t offset, length; } range[RANGES];
	unsigned int ranges, at;
	bool unmap, by_writing;
	struct request *next;
};

/**
 * struct disk - a disk
 * @dev: the device
 * @file: its file
 * @serial: its name for the guest
 * @fd: the file
 * @read_only: it may not be written
 * @write_through: a write has ended when it is on the medium
 * @stopping: what ends is not the guest's any more
 * @sectors: how large it is
 * @engine: reads and writes
 * @pool: a request for each descriptor of the queue
 * @free: those that are not in use
 * @again: there was more in the queue than one turn's share
 * @finish: publish what has ended in this turn
 */
struct disk {
	struct device dev;
	char *file;
	char serial[20];
	int fd;
	bool read_only, write_through, stopping;
	uint64_t sectors;
	struct aio_engine *engine;
	struct request *pool, *free;
	struct work again, finish;
};

/* A chain has been popped; false after device_lie(). */
bool request_begin(struct disk *disk, struct request *request);
/* The engine's. */
void request_done(struct aio_engine *engine, struct aio *aio);

/* disk.c: the request has ended with VIRTIO_BLK_S_*; it is free. */
void disk_end(struct disk *disk, struct request *request, uint8_t status);

#endif /* _LAUNCH_REQUEST_H */
