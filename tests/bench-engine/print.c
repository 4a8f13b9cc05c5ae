/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "tests/bench-engine/bench_engine.h"

bool line_met(const struct line *l)
{
	if (!isnan(l->value))
		return l->value <= l->row->target;
	return l->ratio >= l->row->target;
}

static double share(const struct line *l)
{
	return l->ours_ts / l->roof_ts;
}

static void json_line(const struct bench *b, struct oae_jw *w,
		      const struct line *l)
{
	const struct entry *r = l->row;
	bool judged = !isnan(r->target) &&
		      !(isnan(l->ratio) && isnan(l->value));

	oae_jw_obj(w, NULL);
	oae_jw_str(w, "test", l->test);
	oae_jw_str(w, "model", r->model);
	oae_jw_str(w, "quant", r->quant);
	oae_jw_int(w, "threads", (int64_t)b->o.threads);
	oae_jw_num(w, "ours_ts", l->ours_ts);
	oae_jw_num(w, "peer_ts", l->peer_ts);
	oae_jw_num(w, "ratio", l->ratio);
	oae_jw_num(w, "ratio_min", l->ratio_min);
	oae_jw_num(w, "ratio_max", l->ratio_max);
	oae_jw_num(w, "roofline_share", share(l));
	oae_jw_num(w, "target", r->target);
	if (judged)
		oae_jw_bool(w, "met", line_met(l));
	else
		oae_jw_null(w, "met");
	oae_jw_str(w, "against", l->against[0] ? l->against : NULL);
	oae_jw_num(w, "against_ts", l->other_ts);
	oae_jw_num(w, "value", l->value);
	oae_jw_int(w, "pairs", (int64_t)l->pairs);
	oae_jw_num(w, "roofline_ts", l->roof_ts);
	oae_jw_num(w, "ratio_at_roofline", l->roof_ts / l->peer_ts);
	oae_jw_str(w, "reason", l->reason[0] ? l->reason : NULL);
	oae_jw_str(w, "note", l->note[0] ? l->note : NULL);
	oae_jw_str(w, "cpu", b->cpu);
	oae_jw_str(w, "kernels",
		   b->ours.model ? b->ours.model->kernels->name : NULL);
	oae_jw_end_obj(w);
}

void bench_json(const struct bench *b, struct oae_buf *out)
{
	struct oae_jw w;

	oae_jw_init(&w, out, 1);
	oae_jw_arr(&w, NULL);
	for (size_t i = 0; i < b->n_lines; i++)
		json_line(b, &w, &b->lines[i]);
	oae_jw_end_arr(&w);
	oae_buf_putc(out, '\n');
}

/* A number in so many columns; "-" when there is none. */
static void cell(int width, int digits, double v)
{
	if (isnan(v))
		printf(" %*s", width, "-");
	else
		printf(" %*.*f", width, digits, v);
}

static const char heading[] =
	"test               model           quant     ours t/s    other t/s  "
	"ratio  (min - max)  target       roof  at most\n";

void bench_line(const struct bench *b, const struct line *l)
{
	const struct entry *r = l->row;
	char range[32] = "";

	if (l == b->lines)
		fputs(heading, stdout);
	if (!isnan(l->ratio))
		(void)snprintf(range, sizeof(range), "(%.2f-%.2f)",
			       l->ratio_min, l->ratio_max);
	printf("%-18s %-15s %-5s", l->test, r->model, r->quant);
	cell(12, 2, l->ours_ts);
	cell(12, 2, l->other_ts);
	cell(6, 2, isnan(l->value) ? l->ratio : l->value);
	printf(" %13s %s", range, isnan(l->value) ? ">=" : "<=");
	cell(5, 2, r->target);
	printf(" %-6s", isnan(r->target)		   ? "" :
			isnan(l->ratio) && isnan(l->value) ? "none" :
			line_met(l)			   ? "met" :
							     "missed");
	if (isnan(l->roof_ts))
		printf("      -");
	else
		printf(" %4.0f %%", 100 * share(l));
	if (isnan(l->roof_ts / l->peer_ts))
		printf("      -");
	else
		printf(" %5.2fx", l->roof_ts / l->peer_ts);
	if (l->against[0] && isnan(l->peer_ts))
		printf("  against %s", l->against);
	if (l->note[0])
		printf("  %s", l->note);
	if (l->reason[0])
		printf("  (%s)", l->reason);
	putchar('\n');
	fflush(stdout);
}

void bench_table(const struct bench *b)
{
	const struct roof *r = &b->roof;

	printf("\n%s, %llu threads, kernels %s; other is %s\n", b->cpu,
	       (unsigned long long)b->o.threads,
	       b->ours.model ? b->ours.model->kernels->name : "-",
	       b->peer_runs ? b->peer_name : b->peer_reason);
	if (r->fma > 0)
		printf("peaks: int8 %.0f GOP/s (one thread %.0f), fp32 %.0f "
		       "GFLOP/s (%.0f)\n",
		       r->int8 / 1e9, r->int8_one / 1e9, r->fma / 1e9,
		       r->fma_one / 1e9);
	for (size_t i = 0; i < r->n_read; i++)
		printf("reading %5.0f MB: %.1f GB/s (one thread %.1f)\n",
		       (double)r->read[i].bytes / 1e6, r->read[i].all / 1e9,
		       r->read[i].one / 1e9);
	printf("roof: our share of what these peaks allow for the weights and "
	       "the cache;\nat most: the ratio that they would allow.\n");
}
