/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "schema/check.h"
#include "schema/plan.h"

static const char *const plan_keys[] = {
	"about",
	"r_usd_h",
	"H_months",
	"hours",
	"g",
	"peak_over_mean",
	"u",
	"rho_usd",
	"systems",
	"baseline",
	"on_demand",
	"owned",
	"profiles_requests_a_month",
	"N",
	NULL,
};
static const char *const system_keys[] = {
	"about", "a_h", "mu_h_month", "s",  "watt_above_idle",
	"e_kwh", "g",	"setup_s",    NULL,
};
static const char *const on_demand_keys[] = { "p_s_usd", NULL };
static const char *const owned_keys[] = {
	"p_h_usd",
	"p_idle_w",
	"p_e_usd_kwh",
	NULL,
};

/* A number or [low, mid, high]; bounded for each of them. */
struct number {
	double v[3]; /* low, mid, high */
};

struct bounds {
	double least, most;
	bool open; /* least itself is not allowed */
};

static const struct bounds any_amount = { 0, 1e100, false };
static const struct bounds positive = { 0, 1e100, true };
static const struct bounds share = { 0, 1, false };
static const struct bounds positive_share = { 0, 1, true };

static enum oae_status to_number(const cJSON *value, const char *what,
				 const struct bounds *b, struct number *out,
				 struct oae_error *err)
{
	bool list = cJSON_IsArray(value);

	if (!value)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: is missing; give"
				" a number or [low, mid, high]",
				what);
	if (list && cJSON_GetArraySize(value) != 3)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: a range has three"
				" numbers, [low, mid, high]",
				what);
	for (int i = 0; i < 3; i++) {
		const cJSON *n = list ? cJSON_GetArrayItem(value, i) : value;
		double v = cJSON_IsNumber(n) ? n->valuedouble : NAN;

		if (!cJSON_IsNumber(n))
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"%s: is not a"
					" number; give a number or [low, mid,"
					" high]",
					what);
		if (!(v >= b->least) || v > b->most ||
		    (b->open && v == b->least))
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"%s: is %g; it"
					" must be %s %g and at most %g",
					what, v, b->open ? "above" : "at least",
					b->least, b->most);
		out->v[i] = v;
	}
	if (out->v[0] > out->v[1] || out->v[1] > out->v[2])
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: [%g, %g, %g] must"
				" ascend: [low, mid, high]",
				what, out->v[0], out->v[1], out->v[2]);
	return OAE_OK;
}

/* A member; NULL bounds' default when it is missing and may be. */
static enum oae_status member(const cJSON *obj, const char *where,
			      const char *key, const struct bounds *b,
			      const double *otherwise, struct number *out,
			      struct oae_error *err)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(obj, key);
	char what[200];

	if (!value && otherwise) {
		out->v[0] = out->v[1] = out->v[2] = *otherwise;
		return OAE_OK;
	}
	snprintf(what, sizeof(what), "%s%s%s", where, *where ? "." : "", key);
	return to_number(value, what, b, out, err);
}

static void set_term(struct oae_plan *p, enum oae_term term,
		     const struct number *n)
{
	p->low.v[term] = n->v[0];
	p->mid.v[term] = n->v[1];
	p->high.v[term] = n->v[2];
}

static void set_own(struct oae_plan_system *s, enum oae_own own,
		    const struct number *n)
{
	s->low.v[own] = n->v[0];
	s->mid.v[own] = n->v[1];
	s->high.v[own] = n->v[2];
}

struct term_row {
	const char *key;
	enum oae_term term;
	const struct bounds *bounds;
	const double *otherwise;
};

static const double zero = 0, one = 1;

static enum oae_status read_terms(const cJSON *obj, const char *where,
				  const struct term_row *rows, size_t count,
				  struct oae_plan *p, struct oae_error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct number n;
		enum oae_status status = member(obj, where, rows[i].key,
						rows[i].bounds,
						rows[i].otherwise, &n, err);

		if (status)
			return status;
		set_term(p, rows[i].term, &n);
	}
	return OAE_OK;
}

static enum oae_status read_prices(const cJSON *in, struct oae_plan *p,
				   struct oae_error *err)
{
	static const struct term_row on_demand_row[] = {
		{ "p_s_usd", OAE_TERM_P_S, &any_amount, NULL },
	};
	static const struct term_row owned_rows[] = {
		{ "p_h_usd", OAE_TERM_P_H, &any_amount, NULL },
		{ "p_idle_w", OAE_TERM_P_IDLE, &any_amount, NULL },
		{ "p_e_usd_kwh", OAE_TERM_P_E, &any_amount, NULL },
	};
	const cJSON *on = cJSON_GetObjectItemCaseSensitive(in, "on_demand");
	const cJSON *own = cJSON_GetObjectItemCaseSensitive(in, "owned");
	enum oae_status status = OAE_OK;

	p->on_demand = on != NULL;
	p->owned = own != NULL;
	if (!on && !own)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"on_demand, owned: both"
				" are missing; give the prices of at least"
				" one");
	if (on)
		status = oae_check_keys(on, "on_demand", on_demand_keys, err);
	if (on && !status)
		status = read_terms(on, "on_demand", on_demand_row, 1, p, err);
	if (own && !status)
		status = oae_check_keys(own, "owned", owned_keys, err);
	if (own && !status)
		status = read_terms(own, "owned", owned_rows, 3, p, err);
	return status;
}

static enum oae_status read_shared(const cJSON *in, struct oae_plan *p,
				   struct oae_error *err)
{
	static const struct term_row rows[] = {
		{ "r_usd_h", OAE_TERM_R1, &positive, NULL },
		{ "H_months", OAE_TERM_H, &positive, NULL },
		{ "peak_over_mean", OAE_TERM_PEAK, &positive, &one },
		{ "u", OAE_TERM_U, &positive_share, &one },
		{ "rho_usd", OAE_TERM_RHO, &any_amount, &zero },
	};
	const cJSON *hours = cJSON_GetObjectItemCaseSensitive(in, "hours");
	enum oae_status status;
	double expect;

	p->low = p->mid = p->high = oae_terms_init();
	status = read_terms(in, "", rows, sizeof(rows) / sizeof(rows[0]), p,
			    err);
	if (status)
		return status;
	expect = p->mid.v[OAE_TERM_H] * OAE_MONTH_HOURS;
	if (hours && (!cJSON_IsNumber(hours) ||
		      fabs(hours->valuedouble - expect) > 1e-6 * expect))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"hours: is not H_months"
				" x 730 = %g; correct it or leave it out",
				expect);
	return read_prices(in, p, err);
}

static enum oae_status read_energy(const cJSON *obj, const char *where,
				   bool needed, struct oae_plan_system *s,
				   struct oae_error *err)
{
	const cJSON *e = cJSON_GetObjectItemCaseSensitive(obj, "e_kwh");
	struct number watt, n;
	enum oae_status status;
	double from_watt;

	if (e || !needed) {
		status = member(obj, where, "e_kwh", &any_amount, &zero, &n,
				err);
		if (!status)
			set_own(s, OAE_OWN_E, &n);
		if (status || !e)
			return status;
	}
	if (e && !cJSON_GetObjectItemCaseSensitive(obj, "watt_above_idle"))
		return OAE_OK;
	status = member(obj, where, "watt_above_idle", &any_amount, NULL, &watt,
			err);
	if (status)
		return status;
	from_watt = watt.v[1] * s->mid.v[OAE_OWN_S] / 3.6e6;
	if (e && fabs(n.v[1] - from_watt) > 0.01 * fmax(n.v[1], from_watt))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s.e_kwh: %g is not"
				" watt_above_idle x s / 3.6e6 = %g; correct"
				" one or leave one out",
				where, n.v[1], from_watt);
	if (e)
		return OAE_OK;
	n.v[0] = watt.v[0] * s->low.v[OAE_OWN_S] / 3.6e6;
	n.v[1] = from_watt;
	n.v[2] = watt.v[2] * s->high.v[OAE_OWN_S] / 3.6e6;
	set_own(s, OAE_OWN_E, &n);
	return OAE_OK;
}

static enum oae_status read_system(const cJSON *obj, const struct oae_plan *p,
				   const struct number *g,
				   struct oae_plan_system *s,
				   struct oae_error *err)
{
	static const struct {
		const char *key;
		enum oae_own own;
		const struct bounds *bounds;
		const double *otherwise;
	} rows[] = {
		{ "a_h", OAE_OWN_A1, &any_amount, NULL },
		{ "mu_h_month", OAE_OWN_MU1, &any_amount, NULL },
		{ "s", OAE_OWN_S, &positive, NULL },
		{ "setup_s", OAE_OWN_SETUP_S, &any_amount, &zero },
	};
	char where[160];
	struct number n;
	enum oae_status status;

	snprintf(where, sizeof(where), "systems.%.128s", obj->string);
	status = oae_check_keys(obj, where, system_keys, err);
	s->name = obj->string;
	s->low = s->mid = s->high = oae_own_init();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !status; i++) {
		status = member(obj, where, rows[i].key, rows[i].bounds,
				rows[i].otherwise, &n, err);
		if (!status)
			set_own(s, rows[i].own, &n);
	}
	if (status)
		return status;
	n = *g;
	if (cJSON_GetObjectItemCaseSensitive(obj, "g"))
		status = member(obj, where, "g", &share, NULL, &n, err);
	set_own(s, OAE_OWN_G, &n);
	if (!status)
		status = read_energy(obj, where, p->owned, s, err);
	return status;
}

static enum oae_status read_systems(const cJSON *in, struct oae_plan *p,
				    struct oae_error *err)
{
	const char *baseline = oae_json_str_or(in, "baseline", NULL);
	const cJSON *systems, *obj;
	struct number g;
	enum oae_status status = oae_json_obj(in, "systems", &systems, err);

	if (!status)
		status = member(in, "", "g", &share, &one, &g, err);
	if (status)
		return status;
	p->system_count = 0;
	p->baseline = 0;
	cJSON_ArrayForEach(obj, systems) {
		if (p->system_count == OAE_SYSTEMS_MAX)
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"systems: more"
					" than %u",
					OAE_SYSTEMS_MAX);
		status = read_system(obj, p, &g, &p->systems[p->system_count],
				     err);
		if (status)
			return status;
		if (baseline && strcmp(baseline, obj->string) == 0) {
			p->baseline = p->system_count;
			baseline = NULL;
		}
		p->system_count++;
	}
	if (baseline)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"baseline: \"%.60s\" is"
				" none of the systems",
				baseline);
	if (p->system_count < 2)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"systems: %zu given;"
				" a comparison needs two",
				p->system_count);
	return OAE_OK;
}

static enum oae_status add_point(struct oae_plan *p, const char *profile,
				 const cJSON *value, const char *what,
				 double months, struct oae_error *err)
{
	struct oae_plan_point *point;
	struct number n;
	enum oae_status status = to_number(value, what, &positive, &n, err);

	if (status)
		return status;
	if (p->point_count == OAE_PLAN_POINTS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "%s: more than %u", what,
				OAE_PLAN_POINTS_MAX);
	point = &p->points[p->point_count++];
	point->profile = profile;
	point->low = n.v[0] * months;
	point->mid = n.v[1] * months;
	point->high = n.v[2] * months;
	return OAE_OK;
}

static enum oae_status read_points(const cJSON *in, struct oae_plan *p,
				   struct oae_error *err)
{
	const char *key = "profiles_requests_a_month";
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(in, "N");
	const cJSON *profiles = cJSON_GetObjectItemCaseSensitive(in, key);
	const cJSON *source = list ? list : profiles;
	const cJSON *v;
	enum oae_status status = OAE_OK;
	char what[200];

	p->point_count = 0;
	if (list && !cJSON_IsArray(list))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"N: is no list; give [80640, ...]");
	if (profiles && !cJSON_IsObject(profiles))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: is no object; give"
				" {\"clinic\": 3360, ...}",
				key);
	cJSON_ArrayForEach(v, source) {
		const char *name = list ? NULL : v->string;

		snprintf(what, sizeof(what), "%s%s%.128s", list ? "N" : key,
			 list ? "" : ".", list ? "" : name);
		status = add_point(p, name, v, what,
				   list ? 1 : p->mid.v[OAE_TERM_H], err);
		if (status)
			return status;
	}
	if (p->point_count == 0)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"N: is missing or"
				" empty; give \"N\": [...] or \"%s\"",
				key);
	return OAE_OK;
}

enum oae_status oae_plan_read(const cJSON *tree, struct oae_plan *p,
			      struct oae_error *err)
{
	const cJSON *in = cJSON_GetObjectItemCaseSensitive(tree, "inputs");
	enum oae_status status;

	if (!in)
		in = tree;
	status = oae_check_keys(in, "inputs", plan_keys, err);
	if (!status)
		status = read_shared(in, p, err);
	if (!status)
		status = read_systems(in, p, err);
	if (!status)
		status = read_points(in, p, err);
	return status;
}
