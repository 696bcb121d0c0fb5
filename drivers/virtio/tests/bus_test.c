// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the bus: which driver a device gets, what user space is told of it, and
 * what becomes of one that can't be registered or probed.  What happens between
 * probe and remove is in life_test.c.
 */
#include <kunit/device.h>
#include <linux/module.h>

#include "../core.h"
#include "fake_driver.h"

static const struct virtio_device_id other_vendor[] = { { FAKE_ID, 0x1234 }, { 0 } };
static const struct virtio_device_id same_vendor[] = { { FAKE_ID, FAKE_VENDOR }, { 0 } };

static int fake_probe_well(struct virtio_device *vdev)
{
	return 0;
}

/* Defect 1: a driver for another vendor's device is not asked. */
static void test_vendor(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);

	fake_driver.id_table = other_vendor;
	fake_bind(test, host);
	KUNIT_EXPECT_EQ(test, 0, fake_plan.probed);
}

static void test_same_vendor(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);

	fake_driver.id_table = same_vendor;
	fake_bind(test, host);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.probed);
}

/* Defects 5 and 12: removed, reset, and as good as new for the next driver. */
static void test_remove(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN | BIT_ULL(5));

	fake_plan.forget_reset = true;
	fake_plan.use_bit = true;
	fake_bind(test, host);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.used_bits[0]);
	fake_driver_unregister(test);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.removed);
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_ACKNOWLEDGE, host->status);
	KUNIT_EXPECT_EQ(test, 0, host->history[host->writes - 2]);

	fake_plan.used_bits[0] = 0;
	fake_driver_register(test);
	KUNIT_EXPECT_EQ(test, 2, fake_plan.probed);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.used_bits[0]);
}

/* The next driver must not find it. */
static void test_queue_left(struct kunit *test)
{
	struct virtio_host *host = fake_host_with_queue(test, MODERN);

	fake_plan.use_queue = true;
	fake_plan.forget_queue = true;
	fake_bind(test, host);
	KUNIT_ASSERT_NOT_NULL(test, fake_queue.vq);
	fake_driver_unregister(test);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.removed);
	KUNIT_EXPECT_TRUE(test, list_empty(&host->vdev.vqs));

	fake_plan.forget_queue = false;
	fake_queue.vq = NULL;
	fake_driver_register(test);
	KUNIT_EXPECT_EQ(test, 2, fake_plan.probed);
	KUNIT_EXPECT_NOT_NULL(test, fake_queue.vq);
}

/* What the driver core tells user space of a device: the variable @name, or NULL. */
static const char *uevent_of(struct kunit *test, struct virtio_host *host, const char *name)
{
	struct kobj_uevent_env *env = kunit_kzalloc(test, sizeof(*env), GFP_KERNEL);
	struct kobject *kobj = &host->vdev.dev.kobj;
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
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);

	host->vdev.id.vendor = 0xabcdef01;
	virtio_host_plug(host);
	KUNIT_EXPECT_STREQ(test, uevent_of(test, host, "MODALIAS=") ?: "",
			   "MODALIAS=virtio:d0000FA4EvABCDEF01");
	KUNIT_EXPECT_NULL(test, uevent_of(test, host, "DRIVER="));
	fake_driver_register(test);
	KUNIT_EXPECT_STREQ(test, uevent_of(test, host, "DRIVER=") ?: "",
			   "DRIVER=virtio-bus-test");
}

/* Defect 8: the bus hands out indices. */
static void test_index(struct kunit *test)
{
	struct virtio_host *one = virtio_host_create(test, FAKE_ID, MODERN);
	struct virtio_host *two = virtio_host_create(test, FAKE_ID, MODERN);

	virtio_host_plug(one);
	virtio_host_plug(two);
	KUNIT_EXPECT_NE(test, one->vdev.index, two->vdev.index);
}

/* Defects 7 and 9: an error of probe leaves a device that is reset and failed. */
static void test_probe_fails(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);

	fake_plan.probe_error = -ENOMEM;
	fake_bind(test, host);
	KUNIT_EXPECT_EQ(test, 1, fake_plan.probed);
	KUNIT_EXPECT_NULL(test, host->vdev.dev.driver);
	KUNIT_EXPECT_EQ(test, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED, host->status);
}

/* Defect 7: a token is not an error, nor a success; the next driver has its turn. */
static void test_token(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);
	struct virtio_driver second = fake_driver;

	second.driver.name = "virtio-bus-test-2";
	second.probe = fake_probe_well;
	fake_plan.probe_error = 1;
	fake_driver_register(test);
	KUNIT_ASSERT_EQ(test, 0, register_virtio_driver(&second));
	KUNIT_EXPECT_EQ(test, 0, register_virtio_device(&host->vdev));
	KUNIT_EXPECT_EQ(test, 1, fake_plan.probed);
	KUNIT_EXPECT_PTR_EQ(test, host->vdev.dev.driver, &second.driver);
	unregister_virtio_device(&host->vdev);
	unregister_virtio_driver(&second);
}

/* Defect 9: a device that can't be registered is failed, and let go of. */
static void test_register_fails(struct kunit *test)
{
	struct device *parent = kunit_device_register(test, "virtio-bus-test-parent");
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);
	bool released = false;
	struct kobject *squatter;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, parent);
	/* Whose name is taken: the one that the next device would get. */
	virtio_host_plug(host);
	squatter = kobject_create_and_add(dev_name(&host->vdev.dev), &parent->kobj);
	virtio_host_unplug(host);
	KUNIT_ASSERT_NOT_NULL(test, squatter);

	host = virtio_host_create(test, FAKE_ID, MODERN);
	host->released = &released;
	host->vdev.dev.parent = parent;
	KUNIT_EXPECT_EQ(test, -EEXIST, register_virtio_device(&host->vdev));
	KUNIT_EXPECT_TRUE(test, host->status & VIRTIO_CONFIG_S_FAILED);
	put_device(&host->vdev.dev);
	KUNIT_EXPECT_TRUE(test, released);
	kobject_put(squatter);
}

static void free_the_page(void *page)
{
	free_page((unsigned long)page);
}

/* What a file of the device's says; "" if there is no such file. */
static const char *show(struct kunit *test, struct virtio_host *host, const char *name)
{
	struct attribute **attrs = host->vdev.dev.bus->dev_groups[0]->attrs;
	/* sysfs_emit() wants a page of its own */
	char *page = (char *)get_zeroed_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_the_page, page));
	for (; *attrs; attrs++) {
		struct device_attribute *attr = container_of(*attrs, struct device_attribute,
							     attr);

		if (!strcmp(attr->attr.name, name))
			attr->show(&host->vdev.dev, attr, page);
	}
	return page;
}

/* Defect 11: the formats that udev rules know. */
static void test_sysfs(struct kunit *test)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, MODERN);

	virtio_host_plug(host);
	KUNIT_EXPECT_STREQ(test, show(test, host, "device"), "0xfa4e\n");
	KUNIT_EXPECT_STREQ(test, show(test, host, "vendor"), "0x1af4\n");
	KUNIT_EXPECT_STREQ(test, show(test, host, "status"), "0x00000001\n");
	KUNIT_EXPECT_STREQ(test, show(test, host, "modalias"), "virtio:d0000FA4Ev00001AF4\n");
	/* 32 bits are not 16 */
	host->vdev.id.device = 2;
	host->vdev.id.vendor = 0x12345678;
	KUNIT_EXPECT_STREQ(test, show(test, host, "device"), "0x0002\n");
	KUNIT_EXPECT_STREQ(test, show(test, host, "vendor"), "0x12345678\n");
}

/* One character for each of the 128 bits, the lowest first. */
static void test_sysfs_features(struct kunit *test)
{
	static const unsigned int features[] = { 3, 65, 127 };
	struct virtio_host *host = virtio_host_create(test, FAKE_ID,
						     MODERN | BIT_ULL(3) | BIT_ULL(7));
	char expected[VIRTIO_FEATURES_BITS + 2] = { [VIRTIO_FEATURES_BITS] = '\n' };
	unsigned int i;

	fake_driver.feature_table = features;
	fake_driver.feature_table_size = ARRAY_SIZE(features);
	host->offered_array[1] = VIRTIO_BIT(65) | VIRTIO_BIT(66) | VIRTIO_BIT(127);
	fake_bind(test, host);
	memset(expected, '0', VIRTIO_FEATURES_BITS);
	expected[VIRTIO_F_VERSION_1] = '1';
	for (i = 0; i < ARRAY_SIZE(features); i++)
		expected[features[i]] = '1';
	KUNIT_EXPECT_STREQ(test, show(test, host, "features"), expected);
}

static void test_bad_driver(struct kunit *test)
{
	fake_driver.id_table = NULL;
	KUNIT_EXPECT_EQ(test, -EINVAL, register_virtio_driver(&fake_driver));
	fake_driver.id_table = fake_any_vendor;
	fake_driver.feature_table_size = 1;
	KUNIT_EXPECT_EQ(test, -EINVAL, register_virtio_driver(&fake_driver));
}

static struct kunit_case bus_cases[] = {
	KUNIT_CASE(test_vendor),
	KUNIT_CASE(test_same_vendor),
	KUNIT_CASE(test_remove),
	KUNIT_CASE(test_queue_left),
	KUNIT_CASE(test_uevent),
	KUNIT_CASE(test_index),
	KUNIT_CASE(test_probe_fails),
	KUNIT_CASE(test_token),
	KUNIT_CASE(test_register_fails),
	KUNIT_CASE(test_sysfs),
	KUNIT_CASE(test_sysfs_features),
	KUNIT_CASE(test_bad_driver),
	{}
};

static struct kunit_suite bus_suite = {
	.name = "virtio-bus",
	.init = fake_driver_init,
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
