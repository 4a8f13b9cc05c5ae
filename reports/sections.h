/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each table of the report says, once for all its forms. Every
 * function initialises *t (the caller's to release) and fills it; failures
 * are in the table (oae_sheet_check).
 */
#ifndef OAE_REPORTS_SECTIONS_H
#define OAE_REPORTS_SECTIONS_H

#include "reports/sheet.h"
#include "reports/text.h"
#include "reports/view.h"

/* Cost and machine time of one request, baseline over system, by profile. */
void oae_section_kappa(const struct oae_report *r, struct oae_sheet *t);
/* Quality and gate, TTFT, TPOT, s/request, J/request with its class. */
void oae_section_measured(const struct oae_report *r, struct oae_sheet *t);
/* A remark on each run: what the harness itself cost, or why it is unknown. */
void oae_section_harness(const struct oae_report *r, struct oae_sheet *t);
/* Said where no profile was scored. */
extern const char oae_section_no_score[];
/* Scenarios other than SingleStream: rates, goodput, validity. */
void oae_section_load(const struct oae_report *r, struct oae_sheet *t);
/* Their TTFT, TPOT and E2EL, from due and from send. */
void oae_section_load_times(const struct oae_report *r, struct oae_sheet *t);
/* Runs that broke a rule of the specification, in every scenario. */
void oae_section_invalid(const struct oae_report *r, struct oae_sheet *t);
/* Remarks: why there are so many runs; whether a cell's runs settle. */
void oae_remark_stopping(struct oae_sheet *t, const struct oae_report_run *run);
void oae_remark_steady(struct oae_sheet *t, const char *label, const cJSON *w);
/* Percentiles, throughput, memory, acceptance. */
void oae_section_detail(const struct oae_report *r, struct oae_sheet *t);
/* What the processors did; no part of a score. */
void oae_section_counters(const struct oae_report *r, struct oae_sheet *t);
/* OAE, A*, N* and verdict of one profile, both modes. */
void oae_section_scores(const struct oae_report *r, const char *profile_id,
			struct oae_sheet *t);
/* The same when the baseline runs already: its adoption costs nothing. */
void oae_section_retrofit(const struct oae_report *r, const char *profile_id,
			  struct oae_sheet *t);
/* Where the money goes in one profile; the numbers behind the bars. */
void oae_section_costs(const struct oae_report *r, const char *profile_id,
		       struct oae_sheet *t);
/* Person-hours, machine-hours, kWh and CO2e of the baseline over a system's. */
void oae_section_physical(const struct oae_report *r, const char *profile_id,
			  struct oae_sheet *t);
/* Which tiers of hardware serve; no rows without such conditions. */
void oae_section_access(const struct oae_report *r, const char *profile_id,
			struct oae_sheet *t);
/* Grams of CO2e of a useful request, by place. */
void oae_section_carbon(const struct oae_report *r, const char *profile_id,
			struct oae_sheet *t);
/* What runs, draws and bounds say of a profile's scores, and whether they
 * agree; of all profiles when profile_id is NULL. */
void oae_section_certainty(const struct oae_report *r, const char *profile_id,
			   struct oae_sheet *t);
/* The numbers that move a score most, and where they turn it. */
void oae_section_guesses(const struct oae_report *r, const char *profile_id,
			 struct oae_sheet *t);
#define OAE_PARAMETER_TEXT 100
/* What an entry of "parameters" is called: "upkeep, T1 h/month, both". */
void oae_section_parameter(const cJSON *p, char out[OAE_PARAMETER_TEXT]);
/* The scores under each kind of condition, by severity; no rows when only
 * nominal was measured. */
void oae_section_conditions(const struct oae_report *r, const char *profile_id,
			    struct oae_sheet *t);
#define OAE_SECTION_KINDS 6u
#define OAE_SECTION_SEVERITIES 3u
extern const char *const oae_section_kinds[OAE_SECTION_KINDS];
extern const char *const oae_section_severities[OAE_SECTION_SEVERITIES];
/* A profile's cell of that kind and severity; NULL: not attempted. */
const cJSON *oae_section_condition(const cJSON *profile, size_t kind,
				   size_t severity);
/* Settings, runs done and failed, why, time to the first token. */
void oae_section_runs(const struct oae_report *r, struct oae_sheet *t);
/* Model files with size and hash. */
void oae_section_models(const struct oae_report *r, struct oae_sheet *t);
/* The step from the measured model to a profile's reference shape. */
void oae_section_scale(const struct oae_report *r, struct oae_sheet *t);
/* What setting systems up took; no rows where nobody measured it. */
void oae_section_setup(const struct oae_report *r, struct oae_sheet *t);
/* Counts of the ledgers; no rows where there are none. */
void oae_section_keep(const struct oae_report *r, struct oae_sheet *t);
/* Declared and measured: the effort ledgers, entry by entry. */
void oae_section_ledger(const struct oae_report *r, struct oae_sheet *t);
/* What `oae tune` found of a system; no rows without a tuning. */
void oae_section_talent(const struct oae_report *r, struct oae_sheet *t);
/* Machine, build and inputs of every run. */
void oae_section_environment(const struct oae_report *r, struct oae_sheet *t);

/* "A clinic with four clinicians: 3360 requests a month for 24 months" */
/* ", scored again for other profiles", ", redacted"; nothing mostly. */
void oae_section_made_from(const cJSON *result, struct oae_buf *b);
void oae_section_title(const cJSON *profile, struct oae_buf *b);

/* "1.25 [1.20, 1.31]" of the value at path, or a dash with its reason. */
void oae_section_value(struct oae_sheet *t, const cJSON *obj, const char *path,
		       oae_number_fn *number);

/* Calls fn for each score of a profile, run by run; stops when it fails. */
struct oae_score_view {
	const struct oae_report *report;
	const struct oae_report_run *run;
	const cJSON *profile, *score;
	const char *system; /* the id */
	char label[OAE_LABEL_BYTES];
};
void oae_section_each_score(const struct oae_report *r, const char *profile_id,
			    void (*fn)(const struct oae_score_view *s,
				       void *ctx),
			    void *ctx);
/* The sentences of a profile; one that both modes share comes once. */
struct oae_sentence_view {
	const struct oae_score_view *score;
	const cJSON *mode;
	const char *run; /* "" when there is one run only */
	const char *verdict, *sentence;
	enum oae_tone tone;
};
typedef void oae_sentence_fn(const struct oae_sentence_view *s, void *ctx);
void oae_section_each_sentence(const struct oae_report *r,
			       const char *profile_id, oae_sentence_fn *fn,
			       void *ctx);
enum oae_tone oae_section_tone(const char *verdict);
/* The score of a mode: its "modes.<key>" object, or NULL. */
const cJSON *oae_section_mode(const cJSON *score, enum oae_view_mode mode);

#endif
