/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench-engine/roofline.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

#define PASSES 7
#define PASS_NS 20000000u /* at least, by reading a small set repeatedly */
#define STEP 512u
#define LOOPS 20000u

/* Compilers vectorise these for whatever they compile for. */
static uint64_t read_portable(const uint8_t *at, size_t bytes, size_t ahead,
			      bool once)
{
	uint64_t sum[8] = { 0 }, v[8];

	(void)ahead;
	(void)once;
	for (size_t i = 0; i + sizeof(v) <= bytes; i += sizeof(v)) {
		memcpy(v, at + i, sizeof(v));
		for (size_t k = 0; k < 8; k++)
			sum[k] ^= v[k];
	}
	return sum[0] ^ sum[1] ^ sum[2] ^ sum[3] ^ sum[4] ^ sum[5] ^ sum[6] ^
	       sum[7];
}

static uint64_t int8_portable(size_t loops)
{
	static int8_t a[4096], b[4096];
	volatile int32_t keep;
	int32_t sum = 0;

	for (size_t n = 0; n < loops; n++) {
		/* the compiler must believe that both are new each time */
		__asm__ volatile("" : : "r"(a), "r"(b) : "memory");
		for (size_t i = 0; i < sizeof(a); i++)
			sum += a[i] * b[i];
	}
	keep = sum;
	(void)keep;
	return (uint64_t)loops * sizeof(a);
}

static uint64_t fma_portable(size_t loops)
{
	static float acc[64];

	for (size_t n = 0; n < loops * 16; n++) {
		__asm__ volatile("" : : "r"(acc) : "memory");
		for (size_t i = 0; i < 64; i++)
			acc[i] = acc[i] * 0.5f + 1.0f;
	}
	return (uint64_t)loops * 16 * 64;
}

const struct roof_kernels roof_portable = { "portable", read_portable,
					    int8_portable, int8_portable,
					    fma_portable };

const struct roof_kernels *roof_for(const char *kernels)
{
#ifdef __x86_64__
	if (!strncmp(kernels, "avx512", 6))
		return &roof_avx512;
	if (!strncmp(kernels, "avx2", 4))
		return &roof_avx2;
#else
	(void)kernels;
#endif
	return &roof_portable;
}

struct pass {
	const struct roof_kernels *k;
	const uint8_t *data;
	size_t bytes; /* of one thread's part */
	size_t ahead, again;
	bool once;
	uint64_t (*compute)(size_t loops);
	uint64_t sums[OAE_THREADS_MAX];
};

static void read_part(void *ctx, size_t item, unsigned thread)
{
	struct pass *p = ctx;
	uint64_t sum = 0;

	(void)thread;
	for (size_t i = 0; i < p->again; i++)
		sum ^= p->k->read(p->data + item * p->bytes, p->bytes, p->ahead,
				  p->once);
	p->sums[item] = sum;
}

/* Of several short passes the best: what the machine can do, undisturbed. */
static double read_speed(struct pass *p, struct oae_threads *threads)
{
	size_t n = oae_threads_count(threads);
	double best = 0;
	uint64_t start, ns = 0;

	for (p->again = 1;; p->again *= 2) {
		start = oae_clock_ns();
		oae_threads_run(threads, n, read_part, p);
		ns = oae_clock_ns() - start;
		if (ns >= PASS_NS)
			break;
	}
	for (size_t i = 0; i < PASSES; i++) {
		start = oae_clock_ns();
		oae_threads_run(threads, n, read_part, p);
		ns = oae_clock_ns() - start;
		best = fmax(best, (double)(p->again * p->bytes * n) /
					  (double)ns * 1e9);
	}
	return best;
}

double roof_read(const struct roof_kernels *k, struct oae_threads *threads,
		 const uint8_t *data, size_t bytes)
{
	static const struct {
		size_t ahead;
		bool once;
	} ways[] = { { 0, false },
		     { 1024, false },
		     { 4096, false },
		     { 512, true },
		     { 1024, true } };
	struct pass p = { .k = k, .data = data };
	double best = 0;

	p.bytes = bytes / oae_threads_count(threads) / STEP * STEP;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		p.ahead = ways[i].ahead;
		p.once = ways[i].once;
		best = fmax(best, read_speed(&p, threads));
	}
	return best;
}

static void compute_part(void *ctx, size_t item, unsigned thread)
{
	struct pass *p = ctx;

	(void)thread;
	p->sums[item] = p->compute(LOOPS);
}

static double compute_speed(uint64_t (*fn)(size_t loops),
			    struct oae_threads *threads)
{
	size_t n = oae_threads_count(threads);
	struct pass p = { .compute = fn };
	double best = 0;
	uint64_t start, ops;

	for (size_t i = 0; i < PASSES; i++) {
		start = oae_clock_ns();
		oae_threads_run(threads, n, compute_part, &p);
		start = oae_clock_ns() - start;
		ops = 0;
		for (size_t t = 0; t < n; t++)
			ops += 2 * p.sums[t];
		best = fmax(best, (double)ops / (double)start * 1e9);
	}
	return best;
}

double roof_int8(const struct roof_kernels *k, struct oae_threads *threads)
{
	return fmax(compute_speed(k->int8, threads),
		    compute_speed(k->int16, threads));
}

double roof_fma(const struct roof_kernels *k, struct oae_threads *threads)
{
	return compute_speed(k->fma, threads);
}
