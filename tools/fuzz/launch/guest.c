// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's memory, and what a driver finds on the page in it.
 *
 * The launcher maps it by the mmap() here, which gives it just as many bytes as it asked for,
 * with the sanitizer's guards on either side.
 */
#include <linux/virtio_config.h>
#include <linux/virtio_page.h>
#include <string.h>
#include <sys/mman.h>

#include "fuzz.h"

static uint8_t spare[GUEST_LENGTH];
static uint8_t *map;
static size_t map_length;

/* In the place of mmap() and munmap(), in the launcher's memory.c. */
void *guest_mmap(void *at, size_t length, int prot, int flags, int fd, off_t offset)
{
	void *p;

	(void)at;
	(void)prot;
	(void)flags;
	(void)fd;
	(void)offset;
	expect(!map, "one mapping at a time");
	if (posix_memalign(&p, 4096, length))
		return MAP_FAILED;
	map = memset(p, 0, length);
	map_length = length;
	return map;
}

int guest_munmap(void *at, size_t length)
{
	expect(at == map && length == map_length, "%zu bytes", length);
	free(map);
	map = NULL;
	map_length = 0;
	return 0;
}

bool guest_shared(const void *p, size_t size)
{
	const uint8_t *at = p;

	return map && at >= map && size <= map_length && at - map <= (ptrdiff_t)(map_length - size);
}

/* Of @at on there are at least 4096 bytes; without a guest, bytes that nobody reads. */
uint8_t *guest_at(size_t at)
{
	at %= GUEST_LENGTH;
	if (!map || at + 4096 > map_length)
		return spare + at % (GUEST_LENGTH - 4096);
	return map + at;
}

/* Anywhere, up to its last byte. */
void guest_write(size_t at, uint64_t value, unsigned int bytes)
{
	if (at + bytes <= map_length)
		memcpy(map + at, &value, bytes);
}

void guest_put(uint8_t *p, uint64_t value, unsigned int bytes)
{
	memcpy(p, &value, bytes);
}

uint64_t guest_get(const uint8_t *p, unsigned int bytes)
{
	uint64_t value = 0;

	memcpy(&value, p, bytes);
	return value;
}

/* A driver knows where its device is, whatever was written there since. */
static size_t devices[DEVICES], ends[DEVICES];

/* False if there is no page. */
bool guest_learn(void)
{
	size_t at = sizeof(struct virtio_page_header);
	unsigned int i;

	if (guest_get(guest_at(0), 4) != VIRTIO_PAGE_MAGIC)
		return false;
	for (i = 0; i < DEVICES; i++) {
		devices[i] = at;
		at += sizeof(struct virtio_page_device) + guest_get(guest_at(at), 4);
		expect(at < PAGE_LENGTH, "device %u ends at %zu", i, at);
		ends[i] = at;
	}
	return true;
}

uint8_t *guest_device(unsigned int nr)
{
	return guest_at(devices[nr]);
}

/* The contents of the @nth field of a @type; bytes that nobody reads if it isn't there. */
uint8_t *guest_field(unsigned int nr, uint8_t type, unsigned int nth)
{
	uint8_t *p = guest_device(nr) + sizeof(struct virtio_page_device);
	size_t left = ends[nr] - devices[nr] - sizeof(struct virtio_page_device);

	for (; left > 2 && p[0] && left >= 2u + p[1]; left -= 2 + p[1], p += 2 + p[1])
		if ((p[0] & ~VIRTIO_CONFIG_F_USED) == type && !nth--)
			return p + 2;
	return spare;
}
