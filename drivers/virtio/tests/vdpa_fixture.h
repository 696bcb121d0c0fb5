/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tests of the vDPA transport have in common: soft_device.c behind the operations of a
 * vDPA device, and the driver of soft_driver.c.
 */
#ifndef _VIRTIO_VDPA_FIXTURE_H
#define _VIRTIO_VDPA_FIXTURE_H

#include <kunit/test.h>
#include <linux/vdpa.h>

#include "soft_device.h"

/**
 * struct vdpa_slot - where the device is plugged in
 * @parent: the parent of the vDPA device, which also does its DMA
 * @vdpa: the vDPA device, while it is plugged in
 * @dev: the device
 * @callback: called when a buffer was used, for each queue
 * @changed: called when the configuration changed
 * @silenced: how often the device was told not to call back for a queue
 * @fewest: queues that the driver had at any of these times, at least
 * @masks: sets of CPUs that the device was told of, for a queue each
 * @empty: how many of these named no CPU
 */
struct vdpa_slot {
	struct device *parent;
	struct vdpa_device *vdpa;
	struct soft_device dev;
	struct vdpa_callback callback[SOFT_QUEUES], changed;
	unsigned int silenced, fewest, masks, empty;
};

#define VDPA(test)	((struct vdpa_slot *)(test)->priv)

int vdpa_fixture_init(struct kunit *test);
void vdpa_fixture_exit(struct kunit *test);
int vdpa_fixture_try(struct kunit *test);
void vdpa_fixture_expect_clean(struct kunit *test);
void vdpa_fixture_expect_honest_works(struct kunit *test);

#endif /* _VIRTIO_VDPA_FIXTURE_H */
