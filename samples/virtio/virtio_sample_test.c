// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the sample drivers: a whole suite, to learn from and to begin with.
 *
 * The driver runs as it does anywhere; its device is the test.  A test makes a device
 * (first the builders below), says how it answers, or answers by hand, plugs it in,
 * and has programs read from the driver's node.  What a driver has to stand is here:
 * answers of all lengths, a device that lies, fails, sleeps or goes, and a second one.
 *
 * Nothing here knows what is inside of a driver, so one suite tests two of them: each
 * test is run with the name of each (KUNIT_ARRAY_PARAM).
 */
#include <linux/module.h>
#include <linux/virtio_ids.h>

#include <kunit/virtio.h>

/* What the driver posts: the most that one read gives. */
#define MOST	64

static const u8 entropy[2 * MOST] = "seven times seventy-seven tins of tea, and not a leaf in any";

static const char *const drivers[] = { "virtio_sample", "virtio_sample_612" };

static void describe(const char *const *driver, char *desc)
{
	strscpy(desc, *driver, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(driver, drivers, describe);

/*
 * Builders.  What they make goes away by itself when the test ends, and so does the
 * driver's part, since the device is unplugged.
 */

static struct virtio_host *make_device(struct kunit *test, virtio_host_serve_t serve)
{
	struct virtio_host *host = virtio_host_create(test, VIRTIO_ID_RNG,
						      BIT_ULL(VIRTIO_F_VERSION_1));

	virtio_host_serve(host, virtio_host_add_queue(host, 8), serve);
	return host;
}

/* For the driver under test: the kernel has several of them for entropy. */
static int try_plug(struct virtio_host *host)
{
	const char *const *driver = host->test->param_value;

	return virtio_host_plug_for(host, *driver);
}

static struct virtio_host *plug_device(struct kunit *test, virtio_host_serve_t serve)
{
	struct virtio_host *host = make_device(test, serve);

	KUNIT_ASSERT_EQ(test, 0, try_plug(host));
	return host;
}

/*
 * Devices.  Each of these is what one does with a buffer: it writes there, and returns
 * how much it says it has written.
 */

static u32 give_all(struct virtio_host *host, struct virtio_host_buf *buf)
{
	return virtio_host_push(buf, entropy, sizeof(entropy));
}

static u32 give_six(struct virtio_host *host, struct virtio_host_buf *buf)
{
	return virtio_host_push(buf, entropy, 6);
}

static u32 give_nothing(struct virtio_host *host, struct virtio_host_buf *buf)
{
	return 0;
}

static u32 exaggerate(struct virtio_host *host, struct virtio_host_buf *buf)
{
	virtio_host_push(buf, entropy, sizeof(entropy));
	return 100000;
}

/* A program asks for @size bytes and gets @len of what the device has given. */
static void expect_read(struct virtio_host *host, size_t size, ssize_t len)
{
	struct virtio_host_io *io = virtio_host_start_read(host, size);

	KUNIT_ASSERT_EQ(host->test, len, virtio_host_finish(io));
	if (len > 0)
		KUNIT_EXPECT_MEMEQ(host->test, io->bytes, entropy, len);
}

/*
 * A device that does what it should.
 */

/* Again and again; and a program may want less than there is, or more, or nothing. */
static void test_read(struct kunit *test)
{
	struct virtio_host *host = plug_device(test, give_all);

	expect_read(host, MOST, MOST);
	expect_read(host, MOST, MOST);
	expect_read(host, 10, 10);
	expect_read(host, 2 * MOST, MOST);
	expect_read(host, 0, 0);
}

/* A device need not fill a buffer: what it did not write is nobody's. */
static void test_short_answer(struct kunit *test)
{
	expect_read(plug_device(test, give_six), MOST, 6);
}

/* Nothing would be the end of a file, and entropy has no end. */
static void test_empty_answer(struct kunit *test)
{
	expect_read(plug_device(test, give_nothing), MOST, -EIO);
}

/* By hand: what has the driver offered, and does it wait until that was used? */
static void test_buffer(struct kunit *test)
{
	struct virtio_host *host = plug_device(test, NULL);
	struct virtio_host_io *io = virtio_host_start_read(host, MOST);
	struct virtio_host_buf buf;

	virtio_host_wait_for_kick(host, 0, 1);
	KUNIT_ASSERT_TRUE(test, virtio_host_take(host, 0, &buf));
	KUNIT_ASSERT_EQ(test, 1, buf.n);
	KUNIT_EXPECT_TRUE(test, buf.segment[0].writable);
	KUNIT_EXPECT_EQ(test, MOST, buf.segment[0].len);

	KUNIT_EXPECT_FALSE(test, completion_done(&io->done));
	virtio_host_use(host, &buf, give_six(host, &buf));
	KUNIT_EXPECT_EQ(test, 6, virtio_host_finish(io));
}

/*
 * One that does not.
 */

/* It claims to have written more than it was given room for: the core cuts that down. */
static void test_length_lies(struct kunit *test)
{
	expect_read(plug_device(test, exaggerate), 2 * MOST, MOST);
}

/*
 * It uses a buffer that it never had.  The core brings it back and shows it once more
 * what it has: the program waits a little longer, and that is all it notices.
 */
static void test_id_lies(struct kunit *test)
{
	struct virtio_host *host = plug_device(test, NULL);
	struct virtio_host_io *io = virtio_host_start_read(host, MOST);

	virtio_host_wait_for_kick(host, 0, 1);
	host->queue[0].serve = give_all;
	virtio_host_claim(host, 0, 999, MOST, 1);
	virtio_host_interrupt(host, 0);
	KUNIT_EXPECT_EQ(test, MOST, virtio_host_finish(io));
	KUNIT_EXPECT_MEMEQ(test, io->bytes, entropy, MOST);
}

/* It fails and can't be brought back: who waits for it is told. */
static void test_fails(struct kunit *test)
{
	struct virtio_host *host = plug_device(test, NULL);
	struct virtio_host_io *io = virtio_host_start_read(host, MOST);

	virtio_host_wait_for_kick(host, 0, 1);
	host->refuse_features = true;
	virtio_host_needs_reset(host);
	KUNIT_EXPECT_EQ(test, -EIO, virtio_host_finish(io));
	KUNIT_EXPECT_TRUE(test, host->status & VIRTIO_CONFIG_S_FAILED);
	expect_read(host, MOST, -EIO);
}

/*
 * One that goes, sleeps, or is not alone.
 */

/* Unplugged while a program waits for it: nobody waits for ever. */
static void test_removed(struct kunit *test)
{
	struct virtio_host *host = plug_device(test, NULL);
	struct virtio_host_io *io = virtio_host_start_read(host, MOST);

	virtio_host_wait_for_kick(host, 0, 1);
	virtio_host_unplug(host);
	KUNIT_EXPECT_EQ(test, -ENODEV, virtio_host_finish(io));
	/* And nothing of the driver's is left at the device. */
	KUNIT_EXPECT_TRUE(test, list_empty(&host->vdev.vqs));
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_ACKNOWLEDGE, host->status);
}

#ifdef CONFIG_PM_SLEEP
/* Asleep it forgets all that it was told; awake it is told again. */
static void test_sleep(struct kunit *test)
{
	struct virtio_host *host = plug_device(test, give_all);

	expect_read(host, MOST, MOST);
	KUNIT_ASSERT_EQ(test, 0, virtio_device_freeze(&host->vdev));
	KUNIT_EXPECT_EQ(test, 0, host->status);
	KUNIT_EXPECT_TRUE(test, list_empty(&host->vdev.vqs));
	expect_read(host, MOST, -ENODEV);
	KUNIT_ASSERT_EQ(test, 0, virtio_device_restore(&host->vdev));
	KUNIT_EXPECT_TRUE(test, host->status & VIRTIO_CONFIG_S_DRIVER_OK);
	expect_read(host, MOST, MOST);
}
#endif

/* There is one node, so a second device is refused; the first does not notice. */
static void test_second_device(struct kunit *test)
{
	struct virtio_host *first = plug_device(test, give_all);
	struct virtio_host *second = make_device(test, give_six);

	KUNIT_EXPECT_EQ(test, -EBUSY, try_plug(second));
	KUNIT_EXPECT_TRUE(test, second->status & VIRTIO_CONFIG_S_FAILED);
	expect_read(first, MOST, MOST);
	virtio_host_unplug(first);
	expect_read(plug_device(test, give_six), MOST, 6);
}

static struct kunit_case sample_cases[] = {
	KUNIT_CASE_PARAM(test_read, driver_gen_params),
	KUNIT_CASE_PARAM(test_short_answer, driver_gen_params),
	KUNIT_CASE_PARAM(test_empty_answer, driver_gen_params),
	KUNIT_CASE_PARAM(test_buffer, driver_gen_params),
	KUNIT_CASE_PARAM(test_length_lies, driver_gen_params),
	KUNIT_CASE_PARAM(test_id_lies, driver_gen_params),
	KUNIT_CASE_PARAM(test_fails, driver_gen_params),
	KUNIT_CASE_PARAM(test_removed, driver_gen_params),
#ifdef CONFIG_PM_SLEEP
	KUNIT_CASE_PARAM(test_sleep, driver_gen_params),
#endif
	KUNIT_CASE_PARAM(test_second_device, driver_gen_params),
	{}
};

static struct kunit_suite sample_suite = {
	.name = "virtio-sample",
	.test_cases = sample_cases,
};

kunit_test_suite(sample_suite);

MODULE_DESCRIPTION("Tests of the sample virtio drivers");
MODULE_LICENSE("GPL");
