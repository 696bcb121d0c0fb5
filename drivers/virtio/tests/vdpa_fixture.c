// SPDX-License-Identifier: GPL-2.0
/*
 * A virtio device behind the operations of a vDPA device; see vdpa_fixture.h.
 *
 * Each operation is an access to a register of soft_device.c, so that a test may have it lie
 * in the same ways as over registers.
 */
#include <linux/cpumask.h>
#include <linux/dma-mapping.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <uapi/linux/virtio_config.h>

#include "kernel_log.h"
#include "soft_driver.h"
#include "soft_expect.h"
#include "../vdpa_map.h"
#include "vdpa_fixture.h"

/* There is one at a time. */
static struct vdpa_slot *slot;

static u32 read_queue(u16 index, enum soft_register reg)
{
	soft_device_write(&slot->dev, SOFT_QUEUE_SELECT, index);
	return soft_device_read(&slot->dev, reg);
}

static void write_queue(u16 index, enum soft_register reg, u32 value)
{
	soft_device_write(&slot->dev, SOFT_QUEUE_SELECT, index);
	soft_device_write(&slot->dev, reg, value);
}

static void write_address(u16 index, enum soft_register low, u64 addr)
{
	write_queue(index, low, lower_32_bits(addr));
	write_queue(index, low + 1, upper_32_bits(addr));
}

static int set_vq_address(struct vdpa_device *vdpa, u16 index, u64 desc, u64 driver, u64 device)
{
	write_address(index, SOFT_QUEUE_DESC_LOW, desc);
	write_address(index, SOFT_QUEUE_DRIVER_LOW, driver);
	write_address(index, SOFT_QUEUE_DEVICE_LOW, device);
	return 0;
}

static void set_vq_num(struct vdpa_device *vdpa, u16 index, u32 num)
{
	write_queue(index, SOFT_QUEUE_SIZE, num);
}

static void kick_vq(struct vdpa_device *vdpa, u16 index)
{
	soft_device_write(&slot->dev, SOFT_NOTIFY, index);
}

static unsigned int queues_of_driver(void)
{
	return soft_driver.vdev ? list_count_nodes(&soft_driver.vdev->vqs) : SOFT_QUEUES;
}

static void set_vq_cb(struct vdpa_device *vdpa, u16 index, struct vdpa_callback *cb)
{
	slot->callback[index] = *cb;
	if (cb->callback)
		return;
	slot->silenced++;
	slot->fewest = min(slot->fewest, queues_of_driver());
}

static void set_vq_ready(struct vdpa_device *vdpa, u16 index, bool ready)
{
	write_queue(index, SOFT_QUEUE_ENABLE, ready);
}

static bool get_vq_ready(struct vdpa_device *vdpa, u16 index)
{
	return read_queue(index, SOFT_QUEUE_ENABLE);
}

static int set_vq_state(struct vdpa_device *vdpa, u16 index, const struct vdpa_vq_state *state)
{
	return 0;
}

static int get_vq_state(struct vdpa_device *vdpa, u16 index, struct vdpa_vq_state *state)
{
	return -EOPNOTSUPP;
}

static u32 get_vq_align(struct vdpa_device *vdpa)
{
	return SMP_CACHE_BYTES;
}

static u64 get_device_features(struct vdpa_device *vdpa)
{
	return slot->dev.offered;
}

static int set_driver_features(struct vdpa_device *vdpa, u64 features)
{
	slot->dev.accepted = features;
	return 0;
}

static u64 get_driver_features(struct vdpa_device *vdpa)
{
	return slot->dev.accepted;
}

static void set_config_cb(struct vdpa_device *vdpa, struct vdpa_callback *cb)
{
	slot->changed = *cb;
}

static u16 get_vq_num_max(struct vdpa_device *vdpa)
{
	return SOFT_QUEUE_MAX_SIZE;
}

static u32 get_device_id(struct vdpa_device *vdpa)
{
	return SOFT_ID;
}

static u32 get_vendor_id(struct vdpa_device *vdpa)
{
	return 0x554d4551;
}

static u8 get_status(struct vdpa_device *vdpa)
{
	return soft_device_read(&slot->dev, SOFT_STATUS);
}

static void set_status(struct vdpa_device *vdpa, u8 status)
{
	soft_device_write(&slot->dev, SOFT_STATUS, status);
}

static int reset(struct vdpa_device *vdpa)
{
	soft_device_write(&slot->dev, SOFT_STATUS, 0);
	return 0;
}

static size_t get_config_size(struct vdpa_device *vdpa)
{
	return SOFT_CONFIG_BYTES;
}

static void get_config(struct vdpa_device *vdpa, unsigned int offset, void *buf, unsigned int len)
{
	u8 *bytes = buf;
	unsigned int i;

	for (i = 0; i < len; i++)
		bytes[i] = offset + i < SOFT_CONFIG_BYTES ?
			   soft_device_read_config(&slot->dev, offset + i, 1) : 0;
}

static void set_config(struct vdpa_device *vdpa, unsigned int offset, const void *buf,
		       unsigned int len)
{
	const u8 *bytes = buf;
	unsigned int i;

	for (i = 0; i < len && offset + i < SOFT_CONFIG_BYTES; i++)
		soft_device_write_config(&slot->dev, offset + i, 1, bytes[i]);
}

static int set_vq_affinity(struct vdpa_device *vdpa, u16 index, const struct cpumask *mask)
{
	slot->masks++;
	slot->empty += cpumask_empty(mask);
	return 0;
}

static const struct vdpa_config_ops config_ops = {
	.set_vq_address		= set_vq_address,
	.set_vq_num		= set_vq_num,
	.kick_vq		= kick_vq,
	.set_vq_cb		= set_vq_cb,
	.set_vq_ready		= set_vq_ready,
	.get_vq_ready		= get_vq_ready,
	.set_vq_state		= set_vq_state,
	.get_vq_state		= get_vq_state,
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

static void interrupt(struct soft_device *dev, struct soft_queue *queue)
{
	struct vdpa_callback *cb = queue ? &slot->callback[queue - dev->queues] : &slot->changed;
	unsigned long irqs;

	if (!cb->callback)
		return;
	local_irq_save(irqs);
	cb->callback(cb->private);
	local_irq_restore(irqs);
}

static void again(void)
{
	soft_device_init(&slot->dev, BIT_ULL(VIRTIO_F_VERSION_1));
	slot->dev.interrupt = interrupt;
	soft_driver_again();
}

static void unplug(void)
{
	if (slot->vdpa)
		vdpa_unregister_device(slot->vdpa);
	slot->vdpa = NULL;
}

static void leave(struct kunit *test)
{
	slot->dev.gone = true;
}

/**
 * vdpa_fixture_init - an honest device that is not plugged in yet, and a driver
 * @test: the test; its private pointer is the slot
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
int vdpa_fixture_init(struct kunit *test)
{
	int err;

	slot = kunit_kzalloc(test, sizeof(*slot), GFP_KERNEL);
	if (!slot)
		return -ENOMEM;
	slot->fewest = SOFT_QUEUES;
	test->priv = slot;
	slot->parent = root_device_register("virtio-vdpa-tests");
	if (IS_ERR(slot->parent))
		return PTR_ERR(slot->parent);
	soft_place = (struct soft_place) {
		.dev = &slot->dev,
		.try = vdpa_fixture_try,
		.leave = leave,
		.expect_clean = vdpa_fixture_expect_clean,
		.expect_honest_works = vdpa_fixture_expect_honest_works,
	};
	err = soft_driver_init();
	if (err)
		root_device_unregister(slot->parent);
	else
		again();
	return err;
}

/**
 * vdpa_fixture_exit - the other way
 * @test: the test
 *
 * Context: may sleep.
 */
void vdpa_fixture_exit(struct kunit *test)
{
	unplug();
	soft_driver_exit();
	root_device_unregister(slot->parent);
}

/**
 * vdpa_fixture_try - plug the device in and have the transport probe it
 * @test: the test
 *
 * Context: may sleep.
 * Return: 0, or -ENODEV if the transport has refused it; what came of the driver is in
 * soft_driver.
 */
int vdpa_fixture_try(struct kunit *test)
{
	struct vdpa_device *vdpa;

	kernel_log_mark();
	vdpa = __vdpa_alloc_device(slot->parent, &config_ops, NULL, 1, 1, sizeof(*vdpa), NULL,
				   false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, vdpa);
	vdpa_set_dma_device(vdpa, slot->parent);
	slot->vdpa = vdpa;
	KUNIT_ASSERT_EQ(test, 0, vdpa_register_device(vdpa, SOFT_QUEUES));
	return vdpa->dev.driver ? 0 : -ENODEV;
}

/* Nothing is left of a device that is taken away. */
void vdpa_fixture_expect_clean(struct kunit *test)
{
	unplug();
	KUNIT_EXPECT_NULL(test, soft_driver.vdev);
}

/* After that, an honest device works. */
void vdpa_fixture_expect_honest_works(struct kunit *test)
{
	again();
	KUNIT_EXPECT_EQ(test, 0, vdpa_fixture_try(test));
	soft_driver_expect_works(test);
	vdpa_fixture_expect_clean(test);
	kernel_log_expect_quiet(test);
}
