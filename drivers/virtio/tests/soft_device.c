// SPDX-License-Identifier: GPL-2.0
/*
 * A virtio device as a set of registers; see soft_device.h.
 */
#include <linux/io.h>
#include <linux/string.h>
#include <linux/virtio_config.h>
#include <uapi/linux/virtio_ring.h>

#include "soft_device.h"

/* Virtio 1.3, 2.1: what a device is like after a reset. */
static void reset(struct soft_device *dev)
{
	int i;

	virtio_features_zero(dev->accepted_array);
	dev->regs[SOFT_STATUS] = 0;
	dev->regs[SOFT_ISR] = 0;
	dev->regs[SOFT_PAGE_SIZE] = 0;
	dev->regs[SOFT_CONFIG_VECTOR] = SOFT_NO_VECTOR;
	/* Which queue is selected then is not specified. */
	dev->regs[SOFT_QUEUE_SELECT] = SOFT_QUEUES;
	for (i = 0; i < SOFT_QUEUES; i++) {
		struct soft_queue *q = &dev->queues[i];

		memset(q, 0, sizeof(*q));
		q->regs[SOFT_QUEUE_MAX] = SOFT_QUEUE_MAX_SIZE;
		q->regs[SOFT_QUEUE_SIZE] = SOFT_QUEUE_MAX_SIZE;
		q->regs[SOFT_QUEUE_VECTOR] = SOFT_NO_VECTOR;
		q->regs[SOFT_QUEUE_NOTIFY_OFF] = i;
	}
}

/**
 * soft_device_init - an honest device, reset
 * @dev: the device
 * @offered: features
 *
 * Context: any.
 */
void soft_device_init(struct soft_device *dev, u64 offered)
{
	int i;

	memset(dev, 0, sizeof(*dev));
	dev->offered = offered;
	dev->regs[SOFT_NUM_QUEUES] = SOFT_QUEUES;
	for (i = 0; i < SOFT_CONFIG_BYTES; i++)
		dev->config[i] = i + 1;
	reset(dev);
}

/* %NULL when there is none by the number that was selected. */
static struct soft_queue *selected(struct soft_device *dev)
{
	u32 index = dev->regs[SOFT_QUEUE_SELECT];

	return index < SOFT_QUEUES ? &dev->queues[index] : NULL;
}

/*
 * The device's side of a split ring (virtio 1.3, 2.7).
 */

static void *address(const struct soft_queue *q, enum soft_register low)
{
	return phys_to_virt((u64)q->regs[low + 1] << 32 | q->regs[low]);
}

/* Legacy rings are told by their page, and lie one part behind the other. */
static struct vring ring_of(const struct soft_device *dev, const struct soft_queue *q)
{
	struct vring ring = { .num = q->regs[SOFT_QUEUE_SIZE] };

	if (q->regs[SOFT_QUEUE_PFN]) {
		vring_init(&ring, ring.num,
			   phys_to_virt((u64)q->regs[SOFT_QUEUE_PFN] * dev->regs[SOFT_PAGE_SIZE]),
			   q->regs[SOFT_QUEUE_ALIGN]);
	} else {
		ring.desc = address(q, SOFT_QUEUE_DESC_LOW);
		ring.avail = address(q, SOFT_QUEUE_DRIVER_LOW);
		ring.used = address(q, SOFT_QUEUE_DEVICE_LOW);
	}
	return ring;
}

static u16 le(__virtio16 v)
{
	return le16_to_cpu((__force __le16)v);
}

/* The first segment that the device may write, or %NULL. */
static struct vring_desc *writable(struct vring *ring, u16 at)
{
	static const u16 write = VRING_DESC_F_WRITE, next = VRING_DESC_F_NEXT;
	struct vring_desc *desc = &ring->desc[at];

	while (!(le(desc->flags) & write) && le(desc->flags) & next)
		desc = &ring->desc[le(desc->next)];
	return le(desc->flags) & write ? desc : NULL;
}

/* Each buffer is used by writing a byte. */
static void use_one(struct soft_device *dev, struct vring *ring, u16 head)
{
	u16 used = le(ring->used->idx);
	const struct vring_desc *desc = dev->silent ? NULL : writable(ring, head);

	if (desc)
		*(u8 *)phys_to_virt(le64_to_cpu((__force __le64)desc->addr)) = SOFT_BYTE;
	ring->used->ring[used % ring->num].id = (__force __virtio32)cpu_to_le32(head);
	ring->used->ring[used % ring->num].len = (__force __virtio32)cpu_to_le32(!!desc);
	ring->used->idx = (__force __virtio16)cpu_to_le16(used + 1);
	dev->used++;
}

static void kicked(struct soft_device *dev, u16 index)
{
	struct soft_queue *q;
	struct vring ring;

	if (index >= SOFT_QUEUES)
		return;
	q = &dev->queues[index];
	q->kicks++;
	if (!(dev->regs[SOFT_STATUS] & VIRTIO_CONFIG_S_DRIVER_OK) ||
	    !(q->regs[SOFT_QUEUE_ENABLE] ||
	      (q->regs[SOFT_QUEUE_PFN] && dev->regs[SOFT_PAGE_SIZE])))
		return;
	/* Rings of the other format are not played here. */
	if (dev->accepted & BIT_ULL(VIRTIO_F_RING_PACKED))
		return;
	ring = ring_of(dev, q);
	while (q->seen != le(ring.avail->idx))
		use_one(dev, &ring, le(ring.avail->ring[q->seen++ % ring.num]));
	dev->regs[SOFT_ISR] |= 1;
	dev->interrupt(dev, q);
}

/*
 * Registers.
 */

/* Torn out, in the middle of whatever the driver is at. */
static bool left(struct soft_device *dev)
{
	if (dev->step)
		dev->step(dev);
	dev->accesses++;
	if (dev->leave_after && dev->accesses >= dev->leave_after)
		dev->gone = true;
	return dev->gone;
}

/* Which 32 bits of all features a selector means; behind the last for none. */
static unsigned int selected_part(const struct soft_device *dev, enum soft_register selector)
{
	u32 part = dev->regs[selector];

	return dev->repeats ? !!part : part;
}

static bool is_part(unsigned int part)
{
	return part < 2 * VIRTIO_FEATURES_U64S;
}

static u32 read_part(const u64 *features, unsigned int part)
{
	return is_part(part) ? features[part / 2] >> 32 * (part % 2) : 0;
}

static u32 honest(struct soft_device *dev, enum soft_register reg)
{
	struct soft_queue *q;

	if (reg == SOFT_FEATURES)
		return read_part(dev->offered_array, selected_part(dev, SOFT_FEATURES_SELECT));
	if (reg == SOFT_ACCEPTED)
		return read_part(dev->accepted_array, selected_part(dev, SOFT_ACCEPTED_SELECT));
	if (reg >= SOFT_QUEUE_MAX) {
		q = selected(dev);
		return q ? q->regs[reg] : 0;
	}
	return dev->regs[reg];
}

static u32 lied(struct soft_device *dev, enum soft_register reg, u32 value)
{
	/* Of a queue that is not there only @twist tells lies. */
	bool there = reg < SOFT_QUEUE_MAX || selected(dev);
	unsigned int n = there ? dev->reads[reg]++ : 0;

	if (there && reg == dev->lie.reg && n >= dev->lie.after &&
	    (!dev->lie.times || n < dev->lie.after + dev->lie.times))
		value = dev->lie.value;
	return dev->twist ? dev->twist(dev, reg, value) : value;
}

/**
 * soft_device_read - the driver reads a register
 * @dev: the device
 * @reg: the register
 *
 * Context: any.
 * Return: what it reads as.
 */
u32 soft_device_read(struct soft_device *dev, enum soft_register reg)
{
	return left(dev) ? ~0U : lied(dev, reg, honest(dev, reg));
}

static void write_accepted(struct soft_device *dev, u32 value)
{
	unsigned int part = selected_part(dev, SOFT_ACCEPTED_SELECT), shift = 32 * (part % 2);
	u64 *word = &dev->accepted_array[part / 2];

	if (is_part(part))
		*word = (*word & ~((u64)U32_MAX << shift)) | (u64)value << shift;
}

static bool was_offered(const struct soft_device *dev)
{
	u64 beyond[VIRTIO_FEATURES_U64S], none[VIRTIO_FEATURES_U64S] = { };

	virtio_features_andnot(beyond, dev->accepted_array, dev->offered_array);
	return virtio_features_equal(beyond, none);
}

static void write_status(struct soft_device *dev, u8 status)
{
	if (!status)
		reset(dev);
	/* Virtio 1.3, 2.2.2: only what was offered is accepted. */
	if (!was_offered(dev))
		status &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	dev->regs[SOFT_STATUS] = status;
}

static void write_queue(struct soft_device *dev, enum soft_register reg, u32 value)
{
	struct soft_queue *q = selected(dev);

	if (!q)
		return;
	if (reg == SOFT_QUEUE_VECTOR && value >= dev->vectors)
		value = SOFT_NO_VECTOR;
	if (reg != SOFT_QUEUE_RESET) {
		q->regs[reg] = value;
		return;
	}
	/* Done at once (virtio 1.3, 2.6.1). */
	q->regs[SOFT_QUEUE_ENABLE] = 0;
	q->seen = 0;
}

/**
 * soft_device_write - the driver writes a register
 * @dev: the device
 * @reg: the register
 * @value: what it writes
 *
 * Context: any.
 */
void soft_device_write(struct soft_device *dev, enum soft_register reg, u32 value)
{
	if (left(dev))
		return;
	dev->writes[reg]++;
	if (dev->ignores && dev->ignores(dev, reg, value))
		return;
	if (reg >= SOFT_QUEUE_MAX)
		write_queue(dev, reg, value);
	else if (reg == SOFT_ACCEPTED)
		write_accepted(dev, value);
	else if (reg == SOFT_STATUS)
		write_status(dev, value);
	else if (reg == SOFT_NOTIFY)
		kicked(dev, value);
	else if (reg == SOFT_ISR_ACK)
		dev->regs[SOFT_ISR] &= ~value;
	else if (reg == SOFT_CONFIG_VECTOR && value >= dev->vectors)
		dev->regs[reg] = SOFT_NO_VECTOR;
	else
		dev->regs[reg] = value;
}

/**
 * soft_device_read_config - the driver reads configuration of this type of device
 * @dev: the device
 * @offset: where
 * @width: bytes; all of them lie within SOFT_CONFIG_BYTES
 *
 * Context: any.
 * Return: what it reads.
 */
u32 soft_device_read_config(struct soft_device *dev, u32 offset, unsigned int width)
{
	__le32 value = 0;

	if (left(dev))
		return ~0U;
	dev->widths[offset] |= width;
	memcpy(&value, dev->config + offset, width);
	return lied(dev, SOFT_CONFIG, le32_to_cpu(value));
}

/**
 * soft_device_write_config - the driver writes configuration
 * @dev: the device
 * @offset: where
 * @width: bytes, as above
 * @value: what it writes
 *
 * Context: any.
 */
void soft_device_write_config(struct soft_device *dev, u32 offset, unsigned int width,
			      u32 value)
{
	__le32 raw = cpu_to_le32(value);

	if (left(dev))
		return;
	dev->widths[offset] |= width;
	memcpy(dev->config + offset, &raw, width);
}
