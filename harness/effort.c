/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/effort.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "harness/campaign.h"
#include "schema/check.h"

const struct oae_effort_question oae_effort_questions[OAE_EFFORT_ASKS] = {
	[OAE_EFFORT_ACTIVITY] = { "activity", "Activity",
				  "what is done, in a few words" },
	[OAE_EFFORT_KIND] = { "kind", "Kind",
			      "adoption (hours, once), maintenance (hours a"
			      " month), or machine (seconds, once)" },
	[OAE_EFFORT_TIER] = { "tier", "Skill",
			      "T1 general IT, T2 programmer, T3"
			      " machine-learning or systems specialist" },
	[OAE_EFFORT_CLASS] = { "class", "Class",
			       "measured, published, declared (somebody's"
			       " word), estimated or assumed" },
	[OAE_EFFORT_SOURCE] = { "source", "Source",
				"why you think so; what was counted begins"
				" with log: and says where" },
	[OAE_EFFORT_AMOUNT] = { "amount", "Amount",
				"low mid high; one declared number n stands"
				" for n/2 to 2n" },
	[OAE_EFFORT_ID] = { "id", "Name",
			    "letters, digits, '.', '-'; the same name in two"
			    " ledgers is the same work" },
};

/* ---- the file --------------------------------------------------------- */

static enum oae_status find(struct oae_effort *e, const char *spec,
			    const char *adapter_dir, struct oae_error *err)
{
	char text[2 * OAE_NAME_BYTES_MAX], dir[2 * OAE_PATH_BYTES_MAX];
	char *system, *real;
	enum oae_status status;

	(void)snprintf(text, sizeof(text), "%.200s", spec);
	system = strchr(text, '/');
	if (system)
		*system++ = '\0';
	if (!oae_check_name(text))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"'%.60s': write adapter/system, as `oae list"
				" systems` shows them",
				spec);
	(void)snprintf(dir, sizeof(dir), "%s%s%s",
		       adapter_dir ? adapter_dir : e->home,
		       adapter_dir ? "" : "/adapters/",
		       adapter_dir ? "" : text);
	real = realpath(dir, NULL);
	if (!real || strlen(real) >= sizeof(e->dir) / 2) {
		free(real);
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"no adapter '%.60s'; `oae list systems` shows"
				" what there is, --adapter DIR adds one",
				text);
	}
	(void)snprintf(e->dir, sizeof(e->dir), "%s", real);
	free(real);
	status = oae_manifest_read(e->dir, &e->manifest, err);
	if (status)
		return status;
	if (!system && e->manifest.system_count == 1)
		e->entry = &e->manifest.systems[0];
	else if (system)
		e->entry = oae_manifest_system(&e->manifest, system);
	if (!e->entry)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"'%.60s': name one of the adapter's systems, as"
				" `oae list systems` shows them",
				spec);
	(void)snprintf(e->system, sizeof(e->system), "%.120s/%.120s",
		       e->manifest.name, e->entry->name);
	return OAE_OK;
}

static enum oae_status new_ledger(struct oae_effort *e, struct oae_error *err)
{
	e->is_new = true;
	e->tree = cJSON_CreateObject();
	if (!e->tree || !cJSON_AddNumberToObject(e->tree, "oae_ledger", 1) ||
	    !cJSON_AddStringToObject(e->tree, "system", e->system) ||
	    !cJSON_AddArrayToObject(e->tree, "entries"))
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	return OAE_OK;
}

static enum oae_status read_ledger(struct oae_effort *e, struct oae_error *err)
{
	struct oae_ledger_sum sum;
	enum oae_status status;

	if (!oae_file_exists(e->path))
		return new_ledger(e, err);
	status = oae_json_read(e->path, &e->tree, err);
	if (!status)
		status = oae_effort_check(e, &sum, err);
	if (!status &&
	    strcmp(oae_json_str_or(e->tree, "system", ""), e->system) != 0)
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "%s: is the ledger of %.100s, not of %s",
				  e->path,
				  oae_json_str_or(e->tree, "system", ""),
				  e->system);
	return status;
}

enum oae_status oae_effort_open(struct oae_effort *e, const char *spec,
				const char *adapter_dir, const char *out,
				struct oae_error *err)
{
	char path[2 * OAE_PATH_BYTES_MAX];
	enum oae_status status;

	memset(e, 0, sizeof(*e));
	status = oae_home(e->home, sizeof(e->home), err);
	if (!status)
		status = find(e, spec, adapter_dir, err);
	if (status)
		return status;
	(void)snprintf(path, sizeof(path), "%.3000s/schema/tables", e->home);
	status = oae_build_dir(e->build, sizeof(e->build), err);
	if (!status)
		status = oae_tables_read(path, &e->tables, err);
	if (out)
		(void)snprintf(e->path, sizeof(e->path), "%.4000s", out);
	else if (e->entry->effort)
		(void)snprintf(e->path, sizeof(e->path), "%.2000s/%.2000s",
			       e->dir, e->entry->effort);
	else
		(void)snprintf(e->path, sizeof(e->path),
			       "%.2000s/effort/%s.ledger.json", e->dir,
			       e->entry->name);
	return status ? status : read_ledger(e, err);
}

void oae_effort_close(struct oae_effort *e)
{
	cJSON_Delete(e->tree);
	oae_tables_release(&e->tables);
	oae_manifest_release(&e->manifest);
	memset(e, 0, sizeof(*e));
}

/* ---- questions -------------------------------------------------------- */

bool oae_effort_applies(enum oae_effort_ask q, const struct oae_effort_entry *x)
{
	return q != OAE_EFFORT_TIER || x->kind != OAE_LEDGER_MACHINE;
}

/* "adopt." and the first words of the activity. */
static void suggest_id(const struct oae_effort_entry *x, char *out, size_t size)
{
	static const char *const prefixes[] = {
		[OAE_LEDGER_ADOPTION] = "adopt.",
		[OAE_LEDGER_MAINTENANCE] = "maintain.",
		[OAE_LEDGER_MACHINE] = "setup.",
	};
	size_t n = (size_t)snprintf(out, size, "%s", prefixes[x->kind]);
	size_t end = n + 24;

	for (const char *s = x->activity; *s && n + 1 < size; s++) {
		if (isalnum((unsigned char)*s))
			out[n++] = (char)tolower((unsigned char)*s);
		else if (n >= end)
			break;
		else if (out[n - 1] != '-' && out[n - 1] != '.')
			out[n++] = '-';
	}
	while (n && out[n - 1] == '-')
		n--;
	out[n] = '\0';
}

void oae_effort_default(enum oae_effort_ask q, const struct oae_effort_entry *x,
			char *out, size_t size)
{
	out[0] = '\0';
	switch (q) {
	case OAE_EFFORT_KIND:
		(void)snprintf(out, size, "adoption");
		break;
	case OAE_EFFORT_TIER:
		(void)snprintf(out, size, "T1");
		break;
	case OAE_EFFORT_CLASS:
		(void)snprintf(out, size, "declared");
		break;
	case OAE_EFFORT_ID:
		suggest_id(x, out, size);
		break;
	case OAE_EFFORT_ACTIVITY:
	case OAE_EFFORT_SOURCE:
	case OAE_EFFORT_AMOUNT:
	case OAE_EFFORT_ASKS:
		break;
	}
}

/* One line of text, as any ledger may hold it. */
static enum oae_status take_text(const char *text, char out[OAE_EFFORT_TEXT],
				 const char *missing, struct oae_error *err)
{
	if (!*text)
		return oae_fail(err, OAE_ERR_USAGE, 0, "%s", missing);
	if (strlen(text) >= OAE_EFFORT_TEXT)
		return oae_fail(err, OAE_ERR_USAGE, 0, "longer than %d bytes",
				OAE_EFFORT_TEXT - 1);
	for (const char *s = text; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"holds a control character");
	(void)snprintf(out, OAE_EFFORT_TEXT, "%s", text);
	return OAE_OK;
}

static enum oae_status take_numbers(const char *text, double v[3], int *n,
				    struct oae_error *err)
{
	const char *at = text;
	char *end;

	for (*n = 0; *n < 4; (*n)++) {
		at += strspn(at, " \t,;[]");
		if (!*at)
			break;
		if (*n == 3)
			break;
		errno = 0;
		v[*n] = strtod(at, &end);
		if (end == at || errno || !isfinite(v[*n]) || v[*n] < 0)
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"'%.40s' is no number of at least 0",
					at);
		at = end;
	}
	if (*at || (*n != 1 && *n != 3))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"give one number, or three: low mid high");
	return OAE_OK;
}

static bool is_log(const struct oae_effort_entry *x)
{
	return strncmp(x->source, "log:", 4) == 0;
}

static cJSON *entry_tree(const struct oae_effort_entry *x);

/* The same rule as every reader of ledgers has, at the question. */
static enum oae_status take_amount(const char *text, struct oae_effort_entry *x,
				   struct oae_error *err)
{
	double v[3] = { 0 };
	struct oae_range r;
	enum oae_status status;
	cJSON *tree;
	int n;

	status = take_numbers(text, v, &n, err);
	if (status)
		return status;
	x->single = n == 1 && (x->evidence != OAE_DECLARED || is_log(x));
	x->low = n == 1 && !x->single ? v[0] / 2 : v[0];
	x->mid = n == 1 ? v[0] : v[1];
	x->high = n == 1 && !x->single ? 2 * v[0] : v[n - 1];
	tree = entry_tree(x);
	if (!tree)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	status = oae_range_read(tree, "amount", true, &r, err);
	cJSON_Delete(tree);
	if (status)
		err->status = OAE_ERR_USAGE;
	return err->status;
}

static enum oae_status take_kind(const char *text, struct oae_effort_entry *x,
				 struct oae_error *err)
{
	int kind = oae_ledger_kind_parse(text);

	if (kind < 0)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"'%.40s': give adoption, maintenance or"
				" machine",
				text);
	x->kind = (enum oae_ledger_kind)kind;
	return OAE_OK;
}

static enum oae_status take_tier(const char *text, struct oae_effort_entry *x,
				 struct oae_error *err)
{
	x->tier = oae_tier_parse(text);
	if (x->tier < 0)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"'%.40s': give T1, T2 or T3", text);
	return OAE_OK;
}

static enum oae_status take_class(const char *text, struct oae_effort_entry *x,
				  struct oae_error *err)
{
	x->evidence = oae_evidence_parse(text);
	if (x->evidence == OAE_ABSENT)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"'%.40s': give measured, published, declared,"
				" estimated or assumed",
				text);
	return OAE_OK;
}

enum oae_status oae_effort_take(enum oae_effort_ask q, const char *text,
				struct oae_effort_entry *x,
				struct oae_error *err)
{
	char otherwise[OAE_EFFORT_TEXT];

	if (!*text) {
		oae_effort_default(q, x, otherwise, sizeof(otherwise));
		text = otherwise;
	}
	switch (q) {
	case OAE_EFFORT_ACTIVITY:
		return take_text(text, x->activity, "say what is done", err);
	case OAE_EFFORT_KIND:
		return take_kind(text, x, err);
	case OAE_EFFORT_TIER:
		return take_tier(text, x, err);
	case OAE_EFFORT_CLASS:
		return take_class(text, x, err);
	case OAE_EFFORT_SOURCE:
		return take_text(text, x->source,
				 "say why; a number without a source counts"
				 " for nothing",
				 err);
	case OAE_EFFORT_AMOUNT:
		return take_amount(text, x, err);
	case OAE_EFFORT_ID:
	case OAE_EFFORT_ASKS:
		break;
	}
	if (!oae_check_name(text) || strlen(text) >= sizeof(x->id))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"'%.60s': give letters, digits, '.', '_' and"
				" '-', e.g. adopt.install",
				text);
	(void)snprintf(x->id, sizeof(x->id), "%s", text);
	return OAE_OK;
}

/* ---- entries ---------------------------------------------------------- */

static cJSON *entry_tree(const struct oae_effort_entry *x)
{
	static const char *const tiers[] = { "T1", "T2", "T3" };
	cJSON *t = cJSON_CreateObject();
	bool ok = t && cJSON_AddStringToObject(t, "id", x->id) &&
		  cJSON_AddStringToObject(t, "kind",
					  oae_ledger_kind_name(x->kind));

	if (ok && x->kind != OAE_LEDGER_MACHINE)
		ok = cJSON_AddStringToObject(t, "tier", tiers[x->tier]);
	ok = ok &&
	     cJSON_AddStringToObject(t, "unit", oae_ledger_kind_unit(x->kind));
	if (ok && x->single)
		ok = cJSON_AddNumberToObject(t, "value", x->mid);
	else if (ok)
		ok = cJSON_AddNumberToObject(t, "low", x->low) &&
		     cJSON_AddNumberToObject(t, "mid", x->mid) &&
		     cJSON_AddNumberToObject(t, "high", x->high);
	ok = ok &&
	     cJSON_AddStringToObject(t, "class",
				     oae_evidence_name(x->evidence)) &&
	     cJSON_AddStringToObject(t, "source", x->source) &&
	     cJSON_AddStringToObject(t, "activity", x->activity);
	if (ok)
		return t;
	cJSON_Delete(t);
	return NULL;
}

static cJSON *entries_of(const struct oae_effort *e)
{
	return cJSON_GetObjectItemCaseSensitive(e->tree, "entries");
}

static int index_of(const struct oae_effort *e, const char *id)
{
	const cJSON *obj;
	int i = 0;

	cJSON_ArrayForEach(obj, entries_of(e)) {
		if (strcmp(oae_json_str_or(obj, "id", ""), id) == 0)
			return i;
		i++;
	}
	return -1;
}

enum oae_status oae_effort_put(struct oae_effort *e,
			       const struct oae_effort_entry *x, bool *replaced,
			       struct oae_error *err)
{
	cJSON *tree = entry_tree(x);
	int at = index_of(e, x->id);
	bool ok;

	*replaced = at >= 0;
	if (!tree)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	ok = at >= 0 ? cJSON_ReplaceItemInArray(entries_of(e), at, tree) :
		       cJSON_AddItemToArray(entries_of(e), tree);
	if (!ok) {
		cJSON_Delete(tree);
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	}
	return OAE_OK;
}

enum oae_status oae_effort_remove(struct oae_effort *e, const char *id,
				  struct oae_error *err)
{
	int at = index_of(e, id);

	if (at < 0)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s has no entry '%.60s'; --show lists them",
				e->path, id);
	cJSON_DeleteItemFromArray(entries_of(e), at);
	return OAE_OK;
}

enum oae_status oae_effort_check(const struct oae_effort *e,
				 struct oae_ledger_sum *sum,
				 struct oae_error *err)
{
	struct oae_ledger l;
	cJSON *copy = cJSON_Duplicate(e->tree, true);
	enum oae_status status;

	if (!copy)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	status = oae_ledger_take(copy, e->path, &l, err);
	if (!status)
		*sum = oae_ledger_sum(&l);
	oae_ledger_release(&l);
	return status;
}

enum oae_status oae_effort_write(const struct oae_effort *e,
				 struct oae_error *err)
{
	char dir[OAE_PATH_BYTES_MAX], *slash;
	struct oae_ledger_sum sum;
	struct oae_buf text;
	struct oae_jw w;
	enum oae_status status = oae_effort_check(e, &sum, err);

	oae_buf_init(&text, OAE_JSON_FILE_BYTES_MAX);
	oae_jw_init(&w, &text, 2);
	oae_jw_value(&w, NULL, e->tree);
	oae_buf_putc(&text, '\n');
	if (!status)
		status = oae_buf_check(&text, "ledger", err);
	(void)snprintf(dir, sizeof(dir), "%s", e->path);
	slash = strrchr(dir, '/');
	if (!status && slash && slash != dir) {
		*slash = '\0';
		status = oae_dir_make(dir, err);
	}
	if (!status)
		status = oae_file_write(e->path, text.data, text.len, err);
	oae_buf_release(&text);
	return status;
}
