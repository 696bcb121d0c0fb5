// SPDX-License-Identifier: GPL-2.0
/*
 * The driver's handshake with a device (virtio 1.3, 2.1 and 3.1): status, features, queues.
 *
 * Called by page.c when a command has come.  Reads what the driver has written through
 * page.c; a driver that does it wrong is refused, or loses the device until a reset.
 */
#include <inttypes.h>

#include "handshake.h"
#include "page.h"

#define BIT(n)	(UINT64_C(1) << (n))

#define KNOWN_STATUS	(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | \
			 VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK | \
			 VIRTIO_CONFIG_S_NEEDS_RESET | VIRTIO_CONFIG_S_FAILED)

/* What all devices offer besides their own. */
static uint64_t common = BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_RING_F_INDIRECT_DESC) |
			 BIT(VIRTIO_RING_F_EVENT_IDX) | BIT(VIRTIO_F_RING_PACKED) |
			 BIT(VIRTIO_F_RING_RESET);

void handshake_without(unsigned int bit)
{
	common &= ~BIT(bit);
}

uint64_t handshake_offered(const struct device *dev)
{
	return dev->features | common;
}

/* A bit that was not offered can't be taken, and there is no legacy device here. */
static bool agree_on_features(struct device *dev)
{
	uint64_t taken = page_get_taken(dev);

	if (taken & ~handshake_offered(dev)) {
		device_refuse(dev, "found features %#" PRIx64 ", expected none but %#" PRIx64,
			      taken, handshake_offered(dev));
		return false;
	}
	if (!(taken & BIT(VIRTIO_F_VERSION_1))) {
		device_refuse(dev, "found features %#" PRIx64 ", expected VERSION_1 among them",
			      taken);
		return false;
	}
	dev->taken = taken;
	return true;
}

/* One of the queues, as the page has it now: is it to run?  No, after device_lie(). */
static bool is_wanted(struct device *dev, struct queue *q, struct queue_setup *setup)
{
	uint8_t enabled = page_get_queue(dev, q->index, setup);

	if (enabled > 1)
		device_lie(dev, q, "found %u as enabled, expected 0 or 1", enabled);
	return enabled == 1;
}

static void disable(struct device *dev, struct queue *q)
{
	if (!q->format)
		return;
	queue_stop(q);
	dev->type->stop(dev, q);
}

static void start(struct device *dev)
{
	struct queue_setup setup;
	unsigned int i;

	for (i = 0; i < dev->queues && !dev->broken; i++)
		if (is_wanted(dev, &dev->queue[i], &setup))
			queue_start(&dev->queue[i], &setup);
	if (dev->broken)
		return;
	if (dev->type->start)
		dev->type->start(dev);
	handshake_kick(dev);
}

void handshake_kick(struct device *dev)
{
	unsigned int i;

	for (i = 0; i < dev->queues; i++)
		if (dev->queue[i].format && !dev->broken)
			dev->type->kick(dev, &dev->queue[i]);
}

static void stop(struct device *dev)
{
	unsigned int i;

	for (i = 0; i < dev->queues; i++)
		disable(dev, &dev->queue[i]);
}

void handshake_reset(struct device *dev)
{
	stop(dev);
	dev->status = 0;
	dev->taken = 0;
	dev->broken = false;
}

static bool is_possible(struct device *dev, uint8_t status)
{
	if (status & ~KNOWN_STATUS)
		device_lie(dev, NULL, "found status %#x, expected no bits but %#x",
			   status, KNOWN_STATUS);
	else if (dev->status & ~status)
		device_lie(dev, NULL, "found status %#x after %#x, expected bits to be cleared by a reset alone",
			   status, dev->status);
	else if (status & VIRTIO_CONFIG_S_DRIVER_OK && !(status & VIRTIO_CONFIG_S_FEATURES_OK))
		device_lie(dev, NULL, "found status %#x, expected FEATURES_OK with DRIVER_OK",
			   status);
	else
		return true;
	return false;
}

void handshake_status(struct device *dev, uint8_t status)
{
	uint8_t more;

	if (!status) {
		handshake_reset(dev);
		page_restore_fields(dev);
		return;
	}
	/* The driver repeats what it read. */
	status &= ~VIRTIO_CONFIG_S_NEEDS_RESET;
	if (dev->broken || !is_possible(dev, status))
		return;
	more = status & ~dev->status;
	if (more & VIRTIO_CONFIG_S_FEATURES_OK && !agree_on_features(dev)) {
		status &= ~(VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK);
		more = 0;
	}
	dev->status = status;
	if (more & VIRTIO_CONFIG_S_FAILED)
		stop(dev);
	else if (more & VIRTIO_CONFIG_S_DRIVER_OK)
		start(dev);
}

static void follow_queue(struct device *dev, struct queue *q)
{
	struct queue_setup setup;

	if (!is_wanted(dev, q, &setup))
		disable(dev, q);
	else if (!q->format && !queue_start(q, &setup))
		dev->type->kick(dev, q);
}

void handshake_queues(struct device *dev)
{
	unsigned int i;

	if (dev->broken)
		return;
	if (!device_has(dev, VIRTIO_F_RING_RESET) || !(dev->status & VIRTIO_CONFIG_S_DRIVER_OK)) {
		device_lie(dev, NULL, "found a command for queues, expected it after DRIVER_OK and with RING_RESET");
		return;
	}
	for (i = 0; i < dev->queues && !dev->broken; i++)
		follow_queue(dev, &dev->queue[i]);
}
