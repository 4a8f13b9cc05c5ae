/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which number a score hangs on: OAE with one number at either end of its
 * range and the others at their middle, the widest bar on top. One panel a
 * profile and system.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/plot.h"
#include "reports/sections.h"

#define BARS_MOST 7
#define PANELS_MOST 24 /* more than this nobody looks through */
#define NAME_MOST 30   /* characters of a number's name */
#define LABEL_PX 216   /* for the names, of a panel's width */
#define LEAST 0.01     /* of the widest bar: a bar that can be seen */

struct bar {
	char name[OAE_PARAMETER_TEXT];
	double at_low, at_high; /* OAE */
	bool runs;
};

struct panel {
	char title[2 * OAE_LABEL_BYTES];
	struct bar bar[BARS_MOST];
	size_t n;
	double value, low, high; /* OAE; low, high: with all guesses */
};

struct panels {
	struct panel panel[PANELS_MOST];
	size_t n;
	enum oae_view_mode mode;
};

static bool drawable(double v)
{
	return isfinite(v) && v > 0;
}

static double swing(const struct bar *b)
{
	return fabs(log(b->at_high / b->at_low));
}

static void gather(const struct oae_score_view *s, void *opaque)
{
	struct panels *all = opaque;
	struct panel *p = &all->panel[all->n];
	const cJSON *mode = oae_section_mode(s->score, all->mode), *x;
	double first = NAN;

	if (all->n == PANELS_MOST || !oae_view_at(mode, "uncertainty"))
		return;
	memset(p, 0, sizeof(*p));
	p->value = oae_view_num(mode, "oae.value");
	p->low = oae_view_num(mode, "uncertainty.oae.low");
	p->high = oae_view_num(mode, "uncertainty.oae.high");
	snprintf(p->title, sizeof(p->title), "%.399s: %.300s", s->label,
		 oae_view_str(s->profile, "id"));
	cJSON_ArrayForEach(x, oae_view_at(mode, "uncertainty.parameters")) {
		struct bar *b = &p->bar[p->n];

		b->at_low = oae_view_num(x, "oae_at_low");
		b->at_high = oae_view_num(x, "oae_at_high");
		if (p->n == BARS_MOST || !drawable(b->at_low) ||
		    !drawable(b->at_high))
			break;
		first = isnan(first) ? swing(b) : first;
		if (swing(b) < LEAST * first)
			break;
		oae_section_parameter(x, b->name);
		b->runs = !strcmp(oae_view_str(x, "of"), "runs");
		p->n++;
	}
	all->n += p->n > 0 && drawable(p->value);
}

/* Rows from the top: y, value, at low, at high, 1 for the runs. */
static void write_data(struct oae_plot *p, const struct panel *panel)
{
	struct oae_buf clean;

	oae_buf_init(&clean, OAE_PAGE_BYTES_MAX);
	oae_text_clean(&clean, panel->title);
	oae_buf_printf(&p->dat,
		       "# %s\n# row, OAE, at the number's low end, at its high"
		       " end, measured\n",
		       oae_buf_str(&clean));
	for (size_t i = 0; i < panel->n; i++)
		oae_buf_printf(&p->dat, "%zu %.10g %.10g %.10g %d # %s\n", i,
			       panel->value, panel->bar[i].at_low,
			       panel->bar[i].at_high, panel->bar[i].runs,
			       panel->bar[i].name);
	/* The row below: all guesses together. */
	if (drawable(panel->low) && drawable(panel->high))
		oae_buf_printf(&p->dat,
			       "\n\n# %zu: 95 %% of draws over all numbers\n"
			       "%zu %.10g %.10g %.10g\n",
			       panel->n, panel->n, panel->value, panel->low,
			       panel->high);
	else
		oae_buf_printf(&p->dat,
			       "\n\n# no draws\n%zu %.10g %.10g %.10g\n",
			       panel->n, panel->value, panel->value,
			       panel->value);
	oae_buf_puts(&p->dat, "\n\n");
	oae_buf_release(&clean);
}

static void axis(struct oae_plot *p, const struct panel *panel)
{
	double low = fmin(panel->value, 1), high = fmax(panel->value, 1);

	for (size_t i = 0; i < panel->n; i++) {
		low = fmin(low,
			   fmin(panel->bar[i].at_low, panel->bar[i].at_high));
		high = fmax(high,
			    fmax(panel->bar[i].at_low, panel->bar[i].at_high));
	}
	if (drawable(panel->low) && drawable(panel->high)) {
		low = fmin(low, panel->low);
		high = fmax(high, panel->high);
	}
	oae_plot_log_axis(p, 'x', low * .98, high * 1.02, oae_number_plain);
}

static void names(struct oae_plot *p, const struct panel *panel)
{
	oae_buf_printf(&p->gp,
		       "unset logscale y\nset yrange [%.1f:-0.6]\n"
		       "set ytics (",
		       (double)panel->n + .6);
	for (size_t i = 0; i < panel->n; i++) {
		oae_text_gnuplot_tick(&p->gp, panel->bar[i].name, NAME_MOST);
		oae_buf_printf(&p->gp, " %zu, ", i);
	}
	oae_buf_printf(&p->gp,
		       "'all of them together' %zu) noenhanced"
		       " scale 0\n",
		       panel->n);
}

static void draw_panel(struct oae_plot *p, const struct panel *panel, size_t i)
{
	double width = (double)OAE_PLOT_WIDTH_PX / (double)p->columns;

	oae_plot_panel(p, i, panel->title);
	oae_buf_printf(&p->gp, "set lmargin at screen %.5f\n",
		       (width * (double)(i % p->columns) + LABEL_PX) /
			       OAE_PLOT_WIDTH_PX);
	axis(p, panel);
	names(p, panel);
	oae_buf_printf(&p->gp,
		       "unset ylabel\n"
		       "set xlabel 'OAE (above 1: cheaper)' offset 0,0.3\n"
		       "set arrow from first 1, graph 0 to first 1, graph 1"
		       " nohead lw 1.5 lc rgb '#000000' front\n"
		       "set arrow from first %.10g, graph 0 to first %.10g,"
		       " graph 1 nohead lw 1 dt (3,3) lc rgb '#444444' front\n"
		       "plot data index %zu using"
		       " 2:1:2:3:($1-0.32):($1+0.32) with boxxyerror"
		       " fs solid 1 noborder lc rgb '%s', \\\n"
		       "  data index %zu using"
		       " 2:1:2:4:($1-0.32):($1+0.32) with boxxyerror"
		       " fs solid 0.3 border rgb '%s' lc rgb '%s', \\\n"
		       "  data index %zu using"
		       " 2:1:3:4:($1-0.32):($1+0.32) with boxxyerror"
		       " fs solid 1 noborder lc rgb '%s'\n",
		       panel->value, panel->value, p->blocks, oae_plot_rgb(1),
		       p->blocks, oae_plot_rgb(2), oae_plot_rgb(2),
		       p->blocks + 1, "#888888");
	p->blocks += 2;
}

static void draw_key(struct oae_plot *p)
{
	oae_plot_key(p);
	oae_buf_printf(
		&p->gp,
		"plot NaN with boxes fs solid 1 noborder fc rgb '%s'"
		" title 'number at its low end', \\\n"
		"  NaN with boxes fs solid 0.3 border rgb '%s' fc rgb '%s'"
		" title 'number at its high end', \\\n"
		"  NaN with boxes fs solid 1 noborder fc rgb '#888888'"
		" title 'all together, 95 %% of draws', \\\n"
		"  NaN with lines lc rgb '#000000' lw 1.5 title"
		" 'baseline: OAE = 1', \\\n"
		"  NaN with lines lc rgb '#444444' lw 1 dt (3,3) title"
		" 'OAE, every number at its middle'\n",
		oae_plot_rgb(1), oae_plot_rgb(2), oae_plot_rgb(2));
}

bool oae_plot_tornado(struct oae_plot *p, const char *name,
		      enum oae_view_mode m)
{
	struct panels *all = calloc(1, sizeof(*all));
	const char **ids = NULL;
	size_t n = 0, drawn = 0;

	if (!all || oae_view_profile_ids(p->report, &ids, &n, NULL) != OAE_OK) {
		p->gp.status = OAE_ERR_NOMEM;
		goto out;
	}
	all->mode = m;
	for (size_t i = 0; i < n; i++)
		oae_section_each_score(p->report, ids[i], gather, all);
	drawn = all->n;
	if (drawn == 0)
		goto out;
	oae_plot_begin(p, name, drawn, 5);
	oae_buf_printf(&p->gp, "data = '%s.dat'\n", name);
	for (size_t i = 0; i < drawn; i++) {
		write_data(p, &all->panel[i]);
		draw_panel(p, &all->panel[i], i);
	}
	draw_key(p);
	oae_plot_end(p);
out:
	free(all);
	free(ids);
	return drawn > 0 || p->gp.status != OAE_OK;
}
