/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this machine can do at most, with the instructions that the engine's
 * kernels use: read memory, multiply int8, multiply floats. A micro-kernel
 * each; nothing of the engine is in them.
 */
#ifndef OAE_TESTS_BENCH_ENGINE_ROOFLINE_H
#define OAE_TESTS_BENCH_ENGINE_ROOFLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/reference/model/threads.h"
#include "base/status.h"

struct roof_kernels {
	const char *name;
	/*
	 * Reads all bytes (a multiple of 512), prefetching so far ahead (0:
	 * not); once: past the caches, as what is read once.
	 */
	uint64_t (*read)(const uint8_t *at, size_t bytes, size_t ahead,
			 bool once);
	/* Multiply-accumulates from registers; how many there were. */
	uint64_t (*int8)(size_t loops);
	/* int8 values widened before, by half of the multiplications */
	uint64_t (*int16)(size_t loops);
	uint64_t (*fma)(size_t loops);
};

extern const struct roof_kernels roof_portable;
#ifdef __x86_64__
extern const struct roof_kernels roof_avx2;
extern const struct roof_kernels roof_avx512;
#endif

/* Those that belong to the engine's table of that name. */
const struct roof_kernels *roof_for(const char *kernels);

/*
 * Bytes a second of reading these bytes (aligned to 64, at least 512 for each
 * thread) again and again, each thread its own part: the best of several
 * ways and passes. They are the engine's own weights, so that pages and their
 * places are the same for both.
 */
double roof_read(const struct roof_kernels *k, struct oae_threads *threads,
		 const uint8_t *data, size_t bytes);
/* Operations a second (two for each multiply-accumulate) on all threads. */
double roof_int8(const struct roof_kernels *k, struct oae_threads *threads);
double roof_fma(const struct roof_kernels *k, struct oae_threads *threads);

#endif
