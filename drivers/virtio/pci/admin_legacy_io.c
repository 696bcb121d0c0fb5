// SPDX-License-Identifier: GPL-2.0
/*
 * Legacy registers of a virtual function, reached through the administration queue
 * of its physical one (virtio 1.3, 2.12.1.2 and the commands 2 to 6).
 *
 * For VFIO, which shows a guest a legacy device that the hardware does not have.
 * Exclusive calls for one function are the caller's part.
 */
#include <linux/export.h>
#include <linux/slab.h>
#include <linux/virtio_pci_admin.h>

#include "pci.h"

#define NEEDED	GENMASK_ULL(VIRTIO_ADMIN_CMD_LEGACY_NOTIFY_INFO, \
			    VIRTIO_ADMIN_CMD_LEGACY_COMMON_CFG_WRITE)

/**
 * virtio_pci_admin_has_legacy_io - are there legacy registers behind a function?
 * @pdev: the virtual function
 *
 * Context: any.
 * Return: %true if all commands for it are there.
 */
bool virtio_pci_admin_has_legacy_io(struct pci_dev *pdev)
{
	struct vp_device *vp = vp_physical_function(pdev);

	return vp && (vp->admin.commands & NEEDED) == NEEDED;
}
EXPORT_SYMBOL_GPL(virtio_pci_admin_has_legacy_io);

/* A command about one virtual function; members count from 1. */
static int command(struct pci_dev *pdev, u16 opcode, struct scatterlist *data,
		   struct scatterlist *result)
{
	struct vp_device *vp = vp_physical_function(pdev);
	struct virtio_admin_cmd cmd = {
		.opcode = cpu_to_le16(opcode),
		.group_type = cpu_to_le16(VIRTIO_ADMIN_GROUP_TYPE_SRIOV),
		.data_sg = data,
		.result_sg = result,
	};
	int vf;

	if (!vp)
		return -ENODEV;
	vf = pci_iov_vf_id(pdev);
	if (vf < 0)
		return vf;
	cmd.group_member_id = cpu_to_le64(vf + 1);
	return vp_admin_execute(vp, &cmd);
}

static int write_registers(struct pci_dev *pdev, u16 opcode, u8 offset, u8 size, const u8 *buf)
{
	struct virtio_admin_cmd_legacy_wr_data *data;
	struct scatterlist sg;
	int err;

	data = kzalloc(struct_size(data, registers, size), GFP_KERNEL);
	if (!data)
		return -ENOMEM;
	data->offset = offset;
	memcpy(data->registers, buf, size);
	sg_init_one(&sg, data, struct_size(data, registers, size));
	err = command(pdev, opcode, &sg, NULL);
	kfree(data);
	return err;
}

static int read_registers(struct pci_dev *pdev, u16 opcode, u8 offset, u8 size, u8 *buf)
{
	struct virtio_admin_cmd_legacy_rd_data *data;
	struct scatterlist where, result;
	int err;

	data = kzalloc(sizeof(*data), GFP_KERNEL);
	if (!data)
		return -ENOMEM;
	data->offset = offset;
	sg_init_one(&where, data, sizeof(*data));
	sg_init_one(&result, buf, size);
	err = command(pdev, opcode, &where, &result);
	kfree(data);
	return err;
}

/**
 * virtio_pci_admin_legacy_common_io_write - write registers common to all devices
 * @pdev: the virtual function
 * @offset: of the first
 * @size: bytes
 * @buf: what to write
 *
 * Context: may sleep; exclusive for one function.
 * Return: 0 or an error.
 */
int virtio_pci_admin_legacy_common_io_write(struct pci_dev *pdev, u8 offset, u8 size, u8 *buf)
{
	return write_registers(pdev, VIRTIO_ADMIN_CMD_LEGACY_COMMON_CFG_WRITE, offset, size, buf);
}
EXPORT_SYMBOL_GPL(virtio_pci_admin_legacy_common_io_write);

/**
 * virtio_pci_admin_legacy_device_io_write - write device configuration
 * @pdev: the virtual function
 * @offset: within the device configuration
 * @size: bytes
 * @buf: what to write
 *
 * Context: may sleep; exclusive for one function.
 * Return: 0 or an error.
 */
int virtio_pci_admin_legacy_device_io_write(struct pci_dev *pdev, u8 offset, u8 size, u8 *buf)
{
	return write_registers(pdev, VIRTIO_ADMIN_CMD_LEGACY_DEV_CFG_WRITE, offset, size, buf);
}
EXPORT_SYMBOL_GPL(virtio_pci_admin_legacy_device_io_write);

/**
 * virtio_pci_admin_legacy_common_io_read - read registers common to all devices
 * @pdev: the virtual function
 * @offset: of the first
 * @size: bytes
 * @buf: where they go; memory that can be mapped for DMA
 *
 * Context: may sleep; exclusive for one function.
 * Return: 0 or an error.
 */
int virtio_pci_admin_legacy_common_io_read(struct pci_dev *pdev, u8 offset, u8 size, u8 *buf)
{
	return read_registers(pdev, VIRTIO_ADMIN_CMD_LEGACY_COMMON_CFG_READ, offset, size, buf);
}
EXPORT_SYMBOL_GPL(virtio_pci_admin_legacy_common_io_read);

/**
 * virtio_pci_admin_legacy_device_io_read - read device configuration
 * @pdev: the virtual function
 * @offset: within the device configuration
 * @size: bytes
 * @buf: where they go; memory that can be mapped for DMA
 *
 * Context: may sleep; exclusive for one function.
 * Return: 0 or an error.
 */
int virtio_pci_admin_legacy_device_io_read(struct pci_dev *pdev, u8 offset, u8 size, u8 *buf)
{
	return read_registers(pdev, VIRTIO_ADMIN_CMD_LEGACY_DEV_CFG_READ, offset, size, buf);
}
EXPORT_SYMBOL_GPL(virtio_pci_admin_legacy_device_io_read);

/* The first entry of the kind asked for, up to the one that ends the list. */
static int pick_entry(const struct virtio_admin_cmd_notify_info_result *list, u8 kind, u8 *bar,
		      u64 *offset)
{
	const struct virtio_admin_cmd_notify_info_data *e = list->entries;
	const struct virtio_admin_cmd_notify_info_data *end = e + ARRAY_SIZE(list->entries);

	for (; e < end && e->flags != VIRTIO_ADMIN_CMD_NOTIFY_INFO_FLAGS_END; e++) {
		if (e->flags != kind)
			continue;
		if (e->bar >= PCI_STD_NUM_BARS)
			return -EINVAL;
		*bar = e->bar;
		*offset = le64_to_cpu(e->offset);
		return 0;
	}
	return -ENOENT;
}

/**
 * virtio_pci_admin_legacy_io_notify_info - where a function takes notifications
 * @pdev: the virtual function
 * @req_bar_flags: VIRTIO_ADMIN_CMD_NOTIFY_INFO_FLAGS_OWNER_*
 * @bar: number of the BAR
 * @bar_offset: the place in it; the caller holds it against the BAR
 *
 * Context: may sleep; exclusive for one function.
 * Return: 0; -ENOENT if there is no such place; -EINVAL for a BAR that can't be;
 * or another error.
 */
int virtio_pci_admin_legacy_io_notify_info(struct pci_dev *pdev, u8 req_bar_flags, u8 *bar,
					   u64 *bar_offset)
{
	struct virtio_admin_cmd_notify_info_result *list;
	struct scatterlist sg;
	int err;

	list = kzalloc(sizeof(*list), GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	sg_init_one(&sg, list, sizeof(*list));
	err = command(pdev, VIRTIO_ADMIN_CMD_LEGACY_NOTIFY_INFO, NULL, &sg);
	if (!err)
		err = pick_entry(list, req_bar_flags, bar, bar_offset);
	kfree(list);
	return err;
}
EXPORT_SYMBOL_GPL(virtio_pci_admin_legacy_io_notify_info);
