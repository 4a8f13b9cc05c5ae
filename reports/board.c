/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/limits.h"
#include "reports/board_internal.h"
#include "schema/check.h"
#include "schema/result.h"

#define REASONS_BYTES_MAX 65536
#define REASONS_MAX 50

const char *const oae_board_check_name[OAE_BOARD_CHECKS] = {
	"not checked", "signature not checked", "verified", "rejected"
};
const char *const oae_board_status_name[OAE_BOARD_STATUSES] = {
	"self-reported", "reproduced", "disputed", "invalidated", "superseded"
};

enum oae_status oae_board_reject(struct oae_board *b,
				 struct oae_board_submission *s,
				 const char *text, struct oae_error *err)
{
	const char **list =
		oae_arena_array(&b->arena, s->n_reasons + 1, sizeof(*list));
	struct oae_buf cut;

	if (s->check != OAE_BOARD_REJECTED)
		b->n_rejected++;
	s->check = OAE_BOARD_REJECTED;
	oae_buf_init(&cut, 1024);
	oae_buf_printf(&cut, "%.900s", text);
	if (list)
		list[s->n_reasons] = oae_board_clean(b, oae_buf_str(&cut));
	oae_buf_release(&cut);
	if (!list || !list[s->n_reasons])
		return oae_fail(err, OAE_ERR_NOMEM, 0, "board: no memory");
	for (size_t i = 0; i < s->n_reasons; i++)
		list[i] = s->reasons[i];
	s->reasons = list;
	s->n_reasons++;
	return OAE_OK;
}

/* One reason a line. */
static enum oae_status reject_lines(struct oae_board *b,
				    struct oae_board_submission *s, char *text,
				    struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	char *line, *rest = NULL;

	for (line = strtok_r(text, "\n", &rest);
	     line && status == OAE_OK && s->n_reasons < REASONS_MAX;
	     line = strtok_r(NULL, "\n", &rest))
		status = oae_board_reject(b, s, line, err);
	if (status == OAE_OK && s->n_reasons == 0)
		status = oae_board_reject(b, s, "the check failed", err);
	return status;
}

/* Runs the caller's check, if there is one. */
static enum oae_status run_check(struct oae_board *b,
				 struct oae_board_submission *s,
				 struct oae_error *err)
{
	struct oae_board_checked found = { .state = OAE_BOARD_UNCHECKED };
	enum oae_status status;
	char none[1] = "";

	if (!b->options.check)
		return OAE_OK;
	oae_buf_init(&found.reasons, REASONS_BYTES_MAX);
	status = b->options.check(b->options.ctx, s, &found, err);
	if (status == OAE_OK && found.state == OAE_BOARD_REJECTED)
		status = reject_lines(
			b, s, found.reasons.len ? found.reasons.data : none,
			err);
	else if (status == OAE_OK)
		s->check = found.state;
	oae_buf_release(&found.reasons);
	s->division = oae_board_text(b, found.division);
	snprintf(s->adapter_sha256, sizeof(s->adapter_sha256), "%s",
		 found.adapter_sha256);
	if (status == OAE_OK && !s->division)
		status = oae_fail(err, OAE_ERR_NOMEM, 0, "board: no memory");
	return status;
}

/* What makes reading it pointless; NULL when nothing does. */
static const char *why_unreadable(const struct oae_board_submission *s,
				  const char *path)
{
	struct stat st;

	if (!oae_check_name(s->org) || !oae_check_name(s->name))
		return "its folders' names: letters, digits, '.', '_' and '-'"
		       " are allowed, the first a letter or digit";
	if (lstat(path, &st) != 0)
		return "there is no result.json in it";
	if (!S_ISREG(st.st_mode))
		return "its result.json is not a regular file";
	return NULL;
}

enum oae_status oae_board_read(struct oae_board *b,
			       struct oae_board_submission *s,
			       struct oae_error *err)
{
	struct oae_error found = { OAE_OK, 0, "" };
	char path[OAE_PATH_BYTES_MAX];
	cJSON *result = NULL;
	enum oae_status status;
	const char *why;

	s->date = s->cpu = s->hardware = s->suite = s->scenario = s->spec =
		s->baseline = s->division = "";
	status = oae_path_join(path, sizeof(path), s->dir, "result.json", err);
	if (status != OAE_OK)
		return status;
	why = why_unreadable(s, path);
	if (why)
		return oae_board_reject(b, s, why, err);
	status = oae_sha256_file(path, s->result_sha256, err);
	if (status == OAE_OK)
		status = oae_board_read_review(b, s, err);
	if (status == OAE_OK)
		status = run_check(b, s, err);
	if (status != OAE_OK || s->check == OAE_BOARD_REJECTED)
		return status;
	if (oae_result_read(path, &result, &found) == OAE_OK)
		status = oae_board_take(b, s, result, &found);
	else
		status = found.status;
	cJSON_Delete(result);
	if (status == OAE_OK)
		return OAE_OK;
	b->n_rows = s->first_row;
	if (status == OAE_ERR_NOMEM || status == OAE_ERR_IO)
		return oae_fail(err, status, 0, "%s", found.text);
	return oae_board_reject(b, s, found.text, err);
}

enum oae_status oae_board_open(struct oae_board *b, const char *root,
			       const struct oae_board_options *options,
			       struct oae_error *err)
{
	enum oae_status status;
	size_t i;

	memset(b, 0, sizeof(*b));
	b->options = *options;
	oae_arena_init(&b->arena, OAE_BOARD_MEMORY_BYTES_MAX);
	b->tables = oae_arena_array(&b->arena, OAE_BOARD_TABLES_MAX,
				    sizeof(*b->tables));
	b->max_tables = OAE_BOARD_TABLES_MAX;
	if (!b->tables)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "board: no memory");
	status = oae_board_list(b, root, err);
	for (i = 0; i < b->n_submissions && status == OAE_OK; i++) {
		b->submissions[i].first_row = b->n_rows;
		status = oae_board_read(b, &b->submissions[i], err);
		if (options->progress)
			options->progress(options->ctx, i + 1,
					  b->n_submissions);
	}
	return status == OAE_OK ? oae_board_rank(b, err) : status;
}

void oae_board_close(struct oae_board *b)
{
	free(b->rows);
	oae_arena_release(&b->arena);
	memset(b, 0, sizeof(*b));
}

/* ---- writing ----------------------------------------------------------- */

static enum oae_status save(const char *dir, const char *name,
			    struct oae_buf *text, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status = oae_buf_check(text, name, err);

	if (status == OAE_OK)
		status = oae_path_join(path, sizeof(path), dir, name, err);
	if (status == OAE_OK)
		status =
			oae_file_write(path, oae_buf_str(text), text->len, err);
	oae_buf_clear(text);
	return status;
}

static enum oae_status write_tables(const struct oae_board *b, const char *dir,
				    struct oae_buf *text, struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	size_t i;

	if (b->n_tables == 0) {
		oae_board_page_empty(b, text);
		return save(dir, "index.html", text, err);
	}
	for (i = 0; i < b->n_tables && status == OAE_OK; i++) {
		oae_board_page_table(b, &b->tables[i], text);
		status = save(dir, b->tables[i].file, text, err);
		/* The fullest is the first that people see. */
		if (status == OAE_OK && i == 0) {
			oae_board_page_table(b, &b->tables[i], text);
			status = save(dir, "index.html", text, err);
		}
	}
	return status;
}

static enum oae_status write_submissions(const struct oae_board *b,
					 const char *dir, struct oae_buf *text,
					 struct oae_error *err)
{
	char folder[OAE_PATH_BYTES_MAX], name[2 * OAE_NAME_BYTES_MAX + 16];
	enum oae_status status = OAE_OK;
	size_t i;

	for (i = 0; i < b->n_submissions && status == OAE_OK; i++) {
		const struct oae_board_submission *s = &b->submissions[i];

		if (s->check == OAE_BOARD_REJECTED)
			continue;
		snprintf(name, sizeof(name), "submissions/%s", s->org);
		status = oae_path_join(folder, sizeof(folder), dir, name, err);
		if (status == OAE_OK)
			status = oae_dir_make(folder, err);
		if (status == OAE_OK)
			status = oae_board_page(b, s, text, err);
		snprintf(name, sizeof(name), "%s.html", s->name);
		if (status == OAE_OK)
			status = save(folder, name, text, err);
	}
	return status;
}

enum oae_status oae_board_write(const struct oae_board *b, const char *dir,
				struct oae_error *err)
{
	struct oae_buf text;
	enum oae_status status;

	oae_buf_init(&text, 4 * OAE_PAGE_BYTES_MAX);
	status = write_submissions(b, dir, &text, err);
	if (status == OAE_OK)
		status = write_tables(b, dir, &text, err);
	if (status == OAE_OK) {
		oae_board_page_submissions(b, &text);
		status = save(dir, "submissions.html", &text, err);
	}
	if (status == OAE_OK) {
		oae_buf_puts(&text, oae_board_css);
		status = save(dir, "board.css", &text, err);
	}
	if (status == OAE_OK) {
		oae_buf_puts(&text, oae_board_js);
		status = save(dir, "board.js", &text, err);
	}
	if (status == OAE_OK) {
		oae_board_feed_csv(b, &text);
		status = save(dir, "board.csv", &text, err);
	}
	if (status == OAE_OK) {
		oae_board_feed_json(b, &text);
		status = save(dir, OAE_BOARD_MARK, &text, err);
	}
	oae_buf_release(&text);
	return status;
}
