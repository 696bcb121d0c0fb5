// SPDX-License-Identifier: GPL-2.0
/*
 * The file, or block device, of a disk: found fit for one, and locked, before a guest has it.
 * Called by disk.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blockfile.h"
#include "options.h"
#include "say.h"

#define SECTOR	512

static int is_fit(int fd, const char *path, char *why, size_t size)
{
	struct stat stat;

	if (fstat(fd, &stat)) {
		snprintf(why, size, "%s: %s", path, strerror(errno));
		return 0;
	}
	if (S_ISREG(stat.st_mode) || S_ISBLK(stat.st_mode))
		return 1;
	snprintf(why, size, "%s: found %s, expected a file or a block device", path,
		 S_ISDIR(stat.st_mode) ? "a directory" : "something else");
	return 0;
}

/* False if another has it: one that was killed may for a moment. */
static bool lock(int fd, const struct disk_options *options)
{
	int operation = (options->read_only ? LOCK_SH : LOCK_EX) | LOCK_NB;
	unsigned int waits = options->patience * 100;

	while (flock(fd, operation)) {
		if (errno != EWOULDBLOCK || !waits--)
			return false;
		usleep(10000);
	}
	return true;
}

int blockfile_open(const struct disk_options *options, char *why, size_t size)
{
	const char *path = options->file;
	bool read_only = options->read_only;
	/* Not waiting: the path may be a FIFO.  It means nothing to files. */
	int fd = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		const char *hint = "";

		if (!read_only && (errno == EACCES || errno == EROFS))
			hint = ": a disk that may not be written needs \",ro\"";
		if (errno == EISDIR)
			snprintf(why, size, "%s: found a directory, expected a file or a block device",
				 path);
		else
			snprintf(why, size, "%s: %s%s", path, strerror(errno), hint);
		return -1;
	}
	if (is_fit(fd, path, why, size)) {
		if (lock(fd, options))
			return fd;
		snprintf(why, size, "%s: it is the disk of another guest, or of this one already, and one of them writes to it",
			 path);
	}
	close(fd);
	return -1;
}

static int find_bytes(int fd, uint64_t *bytes)
{
	struct stat stat;

	if (fstat(fd, &stat))
		return -1;
	if (S_ISBLK(stat.st_mode))
		return ioctl(fd, BLKGETSIZE64, bytes);
	*bytes = stat.st_size;
	return 0;
}

uint64_t blockfile_sectors(int fd, const char *path, char *why, size_t size)
{
	uint64_t bytes;

	if (find_bytes(fd, &bytes)) {
		snprintf(why, size, "%s: %s", path, strerror(errno));
		return 0;
	}
	if (bytes < SECTOR) {
		snprintf(why, size, "%s: found %" PRIu64 " bytes, expected at least a sector of %d",
			 path, bytes, SECTOR);
		return 0;
	}
	if (bytes % SECTOR)
		say("%s: found %" PRIu64 " bytes, expected a multiple of %d: the last %" PRIu64 " are hidden",
		    path, bytes, SECTOR, bytes % SECTOR);
	return bytes / SECTOR;
}
