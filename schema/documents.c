/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/documents.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"

const struct oae_document oae_documents[] = {
	{ "adapter", "adapter-1", "oae_adapter", "an adapter's adapter.json",
	  false },
	{ "doctor", "doctor-1", "oae_doctor", "what `oae doctor --json` says",
	  false },
	{ "ledger", "ledger-1", "oae_ledger", "the effort a system takes",
	  false },
	{ "profile", "profile-1", "oae_profile", "whom a score is for", false },
	{ "transcript", "transcript-1", NULL,
	  "a line of what `oae setup` writes", true },
	{ "result", "result-1", "oae_result", "a run folder's result.json",
	  false },
	{ "rescore", "rescore-1", NULL, "what a run was scored again with",
	  false },
	{ "tune", "tune-1", NULL, "a tuning's tune.json", false },
	{ "moved", "moved-1", NULL, "what `oae score --compare` says", false },
};

const size_t oae_document_count =
	sizeof(oae_documents) / sizeof(oae_documents[0]);

const struct oae_document *oae_document_of(const cJSON *tree)
{
	const char *schema = oae_json_str_or(tree, "schema", NULL);

	for (size_t i = 0; i < oae_document_count; i++) {
		const struct oae_document *d = &oae_documents[i];

		if ((schema && strcmp(schema, d->file) == 0) ||
		    (d->mark &&
		     cJSON_GetObjectItemCaseSensitive(tree, d->mark)))
			return d;
	}
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
