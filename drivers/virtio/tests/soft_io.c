// SPDX-License-Identifier: GPL-2.0
/*
 * I/O memory for tests, over the emulation of UML; see soft_io.h.
 */
#include <linux/irq.h>
#include <linux/logic_iomem.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "soft_io.h"

/* Away from what UML has for PCI devices and platform devices of its own. */
#define BASE	0xa0000000
#define SIZE	SZ_16M

#define WINDOW(number, what) {				\
	.name	= what " of the virtio tests",		\
	.start	= BASE + (number) * SIZE,		\
	.end	= BASE + ((number) + 1) * SIZE - 1,	\
	.flags	= IORESOURCE_MEM,			\
}

static struct resource windows[SOFT_IO_WINDOWS] = {
	[SOFT_IO_PCI]	= WINDOW(SOFT_IO_PCI, "PCI"),
	[SOFT_IO_MMIO]	= WINDOW(SOFT_IO_MMIO, "MMIO"),
};

static struct soft_io *users[SOFT_IO_WINDOWS];

/**
 * struct mapping - what one ioremap() has led to
 * @io: who answers
 * @start: where in its window the mapping begins
 * @size: how far it goes
 */
struct mapping {
	struct soft_io *io;
	u32 start;
	size_t size;
};

static bool strays(struct mapping *m, unsigned int offset, unsigned int width)
{
	if (offset + width <= m->size && IS_ALIGNED(m->start + offset, width))
		return false;
	m->io->strays++;
	return true;
}

static unsigned long read_mapping(void *priv, unsigned int offset, int width)
{
	struct mapping *m = priv;

	return strays(m, offset, width) ? ~0UL : m->io->read(m->io, m->start + offset, width);
}

static void write_mapping(void *priv, unsigned int offset, int width, unsigned long value)
{
	struct mapping *m = priv;

	if (!strays(m, offset, width))
		m->io->write(m->io, m->start + offset, width, value);
}

static void unmap(void *priv)
{
	struct mapping *m = priv;

	m->io->maps--;
	kfree(m);
}

static const struct logic_iomem_ops mapping_ops = {
	.read	= read_mapping,
	.write	= write_mapping,
	.unmap	= unmap,
};

/* An offset is counted from the start of the mapping: so is its limit. */
static long map(enum soft_io_window window, unsigned long offset, size_t size,
		const struct logic_iomem_ops **ops, void **priv)
{
	struct mapping *m;

	if (!users[window])
		return -ENXIO;
	m = kzalloc(sizeof(*m), GFP_KERNEL);
	if (!m)
		return -ENOMEM;
	m->io = users[window];
	m->io->maps++;
	m->start = offset;
	m->size = size;
	*ops = &mapping_ops;
	*priv = m;
	return 0;
}

static long map_pci(unsigned long offset, size_t size, const struct logic_iomem_ops **ops,
		    void **priv)
{
	return map(SOFT_IO_PCI, offset, size, ops, priv);
}

static long map_mmio(unsigned long offset, size_t size, const struct logic_iomem_ops **ops,
		     void **priv)
{
	return map(SOFT_IO_MMIO, offset, size, ops, priv);
}

static const struct logic_iomem_region_ops region_ops[SOFT_IO_WINDOWS] = {
	[SOFT_IO_PCI]	= { .map = map_pci },
	[SOFT_IO_MMIO]	= { .map = map_mmio },
};

/**
 * soft_io_attach - have accesses to a window answered
 * @window: which
 * @io: by whom; until soft_io_detach()
 *
 * The first time a window is used it becomes I/O memory of this kernel, which it
 * stays: the emulation takes nothing back.  So the module stays, too.
 * Context: may sleep.
 * Return: 0 or an error.
 */
int soft_io_attach(enum soft_io_window window, struct soft_io *io)
{
	int err;

	if (!windows[window].parent) {
		err = logic_iomem_add_region(&windows[window], &region_ops[window]);
		if (err)
			return err;
		__module_get(THIS_MODULE);
	}
	users[window] = io;
	return 0;
}

/**
 * soft_io_detach - the other way
 * @window: a window of which nothing is mapped any more
 *
 * Context: any.
 */
void soft_io_detach(enum soft_io_window window)
{
	users[window] = NULL;
}

/**
 * soft_io_resource - where a window lies
 * @window: which; soft_io_attach() has been called
 *
 * Context: any.
 * Return: its place among the I/O memory of this kernel.
 */
struct resource *soft_io_resource(enum soft_io_window window)
{
	return &windows[window];
}

/**
 * soft_io_alloc_line - an interrupt for a device, to be raised by generic_handle_irq_safe()
 *
 * Context: may sleep.
 * Return: its number, to be given back by irq_free_desc(), or an error.
 */
int soft_io_alloc_line(void)
{
	int irq = irq_alloc_desc(NUMA_NO_NODE);

	if (irq >= 0)
		irq_set_chip_and_handler(irq, &dummy_irq_chip, handle_simple_irq);
	return irq;
}
