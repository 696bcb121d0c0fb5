// SPDX-License-Identifier: GPL-2.0
/*
 * What a driver may do with a queue.
 */
#include <linux/slab.h>

#include "idioms.h"

#define MODERN	BIT_ULL(VIRTIO_F_VERSION_1)

/* Tokens. */
static int t[QUEUE_SIZE + 1];

static long number(const void *token)
{
	return token ? (int *)token - t : -1;
}

static void bind_served(struct kunit *test, u64 offered)
{
	driver_bind(test, offered);
	device.serves = true;
}

/* What was used comes back with its length, in the order of use. */
static void round_trip(struct kunit *test)
{
	struct virtqueue *vq;
	unsigned int len, i;
	void *token;

	bind_served(test, MODERN);
	vq = driver.vqs[0];
	for (i = 0; i < 3 * QUEUE_SIZE; i++) {
		answer("add", driver_post(0, i % 3, 1 + i % 2, &t[i % 4]));
		answer("free", vq->num_free);
		answer("kick", virtqueue_kick(vq));
		answer("callbacks", driver.callbacks);
		token = virtqueue_get_buf(vq, &len);
		answer("token", number(token));
		answer("length", len);
		answer("nothing more", number(virtqueue_get_buf(vq, &len)));
		answer("free again", vq->num_free);
	}
}

static void only_out(struct kunit *test)
{
	unsigned int len;

	bind_served(test, MODERN);
	answer("add", driver_post(2, 2, 0, &t[0]));
	answer("kick", virtqueue_kick(driver.vqs[2]));
	answer("token", number(virtqueue_get_buf(driver.vqs[2], &len)));
	answer("length", len);
	answer("callbacks of a queue without", driver.callbacks);
}

/* With tables a buffer takes one descriptor, else one for each segment. */
static void full(struct kunit *test)
{
	static const u64 offered[] = { MODERN, MODERN | BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) };
	unsigned int i, n, len;
	struct virtqueue *vq;

	for (i = 0; i < ARRAY_SIZE(offered); i++) {
		driver_bind(test, offered[i]);
		vq = driver.vqs[0];
		for (n = 0; n < QUEUE_SIZE + 1; n++) {
			answer("add", driver_post(0, 1, 2, &t[n]));
			answer("free", vq->num_free);
		}
		answer("one segment", driver_post(0, 0, 1, &t[0]));
		answer("one more", driver_post(0, 0, 1, &t[0]));
		answer("kick", virtqueue_kick(vq));
		answer("kicks", device.kicks[0]);
		device_serve(0, 1);
		answer("token", number(virtqueue_get_buf(vq, &len)));
		answer("free", vq->num_free);
		answer("and again", driver_post(0, 1, 2, &t[0]));
		device_unplug();
		memset(&device, 0, sizeof(device));
	}
}

static void kicks(struct kunit *test)
{
	struct virtqueue *vq;

	driver_bind(test, MODERN);
	vq = driver.vqs[0];
	answer("of nothing", virtqueue_kick(vq));
	answer("reached the device", device.kicks[0]);
	answer("add", driver_post(0, 1, 1, &t[0]));
	answer("prepare", virtqueue_kick_prepare(vq));
	answer("reached the device", device.kicks[0]);
	answer("notify", virtqueue_notify(vq));
	answer("reached the device", device.kicks[0]);
	/* A device that does not want any (2.7.10). */
	((struct vring *)virtqueue_get_vring(vq))->used->flags =
		(__force __virtio16)(u16)VRING_USED_F_NO_NOTIFY;
	answer("add", driver_post(0, 1, 1, &t[1]));
	answer("prepare", virtqueue_kick_prepare(vq));
	answer("kick", virtqueue_kick(vq));
	answer("reached the device", device.kicks[0]);
}

/* By the flag, and by the event index. */
static void callbacks(struct kunit *test)
{
	static const u64 offered[] = { MODERN, MODERN | BIT_ULL(VIRTIO_RING_F_EVENT_IDX) };
	unsigned int i, len, at;
	struct virtqueue *vq;

	for (i = 0; i < ARRAY_SIZE(offered); i++) {
		driver_bind(test, offered[i]);
		vq = driver.vqs[0];
		driver.callbacks = 0;
		answer("enable, nothing is used", virtqueue_enable_cb(vq));
		answer("delayed, nothing is there", virtqueue_enable_cb_delayed(vq));
		at = virtqueue_enable_cb_prepare(vq);
		answer("poll", virtqueue_poll(vq, at));
		virtqueue_disable_cb(vq);
		driver_post(0, 0, 1, &t[0]);
		driver_post(0, 0, 1, &t[1]);
		virtqueue_kick(vq);
		device_serve(0, 1);
		/* With an event index it is the device that has to look, which this does not. */
		if (!i)
			answer("while they are off", driver.callbacks);
		answer("poll", virtqueue_poll(vq, at));
		answer("enable, one is used", virtqueue_enable_cb(vq));
		answer("token", number(virtqueue_get_buf(vq, &len)));
		answer("enable, nothing is used", virtqueue_enable_cb(vq));
		driver.callbacks = 0;
		device_serve(0, 1);
		answer("while they are on", driver.callbacks);
		answer("token", number(virtqueue_get_buf(vq, &len)));
		driver.callbacks = 0;
		device_serve(0, 1);
		answer("of nothing", driver.callbacks);
		device_unplug();
		memset(&device, 0, sizeof(device));
	}
}

static int probe_with_ctx(struct virtio_device *vdev)
{
	struct virtqueue_info info = { .name = "ctx", .ctx = true };

	return virtio_find_vqs(vdev, 1, driver.vqs, &info, NULL);
}

static void contexts(struct kunit *test)
{
	static u8 buf[16];
	struct virtqueue *vq;
	struct scatterlist sg;
	unsigned int len;
	void *ctx = NULL;

	driver.in_probe = probe_with_ctx;
	bind_served(test, MODERN);
	vq = driver.vqs[0];
	sg_init_one(&sg, buf, sizeof(buf));
	answer("add", virtqueue_add_inbuf_ctx(vq, &sg, 1, &t[2], &t[5], GFP_KERNEL));
	virtqueue_kick(vq);
	answer("token", number(virtqueue_get_buf_ctx(vq, &len, &ctx)));
	answer("context", number(ctx));
	answer("add without one", virtqueue_add_inbuf_ctx(vq, &sg, 1, &t[2], NULL, GFP_KERNEL));
	virtqueue_kick(vq);
	answer("token", number(virtqueue_get_buf_ctx(vq, &len, &ctx)));
	answer("context", number(ctx));
}

/* What is left after a reset. */
static void unused(struct kunit *test)
{
	struct virtqueue *vq;
	unsigned int n, len;
	long sum = 0;
	void *token;

	driver_bind(test, MODERN);
	vq = driver.vqs[0];
	for (n = 0; n < 5; n++)
		driver_post(0, 0, 1, &t[n]);
	virtqueue_kick(vq);
	device_serve(0, 2);
	answer("one was used", number(virtqueue_get_buf(vq, &len)));
	virtio_reset_device(&device.vdev);
	for (n = 0; (token = virtqueue_detach_unused_buf(vq)); n++)
		sum += number(token);
	answer("left", n);
	answer("their sum", sum);
	answer("free", vq->num_free);
}

static void broken(struct kunit *test)
{
	struct virtqueue *vq;
	unsigned int len;

	driver_bind(test, MODERN);
	vq = driver.vqs[0];
	driver_post(0, 0, 1, &t[0]);
	virtqueue_kick(vq);
	answer("whole", virtqueue_is_broken(vq));
	virtio_break_device(&device.vdev);
	answer("broken", virtqueue_is_broken(vq));
	answer("add", driver_post(0, 0, 1, &t[1]));
	device_serve(0, 1);
	answer("callbacks", driver.callbacks);
	answer("get", number(virtqueue_get_buf(vq, &len)));
	answer("notify", virtqueue_notify(vq));
	answer("poll", virtqueue_poll(vq, 0));
	__virtio_unbreak_device(&device.vdev);
	answer("whole", virtqueue_is_broken(vq));
	answer("get", number(virtqueue_get_buf(vq, &len)));
	answer("add", driver_post(0, 0, 1, &t[1]));
}

/* The device uses what it has not got. */
static void lies(struct kunit *test)
{
	static const u32 ids[] = { 5, QUEUE_SIZE, U32_MAX };
	struct virtqueue *vq;
	unsigned int i, len;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		driver_bind(test, MODERN);
		vq = driver.vqs[0];
		driver_post(0, 0, 1, &t[0]);
		virtqueue_kick(vq);
		device_claim(0, ids[i]);
		answer("get", number(virtqueue_get_buf(vq, &len)));
		answer("broken", virtqueue_is_broken(vq));
		answer("add", driver_post(0, 0, 1, &t[1]));
		virtio_reset_device(&device.vdev);
		answer("left", number(virtqueue_detach_unused_buf(vq)));
		device_unplug();
		memset(&device, 0, sizeof(device));
	}
}

static void members(struct kunit *test)
{
	struct virtqueue *vq;

	driver_bind(test, MODERN);
	vq = driver.vqs[2];
	answer("left out", !driver.vqs[1]);
	answer("index", vq->index);
	answer("name", !strcmp(vq->name, "last"));
	answer("free", vq->num_free);
	answer("most", vq->num_max);
	answer("size", virtqueue_get_vring_size(vq));
	answer("for the transport", vq->priv == &device);
	answer("device", vq->vdev == &device.vdev);
	answer("reset", vq->reset);
	answer("descriptors", virtqueue_get_desc_addr(vq) ==
			      virt_to_phys(virtqueue_get_vring(vq)->desc));
	answer("available", virtqueue_get_avail_addr(vq) ==
			    virt_to_phys(virtqueue_get_vring(vq)->avail));
	answer("used", virtqueue_get_used_addr(vq) ==
		       virt_to_phys(virtqueue_get_vring(vq)->used));
	answer("first", list_first_entry(&device.vdev.vqs, struct virtqueue, list) ==
			driver.vqs[0]);
}

static void ignore(struct virtqueue *vq, void *token)
{
}

static void not_there(struct kunit *test)
{
	struct virtqueue *vq;

	driver_bind(test, MODERN);
	vq = driver.vqs[0];
	answer("resize to nothing", virtqueue_resize(vq, 0, ignore, NULL));
	answer("resize beyond", virtqueue_resize(vq, 2 * QUEUE_SIZE, ignore, NULL));
	answer("resize to the same", virtqueue_resize(vq, QUEUE_SIZE, ignore, NULL));
	answer("resize", virtqueue_resize(vq, QUEUE_SIZE / 2, ignore, NULL));
	answer("reset", virtqueue_reset(vq, ignore, NULL));
	answer("premapped", virtqueue_set_dma_premapped(vq));
	answer("whom to map for", !virtqueue_dma_dev(vq));
	answer("affinity", virtqueue_set_affinity(vq, NULL));
}

/* On memory of the transport's, in which it may have something already. */
static void own_memory(struct kunit *test)
{
	void *pages = alloc_pages_exact(2 * PAGE_SIZE, GFP_KERNEL | __GFP_ZERO);
	unsigned int len;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	device_begin(MODERN);
	device.pages = pages;
	*(u8 *)pages = 0x55;
	bind_served(test, MODERN);
	answer("what was there", *(u8 *)pages);
	answer("where", (void *)virtqueue_get_vring(driver.vqs[0])->desc == pages);
	answer("add", driver_post(0, 1, 1, &t[3]));
	answer("kick", virtqueue_kick(driver.vqs[0]));
	answer("token", number(virtqueue_get_buf(driver.vqs[0], &len)));
	answer("length", len);
	device_unplug();
	memset(&device, 0, sizeof(device));
	free_pages_exact(pages, 2 * PAGE_SIZE);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(round_trip),
	KUNIT_CASE(only_out),
	KUNIT_CASE(full),
	KUNIT_CASE(kicks),
	KUNIT_CASE(callbacks),
	KUNIT_CASE(contexts),
	KUNIT_CASE(unused),
	KUNIT_CASE(broken),
	KUNIT_CASE(lies),
	KUNIT_CASE(members),
	KUNIT_CASE(not_there),
	KUNIT_CASE(own_memory),
	{}
};

static struct kunit_suite suite = {
	.name = "idioms-queues",
	.init = driver_begin,
	.exit = driver_end,
	.test_cases = cases,
};

kunit_test_suite(suite);
