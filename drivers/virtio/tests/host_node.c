// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that read and write the node of a driver, whose device a test plays.
 *
 * Called by tests through <kunit/virtio.h>.  All that is known of the driver is that
 * it has registered a misc device below the virtio device: that is where its node is
 * found, since there is no /dev yet when tests run.  A program may have to wait for
 * the device, and the test is the device: so the call is made by a worker, and the
 * test goes on until it wants to know what came of it.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/slab.h>

#include "host.h"

static void put_io(void *data)
{
	struct virtio_host_io *io = data;

	if (!refcount_dec_and_test(&io->users))
		return;
	fput(io->file);
	kfree(io);
}

static void call(struct work_struct *work)
{
	struct virtio_host_io *io = container_of(work, struct virtio_host_io, work);

	if (io->write)
		io->result = kernel_write(io->file, io->bytes, io->size, NULL);
	else
		io->result = kernel_read(io->file, io->bytes, io->size, NULL);
	complete(&io->done);
	put_io(io);
}

/* With the operations of the node, and the misc device where its open() leaves it. */
static struct file *open_node(struct virtio_host *host)
{
	struct device *dev = device_find_any_child(&host->vdev.dev);
	struct miscdevice *node;
	struct file *file;

	KUNIT_ASSERT_NOT_NULL_MSG(host->test, dev, "the driver has no node");
	node = dev_get_drvdata(dev);
	file = anon_inode_getfile(node->name, node->fops, node, O_RDWR);
	put_device(dev);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(host->test, file);
	return file;
}

static struct virtio_host_io *new_io(struct virtio_host *host, size_t size)
{
	struct file *file = open_node(host);
	struct virtio_host_io *io = kzalloc(struct_size(io, bytes, size), GFP_KERNEL);

	if (!io)
		fput(file);
	KUNIT_ASSERT_NOT_NULL(host->test, io);
	io->test = host->test;
	io->file = file;
	io->size = size;
	INIT_WORK(&io->work, call);
	init_completion(&io->done);
	refcount_set(&io->users, 1);
	KUNIT_ASSERT_EQ(host->test, 0, kunit_add_action_or_reset(host->test, put_io, io));
	return io;
}

static struct virtio_host_io *start(struct virtio_host_io *io)
{
	refcount_inc(&io->users);
	queue_work(system_unbound_wq, &io->work);
	return io;
}

/**
 * virtio_host_start_read - have a program read from the driver's node
 * @host: the device; its driver has registered a misc device below it
 * @size: bytes that the program wants
 *
 * Return: the call, which virtio_host_finish() waits for.
 */
struct virtio_host_io *virtio_host_start_read(struct virtio_host *host, size_t size)
{
	return start(new_io(host, size));
}
EXPORT_SYMBOL_GPL(virtio_host_start_read);

/**
 * virtio_host_start_write - have a program write to the driver's node
 * @host: the device; its driver has registered a misc device below it
 * @from: what is written
 * @size: bytes there
 *
 * Return: the call, which virtio_host_finish() waits for.
 */
struct virtio_host_io *virtio_host_start_write(struct virtio_host *host, const void *from,
					       size_t size)
{
	struct virtio_host_io *io = new_io(host, size);

	io->write = true;
	memcpy(io->bytes, from, size);
	return start(io);
}
EXPORT_SYMBOL_GPL(virtio_host_start_write);

/**
 * virtio_host_finish - wait until a program's read or write has returned
 * @io: the call; what was read is in &virtio_host_io.bytes until the test ends
 *
 * One that does not return fails the test.
 * Return: what the driver returned: bytes, or an error.
 */
ssize_t virtio_host_finish(struct virtio_host_io *io)
{
	bool returned = wait_for_completion_timeout(&io->done, GENEROUS);

	KUNIT_ASSERT_TRUE_MSG(io->test, returned, "the driver does not return");
	return io->result;
}
EXPORT_SYMBOL_GPL(virtio_host_finish);
