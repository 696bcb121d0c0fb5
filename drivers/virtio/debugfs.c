// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs: virtio/<device>/, the features of a device and a filter over them.
 *
 * For people who want to see how a driver does without a feature: what stands
 * in the filter is not agreed on at the next probe.  The bus makes and removes
 * the files; nothing else depends on them.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

#include "core.h"

static struct dentry *virtio_root;

static void show_bits(struct seq_file *s, u64 bits)
{
	for (; bits; bits &= bits - 1)
		seq_printf(s, "%u\n", (unsigned int)__ffs64(bits));
}

static int device_features_show(struct seq_file *s, void *unused)
{
	struct virtio_device *vdev = s->private;

	show_bits(s, vdev->config->get_features(vdev));
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

void virtio_debug_init(void)
{
	virtio_root = debugfs_create_dir("virtio", NULL);
}

void virtio_debug_exit(void)
{
	debugfs_remove_recursive(virtio_root);
}
