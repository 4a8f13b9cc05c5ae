/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/kernels/kernels.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif
#ifdef __aarch64__
#include <sys/auxv.h>

#ifndef HWCAP_ASIMDDP
#define HWCAP_ASIMDDP (1ul << 20)
#endif
#endif

struct candidate {
	const char *needs; /* said where the processor lacks it */
	const struct oae_kernels *table;
	bool (*runs)(void);
};

static bool always(void)
{
	return true;
}

#ifdef __x86_64__
/*
 * These look at what the operating system saves of the registers (XCR0)
 * too: without it an instruction traps although the processor has it.
 */
static bool has_avx2(void)
{
	unsigned a, b, c, d;

	return __builtin_cpu_supports("avx2") &&
	       __builtin_cpu_supports("fma") &&
	       __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}

static bool has_avx512bw(void)
{
	return has_avx2() && __builtin_cpu_supports("avx512f") &&
	       __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512dq") &&
	       __builtin_cpu_supports("avx512vl");
}

static bool has_avx512vnni(void)
{
	return has_avx512bw() && __builtin_cpu_supports("avx512vnni");
}
#endif

#ifdef __aarch64__
static bool has_dotprod(void)
{
	return getauxval(AT_HWCAP) & HWCAP_ASIMDDP;
}
#endif

/* Best first. */
static const struct candidate candidates[] = {
#ifdef __x86_64__
	{ "AVX-512 F, BW, DQ, VL and VNNI", &oae_kernels_avx512vnni,
	  has_avx512vnni },
	{ "AVX-512 F, BW, DQ and VL", &oae_kernels_avx512bw, has_avx512bw },
	{ "AVX2, FMA and F16C", &oae_kernels_avx2, has_avx2 },
#endif
#ifdef __aarch64__
	{ "the dot products of Armv8.2", &oae_kernels_neondot, has_dotprod },
	{ "AArch64", &oae_kernels_neon, always },
#endif
	{ "nothing", &oae_kernels_scalar, always },
};
#define N_CANDIDATES (sizeof(candidates) / sizeof(candidates[0]))

/* A family's name ("avx512") stands for its best member. */
static bool is_named(const struct candidate *c, const char *name)
{
	size_t length = strlen(name);

	if (!strcmp(name, "avx512"))
		return !strncmp(c->table->name, name, length);
	return !strcmp(c->table->name, name);
}

/* "what this processor has" for a message. */
static void list_here(char *to, size_t size)
{
	size_t used = 0;
	int n;

	to[0] = '\0';
	for (size_t i = 0; i < N_CANDIDATES; i++) {
		if (!candidates[i].runs())
			continue;
		n = snprintf(to + used, size - used, "%s%s", used ? ", " : "",
			     candidates[i].table->name);
		if (n < 0 || (size_t)n >= size - used)
			return;
		used += (size_t)n;
	}
}

enum oae_status oae_kernels_find(const char *name,
				 const struct oae_kernels **out,
				 struct oae_error *err)
{
	const char *needs = NULL;
	char here[80];

	for (size_t i = 0; i < N_CANDIDATES; i++) {
		if (!is_named(&candidates[i], name))
			continue;
		if (candidates[i].runs()) {
			*out = candidates[i].table;
			return OAE_OK;
		}
		needs = candidates[i].needs; /* the least of a family */
	}
	list_here(here, sizeof(here));
	if (needs)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"kernels \"%s\": they need %s, which this "
				"processor or its system lacks; set "
				"OAE_KERNELS to one of %s, or to nothing for "
				"the best",
				name, needs, here);
	return oae_fail(err, OAE_ERR_USAGE, 0,
			"kernels \"%s\": there are none of this name here; set "
			"OAE_KERNELS to one of %s, or to nothing for the best",
			name, here);
}

enum oae_status oae_kernels_select(const struct oae_kernels **out,
				   struct oae_error *err)
{
	const char *forced = getenv("OAE_KERNELS");

	if (forced && *forced)
		return oae_kernels_find(forced, out, err);
	for (size_t i = 0; i < N_CANDIDATES; i++) {
		if (candidates[i].runs()) {
			*out = candidates[i].table;
			return OAE_OK;
		}
	}
	return oae_fail(err, OAE_ERR_UNSUPPORTED, 0, "no kernels");
}
