/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/corpus/corpus.h"

#include <string.h>

#include "base/limits.h"
#include "workloads/corpus/parts.h"

static const struct kind {
	const char *name;
	void (*next)(struct oae_corpus_doc *doc, enum oae_corpus_split split,
		     struct oae_rng *rng);
	size_t notices; /* instead of next, when not 0 */
} kinds[] = {
	{ "echo", oae_corpus_echo, 0 },
	{ "recall", oae_corpus_recall, 0 },
	{ "notices_1", NULL, 1 },
	{ "notices_2", NULL, 2 },
	{ "notices_4", NULL, 4 },
	{ "notices_8", NULL, 8 },
	{ "notices_16", NULL, 16 },
	{ "facts", oae_corpus_facts, 0 },
	{ "sums", oae_corpus_sums, 0 },
	{ "letters", oae_corpus_letters, 0 },
	{ "refusals", oae_corpus_refusals, 0 },
	{ "codes", oae_corpus_codes, 0 },
};

const char *const oae_corpus_kinds[] = {
	"echo",	     "recall",	   "notices_1", "notices_2", "notices_4",
	"notices_8", "notices_16", "facts",	"sums",	     "letters",
	"refusals",  "codes",	   NULL,
};

_Static_assert(OAE_COUNT(kinds) + 1 == OAE_COUNT(oae_corpus_kinds),
	       "the two lists of kinds must agree");

void oae_corpus_doc_init(struct oae_corpus_doc *doc)
{
	oae_buf_init(&doc->prompt, OAE_PROMPT_BYTES_MAX);
	oae_buf_init(&doc->answer, OAE_ANSWER_BYTES_MAX);
	oae_buf_init(&doc->facts, OAE_ANSWER_BYTES_MAX);
	doc->group = "";
}

void oae_corpus_doc_release(struct oae_corpus_doc *doc)
{
	oae_buf_release(&doc->prompt);
	oae_buf_release(&doc->answer);
	oae_buf_release(&doc->facts);
}

enum oae_status oae_corpus_next(const char *kind, enum oae_corpus_split split,
				struct oae_rng *rng, struct oae_corpus_doc *doc,
				struct oae_error *err)
{
	const struct kind *found = NULL;
	enum oae_status status;

	for (size_t i = 0; i < OAE_COUNT(kinds); i++) {
		if (!strcmp(kind, kinds[i].name))
			found = &kinds[i];
	}
	if (!found)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"corpus: no kind of document is called "
				"\"%.40s\"",
				kind);
	oae_buf_clear(&doc->prompt);
	oae_buf_clear(&doc->answer);
	oae_buf_clear(&doc->facts);
	doc->group = "";
	if (found->notices)
		oae_corpus_notices(doc, split, rng, found->notices);
	else
		found->next(doc, split, rng);
	status = oae_buf_check(&doc->prompt, "corpus prompt", err);
	if (!status)
		status = oae_buf_check(&doc->answer, "corpus answer", err);
	if (!status)
		status = oae_buf_check(&doc->facts, "corpus facts", err);
	return status;
}
