// SPDX-License-Identifier: GPL-2.0
/*
 * A page of devices: finding them there, those that come and go later, and what happens
 * when the other side goes away and comes back.
 *
 * Called by whoever has the page, through <linux/virtio_page.h>.  What the other side
 * writes is not believed: lengths are read once and checked against the page, and what
 * decides where a field lies is kept where that side can't write.  Two descriptors that
 * lie over each other would be two devices that spoil each other, and no more.
 */
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/virtio_ring.h>

#include "page.h"

#define HEADER		sizeof(struct virtio_page_header)
#define DESCRIPTOR	sizeof(struct virtio_page_device)

static struct virtio_page_header *header_of(const struct virtio_page *page)
{
	return page->start;
}

static u32 changes(const struct virtio_page *page)
{
	return le32_to_cpu(READ_ONCE(header_of(page)->changes));
}

static bool is_in_state(const struct virtio_page_device *shared, u8 state)
{
	bool is = READ_ONCE(shared->state) == state;

	/* Pairs with the device's, between what it writes there and the state. */
	virt_rmb();
	return is;
}

/*
 * What there must be of a device.
 */

static bool has_bits(const struct page_device *dev, u8 type)
{
	unsigned int len;

	if (page_field(dev, type, 0, &len) && len == sizeof(struct virtio_page_bits))
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
static bool descriptor_at(struct virtio_page *page, size_t at, u32 *length)
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

	while (descriptor_at(page, *at, &length)) {
		shared = page->start + *at;
		*at += DESCRIPTOR + length;
		if (device_at(page, shared))
			continue;
		if (is_in_state(shared, VIRTIO_PAGE_GONE))
			release_place(page, shared);
		if (!is_in_state(shared, VIRTIO_PAGE_LIVE))
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

static void remove_device(struct page_device *dev)
{
	struct device *held = get_device(&dev->vdev.dev);

	unregister_virtio_device(&dev->vdev);
	unlist(dev);
	put_device(held);
}

/* It has been probed, or is: then there is something that can be paused and abandoned. */
static bool has_driver(const struct page_device *dev)
{
	return READ_ONCE(dev->status) & VIRTIO_CONFIG_S_DRIVER;
}

/* Nobody answers for it any more.  Its driver may be waiting in a probe(), with no lock. */
static void lose_device(struct page_device *dev)
{
	WRITE_ONCE(dev->doomed, dev->arriving);
	if (!dev->arriving || has_driver(dev))
		virtio_recovery_abandon(&dev->vdev);
	/* Who waits for an answer of it. */
	wake_up_all(&dev->page->answered);
	if (!dev->arriving)
		remove_device(dev);
}

static void remove_gone(struct virtio_page *page)
{
	struct page_device *dev, *next;

	list_for_each_entry_safe(dev, next, &page->devices, node)
		if (is_in_state(dev->shared, VIRTIO_PAGE_GONE))
			lose_device(dev);
}

/*
 * Not the walk's affair, which may be in the probe() of one of them.  That releases the
 * places.  A count that moves on meanwhile is another doorbell.
 */
static void go(struct work_struct *work)
{
	struct virtio_page *page = container_of(work, struct virtio_page, go);

	guard(mutex)(&page->life);
	if (READ_ONCE(page->away))
		return;
	WRITE_ONCE(page->changes, changes(page));
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
		lose_device(dev);
	}
}

/* In another page than it has begun with nothing lies where it is. */
static void add_new(struct virtio_page *page)
{
	unsigned int opened = page->opened;
	struct page_device *dev;
	size_t at = HEADER;

	while (!READ_ONCE(page->away) && page->opened == opened) {
		dev = next_new_device(page, &at);
		if (!dev)
			return;
		add_device(dev);
	}
}

static void walk(struct work_struct *work)
{
	struct virtio_page *page = container_of(work, struct virtio_page, walk);

	guard(mutex)(&page->life);
	add_new(page);
}

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
		bool heard = has_driver(dev);

		if (page_is_away(dev))
			continue;
		if (READ_ONCE(dev->shared->used))
			look_for_used(dev, heard);
		if (READ_ONCE(dev->shared->changed))
			look_for_changes(dev, heard);
	}
	rcu_read_unlock();
	wake_up_all(&page->answered);
	if (changes(page) != READ_ONCE(page->changes))
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
	INIT_WORK(&page->go, go);
	INIT_WORK(&page->walk, walk);
}
EXPORT_SYMBOL_GPL(virtio_page_init);

static int check_header(struct virtio_page *page)
{
	struct virtio_page_header *header = header_of(page);
	u32 magic = le32_to_cpu(READ_ONCE(header->magic));
	u32 version, length;

	/* Pairs with the device's, before it writes the magic. */
	virt_rmb();
	version = le32_to_cpu(READ_ONCE(header->version));
	length = le32_to_cpu(READ_ONCE(header->length));
	if (magic == VIRTIO_PAGE_MAGIC && version == VIRTIO_PAGE_VERSION &&
	    length >= HEADER && length <= page->size) {
		page->length = length;
		return 0;
	}
	dev_err(page->parent,
		"page: magic %#x, version %u, length %u, expected %#x, %u, %zu to %zu\n",
		magic, version, length, VIRTIO_PAGE_MAGIC, VIRTIO_PAGE_VERSION, HEADER,
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

	return at < dev->page->length && descriptor_at(dev->page, at, &length) &&
	       is_in_state(shared, VIRTIO_PAGE_LIVE) &&
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
			lose_device(dev);
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
	WRITE_ONCE(page->away, true);
	wake_up_all(&page->answered);
	guard(mutex)(&page->life);
	list_for_each_entry_safe(dev, next, &page->devices, node)
		if ((dev->arriving && !has_driver(dev)) || !virtio_recovery_pause(&dev->vdev))
			lose_device(dev);
}
EXPORT_SYMBOL_GPL(virtio_page_leave);

static void remove_all(struct virtio_page *page)
{
	struct page_device *dev, *next;

	guard(mutex)(&page->life);
	list_for_each_entry_safe(dev, next, &page->devices, node) {
		if (READ_ONCE(page->away) || dev->arriving)
			lose_device(dev);
		else
			remove_device(dev);
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
