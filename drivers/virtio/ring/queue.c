// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a virtqueue, and what the transport says to it.
 *
 * A transport makes queues here, tells the device where they lie, passes on
 * interrupts, and deletes them.  Also what concerns a queue as a whole: broken
 * or not, in use or shut down.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "ring.h"
#include "api.h"
#include "slow.h"
#include "../watch/trace.h"

/* Ring features, and those bits of the transport that only queues care for. */
#define RING_FEATURES	(BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) |	\
			 BIT_ULL(VIRTIO_RING_F_EVENT_IDX) |	\
			 BIT_ULL(VIRTIO_F_VERSION_1) |		\
			 BIT_ULL(VIRTIO_F_RING_PACKED) |	\
			 BIT_ULL(VIRTIO_F_IN_ORDER) |		\
			 BIT_ULL(VIRTIO_F_ACCESS_PLATFORM) |	\
			 BIT_ULL(VIRTIO_F_ORDER_PLATFORM) |	\
			 BIT_ULL(VIRTIO_F_NOTIFICATION_DATA))
#define TRANSPORT_BITS	GENMASK_ULL(VIRTIO_TRANSPORT_F_END - 1, VIRTIO_TRANSPORT_F_START)

/**
 * vring_transport_features - leave only those features that rings can do
 * @vdev: the device; transport bits that are not known are cleared
 *
 * For transports, from finalize_features(), before they add their own bits back.
 * Context: any.
 */
void vring_transport_features(struct virtio_device *vdev)
{
	vdev->features &= ~TRANSPORT_BITS | RING_FEATURES;
}
EXPORT_SYMBOL_GPL(vring_transport_features);

/**
 * struct ring_request - what a transport asks for
 * @index: number of the queue
 * @num: size
 * @align: alignment of the used ring
 * @vdev: the device
 * @map: for what to map
 * @weak: weak barriers do
 * @ctx: buffers carry a second pointer
 * @notify: tells the device
 * @callback: called when buffers were used
 * @name: for messages
 */
struct ring_request {
	unsigned int index, num, align;
	struct virtio_device *vdev;
	union virtio_map map;
	bool weak, ctx;
	bool (*notify)(struct virtqueue *vq);
	void (*callback)(struct virtqueue *vq);
	const char *name;
};

static struct ring_queue *new_queue(const struct ring_request *r)
{
	struct ring_queue *q = kzalloc(sizeof(*q), GFP_KERNEL);

	if (!q)
		return NULL;
	q->vq.vdev = r->vdev;
	q->vq.vq_ops = &ring_vq_ops;
	q->vq.name = r->name;
	q->vq.index = r->index;
	q->vq.num_max = r->num;
	q->vq.notify_driver = r->callback;
	ring_begin_kicks(q, r->notify);
	q->map = r->map;
	q->align = r->align;
	q->dma_api = ring_uses_dma_api(r->vdev);
	q->phys = !q->dma_api;
	q->how = q->dma_api && r->vdev->map ? RING_BY_OPS : 0;
	q->must_unmap = q->dma_api && ring_must_unmap(q);
	q->weak = r->weak && !__virtio_test_bit(r->vdev, VIRTIO_F_ORDER_PLATFORM);
	q->indirect = __virtio_test_bit(r->vdev, VIRTIO_RING_F_INDIRECT_DESC) && !r->ctx;
	q->event = __virtio_test_bit(r->vdev, VIRTIO_RING_F_EVENT_IDX);
	q->packed = __virtio_test_bit(r->vdev, VIRTIO_F_RING_PACKED);
	q->in_order = __virtio_test_bit(r->vdev, VIRTIO_F_IN_ORDER);
	spin_lock_init(&q->moving);
	return q;
}

/* An empty ring, on memory and state that are zero. */
static void begin_empty(struct ring_queue *q)
{
	unsigned int i;

	for (i = 0; i < q->num; i++)
		q->links[i].next = i + 1;
	q->links[q->num - 1].next = 0;
	q->free_head = 0;
	q->oldest = 0;
	q->drain_at = 0;
	q->vq.num_free = q->num;
	ring_begin(q);
}

/* Memory is there: make an empty ring of it and put it on the device's list. */
static struct virtqueue *start_queue(struct ring_queue *q)
{
	struct virtio_device *vdev = q->vq.vdev;

	q->num = q->mem.num;
	if (ring_alloc_state(q)) {
		ring_free_memory(q, &q->mem);
		kfree(q);
		return NULL;
	}
	/* Without a callback there is nobody to interrupt. */
	q->callbacks = q->vq.notify_driver ? RING_CALLBACKS_ON : 0;
	begin_empty(q);

	spin_lock_irq(&vdev->vqs_list_lock);
	list_add_tail(&q->vq.list, &vdev->vqs);
	/* vring_break() has been over the list already, or comes to this one. */
	if (READ_ONCE(vdev->lost))
		WRITE_ONCE(q->broken, true);
	spin_unlock_irq(&vdev->vqs_list_lock);
	ring_watch(q);
	trace_virtio_queue_found(&q->vq, q->num, q->packed);
	return &q->vq;
}

static struct virtqueue *create_queue(const struct ring_request *r, bool may_reduce)
{
	struct ring_queue *q = new_queue(r);

	if (!q)
		return NULL;
	q->owned = true;
	if (!ring_alloc_memory(q, &q->mem, r->num, may_reduce))
		return start_queue(q);
	kfree(q);
	return NULL;
}

/* Where a transport does not say for what a queue maps. */
static union virtio_map default_map(const struct virtio_device *vdev)
{
	return vdev->map ? vdev->vmap : (union virtio_map) { .dma_dev = vdev->dev.parent };
}

/**
 * vring_create_virtqueue - make a queue, memory included
 * @index: number of the queue on its device
 * @num: size; a power of two for a split ring (virtio 1.3, 2.7), 1 to 32768
 * @vring_align: alignment of the used ring
 * @vdev: the device, its features agreed
 * @weak_barriers: the device is a CPU, or ordered like one
 * @may_reduce_num: a smaller queue will do when memory is short
 * @ctx: buffers carry a second pointer, and never use indirect tables
 * @notify: tells the device to look; returns %false when that failed
 * @callback: called when buffers were used, or %NULL
 * @name: for messages; not copied
 *
 * Context: may sleep.
 * Return: the queue, or %NULL.
 */
struct virtqueue *
vring_create_virtqueue(unsigned int index, unsigned int num, unsigned int vring_align,
		       struct virtio_device *vdev, bool weak_barriers, bool may_reduce_num,
		       bool ctx, bool (*notify)(struct virtqueue *vq),
		       void (*callback)(struct virtqueue *vq), const char *name)
{
	return vring_create_virtqueue_map(index, num, vring_align, vdev, weak_barriers,
					  may_reduce_num, ctx, notify, callback, name,
					  default_map(vdev));
}
EXPORT_SYMBOL_GPL(vring_create_virtqueue);

/**
 * vring_create_virtqueue_map - the same for a queue that does not map for its device's parent
 * @index: as for vring_create_virtqueue(), and so are the rest
 * @num: size
 * @vring_align: alignment of the used ring
 * @vdev: the device
 * @weak_barriers: the device is a CPU
 * @may_reduce_num: a smaller queue will do
 * @ctx: buffers carry a second pointer
 * @notify: tells the device
 * @callback: called when buffers were used
 * @name: for messages
 * @map: for what memory is mapped: what the operations of &virtio_device.map get, or a device
 *
 * Context: may sleep.
 * Return: the queue, or %NULL.
 */
struct virtqueue *
vring_create_virtqueue_map(unsigned int index, unsigned int num, unsigned int vring_align,
			   struct virtio_device *vdev, bool weak_barriers,
			   bool may_reduce_num, bool ctx,
			   bool (*notify)(struct virtqueue *vq),
			   void (*callback)(struct virtqueue *vq), const char *name,
			   union virtio_map map)
{
	struct ring_request r = {
		.index = index, .num = num, .align = vring_align, .vdev = vdev,
		.map = map, .weak = weak_barriers, .ctx = ctx,
		.notify = notify, .callback = callback, .name = name,
	};
	struct virtqueue *vq;

	if (ring_take_kept(vdev, index, num, NULL, notify, &vq))
		return vq;
	return create_queue(&r, may_reduce_num);
}
EXPORT_SYMBOL_GPL(vring_create_virtqueue_map);

/**
 * vring_new_virtqueue - make a queue on memory of the caller's
 * @index: as for vring_create_virtqueue(), and so are the rest
 * @num: size
 * @vring_align: alignment of the used ring
 * @vdev: the device
 * @weak_barriers: the device is a CPU
 * @ctx: buffers carry a second pointer
 * @pages: vring_size() bytes, all zero: they are not cleared here, and stay the caller's
 * @notify: tells the device
 * @callback: called when buffers were used
 * @name: for messages
 *
 * Context: may sleep.
 * Return: the queue, or %NULL.
 */
struct virtqueue *
vring_new_virtqueue(unsigned int index, unsigned int num, unsigned int vring_align,
		    struct virtio_device *vdev, bool weak_barriers, bool ctx, void *pages,
		    bool (*notify)(struct virtqueue *vq),
		    void (*callback)(struct virtqueue *vq), const char *name)
{
	struct ring_request r = {
		.index = index, .num = num, .align = vring_align, .vdev = vdev,
		.map = default_map(vdev), .weak = weak_barriers, .ctx = ctx,
		.notify = notify, .callback = callback, .name = name,
	};
	struct virtqueue *vq;
	struct ring_queue *q;

	if (ring_take_kept(vdev, index, num, pages, notify, &vq))
		return vq;
	/* Memory of the caller's has the parts of a split ring. */
	if (!is_power_of_2(num) || __virtio_test_bit(vdev, VIRTIO_F_RING_PACKED))
		return NULL;
	q = new_queue(&r);
	if (!q)
		return NULL;
	ring_use_memory(q, &q->mem, pages, num);
	return start_queue(q);
}
EXPORT_SYMBOL_GPL(vring_new_virtqueue);

/* Memory of zeros: the first buffer is yet to come. */
void ring_begin(struct ring_queue *q)
{
	q->avail_published = 0;
	q->used_event = 0;
	q->in_batch = false;
	q->odd = false;
	q->plain = q->phys && !q->in_order;
	q->surplus = 0;
	q->skipped = 0;
	q->in_a_row = 0;
	ring_call(q, init);
	q->used_first = q->used_next;
	if (!ring_wants_callbacks(q))
		ring_call(q, disable_cb);
}

/* An empty ring, on memory and state that may have seen use. */
void ring_init(struct ring_queue *q)
{
	/* Other memory may be such that memset() can't be used on it. */
	if (q->owned)
		ring_clear_memory(&q->mem);
	memset(q->slots, 0, q->num * sizeof(*q->slots));
	/* A shutdown ends where the queue starts anew. */
	ring_check_ended(q, NULL);
	if (q->draining) {
		q->draining = false;
		q->ending = false;
		WRITE_ONCE(q->stalled, false);
		WRITE_ONCE(q->muted, false);
		WRITE_ONCE(q->broken, false);
		WRITE_ONCE(q->lied, false);
	}
	begin_empty(q);
}

/**
 * vring_del_virtqueue - free a queue
 * @vq: the queue; the device knows it no longer
 *
 * Buffers that are still in it are unmapped and lost to the driver.
 * Context: may sleep; no callback may be running.
 */
void vring_del_virtqueue(struct virtqueue *vq)
{
	struct ring_queue *q = to_ring(vq);

	if (vq->vdev->keep_vqs) {
		ring_keep(q);
		return;
	}
	if (!ring_enter(q, "del_vq"))
		return;
	ring_unwatch(q);
	trace_virtio_queue_deleted(vq, q->num, q->packed);
	spin_lock_irq(&vq->vdev->vqs_list_lock);
	list_del(&vq->list);
	spin_unlock_irq(&vq->vdev->vqs_list_lock);

	while (ring_drain(q, NULL))
		;
	ring_free_tables(q);
	ring_free_state(q);
	ring_free_memory(q, &q->mem);
	ring_free_spare_memory(q);
	if (!ring_bury(q))
		kfree(q);
}
EXPORT_SYMBOL_GPL(vring_del_virtqueue);

/*
 * Calls the driver back and follows its answer.  An answer of false turns callbacks off,
 * unless the driver has turned them on since it was called: it did so on another CPU, or
 * in the callback, and sleeps until the next one.  @hush: tell the device as well.
 * Returns %true if the driver has changed its mind in this way.
 */
static bool ask_driver(struct ring_queue *q, bool hush)
{
	/* Pairs with the order of the driver: it is woken by the callback, then restarts. */
	u32 turn = smp_load_acquire(&q->callbacks);

	/* Off already: the interrupt was on its way when the driver said so. */
	if (!(turn & RING_CALLBACKS_ON) || q->vq.callback(&q->vq))
		return false;
	if (hush) {
		ring_call(q, want_all, false);
		/* Pairs with the barrier in ask_for_callback(): one of us sees the other. */
		smp_mb();
	}
	return cmpxchg(&q->callbacks, turn, turn & ~RING_CALLBACKS_ON) != turn;
}

/*
 * With event index the device is past the event that led here, and needs not be told.
 * Without, the flag that tells it may have gone over that of a driver which has just
 * turned callbacks on.  It is mended then, and what was used meanwhile is told.
 */
static void call_driver(struct ring_queue *q)
{
	if (!ask_driver(q, !q->event) || q->event)
		return;
	if (!(READ_ONCE(q->callbacks) & RING_CALLBACKS_ON))
		return;
	ring_call(q, want_all, true);
	/* The flag before the used index, as when a driver asks. */
	virtio_mb(q->weak);
	if (ring_call(q, is_used, READ_ONCE(q->used_next)))
		ask_driver(q, false);
}

/* Returns IRQ_HANDLED, for a handler to end with this. */
noinline irqreturn_t ring_call_back(struct ring_queue *q)
{
	ring_count(q, callbacks);
	if (tracepoint_enabled(virtio_callback))
		ring_trace_callback(q);
	if (q->vq.callback)
		call_driver(q);
	else if (q->vq.notify_driver)
		q->vq.notify_driver(&q->vq);
	return IRQ_HANDLED;
}

static __always_inline irqreturn_t look_for_used(struct ring_queue *q)
{
	if (q->packed)
		return packed_interrupt(q);
	if (split_used_index(q) == READ_ONCE(q->used_next))
		return IRQ_NONE;
	return ring_call_back(q);
}

static noinline irqreturn_t interrupt_halted(struct ring_queue *q)
{
	return ring_misses(q) ? IRQ_HANDLED : look_for_used(q);
}

/**
 * vring_interrupt - the device has used buffers of a queue
 * @irq: not looked at
 * @vq: the queue
 *
 * For transports: an interrupt handler, or to be called from one.
 * Context: interrupt.
 * Return: %IRQ_NONE when there was nothing to do.
 */
irqreturn_t vring_interrupt(int irq, void *vq)
{
	struct ring_queue *q = to_ring((struct virtqueue *)vq);

	/*
	 * Many queues may share an interrupt: whatever saves registers is a call in tail
	 * position.  Pairs with ring_move().
	 */
	if (unlikely(smp_load_acquire(&q->halted)))
		return interrupt_halted(q);
	return look_for_used(q);
}
EXPORT_SYMBOL_GPL(vring_interrupt);

/**
 * vring_notification_data - what to say with VIRTIO_F_NOTIFICATION_DATA
 * @vq: the queue
 *
 * Context: any; from the notify hook of the transport.
 * Return: the queue, and where the next buffer will be (virtio 1.3, 2.9).
 */
u32 vring_notification_data(struct virtqueue *vq)
{
	return (u32)READ_ONCE(to_ring(vq)->avail_published) << 16 | vq->index;
}
EXPORT_SYMBOL_GPL(vring_notification_data);

/**
 * __virtqueue_break - take a queue out of use
 * @vq: the queue
 *
 * Context: any.
 */
void __virtqueue_break(struct virtqueue *vq)
{
	WRITE_ONCE(to_ring(vq)->given_up, false);
	WRITE_ONCE(to_ring(vq)->broken, true);
}
EXPORT_SYMBOL_GPL(__virtqueue_break);

/**
 * __virtqueue_unbreak - put a queue to use again
 * @vq: the queue, which only __virtqueue_break() took out of use
 *
 * Context: any.
 */
void __virtqueue_unbreak(struct virtqueue *vq)
{
	WRITE_ONCE(to_ring(vq)->lied, false);
	WRITE_ONCE(to_ring(vq)->broken, false);
	ring_check_ended(to_ring(vq), NULL);
}
EXPORT_SYMBOL_GPL(__virtqueue_unbreak);

static void for_all_queues(struct virtio_device *vdev, void (*func)(struct virtqueue *vq))
{
	struct virtqueue *vq;
	unsigned long flags;

	spin_lock_irqsave(&vdev->vqs_list_lock, flags);
	virtio_device_for_each_vq(vdev, vq)
		func(vq);
	spin_unlock_irqrestore(&vdev->vqs_list_lock, flags);
}

/**
 * vring_break - take all queues of a device out of use, which is gone or to be reset
 * @vdev: the device
 *
 * For the core and transports; its driver may not have noticed yet.
 * Context: any.
 */
void vring_break(struct virtio_device *vdev)
{
	for_all_queues(vdev, __virtqueue_break);
}
EXPORT_SYMBOL_GPL(vring_break);

static void end_by_driver(struct virtqueue *vq)
{
	__virtqueue_break(vq);
	ring_check_ended(to_ring(vq), "virtio_break_device");
}

/**
 * virtio_break_device - take all queues of a device out of use
 * @dev: the device
 *
 * For drivers: nothing is to be added after that.
 * Context: any.
 */
void virtio_break_device(struct virtio_device *dev)
{
	for_all_queues(dev, end_by_driver);
}
EXPORT_SYMBOL_GPL(virtio_break_device);

/**
 * __virtio_unbreak_device - undo virtio_break_device()
 * @dev: the device
 *
 * Context: any.
 */
void __virtio_unbreak_device(struct virtio_device *dev)
{
	for_all_queues(dev, __virtqueue_unbreak);
}
EXPORT_SYMBOL_GPL(__virtio_unbreak_device);

/**
 * virtqueue_is_broken - is a queue out of use?
 * @vq: the queue
 *
 * For a driver that polls for an answer.  While the device is brought back, a caller that
 * can't be preempted is told %true: at once with interrupts off, else after a short time.
 * The queue works again once the device does.  A caller that can't be preempted and is told
 * %true owns its buffers again: neither get_buf nor detach_unused_buf returns them later.
 * Context: any; the driver's lock of the queue is held, if there is one.
 * Return: %true if nothing can be added to it and nothing comes out.
 */
bool virtqueue_is_broken(const struct virtqueue *vq)
{
	return ring_waits_in_vain(to_ring((struct virtqueue *)vq));
}
EXPORT_SYMBOL_GPL(virtqueue_is_broken);

/**
 * virtqueue_get_vring_size - how many descriptors a queue has
 * @vq: the queue
 *
 * Context: any.
 * Return: that.
 */
unsigned int virtqueue_get_vring_size(const struct virtqueue *vq)
{
	return to_ring(vq)->num;
}
EXPORT_SYMBOL_GPL(virtqueue_get_vring_size);

/* A device that is brought back gets fresh memory before the ring moves there. */
static const struct ring_memory *shown_to_device(const struct virtqueue *vq)
{
	const struct ring_queue *q = to_ring(vq);

	return q->fresh.num ? &q->fresh : &q->mem;
}

/**
 * virtqueue_get_vring - the parts of a split ring
 * @vq: the queue
 *
 * Context: any.
 * Return: their addresses for this CPU; %NULL for a packed ring.
 */
const struct vring *virtqueue_get_vring(const struct virtqueue *vq)
{
	return to_ring(vq)->packed ? NULL : &shown_to_device(vq)->split;
}
EXPORT_SYMBOL_GPL(virtqueue_get_vring);

/**
 * virtqueue_get_desc_addr - where the device finds the descriptors
 * @vq: a queue whose memory was allocated with it
 *
 * Context: any.
 * Return: the address.
 */
dma_addr_t virtqueue_get_desc_addr(const struct virtqueue *vq)
{
	return shown_to_device(vq)->desc.addr;
}
EXPORT_SYMBOL_GPL(virtqueue_get_desc_addr);

/**
 * virtqueue_get_avail_addr - where the device finds the driver's area
 * @vq: a queue whose memory was allocated with it
 *
 * Context: any.
 * Return: the address.
 */
dma_addr_t virtqueue_get_avail_addr(const struct virtqueue *vq)
{
	return shown_to_device(vq)->driver.addr;
}
EXPORT_SYMBOL_GPL(virtqueue_get_avail_addr);

/**
 * virtqueue_get_used_addr - where the device finds its own area
 * @vq: a queue whose memory was allocated with it
 *
 * Context: any.
 * Return: the address.
 */
dma_addr_t virtqueue_get_used_addr(const struct virtqueue *vq)
{
	return shown_to_device(vq)->device.addr;
}
EXPORT_SYMBOL_GPL(virtqueue_get_used_addr);

MODULE_DESCRIPTION("Virtqueues");
MODULE_LICENSE("GPL");
