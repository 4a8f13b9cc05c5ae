/* SPDX-License-Identifier: Apache-2.0 */
/* What the processors did for a request; no part of a score. */
#include <stdio.h>
#include <string.h>

#include "reports/sections.h"
#include "reports/text.h"

static const struct {
	const char *head, *path;
	oae_number_fn *number;
} columns[] = {
	{ "instructions / cycle", "ipc", oae_number_plain },
	{ "LLC misses / token", "llc_misses_per_token", oae_number_count },
	{ "memory GB/s", "memory_gb_per_s", oae_number_plain },
	{ "CPU time / request", "task_clock_s_per_request",
	  oae_number_seconds },
	{ "page faults / request", "page_faults_per_request",
	  oae_number_count },
	{ "switches / request", "context_switches_per_request",
	  oae_number_count },
};

#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void put_count(struct oae_sheet *t, const cJSON *counters, size_t i)
{
	struct oae_value v = oae_view_value(counters, columns[i].path);
	char text[OAE_NUMBER_TEXT], path[80];

	if (!v.has) {
		oae_sheet_missing(t, v.reason);
		return;
	}
	columns[i].number(text, v.value);
	oae_sheet_cell(t, "%s", text);
	if (v.class && strcmp(v.class, "estimated") == 0)
		oae_sheet_note(t, "multiplexed: an estimate from a part of the"
				  " time, not to be ranked");
	(void)snprintf(path, sizeof(path), "%s.scope", columns[i].path);
	if (strcmp(oae_view_str(counters, path), "machine") == 0)
		oae_sheet_note(t, "of the whole machine");
}

void oae_section_counters(const struct oae_report *r, struct oae_sheet *t)
{
	char label[OAE_LABEL_BYTES];
	const cJSON *s, *w;
	size_t i, k;

	oae_sheet_init(t, "Counters (what the processors did while requests"
			  " were served)");
	oae_sheet_column(t, "system", false);
	oae_sheet_column(t, "workload", false);
	for (k = 0; k < N_COLUMNS; k++)
		oae_sheet_column(t, columns[k].head, true);
	for (i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(s, oae_view_systems(&r->runs[i])) {
			oae_view_label(r, &r->runs[i], oae_view_str(s, "id"),
				       label);
			cJSON_ArrayForEach(
				w, oae_view_at(s, "measured.by_workload")) {
				oae_sheet_cell(t, "%s", label);
				oae_sheet_cell(t, "%s",
					       oae_view_str(w, "workload"));
				for (k = 0; k < N_COLUMNS; k++)
					put_count(t, oae_view_at(w, "counters"),
						  k);
			}
		}
}
