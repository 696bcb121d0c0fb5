/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A virtio device as a set of registers, for a transport of the tests to show.
 *
 * It keeps to the specification (virtio 1.3, 2 and 3.1) until a test has it lie:
 * by a table of registers that read as something else, or by functions.  It plays
 * the device's side of split rings by what was written to its registers.  Where
 * a register lies is the transport's affair (virtio_card.c, mmio_slot.c).
 */
#ifndef _VIRTIO_SOFT_DEVICE_H
#define _VIRTIO_SOFT_DEVICE_H

#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/types.h>
#include <linux/virtio_features.h>

#define SOFT_QUEUES		4
#define SOFT_QUEUE_MAX_SIZE	16
#define SOFT_CONFIG_BYTES	16
/* Features of its own; the second is that of a field. */
#define SOFT_F_LATE		1
#define SOFT_F_LIMIT		2
#define SOFT_FEATURES_OWN	(BIT_ULL(SOFT_F_LATE) | BIT_ULL(SOFT_F_LIMIT))
#define SOFT_NO_VECTOR		0xffff
/* What the device writes to the first byte of each buffer that it may write. */
#define SOFT_BYTE		0xa5

/* By the names of the specification; those from SOFT_QUEUE_MAX on are a queue's. */
enum soft_register {
	SOFT_NONE,
	SOFT_FEATURES_SELECT,
	SOFT_FEATURES,
	SOFT_ACCEPTED_SELECT,
	SOFT_ACCEPTED,
	SOFT_CONFIG_VECTOR,
	SOFT_NUM_QUEUES,
	SOFT_ADMIN_INDEX,
	SOFT_ADMIN_NUM,
	SOFT_STATUS,
	SOFT_GENERATION,
	SOFT_ISR,
	SOFT_ISR_ACK,
	SOFT_PAGE_SIZE,
	SOFT_NOTIFY,
	SOFT_CONFIG,
	SOFT_MAGIC,
	SOFT_VERSION,
	SOFT_DEVICE_ID,
	SOFT_VENDOR_ID,
	SOFT_SHM_SELECT,
	SOFT_SHM_LEN_LOW,
	SOFT_SHM_LEN_HIGH,
	SOFT_SHM_BASE_LOW,
	SOFT_SHM_BASE_HIGH,
	SOFT_QUEUE_SELECT,
	SOFT_QUEUE_MAX,
	SOFT_QUEUE_SIZE,
	SOFT_QUEUE_VECTOR,
	SOFT_QUEUE_ENABLE,
	SOFT_QUEUE_NOTIFY_OFF,
	SOFT_QUEUE_DESC_LOW,
	SOFT_QUEUE_DESC_HIGH,
	SOFT_QUEUE_DRIVER_LOW,
	SOFT_QUEUE_DRIVER_HIGH,
	SOFT_QUEUE_DEVICE_LOW,
	SOFT_QUEUE_DEVICE_HIGH,
	SOFT_QUEUE_RESET,
	SOFT_QUEUE_ALIGN,
	SOFT_QUEUE_PFN,
	SOFT_REGISTERS,
};

/**
 * struct soft_lie - a register that reads as it should not
 * @reg: the register; SOFT_NONE for no lie
 * @value: what it reads as
 * @after: so many reads are honest
 * @times: so many are lies; 0 for all that follow
 */
struct soft_lie {
	enum soft_register reg;
	u32 value;
	unsigned int after, times;
};

/**
 * struct soft_queue - a queue of the device
 * @regs: its registers
 * @seen: how far its available ring was read
 * @kicks: notifications for it
 */
struct soft_queue {
	u32 regs[SOFT_REGISTERS];
	u16 seen;
	unsigned int kicks;
};

/**
 * struct soft_device - a device
 * @offered: features, of the first 64
 * @offered_array: all of these
 * @accepted: what the driver wrote, of the first 64
 * @accepted_array: all of that
 * @repeats: bits 32 to 63 are at every selector but 0, as QEMU has it on MMIO
 * @vectors: interrupt vectors that it has
 * @regs: registers of the device as a whole
 * @queues: its queues
 * @config: configuration of this type of device
 * @widths: by byte of the configuration, the widths of accesses that began there, or-ed
 * @lie: a register that lies
 * @reads: how often each was read
 * @writes: how often each was written
 * @twist: if set, may change what a register reads as
 * @ignores: if set, tells writes that have no effect
 * @step: if set, called before each access
 * @accesses: reads and writes so far
 * @leave_after: with that many accesses the device is torn out
 * @gone: it has been: reads are all ones, writes go nowhere
 * @used: buffers that it has used
 * @silent: it uses buffers without writing to them
 * @interrupt: tells the transport; for a queue, or for the configuration if %NULL
 */
struct soft_device {
	union {
		u64 offered;
		u64 offered_array[VIRTIO_FEATURES_U64S];
	};
	union {
		u64 accepted;
		u64 accepted_array[VIRTIO_FEATURES_U64S];
	};
	bool repeats;
	unsigned int vectors;
	u32 regs[SOFT_REGISTERS];
	struct soft_queue queues[SOFT_QUEUES];
	u8 config[SOFT_CONFIG_BYTES];
	u8 widths[SOFT_CONFIG_BYTES];

	struct soft_lie lie;
	unsigned int reads[SOFT_REGISTERS], writes[SOFT_REGISTERS];
	u32 (*twist)(struct soft_device *dev, enum soft_register reg, u32 value);
	bool (*ignores)(struct soft_device *dev, enum soft_register reg, u32 value);
	void (*step)(struct soft_device *dev);
	unsigned int accesses, leave_after;
	bool gone;
	unsigned int used;
	bool silent;
	void (*interrupt)(struct soft_device *dev, struct soft_queue *queue);
};

void soft_device_init(struct soft_device *dev, u64 offered);
u32 soft_device_read(struct soft_device *dev, enum soft_register reg);
void soft_device_write(struct soft_device *dev, enum soft_register reg, u32 value);
u32 soft_device_read_config(struct soft_device *dev, u32 offset, unsigned int width);
void soft_device_write_config(struct soft_device *dev, u32 offset, unsigned int width,
			      u32 value);

#endif /* _VIRTIO_SOFT_DEVICE_H */
