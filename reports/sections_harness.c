/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>

#include "reports/sections.h"

static void figures(const struct oae_report *r,
		    const struct oae_report_run *run, const cJSON *h,
		    struct oae_buf *b)
{
	const char *system = oae_view_str(h, "share.system");
	double late = oae_view_num(h, "dispatch_p99_ns");
	double share = 100 * oae_view_num(h, "share.of_request");
	char label[OAE_LABEL_BYTES], request[OAE_NUMBER_TEXT];
	char token[OAE_NUMBER_TEXT];

	oae_number_seconds(request, 1e-9 * oae_view_num(h, "request_cpu_ns"));
	oae_number_seconds(token, 1e-9 * oae_view_num(h, "token_cpu_ns"));
	oae_buf_printf(b,
		       "The harness itself cost %s of CPU a request and %s a"
		       " token event",
		       request, token);
	if (*system) {
		oae_view_label(r, run, system, label);
		oae_buf_printf(b,
			       ": %.*f %% of the time of a request of %s on"
			       " %s, its largest share",
			       share < 10 ? 2 : 0, share, label,
			       oae_view_str(h, "share.workload"));
	}
	if (!isnan(late)) {
		oae_number_seconds(token, 1e-9 * late);
		oae_buf_printf(b, "; 99 of 100 requests left within %s", token);
	}
	oae_buf_putc(b, '.');
}

void oae_section_harness(const struct oae_report *r, struct oae_sheet *t)
{
	struct oae_buf b;
	size_t i;

	oae_buf_init(&b, OAE_PAGE_BYTES_MAX);
	for (i = 0; i < r->n_runs; i++) {
		const struct oae_report_run *run = &r->runs[i];
		const cJSON *h = oae_view_at(run->json, "harness");
		const char *reason = oae_view_str(h, "reason");
		const char *warning = oae_view_str(h, "warning");

		oae_buf_clear(&b);
		if (r->n_runs > 1)
			oae_buf_printf(&b, "%s: ", run->name);
		if (*reason || isnan(oae_view_num(h, "token_cpu_ns")))
			oae_buf_printf(&b,
				       "What the harness itself cost is not"
				       " known: %s.",
				       *reason ? reason :
						 "the result does not say");
		else
			figures(r, run, h, &b);
		if (*warning)
			oae_buf_printf(&b, " Warning: %s.", warning);
		oae_sheet_remark(t, oae_buf_str(&b));
	}
	oae_buf_release(&b);
}
