/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/train/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

struct worker {
	struct oae_pool *pool;
	size_t index;
	pthread_t thread;
};

struct oae_pool {
	size_t n, started;
	pthread_mutex_t lock;
	pthread_cond_t begin, end;
	unsigned long round;
	size_t running;
	bool stop;
	void (*fn)(void *ctx, size_t worker);
	void *ctx;
	atomic_size_t next;
	struct worker worker[OAE_POOL_MAX];
};

static void *work(void *arg)
{
	struct worker *me = arg;
	struct oae_pool *p = me->pool;
	unsigned long seen = 0;

	for (;;) {
		pthread_mutex_lock(&p->lock);
		while (p->round == seen && !p->stop)
			pthread_cond_wait(&p->begin, &p->lock);
		seen = p->round;
		pthread_mutex_unlock(&p->lock);
		if (p->stop)
			return NULL;
		p->fn(p->ctx, me->index);
		pthread_mutex_lock(&p->lock);
		if (!--p->running)
			pthread_cond_signal(&p->end);
		pthread_mutex_unlock(&p->lock);
	}
}

enum oae_status oae_pool_new(size_t n, struct oae_pool **out,
			     struct oae_error *err)
{
	struct oae_pool *p;

	if (!n || n > OAE_POOL_MAX)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"threads: %zu is not in 1..%u", n,
				OAE_POOL_MAX);
	p = calloc(1, sizeof(*p));
	if (!p)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "threads");
	p->n = n;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->begin, NULL);
	pthread_cond_init(&p->end, NULL);
	for (size_t i = 1; i < n; i++) {
		struct worker *w = &p->worker[i];
		int rc;

		w->pool = p;
		w->index = i;
		rc = pthread_create(&w->thread, NULL, work, w);
		if (rc) {
			oae_pool_free(p);
			return oae_fail(err, OAE_ERR_IO, rc, "threads");
		}
		p->started = i;
	}
	*out = p;
	return OAE_OK;
}

void oae_pool_free(struct oae_pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->begin);
	pthread_mutex_unlock(&p->lock);
	for (size_t i = 1; i <= p->started; i++)
		pthread_join(p->worker[i].thread, NULL);
	pthread_cond_destroy(&p->begin);
	pthread_cond_destroy(&p->end);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

size_t oae_pool_size(const struct oae_pool *p)
{
	return p->n;
}

void oae_pool_run(struct oae_pool *p, void (*fn)(void *ctx, size_t worker),
		  void *ctx)
{
	pthread_mutex_lock(&p->lock);
	p->fn = fn;
	p->ctx = ctx;
	p->running = p->n - 1;
	p->next = 0;
	p->round++;
	pthread_cond_broadcast(&p->begin);
	pthread_mutex_unlock(&p->lock);
	fn(ctx, 0);
	pthread_mutex_lock(&p->lock);
	while (p->running)
		pthread_cond_wait(&p->end, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

size_t oae_pool_next(struct oae_pool *p)
{
	return atomic_fetch_add(&p->next, 1);
}
