/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/documents.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"

const struct oae_document oae_documents[] = {
	{ "adapter", "adapter-1", "oae_adapter",
	  "adapter.json: systems, knobs, set-up steps", false },
	{ "bill", "bill-of-materials-1", NULL,
	  "every part of the systems of a submission", false },
	{ "board", "board-1", NULL, "the feed of a leaderboard", false },
	{ "compare", "compare-1", NULL, "what `oae compare --json` says",
	  false },
	{ "doctor", "doctor-1", "oae_doctor", "what `oae doctor --json` says",
	  false },
	{ "item", "item-1", "prompt", "a line of a workload's *.items.jsonl",
	  true },
	{ "journal", "journal-1", "prev", "a line of journal.jsonl", true },
	{ "ledger", "ledger-1", "oae_ledger",
	  "*.ledger.json: the effort that a system takes", false },
	{ "moved", "moved-1", NULL, "what `oae score --compare` says", false },
	{ "profile", "profile-1", "oae_profile",
	  "a profile: whom a score is for", false },
	{ "rescore", "rescore-1", NULL, "what a run was scored again with",
	  false },
	{ "result", "result-1", "oae_result", "result.json: scores", false },
	{ "review", "review-1", NULL, "what an operator found of a submission",
	  false },
	{ "submission", "submission-1", NULL, "whose a submission is", false },
	{ "suite", "suite-1", "oae_suite", "a suite: what a campaign runs",
	  false },
	{ "system", "system-1", NULL, "the machine of a submission", false },
	{ "transcript", "transcript-1", NULL,
	  "a line of what `oae setup` writes", true },
	{ "trend", "trend-1", NULL, "what `oae trend` says", false },
	{ "tune", "tune-1", NULL, "a tuning's tune.json", false },
	{ "workload", "workload-1", "oae_workload",
	  "*.workload.json: what is asked", false },
};

const size_t oae_document_count =
	sizeof(oae_documents) / sizeof(oae_documents[0]);

_Static_assert(sizeof(oae_documents) / sizeof(oae_documents[0]) <=
		       OAE_DOCUMENTS_MAX,
	       "raise OAE_DOCUMENTS_MAX");

/* What names its schema is of that kind and no other. */
static const struct oae_document *by_schema(const char *schema)
{
	for (size_t i = 0; i < oae_document_count; i++)
		if (strcmp(schema, oae_documents[i].file) == 0)
			return &oae_documents[i];
	return NULL;
}

const struct oae_document *oae_document_of(const cJSON *tree)
{
	const char *schema = oae_json_str_or(tree, "schema", NULL);

	if (schema)
		return by_schema(schema);
	for (size_t i = 0; i < oae_document_count; i++)
		if (oae_documents[i].mark &&
		    cJSON_GetObjectItemCaseSensitive(tree,
						     oae_documents[i].mark))
			return &oae_documents[i];
	return NULL;
}

const struct oae_document *oae_document_named(const char *name)
{
	for (size_t i = 0; i < oae_document_count; i++)
		if (strcmp(oae_documents[i].name, name) == 0 ||
		    strcmp(oae_documents[i].file, name) == 0)
			return &oae_documents[i];
	return NULL;
}

enum oae_status oae_document_schema(const char *home,
				    const struct oae_document *d,
				    struct oae_schema **out,
				    struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	int n = snprintf(path, sizeof(path),
			 "%s/schema/documents/%s.schema.json", home, d->file);

	*out = NULL;
	if (n < 0 || (size_t)n >= sizeof(path))
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%.100s...: path too long", home);
	return oae_schema_read(path, out, err);
}
