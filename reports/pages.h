/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of a report folder, each appended to a buffer. */
#ifndef OAE_REPORTS_PAGES_H
#define OAE_REPORTS_PAGES_H

#include "base/buf.h"
#include "base/status.h"
#include "reports/view.h"

/* Reads NAME.svg from dir where it exists. */
enum oae_status oae_page_html(const struct oae_report *r, const char *dir,
			      struct oae_buf *b, struct oae_error *err);
/* Links to the pictures by their names beside it. */
enum oae_status oae_page_markdown(const struct oae_report *r, const char *dir,
				  struct oae_buf *b, struct oae_error *err);

/* RFC 4180, full numbers; empty where a value is missing. */
void oae_csv_systems(const struct oae_report *r, struct oae_buf *b);
void oae_csv_scores(const struct oae_report *r, struct oae_buf *b);
void oae_csv_curve(const struct oae_report *r, struct oae_buf *b);
/* One row a system and condition; its head alone when only nominal was. */
void oae_csv_conditions(const struct oae_report *r, struct oae_buf *b);
void oae_csv_latency(const struct oae_report *r, struct oae_buf *b);

/* A caption that says how to read a picture, by its name. */
const char *oae_page_caption(const char *picture);

/*
 * A gnuplot SVG without its prologue, its ids made unique by `prefix`, with
 * a role and a label for screen readers.
 */
void oae_svg_inline(struct oae_buf *b, const char *svg, const char *prefix,
		    const char *label);

#endif
