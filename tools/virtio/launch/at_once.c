// SPDX-License-Identifier: GPL-2.0
/*
 * Reads and writes that the page cache does at once.  Called by the engines, in the loop.
 *
 * A file may refuse to be asked whether a write would wait, as ext4's do.  A small one is
 * a copy, as a rule, and handing it to somebody costs several times as much: so it is done.
 * One that takes long shows that the cache is full; then the others are handed over for a
 * while, and the loop is there for the other devices.
 */
#include <errno.h>
#include <sys/uio.h>

#include "at_once.h"
#include "clock.h"
#include "ring.h"

#define SMALL		(128 * 1024)
#define LONG		UINT64_C(2000000)	/* ns that no copy takes */
#define PATIENCE	4			/* times as long as it took */

static bool is_small_write(const struct aio *aio)
{
	return aio->op == AIO_WRITE && !aio->flags && iov_bytes(aio->iov, aio->iovs) <= SMALL;
}

static bool write_small(struct at_once *file, struct aio *aio)
{
	uint64_t start = clock_ns(), took;

	if (start < file->patient_until)
		return false;
	aio->result = aio_move(file->fd, aio, 0);
	took = clock_ns() - start;
	if (took > LONG)
		file->patient_until = start + took + PATIENCE * took;
	return true;
}

bool at_once_try(struct at_once *file, struct aio *aio)
{
	ssize_t n;

	if (aio->op > AIO_WRITE)
		return false;
	if (!file->refuses[aio->op]) {
		n = aio_move(file->fd, aio, RWF_NOWAIT);
		file->refuses[aio->op] = n == -EOPNOTSUPP;
		if (n != -EAGAIN && n != -EOPNOTSUPP) {
			aio->result = n;
			return true;
		}
	}
	return file->refuses[aio->op] && is_small_write(aio) && write_small(file, aio);
}
