/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checkpoint: magic, the run's state, the vocabulary, weights and
 * optimiser state, and a SHA-256 over all of it. Native byte order: it is
 * for going on with a run on the same machine, not for exchange.
 */
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/train/state.h"
#include "base/file.h"
#include "base/sha256.h"

#define MAGIC "oae train 1\n"
#define CHECKPOINT_BYTES_MAX ((size_t)4 << 30)
#define TOKENS_MAX 65536u

struct state {
	char magic[16], preset[32];
	struct oae_net_shape shape;
	uint64_t seed, steps, step, stage, stage_step, tokens;
	double wall_s, cpu_s, base_wall_s, base_cpu_s, loss;
	struct oae_train_score score[OAE_TRAIN_KINDS_MAX];
	uint64_t n_floats, n_tokens, n_merges;
	int64_t bos, eos;
};

static void put_strings(struct oae_buf *b, const char *const *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		oae_buf_add(b, s[i], strlen(s[i]) + 1);
}

enum oae_status oae_train_save(const struct oae_train *t, const char *path,
			       struct oae_error *err)
{
	const struct oae_tokenizer_parts *v = oae_tokenizer_parts(t->tokenizer);
	size_t bytes = t->net.n_floats * sizeof(float);
	char hex[OAE_SHA256_HEX];
	struct oae_buf b;
	struct state s;
	enum oae_status st;

	memset(&s, 0, sizeof(s));
	memcpy(s.magic, MAGIC, sizeof(MAGIC));
	strncpy(s.preset, t->preset->name, sizeof(s.preset) - 1);
	s.shape = t->net.shape;
	s.seed = t->seed;
	s.steps = t->steps;
	s.step = t->step;
	s.stage = t->stage;
	s.stage_step = t->stage_step;
	s.tokens = t->tokens;
	s.wall_s = t->wall_s;
	s.cpu_s = t->cpu_s;
	s.base_wall_s = t->base_wall_s;
	s.base_cpu_s = t->base_cpu_s;
	s.loss = t->loss;
	memcpy(s.score, t->score, sizeof(s.score));
	s.n_floats = t->net.n_floats;
	s.n_tokens = v->n_tokens;
	s.n_merges = v->n_merges;
	s.bos = v->bos;
	s.eos = v->eos;
	oae_buf_init(&b, CHECKPOINT_BYTES_MAX);
	oae_buf_add(&b, &s, sizeof(s));
	oae_buf_add(&b, t->w, bytes);
	oae_buf_add(&b, t->optim.m, bytes);
	oae_buf_add(&b, t->optim.v, bytes);
	oae_buf_add(&b, v->types, v->n_tokens * sizeof(*v->types));
	put_strings(&b, v->tokens, v->n_tokens);
	put_strings(&b, v->merges, v->n_merges);
	st = oae_buf_check(&b, "checkpoint", err);
	if (!st) {
		oae_sha256_bytes(b.data, b.len, hex);
		oae_buf_add(&b, hex, sizeof(hex));
		st = oae_buf_check(&b, "checkpoint", err);
	}
	if (!st)
		st = oae_file_write(path, b.data, b.len, err);
	oae_buf_release(&b);
	return st;
}

/* Reads and checks the whole file; *s is a copy of its state. */
static enum oae_status open_checkpoint(const char *path, struct oae_buf *b,
				       struct state *s, struct oae_error *err)
{
	char hex[OAE_SHA256_HEX];
	enum oae_status st;
	size_t body;

	oae_buf_init(b, CHECKPOINT_BYTES_MAX);
	st = oae_file_read(path, b, err);
	if (st)
		return st;
	if (b->len < sizeof(*s) + sizeof(hex) ||
	    memcmp(b->data, MAGIC, sizeof(MAGIC)))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: not a checkpoint of this trainer", path);
	body = b->len - sizeof(hex);
	oae_sha256_bytes(b->data, body, hex);
	if (memcmp(hex, b->data + body, sizeof(hex)))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: damaged checkpoint (its digest differs)",
				path);
	memcpy(s, b->data, sizeof(*s));
	if (s->n_tokens > TOKENS_MAX || s->n_merges > TOKENS_MAX ||
	    s->n_floats > body / (3 * sizeof(float)) ||
	    sizeof(*s) + s->n_floats * 3 * sizeof(float) +
			    s->n_tokens * sizeof(int32_t) >
		    body)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: checkpoint with impossible sizes", path);
	return OAE_OK;
}

enum oae_status oae_train_restore(struct oae_train *t, const char *path,
				  struct oae_error *err)
{
	struct oae_buf b;
	struct state s;
	enum oae_status st = open_checkpoint(path, &b, &s, err);
	size_t bytes;

	if (st)
		goto out;
	if (strcmp(s.preset, t->preset->name) ||
	    memcmp(&s.shape, &t->net.shape, sizeof(s.shape)) ||
	    s.n_floats != t->net.n_floats || s.seed != t->seed ||
	    s.stage >= t->preset->n_stages) {
		st = oae_fail(err, OAE_ERR_USAGE, 0,
			      "%s: checkpoint of another model or seed "
			      "(%.31s, seed %llu)",
			      path, s.preset, (unsigned long long)s.seed);
		goto out;
	}
	bytes = s.n_floats * sizeof(float);
	memcpy(t->w, b.data + sizeof(s), bytes);
	memcpy(t->optim.m, b.data + sizeof(s) + bytes, bytes);
	memcpy(t->optim.v, b.data + sizeof(s) + 2 * bytes, bytes);
	t->steps = t->options->steps ? t->options->steps : s.steps;
	t->step = s.step;
	t->stage = s.stage;
	t->stage_step = s.stage_step;
	t->tokens = s.tokens;
	t->wall_s = s.wall_s;
	t->cpu_s = s.cpu_s;
	t->base_wall_s = s.base_wall_s;
	t->base_cpu_s = s.base_cpu_s;
	t->loss = s.loss;
	memcpy(t->score, s.score, sizeof(t->score));
out:
	oae_buf_release(&b);
	return st;
}

/* n NUL-terminated strings from *at; false when they pass the end. */
static bool get_strings(const char **at, const char *end, const char **out,
			size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *stop = memchr(*at, 0, (size_t)(end - *at));

		if (!stop)
			return false;
		out[i] = *at;
		*at = stop + 1;
	}
	return true;
}

enum oae_status oae_train_restore_tokenizer(const char *path,
					    struct oae_tokenizer **out,
					    struct oae_error *err)
{
	struct oae_tokenizer_parts parts = { .pre = "qwen2" };
	const char **strings = NULL, *at, *end;
	int32_t *types = NULL;
	struct oae_buf b;
	struct state s;
	enum oae_status st = open_checkpoint(path, &b, &s, err);

	if (st)
		goto out;
	at = b.data + sizeof(s) + 3 * s.n_floats * sizeof(float);
	end = b.data + b.len;
	strings = calloc(s.n_tokens + s.n_merges + 1, sizeof(*strings));
	types = calloc(s.n_tokens + 1, sizeof(*types));
	if (!strings || !types) {
		st = oae_fail(err, OAE_ERR_NOMEM, 0, "vocabulary");
		goto out;
	}
	memcpy(types, at, s.n_tokens * sizeof(*types));
	at += s.n_tokens * sizeof(*types);
	if (!get_strings(&at, end, strings, s.n_tokens + s.n_merges)) {
		st = oae_fail(err, OAE_ERR_FORMAT, 0,
			      "%s: checkpoint with a short vocabulary", path);
		goto out;
	}
	parts.tokens = strings;
	parts.types = types;
	parts.n_tokens = s.n_tokens;
	parts.merges = strings + s.n_tokens;
	parts.n_merges = s.n_merges;
	parts.bos = (int32_t)s.bos;
	parts.eos = (int32_t)s.eos;
	st = oae_tokenizer_new(&parts, out, err);
out:
	free(strings);
	free(types);
	oae_buf_release(&b);
	return st;
}
