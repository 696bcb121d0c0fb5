// SPDX-License-Identifier: GPL-2.0
/*
 * A device that a test plays, as a device page describes it; page_host.h says more.
 *
 * What the driver writes on the page is told to the device by the operations that it has
 * for its own transport, and so is asked what goes there: a script of the test is called
 * at the same points.  Where rings lie is taken from the page.
 */
#include <kunit/device.h>
#include <linux/virtio_ids.h>

#include "../page/page.h"
#include "host.h"
#include "host_ring.h"
#include "page_host.h"
#include "soft_driver.h"

/* The bits of a page's first field; all others are in the second. */
#define TRANSPORT_BITS	GENMASK_ULL(49, 24)

/*
 * Fields of the device's own, in the order of the structures that the specification has
 * of them (virtio 1.3, 5.1.4, 5.2.4 and 5.3.4).
 */

struct extent {
	u8 offset, len;
};

static const struct extent nic[] = {
	{ 0, 6 }, { 6, 2 }, { 8, 2 }, { 10, 2 }, { }
};

static const struct extent disk[] = {
	{ 0, 8 }, { 8, 4 }, { 12, 4 }, { 16, 2 }, { 18, 1 }, { 19, 1 }, { 20, 4 }, { 24, 1 },
	{ 25, 1 }, { 26, 2 }, { 28, 4 }, { 32, 1 }, { 34, 2 }, { }
};

static const struct extent console[] = {
	{ 0, 2 }, { 2, 2 }, { 4, 4 }, { 8, 4 }, { }
};

/* struct soft_config */
static const struct extent soft[] = { { 0, 4 }, { 4, 6 }, { 10, 4 }, { 14, 2 }, { } };

static const struct extent none[] = { { } };

static const struct extent *fields_of(const struct virtio_host *host)
{
	switch (host->vdev.id.device) {
	case VIRTIO_ID_NET:
		return nic;
	case VIRTIO_ID_BLOCK:
		return disk;
	case VIRTIO_ID_CONSOLE:
		return console;
	case SOFT_ID:
		return soft;
	}
	return none;
}

/*
 * From the device to the page.
 */

static bool has_changed(struct page_place *place)
{
	const struct extent *field = fields_of(place->host);
	unsigned int i;

	for (i = 0; field[i].len; i++)
		if (memcmp(place->own[i], place->host->config + field[i].offset, field[i].len))
			return true;
	return false;
}

static void set_generation(struct page_place *place, u32 generation)
{
	/* Pairs with the guest's, between the fields and the generation after them. */
	virt_wmb();
	WRITE_ONCE(place->shared->generation, cpu_to_le32(generation));
	/* Pairs with the guest's, between the generation before the fields and them. */
	virt_wmb();
}

static void publish_config(struct page_place *place)
{
	u32 generation = le32_to_cpu(place->shared->generation);
	const struct extent *field = fields_of(place->host);
	unsigned int i;

	if (!has_changed(place))
		return;
	set_generation(place, generation + 1);
	for (i = 0; field[i].len; i++)
		memcpy(place->own[i], place->host->config + field[i].offset, field[i].len);
	set_generation(place, generation + 2);
}

/* As the members of the device are now. */
void page_host_publish(struct virtio_host *host)
{
	struct page_place *place = page_place_of(host);
	unsigned int i;

	place->bits[0]->offered = cpu_to_le64(host->offered & TRANSPORT_BITS);
	if (place->bits[1])
		place->bits[1]->offered = cpu_to_le64(host->offered & ~TRANSPORT_BITS);
	for (i = 0; i < place->queues; i++)
		place->queue[i]->offered = cpu_to_le16(host->queue[i].size);
	publish_config(place);
	WRITE_ONCE(place->shared->answer, host->vdev.config->get_status(&host->vdev));
}

/*
 * From the driver to the device.
 */

static struct virtqueue *vq_of(struct virtio_host *host, unsigned int index)
{
	struct virtio_device *vdev = virtio_host_vdev(host);
	struct virtqueue *vq;

	if (!vdev)
		return NULL;
	virtio_device_for_each_vq(vdev, vq)
		if (vq->index == index)
			return vq;
	return NULL;
}

static void start_queue(struct page_place *place, unsigned int i)
{
	struct virtio_host *host = place->host;
	struct virtio_page_queue field = *place->queue[i];
	const struct host_ring_place ring = {
		.num = le16_to_cpu(field.size),
		.desc = le64_to_cpu(field.desc),
		.driver = le64_to_cpu(field.driver),
		.device = le64_to_cpu(field.device),
	};

	virtio_host_reach(host, VIRTIO_HOST_SETUP, i);
	KUNIT_EXPECT_EQ(host->test, 0,
			host_ring_start_at(host->queue[i].ring, place->features, &ring));
	host->queue[i].vq = vq_of(host, i);
}

static void stop_queue(struct virtio_host *host, unsigned int i)
{
	cancel_work_sync(&host->queue[i].work);
	host->queue[i].vq = NULL;
	host_ring_exit(host->queue[i].ring);
}

static void start_queues(struct page_place *place)
{
	unsigned int i;

	for (i = 0; i < place->queues; i++)
		if (place->queue[i]->enabled == 1 && !place->host->queue[i].vq)
			start_queue(place, i);
}

static void look_at_queues(struct page_place *place)
{
	struct virtio_host *host = place->host;
	unsigned int i;

	for (i = 0; i < place->queues; i++) {
		if (place->queue[i]->enabled || !host->queue[i].vq)
			continue;
		virtio_host_reach(host, VIRTIO_HOST_QUEUE_RESET, i);
		stop_queue(host, i);
	}
	start_queues(place);
}

static void reset(struct page_place *place)
{
	struct virtio_host *host = place->host;
	unsigned int i;

	for (i = 0; i < place->queues; i++) {
		if (!host->queue[i].vq)
			continue;
		stop_queue(host, i);
		virtio_host_reach(host, VIRTIO_HOST_TEARDOWN, i);
	}
	host->vdev.config->reset_device(&host->vdev);
}

static void take_features(struct page_place *place)
{
	struct virtio_host *host = place->host;
	u64 own, more = 0;

	if (place->more_bits) {
		own = le64_to_cpu(place->more_bits->taken[0]);
		more = le64_to_cpu(place->more_bits->taken[1]);
	} else {
		own = le64_to_cpu(place->bits[1]->taken);
	}
	place->features = (le64_to_cpu(place->bits[0]->taken) & TRANSPORT_BITS) |
			  (own & ~TRANSPORT_BITS);
	host->accepted_array[0] = place->features;
	host->accepted_array[1] = more;
	virtio_features_copy(host->vdev.features_array, host->accepted_array);
	virtio_host_reach(host, VIRTIO_HOST_SET_FEATURES, host->accepted);
}

static void set_status(struct page_place *place, u8 status)
{
	struct virtio_host *host = place->host;
	u8 new = status & ~host->status;

	if (new & VIRTIO_CONFIG_S_FEATURES_OK)
		take_features(place);
	if (host->accepted & ~host->offered || host->accepted_array[1] & ~host->offered_array[1])
		status &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	if (new & VIRTIO_CONFIG_S_DRIVER_OK)
		start_queues(place);
	host->vdev.config->set_status(&host->vdev, status);
}

static void pull_config(struct page_place *place)
{
	const struct extent *field = fields_of(place->host);
	unsigned int i;

	for (i = 0; field[i].len; i++)
		memcpy(place->host->config + field[i].offset, place->own[i], field[i].len);
	virtio_host_reach(place->host, VIRTIO_HOST_WRITE, 0);
}

static void obey(struct page_place *place, u8 command)
{
	u8 status = READ_ONCE(place->shared->status);

	if (command == VIRTIO_PAGE_C_STATUS && status)
		set_status(place, status);
	else if (command == VIRTIO_PAGE_C_STATUS)
		reset(place);
	else if (command == VIRTIO_PAGE_C_CONFIG)
		pull_config(place);
	else if (command == VIRTIO_PAGE_C_QUEUE)
		look_at_queues(place);
	page_host_publish(place->host);
}

static void kicked(struct page_place *place)
{
	struct virtio_host *host = place->host;
	unsigned int i;

	for (i = 0; i < place->queues; i++) {
		if (!host->queue[i].vq)
			continue;
		virtio_host_kicked(host, i);
		if (host->queue[i].serve)
			virtio_host_serve_all(host, i);
	}
}

/*
 * On a page.
 */

struct page_other *page_host_make(struct kunit *test, struct device *parent)
{
	struct page_other *other = page_other_make(test, parent);

	other->obey = obey;
	other->kicked = kicked;
	return other;
}

/* All of it but that it is there. */
struct page_place *page_host_describe(struct page_other *other, struct virtio_host *host)
{
	struct page_place *place = page_add_device(other, host->vdev.id.device,
						   host->vdev.id.vendor);
	const struct extent *field = fields_of(host);
	unsigned int i;

	place->host = host;
	host->place = place;
	page_add_bits(place, VIRTIO_CONFIG_F_VIRTIO, host->offered & TRANSPORT_BITS);
	if (host->offered_array[1])
		page_add_more_bits(place, host->offered & ~TRANSPORT_BITS, host->offered_array[1]);
	else
		page_add_bits(place, VIRTIO_CONFIG_F_FEATURES, host->offered & ~TRANSPORT_BITS);
	for (i = 0; i < host->queues; i++)
		page_add_queue(place, host->queue[i].size);
	for (i = 0; field[i].len; i++)
		place->own[i] = page_add_field(place, VIRTIO_CONFIG_F_DEVICE + i,
					       host->config + field[i].offset, field[i].len);
	page_end_device(place);
	return place;
}

/* And that, on a page that may be open; its driver has been probed on return. */
void page_host_show(struct page_other *other, struct virtio_host *host)
{
	page_set_state(page_host_describe(other, host), VIRTIO_PAGE_LIVE);
	page_ring_guest(other);
	page_other_settle(other);
}

/* It has been started anew, and nobody has told it anything yet. */
void page_host_forget(struct virtio_host *host)
{
	unsigned int i;

	for (i = 0; i < host->queues; i++)
		stop_queue(host, i);
	host->status = 0;
	virtio_features_zero(host->accepted_array);
}

/* It dies where it stands: what it was rung for it has not seen. */
void page_host_die(struct page_other *other)
{
	WRITE_ONCE(other->deaf, true);
	virtio_page_leave(&other->page);
}

/* Another process on the other side, with the same devices. */
void page_host_come_back(struct page_other *other)
{
	struct virtio_host *host[PAGE_PLACES];
	unsigned int i, n = other->places;

	cancel_work_sync(&other->look);
	for (i = 0; i < n; i++)
		host[i] = other->place[i].host;
	page_begin(other);
	for (i = 0; i < n; i++) {
		page_host_forget(host[i]);
		page_set_state(page_host_describe(other, host[i]), VIRTIO_PAGE_LIVE);
	}
	WRITE_ONCE(other->deaf, false);
	KUNIT_ASSERT_EQ(other->test, 0, virtio_page_open(&other->page));
	page_other_settle(other);
}

/*
 * The way to the bus.
 */

static struct device *parent;

struct device *page_host_parent(void)
{
	return parent;
}

static struct virtio_device *vdev_of(struct virtio_host *host)
{
	struct page_place *place = page_place_of(host);
	struct page_device *dev;

	guard(rcu)();
	list_for_each_entry_rcu(dev, &place->other->page.devices, node)
		if (dev->shared == place->shared)
			return &dev->vdev;
	return NULL;
}

static int plug(struct virtio_host *host)
{
	struct page_other *other = page_host_make(host->test, parent);
	int err;

	page_host_show(other, host);
	err = virtio_page_open(&other->page);
	page_other_settle(other);
	return err ?: vdev_of(host) ? 0 : -ENODEV;
}

static void unplug(struct virtio_host *host)
{
	/* Unless another is there by now. */
	if (page_place_of(host)->host == host)
		page_host_publish(host);
	virtio_page_close(&page_place_of(host)->other->page);
}

static void say_used(struct virtio_host *host, unsigned int queue)
{
	page_say_used(page_place_of(host));
}

static void say_changed(struct virtio_host *host)
{
	page_host_publish(host);
	page_say_changed(page_place_of(host));
}

static const struct virtio_host_way by_page = {
	.plug = plug,
	.unplug = unplug,
	.vdev = vdev_of,
	.used = say_used,
	.changed = say_changed,
};

static void choose_usual_way(void *unused)
{
	virtio_host_choose_way(NULL);
}

int page_host_init(struct kunit *test)
{
	virtio_host_choose_way(&by_page);
	parent = kunit_device_register(test, "virtio-page");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, parent);
	return kunit_add_action_or_reset(test, choose_usual_way, NULL);
}
