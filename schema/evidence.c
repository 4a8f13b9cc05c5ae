/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "schema/evidence.h"

static const char *const names[] = {
	[OAE_ABSENT] = "absent",       [OAE_MEASURED] = "measured",
	[OAE_PUBLISHED] = "published", [OAE_DECLARED] = "declared",
	[OAE_ESTIMATED] = "estimated", [OAE_ASSUMED] = "assumed",
};

const char *oae_evidence_name(enum oae_evidence e)
{
	return names[e];
}

enum oae_evidence oae_evidence_parse(const char *name)
{
	for (int i = OAE_MEASURED; i <= OAE_ASSUMED; i++)
		if (strcmp(name, names[i]) == 0)
			return (enum oae_evidence)i;
	return OAE_ABSENT;
}

enum oae_evidence oae_evidence_weaker(enum oae_evidence a, enum oae_evidence b)
{
	return a > b ? a : b;
}

struct oae_range oae_range_plain(double value, enum oae_evidence e)
{
	return (struct oae_range){
		.low = value, .mid = value, .high = value, .evidence = e
	};
}

/* Numbers beyond this are mistakes, and squares of them would overflow. */
#define AMOUNT_MAX 1e100

static enum oae_status amount(const cJSON *obj, const char *key,
			      const char *what, double *out,
			      struct oae_error *err)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(obj, key);

	if (!cJSON_IsNumber(v))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: \"%s\" is %s; give a number >= 0", what,
				key, v ? "not a number" : "missing");
	*out = v->valuedouble;
	if (!(*out >= 0) || *out > AMOUNT_MAX)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: \"%s\" is %g; it must be a finite number"
				" >= 0",
				what, key, *out);
	return OAE_OK;
}

static enum oae_status check_width(const char *what, bool single,
				   const struct oae_range *r,
				   struct oae_error *err)
{
	if (r->source && strncmp(r->source, "log:", 4) == 0)
		return OAE_OK;
	if (single)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: a declared number needs a range; give"
				" low, mid and high, or a source that begins"
				" \"log:\"",
				what);
	if (r->low > r->mid / 2 || r->high < r->mid * 2 || r->mid <= 0)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: the declared range %g..%g..%g is too"
				" narrow; it needs 0 < mid, low <= mid/2 and"
				" high >= 2 mid, or a source that begins"
				" \"log:\"",
				what, r->low, r->mid, r->high);
	return OAE_OK;
}

static enum oae_status read_amounts(const cJSON *value, const char *what,
				    bool *single, struct oae_range *out,
				    struct oae_error *err)
{
	enum oae_status status;

	*single = cJSON_GetObjectItemCaseSensitive(value, "value") != NULL;
	if (*single) {
		if (cJSON_GetObjectItemCaseSensitive(value, "mid"))
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"%s: has both"
					" \"value\" and \"mid\"; give one",
					what);
		status = amount(value, "value", what, &out->mid, err);
		out->low = out->high = out->mid;
		return status;
	}
	status = amount(value, "low", what, &out->low, err);
	if (!status)
		status = amount(value, "mid", what, &out->mid, err);
	if (!status)
		status = amount(value, "high", what, &out->high, err);
	if (!status && !(out->low <= out->mid && out->mid <= out->high))
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "%s: low, mid, high are %g, %g, %g; they"
				  " must ascend",
				  what, out->low, out->mid, out->high);
	return status;
}

enum oae_status oae_range_read(const cJSON *value, const char *what,
			       bool strict, struct oae_range *out,
			       struct oae_error *err)
{
	enum oae_status status;
	const char *class;
	bool single;

	memset(out, 0, sizeof(*out));
	if (cJSON_IsNumber(value) && !strict) {
		*out = oae_range_plain(value->valuedouble, OAE_DECLARED);
		if (!(out->mid >= 0) || out->mid > AMOUNT_MAX)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"%s: is %g; it"
					" must be a finite number >= 0",
					what, out->mid);
		return OAE_OK;
	}
	if (!cJSON_IsObject(value))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: %s; give an"
				" object with low, mid, high, class and source",
				what, value ? "is no object" : "is missing");
	status = read_amounts(value, what, &single, out, err);
	if (status)
		return status;
	class = oae_json_str_or(value, "class", "");
	out->source = oae_json_str_or(value, "source", NULL);
	out->evidence = oae_evidence_parse(class);
	if (out->evidence == OAE_ABSENT)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: class \"%.40s\" is unknown; give"
				" measured, published, declared, estimated or"
				" assumed",
				what, class);
	if (!out->source || !*out->source)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: \"source\" is"
				" missing; say where the number comes from",
				what);
	if (strict && out->evidence == OAE_DECLARED)
		return check_width(what, single, out, err);
	return OAE_OK;
}

void oae_range_write(struct oae_jw *w, const char *key,
		     const struct oae_range *r)
{
	oae_jw_obj(w, key);
	oae_jw_num(w, "low", r->low);
	oae_jw_num(w, "mid", r->mid);
	oae_jw_num(w, "high", r->high);
	oae_jw_str(w, "class", oae_evidence_name(r->evidence));
	oae_jw_str(w, "source", r->source);
	oae_jw_end_obj(w);
}
