/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fields on a page: [type u8][length u8][contents], ended by a type of 0.
 *
 * For transports whose device describes itself in memory that both sides see;
 * kernel-doc is with the code, in drivers/virtio/config.c.
 */
#ifndef _LINUX_VIRTIO_FIELDS_H
#define _LINUX_VIRTIO_FIELDS_H

#include <linux/types.h>

/**
 * struct virtio_field_place - where a field lies
 * @type: its type
 * @len: bytes of contents
 * @used: it was found before
 * @offset: of the contents on the page
 */
struct virtio_field_place {
	u8 type;
	u8 len;
	bool used;
	size_t offset;
};

/**
 * struct virtio_fields - a page of fields
 * @page: the page
 * @field: where each lies
 * @count: how many there are
 */
struct virtio_fields {
	u8 *page;
	struct virtio_field_place *field;
	unsigned int count;
};

int virtio_fields_init(struct virtio_fields *fields, void *page, size_t size);
void virtio_fields_free(struct virtio_fields *fields);
void virtio_fields_reset(struct virtio_fields *fields);
void *virtio_fields_find(struct virtio_fields *fields, u8 type, unsigned int *len);
void *virtio_fields_look(struct virtio_fields *fields, unsigned int nr, u8 *type,
			 unsigned int *len);
void virtio_fields_get(struct virtio_fields *fields, void *token, void *buf,
		       unsigned int len);
void virtio_fields_set(struct virtio_fields *fields, void *token, const void *buf,
		       unsigned int len);

#endif /* _LINUX_VIRTIO_FIELDS_H */
