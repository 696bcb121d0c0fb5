// SPDX-License-Identifier: GPL-2.0
/*
 * The target "fields": a device with configuration fields, and a program of what a
 * driver reads and writes of them while the device changes them.
 *
 * The input: struct setup, then struct step by struct step up to one that ends
 * them, then the page.
 */
#include <stdint.h>

#include <linux/virtio_ids.h>

#include "fields.h"
#include "race.h"
#include "core.h"

/**
 * struct setup - what kind of device
 * @kind: bits of KIND_*
 * @device: its type
 * @size: bytes of the page, times 4
 * @features: that it offers
 */
struct setup {
	u8 kind, device, size, features[8];
};

enum { KIND_STRUCTURE = 1, KIND_LEGACY = 2, KIND_LATCHED = 4, KIND_BARE = 24 };

struct step {
	u8 op, a, b, c, d;
};

/* The stand-ins of the tree have memory of another program's for these. */
void *__kmalloc_fake, *__kfree_ignore_start, *__kfree_ignore_end;

/* A device without any configuration. */
static const struct virtio_config_ops bare_ops;

static struct fields fields;

/* A driver that asks for a bit beyond its table is told so; here is no driver. */
void virtio_check_driver_offered_feature(const struct virtio_device *vdev, unsigned int bit)
{
}

/* Nor one that negotiates in its probe(): what is agreed stands. */
bool virtio_negotiates_in_probe(const struct virtio_device *vdev)
{
	return false;
}

const struct virtio_layout *virtio_driver_layout(const struct virtio_device *vdev)
{
	return NULL;
}

bool virtio_features_open(const struct virtio_device *vdev)
{
	return !vdev->features_latched;
}

void virtio_features_added(struct virtio_device *vdev)
{
	expect(false, "features are added to those agreed");
}

/* What is offered is asked each time: nothing of it is kept. */
u64 virtio_offered_word(struct virtio_device *vdev, unsigned int word)
{
	return word ? 0 : vdev->config->get_features(vdev);
}

static bool is_page(const struct fields *f)
{
	return f->vdev.config == &page_ops;
}

/* The tag of a 9p device is as long as the field before it says, and no longer than a field. */
static void check_tag(const struct fields *f, unsigned int len)
{
	unsigned int count = (f->size > 0 ? f->page[0] : 0) | (f->size > 1 ? f->page[1] << 8 : 0);

	expect(len == min(count, 255), "%u bytes, of %u", len, count);
}

static void find(struct fields *f, const struct step *s)
{
	unsigned int len = 0;
	void *token;

	if (!f->vdev.config->find)
		return;
	token = f->vdev.config->find(&f->vdev, s->a, &len);
	if (!token)
		return;
	expect(len <= 255, "%u bytes", len);
	if (!is_page(f) && f->vdev.id.device == VIRTIO_ID_9P && s->a == VIRTIO_CONFIG_F_DEVICE + 1)
		check_tag(f, len);
	f->token = token;
	f->len = len;
	f->type = s->a;
}

/* The length that find() gave, or another. */
static unsigned int length(const struct fields *f, const struct step *s)
{
	return s->b & 1 ? s->c : f->len;
}

static void get(struct fields *f, const struct step *s)
{
	unsigned int len = length(f, s);
	u8 *buf = malloc(len);

	if (f->token)
		f->vdev.config->get(&f->vdev, f->token, buf, len);
	free(buf);
}

static void set(struct fields *f, const struct step *s)
{
	unsigned int len = length(f, s);
	u8 *buf = malloc(len);

	memset(buf, s->d, len);
	if (f->token)
		f->vdev.config->set(&f->vdev, f->token, buf, len);
	free(buf);
}

/* The bits of the field @type, which the device offers. */
static u64 offered(const struct fields *f, u8 type)
{
	u64 transport = ((1ULL << 26) - 1) << 24;

	return f->features & (type == VIRTIO_CONFIG_F_VIRTIO ? transport : ~transport);
}

/* One that was not taken in time is not to be had any more. */
static void use_bit_of_page(struct fields *f, unsigned int bit)
{
	const struct virtio_field_place *field = f->token;
	unsigned int half = f->len / 2, at = field ? field->offset + bit / 8 : 0;
	bool is = field && bit / 8 < half && f->page[at] >> bit % 8 & 1;
	u8 before = is ? f->page[at + half] : 0, mask = 1 << bit % 8;
	bool had = is && (before & mask || !f->vdev.features_latched);

	expect(virtio_use_bit(&f->vdev, f->token, f->len, bit) == had, "bit %u is %d", bit, had);
	expect(!is || f->page[at + half] == (had ? before | mask : before), "bit %u is acknowledged",
	       bit);
}

static void use_bit_of_structure(struct fields *f, unsigned int bit)
{
	bool is = f->token && bit < 64 && offered(f, f->type) >> bit & 1;
	u64 before = f->vdev.features, mask = bit < 64 ? 1ULL << bit : 0;
	bool had = is && (before & mask || !f->vdev.features_latched);

	if (f->type != VIRTIO_CONFIG_F_VIRTIO && f->type != VIRTIO_CONFIG_F_FEATURES)
		return;
	expect(virtio_use_bit(&f->vdev, f->token, f->len, bit) == had, "bit %u is %d", bit, had);
	expect(!had || f->vdev.features & mask, "bit %u is acknowledged", bit);
	expect(!f->vdev.features_latched || f->vdev.features == before, "features stay");
}

static void use_bit(struct fields *f, const struct step *s)
{
	unsigned int too_long = 256 + s->c * 2;

	if (s->b & 1)
		expect(!virtio_use_bit(&f->vdev, f->token, too_long, s->a), "%u bytes", too_long);
	else if (is_page(f))
		use_bit_of_page(f, s->a);
	else
		use_bit_of_structure(f, s->a);
}

/* A driver is given what it has room for, or nothing. */
static void config_val(struct fields *f, const struct step *s)
{
	unsigned int size = s->b & 1 ? 1U << s->c % 4 : s->c, i;
	u8 *val = malloc(size);
	int err;

	memset(val, 0xa5, size);
	err = __virtio_config_val(&f->vdev, s->a, val, size);
	expect(!err || err == -ENOENT || err == -EIO, "%d", err);
	for (i = 0; err && i < size; i++)
		expect(val[i] == 0xa5, "byte %u was not written", i);
	free(val);
}

static void read_by_offset(struct fields *f, const struct step *s)
{
	unsigned int count = s->c % 64, bytes = 1U << s->d % 4;
	u8 *buf = malloc(count * bytes);

	__virtio_cread_many(&f->vdev, s->a | (s->b & 3) << 8, buf, count, bytes);
	free(buf);
}

static void write_by_offset(struct fields *f, const struct step *s)
{
	u8 *buf = malloc(s->c);

	memset(buf, s->d, s->c);
	virtio_config_write(&f->vdev, s->a | (s->b & 3) << 8, buf, s->c);
	free(buf);
}

static void write_page(struct fields *f, const struct step *s)
{
	if (f->size)
		f->page[(s->a | s->b << 8) % f->size] = s->c;
}

static void change(struct fields *f, const struct step *s)
{
	f->restless = s->a < 200 ? s->a % 8 : 3000;
	f->vdev.features_latched = s->b & 1;
}

static void race(struct fields *f, const struct step *s)
{
	race_arm(&(struct race) {
		.after = 1 + s->a, .flip = s->b & 1, .value = { s->c, s->d },
	});
}

/* What the bus does when it has reset a device. */
static void reset(struct fields *f, const struct step *s)
{
	memset(f->vdev.fields_used, 0, sizeof(f->vdev.fields_used));
	if (is_page(f))
		page_reset(f);
	f->token = NULL;
	f->len = 0;
	f->vdev.features = f->vdev.features & 1ULL << VIRTIO_F_VERSION_1;
}

/* The transport looks at the page once more, or memory is short where it can be. */
static void look_again(struct fields *f, const struct step *s)
{
	f->token = NULL;
	f->len = 0;
	memory.failed = 0;
	memory.fail = s->a;
	if (is_page(f)) {
		page_end(f);
		page_begin(f);
	}
}

static void (*const ops[16])(struct fields *f, const struct step *s) = {
	find, find, get, set, use_bit, use_bit, config_val, config_val, read_by_offset,
	write_by_offset, write_page, change, race, reset, look_again, NULL,
};

static bool begin(struct fields *f, const struct setup *setup, const u8 *page, size_t size)
{
	void *p;

	memset(f, 0, sizeof(*f));
	memory_begin(NULL, 0);
	race_begin(&f->raced);
	f->size = min_t(size_t, setup->size * 4, FIELDS_MAX);
	memory_alloc(&p, 16, f->size);
	memory_share(p);
	f->page = memset(p, 0, f->size);
	memcpy(p, page, min(size, f->size));
	memcpy(&f->features, setup->features, sizeof(f->features));
	f->vdev.id.device = setup->device;
	f->vdev.config = (setup->kind & KIND_BARE) == KIND_BARE ? &bare_ops :
			 setup->kind & KIND_STRUCTURE ? &structure_ops : &page_ops;
	f->vdev.features = setup->kind & KIND_LEGACY ? 0 : 1ULL << VIRTIO_F_VERSION_1;
	f->vdev.features_latched = setup->kind & KIND_LATCHED;
	if (f->vdev.features_latched)
		f->vdev.features |= f->features;
	return !is_page(f) || !page_begin(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = data + size, *page;
	struct fields *f = &fields;
	struct setup setup = { };
	struct step s;

	memcpy(&setup, data, min(size, sizeof(setup)));
	data += min(size, sizeof(setup));
	for (page = data; end - page >= sizeof(s) && page[0] % 16 != 15; page += sizeof(s))
		;
	page += min_t(size_t, end - page, 1);
	if (begin(f, &setup, page, end - page))
		for (; end - data >= sizeof(s) && ops[data[0] % 16]; data += sizeof(s)) {
			memcpy(&s, data, sizeof(s));
			ops[s.op % 16](f, &s);
		}
	if (is_page(f))
		page_end(f);
	memory_free(f->page);
	memory_end();
	return 0;
}
