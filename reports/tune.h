/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report of a tuning (schema/documents/tune-1.schema.json): a terminal
 * table, and a folder with a page and a picture, as reports/report.h has
 * them for results. Documents are tune.json, parsed.
 */
#ifndef OAE_REPORTS_TUNE_H
#define OAE_REPORTS_TUNE_H

#include "base/buf.h"
#include "base/json.h"
#include "base/status.h"
#include "reports/sheet.h"

/* At most `columns` wide. */
enum oae_status oae_tune_text(const cJSON *doc, struct oae_buf *b, int columns,
			      struct oae_error *err);

extern const char *const oae_tune_plots[]; /* NULL-terminated */
/* NAME.gp and NAME.dat where there is something to draw. */
enum oae_status oae_tune_write_plots(const cJSON *doc, const char *dir,
				     struct oae_error *err);
/* index.html with the picture inside, summary.md, curve.csv, trials.csv. */
enum oae_status oae_tune_write_pages(const cJSON *doc, const char *dir,
				     struct oae_error *err);

/* What its parts say; sheets are the caller's to release. */
void oae_tune_sentence(const cJSON *doc, struct oae_buf *b);
void oae_tune_costs_sheet(const cJSON *doc, struct oae_sheet *t);
void oae_tune_curve_sheet(const cJSON *doc, struct oae_sheet *t);
void oae_tune_knobs_sheet(const cJSON *doc, struct oae_sheet *t);
/* Every trial; with `failed` only those that counted as failed. */
void oae_tune_trials_sheet(const cJSON *doc, bool failed, struct oae_sheet *t);
/* "0.45", or the reason why there is none. */
const char *oae_tune_tau(const cJSON *doc, const char *at, char out[48]);
/* The baseline's search or the system's, or NULL. */
const cJSON *oae_tune_search_of(const cJSON *doc, bool baseline);

#endif
