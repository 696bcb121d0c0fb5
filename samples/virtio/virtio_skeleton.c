// SPDX-License-Identifier: GPL-2.0
/*
 * A driver for the virtio device "skeleton": requests and answers on one queue.
 *
 * What is written to /dev/virtio-skeleton is a request; write() returns when the device
 * has answered, and the answer is read from there.  There is one such file, so one
 * device is served and a second one is refused.
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

#define SKELETON_ID	0x5e1e

/**
 * struct skeleton_state - the driver's half of the device
 * @vq: the queue; %NULL while the machine sleeps
 * @answered: where a program waits
 * @asked: the device has the request, and room for an answer
 * @gone: the device is being removed; ends the wait of a program
 * @len: bytes of the answer; 0 when it was read, or the device gave none
 * @request: what the device reads
 * @answer: what it writes: in cache lines of its own, so that nobody writes to them while
 *	it has them
 */
struct skeleton_state {
	struct virtqueue *vq;
	wait_queue_head_t answered;
	bool asked;
	bool gone;
	unsigned int len;
	u8 request[64];
	u8 answer[64] __aligned(ARCH_DMA_MINALIGN);
};

/* Guards the_device and the operations of its queue. */
static DEFINE_MUTEX(lock);
static struct skeleton_state *the_device;

/* Interrupt context.  No more of these until restart: one is enough to wake up. */
static bool queue_callback(struct virtqueue *vq)
{
	struct skeleton_state *s = vq->vdev->priv;

	wake_up(&s->answered);
	return false;
}

/* Has the device answered?  If not, restart asks for a callback, or is just too late. */
static bool take_answer(struct skeleton_state *s)
{
	const struct virtqueue_ops *ops = s->vq->vq_ops;

	if (s->asked && (ops->get_buf(s->vq, &s->len) ||
			 (!ops->restart(s->vq) && ops->get_buf(s->vq, &s->len))))
		s->asked = false;
	return !s->asked;
}

/* A program that was interrupted is told so: behind its back nothing is asked twice. */
static int wait_for_answer(struct skeleton_state *s)
{
	if (wait_event_interruptible(s->answered, take_answer(s) || READ_ONCE(s->gone)))
		return -EINTR;
	return s->asked ? -ENODEV : 0;
}

/* An entry for the device to read, and one for it to write. */
static int ask(struct skeleton_state *s, size_t len)
{
	struct scatterlist sg[2];
	int err;

	sg_init_table(sg, ARRAY_SIZE(sg));
	sg_set_buf(&sg[0], s->request, len);
	sg_set_buf(&sg[1], s->answer, sizeof(s->answer));
	err = s->vq->vq_ops->add_buf(s->vq, sg, 1, 1, s);
	if (err)
		return err;
	s->asked = true;
	s->vq->vq_ops->kick(s->vq);
	return wait_for_answer(s);
}

/* One that was interrupted may have left its request: the device has that until it is used. */
static ssize_t write_request(struct skeleton_state *s, struct iov_iter *from)
{
	size_t len = iov_iter_count(from);
	int err;

	if (!len || len > sizeof(s->request))
		return -EINVAL;
	err = wait_for_answer(s);
	if (err)
		return err;
	s->len = 0;
	if (!copy_from_iter_full(s->request, len, from))
		return -EFAULT;
	err = ask(s, len);
	if (err)
		return err;
	return s->len ? len : -EIO;
}

/* Once; what the program has no room for is lost. */
static ssize_t read_answer(struct skeleton_state *s, struct iov_iter *to)
{
	size_t len = min_t(size_t, s->len, iov_iter_count(to));

	if (copy_to_iter(s->answer, len, to) != len)
		return -EFAULT;
	s->len = 0;
	return len;
}

/* Who reads and who writes has the device to itself, if there is one. */
static ssize_t call(ssize_t (*what)(struct skeleton_state *s, struct iov_iter *iter),
		    struct iov_iter *iter)
{
	ssize_t done = -ENODEV;

	if (mutex_lock_interruptible(&lock))
		return -ERESTARTSYS;
	if (the_device)
		done = what(the_device, iter);
	mutex_unlock(&lock);
	return done;
}

static ssize_t skeleton_write(struct kiocb *iocb, struct iov_iter *from)
{
	return call(write_request, from);
}

static ssize_t skeleton_read(struct kiocb *iocb, struct iov_iter *to)
{
	return call(read_answer, to);
}

static const struct file_operations skeleton_fops = {
	.owner		= THIS_MODULE,
	.write_iter	= skeleton_write,
	.read_iter	= skeleton_read,
};

static struct miscdevice skeleton_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "virtio-skeleton",
	.fops	= &skeleton_fops,
};

/* Who waits for the lock finds the device, or not. */
static void show(struct skeleton_state *s)
{
	mutex_lock(&lock);
	the_device = s;
	mutex_unlock(&lock);
}

static int open_queue(struct virtio_device *vdev)
{
	struct skeleton_state *s = vdev->priv;
	struct virtqueue *vq = vdev->config->find_vq(vdev, queue_callback);

	if (IS_ERR(vq))
		return PTR_ERR(vq);
	s->vq = vq;
	virtio_device_ready(vdev);
	return 0;
}

/* After the reset nothing reads or writes the request: take it back, it is ours. */
static void close_queue(struct virtio_device *vdev)
{
	struct skeleton_state *s = vdev->priv;
	unsigned int len;

	virtio_reset_device(vdev);
	if (!s->vq)
		return;
	s->vq->vq_ops->shutdown(s->vq);
	while (s->vq->vq_ops->get_buf(s->vq, &len))
		;
	vdev->config->del_vq(s->vq);
	s->vq = NULL;
	s->asked = false;
}

static int skeleton_probe(struct virtio_device *vdev)
{
	struct skeleton_state *s;
	int err;

	if (the_device)
		return -EBUSY;
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	init_waitqueue_head(&s->answered);
	vdev->priv = s;

	/* Features are taken here by virtio_use_bit(), fields read by virtio_config_val(). */
	err = open_queue(vdev);
	if (err)
		goto no_queue;
	show(s);
	skeleton_misc.parent = &vdev->dev;
	err = misc_register(&skeleton_misc);
	if (!err)
		return 0;

	show(NULL);
	close_queue(vdev);
no_queue:
	kfree(s);
	return err;
}

static void skeleton_remove(struct virtio_device *vdev)
{
	struct skeleton_state *s = vdev->priv;

	misc_deregister(&skeleton_misc);
	/* A program may hold the lock and wait for a device that never answers. */
	WRITE_ONCE(s->gone, true);
	wake_up(&s->answered);
	show(NULL);
	close_queue(vdev);
	kfree(s);
}

/* The machine sleeps, or the device has to be brought back: it forgets its queue. */
static int skeleton_freeze(struct virtio_device *vdev)
{
	show(NULL);
	close_queue(vdev);
	return 0;
}

static int skeleton_restore(struct virtio_device *vdev)
{
	int err = open_queue(vdev);

	if (!err)
		show(vdev->priv);
	return err;
}

static const struct virtio_device_id skeleton_ids[] = {
	{ SKELETON_ID, VIRTIO_DEV_ANY_ID },
	{ 0 },
};

static struct virtio_driver skeleton_driver = {
	.driver.name	= "virtio_skeleton",
	.id_table	= skeleton_ids,
	.probe		= skeleton_probe,
	.remove		= skeleton_remove,
	.freeze		= skeleton_freeze,
	.restore	= skeleton_restore,
	/*
	 * Add .repeatable = true if the device may carry out a request twice: the core
	 * then brings it back after an error.  See struct virtio_driver.
	 */
	/* An answer of no bytes is a failure: see write_request(). */
	.takes_back	= true,
};
module_virtio_driver(skeleton_driver);

MODULE_DEVICE_TABLE(virtio, skeleton_ids);
MODULE_DESCRIPTION("Virtio driver skeleton");
MODULE_LICENSE("GPL");
