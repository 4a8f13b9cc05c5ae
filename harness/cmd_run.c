/* SPDX-License-Identifier: Apache-2.0 */
/* `oae run`: a campaign into a run folder, then its score and report. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "harness/calibrate.h"
#include "harness/commands.h"
#include "harness/conduct.h"
#include "harness/interrupt.h"
#include "harness/measure.h"
#include "harness/new_folder.h"
#include "harness/run_args.h"
#include "harness/sensors/choice.h"
#include "harness/words.h"
#include "reports/report.h"
#include "schema/harness_cost.h"
#include "schema/result.h"
#include "schema/tune.h"

static const char help[] =
	"usage: oae run [options]\n"
	"       oae run --resume DIR [--no-score] [--no-report] [--quiet]\n\n"
	"Measures the systems of a suite side by side, in seeded blocks, one"
	" fresh\nprocess a run; then scores them and draws a report. All of it"
	" stands\nin DIR/journal.jsonl; a campaign that was interrupted"
	" or killed goes on with\n--resume and loses no finished request.\n\n"
	"  --suite NAME       what to measure (default quick; see `oae list"
	" suites`)\n"
	"  --systems A,B      only these: adapter/system[:knob=value,...]\n"
	"  --workloads A,B    only these\n"
	"  --conditions A,B   nominal, and these: burst:cv1|cv2|cv4,"
	" noise:2|5|10,\n"
	"                     cpu:100|50|25, memory:1.5|1.1|0.9,\n"
	"                     cold:process|cache|load, colocated:1|2|n,"
	" or standard (all\n                     of these); smaller machines:"
	" tier:half|quarter|small|\n                     smallest\n"
	"  --profile FILE     score for this profile (a file, or a name), not"
	" for the\n                     suite's; workloads beside it can be"
	" named too; may be\n                     repeated\n"
	"  --adapter DIR      an adapter from elsewhere; may be repeated."
	" NAME=DIR calls it\n                     NAME: two versions side by"
	" side\n"
	"  --programs NAME=DIR  where the programs of that adapter are (default"
	" build/ of\n                     the source tree that it is in)\n"
	"  --tune DIR         a tuning by `oae tune` of one of the systems, may"
	" be\n                     repeated: its talent stands in the"
	" result\n"
	"  --setup FILE       a transcript of `oae setup`, may be repeated: its"
	" time\n                     enters the score. --setup run makes all of"
	" them first\n"
	"  --runs N           runs of each system on each workload (even)\n"
	"  --precision P%     go on until machine-time ratios are known to"
	" +-P%: looks\n                     after 1, 2, 3 and 4 times --runs\n"
	"  --budget T         end before measuring takes longer: 90s, 10m, 2h\n"
	"  --items N          items asked in one run\n"
	"  --seed N           the seed of order and items (default 42)\n"
	"  --scenario NAME    SingleStream, MultiStream, Server, Interactive or"
	" Offline\n"
	"  --rate R           requests (MultiStream: queries) a second\n"
	"  --arrivals HOW     closed, constant, exponential, gamma:CV or"
	" trace:FILE\n"
	"  --think S          mean pause of a closed loop's users (exponential)"
	"\n"
	"  --concurrency N    most requests in flight; users if closed\n"
	"  --samples-per-query N  of MultiStream (8)\n"
	"  --goodput LIMITS   what counts as goodput: \"ttft:100 tpot:30\", in"
	" ms;\n"
	"                     also itl, e2el\n"
	"  --ready-limit S    seconds an adapter has to get ready (120)\n"
	"  --request-limit S  seconds of silence before a request is given up"
	" (120)\n"
	"  --close-limit S    seconds it has to end (10)\n"
	"  --out DIR          the run folder (default"
	" oae-runs/TIME-SUITE)\n"
	"  --no-score         stop after measuring\n"
	"  --no-report        stop after scoring\n"
	"  --keep-going       go on after a failed run (the default)\n"
	"  --no-calibration   do without the runs that measure the harness"
	" itself\n"
	"  --dry-run          print the plan; measure nothing\n"
	"  --json             print result.json instead of the table\n"
	"  --sysroot DIR      read sensors' /sys and /proc/stat below DIR"
	" (tests)\n"
	"  --quiet            no progress\n\n"
	"examples:\n"
	"  oae run\n"
	"  oae run --systems reference/dense,reference/speculative:gamma=6\n"
	"  oae run --suite server --rate 4\n"
	"  oae run --precision 2% --budget 30m\n"
	"  oae run --profile mine.json --workloads mine,letters\n"
	"  oae run --suite smoke --out /tmp/smoke\n\n"
	"environment: OAE_COUNTERS=perf, papi or likwid says who counts the"
	" hardware's\nevents (default: the first that works)\n\n"
	"exit codes: 0 done; 1 failed, or every request failed; 64 usage;\n"
	"130 interrupted (the hint on stderr says how to go on)\n";

struct job {
	struct oae_run_args args;
	int argc;
	char **argv;
	char dir[OAE_PATH_BYTES_MAX];
	struct oae_campaign campaign;
	struct oae_journal journal;
	struct oae_records records; /* of a resumed journal */
	struct oae_sensors sensors;
	struct oae_conduct conduct;
};

/* ---- the plan --------------------------------------------------------- */

static void plan_json(const struct oae_campaign *c, struct oae_jw *w)
{
	size_t i;

	oae_jw_obj(w, NULL);
	oae_jw_str(w, "suite", c->suite.id);
	oae_jw_u64s(w, "seed", c->options.seed);
	oae_jw_str(w, "scenario", oae_scenario_name(c->load.scenario));
	oae_jw_str(w, "arrivals", c->load.arrivals_text);
	oae_jw_arr(w, "calibration");
	for (i = 0; i < oae_calibration_count && !c->options.no_calibration;
	     i++) {
		oae_jw_obj(w, NULL);
		oae_jw_str(w, "probe", oae_calibration[i].name);
		oae_jw_int(w, "requests", oae_calibration[i].requests);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
	oae_jw_obj(w, "stopping");
	oae_stopping_write(w, &c->stopping);
	oae_jw_end_obj(w);
	oae_jw_arr(w, "runs");
	for (i = 0; i < c->run_count; i++) {
		const struct oae_campaign_run *r = &c->runs[i];
		bool scale = r->scale != OAE_NO_SCALE;

		oae_jw_obj(w, NULL);
		oae_jw_int(w, "run", (int64_t)i);
		oae_jw_str(w, "system", c->systems[r->at.system].id);
		oae_jw_str(w, "workload",
			   scale ? NULL : c->workloads[r->at.workload].id);
		oae_jw_str(w, "shape",
			   scale ? c->suite.scale[r->scale].shape : NULL);
		oae_jw_str(w, "condition",
			   c->options.conditions.item[r->at.condition]);
		oae_jw_int(w, "block", r->at.block);
		oae_jw_int(w, "rep", r->at.rep);
		oae_jw_int(w, "requests", (int64_t)oae_campaign_requests(c, i));
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
	oae_jw_end_obj(w);
}

/* What decides on the number of runs, in words; nothing where it is fixed. */
static void explain_stopping(const struct oae_stopping *p, struct oae_buf *out)
{
	if (p->precision > 0)
		oae_buf_printf(out,
			       "looks after %u, %u, %u and %u runs of each"
			       " system, each at the level %.2f %% (together 95"
			       " %%); the first at which every s ratio and the"
			       " baseline's s are within +-%g %% is the last\n",
			       p->every, 2 * p->every, 3 * p->every,
			       4 * p->every, 100 * p->level,
			       100 * p->precision);
	if (p->budget_s)
		oae_buf_printf(
			out,
			"ends before two more runs of each system and"
			" what is left of the scale steps would take"
			" measuring beyond %u s; the first two are always"
			" made\n",
			p->budget_s);
}

static enum oae_status print_plan(const struct oae_campaign *c, bool json,
				  struct oae_error *err)
{
	enum oae_status status;
	struct oae_buf out;
	struct oae_jw w;
	size_t i;

	oae_buf_init(&out, OAE_JSON_FILE_BYTES_MAX);
	if (!json && !c->options.no_calibration)
		for (i = 0; i < oae_calibration_count; i++)
			oae_buf_printf(&out,
				       "   -  the harness itself  %-23s %s, %u"
				       " requests\n",
				       OAE_HARNESS_SYSTEM,
				       oae_calibration[i].name,
				       oae_calibration[i].requests);
	if (json) {
		oae_jw_init(&w, &out, 2);
		plan_json(c, &w);
		oae_buf_putc(&out, '\n');
	}
	for (i = 0; !json && i < c->run_count; i++) {
		const struct oae_campaign_run *r = &c->runs[i];
		bool scale = r->scale != OAE_NO_SCALE;
		size_t n = oae_campaign_requests(c, i);

		oae_buf_printf(
			&out,
			"%4zu  block %u  rep %u  %-32s %s, %zu"
			" request%s%s%s\n",
			i, r->at.block, r->at.rep + 1,
			c->systems[r->at.system].id,
			scale ? c->suite.scale[r->scale].shape :
				c->workloads[r->at.workload].id,
			n, n == 1 ? "" : "s", r->at.condition ? ", " : "",
			r->at.condition ?
				c->options.conditions.item[r->at.condition] :
				"");
	}
	if (!json)
		explain_stopping(&c->stopping, &out);
	status = oae_buf_check(&out, "plan", err);
	if (!status &&
	    (fputs(oae_buf_str(&out), stdout) < 0 || fflush(stdout) < 0))
		status = oae_fail(err, OAE_ERR_IO, errno, "standard output");
	oae_buf_release(&out);
	return status;
}

/* ---- the run folder --------------------------------------------------- */

static enum oae_status choose_dir(struct job *j, struct oae_error *err)
{
	return oae_new_folder(j->args.out, j->campaign.suite.id, j->dir,
			      sizeof(j->dir), err);
}

static enum oae_status journal_path(const struct job *j, char *out, size_t n,
				    struct oae_error *err)
{
	return oae_path_join(out, n, j->dir, OAE_JOURNAL_NAME, err);
}

static enum oae_status begin_new(struct job *j, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	status = oae_campaign_load(&j->campaign, &j->args.options, err);
	if (status || j->args.dry_run)
		return status;
	status = choose_dir(j, err);
	if (!status)
		status = oae_campaign_set_up(&j->campaign, j->dir,
					     &oae_interrupted, err);
	if (!status)
		status = journal_path(j, path, sizeof(path), err);
	if (!status)
		status = oae_journal_create(&j->journal, path, err);
	if (status)
		return status;
	oae_campaign_write(&j->campaign,
			   oae_journal_begin(&j->journal, "campaign"), j->argc,
			   j->argv);
	return oae_journal_commit(&j->journal, err);
}

static enum oae_status begin_resumed(struct job *j, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	struct oae_options options;
	enum oae_status status;

	(void)snprintf(j->dir, sizeof(j->dir), "%s", j->args.resume);
	status = journal_path(j, path, sizeof(path), err);
	if (!status && !oae_file_exists(path))
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "%s: no campaign was begun there", j->dir);
	if (!status)
		status =
			oae_journal_resume(&j->journal, path, &j->records, err);
	if (!status && oae_tune_is(j->records.campaign))
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "%s: is a tuning; go on with `oae tune"
				  " --resume`",
				  j->dir);
	if (status)
		return status;
	/* A sealed one is whole: its own inputs are enough to score it. */
	if (j->journal.sealed)
		return OAE_OK;
	status = oae_options_read(j->records.campaign, &options, err);
	if (!status)
		status = oae_campaign_load(&j->campaign, &options, err);
	return status ? status :
			oae_campaign_same(&j->campaign, j->records.campaign,
					  err);
}

/* ---- measuring -------------------------------------------------------- */

/* What the folder's journal gives by now is what its score would say. */
static enum oae_status look(void *ctx, uint32_t runs, struct oae_look *out,
			    struct oae_error *err)
{
	const struct job *j = ctx;

	return oae_look_at_dir(j->dir, runs, out, err);
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
		.calibrate = true,
	};

	j->conduct.look = look;
	j->conduct.look_ctx = j;
	return oae_measure(&m, err);
}

static enum oae_status print_result(const struct job *j, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status;
	cJSON *result = NULL;
	struct oae_buf out;

	oae_buf_init(&out, OAE_RESULT_BYTES_MAX);
	status = oae_path_join(path, sizeof(path), j->dir, "result.json", err);
	if (!status && j->args.json)
		status = oae_file_read(path, &out, err);
	else if (!status)
		status = oae_result_read(path, &result, err);
	if (!status && result)
		status = oae_report_table(result, &out,
					  oae_terminal_columns(100), err);
	if (!status)
		status = oae_buf_check(&out, "table", err);
	if (!status &&
	    (fputs(oae_buf_str(&out), stdout) < 0 || fflush(stdout) < 0))
		status = oae_fail(err, OAE_ERR_IO, errno, "standard output");
	cJSON_Delete(result);
	oae_buf_release(&out);
	return status;
}

static enum oae_status finish(struct job *j, struct oae_error *err)
{
	enum oae_status status = OAE_OK;

	if (j->args.score) {
		oae_progress("scoring");
		status = oae_score_run_dir(j->dir, err);
	}
	if (!status && j->args.report) {
		oae_progress("drawing the report");
		status = oae_report_run_dir(j->dir, err);
	}
	oae_progress_end();
	if (!status && j->args.score)
		status = print_result(j, err);
	return status;
}

/* After measuring and scoring: what to tell, and the exit code. */
static int conclude(const struct job *j)
{
	const struct oae_conduct *d = &j->conduct;

	if (j->args.report && !j->args.json)
		printf("\nreport: %s/report/index.html\n", j->dir);
	else
		oae_info("run folder: %s", j->dir);
	if (d->failed_runs)
		oae_warn("%zu of %zu runs failed", d->failed_runs,
			 j->campaign.run_count);
	if (d->unavailable_runs)
		oae_warn("%zu of %zu runs could not be made: their conditions"
			 " are unavailable here",
			 d->unavailable_runs, j->campaign.run_count);
	if (d->runs && !d->ok) {
		fprintf(stderr,
			"oae run: every request failed; the reasons"
			" stand in %s/%s\n",
			j->dir, OAE_JOURNAL_NAME);
		return OAE_EXIT_ERROR;
	}
	return OAE_EXIT_OK;
}

static int work(struct job *j)
{
	struct oae_error err = { 0 };
	enum oae_status status;
	size_t at;

	status = j->args.resume ? begin_resumed(j, &err) : begin_new(j, &err);
	if (!status && j->args.dry_run)
		status = print_plan(&j->campaign, j->args.json, &err);
	if (status || j->args.dry_run)
		return status ? oae_die_code("oae run", &err) : OAE_EXIT_OK;
	for (at = strlen(j->dir); at > 1 && j->dir[at - 1] == '/'; at--)
		j->dir[at - 1] = '\0';
	if (!j->journal.sealed)
		status = measure(j, &err);
	if (!status && oae_interrupted) {
		fprintf(stderr,
			"oae run: interrupted after %zu of %zu runs; go"
			" on with: oae run --resume %s\n",
			j->conduct.over, j->campaign.run_count, j->dir);
		return OAE_EXIT_INTERRUPTED;
	}
	if (!status)
		status = finish(j, &err);
	return status ? oae_die_code("oae run", &err) : conclude(j);
}

int oae_cmd_run(int argc, char **argv)
{
	struct job *j = calloc(1, sizeof(*j));
	struct oae_error err = { 0 };
	int code;

	if (!j) {
		oae_fail(&err, OAE_ERR_NOMEM, 0, "cannot start");
		return oae_die_code("oae run", &err);
	}
	j->argc = argc;
	j->argv = argv;
	j->journal.fd = -1;
	/* All words are checked before a folder is made. */
	if (oae_run_args_read(&j->args, argc, argv, &err) ||
	    (!j->args.help && oae_counters_check(&err))) {
		code = oae_die_code("oae run", &err);
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
	oae_run_args_release(&j->args);
	free(j);
	return code;
}
