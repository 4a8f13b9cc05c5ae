/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the engine share: a model that is open, and kernels. */
#ifndef OAE_TESTS_MODEL_SET_H
#define OAE_TESTS_MODEL_SET_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/reference/model/model.h"
#include "tests/unit/model_plain.h"

#define MODEL_SET_BATCH 32

struct model_set {
	struct oae_threads *threads;
	struct oae_model *model;
	struct oae_state *state;
};

static inline void model_set_open(struct model_set *x, const char *path,
				  unsigned threads, uint32_t slots)
{
	struct oae_error err = { 0 };

	assert_int_equal(oae_threads_open(threads, &x->threads, NULL), OAE_OK);
	if (oae_model_open(path, x->threads, &x->model, &err))
		fail_msg("%s", err.text);
	assert_int_equal(oae_state_new(x->model, slots, PLAIN_CTX,
				       MODEL_SET_BATCH, &x->state, NULL),
			 OAE_OK);
}

static inline void model_set_close(struct model_set *x)
{
	oae_state_free(x->state);
	oae_model_close(x->model);
	oae_threads_close(x->threads);
}

/* Root mean square difference over the root mean square. */
static inline double model_difference(const float *x, const double *want,
				      size_t n)
{
	double off = 0, all = 0;

	for (size_t i = 0; i < n; i++) {
		off += (x[i] - want[i]) * (x[i] - want[i]);
		all += want[i] * want[i];
	}
	return sqrt(off / all);
}

static inline bool processor_has_avx2(void)
{
#ifdef __x86_64__
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
	return false;
#endif
}

/*
 * The names of the tables of kernels that run here, scalar first, NULL last.
 * The first call says which do, and why others do not; it fails where the
 * processor has what one needs and the table is missing all the same.
 */
static inline const char *const *kernels_here(void)
{
	static const char *const all[] = {
		"scalar",
#ifdef __x86_64__
		"avx2",	  "avx512bw", "avx512vnni",
#endif
#ifdef __aarch64__
		"neon",	  "neondot",
#endif
	};
	static const char *here[sizeof(all) / sizeof(all[0]) + 1];
	size_t n = 0;

	if (here[0])
		return here;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct oae_kernels *k;
		struct oae_error err = { 0 };

		if (oae_kernels_find(all[i], &k, &err)) {
			print_message("# not run: %s\n", err.text);
			continue;
		}
		assert_string_equal(k->name, all[i]);
		print_message("# run: kernels \"%s\"\n", all[i]);
		here[n++] = all[i];
	}
	assert_string_equal(here[0], "scalar");
	if (processor_has_avx2())
		assert_true(n > 1 && !strcmp(here[1], "avx2"));
#ifdef __aarch64__
	assert_true(n > 1 && !strcmp(here[1], "neon"));
#endif
	return here;
}

#endif
