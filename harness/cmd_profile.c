/* SPDX-License-Identifier: Apache-2.0 */
/* `oae profile new` and `oae profile show`. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "harness/commands.h"
#include "harness/profile_draft.h"
#include "harness/profile_show.h"
#include "harness/words.h"
#include "schema/check.h"

#define ANSWER_BYTES_MAX 4096u
#define FROM_DEFAULT "clinic"

static const char help_head[] =
	"usage: oae profile new [FILE] [--from NAME|FILE] [--yes] [options]\n"
	"       oae profile show NAME|FILE [--json]\n\n"
	"A profile says who serves how much, under which limits, wages and"
	" prices. `new`\nasks for yours, one question at a time (an empty"
	" answer takes the default in\nbrackets), and writes FILE (default"
	" NAME.json); with a file of your own prompts\nalso workloads/NAME.*"
	" beside it. Nothing is written before the last answer is\nthere."
	" Answers may also come from a pipe, one a line, or as options.\n"
	"`show` prints a profile with the source of every number.\n\n"
	"Amounts: one number n stands for n/2 to 2n, since it is somebody's"
	" word; or give\nthree, low mid high. What was counted keeps its own"
	" range when it says where:\n  --requests-per-month \"5000 log: our"
	" ticket system, 2026\"\n\n"
	"  --from NAME|FILE         take the defaults from there (" FROM_DEFAULT
	")\n"
	"  --yes                    ask nothing: the default for what no option"
	" says\n";

static const char help_tail[] =
	"\nexamples:\n"
	"  oae profile new\n"
	"  oae profile new mine.json --yes --requests-per-month 5000 --wage-t1"
	" 38\n"
	"  oae profile new mine.json --prompts our-prompts.txt\n"
	"  oae profile show clinic\n\n"
	"exit codes: 0 done; 1 cannot write, or the answers ended too early;"
	" 64 usage\n";

static void print_help(void)
{
	fputs(help_head, stdout);
	for (size_t i = 0; i < oae_question_count; i++)
		printf("  --%-22s %s%s%s%s\n", oae_questions[i].option,
		       oae_questions[i].ask, *oae_questions[i].unit ? " (" : "",
		       oae_questions[i].unit,
		       *oae_questions[i].unit ? ")" : "");
	fputs(help_tail, stdout);
}

struct words {
	const char *file, *from;
	const char *given[OAE_QUESTIONS_MAX]; /* answers that are options */
	bool yes, json, help;
};

static enum oae_status usage(struct oae_error *err, const char *word)
{
	return oae_fail(err, OAE_ERR_USAGE, 0,
			"unexpected '%.60s'; try `oae profile --help`", word);
}

/* The place for the value of --NAME, or NULL. */
static const char **place(struct words *w, const char *name, size_t len)
{
	if (len == 4 && !strncmp(name, "from", len))
		return &w->from;
	for (size_t i = 0; i < oae_question_count; i++)
		if (strlen(oae_questions[i].option) == len &&
		    !strncmp(oae_questions[i].option, name, len))
			return &w->given[i];
	return NULL;
}

static enum oae_status read_option(struct words *w, int argc, char **argv,
				   int *i, struct oae_error *err)
{
	const char *word = argv[*i];
	size_t len = strcspn(word, "=");
	const char **at = strncmp(word, "--", 2) ? NULL :
						   place(w, word + 2, len - 2);

	if (!at)
		return usage(err, word);
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

static enum oae_status read_words(struct words *w, bool make, int argc,
				  char **argv, struct oae_error *err)
{
	enum oae_status status = OAE_OK;

	for (int i = 1; i < argc && !status; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			w->help = true;
			return OAE_OK;
		}
		if (make && !strcmp(argv[i], "--yes"))
			w->yes = true;
		else if (!make && !strcmp(argv[i], "--json"))
			w->json = true;
		else if (argv[i][0] != '-' && !w->file)
			w->file = argv[i];
		else if (make)
			status = read_option(w, argc, argv, &i, err);
		else
			status = usage(err, argv[i]);
	}
	return status;
}

/* ---- the dialogue ----------------------------------------------------- */

static void show_question(const struct oae_question *q,
			  const struct oae_draft *d)
{
	struct oae_buf otherwise;

	oae_buf_init(&otherwise, OAE_PATH_BYTES_MAX);
	oae_question_default(q, d, &otherwise);
	printf("\n%s%s%s%s: %s\n  [%s] ", q->ask, *q->unit ? " (" : "", q->unit,
	       *q->unit ? ")" : "", q->why, oae_buf_str(&otherwise));
	fflush(stdout);
	oae_buf_release(&otherwise);
}

static enum oae_status ask(const struct oae_question *q, struct oae_draft *d,
			   struct oae_error *err)
{
	char line[ANSWER_BYTES_MAX], *text;
	bool cut;

	show_question(q, d);
	for (;;) {
		struct oae_error why = { OAE_OK, 0, "" };

		if (!oae_answer_read(line, sizeof(line), &cut)) {
			putchar('\n');
			return oae_fail(err, OAE_ERR_IO, 0,
					"the answers ended before \"%s\";"
					" nothing was written; answer to the"
					" end, or give --yes for the defaults",
					q->ask);
		}
		text = line + strspn(line, " \t");
		if (cut)
			oae_fail(&why, OAE_ERR_LIMIT, 0, "longer than %u bytes",
				 ANSWER_BYTES_MAX - 1);
		else
			oae_question_take(q, d, text, &why);
		if (!why.status)
			return OAE_OK;
		if (why.status == OAE_ERR_NOMEM)
			return oae_fail(err, why.status, 0, "%s", why.text);
		printf("  no: %s\n  again: ", why.text);
		fflush(stdout);
	}
}

static enum oae_status ask_all(struct oae_draft *d, const struct words *w,
			       struct oae_error *err)
{
	enum oae_status status = OAE_OK;

	for (size_t i = 0; i < oae_question_count && !status; i++) {
		const struct oae_question *q = &oae_questions[i];
		const char *given = w->given[i];

		if (!oae_question_applies(q, d)) {
			if (given)
				status = oae_fail(
					err, OAE_ERR_USAGE, 0,
					"--%s: goes with %s only", q->option,
					q->kind == OAE_ASK_QUANT ||
							q->kind ==
								OAE_ASK_TOKENS ?
						"a --shape" :
					q->kind == OAE_ASK_MAX_TOKENS ?
						"--prompts" :
						"--prompts that have expected"
						" answers");
			continue;
		}
		if (given || w->yes)
			status = oae_question_take(q, d, given ? given : "",
						   err);
		else
			status = ask(q, d, err);
		if (status && given)
			oae_error_prefix(err, "--%s", q->option);
	}
	return status;
}

/* ---- files ------------------------------------------------------------ */

struct target {
	char file[OAE_PATH_BYTES_MAX], folder[OAE_PATH_BYTES_MAX];
	char id[OAE_PROFILE_ID_BYTES_MAX + 1];
	char workload[2 * OAE_PATH_BYTES_MAX], items[2 * OAE_PATH_BYTES_MAX];
};

/* The folder of the file, and the name that it suggests. */
static enum oae_status split_path(struct target *t, const char *file,
				  struct oae_error *err)
{
	const char *slash = strrchr(file, '/');
	const char *name = slash ? slash + 1 : file;
	size_t len = strlen(name);

	if (strlen(file) >= sizeof(t->file) / 2)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "path too long");
	(void)snprintf(t->file, sizeof(t->file), "%s", file);
	(void)snprintf(t->folder, sizeof(t->folder), "%.*s",
		       slash ? (int)(slash - file) : 1, slash ? file : ".");
	if (!t->folder[0])
		(void)snprintf(t->folder, sizeof(t->folder), "/");
	if (len > 5 && !strcmp(name + len - 5, ".json"))
		len -= 5;
	if (len > OAE_PROFILE_ID_BYTES_MAX)
		len = OAE_PROFILE_ID_BYTES_MAX;
	(void)snprintf(t->id, sizeof(t->id), "%.*s", (int)len, name);
	/* A file may be called what a profile may not. */
	if (!oae_check_name(t->id))
		(void)snprintf(t->id, sizeof(t->id), "mine");
	return OAE_OK;
}

static enum oae_status refuse_old(const char *path, struct oae_error *err)
{
	if (oae_file_exists(path) || oae_dir_exists(path))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s: is there already; remove it, or give"
				" another name",
				path);
	return OAE_OK;
}

/* Where things go, once the name is known; nothing there may be lost. */
static enum oae_status place_files(struct target *t, const struct oae_draft *d,
				   bool named, struct oae_error *err)
{
	enum oae_status status;

	if (!named)
		(void)snprintf(t->file, sizeof(t->file), "%s.json", d->id);
	(void)snprintf(t->workload, sizeof(t->workload),
		       "%s/workloads/%s.workload.json", t->folder, d->id);
	(void)snprintf(t->items, sizeof(t->items),
		       "%s/workloads/%s.items.jsonl", t->folder, d->id);
	status = refuse_old(t->file, err);
	if (!status && d->has_prompts)
		status = refuse_old(t->workload, err);
	if (!status && d->has_prompts)
		status = refuse_old(t->items, err);
	return status;
}

static enum oae_status write_files(const struct target *t,
				   const struct oae_draft *d,
				   struct oae_error *err)
{
	char folder[2 * OAE_PATH_BYTES_MAX];
	struct oae_buf profile, workload;
	enum oae_status status;

	oae_buf_init(&profile, OAE_JSON_FILE_BYTES_MAX);
	oae_buf_init(&workload, OAE_JSON_FILE_BYTES_MAX);
	status = oae_draft_profile(d, &profile, err);
	oae_draft_workload(d, &workload);
	if (!status)
		status = oae_buf_check(&workload, "workload", err);
	if (!status && d->has_prompts) {
		(void)snprintf(folder, sizeof(folder), "%s/workloads",
			       t->folder);
		status = oae_dir_make(folder, err);
		if (!status)
			status = oae_file_write(t->items,
						oae_buf_str(&d->prompts.items),
						d->prompts.items.len, err);
		if (!status)
			status = oae_file_write(t->workload, workload.data,
						workload.len, err);
	}
	/* Last: when the profile is there, all of it is. */
	if (!status)
		status =
			oae_file_write(t->file, profile.data, profile.len, err);
	oae_buf_release(&workload);
	oae_buf_release(&profile);
	return status;
}

/* "a,b,c": the profile's workloads. */
static void print_workloads(const struct oae_draft *d)
{
	const cJSON *w;
	bool first = true;

	cJSON_ArrayForEach(w, cJSON_GetObjectItemCaseSensitive(d->tree,
							       "workloads")) {
		printf("%s%s", first ? "" : ",", oae_json_str_or(w, "id", ""));
		first = false;
	}
}

/* A word as a shell takes it. */
static void quote(char *out, size_t size, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
	size_t n = 0;

	if (word[strspn(word, plain)] == '\0') {
		(void)snprintf(out, size, "%s", word);
		return;
	}
	out[n++] = '\'';
	for (; *word && n + 7 < size; word++)
		n += (size_t)snprintf(out + n, size - n, "%s%.*s",
				      *word == '\'' ? "'\\'" : "", 1, word);
	(void)snprintf(out + n, size - n, "'");
}

static void print_next(const struct target *t, const struct oae_draft *d)
{
	char file[2 * OAE_PATH_BYTES_MAX];

	quote(file, sizeof(file), t->file);
	printf("\nwrote %s\n", t->file);
	if (d->has_prompts)
		printf("wrote %s (%zu prompts%s)\nwrote %s\n", t->items,
		       d->prompts.count,
		       d->prompts.expected ? "" : ", without right answers",
		       t->workload);
	printf("\nnext:\n  oae profile show %s\n"
	       "  oae score DIR --profile %s      a finished run, for you\n"
	       "  oae run --profile %s --workloads ",
	       file, file, file);
	print_workloads(d);
	puts("");
	if (d->has_prompts && d->judge == OAE_JUDGE_NONE)
		puts("\nWithout \"expected\" answers costs are shown, but"
		     " nothing is ranked: nobody can\ntell whether a cheaper"
		     " answer is a worse one.");
}

static enum oae_status make(struct words *w, struct oae_error *err)
{
	struct target t = { .folder = ".", .id = "mine" };
	struct oae_draft *d = calloc(1, sizeof(*d));
	enum oae_status status = OAE_OK;

	if (!d)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	if (w->file)
		status = split_path(&t, w->file, err);
	if (!status && w->file)
		status = refuse_old(t.file, err);
	if (!status && !oae_dir_exists(t.folder))
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "%.200s: no such folder", t.folder);
	if (!status)
		status = oae_draft_begin(d, w->from ? w->from : FROM_DEFAULT,
					 t.folder, t.id, err);
	if (!status && !w->yes)
		printf("Defaults are those of %s (--from). An empty answer"
		       " takes what stands in brackets.\n",
		       d->base.id);
	if (!status)
		status = ask_all(d, w, err);
	if (!status)
		status = place_files(&t, d, w->file != NULL, err);
	if (!status)
		status = write_files(&t, d, err);
	if (!status)
		print_next(&t, d);
	oae_draft_release(d);
	free(d);
	if (!status && fflush(stdout) != 0)
		status = oae_fail(err, OAE_ERR_IO, errno, "standard output");
	return status;
}

int oae_cmd_profile(int argc, char **argv)
{
	struct oae_error err = { OAE_OK, 0, "" };
	const char *what = argc > 1 ? argv[1] : "";
	bool new = !strcmp(what, "new");
	struct words w = { 0 };
	enum oae_status status;

	if (!strcmp(what, "--help") || !strcmp(what, "-h")) {
		print_help();
		return OAE_EXIT_OK;
	}
	if (!new &&strcmp(what, "show") != 0)
		status = oae_fail(&err, OAE_ERR_USAGE, 0,
				  "say new or show; try `oae profile --help`");
	else
		status = read_words(&w, new, argc - 1, argv + 1, &err);
	if (!status && w.help) {
		print_help();
		return OAE_EXIT_OK;
	}
	if (!status && new)
		status = make(&w, &err);
	else if (!status && !w.file)
		status = oae_fail(&err, OAE_ERR_USAGE, 0,
				  "show: name a profile; `oae list profiles`"
				  " has them");
	else if (!status)
		status = oae_profile_show(w.file, w.json, &err);
	return status ? oae_die_code("oae profile", &err) : OAE_EXIT_OK;
}
