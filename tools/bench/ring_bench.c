// SPDX-License-Identifier: GPL-2.0
/*
 * What a request costs the driver's side of a virtqueue.
 *
 * Built from this one source against a pristine Linux 6.12 and against a tree
 * with our core, by the function API that both have.  Counts ticks of the TSC
 * around add, kick and get alone; the device, played here, works between them
 * and is not counted.  In a guest whose TSC counts instructions, ticks are
 * instructions; in a kernel that runs natively, cycles.
 */
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#define MAX_SEGMENTS	16
#define MAX_SIZE	1024

static unsigned int requests = 20000;
module_param(requests, uint, 0);
MODULE_PARM_DESC(requests, "how many to measure for each case");

/**
 * struct work - what a driver does over and over
 * @name: for the table
 * @out: segments that the device reads
 * @in: segments that it writes
 * @batch: requests between two kicks
 * @flags: see below
 */
struct work {
	const char *name;
	unsigned int out, in, batch, flags;
};

#define INDIRECT	BIT(0)
#define REVERSED	BIT(1)	/* the device finishes them in the opposite order */
#define NO_CALLBACKS	BIT(2)
#define REFILL		BIT(3)	/* receive buffers with a context */
#define MAPPED		BIT(4)	/* by the DMA API */

static const struct work works[] = {
	{ "1 out + 1 in", 1, 1, 1, 0 },
	{ "1 out + 1 in, batch 32", 1, 1, 32, 0 },
	{ "1 out + 1 in, batch 64 reversed", 1, 1, 64, REVERSED },
	{ "1 out + 1 in, no callbacks", 1, 1, 32, NO_CALLBACKS },
	{ "disk request direct", 1, 2, 1, 0 },
	{ "disk request indirect", 1, 2, 1, INDIRECT },
	{ "disk request indirect, batch 32", 1, 2, 32, INDIRECT },
	{ "disk request indirect, DMA API", 1, 2, 32, INDIRECT | MAPPED },
	{ "16 segments indirect", 1, 15, 1, INDIRECT },
	{ "256 receive refills", 0, 1, 256, REFILL | NO_CALLBACKS },
	{ "1 out, batch 256", 1, 0, 256, NO_CALLBACKS },
};

/**
 * struct bench - a queue and the device behind it
 * @vdev: the device, as far as a ring knows it
 * @vq: the queue
 * @packed: its format
 * @size: its entries
 * @desc: descriptors, of either format
 * @avail: available ring, or the driver's event
 * @used: used ring, or the device's event
 * @at: where the device takes the next buffer
 * @used_at: where it puts the next used one
 * @used_wrap: wrap counter of @used_at
 */
struct bench {
	struct virtio_device vdev;
	struct virtqueue *vq;
	bool packed;
	unsigned int size;
	void *desc, *avail, *used;
	u16 at, used_at;
	bool used_wrap;
};

static struct bench bench;
static struct platform_device *parent;
static u8 *memory;
static struct { u16 id, count; } taken[MAX_SIZE];

static bool notify(struct virtqueue *vq)
{
	return true;
}

static void callback(struct virtqueue *vq)
{
}

static __always_inline u64 ticks(void)
{
	u32 low, high;

	asm volatile("lfence; rdtsc" : "=a" (low), "=d" (high) : : "memory");
	return (u64)high << 32 | low;
}

static void take_split(unsigned int i)
{
	struct vring_avail *avail = bench.avail;

	taken[i].id = avail->ring[bench.at++ % bench.size];
}

static void take_packed(unsigned int i)
{
	struct vring_packed_desc *ring = bench.desc;
	u16 flags;

	taken[i].count = 0;
	do {
		flags = ring[bench.at].flags;
		taken[i].id = ring[bench.at].id;
		taken[i].count++;
		if (++bench.at == bench.size)
			bench.at = 0;
	} while (flags & VRING_DESC_F_NEXT);
}

static void finish_split(unsigned int i, u32 len)
{
	struct vring_used *used = bench.used;

	used->ring[bench.used_at % bench.size].id = taken[i].id;
	used->ring[bench.used_at++ % bench.size].len = len;
	smp_wmb();
	used->idx = bench.used_at;
}

static void finish_packed(unsigned int i, u32 len)
{
	struct vring_packed_desc *desc = (struct vring_packed_desc *)bench.desc + bench.used_at;

	desc->id = taken[i].id;
	desc->len = len;
	smp_wmb();
	desc->flags = bench.used_wrap ? BIT(7) | BIT(15) : 0;
	bench.used_at += taken[i].count;
	if (bench.used_at >= bench.size) {
		bench.used_at -= bench.size;
		bench.used_wrap = !bench.used_wrap;
	}
}

/* The device wants every notification of what comes next, as an idle one does. */
static void device_works(const struct work *work)
{
	unsigned int i, n = work->batch;

	for (i = 0; i < n; i++)
		bench.packed ? take_packed(i) : take_split(i);
	for (i = 0; i < n; i++) {
		unsigned int which = work->flags & REVERSED ? n - 1 - i : i;

		bench.packed ? finish_packed(which, work->in) : finish_split(which, work->in);
	}
	if (!bench.packed)
		*(u16 *)(bench.used + 4 + 8 * bench.size) = bench.at;
}

static int add(const struct work *work, struct scatterlist *sg, u8 *token)
{
	struct scatterlist *sgs[2] = { sg, sg + work->out };

	if (work->flags & REFILL)
		return virtqueue_add_inbuf_ctx(bench.vq, sg, 1, token, token, GFP_ATOMIC);
	return virtqueue_add_sgs(bench.vq, sgs, !!work->out, !!work->in, token, GFP_ATOMIC);
}

static u64 one_round(const struct work *work, struct scatterlist *sg)
{
	unsigned int i, len, lost = 0;
	void *ctx;
	u64 spent;

	spent = ticks();
	for (i = 0; i < work->batch; i++)
		lost += !!add(work, sg, memory + 1 + i);
	virtqueue_kick(bench.vq);
	spent -= ticks();
	device_works(work);
	spent += ticks();
	for (i = 0; i < work->batch; i++)
		lost += !(work->flags & REFILL ? virtqueue_get_buf_ctx(bench.vq, &len, &ctx) :
						 virtqueue_get_buf(bench.vq, &len));
	/* Every driver asks once more, to find that there is nothing. */
	lost += !!virtqueue_get_buf(bench.vq, &len);
	spent -= ticks();
	return lost ? 0 : -spent;
}

static int open_queue(const struct work *work, bool packed, bool event, unsigned int size)
{
	memset(&bench, 0, sizeof(bench));
	bench.packed = packed;
	bench.size = size;
	bench.used_wrap = true;
	bench.vdev.dev.parent = &parent->dev;
	bench.vdev.dev.init_name = "ring-bench";
	INIT_LIST_HEAD(&bench.vdev.vqs);
	spin_lock_init(&bench.vdev.vqs_list_lock);
	bench.vdev.features = BIT_ULL(VIRTIO_F_VERSION_1) |
		(packed ? BIT_ULL(VIRTIO_F_RING_PACKED) : 0) |
		(event ? BIT_ULL(VIRTIO_RING_F_EVENT_IDX) : 0) |
		(work->flags & INDIRECT ? BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) : 0) |
		(work->flags & MAPPED ? BIT_ULL(VIRTIO_F_ACCESS_PLATFORM) : 0);
	bench.vq = vring_create_virtqueue(0, size, PAGE_SIZE, &bench.vdev, true, false,
					  work->flags & REFILL, notify, callback, "bench");
	if (!bench.vq)
		return -ENOMEM;
	bench.desc = phys_to_virt(virtqueue_get_desc_addr(bench.vq));
	bench.avail = phys_to_virt(virtqueue_get_avail_addr(bench.vq));
	bench.used = phys_to_virt(virtqueue_get_used_addr(bench.vq));
	if (work->flags & NO_CALLBACKS)
		virtqueue_disable_cb(bench.vq);
	return 0;
}

static void measure(const struct work *work, bool packed, bool event, unsigned int size)
{
	struct scatterlist sg[MAX_SEGMENTS];
	unsigned int i, n = work->out + work->in, rounds = max(requests / work->batch, 4u);
	u64 once, spent = 0;

	if (work->batch * (work->flags & INDIRECT ? 1 : n) > size)
		return;
	if (open_queue(work, packed, event, size)) {
		pr_err("bench: no queue for %s\n", work->name);
		return;
	}
	sg_init_table(sg, n);
	for (i = 0; i < n; i++)
		sg_set_buf(&sg[i], memory + 64 * i, 64);
	if (work->out && work->in)
		sg_mark_end(&sg[work->out - 1]);
	for (i = 0; i < rounds + rounds / 4; i++) {
		once = one_round(work, sg);
		if (!once) {
			pr_err("bench: requests were lost in %s\n", work->name);
			break;
		}
		if (i >= rounds / 4)
			spent += once;
	}
	/* Hundredths of a tick for each request. */
	if (once)
		pr_info("bench: %s, %s%s, %u: %llu\n", work->name, packed ? "packed" : "split",
			event ? " event" : "", size, spent * 100 / rounds / work->batch);
	vring_del_virtqueue(bench.vq);
}

static int __init bench_init(void)
{
	unsigned int i, format;

	parent = platform_device_register_simple("ring-bench", -1, NULL, 0);
	memory = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (IS_ERR(parent) || !memory)
		return -ENOMEM;
	dma_coerce_mask_and_coherent(&parent->dev, DMA_BIT_MASK(64));
	for (i = 0; i < ARRAY_SIZE(works); i++) {
		if (works[i].flags & MAPPED && !IS_ENABLED(CONFIG_HAS_DMA))
			continue;
		for (format = 0; format < 4; format++)
			measure(&works[i], format & 2, format & 1, 256);
		measure(&works[i], false, true, MAX_SIZE);
	}
	kfree(memory);
	platform_device_unregister(parent);
	pr_info("bench: done\n");
	return 0;
}
module_init(bench_init);

MODULE_DESCRIPTION("Cost of a request in a virtqueue");
MODULE_LICENSE("GPL");
