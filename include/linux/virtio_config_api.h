/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The configuration accessors of Linux 6.12, for the drivers of the tree.
 *
 * They name a field by its place in a structure of <uapi/linux/virtio_*.h>.
 * All reads go through virtio_config_read(), which is where an offset becomes a
 * field on transports that know only fields.  Everything here may sleep.
 * Included by <linux/virtio_config.h>, never on its own.
 */
#ifndef _LINUX_VIRTIO_CONFIG_API_H
#define _LINUX_VIRTIO_CONFIG_API_H

typedef void vq_callback_t(struct virtqueue *vq);

/**
 * struct virtqueue_info - what a driver asks of one of its queues
 * @name: for messages; a queue without a name is not made
 * @callback: called when the device has used buffers, or %NULL
 * @ctx: buffers carry a second pointer, see virtqueue_add_inbuf_ctx()
 * @used_cb: the callback of a contract driver, instead of @callback
 */
struct virtqueue_info {
	const char *name;
	vq_callback_t *callback;
	bool ctx;
	bool (*used_cb)(struct virtqueue *vq);
};

/**
 * struct virtio_shm_region - memory that the device shares (virtio 1.3, 2.10)
 * @addr: physical address
 * @len: bytes
 */
struct virtio_shm_region {
	u64 addr, len;
};

/*
 * Features.
 */

void virtio_check_driver_offered_feature(const struct virtio_device *vdev,
					 unsigned int fbit);

/* For transports, which see all bits; drivers use virtio_has_feature(). */
static __always_inline bool __virtio_test_bit(const struct virtio_device *vdev,
					      unsigned int fbit)
{
	return virtio_features_test_bit(vdev->features_array, fbit);
}

static __always_inline void __virtio_set_bit(struct virtio_device *vdev,
					     unsigned int fbit)
{
	virtio_features_set_bit(vdev->features_array, fbit);
}

static __always_inline void __virtio_clear_bit(struct virtio_device *vdev,
					       unsigned int fbit)
{
	virtio_features_clear_bit(vdev->features_array, fbit);
}

/**
 * virtio_has_feature - has the device agreed to a feature?
 * @vdev: the device
 * @fbit: number of the feature bit
 *
 * A driver that asks for a bit which is not in its feature table is told so.
 * Return: %true if so.
 */
static __always_inline bool virtio_has_feature(const struct virtio_device *vdev,
					       unsigned int fbit)
{
	if (fbit < VIRTIO_TRANSPORT_F_START)
		virtio_check_driver_offered_feature(vdev, fbit);
	return __virtio_test_bit(vdev, fbit);
}

/**
 * virtio_get_features - ask the device for all bits that it offers
 * @vdev: the device
 * @features: room for VIRTIO_FEATURES_U64S words
 *
 * Of a transport without get_extended_features the words beyond the first are 0.
 * Context: may sleep.
 */
static inline void virtio_get_features(struct virtio_device *vdev, u64 *features)
{
	if (vdev->config->get_extended_features)
		vdev->config->get_extended_features(vdev, features);
	else
		virtio_features_from_u64(features, vdev->config->get_features(vdev));
}

/* Without ACCESS_PLATFORM the device takes physical addresses (virtio 1.3, 6). */
static inline bool virtio_has_dma_quirk(const struct virtio_device *vdev)
{
	return !virtio_has_feature(vdev, VIRTIO_F_ACCESS_PLATFORM);
}

/*
 * Queues, and what the transport knows.
 */

int virtio_find_vqs(struct virtio_device *vdev, unsigned int nvqs, struct virtqueue *vqs[],
		    struct virtqueue_info *infos, struct irq_affinity *desc);
struct virtqueue *virtio_find_single_vq(struct virtio_device *vdev,
					vq_callback_t *callback, const char *name);
void virtio_synchronize_cbs(struct virtio_device *vdev);

static inline const char *virtio_bus_name(struct virtio_device *vdev)
{
	return vdev->config->bus_name ? vdev->config->bus_name(vdev) : "virtio";
}

static inline int virtqueue_set_affinity(struct virtqueue *vq, const struct cpumask *mask)
{
	const struct virtio_config_ops *ops = vq->vdev->config;

	return ops->set_vq_affinity ? ops->set_vq_affinity(vq, mask) : 0;
}

static inline bool virtio_get_shm_region(struct virtio_device *vdev,
					 struct virtio_shm_region *region_out, u8 id)
{
	const struct virtio_config_ops *ops = vdev->config;

	return ops->get_shm_region && ops->get_shm_region(vdev, region_out, id);
}

/*
 * Byte order: little-endian since virtio 1.0, the machine's own before.
 */

static inline bool virtio_is_little_endian(struct virtio_device *vdev)
{
	return virtio_legacy_is_little_endian() ||
	       virtio_has_feature(vdev, VIRTIO_F_VERSION_1);
}

#define __VIRTIO_BYTE_ORDER(bits)							\
static inline u##bits virtio##bits##_to_cpu(struct virtio_device *vdev,		\
					    __virtio##bits val)			\
{										\
	return __virtio##bits##_to_cpu(virtio_is_little_endian(vdev), val);	\
}										\
										\
static inline __virtio##bits cpu_to_virtio##bits(struct virtio_device *vdev,	\
						 u##bits val)			\
{										\
	return __cpu_to_virtio##bits(virtio_is_little_endian(vdev), val);	\
}

__VIRTIO_BYTE_ORDER(16)
__VIRTIO_BYTE_ORDER(32)
__VIRTIO_BYTE_ORDER(64)

#define virtio_to_cpu(vdev, x) _Generic((x), __u8: (x),		\
	__virtio16: virtio16_to_cpu((vdev), (x)),		\
	__virtio32: virtio32_to_cpu((vdev), (x)),		\
	__virtio64: virtio64_to_cpu((vdev), (x)))

#define cpu_to_virtio(vdev, x, m) _Generic((m), __u8: (x),	\
	__virtio16: cpu_to_virtio16((vdev), (x)),		\
	__virtio32: cpu_to_virtio32((vdev), (x)),		\
	__virtio64: cpu_to_virtio64((vdev), (x)))

#define virtio_le_to_cpu(x) _Generic((x), __u8: (u8)(x),	\
	__le16: (u16)le16_to_cpu(x),				\
	__le32: (u32)le32_to_cpu(x),				\
	__le64: (u64)le64_to_cpu(x))

#define virtio_cpu_to_le(x, m) _Generic((m), __u8: (x),		\
	__le16: cpu_to_le16(x),					\
	__le32: cpu_to_le32(x),					\
	__le64: cpu_to_le64(x))

#define __virtio_native_type(structname, member) \
	typeof(virtio_to_cpu(NULL, ((structname *)0)->member))

/*
 * Raw access, by offset.
 */

void virtio_config_read(struct virtio_device *vdev, unsigned int offset, void *buf,
			unsigned int len);
void virtio_config_write(struct virtio_device *vdev, unsigned int offset, const void *buf,
			 unsigned int len);
void __virtio_cread_many(struct virtio_device *vdev, unsigned int offset, void *buf,
			 size_t count, size_t bytes);

static inline void virtio_cread_bytes(struct virtio_device *vdev, unsigned int offset,
				      void *buf, size_t len)
{
	__virtio_cread_many(vdev, offset, buf, len, 1);
}

static inline u8 virtio_cread8(struct virtio_device *vdev, unsigned int offset)
{
	u8 val;

	virtio_config_read(vdev, offset, &val, 1);
	return val;
}

static inline void virtio_cwrite8(struct virtio_device *vdev, unsigned int offset, u8 val)
{
	virtio_config_write(vdev, offset, &val, 1);
}

#define __VIRTIO_CONFIG_ACCESS(bits)						\
static inline u##bits virtio_cread##bits(struct virtio_device *vdev,		\
					 unsigned int offset)			\
{										\
	__virtio##bits val;							\
										\
	__virtio_cread_many(vdev, offset, &val, 1, sizeof(val));		\
	return virtio##bits##_to_cpu(vdev, val);				\
}										\
										\
static inline void virtio_cwrite##bits(struct virtio_device *vdev,		\
				       unsigned int offset, u##bits val)	\
{										\
	__virtio##bits raw = cpu_to_virtio##bits(vdev, val);			\
										\
	virtio_config_write(vdev, offset, &raw, sizeof(raw));			\
}

__VIRTIO_CONFIG_ACCESS(16)
__VIRTIO_CONFIG_ACCESS(32)
__VIRTIO_CONFIG_ACCESS(64)

/*
 * Access by the member of a structure.  typecheck() holds the caller's variable
 * to the width of the member.
 */

#define __virtio_cread(vdev, structname, member, ptr, to_cpu) do {		\
	typeof(((structname *)0)->member) _cread;				\
										\
	typecheck(typeof(to_cpu(_cread)), *(ptr));				\
	__virtio_cread_many((vdev), offsetof(structname, member), &_cread,	\
			    1, sizeof(_cread));					\
	*(ptr) = to_cpu(_cread);						\
} while (0)

#define __virtio_cwrite(vdev, structname, member, ptr, from_cpu, to_cpu) do {	\
	typeof(((structname *)0)->member) _cwrite =				\
		from_cpu(*(ptr), ((structname *)0)->member);			\
										\
	typecheck(typeof(to_cpu(_cwrite)), *(ptr));				\
	virtio_config_write((vdev), offsetof(structname, member), &_cwrite,	\
			    sizeof(_cwrite));					\
} while (0)

#define virtio_cread(vdev, structname, member, ptr) do {			\
	struct virtio_device *_vdev = (vdev);					\
										\
	__virtio_cread(_vdev, structname, member, ptr, __virtio_dev_to_cpu);	\
} while (0)

#define virtio_cwrite(vdev, structname, member, ptr) do {			\
	struct virtio_device *_vdev = (vdev);					\
										\
	__virtio_cwrite(_vdev, structname, member, ptr, __virtio_dev_from_cpu,	\
			__virtio_dev_to_cpu);					\
} while (0)

/* For the two macros above alone: they name the device _vdev. */
#define __virtio_dev_to_cpu(x)		virtio_to_cpu(_vdev, x)
#define __virtio_dev_from_cpu(x, m)	cpu_to_virtio(_vdev, x, m)

#define virtio_cread_le(vdev, structname, member, ptr) \
	__virtio_cread(vdev, structname, member, ptr, virtio_le_to_cpu)

#define virtio_cwrite_le(vdev, structname, member, ptr) \
	__virtio_cwrite(vdev, structname, member, ptr, virtio_cpu_to_le, virtio_le_to_cpu)

/* The same for a member that is there only with a feature; else -ENOENT. */
#define __virtio_if_feature(vdev, fbit, access) ({	\
	bool _there = virtio_has_feature(vdev, fbit);	\
							\
	if (_there)					\
		access;					\
	_there ? 0 : -ENOENT;				\
})

#define virtio_cread_feature(vdev, fbit, structname, member, ptr) \
	__virtio_if_feature(vdev, fbit, virtio_cread(vdev, structname, member, ptr))

#define virtio_cread_le_feature(vdev, fbit, structname, member, ptr) \
	__virtio_if_feature(vdev, fbit, virtio_cread_le(vdev, structname, member, ptr))

#endif /* _LINUX_VIRTIO_CONFIG_API_H */
