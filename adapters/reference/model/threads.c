/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/model/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define SPINS 20000	  /* pauses before parking: some 100 us */
#define SPINS_FINISH 2000 /* pauses before yielding to others' work */

struct oae_threads {
	/* of the current run; written before its tickets are published */
	_Alignas(64) void (*fn)(void *ctx, size_t item, unsigned thread);
	void *ctx;
	size_t n;
	_Alignas(64) _Atomic size_t done;
	_Alignas(64) atomic_bool stop;
	atomic_uint parked;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	unsigned threads, started;
	struct worker {
		/*
		 * The run's number above, unclaimed items of this thread's
		 * share below. An item is claimed by counting down; that
		 * succeeds only while its run is not over, so a thread that
		 * comes late cannot take a stale item.
		 */
		_Alignas(64) _Atomic uint64_t ticket;
		struct oae_threads *pool;
		pthread_t id;
		unsigned index;
	} * workers; /* [threads]; the first is the caller */
};

static inline void pause_briefly(void)
{
#ifdef __x86_64__
	__builtin_ia32_pause();
#else
	atomic_signal_fence(memory_order_seq_cst);
#endif
}

static uint32_t unclaimed(uint64_t ticket)
{
	return (uint32_t)ticket;
}

/* The first item of a thread's share; that of thread + 1 is its end. */
static size_t share(const struct oae_threads *p, unsigned thread)
{
	return p->n * thread / p->threads;
}

/* Works until no item of one share is left. */
static void work_share(struct oae_threads *p, unsigned whose, unsigned thread)
{
	_Atomic uint64_t *ticket = &p->workers[whose].ticket;
	uint64_t t = atomic_load_explicit(ticket, memory_order_acquire);
	size_t item;

	while (unclaimed(t)) {
		if (!atomic_compare_exchange_weak_explicit(
			    ticket, &t, t - 1, memory_order_acq_rel,
			    memory_order_acquire))
			continue;
		item = share(p, whose + 1) - unclaimed(t);
		p->fn(p->ctx, item, thread);
		atomic_fetch_add_explicit(&p->done, 1, memory_order_release);
		t = atomic_load_explicit(ticket, memory_order_acquire);
	}
}

static void work(struct oae_threads *p, unsigned thread)
{
	for (unsigned i = 0; i < p->threads; i++)
		work_share(p, (thread + i) % p->threads, thread);
}

static bool idle(struct oae_threads *p, unsigned thread)
{
	return !unclaimed(atomic_load(&p->workers[thread].ticket)) &&
	       !atomic_load(&p->stop);
}

static void park(struct oae_threads *p, unsigned thread)
{
	pthread_mutex_lock(&p->mutex);
	atomic_fetch_add(&p->parked, 1);
	while (idle(p, thread))
		pthread_cond_wait(&p->wake, &p->mutex);
	atomic_fetch_sub(&p->parked, 1);
	pthread_mutex_unlock(&p->mutex);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct oae_threads *p = w->pool;

	while (!atomic_load(&p->stop)) {
		for (int i = 0; i < SPINS && idle(p, w->index); i++)
			pause_briefly();
		if (idle(p, w->index))
			park(p, w->index);
		work(p, w->index);
	}
	return NULL;
}

static void wake_parked(struct oae_threads *p)
{
	if (!atomic_load(&p->parked))
		return;
	pthread_mutex_lock(&p->mutex);
	pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->mutex);
}

enum oae_status oae_threads_open(unsigned threads, struct oae_threads **out,
				 struct oae_error *err)
{
	struct oae_threads *p;

	if (threads < 1 || threads > OAE_THREADS_MAX)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"threads: %u is not in 1..%u", threads,
				OAE_THREADS_MAX);
	p = aligned_alloc(64, (sizeof(*p) + 63) / 64 * 64);
	if (!p)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "threads: no memory");
	*p = (struct oae_threads){ .threads = threads };
	pthread_mutex_init(&p->mutex, NULL);
	pthread_cond_init(&p->wake, NULL);
	p->workers = aligned_alloc(64, threads * sizeof(*p->workers));
	for (unsigned i = 0; p->workers && i < threads; i++) {
		struct worker *w = &p->workers[i];

		*w = (struct worker){ .pool = p, .index = i };
	}
	for (unsigned i = 1; p->workers && i < threads; i++) {
		struct worker *w = &p->workers[i];

		if (pthread_create(&w->id, NULL, worker_main, w))
			break;
		p->started++;
	}
	if (p->started + 1 != threads || !p->workers) {
		oae_threads_close(p);
		return oae_fail(err, OAE_ERR_NOMEM, 0,
				"threads: cannot start %u", threads);
	}
	*out = p;
	return OAE_OK;
}

void oae_threads_close(struct oae_threads *p)
{
	if (!p)
		return;
	atomic_store(&p->stop, true);
	pthread_mutex_lock(&p->mutex);
	pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->mutex);
	for (unsigned i = 1; i <= p->started; i++)
		pthread_join(p->workers[i].id, NULL);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->mutex);
	free(p->workers);
	free(p);
}

unsigned oae_threads_count(const struct oae_threads *p)
{
	return p->threads;
}

void oae_threads_run(struct oae_threads *p, size_t n,
		     void (*fn)(void *ctx, size_t item, unsigned thread),
		     void *ctx)
{
	uint64_t run;
	int spins = 0;

	if (p->threads == 1 || n < 2) {
		for (size_t i = 0; i < n; i++)
			fn(ctx, i, 0);
		return;
	}
	p->fn = fn;
	p->ctx = ctx;
	p->n = n;
	atomic_store(&p->done, 0);
	run = (atomic_load(&p->workers[0].ticket) >> 32) + 1;
	for (unsigned i = p->threads; i-- > 0;)
		atomic_store(&p->workers[i].ticket,
			     run << 32 | (share(p, i + 1) - share(p, i)));
	wake_parked(p);
	work(p, 0);
	while (atomic_load_explicit(&p->done, memory_order_acquire) != n) {
		if (++spins < SPINS_FINISH)
			pause_briefly();
		else
			sched_yield();
	}
}
