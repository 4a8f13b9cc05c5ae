/* SPDX-License-Identifier: Apache-2.0 */
/* Speculation beside our own plain decoding: two engines on the same file. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "adapters/reference/engine.h"
#include "base/file.h"
#include "tests/bench-engine/bench_engine.h"

#define PROMPT_TOKENS 16u

/* Of the kind that the embedded models were made for. */
static const char letter[] =
	"Write a letter to the clinic.\nFrom: Mira Theo Quill\n"
	"To: Nils Liam Crane\nAbout: the flu jab\nDay: Thursday\n"
	"Time: 9:30\nLetter:";

/* One request; adds its tokens after the first, and their time. */
static enum oae_status answer(struct oae_engine *e, const char *prompt,
			      uint32_t n, double *tokens, double *ns,
			      struct oae_error *err)
{
	struct oae_engine_request r = {
		.prompt = prompt,
		.prompt_len = prompt ? strlen(prompt) : 0,
		.synthetic_tokens = prompt ? 0 : PROMPT_TOKENS,
		.max_tokens = n,
		.ignore_eos = !prompt
	};
	struct oae_engine_piece piece = { .finish = OAE_FINISH_NOT_YET };
	struct oae_engine_stats stats;

	if (oae_engine_start(e, &r, err))
		return err->status;
	while (piece.finish == OAE_FINISH_NOT_YET)
		if (oae_engine_step(e, &piece, err))
			return err->status;
	oae_engine_stats(e, &stats);
	*tokens += stats.tokens_out - 1.0;
	*ns += (double)stats.decode_ns;
	return OAE_OK;
}

static enum oae_status sample(struct bench *b, struct oae_engine *e,
			      const struct entry *r, double *ts,
			      struct oae_error *err)
{
	double tokens = 0, ns = 0;

	while (tokens < r->n - 1)
		if (answer(e, b->prompt, r->n, &tokens, &ns, err))
			return err->status;
	*ts = tokens / ns * 1e9;
	return OAE_OK;
}

static enum oae_status speculative(struct bench *b, const struct entry *r,
				   double *ts, struct oae_error *err)
{
	return sample(b, b->engines[0], r, ts, err);
}

static enum oae_status plain(struct bench *b, const struct entry *r, double *ts,
			     struct oae_error *err)
{
	return sample(b, b->engines[1], r, ts, err);
}

/* Pairs of speculation and plain decoding. */
static void compare(struct bench *b, struct line *l, const char *target,
		    const char *draft, struct oae_error *err)
{
	struct oae_engine_config c = { .model = target,
				       .threads = (unsigned)b->o.threads,
				       .context = 1024 };
	struct oae_speculation_report report;

	if (!oae_engine_open(&c, &b->engines[1], err)) {
		c.draft = draft;
		c.strategy = "speculative";
		c.gamma = l->row->sequences;
		oae_engine_open(&c, &b->engines[0], err);
	}
	if (!err->status && !bench_pairs(b, l, speculative, plain, err)) {
		(void)snprintf(l->against, sizeof(l->against),
			       "ours without a draft");
		if (oae_engine_speculation(b->engines[0], &report))
			(void)snprintf(l->note, sizeof(l->note),
				       "accepted %.0f %% of %llu drafted, "
				       "%.1f guesses a round, draft %.2f of a "
				       "step, verifying %.2f",
				       100 * report.acceptance,
				       (unsigned long long)report.sums.drafted,
				       report.gamma, report.c, report.v);
	}
	oae_engine_close(b->engines[0]);
	oae_engine_close(b->engines[1]);
	b->engines[0] = b->engines[1] = NULL;
}

void row_pair(struct bench *b, struct line *l, struct oae_error *err)
{
	char target[OAE_PATH_BYTES_MAX], draft[OAE_PATH_BYTES_MAX];

	b->prompt = NULL;
	if (!bench_pair_files(b, target, draft, sizeof(target), err))
		compare(b, l, target, draft, err);
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
	compare(b, l, home, draft, err);
}

/* A draft that knows nothing of the target: adapting must not cost. */
void row_bad_draft(struct bench *b, struct line *l, struct oae_error *err)
{
	char target[OAE_PATH_BYTES_MAX], draft[OAE_PATH_BYTES_MAX];

	b->prompt = NULL;
	if (!bench_file(b, "s110", "q8_0", target, sizeof(target), err) &&
	    !bench_file(b, "s15", "q8_0", draft, sizeof(draft), err))
		compare(b, l, target, draft, err);
}
