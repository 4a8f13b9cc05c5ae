/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/tolerance.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Memory that a kernel reports differs a little from boot to boot. */
#define MEMORY_SHARE 0.05
/* 95 %, two-sided. */
#define WILSON_Z 1.959963984540054

static const cJSON *member(const cJSON *obj, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(obj, key);
}

static const char *str(const cJSON *obj, const char *key)
{
	return oae_json_str_or(obj, key, "");
}

const char *oae_agreement_name(enum oae_agreement a)
{
	static const char *const names[OAE_AGREEMENTS] = {
		[OAE_AGREES_INSIDE] = "inside",
		[OAE_AGREES_OUTSIDE] = "outside",
		[OAE_AGREES_NOT_COMPARABLE] = "not comparable",
	};

	return names[a];
}

/* ---- one number ------------------------------------------------------- */

/* A value that is known and fits its kind. */
static bool usable(double v, enum oae_number_kind kind)
{
	return isfinite(v) && (kind == OAE_NUMBER_SHARE || v > 0);
}

/* Whether both intervals meet when one of them is widened by t. */
static bool meet(const struct oae_tolerance_item *x, double t)
{
	double a_low = isnan(x->was_low) ? x->was : x->was_low;
	double a_high = isnan(x->was_high) ? x->was : x->was_high;
	double b_low = isnan(x->is_low) ? x->is : x->is_low;
	double b_high = isnan(x->is_high) ? x->is : x->is_high;

	if (x->kind == OAE_NUMBER_SHARE)
		return a_low <= b_high + t && b_low <= a_high + t;
	return a_low <= b_high * (1 + t) && b_low <= a_high * (1 + t);
}

static enum oae_agreement not_comparable(struct oae_tolerance_item *x,
					 const char *reason)
{
	x->reason = reason;
	x->agreement = OAE_AGREES_NOT_COMPARABLE;
	return x->agreement;
}

enum oae_agreement oae_tolerance_judge(struct oae_tolerance_item *x,
				       bool same_machine)
{
	double t = same_machine ? OAE_TOLERANCE_SAME : OAE_TOLERANCE_OTHER;
	bool near;

	x->by_interval = false;
	x->reason = NULL;
	x->apart = NAN;
	if (!usable(x->was, x->kind))
		return not_comparable(x, "the published result has no number");
	if (!usable(x->is, x->kind))
		return not_comparable(x, "the new result has no number");
	if (x->kind == OAE_NUMBER_SHARE) {
		x->apart = fabs(x->is - x->was);
		/* 1 - 0.98 is a little more than 0.02 */
		near = x->apart <= t * (1 + 1e-9);
	} else {
		x->apart = fabs(x->is / x->was - 1);
		near = fabs(log(x->is / x->was)) <= log1p(t) * (1 + 1e-9);
	}
	if (x->kind == OAE_NUMBER_ABSOLUTE && !same_machine)
		return not_comparable(x, "an absolute number of another"
					 " machine");
	x->by_interval = !near && meet(x, t);
	x->agreement = near || x->by_interval ? OAE_AGREES_INSIDE :
						OAE_AGREES_OUTSIDE;
	return x->agreement;
}

/* ---- the same machine ------------------------------------------------- */

/* Both the same, or both missing. */
static bool same(const cJSON *a, const cJSON *b)
{
	return a && b ? cJSON_Compare(a, b, true) : a == b;
}

bool oae_same_machine(const cJSON *was, const cJSON *is)
{
	static const char *const cpu_keys[] = {
		"model",	 "family",	   "model_number", "stepping",
		"cores_allowed", "cores_physical", "sockets",
	};
	const cJSON *a = member(member(was, "environment"), "start");
	const cJSON *b = member(member(is, "environment"), "start");
	double m = oae_json_num_or(a, "memory_bytes", NAN);
	double n = oae_json_num_or(b, "memory_bytes", NAN);

	if (!a || !b)
		return false;
	for (size_t i = 0; i < sizeof(cpu_keys) / sizeof(cpu_keys[0]); i++)
		if (!same(member(member(a, "cpu"), cpu_keys[i]),
			  member(member(b, "cpu"), cpu_keys[i])))
			return false;
	return same(member(a, "virtual"), member(b, "virtual")) &&
	       fabs(n / m - 1) <= MEMORY_SHARE;
}

/* ---- all numbers ------------------------------------------------------ */

struct walk {
	struct oae_tolerance *out;
	struct oae_error *err;
	enum oae_status status;
};

/* A new item with no values. */
static struct oae_tolerance_item *item(struct walk *w, enum oae_number_kind k,
				       const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static struct oae_tolerance_item *item(struct walk *w, enum oae_number_kind k,
				       const char *fmt, ...)
{
	struct oae_tolerance *t = w->out;
	struct oae_tolerance_item *x;
	va_list args;

	if (w->status)
		return NULL;
	if (t->count == OAE_TOLERANCE_ITEMS_MAX) {
		w->status = oae_fail(w->err, OAE_ERR_LIMIT, 0,
				     "more than %u numbers to compare",
				     OAE_TOLERANCE_ITEMS_MAX);
		return NULL;
	}
	if (t->count == t->alloc) {
		size_t n = t->alloc ? 2 * t->alloc : 64;

		x = reallocarray(t->item, n, sizeof(*x));
		if (!x) {
			w->status = oae_fail(w->err, OAE_ERR_NOMEM, 0,
					     "out of memory");
			return NULL;
		}
		t->item = x;
		t->alloc = n;
	}
	x = &t->item[t->count++];
	memset(x, 0, sizeof(*x));
	x->kind = k;
	x->was = x->was_low = x->was_high = NAN;
	x->is = x->is_low = x->is_high = NAN;
	va_start(args, fmt);
	vsnprintf(x->what, sizeof(x->what), fmt, args);
	va_end(args);
	return x;
}

static void judge(struct walk *w, struct oae_tolerance_item *x)
{
	if (!x)
		return;
	oae_tolerance_judge(x, w->out->same_machine);
	w->out->number[x->agreement]++;
	w->out->by_interval += x->by_interval;
}

/* {"value", "low", "high"} of both sides; `no` when one has no counterpart. */
static void compare(struct walk *w, struct oae_tolerance_item *x,
		    const cJSON *was, const cJSON *is, const char *no)
{
	if (!x)
		return;
	x->was = oae_json_num_or(was, "value", NAN);
	x->was_low = oae_json_num_or(was, "low", NAN);
	x->was_high = oae_json_num_or(was, "high", NAN);
	x->is = oae_json_num_or(is, "value", NAN);
	x->is_low = oae_json_num_or(is, "low", NAN);
	x->is_high = oae_json_num_or(is, "high", NAN);
	judge(w, x);
	if (x->agreement == OAE_AGREES_NOT_COMPARABLE && no)
		x->reason = no;
}

/* The element of a list whose member `key` is that text, or NULL. */
static const cJSON *find(const cJSON *list, const char *key, const char *text)
{
	const cJSON *e;

	cJSON_ArrayForEach(e, list)
		if (strcmp(str(e, key), text) == 0)
			return e;
	return NULL;
}

/* Wilson's interval of a share of n. */
static void wilson(double share, double n, double *low, double *high)
{
	double z2 = WILSON_Z * WILSON_Z, centre, half;

	if (!isfinite(share) || !(n > 0))
		return;
	centre = (share + z2 / (2 * n)) / (1 + z2 / n);
	half = WILSON_Z / (1 + z2 / n) *
	       sqrt(share * (1 - share) / n + z2 / (4 * n * n));
	*low = centre - half;
	*high = centre + half;
}

static void compare_quality(struct walk *w, struct oae_tolerance_item *x,
			    const cJSON *was, const cJSON *is, const char *no)
{
	if (!x)
		return;
	x->was = oae_json_num_or(was, "score", NAN);
	x->is = oae_json_num_or(is, "score", NAN);
	wilson(x->was, oae_json_num_or(was, "n", NAN), &x->was_low,
	       &x->was_high);
	wilson(x->is, oae_json_num_or(is, "n", NAN), &x->is_low, &x->is_high);
	judge(w, x);
	if (x->agreement == OAE_AGREES_NOT_COMPARABLE && no)
		x->reason = no;
}

static void compare_workload(struct walk *w, const char *system,
			     const cJSON *was, const cJSON *is)
{
	const char *id = str(was, "workload");
	const char *no = is ? NULL : "the new result has not this workload";
	const cJSON *jw = member(was, "joules_per_request");
	const cJSON *ji = member(is, "joules_per_request");

	compare(w,
		item(w, OAE_NUMBER_ABSOLUTE, "%s, %s: s_per_request", system,
		     id),
		member(was, "s_per_request"), member(is, "s_per_request"), no);
	compare(w,
		item(w, OAE_NUMBER_ABSOLUTE, "%s, %s: cpu_s_per_request",
		     system, id),
		member(was, "cpu_s_per_request"),
		member(is, "cpu_s_per_request"), no);
	compare(w,
		item(w, OAE_NUMBER_ABSOLUTE,
		     "%s, %s: joules_per_request.measured", system, id),
		member(jw, "measured"), member(ji, "measured"), no);
	compare(w,
		item(w, OAE_NUMBER_ABSOLUTE, "%s, %s: peak_memory_bytes",
		     system, id),
		member(was, "peak_memory_bytes"),
		member(is, "peak_memory_bytes"), no);
	compare(w, item(w, OAE_NUMBER_SHARE, "%s, %s: g", system, id),
		member(was, "g"), member(is, "g"), no);
	compare_quality(
		w, item(w, OAE_NUMBER_SHARE, "%s, %s: quality", system, id),
		member(was, "quality"), member(is, "quality"), no);
}

static void compare_systems(struct walk *w, const cJSON *was, const cJSON *is)
{
	const cJSON *s, *cell, *other, *cells;

	cJSON_ArrayForEach(s, member(was, "systems")) {
		other = find(member(is, "systems"), "id", str(s, "id"));
		cells = member(member(other, "measured"), "by_workload");
		cJSON_ArrayForEach(cell,
				   member(member(s, "measured"), "by_workload"))
			compare_workload(w, str(s, "id"), cell,
					 find(cells, "workload",
					      str(cell, "workload")));
	}
}

static void compare_mode(struct walk *w, const char *profile,
			 const char *system, const char *mode, const cJSON *was,
			 const cJSON *is)
{
	static const char *const keys[] = { "oae", "retrofit_oae",
					    "kappa_ratio", "s_ratio" };
	const char *no = is ? NULL : "the new result has not this score";

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (member(was, keys[i]))
			compare(w,
				item(w, OAE_NUMBER_RATIO, "%s, %s, %s: %s",
				     profile, system, mode, keys[i]),
				member(was, keys[i]), member(is, keys[i]), no);
}

/* Each score under a condition; nominal ones are the scores themselves. */
static void compare_conditions(struct walk *w, const cJSON *was,
			       const cJSON *is)
{
	static const char *const modes[] = { "on_demand", "owned" };
	const cJSON *cells = member(member(is, "conditions"), "cells");
	const cJSON *cell, *s, *other;

	cJSON_ArrayForEach(cell, member(member(was, "conditions"), "cells")) {
		if (strcmp(str(cell, "condition"), "nominal") == 0)
			continue;
		cJSON_ArrayForEach(s, member(cell, "systems")) {
			other = find(member(find(cells, "condition",
						 str(cell, "condition")),
					    "systems"),
				     "system", str(s, "system"));
			for (size_t m = 0; m < 2; m++)
				if (member(s, modes[m]))
					compare(w,
						item(w, OAE_NUMBER_RATIO,
						     "%s, %s, %s, %s: oae",
						     str(was, "id"),
						     str(s, "system"), modes[m],
						     str(cell, "condition")),
						member(s, modes[m]),
						member(other, modes[m]),
						other ? NULL :
							"the new result has not"
							" this condition");
		}
	}
}

static void compare_profiles(struct walk *w, const cJSON *was, const cJSON *is)
{
	static const char *const modes[] = { "on_demand", "owned" };
	const cJSON *p, *s, *profile, *score;

	cJSON_ArrayForEach(p, member(was, "profiles")) {
		profile = find(member(is, "profiles"), "id", str(p, "id"));
		cJSON_ArrayForEach(s, member(p, "scores")) {
			score = find(member(profile, "scores"), "system",
				     str(s, "system"));
			for (size_t m = 0; m < 2; m++)
				compare_mode(w, str(p, "id"), str(s, "system"),
					     modes[m],
					     member(member(s, "modes"),
						    modes[m]),
					     member(member(score, "modes"),
						    modes[m]));
		}
		compare_conditions(w, p, profile);
	}
}

enum oae_status oae_tolerance_compare(const cJSON *was, const cJSON *is,
				      struct oae_tolerance *out,
				      struct oae_error *err)
{
	struct walk w = { .out = out, .err = err, .status = OAE_OK };

	memset(out, 0, sizeof(*out));
	out->same_machine = oae_same_machine(was, is);
	out->tolerance = out->same_machine ? OAE_TOLERANCE_SAME :
					     OAE_TOLERANCE_OTHER;
	compare_systems(&w, was, is);
	compare_profiles(&w, was, is);
	return w.status;
}

void oae_tolerance_release(struct oae_tolerance *t)
{
	free(t->item);
	memset(t, 0, sizeof(*t));
}
