// SPDX-License-Identifier: GPL-2.0
/* A device that writes while it is read; race.h says more. */
#include <linux/virtio.h>
#include <linux/virtio_ring.h>

#include "race.h"

static struct race next;
static bool *happened;
static void *seen;
static size_t seen_size;

/* What was loaded since the rule is on. */
static enum race_rule rule;
static const void *polled;
static unsigned long loaded[256];
static unsigned int n_loaded;

/* @flag is set once something was changed. */
void race_begin(bool *flag)
{
	next.after = 0;
	seen = NULL;
	happened = flag;
	rule = RACE_ANYTHING;
}

void race_arm(const struct race *race)
{
	next = *race;
}

/* What is at @also may be loaded again in any case. */
void race_rule(enum race_rule now, const void *also)
{
	rule = now;
	polled = also;
	n_loaded = 0;
}

static void load_once(unsigned long addr, size_t size)
{
	bool flags = size == 2 && addr % sizeof(struct vring_packed_desc) ==
				  offsetof(struct vring_packed_desc, flags);
	unsigned int i;

	if ((rule == RACE_FLAGS && flags) || (void *)addr == polled)
		return;
	for (i = 0; i < n_loaded; i++)
		expect(loaded[i] != addr, "%zu bytes at %#lx are read once", size, addr);
	if (n_loaded < ARRAY_SIZE(loaded))
		loaded[n_loaded++] = addr;
}

/* It may have been freed meanwhile. */
static void change(void)
{
	u8 *p = memory_shared((unsigned long)seen, seen_size);
	size_t i;

	seen = NULL;
	if (next.instead)
		next.instead();
	if (!p || next.instead)
		return;
	*happened = true;
	for (i = 0; i < seen_size; i++)
		p[i] = next.flip ? p[i] ^ next.value[i % 2] : next.value[i % 2];
}

/* The code under test has returned: what it loaded last changes now, if at all. */
void race_settle(void)
{
	if (seen)
		change();
}

static inline void before_load(void *p, size_t size)
{
	race_settle();
	if ((!next.after && !rule) || !memory_shared((unsigned long)p, size))
		return;
	if (rule)
		load_once((unsigned long)p, size);
	if (!next.after || --next.after)
		return;
	seen = p;
	seen_size = size;
}

/* The compiler has the code under test call these. */
#define ON_LOAD(bytes)					\
	void __sanitizer_cov_load##bytes(void *p)	\
	{						\
		before_load(p, bytes);			\
	}

ON_LOAD(1)
ON_LOAD(2)
ON_LOAD(4)
ON_LOAD(8)
ON_LOAD(16)
