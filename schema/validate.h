/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Schema, draft 2020-12, for the keywords that our documents use:
 *
 *   $schema $id $comment $defs $ref title description
 *   type enum const allOf anyOf oneOf not if then else
 *   properties required additionalProperties propertyNames
 *   dependentRequired minProperties maxProperties
 *   items prefixItems minItems maxItems uniqueItems
 *   minLength maxLength pattern
 *   minimum maximum exclusiveMinimum exclusiveMaximum
 *   multipleOf, of a whole number
 *
 * Any other keyword is an error when the schema is loaded, so that nothing in
 * a schema is passed over in silence. $ref stays within its document ("#" and
 * a JSON Pointer, RFC 6901); one that comes back to itself without going
 * deeper into the instance is refused. Patterns are those of RFC 9485
 * (I-Regexp) with ^ and $ as anchors, so that they mean the same everywhere;
 * no \p. Numbers are doubles; an integer is one without a fraction (1.0 is).
 * Lengths count Unicode code points.
 *
 * Source: https://json-schema.org/draft/2020-12 (core and validation).
 */
#ifndef OAE_SCHEMA_VALIDATE_H
#define OAE_SCHEMA_VALIDATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "base/status.h"

#define OAE_FAULTS_MAX 16

struct oae_schema;

/*
 * Loads a schema. `name` stands in messages. OAE_ERR_FORMAT says which
 * keyword at which JSON Pointer is unknown or malformed. *out is the
 * caller's, to oae_schema_free(); it is never changed by a check, so that
 * threads may share it.
 */
enum oae_status oae_schema_parse(const char *name, const char *text, size_t len,
				 struct oae_schema **out,
				 struct oae_error *err);
enum oae_status oae_schema_read(const char *path, struct oae_schema **out,
				struct oae_error *err);
void oae_schema_free(struct oae_schema *s); /* NULL is fine */
const char *oae_schema_name(const struct oae_schema *s);

/* One thing that is wrong with an instance. */
struct oae_fault {
	char path[256];	     /* JSON Pointer into the instance; "" is all of it;
				the front of a long one becomes "..." */
	const char *keyword; /* that is not met */
	char text[256];	     /* what was wanted and what was found */
	unsigned depth;	     /* levels of the path */
};

struct oae_faults {
	size_t count;
	bool more; /* there are others */
	struct oae_fault at[OAE_FAULTS_MAX];
};

/*
 * Checks a tree as oae_json_parse() makes it. OAE_OK: it is valid.
 * OAE_ERR_CHECK: it is not; err says "PATH: KEYWORD: what was wanted" of the
 * first fault and how many there are, and *faults (may be NULL: then the
 * first ends the check) lists them. OAE_ERR_LIMIT: it takes too many steps
 * or levels to tell. OAE_ERR_NOMEM.
 */
enum oae_status oae_schema_check(const struct oae_schema *s, const cJSON *tree,
				 struct oae_faults *faults,
				 struct oae_error *err);

#endif
