// SPDX-License-Identifier: GPL-2.0
/*
 * The queue of ring_fixture.h on a device page: what a test does to a queue is done to one
 * that the page's driver has set up, and the other side has been told of.
 */
#include "fake_driver.h"
#include "host.h"
#include "page_host.h"
#include "page_ring.h"

static struct virtio_host *host;

static int find_queue(struct virtio_device *vdev)
{
	return PTR_ERR_OR_ZERO(virtio_find_single_vq(vdev, NULL, "test"));
}

static void delete_queue(struct virtio_device *vdev)
{
	virtio_reset_device(vdev);
	vdev->config->del_vqs(vdev);
}

/* One that has queues which are broken, and stay so. */
static void register_driver(struct kunit *test)
{
	fake_driver_init(test);
	fake_driver.probe = find_queue;
	fake_driver.remove = delete_queue;
	fake_driver.repeatable = false;
	fake_driver_register(test);
}

/* From the page of a parent of the test's, or of one that sees all memory. */
static struct virtqueue *make(struct kunit *test, unsigned int num)
{
	struct ring_fixture *f = test->priv;
	struct page_other *other;
	struct virtqueue *vq;

	host = virtio_host_create(test, FAKE_ID, f->vdev.features);
	virtio_host_add_queue(host, num);
	host->queue[0].ring->offset = f->host.offset;
	other = page_host_make(test, f->vdev.dev.parent ?: page_host_parent());
	register_driver(test);
	page_host_show(other, host);
	KUNIT_ASSERT_EQ(test, 0, virtio_page_open(&other->page));
	page_other_settle(other);
	/* The other side was told of it. */
	vq = host->queue[0].vq;
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, vq);
	KUNIT_EXPECT_EQ(test, vq->vdev->features, f->vdev.features);
	return vq;
}

static void unmake(struct ring_fixture *f)
{
	virtio_host_unplug(host);
}

static const struct ring_way by_page = {
	.make = make,
	.unmake = unmake,
};

int page_ring_init(struct kunit *test)
{
	struct ring_fixture *f;
	int err = page_host_init(test) ?: ring_fixture_init(test);

	if (err)
		return err;
	f = test->priv;
	f->way = &by_page;
	return 0;
}
