/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel said since a test began: is it one clear message?
 */
#ifndef _VIRTIO_KERNEL_LOG_H
#define _VIRTIO_KERNEL_LOG_H

#include <kunit/test.h>

void kernel_log_mark(void);
unsigned int kernel_log_complaints(void);
void kernel_log_expect_one(struct kunit *test, const char *words);
void kernel_log_expect_quiet(struct kunit *test);

#endif /* _VIRTIO_KERNEL_LOG_H */
