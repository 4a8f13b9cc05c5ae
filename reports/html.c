/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index.html: one file that needs nothing else, not even a script. A
 * content policy in its head forbids what an escaping fault might let in.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "reports/html_style.h"
#include "reports/pages.h"
#include "reports/report.h"
#include "reports/sections.h"
#include "reports/text.h"

#define ITEM_BYTES_MAX 300

static void put_table(struct oae_sheet *t, struct oae_buf *b)
{
	if (t->status != OAE_OK)
		b->status = t->status;
	if (oae_sheet_rows(t) > 0)
		oae_sheet_to_html(t, b);
	oae_sheet_release(t);
}

static void put_item(struct oae_buf *b, const char *what, const char *text)
{
	char cut[ITEM_BYTES_MAX];

	if (!*text)
		return;
	snprintf(cut, sizeof(cut), "%.*s", ITEM_BYTES_MAX - 1, text);
	oae_buf_printf(b, "<dt>%s</dt><dd>", what);
	oae_text_html(b, cut);
	oae_buf_puts(b, "</dd>\n");
}

static void put_machine(struct oae_buf *b, const cJSON *j)
{
	double cores = oae_view_num(j, "environment.start.cpu.cores");
	double memory = oae_view_num(j, "environment.start.memory_bytes");
	const char *cpu = oae_view_str(j, "environment.start.cpu.model");
	char number[OAE_NUMBER_TEXT];
	struct oae_buf text;

	oae_buf_init(&text, OAE_PAGE_BYTES_MAX);
	oae_buf_printf(&text, "%.200s", *cpu ? cpu : "not known");
	if (!isnan(cores))
		oae_buf_printf(&text, ", %.0f cores", cores);
	if (!isnan(memory)) {
		oae_number_bytes(number, memory);
		oae_buf_printf(&text, ", %s of memory", number);
	}
	if (cJSON_IsTrue(oae_view_at(j, "environment.start.virtual")))
		oae_buf_puts(&text, ", virtual");
	put_item(b, "machine", oae_buf_str(&text));
	oae_buf_release(&text);
}

static void put_systems(struct oae_buf *b, const struct oae_report *r,
			const struct oae_report_run *run)
{
	char label[OAE_LABEL_BYTES];
	const cJSON *s;
	bool first = true;

	oae_buf_puts(b, "<dt>systems</dt><dd>");
	cJSON_ArrayForEach(s, oae_view_systems(run)) {
		oae_view_label(r, run, oae_view_str(s, "id"), label);
		oae_buf_puts(b, first ? "" : ", ");
		oae_text_html(b, label);
		if (cJSON_IsTrue(oae_view_at(s, "baseline")))
			oae_buf_puts(b, " (the baseline)");
		first = false;
	}
	oae_buf_puts(b, "</dd>\n");
}

static void put_run(struct oae_buf *b, const struct oae_report *r,
		    const struct oae_report_run *run)
{
	const cJSON *j = run->json;
	struct oae_buf state;

	if (!cJSON_IsTrue(oae_view_at(j, "complete")))
		oae_buf_puts(b, "<p class=\"warn\">Incomplete: the journal has"
				" no seal, so runs may be missing.</p>\n");
	oae_buf_puts(b, "<dl>\n");
	put_item(b, "run", run->name);
	put_systems(b, r, run);
	put_item(b, "suite", oae_view_str(j, "campaign.suite"));
	put_item(b, "scenario", oae_view_str(j, "campaign.scenario"));
	put_item(b, "measured", oae_view_str(j, "campaign.utc"));
	put_machine(b, j);
	oae_buf_init(&state, 1000);
	oae_buf_puts(&state, cJSON_IsTrue(oae_view_at(j, "complete")) ?
				     "complete; the journal is sealed" :
				     "incomplete");
	oae_section_made_from(j, &state);
	put_item(b, "state", oae_buf_str(&state));
	oae_buf_release(&state);
	oae_buf_puts(b, "</dl>\n");
}

static void put_head(struct oae_buf *b)
{
	static const char *const links[][2] = {
		{ "verdict", "Verdict" },	  { "running", "One request" },
		{ "measured", "Measured" },	  { "profiles", "By profile" },
		{ "pictures", "Pictures" },	  { "effort", "Declared" },
		{ "environment", "Environment" }, { "check", "Check it" },
	};
	size_t i;

	oae_buf_puts(b,
		     "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		     "<meta charset=\"utf-8\">\n"
		     "<meta http-equiv=\"Content-Security-Policy\" content=\""
		     "default-src 'none'; style-src 'unsafe-inline'\">\n"
		     "<meta name=\"viewport\" content=\"width=device-width,"
		     " initial-scale=1\">\n"
		     "<title>Overhead-Aware Efficiency: a report</title>\n"
		     "<style>\n");
	oae_buf_puts(b, oae_html_style);
	oae_buf_puts(
		b, "</style>\n</head>\n<body>\n"
		   "<a class=\"skip\" href=\"#verdict\">To the verdict</a>\n"
		   "<header>\n<h1>Overhead-Aware Efficiency</h1>\n"
		   "<p class=\"lead\">What a way of serving a language model"
		   " saves, after adoption, upkeep, machines and energy are"
		   " paid.</p>\n<nav aria-label=\"Parts of this page\"><ul>\n");
	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		oae_buf_printf(b, "<li><a href=\"#%s\">%s</a></li>\n",
			       links[i][0], links[i][1]);
	oae_buf_puts(b, "</ul></nav>\n</header>\n<main>\n");
}

static void put_sentence(const struct oae_sentence_view *s, void *ctx)
{
	struct oae_buf *b = ctx;

	oae_buf_printf(b, "<li><span class=\"tag %s\">",
		       oae_sheet_tone_name(s->tone));
	oae_text_html(b, s->verdict);
	oae_buf_puts(b, "</span> ");
	if (*s->run) {
		oae_buf_puts(b, "<strong>");
		oae_text_html(b, s->run);
		oae_buf_puts(b, ":</strong> ");
	}
	oae_text_html(b, s->sentence);
	oae_buf_puts(b, "</li>\n");
}

static void put_title(struct oae_buf *b, const struct oae_report *r,
		      const char *id)
{
	struct oae_buf title;

	oae_buf_init(&title, OAE_PAGE_BYTES_MAX);
	oae_section_title(oae_view_first_profile(r, id), &title);
	oae_buf_puts(b, "<h3>");
	oae_text_html(b, oae_buf_str(&title));
	oae_buf_puts(b, "</h3>\n");
	oae_buf_release(&title);
}

static void put_profiles(struct oae_buf *b, const struct oae_report *r,
			 const char **ids, size_t n)
{
	struct oae_sheet t;
	size_t i;

	oae_buf_puts(
		b,
		"<section>\n<h2 id=\"profiles\">By profile</h2>\n"
		"<p>OAE is the cost of the baseline divided by the cost of the"
		" system for the same requests over the same time: 2 means"
		" half the cost, below 1 means dearer. A* is how many extra"
		" hours of people&#39;s work the savings would pay for.</p>\n");
	for (i = 0; i < n; i++) {
		put_title(b, r, ids[i]);
		oae_section_scores(r, ids[i], &t);
		put_table(&t, b);
		oae_section_certainty(r, ids[i], &t);
		put_table(&t, b);
		oae_section_guesses(r, ids[i], &t);
		put_table(&t, b);
		oae_section_retrofit(r, ids[i], &t);
		put_table(&t, b);
		oae_section_conditions(r, ids[i], &t);
		put_table(&t, b);
		oae_section_costs(r, ids[i], &t);
		put_table(&t, b);
		oae_section_physical(r, ids[i], &t);
		put_table(&t, b);
		oae_section_carbon(r, ids[i], &t);
		put_table(&t, b);
		oae_section_access(r, ids[i], &t);
		put_table(&t, b);
	}
	oae_buf_puts(b, "</section>\n");
}

static enum oae_status put_picture(struct oae_buf *b, const char *dir,
				   const char *name, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX], prefix[64];
	struct oae_buf svg;
	enum oae_status status = OAE_OK;

	snprintf(prefix, sizeof(prefix), "%s.svg", name);
	status = oae_path_join(path, sizeof(path), dir, prefix, err);
	if (status != OAE_OK || !oae_file_exists(path))
		return status;
	oae_buf_init(&svg, OAE_TEXT_FILE_BYTES_MAX);
	status = oae_file_read(path, &svg, err);
	if (status == OAE_OK) {
		snprintf(prefix, sizeof(prefix), "%s-", name);
		oae_buf_puts(b, "<figure>\n");
		oae_svg_inline(b, oae_buf_str(&svg), prefix,
			       oae_page_caption(name));
		oae_buf_printf(b, "<figcaption>%s</figcaption>\n</figure>\n",
			       oae_page_caption(name));
	}
	oae_buf_release(&svg);
	return status;
}

static enum oae_status put_pictures(struct oae_buf *b, const char *dir,
				    struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	const char *const *name;

	oae_buf_puts(b, "<section>\n<h2 id=\"pictures\">Pictures</h2>\n");
	for (name = oae_report_plots; *name && status == OAE_OK; name++)
		status = put_picture(b, dir, *name, err);
	oae_buf_puts(b, "<p>The same numbers are in curve.csv, scores.csv and"
			" latency.csv beside this page.</p>\n</section>\n");
	return status;
}

static void put_check(struct oae_buf *b, const struct oae_report *r)
{
	size_t i;

	oae_buf_puts(
		b,
		"<section>\n<h2 id=\"check\">Check it yourself</h2>\n"
		"<p>The score is a pure function of the journal: anyone can"
		" compute it again, and every file has its hash.</p>\n<pre>");
	for (i = 0; i < r->n_runs; i++) {
		const struct oae_report_run *run = &r->runs[i];

		oae_buf_puts(b, "oae verify ");
		oae_text_html(b, run->name);
		oae_buf_puts(b, "      # every hash, and the score again from"
				" the journal\noae run --suite ");
		oae_text_html(b, oae_view_str(run->json, "campaign.suite"));
		oae_buf_puts(b, " --seed ");
		oae_text_html(b, oae_view_str(run->json, "campaign.seed"));
		oae_buf_puts(b, "      # measure the same again\n");
	}
	oae_buf_puts(b, "</pre>\n</section>\n");
}

static void put_section(struct oae_buf *b, const struct oae_report *r,
			const char *id, const char *title, const char *text,
			void (*const *fill)(const struct oae_report *r,
					    struct oae_sheet *t))
{
	struct oae_sheet t;

	oae_buf_printf(b, "<section>\n<h2 id=\"%s\">%s</h2>\n%s", id, title,
		       text);
	for (; *fill; fill++) {
		(*fill)(r, &t);
		put_table(&t, b);
	}
	oae_buf_puts(b, "</section>\n");
}

static void put_verdict(struct oae_buf *b, const struct oae_report *r,
			const char **ids, size_t n)
{
	size_t i;

	oae_buf_puts(b, "<section>\n<h2 id=\"verdict\">Verdict</h2>\n");
	if (n == 0)
		oae_buf_printf(b, "<p>%s</p>\n", oae_section_no_score);
	for (i = 0; i < n; i++) {
		oae_buf_puts(b, "<div class=\"card\">\n");
		put_title(b, r, ids[i]);
		oae_buf_puts(b, "<ul>\n");
		oae_section_each_sentence(r, ids[i], put_sentence, b);
		oae_buf_puts(b, "</ul>\n</div>\n");
	}
	oae_buf_puts(b, "</section>\n");
}

enum oae_status oae_page_html(const struct oae_report *r, const char *dir,
			      struct oae_buf *b, struct oae_error *err)
{
	static void (*const running[])(
		const struct oae_report *r,
		struct oae_sheet *t) = { oae_section_kappa, NULL };
	static void (*const measured[])(
		const struct oae_report *r,
		struct oae_sheet *t) = { oae_section_measured,
					 oae_section_load,
					 oae_section_load_times,
					 oae_section_invalid,
					 oae_section_detail,
					 oae_section_counters,
					 NULL };
	static void (*const effort[])(
		const struct oae_report *r,
		struct oae_sheet *t) = { oae_section_setup,
					 oae_section_ledger,
					 oae_section_keep,
					 oae_section_talent,
					 oae_section_models,
					 oae_section_scale,
					 NULL };
	static void (*const environment[])(
		const struct oae_report *r,
		struct oae_sheet *t) = { oae_section_environment, NULL };
	enum oae_status status;
	const char **ids;
	size_t n, i;

	status = oae_view_profile_ids(r, &ids, &n, err);
	if (status != OAE_OK)
		return status;
	put_head(b);
	for (i = 0; i < r->n_runs; i++)
		put_run(b, r, &r->runs[i]);
	put_verdict(b, r, ids, n);
	put_section(b, r, "running", "One request",
		    "<p>The part that needs no estimate of people&#39;s time."
		    " Cost is machine time and the remedy of missed or wrong"
		    " answers.</p>\n",
		    running);
	put_section(b, r, "measured", "Measured", "", measured);
	put_profiles(b, r, ids, n);
	free(ids);
	status = put_pictures(b, dir, err);
	put_section(b, r, "effort", "Declared and measured",
		    "<p>Hours"
		    " are somebody&#39;s word or an assumption, with a range;"
		    " machine seconds are measured.</p>\n",
		    effort);
	put_section(b, r, "environment", "Environment", "", environment);
	put_check(b, r);
	oae_buf_puts(b, "</main>\n</body>\n</html>\n");
	return status == OAE_OK ? oae_buf_check(b, "index.html", err) : status;
}
