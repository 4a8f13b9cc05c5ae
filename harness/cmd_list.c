/* SPDX-License-Identifier: Apache-2.0 */
/* `oae list`: what there is to run, one table for each kind of thing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "harness/commands.h"
#include "harness/sensors/source.h"
#include "schema/manifest.h"
#include "schema/rules.h"
#include "workloads/suite.h"
#include "workloads/workload.h"

static const char help[] =
	"usage: oae list [systems|suites|workloads|profiles|sensors|rules]"
	" [--json]\n                [--sysroot DIR]"
	"\n\nWhat there is to run, to ask, to score for and to read here."
	" Without a word:\neverything but rules, which say when a result is"
	" not valid.\n\n"
	"Below a sensor stands what its meters cover (package, dram, gpu, wall)"
	" and\nwhether they count: a second source of the same thing is spare,"
	" one that cannot\nbe believed is refused, with the reason.\n\n"
	"  --json         for programs\n"
	"  --sysroot DIR  read sensors' /sys and /proc/stat below DIR (tests)"
	"\n\n"
	"examples:\n"
	"  oae list systems\n"
	"  oae list sensors\n"
	"  oae list --json\n\n"
	"environment: OAE_COUNTERS=perf, papi or likwid says who counts the"
	" hardware's\nevents (default: the first that works)\n\n"
	"exit codes: 0 done; 1 something there is broken; 64 usage\n";

/* Writes rows both ways: as text, or as an array of objects. */
struct out {
	const char *home, *sysroot;
	struct oae_buf buf;
	struct oae_jw w;
	bool json, broken;
};

static void row(struct out *o, const char *id, const char *about)
{
	if (!o->json) {
		oae_buf_printf(&o->buf, "  %-28s %s\n", id, about);
		return;
	}
	oae_jw_obj(&o->w, NULL);
	oae_jw_str(&o->w, "id", id);
	oae_jw_str(&o->w, "about", about);
	oae_jw_end_obj(&o->w);
}

static void knob(struct out *o, const struct oae_knob *k)
{
	char *text;

	if (o->json) {
		oae_jw_obj(&o->w, NULL);
		oae_jw_str(&o->w, "name", k->name);
		oae_jw_value(&o->w, "default", k->otherwise);
		oae_jw_str(&o->w, "about", k->about);
		oae_jw_end_obj(&o->w);
		return;
	}
	text = cJSON_PrintUnformatted(k->otherwise);
	oae_buf_printf(&o->buf, "      %-24s %s (default %s)\n", k->name,
		       k->about ? k->about : "", text ? text : "?");
	cJSON_free(text);
}

static void system_row(struct out *o, const struct oae_manifest *m,
		       const struct oae_system_entry *s)
{
	char id[2 * OAE_NAME_BYTES_MAX + 2];
	size_t i;

	(void)snprintf(id, sizeof(id), "%.127s/%.127s", m->name, s->name);
	if (o->json) {
		oae_jw_obj(&o->w, NULL);
		oae_jw_str(&o->w, "id", id);
		oae_jw_str(&o->w, "kind", s->kind);
		oae_jw_str(&o->w, "title", s->title);
		oae_jw_str(&o->w, "about", s->about);
		oae_jw_arr(&o->w, "knobs");
	} else {
		oae_buf_printf(&o->buf, "  %-28s %s\n", id, s->title);
	}
	for (i = 0; i < s->knob_count; i++)
		knob(o, &s->knobs[i]);
	if (o->json) {
		oae_jw_end_arr(&o->w);
		oae_jw_end_obj(&o->w);
	}
}

/* HOME/adapters/NAME/adapter.json */
static enum oae_status one_manifest(void *ctx, const char *relative,
				    struct oae_error *err)
{
	const char *slash = strchr(relative, '/');
	char dir[OAE_PATH_BYTES_MAX];
	struct oae_error why = { 0 };
	struct out *o = ctx;
	struct oae_manifest m;
	size_t i;
	int n;

	if (!slash || strcmp(slash, "/adapter.json") != 0)
		return OAE_OK;
	n = snprintf(dir, sizeof(dir), "%s/adapters/%.*s", o->home,
		     (int)(slash - relative), relative);
	if (n < 0 || (size_t)n >= sizeof(dir))
		return oae_fail(err, OAE_ERR_LIMIT, 0, "path too long");
	memset(&m, 0, sizeof(m));
	/* A broken one does not hide the others. */
	if (oae_manifest_read(dir, &m, &why)) {
		oae_warn("%s", why.text);
		o->broken = true;
	} else {
		for (i = 0; i < m.system_count; i++)
			system_row(o, &m, &m.systems[i]);
	}
	oae_manifest_release(&m);
	return OAE_OK;
}

static enum oae_status list_systems(struct out *o, struct oae_error *err)
{
	char dir[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	status = oae_path_join(dir, sizeof(dir), o->home, "adapters", err);
	return status ? status : oae_dir_walk(dir, one_manifest, o, err);
}

static enum oae_status list_suites(struct out *o, struct oae_error *err)
{
	struct oae_id_list ids;
	struct oae_suite s;
	enum oae_status status = oae_suite_list(o->home, &ids, err);
	size_t i;

	for (i = 0; !status && i < ids.count; i++) {
		memset(&s, 0, sizeof(s));
		status = oae_suite_load(o->home, ids.id[i], &s, err);
		if (!status)
			row(o, s.id, s.title);
		oae_suite_release(&s);
	}
	return status;
}

static enum oae_status list_workloads(struct out *o, struct oae_error *err)
{
	struct oae_id_list ids;
	struct oae_workload w;
	enum oae_status status = oae_workload_list(o->home, &ids, err);
	char about[400];
	size_t i;

	for (i = 0; !status && i < ids.count; i++) {
		memset(&w, 0, sizeof(w));
		status = oae_workload_load(o->home, ids.id[i], &w, err);
		if (!status) {
			(void)snprintf(about, sizeof(about),
				       "%.300s (%zu"
				       " items)",
				       w.title, w.item_count);
			row(o, w.id, about);
		}
		oae_workload_release(&w);
	}
	return status;
}

static enum oae_status list_profiles(struct out *o, struct oae_error *err)
{
	char dir[OAE_PATH_BYTES_MAX], path[2 * OAE_PATH_BYTES_MAX];
	struct oae_id_list ids = { .count = 0 };
	enum oae_status status;
	cJSON *tree;
	size_t i;

	status = oae_path_join(dir, sizeof(dir), o->home, "schema/profiles",
			       err);
	if (!status)
		status = oae_id_list_read(dir, ".json", &ids, err);
	for (i = 0; !status && i < ids.count; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s.json", dir,
			       ids.id[i]);
		status = oae_json_read(path, &tree, err);
		if (status)
			break;
		row(o, ids.id[i], oae_json_str_or(tree, "title", ""));
		cJSON_Delete(tree);
	}
	return status;
}

/* A sensor's row, and below it what its meters cover. */
static void sensor_row(struct out *o, const struct oae_sensors *all, size_t at)
{
	const struct oae_sensor *s = &all->sensor[at];
	struct oae_source t[OAE_SOURCES_MAX];
	size_t n = oae_sources_table(all, t), usable = 0, i;
	const char *absent = all->absent[at][0] ? all->absent[at] : NULL;

	for (i = 0; i < s->count; i++)
		usable += s->channels[i].evidence != OAE_ABSENT;
	if (o->json) {
		oae_jw_obj(&o->w, NULL);
		oae_jw_str(&o->w, "id", s->type->name);
		oae_jw_str(&o->w, "about", s->type->about);
		oae_jw_int(&o->w, "channels", (int64_t)s->count);
		oae_jw_int(&o->w, "usable", (int64_t)usable);
		oae_jw_str(&o->w, "reason", absent);
		oae_jw_arr(&o->w, "sources");
	} else if (absent) {
		oae_buf_printf(&o->buf, "  %-28s %s\n      not here: %s\n",
			       s->type->name, s->type->about, absent);
	} else {
		oae_buf_printf(&o->buf, "  %-28s %s: %zu of %zu channels\n",
			       s->type->name, s->type->about, usable, s->count);
	}
	for (i = 0; i < n; i++) {
		if (t[i].sensor != s->type->name)
			continue;
		if (o->json)
			oae_source_write(&o->w, &t[i]);
		else
			oae_buf_printf(
				&o->buf,
				"      %-8s %-8s %zu of %zu meters%s%s\n",
				oae_covers_name(t[i].covers),
				oae_source_state(&t[i]), t[i].usable,
				t[i].terms, t[i].reason ? ": " : "",
				t[i].reason ? t[i].reason : "");
	}
	if (o->json) {
		oae_jw_end_arr(&o->w);
		oae_jw_end_obj(&o->w);
	}
}

/* In the order of preference; what "counts" is the machine's energy. */
static enum oae_status list_sensors(struct out *o, struct oae_error *err)
{
	struct oae_sensors all;
	enum oae_status status =
		oae_sensors_open(&all, o->sysroot, OAE_PROVE_MS, err);
	size_t i;

	for (i = 0; !status && i < oae_sensor_type_count; i++)
		sensor_row(o, &all, i);
	if (!status && !o->json)
		oae_buf_printf(&o->buf, "  energy of the machine: %s\n",
			       all.no_meter[0] ? all.no_meter :
						 "what counts above, summed");
	oae_sensors_close(&all);
	return status;
}

/* When a result is not valid: id, clause of schema/OAE-SPEC.md, text. */
static enum oae_status list_rules(struct out *o, struct oae_error *err)
{
	(void)err;
	for (int i = 0; i < OAE_RULES; i++) {
		const struct oae_rule_text *r = oae_rule_text((enum oae_rule)i);

		if (!o->json) {
			oae_buf_printf(&o->buf, "  %s  \302\247%-6s %s\n",
				       r->id, r->clause, r->text);
			continue;
		}
		oae_jw_obj(&o->w, NULL);
		oae_jw_str(&o->w, "id", r->id);
		oae_jw_str(&o->w, "clause", r->clause);
		oae_jw_str(&o->w, "text", r->text);
		oae_jw_end_obj(&o->w);
	}
	return OAE_OK;
}

static const struct {
	const char *name;
	enum oae_status (*list)(struct out *o, struct oae_error *err);
	bool when_named; /* not part of the list of everything */
} kinds[] = {
	{ "systems", list_systems, false },
	{ "suites", list_suites, false },
	{ "workloads", list_workloads, false },
	{ "profiles", list_profiles, false },
	{ "sensors", list_sensors, false },
	{ "rules", list_rules, true },
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static enum oae_status list(struct out *o, const char *only,
			    struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	size_t i;

	if (o->json)
		oae_jw_obj(&o->w, NULL);
	for (i = 0; !status && i < N_KINDS; i++) {
		if (only ? strcmp(kinds[i].name, only) != 0 :
			   kinds[i].when_named)
			continue;
		if (o->json)
			oae_jw_arr(&o->w, kinds[i].name);
		else
			oae_buf_printf(&o->buf, "%s:\n", kinds[i].name);
		status = kinds[i].list(o, err);
		if (o->json)
			oae_jw_end_arr(&o->w);
	}
	if (o->json) {
		oae_jw_end_obj(&o->w);
		oae_buf_putc(&o->buf, '\n');
	}
	return status ? status : oae_buf_check(&o->buf, "list", err);
}

static enum oae_status read_words(int argc, char **argv, struct out *o,
				  const char **only, struct oae_error *err)
{
	size_t k;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json")) {
			o->json = true;
			continue;
		}
		if (!strcmp(argv[i], "--sysroot") && i + 1 < argc) {
			o->sysroot = argv[++i];
			continue;
		}
		for (k = 0; k < N_KINDS && strcmp(kinds[k].name, argv[i]); k++)
			;
		if (k == N_KINDS || *only)
			return oae_fail(
				err, OAE_ERR_USAGE, 0,
				"'%.60s': name one of systems, suites,"
				" workloads, profiles, sensors, rules, or"
				" nothing; and --json or --sysroot DIR",
				argv[i]);
		*only = argv[i];
	}
	return OAE_OK;
}

int oae_cmd_list(int argc, char **argv)
{
	char home[OAE_PATH_BYTES_MAX];
	struct out o = { .home = home, .sysroot = "" };
	struct oae_error err = { 0 };
	const char *only = NULL;
	enum oae_status status;

	if (argc == 2 &&
	    (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(help, stdout);
		return OAE_EXIT_OK;
	}
	status = read_words(argc, argv, &o, &only, &err);
	if (!status)
		status = oae_home(home, sizeof(home), &err);
	oae_buf_init(&o.buf, OAE_JSON_FILE_BYTES_MAX);
	oae_jw_init(&o.w, &o.buf, 2);
	if (!status)
		status = list(&o, only, &err);
	if (!status &&
	    (fputs(oae_buf_str(&o.buf), stdout) < 0 || fflush(stdout) < 0))
		status = oae_fail(&err, OAE_ERR_IO, errno, "standard output");
	oae_buf_release(&o.buf);
	if (status)
		return oae_die_code("oae list", &err);
	return o.broken ? OAE_EXIT_ERROR : OAE_EXIT_OK;
}
