/* SPDX-License-Identifier: Apache-2.0 */
/* `oae reproduce ID`: does a published result come out here too? */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "harness/commands.h"
#include "harness/published.h"
#include "harness/rerun.h"
#include "harness/submission_text.h"
#include "reports/readme.h"

static const char help[] =
	"usage: oae reproduce ID [--out FOLDER] [--json]\n"
	"       oae reproduce FOLDER [--out FOLDER] [--json]\n"
	"       oae reproduce --list [--json]\n\n"
	"Runs a published result again here: the same suite, items, order and"
	" options,\nthe adapters of those names that are here. Then says of"
	" each published number\nwhether the new one is\n\n"
	"  inside          within 2 % on the same machine, within 10 % (ratios,"
	" shares)\n                  on another; or farther apart, but the"
	" intervals meet\n"
	"  outside         farther apart than that\n"
	"  not comparable  seconds, joules and bytes of another machine; what"
	" has no\n                  number on either side\n\n"
	"ID is a result of reports/published/ (`--list` shows them), FOLDER any"
	"\nsubmission that `oae submit` packed. It is checked first, as `oae"
	" verify` does,\nbut files here may be newer than the published ones:"
	" those are named. It takes\nabout as long as the published campaign"
	" did. Let the machine do nothing else\nmeanwhile.\n\n"
	"  --out FOLDER  where to run; must be new (default"
	" oae-runs/TIME-reproduce)\n"
	"  --list        the published results\n"
	"  --json        for programs\n\n"
	"examples:\n"
	"  oae reproduce --list\n"
	"  oae reproduce oae/quick\n\n"
	"exit codes: 0 every comparable number is inside, 1 could not run, 2 a"
	" number is\noutside or the published result is broken, 3 nothing could"
	" be compared, 4 of\nanother version, 64 usage\n";

struct reproduce {
	const char *word, *out;
	bool json, list, help;
	char dir[OAE_PATH_BYTES_MAX], place[OAE_PATH_BYTES_MAX];
	struct oae_submission submission;
	struct oae_rerun rerun;
	bool ran;
};

static bool read_words(struct reproduce *r, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *a = argv[i];

		if (!strcmp(a, "--help") || !strcmp(a, "-h"))
			r->help = true;
		else if (!strcmp(a, "--json"))
			r->json = true;
		else if (!strcmp(a, "--list"))
			r->list = true;
		else if (!strncmp(a, "--out=", 6))
			r->out = a + 6;
		else if (!strcmp(a, "--out") && i + 1 < argc)
			r->out = argv[++i];
		else if (a[0] != '-' && !r->word)
			r->word = a;
		else {
			fprintf(stderr,
				"oae reproduce: unexpected '%.60s'; try `oae"
				" reproduce --help`\n",
				a);
			return false;
		}
	}
	if (r->word || r->list || r->help)
		return true;
	fputs("oae reproduce: give the id of a published result; `oae reproduce"
	      " --list` shows them\n",
	      stderr);
	return false;
}

/*
 * What breaks the published result. That files here are others by now does
 * not: it may be why a number is outside.
 */
static size_t faults(const struct reproduce *r)
{
	const struct oae_findings *f = &r->submission.found;

	return oae_findings_total(f) - f->of_rule[OAE_RULE_SHIPPED];
}

/* ---- what there is ---------------------------------------------------- */

static enum oae_status put_list(const struct reproduce *r, struct oae_buf *out,
				struct oae_error *err)
{
	struct oae_published *item = NULL;
	size_t count;
	enum oae_status status = oae_published_list(&item, &count, err);
	struct oae_jw w;

	oae_jw_init(&w, out, 2);
	if (r->json) {
		oae_jw_arr(&w, NULL);
		for (size_t i = 0; i < count; i++) {
			oae_jw_obj(&w, NULL);
			oae_jw_str(&w, "id", item[i].id);
			oae_jw_str(&w, "folder", item[i].dir);
			oae_jw_end_obj(&w);
		}
		oae_jw_end_arr(&w);
		oae_buf_putc(out, '\n');
	}
	for (size_t i = 0; !r->json && i < count; i++)
		oae_buf_printf(out, "%-24s %s\n", item[i].id, item[i].dir);
	free(item);
	return status;
}

/* ---- what came out ---------------------------------------------------- */

static void put_json(const struct reproduce *r, struct oae_buf *out)
{
	const struct oae_rerun *a = &r->rerun;
	struct oae_jw w;

	oae_jw_init(&w, out, 2);
	oae_jw_obj(&w, NULL);
	oae_submission_json(&r->submission, r->dir, &w);
	if (r->ran) {
		oae_jw_obj(&w, "rerun");
		oae_jw_str(&w, "status", oae_rerun_status(&a->tolerance));
		oae_jw_str(&w, "nonce", NULL);
		oae_jw_u64s(&w, "seed", a->seed);
		oae_jw_str(&w, "run", a->run_dir);
		oae_tolerance_write(&a->tolerance, &w);
		oae_jw_end_obj(&w);
	}
	oae_jw_end_obj(&w);
	oae_buf_putc(out, '\n');
}

static void put_text(const struct reproduce *r, struct oae_buf *out)
{
	const struct oae_rerun *a = &r->rerun;

	if (!r->ran) {
		oae_submission_text(&r->submission, r->dir, out);
		return;
	}
	oae_buf_puts(out, "\nnumber by number, published -> here\n");
	oae_tolerance_text(&a->tolerance, true, out);
	if (r->submission.found.count)
		oae_buf_puts(out, "changed here since it was published:\n");
	for (size_t i = 0; i < r->submission.found.count; i++)
		oae_buf_printf(out, "  %s: %s\n",
			       r->submission.found.item[i].file,
			       r->submission.found.item[i].text);
	oae_buf_printf(out, "run: %s\n", a->run_dir);
}

static enum oae_status print(const struct reproduce *r, struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	struct oae_buf out;

	oae_buf_init(&out, OAE_TEXT_FILE_BYTES_MAX);
	if (r->list)
		status = put_list(r, &out, err);
	else if (r->json)
		put_json(r, &out);
	else
		put_text(r, &out);
	if (!status)
		status = oae_buf_check(&out, "comparison", err);
	if (!status &&
	    (fputs(oae_buf_str(&out), stdout) < 0 || fflush(stdout) != 0))
		status = oae_fail(err, OAE_ERR_IO, errno, "standard output");
	oae_buf_release(&out);
	return status;
}

static enum oae_status choose_place(struct reproduce *r, struct oae_error *err)
{
	char utc[OAE_UTC_TEXT], time[OAE_UTC_TEXT];
	size_t n = 0;

	if (r->out) {
		r->rerun.out = r->out;
		return OAE_OK;
	}
	oae_clock_utc(utc);
	for (size_t i = 0; utc[i]; i++)
		if (utc[i] != '-' && utc[i] != ':')
			time[n++] = utc[i];
	time[n] = '\0';
	snprintf(r->place, sizeof(r->place), "oae-runs/%s-reproduce", time);
	r->rerun.out = r->place;
	return oae_dir_make("oae-runs", err);
}

static enum oae_status run_again(struct reproduce *r, struct oae_error *err)
{
	enum oae_status status = choose_place(r, err);

	r->rerun.submission = &r->submission;
	if (!status)
		status = oae_rerun(&r->rerun, err);
	r->ran = !status;
	return status;
}

static enum oae_exit exit_code(const struct reproduce *r)
{
	const char *word;

	if (r->list)
		return OAE_EXIT_OK;
	if (r->submission.other_version)
		return OAE_EXIT_NOT_COMPARABLE;
	if (faults(r))
		return OAE_EXIT_CHECK;
	word = r->ran ? oae_rerun_status(&r->rerun.tolerance) : NULL;
	return !word			     ? OAE_EXIT_INCONCLUSIVE :
	       strcmp(word, "disputed") == 0 ? OAE_EXIT_CHECK :
					       OAE_EXIT_OK;
}

int oae_cmd_reproduce(int argc, char **argv)
{
	struct reproduce *r = calloc(1, sizeof(*r));
	struct oae_error err = { OAE_OK, 0, "" };
	enum oae_status status = OAE_OK;
	int code = OAE_EXIT_USAGE;

	if (!r) {
		oae_fail(&err, OAE_ERR_NOMEM, 0, "cannot start");
		return oae_die_code("oae reproduce", &err);
	}
	if (!read_words(r, argc, argv))
		goto out;
	if (r->help) {
		fputs(help, stdout);
		code = OAE_EXIT_OK;
		goto out;
	}
	r->submission.readme = oae_report_readme;
	if (!r->list)
		status = oae_published_find(r->word, r->dir, sizeof(r->dir),
					    &err);
	if (!r->list && !status)
		status = oae_submission_check(&r->submission, r->dir, &err);
	if (!r->list && !status && !faults(r))
		status = run_again(r, &err);
	if (!status)
		status = print(r, &err);
	code = status ? oae_die_code("oae reproduce", &err) : (int)exit_code(r);
out:
	oae_rerun_release(&r->rerun);
	oae_submission_release(&r->submission);
	free(r);
	return code;
}
