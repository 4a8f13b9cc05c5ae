/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/oae-lm/traffic.h"

#include <math.h>

static double ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : (double)NAN;
}

/* What even and independent draws would give. */
struct even {
	double share;  /* of picks, for an expert; to be picked again */
	double window; /* to have been picked in the window before */
};

static struct even even_draws(const struct oae_model *m)
{
	double share = (double)m->shape.n_expert_used / m->shape.n_expert;

	return (struct even){ share, 1 - pow(1 - share, OAE_REUSE_WINDOW) };
}

static double distinct(const struct oae_model *m, const struct oae_traffic *t,
		       double sum)
{
	return t->batches ? sum / (double)t->batches / m->shape.n_layer :
			    (double)NAN;
}

static void again_text(struct oae_buf *out, const char *where, double share,
		       double even)
{
	if (!isnan(share))
		oae_buf_printf(out, "%.1f %% %s (even draws: %.1f %%), ",
			       100 * share, where, 100 * even);
}

void oae_lm_traffic_text(struct oae_buf *out, const char *what,
			 const struct oae_model *m, const struct oae_traffic *t)
{
	double rows = (double)t->rows * 1e6;
	struct even even;

	if (!t->rows)
		return;
	oae_buf_printf(
		out,
		"%s: %.2f MB read for a token: dense weights %.2f, "
		"experts %.2f, keys and values %.2f (%llu tokens, %.1f "
		"at once)\n",
		what,
		(double)(t->dense_bytes + t->expert_bytes + t->kv_bytes) / rows,
		(double)t->dense_bytes / rows, (double)t->expert_bytes / rows,
		(double)t->kv_bytes / rows, (unsigned long long)t->rows,
		ratio(t->rows, t->batches));
	if (!t->picks)
		return;
	even = even_draws(m);
	oae_buf_printf(out, "%s: experts picked ", what);
	again_text(out, "again for the next token", ratio(t->again, t->known),
		   even.share);
	again_text(out, "within the last 8",
		   ratio(t->again_window, t->known_window), even.window);
	oae_buf_printf(out, "%.2f distinct at once in a layer (%.2f)\n",
		       distinct(m, t, (double)t->distinct),
		       distinct(m, t, t->distinct_even));
}

static void experts_json(struct oae_jw *w, const struct oae_model *m,
			 const struct oae_traffic *t)
{
	struct even even = even_draws(m);

	oae_jw_obj(w, "experts");
	oae_jw_int(w, "picks", (int64_t)t->picks);
	oae_jw_num(w, "again", ratio(t->again, t->known));
	oae_jw_num(w, "again_even", even.share);
	oae_jw_int(w, "window", OAE_REUSE_WINDOW);
	oae_jw_num(w, "again_window", ratio(t->again_window, t->known_window));
	oae_jw_num(w, "again_window_even", even.window);
	oae_jw_num(w, "distinct", distinct(m, t, (double)t->distinct));
	oae_jw_num(w, "distinct_even", distinct(m, t, t->distinct_even));
	oae_jw_end_obj(w);
}

void oae_lm_traffic_json(struct oae_jw *w, const char *key,
			 const struct oae_model *m, const struct oae_traffic *t)
{
	oae_jw_obj(w, key);
	oae_jw_int(w, "tokens", (int64_t)t->rows);
	oae_jw_num(w, "tokens_at_once", ratio(t->rows, t->batches));
	oae_jw_num(w, "dense_bytes_per_token", ratio(t->dense_bytes, t->rows));
	oae_jw_num(w, "expert_bytes_per_token",
		   ratio(t->expert_bytes, t->rows));
	oae_jw_num(w, "kv_bytes_per_token", ratio(t->kv_bytes, t->rows));
	if (m->shape.n_expert)
		experts_json(w, m, t);
	else
		oae_jw_null(w, "experts");
	oae_jw_end_obj(w);
}

void oae_lm_uses_text(struct oae_buf *out, const struct oae_model *m,
		      const uint64_t *uses)
{
	uint32_t n = m->shape.n_expert;
	double busiest = 0, idlest = 1, share;
	uint64_t sum;

	for (uint32_t i = 0; uses && i < m->shape.n_layer; i++) {
		sum = 0;
		for (uint32_t e = 0; e < n; e++)
			sum += uses[i * n + e];
		for (uint32_t e = 0; sum && e < n; e++) {
			share = ratio(uses[i * n + e], sum);
			busiest = fmax(busiest, share);
			idlest = fmin(idlest, share);
		}
	}
	if (busiest > 0)
		oae_buf_printf(out,
			       "an expert's share of its layer's picks: %.1f "
			       "%% at most, %.1f %% at least (even: %.1f %%)\n",
			       100 * busiest, 100 * idlest, 100.0 / n);
}

void oae_lm_uses_json(struct oae_jw *w, const char *key,
		      const struct oae_model *m, const uint64_t *uses)
{
	if (!uses) {
		oae_jw_null(w, key);
		return;
	}
	oae_jw_arr(w, key);
	for (uint32_t i = 0; i < m->shape.n_layer; i++) {
		oae_jw_arr(w, NULL);
		for (uint32_t e = 0; e < m->shape.n_expert; e++)
			oae_jw_int(w, NULL, (int64_t)*uses++);
		oae_jw_end_arr(w);
	}
	oae_jw_end_arr(w);
}
