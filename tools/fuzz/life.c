// SPDX-License-Identifier: GPL-2.0
/*
 * What a driver does to the queue as a whole: callbacks, breaks, resets, its end;
 * model.h says more.
 */
#include "model.h"

void driver_callbacks(struct model *m, const struct step *s)
{
	bool empty = !fifo_count(&m->used), was_honest = model_honest(m);
	struct virtqueue *vq = m->vq;
	bool said = empty;

	switch (s->a % 6) {
	case 0:
		virtqueue_disable_cb(vq);
		break;
	case 1:
		said = virtqueue_enable_cb(vq);
		break;
	case 2:
		said = vq->vq_ops->restart(vq);
		break;
	case 3:
		m->polled = virtqueue_enable_cb_prepare(vq);
		said = !virtqueue_poll(vq, m->polled);
		break;
	case 4:
		/* Once most are used; how many that are is left to the ring. */
		said = virtqueue_enable_cb_delayed(vq) && empty;
		break;
	default:
		virtqueue_poll(vq, m->polled);
	}
	/* What was added is published before a driver waits for a callback. */
	if (s->a % 6 >= 1 && s->a % 6 <= 3)
		model_published(m);
	/* What is surplus may be taken for a buffer until it is looked at. */
	if (was_honest && model_honest(m))
		expect(said == empty || (!said && m->surplus), "%u buffers are used",
		       fifo_count(&m->used));
}

void driver_interrupt(struct model *m, const struct step *s)
{
	unsigned int used = fifo_count(&m->used), surplus = m->surplus;
	irqreturn_t got;

	m->go_on = s->a & 1;
	m->takes = s->a & 2;
	got = vring_interrupt(0, m->vq);
	if (model_honest(m) && !surplus)
		expect(got == (used ? IRQ_HANDLED : IRQ_NONE), "%u buffers are used", used);
}

/* The device counts as reset, so what it writes from here on is none of its business. */
void driver_detach(struct model *m, const struct step *s)
{
	unsigned int max = s->a & 1 ? 1 : BUFS;
	struct buf *buf;

	m->lied = true;
	m->detached = true;
	while (max-- && (buf = virtqueue_detach_unused_buf(m->vq)))
		model_back(m, buf, 0, false);
	if (!(s->a & 1))
		model_empty(m);
}

static bool by_driver(const struct model *m)
{
	return m->out_of_use && !m->lied && !m->draining;
}

void driver_break(struct model *m, const struct step *s)
{
	switch (s->a % 4) {
	case 0:
		__virtqueue_break(m->vq);
		m->out_of_use = true;
		break;
	case 1:
		virtio_break_device(&m->vdev);
		m->out_of_use = true;
		break;
	case 2:
		if (!by_driver(m))
			return;
		__virtqueue_unbreak(m->vq);
		m->out_of_use = false;
		break;
	default:
		if (!by_driver(m))
			return;
		__virtio_unbreak_device(&m->vdev);
		m->out_of_use = false;
	}
}

void driver_shutdown(struct model *m, const struct step *s)
{
	m->lied = true;
	m->out_of_use = true;
	m->draining = true;
	m->vq->vq_ops->shutdown(m->vq);
}

static void recycle(struct virtqueue *vq, void *buf)
{
	model_back(to_model(vq->vdev), buf, 0, false);
}

static void recycle_done(struct virtqueue *vq)
{
	model_empty(to_model(vq->vdev));
}

static void expect_resized(struct model *m, unsigned int old, unsigned int num, int err)
{
	unsigned int is = virtqueue_get_vring_size(m->vq);

	if (!err)
		expect(is == num, "a size of %u, expected %u", is, num);
	else if (err != -EBUSY)
		expect(is == old, "a size of %u, expected %u", is, old);
	if (err == -ENOMEM)
		expect(memory.failed, "there was memory");
}

/* The device starts anew on an empty ring, which lies and shutdowns don't outlive. */
static void begin_again(struct model *m)
{
	if (m->draining)
		m->out_of_use = false;
	model_anew(m);
	m->failed = false;
	recovery_prompt(m);
	m->lied = m->enable_err || (virtqueue_is_broken(m->vq) && !m->out_of_use);
}

static int expected_reset(const struct model *m)
{
	if (!m->owned)
		return -EPERM;
	if (m->stalled)
		return -EBUSY;
	if (!m->vdev.config->disable_vq_and_reset)
		return -ENOENT;
	return m->reset_err ?: m->enable_err ? -EBUSY : 0;
}

void driver_reset(struct model *m, const struct step *s)
{
	unsigned int old = virtqueue_get_vring_size(m->vq), num = s->b % 80;
	int err;

	m->reset_err = s->a & 1 && s->a & 4 ? -EIO : 0;
	m->enable_err = s->a & 2 && s->a & 8 ? -EIO : 0;
	m->was_reset = false;
	m->meanwhile = s->a & 64;
	memory.failed = 0;
	if (s->a & 16) {
		err = virtqueue_resize(m->vq, num, recycle, s->a & 32 ? recycle_done : NULL);
		expect_resized(m, old, num, err);
	} else {
		err = virtqueue_reset(m->vq, recycle, s->a & 32 ? recycle_done : NULL);
		expect(err == expected_reset(m), "%d", err);
	}
	if (m->was_reset)
		begin_again(m);
	recovery_meanwhile(m);
}

/* DRIVER_OK: what was held back is sent. */
void driver_live(struct model *m, const struct step *s)
{
	m->vdev.ready = true;
	m->notify_fails = s->a % 8 == 7;
	vring_send_held_kicks(&m->vdev);
	m->early = false;
	m->notify_fails = false;
}

static void sync_one(struct model *m, const struct buf *buf)
{
	struct virtqueue *vq = m->vq;
	bool out = buf->out;
	enum dma_data_direction dir = out ? DMA_TO_DEVICE : DMA_FROM_DEVICE;

	if (!(m->premapped || buf->premapped) || buf->state == BUF_IDLE || !virtqueue_dma_need_sync(vq, buf->addr[0]))
		return;
	virtqueue_dma_sync_single_range_for_cpu(vq, buf->addr[0], 0, buf_len(buf, 0), dir);
	virtqueue_dma_sync_single_range_for_device(vq, buf->addr[0], 0, buf_len(buf, 0), dir);
}

/* Of the bits that are no business of a driver's, those of rings are left. */
static void transport_features(const struct step *s)
{
	struct virtio_device other = { .features = s->b * 0x0101010101010101ULL };
	u64 before = other.features, ring = 1ULL << VIRTIO_F_RING_PACKED;

	vring_transport_features(&other);
	expect(!(other.features & ~before) && (other.features & ring) == (before & ring),
	       "%#llx of %#llx", (unsigned long long)other.features, (unsigned long long)before);
}

/* What changes nothing. */
void driver_look(struct model *m, const struct step *s)
{
	struct virtqueue *vq = m->vq;
	bool phys = dma.way == DMA_PHYSICAL;

	expect((vring_notification_data(vq) & 0xffff) == vq->index, "%#x",
	       vring_notification_data(vq));
	expect(!virtqueue_dma_dev(vq) == phys, "%p", virtqueue_dma_dev(vq));
	expect(virtio_max_dma_size(&m->vdev) == (phys ? SIZE_MAX : DMA_SIZE_MAX), "%zu",
	       virtio_max_dma_size(&m->vdev));
	expect(!virtqueue_get_vring(vq) == m->host.packed, "%p", virtqueue_get_vring(vq));
	if (vq->num_free != virtqueue_get_vring_size(vq))
		expect(virtqueue_set_dma_premapped(vq) == -EINVAL, "buffers are in the queue");
	expect(vq->vq_ops->add_buf(vq, NULL, 0, 0, m) == (m->was_broken ? -EIO : -EINVAL),
	       "an empty buffer");
	expect(virtqueue_add_sgs(vq, NULL, 0, 0, NULL, 0) == (m->was_broken ? -EIO : -EINVAL),
	       "no token");
	sync_one(m, &m->bufs[s->a % BUFS]);
	transport_features(s);
}
