/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the device page share.  Nobody outside drivers/virtio/page/ includes this. */
#ifndef _VIRTIO_PAGE_PAGE_H
#define _VIRTIO_PAGE_PAGE_H

#include <linux/ratelimit.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_fields.h>
#include <linux/virtio_page.h>
#include <uapi/linux/virtio_page.h>

#include "../transport.h"

/**
 * struct page_device - a virtio device that a page describes
 * @vdev: the device on the virtio bus
 * @page: the page
 * @node: link in &virtio_page.devices
 * @shared: its descriptor, which the other side may write to at any time
 * @fields: its fields, by where they were when it came
 * @lock: one command at a time, and one look for a field
 * @status: what the driver last wrote
 * @arriving: it is being registered, by who walks the page
 * @doomed: it went meanwhile, and what is there now is not its own: who registers it is
 *	to take it off again
 * @queues: fields that are queues
 * @vq: as many; the handler of the doorbell reads them under RCU
 */
struct page_device {
	struct virtio_device vdev;
	struct virtio_page *page;
	struct list_head node;
	struct virtio_page_device *shared;
	struct virtio_fields fields;
	struct mutex lock;		/* see above */
	u8 status;
	bool arriving, doomed;
	unsigned int queues;
	struct virtqueue *vq[];
};

static inline struct page_device *to_page_device(struct virtio_device *vdev)
{
	return container_of(vdev, struct page_device, vdev);
}

#define PAGE_HEADER	sizeof(struct virtio_page_header)

static inline struct virtio_page_header *page_head(const struct virtio_page *page)
{
	return page->start;
}

static inline u32 page_changes(const struct virtio_page *page)
{
	return le32_to_cpu(READ_ONCE(page_head(page)->changes));
}

static inline bool page_is_in_state(const struct virtio_page_device *shared, u8 state)
{
	bool is = READ_ONCE(shared->state) == state;

	/* Pairs with the device's, between what it writes there and the state. */
	virt_rmb();
	return is;
}

/* It has been probed, or is: then there is something that can be paused and abandoned. */
static inline bool page_has_driver(const struct page_device *dev)
{
	return READ_ONCE(dev->status) & VIRTIO_CONFIG_S_DRIVER;
}

/* What the other side can have said as often as it likes. */
#define page_complain(_page, fmt, ...)					\
do {									\
	if (__ratelimit(&(_page)->complaints))				\
		dev_err((_page)->parent, fmt, ##__VA_ARGS__);		\
} while (0)

/* walk.c */
bool page_descriptor_at(struct virtio_page *page, size_t at, u32 *length);
void page_lose_device(struct page_device *dev);
void page_remove_device(struct page_device *dev);
void page_go(struct work_struct *work);
void page_walk(struct work_struct *work);

/* device.c */
bool page_is_away(const struct page_device *dev);
extern const struct virtio_config_ops page_config_ops;
void *page_field(const struct page_device *dev, u8 type, unsigned int nr, unsigned int *len);
bool page_tell(struct page_device *dev, u8 command);

/* queues.c */
struct virtqueue *page_setup_vq(struct virtio_device *vdev, unsigned int index,
				struct virtqueue_info *info);
void page_del_vqs(struct virtio_device *vdev);
void page_teardown_vq(struct virtqueue *vq);
int page_disable_vq_and_reset(struct virtqueue *vq);
int page_enable_vq_after_reset(struct virtqueue *vq);
int page_resume_vqs(struct virtio_device *vdev);

#endif /* _VIRTIO_PAGE_PAGE_H */
