/* SPDX-License-Identifier: Apache-2.0 */
/* `oae verify DIR`: is everything as it was, and does it add up? */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/sha256.h"
#include "harness/cmd_verify_submission.h"
#include "harness/commands.h"
#include "harness/folder_schemas.h"
#include "harness/submission.h"
#include "harness/words.h"
#include "schema/check.h"
#include "schema/result.h"
#include "schema/tune.h"

#define FINDING_BYTES 600
#define FILES_MAX 100000u

static const char help[] =
	"usage: oae verify DIR [--json]\n"
	"       oae verify SUBMISSION [--allowed-signers FILE] [--json]\n"
	"       oae verify SUBMISSION --rerun --nonce S [--out FOLDER]"
	" [--by NAME]\n\n"
	"Checks a run folder and names everything that is wrong:\n"
	"  files    every file has the hash that SHA256SUMS names; none is"
	" missing, none\n           is there that it does not name\n"
	"  journal  every line names the hash of the line before it, and the"
	" seal fits\n"
	"  schema   result.json, every line of the journal and the inputs are"
	" as the\n           schemas of the standard say\n"
	"  inputs   are those whose hashes the journal names\n"
	"  result   result.json, recomputed from journal and inputs: byte for"
	" byte when\n           this build made it, else every number to 1e-9\n"
	"  tune     of a tuning instead: tune.json, byte for byte\n\n"
	"Checks a submission (of `oae submit`), which may be hostile, by every"
	" rule of\n`oae list rules`: container, hashes, signature, documents,"
	" what the journal tells,\nthe plan, every number."
	" All findings are told,"
	" each with its rule and clause.\n\n"
	"  --allowed-signers FILE  who may sign: lines \"ORG KEYTYPE KEY\" as"
	" ssh-keygen(1)\n                          has them; without it the"
	" signature is not checked\n"
	"  --json                  for programs\n\n"
	"With --rerun a submission that holds is run again here, with a seed"
	" made of the\nadapter's hash and your nonce,"
	" items shuffled and renamed,"
	" and compared number by\nnumber: within 2 % on"
	" the same machine, 10 % for"
	" ratios on another, intervals\nconsidered. Draw the nonce after the"
	" submission was committed. THE ADAPTER'S CODE\nIS SOMEBODY ELSE'S AND"
	" RUNS AS YOU: use a machine or container of its own,\nwithout network,"
	" as a user who owns nothing.\n\n"
	"  --nonce S      1 to 128 printable characters, `openssl rand -hex 16`"
	" say\n"
	"  --out FOLDER   where to run (default rerun-NONCE); must be new\n"
	"  --review FILE  default: SUBMISSION.review.json, beside it\n"
	"  --by NAME      who reviews (default: $USER)\n\n"
	"examples:\n"
	"  oae verify oae-runs/20261125T183339Z-quick\n"
	"  oae verify submissions/clinic-north/2026-11-25-quick"
	" --allowed-signers signers\n\n"
	"  oae verify submissions/clinic-north/2026-11-25-quick --rerun"
	" --nonce 7f3a\n\n"
	"exit codes: 0 all is well (reproduced), 1 cannot check, 2 something is"
	" wrong\n(disputed), 3 nothing to compare, 4 of another version, 64"
	" usage\n";

/* What was found, for people as it comes or for programs at the end. */
struct checker {
	const char *dir;
	bool as_json;
	struct oae_buf json;
	struct oae_jw w;
	size_t bad;
	bool other_version, broken_journal, is_tuning;
	struct oae_folder_schemas schemas;
};

__attribute__((format(printf, 4, 5))) static void
say(struct checker *c, bool ok, const char *check, const char *fmt, ...)
{
	char text[FINDING_BYTES];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	c->bad += !ok;
	if (!c->as_json) {
		printf("%-5s %-8s %s\n", ok ? "ok" : "WRONG", check, text);
		return;
	}
	oae_jw_obj(&c->w, NULL);
	oae_jw_str(&c->w, "check", check);
	oae_jw_bool(&c->w, "ok", ok);
	oae_jw_str(&c->w, "text", text);
	oae_jw_end_obj(&c->w);
}

static void say_error(struct checker *c, const char *check,
		      const struct oae_error *err)
{
	c->other_version |= err->status == OAE_ERR_UNSUPPORTED;
	say(c, false, check, "%s", err->text);
}

/* ---- files ------------------------------------------------------------ */

struct sum {
	const char *path, *hex; /* not terminated: 64 digits, path_len */
	size_t path_len;
};

struct sum_list {
	struct sum *item;
	size_t count;
};

/* "HEX  PATH\n" lines; false at the first that is none. */
static bool parse_sums(const struct oae_buf *text, struct sum_list *list,
		       size_t *line)
{
	const char *at = oae_buf_str(text), *end = at + text->len;

	list->count = 0;
	list->item = calloc(FILES_MAX, sizeof(*list->item));
	for (*line = 1; list->item && at < end; (*line)++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (!stop || stop - at < 67 || list->count == FILES_MAX ||
		    strspn(at, "0123456789abcdef") != 64 || at[64] != ' ' ||
		    at[65] != ' ')
			return false;
		list->item[list->count].hex = at;
		list->item[list->count].path = at + 66;
		list->item[list->count++].path_len = (size_t)(stop - at) - 66;
		at = stop + 1;
	}
	return list->item != NULL;
}

static const struct sum *find_sum(const struct sum_list *list,
				  const struct sum *like)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->item[i].path_len == like->path_len &&
		    memcmp(list->item[i].path, like->path, like->path_len) == 0)
			return &list->item[i];
	return NULL;
}

/* Both lists name hash and path: what is and what should be. */
static void compare_sums(struct checker *c, const struct sum_list *is,
			 const struct sum_list *should)
{
	size_t before = c->bad;

	for (size_t i = 0; i < should->count; i++) {
		const struct sum *want = &should->item[i];
		const struct sum *have = find_sum(is, want);

		if (!have)
			say(c, false, "files", "%.*s: missing",
			    (int)want->path_len, want->path);
		else if (memcmp(have->hex, want->hex, 64) != 0)
			say(c, false, "files",
			    "%.*s: changed; its sha256 is"
			    " not the one in SHA256SUMS",
			    (int)want->path_len, want->path);
	}
	for (size_t i = 0; i < is->count; i++)
		if (!find_sum(should, &is->item[i]))
			say(c, false, "files", "%.*s: not in SHA256SUMS",
			    (int)is->item[i].path_len, is->item[i].path);
	if (c->bad == before)
		say(c, false, "files",
		    "SHA256SUMS: its lines are not sorted"
		    " or stand twice");
}

static enum oae_status check_files(struct checker *c, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	struct oae_buf was, is;
	struct sum_list a = { NULL, 0 }, b = { NULL, 0 };
	size_t line;
	enum oae_status status;

	oae_buf_init(&was, OAE_TEXT_FILE_BYTES_MAX);
	oae_buf_init(&is, OAE_TEXT_FILE_BYTES_MAX);
	status = oae_path_join(path, sizeof(path), c->dir, "SHA256SUMS", err);
	if (status)
		goto out;
	if (!oae_file_exists(path)) {
		say(c, false, "files",
		    "SHA256SUMS: missing; `oae score`"
		    " writes it");
		goto out;
	}
	status = oae_file_read(path, &was, err);
	if (!status)
		status = oae_sums_build(c->dir, &is, err);
	if (status)
		goto out;
	if (!parse_sums(&was, &b, &line)) {
		say(c, false, "files",
		    "SHA256SUMS line %zu: is not \"HASH "
		    " PATH\"",
		    line);
		goto out;
	}
	if (was.len == is.len && memcmp(was.data, is.data, is.len) == 0)
		say(c, true, "files", "%zu files are there and unchanged",
		    b.count);
	else if (parse_sums(&is, &a, &line))
		compare_sums(c, &a, &b);
out:
	free(a.item);
	free(b.item);
	oae_buf_release(&was);
	oae_buf_release(&is);
	return status;
}

/* ---- journal ---------------------------------------------------------- */

static enum oae_status check_journal(struct checker *c, struct oae_error *err)
{
	struct oae_error found = { OAE_OK, 0, "" };
	struct oae_records *r = calloc(1, sizeof(*r));
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	if (!r)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	status =
		oae_path_join(path, sizeof(path), c->dir, "journal.jsonl", err);
	if (status)
		goto out;
	c->broken_journal = oae_records_visit(path, r, oae_folder_schemas_line,
					      &c->schemas, &found) != OAE_OK;
	c->is_tuning = oae_tune_is(r->campaign);
	if (c->broken_journal)
		say_error(c, "journal", &found);
	else if (!r->sealed)
		say(c, false, "journal",
		    "%" PRIu64 " lines, chain unbroken,"
		    " but no seal: the campaign did not end; finish it with"
		    " `oae run --resume %s`",
		    r->lines, c->dir);
	else if (r->torn_bytes)
		say(c, false, "journal", "%" PRIu64 " bytes follow the seal",
		    r->torn_bytes);
	else
		say(c, true, "journal",
		    "%" PRIu64 " lines, chain unbroken,"
		    " sealed: %zu runs, %zu requests%s",
		    r->lines, r->run_count, r->sample_count,
		    r->redacted ? "; redacted: its verdicts cannot be judged"
				  " again" :
				  "");
out:
	oae_records_release(r);
	free(r);
	return status;
}

/* ---- schemas ---------------------------------------------------------- */

static void say_schema(void *ctx, const char *text)
{
	say(ctx, false, "schema", "%s", text);
}

static enum oae_status check_schemas(struct checker *c, struct oae_error *err)
{
	const struct oae_folder_schemas *s = &c->schemas;
	size_t before = c->bad;
	enum oae_status status = oae_folder_schemas_files(&c->schemas, c->dir,
							  say_schema, c, err);

	if (!status && s->missing)
		say(c, true, "schema",
		    "not checked: this program has no data folder; set"
		    " OAE_HOME");
	else if (!status && c->bad == before)
		say(c, true, "schema",
		    "%" PRIu64 " lines of the journal and %zu files are as"
		    " their schemas say",
		    s->lines, s->files);
	return status;
}

/* ---- result ----------------------------------------------------------- */

static bool same_build(const cJSON *was, const cJSON *is)
{
	return cJSON_Compare(cJSON_GetObjectItemCaseSensitive(was, "build"),
			     cJSON_GetObjectItemCaseSensitive(is, "build"),
			     true);
}

static enum oae_status compare_result(struct checker *c, const char *path,
				      const cJSON *was,
				      const struct oae_buf *rebuilt,
				      struct oae_error *err)
{
	struct oae_error found = { OAE_OK, 0, "" };
	struct oae_buf bytes;
	cJSON *is = NULL;
	enum oae_status status;
	bool same;

	oae_buf_init(&bytes, OAE_RESULT_BYTES_MAX);
	status = oae_file_read(path, &bytes, err);
	if (!status)
		status = oae_json_parse(rebuilt->data, rebuilt->len, &is, err);
	if (status)
		goto out;
	same = bytes.len == rebuilt->len &&
	       memcmp(bytes.data, rebuilt->data, bytes.len) == 0;
	if (same)
		say(c, true, "result",
		    "result.json recomputed from journal"
		    " and inputs: equal byte for byte");
	else if (oae_result_compare(was, is, &found))
		say(c, false, "result", "result.json: %s", found.text);
	else if (same_build(was, is))
		say(c, false, "result",
		    "result.json: every value is right but"
		    " its bytes are not those that this build writes");
	else
		say(c, true, "result",
		    "result.json recomputed with another"
		    " build: every number equal to 1e-9");
out:
	cJSON_Delete(is);
	oae_buf_release(&bytes);
	return status;
}

static enum oae_status check_result(struct checker *c, struct oae_error *err)
{
	struct oae_error found = { OAE_OK, 0, "" };
	char path[OAE_PATH_BYTES_MAX];
	struct oae_buf rebuilt;
	cJSON *was = NULL;
	enum oae_status status;

	oae_buf_init(&rebuilt, OAE_RESULT_BYTES_MAX);
	status = oae_path_join(path, sizeof(path), c->dir, "result.json", err);
	if (status)
		goto out;
	if (!oae_file_exists(path)) {
		say(c, false, "result",
		    "result.json: missing; `oae score`"
		    " writes it");
		goto out;
	}
	if (oae_result_read(path, &was, &found)) {
		say_error(c, "result", &found);
		goto out;
	}
	if (c->broken_journal)
		goto out; /* there is nothing to recompute it from */
	if (oae_result_build(c->dir, &rebuilt, &found)) {
		say_error(c,
			  found.status == OAE_ERR_CHECK ? "inputs" : "result",
			  &found);
		goto out;
	}
	say(c, true, "inputs", "are those that the journal names");
	status = compare_result(c, path, was, &rebuilt, err);
out:
	cJSON_Delete(was);
	oae_buf_release(&rebuilt);
	return status;
}

static enum oae_status check_tune(struct checker *c, struct oae_error *err)
{
	struct oae_error found = { OAE_OK, 0, "" };
	char path[OAE_PATH_BYTES_MAX];
	struct oae_buf was, is;
	enum oae_status status;

	oae_buf_init(&was, OAE_TUNE_BYTES_MAX);
	oae_buf_init(&is, OAE_TUNE_BYTES_MAX);
	status = oae_path_join(path, sizeof(path), c->dir, OAE_TUNE_NAME, err);
	if (status)
		goto out;
	if (!oae_file_exists(path)) {
		say(c, false, "tune",
		    OAE_TUNE_NAME ": missing; `oae tune --resume` writes it");
		goto out;
	}
	status = oae_file_read(path, &was, err);
	if (status || c->broken_journal)
		goto out;
	if (oae_tune_build(c->dir, &is, &found))
		say_error(c, found.status == OAE_ERR_CHECK ? "inputs" : "tune",
			  &found);
	else if (was.len != is.len || memcmp(was.data, is.data, is.len) != 0)
		say(c, false, "tune",
		    OAE_TUNE_NAME ": is not what journal and inputs give");
	else
		say(c, true, "tune",
		    OAE_TUNE_NAME " recomputed from journal and inputs: equal"
				  " byte for byte");
out:
	oae_buf_release(&was);
	oae_buf_release(&is);
	return status;
}

static int finish(struct checker *c)
{
	if (c->as_json) {
		oae_jw_end_arr(&c->w);
		oae_jw_bool(&c->w, "ok", c->bad == 0);
		oae_jw_end_obj(&c->w);
		printf("%s\n", oae_buf_str(&c->json));
	} else if (c->bad) {
		printf("%s: %zu finding%s\n", c->dir, c->bad,
		       c->bad == 1 ? "" : "s");
	} else {
		printf("%s: verified\n", c->dir);
	}
	oae_buf_release(&c->json);
	if (fflush(stdout) != 0)
		return OAE_EXIT_ERROR;
	if (c->other_version)
		return OAE_EXIT_NOT_COMPARABLE;
	return c->bad ? OAE_EXIT_CHECK : OAE_EXIT_OK;
}

static int verify(const char *dir, bool as_json)
{
	struct checker c = { .dir = dir, .as_json = as_json };
	struct oae_error err = { OAE_OK, 0, "" };
	enum oae_status status;

	if (!oae_dir_exists(dir)) {
		fprintf(stderr, "oae verify: %.200s: no such folder\n", dir);
		return OAE_EXIT_ERROR;
	}
	oae_buf_init(&c.json, OAE_TEXT_FILE_BYTES_MAX);
	oae_jw_init(&c.w, &c.json, 2);
	oae_jw_obj(&c.w, NULL);
	oae_jw_str(&c.w, "folder", dir);
	oae_jw_arr(&c.w, "checks");
	status = oae_folder_schemas_open(&c.schemas, &err);
	if (!status)
		status = check_files(&c, &err);
	if (!status)
		status = check_journal(&c, &err);
	if (!status)
		status = check_schemas(&c, &err);
	if (!status)
		status = c.is_tuning ? check_tune(&c, &err) :
				       check_result(&c, &err);
	oae_folder_schemas_release(&c.schemas);
	if (status) {
		oae_buf_release(&c.json);
		return oae_die_code("oae verify", &err);
	}
	return finish(&c);
}

/* ---- words ------------------------------------------------------------ */

static bool take_option(struct oae_verify_words *o, int argc, char **argv,
			int *i)
{
	struct {
		const char *name, **out;
	} options[] = {
		{ "--allowed-signers", &o->allowed },
		{ "--nonce", &o->nonce },
		{ "--out", &o->out },
		{ "--by", &o->by },
		{ "--review", &o->review },
	};
	const char *value;

	if (strcmp(argv[*i], "--json") == 0)
		return o->json = true;
	if (strcmp(argv[*i], "--rerun") == 0)
		return o->rerun = true;
	for (size_t k = 0; k < sizeof(options) / sizeof(options[0]); k++) {
		value = oae_word_value(options[k].name, argc, argv, i);
		if (value) {
			*options[k].out = value;
			return true;
		}
	}
	return false;
}

/* False with a line on stderr. */
static bool read_words(struct oae_verify_words *o, int argc, char **argv)
{
	const char *wrong = NULL;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0) {
			o->help = true;
			return true;
		}
		if (take_option(o, argc, argv, &i))
			continue;
		if (argv[i][0] == '-' || o->dir) {
			fprintf(stderr,
				"oae verify: unexpected '%.60s'; try"
				" `oae verify --help`\n",
				argv[i]);
			return false;
		}
		o->dir = argv[i];
	}
	if (!o->dir)
		wrong = "give a run folder or a submission";
	else if (o->rerun && !o->nonce)
		wrong = "--rerun needs --nonce S, drawn after the submission"
			" was committed";
	else if (!o->rerun && (o->nonce || o->out || o->by || o->review))
		wrong = "--nonce, --out, --by and --review go with --rerun";
	if (wrong)
		fprintf(stderr, "oae verify: %s; try `oae verify --help`\n",
			wrong);
	return !wrong;
}

int oae_cmd_verify(int argc, char **argv)
{
	struct oae_verify_words o = { 0 };

	if (!read_words(&o, argc, argv))
		return OAE_EXIT_USAGE;
	if (o.help) {
		fputs(help, stdout);
		return OAE_EXIT_OK;
	}
	if (oae_dir_exists(o.dir) &&
	    (o.allowed || o.rerun || oae_is_submission(o.dir)))
		return oae_verify_submission(&o);
	return verify(o.dir, o.json);
}
