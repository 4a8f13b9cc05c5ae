/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a campaign that decides on its number of runs. */
#include <math.h>

#include "base/limits.h"
#include "schema/record_internal.h"

enum oae_status oae_record_look(struct oae_record_reader *r, cJSON *line)
{
	struct oae_records *out = r->out;
	struct oae_look_record *look;
	uint64_t runs;
	enum oae_status status = oae_json_u64(line, "runs", &runs, r->err);

	if (status)
		return status;
	if (out->look_count == OAE_LOOKS_MAX || runs > OAE_RUNS_MAX)
		return oae_fail(r->err, OAE_ERR_LIMIT, 0,
				"more than %u looks, or one after more than"
				" %u runs",
				OAE_LOOKS_MAX, OAE_RUNS_MAX);
	look = &out->looks[out->look_count];
	look->runs = (uint32_t)runs;
	look->half_width = oae_json_num_or(line, "half_width", NAN);
	status = oae_json_bool(line, "reached", &look->reached, r->err);
	if (!status && out->look_count &&
	    look->runs <= out->looks[out->look_count - 1].runs)
		status = oae_fail(r->err, OAE_ERR_FORMAT, 0,
				  "a look at no more runs than the one"
				  " before");
	out->look_count += !status;
	return status;
}

enum oae_status oae_record_stop(struct oae_record_reader *r, cJSON *line)
{
	struct oae_records *out = r->out;
	uint64_t runs, skipped;
	enum oae_status status = oae_json_u64(line, "runs", &runs, r->err);

	if (!status)
		status = oae_json_u64(line, "skipped", &skipped, r->err);
	if (!status)
		status = oae_record_keep_needed(r, line, "reason",
						&out->stop_reason);
	if (!status && (runs > OAE_RUNS_MAX || skipped > OAE_RUNS_MAX))
		status = oae_fail(r->err, OAE_ERR_LIMIT, 0, "more than %u runs",
				  OAE_RUNS_MAX);
	if (status)
		return status;
	out->stop_runs = (uint32_t)runs;
	out->stop_skipped = (uint32_t)skipped;
	return oae_record_note(r, line);
}

enum oae_status oae_record_choice(struct oae_record_reader *r, cJSON *line)
{
	struct oae_records *out = r->out;
	struct oae_choice_record *c = &out->choices[out->choice_count];
	enum oae_status status;

	if (out->choice_count == OAE_CHOICES_MAX)
		return oae_fail(r->err, OAE_ERR_LIMIT, 0,
				"more than %u choices", OAE_CHOICES_MAX);
	status = oae_json_u64(line, "slot", &c->slot, r->err);
	if (!status)
		status = oae_json_u64(line, "as", &c->as, r->err);
	out->choice_count += !status;
	return status;
}
