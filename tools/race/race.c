// SPDX-License-Identifier: GPL-2.0
/*
 * A queue under three threads: its driver, its device, and an interrupt.
 *
 * The driver adds, kicks, takes back and waits, one operation at a time as it must.  The
 * interrupt calls vring_interrupt() whenever the device says so, and the callback turns
 * callbacks off and looks at the queue, which needs no lock.  Built with ThreadSanitizer,
 * the program says where two threads meet in an access that is not marked.  It ends with an
 * error when a wake-up is lost, too.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "device.h"

#define SIZE		16
#define PATIENCE	20	/* seconds until a wake-up counts as lost */

/* Drivers of the contract, and two ways to drive by the functions of Linux 6.12. */
enum way { CONTRACT, AT_ONCE, DELAYED, WAYS };

static const char *const way_names[WAYS] = { "contract", "6.12", "6.12, delayed" };

/* The stand-ins of the tree have memory of another program's for these. */
void *__kmalloc_fake, *__kfree_ignore_start, *__kfree_ignore_end;

static struct {
	enum way way;
	struct virtio_device vdev;
	struct virtqueue *vq;
	struct device_side device;
	sem_t kicked, interrupt, woken;
	bool over;
	unsigned int polled;
	unsigned long sleeps;
} race;

void virtio_check_driver_offered_feature(const struct virtio_device *vdev, unsigned int bit)
{
}

static u8 get_status(struct virtio_device *vdev)
{
	return VIRTIO_CONFIG_S_DRIVER_OK;
}

static const struct virtio_config_ops config = { .get_status = get_status };

static bool notify(struct virtqueue *vq)
{
	vring_notification_data(vq);
	sem_post(&race.kicked);
	return true;
}

/* The contract: no more of these until restart. */
static bool wake_once(struct virtqueue *vq)
{
	sem_post(&race.woken);
	return false;
}

/* As drivers with NAPI do: off, and then whoever waits is woken. */
static void wake(struct virtqueue *vq)
{
	virtqueue_poll(vq, READ_ONCE(race.polled));
	virtqueue_disable_cb(vq);
	sem_post(&race.woken);
}

static void *run_interrupt(void *unused)
{
	while (!READ_ONCE(race.over)) {
		sem_wait(&race.interrupt);
		vring_interrupt(0, race.vq);
	}
	return NULL;
}

static void *run_device(void *unused)
{
	struct device_side *d = &race.device;

	while (!READ_ONCE(race.over)) {
		device_wants_kicks(d, false);
		while (device_serve(d))
			if (device_interrupts(d))
				sem_post(&race.interrupt);
		if (!device_wants_kicks(d, true))
			sem_wait(&race.kicked);
	}
	return NULL;
}

/* Returns whether callbacks are on and nothing is used. */
static bool turn_on(unsigned long round)
{
	switch (race.way) {
	case CONTRACT:
		return race.vq->vq_ops->restart(race.vq);
	case DELAYED:
		return virtqueue_enable_cb_delayed(race.vq);
	default:
		if (round % 2)
			return virtqueue_enable_cb(race.vq);
		WRITE_ONCE(race.polled, virtqueue_enable_cb_prepare(race.vq));
		return !virtqueue_poll(race.vq, race.polled);
	}
}

static void sleep_until_woken(unsigned int in_flight)
{
	struct timespec until;

	race.sleeps++;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE;
	while (sem_timedwait(&race.woken, &until)) {
		if (errno != ETIMEDOUT)
			continue;
		fprintf(stderr, "a wake-up was lost: %u buffers in flight\n", in_flight);
		exit(1);
	}
}

static unsigned int add_some(unsigned int n, unsigned long round)
{
	static char bytes[2];
	struct scatterlist sg[2];
	unsigned int i, out = round % 2, err = 0;

	sg_init_table(sg, 2);
	sg_set_buf(&sg[0], &bytes[0], 1);
	sg_set_buf(&sg[1], &bytes[1], 1);
	for (i = 0; i < n && !err; i++)
		err = virtqueue_add_outbuf(race.vq, sg, 1 + out, bytes, GFP_ATOMIC);
	virtqueue_kick(race.vq);
	return i - !!err;
}

static unsigned int take_all(void)
{
	unsigned int len, n = 0;

	while (virtqueue_get_buf(race.vq, &len))
		n++;
	return n;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Returns how many buffers went through. */
static unsigned long run_driver(double seconds)
{
	unsigned long round, done = 0;
	unsigned int in_flight = 0;
	double end = now() + seconds;

	for (round = 0; now() < end; round++) {
		in_flight += add_some(1 + round % 5, round);
		while (in_flight > round % 3) {
			unsigned int n = take_all();

			in_flight -= n;
			done += n;
			if (in_flight && !n && turn_on(round))
				sleep_until_woken(in_flight);
		}
	}
	return done;
}

static void begin(u64 features, enum way way)
{
	memset(&race, 0, sizeof(race));
	race.way = way;
	race.vdev.config = &config;
	race.vdev.ready = true;
	race.vdev.features = features | 1ULL << VIRTIO_F_VERSION_1;
	INIT_LIST_HEAD(&race.vdev.vqs);
	spin_lock_init(&race.vdev.vqs_list_lock);
	sem_init(&race.kicked, 0, 0);
	sem_init(&race.interrupt, 0, 0);
	sem_init(&race.woken, 0, 0);
	race.vq = vring_create_virtqueue(0, SIZE, 4096, &race.vdev, true, false, false, notify,
					 wake, "race");
	if (!race.vq)
		exit(2);
	if (way == CONTRACT)
		race.vq->callback = wake_once;
	device_begin(&race.device, race.vq);
}

static void run(u64 features, enum way way, double seconds)
{
	pthread_t device, interrupt;
	unsigned long done;

	begin(features, way);
	pthread_create(&device, NULL, run_device, NULL);
	pthread_create(&interrupt, NULL, run_interrupt, NULL);
	done = run_driver(seconds);
	WRITE_ONCE(race.over, true);
	sem_post(&race.kicked);
	sem_post(&race.interrupt);
	pthread_join(device, NULL);
	pthread_join(interrupt, NULL);
	printf("%s, %s, %s: %lu buffers, %lu sleeps\n",
	       features & 1ULL << VIRTIO_F_RING_PACKED ? "packed" : "split",
	       features & 1ULL << VIRTIO_RING_F_EVENT_IDX ? "event index" : "flags",
	       way_names[way], done, race.sleeps);
	if (!race.sleeps)
		exit(3);
	__virtqueue_break(race.vq);
	vring_del_virtqueue(race.vq);
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 1;
	unsigned int i;

	for (i = 0; i < 4 * WAYS; i++)
		run((i & 1 ? 1ULL << VIRTIO_F_RING_PACKED : 0) |
		    (i & 2 ? 1ULL << VIRTIO_RING_F_EVENT_IDX : 0), i / 4, seconds);
	return 0;
}
