/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/cmd_verify_submission.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "harness/rerun.h"
#include "harness/submission.h"
#include "harness/submission_text.h"
#include "reports/readme.h"

struct check {
	const struct oae_verify_words *words;
	struct oae_submission submission;
	struct oae_rerun rerun;
	char out[OAE_PATH_BYTES_MAX], review[OAE_PATH_BYTES_MAX];
	bool ran;
};

static void put_json(const struct check *c, struct oae_buf *out)
{
	struct oae_jw w;

	oae_jw_init(&w, out, 2);
	oae_jw_obj(&w, NULL);
	oae_submission_json(&c->submission, c->words->dir, &w);
	if (c->ran) {
		oae_jw_obj(&w, "rerun");
		oae_jw_str(&w, "status", oae_rerun_status(&c->rerun.tolerance));
		oae_jw_str(&w, "nonce", c->rerun.nonce);
		oae_jw_u64s(&w, "seed", c->rerun.seed);
		oae_jw_str(&w, "run", c->rerun.run_dir);
		oae_jw_str(&w, "review", c->review);
		oae_tolerance_write(&c->rerun.tolerance, &w);
		oae_jw_end_obj(&w);
	}
	oae_jw_end_obj(&w);
	oae_buf_putc(out, '\n');
}

static void put_text(const struct check *c, struct oae_buf *out)
{
	const char *word;

	oae_submission_text(&c->submission, c->words->dir, out);
	if (!c->ran)
		return;
	word = oae_rerun_status(&c->rerun.tolerance);
	oae_tolerance_text(&c->rerun.tolerance, true, out);
	oae_buf_printf(out, "%s: %s; seed %llu, run in %s\n", c->words->dir,
		       word ? word : "nothing could be compared",
		       (unsigned long long)c->rerun.seed, c->rerun.run_dir);
	if (word)
		oae_buf_printf(out, "review: %s\n", c->review);
}

static enum oae_status print(const struct check *c, struct oae_error *err)
{
	enum oae_status status;
	struct oae_buf out;

	oae_buf_init(&out, OAE_TEXT_FILE_BYTES_MAX);
	if (c->words->json)
		put_json(c, &out);
	else
		put_text(c, &out);
	status = oae_buf_check(&out, "findings", err);
	if (!status &&
	    (fputs(oae_buf_str(&out), stdout) < 0 || fflush(stdout) != 0))
		status = oae_fail(err, OAE_ERR_IO, errno, "standard output");
	oae_buf_release(&out);
	return status;
}

/* Where to run and where the review goes; both must be free. */
static enum oae_status choose_places(struct check *c, struct oae_error *err)
{
	const struct oae_verify_words *o = c->words;
	size_t len = strlen(o->dir);
	int n, m;

	while (len > 1 && o->dir[len - 1] == '/')
		len--;
	n = o->out ? snprintf(c->out, sizeof(c->out), "%s", o->out) :
		     snprintf(c->out, sizeof(c->out), "rerun-%.40s", o->nonce);
	m = o->review ?
		    snprintf(c->review, sizeof(c->review), "%s", o->review) :
		    snprintf(c->review, sizeof(c->review), "%.*s.review.json",
			     (int)len, o->dir);
	if (n < 0 || m < 0 || (size_t)n >= sizeof(c->out) ||
	    (size_t)m >= sizeof(c->review))
		return oae_fail(err, OAE_ERR_LIMIT, 0, "path too long");
	if (!o->out && strchr(c->out, '/'))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--nonce with a slash: give --out FOLDER too");
	if (oae_file_exists(c->review))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s: is there already; move it away first, or"
				" name another with --review",
				c->review);
	return OAE_OK;
}

static enum oae_status run_again(struct check *c, struct oae_error *err)
{
	const char *user = getenv("USER");
	const char *by = c->words->by  ? c->words->by :
			 user && *user ? user :
					 "unnamed";
	enum oae_status status = choose_places(c, err);

	if (status)
		return status;
	c->rerun.submission = &c->submission;
	c->rerun.nonce = c->words->nonce;
	c->rerun.out = c->out;
	status = oae_rerun(&c->rerun, err);
	if (status)
		return status;
	c->ran = true;
	if (!oae_rerun_status(&c->rerun.tolerance))
		return OAE_OK;
	return oae_review_write(c->review, &c->rerun, by, err);
}

static int exit_code(const struct check *c)
{
	const char *word;

	if (c->submission.other_version)
		return OAE_EXIT_NOT_COMPARABLE;
	if (oae_findings_total(&c->submission.found))
		return OAE_EXIT_CHECK;
	if (!c->ran)
		return OAE_EXIT_OK;
	word = oae_rerun_status(&c->rerun.tolerance);
	return !word			     ? OAE_EXIT_INCONCLUSIVE :
	       strcmp(word, "disputed") == 0 ? OAE_EXIT_CHECK :
					       OAE_EXIT_OK;
}

int oae_verify_submission(const struct oae_verify_words *o)
{
	struct check *c = calloc(1, sizeof(*c));
	struct oae_error err = { OAE_OK, 0, "" };
	enum oae_status status = OAE_OK;
	int code;

	if (!c) {
		oae_fail(&err, OAE_ERR_NOMEM, 0, "cannot start");
		return oae_die_code("oae verify", &err);
	}
	c->words = o;
	c->submission.allowed_signers = o->allowed;
	c->submission.readme = oae_report_readme;
	if (o->allowed && !oae_file_exists(o->allowed))
		status = oae_fail(&err, OAE_ERR_USAGE, 0,
				  "--allowed-signers %.200s: no such file",
				  o->allowed);
	if (!status)
		status = oae_submission_check(&c->submission, o->dir, &err);
	if (!status && o->rerun && !oae_findings_total(&c->submission.found))
		status = run_again(c, &err);
	if (!status)
		status = print(c, &err);
	code = exit_code(c);
	oae_rerun_release(&c->rerun);
	oae_submission_release(&c->submission);
	free(c);
	return status ? oae_die_code("oae verify", &err) : code;
}
