/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/kernels/kernels.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool runs(const struct oae_kernels *k)
{
#ifdef __x86_64__
	if (k == &oae_kernels_avx512)
		return __builtin_cpu_supports("avx512f") &&
		       __builtin_cpu_supports("avx512bw") &&
		       __builtin_cpu_supports("avx512dq") &&
		       __builtin_cpu_supports("avx512vl") &&
		       __builtin_cpu_supports("avx512vnni");
	if (k == &oae_kernels_avx2)
		return __builtin_cpu_supports("avx2") &&
		       __builtin_cpu_supports("fma");
#endif
	return k == &oae_kernels_scalar;
}

/* Best first. */
static const struct oae_kernels *const tables[] = {
#ifdef __x86_64__
	&oae_kernels_avx512,
	&oae_kernels_avx2,
#endif
	&oae_kernels_scalar,
};
#define N_TABLES (sizeof(tables) / sizeof(tables[0]))

enum oae_status oae_kernels_find(const char *name,
				 const struct oae_kernels **out,
				 struct oae_error *err)
{
	for (size_t i = 0; i < N_TABLES; i++) {
		if (strcmp(tables[i]->name, name))
			continue;
		if (!runs(tables[i]))
			return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
					"kernels \"%s\": this processor lacks "
					"the instructions; unset OAE_KERNELS",
					name);
		*out = tables[i];
		return OAE_OK;
	}
	return oae_fail(err, OAE_ERR_USAGE, 0,
			"kernels \"%s\": not built here; OAE_KERNELS takes "
			"scalar, avx2 or avx512",
			name);
}

enum oae_status oae_kernels_select(const struct oae_kernels **out,
				   struct oae_error *err)
{
	const char *forced = getenv("OAE_KERNELS");

	if (forced && *forced)
		return oae_kernels_find(forced, out, err);
	for (size_t i = 0; i < N_TABLES; i++) {
		if (runs(tables[i])) {
			*out = tables[i];
			return OAE_OK;
		}
	}
	return oae_fail(err, OAE_ERR_UNSUPPORTED, 0, "no kernels");
}
