/* SPDX-License-Identifier: Apache-2.0 */
/* Series of results, their levels and where those change. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/amount.h"
#include "reports/plot.h"
#include "reports/report.h"
#include "reports/trend.h"

#define DATE_TICKS 4
#define COLOUR_POINTS 1
#define COLOUR_CHANGE 2

struct range {
	double low, high;
};

static struct range range_of(const cJSON *values)
{
	struct range r = { INFINITY, -INFINITY };
	const cJSON *v;
	double room;

	cJSON_ArrayForEach(v, values) {
		r.low = fmin(r.low, v->valuedouble);
		r.high = fmax(r.high, v->valuedouble);
	}
	room = 0.15 * (r.high - r.low);
	if (!(room > 0))
		room = r.high != 0 ? 0.05 * fabs(r.high) : 1;
	r.low -= room;
	r.high += 1.8 * room; /* labels stand at the top */
	return r;
}

/* Index and value; then the ends of each level, a blank line between. */
static void put_data(struct oae_plot *p, const cJSON *s)
{
	const cJSON *values = oae_view_at(s, "values"), *v, *c;
	const cJSON *changes = oae_view_at(s, "changes");
	int n = cJSON_GetArraySize(values), from = 0, i = 0;

	cJSON_ArrayForEach(v, values)
		oae_buf_printf(&p->dat, "%d %.10g\n", i++, v->valuedouble);
	oae_buf_puts(&p->dat, "\n\n");
	cJSON_ArrayForEach(c, changes) {
		int to = (int)oae_view_num(c, "point");

		oae_buf_printf(&p->dat, "%g %.10g\n%g %.10g\n\n", from - 0.5,
			       oae_view_num(c, "before"), to - 0.5,
			       oae_view_num(c, "before"));
		from = to;
		if (!c->next)
			oae_buf_printf(&p->dat, "%g %.10g\n%g %.10g\n",
				       from - 0.5, oae_view_num(c, "after"),
				       n - 0.5, oae_view_num(c, "after"));
	}
	if (!cJSON_GetArraySize(changes)) {
		double sum = 0;

		cJSON_ArrayForEach(v, values)
			sum += v->valuedouble;
		oae_buf_printf(&p->dat, "-0.5 %.10g\n%g %.10g\n", sum / n,
			       n - 0.5, sum / n);
	}
	oae_buf_puts(&p->dat, "\n\n");
}

static void put_dates(struct oae_plot *p, const cJSON *doc, const cJSON *s)
{
	const cJSON *results = oae_view_at(s, "results");
	int n = cJSON_GetArraySize(results), last = -1;
	char day[16];

	oae_buf_puts(&p->gp, "set xtics (");
	for (int k = 0; k < DATE_TICKS; k++) {
		int at = (n - 1) * k / DATE_TICKS; /* none at the edge */
		const cJSON *r = cJSON_GetArrayItem(results, at);

		if (at == last)
			continue;
		snprintf(day, sizeof(day), "%.10s",
			 oae_view_str(
				 cJSON_GetArrayItem(oae_view_at(doc, "results"),
						    r ? r->valueint : 0),
				 "utc"));
		oae_buf_puts(&p->gp, last < 0 ? "" : ", ");
		oae_text_gnuplot_tick(&p->gp, day, 16);
		oae_buf_printf(&p->gp, " %d", at);
		last = at;
	}
	oae_buf_puts(&p->gp, ")\n");
}

/* A dashed line where a level ends, with the change in words. */
static void put_changes(struct oae_plot *p, const cJSON *s,
			const struct range *y)
{
	char text[OAE_PERCENT_TEXT];
	const cJSON *c;

	cJSON_ArrayForEach(c, oae_view_at(s, "changes")) {
		double x = oae_view_num(c, "point") - 0.5;

		oae_buf_printf(&p->gp,
			       "set arrow from %.10g,%.10g to %.10g,%.10g"
			       " nohead lc rgb '%s' lw 1.4 dt (6,4)\n",
			       x, y->low, x, y->high,
			       oae_plot_rgb(COLOUR_CHANGE));
		oae_percent_text(text, oae_view_num(c, "worse.value"), true);
		oae_buf_puts(&p->gp, "set label ");
		oae_text_gnuplot(&p->gp, text, 16);
		oae_buf_printf(&p->gp,
			       " at %.10g,%.10g left offset 0.5,-0.7"
			       " noenhanced textcolor rgb '%s' font ',11'\n",
			       x, y->high, oae_plot_rgb(COLOUR_CHANGE));
	}
}

static const char *axis_unit(const char *unit)
{
	return strcmp(unit, "B") == 0 ? "MiB" : unit;
}

static void put_panel(struct oae_plot *p, const cJSON *doc, const cJSON *s,
		      size_t i)
{
	struct range y = range_of(oae_view_at(s, "values"));
	int n = cJSON_GetArraySize(oae_view_at(s, "values"));
	const char *unit = oae_view_str(s, "unit");
	/* The data stay as they are; the axis is in larger units. */
	double scale = strcmp(unit, "B") == 0 ? 1.0 / (1 << 20) : 1;
	char title[400];

	y.low *= scale;
	y.high *= scale;
	snprintf(title, sizeof(title), "%.100s, %.100s: %.100s, %.20s",
		 oae_view_str(s, "system"), oae_view_str(s, "workload"),
		 oae_view_str(s, "title"), axis_unit(unit));
	oae_plot_panel(p, i, title);
	oae_buf_printf(&p->gp,
		       "set ytics autofreq\n"
		       "set format y '%%.4g'\nset xrange [-0.5:%g]\n"
		       "set yrange [%.10g:%.10g]\n",
		       n - 0.5, y.low, y.high);
	put_dates(p, doc, s);
	put_changes(p, s, &y);
	oae_buf_printf(&p->gp,
		       "plot data index %zu using 1:($2*%.10g) with"
		       " linespoints lc rgb '%s' lw 0.8 pt 7 ps 0.5, \\\n"
		       "  data index %zu using 1:($2*%.10g) with lines lc rgb"
		       " '#000000' lw 2.4\n",
		       p->blocks, scale, oae_plot_rgb(COLOUR_POINTS),
		       p->blocks + 1, scale);
	p->blocks += 2;
	put_data(p, s);
}

static void put_key(struct oae_plot *p)
{
	oae_plot_key(p);
	oae_buf_printf(&p->gp,
		       "plot NaN with linespoints lc rgb '%s' lw 0.8 pt 7 ps"
		       " 0.5 title 'a result', \\\n"
		       "  NaN with lines lc rgb '#000000' lw 2.4 title 'mean of"
		       " a level', \\\n"
		       "  NaN with lines lc rgb '%s' lw 1.4 dt (6,4) title"
		       " 'change, + is worse'\n",
		       oae_plot_rgb(COLOUR_POINTS),
		       oae_plot_rgb(COLOUR_CHANGE));
}

static bool changed(const cJSON *s)
{
	return cJSON_GetArraySize(oae_view_at(s, "changes")) > 0;
}

enum oae_status oae_trend_plot(const cJSON *doc, struct oae_buf *gp,
			       struct oae_buf *dat, struct oae_error *err)
{
	const cJSON *series = oae_view_at(doc, "series"), *s;
	struct oae_plot p = { .gp = *gp, .dat = *dat };
	size_t n = (size_t)cJSON_GetArraySize(series), i = 0;
	enum oae_status status;

	if (!n)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"trend: nothing to draw");
	n = n > OAE_TREND_PANELS_MAX ? OAE_TREND_PANELS_MAX : n;
	oae_plot_begin(&p, OAE_TREND_PICTURE, n, 3);
	oae_buf_printf(&p.gp, "data = '%s.dat'\n", OAE_TREND_PICTURE);
	for (int pass = 0; pass < 2; pass++)
		cJSON_ArrayForEach(s, series)
			if (changed(s) == !pass && i < n)
				put_panel(&p, doc, s, i++);
	put_key(&p);
	oae_plot_end(&p);
	*gp = p.gp;
	*dat = p.dat;
	status = oae_buf_check(gp, "picture", err);
	return status ? status : oae_buf_check(dat, "picture", err);
}
