/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/prompts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/utf8.h"
#include "schema/check.h"
#include "workloads/workload.h"

static const char *const keys[] = {
	"prompt", "expected", "id", "group", NULL,
};

struct reader {
	struct oae_prompts *out;
	bool json;
	char (*ids)[OAE_NAME_BYTES_MAX + 1];
	size_t alloc;
};

static bool blank(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] != ' ' && s[i] != '\t')
			return false;
	return true;
}

static enum oae_status keep_id(struct reader *r, const char *id,
			       struct oae_error *err)
{
	size_t n = r->out->count;

	if (!oae_check_name(id))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"id\": \"%.60s\" is no name; use letters,"
				" digits, '.', '_' and '-'",
				id);
	if (n == OAE_ITEMS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "more than %u prompts",
				OAE_ITEMS_MAX);
	if (n == r->alloc) {
		size_t alloc = r->alloc ? 2 * r->alloc : 64;
		void *ids = realloc(r->ids, alloc * sizeof(*r->ids));

		if (!ids)
			return oae_fail(err, OAE_ERR_NOMEM, 0, "prompts");
		r->ids = ids;
		r->alloc = alloc;
	}
	(void)snprintf(r->ids[n], sizeof(r->ids[n]), "%s", id);
	return OAE_OK;
}

static enum oae_status take(struct reader *r, const char *id,
			    const char *prompt, const char *expected,
			    const char *group, struct oae_error *err)
{
	struct oae_prompts *p = r->out;
	char own[24];
	struct oae_jw w;
	enum oae_status status;

	if (blank(prompt, strlen(prompt)))
		return oae_fail(err, OAE_ERR_FORMAT, 0, "\"prompt\": is empty");
	if (expected && !*expected)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"expected\": is empty; leave it out in every"
				" line if there is no right answer");
	if (strlen(prompt) > OAE_PROMPT_BYTES_MAX ||
	    (expected && strlen(expected) > OAE_ANSWER_BYTES_MAX))
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"a prompt may have %u bytes, an expected"
				" answer %u",
				OAE_PROMPT_BYTES_MAX, OAE_ANSWER_BYTES_MAX);
	if (p->count && p->expected != (expected != NULL))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s an \"expected\" answer, other than the"
				" prompts before it; give one to all or to"
				" none",
				expected ? "has" : "lacks");
	p->expected = expected != NULL;
	(void)snprintf(own, sizeof(own), "p%05zu", p->count + 1);
	status = keep_id(r, id ? id : own, err);
	if (status)
		return status;
	oae_jw_init(&w, &p->items, 0);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "id", id ? id : own);
	oae_jw_str(&w, "prompt", prompt);
	if (expected)
		oae_jw_str(&w, "expected", expected);
	if (group && *group)
		oae_jw_str(&w, "group", group);
	oae_jw_end_obj(&w);
	oae_buf_putc(&p->items, '\n');
	p->count++;
	return oae_buf_check(&p->items, "prompts", err);
}

static enum oae_status optional(const cJSON *tree, const char *key,
				const char **out, struct oae_error *err)
{
	*out = NULL;
	if (!cJSON_HasObjectItem(tree, key))
		return OAE_OK;
	return oae_json_str(tree, key, out, err);
}

static enum oae_status take_json(struct reader *r, const char *line, size_t len,
				 struct oae_error *err)
{
	const char *prompt, *expected = NULL, *id = NULL, *group = NULL;
	cJSON *tree = NULL;
	enum oae_status status = oae_json_parse(line, len, &tree, err);

	if (!status)
		status = oae_check_keys(tree, "item", keys, err);
	if (!status)
		status = oae_json_str(tree, "prompt", &prompt, err);
	if (!status)
		status = optional(tree, "expected", &expected, err);
	if (!status)
		status = optional(tree, "id", &id, err);
	if (!status)
		status = optional(tree, "group", &group, err);
	if (!status)
		status = take(r, id, prompt, expected, group, err);
	cJSON_Delete(tree);
	return status;
}

static enum oae_status take_text(struct reader *r, const char *line, size_t len,
				 struct oae_error *err)
{
	enum oae_status status;
	size_t at, n;
	char *prompt;

	for (at = 0; at < len; at += n) {
		n = oae_utf8_length(line + at, len - at);
		if (!n || !line[at])
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"byte %zu is no UTF-8 text; convert"
					" the file",
					at + 1);
	}
	prompt = strndup(line, len);
	if (!prompt)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "prompts");
	status = take(r, NULL, prompt, NULL, NULL, err);
	free(prompt);
	return status;
}

static enum oae_status take_line(struct reader *r, const char *line, size_t len,
				 struct oae_error *err)
{
	if (len && line[len - 1] == '\r')
		len--;
	if (blank(line, len))
		return OAE_OK;
	if (len > OAE_LINE_BYTES_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "longer than %u bytes",
				OAE_LINE_BYTES_MAX);
	/* The first line that says something decides. */
	if (!r->out->count)
		r->json = line[strspn(line, " \t")] == '{';
	return r->json ? take_json(r, line, len, err) :
			 take_text(r, line, len, err);
}

static int by_id(const void *a, const void *b)
{
	return strcmp(a, b);
}

static enum oae_status check_ids(struct reader *r, struct oae_error *err)
{
	if (!r->out->count || !r->ids)
		return oae_fail(err, OAE_ERR_FORMAT, 0, "holds no prompt");
	qsort(r->ids, r->out->count, sizeof(*r->ids), by_id);
	for (size_t i = 1; i < r->out->count; i++)
		if (!strcmp(r->ids[i - 1], r->ids[i]))
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"two prompts have the id \"%.60s\"",
					r->ids[i]);
	return OAE_OK;
}

enum oae_status oae_prompts_read(const char *path, struct oae_prompts *p,
				 struct oae_error *err)
{
	struct reader r = { .out = p };
	const char *at, *end, *stop;
	struct oae_buf text;
	size_t line = 1;
	enum oae_status status;

	memset(p, 0, sizeof(*p));
	oae_buf_init(&p->items, OAE_TEXT_FILE_BYTES_MAX);
	oae_buf_init(&text, OAE_TEXT_FILE_BYTES_MAX);
	status = oae_file_read(path, &text, err);
	at = oae_buf_str(&text);
	end = at + text.len;
	for (; !status && at < end; at = stop + 1, line++) {
		stop = memchr(at, '\n', (size_t)(end - at));
		if (!stop)
			stop = end;
		status = take_line(&r, at, (size_t)(stop - at), err);
		if (status)
			oae_error_prefix(err, "%s line %zu", path, line);
	}
	if (!status) {
		status = check_ids(&r, err);
		if (status)
			oae_error_prefix(err, "%s", path);
	}
	free(r.ids);
	oae_buf_release(&text);
	return status;
}

void oae_prompts_release(struct oae_prompts *p)
{
	oae_buf_release(&p->items);
	memset(p, 0, sizeof(*p));
}

void oae_prompts_write(const struct oae_prompts *p,
		       const struct oae_prompts_workload *w,
		       struct oae_buf *out)
{
	char sha256[OAE_SHA256_HEX], items[OAE_NAME_BYTES_MAX + 16];
	struct oae_jw jw;

	oae_sha256_bytes(oae_buf_str(&p->items), p->items.len, sha256);
	(void)snprintf(items, sizeof(items), "%.100s.items.jsonl", w->id);
	oae_jw_init(&jw, out, 2);
	oae_jw_obj(&jw, NULL);
	oae_jw_int(&jw, "oae_workload", OAE_WORKLOAD_VERSION);
	oae_jw_str(&jw, "id", w->id);
	oae_jw_str(&jw, "title", w->title);
	oae_jw_str(&jw, "kind", "submit");
	oae_jw_str(&jw, "items", items);
	oae_jw_str(&jw, "items_sha256", sha256);
	oae_jw_str(&jw, "judge", oae_judge_name(w->judge));
	oae_jw_num(&jw, "max_tokens", w->max_tokens);
	oae_jw_int(&jw, "temperature", 0);
	oae_jw_arr(&jw, "stop");
	oae_jw_end_arr(&jw);
	oae_jw_obj(&jw, "gate");
	oae_jw_num(&jw, "floor", w->floor);
	oae_jw_end_obj(&jw);
	oae_jw_end_obj(&jw);
	oae_buf_putc(out, '\n');
}
