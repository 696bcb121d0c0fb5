/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A queue to measure, with the device behind it played by us.
 */
#ifndef _RING_BENCH_H
#define _RING_BENCH_H

#include <linux/virtio.h>

#define MAX_SIZE	32768

/* How a queue is made */
#define PACKED		BIT(0)
#define INDIRECT	BIT(1)
#define NO_EVENT	BIT(2)	/* without the event index */
#define NO_CALLBACKS	BIT(3)
#define MAPPED		BIT(4)	/* by the DMA API */
#define CONTEXT		BIT(5)	/* a second pointer with each buffer, if direct */
#define IN_ORDER	BIT(6)	/* where the ring knows it; the device works in order anyway */

/**
 * struct bench - a queue and the device behind it
 * @vdev: the device, as far as a ring knows it
 * @vq: the queue
 * @flags: what it was made with
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
	unsigned int flags, size;
	void *desc, *avail, *used;
	u16 at, used_at;
	bool used_wrap;
};

static __always_inline u64 bench_ticks(void)
{
	u32 low, high;

	asm volatile("lfence; rdtsc" : "=a" (low), "=d" (high) : : "memory");
	return (u64)high << 32 | low;
}

extern struct platform_device *bench_parent;

int bench_open(struct bench *bench, unsigned int flags, unsigned int size);
void bench_close(struct bench *bench);
int bench_memory(void *memory);
void bench_use(struct bench *bench, unsigned int count, u32 len, bool reversed);

int bench_floor_open(struct bench *bench, unsigned int flags);
void bench_floor_close(struct bench *bench);
unsigned int bench_floor(struct bench *bench, struct scatterlist **sgs, unsigned int lists,
			 unsigned int batch, u64 t[4]);

#endif /* _RING_BENCH_H */
