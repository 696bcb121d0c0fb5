// SPDX-License-Identifier: GPL-2.0
/*
 * What a queue takes of memory: pages that are missing once many of it are made,
 * with every entry in flight, and when all of that is done.
 *
 * Only for a kernel of one processor and one node, where the free pages can be
 * counted exactly: those of the zones, and those that the processor keeps.
 */
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/vmstat.h>

#include "bench.h"

#if !defined(CONFIG_SMP) && !defined(CONFIG_NUMA)

#define MOST_QUEUES	512

static long free_pages_now(void)
{
	struct zone *zones = NODE_DATA(0)->node_zones;
	long pages = 0;
	int i;

	for (i = 0; i < MAX_NR_ZONES; i++)
		if (populated_zone(&zones[i]))
			pages += zone_page_state(&zones[i], NR_FREE_PAGES) +
				 this_cpu_ptr(zones[i].per_cpu_pageset)->count;
	return pages;
}

/* Disk requests of three segments, as many as fit. */
static unsigned int fill(struct bench *bench, void *memory)
{
	struct scatterlist sg[3], *sgs[3] = { &sg[0], &sg[1], &sg[2] };
	unsigned int i, count = 0;

	for (i = 0; i < 3; i++)
		sg_init_one(&sg[i], memory + 64 * i, 64);
	while (!virtqueue_add_sgs(bench->vq, sgs, 1, 2, memory, GFP_KERNEL))
		count++;
	virtqueue_kick(bench->vq);
	return count;
}

static void drain(struct bench *bench, unsigned int count)
{
	unsigned int len;

	bench_use(bench, count, 64, false);
	while (virtqueue_get_buf(bench->vq, &len))
		;
}

static long bytes_each(long before, unsigned int count)
{
	return (before - free_pages_now()) * PAGE_SIZE / count;
}

static void measure(struct bench *benches, unsigned int flags, unsigned int size, void *memory)
{
	unsigned int count = clamp(SZ_32M / (size * 128), 8, MOST_QUEUES), i, made, filled = 0;
	long before = free_pages_now(), empty, full, idle;

	for (made = 0; made < count; made++)
		if (bench_open(&benches[made], flags, size))
			break;
	if (made == count) {
		empty = bytes_each(before, count);
		for (i = 0; i < count; i++)
			filled = fill(&benches[i], memory);
		full = bytes_each(before, count);
		for (i = 0; i < count; i++)
			drain(&benches[i], filled);
		idle = bytes_each(before, count);
		pr_info("bench: %s %s, %u: %ld %ld %ld\n", flags & PACKED ? "packed" : "split",
			flags & INDIRECT ? "indirect" : "direct", size, empty, full, idle);
	} else {
		pr_err("bench: no memory for %u queues of %u\n", count, size);
	}
	while (made--)
		bench_close(&benches[made]);
}

int bench_memory(void *memory)
{
	static const unsigned int formats[] = { 0, INDIRECT, PACKED, PACKED | INDIRECT };
	static const unsigned int sizes[] = { 16, 256, 1024, MAX_SIZE };
	struct bench *benches = kvcalloc(MOST_QUEUES, sizeof(*benches), GFP_KERNEL);
	unsigned int f, s;

	if (!benches)
		return -ENOMEM;
	for (f = 0; f < ARRAY_SIZE(formats); f++)
		for (s = 0; s < ARRAY_SIZE(sizes); s++)
			measure(benches, formats[f], sizes[s], memory);
	kvfree(benches);
	return 0;
}

#else

int bench_memory(void *memory)
{
	return -EOPNOTSUPP;
}

#endif
