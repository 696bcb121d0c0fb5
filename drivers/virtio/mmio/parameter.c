// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that are described by a parameter of this module:
 *
 *	virtio_mmio.device=<size>@<address>:<irq>[:<id>]
 *
 * as often as there are devices; see Documentation/admin-guide/kernel-parameters.txt.
 *
 * The parser of parameters calls in before the module is set up: it is not in sysfs yet, and
 * may fail to load.  So a description is only noted here; device.c has all of them registered
 * as platform devices once its driver is there to probe them.  sysfs shows what was described.
 */
#define pr_fmt(fmt) "virtio-mmio: " fmt

#include <kunit/visibility.h>
#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "mmio.h"

/**
 * struct description - a device, by its parameter
 * @node: link in descriptions
 * @start: physical address of its registers
 * @size: bytes of them
 * @irq: its interrupt
 * @id: number of the platform device; the one after the last if none was given
 * @pdev: the platform device, once it is registered
 */
struct description {
	struct list_head node;
	u64 start, size;
	unsigned int irq;
	int id;
	struct platform_device *pdev;
};

/* In the order of the command line. */
static LIST_HEAD(descriptions);
static int next_id;

/* The parent of all described devices; %NULL while there is none. */
static struct device *parent;

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

/*
 * Nonsense is not an error to the parser: it would say so once more, and keep the module
 * from being loaded for the sake of the other devices.
 */
VISIBLE_IF_KUNIT int vm_describe(const char *text, const struct kernel_param *kp)
{
	struct description *d = kzalloc(sizeof(*d), GFP_KERNEL);

	if (!d)
		return -ENOMEM;
	if (!parse(text, d)) {
		pr_err("device=%s: expected <size>@<address>:<irq>[:<id>], with numbers that fit\n",
		       text);
		kfree(d);
		return 0;
	}
	next_id = d->id + 1;
	list_add_tail(&d->node, &descriptions);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vm_describe);

/* In the words in which they can be described. */
VISIBLE_IF_KUNIT int vm_show_described(char *buf, const struct kernel_param *kp)
{
	const struct description *d;
	int len = 0;

	list_for_each_entry(d, &descriptions, node)
		if (d->pdev)
			len += scnprintf(buf + len, PAGE_SIZE - len, "%#llx@%#llx:%u:%d\n",
					 d->size, d->start, d->irq, d->id);
	buf[len] = '\0';
	return len;
}
EXPORT_SYMBOL_IF_KUNIT(vm_show_described);

static int register_one(struct description *d)
{
	struct resource res[] = {
		DEFINE_RES_MEM(d->start, d->size), DEFINE_RES_IRQ(d->irq),
	};
	struct platform_device *pdev;
	struct device *dev = parent ?: root_device_register("virtio-mmio-cmdline");

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	parent = dev;
	pr_info("device virtio-mmio.%d: %llu bytes at %#llx, interrupt %u\n", d->id, d->size,
		d->start, d->irq);
	pdev = platform_device_register_resndata(parent, "virtio-mmio", d->id, res,
						 ARRAY_SIZE(res), NULL, 0);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	d->pdev = pdev;
	return 0;
}

/**
 * vm_register_described - register the devices that the parameter described
 *
 * A device that can't be registered is named; the others are not affected.
 * Context: may sleep.
 */
void vm_register_described(void)
{
	struct description *d;
	int err;

	list_for_each_entry(d, &descriptions, node) {
		err = d->pdev ? 0 : register_one(d);
		if (err)
			pr_err("device=%#llx@%#llx:%u:%d: not registered: %pe\n", d->size, d->start,
			       d->irq, d->id, ERR_PTR(err));
	}
}
EXPORT_SYMBOL_IF_KUNIT(vm_register_described);

/**
 * vm_forget_described - unregister these devices again, and forget the descriptions
 *
 * Context: may sleep.
 */
void vm_forget_described(void)
{
	struct description *d, *next;

	list_for_each_entry_safe(d, next, &descriptions, node) {
		if (d->pdev)
			platform_device_unregister(d->pdev);
		list_del(&d->node);
		kfree(d);
	}
	if (parent)
		root_device_unregister(parent);
	parent = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(vm_forget_described);

/* Also where the module fails to load. */
static void forget_all(void *arg)
{
	vm_forget_described();
}

static const struct kernel_param_ops described_ops = {
	.set = vm_describe,
	.get = vm_show_described,
	.free = forget_all,
};

device_param_cb(device, &described_ops, NULL, 0400);
