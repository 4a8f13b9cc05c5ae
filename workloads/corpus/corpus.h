/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Brookfield corpus: seeded documents about a made-up town with a
 * clinic, a school, a council and a library. A document is a prompt and the
 * answer that belongs to it; both are plain text. The embedded models are
 * trained on the TRAIN split; the workloads' items and every evaluation come
 * from HELD_OUT, whose entities (three-part names) TRAIN never uses.
 */
#ifndef OAE_WORKLOADS_CORPUS_H
#define OAE_WORKLOADS_CORPUS_H

#include "base/buf.h"
#include "base/rng.h"
#include "base/status.h"

enum oae_corpus_split {
	OAE_CORPUS_TRAIN,
	OAE_CORPUS_HELD_OUT
};

struct oae_corpus_doc {
	/* what a user sends; ends "Answer:" or "Letter:", without a newline */
	struct oae_buf prompt;
	/* the whole right answer; begins with a space or a newline */
	struct oae_buf answer;
	/* facts the answer must contain, '\n'-separated (letters); else "" */
	struct oae_buf facts;
	/* who asks: "clinic", "school", "council", "library", or "" */
	const char *group;
};

void oae_corpus_doc_init(struct oae_corpus_doc *doc);
void oae_corpus_doc_release(struct oae_corpus_doc *doc);

/*
 * The next document of a kind from the stream rng. Kinds (NULL-terminated
 * in oae_corpus_kinds): "echo" (copy random words), "recall" (dense
 * key-value recall with many queries), "notices_1/2/4/8/16" (a question over
 * that many notices in the context), "facts" (closed book), "sums" (worked
 * column-wise), "letters" (free text from a short brief), "refusals"
 * (requests to refuse beside near misses), "codes" (a task kept out of
 * training). An unknown kind is OAE_ERR_USAGE.
 */
extern const char *const oae_corpus_kinds[];
enum oae_status oae_corpus_next(const char *kind, enum oae_corpus_split split,
				struct oae_rng *rng, struct oae_corpus_doc *doc,
				struct oae_error *err);

#endif
