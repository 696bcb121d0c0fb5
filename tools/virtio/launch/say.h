/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What everybody needs: messages, and the structure around a member.
 *
 * Every message goes to stderr as one line, "launch: ...".
 */
#ifndef _LAUNCH_SAY_H
#define _LAUNCH_SAY_H

#include <stddef.h>

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define __printf(a, b)		__attribute__((format(__printf__, a, b)))

/* How launch ends; guest.c has the rest, which come of the guest. */
enum { EXIT_OWN_ERROR = 1, EXIT_USAGE = 2, EXIT_GUEST_FAILED = 3, EXIT_OF_SIGNAL = 128 };

void __printf(1, 2) say(const char *format, ...);
/* The message, then no return. */
_Noreturn void __printf(1, 2) die(const char *format, ...);
/* Memory, or no return. */
void *need(size_t bytes);

#endif /* _LAUNCH_SAY_H */
