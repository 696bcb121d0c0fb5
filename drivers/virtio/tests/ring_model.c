// SPDX-License-Identifier: GPL-2.0
/*
 * What a driver and a device do to a queue and to the model of it; ring_model.h
 * says more.  Knows the contract and what a device may do, nothing of how a ring
 * is made.
 */
#include "ring_model.h"

static u16 *nth(const struct model_fifo *q, unsigned int i)
{
	return &q->at[(q->head + i) & q->mask];
}

static void push(struct model_fifo *q, u16 n)
{
	q->at[q->tail++ & q->mask] = n;
}

static u16 pop(struct model_fifo *q)
{
	return q->at[q->head++ & q->mask];
}

static u8 *token_of(struct model *m, u16 n)
{
	return m->bytes + n * MODEL_STRIDE;
}

static unsigned int takeable(const struct model *m)
{
	return model_count(&m->added) - m->unpublished;
}

static unsigned int total(const struct model_buf *buf)
{
	return buf->out + buf->in;
}

/* Random segments; not always more than a small ring can take. */
static void shape(struct model *m, struct model_buf *buf)
{
	bool indirect = m->run->features & INDIRECT_DESC;
	unsigned int i;

	buf->out = model_below(m, 4);
	buf->in = model_below(m, 4);
	if (!total(buf) || (!indirect && total(buf) > m->run->num && model_below(m, 8))) {
		buf->in = model_below(m, 2);
		buf->out = !buf->in;
	}
	if (indirect && !model_below(m, 64))
		buf->out += MODEL_SEGMENTS - 6;
	buf->writable = 0;
	for (i = 0; i < total(buf); i++) {
		buf->lens[i] = 1 + model_below(m, MODEL_LEN);
		if (i >= buf->out)
			buf->writable += buf->lens[i];
	}
	buf->descs = indirect ? 1 : total(buf);
}

/* One list of all segments, with a link in the middle if there are enough. */
static struct scatterlist *one_list(struct model *m, const struct model_buf *buf, u8 *token)
{
	unsigned int n = total(buf), link = n > 2 && model_below(m, 2) ? n / 2 : n, i;

	sg_init_table(m->sg, n + (link < n));
	for (i = 0; i < n; i++)
		sg_set_buf(&m->sg[i + (i >= link)], token + i, buf->lens[i]);
	if (link < n)
		sg_chain(m->sg, link + 1, &m->sg[link + 1]);
	return m->sg;
}

/* Lists that end at the segments in @ends. */
static void many_lists(struct model *m, const struct model_buf *buf, u8 *token, u32 ends)
{
	unsigned int i, lists = 0;

	sg_init_table(m->sg, total(buf));
	for (i = 0; i < total(buf); i++) {
		sg_set_buf(&m->sg[i], token + i, buf->lens[i]);
		if (!i || ends & BIT(i - 1))
			m->sgs[lists++] = &m->sg[i];
		if (ends & BIT(i))
			sg_mark_end(&m->sg[i]);
	}
}

static int submit(struct model *m, const struct model_buf *buf, u8 *token)
{
	struct virtqueue *vq = m->f->vq;
	u32 ends;

	switch (model_below(m, 4)) {
	case 0:
		if (!buf->in)
			return virtqueue_add_outbuf(vq, one_list(m, buf, token), buf->out, token,
						    GFP_ATOMIC);
		if (!buf->out)
			return virtqueue_add_inbuf(vq, one_list(m, buf, token), buf->in, token,
						   GFP_ATOMIC);
		fallthrough;
	case 1:
		return vq->vq_ops->add_buf(vq, one_list(m, buf, token), buf->out, buf->in, token);
	case 2:
		/* A list for each direction. */
		ends = BIT(total(buf) - 1) | (buf->out ? BIT(buf->out - 1) : 0);
		many_lists(m, buf, token, ends);
		return virtqueue_add_sgs(vq, m->sgs, !!buf->out, !!buf->in, token, GFP_ATOMIC);
	default:
		many_lists(m, buf, token, U32_MAX);
		return virtqueue_add_sgs(vq, m->sgs, buf->out, buf->in, token, GFP_ATOMIC);
	}
}

/* What was added has been published, and the device was told if it wants to be. */
static bool check_published(struct model *m, unsigned int kicks_before)
{
	unsigned int added = m->unpublished;

	m->unpublished = 0;
	if (!added)
		return false;
	if (m->wish == MODEL_WANTED)
		KUNIT_ASSERT_EQ(m->test, kicks_before + 1, m->f->kicks);
	else if (m->wish == MODEL_UNWANTED)
		KUNIT_ASSERT_EQ(m->test, kicks_before, m->f->kicks);
	/* It was told of the one that it waited for. */
	if (m->wish == MODEL_WANTED && m->run->features & EVENT_IDX)
		m->wish = MODEL_ANY;
	return true;
}

bool model_kick(struct model *m)
{
	struct virtqueue *vq = m->f->vq;
	unsigned int before = m->f->kicks;

	switch (model_below(m, 3)) {
	case 0:
		vq->vq_ops->kick(vq);
		break;
	case 1:
		KUNIT_ASSERT_TRUE(m->test, virtqueue_kick(vq));
		break;
	default:
		if (virtqueue_kick_prepare(vq))
			KUNIT_ASSERT_TRUE(m->test, virtqueue_notify(vq));
	}
	return check_published(m, before);
}

bool model_add(struct model *m)
{
	struct model_buf *buf;
	u16 n;
	int err;

	if (!model_count(&m->idle))
		return false;
	n = *nth(&m->idle, 0);
	buf = &m->bufs[n];
	shape(m, buf);
	err = submit(m, buf, token_of(m, n));
	if (buf->descs > m->free) {
		KUNIT_ASSERT_EQ(m->test, -ENOSPC, err);
		/* The queue may have kicked already. */
		m->wish = MODEL_ANY;
		model_kick(m);
		return true;
	}
	KUNIT_ASSERT_EQ(m->test, 0, err);
	push(&m->added, pop(&m->idle));
	buf->in_flight = true;
	buf->place = m->place;
	m->place = (m->place + buf->descs) % m->run->num;
	m->free -= buf->descs;
	m->unpublished++;
	m->buffers++;
	m->descs += buf->descs;
	return true;
}

/* Virtio 1.3, 2.7.5: from the start of a split ring's table, and round at its end. */
static void check_place(struct model *m, const struct model_buf *buf)
{
	const struct vring_desc *desc = m->f->host.split.desc;
	unsigned int i, next, num = m->run->num;

	KUNIT_ASSERT_EQ(m->test, buf->place, buf->head);
	for (i = 1; i < buf->descs; i++) {
		next = virtio16_to_cpu(&m->f->vdev, desc[(buf->place + i - 1) % num].next);
		KUNIT_ASSERT_EQ(m->test, (buf->place + i) % num, next);
	}
}

/* The device has before it the very memory that was submitted. */
bool model_take(struct model *m)
{
	struct virtio_host_segment segments[MODEL_SEGMENTS];
	unsigned int expected = takeable(m) ? 1 : 0, i;
	struct model_buf *buf;
	u16 head;

	KUNIT_ASSERT_EQ(m->test, expected, ring_host_take(m->f, &head));
	if (!expected)
		return false;
	buf = &m->bufs[*nth(&m->added, 0)];
	buf->head = head;
	if (m->run->features & IN_ORDER && !(m->run->features & PACKED))
		check_place(m, buf);
	KUNIT_ASSERT_EQ(m->test, total(buf), ring_host_segments(m->f, segments, MODEL_SEGMENTS));
	for (i = 0; i < total(buf); i++) {
		KUNIT_ASSERT_PTR_EQ(m->test, token_of(m, buf - m->bufs) + i, segments[i].bytes);
		KUNIT_ASSERT_EQ(m->test, buf->lens[i], segments[i].len);
		KUNIT_ASSERT_EQ(m->test, i >= buf->out, segments[i].writable);
	}
	push(&m->taken, pop(&m->added));
	return true;
}

/* The device calls back if it is asked to, and the driver's answer stands. */
static void call_back(struct model *m)
{
	unsigned int before = m->f->callbacks;
	bool calls = ring_host_calls(m->f);

	if (m->armed)
		KUNIT_ASSERT_TRUE(m->test, calls);
	if (!calls)
		return;
	m->f->go_on = model_below(m, 2);
	KUNIT_ASSERT_EQ(m->test, IRQ_HANDLED, vring_interrupt(0, m->f->vq));
	if (m->callbacks) {
		KUNIT_ASSERT_EQ(m->test, before + 1, m->f->callbacks);
		m->callbacks = m->f->go_on;
	}
	m->armed = false;
}

static bool complete_any(struct model *m)
{
	unsigned int pick = model_below(m, model_count(&m->taken));
	struct model_buf *buf;

	swap(*nth(&m->taken, 0), *nth(&m->taken, pick));
	buf = &m->bufs[*nth(&m->taken, 0)];
	buf->wrote = model_below(m, buf->writable + 1);
	KUNIT_ASSERT_EQ(m->test, 0, ring_host_complete(m->f, buf->head, buf->wrote));
	push(&m->used, pop(&m->taken));
	return true;
}

/* One entry for up to eight buffers; all before the last were written in full. */
static bool complete_batch(struct model *m)
{
	unsigned int n = 1 + model_below(m, min(model_count(&m->taken), 8U)), i;
	struct model_buf *buf = NULL;
	u16 heads[8];

	for (i = 0; i < n; i++) {
		buf = &m->bufs[*nth(&m->taken, 0)];
		buf->wrote = buf->writable;
		heads[i] = buf->head;
		push(&m->used, pop(&m->taken));
	}
	buf->wrote = model_below(m, buf->writable + 1);
	ring_host_complete_batch(m->f, heads, n, buf->wrote);
	return true;
}

bool model_complete(struct model *m)
{
	if (!model_count(&m->taken))
		return false;
	if (m->run->features & IN_ORDER)
		complete_batch(m);
	else
		complete_any(m);
	call_back(m);
	return true;
}

/* The token and the length that the device answered with, in its order. */
bool model_get(struct model *m)
{
	struct virtqueue *vq = m->f->vq;
	struct model_buf *buf;
	unsigned int len;
	void *token, *ctx;

	switch (model_below(m, 3)) {
	case 0:
		token = vq->vq_ops->get_buf(vq, &len);
		break;
	case 1:
		token = virtqueue_get_buf(vq, &len);
		break;
	default:
		token = virtqueue_get_buf_ctx(vq, &len, &ctx);
	}
	if (!model_count(&m->used)) {
		KUNIT_ASSERT_NULL(m->test, token);
		m->armed = m->callbacks;
		return false;
	}
	buf = &m->bufs[*nth(&m->used, 0)];
	KUNIT_ASSERT_PTR_EQ(m->test, (void *)token_of(m, buf - m->bufs), token);
	KUNIT_ASSERT_EQ(m->test, buf->wrote, len);
	buf->in_flight = false;
	m->free += buf->descs;
	m->may_poll = false;
	push(&m->idle, pop(&m->used));
	return true;
}

/* On, off, and what there is to see without one. */
bool model_callbacks(struct model *m)
{
	bool empty = !model_count(&m->used), on = true;
	unsigned int before = m->f->kicks;
	struct virtqueue *vq = m->f->vq;

	switch (model_below(m, 6)) {
	case 0:
		virtqueue_disable_cb(vq);
		on = false;
		break;
	case 1:
		KUNIT_ASSERT_EQ(m->test, empty, virtqueue_enable_cb(vq));
		check_published(m, before);
		break;
	case 2:
		KUNIT_ASSERT_EQ(m->test, empty, vq->vq_ops->restart(vq));
		on = empty;
		check_published(m, before);
		break;
	case 3:
		m->polled = virtqueue_enable_cb_prepare(vq);
		m->may_poll = true;
		check_published(m, before);
		break;
	case 4:
		/* Once most are used; how many that are is left to the ring. */
		if (empty)
			KUNIT_ASSERT_TRUE(m->test, virtqueue_enable_cb_delayed(vq));
		else
			virtqueue_enable_cb_delayed(vq);
		m->callbacks = true;
		m->armed = false;
		return true;
	default:
		if (m->may_poll)
			KUNIT_ASSERT_EQ(m->test, !empty, virtqueue_poll(vq, m->polled));
		return m->may_poll;
	}
	m->callbacks = on;
	m->armed = on && empty;
	return true;
}

/* The device asks for a notification of the next buffer, or for none. */
bool model_wish(struct model *m)
{
	if (takeable(m))
		return false;
	if (model_below(m, 3)) {
		KUNIT_ASSERT_TRUE(m->test, ring_host_kicks(m->f, true));
		m->wish = MODEL_WANTED;
		return true;
	}
	ring_host_kicks(m->f, false);
	/* The other side of a split ring leaves its event index where it was. */
	m->wish = m->run->features & EVENT_IDX && !(m->run->features & PACKED) ?
		  MODEL_ANY : MODEL_UNWANTED;
	return true;
}

/* Each buffer that was in the queue comes out once. */
void model_shutdown(struct model *m)
{
	struct virtqueue *vq = m->f->vq;
	unsigned int len, n = 0;
	u8 *token;

	vq->vq_ops->shutdown(vq);
	while ((token = vq->vq_ops->get_buf(vq, &len))) {
		struct model_buf *buf = &m->bufs[(token - m->bytes) / MODEL_STRIDE];

		KUNIT_ASSERT_PTR_EQ(m->test, token, token_of(m, buf - m->bufs));
		KUNIT_ASSERT_TRUE(m->test, buf->in_flight);
		KUNIT_ASSERT_EQ(m->test, 0, len);
		buf->in_flight = false;
		n++;
	}
	KUNIT_EXPECT_EQ(m->test, n, model_count(&m->added) + model_count(&m->taken) +
				    model_count(&m->used));
	KUNIT_EXPECT_EQ(m->test, m->run->num, vq->num_free);
}
