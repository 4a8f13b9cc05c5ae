/* SPDX-License-Identifier: Apache-2.0 */
/* From a result document to rows: what a table needs of it, no more. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "reports/board_internal.h"
#include "reports/sections.h"
#include "reports/text.h"

#define IDENTITY_BYTES_MAX (8u << 20)

static const char *const no_memory = "board: no memory";

const char *oae_board_clean(struct oae_board *b, const char *text)
{
	struct oae_buf clean;
	const char *out;

	oae_buf_init(&clean, OAE_TEXT_FILE_BYTES_MAX);
	oae_text_clean(&clean, text);
	out = clean.status ? NULL :
			     oae_arena_strdup(&b->arena, oae_buf_str(&clean));
	oae_buf_release(&clean);
	return out;
}

const char *oae_board_text(struct oae_board *b, const char *text)
{
	size_t n = oae_text_bytes_of(text, OAE_BOARD_TEXT_CHARS - 1);
	char cut[4 * OAE_BOARD_TEXT_CHARS + 8];

	if (oae_text_width(text) <= OAE_BOARD_TEXT_CHARS)
		return oae_board_clean(b, text);
	snprintf(cut, sizeof(cut), "%.*s\u2026", (int)n, text);
	return oae_board_clean(b, cut);
}

/* The hash of what is in the buffer; "" when it did not fit. */
static void hash_of(const struct oae_buf *b, char hex[OAE_SHA256_HEX])
{
	if (b->status)
		hex[0] = '\0';
	else
		oae_sha256_bytes(oae_buf_str(b), b->len, hex);
}

/* Two files of each workload that the profile weighs, by hash. */
static void write_items(struct oae_jw *w, const cJSON *result,
			const cJSON *profile)
{
	static const char *const files[] = { "workload.json", "items.jsonl" };
	const cJSON *inputs =
		oae_view_at(result, "environment.software.inputs");
	const cJSON *load;
	char key[OAE_NAME_BYTES_MAX + 32];

	oae_jw_arr(w, "items");
	cJSON_ArrayForEach(load, oae_view_at(profile, "profile.workloads"))
		for (size_t i = 0; i < 2; i++) {
			snprintf(key, sizeof(key), "workloads/%.*s.%s",
				 (int)OAE_NAME_BYTES_MAX,
				 oae_view_str(load, "id"), files[i]);
			oae_jw_str(w, NULL, oae_json_str_or(inputs, key, NULL));
		}
	oae_jw_end_arr(w);
}

/* Everything that must be equal for two scores to be of one table. */
static void table_key(const cJSON *result, const cJSON *profile,
		      const char *spec, char hex[OAE_SHA256_HEX])
{
	struct oae_buf text;
	struct oae_jw w;

	oae_buf_init(&text, IDENTITY_BYTES_MAX);
	oae_jw_init(&w, &text, 0);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "spec", spec);
	oae_jw_value(&w, "profile", oae_view_at(profile, "profile"));
	oae_jw_value(&w, "tables", oae_view_at(result, "tables"));
	write_items(&w, result, profile);
	oae_jw_end_obj(&w);
	hash_of(&text, hex);
	oae_buf_release(&text);
}

static const cJSON *find_system(const cJSON *result, const char *id)
{
	const cJSON *s;

	cJSON_ArrayForEach(s, oae_view_at(result, "systems"))
		if (strcmp(oae_view_str(s, "id"), id) == 0)
			return s;
	return NULL;
}

/* A baseline is its id, its settings and its models' hashes. */
static const char *league_key(struct oae_board *b, const cJSON *result,
			      const char *baseline)
{
	const cJSON *system = find_system(result, baseline), *model;
	char hex[OAE_SHA256_HEX];
	struct oae_buf text;
	struct oae_jw w;

	oae_buf_init(&text, IDENTITY_BYTES_MAX);
	oae_jw_init(&w, &text, 0);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "id", baseline);
	oae_jw_value(&w, "knobs", oae_view_at(system, "knobs"));
	oae_jw_arr(&w, "models");
	cJSON_ArrayForEach(model, oae_view_at(system, "models"))
		oae_jw_str(&w, NULL, oae_view_str(model, "sha256"));
	oae_jw_end_arr(&w);
	oae_jw_end_obj(&w);
	hash_of(&text, hex);
	oae_buf_release(&text);
	return oae_arena_strdup(&b->arena, hex);
}

static enum oae_status find_table(struct oae_board *b, const char *key,
				  const cJSON *profile, const char *spec,
				  enum oae_view_mode mode, size_t *out,
				  struct oae_error *err)
{
	struct oae_board_table *t;
	struct oae_buf title;

	for (*out = 0; *out < b->n_tables; (*out)++)
		if (b->tables[*out].mode == mode &&
		    strcmp(b->tables[*out].key, key) == 0)
			return OAE_OK;
	if (b->n_tables == b->max_tables)
		return oae_fail(err, OAE_ERR_NOMEM, 0,
				"board: more than %u profiles that differ;"
				" split the board",
				OAE_BOARD_TABLES_MAX / OAE_VIEW_MODES);
	t = &b->tables[b->n_tables++];
	snprintf(t->key, sizeof(t->key), "%s", key);
	t->mode = mode;
	t->profile = oae_board_text(b, oae_view_str(profile, "id"));
	t->spec = oae_board_text(b, spec);
	oae_buf_init(&title, OAE_PAGE_BYTES_MAX);
	oae_section_title(profile, &title);
	t->title = oae_board_clean(b, oae_buf_str(&title));
	oae_buf_release(&title);
	if (!t->profile || !t->spec || !t->title)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "%s", no_memory);
	return OAE_OK;
}

/* Why a score may not be ranked; NULL when it may. */
static const char *why_unranked(struct oae_board *b,
				const struct oae_board_row *row,
				const cJSON *score)
{
	const struct oae_board_submission *s = row->submission;
	const cJSON *reasons = oae_view_at(score, "gate.reasons");
	const char *why = "", *text_of;

	if (reasons && cJSON_IsString(reasons->child))
		why = reasons->child->valuestring;
	if (s->status == OAE_BOARD_INVALIDATED ||
	    s->status == OAE_BOARD_SUPERSEDED ||
	    s->status == OAE_BOARD_DISPUTED)
		return oae_board_status_name[s->status];
	if (s->review.bad)
		return "its review does not count";
	if (strcmp(row->gate, "pass") != 0) {
		char text[600];

		snprintf(text, sizeof(text), "gate %s%s%.500s",
			 *row->gate ? row->gate : "missing", *why ? ": " : "",
			 why);
		text_of = oae_board_text(b, text);
		return text_of ? text_of : "gate";
	}
	if (!cJSON_IsTrue(oae_view_at(score, "ranked")))
		return "its result says that it is not ranked";
	if (!row->oae.has)
		return row->oae.reason ? row->oae.reason : "no score";
	if (!row->oae.band)
		return "no interval";
	if (!(row->oae.low > 0 && row->oae.low <= row->oae.value &&
	      row->oae.value <= row->oae.high && isfinite(row->oae.high)))
		return "its interval is none";
	return NULL;
}

static struct oae_value take_value(struct oae_board *b, const cJSON *mode,
				   const char *path)
{
	struct oae_value v = oae_view_value(mode, path);

	v.class = v.class ? oae_board_text(b, v.class) : "";
	v.reason = v.reason ? oae_board_text(b, v.reason) : NULL;
	return v;
}

static const char *measured_workloads(struct oae_board *b, const cJSON *result,
				      const char *id)
{
	const cJSON *w, *list = oae_view_at(find_system(result, id),
					    "measured.by_workload");
	struct oae_buf text;
	const char *out;

	oae_buf_init(&text, (size_t)OAE_WORKLOADS_MAX * OAE_NAME_BYTES_MAX);
	cJSON_ArrayForEach(w, list) {
		const char *name = oae_view_str(w, "workload");

		/* Others cannot be told apart in a list with blanks. */
		if (*name && !strpbrk(name, " \t\r\n\"'<>&") &&
		    strlen(name) < OAE_NAME_BYTES_MAX)
			oae_buf_printf(&text, "%s%s", text.len ? " " : "",
				       name);
	}
	out = oae_arena_strdup(&b->arena, oae_buf_str(&text));
	oae_buf_release(&text);
	return out;
}

/* A result says one of the words that the specification knows. */
static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

static enum oae_status check_words(const struct oae_board_row *row,
				   struct oae_error *err)
{
	static const char *const verdicts[] = { "PAYS", "DOES-NOT-PAY",
						"UNDECIDED", "NO-SCORE", NULL };
	static const char *const gates[] = { "pass", "fail", "unproven", NULL };
	static const char *const classes[] = { "measured", "published",
					       "declared", "estimated",
					       "assumed",  NULL };

	if (!is_one_of(row->verdict, verdicts))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"result.json: unknown verdict '%.40s'",
				row->verdict);
	if (!is_one_of(row->gate, gates))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"result.json: unknown outcome of the gate"
				" '%.40s'",
				row->gate);
	if (row->oae.has && !is_one_of(row->class, classes))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"result.json: unknown class '%.40s'",
				row->class);
	return OAE_OK;
}

static enum oae_status add_row(struct oae_board *b,
			       const struct oae_board_row *like,
			       const cJSON *score, struct oae_error *err)
{
	const cJSON *mode = oae_section_mode(score, like->mode);
	struct oae_board_row *moved, *row;
	double share = oae_view_num(mode, "measured_share");

	if (b->n_rows == OAE_BOARD_ROWS_MAX)
		return oae_fail(err, OAE_ERR_NOMEM, 0,
				"board: more than %u rows; split the board",
				OAE_BOARD_ROWS_MAX);
	if (b->n_rows == b->max_rows) {
		b->max_rows = b->max_rows ? 2 * b->max_rows : 256;
		moved = realloc(b->rows, b->max_rows * sizeof(*moved));
		if (!moved)
			return oae_fail(err, OAE_ERR_NOMEM, 0, "%s", no_memory);
		b->rows = moved;
	}
	row = &b->rows[b->n_rows++];
	*row = *like;
	row->oae = take_value(b, mode, "oae");
	row->kappa = take_value(b, mode, "kappa_ratio");
	row->s = take_value(b, mode, "s_ratio");
	row->measured_share =
		isnan(share) ? oae_view_num(score, "measured_share") : share;
	row->class = row->oae.class;
	row->verdict = oae_board_text(b, oae_view_str(mode, "verdict"));
	row->gate = oae_board_text(b, oae_view_str(score, "gate.outcome"));
	if (!row->class || !row->kappa.class || !row->s.class ||
	    !row->verdict || !row->gate)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "%s", no_memory);
	row->unranked = why_unranked(b, row, score);
	return check_words(row, err);
}

static enum oae_status take_score(struct oae_board *b,
				  struct oae_board_row *row,
				  const cJSON *result, const cJSON *score,
				  const size_t tables[OAE_VIEW_MODES],
				  struct oae_error *err)
{
	const char *id = oae_view_str(score, "system");
	enum oae_status status = OAE_OK;

	row->system = oae_board_text(b, id);
	row->workloads = measured_workloads(b, result, id);
	if (!row->system || !row->workloads)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "%s", no_memory);
	for (int m = 0; m < OAE_VIEW_MODES && status == OAE_OK; m++) {
		row->mode = (enum oae_view_mode)m;
		row->table = tables[m];
		if (oae_section_mode(score, row->mode))
			status = add_row(b, row, score, err);
	}
	return status;
}

static enum oae_status take_profile(struct oae_board *b,
				    struct oae_board_submission *s,
				    const cJSON *result, const cJSON *profile,
				    struct oae_error *err)
{
	struct oae_board_row row = { .submission = s };
	const char *baseline = oae_view_str(profile, "baseline.system");
	const cJSON *score;
	char key[OAE_SHA256_HEX];
	size_t tables[OAE_VIEW_MODES] = { 0 };
	enum oae_status status = OAE_OK;

	table_key(result, profile, s->spec, key);
	if (!*key)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"result.json: profile and tables are larger"
				" than %u bytes",
				IDENTITY_BYTES_MAX);
	for (int m = 0; m < OAE_VIEW_MODES && status == OAE_OK; m++)
		status = find_table(b, key, profile, s->spec,
				    (enum oae_view_mode)m, &tables[m], err);
	if (status != OAE_OK)
		return status;
	row.baseline = oae_board_text(b, baseline);
	row.league = league_key(b, result, baseline);
	if (!row.baseline || !row.league)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "%s", no_memory);
	cJSON_ArrayForEach(score, oae_view_at(profile, "scores")) {
		status = take_score(b, &row, result, score, tables, err);
		if (status != OAE_OK)
			return status;
	}
	return OAE_OK;
}

static void describe_machine(const cJSON *result, struct oae_buf *out)
{
	static const char at[] = "environment.start";
	const cJSON *start = oae_view_at(result, at);
	double cores = oae_view_num(start, "cpu.cores");
	double memory = oae_view_num(start, "memory_bytes");
	const char *cpu = oae_view_str(start, "cpu.model");
	char number[OAE_NUMBER_TEXT];

	oae_buf_printf(out, "%.160s", *cpu ? cpu : "not known");
	if (!isnan(cores))
		oae_buf_printf(out, ", %.0f cores", cores);
	if (!isnan(memory)) {
		oae_number_bytes(number, memory);
		oae_buf_printf(out, ", %s", number);
	}
	if (cJSON_IsTrue(oae_view_at(start, "virtual")))
		oae_buf_puts(out, ", virtual");
}

/* The facts of the whole result. */
static enum oae_status take_head(struct oae_board *b,
				 struct oae_board_submission *s,
				 const cJSON *result, struct oae_error *err)
{
	const char *cpu = oae_view_str(result, "environment.start.cpu.model");
	const struct {
		const char **to, *path;
	} texts[] = {
		{ &s->date, "campaign.utc" },
		{ &s->suite, "campaign.suite" },
		{ &s->scenario, "campaign.scenario" },
		{ &s->baseline, "campaign.baseline" },
		{ &s->spec, "spec" },
	};
	struct oae_buf machine;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		*texts[i].to =
			oae_board_text(b, oae_view_str(result, texts[i].path));
		if (!*texts[i].to)
			return oae_fail(err, OAE_ERR_NOMEM, 0, "%s", no_memory);
	}
	oae_buf_init(&machine, OAE_PAGE_BYTES_MAX);
	describe_machine(result, &machine);
	s->hardware = oae_board_text(b, oae_buf_str(&machine));
	s->cpu = oae_board_text(b, *cpu ? cpu : "not known");
	oae_buf_release(&machine);
	s->n_systems =
		(size_t)cJSON_GetArraySize(oae_view_at(result, "systems"));
	if (!s->hardware || !s->cpu)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "%s", no_memory);
	return OAE_OK;
}

enum oae_status oae_board_take(struct oae_board *b,
			       struct oae_board_submission *s,
			       const cJSON *result, struct oae_error *err)
{
	const cJSON *profiles = oae_view_at(result, "profiles"), *p;
	enum oae_status status = take_head(b, s, result, err);

	if (status != OAE_OK)
		return status;
	if (s->n_systems > OAE_SYSTEMS_MAX ||
	    cJSON_GetArraySize(profiles) > (int)OAE_BOARD_PROFILES_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"result.json: more than %u systems or %u"
				" profiles",
				OAE_SYSTEMS_MAX, OAE_BOARD_PROFILES_MAX);
	cJSON_ArrayForEach(p, profiles)
		if (cJSON_GetArraySize(oae_view_at(p, "scores")) >
		    (int)OAE_SYSTEMS_MAX)
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"result.json: more than %u scores of"
					" one profile",
					OAE_SYSTEMS_MAX);
	s->first_row = b->n_rows;
	cJSON_ArrayForEach(p, profiles) {
		status = take_profile(b, s, result, p, err);
		if (status != OAE_OK)
			return status;
	}
	s->n_rows = b->n_rows - s->first_row;
	return OAE_OK;
}
