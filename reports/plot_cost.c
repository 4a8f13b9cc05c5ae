/* SPDX-License-Identifier: Apache-2.0 */
/* Where the money goes: stacked bars, one panel a profile. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/plot.h"
#include "reports/sections.h"

#define BARS_MAX 256u
#define N_PARTS 5

static const char *const part_key[N_PARTS] = { "F", "HM", "machine", "energy",
					       "remedy" };
static const char *const part_name[N_PARTS] = {
	"adoption (people, set-up)",
	"maintenance (people)",
	"machines",
	"energy",
	"remedy of missed requests",
};
/* People warm, machines cool. */
static const char *const part_rgb[N_PARTS] = { "#D55E00", "#E69F00", "#0072B2",
					       "#56B4E9", "#CC79A7" };

struct bar {
	char label[OAE_LABEL_BYTES];
	double part[N_PARTS], total;
};

struct bars {
	struct bar bar[BARS_MAX];
	size_t n;
	enum oae_view_mode mode;
	const struct oae_report_run *last;
	const char *title;
	double months;
};

static void add_bar(struct bars *b, const char *label, const cJSON *cost)
{
	struct bar *bar = &b->bar[b->n];
	size_t i;

	if (!cost || b->n == BARS_MAX || isnan(oae_view_num(cost, "C")))
		return;
	bar->total = 0;
	for (i = 0; i < N_PARTS; i++) {
		double v = oae_view_num(cost, part_key[i]);

		bar->part[i] = v > 0 ? v : 0;
		bar->total += bar->part[i];
	}
	memcpy(bar->label, label, OAE_LABEL_BYTES);
	b->n++;
}

static void gather(const struct oae_score_view *s, void *opaque)
{
	struct bars *b = opaque;
	const cJSON *mode = oae_section_mode(s->score, b->mode);
	const char *title = oae_view_str(s->profile, "profile.title");
	char label[OAE_LABEL_BYTES];

	b->months = oae_view_num(s->profile, "profile.H_months");
	if (*title)
		b->title = title;
	if (b->last != s->run) {
		oae_view_label(s->report, s->run,
			       oae_view_str(s->run->json, "campaign.baseline"),
			       label);
		add_bar(b, label, oae_view_at(mode, "baseline_cost_usd"));
		b->last = s->run;
	}
	add_bar(b, s->label, oae_view_at(mode, "cost_usd"));
}

/* x, then the sums up to each part; boxes are drawn from the tallest. */
static double write_data(struct oae_plot *p, const struct bars *b,
			 const char *id)
{
	double highest = 0, sum;
	struct oae_buf clean;
	size_t i, k;

	oae_buf_init(&clean, OAE_PAGE_BYTES_MAX);
	oae_text_clean(&clean, id);
	oae_buf_printf(&p->dat,
		       "# %s\n# x, sums of: adoption maintenance"
		       " machine energy remedy (USD)\n",
		       oae_buf_str(&clean));
	for (i = 0; i < b->n; i++) {
		oae_buf_printf(&p->dat, "%zu", i);
		for (k = 0, sum = 0; k < N_PARTS; k++) {
			sum += b->bar[i].part[k];
			oae_buf_printf(&p->dat, " %.10g", sum);
		}
		oae_buf_clear(&clean);
		oae_text_clean(&clean, b->bar[i].label);
		oae_buf_printf(&p->dat, " # %s\n", oae_buf_str(&clean));
		highest = fmax(highest, b->bar[i].total);
	}
	oae_buf_puts(&p->dat, "\n\n");
	oae_buf_release(&clean);
	return highest;
}

static void draw_panel(struct oae_plot *p, const struct bars *b, size_t i,
		       double highest)
{
	size_t k, most = b->n > 6 ? 10 : b->n > 3 ? 14 : 20;
	char text[OAE_NUMBER_TEXT];
	int part;

	oae_plot_panel(p, i, b->title);
	oae_plot_linear_axis(p, 'y', highest, oae_number_count);
	oae_buf_printf(&p->gp,
		       "set xrange [-0.7:%.1f]\nunset xlabel\n"
		       "set xtics (",
		       (double)b->n - 0.3);
	for (k = 0; k < b->n; k++) {
		oae_buf_puts(&p->gp, k ? ", " : "");
		oae_text_gnuplot_tick(&p->gp, b->bar[k].label, most);
		oae_buf_printf(&p->gp, " %zu", k);
	}
	oae_buf_printf(&p->gp, ") noenhanced scale 0%s\n",
		       b->n > 6 ? " rotate by -30" : "");
	if (isnan(b->months))
		oae_buf_puts(&p->gp, "set ylabel 'USD' offset 0.4,0\n");
	else
		oae_buf_printf(&p->gp,
			       "set ylabel 'USD over %g months'"
			       " offset 0.4,0\n",
			       b->months);
	for (k = 0; k < b->n; k++) {
		oae_number_count(text, b->bar[k].total);
		oae_buf_printf(&p->gp,
			       "set label '%s' at first %zu, first"
			       " %.10g center offset 0,0.7 noenhanced\n",
			       text, k, b->bar[k].total);
	}
	oae_buf_puts(&p->gp, "plot");
	for (part = N_PARTS - 1; part >= 0; part--)
		oae_buf_printf(&p->gp,
			       "%s data index %zu using 1:%d:(0.62)"
			       " with boxes fs solid 1 border lc rgb '#ffffff'"
			       " fc rgb '%s'",
			       part == N_PARTS - 1 ? "" : ", \\\n ", p->blocks,
			       part + 2, part_rgb[part]);
	oae_buf_putc(&p->gp, '\n');
	p->blocks++;
}

static void draw_key(struct oae_plot *p)
{
	size_t k;

	oae_plot_key(p);
	oae_buf_puts(&p->gp, "plot ");
	for (k = 0; k < N_PARTS; k++)
		oae_buf_printf(&p->gp,
			       "%sNaN with boxes fs solid 1 noborder"
			       " fc rgb '%s' title '%s'",
			       k ? ", \\\n  " : "", part_rgb[k], part_name[k]);
	oae_buf_putc(&p->gp, '\n');
}

bool oae_plot_cost(struct oae_plot *p, const char *name, enum oae_view_mode m)
{
	struct bars *b = calloc(1, sizeof(*b));
	const char **ids = NULL;
	size_t n = 0, i, drawn = 0;

	if (!b || oae_view_profile_ids(p->report, &ids, &n, NULL) != OAE_OK) {
		p->gp.status = OAE_ERR_NOMEM;
		goto out;
	}
	for (i = 0; i < n; i++) {
		memset(b, 0, sizeof(*b));
		b->mode = m;
		oae_section_each_score(p->report, ids[i], gather, b);
		drawn += b->n > 0;
	}
	if (drawn == 0)
		goto out;
	oae_plot_begin(p, name, drawn, N_PARTS);
	oae_buf_printf(&p->gp, "data = '%s.dat'\n", name);
	for (i = drawn = 0; i < n; i++) {
		memset(b, 0, sizeof(*b));
		b->mode = m;
		b->title = ids[i];
		oae_section_each_score(p->report, ids[i], gather, b);
		if (b->n > 0)
			draw_panel(p, b, drawn++, write_data(p, b, ids[i]));
	}
	draw_key(p);
	oae_plot_end(p);
out:
	free(b);
	free(ids);
	return drawn > 0 || p->gp.status != OAE_OK;
}
