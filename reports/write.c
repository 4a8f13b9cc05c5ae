/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "reports/pages.h"
#include "reports/report.h"

static enum oae_status save(const char *dir, const char *name,
			    const struct oae_buf *b, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status = oae_buf_check(b, name, err);

	if (status == OAE_OK)
		status = oae_path_join(path, sizeof(path), dir, name, err);
	if (status == OAE_OK)
		status = oae_file_write(path, oae_buf_str(b), b->len, err);
	return status;
}

/* What the report was made of; its presence marks a report folder. */
static void put_mark(const struct oae_report *r, struct oae_buf *b)
{
	struct oae_jw w;
	size_t i;

	oae_jw_init(&w, b, 1);
	oae_jw_obj(&w, NULL);
	oae_jw_int(&w, "oae_report", 1);
	oae_jw_arr(&w, "results");
	for (i = 0; i < r->n_runs; i++) {
		oae_jw_obj(&w, NULL);
		oae_jw_str(&w, "run", r->runs[i].name);
		oae_jw_str(&w, "result_sha256", r->runs[i].sha256);
		oae_jw_end_obj(&w);
	}
	oae_jw_end_arr(&w);
	oae_jw_end_obj(&w);
	oae_buf_putc(b, '\n');
}

enum oae_status oae_report_write_pages(const struct oae_report *r,
				       const char *dir, struct oae_error *err)
{
	static const struct {
		const char *name;
		void (*fill)(const struct oae_report *r, struct oae_buf *b);
	} tables[] = {
		{ "systems.csv", oae_csv_systems },
		{ "scores.csv", oae_csv_scores },
		{ "curve.csv", oae_csv_curve },
		{ "latency.csv", oae_csv_latency },
		{ "conditions.csv", oae_csv_conditions },
		{ OAE_REPORT_MARK, put_mark },
	};
	enum oae_status status;
	struct oae_buf b;
	size_t i;

	oae_buf_init(&b, OAE_PAGE_BYTES_MAX);
	status = oae_page_html(r, dir, &b, err);
	if (status == OAE_OK)
		status = save(dir, "index.html", &b, err);
	oae_buf_clear(&b);
	if (status == OAE_OK)
		status = oae_page_markdown(r, dir, &b, err);
	if (status == OAE_OK)
		status = save(dir, "summary.md", &b, err);
	for (i = 0; i < sizeof(tables) / sizeof(tables[0]) && status == OAE_OK;
	     i++) {
		oae_buf_clear(&b);
		tables[i].fill(r, &b);
		status = save(dir, tables[i].name, &b, err);
	}
	oae_buf_release(&b);
	return status;
}
