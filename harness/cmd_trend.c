/* SPDX-License-Identifier: Apache-2.0 */
/* `oae trend`: where the level of a metric changed over many results. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "harness/commands.h"
#include "harness/report_folder.h"
#include "harness/words.h"
#include "reports/trend.h"
#include "schema/result.h"
#include "schema/trend.h"

#define DOCUMENT "trend.json"

static const char help[] =
	"usage: oae trend DIR|FILE... [options]\n\n"
	"Where did a metric change, over many results of one machine? Reads"
	" result.json\nfiles: those named, those in folders named, and those"
	" below them. In order of\ntime, each metric of each system on each"
	" workload is a series; E-divisive finds\nwhere its distribution"
	" changes. Results of another CPU, suite, scenario or spec\nversion"
	" than"
	" the newest are left out, and named; what else changed at the same\n"
	"place (kernel, compiler ..) stands beside a change.\n\n"
	"  --metrics A,B   of s_per_request, ttft, tpot, cpu, memory, energy,\n"
	"                  tokens_per_s, quality (default: all but"
	" tokens_per_s)\n"
	"  --alpha P%      chance of a change being found in any series"
	" where there is none\n                  (5%)\n"
	"  --seed N        of the permutations (42)\n"
	"  --out DIR       writes trend.json, trend.svg, trend.png and what"
	" made them\n"
	"  --json          prints the document instead of the table\n"
	"  --quiet         no progress\n\n"
	"At most 2,000 results; a hundred take a second, 2,000 some"
	" minutes.\n\n"
	"examples:\n"
	"  oae trend oae-runs\n"
	"  oae trend results/2026-*/result.json --metrics s_per_request --out"
	" trend\n\n"
	"exit codes: 0 done (changes or none), 1 cannot read or draw, 3 too few"
	" results to\nfind a change in any series, 64 usage\n";

struct job {
	const char **words;
	size_t word_count;
	bool chosen[OAE_COMPARE_METRICS];
	bool by_name, json, help, quiet;
	const char *out;
	double alpha;
	uint64_t seed;
	struct oae_trend trend;
	const char *folder; /* the one that is walked */
};

/* ---- words -------------------------------------------------------------- */

static enum oae_status choose(struct job *j, const char *text,
			      struct oae_error *err)
{
	char *copy = strdup(text), *rest = NULL, *word;
	enum oae_status status = OAE_OK;

	if (!copy)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "options");
	for (word = strtok_r(copy, ",", &rest); word && !status;
	     word = strtok_r(NULL, ",", &rest)) {
		enum oae_compare_metric m = oae_compare_metric_find(word);

		if (m >= OAE_COMPARE_COMPLETED || m == OAE_COMPARE_HARNESS)
			status = oae_fail(err, OAE_ERR_USAGE, 0,
					  "--metrics: no metric '%.40s'; `oae"
					  " trend --help` lists them",
					  word);
		else if (!j->by_name)
			memset(j->chosen, 0, sizeof(j->chosen));
		if (!status)
			j->by_name = j->chosen[m] = true;
	}
	free(copy);
	return status;
}

static enum oae_status read_alpha(struct job *j, const char *text,
				  struct oae_error *err)
{
	char *end;

	j->alpha = strtod(text, &end) / 100;
	return end != text && strcmp(end, "%") == 0 && j->alpha >= .0001 &&
			       j->alpha <= .2 ?
		       OAE_OK :
		       oae_fail(err, OAE_ERR_USAGE, 0,
				"--alpha '%.40s': must be from 0.01%% to 20%%",
				text);
}

static enum oae_status take(struct job *j, const char *option,
			    const char *value, struct oae_error *err)
{
	if (!value || !*value)
		return oae_fail(err, OAE_ERR_USAGE, 0, "%s needs a value",
				option);
	if (strcmp(option, "--metrics") == 0)
		return choose(j, value, err);
	if (strcmp(option, "--alpha") == 0)
		return read_alpha(j, value, err);
	if (strcmp(option, "--seed") == 0)
		return oae_word_number(option, value, 0, UINT64_MAX, &j->seed,
				       err);
	j->out = value;
	return OAE_OK;
}

static bool flag(struct job *j, const char *word)
{
	if (strcmp(word, "--json") == 0)
		return j->json = true;
	if (strcmp(word, "--quiet") == 0)
		return j->quiet = true;
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return j->help = true;
	return false;
}

static enum oae_status read_words(struct job *j, int argc, char **argv,
				  struct oae_error *err)
{
	static const char *const options[] = { "--metrics", "--alpha", "--seed",
					       "--out" };
	enum oae_status status = OAE_OK;

	for (int i = 1; i < argc && !status; i++) {
		size_t len = strcspn(argv[i], "="), k;
		const char *value = argv[i][len] ? argv[i] + len + 1 : NULL;

		if (argv[i][0] != '-') {
			j->words[j->word_count++] = argv[i];
			continue;
		}
		if (flag(j, argv[i]))
			continue;
		for (k = 0; k < 4; k++)
			if (strlen(options[k]) == len &&
			    strncmp(options[k], argv[i], len) == 0)
				break;
		if (k == 4)
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"unknown option '%.60s'; `oae trend"
					" --help` lists them",
					argv[i]);
		if (!value && i + 1 < argc)
			value = argv[++i];
		status = take(j, options[k], value, err);
	}
	if (!status && !j->help && !j->word_count)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"name folders or result.json files; `oae trend"
				" --help` has examples");
	return status;
}

/* ---- results ------------------------------------------------------------ */

static enum oae_status add(struct job *j, const char *path,
			   struct oae_error *err)
{
	enum oae_status status;
	cJSON *result = NULL;

	status = oae_result_read(path, &result, err);
	/* One of another version cannot be compared: said and left out. */
	if (status == OAE_ERR_UNSUPPORTED) {
		oae_warn("left out: %s", err->text);
		*err = (struct oae_error){ OAE_OK, 0, "" };
		return OAE_OK;
	}
	return status ? status : oae_trend_add(&j->trend, path, result, err);
}

static enum oae_status add_found(void *ctx, const char *relative,
				 struct oae_error *err)
{
	struct job *j = ctx;
	const char *name = strrchr(relative, '/');
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	if (strcmp(name ? name + 1 : relative, "result.json") != 0)
		return OAE_OK;
	status = oae_path_join(path, sizeof(path), j->folder, relative, err);
	return status ? status : add(j, path, err);
}

static enum oae_status read_all(struct job *j, struct oae_error *err)
{
	enum oae_status status = oae_trend_init(&j->trend, err);

	j->trend.alpha = j->alpha;
	j->trend.seed = j->seed;
	for (size_t i = 0; i < j->word_count && !status; i++) {
		j->folder = j->words[i];
		status = oae_dir_exists(j->folder) ?
				 oae_dir_walk(j->folder, add_found, j, err) :
				 add(j, j->folder, err);
	}
	if (!status && !j->trend.count)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"no result.json in or below %.200s",
				j->words[0]);
	return status;
}

static enum oae_status find(struct job *j, struct oae_error *err)
{
	struct oae_trend *t = &j->trend;
	enum oae_status status = oae_trend_collect(t, j->chosen, err);

	for (size_t i = 0; i < t->series_count && !status; i++) {
		/* Less is over before it is read. */
		if (t->count >= 200)
			oae_progress("looking for changes: series %zu of %zu",
				     i + 1, t->series_count);
		status = oae_trend_find(t, i, err);
	}
	oae_progress_end();
	return status ? status : oae_trend_correct(t, err);
}

/* ---- output ------------------------------------------------------------- */

static enum oae_status write_file(const char *dir, const char *name,
				  const struct oae_buf *b,
				  struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status =
		oae_path_join(path, sizeof(path), dir, name, err);

	return status ? status : oae_file_write(path, b->data, b->len, err);
}

struct folder {
	const cJSON *doc;
	const struct oae_buf *json;
};

static enum oae_status write_plots(void *ctx, const char *dir,
				   struct oae_error *err)
{
	const struct folder *f = ctx;
	struct oae_buf gp, dat;
	enum oae_status status;

	oae_buf_init(&gp, OAE_TEXT_FILE_BYTES_MAX);
	oae_buf_init(&dat, OAE_TEXT_FILE_BYTES_MAX);
	status = oae_trend_plot(f->doc, &gp, &dat, err);
	if (!status)
		status = write_file(dir, OAE_TREND_PICTURE ".gp", &gp, err);
	if (!status)
		status = write_file(dir, OAE_TREND_PICTURE ".dat", &dat, err);
	oae_buf_release(&gp);
	oae_buf_release(&dat);
	return status;
}

static enum oae_status write_document(void *ctx, const char *dir,
				      struct oae_error *err)
{
	const struct folder *f = ctx;

	return write_file(dir, DOCUMENT, f->json, err);
}

static enum oae_status write_folder(const struct job *j, const cJSON *doc,
				    const struct oae_buf *json,
				    struct oae_error *err)
{
	static const char *const plots[] = { OAE_TREND_PICTURE, NULL };
	struct folder f = { doc, json };
	const struct oae_report_maker maker = {
		.plots = plots,
		.write_plots = write_plots,
		.mark = DOCUMENT,
		.write_pages = write_document,
		.ctx = &f,
	};

	return oae_report_folder(&maker, j->out, err);
}

static enum oae_status print(const struct job *j, const cJSON *doc,
			     const struct oae_buf *json, struct oae_error *err)
{
	const struct oae_buf *out = json;
	enum oae_status status = OAE_OK;
	struct oae_buf text;

	oae_buf_init(&text, OAE_TEXT_FILE_BYTES_MAX);
	if (!j->json) {
		status = oae_trend_text(doc, &text, oae_terminal_columns(100),
					err);
		out = &text;
	}
	if (!status &&
	    (fwrite(oae_buf_str(out), 1, out->len, stdout) != out->len ||
	     fflush(stdout) != 0))
		status = oae_fail(err, OAE_ERR_IO, errno,
				  "standard output: cannot write");
	if (!status && j->out && !j->json)
		printf("\npicture: %s/%s.svg\n", j->out, OAE_TREND_PICTURE);
	oae_buf_release(&text);
	return status;
}

static enum oae_status finish(const struct job *j, struct oae_error *err)
{
	struct oae_buf json;
	enum oae_status status;
	cJSON *doc = NULL;

	oae_buf_init(&json, OAE_TEXT_FILE_BYTES_MAX);
	status = oae_trend_write(&j->trend, &json, err);
	if (!status)
		status = oae_json_parse(json.data, json.len, &doc, err);
	if (!status && j->out)
		status = write_folder(j, doc, &json, err);
	if (!status)
		status = print(j, doc, &json, err);
	cJSON_Delete(doc);
	oae_buf_release(&json);
	return status;
}

/* Two levels of the least length are the least to find anything in. */
static bool too_few(const struct oae_trend *t)
{
	size_t longest = 0;

	for (size_t i = 0; i < t->series_count; i++)
		if (t->series[i].count > longest)
			longest = t->series[i].count;
	if (longest / 2 >= OAE_EDIVISIVE_SEGMENT_MIN)
		return false;
	fprintf(stderr,
		"oae trend: the longest series has %zu results; a change can be"
		" found from %u on\n",
		longest, 2 * OAE_EDIVISIVE_SEGMENT_MIN);
	return true;
}

int oae_cmd_trend(int argc, char **argv)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_compare_rules usual;
	struct job j = { .alpha = OAE_TREND_ALPHA, .seed = 42 };
	enum oae_status status = OAE_OK;
	int code = OAE_EXIT_OK;

	oae_compare_rules_usual(&usual);
	memcpy(j.chosen, usual.chosen, sizeof(j.chosen));
	j.words = calloc((size_t)argc + 1, sizeof(*j.words));
	if (!j.words)
		status = oae_fail(&err, OAE_ERR_NOMEM, 0, "cannot start");
	if (!status)
		status = read_words(&j, argc, argv, &err);
	if (!status && j.help) {
		fputs(help, stdout);
	} else if (!status) {
		oae_log_quiet(j.quiet);
		status = read_all(&j, &err);
		if (!status)
			status = find(&j, &err);
		if (!status)
			status = finish(&j, &err);
		if (!status && too_few(&j.trend))
			code = OAE_EXIT_INCONCLUSIVE;
	}
	if (status)
		code = oae_die_code("oae trend", &err);
	oae_trend_release(&j.trend);
	free(j.words);
	return code;
}
