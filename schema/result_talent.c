/* SPDX-License-Identifier: Apache-2.0 */
/* "talent": what tunings among the inputs found (spec section 7). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "schema/result_internal.h"
#include "schema/tune.h"

static const cJSON *at(const cJSON *obj, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(obj, key);
}

/* A number, or null with its reason: never what somebody else put there. */
static void put_value(struct oae_jw *w, const char *key, const cJSON *v)
{
	double value = oae_json_num_or(v, "value", NAN);

	if (isnan(value)) {
		oae_result_missing(w, key,
				   oae_json_str_or(v, "reason",
						   "not in the tuning"));
		return;
	}
	oae_jw_obj(w, key);
	oae_jw_num(w, "value", value);
	oae_jw_end_obj(w);
}

static void put_count(struct oae_jw *w, const char *key, const cJSON *doc)
{
	oae_jw_int(w, key, (int64_t)oae_json_u64_or(doc, key, 0));
}

bool oae_result_same_program(const struct oae_score *s, const cJSON *doc)
{
	const char *id = oae_json_str_or(doc, "system", "");
	const cJSON *was = at(doc, "program");

	for (size_t i = 0; i < s->system_count; i++)
		if (strcmp(s->systems[i].id, id) == 0)
			return cJSON_Compare(at(was, "binary_sha256"),
					     at(s->systems[i].json,
						"binary_sha256"),
					     true) &&
			       cJSON_Compare(at(was, "models"),
					     at(s->systems[i].json, "models"),
					     true);
	return false;
}

static void put_expert(struct oae_jw *w, const cJSON *doc)
{
	const cJSON *e = at(doc, "expert"), *set = at(e, "setting");
	const cJSON *gain = at(set, "gain");

	oae_jw_obj(w, "expert");
	oae_jw_str(w, "who", oae_json_str_or(e, "who", NULL));
	oae_jw_num(w, "trials", oae_json_num_or(e, "trials", NAN));
	oae_jw_num(w, "hours", oae_json_num_or(e, "hours", NAN));
	oae_jw_str(w, "hours_class", oae_json_str_or(e, "hours_class", NULL));
	oae_jw_num(w, "charge_usd", oae_json_num_or(e, "charge_usd", NAN));
	oae_jw_str(w, "id", oae_json_str_or(set, "id", NULL));
	oae_jw_obj(w, "gain");
	oae_jw_num(w, "value", oae_json_num_or(gain, "value", NAN));
	oae_jw_num(w, "low", oae_json_num_or(gain, "low", NAN));
	oae_jw_num(w, "high", oae_json_num_or(gain, "high", NAN));
	oae_jw_end_obj(w);
	put_value(w, "gain_over_tuned_baseline",
		  at(e, "gain_over_tuned_baseline"));
	oae_jw_bool(w, "gain_is_sure", cJSON_IsTrue(at(e, "gain_is_sure")));
	oae_jw_end_obj(w);
}

static void put_knobs(struct oae_jw *w, const cJSON *doc)
{
	const cJSON *k;

	oae_jw_arr(w, "knobs");
	cJSON_ArrayForEach(k, at(doc, "knobs")) {
		oae_jw_obj(w, NULL);
		oae_jw_str(w, "name", oae_json_str_or(k, "name", ""));
		oae_jw_str(w, "verdict", oae_json_str_or(k, "verdict", NULL));
		oae_jw_str(w, "reason", oae_json_str_or(k, "reason", NULL));
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
	put_count(w, "declared_knobs", doc);
	put_count(w, "effective_knobs", doc);
}

static void put_tuning(struct oae_jw *w, const struct oae_score *s,
		       const cJSON *input, const cJSON *doc)
{
	static const char *const when[] = { "default", "4", "16" };
	const cJSON *remark;

	oae_jw_obj(w, NULL);
	oae_jw_str(w, "system", oae_json_str_or(doc, "system", ""));
	oae_jw_str(w, "profile", oae_json_str_or(doc, "profile", ""));
	oae_jw_str(w, "input", input->string);
	oae_jw_str(w, "journal_sha256",
		   oae_json_str_or(at(doc, "journal"), "sha256", NULL));
	oae_jw_bool(w, "same_program", oae_result_same_program(s, doc));
	put_count(w, "trials", doc);
	oae_jw_obj(w, "tau");
	for (int i = 0; i < 3; i++)
		put_value(w, when[i], at(at(doc, "tau"), when[i]));
	oae_jw_end_obj(w);
	put_value(w, "least_n", at(doc, "least_n"));
	put_expert(w, doc);
	put_knobs(w, doc);
	oae_jw_arr(w, "remarks");
	cJSON_ArrayForEach(remark, at(doc, "remarks"))
		if (cJSON_IsString(remark))
			oae_jw_str(w, NULL, remark->valuestring);
	oae_jw_end_arr(w);
	oae_jw_end_obj(w);
}

static enum oae_status put_input(struct oae_jw *w, const struct oae_score *s,
				 const char *dir, const cJSON *input,
				 struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status;
	cJSON *doc = NULL;

	if (snprintf(path, sizeof(path), "%s/inputs/%s", dir, input->string) >=
	    (int)sizeof(path))
		return oae_fail(err, OAE_ERR_LIMIT, 0, "%.200s: path too long",
				dir);
	status = oae_json_read(path, &doc, err);
	if (!status &&
	    strcmp(oae_json_str_or(doc, "schema", ""), OAE_TUNE_VERSION) != 0)
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "%.200s: is not of " OAE_TUNE_VERSION, path);
	if (!status)
		put_tuning(w, s, input, doc);
	cJSON_Delete(doc);
	return status;
}

enum oae_status oae_result_talent(struct oae_jw *w, const struct oae_score *s,
				  const char *dir, struct oae_error *err)
{
	const cJSON *inputs = at(s->records.campaign, "inputs"), *in;
	enum oae_status status = OAE_OK;
	bool any = false;

	cJSON_ArrayForEach(in, inputs) {
		if (status || strncmp(in->string, "tune/", 5) != 0)
			continue;
		if (!any)
			oae_jw_arr(w, "talent");
		any = true;
		status = put_input(w, s, dir, in, err);
	}
	if (any)
		oae_jw_end_arr(w);
	return status;
}
