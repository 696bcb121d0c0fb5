/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The launcher under a fuzzer that plays the guest.
 *
 * The launcher's page, rings and devices are the real ones.  The guest's memory is memory
 * of the fuzzer's with nothing on either side of it (guest.c), a driver that can be
 * honest drives the devices (driver.c), and what the launcher has around itself, files,
 * terminals and time, is made of what stands in outside.c, ends.c and loop.c.
 */
#ifndef _FUZZ_LAUNCH_H
#define _FUZZ_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../memory.h"

#define ARRAY_LEN(a)	(sizeof(a) / sizeof((a)[0]))

/* The guest's memory: the page, a folder for each queue, then buffers. */
#define GUEST_START	0x10000
#define GUEST_LENGTH	0x10000
#define PAGE_LENGTH	0x1000
#define QUEUES_AT	0x2000
#define QUEUE_BYTES	0x1000
#define BUFFERS_AT	0xa000

#define DISK_BYTES	0x8000

enum { DISK, NET, CONSOLE, ENTROPY, DEVICES };

/**
 * struct fuzz_queue - a queue as its driver sees it
 * @at: where its parts are, in the guest's memory
 * @size: of it
 * @packed: its format
 * @indirect: buffers are in tables
 * @next: split: chains that were added; packed: the next place
 * @wrap: packed
 * @used: likewise, of those that came back
 * @used_wrap: packed
 */
struct fuzz_queue {
	size_t at;
	uint16_t size;
	bool packed, indirect;
	uint16_t next, used;
	bool wrap, used_wrap;
};

/* A buffer: where, how long, and whether the device writes it. */
struct fuzz_buf {
	uint32_t at, length;
	bool write;
};

/* guest.c: bytes of the guest's memory, and the page as a driver finds it. */
uint8_t *guest_at(size_t at);
void guest_write(size_t at, uint64_t value, unsigned int bytes);
bool guest_learn(void);
uint8_t *guest_device(unsigned int nr);
uint8_t *guest_field(unsigned int nr, uint8_t type, unsigned int nth);
void guest_put(uint8_t *p, uint64_t value, unsigned int bytes);
uint64_t guest_get(const uint8_t *p, unsigned int bytes);
bool guest_shared(const void *p, size_t size);

/* driver.c */
#define DRIVER_QUEUES	2
extern struct fuzz_queue driver_queue[DEVICES][DRIVER_QUEUES];
void driver_command(unsigned int nr, uint8_t command);
void driver_status(unsigned int nr, uint8_t status);
void driver_enable(unsigned int nr, unsigned int q, uint16_t size, bool packed);
bool driver_reset(unsigned int nr);
bool driver_begin(unsigned int nr, uint64_t features, bool packed);
void driver_add(struct fuzz_queue *q, const struct fuzz_buf *bufs, unsigned int count);
bool driver_used(struct fuzz_queue *q, uint32_t *length);
void driver_kick(unsigned int nr);

/* request.c */
void request_restart(void);
void request_add(unsigned int nr, unsigned int kind);
void request_check(unsigned int nr, bool packed);

/* loop.c: turns until nothing is left to do. */
bool loop_turn(void);
void loop_settle(void);

/* outside.c: the guest's connection, the disk's file, messages. */
char *outside_init(void);
void outside_begin(bool backwards);
void outside_end(void);
void outside_connect(const void *hello, size_t bytes, unsigned int fds);
void outside_late(void);
const char *outside_said(void);
void outside_ring(void);
void outside_ring_and_go(void);

/* ends.c: how the disk's requests end; the wire and the terminal. */
void ends_begin(bool backwards);
void ends_send(const void *message, size_t bytes);
size_t ends_receive(void *message, size_t room);
void ends_unplug(void);
void ends_type(const void *text, size_t bytes);

/* race.c: after @loads more of them, what was loaded last changes. */
void race_arm(unsigned int loads, uint8_t value, bool flip);

#endif /* _FUZZ_LAUNCH_H */
