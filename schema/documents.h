/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of documents that the standard knows, one table: how each is told
 * from its content and where its JSON Schema is. A new kind is one row here
 * and one file in schema/documents/.
 */
#ifndef OAE_SCHEMA_DOCUMENTS_H
#define OAE_SCHEMA_DOCUMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "schema/validate.h"

#define OAE_DOCUMENTS_MAX 32

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

/* The schemas that have been needed so far, each read once. */
struct oae_schema_set {
	const char *home;
	struct oae_schema *loaded[OAE_DOCUMENTS_MAX];
};

/* `home` must outlive it. */
void oae_schema_set_init(struct oae_schema_set *set, const char *home);
void oae_schema_set_release(struct oae_schema_set *set);
enum oae_status oae_schema_set_get(struct oae_schema_set *set,
				   const struct oae_document *d,
				   const struct oae_schema **out,
				   struct oae_error *err);

/* What a file is checked for, and what was found. */
struct oae_file_check {
	struct oae_schema_set *set;
	const struct oae_document *document; /* NULL: told from the content */
	const struct oae_schema *schema;     /* NULL: the document's */
	bool any_kind; /* a file of no known kind is none of our business */
	/* Each fault as it is found; line 0: the file is one document. */
	void (*fault)(void *ctx, uint64_t line, const char *text);
	void *ctx;
	/* Results. */
	uint64_t documents, wrong;
};

/*
 * Checks a file: JSON lines when its name ends in .jsonl or documents of the
 * given kind are lines, one JSON document otherwise. What is no JSON, or of no
 * known kind, is a fault too; then `wrong` is not 0. Fails only when the file
 * or a schema cannot be read or a document takes too many steps.
 */
enum oae_status oae_document_check_file(struct oae_file_check *c,
					const char *path,
					struct oae_error *err);

#endif
