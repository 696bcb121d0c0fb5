// SPDX-License-Identifier: GPL-2.0
/*
 * Requests by threads, where there is no io_uring.
 *
 * What the page cache can do at once is done at once in the loop; the rest waits in a list
 * for one of a few threads, and comes back in another.  The threads know these two lists
 * and the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "aio.h"
#include "at_once.h"
#include "loop.h"
#include "say.h"

#define THREADS		4
/* They call no more than the kernel. */
#define STACK_BYTES	(64 * 1024)

struct pool {
	struct aio_engine engine;
	struct at_once file;
	struct aio_list added;		/* the loop's own */
	struct watch watch;
	pthread_t thread[THREADS];
	unsigned int threads;

	pthread_mutex_t lock;		/* guards all that follows */
	pthread_cond_t more, ended;
	struct aio_list todo, done;
	bool stopping;
};

static struct pool *to_pool(struct aio_engine *engine)
{
	return container_of(engine, struct pool, engine);
}

static ssize_t perform(int fd, const struct aio *aio)
{
	int err;

	if (aio->op <= AIO_WRITE)
		return aio_move(fd, aio, 0);
	do {
		if (aio->op == AIO_SYNC)
			err = fdatasync(fd);
		else
			err = fallocate(fd, aio->flags, aio->offset, aio->length);
	} while (err && errno == EINTR);
	return err ? -errno : 0;
}

static void *work(void *arg)
{
	struct pool *pool = arg;
	uint64_t one = 1;
	struct aio *aio;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		while (!(aio = aio_list_take(&pool->todo)) && !pool->stopping)
			pthread_cond_wait(&pool->more, &pool->lock);
		if (!aio)
			break;
		pthread_mutex_unlock(&pool->lock);
		aio->result = perform(pool->file.fd, aio);
		pthread_mutex_lock(&pool->lock);
		/* The loop takes all that are there, and has been told of the first. */
		if (!pool->done.first && write(pool->watch.fd, &one, sizeof(one)) < 0)
			die("eventfd: %s", strerror(errno));
		aio_list_put(&pool->done, aio);
		pthread_cond_signal(&pool->ended);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static void end(struct pool *pool, struct aio *aio)
{
	pool->engine.in_flight--;
	pool->engine.done(&pool->engine, aio);
}

/* Waits for one if @wait. */
static void reap(struct pool *pool, bool wait)
{
	struct aio_list done;
	struct aio *aio;

	pthread_mutex_lock(&pool->lock);
	while (wait && !pool->done.first)
		pthread_cond_wait(&pool->ended, &pool->lock);
	done = pool->done;
	aio_list_init(&pool->done);
	pthread_mutex_unlock(&pool->lock);
	while ((aio = aio_list_take(&done)))
		end(pool, aio);
}

static void threads_submit(struct aio_engine *engine)
{
	struct pool *pool = to_pool(engine);
	struct aio_list later;
	struct aio *aio;

	aio_list_init(&later);
	while ((aio = aio_list_take(&pool->added))) {
		if (at_once_try(&pool->file, aio))
			end(pool, aio);
		else
			aio_list_put(&later, aio);
	}
	if (!later.first)
		return;
	pthread_mutex_lock(&pool->lock);
	while ((aio = aio_list_take(&later))) {
		aio_list_put(&pool->todo, aio);
		pthread_cond_signal(&pool->more);
	}
	pthread_mutex_unlock(&pool->lock);
}

static void threads_add(struct aio_engine *engine, struct aio *aio)
{
	engine->in_flight++;
	aio_list_put(&to_pool(engine)->added, aio);
}

static void pool_ready(struct watch *watch, uint32_t events)
{
	struct pool *pool = container_of(watch, struct pool, watch);
	uint64_t count;

	(void)events;
	if (read(watch->fd, &count, sizeof(count)) < 0)
		return;
	reap(pool, false);
	threads_submit(&pool->engine);
}

static void threads_drain(struct aio_engine *engine)
{
	threads_submit(engine);
	while (engine->in_flight) {
		reap(to_pool(engine), true);
		threads_submit(engine);
	}
}

static void threads_destroy(struct aio_engine *engine)
{
	struct pool *pool = to_pool(engine);
	unsigned int i;

	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	pthread_cond_broadcast(&pool->more);
	pthread_mutex_unlock(&pool->lock);
	for (i = 0; i < pool->threads; i++)
		pthread_join(pool->thread[i], NULL);
	loop_remove(&pool->watch);
	close(pool->watch.fd);
	free(pool);
}

/* Signals are the loop's. */
static void start_threads(struct pool *pool)
{
	sigset_t all, before;
	pthread_attr_t attr;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	while (pool->threads < THREADS &&
	       !pthread_create(&pool->thread[pool->threads], &attr, work, pool))
		pool->threads++;
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static struct aio_engine *threads_create(int fd, unsigned int depth)
{
	struct pool *pool = need(sizeof(*pool));

	(void)depth;
	pool->engine.type = &aio_threads;
	pool->file.fd = fd;
	aio_list_init(&pool->added);
	aio_list_init(&pool->todo);
	aio_list_init(&pool->done);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->more, NULL);
	pthread_cond_init(&pool->ended, NULL);
	pool->watch.ready = pool_ready;
	pool->watch.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pool->watch.fd < 0 || loop_add(&pool->watch, EPOLLIN))
		die("eventfd: %s", strerror(errno));
	start_threads(pool);
	if (pool->threads)
		return &pool->engine;
	threads_destroy(&pool->engine);
	return NULL;
}

const struct aio_type aio_threads = {
	.name = "threads",
	.create = threads_create,
	.add = threads_add,
	.submit = threads_submit,
	.drain = threads_drain,
	.destroy = threads_destroy,
};
