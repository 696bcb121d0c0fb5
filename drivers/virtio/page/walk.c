// SPDX-License-Identifier: GPL-2.0
/*
 * A page of devices: finding them there, and those that come and go later.
 *
 * Called by work items of side.c.  What the other side writes is not believed: lengths are
 * read once and checked against the page, and what decides where a field lies is kept where
 * that side can't write.  Two descriptors that lie over each other would be two devices that
 * spoil each other, and no more.
 */
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/virtio_ring.h>

#include "page.h"

#define DESCRIPTOR	sizeof(struct virtio_page_device)

/*
 * What there must be of a device.
 */

/* Only the device's own bits can be more than 64. */
static bool has_bits(const struct page_device *dev, u8 type)
{
	unsigned int len;

	if (page_field(dev, type, 0, &len) &&
	    (len == sizeof(struct virtio_page_bits) ||
	     (type == VIRTIO_CONFIG_F_FEATURES && len == sizeof(struct virtio_page_more_bits))))
		return true;
	page_complain(dev->page, "device %u: no field %#x of %zu bytes\n", dev->vdev.id.device,
		      type, sizeof(struct virtio_page_bits));
	return false;
}

static bool has_queues(const struct page_device *dev)
{
	unsigned int i, len;

	for (i = 0; i < dev->queues; i++) {
		page_field(dev, VIRTIO_CONFIG_F_VIRTQUEUE, i, &len);
		if (len == sizeof(struct virtio_page_queue))
			continue;
		page_complain(dev->page, "device %u: queue %u has %u bytes, expected %zu\n",
			      dev->vdev.id.device, i, len, sizeof(struct virtio_page_queue));
		return false;
	}
	return true;
}

static unsigned int count_queues(const struct virtio_fields *fields)
{
	unsigned int i, n = 0;

	for (i = 0; i < fields->count; i++)
		n += fields->field[i].type == VIRTIO_CONFIG_F_VIRTQUEUE;
	return n;
}

/*
 * Devices that come.
 */

static void release(struct device *dev)
{
	struct page_device *pd = to_page_device(dev_to_virtio(dev));

	virtio_fields_free(&pd->fields);
	kfree(pd);
}

/* Takes the fields over. */
static struct page_device *new_device(struct virtio_page *page, struct virtio_page_device *shared,
				      const struct virtio_fields *fields)
{
	unsigned int queues = count_queues(fields);
	struct page_device *dev = kzalloc(struct_size(dev, vq, queues), GFP_KERNEL);

	if (!dev)
		return NULL;
	dev->page = page;
	dev->shared = shared;
	dev->fields = *fields;
	dev->queues = queues;
	mutex_init(&dev->lock);
	dev->vdev.id.device = le32_to_cpu(READ_ONCE(shared->device));
	dev->vdev.id.vendor = le32_to_cpu(READ_ONCE(shared->vendor));
	dev->vdev.config = &page_config_ops;
	dev->vdev.dev.parent = page->parent;
	dev->vdev.dev.release = release;
	return dev;
}

/* Its fields and queues as far as they can be told from here; NULL if there is no device in it. */
static struct page_device *device_of(struct virtio_page *page, struct virtio_page_device *shared,
				     u32 length)
{
	struct virtio_fields fields;
	struct page_device *dev;

	if (virtio_fields_init(&fields, shared + 1, length))
		return NULL;
	dev = new_device(page, shared, &fields);
	if (!dev) {
		virtio_fields_free(&fields);
		return NULL;
	}
	if (dev->vdev.id.device && has_bits(dev, VIRTIO_CONFIG_F_VIRTIO) &&
	    has_bits(dev, VIRTIO_CONFIG_F_FEATURES) && has_queues(dev))
		return dev;
	virtio_fields_free(&dev->fields);
	kfree(dev);
	return NULL;
}

static struct page_device *device_at(struct virtio_page *page,
				     const struct virtio_page_device *shared)
{
	struct page_device *dev;

	list_for_each_entry(dev, &page->devices, node)
		if (dev->shared == shared)
			return dev;
	return NULL;
}

/* Is there a descriptor at @at, with its fields?  How long they are is read once. */
bool page_descriptor_at(struct virtio_page *page, size_t at, u32 *length)
{
	struct virtio_page_device *shared = page->start + at;

	if (page->length - at < sizeof(shared->length))
		return false;
	*length = le32_to_cpu(READ_ONCE(shared->length));
	if (!*length)
		return false;
	if (page->length - at >= DESCRIPTOR && *length % 8 == 0 &&
	    *length <= min_t(size_t, VIRTIO_PAGE_FIELDS_MAX, page->length - at - DESCRIPTOR))
		return true;
	page_complain(page,
		      "descriptor at %zu has %u bytes of fields, expected a multiple of 8 up to %u that ends within %zu\n",
		      at, *length, VIRTIO_PAGE_FIELDS_MAX, page->length);
	return false;
}

/* What is left of a device is the other side's again, and nobody waits for that. */
static void release_place(struct virtio_page *page, struct virtio_page_device *shared)
{
	if (READ_ONCE(shared->command) == VIRTIO_PAGE_C_RELEASE)
		return;
	WRITE_ONCE(shared->command, VIRTIO_PAGE_C_RELEASE);
	page->ring(page);
}

/* The next that is not known yet, from @at on, which moves behind it; NULL at the end. */
static struct page_device *next_new_device(struct virtio_page *page, size_t *at)
{
	struct virtio_page_device *shared;
	struct page_device *dev;
	u32 length;

	while (page_descriptor_at(page, *at, &length)) {
		shared = page->start + *at;
		*at += DESCRIPTOR + length;
		if (device_at(page, shared))
			continue;
		if (page_is_in_state(shared, VIRTIO_PAGE_GONE))
			release_place(page, shared);
		if (!page_is_in_state(shared, VIRTIO_PAGE_LIVE))
			continue;
		dev = device_of(page, shared, length);
		if (dev)
			return dev;
	}
	return NULL;
}

/*
 * Devices that go.
 */

static void unlist(struct page_device *dev)
{
	list_del_rcu(&dev->node);
	/* For the handler of the doorbell. */
	synchronize_rcu();
}

void page_remove_device(struct page_device *dev)
{
	struct device *held = get_device(&dev->vdev.dev);

	unregister_virtio_device(&dev->vdev);
	unlist(dev);
	put_device(held);
}

/* Nobody answers for it any more.  Its driver may be waiting in a probe(), with no lock. */
void page_lose_device(struct page_device *dev)
{
	WRITE_ONCE(dev->doomed, dev->arriving);
	if (!dev->arriving || page_has_driver(dev))
		virtio_recovery_abandon(&dev->vdev);
	/* Who waits for an answer of it. */
	wake_up_all(&dev->page->answered);
	if (!dev->arriving)
		page_remove_device(dev);
}

static void remove_gone(struct virtio_page *page)
{
	struct page_device *dev, *next;

	list_for_each_entry_safe(dev, next, &page->devices, node)
		if (page_is_in_state(dev->shared, VIRTIO_PAGE_GONE))
			page_lose_device(dev);
}

/*
 * Not the walk's affair, which may be in the probe() of one of them.  That releases the
 * places.  A count that moves on meanwhile is another doorbell.
 */
void page_go(struct work_struct *work)
{
	struct virtio_page *page = container_of(work, struct virtio_page, go);

	guard(mutex)(&page->life);
	if (READ_ONCE(page->away))
		return;
	WRITE_ONCE(page->changes, page_changes(page));
	/* Pairs with the device's, between a state and the count. */
	virt_rmb();
	remove_gone(page);
	queue_work(system_freezable_wq, &page->walk);
}

/*
 * The walk.
 */

/*
 * Without the mutex: probe() may take as long as the device does, and the other side may
 * go away meanwhile.  Interrupts come from when the device is on the list.
 */
static int register_device(struct page_device *dev)
{
	struct virtio_page *page = dev->page;
	int err;

	dev->arriving = true;
	list_add_tail_rcu(&dev->node, &page->devices);
	mutex_unlock(&page->life);
	err = register_virtio_device(&dev->vdev);
	mutex_lock(&page->life);
	dev->arriving = false;
	return err;
}

static void add_device(struct page_device *dev)
{
	struct virtio_page *page = dev->page;
	int err = register_device(dev);

	/* Then its place is to be released, or the other side is back with the same device. */
	if (dev->doomed)
		queue_work(system_freezable_wq, &page->walk);
	if (err) {
		/* What -ENODEV is for has been said. */
		if (err != -ENODEV)
			page_complain(page, "device %u at %zu: not registered: %pe\n",
				      dev->vdev.id.device, (void *)dev->shared - page->start,
				      ERR_PTR(err));
		unlist(dev);
		put_device(&dev->vdev.dev);
	} else if (dev->doomed) {
		page_lose_device(dev);
	}
}

/* In another page than it has begun with nothing lies where it is. */
static void add_new(struct virtio_page *page)
{
	unsigned int opened = page->opened;
	struct page_device *dev;
	size_t at = PAGE_HEADER;

	while (!READ_ONCE(page->away) && page->opened == opened) {
		dev = next_new_device(page, &at);
		if (!dev)
			return;
		add_device(dev);
	}
}

void page_walk(struct work_struct *work)
{
	struct virtio_page *page = container_of(work, struct virtio_page, walk);

	guard(mutex)(&page->life);
	add_new(page);
}
