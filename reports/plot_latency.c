/* SPDX-License-Identifier: Apache-2.0 */
/* How long requests take: shares of requests done within a time. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/plot.h"

static const struct {
	const char *key, *name;
} metrics[] = {
	{ "ttft_ms", "time to the first token" },
	{ "e2el_ms", "time to the last token" },
};

#define N_METRICS (sizeof(metrics) / sizeof(metrics[0]))

struct panel {
	struct oae_buf lines;
	double low, high;
	size_t curves;
};

/* Quantiles at 0, 1/(n-1), ..., 1 become value and share. */
static bool block(struct oae_plot *p, struct panel *panel,
		  const cJSON *quantiles)
{
	int n = cJSON_GetArraySize(quantiles), i = 0;
	const cJSON *q;
	bool any = false;

	if (n < 2)
		return false;
	cJSON_ArrayForEach(q, quantiles) {
		double share = (double)i++ / (n - 1);

		if (!cJSON_IsNumber(q) || q->valuedouble <= 0)
			continue;
		oae_buf_printf(&p->dat, "%.10g %.6g\n", q->valuedouble / 1e3,
			       share);
		panel->low = fmin(panel->low, q->valuedouble / 1e3);
		panel->high = fmax(panel->high, q->valuedouble / 1e3);
		any = true;
	}
	if (any)
		oae_buf_puts(&p->dat, "\n\n");
	return any;
}

static void add_system(struct oae_plot *p, struct panel *panel,
		       const cJSON *workload, const char *key, size_t colour)
{
	struct oae_buf gp;

	if (!block(p, panel, oae_view_at(oae_view_at(workload, "ecdf"), key)))
		return;
	oae_buf_printf(&panel->lines,
		       "%sdata index %zu using 1:2 with"
		       " linespoints ",
		       panel->curves++ ? ", \\\n  " : "", p->blocks++);
	gp = p->gp;
	p->gp = panel->lines;
	oae_plot_style(p, colour);
	panel->lines = p->gp;
	p->gp = gp;
	oae_buf_printf(&panel->lines, " ps 0.7 pi %d",
		       12 + 3 * (int)(colour % 4));
}

static void gather(struct oae_plot *p, const char *id, const char *key,
		   struct panel *panel)
{
	const struct oae_report *r = p->report;
	const cJSON *s, *w;
	size_t i;

	memset(panel, 0, sizeof(*panel));
	panel->low = INFINITY;
	oae_buf_init(&panel->lines, OAE_PAGE_BYTES_MAX);
	for (i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(s, oae_view_systems(&r->runs[i]))
			cJSON_ArrayForEach(
				w, oae_view_at(s, "measured.by_workload"))
				if (strcmp(oae_view_str(w, "workload"), id) ==
				    0)
					add_system(
						p, panel, w, key,
						oae_view_colour(
							r, &r->runs[i],
							oae_view_str(s, "id")));
}

static void draw_panel(struct oae_plot *p, const struct panel *panel, size_t i,
		       const char *id, const char *metric)
{
	char title[256];

	snprintf(title, sizeof(title), "%.28s: %s", id, metric);
	oae_plot_panel(p, i, title);
	oae_plot_log_axis(p, 'x', panel->low, panel->high * 1.0001,
			  oae_number_seconds);
	oae_buf_puts(&p->gp, "set yrange [0:1.02]\nset ytics ('0' 0, '25 %%'"
			     " 0.25, '50 %%' 0.5, '75 %%' 0.75, '100 %%' 1)\n"
			     "set xlabel 'time' offset 0,0.3\n");
	if (i % p->columns == 0)
		oae_buf_puts(&p->gp, "set ylabel 'share of requests done'"
				     " offset 0.6,0\n");
	else
		oae_buf_puts(&p->gp, "unset ylabel\n");
	oae_buf_printf(&p->gp, "plot %s\n", oae_buf_str(&panel->lines));
}

static size_t key_entries(struct oae_plot *p, bool write)
{
	const struct oae_report *r = p->report;
	char label[OAE_LABEL_BYTES];
	const cJSON *s;
	size_t i, n = 0;

	for (i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(s, oae_view_systems(&r->runs[i])) {
			const char *id = oae_view_str(s, "id");

			if (n++ && write)
				oae_buf_puts(&p->gp, ", \\\n  ");
			if (!write)
				continue;
			oae_view_label(r, &r->runs[i], id, label);
			oae_buf_puts(&p->gp, "NaN with linespoints ");
			oae_plot_style(p, oae_view_colour(r, &r->runs[i], id));
			oae_buf_puts(&p->gp, " title ");
			oae_text_gnuplot(&p->gp, label, OAE_PLOT_LABEL_MOST);
		}
	return n;
}

bool oae_plot_latency(struct oae_plot *p, const char *name)
{
	struct panel *panels = NULL;
	const char **ids = NULL;
	size_t n = 0, i, k, drawn = 0;

	if (oae_view_workload_ids(p->report, &ids, &n, NULL) == OAE_OK)
		panels = calloc(n * N_METRICS + 1, sizeof(*panels));
	if (!panels) {
		p->gp.status = OAE_ERR_NOMEM;
		goto out;
	}
	for (i = 0; i < n * N_METRICS; i++) {
		gather(p, ids[i / N_METRICS], metrics[i % N_METRICS].key,
		       &panels[i]);
		drawn += panels[i].curves > 0;
	}
	if (drawn == 0)
		goto out;
	oae_plot_begin(p, name, drawn, key_entries(p, false));
	oae_buf_printf(&p->gp, "data = '%s.dat'\n", name);
	for (i = k = 0; i < n * N_METRICS; i++)
		if (panels[i].curves)
			draw_panel(p, &panels[i], k++, ids[i / N_METRICS],
				   metrics[i % N_METRICS].name);
	oae_plot_key(p);
	oae_buf_puts(&p->gp, "plot ");
	key_entries(p, true);
	oae_buf_putc(&p->gp, '\n');
	oae_plot_end(p);
out:
	for (i = 0; panels && i < n * N_METRICS; i++)
		oae_buf_release(&panels[i].lines);
	free(panels);
	free(ids);
	return drawn > 0 || p->gp.status != OAE_OK;
}
