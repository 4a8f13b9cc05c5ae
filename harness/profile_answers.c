/* SPDX-License-Identifier: Apache-2.0 */
/* What answers do to a profile in the making, and why some will not do. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "harness/profile_draft.h"
#include "schema/check.h"
#include "schema/ledger.h"
#include "workloads/workload.h"

#define DECLARED_SOURCE "the word of who made the profile"
#define WORD_BYTES 160u

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "profile");
}

static enum oae_status wrong(struct oae_error *err, const char *why,
			     const char *text)
{
	return oae_fail(err, OAE_ERR_USAGE, 0, "'%.60s': %s", text, why);
}

static const char *skip(const char *s)
{
	return s + strspn(s, " \t,");
}

/* One number at *at, which ends at a blank or at the end. */
static bool read_number(const char **at, double *out)
{
	char *end;

	*out = strtod(*at, &end);
	if (end == *at || (*end && !strchr(" \t", *end)) || !isfinite(*out))
		return false;
	*at = end + strspn(end, " \t");
	return true;
}

/* "mid", "low mid high", either with "log: ..." behind it. */
static enum oae_status parse_range(const struct oae_question *q,
				   const char *text, struct oae_range *r,
				   struct oae_error *err)
{
	const char *at = text;
	double v[3];
	int n = 0;
	bool logged;

	while (*at && strncmp(at, "log:", 4) != 0 && n < 3)
		if (!read_number(&at, &v[n++]))
			return wrong(err,
				     "is no number; write 5000, not 5,000 or"
				     " 5k; or low mid high",
				     text);
	logged = strncmp(at, "log:", 4) == 0;
	if ((n != 1 && n != 3) || (*at && !logged))
		return wrong(err,
			     "give one number, or three: low mid high;"
			     " numbers that were counted may end with"
			     " \"log: where from\"",
			     text);
	r->mid = v[n == 3 ? 1 : 0];
	r->low = n == 3 ? v[0] : logged ? v[0] : v[0] / 2;
	r->high = n == 3 ? v[2] : logged ? v[0] : v[0] * 2;
	if (!(r->low <= r->mid && r->mid <= r->high))
		return wrong(err, "low, mid and high must ascend", text);
	if (r->low < q->low || (q->above && !(r->low > q->low)))
		return wrong(err,
			     q->above ? "must be above 0" :
					"must not be below 0",
			     text);
	if (r->high > q->high)
		return wrong(err, "is too large to be true", text);
	if (!logged && r->mid > 0 &&
	    (r->low > r->mid / 2 || r->high < r->mid * 2))
		return wrong(err,
			     "too narrow for somebody's word: low at most"
			     " mid/2, high at least 2 mid; numbers that were"
			     " counted end with \"log: where from\"",
			     text);
	r->evidence = OAE_DECLARED;
	r->source = logged ? at : DECLARED_SOURCE;
	return OAE_OK;
}

static cJSON *range_tree(const struct oae_range *r, double scale)
{
	cJSON *obj = cJSON_CreateObject();

	cJSON_AddNumberToObject(obj, "low", r->low / scale);
	cJSON_AddNumberToObject(obj, "mid", r->mid / scale);
	cJSON_AddNumberToObject(obj, "high", r->high / scale);
	cJSON_AddStringToObject(obj, "class", "declared");
	if (!cJSON_AddStringToObject(obj, "source", r->source)) {
		cJSON_Delete(obj);
		return NULL;
	}
	return obj;
}

/* Under its group, which is made where it is missing. */
static enum oae_status set(struct oae_draft *d, const struct oae_question *q,
			   cJSON *value, struct oae_error *err)
{
	cJSON *obj = d->tree;

	if (q->group) {
		obj = cJSON_GetObjectItemCaseSensitive(d->tree, q->group);
		if (!cJSON_IsObject(obj)) {
			obj = cJSON_CreateObject();
			if (!oae_draft_put(d->tree, q->group, obj))
				obj = NULL;
		}
	}
	if (obj && oae_draft_put(obj, q->key, value))
		return OAE_OK;
	cJSON_Delete(value);
	return no_memory(err);
}

static enum oae_status take_range(const struct oae_question *q,
				  struct oae_draft *d, const char *text,
				  struct oae_error *err)
{
	struct oae_range r = { 0 };
	enum oae_status status = parse_range(q, text, &r, err);

	return status ? status : set(d, q, range_tree(&r, q->scale), err);
}

static enum oae_status parse_number(const struct oae_question *q,
				    const char *text, double *out,
				    struct oae_error *err)
{
	const char *at = text;
	bool whole = q->kind == OAE_ASK_MAX_TOKENS || q->kind == OAE_ASK_TOKENS;

	if (!read_number(&at, out) || *at)
		return wrong(err, "is not one number; write 0.5, not 50 %",
			     text);
	if (whole && *out != floor(*out))
		return wrong(err, "must be a whole number", text);
	if (*out < q->low || *out > q->high || (q->above && *out == q->low))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"'%.60s': must be %s %g and at most %g", text,
				q->above ? "above" : "at least", q->low,
				q->high);
	return OAE_OK;
}

static enum oae_status take_number(const struct oae_question *q,
				   struct oae_draft *d, const char *text,
				   struct oae_error *err)
{
	double v;
	enum oae_status status = parse_number(q, text, &v, err);

	if (status)
		return status;
	if (q->kind == OAE_ASK_MAX_TOKENS)
		d->max_tokens = v;
	else if (q->kind == OAE_ASK_FLOOR)
		d->floor = v;
	else
		return set(d, q, cJSON_CreateNumber(v), err);
	return OAE_OK;
}

static enum oae_status take_id(const struct oae_question *q,
			       struct oae_draft *d, const char *text,
			       struct oae_error *err)
{
	if (!oae_check_name(text) || strlen(text) > OAE_PROFILE_ID_BYTES_MAX)
		return wrong(err,
			     "is no name: at most 64 letters, digits, '.', '_'"
			     " and '-', a letter or digit first",
			     text);
	(void)snprintf(d->id, sizeof(d->id), "%s", text);
	return set(d, q, cJSON_CreateString(text), err);
}

static enum oae_status take_tier(const struct oae_question *q,
				 struct oae_draft *d, const char *text,
				 struct oae_error *err)
{
	if (oae_tier_parse(text) < 0)
		return wrong(err, "is no tier; give T1, T2 or T3", text);
	return set(d, q, cJSON_CreateString(text), err);
}

static enum oae_status take_grid(const struct oae_question *q,
				 struct oae_draft *d, const char *text,
				 struct oae_error *err)
{
	struct oae_error why = { OAE_OK, 0, "" };
	char known[200];
	size_t n = 0;

	if (oae_table_find(&d->tables.grid, text))
		return set(d, q, cJSON_CreateString(text), err);
	if (!take_range(q, d, text, &why))
		return OAE_OK;
	known[0] = '\0';
	for (size_t i = 0; i < d->tables.grid.count && n < 160; i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, " %.16s",
				      d->tables.grid.rows[i].name);
	if (strpbrk(text, "0123456789") == text)
		return oae_fail(err, why.status, 0, "%s", why.text);
	return oae_fail(err, OAE_ERR_USAGE, 0,
			"'%.60s': is no row of the grid table (%s ) and no"
			" number of gCO2e/kWh",
			text, known);
}

static enum oae_status take_prompts(struct oae_draft *d, const char *text,
				    struct oae_error *err)
{
	struct oae_prompts p;
	enum oae_status status;

	if (!strcmp(text, "none")) {
		d->has_prompts = false;
		return OAE_OK;
	}
	status = oae_prompts_read(text, &p, err);
	if (status) {
		oae_prompts_release(&p);
		return status;
	}
	oae_prompts_release(&d->prompts);
	d->prompts = p;
	d->has_prompts = true;
	d->judge = p.expected ? OAE_JUDGE_EXACT : OAE_JUDGE_NONE;
	d->max_tokens = 256;
	d->floor = p.expected ? 0.8 : 0;
	return OAE_OK;
}

static enum oae_status take_judge(struct oae_draft *d, const char *text,
				  struct oae_error *err)
{
	enum oae_judge judge;

	if (oae_judge_parse(text, &judge, NULL))
		return wrong(err,
			     "is no judge; there are exact, final_number,"
			     " contains_all and none",
			     text);
	d->judge = judge;
	if (judge == OAE_JUDGE_NONE)
		d->floor = 0;
	return OAE_OK;
}

/* Shipped, the profile's own, or beside it from before. */
static bool workload_exists(const struct oae_draft *d, const char *id)
{
	char path[2 * OAE_PATH_BYTES_MAX];

	if (!oae_check_name(id))
		return false;
	if (d->has_prompts && !strcmp(id, d->id))
		return true;
	(void)snprintf(path, sizeof(path), "%s/workloads/%s.workload.json",
		       d->home, id);
	if (oae_file_exists(path))
		return true;
	(void)snprintf(path, sizeof(path), "%s/workloads/%s.workload.json",
		       d->folder, id);
	return oae_file_exists(path);
}

/* "NAME=WEIGHT" at *at into the list. */
static enum oae_status take_share(struct oae_draft *d, const char *text,
				  const char **at, cJSON *list,
				  struct oae_error *err)
{
	char word[WORD_BYTES], *equal, *end;
	size_t len = strcspn(*at, " \t,");
	const cJSON *other;
	double weight;
	cJSON *obj;

	if (len >= sizeof(word))
		return wrong(err, "a word of it is too long", text);
	memcpy(word, *at, len);
	word[len] = '\0';
	*at = skip(*at + len);
	equal = strchr(word, '=');
	if (!equal)
		return wrong(err, "give NAME=WEIGHT, as in letters=0.5", text);
	*equal = '\0';
	weight = strtod(equal + 1, &end);
	if (end == equal + 1 || *end || !(weight > 0 && weight <= 1e6))
		return wrong(err, "a weight must be a number above 0", text);
	if (!workload_exists(d, word))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"'%.60s': there is no workload of that name;"
				" `oae list workloads` has them",
				word);
	cJSON_ArrayForEach(other, list)
		if (!strcmp(oae_json_str_or(other, "id", ""), word))
			return wrong(err, "a workload stands twice", text);
	if (cJSON_GetArraySize(list) == (int)OAE_WORKLOADS_MAX)
		return wrong(err, "too many workloads", text);
	obj = cJSON_CreateObject();
	cJSON_AddStringToObject(obj, "id", word);
	cJSON_AddNumberToObject(obj, "weight", weight);
	return cJSON_AddItemToArray(list, obj) ? OAE_OK : no_memory(err);
}

static enum oae_status take_workloads(const struct oae_question *q,
				      struct oae_draft *d, const char *text,
				      struct oae_error *err)
{
	cJSON *list = cJSON_CreateArray();
	const char *at = skip(text);
	enum oae_status status = list ? OAE_OK : no_memory(err);

	while (!status && *at)
		status = take_share(d, text, &at, list, err);
	if (!status)
		return set(d, q, list, err);
	cJSON_Delete(list);
	return status;
}

static enum oae_status take_shape(const struct oae_question *q,
				  struct oae_draft *d, const char *text,
				  struct oae_error *err)
{
	d->shape = strcmp(text, "none") != 0;
	if (!d->shape)
		return oae_draft_put(d->tree, q->group, cJSON_CreateNull()) ?
			       OAE_OK :
			       no_memory(err);
	if (!oae_check_name(text))
		return wrong(err, "is no name of a model's shape", text);
	return set(d, q, cJSON_CreateString(text), err);
}

/*
 * A default stays as the base has it (its class and source, or the table's);
 * what the base cannot hold is set.
 */
static bool keeps(const struct oae_question *q, const struct oae_draft *d)
{
	switch (q->kind) {
	case OAE_ASK_ID:
	case OAE_ASK_PROMPTS:
	case OAE_ASK_JUDGE:
	case OAE_ASK_MAX_TOKENS:
	case OAE_ASK_FLOOR:
	case OAE_ASK_SHAPE:
		return false;
	case OAE_ASK_WORKLOADS:
		return !d->has_prompts;
	case OAE_ASK_QUANT:
	case OAE_ASK_TOKENS:
		return d->base.has_shape;
	default:
		return true;
	}
}

enum oae_status oae_question_take(const struct oae_question *q,
				  struct oae_draft *d, const char *text,
				  struct oae_error *err)
{
	struct oae_buf own;
	enum oae_status status;

	if (!*text) {
		if (keeps(q, d))
			return OAE_OK;
		oae_buf_init(&own, OAE_PATH_BYTES_MAX);
		oae_question_default(q, d, &own);
		status = oae_buf_check(&own, "default", err);
		if (!status && own.len)
			status =
				oae_question_take(q, d, oae_buf_str(&own), err);
		oae_buf_release(&own);
		return status;
	}
	switch (q->kind) {
	case OAE_ASK_ID:
		return take_id(q, d, text, err);
	case OAE_ASK_TITLE:
	case OAE_ASK_QUANT:
		return set(d, q, cJSON_CreateString(text), err);
	case OAE_ASK_RANGE:
		return take_range(q, d, text, err);
	case OAE_ASK_TIER:
		return take_tier(q, d, text, err);
	case OAE_ASK_GRID:
		return take_grid(q, d, text, err);
	case OAE_ASK_PROMPTS:
		return take_prompts(d, text, err);
	case OAE_ASK_JUDGE:
		return take_judge(d, text, err);
	case OAE_ASK_WORKLOADS:
		return take_workloads(q, d, text, err);
	case OAE_ASK_SHAPE:
		return take_shape(q, d, text, err);
	default:
		return take_number(q, d, text, err);
	}
}
