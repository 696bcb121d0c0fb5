// SPDX-License-Identifier: GPL-2.0
/*
 * Requests to each type of device, and what must come of an honest one.
 */
#include <linux/virtio_blk.h>
#include <linux/virtio_net.h>
#include <string.h>

#include "fuzz.h"

enum { ROOM = 0x800, HEADER = sizeof(struct virtio_net_hdr_v1), FRAME = 60 };
enum { RECEIVE, SEND };

static uint32_t room;

void request_restart(void)
{
	room = 0;
}

/* Buffers of the next request, over and over. */
static uint32_t next_room(void)
{
	room = (room + ROOM) % (GUEST_LENGTH - BUFFERS_AT - 2 * ROOM);
	return BUFFERS_AT + room;
}

/* A header, contents that the device reads or writes, and a byte for the answer. */
static uint32_t add_disk(unsigned int kind, unsigned int length)
{
	static const uint8_t types[] = {
		VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT, VIRTIO_BLK_T_FLUSH, VIRTIO_BLK_T_GET_ID,
		VIRTIO_BLK_T_DISCARD, VIRTIO_BLK_T_WRITE_ZEROES, 0xff,
	};
	uint32_t at = next_room();
	struct virtio_blk_outhdr *header = (void *)guest_at(at);
	uint8_t type = types[kind % ARRAY_LEN(types)];
	bool in = type == VIRTIO_BLK_T_IN || type == VIRTIO_BLK_T_GET_ID;
	struct fuzz_buf bufs[3] = {
		{ at, sizeof(*header) }, { at + 64, length, in }, { at + 32, 1, true },
	};

	*header = (struct virtio_blk_outhdr) { .type = type, .sector = kind / 8 };
	guest_put(guest_at(at + 64), kind / 8, 8);
	guest_put(guest_at(at + 72), 1, 8);
	*guest_at(at + 32) = 0xff;
	if (!length)
		bufs[1] = bufs[2];
	driver_add(&driver_queue[DISK][0], bufs, length ? 3 : 2);
	return at;
}

static uint32_t add_frame(unsigned int length)
{
	struct fuzz_buf buf = { next_room(), HEADER + length };

	memset(guest_at(buf.at), 0, HEADER);
	memset(guest_at(buf.at) + HEADER, 0x5a, length < ROOM ? length : ROOM);
	driver_add(&driver_queue[NET][SEND], &buf, 1);
	return buf.at;
}

static uint32_t add_room(unsigned int nr, unsigned int q, unsigned int length)
{
	struct fuzz_buf buf = { next_room(), length, true };

	driver_add(&driver_queue[nr][q], &buf, 1);
	return buf.at;
}

static uint32_t add_text(unsigned int length)
{
	struct fuzz_buf buf = { next_room(), length };

	driver_add(&driver_queue[CONSOLE][SEND], &buf, 1);
	return buf.at;
}

/* A read or write of sectors, a range to discard or zero with flags, a name. */
static unsigned int disk_length(unsigned int kind)
{
	switch (kind % 7) {
	case 0: case 1:
		return 512 * (kind >> 6);
	case 4: case 5:
		return 16;
	}
	return kind & 8 ? 20 : 0;
}

/* One of some kind; what it is to the device is for the device to find out. */
void request_add(unsigned int nr, unsigned int kind)
{
	switch (nr) {
	case DISK:
		add_disk(kind, disk_length(kind));
		break;
	case NET:
		if (kind & 1)
			add_frame(kind * 4);
		else
			add_room(NET, RECEIVE, kind * 8);
		break;
	case CONSOLE:
		if (kind & 1)
			add_text(kind);
		else
			add_room(CONSOLE, RECEIVE, kind);
		break;
	default:
		add_room(nr, 0, kind * 4);
	}
}

/* Comes back at once, with so much written. */
static void finish(unsigned int nr, unsigned int q, uint32_t written)
{
	uint32_t length = 0;

	driver_kick(nr);
	outside_ring();
	expect(driver_used(&driver_queue[nr][q], &length), "device %u has used a buffer of queue %u",
	       nr, q);
	expect(length == written, "device %u has written %u bytes in queue %u, not %u",
	       nr, length, q, written);
}

static void check_disk(void)
{
	uint32_t at = add_disk(0, 512);

	finish(DISK, 0, 513);
	expect(!*guest_at(at + 32), "sector 0 was read: %u", *guest_at(at + 32));
	at = add_disk(1 + 8, 512);
	finish(DISK, 0, 1);
	expect(!*guest_at(at + 32), "sector 1 was written: %u", *guest_at(at + 32));
}

static void check_net(void)
{
	uint8_t message[HEADER + FRAME] = { 0 }, got[HEADER + FRAME];
	uint32_t at;

	while (ends_receive(got, sizeof(got)))
		;
	add_frame(FRAME);
	finish(NET, SEND, 0);
	expect(ends_receive(got, sizeof(got)) == sizeof(got) && got[HEADER] == 0x5a,
	       "a frame is on the wire");
	at = add_room(NET, RECEIVE, ROOM);
	memset(message + HEADER, 0xa5, FRAME);
	ends_send(message, sizeof(message));
	finish(NET, RECEIVE, sizeof(message));
	expect(!memcmp(guest_at(at + HEADER), message + HEADER, FRAME), "a frame has come");
}

static void check_console(void)
{
	uint32_t at;

	add_text(5);
	finish(CONSOLE, SEND, 0);
	at = add_room(CONSOLE, RECEIVE, 16);
	ends_type("hello", 5);
	finish(CONSOLE, RECEIVE, 5);
	expect(!memcmp(guest_at(at), "hello", 5), "what was typed has come");
}

static void check_entropy(void)
{
	add_room(ENTROPY, 0, 32);
	finish(ENTROPY, 0, 32);
}

/* Whatever the guest did before: after a reset an honest driver is served. */
void request_check(unsigned int nr, bool packed)
{
	static void (*const checks[DEVICES])(void) = {
		check_disk, check_net, check_console, check_entropy,
	};

	expect(driver_begin(nr, ~0ULL, packed), "device %u agrees", nr);
	checks[nr]();
}
