/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the MMIO transport share.
 *
 * Nobody outside drivers/virtio/mmio/ includes this, but the tests of the parameter.
 */
#ifndef _VIRTIO_MMIO_H
#define _VIRTIO_MMIO_H

#include <linux/io.h>
#include <linux/list.h>
#include <linux/platform_device.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <uapi/linux/virtio_mmio.h>

#include "../transport.h"

struct kernel_param;

#define VM_MAGIC		0x74726976	/* "virt", little-endian */
/*
 * Of virtio before 1.0, of 1.0, and of a device that may take some time for a reset: it asks
 * for what every device gets here, that the status is read until it is 0.
 */
#define VM_LEGACY		1
#define VM_MODERN		2
#define VM_SLOW_RESET		3

/* Of virtio 1.3, and not among the names that user space has. */
#define VM_QUEUE_RESET		0x0c0

/* As far as the registers go that every device has; configuration is behind them. */
#define VM_REGISTERS		VIRTIO_MMIO_CONFIG

/**
 * struct vm_queue - what the transport keeps for a queue
 * @vq: the queue, whose priv points back here
 * @node: link in &vm_device.queues
 */
struct vm_queue {
	struct virtqueue *vq;
	struct list_head node;
};

/**
 * struct vm_device - a virtio device whose registers are memory
 * @vdev: the device on the virtio bus
 * @pdev: what told us of it
 * @base: its registers
 * @size: bytes of them, with its configuration
 * @version: VM_LEGACY, VM_MODERN or VM_SLOW_RESET
 * @queues: its queues, &struct vm_queue.  The interrupt handler walks them under RCU; a
 *	queue that was taken off may be freed when the handler does not run any more.
 * @irq: the interrupt of all of them; 0 while nobody listens to it
 * @wakes: it may wake the machine
 * @met: the device was reset once
 */
struct vm_device {
	struct virtio_device vdev;
	struct platform_device *pdev;
	void __iomem *base;
	size_t size;
	u32 version;
	struct list_head queues;
	int irq;
	bool wakes;
	bool met;
};

static inline struct vm_device *to_vm(struct virtio_device *vdev)
{
	return container_of(vdev, struct vm_device, vdev);
}

/* Every register has 32 bits, and is accessed so (virtio 1.3, 4.2.2.2). */
static inline u32 vm_read(struct vm_device *vm, unsigned int reg)
{
	return readl(vm->base + reg);
}

static inline void vm_write(struct vm_device *vm, unsigned int reg, u32 value)
{
	writel(value, vm->base + reg);
}

/* registers.c */
extern const struct virtio_config_ops vm_config_ops;

/* queues.c */
int vm_find_vqs(struct virtio_device *vdev, unsigned int nvqs, struct virtqueue *vqs[],
		struct virtqueue_info *infos, struct irq_affinity *desc);
void vm_del_vqs(struct virtio_device *vdev);
struct virtqueue *vm_setup_vq(struct virtio_device *vdev, unsigned int index,
			      struct virtqueue_info *info);
void vm_teardown_vq(struct virtqueue *vq);
void vm_synchronize_cbs(struct virtio_device *vdev);
int vm_disable_vq_and_reset(struct virtqueue *vq);
int vm_enable_vq_after_reset(struct virtqueue *vq);
int vm_resume_vqs(struct virtio_device *vdev);

/* parameter.c */
#ifdef CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES
void vm_register_described(void);
void vm_forget_described(void);
#if IS_ENABLED(CONFIG_KUNIT)
int vm_describe(const char *text, const struct kernel_param *kp);
int vm_show_described(char *buf, const struct kernel_param *kp);
#endif
#else
static inline void vm_register_described(void) { }
static inline void vm_forget_described(void) { }
#endif

#endif /* _VIRTIO_MMIO_H */
