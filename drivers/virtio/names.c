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

/* The bits of a table, one to a name; a bit without one is not in it. */
#define BITS		64

static const char * const status_names[BITS] = {
#define STATUS(name)	[__builtin_ctz(VIRTIO_CONFIG_S_##name)] = #name
	STATUS(ACKNOWLEDGE), STATUS(DRIVER), STATUS(DRIVER_OK), STATUS(FEATURES_OK),
	STATUS(NEEDS_RESET), STATUS(FAILED),
};

static const char * const common_names[BITS] = {
#define COMMON(name)	[VIRTIO_F_##name] = #name
#define RING(name)	[VIRTIO_RING_F_##name] = #name
	COMMON(NOTIFY_ON_EMPTY), COMMON(ANY_LAYOUT), RING(INDIRECT_DESC), RING(EVENT_IDX),
	COMMON(VERSION_1), COMMON(ACCESS_PLATFORM), COMMON(RING_PACKED), COMMON(IN_ORDER),
	COMMON(ORDER_PLATFORM), COMMON(SR_IOV), COMMON(NOTIFICATION_DATA),
	COMMON(NOTIF_CONFIG_DATA), COMMON(RING_RESET), COMMON(ADMIN_VQ),
};

static const char * const net_names[BITS] = {
#define NET(name)	[VIRTIO_NET_F_##name] = #name
	NET(CSUM), NET(GUEST_CSUM), NET(CTRL_GUEST_OFFLOADS), NET(MTU), NET(MAC), NET(GSO),
	NET(GUEST_TSO4), NET(GUEST_TSO6), NET(GUEST_ECN), NET(GUEST_UFO), NET(HOST_TSO4),
	NET(HOST_TSO6), NET(HOST_ECN), NET(HOST_UFO), NET(MRG_RXBUF), NET(STATUS),
	NET(CTRL_VQ), NET(CTRL_RX), NET(CTRL_VLAN), NET(CTRL_RX_EXTRA), NET(GUEST_ANNOUNCE),
	NET(MQ), NET(CTRL_MAC_ADDR), NET(DEVICE_STATS), NET(VQ_NOTF_COAL), NET(NOTF_COAL),
	NET(GUEST_USO4), NET(GUEST_USO6), NET(HOST_USO), NET(HASH_REPORT),
	NET(GUEST_HDRLEN), NET(RSS), NET(RSC_EXT), NET(STANDBY), NET(SPEED_DUPLEX),
};

static const char * const blk_names[BITS] = {
#define BLK(name)	[VIRTIO_BLK_F_##name] = #name
	BLK(BARRIER), BLK(SIZE_MAX), BLK(SEG_MAX), BLK(GEOMETRY), BLK(RO), BLK(BLK_SIZE),
	BLK(SCSI), BLK(FLUSH), BLK(TOPOLOGY), BLK(CONFIG_WCE), BLK(MQ), BLK(DISCARD),
	BLK(WRITE_ZEROES), BLK(SECURE_ERASE), BLK(ZONED),
};

static const char * const console_names[BITS] = {
#define CONSOLE(name)	[VIRTIO_CONSOLE_F_##name] = #name
	CONSOLE(SIZE), CONSOLE(MULTIPORT), CONSOLE(EMERG_WRITE),
};

static const char * const balloon_names[BITS] = {
#define BALLOON(name)	[VIRTIO_BALLOON_F_##name] = #name
	BALLOON(MUST_TELL_HOST), BALLOON(STATS_VQ), BALLOON(DEFLATE_ON_OOM),
	BALLOON(FREE_PAGE_HINT), BALLOON(PAGE_POISON), BALLOON(REPORTING),
};

static const char * const scsi_names[BITS] = {
#define SCSI(name)	[VIRTIO_SCSI_F_##name] = #name
	SCSI(INOUT), SCSI(HOTPLUG), SCSI(CHANGE), SCSI(T10_PI),
};

static const char * const p9_names[BITS] = { [VIRTIO_9P_MOUNT_TAG] = "MOUNT_TAG" };

static const char * const gpu_names[BITS] = {
#define GPU(name)	[VIRTIO_GPU_F_##name] = #name
	GPU(VIRGL), GPU(EDID), GPU(RESOURCE_UUID), GPU(RESOURCE_BLOB), GPU(CONTEXT_INIT),
};

static const char * const vsock_names[BITS] = { [VIRTIO_VSOCK_F_SEQPACKET] = "SEQPACKET" };

static const char * const iommu_names[BITS] = {
#define IOMMU(name)	[VIRTIO_IOMMU_F_##name] = #name
	IOMMU(INPUT_RANGE), IOMMU(DOMAIN_RANGE), IOMMU(MAP_UNMAP), IOMMU(BYPASS),
	IOMMU(PROBE), IOMMU(MMIO), IOMMU(BYPASS_CONFIG),
};

static const char * const mem_names[BITS] = {
#define MEM(name)	[VIRTIO_MEM_F_##name] = #name
	MEM(ACPI_PXM), MEM(UNPLUGGED_INACCESSIBLE), MEM(PERSISTENT_SUSPEND),
};

static const char * const sound_names[BITS] = { [VIRTIO_SND_F_CTLS] = "CTLS" };
static const char * const pmem_names[BITS] = { [VIRTIO_PMEM_F_SHMEM_REGION] = "SHMEM_REGION" };

static const char * const scmi_names[BITS] = {
#define SCMI(name)	[VIRTIO_SCMI_F_##name] = #name
	SCMI(P2A_CHANNELS), SCMI(SHARED_MEMORY),
};

static const char * const i2c_names[BITS] = {
	[VIRTIO_I2C_F_ZERO_LENGTH_REQUEST] = "ZERO_LENGTH_REQUEST",
};

static const char * const bt_names[BITS] = {
#define BT(name)	[VIRTIO_BT_F_##name] = #name
	BT(VND_HCI), BT(MSFT_EXT), BT(AOSP_EXT), BT(CONFIG_V2),
};

static const char * const gpio_names[BITS] = { [VIRTIO_GPIO_F_IRQ] = "IRQ" };

static const struct {
	const char *name;
	const char * const *features;
} types[] = {
#define TYPE(id, ...)	[VIRTIO_ID_##id] = { __VA_ARGS__ }
	TYPE(NET, "network", net_names),
	TYPE(BLOCK, "block", blk_names),
	TYPE(CONSOLE, "console", console_names),
	TYPE(RNG, "entropy"),
	TYPE(BALLOON, "balloon", balloon_names),
	TYPE(IOMEM, "iomem"),
	TYPE(RPMSG, "rpmsg"),
	TYPE(SCSI, "scsi", scsi_names),
	TYPE(9P, "9p", p9_names),
	TYPE(MAC80211_WLAN, "wlan"),
	TYPE(RPROC_SERIAL, "rproc-serial"),
	TYPE(CAIF, "caif"),
	TYPE(MEMORY_BALLOON, "memory-balloon"),
	TYPE(GPU, "gpu", gpu_names),
	TYPE(CLOCK, "clock"),
	TYPE(INPUT, "input"),
	TYPE(VSOCK, "vsock", vsock_names),
	TYPE(CRYPTO, "crypto"),
	TYPE(SIGNAL_DIST, "signal-dist"),
	TYPE(PSTORE, "pstore"),
	TYPE(IOMMU, "iommu", iommu_names),
	TYPE(MEM, "memory", mem_names),
	TYPE(SOUND, "sound", sound_names),
	TYPE(FS, "fs"),
	TYPE(PMEM, "pmem", pmem_names),
	TYPE(RPMB, "rpmb"),
	TYPE(MAC80211_HWSIM, "hwsim"),
	TYPE(VIDEO_ENCODER, "video-encoder"),
	TYPE(VIDEO_DECODER, "video-decoder"),
	TYPE(SCMI, "scmi", scmi_names),
	TYPE(NITRO_SEC_MOD, "nitro-sec-mod"),
	TYPE(I2C_ADAPTER, "i2c", i2c_names),
	TYPE(WATCHDOG, "watchdog"),
	TYPE(CAN, "can"),
	TYPE(DMABUF, "dmabuf"),
	TYPE(PARAM_SERV, "param-serv"),
	TYPE(AUDIO_POLICY, "audio-policy"),
	TYPE(BT, "bluetooth", bt_names),
	TYPE(GPIO, "gpio", gpio_names),
};

#define TYPES		(sizeof(types) / sizeof(types[0]))

const char *virtio_type_name(unsigned int type)
{
	return type < TYPES ? types[type].name : NULL;
}

/* Of the type itself, or of transport and queues, which all types share. */
const char *virtio_feature_name(unsigned int type, unsigned int bit)
{
	const char * const *own = type < TYPES ? types[type].features : NULL;

	if (bit >= BITS)
		return NULL;
	return own && own[bit] ? own[bit] : common_names[bit];
}

const char *virtio_status_name(unsigned int bit)
{
	return bit < BITS ? status_names[bit] : NULL;
}
