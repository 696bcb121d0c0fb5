/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The file, or block device, of a disk.
 */
#ifndef _LAUNCH_BLOCKFILE_H
#define _LAUNCH_BLOCKFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disk_options;

/* A descriptor, or -1 and a message in @why; nobody else has it open for writing. */
int blockfile_open(const struct disk_options *options, char *why, size_t size);
/* Whole sectors of it, at least one; or 0 and a message in @why. */
uint64_t blockfile_sectors(int fd, const char *path, char *why, size_t size);

#endif /* _LAUNCH_BLOCKFILE_H */
