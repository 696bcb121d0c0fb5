// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the virtio driver skeleton, on a device that the test plays.
 *
 * The device answers a request with the same bytes in capitals, or as a test says.
 * Programs write requests to the driver's node and read the answers; that is all that
 * is known of the driver here.  <kunit/virtio.h> says what else a device can do.
 */
#include <linux/ctype.h>
#include <linux/module.h>
#include <linux/virtio_ids.h>

#include <kunit/virtio.h>

#define SKELETON_ID	0x5e1e

static u32 answer(struct virtio_host *host, struct virtio_host_buf *buf)
{
	u8 bytes[64];
	u32 i, len = virtio_host_pull(buf, bytes, sizeof(bytes));

	for (i = 0; i < len; i++)
		bytes[i] = toupper(bytes[i]);
	return virtio_host_push(buf, bytes, len);
}

/* It says that it has written more than there was room for. */
static u32 exaggerate(struct virtio_host *host, struct virtio_host_buf *buf)
{
	answer(host, buf);
	return 100000;
}

static u32 fail(struct virtio_host *host, struct virtio_host_buf *buf)
{
	return 0;
}

static struct virtio_host *plug_device(struct kunit *test, virtio_host_serve_t serve)
{
	struct virtio_host *host = virtio_host_create(test, SKELETON_ID,
						      BIT_ULL(VIRTIO_F_VERSION_1));

	virtio_host_serve(host, virtio_host_add_queue(host, 8), serve);
	KUNIT_ASSERT_EQ(test, 0, virtio_host_plug_for(host, "virtio_skeleton"));
	return host;
}

static void expect_write(struct virtio_host *host, const char *request, ssize_t done)
{
	struct virtio_host_io *io = virtio_host_start_write(host, request, strlen(request));

	KUNIT_ASSERT_EQ(host->test, done, virtio_host_finish(io));
}

static void expect_read(struct virtio_host *host, const char *bytes, ssize_t done)
{
	struct virtio_host_io *io = virtio_host_start_read(host, 200);

	KUNIT_ASSERT_EQ(host->test, done, virtio_host_finish(io));
	KUNIT_EXPECT_MEMEQ(host->test, io->bytes, bytes, strlen(bytes));
}

/* Each request has its own answer, which is read once. */
static void test_answer(struct kunit *test)
{
	struct virtio_host *host = plug_device(test, answer);

	expect_write(host, "hello", 5);
	expect_read(host, "HELLO", 5);
	expect_read(host, "", 0);
	expect_write(host, "once more", 9);
	expect_read(host, "ONCE MORE", 9);
}

/* A failure is the program's to hear of; what a device claims is cut down to what it may. */
static void test_errors(struct kunit *test)
{
	struct virtio_host *host = plug_device(test, fail);

	expect_write(host, "hello", -EIO);
	expect_read(host, "", 0);
	expect_write(host, "", -EINVAL);
	host->queue[0].serve = exaggerate;
	expect_write(host, "hello", 5);
	expect_read(host, "HELLO", 64);
}

/* Unplugged while a program waits: that ends, and the next device finds the driver free. */
static void test_removal(struct kunit *test)
{
	struct virtio_host *host = plug_device(test, NULL);
	struct virtio_host_io *io = virtio_host_start_write(host, "hello", 5);

	virtio_host_wait_for_kick(host, 0, 1);
	virtio_host_unplug(host);
	KUNIT_EXPECT_EQ(test, -ENODEV, virtio_host_finish(io));
	KUNIT_EXPECT_TRUE(test, list_empty(&host->vdev.vqs));

	host = plug_device(test, answer);
	expect_write(host, "hello", 5);
	expect_read(host, "HELLO", 5);
}

#ifdef CONFIG_PM_SLEEP
/* Asleep there is no device; awake it works as before. */
static void test_sleep(struct kunit *test)
{
	struct virtio_host *host = plug_device(test, answer);

	expect_write(host, "hello", 5);
	KUNIT_ASSERT_EQ(test, 0, virtio_device_freeze(&host->vdev));
	expect_write(host, "hello", -ENODEV);
	KUNIT_ASSERT_EQ(test, 0, virtio_device_restore(&host->vdev));
	expect_read(host, "HELLO", 5);
	expect_write(host, "once more", 9);
	expect_read(host, "ONCE MORE", 9);
}
#endif

static struct kunit_case skeleton_cases[] = {
	KUNIT_CASE(test_answer),
	KUNIT_CASE(test_errors),
	KUNIT_CASE(test_removal),
#ifdef CONFIG_PM_SLEEP
	KUNIT_CASE(test_sleep),
#endif
	{}
};

static struct kunit_suite skeleton_suite = {
	.name = "virtio-skeleton",
	.test_cases = skeleton_cases,
};

kunit_test_suite(skeleton_suite);

MODULE_DESCRIPTION("Tests of the virtio driver skeleton");
MODULE_LICENSE("GPL");
