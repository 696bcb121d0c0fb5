// SPDX-License-Identifier: GPL-2.0
/*
 * The other side of a device page: its doorbell, and what happens when it goes away and
 * comes back.
 *
 * Called by whoever has the page, through <linux/virtio_page.h>.  Which devices are on it
 * is walk.c's affair.
 */
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/virtio_ring.h>

#include "page.h"

/*
 * The doorbell.
 */

static void look_for_used(struct page_device *dev, bool heard)
{
	struct virtqueue *vq;
	unsigned int i;

	WRITE_ONCE(dev->shared->used, 0);
	/* Pairs with the device's, between its used index and the flag. */
	virt_mb();
	for (i = 0; heard && i < dev->queues; i++) {
		vq = READ_ONCE(dev->vq[i]);
		if (vq && !READ_ONCE(vq->reset))
			vring_interrupt(0, vq);
	}
}

static void look_for_changes(struct page_device *dev, bool heard)
{
	WRITE_ONCE(dev->shared->changed, 0);
	/* Pairs with the device's, between what changed and the flag. */
	virt_mb();
	if (heard)
		virtio_config_changed(&dev->vdev);
}

/**
 * virtio_page_look - the other side rang
 * @page: the page
 *
 * Context: hard interrupt.
 */
void virtio_page_look(struct virtio_page *page)
{
	struct page_device *dev;

	rcu_read_lock();
	list_for_each_entry_rcu(dev, &page->devices, node) {
		/* Without a driver it has nobody to say it to. */
		bool heard = page_has_driver(dev);

		if (page_is_away(dev))
			continue;
		if (READ_ONCE(dev->shared->used))
			look_for_used(dev, heard);
		if (READ_ONCE(dev->shared->changed))
			look_for_changes(dev, heard);
	}
	rcu_read_unlock();
	wake_up_all(&page->answered);
	if (page_changes(page) != READ_ONCE(page->changes))
		queue_work(system_freezable_wq, &page->go);
}
EXPORT_SYMBOL_GPL(virtio_page_look);

/*
 * The other side comes, goes, and comes back.
 */

/**
 * virtio_page_init - make ready for a page
 * @page: filled in as far as its description says
 *
 * Context: any.
 */
void virtio_page_init(struct virtio_page *page)
{
	page->away = true;
	INIT_LIST_HEAD(&page->devices);
	mutex_init(&page->life);
	init_waitqueue_head(&page->answered);
	INIT_WORK(&page->go, page_go);
	INIT_WORK(&page->walk, page_walk);
}
EXPORT_SYMBOL_GPL(virtio_page_init);

/**
 * virtio_page_gone - nobody answers for a page any more
 * @page: the page
 *
 * Who waits for an answer waits no longer, also within virtio_page_open().  What becomes of
 * the devices is for virtio_page_leave(), which is to follow.
 * Context: any.
 */
void virtio_page_gone(struct virtio_page *page)
{
	WRITE_ONCE(page->away, true);
	wake_up_all(&page->answered);
}
EXPORT_SYMBOL_GPL(virtio_page_gone);

static int check_header(struct virtio_page *page)
{
	struct virtio_page_header *header = page_head(page);
	u32 magic = le32_to_cpu(READ_ONCE(header->magic));
	u32 version, length;

	/* Pairs with the device's, before it writes the magic. */
	virt_rmb();
	version = le32_to_cpu(READ_ONCE(header->version));
	length = le32_to_cpu(READ_ONCE(header->length));
	if (magic == VIRTIO_PAGE_MAGIC && version == VIRTIO_PAGE_VERSION &&
	    length >= PAGE_HEADER && length <= page->size) {
		page->length = length;
		return 0;
	}
	dev_err(page->parent,
		"page: magic %#x, version %u, length %u, expected %#x, %u, %zu to %zu\n",
		magic, version, length, VIRTIO_PAGE_MAGIC, VIRTIO_PAGE_VERSION, PAGE_HEADER,
		page->size);
	return -EINVAL;
}

static bool is_same_place(const struct virtio_field_place *a, const struct virtio_field_place *b)
{
	return a->type == b->type && a->len == b->len && a->offset == b->offset;
}

static bool has_same_fields(const struct page_device *dev, u32 length)
{
	struct virtio_fields now;
	unsigned int i;
	bool same;

	if (virtio_fields_init(&now, dev->shared + 1, length))
		return false;
	same = now.count == dev->fields.count;
	for (i = 0; same && i < now.count; i++)
		same = is_same_place(&now.field[i], &dev->fields.field[i]);
	virtio_fields_free(&now);
	return same;
}

/* Does the page describe the device that was there before? */
static bool is_as_before(const struct page_device *dev)
{
	const struct virtio_page_device *shared = dev->shared;
	size_t at = (void *)shared - dev->page->start;
	u32 length;

	return at < dev->page->length && page_descriptor_at(dev->page, at, &length) &&
	       page_is_in_state(shared, VIRTIO_PAGE_LIVE) &&
	       le32_to_cpu(READ_ONCE(shared->device)) == dev->vdev.id.device &&
	       le32_to_cpu(READ_ONCE(shared->vendor)) == dev->vdev.id.vendor &&
	       has_same_fields(dev, length);
}

/* While it is away: what lies where they were is another's. */
static void lose_others(struct virtio_page *page)
{
	struct page_device *dev, *next;

	list_for_each_entry_safe(dev, next, &page->devices, node)
		if (dev->vdev.lost || dev->doomed || !is_as_before(dev))
			page_lose_device(dev);
}

static void bring_back(struct virtio_page *page)
{
	struct page_device *dev;

	list_for_each_entry(dev, &page->devices, node)
		if (!dev->doomed)
			virtio_recovery_resume(&dev->vdev, true);
}

/**
 * virtio_page_open - the other side has written a page
 * @page: the page, its first or another one after virtio_page_leave()
 *
 * Devices that were there before, and are described as they were, are brought back
 * beneath their drivers; any others go.  What is new is registered by a work item, which
 * virtio_page_settle() waits for.
 * Context: may sleep; the doorbell must be heard meanwhile.
 * Return: 0, or -EINVAL for what is no page.
 */
int virtio_page_open(struct virtio_page *page)
{
	int err;

	guard(mutex)(&page->life);
	ratelimit_default_init(&page->complaints);
	err = check_header(page);
	if (err)
		return err;
	page->opened++;
	lose_others(page);
	WRITE_ONCE(page->away, false);
	/* In this order: whoever says so from here on has the last word. */
	if (page->is_gone && page->is_gone(page))
		virtio_page_gone(page);
	bring_back(page);
	queue_work(system_freezable_wq, &page->go);
	return 0;
}
EXPORT_SYMBOL_GPL(virtio_page_open);

/**
 * virtio_page_settle - wait until devices that came have been probed
 * @page: the page
 *
 * Context: may sleep.
 */
void virtio_page_settle(struct virtio_page *page)
{
	flush_work(&page->go);
	flush_work(&page->walk);
}
EXPORT_SYMBOL_GPL(virtio_page_settle);

/**
 * virtio_page_leave - there is nobody on the other side any more
 * @page: the page
 *
 * Devices that can be brought back wait for virtio_page_open(), their requests with them.
 * The others go, and so do all with virtio_page_close(): requests end with errors then.
 * Context: may sleep.
 */
void virtio_page_leave(struct virtio_page *page)
{
	struct page_device *dev, *next;

	/* First: who waits for an answer holds the mutex. */
	virtio_page_gone(page);
	guard(mutex)(&page->life);
	/* Who opened it meanwhile has said otherwise. */
	WRITE_ONCE(page->away, true);
	list_for_each_entry_safe(dev, next, &page->devices, node)
		if ((dev->arriving && !page_has_driver(dev)) || !virtio_recovery_pause(&dev->vdev))
			page_lose_device(dev);
}
EXPORT_SYMBOL_GPL(virtio_page_leave);

static void remove_all(struct virtio_page *page)
{
	struct page_device *dev, *next;

	guard(mutex)(&page->life);
	list_for_each_entry_safe(dev, next, &page->devices, node) {
		if (READ_ONCE(page->away) || dev->arriving)
			page_lose_device(dev);
		else
			page_remove_device(dev);
	}
}

/**
 * virtio_page_close - take all devices of a page off the bus
 * @page: the page; it can be opened again
 *
 * Context: may sleep.
 */
void virtio_page_close(struct virtio_page *page)
{
	remove_all(page);
	/* One that was arriving is removed by the walk, and so is what that finds. */
	WRITE_ONCE(page->away, true);
	virtio_page_settle(page);
	remove_all(page);
}
EXPORT_SYMBOL_GPL(virtio_page_close);

MODULE_DESCRIPTION("Virtio devices on a page");
MODULE_LICENSE("GPL");
