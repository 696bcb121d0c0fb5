/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * Numbers that a virtio driver and a virtio device share: status bits, the
 * features that belong to no type of device, and the types of configuration
 * fields.  Compiles alone in user space.
 */
#ifndef _UAPI_LINUX_VIRTIO_CONFIG_H
#define _UAPI_LINUX_VIRTIO_CONFIG_H

#include <linux/types.h>

/* Status byte (virtio 1.3, 2.1). */
#define VIRTIO_CONFIG_S_ACKNOWLEDGE	1	/* the device was noticed */
#define VIRTIO_CONFIG_S_DRIVER		2	/* there is a driver for it */
#define VIRTIO_CONFIG_S_DRIVER_OK	4	/* the driver is set up */
#define VIRTIO_CONFIG_S_FEATURES_OK	8	/* both agree on the features */
#define VIRTIO_CONFIG_S_NEEDS_RESET	0x40	/* the device can't go on */
#define VIRTIO_CONFIG_S_FAILED		0x80	/* the driver has given up */

/*
 * Types of configuration fields: [type][length][contents] on a page, or places
 * in the structure of the device.  A field of bits has two halves of the same
 * length: what the device offers, then what the driver acknowledges.
 */
#define VIRTIO_CONFIG_F_END		0	/* ends a page */
#define VIRTIO_CONFIG_F_VIRTIO		1	/* bits of transport and queues */
#define VIRTIO_CONFIG_F_VIRTQUEUE	2	/* a queue; there may be several */
#define VIRTIO_CONFIG_F_FEATURES	0x40	/* bits of the device's own type */
#define VIRTIO_CONFIG_F_DEVICE		0x41	/* its first field; others follow */
#define VIRTIO_CONFIG_F_USED		0x80	/* set on a page in a field's type */

/* Features of transport and queues start here and end before there. */
#define VIRTIO_TRANSPORT_F_START	28
#define VIRTIO_TRANSPORT_F_END		42

#ifndef VIRTIO_CONFIG_NO_LEGACY
#define VIRTIO_F_NOTIFY_ON_EMPTY	24	/* calls back for an empty ring */
#define VIRTIO_F_ANY_LAYOUT		27	/* takes buffers cut anyhow */
#endif

/* Features of every type of device (virtio 1.3, 6). */
#define VIRTIO_F_VERSION_1		32	/* virtio 1.0 or later */
#define VIRTIO_F_ACCESS_PLATFORM	33	/* addresses as the platform maps them */
#ifndef __KERNEL__
#define VIRTIO_F_IOMMU_PLATFORM		VIRTIO_F_ACCESS_PLATFORM	/* its old name */
#endif
#define VIRTIO_F_RING_PACKED		34	/* packed virtqueues */
#define VIRTIO_F_IN_ORDER		35	/* uses buffers in their order */
#define VIRTIO_F_ORDER_PLATFORM		36	/* needs barriers for a bus */
#define VIRTIO_F_SR_IOV			37	/* has virtual functions */
#define VIRTIO_F_NOTIFICATION_DATA	38	/* wants more said in notifications */
#define VIRTIO_F_NOTIF_CONFIG_DATA	39	/* says itself what a notification holds */
#define VIRTIO_F_RING_RESET		40	/* resets single queues */
#define VIRTIO_F_ADMIN_VQ		41	/* has an administration queue */

#endif /* _UAPI_LINUX_VIRTIO_CONFIG_H */
