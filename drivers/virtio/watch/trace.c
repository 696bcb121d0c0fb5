// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints of trace.h.  They live beside the rings, which both the core and
 * its transports stand on, and are exported to those.
 */
#include <linux/module.h>
#include <linux/virtio_config.h>

#define CREATE_TRACE_POINTS
#include "trace.h"

EXPORT_TRACEPOINT_SYMBOL_GPL(virtio_status);
EXPORT_TRACEPOINT_SYMBOL_GPL(virtio_reset);
EXPORT_TRACEPOINT_SYMBOL_GPL(virtio_features);
EXPORT_TRACEPOINT_SYMBOL_GPL(virtio_config_read);
EXPORT_TRACEPOINT_SYMBOL_GPL(virtio_config_write);
EXPORT_TRACEPOINT_SYMBOL_GPL(virtio_config_changed);
EXPORT_TRACEPOINT_SYMBOL_GPL(virtio_recovery);
EXPORT_TRACEPOINT_SYMBOL_GPL(virtio_queue_found);
EXPORT_TRACEPOINT_SYMBOL_GPL(virtio_queue_reset);
EXPORT_TRACEPOINT_SYMBOL_GPL(virtio_queue_deleted);
EXPORT_TRACEPOINT_SYMBOL_GPL(virtio_break);
EXPORT_TRACEPOINT_SYMBOL_GPL(virtio_add);
EXPORT_TRACEPOINT_SYMBOL_GPL(virtio_get);
EXPORT_TRACEPOINT_SYMBOL_GPL(virtio_kick);
EXPORT_TRACEPOINT_SYMBOL_GPL(virtio_callback);
