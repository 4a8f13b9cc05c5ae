/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/trend.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats_plan.h"

#define ARENA_BYTES_MAX ((size_t)256 << 20)
#define ALSO_BYTES 400

/* Where a metric stands in a workload's entry; NULL: it does not. */
static const char *const paths[OAE_COMPARE_METRICS] = {
	[OAE_COMPARE_S] = "s_per_request.value",
	[OAE_COMPARE_TTFT] = "ttft_ms.mean",
	[OAE_COMPARE_TPOT] = "tpot_ms.mean",
	[OAE_COMPARE_CPU] = "cpu_s_per_request.value",
	[OAE_COMPARE_MEMORY] = "peak_memory_bytes.value",
	[OAE_COMPARE_ENERGY] = "joules_per_request.measured.value",
	[OAE_COMPARE_TOKENS] = "tokens_per_s",
	[OAE_COMPARE_QUALITY] = "quality.score",
};

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "trend: out of memory");
}

/* "a.b.c"; NULL when one is missing. */
static const cJSON *at(const cJSON *obj, const char *path)
{
	char key[OAE_NAME_BYTES_MAX];

	while (obj && *path) {
		size_t n = strcspn(path, ".");

		snprintf(key, sizeof(key), "%.*s", (int)n, path);
		obj = cJSON_GetObjectItemCaseSensitive(obj, key);
		path += n + (path[n] == '.');
	}
	return obj;
}

static const char *text_at(const cJSON *obj, const char *path)
{
	const cJSON *v = at(obj, path);

	return cJSON_IsString(v) ? v->valuestring : NULL;
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

enum oae_status oae_trend_init(struct oae_trend *t, struct oae_error *err)
{
	memset(t, 0, sizeof(*t));
	oae_arena_init(&t->arena, ARENA_BYTES_MAX);
	t->alpha = OAE_TREND_ALPHA;
	t->results = oae_arena_array(&t->arena, OAE_TREND_RESULTS_MAX,
				     sizeof(*t->results));
	t->series = oae_arena_array(&t->arena, OAE_TREND_SERIES_MAX,
				    sizeof(*t->series));
	return t->results && t->series ? OAE_OK : no_memory(err);
}

void oae_trend_release(struct oae_trend *t)
{
	for (size_t i = 0; t->results && i < t->count; i++)
		cJSON_Delete(t->results[i].json);
	oae_arena_release(&t->arena);
	memset(t, 0, sizeof(*t));
}

enum oae_status oae_trend_add(struct oae_trend *t, const char *folder,
			      cJSON *result, struct oae_error *err)
{
	struct oae_trend_result *r = &t->results[t->count];

	if (t->count == OAE_TREND_RESULTS_MAX) {
		cJSON_Delete(result);
		return oae_fail(err, OAE_ERR_LIMIT, 0, "more than %u results",
				OAE_TREND_RESULTS_MAX);
	}
	t->count++;
	r->json = result;
	r->folder = oae_arena_strdup(&t->arena, folder);
	r->utc = text_at(result, "campaign.utc");
	r->git = text_at(result, "campaign.build.git");
	r->kernel = text_at(result, "environment.start.kernel");
	if (!r->folder)
		return no_memory(err);
	return r->utc ? OAE_OK :
			oae_fail(err, OAE_ERR_FORMAT, 0,
				 "%.200s: the result has no campaign.utc",
				 folder);
}

/* ---- which results, which series ---------------------------------------- */

static int by_time(const void *a, const void *b)
{
	const struct oae_trend_result *x = a, *y = b;
	int order = strcmp(x->utc, y->utc);

	return order ? order : strcmp(x->folder, y->folder);
}

static const char *unlike(const cJSON *r, const cJSON *newest)
{
	static const struct {
		const char *path, *why;
	} texts[] = {
		{ "environment.start.cpu.model", "another CPU" },
		{ "campaign.suite", "another suite" },
		{ "campaign.scenario", "another scenario" },
		{ "spec", "another version of the spec" },
	};
	const cJSON *a = at(r, "environment.start.cpu.cores_allowed");
	const cJSON *b = at(newest, "environment.start.cpu.cores_allowed");

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!same(text_at(r, texts[i].path),
			  text_at(newest, texts[i].path)))
			return texts[i].why;
	if (cJSON_IsNumber(a) && cJSON_IsNumber(b) &&
	    a->valuedouble != b->valuedouble)
		return "another number of cores";
	return cJSON_IsTrue(at(r, "complete")) ? NULL : "incomplete";
}

static const cJSON *entry_of(const cJSON *list, const char *key,
			     const char *value)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, list)
		if (same(text_at(v, key), value))
			return v;
	return NULL;
}

static const cJSON *items_of(const cJSON *result, const char *workload)
{
	char file[OAE_NAME_BYTES_MAX + 40];

	snprintf(file, sizeof(file), "workloads/%.128s.items.jsonl", workload);
	return cJSON_GetObjectItemCaseSensitive(
		at(result, "environment.software.inputs"), file);
}

/* The metric, where models and items are the newest result's. */
static double value_in(const cJSON *result, const cJSON *newest,
		       const struct oae_trend_series *s)
{
	const cJSON *system = entry_of(at(result, "systems"), "id", s->system);
	const cJSON *other = entry_of(at(newest, "systems"), "id", s->system);
	const cJSON *v;

	if (!system || !other ||
	    !cJSON_Compare(at(system, "models"), at(other, "models"), true) ||
	    !cJSON_Compare(items_of(result, s->workload),
			   items_of(newest, s->workload), true))
		return NAN;
	v = at(entry_of(at(system, "measured.by_workload"), "workload",
			s->workload),
	       paths[s->metric]);
	return cJSON_IsNumber(v) ? v->valuedouble : NAN;
}

static enum oae_status fill(struct oae_trend *t, struct oae_trend_series *s,
			    const cJSON *newest, struct oae_error *err)
{
	s->values = oae_arena_array(&t->arena, t->count, sizeof(*s->values));
	s->results = oae_arena_array(&t->arena, t->count, sizeof(*s->results));
	if (!s->values || !s->results)
		return no_memory(err);
	for (size_t i = 0; i < t->count; i++) {
		double v = t->results[i].left_out ?
				   NAN :
				   value_in(t->results[i].json, newest, s);

		if (!isfinite(v))
			continue;
		s->values[s->count] = v;
		s->results[s->count++] = i;
	}
	return OAE_OK;
}

static enum oae_status add_series(struct oae_trend *t, const cJSON *newest,
				  const char *system, const char *workload,
				  const bool chosen[OAE_COMPARE_METRICS],
				  struct oae_error *err)
{
	enum oae_status status = OAE_OK;

	for (int m = 0; m < OAE_COMPARE_METRICS && !status; m++) {
		struct oae_trend_series *s = &t->series[t->series_count];

		if (!chosen[m] || !paths[m])
			continue;
		if (t->series_count == OAE_TREND_SERIES_MAX)
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"more than %u series; choose some with"
					" --metrics",
					OAE_TREND_SERIES_MAX);
		s->system = system;
		s->workload = workload;
		s->metric = (enum oae_compare_metric)m;
		status = fill(t, s, newest, err);
		if (s->count)
			t->series_count++;
		else
			memset(s, 0, sizeof(*s));
	}
	return status;
}

enum oae_status oae_trend_collect(struct oae_trend *t,
				  const bool chosen[OAE_COMPARE_METRICS],
				  struct oae_error *err)
{
	const cJSON *newest, *system, *w;
	enum oae_status status = OAE_OK;

	if (!t->count)
		return oae_fail(err, OAE_ERR_USAGE, 0, "no results");
	qsort(t->results, t->count, sizeof(*t->results), by_time);
	newest = t->results[t->count - 1].json;
	for (size_t i = 0; i < t->count; i++) {
		t->results[i].left_out = unlike(t->results[i].json, newest);
		t->left_out += t->results[i].left_out != NULL;
	}
	cJSON_ArrayForEach(system, at(newest, "systems")) {
		const char *id = text_at(system, "id");

		cJSON_ArrayForEach(w, at(system, "measured.by_workload"))
			if (!status && id && text_at(w, "workload"))
				status = add_series(t, newest, id,
						    text_at(w, "workload"),
						    chosen, err);
	}
	t->permutations = OAE_TREND_PERMUTATIONS;
	/* Holm's first step must be within reach of the least p. */
	if (2.0 * (double)t->series_count / t->alpha > t->permutations)
		t->permutations =
			(unsigned)(2.0 * (double)t->series_count / t->alpha);
	if (t->permutations > OAE_EDIVISIVE_PERMUTATIONS_MAX)
		t->permutations = OAE_EDIVISIVE_PERMUTATIONS_MAX;
	return status;
}

/* ---- changes ------------------------------------------------------------ */

enum oae_status oae_trend_find(struct oae_trend *t, size_t i,
			       struct oae_error *err)
{
	const struct oae_edivisive_rules rules = { t->alpha, t->permutations,
						   OAE_EDIVISIVE_SEGMENT_MIN };
	struct oae_trend_series *s = &t->series[i];
	char purpose[3 * OAE_NAME_BYTES_MAX];
	struct oae_rng rng;

	/* Another series beside it changes nothing of this one. */
	snprintf(purpose, sizeof(purpose), "trend %s %s %s", s->system,
		 s->workload, oae_compare_metrics[s->metric].name);
	oae_rng_derive(&rng, t->seed, purpose);
	return oae_edivisive(s->values, s->count, &rules, &rng, &s->found, err);
}

static int by_place(const void *a, const void *b)
{
	const struct oae_trend_change *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static void add_also(char *out, const char *what, const char *from,
		     const char *to)
{
	size_t n = strlen(out);

	if (same(from, to) || n >= ALSO_BYTES - 1)
		return;
	snprintf(out + n, ALSO_BYTES - n, "%s%s %.60s to %.60s", n ? ", " : "",
		 what, from ? from : "?", to ? to : "?");
}

/* What else is not the same in the results on both sides of a change. */
static const char *also_changed(struct oae_trend *t, const cJSON *a,
				const cJSON *b)
{
	static const struct {
		const char *path, *what;
	} texts[] = {
		{ "environment.start.kernel", "kernel" },
		{ "environment.start.cpu.microcode", "microcode" },
		{ "environment.start.governor", "governor" },
		{ "campaign.build.compiler", "compiler" },
		{ "campaign.build.flags", "compiler flags" },
		{ "campaign.oae", "oae" },
	};
	char text[ALSO_BYTES] = "";

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		add_also(text, texts[i].what, text_at(a, texts[i].path),
			 text_at(b, texts[i].path));
	return oae_arena_strdup(&t->arena, text);
}

/* The levels on both sides of change k, up to the changes beside it. */
static enum oae_status measure(struct oae_trend *t, struct oae_trend_series *s,
			       size_t k, struct oae_error *err)
{
	struct oae_trend_change *c = &s->changes[k];
	size_t from = k ? s->changes[k - 1].at : 0;
	size_t to = k + 1 < s->change_count ? s->changes[k + 1].at : s->count;
	const double *before = s->values + from, *after = s->values + c->at;
	bool more = oae_compare_metrics[s->metric].more_is_better;

	c->before = oae_mean(before, c->at - from);
	c->after = oae_mean(after, to - c->at);
	c->worse = more ? oae_welch_ratio(before, c->at - from, after,
					  to - c->at, 0.95) :
			  oae_welch_ratio(after, to - c->at, before,
					  c->at - from, 0.95);
	c->worse.low -= 1;
	c->worse.mid -= 1;
	c->worse.high -= 1;
	c->also = also_changed(t, t->results[s->results[c->at - 1]].json,
			       t->results[s->results[c->at]].json);
	return c->also ? OAE_OK : no_memory(err);
}

enum oae_status oae_trend_correct(struct oae_trend *t, struct oae_error *err)
{
	double p[OAE_TREND_SERIES_MAX], holm[OAE_TREND_SERIES_MAX];
	enum oae_status status = OAE_OK;

	for (size_t i = 0; i < t->series_count; i++)
		p[i] = t->series[i].found.first_p;
	oae_holm(p, t->series_count, holm);
	for (size_t i = 0; i < t->series_count; i++) {
		struct oae_trend_series *s = &t->series[i];

		s->p_holm = holm[i];
		s->alpha = t->alpha /
			   (double)oae_holm_share(p, t->series_count, i);
		s->change_count = 0;
		for (size_t k = 0; k < s->found.count; k++) {
			if (holm[i] > t->alpha ||
			    s->found.changes[k].p > s->alpha)
				break;
			s->changes[s->change_count].p = s->found.changes[k].p;
			s->changes[s->change_count++].at =
				s->found.changes[k].at;
		}
		qsort(s->changes, s->change_count, sizeof(*s->changes),
		      by_place);
		for (size_t k = 0; k < s->change_count && !status; k++)
			status = measure(t, s, k, err);
	}
	return status;
}

/* ---- the document ------------------------------------------------------- */

static void write_result(struct oae_jw *w, const struct oae_trend_result *r)
{
	oae_jw_obj(w, NULL);
	oae_jw_str(w, "folder", r->folder);
	oae_jw_str(w, "utc", r->utc);
	oae_jw_str(w, "git", r->git);
	oae_jw_str(w, "kernel", r->kernel);
	oae_jw_str(w, "left_out", r->left_out);
	oae_jw_end_obj(w);
}

static void write_change(struct oae_jw *w, const struct oae_trend_series *s,
			 const struct oae_trend_change *c)
{
	oae_jw_obj(w, NULL);
	oae_jw_int(w, "point", (int64_t)c->at);
	oae_jw_int(w, "result", (int64_t)s->results[c->at]);
	oae_jw_num(w, "before", c->before);
	oae_jw_num(w, "after", c->after);
	oae_jw_obj(w, "worse");
	oae_jw_num(w, "value", c->worse.mid);
	oae_jw_num(w, "low", c->worse.low);
	oae_jw_num(w, "high", c->worse.high);
	oae_jw_end_obj(w);
	oae_jw_num(w, "p", c->p);
	oae_jw_str(w, "also", *c->also ? c->also : NULL);
	oae_jw_end_obj(w);
}

static void write_series(struct oae_jw *w, const struct oae_trend_series *s)
{
	const struct oae_compare_metric_info *m =
		&oae_compare_metrics[s->metric];

	oae_jw_obj(w, NULL);
	oae_jw_str(w, "system", s->system);
	oae_jw_str(w, "workload", s->workload);
	oae_jw_str(w, "metric", m->name);
	oae_jw_str(w, "title", m->title);
	oae_jw_str(w, "unit", m->unit);
	oae_jw_bool(w, "more_is_better", m->more_is_better);
	oae_jw_num(w, "p", s->found.first_p);
	oae_jw_num(w, "p_holm", s->p_holm);
	oae_jw_num(w, "alpha", s->alpha);
	oae_jw_arr(w, "results");
	for (size_t i = 0; i < s->count; i++)
		oae_jw_int(w, NULL, (int64_t)s->results[i]);
	oae_jw_end_arr(w);
	oae_jw_arr(w, "values");
	for (size_t i = 0; i < s->count; i++)
		oae_jw_num(w, NULL, s->values[i]);
	oae_jw_end_arr(w);
	oae_jw_arr(w, "changes");
	for (size_t k = 0; k < s->change_count; k++)
		write_change(w, s, &s->changes[k]);
	oae_jw_end_arr(w);
	oae_jw_end_obj(w);
}

enum oae_status oae_trend_write(const struct oae_trend *t, struct oae_buf *out,
				struct oae_error *err)
{
	struct oae_jw w;

	oae_jw_init(&w, out, 2);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "schema", OAE_TREND_SCHEMA);
	oae_jw_str(&w, "oae", OAE_VERSION);
	oae_jw_str(&w, "spec", OAE_SPEC_VERSION);
	oae_jw_num(&w, "alpha", t->alpha);
	oae_jw_int(&w, "permutations", t->permutations);
	oae_jw_int(&w, "segment_min", OAE_EDIVISIVE_SEGMENT_MIN);
	oae_jw_u64s(&w, "seed", t->seed);
	oae_jw_arr(&w, "results");
	for (size_t i = 0; i < t->count; i++)
		write_result(&w, &t->results[i]);
	oae_jw_end_arr(&w);
	oae_jw_arr(&w, "series");
	for (size_t i = 0; i < t->series_count; i++)
		write_series(&w, &t->series[i]);
	oae_jw_end_arr(&w);
	oae_jw_end_obj(&w);
	oae_buf_putc(out, '\n');
	return oae_buf_check(out, "trend", err);
}
