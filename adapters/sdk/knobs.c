/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "adapters/sdk/sdk.h"

static enum oae_status whole_number(struct oae_sdk_knob *k, const cJSON *v,
				    struct oae_error *err)
{
	double x = v->valuedouble;

	if (!cJSON_IsNumber(v) || !(x >= (double)k->low) ||
	    !(x <= (double)k->high) || x != (double)(int64_t)x)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"knob %s: must be a whole number from %lld "
				"to %lld",
				k->name, (long long)k->low, (long long)k->high);
	k->value = (int64_t)x;
	return OAE_OK;
}

static enum oae_status choice(struct oae_sdk_knob *k, const cJSON *v,
			      struct oae_error *err)
{
	int64_t i;

	for (i = 0; cJSON_IsString(v) && k->choices[i]; i++) {
		if (!strcmp(k->choices[i], v->valuestring)) {
			k->value = i;
			return OAE_OK;
		}
	}
	return oae_fail(err, OAE_ERR_USAGE, 0,
			"knob %s: must be one of its choices, such as \"%s\"",
			k->name, k->choices[0]);
}

enum oae_status oae_sdk_knobs(const struct oae_sdk_hello *hello,
			      struct oae_sdk_knob *knobs, size_t n,
			      struct oae_error *err)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, hello->knobs) {
		enum oae_status st;
		size_t i;

		for (i = 0; i < n && strcmp(knobs[i].name, v->string); i++)
			;
		if (i == n)
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"knob %.64s: system %.64s has none of "
					"this name",
					v->string, hello->system);
		st = knobs[i].choices ? choice(&knobs[i], v, err) :
					whole_number(&knobs[i], v, err);
		if (st)
			return st;
	}
	return OAE_OK;
}

void oae_sdk_knobs_write(struct oae_jw *details,
			 const struct oae_sdk_knob *knobs, size_t n)
{
	size_t i;

	oae_jw_obj(details, "knobs");
	for (i = 0; i < n; i++) {
		const struct oae_sdk_knob *k = &knobs[i];

		if (k->choices)
			oae_jw_str(details, k->name, k->choices[k->value]);
		else
			oae_jw_int(details, k->name, k->value);
	}
	oae_jw_end_obj(details);
}
