// SPDX-License-Identifier: GPL-2.0
/*
 * The two entries into a queue: vq_ops of the contract, and the functions that
 * the drivers of Linux 6.12 call.
 *
 * Both check what the driver hands in and whether the queue is in use, and then
 * go to the ring.  None of it sleeps; two operations on one queue never run at
 * the same time, which is the driver's part to see to.
 */
#include <linux/export.h>

#include "ring.h"
#include "api.h"
#include "slow.h"

/*
 * A device that sleeps on a full ring is shown what there is to read, and notified, whatever
 * it asked for: its last notification may have been lost, and what it asked for then is old.
 */
int ring_full(struct ring_queue *q, bool out)
{
	if (out) {
		ring_call(q, publish);
		virtqueue_notify(&q->vq);
	}
	return -ENOSPC;
}

/* One list.  Too long for the tables of the pool is known without a look at it. */
static __always_inline int add_sg(struct virtqueue *vq, struct scatterlist *sg,
				  unsigned int out, unsigned int in, void *token, void *ctx,
				  gfp_t gfp)
{
	struct ring_queue *q = to_ring(vq);

	if (ring_is_watched(virtio_add))
		goto slowly;
	if (unlikely(READ_ONCE(q->halted) || !token || !(out + in)))
		goto slowly;
	/* Known not to be so in all callers but one. */
	if (unlikely(ctx && q->indirect))
		goto slowly;
	if (out + in == 1)
		return ring_call(q, add_one, sg, in, token, ctx);
	if (unlikely(out + in > RING_TABLE_LEN && q->indirect)) {
		struct ring_buffer buf = {
			.sg = sg, .out = out, .in = in, .token = token, .gfp = gfp,
		};

		return ring_call(q, add_any, &buf);
	}
	return ring_call(q, add_sg, sg, out, in, token, ctx);
slowly:
	return ring_add_slowly(q, &(struct ring_buffer) {
		.sg = sg, .out = out, .in = in, .token = token, .ctx = ctx, .gfp = gfp,
	});
}

/* A buffer that is mapped in a way of its own. */
static int add_any(struct virtqueue *vq, const struct ring_buffer *buf)
{
	struct ring_queue *q = to_ring(vq);

	if (ring_is_watched(virtio_add) || unlikely(READ_ONCE(q->halted) || !buf->token) ||
	    unlikely(!(buf->out + buf->in) || (buf->ctx && q->indirect)))
		return ring_add_slowly(q, buf);
	return ring_call(q, add_any, buf);
}

/**
 * virtqueue_add_sgs - add a buffer of several lists
 * @vq: the queue
 * @sgs: the lists, each up to its end mark, those that the device reads first
 * @out_sgs: how many it reads
 * @in_sgs: how many it writes
 * @data: token for virtqueue_get_buf(), not %NULL
 * @gfp: for an indirect table beyond those of the pool
 *
 * Context: any.
 * Return: 0, -ENOSPC, -ENOMEM, -EINVAL or -EIO as &virtqueue_ops.add_buf.
 */
int virtqueue_add_sgs(struct virtqueue *vq, struct scatterlist *sgs[],
		      unsigned int out_sgs, unsigned int in_sgs, void *data, gfp_t gfp)
{
	struct ring_queue *q = to_ring(vq);

	if (ring_is_watched(virtio_add))
		goto slowly;
	if (unlikely(READ_ONCE(q->halted) || !data))
		goto slowly;
	return ring_call(q, add_sgs, sgs, out_sgs, in_sgs, data, gfp);
slowly:
	return ring_add_slowly(q, &(struct ring_buffer) {
		.lists = true, .sgs = sgs, .out = out_sgs, .in = in_sgs, .token = data,
		.gfp = gfp,
	});
}
EXPORT_SYMBOL_GPL(virtqueue_add_sgs);

/**
 * virtqueue_add_outbuf - add a buffer that the device reads
 * @vq: the queue
 * @sg: its segments
 * @num: how many
 * @data: token for virtqueue_get_buf(), not %NULL
 * @gfp: for an indirect table beyond those of the pool
 *
 * Context: any.
 * Return: as virtqueue_add_sgs().
 */
int virtqueue_add_outbuf(struct virtqueue *vq, struct scatterlist sg[],
			 unsigned int num, void *data, gfp_t gfp)
{
	return add_sg(vq, sg, num, 0, data, NULL, gfp);
}
EXPORT_SYMBOL_GPL(virtqueue_add_outbuf);

/**
 * virtqueue_add_inbuf - add a buffer that the device writes
 * @vq: the queue
 * @sg: its segments
 * @num: how many
 * @data: token for virtqueue_get_buf(), not %NULL
 * @gfp: for an indirect table beyond those of the pool
 *
 * Context: any.
 * Return: as virtqueue_add_sgs().
 */
int virtqueue_add_inbuf(struct virtqueue *vq, struct scatterlist sg[],
			unsigned int num, void *data, gfp_t gfp)
{
	return add_sg(vq, sg, 0, num, data, NULL, gfp);
}
EXPORT_SYMBOL_GPL(virtqueue_add_inbuf);

/**
 * virtqueue_add_inbuf_ctx - the same with a second pointer
 * @vq: the queue, set up with &virtqueue_info.ctx
 * @sg: its segments
 * @num: how many
 * @data: token for virtqueue_get_buf_ctx(), not %NULL
 * @ctx: comes back with it
 * @gfp: for an indirect table beyond those of the pool
 *
 * Context: any.
 * Return: as virtqueue_add_sgs(); also -EINVAL for a @ctx on a queue that was set up without,
 * and has indirect tables.
 */
int virtqueue_add_inbuf_ctx(struct virtqueue *vq, struct scatterlist sg[],
			    unsigned int num, void *data, void *ctx, gfp_t gfp)
{
	return add_sg(vq, sg, 0, num, data, ctx, gfp);
}
EXPORT_SYMBOL_GPL(virtqueue_add_inbuf_ctx);

/**
 * virtqueue_add_inbuf_cache_clean - the same for memory that shares cache lines
 * @vq: the queue
 * @sg: its segments
 * @num: how many
 * @data: token for virtqueue_get_buf(), not %NULL
 * @gfp: for an indirect table beyond those of the pool
 *
 * The driver promises that no CPU writes to the cache lines that the segments lie in while
 * the device has them.  Then it does no harm if segments share cache lines with one another,
 * and the kernel's checks of the DMA API do not complain.
 *
 * Context: any.
 * Return: as virtqueue_add_sgs().
 */
int virtqueue_add_inbuf_cache_clean(struct virtqueue *vq, struct scatterlist sg[],
				    unsigned int num, void *data, gfp_t gfp)
{
	if (likely(to_ring(vq)->phys))
		return add_sg(vq, sg, 0, num, data, NULL, gfp);
	return add_any(vq, &(struct ring_buffer) {
		.how = RING_CLEAN, .sg = sg, .in = num, .token = data, .gfp = gfp,
	});
}
EXPORT_SYMBOL_GPL(virtqueue_add_inbuf_cache_clean);

/* A buffer that the driver has mapped; most are of one segment. */
static __always_inline int add_premapped(struct virtqueue *vq, struct scatterlist *sg,
					 unsigned int num, bool in, void *token, void *ctx,
					 gfp_t gfp)
{
	struct ring_queue *q = to_ring(vq);

	if (!ring_is_watched(virtio_add) && likely(num == 1 && !READ_ONCE(q->halted) && token) &&
	    !(ctx && q->indirect))
		return ring_call(q, add_premapped, sg, in, token, ctx);
	return add_any(vq, &(struct ring_buffer) {
		.how = RING_PREMAPPED, .sg = sg, .out = in ? 0 : num, .in = in ? num : 0,
		.token = token, .ctx = ctx, .gfp = gfp,
	});
}

/**
 * virtqueue_add_outbuf_premapped - add a buffer that the device reads, mapped by the driver
 * @vq: the queue
 * @sg: its segments, of which sg_dma_address() and the length count
 * @num: how many
 * @data: token for virtqueue_get_buf(), not %NULL
 * @gfp: for an indirect table beyond those of the pool
 *
 * The addresses are those that virtqueue_map_single_attrs() and virtqueue_map_page_attrs()
 * return.  The queue does not unmap them, whatever becomes of the buffer.  Other buffers of
 * the same queue may be added in other ways.
 *
 * Context: any.
 * Return: as virtqueue_add_sgs().
 */
int virtqueue_add_outbuf_premapped(struct virtqueue *vq, struct scatterlist *sg,
				   unsigned int num, void *data, gfp_t gfp)
{
	return add_premapped(vq, sg, num, false, data, NULL, gfp);
}
EXPORT_SYMBOL_GPL(virtqueue_add_outbuf_premapped);

/**
 * virtqueue_add_inbuf_premapped - the same for a buffer that the device writes
 * @vq: the queue
 * @sg: its segments, of which sg_dma_address() and the length count
 * @num: how many
 * @data: token for virtqueue_get_buf_ctx(), not %NULL
 * @ctx: comes back with it; %NULL on a queue that was set up without
 * @gfp: for an indirect table beyond those of the pool
 *
 * Context: any.
 * Return: as virtqueue_add_inbuf_ctx().
 */
int virtqueue_add_inbuf_premapped(struct virtqueue *vq, struct scatterlist *sg,
				  unsigned int num, void *data, void *ctx, gfp_t gfp)
{
	return add_premapped(vq, sg, num, true, data, ctx, gfp);
}
EXPORT_SYMBOL_GPL(virtqueue_add_inbuf_premapped);

/**
 * virtqueue_kick_prepare - publish what was added
 * @vq: the queue
 *
 * The half of virtqueue_kick() that needs the driver's lock.
 * Context: any.
 * Return: %true if virtqueue_notify() is to follow.
 */
bool virtqueue_kick_prepare(struct virtqueue *vq)
{
	struct ring_queue *q = to_ring(vq);
	bool wanted;

	if (ring_is_watched(virtio_kick))
		return ring_publish_slowly(q);
	wanted = ring_call(q, publish);
	if (!wanted)
		ring_count(q, kicks_suppressed);
	return wanted;
}
EXPORT_SYMBOL_GPL(virtqueue_kick_prepare);

/**
 * virtqueue_notify - tell the device to look
 * @vq: the queue
 *
 * The half of virtqueue_kick() that needs no lock.  A queue whose device can't
 * be told any more is broken from then on.
 * Context: any.
 * Return: %false if the queue is broken.
 */
bool virtqueue_notify(struct virtqueue *vq)
{
	struct ring_queue *q = to_ring(vq);

	if (tracepoint_enabled(virtio_kick))
		ring_trace_notify(q);
	/* One that waits for its device is told of everything then. */
	if (unlikely(READ_ONCE(q->halted)) && (q->broken || q->stalled))
		return !q->broken;
	ring_count(q, kicks_sent);
	if (likely(READ_ONCE(q->notify)(vq)))
		return true;
	WRITE_ONCE(q->broken, true);
	return false;
}
EXPORT_SYMBOL_GPL(virtqueue_notify);

/**
 * virtqueue_kick - publish what was added, and tell the device if it wants to know
 * @vq: the queue
 *
 * Context: any.
 * Return: %false if the queue is broken.
 */
bool virtqueue_kick(struct virtqueue *vq)
{
	struct ring_queue *q = to_ring(vq);

	if (ring_is_watched(virtio_kick))
		return ring_kick_slowly(q);
	return ring_call(q, kick);
}
EXPORT_SYMBOL_GPL(virtqueue_kick);

/**
 * virtqueue_get_buf_ctx - take back a used buffer, with its second pointer
 * @vq: the queue
 * @len: bytes that the device wrote, at most what was posted
 * @ctx: the pointer of virtqueue_add_inbuf_ctx(); may be %NULL
 *
 * Context: any.
 * Return: the token, or %NULL when there is none or the queue is broken.
 */
void *virtqueue_get_buf_ctx(struct virtqueue *vq, unsigned int *len, void **ctx)
{
	struct ring_queue *q = to_ring(vq);

	if (ring_is_watched(virtio_get))
		return ring_get_slowly(q, len, ctx);
	if (unlikely(READ_ONCE(q->halted)))
		return ring_get_slowly(q, len, ctx);
	return ring_call(q, get_ctx, len, ctx);
}
EXPORT_SYMBOL_GPL(virtqueue_get_buf_ctx);

/**
 * virtqueue_get_buf - take back a used buffer
 * @vq: the queue
 * @len: bytes that the device wrote, at most what was posted
 *
 * Context: any.
 * Return: the token, or %NULL when there is none or the queue is broken.
 */
void *virtqueue_get_buf(struct virtqueue *vq, unsigned int *len)
{
	struct ring_queue *q = to_ring(vq);

	if (ring_is_watched(virtio_get))
		return ring_get_slowly(q, len, NULL);
	if (unlikely(READ_ONCE(q->halted)))
		return ring_get_slowly(q, len, NULL);
	return ring_call(q, get, len);
}
EXPORT_SYMBOL_GPL(virtqueue_get_buf);

/**
 * virtqueue_detach_unused_buf - take out a buffer that the device did not use
 * @vq: the queue; the device has been reset
 *
 * Context: any.
 * Return: the token, or %NULL when the queue is empty.
 */
void *virtqueue_detach_unused_buf(struct virtqueue *vq)
{
	struct ring_queue *q = to_ring(vq);
	void *token;

	if (!ring_enter(q, "detach_unused_buf"))
		return NULL;
	token = ring_drain(q, NULL);
	ring_leave(q);
	return token;
}
EXPORT_SYMBOL_GPL(virtqueue_detach_unused_buf);

/**
 * virtqueue_disable_cb - ask for no callbacks
 * @vq: the queue
 *
 * A hint to the device: one that is on its way still comes.
 * Context: any.
 */
void virtqueue_disable_cb(struct virtqueue *vq)
{
	struct ring_queue *q = to_ring(vq);

	if (ring_wants_callbacks(q))
		ring_call(q, disable_cb);
}
EXPORT_SYMBOL_GPL(virtqueue_disable_cb);

/**
 * virtqueue_enable_cb_prepare - ask for a callback when more is used
 * @vq: the queue
 *
 * Buffers that were added since the last kick are published first, and the device is
 * notified of them if it wants to be.
 * Context: any.
 * Return: a value for virtqueue_poll().
 */
unsigned int virtqueue_enable_cb_prepare(struct virtqueue *vq)
{
	struct ring_queue *q = to_ring(vq);
	unsigned int at;

	if (!ring_enter(q, "enable_cb"))
		return 0;
	ring_publish_rest(q);
	at = ring_call(q, enable_cb);
	ring_leave(q);
	return at;
}
EXPORT_SYMBOL_GPL(virtqueue_enable_cb_prepare);

/**
 * virtqueue_poll - was anything used since virtqueue_enable_cb_prepare()?
 * @vq: the queue
 * @last_used_idx: what that returned
 *
 * Needs no lock.
 * Context: any.
 * Return: %true if there is something to take.
 */
bool virtqueue_poll(struct virtqueue *vq, unsigned int last_used_idx)
{
	struct ring_queue *q = to_ring(vq);

	/* Pairs with ring_move(). */
	if (unlikely(smp_load_acquire(&q->halted)))
		return ring_poll_slowly(q, last_used_idx);
	/* What was asked for before what there is, as in set_used_event(). */
	virtio_mb(q->weak);
	return ring_call(q, is_used, (u16)last_used_idx);
}
EXPORT_SYMBOL_GPL(virtqueue_poll);

/**
 * virtqueue_enable_cb - ask for a callback, unless there is something to take
 * @vq: the queue
 *
 * Context: any.
 * Return: %false if there is: take it first, a callback may not come for it.
 */
bool virtqueue_enable_cb(struct virtqueue *vq)
{
	return !virtqueue_poll(vq, virtqueue_enable_cb_prepare(vq));
}
EXPORT_SYMBOL_GPL(virtqueue_enable_cb);

/**
 * virtqueue_enable_cb_delayed - ask for a callback when most buffers are used
 * @vq: the queue
 *
 * That is three quarters of those in flight.  A device without event index calls
 * back for the next one already.
 * Context: any.
 * Return: %false if that many are used already, on a packed ring if any is.
 */
bool virtqueue_enable_cb_delayed(struct virtqueue *vq)
{
	struct ring_queue *q = to_ring(vq);
	bool idle;

	if (!ring_enter(q, "enable_cb_delayed"))
		return true;
	idle = ring_call(q, enable_cb_delayed);
	if (unlikely(READ_ONCE(q->halted)))
		idle = !ring_poll_slowly(q, q->used_next);
	ring_leave(q);
	return idle;
}
EXPORT_SYMBOL_GPL(virtqueue_enable_cb_delayed);

/*
 * The contract.
 */

static int op_add_buf(struct virtqueue *vq, struct scatterlist sg[], unsigned int out_num,
		      unsigned int in_num, void *data)
{
	return add_sg(vq, sg, out_num, in_num, data, NULL, GFP_ATOMIC);
}

static void op_kick(struct virtqueue *vq)
{
	virtqueue_kick(vq);
}

/* Off is what they are left if there is something to take first. */
static bool op_restart(struct virtqueue *vq)
{
	if (virtqueue_enable_cb(vq))
		return true;
	virtqueue_disable_cb(vq);
	return false;
}

/* Callbacks may come until the device is reset.  Returns whether there is such a queue. */
static bool ring_let_go(struct ring_queue *q)
{
	if (!ring_enter(q, "shutdown"))
		return false;
	ring_leave(q);
	if (!q->vq.reset && q->vq.vdev->let_go)
		q->vq.vdev->let_go(q->vq.vdev);
	return true;
}

static void op_shutdown(struct virtqueue *vq)
{
	struct ring_queue *q = to_ring(vq);

	/* The driver gets its buffers back: the device must not write to them any more. */
	if (ring_let_go(q) && ring_enter(q, "shutdown")) {
		ring_shut_down(q);
		ring_check_ended(q, "shutdown");
		ring_leave(q);
	}
}

const struct virtqueue_ops ring_vq_ops = {
	.add_buf	= op_add_buf,
	.kick		= op_kick,
	.get_buf	= virtqueue_get_buf,
	.restart	= op_restart,
	.shutdown	= op_shutdown,
};
