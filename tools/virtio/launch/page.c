// SPDX-License-Identifier: GPL-2.0
/*
 * The device page, <linux/virtio_page.h>: where devices are on it, and who says what there.
 *
 * Where a device is, and how long its fields are, is kept here and never read back: a guest
 * that scribbles over its page deceives itself alone.  Knows no rings, and of the socket
 * only the guest's doorbell.
 */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <linux/virtio_page.h>

#include "handshake.h"
#include "memory.h"
#include "page.h"
#include "socket.h"

/* Which features a field of bits has: 24 to 49, or all others. */
#define VIRTIO_BITS	(((UINT64_C(1) << 50) - 1) & ~((UINT64_C(1) << 24) - 1))

/* Fields before those of the device's own, each behind its type and length. */
#define TAG		2
#define VIRTIO_AT	TAG
#define FEATURES_AT	(VIRTIO_AT + sizeof(struct virtio_page_bits) + TAG)
#define QUEUE_AT(n)	(FEATURES_AT + sizeof(struct virtio_page_bits) + TAG + \
			 (n) * (sizeof(struct virtio_page_queue) + TAG))

/**
 * struct place - where a device is on the page, or was
 * @head: its descriptor
 * @length: bytes behind it
 * @dev: the device; %NULL if there is none any more
 * @state: as it was written
 * @generation: of its fields, likewise
 */
struct place {
	struct virtio_page_device *head;
	uint32_t length;
	struct device *dev;
	uint8_t state;
	uint32_t generation;
};

#define PLACES	64

static struct {
	struct virtio_page_header *header;	/* NULL: no page is open */
	size_t length, end;			/* bytes, and of them with a device */
	uint32_t changes;
	struct place place[PLACES];
	unsigned int places;
} page;

static uint8_t load8(const void *from)
{
	return __atomic_load_n((const uint8_t *)from, __ATOMIC_ACQUIRE);
}

static void store8(void *to, uint8_t value)
{
	__atomic_store_n((uint8_t *)to, value, __ATOMIC_RELEASE);
}

static void publish32(void *to, uint32_t value)
{
	__atomic_store_n((uint32_t *)to, htole32(value), __ATOMIC_RELEASE);
}

static uint8_t *fields_of(const struct device *dev)
{
	return (uint8_t *)(dev->place->head + 1);
}

/* Where the contents of a field of the device's own are; the end of all, for @nr of them. */
static size_t own_field_at(const struct device *dev, unsigned int nr)
{
	size_t at = QUEUE_AT(dev->queues);
	unsigned int i;

	for (i = 0; i < nr; i++)
		at += dev->field[i].length + TAG;
	return at;
}

static uint32_t length_of(const struct device *dev)
{
	/* The last TAG is of the field that ends them; its type is enough. */
	return (own_field_at(dev, dev->fields) + 7) & ~7u;
}

static void put_field(uint8_t *fields, size_t at, uint8_t type, const void *contents,
		      uint8_t length)
{
	fields[at - TAG] = type;
	fields[at - TAG + 1] = length;
	memcpy(fields + at, contents, length);
}

static void put_bits(uint8_t *fields, size_t at, uint8_t type, uint64_t offered)
{
	struct virtio_page_bits bits = { .offered = htole64(offered) };

	put_field(fields, at, type, &bits, sizeof(bits));
}

static void put_fields(struct device *dev)
{
	uint8_t *fields = fields_of(dev);
	uint64_t offered = handshake_offered(dev);
	unsigned int i;

	memset(fields, 0, dev->place->length);
	put_bits(fields, VIRTIO_AT, VIRTIO_CONFIG_F_VIRTIO, offered & VIRTIO_BITS);
	put_bits(fields, FEATURES_AT, VIRTIO_CONFIG_F_FEATURES, offered & ~VIRTIO_BITS);
	for (i = 0; i < dev->queues; i++) {
		struct virtio_page_queue q = { .offered = htole16(dev->queue[i].offered) };

		put_field(fields, QUEUE_AT(i), VIRTIO_CONFIG_F_VIRTQUEUE, &q, sizeof(q));
	}
	for (i = 0; i < dev->fields; i++) {
		const struct device_field *field = &dev->field[i];

		put_field(fields, own_field_at(dev, i), field->type, field->contents,
			  field->length);
	}
}

/* The guest looks at the states of devices when their number changes. */
static void set_state(struct place *place, uint8_t state)
{
	place->state = state;
	store8(&place->head->state, state);
	publish32(&page.header->changes, ++page.changes);
}

/* A place of a device that was let go of, or one behind the last. */
static struct place *find_place(uint32_t length)
{
	size_t need = sizeof(struct virtio_page_device) + length;
	struct place *place;

	for (place = page.place; place < page.place + page.places; place++)
		if (place->state == VIRTIO_PAGE_EMPTY && place->length == length)
			return place;
	/* Behind it the length of 0 that ends the page must fit. */
	if (page.places == PLACES || need + sizeof(__le64) > page.length - page.end)
		return NULL;
	place->head = (struct virtio_page_device *)((char *)page.header + page.end);
	place->length = length;
	place->generation = 0;
	return place;
}

static bool is_new(const struct place *place)
{
	return place == page.place + page.places;
}

/* What is behind the last is written first, and seen when its length is. */
static void append(struct place *place)
{
	page.places++;
	page.end += sizeof(*place->head) + place->length;
	publish32((char *)page.header + page.end, 0);
	publish32(&place->head->length, place->length);
}

int page_show(struct device *dev)
{
	struct virtio_page_device head = {
		.device = htole32(dev->type->id),
	};
	struct place *place;

	if (!page.header)
		return 0;
	place = find_place(length_of(dev));
	if (!place)
		return -ENOSPC;
	head.length = is_new(place) ? 0 : htole32(place->length);
	head.generation = htole32(place->generation);
	memcpy(place->head, &head, sizeof(head));
	place->dev = dev;
	dev->place = place;
	dev->lies = 0;
	put_fields(dev);
	if (is_new(place))
		append(place);
	set_state(place, VIRTIO_PAGE_LIVE);
	socket_ring();
	return 0;
}

void page_hide(struct device *dev)
{
	if (!dev->place)
		return;
	dev->place->dev = NULL;
	set_state(dev->place, VIRTIO_PAGE_GONE);
	dev->place = NULL;
	socket_ring();
}

int page_open(uint64_t address, uint64_t length)
{
	struct virtio_page_header header = { .version = htole32(VIRTIO_PAGE_VERSION) };
	struct device *dev;

	if (length < sizeof(header) + sizeof(__le64)) {
		say("the guest's device page has %" PRIu64 " bytes, expected at least %zu",
		    length, sizeof(header) + sizeof(__le64));
		return -ENOSPC;
	}
	page.length = length < UINT32_MAX ? length : UINT32_MAX;
	page.header = memory_at(address, page.length);
	page.end = sizeof(header);
	page.places = 0;
	page.changes = 0;
	header.length = htole32(page.length);
	memcpy(page.header, &header, sizeof(header));
	publish32((char *)page.header + page.end, 0);
	for (dev = devices_first(); dev; dev = dev->next) {
		if (page_show(dev)) {
			say("the guest's device page has %zu bytes, expected room for %s behind %zu of them",
			    page.length, dev->label, page.end);
			page_close();
			return -ENOSPC;
		}
	}
	publish32(&page.header->magic, VIRTIO_PAGE_MAGIC);
	return 0;
}

void page_close(void)
{
	struct device *dev;

	if (!page.header)
		return;
	for (dev = devices_first(); dev; dev = dev->next) {
		handshake_reset(dev);
		dev->place = NULL;
	}
	page.header = NULL;
}

void page_get_field(struct device *dev, unsigned int nr, void *contents)
{
	if (dev->place)
		memory_load(contents, fields_of(dev) + own_field_at(dev, nr),
			    dev->field[nr].length);
}

/* The number is odd while they are written; the driver reads it before and after. */
static void begin_fields(struct place *place)
{
	publish32(&place->head->generation, ++place->generation);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void end_fields(struct place *place)
{
	publish32(&place->head->generation, ++place->generation);
}

static void put_own_field(struct device *dev, unsigned int nr, const void *contents)
{
	memory_store(fields_of(dev) + own_field_at(dev, nr), contents, dev->field[nr].length);
}

static void ring_for(uint8_t *flag)
{
	/*
	 * Between what the flag is about and a look at the flag.  Pairs with the guest's,
	 * between clearing it and looking: it sees ours, or we see it clear.
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (load8(flag))
		return;
	store8(flag, 1);
	socket_ring();
}

void page_set_field(struct device *dev, unsigned int nr, const void *contents)
{
	if (!dev->place)
		return;
	begin_fields(dev->place);
	put_own_field(dev, nr, contents);
	end_fields(dev->place);
	ring_for(&dev->place->head->changed);
}

void page_restore_fields(struct device *dev)
{
	unsigned int i;

	if (!dev->fields)
		return;
	begin_fields(dev->place);
	for (i = 0; i < dev->fields; i++)
		put_own_field(dev, i, dev->field[i].contents);
	end_fields(dev->place);
}

static uint64_t get_taken(struct device *dev, size_t at)
{
	struct virtio_page_bits bits;

	memory_load(&bits, fields_of(dev) + at, sizeof(bits));
	return le64toh(bits.taken);
}

/* Bits at the place of the other field were offered by neither. */
uint64_t page_get_taken(struct device *dev)
{
	return (get_taken(dev, VIRTIO_AT) & VIRTIO_BITS) |
	       (get_taken(dev, FEATURES_AT) & ~VIRTIO_BITS);
}

uint8_t page_get_queue(struct device *dev, unsigned int nr, struct queue_setup *setup)
{
	struct virtio_page_queue q;

	memory_load(&q, fields_of(dev) + QUEUE_AT(nr), sizeof(q));
	setup->size = le16toh(q.size);
	setup->desc = le64toh(q.desc);
	setup->driver = le64toh(q.driver);
	setup->device = le64toh(q.device);
	return q.enabled;
}

void page_used(struct device *dev)
{
	ring_for(&dev->place->head->used);
}

static uint8_t answer_of(const struct device *dev)
{
	return dev->status | (dev->broken ? VIRTIO_CONFIG_S_NEEDS_RESET : 0);
}

void page_broken(struct device *dev)
{
	store8(&dev->place->head->answer, answer_of(dev));
	ring_for(&dev->place->head->changed);
}

static void follow_live(struct device *dev, uint8_t command, uint8_t status)
{
	switch (command) {
	case VIRTIO_PAGE_C_STATUS:
		handshake_status(dev, status);
		break;
	case VIRTIO_PAGE_C_CONFIG:
		if (dev->type->config && !dev->broken)
			dev->type->config(dev);
		break;
	case VIRTIO_PAGE_C_QUEUE:
		handshake_queues(dev);
		break;
	case VIRTIO_PAGE_C_RELEASE:
		device_lie(dev, NULL, "found command %u, expected it of a device that is gone",
			   command);
		break;
	default:
		device_lie(dev, NULL, "found command %u, expected 1 to 4", command);
	}
	store8(&dev->place->head->answer, answer_of(dev));
}

/* Nobody is there any more, and agrees to all. */
static void follow_gone(struct place *place, uint8_t command, uint8_t status)
{
	if (command == VIRTIO_PAGE_C_STATUS)
		store8(&place->head->answer, status);
	else if (command == VIRTIO_PAGE_C_RELEASE)
		set_state(place, VIRTIO_PAGE_EMPTY);
}

static void look_at(struct place *place)
{
	struct virtio_page_device *head = place->head;
	uint8_t command = load8(&head->command);

	if (command) {
		if (place->dev)
			follow_live(place->dev, command, load8(&head->status));
		else if (place->state == VIRTIO_PAGE_GONE)
			follow_gone(place, command, load8(&head->status));
		store8(&head->command, 0);
		socket_ring();
	}
	if (!load8(&head->kicked))
		return;
	store8(&head->kicked, 0);
	/* Pairs with the driver's, between a ring and this flag: what we miss, it kicks for. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (place->dev)
		handshake_kick(place->dev);
}

void page_look(void)
{
	unsigned int i;

	for (i = 0; page.header && i < page.places; i++)
		look_at(&page.place[i]);
}
