/* SPDX-License-Identifier: Apache-2.0 */
/* A run's counters, from the raw readings of its measure phase. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "schema/record_internal.h"

static const char no_channel[] = "the journal names no such counter";

static const cJSON *find_channel(const cJSON *list, const char *name)
{
	const cJSON *c;

	cJSON_ArrayForEach(c, list)
		if (strcmp(oae_json_str_or(c, "name", ""), name) == 0)
			return c;
	return NULL;
}

/* A reason that outlives the line; run after run it is the same. */
static enum oae_status keep_reason(struct oae_record_reader *r,
				   struct oae_count_reader *c, const char *text)
{
	if (c->reason && strcmp(c->reason, text) == 0)
		return OAE_OK;
	return oae_record_keep(r, text, &c->reason);
}

/* The first of the count's channels that measures, else why not. */
static enum oae_status choose(struct oae_record_reader *r, const cJSON *list,
			      enum oae_count count)
{
	struct oae_count_reader *c = &r->counts[count];
	const char *why = no_channel;
	char times[OAE_NAME_BYTES_MAX];

	c->channel = NULL;
	c->readings = 0;
	for (size_t i = 0; i < oae_count_source_count; i++) {
		const struct oae_count_source *s = &oae_count_sources[i];
		const cJSON *obj;

		if (s->count != count)
			continue;
		obj = find_channel(list, s->channel);
		if (strcmp(oae_json_str_or(obj, "evidence", ""), "measured") ==
		    0) {
			c->channel = s->channel;
			c->scale = oae_json_num_or(obj, "scale", 1);
			(void)snprintf(times, sizeof(times), "%s.running_ns",
				       s->channel);
			c->multiplexed = find_channel(list, times) != NULL;
			return OAE_OK;
		}
		if (obj && why == no_channel)
			why = oae_json_str_or(obj, "reason", no_channel);
	}
	return keep_reason(r, c, why);
}

enum oae_status oae_record_counts_begin(struct oae_record_reader *r,
					const cJSON *line)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(line, "channels");
	enum oae_status status = OAE_OK;

	r->segment_tokens = 0;
	for (int i = 0; i < OAE_COUNTS && !status; i++)
		status = choose(r, list, (enum oae_count)i);
	return status;
}

void oae_record_counts_reading(struct oae_record_reader *r, const cJSON *values,
			       uint64_t t_ns)
{
	static const char *const parts[] = { "", ".enabled_ns", ".running_ns" };
	char name[OAE_NAME_BYTES_MAX];

	for (int i = 0; i < OAE_COUNTS; i++) {
		struct oae_count_reader *c = &r->counts[i];
		double v[3] = { NAN, 0, 0 };

		for (int k = 0; c->channel && k < (c->multiplexed ? 3 : 1);
		     k++) {
			(void)snprintf(name, sizeof(name), "%s%s", c->channel,
				       parts[k]);
			v[k] = oae_json_num_or(values, name, NAN);
		}
		if (isnan(v[0]) || isnan(v[1]) || isnan(v[2]))
			continue; /* a gap: the next reading spans it */
		if (c->readings == 0) {
			memcpy(c->first, v, sizeof(v));
			c->back = false;
			c->first_ns = t_ns;
		} else if (v[0] < c->last[0]) {
			c->back = true;
		}
		memcpy(c->last, v, sizeof(v));
		c->last_ns = t_ns;
		c->readings++;
	}
}

/* What one segment counted; NULL, or why it did not. */
static const char *segment_value(const struct oae_count_reader *c,
				 double *value, double *share)
{
	double raw = (c->last[0] - c->first[0]) * c->scale;

	*share = 1;
	if (!c->channel)
		return c->reason;
	if (c->readings < 2 || c->last_ns <= c->first_ns)
		return "fewer than two readings";
	if (c->back)
		return "invalid: the counter went back";
	*value = raw;
	if (c->multiplexed &&
	    !oae_counter_scale(raw, c->last[1] - c->first[1],
			       c->last[2] - c->first[2], value, share))
		return "it never ran";
	return NULL;
}

static void add(struct oae_counted *to, const struct oae_count_reader *c,
		bool first)
{
	double value = NAN, share;
	const char *why = segment_value(c, &value, &share);

	if (first) {
		to->value = 0;
		to->share = 1;
		to->channel = c->channel;
		to->reason = NULL;
	}
	if (to->reason)
		return;
	if (!why && to->channel != c->channel)
		why = "its segments were counted by different sensors";
	to->reason = why;
	to->value = why ? NAN : to->value + value;
	if (share < to->share)
		to->share = share;
}

void oae_record_counts_end(struct oae_record_reader *r,
			   struct oae_run_record *run)
{
	struct oae_run_counts *out = &run->counts;
	uint64_t first_ns = UINT64_MAX, last_ns = 0;

	/* A run that was killed after its last request: nothing is known. */
	if (r->segment_samples == 0)
		return;
	for (int i = 0; i < OAE_COUNTS; i++) {
		const struct oae_count_reader *c = &r->counts[i];

		add(&out->count[i], c, out->samples == 0);
		if (c->readings == 0)
			continue;
		first_ns = c->first_ns < first_ns ? c->first_ns : first_ns;
		last_ns = c->last_ns > last_ns ? c->last_ns : last_ns;
	}
	out->samples += r->segment_samples;
	out->tokens_out += r->segment_tokens;
	if (last_ns > first_ns)
		out->s += (double)(last_ns - first_ns) * 1e-9;
}
