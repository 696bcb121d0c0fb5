// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the bus and of the status handshake, with a device that notes what
 * was said to it and a driver that does as it is told.
 */
#include <kunit/device.h>
#include <linux/module.h>

#include "fake_device.h"

static const unsigned int feature_table[] = { 3, 5 };
static const struct virtio_device_id any_vendor[] = {
	{ FAKE_ID, VIRTIO_DEV_ANY_ID }, { 0 },
};

static const struct virtio_device_id other_vendor[] = { { FAKE_ID, 0x1234 }, { 0 } };
static const struct virtio_device_id same_vendor[] = { { FAKE_ID, FAKE_VENDOR }, { 0 } };

/* What the driver does, and what it saw. */
static struct {
	int probe_error;
	bool use_bit;
	int used_bits[2];
	bool forget_reset;
	unsigned int probed, removed, changed;
} plan;

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
	return plan.probe_error;
}

static void fake_remove(struct virtio_device *vdev)
{
	plan.removed++;
	if (!plan.forget_reset)
		virtio_reset_device(vdev);
}

static void fake_changed(struct virtio_device *vdev)
{
	plan.changed++;
}

static struct virtio_driver driver;

static int bus_init(struct kunit *test)
{
	memset(&plan, 0, sizeof(plan));
	driver = (struct virtio_driver) {
		.driver.name = "virtio-bus-test",
		.id_table = any_vendor,
		.probe = fake_probe,
		.remove = fake_remove,
		.config_changed = fake_changed,
	};
	return 0;
}

static void unregister(void *drv)
{
	unregister_virtio_driver(drv);
}

static void bind(struct kunit *test, struct fake_device *fake)
{
	KUNIT_ASSERT_EQ(test, 0, register_virtio_driver(&driver));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, unregister, &driver));
	fake_device_register(test, fake);
}

#define MODERN	BIT_ULL(VIRTIO_F_VERSION_1)

static void test_handshake(struct kunit *test)
{
	static const u8 expected[] = { 0, 1, 0, 1, 3, 3 | 8, 3 | 8 | 4 };
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN | BIT_ULL(3));

	driver.feature_table = feature_table;
	driver.feature_table_size = ARRAY_SIZE(feature_table);
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
	KUNIT_ASSERT_EQ(test, 0, register_virtio_driver(&driver));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, unregister, &driver));
	KUNIT_EXPECT_EQ(test, 2, plan.probed);
	KUNIT_EXPECT_EQ(test, 1, plan.used_bits[0]);
}

/* Defect 6: udev learns which module to load. */
static void test_uevent(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);
	struct kobj_uevent_env *env = kunit_kzalloc(test, sizeof(*env), GFP_KERNEL);

	fake_device_register(test, fake);
	KUNIT_ASSERT_EQ(test, 0, fake->vdev.dev.bus->uevent(&fake->vdev.dev, env));
	KUNIT_EXPECT_STREQ(test, env->envp[0], "MODALIAS=virtio:d0000FA4Ev00001AF4");
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

/* Defect 11: the formats that udev rules know. */
static void test_sysfs(struct kunit *test)
{
	static const struct { const char *name, *text; } files[] = {
		{ "device", "0xfa4e\n" }, { "vendor", "0x1af4\n" },
		{ "status", "0x00000001\n" }, { "modalias", "virtio:d0000FA4Ev00001AF4\n" },
	};
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN);
	const struct attribute_group *group;
	char *page;
	int i, j;

	fake_device_register(test, fake);
	group = fake->vdev.dev.bus->dev_groups[0];
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		for (j = 0; group->attrs[j]; j++) {
			struct device_attribute *attr = container_of(group->attrs[j],
								     struct device_attribute, attr);

			if (strcmp(attr->attr.name, files[i].name))
				continue;
			/* sysfs_emit() wants a page of its own */
			page = (char *)get_zeroed_page(GFP_KERNEL);
			attr->show(&fake->vdev.dev, attr, page);
			KUNIT_EXPECT_STREQ(test, page, files[i].text);
			free_page((unsigned long)page);
			break;
		}
		KUNIT_EXPECT_NOT_NULL(test, group->attrs[j]);
	}
}

/* Defect 16: refused features fail the probe before the driver is asked. */
static void test_refused(struct kunit *test)
{
	struct fake_device *fake = fake_device_alloc(test, FAKE_ID, MODERN | BIT_ULL(3));

	driver.feature_table = feature_table;
	driver.feature_table_size = ARRAY_SIZE(feature_table);
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
	KUNIT_CASE(test_register_fails),
	KUNIT_CASE(test_sysfs),
	KUNIT_CASE(test_refused),
	KUNIT_CASE(test_use_bit),
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
