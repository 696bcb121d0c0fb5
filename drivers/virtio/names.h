/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of device types, feature bits and status bits, for people.
 *
 * The tables are in names.c, which the kernel compiles for debugfs and user space for
 * tools/virtio/lsvirtio: both call a thing by the same name.
 */
#ifndef _VIRTIO_NAMES_H
#define _VIRTIO_NAMES_H

/* Each returns NULL for what has no name; bits are numbers, those of the status up to 7. */
const char *virtio_type_name(unsigned int type);
const char *virtio_feature_name(unsigned int type, unsigned int bit);
const char *virtio_status_name(unsigned int bit);

#endif /* _VIRTIO_NAMES_H */
