/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sets of feature bits: arrays of words, 64 bits each.
 *
 * Bit 0 is the lowest bit of word 0.  Drivers and transports that know the first 64 bits
 * alone go on with a u64; everybody else passes the whole array.  Used by the core, by
 * transports and by tests.  Knows no bit by its meaning.
 */
#ifndef _LINUX_VIRTIO_FEATURES_H
#define _LINUX_VIRTIO_FEATURES_H

#include <linux/build_bug.h>
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>

#define VIRTIO_FEATURES_BITS	128
#define VIRTIO_FEATURES_U64S	(VIRTIO_FEATURES_BITS / 64)

/* The word that holds a bit, and the bit's place in that word. */
#define VIRTIO_U64(bit)		((bit) / 64)
#define VIRTIO_BIT(bit)		(1ULL << ((bit) % 64))

/* A set as a member of a structure; its first word also goes by the name of the set. */
#define VIRTIO_DECLARE_FEATURES(set)				\
	union {							\
		u64 set;					\
		u64 set##_array[VIRTIO_FEATURES_U64S];		\
	}

/* A constant beyond the last bit does not compile; a variable is complained of once. */
static __always_inline bool virtio_features_chk_bit(unsigned int bit)
{
	BUILD_BUG_ON(__builtin_constant_p(bit) && bit >= VIRTIO_FEATURES_BITS);
	return !WARN_ON_ONCE(bit >= VIRTIO_FEATURES_BITS);
}

static __always_inline bool virtio_features_test_bit(const u64 *set, unsigned int bit)
{
	if (!virtio_features_chk_bit(bit))
		return false;
	return set[VIRTIO_U64(bit)] & VIRTIO_BIT(bit);
}

static __always_inline void virtio_features_set_bit(u64 *set, unsigned int bit)
{
	if (virtio_features_chk_bit(bit))
		set[VIRTIO_U64(bit)] |= VIRTIO_BIT(bit);
}

static __always_inline void virtio_features_clear_bit(u64 *set, unsigned int bit)
{
	if (virtio_features_chk_bit(bit))
		set[VIRTIO_U64(bit)] &= ~VIRTIO_BIT(bit);
}

static inline void virtio_features_copy(u64 *to, const u64 *from)
{
	memcpy(to, from, VIRTIO_FEATURES_U64S * sizeof(u64));
}

static inline void virtio_features_zero(u64 *set)
{
	memset(set, 0, VIRTIO_FEATURES_U64S * sizeof(u64));
}

/* The first word is given, the others are empty. */
static inline void virtio_features_from_u64(u64 *set, u64 word)
{
	virtio_features_zero(set);
	*set = word;
}

static inline bool virtio_features_equal(const u64 *a, const u64 *b)
{
	return !memcmp(a, b, VIRTIO_FEATURES_U64S * sizeof(u64));
}

/* All bits of @a that are not in @b. */
static inline void virtio_features_andnot(u64 *to, const u64 *a, const u64 *b)
{
	unsigned int word;

	for (word = 0; word < VIRTIO_FEATURES_U64S; word++)
		to[word] = a[word] & ~b[word];
}

#endif /* _LINUX_VIRTIO_FEATURES_H */
