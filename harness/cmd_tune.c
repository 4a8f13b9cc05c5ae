/* SPDX-License-Identifier: Apache-2.0 */
/* `oae tune SYSTEM`: how far a few random trials get (spec section 7). */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "harness/commands.h"
#include "harness/conduct.h"
#include "harness/interrupt.h"
#include "harness/measure.h"
#include "harness/new_folder.h"
#include "harness/report_folder.h"
#include "harness/tune_args.h"
#include "harness/words.h"
#include "reports/report.h"
#include "reports/tune.h"
#include "schema/result.h"

static const char help[] =
	"usage: oae tune SYSTEM [options]\n"
	"       oae tune --resume DIR [--no-report] [--json] [--quiet]\n\n"
	"How much of what an expert gets out of a system do its shipped"
	" defaults\ngive, and how many random trials of its knobs close the"
	" gap? Draws settings\nfrom the knob space that its adapter publishes,"
	" measures each in short runs\nbetween the defaults and the baseline"
	" (which is tuned too, with as many\ntrials), tries each knob alone,"
	" and measures the best setting again on other\nitems. A setting that"
	" crashes, hangs or answers wrongly counts, at the price\nof not"
	" serving. DIR/tune.json follows from DIR/journal.jsonl; `oae verify"
	" DIR`\ncomputes it again, `oae run --tune DIR` takes it into a"
	" result.\n\n"
	"  SYSTEM             adapter/system[:knob=value,...]; a knob that is"
	" given stays so\n"
	"  --trials M         of each system (32); tau(n) wants M >= 2 n\n"
	"  --seed N           of the draws, the order and the items (42)\n"
	"  --baseline SYSTEM  what gains are measured against (the suite's)\n"
	"  --profile P        a name or a file: whose prices, limits and"
	" weights (the\n                     suite's first)\n"
	"  --suite NAME       where workloads and the scale step are from"
	" (quick)\n"
	"  --workloads A,B    only these\n"
	"  --adapter DIR      an adapter from elsewhere; may be repeated\n"
	"  --items N          items asked in one run (20)\n"
	"  --runs N           of a trial on each workload; even (2)\n"
	"  --knob-runs N      of each knob's other values; 0: leave out (6)\n"
	"  --held-out-runs N  of the best settings, on other items (6)\n"
	"  --expert SETTING   somebody's own setting instead of the search's"
	" best\n"
	"  --who NAME  --expert-trials N  --expert-hours H   how it was"
	" found\n"
	"  --hours-a-trial H  work of one trial (default: a table's range)\n"
	"  --no-scale         leave out the step to the profile's model size\n"
	"  --ready-limit S    seconds an adapter has to get ready (60)\n"
	"  --request-limit S  seconds of silence before a request is given up"
	" (30)\n"
	"  --close-limit S    seconds it has to end (10)\n"
	"  --out DIR          the folder (default oae-runs/TIME-tune-SYSTEM)\n"
	"  --no-report        draw nothing\n"
	"  --dry-run          print settings and runs; measure nothing\n"
	"  --json             print tune.json instead of the tables\n"
	"  --sysroot DIR      read sensors' /sys and /proc/stat below DIR"
	" (tests)\n"
	"  --quiet            no progress\n\n"
	"examples:\n"
	"  oae tune reference/speculative\n"
	"  oae tune reference/speculative --trials 8 --workloads sums"
	" --no-scale\n"
	"  oae tune reference/speculative:threads=2 --expert"
	" reference/speculative:threads=2,gamma=6 --who 'J. Doe'"
	" --expert-trials 20 --expert-hours 3\n\n"
	"exit codes: 0 done; 1 failed, or every request failed; 64 usage;\n"
	"130 interrupted (the hint on stderr says how to go on)\n";

struct job {
	struct oae_tune_args args;
	int argc;
	char **argv;
	char dir[OAE_PATH_BYTES_MAX];
	char baseline[2 * OAE_NAME_BYTES_MAX + 2]; /* the suite's */
	char profile[OAE_NAME_BYTES_MAX];	   /* the suite's first */
	struct oae_campaign campaign;
	struct oae_journal journal;
	struct oae_records records; /* of a resumed journal */
	struct oae_sensors sensors;
	struct oae_conduct conduct;
};

/* ---- beginning --------------------------------------------------------- */

/* What the user left open, from the suite. */
static enum oae_status ask_suite(struct job *j, struct oae_error *err)
{
	char home[OAE_PATH_BYTES_MAX];
	struct oae_suite s = { 0 };
	enum oae_status status = oae_home(home, sizeof(home), err);

	if (!status)
		status = oae_suite_load(home, j->args.options.suite, &s, err);
	if (!status && !s.profile_count && !j->args.options.profiles.item[0])
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "suite '%s' has no profile; name one with"
				  " --profile",
				  s.id);
	if (!status) {
		(void)snprintf(j->baseline, sizeof(j->baseline), "%s",
			       s.systems[s.baseline]);
		(void)snprintf(j->profile, sizeof(j->profile), "%s",
			       s.profile_count ? s.profiles[0] : "");
	}
	oae_suite_release(&s);
	return status;
}

static void fill_options(struct job *j)
{
	struct oae_tune_args *a = &j->args;
	struct oae_options *o = &a->options;

	if (!a->tune.baseline)
		a->tune.baseline = j->baseline;
	if (!o->profiles.item[0])
		o->profiles.item[0] = j->profile;
	o->profiles.count = 1;
	o->systems.item[0] = a->tune.baseline;
	o->systems.item[1] = a->tune.system;
	o->systems.count = strcmp(a->tune.baseline, a->tune.system) ? 2 : 1;
	o->conditions.item[0] = "nominal";
	o->conditions.count = 1;
	o->load.scenario = "SingleStream";
	o->runs = 2;
	o->no_calibration = true;
}

static enum oae_status load(struct job *j, const struct oae_options *options,
			    const struct oae_tune_options *tune,
			    struct oae_error *err)
{
	enum oae_status status = oae_campaign_load(&j->campaign, options, err);

	return status ? status : oae_tuning_plan(&j->campaign, tune, err);
}

static enum oae_status begin_new(struct job *j, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX], name[OAE_NAME_BYTES_MAX];
	enum oae_status status = ask_suite(j, err);

	if (status)
		return status;
	fill_options(j);
	status = load(j, &j->args.options, &j->args.tune, err);
	if (status || j->args.dry_run)
		return status;
	(void)snprintf(
		name, sizeof(name), "tune-%.100s",
		j->campaign.systems[j->campaign.tuning->bases - 1].entry->name);
	status = oae_new_folder(j->args.out, name, j->dir, sizeof(j->dir), err);
	if (!status)
		status = oae_path_join(path, sizeof(path), j->dir,
				       OAE_JOURNAL_NAME, err);
	if (!status)
		status = oae_journal_create(&j->journal, path, err);
	if (status)
		return status;
	oae_campaign_write(&j->campaign,
			   oae_journal_begin(&j->journal, "campaign"), j->argc,
			   j->argv);
	return oae_journal_commit(&j->journal, err);
}

/* Are the settings drawn those that the journal names? */
static enum oae_status same_settings(const struct job *j, struct oae_error *err)
{
	const cJSON *tune =
		cJSON_GetObjectItemCaseSensitive(j->records.campaign, "tune");
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(tune, "settings");
	const cJSON *was;
	size_t i = 0;

	cJSON_ArrayForEach(was, list) {
		const char *id = oae_json_str_or(was, "id", NULL);

		if (i >= j->campaign.system_count ||
		    (id && strcmp(id, j->campaign.systems[i].id) != 0))
			break;
		i++;
	}
	if (!was && i == j->campaign.system_count)
		return OAE_OK;
	return oae_fail(err, OAE_ERR_CHECK, 0,
			"%s: the settings drawn from its seed are other ones"
			" now; go on with the program that began it",
			j->journal.path);
}

static enum oae_status begin_resumed(struct job *j, struct oae_error *err)
{
	struct oae_tune_options tune;
	char path[OAE_PATH_BYTES_MAX];
	struct oae_options options;
	enum oae_status status;

	(void)snprintf(j->dir, sizeof(j->dir), "%s", j->args.resume);
	status = oae_path_join(path, sizeof(path), j->dir, OAE_JOURNAL_NAME,
			       err);
	if (!status && !oae_file_exists(path))
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "%s: no tuning was begun there", j->dir);
	if (!status)
		status =
			oae_journal_resume(&j->journal, path, &j->records, err);
	if (!status && !oae_tune_is(j->records.campaign))
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "%s: is a campaign; go on with `oae run"
				  " --resume`",
				  j->dir);
	/* A sealed one is whole: its own inputs are enough. */
	if (status || j->journal.sealed)
		return status;
	status = oae_options_read(j->records.campaign, &options, err);
	if (!status)
		status = oae_tune_options_read(j->records.campaign, &tune, err);
	if (!status)
		status = load(j, &options, &tune, err);
	if (!status)
		status = oae_campaign_same(&j->campaign, j->records.campaign,
					   err);
	if (!status)
		status = same_settings(j, err);
	for (size_t i = 0; !status && i < j->records.choice_count; i++)
		status = oae_tuning_choose(&j->campaign,
					   (size_t)j->records.choices[i].slot,
					   (size_t)j->records.choices[i].as,
					   err);
	return status;
}

/* ---- measuring --------------------------------------------------------- */

static bool broke_before(const struct job *j, size_t run)
{
	uint32_t setting = j->campaign.runs[run].at.system;

	for (size_t i = 0; i < run; i++)
		if (j->campaign.runs[i].scale == OAE_NO_SCALE &&
		    j->campaign.runs[i].at.system == setting &&
		    j->conduct.runs[i].broke)
			return true;
	return false;
}

/* The best setting is known once all trials are over. */
static enum oae_status choose(struct job *j, size_t slot, struct oae_error *err)
{
	uint32_t base = j->campaign.tuning->configs[slot].base;
	enum oae_status status;
	size_t as = base;
	double kappa = 0;
	struct oae_jw *w;

	status = oae_tune_choose(j->dir, base, &as, &kappa, err);
	if (!status)
		status = oae_tuning_choose(&j->campaign, slot, as, err);
	if (status)
		return status;
	oae_progress_end();
	oae_info("the cheapest by now, to be measured again: %s",
		 j->campaign.systems[slot].id);
	w = oae_journal_begin(&j->journal, "choice");
	oae_jw_int(w, "slot", (int64_t)slot);
	oae_jw_int(w, "as", (int64_t)as);
	oae_jw_num(w, "kappa_usd", kappa);
	return oae_journal_commit(&j->journal, err);
}

static enum oae_status before(void *ctx, size_t run, bool *skip,
			      struct oae_error *err)
{
	struct job *j = ctx;
	const struct oae_campaign_run *r = &j->campaign.runs[run];
	const struct oae_tune_config *k =
		&j->campaign.tuning->configs[r->at.system];

	if (r->scale != OAE_NO_SCALE)
		return OAE_OK;
	if (k->role == OAE_TUNE_BEST &&
	    !strcmp(j->campaign.systems[r->at.system].id, OAE_TUNE_OPEN))
		return choose(j, r->at.system, err);
	/* What failed once has failed; nobody waits for it again. */
	*skip = (k->role == OAE_TUNE_TRIAL || k->role == OAE_TUNE_KNOB) &&
		broke_before(j, run);
	return OAE_OK;
}

static enum oae_status measure(struct job *j, struct oae_error *err)
{
	const struct oae_measure m = {
		.dir = j->dir,
		.sysroot = j->args.sysroot,
		.campaign = &j->campaign,
		.journal = &j->journal,
		.records = j->args.resume ? &j->records : NULL,
		.sensors = &j->sensors,
		.conduct = &j->conduct,
	};

	j->conduct.before = before;
	j->conduct.before_ctx = j;
	return oae_measure(&m, err);
}

/* ---- afterwards -------------------------------------------------------- */

static enum oae_status write_file(const char *dir, const char *name,
				  const struct oae_buf *b,
				  struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status =
		oae_path_join(path, sizeof(path), dir, name, err);

	return status ? status : oae_file_write(path, b->data, b->len, err);
}

static enum oae_status write_plots(void *ctx, const char *dir,
				   struct oae_error *err)
{
	return oae_tune_write_plots(ctx, dir, err);
}

static enum oae_status write_pages(void *ctx, const char *dir,
				   struct oae_error *err)
{
	return oae_tune_write_pages(ctx, dir, err);
}

static enum oae_status draw(const char *dir, cJSON *doc, struct oae_error *err)
{
	const struct oae_report_maker maker = {
		.plots = oae_tune_plots,
		.mark = OAE_REPORT_MARK,
		.write_plots = write_plots,
		.write_pages = write_pages,
		.ctx = doc,
	};
	char out[OAE_PATH_BYTES_MAX];
	enum oae_status status =
		oae_path_join(out, sizeof(out), dir, "report", err);

	if (!status)
		status = oae_report_folder(&maker, out, err);
	return status ? status : oae_report_sums(dir, "report", err);
}

static enum oae_status print(const struct job *j, const struct oae_buf *json,
			     const cJSON *doc, struct oae_error *err)
{
	const struct oae_buf *out = json;
	enum oae_status status = OAE_OK;
	struct oae_buf text;

	oae_buf_init(&text, OAE_TUNE_BYTES_MAX);
	if (!j->args.json) {
		status = oae_tune_text(doc, &text, oae_terminal_columns(100),
				       err);
		if (j->args.report)
			oae_buf_printf(&text,
				       "\nreport: %s/report/index.html\n",
				       j->dir);
		out = &text;
	}
	if (!status)
		status = oae_buf_check(out, "table", err);
	if (!status &&
	    (fputs(oae_buf_str(out), stdout) < 0 || fflush(stdout) < 0))
		status = oae_fail(err, OAE_ERR_IO, errno, "standard output");
	oae_buf_release(&text);
	return status;
}

static enum oae_status finish(struct job *j, struct oae_error *err)
{
	struct oae_buf json, sums;
	enum oae_status status;
	cJSON *doc = NULL;

	oae_buf_init(&json, OAE_TUNE_BYTES_MAX);
	oae_buf_init(&sums, OAE_TEXT_FILE_BYTES_MAX);
	oae_progress("computing");
	status = oae_tune_build(j->dir, &json, err);
	if (!status)
		status = write_file(j->dir, OAE_TUNE_NAME, &json, err);
	if (!status)
		status = oae_sums_build(j->dir, &sums, err);
	if (!status)
		status = write_file(j->dir, "SHA256SUMS", &sums, err);
	if (!status)
		status = oae_json_parse(json.data, json.len, &doc, err);
	if (!status && j->args.report) {
		oae_progress("drawing the report");
		status = draw(j->dir, doc, err);
	}
	oae_progress_end();
	if (!status)
		status = print(j, &json, doc, err);
	cJSON_Delete(doc);
	oae_buf_release(&json);
	oae_buf_release(&sums);
	return status;
}

/* ---- the plan ---------------------------------------------------------- */

static enum oae_status print_plan(const struct job *j, struct oae_error *err)
{
	const struct oae_campaign *c = &j->campaign;
	const struct oae_tuning *t = c->tuning;
	enum oae_status status;
	struct oae_buf out;
	struct oae_jw w;

	oae_buf_init(&out, OAE_JSON_FILE_BYTES_MAX);
	if (j->args.json) {
		oae_jw_init(&w, &out, 1);
		oae_jw_obj(&w, NULL);
		oae_jw_int(&w, "runs", (int64_t)c->run_count);
		oae_tuning_write(t, c, &w);
		oae_jw_end_obj(&w);
		oae_buf_putc(&out, '\n');
	}
	for (size_t i = 0; !j->args.json && i < t->count; i++)
		oae_buf_printf(&out, "%4zu  %-8s %s\n", i,
			       oae_tune_role_name(t->configs[i].role),
			       t->configs[i].role == OAE_TUNE_BEST ?
				       "the cheapest of the above" :
				       c->systems[i].id);
	if (!j->args.json)
		oae_buf_printf(&out,
			       "%zu runs in %zu rounds, profile %s, %u items"
			       " a run\n",
			       c->run_count, t->round_count,
			       c->options.profiles.item[0], c->items[0]);
	status = oae_buf_check(&out, "plan", err);
	if (!status &&
	    (fputs(oae_buf_str(&out), stdout) < 0 || fflush(stdout) < 0))
		status = oae_fail(err, OAE_ERR_IO, errno, "standard output");
	oae_buf_release(&out);
	return status;
}

static int work(struct job *j)
{
	struct oae_error err = { 0 };
	enum oae_status status;
	size_t at;

	status = j->args.resume ? begin_resumed(j, &err) : begin_new(j, &err);
	if (!status && j->args.dry_run)
		status = print_plan(j, &err);
	if (status || j->args.dry_run)
		return status ? oae_die_code("oae tune", &err) : OAE_EXIT_OK;
	for (at = strlen(j->dir); at > 1 && j->dir[at - 1] == '/'; at--)
		j->dir[at - 1] = '\0';
	if (!j->journal.sealed)
		status = measure(j, &err);
	if (!status && oae_interrupted) {
		fprintf(stderr,
			"oae tune: interrupted after %zu of %zu runs; go on"
			" with: oae tune --resume %s\n",
			j->conduct.over, j->campaign.run_count, j->dir);
		return OAE_EXIT_INTERRUPTED;
	}
	if (!status)
		status = finish(j, &err);
	if (status)
		return oae_die_code("oae tune", &err);
	if (j->conduct.failed_runs)
		oae_warn("%zu of %zu runs failed", j->conduct.failed_runs,
			 j->campaign.run_count);
	oae_info("run folder: %s", j->dir);
	return OAE_EXIT_OK;
}

int oae_cmd_tune(int argc, char **argv)
{
	struct job *j = calloc(1, sizeof(*j));
	struct oae_error err = { 0 };
	int code;

	if (!j) {
		oae_fail(&err, OAE_ERR_NOMEM, 0, "cannot start");
		return oae_die_code("oae tune", &err);
	}
	j->argc = argc;
	j->argv = argv;
	j->journal.fd = -1;
	if (oae_tune_args_read(&j->args, argc, argv, &err)) {
		code = oae_die_code("oae tune", &err);
	} else if (j->args.help) {
		fputs(help, stdout);
		code = OAE_EXIT_OK;
	} else {
		oae_log_quiet(j->args.quiet);
		oae_interrupt_catch();
		code = work(j);
	}
	oae_conduct_release(&j->conduct);
	oae_sensors_close(&j->sensors);
	oae_journal_close(&j->journal);
	oae_campaign_release(&j->campaign);
	oae_records_release(&j->records);
	oae_tune_args_release(&j->args);
	free(j);
	return code;
}
