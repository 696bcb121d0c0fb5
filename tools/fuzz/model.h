/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A queue, its device, and what must be true of them: which buffers were submitted,
 * what the device did to them, and which came back.
 *
 * model.c keeps the account, driver.c and device.c do what the input says, ring.c
 * begins and ends a run.  Knows the contract, nothing of how a ring is made.
 */
#ifndef _FUZZ_MODEL_H
#define _FUZZ_MODEL_H

#include <linux/virtio.h>
#include <linux/virtio_config.h>

#include "host.h"

/* One more than the ring can hold. */
#define BUFS		(HOST_MAX + 1)
#define BUF_SEGMENTS	1160
#define BUF_BYTES	(BUF_SEGMENTS * 16)

/* Where a buffer is, as far as the driver and an honest device know. */
enum buf_state { BUF_IDLE, BUF_ADDED, BUF_TAKEN, BUF_USED };

/**
 * struct buf - a buffer; its address is its token
 * @state: where it is
 * @out: segments that the device reads
 * @in: segments that it writes
 * @step: what makes their lengths
 * @writable: bytes of those
 * @descs: descriptors of the ring that it took
 * @wrote: bytes that the device said it wrote
 * @mark: what it wrote
 * @ctx: goes with the token, on queues that carry it
 * @premapped: the driver maps it, whatever becomes of others
 * @bytes: its memory
 * @addr: of its segments, when the driver maps them
 */
struct buf {
	enum buf_state state;
	unsigned int out, in, step, writable, descs, wrote;
	u8 mark;
	void *ctx;
	bool premapped;
	u8 *bytes;
	dma_addr_t *addr;
};

/* Numbers of buffers in an order. */
struct fifo {
	u8 at[256];
	u8 head, tail;
};

/**
 * struct model - all of that
 * @vdev: the device, as far as a ring knows it
 * @vq: the queue
 * @host: the device side
 * @taken: what it has taken; the first of @taking, and so on
 * @ctx: buffers carry a second pointer
 * @indirect: they may go into tables
 * @in_order: the device uses buffers in order
 * @premapped: the driver maps all of them
 * @owned: the queue allocated its memory
 * @bufs: the buffers
 * @added: those that were submitted, in order, and the device did not take
 * @taking: places in @taken of those that it took
 * @used: those that it used, in order
 * @published: how many of @added it may take
 * @surplus: entries that it used too many since the driver last found nothing
 * @in_a_row: the same since a buffer came back
 * @early: DRIVER_OK has not been set since the queue was made: it may take all of them
 * @lied: the device wrote what it may not, or is to be reset: what is left is safety
 * @detached: buffers were taken out: nothing is added until the queue is reset
 * @out_of_use: the driver broke the queue, or the device can't be told any more
 * @draining: it was shut down
 * @stalled: the device is being reset, and its queue is not on fresh memory yet
 * @renewed: there is fresh memory
 * @muted: interrupts are kept back since then
 * @failed: the device was reset, and the queue has not been on its own since
 * @meanwhile: recovery begins while the queue is reset, if it is let in
 * @was_broken: as it was after the last step
 * @was_reset: the transport has taken the queue from the device
 * @notify_fails: it can't tell the device
 * @go_on: what the driver's callback returns
 * @takes: it takes all that there is
 * @reset_err: what the transport says to a reset of the queue
 * @enable_err: and when it is to be used again
 * @errors: lines that said that the queue broke, after the last step
 * @polled: what virtqueue_enable_cb_prepare() returned last
 */
struct model {
	struct virtio_device vdev;
	struct virtqueue *vq;
	struct host host;
	struct host_buf *taken;
	bool ctx, indirect, in_order, premapped, owned;
	struct buf bufs[BUFS];
	struct fifo added, taking, used;
	unsigned int published, surplus, in_a_row;
	bool early;
	bool lied, detached, out_of_use, draining, was_broken, was_reset;
	bool stalled, renewed, muted, failed, meanwhile;
	bool notify_fails, go_on, takes;
	int reset_err, enable_err;
	unsigned int errors, polled;
};

/* A step of the input. */
struct step {
	u8 op, a, b, c, d, e;
};

static inline unsigned int fifo_count(const struct fifo *f)
{
	return (u8)(f->tail - f->head);
}

static inline u8 *fifo_at(struct fifo *f, unsigned int i)
{
	return &f->at[(u8)(f->head + i)];
}

static inline unsigned int buf_total(const struct buf *buf)
{
	return buf->out + buf->in;
}

static inline unsigned int buf_nr(const struct model *m, const struct buf *buf)
{
	return buf - m->bufs;
}

/* Segment @i: where it lies and how long it is. */
static inline u32 buf_len(const struct buf *buf, unsigned int i)
{
	return 1 + i * buf->step % 15;
}

static inline u8 *buf_at(const struct buf *buf, unsigned int i)
{
	return buf->bytes + i * 16;
}

static inline struct model *to_model(struct virtio_device *vdev)
{
	return container_of(vdev, struct model, vdev);
}

/* model.c */
void fifo_push(struct fifo *f, u8 n);
u8 fifo_pop(struct fifo *f);
bool model_honest(const struct model *m);
struct buf *model_idle(struct model *m);
bool model_map(struct model *m, struct buf *buf);
void model_unmap(struct model *m, struct buf *buf, unsigned int count);
void model_published(struct model *m);
void model_added(struct model *m, struct buf *buf, int err, unsigned int room);
void model_back(struct model *m, struct buf *buf, unsigned int len, bool used);
void model_empty(struct model *m);
void model_anew(struct model *m);
void model_check(struct model *m);

/* driver.c: what a driver does with buffers */
void driver_add(struct model *m, const struct step *s);
void driver_kick(struct model *m, const struct step *s);
void driver_get(struct model *m, const struct step *s);

/* life.c: what it does with the queue */
void driver_callbacks(struct model *m, const struct step *s);
void driver_interrupt(struct model *m, const struct step *s);
void driver_detach(struct model *m, const struct step *s);
void driver_break(struct model *m, const struct step *s);
void driver_shutdown(struct model *m, const struct step *s);
void driver_reset(struct model *m, const struct step *s);
void driver_look(struct model *m, const struct step *s);
void driver_live(struct model *m, const struct step *s);

/* recovery.c: what the core does when the device has failed */
void recovery(struct model *m, const struct step *s);
void recovery_meanwhile(struct model *m);
void recovery_prompt(struct model *m);

/* device.c: what a device does, and what none may */
void device_take(struct model *m, const struct step *s);
void device_use(struct model *m, const struct step *s);
void device_wish(struct model *m, const struct step *s);
void device_claim(struct model *m, const struct step *s);
void device_scribble(struct model *m, const struct step *s);
void device_race(struct model *m, const struct step *s);
void device_begin(struct model *m);

#endif /* _FUZZ_MODEL_H */
