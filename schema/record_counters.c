/* SPDX-License-Identifier: Apache-2.0 */
/* A run's counters, from the raw readings of its measure phase. */
#include <math.h>
#include <stdint.h>
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
	memset(c->window, 0, sizeof(c->window));
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
			c->counter.wrap = oae_json_u64_or(obj, "wrap", 0);
			c->counter.rate_max =
				oae_json_num_or(obj, "rate_max", 0);
			c->counter.update_ns =
				oae_json_u64_or(obj, "update_ns", 0);
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
		int n = !c->channel ? 0 : c->multiplexed ? 3 : 1;
		uint64_t v[3] = { 0, 0, 0 };
		bool ok = true;

		for (int k = 0; k < n; k++) {
			(void)snprintf(name, sizeof(name), "%s%s", c->channel,
				       parts[k]);
			v[k] = oae_json_u64_or(values, name, UINT64_MAX);
			ok = ok && v[k] != UINT64_MAX;
		}
		for (int k = 0; k < n; k++)
			oae_unwrap_add(&c->window[k], &c->counter, t_ns, ok,
				       v[k]);
	}
}

/* What one segment counted; NULL, or why it did not. */
static const char *segment_value(const struct oae_count_reader *c,
				 double *value, double *share)
{
	const char *why;
	double raw;

	*share = 1;
	if (!c->channel)
		return c->reason;
	why = oae_unwrap_refusal(&c->window[0], &c->counter,
				 OAE_WINDOW_UPDATES_MIN);
	if (why)
		return why;
	raw = (double)c->window[0].total * c->scale;
	*value = raw;
	if (c->multiplexed &&
	    !oae_counter_scale(raw, (double)c->window[1].total,
			       (double)c->window[2].total, value, share))
		return "it never ran";
	return NULL;
}

static void add(struct oae_counted *to, const struct oae_count_reader *c,
		bool first)
{
	double value = NAN, share;
	const char *why = segment_value(c, &value, &share);

	if (first) {
		to->value = to->s = 0;
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
	to->s += oae_unwrap_seconds(&c->window[0]);
	if (share < to->share)
		to->share = share;
}

void oae_record_counts_end(struct oae_record_reader *r,
			   struct oae_run_record *run)
{
	struct oae_run_counts *out = &run->counts;

	/* A run that was killed after its last request: nothing is known. */
	if (r->segment_samples == 0)
		return;
	for (int i = 0; i < OAE_COUNTS; i++)
		add(&out->count[i], &r->counts[i], out->samples == 0);
	out->samples += r->segment_samples;
	out->tokens_out += r->segment_tokens;
}
