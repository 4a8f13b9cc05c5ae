/* SPDX-License-Identifier: Apache-2.0 */
/* The project's folder in which a submission is run again. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/rng.h"
#include "harness/campaign.h"
#include "harness/pack_documents.h"
#include "harness/rerun.h"

struct place {
	const struct oae_rerun *r;
	const struct oae_intake *in;
	const char *home; /* the new one */
	char real[OAE_PATH_BYTES_MAX];
};

static const cJSON *member(const cJSON *obj, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(obj, key);
}

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static enum oae_status make_folder(const struct place *p, const char *below,
				   struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status =
		oae_path_join(path, sizeof(path), p->home, below, err);

	return status ? status : oae_dir_make(path, err);
}

/* HOME/below leads to the same of the real project's folder. */
static enum oae_status link_real(const struct place *p, const char *below,
				 struct oae_error *err)
{
	char from[OAE_PATH_BYTES_MAX], to[OAE_PATH_BYTES_MAX], *real;
	enum oae_status status =
		oae_path_join(from, sizeof(from), p->real, below, err);

	if (!status)
		status = oae_path_join(to, sizeof(to), p->home, below, err);
	if (status)
		return status;
	real = realpath(from, NULL);
	if (!real || symlink(real, to))
		status =
			oae_fail(err, OAE_ERR_IO, errno, "%s: cannot link", to);
	free(real);
	return status;
}

/* Copies FROM/... of the submission to HOME/TO/... */
static enum oae_status copy_below(const struct place *p, const char *from,
				  const char *to, struct oae_error *err)
{
	char source[OAE_PATH_BYTES_MAX], target[OAE_PATH_BYTES_MAX];
	char below[OAE_PATH_BYTES_MAX];
	enum oae_status status = make_folder(p, to, err);
	const struct oae_intake_file *f;

	for (size_t i = 0; i < p->in->count && !status; i++) {
		f = &p->in->files[i];
		if (!begins(f->path, from) || f->path[strlen(from)] != '/')
			continue;
		snprintf(below, sizeof(below), "%s%s", to,
			 f->path + strlen(from));
		if (f->folder) {
			status = make_folder(p, below, err);
			continue;
		}
		status = oae_intake_path(p->in, f->path, source, sizeof(source),
					 err);
		if (!status)
			status = oae_path_join(target, sizeof(target), p->home,
					       below, err);
		if (!status)
			status = oae_file_copy(source, target, err);
		/* Scripts are run by their own first line. */
		if (!status && strstr(below, "adapters/") &&
		    chmod(target, 0755))
			status = oae_fail(err, OAE_ERR_IO, errno, "%s", target);
	}
	return status;
}

/* ---- adapters --------------------------------------------------------- */

/* The manifest that was measured is the one that lies here. */
static bool is_shipped(const struct place *p, const char *adapter)
{
	char path[OAE_PATH_BYTES_MAX], hex[OAE_SHA256_HEX];
	char name[2 * OAE_NAME_BYTES_MAX];
	const cJSON *inputs =
		member(p->r->submission->records->campaign, "inputs");

	snprintf(path, sizeof(path), "%.3000s/adapters/%.120s/adapter.json",
		 p->real, adapter);
	snprintf(name, sizeof(name), "adapters/%.120s/adapter.json", adapter);
	return oae_file_exists(path) && !oae_sha256_file(path, hex, NULL) &&
	       strcmp(oae_json_str_or(inputs, name, ""), hex) == 0;
}

/* Comes from the submission: never without a nonce, when nobody asked for
 * somebody else's code. */
static bool is_own(const struct place *p, const cJSON *names, const char *name)
{
	const cJSON *n;

	cJSON_ArrayForEach(n, names)
		if (p->r->nonce && strcmp(n->valuestring, name) == 0)
			return !is_shipped(p, name);
	return false;
}

/* Without a nonce all must be here. */
static enum oae_status are_here(const struct place *p, const cJSON *names,
				struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	const cJSON *n;

	cJSON_ArrayForEach(n, names) {
		snprintf(path, sizeof(path), "%.3000s/adapters/%.120s", p->real,
			 n->valuestring);
		if (!oae_dir_exists(path))
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"adapter %.120s: is not here; put it"
					" below %s/adapters",
					n->valuestring, p->real);
	}
	return OAE_OK;
}

static enum oae_status take_adapters(const struct place *p,
				     struct oae_error *err)
{
	cJSON *names =
		oae_campaign_adapter_names(p->r->submission->records->campaign);
	char path[OAE_PATH_BYTES_MAX], below[OAE_NAME_BYTES_MAX * 2 + 32];
	char from[OAE_NAME_BYTES_MAX + 32];
	enum oae_status status = make_folder(p, "adapters", err);
	const cJSON *name;
	struct dirent *e;
	DIR *d = NULL;

	if (!status && !p->r->nonce)
		status = are_here(p, names, err);
	if (!status)
		status = oae_path_join(path, sizeof(path), p->real, "adapters",
				       err);
	d = status ? NULL : opendir(path);
	while (d && !status && (e = readdir(d))) {
		if (e->d_name[0] == '.' || is_own(p, names, e->d_name))
			continue;
		snprintf(below, sizeof(below), "adapters/%s", e->d_name);
		status = link_real(p, below, err);
	}
	if (d)
		closedir(d);
	cJSON_ArrayForEach(name, names) {
		if (status || !is_own(p, names, name->valuestring))
			continue;
		snprintf(from, sizeof(from), "adapter/%.120s",
			 name->valuestring);
		snprintf(below, sizeof(below), "adapters/%.120s",
			 name->valuestring);
		status = copy_below(p, from, below, err);
	}
	cJSON_Delete(names);
	return status;
}

/* ---- workloads -------------------------------------------------------- */

/* "r-" and a hash of nonce and id: the same item, and no known name. */
static void rename_item(const struct place *p, const char *id, char out[32])
{
	char text[OAE_NONCE_BYTES_MAX + 4 * OAE_NAME_BYTES_MAX];
	char hex[OAE_SHA256_HEX];
	int n = snprintf(text, sizeof(text), "%s:%.480s", p->r->nonce, id);

	oae_sha256_bytes(text, (size_t)n, hex);
	snprintf(out, 32, "r-%.16s", hex);
}

/* The items in seeded order, under other names; their hash into hex. */
static enum oae_status shuffle_items(const struct place *p,
				     const struct oae_workload *w,
				     const char *name, char hex[OAE_SHA256_HEX],
				     struct oae_error *err)
{
	uint32_t *order = calloc(w->item_count + 1, sizeof(*order));
	char path[OAE_PATH_BYTES_MAX], id[32];
	struct oae_rng rng;
	struct oae_buf out;
	struct oae_jw jw;
	enum oae_status status;

	if (!order)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	for (size_t i = 0; i < w->item_count; i++)
		order[i] = (uint32_t)i;
	oae_rng_derive(&rng, p->r->seed, w->id);
	oae_rng_shuffle(&rng, order, w->item_count);
	oae_buf_init(&out, OAE_JSON_FILE_BYTES_MAX);
	for (size_t i = 0; i < w->item_count; i++) {
		const struct oae_item *item = &w->items[order[i]];

		rename_item(p, item->id, id);
		oae_jw_init(&jw, &out, 0);
		oae_jw_obj(&jw, NULL);
		oae_jw_str(&jw, "id", id);
		oae_jw_str(&jw, "prompt", item->prompt);
		if (item->expected)
			oae_jw_str(&jw, "expected", item->expected);
		if (item->group && *item->group)
			oae_jw_str(&jw, "group", item->group);
		oae_jw_end_obj(&jw);
		oae_buf_putc(&out, '\n');
	}
	free(order);
	status = oae_buf_check(&out, name, err);
	if (!status)
		status = oae_path_join(path, sizeof(path), p->home, name, err);
	if (!status)
		status = oae_file_write(path, out.data, out.len, err);
	if (!status)
		oae_sha256_bytes(out.data, out.len, hex);
	oae_buf_release(&out);
	return status;
}

/* HOME/NAME as tree, pretty-printed. */
static enum oae_status write_tree(const struct place *p, const char *name,
				  const cJSON *tree, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	struct oae_buf out;
	struct oae_jw jw;
	enum oae_status status =
		oae_path_join(path, sizeof(path), p->home, name, err);

	oae_buf_init(&out, OAE_JSON_FILE_BYTES_MAX);
	oae_jw_init(&jw, &out, 2);
	oae_jw_value(&jw, NULL, tree);
	oae_buf_putc(&out, '\n');
	if (!status)
		status = oae_buf_check(&out, name, err);
	if (!status)
		status = oae_file_write(path, out.data, out.len, err);
	oae_buf_release(&out);
	return status;
}

static enum oae_status take_workload(const struct place *p, const char *id,
				     struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX], name[2 * OAE_NAME_BYTES_MAX + 64];
	char hex[OAE_SHA256_HEX];
	struct oae_workload w;
	cJSON *tree = NULL, *sum;
	enum oae_status status;

	snprintf(name, sizeof(name), "inputs/workloads/%.120s.workload.json",
		 id);
	status = oae_intake_path(p->in, name, path, sizeof(path), err);
	if (status)
		return status;
	status = oae_workload_read(path, &w, err);
	if (!status)
		status = oae_json_read(path, &tree, err);
	snprintf(name, sizeof(name), "workloads/%.250s",
		 oae_json_str_or(tree, "items", ""));
	if (!status)
		status = shuffle_items(p, &w, name, hex, err);
	sum = status ? NULL : cJSON_CreateString(hex);
	if (!status && (!sum || !cJSON_ReplaceItemInObjectCaseSensitive(
					tree, "items_sha256", sum)))
		status = oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	snprintf(name, sizeof(name), "workloads/%.120s.workload.json", id);
	if (!status)
		status = write_tree(p, name, tree, err);
	cJSON_Delete(tree);
	oae_workload_release(&w);
	return status;
}

/* ---- the suite -------------------------------------------------------- */

/* A copy of a list of the campaign's options in the suite. */
static bool replace(cJSON *suite, const char *key, cJSON *value)
{
	if (!value)
		return false;
	if (cJSON_GetObjectItemCaseSensitive(suite, key))
		return cJSON_ReplaceItemInObjectCaseSensitive(suite, key,
							      value);
	return cJSON_AddItemToObject(suite, key, value);
}

static uint32_t items_per_run(const cJSON *suite, const char *id)
{
	const cJSON *w;

	cJSON_ArrayForEach(w, member(suite, "workloads"))
		if (strcmp(oae_json_str_or(w, "id", ""), id) == 0)
			return (uint32_t)oae_json_u64_or(w, "items_per_run", 1);
	w = cJSON_GetArrayItem(member(suite, "workloads"), 0);
	return (uint32_t)oae_json_u64_or(w, "items_per_run", 1);
}

/* Those that were scored for, the user's own included. */
static cJSON *profile_names(const cJSON *campaign)
{
	static const char before[] = "profiles/", after[] = ".json";
	cJSON *list = cJSON_CreateArray(), *one;
	char name[OAE_NAME_BYTES_MAX + 1];
	const cJSON *in;

	cJSON_ArrayForEach(in, member(campaign, "inputs")) {
		size_t n = strlen(in->string);

		if (!begins(in->string, before) ||
		    n < sizeof(before) + sizeof(after) - 1)
			continue;
		snprintf(name, sizeof(name), "%.*s",
			 (int)(n - sizeof(before) - sizeof(after) + 2),
			 in->string + sizeof(before) - 1);
		one = cJSON_CreateString(name);
		if (!list || !one || !cJSON_AddItemToArray(list, one)) {
			cJSON_Delete(one);
			cJSON_Delete(list);
			return NULL;
		}
	}
	return list;
}

/* What was measured, as the suite of the new campaign. */
static bool fit_suite(cJSON *suite, const cJSON *campaign,
		      const struct oae_options *o)
{
	cJSON *workloads = cJSON_CreateArray();
	bool good = workloads != NULL;

	for (size_t i = 0; good && i < o->workloads.count; i++) {
		const char *id = o->workloads.item[i];
		uint32_t n = o->items ? o->items : items_per_run(suite, id);
		cJSON *one = cJSON_CreateObject();

		good = one && cJSON_AddStringToObject(one, "id", id) &&
		       cJSON_AddNumberToObject(one, "items_per_run", n) &&
		       cJSON_AddItemToArray(workloads, one);
	}
	good = good && replace(suite, "workloads", workloads) &&
	       replace(suite, "runs", cJSON_CreateNumber(o->runs));
	good = good && replace(suite, "profiles", profile_names(campaign));
	if (o->conditions.count)
		good = good && replace(suite, "conditions",
				       cJSON_Duplicate(member(member(campaign,
								     "options"),
							      "conditions"),
						       1));
	return good;
}

static enum oae_status take_suite(const struct place *p, char **suite_id,
				  struct oae_error *err)
{
	const cJSON *campaign = p->r->submission->records->campaign;
	char path[OAE_PATH_BYTES_MAX], name[OAE_NAME_BYTES_MAX + 64];
	struct oae_options o = { 0 };
	cJSON *suite = NULL;
	enum oae_status status;

	status = oae_options_read(campaign, &o, err);
	if (!status)
		status = oae_intake_path(p->in, "inputs/suite.json", path,
					 sizeof(path), err);
	if (!status)
		status = oae_json_read(path, &suite, err);
	if (!status && !fit_suite(suite, campaign, &o))
		status = oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	if (!status && !p->r->nonce)
		status = copy_below(p, "inputs/workloads", "workloads", err);
	for (size_t i = 0; p->r->nonce && i < o.workloads.count && !status; i++)
		status = take_workload(p, o.workloads.item[i], err);
	snprintf(name, sizeof(name), "workloads/suites/%.120s.json",
		 oae_json_str_or(suite, "id", ""));
	if (!status)
		status = write_tree(p, name, suite, err);
	*suite_id = status ? NULL : strdup(oae_json_str_or(suite, "id", ""));
	if (!status && !*suite_id)
		status = oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	cJSON_Delete(suite);
	return status;
}

enum oae_status oae_rerun_home(const struct oae_rerun *r, const char *home,
			       char **suite, struct oae_error *err)
{
	struct place p = { .r = r, .in = &r->submission->in, .home = home };
	enum oae_status status = oae_home(p.real, sizeof(p.real), err);

	*suite = NULL;
	if (!status)
		status = make_folder(&p, "schema", err);
	if (!status)
		status = link_real(&p, "schema/tables", err);
	if (!status)
		status = link_real(&p, "schema/documents", err);
	if (!status)
		status = copy_below(&p, "inputs/profiles", "schema/profiles",
				    err);
	if (!status)
		status = make_folder(&p, "workloads/suites", err);
	if (!status)
		status = take_adapters(&p, err);
	return status ? status : take_suite(&p, suite, err);
}
