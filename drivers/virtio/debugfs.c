// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs: virtio/<device>/, what a device is and says, and a filter over its features.
 *
 * For people, and for lsvirtio: "key: value" lines.  What stands in the filter is not
 * agreed on at the next probe.  The bus makes and removes the files, which waits for
 * readers; nothing else depends on them.  Readers wait for no lock that a driver holds
 * while it waits for its device, and leave the device as it was: no field is used up, and
 * the register that selects features is left to those who agree on them.
 */
#include <linux/bitops.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/string_helpers.h>
#include <linux/unaligned.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

#include "core.h"
#include "names.h"

static struct dentry *virtio_root;

/*
 * What was offered when features were agreed on.  Until they were, the device is asked,
 * unless somebody has it who may be about to.
 */
static u64 offered_bits(struct virtio_device *vdev)
{
	u64 offered = READ_ONCE(vdev->debugfs_offered);

	if (offered || virtio_get_status(vdev) == VIRTIO_STATUS_GONE ||
	    !device_trylock(&vdev->dev))
		return offered;
	offered = vdev->config->get_features(vdev);
	virtio_debug_note_offered(vdev, offered);
	device_unlock(&vdev->dev);
	return offered;
}

static u64 taken_bits(struct virtio_device *vdev)
{
	return READ_ONCE(vdev->features_latched) ? READ_ONCE(vdev->features) : 0;
}

/*
 * device: what it is, and how it does.
 */

/* A module is not freed before those who read of its driver are done (free_module()). */
static void show_driver(struct seq_file *s, struct virtio_device *vdev)
{
	const struct device_driver *drv;

	rcu_read_lock();
	drv = READ_ONCE(vdev->dev.driver);
	seq_printf(s, "driver: %s\n", drv ? drv->name : "none");
	rcu_read_unlock();
}

static void show_status(struct seq_file *s, u8 status)
{
	unsigned long bits = status;
	unsigned int bit;

	if (status == VIRTIO_STATUS_GONE) {
		seq_puts(s, "status: gone\n");
		return;
	}
	seq_printf(s, "status: 0x%02x", status);
	for_each_set_bit(bit, &bits, 8) {
		const char *name = virtio_status_name(bit);

		if (name)
			seq_printf(s, " %s", name);
		else
			seq_printf(s, " bit%u", bit);
	}
	seq_puts(s, "\n");
}

static void show_transport(struct seq_file *s, const struct device *parent)
{
	if (parent)
		seq_printf(s, "transport: %s %s\n", dev_bus_name(parent), dev_name(parent));
	else
		seq_puts(s, "transport: none\n");
}

static int device_show(struct seq_file *s, void *unused)
{
	struct virtio_device *vdev = s->private;
	const struct virtio_config_ops *ops = READ_ONCE(vdev->config);
	u8 status = virtio_get_status(vdev);

	seq_printf(s, "id: %u\n", vdev->id.device);
	seq_printf(s, "type: %s\n", virtio_type_name(vdev->id.device) ?: "unknown");
	seq_printf(s, "vendor: 0x%04x\n", vdev->id.vendor);
	show_driver(s, vdev);
	show_status(s, status);
	show_transport(s, vdev->dev.parent);
	seq_printf(s, "features: %s\n", READ_ONCE(vdev->features_latched) ? "agreed" : "open");
	if (ops->generation && status != VIRTIO_STATUS_GONE)
		seq_printf(s, "generation: %u\n", ops->generation(vdev));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(device);

/*
 * features: each bit as the device, the driver and both together have it.
 */

/* What is taken was wanted: by the driver, its transport or its queues. */
static u64 wanted_bits(struct virtio_device *vdev, u64 offered, u64 taken)
{
	const struct device_driver *drv;
	u64 wanted = taken;

	rcu_read_lock();
	drv = READ_ONCE(vdev->dev.driver);
	if (drv)
		wanted |= virtio_driver_bits(drv_to_virtio(drv),
					     !(offered & BIT_ULL(VIRTIO_F_VERSION_1)));
	rcu_read_unlock();
	return wanted;
}

static void show_feature(struct seq_file *s, u32 type, unsigned int bit)
{
	const char *name = virtio_feature_name(type, bit);

	if (name)
		seq_printf(s, "%u %s:", bit, name);
	else
		seq_printf(s, "%u bit%u:", bit, bit);
}

static int features_show(struct seq_file *s, void *unused)
{
	struct virtio_device *vdev = s->private;
	u64 offered = offered_bits(vdev);
	u64 taken = taken_bits(vdev);
	u64 wanted = wanted_bits(vdev, offered, taken);
	unsigned int bit;

	for (bit = 0; bit < 64; bit++) {
		u64 mask = BIT_ULL(bit);

		if (!((offered | wanted | taken) & mask))
			continue;
		show_feature(s, vdev->id.device, bit);
		seq_printf(s, "%s%s%s\n", offered & mask ? " offered" : "",
			   wanted & mask ? " wanted" : "", taken & mask ? " taken" : "");
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(features);

/*
 * config: the fields of the configuration.
 */

static bool show_number(struct seq_file *s, const u8 *contents, unsigned int len)
{
	switch (len) {
	case 1:
		seq_printf(s, " %u\n", contents[0]);
		return true;
	case 2:
		seq_printf(s, " %u\n", get_unaligned_le16(contents));
		return true;
	case 4:
		seq_printf(s, " %u\n", get_unaligned_le32(contents));
		return true;
	case 8:
		seq_printf(s, " %llu\n", get_unaligned_le64(contents));
		return true;
	}
	return false;
}

/* A terminal is not to be told what a device calls itself. */
static void show_text(struct seq_file *s, const u8 *contents, unsigned int len)
{
	seq_puts(s, " ");
	seq_escape_mem(s, contents, strnlen(contents, len), ESCAPE_ANY_NP, NULL);
	seq_puts(s, "\n");
}

static void show_bytes(struct seq_file *s, const u8 *contents, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		seq_printf(s, "%c%02x", i ? ':' : ' ', contents[i]);
	seq_puts(s, "\n");
}

/* What no layout knows is taken for a number if it can be one. */
static void show_contents(struct seq_file *s, enum virtio_field_kind kind, const u8 *contents,
			  unsigned int len)
{
	if (kind == VIRTIO_FIELD_TEXT)
		show_text(s, contents, len);
	else if (kind == VIRTIO_FIELD_BYTES || !show_number(s, contents, len))
		show_bytes(s, contents, len);
}

static void show_field(struct seq_file *s, const struct virtio_layout_field *field, u8 type,
		       const u8 *contents, unsigned int len)
{
	if (field)
		seq_printf(s, "%s:", field->name);
	else
		seq_printf(s, "field 0x%02x:", type);
	show_contents(s, field ? field->kind : VIRTIO_FIELD_LE, contents, len);
}

/* In the structure, where a layout knows them. */
static void show_structure(struct seq_file *s, struct virtio_device *vdev,
			   const struct virtio_layout *layout)
{
	const struct virtio_layout_field *field;
	bool agreed = READ_ONCE(vdev->features_latched);
	u64 features = agreed ? READ_ONCE(vdev->features) : offered_bits(vdev);
	u8 contents[U8_MAX];
	unsigned int type, len;

	for (type = VIRTIO_CONFIG_F_DEVICE; type < VIRTIO_CONFIG_F_USED; type++) {
		field = virtio_layout_field(layout, type);
		if (!field)
			break;
		len = virtio_layout_look(vdev, field, features, contents);
		if (len)
			show_field(s, field, type, contents, len);
	}
}

/*
 * On a page, in whatever order and number they lie there.  What there is of features and
 * queues has files of its own.
 */
static void show_page(struct seq_file *s, struct virtio_device *vdev,
		      const struct virtio_config_ops *ops, const struct virtio_layout *layout)
{
	unsigned int nr, len;
	u8 contents[U8_MAX];
	void *token;
	u8 type;

	for (nr = 0; (token = ops->look(vdev, nr, &type, &len)); nr++) {
		if (type < VIRTIO_CONFIG_F_DEVICE)
			continue;
		len = min_t(unsigned int, len, sizeof(contents));
		ops->get(vdev, token, contents, len);
		show_field(s, virtio_layout_field(layout, type), type, contents, len);
	}
}

static int config_show(struct seq_file *s, void *unused)
{
	struct virtio_device *vdev = s->private;
	/* They are exchanged when a driver goes on without its device: stand_in.c. */
	const struct virtio_config_ops *ops = READ_ONCE(vdev->config);
	const struct virtio_layout *layout;
	struct module *owner;

	if (virtio_get_status(vdev) == VIRTIO_STATUS_GONE) {
		show_status(s, VIRTIO_STATUS_GONE);
		return 0;
	}
	layout = virtio_layout_hold(vdev, &owner);
	if (ops->read)
		show_structure(s, vdev, layout);
	else if (ops->look)
		show_page(s, vdev, ops, layout);
	module_put(owner);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(config);

/*
 * The filter, by numbers.
 */

static void show_bits(struct seq_file *s, u64 bits)
{
	for (; bits; bits &= bits - 1)
		seq_printf(s, "%u\n", (unsigned int)__ffs64(bits));
}

static int device_features_show(struct seq_file *s, void *unused)
{
	struct virtio_device *vdev = s->private;

	show_bits(s, offered_bits(vdev));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(device_features);

static int filter_features_show(struct seq_file *s, void *unused)
{
	show_bits(s, virtio_debug_filtered(s->private));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(filter_features);

static int filter_clear(void *vdev, u64 val)
{
	if (val == 1)
		((struct virtio_device *)vdev)->debugfs_filter_features = 0;
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(filter_clear_fops, NULL, filter_clear, "%llu\n");

static int filter_add(void *vdev, u64 bit)
{
	if (bit >= 64)
		return -EINVAL;
	((struct virtio_device *)vdev)->debugfs_filter_features |= BIT_ULL(bit);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(filter_add_fops, NULL, filter_add, "%llu\n");

static int filter_del(void *vdev, u64 bit)
{
	if (bit >= 64)
		return -EINVAL;
	((struct virtio_device *)vdev)->debugfs_filter_features &= ~BIT_ULL(bit);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(filter_del_fops, NULL, filter_del, "%llu\n");

static const struct {
	const char *name;
	umode_t mode;
	const struct file_operations *fops;
} files[] = {
	{ "device",			0400, &device_fops },
	{ "features",			0400, &features_fops },
	{ "config",			0400, &config_fops },
	{ "device_features",		0400, &device_features_fops },
	{ "filter_features",		0400, &filter_features_fops },
	{ "filter_features_clear",	0200, &filter_clear_fops },
	{ "filter_feature_add",		0200, &filter_add_fops },
	{ "filter_feature_del",		0200, &filter_del_fops },
};

void virtio_debug_device_init(struct virtio_device *vdev)
{
	int i;

	vdev->debugfs_dir = debugfs_create_dir(dev_name(&vdev->dev), virtio_root);
	vdev->debugfs_queues = debugfs_create_dir("queues", vdev->debugfs_dir);
	for (i = 0; i < ARRAY_SIZE(files); i++)
		debugfs_create_file(files[i].name, files[i].mode, vdev->debugfs_dir, vdev,
				    files[i].fops);
}

void virtio_debug_device_exit(struct virtio_device *vdev)
{
	debugfs_remove_recursive(vdev->debugfs_dir);
}

u64 virtio_debug_filtered(struct virtio_device *vdev)
{
	return READ_ONCE(vdev->debugfs_filter_features);
}

void virtio_debug_note_offered(struct virtio_device *vdev, u64 offered)
{
	WRITE_ONCE(vdev->debugfs_offered, offered);
}

void virtio_debug_init(void)
{
	virtio_root = debugfs_create_dir("virtio", NULL);
}

void virtio_debug_exit(void)
{
	debugfs_remove_recursive(virtio_root);
}
