// SPDX-License-Identifier: GPL-2.0
/*
 * A device on a device page, as a device on the virtio bus.
 *
 * Fields, features and status: called by the core through the configuration operations
 * below.  Here the contract costs nothing: to find a field is to walk the page.  Knows a
 * descriptor; how the page came to be, and what else is on it, is walk.c's affair.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/unaligned.h>
#include <linux/virtio_ring.h>

#include "../watch/misuse.h"
#include "page.h"

/* So often a field may change while it is read. */
#define MOST_LOOKS	100

/*
 * Commands.
 */

/* Nobody answers for it, and what lies where it was may be another's by now. */
bool page_is_away(const struct page_device *dev)
{
	return dev->vdev.lost || READ_ONCE(dev->doomed) || READ_ONCE(dev->page->away);
}

static bool is_done(struct page_device *dev)
{
	return !READ_ONCE(dev->shared->command) || page_is_away(dev);
}

static void give_up(struct page_device *dev, u8 command)
{
	dev_err(&dev->vdev.dev, "command %u is not done after %u s: cut off\n", command,
		virtio_wait_limit());
	dev->vdev.lost = true;
	vring_break(&dev->vdev);
}

/* In short turns: the limit is another one once the machine goes down. */
static bool wait_until_done(struct page_device *dev)
{
	struct virtio_wait wait;

	virtio_wait_begin(&wait, &dev->vdev);
	while (!wait_event_timeout(dev->page->answered, is_done(dev), msecs_to_jiffies(10) + 1))
		if (!virtio_wait_longer(&wait))
			return is_done(dev);
	return true;
}

/* Have the device look at what was written, and wait until it has; false if it is away. */
bool page_tell(struct page_device *dev, u8 command)
{
	struct virtio_page *page = dev->page;

	lockdep_assert_held(&dev->lock);
	if (page_is_away(dev))
		return false;
	/* A command that was given up must not be written over. */
	if (READ_ONCE(dev->shared->command)) {
		give_up(dev, READ_ONCE(dev->shared->command));
		return false;
	}
	/* Pairs with the device's, between the command and what it is about. */
	virt_wmb();
	WRITE_ONCE(dev->shared->command, command);
	page->ring(page);
	if (!wait_until_done(dev))
		give_up(dev, command);
	/* Pairs with the device's, between its answer and the command that it clears. */
	virt_rmb();
	return !page_is_away(dev);
}

/*
 * Fields.
 */

static bool is_bits(const struct virtio_field_place *place)
{
	return place->type == VIRTIO_CONFIG_F_VIRTIO || place->type == VIRTIO_CONFIG_F_FEATURES;
}

/* The field @nr of those of a type, found or not. */
void *page_field(const struct page_device *dev, u8 type, unsigned int nr, unsigned int *len)
{
	unsigned int i;

	for (i = 0; i < dev->fields.count; i++) {
		const struct virtio_field_place *place = &dev->fields.field[i];

		if (place->type != type || nr--)
			continue;
		*len = place->len;
		return dev->fields.page + place->offset;
	}
	return NULL;
}

/* Costs nothing in a kernel that does not check drivers. */
static bool is_foreign(const struct page_device *dev, const void *token)
{
	const struct virtio_field_place *place = token;

	if (!virtio_is_checked() ||
	    (place >= dev->fields.field && place < dev->fields.field + dev->fields.count))
		return false;
	virtio_say_foreign_token(&dev->vdev);
	return true;
}

static void *find(struct virtio_device *vdev, u8 type, unsigned int *len)
{
	struct page_device *dev = to_page_device(vdev);

	if (!virtio_layout_offers(vdev, type))
		return NULL;
	guard(mutex)(&dev->lock);
	if (page_is_away(dev))
		return NULL;
	return virtio_fields_find(&dev->fields, type, len);
}

static void *look(struct virtio_device *vdev, unsigned int nr, u8 *type, unsigned int *len)
{
	return virtio_fields_look(&to_page_device(vdev)->fields, nr, type, len);
}

static u32 generation(struct virtio_device *vdev)
{
	return le32_to_cpu(READ_ONCE(to_page_device(vdev)->shared->generation));
}

/* In one piece: an odd generation, or another one, is a device that writes there. */
static bool get_once(struct page_device *dev, void *token, void *buf, unsigned int len)
{
	u32 before = generation(&dev->vdev);

	/* Pairs with the device's, between the odd generation and what it writes. */
	virt_rmb();
	virtio_fields_get(&dev->fields, token, buf, len);
	/* Pairs with the device's, between that and the even one. */
	virt_rmb();
	return !(before & 1) && generation(&dev->vdev) == before;
}

static void get(struct virtio_device *vdev, void *token, void *buf, unsigned int len)
{
	struct page_device *dev = to_page_device(vdev);
	const struct virtio_field_place *place = token;
	int looks;

	if (virtio_get_by_offset(vdev, token, buf, len))
		return;
	if (is_foreign(dev, token)) {
		memset(buf, 0, len);
		return;
	}
	if (is_bits(place)) {
		virtio_get_bits(vdev, place->type, buf, len);
		return;
	}
	for (looks = 0; looks < MOST_LOOKS; looks++) {
		if (get_once(dev, token, buf, len))
			return;
		/* A driver may read by offset from an interrupt. */
		if (preemptible())
			usleep_range(10, 100);
		else
			udelay(5);
	}
	dev_warn_ratelimited(&vdev->dev, "field %#x changes for as long as it is looked at\n",
			     place->type);
}

static void set(struct virtio_device *vdev, void *token, const void *buf, unsigned int len)
{
	struct page_device *dev = to_page_device(vdev);
	const struct virtio_field_place *place = token;

	if (virtio_set_by_offset(vdev, token, buf, len))
		return;
	if (is_foreign(dev, token))
		return;
	if (is_bits(place)) {
		virtio_put_bits(vdev, place->type, buf, len);
		return;
	}
	guard(mutex)(&dev->lock);
	if (page_is_away(dev))
		return;
	virtio_fields_set(&dev->fields, token, buf, len);
	page_tell(dev, VIRTIO_PAGE_C_CONFIG);
}

/*
 * Features.
 */

/*
 * A word of a field of bits, of the half that is offered or of the half that is taken;
 * %NULL where the field ends before.  Both fields were there when the device came.
 */
static void *bits_of(const struct page_device *dev, u8 type, bool taken, unsigned int word)
{
	unsigned int len;
	void *field = page_field(dev, type, 0, &len);
	unsigned int words = len / sizeof(struct virtio_page_bits);

	return word < words ? field + (taken * words + word) * sizeof(__le64) : NULL;
}

static u64 offered(const struct page_device *dev, u8 type, unsigned int word)
{
	void *bits = bits_of(dev, type, false, word);

	return bits ? get_unaligned_le64(bits) & virtio_bits_mask(type, word) : 0;
}

static void get_extended_features(struct virtio_device *vdev, u64 *features)
{
	struct page_device *dev = to_page_device(vdev);
	unsigned int word;

	for (word = 0; word < VIRTIO_FEATURES_U64S; word++)
		features[word] = offered(dev, VIRTIO_CONFIG_F_VIRTIO, word) |
				 offered(dev, VIRTIO_CONFIG_F_FEATURES, word);
}

static u64 get_features(struct virtio_device *vdev)
{
	u64 features[VIRTIO_FEATURES_U64S];

	get_extended_features(vdev, features);
	return features[0];
}

static void take(struct page_device *dev, u8 type)
{
	unsigned int word;
	void *bits;

	for (word = 0; (bits = bits_of(dev, type, true, word)); word++)
		put_unaligned_le64(dev->vdev.features_array[word] & virtio_bits_mask(type, word),
				   bits);
}

static int finalize_features(struct virtio_device *vdev)
{
	struct page_device *dev = to_page_device(vdev);
	u64 ours = vdev->features & BIT_ULL(VIRTIO_F_RING_RESET);

	vring_transport_features(vdev);
	vdev->features |= ours;
	/* A doorbell says no more than "look". */
	__virtio_clear_bit(vdev, VIRTIO_F_NOTIFICATION_DATA);
	if (!__virtio_test_bit(vdev, VIRTIO_F_VERSION_1)) {
		dev_err(&vdev->dev, "features %#llx on a page, expected VERSION_1 too\n",
			vdev->features);
		return -EINVAL;
	}
	guard(mutex)(&dev->lock);
	if (page_is_away(dev))
		return -ENODEV;
	take(dev, VIRTIO_CONFIG_F_VIRTIO);
	take(dev, VIRTIO_CONFIG_F_FEATURES);
	return 0;
}

/*
 * Status.
 */

static u8 get_status(struct virtio_device *vdev)
{
	struct page_device *dev = to_page_device(vdev);

	return page_is_away(dev) ? VIRTIO_STATUS_GONE : READ_ONCE(dev->shared->answer);
}

static void set_status(struct virtio_device *vdev, u8 status)
{
	struct page_device *dev = to_page_device(vdev);

	guard(mutex)(&dev->lock);
	/* The handler of the doorbell goes by it, also when the device is away. */
	WRITE_ONCE(dev->status, status);
	if (page_is_away(dev))
		return;
	WRITE_ONCE(dev->shared->status, status);
	page_tell(dev, VIRTIO_PAGE_C_STATUS);
}

static void reset(struct virtio_device *vdev)
{
	struct page_device *dev = to_page_device(vdev);

	set_status(vdev, 0);
	/* One that may come back is not given up. */
	if (!READ_ONCE(dev->page->away))
		virtio_wait_for_reset(vdev);
	virtio_synchronize_cbs(vdev);
	guard(mutex)(&dev->lock);
	if (!page_is_away(dev))
		virtio_fields_reset(&dev->fields);
}

static bool is_gone(struct virtio_device *vdev)
{
	struct page_device *dev = to_page_device(vdev);
	struct virtio_page *page = dev->page;

	return page_is_away(dev) || (page->is_gone && page->is_gone(page));
}

static const char *bus_name(struct virtio_device *vdev)
{
	return dev_name(to_page_device(vdev)->page->parent);
}

const struct virtio_config_ops page_config_ops = {
	VIRTIO_QUEUES_ONE_BY_ONE,
	.find			= find,
	.look			= look,
	.get			= get,
	.set			= set,
	.generation		= generation,
	.get_features		= get_features,
	.get_extended_features	= get_extended_features,
	.finalize_features	= finalize_features,
	.get_status		= get_status,
	.set_status		= set_status,
	.reset			= virtio_driver_reset,
	.reset_device		= reset,
	.is_gone		= is_gone,
	.bus_name		= bus_name,
	.del_vqs		= page_del_vqs,
	.setup_vq		= page_setup_vq,
	.teardown_vq		= page_teardown_vq,
	.disable_vq_and_reset	= page_disable_vq_and_reset,
	.enable_vq_after_reset	= page_enable_vq_after_reset,
	.resume_vqs		= page_resume_vqs,
};
