// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel said since a test began; see kernel_log.h.
 *
 * Warnings and worse about virtio count.  Not so what the driver core says of a
 * probe or a registration that failed, besides whoever is at fault, nor what the
 * interrupt core says of a request that failed, nor what KUnit says of our files.
 */
#include <linux/kern_levels.h>
#include <linux/kmsg_dump.h>

#include "kernel_log.h"

static struct kmsg_dump_iter begin;

/**
 * kernel_log_mark - what was said up to here is of no interest
 *
 * Context: any.
 */
void kernel_log_mark(void)
{
	kmsg_dump_rewind(&begin);
	begin.cur_seq = begin.next_seq;
}

static bool counts(const char *line)
{
	unsigned int level;

	return sscanf(line, "<%u>", &level) == 1 && (level & 7) <= LOGLEVEL_WARNING &&
	       strstr(line, "virtio") && !strstr(line, "probe with driver") &&
	       !strstr(line, "failed to claim resource") && !strstr(line, "genirq: ") &&
	       !strstr(line, "/virtio/");
}

/* Returns how many lines count; the last is in @last. */
static unsigned int complaints(char *last, size_t size)
{
	struct kmsg_dump_iter iter = begin;
	char line[256];
	unsigned int n = 0;
	size_t len;

	last[0] = '\0';
	while (kmsg_dump_get_line(&iter, true, line, sizeof(line) - 1, &len)) {
		line[len] = '\0';
		if (!counts(line))
			continue;
		strscpy(last, line, size);
		n++;
	}
	return n;
}

/**
 * kernel_log_complaints - how many complaints there were
 *
 * Context: any.
 * Return: lines that count.
 */
unsigned int kernel_log_complaints(void)
{
	char last[256];

	return complaints(last, sizeof(last));
}

/**
 * kernel_log_expect_one - there was one complaint, and it is clear
 * @test: the test
 * @words: a part of it
 *
 * Context: any.
 */
void kernel_log_expect_one(struct kunit *test, const char *words)
{
	char last[256];
	unsigned int n = complaints(last, sizeof(last));

	KUNIT_EXPECT_EQ_MSG(test, 1, n, "complaints; the last: %s", last);
	KUNIT_EXPECT_TRUE_MSG(test, strstr(last, words), "expected '%s' in '%s'", words, last);
}

/**
 * kernel_log_expect_quiet - there was none
 * @test: the test
 *
 * Context: any.
 */
void kernel_log_expect_quiet(struct kunit *test)
{
	char last[256];

	KUNIT_EXPECT_EQ_MSG(test, 0, complaints(last, sizeof(last)), "the last: %s", last);
}
