// SPDX-License-Identifier: GPL-2.0
/* Frames that come, copied to the guest's buffers; receive.h says more. */
#include <endian.h>
#include <stdlib.h>
#include <sys/param.h>

#include "device.h"
#include "receive.h"
#include "say.h"

enum { HEADER = sizeof(struct virtio_net_hdr_v1) };

static void publish(struct work *work)
{
	queue_publish(container_of(work, struct receiver, publish)->q);
}

void receiver_init(struct receiver *r, size_t largest)
{
	*r = (struct receiver) { .largest = largest, .publish.run = publish };
	r->held = need(QUEUE_MAX * sizeof(*r->held));
	r->bytes = need(QUEUE_MAX * sizeof(*r->bytes));
	r->piece = need(largest);
}

void receiver_free(struct receiver *r)
{
	free(r->held);
	free(r->bytes);
	free(r->piece);
}

/* The guest has no need to kick while there are buffers. */
void receiver_start(struct receiver *r, struct queue *q)
{
	r->q = q;
	r->merges = device_has(q->dev, VIRTIO_NET_F_MRG_RXBUF);
	r->takes = offload_to_driver(q->dev->taken);
	if (!(r->takes & OFFLOAD_CHECKSUM))
		r->takes = 0;
	queue_wake(q);
}

void receiver_stop(struct receiver *r)
{
	loop_forget(&r->publish);
	r->q = NULL;
	r->waits = false;
	r->first = 0;
	r->count = 0;
	r->room = 0;
	r->cut = 0;
}

/* One buffer more.  Each has room for a header at least (virtio 1.3, 5.1.6.3.1). */
static bool hold(struct receiver *r)
{
	unsigned int at = (r->first + r->count) % QUEUE_MAX;
	struct chain *c = &r->held[at];

	if (!queue_pop(r->q, c))
		return false;
	r->bytes[at] = iov_bytes(chain_in(c), c->in);
	if (c->out || r->bytes[at] < HEADER) {
		device_lie(r->q->dev, r->q, "found a buffer with %u parts to read, and %zu bytes to write, expected 0, and at least %d",
			   c->out, r->bytes[at], HEADER);
		return false;
	}
	r->room += r->bytes[at];
	r->count++;
	return true;
}

static bool has(const struct receiver *r, size_t bytes)
{
	return r->merges ? r->room >= bytes : r->count;
}

/* The guest has given all that it can: no waiting helps. */
static bool is_full(const struct receiver *r)
{
	return r->q->in_flight >= r->q->size;
}

/* Whether there is room for a frame of @bytes, or one buffer.  If not, a kick is asked for. */
static bool gather(struct receiver *r, size_t bytes)
{
	while (!has(r, bytes)) {
		if (is_full(r))
			return false;
		if (hold(r))
			continue;
		if (r->q->dev->broken || queue_sleep(r->q)) {
			r->waits = true;
			return false;
		}
	}
	if (r->waits) {
		r->waits = false;
		queue_wake(r->q);
	}
	return true;
}

static bool never_fits(const struct receiver *r, size_t bytes)
{
	if (!r->merges)
		return r->count && r->bytes[r->first] < bytes;
	return r->room < bytes && is_full(r);
}

static void use(struct receiver *r, const struct virtio_net_hdr_v1 *header, const uint8_t *frame,
		size_t length)
{
	size_t offset = header ? HEADER : 0;
	struct chain *c = &r->held[r->first];

	if (header)
		iov_write(chain_in(c), c->in, 0, header, HEADER);
	iov_write(chain_in(c), c->in, offset, frame, length);
	queue_push(r->q, c, offset + length);
	r->room -= r->bytes[r->first];
	r->first = (r->first + 1) % QUEUE_MAX;
	r->count--;
}

/* All buffers but the last are filled (virtio 1.3, 5.1.6.4.1). */
static void spread(struct receiver *r, struct virtio_net_hdr_v1 *header, const uint8_t *frame,
		   size_t length)
{
	size_t left = HEADER + length, part;
	unsigned int n = 0;

	for (; left; n++)
		left -= MIN(left, r->bytes[(r->first + n) % QUEUE_MAX]);
	header->num_buffers = htole16(n);
	part = MIN(length, r->bytes[r->first] - HEADER);
	use(r, header, frame, part);
	while (--n) {
		frame += part;
		length -= part;
		part = MIN(length, r->bytes[r->first]);
		use(r, NULL, frame, part);
	}
}

/* False if the frame has to wait.  One that no waiting helps is dropped. */
static bool deliver(struct receiver *r, const struct offload *left, const uint8_t *frame,
		    size_t length)
{
	struct virtio_net_hdr_v1 header;
	bool there = gather(r, HEADER + length);

	if (never_fits(r, HEADER + length)) {
		r->dropped++;
		return true;
	}
	if (!there)
		return false;
	offload_write(left, &header);
	spread(r, &header, frame, length);
	r->received++;
	loop_defer(&r->publish);
	return true;
}

/* As many packets as the guest has room for; those that are left come next time. */
static bool cut(struct receiver *r, const struct incoming *in)
{
	size_t at = r->cut, length;

	while ((length = offload_cut(&in->left, in->frame, in->length, &at, r->piece,
				     r->largest))) {
		if (!deliver(r, &(struct offload) { 0 }, r->piece, length))
			return false;
		r->cut = at;
	}
	r->dropped += !r->cut;
	r->cut = 0;
	return true;
}

/* False if the frame has to wait.  A card that is not at work drops it. */
bool receiver_take(struct receiver *r, struct incoming *in)
{
	unsigned int undone = in->left.needs & ~r->takes;

	if (!r->q || r->q->dev->broken) {
		r->dropped++;
		return true;
	}
	if (undone & ~OFFLOAD_CHECKSUM)
		return cut(r, in);
	if (!(in->left.needs & ~OFFLOAD_CHECKSUM) && in->length > r->largest) {
		r->dropped++;
		return true;
	}
	if (undone)
		offload_complete(&in->left, in->frame, in->length);
	return deliver(r, &in->left, in->frame, in->length);
}
