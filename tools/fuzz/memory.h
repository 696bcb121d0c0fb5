/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory of the code under test, and what it says.
 *
 * Each allocation is known until it is freed, and may be made to fail.  Memory
 * whose physical address was asked for is shared: the device reaches it, and
 * nothing else.  Included in the place of the allocator by the stand-in of
 * <linux/kernel.h>, so it knows no kernel type.
 */
#ifndef _FUZZ_MEMORY_H
#define _FUZZ_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* What must hold, whatever the input. */
#define expect(what, ...)						\
	do {								\
		if (what)						\
			break;						\
		fprintf(stderr, "%s:%d: expected %s: ", __FILE__, __LINE__, #what); \
		fprintf(stderr, __VA_ARGS__);				\
		fputc('\n', stderr);					\
		abort();						\
	} while (0)

/**
 * struct memory_state - what happened to it
 * @fail: a bit for each allocation to come: does it fail?
 * @failed: how many did
 * @errors: lines that were said of what broke
 * @warnings: and of what did not
 */
struct memory_state {
	unsigned int fail, failed, errors, warnings;
};

extern struct memory_state memory;

int memory_alloc(void **p, size_t align, size_t size);
void memory_free(void *p);
unsigned long memory_share(const void *p);
void *memory_shared(unsigned long addr, size_t size);
unsigned char *memory_shared_byte(unsigned int nth, unsigned int at, size_t *left);
void memory_begin(void *start, size_t size);
void memory_end(void);
void memory_said_error(const char *format, ...);
void memory_said_warning(const char *format, ...);

#endif /* _FUZZ_MEMORY_H */
