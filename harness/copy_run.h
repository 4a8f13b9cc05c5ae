/* SPDX-License-Identifier: Apache-2.0 */
/* Run folders made from other run folders. */
#ifndef OAE_HARNESS_COPY_RUN_H
#define OAE_HARNESS_COPY_RUN_H

#include "base/status.h"
#include "schema/rescore.h"

/* Makes the folder; one that holds something is OAE_ERR_USAGE. */
enum oae_status oae_run_dir_new(const char *to, struct oae_error *err);

/* Puts the profiles and tables that r names, and rescore.json, into TO. */
enum oae_status oae_run_copy_rescore(const char *to,
				     const struct oae_rescore *r,
				     struct oae_error *err);

/*
 * Makes the folder TO with DIR's journal and inputs, the profiles and tables
 * that r names, rescore.json, and the result that follows from them. TO is
 * whole: it is verified and scored again without DIR and without us. Its
 * SHA256SUMS is written last.
 */
enum oae_status oae_run_rescore_to(const char *dir, const char *to,
				   const struct oae_rescore *r,
				   struct oae_error *err);

#endif
