// SPDX-License-Identifier: GPL-2.0
/*
 * A virtio device whose registers are memory; see mmio_slot.h.
 */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <uapi/linux/virtio_config.h>
#include <uapi/linux/virtio_mmio.h>

#include "mmio_slot.h"
#include "soft_driver.h"

#define LEGACY	BIT(1)
#define MODERN	(BIT(2) | BIT(3))
#define BOTH	(LEGACY | MODERN)

/* Not among the names that user space has. */
#define QUEUE_RESET	0x0c0

/**
 * struct place - where a register is
 * @offset: there
 * @reg: that register
 * @versions: of devices that have it
 * @read: it can be read
 * @write: it can be written
 */
struct place {
	u16 offset;
	enum soft_register reg;
	u8 versions;
	bool read, write;
};

#define R	true, false
#define W	false, true
#define RW	true, true

static const struct place places[] = {
	{ VIRTIO_MMIO_MAGIC_VALUE,		SOFT_MAGIC,		BOTH,	R },
	{ VIRTIO_MMIO_VERSION,			SOFT_VERSION,		BOTH,	R },
	{ VIRTIO_MMIO_DEVICE_ID,		SOFT_DEVICE_ID,		BOTH,	R },
	{ VIRTIO_MMIO_VENDOR_ID,		SOFT_VENDOR_ID,		BOTH,	R },
	{ VIRTIO_MMIO_DEVICE_FEATURES,		SOFT_FEATURES,		BOTH,	R },
	{ VIRTIO_MMIO_DEVICE_FEATURES_SEL,	SOFT_FEATURES_SELECT,	BOTH,	W },
	{ VIRTIO_MMIO_DRIVER_FEATURES,		SOFT_ACCEPTED,		BOTH,	W },
	{ VIRTIO_MMIO_DRIVER_FEATURES_SEL,	SOFT_ACCEPTED_SELECT,	BOTH,	W },
	{ VIRTIO_MMIO_GUEST_PAGE_SIZE,		SOFT_PAGE_SIZE,		LEGACY,	W },
	{ VIRTIO_MMIO_QUEUE_SEL,		SOFT_QUEUE_SELECT,	BOTH,	W },
	{ VIRTIO_MMIO_QUEUE_NUM_MAX,		SOFT_QUEUE_MAX,		BOTH,	R },
	{ VIRTIO_MMIO_QUEUE_NUM,		SOFT_QUEUE_SIZE,	BOTH,	W },
	{ VIRTIO_MMIO_QUEUE_ALIGN,		SOFT_QUEUE_ALIGN,	LEGACY,	W },
	{ VIRTIO_MMIO_QUEUE_PFN,		SOFT_QUEUE_PFN,		LEGACY,	RW },
	{ VIRTIO_MMIO_QUEUE_READY,		SOFT_QUEUE_ENABLE,	MODERN,	RW },
	{ VIRTIO_MMIO_QUEUE_NOTIFY,		SOFT_NOTIFY,		BOTH,	W },
	{ VIRTIO_MMIO_INTERRUPT_STATUS,		SOFT_ISR,		BOTH,	R },
	{ VIRTIO_MMIO_INTERRUPT_ACK,		SOFT_ISR_ACK,		BOTH,	W },
	{ VIRTIO_MMIO_STATUS,			SOFT_STATUS,		BOTH,	RW },
	{ VIRTIO_MMIO_QUEUE_DESC_LOW,		SOFT_QUEUE_DESC_LOW,	MODERN,	W },
	{ VIRTIO_MMIO_QUEUE_DESC_HIGH,		SOFT_QUEUE_DESC_HIGH,	MODERN,	W },
	{ VIRTIO_MMIO_QUEUE_AVAIL_LOW,		SOFT_QUEUE_DRIVER_LOW,	MODERN,	W },
	{ VIRTIO_MMIO_QUEUE_AVAIL_HIGH,		SOFT_QUEUE_DRIVER_HIGH,	MODERN,	W },
	{ VIRTIO_MMIO_QUEUE_USED_LOW,		SOFT_QUEUE_DEVICE_LOW,	MODERN,	W },
	{ VIRTIO_MMIO_QUEUE_USED_HIGH,		SOFT_QUEUE_DEVICE_HIGH,	MODERN,	W },
	{ VIRTIO_MMIO_SHM_SEL,			SOFT_SHM_SELECT,	MODERN,	W },
	{ VIRTIO_MMIO_SHM_LEN_LOW,		SOFT_SHM_LEN_LOW,	MODERN,	R },
	{ VIRTIO_MMIO_SHM_LEN_HIGH,		SOFT_SHM_LEN_HIGH,	MODERN,	R },
	{ VIRTIO_MMIO_SHM_BASE_LOW,		SOFT_SHM_BASE_LOW,	MODERN,	R },
	{ VIRTIO_MMIO_SHM_BASE_HIGH,		SOFT_SHM_BASE_HIGH,	MODERN,	R },
	{ QUEUE_RESET,				SOFT_QUEUE_RESET,	MODERN,	RW },
	{ VIRTIO_MMIO_CONFIG_GENERATION,	SOFT_GENERATION,	MODERN,	R },
};

static bool is_config(u32 offset, unsigned int width)
{
	return offset >= VIRTIO_MMIO_CONFIG &&
	       offset + width <= VIRTIO_MMIO_CONFIG + SOFT_CONFIG_BYTES;
}

static enum soft_register at(struct mmio_slot *slot, u32 offset, unsigned int width, bool write)
{
	u32 version = slot->dev.regs[SOFT_VERSION];
	const struct place *p;

	for (p = places; p < places + ARRAY_SIZE(places); p++)
		if (offset == p->offset && width == 4 && p->versions & BIT(version) &&
		    (write ? p->write : p->read))
			return p->reg;
	slot->io.strays++;
	return SOFT_NONE;
}

static u32 read_register(struct soft_io *io, u32 offset, unsigned int width)
{
	struct mmio_slot *slot = container_of(io, struct mmio_slot, io);

	/* Another device might be there. */
	if (offset >= MMIO_SLOT_SIZE)
		return ~0U;
	if (is_config(offset, width))
		return soft_device_read_config(&slot->dev, offset - VIRTIO_MMIO_CONFIG, width);
	return soft_device_read(&slot->dev, at(slot, offset, width, false));
}

static void write_register(struct soft_io *io, u32 offset, unsigned int width, u32 value)
{
	struct mmio_slot *slot = container_of(io, struct mmio_slot, io);
	enum soft_register reg;

	if (is_config(offset, width)) {
		soft_device_write_config(&slot->dev, offset - VIRTIO_MMIO_CONFIG, width, value);
		return;
	}
	reg = at(slot, offset, width, true);
	if (reg == SOFT_ISR_ACK)
		slot->acknowledged |= value;
	soft_device_write(&slot->dev, reg, value);
}

static void interrupt(struct soft_device *dev, struct soft_queue *queue)
{
	generic_handle_irq_safe(container_of(dev, struct mmio_slot, dev)->irq);
}

/**
 * mmio_slot_init - a device that is honest
 * @slot: the slot; what mmio_slot_open() has set stays
 * @version: 1 for a legacy device, 2 or 3
 * @offered: features, besides VIRTIO_F_VERSION_1 for a modern one
 *
 * Context: any.
 */
void mmio_slot_init(struct mmio_slot *slot, u32 version, u64 offered)
{
	slot->io.read = read_register;
	slot->io.write = write_register;
	slot->io.strays = 0;
	slot->size = MMIO_SLOT_SIZE;
	slot->acknowledged = 0;
	soft_device_init(&slot->dev, version == 1 ? offered :
					    offered | BIT_ULL(VIRTIO_F_VERSION_1));
	slot->dev.regs[SOFT_MAGIC] = 0x74726976;
	slot->dev.regs[SOFT_VERSION] = version;
	slot->dev.regs[SOFT_DEVICE_ID] = SOFT_ID;
	slot->dev.regs[SOFT_VENDOR_ID] = 0x554d4551;
	slot->dev.regs[SOFT_SHM_LEN_LOW] = ~0U;
	slot->dev.regs[SOFT_SHM_LEN_HIGH] = ~0U;
	slot->dev.interrupt = interrupt;
	slot->dev.repeats = true;
}

/**
 * mmio_slot_open - answer at the address, and have an interrupt
 * @slot: the slot
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
int mmio_slot_open(struct mmio_slot *slot)
{
	int err;

	slot->irq = soft_io_alloc_line();
	if (slot->irq < 0)
		return slot->irq;
	err = soft_io_attach(SOFT_IO_MMIO, &slot->io);
	if (err)
		irq_free_desc(slot->irq);
	return err;
}

/**
 * mmio_slot_close - the other way
 * @slot: the slot
 *
 * Context: may sleep.
 */
void mmio_slot_close(struct mmio_slot *slot)
{
	mmio_slot_unplug(slot);
	soft_io_detach(SOFT_IO_MMIO);
	irq_free_desc(slot->irq);
}

/**
 * mmio_slot_plug - have the transport probe the device
 * @test: the test
 * @slot: the slot
 *
 * The platform device has a name that no driver serves, so that this can tell what
 * came of it.
 * Context: may sleep.
 * Return: 0, or the error of its probe.
 */
int mmio_slot_plug(struct kunit *test, struct mmio_slot *slot)
{
	struct device_driver *drv = driver_find("virtio-mmio", &platform_bus_type);
	struct resource res[] = {
		DEFINE_RES_MEM(soft_io_resource(SOFT_IO_MMIO)->start, slot->size),
		DEFINE_RES_IRQ(slot->irq),
	};

	if (!drv)
		kunit_skip(test, "no driver virtio-mmio");
	slot->pdev = platform_device_register_resndata(NULL, "virtio-tests", PLATFORM_DEVID_NONE,
						       res, ARRAY_SIZE(res), NULL, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, slot->pdev);
	return device_driver_attach(drv, &slot->pdev->dev);
}

/**
 * mmio_slot_unplug - take the device away
 * @slot: the slot
 *
 * Context: may sleep.
 */
void mmio_slot_unplug(struct mmio_slot *slot)
{
	if (!IS_ERR_OR_NULL(slot->pdev))
		platform_device_unregister(slot->pdev);
	slot->pdev = NULL;
}
