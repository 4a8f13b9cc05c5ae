/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "reports/report.h"

/* Pixels; the grid is cut from the top. */
#define PANEL_HEIGHT 300
#define MARGIN_LEFT 74
#define MARGIN_RIGHT 30
#define MARGIN_TOP 34
#define MARGIN_BOTTOM 58
#define KEY_ROW_HEIGHT 22
#define KEY_COLUMNS 3

static const char *const palette[] = {
	"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9",
};

#define N_PALETTE (sizeof(palette) / sizeof(palette[0]))

const char *oae_plot_rgb(size_t colour)
{
	return colour == 0 ? "#000000" : palette[(colour - 1) % N_PALETTE];
}

void oae_plot_style(struct oae_plot *p, size_t colour)
{
	static const char *const dashes[] = { "1", "(14,5)", "(4,4)",
					      "(12,4,3,4)", "(8,3)" };
	static const int points[] = { 7, 9, 5, 13, 11, 15 };

	if (colour == 0)
		oae_buf_puts(&p->gp, "lc rgb '#000000' dt 1 lw 1.5 pt 6");
	else
		oae_buf_printf(&p->gp, "lc rgb '%s' dt %s lw 2.2 pt %d",
			       oae_plot_rgb(colour), dashes[(colour - 1) % 5],
			       points[(colour - 1) % 6]);
}

void oae_plot_begin(struct oae_plot *p, const char *name, size_t panels,
		    size_t key_entries)
{
	size_t rows;

	p->panels = panels;
	p->columns = panels > 1 ? 2 : 1;
	rows = (panels + p->columns - 1) / p->columns;
	p->key_rows = (key_entries + KEY_COLUMNS - 1) / KEY_COLUMNS;
	p->height_px = (double)(rows * PANEL_HEIGHT + 14 +
				p->key_rows * KEY_ROW_HEIGHT);
	oae_buf_printf(
		&p->gp,
		"# gnuplot %s.gp makes %s.svg; with -e \"out='png'\" a PNG.\n"
		"if (!exists('out')) out = 'svg'\n"
		"if (out eq 'png') set terminal pngcairo noenhanced"
		" size %d,%.0f font 'sans-serif,10' background '#ffffff'\n"
		"if (out ne 'png') set terminal svg noenhanced"
		" size %d,%.0f font 'sans-serif,13' background '#ffffff'\n"
		"set output '%s.'.out\n"
		"set encoding utf8\n"
		"set border 3 lc rgb '#444444'\n"
		"set tics nomirror textcolor rgb '#222222'\n"
		"set grid lc rgb '#dddddd' lw 0.6 dt 1\n"
		"unset key\n"
		"set multiplot\n",
		name, name, OAE_PLOT_WIDTH_PX, p->height_px, OAE_PLOT_WIDTH_PX,
		p->height_px, name);
}

static void margins(struct oae_plot *p, double left, double right, double top,
		    double bottom)
{
	oae_buf_printf(&p->gp,
		       "set lmargin at screen %.5f\n"
		       "set rmargin at screen %.5f\n"
		       "set tmargin at screen %.5f\n"
		       "set bmargin at screen %.5f\n",
		       left / OAE_PLOT_WIDTH_PX, right / OAE_PLOT_WIDTH_PX,
		       1 - top / p->height_px, 1 - bottom / p->height_px);
}

void oae_plot_panel(struct oae_plot *p, size_t i, const char *title)
{
	double width = (double)OAE_PLOT_WIDTH_PX / (double)p->columns;
	double x = width * (double)(i % p->columns);
	size_t row = i / p->columns;
	double y = (double)row * PANEL_HEIGHT;

	oae_buf_puts(&p->gp, "\nunset label\nunset arrow\n");
	margins(p, x + MARGIN_LEFT, x + width - MARGIN_RIGHT, y + MARGIN_TOP,
		y + PANEL_HEIGHT - MARGIN_BOTTOM);
	oae_buf_puts(&p->gp, "set title ");
	oae_text_gnuplot(&p->gp, title, OAE_PLOT_TITLE_MOST);
	oae_buf_puts(&p->gp, " noenhanced offset 0,-0.4\n");
}

void oae_plot_key(struct oae_plot *p)
{
	oae_buf_puts(&p->gp,
		     "\nunset label\nunset arrow\nunset title\n"
		     "unset border\nunset tics\nunset grid\nunset xlabel\n"
		     "unset ylabel\nunset logscale\n");
	margins(p, 10, OAE_PLOT_WIDTH_PX - 10,
		p->height_px - 10 - (double)(p->key_rows * KEY_ROW_HEIGHT),
		p->height_px - 4);
	oae_buf_printf(&p->gp,
		       "set xrange [0:1]\nset yrange [0:1]\n"
		       "set key inside center center horizontal maxcols %d"
		       " Left reverse noenhanced samplen 3.2 width 1\n",
		       KEY_COLUMNS);
}

void oae_plot_end(struct oae_plot *p)
{
	oae_buf_puts(&p->gp, "\nunset multiplot\nunset output\n");
}

/* ---- axes --------------------------------------------------------------- */

/* "0.50" is a tick of 0.5: digits that a tick does not have. */
static void trimmed(char out[OAE_NUMBER_TEXT], double v, oae_number_fn *number)
{
	char *dot, *end, *unit;

	number(out, v);
	dot = strchr(out, '.');
	if (!dot)
		return;
	end = dot + 1 + strspn(dot + 1, "0123456789");
	unit = end;
	while (end > dot && (end[-1] == '0' || end[-1] == '.'))
		end--;
	memmove(end, unit, strlen(unit) + 1);
}

/* Mantissas from coarse to fine; the first with enough ticks is taken. */
static const double mantissas[][16] = {
	{ 1, 0 },
	{ 1, 2, 5, 0 },
	{ 1, 1.5, 2, 3, 4, 5, 7, 0 },
	{ 1, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2, 2.5, 3, 4, 5, 6, 7, 8, 0 },
	{ 1, 1.05, 1.1, 1.15, 1.2, 1.3, 1.4, 1.5, 9, 9.25, 9.5, 9.75, 0 },
};

#define N_MANTISSAS (sizeof(mantissas) / sizeof(mantissas[0]))

struct log_axis {
	double low, high;
	double apart; /* least ratio of neighbours, so labels fit */
	int step;     /* of the decades */
	oae_number_fn *number;
};

/* Ticks of one set within the axis; writes them when p is given. */
static size_t log_ticks(struct oae_plot *p, size_t set,
			const struct log_axis *a)
{
	int e, last = (int)floor(log10(a->high));
	char text[OAE_NUMBER_TEXT];
	double before = 0;
	size_t n = 0, k;

	for (e = (int)floor(log10(a->low)); e <= last; e++) {
		if (e % a->step != 0)
			continue;
		for (k = 0; mantissas[set][k] > 0; k++) {
			double v = mantissas[set][k] * pow(10, e);

			if (v < a->low * (1 - 1e-9) ||
			    v > a->high * (1 + 1e-9) || v < before * a->apart)
				continue;
			before = v;
			if (p) {
				trimmed(text, v, a->number);
				oae_buf_printf(&p->gp, "%s'%s' %.10g",
					       n ? ", " : "", text, v);
			}
			n++;
		}
	}
	return n;
}

void oae_plot_log_axis(struct oae_plot *p, char axis, double low, double high,
		       oae_number_fn *number)
{
	double room = pow(high / low, 0.04) * 1.01;
	struct log_axis a = { low / room, high * room, 1, 1, number };
	size_t set, best = 0, n, most = 0;

	a.apart = pow(a.high / a.low, axis == 'x' ? 0.15 : 0.09);
	for (set = 0; set < N_MANTISSAS && most < 4; set++) {
		n = log_ticks(NULL, set, &a);
		if (n > most) {
			most = n;
			best = set;
		}
	}
	while (best == 0 && log_ticks(NULL, 0, &a) > 7)
		a.step++;
	oae_buf_printf(&p->gp,
		       "set logscale %c\nset %crange [%.10g:%.10g]\n"
		       "set %ctics (",
		       axis, axis, a.low, a.high, axis);
	log_ticks(p, best, &a);
	oae_buf_puts(&p->gp, ") noenhanced\n");
}

void oae_plot_linear_axis(struct oae_plot *p, char axis, double high,
			  oae_number_fn *number)
{
	static const double steps[] = { 1, 2, 2.5, 5, 10 };
	char text[OAE_NUMBER_TEXT];
	double base, step;
	size_t i;

	if (!(high > 0))
		high = 1;
	base = pow(10, floor(log10(high / 5)));
	for (i = 0; i + 1 < 5 && high / (base * steps[i]) > 5.5; i++)
		;
	step = base * steps[i];
	oae_buf_printf(&p->gp, "set %crange [0:%.10g]\nset %ctics (", axis,
		       high * 1.14, axis);
	for (i = 0; (double)i * step <= high * 1.1; i++) {
		trimmed(text, (double)i * step, number);
		oae_buf_printf(&p->gp, "%s'%s' %.10g", i ? ", " : "", text,
			       (double)i * step);
	}
	oae_buf_puts(&p->gp, ") noenhanced\n");
}

/* ---- all of them -------------------------------------------------------- */

const char *const oae_report_plots[] = {
	"oae-on-demand",
	"oae-owned",
	"tornado-on-demand",
	"tornado-owned",
	"cost-on-demand",
	"cost-owned",
	"conditions-on-demand",
	"conditions-owned",
	"latency",
	NULL,
};

static bool draw(struct oae_plot *p, const char *name)
{
	enum oae_view_mode m = strstr(name, "owned") ? OAE_VIEW_OWNED :
						       OAE_VIEW_ON_DEMAND;

	if (strncmp(name, "oae", 3) == 0)
		return oae_plot_oae(p, name, m);
	if (strncmp(name, "cost", 4) == 0)
		return oae_plot_cost(p, name, m);
	if (strncmp(name, "tornado", 7) == 0)
		return oae_plot_tornado(p, name, m);
	if (strncmp(name, "conditions", 10) == 0)
		return oae_plot_conditions(p, name, m);
	return oae_plot_latency(p, name);
}

static enum oae_status save(const struct oae_buf *b, const char *dir,
			    const char *name, const char *end,
			    struct oae_error *err)
{
	char path[4096 + 64];
	enum oae_status status = oae_buf_check(b, name, err);

	if (status != OAE_OK)
		return status;
	snprintf(path, sizeof(path), "%.4095s/%s.%s", dir, name, end);
	return oae_file_write(path, b->data, b->len, err);
}

enum oae_status oae_report_write_plots(const struct oae_report *r,
				       const char *dir, struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	const char *const *name;
	struct oae_plot p;

	for (name = oae_report_plots; *name && status == OAE_OK; name++) {
		memset(&p, 0, sizeof(p));
		p.report = r;
		oae_buf_init(&p.gp, OAE_PAGE_BYTES_MAX);
		oae_buf_init(&p.dat, OAE_PAGE_BYTES_MAX);
		if (draw(&p, *name)) {
			status = save(&p.gp, dir, *name, "gp", err);
			if (status == OAE_OK)
				status = save(&p.dat, dir, *name, "dat", err);
		}
		oae_buf_release(&p.gp);
		oae_buf_release(&p.dat);
	}
	return status;
}
