/* SPDX-License-Identifier: Apache-2.0 */
/* `oae validate FILE...`: files against the schemas of the standard. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "harness/commands.h"
#include "schema/documents.h"

#define FAULTS_SHOWN_MAX 20u /* of one file */

static const char help[] =
	"usage: oae validate FILE... [--schema NAME|FILE] [--json]\n\n"
	"Checks files against the schemas of the standard"
	" (schema/documents/): an\n"
	"adapter.json, a workload and its items, a suite, a profile, a ledger,"
	" a journal,\na result and more. Each file's kind is told from its"
	" content; a file NAME.jsonl\nis JSON lines, each a document. A fault"
	" is named by its JSON Pointer, the\nkeyword of the schema that is not"
	" met, what was wanted and what was found.\n\n"
	"  --schema NAME  check for this kind, whatever the content says\n"
	"  --schema FILE  check with a JSON Schema of your own (draft 2020-12;"
	" a path\n                 with a '/', or a name that ends in .json)\n"
	"  --json         for programs\n"
	"  --list         the kinds there are\n\n"
	"examples:\n"
	"  oae validate adapters/mine/adapter.json"
	" adapters/mine/effort/*.json\n"
	"  oae validate workloads/mine.workload.json"
	" workloads/mine.items.jsonl\n"
	"  oae validate results/*/journal.jsonl\n\n"
	"What a schema cannot say (that an items file has the hash that its"
	" workload\nnames, that a journal's chain is unbroken) `oae run`,"
	" `oae score` and\n`oae verify` check.\n\n"
	"exit codes: 0 every file fits, 1 a file cannot be read, 2 a file does"
	" not fit,\n64 usage\n";

struct validate {
	struct oae_schema_set set;
	struct oae_schema *own; /* of --schema FILE */
	const struct oae_document *kind;
	const char *path; /* of the file being checked */
	size_t shown, wrong;
	bool as_json, list;
	struct oae_buf buf;
	struct oae_jw w;
};

static void show(void *ctx, uint64_t line, const char *text)
{
	struct validate *v = ctx;

	if (v->shown++ >= FAULTS_SHOWN_MAX)
		return;
	if (v->as_json) {
		oae_jw_obj(&v->w, NULL);
		if (line)
			oae_jw_int(&v->w, "line", (int64_t)line);
		else
			oae_jw_null(&v->w, "line");
		oae_jw_str(&v->w, "text", text);
		oae_jw_end_obj(&v->w);
	} else if (line) {
		printf("WRONG %s line %" PRIu64 ": %s\n", v->path, line, text);
	} else {
		printf("WRONG %s: %s\n", v->path, text);
	}
}

static void conclude(struct validate *v, const struct oae_file_check *c)
{
	const char *schema = c->schema ? oae_schema_name(c->schema) : NULL;

	if (v->as_json) {
		oae_jw_end_arr(&v->w);
		oae_jw_str(&v->w, "schema", schema);
		oae_jw_int(&v->w, "documents", (int64_t)c->documents);
		oae_jw_int(&v->w, "wrong", (int64_t)c->wrong);
		oae_jw_bool(&v->w, "ok", !c->wrong);
		oae_jw_end_obj(&v->w);
		return;
	}
	if (v->shown > FAULTS_SHOWN_MAX)
		printf("WRONG %s: and %zu more\n", v->path,
		       v->shown - FAULTS_SHOWN_MAX);
	if (!c->wrong && c->documents > 1)
		printf("ok    %s: %" PRIu64 " lines fit %s\n", v->path,
		       c->documents, schema);
	else if (!c->wrong)
		printf("ok    %s: fits %s\n", v->path, schema);
}

static enum oae_status one_file(struct validate *v, struct oae_error *err)
{
	struct oae_file_check c = {
		.set = &v->set,
		.document = v->kind,
		.schema = v->own,
		.fault = show,
		.ctx = v,
	};
	enum oae_status status;

	v->shown = 0;
	if (v->as_json) {
		oae_jw_obj(&v->w, NULL);
		oae_jw_str(&v->w, "file", v->path);
		oae_jw_arr(&v->w, "faults");
	}
	status = oae_document_check_file(&c, v->path, err);
	if (status)
		return status;
	v->wrong += c.wrong > 0;
	conclude(v, &c);
	return OAE_OK;
}

static enum oae_status all_files(struct validate *v, int count, char **files,
				 struct oae_error *err)
{
	enum oae_status status = OAE_OK;

	oae_buf_init(&v->buf, OAE_JSON_FILE_BYTES_MAX);
	oae_jw_init(&v->w, &v->buf, 2);
	if (v->as_json)
		oae_jw_arr(&v->w, NULL);
	for (int i = 0; i < count && !status; i++) {
		v->path = files[i];
		status = one_file(v, err);
	}
	if (v->as_json && !status) {
		oae_jw_end_arr(&v->w);
		oae_buf_putc(&v->buf, '\n');
		status = oae_buf_check(&v->buf, "the list of faults", err);
		if (!status)
			fputs(oae_buf_str(&v->buf), stdout);
	}
	oae_buf_release(&v->buf);
	if (fflush(stdout) != 0 && !status)
		status = oae_fail(err, OAE_ERR_IO, errno, "standard output");
	return status;
}

static enum oae_status list_kinds(const struct validate *v,
				  struct oae_error *err)
{
	struct oae_buf buf;
	struct oae_jw w;

	oae_buf_init(&buf, OAE_JSON_FILE_BYTES_MAX);
	oae_jw_init(&w, &buf, 2);
	oae_jw_arr(&w, NULL);
	for (size_t i = 0; i < oae_document_count; i++) {
		const struct oae_document *d = &oae_documents[i];

		if (!v->as_json)
			printf("  %-12s%s\n", d->name, d->about);
		oae_jw_obj(&w, NULL);
		oae_jw_str(&w, "id", d->name);
		oae_jw_str(&w, "schema", d->file);
		oae_jw_bool(&w, "lines", d->lines);
		oae_jw_str(&w, "about", d->about);
		oae_jw_end_obj(&w);
	}
	oae_jw_end_arr(&w);
	if (v->as_json)
		printf("%s\n", oae_buf_str(&buf));
	oae_buf_release(&buf);
	if (fflush(stdout) != 0)
		return oae_fail(err, OAE_ERR_IO, errno, "standard output");
	return OAE_OK;
}

static enum oae_status choose(struct validate *v, const char *name,
			      struct oae_error *err)
{
	size_t len = strlen(name);

	if (v->kind || v->own)
		return oae_fail(err, OAE_ERR_USAGE, 0, "--schema: only once");
	if (strchr(name, '/') ||
	    (len > 5 && strcmp(name + len - 5, ".json") == 0))
		return oae_schema_read(name, &v->own, err);
	v->kind = oae_document_named(name);
	if (v->kind)
		return OAE_OK;
	return oae_fail(err, OAE_ERR_USAGE, 0,
			"--schema: \"%.60s\" is no kind; `oae validate --list`"
			" names them",
			name);
}

/* Options are taken out; what stays in argv[0..*count) are the files. */
static enum oae_status read_words(struct validate *v, int argc, char **argv,
				  int *count, struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	bool only_files = false;

	*count = 0;
	for (int i = 1; i < argc && !status; i++) {
		if (only_files || argv[i][0] != '-') {
			argv[(*count)++] = argv[i];
		} else if (!strcmp(argv[i], "--")) {
			only_files = true;
		} else if (!strcmp(argv[i], "--json")) {
			v->as_json = true;
		} else if (!strcmp(argv[i], "--list")) {
			v->list = true;
		} else if (!strcmp(argv[i], "--schema") && i + 1 < argc) {
			status = choose(v, argv[++i], err);
		} else {
			status = oae_fail(err, OAE_ERR_USAGE, 0,
					  "unexpected '%.60s'; try `oae"
					  " validate --help`",
					  argv[i]);
		}
	}
	if (!status && !*count && !v->list)
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "give a file, or several; try `oae validate"
				  " --help`");
	return status;
}

int oae_cmd_validate(int argc, char **argv)
{
	char home[OAE_PATH_BYTES_MAX] = "";
	struct validate v = { .kind = NULL };
	struct oae_error err = { OAE_OK, 0, "" };
	enum oae_status status;
	int count;

	if (argc == 2 &&
	    (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(help, stdout);
		return OAE_EXIT_OK;
	}
	oae_schema_set_init(&v.set, home);
	status = read_words(&v, argc, argv, &count, &err);
	if (!status && v.list)
		status = list_kinds(&v, &err);
	else if (!status && !v.own)
		status = oae_home(home, sizeof(home), &err);
	if (!status && !v.list)
		status = all_files(&v, count, argv, &err);
	oae_schema_set_release(&v.set);
	oae_schema_free(v.own);
	if (status)
		return oae_die_code("oae validate", &err);
	return v.wrong ? OAE_EXIT_CHECK : OAE_EXIT_OK;
}
