/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/report_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/spawn.h"
#include "harness/out_folder.h"
#include "schema/result.h"

#define GNUPLOT_MS_MAX 60000
#define SUMS "SHA256SUMS"

/* ---- gnuplot ----------------------------------------------------------- */

static enum oae_status find_gnuplot(char *path, size_t size,
				    struct oae_error *err)
{
	const char *at = getenv("PATH"), *end;

	for (; at && *at; at = *end ? end + 1 : end) {
		int n;

		end = at + strcspn(at, ":");
		n = snprintf(path, size, "%.*s/gnuplot", (int)(end - at), at);
		if (*at == '/' && n < (int)size && access(path, X_OK) == 0)
			return OAE_OK;
	}
	return oae_fail(err, OAE_ERR_IO, 0,
			"gnuplot: not found in PATH;"
			" install it (Debian: apt install gnuplot-nox) and"
			" run `oae report` again");
}

/* gnuplot complains over several lines. */
static void one_line(char *text)
{
	char *to = text, *start = text;

	for (; *text; text++)
		if (*text != '\n' && *text != '\t')
			*to++ = *text;
		else if (to > start && to[-1] != ' ')
			*to++ = ' ';
	*to = '\0';
}

/* One picture in both forms; -d keeps a user's settings out of it. */
static enum oae_status draw(const char *gnuplot, const char *dir,
			    const char *name, struct oae_error *err)
{
	char script[128];
	const char *const svg[] = { gnuplot, "-d", script, NULL };
	const char *const png[] = { gnuplot,	 "-d",	 "-e",
				    "out='png'", script, NULL };
	enum oae_status status;

	snprintf(script, sizeof(script), "%s.gp", name);
	status = oae_run_command(svg, dir, GNUPLOT_MS_MAX, NULL, err);
	if (status == OAE_OK)
		status = oae_run_command(png, dir, GNUPLOT_MS_MAX, NULL, err);
	if (status != OAE_OK) {
		one_line(err->text);
		oae_error_prefix(err, "drawing %s", script);
	}
	return status;
}

static enum oae_status draw_all(const struct oae_report_maker *m,
				const char *dir, struct oae_error *err)
{
	char gnuplot[OAE_PATH_BYTES_MAX], path[OAE_PATH_BYTES_MAX];
	enum oae_status status = find_gnuplot(gnuplot, sizeof(gnuplot), err);
	const char *const *name;
	char script[128];

	for (name = m->plots; *name && status == OAE_OK; name++) {
		snprintf(script, sizeof(script), "%s.gp", *name);
		status = oae_path_join(path, sizeof(path), dir, script, err);
		if (status == OAE_OK && oae_file_exists(path))
			status = draw(gnuplot, dir, *name, err);
	}
	return status;
}

enum oae_status oae_report_folder(const struct oae_report_maker *m,
				  const char *out, struct oae_error *err)
{
	const struct oae_out_mark mark = { m->mark, NULL, "a report", "--out" };
	struct oae_out_folder f;
	enum oae_status status = oae_out_check(out, &mark, err);

	if (status != OAE_OK)
		return status;
	status = oae_out_begin(&f, out, err);
	if (status == OAE_OK)
		status = m->write_plots(m->ctx, f.path, err);
	if (status == OAE_OK)
		status = draw_all(m, f.path, err);
	if (status == OAE_OK)
		status = m->write_pages(m->ctx, f.path, err);
	if (status == OAE_OK)
		return oae_out_publish(&f, err);
	oae_out_abandon(&f);
	return status;
}

/* ---- SHA256SUMS -------------------------------------------------------- */

/* Whether a line "<64 hex>  <path>" names a file below `prefix`. */
static bool is_below(const char *line, size_t len, const char *prefix)
{
	size_t n = strlen(prefix);

	return len > 66 + n && strncmp(line + 66, prefix, n) == 0 &&
	       line[66 + n] == '/';
}

static int by_path(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;

	return strcmp(strlen(x) > 66 ? x + 66 : x, strlen(y) > 66 ? y + 66 : y);
}

/* Lines of `text` that are (not) below prefix; text is cut into lines. */
static size_t pick_lines(char *text, bool below, const char *prefix,
			 const char **lines, size_t n)
{
	char *end;

	for (; *text; text = end + 1) {
		end = strchr(text, '\n');
		if (!end)
			break;
		if (is_below(text, (size_t)(end - text), prefix) == below) {
			*end = '\0';
			lines[n++] = text;
		}
	}
	return n;
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	while ((text = strchr(text, '\n')) != NULL) {
		n++;
		text++;
	}
	return n;
}

enum oae_status oae_report_sums(const char *dir, const char *report,
				struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	struct oae_buf was, is, out;
	enum oae_status status;
	const char **lines = NULL;
	size_t n, i;

	oae_buf_init(&was, OAE_TEXT_FILE_BYTES_MAX);
	oae_buf_init(&is, OAE_TEXT_FILE_BYTES_MAX);
	oae_buf_init(&out, 2 * (size_t)OAE_TEXT_FILE_BYTES_MAX);
	status = oae_path_join(path, sizeof(path), dir, SUMS, err);
	if (status == OAE_OK)
		status = oae_sums_build(dir, &is, err);
	if (status != OAE_OK)
		goto out;
	if (!oae_file_exists(path)) {
		status = oae_file_write(path, oae_buf_str(&is), is.len, err);
		goto out;
	}
	status = oae_file_read(path, &was, err);
	if (status != OAE_OK || was.len == 0 || is.len == 0)
		goto out;
	n = count_lines(was.data) + count_lines(is.data);
	lines = calloc(n + 1, sizeof(*lines));
	if (!lines) {
		status = oae_fail(err, OAE_ERR_NOMEM, 0, SUMS ": no memory");
		goto out;
	}
	n = pick_lines(was.data, false, report, lines, 0);
	n = pick_lines(is.data, true, report, lines, n);
	qsort(lines, n, sizeof(*lines), by_path);
	for (i = 0; i < n; i++)
		oae_buf_printf(&out, "%s\n", lines[i]);
	status = oae_buf_check(&out, SUMS, err);
	if (status == OAE_OK)
		status = oae_file_write(path, out.data, out.len, err);
out:
	free(lines);
	oae_buf_release(&was);
	oae_buf_release(&is);
	oae_buf_release(&out);
	return status;
}
