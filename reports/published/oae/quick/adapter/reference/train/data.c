/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/train/data.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES_MAX (64u << 20)

size_t oae_train_kinds(void)
{
	size_t n = 0;

	while (oae_corpus_kinds[n])
		n++;
	return n;
}

size_t oae_train_kind(const char *name)
{
	for (size_t i = 0; oae_corpus_kinds[i]; i++)
		if (!strcmp(oae_corpus_kinds[i], name))
			return i;
	return OAE_TRAIN_KINDS_MAX;
}

enum oae_status oae_train_source_init(struct oae_train_source *s,
				      const struct oae_tokenizer *t,
				      enum oae_corpus_split split,
				      size_t context, float prompt_weight,
				      struct oae_error *err)
{
	memset(s, 0, sizeof(*s));
	s->tokenizer = t;
	s->split = split;
	s->context = context;
	s->prompt_weight = prompt_weight;
	oae_corpus_doc_init(&s->doc);
	s->ids = calloc(context + 1, sizeof(*s->ids));
	return s->ids ? OAE_OK : oae_fail(err, OAE_ERR_NOMEM, 0, "documents");
}

void oae_train_source_release(struct oae_train_source *s)
{
	oae_corpus_doc_release(&s->doc);
	free(s->ids);
	s->ids = NULL;
}

enum oae_status oae_train_batch_new(size_t max_tokens, struct oae_net_batch *b,
				    struct oae_error *err)
{
	size_t docs = max_tokens / 4 + 1;

	memset(b, 0, sizeof(*b));
	b->max_tokens = max_tokens;
	b->max_docs = docs;
	b->id = calloc(max_tokens, sizeof(*b->id));
	b->target = calloc(max_tokens, sizeof(*b->target));
	b->weight = calloc(max_tokens, sizeof(*b->weight));
	b->start = calloc(docs + 1, sizeof(*b->start));
	b->answer = calloc(docs, sizeof(*b->answer));
	b->kind = calloc(docs, sizeof(*b->kind));
	if (b->id && b->target && b->weight && b->start && b->answer && b->kind)
		return OAE_OK;
	oae_train_batch_free(b);
	return oae_fail(err, OAE_ERR_NOMEM, 0, "batch");
}

void oae_train_batch_free(struct oae_net_batch *b)
{
	free(b->id);
	free(b->target);
	free(b->weight);
	free(b->start);
	free(b->answer);
	free(b->kind);
	memset(b, 0, sizeof(*b));
}

/*
 * Encodes the source's document with its end; *n is 0 when it is longer
 * than the context.
 */
static enum oae_status encode(struct oae_train_source *s, size_t *n,
			      size_t *n_prompt, struct oae_error *err)
{
	const struct oae_corpus_doc *d = &s->doc;
	struct oae_error ignored = { 0 };
	enum oae_status st;
	size_t tail;

	*n = 0;
	st = oae_tokenizer_encode(s->tokenizer, oae_buf_str(&d->prompt),
				  d->prompt.len, s->ids, s->context, n_prompt,
				  &ignored);
	if (!st)
		st = oae_tokenizer_encode(s->tokenizer, oae_buf_str(&d->answer),
					  d->answer.len, s->ids + *n_prompt,
					  s->context - *n_prompt, &tail,
					  &ignored);
	if (st == OAE_ERR_LIMIT)
		return OAE_OK;
	if (st)
		return oae_fail(err, st, ignored.sys, "%s", ignored.text);
	s->ids[*n_prompt + tail] = oae_tokenizer_parts(s->tokenizer)->eos;
	*n = *n_prompt + tail + 1;
	return OAE_OK;
}

static void append(struct oae_net_batch *b, const struct oae_train_source *s,
		   size_t n, size_t n_prompt, size_t kind)
{
	size_t at = b->n_tokens, doc = b->n_docs++;

	for (size_t i = 0; i + 1 < n; i++) {
		b->id[at + i] = s->ids[i];
		b->target[at + i] = s->ids[i + 1];
		b->weight[at + i] = i + 1 >= n_prompt ? 1.0f : s->prompt_weight;
	}
	b->start[doc] = (uint32_t)at;
	b->start[doc + 1] = (uint32_t)(at + n - 1);
	b->answer[doc] = (uint32_t)(at + n_prompt - 1);
	b->kind[doc] = (uint32_t)kind;
	b->n_tokens += n - 1;
}

static size_t draw(const double *share, struct oae_rng *rng)
{
	size_t n = oae_train_kinds();
	double total = 0.0, u;

	for (size_t i = 0; i < n; i++)
		total += share[i];
	u = oae_rng_uniform(rng) * total;
	for (size_t i = 0; i < n; i++) {
		u -= share[i];
		if (u < 0.0 && share[i] > 0.0)
			return i;
	}
	for (size_t i = n; i-- > 0;)
		if (share[i] > 0.0)
			return i;
	return 0;
}

enum oae_status oae_train_batch_fill(struct oae_net_batch *b,
				     struct oae_train_source *s,
				     const double *share, size_t max_docs,
				     struct oae_rng *rng, struct oae_error *err)
{
	size_t too_long = 0;

	b->n_tokens = b->n_docs = 0;
	b->start[0] = 0;
	while (b->n_docs < max_docs && b->n_docs < b->max_docs) {
		size_t kind = draw(share, rng), n, n_prompt;
		enum oae_status st;

		st = oae_corpus_next(oae_corpus_kinds[kind], s->split, rng,
				     &s->doc, err);
		if (!st)
			st = encode(s, &n, &n_prompt, err);
		if (st)
			return st;
		if (!n || n - 1 > b->max_tokens) {
			if (++too_long > 1000)
				return oae_fail(
					err, OAE_ERR_LIMIT, 0,
					"documents of kind %s: longer than "
					"the context",
					oae_corpus_kinds[kind]);
			continue;
		}
		if (b->n_tokens + n - 1 > b->max_tokens)
			break;
		append(b, s, n, n_prompt, kind);
	}
	return OAE_OK;
}

enum oae_status oae_train_tokenizer(size_t vocab, uint64_t seed,
				    size_t docs_per_kind,
				    struct oae_tokenizer **out,
				    struct oae_error *err)
{
	struct oae_corpus_doc doc;
	struct oae_buf text;
	struct oae_rng rng;
	enum oae_status st = OAE_OK;

	oae_buf_init(&text, TEXT_BYTES_MAX);
	oae_corpus_doc_init(&doc);
	oae_rng_derive(&rng, seed, "tokenizer");
	for (size_t k = 0; !st && oae_corpus_kinds[k]; k++) {
		if (!strcmp(oae_corpus_kinds[k], "codes"))
			continue;
		for (size_t i = 0; !st && i < docs_per_kind; i++) {
			st = oae_corpus_next(oae_corpus_kinds[k],
					     OAE_CORPUS_TRAIN, &rng, &doc, err);
			oae_buf_add(&text, oae_buf_str(&doc.prompt),
				    doc.prompt.len);
			oae_buf_putc(&text, '\0');
			oae_buf_add(&text, oae_buf_str(&doc.answer),
				    doc.answer.len);
			oae_buf_putc(&text, '\0');
		}
	}
	if (!st)
		st = oae_buf_check(&text, "tokenizer text", err);
	if (!st)
		st = oae_tokenizer_train(oae_buf_str(&text), text.len, vocab,
					 out, err);
	oae_corpus_doc_release(&doc);
	oae_buf_release(&text);
	return st;
}
