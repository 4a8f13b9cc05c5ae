/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool of threads for short parallel steps. Waiting threads spin for some
 * microseconds, then park. Each thread has its own share of a step's items,
 * the same one every time, so that what it reads stays in its caches; who
 * is done helps the others. Results must not depend on who computes an item.
 */
#ifndef OAE_REFERENCE_MODEL_THREADS_H
#define OAE_REFERENCE_MODEL_THREADS_H

#include <stddef.h>

#include "base/status.h"

#define OAE_THREADS_MAX 256u

struct oae_threads;

/* threads counts the caller too: 1..OAE_THREADS_MAX, else OAE_ERR_USAGE. */
enum oae_status oae_threads_open(unsigned threads, struct oae_threads **out,
				 struct oae_error *err);
void oae_threads_close(struct oae_threads *p); /* NULL is fine */
unsigned oae_threads_count(const struct oae_threads *p);
/*
 * Calls fn(ctx, item, thread) for items 0..n-1, thread below the pool's
 * number, and returns when all are done. n < 2^32. One caller at a time;
 * fn doesn't call it again.
 */
void oae_threads_run(struct oae_threads *p, size_t n,
		     void (*fn)(void *ctx, size_t item, unsigned thread),
		     void *ctx);
/* The same with items begin..end-1 in one call: for many small ones. */
typedef void oae_range_fn(void *ctx, size_t begin, size_t end, unsigned thread);
void oae_threads_ranges(struct oae_threads *p, size_t n, oae_range_fn *fn,
			void *ctx);

#endif
