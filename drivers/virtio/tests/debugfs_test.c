// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what debugfs shows of a device: each file, read as a process would read it,
 * through a mount of the test's own.
 */
#include <kunit/device.h>
#include <linux/debugfs.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mount.h>
#include <linux/seq_file.h>
#include <linux/uio.h>
#include <linux/virtio_ring.h>
#include <linux/workqueue.h>
#include <uapi/linux/virtio_9p.h>
#include <uapi/linux/virtio_ids.h>
#include <uapi/linux/virtio_mem.h>

#include "fake_driver.h"

#define FILE_MAX	8192

static struct vfsmount *mount;

static int start(struct kunit *test)
{
	struct file_system_type *type = get_fs_type("debugfs");

	KUNIT_ASSERT_NOT_NULL(test, type);
	mount = kern_mount(type);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mount);
	return fake_driver_init(test);
}

static void end(struct kunit *test)
{
	if (!IS_ERR_OR_NULL(mount))
		kern_unmount(mount);
}

static struct file *open_file(struct kunit *test, struct virtio_host *host, const char *name)
{
	struct path root = { .mnt = mount, .dentry = mount->mnt_root };
	char path[64];
	struct file *file;

	snprintf(path, sizeof(path), "virtio/%s/%s", dev_name(&host->vdev.dev), name);
	file = file_open_root(&root, path, O_RDONLY, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL_MSG(test, file, "debugfs has no %s", path);
	return file;
}

/* As read() does it, with kernel memory for the user's. */
static int read_file(struct file *file, char *contents)
{
	struct kvec to = { .iov_base = contents, .iov_len = FILE_MAX - 1 };
	struct iov_iter iter;
	struct kiocb iocb;
	int err = debugfs_file_get(file->f_path.dentry);

	if (err)
		return err;
	init_sync_kiocb(&iocb, file);
	iov_iter_kvec(&iter, ITER_DEST, &to, 1, to.iov_len);
	err = seq_read_iter(&iocb, &iter);
	debugfs_file_put(file->f_path.dentry);
	return err;
}

static const char *shown(struct kunit *test, struct virtio_host *host, const char *name)
{
	char *contents = kunit_kzalloc(test, FILE_MAX, GFP_KERNEL);
	struct file *file = open_file(test, host, name);

	KUNIT_ASSERT_NOT_NULL(test, contents);
	KUNIT_EXPECT_GE(test, read_file(file, contents), 0);
	fput(file);
	return contents;
}

/* A device with a layout that no driver of this kernel serves, unless the test's does. */
static const struct virtio_device_id memory_ids[] = {
	{ VIRTIO_ID_MEM, VIRTIO_DEV_ANY_ID }, { 0 },
};

static const unsigned int memory_features[] = { VIRTIO_MEM_F_ACPI_PXM };

static struct virtio_host *memory_host(struct kunit *test, u64 offered)
{
	struct virtio_host *host = virtio_host_create(test, VIRTIO_ID_MEM, offered);
	struct virtio_mem_config *config = (void *)host->config;

	config->block_size = cpu_to_le64(0x200000);
	config->node_id = cpu_to_le16(3);
	config->addr = cpu_to_le64(0x123456789abcdef0);
	return host;
}

static void serve_memory(const unsigned int *features, unsigned int count)
{
	fake_driver.id_table = memory_ids;
	fake_driver.feature_table = features;
	fake_driver.feature_table_size = count;
}

/*
 * device
 */

static void test_device(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN | BIT_ULL(3));
	struct device *parent = kunit_device_register(test, "virtio-parent");
	char expected[256];

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, parent);
	host->vdev.dev.parent = parent;
	host->generation = 7;
	fake_driver_with_features();
	fake_bind(test, host);
	snprintf(expected, sizeof(expected),
		 "id: 64078\ntype: unknown\nvendor: 0x1af4\ndriver: virtio-bus-test\n"
		 "status: 0x0f ACKNOWLEDGE DRIVER DRIVER_OK FEATURES_OK\n"
		 "transport: kunit %s\nfeatures: agreed\ngeneration: 7\n", dev_name(parent));
	KUNIT_EXPECT_STREQ(test, shown(test, host, "device"), expected);
}

/* Also for a status with bits that have no name. */
static void test_device_alone(struct kunit *test)
{
	struct virtio_host *host = memory_host(test, MODERN);

	virtio_host_plug(host);
	host->status = 0x11;
	KUNIT_EXPECT_STREQ(test, shown(test, host, "device"),
			   "id: 24\ntype: memory\nvendor: 0x1af4\ndriver: none\n"
			   "status: 0x11 ACKNOWLEDGE bit4\ntransport: none\n"
			   "features: open\ngeneration: 0\n");
}

static unsigned int reads;

static void count_reads(struct virtio_host *host, enum virtio_host_point point, u64 arg)
{
	if (point == VIRTIO_HOST_READ || point == VIRTIO_HOST_GENERATION)
		reads++;
}

static void expect_gone(struct kunit *test, struct virtio_host *host)
{
	reads = 0;
	host->script = count_reads;
	KUNIT_EXPECT_NOT_NULL(test, strstr(shown(test, host, "device"), "status: gone\n"));
	KUNIT_EXPECT_STREQ(test, shown(test, host, "config"), "status: gone\n");
	KUNIT_EXPECT_EQ(test, 0, reads);
	host->script = NULL;
}

/* Torn out, or given up: nothing more is read of it. */
static void test_gone(struct kunit *test)
{
	struct virtio_host *host = memory_host(test, MODERN);

	virtio_host_plug(host);
	host->status = 0xff;
	expect_gone(test, host);
	host->status = VIRTIO_CONFIG_S_ACKNOWLEDGE;
	host->vdev.lost = true;
	expect_gone(test, host);
}

/*
 * features
 */

static void test_features(struct kunit *test)
{
	struct virtio_host *host =
		virtio_host_create(test, FAKE_ID, MODERN | BIT_ULL(3) | BIT_ULL(6) |
				   BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) |
				   BIT_ULL(VIRTIO_F_SR_IOV) | BIT_ULL(63));

	fake_driver_with_features();
	fake_bind(test, host);
	KUNIT_EXPECT_STREQ(test, shown(test, host, "features"),
			   "3 bit3: offered wanted taken\n5 bit5: wanted\n6 bit6: offered\n"
			   "28 INDIRECT_DESC: offered wanted taken\n"
			   "32 VERSION_1: offered wanted taken\n"
			   "37 SR_IOV: offered\n63 bit63: offered\n");
	fake_driver_unregister(test);
	KUNIT_EXPECT_STREQ(test, shown(test, host, "features"),
			   "3 bit3: offered\n6 bit6: offered\n28 INDIRECT_DESC: offered\n"
			   "32 VERSION_1: offered\n37 SR_IOV: offered\n63 bit63: offered\n");
	KUNIT_EXPECT_STREQ(test, shown(test, host, "device_features"),
			   "3\n6\n28\n32\n37\n63\n");
}

/* Names are those of the type; a bit in the filter is wanted and not taken. */
static void test_filtered(struct kunit *test)
{
	struct virtio_host *host = memory_host(test, MODERN | BIT_ULL(VIRTIO_MEM_F_ACPI_PXM));

	serve_memory(memory_features, ARRAY_SIZE(memory_features));
	host->vdev.debugfs_filter_features[0] = BIT_ULL(VIRTIO_MEM_F_ACPI_PXM);
	fake_bind(test, host);
	KUNIT_EXPECT_STREQ(test, shown(test, host, "features"),
			   "0 ACPI_PXM: offered wanted\n32 VERSION_1: offered wanted taken\n");
	KUNIT_EXPECT_STREQ(test, shown(test, host, "filter_features"), "0\n");
}

/*
 * Bits beyond 63, which the core reads for a driver that knows some of them, and debugfs for
 * people.
 */
static void test_high_bits(struct kunit *test)
{
	static const unsigned int high[] = { 65, 66, 127 };
	struct virtio_host *host = memory_host(test, MODERN);

	host->offered_array[1] = VIRTIO_BIT(65) | VIRTIO_BIT(127);
	serve_memory(high, ARRAY_SIZE(high));
	host->vdev.debugfs_filter_features[1] = VIRTIO_BIT(127);
	fake_bind(test, host);
	KUNIT_EXPECT_STREQ(test, shown(test, host, "features"),
			   "32 VERSION_1: offered wanted taken\n65 bit65: offered wanted taken\n"
			   "66 bit66: wanted\n127 bit127: offered wanted\n");
	KUNIT_EXPECT_STREQ(test, shown(test, host, "filter_features"), "127\n");
	KUNIT_EXPECT_STREQ(test, shown(test, host, "device_features"), "32\n65\n127\n");
}

static void test_high_bits_unwanted(struct kunit *test)
{
	struct virtio_host *host = memory_host(test, MODERN);

	host->offered_array[1] = VIRTIO_BIT(65);
	serve_memory(memory_features, ARRAY_SIZE(memory_features));
	fake_bind(test, host);
	host->offered_array[0] = U64_MAX;
	KUNIT_EXPECT_STREQ(test, shown(test, host, "features"),
			   "0 ACPI_PXM: wanted\n32 VERSION_1: offered wanted taken\n"
			   "65 bit65: offered\n");
}

/* Nobody is in the way of who agrees on features: the device is not even asked for them. */
static void test_asked_by_another(struct kunit *test)
{
	struct virtio_host *host = memory_host(test, MODERN);

	virtio_host_plug(host);
	device_lock(&host->vdev.dev);
	KUNIT_EXPECT_STREQ(test, shown(test, host, "features"), "");
	device_unlock(&host->vdev.dev);
	KUNIT_EXPECT_STREQ(test, shown(test, host, "features"), "32 VERSION_1: offered\n");
}

/* What the device offers later than it was asked is not what there was to agree on. */
static void test_asked_once(struct kunit *test)
{
	struct virtio_host *host = memory_host(test, MODERN);

	virtio_host_plug(host);
	KUNIT_EXPECT_STREQ(test, shown(test, host, "features"), "32 VERSION_1: offered\n");
	host->offered = U64_MAX;
	KUNIT_EXPECT_STREQ(test, shown(test, host, "features"), "32 VERSION_1: offered\n");
	serve_memory(NULL, 0);
	fake_driver_register(test);
	KUNIT_EXPECT_NOT_NULL(test, strstr(shown(test, host, "features"), "63 bit63: offered\n"));
}

/*
 * config
 */

static const char with_node[] =
	"block_size: 2097152\nnode_id: 3\naddr: 1311768467463790320\nregion_size: 0\n"
	"usable_region_size: 0\nplugged_size: 0\nrequested_size: 0\n";
static const char without_node[] =
	"block_size: 2097152\naddr: 1311768467463790320\nregion_size: 0\n"
	"usable_region_size: 0\nplugged_size: 0\nrequested_size: 0\n";

/* A field is there if its feature is offered, and later if it was taken. */
static void test_structure(struct kunit *test)
{
	struct virtio_host *host = memory_host(test, MODERN | BIT_ULL(VIRTIO_MEM_F_ACPI_PXM));

	virtio_host_plug(host);
	KUNIT_EXPECT_STREQ(test, shown(test, host, "config"), with_node);
	serve_memory(memory_features, 0);
	fake_driver_register(test);
	KUNIT_EXPECT_STREQ(test, shown(test, host, "config"), without_node);
	fake_driver_unregister(test);
	serve_memory(memory_features, ARRAY_SIZE(memory_features));
	fake_driver_register(test);
	KUNIT_EXPECT_STREQ(test, shown(test, host, "config"), with_node);
}

/* Who looks leaves each field to be found. */
static void test_structure_not_used_up(struct kunit *test)
{
	struct virtio_host *host = memory_host(test, MODERN);
	u64 block_size = 0;

	virtio_host_plug(host);
	shown(test, host, "config");
	KUNIT_EXPECT_TRUE(test, bitmap_empty(host->vdev.fields_used, 256));
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(&host->vdev, VIRTIO_CONFIG_F_DEVICE,
						   &block_size));
	KUNIT_EXPECT_EQ(test, 0x200000, block_size);
	KUNIT_EXPECT_STREQ(test, shown(test, host, "config"), without_node);
}

static struct virtio_host *folder_host(struct kunit *test, u16 tag_len)
{
	struct virtio_host *host =
		virtio_host_create(test, VIRTIO_ID_9P, MODERN | BIT_ULL(VIRTIO_9P_MOUNT_TAG));

	host->config[0] = tag_len & 0xff;
	host->config[1] = tag_len >> 8;
	memcpy(host->config + 2, "share", 5);
	virtio_host_plug(host);
	return host;
}

static void test_bytes(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, shown(test, folder_host(test, 5), "config"),
			   "tag_len: 5\ntag: share\n");
	KUNIT_EXPECT_STREQ(test, shown(test, folder_host(test, 0), "config"), "tag_len: 0\n");
	/* Text of a length that a number has. */
	KUNIT_EXPECT_STREQ(test, shown(test, folder_host(test, 4), "config"),
			   "tag_len: 4\ntag: shar\n");
}

/* A device can't send control characters to the terminal of a reader. */
static void test_text_is_escaped(struct kunit *test)
{
	struct virtio_host *host = folder_host(test, 5);

	memcpy(host->config + 2, "\x1b[1\nx", 5);
	KUNIT_EXPECT_STREQ(test, shown(test, host, "config"),
			   "tag_len: 5\ntag: \\e[1\\nx\n");
	/* It ends where text does. */
	memcpy(host->config + 2, "ab\0cd", 5);
	KUNIT_EXPECT_STREQ(test, shown(test, host, "config"), "tag_len: 5\ntag: ab\n");
}

/* The layout that a driver brings, for as long as it has the device. */
static void test_own_layout(struct kunit *test)
{
	static const struct virtio_layout_field fields[] = {
		{ .name = "speed", .size = 2, .feature = VIRTIO_FIELD_ALWAYS },
		{ .name = "key", .offset = 2, .size = 4, .feature = VIRTIO_FIELD_ALWAYS,
		  .kind = VIRTIO_FIELD_BYTES },
		{ .name = "more", .offset = 6, .size = 1, .feature = 9 },
	};
	static const struct virtio_layout layout = VIRTIO_LAYOUT(fields);
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);

	memcpy(host->config, "\1\1\1\2\3\4\7", 7);
	fake_driver.layout = &layout;
	fake_bind(test, host);
	KUNIT_EXPECT_STREQ(test, shown(test, host, "config"), "speed: 257\nkey: 01:02:03:04\n");
	fake_driver_unregister(test);
	KUNIT_EXPECT_STREQ(test, shown(test, host, "config"), "");
}

/* A length that the structure can't have, and a configuration that never settles. */
static void test_lies(struct kunit *test)
{
	struct virtio_host *host = folder_host(test, 0x101);
	const char *tag;

	memset(host->config + 2, 'x', 254);
	tag = strstr(shown(test, host, "config"), "tag: x");
	KUNIT_ASSERT_NOT_NULL(test, tag);
	KUNIT_EXPECT_EQ(test, strlen("tag: ") + 254 + 1, strlen(tag));
	host->restless = true;
	KUNIT_EXPECT_NOT_NULL(test, strstr(shown(test, host, "config"), "tag_len: 257\n"));
}

static const u8 page[] = {
	VIRTIO_CONFIG_F_FEATURES, 4, 0x01, 0x80, 0, 0,
	VIRTIO_CONFIG_F_VIRTQUEUE, 1, 7,
	VIRTIO_CONFIG_F_DEVICE, 8, 0, 0, 0x20, 0, 0, 0, 0, 0,
	VIRTIO_CONFIG_F_DEVICE + 1, 2, 3, 0,
	VIRTIO_CONFIG_F_DEVICE + 2, 3, 1, 2, 3,
	VIRTIO_CONFIG_F_DEVICE + 60, 4, 4, 3, 2, 1,
	VIRTIO_CONFIG_F_DEVICE + 61, 0,
	0,
};

static void test_page(struct kunit *test)
{
	void *copy = kunit_kmalloc(test, sizeof(page), GFP_KERNEL);
	struct virtio_host *host;
	unsigned int i;
	u64 block_size = 0;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, page, sizeof(page));
	host = virtio_host_create_paged(test, VIRTIO_ID_MEM, copy, sizeof(page));
	virtio_host_plug(host);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_STREQ(test, shown(test, host, "config"),
				   "block_size: 2097152\nnode_id: 3\naddr: 01:02:03\n"
				   "field 0x7d: 16909060\nfield 0x7e:\n");
	KUNIT_EXPECT_MEMEQ(test, copy, page, sizeof(page));
	KUNIT_EXPECT_EQ(test, 0, virtio_config_val(&host->vdev, VIRTIO_CONFIG_F_DEVICE,
						   &block_size));
	KUNIT_EXPECT_EQ(test, 0x200000, block_size);
}

/*
 * Readers and a device that goes.
 */

static struct slow_read {
	struct file *file;
	struct task_struct *reader;
	struct completion reading, go_on;
	struct delayed_work later;
	char contents[FILE_MAX];
	int got;
	bool unplugged, unplugged_early;
} slow;

static int read_slowly(void *unused)
{
	slow.got = read_file(slow.file, slow.contents);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* A device that takes its time to answer the reader. */
static void hold_reader(struct virtio_host *host, enum virtio_host_point point, u64 arg)
{
	if (point != VIRTIO_HOST_GET_STATUS || current != slow.reader)
		return;
	complete(&slow.reading);
	wait_for_completion_timeout(&slow.go_on, 10 * HZ);
}

static void let_reader_go(struct work_struct *work)
{
	slow.unplugged_early = slow.unplugged;
	complete(&slow.go_on);
}

static void start_slow_read(struct kunit *test, struct virtio_host *host)
{
	memset(&slow, 0, sizeof(slow));
	init_completion(&slow.reading);
	init_completion(&slow.go_on);
	INIT_DELAYED_WORK(&slow.later, let_reader_go);
	slow.file = open_file(test, host, "device");
	slow.reader = kthread_create(read_slowly, NULL, "virtio-reader");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, slow.reader);
	host->script = hold_reader;
	wake_up_process(slow.reader);
	KUNIT_EXPECT_NE(test, 0, wait_for_completion_timeout(&slow.reading, 10 * HZ));
}

/* The device stays until the reader has what it came for; the next one gets nothing. */
static void test_removed_under_reader(struct kunit *test)
{
	struct virtio_host *host = memory_host(test, MODERN);

	virtio_host_plug(host);
	start_slow_read(test, host);
	schedule_delayed_work(&slow.later, HZ / 10);
	virtio_host_unplug(host);
	slow.unplugged = true;
	flush_delayed_work(&slow.later);
	kthread_stop(slow.reader);
	KUNIT_EXPECT_FALSE(test, slow.unplugged_early);
	KUNIT_EXPECT_GT(test, slow.got, 0);
	KUNIT_EXPECT_NOT_NULL(test, strstr(slow.contents, "type: memory\n"));
	KUNIT_EXPECT_EQ(test, -EIO, read_file(slow.file, slow.contents));
	fput(slow.file);
}

static struct kunit_case debugfs_cases[] = {
	KUNIT_CASE(test_device),
	KUNIT_CASE(test_device_alone),
	KUNIT_CASE(test_gone),
	KUNIT_CASE(test_features),
	KUNIT_CASE(test_filtered),
	KUNIT_CASE(test_high_bits),
	KUNIT_CASE(test_high_bits_unwanted),
	KUNIT_CASE(test_asked_by_another),
	KUNIT_CASE(test_asked_once),
	KUNIT_CASE(test_structure),
	KUNIT_CASE(test_structure_not_used_up),
	KUNIT_CASE(test_bytes),
	KUNIT_CASE(test_text_is_escaped),
	KUNIT_CASE(test_own_layout),
	KUNIT_CASE(test_lies),
	KUNIT_CASE(test_page),
	KUNIT_CASE(test_removed_under_reader),
	{}
};

static struct kunit_suite debugfs_suite = {
	.name = "virtio-debugfs",
	.init = start,
	.exit = end,
	.test_cases = debugfs_cases,
};

kunit_test_suite(debugfs_suite);
