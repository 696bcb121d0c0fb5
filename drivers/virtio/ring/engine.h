/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine of a ring format: its entries, made of what is in add.h and take.h.
 *
 * All of that is inlined into the format's own file: what adds, once for queues that
 * map nothing, which most are, and once for those that do; what takes, once for those
 * of the former that keep no order (plain), once in order, and once for the rest.  What
 * is rare is a call in tail position, for which the plain way saves no registers.
 */
#ifndef _VIRTIO_RING_ENGINE_H
#define _VIRTIO_RING_ENGINE_H

#include "add.h"
#include "take.h"

/* The entries of a format into the above. */
#define RING_DEFINE_ENTRIES(name)							\
/* The first @laid descriptors of a buffer that did not get in; it may fit later. */	\
static __cold noinline int name##_give_up(struct ring_queue *q, unsigned int laid,	\
					  bool out, int err)				\
{											\
	if (!q->phys && ring_needs_unmap(q))						\
		ring_unmap_chain(q, q->free_head, laid);				\
	name##_undo(q, laid);								\
	return err == -ENOSPC ? ring_full(q, out) : err;				\
}											\
											\
int name##_add_any(struct ring_queue *q, const struct ring_buffer *buf)		\
{											\
	return ring_add_any(q, &name##_format, buf);					\
}											\
											\
static noinline int name##_add_other_sgs(struct ring_queue *q, struct scatterlist **sgs, \
					 unsigned int out, unsigned int in,		\
					 void *token, gfp_t gfp)			\
{											\
	return name##_add_any(q, &(struct ring_buffer) {				\
		.lists = true, .sgs = sgs, .out = out, .in = in, .token = token,	\
		.gfp = gfp,								\
	});										\
}											\
											\
static noinline int name##_add_other_sg(struct ring_queue *q, struct scatterlist *sg,	\
					unsigned int out, unsigned int in,		\
					void *token, void *ctx)				\
{											\
	return name##_add_any(q, &(struct ring_buffer) {				\
		.sg = sg, .out = out, .in = in, .token = token, .ctx = ctx,		\
		.gfp = GFP_ATOMIC,							\
	});										\
}											\
											\
int name##_add_sgs(struct ring_queue *q, struct scatterlist **sgs, unsigned int out,	\
		   unsigned int in, void *token, gfp_t gfp)				\
{											\
	int err = RING_HARD;								\
											\
	if (likely(q->phys))								\
		err = ring_add_buffer(q, &name##_format, true, (struct ring_buffer) {	\
			.lists = true, .sgs = sgs, .out = out, .in = in, .token = token, \
		});									\
	return likely(err != RING_HARD) ? err :						\
		name##_add_other_sgs(q, sgs, out, in, token, gfp);			\
}											\
											\
int name##_add_sg(struct ring_queue *q, struct scatterlist *sg, unsigned int out,	\
		  unsigned int in, void *token, void *ctx)				\
{											\
	int err = RING_HARD;								\
											\
	if (likely(q->phys))								\
		err = ring_add_buffer(q, &name##_format, true, (struct ring_buffer) {	\
			.sg = sg, .out = out, .in = in, .token = token, .ctx = ctx,	\
		});									\
	return likely(err != RING_HARD) ? err :						\
		name##_add_other_sg(q, sg, out, in, token, ctx);			\
}											\
											\
/* One segment, whatever else the queue maps. */					\
int name##_add_premapped(struct ring_queue *q, struct scatterlist *sg, bool in,	\
			 void *token, void *ctx)					\
{											\
	return ring_add_direct(q, &name##_format, false, (struct ring_buffer) {	\
		.one = true, .how = RING_PREMAPPED, .sg = sg, .out = !in, .in = in,	\
		.token = token, .ctx = ctx,						\
	});										\
}											\
											\
static noinline int name##_add_other_one(struct ring_queue *q, struct scatterlist *sg,	\
					 bool in, void *token, void *ctx)		\
{											\
	return ring_add_direct(q, &name##_format, false, (struct ring_buffer) {	\
		.one = true, .sg = sg, .out = !in, .in = in, .token = token, .ctx = ctx, \
	});										\
}											\
											\
int name##_add_one(struct ring_queue *q, struct scatterlist *sg, bool in, void *token,	\
		   void *ctx)								\
{											\
	if (unlikely(!q->phys))								\
		return q->how & RING_PREMAPPED ?					\
			name##_add_premapped(q, sg, in, token, ctx) :			\
			name##_add_other_one(q, sg, in, token, ctx);			\
	return ring_add_direct(q, &name##_format, true, (struct ring_buffer) {		\
		.one = true, .sg = sg, .out = !in, .in = in, .token = token, .ctx = ctx, \
	});										\
}											\
											\
static noinline void *name##_get_other(struct ring_queue *q, unsigned int *len,	\
				       void **ctx)					\
{											\
	if (q->in_order)								\
		return ring_get_in_order(q, &name##_format, len, ctx);			\
	return ring_get_next(q, &name##_format, false, len, ctx);			\
}											\
											\
/* From a device that has used too much; it may do so again. */			\
static __cold noinline void *name##_get_odd(struct ring_queue *q, unsigned int *len,	\
					    void **ctx)					\
{											\
	void *token = name##_get_other(q, len, ctx);					\
											\
	if (token)									\
		name##_format.took(q);							\
	return token;									\
}											\
											\
static __always_inline void *name##_get_unplain(struct ring_queue *q, unsigned int *len, \
						void **ctx)				\
{											\
	if (name##_format.took && unlikely(q->odd))					\
		return name##_get_odd(q, len, ctx);					\
	return name##_get_other(q, len, ctx);						\
}											\
											\
bool name##_kick(struct ring_queue *q)							\
{											\
	if (name##_publish(q))								\
		return virtqueue_notify(&q->vq);					\
	ring_count(q, kicks_suppressed);						\
	return true;									\
}											\
											\
void *name##_get(struct ring_queue *q, unsigned int *len)				\
{											\
	if (unlikely(!q->plain))							\
		return name##_get_unplain(q, len, NULL);				\
	return ring_get_next(q, &name##_format, true, len, NULL);			\
}											\
											\
void *name##_get_ctx(struct ring_queue *q, unsigned int *len, void **ctx)		\
{											\
	if (unlikely(!q->plain))							\
		return name##_get_unplain(q, len, ctx);					\
	return ring_get_next(q, &name##_format, true, len, ctx);			\
}

#endif /* _VIRTIO_RING_ENGINE_H */
