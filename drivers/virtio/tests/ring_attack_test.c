// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks on virtqueues: a device that lies in what is its to write, and scribbles
 * on what is not.
 *
 * Each attack is one entry of a table, and runs over both formats, with and without
 * indirect tables, with physical addresses and with the DMA API of bounce_dma.c.
 * Two buffers are in flight; what must come of the attack is one of three: the queue
 * is broken, which is said once, and both can be had back; nothing happened, and
 * the queue works; or the first buffer was used and the queue works.
 */
#include <kunit/static_stub.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "bounce_dma.h"
#include "generator.h"
#include "page_ring.h"
#include "ring_fixture.h"
#include "visible.h"

#define SIZE	8
#define MAPPED	BIT_ULL(VIRTIO_F_ACCESS_PLATFORM)
#define AVAIL	cpu_to_le16(BIT(VRING_PACKED_DESC_F_AVAIL))
#define USED	cpu_to_le16(BIT(VRING_PACKED_DESC_F_USED))

/* A segment that the device reads and one that it writes, each in a cache line. */
struct victim {
	u8 out ____cacheline_aligned;
	u8 in ____cacheline_aligned;
	u8 after;
	unsigned int back;
};

struct attacked {
	struct ring_fixture *f;
	struct bounce_dma *dma;
	struct victim *victims;
	u16 ids[2];
};

enum outcome { BROKEN, NOTHING, USED_ONE };

/* Where an attack makes sense */
#define SPLIT_ONLY	BIT(0)
#define PACKED_ONLY	BIT(1)
#define CHAINS		BIT(2)	/* buffers of several descriptors in the ring */
#define ORDERED		BIT(3)	/* the device agreed to work in order */

/**
 * struct attack - what the device does
 * @name: for the log
 * @where: where it makes sense
 * @outcome: what must come of it
 * @strike: does it
 * @said: what is said of it, as far as that begins
 */
struct attack {
	const char *name;
	unsigned int where;
	enum outcome outcome;
	void (*strike)(struct attacked *a);
	const char *said;
};

/* What was said, before any rate limit. */
static struct {
	unsigned int broken, other;
	char line[128];
} said;

static void listen(struct virtqueue *vq, bool broken, const char *line)
{
	broken ? said.broken++ : said.other++;
	strscpy(said.line, line);
}

void ring_say(struct virtqueue *vq, bool broken, const char *line);

static unsigned int descriptors(const struct attacked *a)
{
	return a->f->vdev.features & INDIRECT_DESC ? 1 : 2;
}

static void claim(struct attacked *a, u32 id)
{
	host_ring_claim(&a->f->host, id, 1, ring_is_packed(a->f) ? descriptors(a) : 1);
}

static void honest(struct attacked *a)
{
	ring_host_complete(a->f, a->ids[0], 1);
}

/*
 * The used side.
 */

static void id_beyond(struct attacked *a)	{ claim(a, SIZE); }
static void id_far_beyond(struct attacked *a)	{ claim(a, 0xffff); }
static void id_beyond_16_bits(struct attacked *a) { claim(a, 0x10000); }
static void id_all_ones(struct attacked *a)	{ claim(a, U32_MAX); }
static void id_free(struct attacked *a)		{ claim(a, 7); }

/* Ids go by descriptor there, and the first buffer has taken two. */
static void id_in_chain(struct attacked *a)
{
	claim(a, a->ids[0] + 1);
}

static void id_again(struct attacked *a)
{
	unsigned int len;

	honest(a);
	a->victims[0].back += !!a->f->vq->vq_ops->get_buf(a->f->vq, &len);
	claim(a, a->ids[0]);
}

static void id_not_in_flight_ends_batch(struct attacked *a)
{
	host_ring_claim(&a->f->host, 7, 1, ring_is_packed(a->f) ? 2 * descriptors(a) : 2);
}

static void batch_ends_late(struct attacked *a)
{
	host_ring_claim(&a->f->host, a->ids[1], 1, 1);
}

static void move_index(struct attacked *a, int by)
{
	struct vring_used *used = a->f->host.split.used;

	used->idx = cpu_to_virtio16(&a->f->vdev, virtio16_to_cpu(&a->f->vdev, used->idx) + by);
}

static void index_one_ahead(struct attacked *a)	{ move_index(a, 3); }
static void index_ring_ahead(struct attacked *a) { move_index(a, 2 + SIZE); }
static void index_back(struct attacked *a)	{ move_index(a, -1); }
static void index_half_way(struct attacked *a)	{ move_index(a, 0x8000); }

static void length(struct attacked *a, u32 len)
{
	ring_host_complete(a->f, a->ids[0], len);
}

static void length_one_more(struct attacked *a)	{ length(a, 2); }
static void length_all_ones(struct attacked *a)	{ length(a, U32_MAX); }

/*
 * Packed: the flags of the descriptor that comes next.
 */

static void set_flags(struct attacked *a, __le16 flags)
{
	WRITE_ONCE(a->f->host.packed.desc[0].flags, flags);
}

static void flags_avail(struct attacked *a)	{ set_flags(a, AVAIL); }
static void flags_used(struct attacked *a)	{ set_flags(a, USED); }
static void flags_last_lap(struct attacked *a)	{ set_flags(a, 0); }

/* Only two bits mean something in a used descriptor, and WRITE (2.8.4). */
static void flags_all(struct attacked *a)
{
	honest(a);
	set_flags(a, cpu_to_le16(0xffff));
}

/* Where the second buffer is expected to be used, the first is once more. */
static void used_twice(struct attacked *a)
{
	unsigned int len;

	honest(a);
	claim(a, a->ids[0]);
	a->victims[0].back += !!a->f->vq->vq_ops->get_buf(a->f->vq, &len);
}

/*
 * What is not the device's to write.
 */

static void fill_descriptors(struct attacked *a, u8 with)
{
	struct ring_fixture *f = a->f;

	memset(ring_is_packed(f) ? (void *)f->host.packed.desc : f->host.split.desc, with,
	       SIZE * sizeof(struct vring_desc));
}

static void descriptors_ones(struct attacked *a)
{
	/* A packed ring is not to look used: that is another attack. */
	fill_descriptors(a, ring_is_packed(a->f) ? 0x7f : 0xff);
	honest(a);
}

static void descriptors_zeros(struct attacked *a)
{
	fill_descriptors(a, 0);
	honest(a);
}

/* Every descriptor leads to itself, and has no length. */
static void descriptors_loop(struct attacked *a)
{
	unsigned int i;

	for (i = 0; i < SIZE; i++)
		a->f->host.split.desc[i] = (struct vring_desc) {
			.flags = cpu_to_virtio16(&a->f->vdev, VRING_DESC_F_NEXT),
			.next = cpu_to_virtio16(&a->f->vdev, i),
		};
	honest(a);
}

static void fill_avail(struct attacked *a)
{
	memset(a->f->host.split.avail, 0xff, sizeof(u16) * (3 + SIZE));
	honest(a);
}

static void fill_driver_event(struct attacked *a)
{
	memset(a->f->host.packed.driver, 0xff, sizeof(struct vring_packed_desc_event));
	honest(a);
}

/* A table that the device rewrites, descriptors, addresses and all. */
static void fill_tables(struct attacked *a)
{
	struct ring_fixture *f = a->f;
	u64 at = ring_is_packed(f) ? le64_to_cpu(f->host.packed.desc[0].addr) :
				     virtio64_to_cpu(&f->vdev, f->host.split.desc[0].addr);

	if (f->vdev.features & INDIRECT_DESC)
		memset(phys_to_virt(at - f->host.offset), 0xff, 2 * sizeof(struct vring_desc));
	honest(a);
}

/* What the device wants to be told of is its own affair, and may make no sense. */
static void fill_device_event(struct attacked *a)
{
	if (ring_is_packed(a->f))
		memset(a->f->host.packed.device, 0xff, sizeof(struct vring_packed_desc_event));
	else
		memset(&vring_avail_event(&a->f->host.split), 0xff, sizeof(u16));
	honest(a);
}

static const struct attack attacks[] = {
	{ "id beyond the ring", 0, BROKEN, id_beyond, "used id 8, expected less than 8" },
	{ "id far beyond it", 0, BROKEN, id_far_beyond, "used id 65535, expected less" },
	{ "id beyond 16 bits", SPLIT_ONLY, BROKEN, id_beyond_16_bits, "used id 65536, expected" },
	{ "id all ones", SPLIT_ONLY, BROKEN, id_all_ones, "used id 4294967295, expected" },
	{ "id never submitted", 0, BROKEN, id_free, "used id 7, which is not in flight" },
	{ "id within a chain", SPLIT_ONLY | CHAINS, BROKEN, id_in_chain, "used id 1, which is" },
	{ "id returned already", 0, BROKEN, id_again, "used id 0, which is not in flight" },
	{ "batch ends nowhere", ORDERED, BROKEN, id_not_in_flight_ends_batch, "used id 7, which" },
	{ "batch ends late", ORDERED | SPLIT_ONLY, BROKEN, batch_ends_late, "used index 1 ends " },
	{ "index one ahead", SPLIT_ONLY, BROKEN, index_one_ahead, "used id 0, which is not in" },
	{ "index a ring ahead", SPLIT_ONLY, BROKEN, index_ring_ahead, "used index 10, expected 0" },
	{ "index backwards", SPLIT_ONLY, BROKEN, index_back, "used index 65535, expected 0 to 2" },
	{ "index half way", SPLIT_ONLY, BROKEN, index_half_way, "used index 32768, expected 0" },
	{ "length one more", 0, USED_ONE, length_one_more, "device says it wrote 2 bytes to" },
	{ "length all ones", 0, USED_ONE, length_all_ones, "device says it wrote 4294967295" },
	{ "flags available", PACKED_ONLY, NOTHING, flags_avail },
	{ "flags half used", PACKED_ONLY, NOTHING, flags_used },
	{ "flags of the last lap", PACKED_ONLY, NOTHING, flags_last_lap },
	{ "flags all set", PACKED_ONLY, USED_ONE, flags_all },
	{ "used twice", PACKED_ONLY, BROKEN, used_twice, "used id 0, which is not in flight" },
	{ "descriptors all ones", 0, USED_ONE, descriptors_ones },
	{ "descriptors all zeros", 0, USED_ONE, descriptors_zeros },
	{ "descriptors in a loop", SPLIT_ONLY, USED_ONE, descriptors_loop },
	{ "available ring", SPLIT_ONLY, USED_ONE, fill_avail },
	{ "driver's event", PACKED_ONLY, USED_ONE, fill_driver_event },
	{ "indirect tables", 0, USED_ONE, fill_tables },
	{ "device's event", 0, USED_ONE, fill_device_event },
};

static const u64 grounds[] = {
	0, INDIRECT_DESC, PACKED, PACKED | INDIRECT_DESC,
	MAPPED, MAPPED | INDIRECT_DESC, MAPPED | PACKED, MAPPED | PACKED | INDIRECT_DESC,
};

/* What KUnit calls a parameter: an attack and its ground. */
static struct battle {
	unsigned int attack, ground;
	bool ordered;
} battle;

static bool makes_sense(const struct battle *b)
{
	unsigned int where = attacks[b->attack].where;
	u64 ground = grounds[b->ground];

	return !((where & SPLIT_ONLY && ground & PACKED) ||
		 (where & PACKED_ONLY && !(ground & PACKED)) ||
		 (where & CHAINS && ground & INDIRECT_DESC) ||
		 (where & ORDERED && !b->ordered));
}

static bool next_battle(struct battle *b)
{
	if (++b->ground < ARRAY_SIZE(grounds))
		return true;
	b->ground = 0;
	b->ordered = !b->ordered;
	return b->ordered || ++b->attack < ARRAY_SIZE(attacks);
}

static const void *battle_gen_params(GENERATOR_ARGS)
{
	if (!prev)
		battle = (struct battle) { };
	else if (!next_battle(&battle))
		return NULL;
	while (!makes_sense(&battle))
		if (!next_battle(&battle))
			return NULL;
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s: %s%s%s%s", attacks[battle.attack].name,
		 grounds[battle.ground] & PACKED ? "packed" : "split",
		 grounds[battle.ground] & INDIRECT_DESC ? " indirect" : "",
		 grounds[battle.ground] & MAPPED ? " mapped" : "",
		 battle.ordered ? " in order" : "");
	return &battle;
}

static int post(struct attacked *a, struct victim *victim)
{
	struct scatterlist sg[2];

	sg_init_table(sg, 2);
	sg_set_buf(&sg[0], &victim->out, 1);
	sg_set_buf(&sg[1], &victim->in, 1);
	return a->f->vq->vq_ops->add_buf(a->f->vq, sg, 1, 1, victim);
}

static void set_up(struct kunit *test, struct attacked *a, u64 features)
{
	struct ring_fixture *f = test->priv;
	int i;

	a->f = f;
	if (features & MAPPED) {
		a->dma = bounce_dma_make(test, "bounce");
		f->vdev.dev.parent = a->dma->dev;
		f->host.offset = BOUNCE_OFFSET;
	}
	a->victims = kunit_kcalloc(test, 2, sizeof(*a->victims), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, a->victims);
	memset(&said, 0, sizeof(said));
	kunit_activate_static_stub(test, ring_say, listen);
	ring_make(test, SIZE, features | EVENT_IDX);
	for (i = 0; i < 2; i++) {
		a->victims[i].after = 0x5a;
		KUNIT_ASSERT_EQ(test, 0, post(a, &a->victims[i]));
	}
	f->vq->vq_ops->kick(f->vq);
	for (i = 0; i < 2; i++)
		KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &a->ids[i]));
}

/* All that comes out of the queue; by now or after a shutdown. */
static unsigned int take_all(struct kunit *test, struct attacked *a)
{
	struct victim *victim;
	unsigned int len, n = 0;

	while ((victim = a->f->vq->vq_ops->get_buf(a->f->vq, &len))) {
		KUNIT_ASSERT_TRUE(test, victim == &a->victims[0] || victim == &a->victims[1]);
		KUNIT_EXPECT_LE(test, len, 1);
		victim->back++;
		n++;
	}
	return n;
}

static void expect_broken(struct kunit *test, struct attacked *a)
{
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(a->f->vq));
	KUNIT_EXPECT_EQ(test, -EIO, post(a, &a->victims[0]));
	KUNIT_EXPECT_EQ(test, 1, said.broken);
	/* Once, however often the driver asks. */
	KUNIT_EXPECT_EQ(test, 0, take_all(test, a));
	KUNIT_EXPECT_EQ(test, 1, said.broken);
}

/* The queue goes on: the other buffer comes back, and new ones go through it. */
static void expect_works(struct kunit *test, struct attacked *a)
{
	int i;

	KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(a->f->vq));
	KUNIT_EXPECT_EQ(test, 0, said.broken);
	for (i = a->victims[0].back; i < 2; i++)
		KUNIT_EXPECT_EQ(test, 0, ring_host_complete(a->f, a->ids[i], 1));
	take_all(test, a);
}

static void expect_nothing_lost(struct kunit *test, struct attacked *a)
{
	int i;

	a->f->vq->vq_ops->shutdown(a->f->vq);
	take_all(test, a);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, 1, a->victims[i].back);
		KUNIT_EXPECT_EQ(test, 0x5a, a->victims[i].after);
	}
	KUNIT_EXPECT_EQ(test, SIZE, a->f->vq->num_free);
	if (a->dma) {
		KUNIT_EXPECT_EQ(test, 0, a->dma->mapped);
		KUNIT_EXPECT_EQ(test, 0, a->dma->errors);
	}
}

static void test_attack(struct kunit *test)
{
	const struct battle *b = test->param_value;
	const struct attack *attack = &attacks[b->attack];
	struct attacked a = { };
	unsigned int got;

	set_up(test, &a, grounds[b->ground] | (b->ordered ? IN_ORDER : 0));
	attack->strike(&a);
	got = take_all(test, &a);
	if (attack->outcome != BROKEN)
		KUNIT_EXPECT_EQ(test, attack->outcome == USED_ONE, got);
	if (attack->outcome == BROKEN)
		expect_broken(test, &a);
	else
		expect_works(test, &a);
	if (attack->said)
		KUNIT_EXPECT_TRUE_MSG(test, strstarts(said.line, attack->said),
				      "it said \"%s\", expected \"%s...\"", said.line,
				      attack->said);
	else
		KUNIT_EXPECT_EQ(test, 0, said.broken + said.other);
	expect_nothing_lost(test, &a);
}

/* Wrong lengths are said once for a queue, and each is cut down to what was posted. */
static void test_lengths(struct kunit *test)
{
	struct attacked a = { };
	unsigned int len;
	int i;

	set_up(test, &a, 0);
	for (i = 0; i < 2; i++) {
		ring_host_complete(a.f, a.ids[i], 1000 + i);
		KUNIT_EXPECT_PTR_EQ(test, (void *)&a.victims[i],
				    a.f->vq->vq_ops->get_buf(a.f->vq, &len));
		KUNIT_EXPECT_EQ(test, 1, len);
	}
	KUNIT_EXPECT_EQ(test, 1, said.other);
	KUNIT_EXPECT_EQ(test, 0, said.broken);
}

/* Nothing to write, and yet something was written. */
static void test_length_of_nothing(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, SIZE, FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 1, GFP_KERNEL);
	unsigned int len;
	u16 id;

	memset(&said, 0, sizeof(said));
	kunit_activate_static_stub(test, ring_say, listen);
	KUNIT_ASSERT_EQ(test, 0, ring_add_one(f, buf, 1, false));
	f->vq->vq_ops->kick(f->vq);
	KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &id));
	ring_host_complete(f, id, 1);
	KUNIT_EXPECT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
	KUNIT_EXPECT_EQ(test, 0, len);
	KUNIT_EXPECT_EQ(test, 1, said.other);
	KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(f->vq));
}

/* A device that scribbles on all that it has, round and round the ring. */
static void test_scribbler(struct kunit *test)
{
	struct ring_fixture *f = ring_make(test, 7 + !(FEATURES(test) & PACKED), FEATURES(test));
	u8 *buf = kunit_kzalloc(test, 4, GFP_KERNEL);
	unsigned int len, i, num = f->vq->num_free;
	u16 id;

	for (i = 0; i < 5 * num; i++) {
		KUNIT_ASSERT_EQ(test, 0, ring_add_bytes(f, buf, 1, 2));
		f->vq->vq_ops->kick(f->vq);
		KUNIT_ASSERT_EQ(test, 1, ring_host_take(f, &id));
		if (ring_is_packed(f))
			memset(&f->host.packed.desc[f->host.packed.used], 0xff, 14);
		else
			memset(f->host.split.desc, 0xff, num * sizeof(struct vring_desc));
		ring_host_complete(f, id, 2);
		KUNIT_ASSERT_PTR_EQ(test, (void *)buf, f->vq->vq_ops->get_buf(f->vq, &len));
		KUNIT_ASSERT_EQ(test, 2, len);
		KUNIT_ASSERT_EQ(test, num, f->vq->num_free);
	}
}

KUNIT_ARRAY_PARAM(features, ring_feature_sets, ring_describe_features);

#define CASES								\
	KUNIT_CASE_PARAM(test_attack, battle_gen_params),		\
	KUNIT_CASE(test_lengths),					\
	KUNIT_CASE_PARAM(test_length_of_nothing, features_gen_params),	\
	KUNIT_CASE_PARAM(test_scribbler, features_gen_params),		\
	{}

static struct kunit_case attack_cases[] = { CASES };
static struct kunit_case page_attack_cases[] = { CASES };

static struct kunit_suite attack_suite = {
	.name = "virtio-ring-attack",
	.init = ring_fixture_init,
	.exit = ring_fixture_exit,
	.test_cases = attack_cases,
};

/* The same from a page. */
static struct kunit_suite page_attack_suite = {
	.name = "virtio-ring-attack-page",
	.init = page_ring_init,
	.exit = ring_fixture_exit,
	.test_cases = page_attack_cases,
};

kunit_test_suites(&attack_suite, &page_attack_suite);
