/* SPDX-License-Identifier: Apache-2.0 */
/* Between validate_load.c (a schema's text to rules) and validate*.c. */
#ifndef OAE_SCHEMA_VALIDATE_INTERNAL_H
#define OAE_SCHEMA_VALIDATE_INTERNAL_H

#include "schema/validate.h"

#include <stdint.h>

#include "base/arena.h"
#include "schema/pattern.h"

/* Schemas in place of each other ($ref, allOf, not, ...) in one chain. */
#define OAE_SCHEMA_CHAIN_MAX 64
#define OAE_SCHEMA_NODES_MAX 10000
#define OAE_SCHEMA_BYTES_MAX (1u << 20)
/* Rules, compared values and read bytes / 16 of one check: about a second. */
#define OAE_SCHEMA_STEPS_MAX (1u << 28)
/* Schemas within each other while one instance is checked. */
#define OAE_SCHEMA_LEVELS_MAX 512

enum oae_keyword {
	OAE_KW_NONE, /* says nothing about an instance */
	OAE_KW_REF,
	OAE_KW_TYPE,
	OAE_KW_ENUM,
	OAE_KW_CONST,
	OAE_KW_ALL_OF,
	OAE_KW_ANY_OF,
	OAE_KW_ONE_OF,
	OAE_KW_NOT,
	OAE_KW_IF,
	OAE_KW_PROPERTIES,
	OAE_KW_REQUIRED,
	OAE_KW_ADDITIONAL,
	OAE_KW_NAMES,
	OAE_KW_DEPENDENT,
	OAE_KW_MIN_PROPERTIES,
	OAE_KW_MAX_PROPERTIES,
	OAE_KW_ITEMS,
	OAE_KW_PREFIX_ITEMS,
	OAE_KW_MIN_ITEMS,
	OAE_KW_MAX_ITEMS,
	OAE_KW_UNIQUE,
	OAE_KW_MIN_LENGTH,
	OAE_KW_MAX_LENGTH,
	OAE_KW_PATTERN,
	OAE_KW_MINIMUM,
	OAE_KW_MAXIMUM,
	OAE_KW_ABOVE,
	OAE_KW_BELOW,
	OAE_KW_MULTIPLE,
	OAE_KEYWORDS,
};

enum oae_json_type {
	OAE_JSON_NULL = 1,
	OAE_JSON_BOOLEAN = 2,
	OAE_JSON_INTEGER = 4, /* a number without a fraction */
	OAE_JSON_NUMBER = 8,
	OAE_JSON_STRING = 16,
	OAE_JSON_ARRAY = 32,
	OAE_JSON_OBJECT = 64,
};

struct oae_schema_node;

/* A named subschema of "properties". */
struct oae_schema_member {
	const char *name;
	struct oae_schema_node *node;
};

/* One keyword of a schema and what it needs. */
struct oae_schema_rule {
	enum oae_keyword keyword;
	const char *name;   /* the keyword's */
	const cJSON *value; /* in the schema */
	union {
		double number;			   /* limits */
		unsigned types;			   /* of oae_json_type */
		struct oae_schema_node *node;	   /* one subschema */
		struct oae_schema_node **list;	   /* allOf, ... */
		struct oae_schema_member *members; /* by name */
		struct oae_pattern *pattern;
	};
	size_t count; /* of list or members */
};

struct oae_schema_node {
	struct oae_schema_node *next; /* all of them, newest first */
	const cJSON *source;
	const char *place; /* JSON Pointer */
	bool never;	   /* the schema `false` */
	bool open;	   /* being visited */
	unsigned height;   /* longest chain in place, from 1 */
	struct oae_schema_rule *rules;
	size_t rule_count;
	/* Keywords that look at their neighbours. */
	const struct oae_schema_rule *properties;
	size_t prefix; /* items that prefixItems speaks of */
	struct oae_schema_node *then, *otherwise;
};

struct oae_schema {
	char *name;
	cJSON *tree;
	struct oae_arena arena;
	struct oae_schema_node *root, *nodes;
	size_t node_count;
	struct oae_pattern *patterns; /* to free */
};

/*
 * Of validate_link.c: where each $ref leads, and that no chain of schemas for
 * one value is endless or too long.
 */
enum oae_status oae_schema_link(struct oae_schema *s, struct oae_error *err);

/* A step of a JSON Pointer; the way up leads to the root (NULL). */
struct oae_place {
	const struct oae_place *up;
	const char *name; /* NULL: an index */
	size_t index;
};

/* Writes the pointer; the front of a long one becomes "...". size >= 200. */
void oae_place_text(const struct oae_place *at, char *out, size_t size);
unsigned oae_place_depth(const struct oae_place *at);
/* A text in quotes, shortened, control characters as \uXXXX. size >= 20. */
void oae_quoted_text(const char *s, char *out, size_t size);
/* "an object", "a number", "true", ... */
const char *oae_json_kind(const cJSON *value);
/* Bits of oae_json_type; a whole number has two. */
unsigned oae_json_types(const cJSON *value);
/* What a rule wanted of a value that does not meet it. size >= 250. */
void oae_fault_text(const struct oae_schema_rule *rule, const cJSON *value,
		    char *out, size_t size);

/* One check. `faults` NULL: only the verdict counts, the first fault ends. */
struct oae_checker {
	struct oae_faults *faults;
	size_t faults_max;
	uint64_t steps;
	unsigned levels;
	enum oae_status status; /* not 0: the verdict cannot be told */
	struct oae_error *err;
};

/* What a rule speaks of. */
struct oae_subject {
	const cJSON *value;
	const struct oae_place *at;
};

/* Ends the check without a verdict; always false. */
bool oae_check_give_up(struct oae_checker *c, enum oae_status status,
		       const char *why);
/* Counts n steps; false when there were too many. */
bool oae_check_charge(struct oae_checker *c, uint64_t n);
/* Notes a fault; always false. text NULL: oae_fault_text() says it. */
bool oae_check_fault(struct oae_checker *c, const struct oae_schema_rule *rule,
		     const struct oae_subject *s, const char *text);
/* A member of an object, or NULL. */
const cJSON *oae_check_member(struct oae_checker *c, const cJSON *object,
			      const char *name);
/* A rule that needs no other schema. */
bool oae_check_value(struct oae_checker *c, const struct oae_schema_rule *rule,
		     const struct oae_subject *s);

#endif
