/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/sensors/source.h"

#include <stdio.h>
#include <string.h>

static bool usable(const struct oae_channel *c)
{
	return c->evidence != OAE_ABSENT;
}

/* One row: sensor s's channels that cover c; false when it has none. */
static bool one_source(const struct oae_sensor *s, enum oae_covers c,
		       struct oae_source *out)
{
	size_t i;

	memset(out, 0, sizeof(*out));
	out->sensor = s->type->name;
	out->covers = c;
	for (i = 0; i < s->count; i++) {
		const struct oae_channel *ch = &s->channels[i];

		if (ch->covers != c)
			continue;
		out->terms++;
		out->chosen = out->chosen || ch->chosen;
		if (!usable(ch)) {
			out->reason = out->reason ? out->reason : ch->reason;
			continue;
		}
		out->usable++;
		out->evidence = out->usable == 1 ?
					ch->evidence :
					oae_evidence_weaker(out->evidence,
							    ch->evidence);
		if (ch->update_ns > out->update_ns)
			out->update_ns = ch->update_ns;
		if (ch->evidence != OAE_MEASURED && !out->reason)
			out->reason = ch->reason;
	}
	return out->terms > 0;
}

static bool whole(const struct oae_source *s)
{
	return s->usable == s->terms && s->evidence == OAE_MEASURED;
}

const char *oae_source_state(const struct oae_source *s)
{
	if (s->chosen)
		return "counts";
	if (whole(s))
		return "spare";
	return s->usable == s->terms ? "estimate" : "refused";
}

void oae_source_write(struct oae_jw *w, const struct oae_source *s)
{
	oae_jw_obj(w, NULL);
	oae_jw_str(w, "sensor", s->sensor);
	oae_jw_str(w, "covers", oae_covers_name(s->covers));
	oae_jw_str(w, "state", oae_source_state(s));
	oae_jw_int(w, "terms", (int64_t)s->terms);
	oae_jw_int(w, "usable", (int64_t)s->usable);
	oae_jw_str(w, "class", oae_evidence_name(s->evidence));
	oae_jw_num(w, "update_s", (double)s->update_ns * 1e-9);
	oae_jw_str(w, "reason", s->reason);
	oae_jw_end_obj(w);
}

size_t oae_sources_table(const struct oae_sensors *all,
			 struct oae_source out[OAE_SOURCES_MAX])
{
	size_t i, n = 0;
	int c;

	for (i = 0; i < oae_sensor_type_count; i++)
		for (c = OAE_COVERS_PACKAGE; c < OAE_COVERS_COUNT; c++)
			if (n < OAE_SOURCES_MAX &&
			    one_source(&all->sensor[i], (enum oae_covers)c,
				       &out[n]))
				n++;
	return n;
}

/* The sensor that serves for c, or NULL. */
static struct oae_sensor *serves(struct oae_sensors *all, enum oae_covers c)
{
	struct oae_source s;
	size_t i;

	for (i = 0; i < oae_sensor_type_count; i++)
		if (one_source(&all->sensor[i], c, &s) && whole(&s))
			return &all->sensor[i];
	return NULL;
}

static bool choose(struct oae_sensors *all, enum oae_covers c)
{
	struct oae_sensor *s = serves(all, c);
	size_t i;

	for (i = 0; s && i < s->count; i++)
		if (s->channels[i].covers == c)
			s->channels[i].chosen = true;
	return s != NULL;
}

/* Why neither the packages nor the wall are metered. */
static const char *explain(const struct oae_sensors *all)
{
	struct oae_source table[OAE_SOURCES_MAX];
	size_t n = oae_sources_table(all, table), i;

	/* What is nearly there says more than what is not there at all. */
	for (i = 0; i < n; i++)
		if (table[i].covers != OAE_COVERS_GPU && table[i].reason)
			return table[i].reason;
	for (i = 0; i < n; i++)
		if (table[i].usable)
			return "only graphics boards are metered, not the"
			       " processors";
	for (i = 0; i < oae_sensor_type_count; i++)
		if (all->sensor[i].type == &oae_sensor_powercap &&
		    all->absent[i][0])
			return all->absent[i];
	return "no energy sensor";
}

void oae_sources_choose(struct oae_sensors *all)
{
	size_t i, k;

	for (i = 0; i < oae_sensor_type_count; i++)
		for (k = 0; k < all->sensor[i].count; k++)
			all->sensor[i].channels[k].chosen = false;
	all->no_meter[0] = '\0';
	if (choose(all, OAE_COVERS_PACKAGE)) {
		choose(all, OAE_COVERS_DRAM);
		choose(all, OAE_COVERS_GPU);
	} else if (!choose(all, OAE_COVERS_WALL)) {
		(void)snprintf(all->no_meter, sizeof(all->no_meter), "%.239s",
			       explain(all));
	}
}

void oae_sources_keep(struct oae_sensors *all)
{
	const char *lost = NULL;
	size_t i, k;

	for (i = 0; i < oae_sensor_type_count; i++)
		for (k = 0; k < all->sensor[i].count; k++)
			if (all->sensor[i].channels[k].chosen &&
			    !usable(&all->sensor[i].channels[k]))
				lost = all->sensor[i].channels[k].reason;
	if (!lost)
		return;
	(void)snprintf(all->no_meter, sizeof(all->no_meter), "%.239s", lost);
	for (i = 0; i < oae_sensor_type_count; i++)
		for (k = 0; k < all->sensor[i].count; k++)
			all->sensor[i].channels[k].chosen = false;
}

uint64_t oae_sources_period_ns(const struct oae_sensors *all, uint64_t most_ns)
{
	double ns = (double)most_ns, wraps;
	size_t i, k;

	for (i = 0; i < oae_sensor_type_count; i++)
		for (k = 0; k < all->sensor[i].count; k++) {
			const struct oae_channel *c =
				&all->sensor[i].channels[k];

			if (!c->wrap || !(c->rate_max > 0) || !usable(c))
				continue;
			wraps = (double)c->wrap / c->rate_max * 1e9;
			if (wraps / 4 < ns)
				ns = wraps / 4;
		}
	return (uint64_t)ns;
}

uint64_t oae_sources_update_ns(const struct oae_sensors *all)
{
	uint64_t most = 0;
	size_t i, k;

	for (i = 0; i < oae_sensor_type_count; i++)
		for (k = 0; k < all->sensor[i].count; k++) {
			const struct oae_channel *c =
				&all->sensor[i].channels[k];

			if (c->chosen && c->update_ns > most)
				most = c->update_ns;
		}
	return most;
}
