/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our engine and llama.cpp on the same GGUF file: how far apart are their
 * next-token distributions after the same tokens, and do they write the same
 * greedy text? Divergence is D(llama.cpp || ours) in nats, natural logarithm,
 * over the whole vocabulary, in double precision.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/reference/model/model.h"
#include "adapters/reference/oae-lm/options.h"
#include "base/file.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/stats.h"
#include "tests/peer/client.h"

#define TOKENS_MAX 2048u
#define BATCH 64u
#define ANSWER_MS 120000

struct options {
	uint64_t tokens, greedy, threads;
	double top1, kl, slack;
	const char *text, *exact;
	bool forced;
};

struct comparison {
	const struct options *o;
	const char *path;
	struct oae_threads *threads;
	struct oae_model *m;
	struct oae_state *s;
	struct peer peer;
	char folder[OAE_PATH_BYTES_MAX];
	int32_t tokens[TOKENS_MAX];
	size_t n;
	float *ours, *theirs; /* [n][vocabulary] */
	float *exact;	      /* of the same weights as F32, or NULL */
	/* what came out */
	size_t same;
	double kl_mean, kl_max, spread, margin, missed_margin;
	double ours_off, theirs_off; /* mean divergence from the exact */
	size_t greedy_first;	     /* tokens before the first that differs */
	size_t greedy_same;	     /* best tokens along their text */
	double greedy_gap; /* of our logits, where the first differs */
};

static double log_sum_exp(const float *x, size_t n)
{
	double top = x[0], sum = 0;

	for (size_t i = 1; i < n; i++)
		top = x[i] > top ? x[i] : top;
	for (size_t i = 0; i < n; i++)
		sum += exp(x[i] - top);
	return top + log(sum);
}

static size_t best(const float *x, size_t n)
{
	size_t at = 0;

	for (size_t i = 1; i < n; i++)
		if (x[i] > x[at])
			at = i;
	return at;
}

/* ---- our side ----------------------------------------------------------- */

static void close_ours(struct comparison *c)
{
	oae_state_free(c->s);
	oae_model_close(c->m);
	c->s = NULL;
	c->m = NULL;
}

static enum oae_status open_ours(struct comparison *c, const char *path,
				 struct oae_error *err)
{
	close_ours(c);
	if (oae_model_open(path, c->threads, &c->m, err))
		return err->status;
	return oae_state_new(c->m, 1, TOKENS_MAX, BATCH, &c->s, err);
}

/* Rows at.. of tokens; logits of all of them, or of the last. */
static enum oae_status forward(struct comparison *c, const int32_t *tokens,
			       size_t at, size_t n, float *all,
			       struct oae_error *err)
{
	size_t vocab = c->m->shape.n_vocab, now;
	struct oae_row rows[BATCH];

	for (size_t i = 0; i < n && !err->status; i += now) {
		now = n - i < BATCH ? n - i : BATCH;
		for (size_t k = 0; k < now; k++)
			rows[k] = (struct oae_row){
				.token = tokens[i + k],
				.position = (uint32_t)(at + i + k),
				.logits = all || i + k + 1 == n,
			};
		if (!oae_forward(c->s, rows, now, err) && all)
			memcpy(all + i * vocab, oae_state_logits(c->s),
			       now * vocab * sizeof(*all));
	}
	return err->status;
}

static enum oae_status choose_tokens(struct comparison *c,
				     struct oae_error *err)
{
	struct oae_rng rng;

	if (c->o->text) {
		if (!c->m->tokenizer)
			return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
					"%s has no tokenizer", c->path);
		return oae_tokenizer_encode(c->m->tokenizer, c->o->text,
					    strlen(c->o->text), c->tokens,
					    TOKENS_MAX, &c->n, err);
	}
	oae_rng_seed(&rng, 7);
	c->n = (size_t)c->o->tokens;
	for (size_t i = 0; i < c->n; i++)
		c->tokens[i] =
			(int32_t)oae_rng_below(&rng, c->m->shape.n_vocab);
	return OAE_OK;
}

/* ---- their side --------------------------------------------------------- */

static cJSON *ask_with_tokens(struct comparison *c, const char *what,
			      const char *out, size_t n, struct oae_error *err)
{
	struct oae_buf line;
	struct oae_jw w;
	cJSON *answer = NULL;

	oae_buf_init(&line, OAE_LINE_BYTES_MAX);
	oae_jw_init(&w, &line, 0);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "do", what);
	if (out)
		oae_jw_str(&w, "out", out);
	if (n)
		oae_jw_int(&w, "n", (int64_t)n);
	oae_jw_arr(&w, "tokens");
	for (size_t i = 0; i < c->n; i++)
		oae_jw_int(&w, NULL, c->tokens[i]);
	oae_jw_end_arr(&w);
	oae_jw_end_obj(&w);
	if (!oae_buf_check(&line, "a question", err))
		answer = peer_ask(&c->peer, oae_buf_str(&line), ANSWER_MS, err);
	oae_buf_release(&line);
	return answer;
}

static enum oae_status read_theirs(struct comparison *c, const char *path,
				   struct oae_error *err)
{
	size_t n = c->n * c->m->shape.n_vocab, got;
	FILE *f = fopen(path, "rb");

	if (!f)
		return oae_fail(err, OAE_ERR_IO, errno, "%s", path);
	got = fread(c->theirs, sizeof(float), n, f);
	fclose(f);
	if (got != n)
		return oae_fail(err, OAE_ERR_FORMAT, 0, "%s is too short",
				path);
	return OAE_OK;
}

static enum oae_status compute_theirs(struct comparison *c,
				      struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	cJSON *answer;

	answer = peer_askf(&c->peer, ANSWER_MS, err,
			   "{\"do\":\"load\",\"file\":\"%s\",\"threads\":%llu,"
			   "\"ctx\":%u,\"flash\":false}",
			   c->path, (unsigned long long)c->o->threads,
			   TOKENS_MAX);
	if (answer &&
	    oae_json_u64_or(answer, "vocabulary", 0) != c->m->shape.n_vocab)
		oae_fail(err, OAE_ERR_CHECK, 0, "another size of vocabulary");
	cJSON_Delete(answer);
	if (err->status ||
	    oae_path_join(path, sizeof(path), c->folder, "logits", err))
		return err->status;
	cJSON_Delete(ask_with_tokens(c, "logits", path, 0, err));
	return err->status ? err->status : read_theirs(c, path, err);
}

/* ---- the comparison ----------------------------------------------------- */

static double divergence(const float *p, const float *q, size_t n)
{
	double zp = log_sum_exp(p, n), zq = log_sum_exp(q, n), sum = 0, lp;

	for (size_t i = 0; i < n; i++) {
		lp = p[i] - zp;
		sum += exp(lp) * (lp - (q[i] - zq));
	}
	return sum < 0 ? 0 : sum; /* rounding */
}

/* How far the best of a row is above the second. */
static double margin(const float *x, size_t n, size_t top)
{
	double second = -INFINITY;

	for (size_t i = 0; i < n; i++)
		if (i != top && x[i] > second)
			second = x[i];
	return x[top] - second;
}

static double deviation(const float *x, size_t n)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++) {
		sum += x[i];
		squares += (double)x[i] * x[i];
	}
	sum /= (double)n;
	return sqrt(fmax(squares / (double)n - sum * sum, 0));
}

static enum oae_status compare(struct comparison *c, struct oae_error *err)
{
	size_t vocab = c->m->shape.n_vocab, a, b;
	const float *p, *q;
	double kl, *margins = calloc(c->n, sizeof(*margins));

	if (!margins)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "no memory");
	for (size_t i = 0; i < c->n; i++) {
		p = c->theirs + i * vocab;
		q = c->ours + i * vocab;
		a = best(p, vocab);
		b = best(q, vocab);
		kl = divergence(p, q, vocab);
		if (!isfinite(kl))
			kl = INFINITY;
		c->same += a == b;
		c->kl_mean += kl / (double)c->n;
		c->kl_max = kl > c->kl_max ? kl : c->kl_max;
		c->spread += deviation(p, vocab) / (double)c->n;
		if (c->exact) {
			const float *e = c->exact + i * vocab;

			c->ours_off += divergence(e, q, vocab) / (double)c->n;
			c->theirs_off += divergence(e, p, vocab) / (double)c->n;
		}
		margins[i] = margin(p, vocab, a);
		if (a != b && p[a] - p[b] > c->missed_margin)
			c->missed_margin = p[a] - p[b];
	}
	c->margin = oae_median(margins, c->n);
	free(margins);
	return OAE_OK;
}

/* Our choice after each prefix of their text; ours may go another way. */
static void follow(struct comparison *c, const cJSON *list,
		   struct oae_error *err)
{
	size_t vocab = c->m->shape.n_vocab, i = 0;
	const float *logits;
	const cJSON *one;
	int32_t ours, theirs;

	forward(c, c->tokens, 0, c->n, NULL, err);
	cJSON_ArrayForEach(one, list) {
		if (err->status)
			return;
		logits = oae_state_logits(c->s);
		ours = (int32_t)best(logits, vocab);
		theirs = one->valueint;
		if (ours == theirs)
			c->greedy_same++;
		else if (c->greedy_same == i)
			c->greedy_gap = logits[ours] - logits[theirs];
		c->greedy_first += c->greedy_same == ++i;
		forward(c, &theirs, c->n + i - 1, 1, NULL, err);
	}
}

static enum oae_status compare_greedy(struct comparison *c,
				      struct oae_error *err)
{
	size_t want = (size_t)c->o->greedy;
	const cJSON *list;
	cJSON *answer;

	if (!want)
		return OAE_OK;
	if (c->n + want > TOKENS_MAX)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"the prompt and --greedy are more than %u",
				TOKENS_MAX);
	answer = ask_with_tokens(c, "greedy", NULL, want, err);
	if (answer && !oae_json_arr(answer, "tokens", &list, err))
		follow(c, list, err);
	cJSON_Delete(answer);
	return err->status;
}

/* With the exact weights: both may round, ours not clearly more. */
static bool agrees(const struct comparison *c)
{
	return (double)c->same >= c->o->top1 * (double)c->n &&
	       c->kl_mean <= c->o->kl &&
	       (!c->exact || c->ours_off <= c->o->slack * c->theirs_off) &&
	       (c->o->forced ? (double)c->greedy_same >=
				       c->o->top1 * (double)c->o->greedy :
			       c->greedy_first >= c->o->greedy);
}

static void print(const struct comparison *c, const char *type)
{
	const char *name = strrchr(c->path, '/');

	printf("%-26s %-9s %-5s top-1 %zu/%zu  KL mean %.2e max %.2e  logits "
	       "sd %.2f margin %.3f",
	       name ? name + 1 : c->path, c->m->shape.architecture, type,
	       c->same, c->n, c->kl_mean, c->kl_max, c->spread, c->margin);
	if (c->same < c->n)
		printf("  missed by %.1e", c->missed_margin);
	if (c->exact)
		printf("  from exact: ours %.2e theirs %.2e", c->ours_off,
		       c->theirs_off);
	if (c->o->greedy)
		printf("  greedy %zu/%zu", c->greedy_first,
		       (size_t)c->o->greedy);
	if (c->greedy_first < c->o->greedy)
		printf(", along theirs %zu, apart by %.1e in our logits",
		       c->greedy_same, c->greedy_gap);
	printf("  %s\n", agrees(c) ? "agrees" : "DIFFERS");
}

/* Our logits of all tokens, which are chosen with the first model. */
static float *all_logits(struct comparison *c, const char *path,
			 struct oae_error *err)
{
	float *x = NULL;

	if (open_ours(c, path, err) || (!c->n && choose_tokens(c, err)))
		return NULL;
	if (!c->n)
		oae_fail(err, OAE_ERR_USAGE, 0, "no tokens to compare");
	else
		x = malloc(c->n * c->m->shape.n_vocab * sizeof(*x));
	if (x)
		forward(c, c->tokens, 0, c->n, x, err);
	else
		oae_fail(err, OAE_ERR_NOMEM, 0, "no memory");
	return x;
}

/* All, in order; everything is released by the caller. */
static enum oae_status run(struct comparison *c, struct oae_error *err)
{
	size_t row;

	if (oae_threads_open((unsigned)c->o->threads, &c->threads, err))
		return err->status;
	if (c->o->exact)
		c->exact = all_logits(c, c->o->exact, err);
	if (!err->status)
		c->ours = all_logits(c, c->path, err);
	if (err->status)
		return err->status;
	row = c->m->shape.n_vocab * sizeof(*c->theirs);
	c->theirs = malloc(c->n * row);
	if (!c->theirs)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "no memory");
	if (peer_start(&c->peer, err) || compute_theirs(c, err) ||
	    compare(c, err) || compare_greedy(c, err))
		return err->status;
	print(c, oae_tensor_type_name(c->m->layers[0].wo.type));
	if (!agrees(c))
		return oae_fail(err, OAE_ERR_CHECK, 0,
				"%s: apart by more than top-1 %g %%, KL %g%s",
				c->path, 100 * c->o->top1, c->o->kl,
				c->exact ? ", or ours is the less exact" : "");
	return OAE_OK;
}

int main(int argc, char **argv)
{
	struct options o = { .tokens = 256,
			     .threads = 1,
			     .top1 = 0.99,
			     .kl = 1e-3,
			     .slack = 1.3 };
	const struct oae_lm_option options[] = {
		{ 'n', "tokens", "N", "random tokens (default 256)",
		  .whole = &o.tokens, .low = 1, .high = TOKENS_MAX },
		{ 0, "text", "TEXT", "this text instead", .text = &o.text },
		{ 0, "greedy", "N", "greedy tokens that must be equal too",
		  .whole = &o.greedy, .low = 0, .high = TOKENS_MAX },
		{ 0, "forced", NULL, "--greedy: compare choices along theirs",
		  .flag = &o.forced },
		{ 0, "top1", "SHARE", "of equal best tokens (default 0.99)",
		  .real = &o.top1, .low = 0, .high = 1 },
		{ 0, "kl", "NATS", "mean divergence at most (default 1e-3)",
		  .real = &o.kl, .low = 0, .high = 100 },
		{ 0, "exact", "FILE",
		  "the same weights as F32: ours may not be farther",
		  .text = &o.exact },
		{ 0, "slack", "X", "than X times as far as theirs (1.3)",
		  .real = &o.slack, .low = 1, .high = 100 },
		{ 't', "threads", "N", "(default 1)", .whole = &o.threads,
		  .low = 1, .high = OAE_THREADS_MAX },
	};
	const struct oae_lm_command command = {
		"agreement",
		"agreement MODEL.gguf [options]",
		"Compares our logits with llama.cpp's on the same file. Exit "
		"code 2 when they are\nfurther apart than allowed.",
		NULL,
		options,
		sizeof(options) / sizeof(options[0]),
		1,
		1,
	};
	struct comparison *c = calloc(1, sizeof(*c));
	struct oae_error err = { 0 };
	int code;

	if (!c)
		oae_fail(&err, OAE_ERR_NOMEM, 0, "no memory");
	else if (!oae_lm_parse(&command, argc, argv, &c->path, &code))
		return code;
	if (!err.status && !oae_dir_temporary("oae-agreement-", c->folder,
					      sizeof(c->folder), &err)) {
		c->o = &o;
		run(c, &err);
		peer_stop(&c->peer);
		close_ours(c);
		oae_threads_close(c->threads);
		oae_dir_remove(c->folder, NULL);
		free(c->exact);
		free(c->ours);
		free(c->theirs);
	}
	free(c);
	return err.status ? oae_die_code("agreement", &err) : OAE_EXIT_OK;
}
