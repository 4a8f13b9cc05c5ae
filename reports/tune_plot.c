/* SPDX-License-Identifier: Apache-2.0 */
/* The picture of a tuning: the expected best of n trials. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "reports/plot.h"
#include "reports/tune.h"

#define A_THOUSAND 1000

const char *const oae_tune_plots[] = { "tune", NULL };

struct range {
	double low, high;
};

static void widen(struct range *r, double v)
{
	if (!(v > 0))
		return;
	r->low = fmin(r->low, v);
	r->high = fmax(r->high, v);
}

/* One search as a data block: n, unbiased, Dodge. */
static size_t put_block(struct oae_plot *p, const cJSON *search,
			struct range *y)
{
	const cJSON *c;
	size_t n = 0;

	oae_buf_puts(&p->dat, "# n, USD for 1000 requests: unbiased, Dodge\n");
	cJSON_ArrayForEach(c, oae_view_at(search, "curve")) {
		double a = A_THOUSAND * oae_view_num(c, "kappa_usd");
		double b = A_THOUSAND * oae_view_num(c, "kappa_dodge_usd");

		oae_buf_printf(&p->dat, "%.10g %.10g %.10g\n",
			       oae_view_num(c, "n"), a, b);
		widen(y, a);
		widen(y, b);
		n++;
	}
	oae_buf_puts(&p->dat, "\n\n");
	return n;
}

/* A level over the whole picture; dashes and colour tell which. */
static void put_level(struct oae_plot *p, double v, const char *style)
{
	if (v > 0)
		oae_buf_printf(&p->gp,
			       "set arrow from graph 0, first %.10g to graph 1,"
			       " first %.10g nohead %s back\n",
			       v, v, style);
}

/* Trials are whole: ticks at powers of two, and at the last. */
static void put_trial_axis(struct oae_plot *p, size_t last)
{
	oae_buf_printf(&p->gp,
		       "set logscale x 2\nset xrange [0.93:%.10g]\nset xtics"
		       " ('1' 1",
		       1.07 * (double)(last > 1 ? last : 2));
	for (size_t n = 2; n < last; n *= 2)
		if (6 * n < 5 * last || n == 2)
			oae_buf_printf(&p->gp, ", '%zu' %zu", n, n);
	if (last > 2)
		oae_buf_printf(&p->gp, ", '%zu' %zu", last, last);
	oae_buf_puts(&p->gp, ") noenhanced\n");
}

#define STYLE_BASELINE "lc rgb '#000000' dt 1 lw 1.5"
#define STYLE_DEFAULT "lc rgb '#E69F00' dt (8,3) lw 2.2"
#define STYLE_EXPERT "lc rgb '#009E73' dt (3,3) lw 2.2"
#define STYLE_UNBIASED "lc rgb '#0072B2' dt 1 lw 2.2 pt 7 ps 0.7"
#define STYLE_DODGE "lc rgb '#56B4E9' dt (14,5) lw 2.2"
#define STYLE_OTHER "lc rgb '#CC79A7' dt (12,4,3,4) lw 1.8 pt 5 ps 0.6"

static void put_key(struct oae_plot *p, bool other, bool system)
{
	oae_plot_key(p);
	oae_buf_puts(&p->gp, "plot NaN with linespoints " STYLE_UNBIASED
			     " title 'expected best of n (unbiased)'"
			     ", \\\n  NaN with lines " STYLE_DODGE
			     " title 'the same, Dodge et al.'"
			     ", \\\n  NaN with lines " STYLE_EXPERT
			     " title 'expert, measured again'"
			     ", \\\n  NaN with lines " STYLE_BASELINE
			     " title 'baseline, defaults'");
	if (system)
		oae_buf_puts(&p->gp, ", \\\n  NaN with lines " STYLE_DEFAULT
				     " title 'shipped defaults'");
	if (other)
		oae_buf_puts(&p->gp, ", \\\n  NaN with linespoints " STYLE_OTHER
				     " title 'best of n of the baseline'");
	oae_buf_puts(&p->gp, "\n");
}

static bool draw(struct oae_plot *p, const cJSON *doc)
{
	const cJSON *b = oae_tune_search_of(doc, true);
	const cJSON *x = oae_tune_search_of(doc, false);
	double kappa_b = A_THOUSAND * oae_view_num(doc, "kappa_baseline_usd");
	double now = A_THOUSAND * oae_view_num(x, "default.kappa_usd");
	double expert =
		A_THOUSAND * oae_view_num(doc, "expert.setting.kappa_usd");
	struct range y = { INFINITY, 0 };
	size_t n, others = 0;
	char title[400];

	n = put_block(p, x ? x : b, &y);
	if (x)
		others = put_block(p, b, &y);
	widen(&y, kappa_b);
	widen(&y, now);
	widen(&y, expert);
	if (!n || !(y.high > 0))
		return false;
	(void)snprintf(title, sizeof(title), "%.200s, profile %.60s",
		       oae_view_str(doc, "system"),
		       oae_view_str(doc, "profile"));
	oae_plot_begin(p, "tune", 1, 6);
	oae_buf_puts(&p->gp, "data = 'tune.dat'\n");
	oae_plot_panel(p, 0, title);
	put_trial_axis(p, n);
	oae_plot_log_axis(p, 'y', y.low, fmax(y.high, 1.05 * y.low),
			  oae_number_plain);
	oae_buf_puts(&p->gp, "set xlabel 'random trials, n' offset 0,0.3\n"
			     "set ylabel 'USD for 1000 requests (less is"
			     " better)' offset 0.6,0\n");
	put_level(p, kappa_b, STYLE_BASELINE);
	put_level(p, now, STYLE_DEFAULT);
	put_level(p, expert, STYLE_EXPERT);
	oae_buf_puts(&p->gp,
		     "plot data index 0 using 1:3 with"
		     " lines " STYLE_DODGE ", \\\n  data index 0 using 1:2 with"
		     " linespoints " STYLE_UNBIASED);
	if (others)
		oae_buf_puts(&p->gp, ", \\\n  data index 1 using 1:2 with"
				     " linespoints " STYLE_OTHER);
	oae_buf_putc(&p->gp, '\n');
	put_key(p, others > 0, x != NULL);
	oae_plot_end(p);
	return true;
}

static enum oae_status save(const struct oae_buf *b, const char *dir,
			    const char *name, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status = oae_buf_check(b, name, err);

	if (!status)
		status = oae_path_join(path, sizeof(path), dir, name, err);
	return status ? status :
			oae_file_write(path, oae_buf_str(b), b->len, err);
}

enum oae_status oae_tune_write_plots(const cJSON *doc, const char *dir,
				     struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	struct oae_plot p;

	memset(&p, 0, sizeof(p));
	oae_buf_init(&p.gp, OAE_PAGE_BYTES_MAX);
	oae_buf_init(&p.dat, OAE_PAGE_BYTES_MAX);
	if (draw(&p, doc)) {
		status = save(&p.gp, dir, "tune.gp", err);
		if (!status)
			status = save(&p.dat, dir, "tune.dat", err);
	}
	oae_buf_release(&p.gp);
	oae_buf_release(&p.dat);
	return status;
}
