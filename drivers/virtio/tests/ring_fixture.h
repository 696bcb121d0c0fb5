/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A virtqueue of either format for the tests, and the device behind it.
 *
 * Without a bus, as a rule: the queue is made as a transport makes it, and the device's
 * side is host_ring.c, or a test lies in its name.
 */
#ifndef _VIRTIO_RING_FIXTURE_H
#define _VIRTIO_RING_FIXTURE_H

#include <kunit/test.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "host_ring.h"

#define PACKED		BIT_ULL(VIRTIO_F_RING_PACKED)
#define IN_ORDER	BIT_ULL(VIRTIO_F_IN_ORDER)
#define INDIRECT_DESC	BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC)
#define EVENT_IDX	BIT_ULL(VIRTIO_RING_F_EVENT_IDX)

struct ring_fixture;

/* Every test of what both formats do runs over these. */
extern const u64 ring_feature_sets[8];
void ring_describe_features(const u64 *features, char *desc);

#define FEATURES(test)	(*(const u64 *)(test)->param_value)
#define INDIRECT(test)	(FEATURES(test) & INDIRECT_DESC)

/**
 * struct ring_way - where a queue comes from
 * @make: of @num entries, with the features of &ring_fixture.vdev
 * @unmake: it goes
 */
struct ring_way {
	struct virtqueue *(*make)(struct kunit *test, unsigned int num);
	void (*unmake)(struct ring_fixture *f);
};

/**
 * struct ring_fixture - a queue and its device
 * @way: how it is made; by itself, without a bus, if a suite has not chosen another
 * @vdev: the device, as far as a ring knows it; live unless the test says otherwise
 * @index: number of the queue; this and the next are set before ring_make(), and
 *	so is &virtio_host_ring.offset
 * @ctx: its buffers carry a second pointer
 * @gone: the device is gone: its status reads as ones
 * @vq: the queue
 * @host: the device's side of it
 * @buf: the buffer that the device took last
 * @kicks: notifications that it got
 * @callbacks: callbacks that the driver got
 * @go_on: what the driver's callback returns
 * @interrupt_in_callback: the next callback looks at the queue, and there is an interrupt
 * @notified: what the last notification said, with VIRTIO_F_NOTIFICATION_DATA
 * @resets: how often the device was asked to reset the queue
 * @at_reset: if set, called then
 * @reset_err: what it answers
 * @enable_err: what it answers when it is to start on the queue again
 */
struct ring_fixture {
	const struct ring_way *way;
	struct virtio_device vdev;
	unsigned int index;
	bool ctx, gone;
	struct virtqueue *vq;
	struct virtio_host_ring host;
	struct virtio_host_buf buf;
	unsigned int kicks, callbacks;
	bool go_on, interrupt_in_callback;
	u32 notified;
	unsigned int resets;
	void (*at_reset)(struct ring_fixture *f);
	int reset_err, enable_err;
};

/* One for each state that a buffer can be in; see ring_add_all_sorts(). */
#define RING_SORTS	7

/**
 * struct ring_buf - a buffer that counts; its address is its token
 * @bytes: half of it the device reads, and half it writes
 * @back: how often it came back
 *
 * Like all memory that is mapped, it shares no cache line with another.
 */
struct ring_buf {
	u8 bytes[16];
	unsigned int back;
} ____cacheline_aligned;

static inline bool ring_is_packed(const struct ring_fixture *f)
{
	return f->vdev.features & BIT_ULL(VIRTIO_F_RING_PACKED);
}

int ring_fixture_init(struct kunit *test);
void ring_fixture_exit(struct kunit *test);
bool ring_fixture_notify(struct virtqueue *vq);
struct ring_fixture *ring_make(struct kunit *test, unsigned int num, u64 features);
void ring_host_start(struct kunit *test);

int ring_add_one(struct ring_fixture *f, void *buf, size_t len, bool in);
int ring_add_bytes(struct ring_fixture *f, u8 *buf, unsigned int out, unsigned int in);
int ring_add_buf(struct ring_fixture *f, struct ring_buf *buf);
struct ring_buf *ring_add_all_sorts(struct kunit *test);
void ring_expect_all_back(struct kunit *test, const struct ring_buf *bufs);
void ring_expect_works(struct kunit *test);

int ring_renew(struct ring_fixture *f);

int ring_host_take(struct ring_fixture *f, u16 *head);
unsigned int ring_host_segments(struct ring_fixture *f, struct virtio_host_segment *segments,
				unsigned int max);
int ring_host_complete(struct ring_fixture *f, u16 head, u32 len);
void ring_host_complete_batch(struct ring_fixture *f, const u16 *heads, unsigned int n, u32 len);
int ring_host_echo(struct ring_fixture *f);
bool ring_host_calls(struct ring_fixture *f);
bool ring_host_kicks(struct ring_fixture *f, bool on);
void ring_host_claims(struct ring_fixture *f, u32 id, u32 len);

#endif /* _VIRTIO_RING_FIXTURE_H */
