// SPDX-License-Identifier: GPL-2.0
/*
 * Drivers as they were written in 2007; see old_drivers.h.
 */
#include <linux/delay.h>
#include <linux/scatterlist.h>
#include <linux/string.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

#include "old_drivers.h"

#define QUEUES	ARRAY_SIZE(old.vq)

struct old_driver old;

static bool was_used(struct virtqueue *vq)
{
	old.callbacks[vq == old.vq[1]]++;
	return true;
}

static int find_queue(struct virtio_device *vdev, unsigned int i,
		      bool (*callback)(struct virtqueue *vq))
{
	struct virtqueue *vq = vdev->config->find_vq(vdev, callback);

	if (IS_ERR(vq))
		return PTR_ERR(vq);
	old.vq[i] = vq;
	return 0;
}

/* They had no reset, and gave back one queue after the other. */
static void give_back(struct virtio_device *vdev)
{
	unsigned int i, len;

	for (i = 0; i < QUEUES; i++) {
		if (!old.vq[i])
			continue;
		old.vq[i]->vq_ops->shutdown(old.vq[i]);
		while (old.vq[i]->vq_ops->get_buf(old.vq[i], &len))
			;
	}
	for (i = 0; i < QUEUES; i++)
		if (old.vq[i])
			vdev->config->del_vq(old.vq[i]);
	memset(old.vq, 0, sizeof(old.vq));
}

static void take_feature(struct virtio_device *vdev)
{
	unsigned int len;
	void *token = vdev->config->find(vdev, VIRTIO_CONFIG_F_FEATURES, &len);

	old.late = virtio_use_bit(vdev, token, len, SOFT_F_LATE);
}

/* By presence: a field that is not there has no say. */
static int read_config(struct virtio_device *vdev)
{
	int err;

	err = virtio_config_val(vdev, SOFT_NUMBER, &old.number);
	if (err)
		return err;
	err = virtio_config_val(vdev, SOFT_LIMIT, &old.limit);
	return err == -ENOENT ? 0 : err;
}

static void read_address(struct virtio_device *vdev)
{
	unsigned int len;
	void *token = vdev->config->find(vdev, SOFT_ADDRESS, &len);

	if (token && len == sizeof(old.address))
		vdev->config->get(vdev, token, old.address, len);
}

static int post(unsigned int i, unsigned int out, unsigned int in)
{
	struct virtqueue *vq = old.vq[i];
	struct scatterlist sg[2];
	int err;

	sg_init_table(sg, out + in);
	if (out)
		sg_set_buf(&sg[0], old.sent, sizeof(old.sent));
	if (in)
		sg_set_buf(&sg[out], old.posted, sizeof(old.posted));
	err = vq->vq_ops->add_buf(vq, sg, out, in, &old);
	if (!err)
		vq->vq_ops->kick(vq);
	return err;
}

/* The device has a minute. */
static bool comes_back(unsigned int i)
{
	struct virtqueue *vq = old.vq[i];
	unsigned int len, tries = 60000;

	while (tries--) {
		if (vq->vq_ops->get_buf(vq, &len) == &old)
			return true;
		usleep_range(1000, 2000);
	}
	return false;
}

static bool is_filled(void)
{
	return (u8)old.posted[0] == SOFT_BYTE;
}

/*
 * A disk: one queue, of requests.
 */

int old_disk_probe(struct virtio_device *vdev)
{
	int err = find_queue(vdev, 0, was_used);

	if (err)
		return err;
	take_feature(vdev);
	return read_config(vdev);
}

bool old_disk_read(void)
{
	old.posted[0] = 0;
	return !post(0, 1, 1) && comes_back(0) && is_filled();
}

/*
 * A network card: a queue to receive, which is filled in probe(), and one to send.
 */

int old_card_probe(struct virtio_device *vdev)
{
	int err = find_queue(vdev, 0, was_used) ?: find_queue(vdev, 1, was_used);

	if (err)
		return err;
	take_feature(vdev);
	read_address(vdev);
	return post(0, 0, 1);
}

bool old_card_receive(void)
{
	return comes_back(0) && is_filled();
}

bool old_card_send(void)
{
	return !post(1, 1, 0) && comes_back(1);
}

/*
 * A console: characters come from one queue, which calls back, and go to one that does not.
 */

int old_console_probe(struct virtio_device *vdev)
{
	return find_queue(vdev, 0, was_used) ?: find_queue(vdev, 1, NULL) ?: post(0, 0, 1);
}

bool old_console_get(void)
{
	return comes_back(0) && is_filled();
}

bool old_console_put(void)
{
	return !post(1, 1, 0) && comes_back(1);
}

static int probe(struct virtio_device *vdev)
{
	int err = old.probe(vdev);

	if (err)
		give_back(vdev);
	else
		old.vdev = vdev;
	return err;
}

static void remove(struct virtio_device *vdev)
{
	give_back(vdev);
	old.vdev = NULL;
}

static const struct virtio_device_id ids[] = {
	{ SOFT_ID, VIRTIO_DEV_ANY_ID }, { 0 },
};

struct virtio_driver old_virtio_driver = {
	.driver.name = "virtio-2007-test",
	.id_table = ids,
	.layout = &soft_layout,
	.probe = probe,
	.remove = remove,
};
