// SPDX-License-Identifier: GPL-2.0
/*
 * What device types, feature bits and status bits are called.
 *
 * debugfs.c prints these names, and lsvirtio, which compiles this file in user space:
 * it may know nothing but numbers of the uapi headers.  Adding a feature is adding a
 * word to the table of its type.
 */
#include <uapi/linux/virtio_9p.h>
#include <uapi/linux/virtio_balloon.h>
#include <uapi/linux/virtio_blk.h>
#include <uapi/linux/virtio_bt.h>
#include <uapi/linux/virtio_config.h>
#include <uapi/linux/virtio_console.h>
#include <uapi/linux/virtio_gpio.h>
#include <uapi/linux/virtio_gpu.h>
#include <uapi/linux/virtio_i2c.h>
#include <uapi/linux/virtio_ids.h>
#include <uapi/linux/virtio_iommu.h>
#include <uapi/linux/virtio_mem.h>
#include <uapi/linux/virtio_net.h>
#include <uapi/linux/virtio_pmem.h>
#include <uapi/linux/virtio_ring.h>
#include <uapi/linux/virtio_scmi.h>
#include <uapi/linux/virtio_scsi.h>
#include <uapi/linux/virtio_snd.h>
#include <uapi/linux/virtio_vsock.h>

#include "names.h"

/* Each table ends with a row without a name. */
struct name {
	unsigned int number;
	const char *name;
};

static const struct name status_names[] = {
#define STATUS(name)	{ VIRTIO_CONFIG_S_##name, #name }
	STATUS(ACKNOWLEDGE), STATUS(DRIVER), STATUS(DRIVER_OK), STATUS(FEATURES_OK),
	STATUS(NEEDS_RESET), STATUS(FAILED),
	{ 0 }
};

static const struct name common_names[] = {
#define COMMON(name)	{ VIRTIO_F_##name, #name }
#define RING(name)	{ VIRTIO_RING_F_##name, #name }
	COMMON(NOTIFY_ON_EMPTY), COMMON(ANY_LAYOUT), RING(INDIRECT_DESC), RING(EVENT_IDX),
	COMMON(VERSION_1), COMMON(ACCESS_PLATFORM), COMMON(RING_PACKED), COMMON(IN_ORDER),
	COMMON(ORDER_PLATFORM), COMMON(SR_IOV), COMMON(NOTIFICATION_DATA),
	COMMON(NOTIF_CONFIG_DATA), COMMON(RING_RESET), COMMON(ADMIN_VQ),
	{ 0 }
};

static const struct name net_names[] = {
#define NET(name)	{ VIRTIO_NET_F_##name, #name }
	NET(CSUM), NET(GUEST_CSUM), NET(CTRL_GUEST_OFFLOADS), NET(MTU), NET(MAC), NET(GSO),
	NET(GUEST_TSO4), NET(GUEST_TSO6), NET(GUEST_ECN), NET(GUEST_UFO), NET(HOST_TSO4),
	NET(HOST_TSO6), NET(HOST_ECN), NET(HOST_UFO), NET(MRG_RXBUF), NET(STATUS),
	NET(CTRL_VQ), NET(CTRL_RX), NET(CTRL_VLAN), NET(CTRL_RX_EXTRA), NET(GUEST_ANNOUNCE),
	NET(MQ), NET(CTRL_MAC_ADDR), NET(DEVICE_STATS), NET(VQ_NOTF_COAL), NET(NOTF_COAL),
	NET(GUEST_USO4), NET(GUEST_USO6), NET(HOST_USO), NET(HASH_REPORT),
	NET(GUEST_HDRLEN), NET(RSS), NET(RSC_EXT), NET(STANDBY), NET(SPEED_DUPLEX),
	/* The header of Linux 6.12 ends before these. */
	{ 65, "GUEST_UDP_TUNNEL_GSO" }, { 66, "GUEST_UDP_TUNNEL_GSO_CSUM" },
	{ 67, "HOST_UDP_TUNNEL_GSO" }, { 68, "HOST_UDP_TUNNEL_GSO_CSUM" },
	{ 0 }
};

static const struct name blk_names[] = {
#define BLK(name)	{ VIRTIO_BLK_F_##name, #name }
	BLK(BARRIER), BLK(SIZE_MAX), BLK(SEG_MAX), BLK(GEOMETRY), BLK(RO), BLK(BLK_SIZE),
	BLK(SCSI), BLK(FLUSH), BLK(TOPOLOGY), BLK(CONFIG_WCE), BLK(MQ), BLK(DISCARD),
	BLK(WRITE_ZEROES), BLK(SECURE_ERASE), BLK(ZONED),
	{ 0 }
};

static const struct name console_names[] = {
#define CONSOLE(name)	{ VIRTIO_CONSOLE_F_##name, #name }
	CONSOLE(SIZE), CONSOLE(MULTIPORT), CONSOLE(EMERG_WRITE),
	{ 0 }
};

static const struct name balloon_names[] = {
#define BALLOON(name)	{ VIRTIO_BALLOON_F_##name, #name }
	BALLOON(MUST_TELL_HOST), BALLOON(STATS_VQ), BALLOON(DEFLATE_ON_OOM),
	BALLOON(FREE_PAGE_HINT), BALLOON(PAGE_POISON), BALLOON(REPORTING),
	{ 0 }
};

static const struct name scsi_names[] = {
#define SCSI(name)	{ VIRTIO_SCSI_F_##name, #name }
	SCSI(INOUT), SCSI(HOTPLUG), SCSI(CHANGE), SCSI(T10_PI),
	{ 0 }
};

static const struct name p9_names[] = { { VIRTIO_9P_MOUNT_TAG, "MOUNT_TAG" }, { 0 } };

static const struct name gpu_names[] = {
#define GPU(name)	{ VIRTIO_GPU_F_##name, #name }
	GPU(VIRGL), GPU(EDID), GPU(RESOURCE_UUID), GPU(RESOURCE_BLOB), GPU(CONTEXT_INIT),
	{ 0 }
};

static const struct name vsock_names[] = { { VIRTIO_VSOCK_F_SEQPACKET, "SEQPACKET" }, { 0 } };

static const struct name iommu_names[] = {
#define IOMMU(name)	{ VIRTIO_IOMMU_F_##name, #name }
	IOMMU(INPUT_RANGE), IOMMU(DOMAIN_RANGE), IOMMU(MAP_UNMAP), IOMMU(BYPASS),
	IOMMU(PROBE), IOMMU(MMIO), IOMMU(BYPASS_CONFIG),
	{ 0 }
};

static const struct name mem_names[] = {
#define MEM(name)	{ VIRTIO_MEM_F_##name, #name }
	MEM(ACPI_PXM), MEM(UNPLUGGED_INACCESSIBLE), MEM(PERSISTENT_SUSPEND),
	{ 0 }
};

static const struct name sound_names[] = { { VIRTIO_SND_F_CTLS, "CTLS" }, { 0 } };
static const struct name pmem_names[] = { { VIRTIO_PMEM_F_SHMEM_REGION, "SHMEM_REGION" }, { 0 } };

static const struct name scmi_names[] = {
#define SCMI(name)	{ VIRTIO_SCMI_F_##name, #name }
	SCMI(P2A_CHANNELS), SCMI(SHARED_MEMORY),
	{ 0 }
};

static const struct name i2c_names[] = {
	{ VIRTIO_I2C_F_ZERO_LENGTH_REQUEST, "ZERO_LENGTH_REQUEST" }, { 0 }
};

static const struct name bt_names[] = {
#define BT(name)	{ VIRTIO_BT_F_##name, #name }
	BT(VND_HCI), BT(MSFT_EXT), BT(AOSP_EXT), BT(CONFIG_V2),
	{ 0 }
};

static const struct name gpio_names[] = { { VIRTIO_GPIO_F_IRQ, "IRQ" }, { 0 } };

static const struct type {
	unsigned int id;
	const char *name;
	const struct name *features;
} types[] = {
#define TYPE(id, ...)	{ VIRTIO_ID_##id, __VA_ARGS__ }
	TYPE(NET, "network", net_names),
	TYPE(BLOCK, "block", blk_names),
	TYPE(CONSOLE, "console", console_names),
	TYPE(RNG, "entropy", NULL),
	TYPE(BALLOON, "balloon", balloon_names),
	TYPE(IOMEM, "iomem", NULL),
	TYPE(RPMSG, "rpmsg", NULL),
	TYPE(SCSI, "scsi", scsi_names),
	TYPE(9P, "9p", p9_names),
	TYPE(MAC80211_WLAN, "wlan", NULL),
	TYPE(RPROC_SERIAL, "rproc-serial", NULL),
	TYPE(CAIF, "caif", NULL),
	TYPE(MEMORY_BALLOON, "memory-balloon", NULL),
	TYPE(GPU, "gpu", gpu_names),
	TYPE(CLOCK, "clock", NULL),
	TYPE(INPUT, "input", NULL),
	TYPE(VSOCK, "vsock", vsock_names),
	TYPE(CRYPTO, "crypto", NULL),
	TYPE(SIGNAL_DIST, "signal-dist", NULL),
	TYPE(PSTORE, "pstore", NULL),
	TYPE(IOMMU, "iommu", iommu_names),
	TYPE(MEM, "memory", mem_names),
	TYPE(SOUND, "sound", sound_names),
	TYPE(FS, "fs", NULL),
	TYPE(PMEM, "pmem", pmem_names),
	TYPE(RPMB, "rpmb", NULL),
	TYPE(MAC80211_HWSIM, "hwsim", NULL),
	TYPE(VIDEO_ENCODER, "video-encoder", NULL),
	TYPE(VIDEO_DECODER, "video-decoder", NULL),
	TYPE(SCMI, "scmi", scmi_names),
	TYPE(NITRO_SEC_MOD, "nitro-sec-mod", NULL),
	TYPE(I2C_ADAPTER, "i2c", i2c_names),
	TYPE(WATCHDOG, "watchdog", NULL),
	TYPE(CAN, "can", NULL),
	TYPE(DMABUF, "dmabuf", NULL),
	TYPE(PARAM_SERV, "param-serv", NULL),
	TYPE(AUDIO_POLICY, "audio-policy", NULL),
	TYPE(BT, "bluetooth", bt_names),
	TYPE(GPIO, "gpio", gpio_names),
	{ 0 }
};

static const char *find_name(const struct name *table, unsigned int number)
{
	for (; table && table->name; table++)
		if (table->number == number)
			return table->name;
	return NULL;
}

static const struct type *find_type(unsigned int id)
{
	const struct type *type;

	for (type = types; type->name && type->id != id; type++)
		;
	return type;
}

const char *virtio_type_name(unsigned int type)
{
	return find_type(type)->name;
}

/* Of the type itself, or of transport and queues, which all types share. */
const char *virtio_feature_name(unsigned int type, unsigned int bit)
{
	const char *name = find_name(find_type(type)->features, bit);

	return name ? name : find_name(common_names, bit);
}

const char *virtio_status_name(unsigned int bit)
{
	return find_name(status_names, 1u << bit);
}
