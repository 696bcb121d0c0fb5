/* SPDX-License-Identifier: GPL-2.0 */
/* What the core has for transports and for nobody else. */
#ifndef _VIRTIO_TRANSPORT_H
#define _VIRTIO_TRANSPORT_H

#include <linux/time64.h>
#include <linux/virtio.h>
#include <linux/virtio_ring.h>
#include <uapi/linux/virtio_config.h>

/* A status of all ones is what a device reads as that is no longer there. */
#define VIRTIO_STATUS_GONE	0xff

/* What the core has written is not known; also, a bus may have reset the device. */
#define VIRTIO_STATUS_UNKNOWN	0xff

/* How long a device may take for a reset of a queue. */
#define VIRTIO_RESET_LIMIT_US	(10 * USEC_PER_SEC)

/* reset.c */

/**
 * struct virtio_wait - a wait for an answer of a device
 * @vdev: the device
 * @began: when it began, by ktime_get()
 * @looked: when it was last asked whether to go on, likewise
 */
struct virtio_wait {
	struct virtio_device *vdev;
	s64 began, looked;
};

void virtio_wait_begin(struct virtio_wait *wait, struct virtio_device *vdev);
bool virtio_wait_longer(struct virtio_wait *wait);
unsigned int virtio_wait_limit(void);
int virtio_wait_for_reset(struct virtio_device *vdev);
void virtio_reset_failed(struct virtio_device *vdev, int err);
void virtio_mark_abandoned(struct virtio_device *vdev);

/* transport.c */

/**
 * struct virtio_config_window - where the configuration of a device can be reached
 * @at: the first byte
 * @len: how many there are
 * @bytewise: it is accessed byte by byte, as legacy devices have it
 */
struct virtio_config_window {
	void __iomem *at;
	size_t len;
	bool bytewise;
};

void virtio_window_read(const struct virtio_config_window *window, unsigned int offset,
			void *buf, unsigned int len);
void virtio_window_write(const struct virtio_config_window *window, unsigned int offset,
			 const void *buf, unsigned int len);
int virtio_queue_enabled_already(struct virtio_device *vdev, unsigned int index);
int virtio_check_queue_size(struct virtqueue *vq, unsigned int offered);
void virtio_queue_missing(struct virtio_device *vdev, unsigned int index, const char *name);

/* handshake.c, called at the start of del_vqs */
void virtio_let_go(struct virtio_device *vdev);

/* recovery.c */
bool virtio_recovery_pause(struct virtio_device *vdev);
void virtio_recovery_resume(struct virtio_device *vdev, bool blameless);
void virtio_recovery_abandon(struct virtio_device *vdev);

/* layout.c, for transports whose devices describe themselves by fields */

/* Which features of a word a field of bits holds. */
static inline u64 virtio_bits_mask(u8 type, unsigned int word)
{
	u64 transport = word ? 0 : GENMASK_ULL(49, 24);

	return type == VIRTIO_CONFIG_F_VIRTIO ? transport : ~transport;
}

void virtio_get_bits(struct virtio_device *vdev, u8 type, void *buf, unsigned int len);
void virtio_put_bits(struct virtio_device *vdev, u8 type, const void *buf, unsigned int len);
bool virtio_layout_offers(struct virtio_device *vdev, u8 type);

#endif /* _VIRTIO_TRANSPORT_H */
