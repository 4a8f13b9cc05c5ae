/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speculation beside our own plain decoding, on one engine: two of them are
 * at different places in memory, which alone makes 5 % of a difference.
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "tests/bench-engine/bench_engine.h"

#define PROMPT_TOKENS 16u
#define SAMPLE_NS 400e6 /* of decoding, at least */

/* Of the kind that the embedded models were made for. */
static const char letter[] =
	"Write a letter to the clinic.\nFrom: Mira Theo Quill\n"
	"To: Nils Liam Crane\nAbout: the flu jab\nDay: Thursday\n"
	"Time: 9:30\nLetter:";

/* One request; adds its tokens after the first, and their time. */
static enum oae_status answer(struct bench *b, uint32_t n, double *tokens,
			      double *ns, struct oae_error *err)
{
	struct oae_engine_request r = {
		.prompt = b->prompt,
		.prompt_len = b->prompt ? strlen(b->prompt) : 0,
		.synthetic_tokens = b->prompt ? 0 : PROMPT_TOKENS,
		.max_tokens = n,
		.ignore_eos = !b->prompt
	};
	struct oae_engine_piece piece = { .finish = OAE_FINISH_NOT_YET };
	struct oae_engine_stats stats;

	if (oae_engine_start(b->engine, &r, err))
		return err->status;
	while (piece.finish == OAE_FINISH_NOT_YET)
		if (oae_engine_step(b->engine, &piece, err))
			return err->status;
	oae_engine_stats(b->engine, &stats);
	*tokens += stats.tokens_out - 1.0;
	*ns += (double)stats.decode_ns;
	oae_speculation_add(&b->guessed, &stats.speculation);
	return OAE_OK;
}

/* Requests of n tokens at most, by that gamma. */
static enum oae_status sample(struct bench *b, uint32_t n, unsigned gamma,
			      double at_least_ns, double *ts,
			      struct oae_error *err)
{
	double tokens = 0, ns = 0;

	oae_batch_set_gamma(oae_engine_batch(b->engine), gamma);
	do
		if (answer(b, n, &tokens, &ns, err))
			return err->status;
	while (ns < at_least_ns);
	*ts = tokens / ns * 1e9;
	return OAE_OK;
}

static enum oae_status speculative(struct bench *b, const struct entry *r,
				   double *ts, struct oae_error *err)
{
	return sample(b, r->n, r->sequences, SAMPLE_NS, ts, err);
}

static enum oae_status reopen(struct bench *b, struct oae_error *err)
{
	oae_engine_close(b->engine);
	b->engine = NULL;
	return oae_engine_open(&b->config, &b->engine, err);
}

/* The first request of an engine that knows nothing yet. */
static enum oae_status first(struct bench *b, const struct entry *r, double *ts,
			     struct oae_error *err)
{
	if (reopen(b, err))
		return err->status;
	return sample(b, r->n, r->sequences, 0, ts, err);
}

static enum oae_status plain(struct bench *b, const struct entry *r, double *ts,
			     struct oae_error *err)
{
	struct oae_speculation_sums keep = b->guessed;

	if (!sample(b, r->n, OAE_GAMMA_NONE, SAMPLE_NS, ts, err))
		b->guessed = keep;
	return err->status;
}

static void say(const struct oae_speculation_sums *n, double plain_ns,
		struct line *l)
{
	struct oae_speculation_report r;

	oae_speculation_summarise_by(n, plain_ns, &r);
	if (!n->rounds)
		(void)snprintf(l->note, sizeof(l->note),
			       "nothing guessed was worth verifying, in %llu "
			       "steps",
			       (unsigned long long)n->plain);
	else
		(void)snprintf(l->note, sizeof(l->note),
			       "%.0f %% of %llu guesses accepted, %.1f a round "
			       "at %.2f of a step each, verifying %.2f; %llu "
			       "rounds, %llu plain steps",
			       100 * r.is.acceptance,
			       (unsigned long long)n->drafted, r.is.gamma,
			       r.is.c, r.is.v, (unsigned long long)n->rounds,
			       (unsigned long long)n->plain);
}

/* Pairs of speculation and plain decoding. */
static void compare(struct bench *b, struct line *l, const char *target,
		    const char *draft, bench_sample how, struct oae_error *err)
{
	b->config =
		(struct oae_engine_config){ .model = target,
					    .draft = draft,
					    .strategy = "speculative",
					    .threads = (unsigned)b->o.threads,
					    .context = 1024 };
	if (!reopen(b, err) && !bench_pairs(b, l, how, plain, err)) {
		(void)snprintf(l->against, sizeof(l->against),
			       "ours without a draft");
		say(&b->guessed, 1e9 / l->other_ts, l);
	}
	oae_engine_close(b->engine);
	b->engine = NULL;
}

void row_pair(struct bench *b, struct line *l, struct oae_error *err)
{
	char target[OAE_PATH_BYTES_MAX], draft[OAE_PATH_BYTES_MAX];

	b->prompt = NULL;
	if (!bench_pair_files(b, target, draft, sizeof(target), err))
		compare(b, l, target, draft, speculative, err);
}

void row_pair_first(struct bench *b, struct line *l, struct oae_error *err)
{
	char target[OAE_PATH_BYTES_MAX], draft[OAE_PATH_BYTES_MAX];

	b->prompt = NULL;
	if (!bench_pair_files(b, target, draft, sizeof(target), err))
		compare(b, l, target, draft, first, err);
}

void row_embedded(struct bench *b, struct line *l, struct oae_error *err)
{
	char home[OAE_PATH_BYTES_MAX], target[OAE_PATH_BYTES_MAX],
		draft[OAE_PATH_BYTES_MAX];
	static const char folder[] = "adapters/reference/models";

	b->prompt = letter;
	if (oae_home(home, sizeof(home), err) ||
	    oae_path_join(target, sizeof(target), home, folder, err) ||
	    oae_path_join(home, sizeof(home), target, "draft.q8_0.gguf", err))
		return;
	strcpy(draft, home);
	(void)oae_path_join(home, sizeof(home), target, "target.q8_0.gguf",
			    err);
	compare(b, l, home, draft, speculative, err);
}

/* A draft that knows nothing of the target: adapting must not cost. */
void row_bad_draft(struct bench *b, struct line *l, struct oae_error *err)
{
	char target[OAE_PATH_BYTES_MAX], draft[OAE_PATH_BYTES_MAX];

	b->prompt = NULL;
	if (!bench_file(b, "s110", "q8_0", target, sizeof(target), err) &&
	    !bench_file(b, "s15", "q8_0", draft, sizeof(draft), err))
		compare(b, l, target, draft, speculative, err);
}
