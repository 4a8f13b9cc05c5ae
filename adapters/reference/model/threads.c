/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/model/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"

/*
 * How long a waiting thread spins before it parks. To wake a parked one
 * takes its caller a system call of 16 us and lasts 14 us (medians, virtual
 * machine on Zen 1), where a spinning one sees its work within 0.1 us. Between
 * two steps of decoding the caller takes the best of 32000 tokens (26 us) or
 * draws one (209 us, of the best 40 303 us): that long it should spin.
 */
#define SPIN_NS 400000
/*
 * After a while it lets others run between two looks: where there are more
 * threads than processors, one of the others has the work.
 */
#define YIELD_NS 20000
#define SPINS_CLOCK 32	 /* pauses between two looks at the clock */
#define SPINS_FINISH 300 /* pauses of the caller before it lets others run */

struct oae_threads {
	/* of runs that are over: items done by others than the caller */
	uint64_t done_before;
	_Alignas(64) _Atomic uint64_t done; /* since ever, by others */
	_Alignas(64) atomic_bool stop;
	atomic_uint parked;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	unsigned threads, started;
	struct worker {
		/*
		 * The run's number above, unclaimed items of this thread's
		 * share below. Items are claimed by counting down; that
		 * succeeds only while their run is not over, so a thread that
		 * comes late cannot take a stale one.
		 */
		_Alignas(64) _Atomic uint64_t ticket;
		/* of the run; written before its ticket is published */
		oae_range_fn *fn;
		void *ctx;
		size_t end; /* of the share */
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

/*
 * Works until no item of one share is left; returns how many it did. Half of
 * what is left is claimed at a time: long ranges first, short ones to even
 * out at the end.
 */
static size_t work_share(struct worker *whose, unsigned thread)
{
	uint64_t t = atomic_load_explicit(&whose->ticket, memory_order_acquire);
	size_t did = 0, begin;
	uint32_t take;

	while (unclaimed(t)) {
		take = unclaimed(t) < 2 ? 1 : unclaimed(t) / 2;
		if (!atomic_compare_exchange_weak_explicit(
			    &whose->ticket, &t, t - take, memory_order_acq_rel,
			    memory_order_acquire))
			continue;
		begin = whose->end - unclaimed(t);
		whose->fn(whose->ctx, begin, begin + take, thread);
		did += take;
		t -= take;
	}
	return did;
}

/* Its own share, then what others have left. */
static size_t work(struct oae_threads *p, unsigned thread)
{
	size_t did = 0, now;

	for (unsigned i = 0; i < p->threads; i++) {
		now = work_share(&p->workers[(thread + i) % p->threads],
				 thread);
		if (now && thread)
			atomic_fetch_add_explicit(&p->done, now,
						  memory_order_release);
		did += now;
	}
	return did;
}

static bool idle(struct worker *w)
{
	return !unclaimed(atomic_load(&w->ticket)) &&
	       !atomic_load_explicit(&w->pool->stop, memory_order_relaxed);
}

/* Returns when there is work, or SPIN_NS later. */
static void spin(struct worker *w)
{
	uint64_t start = 0, now = 0;

	while (now <= start + SPIN_NS) {
		for (int i = 0; i < SPINS_CLOCK; i++) {
			if (!idle(w))
				return;
			pause_briefly();
		}
		now = oae_clock_ns();
		if (!start)
			start = now;
		if (now > start + YIELD_NS)
			sched_yield();
	}
}

static void park(struct worker *w)
{
	struct oae_threads *p = w->pool;

	pthread_mutex_lock(&p->mutex);
	atomic_fetch_add(&p->parked, 1);
	while (idle(w))
		pthread_cond_wait(&p->wake, &p->mutex);
	atomic_fetch_sub(&p->parked, 1);
	pthread_mutex_unlock(&p->mutex);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	while (!atomic_load(&w->pool->stop)) {
		spin(w);
		if (idle(w))
			park(w);
		work(w->pool, w->index);
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

/* Gives every thread its share, the caller's own first of all to be stolen. */
static void publish(struct oae_threads *p, size_t n, oae_range_fn *fn,
		    void *ctx)
{
	uint64_t run = (atomic_load(&p->workers[0].ticket) >> 32) + 1;
	struct worker *w;
	size_t begin = n;

	for (unsigned i = p->threads; i-- > 0;) {
		w = &p->workers[i];
		w->fn = fn;
		w->ctx = ctx;
		w->end = begin;
		begin = n * i / p->threads;
		atomic_store_explicit(&w->ticket, run << 32 | (w->end - begin),
				      memory_order_release);
	}
	/* who parks counts itself, then looks at its ticket */
	atomic_thread_fence(memory_order_seq_cst);
	wake_parked(p);
}

void oae_threads_ranges(struct oae_threads *p, size_t n, oae_range_fn *fn,
			void *ctx)
{
	uint64_t others;
	int spins = 0;

	if (p->threads == 1 || n < 2) {
		if (n)
			fn(ctx, 0, n, 0);
		return;
	}
	publish(p, n, fn, ctx);
	others = p->done_before + (n - work(p, 0));
	while (atomic_load_explicit(&p->done, memory_order_acquire) != others) {
		if (++spins < SPINS_FINISH)
			pause_briefly();
		else
			sched_yield();
	}
	p->done_before = others;
}

struct each {
	void (*fn)(void *ctx, size_t item, unsigned thread);
	void *ctx;
};

static void each_of_range(void *ctx, size_t begin, size_t end, unsigned thread)
{
	const struct each *x = ctx;

	for (size_t i = begin; i < end; i++)
		x->fn(x->ctx, i, thread);
}

void oae_threads_run(struct oae_threads *p, size_t n,
		     void (*fn)(void *ctx, size_t item, unsigned thread),
		     void *ctx)
{
	struct each x = { fn, ctx };

	oae_threads_ranges(p, n, each_of_range, &x);
}
