/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that all run the same function and meet at its end. */
#ifndef OAE_REFERENCE_TRAIN_POOL_H
#define OAE_REFERENCE_TRAIN_POOL_H

#include <stddef.h>

#include "base/status.h"

#define OAE_POOL_MAX 64u

struct oae_pool;

/* n threads, the caller's own included (as worker 0). */
enum oae_status oae_pool_new(size_t n, struct oae_pool **out,
			     struct oae_error *err);
void oae_pool_free(struct oae_pool *p);
size_t oae_pool_size(const struct oae_pool *p);
/* Runs fn(ctx, worker) once on every worker; returns when all are done. */
void oae_pool_run(struct oae_pool *p, void (*fn)(void *ctx, size_t worker),
		  void *ctx);
/* Inside fn: the next number in 0, 1, 2, ... since oae_pool_run(). */
size_t oae_pool_next(struct oae_pool *p);

#endif
