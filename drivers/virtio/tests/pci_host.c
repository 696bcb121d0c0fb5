// SPDX-License-Identifier: GPL-2.0
/*
 * A PCI bus for tests; see pci_host.h.  What a card is made of is in pci_card.c.
 */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/irqdomain.h>
#include <linux/msi.h>
#include <linux/sizes.h>

#include "pci_host.h"

/* Far from the buses of a machine that has some. */
#define BUS_NUMBER	0x7e

/**
 * struct host - the bus; there is one at a time
 * @io: what answers for BARs
 * @bridge: the host bridge
 * @bus_numbers: the only one that it has
 * @card: what is in the slot, or %NULL
 * @pdev: that, as the PCI core sees it
 * @line: interrupt of the slot
 * @fwnode: names the domain of MSI-X
 * @vectors: interrupt numbers for MSI-X, parent of what the PCI core has for a card
 * @granted: vectors that are allocated
 * @limit: no more than that many are
 * @irq_err: the error of requests for an interrupt by a vector; 0 for none
 * @irq_after: so many requests succeed before
 * @irq_times: so many fail; 0 for all that follow
 * @irqs: requests so far
 */
struct host {
	struct soft_io io;
	struct pci_host_bridge *bridge;
	struct resource bus_numbers;
	struct pci_card *card;
	struct pci_dev *pdev;
	int line;
	struct fwnode_handle *fwnode;
	struct irq_domain *vectors;
	unsigned int granted, limit;
	int irq_err;
	unsigned int irq_after, irq_times, irqs;
};

static struct host host;

/*
 * Configuration space.
 */

static struct pci_card *card_at(unsigned int devfn)
{
	return devfn == PCI_DEVFN(0, 0) && host.card && !host.card->gone ? host.card : NULL;
}

static int read_space(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 *val)
{
	struct pci_card *card = card_at(devfn);
	int i;

	*val = ~0U >> (32 - 8 * size);
	if (card && card->looks && !--card->looks)
		card->gone = true;
	if (!card || card->gone)
		return PCIBIOS_DEVICE_NOT_FOUND;
	if (where + size > sizeof(card->space))
		return PCIBIOS_SUCCESSFUL;
	for (*val = 0, i = 0; i < size; i++) {
		u8 byte = card->space[where + i];

		*val |= (u32)(card->peek ? card->peek(card, where + i, byte) : byte) << 8 * i;
	}
	return PCIBIOS_SUCCESSFUL;
}

static int write_space(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 val)
{
	struct pci_card *card = card_at(devfn);
	int i;

	if (!card)
		return PCIBIOS_DEVICE_NOT_FOUND;
	for (i = 0; i < size && where + i < sizeof(card->space); i++) {
		u8 *byte = &card->space[where + i], mask = card->writable[where + i];

		*byte = (*byte & ~mask) | (val >> 8 * i & mask);
	}
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops ops = {
	.read	= read_space,
	.write	= write_space,
};

/*
 * BARs: found by what the PCI core has written to configuration space.
 */

static int decode(struct pci_card *card, u32 *offset, unsigned int width)
{
	u32 start, addr = soft_io_resource(SOFT_IO_PCI)->start + *offset;
	int bar;

	if (card->space[PCI_COMMAND] & PCI_COMMAND_MEMORY)
		for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
			start = get_unaligned_le32(card->space + PCI_BASE_ADDRESS_0 + 4 * bar);
			if (start & PCI_BASE_ADDRESS_SPACE_IO)
				continue;
			start &= PCI_BASE_ADDRESS_MEM_MASK;
			if (addr < start || addr - start + width > card->bar_size[bar])
				continue;
			*offset = addr - start;
			return bar;
		}
	card->strays++;
	return -ENXIO;
}

static u32 *vector_word(struct pci_card *card, int bar, u32 offset, unsigned int width)
{
	if (!card->vectors || bar != PCI_CARD_MSIX_BAR)
		return NULL;
	return width == 4 && offset < sizeof(card->msix) ? &card->msix[offset / 4] : NULL;
}

static u32 read_bar(struct soft_io *io, u32 offset, unsigned int width)
{
	struct pci_card *card = card_at(PCI_DEVFN(0, 0));
	int bar = card ? decode(card, &offset, width) : -ENXIO;
	u32 *word;

	if (bar < 0)
		return ~0U;
	word = vector_word(card, bar, offset, width);
	return word ? *word : card->read(card, bar, offset, width);
}

static void write_bar(struct soft_io *io, u32 offset, unsigned int width, u32 value)
{
	struct pci_card *card = card_at(PCI_DEVFN(0, 0));
	int bar = card ? decode(card, &offset, width) : -ENXIO;
	u32 *word;

	if (bar < 0)
		return;
	word = vector_word(card, bar, offset, width);
	if (word)
		*word = value;
	else
		card->write(card, bar, offset, width, value);
}

/*
 * Interrupts.
 */

static int map_line(const struct pci_dev *pdev, u8 slot, u8 pin)
{
	return host.line;
}

/* The message is the number of the interrupt: nobody else reads it. */
static void compose_message(struct irq_data *data, struct msi_msg *msg)
{
	msg->address_hi = 0;
	msg->address_lo = 0xfee00000;
	msg->data = data->irq;
}

static struct irq_chip vector_chip = {
	.name			= "virtio tests",
	.irq_compose_msi_msg	= compose_message,
};

static int alloc_vector(struct irq_domain *domain, unsigned int irq, unsigned int count,
			void *arg)
{
	if (host.granted + count > host.limit)
		return -ENOSPC;
	host.granted += count;
	irq_domain_set_info(domain, irq, irq, &vector_chip, NULL, handle_simple_irq, NULL, NULL);
	return 0;
}

static void free_vector(struct irq_domain *domain, unsigned int irq, unsigned int count)
{
	host.granted -= count;
}

static const struct irq_domain_ops vector_ops = {
	.alloc	= alloc_vector,
	.free	= free_vector,
};

/* Where request_irq() learns whether there is anything to interrupt. */
static int take_vector(struct irq_data *data)
{
	unsigned int n = host.irqs++;

	if (n < host.irq_after || (host.irq_times && n >= host.irq_after + host.irq_times))
		return 0;
	return host.irq_err;
}

/* The PCI core makes a domain for each card, above ours. */
static bool adapt_vectors(struct device *dev, struct irq_domain *domain,
			  struct irq_domain *parent, struct msi_domain_info *info)
{
	info->flags |= MSI_FLAG_USE_DEF_DOM_OPS | MSI_FLAG_USE_DEF_CHIP_OPS;
	info->chip->irq_request_resources = take_vector;
	return true;
}

static const struct msi_parent_ops msix_ops = {
	.supported_flags	= MSI_GENERIC_FLAGS_MASK | MSI_FLAG_PCI_MSIX,
	.init_dev_msi_info	= adapt_vectors,
};

static int open_vectors(void)
{
	host.fwnode = irq_domain_alloc_named_fwnode("virtio-tests");
	if (!host.fwnode)
		return -ENOMEM;
	host.vectors = irq_domain_create_tree(host.fwnode, &vector_ops, NULL);
	if (!host.vectors)
		return -ENOMEM;
	host.vectors->flags |= IRQ_DOMAIN_FLAG_MSI_PARENT;
	host.vectors->msi_parent_ops = &msix_ops;
	return 0;
}

static int open_line(void)
{
	host.line = soft_io_alloc_line();
	return host.line < 0 ? host.line : 0;
}

static void close_interrupts(void)
{
	if (host.line > 0)
		irq_free_desc(host.line);
	if (host.vectors)
		irq_domain_remove(host.vectors);
	if (host.fwnode)
		irq_domain_free_fwnode(host.fwnode);
}

/**
 * pci_host_has_msix - has the driver turned MSI-X on?
 *
 * Context: any.
 * Return: %true if so.
 */
bool pci_host_has_msix(void)
{
	return host.pdev && pci_dev_msi_enabled(host.pdev);
}

/**
 * pci_host_line - the interrupt line of the slot
 *
 * Context: any.
 * Return: its number.
 */
unsigned int pci_host_line(void)
{
	return host.line;
}

/**
 * pci_host_limit_vectors - the machine is short of vectors
 * @limit: it has so many
 *
 * Context: any.
 */
void pci_host_limit_vectors(unsigned int limit)
{
	host.limit = limit;
}

/**
 * pci_host_fail_irqs - have requests for an interrupt by a vector fail
 * @err: with this error
 * @after: so many succeed before
 * @times: so many fail; 0 for all that follow
 *
 * Context: any.
 */
void pci_host_fail_irqs(int err, unsigned int after, unsigned int times)
{
	host.irq_err = err;
	host.irq_after = after;
	host.irq_times = times;
	host.irqs = 0;
}

/* The interrupt of a vector, or the line where MSI-X is off; 0 for one that is masked. */
static unsigned int irq_of(unsigned int vector)
{
	struct pci_card *card = card_at(PCI_DEVFN(0, 0));
	const u32 *entry;

	if (!card)
		return 0;
	if (!pci_host_has_msix())
		return host.line;
	if (vector >= card->vectors)
		return 0;
	entry = card->msix + vector * PCI_MSIX_ENTRY_SIZE / sizeof(u32);
	if (entry[PCI_MSIX_ENTRY_VECTOR_CTRL / 4] & PCI_MSIX_ENTRY_CTRL_MASKBIT)
		return 0;
	return entry[PCI_MSIX_ENTRY_DATA / 4];
}

/**
 * pci_host_interrupt - the card interrupts
 * @vector: by this vector; by the line where MSI-X is off
 *
 * Handlers have run when this returns.
 * Context: any.
 */
void pci_host_interrupt(unsigned int vector)
{
	unsigned int irq = irq_of(vector);

	if (irq)
		generic_handle_irq_safe(irq);
}

/**
 * pci_host_unhandled - interrupts that no handler wanted
 * @vector: of this vector; of the line where MSI-X is off
 *
 * Context: any.
 * Return: as many as the interrupt core has counted in a row.
 */
unsigned int pci_host_unhandled(unsigned int vector)
{
	struct irq_data *data = irq_get_irq_data(irq_of(vector));

	return data ? irq_data_to_desc(data)->irqs_unhandled : 0;
}

/*
 * The bus, and what is in its slot.
 */

static int open_bus(void)
{
	struct pci_host_bridge *bridge = pci_alloc_host_bridge(0);
	int err;

	if (!bridge)
		return -ENOMEM;
	host.bus_numbers = (struct resource) {
		.name = "PCI bus of the virtio tests", .flags = IORESOURCE_BUS,
		.start = BUS_NUMBER, .end = BUS_NUMBER,
	};
	pci_add_resource(&bridge->windows, soft_io_resource(SOFT_IO_PCI));
	pci_add_resource(&bridge->windows, &host.bus_numbers);
	bridge->busnr = BUS_NUMBER;
	bridge->ops = &ops;
	bridge->map_irq = map_line;
	dev_set_msi_domain(&bridge->dev, host.vectors);
	err = pci_scan_root_bus_bridge(bridge);
	if (err)
		pci_free_host_bridge(bridge);
	else
		host.bridge = bridge;
	return err;
}

/**
 * pci_host_init - a bus with an empty slot, for the init of a suite
 * @test: the test
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
int pci_host_init(struct kunit *test)
{
	int err;

	memset(&host, 0, sizeof(host));
	host.limit = UINT_MAX;
	host.io.read = read_bar;
	host.io.write = write_bar;
	err = soft_io_attach(SOFT_IO_PCI, &host.io) ?: open_line() ?: open_vectors() ?: open_bus();
	if (err)
		pci_host_exit(test);
	return err;
}

/**
 * pci_host_exit - the other way, for the exit of a suite
 * @test: the test
 *
 * Context: may sleep.
 */
void pci_host_exit(struct kunit *test)
{
	if (host.bridge) {
		pci_host_unplug(test);
		pci_lock_rescan_remove();
		pci_stop_root_bus(host.bridge->bus);
		pci_remove_root_bus(host.bridge->bus);
		pci_unlock_rescan_remove();
	}
	close_interrupts();
	soft_io_detach(SOFT_IO_PCI);
}

/**
 * pci_host_plug - put a card into the slot
 * @test: the test
 * @card: the card; it stays the caller's
 *
 * The PCI core finds it and gives its BARs addresses; no driver is asked until
 * pci_host_bind(), which can tell what came of it.
 * Context: may sleep.
 * Return: what the PCI core found, or %NULL.
 */
struct pci_dev *pci_host_plug(struct kunit *test, struct pci_card *card)
{
	struct pci_bus *bus = host.bridge->bus;
	u16 vendor;

	host.card = card;
	pci_lock_rescan_remove();
	pci_scan_slot(bus, PCI_DEVFN(0, 0));
	host.pdev = pci_get_slot(bus, PCI_DEVFN(0, 0));
	if (host.pdev) {
		pci_bus_assign_resources(bus);
		/* A vendor that no driver serves, for as long as drivers are asked. */
		vendor = host.pdev->vendor;
		host.pdev->vendor = 0;
		pci_bus_add_device(host.pdev);
		host.pdev->vendor = vendor;
	}
	pci_unlock_rescan_remove();
	return host.pdev;
}

/**
 * pci_host_bind - have a driver probe the card
 * @test: the test
 * @driver: its name
 *
 * Context: may sleep.
 * Return: 0, or the error of its probe.
 */
int pci_host_bind(struct kunit *test, const char *driver)
{
	struct device_driver *drv = driver_find(driver, &pci_bus_type);

	if (!drv)
		kunit_skip(test, "no driver %s", driver);
	KUNIT_ASSERT_NOT_NULL(test, host.pdev);
	return device_driver_attach(drv, &host.pdev->dev);
}

/**
 * pci_host_unplug - take the card out again
 * @test: the test
 *
 * Context: may sleep.
 */
void pci_host_unplug(struct kunit *test)
{
	if (host.pdev) {
		pci_stop_and_remove_bus_device_locked(host.pdev);
		pci_dev_put(host.pdev);
	}
	host.pdev = NULL;
	host.card = NULL;
}

/**
 * pci_host_maps - how many mappings of BARs there are
 *
 * Context: any.
 * Return: that.
 */
unsigned int pci_host_maps(void)
{
	return host.io.maps;
}

/**
 * pci_host_strays - accesses that should not have been
 *
 * Context: any.
 * Return: how many there were outside what was mapped, misaligned, or to no BAR.
 */
unsigned int pci_host_strays(void)
{
	return host.io.strays + (host.card ? host.card->strays : 0);
}
