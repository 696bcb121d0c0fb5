// SPDX-License-Identifier: GPL-2.0
/*
 * What the tests of the MMIO transport have in common; see mmio_fixture.h.
 */
#include <linux/slab.h>
#include <uapi/linux/virtio_config.h>

#include "mmio_fixture.h"

static void leave(struct kunit *test)
{
	SLOT(test)->dev.gone = true;
}

/**
 * mmio_fixture_init - an honest modern device that is not plugged in yet, and a driver
 * @test: the test; its private pointer is the slot
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
int mmio_fixture_init(struct kunit *test)
{
	struct mmio_slot *slot = kunit_kzalloc(test, sizeof(*slot), GFP_KERNEL);
	int err;

	if (!slot)
		return -ENOMEM;
	test->priv = slot;
	soft_place = (struct soft_place) {
		.dev = &slot->dev,
		.try = mmio_fixture_try,
		.leave = leave,
		.expect_clean = mmio_fixture_expect_clean,
		.expect_honest_works = mmio_fixture_expect_honest_works,
	};
	err = mmio_slot_open(slot);
	if (err)
		return err;
	err = soft_driver_init();
	if (err)
		mmio_slot_close(slot);
	else
		mmio_fixture_again(test, 2);
	return err;
}

/**
 * mmio_fixture_exit - the other way
 * @test: the test
 *
 * Context: may sleep.
 */
void mmio_fixture_exit(struct kunit *test)
{
	mmio_slot_unplug(SLOT(test));
	soft_driver_exit();
	mmio_slot_close(SLOT(test));
}

/* Another honest device, of this version. */
void mmio_fixture_again(struct kunit *test, u32 version)
{
	mmio_slot_init(SLOT(test), version, SOFT_FEATURES_OWN |
		       (version > 1 ? BIT_ULL(VIRTIO_F_RING_RESET) : 0));
	soft_driver_again();
}

/**
 * mmio_fixture_try - plug the device in and have the transport probe it
 * @test: the test
 *
 * Context: may sleep.
 * Return: 0 or the error of the transport; that of the driver is in soft_driver.
 */
int mmio_fixture_try(struct kunit *test)
{
	kernel_log_mark();
	return mmio_slot_plug(test, SLOT(test));
}

/* Nothing is left of a device that is taken away, and nobody reached beyond it. */
void mmio_fixture_expect_clean(struct kunit *test)
{
	mmio_slot_unplug(SLOT(test));
	KUNIT_EXPECT_EQ(test, 0, SLOT(test)->io.strays);
	KUNIT_EXPECT_EQ(test, 0, SLOT(test)->io.maps);
	KUNIT_EXPECT_NULL(test, soft_driver.vdev);
}

/* After that, an honest device at the same address works. */
void mmio_fixture_expect_honest_works(struct kunit *test)
{
	mmio_fixture_again(test, SLOT(test)->dev.regs[SOFT_VERSION]);
	KUNIT_EXPECT_EQ(test, 0, mmio_fixture_try(test));
	soft_driver_expect_works(test);
	mmio_fixture_expect_clean(test);
	kernel_log_expect_quiet(test);
}
