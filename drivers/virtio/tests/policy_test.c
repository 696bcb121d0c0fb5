// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of which devices are brought back: those whose drivers ask for it, and whose
 * administrator has not switched it off.  What becomes of the others.  How it is done is
 * recovery_test.c's.
 */
#include <linux/delay.h>
#include <linux/virtio_ring.h>

#include "../core.h"
#include "disk.h"
#include "fake_driver.h"
#include "host.h"
#include "kernel_log.h"

/* How a device fails. */
static void ask_for_reset(struct virtio_host *host)
{
	virtio_host_needs_reset(host);
}

/* A driver finds a lie when it looks; the disk's does so when it is called back. */
static void lie(struct virtio_host *host)
{
	unsigned int len;

	virtio_host_claim(host, 0, 999, 0, 1);
	virtio_host_interrupt(host, 0);
	if (fake_queue.vq)
		fake_queue.vq->vq_ops->get_buf(fake_queue.vq, &len);
}

static void reset_by_bus(struct virtio_host *host)
{
	virtio_recovery_pause(virtio_host_vdev(host));
	host->status = 0;
	virtio_recovery_resume(virtio_host_vdev(host), true);
}

static const struct failure {
	const char *name;
	void (*happens)(struct virtio_host *host);
} failures[] = {
	{ "asks for a reset", ask_for_reset },
	{ "lies", lie },
	{ "reset by its bus", reset_by_bus },
};

static void describe(const struct failure *failure, char *desc)
{
	strscpy(desc, failure->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(failure, failures, describe);

/* It fails, and what is done about it is done when this returns. */
static void fail(struct kunit *test, struct virtio_host *host)
{
	const struct failure *failure = test->param_value;

	failure->happens(host);
	msleep(1000);
}

/* Nothing was said to the device, its queue is broken, and another bind is another life. */
static void expect_dead(struct kunit *test, struct virtio_host *host, unsigned int writes)
{
	KUNIT_EXPECT_EQ(test, writes, host->writes);
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(fake_queue.vq));
	KUNIT_EXPECT_EQ(test, 0, fake_plan.restored + fake_plan.revived);
	KUNIT_EXPECT_GE(test, kernel_log_complaints(), 1);
	fake_driver_unregister(test);
	KUNIT_EXPECT_EQ(test, fake_queue.offered, fake_queue.back);
	fake_driver_register(test);
	KUNIT_EXPECT_EQ(test, LIVE, host->status);
	fake_expect_data(test, host, 2);
}

/* A driver that can sleep has not said that its requests may be repeated. */
static void test_not_asked_for(struct kunit *test)
{
	struct virtio_host *host;
	unsigned int writes;

	fake_driver.repeatable = false;
	host = fake_bind_with_queue(test);
	writes = host->writes;
	kernel_log_mark();
	fail(test, host);
	expect_dead(test, host, writes);
}

/* Nor is that so for this one of its devices. */
static int probe_one_of_a_kind(struct virtio_device *vdev)
{
	vdev->repeatable = false;
	return fake_probe(vdev);
}

static void test_not_for_this_device(struct kunit *test)
{
	struct virtio_host *host;
	unsigned int writes;

	fake_driver.probe = probe_one_of_a_kind;
	host = fake_bind_with_queue(test);
	writes = host->writes;
	kernel_log_mark();
	fail(test, host);
	expect_dead(test, host, writes);
}

/* One that takes back what has failed gets it, once the device writes to nothing any more. */
static void test_taken_back(struct kunit *test)
{
	struct virtio_host *host;
	unsigned int len = 1;

	fake_driver.repeatable = false;
	fake_driver.takes_back = true;
	host = fake_bind_with_queue(test);
	fail(test, host);
	KUNIT_EXPECT_EQ(test, host->status,
			VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED);
	KUNIT_EXPECT_GE(test, fake_queue.callbacks, 1);
	KUNIT_EXPECT_PTR_EQ(test, (void *)&fake_queue.buf,
			    fake_queue.vq->vq_ops->get_buf(fake_queue.vq, &len));
	KUNIT_EXPECT_EQ(test, 0, len);
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(fake_queue.vq));
}

static void switch_on(void *vdev)
{
	virtio_recovery_on = true;
}

static void test_parameter(struct kunit *test)
{
	struct virtio_host *host = fake_bind_with_queue(test);
	unsigned int writes = host->writes;

	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, switch_on, NULL));
	virtio_recovery_on = false;
	kernel_log_mark();
	fail(test, host);
	expect_dead(test, host, writes);
}

static ssize_t write_attribute(struct virtio_host *host, const char *words)
{
	struct device *dev = &virtio_host_vdev(host)->dev;

	return dev_attr_recovery.store(dev, &dev_attr_recovery, words, strlen(words));
}

static void test_attribute(struct kunit *test)
{
	struct virtio_host *host = fake_bind_with_queue(test);
	unsigned int writes = host->writes;

	KUNIT_ASSERT_EQ(test, 4, write_attribute(host, "off\n"));
	kernel_log_mark();
	fail(test, host);
	expect_dead(test, host, writes);
	KUNIT_ASSERT_EQ(test, 3, write_attribute(host, "on\n"));
	fail(test, host);
	KUNIT_EXPECT_EQ(test, LIVE, host->status);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.restored);
}

/* Switched on too late for the queue that is broken. */
static void test_on_too_late(struct kunit *test)
{
	struct virtio_host *host = fake_bind_with_queue(test);
	unsigned int writes = host->writes, len;

	write_attribute(host, "off");
	kernel_log_mark();
	virtio_host_claim(host, 0, 999, 0, 1);
	KUNIT_EXPECT_NULL(test, fake_queue.vq->vq_ops->get_buf(fake_queue.vq, &len));
	write_attribute(host, "on");
	msleep(1000);
	expect_dead(test, host, writes);
}

static void expect_attribute(struct kunit *test, struct virtio_host *host, const char *expected)
{
	struct device *dev = &virtio_host_vdev(host)->dev;
	char *page = (char *)kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, strlen(expected),
			dev_attr_recovery.show(dev, &dev_attr_recovery, page));
	KUNIT_EXPECT_STREQ(test, expected, page);
}

static void test_attribute_words(struct kunit *test)
{
	struct virtio_host *host = fake_bind_with_queue(test);

	expect_attribute(test, host, "on\n");
	KUNIT_EXPECT_EQ(test, -EINVAL, write_attribute(host, "perhaps"));
	expect_attribute(test, host, "on\n");
	write_attribute(host, "0");
	expect_attribute(test, host, "off\n");
	write_attribute(host, "1");
	virtio_recovery_on = false;
	expect_attribute(test, host, "off\n");
	virtio_recovery_on = true;
	fake_driver_unregister(test);
	fake_driver.repeatable = false;
	fake_driver_register(test);
	expect_attribute(test, host, "unsupported\n");
}

/* Switched off, the requests of a disk end with errors. */
static void test_disk_off(struct kunit *test)
{
	struct disk *disk = disk_create(test, 0);

	disk_open(disk);
	write_attribute(disk->host, "off");
	disk->host->queue[0].serve = NULL;
	disk_submit_all(disk, REQ_OP_READ);
	fail(test, disk->host);
	disk_expect_all_done(disk, DISK_BIOS);
	KUNIT_EXPECT_EQ(test, disk->host->status,
			VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED);
}

/* Another bind does not wait for a bus that the last one waited for. */
static void test_pause_is_forgotten(struct kunit *test)
{
	struct virtio_host *host = fake_bind_with_queue(test);
	unsigned int restored;

	virtio_recovery_pause(virtio_host_vdev(host));
	fake_driver_unregister(test);
	fake_driver_register(test);
	KUNIT_ASSERT_EQ(test, LIVE, host->status);
	restored = fake_plan.restored;
	lie(host);
	msleep(1000);
	KUNIT_EXPECT_EQ(test, LIVE, host->status);
	KUNIT_EXPECT_EQ(test, restored + 1, fake_plan.restored);
}

#define CASES							\
	KUNIT_CASE(test_pause_is_forgotten),			\
	KUNIT_CASE_PARAM(test_not_asked_for, failure_gen_params),	\
	KUNIT_CASE_PARAM(test_not_for_this_device, failure_gen_params),	\
	KUNIT_CASE_PARAM(test_taken_back, failure_gen_params),	\
	KUNIT_CASE_PARAM(test_parameter, failure_gen_params),	\
	KUNIT_CASE_PARAM(test_attribute, failure_gen_params),	\
	KUNIT_CASE_PARAM(test_disk_off, failure_gen_params),	\
	KUNIT_CASE(test_on_too_late),				\
	KUNIT_CASE(test_attribute_words),			\
	{}

static struct kunit_case policy_cases[] = { CASES };
static struct kunit_case page_policy_cases[] = { CASES };

static struct kunit_suite policy_suite = {
	.name = "virtio-policy",
	.init = fake_driver_init,
	.test_cases = policy_cases,
};

/* The same from a page. */
static struct kunit_suite page_policy_suite = {
	.name = "virtio-policy-page",
	.init = fake_driver_init_on_page,
	.test_cases = page_policy_cases,
};

kunit_test_suites(&policy_suite, &page_policy_suite);
