// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the bus and of the status handshake, with a device that notes what
 * was said to it and a driver that does as it is told.
 */
#include <kunit/device.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/virtio_ring.h>
#include <linux/wait.h>

#include "../core.h"
#include "fake_device.h"

static const unsigned int feature_table[] = { 3, 5 };
static const struct virtio_device_id any_vendor[] = {
	{ FAKE_ID, VIRTIO_DEV_ANY_ID }, { 0 },
};

static const struct virtio_device_id other_vendor[] = { { FAKE_ID, 0x1234 }, { 0 } };
static const struct virtio_device_id same_vendor[] = { { FAKE_ID, FAKE_VENDOR }, { 0 } };

/* What the driver does, and what it saw. */
static struct {
	int probe_error, freeze_error, restore_error;
	bool use_bit, use_queue;
	int used_bits[2];
	bool forget_reset;
	unsigned int probed, removed, changed, restored;
} plan;

/* The queue of a driver that wants one, the device behind it and who waits for it. */
static struct {
	struct virtqueue *vq;
	u8 status;
	unsigned int kicks, callbacks;
	u8 buf;
	wait_queue_head_t wait;
	struct completion waiting;
	struct task_struct *waiter;
	int waiter_got;
	void *taken_back;
} queue;

static bool count_kick(struct virtqueue *vq)
{
	queue.kicks++;
	return true;
}

static struct virtqueue *setup_vq(struct virtio_device *vdev, unsigned int index,
				  struct virtqueue_info *info)
{
	struct virtqueue *vq;

	if (index)
		return ERR_PTR(-ENOENT);
	vq = vring_create_virtqueue(index, 8, PAGE_SIZE, vdev, true, false, false, count_kick,
				    info->callback, info->name);
	if (!vq)
		return ERR_PTR(-ENOMEM);
	vq->callback = info->used_cb;
	return vq;
}

static struct virtio_config_ops queue_ops;

static struct fake_device *device_with_queue(struct kunit *test, u64 offered)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, offered);

	queue_ops = *fake->vdev.config;
	queue_ops.find_vq = virtio_find_next_vq;
	queue_ops.del_vq = virtio_del_vq;
	queue_ops.setup_vq = setup_vq;
	queue_ops.teardown_vq = vring_del_virtqueue;
	fake->vdev.config = &queue_ops;
	return fake;
}

static bool count_callback(struct virtqueue *vq)
{
	queue.callbacks++;
	return false;
}

static int offer_buf(struct virtqueue *vq)
{
	struct scatterlist sg;

	sg_init_one(&sg, &queue.buf, 1);
	return vq->vq_ops->add_buf(vq, &sg, 0, 1, &queue.buf);
}

/* A reader of the driver's: the device never answers, so only a removal ends this. */
static int wait_for_device(void *vq)
{
	complete(&queue.waiting);
	if (!wait_event_timeout(queue.wait, virtqueue_is_broken(vq), 10 * HZ))
		return -ETIMEDOUT;
	return offer_buf(vq);
}

static int use_queue(struct virtio_device *vdev)
{
	struct virtqueue *vq = vdev->config->find_vq(vdev, count_callback);
	int err;

	if (IS_ERR(vq))
		return PTR_ERR(vq);
	queue.vq = vq;
	queue.status = to_fake(vdev)->status;
	err = offer_buf(vq);
	vq->vq_ops->kick(vq);
	return err;
}

/* As a driver does it whose readers may be asleep. */
static void leave_queue(struct virtio_device *vdev)
{
	struct virtqueue *vq = queue.vq;
	unsigned int len;

	virtio_break_device(vdev);
	wake_up_all(&queue.wait);
	if (queue.waiter)
		queue.waiter_got = kthread_stop(queue.waiter);
	virtio_reset_device(vdev);
	vq->vq_ops->shutdown(vq);
	queue.taken_back = vq->vq_ops->get_buf(vq, &len);
	vdev->config->del_vq(vq);
	queue.vq = NULL;
}

static int fake_probe(struct virtio_device *vdev)
{
	unsigned int len;
	void *token;

	plan.probed++;
	if (plan.use_bit) {
		token = vdev->config->find(vdev, VIRTIO_CONFIG_F_FEATURES, &len);
		plan.used_bits[0] = virtio_use_bit(vdev, token, len, 5);
		plan.used_bits[1] = virtio_use_bit(vdev, token, len, 6);
	}
	return plan.use_queue ? use_queue(vdev) : plan.probe_error;
}

static int probe_well(struct virtio_device *vdev)
{
	return 0;
}

static void fake_remove(struct virtio_device *vdev)
{
	plan.removed++;
	if (queue.vq)
		leave_queue(vdev);
	if (!plan.forget_reset)
		virtio_reset_device(vdev);
}

static void fake_changed(struct virtio_device *vdev)
{
	plan.changed++;
}

static int fake_freeze(struct virtio_device *vdev)
{
	if (!plan.freeze_error)
		virtio_reset_device(vdev);
	return plan.freeze_error;
}

static int fake_restore(struct virtio_device *vdev)
{
	plan.restored++;
	return plan.restore_error;
}

static struct virtio_driver driver;

static int bus_init(struct kunit *test)
{
	memset(&plan, 0, sizeof(plan));
	memset(&queue, 0, sizeof(queue));
	init_waitqueue_head(&queue.wait);
	init_completion(&queue.waiting);
	driver = (struct virtio_driver) {
		.driver.name = "virtio-bus-test",
		.id_table = any_vendor,
		.probe = fake_probe,
		.remove = fake_remove,
		.config_changed = fake_changed,
		.freeze = fake_freeze,
		.restore = fake_restore,
	};
	return 0;
}

static void unregister(void *drv)
{
	unregister_virtio_driver(drv);
}

static void register_driver(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, 0, register_virtio_driver(&driver));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, unregister, &driver));
}

static void bind(struct kunit *test, struct fake_device *fake)
{
	register_driver(test);
	fake_device_register(test, fake);
}

static void with_features(void)
{
	driver.feature_table = feature_table;
	driver.feature_table_size = ARRAY_SIZE(feature_table);
}

#define MODERN	BIT_ULL(VIRTIO_F_VERSION_1)

static void test_handshake(struct kunit *test)
{
	static const u8 expected[] = { 0, 1, 0, 1, 3, 3 | 8, 3 | 8 | 4 };
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN | BIT_ULL(3));

	with_features();
	bind(test, fake);
	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(expected), fake->writes);
	KUNIT_EXPECT_MEMEQ(test, fake->history, expected, sizeof(expected));
	KUNIT_EXPECT_EQ(test, MODERN | BIT_ULL(3), fake->accepted);
}

/* Defect 1: a driver for another vendor's device is not asked. */
static void test_vendor(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);

	driver.id_table = other_vendor;
	bind(test, fake);
	KUNIT_EXPECT_EQ(test, 0, plan.probed);
}

static void test_same_vendor(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);

	driver.id_table = same_vendor;
	bind(test, fake);
	KUNIT_EXPECT_EQ(test, 1, plan.probed);
}

/* Defects 5 and 12: removed, reset, and as good as new for the next driver. */
static void test_remove(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN | BIT_ULL(5));

	plan.forget_reset = true;
	plan.use_bit = true;
	bind(test, fake);
	KUNIT_EXPECT_EQ(test, 1, plan.used_bits[0]);
	kunit_release_action(test, unregister, &driver);
	KUNIT_EXPECT_EQ(test, 1, plan.removed);
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_ACKNOWLEDGE, fake->status);
	KUNIT_EXPECT_EQ(test, 0, fake->history[fake->writes - 2]);

	plan.used_bits[0] = 0;
	register_driver(test);
	KUNIT_EXPECT_EQ(test, 2, plan.probed);
	KUNIT_EXPECT_EQ(test, 1, plan.used_bits[0]);
}

/* What the driver core tells user space of a device: the variable @name, or NULL. */
static const char *uevent_of(struct kunit *test, struct fake_device *fake, const char *name)
{
	struct kobj_uevent_env *env = kunit_kzalloc(test, sizeof(*env), GFP_KERNEL);
	struct kobject *kobj = &fake->vdev.dev.kobj;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, env);
	KUNIT_ASSERT_EQ(test, 0, kobj->kset->uevent_ops->uevent(kobj, env));
	for (i = 0; i < env->envp_idx; i++)
		if (str_has_prefix(env->envp[i], name))
			return env->envp[i];
	return NULL;
}

/* Defect 6: udev learns which module to load, and which driver it became. */
static void test_uevent(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);

	fake->vdev.id.vendor = 0xabcdef01;
	fake_device_register(test, fake);
	KUNIT_EXPECT_STREQ(test, uevent_of(test, fake, "MODALIAS=") ?: "",
			   "MODALIAS=virtio:d0000FA4EvABCDEF01");
	KUNIT_EXPECT_NULL(test, uevent_of(test, fake, "DRIVER="));
	register_driver(test);
	KUNIT_EXPECT_STREQ(test, uevent_of(test, fake, "DRIVER=") ?: "",
			   "DRIVER=virtio-bus-test");
}

/* Defect 8: the bus hands out indices. */
static void test_index(struct kunit *test)
{
	struct fake_device *one = fake_device_alloc(test, FAKE_ID, MODERN);
	struct fake_device *two = fake_device_alloc(test, FAKE_ID, MODERN);

	fake_device_register(test, one);
	fake_device_register(test, two);
	KUNIT_EXPECT_NE(test, one->vdev.index, two->vdev.index);
}

/* Defects 7 and 9: an error of probe leaves a device that is reset and failed. */
static void test_probe_fails(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);

	plan.probe_error = -ENOMEM;
	bind(test, fake);
	KUNIT_EXPECT_EQ(test, 1, plan.probed);
	KUNIT_EXPECT_NULL(test, fake->vdev.dev.driver);
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED, fake->status);
}

/* Defect 7: a token is not an error, nor a success; the next driver has its turn. */
static void test_token(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);
	struct virtio_driver second = driver;

	second.driver.name = "virtio-bus-test-2";
	second.probe = probe_well;
	plan.probe_error = 1;
	register_driver(test);
	KUNIT_ASSERT_EQ(test, 0, register_virtio_driver(&second));
	KUNIT_EXPECT_EQ(test, 0, register_virtio_device(&fake->vdev));
	KUNIT_EXPECT_EQ(test, 1, plan.probed);
	KUNIT_EXPECT_PTR_EQ(test, fake->vdev.dev.driver, &second.driver);
	unregister_virtio_device(&fake->vdev);
	unregister_virtio_driver(&second);
}

/* Defect 9: a device that can't be registered is failed, and let go of. */
static void test_register_fails(struct kunit *test)
{
	struct device *parent = kunit_device_register(test, "virtio-bus-test-parent");
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);
	bool released = false;
	struct kobject *squatter;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, parent);
	/* Whose name is taken: the one that the next device would get. */
	fake_device_register(test, fake);
	squatter = kobject_create_and_add(dev_name(&fake->vdev.dev), &parent->kobj);
	kunit_release_action(test, fake_device_unregister, &fake->vdev);
	KUNIT_ASSERT_NOT_NULL(test, squatter);

	fake = fake_device_alloc(test, FAKE_ID, MODERN);
	fake->released = &released;
	fake->vdev.dev.parent = parent;
	KUNIT_EXPECT_EQ(test, -EEXIST, register_virtio_device(&fake->vdev));
	KUNIT_EXPECT_TRUE(test, fake->status & VIRTIO_CONFIG_S_FAILED);
	put_device(&fake->vdev.dev);
	KUNIT_EXPECT_TRUE(test, released);
	kobject_put(squatter);
}

static void free_the_page(void *page)
{
	free_page((unsigned long)page);
}

/* What a file of the device's says; "" if there is no such file. */
static const char *show(struct kunit *test, struct fake_device *fake, const char *name)
{
	struct attribute **attrs = fake->vdev.dev.bus->dev_groups[0]->attrs;
	/* sysfs_emit() wants a page of its own */
	char *page = (char *)get_zeroed_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_the_page, page));
	for (; *attrs; attrs++) {
		struct device_attribute *attr = container_of(*attrs, struct device_attribute,
							     attr);

		if (!strcmp(attr->attr.name, name))
			attr->show(&fake->vdev.dev, attr, page);
	}
	return page;
}

/* Defect 11: the formats that udev rules know. */
static void test_sysfs(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);

	fake_device_register(test, fake);
	KUNIT_EXPECT_STREQ(test, show(test, fake, "device"), "0xfa4e\n");
	KUNIT_EXPECT_STREQ(test, show(test, fake, "vendor"), "0x1af4\n");
	KUNIT_EXPECT_STREQ(test, show(test, fake, "status"), "0x00000001\n");
	KUNIT_EXPECT_STREQ(test, show(test, fake, "modalias"), "virtio:d0000FA4Ev00001AF4\n");
	/* 32 bits are not 16 */
	fake->vdev.id.device = 2;
	fake->vdev.id.vendor = 0x12345678;
	KUNIT_EXPECT_STREQ(test, show(test, fake, "device"), "0x0002\n");
	KUNIT_EXPECT_STREQ(test, show(test, fake, "vendor"), "0x12345678\n");
}

/* One character for each of the 64 bits, the lowest first. */
static void test_sysfs_features(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID,
						     MODERN | BIT_ULL(3) | BIT_ULL(7));

	with_features();
	bind(test, fake);
	KUNIT_EXPECT_STREQ(test, show(test, fake, "features"),
			   "0001000000000000000000000000000010000000000000000000000000000000\n");
}

/* Defect 16: refused features fail the probe before the driver is asked. */
static void test_refused(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN | BIT_ULL(3));

	with_features();
	fake->refuse_features = true;
	bind(test, fake);
	KUNIT_EXPECT_EQ(test, 0, plan.probed);
	KUNIT_EXPECT_NULL(test, fake->vdev.dev.driver);
	KUNIT_EXPECT_TRUE(test, fake->status & VIRTIO_CONFIG_S_FAILED);
}

/* A driver of the contract agrees in probe; a bit not offered is not to be had. */
static void test_use_bit(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN | BIT_ULL(5));

	plan.use_bit = true;
	bind(test, fake);
	KUNIT_EXPECT_EQ(test, 1, plan.used_bits[0]);
	KUNIT_EXPECT_EQ(test, 0, plan.used_bits[1]);
	KUNIT_EXPECT_EQ(test, MODERN | BIT_ULL(5), fake->accepted);
	KUNIT_EXPECT_TRUE(test, fake->status & VIRTIO_CONFIG_S_DRIVER_OK);
}

/* Defect 16: the first queue settles the features, and what is asked later is not had. */
static void test_first_queue(struct kunit *test)
{
	struct fake_device *fake = device_with_queue(test, MODERN | BIT_ULL(5) | BIT_ULL(6));
	unsigned int len;
	void *token;

	plan.use_queue = true;
	bind(test, fake);
	KUNIT_ASSERT_NOT_NULL(test, queue.vq);
	KUNIT_EXPECT_EQ(test, queue.status, VIRTIO_CONFIG_S_ACKNOWLEDGE |
			VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK);
	KUNIT_EXPECT_EQ(test, MODERN, fake->accepted);
	token = fake->vdev.config->find(&fake->vdev, VIRTIO_CONFIG_F_FEATURES, &len);
	virtio_use_bit(&fake->vdev, token, len, 5);
	KUNIT_EXPECT_EQ(test, MODERN, fake->vdev.features);
	KUNIT_EXPECT_EQ(test, -ENOENT,
			PTR_ERR_OR_ZERO(fake->vdev.config->find_vq(&fake->vdev, NULL)));
}

/* Defect 16: what the device refuses there fails the probe. */
static void test_first_queue_refused(struct kunit *test)
{
	struct fake_device *fake = device_with_queue(test, MODERN);

	plan.use_queue = true;
	fake->refuse_features = true;
	bind(test, fake);
	KUNIT_EXPECT_EQ(test, 1, plan.probed);
	KUNIT_EXPECT_NULL(test, queue.vq);
	KUNIT_EXPECT_NULL(test, fake->vdev.dev.driver);
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED, fake->status);
}

/* Defect 15: what probe kicks is sent once the device is live, and once only. */
static void test_kick_in_probe(struct kunit *test)
{
	struct fake_device *fake = device_with_queue(test, MODERN);
	unsigned int i, live = 0;

	plan.use_queue = true;
	bind(test, fake);
	for (i = 0; i < fake->writes; i++)
		live += !!(fake->history[i] & VIRTIO_CONFIG_S_DRIVER_OK);
	KUNIT_EXPECT_EQ(test, 1, live);
	KUNIT_EXPECT_EQ(test, 1, queue.kicks);
	virtio_device_ready(&fake->vdev);
	KUNIT_EXPECT_EQ(test, 1, queue.kicks);
}

/* A driver goes while somebody waits for its device: nobody hangs, nothing is lost. */
static void test_remove_during_wait(struct kunit *test)
{
	struct fake_device *fake = device_with_queue(test, MODERN);

	plan.use_queue = true;
	bind(test, fake);
	KUNIT_ASSERT_NOT_NULL(test, queue.vq);
	queue.waiter = kthread_run(wait_for_device, queue.vq, "virtio-bus-test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, queue.waiter);
	wait_for_completion(&queue.waiting);

	kunit_release_action(test, unregister, &driver);
	KUNIT_EXPECT_EQ(test, -EIO, queue.waiter_got);
	KUNIT_EXPECT_PTR_EQ(test, (void *)&queue.buf, queue.taken_back);
	KUNIT_EXPECT_EQ(test, 0, queue.callbacks);
	KUNIT_EXPECT_TRUE(test, list_empty(&fake->vdev.vqs));
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_ACKNOWLEDGE, fake->status);
}

#ifdef CONFIG_PM_SLEEP
/* Over a sleep in which the device loses its state, the features stay those agreed. */
static void test_sleep(struct kunit *test)
{
	static const u8 expected[] = { 0, 1, 3, 3 | 8, 3 | 8 | 4 };
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN | BIT_ULL(3));
	unsigned int before;

	with_features();
	bind(test, fake);
	KUNIT_ASSERT_EQ(test, 0, virtio_device_freeze(&fake->vdev));
	virtio_config_changed(&fake->vdev);
	KUNIT_EXPECT_EQ(test, 0, plan.changed);

	fake->accepted = 0;
	fake->offered |= BIT_ULL(5);
	before = fake->writes;
	KUNIT_ASSERT_EQ(test, 0, virtio_device_restore(&fake->vdev));
	KUNIT_EXPECT_EQ(test, 1, plan.restored);
	KUNIT_EXPECT_EQ(test, 1, plan.probed);
	KUNIT_EXPECT_EQ(test, MODERN | BIT_ULL(3), fake->accepted);
	KUNIT_ASSERT_EQ(test, before + ARRAY_SIZE(expected), fake->writes);
	KUNIT_EXPECT_MEMEQ(test, fake->history + before, expected, sizeof(expected));
	/* what changed meanwhile is told now */
	KUNIT_EXPECT_EQ(test, 1, plan.changed);
}

/* A driver that can't sleep goes on as before. */
static void test_freeze_fails(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);
	u8 status;

	bind(test, fake);
	status = fake->status;
	plan.freeze_error = -EBUSY;
	KUNIT_EXPECT_EQ(test, -EBUSY, virtio_device_freeze(&fake->vdev));
	KUNIT_EXPECT_EQ(test, status, fake->status);
	virtio_config_changed(&fake->vdev);
	KUNIT_EXPECT_EQ(test, 1, plan.changed);
}

/* One that does not wake up leaves a device that is reset and failed. */
static void test_restore_fails(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);

	bind(test, fake);
	KUNIT_ASSERT_EQ(test, 0, virtio_device_freeze(&fake->vdev));
	plan.restore_error = -EIO;
	KUNIT_EXPECT_EQ(test, -EIO, virtio_device_restore(&fake->vdev));
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED, fake->status);
	virtio_config_changed(&fake->vdev);
	KUNIT_EXPECT_EQ(test, 0, plan.changed);
}

/* Nor is the driver asked when the device has changed its mind on the features. */
static void test_restore_refused(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);

	bind(test, fake);
	KUNIT_ASSERT_EQ(test, 0, virtio_device_freeze(&fake->vdev));
	fake->refuse_features = true;
	KUNIT_EXPECT_EQ(test, -ENODEV, virtio_device_restore(&fake->vdev));
	KUNIT_EXPECT_EQ(test, 0, plan.restored);
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED, fake->status);
}

/* Without a driver, a device is noticed again and no more; a failed one stays so. */
static void test_sleep_alone(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);

	fake_device_register(test, fake);
	virtio_add_status(&fake->vdev, VIRTIO_CONFIG_S_FAILED);
	KUNIT_EXPECT_EQ(test, 0, virtio_device_freeze(&fake->vdev));
	KUNIT_EXPECT_EQ(test, 0, virtio_device_restore(&fake->vdev));
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED, fake->status);
}
#endif

/* What changed before the driver was there is told once. */
static void test_config_changes(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);

	bind(test, fake);
	virtio_config_changed(&fake->vdev);
	KUNIT_EXPECT_EQ(test, 1, plan.changed);
	virtio_config_driver_disable(&fake->vdev);
	virtio_config_changed(&fake->vdev);
	virtio_config_changed(&fake->vdev);
	KUNIT_EXPECT_EQ(test, 1, plan.changed);
	virtio_config_driver_enable(&fake->vdev);
	KUNIT_EXPECT_EQ(test, 2, plan.changed);
	kunit_release_action(test, unregister, &driver);
	virtio_config_changed(&fake->vdev);
	KUNIT_EXPECT_EQ(test, 2, plan.changed);
}

/* Nothing is written to a device that is gone. */
static void test_gone(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);
	unsigned int writes;

	fake_device_register(test, fake);
	writes = fake->writes;
	fake->status = 0xff;
	virtio_add_status(&fake->vdev, VIRTIO_CONFIG_S_DRIVER);
	KUNIT_EXPECT_EQ(test, writes, fake->writes);
}

static void test_bad_driver(struct kunit *test)
{
	driver.id_table = NULL;
	KUNIT_EXPECT_EQ(test, -EINVAL, register_virtio_driver(&driver));
	driver.id_table = any_vendor;
	driver.feature_table_size = 1;
	KUNIT_EXPECT_EQ(test, -EINVAL, register_virtio_driver(&driver));
}

static struct kunit_case bus_cases[] = {
	KUNIT_CASE(test_handshake),
	KUNIT_CASE(test_vendor),
	KUNIT_CASE(test_same_vendor),
	KUNIT_CASE(test_remove),
	KUNIT_CASE(test_uevent),
	KUNIT_CASE(test_index),
	KUNIT_CASE(test_probe_fails),
	KUNIT_CASE(test_token),
	KUNIT_CASE(test_register_fails),
	KUNIT_CASE(test_sysfs),
	KUNIT_CASE(test_sysfs_features),
	KUNIT_CASE(test_refused),
	KUNIT_CASE(test_use_bit),
	KUNIT_CASE(test_first_queue),
	KUNIT_CASE(test_first_queue_refused),
	KUNIT_CASE(test_kick_in_probe),
	KUNIT_CASE(test_remove_during_wait),
#ifdef CONFIG_PM_SLEEP
	KUNIT_CASE(test_sleep),
	KUNIT_CASE(test_freeze_fails),
	KUNIT_CASE(test_restore_fails),
	KUNIT_CASE(test_restore_refused),
	KUNIT_CASE(test_sleep_alone),
#endif
	KUNIT_CASE(test_config_changes),
	KUNIT_CASE(test_gone),
	KUNIT_CASE(test_bad_driver),
	{}
};

static struct kunit_suite bus_suite = {
	.name = "virtio-bus",
	.init = bus_init,
	.test_cases = bus_cases,
};

kunit_test_suite(bus_suite);

#if IS_BUILTIN(CONFIG_VIRTIO_KUNIT_TEST)
/* Defect 14: where the bus can't be registered, the machine goes on without it. */
static void __init test_init_fails(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, -EEXIST, virtio_core_init());
}

static struct kunit_case __refdata init_cases[] = {
	KUNIT_CASE(test_init_fails),
	{}
};

static struct kunit_suite init_suite = {
	.name = "virtio-init",
	.test_cases = init_cases,
};

kunit_test_init_section_suites(&init_suite);
#endif
