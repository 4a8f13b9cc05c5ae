/* SPDX-License-Identifier: Apache-2.0 */
/* The words of `oae run`. */
#ifndef OAE_HARNESS_RUN_ARGS_H
#define OAE_HARNESS_RUN_ARGS_H

#include <stdbool.h>

#include "harness/campaign.h"

struct oae_run_args {
	struct oae_options options;
	const char *out, *resume;
	const char *sysroot; /* "" or a folder that stands for / */
	bool score, report, dry_run, json, quiet, help;
	char *lists[3]; /* memory behind the option's names */
};

/*
 * OAE_ERR_USAGE for an unknown or doubled option, a missing or bad value, or
 * options that --resume does not go with. Release also after a failure.
 */
enum oae_status oae_run_args_read(struct oae_run_args *a, int argc, char **argv,
				  struct oae_error *err);
void oae_run_args_release(struct oae_run_args *a);

/*
 * "a,b:x=1,y=2,c" cut at its commas, except before a word that is
 * knob=value: that goes on with the system before it. *memory, freed first,
 * holds the names. OAE_ERR_USAGE for an empty name, OAE_ERR_LIMIT for more
 * than OAE_SYSTEMS_MAX.
 */
enum oae_status oae_names_split(const char *option, const char *text,
				char **memory, struct oae_names *out,
				struct oae_error *err);

#endif
