/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "harness/rerun.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/spawn.h"
#include "harness/campaign.h"
#include "schema/result.h"

#define WORDS_MAX 40
#define WORD_BYTES 96u
#define WAIT_MS 500
#define KILL_AFTER_MS 5000

uint64_t oae_rerun_seed(const char *adapter_sha256, const char *nonce)
{
	char text[OAE_SHA256_HEX + OAE_NONCE_BYTES_MAX], hex[OAE_SHA256_HEX];
	int n = snprintf(text, sizeof(text), "%.64s%.128s", adapter_sha256,
			 nonce);

	oae_sha256_bytes(text, (size_t)n, hex);
	hex[16] = '\0';
	return strtoull(hex, NULL, 16);
}

/* ---- the words of `oae run` ------------------------------------------- */

struct words {
	const char *argv[WORDS_MAX + 1];
	size_t count;
	char text[WORDS_MAX][WORD_BYTES]; /* of numbers */
	size_t texts;
};

static void add(struct words *w, const char *word)
{
	if (w->count < WORDS_MAX)
		w->argv[w->count++] = word;
}

static void add_text(struct words *w, const char *option, const char *value)
{
	if (!value || !*value)
		return;
	add(w, option);
	add(w, value);
}

static void add_number(struct words *w, const char *option, double value,
		       const char *unit)
{
	char *text;

	if (!(value > 0) || w->texts == WORDS_MAX)
		return;
	text = w->text[w->texts++];
	snprintf(text, WORD_BYTES, "%.17g%s", value, unit);
	add_text(w, option, text);
}

/* "a/b,c/d:x=1": those that the suite does not name, too. */
static enum oae_status join_systems(const struct oae_options *o,
				    struct oae_buf *out, struct oae_error *err)
{
	for (size_t i = 0; i < o->systems.count; i++)
		oae_buf_printf(out, "%s%s", i ? "," : "", o->systems.item[i]);
	return oae_buf_check(out, "systems", err);
}

static void add_options(struct words *w, const struct oae_options *o)
{
	add_number(w, "--precision", 100 * o->precision, "%");
	add_number(w, "--budget", o->budget_s, "s");
	add_number(w, "--ready-limit", o->ready_s, "");
	add_number(w, "--request-limit", o->request_s, "");
	add_number(w, "--close-limit", o->close_s, "");
	add_text(w, "--scenario", o->load.scenario);
	add_number(w, "--rate", o->load.rate_per_s, "");
	add_text(w, "--arrivals", o->load.arrivals);
	add_number(w, "--think", o->load.think_s, "");
	add_number(w, "--concurrency", (double)o->load.concurrency, "");
	add_number(w, "--samples-per-query", (double)o->load.samples_per_query,
		   "");
	if (o->no_calibration)
		add(w, "--no-calibration");
}

/* ---- the campaign ----------------------------------------------------- */

/* Its progress goes where ours goes; its table goes nowhere. */
static enum oae_status run_child(const char *const *argv, struct oae_error *err)
{
	const struct oae_spawn how = { .argv = argv, .merge_err = true };
	uint64_t end = oae_clock_ns() + OAE_RERUN_LIMIT_S * 1000000000ull;
	struct oae_child c;
	enum oae_status status = oae_child_spawn(&c, &how, err);
	char said[64];

	if (status)
		return status;
	while (!oae_child_wait(&c, WAIT_MS) && oae_clock_ns() < end)
		;
	if (!c.reaped) {
		oae_child_kill(&c, KILL_AFTER_MS);
		status = oae_fail(err, OAE_ERR_TARGET, 0,
				  "the campaign was not done after %u s",
				  OAE_RERUN_LIMIT_S);
	} else if (c.wait_status != 0) {
		oae_child_describe(&c, said, sizeof(said));
		status = oae_fail(err, OAE_ERR_TARGET, 0,
				  "the campaign ended with %s, see above",
				  said);
	}
	oae_child_release(&c);
	return status;
}

static enum oae_status run_campaign(struct oae_rerun *r, const char *home,
				    const char *suite, struct oae_error *err)
{
	char program[OAE_PATH_BYTES_MAX], at_home[OAE_PATH_BYTES_MAX + 16];
	char seed[32];
	struct oae_options o = { 0 };
	struct oae_buf systems;
	struct words *w = calloc(1, sizeof(*w));
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	enum oae_status status;

	if (!w || n <= 0) {
		free(w);
		return oae_fail(err, OAE_ERR_IO, w ? errno : ENOMEM,
				"cannot start a campaign");
	}
	program[n] = '\0';
	snprintf(at_home, sizeof(at_home), "OAE_HOME=%s", home);
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)r->seed);
	oae_buf_init(&systems, OAE_LINE_BYTES_MAX);
	status = oae_options_read(r->submission->records->campaign, &o, err);
	if (!status)
		status = join_systems(&o, &systems, err);
	add(w, "env");
	add(w, at_home);
	add(w, "sh");
	add(w, "-c");
	add(w, "exec \"$@\" >/dev/null");
	add(w, "rerun");
	add(w, program);
	add(w, "run");
	add_text(w, "--suite", suite);
	add_text(w, "--systems", oae_buf_str(&systems));
	add_text(w, "--seed", seed);
	add_text(w, "--out", r->run_dir);
	add(w, "--no-report");
	add_options(w, &o);
	if (!status)
		status = run_child(w->argv, err);
	oae_buf_release(&systems);
	free(w);
	return status;
}

static enum oae_status check_words(const struct oae_rerun *r,
				   struct oae_error *err)
{
	size_t n = r->nonce ? strlen(r->nonce) : 0;

	for (size_t i = 0; i < n; i++)
		if (r->nonce[i] <= ' ' || r->nonce[i] > '~')
			n = 0;
	if (r->nonce && (n == 0 || n > OAE_NONCE_BYTES_MAX))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--nonce: 1 to %u printable characters without"
				" blanks, drawn after the submission was"
				" committed",
				OAE_NONCE_BYTES_MAX);
	if (access(r->out, F_OK) == 0)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s: is there already; name a new folder with"
				" --out",
				r->out);
	if (r->submission->records->redacted)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"its texts are redacted: nobody but their owner"
				" can run it again");
	return OAE_OK;
}

static enum oae_status choose_seed(struct oae_rerun *r, struct oae_error *err)
{
	const struct oae_submission *s = r->submission;

	if (!r->nonce)
		return oae_json_u64(s->records->campaign, "seed", &r->seed,
				    err);
	r->seed = oae_rerun_seed(s->adapter_sha256, r->nonce);
	return OAE_OK;
}

enum oae_status oae_rerun(struct oae_rerun *r, struct oae_error *err)
{
	char home[OAE_PATH_BYTES_MAX], path[OAE_PATH_BYTES_MAX], *real = NULL;
	char *suite = NULL;
	cJSON *result = NULL;
	enum oae_status status = check_words(r, err);

	if (status)
		return status;
	status = choose_seed(r, err);
	if (!status)
		status = oae_dir_make(r->out, err);
	if (status)
		return status;
	real = realpath(r->out, NULL);
	if (!real)
		return oae_fail(err, OAE_ERR_IO, errno, "%s", r->out);
	status = oae_path_join(home, sizeof(home), real, "home", err);
	if (!status)
		status = oae_path_join(r->run_dir, sizeof(r->run_dir), real,
				       "run", err);
	if (!status)
		status = oae_rerun_home(r, home, &suite, err);
	if (!status)
		status = run_campaign(r, home, suite, err);
	if (!status)
		status = oae_path_join(path, sizeof(path), r->run_dir,
				       "result.json", err);
	if (!status)
		status = oae_result_read(path, &result, err);
	if (!status)
		status = oae_tolerance_compare(r->submission->result, result,
					       &r->tolerance, err);
	cJSON_Delete(result);
	free(suite);
	free(real);
	return status;
}

void oae_rerun_release(struct oae_rerun *r)
{
	oae_tolerance_release(&r->tolerance);
}

/* ---- the review ------------------------------------------------------- */

const char *oae_rerun_status(const struct oae_tolerance *t)
{
	if (t->number[OAE_AGREES_OUTSIDE])
		return "disputed";
	return t->number[OAE_AGREES_INSIDE] ? "reproduced" : NULL;
}

enum oae_status oae_review_write(const char *path, const struct oae_rerun *r,
				 const char *by, struct oae_error *err)
{
	const struct oae_tolerance *t = &r->tolerance;
	const char *word = oae_rerun_status(t);
	char utc[OAE_UTC_TEXT], reason[160];
	enum oae_status status;
	struct oae_buf out;
	struct oae_jw w;

	if (access(path, F_OK) == 0)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s: is there already; move it away first",
				path);
	if (!word)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"nothing could be compared: there is nothing"
				" to review");
	oae_clock_utc(utc);
	snprintf(
		reason, sizeof(reason),
		"run again with seed %llu on %s machine, tolerance %.0f %%; %zu"
		" inside only because intervals meet",
		(unsigned long long)r->seed,
		t->same_machine ? "the same" : "another", 100 * t->tolerance,
		t->by_interval);
	oae_buf_init(&out, OAE_TEXT_FILE_BYTES_MAX);
	oae_jw_init(&w, &out, 2);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "schema", "review-1");
	oae_jw_str(&w, "status", word);
	oae_jw_str(&w, "by", by);
	oae_jw_strn(&w, "date", utc, 10);
	oae_jw_str(&w, "nonce", r->nonce);
	oae_jw_str(&w, "result_sha256", r->submission->result_sha256);
	oae_jw_str(&w, "adapter_sha256", r->submission->adapter_sha256);
	oae_jw_int(&w, "inside", (int64_t)t->number[OAE_AGREES_INSIDE]);
	oae_jw_int(&w, "outside", (int64_t)t->number[OAE_AGREES_OUTSIDE]);
	oae_jw_int(&w, "not_comparable",
		   (int64_t)t->number[OAE_AGREES_NOT_COMPARABLE]);
	oae_jw_str(&w, "reason", reason);
	oae_jw_str(&w, "superseded_by", NULL);
	oae_jw_end_obj(&w);
	oae_buf_putc(&out, '\n');
	status = oae_buf_check(&out, "review", err);
	if (!status)
		status = oae_file_write(path, out.data, out.len, err);
	oae_buf_release(&out);
	return status;
}
