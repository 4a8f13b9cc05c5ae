/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "reports/pages.h"
#include "reports/report.h"
#include "reports/sections.h"
#include "reports/text.h"

const char *oae_page_caption(const char *picture)
{
	if (strcmp(picture, "oae-on-demand") == 0)
		return "OAE against the number of requests, machines paid by"
		       " the second. Above the line at 1 a system costs less"
		       " than the baseline; the band is the 95 % interval (one"
		       " that meets the border goes on beyond it); the dotted"
		       " line is the profile's own N. On the left people's work"
		       " decides, on the right the machine.";
	if (strcmp(picture, "oae-owned") == 0)
		return "The same with machines that are owned. The teeth are"
		       " whole machines: speed saves nothing until it removes"
		       " one.";
	if (strcmp(picture, "cost-on-demand") == 0)
		return "Where the money goes, machines paid by the second (the"
		       " price includes their energy). Each panel has its own"
		       " scale; the lower bar is the cheaper system.";
	if (strcmp(picture, "cost-owned") == 0)
		return "Where the money goes with machines that are owned. Each"
		       " panel has its own scale; the lower bar is the cheaper"
		       " system.";
	if (strncmp(picture, "tornado", 7) == 0)
		return "Which number the verdict hangs on. Each bar: OAE when"
		       " one number stands at its low (dark) or high"
		       " (pale) end and the others at their middle, the one"
		       " that matters most on top. Grey: all of them drawn"
		       " together, 95 % of the draws. A bar that crosses the"
		       " line at 1 could turn the verdict by itself.";
	if (strncmp(picture, "conditions", 10) == 0)
		return "OAE when things get harder: bursts, mistyped prompts,"
		       " less CPU, less memory, cold starts, busy neighbours,"
		       " each from mild to severe, with 95 % intervals (one"
		       " that meets the border goes on beyond it); dotted:"
		       " the nominal score. Below the line at 1 the baseline is"
		       " the cheaper one.";
	return "Share of requests whose first and last token came within a"
	       " time, from the moment the request was due. A curve further"
	       " left is faster; a long foot to the right at the top is a slow"
	       " tail.";
}

static void put_table(struct oae_sheet *t, struct oae_buf *b)
{
	if (t->status != OAE_OK)
		b->status = t->status;
	if (oae_sheet_rows(t) > 0)
		oae_sheet_to_markdown(t, b);
	oae_sheet_release(t);
}

static void put_sentence(const struct oae_sentence_view *s, void *ctx)
{
	struct oae_buf *b = ctx;

	oae_buf_puts(b, "- **");
	oae_text_markdown(b, s->run);
	oae_buf_puts(b, *s->run ? ": " : "");
	oae_text_markdown(b, s->verdict);
	oae_buf_puts(b, "**: ");
	oae_text_markdown(b, s->sentence);
	oae_buf_putc(b, '\n');
}

static void put_profile(const struct oae_report *r, const char *id,
			struct oae_buf *b)
{
	struct oae_buf title;
	struct oae_sheet t;

	oae_buf_init(&title, OAE_PAGE_BYTES_MAX);
	oae_section_title(oae_view_first_profile(r, id), &title);
	oae_buf_puts(b, "### ");
	oae_text_markdown(b, oae_buf_str(&title));
	oae_buf_puts(b, "\n\n");
	oae_buf_release(&title);
	oae_section_each_sentence(r, id, put_sentence, b);
	oae_buf_putc(b, '\n');
	oae_section_scores(r, id, &t);
	put_table(&t, b);
	oae_section_certainty(r, id, &t);
	put_table(&t, b);
	oae_section_guesses(r, id, &t);
	put_table(&t, b);
	oae_section_retrofit(r, id, &t);
	put_table(&t, b);
	oae_section_conditions(r, id, &t);
	put_table(&t, b);
	oae_section_costs(r, id, &t);
	put_table(&t, b);
	oae_section_carbon(r, id, &t);
	put_table(&t, b);
	oae_section_access(r, id, &t);
	put_table(&t, b);
}

static void put_header(const struct oae_report_run *run, struct oae_buf *b)
{
	const cJSON *j = run->json;

	oae_buf_puts(b, "Suite ");
	oae_text_markdown(b, oae_view_str(j, "campaign.suite"));
	oae_buf_puts(b, ", measured ");
	oae_text_markdown(b, oae_view_str(j, "campaign.utc"));
	oae_buf_puts(b, " on ");
	oae_text_markdown(b, oae_view_str(j, "environment.start.cpu.model"));
	oae_buf_puts(b, cJSON_IsTrue(oae_view_at(j, "complete")) ?
				"; complete, the journal is sealed" :
				"; **incomplete: the journal has no seal**");
	oae_section_made_from(j, b);
	oae_buf_puts(b, ".\n\n");
}

enum oae_status oae_page_markdown(const struct oae_report *r, const char *dir,
				  struct oae_buf *b, struct oae_error *err)
{
	enum oae_status status;
	const char *const *name;
	char path[4096 + 64];
	const char **ids;
	struct oae_sheet t;
	size_t n, i;

	status = oae_view_profile_ids(r, &ids, &n, err);
	if (status != OAE_OK)
		return status;
	oae_buf_puts(b, "# Overhead-Aware Efficiency\n\n");
	for (i = 0; i < r->n_runs; i++)
		put_header(&r->runs[i], b);
	oae_section_kappa(r, &t);
	put_table(&t, b);
	oae_section_measured(r, &t);
	put_table(&t, b);
	oae_section_load(r, &t);
	put_table(&t, b);
	oae_section_load_times(r, &t);
	put_table(&t, b);
	oae_section_invalid(r, &t);
	put_table(&t, b);
	oae_buf_puts(b, "## By profile\n\n");
	if (n == 0)
		oae_buf_printf(b, "%s\n\n", oae_section_no_score);
	for (i = 0; i < n; i++)
		put_profile(r, ids[i], b);
	free(ids);
	oae_buf_puts(b, "## Pictures\n\n");
	for (name = oae_report_plots; *name; name++) {
		snprintf(path, sizeof(path), "%.4095s/%s.svg", dir, *name);
		if (oae_file_exists(path))
			oae_buf_printf(b, "![%s](%s.svg)\n\n%s\n\n", *name,
				       *name, oae_page_caption(*name));
	}
	oae_buf_puts(b, "## Details\n\n");
	oae_section_detail(r, &t);
	put_table(&t, b);
	oae_section_runs(r, &t);
	put_table(&t, b);
	oae_section_setup(r, &t);
	put_table(&t, b);
	oae_section_ledger(r, &t);
	put_table(&t, b);
	oae_section_keep(r, &t);
	put_table(&t, b);
	oae_section_talent(r, &t);
	put_table(&t, b);
	oae_section_scale(r, &t);
	put_table(&t, b);
	oae_section_environment(r, &t);
	put_table(&t, b);
	return oae_buf_check(b, "summary.md", err);
}
