// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of devices that run into an error and are brought back: with a disk of the
 * tree's own driver, which waits for what is in flight, and with a driver that waits
 * for nothing and is told what to do.
 */
#include <linux/delay.h>
#include <linux/virtio_ring.h>

#include "../core.h"
#include "../transport.h"
#include "disk.h"
#include "fake_driver.h"
#include "host.h"

/* Tests run one at a time. */
static struct disk *disk;
static unsigned int live, breaks;
static bool lies;

/* From now on it looks at its queue, if that was the last time. */
static void one_failure_less(void)
{
	if (!--breaks)
		disk->host->queue[0].serve = disk_serve;
}

static void lie(struct work_struct *work)
{
	virtio_host_claim(disk->host, 0, 999, 0, 1);
	one_failure_less();
	virtio_host_interrupt(disk->host, 0);
}

/* Not from within a kick: the driver may send it under the lock that its callback takes. */
static DECLARE_WORK(lie_work, lie);

/* Instead of looking at its queue a device that was well fails, so often. */
static void fail_at_kick(struct virtio_host *host, enum virtio_host_point point, u64 arg)
{
	if (point == VIRTIO_HOST_SET_STATUS && arg & VIRTIO_CONFIG_S_DRIVER_OK) {
		live++;
		wake_up_all(&host->event);
	}
	if (point != VIRTIO_HOST_KICK || !breaks ||
	    host->status & VIRTIO_CONFIG_S_NEEDS_RESET)
		return;
	if (lies) {
		schedule_work(&lie_work);
		return;
	}
	one_failure_less();
	virtio_host_needs_reset(host);
}

static void open_disk(struct kunit *test, u64 features)
{
	live = 0;
	breaks = 0;
	lies = false;
	disk = disk_create(test, features);
	disk->host->script = fail_at_kick;
	disk_open(disk);
}

/* Revived @times times, and once more if its driver was restarted for it. */
static void expect_lives(struct kunit *test, unsigned int times)
{
	KUNIT_EXPECT_TRUE(test, wait_event_timeout(disk->host->event, live >= times + CAN_RESTART,
						   GENEROUS));
	KUNIT_EXPECT_FALSE(test, disk->host->status & VIRTIO_CONFIG_S_NEEDS_RESET);
}

/* What is written, or read, is not what was there before. */
static void transfer_over_failures(struct kunit *test, enum req_op op, unsigned int times)
{
	bool write = op == REQ_OP_WRITE;
	unsigned int i;

	for (i = 0; i < DISK_BIOS; i++)
		memset(write ? page_address(disk->page[i]) : disk->data + i * PAGE_SIZE,
		       (write ? times : 0x40) + i, PAGE_SIZE);
	live = 0;
	disk->host->queue[0].serve = NULL;
	breaks = times;
	disk_submit_all(disk, op);
	disk_expect_all_done(disk, 0);
	expect_lives(test, times);
	flush_work(&lie_work);
	for (i = 0; i < DISK_BIOS; i++)
		KUNIT_EXPECT_MEMEQ(test, page_address(disk->page[i]), disk->data + i * PAGE_SIZE,
				   PAGE_SIZE);
}

KUNIT_ARRAY_PARAM(format, disk_formats, disk_describe_format);

/* It asks for a reset with requests in flight: they are served when it is back. */
static void test_needs_reset(struct kunit *test)
{
	const struct disk_format *format = test->param_value;
	unsigned int round;

	open_disk(test, format->features);
	for (round = 0; round < 3; round++) {
		transfer_over_failures(test, REQ_OP_WRITE, 1);
		transfer_over_failures(test, REQ_OP_READ, 1);
	}
}

/* And once more each time it is back, while its driver waits. */
static void test_fails_again(struct kunit *test)
{
	const struct disk_format *format = test->param_value;

	open_disk(test, format->features);
	transfer_over_failures(test, REQ_OP_WRITE, 4);
	transfer_over_failures(test, REQ_OP_READ, 4);
}

/* A queue that breaks because the device lied: the same. */
static void test_lies(struct kunit *test)
{
	const struct disk_format *format = test->param_value;

	open_disk(test, format->features);
	lies = true;
	transfer_over_failures(test, REQ_OP_WRITE, 1);
	transfer_over_failures(test, REQ_OP_READ, 3);
}

/* The bus resets it, as PCI does by its function-level reset. */
static void test_bus_reset(struct kunit *test)
{
	const struct disk_format *format = test->param_value;

	open_disk(test, format->features);
	live = 0;
	disk->host->queue[0].serve = NULL;
	disk_submit_all(disk, REQ_OP_READ);
	virtio_recovery_pause(virtio_host_vdev(disk->host));
	disk->host->status = 0;
	disk->host->queue[0].serve = disk_serve;
	virtio_recovery_resume(virtio_host_vdev(disk->host), false);
	disk_expect_all_done(disk, 0);
	expect_lives(test, 1);
	transfer_over_failures(test, REQ_OP_READ, 1);
}

/* From elsewhere; what is said to the device meanwhile is lost. */
static void reset_by_bus(struct work_struct *work)
{
	struct virtio_device *vdev = virtio_host_vdev(disk->host);

	virtio_recovery_pause(vdev);
	disk->host->status = VIRTIO_STATUS_GONE;
	disk->host->refuse_features = true;
	msleep(100);
	disk->host->status = 0;
	disk->host->refuse_features = false;
	virtio_recovery_resume(vdev, true);
}

static DECLARE_WORK(bus, reset_by_bus);
static unsigned int bus_waits;

static void reset_in_between(struct virtio_host *host, enum virtio_host_point point, u64 arg)
{
	if (point == VIRTIO_HOST_KICK || point == VIRTIO_HOST_GET_STATUS ||
	    !bus_waits || --bus_waits)
		return;
	queue_work(system_unbound_wq, &bus);
	/* It gets as far as it can. */
	msleep(200);
}

/* And does so in the midst of what it takes to bring the device back, anywhere there. */
static void test_bus_reset_in_between(struct kunit *test)
{
	const struct disk_format *format = test->param_value;
	unsigned int n = 0;

	open_disk(test, format->features);
	disk->host->script = reset_in_between;
	do {
		bus_waits = ++n;
		virtio_host_needs_reset(disk->host);
		disk_submit_all(disk, REQ_OP_READ);
		disk_expect_all_done(disk, 0);
		msleep(500);
		flush_work(&bus);
		KUNIT_ASSERT_EQ(test, disk->host->status, LIVE);
		KUNIT_ASSERT_EQ(test, 0, disk_transfer(disk, REQ_OP_WRITE, 0, disk->page[0]));
	} while (!bus_waits);
	KUNIT_EXPECT_GT(test, n, CAN_RESTART ? 10 : 5);
	disk->host->script = NULL;
}

/* It is not there any more where its driver sets up a queue. */
static void go_at_setup(struct virtio_host *host, enum virtio_host_point point, u64 arg)
{
	if (point == VIRTIO_HOST_SETUP)
		host->status = VIRTIO_STATUS_GONE;
}

/* As a bus error does it that is noticed late. */
static void test_away_in_restart(struct kunit *test)
{
	const struct disk_format *format = test->param_value;
	struct virtio_device *vdev;

	open_disk(test, format->features);
	vdev = virtio_host_vdev(disk->host);
	disk->host->script = go_at_setup;
	virtio_host_needs_reset(disk->host);
	msleep(100);
	disk->host->script = NULL;
	virtio_recovery_pause(vdev);
	disk->host->status = 0;
	virtio_recovery_resume(vdev, true);
	KUNIT_EXPECT_EQ(test, 0, disk_transfer(disk, REQ_OP_READ, 0, disk->page[0]));
	KUNIT_EXPECT_TRUE(test, wait_event_timeout(disk->host->event, disk->host->status == LIVE,
						   GENEROUS));
}

static void stay_gone(struct virtio_host *host, enum virtio_host_point point, u64 arg)
{
	host->status = VIRTIO_STATUS_GONE;
}

/* Torn out with requests in flight: each of them fails, and nobody waits for ever. */
static void test_torn_out(struct kunit *test)
{
	const struct disk_format *format = test->param_value;

	open_disk(test, format->features);
	disk->host->queue[0].serve = NULL;
	disk_submit_all(disk, REQ_OP_READ);
	disk->host->script = stay_gone;
	disk->host->status = VIRTIO_STATUS_GONE;
	virtio_host_unplug(disk->host);
	disk_expect_all_done(disk, DISK_BIOS);
}

/* While its driver waits for them, to be restarted. */
static void test_torn_out_in_restart(struct kunit *test)
{
	const struct disk_format *format = test->param_value;

	open_disk(test, format->features);
	live = 0;
	disk->host->queue[0].serve = NULL;
	disk_submit_all(disk, REQ_OP_READ);
	virtio_host_needs_reset(disk->host);
	KUNIT_ASSERT_TRUE(test, wait_event_timeout(disk->host->event, live == 1, GENEROUS));
	disk->host->script = stay_gone;
	disk->host->status = VIRTIO_STATUS_GONE;
	virtio_host_unplug(disk->host);
	disk_expect_all_done(disk, DISK_BIOS);
}

/* The same for a device that is given up, and for what is asked of it later. */
static void test_given_up(struct kunit *test)
{
	const struct disk_format *format = test->param_value;

	open_disk(test, format->features);
	disk->host->queue[0].serve = NULL;
	breaks = UINT_MAX;
	disk_submit_all(disk, REQ_OP_READ);
	disk_expect_all_done(disk, DISK_BIOS);
	/* The driver may have been frozen meanwhile, and its device reset once more. */
	KUNIT_EXPECT_TRUE(test, wait_event_timeout(disk->host->event,
						   disk->host->status & VIRTIO_CONFIG_S_FAILED,
						   GENEROUS));
	disk_submit_all(disk, REQ_OP_WRITE);
	disk_expect_all_done(disk, DISK_BIOS);
}

#ifdef CONFIG_PM_SLEEP
/* It does not come back from sleep: errors, and no wait, until it does from the next. */
static void test_not_restored(struct kunit *test)
{
	const struct disk_format *format = test->param_value;
	struct virtio_device *vdev;

	open_disk(test, format->features);
	vdev = virtio_host_vdev(disk->host);
	disk->host->refuse_features = true;
	KUNIT_ASSERT_EQ(test, 0, virtio_device_freeze(vdev));
	KUNIT_EXPECT_EQ(test, -ENODEV, virtio_device_restore(vdev));
	disk_submit_all(disk, REQ_OP_READ);
	disk_expect_all_done(disk, DISK_BIOS);
	KUNIT_EXPECT_EQ(test, disk->host->status,
			VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED);
	disk->host->refuse_features = false;
	KUNIT_ASSERT_EQ(test, 0, virtio_device_freeze(vdev));
	KUNIT_EXPECT_EQ(test, 0, virtio_device_restore(vdev));
	transfer_over_failures(test, REQ_OP_READ, 1);
}

/* Nor then: but it is there for the driver's next try. */
static void test_not_restored_and_removed(struct kunit *test)
{
	struct virtio_device *vdev;

	open_disk(test, 0);
	vdev = virtio_host_vdev(disk->host);
	disk->host->refuse_features = true;
	KUNIT_ASSERT_EQ(test, 0, virtio_device_freeze(vdev));
	KUNIT_EXPECT_EQ(test, -ENODEV, virtio_device_restore(vdev));
	disk->host->refuse_features = false;
	device_release_driver(&vdev->dev);
	KUNIT_EXPECT_EQ(test, 1, device_attach(&vdev->dev));
	KUNIT_EXPECT_EQ(test, disk->host->status, LIVE);
}

#define SLEEP_CASES							\
	KUNIT_CASE_PARAM(test_not_restored, format_gen_params),		\
	KUNIT_CASE(test_not_restored_and_removed),
#else
#define SLEEP_CASES
#endif

/*
 * A driver that does as it is told.
 */

static unsigned int lives;

static void never_well(struct virtio_host *host, enum virtio_host_point point, u64 arg)
{
	if (point != VIRTIO_HOST_SET_STATUS || !(arg & VIRTIO_CONFIG_S_DRIVER_OK))
		return;
	lives++;
	virtio_host_needs_reset(host);
}

static void expect_failed(struct kunit *test, struct virtio_host *host)
{
	KUNIT_EXPECT_TRUE(test, wait_event_timeout(host->event,
						   READ_ONCE(host->status) & VIRTIO_CONFIG_S_FAILED,
						   GENEROUS));
	KUNIT_EXPECT_TRUE(test, !fake_queue.vq || virtqueue_is_broken(fake_queue.vq));
}

/* There is an end to it; and the driver can go, with its buffers. */
static void test_limit(struct kunit *test)
{
	struct virtio_host *host = fake_host_with_queue(test, MODERN);

	fake_plan.use_queue = true;
	host->script = never_well;
	lives = 0;
	fake_bind(test, host);
	expect_failed(test, host);
	/* Each attempt is a life, and so is each restart of the driver that got through. */
	KUNIT_EXPECT_GE(test, lives, 1 + 5);
	KUNIT_EXPECT_LE(test, lives, 1 + 2 * 5);
	fake_driver_unregister(test);
	KUNIT_EXPECT_EQ(test, fake_queue.offered, fake_queue.back);
}

static void reset_long(void *before)
{
	virtio_recovery_long = (unsigned long)before;
}

/* One that has nothing to do may fail as often as it likes, if it is well for long in between. */
static void test_seldom(struct kunit *test)
{
	struct virtio_host *host;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, reset_long,
							   (void *)virtio_recovery_long));
	virtio_recovery_long = 1;
	host = fake_bind_with_queue(test);
	for (i = 0; i < 12; i++) {
		virtio_host_needs_reset(host);
		msleep(100);
		KUNIT_ASSERT_EQ(test, host->status, LIVE);
	}
	KUNIT_EXPECT_EQ(test, i, fake_plan.restored);
}

/* It has forgotten how to agree on features. */
static void test_refuses(struct kunit *test)
{
	struct virtio_host *host = fake_bind_with_queue(test);

	host->refuse_features = true;
	host->script = never_well;
	virtio_host_needs_reset(host);
	expect_failed(test, host);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.restored);
}

/* A driver that can't be restarted now goes on with what it has. */
static void test_no_restart(struct kunit *test)
{
	struct virtio_host *host;

	fake_plan.freeze_error = -EBUSY;
	host = fake_bind_with_queue(test);
	virtio_host_needs_reset(host);
	virtio_host_unplug(host);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.restored);
	KUNIT_EXPECT_EQ(test, fake_queue.offered, fake_queue.back);
}

/* The buffer in flight is where it was, once the driver looks, as it does when called back. */
static void expect_as_before(struct kunit *test, struct virtio_host *host, struct virtqueue *vq)
{
	unsigned int len;

	KUNIT_EXPECT_EQ(test, 0, fake_plan.restored);
	KUNIT_ASSERT_PTR_EQ(test, vq, fake_queue.vq);
	KUNIT_EXPECT_NULL(test, vq->vq_ops->get_buf(vq, &len));
	fake_expect_data(test, host, 3);
}

/* Nor is one that does not say that it can be. */
static void test_not_restarted(struct kunit *test)
{
	struct virtio_host *host;
	struct virtqueue *vq;

	fake_driver.restarts = false;
	host = fake_bind_with_queue(test);
	vq = fake_queue.vq;
	virtio_host_needs_reset(host);
	KUNIT_EXPECT_TRUE(test, wait_event_timeout(host->event, host->status == LIVE, GENEROUS));
	msleep(100);
	expect_as_before(test, host, vq);
}

static unsigned int flags_in_restore;
static int (*restore)(struct virtio_device *vdev);

static int note_flags(struct virtio_device *vdev)
{
	flags_in_restore = current->flags;
	return restore(vdev);
}

/* Memory may be reclaimed to the disk whose driver holds back all requests just now. */
static void test_restarted_from_reserves(struct kunit *test)
{
	struct virtio_host *host = fake_host_with_queue(test, MODERN);

	fake_plan.use_queue = true;
	restore = fake_driver.restore;
	fake_driver.restore = note_flags;
	flags_in_restore = 0;
	fake_bind(test, host);
	virtio_host_needs_reset(host);
	msleep(100);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.restored);
	KUNIT_EXPECT_TRUE(test, flags_in_restore & PF_MEMALLOC);
}

static void note_revived(struct virtio_device *vdev)
{
	fake_plan.revived++;
	fake_queue.status = vdev->config->get_status(vdev);
}

/* Or it is told, and the device is live by then. */
static void test_revived(struct kunit *test)
{
	struct virtio_host *host;
	struct virtqueue *vq;
	unsigned int i;

	fake_driver.restarts = false;
	fake_driver.revived = note_revived;
	host = fake_bind_with_queue(test);
	vq = fake_queue.vq;
	for (i = 1; i <= 3; i++) {
		fake_queue.status = 0;
		virtio_host_needs_reset(host);
		msleep(100);
		KUNIT_EXPECT_EQ(test, i, fake_plan.revived);
		KUNIT_EXPECT_EQ(test, LIVE, fake_queue.status);
	}
	expect_as_before(test, host, vq);
}

static unsigned int interrupts;

/* The device interrupts whenever its driver is called back. */
static bool interrupt_again(struct virtqueue *vq)
{
	unsigned int len;

	virtqueue_get_buf(vq, &len);
	if (interrupts) {
		interrupts--;
		vring_interrupt(0, vq);
	}
	return true;
}

/* However busy the device is when it is back, its interrupts come through in the end. */
static void test_busy_when_back(struct kunit *test)
{
	struct virtio_host *host;

	fake_driver.restarts = false;
	host = fake_bind_with_queue(test);
	fake_queue.vq->callback = interrupt_again;
	interrupts = 50;
	virtio_host_needs_reset(host);
	KUNIT_EXPECT_TRUE(test, wait_event_timeout(host->event, host->status == LIVE, GENEROUS));
	msleep(100);
	KUNIT_EXPECT_EQ(test, 0, interrupts);
	/* Not noted and kept for later, as when it is muted. */
	KUNIT_EXPECT_EQ(test, IRQ_NONE, vring_interrupt(0, fake_queue.vq));
}

static void abandon_at_setup(struct virtio_host *host, enum virtio_host_point point, u64 arg)
{
	if (point == VIRTIO_HOST_SETUP)
		virtio_recovery_abandon(virtio_host_vdev(host));
}

/* One that goes where its queue is made: who waits for that finds it broken. */
static void test_lost_at_setup(struct kunit *test)
{
	struct virtio_host *host = fake_host_with_queue(test, MODERN);

	fake_plan.use_queue = true;
	host->script = abandon_at_setup;
	fake_bind(test, host);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.probed);
	KUNIT_EXPECT_TRUE(test, !fake_queue.vq || virtqueue_is_broken(fake_queue.vq));
}

/* One that goes while it is brought back. */
static void test_unplugged(struct kunit *test)
{
	unsigned int round;

	for (round = 0; round < 20; round++) {
		struct virtio_host *host = fake_host_with_queue(test, MODERN);

		fake_plan.use_queue = true;
		if (!round)
			fake_driver_register(test);
		virtio_host_plug(host);
		virtio_host_needs_reset(host);
		virtio_host_unplug(host);
		KUNIT_EXPECT_NULL(test, host->queue[0].vq);
		KUNIT_EXPECT_EQ(test, fake_queue.offered, fake_queue.back);
	}
}

#define CASES						\
	KUNIT_CASE_PARAM(test_needs_reset, format_gen_params),	\
	KUNIT_CASE_PARAM(test_fails_again, format_gen_params),	\
	KUNIT_CASE_PARAM(test_lies, format_gen_params),	\
	KUNIT_CASE_PARAM(test_bus_reset, format_gen_params),	\
	KUNIT_CASE_PARAM(test_bus_reset_in_between, format_gen_params),	\
	KUNIT_CASE_PARAM(test_away_in_restart, format_gen_params),	\
	KUNIT_CASE_PARAM(test_torn_out, format_gen_params),	\
	KUNIT_CASE_PARAM(test_torn_out_in_restart, format_gen_params),	\
	KUNIT_CASE_PARAM(test_given_up, format_gen_params),	\
	SLEEP_CASES					\
	KUNIT_CASE(test_limit),				\
	KUNIT_CASE(test_seldom),			\
	KUNIT_CASE(test_refuses),			\
	KUNIT_CASE(test_no_restart),			\
	KUNIT_CASE(test_not_restarted),			\
	KUNIT_CASE(test_restarted_from_reserves),	\
	KUNIT_CASE(test_revived),			\
	KUNIT_CASE(test_busy_when_back),		\
	KUNIT_CASE(test_lost_at_setup),			\
	KUNIT_CASE(test_unplugged),			\
	{}

static struct kunit_case recovery_cases[] = { CASES };
static struct kunit_case page_recovery_cases[] = { CASES };

static struct kunit_suite recovery_suite = {
	.name = "virtio-recovery",
	.init = fake_driver_init,
	.test_cases = recovery_cases,
};

/* The same from a page. */
static struct kunit_suite page_recovery_suite = {
	.name = "virtio-recovery-page",
	.init = fake_driver_init_on_page,
	.test_cases = page_recovery_cases,
};

kunit_test_suites(&recovery_suite, &page_recovery_suite);
