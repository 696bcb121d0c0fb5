// SPDX-License-Identifier: GPL-2.0
/*
 * Virtqueues against the model of ring_model.c: a million random operations and
 * more, on rings of both formats, with all features and of all sorts of sizes.
 */
#include <linux/slab.h>

#include "ring_model.h"

#define ROWS(features, ...)							\
	{ features, __VA_ARGS__ }, { (features) | INDIRECT_DESC, __VA_ARGS__ },	\
	{ (features) | EVENT_IDX, __VA_ARGS__ },				\
	{ (features) | INDIRECT_DESC | EVENT_IDX, __VA_ARGS__ }
#define BOTH(features, ...)							\
	ROWS(features, __VA_ARGS__), ROWS((features) | IN_ORDER, __VA_ARGS__)

/* 8 rows each: 8 * 128000 operations and more. */
static const struct model_params runs[] = {
	BOTH(0, 1, 8000, 0),
	BOTH(0, 2, 8000, 0),
	BOTH(0, 256, 16000, 70000),
	BOTH(0, 32768, 32000, 35000),
	BOTH(PACKED, 1, 8000, 20),
	BOTH(PACKED, 2, 8000, 20),
	BOTH(PACKED, 3, 8000, 30),
	BOTH(PACKED, 7, 8000, 70),
	BOTH(PACKED, 256, 16000, 1000),
	BOTH(PACKED, 32768, 16000, 100000),
};

static void describe_run(const struct model_params *run, char *desc)
{
	u64 features = run->features & ~IN_ORDER;

	ring_describe_features(&features, desc);
	sprintf(desc + strlen(desc), " in_order=%d size=%u", !!(run->features & IN_ORDER),
		run->num);
}

KUNIT_ARRAY_PARAM(run, runs, describe_run);

static void make_fifo(struct model *m, struct model_fifo *q)
{
	unsigned int num = roundup_pow_of_two(m->run->num);

	q->at = kunit_kcalloc(m->test, num, sizeof(*q->at), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(m->test, q->at);
	q->mask = num - 1;
}

static struct model *make_model(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	unsigned int num;

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->test = test;
	m->run = test->param_value;
	num = m->run->num;
	m->f = ring_make(test, num, m->run->features);
	m->free = num;
	m->wish = MODEL_WANTED;
	prandom_seed_state(&m->rnd, 2007 + (m->run - runs));
	make_fifo(m, &m->idle);
	make_fifo(m, &m->added);
	make_fifo(m, &m->taken);
	make_fifo(m, &m->used);
	while (m->idle.tail < num) {
		m->idle.at[m->idle.tail] = m->idle.tail;
		m->idle.tail++;
	}
	m->bufs = kunit_kcalloc(test, num, sizeof(*m->bufs), GFP_KERNEL);
	m->bytes = kunit_kcalloc(test, num, MODEL_STRIDE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m->bufs);
	KUNIT_ASSERT_NOT_NULL(test, m->bytes);
	return m;
}

typedef bool (*model_op)(struct model *m);

/* Mostly one way, so that rings run full and empty. */
static const model_op filling[16] = {
	model_add, model_add, model_add, model_add, model_add, model_add, model_kick,
	model_kick, model_take, model_take, model_take, model_complete, model_get,
	model_callbacks, model_callbacks, model_wish,
};

static const model_op draining[16] = {
	model_add, model_kick, model_take, model_take, model_take, model_take,
	model_complete, model_complete, model_complete, model_complete, model_get,
	model_get, model_get, model_get, model_callbacks, model_wish,
};

static void check(struct model *m)
{
	KUNIT_ASSERT_EQ(m->test, m->free, m->f->vq->num_free);
	KUNIT_ASSERT_FALSE(m->test, virtqueue_is_broken(m->f->vq));
}

/* Far enough for indices and wrap counters to come round. */
static bool is_enough(const struct model *m, unsigned int ops)
{
	u64 turned = m->run->features & PACKED ? m->descs : m->buffers;

	return ops >= m->run->ops && turned >= m->run->turns;
}

static void test_model(struct kunit *test)
{
	struct model *m = make_model(test);
	unsigned int ops = 0, mood = 0;
	const model_op *way = filling;

	while (!is_enough(m, ops)) {
		if (!mood--) {
			mood = model_below(m, 8 * m->run->num + 8);
			way = way == filling ? draining : filling;
		}
		ops += way[model_below(m, 16)](m);
		check(m);
	}
	/* What is left, to the last. */
	model_kick(m);
	while (model_take(m) || model_complete(m) || model_get(m))
		check(m);
	KUNIT_ASSERT_EQ(test, m->run->num, m->free);
	/* And once more, for a shutdown to find buffers wherever they can be. */
	for (ops = 0; ops < 40; ops++)
		filling[model_below(m, 16)](m);
	model_shutdown(m);
}

static struct kunit_case model_cases[] = {
	KUNIT_CASE_PARAM(test_model, run_gen_params),
	{}
};

static struct kunit_suite model_suite = {
	.name = "virtio-ring-model",
	.init = ring_fixture_init,
	.exit = ring_fixture_exit,
	.test_cases = model_cases,
};

kunit_test_suite(model_suite);
