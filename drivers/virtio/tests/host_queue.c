// SPDX-License-Identifier: GPL-2.0
/*
 * The queues of a device that a test plays.
 *
 * First the transport's half, by which the driver gets its queues; then the
 * device's, by which the test takes buffers and uses them.
 */
#include <linux/export.h>
#include <linux/irqflags.h>
#include <linux/slab.h>
#include <linux/virtio_ring.h>

#include "host.h"
#include "host_ring.h"

static struct virtio_host_queue *queue_of(struct virtqueue *vq)
{
	return &to_virtio_host(vq->vdev)->queue[vq->index];
}

/*
 * The transport's half.
 */

/* Any context. */
void virtio_host_kicked(struct virtio_host *host, unsigned int index)
{
	struct virtio_host_queue *queue = &host->queue[index];

	WRITE_ONCE(queue->kicks, queue->kicks + 1);
	virtio_host_reach(host, VIRTIO_HOST_KICK, index);
	wake_up_all(&host->event);
}
EXPORT_SYMBOL_GPL(virtio_host_kicked);

static bool host_notify(struct virtqueue *vq)
{
	struct virtio_host_queue *queue = queue_of(vq);

	virtio_host_kicked(queue->host, vq->index);
	if (queue->serve)
		schedule_work(&queue->work);
	return true;
}

struct virtqueue *virtio_host_setup_vq(struct virtio_device *vdev, unsigned int index,
				       struct virtqueue_info *info)
{
	struct virtio_host *host = to_virtio_host(vdev);
	struct virtio_host_queue *queue = &host->queue[index];
	struct virtqueue *vq;
	int err;

	virtio_host_reach(host, VIRTIO_HOST_SETUP, index);
	if (index >= host->queues || !queue->size)
		return ERR_PTR(-ENOENT);
	vq = vring_create_virtqueue(index, queue->size, SMP_CACHE_BYTES, vdev, true, true,
				    info->ctx, host_notify, info->callback, info->name);
	if (!vq)
		return ERR_PTR(-ENOMEM);
	vq->callback = info->used_cb;
	err = host_ring_start(queue->ring, vq);
	if (err) {
		host_ring_exit(queue->ring);
		vring_del_virtqueue(vq);
		return ERR_PTR(err);
	}
	queue->vq = vq;
	return vq;
}

void virtio_host_teardown_vq(struct virtqueue *vq)
{
	struct virtio_host_queue *queue = queue_of(vq);
	unsigned int index = vq->index;

	if (queue->serve)
		cancel_work_sync(&queue->work);
	queue->vq = NULL;
	host_ring_exit(queue->ring);
	vring_del_virtqueue(vq);
	virtio_host_reach(queue->host, VIRTIO_HOST_TEARDOWN, index);
}

int virtio_host_disable_vq(struct virtqueue *vq)
{
	struct virtio_host_queue *queue = queue_of(vq);

	virtio_host_reach(queue->host, VIRTIO_HOST_QUEUE_RESET, vq->index);
	return queue->reset_err;
}

int virtio_host_enable_vq(struct virtqueue *vq)
{
	struct virtio_host_queue *queue = queue_of(vq);

	return queue->enable_err ?: host_ring_start(queue->ring, vq);
}

int virtio_host_resume_vqs(struct virtio_device *vdev)
{
	struct virtqueue *vq;
	int err = 0;

	virtio_device_for_each_vq(vdev, vq) {
		cancel_work_sync(&queue_of(vq)->work);
		err = err ?: virtio_host_enable_vq(vq);
	}
	return err;
}

/* What is used is said by an interrupt. */
void virtio_host_say_used(struct virtio_host *host, unsigned int queue)
{
	unsigned long irqs;

	local_irq_save(irqs);
	vring_interrupt(0, host->queue[queue].vq);
	local_irq_restore(irqs);
}

/*
 * The device's half.
 */

/* All that there is in a queue, here and now. */
void virtio_host_serve_all(struct virtio_host *host, unsigned int index)
{
	struct virtio_host_queue *queue = &host->queue[index];
	struct virtio_host_buf *buf = kzalloc(sizeof(*buf), GFP_KERNEL);

	while (buf && virtio_host_take(host, index, buf))
		virtio_host_use(host, buf, queue->serve(host, buf));
	kfree(buf);
}
EXPORT_SYMBOL_GPL(virtio_host_serve_all);

static void serve(struct work_struct *work)
{
	struct virtio_host_queue *queue = container_of(work, struct virtio_host_queue, work);

	virtio_host_serve_all(queue->host, queue - queue->host->queue);
}

static void exit_ring(void *ring)
{
	host_ring_exit(ring);
}

/**
 * virtio_host_add_queue - give the device one more queue
 * @host: the device, not plugged in yet
 * @size: entries that it offers; the test may change that later, in
 *	&virtio_host_queue.size
 *
 * Return: number of the queue.
 */
unsigned int virtio_host_add_queue(struct virtio_host *host, unsigned int size)
{
	struct virtio_host_queue *queue = &host->queue[host->queues];

	KUNIT_ASSERT_LT(host->test, host->queues, VIRTIO_HOST_QUEUES);
	queue->host = host;
	queue->size = size;
	queue->ring = kunit_kzalloc(host->test, sizeof(*queue->ring), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(host->test, queue->ring);
	host_ring_init(queue->ring);
	KUNIT_ASSERT_EQ(host->test, 0,
			kunit_add_action_or_reset(host->test, exit_ring, queue->ring));
	INIT_WORK(&queue->work, serve);
	return host->queues++;
}
EXPORT_SYMBOL_GPL(virtio_host_add_queue);

/**
 * virtio_host_serve - have a queue served whenever it is kicked
 * @host: the device, not plugged in yet
 * @queue: number of the queue
 * @serve: called for each buffer, one after the other; may sleep
 *
 * For drivers that wait for an answer: the test can't give it while it waits in them.
 */
void virtio_host_serve(struct virtio_host *host, unsigned int queue, virtio_host_serve_t serve)
{
	host->queue[queue].serve = serve;
}
EXPORT_SYMBOL_GPL(virtio_host_serve);

/**
 * virtio_host_wait_for_kick - wait until the driver has kicked a queue
 * @host: the device
 * @queue: number of the queue
 * @kicks: so often since it was plugged in
 */
void virtio_host_wait_for_kick(struct virtio_host *host, unsigned int queue, unsigned int kicks)
{
	bool kicked = wait_event_timeout(host->event,
					 READ_ONCE(host->queue[queue].kicks) >= kicks, GENEROUS);

	KUNIT_ASSERT_TRUE_MSG(host->test, kicked,
			      "queue %u was kicked %u times, expected %u", queue,
			      host->queue[queue].kicks, kicks);
}
EXPORT_SYMBOL_GPL(virtio_host_wait_for_kick);

/**
 * virtio_host_take - take the next buffer that the driver made available
 * @host: the device
 * @queue: number of the queue
 * @buf: filled in
 *
 * What breaks the rules of the ring format fails the test.
 * Return: %false if there is none.
 */
bool virtio_host_take(struct virtio_host *host, unsigned int queue, struct virtio_host_buf *buf)
{
	int got = host->queue[queue].vq ? host_ring_take(host->queue[queue].ring, buf) : 0;

	KUNIT_EXPECT_GE_MSG(host->test, got, 0, "the driver broke the rules of queue %u", queue);
	buf->queue = queue;
	return got == 1;
}
EXPORT_SYMBOL_GPL(virtio_host_take);

/**
 * virtio_host_pull - copy what the device may read of a buffer
 * @buf: the buffer
 * @to: where it goes
 * @max: bytes there
 *
 * Context: any.
 * Return: how many bytes were copied.
 */
u32 virtio_host_pull(const struct virtio_host_buf *buf, void *to, u32 max)
{
	u32 done = 0, part;
	unsigned int i;

	for (i = 0; i < buf->n && !buf->segment[i].writable; i++) {
		part = min(buf->segment[i].len, max - done);
		memcpy(to + done, buf->segment[i].bytes, part);
		done += part;
	}
	return done;
}
EXPORT_SYMBOL_GPL(virtio_host_pull);

/**
 * virtio_host_push - fill what the device may write of a buffer, as far as it goes
 * @buf: the buffer
 * @from: with what
 * @len: bytes there
 *
 * Context: any.
 * Return: how many bytes were written.
 */
u32 virtio_host_push(struct virtio_host_buf *buf, const void *from, u32 len)
{
	u32 done = 0, part;
	unsigned int i;

	for (i = 0; i < buf->n; i++) {
		if (!buf->segment[i].writable)
			continue;
		part = min(buf->segment[i].len, len - done);
		memcpy(buf->segment[i].bytes, from + done, part);
		done += part;
	}
	return done;
}
EXPORT_SYMBOL_GPL(virtio_host_push);

/**
 * virtio_host_use - give a buffer back, and interrupt the driver if it asked for that
 * @host: the device
 * @buf: the buffer
 * @len: bytes that the device says it wrote
 */
void virtio_host_use(struct virtio_host *host, const struct virtio_host_buf *buf, u32 len)
{
	struct virtio_host_ring *ring = host->queue[buf->queue].ring;

	KUNIT_EXPECT_EQ(host->test, 0, host_ring_use(ring, buf->id, len));
	if (host_ring_wants_callback(ring))
		virtio_host_interrupt(host, buf->queue);
}
EXPORT_SYMBOL_GPL(virtio_host_use);

/**
 * virtio_host_claim - say that a buffer was used, whether there is such a one or not
 * @host: the device
 * @queue: number of the queue
 * @id: the buffer
 * @len: bytes that the device says it wrote
 * @count: buffers that this stands for, on a split ring; descriptors, on a packed one
 *
 * For devices that lie.  Nobody is interrupted.
 */
void virtio_host_claim(struct virtio_host *host, unsigned int queue, u32 id, u32 len,
		       unsigned int count)
{
	host_ring_claim(host->queue[queue].ring, id, len, count);
}
EXPORT_SYMBOL_GPL(virtio_host_claim);

/**
 * virtio_host_interrupt - interrupt the driver, whether there is reason to or not
 * @host: the device
 * @queue: number of the queue; nothing happens while it isn't set up
 */
void virtio_host_interrupt(struct virtio_host *host, unsigned int queue)
{
	if (host->queue[queue].vq)
		host->way->used(host, queue);
}
EXPORT_SYMBOL_GPL(virtio_host_interrupt);
