/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "schema/check.h"
#include "schema/ledger.h"
#include "schema/profile.h"

static const char *const profile_keys[] = {
	"oae_profile",
	"id",
	"title",
	"about",
	"requests_a_month",
	"H_months",
	"peak_over_mean",
	"u",
	"tier",
	"slo",
	"workloads",
	"reference_shape",
	"rho_usd",
	"prices",
	"wages_usd_h",
	"grid",
	"margin",
	NULL,
};
static const char *const slo_keys[] = { "ttft_ms", "tpot_ms", NULL };
static const char *const workload_keys[] = { "id", "weight", "floor", NULL };
static const char *const shape_keys[] = {
	"shape", "quant", "tokens_in", "tokens_out", NULL,
};
static const char *const price_keys[] = {
	"p_s_usd", "p_h_usd", "p_e_usd_kwh", "p_idle_w", NULL,
};
static const char *const wage_keys[] = { "T1", "T2", "T3", NULL };

/* A number of obj within [least, most], or (least, most] when open. */
static enum oae_status bounded(const cJSON *obj, const char *key, double least,
			       double most, bool open, double *out,
			       struct oae_error *err)
{
	enum oae_status status = oae_json_num(obj, key, out, err);

	if (status)
		return status;
	if (!(*out >= least) || *out > most || (open && *out == least))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"%s\" is %g; it must"
				" be %s %g and at most %g",
				key, *out, open ? "above" : "at least", least,
				most);
	return OAE_OK;
}

/* As bounded(), with the mid of a row of defaults.csv when missing. */
static enum oae_status bounded_or(const cJSON *obj, const char *key,
				  double least, double most, bool open,
				  const struct oae_tables *t, double *out,
				  struct oae_error *err)
{
	struct oae_range row;
	enum oae_status status;

	if (cJSON_GetObjectItemCaseSensitive(obj, key))
		return bounded(obj, key, least, most, open, out, err);
	status = oae_table_get(&t->defaults, key, &row, err);
	*out = status ? 0 : row.mid;
	return status;
}

/* A range of obj, or the row of the table when missing. */
static enum oae_status range_or(const cJSON *obj, const char *key,
				const struct oae_table *table,
				struct oae_range *out, struct oae_error *err)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(obj, key);

	if (value)
		return oae_range_read(value, key, false, out, err);
	return oae_table_get(table, key, out, err);
}

static enum oae_status read_slo(const cJSON *tree, struct oae_profile *p,
				struct oae_error *err)
{
	const cJSON *slo = cJSON_GetObjectItemCaseSensitive(tree, "slo");
	enum oae_status status = oae_check_keys(slo, "slo", slo_keys, err);

	if (!status)
		status = bounded(slo, "ttft_ms", 0, 1e12, true, &p->slo_ttft_ms,
				 err);
	if (!status)
		status = bounded(slo, "tpot_ms", 0, 1e12, true, &p->slo_tpot_ms,
				 err);
	return status;
}

static enum oae_status read_workload(const cJSON *obj, struct oae_profile *p,
				     struct oae_error *err)
{
	struct oae_profile_workload *w = &p->workloads[p->workload_count];
	enum oae_status status;

	status = oae_check_keys(obj, "workloads", workload_keys, err);
	if (!status)
		status = oae_json_str(obj, "id", &w->id, err);
	if (!status)
		status = bounded(obj, "weight", 0, 1e6, true, &w->weight, err);
	if (status)
		return status;
	for (size_t i = 0; i < p->workload_count; i++)
		if (strcmp(p->workloads[i].id, w->id) == 0)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"workload"
					" \"%.60s\" stands twice",
					w->id);
	w->floor = NAN;
	if (cJSON_GetObjectItemCaseSensitive(obj, "floor"))
		status = bounded(obj, "floor", 0, 1, false, &w->floor, err);
	p->workload_count++;
	return status;
}

static enum oae_status read_workloads(const cJSON *tree, struct oae_profile *p,
				      struct oae_error *err)
{
	const cJSON *list, *obj;
	double sum = 0;
	enum oae_status status = oae_json_arr(tree, "workloads", &list, err);

	if (status)
		return status;
	cJSON_ArrayForEach(obj, list) {
		if (p->workload_count == OAE_WORKLOADS_MAX)
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"more than %u"
					" workloads",
					OAE_WORKLOADS_MAX);
		status = read_workload(obj, p, err);
		if (status)
			return status;
		sum += p->workloads[p->workload_count - 1].weight;
	}
	if (p->workload_count == 0)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"workloads\" is empty; name at least one");
	for (size_t i = 0; i < p->workload_count; i++)
		p->workloads[i].weight /= sum;
	return OAE_OK;
}

static enum oae_status read_shape(const cJSON *tree, struct oae_profile *p,
				  struct oae_error *err)
{
	const cJSON *obj =
		cJSON_GetObjectItemCaseSensitive(tree, "reference_shape");
	enum oae_status status;

	p->has_shape = obj && !cJSON_IsNull(obj);
	if (!p->has_shape)
		return OAE_OK;
	status = oae_check_keys(obj, "reference_shape", shape_keys, err);
	if (!status)
		status = oae_json_str(obj, "shape", &p->shape, err);
	if (!status)
		status = oae_json_str(obj, "quant", &p->quant, err);
	if (!status)
		status = bounded(obj, "tokens_in", 1, 1e6, false, &p->tokens_in,
				 err);
	if (!status)
		status = bounded(obj, "tokens_out", 1, 1e6, false,
				 &p->tokens_out, err);
	return status;
}

static enum oae_status read_money(const cJSON *tree, const struct oae_tables *t,
				  struct oae_profile *p, struct oae_error *err)
{
	const cJSON *prices = cJSON_GetObjectItemCaseSensitive(tree, "prices");
	const cJSON *wages =
		cJSON_GetObjectItemCaseSensitive(tree, "wages_usd_h");
	enum oae_status status = OAE_OK;

	if (prices)
		status = oae_check_keys(prices, "prices", price_keys, err);
	if (wages && !status)
		status = oae_check_keys(wages, "wages_usd_h", wage_keys, err);
	if (!status)
		status = range_or(tree, "rho_usd", &t->defaults, &p->rho_usd,
				  err);
	if (!status)
		status = range_or(prices, "p_s_usd", &t->defaults, &p->p_s_usd,
				  err);
	if (!status)
		status = range_or(prices, "p_h_usd", &t->defaults, &p->p_h_usd,
				  err);
	if (!status)
		status = range_or(prices, "p_e_usd_kwh", &t->defaults,
				  &p->p_e_usd_kwh, err);
	if (!status)
		status = range_or(prices, "p_idle_w", &t->defaults,
				  &p->p_idle_w, err);
	for (int k = 0; k < OAE_TIERS && !status; k++) {
		status = range_or(wages, wage_keys[k], &t->wages,
				  &p->wage_usd_h[k], err);
		if (!status && !(p->wage_usd_h[k].low > 0))
			status = oae_fail(err, OAE_ERR_FORMAT, 0,
					  "the wage of"
					  " %s must be above 0",
					  wage_keys[k]);
	}
	return status;
}

/* "grid": the name of a row, or a range of one's own; WORLD if missing. */
static enum oae_status read_grid(const cJSON *tree, const struct oae_tables *t,
				 struct oae_profile *p, struct oae_error *err)
{
	const cJSON *grid = cJSON_GetObjectItemCaseSensitive(tree, "grid");

	if (grid && !cJSON_IsString(grid))
		return oae_range_read(grid, "grid", false, &p->grid_g_kwh, err);
	p->grid = grid ? grid->valuestring : "WORLD";
	return oae_table_get(&t->grid, p->grid, &p->grid_g_kwh, err);
}

static enum oae_status read_horizon(const cJSON *tree,
				    const struct oae_tables *t,
				    struct oae_profile *p,
				    struct oae_error *err)
{
	const cJSON *requests =
		cJSON_GetObjectItemCaseSensitive(tree, "requests_a_month");
	const char *tier;
	enum oae_status status;

	status = oae_range_read(requests, "requests_a_month", false,
				&p->requests_a_month, err);
	if (!status && !(p->requests_a_month.low > 0))
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "\"requests_a_month\" must be above 0");
	if (!status)
		status = bounded_or(tree, "H_months", 0, 1200, true, t,
				    &p->H_months, err);
	if (!status)
		status = bounded_or(tree, "peak_over_mean", 1, 1e6, false, t,
				    &p->peak_over_mean, err);
	if (!status)
		status = bounded_or(tree, "u", 0, 1, true, t, &p->u, err);
	if (!status)
		status = bounded_or(tree, "margin", 0, 1, false, t, &p->margin,
				    err);
	if (!status)
		status = oae_json_str(tree, "tier", &tier, err);
	if (status)
		return status;
	p->tier = oae_tier_parse(tier);
	if (p->tier < 0)
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "tier \"%.20s\" is"
				  " unknown; give T1, T2 or T3",
				  tier);
	return status;
}

static enum oae_status read_tree(const cJSON *tree, const struct oae_tables *t,
				 struct oae_profile *p, struct oae_error *err)
{
	enum oae_status status;

	status = oae_check_keys(tree, "profile", profile_keys, err);
	if (!status)
		status = oae_json_str(tree, "id", &p->id, err);
	if (!status && !oae_check_name(p->id))
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "id \"%.60s\" is no name", p->id);
	if (!status)
		status = oae_json_str(tree, "title", &p->title, err);
	if (!status)
		status = read_horizon(tree, t, p, err);
	if (!status)
		status = read_slo(tree, p, err);
	if (!status)
		status = read_workloads(tree, p, err);
	if (!status)
		status = read_shape(tree, p, err);
	if (!status)
		status = read_money(tree, t, p, err);
	if (!status)
		status = read_grid(tree, t, p, err);
	return status;
}

enum oae_status oae_profile_take(cJSON *tree, const char *what,
				 const struct oae_tables *t,
				 struct oae_profile *p, struct oae_error *err)
{
	enum oae_status status;

	memset(p, 0, sizeof(*p));
	p->tree = tree;
	status = oae_check_version(tree, "oae_profile", 1, what, err);
	if (status)
		return status;
	status = read_tree(tree, t, p, err);
	if (status)
		oae_error_prefix(err, "%s", what);
	return status;
}

enum oae_status oae_profile_read(const char *path, const struct oae_tables *t,
				 struct oae_profile *p, struct oae_error *err)
{
	cJSON *tree = NULL;
	enum oae_status status = oae_json_read(path, &tree, err);

	memset(p, 0, sizeof(*p));
	return status ? status : oae_profile_take(tree, path, t, p, err);
}

void oae_profile_release(struct oae_profile *p)
{
	cJSON_Delete(p->tree);
	memset(p, 0, sizeof(*p));
}

double oae_profile_requests(const struct oae_profile *p)
{
	return p->requests_a_month.mid * p->H_months;
}
