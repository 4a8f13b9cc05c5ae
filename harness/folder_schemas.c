/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/folder_schemas.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

enum oae_status oae_folder_schemas_open(struct oae_folder_schemas *s,
					struct oae_error *err)
{
	memset(s, 0, sizeof(*s));
	oae_schema_set_init(&s->set, s->home);
	s->missing = oae_home(s->home, sizeof(s->home), NULL) != OAE_OK;
	if (s->missing)
		return OAE_OK;
	return oae_schema_set_get(&s->set, oae_document_named("journal"),
				  &s->journal, err);
}

void oae_folder_schemas_line(void *ctx, uint64_t number, const cJSON *line)
{
	struct oae_folder_schemas *s = ctx;
	struct oae_error why = { OAE_OK, 0, "" };

	if (s->missing)
		return;
	s->lines++;
	if (!oae_schema_check(s->journal, line, NULL, &why))
		return;
	s->wrong_lines++;
	if (s->kept < OAE_FOLDER_FAULTS_MAX)
		(void)snprintf(s->fault[s->kept++], sizeof(s->fault[0]),
			       "journal.jsonl line %" PRIu64 ": %s", number,
			       why.text);
}

/* Of the file being checked. */
struct file {
	struct oae_folder_schemas *s;
	const char *dir, *folder, *relative;
	void (*tell)(void *ctx, const char *text);
	void *ctx;
	size_t told;
};

static void fault(void *ctx, uint64_t line, const char *text)
{
	struct file *f = ctx;
	char whole[900];

	if (f->told++ >= OAE_FOLDER_FAULTS_MAX)
		return;
	if (line)
		(void)snprintf(whole, sizeof(whole),
			       "%.250s line %" PRIu64 ": %s", f->relative, line,
			       text);
	else
		(void)snprintf(whole, sizeof(whole), "%.250s: %s", f->relative,
			       text);
	f->tell(f->ctx, whole);
}

static enum oae_status check_file(struct file *f, const char *relative,
				  const struct oae_document *kind,
				  struct oae_error *err)
{
	struct oae_file_check c = {
		.set = &f->s->set,
		.document = kind,
		.any_kind = !kind,
		.fault = fault,
		.ctx = f,
	};
	char path[2 * OAE_PATH_BYTES_MAX];
	enum oae_status status;

	f->relative = relative;
	f->told = 0;
	status = oae_path_join(path, sizeof(path), f->dir, relative, err);
	if (!status)
		status = oae_document_check_file(&c, path, err);
	f->s->files += c.schema != NULL;
	f->s->wrong_files += c.wrong > 0;
	return status;
}

static bool is_json(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && (!strcmp(dot, ".json") || !strcmp(dot, ".jsonl"));
}

static enum oae_status input(void *ctx, const char *relative,
			     struct oae_error *err)
{
	const struct file *f = ctx;
	char below[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	if (!is_json(relative))
		return OAE_OK;
	status = oae_path_join(below, sizeof(below), f->folder, relative, err);
	return status ? status : check_file(ctx, below, NULL, err);
}

enum oae_status
oae_folder_schemas_files(struct oae_folder_schemas *s, const char *dir,
			 void (*tell)(void *ctx, const char *text), void *ctx,
			 struct oae_error *err)
{
	struct file f = { .s = s, .dir = dir, .tell = tell, .ctx = ctx };
	static const char *const own[][2] = { { "result.json", "result" },
					      { "tune.json", "tune" },
					      { "rescore.json", "rescore" } };
	static const char *const folders[] = { "inputs", "rescore" };
	char path[OAE_PATH_BYTES_MAX], more[80];
	enum oae_status status = OAE_OK;

	if (s->missing)
		return OAE_OK;
	for (size_t i = 0; i < s->kept; i++)
		tell(ctx, s->fault[i]);
	if (s->wrong_lines > s->kept) {
		(void)snprintf(more, sizeof(more),
			       "journal.jsonl: and %" PRIu64 " lines more",
			       s->wrong_lines - s->kept);
		tell(ctx, more);
	}
	for (size_t i = 0; !status && i < sizeof(own) / sizeof(own[0]); i++) {
		status = oae_path_join(path, sizeof(path), dir, own[i][0], err);
		if (!status && oae_file_exists(path))
			status = check_file(&f, own[i][0],
					    oae_document_named(own[i][1]), err);
	}
	for (size_t i = 0; !status && i < 2; i++) {
		f.folder = folders[i];
		status =
			oae_path_join(path, sizeof(path), dir, folders[i], err);
		if (!status && oae_dir_exists(path))
			status = oae_dir_walk(path, input, &f, err);
	}
	return status;
}

void oae_folder_schemas_release(struct oae_folder_schemas *s)
{
	oae_schema_set_release(&s->set);
}
