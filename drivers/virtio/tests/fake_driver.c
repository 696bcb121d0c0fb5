// SPDX-License-Identifier: GPL-2.0
/*
 * A driver for tests of the bus; fake_driver.h says more.
 */
#include <linux/kthread.h>
#include <linux/module.h>

#include "fake_driver.h"
#include "page_host.h"

static const unsigned int feature_table[] = { 3, 5 };
const struct virtio_device_id fake_any_vendor[] = {
	{ FAKE_ID, VIRTIO_DEV_ANY_ID }, { 0 },
};

struct fake_plan fake_plan;

struct fake_queue fake_queue;

struct virtio_host *fake_host_with_queue(struct kunit *test, u64 offered)
{
	struct virtio_host *host = virtio_host_create(test, FAKE_ID, offered);

	virtio_host_add_queue(host, 8);
	return host;
}

static int offer_buf(struct virtqueue *vq)
{
	struct scatterlist sg;

	sg_init_one(&sg, &fake_queue.buf, 1);
	return vq->vq_ops->add_buf(vq, &sg, 0, 1, &fake_queue.buf);
}

/* The buffer that the driver has posted comes back, and goes again, so often. */
void fake_expect_data(struct kunit *test, struct virtio_host *host, unsigned int rounds)
{
	struct virtio_host_buf *buf = kunit_kzalloc(test, sizeof(*buf), GFP_KERNEL);
	struct virtqueue *vq = fake_queue.vq;
	unsigned int len, i;
	u8 letter;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (i = 0; i < rounds; i++) {
		letter = 'a' + i;
		vq->vq_ops->kick(vq);
		KUNIT_ASSERT_TRUE(test, virtio_host_take(host, 0, buf));
		virtio_host_use(host, buf, virtio_host_push(buf, &letter, 1));
		KUNIT_ASSERT_PTR_EQ(test, (void *)&fake_queue.buf, vq->vq_ops->get_buf(vq, &len));
		KUNIT_ASSERT_EQ(test, 1, len);
		KUNIT_ASSERT_EQ(test, letter, fake_queue.buf);
		KUNIT_ASSERT_EQ(test, 0, offer_buf(vq));
	}
	vq->vq_ops->kick(vq);
}

static bool count_callback(struct virtqueue *vq)
{
	fake_queue.callbacks++;
	return false;
}

/* A reader of the driver's: the device never answers, so only a removal ends this. */
int fake_wait_for_device(void *vq)
{
	complete(&fake_queue.waiting);
	if (!wait_event_timeout(fake_queue.wait, virtqueue_is_broken(vq), 10 * HZ))
		return -ETIMEDOUT;
	return offer_buf(vq);
}

static int use_queue(struct virtio_device *vdev)
{
	struct virtqueue *vq = vdev->config->find_vq(vdev, count_callback);
	int err;

	if (IS_ERR(vq))
		return PTR_ERR(vq);
	err = offer_buf(vq);
	if (err) {
		vdev->config->del_vq(vq);
		return err;
	}
	fake_queue.vq = vq;
	fake_queue.status = vdev->config->get_status(vdev);
	fake_queue.offered++;
	vq->vq_ops->kick(vq);
	return 0;
}

/* As a driver does it whose readers may be asleep. */
static void leave_queue(struct virtio_device *vdev)
{
	struct virtqueue *vq = fake_queue.vq;
	unsigned int len;

	virtio_break_device(vdev);
	wake_up_all(&fake_queue.wait);
	if (fake_queue.waiter)
		fake_queue.waiter_got = kthread_stop(fake_queue.waiter);
	virtio_reset_device(vdev);
	vq->vq_ops->shutdown(vq);
	fake_queue.taken_back = vq->vq_ops->get_buf(vq, &len);
	fake_queue.back += !!fake_queue.taken_back;
	vdev->config->del_vq(vq);
	fake_queue.vq = NULL;
}

int fake_probe(struct virtio_device *vdev)
{
	unsigned int len;
	void *token;

	fake_plan.probed++;
	if (fake_plan.use_bit) {
		token = vdev->config->find(vdev, VIRTIO_CONFIG_F_FEATURES, &len);
		fake_plan.used_bits[0] = virtio_use_bit(vdev, token, len, 5);
		fake_plan.used_bits[1] = virtio_use_bit(vdev, token, len, 6);
	}
	return fake_plan.use_queue ? use_queue(vdev) : fake_plan.probe_error;
}

static void fake_remove(struct virtio_device *vdev)
{
	fake_plan.removed++;
	if (fake_queue.vq && !fake_plan.forget_queue)
		leave_queue(vdev);
	if (!fake_plan.forget_reset)
		virtio_reset_device(vdev);
}

static void fake_changed(struct virtio_device *vdev)
{
	fake_plan.changed++;
}

static int fake_freeze(struct virtio_device *vdev)
{
	if (fake_plan.freeze_error)
		return fake_plan.freeze_error;
	if (fake_queue.vq)
		leave_queue(vdev);
	virtio_reset_device(vdev);
	return 0;
}

static int fake_restore(struct virtio_device *vdev)
{
	fake_plan.restored++;
	return fake_plan.use_queue ? use_queue(vdev) : fake_plan.restore_error;
}

struct virtio_driver fake_driver;

int fake_driver_init(struct kunit *test)
{
	memset(&fake_plan, 0, sizeof(fake_plan));
	memset(&fake_queue, 0, sizeof(fake_queue));
	init_waitqueue_head(&fake_queue.wait);
	init_completion(&fake_queue.waiting);
	fake_driver = (struct virtio_driver) {
		.driver.name = "virtio-bus-test",
		.id_table = fake_any_vendor,
		.probe = fake_probe,
		.remove = fake_remove,
		.config_changed = fake_changed,
		.freeze = fake_freeze,
		.restore = fake_restore,
		.repeatable = true,
		.restarts = true,
	};
	return 0;
}

/* For a suite whose devices come to the bus by pages. */
int fake_driver_init_on_page(struct kunit *test)
{
	return page_host_init(test) ?: fake_driver_init(test);
}

static void unregister(void *drv)
{
	unregister_virtio_driver(drv);
}

void fake_driver_register(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, 0, register_virtio_driver(&fake_driver));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, unregister, &fake_driver));
}

void fake_driver_unregister(struct kunit *test)
{
	kunit_release_action(test, unregister, &fake_driver);
}

void fake_bind(struct kunit *test, struct virtio_host *host)
{
	fake_driver_register(test);
	virtio_host_plug(host);
}

/* A modern device with a queue, which the driver uses. */
struct virtio_host *fake_bind_with_queue(struct kunit *test)
{
	struct virtio_host *host = fake_host_with_queue(test, MODERN);

	fake_plan.use_queue = true;
	fake_bind(test, host);
	return host;
}

void fake_driver_with_features(void)
{
	fake_driver.feature_table = feature_table;
	fake_driver.feature_table_size = ARRAY_SIZE(feature_table);
}
