/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the result document. */
#ifndef OAE_SCHEMA_RESULT_INTERNAL_H
#define OAE_SCHEMA_RESULT_INTERNAL_H

#include "base/json.h"
#include "base/stats.h"
#include "schema/assess.h"
#include "schema/score.h"

/* "environment": the machine at both ends, warnings, hashes of what ran. */
void oae_result_environment(struct oae_jw *w, const struct oae_records *r);
/* "harness": what the harness itself cost. */
enum oae_status oae_result_harness(struct oae_jw *w, const struct oae_score *s,
				   struct oae_error *err);
/* "systems": what was measured, and the ledgers. */
enum oae_status oae_result_systems(struct oae_jw *w, struct oae_score *s,
				   struct oae_error *err);
/* "counters" of a cell. */
enum oae_status oae_result_counters(struct oae_jw *w, const struct oae_cell *c,
				    struct oae_error *err);
/* "scenarios": how each system served, as requests came. */
enum oae_status oae_result_scenarios(struct oae_jw *w, struct oae_score *s,
				     struct oae_error *err);
/* "scale" and "profiles"; DIR holds the inputs. */
enum oae_status oae_result_profiles(struct oae_jw *w, struct oae_score *s,
				    const char *dir, struct oae_error *err);
/* "conditions": what was attempted; nothing when only nominal was. */
void oae_result_conditions(struct oae_jw *w, const struct oae_score *s);
/* "conditions" of a profile, over its n cases; the same. */
enum oae_status oae_result_profile_conditions(struct oae_jw *w,
					      const struct oae_case *cases,
					      size_t n, struct oae_error *err);
/* "uncertainty" of a mode: Monte Carlo, and which number matters. */
void oae_result_uncertainty(struct oae_jw *w, const struct oae_mode_score *m,
			    double level);
/* Its part that a plan has too: members of an open object. */
void oae_result_draws(struct oae_jw *w, const struct oae_uncertainty *u,
		      double level);
/* "talent", from tunings among the inputs of DIR; nothing without one. */
enum oae_status oae_result_talent(struct oae_jw *w, const struct oae_score *s,
				  const char *dir, struct oae_error *err);
/* Whether a tuning was of the program and models that were measured. */
bool oae_result_same_program(const struct oae_score *s, const cJSON *doc);
/* "carbon" of a mode. */
void oae_result_carbon(struct oae_jw *w, const struct oae_case *c,
		       enum oae_mode mode);
/* "access" of a profile; nothing without a smaller tier or a tuning. */
enum oae_status oae_result_access(struct oae_jw *w, const struct oae_score *s,
				  const struct oae_profile *p,
				  const struct oae_case *cases, size_t n,
				  enum oae_gate baseline, const cJSON *tunings,
				  struct oae_error *err);
/* "tables": the rows of all four. */
void oae_result_tables(struct oae_jw *w, const struct oae_tables *t);

/* "energy": sources, what they cover, and how they agree. */
void oae_result_energy(struct oae_jw *w, const struct oae_score *s);
/* "energy_per_request" of a cell: J, means over runs. */
void oae_result_energy_account(struct oae_jw *w, const struct oae_cell *c);
/* Why a cell has no measured energy above idle. */
const char *oae_result_no_energy(const struct oae_cell *c);

/* {"value","low","high","class"}; NaN ends are null. */
void oae_result_interval(struct oae_jw *w, const char *key,
			 struct oae_interval i, enum oae_evidence e);
/* {"value": null, "reason": ".."} */
void oae_result_missing(struct oae_jw *w, const char *key, const char *reason);

/* The same with its unit, class measured; a NaN value is missing. */
void oae_result_amount(struct oae_jw *w, const char *key, struct oae_interval i,
		       const char *unit, const char *reason);
/* Mean and percentiles; those with too few samples are missing. */
void oae_result_latency(struct oae_jw *w, const char *key,
			const struct oae_distribution *d);
/* "stopping": how the number of runs came about. */
enum oae_status oae_result_stopping(struct oae_jw *w, struct oae_score *s,
				    const char *run_dir, struct oae_error *err);
/* "steady_state" of a cell. */
enum oae_status oae_result_steady(struct oae_jw *w, struct oae_score *s,
				  const struct oae_cell *c,
				  struct oae_error *err);

#endif
