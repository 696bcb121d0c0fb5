// SPDX-License-Identifier: GPL-2.0
/*
 * A transport and its device in memory; see idioms.h.
 *
 * Written for Linux 6.12.  What a kernel with this core asks besides is between #ifdef and
 * #else below, and is all there is to do for such a transport.
 */
#include <linux/io.h>
#include <linux/string.h>

#include "idioms.h"

struct idiom_device device;

static void read_config(struct virtio_device *vdev, unsigned int offset, void *buf,
			unsigned int len)
{
	memset(buf, 0, len);
	if (offset < sizeof(device.config))
		memcpy(buf, device.config + offset,
		       min_t(size_t, len, sizeof(device.config) - offset));
}

static void write_config(struct virtio_device *vdev, unsigned int offset, const void *buf,
			 unsigned int len)
{
	if (offset < sizeof(device.config))
		memcpy(device.config + offset, buf,
		       min_t(size_t, len, sizeof(device.config) - offset));
}

static u8 get_status(struct virtio_device *vdev)
{
	return device.status;
}

static void set_status(struct virtio_device *vdev, u8 status)
{
	device.status = status;
}

static void reset(struct virtio_device *vdev)
{
	device.status = 0;
	memset(device.seen, 0, sizeof(device.seen));
}

static u64 get_features(struct virtio_device *vdev)
{
	return device.offered;
}

static int finalize_features(struct virtio_device *vdev)
{
	vring_transport_features(vdev);
	device.accepted = vdev->features;
	return 0;
}

static bool notify(struct virtqueue *vq)
{
	device.kicks[vq->index]++;
	if (device.serves && device.status & VIRTIO_CONFIG_S_DRIVER_OK)
		device_serve(vq->index, QUEUE_SIZE);
	return true;
}

static void del_vqs(struct virtio_device *vdev)
{
	struct virtqueue *vq, *next;

	list_for_each_entry_safe(vq, next, &vdev->vqs, list) {
		device.vq[vq->index] = NULL;
		vring_del_virtqueue(vq);
	}
}

static struct virtqueue *make_queue(struct virtio_device *vdev, unsigned int index,
				    const struct virtqueue_info *info)
{
	if (index >= QUEUES)
		return NULL;
	if (!index && device.pages)
		return vring_new_virtqueue(index, QUEUE_SIZE, PAGE_SIZE, vdev, true, info->ctx,
					   device.pages, notify, info->callback, info->name);
	return vring_create_virtqueue(index, QUEUE_SIZE, PAGE_SIZE, vdev, true, true, info->ctx,
				      notify, info->callback, info->name);
}

static int find_vqs(struct virtio_device *vdev, unsigned int nvqs, struct virtqueue *vqs[],
		    struct virtqueue_info infos[], struct irq_affinity *desc)
{
	unsigned int i, index = 0;

	for (i = 0; i < nvqs; i++) {
		vqs[i] = NULL;
		if (!infos[i].name)
			continue;
		vqs[i] = make_queue(vdev, index, &infos[i]);
		if (!vqs[i]) {
			del_vqs(vdev);
			return -ENOENT;
		}
		vqs[i]->priv = &device;
		vqs[i]->num_max = QUEUE_SIZE;
		device.vq[index++] = vqs[i];
	}
	return 0;
}

static const struct virtio_config_ops ops = {
#ifdef VIRTIO_FIELDS_BY_LAYOUT
	VIRTIO_FIELDS_BY_LAYOUT,
	VIRTIO_QUEUES_ONE_BY_ONE,
	.read = read_config,
	.write = write_config,
#else
	.get = read_config,
	.set = write_config,
#endif
	.get_status = get_status,
	.set_status = set_status,
	.reset = reset,
	.get_features = get_features,
	.finalize_features = finalize_features,
	.find_vqs = find_vqs,
	.del_vqs = del_vqs,
};

static void release(struct device *dev)
{
}

void device_begin(u64 offered)
{
	unsigned int i;

	memset(&device, 0, sizeof(device));
	device.offered = offered;
	for (i = 0; i < sizeof(device.config); i++)
		device.config[i] = i + 1;
	device.vdev.id.device = IDIOM_ID;
	device.vdev.config = &ops;
	device.vdev.dev.release = release;
}

int device_plug(void)
{
	int err = register_virtio_device(&device.vdev);

	if (err)
		put_device(&device.vdev.dev);
	return err;
}

void device_unplug(void)
{
	unregister_virtio_device(&device.vdev);
}

/*
 * The device's side of a split ring (virtio 1.3, 2.7), on a machine whose numbers are
 * little-endian.
 */

static void use(const struct vring *ring, u32 id, u32 len)
{
	u16 at = (__force u16)ring->used->idx;

	ring->used->ring[at % ring->num].id = (__force __virtio32)id;
	ring->used->ring[at % ring->num].len = (__force __virtio32)len;
	/* Pairs with the driver's, between the index and the entry. */
	virt_wmb();
	ring->used->idx = (__force __virtio16)(u16)(at + 1);
}

/*
 * Fills the first segment that it may write; returns how many bytes that were.  Indices of
 * @table are those of the ring, or of an indirect table.
 */
static u32 serve_chain(const struct vring_desc *table, u16 at)
{
	const struct vring_desc *desc = &table[at];
	u16 flags = (__force u16)desc->flags;

	if (flags & VRING_DESC_F_INDIRECT)
		return serve_chain(phys_to_virt((__force u64)desc->addr), 0);
	if (flags & VRING_DESC_F_WRITE) {
		memset(phys_to_virt((__force u64)desc->addr), 0xa5, (__force u32)desc->len);
		return (__force u32)desc->len;
	}
	return flags & VRING_DESC_F_NEXT ? serve_chain(table, (__force u16)desc->next) : 0;
}

/* At most so many buffers, then an interrupt if the driver wants that. */
void device_serve(unsigned int queue, unsigned int most)
{
	const struct vring *ring = virtqueue_get_vring(device.vq[queue]);
	unsigned long flags;
	bool used = false;
	u16 head;

	while (most-- && device.seen[queue] != (__force u16)READ_ONCE(ring->avail->idx)) {
		/* Pairs with the driver's, between the entry and the index. */
		virt_rmb();
		head = (__force u16)ring->avail->ring[device.seen[queue]++ % ring->num];
		use(ring, head, serve_chain(ring->desc, head));
		used = true;
	}
	if (!used || (__force u16)ring->avail->flags & VRING_AVAIL_F_NO_INTERRUPT)
		return;
	local_irq_save(flags);
	vring_interrupt(0, device.vq[queue]);
	local_irq_restore(flags);
}

/* Use a buffer that is none, without an interrupt. */
void device_claim(unsigned int queue, u32 id)
{
	use(virtqueue_get_vring(device.vq[queue]), id, 0);
}
