/* SPDX-License-Identifier: GPL-2.0 */
/* A namespace of symbols is named by a string. */
#ifndef _VIRTIO_BASE_MODULE_H
#define _VIRTIO_BASE_MODULE_H

#include_next <linux/module.h>

#undef MODULE_IMPORT_NS
#define MODULE_IMPORT_NS(name)	MODULE_INFO(import_ns, name)

#endif /* _VIRTIO_BASE_MODULE_H */
