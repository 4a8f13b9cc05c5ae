/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "schema/check.h"
#include "schema/transcript.h"

#define LINES_MAX (OAE_MANIFEST_LIST_MAX + 4u)
#define SECONDS_MAX 1e9
#define BYTES_MAX 9007199254740992.0 /* 2^53 */

static enum oae_status bad(struct oae_error *err, const char *what)
{
	return oae_fail(err, OAE_ERR_FORMAT, 0, "%s", what);
}

/* ---- numbers ---------------------------------------------------------- */

static enum oae_status read_seconds(const cJSON *obj, const char *key,
				    double *out, struct oae_error *err)
{
	enum oae_status status = oae_json_num(obj, key, out, err);

	if (!status && !(*out >= 0 && *out <= SECONDS_MAX))
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "\"%s\": %g is no time", key, *out);
	return status;
}

/* A missing one has a reason; 0 is never "missing". */
static enum oae_status read_amount(const cJSON *obj, const char *key,
				   double low, struct oae_amount *out,
				   struct oae_error *err)
{
	const cJSON *a, *value;
	enum oae_status status = oae_json_obj(obj, key, &a, err);

	if (status)
		return status;
	out->value = NAN;
	out->evidence = OAE_ABSENT;
	value = cJSON_GetObjectItemCaseSensitive(a, "value");
	if (cJSON_IsNull(value)) {
		status = oae_json_str(a, "reason", &out->source, err);
	} else {
		status = oae_json_num(a, "value", &out->value, err);
		if (!status && !(out->value >= low && out->value <= BYTES_MAX))
			status = bad(err, "is out of every reason");
		out->evidence =
			oae_evidence_parse(oae_json_str_or(a, "class", ""));
		if (!status && out->evidence == OAE_ABSENT)
			status = bad(err, "has no class of evidence");
		if (!status)
			status = oae_json_str(a, "source", &out->source, err);
	}
	if (status)
		oae_error_prefix(err, "\"%s\"", key);
	return status;
}

static enum oae_status read_counts(const cJSON *obj, const char *const *keys,
				   uint64_t *const *out, struct oae_error *err)
{
	enum oae_status status = OAE_OK;

	for (size_t i = 0; !status && keys[i]; i++)
		status = oae_json_u64(obj, keys[i], out[i], err);
	return status;
}

/* ---- lists of files --------------------------------------------------- */

static bool is_hex(const char *s)
{
	return strspn(s, "0123456789abcdef") == OAE_SHA256_HEX - 1 &&
	       !s[OAE_SHA256_HEX - 1];
}

/* ["path", bytes, "sha256"] */
static enum oae_status read_file(const cJSON *row,
				 struct oae_transcript_file *f,
				 struct oae_error *err)
{
	const cJSON *path = cJSON_GetArrayItem(row, 0);
	const cJSON *bytes = cJSON_GetArrayItem(row, 1);
	const cJSON *hash = cJSON_GetArrayItem(row, 2);

	if (cJSON_GetArraySize(row) != 3 || !cJSON_IsString(path) ||
	    !oae_check_path(path->valuestring) || !cJSON_IsNumber(bytes) ||
	    !(bytes->valuedouble >= 0 && bytes->valuedouble <= BYTES_MAX) ||
	    !cJSON_IsString(hash) || !is_hex(hash->valuestring))
		return bad(err, "\"list\": a file is [path, bytes, sha256],"
				" its path below a folder");
	f->path = path->valuestring;
	f->bytes = (uint64_t)bytes->valuedouble;
	f->sha256 = hash->valuestring;
	return OAE_OK;
}

static enum oae_status read_list(const cJSON *obj,
				 struct oae_transcript_files *out,
				 struct oae_error *err)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(obj, "list");
	const cJSON *row;
	enum oae_status status;

	if (cJSON_IsNull(list))
		return OAE_OK;
	status = oae_json_arr(obj, "list", &list, err);
	if (status)
		return status;
	if (cJSON_GetArraySize(list) > (int)OAE_TRANSCRIPT_FILES_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "more than %u files",
				OAE_TRANSCRIPT_FILES_MAX);
	out->item = calloc((size_t)cJSON_GetArraySize(list) + 1,
			   sizeof(*out->item));
	if (!out->item)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	cJSON_ArrayForEach(row, list) {
		struct oae_transcript_file *f = &out->item[out->count];

		status = read_file(row, f, err);
		if (!status && out->count && strcmp(f[-1].path, f->path) >= 0)
			status = bad(err, "\"list\": not sorted by path");
		if (status)
			return status;
		out->count++;
	}
	return OAE_OK;
}

/* ---- lines ------------------------------------------------------------ */

static enum oae_status take_head(struct oae_transcript *t, const cJSON *line,
				 struct oae_error *err)
{
	const cJSON *parameters, *names;
	const char *schema = oae_json_str_or(line, "schema", "");
	enum oae_status status;

	if (strcmp(schema, OAE_TRANSCRIPT_SCHEMA) != 0)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"is a \"%.40s\"; this program reads %s", schema,
				OAE_TRANSCRIPT_SCHEMA);
	t->head = line;
	status = oae_json_str(line, "system", &t->system, err);
	if (!status)
		status = oae_json_str(line, "adapter", &t->adapter, err);
	if (!status)
		status = oae_json_str(line, "version", &t->version, err);
	if (!status)
		status = oae_json_str(line, "place", &t->place, err);
	if (!status)
		status = oae_json_bool(line, "in_root", &t->in_root, err);
	if (!status)
		status = oae_json_obj(line, "parameters", &parameters, err);
	if (!status)
		status = oae_json_arr(parameters, "exposed", &names, err);
	if (status)
		return status;
	t->sum.parameters = (uint64_t)cJSON_GetArraySize(names);
	status = oae_json_arr(parameters, "set", &names, err);
	if (!status)
		t->sum.parameters_set = (uint64_t)cJSON_GetArraySize(names);
	return status;
}

static enum oae_status take_materials(struct oae_transcript *t,
				      const cJSON *line, struct oae_error *err)
{
	enum oae_status status =
		oae_json_u64(line, "bytes", &t->materials_bytes, err);

	t->materials_line = line;
	return status ? status : read_list(line, &t->materials, err);
}

static enum oae_status read_step_counts(const cJSON *line,
					struct oae_transcript_step *s,
					struct oae_error *err)
{
	static const char *const file_keys[] = { "made", "changed", "removed",
						 NULL };
	static const char *const edit_keys[] = { "files", "lines", NULL };
	static const char *const package_keys[] = { "installed", NULL };
	uint64_t *const file_out[] = { &s->files.made, &s->files.changed,
				       &s->files.removed };
	uint64_t *const edit_out[] = { &s->edited_files, &s->edited_lines };
	uint64_t *const package_out[] = { &s->packages_installed };
	const cJSON *files, *edits, *packages;
	enum oae_status status = oae_json_obj(line, "files", &files, err);

	if (!status)
		status = read_counts(files, file_keys, file_out, err);
	if (!status)
		status = read_list(files, &s->files, err);
	if (!status)
		status = oae_json_obj(line, "edits", &edits, err);
	if (!status)
		status = read_counts(edits, edit_keys, edit_out, err);
	if (!status)
		status = oae_json_obj(line, "packages_seen", &packages, err);
	if (!status)
		status = read_counts(packages, package_keys, package_out, err);
	if (!status)
		status = read_amount(packages, "there", 0, &s->packages, err);
	return status;
}

static enum oae_status take_step(struct oae_transcript *t, const cJSON *line,
				 struct oae_error *err)
{
	struct oae_transcript_step *s = &t->steps[t->step_count];
	const cJSON *code;
	enum oae_status status;

	if (t->step_count == OAE_MANIFEST_LIST_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "more than %u steps",
				OAE_MANIFEST_LIST_MAX);
	t->step_count++;
	status = oae_setup_step_read(line, &s->what, err);
	if (!status)
		status = oae_json_str(line, "outcome", &s->outcome, err);
	if (!status)
		status = read_seconds(line, "wall_s", &s->wall_s, err);
	if (!status)
		status = read_amount(line, "cpu_s", 0, &s->cpu_s, err);
	if (!status)
		status = read_amount(line, "network_bytes", 0,
				     &s->network_bytes, err);
	if (!status)
		status = read_amount(line, "disk_bytes", -BYTES_MAX,
				     &s->disk_bytes, err);
	if (!status)
		status = read_step_counts(line, s, err);
	s->reason = oae_json_str_or(line, "reason", NULL);
	code = cJSON_GetObjectItemCaseSensitive(line, "exit");
	s->exit = cJSON_IsNumber(code) && code->valuedouble >= 0 &&
				  code->valuedouble <= 255 ?
			  (int)code->valuedouble :
			  -1;
	return status;
}

static enum oae_status take_first(struct oae_transcript *t, const cJSON *line,
				  struct oae_error *err)
{
	enum oae_status status =
		oae_json_str(line, "outcome", &t->first_outcome, err);
	struct oae_amount at = { NAN, OAE_ABSENT, NULL };

	t->first_line = line;
	t->first_reason = oae_json_str_or(line, "reason", NULL);
	if (!status)
		status = read_amount(line, "first_token_s", 0, &at, err);
	t->first_token_s = at.value;
	t->first_ok = !status && strcmp(t->first_outcome, "ok") == 0;
	if (t->first_ok &&
	    (isnan(at.value) || !*oae_json_str_or(line, "token", "")))
		return bad(err, "says ok, but has no token and its time");
	return status;
}

static enum oae_status take(struct oae_transcript *t, const cJSON *line,
			    struct oae_error *err)
{
	const char *type = oae_json_str_or(line, "type", "");
	size_t n = t->line_count - 1;

	if (n == 0)
		return strcmp(type, "setup") == 0 ?
			       take_head(t, line, err) :
			       bad(err, "the first line is no \"setup\" line");
	if (t->first_line)
		return bad(err, "only the seal follows the \"first\" line");
	if (n == 1)
		return strcmp(type, "materials") == 0 ?
			       take_materials(t, line, err) :
			       bad(err, "the second line is no \"materials\"");
	if (strcmp(type, "step") == 0)
		return take_step(t, line, err);
	if (strcmp(type, "first") == 0)
		return take_first(t, line, err);
	return oae_fail(err, OAE_ERR_FORMAT, 0, "type \"%.40s\" is unknown",
			type);
}

/* ---- the chain -------------------------------------------------------- */

struct chain {
	const char *path, *begin; /* of the text */
	char prev[OAE_SHA256_HEX];
	bool sealed;
};

static enum oae_status check_seal(const struct chain *c, const cJSON *line,
				  size_t lines, const char *at,
				  struct oae_error *err)
{
	char all[OAE_SHA256_HEX];

	oae_sha256_bytes(c->begin, (size_t)(at - c->begin), all);
	if (oae_json_u64_or(line, "lines", UINT64_MAX) != lines ||
	    strcmp(oae_json_str_or(line, "sha256", ""), all) != 0)
		return oae_fail(err, OAE_ERR_CHECK, 0,
				"the seal does not fit the lines before it");
	return OAE_OK;
}

static enum oae_status take_line(struct oae_transcript *t, struct chain *c,
				 const char *at, size_t len,
				 struct oae_error *err)
{
	cJSON *line = NULL;
	enum oae_status status = oae_json_parse(at, len, &line, err);

	if (status)
		return status;
	t->lines[t->line_count++] = line;
	if (c->sealed)
		return oae_fail(err, OAE_ERR_CHECK, 0,
				"something follows the seal");
	if (oae_json_u64_or(line, "seq", UINT64_MAX) != t->line_count - 1)
		return oae_fail(err, OAE_ERR_CHECK, 0,
				"seq is not the next number; a line is missing,"
				" doubled or changed");
	if (strcmp(oae_json_str_or(line, "prev", ""), c->prev) != 0)
		return oae_fail(err, OAE_ERR_CHECK, 0,
				"prev is not the sha256 of the line before;"
				" one of the two was changed");
	oae_sha256_bytes(at, len, c->prev);
	if (strcmp(oae_json_str_or(line, "type", ""), "seal") != 0)
		return take(t, line, err);
	c->sealed = true;
	return check_seal(c, line, t->line_count - 1, at, err);
}

static enum oae_status take_lines(struct oae_transcript *t,
				  const struct oae_buf *text, const char *path,
				  struct oae_error *err)
{
	struct chain c = { .path = path, .begin = oae_buf_str(text) };
	const char *at = c.begin, *end = at + text->len, *stop;
	enum oae_status status = OAE_OK;

	memset(c.prev, '0', OAE_SHA256_HEX - 1);
	while (!status && at < end) {
		stop = memchr(at, '\n', (size_t)(end - at));
		if (!stop || t->line_count == LINES_MAX)
			status = stop ? oae_fail(err, OAE_ERR_LIMIT, 0,
						 "more than %u lines",
						 LINES_MAX) :
					bad(err, "the last line is torn");
		else
			status = take_line(t, &c, at, (size_t)(stop - at), err);
		if (status)
			oae_error_prefix(err, "%s line %zu", path,
					 t->line_count + (stop == NULL));
		else
			at = stop + 1;
	}
	if (!status && (!c.sealed || !t->first_line))
		return oae_fail(err, OAE_ERR_CHECK, 0,
				"%s: is not whole: its seal is missing", path);
	return status;
}

/* ---- sums ------------------------------------------------------------- */

/* A sum that is being made: its source is that of its largest weakest part. */
struct sum {
	struct oae_amount *out;
	double largest;
};

/* What one part lacks, the sum lacks, for that part's reason. */
static void add(struct sum *s, const struct oae_amount *a)
{
	struct oae_amount *out = s->out;
	enum oae_evidence both =
		oae_evidence_weaker(out->evidence, a->evidence);

	if (isnan(out->value))
		return;
	if (isnan(a->value)) {
		*out = *a;
		return;
	}
	out->value += a->value;
	if (!out->source || both != out->evidence ||
	    (a->evidence == both && fabs(a->value) > s->largest)) {
		out->source = a->source;
		s->largest = fabs(a->value);
	}
	out->evidence = both;
}

static enum oae_status sum_up(struct oae_transcript *t, struct oae_error *err)
{
	struct oae_transcript_sum *sum = &t->sum;
	struct sum cpu = { &sum->cpu_s, 0 };
	struct sum network = { &sum->network_bytes, 0 };
	struct sum disk = { &sum->disk_bytes, 0 };
	double installed = 0;
	struct oae_amount part = { NAN, OAE_ABSENT, "no first token" };

	sum->packages = (struct oae_amount){ NAN, OAE_ABSENT,
					     "no step names packages" };
	if (!isnan(t->first_token_s))
		sum->wall_s = t->first_token_s;
	sum->steps = t->step_count;
	sum->failures = !t->first_ok;
	for (size_t i = 0; i < t->step_count; i++) {
		const struct oae_transcript_step *s = &t->steps[i];

		sum->wall_s += s->wall_s;
		add(&cpu, &s->cpu_s);
		add(&network, &s->network_bytes);
		add(&disk, &s->disk_bytes);
		sum->failures += strcmp(s->outcome, "ok") != 0;
		sum->files_made += s->files.made;
		sum->edited_files += s->edited_files;
		sum->edited_lines += s->edited_lines;
		if (s->what.kind == OAE_SETUP_PACKAGES || s->packages_installed)
			sum->packages = s->packages;
	}
	/* In a root folder of its own: those that came, whoever asked. */
	for (size_t i = 0; t->in_root && i < t->step_count; i++)
		installed += (double)t->steps[i].packages_installed;
	if (t->in_root && !isnan(sum->packages.value))
		sum->packages = (struct oae_amount){
			installed, OAE_MEASURED,
			"installed by the steps (dpkg, after less before)"
		};
	if (read_amount(t->first_line, "cpu_s", 0, &part, err))
		return err->status;
	add(&cpu, &part);
	if (read_amount(t->first_line, "network_bytes", 0, &part, err))
		return err->status;
	add(&network, &part);
	part = (struct oae_amount){ (double)t->materials_bytes, OAE_MEASURED,
				    "the copy of the materials" };
	add(&disk, &part);
	return OAE_OK;
}

enum oae_status oae_transcript_read(const char *path, struct oae_transcript *t,
				    struct oae_error *err)
{
	struct oae_error local = { OAE_OK, 0, "" };
	struct oae_buf text;
	enum oae_status status;

	if (!err)
		err = &local;
	memset(t, 0, sizeof(*t));
	t->first_token_s = NAN;
	t->lines = calloc(LINES_MAX + 1, sizeof(*t->lines));
	t->steps = calloc(OAE_MANIFEST_LIST_MAX, sizeof(*t->steps));
	if (!t->lines || !t->steps)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	oae_buf_init(&text, OAE_TRANSCRIPT_BYTES_MAX);
	status = oae_file_read(path, &text, err);
	if (!status)
		oae_sha256_bytes(oae_buf_str(&text), text.len, t->sha256);
	if (!status)
		status = take_lines(t, &text, path, err);
	if (!status) {
		status = sum_up(t, err);
		if (status)
			oae_error_prefix(err, "%s", path);
	}
	oae_buf_release(&text);
	return status;
}

void oae_transcript_release(struct oae_transcript *t)
{
	for (size_t i = 0; i < t->line_count; i++)
		cJSON_Delete(t->lines[i]);
	for (size_t i = 0; i < t->step_count; i++)
		free(t->steps[i].files.item);
	free(t->materials.item);
	free(t->lines);
	free(t->steps);
	memset(t, 0, sizeof(*t));
}

enum oae_status oae_transcript_valid(const struct oae_transcript *t,
				     struct oae_error *err)
{
	for (size_t i = 0; i < t->step_count; i++)
		if (strcmp(t->steps[i].outcome, "ok") != 0)
			return oae_fail(err, OAE_ERR_CHECK, 0,
					"void: step %zu: %.40s: %.300s", i + 1,
					t->steps[i].outcome,
					t->steps[i].reason ?
						t->steps[i].reason :
						"no reason was given");
	if (t->first_ok)
		return OAE_OK;
	return oae_fail(
		err, OAE_ERR_CHECK, 0,
		"void: no first valid token: %.40s: %.300s", t->first_outcome,
		t->first_reason ? t->first_reason : "no reason was given");
}
