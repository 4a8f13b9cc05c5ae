/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of llama-peer that compute: logits, the next tokens, times. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/rng.h"
#include "tests/peer/llama_peer.h"

static void forget(struct server *p)
{
	p->lib.memory_clear(p->lib.get_memory(p->ctx), false);
	p->depth = 0;
}

/*
 * Rows `at`.. of p->tokens at those positions of sequence 0, p->n_batch at a
 * time, with logits of the last or of all of them.
 */
static int32_t compute(struct server *p, uint32_t at, uint32_t n, bool all,
		       FILE *out)
{
	struct llama_batch b = { .position = p->positions,
				 .n_slots = p->ones,
				 .slot = p->slots,
				 .logits = p->wanted };
	uint32_t now;
	int32_t code = 0;

	for (uint32_t i = 0; i < n && !code; i += now) {
		now = n - i < p->n_batch ? n - i : p->n_batch;
		b.n = (int32_t)now;
		b.token = p->tokens + i;
		for (uint32_t k = 0; k < now; k++) {
			p->positions[k] = (int32_t)(at + i + k);
			p->slot[k] = 0;
			p->wanted[k] = all || k + 1 == now;
		}
		code = p->lib.decode(p->ctx, b);
		for (uint32_t k = 0; out && k < now && !code; k++)
			fwrite(p->lib.get_logits_ith(p->ctx, (int32_t)k),
			       sizeof(float), (size_t)p->n_vocab, out);
	}
	return code;
}

static void check_code(int32_t code, struct oae_error *err)
{
	if (code)
		oae_fail(err, OAE_ERR_TARGET, 0, "llama_decode: %d", code);
}

void peer_logits(struct server *p, const cJSON *in, struct oae_error *err)
{
	const char *path;
	uint32_t n;
	FILE *f;

	if (!peer_loaded(p, true, err) || oae_json_str(in, "out", &path, err))
		return;
	n = peer_take_tokens(p, in, p->n_ctx < BATCH_MAX ? p->n_ctx : BATCH_MAX,
			     err);
	if (err->status)
		return;
	f = fopen(path, "wb");
	if (!f) {
		oae_fail(err, OAE_ERR_IO, errno, "%s", path);
		return;
	}
	forget(p);
	check_code(compute(p, 0, n, true, f), err);
	if (ferror(f) || fclose(f))
		oae_fail(err, OAE_ERR_IO, errno, "%s", path);
	oae_jw_int(p->answer, "rows", n);
	oae_jw_int(p->answer, "columns", p->n_vocab);
}

static int32_t best(const float *logits, int32_t n)
{
	int32_t at = 0;

	for (int32_t i = 1; i < n; i++)
		if (logits[i] > logits[at])
			at = i;
	return at;
}

void peer_greedy(struct server *p, const cJSON *in, struct oae_error *err)
{
	uint32_t n, want;
	int32_t *out = calloc(BATCH_MAX, sizeof(*out));

	if (!out)
		oae_fail(err, OAE_ERR_NOMEM, 0, "no memory");
	want = peer_number(in, "n", 16, 1, BATCH_MAX, err);
	if (err->status || !peer_loaded(p, true, err))
		goto done;
	n = peer_take_tokens(p, in, BATCH_MAX, err);
	if (!err->status && n + want > p->n_ctx + 1)
		oae_fail(err, OAE_ERR_USAGE, 0, "more than ctx %u", p->n_ctx);
	if (err->status)
		goto done;
	forget(p);
	check_code(compute(p, 0, n, false, NULL), err);
	for (uint32_t i = 0; i < want && !err->status; i++) {
		out[i] = best(p->lib.get_logits_ith(p->ctx, -1), p->n_vocab);
		p->tokens[0] = out[i];
		if (i + 1 < want)
			check_code(compute(p, n + i, 1, false, NULL), err);
	}
	if (!err->status)
		peer_answer_tokens(p, out, want);
done:
	free(out);
}

/* Seeded, so that another engine can be given the same. */
static void any_tokens(struct server *p, uint32_t n)
{
	struct oae_rng rng;

	oae_rng_seed(&rng, 1);
	for (uint32_t i = 0; i < n; i++)
		p->tokens[i] =
			(int32_t)oae_rng_below(&rng, (uint32_t)p->n_vocab);
}

void peer_pp(struct server *p, const cJSON *in, struct oae_error *err)
{
	uint32_t n = peer_number(in, "n", 512, 1, BATCH_MAX, err);
	uint64_t start;

	if (err->status || !peer_loaded(p, true, err))
		return;
	any_tokens(p, n);
	forget(p);
	start = oae_clock_ns();
	check_code(compute(p, 0, n, false, NULL), err);
	oae_jw_int(p->answer, "ns", (int64_t)(oae_clock_ns() - start));
}

/* The cache is filled to the depth, which is not in the time. */
void peer_tg(struct server *p, const cJSON *in, struct oae_error *err)
{
	uint32_t n = peer_number(in, "n", 128, 1, BATCH_MAX, err);
	uint32_t depth = peer_number(in, "depth", 0, 0, BATCH_MAX, err);
	uint64_t start;

	if (err->status || !peer_loaded(p, true, err))
		return;
	any_tokens(p, depth > n ? depth : n);
	if (!depth || p->depth != depth ||
	    !p->lib.memory_seq_rm(p->lib.get_memory(p->ctx), 0, (int32_t)depth,
				  -1)) {
		forget(p);
		check_code(compute(p, 0, depth, false, NULL), err);
		p->depth = depth;
	}
	start = oae_clock_ns();
	for (uint32_t i = 0; i < n && !err->status; i++) {
		p->tokens[0] = p->tokens[i];
		check_code(compute(p, depth + i, 1, false, NULL), err);
	}
	oae_jw_int(p->answer, "ns", (int64_t)(oae_clock_ns() - start));
}

void peer_batched(struct server *p, const cJSON *in, struct oae_error *err)
{
	uint32_t n = peer_number(in, "n", 32, 1, BATCH_MAX, err), at;
	struct llama_batch b = { .token = p->tokens,
				 .position = p->positions,
				 .n_slots = p->ones,
				 .slot = p->slots,
				 .logits = p->wanted };
	uint64_t start;

	if (err->status || !peer_loaded(p, true, err))
		return;
	any_tokens(p, p->sequences);
	forget(p);
	b.n = (int32_t)p->sequences;
	start = oae_clock_ns();
	for (at = 0; at < n && !err->status; at++) {
		for (uint32_t i = 0; i < p->sequences; i++) {
			p->positions[i] = (int32_t)at;
			p->slot[i] = (int32_t)i;
			p->wanted[i] = 1;
		}
		check_code(p->lib.decode(p->ctx, b), err);
	}
	oae_jw_int(p->answer, "ns", (int64_t)(oae_clock_ns() - start));
}
