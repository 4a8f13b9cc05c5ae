/* SPDX-License-Identifier: Apache-2.0 */
/* `oae score DIR`: a run folder's result from its journal and inputs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "harness/commands.h"
#include "reports/report.h"
#include "schema/result.h"

static const char help[] =
	"usage: oae score DIR [--json] [--goodput LIMITS]\n\n"
	"Computes DIR/result.json from DIR/journal.jsonl and DIR/inputs, renews"
	"\nDIR/SHA256SUMS and prints the result's table, or with --json the"
	" result itself.\nThe same journal and inputs give the same bytes. A"
	" journal without its seal is\nscored as \"complete\": false.\n\n"
	"  --goodput LIMITS   what if: requests a second within \"ttft:100"
	" tpot:30\" (ms;\n                     also itl, e2el). Printed"
	" only; DIR/result.json stays as it is\n\n"
	"exit codes: 0 done, 1 cannot be scored, 2 an input or the journal was"
	" changed,\n4 of another version, 64 usage\n";

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

static int terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 60)
		return size.ws_col;
	return 100;
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
			status = oae_report_table(tree, &table,
						  terminal_columns(), err);
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
	const char *dir, *goodput;
	bool json, help;
};

/* False with a line on stderr. */
static bool read_words(struct words *w, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0) {
			w->help = true;
			return true;
		}
		if (strcmp(argv[i], "--json") == 0) {
			w->json = true;
		} else if (strcmp(argv[i], "--goodput") == 0 && i + 1 < argc) {
			w->goodput = argv[++i];
		} else if (strncmp(argv[i], "--goodput=", 10) == 0) {
			w->goodput = argv[i] + 10;
		} else if (argv[i][0] == '-' || w->dir) {
			fprintf(stderr,
				"oae score: unexpected '%.60s'; try"
				" `oae score --help`\n",
				argv[i]);
			return false;
		} else {
			w->dir = argv[i];
		}
	}
	if (!w->dir)
		fputs("oae score: give a run folder; try `oae score --help`\n",
		      stderr);
	return w->dir != NULL;
}

int oae_cmd_score(int argc, char **argv)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct words w = { 0 };
	struct oae_buf json;
	enum oae_status status;

	if (!read_words(&w, argc, argv))
		return OAE_EXIT_USAGE;
	if (w.help) {
		fputs(help, stdout);
		return OAE_EXIT_OK;
	}
	oae_buf_init(&json, OAE_RESULT_BYTES_MAX);
	if (w.goodput)
		status = oae_result_build_for(w.dir, w.goodput, &json, &err);
	else
		status = write_result(w.dir, &json, &err);
	if (!status)
		status = print(&json, w.json, &err);
	oae_buf_release(&json);
	if (!status)
		return OAE_EXIT_OK;
	oae_die_code("oae score", &err);
	return status == OAE_ERR_UNSUPPORTED ? OAE_EXIT_NOT_COMPARABLE :
					       (int)oae_exit_code(status);
}
