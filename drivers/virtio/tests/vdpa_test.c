// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the transport on the vDPA bus, with a vDPA device that notes what it is told.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/vdpa.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

#include "../vdpa_map.h"

#define ID		0x3f
#define QUEUES		8
#define QUEUE_SIZE	4

/**
 * struct soft_vdpa - a vDPA device
 * @vdpa: the device on the vDPA bus
 * @features: what the driver took
 * @status: what the driver last wrote
 * @ready: queues that it may use
 * @silenced: how often it was told not to call back for a queue
 * @fewest: queues that the driver still had at any of these
 * @masks: CPUs that it was told of, for a queue each
 * @empty: how many of these named no CPU
 */
struct soft_vdpa {
	struct vdpa_device vdpa;	/* first, so that it can be freed */
	u64 features;
	u8 status;
	bool ready[QUEUES];
	unsigned int silenced, fewest, masks, empty;
};

/* The driver's side; there is one at a time. */
static struct {
	struct virtio_device *vdev;
	struct virtqueue *vqs[QUEUES];
	int err;
} driven;

static struct soft_vdpa *to_soft(struct vdpa_device *vdpa)
{
	return container_of(vdpa, struct soft_vdpa, vdpa);
}

/*
 * The operations of the device.
 */

static int set_vq_address(struct vdpa_device *vdpa, u16 i, u64 desc, u64 driver, u64 device)
{
	return 0;
}

static void set_vq_num(struct vdpa_device *vdpa, u16 i, u32 num)
{
}

static void kick_vq(struct vdpa_device *vdpa, u16 i)
{
}

static unsigned int queues_left(void)
{
	return driven.vdev ? list_count_nodes(&driven.vdev->vqs) : QUEUES;
}

static void set_vq_cb(struct vdpa_device *vdpa, u16 i, struct vdpa_callback *cb)
{
	struct soft_vdpa *soft = to_soft(vdpa);

	if (cb->callback)
		return;
	soft->silenced++;
	soft->fewest = min(soft->fewest, queues_left());
}

static void set_vq_ready(struct vdpa_device *vdpa, u16 i, bool ready)
{
	to_soft(vdpa)->ready[i] = ready;
}

static bool get_vq_ready(struct vdpa_device *vdpa, u16 i)
{
	return to_soft(vdpa)->ready[i];
}

static int set_vq_state(struct vdpa_device *vdpa, u16 i, const struct vdpa_vq_state *state)
{
	return 0;
}

static u32 get_vq_align(struct vdpa_device *vdpa)
{
	return SMP_CACHE_BYTES;
}

static u64 get_device_features(struct vdpa_device *vdpa)
{
	return BIT_ULL(VIRTIO_F_VERSION_1);
}

static int set_driver_features(struct vdpa_device *vdpa, u64 features)
{
	to_soft(vdpa)->features = features;
	return 0;
}

static u64 get_driver_features(struct vdpa_device *vdpa)
{
	return to_soft(vdpa)->features;
}

static void set_config_cb(struct vdpa_device *vdpa, struct vdpa_callback *cb)
{
}

static u16 get_vq_num_max(struct vdpa_device *vdpa)
{
	return QUEUE_SIZE;
}

static u32 get_device_id(struct vdpa_device *vdpa)
{
	return ID;
}

static u32 get_vendor_id(struct vdpa_device *vdpa)
{
	return 0;
}

static u8 get_status(struct vdpa_device *vdpa)
{
	return to_soft(vdpa)->status;
}

static void set_status(struct vdpa_device *vdpa, u8 status)
{
	to_soft(vdpa)->status = status;
}

static int reset(struct vdpa_device *vdpa)
{
	to_soft(vdpa)->status = 0;
	return 0;
}

static size_t get_config_size(struct vdpa_device *vdpa)
{
	return 0;
}

static void get_config(struct vdpa_device *vdpa, unsigned int at, void *buf, unsigned int len)
{
	memset(buf, 0, len);
}

static void set_config(struct vdpa_device *vdpa, unsigned int at, const void *buf,
		       unsigned int len)
{
}

static int set_vq_affinity(struct vdpa_device *vdpa, u16 i, const struct cpumask *mask)
{
	to_soft(vdpa)->masks++;
	to_soft(vdpa)->empty += cpumask_empty(mask);
	return 0;
}

static const struct vdpa_config_ops ops = {
	.set_vq_address		= set_vq_address,
	.set_vq_num		= set_vq_num,
	.kick_vq		= kick_vq,
	.set_vq_cb		= set_vq_cb,
	.set_vq_ready		= set_vq_ready,
	.get_vq_ready		= get_vq_ready,
	.set_vq_state		= set_vq_state,
	.get_vq_align		= get_vq_align,
	.get_device_features	= get_device_features,
	.set_driver_features	= set_driver_features,
	.get_driver_features	= get_driver_features,
	.set_config_cb		= set_config_cb,
	.get_vq_num_max		= get_vq_num_max,
	.get_device_id		= get_device_id,
	.get_vendor_id		= get_vendor_id,
	.get_status		= get_status,
	.set_status		= set_status,
	.reset			= reset,
	.get_config_size	= get_config_size,
	.get_config		= get_config,
	.set_config		= set_config,
	.set_vq_affinity	= set_vq_affinity,
};

/*
 * The driver.
 */

static void never_called(struct virtqueue *vq)
{
}

static int probe(struct virtio_device *vdev)
{
	struct virtqueue_info infos[QUEUES];
	struct irq_affinity desc = { .pre_vectors = 1 };
	unsigned int i;

	for (i = 0; i < QUEUES; i++)
		infos[i] = (struct virtqueue_info) { .name = "soft", .callback = never_called };
	driven.err = virtio_find_vqs(vdev, QUEUES, driven.vqs, infos, &desc);
	if (!driven.err)
		driven.vdev = vdev;
	return driven.err;
}

static void leave(struct virtio_device *vdev)
{
	virtio_reset_device(vdev);
	vdev->config->del_vqs(vdev);
	driven.vdev = NULL;
}

static const struct virtio_device_id ids[] = {
	{ ID, VIRTIO_DEV_ANY_ID }, { 0 },
};

static struct virtio_driver driver;

static int vdpa_test_init(struct kunit *test)
{
	struct device *parent = kunit_device_register(test, "virtio-vdpa-test");
	struct soft_vdpa *soft;

	if (IS_ERR(parent))
		return PTR_ERR(parent);
	memset(&driven, 0, sizeof(driven));
	driver = (struct virtio_driver) {
		.driver.name = "virtio-vdpa-test", .id_table = ids, .probe = probe, .remove = leave,
	};
	soft = vdpa_alloc_device(struct soft_vdpa, vdpa, parent, &ops, NULL, 1, 1, NULL,
				 false);
	if (IS_ERR(soft))
		return PTR_ERR(soft);
	vdpa_set_dma_device(&soft->vdpa, parent);
	soft->fewest = QUEUES;
	test->priv = soft;
	return register_virtio_driver(&driver);
}

static void vdpa_test_exit(struct kunit *test)
{
	unregister_virtio_driver(&driver);
}

static struct soft_vdpa *plug(struct kunit *test)
{
	struct soft_vdpa *soft = test->priv;

	KUNIT_ASSERT_EQ(test, 0, vdpa_register_device(&soft->vdpa, QUEUES));
	KUNIT_EXPECT_EQ(test, 0, driven.err);
	KUNIT_EXPECT_NOT_NULL(test, driven.vdev);
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_DRIVER_OK, soft->status & VIRTIO_CONFIG_S_DRIVER_OK);
	return soft;
}

/* Callbacks are off for all queues before the first is freed: one wait does for all. */
static void test_one_wait(struct kunit *test)
{
	struct soft_vdpa *soft = plug(test);

	get_device(&soft->vdpa.dev);
	vdpa_unregister_device(&soft->vdpa);
	KUNIT_EXPECT_NULL(test, driven.vdev);
	KUNIT_EXPECT_EQ(test, QUEUES, soft->silenced);
	KUNIT_EXPECT_EQ(test, QUEUES, soft->fewest);
	put_device(&soft->vdpa.dev);
}

/* With fewer CPUs than queues some have none, of which nothing is said. */
static void test_spread(struct kunit *test)
{
	struct soft_vdpa *soft = plug(test);

	KUNIT_EXPECT_EQ(test, min(num_possible_cpus(), QUEUES - 1U), soft->masks);
	KUNIT_EXPECT_EQ(test, 0, soft->empty);
	vdpa_unregister_device(&soft->vdpa);
}

static struct kunit_case vdpa_cases[] = {
	KUNIT_CASE(test_one_wait),
	KUNIT_CASE(test_spread),
	{}
};

static struct kunit_suite vdpa_suite = {
	.name = "virtio-vdpa",
	.init = vdpa_test_init,
	.exit = vdpa_test_exit,
	.test_cases = vdpa_cases,
};

kunit_test_suite(vdpa_suite);
