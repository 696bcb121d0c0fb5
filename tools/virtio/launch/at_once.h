/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads and writes that the page cache does at once, with nobody to hand them to.
 */
#ifndef _LAUNCH_AT_ONCE_H
#define _LAUNCH_AT_ONCE_H

#include <stdbool.h>
#include <stdint.h>

#include "aio.h"

/**
 * struct at_once - what is known of a file
 * @fd: the file
 * @refuses: AIO_READ, AIO_WRITE: it does not know RWF_NOWAIT
 * @patient_until: ns; until then writes are not tried, since one took long
 */
struct at_once {
	int fd;
	bool refuses[2];
	uint64_t patient_until;
};

/* True if it has ended, with its result. */
bool at_once_try(struct at_once *file, struct aio *aio);

#endif /* _LAUNCH_AT_ONCE_H */
