/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The access grid's cells of those who try settings: T2 up to 4 random
 * trials, T3 up to 16 (spec section 9.3), from tunings among a run's inputs.
 */
#ifndef OAE_SCHEMA_ACCESS_TUNED_H
#define OAE_SCHEMA_ACCESS_TUNED_H

#include "schema/access.h"

#define OAE_ACCESS_SURE 0.9 /* least probability that a trial serves */

/* tune.json of a run's inputs: an array of documents. Free with cJSON. */
enum oae_status oae_access_tunings(const struct oae_score *s, const char *dir,
				   cJSON **out, struct oae_error *err);

/*
 * Chance that at least one of n trials, drawn without replacement from m of
 * which `fail` do not serve, does: 1 - C(fail, n) / C(m, n). NaN: n > m.
 */
double oae_access_chance(size_t m, size_t fail, size_t n);

/*
 * A system tuned with at most n trials, on a tier (index of a condition).
 * On the whole machine: from the trials. On others the best setting must
 * have been a system of the campaign: gate[] holds the gates by system.
 */
struct oae_access_cell oae_access_tuned(const struct oae_score *s,
					const struct oae_profile *p,
					const cJSON *tunings, size_t system,
					size_t condition, size_t n,
					const enum oae_gate *gate);

#endif
