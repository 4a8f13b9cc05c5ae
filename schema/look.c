/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/look.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/assess.h"

static double half_width(const struct oae_interval *i)
{
	return i->mid > 0 ? (i->high - i->low) / (2 * i->mid) : NAN;
}

/* A width that is not known is wider than any. */
static void take(struct oae_look *out, double width, const char *system,
		 const char *profile)
{
	if (isnan(out->half_width) ||
	    (out->system[0] && width <= out->half_width))
		return;
	out->half_width = width;
	(void)snprintf(out->system, sizeof(out->system), "%s", system);
	(void)snprintf(out->profile, sizeof(out->profile), "%s", profile);
}

static enum oae_status look_at(struct oae_score *s, const struct oae_profile *p,
			       struct oae_look *out, struct oae_error *err)
{
	struct oae_case *c = calloc(1, sizeof(*c));
	enum oae_status status = OAE_OK;
	struct oae_scale_use scale;

	if (!c)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	oae_assess_scale(s, p, &scale);
	for (size_t i = 0; i < s->system_count && !status; i++) {
		status = oae_assess_case(s, p, i, &scale, c, err);
		if (status)
			break;
		if (c->pairs.n < 2)
			take(out, NAN, s->systems[i].id, p->id);
		else if (i == s->baseline)
			take(out, half_width(&c->pairs.b_s), s->systems[i].id,
			     p->id);
		else
			take(out, half_width(&c->pairs.s_ratio),
			     s->systems[i].id, p->id);
	}
	free(c);
	return status;
}

enum oae_status oae_look_of(struct oae_score *s, uint32_t runs,
			    struct oae_look *out, struct oae_error *err)
{
	uint64_t limit = s->rep_limit;
	enum oae_status status = OAE_OK;

	memset(out, 0, sizeof(*out));
	out->runs = runs;
	s->rep_limit = runs;
	for (size_t p = 0; p < s->profile_count && !status; p++)
		status = look_at(s, &s->profiles[p], out, err);
	s->rep_limit = limit;
	if (!s->profile_count)
		out->half_width = NAN;
	out->reached = out->half_width <= s->stopping.precision;
	return status;
}

enum oae_status oae_look_at_dir(const char *run_dir, uint32_t runs,
				struct oae_look *out, struct oae_error *err)
{
	struct oae_rescore own = { .plain = true };
	struct oae_score *s = calloc(1, sizeof(*s));
	enum oae_status status;

	if (!s)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	status = oae_score_read_for(run_dir, &own, s, err);
	if (!status)
		status = oae_look_of(s, runs, out, err);
	oae_score_release(s);
	free(s);
	return status;
}
