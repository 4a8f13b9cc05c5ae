/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of a report (harness/out_folder.h), drawn by gnuplot. */
#ifndef OAE_HARNESS_REPORT_FOLDER_H
#define OAE_HARNESS_REPORT_FOLDER_H

#include "base/status.h"

/* What goes into one. */
struct oae_report_maker {
	const char *const *plots; /* names without ending; NULL-terminated */
	/* NAME.gp and NAME.dat of each picture that there is. */
	enum oae_status (*write_plots)(void *ctx, const char *dir,
				       struct oae_error *err);
	const char *mark; /* a file of every report, by which one is known */
	/* After drawing; writes the mark, too. */
	enum oae_status (*write_pages)(void *ctx, const char *dir,
				       struct oae_error *err);
	void *ctx;
};

/*
 * Makes the folder `out`. OAE_ERR_USAGE when something else than a report
 * is there already.
 */
enum oae_status oae_report_folder(const struct oae_report_maker *m,
				  const char *out, struct oae_error *err);

/*
 * DIR/SHA256SUMS with the lines of its folder `report` renewed. Other lines
 * stay as they are: drawing a report must not vouch for a journal that
 * somebody changed.
 */
enum oae_status oae_report_sums(const char *dir, const char *report,
				struct oae_error *err);

#endif
