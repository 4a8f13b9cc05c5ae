/* SPDX-License-Identifier: Apache-2.0 */
/* `oae compare`: is HEAD worse than BASE, and could we have seen it? */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "harness/commands.h"
#include "harness/compare_run.h"
#include "harness/interrupt.h"
#include "harness/words.h"
#include "reports/compare.h"

static const char help[] =
	"usage: oae compare BASE HEAD [options]\n"
	"       oae compare DIR --systems A,B [options]\n"
	"       oae compare --run BASE HEAD --systems ADAPTER/SYSTEM"
	" [options]\n"
	"       oae compare --aa DIR | --aa --run BASE --systems ..."
	" [options]\n\n"
	"Is HEAD worse than BASE by more than matters, and if not, would it"
	" have been seen?\nBASE and HEAD are run folders (or their"
	" result.json); of one folder, two systems.\nWith --run they are builds"
	" that are measured now, in turn (ABBA) on this machine:\ngit"
	" revisions,"
	" checked out and built beside your tree; or folders: an adapter's,\na"
	" tree that holds it, a build folder. Results of two campaigns are"
	" compared too,\nwhere machine, kernel, models and work are alike, but"
	" that is the weaker way.\n\n"
	"A metric fails when the near end of its interval is beyond its"
	" threshold (Holm over\nall metrics). The gate passes only when it"
	" could have seen a change that matters.\n\n"
	"  --metrics A,B      of s_per_request, ttft, tpot, cpu, memory,"
	" energy,\n                     tokens_per_s, harness, quality"
	" (default:"
	" all but tokens_per_s\n                     and harness; energy where"
	" metered)\n"
	"  --threshold T      3%, or for some: memory=10%,quality=2%\n"
	"  --alpha P%         chance of failing though nothing is worse (1%)\n"
	"  --resolution P%    a change that must be visible for a pass (5%)\n"
	"  --on-inconclusive  fail (exit 3, the default), pass (exit 0), or"
	" rerun: more\n                     pairs, at most --pairs-max, in at"
	" most four looks (Pocock)\n"
	"  --systems A,B      which; default: those that both have\n"
	"  --allow A,B        differences that do not matter, by their names:"
	" kernel, model ..\n"
	"  --aa               one build against itself: prints how often the"
	" gate fails\n                     though nothing is different\n"
	"  --json FILE        the document (- is stdout, instead of the"
	" table)\n"
	"  --junit FILE       JUnit XML for CI systems\n"
	"  --markdown FILE    a summary; $GITHUB_STEP_SUMMARY gets it too\n"
	"  --annotations github  ::error lines on stdout\n"
	"  --quiet            no progress\n\n"
	"with --run:\n"
	"  --pairs N          pairs of runs on each workload (10, the least"
	" that can pass)\n"
	"  --pairs-max N      with --on-inconclusive rerun (4 x pairs)\n"
	"  --adapter PATH     the adapter's folder below each tree"
	" (adapters/NAME)\n"
	"  --build CMD        how to build a checkout, in its top folder"
	" (default: the\n                     adapter's set-up steps)\n"
	"  --build-limit S    seconds a build may take (900)\n"
	"  --suite NAME, --workloads A,B, --items N, --seed N   as `oae run`"
	" has them\n"
	"  --out DIR          run folders of the looks"
	" (oae-runs/TIME-compare)\n"
	"  --keep             leave the checkouts where they are\n\n"
	"examples:\n"
	"  oae compare --run main HEAD --systems reference/dense\n"
	"  oae compare --run v1.2 . --adapter serving/oae --systems"
	" mine/server\n"
	"  oae compare oae-runs/monday oae-runs/tuesday --threshold 5%\n"
	"  oae compare --aa --run HEAD --systems reference/dense\n\n"
	"exit codes: 0 pass, 1 the tool could not do its work, 2 regression,"
	" 3 inconclusive\n(also: no BASE), 4 not comparable, 64 usage, 130"
	" interrupted\n";

struct job {
	struct oae_compare_args args;
	struct oae_compare compare;
	struct oae_compare_run run;
	struct oae_score *scores[OAE_COMPARE_PARTS_MAX];
	size_t score_count;
	int code; /* of `oae run`, where that failed */
};

/* ---- reading ------------------------------------------------------------ */

static enum oae_status read_score(struct job *j, const char *dir,
				  struct oae_score **out, struct oae_error *err)
{
	struct oae_score *s = calloc(1, sizeof(*s));

	if (!s || j->score_count == OAE_COMPARE_PARTS_MAX) {
		free(s);
		return oae_fail(err, OAE_ERR_NOMEM, 0, "comparison");
	}
	j->scores[j->score_count++] = *out = s;
	return oae_score_read(dir, s, err);
}

/* A run folder, or a result.json in one. */
static enum oae_status folder_of(const char *word, char *dir, size_t size,
				 struct oae_error *err)
{
	size_t len = strlen(word), tail = strlen("/result.json");

	if (snprintf(dir, size, "%s", word) >= (int)size)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "path too long");
	if (strcmp(word, "result.json") == 0)
		(void)snprintf(dir, size, ".");
	else if (len > tail && strcmp(word + len - tail, "/result.json") == 0)
		dir[len - tail] = '\0';
	if (!oae_dir_exists(dir))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%.200s: no such run"
				" folder",
				word);
	return OAE_OK;
}

static size_t system_named(const struct oae_score *s, const char *id)
{
	size_t i = 0;

	while (i < s->system_count && strcmp(s->systems[i].id, id) != 0)
		i++;
	return i;
}

static enum oae_status no_system(const struct oae_score *s, const char *id,
				 const char *dir, struct oae_error *err)
{
	char known[240] = "";
	size_t n = 0;

	for (size_t i = 0; i < s->system_count && n < sizeof(known); i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s",
				      i ? ", " : "", s->systems[i].id);
	return oae_fail(err, OAE_ERR_USAGE, 0,
			"%.200s has no system '%.60s'; it has %s", dir, id,
			known);
}

static enum oae_status add(struct job *j, const struct oae_score *base,
			   size_t b, const struct oae_score *head, size_t h,
			   struct oae_error *err)
{
	enum oae_status status = oae_compare_alike(&j->compare, base, b, head,
						   h, j->args.allow, err);

	return status ? status :
			oae_compare_add(&j->compare, base, b, head, h, err);
}

/* ---- stored results ----------------------------------------------------- */

static enum oae_status one_campaign(struct job *j, const char *dir,
				    struct oae_error *err)
{
	const struct oae_names *names = &j->args.systems;
	struct oae_score *s;
	size_t base = 0, head = 1;
	enum oae_status status = read_score(j, dir, &s, err);

	if (status)
		return status;
	if (names->count == 2) {
		base = system_named(s, names->item[0]);
		head = system_named(s, names->item[1]);
	} else if (names->count || s->system_count != 2) {
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%.200s: one folder; name two of its systems"
				" with --systems BASE,HEAD",
				dir);
	}
	if (base == s->system_count || head == s->system_count)
		return no_system(s,
				 names->item[base == s->system_count ? 0 : 1],
				 dir, err);
	status = oae_compare_part(&j->compare, dir, "both", s, err);
	j->compare.base.given = s->systems[base].id;
	j->compare.head.given = s->systems[head].id;
	return status ? status : add(j, s, base, s, head, err);
}

static enum oae_status split_campaign(struct job *j, const char *dir,
				      struct oae_error *err)
{
	const struct oae_names *names = &j->args.systems;
	struct oae_score *s;
	enum oae_status status = read_score(j, dir, &s, err);

	if (!status)
		status = oae_compare_part(&j->compare, dir, "both", s, err);
	for (size_t i = 0; i < names->count && !status; i++)
		if (system_named(s, names->item[i]) == s->system_count)
			status = no_system(s, names->item[i], dir, err);
	for (size_t i = 0; !status && i < s->system_count; i++) {
		bool wanted = !names->count;

		for (size_t k = 0; k < names->count; k++)
			wanted |= strcmp(names->item[k], s->systems[i].id) == 0;
		if (wanted)
			status = add(j, s, i, s, i, err);
	}
	return status;
}

static enum oae_status common_systems(struct job *j, const struct oae_score *a,
				      const struct oae_score *b,
				      struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	size_t common = 0;

	for (size_t i = 0; i < a->system_count && !status; i++) {
		size_t k = system_named(b, a->systems[i].id);

		if (k == b->system_count)
			continue;
		common++;
		status = add(j, a, i, b, k, err);
	}
	if (!common && a->system_count == 1 && b->system_count == 1)
		return add(j, a, 0, b, 0, err);
	if (!common && !status)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"the results have no system in common; name"
				" them with --systems BASE,HEAD");
	return status;
}

/* --systems X: that one on both sides; X,Y: X of BASE with Y of HEAD. */
static enum oae_status two_campaigns(struct job *j, const char *base_dir,
				     const char *head_dir,
				     struct oae_error *err)
{
	const struct oae_names *names = &j->args.systems;
	struct oae_score *a, *b;
	enum oae_status status = read_score(j, base_dir, &a, err);
	size_t x, y;

	if (!status)
		status = read_score(j, head_dir, &b, err);
	if (!status)
		status =
			oae_compare_part(&j->compare, base_dir, "base", a, err);
	if (!status)
		status =
			oae_compare_part(&j->compare, head_dir, "head", b, err);
	if (status || !names->count)
		return status ? status : common_systems(j, a, b, err);
	if (names->count > 2)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--systems: one name for both results, or two:"
				" BASE's, HEAD's");
	x = system_named(a, names->item[0]);
	y = system_named(b, names->item[names->count - 1]);
	if (x == a->system_count)
		return no_system(a, names->item[0], base_dir, err);
	if (y == b->system_count)
		return no_system(b, names->item[names->count - 1], head_dir,
				 err);
	return add(j, a, x, b, y, err);
}

static enum oae_status stored(struct job *j, bool *missing,
			      struct oae_error *err)
{
	const struct oae_compare_args *a = &j->args;
	char base[OAE_PATH_BYTES_MAX], head[OAE_PATH_BYTES_MAX];
	enum oae_compare_how how = a->aa   ? OAE_COMPARE_SPLIT :
				   a->head ? OAE_COMPARE_UNPAIRED :
					     OAE_COMPARE_PAIRED;
	enum oae_status status =
		oae_compare_init(&j->compare, how, &a->rules, err);

	j->compare.look = 1;
	j->compare.base.given = a->base;
	j->compare.head.given = a->head ? a->head : a->base;
	if (!status)
		status = folder_of(a->base, base, sizeof(base), err);
	if (status == OAE_ERR_USAGE) {
		*missing = true;
		return status;
	}
	if (!status && a->head)
		status = folder_of(a->head, head, sizeof(head), err);
	if (status)
		return status;
	if (a->aa)
		status = split_campaign(j, base, err);
	else if (a->head)
		status = two_campaigns(j, base, head, err);
	else
		status = one_campaign(j, base, err);
	if (!status)
		oae_compare_judge(&j->compare);
	return status;
}

/* ---- measured now ------------------------------------------------------- */

static enum oae_status take_look(struct job *j, const char *dir,
				 struct oae_error *err)
{
	struct oae_score *s;
	enum oae_status status;
	size_t n = j->args.systems.count;

	status = oae_score_run_dir(dir, err);
	if (!status)
		status = read_score(j, dir, &s, err);
	if (!status)
		status = oae_compare_part(&j->compare, dir, "both", s, err);
	if (!status && s->system_count != 2 * n)
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "%.200s: %zu systems, not %zu", dir,
				  s->system_count, 2 * n);
	for (size_t i = 0; i < n && !status; i++)
		status = add(j, s, i, s, n + i, err);
	return status;
}

static enum oae_status measured(struct job *j, bool *missing,
				struct oae_error *err)
{
	struct oae_compare *c = &j->compare;
	char dir[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	status = oae_compare_init(c, OAE_COMPARE_PAIRED, &j->args.rules, err);
	c->base.given = j->args.base;
	c->head.given = j->args.head ? j->args.head : j->args.base;
	if (!status)
		status = oae_compare_run_begin(&j->run, &j->args,
					       &oae_interrupted, err);
	*missing = j->run.base.missing;
	c->base.revision = j->run.base.revision;
	c->head.revision = j->run.head.revision;
	for (unsigned look = 0; look < j->args.rules.looks && !status; look++) {
		j->code = oae_compare_run_look(&j->run, look, dir, sizeof(dir));
		if (j->code != OAE_EXIT_OK)
			return OAE_ERR_TARGET; /* said already */
		status = take_look(j, dir, err);
		if (status)
			break;
		c->look = look + 1;
		oae_compare_judge(c);
		if (c->verdict != OAE_REGRESSION_INCONCLUSIVE)
			break;
		if (look + 1 < j->args.rules.looks)
			oae_info("look %u of %u: inconclusive; %u more pairs",
				 look + 1, j->args.rules.looks, j->args.pairs);
	}
	return status;
}

/* ---- saying it ---------------------------------------------------------- */

typedef enum oae_status draw_fn(const cJSON *doc, struct oae_buf *out,
				struct oae_error *err);

static enum oae_status text_of(const cJSON *doc, struct oae_buf *out,
			       struct oae_error *err)
{
	return oae_compare_text(doc, out, oae_terminal_columns(100), err);
}

static enum oae_status print(const struct oae_buf *text, struct oae_error *err)
{
	if (fwrite(oae_buf_str(text), 1, text->len, stdout) != text->len ||
	    fflush(stdout) != 0)
		return oae_fail(err, OAE_ERR_IO, errno,
				"standard output: cannot write");
	return OAE_OK;
}

/* GitHub's file is added to, by each step that has something to say. */
static enum oae_status append(const char *path, const struct oae_buf *text,
			      struct oae_error *err)
{
	FILE *f = fopen(path, "ae");
	bool ok = f && fwrite(oae_buf_str(text), 1, text->len, f) == text->len;

	if (f)
		ok = fclose(f) == 0 && ok;
	return ok ? OAE_OK : oae_fail(err, OAE_ERR_IO, errno, "%.200s", path);
}

enum sink {
	SINK_STDOUT,
	SINK_FILE,
	SINK_APPEND
};

static enum oae_status draw(const cJSON *doc, draw_fn *fn, enum sink sink,
			    const char *path, struct oae_error *err)
{
	enum oae_status status;
	struct oae_buf text;

	oae_buf_init(&text, OAE_TEXT_FILE_BYTES_MAX);
	status = fn(doc, &text, err);
	if (!status && sink == SINK_STDOUT)
		status = print(&text, err);
	else if (!status && sink == SINK_FILE)
		status = oae_file_write(path, text.data, text.len, err);
	else if (!status)
		status = append(path, &text, err);
	oae_buf_release(&text);
	return status;
}

static enum oae_status write_all(struct job *j, const struct oae_buf *json,
				 struct oae_error *err)
{
	const struct oae_compare_args *a = &j->args;
	const char *summary = getenv("GITHUB_STEP_SUMMARY");
	bool to_stdout = a->json && strcmp(a->json, "-") == 0;
	cJSON *doc = NULL;
	enum oae_status status =
		oae_json_parse(json->data, json->len, &doc, err);

	if (!status && to_stdout)
		status = print(json, err);
	else if (!status && a->json)
		status = oae_file_write(a->json, json->data, json->len, err);
	if (!status && !to_stdout)
		status = draw(doc, text_of, SINK_STDOUT, NULL, err);
	if (!status && a->junit)
		status = draw(doc, oae_compare_junit, SINK_FILE, a->junit, err);
	if (!status && a->markdown)
		status = draw(doc, oae_compare_markdown, SINK_FILE, a->markdown,
			      err);
	if (!status && summary && *summary)
		status = draw(doc, oae_compare_markdown, SINK_APPEND, summary,
			      err);
	if (!status && a->github && !to_stdout)
		status = draw(doc, oae_compare_github, SINK_STDOUT, NULL, err);
	cJSON_Delete(doc);
	return status;
}

/* What the gate says, under the user's policy. */
static int exit_code(const struct job *j)
{
	const struct oae_compare *c = &j->compare;

	if (c->verdict == OAE_REGRESSION_INCONCLUSIVE &&
	    j->args.policy == OAE_INCONCLUSIVE_PASS)
		return OAE_EXIT_OK;
	return oae_regression_exit_code(c->verdict);
}

static int conclude(struct job *j, struct oae_error *err)
{
	struct oae_buf json;
	enum oae_status status;
	int code;

	if (j->args.aa)
		oae_compare_false_positives(&j->compare, OAE_COMPARE_TRIALS,
					    j->args.seed);
	code = exit_code(j);
	oae_buf_init(&json, OAE_TEXT_FILE_BYTES_MAX);
	status = oae_compare_write(&j->compare,
				   oae_on_inconclusive_name(j->args.policy),
				   code, &json, err);
	if (!status)
		status = write_all(j, &json, err);
	oae_buf_release(&json);
	return status ? oae_die_code("oae compare", err) : code;
}

static int work(struct job *j)
{
	struct oae_error err = { OAE_OK, 0, "" };
	enum oae_status status;
	bool missing = false;

	status = j->args.run ? measured(j, &missing, &err) :
			       stored(j, &missing, &err);
	if (oae_interrupted || j->code == OAE_EXIT_INTERRUPTED) {
		fputs("oae compare: interrupted; begin again (checkouts are"
		      " removed, so that a look cannot be resumed)\n",
		      stderr);
		return OAE_EXIT_INTERRUPTED;
	}
	if (j->code)
		return j->code == OAE_EXIT_USAGE ? j->code : OAE_EXIT_ERROR;
	if (missing) {
		/* Nothing to compare with is no pass. */
		oae_compare_note(&j->compare, "no baseline: %s", err.text);
		j->compare.verdict = OAE_REGRESSION_INCONCLUSIVE;
		err = (struct oae_error){ OAE_OK, 0, "" };
		status = OAE_OK;
	}
	if (!status)
		return conclude(j, &err);
	(void)oae_die_code("oae compare", &err);
	return status == OAE_ERR_UNSUPPORTED ? OAE_EXIT_NOT_COMPARABLE :
					       (int)oae_exit_code(status);
}

int oae_cmd_compare(int argc, char **argv)
{
	struct job *j = calloc(1, sizeof(*j));
	struct oae_error err = { OAE_OK, 0, "" };
	int code;

	if (!j) {
		oae_fail(&err, OAE_ERR_NOMEM, 0, "cannot start");
		return oae_die_code("oae compare", &err);
	}
	if (oae_compare_args_read(&j->args, argc, argv, &err)) {
		code = oae_die_code("oae compare", &err);
	} else if (j->args.help) {
		fputs(help, stdout);
		code = OAE_EXIT_OK;
	} else {
		oae_log_quiet(j->args.quiet);
		if (j->args.run)
			oae_interrupt_catch();
		code = work(j);
	}
	oae_compare_run_end(&j->run);
	oae_compare_release(&j->compare);
	for (size_t i = 0; i < j->score_count; i++) {
		oae_score_release(j->scores[i]);
		free(j->scores[i]);
	}
	oae_compare_args_release(&j->args);
	free(j);
	return code;
}
