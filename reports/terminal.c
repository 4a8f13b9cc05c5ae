/* SPDX-License-Identifier: Apache-2.0 */
/* What a campaign ends with: plain text for a terminal, no colours. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/report.h"
#include "reports/sections.h"
#include "reports/text.h"

static void text_header(const struct oae_report_run *run, struct oae_buf *b,
			int columns)
{
	const cJSON *j = run->json, *warning;
	const char *cpu = oae_view_str(j, "environment.start.cpu.model");
	double cores = oae_view_num(j, "environment.start.cpu.cores");
	double memory = oae_view_num(j, "environment.start.memory_bytes");
	bool complete = cJSON_IsTrue(oae_view_at(j, "complete"));
	char text[OAE_NUMBER_TEXT];
	struct oae_buf line;

	oae_buf_init(&line, OAE_PAGE_BYTES_MAX);
	oae_buf_printf(&line,
		       "%s%sOAE %.20s, suite %.60s, %.40s, seed %.24s,"
		       " %s",
		       run->name, *run->name ? ": " : "",
		       oae_view_str(j, "spec"),
		       oae_view_str(j, "campaign.suite"),
		       oae_view_str(j, "campaign.utc"),
		       oae_view_str(j, "campaign.seed"),
		       complete ? "complete" :
				  "INCOMPLETE: the journal has no"
				  " seal");
	oae_section_made_from(j, &line);
	oae_buf_puts(&line, "; ");
	oae_buf_puts(&line, *cpu ? cpu : "machine not known");
	if (!isnan(cores))
		oae_buf_printf(&line, ", %.0f cores", cores);
	if (!isnan(memory)) {
		oae_number_bytes(text, memory);
		oae_buf_printf(&line, ", %s", text);
	}
	oae_wrap_text(b, oae_buf_str(&line), 0, columns);
	cJSON_ArrayForEach(warning, oae_view_at(j, "environment.warnings")) {
		oae_buf_clear(&line);
		oae_buf_printf(&line, "! %.400s",
			       oae_view_str(warning, "text"));
		oae_wrap_text(b, oae_buf_str(&line), 2, columns);
	}
	oae_buf_release(&line);
}

struct sentence_ctx {
	struct oae_buf *b;
	int columns;
};

static void text_sentence(const struct oae_sentence_view *s, void *opaque)
{
	struct sentence_ctx *c = opaque;
	struct oae_buf line;

	oae_buf_init(&line, OAE_PAGE_BYTES_MAX);
	oae_buf_printf(&line, "* %s%s%s", s->run, *s->run ? ": " : "",
		       s->sentence);
	oae_wrap_text(c->b, oae_buf_str(&line), 2, c->columns);
	oae_buf_release(&line);
}

static enum oae_status text_table(struct oae_sheet *t, struct oae_buf *b,
				  int columns, struct oae_error *err)
{
	enum oae_status status = oae_sheet_check(t, err);

	if (status == OAE_OK && oae_sheet_rows(t) > 0) {
		oae_buf_putc(b, '\n');
		oae_sheet_to_text(t, b, columns);
	}
	oae_sheet_release(t);
	return status;
}

static const char legend[] =
	"OAE: cost of the baseline / cost of the system, above 1 is better; the"
	" letter is the weakest class of evidence in it (M measured, P"
	" published, D declared, E estimated, A assumed). measured: the share"
	" of the system's cost that was. A*: extra hours of work that the"
	" savings pay for. N: requests over the whole time. on demand: machines"
	" rented by the second; owned: bought and kept.";

enum oae_status oae_report_text(const struct oae_report *r,
				struct oae_buf *text, int columns,
				struct oae_error *err)
{
	static void (*const first[])(
		const struct oae_report *r,
		struct oae_sheet *t) = { oae_section_measured,
					 oae_section_load,
					 oae_section_load_times,
					 oae_section_invalid,
					 oae_section_kappa,
					 oae_section_setup,
					 NULL };
	struct sentence_ctx c = { .b = text, .columns = columns };
	enum oae_status status;
	struct oae_sheet t;
	struct oae_buf title;
	const char **ids;
	size_t n, i;

	for (i = 0; i < r->n_runs; i++)
		text_header(&r->runs[i], text, columns);
	for (i = 0; first[i]; i++) {
		first[i](r, &t);
		status = text_table(&t, text, columns, err);
		if (status != OAE_OK)
			return status;
	}
	status = oae_view_profile_ids(r, &ids, &n, err);
	if (status != OAE_OK)
		return status;
	oae_buf_init(&title, OAE_PAGE_BYTES_MAX);
	for (i = 0; i < n && status == OAE_OK; i++) {
		oae_buf_clear(&title);
		oae_section_title(oae_view_first_profile(r, ids[i]), &title);
		oae_section_scores(r, ids[i], &t);
		t.caption = oae_buf_str(&title);
		status = text_table(&t, text, columns, err);
		if (status == OAE_OK) {
			oae_section_conditions(r, ids[i], &t);
			status = text_table(&t, text, columns, err);
		}
		oae_section_each_sentence(r, ids[i], text_sentence, &c);
	}
	if (status == OAE_OK) {
		oae_section_certainty(r, NULL, &t);
		status = text_table(&t, text, columns, err);
	}
	oae_buf_putc(text, '\n');
	oae_wrap_text(text, n > 0 ? legend : oae_section_no_score, 0, columns);
	oae_buf_release(&title);
	free(ids);
	return status == OAE_OK ? oae_buf_check(text, "the table", err) :
				  status;
}

enum oae_status oae_report_table(const cJSON *result, struct oae_buf *text,
				 int columns, struct oae_error *err)
{
	struct oae_report *r = calloc(1, sizeof(*r));
	enum oae_status status;

	if (!r)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "report: no memory");
	r->n_runs = 1;
	r->runs[0].json = result;
	status = oae_report_text(r, text, columns, err);
	free(r);
	return status;
}
