/* SPDX-License-Identifier: Apache-2.0 */
/* `oae effort`: what a system takes people, asked, counted, shown. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "harness/cmd_effort_text.h"
#include "harness/commands.h"
#include "harness/words.h"

#define MONTHS 24.0
#define MONTHS_MAX 1200.0
#define AGAIN_MAX 20 /* wrong answers to one question */

static const char help[] =
	"usage: oae effort ADAPTER/SYSTEM [options]       asks, then writes"
	" the ledger\n"
	"       oae effort ADAPTER/SYSTEM --show [--json]\n"
	"       oae effort ADAPTER/SYSTEM --count [--check]\n"
	"       oae effort ADAPTER/SYSTEM --remove NAME\n\n"
	"The effort ledger of a system says what it takes people to adopt and"
	" to keep it,\nby skill, and the machine time that its parts took. It"
	" asks for one activity\nafter the other (an empty one ends), shows the"
	" sums and what they come to in\nmoney, and writes the file when you"
	" agree. Answers may also come from a pipe, one\na line, or as options."
	" Nothing is written before the last answer is there.\n\n"
	"A declared number is somebody's word and needs a range, at least half"
	" to double:\none number n stands for n/2 to 2n. What was counted says"
	" so: its source begins\nwith \"log:\".\n\n"
	"  --activity TEXT  what is done           --kind KIND    adoption,"
	" maintenance, machine\n"
	"  --tier T         T1, T2, T3             --class CLASS  declared,"
	" measured, ...\n"
	"  --source TEXT    why you think so       --amount \"L M H\" or N\n"
	"  --id NAME        its name; one that is there is replaced\n"
	"  --yes            ask nothing: defaults for what no option says\n"
	"  --remove NAME    take an entry out\n"
	"  --show           show the ledger; change nothing\n"
	"  --count          count what must be kept (lines of configuration,"
	" knobs, models,\n                   processes) and write that into the"
	" ledger\n"
	"  --check          with --count: write nothing; 2 where the ledger"
	" says otherwise\n"
	"  --months N       of maintenance in the sums (24)\n"
	"  --adapter DIR    an adapter from elsewhere\n"
	"  --out FILE       write there instead of the adapter's ledger\n"
	"  --json           print JSON instead of tables\n\n"
	"examples:\n"
	"  oae effort mine/system\n"
	"  oae effort mine/system --yes --activity \"install it\" --amount 3"
	" --source \"two tries\"\n"
	"  oae effort reference/speculative --show\n\n"
	"exit codes: 0 done; 1 cannot write, or the answers ended too early; 2"
	" a count is\nanother than the ledger's; 64 usage\n";

struct args {
	const char *spec, *adapter, *out, *remove, *months_text;
	const char *given[OAE_EFFORT_ASKS];
	bool any, yes, show, count, check, json, help;
	double months;
};

/* ---- the words -------------------------------------------------------- */

static bool take_flag(struct args *a, const char *word)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "--yes", &a->yes },	  { "--show", &a->show },
		{ "--count", &a->count }, { "--check", &a->check },
		{ "--json", &a->json },	  { "--help", &a->help },
		{ "-h", &a->help },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (strcmp(word, flags[i].name) == 0) {
			*flags[i].flag = true;
			return true;
		}
	return false;
}

static const char **place(struct args *a, const char *word)
{
	const struct {
		const char *name;
		const char **value;
	} texts[] = {
		{ "--adapter", &a->adapter },
		{ "--out", &a->out },
		{ "--remove", &a->remove },
		{ "--months", &a->months_text },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (strcmp(word, texts[i].name) == 0)
			return texts[i].value;
	for (int q = 0; q < OAE_EFFORT_ASKS && !strncmp(word, "--", 2); q++)
		if (strcmp(word + 2, oae_effort_questions[q].option) == 0) {
			a->any = true;
			return &a->given[q];
		}
	return NULL;
}

static enum oae_status read_months(struct args *a, struct oae_error *err)
{
	char *end;

	a->months = MONTHS;
	if (!a->months_text)
		return OAE_OK;
	a->months = strtod(a->months_text, &end);
	if (end == a->months_text || *end ||
	    !(a->months > 0 && a->months <= MONTHS_MAX))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--months '%.40s': must be above 0, at most"
				" %g",
				a->months_text, MONTHS_MAX);
	return OAE_OK;
}

static enum oae_status read_args(struct args *a, int argc, char **argv,
				 struct oae_error *err)
{
	const char **value;

	for (int i = 1; i < argc; i++) {
		if (take_flag(a, argv[i]))
			continue;
		value = place(a, argv[i]);
		if (value && i + 1 >= argc)
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"%s needs a value", argv[i]);
		if (value && *value)
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"%s is given twice", argv[i]);
		if (value)
			*value = argv[++i];
		else if (argv[i][0] == '-' || a->spec)
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"unexpected '%.60s'; `oae effort"
					" --help` lists what there is",
					argv[i]);
		else
			a->spec = argv[i];
	}
	if (a->help)
		return OAE_OK;
	if (!a->spec)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"give a system, such as reference/dense; `oae"
				" list systems` shows them");
	if (a->show + a->count + (a->remove != NULL) + a->any > 1)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"give one of --show, --count, --remove and the"
				" answers of an entry");
	if (a->check && !a->count)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--check goes with --count");
	return read_months(a, err);
}

/* ---- the dialogue ----------------------------------------------------- */

static enum oae_status too_early(const char *what, struct oae_error *err)
{
	fputc('\n', stderr);
	return oae_fail(err, OAE_ERR_IO, 0,
			"the answers ended before \"%s\"; nothing was written;"
			" answer to the end, or give --yes for the defaults",
			what);
}

/* *empty: an empty answer, where that may be one (an activity). */
static enum oae_status ask(enum oae_effort_ask q, struct oae_effort_entry *x,
			   bool *empty, struct oae_error *err)
{
	const struct oae_effort_question *ask = &oae_effort_questions[q];
	char line[OAE_EFFORT_TEXT + 64], otherwise[OAE_EFFORT_TEXT], *text;
	bool cut;

	oae_effort_default(q, x, otherwise, sizeof(otherwise));
	fprintf(stderr, "\n%s: %s\n  [%s] ", ask->ask, ask->why,
		q == OAE_EFFORT_ACTIVITY ? "no more" : otherwise);
	for (int i = 0; i < AGAIN_MAX; i++) {
		struct oae_error why = { OAE_OK, 0, "" };

		if (!oae_answer_read(line, sizeof(line), &cut))
			return too_early(ask->ask, err);
		text = line + strspn(line, " \t");
		if (!*text && empty) {
			*empty = true;
			return OAE_OK;
		}
		if (cut)
			oae_fail(&why, OAE_ERR_LIMIT, 0, "too long");
		else
			oae_effort_take(q, text, x, &why);
		if (!why.status)
			return OAE_OK;
		fprintf(stderr, "  no: %s\n  again: ", why.text);
	}
	return oae_fail(err, OAE_ERR_USAGE, 0,
			"%d wrong answers to \"%s\"; nothing was written",
			AGAIN_MAX, ask->ask);
}

/* One entry: options first, the rest is asked, or its default taken. */
static enum oae_status one_entry(const struct args *a,
				 struct oae_effort_entry *x, bool may_end,
				 bool *ended, struct oae_error *err)
{
	enum oae_status status = OAE_OK;

	memset(x, 0, sizeof(*x));
	for (int i = 0; i < OAE_EFFORT_ASKS && !status && !*ended; i++) {
		enum oae_effort_ask q = (enum oae_effort_ask)i;
		const char *given = a->given[q];

		if (!oae_effort_applies(q, x)) {
			if (given)
				status = oae_fail(
					err, OAE_ERR_USAGE, 0,
					"--%s: machine time has no"
					" skill",
					oae_effort_questions[q].option);
			continue;
		}
		if (given || a->yes) {
			status = oae_effort_take(q, given ? given : "", x, err);
			if (status)
				oae_error_prefix(
					err, "--%s",
					oae_effort_questions[q].option);
		} else {
			status = ask(q, x,
				     may_end && q == OAE_EFFORT_ACTIVITY ?
					     ended :
					     NULL,
				     err);
		}
	}
	return status;
}

static enum oae_status put(struct oae_effort *e,
			   const struct oae_effort_entry *x,
			   struct oae_error *err)
{
	bool replaced = false;
	enum oae_status status = oae_effort_put(e, x, &replaced, err);

	if (!status)
		fprintf(stderr, "  %s %s\n", replaced ? "replaces" : "adds",
			x->id);
	return status;
}

static enum oae_status agree(const struct oae_effort *e, bool *yes,
			     struct oae_error *err)
{
	char line[64];
	bool cut;

	fprintf(stderr, "\nwrite %s? [Y/n] ", e->path);
	if (!oae_answer_read(line, sizeof(line), &cut))
		return too_early("write it?", err);
	*yes = !line[0] || line[0] == 'y' || line[0] == 'Y';
	return OAE_OK;
}

static enum oae_status show(const struct oae_effort *e, const struct args *a,
			    FILE *to, struct oae_error *err)
{
	struct oae_buf text;
	enum oae_status status;

	oae_buf_init(&text, OAE_JSON_FILE_BYTES_MAX);
	status = a->json ? oae_effort_json(e, a->months, &text, err) :
			   oae_effort_text(e, a->months, &text, err);
	if (!status && (fputs(oae_buf_str(&text), to) < 0 || fflush(to) < 0))
		status = oae_fail(err, OAE_ERR_IO, errno, "standard output");
	oae_buf_release(&text);
	return status;
}

/* Asks entry after entry; the file is written once, at the end. */
static enum oae_status converse(struct oae_effort *e, const struct args *a,
				struct oae_error *err)
{
	struct args table = *a;
	struct oae_effort_entry x;
	enum oae_status status;
	bool ended = false, yes = false;
	size_t n = 0;

	table.json = false;
	status = show(e, &table, stderr, err);
	while (!status && !ended) {
		status = one_entry(a, &x, true, &ended, err);
		if (!status && !ended)
			status = put(e, &x, err);
		n += !status && !ended;
	}
	if (status)
		return status;
	if (!n) {
		fputs("nothing to write\n", stderr);
		return OAE_OK;
	}
	fputc('\n', stderr);
	status = show(e, &table, stderr, err);
	if (!status)
		status = agree(e, &yes, err);
	if (!status && yes)
		status = oae_effort_write(e, err);
	else if (!status)
		fputs("nothing was written\n", stderr);
	return status;
}

/* ---- what there is to do ---------------------------------------------- */

static enum oae_status add_one(struct oae_effort *e, const struct args *a,
			       struct oae_error *err)
{
	struct oae_effort_entry x;
	bool ended = false;
	enum oae_status status = one_entry(a, &x, false, &ended, err);

	if (!status)
		status = put(e, &x, err);
	return status ? status : oae_effort_write(e, err);
}

static enum oae_status count(struct oae_effort *e, const struct args *a,
			     struct oae_error *err)
{
	cJSON *counted;
	enum oae_status status = oae_effort_count(e, &counted, err);

	if (status)
		return status;
	if (a->check) {
		status = oae_effort_compare(e, counted, err);
		cJSON_Delete(counted);
		return status;
	}
	status = oae_effort_put_counts(e, counted, err);
	return status ? status : oae_effort_write(e, err);
}

static enum oae_status act(struct oae_effort *e, const struct args *a,
			   struct oae_error *err)
{
	enum oae_status status;

	if (a->show)
		return OAE_OK;
	if (a->count)
		return count(e, a, err);
	if (a->any || a->yes)
		return add_one(e, a, err);
	if (!a->remove)
		return converse(e, a, err);
	status = oae_effort_remove(e, a->remove, err);
	return status ? status : oae_effort_write(e, err);
}

static void hint(const struct oae_effort *e, const struct args *a)
{
	if (e->is_new && !e->entry->effort && !a->out && !a->show)
		oae_info("add \"effort\": \"effort/%s.ledger.json\" to the"
			 " system in %s/adapter.json, so that it counts",
			 e->entry->name, e->dir);
}

int oae_cmd_effort(int argc, char **argv)
{
	struct args a = { .months = MONTHS };
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_effort *e = calloc(1, sizeof(*e));
	enum oae_status status = OAE_ERR_NOMEM;

	if (e)
		status = read_args(&a, argc, argv, &err);
	if (!status && a.help) {
		fputs(help, stdout);
		free(e);
		return OAE_EXIT_OK;
	}
	if (!status)
		status = oae_effort_open(e, a.spec, a.adapter, a.out, &err);
	if (!status)
		status = act(e, &a, &err);
	if (!status)
		status = show(e, &a, stdout, &err);
	if (!status)
		hint(e, &a);
	if (e)
		oae_effort_close(e);
	free(e);
	return status ? oae_die_code("oae effort", &err) : OAE_EXIT_OK;
}
