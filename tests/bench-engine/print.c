/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench-engine/bench_engine.h"

bool line_met(const struct line *l)
{
	if (!isnan(l->value))
		return l->value <= l->row->target;
	return l->ratio >= l->row->target;
}

double line_share(const struct line *l)
{
	return l->ours_ts / l->roof_ts;
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
		printf(" %4.0f %%", 100 * line_share(l));
	if (isnan(l->roof_ts / l->peer_ts))
		printf("      -");
	else
		printf(" %5.2fx", l->roof_ts / l->peer_ts);
	if (line_share(l) > 1)
		printf("  above its roof: the machine was busy while that was "
		       "measured");
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
	       "the cache;\nat most: the ratio that they would allow. Peaks "
	       "are the best of short passes over\nthe engine's own weights; "
	       "more than 100 %% says that they were disturbed.\n");
}
