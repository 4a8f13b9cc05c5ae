/* SPDX-License-Identifier: Apache-2.0 */
/* `oae score DIR`: a run folder's result from its journal and inputs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "harness/commands.h"
#include "harness/copy_run.h"
#include "harness/words.h"
#include "reports/report.h"
#include "schema/check.h"
#include "schema/moved.h"
#include "schema/result.h"

static const char help[] =
	"usage: oae score DIR [--json]\n"
	"       oae score DIR [--profile FILE]... [--tables DIR] [--out NEW]"
	" [--json]\n"
	"       oae score DIR [...] --compare OLD [--json]\n"
	"       oae score DIR --goodput LIMITS [--json]\n\n"
	"Computes DIR/result.json from DIR/journal.jsonl and DIR/inputs, renews"
	"\nDIR/SHA256SUMS and prints the result's table, or with --json the"
	" result itself.\nThe same journal and inputs give the same bytes. A"
	" journal without its seal is\nscored as \"complete\": false.\n\n"
	"With any of these DIR stays as it is:\n"
	"  --profile FILE     score for this profile (a file, or a name), not"
	" for those of\n                     the run; may be repeated\n"
	"  --tables DIR       take wages, prices and defaults from there;"
	" `current` is this\n                     program's own\n"
	"  --out NEW          write the run with its new result as a folder of"
	" its own,\n                     which `oae verify` checks\n"
	"  --compare OLD      which numbers moved against that result (a file,"
	" or a run\n                     folder's), by path, old, new, relative"
	"\n"
	"  --goodput LIMITS   what if: requests a second within \"ttft:100"
	" tpot:30\" (ms;\n                     also itl, e2el)\n\n"
	"A result of an earlier version of the spec is never written over: with"
	" this\nversion's tables (or --tables) its numbers that move are shown,"
	" and --out writes\nthe new result beside it.\n\n"
	"examples:\n"
	"  oae score DIR --profile mine.json\n"
	"  oae score DIR --profile mine.json --out DIR-mine\n"
	"  oae score DIR --tables current --compare DIR\n\n"
	"exit codes: 0 done (--compare: nothing moved), 1 cannot be scored, 2"
	" an input or the\njournal was changed (--compare: numbers moved), 4 of"
	" another version or of another\njournal, 64 usage\n";

static enum oae_status write_result(const char *dir, struct oae_buf *json,
				    struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	struct oae_buf sums;
	enum oae_status status;

	oae_buf_init(&sums, OAE_TEXT_FILE_BYTES_MAX);
	status = oae_result_build(dir, json, err);
	if (!status)
		status = oae_path_join(path, sizeof(path), dir, "result.json",
				       err);
	if (!status)
		status = oae_file_write(path, json->data, json->len, err);
	if (!status)
		status = oae_sums_build(dir, &sums, err);
	if (!status)
		status = oae_path_join(path, sizeof(path), dir, "SHA256SUMS",
				       err);
	if (!status)
		status = oae_file_write(path, sums.data, sums.len, err);
	oae_buf_release(&sums);
	return status;
}

enum oae_status oae_score_run_dir(const char *dir, struct oae_error *err)
{
	struct oae_buf json;
	enum oae_status status;

	oae_buf_init(&json, OAE_RESULT_BYTES_MAX);
	status = write_result(dir, &json, err);
	oae_buf_release(&json);
	return status;
}

static enum oae_status print(const struct oae_buf *json, bool as_json,
			     struct oae_error *err)
{
	const struct oae_buf *out = json;
	struct oae_buf table;
	cJSON *tree = NULL;
	enum oae_status status = OAE_OK;

	oae_buf_init(&table, OAE_TEXT_FILE_BYTES_MAX);
	if (!as_json) {
		status = oae_json_parse(json->data, json->len, &tree, err);
		if (!status)
			status = oae_report_table(
				tree, &table, oae_terminal_columns(100), err);
		out = &table;
	}
	if (!status &&
	    (fwrite(oae_buf_str(out), 1, out->len, stdout) != out->len ||
	     fflush(stdout) != 0))
		status = oae_fail(err, OAE_ERR_IO, errno,
				  "standard output:"
				  " cannot write");
	cJSON_Delete(tree);
	oae_buf_release(&table);
	return status;
}

struct words {
	const char *dir, *goodput, *tables, *out, *compare;
	const char *profiles[OAE_RESCORE_PROFILES_MAX];
	size_t profile_count;
	bool json, help;
};

/* Where the value of an option goes; NULL: it is none. */
static const char **place(struct words *w, const char *name, size_t len)
{
	struct {
		const char *name;
		const char **at;
	} options[] = {
		{ "--goodput", &w->goodput },
		{ "--tables", &w->tables },
		{ "--out", &w->out },
		{ "--compare", &w->compare },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (strlen(options[i].name) == len &&
		    !strncmp(options[i].name, name, len))
			return options[i].at;
	if (len == strlen("--profile") && !strncmp(name, "--profile", len) &&
	    w->profile_count < OAE_RESCORE_PROFILES_MAX)
		return &w->profiles[w->profile_count++];
	return NULL;
}

static enum oae_status read_option(struct words *w, int argc, char **argv,
				   int *i, struct oae_error *err)
{
	const char *word = argv[*i];
	size_t len = strcspn(word, "=");
	const char **at = place(w, word, len);

	if (!at)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"unexpected '%.60s'; try `oae score --help`",
				word);
	if (*at)
		return oae_fail(err, OAE_ERR_USAGE, 0, "%.*s is given twice",
				(int)len, word);
	if (word[len] == '=')
		*at = word + len + 1;
	else if (*i + 1 < argc)
		*at = argv[++*i];
	if (!*at || !**at)
		return oae_fail(err, OAE_ERR_USAGE, 0, "%.*s needs a value",
				(int)len, word);
	return OAE_OK;
}

static enum oae_status read_words(struct words *w, int argc, char **argv,
				  struct oae_error *err)
{
	enum oae_status status = OAE_OK;

	for (int i = 1; i < argc && !status; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			w->help = true;
			return OAE_OK;
		}
		if (!strcmp(argv[i], "--json"))
			w->json = true;
		else if (argv[i][0] != '-' && !w->dir)
			w->dir = argv[i];
		else
			status = read_option(w, argc, argv, &i, err);
	}
	if (!status && !w->dir)
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "give a run folder; try `oae score --help`");
	if (!status && w->goodput && w->out)
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "--goodput is printed only; leave --out out");
	return status;
}

/* ---- scoring with something else -------------------------------------- */

struct job {
	struct words words;
	char home[OAE_PATH_BYTES_MAX];
	char tables[2 * OAE_PATH_BYTES_MAX];
	char (*paths)[2 * OAE_PATH_BYTES_MAX]; /* of the profiles */
	struct oae_arena arena; /* what a rescored folder itself names */
	struct oae_rescore rescore;
	cJSON *stored; /* DIR/result.json; NULL: there is none */
	bool other;    /* it is of an earlier version */
};

/* The result that is there, whatever its version, and its hash. */
static enum oae_status read_stored(struct job *j, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	const char *spec;
	enum oae_status status;

	status = oae_path_join(path, sizeof(path), j->words.dir, "result.json",
			       err);
	if (status || !oae_file_exists(path))
		return status;
	/* One that cannot be read is written anew. */
	if (oae_json_read(path, &j->stored, NULL) ||
	    oae_json_str(j->stored, "spec", &spec, NULL))
		return OAE_OK;
	if (!oae_spec_readable(spec))
		status = oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				  "%s: is for spec %.20s, this program computes"
				  " %s; use a later program",
				  path, spec, OAE_SPEC_VERSION);
	if (!status)
		status = oae_sha256_file(path, j->rescore.of_sha256, err);
	if (status)
		return status;
	(void)snprintf(j->rescore.of_spec, sizeof(j->rescore.of_spec), "%s",
		       spec);
	j->other = strcmp(spec, OAE_SPEC_VERSION) != 0;
	return OAE_OK;
}

/* A file, or HOME/schema/profiles/NAME.json. */
static enum oae_status find_profile(struct job *j, size_t i,
				    struct oae_error *err)
{
	const char *name = j->words.profiles[i];

	(void)snprintf(j->paths[i], sizeof(j->paths[i]), "%s", name);
	if (!oae_file_exists(name) && oae_check_name(name))
		(void)snprintf(j->paths[i], sizeof(j->paths[i]),
			       "%s/schema/profiles/%s.json", j->home, name);
	j->rescore.profiles[j->rescore.profile_count++] = j->paths[i];
	return oae_file_exists(j->paths[i]) ?
		       OAE_OK :
		       oae_fail(err, OAE_ERR_USAGE, 0,
				"--profile %.200s: no such file, and none of"
				" that name; `oae list profiles` has the names",
				name);
}

/* Which profiles and tables: those asked for, else the folder's. */
static enum oae_status choose(struct job *j, struct oae_error *err)
{
	struct words *w = &j->words;
	bool current = w->tables ? !strcmp(w->tables, "current") : j->other;
	enum oae_status status = OAE_OK;
	struct oae_rescore own;
	bool found;

	if (w->profile_count || current)
		status = oae_home(j->home, sizeof(j->home), err);
	j->paths = calloc(w->profile_count + 1, sizeof(*j->paths));
	if (!j->paths)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	for (size_t i = 0; i < w->profile_count && !status; i++)
		status = find_profile(j, i, err);
	if (current)
		(void)snprintf(j->tables, sizeof(j->tables), "%s/schema/tables",
			       j->home);
	if (current || w->tables)
		j->rescore.tables = current ? j->tables : w->tables;
	if (!status)
		status = oae_rescore_read(w->dir, &j->arena, &own, &found, err);
	if (status || !found)
		return status;
	if (!j->rescore.profile_count) {
		memcpy(j->rescore.profiles, own.profiles, sizeof(own.profiles));
		j->rescore.profile_count = own.profile_count;
	}
	if (!j->rescore.tables)
		j->rescore.tables = own.tables;
	return OAE_OK;
}

/* OLD of --compare, else the result that is there. */
static enum oae_status read_old(const struct job *j, cJSON **out,
				struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	const char *old = j->words.compare ? j->words.compare : j->words.dir;
	enum oae_status status = OAE_OK;

	(void)snprintf(path, sizeof(path), "%.4000s", old);
	if (oae_dir_exists(old))
		status = oae_path_join(path, sizeof(path), old, "result.json",
				       err);
	if (!status)
		status = oae_json_read(path, out, err);
	if (!status)
		status = oae_check_version(*out, "oae_result",
					   OAE_RESULT_VERSION, path, err);
	return status;
}

static enum oae_status print_moved(const struct job *j,
				   const struct oae_buf *json, size_t *moved,
				   struct oae_error *err)
{
	cJSON *was = NULL, *is = NULL;
	struct oae_moves m = { .count = 0 };
	struct oae_buf out;
	enum oae_status status;

	oae_buf_init(&out, OAE_RESULT_BYTES_MAX);
	status = read_old(j, &was, err);
	if (!status)
		status = oae_json_parse(json->data, json->len, &is, err);
	if (!status)
		status = oae_moves_find(was, is, &m, err);
	if (!status && j->words.json)
		status = oae_moves_write(&m, was, is, &out, err);
	else if (!status)
		status = oae_report_moved(&m, was, is, &out, err);
	if (!status &&
	    (fputs(oae_buf_str(&out), stdout) < 0 || fflush(stdout) != 0))
		status = oae_fail(err, OAE_ERR_IO, errno, "standard output");
	*moved = m.count;
	oae_moves_release(&m);
	oae_buf_release(&out);
	cJSON_Delete(was);
	cJSON_Delete(is);
	return status;
}

static void tell(const struct job *j)
{
	if (j->other && !j->words.out)
		oae_info("%s/result.json is of spec %s and stays; the result of"
			 " spec %s is written beside it with --out NEW",
			 j->words.dir, j->rescore.of_spec, OAE_SPEC_VERSION);
	if (j->words.out)
		oae_info("wrote %s; its page: oae report %s", j->words.out,
			 j->words.out);
}

static enum oae_status score(struct job *j, size_t *moved,
			     struct oae_error *err)
{
	const struct words *w = &j->words;
	bool asked = w->profile_count || w->tables || w->out || w->compare;
	struct oae_result_wish wish = { w->goodput, NULL };
	struct oae_buf json;
	enum oae_status status = read_stored(j, err);

	oae_buf_init(&json, OAE_RESULT_BYTES_MAX);
	asked = asked || j->other;
	if (!status && asked)
		status = choose(j, err);
	if (asked && (oae_rescore_is_any(&j->rescore) || w->out || j->other))
		wish.rescore = &j->rescore;
	if (!status && (asked || w->goodput))
		status = oae_result_build_for(w->dir, &wish, &json, err);
	else if (!status)
		status = write_result(w->dir, &json, err);
	if (!status && w->out)
		status = oae_run_rescore_to(w->dir, w->out, &j->rescore, err);
	if (!status && (w->compare || j->other))
		status = print_moved(j, &json, moved, err);
	else if (!status)
		status = print(&json, w->json, err);
	if (!status)
		tell(j);
	oae_buf_release(&json);
	return status;
}

int oae_cmd_score(int argc, char **argv)
{
	struct job *j = calloc(1, sizeof(*j));
	struct oae_error err = { OAE_OK, 0, "" };
	size_t moved = 0;
	enum oae_status status;
	bool compare, help_only;

	if (!j) {
		oae_fail(&err, OAE_ERR_NOMEM, 0, "cannot start");
		return oae_die_code("oae score", &err);
	}
	oae_arena_init(&j->arena, OAE_JSON_FILE_BYTES_MAX);
	status = read_words(&j->words, argc, argv, &err);
	help_only = !status && j->words.help;
	if (help_only)
		fputs(help, stdout);
	else if (!status)
		status = score(j, &moved, &err);
	compare = j->words.compare != NULL;
	cJSON_Delete(j->stored);
	oae_arena_release(&j->arena);
	free(j->paths);
	free(j);
	if (!status)
		return compare && moved ? OAE_EXIT_CHECK : OAE_EXIT_OK;
	oae_die_code("oae score", &err);
	return status == OAE_ERR_UNSUPPORTED ? OAE_EXIT_NOT_COMPARABLE :
					       (int)oae_exit_code(status);
}
