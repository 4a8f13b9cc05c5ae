/* SPDX-License-Identifier: Apache-2.0 */
/* tune.json, from a tuning that was read. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/result_internal.h"
#include "schema/talent.h"
#include "schema/tune_internal.h"

static const size_t asked[OAE_TUNE_ASKED_MAX] = { 4, 16 };

struct doc {
	struct oae_jw w;
	const struct oae_tune *t;
	const struct oae_tune_search *search;  /* of the system tuned */
	const struct oae_tune_setting *expert; /* NULL: not measured yet */
	const char *no_tau; /* why tau is undefined, or NULL */
	char why[400];
};

static void put_missing(struct doc *d, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void put_missing(struct doc *d, const char *key, const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	oae_result_missing(&d->w, key, text);
}

/* ---- the expert -------------------------------------------------------- */

static void find_expert(struct doc *d)
{
	const struct oae_tune *t = d->t;
	size_t best = d->search->held_out;

	if (best < t->count && t->settings[best].run_count)
		d->expert = &t->settings[best];
	for (size_t i = 0; i < t->count; i++)
		if (t->settings[i].role == OAE_TUNE_EXPERT)
			d->expert = t->settings[i].run_count ? &t->settings[i] :
							       NULL;
	if (!d->expert || isnan(d->expert->kappa)) {
		d->no_tau = "the journal ends before the expert's setting was"
			    " measured; finish it with `oae tune --resume`";
	} else if (strcmp(d->expert->id, t->settings[0].id) == 0) {
		d->no_tau = "the expert's setting gains nothing: it is the"
			    " baseline's own";
	} else if (!(t->kappa_b > 0) || !(d->expert->kappa > 0)) {
		d->no_tau = "a cost of 0 has no logarithm";
	} else if (!(d->expert->kappa < t->kappa_b)) {
		snprintf(d->why, sizeof(d->why),
			 "the expert's setting gains nothing over the"
			 " baseline: kappa_B / kappa is %.4g%s%.200s",
			 t->kappa_b / d->expert->kappa,
			 d->expert->reason ? "; " : "",
			 d->expert->reason ? d->expert->reason : "");
		d->no_tau = d->why;
	}
}

static double tau_of(const struct doc *d, double kappa)
{
	if (d->no_tau || !(kappa > 0))
		return NAN;
	return oae_talent_tau(d->t->kappa_b, kappa, d->expert->kappa);
}

static void put_tau(struct doc *d, const char *key, double kappa)
{
	double tau = tau_of(d, kappa);

	if (isnan(tau)) {
		put_missing(d, key, "%s",
			    d->no_tau ? d->no_tau : "it was not measured");
		return;
	}
	oae_jw_obj(&d->w, key);
	oae_jw_num(&d->w, "value", tau);
	oae_jw_end_obj(&d->w);
}

/* ---- settings ---------------------------------------------------------- */

static void put_interval(struct doc *d, const char *key,
			 const struct oae_interval *i)
{
	oae_jw_obj(&d->w, key);
	oae_jw_num(&d->w, "value", i->mid);
	oae_jw_num(&d->w, "low", i->low);
	oae_jw_num(&d->w, "high", i->high);
	oae_jw_end_obj(&d->w);
}

static void put_setting(struct doc *d, const char *key,
			const struct oae_tune_setting *x)
{
	struct oae_jw *w = &d->w;

	oae_jw_obj(w, key);
	oae_jw_str(w, "id", x->id);
	oae_jw_value(w, "knobs", x->knobs);
	oae_jw_num(w, "kappa_usd", x->kappa);
	put_interval(d, "gain", &x->gain);
	oae_jw_int(w, "repetitions", (int64_t)x->pairs);
	oae_jw_num(w, "s", x->s);
	oae_jw_num(w, "g", x->g);
	oae_jw_num(w, "machine_s", x->machine_s);
	oae_jw_int(w, "failed_runs", (int64_t)x->failed);
	oae_jw_str(w, "gate", oae_gate_name(x->gate));
	oae_jw_str(w, "reason", x->reason);
	oae_jw_end_obj(w);
}

/* ---- what trials cost -------------------------------------------------- */

/* Hours of work of one trial: said by the user, else the table's. */
static struct oae_range trial_hours(const struct oae_tune *t)
{
	const struct oae_range *row =
		oae_table_find(&t->score.tables.defaults, "trial_h");
	double said = oae_json_num_or(t->json, "hours_a_trial", NAN);
	struct oae_range r = { NAN, NAN, NAN, OAE_ABSENT, NULL };

	if (!isnan(said)) {
		r = oae_range_plain(said, OAE_DECLARED);
		r.low = said / 2;
		r.high = said * 2;
		r.source = "said for this tuning";
	} else if (row) {
		r = *row;
	}
	return r;
}

/* USD of n trials: machine time at the profile's scale, and labour. */
static double charge_of(const struct oae_tune *t,
			const struct oae_tune_search *s, double n)
{
	const double *v = t->terms.v;

	return n * (v[OAE_TERM_P_S] * v[OAE_TERM_S_SCALE] * s->trial_machine_s +
		    trial_hours(t).mid * v[OAE_TERM_R1 + t->profile->tier]);
}

static void put_charge(struct doc *d, const struct oae_tune_search *s)
{
	const struct oae_tune *t = d->t;
	struct oae_range hours = trial_hours(t);
	struct oae_jw *w = &d->w;

	oae_jw_obj(w, "charge");
	oae_jw_num(w, "machine_s_a_trial", s->trial_machine_s);
	oae_jw_num(w, "scale", t->terms.v[OAE_TERM_S_SCALE]);
	oae_range_write(w, "hours_a_trial", &hours);
	oae_jw_num(w, "wage_usd_h", t->terms.v[OAE_TERM_R1 + t->profile->tier]);
	oae_jw_num(w, "usd_a_trial", charge_of(t, s, 1));
	oae_jw_end_obj(w);
}

/* ---- curves ------------------------------------------------------------ */

static void put_curve(struct doc *d, const struct oae_tune_search *s)
{
	const struct oae_tune *t = d->t;
	const struct oae_tune_setting *shipped = &t->settings[s->base];
	bool tuned = s == d->search;
	struct oae_jw *w = &d->w;

	oae_jw_arr(w, "curve");
	for (size_t n = 1; n <= s->trials; n++) {
		double kappa = oae_tune_expected(s, n);
		double saved = shipped->kappa - kappa;

		oae_jw_obj(w, NULL);
		oae_jw_int(w, "n", (int64_t)n);
		oae_jw_num(w, "kappa_usd", kappa);
		oae_jw_num(w, "kappa_dodge_usd", oae_tune_expected_dodge(s, n));
		oae_jw_num(w, "tau", tuned ? tau_of(d, kappa) : NAN);
		oae_jw_bool(w, "few", 2 * n > s->trials);
		oae_jw_num(w, "charge_usd", charge_of(t, s, (double)n));
		oae_jw_num(w, "pays_from_requests",
			   saved > 0 ? charge_of(t, s, (double)n) / saved :
				       NAN);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
}

static size_t failed_trials(const struct oae_tune *t, uint32_t base)
{
	size_t n = 0;

	for (size_t i = 0; i < t->count; i++)
		n += t->settings[i].role == OAE_TUNE_TRIAL &&
		     t->settings[i].base == base && t->settings[i].reason;
	return n;
}

/* What the search chose, as it looked then and as it was on other items. */
static void put_best(struct doc *d, const struct oae_tune_search *s)
{
	const struct oae_tune *t = d->t;
	const struct oae_tune_setting *then = &t->settings[s->selected];
	struct oae_jw *w = &d->w;

	oae_jw_obj(w, "best");
	oae_jw_str(w, "id", then->id);
	oae_jw_bool(w, "is_default", s->selected == s->base);
	oae_jw_num(w, "kappa_selected_usd", then->kappa);
	if (s->held_out < t->count && t->settings[s->held_out].run_count)
		put_setting(d, "held_out", &t->settings[s->held_out]);
	else
		oae_jw_null(w, "held_out");
	oae_jw_end_obj(w);
}

static void put_search(struct doc *d, uint32_t base)
{
	const struct oae_tune *t = d->t;
	const struct oae_tune_search *s = &t->search[base];
	struct oae_jw *w = &d->w;

	oae_jw_obj(w, NULL);
	oae_jw_str(w, "system", t->settings[base].id);
	oae_jw_bool(w, "baseline", base == 0);
	oae_jw_int(w, "trials", (int64_t)s->trials);
	oae_jw_int(w, "failed_trials", (int64_t)failed_trials(t, base));
	put_setting(d, "default", &t->settings[base]);
	if (s->trials) {
		put_best(d, s);
		put_charge(d, s);
	} else {
		oae_jw_null(w, "best");
		oae_jw_null(w, "charge");
	}
	put_curve(d, s);
	oae_jw_arr(w, "settings");
	for (size_t i = 0; i < t->count; i++)
		if (t->settings[i].role == OAE_TUNE_TRIAL &&
		    t->settings[i].base == base)
			put_setting(d, NULL, &t->settings[i]);
	oae_jw_end_arr(w);
	oae_jw_end_obj(w);
}

/* The same gain over a baseline that had as many trials. */
static void put_tuned_gain(struct doc *d)
{
	static const char key[] = "gain_over_tuned_baseline";
	const struct oae_tune *t = d->t;
	const struct oae_tune_search *b = &t->search[0];
	struct oae_interval i = { NAN, NAN, NAN };

	if (t->bases < 2 || !b->trials) {
		put_missing(d, key, "%s",
			    t->bases < 2 ? "the system is the baseline" :
					   "the baseline has no knob to tune");
		return;
	}
	if (d->expert && b->held_out < t->count)
		i = oae_tune_between(t, &t->settings[b->held_out], d->expert);
	if (isnan(i.mid))
		put_missing(d, key, "one of both was not measured, or failed");
	else
		put_interval(d, key, &i);
}

/* ---- talent ------------------------------------------------------------ */

static void put_expert(struct doc *d)
{
	const struct oae_tune *t = d->t;
	const cJSON *j = t->json;
	bool own = d->expert && d->expert->role == OAE_TUNE_EXPERT;
	double trials = own ? oae_json_num_or(j, "expert_trials", NAN) :
			      (double)d->search->trials;
	double hours = own ? oae_json_num_or(j, "expert_hours", NAN) :
			     trials * trial_hours(t).mid;
	double wage = t->terms.v[OAE_TERM_R1 + t->profile->tier];
	struct oae_jw *w = &d->w;

	oae_jw_obj(w, "expert");
	oae_jw_str(w, "who",
		   own ? oae_json_str_or(j, "who", "unnamed") :
			 "random search, the cheapest of its trials and the"
			 " defaults");
	oae_jw_num(w, "trials", trials);
	oae_jw_num(w, "hours", hours);
	oae_jw_num(w, "charge_usd",
		   own ? hours * wage : charge_of(t, d->search, trials));
	oae_jw_str(w, "hours_class",
		   own ? isnan(hours) ? NULL : "declared" :
			 oae_evidence_name(trial_hours(t).evidence));
	if (d->expert)
		put_setting(d, "setting", d->expert);
	else
		oae_jw_null(w, "setting");
	put_tuned_gain(d);
	oae_jw_bool(w, "gain_is_sure", d->expert && d->expert->gain.low > 1);
	oae_jw_end_obj(w);
}

static void put_tau_at(struct doc *d, size_t n)
{
	char key[24];

	snprintf(key, sizeof(key), "%zu", n);
	if (n > d->search->trials)
		put_missing(d, key, "needs at least %zu trials, there are %zu",
			    n, d->search->trials);
	else
		put_tau(d, key, oae_tune_expected(d->search, n));
}

static void put_talent(struct doc *d)
{
	const struct oae_tune *t = d->t;
	struct oae_jw *w = &d->w;
	size_t least = 0;

	oae_jw_obj(w, "tau");
	put_tau(d, "default", t->settings[d->search->base].kappa);
	for (size_t i = 0; i < OAE_TUNE_ASKED_MAX; i++)
		put_tau_at(d, asked[i]);
	oae_jw_end_obj(w);
	for (size_t n = 1; n <= d->search->trials && !least; n++)
		if (tau_of(d, oae_tune_expected(d->search, n)) >=
		    OAE_TUNE_LEVEL)
			least = n;
	oae_jw_num(w, "tau_level", OAE_TUNE_LEVEL);
	if (least) {
		oae_jw_obj(w, "least_n");
		oae_jw_int(w, "value", (int64_t)least);
		oae_jw_end_obj(w);
	} else {
		put_missing(d, "least_n", "%s",
			    d->no_tau ? d->no_tau :
					"no number of these trials reaches it");
	}
}

/* ---- knobs ------------------------------------------------------------- */

static enum oae_tune_verdict verdict_of(const struct oae_tune_setting *x)
{
	double most = 1 + OAE_TUNE_EFFECT, least = 1 - OAE_TUNE_EFFECT;
	const struct oae_interval *i = &x->s_ratio;

	/* One that breaks the system does something. */
	if (x->failed || i->low > most || i->high < least)
		return OAE_TUNE_EFFECTIVE;
	if (i->low >= least && i->high <= most)
		return OAE_TUNE_NOT_EFFECTIVE;
	return OAE_TUNE_UNDECIDED;
}

static void put_knob(struct doc *d, const cJSON *about, size_t *effective)
{
	static const char *const names[] = {
		[OAE_TUNE_EFFECTIVE] = "effective",
		[OAE_TUNE_NOT_EFFECTIVE] = "not effective",
		[OAE_TUNE_UNDECIDED] = "undecided",
	};
	const char *name = oae_json_str_or(about, "name", "");
	const char *fixed = oae_json_str_or(about, "fixed", NULL);
	bool pinned =
		cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(about, "pinned"));
	enum oae_tune_verdict v = OAE_TUNE_NOT_EFFECTIVE;
	struct oae_jw *w = &d->w;
	size_t n = 0;

	oae_jw_obj(w, NULL);
	oae_jw_str(w, "name", name);
	oae_jw_value(w, "default",
		     cJSON_GetObjectItemCaseSensitive(about, "now"));
	oae_jw_arr(w, "values");
	for (size_t i = 0; i < d->t->count; i++) {
		const struct oae_tune_setting *x = &d->t->settings[i];
		enum oae_tune_verdict one;

		if (x->role != OAE_TUNE_KNOB || strcmp(x->knob, name) != 0)
			continue;
		one = verdict_of(x);
		/* One value that matters is enough; all must not, for "not". */
		if (one == OAE_TUNE_EFFECTIVE ||
		    (one == OAE_TUNE_UNDECIDED && v != OAE_TUNE_EFFECTIVE))
			v = one;
		n++;
		oae_jw_obj(w, NULL);
		oae_jw_value(w, "value",
			     cJSON_GetObjectItemCaseSensitive(x->knobs, name));
		oae_jw_str(w, "verdict", names[one]);
		put_interval(d, "s_ratio", &x->s_ratio);
		oae_jw_int(w, "repetitions", (int64_t)x->s_pairs);
		oae_jw_str(w, "reason", x->reason);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
	oae_jw_str(w, "verdict", n ? names[v] : NULL);
	oae_jw_str(w, "reason",
		   n	  ? NULL :
		   pinned ? "its value was given" :
		   fixed  ? fixed :
			    "no other value was tried");
	oae_jw_end_obj(w);
	*effective += n && v == OAE_TUNE_EFFECTIVE;
}

static void put_knobs(struct doc *d)
{
	const cJSON *space = cJSON_GetArrayItem(
		cJSON_GetObjectItemCaseSensitive(d->t->json, "space"),
		(int)d->t->bases - 1);
	const cJSON *knob;
	size_t n = 0;

	oae_jw_num(&d->w, "effect_threshold", OAE_TUNE_EFFECT);
	oae_jw_arr(&d->w, "knobs");
	cJSON_ArrayForEach(knob, space)
		put_knob(d, knob, &n);
	oae_jw_end_arr(&d->w);
	oae_jw_int(&d->w, "declared_knobs", cJSON_GetArraySize(space));
	oae_jw_int(&d->w, "effective_knobs", (int64_t)n);
}

/* ---- the document ------------------------------------------------------ */

static void put_remarks(struct doc *d)
{
	const struct oae_tune *t = d->t;
	struct oae_jw *w = &d->w;
	char text[200];

	oae_jw_arr(w, "remarks");
	if (!t->score.records.sealed)
		oae_jw_str(w, NULL,
			   "incomplete: the journal has no seal; finish it"
			   " with `oae tune --resume`");
	if (t->settings[0].reason) {
		snprintf(text, sizeof(text), "the baseline: %.160s",
			 t->settings[0].reason);
		oae_jw_str(w, NULL, text);
	}
	if (t->scale.reason)
		oae_jw_str(w, NULL, t->scale.reason);
	if (t->profile->has_shape && t->scale.step && t->scale.extrapolated)
		oae_jw_str(w, NULL,
			   "the reference shape was measured at other numbers"
			   " of tokens: its cost is extrapolated");
	if (d->expert && !d->no_tau && !(d->expert->gain.low > 1))
		oae_jw_str(w, NULL,
			   "the expert's gain is not surely a gain: its 95 %"
			   " interval holds 1, so tau divides by what may be"
			   " noise");
	if (t->invalid_runs) {
		snprintf(text, sizeof(text),
			 "in %zu of %zu runs the harness was late or busy"
			 " (rules OAE-V001, OAE-V002): other programs disturbed"
			 " them",
			 t->invalid_runs, t->run_count);
		oae_jw_str(w, NULL, text);
	}
	oae_jw_end_arr(w);
}

static void put_program(struct doc *d)
{
	static const char *const keys[] = { "adapter", "version",
					    "system",  "binary_sha256",
					    "models",  NULL };
	const cJSON *j = d->t->score.systems[d->t->bases - 1].json;
	struct oae_jw *w = &d->w;

	oae_jw_obj(w, "program");
	for (size_t i = 0; keys[i]; i++)
		oae_jw_value(w, keys[i],
			     cJSON_GetObjectItemCaseSensitive(j, keys[i]));
	oae_jw_end_obj(w);
}

static void put_head(struct doc *d)
{
	const struct oae_tune *t = d->t;
	const struct oae_records *r = &t->score.records;
	struct oae_jw *w = &d->w;

	oae_jw_str(w, "schema", OAE_TUNE_VERSION);
	oae_jw_str(w, "spec", OAE_SPEC_VERSION);
	oae_jw_bool(w, "complete", r->sealed);
	oae_jw_obj(w, "journal");
	oae_jw_str(w, "sha256", r->sha256);
	oae_jw_int(w, "lines", (int64_t)r->lines);
	oae_jw_int(w, "resumes", (int64_t)r->resumes);
	oae_jw_end_obj(w);
	oae_jw_str(w, "utc", oae_json_str_or(r->campaign, "utc", NULL));
	oae_jw_str(w, "seed", oae_json_str_or(r->campaign, "seed", NULL));
	oae_jw_str(w, "system", t->settings[t->bases - 1].id);
	oae_jw_str(w, "baseline", t->settings[0].id);
	oae_jw_str(w, "profile", t->profile->id);
	oae_jw_value(w, "workloads",
		     cJSON_GetObjectItemCaseSensitive(r->campaign,
						      "workloads"));
	put_program(d);
	oae_jw_int(w, "trials", (int64_t)t->trials);
	oae_jw_int(w, "runs_a_trial",
		   (int64_t)oae_json_u64_or(t->json, "runs", 0));
	oae_jw_int(w, "rounds", (int64_t)t->round_count);
	oae_jw_num(w, "kappa_baseline_usd", t->kappa_b);
	oae_jw_num(w, "kappa_failed_usd", t->kappa_failed);
	oae_jw_bool(w, "scaled", t->scale.step != NULL);
}

static void put_all(struct doc *d)
{
	struct oae_jw *w = &d->w;

	oae_jw_obj(w, NULL);
	put_head(d);
	put_talent(d);
	put_expert(d);
	put_knobs(d);
	oae_jw_arr(w, "searches");
	for (uint32_t base = d->t->bases; base-- > 0;)
		put_search(d, base);
	oae_jw_end_arr(w);
	oae_jw_value(w, "space",
		     cJSON_GetObjectItemCaseSensitive(d->t->json, "space"));
	put_remarks(d);
	oae_jw_end_obj(w);
}

enum oae_status oae_tune_build(const char *dir, struct oae_buf *out,
			       struct oae_error *err)
{
	struct oae_tune *t = calloc(1, sizeof(*t));
	struct doc d = { .t = t };
	enum oae_status status;

	if (!t)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "tuning: out of memory");
	status = oae_tune_read(dir, t, err);
	if (status)
		goto out;
	d.search = &t->search[t->bases - 1];
	find_expert(&d);
	oae_jw_init(&d.w, out, 1);
	put_all(&d);
	oae_buf_putc(out, '\n');
	status = oae_buf_check(out, OAE_TUNE_NAME, err);
out:
	oae_tune_release(t);
	free(t);
	return status;
}
