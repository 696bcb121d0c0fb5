// SPDX-License-Identifier: GPL-2.0
/*
 * What the tests of the device page have in common; see page_fixture.h.
 */
#include <linux/slab.h>

#include "page_fixture.h"

static u32 serve(struct virtio_host *host, struct virtio_host_buf *buf)
{
	const u8 byte = SOFT_BYTE;

	return virtio_host_push(buf, &byte, 1);
}

/* Another honest device, alone on the page, which is not open. */
void page_fixture_again(struct kunit *test)
{
	struct page_fixture *f = PAGE(test);
	unsigned int i;

	f->host = virtio_host_create(test, SOFT_ID, BIT_ULL(VIRTIO_F_VERSION_1) |
				     BIT_ULL(VIRTIO_F_RING_RESET) | SOFT_FEATURES_OWN);
	for (i = 0; i < SOFT_CONFIG_BYTES; i++)
		f->host->config[i] = i + 1;
	for (i = 0; i < SOFT_QUEUES; i++)
		virtio_host_serve(f->host, virtio_host_add_queue(f->host, SOFT_QUEUE_MAX_SIZE),
				  serve);
	f->other->twist = NULL;
	f->other->deaf = false;
	f->other->page.size = PAGE_BYTES;
	page_begin(f->other);
	page_set_state(page_host_describe(f->other, f->host), VIRTIO_PAGE_LIVE);
	soft_driver_again();
}

/* How the other side answers a reset, and what it answered last. */
static struct {
	struct page_other *other;
	enum soft_reset how;
	u8 answer;
} resets;

static void answer_reset(struct page_place *place, u8 command)
{
	bool reset = command == VIRTIO_PAGE_C_STATUS && !READ_ONCE(place->shared->status);

	if (reset && resets.answer) {
		if (resets.how == SOFT_RESET_REFUSED)
			resets.answer |= VIRTIO_CONFIG_S_FAILED;
		WRITE_ONCE(place->shared->answer, resets.answer);
	}
	resets.answer = READ_ONCE(place->shared->answer);
}

static void behave(enum soft_reset how)
{
	resets.how = how;
	resets.answer = READ_ONCE(resets.other->place[0].shared->answer);
	resets.other->twist = how == SOFT_RESET_DONE ? NULL : answer_reset;
}

static void settle(struct kunit *test)
{
	page_other_settle(PAGE(test)->other);
}

static void leave(struct kunit *test)
{
	virtio_page_leave(&PAGE(test)->other->page);
}

/**
 * page_fixture_init - a page with an honest device that is not open yet, and a driver
 * @test: the test; its private pointer is the fixture
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
int page_fixture_init(struct kunit *test)
{
	struct page_fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	int err = page_host_init(test) ?: soft_driver_init();

	if (err || !f)
		return err ?: -ENOMEM;
	test->priv = f;
	soft_place = (struct soft_place) {
		.try = page_fixture_try,
		.leave = leave,
		.settle = settle,
		.behave = behave,
		.expect_clean = page_fixture_expect_clean,
		.expect_honest_works = page_fixture_expect_honest_works,
	};
	f->other = page_host_make(test, page_host_parent());
	resets.other = f->other;
	page_fixture_again(test);
	return 0;
}

/**
 * page_fixture_exit - the other way
 * @test: the test
 *
 * Context: may sleep.
 */
void page_fixture_exit(struct kunit *test)
{
	virtio_page_close(&PAGE(test)->other->page);
	soft_driver_exit();
}

/**
 * page_fixture_try - open the page and have the transport find its devices
 * @test: the test
 *
 * Context: may sleep.
 * Return: 0, the error of the transport, or -ENODEV for a page without devices; that of
 * the driver is in soft_driver.
 */
int page_fixture_try(struct kunit *test)
{
	struct page_other *other = PAGE(test)->other;
	int err;

	kernel_log_mark();
	err = virtio_page_open(&other->page);
	page_other_settle(other);
	return err ?: list_empty(&other->page.devices) ? -ENODEV : 0;
}

/* Nothing is left of a page that is closed. */
void page_fixture_expect_clean(struct kunit *test)
{
	virtio_page_close(&PAGE(test)->other->page);
	KUNIT_EXPECT_TRUE(test, list_empty(&PAGE(test)->other->page.devices));
	KUNIT_EXPECT_NULL(test, soft_driver.vdev);
}

/* After that, a page with an honest device works. */
void page_fixture_expect_honest_works(struct kunit *test)
{
	page_fixture_again(test);
	KUNIT_EXPECT_EQ(test, 0, page_fixture_try(test));
	soft_driver_expect_works(test);
	page_fixture_expect_clean(test);
	kernel_log_expect_quiet(test);
}
