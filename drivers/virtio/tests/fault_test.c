// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation on the way made to fail, one at a time, to the last: nothing leaks,
 * nothing is reported, the device is left as it has to be, and the next try works.
 */
#include <linux/slab.h>

#include "../watch/misuse.h"
#include "faults.h"
#include "fake_driver.h"
#include "host.h"
#include "page_host.h"
#include "ring_fixture.h"

/* More than any way has; a sweep that gets here does not end. */
#define TOO_MANY	1000

static const u64 feature_sets[] = {
	0, INDIRECT_DESC, PACKED, PACKED | INDIRECT_DESC, IN_ORDER,
};

static void describe_set(const u64 *set, char *desc)
{
	sprintf(desc, "%s%s%s", *set & PACKED ? "packed" : "split",
		*set & INDIRECT_DESC ? " indirect" : "", *set & IN_ORDER ? " in order" : "");
}

KUNIT_ARRAY_PARAM(set, feature_sets, describe_set);

/*
 * A way is gone until none of its allocations is left to fail.  It says what came of
 * it, and cleans up behind itself.
 */
static void sweep(struct kunit *test, int (*way)(struct kunit *test))
{
	unsigned int nth, failed = 0;
	bool came = true;
	int err;

	faults_init(test);
	/* What is allocated once and kept is none of ours. */
	KUNIT_ASSERT_EQ(test, 0, way(test));
	for (nth = 1; came && nth < TOO_MANY; nth++) {
		faults_begin(nth);
		err = way(test);
		came = faults_end();
		failed += came && err;
		if (err)
			KUNIT_EXPECT_TRUE(test, err == -ENOMEM || err == -ENOSPC);
		KUNIT_EXPECT_EQ_MSG(test, 0, faults_left(test), "after allocation %u failed", nth);
		if (!came)
			KUNIT_EXPECT_EQ(test, 0, err);
	}
	KUNIT_EXPECT_LT(test, nth, TOO_MANY);
	KUNIT_EXPECT_GT(test, failed, 0);
	kunit_info(test, "%u allocations made to fail; %u times that failed the whole", nth - 2,
		   failed);
	KUNIT_EXPECT_EQ(test, 0, way(test));
}

/*
 * The life of a device with a queue and a buffer in it.
 */

static struct virtio_host *host;

static void make_host(struct kunit *test)
{
	host = fake_host_with_queue(test, MODERN | *(const u64 *)test->param_value);
}

/* The driver model is done with it: it can be plugged in once more. */
static void renew_host(void)
{
	void (*release)(struct device *dev) = host->vdev.dev.release;

	memset(&host->vdev.dev, 0, sizeof(host->vdev.dev));
	host->vdev.dev.release = release;
}

/* 0 if a driver was found for it and could be bound; the driver core tells nobody else. */
static int plug(void)
{
	int err;

	host->writes = 0;
	err = register_virtio_device(&host->vdev);
	if (err) {
		put_device(&host->vdev.dev);
		renew_host();
		return err;
	}
	return host->vdev.dev.driver ? 0 : -ENOMEM;
}

/* A driver that was let at the device has failed; and else nobody has touched it. */
static void expect_failed(struct kunit *test)
{
	bool begun = memchr(host->history, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER,
			    host->writes);

	KUNIT_EXPECT_EQ(test, begun, !!(host->status & VIRTIO_CONFIG_S_FAILED));
	KUNIT_EXPECT_FALSE(test, host->status & VIRTIO_CONFIG_S_DRIVER_OK);
	KUNIT_EXPECT_TRUE(test, list_empty(&host->vdev.vqs));
}

static void unplug(void)
{
	unregister_virtio_device(&host->vdev);
	renew_host();
}

static int probe_way(struct kunit *test)
{
	int err = plug();

	if (!device_is_registered(&host->vdev.dev))
		return err;
	if (err)
		expect_failed(test);
	unplug();
	return err;
}

static void test_probe(struct kunit *test)
{
	make_host(test);
	fake_plan.use_queue = true;
	fake_driver_register(test);
	sweep(test, probe_way);
	KUNIT_EXPECT_EQ(test, fake_queue.offered, fake_queue.back);
}

/* Plugged in, probed, and out again, a thousand times: nothing is left of any. */
static void test_thousand(struct kunit *test)
{
	unsigned int i;

	faults_init(test);
	make_host(test);
	fake_plan.use_queue = true;
	fake_driver_register(test);
	KUNIT_ASSERT_EQ(test, 0, probe_way(test));
	for (i = 0; i < 1000; i++) {
		faults_begin(0);
		KUNIT_ASSERT_EQ(test, 0, probe_way(test));
		faults_end();
		KUNIT_ASSERT_EQ(test, 0, faults_left(test));
	}
	KUNIT_EXPECT_EQ(test, 1001, fake_queue.back);
}

/*
 * The same from a page.  What finds it there is called here: what fails is of this task.
 */

static int page_way(struct kunit *test)
{
	struct page_other *other = page_place_of(host)->other;
	struct virtio_device *vdev;
	int err;

	page_set_state(page_place_of(host), VIRTIO_PAGE_EMPTY);
	err = virtio_page_open(&other->page);
	page_other_settle(other);
	page_set_state(page_place_of(host), VIRTIO_PAGE_LIVE);
	other->page.walk.func(&other->page.walk);
	vdev = virtio_host_vdev(host);
	if (!vdev || !vdev->dev.driver)
		err = -ENOMEM;
	virtio_page_close(&other->page);
	KUNIT_EXPECT_NULL(test, host->queue[0].vq);
	KUNIT_EXPECT_FALSE(test, host->status & VIRTIO_CONFIG_S_DRIVER_OK);
	return err;
}

static void test_page(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, 0, page_host_init(test));
	make_host(test);
	page_host_describe(page_host_make(test, page_host_parent()), host);
	fake_plan.use_queue = true;
	fake_driver_register(test);
	sweep(test, page_way);
	KUNIT_EXPECT_EQ(test, fake_queue.offered, fake_queue.back);
}

#ifdef CONFIG_PM_SLEEP
/* From asleep to asleep. */
static int sleep_way(struct kunit *test)
{
	int err;

	host->writes = 0;
	err = virtio_device_restore(&host->vdev);
	if (err)
		expect_failed(test);
	else
		KUNIT_EXPECT_EQ(test, 0, virtio_device_freeze(&host->vdev));
	return err;
}

static void test_sleep(struct kunit *test)
{
	make_host(test);
	fake_plan.use_queue = true;
	fake_driver_register(test);
	virtio_host_plug(host);
	KUNIT_ASSERT_EQ(test, 0, virtio_device_freeze(&host->vdev));
	sweep(test, sleep_way);
	virtio_host_unplug(host);
	KUNIT_EXPECT_EQ(test, fake_queue.offered, fake_queue.back);
}
#endif

static int driver_way(struct kunit *test)
{
	int err = register_virtio_driver(&fake_driver);

	if (!err)
		unregister_virtio_driver(&fake_driver);
	return err;
}

static void test_driver(struct kunit *test)
{
	sweep(test, driver_way);
}

/*
 * A queue on its own: added to until it is full, with buffers of all lengths, and resized.
 */

#define SEGMENTS	24	/* more than the tables of the pool hold */
#define SIZE		32

static struct ring_fixture *fixture;

static void recycle(struct virtqueue *vq, void *buf)
{
}

/* A buffer that did not get in leaves the queue as it was. */
static int add_of(struct kunit *test, unsigned int segments, u8 *bytes)
{
	struct virtqueue *vq = fixture->vq;
	unsigned int free = vq->num_free, i;
	struct scatterlist sg[SEGMENTS];
	int err;

	sg_init_table(sg, segments);
	for (i = 0; i < segments; i++)
		sg_set_buf(&sg[i], bytes + i, 1);
	err = virtqueue_add_outbuf(vq, sg, segments, bytes, GFP_KERNEL);
	if (err)
		KUNIT_EXPECT_EQ(test, free, vq->num_free);
	return err == -ENOSPC ? 0 : err;
}

static int queue_way(struct kunit *test)
{
	static u8 bytes[SEGMENTS];
	struct ring_fixture *f = fixture;
	int err, i;

	f->vq = vring_create_virtqueue(0, SIZE, SMP_CACHE_BYTES, &f->vdev, true, false, false,
				       ring_fixture_notify, NULL, "test");
	if (!f->vq)
		return -ENOMEM;
	err = add_of(test, SEGMENTS, bytes);
	for (i = 0; !err && i < SIZE; i++)
		err = add_of(test, 2, bytes);
	if (!err)
		err = virtqueue_resize(f->vq, SIZE / 2, recycle, NULL);
	if (!err)
		KUNIT_EXPECT_EQ(test, SIZE / 2, f->vq->num_free);
	vring_del_virtqueue(f->vq);
	f->vq = NULL;
	return err;
}

static void test_queue(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, 0, ring_fixture_init(test));
	fixture = test->priv;
	fixture->vdev.features = MODERN | *(const u64 *)test->param_value;
	sweep(test, queue_way);
	ring_fixture_exit(test);
}

/* Who checks drivers keeps queues that were deleted, which are no leak. */
static bool checked_before;

static int fault_init(struct kunit *test)
{
	checked_before = ring_set_checks(false);
	return fake_driver_init(test);
}

static void fault_exit(struct kunit *test)
{
	ring_set_checks(checked_before);
}

static struct kunit_case fault_cases[] = {
	KUNIT_CASE_PARAM(test_probe, set_gen_params),
	KUNIT_CASE_PARAM(test_thousand, set_gen_params),
	KUNIT_CASE_PARAM(test_page, set_gen_params),
#ifdef CONFIG_PM_SLEEP
	KUNIT_CASE_PARAM(test_sleep, set_gen_params),
#endif
	KUNIT_CASE(test_driver),
	KUNIT_CASE_PARAM(test_queue, set_gen_params),
	{}
};

static struct kunit_suite fault_suite = {
	.name = "virtio-faults",
	.init = fault_init,
	.exit = fault_exit,
	.test_cases = fault_cases,
};

kunit_test_suite(fault_suite);
