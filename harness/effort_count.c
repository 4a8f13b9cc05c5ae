/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody must keep, counted: nobody need be asked for it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "harness/effort.h"
#include "harness/sensors/proc.h"
#include "harness/session.h"

#define WAIT_NS (120 * 1000000000ull)
#define NAP_NS 50000000u

/* ---- processes that serve --------------------------------------------- */

struct probe {
	struct oae_session session;
	struct oae_tree tree;
	const char *argv[OAE_MANIFEST_LIST_MAX + 1];
	char *memory[OAE_MANIFEST_LIST_MAX];
};

static enum oae_status prepare(const struct oae_effort *e, struct probe *p,
			       struct oae_error *err)
{
	const struct oae_strings *command = &e->manifest.command;
	char word[OAE_PATH_BYTES_MAX];
	enum oae_status status = OAE_OK;

	for (size_t i = 0; !status && i < command->count; i++) {
		status = oae_manifest_expand(command->item[i], e->build,
					     e->home, e->dir, word,
					     sizeof(word), err);
		p->memory[i] = strdup(word);
		p->argv[i] = p->memory[i];
	}
	return status;
}

/* Until it is ready, then until the first token: it serves. */
static enum oae_status serve(const struct oae_effort *e, struct probe *p,
			     const cJSON *knobs, struct oae_error *err)
{
	const struct oae_hello hello = { .system = e->entry->name,
					 .knobs = knobs,
					 .home = e->home,
					 .seed = 1 };
	const struct oae_submit ask = { .id = 1,
					.prompt = "how many are you",
					.max_tokens = 4 };
	uint64_t end_ns = oae_clock_ns() + WAIT_NS;
	enum oae_status status = oae_session_start(&p->session, &hello, err);
	bool got, ready = false;
	struct oae_event ev;

	while (!status && oae_clock_ns() < end_ns) {
		status = oae_session_wait(&p->session, oae_clock_ns() + NAP_NS,
					  err);
		if (!status)
			status = oae_session_event(&p->session, &ev, &got, err);
		if (status || !got)
			continue;
		if (ev.kind == OAE_EVENT_ERROR)
			status = oae_fail(err, OAE_ERR_TARGET, 0,
					  "reported %.40s: %s", ev.code,
					  ev.message);
		if (ev.kind == OAE_EVENT_READY && !ready)
			oae_proto_submit(&p->session.queue, &ask);
		ready |= ev.kind == OAE_EVENT_READY;
		if (ready &&
		    (ev.kind == OAE_EVENT_TOKEN || ev.kind == OAE_EVENT_DONE)) {
			oae_tree_walk(&p->tree, p->session.child.pid);
			oae_event_release(&ev);
			return OAE_OK;
		}
		oae_event_release(&ev);
	}
	return status ? status :
			oae_fail(err, OAE_ERR_TARGET, 0,
				 "gave no token within %llu s",
				 (unsigned long long)(WAIT_NS / 1000000000u));
}

static enum oae_status processes(const struct oae_effort *e, double *out,
				 struct oae_error *err)
{
	struct probe *p = calloc(1, sizeof(*p));
	enum oae_status status;
	cJSON *knobs = NULL;
	size_t set;

	if (!p)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	status = oae_knobs_read(e->entry, NULL, &knobs, &set, err);
	if (!status)
		status = prepare(e, p, err);
	if (!status) {
		status = oae_session_spawn(&p->session, p->argv, NULL, err);
		if (!status)
			status = serve(e, p, knobs, err);
		oae_session_end(&p->session);
	}
	if (status)
		oae_error_prefix(err, "counting the processes of %s",
				 e->system);
	*out = (double)p->tree.count;
	for (size_t i = 0; i < OAE_MANIFEST_LIST_MAX; i++)
		free(p->memory[i]);
	cJSON_Delete(knobs);
	free(p);
	return status;
}

/* ---- what stands in files --------------------------------------------- */

/* What is said about a thing, and where tuning may look, configures nothing. */
static void leave_out_remarks(cJSON *tree)
{
	static const char *const names[] = { "about", "title", "tune", "effort",
					     NULL };
	cJSON *child;

	for (size_t i = 0; cJSON_IsObject(tree) && names[i]; i++)
		cJSON_DeleteItemFromObjectCaseSensitive(tree, names[i]);
	cJSON_ArrayForEach(child, tree)
		leave_out_remarks(child);
}

/* Lines of the system's entry in adapter.json, one member a line. */
static enum oae_status config_lines(const struct oae_effort *e, double *out,
				    struct oae_error *err)
{
	const cJSON *systems =
		cJSON_GetObjectItemCaseSensitive(e->manifest.tree, "systems");
	const cJSON *obj;
	struct oae_buf text;
	struct oae_jw w;
	enum oae_status status;
	cJSON *copy;

	*out = 0;
	oae_buf_init(&text, OAE_JSON_FILE_BYTES_MAX);
	oae_jw_init(&w, &text, 2);
	cJSON_ArrayForEach(obj, systems)
		if (strcmp(oae_json_str_or(obj, "name", ""), e->entry->name) ==
		    0) {
			copy = cJSON_Duplicate(obj, true);
			leave_out_remarks(copy);
			oae_jw_value(&w, NULL, copy);
			cJSON_Delete(copy);
		}
	oae_buf_putc(&text, '\n');
	status = oae_buf_check(&text, "the system's entry", err);
	for (size_t i = 0; !status && i < text.len; i++)
		*out += text.data[i] == '\n';
	oae_buf_release(&text);
	return status;
}

static enum oae_status model_bytes(const struct oae_effort *e, double *out,
				   struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status;
	struct stat st;

	*out = 0;
	for (size_t i = 0; i < e->entry->models.count; i++) {
		status = oae_path_join(path, sizeof(path), e->home,
				       e->entry->models.item[i], err);
		if (status)
			return status;
		if (stat(path, &st))
			return oae_fail(err, OAE_ERR_IO, errno, "model %s",
					path);
		*out += (double)st.st_size;
	}
	return OAE_OK;
}

static enum oae_status add(cJSON *list, const char *id, double value,
			   const char *unit, const char *source,
			   struct oae_error *err)
{
	cJSON *c = cJSON_CreateObject();

	if (c && cJSON_AddStringToObject(c, "id", id) &&
	    cJSON_AddNumberToObject(c, "value", value) &&
	    cJSON_AddStringToObject(c, "unit", unit) &&
	    cJSON_AddStringToObject(c, "class", "measured") &&
	    cJSON_AddStringToObject(c, "source", source) &&
	    cJSON_AddItemToArray(list, c))
		return OAE_OK;
	cJSON_Delete(c);
	return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
}

static enum oae_status count_all(const struct oae_effort *e, cJSON *list,
				 struct oae_error *err)
{
	double lines = 0, bytes = 0, running = 0;
	enum oae_status status = config_lines(e, &lines, err);

	if (!status)
		status = model_bytes(e, &bytes, err);
	if (!status)
		status = processes(e, &running, err);
	if (!status)
		status = add(list, "config_lines", lines, "lines",
			     "log: lines of the system in adapter.json, one"
			     " member a line, without what is only said of it",
			     err);
	if (!status)
		status = add(list, "knobs", (double)e->entry->knob_count,
			     "knobs", "log: knobs in adapter.json", err);
	if (!status)
		status = add(list, "models", (double)e->entry->models.count,
			     "files", "log: models in adapter.json", err);
	if (!status)
		status = add(list, "model_bytes", bytes, "bytes",
			     "log: sizes of these files", err);
	if (!status)
		status = add(list, "setup_steps",
			     (double)e->manifest.setup_count, "steps",
			     "log: setup in adapter.json", err);
	if (!status)
		status = add(list, "processes", running, "processes",
			     "log: the adapter's process tree at its first"
			     " token",
			     err);
	return status;
}

enum oae_status oae_effort_count(const struct oae_effort *e, cJSON **out,
				 struct oae_error *err)
{
	enum oae_status status = OAE_ERR_NOMEM;

	*out = cJSON_CreateArray();
	if (*out)
		status = count_all(e, *out, err);
	if (status) {
		cJSON_Delete(*out);
		*out = NULL;
	}
	return status;
}

/* ---- against the ledger ----------------------------------------------- */

enum oae_status oae_effort_compare(const struct oae_effort *e,
				   const cJSON *counted, struct oae_error *err)
{
	const cJSON *said = cJSON_GetObjectItemCaseSensitive(e->tree, "counts");
	const cJSON *c, *s;

	cJSON_ArrayForEach(c, counted) {
		const char *id = oae_json_str_or(c, "id", "");
		double value = oae_json_num_or(c, "value", 0);
		const cJSON *found = NULL;

		cJSON_ArrayForEach(s, said)
			if (strcmp(oae_json_str_or(s, "id", ""), id) == 0)
				found = s;
		if (!found)
			return oae_fail(err, OAE_ERR_CHECK, 0,
					"%s: %s is %.17g and not in the ledger;"
					" `oae effort %s --count` writes it",
					e->path, id, value, e->system);
		if (oae_json_num_or(found, "value", -1) != value ||
		    strcmp(oae_json_str_or(found, "class", ""), "measured"))
			return oae_fail(err, OAE_ERR_CHECK, 0,
					"%s: %s is %.17g, the ledger says"
					" %.17g (%.20s); `oae effort %s"
					" --count` writes it",
					e->path, id, value,
					oae_json_num_or(found, "value", -1),
					oae_json_str_or(found, "class", ""),
					e->system);
	}
	return OAE_OK;
}

enum oae_status oae_effort_put_counts(struct oae_effort *e, cJSON *counted,
				      struct oae_error *err)
{
	cJSON_DeleteItemFromObjectCaseSensitive(e->tree, "counts");
	if (cJSON_AddItemToObject(e->tree, "counts", counted))
		return OAE_OK;
	cJSON_Delete(counted);
	return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
}
