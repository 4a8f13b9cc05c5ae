/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "harness/cmd_setup_text.h"
#include "reports/sheet.h"
#include "reports/text.h"

#define COLUMNS 100
#define STEP_TEXT 2048

/* ---- before ----------------------------------------------------------- */

static void print_clean(FILE *to, const char *s)
{
	struct oae_buf b;

	oae_buf_init(&b, OAE_LINE_BYTES_MAX);
	oae_text_clean(&b, s);
	fputs(oae_buf_str(&b), to);
	oae_buf_release(&b);
}

void oae_setup_print_steps(const struct oae_setup *s, FILE *to)
{
	char text[STEP_TEXT];

	fprintf(to, "%s, %zu step%s in %s, then its first token:\n", s->system,
		s->step_count, s->step_count == 1 ? "" : "s",
		s->options.root ? "a root folder of its own" : "a clean place");
	for (size_t i = 0; i < s->step_count; i++) {
		oae_setup_step_text(&s->steps[i], text, sizeof(text));
		fprintf(to, "  %zu  ", i + 1);
		print_clean(to, text);
		fputs(s->steps[i].network ? "   (with network)\n" : "\n", to);
	}
	if (s->can_confine)
		fputs("They may write below that place only (Landlock).\n", to);
	else
		fprintf(to, "Nothing keeps them from writing elsewhere: %s.\n",
			s->no_confine);
	if (!s->can_leave_network)
		fprintf(to, "Nothing keeps them from the network: %s.\n",
			s->no_leave_network);
}

/* ---- numbers ---------------------------------------------------------- */

static void put_amount(struct oae_sheet *t, const struct oae_amount *a,
		       oae_number_fn *number)
{
	char text[OAE_NUMBER_TEXT];

	if (isnan(a->value)) {
		oae_sheet_missing(t, a->source);
		return;
	}
	number(text, a->value);
	oae_sheet_cell(t, "%s%s", text,
		       a->evidence == OAE_ESTIMATED ? " (estimated)" : "");
	if (a->evidence == OAE_ESTIMATED)
		oae_sheet_note(t, a->source);
}

static void put_seconds(struct oae_sheet *t, double s)
{
	char text[OAE_NUMBER_TEXT];

	oae_number_seconds(text, s);
	oae_sheet_cell(t, "%s", text);
}

static void step_row(struct oae_sheet *t, const struct oae_transcript_step *s,
		     size_t i)
{
	char text[STEP_TEXT];

	oae_setup_step_text(&s->what, text, sizeof(text));
	oae_sheet_cell(t, "%zu  %.200s", i + 1, text);
	oae_sheet_cell(t, "%s", s->outcome);
	if (s->reason)
		oae_sheet_note(t, s->reason);
	put_seconds(t, s->wall_s);
	put_amount(t, &s->cpu_s, oae_number_seconds);
	put_amount(t, &s->network_bytes, oae_number_bytes);
	put_amount(t, &s->disk_bytes, oae_number_bytes);
	oae_sheet_cell(t, "%" PRIu64, s->files.made);
	oae_sheet_cell(t, "%" PRIu64 " lines", s->edited_lines);
}

static void rest_rows(struct oae_sheet *t, const struct oae_transcript *is)
{
	const struct oae_transcript_sum *sum = &is->sum;

	oae_sheet_cell(t, "first valid token");
	oae_sheet_cell(t, "%s", is->first_outcome);
	if (is->first_reason)
		oae_sheet_note(t, is->first_reason);
	if (isnan(is->first_token_s))
		oae_sheet_missing(t, is->first_reason);
	else
		put_seconds(t, is->first_token_s);
	for (int i = 0; i < 5; i++)
		oae_sheet_cell(t, " ");
	oae_sheet_cell(t, "all");
	oae_sheet_cell(t, sum->failures ? "void" : "ok");
	put_seconds(t, sum->wall_s);
	put_amount(t, &sum->cpu_s, oae_number_seconds);
	put_amount(t, &sum->network_bytes, oae_number_bytes);
	put_amount(t, &sum->disk_bytes, oae_number_bytes);
	oae_sheet_cell(t, "%" PRIu64, sum->files_made);
	oae_sheet_cell(t, "%" PRIu64 " lines", sum->edited_lines);
}

static void remarks(struct oae_sheet *t, const struct oae_transcript *is)
{
	char text[400], size[OAE_NUMBER_TEXT];
	const cJSON *token =
		cJSON_GetObjectItemCaseSensitive(is->first_line, "answer");

	oae_number_bytes(size, (double)is->materials_bytes);
	(void)snprintf(text, sizeof(text),
		       "Copied before the first step: %zu files, %s.",
		       is->materials.count, size);
	oae_sheet_remark(t, text);
	(void)snprintf(text, sizeof(text),
		       "Parameters set: %" PRIu64 " of %" PRIu64 " exposed.",
		       is->sum.parameters_set, is->sum.parameters);
	oae_sheet_remark(t, text);
	if (isnan(is->sum.packages.value))
		(void)snprintf(text, sizeof(text),
			       "Packages: not known, %.300s.",
			       is->sum.packages.source);
	else
		(void)snprintf(text, sizeof(text), "Packages: %.0f, %.300s.",
			       is->sum.packages.value, is->sum.packages.source);
	oae_sheet_remark(t, text);
	if (is->first_ok && cJSON_IsString(token)) {
		(void)snprintf(text, sizeof(text), "It answered: %.300s",
			       token->valuestring);
		oae_sheet_remark(t, text);
	}
}

static void table(const struct oae_transcript *is, struct oae_buf *out)
{
	static const char *const heads[] = { "step",  "outcome", "time",
					     "CPU",   "network", "on disk",
					     "files", "edits" };
	char caption[400];
	struct oae_sheet t;

	(void)snprintf(caption, sizeof(caption), "Set-up of %.200s",
		       is->system);
	oae_sheet_init(&t, caption);
	oae_sheet_columns(&t, heads, "llrrrrrr");
	for (size_t i = 0; i < is->step_count; i++)
		step_row(&t, &is->steps[i], i);
	rest_rows(&t, is);
	remarks(&t, is);
	oae_sheet_to_text(&t, out, COLUMNS);
	oae_sheet_release(&t);
}

/* ---- replay ----------------------------------------------------------- */

static void verdict_row(struct oae_sheet *t, const char *what,
			const struct oae_setup_verdict *v, bool timed)
{
	oae_sheet_cell(t, "%.120s", what);
	oae_sheet_cell(t, v->same ? "same" : "different");
	if (v->text[0])
		oae_sheet_note(t, v->text);
	if (v->listed)
		oae_sheet_cell(t,
			       "%" PRIu64 " same, %" PRIu64 " other, %" PRIu64
			       " missing, %" PRIu64 " new",
			       v->files_same, v->files_other, v->files_missing,
			       v->files_new);
	else
		oae_sheet_missing(t, "not listed");
	if (!timed) {
		oae_sheet_cell(t, " ");
		oae_sheet_cell(t, " ");
		return;
	}
	put_seconds(t, v->wall_was_s);
	put_seconds(t, v->wall_s);
}

static void replay_table(const struct oae_transcript *was,
			 const struct oae_transcript *is, struct oae_buf *out)
{
	static const char *const heads[] = { "step", "", "files", "time then",
					     "time now" };
	struct oae_setup_verdict v;
	char text[STEP_TEXT];
	struct oae_sheet t;

	oae_sheet_init(&t, "Made again (files by their hash; times are only"
			   " shown)");
	oae_sheet_columns(&t, heads, "lllrr");
	oae_setup_compare_materials(was, is, &v);
	verdict_row(&t, "the copied sources", &v, false);
	for (size_t i = 0; i < was->step_count; i++) {
		(void)snprintf(text, sizeof(text), "%zu  ", i + 1);
		oae_setup_step_text(&was->steps[i].what, text + strlen(text),
				    sizeof(text) - strlen(text));
		oae_setup_compare_step(was, is, i, &v);
		verdict_row(&t, text, &v, true);
	}
	oae_sheet_cell(&t, "first valid token");
	oae_sheet_cell(&t,
		       is->first_ok == was->first_ok ? "same" : "different");
	oae_sheet_cell(&t, "%s", is->first_ok ? "it came" : "none came");
	put_seconds(&t, was->first_token_s);
	put_seconds(&t, is->first_token_s);
	if (strcmp(was->place, is->place) != 0)
		oae_sheet_remark(&t, "The place has another path than then:"
				     " files that name it differ.");
	oae_sheet_to_text(&t, out, COLUMNS);
	oae_sheet_release(&t);
	oae_buf_putc(out, '\n');
}

void oae_setup_text(const struct oae_transcript *was,
		    const struct oae_transcript *is, struct oae_buf *out)
{
	if (was)
		replay_table(was, is, out);
	table(is, out);
}

/* ---- JSON ------------------------------------------------------------- */

static void verdict_json(struct oae_jw *w, const char *what,
			 const struct oae_setup_verdict *v)
{
	oae_jw_obj(w, NULL);
	oae_jw_str(w, "step", what);
	oae_jw_bool(w, "same", v->same);
	oae_jw_bool(w, "exit_same", v->exit_same);
	oae_jw_bool(w, "files_listed", v->listed);
	oae_jw_int(w, "files_same", (int64_t)v->files_same);
	oae_jw_int(w, "files_other", (int64_t)v->files_other);
	oae_jw_int(w, "files_missing", (int64_t)v->files_missing);
	oae_jw_int(w, "files_new", (int64_t)v->files_new);
	oae_jw_num(w, "wall_was_s", v->wall_was_s);
	oae_jw_num(w, "wall_s", v->wall_s);
	oae_jw_str(w, "difference", v->text[0] ? v->text : NULL);
	oae_jw_end_obj(w);
}

static void replay_json(struct oae_jw *w, const struct oae_transcript *was,
			const struct oae_transcript *is)
{
	struct oae_setup_verdict v;
	char text[STEP_TEXT];

	oae_jw_arr(w, "replay");
	oae_setup_compare_materials(was, is, &v);
	verdict_json(w, "materials", &v);
	for (size_t i = 0; i < was->step_count; i++) {
		oae_setup_step_text(&was->steps[i].what, text, sizeof(text));
		oae_setup_compare_step(was, is, i, &v);
		verdict_json(w, text, &v);
	}
	oae_jw_end_arr(w);
	oae_jw_bool(w, "same_place", strcmp(was->place, is->place) == 0);
}

void oae_setup_json(const struct oae_setup *s, const struct oae_transcript *was,
		    const struct oae_transcript *is, const char *path,
		    struct oae_buf *out)
{
	struct oae_jw w;

	oae_jw_init(&w, out, 2);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "system", is->system);
	oae_jw_str(&w, "transcript", path);
	oae_jw_str(&w, "outcome",
		   s->interrupted ? "interrupted" :
		   s->failed	  ? "void" :
				    "ok");
	oae_jw_str(&w, "reason", s->failed ? s->why : NULL);
	oae_jw_str(&w, "place", s->options.keep ? s->place : NULL);
	oae_transcript_summary(&w, is);
	if (was)
		replay_json(&w, was, is);
	oae_jw_end_obj(&w);
	oae_buf_putc(out, '\n');
}
