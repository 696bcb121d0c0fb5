// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's memory, mapped here, and what becomes of a guest that takes it away.
 *
 * The file is the guest's: it may cut it while we look, and then any access of ours may
 * raise SIGBUS.  The handler puts pages of zeros of our own where the file was, so that
 * the access ends, and remembers it: socket.c ends the connection in the same turn.  Nothing
 * is trusted that was read, so zeros do no more harm than what stood there.  The kernel's
 * own accesses for us, of requests in flight, end with EFAULT and need no care.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"
#include "say.h"
#include "signals.h"

static struct {
	char *map;		/* on a page */
	size_t map_length;
	char *base;		/* of the guest's lowest address */
	uint64_t start, length;
} guest;

static bool torn;

int memory_map(int fd, uint64_t start, uint64_t length, uint64_t offset)
{
	uint64_t before = offset % sysconf(_SC_PAGESIZE);
	void *map;

	map = mmap(NULL, length + before, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset - before);
	if (map == MAP_FAILED)
		return -errno;
	guest.map = map;
	guest.map_length = length + before;
	guest.base = guest.map + before;
	guest.start = start;
	guest.length = length;
	__atomic_store_n(&torn, false, __ATOMIC_RELAXED);
	return 0;
}

void memory_unmap(void)
{
	if (guest.map)
		munmap(guest.map, guest.map_length);
	memset(&guest, 0, sizeof(guest));
}

void *memory_at(uint64_t address, uint64_t length)
{
	uint64_t at = address - guest.start;

	if (address < guest.start || at > guest.length || length > guest.length - at)
		return NULL;
	return guest.base + at;
}

/* mmap(2) is not on the list of what a handler may call, but is a system call and no more. */
static void on_sigbus(int signal, siginfo_t *info, void *context)
{
	char *page = (char *)((uintptr_t)info->si_addr & -(uintptr_t)sysconf(_SC_PAGESIZE));

	(void)context;
	if (!guest.map || page < guest.map || page >= guest.map + guest.map_length ||
	    mmap(page, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		signals_crash(signal);
	__atomic_store_n(&torn, true, __ATOMIC_RELAXED);
}

void memory_init(void)
{
	struct sigaction action = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };

	if (sigaction(SIGBUS, &action, NULL))
		die("sigaction: %s", strerror(errno));
}

bool memory_torn(void)
{
	return __atomic_load_n(&torn, __ATOMIC_RELAXED);
}

void memory_load(void *to, const void *from, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		((uint8_t *)to)[i] = __atomic_load_n((const uint8_t *)from + i, __ATOMIC_RELAXED);
}

void memory_store(void *to, const void *from, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		__atomic_store_n((uint8_t *)to + i, ((const uint8_t *)from)[i], __ATOMIC_RELAXED);
}
