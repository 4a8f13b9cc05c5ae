/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "schema/check.h"

#define MEMORY_MAX ((size_t)512 << 20)
#define TEMPERATURE_MAX 10.0

static const char *const keys[] = {
	"oae_workload", "id",		"title", "about",      "kind",
	"items",	"items_sha256", "judge", "max_tokens", "temperature",
	"stop",		"gate",		NULL,
};
static const char *const gate_keys[] = { "floor", NULL };
static const char *const item_keys[] = {
	"id", "prompt", "expected", "group", NULL,
};

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0,
			"the workload is larger than the memory for it");
}

static enum oae_status keep(struct oae_workload *w, const char *text,
			    const char **out, struct oae_error *err)
{
	*out = oae_arena_strdup(&w->arena, text);
	return *out ? OAE_OK : no_memory(err);
}

/* A member that is a text of at least one byte, kept in the arena. */
static enum oae_status keep_member(struct oae_workload *w, const cJSON *obj,
				   const char *key, const char **out,
				   struct oae_error *err)
{
	const char *text;
	enum oae_status status = oae_json_str(obj, key, &text, err);

	if (status)
		return status;
	if (!*text)
		return oae_fail(err, OAE_ERR_FORMAT, 0, "\"%s\": is empty",
				key);
	return keep(w, text, out, err);
}

static enum oae_status read_stop(struct oae_workload *w, const cJSON *tree,
				 struct oae_error *err)
{
	const cJSON *list, *text;
	enum oae_status status = oae_json_arr(tree, "stop", &list, err);

	if (status)
		return status;
	cJSON_ArrayForEach(text, list) {
		if (!cJSON_IsString(text) || !*text->valuestring)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"\"stop\": must hold texts");
		if (w->stop_count == OAE_STOPS_MAX)
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"\"stop\": more than %u texts",
					OAE_STOPS_MAX);
		status = keep(w, text->valuestring, &w->stop[w->stop_count++],
			      err);
		if (status)
			return status;
	}
	return OAE_OK;
}

static enum oae_status read_numbers(struct oae_workload *w, const cJSON *tree,
				    struct oae_error *err)
{
	const cJSON *gate;
	uint64_t tokens;
	enum oae_status status = oae_json_u64(tree, "max_tokens", &tokens, err);

	if (!status)
		status =
			oae_json_num(tree, "temperature", &w->temperature, err);
	if (!status)
		status = oae_json_obj(tree, "gate", &gate, err);
	if (!status)
		status = oae_check_keys(gate, "\"gate\"", gate_keys, err);
	if (!status)
		status = oae_json_num(gate, "floor", &w->floor, err);
	if (status)
		return status;
	if (!tokens || tokens > OAE_TOKENS_PER_ANSWER_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"\"max_tokens\": must be 1 to %u",
				OAE_TOKENS_PER_ANSWER_MAX);
	if (w->temperature < 0.0 || w->temperature > TEMPERATURE_MAX)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"temperature\": must be 0 to %g",
				TEMPERATURE_MAX);
	if (w->floor < 0.0 || w->floor > 1.0)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"gate\": \"floor\" must be a share from 0 "
				"to 1");
	w->max_tokens = (uint32_t)tokens;
	return OAE_OK;
}

/* The text members; *items and *sha256 stay the tree's. */
static enum oae_status read_texts(struct oae_workload *w, const cJSON *tree,
				  const char **items, const char **sha256,
				  struct oae_error *err)
{
	const char *kind, *judge;
	enum oae_status status = keep_member(w, tree, "id", &w->id, err);

	if (!status)
		status = keep_member(w, tree, "title", &w->title, err);
	if (!status)
		status = keep(w, oae_json_str_or(tree, "about", ""), &w->about,
			      err);
	if (!status)
		status = oae_json_str(tree, "kind", &kind, err);
	if (!status)
		status = oae_json_str(tree, "judge", &judge, err);
	if (!status)
		status = oae_judge_parse(judge, &w->judge, err);
	if (!status)
		status = oae_json_str(tree, "items", items, err);
	if (!status)
		status = oae_json_str(tree, "items_sha256", sha256, err);
	if (status)
		return status;
	if (!oae_check_name(w->id))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"id\": \"%.60s\" is no name", w->id);
	if (strcmp(kind, "submit") != 0)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"\"kind\": \"%.40s\" is not supported; "
				"\"submit\" is",
				kind);
	if (!oae_check_name(*items))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"items\": must name a file beside this one");
	return OAE_OK;
}

static enum oae_status read_item(struct oae_workload *w, const cJSON *tree,
				 struct oae_error *err)
{
	struct oae_item *item = &w->items[w->item_count];
	enum oae_status status = oae_check_keys(tree, "item", item_keys, err);

	if (!status)
		status = keep_member(w, tree, "id", &item->id, err);
	if (!status)
		status = keep_member(w, tree, "prompt", &item->prompt, err);
	if (!status && (w->judge != OAE_JUDGE_NONE ||
			cJSON_HasObjectItem(tree, "expected")))
		status = keep_member(w, tree, "expected", &item->expected, err);
	if (!status && cJSON_HasObjectItem(tree, "group"))
		status = keep_member(w, tree, "group", &item->group, err);
	else if (!status)
		item->group = "";
	if (status)
		return status;
	if (!oae_check_name(item->id))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"id\": \"%.60s\" is no name", item->id);
	if (strlen(item->prompt) > OAE_PROMPT_BYTES_MAX ||
	    (item->expected && strlen(item->expected) > OAE_ANSWER_BYTES_MAX))
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"a prompt may have %u bytes, an expected "
				"answer %u",
				OAE_PROMPT_BYTES_MAX, OAE_ANSWER_BYTES_MAX);
	w->item_count++;
	return OAE_OK;
}

static int compare_ids(const void *a, const void *b)
{
	const struct oae_item *const *x = a, *const *y = b;

	return strcmp((*x)->id, (*y)->id);
}

static enum oae_status check_unique(const struct oae_workload *w,
				    struct oae_error *err)
{
	const struct oae_item **sorted;
	enum oae_status status = OAE_OK;

	sorted = malloc(w->item_count * sizeof(const struct oae_item *));
	if (!sorted)
		return no_memory(err);
	for (size_t i = 0; i < w->item_count; i++)
		sorted[i] = &w->items[i];
	qsort(sorted, w->item_count, sizeof(const struct oae_item *),
	      compare_ids);
	for (size_t i = 1; i < w->item_count && !status; i++) {
		if (!strcmp(sorted[i - 1]->id, sorted[i]->id))
			status = oae_fail(err, OAE_ERR_FORMAT, 0,
					  "two items have the id \"%.60s\"",
					  sorted[i]->id);
	}
	free(sorted);
	return status;
}

static enum oae_status read_line(struct oae_workload *w, const char *line,
				 size_t len, struct oae_error *err)
{
	enum oae_status status;
	cJSON *tree = NULL;

	if (len > OAE_LINE_BYTES_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"the line is over %u bytes",
				OAE_LINE_BYTES_MAX);
	status = oae_json_parse(line, len, &tree, err);
	if (!status)
		status = read_item(w, tree, err);
	cJSON_Delete(tree);
	return status;
}

/* One item a line; every line ends with a newline. */
static enum oae_status read_lines(struct oae_workload *w, const char *text,
				  size_t len, struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	size_t lines = 0, number = 0;

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	if (!lines || text[len - 1] != '\n')
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				len ? "the last line has no end; the file was "
				      "cut short" :
				      "holds no items");
	if (lines > OAE_ITEMS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%zu items; at most %u can be read", lines,
				OAE_ITEMS_MAX);
	w->items = oae_arena_array(&w->arena, lines, sizeof(*w->items));
	if (!w->items)
		return no_memory(err);
	while (len && !status) {
		size_t n =
			(size_t)((const char *)memchr(text, '\n', len) - text);

		number++;
		status = read_line(w, text, n, err);
		text += n + 1;
		len -= n + 1;
	}
	if (status)
		oae_error_prefix(err, "line %zu", number);
	return status ? status : check_unique(w, err);
}

static enum oae_status read_items(struct oae_workload *w, const char *sha256,
				  struct oae_error *err)
{
	struct oae_buf text;
	enum oae_status status;

	oae_buf_init(&text, OAE_TEXT_FILE_BYTES_MAX);
	status = oae_file_read(w->items_path, &text, err);
	if (status)
		goto out;
	oae_sha256_bytes(oae_buf_str(&text), text.len, w->items_sha256);
	if (strcmp(w->items_sha256, sha256) != 0) {
		status = oae_fail(err, OAE_ERR_CHECK, 0,
				  "%s: its SHA-256 is %.12s..., %s says "
				  "%.12s...; restore the file, or state its "
				  "new SHA-256 if the change is meant",
				  w->items_path, w->items_sha256, w->path,
				  sha256);
		goto out;
	}
	status = read_lines(w, oae_buf_str(&text), text.len, err);
	if (status)
		oae_error_prefix(err, "%s", w->items_path);
out:
	oae_buf_release(&text);
	return status;
}

/* The path of a file beside another. */
static enum oae_status beside(struct oae_workload *w, const char *path,
			      const char *name, const char **out,
			      struct oae_error *err)
{
	const char *slash = strrchr(path, '/');
	int dir = slash ? (int)(slash - path + 1) : 0;

	/* Somebody else's workload must not read what is not its own. */
	if (!oae_check_name(name))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"items\": \"%.60s\" must be the name of a"
				" file beside it",
				name);
	*out = oae_arena_printf(&w->arena, "%.*s%s", dir, path, name);
	return *out ? OAE_OK : no_memory(err);
}

enum oae_status oae_workload_read(const char *path, struct oae_workload *w,
				  struct oae_error *err)
{
	const char *items, *sha256;
	struct oae_buf text;
	cJSON *tree = NULL;
	enum oae_status status;

	memset(w, 0, sizeof(*w));
	oae_arena_init(&w->arena, MEMORY_MAX);
	oae_buf_init(&text, OAE_JSON_FILE_BYTES_MAX);
	status = keep(w, path, &w->path, err);
	if (!status)
		status = oae_file_read(path, &text, err);
	if (status)
		goto out;
	oae_sha256_bytes(oae_buf_str(&text), text.len, w->sha256);
	status = oae_json_parse(oae_buf_str(&text), text.len, &tree, err);
	if (!status)
		status = oae_check_version(tree, "oae_workload",
					   OAE_WORKLOAD_VERSION, "workload",
					   err);
	if (!status)
		status = oae_check_keys(tree, "workload", keys, err);
	if (!status)
		status = read_texts(w, tree, &items, &sha256, err);
	if (!status)
		status = read_numbers(w, tree, err);
	if (!status)
		status = read_stop(w, tree, err);
	if (!status)
		status = beside(w, path, items, &w->items_path, err);
	if (status)
		oae_error_prefix(err, "%s", path);
	else
		status = read_items(w, sha256, err);
out:
	cJSON_Delete(tree);
	oae_buf_release(&text);
	return status;
}

enum oae_status oae_workload_load(const char *home, const char *id,
				  struct oae_workload *w, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX], known[240];
	struct oae_id_list list;
	enum oae_status status;
	int n;

	memset(w, 0, sizeof(*w));
	status = oae_workload_list(home, &list, err);
	if (status)
		return status;
	n = snprintf(path, sizeof(path), "%s/workloads/%s.workload.json", home,
		     id);
	if (!oae_check_name(id) || n < 0 || (size_t)n >= sizeof(path) ||
	    !oae_file_exists(path)) {
		oae_id_list_text(&list, known, sizeof(known));
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"workload \"%.60s\": there is none of that "
				"name; known are %s",
				id, known);
	}
	status = oae_workload_read(path, w, err);
	if (!status && strcmp(w->id, id) != 0)
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "%s: its id is \"%.60s\"; rename one of the "
				  "two",
				  path, w->id);
	return status;
}

void oae_workload_release(struct oae_workload *w)
{
	oae_arena_release(&w->arena);
	memset(w, 0, sizeof(*w));
}
