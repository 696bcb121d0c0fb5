// SPDX-License-Identifier: GPL-2.0
/*
 * Fields over the configuration structures of virtio 1.x.
 *
 * One table per type of device says where each field lies and which feature it
 * needs; a transport that reaches the structure as raw bytes becomes one that
 * serves fields, and the other way round.  Adding a device is adding a table.
 * Knows structures; not how their bytes, or their fields, are reached.
 */
#include <linux/export.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
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
#include "watch/misuse.h"

#define ALWAYS		0xff

/**
 * struct field - one field of a configuration structure
 * @name: for people
 * @offset: where it lies
 * @size: its bytes
 * @feature: the bit that it needs, or ALWAYS
 * @native: before virtio 1.0, in the byte order of the machine
 * @counted: as long as the field before it says; @size is the most it can be
 */
struct field {
	const char *name;
	u16 offset;
	u8 size;
	u8 feature;
	bool native;
	bool counted;
};

#define FIELD(type, member, bit, is_native) {				\
	.name = #member, .offset = offsetof(struct type, member),	\
	.size = sizeof_field(struct type, member), .feature = (bit),	\
	.native = (is_native) }
#define OLD(type, member, bit)	FIELD(type, member, bit, true)
#define LE(type, member, bit)	FIELD(type, member, bit, false)

#define NET(member, bit)	OLD(virtio_net_config, member, bit)
static const struct field net_fields[] = {
	LE(virtio_net_config, mac, VIRTIO_NET_F_MAC),
	NET(status, VIRTIO_NET_F_STATUS),
	NET(max_virtqueue_pairs, VIRTIO_NET_F_MQ),
	NET(mtu, VIRTIO_NET_F_MTU),
	LE(virtio_net_config, speed, VIRTIO_NET_F_SPEED_DUPLEX),
	LE(virtio_net_config, duplex, VIRTIO_NET_F_SPEED_DUPLEX),
	LE(virtio_net_config, rss_max_key_size, VIRTIO_NET_F_RSS),
	LE(virtio_net_config, rss_max_indirection_table_length, VIRTIO_NET_F_RSS),
	LE(virtio_net_config, supported_hash_types, VIRTIO_NET_F_HASH_REPORT),
};

#define BLK(member, bit)	OLD(virtio_blk_config, member, bit)
static const struct field blk_fields[] = {
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

#define CONSOLE(member, bit)	OLD(virtio_console_config, member, bit)
static const struct field console_fields[] = {
	CONSOLE(cols, VIRTIO_CONSOLE_F_SIZE),
	CONSOLE(rows, VIRTIO_CONSOLE_F_SIZE),
	CONSOLE(max_nr_ports, VIRTIO_CONSOLE_F_MULTIPORT),
	CONSOLE(emerg_wr, VIRTIO_CONSOLE_F_EMERG_WRITE),
};

#define BALLOON(member, bit)	LE(virtio_balloon_config, member, bit)
static const struct field balloon_fields[] = {
	BALLOON(num_pages, ALWAYS),
	BALLOON(actual, ALWAYS),
	BALLOON(free_page_hint_cmd_id, VIRTIO_BALLOON_F_FREE_PAGE_HINT),
	BALLOON(poison_val, VIRTIO_BALLOON_F_PAGE_POISON),
};

#define SCSI(member)		OLD(virtio_scsi_config, member, ALWAYS)
static const struct field scsi_fields[] = {
	SCSI(num_queues), SCSI(seg_max), SCSI(max_sectors), SCSI(cmd_per_lun),
	SCSI(event_info_size), SCSI(sense_size), SCSI(cdb_size), SCSI(max_channel),
	SCSI(max_target), SCSI(max_lun),
};

static const struct field p9_fields[] = {
	OLD(virtio_9p_config, tag_len, VIRTIO_9P_MOUNT_TAG),
	{ .name = "tag", .offset = offsetof(struct virtio_9p_config, tag), .size = U8_MAX,
	  .feature = VIRTIO_9P_MOUNT_TAG, .counted = true },
};

#define INPUT(member)		LE(virtio_input_config, member, ALWAYS)
static const struct field input_fields[] = {
	INPUT(select), INPUT(subsel), INPUT(size), INPUT(u.bitmap),
};

#define GPU(member)		LE(virtio_gpu_config, member, ALWAYS)
static const struct field gpu_fields[] = {
	GPU(events_read), GPU(events_clear), GPU(num_scanouts), GPU(num_capsets),
};

static const struct field vsock_fields[] = {
	LE(virtio_vsock_config, guest_cid, ALWAYS),
};

#define CRYPTO(member)		LE(virtio_crypto_config, member, ALWAYS)
static const struct field crypto_fields[] = {
	CRYPTO(status), CRYPTO(max_dataqueues), CRYPTO(crypto_services),
	CRYPTO(cipher_algo_l), CRYPTO(cipher_algo_h), CRYPTO(hash_algo),
	CRYPTO(mac_algo_l), CRYPTO(mac_algo_h), CRYPTO(aead_algo),
	CRYPTO(max_cipher_key_len), CRYPTO(max_auth_key_len), CRYPTO(akcipher_algo),
	CRYPTO(max_size),
};

#define VIRTIOFS(member)		LE(virtio_fs_config, member, ALWAYS)
static const struct field fs_fields[] = { VIRTIOFS(tag), VIRTIOFS(num_request_queues) };

#define PMEM(member)		LE(virtio_pmem_config, member, ALWAYS)
static const struct field pmem_fields[] = { PMEM(start), PMEM(size) };

#define IOMMU(member, bit)	LE(virtio_iommu_config, member, bit)
static const struct field iommu_fields[] = {
	IOMMU(page_size_mask, ALWAYS),
	IOMMU(input_range.start, VIRTIO_IOMMU_F_INPUT_RANGE),
	IOMMU(input_range.end, VIRTIO_IOMMU_F_INPUT_RANGE),
	IOMMU(domain_range.start, VIRTIO_IOMMU_F_DOMAIN_RANGE),
	IOMMU(domain_range.end, VIRTIO_IOMMU_F_DOMAIN_RANGE),
	IOMMU(probe_size, VIRTIO_IOMMU_F_PROBE),
	IOMMU(bypass, VIRTIO_IOMMU_F_BYPASS_CONFIG),
};

#define MEM(member, bit)	LE(virtio_mem_config, member, bit)
static const struct field mem_fields[] = {
	MEM(block_size, ALWAYS),
	MEM(node_id, VIRTIO_MEM_F_ACPI_PXM),
	MEM(addr, ALWAYS),
	MEM(region_size, ALWAYS),
	MEM(usable_region_size, ALWAYS),
	MEM(plugged_size, ALWAYS),
	MEM(requested_size, ALWAYS),
};

#define SOUND(member)		LE(virtio_snd_config, member, ALWAYS)
static const struct field sound_fields[] = {
	SOUND(jacks), SOUND(streams), SOUND(chmaps), SOUND(controls),
};

#define GPIO(member)		LE(virtio_gpio_config, member, ALWAYS)
static const struct field gpio_fields[] = { GPIO(ngpio), GPIO(gpio_names_size) };

static const struct layout {
	u32 device;
	unsigned int count;
	const struct field *fields;
} layouts[] = {
#define LAYOUT(id, table)	{ id, ARRAY_SIZE(table), table }
	LAYOUT(VIRTIO_ID_NET, net_fields),
	LAYOUT(VIRTIO_ID_BLOCK, blk_fields),
	LAYOUT(VIRTIO_ID_CONSOLE, console_fields),
	{ VIRTIO_ID_RNG, 0, NULL },
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

/* The two fields of bits. */
static const struct field transport_bits = { .name = "transport", .size = 16 };
static const struct field device_bits = { .name = "features", .size = 16 };

static bool is_bits(const struct field *field)
{
	return field == &transport_bits || field == &device_bits;
}

static u8 bits_type(const struct field *field)
{
	return field == &transport_bits ? VIRTIO_CONFIG_F_VIRTIO : VIRTIO_CONFIG_F_FEATURES;
}

static const struct field *device_field(u32 device, unsigned int nr)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(layouts); i++)
		if (layouts[i].device == device)
			return nr < layouts[i].count ? &layouts[i].fields[nr] : NULL;
	return NULL;
}

static const struct field *field_of_type(u32 device, u8 type)
{
	switch (type) {
	case VIRTIO_CONFIG_F_VIRTIO:
		return &transport_bits;
	case VIRTIO_CONFIG_F_FEATURES:
		return &device_bits;
	case VIRTIO_CONFIG_F_DEVICE ... VIRTIO_CONFIG_F_USED - 1:
		return device_field(device, type - VIRTIO_CONFIG_F_DEVICE);
	}
	return NULL;
}

static bool needs_no_feature(const struct field *field)
{
	return is_bits(field) || field->feature == ALWAYS;
}

/* Offered is enough until features are agreed; from then on it must be taken. */
static bool is_there(struct virtio_device *vdev, const struct field *field)
{
	u64 features;

	if (needs_no_feature(field))
		return true;
	features = vdev->features_latched ? vdev->features : vdev->config->get_features(vdev);
	return features & BIT_ULL(field->feature);
}

/**
 * virtio_layout_offers - does a device have a field, going by its features?
 * @vdev: the device
 * @type: type of the field
 *
 * For transports whose device describes itself by fields.  Of a field that no structure
 * of virtio 1.x has nothing is known.
 * Context: may sleep.
 * Return: %false if the field goes with a feature that is not there.
 */
bool virtio_layout_offers(struct virtio_device *vdev, u8 type)
{
	const struct field *field = field_of_type(vdev->id.device, type);

	return !field || is_there(vdev, field);
}
EXPORT_SYMBOL_GPL(virtio_layout_offers);

/* No longer than a field can be, whatever the device says. */
static u8 size_of(struct virtio_device *vdev, const struct field *field, bool little)
{
	__virtio16 count;

	if (!field->counted)
		return field->size;
	virtio_config_read(vdev, field[-1].offset, &count, sizeof(count));
	return min_t(u16, __virtio16_to_cpu(little, count), field->size);
}

/**
 * virtio_layout_find - find a field of a 1.x configuration structure
 * @vdev: the device
 * @type: type of the field
 * @len: its length
 *
 * Stands in the configuration operations of a transport as find.
 * Context: may sleep.
 * Return: a token, or %NULL.
 */
void *virtio_layout_find(struct virtio_device *vdev, u8 type, unsigned int *len)
{
	const struct field *field = field_of_type(vdev->id.device, type);

	if (!field || !is_there(vdev, field) || __test_and_set_bit(type, vdev->fields_used))
		return NULL;
	*len = size_of(vdev, field, virtio_is_little_endian(vdev));
	return (void *)field;
}
EXPORT_SYMBOL_GPL(virtio_layout_find);

/* A legacy device on a big-endian machine: turn the bytes round for the caller. */
static void swap_big(const struct field *field, u8 *buf)
{
	unsigned int i, last = field->size - 1;

	if (!field->native)
		return;
	for (i = 0; i < field->size / 2; i++)
		swap(buf[i], buf[last - i]);
}

static void swap_native(struct virtio_device *vdev, const struct field *field, u8 *buf)
{
	if (!virtio_is_little_endian(vdev))
		swap_big(field, buf);
}

/* Is it one of those that a device of this type has? */
static bool is_field_of(const struct virtio_device *vdev, const struct field *field)
{
	const struct field *own;
	unsigned int nr;

	if (is_bits(field))
		return true;
	for (nr = 0; (own = device_field(vdev->id.device, nr)); nr++)
		if (own == field)
			return true;
	return false;
}

/* Costs nothing in a kernel that does not check drivers. */
static bool is_foreign(const struct virtio_device *vdev, const struct field *field)
{
	if (!virtio_is_checked() || is_field_of(vdev, field))
		return false;
	virtio_say_foreign_token(vdev);
	return true;
}

static bool fits(const struct field *field, unsigned int len)
{
	return field->counted ? len <= field->size : len == field->size;
}

/**
 * virtio_get_bits - the contents of a field of feature bits
 * @vdev: the device
 * @type: VIRTIO_CONFIG_F_VIRTIO or VIRTIO_CONFIG_F_FEATURES
 * @halves: what the device offers, then what was taken of it, all bits at their places
 *
 * Context: may sleep.
 */
void virtio_get_bits(struct virtio_device *vdev, u8 type, __le64 halves[2])
{
	u64 mask = virtio_bits_mask(type);

	halves[0] = cpu_to_le64(vdev->config->get_features(vdev) & mask);
	halves[1] = cpu_to_le64(vdev->features & mask);
}
EXPORT_SYMBOL_GPL(virtio_get_bits);

/**
 * virtio_put_bits - take features, until they are agreed
 * @vdev: the device
 * @type: VIRTIO_CONFIG_F_VIRTIO or VIRTIO_CONFIG_F_FEATURES
 * @halves: as above; of the second what is offered counts
 *
 * Context: may sleep.
 */
void virtio_put_bits(struct virtio_device *vdev, u8 type, const __le64 halves[2])
{
	u64 mask = virtio_bits_mask(type) & vdev->config->get_features(vdev);
	u64 taken = le64_to_cpu(halves[1]) & mask;

	if (vdev->features_latched) {
		dev_warn_ratelimited(&vdev->dev, "features %#llx come too late: they are agreed\n",
				     taken & ~vdev->features);
		return;
	}
	vdev->features = (vdev->features & ~virtio_bits_mask(type)) | taken;
}
EXPORT_SYMBOL_GPL(virtio_put_bits);

/* Byte by byte where the device has bytes; a number in one go if it fits. */
static void get_bytes(struct virtio_device *vdev, const struct field *field, u8 *buf,
		      unsigned int len)
{
	if (len == 2 || len == 4 || len == 8)
		__virtio_cread_many(vdev, field->offset, buf, 1, len);
	else
		__virtio_cread_many(vdev, field->offset, buf, len, 1);
}

/**
 * virtio_layout_get - read a field of a 1.x configuration structure
 * @vdev: the device
 * @token: from virtio_layout_find()
 * @buf: where the contents go, little-endian
 * @len: the length that virtio_layout_find() gave; nothing is read otherwise
 *
 * Stands in the configuration operations of a transport as get.
 * Context: may sleep.
 */
void virtio_layout_get(struct virtio_device *vdev, void *token, void *buf, unsigned int len)
{
	const struct field *field = token;
	__le64 halves[2];

	if (is_foreign(vdev, field)) {
		memset(buf, 0, len);
		return;
	}
	if (!fits(field, len)) {
		memset(buf, 0, len);
		dev_warn_ratelimited(&vdev->dev, "field %s read with %u bytes, expected %u\n",
				     field->name, len, field->size);
		return;
	}
	if (is_bits(field)) {
		virtio_get_bits(vdev, bits_type(field), halves);
		memcpy(buf, halves, sizeof(halves));
		return;
	}
	get_bytes(vdev, field, buf, len);
	swap_native(vdev, field, buf);
}
EXPORT_SYMBOL_GPL(virtio_layout_get);

/**
 * virtio_layout_set - write a field of a 1.x configuration structure
 * @vdev: the device
 * @token: from virtio_layout_find()
 * @buf: the contents, little-endian
 * @len: the length that virtio_layout_find() gave; nothing is written otherwise
 *
 * Stands in the configuration operations of a transport as set.
 * Context: may sleep.
 */
void virtio_layout_set(struct virtio_device *vdev, void *token, const void *buf,
		       unsigned int len)
{
	const struct field *field = token;
	__le64 halves[2];
	u8 raw[255];

	if (is_foreign(vdev, field))
		return;
	if (!fits(field, len)) {
		dev_warn_ratelimited(&vdev->dev, "field %s written with %u bytes, expected %u\n",
				     field->name, len, field->size);
		return;
	}
	if (is_bits(field)) {
		memcpy(halves, buf, sizeof(halves));
		virtio_put_bits(vdev, bits_type(field), halves);
		return;
	}
	memcpy(raw, buf, len);
	swap_native(vdev, field, raw);
	virtio_config_write(vdev, field->offset, raw, len);
}
EXPORT_SYMBOL_GPL(virtio_layout_set);

/**
 * struct virtio_found_field - a field of a device that has no raw bytes
 * @token: from find(), or %NULL
 * @len: its bytes
 * @looked: it was looked for, which can be done once
 */
struct virtio_found_field {
	void *token;
	unsigned int len;
	bool looked;
};

#define FIELDS_MAX	(VIRTIO_CONFIG_F_USED - VIRTIO_CONFIG_F_DEVICE)

/* Guards virtio_device.found, of all devices: access by offset is rare. */
static DEFINE_MUTEX(found_lock);

/* A driver by offset asks for a field many times, a device gives it out once. */
static struct virtio_found_field found_field(struct virtio_device *vdev, unsigned int nr)
{
	struct virtio_found_field *found;

	lockdep_assert_held(&found_lock);
	if (!vdev->found)
		vdev->found = kcalloc(FIELDS_MAX, sizeof(*found), GFP_KERNEL);
	if (!vdev->found)
		return (struct virtio_found_field) { };
	found = &vdev->found[nr];
	if (!found->looked) {
		found->looked = true;
		found->token = vdev->config->find(vdev, VIRTIO_CONFIG_F_DEVICE + nr, &found->len);
	}
	return *found;
}

/* The contents of a field in the byte order of the structure, or false. */
static bool fetch(struct virtio_device *vdev, const struct field *field,
		  const struct virtio_found_field *found, u8 *contents)
{
	if (!found->token)
		return false;
	if (!fits(field, found->len)) {
		dev_warn_ratelimited(&vdev->dev, "field %s has %u bytes, expected %u\n",
				     field->name, found->len, field->size);
		return false;
	}
	vdev->config->get(vdev, found->token, contents, found->len);
	swap_native(vdev, field, contents);
	return true;
}

/*
 * Move what @buf, @len bytes at @offset of the structure, shares with each field,
 * to the field or from it.
 */
static void by_offset(struct virtio_device *vdev, unsigned int offset, u8 *buf,
		      unsigned int len, bool write)
{
	const struct field *field;
	unsigned int nr;

	guard(mutex)(&found_lock);
	for (nr = 0; (field = device_field(vdev->id.device, nr)); nr++) {
		unsigned int from = max(offset, field->offset);
		unsigned int to = min(offset + len, field->offset + field->size);
		struct virtio_found_field found;
		u8 contents[U8_MAX] = { };

		if (from >= to)
			continue;
		found = found_field(vdev, nr);
		if (!fetch(vdev, field, &found, contents))
			continue;
		if (!write) {
			memcpy(buf + (from - offset), contents + (from - field->offset), to - from);
			continue;
		}
		memcpy(contents + (from - field->offset), buf + (from - offset), to - from);
		swap_native(vdev, field, contents);
		vdev->config->set(vdev, found.token, contents, found.len);
	}
}

/* For virtio_config_read(), on a device that has fields only. */
void virtio_layout_read(struct virtio_device *vdev, unsigned int offset, void *buf,
			unsigned int len)
{
	memset(buf, 0, len);
	by_offset(vdev, offset, buf, len, false);
}

/* For virtio_config_write(), likewise. */
void virtio_layout_write(struct virtio_device *vdev, unsigned int offset, const void *buf,
			 unsigned int len)
{
	by_offset(vdev, offset, (u8 *)buf, len, true);
}

/* The device was reset, or goes: what was found can be found again. */
void virtio_layout_forget(struct virtio_device *vdev)
{
	guard(mutex)(&found_lock);
	kfree(vdev->found);
	vdev->found = NULL;
}

#ifdef CONFIG_VIRTIO_DEBUG
/* What a field of a page would be called on a structure; NULL if it has none. */
const char *virtio_layout_name(u32 device, u8 type)
{
	const struct field *field = field_of_type(device, type);

	return field ? field->name : NULL;
}

/*
 * For debugfs.c, which is not to use a field up: its contents, if a device with these
 * features has it.  Returns how many bytes, or 0.
 */
unsigned int virtio_layout_look(struct virtio_device *vdev, u8 type, u64 features,
				u8 contents[U8_MAX])
{
	const struct field *field = field_of_type(vdev->id.device, type);
	bool little = features & BIT_ULL(VIRTIO_F_VERSION_1) || virtio_legacy_is_little_endian();
	unsigned int len;

	if (!field || is_bits(field))
		return 0;
	if (!needs_no_feature(field) && !(features & BIT_ULL(field->feature)))
		return 0;
	len = size_of(vdev, field, little);
	get_bytes(vdev, field, contents, len);
	if (!little)
		swap_big(field, contents);
	return len;
}
#endif
