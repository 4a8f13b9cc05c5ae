/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/train/kern.h"

#include <string.h>

extern const struct oae_kern oae_kern_plain;
#ifdef __x86_64__
extern const struct oae_kern oae_kern_avx2, oae_kern_avx512;
#endif

/* Transposed products pack 256 deep; room for the last tile's overhang. */
size_t oae_gemm_scratch(size_t m, size_t n, size_t k)
{
	size_t depth = k > 256 ? k : 256;

	return depth * n + 256 * (m + 16) + OAE_KERN_SLACK;
}

const struct oae_kern *oae_kern_named(const char *name)
{
#ifdef __x86_64__
	if (!strcmp(name, "avx512") && __builtin_cpu_supports("avx512f") &&
	    __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512dq") &&
	    __builtin_cpu_supports("avx512vl") &&
	    __builtin_cpu_supports("avx512vnni"))
		return &oae_kern_avx512;
	if (!strcmp(name, "avx2") && __builtin_cpu_supports("avx2") &&
	    __builtin_cpu_supports("fma"))
		return &oae_kern_avx2;
#endif
	return strcmp(name, "plain") ? NULL : &oae_kern_plain;
}

const struct oae_kern *oae_kern(void)
{
	const struct oae_kern *k = oae_kern_named("avx512");

	if (!k)
		k = oae_kern_named("avx2");
	return k ? k : oae_kern_named("plain");
}
