/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the pictures share: gnuplot scripts with panels placed by us, one
 * key below them, and texts from outside only in single quotes without
 * enhanced mode. Colours: Okabe and Ito 2008, told apart also by dashes and
 * markers.
 */
#ifndef OAE_REPORTS_PLOT_H
#define OAE_REPORTS_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "reports/text.h"
#include "reports/view.h"

struct oae_plot {
	const struct oae_report *report;
	struct oae_buf gp, dat;
	size_t blocks;		/* data blocks written so far */
	size_t panels, columns; /* of the grid */
	size_t key_rows;
	double height_px; /* of the canvas */
};

#define OAE_PLOT_WIDTH_PX 960
#define OAE_PLOT_TITLE_MOST 60 /* characters of a panel's title */
#define OAE_PLOT_LABEL_MOST 34 /* characters of a name in the key */

/* Terminal, output and grid; key_entries are what the key must hold. */
void oae_plot_begin(struct oae_plot *p, const char *name, size_t panels,
		    size_t key_entries);
/* Margins and title of panel i; ends the settings of the one before. */
void oae_plot_panel(struct oae_plot *p, size_t i, const char *title);
/* The strip below the panels; the caller writes a plot command for it. */
void oae_plot_key(struct oae_plot *p);
void oae_plot_end(struct oae_plot *p);
/* "lc rgb '#0072B2' dt 2 lw 2 pt 7"; 0 is the baseline. */
void oae_plot_style(struct oae_plot *p, size_t colour);
const char *oae_plot_rgb(size_t colour);
/* A range that holds low..high with a little room, and its ticks. */
void oae_plot_log_axis(struct oae_plot *p, char axis, double low, double high,
		       oae_number_fn *number);
void oae_plot_linear_axis(struct oae_plot *p, char axis, double high,
			  oae_number_fn *number);

/* Each fills p->gp and p->dat; false when there is nothing to draw. */
bool oae_plot_oae(struct oae_plot *p, const char *name, enum oae_view_mode m);
bool oae_plot_cost(struct oae_plot *p, const char *name, enum oae_view_mode m);
bool oae_plot_tornado(struct oae_plot *p, const char *name,
		      enum oae_view_mode m);
bool oae_plot_conditions(struct oae_plot *p, const char *name,
			 enum oae_view_mode m);
bool oae_plot_latency(struct oae_plot *p, const char *name);

#endif
