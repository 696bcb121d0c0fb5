/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A virtio device that a KUnit test plays, for who tests a driver or the core.
 *
 * The test says what the device is, plugs it in, and the bus finds a driver for
 * it as for any other.  Then the test is the device: it takes what the driver made
 * available, looks at it, answers, changes the configuration, breaks, and lies if
 * that is what it wants.  It needs no hypervisor and runs on any architecture.
 *
 *	static u32 answer(struct virtio_host *host, struct virtio_host_buf *buf)
 *	{
 *		return virtio_host_push(buf, "random", 6);
 *	}
 *
 *	static void test_read(struct kunit *test)
 *	{
 *		struct virtio_host *host = virtio_host_create(test, VIRTIO_ID_RNG, 0);
 *
 *		virtio_host_serve(host, virtio_host_add_queue(host, 8), answer);
 *		virtio_host_plug(host);
 *		... read from the driver, and expect "random"
 *	}
 *
 * All of it is freed when the test ends.  What is asserted here fails the test; all
 * functions may sleep unless they say otherwise.
 */
#ifndef _KUNIT_VIRTIO_H
#define _KUNIT_VIRTIO_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/refcount.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_fields.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#define VIRTIO_HOST_QUEUES	8	/* that a device may have */
#define VIRTIO_HOST_SEGMENTS	64	/* of a buffer */
#define VIRTIO_HOST_VENDOR	0x1af4

struct file;
struct virtio_host;
struct virtio_host_ring;
struct virtio_host_way;

/**
 * struct virtio_host_segment - a segment of a buffer
 * @bytes: where it lies
 * @len: how long it is
 * @writable: the device writes it
 */
struct virtio_host_segment {
	u8 *bytes;
	u32 len;
	bool writable;
};

/**
 * struct virtio_host_buf - a buffer that the device has taken
 * @id: what the driver knows it by
 * @queue: number of its queue
 * @n: how many segments it has
 * @segment: those, first the ones that the device reads
 */
struct virtio_host_buf {
	u16 id;
	unsigned int queue, n;
	struct virtio_host_segment segment[VIRTIO_HOST_SEGMENTS];
};

/* Does what the device does with a buffer; returns how many bytes it says it wrote. */
typedef u32 (*virtio_host_serve_t)(struct virtio_host *host, struct virtio_host_buf *buf);

/**
 * enum virtio_host_point - where a driver, or the core for it, reaches its device
 * @VIRTIO_HOST_GET_STATUS: reads the status
 * @VIRTIO_HOST_SET_STATUS: has written it
 * @VIRTIO_HOST_RESET: has reset the device
 * @VIRTIO_HOST_GET_FEATURES: reads what is offered
 * @VIRTIO_HOST_SET_FEATURES: has accepted some
 * @VIRTIO_HOST_GENERATION: reads the generation of the configuration
 * @VIRTIO_HOST_READ: reads configuration
 * @VIRTIO_HOST_WRITE: has written some
 * @VIRTIO_HOST_SETUP: sets up a queue
 * @VIRTIO_HOST_TEARDOWN: has deleted a queue
 * @VIRTIO_HOST_KICK: has kicked a queue
 * @VIRTIO_HOST_QUEUE_RESET: has reset a queue
 */
enum virtio_host_point {
	VIRTIO_HOST_GET_STATUS,
	VIRTIO_HOST_SET_STATUS,
	VIRTIO_HOST_RESET,
	VIRTIO_HOST_GET_FEATURES,
	VIRTIO_HOST_SET_FEATURES,
	VIRTIO_HOST_GENERATION,
	VIRTIO_HOST_READ,
	VIRTIO_HOST_WRITE,
	VIRTIO_HOST_SETUP,
	VIRTIO_HOST_TEARDOWN,
	VIRTIO_HOST_KICK,
	VIRTIO_HOST_QUEUE_RESET,
};

/**
 * struct virtio_host_queue - a queue of the device
 * @size: entries that it offers
 * @vq: the driver's side, while it is set up
 * @ring: the device's side
 * @kicks: notifications that came
 * @reset_err: what a reset of the queue comes to
 * @enable_err: what it comes to when it is to be used again
 * @serve: how its buffers are served; see virtio_host_serve()
 * @work: does that
 * @host: the device
 */
struct virtio_host_queue {
	unsigned int size;
	struct virtqueue *vq;
	struct virtio_host_ring *ring;
	unsigned int kicks;
	int reset_err, enable_err;
	virtio_host_serve_t serve;
	struct work_struct work;
	struct virtio_host *host;
};

/**
 * struct virtio_host - the device
 * @vdev: what the bus sees
 * @test: the test that plays it
 * @way: how it comes to the bus
 * @place: what it is known by there
 * @status: the status byte
 * @history: each status that was written, in order; 0 for a reset
 * @writes: how many there were
 * @offered: features it offers, of the first 64
 * @offered_array: all of these
 * @accepted: features that the driver wrote, of the first 64
 * @accepted_array: all of these
 * @refuse_features: FEATURES_OK does not stick
 * @config: the configuration structure
 * @generation: of the configuration
 * @restless: the generation changes with every look
 * @fields: the page of fields, of a device made by virtio_host_create_paged()
 * @queue: its queues
 * @queues: how many
 * @script: called at each point, before the device answers or after it was written
 *	to, with what is read, written, or the number of the queue: sets any of
 *	these members, which are what the device answers with.  In the context of
 *	whoever reaches it: %VIRTIO_HOST_KICK must not sleep.
 * @event: woken when a queue is kicked, and when the status was written
 * @released: set when the driver model lets go of the device
 *
 * All members but @vdev, @way and @place may be set by the test at any time.
 */
struct virtio_host {
	struct virtio_device vdev;
	struct kunit *test;
	const struct virtio_host_way *way;
	void *place;
	u8 status;
	u8 history[32];
	unsigned int writes;
	union {
		u64 offered;
		u64 offered_array[VIRTIO_FEATURES_U64S];
	};
	union {
		u64 accepted;
		u64 accepted_array[VIRTIO_FEATURES_U64S];
	};
	bool refuse_features;
	u8 config[256];
	u32 generation;
	bool restless;
	struct virtio_fields fields;
	struct virtio_host_queue queue[VIRTIO_HOST_QUEUES];
	unsigned int queues;
	void (*script)(struct virtio_host *host, enum virtio_host_point point, u64 arg);
	wait_queue_head_t event;
	bool *released;
};

/**
 * struct virtio_host_io - a program's read or write of the node of a driver
 * @test: the test that started it
 * @file: the node, open
 * @work: makes the call, while the test goes on
 * @done: it has returned
 * @users: the test and the call; the last one frees it
 * @write: it is a write
 * @result: what it returned; see virtio_host_finish()
 * @size: bytes that were asked for
 * @bytes: what was read, or is written
 */
struct virtio_host_io {
	struct kunit *test;
	struct file *file;
	struct work_struct work;
	struct completion done;
	refcount_t users;
	bool write;
	ssize_t result;
	size_t size;
	u8 bytes[];
};

#define to_virtio_host(_vdev)	container_of(_vdev, struct virtio_host, vdev)

struct virtio_host *virtio_host_create(struct kunit *test, u32 id, u64 offered);
struct virtio_host *virtio_host_create_paged(struct kunit *test, u32 id, void *page, size_t size);
unsigned int virtio_host_add_queue(struct virtio_host *host, unsigned int size);
int virtio_host_try_plug(struct virtio_host *host);
void virtio_host_plug(struct virtio_host *host);
int virtio_host_plug_for(struct virtio_host *host, const char *name);
void virtio_host_unplug(struct virtio_host *host);
void virtio_host_change_config(struct virtio_host *host);
void virtio_host_needs_reset(struct virtio_host *host);

void virtio_host_serve(struct virtio_host *host, unsigned int queue, virtio_host_serve_t serve);
void virtio_host_wait_for_kick(struct virtio_host *host, unsigned int queue, unsigned int kicks);
bool virtio_host_take(struct virtio_host *host, unsigned int queue, struct virtio_host_buf *buf);
u32 virtio_host_pull(const struct virtio_host_buf *buf, void *to, u32 max);
u32 virtio_host_push(struct virtio_host_buf *buf, const void *from, u32 len);
void virtio_host_use(struct virtio_host *host, const struct virtio_host_buf *buf, u32 len);
void virtio_host_claim(struct virtio_host *host, unsigned int queue, u32 id, u32 len,
		       unsigned int count);
void virtio_host_interrupt(struct virtio_host *host, unsigned int queue);

struct virtio_host_io *virtio_host_start_read(struct virtio_host *host, size_t size);
struct virtio_host_io *virtio_host_start_write(struct virtio_host *host, const void *from,
					       size_t size);
ssize_t virtio_host_finish(struct virtio_host_io *io);

#endif /* _KUNIT_VIRTIO_H */
