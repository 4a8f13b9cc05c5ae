/* SPDX-License-Identifier: Apache-2.0 */
/* OAE against the number of requests, one panel a profile. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/plot.h"
#include "reports/sections.h"

/* Scores beyond these are cut off by the picture, not by the data. */
#define OAE_LEAST 0.05
#define OAE_MOST 20.0
/* A band is followed this far from the curves; then it meets the border. */
#define BAND_FACTOR 2.5

struct extent {
	double low, high;
};

/* Of all panels together: the curves, and the bands about them. */
struct heights {
	struct extent curve, band;
};

static void extend(struct extent *e, double v)
{
	if (!isfinite(v) || v <= 0)
		return;
	v = fmin(fmax(v, OAE_LEAST), OAE_MOST);
	e->low = fmin(e->low, v);
	e->high = fmax(e->high, v);
}

/* One data block: N, OAE, low, high. False when it has no point. */
static bool curve_block(struct oae_plot *p, const cJSON *n_list,
			const cJSON *curve, struct extent *x, struct heights *y)
{
	const cJSON *oae = oae_view_at(curve, "oae");
	const cJSON *low = oae_view_at(curve, "low");
	const cJSON *high = oae_view_at(curve, "high");
	const cJSON *n, *v = oae ? oae->child : NULL;
	const cJSON *l = low ? low->child : NULL;
	const cJSON *h = high ? high->child : NULL;
	bool any = false;

	cJSON_ArrayForEach(n, n_list) {
		double at = cJSON_IsNumber(n) ? n->valuedouble : NAN;
		double mid = v && cJSON_IsNumber(v) ? v->valuedouble : NAN;
		double a = l && cJSON_IsNumber(l) ? l->valuedouble : mid;
		double b = h && cJSON_IsNumber(h) ? h->valuedouble : mid;

		if (at > 0 && mid > 0 && a > 0 && b > 0) {
			oae_buf_printf(&p->dat, "%.10g %.10g %.10g %.10g\n", at,
				       mid, a, b);
			x->low = fmin(x->low, at);
			x->high = fmax(x->high, at);
			extend(&y->curve, mid);
			extend(&y->band, a);
			extend(&y->band, b);
			any = true;
		}
		v = v ? v->next : NULL;
		l = l ? l->next : NULL;
		h = h ? h->next : NULL;
	}
	if (any)
		oae_buf_puts(&p->dat, "\n\n");
	return any;
}

/* The plot command of one profile is gathered while its data is written. */
struct panel {
	struct oae_buf bands, lines;
	struct extent x;
	size_t curves;
	double mark; /* the profile's N; NaN: none */
	const char *title;
};

static void add_curve(struct oae_plot *p, struct panel *panel,
		      const struct oae_report_run *run, const char *system)
{
	size_t colour = oae_view_colour(p->report, run, system);
	struct oae_buf gp = p->gp; /* the style goes to the lines */

	oae_buf_printf(&panel->bands,
		       "%sdata index %zu using 1:3:4 with"
		       " filledcurves fc rgb '%s' fs transparent solid 0.16"
		       " noborder",
		       panel->curves ? ", \\\n  " : "", p->blocks,
		       oae_plot_rgb(colour));
	oae_buf_printf(&panel->lines,
		       ", \\\n  data index %zu using 1:2 with"
		       " linespoints ",
		       p->blocks);
	p->gp = panel->lines;
	oae_plot_style(p, colour);
	panel->lines = p->gp;
	p->gp = gp;
	oae_buf_printf(&panel->lines, " ps 0.8 pi %d",
		       14 + 2 * (int)(colour % 4));
	panel->curves++;
	p->blocks++;
}

static void gather(struct oae_plot *p, const char *id, enum oae_view_mode m,
		   struct panel *panel, struct heights *y)
{
	const struct oae_report *r = p->report;
	size_t i;

	panel->mark = NAN;
	panel->title = id;
	panel->x = (struct extent){ INFINITY, 0 };
	for (i = 0; i < r->n_runs; i++) {
		const cJSON *profile = oae_view_profile(&r->runs[i], id);
		const cJSON *curve = oae_view_at(profile, "curve"), *c;
		const char *title = oae_view_str(profile, "profile.title");
		struct oae_buf comment;

		if (*title)
			panel->title = title;
		if (isnan(panel->mark))
			panel->mark = oae_view_num(profile, "N");
		cJSON_ArrayForEach(c,
				   oae_view_at(curve, oae_view_mode_key[m])) {
			oae_buf_init(&comment, OAE_PAGE_BYTES_MAX);
			oae_text_clean(&comment, id);
			oae_buf_puts(&comment, ": ");
			oae_text_clean(&comment, c->string);
			oae_buf_printf(&p->dat, "# %s\n# N OAE low high\n",
				       oae_buf_str(&comment));
			oae_buf_release(&comment);
			if (curve_block(p, oae_view_at(curve, "N"), c,
					&panel->x, y))
				add_curve(p, panel, &r->runs[i], c->string);
		}
	}
}

static void draw_panel(struct oae_plot *p, const struct panel *panel, size_t i,
		       const struct extent *y)
{
	char text[OAE_NUMBER_TEXT];
	bool right;

	oae_plot_panel(p, i, panel->title);
	oae_plot_log_axis(p, 'x', panel->x.low, panel->x.high,
			  oae_number_count);
	oae_plot_log_axis(p, 'y', y->low, y->high, oae_number_plain);
	oae_buf_puts(&p->gp, "set xlabel 'requests over the whole time, N'"
			     " offset 0,0.3\n");
	if (i % p->columns == 0)
		oae_buf_puts(&p->gp, "set ylabel 'OAE (above 1: cheaper)'"
				     " offset 0.6,0\n");
	else
		oae_buf_puts(&p->gp, "unset ylabel\n");
	oae_buf_printf(&p->gp,
		       "set arrow from graph 0, first 1 to graph 1,"
		       " first 1 nohead lw 1.5 lc rgb '#000000' back\n");
	if (panel->mark >= panel->x.low && panel->mark <= panel->x.high) {
		oae_number_count(text, panel->mark);
		right = log(panel->mark / panel->x.low) >
			0.7 * log(panel->x.high / panel->x.low);
		oae_buf_printf(&p->gp,
			       "set arrow from first %.10g, graph 0 to"
			       " first %.10g, graph 1 nohead lw 1.2 dt (3,3)"
			       " lc rgb '#444444'\n"
			       "set label 'N = %s' at first %.10g, graph 0.95"
			       " %s offset %s,0 noenhanced front\n",
			       panel->mark, panel->mark, text, panel->mark,
			       right ? "right" : "left",
			       right ? "-0.6" : "0.6");
	}
	oae_buf_printf(&p->gp, "plot %s%s\n", oae_buf_str(&panel->bands),
		       oae_buf_str(&panel->lines));
}

/* Every system that is not a baseline, in the colours of the panels. */
static size_t key_entries(struct oae_plot *p, bool write)
{
	const struct oae_report *r = p->report;
	char label[OAE_LABEL_BYTES];
	const cJSON *s;
	size_t i, n = 1;

	for (i = 0; i < r->n_runs; i++)
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

bool oae_plot_oae(struct oae_plot *p, const char *name, enum oae_view_mode m)
{
	struct heights all = { { 0.9, 1.1 }, { 0.9, 1.1 } };
	struct extent y;
	struct panel *panels = NULL;
	const char **ids = NULL;
	size_t n, i, drawn = 0;

	if (oae_view_profile_ids(p->report, &ids, &n, NULL) != OAE_OK)
		return false;
	panels = calloc(n + 1, sizeof(*panels));
	if (!panels) {
		p->gp.status = OAE_ERR_NOMEM;
		goto out;
	}
	for (i = 0; i < n; i++) {
		oae_buf_init(&panels[i].bands, OAE_PAGE_BYTES_MAX);
		oae_buf_init(&panels[i].lines, OAE_PAGE_BYTES_MAX);
		gather(p, ids[i], m, &panels[i], &all);
		drawn += panels[i].curves > 0 &&
			 panels[i].x.high > panels[i].x.low;
	}
	if (drawn == 0)
		goto out;
	y.low = fmax(all.band.low, all.curve.low / BAND_FACTOR);
	y.high = fmin(all.band.high, all.curve.high * BAND_FACTOR);
	y.high *= pow(y.high / y.low, 0.1); /* room for the mark */
	oae_plot_begin(p, name, drawn, key_entries(p, false));
	oae_buf_printf(&p->gp, "data = '%s.dat'\n", name);
	for (i = drawn = 0; i < n; i++)
		if (panels[i].curves && panels[i].x.high > panels[i].x.low)
			draw_panel(p, &panels[i], drawn++, &y);
	oae_plot_key(p);
	oae_buf_puts(&p->gp, "plot NaN with lines lc rgb '#000000' lw 1.5"
			     " title 'baseline: OAE = 1'");
	key_entries(p, true);
	oae_buf_putc(&p->gp, '\n');
	oae_plot_end(p);
out:
	for (i = 0; panels && i < n; i++) {
		oae_buf_release(&panels[i].bands);
		oae_buf_release(&panels[i].lines);
	}
	free(panels);
	free(ids);
	return drawn > 0 || p->gp.status != OAE_OK;
}
