/* SPDX-License-Identifier: Apache-2.0 */
/* What went in: runs, models, effort, scale, machine. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/sections.h"
#include "reports/text.h"

typedef void system_fn(struct oae_sheet *t, const char *label,
		       const cJSON *system);

static void each_system(const struct oae_report *r, struct oae_sheet *t,
			system_fn *row)
{
	char label[OAE_LABEL_BYTES];
	const cJSON *s;

	for (size_t i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(s, oae_view_systems(&r->runs[i])) {
			oae_view_label(r, &r->runs[i], oae_view_str(s, "id"),
				       label);
			row(t, label, s);
		}
}

/* "gamma 4, threads 2" */
static void put_knobs(struct oae_sheet *t, const cJSON *knobs)
{
	struct oae_buf b;
	const cJSON *k;
	char text[32];

	oae_buf_init(&b, OAE_PAGE_BYTES_MAX);
	cJSON_ArrayForEach(k, knobs) {
		oae_buf_printf(&b, "%s%s ", b.len ? ", " : "", k->string);
		if (cJSON_IsString(k)) {
			oae_buf_puts(&b, k->valuestring);
		} else if (cJSON_IsNumber(k)) {
			oae_json_format_double(text, k->valuedouble);
			oae_buf_puts(&b, text);
		} else {
			oae_buf_puts(&b, cJSON_IsTrue(k) ? "on" : "off");
		}
	}
	oae_sheet_cell(t, "%s", b.len ? oae_buf_str(&b) : "none");
	oae_buf_release(&b);
}

static void run_row(struct oae_sheet *t, const char *label, const cJSON *s)
{
	const cJSON *reason, *runs = oae_view_at(s, "runs");
	double first = oae_view_num(s, "setup.first_token_s");
	double failed = oae_view_num(runs, "failed");
	char text[OAE_NUMBER_TEXT];

	oae_sheet_cell(t, "%s", label);
	put_knobs(t, oae_view_at(s, "knobs"));
	oae_sheet_cell(t, "%.0f of %.0f", oae_view_num(runs, "ok"),
		       oae_view_num(runs, "planned"));
	oae_sheet_cell(t, "%.0f", isnan(failed) ? 0 : failed);
	cJSON_ArrayForEach(reason, oae_view_at(runs, "reasons"))
		if (cJSON_IsString(reason)) {
			oae_sheet_note(t, reason->valuestring);
			break;
		}
	if (isnan(first)) {
		oae_sheet_missing(t, "no run came so far");
	} else {
		oae_number_seconds(text, first);
		oae_sheet_cell(t, "%s", text);
	}
}

void oae_section_runs(const struct oae_report *r, struct oae_sheet *t)
{
	static const char *const heads[] = {
		"system",
		"settings",
		"runs done",
		"failed",
		"first token after start",
	};

	oae_sheet_init(t, "Runs (each is a new process with one workload; the"
			  " settings are the shipped defaults unless somebody"
			  " chose others)");
	oae_sheet_columns(t, heads, "llrrr");
	each_system(r, t, run_row);
}

static void model_rows(struct oae_sheet *t, const char *label, const cJSON *s)
{
	char text[OAE_NUMBER_TEXT];
	const cJSON *m;

	cJSON_ArrayForEach(m, oae_view_at(s, "models")) {
		oae_sheet_cell(t, "%s", label);
		oae_sheet_cell(t, "%s", oae_view_str(m, "path"));
		oae_number_bytes(text, oae_view_num(m, "bytes"));
		oae_sheet_cell(t, "%s", text);
		oae_sheet_cell(t, "%.16s", oae_view_str(m, "sha256"));
	}
}

void oae_section_models(const struct oae_report *r, struct oae_sheet *t)
{
	static const char *const heads[] = { "system", "file", "size",
					     "SHA-256 begins" };

	oae_sheet_init(t, "Model files");
	oae_sheet_columns(t, heads, "llrl");
	each_system(r, t, model_rows);
}

/* The set-up was measured: this entry says what somebody thought before. */
static bool replaced(const cJSON *system, const cJSON *e)
{
	const cJSON *id;

	cJSON_ArrayForEach(id, oae_view_at(system, "setup.transcript.replaces"))
		if (cJSON_IsString(id) &&
		    strcmp(id->valuestring, oae_view_str(e, "id")) == 0)
			return true;
	return false;
}

static void ledger_row(struct oae_sheet *t, const char *label, const cJSON *e,
		       bool is_replaced)
{
	double value = oae_view_num(e, "value"), low = oae_view_num(e, "low");
	double mid = oae_view_num(e, "mid"), high = oae_view_num(e, "high");
	char a[OAE_NUMBER_TEXT], b[OAE_NUMBER_TEXT], c[OAE_NUMBER_TEXT];
	const char *tier = oae_view_str(e, "tier");

	oae_sheet_cell(t, "%s", label);
	oae_sheet_cell(t, "%s", oae_view_str(e, "activity"));
	oae_sheet_cell(t, "%s%s%s", oae_view_str(e, "kind"), *tier ? " " : "",
		       tier);
	oae_number_plain(a, low);
	oae_number_plain(b, isnan(mid) ? value : mid);
	oae_number_plain(c, high);
	if (isnan(low) || isnan(high))
		oae_sheet_cell(t, "%s %s", b, oae_view_str(e, "unit"));
	else
		oae_sheet_cell(t, "%s [%s,\u00a0%s] %s", b, a, c,
			       oae_view_str(e, "unit"));
	if (is_replaced)
		oae_sheet_note(t, "not counted: the set-up was measured");
	oae_sheet_cell(t, "%s", oae_view_str(e, "class"));
	oae_sheet_cell(t, "%s", oae_view_str(e, "source"));
}

static void ledger_rows(struct oae_sheet *t, const char *label, const cJSON *s)
{
	const cJSON *e;

	cJSON_ArrayForEach(e, oae_view_at(s, "ledger.entries"))
		ledger_row(t, label, e, replaced(s, e));
}

void oae_section_ledger(const struct oae_report *r, struct oae_sheet *t)
{
	static const char *const heads[] = { "system", "activity", "kind",
					     "amount", "class",	   "source" };

	oae_sheet_init(t,
		       "Effort that entered the score, with its class"
		       " (measured, published, declared, estimated, assumed)");
	oae_sheet_columns(t, heads, "lllrll");
	each_system(r, t, ledger_rows);
}

/* "12.3 [11.9, 12.8]" of three members. */
static void put_factor(struct oae_sheet *t, const cJSON *e)
{
	char mid[OAE_NUMBER_TEXT], low[OAE_NUMBER_TEXT], high[OAE_NUMBER_TEXT];
	double factor = oae_view_num(e, "factor");

	if (isnan(factor)) {
		oae_sheet_missing(t, oae_json_str_or(e, "reason", NULL));
		return;
	}
	oae_number_plain(mid, factor);
	oae_number_plain(low, oae_view_num(e, "factor_low"));
	oae_number_plain(high, oae_view_num(e, "factor_high"));
	oae_sheet_cell(t, "%s [%s,\u00a0%s]", mid, low, high);
	if (cJSON_IsTrue(oae_view_at(e, "extrapolated")))
		oae_sheet_note(t, "measured with other numbers of tokens and"
				  " stretched to these");
}

static void scale_row(struct oae_sheet *t, const cJSON *e)
{
	static const char *const times[] = { "s_embedded", "s_reference" };
	static const char *const limits[] = { "ttft_ms", "tpot_ms" };
	const cJSON *within = oae_view_at(e, "within_slo");
	char text[OAE_NUMBER_TEXT];

	oae_sheet_cell(t, "%s", oae_view_str(e, "profile"));
	oae_sheet_cell(t, "%s %s, %.0f tokens in, %.0f out",
		       oae_view_str(e, "shape"), oae_view_str(e, "quant"),
		       oae_view_num(e, "tokens_in"),
		       oae_view_num(e, "tokens_out"));
	for (int i = 0; i < 2; i++) {
		oae_number_seconds(text, oae_view_num(e, times[i]));
		oae_sheet_cell(t, "%s", text);
	}
	put_factor(t, e);
	for (int i = 0; i < 2; i++) {
		oae_number_seconds(text, oae_view_num(e, limits[i]) / 1e3);
		oae_sheet_cell(t, "%s", text);
	}
	oae_sheet_cell(t, !cJSON_IsBool(within) ? OAE_DASH :
			  cJSON_IsTrue(within)	? "yes" :
						  "no");
}

void oae_section_scale(const struct oae_report *r, struct oae_sheet *t)
{
	static const char *const heads[] = {
		"profile",
		"reference model",
		"measured model, s/request",
		"reference, s/request",
		"factor",
		"TTFT",
		"TPOT",
		"within its limits",
	};
	const cJSON *e;

	oae_sheet_init(t, "Scale: the measured models are small; costs are"
			  " multiplied by what the baseline takes in the"
			  " profile's reference shape (random weights, same"
			  " machine) over what it takes here. Ratios don't need"
			  " this step.");
	oae_sheet_columns(t, heads, "llrrrrrl");
	for (size_t i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(e, oae_view_at(r->runs[i].json, "scale"))
			scale_row(t, e);
}

/* One line of the environment: what, and each run's value. */
static void environment_row(const struct oae_report *r, struct oae_sheet *t,
			    const char *what, const char *path)
{
	size_t i;

	oae_sheet_cell(t, "%s", what);
	for (i = 0; i < r->n_runs; i++) {
		const cJSON *v = oae_view_at(r->runs[i].json, path);
		char text[OAE_NUMBER_TEXT];

		if (cJSON_IsString(v))
			oae_sheet_cell(t, "%s", v->valuestring);
		else if (cJSON_IsBool(v))
			oae_sheet_cell(t, cJSON_IsTrue(v) ? "yes" : "no");
		else if (cJSON_IsNumber(v) && strstr(path, "bytes")) {
			oae_number_bytes(text, v->valuedouble);
			oae_sheet_cell(t, "%s", text);
		} else if (cJSON_IsNumber(v))
			oae_sheet_cell(t, "%.10g", v->valuedouble);
		else
			oae_sheet_missing(t, "not known on this machine");
	}
}

/* What changed while it ran, and who else used the machine. */
static void environment_warnings(const struct oae_report_run *run,
				 struct oae_sheet *t)
{
	const cJSON *warning;
	char text[600];

	cJSON_ArrayForEach(warning,
			   oae_view_at(run->json, "environment.warnings")) {
		(void)snprintf(text, sizeof(text), "%.80s%sWarning: %.400s",
			       run->name, *run->name ? ": " : "",
			       oae_view_str(warning, "text"));
		oae_sheet_remark(t, text);
	}
}

void oae_section_environment(const struct oae_report *r, struct oae_sheet *t)
{
	static const char *const rows[][2] = {
		{ "measured at", "campaign.utc" },
		{ "suite", "campaign.suite" },
		{ "scenario", "campaign.scenario" },
		{ "seed", "campaign.seed" },
		{ "runs of a system on a workload", "stopping.runs" },
		{ "number of runs decided by", "stopping.stopped_by" },
		{ "level of intervals", "stopping.level" },
		{ "complete", "complete" },
		{ "journal sealed", "journal.sealed" },
		{ "journal lines", "journal.lines" },
		{ "journal SHA-256", "journal.sha256" },
		{ "oae", "oae" },
		{ "specification", "spec" },
		{ "build", "build.git" },
		{ "compiler", "build.compiler" },
		{ "compiler flags", "build.flags" },
		{ "CPU", "environment.start.cpu.model" },
		{ "cores", "environment.start.cpu.cores" },
		{ "memory", "environment.start.memory_bytes" },
		{ "kernel", "environment.start.kernel" },
		{ "microcode", "environment.start.cpu.microcode" },
		{ "frequency governor", "environment.start.governor" },
		{ "turbo", "environment.start.cpu.turbo" },
		{ "clock source", "environment.start.clock_source" },
		{ "virtual machine", "environment.start.virtual" },
		{ "hypervisor", "environment.start.hypervisor" },
		{ "container", "environment.start.container" },
		{ "load before it began", "environment.start.load_1min" },
		{ "stolen ticks at start", "environment.start.steal_ticks" },
		{ "stolen ticks at end", "environment.end.steal_ticks" },
	};
	size_t i;

	oae_sheet_init(t, "Where and how it was measured");
	oae_sheet_column(t, "", false);
	for (i = 0; i < r->n_runs; i++)
		oae_sheet_column(
			t, r->runs[i].name[0] ? r->runs[i].name : "this run",
			false);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		environment_row(r, t, rows[i][0], rows[i][1]);
	for (i = 0; i < r->n_runs; i++)
		environment_warnings(&r->runs[i], t);
}
