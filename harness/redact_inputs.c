/* SPDX-License-Identifier: Apache-2.0 */
/* The inputs of a redacted run folder: workloads without their texts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "harness/redact.h"
#include "workloads/workload.h"

#define SUFFIX ".workload.json"

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
}

static enum oae_status set_sum(cJSON *inputs, const char *name,
			       const char *sha256, struct oae_error *err)
{
	cJSON *v = cJSON_CreateString(sha256);

	/* The order of the names is kept: profiles are scored in it. */
	if (v && cJSON_ReplaceItemInObjectCaseSensitive(inputs, name, v))
		return OAE_OK;
	cJSON_Delete(v);
	return no_memory(err);
}

/* TO/inputs/NAME with these bytes; its hash into the list. */
static enum oae_status put_file(const struct oae_redaction *r, const char *name,
				const struct oae_buf *text, cJSON *inputs,
				struct oae_error *err)
{
	char path[2 * OAE_PATH_BYTES_MAX], sha256[OAE_SHA256_HEX], *slash;
	enum oae_status status;

	if (strlen(r->to) + strlen(name) + 10 > sizeof(path))
		return oae_fail(err, OAE_ERR_LIMIT, 0, "path too long");
	(void)snprintf(path, sizeof(path), "%s/inputs/%s", r->to, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	status = oae_dir_make(path, err);
	*slash = '/';
	if (!status)
		status =
			oae_file_write(path, oae_buf_str(text), text->len, err);
	oae_sha256_bytes(oae_buf_str(text), text->len, sha256);
	return status ? status : set_sum(inputs, name, sha256, err);
}

static void write_item(struct oae_jw *w, struct oae_buf *out,
		       const struct oae_item *item, const char *prompt,
		       const char *expected)
{
	oae_jw_init(w, out, 0);
	oae_jw_obj(w, NULL);
	oae_jw_str(w, "id", item->id);
	oae_jw_str(w, "prompt", prompt);
	if (expected)
		oae_jw_str(w, "expected", expected);
	if (*item->group)
		oae_jw_str(w, "group", item->group);
	oae_jw_end_obj(w);
	oae_buf_putc(out, '\n');
}

static enum oae_status redact_items(struct oae_redaction *r,
				    const struct oae_workload *w,
				    struct oae_buf *out, struct oae_error *err)
{
	char prompt[OAE_REDACTED_TEXT], expected[OAE_REDACTED_TEXT];
	enum oae_status status = OAE_OK;
	struct oae_jw jw;

	for (size_t i = 0; i < w->item_count && !status; i++) {
		const struct oae_item *item = &w->items[i];

		status = oae_redact_text(r, "prompt", w->id, item->id,
					 item->prompt, prompt, err);
		if (!status && item->expected)
			status = oae_redact_text(r, "right answer", w->id,
						 item->id, item->expected,
						 expected, err);
		if (!status)
			write_item(&jw, out, item, prompt,
				   item->expected ? expected : NULL);
	}
	return status ? status : oae_buf_check(out, "items", err);
}

/* The workload file, which names its items' new hash. */
static enum oae_status redact_head(const struct oae_workload *w,
				   const struct oae_buf *items,
				   struct oae_buf *out, struct oae_error *err)
{
	char sha256[OAE_SHA256_HEX];
	struct oae_jw jw;
	cJSON *tree = NULL, *v;
	enum oae_status status = oae_json_read(w->path, &tree, err);

	oae_sha256_bytes(oae_buf_str(items), items->len, sha256);
	if (!status) {
		v = cJSON_CreateString(sha256);
		if (!v || !cJSON_ReplaceItemInObjectCaseSensitive(
				  tree, "items_sha256", v)) {
			cJSON_Delete(v);
			status = no_memory(err);
		}
	}
	if (!status) {
		oae_jw_init(&jw, out, 2);
		oae_jw_value(&jw, NULL, tree);
		oae_buf_putc(out, '\n');
		status = oae_buf_check(out, "workload", err);
	}
	cJSON_Delete(tree);
	return status;
}

static enum oae_status redact_workload(struct oae_redaction *r,
				       const char *name, cJSON *inputs,
				       struct oae_error *err)
{
	char path[2 * OAE_PATH_BYTES_MAX], items_name[OAE_PATH_BYTES_MAX];
	struct oae_buf items, head;
	struct oae_workload w;
	const char *slash;
	enum oae_status status;

	oae_buf_init(&items, OAE_TEXT_FILE_BYTES_MAX);
	oae_buf_init(&head, OAE_JSON_FILE_BYTES_MAX);
	(void)snprintf(path, sizeof(path), "%s/inputs/%s", r->from, name);
	status = oae_workload_read(path, &w, err);
	if (!status)
		status = redact_items(r, &w, &items, err);
	if (!status)
		status = redact_head(&w, &items, &head, err);
	if (!status) {
		slash = strrchr(w.items_path, '/');
		(void)snprintf(items_name, sizeof(items_name), "workloads/%s",
			       slash ? slash + 1 : w.items_path);
		status = put_file(r, items_name, &items, inputs, err);
	}
	if (!status)
		status = put_file(r, name, &head, inputs, err);
	oae_workload_release(&w);
	oae_buf_release(&items);
	oae_buf_release(&head);
	return status;
}

static bool is_workload(const char *name)
{
	size_t len = strlen(name);

	return !strncmp(name, "workloads/", 10) && len > strlen(SUFFIX) &&
	       !strcmp(name + len - strlen(SUFFIX), SUFFIX);
}

static enum oae_status copy_as_is(const struct oae_redaction *r,
				  const char *name, cJSON *inputs,
				  struct oae_error *err)
{
	char path[2 * OAE_PATH_BYTES_MAX];
	struct oae_buf text;
	enum oae_status status;

	oae_buf_init(&text, OAE_TEXT_FILE_BYTES_MAX);
	(void)snprintf(path, sizeof(path), "%s/inputs/%s", r->from, name);
	status = oae_file_read(path, &text, err);
	if (!status)
		status = put_file(r, name, &text, inputs, err);
	oae_buf_release(&text);
	return status;
}

enum oae_status oae_redact_inputs(struct oae_redaction *r, const cJSON *names,
				  cJSON **inputs, struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	const cJSON *in;

	*inputs = cJSON_Duplicate(names, true);
	if (!*inputs)
		return no_memory(err);
	cJSON_ArrayForEach(in, names) {
		if (!status && is_workload(in->string))
			status = redact_workload(r, in->string, *inputs, err);
	}
	/* What is no item of a workload; those are there by now. */
	cJSON_ArrayForEach(in, names) {
		char path[2 * OAE_PATH_BYTES_MAX];

		(void)snprintf(path, sizeof(path), "%s/inputs/%s", r->to,
			       in->string);
		if (!status && !oae_file_exists(path))
			status = copy_as_is(r, in->string, *inputs, err);
	}
	return status;
}
