/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocations that fail one at a time, and what was not freed after that.
 *
 * The kernel's own fault injection does the failing (failslab, fail_page_alloc, by
 * task and count), its tracepoints tell what was allocated and freed.
 */
#ifndef _VIRTIO_FAULTS_H
#define _VIRTIO_FAULTS_H

#include <kunit/test.h>

/* Skips the test where the kernel can't do that; undone when the test ends. */
void faults_init(struct kunit *test);

/* From here on, what this task allocates is noted, and its @nth allocation fails; 0: none. */
void faults_begin(unsigned int nth);

/* Up to here.  Returns whether it came to the @nth. */
bool faults_end(void);

/* What was noted and has not been freed by now: how many; and where from, in the log. */
unsigned int faults_left(struct kunit *test);

#endif /* _VIRTIO_FAULTS_H */
