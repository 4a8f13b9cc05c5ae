/* SPDX-License-Identifier: Apache-2.0 */
/* The table of targets. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench-engine/bench_engine.h"

static enum oae_status load(struct bench *b, const struct line *l,
			    struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];

	if (bench_file(b, l->row->model, l->row->quant, path, sizeof(path),
		       err))
		return err->status;
	return bench_load_ours(b, path, err);
}

static void row_decode(struct bench *b, struct line *l, struct oae_error *err)
{
	if (load(b, l, err) ||
	    bench_with_peer(b, l, ours_decode, peer_decode, err))
		return;
	bench_roof(b, l, 1, 1, l->row->depth + l->row->n / 2.0, err);
}

static void row_prefill(struct bench *b, struct line *l, struct oae_error *err)
{
	if (load(b, l, err) ||
	    bench_with_peer(b, l, ours_prefill, peer_prefill, err))
		return;
	bench_roof(b, l, l->row->n, 1, 0, err);
}

static void row_batched(struct bench *b, struct line *l, struct oae_error *err)
{
	uint32_t n = l->row->sequences;

	if (load(b, l, err) ||
	    bench_with_peer(b, l, ours_batched, peer_batched, err))
		return;
	bench_roof(b, l, n, n, n * l->row->n / 2.0, err);
}

/* Flash attention on or off, whichever serves the peer better here. */
static void row_depth(struct bench *b, struct line *l, struct oae_error *err)
{
	double ts[2] = { 0 };

	if (load(b, l, err))
		return;
	for (int flash = 0; flash < 2 && b->peer_runs; flash++) {
		struct oae_error none = { 0 };

		b->flash = flash;
		if (bench_load_peer(b, l->row, b->loaded, &none))
			continue;
		for (int i = 0; i < 3; i++) {
			double one = 0;

			peer_decode(b, l->row, &one, &none);
			ts[flash] = fmax(ts[flash], one);
		}
	}
	b->flash = ts[1] > ts[0];
	bench_with_peer(b, l, ours_decode, peer_decode, err);
	if (l->peer_ts > 0 && ts[0] > 0 && ts[1] > 0)
		(void)snprintf(l->note, sizeof(l->note),
			       "its flash attention %s (%.1f without, %.1f "
			       "with)",
			       b->flash ? "on" : "off", ts[0], ts[1]);
	b->flash = -1;
	if (!err->status)
		bench_roof(b, l, 1, 1, l->row->depth + l->row->n / 2.0, err);
}

/* ---- against ourselves -------------------------------------------------- */

static enum oae_status shallow(struct bench *b, const struct entry *r,
			       double *ts, struct oae_error *err)
{
	struct entry top = *r;

	top.depth = 0;
	return ours_decode(b, &top, ts, err);
}

static void row_depth_loss(struct bench *b, struct line *l,
			   struct oae_error *err)
{
	if (load(b, l, err) || bench_pairs(b, l, ours_decode, shallow, err))
		return;
	(void)snprintf(l->against, sizeof(l->against), "ours at depth 0");
}

static enum oae_status half(struct bench *b, const struct entry *r, double *ts,
			    struct oae_error *err)
{
	struct entry less = *r;

	less.sequences /= 2;
	return ours_batched(b, &less, ts, err);
}

static void row_growth(struct bench *b, struct line *l, struct oae_error *err)
{
	if (load(b, l, err) || bench_pairs(b, l, ours_batched, half, err))
		return;
	(void)snprintf(l->against, sizeof(l->against), "ours with %u",
		       l->row->sequences / 2);
	bench_roof(b, l, l->row->sequences, l->row->sequences,
		   l->row->sequences * l->row->n / 2.0, err);
}

#define T1B "tinyllama-1.1b"

const struct entry oae_rows[] = {
	{ "tg128", "s15", "q8_0", row_decode, 128, 0, 0, 2, true },
	{ "tg64", "s110", "q8_0", row_decode, 64, 0, 0, 3, true },
	{ "tg64", "s110", "q4_0", row_decode, 64, 0, 0, 3, true },
	{ "tg64", "s15", "f32", row_decode, 64, 0, 0, 1.6, true },
	{ "pp512", "s110", "q8_0", row_prefill, 512, 0, 0, 4, true },
	{ "tg32 x8", "s110", "q8_0", row_batched, 32, 0, 8, 4, true },
	{ "tg32 x16", "s110", "q8_0", row_batched, 32, 0, 16, NAN, false },
	{ "tg32 x16 : x8", "s110", "q8_0", row_growth, 32, 0, 16, 1, true },
	{ "tg32 @ d1024", "s110", "q8_0", row_depth, 32, 1024, 0, 2.5, true },
	{ "tg32 @ d1024 : d0", "s110", "q8_0", row_depth_loss, 32, 1024, 0, 0.7,
	  true },
	{ "tg128 draft", "s110 pair", "q8_0", row_pair, 128, 0, 0, 1.3, true },
	{ "tg128 draft first", "s110 pair", "q8_0", row_pair_first, 128, 0, 0,
	  NAN, true },
	{ "tg128 draft g1", "s110 pair", "q8_0", row_pair, 128, 0, 1, NAN,
	  true },
	{ "tg128 draft g2", "s110 pair", "q8_0", row_pair, 128, 0, 2, NAN,
	  true },
	{ "tg128 draft", "embedded", "q8_0", row_embedded, 128, 0, 0, NAN,
	  true },
	{ "tg128 draft g7", "embedded", "q8_0", row_embedded, 128, 0, 7, NAN,
	  true },
	{ "tg128 bad draft", "s110", "q8_0", row_bad_draft, 128, 0, 0, 0.97,
	  true },
	{ "tg16", T1B, "q8_0", row_decode, 16, 0, 0, 1.6, false },
	{ "pp128", T1B, "q8_0", row_prefill, 128, 0, 0, 3, false },
	{ "tg16", T1B, "q4_0", row_decode, 16, 0, 0, 1.4, false },
	{ "tg32", "moe", "q8_0", row_decode, 32, 0, 0, 1.6, false },
	{ "pp256", "moe", "q8_0", row_prefill, 256, 0, 0, 4, false },
	{ "first token", "s15", "q8_0", row_first_token, 1, 0, 0, 5, true },
	{ "resident", "s15", "q8_0", row_resident, 1, 0, 0, 1.15, true },
	{ "resident", "s110", "q8_0", row_resident, 1, 0, 0, 1.15, true },
	{ "training", "11M", "f32", row_training, 0, 0, 0, 8, true },
};
const size_t oae_rows_count = sizeof(oae_rows) / sizeof(oae_rows[0]);
