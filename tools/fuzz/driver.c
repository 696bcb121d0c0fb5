// SPDX-License-Identifier: GPL-2.0
/*
 * What a driver does to the queue, by both of its entries; model.h says more.
 * Stays within the contract, whatever the input says.
 */
#include "model.h"
#include "race.h"

static struct scatterlist sg[BUF_SEGMENTS + BUF_SEGMENTS / 8 + 1];
static struct scatterlist *sgs[2 * BUF_SEGMENTS];

/* Segments as the input says; few, and now and then more than any table holds. */
static void shape(struct buf *buf, const struct step *s)
{
	unsigned int i;

	buf->out = s->b & 15;
	buf->in = s->b >> 4;
	buf->step = s->c;
	if ((s->c & 7) == 7)
		*(s->c & 8 ? &buf->out : &buf->in) += (s->c >> 4) * 75;
	buf->writable = 0;
	for (i = 0; i < buf_total(buf); i++) {
		memset(buf_at(buf, i), i, buf_len(buf, i));
		if (i >= buf->out)
			buf->writable += buf_len(buf, i);
	}
}

static void set_segment(struct model *m, struct scatterlist *entry, struct buf *buf,
			unsigned int i)
{
	sg_set_buf(entry, buf_at(buf, i), buf_len(buf, i));
	if (m->premapped || buf->premapped)
		entry->dma_address = buf->addr[i];
}

/* One list of all segments; chained, after every eighth of them. */
static struct scatterlist *one_list(struct model *m, struct buf *buf, bool chained)
{
	unsigned int i, at = 0;

	sg_init_table(sg, buf_total(buf) + buf_total(buf) / 8 + 1);
	for (i = 0; i < buf_total(buf); i++) {
		if (chained && i && !(i % 8)) {
			sg_chain(sg, at + 1, &sg[at + 1]);
			at++;
		}
		set_segment(m, &sg[at++], buf, i);
	}
	if (at)
		sg_mark_end(&sg[at - 1]);
	return sg;
}

/* A list for each direction, or one for each segment and empty ones between them. */
static int add_sgs(struct model *m, struct buf *buf, bool each)
{
	unsigned int i, n = 0, out = 0;

	one_list(m, buf, false);
	for (i = 0; i < buf_total(buf); i++) {
		if (!each && i && i != buf->out)
			continue;
		if (i)
			sg_mark_end(&sg[i - 1]);
		if (each && i % 3 == 1)
			sgs[n++] = NULL;
		if (i == buf->out)
			out = n;
		sgs[n++] = &sg[i];
	}
	if (!n && each)
		sgs[n++] = NULL;
	if (!buf->in)
		out = n;
	return virtqueue_add_sgs(m->vq, sgs, out, n - out, buf, GFP_ATOMIC);
}

static int add_premapped(struct model *m, struct buf *buf)
{
	struct scatterlist *list = one_list(m, buf, false);

	return buf->in ? virtqueue_add_inbuf_premapped(m->vq, list, buf->in, buf, buf->ctx,
						       GFP_ATOMIC) :
			 virtqueue_add_outbuf_premapped(m->vq, list, buf->out, buf, GFP_ATOMIC);
}

/* By the function for one direction, where there is only one. */
static int add_one_way(struct model *m, struct buf *buf)
{
	struct scatterlist *list = one_list(m, buf, false);

	if (!buf->in)
		return virtqueue_add_outbuf(m->vq, list, buf->out, buf, GFP_ATOMIC);
	if (buf->out)
		return m->vq->vq_ops->add_buf(m->vq, list, buf->out, buf->in, buf);
	if (!m->ctx)
		return virtqueue_add_inbuf(m->vq, list, buf->in, buf, GFP_ATOMIC);
	return virtqueue_add_inbuf_ctx(m->vq, list, buf->in, buf, buf->ctx, GFP_ATOMIC);
}

static int submit(struct model *m, struct buf *buf, u8 how)
{
	buf->ctx = NULL;
	switch (how % 5) {
	case 0:
		return add_sgs(m, buf, false);
	case 1:
		return add_sgs(m, buf, true);
	case 2:
		buf->ctx = m->ctx && !buf->out ? &buf->mark : NULL;
		return buf->premapped ? add_premapped(m, buf) : add_one_way(m, buf);
	default:
		return m->vq->vq_ops->add_buf(m->vq, one_list(m, buf, how % 5 == 3), buf->out,
					      buf->in, buf);
	}
}

void driver_add(struct model *m, const struct step *s)
{
	unsigned int room = m->vq->num_free;
	struct buf *buf = model_idle(m);
	int err;

	if (!buf || m->detached)
		return;
	shape(buf, s);
	/* Among others that are not; there is a function for each direction. */
	buf->premapped = s->a % 5 == 2 && s->a & 128 && !(buf->out && buf->in);
	if (!model_map(m, buf))
		return;
	memory.failed = 0;
	dma.failed = 0;
	dma.notes = 0;
	err = submit(m, buf, s->a);
	if (err)
		model_unmap(m, buf, buf_total(buf));
	model_added(m, buf, err, room);
}

void driver_kick(struct model *m, const struct step *s)
{
	m->notify_fails = s->b == 7;
	if (s->a % 3 == 0)
		m->vq->vq_ops->kick(m->vq);
	else if (s->a % 3 == 1)
		virtqueue_kick(m->vq);
	else if (virtqueue_kick_prepare(m->vq))
		virtqueue_notify(m->vq);
	model_published(m);
	m->notify_fails = false;
}

/* What the device says is read once; the index again after entries were dropped. */
static void watch_loads(const struct model *m)
{
	bool again = !m->host.packed && (m->surplus || m->lied);

	/* The ring is, or may be, where this device does not look any more. */
	if (m->failed)
		return;
	race_rule(m->host.packed ? RACE_FLAGS : RACE_NOTHING,
		  again ? &m->host.split.used->idx : NULL);
}

/* By any of the entries. */
static struct buf *take(struct model *m, u8 how, unsigned int *len, void **ctx)
{
	struct virtqueue *vq = m->vq;
	struct buf *buf;

	watch_loads(m);
	if (how % 3 == 0)
		buf = vq->vq_ops->get_buf(vq, len);
	else if (how % 3 == 1)
		buf = virtqueue_get_buf(vq, len);
	else
		buf = virtqueue_get_buf_ctx(vq, len, ctx);
	race_rule(RACE_ANYTHING, NULL);
	return buf;
}

/* One buffer.  Returns whether there was one. */
static bool get(struct model *m, u8 how)
{
	unsigned int len = 0;
	void *ctx = NULL;
	struct buf *buf = take(m, how, &len, &ctx);

	if (!buf) {
		expect(!model_honest(m) || !fifo_count(&m->used), "buffer %u is used",
		       *fifo_at(&m->used, 0));
		if (m->draining)
			model_empty(m);
		m->surplus = 0;
		return false;
	}
	expect(m->draining || !m->was_broken, "a broken queue gave %p", buf);
	model_back(m, buf, len, !m->draining);
	expect(!m->draining || !len, "%u bytes of a buffer that was not used", len);
	if (how % 3 == 2 && !m->draining)
		expect(ctx == buf->ctx, "%p, submitted with %p", ctx, buf->ctx);
	return true;
}

void driver_get(struct model *m, const struct step *s)
{
	unsigned int max = s->b % 4 == 3 ? BUFS : 1;

	while (max-- && get(m, s->a))
		;
}
