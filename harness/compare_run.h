/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `oae compare --run`: both builds in one campaign after the other, a look
 * each, until it is clear or the pairs are used up.
 */
#ifndef OAE_HARNESS_COMPARE_RUN_H
#define OAE_HARNESS_COMPARE_RUN_H

#include <signal.h>

#include "harness/compare_args.h"
#include "harness/compare_sides.h"

struct oae_compare_run {
	const struct oae_compare_args *args;
	const volatile sig_atomic_t *stop;
	struct oae_side base, head;
	char out[OAE_PATH_BYTES_MAX / 2];	/* the folder of the looks */
	char temporary[OAE_PATH_BYTES_MAX / 2]; /* worktrees; "" none */
};

/*
 * Finds and builds both sides. OAE_ERR_USAGE with r->base.missing when
 * there is no base. Release also after a failure.
 */
enum oae_status oae_compare_run_begin(struct oae_compare_run *r,
				      const struct oae_compare_args *args,
				      const volatile sig_atomic_t *stop,
				      struct oae_error *err);
/*
 * Measures look `look` (from 0) into OUT/look-N, whose path goes to dir.
 * Returns the exit code of `oae run`.
 */
int oae_compare_run_look(struct oae_compare_run *r, unsigned look, char *dir,
			 size_t size);
/* Removes worktrees unless they are to be kept. */
void oae_compare_run_end(struct oae_compare_run *r);

#endif
