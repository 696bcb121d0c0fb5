// SPDX-License-Identifier: GPL-2.0
/*
 * A virtio device that a test plays: status, features and configuration.
 *
 * Called by tests through <kunit/virtio.h>, and by bus, core and drivers as any
 * transport is.  Its queues are in host_queue.c.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/virtio_ring.h>

#include "../transport.h"
#include "host.h"

/* Where the script may change what is answered. */
void virtio_host_reach(struct virtio_host *host, enum virtio_host_point point, u64 arg)
{
	if (host->script)
		host->script(host, point, arg);
}
EXPORT_SYMBOL_GPL(virtio_host_reach);

/* A driver that reads past the structure gets what a device would give it: nothing. */
static unsigned int there(unsigned int offset, unsigned int len)
{
	return offset < sizeof_field(struct virtio_host, config) ?
	       min_t(unsigned int, len, sizeof_field(struct virtio_host, config) - offset) : 0;
}

static void host_read(struct virtio_device *vdev, unsigned int offset, void *buf,
		      unsigned int len)
{
	struct virtio_host *host = to_virtio_host(vdev);

	virtio_host_reach(host, VIRTIO_HOST_READ, offset);
	memset(buf, 0, len);
	memcpy(buf, host->config + offset, there(offset, len));
}

static void host_write(struct virtio_device *vdev, unsigned int offset, const void *buf,
		       unsigned int len)
{
	struct virtio_host *host = to_virtio_host(vdev);

	memcpy(host->config + offset, buf, there(offset, len));
	virtio_host_reach(host, VIRTIO_HOST_WRITE, offset);
}

static u32 host_generation(struct virtio_device *vdev)
{
	struct virtio_host *host = to_virtio_host(vdev);

	virtio_host_reach(host, VIRTIO_HOST_GENERATION, host->generation);
	return host->restless ? host->generation++ : host->generation;
}

static u8 host_get_status(struct virtio_device *vdev)
{
	struct virtio_host *host = to_virtio_host(vdev);

	virtio_host_reach(host, VIRTIO_HOST_GET_STATUS, host->status);
	return host->status;
}

static void note(struct virtio_host *host, u8 status)
{
	host->status = status;
	if (host->writes < ARRAY_SIZE(host->history))
		host->history[host->writes++] = status;
	wake_up_all(&host->event);
}

static void host_set_status(struct virtio_device *vdev, u8 status)
{
	struct virtio_host *host = to_virtio_host(vdev);

	if (host->refuse_features)
		status &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	note(host, status);
	virtio_host_reach(host, VIRTIO_HOST_SET_STATUS, status);
}

static void host_reset(struct virtio_device *vdev)
{
	struct virtio_host *host = to_virtio_host(vdev);

	/* As a transport does. */
	if (host->status == VIRTIO_STATUS_GONE && virtio_host_vdev(host) == vdev) {
		virtio_wait_for_reset(vdev);
		return;
	}
	note(host, 0);
	virtio_fields_reset(&host->fields);
	virtio_host_reach(host, VIRTIO_HOST_RESET, 0);
}

static u64 host_get_features(struct virtio_device *vdev)
{
	struct virtio_host *host = to_virtio_host(vdev);

	virtio_host_reach(host, VIRTIO_HOST_GET_FEATURES, host->offered);
	return host->offered;
}

static void host_get_extended_features(struct virtio_device *vdev, u64 *features)
{
	struct virtio_host *host = to_virtio_host(vdev);

	virtio_host_reach(host, VIRTIO_HOST_GET_FEATURES, host->offered);
	virtio_features_copy(features, host->offered_array);
}

static int host_finalize_features(struct virtio_device *vdev)
{
	struct virtio_host *host = to_virtio_host(vdev);
	u64 own = vdev->features & BIT_ULL(VIRTIO_F_RING_RESET);

	vring_transport_features(vdev);
	vdev->features |= own;
	/* Without a parent there is nobody to map for. */
	if (!vdev->dev.parent)
		__virtio_clear_bit(vdev, VIRTIO_F_ACCESS_PLATFORM);
	virtio_features_copy(host->accepted_array, vdev->features_array);
	virtio_host_reach(host, VIRTIO_HOST_SET_FEATURES, host->accepted);
	return 0;
}

static void *page_find(struct virtio_device *vdev, u8 type, unsigned int *len)
{
	return virtio_fields_find(&to_virtio_host(vdev)->fields, type, len);
}

static void page_get(struct virtio_device *vdev, void *token, void *buf, unsigned int len)
{
	struct virtio_host *host = to_virtio_host(vdev);

	if (virtio_get_by_offset(vdev, token, buf, len))
		return;
	virtio_host_reach(host, VIRTIO_HOST_READ, len);
	virtio_fields_get(&host->fields, token, buf, len);
}

static void page_set(struct virtio_device *vdev, void *token, const void *buf,
		     unsigned int len)
{
	struct virtio_host *host = to_virtio_host(vdev);

	if (virtio_set_by_offset(vdev, token, buf, len))
		return;
	virtio_fields_set(&host->fields, token, buf, len);
	virtio_host_reach(host, VIRTIO_HOST_WRITE, len);
}

static void *page_look(struct virtio_device *vdev, unsigned int nr, u8 *type,
		       unsigned int *len)
{
	return virtio_fields_look(&to_virtio_host(vdev)->fields, nr, type, len);
}

#define HOST_OPS							\
	.get_status		= host_get_status,			\
	.set_status		= host_set_status,			\
	.reset			= virtio_driver_reset,			\
	.reset_device		= host_reset,				\
	.get_features		= host_get_features,			\
	.get_extended_features	= host_get_extended_features,		\
	.finalize_features	= host_finalize_features,		\
	.setup_vq		= virtio_host_setup_vq,			\
	.teardown_vq		= virtio_host_teardown_vq,		\
	.disable_vq_and_reset	= virtio_host_disable_vq,		\
	.enable_vq_after_reset	= virtio_host_enable_vq,		\
	.resume_vqs		= virtio_host_resume_vqs,		\
	VIRTIO_QUEUES_EACH

static const struct virtio_config_ops structure_ops = {
	VIRTIO_FIELDS_BY_LAYOUT,
	.read		= host_read,
	.write		= host_write,
	.generation	= host_generation,
	HOST_OPS,
};

static const struct virtio_config_ops page_ops = {
	.find		= page_find,
	.get		= page_get,
	.set		= page_set,
	.look		= page_look,
	HOST_OPS,
};

static void host_release(struct device *dev)
{
	struct virtio_host *host = to_virtio_host(dev_to_virtio(dev));

	if (host->released)
		*host->released = true;
}

/*
 * The way by which it comes to the bus, unless a suite takes another.
 */

static int plug_directly(struct virtio_host *host)
{
	int err = register_virtio_device(&host->vdev);

	if (err)
		put_device(&host->vdev.dev);
	return err;
}

static void unplug_directly(struct virtio_host *host)
{
	unregister_virtio_device(&host->vdev);
	/* Freed by that, and the device may still be reset when its fields are. */
	host->vdev.recovery = NULL;
}

static struct virtio_device *vdev_itself(struct virtio_host *host)
{
	return &host->vdev;
}

static void say_changed(struct virtio_host *host)
{
	virtio_config_changed(&host->vdev);
}

static const struct virtio_host_way directly = {
	.plug = plug_directly,
	.unplug = unplug_directly,
	.vdev = vdev_itself,
	.used = virtio_host_say_used,
	.changed = say_changed,
};

static const struct virtio_host_way *way = &directly;

/* For devices that are made from here on; %NULL for the transport in this file. */
void virtio_host_choose_way(const struct virtio_host_way *other)
{
	way = other ?: &directly;
}
EXPORT_SYMBOL_GPL(virtio_host_choose_way);

/**
 * virtio_host_create - make a device
 * @test: the test that will play it
 * @id: what kind of device; VIRTIO_ID_* for one that a driver of the tree serves
 * @offered: features that it offers; VIRTIO_F_VERSION_1 is not added
 *
 * Its configuration is a structure of 256 bytes, at first of zeros.
 * Return: the device, not plugged in yet.
 */
struct virtio_host *virtio_host_create(struct kunit *test, u32 id, u64 offered)
{
	struct virtio_host *host = kunit_kzalloc(test, sizeof(*host), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, host);
	host->test = test;
	host->way = way;
	host->vdev.id.device = id;
	host->vdev.id.vendor = VIRTIO_HOST_VENDOR;
	host->vdev.config = &structure_ops;
	host->vdev.dev.release = host_release;
	host->offered = offered;
	mutex_init(&host->vdev.queues_lock);
	init_waitqueue_head(&host->event);
	return host;
}
EXPORT_SYMBOL_GPL(virtio_host_create);

static void free_fields(void *data)
{
	struct virtio_host *host = data;

	virtio_reset_device(&host->vdev);
	virtio_fields_free(&host->fields);
}

/**
 * virtio_host_create_paged - make a device that describes itself by fields
 * @test: the test that will play it
 * @id: what kind of device
 * @page: the fields, [type][length][contents] each; they stay the test's
 * @size: bytes of @page
 *
 * A field of type VIRTIO_CONFIG_F_FEATURES holds what it offers.
 * Return: the device, not plugged in yet.
 */
struct virtio_host *virtio_host_create_paged(struct kunit *test, u32 id, void *page, size_t size)
{
	struct virtio_host *host = virtio_host_create(test, id, 0);

	host->vdev.config = &page_ops;
	KUNIT_ASSERT_EQ(test, 0, virtio_fields_init(&host->fields, page, size));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_fields, host));
	return host;
}
EXPORT_SYMBOL_GPL(virtio_host_create_paged);

static void unplug(void *data)
{
	struct virtio_host *host = data;

	host->way->unplug(host);
}

/**
 * virtio_host_try_plug - put a device on the bus, if the bus takes it
 * @host: the device
 *
 * A driver for it is probed before this returns, if there is one.
 * Return: 0, or the error of register_virtio_device().
 */
int virtio_host_try_plug(struct virtio_host *host)
{
	int err = host->way->plug(host);

	if (!err)
		KUNIT_ASSERT_EQ(host->test, 0, kunit_add_action_or_reset(host->test, unplug, host));
	return err;
}
EXPORT_SYMBOL_GPL(virtio_host_try_plug);

/**
 * virtio_host_plug - put a device on the bus, which takes it
 * @host: the device
 *
 * As above; the test ends if it does not.
 */
void virtio_host_plug(struct virtio_host *host)
{
	KUNIT_ASSERT_EQ(host->test, 0, virtio_host_try_plug(host));
}
EXPORT_SYMBOL_GPL(virtio_host_plug);

/**
 * virtio_host_plug_for - put a device on the bus, for one driver alone
 * @host: the device
 * @name: the driver, as &device_driver.name
 *
 * Where several drivers serve the same id, the others don't get to see it.  The test
 * ends if there is no such driver, or if it does not serve the device.
 * Return: 0, or the error of the driver's probe().
 */
int virtio_host_plug_for(struct virtio_host *host, const char *name)
{
	struct device *dev = &host->vdev.dev;
	u32 id = host->vdev.id.device;
	struct device_driver *drv;

	/* No table has an id of 0: nobody is probed yet. */
	host->vdev.id.device = 0;
	virtio_host_plug(host);
	host->vdev.id.device = id;

	drv = driver_find(name, dev->bus);
	KUNIT_ASSERT_NOT_NULL_MSG(host->test, drv, "the kernel has no driver %s", name);
	KUNIT_ASSERT_TRUE_MSG(host->test, dev->bus->match(dev, drv),
			      "%s does not serve device %u", name, id);
	return device_driver_attach(drv, dev);
}
EXPORT_SYMBOL_GPL(virtio_host_plug_for);

/**
 * virtio_host_unplug - take it off again
 * @host: the device; its driver has been removed on return
 *
 * Otherwise this happens when the test ends.
 */
void virtio_host_unplug(struct virtio_host *host)
{
	kunit_release_action(host->test, unplug, host);
}
EXPORT_SYMBOL_GPL(virtio_host_unplug);

/**
 * virtio_host_change_config - tell the driver that the configuration changed
 * @host: the device, whose &virtio_host.config the test has written to
 *
 * Context: any.
 */
void virtio_host_change_config(struct virtio_host *host)
{
	host->generation++;
	host->way->changed(host);
}
EXPORT_SYMBOL_GPL(virtio_host_change_config);

/**
 * virtio_host_needs_reset - the device has run into an error of its own
 * @host: the device
 *
 * Sets DEVICE_NEEDS_RESET and says so (virtio 1.3, 2.1.2).
 * Context: any.
 */
void virtio_host_needs_reset(struct virtio_host *host)
{
	host->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	virtio_host_change_config(host);
}
EXPORT_SYMBOL_GPL(virtio_host_needs_reset);

MODULE_DESCRIPTION("A virtio device for tests");
MODULE_LICENSE("GPL");
