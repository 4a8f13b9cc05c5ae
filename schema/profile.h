/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile: who serves how many requests a month, under which limits and
 * prices (spec §12.2). Data, not code.
 */
#ifndef OAE_SCHEMA_PROFILE_H
#define OAE_SCHEMA_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/status.h"
#include "schema/evidence.h"
#include "schema/tables.h"

struct oae_profile_workload {
	const char *id;
	double weight; /* normalised: they sum to 1 */
	double floor;  /* share of right answers; NaN: the workload's */
};

struct oae_profile {
	cJSON *tree;
	const char *id, *title;
	struct oae_range requests_a_month;
	double H_months, peak_over_mean, u, margin;
	int tier; /* 0..2 */
	double slo_ttft_ms, slo_tpot_ms;
	struct oae_profile_workload workloads[OAE_WORKLOADS_MAX];
	size_t workload_count;
	bool has_shape;
	const char *shape, *quant; /* the reference shape, if has_shape */
	double tokens_in, tokens_out;
	struct oae_range rho_usd, p_s_usd, p_h_usd, p_e_usd_kwh, p_idle_w;
	struct oae_range wage_usd_h[3]; /* T1..T3 */
	/* The profile's own grid, else a row of tables/grid.csv. */
	struct oae_range grid_g_kwh; /* gCO2e/kWh */
	const char *grid;	     /* the row's name; NULL: the profile's */
};

/*
 * Reads and checks a profile; missing optional entries come from the
 * tables, which must outlive it. Release also after a failure.
 */
enum oae_status oae_profile_read(const char *path, const struct oae_tables *t,
				 struct oae_profile *p, struct oae_error *err);
/* The same from a tree, which is the profile's from now on. */
enum oae_status oae_profile_take(cJSON *tree, const char *what,
				 const struct oae_tables *t,
				 struct oae_profile *p, struct oae_error *err);
void oae_profile_release(struct oae_profile *p);
/* Requests over the whole horizon: requests a month x H. */
double oae_profile_requests(const struct oae_profile *p);

#endif
