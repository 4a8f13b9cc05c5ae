/* SPDX-License-Identifier: Apache-2.0 */
/* The words of `oae compare`. */
#ifndef OAE_HARNESS_COMPARE_ARGS_H
#define OAE_HARNESS_COMPARE_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/campaign.h"
#include "schema/compare.h"

#define OAE_COMPARE_PAIRS 10u	 /* of a look, unless told */
#define OAE_COMPARE_BUILD_S 900u /* most a build may take, unless told */
#define OAE_COMPARE_TRIALS 10000u

enum oae_on_inconclusive {
	OAE_INCONCLUSIVE_FAIL,	/* exit 3 */
	OAE_INCONCLUSIVE_PASS,	/* exit 0, and said */
	OAE_INCONCLUSIVE_RERUN, /* more pairs, then exit 3 */
};

struct oae_compare_args {
	const char *base, *head; /* head NULL: one folder, or A/A */
	bool run, aa, help, quiet, keep;
	struct oae_compare_rules rules;
	enum oae_on_inconclusive policy;
	uint32_t pairs, pairs_max; /* of --run */
	struct oae_names systems, workloads;
	const char *suite, *adapter, *build, *out, *allow;
	uint32_t items, build_s;
	uint64_t seed;
	const char *json, *junit, *markdown;
	bool github;	/* annotations */
	char *lists[2]; /* memory behind systems and workloads */
};

const char *oae_on_inconclusive_name(enum oae_on_inconclusive p);

/* OAE_ERR_USAGE for anything that is not understood. Release also then. */
enum oae_status oae_compare_args_read(struct oae_compare_args *a, int argc,
				      char **argv, struct oae_error *err);
void oae_compare_args_release(struct oae_compare_args *a);

#endif
