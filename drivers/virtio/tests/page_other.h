/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The other side of a device page, played by a test.
 *
 * A page in memory, descriptors that are laid on it field by field, and who looks at it
 * when the guest rings: a work item, so that the guest has to wait for it as for another
 * process.  What a device does with a command or a kick is the affair of who made its
 * descriptor (page_host.c); a test may have the page lie in any way it likes.
 */
#ifndef _VIRTIO_PAGE_OTHER_H
#define _VIRTIO_PAGE_OTHER_H

#include <kunit/test.h>
#include <linux/virtio_page.h>
#include <linux/workqueue.h>
#include <uapi/linux/virtio_config.h>
#include <uapi/linux/virtio_page.h>

#define PAGE_BYTES	4096
#define PAGE_PLACES	8
#define PAGE_QUEUES	8	/* of a descriptor */
#define PAGE_FIELDS	16	/* of its own */

struct page_other;
struct virtio_host;

/**
 * struct page_place - a descriptor
 * @other: whose page it is on
 * @shared: the descriptor
 * @bits: its two fields of bits: transport and queues, and the device's own
 * @more_bits: instead of the second, of a device that offers bits beyond 63
 * @queue: its fields that are queues
 * @queues: how many
 * @own: contents of the fields of its own
 * @host: the device that it describes
 * @features: what the driver took of the first 64, as of FEATURES_OK
 */
struct page_place {
	struct page_other *other;
	struct virtio_page_device *shared;
	struct virtio_page_bits *bits[2];
	struct virtio_page_more_bits *more_bits;
	struct virtio_page_queue *queue[PAGE_QUEUES];
	unsigned int queues;
	u8 *own[PAGE_FIELDS];
	struct virtio_host *host;
	u64 features;
};

/**
 * struct page_other - the other side
 * @test: who plays it
 * @page: the page, for the guest
 * @at: bytes of it that have been written to
 * @place: the descriptors, in order
 * @places: how many
 * @obey: does what a command asks for; all but RELEASE, which is done here
 * @kicked: there is something in a queue of a device
 * @twist: if set, called when a command is done and before the guest can know
 * @deaf: looks at nothing
 * @rings: how often the guest rang
 * @commands: how often each command was done
 * @look: looks at the page
 */
struct page_other {
	struct kunit *test;
	struct virtio_page page;
	size_t at;
	struct page_place place[PAGE_PLACES];
	unsigned int places;
	void (*obey)(struct page_place *place, u8 command);
	void (*kicked)(struct page_place *place);
	void (*twist)(struct page_place *place, u8 command);
	bool deaf;
	unsigned int rings;
	unsigned int commands[VIRTIO_PAGE_C_RELEASE + 1];
	struct work_struct look;
};

struct page_other *page_other_make(struct kunit *test, struct device *parent);
void page_begin(struct page_other *other);
struct virtio_page_header *page_header(struct page_other *other);

struct page_place *page_add_device(struct page_other *other, u32 id, u32 vendor);
void *page_add_field(struct page_place *place, u8 type, const void *contents, u8 len);
void page_add_bits(struct page_place *place, u8 type, u64 offered);
void page_add_more_bits(struct page_place *place, u64 offered, u64 more);
void page_add_queue(struct page_place *place, u16 size);
void page_end_device(struct page_place *place);

void page_set_state(struct page_place *place, u8 state);
void page_mark_gone(struct page_place *place);
void page_say_used(struct page_place *place);
void page_say_changed(struct page_place *place);
void page_ring_guest(struct page_other *other);
void page_other_hear(struct page_other *other);
void page_other_settle(struct page_other *other);

#endif /* _VIRTIO_PAGE_OTHER_H */
