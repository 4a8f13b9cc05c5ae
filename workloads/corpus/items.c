/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/corpus/items.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "workloads/corpus/parts.h"

/* What of a document the workload's judge wants to see. */
enum expected {
	WHOLE_ANSWER,
	FACTS,
	LAST_NUMBER,
};

static const struct source {
	const char *kind;
	enum expected expected;
} sources[] = {
	{ "letters", FACTS },
	{ "notices_4", WHOLE_ANSWER },
	{ "sums", LAST_NUMBER },
};

const char *const oae_corpus_workloads[] = {
	"letters",
	"notices",
	"sums",
	NULL,
};

_Static_assert(OAE_COUNT(sources) + 1 == OAE_COUNT(oae_corpus_workloads),
	       "the two lists of workloads must agree");

static const struct source *find(const char *workload)
{
	for (size_t i = 0; i < OAE_COUNT(sources); i++) {
		if (!strcmp(workload, oae_corpus_workloads[i]))
			return &sources[i];
	}
	return NULL;
}

/* "... Answer: 56." -> "56" */
static void last_number(const char *answer, char out[16])
{
	const char *end = answer + strlen(answer), *start;

	while (end > answer && (end[-1] < '0' || end[-1] > '9'))
		end--;
	for (start = end; start > answer; start--) {
		if (start[-1] < '0' || start[-1] > '9')
			break;
	}
	snprintf(out, 16, "%.*s", (int)(end - start), start);
}

static void put_item(struct oae_buf *out, const char *workload, size_t number,
		     const struct source *source,
		     const struct oae_corpus_doc *doc)
{
	const char *answer = oae_buf_str(&doc->answer);
	char id[OAE_NAME_BYTES_MAX], sum[16];
	struct oae_jw w;

	snprintf(id, sizeof(id), "%s-%04zu", workload, number);
	oae_jw_init(&w, out, 0);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "id", id);
	oae_jw_str(&w, "prompt", oae_buf_str(&doc->prompt));
	switch (source->expected) {
	case WHOLE_ANSWER:
		oae_jw_str(&w, "expected", answer + strspn(answer, " \n"));
		break;
	case FACTS:
		oae_jw_str(&w, "expected", oae_buf_str(&doc->facts));
		break;
	case LAST_NUMBER:
		last_number(answer, sum);
		oae_jw_str(&w, "expected", sum);
		break;
	}
	oae_jw_str(&w, "group", doc->group);
	oae_jw_end_obj(&w);
	oae_buf_putc(out, '\n');
}

enum oae_status oae_corpus_items(const char *workload, uint64_t seed,
				 size_t count, struct oae_buf *out,
				 struct oae_error *err)
{
	const struct source *source = find(workload);
	struct oae_corpus_doc doc;
	struct oae_rng rng;
	char purpose[64];
	enum oae_status status = OAE_OK;

	if (!source)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"items: the corpus has no workload "
				"\"%.40s\"; it has letters, notices and sums",
				workload);
	if (!count || count > OAE_ITEMS_MAX)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"items: %zu are asked for; 1 to %u can be "
				"made",
				count, OAE_ITEMS_MAX);
	snprintf(purpose, sizeof(purpose), "items %s", workload);
	oae_rng_derive(&rng, seed, purpose);
	oae_corpus_doc_init(&doc);
	for (size_t i = 0; i < count && !status; i++) {
		const char *group = oae_corpus_groups[i % OAE_CORPUS_GROUPS];

		do {
			status = oae_corpus_next(source->kind,
						 OAE_CORPUS_HELD_OUT, &rng,
						 &doc, err);
		} while (!status && strcmp(doc.group, group) != 0);
		if (!status)
			put_item(out, workload, i + 1, source, &doc);
	}
	oae_corpus_doc_release(&doc);
	return status ? status : oae_buf_check(out, "items", err);
}
