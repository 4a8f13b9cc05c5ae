/* SPDX-License-Identifier: Apache-2.0 */
/* The words of `oae tune`. */
#ifndef OAE_HARNESS_TUNE_ARGS_H
#define OAE_HARNESS_TUNE_ARGS_H

#include "harness/tune_plan.h"

struct oae_tune_args {
	struct oae_tune_options tune; /* baseline NULL: the suite's */
	struct oae_options options;   /* its systems are not filled in */
	const char *out, *resume, *sysroot;
	bool report, dry_run, json, quiet, help;
	char *workloads; /* memory behind the option's names */
};

/* As oae_run_args_read(). Release also after a failure. */
enum oae_status oae_tune_args_read(struct oae_tune_args *a, int argc,
				   char **argv, struct oae_error *err);
void oae_tune_args_release(struct oae_tune_args *a);

#endif
