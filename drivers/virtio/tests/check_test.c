// SPDX-License-Identifier: GPL-2.0
/*
 * Drivers that break a rule, in a kernel that looks for it: each rule is broken once,
 * and what is said of it is read.
 */
#include <kunit/static_stub.h>
#include <linux/sched/task_stack.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_fields.h>
#include <linux/vmalloc.h>

#include "../watch/misuse.h"
#include "../watch/stuck.h"
#include "host.h"
#include "page_host.h"
#include "ring_fixture.h"

#define SIZE	8

KUNIT_ARRAY_PARAM(features, ring_feature_sets, ring_describe_features);

static struct {
	unsigned int lines;
	char line[256];
} heard;

static void listen(const char *line)
{
	heard.lines++;
	strscpy(heard.line, line);
}

static bool checked_before;

static void restore(void *unused)
{
	ring_set_checks(checked_before);
}

static void start(struct kunit *test)
{
	memset(&heard, 0, sizeof(heard));
	kunit_activate_static_stub(test, ring_say_misuse, listen);
	checked_before = ring_set_checks(true);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, restore, NULL));
}

static struct ring_fixture *make(struct kunit *test)
{
	start(test);
	return ring_make(test, SIZE, FEATURES(test));
}

static void expect_words(struct kunit *test, const char *words)
{
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(heard.line, words), "%s", heard.line);
}

/* One line, about this queue, and in these words. */
static void expect(struct kunit *test, const char *words)
{
	KUNIT_EXPECT_EQ(test, 1, heard.lines);
	expect_words(test, words);
	expect_words(test, "no driver: ring-test, queue 0 (test): ");
}

/* The device is told of a full ring from within add_buf: a place to be called at. */
static struct ring_fixture *nested;

static bool get_in_notify(struct virtqueue *vq)
{
	unsigned int len;

	if (!nested->vq)
		return true;
	virtqueue_get_buf(vq, &len);
	virtqueue_get_buf(vq, &len);
	return true;
}

static void test_two_at_once(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	u8 *buf = kunit_kzalloc(test, 8, GFP_KERNEL);
	int i;

	start(test);
	nested = f;
	f->vdev.features = FEATURES(test) | BIT_ULL(VIRTIO_F_VERSION_1);
	f->vq = vring_create_virtqueue(0, SIZE, PAGE_SIZE, &f->vdev, true, false, false,
				       get_in_notify, NULL, "test");
	KUNIT_ASSERT_NOT_NULL(test, f->vq);
	for (i = 0; i < SIZE; i++)
		KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 8, false));
	KUNIT_EXPECT_EQ(test, 0, heard.lines);
	KUNIT_EXPECT_EQ(test, -ENOSPC, ring_add_one(f, buf, 8, false));
	expect(test, "get_buf while add_buf is at work");
}

static void test_add_after_shutdown(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	u8 *buf = kunit_kzalloc(test, 8, GFP_KERNEL);

	f->vq->vq_ops->shutdown(f->vq);
	KUNIT_EXPECT_EQ(test, -EIO, ring_add_one(f, buf, 8, true));
	expect(test, "add_buf after shutdown");
	KUNIT_EXPECT_EQ(test, -EIO, ring_add_one(f, buf, 8, true));
	KUNIT_EXPECT_EQ_MSG(test, 1, heard.lines, "said once");
}

static void test_add_after_break(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	u8 *buf = kunit_kzalloc(test, 8, GFP_KERNEL);

	virtio_break_device(&f->vdev);
	KUNIT_EXPECT_EQ(test, -EIO, ring_add_one(f, buf, 8, true));
	expect(test, "add_buf after virtio_break_device");
}

static void never(struct virtqueue *vq, void *buf)
{
}

/* Until it starts anew. */
static void test_add_after_start(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	u8 *buf = kunit_kzalloc(test, 16, GFP_KERNEL);

	f->vq->vq_ops->shutdown(f->vq);
	KUNIT_ASSERT_EQ(test, 0, virtqueue_reset(f->vq, never, NULL));
	KUNIT_EXPECT_EQ(test, 0, ring_add_one(f, buf, 8, true));
	virtio_break_device(&f->vdev);
	__virtio_unbreak_device(&f->vdev);
	KUNIT_EXPECT_EQ(test, 0, ring_add_one(f, buf + 8, 8, true));
	KUNIT_EXPECT_EQ_MSG(test, 0, heard.lines, "%s", heard.line);
}

/* What the core has taken out of use is no fault of the driver's. */
static void test_add_after_core_broke_it(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	u8 *buf = kunit_kzalloc(test, 8, GFP_KERNEL);

	vring_break(&f->vdev);
	KUNIT_EXPECT_EQ(test, -EIO, ring_add_one(f, buf, 8, true));
	KUNIT_EXPECT_EQ(test, 0, heard.lines);
}

static void test_waiting_for_memory(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	u8 *buf = kunit_kzalloc(test, 8, GFP_KERNEL);
	unsigned long flags;
	struct scatterlist sg;

	sg_init_one(&sg, buf, 8);
	KUNIT_ASSERT_EQ(test, 0, virtqueue_add_inbuf(f->vq, &sg, 1, buf, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, heard.lines);
	local_irq_save(flags);
	virtqueue_add_inbuf(f->vq, &sg, 1, buf, GFP_KERNEL);
	local_irq_restore(flags);
	expect(test, "use GFP_ATOMIC under a lock");
}

static void test_sleeping_call(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	unsigned long flags;

	/* The transport can't: so nothing sleeps in truth. */
	f->reset_err = -EIO;
	local_irq_save(flags);
	virtqueue_reset(f->vq, never, NULL);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, 1, heard.lines);
	expect_words(test, "no driver: ring-test: a reset of a queue sleeps");
}

static void test_use_after_del(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	u8 *buf = kunit_kzalloc(test, 8, GFP_KERNEL);
	struct virtqueue *vq = f->vq;
	struct scatterlist sg;
	unsigned int len;

	f->vq = NULL;
	vring_del_virtqueue(vq);
	sg_init_one(&sg, buf, 8);
	KUNIT_EXPECT_EQ(test, -EIO, virtqueue_add_inbuf(vq, &sg, 1, buf, GFP_KERNEL));
	expect(test, "add_buf after del_vq");
	KUNIT_EXPECT_NULL(test, virtqueue_get_buf(vq, &len));
	virtqueue_kick(vq);
	vring_del_virtqueue(vq);
	KUNIT_EXPECT_EQ_MSG(test, 1, heard.lines, "said once");
}

/* What needs no lock is not told from a race, so it is quiet; and touches no ring. */
static void test_lockless_after_del(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	struct virtqueue *vq = f->vq;

	f->vq = NULL;
	vring_del_virtqueue(vq);
	KUNIT_EXPECT_FALSE(test, virtqueue_poll(vq, 0));
	KUNIT_EXPECT_FALSE(test, virtqueue_notify(vq));
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(vq));
	KUNIT_EXPECT_EQ(test, IRQ_HANDLED, vring_interrupt(0, vq));
	virtqueue_disable_cb(vq);
	KUNIT_EXPECT_EQ(test, 0, f->kicks);
	KUNIT_EXPECT_EQ(test, 0, f->callbacks);
}

static void test_ctx_beside_tables(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	u8 *buf = kunit_kzalloc(test, 8, GFP_KERNEL);
	struct scatterlist sg;
	int err;

	sg_init_one(&sg, buf, 8);
	err = virtqueue_add_inbuf_ctx(f->vq, &sg, 1, buf, buf, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, INDIRECT(test) ? -EINVAL : 0, err);
	if (err)
		expect(test, "add_inbuf_ctx with a second pointer on a queue without one");
	else
		KUNIT_EXPECT_EQ(test, 0, heard.lines);
}

static void test_stack(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	u8 buf[8] = { };

	if (IS_ENABLED(CONFIG_VMAP_STACK))
		kunit_skip(test, "stacks have no pages of their own here");
	KUNIT_EXPECT_EQ(test, 0, ring_add_one(f, buf, sizeof(buf), true));
	expect(test, "add_buf of a buffer on the stack");
}

static void test_vmalloc(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	u8 *buf = vzalloc(PAGE_SIZE);
	struct scatterlist sg;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	sg_init_table(&sg, 1);
	sg_set_page(&sg, virt_to_page(buf), 8, 0);
	KUNIT_EXPECT_EQ(test, -EINVAL, virtqueue_add_inbuf(f->vq, &sg, 1, buf, GFP_KERNEL));
	expect(test, "from vmalloc() perhaps");
	KUNIT_EXPECT_EQ(test, SIZE, f->vq->num_free);
	vfree(buf);
}

static void test_foreign_token(struct kunit *test)
{
	struct virtio_host *disk = virtio_host_create(test, VIRTIO_ID_BLOCK, 0);
	struct virtio_host *balloon = virtio_host_create(test, VIRTIO_ID_BALLOON, 0);
	u8 value[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	unsigned int len;
	void *capacity;

	start(test);
	disk->config[0] = 7;
	balloon->config[0] = 9;
	capacity = disk->vdev.config->find(&disk->vdev, VIRTIO_CONFIG_F_DEVICE, &len);
	KUNIT_ASSERT_NOT_NULL(test, capacity);
	disk->vdev.config->get(&disk->vdev, capacity, value, len);
	KUNIT_EXPECT_EQ(test, 7, value[0]);
	KUNIT_EXPECT_EQ(test, 0, heard.lines);
	balloon->vdev.config->get(&balloon->vdev, capacity, value, len);
	KUNIT_EXPECT_EQ(test, 0, value[0]);
	KUNIT_EXPECT_EQ(test, 1, heard.lines);
	expect_words(test, "the token of another device");
	balloon->vdev.config->set(&balloon->vdev, capacity, value, len);
	KUNIT_EXPECT_EQ(test, 2, heard.lines);
	KUNIT_EXPECT_EQ(test, 9, balloon->config[0]);
}

/* On a page a token is where a field lies. */
static void test_foreign_place(struct kunit *test)
{
	static struct virtio_field_place foreign = { .type = VIRTIO_CONFIG_F_DEVICE, .len = 8 };
	struct virtio_host *disk;
	u8 value[8] = { 1 };
	struct virtio_device *vdev;

	KUNIT_ASSERT_EQ(test, 0, page_host_init(test));
	start(test);
	disk = virtio_host_create(test, VIRTIO_ID_PMEM, BIT_ULL(VIRTIO_F_VERSION_1));
	virtio_host_plug(disk);
	vdev = virtio_host_vdev(disk);
	vdev->config->get(vdev, &foreign, value, sizeof(value));
	KUNIT_EXPECT_EQ(test, 0, value[0]);
	KUNIT_EXPECT_EQ(test, 1, heard.lines);
	expect_words(test, "the token of another device");
	vdev->config->set(vdev, &foreign, value, sizeof(value));
	KUNIT_EXPECT_EQ(test, 2, heard.lines);
	KUNIT_EXPECT_EQ(test, 0, page_place_of(disk)->other->commands[VIRTIO_PAGE_C_CONFIG]);
}

/* A driver that keeps the rules hears nothing, and its queue works. */
static void test_good_driver(struct kunit *test)
{
	make(test);
	ring_expect_works(test);
	KUNIT_EXPECT_EQ_MSG(test, 0, heard.lines, "%s", heard.line);
}

static void test_off(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	u8 *buf = kunit_kzalloc(test, 8, GFP_KERNEL);

	ring_set_checks(false);
	virtio_break_device(&f->vdev);
	KUNIT_EXPECT_EQ(test, -EIO, ring_add_one(f, buf, 8, true));
	KUNIT_EXPECT_EQ(test, 0, heard.lines);
}

/* A buffer is added and never kicked; a look at the queue finds it, and the next one says so. */
static void test_not_kicked(struct kunit *test)
{
	struct ring_fixture *f = make(test);
	u8 *buf = kunit_kzalloc(test, 8, GFP_KERNEL);

	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 8, true));
	ring_look_at(f->vq, HZ, false);
	KUNIT_EXPECT_EQ(test, 0, heard.lines);
	virtqueue_kick(f->vq);
	ring_look_at(f->vq, HZ, false);
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 8, true));
	ring_look_at(f->vq, HZ, false);
	KUNIT_EXPECT_EQ(test, 0, heard.lines);
	ring_look_at(f->vq, HZ, false);
	ring_look_at(f->vq, HZ, false);
	expect(test, "add_buf without a kick");
}

static struct kunit_case check_cases[] = {
	KUNIT_CASE_PARAM(test_not_kicked, features_gen_params),
	KUNIT_CASE_PARAM(test_two_at_once, features_gen_params),
	KUNIT_CASE_PARAM(test_add_after_shutdown, features_gen_params),
	KUNIT_CASE_PARAM(test_add_after_break, features_gen_params),
	KUNIT_CASE_PARAM(test_add_after_start, features_gen_params),
	KUNIT_CASE_PARAM(test_add_after_core_broke_it, features_gen_params),
	KUNIT_CASE_PARAM(test_waiting_for_memory, features_gen_params),
	KUNIT_CASE_PARAM(test_sleeping_call, features_gen_params),
	KUNIT_CASE_PARAM(test_use_after_del, features_gen_params),
	KUNIT_CASE_PARAM(test_lockless_after_del, features_gen_params),
	KUNIT_CASE_PARAM(test_ctx_beside_tables, features_gen_params),
	KUNIT_CASE_PARAM(test_stack, features_gen_params),
	KUNIT_CASE_PARAM(test_vmalloc, features_gen_params),
	KUNIT_CASE(test_foreign_token),
	KUNIT_CASE(test_foreign_place),
	KUNIT_CASE_PARAM(test_good_driver, features_gen_params),
	KUNIT_CASE_PARAM(test_off, features_gen_params),
	{}
};

static struct kunit_suite check_suite = {
	.name = "virtio-check",
	.init = ring_fixture_init,
	.exit = ring_fixture_exit,
	.test_cases = check_cases,
};

kunit_test_suite(check_suite);
