// SPDX-License-Identifier: GPL-2.0
/*
 * The configuration structures of virtio 1.x (section 5), a table for each type of device.
 *
 * Called by layout.c.  Adding a type is adding a table.  Knows where fields lie and which
 * feature each needs; not how they are reached.
 */
#include <uapi/linux/virtio_9p.h>
#include <uapi/linux/virtio_balloon.h>
#include <uapi/linux/virtio_blk.h>
#include <uapi/linux/virtio_console.h>
#include <uapi/linux/virtio_crypto.h>
#include <uapi/linux/virtio_fs.h>
#include <uapi/linux/virtio_gpio.h>
#include <uapi/linux/virtio_gpu.h>
#include <uapi/linux/virtio_ids.h>
#include <uapi/linux/virtio_input.h>
#include <uapi/linux/virtio_iommu.h>
#include <uapi/linux/virtio_mem.h>
#include <uapi/linux/virtio_net.h>
#include <uapi/linux/virtio_pmem.h>
#include <uapi/linux/virtio_scsi.h>
#include <uapi/linux/virtio_snd.h>
#include <uapi/linux/virtio_vsock.h>

#include "core.h"

#define ALWAYS				VIRTIO_FIELD_ALWAYS
#define LE(type, member, bit)		VIRTIO_LE_FIELD(struct type, member, bit)
#define NATIVE(type, member, bit)	VIRTIO_NATIVE_FIELD(struct type, member, bit)
#define BYTES(type, member, bit)	VIRTIO_BYTES_FIELD(struct type, member, bit)
#define TEXT(type, member, bit)		VIRTIO_TEXT_FIELD(struct type, member, bit)

#define NET(member, bit)	NATIVE(virtio_net_config, member, bit)
static const struct virtio_layout_field net_fields[] = {
	BYTES(virtio_net_config, mac, VIRTIO_NET_F_MAC),
	NET(status, VIRTIO_NET_F_STATUS),
	NET(max_virtqueue_pairs, VIRTIO_NET_F_MQ),
	NET(mtu, VIRTIO_NET_F_MTU),
	LE(virtio_net_config, speed, VIRTIO_NET_F_SPEED_DUPLEX),
	LE(virtio_net_config, duplex, VIRTIO_NET_F_SPEED_DUPLEX),
	LE(virtio_net_config, rss_max_key_size, VIRTIO_NET_F_RSS),
	LE(virtio_net_config, rss_max_indirection_table_length, VIRTIO_NET_F_RSS),
	LE(virtio_net_config, supported_hash_types, VIRTIO_NET_F_HASH_REPORT),
};

#define BLK(member, bit)	NATIVE(virtio_blk_config, member, bit)
static const struct virtio_layout_field blk_fields[] = {
	BLK(capacity, ALWAYS),
	BLK(size_max, VIRTIO_BLK_F_SIZE_MAX),
	BLK(seg_max, VIRTIO_BLK_F_SEG_MAX),
	BLK(geometry.cylinders, VIRTIO_BLK_F_GEOMETRY),
	BLK(geometry.heads, VIRTIO_BLK_F_GEOMETRY),
	BLK(geometry.sectors, VIRTIO_BLK_F_GEOMETRY),
	BLK(blk_size, VIRTIO_BLK_F_BLK_SIZE),
	BLK(physical_block_exp, VIRTIO_BLK_F_TOPOLOGY),
	BLK(alignment_offset, VIRTIO_BLK_F_TOPOLOGY),
	BLK(min_io_size, VIRTIO_BLK_F_TOPOLOGY),
	BLK(opt_io_size, VIRTIO_BLK_F_TOPOLOGY),
	BLK(wce, VIRTIO_BLK_F_CONFIG_WCE),
	BLK(num_queues, VIRTIO_BLK_F_MQ),
	BLK(max_discard_sectors, VIRTIO_BLK_F_DISCARD),
	BLK(max_discard_seg, VIRTIO_BLK_F_DISCARD),
	BLK(discard_sector_alignment, VIRTIO_BLK_F_DISCARD),
	BLK(max_write_zeroes_sectors, VIRTIO_BLK_F_WRITE_ZEROES),
	BLK(max_write_zeroes_seg, VIRTIO_BLK_F_WRITE_ZEROES),
	BLK(write_zeroes_may_unmap, VIRTIO_BLK_F_WRITE_ZEROES),
	BLK(max_secure_erase_sectors, VIRTIO_BLK_F_SECURE_ERASE),
	BLK(max_secure_erase_seg, VIRTIO_BLK_F_SECURE_ERASE),
	BLK(secure_erase_sector_alignment, VIRTIO_BLK_F_SECURE_ERASE),
};

#define CONSOLE(member, bit)	NATIVE(virtio_console_config, member, bit)
static const struct virtio_layout_field console_fields[] = {
	CONSOLE(cols, VIRTIO_CONSOLE_F_SIZE),
	CONSOLE(rows, VIRTIO_CONSOLE_F_SIZE),
	CONSOLE(max_nr_ports, VIRTIO_CONSOLE_F_MULTIPORT),
	CONSOLE(emerg_wr, VIRTIO_CONSOLE_F_EMERG_WRITE),
};

#define BALLOON(member, bit)	LE(virtio_balloon_config, member, bit)
static const struct virtio_layout_field balloon_fields[] = {
	BALLOON(num_pages, ALWAYS),
	BALLOON(actual, ALWAYS),
	BALLOON(free_page_hint_cmd_id, VIRTIO_BALLOON_F_FREE_PAGE_HINT),
	BALLOON(poison_val, VIRTIO_BALLOON_F_PAGE_POISON),
};

#define SCSI(member)		NATIVE(virtio_scsi_config, member, ALWAYS)
static const struct virtio_layout_field scsi_fields[] = {
	SCSI(num_queues), SCSI(seg_max), SCSI(max_sectors), SCSI(cmd_per_lun),
	SCSI(event_info_size), SCSI(sense_size), SCSI(cdb_size), SCSI(max_channel),
	SCSI(max_target), SCSI(max_lun),
};

static const struct virtio_layout_field p9_fields[] = {
	NATIVE(virtio_9p_config, tag_len, VIRTIO_9P_MOUNT_TAG),
	{ .name = "tag", .offset = offsetof(struct virtio_9p_config, tag), .size = U8_MAX,
	  .feature = VIRTIO_9P_MOUNT_TAG, .kind = VIRTIO_FIELD_TEXT, .counted = true },
};

#define INPUT(member)		LE(virtio_input_config, member, ALWAYS)
static const struct virtio_layout_field input_fields[] = {
	INPUT(select), INPUT(subsel), INPUT(size),
	BYTES(virtio_input_config, u.bitmap, ALWAYS),
};

#define GPU(member)		LE(virtio_gpu_config, member, ALWAYS)
static const struct virtio_layout_field gpu_fields[] = {
	GPU(events_read), GPU(events_clear), GPU(num_scanouts), GPU(num_capsets),
};

static const struct virtio_layout_field vsock_fields[] = {
	LE(virtio_vsock_config, guest_cid, ALWAYS),
};

#define CRYPTO(member)		LE(virtio_crypto_config, member, ALWAYS)
static const struct virtio_layout_field crypto_fields[] = {
	CRYPTO(status), CRYPTO(max_dataqueues), CRYPTO(crypto_services),
	CRYPTO(cipher_algo_l), CRYPTO(cipher_algo_h), CRYPTO(hash_algo),
	CRYPTO(mac_algo_l), CRYPTO(mac_algo_h), CRYPTO(aead_algo),
	CRYPTO(max_cipher_key_len), CRYPTO(max_auth_key_len), CRYPTO(akcipher_algo),
	CRYPTO(max_size),
};

static const struct virtio_layout_field fs_fields[] = {
	TEXT(virtio_fs_config, tag, ALWAYS),
	LE(virtio_fs_config, num_request_queues, ALWAYS),
};

#define PMEM(member)		LE(virtio_pmem_config, member, ALWAYS)
static const struct virtio_layout_field pmem_fields[] = { PMEM(start), PMEM(size) };

#define IOMMU(member, bit)	LE(virtio_iommu_config, member, bit)
static const struct virtio_layout_field iommu_fields[] = {
	IOMMU(page_size_mask, ALWAYS),
	IOMMU(input_range.start, VIRTIO_IOMMU_F_INPUT_RANGE),
	IOMMU(input_range.end, VIRTIO_IOMMU_F_INPUT_RANGE),
	IOMMU(domain_range.start, VIRTIO_IOMMU_F_DOMAIN_RANGE),
	IOMMU(domain_range.end, VIRTIO_IOMMU_F_DOMAIN_RANGE),
	IOMMU(probe_size, VIRTIO_IOMMU_F_PROBE),
	IOMMU(bypass, VIRTIO_IOMMU_F_BYPASS_CONFIG),
};

#define MEM(member, bit)	LE(virtio_mem_config, member, bit)
static const struct virtio_layout_field mem_fields[] = {
	MEM(block_size, ALWAYS),
	MEM(node_id, VIRTIO_MEM_F_ACPI_PXM),
	MEM(addr, ALWAYS),
	MEM(region_size, ALWAYS),
	MEM(usable_region_size, ALWAYS),
	MEM(plugged_size, ALWAYS),
	MEM(requested_size, ALWAYS),
};

#define SOUND(member)		LE(virtio_snd_config, member, ALWAYS)
static const struct virtio_layout_field sound_fields[] = {
	SOUND(jacks), SOUND(streams), SOUND(chmaps), SOUND(controls),
};

#define GPIO(member)		LE(virtio_gpio_config, member, ALWAYS)
static const struct virtio_layout_field gpio_fields[] = { GPIO(ngpio), GPIO(gpio_names_size) };

static const struct {
	u32 device;
	struct virtio_layout layout;
} layouts[] = {
#define LAYOUT(id, table)	{ id, VIRTIO_LAYOUT(table) }
	LAYOUT(VIRTIO_ID_NET, net_fields),
	LAYOUT(VIRTIO_ID_BLOCK, blk_fields),
	LAYOUT(VIRTIO_ID_CONSOLE, console_fields),
	{ VIRTIO_ID_RNG },
	LAYOUT(VIRTIO_ID_BALLOON, balloon_fields),
	LAYOUT(VIRTIO_ID_SCSI, scsi_fields),
	LAYOUT(VIRTIO_ID_9P, p9_fields),
	LAYOUT(VIRTIO_ID_INPUT, input_fields),
	LAYOUT(VIRTIO_ID_GPU, gpu_fields),
	LAYOUT(VIRTIO_ID_VSOCK, vsock_fields),
	LAYOUT(VIRTIO_ID_CRYPTO, crypto_fields),
	LAYOUT(VIRTIO_ID_IOMMU, iommu_fields),
	LAYOUT(VIRTIO_ID_MEM, mem_fields),
	LAYOUT(VIRTIO_ID_SOUND, sound_fields),
	LAYOUT(VIRTIO_ID_FS, fs_fields),
	LAYOUT(VIRTIO_ID_PMEM, pmem_fields),
	LAYOUT(VIRTIO_ID_GPIO, gpio_fields),
};

/* %NULL for a type that has no table. */
const struct virtio_layout *virtio_layout_of_type(u32 device)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(layouts); i++)
		if (layouts[i].device == device)
			return &layouts[i].layout;
	return NULL;
}
