// SPDX-License-Identifier: GPL-2.0
/*
 * What a request costs the driver's side of a virtqueue.
 *
 * Built from this one source against a pristine Linux 6.12 and against a tree
 * with our core, by the function API that both have.  Counts ticks of the TSC
 * around add and kick, and around get; the device works between them and is not
 * counted, nor are the ticks themselves.  In a guest whose TSC counts
 * instructions, ticks are instructions; in a kernel that runs natively, time.
 */
#include <linux/dma-mapping.h>
#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/tick.h>

#include "bench.h"

#define MAX_SEGMENTS	16

static unsigned int requests = 20000;
module_param(requests, uint, 0);
MODULE_PARM_DESC(requests, "how many to measure for each case");

static bool median;
module_param(median, bool, 0);
MODULE_PARM_DESC(median, "the median of the batches, not their mean");

static bool bounced;
module_param(bounced, bool, 0);
MODULE_PARM_DESC(bounced, "only what goes through the DMA API, which is to bounce it");

static bool memory_only;
module_param_named(memory, memory_only, bool, 0);
MODULE_PARM_DESC(memory, "not the requests, but what a queue takes of memory");

static bool traced;
module_param(traced, bool, 0);
MODULE_PARM_DESC(traced, "only what trace.py looks at");

static bool least;
module_param_named(floor, least, bool, 0);
MODULE_PARM_DESC(floor, "not a queue, but the least that its format asks for");

/* What is added, by which function */
enum kind { LISTS, TRANSMIT, REFILL };

/**
 * struct work - what a driver does over and over
 * @name: what it adds
 * @kind: how
 * @out: segments that the device reads
 * @in: segments that it writes
 * @batch: requests between two kicks
 * @flags: how the queue is made, but for its format and indirect tables
 * @size: entries of the queue, or 0 for 256
 * @reversed: the device finishes them in the opposite order
 */
struct work {
	const char *name;
	enum kind kind;
	unsigned int out, in, batch, flags, size;
	bool reversed;
};

#define DISK_BATCH	2	/* the one that is traced */

static const struct work works[] = {
	/* The cases of reference, and then one thing changed at a time. */
	{ "1 out + 1 in", LISTS, 1, 1, 1 },
	{ "1 out + 1 in", LISTS, 1, 1, 32 },
	[DISK_BATCH] = { "disk request of 3", LISTS, 1, 2, 32 },
	{ "16 segments", LISTS, 1, 15, 8 },
	{ "2 out", TRANSMIT, 2, 0, 32, NO_CALLBACKS },
	{ "1 in", REFILL, 0, 1, 256 },

	{ "1 out + 1 in", LISTS, 1, 1, 256, .size = 1024 },
	{ "disk request of 3", LISTS, 1, 2, 1 },
	{ "disk request of 3", LISTS, 1, 2, 32, .size = 1024 },
	{ "1 out", TRANSMIT, 1, 0, 32, NO_CALLBACKS },
	{ "1 in", REFILL, 0, 1, 1 },
	{ "1 in", REFILL, 0, 1, 32 },
	{ "1 out + 1 in", LISTS, 1, 1, 32, .reversed = true },
	{ "1 out + 1 in", LISTS, 1, 1, 1, NO_EVENT },
	{ "1 out + 1 in", LISTS, 1, 1, 32, NO_EVENT },
	{ "1 out + 1 in", LISTS, 1, 1, 32, NO_CALLBACKS },
	{ "1 out + 1 in", LISTS, 1, 1, 32, IN_ORDER },
	{ "1 in", REFILL, 0, 1, 256, IN_ORDER },
	{ "disk request of 3", LISTS, 1, 2, 32, MAPPED },
	{ "1 in", REFILL, 0, 1, 256, MAPPED },
};

static struct bench bench;
static struct scatterlist sg[MAX_SEGMENTS], *sgs[3];
static unsigned int n_out, n_in;
static u8 *memory;
static u32 *adding, *getting;

/* Data of 64 bytes a segment; a disk request has its header and status apart. */
static void lay_segments(const struct work *work)
{
	unsigned int i, n = work->out + work->in;

	sg_init_table(sg, n);
	for (i = 0; i < n; i++)
		sg_set_buf(&sg[i], memory + 64 * i, 64);
	sgs[0] = sg;
	n_out = work->out;
	if (work->kind != LISTS)
		return;
	sgs[1] = sg + 1;
	sgs[2] = sg + n - 1;
	sg_mark_end(&sg[0]);
	sg_mark_end(&sg[n - 2]);
	n_in = n > 2 ? 2 : 1;
}

static __always_inline int add(enum kind kind, void *token, void *ctx)
{
	if (kind == TRANSMIT)
		return virtqueue_add_outbuf(bench.vq, sg, n_out, token, GFP_ATOMIC);
	if (kind == REFILL)
		return virtqueue_add_inbuf_ctx(bench.vq, sg, 1, token, ctx, GFP_ATOMIC);
	return virtqueue_add_sgs(bench.vq, sgs, n_out, n_in, token, GFP_ATOMIC);
}

static __always_inline void *get(enum kind kind, unsigned int *len)
{
	void *ctx;

	if (kind == REFILL)
		return virtqueue_get_buf_ctx(bench.vq, len, &ctx);
	return virtqueue_get_buf(bench.vq, len);
}

/* One batch; returns how many requests were lost. */
static __always_inline unsigned int batch(const struct work *work, enum kind kind, u64 t[4])
{
	void *ctx = bench.flags & INDIRECT ? NULL : memory;
	unsigned int i, len, n = work->batch, lost = 0;
	u8 *token = memory + 1;

	t[0] = bench_ticks();
	for (i = 0; i < n; i++)
		lost += !!add(kind, token + i, ctx);
	virtqueue_kick(bench.vq);
	t[1] = bench_ticks();
	bench_use(&bench, n, work->in, work->reversed);
	t[2] = bench_ticks();
	for (i = 0; i < n; i++)
		lost += !get(kind, &len);
	/* Every driver asks once more, to find that there is nothing. */
	lost += !!get(kind, &len);
	t[3] = bench_ticks();
	return lost;
}

static unsigned int one_batch(const struct work *work, u64 t[4])
{
	if (least)
		return bench_floor(&bench, sgs, n_out + n_in, work->batch, t);
	switch (work->kind) {
	case TRANSMIT:
		return batch(work, TRANSMIT, t);
	case REFILL:
		return batch(work, REFILL, t);
	default:
		return batch(work, LISTS, t);
	}
}

/* What a pair of ticks with nothing between them counts. */
static u32 empty_pair(void)
{
	u32 least = U32_MAX;
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		u64 start = bench_ticks();

		least = min(least, (u32)(bench_ticks() - start));
	}
	return least;
}

static int compare(const void *a, const void *b)
{
	return *(const u32 *)a < *(const u32 *)b ? -1 : *(const u32 *)a > *(const u32 *)b;
}

/* Hundredths of a tick for each request. */
static u64 cost(u32 *spent, unsigned int rounds, u32 empty, unsigned int n)
{
	u64 sum = 0;
	unsigned int i;

	if (median) {
		sort(spent, rounds, sizeof(*spent), compare, NULL);
		sum = (u64)spent[rounds / 2] * rounds;
	} else {
		for (i = 0; i < rounds; i++)
			sum += spent[i];
	}
	sum -= min(sum, (u64)empty * rounds);
	return div_u64(sum * 100, rounds * n);
}

static void measure(const struct work *work, unsigned int format)
{
	unsigned int flags = work->flags | format, size = work->size ?: 256, lost = 0;
	unsigned int i, rounds = max(requests / work->batch, 4u), warm = rounds / 4;
	unsigned long irqs;
	u32 empty;
	u64 t[4];

	if (work->kind == REFILL && !(flags & INDIRECT))
		flags |= CONTEXT;
	if (least ? bench_floor_open(&bench, flags) : bench_open(&bench, flags, size)) {
		pr_err("bench: no queue for %s\n", work->name);
		return;
	}
	lay_segments(work);
	for (i = 0; i < warm + rounds && !lost; i++) {
		local_irq_save(irqs);
		lost = one_batch(work, t);
		local_irq_restore(irqs);
		if (i < warm)
			continue;
		adding[i - warm] = t[1] - t[0];
		getting[i - warm] = t[3] - t[2];
	}
	local_irq_save(irqs);
	empty = empty_pair();
	local_irq_restore(irqs);
	if (lost)
		pr_err("bench: requests were lost in %s\n", work->name);
	else
		pr_info("bench: %s %s, %s, %u a kick%s%s%s%s%s%s: %llu %llu\n",
			flags & PACKED ? "packed" : "split",
			flags & INDIRECT ? "indirect" : "direct", work->name, work->batch,
			work->size ? ", queue 1024" : "", work->reversed ? ", reversed" : "",
			flags & NO_EVENT ? ", no event index" : "",
			flags & NO_CALLBACKS ? ", callbacks off" : "",
			flags & IN_ORDER ? ", in order" : "",
			flags & MAPPED ? bounced ? ", swiotlb" : ", DMA API" : "",
			cost(adding, rounds, empty, work->batch),
			cost(getting, rounds, empty, work->batch));
	if (least)
		bench_floor_close(&bench);
	else
		bench_close(&bench);
}

static const unsigned int formats[] = { 0, INDIRECT, PACKED, PACKED | INDIRECT };

/* Each format in two lengths; who traces sees the clock read before and after each. */
static void measure_traced(void)
{
	unsigned int f;

	for (f = 0; f < 2 * ARRAY_SIZE(formats); f++) {
		requests = f & 1 ? requests * 2 : requests;
		get_cpu_idle_time_us(0, NULL);
		measure(&works[DISK_BATCH], formats[f / 2]);
		get_cpu_idle_time_us(0, NULL);
		requests = f & 1 ? requests / 2 : requests;
	}
}

static bool is_asked_for(const struct work *work)
{
	if (least)
		return work == &works[DISK_BATCH];
	return work->flags & MAPPED ? IS_ENABLED(CONFIG_HAS_DMA) : !bounced;
}

static void measure_works(void)
{
	unsigned int i, f;

	for (i = 0; i < ARRAY_SIZE(works); i++) {
		if (!is_asked_for(&works[i]))
			continue;
		for (f = 0; f < ARRAY_SIZE(formats); f++)
			measure(&works[i], formats[f]);
	}
}

static int measure_all(void)
{
	u64 start = ktime_get_ns(), first = bench_ticks(), last;
	unsigned int n = 2 * max(requests, 4u);
	int err = -ENOMEM;

	adding = kvmalloc_array(n, sizeof(*adding), GFP_KERNEL);
	getting = kvmalloc_array(n, sizeof(*getting), GFP_KERNEL);
	if (adding && getting) {
		if (traced)
			measure_traced();
		else
			measure_works();
		last = bench_ticks();
		pr_info("bench: rate: %llu\n",
			div64_u64((last - first) * 1000, ktime_get_ns() - start));
		err = 0;
	}
	kvfree(getting);
	kvfree(adding);
	return err;
}

static int __init bench_init(void)
{
	int err;

	bench_parent = platform_device_register_simple("ring-bench", -1, NULL, 0);
	if (IS_ERR(bench_parent))
		return PTR_ERR(bench_parent);
	dma_coerce_mask_and_coherent(&bench_parent->dev, DMA_BIT_MASK(64));
	memory = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!memory)
		err = -ENOMEM;
	else if (memory_only)
		err = bench_memory(memory);
	else
		err = measure_all();
	if (!err)
		pr_info("bench: done\n");
	kfree(memory);
	platform_device_unregister(bench_parent);
	return err;
}
module_init(bench_init);

MODULE_DESCRIPTION("Cost of a request in a virtqueue");
MODULE_LICENSE("GPL");
