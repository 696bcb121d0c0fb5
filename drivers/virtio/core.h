/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the core share with each other and with nobody else.
 */
#ifndef _VIRTIO_CORE_H
#define _VIRTIO_CORE_H

#include <linux/virtio.h>
#include <linux/virtio_config.h>

#include "transport.h"

/* One that was given up is as good as gone. */
static inline u8 virtio_get_status(struct virtio_device *vdev)
{
	return vdev->lost ? VIRTIO_STATUS_GONE : vdev->config->get_status(vdev);
}

/* bus.c, called by the initcall, and by the test of what it does without a bus */
int virtio_core_init(void);

/* reset.c, called by handshake.c; the two numbers are for tests */
void virtio_reset_beneath(struct virtio_device *vdev);
void virtio_forget_driver(struct virtio_device *vdev);
void virtio_reset_retry(struct virtio_device *vdev);
#if IS_ENABLED(CONFIG_KUNIT)
extern unsigned int virtio_reset_limit, virtio_shutdown_budget;
#endif

/* features.c, called by handshake.c and debugfs.c */
void virtio_driver_bits(const struct virtio_driver *drv, bool legacy, u64 *bits);
int virtio_negotiate(struct virtio_device *vdev, struct virtio_driver *drv);
int virtio_write_features(struct virtio_device *vdev);

/* handshake.c, called by features.c, and by queues.c */
void virtio_step(struct virtio_device *vdev, u8 status);
int virtio_reset_and_agree(struct virtio_device *vdev);

/* handshake.c, called by the bus */
int virtio_handshake_start(struct virtio_device *vdev);
int virtio_handshake_probe(struct virtio_device *vdev);
void virtio_handshake_remove(struct virtio_device *vdev);
void virtio_handshake_shutdown(struct virtio_device *vdev);
int virtio_handshake_again(struct virtio_device *vdev);
bool virtio_prompt_driver(struct virtio_device *vdev);
void virtio_end_what_is_in_flight(struct virtio_device *vdev);
void virtio_handshake_fail(struct virtio_device *vdev);
int virtio_handshake_freeze(struct virtio_device *vdev);
int virtio_handshake_restore(struct virtio_device *vdev);
int virtio_handshake_reset_prepare(struct virtio_device *vdev);
int virtio_handshake_reset_done(struct virtio_device *vdev);

/* changes.c, called where a driver is, or is not, ready for changes of the configuration */
void virtio_changes_tell(struct virtio_device *vdev);
void virtio_changes_deliver(struct virtio_device *vdev);
void virtio_changes_hold(struct virtio_device *vdev);

/* stand_in.c, called where a driver is restored, frozen or removed */
void virtio_stand_in_begin(struct virtio_device *vdev);
void virtio_stand_in_end(struct virtio_device *vdev);

/*
 * recovery.c, called where a device comes and goes, where it is live and where it is
 * not any more, and when it says something.
 */
int virtio_recovery_start(void);
void virtio_recovery_end(void);
int virtio_recovery_init(struct virtio_device *vdev);
void virtio_recovery_settle(struct virtio_device *vdev);
bool virtio_recovery_hold_driver(struct virtio_device *vdev);
void virtio_recovery_release_driver(struct virtio_device *vdev);
void virtio_recovery_leave(struct virtio_device *vdev);
void virtio_recovery_stop(struct virtio_device *vdev);
void virtio_recovery_leave_queues(struct virtio_device *vdev);
void virtio_recovery_free(struct virtio_recovery *r);
void virtio_recovery_begin(struct virtio_device *vdev);
void virtio_recovery_allow(struct virtio_device *vdev);
void virtio_recovery_forbid(struct virtio_device *vdev);
bool virtio_recovery_hears(struct virtio_device *vdev);
#if IS_ENABLED(CONFIG_KUNIT)
extern unsigned long virtio_recovery_long;
#endif

/* policy.c, called by recovery.c; the attribute is the bus's */
extern struct device_attribute dev_attr_recovery;
bool virtio_may_be_brought_back(const struct virtio_device *vdev);
#if IS_ENABLED(CONFIG_KUNIT)
extern bool virtio_recovery_on;
#endif

/* features.c, called by layout.c and config.c, where drivers take features */
bool virtio_negotiates_in_probe(const struct virtio_device *vdev);
const struct virtio_layout *virtio_driver_layout(const struct virtio_device *vdev);
bool virtio_features_open(const struct virtio_device *vdev);
void virtio_features_added(struct virtio_device *vdev);
u64 virtio_offered_word(struct virtio_device *vdev, unsigned int word);

/* operations.c, called where a device comes and goes */
int virtio_complete_operations(struct virtio_device *vdev);
void virtio_restore_operations(struct virtio_device *vdev);

/* queues.c, called by handshake.c */
int virtio_start_over(struct virtio_device *vdev);
void virtio_delete_kept_vqs(struct virtio_device *vdev);

/* layout_tables.c, called by layout.c */
const struct virtio_layout *virtio_layout_of_type(u32 device);

/* layout.c, called by offset.c, and by bus.c */
const struct virtio_layout_field *virtio_layout_number(const struct virtio_device *vdev,
						       unsigned int nr);
void virtio_layout_missing(struct virtio_device *vdev);
bool virtio_layout_fits(const struct virtio_layout_field *field, unsigned int len);
void virtio_layout_swap(struct virtio_device *vdev, const struct virtio_layout_field *field,
			u8 *contents);
bool virtio_layout_check(const struct virtio_layout *layout);

/* layout.c, called by debugfs.c */
const struct virtio_layout *virtio_layout_hold(struct virtio_device *vdev,
					       struct module **owner);
const struct virtio_layout_field *virtio_layout_field(const struct virtio_layout *layout,
						      u8 type);
unsigned int virtio_layout_look(struct virtio_device *vdev,
				const struct virtio_layout_field *field, const u64 *features,
				u8 contents[U8_MAX]);

/* debugfs.c */
#ifdef CONFIG_VIRTIO_DEBUG
void virtio_debug_init(void);
void virtio_debug_exit(void);
void virtio_debug_device_init(struct virtio_device *vdev);
void virtio_debug_device_exit(struct virtio_device *vdev);
u64 virtio_debug_filtered(struct virtio_device *vdev, unsigned int word);
void virtio_debug_note_offered(struct virtio_device *vdev, const u64 *offered, bool all);
#else
static inline void virtio_debug_init(void) { }
static inline void virtio_debug_exit(void) { }
static inline void virtio_debug_device_init(struct virtio_device *vdev) { }
static inline void virtio_debug_device_exit(struct virtio_device *vdev) { }
static inline u64 virtio_debug_filtered(struct virtio_device *vdev, unsigned int word)
{
	return 0;
}

static inline void virtio_debug_note_offered(struct virtio_device *vdev, const u64 *offered,
					     bool all)
{
}
#endif

#endif /* _VIRTIO_CORE_H */
