/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between queue.c, which is the same for all rings, and the two formats of them.
 *
 * Shares no code with the rings of the kernel: it is written from the specification, so
 * that one can judge the other.
 */
#ifndef _LAUNCH_FORMAT_H
#define _LAUNCH_FORMAT_H

#include <endian.h>
#include <stddef.h>
#include <string.h>

#include "device.h"

/* Descriptors of both formats (virtio 1.3, 2.7.5 and 2.8.1). */
#define DESC_NEXT	1
#define DESC_WRITE	2
#define DESC_INDIRECT	4

struct ring_part {
	size_t bytes, align;
};

/**
 * struct ring_format - a format of rings
 * @part: length and alignment of one of three parts: descriptors, driver's, device's
 * @pop: the next chain, 1; or 0 if there is none; or -1 after device_lie()
 * @push: lay down a used one
 * @publish: show all of them; true if the guest wants to hear of it
 * @wake: ask for no kicks
 * @sleep: ask for one; false if something is there already
 */
struct ring_format {
	struct ring_part (*part)(const struct queue *q, unsigned int nr);
	int (*pop)(struct queue *q, struct chain *chain);
	void (*push)(struct queue *q, const struct chain *chain, uint32_t written);
	bool (*publish)(struct queue *q);
	void (*wake)(struct queue *q);
	bool (*sleep)(struct queue *q);
};

extern const struct ring_format split_format, packed_format;

/* A buffer of a chain; false after device_lie(). */
bool chain_add(struct queue *q, struct chain *chain, uint64_t address, uint32_t length,
	       bool write);
/* An indirect table; NULL after device_lie(). */
const void *chain_table(struct queue *q, uint64_t address, uint32_t length, uint16_t flags);
/* False, after device_lie(), if a chain of so many descriptors is none. */
bool chain_may_go_on(struct queue *q, unsigned int descriptors);

/* What the other side may write meanwhile is read once. */
static inline uint16_t load16(const void *from)
{
	return le16toh(__atomic_load_n((const uint16_t *)from, __ATOMIC_RELAXED));
}

static inline void store16(void *to, uint16_t value)
{
	__atomic_store_n((uint16_t *)to, htole16(value), __ATOMIC_RELAXED);
}

static inline void store32(void *to, uint32_t value)
{
	__atomic_store_n((uint32_t *)to, htole32(value), __ATOMIC_RELAXED);
}

/* 16 bytes of a descriptor, which in a table may lie anywhere: the copy is all that is used. */
static inline void load_desc(void *to, const void *from)
{
	memcpy(to, from, 16);
	__asm__ __volatile__("" : "+m"(*(char (*)[16])to));
}

/* All that was stored before is seen before it. */
static inline void publish16(void *to, uint16_t value)
{
	__atomic_store_n((uint16_t *)to, htole16(value), __ATOMIC_RELEASE);
}

/* All that is loaded afterwards is what was there when it was published, or newer. */
static inline uint16_t observe16(const void *from)
{
	return le16toh(__atomic_load_n((const uint16_t *)from, __ATOMIC_ACQUIRE));
}

/* Between a store of ours and a load that may not come before it. */
static inline void full_barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif /* _LAUNCH_FORMAT_H */
