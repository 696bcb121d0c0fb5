// SPDX-License-Identifier: GPL-2.0
/*
 * A modern virtio device as a PCI card (virtio 1.3, 4.1); see virtio_card.h.
 */
#include <linux/unaligned.h>

#include "soft_driver.h"
#include "virtio_card.h"

#define REGISTER(member, _reg) {						\
	offsetof(struct virtio_pci_modern_common_cfg, member),			\
	sizeof_field(struct virtio_pci_modern_common_cfg, member), _reg		\
}

static const struct virtio_card_register common[] = {
	REGISTER(cfg.device_feature_select, SOFT_FEATURES_SELECT),
	REGISTER(cfg.device_feature, SOFT_FEATURES),
	REGISTER(cfg.guest_feature_select, SOFT_ACCEPTED_SELECT),
	REGISTER(cfg.guest_feature, SOFT_ACCEPTED),
	REGISTER(cfg.msix_config, SOFT_CONFIG_VECTOR),
	REGISTER(cfg.num_queues, SOFT_NUM_QUEUES),
	REGISTER(cfg.device_status, SOFT_STATUS),
	REGISTER(cfg.config_generation, SOFT_GENERATION),
	REGISTER(cfg.queue_select, SOFT_QUEUE_SELECT),
	REGISTER(cfg.queue_size, SOFT_QUEUE_SIZE),
	REGISTER(cfg.queue_msix_vector, SOFT_QUEUE_VECTOR),
	REGISTER(cfg.queue_enable, SOFT_QUEUE_ENABLE),
	REGISTER(cfg.queue_notify_off, SOFT_QUEUE_NOTIFY_OFF),
	REGISTER(cfg.queue_desc_lo, SOFT_QUEUE_DESC_LOW),
	REGISTER(cfg.queue_desc_hi, SOFT_QUEUE_DESC_HIGH),
	REGISTER(cfg.queue_avail_lo, SOFT_QUEUE_DRIVER_LOW),
	REGISTER(cfg.queue_avail_hi, SOFT_QUEUE_DRIVER_HIGH),
	REGISTER(cfg.queue_used_lo, SOFT_QUEUE_DEVICE_LOW),
	REGISTER(cfg.queue_used_hi, SOFT_QUEUE_DEVICE_HIGH),
	REGISTER(queue_reset, SOFT_QUEUE_RESET),
	REGISTER(admin_queue_index, SOFT_ADMIN_INDEX),
	REGISTER(admin_queue_num, SOFT_ADMIN_NUM),
};

/* One of these, or none: then nobody should have come here. */
enum soft_register virtio_card_find(struct virtio_card *card,
				    const struct virtio_card_register *registers,
				    unsigned int n, u32 offset, unsigned int width)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (offset == registers[i].offset && width == registers[i].width)
			return registers[i].reg;
	card->pci.strays++;
	return SOFT_NONE;
}

/* @at: where in the configuration, if that is what is read. */
u32 virtio_card_read(struct virtio_card *card, enum soft_register reg, u32 at,
		     unsigned int width)
{
	u32 value;

	if (reg == SOFT_CONFIG)
		value = soft_device_read_config(&card->dev, at, width);
	else
		value = soft_device_read(&card->dev, reg);
	/* Reading takes the line down. */
	if (reg == SOFT_ISR)
		card->dev.regs[SOFT_ISR] = 0;
	card->pci.gone = card->dev.gone;
	return value;
}

/* The other way. */
void virtio_card_write(struct virtio_card *card, enum soft_register reg, u32 at,
		       unsigned int width, u32 value)
{
	if (reg == SOFT_CONFIG)
		soft_device_write_config(&card->dev, at, width, value);
	else
		soft_device_write(&card->dev, reg, value);
	card->pci.gone = card->dev.gone;
}

void virtio_card_interrupt(struct soft_device *dev, struct soft_queue *queue)
{
	pci_host_interrupt(queue ? queue->regs[SOFT_QUEUE_VECTOR] : dev->regs[SOFT_CONFIG_VECTOR]);
}

/* Which register an access is to; SOFT_NONE for one that is to none. */
static enum soft_register at(struct virtio_card *card, u32 offset, unsigned int width)
{
	if (offset == VIRTIO_CARD_ISR && width == 1)
		return SOFT_ISR;
	if (offset >= VIRTIO_CARD_NOTIFY && width <= 4)
		return SOFT_NOTIFY;
	if (offset >= VIRTIO_CARD_DEVICE &&
	    offset + width <= VIRTIO_CARD_DEVICE + SOFT_CONFIG_BYTES)
		return SOFT_CONFIG;
	return virtio_card_find(card, common, ARRAY_SIZE(common), offset, width);
}

static u32 read_register(struct pci_card *pci, unsigned int bar, u32 offset, unsigned int width)
{
	struct virtio_card *card = container_of(pci, struct virtio_card, pci);

	return virtio_card_read(card, at(card, offset, width), offset - VIRTIO_CARD_DEVICE,
				width);
}

static void write_register(struct pci_card *pci, unsigned int bar, u32 offset,
			   unsigned int width, u32 value)
{
	struct virtio_card *card = container_of(pci, struct virtio_card, pci);

	virtio_card_write(card, at(card, offset, width), offset - VIRTIO_CARD_DEVICE, width,
			  value);
}

/**
 * virtio_card_structure - add the capability of a structure
 * @card: the card
 * @type: VIRTIO_PCI_CAP_*
 * @offset: in VIRTIO_CARD_BAR
 * @length: bytes
 *
 * That of the place for notifications has a multiplier of 4.
 * Context: any.
 * Return: where it lies in configuration space.
 */
u8 virtio_card_structure(struct virtio_card *card, u8 type, u32 offset, u32 length)
{
	struct virtio_pci_notify_cap body = {
		.cap = {
			.cap_len = type == VIRTIO_PCI_CAP_NOTIFY_CFG ? sizeof(body) :
								       sizeof(body.cap),
			.cfg_type = type,
			.bar = VIRTIO_CARD_BAR,
			.offset = cpu_to_le32(offset),
			.length = cpu_to_le32(length),
		},
		.notify_off_multiplier = cpu_to_le32(4),
	};

	return pci_card_capability(&card->pci, PCI_CAP_ID_VNDR, (u8 *)&body + 2,
				   body.cap.cap_len - 2);
}

/**
 * virtio_card_init - a card that is honest
 * @card: the card
 * @offered: features, besides VIRTIO_F_VERSION_1
 * @vectors: of MSI-X; 0 for a card without
 *
 * Context: any.
 */
void virtio_card_init(struct virtio_card *card, u64 offered, unsigned int vectors)
{
	pci_card_init(&card->pci, 0x1af4, 0x1040 + SOFT_ID);
	pci_card_bar(&card->pci, VIRTIO_CARD_BAR, VIRTIO_CARD_BAR_SIZE, 0);
	card->pci.read = read_register;
	card->pci.write = write_register;
	if (vectors)
		pci_card_msix(&card->pci, vectors);
	card->common = virtio_card_structure(card, VIRTIO_PCI_CAP_COMMON_CFG, VIRTIO_CARD_COMMON,
					     sizeof(struct virtio_pci_modern_common_cfg));
	card->isr = virtio_card_structure(card, VIRTIO_PCI_CAP_ISR_CFG, VIRTIO_CARD_ISR, 1);
	card->device = virtio_card_structure(card, VIRTIO_PCI_CAP_DEVICE_CFG, VIRTIO_CARD_DEVICE,
					     SOFT_CONFIG_BYTES);
	card->notify = virtio_card_structure(card, VIRTIO_PCI_CAP_NOTIFY_CFG, VIRTIO_CARD_NOTIFY,
					     4 * SOFT_QUEUES);
	soft_device_init(&card->dev, offered | BIT_ULL(VIRTIO_F_VERSION_1));
	card->dev.vectors = vectors;
	card->dev.interrupt = virtio_card_interrupt;
}
