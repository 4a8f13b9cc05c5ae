/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "harness/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/zstd.h"
#include "harness/intake.h"
#include "harness/journal.h"
#include "harness/pack_adapter.h"
#include "harness/sign.h"
#include "schema/check.h"
#include "schema/result.h"

/* ---- small parts ------------------------------------------------------ */

static enum oae_status write_part(const struct oae_pack *p, const char *name,
				  const struct oae_buf *b,
				  struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status =
		oae_path_join(path, sizeof(path), p->stage, name, err);

	return status ? status :
			oae_file_write(path, oae_buf_str(b), b->len, err);
}

static enum oae_status make_parent(char *path, struct oae_error *err)
{
	char *slash = strrchr(path, '/');
	enum oae_status status;

	*slash = '\0';
	status = oae_dir_make(path, err);
	*slash = '/';
	return status;
}

struct copying {
	const struct oae_pack *p;
	const char *from, *below; /* STAGE/below/relative */
	bool transcript;
};

enum oae_status oae_pack_copy(const struct oae_pack *p, const char *from,
			      const char *to, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status =
		oae_path_join(path, sizeof(path), p->stage, to, err);

	if (!status)
		status = make_parent(path, err);
	return status ? status : oae_file_copy(from, path, err);
}

static enum oae_status copy_input(void *ctx, const char *relative,
				  struct oae_error *err)
{
	struct copying *c = ctx;
	char from[OAE_PATH_BYTES_MAX], to[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	status = oae_path_join(from, sizeof(from), c->from, relative, err);
	if (!status)
		status = oae_path_join(to, sizeof(to), c->below, relative, err);
	if (!status)
		status = oae_pack_copy(c->p, from, to, err);
	/* Of several systems': the first, in byte order, leads. */
	if (!status && !c->transcript && oae_is_transcript(relative)) {
		status = oae_pack_copy(c->p, from, OAE_TRANSCRIPT_NAME, err);
		c->transcript = true;
	}
	return status;
}

static enum oae_status copy_inputs(struct oae_pack *p, struct oae_error *err)
{
	char from[OAE_PATH_BYTES_MAX];
	struct copying c = { .p = p, .from = from, .below = "inputs" };
	enum oae_status status =
		oae_path_join(from, sizeof(from), p->run_dir, "inputs", err);

	if (!status)
		status = oae_dir_walk(from, copy_input, &c, err);
	p->has_transcript = c.transcript;
	return status;
}

/* ---- the documents ---------------------------------------------------- */

static enum oae_status hash_part(const struct oae_pack *p, const char *name,
				 char hex[OAE_SHA256_HEX],
				 struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status =
		oae_path_join(path, sizeof(path), p->stage, name, err);

	return status ? status : oae_sha256_file(path, hex, err);
}

static enum oae_status write_documents(struct oae_pack *p,
				       const struct oae_records *r,
				       const cJSON *result,
				       struct oae_error *err)
{
	struct oae_submission_about *a = &p->about;
	struct oae_buf b;
	enum oae_status status;

	oae_buf_init(&b, OAE_TEXT_FILE_BYTES_MAX);
	status = oae_bill_build(p->stage, r, &b, err);
	if (!status)
		status = write_part(p, "adapter/" OAE_BILL_NAME, &b, err);
	oae_buf_clear(&b);
	if (!status)
		status = oae_system_build(r, p->has_transcript, &b, err);
	if (!status)
		status = write_part(p, "system.json", &b, err);
	oae_buf_clear(&b);
	if (!status)
		status = p->readme(result, a->org, a->name, a->open, &b, err);
	if (!status)
		status = write_part(p, "README.md", &b, err);
	oae_buf_clear(&b);
	if (!status)
		status = hash_part(p, "result.json", a->result_sha256, err);
	if (!status)
		status = hash_part(p, "adapter/" OAE_BILL_NAME,
				   a->adapter_sha256, err);
	if (!status)
		status = oae_submission_build(a, r, &b, err);
	if (!status)
		status = write_part(p, "submission.json", &b, err);
	oae_buf_release(&b);
	return status;
}

static enum oae_status sum_and_sign(const struct oae_pack *p,
				    struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	struct oae_buf sums;
	enum oae_status status;

	oae_buf_init(&sums, OAE_TEXT_FILE_BYTES_MAX);
	status = oae_sums_build(p->stage, &sums, err);
	if (!status)
		status = write_part(p, "SHA256SUMS", &sums, err);
	oae_buf_release(&sums);
	if (!status)
		status = oae_path_join(path, sizeof(path), p->stage,
				       "SHA256SUMS", err);
	if (status || !p->key)
		return status;
	return oae_sign_file(p->key, path, err);
}

/* ---- the whole -------------------------------------------------------- */

static enum oae_status check_words(const struct oae_pack *p,
				   struct oae_error *err)
{
	if (!oae_intake_name_ok(p->about.org) ||
	    !oae_intake_name_ok(p->about.name))
		return oae_fail(
			err, OAE_ERR_USAGE, 0,
			"\"%.60s/%.60s\": --org and --name are letters,"
			" digits, \". _ + -\", at most %u, not beginning"
			" with a sign",
			p->about.org, p->about.name, OAE_NAME_BYTES_MAX);
	if (p->key && !oae_file_exists(p->key))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%.200s: no such key; `ssh-keygen -t ed25519 -f"
				" FILE` makes one",
				p->key);
	if (oae_dir_exists(p->dir))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s: is there already; results are never"
				" edited: give the new one another --name",
				p->dir);
	return OAE_OK;
}

static enum oae_status make_stage(struct oae_pack *p, struct oae_error *err)
{
	char parent[OAE_PATH_BYTES_MAX];
	enum oae_status status;
	int n;

	status = oae_path_join(parent, sizeof(parent), p->out, p->about.org,
			       err);
	if (!status)
		status = oae_path_join(p->dir, sizeof(p->dir), parent,
				       p->about.name, err);
	if (!status)
		status = check_words(p, err);
	if (!status)
		status = oae_dir_make(parent, err);
	if (status)
		return status;
	n = snprintf(p->stage, sizeof(p->stage), "%s/.new-XXXXXX", parent);
	if (n < 0 || (size_t)n >= sizeof(p->stage) || !mkdtemp(p->stage)) {
		p->stage[0] = '\0';
		return oae_fail(err, OAE_ERR_IO, errno, "%s: cannot write",
				parent);
	}
	if (chmod(p->stage, 0755))
		return oae_fail(err, OAE_ERR_IO, errno, "%s", p->stage);
	return OAE_OK;
}

static enum oae_status pack_all(struct oae_pack *p, const struct oae_records *r,
				struct oae_error *err)
{
	char from[OAE_PATH_BYTES_MAX], to[OAE_PATH_BYTES_MAX];
	cJSON *result = NULL;
	enum oae_status status;

	status = oae_path_join(from, sizeof(from), p->run_dir, "result.json",
			       err);
	if (!status)
		status = oae_result_read(from, &result, err);
	if (!status && cJSON_HasObjectItem(result, "rescored"))
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "%s: was scored again with something else"
				  " than its run's own; submit the run that it"
				  " was made from",
				  from);
	if (!status)
		status = make_stage(p, err);
	if (!status)
		status = oae_pack_copy(p, from, "result.json", err);
	if (!status)
		status = copy_inputs(p, err);
	if (!status)
		status = oae_pack_adapters(p, r, err);
	if (!status)
		status = oae_path_join(from, sizeof(from), p->run_dir,
				       OAE_JOURNAL_NAME, err);
	if (!status)
		status = oae_path_join(to, sizeof(to), p->stage,
				       OAE_JOURNAL_NAME ".zst", err);
	if (!status)
		status = oae_zstd_compress(from, to, err);
	if (!status)
		status = write_documents(p, r, result, err);
	if (!status)
		status = sum_and_sign(p, err);
	cJSON_Delete(result);
	return status;
}

enum oae_status oae_pack_stage(struct oae_pack *p, struct oae_error *err)
{
	struct oae_records *r = calloc(1, sizeof(*r));
	char path[OAE_PATH_BYTES_MAX], name[OAE_NAME_BYTES_MAX + 16];
	enum oae_status status;

	if (!r)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	status = oae_path_join(path, sizeof(path), p->run_dir, OAE_JOURNAL_NAME,
			       err);
	if (!status)
		status = oae_records_read(path, r, err);
	if (!status && (!r->sealed || r->torn_bytes))
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "%s: has no seal: the campaign did not end;"
				  " finish it with `oae run --resume %s`",
				  path, p->run_dir);
	if (!status && !p->about.name) {
		snprintf(name, sizeof(name), "%.10s-%.100s",
			 oae_json_str_or(r->campaign, "utc", "undated"),
			 oae_json_str_or(r->campaign, "suite", "suite"));
		p->about.name = name;
	}
	if (!status)
		status = pack_all(p, r, err);
	if (p->about.name == name)
		p->about.name = NULL;
	oae_records_release(r);
	free(r);
	if (status)
		oae_pack_drop(p);
	return status;
}

enum oae_status oae_pack_keep(struct oae_pack *p, struct oae_error *err)
{
	if (rename(p->stage, p->dir))
		return oae_fail(err, OAE_ERR_IO, errno, "%s: cannot be made",
				p->dir);
	p->stage[0] = '\0';
	return OAE_OK;
}

void oae_pack_drop(struct oae_pack *p)
{
	if (p->stage[0])
		(void)oae_dir_remove(p->stage, NULL);
	p->stage[0] = '\0';
}
