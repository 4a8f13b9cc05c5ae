/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OAE under harder conditions: by kind, from mild to severe, with its
 * interval, beside the nominal score. One panel a profile.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/plot.h"
#include "reports/sections.h"

#define APART 0.28 /* of two severities; kinds are 1 apart */
#define SYSTEMS_MOST 8u
/* An interval is followed this far beyond the points, then to the border. */
#define BAND_FACTOR 2.5

/* One system's points in a panel. */
struct curve {
	size_t colour, block;
	double nominal;
};

struct panel {
	const char *title;
	struct curve curve[SYSTEMS_MOST];
	size_t n;
	double low, high;			    /* of the points */
	double least, most;			    /* and of their intervals */
	const char *missing[OAE_SECTION_KINDS * 3]; /* why nobody has it */
};

struct drawing {
	struct oae_plot *p;
	enum oae_view_mode mode;
	struct panel panel;
};

static void extend(struct panel *panel, double v)
{
	if (!isfinite(v) || v <= 0)
		return;
	panel->low = fmin(panel->low, v);
	panel->high = fmax(panel->high, v);
	panel->least = fmin(panel->least, v);
	panel->most = fmax(panel->most, v);
}

static double place(size_t kind, size_t severity, size_t system)
{
	return (double)kind + APART * ((double)severity - 1) +
	       0.05 * (double)system;
}

/* The system's entry of a cell, and its score in the drawing's mode. */
static const cJSON *score_of(const struct drawing *d, const cJSON *cell,
			     const char *system)
{
	const cJSON *s;

	cJSON_ArrayForEach(s, oae_view_at(cell, "systems"))
		if (!strcmp(oae_view_str(s, "system"), system))
			return oae_view_at(s, oae_view_mode_key[d->mode]);
	return NULL;
}

/* "x OAE low high", a blank line after each kind. */
static size_t put_points(struct drawing *d, const struct oae_score_view *s)
{
	struct panel *panel = &d->panel;
	size_t points = 0;

	for (size_t k = 0; k < OAE_SECTION_KINDS; k++) {
		for (size_t v = 0; v < OAE_SECTION_SEVERITIES; v++) {
			const cJSON *cell =
				oae_section_condition(s->profile, k, v);
			const cJSON *x = score_of(d, cell, s->system);
			double mid = oae_view_num(x, "value");
			double low = oae_view_num(x, "low");
			double high = oae_view_num(x, "high");

			if (!(mid > 0))
				continue;
			panel->missing[3 * k + v] = NULL;
			low = low > 0 ? low : mid;
			high = high > 0 ? high : mid;
			extend(panel, mid);
			panel->least = fmin(panel->least, low);
			panel->most = fmax(panel->most, high);
			oae_buf_printf(&d->p->dat,
				       "%.4f %.10g %.10g %.10g # %s\n",
				       place(k, v, panel->n), mid, low, high,
				       oae_view_str(cell, "condition"));
			points++;
		}
		oae_buf_putc(&d->p->dat, '\n');
	}
	oae_buf_putc(&d->p->dat, '\n');
	return points;
}

static void gather(const struct oae_score_view *s, void *opaque)
{
	struct drawing *d = opaque;
	struct panel *panel = &d->panel;
	const char *title = oae_view_str(s->profile, "profile.title");
	const cJSON *mode = oae_section_mode(s->score, d->mode);
	struct oae_buf clean;

	if (!oae_view_at(s->profile, "conditions") || panel->n == SYSTEMS_MOST)
		return;
	if (*title)
		panel->title = title;
	oae_buf_init(&clean, OAE_PAGE_BYTES_MAX);
	oae_text_clean(&clean, s->label);
	oae_buf_printf(&d->p->dat, "# %s\n# place OAE low high\n",
		       oae_buf_str(&clean));
	oae_buf_release(&clean);
	panel->curve[panel->n] = (struct curve){
		.colour = oae_view_colour(s->report, s->run, s->system),
		.block = d->p->blocks,
		.nominal = oae_view_num(mode, "oae.value"),
	};
	d->p->blocks++;
	if (put_points(d, s) == 0) {
		/* An empty block can't be plotted: one point out of sight. */
		oae_buf_puts(&d->p->dat, "-9 1 1 1\n\n\n");
		return;
	}
	extend(panel, panel->curve[panel->n].nominal);
	panel->n++;
}

/* What was attempted in vain, or not at all, has its place and says so. */
static void put_missing(struct oae_plot *p, const struct panel *panel)
{
	for (size_t k = 0; k < OAE_SECTION_KINDS; k++)
		for (size_t v = 0; v < OAE_SECTION_SEVERITIES; v++) {
			if (!panel->missing[3 * k + v])
				continue;
			oae_buf_printf(&p->gp,
				       "set label '%s' at first %.3f, graph"
				       " 0.03 left rotate by 90 tc rgb"
				       " '#666666' font ',9' noenhanced\n",
				       panel->missing[3 * k + v],
				       place(k, v, 0));
		}
}

static void put_axes(struct oae_plot *p, const struct panel *panel, size_t i)
{
	oae_plot_panel(p, i, panel->title);
	oae_plot_log_axis(
		p, 'y', fmin(fmax(panel->least, panel->low / BAND_FACTOR), .9),
		fmax(fmin(panel->most, panel->high * BAND_FACTOR), 1.1),
		oae_number_plain);
	oae_buf_printf(&p->gp,
		       "unset logscale x\nset xrange [-0.5:%.1f]\n"
		       "set xtics (",
		       OAE_SECTION_KINDS - .4);
	for (size_t k = 0; k < OAE_SECTION_KINDS; k++)
		oae_buf_printf(&p->gp, "%s'%s' %zu", k ? ", " : "",
			       oae_section_kinds[k], k);
	oae_buf_puts(&p->gp,
		     ") noenhanced scale 0\n"
		     "set xlabel 'condition, each mild, moderate, severe'"
		     " offset 0,0.3\n");
	if (i % p->columns == 0)
		oae_buf_puts(&p->gp, "set ylabel 'OAE (above 1: cheaper)'"
				     " offset 0.6,0\n");
	else
		oae_buf_puts(&p->gp, "unset ylabel\n");
	oae_buf_puts(&p->gp,
		     "set arrow from graph 0, first 1 to graph 1, first 1"
		     " nohead lw 1.5 lc rgb '#000000' back\n");
}

static void draw_panel(struct oae_plot *p, const struct panel *panel, size_t i)
{
	put_axes(p, panel, i);
	put_missing(p, panel);
	for (size_t k = 0; k < panel->n; k++) {
		const struct curve *c = &panel->curve[k];

		if (c->nominal > 0)
			oae_buf_printf(&p->gp,
				       "set arrow from graph 0, first %.10g to"
				       " graph 1, first %.10g nohead lw 1.2 dt"
				       " (3,3) lc rgb '%s' back\n",
				       c->nominal, c->nominal,
				       oae_plot_rgb(c->colour));
	}
	oae_buf_puts(&p->gp, "plot ");
	for (size_t k = 0; k < panel->n; k++) {
		const struct curve *c = &panel->curve[k];

		oae_buf_printf(&p->gp,
			       "%sdata index %zu using 1:2:3:4 with yerrorbars"
			       " lc rgb '%s' pt -1 lw 1.6, \\\n"
			       "  data index %zu using 1:2 with linespoints ",
			       k ? ", \\\n  " : "", c->block,
			       oae_plot_rgb(c->colour), c->block);
		oae_plot_style(p, c->colour);
		oae_buf_puts(&p->gp, " ps 0.8");
	}
	oae_buf_putc(&p->gp, '\n');
}

static size_t key_entries(struct oae_plot *p, bool write)
{
	const struct oae_report *r = p->report;
	char label[OAE_LABEL_BYTES];
	const cJSON *s;
	size_t n = 2;

	for (size_t i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(s, oae_view_systems(&r->runs[i])) {
			const char *id = oae_view_str(s, "id");

			if (cJSON_IsTrue(oae_view_at(s, "baseline")))
				continue;
			n++;
			if (!write)
				continue;
			oae_view_label(r, &r->runs[i], id, label);
			oae_buf_puts(&p->gp, ", \\\n  NaN with linespoints ");
			oae_plot_style(p, oae_view_colour(r, &r->runs[i], id));
			oae_buf_puts(&p->gp, " title ");
			oae_text_gnuplot(&p->gp, label, OAE_PLOT_LABEL_MOST);
		}
	return n;
}

/* Of a cell whose systems have no score, or of none (NULL). */
static const char *why_missing(const cJSON *systems)
{
	const cJSON *s;

	if (!systems)
		return "not attempted";
	cJSON_ArrayForEach(s, systems)
		if (!strcmp(oae_view_str(s, "status"), "unavailable"))
			return "unavailable";
	return "no score";
}

static void begin_panel(struct drawing *d, const char *id)
{
	struct panel *panel = &d->panel;
	const cJSON *profile = oae_view_first_profile(d->p->report, id);
	const cJSON *cell;

	memset(panel, 0, sizeof(*panel));
	panel->title = id;
	panel->low = panel->least = INFINITY;
	for (size_t k = 0; k < OAE_SECTION_KINDS; k++)
		for (size_t v = 0; v < OAE_SECTION_SEVERITIES; v++) {
			cell = oae_section_condition(profile, k, v);
			panel->missing[3 * k + v] =
				why_missing(oae_view_at(cell, "systems"));
		}
}

bool oae_plot_conditions(struct oae_plot *p, const char *name,
			 enum oae_view_mode m)
{
	struct drawing *d = calloc(1, sizeof(*d));
	struct panel *panels = NULL;
	const char **ids = NULL;
	size_t n = 0, drawn = 0;

	if (!d || oae_view_profile_ids(p->report, &ids, &n, NULL) != OAE_OK ||
	    !(panels = calloc(n + 1, sizeof(*panels)))) {
		p->gp.status = OAE_ERR_NOMEM;
		goto out;
	}
	d->p = p;
	d->mode = m;
	for (size_t i = 0; i < n; i++) {
		begin_panel(d, ids[i]);
		oae_section_each_score(p->report, ids[i], gather, d);
		if (d->panel.n)
			panels[drawn++] = d->panel;
	}
	if (drawn == 0)
		goto out;
	oae_plot_begin(p, name, drawn, key_entries(p, false));
	oae_buf_printf(&p->gp, "data = '%s.dat'\n", name);
	for (size_t i = 0; i < drawn; i++)
		draw_panel(p, &panels[i], i);
	oae_plot_key(p);
	oae_buf_puts(&p->gp,
		     "plot NaN with lines lc rgb '#000000' lw 1.5 title"
		     " 'baseline: OAE = 1', \\\n"
		     "  NaN with lines lc rgb '#666666' lw 1.2 dt (3,3) title"
		     " 'nominal, in each colour'");
	key_entries(p, true);
	oae_buf_putc(&p->gp, '\n');
	oae_plot_end(p);
out:
	free(d);
	free(panels);
	free(ids);
	return drawn > 0 || p->gp.status != OAE_OK;
}
