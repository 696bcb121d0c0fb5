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
 * What was offered when features were agreed on.  Of words that nobody wanted then, and of
 * all words until then, the device is asked, unless somebody has it who may be about to.
 */
static void ask_device(struct virtio_device *vdev)
{
	u64 offered[VIRTIO_FEATURES_U64S], first;

	if (READ_ONCE(vdev->debugfs_offered_all) ||
	    virtio_get_status(vdev) == VIRTIO_STATUS_GONE || !device_trylock(&vdev->dev))
		return;
	virtio_get_features(vdev, offered);
	first = READ_ONCE(vdev->debugfs_offered[0]);
	if (first)
		offered[0] = first;
	virtio_debug_note_offered(vdev, offered, true);
	device_unlock(&vdev->dev);
}

static void offered_bits(struct virtio_device *vdev, u64 *offered)
{
	int word;

	ask_device(vdev);
	for (word = 0; word < VIRTIO_FEATURES_U64S; word++)
		offered[word] = READ_ONCE(vdev->debugfs_offered[word]);
}

static void taken_bits(struct virtio_device *vdev, u64 *taken)
{
	bool agreed = READ_ONCE(vdev->features_latched);
	int word;

	for (word = 0; word < VIRTIO_FEATURES_U64S; word++)
		taken[word] = agreed ? READ_ONCE(vdev->features_array[word]) : 0;
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
static void wanted_bits(struct virtio_device *vdev, const u64 *offered, const u64 *taken,
			u64 *wanted)
{
	bool legacy = !virtio_features_test_bit(offered, VIRTIO_F_VERSION_1);
	const struct device_driver *drv;
	int word;

	virtio_features_zero(wanted);
	rcu_read_lock();
	drv = READ_ONCE(vdev->dev.driver);
	if (drv)
		virtio_driver_bits(drv_to_virtio(drv), legacy, wanted);
	rcu_read_unlock();
	for (word = 0; word < VIRTIO_FEATURES_U64S; word++)
		wanted[word] |= taken[word];
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
	u64 offered[VIRTIO_FEATURES_U64S], wanted[VIRTIO_FEATURES_U64S];
	struct virtio_device *vdev = s->private;
	u64 taken[VIRTIO_FEATURES_U64S];
	unsigned int bit;

	offered_bits(vdev, offered);
	taken_bits(vdev, taken);
	wanted_bits(vdev, offered, taken, wanted);
	for (bit = 0; bit < VIRTIO_FEATURES_BITS; bit++) {
		bool is_offered = virtio_features_test_bit(offered, bit);
		bool is_wanted = virtio_features_test_bit(wanted, bit);

		if (!is_offered && !is_wanted)
			continue;
		show_feature(s, vdev->id.device, bit);
		seq_printf(s, "%s%s%s\n", is_offered ? " offered" : "",
			   is_wanted ? " wanted" : "",
			   virtio_features_test_bit(taken, bit) ? " taken" : "");
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
	u64 features[VIRTIO_FEATURES_U64S];
	u8 contents[U8_MAX];
	unsigned int type, len;

	if (READ_ONCE(vdev->features_latched))
		taken_bits(vdev, features);
	else
		offered_bits(vdev, features);
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

static void show_bits(struct seq_file *s, const u64 *bits)
{
	unsigned int bit;

	for (bit = 0; bit < VIRTIO_FEATURES_BITS; bit++)
		if (virtio_features_test_bit(bits, bit))
			seq_printf(s, "%u\n", bit);
}

static int device_features_show(struct seq_file *s, void *unused)
{
	u64 offered[VIRTIO_FEATURES_U64S];

	offered_bits(s->private, offered);
	show_bits(s, offered);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(device_features);

static int filter_features_show(struct seq_file *s, void *unused)
{
	struct virtio_device *vdev = s->private;

	show_bits(s, vdev->debugfs_filter_features);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(filter_features);

static u64 *filter_of(void *vdev)
{
	return ((struct virtio_device *)vdev)->debugfs_filter_features;
}

static int filter_clear(void *vdev, u64 val)
{
	if (val == 1)
		virtio_features_zero(filter_of(vdev));
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(filter_clear_fops, NULL, filter_clear, "%llu\n");

static int filter_add(void *vdev, u64 bit)
{
	if (bit >= VIRTIO_FEATURES_BITS)
		return -EINVAL;
	virtio_features_set_bit(filter_of(vdev), bit);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(filter_add_fops, NULL, filter_add, "%llu\n");

static int filter_del(void *vdev, u64 bit)
{
	if (bit >= VIRTIO_FEATURES_BITS)
		return -EINVAL;
	virtio_features_clear_bit(filter_of(vdev), bit);
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

u64 virtio_debug_filtered(struct virtio_device *vdev, unsigned int word)
{
	return READ_ONCE(vdev->debugfs_filter_features[word]);
}

/* @all: of all words, not of the first alone. */
void virtio_debug_note_offered(struct virtio_device *vdev, const u64 *offered, bool all)
{
	int word;

	for (word = 0; word < VIRTIO_FEATURES_U64S; word++)
		WRITE_ONCE(vdev->debugfs_offered[word], offered[word]);
	WRITE_ONCE(vdev->debugfs_offered_all, all);
}

void virtio_debug_init(void)
{
	virtio_root = debugfs_create_dir("virtio", NULL);
}

void virtio_debug_exit(void)
{
	debugfs_remove_recursive(virtio_root);
}
