/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "environment" of a result: the machine at both ends, what changed between
 * them, and the hashes of all that ran. A warning never changes a score; it
 * tells a reader why two results may differ.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "schema/result_internal.h"

/* From these on a reader should know (shares of the whole machine's time). */
#define STEAL_SHARE_MIN 0.01
#define OTHERS_SHARE_MIN 0.05
#define SHARES_SECONDS_MIN 1.0 /* of CPU time: clock ticks are 10 ms */
#define LOAD_PER_CORE_MIN 0.5
#define MEMORY_SHARE_MIN 0.05
#define SWAP_GROWTH_BYTES_MIN (64.0 * 1048576)

struct ends {
	const cJSON *start, *end;
	struct oae_jw *w;
};

/* "cpu.model" */
static const cJSON *member(const cJSON *v, const char *path)
{
	char part[64];

	while (v && *path) {
		size_t n = strcspn(path, ".");

		(void)snprintf(part, sizeof(part), "%.*s", (int)n, path);
		v = cJSON_GetObjectItemCaseSensitive(v, part);
		path += n + (path[n] == '.');
	}
	return v && !cJSON_IsNull(v) ? v : NULL;
}

static double number(const cJSON *v, const char *path)
{
	const cJSON *at = member(v, path);

	return cJSON_IsNumber(at) ? at->valuedouble : (double)NAN;
}

static void value_or_null(struct oae_jw *w, const char *key, const cJSON *v)
{
	if (v)
		oae_jw_value(w, key, v);
	else
		oae_jw_null(w, key);
}

static void warn_values(struct ends *e, const char *topic, const char *text,
			const cJSON *from, const cJSON *to)
{
	oae_jw_obj(e->w, NULL);
	oae_jw_str(e->w, "topic", topic);
	oae_jw_str(e->w, "text", text);
	value_or_null(e->w, "start", from);
	value_or_null(e->w, "end", to);
	oae_jw_end_obj(e->w);
}

static void warn_numbers(struct ends *e, const char *topic, const char *text,
			 double from, double to)
{
	oae_jw_obj(e->w, NULL);
	oae_jw_str(e->w, "topic", topic);
	oae_jw_str(e->w, "text", text);
	oae_jw_num(e->w, "start", from);
	oae_jw_num(e->w, "end", to);
	oae_jw_end_obj(e->w);
}

static void print_value(const cJSON *v, char *out, size_t size)
{
	if (!v)
		(void)snprintf(out, size, "not known");
	else if (cJSON_IsString(v))
		(void)snprintf(out, size, "%.150s", v->valuestring);
	else if (cJSON_IsNumber(v))
		(void)snprintf(out, size, "%.10g", v->valuedouble);
	else
		(void)snprintf(out, size, "%s", cJSON_IsTrue(v) ? "yes" : "no");
}

static void compare(struct ends *e, const char *topic, const char *what,
		    const cJSON *from, const cJSON *to)
{
	char a[160], b[160], text[400];

	if ((!from && !to) || (from && to && cJSON_Compare(from, to, 1)))
		return;
	print_value(from, a, sizeof(a));
	print_value(to, b, sizeof(b));
	(void)snprintf(text, sizeof(text), "%.60s changed: %s, then %s", what,
		       a, b);
	warn_values(e, topic, text, from, to);
}

/* What should be the same at both ends. */
static void compare_facts(struct ends *e)
{
	static const char *const facts[][2] = {
		{ "cpu.model", "the CPU" },
		{ "cpu.microcode", "the CPU's microcode" },
		{ "cpu.cores", "the number of cores" },
		{ "cpu.cores_allowed", "the number of cores allowed" },
		{ "cpu.smt", "simultaneous multithreading" },
		{ "cpu.turbo", "turbo" },
		{ "cpu.energy_preference", "the energy preference" },
		{ "governor", "the frequency governor" },
		{ "memory_bytes", "the memory" },
		{ "huge_pages", "transparent huge pages" },
		{ "kernel", "the kernel" },
		{ "clock_source", "the clock source" },
		{ "perf_event_paranoid", "kernel.perf_event_paranoid" },
		{ "virtual", "being a virtual machine" },
		{ "on_battery", "running on battery" },
		{ "cgroup.cpu_limit", "the limit on CPU time" },
		{ "cgroup.memory_limit_bytes", "the limit on memory" },
		{ "program_sha256", "this program" },
	};
	size_t i;

	for (i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		compare(e, facts[i][0], facts[i][1],
			member(e->start, facts[i][0]),
			member(e->end, facts[i][0]));
}

static void compare_mitigations(struct ends *e)
{
	const cJSON *from = member(e->start, "mitigations");
	const cJSON *to = member(e->end, "mitigations"), *one;
	char topic[80], what[80];

	cJSON_ArrayForEach(one, from) {
		(void)snprintf(topic, sizeof(topic), "mitigations.%.60s",
			       one->string);
		(void)snprintf(what, sizeof(what), "the mitigation of %.40s",
			       one->string);
		compare(e, topic, what, one, member(to, one->string));
	}
}

/*
 * Shares of the CPU time between both ends: what the host gave to other
 * guests, and what ran here beside the campaign.
 */
static void check_time(struct ends *e, bool resumed)
{
	double busy = number(e->end, "cpu_time.busy_s") -
		      number(e->start, "cpu_time.busy_s");
	double idle = number(e->end, "cpu_time.idle_s") -
		      number(e->start, "cpu_time.idle_s");
	double from = number(e->start, "cpu_time.steal_s");
	double to = number(e->end, "cpu_time.steal_s");
	double own = number(e->end, "cpu_time.own_s") -
		     number(e->start, "cpu_time.own_s");
	double total = busy + idle + (to - from), others = busy - own;
	char text[300];

	if (!(total >= SHARES_SECONDS_MIN))
		return;
	if (to - from >= STEAL_SHARE_MIN * total) {
		(void)snprintf(text, sizeof(text),
			       "the host gave %.3g %% of this virtual machine's"
			       " CPU time to others (steal, %.4g s)",
			       100 * (to - from) / total, to - from);
		warn_numbers(e, "cpu_time.steal_s", text, from, to);
	}
	/* A resumed campaign's own time is of several processes. */
	if (resumed || !(others >= OTHERS_SHARE_MIN * total))
		return;
	(void)snprintf(text, sizeof(text),
		       "other programs used %.3g %% of the machine's CPU time"
		       " (%.4g s); the campaign itself %.3g %%",
		       100 * others / total, others, 100 * own / total);
	warn_numbers(e, "cpu_time.busy_s", text,
		     number(e->start, "cpu_time.busy_s"),
		     number(e->end, "cpu_time.busy_s"));
}

static void check_memory(struct ends *e)
{
	double from = number(e->start, "swap_used_bytes");
	double to = number(e->end, "swap_used_bytes");
	double free_ = number(e->end, "memory_available_bytes");
	double all = number(e->end, "memory_bytes");
	char text[200];

	if (to - from >= SWAP_GROWTH_BYTES_MIN) {
		(void)snprintf(text, sizeof(text), "%.4g MB went to swap",
			       (to - from) / 1e6);
		warn_numbers(e, "swap_used_bytes", text, from, to);
	}
	if (free_ < MEMORY_SHARE_MIN * all) {
		(void)snprintf(text, sizeof(text),
			       "only %.3g %% of the memory was left at the end",
			       100 * free_ / all);
		warn_numbers(e, "memory_available_bytes", text,
			     number(e->start, "memory_available_bytes"), free_);
	}
}

static void check_heat(struct ends *e)
{
	double from = number(e->start, "cpu.throttled");
	double to = number(e->end, "cpu.throttled");
	char text[200];

	if (!(to > from))
		return;
	(void)snprintf(text, sizeof(text), "heat slowed the CPU %.0f times",
		       to - from);
	warn_numbers(e, "cpu.throttled", text, from, to);
}

static void check_start(struct ends *e)
{
	double load = number(e->start, "load_1min");
	double cores = number(e->start, "cpu.cores");
	char text[200];

	if (!(load >= LOAD_PER_CORE_MIN * cores))
		return;
	(void)snprintf(text, sizeof(text),
		       "the machine was busy before it began: a load of %.3g on"
		       " %.0f cores",
		       load, cores);
	warn_numbers(e, "load_1min", text, load, number(e->end, "load_1min"));
}

static void write_warnings(struct oae_jw *w, const struct oae_records *r)
{
	struct ends e = { .start = r->environment_start,
			  .end = r->environment_end,
			  .w = w };

	oae_jw_arr(w, "warnings");
	check_start(&e);
	if (e.start && e.end) {
		compare_facts(&e);
		compare_mitigations(&e);
		if (number(e.end, "uptime_s") < number(e.start, "uptime_s")) {
			warn_numbers(&e, "uptime_s",
				     "the machine was started again in between",
				     number(e.start, "uptime_s"),
				     number(e.end, "uptime_s"));
		} else {
			check_time(&e, r->resumes > 0);
			check_memory(&e);
			check_heat(&e);
		}
	}
	oae_jw_end_arr(w);
}

/* A whole journal line without the chain's members. */
static void copy_line(struct oae_jw *w, const char *key, const cJSON *line)
{
	const cJSON *v;

	if (!line) {
		oae_jw_null(w, key);
		return;
	}
	oae_jw_obj(w, key);
	cJSON_ArrayForEach(v, line)
		if (strcmp(v->string, "seq") != 0 &&
		    strcmp(v->string, "prev") != 0 &&
		    strcmp(v->string, "type") != 0 &&
		    strcmp(v->string, "when") != 0)
			oae_jw_value(w, v->string, v);
	oae_jw_end_obj(w);
}

/* Everything that ran, by hash: programs, models, workloads, tables. */
static void write_software(struct oae_jw *w, const struct oae_records *r)
{
	static const char *const keys[] = { "id", "adapter", "version",
					    "binary_sha256", "models" };
	const cJSON *s, *campaign = r->campaign;
	size_t i;

	oae_jw_obj(w, "software");
	value_or_null(w, "program_sha256",
		      member(r->environment_start, "program_sha256"));
	value_or_null(w, "build", member(campaign, "build"));
	oae_jw_arr(w, "systems");
	cJSON_ArrayForEach(s, member(campaign, "systems")) {
		oae_jw_obj(w, NULL);
		for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			value_or_null(w, keys[i], member(s, keys[i]));
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
	value_or_null(w, "inputs", member(campaign, "inputs"));
	oae_jw_end_obj(w);
}

void oae_result_environment(struct oae_jw *w, const struct oae_records *r)
{
	oae_jw_obj(w, "environment");
	copy_line(w, "start", r->environment_start);
	copy_line(w, "end", r->environment_end);
	write_warnings(w, r);
	write_software(w, r);
	oae_jw_end_obj(w);
}
