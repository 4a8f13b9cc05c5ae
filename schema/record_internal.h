/* SPDX-License-Identifier: Apache-2.0 */
/* Between record.c (lines and chain) and record_take.c (their content). */
#ifndef OAE_SCHEMA_RECORD_INTERNAL_H
#define OAE_SCHEMA_RECORD_INTERNAL_H

#include "schema/record.h"

#include "base/limits.h"
#include "schema/unwrap.h"

/* An energy channel of the run segment going on. */
struct oae_meter {
	char name[OAE_NAME_BYTES_MAX];
	char sensor[OAE_SENSOR_NAME_BYTES_MAX];
	enum oae_covers covers;
	bool chosen;   /* a term of the machine's energy */
	double joules; /* raw x joules = J */
	struct oae_counter counter;
	struct oae_unwrap before, load, after; /* idle, measure, idle_after */
};

/* The channel that tells a count in the segment going on. */
struct oae_count_reader {
	const char *channel; /* of oae_count_sources; NULL: none, see reason */
	const char *reason;
	bool multiplexed; /* it has times */
	double scale;
	struct oae_counter counter;
	struct oae_unwrap window[3]; /* raw, enabled, running */
};

/* Growing state of one reading. */
struct oae_record_reader {
	struct oae_records *out;
	struct oae_error *err;
	size_t run_alloc, sample_alloc;
	size_t *by_id; /* run id -> index + 1 */
	size_t by_id_count;
	/* The run segment going on. */
	struct oae_meter meters[OAE_CHANNELS_MAX];
	size_t meter_count, segment_samples;
	struct oae_count_reader counts[OAE_COUNTS];
	uint64_t segment_tokens;
	/* Whoever else wants to see each line; may be NULL. */
	void (*visit)(void *ctx, uint64_t number, const cJSON *line);
	void *visit_ctx;
};

/* Takes the content of one line that is in the chain. */
enum oae_status oae_record_take(struct oae_record_reader *r, const char *type,
				cJSON *line);
/* What can be checked only at the end: no request twice. */
enum oae_status oae_record_finish(struct oae_record_reader *r);

/* Of record_counters.c: a segment begins, is read while it serves, ends. */
enum oae_status oae_record_counts_begin(struct oae_record_reader *r,
					const cJSON *line);
void oae_record_counts_reading(struct oae_record_reader *r, const cJSON *values,
			       uint64_t t_ns);
void oae_record_counts_end(struct oae_record_reader *r,
			   struct oae_run_record *run);
/* Of record_energy.c: the segment's meters, their readings, its account. */
enum oae_status oae_record_meters(struct oae_record_reader *r,
				  const cJSON *run_line);
void oae_record_readings(struct oae_record_reader *r, const cJSON *values,
			 const char *phase, uint64_t t_ns);
enum oae_status oae_record_energy(struct oae_record_reader *r,
				  const cJSON *run_end, bool first,
				  struct oae_run_record *run);

/* Of record_take.c and record_sample.c. */
/* The value of one channel in run_end's "measured"; NaN when null. */
double oae_record_measured(const cJSON *run_end, const char *channel);
enum oae_status oae_record_sample(struct oae_record_reader *r, cJSON *line);
/* The "load" object of a "run" line (record_load.c). */
enum oae_status oae_record_load(struct oae_record_reader *r, const cJSON *line,
				struct oae_run_record *run);
enum oae_status oae_record_note(struct oae_record_reader *r, cJSON *line);
enum oae_status oae_record_look(struct oae_record_reader *r, cJSON *line);
enum oae_status oae_record_stop(struct oae_record_reader *r, cJSON *line);
enum oae_status oae_record_choice(struct oae_record_reader *r, cJSON *line);
enum oae_status oae_record_no_memory(struct oae_record_reader *r);
/* Room for one more element; the new one is zeroed. NULL: no memory. */
void *oae_record_grow(void **array, size_t *count, size_t *alloc, size_t size);
/* A copy that outlives the line; NULL stays NULL. */
enum oae_status oae_record_keep(struct oae_record_reader *r, const char *s,
				const char **out);
enum oae_status oae_record_keep_needed(struct oae_record_reader *r,
				       const cJSON *line, const char *key,
				       const char **out);
enum oae_status oae_record_keep_optional(struct oae_record_reader *r,
					 const cJSON *line, const char *key,
					 const char **out);
/* The run that a line names; a run that was not begun is an error. */
enum oae_status oae_record_find_run(struct oae_record_reader *r,
				    const cJSON *line,
				    struct oae_run_record **out);

#endif
