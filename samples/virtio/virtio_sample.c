// SPDX-License-Identifier: GPL-2.0
/*
 * A virtio driver in five minutes: entropy, written to the contract alone.
 *
 * Beside it stands virtio_sample_612.c, the same driver written to the functions of
 * Linux 6.12.  What differs: here every operation is the queue's own (vq_ops), the
 * callback says by its return value that it wants no more, restart says whether there
 * is anything to wait for, and shutdown gives the buffer back.
 *
 * The device fills buffers with random bytes.  The driver keeps one buffer with
 * it, and hands what comes back to whoever reads /dev/virtio-sample.  There is
 * one such file, so one device is served and a second one is refused.
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

/* Guards the_sample and the operations of its queue. */
static DEFINE_MUTEX(lock);
static struct sample *the_sample;

/* Interrupt context.  No more of these until restart: one is enough to wake up. */
static bool sample_callback(struct virtqueue *vq)
{
	struct sample *s = vq->vdev->priv;

	wake_up(&s->filled);
	return false;
}

/* Give the buffer to the device, unless an interrupted reader left it there. */
static int post(struct sample *s)
{
	struct scatterlist sg;
	int err;

	if (s->posted)
		return 0;
	sg_init_one(&sg, s->buf, sizeof(s->buf));
	err = s->vq->vq_ops->add_buf(s->vq, &sg, 0, 1, s);
	if (err)
		return err;
	s->posted = true;
	s->vq->vq_ops->kick(s->vq);
	return 0;
}

/* Take the buffer back if it is used.  If not, restart asks for a callback, or is just too late. */
static bool take(struct sample *s, unsigned int *len)
{
	const struct virtqueue_ops *ops = s->vq->vq_ops;

	if (ops->get_buf(s->vq, len) || (!ops->restart(s->vq) && ops->get_buf(s->vq, len)))
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
	.name	= "virtio-sample",
	.fops	= &sample_fops,
};

/* Readers wait for the lock, and find the device or not. */
static void show_sample(struct sample *s)
{
	mutex_lock(&lock);
	the_sample = s;
	mutex_unlock(&lock);
}

static int open_queue(struct virtio_device *vdev)
{
	struct sample *s = vdev->priv;
	struct virtqueue *vq = vdev->config->find_vq(vdev, sample_callback);

	if (IS_ERR(vq))
		return PTR_ERR(vq);
	s->vq = vq;
	virtio_device_ready(vdev);
	return 0;
}

/* After the reset nothing writes to the buffer: take it back, it is ours. */
static void close_queue(struct virtio_device *vdev)
{
	struct sample *s = vdev->priv;
	unsigned int len;

	virtio_reset_device(vdev);
	if (!s->vq)
		return;
	s->vq->vq_ops->shutdown(s->vq);
	while (s->vq->vq_ops->get_buf(s->vq, &len))
		;
	vdev->config->del_vq(s->vq);
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

	/* Features, if it wanted any, would be taken here by virtio_use_bit(). */
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
	.driver.name	= "virtio_sample",
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
MODULE_DESCRIPTION("Sample virtio driver: entropy");
MODULE_LICENSE("GPL");
