// SPDX-License-Identifier: GPL-2.0
/*
 * An entropy device (virtio 1.3, 5.4): each buffer gets what getrandom(2) gives.
 */
#include <linux/virtio_ids.h>
#include <stdlib.h>
#include <sys/random.h>

#include "device.h"
#include "entropy.h"
#include "loop.h"

#define SIZE	64
/* Of one buffer no more is filled: a driver asks again, and others have their turn. */
#define AT_ONCE	4096

struct entropy {
	struct device dev;
	struct chain chain;
	struct work again;
};

static uint32_t fill(const struct chain *chain)
{
	char bytes[AT_ONCE];
	uint64_t wanted = iov_bytes(chain_in(chain), chain->in);
	ssize_t n;

	/* Without a seed yet there are none, which the driver is told. */
	n = getrandom(bytes, wanted < AT_ONCE ? wanted : AT_ONCE, GRND_NONBLOCK);
	return n < 0 ? 0 : iov_write(chain_in(chain), chain->in, 0, bytes, n);
}

/* One turn's share at most: a guest that adds on and on is not to keep others waiting. */
static void serve(struct entropy *entropy)
{
	struct queue *q = &entropy->dev.queue[0];
	unsigned int i;

	queue_wake(q);
	for (i = 0; i < SIZE && queue_pop(q, &entropy->chain); i++)
		queue_push(q, &entropy->chain, fill(&entropy->chain));
	queue_publish(q);
	if (!queue_sleep(q))
		loop_defer(&entropy->again);
}

static void serve_again(struct work *work)
{
	serve(container_of(work, struct entropy, again));
}

static void entropy_kick(struct device *dev, struct queue *q)
{
	(void)q;
	serve(container_of(dev, struct entropy, dev));
}

/* Nothing is ever in flight. */
static void entropy_stop(struct device *dev, struct queue *q)
{
	(void)q;
	loop_forget(&container_of(dev, struct entropy, dev)->again);
}

static void entropy_close(struct device *dev)
{
	free(container_of(dev, struct entropy, dev));
}

static const struct device_type entropy_type = {
	.name = "entropy",
	.id = VIRTIO_ID_RNG,
	.kick = entropy_kick,
	.stop = entropy_stop,
	.close = entropy_close,
};

struct device *entropy_create(void)
{
	struct entropy *entropy = need(sizeof(*entropy));

	entropy->dev.type = &entropy_type;
	entropy->again.run = serve_again;
	device_set_label(&entropy->dev, "entropy");
	device_add_queue(&entropy->dev, SIZE);
	return &entropy->dev;
}
