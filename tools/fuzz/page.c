// SPDX-License-Identifier: GPL-2.0
/*
 * The transport of a device that describes itself on a page, and what must hold
 * of each call that it makes; fields.h says more.
 */
#include "fields.h"
#include "race.h"

/* As the specification of a page has it, or -1 for one that does not end. */
static int count_fields(const u8 *page, size_t size)
{
	size_t at = 0;
	int n = 0;

	for (; at < size && page[at] & 0x7f; at += 2 + page[at + 1], n++)
		if (at + 2 > size || at + 2 + page[at + 1] > size)
			return -1;
	return at < size ? n : -1;
}

/* Whatever the device writes meanwhile: each lies behind the one before, on the page. */
static void check_places(const struct fields *f)
{
	const struct virtio_field_place *field = f->fields.field;
	size_t at = 0;
	unsigned int i;

	for (i = 0; i < f->fields.count; i++, field++) {
		expect(field->offset == at + 2, "field %u at %zu", i, field->offset);
		at = field->offset + field->len;
		expect(at < f->size, "field %u, %u bytes at %zu", i, field->len, field->offset);
		expect(field->type && !(field->type & VIRTIO_CONFIG_F_USED) && !field->used,
		       "field %u has the type %#x", i, field->type);
	}
}

int page_begin(struct fields *f)
{
	int count = count_fields(f->page, f->size), err;

	f->raced = false;
	memset(f->used, 0, sizeof(f->used));
	race_rule(RACE_NOTHING, NULL);
	err = virtio_fields_init(&f->fields, f->page, f->size);
	race_rule(RACE_ANYTHING, NULL);
	race_settle();
	if (err) {
		expect(err == (memory.failed ? -ENOMEM : -EINVAL), "%d", err);
		expect(f->raced || memory.failed || count < 0, "%d fields", count);
		return err;
	}
	expect(f->raced || f->fields.count == count, "%u fields, not %d", f->fields.count, count);
	check_places(f);
	return 0;
}

void page_end(struct fields *f)
{
	virtio_fields_free(&f->fields);
}

void page_reset(struct fields *f)
{
	unsigned int i;

	virtio_fields_reset(&f->fields);
	memset(f->used, 0, sizeof(f->used));
	for (i = 0; i < f->fields.count; i++)
		expect(f->page[f->fields.field[i].offset - 2] == f->fields.field[i].type,
		       "field %u is used", i);
}

/* What @page holds is what it held, but for @count bytes at @at, which are @bytes. */
static void expect_changed(const struct fields *f, const u8 *before, size_t at, const void *bytes,
			   size_t count)
{
	expect(!memcmp(f->page, before, at), "nothing was written before %zu", at);
	expect(!memcmp(f->page + at, bytes, count), "%zu bytes at %zu", count, at);
	at += count;
	expect(!memcmp(f->page + at, before + at, f->size - at), "nothing was written from %zu",
	       at);
}

static void *page_find(struct virtio_device *vdev, u8 type, unsigned int *len)
{
	struct fields *f = to_fields(vdev);
	struct virtio_field_place *field;
	u8 before[FIELDS_MAX], used;
	unsigned int i;

	memcpy(before, f->page, f->size);
	field = virtio_fields_find(&f->fields, type, len);
	for (i = 0; i < f->fields.count; i++)
		if (f->fields.field[i].type == type && !f->used[i])
			break;
	if (!field) {
		expect(i == f->fields.count, "field %u is there", i);
		return NULL;
	}
	expect(field == &f->fields.field[i], "field %u, not %u", i,
	       (unsigned int)(field - f->fields.field));
	expect(*len == field->len, "%u bytes, not %u", *len, field->len);
	used = type | VIRTIO_CONFIG_F_USED;
	expect_changed(f, before, field->offset - 2, &used, 1);
	f->used[i] = true;
	return field;
}

static void *page_look(struct virtio_device *vdev, unsigned int nr, u8 *type,
		       unsigned int *len)
{
	struct fields *f = to_fields(vdev);
	void *token = virtio_fields_look(&f->fields, nr, type, len);

	expect(token == (nr < f->fields.count ? &f->fields.field[nr] : NULL), "field %u", nr);
	return token;
}

static void page_get(struct virtio_device *vdev, void *token, void *buf, unsigned int len)
{
	const struct virtio_field_place *field = token;
	struct fields *f = to_fields(vdev);
	unsigned int i;

	virtio_fields_get(&f->fields, token, buf, len);
	for (i = 0; i < len; i++)
		expect(((u8 *)buf)[i] == (i < field->len ? f->page[field->offset + i] : 0),
		       "byte %u of %u", i, field->len);
}

static void page_set(struct virtio_device *vdev, void *token, const void *buf, unsigned int len)
{
	const struct virtio_field_place *field = token;
	struct fields *f = to_fields(vdev);
	u8 before[FIELDS_MAX];

	memcpy(before, f->page, f->size);
	virtio_fields_set(&f->fields, token, buf, len);
	expect_changed(f, before, field->offset, buf, min_t(unsigned int, len, field->len));
}

static u64 page_features(struct virtio_device *vdev)
{
	return to_fields(vdev)->features;
}

const struct virtio_config_ops page_ops = {
	.find = page_find,
	.look = page_look,
	.get = page_get,
	.set = page_set,
	.get_features = page_features,
};
