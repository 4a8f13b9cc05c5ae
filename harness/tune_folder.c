/* SPDX-License-Identifier: Apache-2.0 */
/* What the first line of a tuning's journal says, and reading it again. */
#include <math.h>
#include <string.h>

#include "harness/tune_plan.h"
#include "schema/knob_space.h"

static void write_options(struct oae_jw *w, const struct oae_tune_options *o)
{
	oae_jw_str(w, "system", o->system);
	oae_jw_str(w, "baseline", o->baseline);
	oae_jw_int(w, "trials", o->trials);
	oae_jw_int(w, "runs", o->runs);
	oae_jw_int(w, "knob_runs", o->knob_runs);
	oae_jw_int(w, "held_out_runs", o->held_out_runs);
	oae_jw_bool(w, "scale", !o->no_scale);
	oae_jw_num(w, "hours_a_trial", o->hours_a_trial);
	oae_jw_str(w, "expert", o->expert);
	oae_jw_str(w, "who", o->who);
	if (o->expert_trials)
		oae_jw_int(w, "expert_trials", o->expert_trials);
	else
		oae_jw_null(w, "expert_trials");
	oae_jw_num(w, "expert_hours", o->expert_hours);
}

static void write_space(struct oae_jw *w, const struct oae_tuning *t,
			const struct oae_campaign *c)
{
	oae_jw_arr(w, "space");
	for (uint32_t base = 0; base < t->bases; base++) {
		const struct oae_system_entry *e = c->systems[base].entry;

		oae_jw_arr(w, NULL);
		for (size_t k = 0; k < e->knob_count; k++) {
			struct oae_knob knob = e->knobs[k];

			/* One that the user gave is as good as fixed. */
			oae_jw_obj(w, NULL);
			oae_jw_bool(w, "pinned", t->pinned[base][k]);
			oae_jw_value(w, "now",
				     cJSON_GetObjectItemCaseSensitive(
					     c->systems[base].knobs,
					     knob.name));
			oae_knob_space_write(&knob, w);
			oae_jw_end_obj(w);
		}
		oae_jw_end_arr(w);
	}
	oae_jw_end_arr(w);
}

void oae_tuning_write(const struct oae_tuning *t, const struct oae_campaign *c,
		      struct oae_jw *w)
{
	oae_jw_obj(w, "tune");
	write_options(w, &t->options);
	write_space(w, t, c);
	oae_jw_arr(w, "rounds");
	for (size_t i = 0; i < t->round_count; i++)
		oae_jw_str(w, NULL, oae_tune_phase_name(t->rounds[i]));
	oae_jw_end_arr(w);
	oae_jw_arr(w, "settings");
	for (size_t i = 0; i < t->count; i++) {
		const struct oae_tune_config *k = &t->configs[i];
		bool open = k->role == OAE_TUNE_BEST;

		oae_jw_obj(w, NULL);
		oae_jw_str(w, "role", oae_tune_role_name(k->role));
		oae_jw_int(w, "base", k->base);
		oae_jw_str(w, "id", open ? NULL : c->systems[i].id);
		oae_jw_str(w, "knob", k->knob);
		if (open)
			oae_jw_null(w, "knobs");
		else
			oae_jw_value(w, "knobs", c->systems[i].knobs);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
	/* By run: the place of its setting above; a scale step has none. */
	oae_jw_arr(w, "plan");
	for (size_t i = 0; i < c->run_count; i++)
		if (c->runs[i].scale == OAE_NO_SCALE)
			oae_jw_int(w, NULL, c->runs[i].at.system);
		else
			oae_jw_null(w, NULL);
	oae_jw_end_arr(w);
	oae_jw_end_obj(w);
}

static enum oae_status read_u32(const cJSON *obj, const char *key,
				uint32_t least, uint32_t most, uint32_t *out,
				struct oae_error *err)
{
	uint64_t v = 0;
	enum oae_status status = oae_json_u64(obj, key, &v, err);

	if (!status && (v < least || v > most))
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "\"tune\": \"%s\" must be from %u to %u", key,
				  least, most);
	*out = (uint32_t)v;
	return status;
}

enum oae_status oae_tune_options_read(const cJSON *campaign,
				      struct oae_tune_options *o,
				      struct oae_error *err)
{
	const cJSON *tune;
	enum oae_status status = oae_json_obj(campaign, "tune", &tune, err);

	memset(o, 0, sizeof(*o));
	if (!status)
		status = oae_json_str(tune, "system", &o->system, err);
	if (!status)
		status = oae_json_str(tune, "baseline", &o->baseline, err);
	if (!status)
		status = read_u32(tune, "trials", 1, OAE_TUNE_TRIALS_MAX,
				  &o->trials, err);
	if (!status)
		status = read_u32(tune, "runs", 2, OAE_RUNS_MAX, &o->runs, err);
	if (!status)
		status = read_u32(tune, "knob_runs", 0, OAE_RUNS_MAX,
				  &o->knob_runs, err);
	if (!status)
		status = read_u32(tune, "held_out_runs", 2, OAE_RUNS_MAX,
				  &o->held_out_runs, err);
	o->no_scale =
		cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(tune, "scale"));
	o->hours_a_trial = oae_json_num_or(tune, "hours_a_trial", NAN);
	o->expert = oae_json_str_or(tune, "expert", NULL);
	o->who = oae_json_str_or(tune, "who", NULL);
	o->expert_trials = (uint32_t)oae_json_u64_or(tune, "expert_trials", 0);
	o->expert_hours = oae_json_num_or(tune, "expert_hours", NAN);
	return status;
}
