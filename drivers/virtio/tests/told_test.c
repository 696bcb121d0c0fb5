// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what drivers and users are told of a device that fails: a change of
 * its configuration not before the device is back, and of each failure not too much.
 */
#include <linux/delay.h>

#include "../core.h"
#include "fake_driver.h"
#include "host.h"
#include "kernel_log.h"

/* What programs are told. */
static unsigned int started, ended;
static char last[16];

static int note_uevent(const struct device *dev, struct kobj_uevent_env *env)
{
	const char *how;
	int i;

	for (i = 0; i < env->envp_idx; i++) {
		if (!strstarts(env->envp[i], "RECOVERY="))
			continue;
		how = env->envp[i] + strlen("RECOVERY=");
		if (!strcmp(how, "started"))
			started++;
		else
			ended++;
		strscpy(last, how);
	}
	return 0;
}

/* The driver core shows it each uevent of a device of this type. */
static const struct device_type listened_to = { .uevent = note_uevent };

static struct virtio_host *bind(struct kunit *test)
{
	struct virtio_host *host;

	started = 0;
	ended = 0;
	strscpy(last, "nothing");
	host = fake_bind_with_queue(test);
	virtio_host_vdev(host)->dev.type = &listened_to;
	return host;
}

/*
 * The configuration.
 */

static u8 status_when_told[4];

static void note_change(struct virtio_device *vdev)
{
	if (fake_plan.changed < ARRAY_SIZE(status_when_told))
		status_when_told[fake_plan.changed] = vdev->config->get_status(vdev);
	fake_plan.changed++;
}

/* A device that needs a reset says so by a change: its driver is told once it is back. */
static void test_change_with_failure(struct kunit *test)
{
	struct virtio_host *host;

	fake_driver.restarts = false;
	fake_driver.config_changed = note_change;
	host = bind(test);
	virtio_host_needs_reset(host);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.changed);
	virtio_host_change_config(host);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.changed);
	msleep(1000);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.changed);
	KUNIT_EXPECT_EQ(test, LIVE, status_when_told[0]);
	/* And of the next change as of any other. */
	virtio_host_change_config(host);
	msleep(1000);
	KUNIT_EXPECT_EQ(test, 2, fake_plan.changed);
}

/* Nor is it told while its bus resets the device. */
static void test_change_in_pause(struct kunit *test)
{
	struct virtio_host *host;
	struct virtio_device *vdev;

	fake_driver.restarts = false;
	fake_driver.config_changed = note_change;
	host = bind(test);
	vdev = virtio_host_vdev(host);
	virtio_recovery_pause(vdev);
	host->status = 0;
	virtio_config_changed(vdev);
	msleep(1000);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.changed);
	virtio_recovery_resume(vdev, true);
	msleep(1000);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.changed);
	KUNIT_EXPECT_EQ(test, LIVE, status_when_told[0]);
}

/* One whose device is out of use is told nothing more of it. */
static void test_change_of_dead(struct kunit *test)
{
	struct virtio_host *host;

	fake_driver.config_changed = note_change;
	host = bind(test);
	host->refuse_features = true;
	virtio_host_needs_reset(host);
	msleep(1000);
	KUNIT_EXPECT_STREQ(test, "failed", last);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.changed);
}

/*
 * The end of it.
 */

static void note_revived(struct virtio_device *vdev)
{
	fake_plan.revived++;
}

static void fail_once(struct kunit *test, const char *expected)
{
	struct virtio_host *host = bind(test);

	virtio_host_needs_reset(host);
	msleep(1000);
	KUNIT_EXPECT_EQ(test, 1, ended);
	KUNIT_EXPECT_STREQ(test, expected, last);
}

static void test_restarted(struct kunit *test)
{
	fail_once(test, "done");
	KUNIT_EXPECT_EQ(test, 1, started);
}

static void test_told(struct kunit *test)
{
	fake_driver.restarts = false;
	fake_driver.revived = note_revived;
	fail_once(test, "done");
	KUNIT_EXPECT_EQ(test, 1, fake_plan.revived);
}

/* A device that keeps no state. */
static void test_nothing_to_tell(struct kunit *test)
{
	fake_driver.restarts = false;
	fail_once(test, "done");
}

/* A kernel that can't sleep leaves a driver nothing to be restarted by: it is told instead. */
static void test_told_for_want_of_sleep(struct kunit *test)
{
	fake_driver.freeze = NULL;
	fake_driver.restore = NULL;
	fake_driver.revived = note_revived;
	fail_once(test, "done");
	KUNIT_EXPECT_EQ(test, 1, fake_plan.revived);
}

static void test_no_way_to_restart(struct kunit *test)
{
	fake_driver.restore = NULL;
	fail_once(test, "partial");
}

static void test_cannot_sleep_now(struct kunit *test)
{
	fake_plan.freeze_error = -EBUSY;
	fail_once(test, "partial");
}

static int restore_badly(struct virtio_device *vdev)
{
	return -EIO;
}

static void test_not_restarted(struct kunit *test)
{
	fake_driver.restore = restore_badly;
	fail_once(test, "failed");
	KUNIT_EXPECT_EQ(test, 1, started);
}

static void test_not_asked_for(struct kunit *test)
{
	fake_driver.repeatable = false;
	fail_once(test, "failed");
	KUNIT_EXPECT_EQ(test, 0, started);
}

/*
 * A device that never gets on, and yet does just enough not to be given up.
 */

/* It serves a buffer, and needs a reset again. */
static void serve_and_fail(struct kunit *test, struct virtio_host *host, unsigned int times)
{
	unsigned int len, i;

	for (i = 0; i < times; i++) {
		virtio_host_needs_reset(host);
		msleep(100);
		KUNIT_ASSERT_EQ(test, LIVE, host->status);
		/* The driver looks, and with that its ring moves. */
		KUNIT_ASSERT_NULL(test, fake_queue.vq->vq_ops->get_buf(fake_queue.vq, &len));
		fake_expect_data(test, host, 1);
	}
}

#define TIMES	300
#define MOST	64

static void test_too_often(struct kunit *test)
{
	struct virtio_host *host;
	unsigned int lines;

	fake_driver.restarts = false;
	host = bind(test);
	kernel_log_mark();
	serve_and_fail(test, host, TIMES);
	msleep(1000);
	lines = kernel_log_complaints();
	/* It may have been more than one period. */
	KUNIT_EXPECT_GE(test, started, MOST);
	KUNIT_EXPECT_LE(test, started, 2 * MOST);
	KUNIT_EXPECT_EQ(test, started, ended);
	KUNIT_EXPECT_GE(test, lines, MOST);
	KUNIT_EXPECT_LE(test, lines, 2 * MOST + 2);

	/* After a while it is worth a line again, and one that says how much was left out. */
	msleep(61 * MSEC_PER_SEC);
	started = 0;
	kernel_log_mark();
	serve_and_fail(test, host, 1);
	msleep(1000);
	KUNIT_EXPECT_EQ(test, 1, started);
	KUNIT_EXPECT_EQ(test, 2, kernel_log_complaints());
}

/* That the device is given up is always said. */
static void test_failure_after_too_often(struct kunit *test)
{
	struct virtio_host *host;

	fake_driver.restarts = false;
	host = bind(test);
	serve_and_fail(test, host, 2 * MOST);
	host->refuse_features = true;
	virtio_host_needs_reset(host);
	msleep(1000);
	KUNIT_EXPECT_STREQ(test, "failed", last);
}

#define CASES						\
	KUNIT_CASE(test_change_with_failure),		\
	KUNIT_CASE(test_change_in_pause),		\
	KUNIT_CASE(test_change_of_dead),		\
	KUNIT_CASE(test_restarted),			\
	KUNIT_CASE(test_told),				\
	KUNIT_CASE(test_nothing_to_tell),		\
	KUNIT_CASE(test_told_for_want_of_sleep),	\
	KUNIT_CASE(test_no_way_to_restart),		\
	KUNIT_CASE(test_cannot_sleep_now),		\
	KUNIT_CASE(test_not_restarted),			\
	KUNIT_CASE(test_not_asked_for),			\
	KUNIT_CASE_SLOW(test_too_often),		\
	KUNIT_CASE(test_failure_after_too_often),	\
	{}

static struct kunit_case told_cases[] = { CASES };
static struct kunit_case page_told_cases[] = { CASES };

static struct kunit_suite told_suite = {
	.name = "virtio-told",
	.init = fake_driver_init,
	.test_cases = told_cases,
};

/* The same from a page. */
static struct kunit_suite page_told_suite = {
	.name = "virtio-told-page",
	.init = fake_driver_init_on_page,
	.test_cases = page_told_cases,
};

kunit_test_suites(&told_suite, &page_told_suite);
