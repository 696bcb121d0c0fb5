// SPDX-License-Identifier: GPL-2.0
/* The account of what was submitted and what came back; model.h says more. */
#include "model.h"

void fifo_push(struct fifo *f, u8 n)
{
	f->at[f->tail++] = n;
}

u8 fifo_pop(struct fifo *f)
{
	return f->at[f->head++];
}

/* Is all that the device did what a device may do, and the queue in use? */
bool model_honest(const struct model *m)
{
	return !m->lied && !m->out_of_use && !m->muted;
}

struct buf *model_idle(struct model *m)
{
	unsigned int i;

	for (i = 0; i < BUFS; i++)
		if (m->bufs[i].state == BUF_IDLE)
			return &m->bufs[i];
	return NULL;
}

static unsigned int in_flight(const struct model *m, unsigned int *segments)
{
	unsigned int i, descs = 0;

	*segments = 0;
	for (i = 0; i < BUFS; i++) {
		if (m->bufs[i].state == BUF_IDLE)
			continue;
		descs += m->bufs[i].descs;
		if (!m->bufs[i].premapped)
			*segments += buf_total(&m->bufs[i]);
	}
	return descs;
}

/* What an add may answer, with @room descriptors left and no memory or mapping short. */
static int expected_err(const struct model *m, const struct buf *buf, unsigned int room)
{
	unsigned int total = buf_total(buf);
	bool table = m->indirect && total > 1 && total <= 1024;

	if (m->was_broken)
		return -EIO;
	if (!total)
		return -EINVAL;
	return (table ? 1 : total) > room ? -ENOSPC : 0;
}

/* What was added, the device may take.  Before that, surplus entries must be gone. */
void model_published(struct model *m)
{
	m->published = fifo_count(&m->added);
	m->lied |= m->surplus && m->published;
}

static bool driver_maps(const struct model *m, const struct buf *buf)
{
	return m->premapped || buf->premapped;
}

static enum dma_data_direction dir_of(const struct buf *buf, unsigned int i)
{
	return i < buf->out ? DMA_TO_DEVICE : DMA_FROM_DEVICE;
}

/* KMSAN was told of each segment; also of an attempt that came to nothing before that. */
static void check_noted(const struct model *m, const struct buf *buf)
{
	unsigned int i, total = buf_total(buf);
	const struct dma_noted *noted;

	if (dma.way != DMA_PHYSICAL || driver_maps(m, buf))
		return;
	expect(dma.notes >= total, "%u of %u segments noted", dma.notes, total);
	for (i = 0; i < total; i++) {
		noted = dma_noted(dma.notes - total + i);
		expect(noted->p == buf_at(buf, i) && noted->size == buf_len(buf, i) &&
		       noted->dir == dir_of(buf, i), "segment %u is noted", i);
	}
}

/* An add of @buf, when there was room for @room descriptors, ended with @err. */
void model_added(struct model *m, struct buf *buf, int err, unsigned int room)
{
	unsigned int left = m->vq->num_free;

	if (memory.failed || dma.failed)
		expect(!err || err == -ENOSPC || err == -ENOMEM, "%d", err);
	else
		expect(err == expected_err(m, buf, room), "%d, not %d, for %u segments, %u left",
		       err, expected_err(m, buf, room), buf_total(buf), room);
	/* The queue has been kicked, for a device that sleeps on a full ring. */
	if (err == -ENOSPC && buf->out)
		model_published(m);
	if (err) {
		expect(left == room, "%u descriptors left, there were %u", left, room);
		return;
	}
	buf->descs = room - left;
	expect(buf->descs == 1 || buf->descs == buf_total(buf), "%u descriptors for %u",
	       buf->descs, buf_total(buf));
	buf->state = BUF_ADDED;
	fifo_push(&m->added, buf_nr(m, buf));
	check_noted(m, buf);
	if (m->early)
		model_published(m);
}

static void check_bytes(const struct buf *buf, unsigned int len)
{
	unsigned int i, n;

	for (i = buf->out; len; i++) {
		expect(i < buf_total(buf), "%u bytes more than there were", len);
		for (n = 0; n < buf_len(buf, i) && len; n++, len--)
			expect(buf_at(buf, i)[n] == buf->mark, "byte %u of segment %u", n, i);
	}
}

/* Undo model_map() for the first @count segments. */
void model_unmap(struct model *m, struct buf *buf, unsigned int count)
{
	unsigned int i;

	for (i = 0; driver_maps(m, buf) && i < count; i++)
		virtqueue_dma_unmap_single_attrs(m->vq, buf->addr[i], buf_len(buf, i),
						 dir_of(buf, i), 0);
}

/* What a driver does that maps its buffers.  Returns false when that failed. */
bool model_map(struct model *m, struct buf *buf)
{
	unsigned int i;

	for (i = 0; driver_maps(m, buf) && i < buf_total(buf); i++) {
		buf->addr[i] = virtqueue_dma_map_single_attrs(m->vq, buf_at(buf, i),
							      buf_len(buf, i), dir_of(buf, i), 0);
		if (!virtqueue_dma_mapping_error(m->vq, buf->addr[i]))
			continue;
		model_unmap(m, buf, i);
		return false;
	}
	return true;
}

/* @buf came back: used, or taken out unused. */
void model_back(struct model *m, struct buf *buf, unsigned int len, bool used)
{
	expect(buf >= m->bufs && buf < m->bufs + BUFS && buf == &m->bufs[buf_nr(m, buf)],
	       "%p is no token", buf);
	expect(buf->state != BUF_IDLE, "buffer %u was not in the queue", buf_nr(m, buf));
	expect(len <= buf->writable, "%u bytes, %u posted", len, buf->writable);
	model_unmap(m, buf, buf_total(buf));
	if (used && !m->lied) {
		expect(fifo_count(&m->used) && fifo_pop(&m->used) == buf_nr(m, buf),
		       "buffer %u is next", buf_nr(m, buf));
		expect(len == min(buf->wrote, buf->writable), "%u bytes, the device said %u", len,
		       buf->wrote);
		check_bytes(buf, len);
	}
	buf->state = BUF_IDLE;
	m->in_a_row = m->surplus;
}

/* Nothing is in the queue. */
void model_empty(struct model *m)
{
	unsigned int i;

	for (i = 0; i < BUFS; i++)
		expect(m->bufs[i].state == BUF_IDLE, "buffer %u was lost", i);
}

/* The queue is empty and the device begins on it. */
void model_anew(struct model *m)
{
	model_empty(m);
	m->added.head = m->added.tail;
	m->taking.head = m->taking.tail;
	m->used.head = m->used.tail;
	m->published = 0;
	m->polled = 0;
	m->surplus = 0;
	m->in_a_row = 0;
	m->draining = false;
	m->detached = false;
	host_begin(&m->host, m->vq, m->owned);
	device_begin(m);
}

/* After each step. */
void model_check(struct model *m)
{
	unsigned int segments, descs = in_flight(m, &segments);
	bool broken = virtqueue_is_broken(m->vq);

	expect(m->vq->num_free + descs == virtqueue_get_vring_size(m->vq),
	       "%u descriptors free, %u in flight", m->vq->num_free, descs);
	expect(!broken || m->lied || m->out_of_use, "an honest device broke it");
	expect(broken || !m->out_of_use, "it is in use again");
	if (dma_has_ops() && !m->premapped)
		expect(dma.live == (m->draining ? 0 : segments), "%u segments mapped, %u in flight",
		       dma.live, segments);
	expect(memory.errors - m->errors == (broken && !m->was_broken && !m->out_of_use),
	       "%u lines said that it is broken", memory.errors - m->errors);
	m->errors = memory.errors;
	m->was_broken = broken;
}
