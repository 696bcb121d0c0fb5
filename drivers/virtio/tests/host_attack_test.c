// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks on the life of a device: what a host may do to status, features, queues and
 * interrupts, at each moment at which it is reached.
 *
 * A life is: plugged in, probed, a buffer served, its configuration changed, put to
 * sleep, woken, served again, unplugged.  It is lived once by an honest device, to
 * count the moments; then once for each moment, at which the device turns bad.
 * Whatever comes of it, the life ends, no buffer is lost or comes back twice, and
 * the next device, which is honest, finds everything as it should be.
 */
#include "fake_driver.h"
#include "host.h"

/**
 * struct mischief - how a device turns bad
 * @name: for the log
 * @begin: done at the moment itself
 * @later: done there and at each moment after it
 */
struct mischief {
	const char *name;
	void (*begin)(struct virtio_host *host);
	void (*later)(struct virtio_host *host);
};

static struct {
	const struct mischief *mischief;
	unsigned int moment, now;
	bool busy;
} plot;

static void needs_reset(struct virtio_host *host)	{ host->status |= 0x40; }
static void failed(struct virtio_host *host)		{ host->status |= 0x80; }
static void all_ones(struct virtio_host *host)		{ host->status = 0xff; }
static void forget_features_ok(struct virtio_host *host) { host->status &= ~8; }
static void forget_driver_ok(struct virtio_host *host)	{ host->status &= ~4; }
static void refuse(struct virtio_host *host)		{ host->refuse_features = true; }
static void offer_all(struct virtio_host *host)		{ host->offered = ~0ULL; }
static void change_offer(struct virtio_host *host)	{ host->offered ^= ~MODERN; }
static void stir(struct virtio_host *host)		{ host->restless = true; }
static void queue_odd(struct virtio_host *host)		{ host->queue[0].size = 7; }
static void queue_one(struct virtio_host *host)		{ host->queue[0].size = 1; }
static void queue_huge(struct virtio_host *host)	{ host->queue[0].size = 65535; }

static void all_zeros(struct virtio_host *host)
{
	host->status = 0;
}

static void offer_none(struct virtio_host *host)
{
	host->offered = 0;
}

static void queue_none(struct virtio_host *host)
{
	host->queue[0].size = 0;
}

static void interrupt(struct virtio_host *host)
{
	virtio_host_interrupt(host, 0);
}

static void storm(struct virtio_host *host)
{
	unsigned int i;

	for (i = 0; i < 100; i++) {
		virtio_host_interrupt(host, 0);
		virtio_host_change_config(host);
	}
}

static void lie_about_id(struct virtio_host *host)
{
	if (host->queue[0].vq)
		virtio_host_claim(host, 0, 3, 1, 1);
	virtio_host_interrupt(host, 0);
}

static const struct mischief mischiefs[] = {
	{ "nothing" },
	{ "NEEDS_RESET", needs_reset },
	{ "NEEDS_RESET for good", .later = needs_reset },
	{ "FAILED", failed },
	{ "FAILED for good", .later = failed },
	{ "gone for good", .later = all_ones },
	{ "gone for a moment", all_ones },
	{ "status 0 for good", .later = all_zeros },
	{ "FEATURES_OK taken back", forget_features_ok },
	{ "FEATURES_OK never", .later = forget_features_ok },
	{ "DRIVER_OK not kept", .later = forget_driver_ok },
	{ "features refused", refuse },
	{ "features all", offer_all },
	{ "features none", offer_none },
	{ "features that change", .later = change_offer },
	{ "configuration that never settles", stir },
	{ "no queue", queue_none },
	{ "a queue of 7", queue_odd },
	{ "a queue of 1", queue_one },
	{ "a queue of 65535", queue_huge },
	{ "configuration interrupt", virtio_host_change_config },
	{ "interrupt", interrupt },
	{ "interrupts always", .later = storm },
	{ "a lie about what was used", lie_about_id },
};

static void describe_mischief(const struct mischief *mischief, char *desc)
{
	strscpy(desc, mischief->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(mischief, mischiefs, describe_mischief);

static void misbehave(struct virtio_host *host, enum virtio_host_point point, u64 arg)
{
	/* What a mischief does may be such a moment itself. */
	if (plot.busy)
		return;
	plot.busy = true;
	if (plot.now == plot.moment && plot.mischief->begin)
		plot.mischief->begin(host);
	if (plot.now >= plot.moment && plot.mischief->later)
		plot.mischief->later(host);
	plot.now++;
	plot.busy = false;
}

static void serve_one(struct virtio_host *host)
{
	struct virtio_host_buf *buf = kunit_kmalloc(host->test, sizeof(*buf), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(host->test, buf);
	if (!virtio_host_take(host, 0, buf))
		return;
	virtio_host_use(host, buf, virtio_host_push(buf, "x", 1));
	kunit_kfree(host->test, buf);
}

/* As the driver core does it: one that is being brought back is waited for. */
static void sleep_and_wake(struct virtio_device *vdev)
{
#ifdef CONFIG_PM_SLEEP
	guard(device)(&vdev->dev);
	if (!virtio_device_freeze(vdev))
		virtio_device_restore(vdev);
#endif
}

/* Ends with the device unplugged, however it went. */
static void live(struct kunit *test, const struct mischief *mischief, unsigned int moment)
{
	struct virtio_host *host = fake_host_with_queue(test, MODERN);

	plot.mischief = mischief;
	plot.moment = moment;
	plot.now = 0;
	fake_queue.offered = 0;
	fake_queue.back = 0;
	host->script = misbehave;
	/* One that is gone already is not on the bus. */
	if (virtio_host_try_plug(host))
		return;
	serve_one(host);
	virtio_host_change_config(host);
	sleep_and_wake(virtio_host_vdev(host));
	serve_one(host);
	virtio_host_unplug(host);
}

static void live_through(struct kunit *test, unsigned int first, unsigned int step)
{
	const struct mischief *mischief = test->param_value;
	unsigned int moment, moments;

	fake_plan.use_queue = true;
	fake_driver_register(test);
	live(test, &mischiefs[0], 0);
	moments = plot.now;
	KUNIT_ASSERT_GT(test, moments, CAN_RESTART ? 20 : 10);
	for (moment = first; moment < moments; moment += step) {
		live(test, mischief, moment);
		KUNIT_EXPECT_EQ_MSG(test, fake_queue.offered, fake_queue.back,
				    "buffers lost or doubled, at moment %u", moment);
		KUNIT_EXPECT_NULL_MSG(test, fake_queue.vq, "queue left, at moment %u", moment);
		live(test, &mischiefs[0], 0);
		KUNIT_EXPECT_EQ_MSG(test, 1 + CAN_RESTART, fake_queue.back,
				    "an honest device after moment %u", moment);
	}
}

static void test_mischief(struct kunit *test)
{
	live_through(test, 0, 1);
}

/* Where each may cost ten seconds, and a test has three hundred. */
static void test_even_moments(struct kunit *test)
{
	live_through(test, 0, 2);
}

static void test_odd_moments(struct kunit *test)
{
	live_through(test, 1, 2);
}

/* Features that need virtio 1.0 are none without it; ORDER_PLATFORM only orders memory. */
static void test_features_that_lack_a_base(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, ~MODERN);

	fake_bind(test, host);
	KUNIT_EXPECT_EQ(test, BIT_ULL(VIRTIO_F_ORDER_PLATFORM), host->accepted & ~(u64)U32_MAX);
}

static struct kunit_case host_attack_cases[] = {
	KUNIT_CASE_PARAM(test_mischief, mischief_gen_params),
	KUNIT_CASE(test_features_that_lack_a_base),
	{}
};

/* The same from a page. */
static struct kunit_case page_attack_cases[] = {
	KUNIT_CASE_PARAM(test_even_moments, mischief_gen_params),
	KUNIT_CASE_PARAM(test_odd_moments, mischief_gen_params),
	{}
};

static struct kunit_suite host_attack_suite = {
	.name = "virtio-host-attack",
	.init = fake_driver_init,
	.test_cases = host_attack_cases,
};

static struct kunit_suite page_attack_suite = {
	.name = "virtio-host-attack-page",
	.init = fake_driver_init_on_page,
	.test_cases = page_attack_cases,
};

kunit_test_suites(&host_attack_suite, &page_attack_suite);
