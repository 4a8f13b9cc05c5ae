/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/check.h"
#include "schema/ledger.h"

static const char *const ledger_keys[] = {
	"oae_ledger", "system", "about", "entries", "counts", NULL,
};
static const char *const entry_keys[] = {
	"id",	"kind",	 "tier",  "unit",   "low",	"mid",
	"high", "value", "class", "source", "activity", NULL,
};

static const char *const count_keys[] = {
	"id", "value", "unit", "class", "source", NULL,
};

static const struct {
	const char *name, *unit;
} kinds[] = {
	[OAE_LEDGER_ADOPTION] = { "adoption", "h" },
	[OAE_LEDGER_MAINTENANCE] = { "maintenance", "h/month" },
	[OAE_LEDGER_MACHINE] = { "machine", "s" },
};

const char *oae_ledger_kind_name(enum oae_ledger_kind kind)
{
	return kinds[kind].name;
}

const char *oae_ledger_kind_unit(enum oae_ledger_kind kind)
{
	return kinds[kind].unit;
}

int oae_ledger_kind_parse(const char *name)
{
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		if (strcmp(name, kinds[k].name) == 0)
			return (int)k;
	return -1;
}

int oae_tier_parse(const char *name)
{
	if (name[0] == 'T' && name[1] >= '1' && name[1] <= '3' && !name[2])
		return name[1] - '1';
	return -1;
}

static enum oae_status read_kind(const cJSON *obj, const char *what,
				 struct oae_ledger_entry *e,
				 struct oae_error *err)
{
	const char *kind = oae_json_str_or(obj, "kind", "");
	const char *unit = oae_json_str_or(obj, "unit", "");
	const char *tier = oae_json_str_or(obj, "tier", NULL);
	size_t k = 0;

	while (k < sizeof(kinds) / sizeof(kinds[0]) &&
	       strcmp(kind, kinds[k].name) != 0)
		k++;
	if (k == sizeof(kinds) / sizeof(kinds[0]))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: kind \"%.40s\" is"
				" unknown; give adoption, maintenance or"
				" machine",
				what, kind);
	e->kind = (enum oae_ledger_kind)k;
	if (strcmp(unit, kinds[k].unit) != 0)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: unit is \"%.40s\""
				"; %s is in \"%s\"",
				what, unit, kind, kinds[k].unit);
	e->tier = -1;
	if (e->kind == OAE_LEDGER_MACHINE) {
		if (!tier)
			return OAE_OK;
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: machine time has"
				" no tier; remove it",
				what);
	}
	e->tier = tier ? oae_tier_parse(tier) : -1;
	if (e->tier < 0)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: tier is \"%.40s\""
				"; give T1 (general IT), T2 (programmer) or T3"
				" (specialist)",
				what, tier ? tier : "");
	return OAE_OK;
}

static enum oae_status read_entry(const cJSON *obj, const char *path,
				  const struct oae_ledger *l,
				  struct oae_ledger_entry *e,
				  struct oae_error *err)
{
	char what[400];
	enum oae_status status;

	snprintf(what, sizeof(what), "%.200s: entry %zu", path, l->count + 1);
	e->id = oae_json_str_or(obj, "id", NULL);
	if (!e->id || !oae_check_name(e->id))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: \"id\" is missing"
				" or no name; give e.g. \"adopt.install\"",
				what);
	snprintf(what, sizeof(what), "%.200s: entry \"%s\"", path, e->id);
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->entries[i].id, e->id) == 0)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"%s: stands"
					" twice",
					what);
	status = oae_check_keys(obj, what, entry_keys, err);
	if (!status)
		status = read_kind(obj, what, e, err);
	if (!status)
		status = oae_range_read(obj, what, true, &e->amount, err);
	e->activity = oae_json_str_or(obj, "activity", NULL);
	if (!status && !e->activity)
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "%s: \"activity\" is"
				  " missing; say what is done",
				  what);
	return status;
}

static enum oae_status check_count(const cJSON *obj, const char *path,
				   struct oae_error *err)
{
	const char *id = oae_json_str_or(obj, "id", "");
	struct oae_range amount;
	char what[400];
	enum oae_status status;

	snprintf(what, sizeof(what), "%.200s: count \"%.100s\"", path, id);
	if (!oae_check_name(id))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: \"id\" is missing or no name", what);
	status = oae_check_keys(obj, what, count_keys, err);
	if (!status && !oae_json_str_or(obj, "unit", NULL))
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "%s: \"unit\" is missing", what);
	return status ? status : oae_range_read(obj, what, true, &amount, err);
}

static enum oae_status check_counts(const cJSON *tree, const char *path,
				    struct oae_error *err)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(tree, "counts");
	const cJSON *obj;
	enum oae_status status;

	if (!list)
		return OAE_OK;
	status = oae_json_arr(tree, "counts", &list, err);
	if (!status && cJSON_GetArraySize(list) > (int)OAE_LEDGER_COUNTS_MAX)
		status = oae_fail(err, OAE_ERR_LIMIT, 0, "more than %u counts",
				  OAE_LEDGER_COUNTS_MAX);
	if (status) {
		oae_error_prefix(err, "%s", path);
		return status;
	}
	cJSON_ArrayForEach(obj, list) {
		status = check_count(obj, path, err);
		if (status)
			return status;
	}
	return OAE_OK;
}

enum oae_status oae_ledger_read(const char *path, struct oae_ledger *l,
				struct oae_error *err)
{
	cJSON *tree;
	enum oae_status status;

	memset(l, 0, sizeof(*l));
	status = oae_json_read(path, &tree, err);
	return status ? status : oae_ledger_take(tree, path, l, err);
}

enum oae_status oae_ledger_take(cJSON *tree, const char *path,
				struct oae_ledger *l, struct oae_error *err)
{
	const cJSON *entries, *obj;
	enum oae_status status;

	memset(l, 0, sizeof(*l));
	l->tree = tree;
	status = oae_check_version(l->tree, "oae_ledger", 1, path, err);
	if (!status)
		status = oae_check_keys(l->tree, path, ledger_keys, err);
	if (status)
		return status;
	status = oae_json_str(l->tree, "system", &l->system, err);
	if (!status)
		status = oae_json_arr(l->tree, "entries", &entries, err);
	if (status) {
		oae_error_prefix(err, "%s", path);
		return status;
	}
	status = check_counts(l->tree, path, err);
	if (status)
		return status;
	if (cJSON_GetArraySize(entries) > (int)OAE_LEDGER_ENTRIES_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%s: more than %u"
				" entries",
				path, OAE_LEDGER_ENTRIES_MAX);
	l->entries = calloc((size_t)cJSON_GetArraySize(entries) + 1,
			    sizeof(*l->entries));
	if (!l->entries)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "%s: out of memory",
				path);
	cJSON_ArrayForEach(obj, entries) {
		status = read_entry(obj, path, l, &l->entries[l->count], err);
		if (status)
			return status;
		l->count++;
	}
	return OAE_OK;
}

void oae_ledger_release(struct oae_ledger *l)
{
	free(l->entries);
	cJSON_Delete(l->tree);
	memset(l, 0, sizeof(*l));
}

static void add(struct oae_range *sum, const struct oae_range *r)
{
	sum->low += r->low;
	sum->mid += r->mid;
	sum->high += r->high;
	sum->evidence = oae_evidence_weaker(sum->evidence, r->evidence);
}

static void add_entry(struct oae_ledger_sum *sum,
		      const struct oae_ledger_entry *e)
{
	switch (e->kind) {
	case OAE_LEDGER_ADOPTION:
		add(&sum->adoption_h[e->tier], &e->amount);
		sum->adoption_count++;
		break;
	case OAE_LEDGER_MAINTENANCE:
		add(&sum->maintenance_h_month[e->tier], &e->amount);
		sum->maintenance_count++;
		break;
	case OAE_LEDGER_MACHINE:
		add(&sum->machine_s, &e->amount);
		sum->machine_count++;
		break;
	}
}

struct oae_ledger_sum oae_ledger_sum(const struct oae_ledger *l)
{
	struct oae_ledger_sum sum;

	memset(&sum, 0, sizeof(sum));
	for (size_t i = 0; i < l->count; i++)
		add_entry(&sum, &l->entries[i]);
	return sum;
}

static bool same_work(const struct oae_ledger_entry *a,
		      const struct oae_ledger_entry *b)
{
	return strcmp(a->id, b->id) == 0 && a->kind == b->kind &&
	       a->tier == b->tier && a->amount.low == b->amount.low &&
	       a->amount.mid == b->amount.mid &&
	       a->amount.high == b->amount.high;
}

struct oae_ledger_sum oae_ledger_common(const struct oae_ledger *a,
					const struct oae_ledger *b)
{
	struct oae_ledger_sum sum;

	memset(&sum, 0, sizeof(sum));
	for (size_t i = 0; i < a->count; i++)
		for (size_t k = 0; k < b->count; k++)
			if (same_work(&a->entries[i], &b->entries[k]))
				add_entry(&sum, &a->entries[i]);
	return sum;
}

bool oae_ledger_is_steps(const struct oae_ledger_entry *e)
{
	size_t n = strlen(OAE_LEDGER_STEPS);

	return e->kind == OAE_LEDGER_MACHINE &&
	       strncmp(e->id, OAE_LEDGER_STEPS, n) == 0 &&
	       (e->id[n] == '\0' || e->id[n] == '.');
}

size_t oae_ledger_measure_steps(struct oae_ledger *l, double machine_s,
				enum oae_evidence evidence)
{
	struct oae_ledger_entry *more, *e;
	size_t kept = 0, replaced = 0;

	more = realloc(l->entries, (l->count + 1) * sizeof(*more));
	if (!more)
		return OAE_LEDGER_NONE;
	l->entries = more;
	for (size_t i = 0; i < l->count; i++)
		if (!oae_ledger_is_steps(&more[i]))
			more[kept++] = more[i];
		else
			replaced++;
	e = &more[kept];
	memset(e, 0, sizeof(*e));
	e->id = OAE_LEDGER_STEPS;
	e->activity = "the set-up steps, as measured";
	e->kind = OAE_LEDGER_MACHINE;
	e->tier = -1;
	e->amount = oae_range_plain(machine_s, evidence);
	l->count = kept + 1;
	return replaced;
}
