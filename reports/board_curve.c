/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OAE over the number of requests as a small picture: both axes
 * logarithmic, a band for the interval, a line at 1 and one at the
 * profile's own number. Colours are the style sheet's; dashes tell the
 * lines apart without them.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/board_html.h"
#include "reports/text.h"

#define WIDTH 640.0
#define HEIGHT 300.0
#define LEFT 52.0
#define RIGHT 28.0
#define TOP 12.0
#define BOTTOM 40.0
#define POINTS_MAX 512
#define LINES_MAX 8 /* more cannot be told apart */
#define LOG_OAE_MAX 7.0

struct frame {
	double x_low, x_high, y_low, y_high; /* logarithms */
};

static double at_x(const struct frame *f, double n)
{
	return LEFT + (log(n) - f->x_low) / (f->x_high - f->x_low) *
			      (WIDTH - LEFT - RIGHT);
}

static double at_y(const struct frame *f, double v)
{
	double y = (log(v) - f->y_low) / (f->y_high - f->y_low);

	y = y < 0 ? 0 : y > 1 ? 1 : y;
	return HEIGHT - BOTTOM - y * (HEIGHT - TOP - BOTTOM);
}

static void widen(double *low, double *high, const cJSON *list)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, list)
		if (cJSON_IsNumber(v) && v->valuedouble > 0 &&
		    isfinite(v->valuedouble)) {
			*low = fmin(*low, log(v->valuedouble));
			*high = fmax(*high, log(v->valuedouble));
		}
}

/* False when there is nothing to draw. */
static bool frame_of(struct frame *f, const cJSON *n_list, const cJSON *lines)
{
	const cJSON *line;
	double low = INFINITY, high = -INFINITY;

	widen(&low, &high, n_list);
	f->x_low = low;
	f->x_high = high;
	f->y_low = -0.2;
	f->y_high = 0.2;
	cJSON_ArrayForEach(line, lines) {
		widen(&f->y_low, &f->y_high, oae_view_at(line, "low"));
		widen(&f->y_low, &f->y_high, oae_view_at(line, "high"));
		widen(&f->y_low, &f->y_high, oae_view_at(line, "oae"));
	}
	f->y_low = fmax(f->y_low, -LOG_OAE_MAX);
	f->y_high = fmin(f->y_high, LOG_OAE_MAX);
	return high > low;
}

/* Appends "x y" of each point that has both; returns how many. */
static size_t put_points(struct oae_buf *out, const struct frame *f,
			 const cJSON *n_list, const cJSON *values, bool *begun)
{
	const cJSON *n = n_list ? n_list->child : NULL;
	const cJSON *v = values ? values->child : NULL;
	size_t count = 0;

	for (; n && v && count < POINTS_MAX; n = n->next, v = v->next) {
		if (!(cJSON_IsNumber(n) && n->valuedouble > 0 &&
		      cJSON_IsNumber(v) && v->valuedouble > 0))
			continue;
		oae_buf_printf(out, "%s%.1f %.1f", *begun ? "L" : "M",
			       at_x(f, n->valuedouble),
			       at_y(f, v->valuedouble));
		*begun = true;
		count++;
	}
	return count;
}

/* The upper edge forwards and the lower one backwards. */
static void put_band(struct oae_buf *out, const struct frame *f,
		     const cJSON *n_list, const cJSON *line, size_t k)
{
	const cJSON *low = oae_view_at(line, "low"), *v, *n;
	bool begun = false;
	int i;

	oae_buf_printf(out, "<path class=\"band c%zu\" d=\"", k);
	put_points(out, f, n_list, oae_view_at(line, "high"), &begun);
	i = cJSON_GetArraySize(low);
	if (i > POINTS_MAX)
		i = POINTS_MAX;
	while (begun && i-- > 0) {
		v = cJSON_GetArrayItem(low, i);
		n = cJSON_GetArrayItem(n_list, i);
		if (cJSON_IsNumber(v) && v->valuedouble > 0 &&
		    cJSON_IsNumber(n) && n->valuedouble > 0)
			oae_buf_printf(out, "L%.1f %.1f",
				       at_x(f, n->valuedouble),
				       at_y(f, v->valuedouble));
	}
	oae_buf_puts(out, begun ? "Z\"/>\n" : "\"/>\n");
}

/* "10.0 M" of a power of ten is "10 M". */
static void name_power(char text[OAE_NUMBER_TEXT], double v)
{
	char *dot, *rest;

	oae_number_count(text, v);
	dot = strchr(text, '.');
	if (!dot)
		return;
	for (rest = dot + 1; *rest == '0'; rest++)
		;
	memmove(dot, rest, strlen(rest) + 1);
}

static void put_grid(struct oae_buf *out, const struct frame *f)
{
	static const double ticks[] = { 0.001, 0.01, 0.1, 0.2, 0.5, 1,	 2,
					5,     10,   20,  50,  100, 1000 };
	char text[OAE_NUMBER_TEXT];
	double e, last = -100;
	size_t i;

	for (i = 0; i < sizeof(ticks) / sizeof(ticks[0]); i++) {
		double y = at_y(f, ticks[i]);

		if (log(ticks[i]) < f->y_low || log(ticks[i]) > f->y_high)
			continue;
		oae_buf_printf(out,
			       "<path class=\"%s\" d=\"M%.1f %.1fH%.1f\"/><text"
			       " x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%g"
			       "</text>\n",
			       ticks[i] == 1 ? "one" : "grid", LEFT, y,
			       WIDTH - RIGHT, LEFT - 6, y + 4, ticks[i]);
	}
	for (e = ceil(f->x_low / log(10) - 1e-9);
	     e * log(10) <= f->x_high + 1e-9; e++) {
		double x = at_x(f, pow(10, e));

		oae_buf_printf(out,
			       "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>\n",
			       x, TOP, HEIGHT - BOTTOM);
		if (x - last < 62)
			continue;
		last = x;
		name_power(text, pow(10, e));
		oae_buf_printf(out,
			       "<text x=\"%.1f\" y=\"%.1f\" text-anchor="
			       "\"middle\">%s</text>\n",
			       x, HEIGHT - BOTTOM + 18, text);
	}
	oae_buf_printf(out,
		       "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">"
		       "requests over the whole time</text>\n",
		       (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4);
}

static void put_legend(struct oae_buf *out, const cJSON *lines)
{
	const cJSON *line;
	size_t k = 0;

	oae_buf_puts(out, "<ul class=\"legend\">\n");
	cJSON_ArrayForEach(line, lines) {
		if (k == LINES_MAX)
			break;
		oae_buf_printf(out,
			       "<li><svg viewBox=\"0 0 36 8\" aria-hidden="
			       "\"true\"><path class=\"line c%zu\" d=\"M0 4H36"
			       "\"/></svg> ",
			       k++);
		oae_text_html(out, line->string);
		oae_buf_puts(out, "</li>\n");
	}
	oae_buf_puts(out, "</ul>\n");
}

static void put_mark(struct oae_buf *out, const struct frame *f, double n)
{
	if (n > 0 && log(n) >= f->x_low && log(n) <= f->x_high)
		oae_buf_printf(out,
			       "<path class=\"here\" d=\"M%.1f %.1fV%.1f\"/>\n",
			       at_x(f, n), TOP, HEIGHT - BOTTOM);
}

void oae_board_html_curve(struct oae_buf *out, const cJSON *profile,
			  enum oae_view_mode mode, size_t number)
{
	const cJSON *n_list = oae_view_at(profile, "curve.N"), *line;
	const cJSON *lines = oae_view_at(oae_view_at(profile, "curve"),
					 oae_view_mode_key[mode]);
	struct frame f;
	bool begun;
	size_t k = 0;

	if (!lines || !lines->child || !frame_of(&f, n_list, lines))
		return;
	oae_buf_printf(out,
		       "<figure aria-labelledby=\"curve%zu\">\n<div class="
		       "\"scroll\" tabindex=\"0\" role=\"group\""
		       " aria-labelledby=\"curve%zu\">\n<svg class=\"curve\""
		       " viewBox=\"0 0 %g %g\" role=\"img\" aria-labelledby="
		       "\"curve%zu\">\n",
		       number, number, WIDTH, HEIGHT, number);
	put_grid(out, &f);
	put_mark(out, &f, oae_view_num(profile, "N"));
	cJSON_ArrayForEach(line, lines) {
		if (k == LINES_MAX)
			break;
		put_band(out, &f, n_list, line, k);
		begun = false;
		oae_buf_printf(out, "<path class=\"line c%zu\" d=\"", k++);
		put_points(out, &f, n_list, oae_view_at(line, "oae"), &begun);
		oae_buf_puts(out, "\"/>\n");
	}
	oae_buf_puts(out, "</svg>\n</div>\n");
	put_legend(out, lines);
	oae_buf_printf(out,
		       "<figcaption id=\"curve%zu\">OAE over the number of"
		       " requests, machines %s; above 1 the system is cheaper"
		       " than the baseline. Bands are 95 %% intervals, the"
		       " upright line is this profile&#39;s own number; the"
		       " table above has the values there.</figcaption>\n"
		       "</figure>\n",
		       number, oae_view_mode_name[mode]);
}
