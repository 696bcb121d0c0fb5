// SPDX-License-Identifier: GPL-2.0
/*
 * The other side of a device page, played by a test; page_other.h says more.
 */
#include <linux/irqflags.h>
#include <linux/slab.h>

#include "page_other.h"

struct virtio_page_header *page_header(struct page_other *other)
{
	return other->page.start;
}

/*
 * Laying out a page.  It is the guest's by page_set_state() and virtio_page_open().
 */

/* An empty page: what was there before is forgotten. */
void page_begin(struct page_other *other)
{
	struct virtio_page_header *header = page_header(other);

	cancel_work_sync(&other->look);
	memset(other->page.start, 0, other->page.size);
	memset(other->place, 0, sizeof(other->place));
	other->places = 0;
	other->at = sizeof(*header);
	header->version = cpu_to_le32(VIRTIO_PAGE_VERSION);
	header->length = cpu_to_le32(other->page.size);
	header->magic = cpu_to_le32(VIRTIO_PAGE_MAGIC);
}

static void *take_bytes(struct page_other *other, size_t len)
{
	void *at = other->page.start + other->at;

	KUNIT_ASSERT_LE(other->test, other->at + len, other->page.size);
	other->at += len;
	return at;
}

/* Behind those that are there. */
struct page_place *page_add_device(struct page_other *other, u32 id, u32 vendor)
{
	struct page_place *place = &other->place[other->places++];

	KUNIT_ASSERT_LE(other->test, other->places, PAGE_PLACES);
	place->other = other;
	place->shared = take_bytes(other, sizeof(*place->shared));
	place->shared->device = cpu_to_le32(id);
	place->shared->vendor = cpu_to_le32(vendor);
	return place;
}

/* Returns where the contents are; %NULL stands for zeros. */
void *page_add_field(struct page_place *place, u8 type, const void *contents, u8 len)
{
	u8 *field = take_bytes(place->other, 2 + len);

	field[0] = type;
	field[1] = len;
	if (contents)
		memcpy(field + 2, contents, len);
	return field + 2;
}

void page_add_bits(struct page_place *place, u8 type, u64 offered)
{
	struct virtio_page_bits bits = { .offered = cpu_to_le64(offered) };

	place->bits[type == VIRTIO_CONFIG_F_FEATURES] =
		page_add_field(place, type, &bits, sizeof(bits));
}

/* The same for the field FEATURES of a device that offers bits beyond 63. */
void page_add_more_bits(struct page_place *place, u64 offered, u64 more)
{
	struct virtio_page_more_bits bits = {
		.offered = { cpu_to_le64(offered), cpu_to_le64(more) },
	};

	place->more_bits = page_add_field(place, VIRTIO_CONFIG_F_FEATURES, &bits, sizeof(bits));
}

void page_add_queue(struct page_place *place, u16 size)
{
	struct virtio_page_queue queue = { .offered = cpu_to_le16(size) };

	KUNIT_ASSERT_LT(place->other->test, place->queues, PAGE_QUEUES);
	place->queue[place->queues++] =
		page_add_field(place, VIRTIO_CONFIG_F_VIRTQUEUE, &queue, sizeof(queue));
}

/* Its fields are all there. */
void page_end_device(struct page_place *place)
{
	struct page_other *other = place->other;
	size_t begin = (void *)(place->shared + 1) - other->page.start;
	size_t end = round_up(other->at + 1, 8);

	take_bytes(other, end - other->at);
	place->shared->length = cpu_to_le32(end - begin);
}

/*
 * What the guest is told.
 */

/* As an interrupt comes. */
void page_ring_guest(struct page_other *other)
{
	unsigned long irqs;

	local_irq_save(irqs);
	virtio_page_look(&other->page);
	local_irq_restore(irqs);
}

/* Without a doorbell; it is on the page. */
void page_set_state(struct page_place *place, u8 state)
{
	struct virtio_page_header *header = page_header(place->other);

	/* Pairs with the guest's, between the state and what it reads of the device. */
	virt_wmb();
	WRITE_ONCE(place->shared->state, state);
	/* Pairs with the guest's, between the count and the states. */
	virt_wmb();
	WRITE_ONCE(header->changes, cpu_to_le32(le32_to_cpu(header->changes) + 1));
}

void page_say_used(struct page_place *place)
{
	/* Pairs with the guest's, between the flag that it clears and the rings. */
	virt_wmb();
	WRITE_ONCE(place->shared->used, 1);
	page_ring_guest(place->other);
}

void page_say_changed(struct page_place *place)
{
	/* Pairs with the guest's, between the flag that it clears and what changed. */
	virt_wmb();
	WRITE_ONCE(place->shared->changed, 1);
	page_ring_guest(place->other);
}

/*
 * What it says.
 */

static bool is_live(const struct page_place *place)
{
	return READ_ONCE(place->shared->state) == VIRTIO_PAGE_LIVE;
}

static void do_command(struct page_place *place, u8 command)
{
	struct page_other *other = place->other;

	/* Pairs with the guest's, between what a command is about and the command. */
	virt_rmb();
	if (command == VIRTIO_PAGE_C_RELEASE)
		WRITE_ONCE(place->shared->state, VIRTIO_PAGE_EMPTY);
	else if (is_live(place))
		other->obey(place, command);
	if (command < ARRAY_SIZE(other->commands))
		other->commands[command]++;
	if (other->twist)
		other->twist(place, command);
	/* Pairs with the guest's, between the command that is done and the answer. */
	virt_wmb();
	/* A lie may be that it is not done. */
	if (!READ_ONCE(other->deaf))
		WRITE_ONCE(place->shared->command, 0);
}

static void look_at(struct page_place *place)
{
	u8 command = READ_ONCE(place->shared->command);

	if (command)
		do_command(place, command);
	if (READ_ONCE(place->shared->kicked) && is_live(place)) {
		WRITE_ONCE(place->shared->kicked, 0);
		/* Pairs with the guest's, between the rings and the flag. */
		virt_mb();
		place->other->kicked(place);
	}
	if (command)
		page_ring_guest(place->other);
}

static void look(struct work_struct *work)
{
	struct page_other *other = container_of(work, struct page_other, look);
	unsigned int i;

	for (i = 0; i < other->places && !READ_ONCE(other->deaf); i++)
		look_at(&other->place[i]);
}

static void ring(struct virtio_page *page)
{
	struct page_other *other = container_of(page, struct page_other, page);

	other->rings++;
	if (!READ_ONCE(other->deaf))
		queue_work(system_highpri_wq, &other->look);
}

/* It was deaf, or is to look without having been rung. */
void page_other_hear(struct page_other *other)
{
	WRITE_ONCE(other->deaf, false);
	queue_work(system_highpri_wq, &other->look);
}

/* On return the guest has found what is new, and what it rang for has been seen. */
void page_other_settle(struct page_other *other)
{
	virtio_page_settle(&other->page);
	flush_work(&other->look);
}

/* It answers nothing any more; on return the place has been released. */
void page_mark_gone(struct page_place *place)
{
	page_set_state(place, VIRTIO_PAGE_GONE);
	WRITE_ONCE(place->other->deaf, false);
	page_ring_guest(place->other);
	page_other_settle(place->other);
}

static void take_away(void *data)
{
	struct page_other *other = data;

	virtio_page_close(&other->page);
	WRITE_ONCE(other->deaf, true);
	cancel_work_sync(&other->look);
	kfree(other->page.start);
}

/* A page that is not open yet, and empty; its devices will hang on @parent. */
struct page_other *page_other_make(struct kunit *test, struct device *parent)
{
	struct page_other *other = kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, other);
	other->test = test;
	INIT_WORK(&other->look, look);
	other->page.start = kzalloc(PAGE_BYTES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, other->page.start);
	other->page.size = PAGE_BYTES;
	other->page.parent = parent;
	other->page.ring = ring;
	virtio_page_init(&other->page);
	page_begin(other);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, take_away, other));
	return other;
}
