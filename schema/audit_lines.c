/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "schema/audit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/limits.h"
#include "schema/energy.h"
#include "schema/harness_cost.h"

/* So many intervals in a row to the nanosecond are no accident. */
#define PRINT_INTERVALS 6u
#define NS_MAX 9007199254740992.0 /* what a double counts */
#define FNV_OFFSET 14695981039346656037u
#define FNV_PRIME 1099511628211u

#define FINDING(a, rule, ...) \
	oae_finding_add((a)->found, rule, OAE_AUDIT_FILE, __VA_ARGS__)

static enum oae_status no_memory(struct oae_audit *a)
{
	return oae_fail(a->err, OAE_ERR_NOMEM, 0, "out of memory");
}

static const cJSON *member(const cJSON *obj, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(obj, key);
}

static const char *str(const cJSON *obj, const char *key)
{
	return oae_json_str_or(obj, key, "");
}

static uint64_t num(const cJSON *obj, const char *key)
{
	return oae_json_u64_or(obj, key, 0);
}

/* Seconds since 1970 of "2026-11-25T18:33:39Z"; -1 when it is none. */
static int64_t utc_seconds(const char *text)
{
	struct tm tm;
	const char *end;

	memset(&tm, 0, sizeof(tm));
	end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return end && *end == '\0' ? (int64_t)timegm(&tm) : -1;
}

static struct oae_audit_segment *current(struct oae_audit *a, const cJSON *line)
{
	struct oae_audit_segment *s;

	if (!a->segment_count)
		return NULL;
	s = &a->segments[a->segment_count - 1];
	return s->run == num(line, "run") &&
			       s->segment == num(line, "segment") ?
		       s :
		       NULL;
}

static void begin_print(struct oae_audit *a)
{
	a->print = FNV_OFFSET;
	a->print_intervals = 0;
}

/* ---- run lines -------------------------------------------------------- */

/*
 * Energy that counts comes from a meter, is measured, and no estimate has
 * the name of one.
 */
static void check_meters(struct oae_audit *a, struct oae_audit_segment *s,
			 const cJSON *line)
{
	static const char *const meters[] = {
		"powercap", "perf-power", "papi-energy", "likwid",
		"nvml",	    "hwmon",	  "battery",
	};
	const cJSON *c;
	size_t i;

	cJSON_ArrayForEach(c, member(line, "channels")) {
		const char *sensor = str(c, "sensor");
		enum oae_covers covers =
			oae_covers_parse(oae_json_str_or(c, "covers", NULL));
		bool chosen = cJSON_IsTrue(member(c, "chosen"));

		if (covers <= OAE_COVERS_INSIDE && !chosen)
			continue;
		for (i = 0; i < sizeof(meters) / sizeof(meters[0]); i++)
			if (strcmp(meters[i], sensor) == 0)
				break;
		if (i == sizeof(meters) / sizeof(meters[0]))
			FINDING(a, OAE_RULE_METER,
				"line %llu: %.60s is told as a meter, but"
				" sensor \"%.40s\" is none",
				(unsigned long long)a->line, str(c, "name"),
				sensor);
		else if (chosen && strcmp(str(c, "evidence"), "measured") != 0)
			FINDING(a, OAE_RULE_METER,
				"line %llu: %.60s counts and is \"%.20s\","
				" not measured",
				(unsigned long long)a->line, str(c, "name"),
				str(c, "evidence"));
		s->metered |= chosen;
	}
}

static enum oae_status take_run(struct oae_audit *a, const cJSON *line)
{
	struct oae_audit_segment *s;
	const cJSON *load = member(line, "load");

	if (a->segment_count == a->segment_alloc) {
		size_t n = a->segment_alloc ? 2 * a->segment_alloc : 64;

		s = reallocarray(a->segments, n, sizeof(*s));
		if (!s)
			return no_memory(a);
		a->segments = s;
		a->segment_alloc = n;
	}
	s = &a->segments[a->segment_count++];
	memset(s, 0, sizeof(*s));
	s->run = num(line, "run");
	s->segment = num(line, "segment");
	s->line = a->line;
	s->t0_ns = num(line, "t0_ns");
	s->utc_s = utc_seconds(str(line, "utc"));
	s->concurrency = oae_json_u64_or(load, "concurrency", 1);
	s->resumed = a->resumed;
	s->counts = strcmp(str(line, "purpose"), "score") == 0 &&
		    strcmp(str(line, "condition"), "nominal") == 0;
	s->first_sample = a->sample_count;
	s->items = (uint64_t)cJSON_GetArraySize(member(line, "items"));
	a->resumed = false;
	begin_print(a);
	check_meters(a, s, line);
	return OAE_OK;
}

static void take_run_end(struct oae_audit *a, const cJSON *line)
{
	struct oae_audit_segment *s = current(a, line);
	const cJSON *r = member(line, "requests");

	if (!s)
		return; /* another line's finding */
	s->ended = true;
	s->wall_ns = num(line, "wall_ns");
	s->planned = num(r, "planned");
	s->ok = num(r, "ok");
	s->failed = num(r, "failed");
	s->not_sent = num(r, "not_sent");
	s->busy_ns = num(line, "busy_ns");
	s->measure_ns = num(line, "measure_ns");
}

static void take_ready(struct oae_audit *a, const cJSON *line)
{
	struct oae_audit_segment *s = current(a, line);

	if (!s)
		return;
	s->ready = true;
	s->setup_ns = num(line, "setup_ns");
	s->adapter_in_flight = num(member(line, "adapter"), "max_in_flight");
}

static void take_sensors(struct oae_audit *a, const cJSON *line)
{
	struct oae_audit_segment *s = current(a, line);

	if (!s)
		return;
	s->idle_before |= strcmp(str(line, "phase"), "idle") == 0;
	s->idle_after |= strcmp(str(line, "phase"), "idle_after") == 0;
}

/* ---- sample lines ----------------------------------------------------- */

static void misfit(struct oae_audit *a, const cJSON *line, const char *what)
{
	FINDING(a, OAE_RULE_TIMES, "line %llu: request %.20s of run %llu: %s",
		(unsigned long long)a->line, str(line, "request"),
		(unsigned long long)num(line, "run"), what);
}

static void add_interval(struct oae_audit *a, uint64_t ns)
{
	for (int i = 0; i < 8; i++) {
		a->print ^= (ns >> (8 * i)) & 0xff;
		a->print *= FNV_PRIME;
	}
	a->print_intervals++;
}

/*
 * Token times: the first on the run's clock, then gaps. They are the
 * adapter's stamps, which may not lie before the request nor after its end.
 */
static void check_tokens(struct oae_audit *a, const struct oae_audit_segment *s,
			 const cJSON *line, uint64_t sent, uint64_t done)
{
	const cJSON *list = member(line, "token_ns"), *t;
	double at = 0;
	int count = cJSON_GetArraySize(list);
	const cJSON *answer = member(line, "answer");

	cJSON_ArrayForEach(t, list) {
		double gap = t->valuedouble;

		at += gap;
		if (t != list->child && gap >= 0 && gap < NS_MAX)
			add_interval(a, (uint64_t)gap);
	}
	if (count &&
	    (list->child->valuedouble < (double)sent || at > (double)done))
		misfit(a, line,
		       "its tokens were made before it was sent, or"
		       " after it was done");
	if (count && (uint64_t)count > num(line, "tokens_out"))
		FINDING(a, OAE_RULE_TOKENS,
			"line %llu: %d token times, but %llu tokens",
			(unsigned long long)a->line, count,
			(unsigned long long)num(line, "tokens_out"));
	/* A hash says nothing of its answer's length. */
	if (s->counts && cJSON_IsString(answer) && !a->redacted &&
	    num(line, "tokens_out") > strlen(answer->valuestring) + 1)
		FINDING(a, OAE_RULE_TOKENS,
			"line %llu: %llu tokens in an answer of %zu bytes",
			(unsigned long long)a->line,
			(unsigned long long)num(line, "tokens_out"),
			strlen(answer->valuestring));
}

static enum oae_status take_sample(struct oae_audit *a, const cJSON *line)
{
	struct oae_audit_segment *s = current(a, line);
	uint64_t due = num(line, "due_ns"), sent = num(line, "sent_ns");
	uint64_t done = num(line, "done_ns");
	uint64_t first = oae_json_u64_or(line, "first_ns", sent);
	struct oae_audit_sample *one;

	if (!s) {
		misfit(a, line, "stands outside its run");
		return OAE_OK;
	}
	if (a->sample_count == a->sample_alloc) {
		size_t n = a->sample_alloc ? 2 * a->sample_alloc : 1024;

		one = reallocarray(a->samples, n, sizeof(*one));
		if (!one)
			return no_memory(a);
		a->samples = one;
		a->sample_alloc = n;
	}
	if (due > sent || sent > first || first > done)
		misfit(a, line, "due, sent, first and done run backwards");
	one = &a->samples[a->sample_count++];
	memset(one, 0, sizeof(*one));
	one->sent_ns = sent;
	one->done_ns = done;
	one->line = a->line;
	one->ok = strcmp(str(line, "outcome"), "ok") == 0;
	if ((unsigned)cJSON_GetArraySize(member(line, "token_ns")) >=
	    PRINT_INTERVALS)
		begin_print(a); /* it has enough of its own */
	add_interval(a, first - sent);
	add_interval(a, done - sent);
	check_tokens(a, s, line, sent, done);
	if (a->print_intervals >= PRINT_INTERVALS) {
		one->print = a->print;
		begin_print(a);
	}
	s->sample_count++;
	if (done > s->last_done_ns)
		s->last_done_ns = done;
	return OAE_OK;
}

/* ---- all lines -------------------------------------------------------- */

static enum oae_status take(struct oae_audit *a, const cJSON *line)
{
	const char *type = str(line, "type");
	struct oae_audit_segment *s;

	if (strcmp(type, "run") == 0)
		return take_run(a, line);
	if (strcmp(type, "sample") == 0)
		return take_sample(a, line);
	if (strcmp(type, "run_end") == 0)
		take_run_end(a, line);
	else if (strcmp(type, "ready") == 0)
		take_ready(a, line);
	else if (strcmp(type, "sensors") == 0)
		take_sensors(a, line);
	else if (strcmp(type, "resume") == 0)
		a->resumed = true;
	else if (strcmp(type, "campaign") == 0)
		a->redacted = cJSON_IsObject(member(line, "redacted"));
	s = strcmp(type, "warmup") == 0 ? current(a, line) : NULL;
	if (s && s->sample_count == 0)
		s->warm = true;
	return OAE_OK;
}

enum oae_status oae_audit_read(struct oae_audit *a, const char *path)
{
	struct oae_error own;
	enum oae_status status = OAE_OK;
	FILE *f = fopen(path, "rbe");
	char *text = NULL;
	size_t size = 0;
	cJSON *line;
	ssize_t n;

	if (!f)
		return oae_fail(a->err, OAE_ERR_IO, errno, "%s: cannot open",
				path);
	while (!status && (n = getline(&text, &size, f)) > 0) {
		a->line++;
		if (text[n - 1] == '\n')
			n--;
		own = (struct oae_error){ OAE_OK, 0, "" };
		if (oae_json_parse(text, (size_t)n, &line, &own)) {
			FINDING(a, OAE_RULE_JSON, "line %llu: %s",
				(unsigned long long)a->line, own.text);
			continue;
		}
		status = take(a, line);
		cJSON_Delete(line);
	}
	free(text);
	fclose(f);
	return status;
}

void oae_audit_release(struct oae_audit *a)
{
	free(a->segments);
	free(a->samples);
	a->segments = NULL;
	a->samples = NULL;
}
