// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to bring up a device on PCI, in accesses to its registers: each of them is
 * an exit of a guest.  Configuration of the device, which drivers read, is not counted.
 */
#include <linux/virtio_config.h>

#include "pci_fixture.h"

/* None that soft_driver.c serves. */
#define COST_ID		(SOFT_ID - 1)
#define MOST_QUEUES	3

/**
 * struct cost - a driver as the tree has one, and what Linux 6.12 takes to bring it up
 * @name: for the log
 * @queues: those that it takes
 * @silent: of these, from the last, without a callback
 * @validates: it looks at features before they are agreed
 * @theirs: accesses of the core of Linux 6.12
 *
 * Counted in the code of 6.12.117: reset, ACKNOWLEDGE 4; DRIVER, features, FEATURES_OK 13;
 * vector for changes 2; DRIVER_OK, and whether the driver has set it 3.  For each queue:
 * number of queues 1, size 2, enabled 2, size 2, addresses 7, place for notifications 2,
 * vector 3 if it has a callback, enable 2.  (make bench ONLY=probe counts the same from
 * outside, in QEMU's trace.)
 */
struct cost {
	const char *name;
	unsigned int queues, silent;
	bool validates;
	unsigned int theirs;
};

static const struct cost costs[] = {
	{ "disk with 2 queues", 2, 0, false, 4 + 13 + 2 + 3 + 2 * 21 },
	{ "card with 3 queues", 3, 1, true, 4 + 13 + 2 + 3 + 3 * 21 - 3 },
};

static void describe_cost(const struct cost *cost, char *desc)
{
	strscpy(desc, cost->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(cost, costs, describe_cost);

static const struct cost *driven;
static struct virtqueue *vqs[MOST_QUEUES];
static int probed;

static void never_called(struct virtqueue *vq)
{
}

static int cost_probe(struct virtio_device *vdev)
{
	struct virtqueue_info infos[MOST_QUEUES] = { };
	unsigned int i;

	for (i = 0; i < driven->queues; i++)
		infos[i] = (struct virtqueue_info) {
			.name = "cost",
			.callback = i < driven->queues - driven->silent ? never_called : NULL,
		};
	probed = virtio_find_vqs(vdev, driven->queues, vqs, infos, NULL);
	if (!probed)
		virtio_device_ready(vdev);
	return probed;
}

static void cost_remove(struct virtio_device *vdev)
{
	virtio_reset_device(vdev);
	vdev->config->del_vqs(vdev);
}

static int cost_validate(struct virtio_device *vdev)
{
	return 0;
}

static void test_cost(struct kunit *test)
{
	static const struct virtio_device_id ids[] = { { COST_ID, VIRTIO_DEV_ANY_ID }, { 0 } };
	static const unsigned int features[] = { VIRTIO_F_VERSION_1 };
	static struct virtio_driver driver;
	struct virtio_card *card = CARD(test);

	driven = test->param_value;
	probed = -ENODEV;
	driver = (struct virtio_driver) {
		.driver.name = "virtio-cost-test",
		.id_table = ids,
		.feature_table = features,
		.feature_table_size = ARRAY_SIZE(features),
		.probe = cost_probe,
		.remove = cost_remove,
		.validate = driven->validates ? cost_validate : NULL,
	};
	pci_card_set(&card->pci, PCI_DEVICE_ID, 2, 0x1040 + COST_ID);
	KUNIT_ASSERT_EQ(test, 0, register_virtio_driver(&driver));
	KUNIT_EXPECT_EQ(test, 0, pci_fixture_try(test));
	KUNIT_EXPECT_EQ(test, 0, probed);
	kunit_info(test, "%u accesses, %u in Linux 6.12", card->dev.accesses, driven->theirs);
	KUNIT_EXPECT_GT(test, card->dev.accesses, 0);
	KUNIT_EXPECT_LE(test, 100 * card->dev.accesses, 80 * driven->theirs);
	pci_fixture_expect_clean(test);
	unregister_virtio_driver(&driver);
}

static struct kunit_case pci_cost_cases[] = {
	KUNIT_CASE_PARAM(test_cost, cost_gen_params),
	{}
};

static struct kunit_suite pci_cost_suite = {
	.name = "virtio-pci-cost",
	.init = pci_fixture_init,
	.exit = pci_fixture_exit,
	.test_cases = pci_cost_cases,
};

kunit_test_suite(pci_cost_suite);
