/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a submission must share with all others: tables, profiles, settings
 * and, in the closed division, suite, workloads, adapters and baseline, as
 * this version ships them.
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "harness/campaign.h"
#include "harness/submission.h"
#include "schema/check.h"
#include "schema/ledger.h"
#include "schema/manifest.h"
#include "schema/tables.h"

#define JOURNAL "journal.jsonl.zst"
/* What a source that narrows a declared range begins with (spec section 1) */
#define LOG_PREFIX "log:"

struct shipped {
	struct oae_submission *s;
	const cJSON *campaign, *inputs;
	bool open;
	char home[OAE_PATH_BYTES_MAX];
};

static const cJSON *member(const cJSON *obj, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(obj, key);
}

static const char *str(const cJSON *obj, const char *key)
{
	return oae_json_str_or(obj, key, "");
}

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* ---- files ------------------------------------------------------------ */

/* "" when this version ships no such file. */
static void shipped_hash(const struct shipped *x, const char *below,
			 char hex[OAE_SHA256_HEX])
{
	char path[OAE_PATH_BYTES_MAX];

	hex[0] = '\0';
	if (oae_path_join(path, sizeof(path), x->home, below, NULL) ||
	    !oae_file_exists(path) || oae_sha256_file(path, hex, NULL))
		hex[0] = '\0';
}

/* Where an input is shipped, relative to the project's folder. */
static bool shipped_path(const struct shipped *x, const char *input, char *out,
			 size_t size)
{
	const char *before = "";
	int n;

	if (begins(input, "tables/") || begins(input, "profiles/"))
		before = "schema/";
	else if (strcmp(input, "suite.json") == 0)
		before = NULL;
	else if (!begins(input, "workloads/") && !begins(input, "adapters/"))
		return false;
	if (before)
		n = snprintf(out, size, "%s%s", before, input);
	else
		n = snprintf(out, size, "workloads/suites/%s.json",
			     str(x->campaign, "suite"));
	return n > 0 && (size_t)n < size && oae_check_path(out);
}

static void check_shipped(struct shipped *x, const cJSON *input)
{
	char path[OAE_PATH_BYTES_MAX], hex[OAE_SHA256_HEX];
	char file[OAE_FINDING_FILE];
	bool standard = begins(input->string, "tables/") ||
			begins(input->string, "profiles/");
	bool suite = strcmp(input->string, "suite.json") == 0;

	if (!cJSON_IsString(input) || (x->open && !standard) ||
	    !shipped_path(x, input->string, path, sizeof(path)))
		return;
	snprintf(file, sizeof(file), "inputs/%s", input->string);
	shipped_hash(x, path, hex);
	if (hex[0] == '\0' && !suite)
		return; /* somebody's own */
	if (strcmp(hex, input->valuestring) == 0)
		return;
	if (hex[0])
		oae_finding_add(&x->s->found, OAE_RULE_SHIPPED, file,
				"is not the file that this version ships (%s);"
				" the campaign names build %.60s",
				path,
				oae_json_str_or(member(x->campaign, "build"),
						"git", "(none)"));
	else
		oae_finding_add(&x->s->found, OAE_RULE_SHIPPED, file,
				"suite \"%.60s\" is not one that this version"
				" ships: submit in the open division",
				str(x->campaign, "suite"));
}

static void check_models(struct shipped *x)
{
	char hex[OAE_SHA256_HEX];
	const cJSON *s, *m;

	cJSON_ArrayForEach(s, member(x->campaign, "systems")) {
		cJSON_ArrayForEach(m, member(s, "models")) {
			if (x->open || !oae_check_path(str(m, "path")))
				continue;
			shipped_hash(x, str(m, "path"), hex);
			if (hex[0] && strcmp(hex, str(m, "sha256")) != 0)
				oae_finding_add(&x->s->found, OAE_RULE_SHIPPED,
						str(m, "path"),
						"is not the model that this"
						" version ships");
		}
	}
}

/* Inputs that the journal does not name could be anything. */
static void check_extra(struct shipped *x)
{
	const struct oae_intake_file *f;

	for (size_t i = 0; i < x->s->in.count; i++) {
		f = &x->s->in.files[i];
		if (!f->folder && begins(f->path, "inputs/") &&
		    !cJSON_IsString(member(x->inputs, f->path + 7)))
			oae_finding_add(&x->s->found, OAE_RULE_INPUTS, f->path,
					"the journal names no such input");
	}
}

/* ---- profiles and suite ----------------------------------------------- */

static void check_profiles(struct shipped *x)
{
	static const char *const standard[] = { "clinic", "school",
						"enterprise", "hyperscale" };
	const cJSON *p, *score, *modes;
	char name[64];

	for (size_t i = 0; i < sizeof(standard) / sizeof(standard[0]); i++) {
		snprintf(name, sizeof(name), "inputs/profiles/%s.json",
			 standard[i]);
		if (!cJSON_IsString(member(x->inputs, name + 7)))
			oae_finding_add(&x->s->found, OAE_RULE_PROFILES, name,
					"is missing: a submission is scored for"
					" every profile of the standard");
	}
	cJSON_ArrayForEach(p, member(x->s->result, "profiles")) {
		cJSON_ArrayForEach(score, member(p, "scores")) {
			modes = member(score, "modes");
			if (cJSON_IsObject(member(modes, "on_demand")) &&
			    cJSON_IsObject(member(modes, "owned")))
				continue;
			oae_finding_add(&x->s->found, OAE_RULE_PROFILES,
					"result.json",
					"profile %.60s, system %.60s: is not"
					" scored in both modes",
					str(p, "id"), str(score, "system"));
		}
	}
}

static bool has_name(const struct oae_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->item[i], name) == 0)
			return true;
	return false;
}

/* In the closed division a suite is run whole. */
static void check_suite(struct shipped *x)
{
	struct oae_options o = { 0 };
	struct oae_suite suite = { 0 };
	char path[OAE_PATH_BYTES_MAX];
	struct oae_findings *f = &x->s->found;

	if (x->open || oae_options_read(x->campaign, &o, NULL) ||
	    oae_intake_path(&x->s->in, "inputs/suite.json", path, sizeof(path),
			    NULL) ||
	    oae_suite_read(path, &suite, NULL))
		goto out; /* unreadable: told elsewhere */
	for (size_t i = 0; i < suite.workload_count; i++)
		if (!has_name(&o.workloads, suite.workloads[i].id))
			oae_finding_add(f, OAE_RULE_SHIPPED, JOURNAL,
					"workload %s of the suite was left out",
					suite.workloads[i].id);
	for (size_t i = 0; i < suite.condition_count; i++)
		if (strcmp(suite.conditions[i], OAE_CONDITIONS_STANDARD) != 0 &&
		    !has_name(&o.conditions, suite.conditions[i]))
			oae_finding_add(f, OAE_RULE_SHIPPED, JOURNAL,
					"condition %s of the suite was left"
					" out",
					suite.conditions[i]);
	for (size_t i = 0; i < suite.workload_count; i++)
		if (o.items && o.items < suite.workloads[i].items_per_run)
			oae_finding_add(f, OAE_RULE_SHIPPED, JOURNAL,
					"%u items a run, the suite asks %u of"
					" %s",
					o.items,
					suite.workloads[i].items_per_run,
					suite.workloads[i].id);
	if (o.runs < suite.runs)
		oae_finding_add(f, OAE_RULE_SHIPPED, JOURNAL,
				"%u runs of each system, the suite makes %u",
				o.runs, suite.runs);
out:
	oae_suite_release(&suite);
}

/* ---- settings --------------------------------------------------------- */

/* "adapter/system" without ":knobs". */
static size_t bare_length(const char *id)
{
	return strcspn(id, ":");
}

/* The text that the id gives to a knob, or NULL. */
static bool in_id(const char *id, const char *knob)
{
	const char *at = strchr(id, ':');
	size_t n = strlen(knob);

	while (at && *at) {
		at++;
		if (strncmp(at, knob, n) == 0 && at[n] == '=')
			return true;
		at = strchr(at, ',');
	}
	return false;
}

/*
 * Every knob has its shipped default unless the system's name says so. What
 * the name says was set is compared when the campaign's plan is made.
 */
static void check_knobs(struct shipped *x, const cJSON *system,
			const struct oae_system_entry *entry)
{
	const cJSON *knobs = member(system, "knobs"), *value;

	for (size_t i = 0; i < entry->knob_count; i++) {
		const struct oae_knob *k = &entry->knobs[i];

		value = member(knobs, k->name);
		if (in_id(str(system, "id"), k->name) ||
		    cJSON_Compare(value, k->otherwise, true))
			continue;
		oae_finding_add(&x->s->found, OAE_RULE_DEFAULTS, JOURNAL,
				"system %.80s: %.60s is not the shipped"
				" default, and its name does not say so",
				str(system, "id"), k->name);
	}
	cJSON_ArrayForEach(value, knobs)
		if (!oae_system_knob(entry, value->string))
			oae_finding_add(&x->s->found, OAE_RULE_DEFAULTS,
					JOURNAL,
					"system %.80s: its manifest has no"
					" knob %.60s",
					str(system, "id"), value->string);
}

/* What a ready adapter says it was set to is what the journal says. */
static void check_ready(struct shipped *x, const cJSON *system)
{
	const cJSON *ready = member(x->s->records->ready, str(system, "id"));
	const cJSON *told = member(member(ready, "details"), "knobs"), *v, *was;

	cJSON_ArrayForEach(v, told) {
		was = member(member(system, "knobs"), v->string);
		if (was && !cJSON_Compare(v, was, true) &&
		    /* 0 and "auto" stand for what the adapter chooses */
		    !(cJSON_IsNumber(was) && was->valuedouble == 0) &&
		    !(cJSON_IsString(was) &&
		      strcmp(was->valuestring, "auto") == 0))
			oae_finding_add(&x->s->found, OAE_RULE_DEFAULTS,
					JOURNAL,
					"system %.80s: the adapter was ready"
					" with another %.60s than the journal"
					" names",
					str(system, "id"), v->string);
	}
}

/* ---- effort ----------------------------------------------------------- */

/* The name of a model without folder and endings: "target". */
static void model_stem(const char *path, char *out, size_t size)
{
	const char *name = strrchr(path, '/');

	name = name ? name + 1 : path;
	snprintf(out, size, "%.*s", (int)strcspn(name, "."), name);
}

static bool accounts_for(const cJSON *ledger, const char *stem)
{
	const cJSON *e;

	cJSON_ArrayForEach(e, member(ledger, "entries"))
		if (strstr(str(e, "id"), stem) ||
		    strstr(str(e, "source"), stem))
			return true;
	return false;
}

/* "log:PATH ..." names a file that is here. */
static bool has_log(const struct shipped *x, const char *adapter,
		    const char *source)
{
	const char *name = source + strlen(LOG_PREFIX);
	char path[OAE_SUBMISSION_PATH_BYTES_MAX + 1];

	name += strspn(name, " ");
	snprintf(path, sizeof(path), "adapter/%.100s/%.*s", adapter,
		 (int)strcspn(name, " #,;"), name);
	return oae_intake_find(&x->s->in, path) != NULL;
}

static void check_ledger(struct shipped *x, const cJSON *system,
			 const struct oae_system_entry *entry)
{
	const char *adapter = str(system, "adapter");
	char file[OAE_SUBMISSION_PATH_BYTES_MAX + 1], path[OAE_PATH_BYTES_MAX];
	char stem[OAE_NAME_BYTES_MAX];
	struct oae_error own = { OAE_OK, 0, "" };
	struct oae_ledger read = { 0 };
	const cJSON *m, *e;
	cJSON *ledger = NULL;

	if (!entry->effort)
		return; /* the defaults' worst ends serve */
	snprintf(file, sizeof(file), "inputs/adapters/%.80s/%.120s", adapter,
		 entry->effort);
	if (oae_intake_path(&x->s->in, file, path, sizeof(path), NULL) ||
	    oae_json_read(path, &ledger, NULL))
		return; /* told elsewhere */
	if (oae_ledger_read(path, &read, &own))
		oae_finding_add(&x->s->found, OAE_RULE_EFFORT, file, "%s",
				strncmp(own.text, path, strlen(path)) == 0 ?
					own.text + strlen(path) + 2 :
					own.text);
	oae_ledger_release(&read);
	cJSON_ArrayForEach(m, member(system, "models")) {
		model_stem(str(m, "path"), stem, sizeof(stem));
		if (!accounts_for(ledger, stem))
			oae_finding_add(&x->s->found, OAE_RULE_EFFORT, file,
					"has no entry for what it took to get"
					" the model \"%.60s\"",
					stem);
	}
	cJSON_ArrayForEach(e, member(ledger, "entries"))
		if (begins(str(e, "source"), LOG_PREFIX) &&
		    !has_log(x, adapter, str(e, "source")))
			oae_finding_add(&x->s->found, OAE_RULE_EFFORT, file,
					"entry %.60s: its log is not in the"
					" submission, below adapter/%.60s",
					str(e, "id"), adapter);
	cJSON_Delete(ledger);
}

/* ---- systems and baseline --------------------------------------------- */

static void check_system(struct shipped *x, const cJSON *system)
{
	struct oae_manifest m = { 0 };
	const struct oae_system_entry *entry;
	char folder[2 * OAE_NAME_BYTES_MAX], path[OAE_PATH_BYTES_MAX];
	char bare[2 * OAE_NAME_BYTES_MAX + 2];
	const char *id = str(system, "id");

	snprintf(bare, sizeof(bare), "%.100s/%.100s", str(system, "adapter"),
		 str(system, "system"));
	if (bare_length(id) != strlen(bare) || !begins(id, bare))
		oae_finding_add(&x->s->found, OAE_RULE_DEFAULTS, JOURNAL,
				"system %.80s: is %.80s by another name", id,
				bare);
	snprintf(folder, sizeof(folder), "inputs/adapters/%.100s",
		 str(system, "adapter"));
	if (!oae_intake_find(&x->s->in, folder) ||
	    oae_intake_path(&x->s->in, folder, path, sizeof(path), NULL))
		return;
	if (!oae_manifest_read(path, &m, NULL)) {
		entry = oae_manifest_system(&m, str(system, "system"));
		if (entry) {
			check_knobs(x, system, entry);
			check_ready(x, system);
			check_ledger(x, system, entry);
		}
	}
	oae_manifest_release(&m);
}

/* One name a line; '#' begins a remark. */
static bool in_catalogue(const struct oae_buf *text, const char *id)
{
	const char *at = oae_buf_str(text);
	size_t n = strlen(id), len;

	for (; *at; at += len + (at[len] == '\n')) {
		len = strcspn(at, "\n");
		if (strcspn(at, ",\n") == n && strncmp(at, id, n) == 0)
			return true;
	}
	return false;
}

static enum oae_status check_baseline(struct shipped *x, struct oae_error *err)
{
	const char *id = str(x->campaign, "baseline");
	char path[OAE_PATH_BYTES_MAX];
	struct oae_buf text;
	enum oae_status status;

	if (x->open)
		return OAE_OK;
	oae_buf_init(&text, OAE_TEXT_FILE_BYTES_MAX);
	status = oae_path_join(path, sizeof(path), x->home,
			       "schema/tables/baselines.csv", err);
	if (!status)
		status = oae_file_read(path, &text, err);
	if (!status && !in_catalogue(&text, id))
		oae_finding_add(&x->s->found, OAE_RULE_BASELINE, JOURNAL,
				"baseline %.80s is not in the catalogue"
				" (schema/tables/baselines.csv), with its"
				" shipped settings; submit in the open"
				" division",
				id);
	oae_buf_release(&text);
	return status;
}

enum oae_status oae_submission_shipped(struct oae_submission *s,
				       struct oae_error *err)
{
	struct shipped x = {
		.s = s,
		.campaign = s->records->campaign,
		.inputs = member(s->records->campaign, "inputs"),
		.open = strcmp(str(s->about, "division"), "open") == 0,
	};
	enum oae_status status = oae_home(x.home, sizeof(x.home), err);
	const cJSON *one;

	if (status)
		return status;
	cJSON_ArrayForEach(one, x.inputs)
		check_shipped(&x, one);
	check_models(&x);
	check_extra(&x);
	check_profiles(&x);
	check_suite(&x);
	cJSON_ArrayForEach(one, member(x.campaign, "systems"))
		check_system(&x, one);
	return check_baseline(&x, err);
}
