/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flat batches of whole documents of the corpus. A batch is a function of
 * its rng alone, so a stream of batches continues anywhere.
 */
#ifndef OAE_REFERENCE_TRAIN_DATA_H
#define OAE_REFERENCE_TRAIN_DATA_H

#include "adapters/reference/tokenizer/tokenizer.h"
#include "adapters/reference/train/net.h"
#include "workloads/corpus/corpus.h"

#define OAE_TRAIN_KINDS_MAX 24u

/* Makes documents; one per thread. */
struct oae_train_source {
	const struct oae_tokenizer *tokenizer;
	enum oae_corpus_split split;
	size_t context;	     /* longer documents are left out */
	float prompt_weight; /* of the loss on prompt tokens */
	struct oae_corpus_doc doc;
	int32_t *ids; /* [context + 1] */
};

size_t oae_train_kinds(void); /* number of kinds */
/* Index of a kind, or OAE_TRAIN_KINDS_MAX. */
size_t oae_train_kind(const char *name);

enum oae_status oae_train_source_init(struct oae_train_source *s,
				      const struct oae_tokenizer *t,
				      enum oae_corpus_split split,
				      size_t context, float prompt_weight,
				      struct oae_error *err);
void oae_train_source_release(struct oae_train_source *s);

enum oae_status oae_train_batch_new(size_t max_tokens, struct oae_net_batch *b,
				    struct oae_error *err);
void oae_train_batch_free(struct oae_net_batch *b);

/*
 * Fills b with documents whose kinds are drawn by share[kind], until the next
 * one would not fit or max_docs are in.
 */
enum oae_status oae_train_batch_fill(struct oae_net_batch *b,
				     struct oae_train_source *s,
				     const double *share, size_t max_docs,
				     struct oae_rng *rng,
				     struct oae_error *err);

/* A tokenizer learnt from n_docs TRAIN documents of each kind. */
enum oae_status oae_train_tokenizer(size_t vocab, uint64_t seed,
				    size_t docs_per_kind,
				    struct oae_tokenizer **out,
				    struct oae_error *err);

#endif
