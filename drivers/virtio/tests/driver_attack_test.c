// SPDX-License-Identifier: GPL-2.0
/*
 * Unmodified drivers of the tree on a device whose configuration makes no sense.
 *
 * What a driver makes of a value is its own affair, and its check stands: it takes
 * the device or fails, and leaves nothing behind.  The core's part is that nothing
 * is read beyond what there is, and that the next device, an honest one, works.
 */
#include <linux/blkdev.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_net.h>

#include "host.h"
#include "page_host.h"

#define MODERN	BIT_ULL(VIRTIO_F_VERSION_1)

/**
 * struct nonsense - a value that makes none
 * @name: for the log
 * @features: that let the driver read it
 * @offset: where it lies
 * @width: bytes
 * @value: the value
 * @taken: the driver takes the device all the same
 */
struct nonsense {
	const char *name;
	u64 features;
	unsigned int offset, width;
	u64 value;
	bool taken;
};

#define NONSENSE(type, member, bits, what, val, ok)		\
	{							\
		.name = what,					\
		.features = bits,				\
		.offset = offsetof(struct type, member),	\
		.width = sizeof_field(struct type, member),	\
		.value = val,					\
		.taken = ok,					\
	}

static void describe(const struct nonsense *nonsense, char *desc)
{
	strscpy(desc, nonsense->name, KUNIT_PARAM_DESC_SIZE);
}

/* A disk of zeros, and whatever else is asked of it. */
static u32 serve_disk(struct virtio_host *host, struct virtio_host_buf *buf)
{
	u32 done = 0;
	unsigned int i;

	for (i = 0; i < buf->n; i++) {
		if (!buf->segment[i].writable)
			continue;
		memset(buf->segment[i].bytes, 0, buf->segment[i].len);
		done += buf->segment[i].len;
	}
	return done;
}

static struct virtio_host *disk(struct kunit *test, u64 features)
{
	struct virtio_host *host = virtio_host_create(test, VIRTIO_ID_BLOCK, MODERN | features);

	host->config[offsetof(struct virtio_blk_config, capacity)] = 8;
	virtio_host_serve(host, virtio_host_add_queue(host, 16), serve_disk);
	return host;
}

/* A receive queue, one to send, and one for control, which refuses everything. */
static u32 serve_control(struct virtio_host *host, struct virtio_host_buf *buf)
{
	u8 status = VIRTIO_NET_ERR;

	return virtio_host_push(buf, &status, sizeof(status));
}

static struct virtio_host *nic(struct kunit *test, u64 features)
{
	struct virtio_host *host = virtio_host_create(test, VIRTIO_ID_NET, MODERN | features);
	int i;

	for (i = 0; i < 3; i++)
		virtio_host_add_queue(host, 16);
	virtio_host_serve(host, 2, serve_control);
	host->config[offsetof(struct virtio_net_config, max_virtqueue_pairs)] = 1;
	return host;
}

static void expect(struct kunit *test, struct virtio_host *host, bool taken)
{
	struct virtio_device *vdev;

	virtio_host_plug(host);
	vdev = virtio_host_vdev(host);
	KUNIT_EXPECT_EQ(test, taken, !!vdev->dev.driver);
	KUNIT_EXPECT_EQ(test, taken, !!(host->status & VIRTIO_CONFIG_S_DRIVER_OK));
	KUNIT_EXPECT_EQ(test, !taken, !!(host->status & VIRTIO_CONFIG_S_FAILED));
	KUNIT_EXPECT_EQ(test, !taken, list_empty(&vdev->vqs));
	virtio_host_unplug(host);
	KUNIT_EXPECT_NULL(test, host->queue[0].vq);
}

static void attack(struct kunit *test,
		   struct virtio_host *(*make)(struct kunit *test, u64 features), bool there)
{
	const struct nonsense *nonsense = test->param_value;
	struct virtio_host *host;
	__le64 value = cpu_to_le64(nonsense->value);

	if (!there)
		kunit_skip(test, "the kernel has no such driver");
	host = make(test, nonsense->features);
	memcpy(host->config + nonsense->offset, &value, nonsense->width);
	expect(test, host, nonsense->taken);
	expect(test, make(test, 0), true);
}

#define DISK(member, bits, what, val, ok)	\
	NONSENSE(virtio_blk_config, member, bits, what, val, ok)
#define HAS_BLK_SIZE	BIT_ULL(VIRTIO_BLK_F_BLK_SIZE)
#define HAS_SEG_MAX	BIT_ULL(VIRTIO_BLK_F_SEG_MAX)

static const struct nonsense disks[] = {
	DISK(blk_size, HAS_BLK_SIZE, "block size 0", 0, true),
	DISK(blk_size, HAS_BLK_SIZE, "block size 1", 1, false),
	DISK(blk_size, HAS_BLK_SIZE, "block size no power of two", 513, false),
	DISK(blk_size, HAS_BLK_SIZE, "block size over a page", 2 * PAGE_SIZE, false),
	DISK(blk_size, HAS_BLK_SIZE, "block size all ones", U32_MAX, false),
	DISK(capacity, 0, "capacity 0", 0, true),
	DISK(capacity, 0, "capacity all ones", U64_MAX, true),
	DISK(seg_max, HAS_SEG_MAX, "segments 0", 0, true),
	DISK(seg_max, HAS_SEG_MAX, "segments all ones", U32_MAX, true),
	DISK(num_queues, BIT_ULL(VIRTIO_BLK_F_MQ), "queues 0", 0, false),
};

KUNIT_ARRAY_PARAM(disk, disks, describe);

static void test_disk(struct kunit *test)
{
	attack(test, disk, IS_ENABLED(CONFIG_VIRTIO_BLK));
}

#define NIC(member, bits, what, val, ok)	\
	NONSENSE(virtio_net_config, member, bits, what, val, ok)
#define HAS_MAC		BIT_ULL(VIRTIO_NET_F_MAC)
#define HAS_MTU		BIT_ULL(VIRTIO_NET_F_MTU)
#define HAS_PAIRS	(BIT_ULL(VIRTIO_NET_F_CTRL_VQ) | BIT_ULL(VIRTIO_NET_F_MQ))

static const struct nonsense nics[] = {
	NIC(mac, HAS_MAC, "a MAC of zeros", 0, true),
	NIC(mac, HAS_MAC, "a MAC of ones", U64_MAX, true),
	NIC(max_virtqueue_pairs, HAS_PAIRS, "pairs 0", 0, true),
	NIC(max_virtqueue_pairs, HAS_PAIRS, "pairs 65535", U16_MAX, true),
	NIC(max_virtqueue_pairs, HAS_PAIRS, "pairs that are not there", 100, false),
	NIC(mtu, HAS_MTU, "MTU 0", 0, true),
	NIC(mtu, HAS_MTU, "MTU 65535", U16_MAX, true),
};

KUNIT_ARRAY_PARAM(nic, nics, describe);

static void test_nic(struct kunit *test)
{
	attack(test, nic, IS_ENABLED(CONFIG_VIRTIO_NET));
}

#define CASES					\
	KUNIT_CASE_PARAM(test_disk, disk_gen_params),	\
	KUNIT_CASE_PARAM(test_nic, nic_gen_params),	\
	{}

static struct kunit_case driver_attack_cases[] = { CASES };
static struct kunit_case page_driver_attack_cases[] = { CASES };

static struct kunit_suite driver_attack_suite = {
	.name = "virtio-driver-attack",
	.test_cases = driver_attack_cases,
};

/* The same from a page, where the driver's offsets are fields. */
static struct kunit_suite page_driver_attack_suite = {
	.name = "virtio-driver-attack-page",
	.init = page_host_init,
	.test_cases = page_driver_attack_cases,
};

kunit_test_suites(&driver_attack_suite, &page_driver_attack_suite);
