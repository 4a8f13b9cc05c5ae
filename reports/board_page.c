/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page of one submission: what was found about it, its scores with
 * intervals, what was measured and what declared, the machine, the files.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/limits.h"
#include "reports/board_html.h"
#include "reports/report.h"
#include "reports/sections.h"
#include "reports/text.h"

#define UP "../../"

static void put_item(struct oae_buf *out, const char *what, const char *text)
{
	if (!*text)
		return;
	oae_buf_printf(out, "<dt>%s</dt><dd>", what);
	oae_text_html(out, text);
	oae_buf_puts(out, "</dd>\n");
}

static void put_count(struct oae_buf *out, const char *what, double v)
{
	if (v >= 0 && v < 1e9)
		oae_buf_printf(out, "<dt>%s</dt><dd>%.0f</dd>\n", what, v);
}

static void put_hash(struct oae_buf *out, const char *what, const char *hex)
{
	if (!*hex)
		return;
	oae_buf_printf(out, "<dt>%s</dt><dd><code>", what);
	oae_text_html(out, hex);
	oae_buf_puts(out, "</code></dd>\n");
}

/* ---- what was found ----------------------------------------------------- */

/* "NAME" or "ORG/NAME" of another submission that has a page. */
static const struct oae_board_submission *
find_named(const struct oae_board *b, const struct oae_board_submission *s,
	   const char *text)
{
	const char *slash = strchr(text, '/');
	size_t org = slash ? (size_t)(slash - text) : strlen(s->org);
	const char *org_text = slash ? text : s->org;
	const char *name = slash ? slash + 1 : text;

	for (size_t i = 0; i < b->n_submissions; i++) {
		const struct oae_board_submission *o = &b->submissions[i];

		if (o->check != OAE_BOARD_REJECTED && strlen(o->org) == org &&
		    strncmp(o->org, org_text, org) == 0 &&
		    strcmp(o->name, name) == 0)
			return o;
	}
	return NULL;
}

static void put_review(const struct oae_board *b,
		       const struct oae_board_submission *s,
		       struct oae_buf *out)
{
	const struct oae_board_review *r = &s->review;
	const struct oae_board_submission *next;

	if (!r->has) {
		oae_buf_puts(out, "<p>Self-reported: the operator has not run"
				  " it again.</p>\n");
		return;
	}
	if (r->bad) {
		oae_buf_puts(out, "<p class=\"warn\">Not ranked: there is a"
				  " review, but ");
		oae_text_html(out, r->bad);
		oae_buf_puts(out, "</p>\n");
		return;
	}
	oae_buf_puts(out, "<dl>\n");
	put_item(out, "reviewed by", r->by);
	put_item(out, "on", r->date);
	put_item(out, "nonce of the new run", r->nonce);
	put_count(out, "numbers inside tolerance", r->inside);
	put_count(out, "numbers outside", r->outside);
	put_count(out, "not comparable", r->not_comparable);
	put_item(out, "reason", r->reason);
	if (*r->superseded_by) {
		next = find_named(b, s, r->superseded_by);
		oae_buf_puts(out, "<dt>superseded by</dt><dd>");
		if (next)
			oae_board_html_link(out, UP, next, r->superseded_by);
		else
			oae_text_html(out, r->superseded_by);
		oae_buf_puts(out, "</dd>\n");
	}
	oae_buf_puts(out, "</dl>\n");
}

static void put_state(const struct oae_board *b,
		      const struct oae_board_submission *s, struct oae_buf *out)
{
	static const char computed[] =
		"Its files have their hashes, and every number was computed"
		" again from its journal.";

	oae_buf_puts(out, "<p class=\"state\">");
	oae_board_html_tag(out, oae_board_status_tone(s->status),
			   oae_board_status_name[s->status]);
	oae_buf_putc(out, ' ');
	oae_board_html_tag(out,
			   s->check == OAE_BOARD_VERIFIED ? "good" : "open",
			   oae_board_check_name[s->check]);
	if (s->check == OAE_BOARD_UNCHECKED)
		oae_buf_puts(out, " Nobody checked its signature or its numbers"
				  " for this page.</p>\n");
	else
		oae_buf_printf(
			out, " %s %s</p>\n", computed,
			s->check == OAE_BOARD_VERIFIED ?
				"Its organisation signed it." :
				"Whose signature it is was not checked.");
	put_review(b, s, out);
}

static void put_facts(const struct oae_board_submission *s, const cJSON *result,
		      struct oae_buf *out)
{
	oae_buf_puts(out, "<dl>\n");
	put_item(out, "organisation", s->org);
	put_item(out, "submission", s->name);
	put_item(out, "division", s->division);
	put_item(out, "measured", s->date);
	put_item(out, "suite", s->suite);
	put_item(out, "scenario", s->scenario);
	put_item(out, "baseline", s->baseline);
	put_item(out, "machine", s->hardware);
	put_item(out, "specification", s->spec);
	put_item(out, "program", oae_view_str(result, "oae"));
	put_item(out, "seed", oae_view_str(result, "campaign.seed"));
	oae_buf_puts(out, "</dl>\n");
	if (!cJSON_IsTrue(oae_view_at(result, "complete")))
		oae_buf_puts(out,
			     "<p class=\"warn\">Incomplete: the journal"
			     " has no seal, so runs may be missing.</p>\n");
}

/* ---- scores ------------------------------------------------------------- */

static void put_number_value(struct oae_buf *out, const cJSON *mode,
			     const char *path, oae_number_fn *number)
{
	struct oae_value v = oae_view_value(mode, path);
	char low[OAE_NUMBER_TEXT], high[OAE_NUMBER_TEXT], mid[OAE_NUMBER_TEXT];
	double middle = oae_view_num(oae_view_at(mode, path), "mid");

	number(low, v.low);
	number(high, v.high);
	number(mid, v.has ? v.value : middle);
	oae_buf_puts(out, "<td class=\"n\">");
	if (!v.has && isnan(middle))
		oae_buf_puts(out, OAE_DASH);
	else if (isnan(v.low) || isnan(v.high))
		oae_buf_puts(out, mid);
	else
		oae_buf_printf(out, "%s <span class=\"i\">[%s, %s]</span>", mid,
			       low, high);
	oae_buf_puts(out, "</td>");
}

/* The link from a rank to its table. */
static void put_rank(const struct oae_board *b, const struct oae_board_row *r,
		     struct oae_buf *out)
{
	oae_buf_printf(out, "<td class=\"n\"><a href=\"" UP "%s\">",
		       b->tables[r->table].file);
	oae_board_html_rank(out, r);
	oae_buf_puts(out, "</a>");
	oae_buf_puts(out, " <span class=\"sub\">");
	if (r->unranked)
		oae_text_html(out, r->unranked);
	else
		oae_buf_printf(out, "not distinguishable from %zu other%s",
			       r->same, r->same == 1 ? "" : "s");
	oae_buf_puts(out, "</span></td>");
}

static void put_score(const struct oae_board *b, const struct oae_board_row *r,
		      const struct oae_board_axis *axis, const cJSON *score,
		      struct oae_buf *out)
{
	const cJSON *mode = oae_section_mode(score, r->mode);

	oae_buf_puts(out, "<tr><th scope=\"row\">");
	oae_text_html(out, r->system);
	oae_buf_printf(out, "</th><td>%s</td>", oae_view_mode_name[r->mode]);
	put_rank(b, r, out);
	oae_buf_puts(out, "<td class=\"n\">");
	oae_board_html_value(out, &r->oae);
	oae_board_html_bar(out, axis, &r->oae);
	oae_buf_puts(out, "</td><td>");
	oae_board_html_tag(out, oae_board_verdict_tone(r->verdict), r->verdict);
	oae_buf_puts(out, "</td>");
	put_number_value(out, mode, "kappa_ratio", oae_number_plain);
	put_number_value(out, mode, "s_ratio", oae_number_plain);
	put_number_value(out, mode, "affordable_hours", oae_number_hours);
	put_number_value(out, mode, "declared_extra_hours", oae_number_hours);
	oae_buf_puts(out, "<td>");
	oae_text_html(out, r->gate);
	oae_buf_puts(out, "</td><td>");
	oae_text_html(out, *r->class ? r->class : OAE_DASH);
	oae_buf_puts(out, "</td><td class=\"n\">");
	oae_board_html_share(out, r->measured_share);
	oae_buf_puts(out, "</td></tr>\n");
}

static void put_sentence(const struct oae_sentence_view *s, void *ctx)
{
	struct oae_buf *out = ctx;

	oae_buf_puts(out, "<li>");
	oae_board_html_tag(out, oae_sheet_tone_name(s->tone), s->verdict);
	oae_buf_putc(out, ' ');
	oae_text_html(out, s->sentence);
	oae_buf_puts(out, "</li>\n");
}

/* The profile's scores; *row goes on over the submission's rows. */
static void put_scores(const struct oae_board *b,
		       const struct oae_board_submission *s,
		       const cJSON *profile, size_t *row, struct oae_buf *out)
{
	static const char heads[] =
		"<thead><tr><th scope=\"col\">System</th><th scope=\"col\">"
		"Machines</th><th scope=\"col\" class=\"n\">Rank</th><th"
		" scope=\"col\" class=\"n\">OAE [95 %]</th><th scope=\"col\">"
		"Verdict</th><th scope=\"col\" class=\"n\">Running cost ratio"
		" (kappa)</th><th scope=\"col\" class=\"n\">Machine time"
		" ratio</th><th scope=\"col\" class=\"n\">Affordable extra"
		" hours A*</th><th scope=\"col\" class=\"n\">Declared extra"
		" hours</th><th scope=\"col\">Quality gate</th><th scope="
		"\"col\">Evidence</th><th scope=\"col\" class=\"n\">Measured"
		" share</th></tr></thead>\n<tbody>\n";
	const struct oae_board_row *rows[OAE_SYSTEMS_MAX * OAE_VIEW_MODES];
	struct oae_board_axis axis;
	const cJSON *score;
	size_t n = 0, end = s->first_row + s->n_rows;
	size_t i;

	cJSON_ArrayForEach(score, oae_view_at(profile, "scores"))
		for (int m = 0; m < OAE_VIEW_MODES; m++)
			if (oae_section_mode(score, (enum oae_view_mode)m) &&
			    *row + n < end)
				rows[n] = &b->rows[*row + n], n++;
	if (n == 0) {
		oae_buf_puts(out, "<p>No system was scored.</p>\n");
		return;
	}
	axis = oae_board_axis_of(rows, n);
	oae_buf_puts(out, "<div class=\"scroll\" role=\"region\" tabindex=\"0\""
			  " aria-label=\"Scores\">\n<table class=\"scores\">\n"
			  "<caption>Scores, the system against the baseline;"
			  " the bar is the interval, the thin line is 1"
			  "</caption>\n");
	oae_buf_puts(out, heads);
	i = 0;
	cJSON_ArrayForEach(score, oae_view_at(profile, "scores"))
		for (int m = 0; m < OAE_VIEW_MODES; m++)
			if (oae_section_mode(score, (enum oae_view_mode)m) &&
			    i < n)
				put_score(b, rows[i++], &axis, score, out);
	oae_buf_puts(out, "</tbody>\n</table>\n</div>\n");
	*row += n;
}

static void put_profiles(const struct oae_board *b,
			 const struct oae_board_submission *s,
			 const struct oae_report *r, struct oae_buf *out)
{
	size_t row = s->first_row, number = 0;
	struct oae_buf title;
	const cJSON *p;

	oae_buf_puts(out, "<section>\n<h2 id=\"scores\">Scores</h2>\n");
	cJSON_ArrayForEach(p, oae_view_profiles(&r->runs[0])) {
		oae_buf_init(&title, OAE_PAGE_BYTES_MAX);
		oae_section_title(p, &title);
		oae_buf_puts(out, "<h3>");
		oae_text_html(out, oae_buf_str(&title));
		oae_buf_puts(out, "</h3>\n");
		oae_buf_release(&title);
		put_scores(b, s, p, &row, out);
		oae_buf_puts(out, "<ul>\n");
		oae_section_each_sentence(r, oae_view_str(p, "id"),
					  put_sentence, out);
		oae_buf_puts(out, "</ul>\n");
		oae_buf_puts(out, "<div class=\"pair\">\n");
		for (int m = 0; m < OAE_VIEW_MODES; m++)
			oae_board_html_curve(out, p, (enum oae_view_mode)m,
					     ++number);
		oae_buf_puts(out, "</div>\n");
	}
	if (number == 0)
		oae_buf_printf(out, "<p>%s</p>\n", oae_section_no_score);
	oae_buf_puts(out, "</section>\n");
}

/* ---- measured, declared -------------------------------------------------- */

typedef void section_fn(const struct oae_report *r, struct oae_sheet *t);

static void put_section(const struct oae_report *r, const char *id,
			const char *title, section_fn *const *fill,
			struct oae_buf *out)
{
	struct oae_sheet t;

	oae_buf_printf(out, "<section>\n<h2 id=\"%s\">%s</h2>\n", id, title);
	for (; *fill; fill++) {
		(*fill)(r, &t);
		if (t.status != OAE_OK)
			out->status = t.status;
		if (oae_sheet_rows(&t) > 0)
			oae_sheet_to_html(&t, out);
		oae_sheet_release(&t);
	}
	oae_buf_puts(out, "</section>\n");
}

static void put_sections(const struct oae_report *r, struct oae_buf *out)
{
	static section_fn *const measured[] = {
		oae_section_measured,	oae_section_load,
		oae_section_load_times, oae_section_invalid,
		oae_section_detail,	NULL
	};
	static section_fn *const declared[] = { oae_section_ledger,
						oae_section_models,
						oae_section_scale,
						oae_section_runs, NULL };
	static section_fn *const machine[] = { oae_section_environment, NULL };

	put_section(r, "measured", "Measured", measured, out);
	put_section(r, "declared", "Declared and assumed", declared, out);
	put_section(r, "machine", "Machine", machine, out);
}

/* ---- files --------------------------------------------------------------- */

static void put_files(const struct oae_board *b,
		      const struct oae_board_submission *s, struct oae_buf *out)
{
	static const char *const files[] = {
		"README.md",
		"result.json",
		"journal.jsonl.zst",
		"journal.jsonl",
		"setup-transcript.jsonl",
		"system.json",
		"adapter",
		"inputs",
		"SHA256SUMS",
		"SHA256SUMS.sig",
	};
	const char *base = b->options.files_url;
	char path[OAE_PATH_BYTES_MAX];
	struct stat st;
	size_t i;

	oae_buf_puts(out, "<ul class=\"files\">\n");
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (oae_path_join(path, sizeof(path), s->dir, files[i], NULL) ||
		    lstat(path, &st) != 0 ||
		    !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
			continue;
		oae_buf_puts(out, "<li>");
		if (base) {
			oae_buf_puts(out, "<a href=\"");
			if (!strstr(base, "://"))
				oae_buf_puts(out, UP);
			oae_text_html(out, base);
			oae_buf_printf(out, "/%s/%s/%s\">", s->org, s->name,
				       files[i]);
		}
		oae_buf_printf(out, "%s%s", files[i],
			       S_ISDIR(st.st_mode) ? "/" : "");
		oae_buf_puts(out, base ? "</a></li>\n" : "</li>\n");
	}
	oae_buf_puts(out, "</ul>\n");
}

static void put_hashes(const struct oae_board *b,
		       const struct oae_board_submission *s,
		       const cJSON *result, struct oae_buf *out)
{
	const cJSON *system, *input;
	char what[3 * OAE_NAME_BYTES_MAX], text[3 * OAE_NAME_BYTES_MAX];
	struct oae_buf label;

	oae_buf_puts(out,
		     "<section>\n<h2 id=\"files\">Files and hashes</h2>\n");
	put_files(b, s, out);
	oae_buf_puts(out, "<dl class=\"hashes\">\n");
	put_hash(out, "result.json", s->result_sha256);
	put_hash(out, "journal", oae_view_str(result, "journal.sha256"));
	put_hash(out, "adapters (bill of materials)", s->adapter_sha256);
	cJSON_ArrayForEach(system, oae_view_at(result, "systems")) {
		snprintf(text, sizeof(text), "adapter program of %.200s",
			 oae_view_str(system, "id"));
		oae_buf_init(&label, sizeof(what) * 8);
		oae_text_html(&label, text);
		put_hash(out, oae_buf_str(&label),
			 oae_view_str(system, "binary_sha256"));
		oae_buf_release(&label);
	}
	cJSON_ArrayForEach(input,
			   oae_view_at(result, "environment.software.inputs")) {
		if (!cJSON_IsString(input) ||
		    strncmp(input->string, "adapters/", 9) != 0)
			continue;
		snprintf(what, sizeof(what), "%.300s", input->string);
		oae_buf_init(&label, sizeof(what) * 8);
		oae_text_html(&label, what);
		put_hash(out, oae_buf_str(&label), input->valuestring);
		oae_buf_release(&label);
	}
	oae_buf_puts(out, "</dl>\n<p>Check it yourself:</p>\n<pre><code>oae"
			  " verify ");
	oae_buf_printf(out, "%s/%s</code></pre>\n</section>\n", s->org,
		       s->name);
}

static void put_contents(struct oae_buf *out)
{
	static const char *const links[][2] = {
		{ "scores", "Scores" },	    { "measured", "Measured" },
		{ "declared", "Declared" }, { "machine", "Machine" },
		{ "files", "Files" },
	};

	oae_buf_puts(out, "<nav class=\"contents\" aria-label=\"Parts of this"
			  " page\"><ul>\n");
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		oae_buf_printf(out, "<li><a href=\"#%s\">%s</a></li>\n",
			       links[i][0], links[i][1]);
	oae_buf_puts(out, "</ul></nav>\n");
}

enum oae_status oae_board_page(const struct oae_board *b,
			       const struct oae_board_submission *s,
			       struct oae_buf *out, struct oae_error *err)
{
	const struct oae_board_place place = { UP, NULL, false };
	struct oae_report *r = calloc(1, sizeof(*r));
	char title[2 * OAE_NAME_BYTES_MAX + 8];
	enum oae_status status;

	if (!r)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "board: no memory");
	status = oae_report_open(r, &s->dir, 1, err);
	if (status != OAE_OK)
		goto out;
	if (strcmp(r->runs[0].sha256, s->result_sha256) != 0) {
		status = oae_fail(err, OAE_ERR_IO, 0,
				  "%s/result.json: changed while the site was"
				  " made; run `oae board` again",
				  s->dir);
		goto out;
	}
	snprintf(title, sizeof(title), "%s / %s", s->org, s->name);
	oae_board_html_begin(b, &place, title, out);
	put_state(b, s, out);
	put_facts(s, r->runs[0].json, out);
	put_contents(out);
	put_profiles(b, s, r, out);
	put_sections(r, out);
	put_hashes(b, s, r->runs[0].json, out);
	oae_board_html_end(out);
out:
	oae_report_close(r);
	free(r);
	return status;
}
