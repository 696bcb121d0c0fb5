// SPDX-License-Identifier: GPL-2.0
/*
 * Drivers as they were written in 2007, on devices on PCI, in memory, on a page, and behind a
 * transport that sets up all queues at once.
 */
#include "old_drivers.h"
#include "page_fixture.h"
#ifdef CONFIG_VIRTIO_KUNIT_SOFT_IO
#include "mmio_fixture.h"
#include "pci_fixture.h"
#endif

/* What the driver took, as its device has it. */
static u64 (*accepted)(struct kunit *test);

static void prepare(void)
{
	memset(&old, 0, sizeof(old));
	soft_driver_replace(&old_virtio_driver);
}

static void start(struct kunit *test, int (*probe)(struct virtio_device *vdev))
{
	old.probe = probe;
	KUNIT_ASSERT_EQ(test, 0, soft_place.try(test));
	KUNIT_ASSERT_NOT_NULL(test, old.vdev);
}

static void finish(struct kunit *test)
{
	soft_place.expect_clean(test);
	KUNIT_EXPECT_NULL(test, old.vdev);
	kernel_log_expect_quiet(test);
}

/* A feature taken when there is a queue, and a limit that is there without one taken. */
static void test_disk(struct kunit *test)
{
	start(test, old_disk_probe);
	KUNIT_EXPECT_EQ(test, 1, old.late);
	KUNIT_EXPECT_TRUE(test, accepted(test) & BIT_ULL(SOFT_F_LATE));
	KUNIT_EXPECT_EQ(test, 0x04030201, old.number);
	KUNIT_EXPECT_EQ(test, 0x100f, old.limit);
	KUNIT_EXPECT_TRUE(test, old_disk_read());
	KUNIT_EXPECT_TRUE(test, old_disk_read());
	KUNIT_EXPECT_GE(test, old.callbacks[0], 1);
	finish(test);
}

/* Two queues, the first of which had a buffer before the feature was told. */
static void test_card(struct kunit *test)
{
	static const char address[] = { 5, 6, 7, 8, 9, 10 };

	start(test, old_card_probe);
	KUNIT_EXPECT_EQ(test, 1, old.late);
	KUNIT_EXPECT_TRUE(test, accepted(test) & BIT_ULL(SOFT_F_LATE));
	KUNIT_EXPECT_MEMEQ(test, old.address, address, sizeof(address));
	KUNIT_EXPECT_TRUE(test, old_card_receive());
	KUNIT_EXPECT_TRUE(test, old_card_send());
	KUNIT_EXPECT_TRUE(test, old_card_send());
	finish(test);
}

static void test_console(struct kunit *test)
{
	start(test, old_console_probe);
	KUNIT_EXPECT_TRUE(test, old_console_get());
	KUNIT_EXPECT_EQ(test, 1, old.callbacks[0]);
	KUNIT_EXPECT_TRUE(test, old_console_put());
	KUNIT_EXPECT_EQ(test, 0, old.callbacks[1]);
	finish(test);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_disk),
	KUNIT_CASE(test_card),
	KUNIT_CASE(test_console),
	{}
};

/*
 * On a page.
 */

static u64 accepted_on_page(struct kunit *test)
{
	return PLACE(test)->features;
}

static int init_on_page(struct kunit *test)
{
	prepare();
	accepted = accepted_on_page;
	return page_fixture_init(test);
}

static struct kunit_suite page_suite = {
	.name = "virtio-2007-page",
	.init = init_on_page,
	.exit = page_fixture_exit,
	.test_cases = cases,
};

/*
 * Behind a transport that sets up all queues at once.
 */

static struct virtio_config_ops at_once_ops;
static const struct virtio_config_ops *one_by_one_ops;

static void delete_all(struct virtio_device *vdev)
{
	struct virtqueue *vq, *next;

	list_for_each_entry_safe(vq, next, &vdev->vqs, list)
		one_by_one_ops->teardown_vq(vq);
}

static int find_all(struct virtio_device *vdev, unsigned int nvqs, struct virtqueue *vqs[],
		    struct virtqueue_info *infos, struct irq_affinity *desc)
{
	unsigned int i;

	for (i = 0; i < nvqs; i++) {
		vqs[i] = one_by_one_ops->setup_vq(vdev, i, &infos[i]);
		if (IS_ERR(vqs[i])) {
			delete_all(vdev);
			return PTR_ERR(vqs[i]);
		}
	}
	return 0;
}

static u32 serve(struct virtio_host *host, struct virtio_host_buf *buf)
{
	const u8 byte = SOFT_BYTE;

	return virtio_host_push(buf, &byte, 1);
}

static int try_at_once(struct kunit *test)
{
	kernel_log_mark();
	return virtio_host_try_plug(test->priv);
}

static void expect_unplugged(struct kunit *test)
{
	virtio_host_unplug(test->priv);
}

static u64 accepted_at_once(struct kunit *test)
{
	return ((struct virtio_host *)test->priv)->accepted;
}

static int init_at_once(struct kunit *test)
{
	struct virtio_host *host;
	int i;

	prepare();
	host = virtio_host_create(test, SOFT_ID, BIT_ULL(VIRTIO_F_VERSION_1) | SOFT_FEATURES_OWN);
	for (i = 0; i < SOFT_CONFIG_BYTES; i++)
		host->config[i] = i + 1;
	for (i = 0; i < 3; i++)
		virtio_host_serve(host, virtio_host_add_queue(host, 8), serve);
	one_by_one_ops = host->vdev.config;
	at_once_ops = *one_by_one_ops;
	at_once_ops.setup_vq = NULL;
	at_once_ops.teardown_vq = NULL;
	at_once_ops.resume_vqs = NULL;
	at_once_ops.find_vqs = find_all;
	at_once_ops.del_vqs = delete_all;
	host->vdev.config = &at_once_ops;
	test->priv = host;
	accepted = accepted_at_once;
	soft_place = (struct soft_place) { .try = try_at_once, .expect_clean = expect_unplugged };
	return soft_driver_init();
}

static void exit_at_once(struct kunit *test)
{
	if (old.vdev)
		virtio_host_unplug(test->priv);
	soft_driver_exit();
}

/* A driver that takes all there are is told where they end, and has those that there are. */
static int probe_all(struct virtio_device *vdev)
{
	struct virtqueue *vq;
	unsigned int n;

	for (n = 0; !IS_ERR(vq = vdev->config->find_vq(vdev, NULL)); n++)
		if (n < ARRAY_SIZE(old.vq))
			old.vq[n] = vq;
	old.number = n;
	old.limit = PTR_ERR(vq);
	return n == 3 ? 0 : -EINVAL;
}

static void test_all(struct kunit *test)
{
	start(test, probe_all);
	KUNIT_EXPECT_EQ(test, 3, old.number);
	KUNIT_EXPECT_EQ(test, -ENOENT, old.limit);
	KUNIT_EXPECT_TRUE(test, old_console_put());
	KUNIT_EXPECT_TRUE(test, old_disk_read());
}

/* The transport has lost its queues: those of the driver are broken, and go when it does. */
static int fail_all(struct virtio_device *vdev, unsigned int nvqs, struct virtqueue *vqs[],
		    struct virtqueue_info *infos, struct irq_affinity *desc)
{
	return -EIO;
}

static bool lost;

static int probe_lost(struct virtio_device *vdev)
{
	struct virtqueue *vq = vdev->config->find_vq(vdev, NULL);

	if (IS_ERR(vq))
		return PTR_ERR(vq);
	at_once_ops.find_vqs = fail_all;
	lost = IS_ERR(vdev->config->find_vq(vdev, NULL)) && virtqueue_is_broken(vq);
	vdev->config->del_vq(vq);
	return -ENODEV;
}

static void test_lost(struct kunit *test)
{
	old.probe = probe_lost;
	KUNIT_ASSERT_EQ(test, 0, soft_place.try(test));
	KUNIT_EXPECT_TRUE(test, lost);
	KUNIT_EXPECT_NULL(test, old.vdev);
}

static struct kunit_case at_once_cases[] = {
	KUNIT_CASE(test_disk),
	KUNIT_CASE(test_card),
	KUNIT_CASE(test_console),
	KUNIT_CASE(test_all),
	KUNIT_CASE(test_lost),
	{}
};

static struct kunit_suite at_once_suite = {
	.name = "virtio-2007-at-once",
	.init = init_at_once,
	.exit = exit_at_once,
	.test_cases = at_once_cases,
};

#ifdef CONFIG_VIRTIO_KUNIT_SOFT_IO
/*
 * Of registers.
 */

static u64 accepted_of_registers(struct kunit *test)
{
	return soft_place.dev->accepted;
}

static int init_on_pci(struct kunit *test)
{
	prepare();
	accepted = accepted_of_registers;
	return pci_fixture_init(test);
}

static int init_on_mmio(struct kunit *test)
{
	prepare();
	accepted = accepted_of_registers;
	return mmio_fixture_init(test);
}

static int init_on_old_mmio(struct kunit *test)
{
	int err = init_on_mmio(test);

	if (!err)
		mmio_fixture_again(test, 1);
	return err;
}

static struct kunit_suite pci_suite = {
	.name = "virtio-2007-pci",
	.init = init_on_pci,
	.exit = pci_fixture_exit,
	.test_cases = cases,
};

static struct kunit_suite mmio_suite = {
	.name = "virtio-2007-mmio",
	.init = init_on_mmio,
	.exit = mmio_fixture_exit,
	.test_cases = cases,
};

static struct kunit_suite old_mmio_suite = {
	.name = "virtio-2007-mmio-legacy",
	.init = init_on_old_mmio,
	.exit = mmio_fixture_exit,
	.test_cases = cases,
};

kunit_test_suites(&pci_suite, &mmio_suite, &old_mmio_suite);
#endif

kunit_test_suites(&page_suite, &at_once_suite);
