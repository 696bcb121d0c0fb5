// SPDX-License-Identifier: GPL-2.0
/*
 * What people see of a queue: its file, its tracepoints, and that it is stuck; and what is
 * done about that.  stuck_test.c has whole devices.
 */
#include <kunit/static_stub.h>
#include <kunit/test-bug.h>
#include <linux/delay.h>
#include <linux/seq_file.h>

#include "../watch/queues.h"
#include "../watch/stuck.h"
#include "../watch/trace.h"
#include "ring_fixture.h"

#define SIZE	8

KUNIT_ARRAY_PARAM(features, ring_feature_sets, ring_describe_features);

/*
 * The file.
 */

static const char *read_file(struct kunit *test, struct virtqueue *vq)
{
	struct seq_file s = {
		.buf = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL), .size = PAGE_SIZE, .private = vq,
	};

	KUNIT_ASSERT_NOT_NULL(test, s.buf);
	KUNIT_ASSERT_EQ(test, 0, ring_queue_show(&s, NULL));
	return s.buf;
}

/* The value of a key, or "absent". */
static const char *value_of(struct kunit *test, struct virtqueue *vq, const char *key)
{
	const char *line = read_file(test, vq);
	size_t len = strlen(key);
	char *value;

	for (; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		if (strncmp(line, key, len) || line[len] != ':')
			continue;
		value = kunit_kstrdup(test, line + len + 2, GFP_KERNEL);
		*strchrnul(value, '\n') = 0;
		return value;
	}
	return "absent";
}

#define EXPECT_VALUE(test, vq, key, value) \
	KUNIT_EXPECT_STREQ(test, value, value_of(test, vq, key))

static void test_file(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 64, GFP_KERNEL);
	bool packed = ring_is_packed(f);

	EXPECT_VALUE(test, f->vq, "name", "test");
	EXPECT_VALUE(test, f->vq, "format", packed ? "packed" : "split");
	EXPECT_VALUE(test, f->vq, "size", "8");
	EXPECT_VALUE(test, f->vq, "free", "8");
	EXPECT_VALUE(test, f->vq, "in_flight", "0");
	EXPECT_VALUE(test, f->vq, "oldest_ms", "-");
	EXPECT_VALUE(test, f->vq, "avail_wrap", packed ? "1" : "absent");
	EXPECT_VALUE(test, f->vq, "state", "ok");
	EXPECT_VALUE(test, f->vq, "why", "absent");

	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 8, false));
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf + 32, 8, true));
	EXPECT_VALUE(test, f->vq, "in_flight", "2");
	EXPECT_VALUE(test, f->vq, "requests", "1");
	EXPECT_VALUE(test, f->vq, "made_available", "2");
	EXPECT_VALUE(test, f->vq, "published", "0");
	EXPECT_VALUE(test, f->vq, "kicks_sent", "0");
	virtqueue_kick(f->vq);
	EXPECT_VALUE(test, f->vq, "published", "2");
	EXPECT_VALUE(test, f->vq, "kicks_sent", "1");
	EXPECT_VALUE(test, f->vq, "kicks_suppressed", "0");
	virtqueue_kick(f->vq);
	EXPECT_VALUE(test, f->vq, "kicks_suppressed", "1");
}

/* As old as it must be, and not much older. */
static void expect_age(struct kunit *test, struct virtqueue *vq, unsigned int least)
{
	unsigned int age;

	KUNIT_ASSERT_EQ(test, 0, kstrtouint(value_of(test, vq, "oldest_ms"), 10, &age));
	KUNIT_EXPECT_GE(test, age, least);
	KUNIT_EXPECT_LT(test, age, 60 * MSEC_PER_SEC);
}

static void test_file_of_used(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 64, GFP_KERNEL);
	unsigned int len;

	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 8, false));
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf + 32, 8, true));
	virtqueue_kick(f->vq);
	msleep(100);
	expect_age(test, f->vq, 100);
	EXPECT_VALUE(test, f->vq, "used_not_taken", "0");
	KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
	EXPECT_VALUE(test, f->vq, "used_not_taken", "1");
	KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
	EXPECT_VALUE(test, f->vq, "used_not_taken", "2");
	EXPECT_VALUE(test, f->vq, "callbacks", "0");
	vring_interrupt(0, f->vq);
	EXPECT_VALUE(test, f->vq, "callbacks", "1");
	KUNIT_ASSERT_NOT_NULL(test, virtqueue_get_buf(f->vq, &len));
	EXPECT_VALUE(test, f->vq, "used_not_taken", "1");
	EXPECT_VALUE(test, f->vq, "taken", "1");
	EXPECT_VALUE(test, f->vq, "in_flight", "1");
	EXPECT_VALUE(test, f->vq, "requests", "0");
}

static void keep_quiet(struct virtqueue *vq, bool broken, const char *line)
{
}

void ring_say(struct virtqueue *vq, bool broken, const char *line);

static void test_file_of_broken(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 8, GFP_KERNEL);
	unsigned int len;
	u16 id;

	kunit_activate_static_stub(test, ring_say, keep_quiet);
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 8, true));
	virtqueue_kick(f->vq);
	KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &id));
	ring_host_claims(f, SIZE + 1, 0);
	KUNIT_ASSERT_NULL(test, virtqueue_get_buf(f->vq, &len));
	EXPECT_VALUE(test, f->vq, "state", "broken");
	EXPECT_VALUE(test, f->vq, "why", "used id 9, expected less than 8");
}

/*
 * Stuck.
 */

static struct {
	unsigned int stuck, goes_on, other;
	unsigned int helps[VRING_HELP_RESET + 1];
	char line[256];
} heard;

static void note_help(struct virtio_device *vdev, enum vring_help help)
{
	heard.helps[help]++;
}

static void listen(struct virtqueue *vq, const char *line)
{
	if (!strncmp(line, "is stuck: ", 10))
		heard.stuck++;
	else if (!strcmp(line, "goes on"))
		heard.goes_on++;
	else
		heard.other++;
	strscpy(heard.line, line);
}

static void expect_words(struct kunit *test, const char *words)
{
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(heard.line, words), "%s", heard.line);
}

/* As the core does while a guest runs, for longer than a second. */
static void look_for_a_while(struct ring_fixture *f, bool late)
{
	int i;

	for (i = 0; i < 8; i++) {
		msleep(250);
		ring_look_at(f->vq, HZ, late);
	}
}

static struct ring_fixture *make_with_buffer(struct kunit *test, bool in)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 8, GFP_KERNEL);

	memset(&heard, 0, sizeof(heard));
	kunit_activate_static_stub(test, ring_say_stuck, listen);
	f->vdev.queue_stuck = note_help;
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 8, in));
	virtqueue_kick(f->vq);
	return f;
}

/* It is said once, and the device is notified once more. */
static void test_stuck(struct kunit *test)
{
	struct ring_fixture *f = make_with_buffer(test, false);
	unsigned int len;

	look_for_a_while(f, false);
	KUNIT_EXPECT_EQ(test, 1, heard.stuck);
	expect_words(test, "no answer to requests for 1 s");
	expect_words(test, "the device has used nothing");
	expect_words(test, "device notified again");
	KUNIT_EXPECT_EQ(test, 2, f->kicks);
	EXPECT_VALUE(test, f->vq, "renotified", "1");
	look_for_a_while(f, false);
	KUNIT_EXPECT_EQ_MSG(test, 1, heard.stuck, "said once");
	KUNIT_EXPECT_EQ(test, 2, f->kicks);
	KUNIT_EXPECT_EQ(test, 0, heard.goes_on);

	KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
	KUNIT_ASSERT_NOT_NULL(test, virtqueue_get_buf(f->vq, &len));
	ring_look_at(f->vq, HZ, false);
	KUNIT_EXPECT_EQ(test, 1, heard.goes_on);
	look_for_a_while(f, false);
	KUNIT_EXPECT_EQ(test, 1, heard.stuck);
	KUNIT_EXPECT_EQ(test, 0, heard.other);
}

static void test_stuck_by_driver(struct kunit *test)
{
	struct ring_fixture *f = make_with_buffer(test, false);

	KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
	look_for_a_while(f, false);
	KUNIT_EXPECT_EQ(test, 1, heard.stuck);
	expect_words(test, "the driver has not taken them");
	expect_words(test, "driver called back");
	KUNIT_EXPECT_EQ(test, 1, heard.helps[VRING_HELP_RECALL]);
	KUNIT_EXPECT_EQ(test, 1, f->kicks);
	EXPECT_VALUE(test, f->vq, "recalled", "1");
	KUNIT_EXPECT_EQ(test, 0, heard.helps[VRING_HELP_RESET]);
}

/* A buffer that was filled, and that the driver was not told of: so it is, and no more. */
static void test_recalled_without_a_word(struct kunit *test)
{
	struct ring_fixture *f = make_with_buffer(test, true);
	u16 id;

	KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &id));
	KUNIT_ASSERT_EQ(test, 0, ring_host_complete(f, id, 1));
	look_for_a_while(f, false);
	look_for_a_while(f, false);
	KUNIT_EXPECT_EQ(test, 0, heard.stuck);
	KUNIT_EXPECT_EQ(test, 1, heard.helps[VRING_HELP_RECALL]);
}

static void forbid_reset(void *unused)
{
	ring_stuck_reset = false;
}

/* Twice as long, and somebody has asked for it. */
static void test_reset_if_wanted(struct kunit *test)
{
	struct ring_fixture *f = make_with_buffer(test, false);

	look_for_a_while(f, false);
	look_for_a_while(f, false);
	KUNIT_EXPECT_EQ(test, 0, heard.helps[VRING_HELP_RESET]);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, forbid_reset, NULL));
	ring_stuck_reset = true;
	look_for_a_while(f, false);
	KUNIT_EXPECT_EQ(test, 1, heard.helps[VRING_HELP_RESET]);
	KUNIT_EXPECT_EQ(test, 2, heard.stuck);
	expect_words(test, "device to be reset");
}

/* One that is gone is neither notified nor reset, whenever that is found. */
static void test_gone(struct kunit *test)
{
	struct ring_fixture *f = make_with_buffer(test, false);

	look_for_a_while(f, false);
	f->gone = true;
	look_for_a_while(f, false);
	KUNIT_EXPECT_EQ(test, 1, heard.helps[VRING_HELP_END]);
	KUNIT_EXPECT_EQ(test, 2, f->kicks);
	expect_words(test, "its device is gone");
}

/* A buffer to be filled waits for something to happen. */
static void test_not_stuck_when_idle(struct kunit *test)
{
	struct ring_fixture *f = make_with_buffer(test, true);

	look_for_a_while(f, false);
	KUNIT_EXPECT_EQ(test, 0, heard.stuck);
	KUNIT_EXPECT_EQ(test, 1, f->kicks);
}

/* There is always a request, older than it should be, but the device goes on. */
static void test_not_stuck_at_work(struct kunit *test)
{
	struct ring_fixture *f = make_with_buffer(test, false);
	u8 *buf = kunit_kzalloc(test, 8, GFP_KERNEL);
	unsigned int len;
	int i;

	for (i = 0; i < 12; i++) {
		KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 8, false));
		virtqueue_kick(f->vq);
		KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
		KUNIT_ASSERT_NOT_NULL(test, virtqueue_get_buf(f->vq, &len));
		msleep(250);
		ring_look_at(f->vq, 1, false);
	}
	KUNIT_EXPECT_EQ(test, 0, heard.stuck);
}

static void test_not_stuck_so_soon(struct kunit *test)
{
	struct ring_fixture *f = make_with_buffer(test, false);
	int i;

	for (i = 0; i < 8; i++)
		ring_look_at(f->vq, HZ, false);
	KUNIT_EXPECT_EQ(test, 0, heard.stuck);
}

static void test_not_stuck_when_paused(struct kunit *test)
{
	struct ring_fixture *f = make_with_buffer(test, false);

	look_for_a_while(f, true);
	KUNIT_EXPECT_EQ(test, 0, heard.stuck);
	look_for_a_while(f, false);
	KUNIT_EXPECT_EQ_MSG(test, 1, heard.stuck, "and is found when it runs");
}

/*
 * Tracepoints.
 */

static struct {
	unsigned int adds, gets, kicks[VIRTIO_KICK_BROKEN + 1], callbacks, used, len;
	const void *added, *got;
	int err;
} traced;

static void on_add(void *data, const struct virtqueue *vq, const void *token, unsigned int out,
		   unsigned int in, int err)
{
	traced.adds++;
	traced.added = token;
	traced.err = err;
}

static void on_get(void *data, const struct virtqueue *vq, const void *token, unsigned int len)
{
	traced.gets++;
	traced.got = token;
	traced.len = len;
}

static void on_kick(void *data, const struct virtqueue *vq, enum virtio_kick kick)
{
	traced.kicks[kick]++;
}

static void on_callback(void *data, const struct virtqueue *vq, unsigned int used)
{
	traced.callbacks++;
	traced.used = used;
}

static void stop_trace(void *unused)
{
	unregister_trace_virtio_add(on_add, NULL);
	unregister_trace_virtio_get(on_get, NULL);
	unregister_trace_virtio_kick(on_kick, NULL);
	unregister_trace_virtio_callback(on_callback, NULL);
	tracepoint_synchronize_unregister();
}

static void start_trace(struct kunit *test)
{
	memset(&traced, 0, sizeof(traced));
	KUNIT_ASSERT_EQ(test, 0, register_trace_virtio_add(on_add, NULL));
	KUNIT_ASSERT_EQ(test, 0, register_trace_virtio_get(on_get, NULL));
	KUNIT_ASSERT_EQ(test, 0, register_trace_virtio_kick(on_kick, NULL));
	KUNIT_ASSERT_EQ(test, 0, register_trace_virtio_callback(on_callback, NULL));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, stop_trace, NULL));
}

static void test_trace(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 64, GFP_KERNEL);
	unsigned int len;

	if (!IS_ENABLED(CONFIG_TRACEPOINTS))
		kunit_skip(test, "the kernel has no tracepoints");
	start_trace(test);
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 8, true));
	KUNIT_EXPECT_PTR_EQ(test, (const void *)buf, traced.added);
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf + 32, 8, true));
	KUNIT_EXPECT_EQ(test, 2, traced.adds);
	KUNIT_EXPECT_EQ(test, 0, traced.err);
	virtqueue_kick(f->vq);
	KUNIT_EXPECT_EQ(test, 1, traced.kicks[VIRTIO_KICK_SENT]);
	virtqueue_kick(f->vq);
	KUNIT_EXPECT_EQ(test, 1, traced.kicks[VIRTIO_KICK_NOTHING_NEW]);
	KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
	KUNIT_ASSERT_EQ(test, 1, ring_host_echo(f));
	vring_interrupt(0, f->vq);
	KUNIT_EXPECT_EQ(test, 1, traced.callbacks);
	KUNIT_EXPECT_EQ(test, 2, traced.used);
	KUNIT_EXPECT_PTR_EQ(test, (void *)buf, virtqueue_get_buf(f->vq, &len));
	KUNIT_EXPECT_EQ(test, 1, traced.gets);
	KUNIT_EXPECT_PTR_EQ(test, (const void *)buf, traced.got);
	KUNIT_EXPECT_EQ(test, len, traced.len);
}

static void test_trace_of_kicks(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 8, GFP_KERNEL);

	if (!IS_ENABLED(CONFIG_TRACEPOINTS))
		kunit_skip(test, "the kernel has no tracepoints");
	/* With event index it is the first that the device wants to hear of. */
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 8, true));
	virtqueue_kick(f->vq);
	start_trace(test);
	ring_host_kicks(f, false);
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 8, true));
	KUNIT_EXPECT_FALSE(test, virtqueue_kick_prepare(f->vq));
	KUNIT_EXPECT_EQ(test, 1, traced.kicks[VIRTIO_KICK_NOT_ASKED_FOR]);
	__virtqueue_break(f->vq);
	KUNIT_EXPECT_EQ(test, -EIO, ring_add_one(f, buf, 8, true));
	KUNIT_EXPECT_EQ(test, -EIO, traced.err);
	KUNIT_EXPECT_FALSE(test, virtqueue_notify(f->vq));
	KUNIT_EXPECT_EQ(test, 1, traced.kicks[VIRTIO_KICK_BROKEN]);
	KUNIT_EXPECT_EQ(test, 0, traced.kicks[VIRTIO_KICK_SENT]);
	__virtqueue_unbreak(f->vq);
}

/* What is watched works as what is not. */
static void test_works_while_traced(struct kunit *test)
{
	ring_make(test, SIZE, FEATURES(test));
	start_trace(test);
	ring_expect_works(test);
	KUNIT_EXPECT_EQ(test, traced.adds, traced.gets);
}

static struct kunit_case watch_cases[] = {
	KUNIT_CASE_PARAM(test_file, features_gen_params),
	KUNIT_CASE_PARAM(test_file_of_used, features_gen_params),
	KUNIT_CASE_PARAM(test_file_of_broken, features_gen_params),
	KUNIT_CASE_PARAM(test_stuck, features_gen_params),
	KUNIT_CASE_PARAM(test_stuck_by_driver, features_gen_params),
	KUNIT_CASE_PARAM(test_recalled_without_a_word, features_gen_params),
	KUNIT_CASE_PARAM(test_reset_if_wanted, features_gen_params),
	KUNIT_CASE_PARAM(test_gone, features_gen_params),
	KUNIT_CASE_PARAM(test_not_stuck_when_idle, features_gen_params),
	KUNIT_CASE_PARAM(test_not_stuck_at_work, features_gen_params),
	KUNIT_CASE_PARAM(test_not_stuck_so_soon, features_gen_params),
	KUNIT_CASE_PARAM(test_not_stuck_when_paused, features_gen_params),
	KUNIT_CASE_PARAM(test_trace, features_gen_params),
	KUNIT_CASE_PARAM(test_trace_of_kicks, features_gen_params),
	KUNIT_CASE_PARAM(test_works_while_traced, features_gen_params),
	{}
};

static struct kunit_suite watch_suite = {
	.name = "virtio-watch",
	.init = ring_fixture_init,
	.exit = ring_fixture_exit,
	.test_cases = watch_cases,
};

kunit_test_suite(watch_suite);
