/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/access_tuned.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/stats.h"
#include "schema/result_internal.h"
#include "schema/talent.h"
#include "schema/tune.h"

static const char no_trials[] =
	"a campaign measures shipped defaults; `oae tune` tries other settings,"
	" and on the whole machine only";

static const cJSON *at(const cJSON *obj, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(obj, key);
}

enum oae_status oae_access_tunings(const struct oae_score *s, const char *dir,
				   cJSON **out, struct oae_error *err)
{
	const cJSON *in;
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status = OAE_OK;

	*out = cJSON_CreateArray();
	if (!*out)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	cJSON_ArrayForEach(in, at(s->records.campaign, "inputs")) {
		cJSON *doc = NULL;

		if (status || strncmp(in->string, "tune/", 5) != 0)
			continue;
		if (snprintf(path, sizeof(path), "%s/inputs/%s", dir,
			     in->string) >= (int)sizeof(path))
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"%.200s: path too long", dir);
		status = oae_json_read(path, &doc, err);
		if (!status)
			cJSON_AddItemToArray(*out, doc);
	}
	return status;
}

double oae_access_chance(size_t m, size_t fail, size_t n)
{
	double none = 1;

	if (n > m || fail > m)
		return NAN;
	for (size_t i = 0; i < n; i++)
		none *= i < fail ? (double)(fail - i) / (double)(m - i) : 0;
	return 1 - none;
}

/* The system's own tuning for this profile and program, or a reason. */
static const cJSON *search_of(const struct oae_score *s,
			      const struct oae_profile *p, const cJSON *tunings,
			      size_t system, const char **reason)
{
	const char *id = s->systems[system].id;
	const cJSON *doc, *search;

	*reason = strchr(id, ':') ?
			  "knobs were set: these are not its defaults" :
			  no_trials;
	cJSON_ArrayForEach(doc, tunings) {
		if (strcmp(oae_json_str_or(doc, "system", ""), id) != 0)
			continue;
		*reason = "its tuning was for another profile";
		if (strcmp(oae_json_str_or(doc, "profile", ""), p->id) != 0)
			continue;
		*reason = "its tuning was of another program or model";
		if (!oae_result_same_program(s, doc))
			continue;
		*reason = "its tuning has no trials";
		cJSON_ArrayForEach(search, at(doc, "searches"))
			if (!strcmp(oae_json_str_or(search, "system", ""), id))
				return search;
	}
	return NULL;
}

/* The share that is to be right and in time, over the profile's mix. */
static double floor_of(const struct oae_score *s, const double *weight)
{
	double sum = 0;

	for (size_t w = 0; w < s->workload_count; w++) {
		double floor = s->workloads[w].floor;

		if (weight[w] > 0)
			sum += weight[w] *
			       (isnan(floor) ? OAE_ACCESS_FLOOR : floor);
	}
	return sum;
}

/* Trials in a search, and what each gave. */
struct trials {
	double g[OAE_TUNE_TRIALS_MAX];
	size_t count, fail;
};

static void take_trials(const cJSON *search, double floor, struct trials *out)
{
	const cJSON *x;

	out->count = out->fail = 0;
	cJSON_ArrayForEach(x, at(search, "settings")) {
		double g = oae_json_num_or(x, "g", NAN);
		bool failed = cJSON_IsString(at(x, "reason")) || isnan(g) ||
			      !strcmp(oae_json_str_or(x, "gate", ""),
				      oae_gate_name(OAE_GATE_FAIL));

		if (out->count == OAE_TUNE_TRIALS_MAX)
			break;
		out->g[out->count++] = failed ? 0 : g;
		out->fail += failed || g < floor;
	}
}

/* On the whole machine, where its trials were measured. */
static struct oae_access_cell from_trials(const struct oae_score *s,
					  const struct oae_profile *p,
					  const cJSON *search, size_t n)
{
	struct oae_access_cell out = { .g = NAN, .probability = NAN };
	double weight[OAE_WORKLOADS_MAX];
	struct trials *t = malloc(sizeof(*t));

	if (!t) {
		out.reason = "out of memory";
		return out;
	}
	if (!oae_assess_weights(s, p, weight)) {
		out.reason = "no workload of the profile was measured";
		goto out;
	}
	take_trials(search, floor_of(s, weight), t);
	if (t->count < n) {
		out.reason = n == 4 ? "its tuning has fewer than 4 trials" :
				      "its tuning has fewer than 16 trials";
		goto out;
	}
	oae_sort(t->g, t->count);
	out.g = oae_best_of_unbiased(t->g, t->count, n);
	out.probability = oae_access_chance(t->count, t->fail, n);
	out.outcome = out.probability >= OAE_ACCESS_SURE ? OAE_GATE_PASS :
							   OAE_GATE_FAIL;
out:
	free(t);
	return out;
}

/* On a smaller one: the setting that the search chose, run there. */
static struct oae_access_cell from_setting(const struct oae_score *s,
					   const struct oae_profile *p,
					   const cJSON *search,
					   size_t condition, size_t n,
					   const enum oae_gate *gate)
{
	struct oae_access_cell out = { .g = NAN, .probability = NAN };
	const char *id = oae_json_str_or(at(search, "best"), "id", "");

	if ((size_t)cJSON_GetArraySize(at(search, "settings")) > n) {
		out.reason = "the tuned setting was found by more trials";
		return out;
	}
	for (size_t i = 0; i < s->system_count; i++)
		if (strcmp(s->systems[i].id, id) == 0)
			return oae_access_setting(s, p, i, condition, gate[i]);
	out.reason = "the tuned setting was not run there";
	return out;
}

struct oae_access_cell oae_access_tuned(const struct oae_score *s,
					const struct oae_profile *p,
					const cJSON *tunings, size_t system,
					size_t condition, size_t n,
					const enum oae_gate *gate)
{
	struct oae_access_cell out = { .g = NAN, .probability = NAN };
	struct oae_access_cell shipped;
	const cJSON *search = search_of(s, p, tunings, system, &out.reason);

	if (!search)
		return out;
	out = condition == 0 ? from_trials(s, p, search, n) :
			       from_setting(s, p, search, condition, n, gate);
	if (out.reason || out.outcome == OAE_GATE_PASS)
		return out;
	/* Who may try need not. */
	shipped = oae_access_of(s, p, system, condition, gate[system]);
	if (!shipped.reason && shipped.outcome != OAE_GATE_FAIL)
		out.outcome = shipped.outcome;
	return out;
}
