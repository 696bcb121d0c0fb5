// SPDX-License-Identifier: GPL-2.0
/*
 * The driver of virtio_sample.c once more, by the functions of Linux 6.12.
 *
 * Beside it the contract version stands line by line.  What differs: a queue has a
 * name and its operations are functions, direct calls which take more arguments; the
 * callback says nothing, so callbacks stay on; and what is left in the queue is taken
 * out one by one, when the device has been reset.  The node is /dev/virtio-sample-612.
 * The same suite tests both: virtio_sample_test.c.
 */
#include <linux/cache.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/wait.h>

/**
 * struct sample - the driver's half of the device
 * @vq: the queue; %NULL while the machine sleeps
 * @filled: where the reader waits
 * @posted: the buffer is with the device
 * @gone: the device is being removed; ends the wait of a reader
 * @buf: the buffer, which the device writes: in cache lines of its own, so that nobody
 *	writes to them while it has them
 */
struct sample {
	struct virtqueue *vq;
	wait_queue_head_t filled;
	bool posted;
	bool gone;
	u8 buf[64] __aligned(ARCH_DMA_MINALIGN);
};

/* Guards the_sample and its queue: two functions never work on one queue at once. */
static DEFINE_MUTEX(lock);
static struct sample *the_sample;

/* Interrupt context.  Comes for each buffer, unless virtqueue_disable_cb() says no. */
static void sample_callback(struct virtqueue *vq)
{
	struct sample *s = vq->vdev->priv;

	wake_up(&s->filled);
}

/* Give the buffer to the device, unless an interrupted reader left it there. */
static int post(struct sample *s)
{
	struct scatterlist sg;
	int err;

	if (s->posted)
		return 0;
	sg_init_one(&sg, s->buf, sizeof(s->buf));
	err = virtqueue_add_inbuf(s->vq, &sg, 1, s, GFP_KERNEL);
	if (err)
		return err;
	s->posted = true;
	virtqueue_kick(s->vq);
	return 0;
}

/* Take the buffer back if it is used.  If not, a callback comes: they are never off. */
static bool take(struct sample *s, unsigned int *len)
{
	if (virtqueue_get_buf(s->vq, len))
		s->posted = false;
	return !s->posted;
}

/* Wait for a filled buffer, as long as the reader likes.  Returns bytes, or an error. */
static int fill(struct sample *s)
{
	unsigned int len;
	int err = post(s);

	if (err)
		return err;
	if (wait_event_interruptible(s->filled, take(s, &len) || READ_ONCE(s->gone)))
		return -ERESTARTSYS;
	if (s->posted)
		return -ENODEV;
	return len ?: -EIO;
}

static ssize_t sample_read(struct kiocb *iocb, struct iov_iter *to)
{
	ssize_t len = -ENODEV;

	if (!iov_iter_count(to))
		return 0;
	if (mutex_lock_interruptible(&lock))
		return -ERESTARTSYS;
	if (the_sample)
		len = fill(the_sample);
	if (len > 0)
		len = copy_to_iter(the_sample->buf, len, to) ?: -EFAULT;
	mutex_unlock(&lock);
	return len;
}

static const struct file_operations sample_fops = {
	.owner		= THIS_MODULE,
	.read_iter	= sample_read,
};

static struct miscdevice sample_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "virtio-sample-612",
	.fops	= &sample_fops,
};

/* Readers wait for the lock, and find the device or not. */
static void show_sample(struct sample *s)
{
	mutex_lock(&lock);
	the_sample = s;
	mutex_unlock(&lock);
}

/* The only queue.  A device with several hands out all of them, by virtio_find_vqs(). */
static int open_queue(struct virtio_device *vdev)
{
	struct sample *s = vdev->priv;
	struct virtqueue *vq = virtio_find_single_vq(vdev, sample_callback, "entropy");

	if (IS_ERR(vq))
		return PTR_ERR(vq);
	s->vq = vq;
	virtio_device_ready(vdev);
	return 0;
}

/* After the reset nothing writes to the buffer: take it out, it is ours. */
static void close_queue(struct virtio_device *vdev)
{
	struct sample *s = vdev->priv;

	virtio_reset_device(vdev);
	if (!s->vq)
		return;
	while (virtqueue_detach_unused_buf(s->vq))
		;
	vdev->config->del_vqs(vdev);
	s->vq = NULL;
	s->posted = false;
}

static int sample_probe(struct virtio_device *vdev)
{
	struct sample *s;
	int err;

	if (the_sample)
		return -EBUSY;
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	init_waitqueue_head(&s->filled);
	vdev->priv = s;

	/* Features, if it wanted any, would be agreed by now, by its feature_table. */
	err = open_queue(vdev);
	if (err)
		goto no_queue;
	show_sample(s);
	sample_misc.parent = &vdev->dev;
	err = misc_register(&sample_misc);
	if (!err)
		return 0;

	show_sample(NULL);
	close_queue(vdev);
no_queue:
	kfree(s);
	return err;
}

static void sample_remove(struct virtio_device *vdev)
{
	struct sample *s = vdev->priv;

	misc_deregister(&sample_misc);
	/* A reader may hold the lock and wait for a device that never answers. */
	WRITE_ONCE(s->gone, true);
	wake_up(&s->filled);
	show_sample(NULL);
	close_queue(vdev);
	kfree(s);
}

/* The machine sleeps, or the device has to be brought back: it forgets its queue. */
static int sample_freeze(struct virtio_device *vdev)
{
	show_sample(NULL);
	close_queue(vdev);
	return 0;
}

static int sample_restore(struct virtio_device *vdev)
{
	int err = open_queue(vdev);

	if (!err)
		show_sample(vdev->priv);
	return err;
}

static const struct virtio_device_id sample_ids[] = {
	{ VIRTIO_ID_RNG, VIRTIO_DEV_ANY_ID },
	{ 0 },
};

static struct virtio_driver sample_driver = {
	.driver.name	= "virtio_sample_612",
	.id_table	= sample_ids,
	.probe		= sample_probe,
	.remove		= sample_remove,
	.freeze		= sample_freeze,
	.restore	= sample_restore,
	/* Asking for entropy twice does no harm, and the device keeps no state. */
	.repeatable	= true,
	/* A buffer that comes back with nothing in it has failed: see fill(). */
	.takes_back	= true,
};
module_virtio_driver(sample_driver);

MODULE_DEVICE_TABLE(virtio, sample_ids);
MODULE_DESCRIPTION("Sample virtio driver: entropy, by the functions of Linux 6.12");
MODULE_LICENSE("GPL");
