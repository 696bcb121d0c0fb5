// SPDX-License-Identifier: GPL-2.0
/*
 * The platform driver that brings virtio devices whose registers are memory to the
 * virtio bus (virtio 1.3, 4.2.1 and 4.2.3.1).
 *
 * Probe, remove and sleep: what happens to a device as a whole.  Called by the driver
 * core for what a device tree, ACPI, a board or the parameter of parameter.c describes.
 */
#include <linux/acpi.h>
#include <linux/dma-mapping.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "mmio.h"

static void vm_release(struct device *dev)
{
	struct vm_device *vm = to_vm(dev_to_virtio(dev));

	kfree(vm);
}

static struct vm_device *new_device(struct platform_device *pdev)
{
	struct vm_device *vm = kzalloc(sizeof(*vm), GFP_KERNEL);

	if (!vm)
		return NULL;
	vm->pdev = pdev;
	vm->vdev.dev.parent = &pdev->dev;
	vm->vdev.dev.release = vm_release;
	vm->vdev.config = &vm_config_ops;
	INIT_LIST_HEAD(&vm->queues);
	platform_set_drvdata(pdev, vm);
	return vm;
}

static int map_registers(struct vm_device *vm)
{
	struct resource *res;

	vm->base = devm_platform_get_and_ioremap_resource(vm->pdev, 0, &res);
	if (IS_ERR(vm->base))
		return PTR_ERR(vm->base);
	vm->size = resource_size(res);
	if (vm->size >= VM_REGISTERS)
		return 0;
	dev_err(&vm->pdev->dev, "%zu bytes of registers, expected at least %u\n", vm->size,
		VM_REGISTERS);
	return -EINVAL;
}

/* Virtio 1.3, 4.2.3.1.1: in this order, and nothing more of what is no device. */
static int identify(struct vm_device *vm)
{
	struct device *dev = &vm->pdev->dev;
	u32 magic = vm_read(vm, VIRTIO_MMIO_MAGIC_VALUE);

	if (magic != VM_MAGIC) {
		dev_warn(dev, "magic value %#x, expected %#x\n", magic, VM_MAGIC);
		return -ENODEV;
	}
	vm->version = vm_read(vm, VIRTIO_MMIO_VERSION);
	if (vm->version < VM_LEGACY || vm->version > VM_SLOW_RESET) {
		dev_err(dev, "version %u, expected %u to %u\n", vm->version, VM_LEGACY,
			VM_SLOW_RESET);
		return -ENXIO;
	}
	vm->vdev.id.device = vm_read(vm, VIRTIO_MMIO_DEVICE_ID);
	/* A place where there might be a device, on some machines. */
	if (!vm->vdev.id.device)
		return -ENODEV;
	vm->vdev.id.vendor = vm_read(vm, VIRTIO_MMIO_VENDOR_ID);
	return 0;
}

/* Buffers may lie anywhere; a legacy ring is named by a page number of 32 bits. */
static void set_dma_masks(struct vm_device *vm)
{
	struct device *dev = &vm->pdev->dev;
	unsigned int ring = vm->version == VM_LEGACY ? 32 + PAGE_SHIFT : 64;
	int err = dma_set_mask(dev, DMA_BIT_MASK(64));

	if (!err)
		err = dma_set_coherent_mask(dev, DMA_BIT_MASK(ring));
	if (err && dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32)))
		dev_warn(dev, "neither 64-bit nor 32-bit DMA is to be had, going on without\n");
}

static int vm_probe(struct platform_device *pdev)
{
	struct vm_device *vm = new_device(pdev);
	int err;

	if (!vm)
		return -ENOMEM;
	err = map_registers(vm) ?: identify(vm);
	if (err) {
		kfree(vm);
		return err;
	}
	set_dma_masks(vm);
	err = register_virtio_device(&vm->vdev);
	/* The bus may hold a reference: the last one frees it. */
	if (err)
		put_device(&vm->vdev.dev);
	return err;
}

static void vm_remove(struct platform_device *pdev)
{
	struct vm_device *vm = platform_get_drvdata(pdev);

	unregister_virtio_device(&vm->vdev);
}

#ifdef CONFIG_PM_SLEEP
static int vm_freeze(struct device *dev)
{
	struct vm_device *vm = dev_get_drvdata(dev);

	return virtio_device_freeze(&vm->vdev);
}

static int vm_restore(struct device *dev)
{
	struct vm_device *vm = dev_get_drvdata(dev);

	return virtio_device_restore(&vm->vdev);
}
#endif

static const struct dev_pm_ops vm_pm_ops = {
	SET_SYSTEM_SLEEP_PM_OPS(vm_freeze, vm_restore)
};

static const struct of_device_id vm_of_ids[] = {
	{ .compatible = "virtio,mmio" },
	{ }
};
MODULE_DEVICE_TABLE(of, vm_of_ids);

#ifdef CONFIG_ACPI
static const struct acpi_device_id vm_acpi_ids[] = {
	{ "LNRO0005" },
	{ }
};
MODULE_DEVICE_TABLE(acpi, vm_acpi_ids);
#endif

static struct platform_driver vm_driver = {
	.probe		= vm_probe,
	.remove		= vm_remove,
	.driver		= {
		.name			= "virtio-mmio",
		.of_match_table		= vm_of_ids,
		.acpi_match_table	= ACPI_PTR(vm_acpi_ids),
		.pm			= &vm_pm_ops,
	},
};

static int __init vm_init(void)
{
	int err = platform_driver_register(&vm_driver);

	if (err)
		vm_forget_described();
	else
		vm_register_described();
	return err;
}
module_init(vm_init);

static void __exit vm_exit(void)
{
	vm_forget_described();
	platform_driver_unregister(&vm_driver);
}
module_exit(vm_exit);

MODULE_DESCRIPTION("Virtio devices whose registers are memory");
MODULE_LICENSE("GPL");
