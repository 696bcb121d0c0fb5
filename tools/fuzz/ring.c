// SPDX-License-Identifier: GPL-2.0
/*
 * The target "ring": a queue of some kind, and a program of steps by its driver and
 * its device, both out of the input.  What must hold is in model.c.
 *
 * The input: struct setup, then struct step by struct step.
 */
#include <stdint.h>

#include "model.h"
#include "race.h"

/**
 * struct setup - what kind of queue
 * @format: bits of FORMAT_*
 * @way: how the device reaches memory, and bits of WAY_*
 * @num: its size
 * @fail: which allocations fail while the queue is made
 * @end: how it ends, and bits of END_*
 * @choice: which mappings are copies
 */
struct setup {
	u8 format, way, num, fail, end, choice;
};

enum {
	FORMAT_PACKED = 1, FORMAT_INDIRECT = 2, FORMAT_EVENT = 4, FORMAT_IN_ORDER = 8,
	FORMAT_CTX = 16, FORMAT_LEGACY = 32, FORMAT_OWN_PAGES = 64, FORMAT_STRONG = 128,
};

enum {
	WAY = 7, WAY_PREMAPPED = 8, WAY_NOT_LIVE = 16, WAY_NO_CALLBACK = 32,
	WAY_ORDER_PLATFORM = 64, WAY_MAY_REDUCE = 128,
};

enum { END_NO_RESET = 64, END_CONTRACT = 128 };

/* The stand-ins of the tree have memory of another program's for these. */
void *__kmalloc_fake, *__kfree_ignore_start, *__kfree_ignore_end;

static u8 bytes[BUFS][BUF_BYTES] __aligned(4096);
static dma_addr_t addrs[BUFS][BUF_SEGMENTS];
static struct host_buf taken[HOST_MAX];
static struct model model;
static struct device parent;

static u8 get_status(struct virtio_device *vdev)
{
	return vdev->ready ? VIRTIO_CONFIG_S_DRIVER_OK : 0;
}

static int disable_vq_and_reset(struct virtqueue *vq)
{
	struct model *m = to_model(vq->vdev);

	m->was_reset = !m->reset_err;
	recovery_meanwhile(m);
	return m->reset_err;
}

static int enable_vq_after_reset(struct virtqueue *vq)
{
	return to_model(vq->vdev)->enable_err;
}

static const struct virtio_config_ops config = {
	.get_status = get_status,
	.disable_vq_and_reset = disable_vq_and_reset,
	.enable_vq_after_reset = enable_vq_after_reset,
};

static const struct virtio_config_ops config_without_reset = {
	.get_status = get_status,
};

static bool notify(struct virtqueue *vq)
{
	struct model *m = to_model(vq->vdev);

	m->out_of_use |= m->notify_fails;
	return !m->notify_fails;
}

static bool used_cb(struct virtqueue *vq)
{
	const struct step all = { .b = 3 };
	struct model *m = to_model(vq->vdev);

	if (m->takes)
		driver_get(m, &all);
	return m->go_on;
}

static void callback(struct virtqueue *vq)
{
	used_cb(vq);
}

/* The ring looks at transport bits only; others are the bus's affair. */
void virtio_check_driver_offered_feature(const struct virtio_device *vdev, unsigned int bit)
{
}

static u64 features_of(const struct setup *setup)
{
	u64 features = 0;

	if (setup->format & FORMAT_PACKED)
		features |= 1ULL << VIRTIO_F_RING_PACKED;
	if (setup->format & FORMAT_INDIRECT)
		features |= 1ULL << VIRTIO_RING_F_INDIRECT_DESC;
	if (setup->format & FORMAT_EVENT)
		features |= 1ULL << VIRTIO_RING_F_EVENT_IDX;
	if (setup->format & FORMAT_IN_ORDER)
		features |= 1ULL << VIRTIO_F_IN_ORDER;
	if (setup->format & FORMAT_PACKED || !(setup->format & FORMAT_LEGACY))
		features |= 1ULL << VIRTIO_F_VERSION_1;
	if (setup->way & WAY_ORDER_PLATFORM)
		features |= 1ULL << VIRTIO_F_ORDER_PLATFORM;
	if (dma.way != DMA_PHYSICAL)
		features |= 1ULL << VIRTIO_F_ACCESS_PLATFORM;
	return features;
}

static void begin(struct model *m, const struct setup *setup)
{
	static const enum dma_way ways[8] = {
		DMA_PHYSICAL, DMA_PHYSICAL, DMA_PHYSICAL, DMA_DIRECT, DMA_IOMMU, DMA_COPIES,
		DMA_SWIOTLB, DMA_COPIES,
	};
	unsigned int i;

	memset(m, 0, sizeof(*m));
	memory_begin(bytes, sizeof(bytes));
	dma_begin(ways[setup->way & WAY]);
	dma.choice = setup->choice * 0x01010101U;
	for (i = 0; i < BUFS; i++) {
		m->bufs[i].bytes = bytes[i];
		m->bufs[i].addr = addrs[i];
	}
	m->taken = taken;
	m->vdev.dev.parent = &parent;
	m->vdev.config = setup->end & END_NO_RESET ? &config_without_reset : &config;
	m->vdev.features = features_of(setup);
	INIT_LIST_HEAD(&m->vdev.vqs);
	spin_lock_init(&m->vdev.vqs_list_lock);
	m->vdev.ready = !(setup->way & WAY_NOT_LIVE);
	m->early = !m->vdev.ready && m->vdev.features & 1ULL << VIRTIO_F_VERSION_1;
	m->ctx = setup->format & FORMAT_CTX;
	m->indirect = setup->format & FORMAT_INDIRECT && !m->ctx;
	m->in_order = setup->format & FORMAT_IN_ORDER;
	m->owned = !(setup->format & FORMAT_OWN_PAGES) || setup->format & FORMAT_PACKED;
}

/* Of a split ring only now and then what it may not be. */
static unsigned int size_of(const struct setup *setup)
{
	if (setup->format & FORMAT_PACKED || setup->num & 0x80)
		return 1 + setup->num % HOST_MAX;
	return 1U << setup->num % 7;
}

/* The queue, or NULL where memory was short.  *@pages is to be freed after it. */
static struct virtqueue *make(struct model *m, const struct setup *setup, void **pages)
{
	bool packed = setup->format & FORMAT_PACKED, weak = !(setup->format & FORMAT_STRONG);
	unsigned int num = size_of(setup);
	vq_callback_t *cb = setup->way & WAY_NO_CALLBACK ? NULL : callback;
	struct virtqueue *vq;

	if (!m->owned) {
		memory_alloc(pages, PAGE_SIZE, vring_size(num, PAGE_SIZE));
		memset(*pages, 0, vring_size(num, PAGE_SIZE));
		memory_share(*pages);
	}
	memory.fail = setup->fail;
	vq = m->owned ? vring_create_virtqueue(1, num, PAGE_SIZE, &m->vdev, weak,
					       setup->way & WAY_MAY_REDUCE, m->ctx, notify, cb,
					       "fuzz") :
			vring_new_virtqueue(1, num, PAGE_SIZE, &m->vdev, weak, m->ctx, *pages,
					    notify, cb, "fuzz");
	if (!vq) {
		expect(memory.failed || !(packed || is_power_of_2(num)), "a queue of %u", num);
		return NULL;
	}
	expect(packed || is_power_of_2(num), "no queue of %u", num);
	/* So that it can grow. */
	vq->num_max = HOST_MAX;
	if (cb && setup->end & END_CONTRACT)
		vq->callback = used_cb;
	return vq;
}

static void fail_memory(struct model *m, const struct step *s)
{
	memory.fail = s->a;
}

static void fail_mapping(struct model *m, const struct step *s)
{
	dma.fail = 1 + s->a % 32;
	dma.choice = s->b | s->c << 8;
}

static void (*const ops[32])(struct model *m, const struct step *s) = {
	driver_add, driver_add, driver_add, driver_add, driver_add, driver_kick, driver_kick,
	driver_get, driver_get, driver_get, driver_callbacks, driver_callbacks,
	driver_interrupt, driver_detach, driver_break, driver_shutdown, driver_reset,
	recovery, driver_look, driver_live, device_take, device_take, device_take,
	device_use, device_use, device_use, device_wish, device_claim, device_scribble,
	device_race, fail_memory, fail_mapping,
};

static void run(struct model *m, const uint8_t *data, size_t size)
{
	struct step s;

	for (; size >= sizeof(s); data += sizeof(s), size -= sizeof(s)) {
		memcpy(&s, data, sizeof(s));
		ops[s.op % 32](m, &s);
		race_settle();
		model_check(m);
	}
}

/* All that is in the queue comes out, by one way or the other, or goes with it. */
static void end(struct model *m, const struct setup *setup)
{
	const struct step all = { .b = 3 };
	unsigned int i;

	switch (setup->end % 4) {
	case 0:
		driver_break(m, &all);
		model_check(m);
		driver_detach(m, &all);
		break;
	case 1:
		driver_shutdown(m, &all);
		model_check(m);
		driver_get(m, &all);
		break;
	case 2:
		driver_reset(m, &all);
	}
	model_check(m);
	for (i = 0; i < BUFS; i++)
		if (m->bufs[i].state != BUF_IDLE)
			model_unmap(m, &m->bufs[i], buf_total(&m->bufs[i]));
	vring_del_virtqueue(m->vq);
	expect(list_empty(&m->vdev.vqs), "the queue has gone");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model *m = &model;
	struct setup setup = { };
	void *pages = NULL;

	memcpy(&setup, data, min(size, sizeof(setup)));
	begin(m, &setup);
	m->vq = make(m, &setup, &pages);
	if (m->vq) {
		m->premapped = setup.way & WAY_PREMAPPED && !virtqueue_set_dma_premapped(m->vq);
		model_anew(m);
		if (size > sizeof(setup))
			run(m, data + sizeof(setup), size - sizeof(setup));
		end(m, &setup);
	}
	memory_free(pages);
	memory_end();
	dma_end();
	return 0;
}
