/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's memory, as it is mapped here.  All that a guest's address leads to is
 * reached through memory_at().
 */
#ifndef _LAUNCH_MEMORY_H
#define _LAUNCH_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0 or -errno; @offset need not be a multiple of pages. */
int memory_map(int fd, uint64_t start, uint64_t length, uint64_t offset);
void memory_unmap(void);
/* Where it is, or NULL: all @length bytes must lie in the guest's memory. */
void *memory_at(uint64_t address, uint64_t length);

/* A guest may cut its file.  Then memory_torn() is true: see memory.c. */
void memory_init(void);
bool memory_torn(void);

/* Each byte read, or written, once, whatever the other side does meanwhile. */
void memory_load(void *to, const void *from, size_t length);
void memory_store(void *to, const void *from, size_t length);

#endif /* _LAUNCH_MEMORY_H */
