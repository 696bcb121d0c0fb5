// SPDX-License-Identifier: GPL-2.0
/*
 * A virtio device whose registers are memory, as a device on the virtio bus
 * (virtio 1.3, 4.2.2 and 4.2.4).
 *
 * Features, status, configuration and shared memory: all that is one register after
 * the other.  Called by the core through the configuration operations below; queues
 * are in queues.c.
 */
#include <linux/ioport.h>
#include <linux/virtio_ring.h>

#include "mmio.h"

static u32 read_features(struct vm_device *vm, u32 half)
{
	vm_write(vm, VIRTIO_MMIO_DEVICE_FEATURES_SEL, half);
	return vm_read(vm, VIRTIO_MMIO_DEVICE_FEATURES);
}

/* Those of legacy devices end at 32 bits. */
static u64 get_features(struct virtio_device *vdev)
{
	struct vm_device *vm = to_vm(vdev);
	u64 high = vm->version == VM_LEGACY ? 0 : read_features(vm, 1);

	return high << 32 | read_features(vm, 0);
}

static int finalize_features(struct virtio_device *vdev)
{
	struct vm_device *vm = to_vm(vdev);
	u64 ours = vdev->features & BIT_ULL(VIRTIO_F_RING_RESET);
	int half;

	vring_transport_features(vdev);
	vdev->features |= ours;
	if (vm->version != VM_LEGACY && !__virtio_test_bit(vdev, VIRTIO_F_VERSION_1)) {
		dev_err(&vm->pdev->dev, "features %#llx on modern registers, expected VERSION_1 too\n",
			vdev->features);
		return -EINVAL;
	}
	for (half = 0; half < 2; half++) {
		vm_write(vm, VIRTIO_MMIO_DRIVER_FEATURES_SEL, half);
		vm_write(vm, VIRTIO_MMIO_DRIVER_FEATURES, vdev->features >> 32 * half);
	}
	return 0;
}

static u8 get_status(struct virtio_device *vdev)
{
	return vm_read(to_vm(vdev), VIRTIO_MMIO_STATUS);
}

static void set_status(struct virtio_device *vdev, u8 status)
{
	/* A 0 would be a reset that nobody waits for. */
	if (status)
		vm_write(to_vm(vdev), VIRTIO_MMIO_STATUS, status);
}

/*
 * The first reset of a device of version 2 ends with the write: such a device has none of
 * our addresses yet, and drivers have never waited for it.  The status that is read back
 * with FEATURES_OK shows whether it has followed; virtio_reset_and_agree() waits if not.
 */
static bool is_first_reset(struct vm_device *vm)
{
	bool met = vm->met;

	vm->met = true;
	return vm->version == VM_MODERN && !met;
}

static void reset(struct virtio_device *vdev)
{
	struct vm_device *vm = to_vm(vdev);

	vm_write(vm, VIRTIO_MMIO_STATUS, 0);
	if (is_first_reset(vm)) {
		vdev->reset_unseen = true;
		return;
	}
	if (!virtio_wait_for_reset(vdev) && vm->version == VM_LEGACY)
		/* Each life begins here, and may have forgotten it (virtio 1.3, 4.2.4). */
		vm_write(vm, VIRTIO_MMIO_GUEST_PAGE_SIZE, PAGE_SIZE);
	vm_synchronize_cbs(vdev);
}

/*
 * Configuration
 */

static struct virtio_config_window config_window(const struct vm_device *vm)
{
	return (struct virtio_config_window) {
		.at = vm->base + VIRTIO_MMIO_CONFIG, .len = vm->size - VIRTIO_MMIO_CONFIG,
		.bytewise = vm->version == VM_LEGACY,
	};
}

static void read_config(struct virtio_device *vdev, unsigned int offset, void *buf,
			unsigned int len)
{
	struct virtio_config_window window = config_window(to_vm(vdev));

	virtio_window_read(&window, offset, buf, len);
}

static void write_config(struct virtio_device *vdev, unsigned int offset, const void *buf,
			 unsigned int len)
{
	struct virtio_config_window window = config_window(to_vm(vdev));

	virtio_window_write(&window, offset, buf, len);
}

/* Legacy devices have none. */
static u32 generation(struct virtio_device *vdev)
{
	struct vm_device *vm = to_vm(vdev);

	return vm->version == VM_LEGACY ? 0 : vm_read(vm, VIRTIO_MMIO_CONFIG_GENERATION);
}

/*
 * Shared memory.  The device says where it lies in all of physical memory: where this
 * kernel has its own it does not.
 */

static u64 read_halves(struct vm_device *vm, unsigned int low)
{
	u64 value = vm_read(vm, low);

	return value | (u64)vm_read(vm, low + 4) << 32;
}

static bool get_shm_region(struct virtio_device *vdev, struct virtio_shm_region *region, u8 id)
{
	struct vm_device *vm = to_vm(vdev);
	u64 len, addr;

	if (vm->version == VM_LEGACY)
		return false;
	vm_write(vm, VIRTIO_MMIO_SHM_SEL, id);
	len = read_halves(vm, VIRTIO_MMIO_SHM_LEN_LOW);
	if (len == U64_MAX)
		return false;
	addr = read_halves(vm, VIRTIO_MMIO_SHM_BASE_LOW);
	if (!len || addr + len < addr || addr + len - 1 > PHYS_ADDR_MAX ||
	    region_intersects(addr, len, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
	    REGION_DISJOINT) {
		dev_err(&vm->pdev->dev, "shared memory %u: %llu bytes at %#llx, expected some that are no RAM\n",
			id, len, addr);
		return false;
	}
	region->addr = addr;
	region->len = len;
	return true;
}

static const char *bus_name(struct virtio_device *vdev)
{
	return to_vm(vdev)->pdev->name;
}

const struct virtio_config_ops vm_config_ops = {
	VIRTIO_FIELDS_BY_LAYOUT,
	VIRTIO_QUEUES_ONE_BY_ONE,
	.read			= read_config,
	.write			= write_config,
	.generation		= generation,
	.get_status		= get_status,
	.peek_status		= get_status,
	.set_status		= set_status,
	.reset			= virtio_driver_reset,
	.reset_device		= reset,
	.get_features		= get_features,
	.finalize_features	= finalize_features,
	.find_vqs		= vm_find_vqs,
	.del_vqs		= vm_del_vqs,
	.setup_vq		= vm_setup_vq,
	.teardown_vq		= vm_teardown_vq,
	.synchronize_cbs	= vm_synchronize_cbs,
	.bus_name		= bus_name,
	.get_shm_region		= get_shm_region,
	.disable_vq_and_reset	= vm_disable_vq_and_reset,
	.enable_vq_after_reset	= vm_enable_vq_after_reset,
	.resume_vqs		= vm_resume_vqs,
};
