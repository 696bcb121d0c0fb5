/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: what happens on the virtio bus, as events/virtio/ of tracefs.
 *
 * A device is named by its index on the bus, a queue by its number, a buffer by the
 * driver's token: what was added can be matched to what was taken by these three.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM virtio

#if !defined(_VIRTIO_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VIRTIO_TRACE_H

#include <linux/tracepoint.h>
#include <linux/virtio.h>

#ifndef _VIRTIO_TRACE_REASONS
#define _VIRTIO_TRACE_REASONS
/* What came of a kick. */
enum virtio_kick {
	VIRTIO_KICK_SENT,
	VIRTIO_KICK_NOTHING_NEW,
	VIRTIO_KICK_NOT_ASKED_FOR,
	VIRTIO_KICK_HELD,
	VIRTIO_KICK_STALLED,
	VIRTIO_KICK_BROKEN,
};
#endif

/* For tools that read the numbers and have no header to name them by. */
TRACE_DEFINE_ENUM(VIRTIO_KICK_SENT);
TRACE_DEFINE_ENUM(VIRTIO_KICK_NOTHING_NEW);
TRACE_DEFINE_ENUM(VIRTIO_KICK_NOT_ASKED_FOR);
TRACE_DEFINE_ENUM(VIRTIO_KICK_HELD);
TRACE_DEFINE_ENUM(VIRTIO_KICK_STALLED);
TRACE_DEFINE_ENUM(VIRTIO_KICK_BROKEN);

#define show_virtio_kick(kick)							\
	__print_symbolic(kick,							\
		{ VIRTIO_KICK_SENT,		"sent" },			\
		{ VIRTIO_KICK_NOTHING_NEW,	"suppressed: nothing new" },	\
		{ VIRTIO_KICK_NOT_ASKED_FOR,	"suppressed: the device does not want it" }, \
		{ VIRTIO_KICK_HELD,		"held until DRIVER_OK" },	\
		{ VIRTIO_KICK_STALLED,		"held until the device is back" }, \
		{ VIRTIO_KICK_BROKEN,		"suppressed: the queue is broken" })

#define show_virtio_status(status)						\
	__print_flags(status, "+",						\
		{ VIRTIO_CONFIG_S_ACKNOWLEDGE,	"ACKNOWLEDGE" },		\
		{ VIRTIO_CONFIG_S_DRIVER,	"DRIVER" },			\
		{ VIRTIO_CONFIG_S_DRIVER_OK,	"DRIVER_OK" },			\
		{ VIRTIO_CONFIG_S_FEATURES_OK,	"FEATURES_OK" },		\
		{ VIRTIO_CONFIG_S_NEEDS_RESET,	"NEEDS_RESET" },		\
		{ VIRTIO_CONFIG_S_FAILED,	"FAILED" })

/* A status that was written. */
TRACE_EVENT(virtio_status,
	TP_PROTO(const struct virtio_device *vdev, u8 status),
	TP_ARGS(vdev, status),
	TP_STRUCT__entry(
		__field(int, device)
		__field(u8, status)
	),
	TP_fast_assign(
		__entry->device = vdev->index;
		__entry->status = status;
	),
	TP_printk("virtio%d status=%#x %s", __entry->device, __entry->status,
		  show_virtio_status(__entry->status))
);

/* What happens to a device as a whole. */
DECLARE_EVENT_CLASS(virtio_device_event,
	TP_PROTO(const struct virtio_device *vdev),
	TP_ARGS(vdev),
	TP_STRUCT__entry(
		__field(int, device)
	),
	TP_fast_assign(
		__entry->device = vdev->index;
	),
	TP_printk("virtio%d", __entry->device)
);

DEFINE_EVENT(virtio_device_event, virtio_reset,
	TP_PROTO(const struct virtio_device *vdev), TP_ARGS(vdev));

DEFINE_EVENT(virtio_device_event, virtio_config_changed,
	TP_PROTO(const struct virtio_device *vdev), TP_ARGS(vdev));

/*
 * Features that driver and device have agreed on, or were about to; the high ones are those
 * from bit 64.
 */
TRACE_EVENT(virtio_features,
	TP_PROTO(const struct virtio_device *vdev, int err),
	TP_ARGS(vdev, err),
	TP_STRUCT__entry(
		__field(int, device)
		__field(u64, offered)
		__field(u64, taken)
		__field(u64, offered_high)
		__field(u64, taken_high)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->device = vdev->index;
		__entry->offered = vdev->offered[0];
		__entry->taken = vdev->features_array[0];
		__entry->offered_high = vdev->offered[1];
		__entry->taken_high = vdev->features_array[1];
		__entry->err = err;
	),
	TP_printk("virtio%d offered=%#llx taken=%#llx err=%d offered_high=%#llx taken_high=%#llx",
		  __entry->device, __entry->offered, __entry->taken, __entry->err,
		  __entry->offered_high, __entry->taken_high)
);

/* An access to the configuration structure. */
DECLARE_EVENT_CLASS(virtio_config_access,
	TP_PROTO(const struct virtio_device *vdev, unsigned int offset, const void *buf,
		 unsigned int len),
	TP_ARGS(vdev, offset, buf, len),
	TP_STRUCT__entry(
		__field(int, device)
		__field(unsigned int, offset)
		__field(unsigned int, len)
		__dynamic_array(u8, bytes, min(len, 16U))
	),
	TP_fast_assign(
		__entry->device = vdev->index;
		__entry->offset = offset;
		__entry->len = len;
		memcpy(__get_dynamic_array(bytes), buf, min(len, 16U));
	),
	TP_printk("virtio%d offset=%u len=%u bytes=%s", __entry->device, __entry->offset,
		  __entry->len,
		  __print_hex(__get_dynamic_array(bytes), __get_dynamic_array_len(bytes)))
);

DEFINE_EVENT(virtio_config_access, virtio_config_read,
	TP_PROTO(const struct virtio_device *vdev, unsigned int offset, const void *buf,
		 unsigned int len),
	TP_ARGS(vdev, offset, buf, len));

DEFINE_EVENT(virtio_config_access, virtio_config_write,
	TP_PROTO(const struct virtio_device *vdev, unsigned int offset, const void *buf,
		 unsigned int len),
	TP_ARGS(vdev, offset, buf, len));

/* A device that is being brought back. */
TRACE_EVENT(virtio_recovery,
	TP_PROTO(const struct virtio_device *vdev, const char *how, unsigned int attempt),
	TP_ARGS(vdev, how, attempt),
	TP_STRUCT__entry(
		__field(int, device)
		__string(how, how)
		__field(unsigned int, attempt)
	),
	TP_fast_assign(
		__entry->device = vdev->index;
		__assign_str(how);
		__entry->attempt = attempt;
	),
	TP_printk("virtio%d %s attempt=%u", __entry->device, __get_str(how), __entry->attempt)
);

/* The life of a queue. */
DECLARE_EVENT_CLASS(virtio_queue_event,
	TP_PROTO(const struct virtqueue *vq, unsigned int size, bool packed),
	TP_ARGS(vq, size, packed),
	TP_STRUCT__entry(
		__field(int, device)
		__field(unsigned int, queue)
		__string(name, vq->name)
		__field(unsigned int, size)
		__field(bool, packed)
	),
	TP_fast_assign(
		__entry->device = vq->vdev->index;
		__entry->queue = vq->index;
		__assign_str(name);
		__entry->size = size;
		__entry->packed = packed;
	),
	TP_printk("virtio%d queue=%u name=%s size=%u format=%s", __entry->device,
		  __entry->queue, __get_str(name), __entry->size,
		  __entry->packed ? "packed" : "split")
);

DEFINE_EVENT(virtio_queue_event, virtio_queue_found,
	TP_PROTO(const struct virtqueue *vq, unsigned int size, bool packed),
	TP_ARGS(vq, size, packed));

DEFINE_EVENT(virtio_queue_event, virtio_queue_reset,
	TP_PROTO(const struct virtqueue *vq, unsigned int size, bool packed),
	TP_ARGS(vq, size, packed));

DEFINE_EVENT(virtio_queue_event, virtio_queue_deleted,
	TP_PROTO(const struct virtqueue *vq, unsigned int size, bool packed),
	TP_ARGS(vq, size, packed));

TRACE_EVENT(virtio_break,
	TP_PROTO(const struct virtqueue *vq, const char *why),
	TP_ARGS(vq, why),
	TP_STRUCT__entry(
		__field(int, device)
		__field(unsigned int, queue)
		__string(why, why)
	),
	TP_fast_assign(
		__entry->device = vq->vdev->index;
		__entry->queue = vq->index;
		__assign_str(why);
	),
	TP_printk("virtio%d queue=%u why=%s", __entry->device, __entry->queue, __get_str(why))
);

/* A buffer that a driver has offered, or could not: @out and @in as it gave them. */
TRACE_EVENT(virtio_add,
	TP_PROTO(const struct virtqueue *vq, const void *token, unsigned int out,
		 unsigned int in, int err),
	TP_ARGS(vq, token, out, in, err),
	TP_STRUCT__entry(
		__field(int, device)
		__field(unsigned int, queue)
		__field(const void *, token)
		__field(unsigned int, out)
		__field(unsigned int, in)
		__field(unsigned int, free)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->device = vq->vdev->index;
		__entry->queue = vq->index;
		__entry->token = token;
		__entry->out = out;
		__entry->in = in;
		__entry->free = vq->num_free;
		__entry->err = err;
	),
	TP_printk("virtio%d queue=%u token=%p out=%u in=%u free=%u err=%d", __entry->device,
		  __entry->queue, __entry->token, __entry->out, __entry->in, __entry->free,
		  __entry->err)
);

/* A used buffer that a driver has taken back. */
TRACE_EVENT(virtio_get,
	TP_PROTO(const struct virtqueue *vq, const void *token, unsigned int len),
	TP_ARGS(vq, token, len),
	TP_STRUCT__entry(
		__field(int, device)
		__field(unsigned int, queue)
		__field(const void *, token)
		__field(unsigned int, len)
		__field(unsigned int, free)
	),
	TP_fast_assign(
		__entry->device = vq->vdev->index;
		__entry->queue = vq->index;
		__entry->token = token;
		__entry->len = len;
		__entry->free = vq->num_free;
	),
	TP_printk("virtio%d queue=%u token=%p len=%u free=%u", __entry->device, __entry->queue,
		  __entry->token, __entry->len, __entry->free)
);

TRACE_EVENT(virtio_kick,
	TP_PROTO(const struct virtqueue *vq, enum virtio_kick kick),
	TP_ARGS(vq, kick),
	TP_STRUCT__entry(
		__field(int, device)
		__field(unsigned int, queue)
		__field(unsigned int, kick)
	),
	TP_fast_assign(
		__entry->device = vq->vdev->index;
		__entry->queue = vq->index;
		__entry->kick = kick;
	),
	TP_printk("virtio%d queue=%u %s", __entry->device, __entry->queue,
		  show_virtio_kick(__entry->kick))
);

/* The driver is about to be called back, with so many buffers for it to take. */
TRACE_EVENT(virtio_callback,
	TP_PROTO(const struct virtqueue *vq, unsigned int used),
	TP_ARGS(vq, used),
	TP_STRUCT__entry(
		__field(int, device)
		__field(unsigned int, queue)
		__field(unsigned int, used)
	),
	TP_fast_assign(
		__entry->device = vq->vdev->index;
		__entry->queue = vq->index;
		__entry->used = used;
	),
	TP_printk("virtio%d queue=%u used=%u", __entry->device, __entry->queue, __entry->used)
);

#endif /* _VIRTIO_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH ../../drivers/virtio/watch
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
