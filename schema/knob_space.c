/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/knob_space.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/check.h"

static const char *const tune_keys[] = { "low", "high", "log", "values", NULL };
static const char *const constraint_keys[] = { "knob", "at_most", "at_least",
					       NULL };

static bool is_numeric(const struct oae_knob *k)
{
	return k->type == OAE_KNOB_INT || k->type == OAE_KNOB_NUMBER;
}

/* A value of a list as the command line has it; false: it cannot be. */
static bool to_text(const cJSON *v, char out[OAE_KNOB_TEXT])
{
	char number[32];
	const char *text = cJSON_IsString(v) ? v->valuestring :
			   cJSON_IsBool(v)   ? cJSON_IsTrue(v) ? "true" :
								 "false" :
					       number;

	if (cJSON_IsNumber(v))
		oae_json_format_double(number, v->valuedouble);
	else if (text == number)
		return false;
	if (!*text || strlen(text) >= OAE_KNOB_TEXT || strpbrk(text, ",="))
		return false;
	snprintf(out, OAE_KNOB_TEXT, "%s", text);
	return true;
}

/* ---- reading ----------------------------------------------------------- */

static enum oae_status check_value(const struct oae_knob *k, const cJSON *v,
				   struct oae_error *err)
{
	char text[OAE_KNOB_TEXT];
	struct oae_buf scratch;
	enum oae_status status;
	struct oae_jw w;

	if (!to_text(v, text))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"tune\": a value must be a number, true,"
				" false or a short text without , and =");
	oae_buf_init(&scratch, 4096);
	oae_jw_init(&w, &scratch, 0);
	oae_jw_obj(&w, NULL);
	status = oae_knob_write(k, text, &w, err);
	oae_buf_release(&scratch);
	if (status)
		err->status = OAE_ERR_FORMAT;
	return status ? OAE_ERR_FORMAT : OAE_OK;
}

static enum oae_status read_values(const cJSON *list, struct oae_knob *k,
				   struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	const cJSON *v;

	if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) < 1 ||
	    cJSON_GetArraySize(list) > (int)OAE_MANIFEST_LIST_MAX)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"tune\": \"values\" must hold 1 to %u values",
				OAE_MANIFEST_LIST_MAX);
	cJSON_ArrayForEach(v, list) {
		status = check_value(k, v, err);
		if (status)
			return status;
	}
	k->tune_values = list;
	return OAE_OK;
}

static enum oae_status read_range(const cJSON *tune, struct oae_knob *k,
				  struct oae_error *err)
{
	k->tune_low = oae_json_num_or(tune, "low", k->low);
	k->tune_high = oae_json_num_or(tune, "high", k->high);
	k->tune_log =
		cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(tune, "log"));
	if (!is_numeric(k) || !isfinite(k->tune_low) ||
	    !isfinite(k->tune_high) || k->tune_low > k->tune_high ||
	    k->tune_low < k->low || k->tune_high > k->high)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"tune\": a range needs a number's knob and"
				" ends in order, within its own bounds");
	if (k->tune_log && k->tune_low <= 0)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"tune\": a logarithmic range begins above"
				" 0");
	if (k->type == OAE_KNOB_INT && (k->tune_low != floor(k->tune_low) ||
					k->tune_high != floor(k->tune_high)))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"tune\": the ends of an int's range are"
				" whole numbers");
	return OAE_OK;
}

enum oae_status oae_knob_space_read(const cJSON *obj, struct oae_knob *k,
				    struct oae_error *err)
{
	const cJSON *tune = cJSON_GetObjectItemCaseSensitive(obj, "tune");
	const cJSON *values;
	enum oae_status status;

	k->tune_low = k->low;
	k->tune_high = k->high;
	k->tune_values = k->type == OAE_KNOB_CHOICE ? k->choices : NULL;
	k->tuned = k->type == OAE_KNOB_BOOL || k->type == OAE_KNOB_CHOICE ||
		   (is_numeric(k) && isfinite(k->low) && isfinite(k->high));
	if (!tune)
		return OAE_OK;
	k->tuned = !cJSON_IsFalse(tune);
	if (!k->tuned)
		return OAE_OK;
	status = oae_check_keys(tune, "tune", tune_keys, err);
	values = cJSON_GetObjectItemCaseSensitive(tune, "values");
	if (!status && values && cJSON_GetArraySize(tune) > 1)
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "\"tune\": either \"values\" or a range");
	if (status)
		return status;
	return values ? read_values(values, k, err) : read_range(tune, k, err);
}

static enum oae_status read_constraint(const cJSON *obj,
				       struct oae_system_entry *s,
				       struct oae_error *err)
{
	struct oae_constraint *c = &s->constraints[s->constraint_count];
	const cJSON *most, *least, *side;
	const char *name;
	enum oae_status status =
		oae_check_keys(obj, "constraint", constraint_keys, err);

	if (!status)
		status = oae_json_str(obj, "knob", &name, err);
	if (status)
		return status;
	most = cJSON_GetObjectItemCaseSensitive(obj, "at_most");
	least = cJSON_GetObjectItemCaseSensitive(obj, "at_least");
	side = most ? most : least;
	c->knob = oae_system_knob(s, name);
	c->at_least = least != NULL;
	if (side && cJSON_IsString(side))
		c->other = oae_system_knob(s, side->valuestring);
	else if (side && cJSON_IsNumber(side))
		c->number = side->valuedouble;
	if (!c->knob || !is_numeric(c->knob) || !side || (most && least) ||
	    (!cJSON_IsNumber(side) && (!c->other || !is_numeric(c->other))))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"constraint of knob \"%.60s\": give either"
				" \"at_most\" or \"at_least\", a number or"
				" the name of another number's knob",
				name);
	s->constraint_count++;
	return OAE_OK;
}

static enum oae_status defaults_hold(const struct oae_system_entry *s,
				     struct oae_error *err)
{
	cJSON *knobs = NULL;
	enum oae_status status = oae_knobs_with(s, NULL, NULL, &knobs, err);
	char text[200];

	if (!status && oae_constraint_broken(s, knobs, text, sizeof(text)))
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "the defaults break a constraint: %s", text);
	cJSON_Delete(knobs);
	return status;
}

enum oae_status oae_constraints_read(const cJSON *obj,
				     struct oae_system_entry *s,
				     struct oae_error *err)
{
	const cJSON *list =
		cJSON_GetObjectItemCaseSensitive(obj, "constraints");
	const cJSON *c;
	enum oae_status status;

	if (!list)
		return OAE_OK;
	status = oae_json_arr(obj, "constraints", &list, err);
	if (status)
		return status;
	if (cJSON_GetArraySize(list) > (int)OAE_MANIFEST_LIST_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"more than %u constraints",
				OAE_MANIFEST_LIST_MAX);
	s->constraints = calloc((size_t)cJSON_GetArraySize(list) + 1,
				sizeof(*s->constraints));
	if (!s->constraints)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	cJSON_ArrayForEach(c, list) {
		status = read_constraint(c, s, err);
		if (status)
			return status;
	}
	return defaults_hold(s, err);
}

/* ---- the space --------------------------------------------------------- */

const char *oae_knob_fixed(const struct oae_knob *k)
{
	if (k->tuned)
		return NULL;
	if (k->type == OAE_KNOB_STRING)
		return "a text without a list of values";
	if (is_numeric(k) && (!isfinite(k->low) || !isfinite(k->high)))
		return "a number without bounds";
	return "its adapter says that it is not for tuning";
}

void oae_knob_space_write(const struct oae_knob *k, struct oae_jw *w)
{
	oae_jw_str(w, "name", k->name);
	oae_jw_value(w, "default", k->otherwise);
	oae_jw_str(w, "fixed", oae_knob_fixed(k));
	if (k->tuned && is_numeric(k) && !k->tune_values) {
		oae_jw_num(w, "low", k->tune_low);
		oae_jw_num(w, "high", k->tune_high);
		oae_jw_bool(w, "log", k->tune_log);
	} else if (k->tuned && k->tune_values) {
		oae_jw_value(w, "values", k->tune_values);
	} else if (k->tuned) {
		oae_jw_arr(w, "values");
		oae_jw_bool(w, NULL, false);
		oae_jw_bool(w, NULL, true);
		oae_jw_end_arr(w);
	}
}

/* A point of the range at the share u of [0, 1). */
static double range_at(const struct oae_knob *k, double u)
{
	double low = k->tune_low, high = k->tune_high, v;

	/* A whole number owns the stretch up to the next. */
	if (k->type == OAE_KNOB_INT)
		high += 1;
	v = k->tune_log ? exp(log(low) + u * (log(high) - log(low))) :
			  low + u * (high - low);
	if (k->type == OAE_KNOB_INT)
		v = floor(v);
	return fmin(fmax(v, k->tune_low), k->tune_high);
}

static void number_text(const struct oae_knob *k, double v,
			char out[OAE_KNOB_TEXT])
{
	char digits[32];

	/* Six digits are enough to try, and to type again. */
	if (k->type == OAE_KNOB_NUMBER) {
		snprintf(digits, sizeof(digits), "%.6g", v);
		v = fmin(fmax(strtod(digits, NULL), k->tune_low), k->tune_high);
	}
	oae_json_format_double(digits, v);
	snprintf(out, OAE_KNOB_TEXT, "%s", digits);
}

void oae_knob_draw(const struct oae_knob *k, struct oae_rng *rng,
		   char out[OAE_KNOB_TEXT])
{
	uint64_t n;

	if (k->tune_values) {
		n = (uint64_t)cJSON_GetArraySize(k->tune_values);
		(void)to_text(cJSON_GetArrayItem(k->tune_values,
						 (int)oae_rng_below(rng, n)),
			      out);
	} else if (k->type == OAE_KNOB_BOOL) {
		snprintf(out, OAE_KNOB_TEXT, "%s",
			 oae_rng_below(rng, 2) ? "true" : "false");
	} else {
		number_text(k, range_at(k, oae_rng_uniform(rng)), out);
	}
}

/* Adds a value unless it is there or is the one now. */
static size_t add_value(char out[][OAE_KNOB_TEXT], size_t n, const char *text,
			const char *now)
{
	if (n == OAE_KNOB_ALTERNATIVES_MAX || strcmp(text, now) == 0)
		return n;
	for (size_t i = 0; i < n; i++)
		if (strcmp(out[i], text) == 0)
			return n;
	snprintf(out[n], OAE_KNOB_TEXT, "%s", text);
	return n + 1;
}

size_t oae_knob_alternatives(const struct oae_knob *k, const cJSON *now,
			     char out[][OAE_KNOB_TEXT])
{
	char text[OAE_KNOB_TEXT] = "", at[OAE_KNOB_TEXT] = "";
	int count = cJSON_GetArraySize(k->tune_values);
	size_t n = 0;

	(void)to_text(now, at);
	if (!k->tuned)
		return 0;
	if (k->tune_values) {
		/* Both ends, then from the front. */
		for (int i = 0; i < count; i++) {
			int item = i == 0 ? 0 : i == 1 ? count - 1 : i - 1;

			if (to_text(cJSON_GetArrayItem(k->tune_values, item),
				    text))
				n = add_value(out, n, text, at);
		}
	} else if (k->type == OAE_KNOB_BOOL) {
		n = add_value(out, n, "false", at);
		n = add_value(out, n, "true", at);
	} else {
		number_text(k, k->tune_low, text);
		n = add_value(out, n, text, at);
		number_text(k, k->tune_high, text);
		n = add_value(out, n, text, at);
	}
	return n;
}

/* ---- settings ---------------------------------------------------------- */

static double value_of(const struct oae_knob *k, const cJSON *knobs)
{
	return oae_json_num_or(knobs, k->name, NAN);
}

const char *oae_constraint_broken(const struct oae_system_entry *s,
				  const cJSON *knobs, char *text, size_t size)
{
	for (size_t i = 0; i < s->constraint_count; i++) {
		const struct oae_constraint *c = &s->constraints[i];
		double side = c->other ? value_of(c->other, knobs) : c->number;
		double v = value_of(c->knob, knobs);

		if (c->at_least ? v >= side : v <= side)
			continue;
		snprintf(text, size, "%.60s = %g must be at %s %g%s%.60s",
			 c->knob->name, v, c->at_least ? "least" : "most", side,
			 c->other ? ", " : "", c->other ? c->other->name : "");
		return text;
	}
	return NULL;
}

enum oae_status oae_knobs_with(const struct oae_system_entry *s,
			       const cJSON *now, const char *const *texts,
			       cJSON **out, struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	struct oae_buf json;
	struct oae_jw w;

	oae_buf_init(&json, OAE_LINE_BYTES_MAX);
	oae_jw_init(&w, &json, 0);
	oae_jw_obj(&w, NULL);
	for (size_t i = 0; i < s->knob_count && !status; i++) {
		const struct oae_knob *k = &s->knobs[i];
		const cJSON *v = cJSON_GetObjectItemCaseSensitive(now, k->name);

		if (texts && texts[i])
			status = oae_knob_write(k, texts[i], &w, err);
		else if (v)
			oae_jw_value(&w, k->name, v);
		else
			status = oae_knob_write(k, NULL, &w, err);
	}
	oae_jw_end_obj(&w);
	if (!status)
		status = oae_buf_check(&json, "knobs", err);
	if (!status)
		status = oae_json_parse(json.data, json.len, out, err);
	oae_buf_release(&json);
	return status;
}

enum oae_status oae_space_draw(const struct oae_system_entry *s,
			       const cJSON *now, const bool *pinned,
			       struct oae_rng *rng,
			       char (*texts)[OAE_KNOB_TEXT], cJSON **knobs,
			       struct oae_error *err)
{
	const char *given[OAE_MANIFEST_LIST_MAX] = { NULL };
	enum oae_status status;
	char why[200];

	for (uint32_t tries = 0; tries < OAE_SPACE_TRIES_MAX; tries++) {
		for (size_t i = 0; i < s->knob_count; i++) {
			texts[i][0] = '\0';
			if (s->knobs[i].tuned && !pinned[i])
				oae_knob_draw(&s->knobs[i], rng, texts[i]);
			given[i] = texts[i][0] ? texts[i] : NULL;
		}
		status = oae_knobs_with(s, now, given, knobs, err);
		if (status)
			return status;
		if (!oae_constraint_broken(s, *knobs, why, sizeof(why)))
			return OAE_OK;
		cJSON_Delete(*knobs);
		*knobs = NULL;
	}
	return oae_fail(err, OAE_ERR_LIMIT, 0,
			"system \"%.60s\": %u draws of its knobs all broke a"
			" constraint (the last: %s); widen the space in its"
			" adapter.json",
			s->name, OAE_SPACE_TRIES_MAX, why);
}
