/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of documents that the standard knows, one table: how each is told
 * from its content and where its JSON Schema is. A new kind is one row here
 * and one file in schema/documents/.
 */
#ifndef OAE_SCHEMA_DOCUMENTS_H
#define OAE_SCHEMA_DOCUMENTS_H

#include <stddef.h>

#include "schema/validate.h"

struct oae_document {
	const char *name; /* of people: "adapter" */
	const char *file; /* schema/documents/FILE.schema.json: "adapter-1" */
	const char *mark; /* a member that tells it: "oae_adapter" */
	const char *about;
	bool lines; /* a file of it is JSON lines, each a document */
};

extern const struct oae_document oae_documents[];
extern const size_t oae_document_count;

/*
 * What kind a tree is: by its member "schema" ("NAME-1"), by a member
 * "oae_NAME", or, for lines, by their own members. NULL: of no known kind.
 */
const struct oae_document *oae_document_of(const cJSON *tree);
/* By "adapter" or "adapter-1"; NULL when there is none. */
const struct oae_document *oae_document_named(const char *name);
/* Reads its schema below the project folder `home` (oae_home()). */
enum oae_status oae_document_schema(const char *home,
				    const struct oae_document *d,
				    struct oae_schema **out,
				    struct oae_error *err);

#endif
