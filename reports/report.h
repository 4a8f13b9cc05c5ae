/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports from result documents: a terminal table, and a folder with a
 * page, tables and pictures. Nothing here runs a program or prints: the
 * caller runs gnuplot between the two steps that write.
 *
 *	oae_report_open(&r, dirs, n, &err);
 *	oae_report_write_plots(&r, "new", &err);	   .dat and .gp
 *	gnuplot NAME.gp in "new", for each NAME of oae_report_plots that
 *	was written: makes NAME.svg, with -e "out='png'" NAME.png
 *	oae_report_write_pages(&r, "new", &err);   index.html, .md, .csv
 *	oae_report_close(&r);
 */
#ifndef OAE_REPORTS_REPORT_H
#define OAE_REPORTS_REPORT_H

#include "base/buf.h"
#include "base/json.h"
#include "base/status.h"
#include "reports/view.h"
#include "schema/moved.h"

/*
 * Reads DIR/result.json of n run folders (1..OAE_REPORT_RUNS_MAX). Close
 * also after a failure. OAE_ERR_UNSUPPORTED: a result of another version.
 */
enum oae_status oae_report_open(struct oae_report *r, const char *const *dirs,
				size_t n, struct oae_error *err);
void oae_report_close(struct oae_report *r);

/* The terminal table of one result, at most `columns` wide (>= 60). */
enum oae_status oae_report_table(const cJSON *result, struct oae_buf *text,
				 int columns, struct oae_error *err);
/* The same for all results of a report. */
enum oae_status oae_report_text(const struct oae_report *r,
				struct oae_buf *text, int columns,
				struct oae_error *err);

/* What moved between two scores of one run, by what it belongs to. */
enum oae_status oae_report_moved(const struct oae_moves *m, const cJSON *was,
				 const cJSON *is, struct oae_buf *out,
				 struct oae_error *err);

/* Names of the pictures, without ending; NULL-terminated. */
extern const char *const oae_report_plots[];

/* Writes NAME.dat and NAME.gp of each picture that has data into dir. */
enum oae_status oae_report_write_plots(const struct oae_report *r,
				       const char *dir, struct oae_error *err);
/*
 * Writes index.html (with every NAME.svg of dir inside), summary.md,
 * systems.csv, scores.csv, curve.csv, latency.csv and report.json, which
 * names the results by path and hash and marks the folder as a report.
 */
enum oae_status oae_report_write_pages(const struct oae_report *r,
				       const char *dir, struct oae_error *err);

#define OAE_REPORT_MARK "report.json"

#endif
