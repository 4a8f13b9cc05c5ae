/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "schema/harness_cost.h"
#include "schema/record_internal.h"

enum oae_status oae_record_no_memory(struct oae_record_reader *r)
{
	return oae_fail(r->err, OAE_ERR_NOMEM, 0, "out of memory");
}

/* Room for one more element; the new one is zeroed. */
void *oae_record_grow(void **array, size_t *count, size_t *alloc, size_t size)
{
	if (*count == *alloc) {
		size_t n = *alloc ? *alloc * 2 : 64;
		void *more = reallocarray(*array, n, size);

		if (!more)
			return NULL;
		*array = more;
		*alloc = n;
	}
	memset((char *)*array + *count * size, 0, size);
	return (char *)*array + (*count)++ * size;
}

/* A copy that outlives the line; NULL stays NULL. */
enum oae_status oae_record_keep(struct oae_record_reader *r, const char *s,
				const char **out)
{
	*out = s ? oae_arena_strdup(&r->out->arena, s) : NULL;
	return s && !*out ? oae_record_no_memory(r) : OAE_OK;
}

enum oae_status oae_record_keep_needed(struct oae_record_reader *r,
				       const cJSON *line, const char *key,
				       const char **out)
{
	const char *s;
	enum oae_status status = oae_json_str(line, key, &s, r->err);

	return status ? status : oae_record_keep(r, s, out);
}

enum oae_status oae_record_keep_optional(struct oae_record_reader *r,
					 const cJSON *line, const char *key,
					 const char **out)
{
	return oae_record_keep(r, oae_json_str_or(line, key, NULL), out);
}

enum oae_status oae_record_find_run(struct oae_record_reader *r,
				    const cJSON *line,
				    struct oae_run_record **out)
{
	uint64_t id;
	enum oae_status status = oae_json_u64(line, "run", &id, r->err);

	if (status)
		return status;
	if (id >= r->by_id_count || !r->by_id[id])
		return oae_fail(r->err, OAE_ERR_FORMAT, 0,
				"run %llu was not begun",
				(unsigned long long)id);
	*out = &r->out->runs[r->by_id[id] - 1];
	return OAE_OK;
}

/* ---- campaign, environment, ready ------------------------------------ */

static enum oae_status take_campaign(struct oae_record_reader *r, cJSON *line)
{
	uint64_t version;
	const char *spec;
	enum oae_status status;

	status = oae_json_u64(line, "journal", &version, r->err);
	if (!status)
		status = oae_json_str(line, "spec", &spec, r->err);
	if (status)
		return status;
	if (version != OAE_JOURNAL_VERSION)
		return oae_fail(r->err, OAE_ERR_UNSUPPORTED, 0,
				"the journal is"
				" of version %llu, this program knows %d; use"
				" the program that wrote it",
				(unsigned long long)version,
				OAE_JOURNAL_VERSION);
	if (!oae_spec_readable(spec))
		return oae_fail(r->err, OAE_ERR_UNSUPPORTED, 0,
				"the journal is"
				" for spec %.20s, this program computes %s;"
				" use the program that wrote it",
				spec, OAE_SPEC_VERSION);
	r->out->campaign = cJSON_Duplicate(line, 1);
	r->out->redacted = cJSON_IsObject(
		cJSON_GetObjectItemCaseSensitive(line, "redacted"));
	r->out->ready = cJSON_CreateObject();
	r->out->notes = cJSON_CreateArray();
	r->out->condition_set = cJSON_CreateObject();
	return r->out->campaign && r->out->ready && r->out->notes &&
			       r->out->condition_set ?
		       OAE_OK :
		       oae_record_no_memory(r);
}

static enum oae_status take_environment(struct oae_record_reader *r,
					cJSON *line)
{
	const char *when = oae_json_str_or(line, "when", "");
	cJSON **slot = strcmp(when, "start") == 0 ? &r->out->environment_start :
						    &r->out->environment_end;

	/* Only the last end, and the first start, of a resumed campaign. */
	if (slot == &r->out->environment_start && *slot)
		return OAE_OK;
	cJSON_Delete(*slot);
	*slot = cJSON_Duplicate(line, 1);
	return *slot ? OAE_OK : oae_record_no_memory(r);
}

static enum oae_status take_ready(struct oae_record_reader *r, cJSON *line)
{
	struct oae_run_record *run;
	const cJSON *message =
		cJSON_GetObjectItemCaseSensitive(line, "adapter");
	cJSON *copy;
	uint64_t setup_ns;
	enum oae_status status = oae_record_find_run(r, line, &run);

	if (!status)
		status = oae_json_u64(line, "setup_ns", &setup_ns, r->err);
	if (status)
		return status;
	if (!run->ready)
		run->setup_ns = setup_ns;
	run->adapter_in_flight = oae_json_u64_or(message, "max_in_flight", 0);
	run->ready = true;
	if (!message || run->shape ||
	    strcmp(run->purpose, OAE_PURPOSE_HARNESS) == 0 ||
	    cJSON_GetObjectItemCaseSensitive(r->out->ready, run->system))
		return OAE_OK;
	copy = cJSON_Duplicate(message, 1);
	if (!copy || !cJSON_AddItemToObject(r->out->ready, run->system, copy)) {
		cJSON_Delete(copy);
		return oae_record_no_memory(r);
	}
	return OAE_OK;
}

/* ---- runs ------------------------------------------------------------- */

static enum oae_status take_items(struct oae_record_reader *r,
				  const cJSON *line, struct oae_run_record *run)
{
	const cJSON *items = cJSON_GetObjectItemCaseSensitive(line, "items");
	const cJSON *item;
	const char **list;
	int n = cJSON_GetArraySize(items);
	enum oae_status status = OAE_OK;

	if (n > (int)OAE_REQUESTS_PER_RUN_MAX)
		return oae_fail(r->err, OAE_ERR_LIMIT, 0,
				"more than %u"
				" requests in one run",
				OAE_REQUESTS_PER_RUN_MAX);
	list = oae_arena_array(&r->out->arena, (size_t)n + 1, sizeof(*list));
	if (!list)
		return oae_record_no_memory(r);
	cJSON_ArrayForEach(item, items) {
		if (!cJSON_IsString(item))
			return oae_fail(r->err, OAE_ERR_FORMAT, 0,
					"\"items\" holds something else than"
					" ids");
		status = oae_record_keep(r, item->valuestring,
					 &list[run->planned++]);
		if (status)
			return status;
	}
	run->items = list;
	return OAE_OK;
}

static enum oae_status new_run(struct oae_record_reader *r, uint64_t id,
			       struct oae_run_record **out)
{
	struct oae_run_record *run;

	if (id >= OAE_RUNS_MAX)
		return oae_fail(r->err, OAE_ERR_LIMIT, 0,
				"run %llu: more than"
				" %u runs",
				(unsigned long long)id, OAE_RUNS_MAX);
	if (id >= r->by_id_count) {
		size_t n = (size_t)id * 2 + 64;
		size_t *more = reallocarray(r->by_id, n, sizeof(*more));

		if (!more)
			return oae_record_no_memory(r);
		memset(more + r->by_id_count, 0,
		       (n - r->by_id_count) * sizeof(*more));
		r->by_id = more;
		r->by_id_count = n;
	}
	run = oae_record_grow((void **)&r->out->runs, &r->out->run_count,
			      &r->run_alloc, sizeof(*run));
	if (!run)
		return oae_record_no_memory(r);
	r->by_id[id] = r->out->run_count;
	run->id = id;
	run->cpu_s = run->idle_before_w = run->idle_after_w = NAN;
	run->energy = oae_energy_unknown();
	*out = run;
	return OAE_OK;
}

static enum oae_status take_plan(struct oae_record_reader *r, const cJSON *line,
				 struct oae_run_record *run)
{
	enum oae_status status;

	run->block = oae_json_u64_or(line, "block", 0);
	run->rep = oae_json_u64_or(line, "rep", 0);
	run->seed = oae_json_u64_or(line, "seed", 0);
	run->tokens_in = oae_json_u64_or(line, "tokens_in", 0);
	run->tokens_out = oae_json_u64_or(line, "tokens_out", 0);
	status = oae_record_keep_needed(r, line, "system", &run->system);
	if (!status)
		status = oae_record_keep_needed(r, line, "purpose",
						&run->purpose);
	if (!status)
		status = oae_record_keep_optional(r, line, "workload",
						  &run->workload);
	if (!status)
		status = oae_record_keep_optional(r, line, "condition",
						  &run->condition);
	if (!status)
		status = oae_record_keep_optional(r, line, "scenario",
						  &run->scenario);
	if (!status)
		status =
			oae_record_keep_optional(r, line, "shape", &run->shape);
	if (!status)
		status =
			oae_record_keep_optional(r, line, "quant", &run->quant);
	if (!status)
		status = oae_record_keep_optional(r, line, "no_meter",
						  &run->no_meter);
	if (!status)
		status = take_items(r, line, run);
	if (!status)
		status = oae_record_load(r, line, run);
	return status;
}

/* What a condition was made of, from its first run. */
static enum oae_status take_set(struct oae_record_reader *r, const cJSON *line,
				const struct oae_run_record *run)
{
	const cJSON *set =
		cJSON_GetObjectItemCaseSensitive(line, "condition_set");
	cJSON *all = r->out->condition_set, *copy;

	if (!set || !run->condition || oae_run_is_nominal(run) ||
	    strcmp(run->purpose, "score") != 0 ||
	    cJSON_GetObjectItemCaseSensitive(all, run->condition))
		return OAE_OK;
	copy = cJSON_Duplicate(set, 1);
	if (copy && cJSON_AddItemToObject(all, run->condition, copy))
		return OAE_OK;
	cJSON_Delete(copy);
	return oae_record_no_memory(r);
}

static enum oae_status take_run(struct oae_record_reader *r, cJSON *line)
{
	struct oae_run_record *run = NULL;
	uint64_t id, segment = oae_json_u64_or(line, "segment", 0);
	enum oae_status status = oae_json_u64(line, "run", &id, r->err);

	if (status)
		return status;
	if (id < r->by_id_count && r->by_id[id]) {
		run = &r->out->runs[r->by_id[id] - 1];
		if (segment != run->segments)
			return oae_fail(r->err, OAE_ERR_FORMAT, 0,
					"run %llu"
					" begins twice",
					(unsigned long long)id);
		/* A later segment may lack what the first had. */
		if (!run->no_meter)
			status = oae_record_keep_optional(r, line, "no_meter",
							  &run->no_meter);
	} else {
		status = new_run(r, id, &run);
		if (!status)
			status = take_plan(r, line, run);
		if (!status)
			status = take_set(r, line, run);
	}
	if (status)
		return status;
	run->segments++;
	run->ended = false;
	r->segment_samples = 0;
	status = oae_record_meters(r, line);
	return status ? status : oae_record_counts_begin(r, line);
}

double oae_record_measured(const cJSON *run_end, const char *channel)
{
	const cJSON *all =
		cJSON_GetObjectItemCaseSensitive(run_end, "measured");
	const cJSON *c = cJSON_GetObjectItemCaseSensitive(all, channel);

	return oae_json_num_or(c, "value", NAN);
}

/* Adds what a segment measured; one that measured nothing spoils the sum. */
static enum oae_status add_measured(struct oae_record_reader *r,
				    const cJSON *line,
				    struct oae_run_record *run)
{
	double cpu = oae_record_measured(line, "proc.cpu_ns");
	bool first = run->metered_samples == 0;

	/* A run that was killed after its last request: nothing is known. */
	if (r->segment_samples == 0 || isnan(cpu))
		return OAE_OK;
	run->metered_samples += r->segment_samples;
	run->cpu_s = (first ? 0 : run->cpu_s) + cpu * 1e-9;
	return oae_record_energy(r, line, first, run);
}

static enum oae_status take_run_end(struct oae_record_reader *r, cJSON *line)
{
	struct oae_run_record *run;
	uint64_t peak = oae_json_u64_or(line, "peak_memory_bytes", 0);
	uint64_t peak_in_flight;
	enum oae_status status = oae_record_find_run(r, line, &run);

	if (status)
		return status;
	if (run->ended)
		return oae_fail(r->err, OAE_ERR_FORMAT, 0,
				"run %llu ends"
				" twice",
				(unsigned long long)run->id);
	run->ended = true;
	run->oom_kills += oae_json_u64_or(
		cJSON_GetObjectItemCaseSensitive(line, "condition_seen"),
		"oom_kills", 0);
	run->wall_ns += oae_json_u64_or(line, "wall_ns", 0);
	run->harness_cpu_ns += oae_json_u64_or(line, "harness_cpu_ns", 0);
	run->sensors_cpu_ns += oae_json_u64_or(line, "sensors_cpu_ns", 0);
	run->events += oae_json_u64_or(line, "events", 0);
	peak_in_flight = oae_json_u64_or(line, "in_flight_peak", 0);
	if (peak_in_flight > run->in_flight_peak)
		run->in_flight_peak = peak_in_flight;
	run->measure_ns += oae_json_u64_or(line, "measure_ns", 0);
	status = add_measured(r, line, run);
	oae_record_counts_end(r, run);
	if (!status)
		status =
			oae_record_keep_needed(r, line, "status", &run->status);
	if (!status)
		status = oae_record_keep_optional(r, line, "reason",
						  &run->reason);
	if (!status && peak > run->peak_memory_bytes) {
		run->peak_memory_bytes = peak;
		status = oae_record_keep_optional(r, line, "peak_memory_method",
						  &run->peak_memory_method);
	}
	return status;
}

/* ---- readings and the rest ------------------------------------------- */

/* Readings of the meters and, while it served, of the counters. */
static enum oae_status take_sensors(struct oae_record_reader *r, cJSON *line)
{
	struct oae_run_record *run;
	const cJSON *values;
	const char *phase;
	uint64_t t_ns;
	enum oae_status status = oae_record_find_run(r, line, &run);

	if (!status)
		status = oae_json_u64(line, "t_ns", &t_ns, r->err);
	if (!status)
		status = oae_json_str(line, "phase", &phase, r->err);
	if (!status)
		status = oae_json_obj(line, "values", &values, r->err);
	if (status)
		return status;
	oae_record_readings(r, values, phase, t_ns);
	if (strcmp(phase, "measure") == 0)
		oae_record_counts_reading(r, values, t_ns);
	return OAE_OK;
}

/* The first request of a fresh process: no sample, but a cold start. */
static enum oae_status take_warmup(struct oae_record_reader *r, cJSON *line)
{
	struct oae_run_record *run;
	uint64_t sent = oae_json_u64_or(line, "sent_ns", 0);
	uint64_t first = oae_json_u64_or(line, "first_ns", 0);
	enum oae_status status = oae_record_find_run(r, line, &run);

	if (!status && !run->warm_ttft_ns && first > sent)
		run->warm_ttft_ns = first - sent;
	return status;
}

/* Something that people should know; the same text once. */
enum oae_status oae_record_note(struct oae_record_reader *r, cJSON *line)
{
	const char *text;
	const cJSON *note;
	cJSON *copy;
	enum oae_status status = oae_json_str(line, "text", &text, r->err);

	if (status)
		return status;
	cJSON_ArrayForEach(note, r->out->notes)
		if (strcmp(note->valuestring, text) == 0)
			return OAE_OK;
	copy = cJSON_CreateString(text);
	if (!copy || !cJSON_AddItemToArray(r->out->notes, copy)) {
		cJSON_Delete(copy);
		return oae_record_no_memory(r);
	}
	return OAE_OK;
}

static enum oae_status take_resume(struct oae_record_reader *r, cJSON *line)
{
	(void)line;
	r->out->resumes++;
	return OAE_OK;
}

enum oae_status oae_record_take(struct oae_record_reader *r, const char *type,
				cJSON *line)
{
	static const struct {
		const char *type;
		enum oae_status (*take)(struct oae_record_reader *r,
					cJSON *line);
	} takers[] = {
		{ "sample", oae_record_sample },
		{ "sensors", take_sensors },
		{ "run", take_run },
		{ "ready", take_ready },
		{ "run_end", take_run_end },
		{ "campaign", take_campaign },
		{ "environment", take_environment },
		{ "resume", take_resume },
		{ "warmup", take_warmup },
		{ "note", oae_record_note },
		{ "look", oae_record_look },
		{ "stop", oae_record_stop },
		{ "choice", oae_record_choice },
	};

	for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++)
		if (strcmp(type, takers[i].type) == 0)
			return takers[i].take(r, line);
	return oae_fail(r->err, OAE_ERR_FORMAT, 0,
			"line type \"%.40s\" is"
			" unknown",
			type);
}
