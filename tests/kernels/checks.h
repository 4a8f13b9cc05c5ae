/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of one table of kernels against the scalar oracle: the same bits on
 * random shapes with tails and on extreme values. They need no test
 * framework, so that they also run where there is none (another processor,
 * emulated); a runner offers check_failed().
 */
#ifndef OAE_TESTS_KERNELS_CHECKS_H
#define OAE_TESTS_KERNELS_CHECKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/reference/kernels/kernels.h"
#include "base/rng.h"

struct check {
	const char *name;
	void (*run)(const struct oae_kernels *k);
};

extern const struct check checks[];
extern const size_t checks_n;
/* Seeded anew by the runner before each check. */
extern struct oae_rng check_rng;

/* The runner's: says what failed, and does not return. */
_Noreturn void check_failed(const char *file, int line, const char *text);
/* Printed beside a failure: what was being computed. */
extern char check_about[160];

#define CHECK(condition)                                              \
	do {                                                          \
		if (!(condition))                                     \
			check_failed(__FILE__, __LINE__, #condition); \
	} while (0)

/* ---- fixtures ----------------------------------------------------------- */

/* Every type that weights can have. */
extern const enum oae_tensor_type check_types[];
extern const size_t check_types_n;

/* Zeroed and aligned to 64; free() it. Not enough memory fails the check. */
void *check_get(size_t bytes);
float *check_randoms(size_t n); /* normal */

enum check_weights {
	CHECK_NORMAL,  /* what quantising normal numbers gives */
	CHECK_LARGEST, /* quants at both ends of their range */
	CHECK_TINY,    /* scales and floats below the normal range */
};

struct check_matrix {
	struct oae_packed packed;
	uint8_t *data, *rows; /* packed; as in a file */
};

void check_matrix_make(struct check_matrix *m, enum oae_tensor_type type,
		       size_t rows, size_t cols, enum check_weights kind);
void check_matrix_free(struct check_matrix *m);

/* x is random; quantised by the oracle where cols allows it. */
void check_acts_make(struct oae_acts *a, size_t rows, size_t cols);
/* Quantises x anew. */
void check_acts_quantize(struct oae_acts *a, size_t rows,
			 const struct oae_kernels *k);
void check_acts_free(struct oae_acts *a);

void check_matmul_bits(const struct oae_kernels *k);
void check_matmul_columns(const struct oae_kernels *k);
void check_matmul_batches(const struct oae_kernels *k);
void check_matmul_parts(const struct oae_kernels *k);
void check_matmul_largest(const struct oae_kernels *k);
void check_matmul_tiny(const struct oae_kernels *k);
void check_matmul_not_finite(const struct oae_kernels *k);
void check_quantize(const struct oae_kernels *k);
void check_vectors(const struct oae_kernels *k);
void check_to_f16(const struct oae_kernels *k);
void check_softmax(const struct oae_kernels *k);
void check_attention(const struct oae_kernels *k);
void check_attention_long(const struct oae_kernels *k);

#endif
