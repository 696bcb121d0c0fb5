/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device with configuration fields, as the code of drivers/virtio/config.c and
 * layout.c sees it: fields on a page, or bytes of a structure of virtio 1.x.
 *
 * fields.c does what a driver does and what the input says, page.c and structure.c
 * are the two transports and say what must hold.
 */
#ifndef _FUZZ_FIELDS_H
#define _FUZZ_FIELDS_H

#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_fields.h>

#define FIELDS_MAX	1024

/**
 * struct fields - the device
 * @vdev: for the code under test
 * @page: the page, or the structure
 * @size: its bytes
 * @fields: what is kept of a page
 * @used: which of them were found
 * @features: that the device offers
 * @restless: how many more times its generation changes
 * @generation: that
 * @raced: the device wrote to the page while it was read
 * @token: the field that was found last
 * @len: its length
 * @type: its type
 */
struct fields {
	struct virtio_device vdev;
	u8 *page;
	size_t size;
	struct virtio_fields fields;
	bool used[FIELDS_MAX];
	u64 features;
	unsigned int restless;
	u32 generation;
	bool raced;
	void *token;
	unsigned int len;
	u8 type;
};

static inline struct fields *to_fields(struct virtio_device *vdev)
{
	return container_of(vdev, struct fields, vdev);
}

/* page.c */
extern const struct virtio_config_ops page_ops;
int page_begin(struct fields *f);
void page_reset(struct fields *f);
void page_end(struct fields *f);

/* structure.c */
extern const struct virtio_config_ops structure_ops;

#endif /* _FUZZ_FIELDS_H */
