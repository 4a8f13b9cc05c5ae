/* SPDX-License-Identifier: Apache-2.0 */
/* A schema's text to rules: every keyword known, every value well formed. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "schema/validate_internal.h"

#define DIALECT "https://json-schema.org/draft/2020-12/schema"
#define ARENA_BYTES_MAX ((size_t)64 << 20)
#define NAMES_MAX 1000 /* of one "required" */

struct loader {
	struct oae_schema *schema;
	struct oae_error *err;
};

/* One keyword of one schema. */
struct word {
	const struct oae_place *place; /* of its value */
	struct oae_schema_node *node;  /* it belongs to */
	struct oae_schema_rule *rule;
};

typedef enum oae_status loading(struct loader *l, const struct word *w);

static enum oae_status load_node(struct loader *l, const cJSON *value,
				 const struct oae_place *place,
				 struct oae_schema_node **out);

__attribute__((format(printf, 3, 4))) static enum oae_status
refuse(struct loader *l, const struct oae_place *place, const char *fmt, ...)
{
	char at[256], text[300];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	oae_place_text(place, at, sizeof(at));
	return oae_fail(l->err, OAE_ERR_FORMAT, 0, "schema %s: %s: %s",
			l->schema->name, at[0] ? at : "at its top", text);
}

static enum oae_status no_memory(struct loader *l)
{
	return oae_fail(l->err, OAE_ERR_NOMEM, 0, "schema %s: out of memory",
			l->schema->name);
}

/* ---- values of keywords ----------------------------------------------- */

static enum oae_status load_text(struct loader *l, const struct word *w)
{
	if (cJSON_IsString(w->rule->value))
		return OAE_OK;
	return refuse(l, w->place, "must be a string");
}

static enum oae_status load_dialect(struct loader *l, const struct word *w)
{
	const char *text = cJSON_GetStringValue(w->rule->value);

	if (text && strcmp(text, DIALECT) == 0 && w->place->up == NULL)
		return OAE_OK;
	return refuse(l, w->place, "must be \"%s\", at the top", DIALECT);
}

static enum oae_status load_id(struct loader *l, const struct word *w)
{
	if (w->place->up == NULL)
		return load_text(l, w);
	return refuse(l, w->place, "a schema within another has no $id here");
}

/* Resolved when all of the schema is known. */
static enum oae_status load_ref(struct loader *l, const struct word *w)
{
	const char *text = cJSON_GetStringValue(w->rule->value);

	if (text && text[0] == '#' && (text[1] == '/' || text[1] == '\0'))
		return OAE_OK;
	return refuse(l, w->place,
		      "must be \"#\" or \"#/...\": a place in this document");
}

static unsigned type_bits(const char *name)
{
	static const struct {
		const char *name;
		unsigned bits;
	} types[] = {
		{ "null", OAE_JSON_NULL },
		{ "boolean", OAE_JSON_BOOLEAN },
		{ "integer", OAE_JSON_INTEGER },
		{ "number", OAE_JSON_NUMBER },
		{ "string", OAE_JSON_STRING },
		{ "array", OAE_JSON_ARRAY },
		{ "object", OAE_JSON_OBJECT },
	};

	for (size_t i = 0; name && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].name, name) == 0)
			return types[i].bits;
	return 0;
}

static enum oae_status load_type(struct loader *l, const struct word *w)
{
	const cJSON *value = w->rule->value, *item;
	unsigned bits;

	if (cJSON_IsString(value)) {
		w->rule->types = type_bits(value->valuestring);
		if (w->rule->types)
			return OAE_OK;
	}
	if (!cJSON_IsArray(value) || !value->child)
		return refuse(l, w->place, "must be a type or a list of types");
	cJSON_ArrayForEach(item, value) {
		bits = type_bits(cJSON_GetStringValue(item));
		if (!bits || (w->rule->types & bits))
			return refuse(l, w->place,
				      "must list different types: null,"
				      " boolean, integer, number, string,"
				      " array, object");
		w->rule->types |= bits;
	}
	return OAE_OK;
}

static enum oae_status load_enum(struct loader *l, const struct word *w)
{
	if (cJSON_IsArray(w->rule->value))
		return OAE_OK;
	return refuse(l, w->place, "must be an array");
}

static enum oae_status load_any(struct loader *l, const struct word *w)
{
	(void)l;
	(void)w;
	return OAE_OK;
}

static enum oae_status load_flag(struct loader *l, const struct word *w)
{
	if (cJSON_IsBool(w->rule->value))
		return OAE_OK;
	return refuse(l, w->place, "must be true or false");
}

static enum oae_status load_number(struct loader *l, const struct word *w)
{
	if (!cJSON_IsNumber(w->rule->value) ||
	    !isfinite(w->rule->value->valuedouble))
		return refuse(l, w->place, "must be a number");
	w->rule->number = w->rule->value->valuedouble;
	return OAE_OK;
}

static enum oae_status load_count(struct loader *l, const struct word *w)
{
	enum oae_status status = load_number(l, w);

	if (!status &&
	    (w->rule->number < 0 || w->rule->number != floor(w->rule->number)))
		return refuse(l, w->place, "must be a whole number from 0");
	return status;
}

/* Of whole numbers it is exact in doubles; of fractions nobody agrees. */
static enum oae_status load_multiple(struct loader *l, const struct word *w)
{
	enum oae_status status = load_count(l, w);

	if (!status && w->rule->number < 1)
		return refuse(l, w->place, "must be a whole number from 1");
	return status;
}

/* Different strings, not too many to compare each with each. */
static enum oae_status check_names(struct loader *l, const cJSON *list,
				   const struct oae_place *place)
{
	const cJSON *a, *b;

	if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) > NAMES_MAX)
		return refuse(l, place, "must be an array of up to %d names",
			      NAMES_MAX);
	cJSON_ArrayForEach(a, list) {
		if (!cJSON_IsString(a))
			return refuse(l, place, "must hold names only");
		for (b = list->child; b != a; b = b->next)
			if (strcmp(a->valuestring, b->valuestring) == 0)
				return refuse(l, place, "names \"%.60s\" twice",
					      a->valuestring);
	}
	return OAE_OK;
}

static enum oae_status load_required(struct loader *l, const struct word *w)
{
	return check_names(l, w->rule->value, w->place);
}

static enum oae_status load_dependent(struct loader *l, const struct word *w)
{
	enum oae_status status = OAE_OK;
	const cJSON *item;

	if (!cJSON_IsObject(w->rule->value))
		return refuse(l, w->place, "must be an object");
	cJSON_ArrayForEach(item, w->rule->value) {
		struct oae_place at = { w->place, item->string, 0 };

		status = status ? status : check_names(l, item, &at);
	}
	return status;
}

static enum oae_status load_pattern(struct loader *l, const struct word *w)
{
	const char *text = cJSON_GetStringValue(w->rule->value);
	struct oae_error why = { 0 };

	if (!text)
		return refuse(l, w->place, "must be a string");
	if (oae_pattern_compile(text, &w->rule->pattern, &why))
		return refuse(l, w->place, "%s", why.text);
	oae_pattern_chain(w->rule->pattern, &l->schema->patterns);
	return OAE_OK;
}

/* ---- subschemas ------------------------------------------------------- */

static enum oae_status load_one(struct loader *l, const struct word *w)
{
	return load_node(l, w->rule->value, w->place, &w->rule->node);
}

static enum oae_status load_list(struct loader *l, const struct word *w)
{
	struct oae_schema_rule *rule = w->rule;
	enum oae_status status = OAE_OK;
	const cJSON *item;
	size_t i = 0;

	if (!cJSON_IsArray(rule->value) || !rule->value->child)
		return refuse(l, w->place, "must be an array of schemas");
	cJSON_ArrayForEach(item, rule->value)
		rule->count++;
	rule->list = oae_arena_array(&l->schema->arena, rule->count,
				     sizeof(struct oae_schema_node *));
	if (!rule->list)
		return no_memory(l);
	cJSON_ArrayForEach(item, rule->value) {
		struct oae_place at = { w->place, NULL, i };

		if (!status)
			status = load_node(l, item, &at, &rule->list[i++]);
	}
	return status;
}

static int by_name(const void *a, const void *b)
{
	const struct oae_schema_member *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static enum oae_status load_members(struct loader *l, const struct word *w)
{
	struct oae_schema_rule *rule = w->rule;
	enum oae_status status = OAE_OK;
	const cJSON *item;
	size_t i = 0;

	if (!cJSON_IsObject(rule->value))
		return refuse(l, w->place, "must be an object of schemas");
	cJSON_ArrayForEach(item, rule->value)
		rule->count++;
	rule->members = oae_arena_array(&l->schema->arena, rule->count,
					sizeof(*rule->members));
	if (!rule->members)
		return no_memory(l);
	cJSON_ArrayForEach(item, rule->value) {
		struct oae_place at = { w->place, item->string, 0 };

		rule->members[i].name = item->string;
		if (!status)
			status = load_node(l, item, &at,
					   &rule->members[i++].node);
	}
	if (!status)
		qsort(rule->members, rule->count, sizeof(*rule->members),
		      by_name);
	return status;
}

static enum oae_status load_properties(struct loader *l, const struct word *w)
{
	w->node->properties = w->rule;
	return load_members(l, w);
}

static enum oae_status load_prefix(struct loader *l, const struct word *w)
{
	enum oae_status status = load_list(l, w);

	w->node->prefix = w->rule->count;
	return status;
}

static enum oae_status load_then(struct loader *l, const struct word *w)
{
	return load_node(l, w->rule->value, w->place, &w->node->then);
}

static enum oae_status load_else(struct loader *l, const struct word *w)
{
	return load_node(l, w->rule->value, w->place, &w->node->otherwise);
}

static const struct {
	const char *name;
	enum oae_keyword keyword;
	loading *load;
} known[] = {
	{ "$schema", OAE_KW_NONE, load_dialect },
	{ "$id", OAE_KW_NONE, load_id },
	{ "$comment", OAE_KW_NONE, load_text },
	{ "title", OAE_KW_NONE, load_text },
	{ "description", OAE_KW_NONE, load_text },
	{ "$defs", OAE_KW_NONE, load_members },
	{ "$ref", OAE_KW_REF, load_ref },
	{ "type", OAE_KW_TYPE, load_type },
	{ "enum", OAE_KW_ENUM, load_enum },
	{ "const", OAE_KW_CONST, load_any },
	{ "allOf", OAE_KW_ALL_OF, load_list },
	{ "anyOf", OAE_KW_ANY_OF, load_list },
	{ "oneOf", OAE_KW_ONE_OF, load_list },
	{ "not", OAE_KW_NOT, load_one },
	{ "if", OAE_KW_IF, load_one },
	{ "then", OAE_KW_NONE, load_then },
	{ "else", OAE_KW_NONE, load_else },
	{ "properties", OAE_KW_PROPERTIES, load_properties },
	{ "required", OAE_KW_REQUIRED, load_required },
	{ "additionalProperties", OAE_KW_ADDITIONAL, load_one },
	{ "propertyNames", OAE_KW_NAMES, load_one },
	{ "dependentRequired", OAE_KW_DEPENDENT, load_dependent },
	{ "minProperties", OAE_KW_MIN_PROPERTIES, load_count },
	{ "maxProperties", OAE_KW_MAX_PROPERTIES, load_count },
	{ "items", OAE_KW_ITEMS, load_one },
	{ "prefixItems", OAE_KW_PREFIX_ITEMS, load_prefix },
	{ "minItems", OAE_KW_MIN_ITEMS, load_count },
	{ "maxItems", OAE_KW_MAX_ITEMS, load_count },
	{ "uniqueItems", OAE_KW_UNIQUE, load_flag },
	{ "minLength", OAE_KW_MIN_LENGTH, load_count },
	{ "maxLength", OAE_KW_MAX_LENGTH, load_count },
	{ "pattern", OAE_KW_PATTERN, load_pattern },
	{ "minimum", OAE_KW_MINIMUM, load_number },
	{ "maximum", OAE_KW_MAXIMUM, load_number },
	{ "exclusiveMinimum", OAE_KW_ABOVE, load_number },
	{ "exclusiveMaximum", OAE_KW_BELOW, load_number },
	{ "multipleOf", OAE_KW_MULTIPLE, load_multiple },
};

#define N_KNOWN (sizeof(known) / sizeof(known[0]))

static enum oae_status load_rule(struct loader *l, const cJSON *value,
				 const struct oae_place *place,
				 struct oae_schema_node *node)
{
	struct oae_place at = { place, value->string, 0 };
	struct oae_schema_rule *rule = &node->rules[node->rule_count];
	struct word w = { &at, node, rule };
	char quoted[80];
	size_t i;

	for (i = 0; i < N_KNOWN && strcmp(known[i].name, value->string); i++)
		;
	if (i == N_KNOWN) {
		oae_quoted_text(value->string, quoted, sizeof(quoted));
		return refuse(l, place,
			      "the keyword %s is not one of those"
			      " that are supported",
			      quoted);
	}
	memset(rule, 0, sizeof(*rule)); /* it may have held what says nothing */
	rule->keyword = known[i].keyword;
	rule->name = known[i].name;
	rule->value = value;
	if (rule->keyword != OAE_KW_NONE)
		node->rule_count++;
	return known[i].load(l, &w);
}

static enum oae_status new_node(struct loader *l, const cJSON *value,
				const struct oae_place *place,
				struct oae_schema_node **out)
{
	struct oae_schema *s = l->schema;
	struct oae_schema_node *node =
		oae_arena_alloc(&s->arena, sizeof(*node));
	char text[256];

	if (!node)
		return no_memory(l);
	if (s->node_count++ == OAE_SCHEMA_NODES_MAX)
		return oae_fail(l->err, OAE_ERR_LIMIT, 0,
				"schema %s: more than %u schemas within it",
				s->name, OAE_SCHEMA_NODES_MAX);
	oae_place_text(place, text, sizeof(text));
	node->place = oae_arena_strdup(&s->arena, text);
	node->source = value;
	node->next = s->nodes;
	s->nodes = node;
	*out = node;
	return node->place ? OAE_OK : no_memory(l);
}

static enum oae_status load_node(struct loader *l, const cJSON *value,
				 const struct oae_place *place,
				 struct oae_schema_node **out)
{
	enum oae_status status = new_node(l, value, place, out);
	struct oae_schema_node *node = *out;
	const cJSON *item;
	size_t n = 1; /* one more: what says nothing is loaded there */

	if (status)
		return status;
	if (cJSON_IsBool(value)) {
		node->never = cJSON_IsFalse(value);
		return OAE_OK;
	}
	if (!cJSON_IsObject(value))
		return refuse(l, place, "a schema is an object, true or false");
	cJSON_ArrayForEach(item, value)
		n++;
	node->rules =
		oae_arena_array(&l->schema->arena, n, sizeof(*node->rules));
	if (!node->rules)
		return no_memory(l);
	cJSON_ArrayForEach(item, value)
		if (!status)
			status = load_rule(l, item, place, node);
	return status;
}

/* ---- the whole -------------------------------------------------------- */

static enum oae_status load(struct loader *l, const char *name,
			    const char *text, size_t len)
{
	struct oae_schema *s = l->schema;
	enum oae_status status;

	oae_arena_init(&s->arena, ARENA_BYTES_MAX);
	s->name = oae_arena_strndup(&s->arena, name, OAE_NAME_BYTES_MAX);
	if (!s->name)
		return oae_fail(l->err, OAE_ERR_NOMEM, 0, "out of memory");
	if (len > OAE_SCHEMA_BYTES_MAX)
		return oae_fail(l->err, OAE_ERR_LIMIT, 0,
				"schema %s: more than %u bytes", s->name,
				OAE_SCHEMA_BYTES_MAX);
	status = oae_json_parse(text, len, &s->tree, l->err);
	if (status) {
		oae_error_prefix(l->err, "schema %s", s->name);
		return status;
	}
	status = load_node(l, s->tree, NULL, &s->root);
	return status ? status : oae_schema_link(s, l->err);
}

enum oae_status oae_schema_parse(const char *name, const char *text, size_t len,
				 struct oae_schema **out, struct oae_error *err)
{
	struct loader l = { calloc(1, sizeof(struct oae_schema)), err };
	enum oae_status status;

	*out = NULL;
	if (!l.schema)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	status = load(&l, name, text, len);
	if (status)
		oae_schema_free(l.schema);
	else
		*out = l.schema;
	return status;
}

enum oae_status oae_schema_read(const char *path, struct oae_schema **out,
				struct oae_error *err)
{
	const char *slash = strrchr(path, '/');
	enum oae_status status;
	struct oae_buf text;

	*out = NULL;
	oae_buf_init(&text, OAE_SCHEMA_BYTES_MAX);
	status = oae_file_read(path, &text, err);
	if (!status)
		status = oae_schema_parse(slash ? slash + 1 : path,
					  oae_buf_str(&text), text.len, out,
					  err);
	oae_buf_release(&text);
	return status;
}

void oae_schema_free(struct oae_schema *s)
{
	if (!s)
		return;
	oae_pattern_free_chain(s->patterns);
	cJSON_Delete(s->tree);
	oae_arena_release(&s->arena);
	free(s);
}

const char *oae_schema_name(const struct oae_schema *s)
{
	return s->name;
}
