// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of a device that is brought back and then falls silent, with its driver waiting for
 * it: nothing else waits behind that for longer than a limit.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/virtio_ring.h>

#include "../transport.h"
#include "disk.h"
#include "fake_driver.h"
#include "host.h"
#include "soft_driver.h"

static DECLARE_COMPLETION(in_driver);
static struct virtqueue *waits_for;

/* The driver has something to tell its device, and waits for the answer. */
static void wait_for_answer(struct virtio_device *vdev)
{
	complete(&in_driver);
	while (!virtqueue_is_broken(waits_for))
		msleep(20);
}

static struct virtio_host *bring_back(struct kunit *test)
{
	struct virtio_host *host;

	reinit_completion(&in_driver);
	fake_driver.restarts = false;
	fake_driver.revived = wait_for_answer;
	host = fake_bind_with_queue(test);
	waits_for = fake_queue.vq;
	virtio_host_needs_reset(host);
	KUNIT_ASSERT_TRUE(test, wait_for_completion_timeout(&in_driver, GENEROUS));
	return host;
}

/* So does the machine when it is shut down: it takes this lock. */
static void test_device_lock(struct kunit *test)
{
	struct virtio_host *host = bring_back(test);

	KUNIT_ASSERT_TRUE(test, device_trylock(&virtio_host_vdev(host)->dev));
	device_unlock(&virtio_host_vdev(host)->dev);
}

static void test_unbind(struct kunit *test)
{
	bring_back(test);
	soft_driver_start_clock();
	fake_driver_unregister(test);
	soft_driver_expect_within(test, 30);
	KUNIT_EXPECT_EQ(test, fake_queue.offered, fake_queue.back);
}

static void test_unplug(struct kunit *test)
{
	struct virtio_host *host = bring_back(test);

	soft_driver_start_clock();
	virtio_host_unplug(host);
	soft_driver_expect_within(test, 30);
	KUNIT_EXPECT_EQ(test, fake_queue.offered, fake_queue.back);
}

/* A disk of the tree's own driver, which waits for its requests in freeze(). */
static void test_disk_unplug(struct kunit *test)
{
	struct disk *disk = disk_create(test, 0);

	disk_open(disk);
	disk->host->queue[0].serve = NULL;
	disk_submit_all(disk, REQ_OP_READ);
	virtio_host_needs_reset(disk->host);
	msleep(1000);
	soft_driver_start_clock();
	virtio_host_unplug(disk->host);
	soft_driver_expect_within(test, 60);
	disk_expect_all_done(disk, DISK_BIOS);
}

/* A bus that never comes to an end with its reset holds up nobody for ever. */
static void test_bus_never_ends(struct kunit *test)
{
	struct virtio_host *host = fake_bind_with_queue(test);

	virtio_recovery_pause(virtio_host_vdev(host));
	soft_driver_start_clock();
	fake_driver_unregister(test);
	soft_driver_expect_within(test, 120);
	KUNIT_EXPECT_EQ(test, fake_queue.offered, fake_queue.back);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_device_lock),
	KUNIT_CASE(test_unbind),
	KUNIT_CASE(test_unplug),
	KUNIT_CASE(test_disk_unplug),
	KUNIT_CASE(test_bus_never_ends),
	{}
};

static struct kunit_suite suite = {
	.name = "virtio-silent",
	.init = fake_driver_init,
	.test_cases = cases,
};

kunit_test_suite(suite);
