/* SPDX-License-Identifier: Apache-2.0 */
/* `oae report`: the folder of a report, and its table. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "harness/commands.h"
#include "harness/report_folder.h"
#include "harness/words.h"
#include "reports/report.h"
#include "reports/sections.h"
#include "schema/result.h"

static const char help[] =
	"usage: oae report DIR [DIR...] [--out FOLDER] [--json]\n\n"
	"Draws the results of run folders (as `oae score` left them): a page\n"
	"(index.html), a summary (summary.md), pictures (SVG and PNG with the\n"
	"gnuplot files that made them) and tables (CSV). One DIR: into\n"
	"DIR/report. Several: side by side, into ./oae-report. Prints the\n"
	"table and the path of the page.\n\n"
	"  --out FOLDER  where to write; must be new or an older report\n"
	"  --json        print the scores as JSON instead of the table\n\n"
	"exit codes: 0 done, 1 cannot read, draw or write, 4 a result of"
	" another\nversion, 64 usage\n";

struct options {
	const char *dirs[OAE_REPORT_RUNS_MAX];
	size_t n_dirs;
	char out[OAE_PATH_BYTES_MAX];
	bool json;
};

/* ---- the folder -------------------------------------------------------- */

static enum oae_status write_plots(void *ctx, const char *dir,
				   struct oae_error *err)
{
	return oae_report_write_plots(ctx, dir, err);
}

static enum oae_status write_pages(void *ctx, const char *dir,
				   struct oae_error *err)
{
	return oae_report_write_pages(ctx, dir, err);
}

/* Renews the list of every run folder that the report lies in. */
static enum oae_status renew_all_sums(const struct oae_report *r,
				      const char *out, struct oae_error *err)
{
	char real_out[PATH_MAX], real_dir[PATH_MAX];
	enum oae_status status = OAE_OK;
	size_t i, n;

	if (!realpath(out, real_out))
		return oae_fail(err, OAE_ERR_IO, errno, "%s", out);
	for (i = 0; i < r->n_runs && status == OAE_OK; i++) {
		if (!realpath(r->runs[i].dir, real_dir))
			return oae_fail(err, OAE_ERR_IO, errno, "%s",
					r->runs[i].dir);
		n = strlen(real_dir);
		if (strncmp(real_dir, real_out, n) == 0 && real_out[n] == '/')
			status = oae_report_sums(r->runs[i].dir,
						 real_out + n + 1, err);
	}
	return status;
}

/* ---- the command ------------------------------------------------------- */

static enum oae_status make_report(struct oae_report *r, const char *out,
				   struct oae_error *err)
{
	const struct oae_report_maker maker = {
		.plots = oae_report_plots,
		.mark = OAE_REPORT_MARK,
		.write_plots = write_plots,
		.write_pages = write_pages,
		.ctx = r,
	};
	enum oae_status status = oae_report_folder(&maker, out, err);

	if (status == OAE_OK)
		status = renew_all_sums(r, out, err);
	return status;
}

enum oae_status oae_report_run_dir(const char *dir, struct oae_error *err)
{
	struct oae_report *r = calloc(1, sizeof(*r));
	char out[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	if (!r)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "report: no memory");
	status = oae_path_join(out, sizeof(out), dir, "report", err);
	if (status == OAE_OK)
		status = oae_report_open(r, &dir, 1, err);
	if (status == OAE_OK)
		status = make_report(r, out, err);
	oae_report_close(r);
	free(r);
	return status;
}

static void put_json(const struct oae_report *r, const char *out,
		     struct oae_buf *b)
{
	struct oae_jw w;
	const cJSON *p;
	size_t i;

	oae_jw_init(&w, b, 1);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "report", out);
	oae_jw_arr(&w, "results");
	for (i = 0; i < r->n_runs; i++) {
		oae_jw_obj(&w, NULL);
		oae_jw_str(&w, "run", r->runs[i].dir);
		oae_jw_value(&w, "complete",
			     oae_view_at(r->runs[i].json, "complete"));
		oae_jw_arr(&w, "profiles");
		cJSON_ArrayForEach(p, oae_view_profiles(&r->runs[i])) {
			oae_jw_obj(&w, NULL);
			oae_jw_str(&w, "id", oae_view_str(p, "id"));
			oae_jw_num(&w, "N", oae_view_num(p, "N"));
			oae_jw_value(&w, "scores", oae_view_at(p, "scores"));
			oae_jw_end_obj(&w);
		}
		oae_jw_end_arr(&w);
		oae_jw_end_obj(&w);
	}
	oae_jw_end_arr(&w);
	oae_jw_end_obj(&w);
	oae_buf_putc(b, '\n');
}

static enum oae_status print_report(const struct oae_report *r,
				    const struct options *o,
				    struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	struct oae_buf b;

	oae_buf_init(&b, OAE_PAGE_BYTES_MAX);
	if (o->json)
		put_json(r, o->out, &b);
	else
		status = oae_report_text(r, &b, oae_terminal_columns(100), err);
	if (!o->json)
		oae_buf_printf(&b, "\nreport: %s/index.html\n", o->out);
	if (status == OAE_OK)
		status = oae_buf_check(&b, "the table", err);
	if (status == OAE_OK &&
	    (fputs(oae_buf_str(&b), stdout) == EOF || fflush(stdout) != 0))
		status = oae_fail(err, OAE_ERR_IO, errno,
				  "standard output: cannot write");
	oae_buf_release(&b);
	return status;
}

/* OAE_EXIT_OK: go on. Anything else has been explained. */
static enum oae_exit parse(int argc, char **argv, struct options *o)
{
	bool words_only = false;
	int i;

	for (i = 1; i < argc; i++) {
		if (!words_only && strcmp(argv[i], "--") == 0) {
			words_only = true;
		} else if (!words_only && strcmp(argv[i], "--json") == 0) {
			o->json = true;
		} else if (!words_only && strcmp(argv[i], "--out") == 0 &&
			   i + 1 < argc && argv[i + 1][0]) {
			snprintf(o->out, sizeof(o->out), "%s", argv[++i]);
		} else if (!words_only && argv[i][0] == '-') {
			fprintf(stderr,
				"oae report: %s '%.60s'; try `oae report"
				" --help`\n",
				strcmp(argv[i], "--out") == 0 ?
					"a folder's name must follow" :
					"unknown option",
				argv[i]);
			return OAE_EXIT_USAGE;
		} else if (o->n_dirs == OAE_REPORT_RUNS_MAX) {
			fprintf(stderr,
				"oae report: too many run folders: at"
				" most %u\n",
				OAE_REPORT_RUNS_MAX);
			return OAE_EXIT_USAGE;
		} else {
			o->dirs[o->n_dirs++] = argv[i];
		}
	}
	if (o->n_dirs == 0) {
		fputs("oae report: no run folder given; try `oae report"
		      " --help`\n",
		      stderr);
		return OAE_EXIT_USAGE;
	}
	if (!o->out[0] && o->n_dirs > 1)
		snprintf(o->out, sizeof(o->out), "oae-report");
	else if (!o->out[0])
		snprintf(o->out, sizeof(o->out), "%s/report", o->dirs[0]);
	return OAE_EXIT_OK;
}

int oae_cmd_report(int argc, char **argv)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct options o = { .n_dirs = 0 };
	struct oae_report *r;
	enum oae_status status;
	int code;

	if (argc == 2 &&
	    (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(help, stdout);
		return OAE_EXIT_OK;
	}
	code = (int)parse(argc, argv, &o);
	if (code != OAE_EXIT_OK)
		return code;
	r = calloc(1, sizeof(*r));
	if (!r) {
		fputs("oae report: no memory\n", stderr);
		return OAE_EXIT_ERROR;
	}
	status = oae_report_open(r, o.dirs, o.n_dirs, &err);
	if (status == OAE_OK)
		status = make_report(r, o.out, &err);
	if (status == OAE_OK)
		status = print_report(r, &o, &err);
	if (status != OAE_OK)
		code = oae_die_code("oae report", &err);
	if (status == OAE_ERR_UNSUPPORTED)
		code = OAE_EXIT_NOT_COMPARABLE;
	oae_report_close(r);
	free(r);
	return code;
}
