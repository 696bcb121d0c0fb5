// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that are described by a parameter of this module:
 *
 *	virtio_mmio.device=<size>@<address>:<irq>[:<id>]
 *
 * as often as there are devices; see Documentation/admin-guide/kernel-parameters.txt.
 * Each becomes a platform device, which the driver in device.c then probes.  Called
 * by the parser of parameters, and by sysfs for what was described so far.
 */
#define pr_fmt(fmt) "virtio-mmio: " fmt

#include <kunit/visibility.h>
#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/moduleparam.h>

#include "mmio.h"

/**
 * struct description - a device, by its parameter
 * @start: physical address of its registers
 * @size: bytes of them
 * @irq: its interrupt
 * @id: number of the platform device; the one after the last if none was given
 */
struct description {
	u64 start, size;
	unsigned int irq;
	int id;
};

/* What all described devices hang on; %NULL while there is none. */
static struct device *parent;
static int next_id;

static bool skip(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

/* A decimal number up to @most, of no more digits than that can have. */
static bool number(const char **at, unsigned int most, u64 *value)
{
	int len;

	if (!isdigit(**at) || sscanf(*at, "%10llu%n", value, &len) != 1)
		return false;
	*at += len;
	return *value <= most;
}

static bool parse(const char *at, struct description *d)
{
	u64 irq, id = next_id;
	char *end;

	d->size = memparse(at, &end);
	at = end;
	if (!skip(&at, '@'))
		return false;
	d->start = memparse(at, &end);
	if (end == at)
		return false;
	at = end;
	if (!skip(&at, ':') || !number(&at, INT_MAX, &irq) || !irq)
		return false;
	if (skip(&at, ':') && !number(&at, INT_MAX - 1, &id))
		return false;
	d->irq = irq;
	d->id = id;
	return !*at && d->size && d->size <= SIZE_MAX && d->start <= PHYS_ADDR_MAX - (d->size - 1);
}

static int register_described(const struct description *d)
{
	struct resource res[] = {
		DEFINE_RES_MEM(d->start, d->size), DEFINE_RES_IRQ(d->irq),
	};
	struct device *dev = parent ?: root_device_register("virtio-mmio-cmdline");

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	parent = dev;
	next_id = d->id + 1;
	return PTR_ERR_OR_ZERO(platform_device_register_resndata(parent, "virtio-mmio", d->id, res,
								 ARRAY_SIZE(res), NULL, 0));
}

/*
 * An error from here would be told of by the parser once more, and would keep the
 * module from being loaded for the sake of the other devices.
 */
VISIBLE_IF_KUNIT int vm_describe(const char *text, const struct kernel_param *kp)
{
	struct description d;
	int err;

	if (!parse(text, &d)) {
		pr_err("device=%s: expected <size>@<address>:<irq>[:<id>], with numbers that fit\n",
		       text);
		return 0;
	}
	err = register_described(&d);
	if (err)
		pr_err("device=%s: not registered: %pe\n", text, ERR_PTR(err));
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vm_describe);

static int show_one(struct device *dev, void *buf)
{
	struct platform_device *pdev = to_platform_device(dev);
	size_t len = strlen(buf);

	scnprintf(buf + len, PAGE_SIZE - len, "%#llx@%#llx:%llu:%d\n",
		  (u64)resource_size(&pdev->resource[0]), (u64)pdev->resource[0].start,
		  (u64)pdev->resource[1].start, pdev->id);
	return 0;
}

/* In the words in which they can be described. */
VISIBLE_IF_KUNIT int vm_show_described(char *buf, const struct kernel_param *kp)
{
	*buf = '\0';
	if (parent)
		device_for_each_child(parent, buf, show_one);
	return strlen(buf);
}
EXPORT_SYMBOL_IF_KUNIT(vm_show_described);

static const struct kernel_param_ops described_ops = {
	.set = vm_describe,
	.get = vm_show_described,
};

device_param_cb(device, &described_ops, NULL, 0400);

static int forget_one(struct device *dev, void *unused)
{
	platform_device_unregister(to_platform_device(dev));
	return 0;
}

/**
 * vm_forget_described - unregister all devices that the parameter described
 *
 * Context: may sleep.
 */
void vm_forget_described(void)
{
	if (!parent)
		return;
	device_for_each_child(parent, NULL, forget_one);
	root_device_unregister(parent);
	parent = NULL;
}
