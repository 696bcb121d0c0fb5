// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers of a chain, seen as one row of bytes, however the guest has cut it.
 */
#include <stdbool.h>
#include <string.h>

#include "ring.h"

uint64_t iov_bytes(const struct iovec *iov, unsigned int count)
{
	uint64_t bytes = 0;
	unsigned int i;

	for (i = 0; i < count; i++)
		bytes += iov[i].iov_len;
	return bytes;
}

static uint64_t copy(const struct iovec *iov, unsigned int count, uint64_t offset,
		     char *ours, uint64_t length, bool write)
{
	uint64_t done = 0;
	unsigned int i;

	for (i = 0; i < count && done < length; i++) {
		uint64_t part = iov[i].iov_len;
		char *theirs = iov[i].iov_base;

		if (offset >= part) {
			offset -= part;
			continue;
		}
		theirs += offset;
		part -= offset;
		offset = 0;
		if (part > length - done)
			part = length - done;
		memcpy(write ? theirs : ours + done, write ? ours + done : theirs, part);
		done += part;
	}
	return done;
}

uint64_t iov_read(const struct iovec *iov, unsigned int count, uint64_t offset,
		  void *to, uint64_t length)
{
	return copy(iov, count, offset, to, length, false);
}

uint64_t iov_write(const struct iovec *iov, unsigned int count, uint64_t offset,
		   const void *from, uint64_t length)
{
	return copy(iov, count, offset, (char *)from, length, true);
}

void iov_skip(struct iovec **iov, unsigned int *count, uint64_t bytes)
{
	while (*count && bytes >= (*iov)->iov_len) {
		bytes -= (*iov)->iov_len;
		++*iov;
		--*count;
	}
	if (*count) {
		(*iov)->iov_base = (char *)(*iov)->iov_base + bytes;
		(*iov)->iov_len -= bytes;
	}
}
