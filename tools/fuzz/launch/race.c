// SPDX-License-Identifier: GPL-2.0
/*
 * A guest that writes while it is read: what one load of the launcher saw is something else
 * at its next.  The compiler reports each load (-fsanitize-coverage=trace-loads), so code
 * that reads a value again after the check is found by what comes of it.
 */
#include "fuzz.h"

static unsigned int left;
static uint8_t value;
static bool flip;
static uint8_t *seen;
static size_t seen_size;

void race_arm(unsigned int loads, uint8_t with, bool turn)
{
	left = loads;
	value = with;
	flip = turn;
	seen = NULL;
}

static void on_load(void *p, size_t size)
{
	size_t i;

	if (seen)
		for (i = 0; i < seen_size; i++)
			seen[i] = flip ? seen[i] ^ value : value;
	seen = NULL;
	if (!left || !guest_shared(p, size) || --left)
		return;
	seen = p;
	seen_size = size;
}

#define ON_LOAD(bytes)					\
	void __sanitizer_cov_load##bytes(void *p)	\
	{						\
		on_load(p, bytes);			\
	}

ON_LOAD(1)
ON_LOAD(2)
ON_LOAD(4)
ON_LOAD(8)
ON_LOAD(16)
