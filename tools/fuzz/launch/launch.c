// SPDX-License-Identifier: GPL-2.0
/*
 * The target "launch": a guest that connects, a program of what it writes and rings, and then
 * an honest guest, which must be served.
 *
 * The input: struct setup, then struct step by struct step.  fuzz.h says what is around.
 */
#include <linux/virtio_page.h>
#include <linux/virtio_page_socket.h>
#include <linux/virtio_net.h>
#include <string.h>

#include "console.h"
#include "device.h"
#include "disk.h"
#include "entropy.h"
#include "fuzz.h"
#include "net.h"
#include "socket.h"

/**
 * struct setup - what is agreed before the guest begins to lie
 * @kind: bits of KIND_*
 * @features: that each driver takes of the low ones, for 8 of them; all others are taken
 */
struct setup {
	uint8_t kind, features[3];
};

enum {
	KIND_PACKED = 1, KIND_BACKWARDS = 2, KIND_NOTHING = 4, KIND_CHECK_PACKED = 8,
	KIND_INDIRECT = 16,
};

struct step {
	uint8_t op, a, b, c;
	uint32_t d;
};

static void hello(const struct step *s)
{
	struct virtio_page_hello hello = {
		.magic = VIRTIO_PAGE_HELLO, .version = VIRTIO_PAGE_VERSION,
		.start = GUEST_START, .length = GUEST_LENGTH,
		.page = GUEST_START, .page_length = PAGE_LENGTH,
	};
	size_t i;

	if (s->a)
		guest_put((uint8_t *)&hello + s->b % (sizeof(hello) - 7), s->d, 1 + s->a % 8);
	outside_connect(&hello, sizeof(hello) - (s->c > 250), s->c ? s->c % 4 : 2);
	if (s->c == 255)
		outside_late();
	if (guest_shared(guest_at(0), 1) && hello.start == GUEST_START && hello.page == GUEST_START)
		for (i = hello.page_length; i < PAGE_LENGTH; i++)
			expect(!*guest_at(i), "byte %zu is behind the page", i);
}

/* What the guest says of itself when it has nothing to hide. */
static void connect_honestly(void)
{
	hello(&(struct step) { 0 });
	expect(guest_learn(), "a guest is served, it said last: %s", outside_said());
}

static void write_memory(const struct step *s)
{
	guest_write((s->b << 8 | s->c) * 2 % GUEST_LENGTH, s->d, 1 << s->a % 4);
}

static struct fuzz_queue *queue_of(const struct step *s)
{
	return &driver_queue[s->a % DEVICES][s->a / DEVICES % DRIVER_QUEUES];
}

/* A descriptor of a queue, by its members: both formats have them at the same places. */
static void write_descriptor(const struct step *s)
{
	static const struct { uint8_t at, bytes; } members[] = {
		{ 0, 8 }, { 8, 4 }, { 12, 2 }, { 14, 2 },
	};
	uint8_t *desc = guest_at(queue_of(s)->at + s->b % 32 * 16);
	unsigned int member = s->c % ARRAY_LEN(members);
	uint64_t value = s->d;

	/* Most addresses are to be in the memory, and none of 32 bits is far. */
	if (!member && s->c & 4)
		value = s->c & 8 ? value << 32 : GUEST_START + value % GUEST_LENGTH;
	guest_put(desc + members[member].at, value, members[member].bytes);
}

static void write_ring(const struct step *s)
{
	guest_put(guest_at(queue_of(s)->at + (s->c & 1 ? 0x800 : 0x400) + s->b), s->d, 2);
}

static void write_page(const struct step *s)
{
	guest_put(guest_device(s->a % DEVICES) + (s->b | (s->c & 1) << 8), s->d, 1 << s->c / 2 % 4);
}

static void write_header(const struct step *s)
{
	guest_put(guest_at(s->b % sizeof(struct virtio_page_header)), s->d, 1 << s->a % 4);
}

static void command(const struct step *s)
{
	struct virtio_page_device *head = (void *)guest_device(s->a % DEVICES);

	head->status = s->c;
	driver_command(s->a % DEVICES, s->b % 8 ? s->b % 8 : s->b);
	outside_ring();
}

static void enable(const struct step *s)
{
	driver_enable(s->a % DEVICES, s->b % DRIVER_QUEUES, s->c, s->d & 1);
}

static void use_tables(bool indirect)
{
	unsigned int nr, q;

	for (nr = 0; nr < DEVICES; nr++)
		for (q = 0; q < DRIVER_QUEUES; q++)
			driver_queue[nr][q].indirect = indirect;
}

static void begin(const struct step *s)
{
	driver_begin(s->a % DEVICES, s->d | 0xffffffffULL << 32, s->b & 1);
}

static void request(const struct step *s)
{
	request_add(s->a % DEVICES, s->b | s->c << 8);
}

static void kick(const struct step *s)
{
	if (s->a % 8 < DEVICES)
		driver_kick(s->a % 8);
	if (s->c & 1)
		outside_ring_and_go();
	else
		outside_ring();
}

static void connect_again(const struct step *s)
{
	hello(s);
	/* Where it is, there are the same devices. */
	if (!s->a)
		guest_learn();
}

/* A frame, by its header: it is TCP where it has to be. */
static void message(const struct step *s)
{
	static const uint8_t types[] = { 0, 0, 1, 4, 0x81, 0x84, 3, 5 };
	static uint8_t message[0x12000];
	struct virtio_net_hdr_v1 header = {
		.flags = s->a & 3, .gso_type = types[s->a / 4 % 8], .csum_start = s->b ?: 34,
		.csum_offset = s->c & 0x80 ? s->c : 16, .gso_size = s->d >> 16,
	};
	size_t length = s->d & 0xffff, ip = sizeof(header) + 14;

	memset(message, 0, sizeof(message));
	memcpy(message, &header, sizeof(header));
	message[ip - 2] = header.gso_type & 4 ? 0x86 : 0x08;
	message[ip - 1] = header.gso_type & 4 ? 0xdd : 0x00;
	message[ip] = header.gso_type & 4 ? 0x60 : 0x45;
	message[ip + 9] = 6;
	message[sizeof(header) + header.csum_start + 12] = (s->c & 15) << 4;
	ends_send(message, length + (s->a & 0x80));
	loop_settle();
}

static void wire(const struct step *s)
{
	static char message[0x12000];
	unsigned int n;

	if (s->a & 1)
		ends_unplug();
	for (n = s->b; n && ends_receive(message, sizeof(message)); n--)
		;
	loop_settle();
}

static void type(const struct step *s)
{
	char text[256] = "text";

	ends_type(text, s->a);
	loop_settle();
}

static void race(const struct step *s)
{
	race_arm(1 + s->a, s->b, s->c & 1);
}

static void (*const ops[])(const struct step *s) = {
	write_memory, write_descriptor, write_descriptor, write_ring, write_ring, write_page,
	write_header, command, enable, begin, request, request, kick, kick, connect_again, message,
	wire, type, race, race,
};

static uint64_t features(const struct setup *setup, unsigned int nr)
{
	uint32_t low = setup->features[nr % sizeof(setup->features)];

	return setup->kind & KIND_NOTHING ? 0 : ~(uint64_t)(low | low << 8 | low << 16);
}

static void check(bool packed)
{
	unsigned int nr;

	race_arm(0, 0, false);
	ends_unplug();
	connect_honestly();
	for (nr = 0; nr < DEVICES; nr++)
		request_check(nr, packed);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct disk_options disk = { .serial = "fuzz" };
	char why[256];

	(void)argc;
	(void)argv;
	disk.file = outside_init();
	devices_add(disk_create(&disk, why, sizeof(why)));
	devices_add(net_create("peer=/fuzz,mac=52:54:00:00:00:01"));
	devices_add(console_create("none", NULL));
	devices_add(entropy_create());
	socket_serve("fuzz", false);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct setup setup = { 0 };
	struct step s;
	unsigned int nr;

	if (size < sizeof(setup))
		return 0;
	memcpy(&setup, data, sizeof(setup));
	race_arm(0, 0, false);
	outside_begin(setup.kind & KIND_BACKWARDS);
	request_restart();
	connect_honestly();
	for (nr = 0; nr < DEVICES; nr++)
		driver_begin(nr, features(&setup, nr), setup.kind & KIND_PACKED);
	use_tables(setup.kind & KIND_INDIRECT);
	for (data += sizeof(setup), size -= sizeof(setup); size >= sizeof(s); size -= sizeof(s)) {
		memcpy(&s, data, sizeof(s));
		ops[s.op % ARRAY_LEN(ops)](&s);
		data += sizeof(s);
	}
	check(setup.kind & KIND_CHECK_PACKED);
	outside_end();
	return 0;
}
