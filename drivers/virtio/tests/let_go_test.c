// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of drivers that don't reset their device before they give up its queues, as those
 * of 2007 do, and of those that call config->reset themselves.  The device never has
 * buffers or a ring that are the driver's again.  On a device of the tests' own, and on a
 * page; locks_test.c does the like over registers, while the device is brought back.
 */
#include <linux/delay.h>
#include <linux/virtio_ring.h>

#include "fake_driver.h"
#include "host.h"

/* Statuses that the device had when the driver got its buffer back, and at the end. */
static u8 at_shutdown, at_end;

static void take_back(struct virtqueue *vq)
{
	unsigned int len;

	fake_queue.back += !!vq->vq_ops->get_buf(vq, &len);
	fake_queue.vq = NULL;
}

/* The operations of the contract that end a queue, and nothing else. */
static void remove_of_2007(struct virtio_device *vdev)
{
	struct virtqueue *vq = fake_queue.vq;

	vq->vq_ops->shutdown(vq);
	at_shutdown = vdev->config->get_status(vdev);
	take_back(vq);
	vdev->config->del_vq(vq);
	at_end = vdev->config->get_status(vdev);
}

/* The queue is deleted with the buffer in it. */
static void remove_without_reset(struct virtio_device *vdev)
{
	fake_queue.back++;
	fake_queue.vq = NULL;
	vdev->config->del_vqs(vdev);
	at_end = vdev->config->get_status(vdev);
}

static void remove_one_without_reset(struct virtio_device *vdev)
{
	struct virtqueue *vq = fake_queue.vq;

	fake_queue.back++;
	fake_queue.vq = NULL;
	vdev->config->del_vq(vq);
	at_end = vdev->config->get_status(vdev);
}

/* As it was done before there was virtio_reset_device(). */
static void remove_by_operation(struct virtio_device *vdev)
{
	struct virtqueue *vq = fake_queue.vq;

	vdev->config->reset(vdev);
	/* Time for a recovery that should not be. */
	msleep(200);
	at_shutdown = vdev->config->get_status(vdev);
	fake_queue.back += !!virtqueue_detach_unused_buf(vq);
	fake_queue.vq = NULL;
	vdev->config->del_vqs(vdev);
	at_end = vdev->config->get_status(vdev);
}

static const struct way {
	const char *name;
	void (*remove)(struct virtio_device *vdev);
} ways[] = {
	{ "shutdown and del_vq", remove_of_2007 },
	{ "del_vqs", remove_without_reset },
	{ "del_vq", remove_one_without_reset },
	{ "config->reset", remove_by_operation },
};

static void describe(const struct way *way, char *desc)
{
	strscpy(desc, way->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(way, ways, describe);

static struct virtio_host *bind(struct kunit *test)
{
	const struct way *way = test->param_value;

	at_shutdown = 0;
	at_end = 0;
	fake_driver.remove = way->remove;
	return fake_bind_with_queue(test);
}

static void expect_let_go(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, at_shutdown & VIRTIO_CONFIG_S_DRIVER_OK);
	KUNIT_EXPECT_FALSE(test, at_end & VIRTIO_CONFIG_S_DRIVER_OK);
	KUNIT_EXPECT_EQ(test, fake_queue.offered, fake_queue.back);
}

static void test_live(struct kunit *test)
{
	bind(test);
	fake_driver_unregister(test);
	expect_let_go(test);
}

/* It has asked for a reset, which is not to come any more. */
static void test_about_to_be_revived(struct kunit *test)
{
	struct virtio_host *host = bind(test);

	virtio_host_needs_reset(host);
	fake_driver_unregister(test);
	expect_let_go(test);
}

/* A queue that its driver shuts down is over; what else there is of the device is broken. */
static void test_shutdown_in_use(struct kunit *test)
{
	struct virtio_host *host = fake_bind_with_queue(test);
	struct virtqueue *vq;
	unsigned int len;

	vq = fake_queue.vq;
	vq->vq_ops->shutdown(vq);
	KUNIT_EXPECT_FALSE(test, host->status & VIRTIO_CONFIG_S_DRIVER_OK);
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(vq));
	KUNIT_EXPECT_PTR_EQ(test, (void *)&fake_queue.buf, vq->vq_ops->get_buf(vq, &len));
	fake_queue.back++;
	KUNIT_EXPECT_NULL(test, vq->vq_ops->get_buf(vq, &len));
	fake_driver_unregister(test);
	KUNIT_EXPECT_EQ(test, fake_queue.offered, fake_queue.back);
}

#define CASES							\
	KUNIT_CASE_PARAM(test_live, way_gen_params),		\
	KUNIT_CASE_PARAM(test_about_to_be_revived, way_gen_params),	\
	KUNIT_CASE(test_shutdown_in_use),			\
	{}

static struct kunit_case cases[] = { CASES };
static struct kunit_case page_cases[] = { CASES };

static struct kunit_suite suite = {
	.name = "virtio-let-go",
	.init = fake_driver_init,
	.test_cases = cases,
};

static struct kunit_suite page_suite = {
	.name = "virtio-let-go-page",
	.init = fake_driver_init_on_page,
	.test_cases = page_cases,
};

kunit_test_suites(&suite, &page_suite);
