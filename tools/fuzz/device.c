// SPDX-License-Identifier: GPL-2.0
/*
 * What a device does to the queue, and what it may not do: it writes whatever it
 * reaches, at any time; model.h says more.
 */
#include "model.h"
#include "race.h"

/* Of each place in model.taken: is it in use, and which buffer is it? */
static bool busy[HOST_MAX];
static u8 number[HOST_MAX];
static struct model *racing;

void device_begin(struct model *m)
{
	memset(busy, 0, sizeof(busy));
	race_begin(&m->lied);
}

/* The device has before it the very memory that was submitted, and what is in it. */
static void check_taken(const struct host_buf *taken, const struct buf *buf)
{
	unsigned int i;

	expect(taken->n == buf_total(buf), "%u segments, submitted %u", taken->n, buf_total(buf));
	expect(taken->count == buf->descs, "%u descriptors, taken %u", taken->count, buf->descs);
	for (i = 0; i < taken->n; i++) {
		const struct host_segment *seg = &taken->segments[i];

		expect(seg->memory == buf_at(buf, i) && seg->len == buf_len(buf, i),
		       "segment %u: %p, %u bytes, submitted %p, %u", i, seg->memory, seg->len,
		       buf_at(buf, i), buf_len(buf, i));
		expect(seg->writable == (i >= buf->out), "segment %u", i);
		if (!seg->writable)
			expect(!memcmp(seg->bytes, seg->memory, seg->len), "segment %u", i);
	}
}

void device_take(struct model *m, const struct step *s)
{
	struct host_buf *taken;
	struct buf *buf;
	u8 place;
	int got;

	for (place = 0; place < HOST_MAX && busy[place]; place++)
		;
	if (place == HOST_MAX)
		return;
	taken = &m->taken[place];
	got = host_take(&m->host, taken);
	expect(m->lied || got == !!m->published, "%d, %u were made available", got, m->published);
	if (got != 1)
		return;
	busy[place] = true;
	fifo_push(&m->taking, place);
	if (m->lied)
		return;
	m->published--;
	number[place] = fifo_pop(&m->added);
	buf = &m->bufs[number[place]];
	check_taken(taken, buf);
	buf->state = BUF_TAKEN;
}

static void fill(const struct host_buf *taken, unsigned int len, u8 mark)
{
	unsigned int i, part;

	for (i = 0; i < taken->n && len; i++) {
		if (!taken->segments[i].writable)
			continue;
		part = min(len, taken->segments[i].len);
		memset(taken->segments[i].bytes, mark, part);
		len -= part;
	}
}

/* It is done with the buffer at @place and says that it wrote @len bytes. */
static void done(struct model *m, u8 place, unsigned int len, u8 mark)
{
	struct buf *buf = &m->bufs[number[place]];

	busy[place] = false;
	if (m->lied)
		return;
	buf->wrote = len;
	buf->mark = mark;
	fill(&m->taken[place], min(len, buf->writable), mark);
	buf->state = BUF_USED;
	fifo_push(&m->used, number[place]);
}

static unsigned int writable(const struct host_buf *taken)
{
	unsigned int i, bytes = 0;

	for (i = 0; i < taken->n; i++)
		bytes += taken->segments[i].writable ? taken->segments[i].len : 0;
	return bytes;
}

/* One of those that it has taken; in order, the first few.  Lengths may be wrong. */
void device_use(struct model *m, const struct step *s)
{
	unsigned int count = fifo_count(&m->taking), n, i, descs = 0, len;
	struct host_buf *taken = NULL;
	u8 place;

	if (!count)
		return;
	if (!m->in_order)
		swap(*fifo_at(&m->taking, 0), *fifo_at(&m->taking, s->b % count));
	n = m->in_order ? 1 + s->b % count : 1;
	for (i = 0; i < n; i++) {
		place = fifo_pop(&m->taking);
		taken = &m->taken[place];
		descs += taken->count;
		len = writable(taken);
		if (i == n - 1)
			len = s->c & 0x80 ? len + (s->c & 0x7f) : s->c % (len + 1);
		done(m, place, len, s->d);
	}
	host_use(&m->host, taken->id, len, descs, n);
}

/*
 * A split ring that has nothing left for the device to use is said to have more of it; an entry
 * stands for any number, and nobody looks at what it says.
 */
static void use_again(struct model *m, const struct step *s)
{
	unsigned int n = 1 + s->a % 4;

	if (!model_honest(m) || m->host.packed || m->published || fifo_count(&m->taking) ||
	    m->in_a_row + n > m->host.num ||
	    fifo_count(&m->used) + m->surplus + n > m->host.num)
		return;
	race_arm(&(struct race) { });
	host_use(&m->host, s->b, s->c, 0, n);
	m->surplus += n;
	m->in_a_row += n;
}

void device_wish(struct model *m, const struct step *s)
{
	host_wish(&m->host, s->a & 1);
}

/* What can't be true is found out at once, by who has nothing else to take. */
static void claim_too_much(struct model *m, const struct step *s)
{
	struct vring *split = &m->host.split;
	unsigned int len;

	bool in_flight = m->published || fifo_count(&m->taking);

	if (!model_honest(m) || fifo_count(&m->used) || m->surplus)
		return;
	/* Of a surplus entry nobody asks what it says. */
	if (s->b & 1 && !m->host.packed && !in_flight)
		return;
	race_arm(&(struct race) { });
	m->lied = true;
	if (m->host.packed || s->b & 1)
		host_use(&m->host, m->host.num + s->a, 0, 1, 1);
	else
		split->used->idx = cpu_to_virtio16(&m->vdev, m->host.used + m->host.num + 1 + s->a);
	expect(!virtqueue_get_buf(m->vq, &len), "the device's word was taken");
	expect(virtqueue_is_broken(m->vq), "a device that lies breaks its queue");
}

/* A used entry by hand. */
void device_claim(struct model *m, const struct step *s)
{
	u32 id = s->e & 1 ? s->a | s->d << 8 : s->a % (m->host.num + 1);

	if (s->e & 2) {
		claim_too_much(m, s);
		return;
	}
	if (s->e & 4) {
		use_again(m, s);
		return;
	}
	m->lied = true;
	host_use(&m->host, id, s->b, 1 + s->c % 8, s->c / 8 % 4);
}

/* Some bytes of the ring, or of whatever else the device reaches. */
void device_scribble(struct model *m, const struct step *s)
{
	unsigned int i, at = s->b | s->c << 8;
	size_t left;
	u8 *p;

	p = s->a & 0x80 ? host_part(&m->host, s->a, at, &left) :
			  memory_shared_byte(s->a, at, &left);
	if (!p)
		return;
	m->lied = true;
	for (i = 0; i < 1 + s->e % 8 && i < left; i++)
		p[i] = s->e & 0x80 ? p[i] ^ s->d : s->d;
}

/* Whoever breaks a queue does so at any time. */
static void break_meanwhile(void)
{
	if (virtqueue_is_broken(racing->vq))
		return;
	__virtqueue_break(racing->vq);
	racing->out_of_use = true;
}

void device_race(struct model *m, const struct step *s)
{
	racing = m;
	race_arm(&(struct race) {
		.after = 1 + s->a % 16, .flip = s->b & 1, .value = { s->d, s->e },
		.instead = s->b & 2 ? break_meanwhile : NULL,
	});
}
